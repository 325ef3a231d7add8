"""考核表的页面和附件5 的文件（D62-附件5，R-078、R-091、R-093）：谁看得到、没办成的原样退回、锁定以后照锁定的。"""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document

from tests.support.appraisal import SHEET, at_july, decided, page, rated, record, sent, unicom
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, appraised, seen
from yunheng.assessment import operations, queries
from yunheng.assessment.models import Evidence, Occurrence, Satisfaction, Score

pytestmark = pytest.mark.django_db

# ── 页面和附件5 ──


def test_R093_考核表谁看得到_别家的404_使用单位和三员403() -> None:
    at_july()
    seers = {"lt", "dsf", "shy", "kw"}
    for who, actor in cast().items():
        for url in (SHEET, f"{SHEET}annex5.docx", f"{SHEET}annex5.pdf"):
            expected = 200 if who in seers else 404 if who == "dx" else 403
            assert signed_in(who).get(url).status_code == expected, (who, actor.role, url)
    client = signed_in("shy")
    for url in ("/assessment/CU/2031/", "/assessment/CU/2021/", f"/assessment/XX/{YEAR}/", f"{SHEET}annex5.exe"):
        assert client.get(url).status_code == 404, url


def test_R091_考核表页照附件5_七项的叫法分值_每起有证据申辩复核_各角色能办的不同() -> None:
    one = record(files=[("来函.pdf", b"%PDF-1.7")])
    operations.reply(actor=cast()["lt"], on=JULY, occurrence=one, text="当日已回电")
    operations.find(actor=cast()["shy"], on=JULY, occurrence=one, counted=True, reason="回电在三小时以后")
    rated("88.5")
    at_july()
    text = page("kw", SHEET)
    for word in (
        "服务任务完成及时性(A)", "有责投诉(B)", "故障发生数(C)", "故障上报准确数(D)", "安全责任事故数(E)",
        "制度执行有效性(F)", "云服务满意率(G)", "来函.pdf", "当日已回电", "回电在三小时以后", "以此类推",
        "总分 93.8 分，不低于 90 分", "还没有计量",
    ):  # fmt: skip
        assert word in text, word
    for who in ("lt", "shy", "dsf", "kw"):
        shown = page(who, SHEET)
        assert ("提交申辩" in shown) == (who == "lt")
        assert ("记复核结论" in shown) == (who == "shy")
        assert ("附证据</button>" in shown) == (who in ("dsf", "shy"))
    assert "有责投诉(B)" in page("dsf", "/assessment/", year=str(YEAR))


def test_R078_试算什么都不存_标明试算_填错的退回() -> None:
    rated()
    at_july()
    text = page("lt", SHEET, **{"try": "1", "A": "12", "B": "3", "rate": "70"})
    assert "试算" in text
    assert "总分 64 分，低于 70 分，扣减当年结算金额的 15%（D62-附件5）。" in text
    assert "总分 100 分，不低于 90 分" in text
    assert (Occurrence.objects.count(), Satisfaction.objects.count()) == (0, 1)
    response = signed_in("lt").get(SHEET, {"try": "1", "A": "-1", "B": "１２", "rate": "120"})
    assert response.status_code == 422
    wrong = response.content.decode()
    assert "试算的服务任务完成及时性(A)应为 0 至 999 起" in wrong
    assert "试算的满意率应在 0 至 100 之间" in wrong
    assert 'value="-1"' in wrong


def test_R093_申辩_复核_补证据没办成_原样退回考核表() -> None:
    one = record()
    at_july()
    bad = signed_in("shy").post(f"/assessment/{one.pk}/find/", {"counted": "1", "reason": " "})
    assert (bad.status_code, "复核要写明理由" in bad.content.decode()) == (422, True)
    empty = signed_in("dsf").post(f"/assessment/{one.pk}/evidence/")
    assert (empty.status_code, "是空的" in empty.content.decode()) == (422, True)
    said = signed_in("lt").post(f"/assessment/{one.pk}/reply/", {"text": " "})
    assert (said.status_code, "申辩要写明理由" in said.content.decode()) == (422, True)
    assert signed_in("dx").post(f"/assessment/{one.pk}/reply/", {"text": "不服"}).status_code == 404


