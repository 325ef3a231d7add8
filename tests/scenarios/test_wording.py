"""附件5 的原文录入一次，此后照原文印；没有录入的印要点，页脚写明；末段扣减规则两种都有（D62-附件5，R-078、R-091）。"""

from __future__ import annotations

import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document

from tests.support.annex5 import CLOSING, annex5, rows
from tests.support.appraisal import decided
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, appraised, approved, used
from yunheng.assessment import queries, wording
from yunheng.assessment.models import Score, Wording
from yunheng.audit.models import Entry
from yunheng.audit.refused import NotYours, Refused
from yunheng.documents.appraisal import GIST
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement.plans import papering, planning

pytestmark = pytest.mark.django_db
SHEET = f"/assessment/CU/{YEAR}/"
PAGE, TAKE = "/assessment/annex5/", "/assessment/annex5/take/"


@pytest.fixture(autouse=True)
def july() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def taken(
    who: str = "shy", effective_on: date = date(2024, 1, 1), basis: str = "示例〔2023〕1 号", **more: Any
) -> Wording:
    given = {
        "rows": {row[0][-2]: (row[2], row[3]) for row in rows()}, "closing": CLOSING, "name": "附件5.docx",
        "digest": "0" * 64,
    } | more  # fmt: skip
    return wording.take(actor=cast()[who], on=JULY, effective_on=effective_on, basis=basis, **given)


def word(content: bytes) -> tuple[str, list[str], str]:
    """一份考核表的 Word：各段、头一张表的各格、页脚。"""
    document = Document(io.BytesIO(content))
    cells = [cell.text for row in document.tables[0].rows for cell in row.cells]
    footer = "\n".join(one.text for one in document.sections[0].footer.paragraphs)
    return "\n".join(one.text for one in document.paragraphs), cells, footer


def printed(who: str = "kw") -> tuple[str, list[str], str]:
    return word(signed_in(who).get(f"{SHEET}annex5.docx").content)


def send(content: bytes, **more: str) -> Any:
    file = SimpleUploadedFile("附件5.docx", content)
    given = {"effective_on": "2024-01-01", "basis": "示例〔2023〕1 号"} | more
    return signed_in("shy").post(TAKE, {**given, "file": file})


def kept_in(text: str) -> str:
    (found,) = re.findall(r'name="kept" value="([^"]+)"', text)
    return str(found)


# ── 印出来 ──


def test_没有录入的印要点_页脚写明非原文_末段扣减规则也在() -> None:
    words, cells, footer = printed()
    assert GIST in footer
    assert "非原文" in footer
    assert "低于 90 分扣 5%，低于 80 分扣 10%，低于 70 分扣 15%，以此类推" in words
    assert queries.sheet(Institution.objects.get(code="CU"), YEAR).lines[0].standard in cells
    page = signed_in("kw").get(SHEET).content.decode()
    assert "是要点，非原文" in page
    assert "低于 90 分扣 5%" in page


def test_录入以后Word_PDF_页面照原文印_末段照原文_页脚写明哪一版() -> None:
    taken()
    words, cells, footer = printed()
    for row in rows():
        assert row[2] in cells
        assert row[3] in cells
    for text in CLOSING:
        assert text in words
    assert "照附件5 原文第 1 版（示例〔2023〕1 号，2024-01-01 起）" in footer
    assert "非原文" not in footer
    assert words.startswith("附件 5\n")
    page = signed_in("kw").get(SHEET).content.decode()
    assert "编的标准A：每回减 1。" in page
    assert CLOSING[0] in page
    assert signed_in("kw").get(f"{SHEET}annex5.pdf").content.startswith(b"%PDF-")


def test_还没生效的不印_修订了的印生效最近的_同一天的印后录的() -> None:
    taken(effective_on=date(2026, 7, 2))
    assert GIST in printed()[2]
    taken(basis="旧文", effective_on=date(2023, 12, 5))
    assert "旧文" in printed()[2]
    taken(basis="更正的", effective_on=date(2023, 12, 5))
    assert "更正的" in printed()[2]
    taken(basis="修订的", effective_on=date(2026, 7, 1))
    assert "修订的" in printed()[2]


def test_审定锁定的照锁定时的印_后来录入不改() -> None:
    decided("当日已回电")
    before = Score.objects.get().content
    taken()
    words, _, footer = printed()
    assert GIST in footer
    assert CLOSING[0] not in words
    assert Score.objects.get().content == before
    assert "锁定时还没有录入原文" in signed_in("kw").get(SHEET).content.decode()


def test_锁定以前录入的_锁定的表里有原文_改版以后照旧() -> None:
    taken()
    decided("当日已回电")
    taken(basis="后来的", closing=("换了的末段：扣。",))
    words, cells, footer = printed()
    assert CLOSING[1] in words
    assert rows()[0][2] in cells
    assert "第 1 版" in footer