def test_R091_登记页_没选责任_编号重复_日期不在年度里_退回来填过的都在() -> None:
    at_july()
    given = {
        "year": YEAR, "provider": "CU", "indicator": "B", "on": "2026-03-02", "text": "来函投诉开通慢",
        "responsibility": "主要责任", "reference": "来函-7",
    }  # fmt: skip
    client = signed_in("dsf")
    for changed, word in (
        ({"responsibility": ""}, "请选择服务商负什么责任"),
        ({"on": "2025-06-30"}, "不在 2025 服务年度"),
        ({"on": "2026-07-30"}, "还没到"),
        ({"reference": ""}, "来源编号：请填写"),
        ({"on": "昨天"}, "日期应填成"),
    ):
        response = client.post("/assessment/", {**given, **changed})
        text = response.content.decode()
        assert response.status_code == 422, changed
        assert word in text
        assert "来函投诉开通慢" in text
    file = SimpleUploadedFile("来函.pdf", b"%PDF-1.7")
    done = client.post("/assessment/", {**given, "files": file})
    one = Occurrence.objects.get()
    assert (done.status_code, done.headers["Location"]) == (302, f"{SHEET}#e{one.pk}")
    assert Evidence.objects.get().name == "来函.pdf"
    again = client.post("/assessment/", given)
    assert (again.status_code, "只记一次" in again.content.decode()) == (422, True)
    wrong = client.post("/assessment/rate/", {"year": YEAR, "provider": "CU", "rate": "101", "basis": "问卷甲"})
    assert (wrong.status_code, "问卷甲" in wrong.content.decode()) == (422, True)


def docx(who: str, url: str = f"{SHEET}annex5.docx") -> tuple[str, list[list[list[str]]]]:
    """下载的 Word：全部段落，和各表的各行。"""
    document = Document(io.BytesIO(signed_in(who).get(url).content))
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    return "\n".join(one.text for one in document.paragraphs), tables


def test_R091_附件5的Word与页面同一份_审定以前写明草稿_审定以后是锁定的() -> None:
    at_july()
    rated("88.5")
    before, _ = docx("lt")
    assert "绩效考核表（草稿）" in before
    score = decided("当日已回电")
    sheet = queries.sheet(unicom(), YEAR)
    words, (table, details) = docx("lt")
    assert "草稿" not in words
    assert [row[0] for row in table[1:8]] == [line.title for line in sheet.lines]
    assert [row[1] for row in table[1:8]] == [line.full for line in sheet.lines] == ["10"] * 6 + ["40"]
    assert [row[-1] for row in table[1:8]] == list(score.content["scores"].values())
    assert (table[8][1], table[8][-1]) == ("100", score.content["total"])
    assert details[1][:4] == ["2026-03-02", "B", "开通慢，来函投诉（来函-1）", "全部责任"]
    assert "来函.pdf" in details[1][4]
    assert "当日已回电" in details[1][5]
    assert "计分：回电在三小时以后" in details[1][6]
    assert sheet.consequence in words
    for who in ("dsf", "kw"):
        assert docx(who)[1] == [table, details]
    assert signed_in("kw").get(f"{SHEET}annex5.pdf").content.startswith(b"%PDF-")


def test_R093_办件页上是同一张表_写明现在该谁做什么_锁定以后写明摘要() -> None:
    at_july()
    one = record()
    case = sent()
    text = page("lt", f"/cases/{case.number}/")
    assert "服务商在考核表上对一起起事件申辩" in text
    assert "开通慢，来函投诉" in text
    act("lt", case, "accept")
    assert "区科创中心看申辩和证据" in page("shy", f"/cases/{case.number}/")
    act("shy", case, "approve")
    act("kw", case, "approve")
    score = Score.objects.get()
    assert f"SM3 {score.digest[:8]}" in page("kw", f"/cases/{case.number}/")
    assert "已审定锁定" in page("lt", SHEET)
    assert "提交申辩" not in page("lt", SHEET)
    assert "各家" not in page("dsf", SHEET)
    assert seen(case) == 4
    assert queries.sheet(unicom(), YEAR).facts[0].id == one.pk


def test_R093_服务商的工作台看得到自己的七项_点开是自己的考核表() -> None:
    at_july()
    appraised()
    text = page("lt", "/")
    assert text.count(f'href="{SHEET}"') == 8
    assert "云服务满意率(G)" in text
    assert "/assessment/CT/" not in text
    assert f"/assessment/CT/{YEAR}/" in page("kw", "/")