def test_结算方案里的附件5也照原文(tmp_path: Path) -> None:
    taken()
    used()
    plan = planning.write_plan(actor=cast()["shy"], on=JULY, case=approved(tmp_path), prose={}, supervision=Decimal(0))
    (content,) = (found for name, found in papering.documents(plan).items() if name.endswith("-CU.docx"))
    words, cells, footer = word(content)
    assert CLOSING[0] in words
    assert rows()[0][2] in cells
    assert "照附件5 原文第 1 版" in footer
    assert str(plan.run.digest) in footer


# ── 录入 ──


def test_先预览再确认_录入一版_审计有记录_同一次预览只能确认一次() -> None:
    shown = send(annex5())
    text = shown.content.decode()
    assert shown.status_code == 200
    assert "编的标准A：每回减 1。" in text
    assert CLOSING[1] in text
    assert not Wording.objects.exists()
    client = signed_in("shy")
    done = client.post(TAKE, {"kept": kept_in(text)})
    assert (done.status_code, done.headers["Location"]) == (302, PAGE)
    one = Wording.objects.get()
    assert (one.number, one.effective_on, one.basis) == (1, date(2024, 1, 1), "示例〔2023〕1 号")
    assert one.rows["G"] == [rows()[6][2], rows()[6][3]]
    assert tuple(one.closing) == CLOSING
    (entry,) = Entry.objects.filter(action="录入附件5 原文")
    assert (entry.after or {})["SM3"] == one.digest
    again = client.post(TAKE, {"kept": kept_in(text)})
    assert "已经确认过了" in again.content.decode()
    assert Wording.objects.count() == 1
    page = client.get(PAGE).content.decode()
    assert "第 1 版（示例〔2023〕1 号，2024-01-01 起）" in page


def test_对不上的预览里写明在哪一格_没有确认按钮_什么都不写() -> None:
    given = rows()
    given[1][0] = "响应速度"
    response = send(annex5(given))
    text = response.content.decode()
    assert response.status_code == 422
    assert "第 1 张表第 3 行第 1 格：“响应速度”不是七项指标里的一项" in text
    assert "第 1 张表里没有 有责投诉(B) 这一行" in text
    assert 'name="kept"' not in text
    assert not Wording.objects.exists()


def test_有没读的列_要点头才录入() -> None:
    given = [[*row, "区里加的"] for row in rows()]
    text = send(annex5(given, titles=("考核指标", "分值", "评分标准", "指标解释", "备注"))).content.decode()
    client = signed_in("shy")
    refused = client.post(TAKE, {"kept": kept_in(text)})
    assert "请先看清单里标“要点头”的" in refused.content.decode()
    assert not Wording.objects.exists()
    client.post(TAKE, {"kept": kept_in(text), "agreed": "on"})
    assert Wording.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"effective_on": ""}, "请填写生效日"),
        ({"effective_on": "明年"}, "生效日应是日期"),
        ({"basis": " "}, "请写明文号"),
    ],
)
def test_没填生效日_文号的退回来_填过的都在(more: dict[str, str], said: str) -> None:
    response = send(annex5(), **more)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert ("示例〔2023〕1 号" in response.content.decode()) == ("basis" not in more)


def test_不是Word_没有那张表的退回来() -> None:
    response = send(b"not a docx")
    assert (response.status_code, "打不开" in response.content.decode()) == (422, True)
    response = send(annex5(titles=("甲", "乙", "丙", "丁")))
    assert (response.status_code, "里没有附件5 的表" in response.content.decode()) == (422, True)
    missing = signed_in("shy").post(TAKE, {"effective_on": "2024-01-01", "basis": "文"})
    assert (missing.status_code, "请选择官方印发的 Word" in missing.content.decode()) == (422, True)


def test_只有区科创中心能录_四方看得到_使用单位看不到() -> None:
    for who in ("kw", "dsf", "lt", "mzj"):
        with pytest.raises(NotYours, match="由区科创中心录入"):
            taken(who)
        assert signed_in(who).post(TAKE, {}).status_code == 403
    for who, status in (("kw", 200), ("dsf", 200), ("lt", 200), ("mzj", 403)):
        response = signed_in(who).get(PAGE)
        assert response.status_code == status
        assert "看看读出了什么" not in response.content.decode()


def test_缺项的_空末段的_没有文号的_与最近一版相同的_都拒绝() -> None:
    with pytest.raises(Refused) as caught:
        taken(rows={"A": ("标准", "解释")}, closing=(), basis=" ")
    assert [text.split("（")[0] for text in caught.value.problems] == [
        "七项指标的评分标准、指标解释要齐全", "末段的扣减规则不能空", "请写明文号",
    ]  # fmt: skip
    taken()
    with pytest.raises(Refused, match="与第 1 版一字不差"):
        taken()
    taken(basis="文号录错了，更正")
    assert Wording.objects.count() == 2


def test_考核审定不受影响_分照规则算() -> None:
    taken()
    appraised()
    assert (
        queries.sheet(Institution.objects.get(code="CU"), YEAR).total
        == Score.objects.get(appraisal__provider__code="CU").content["total"]
    )
