"""结算、考核的页面：谁看得到哪些账，逐级合计相等，为什么是这么多，办件页上一步步办（ux S12、S15；R-001）。"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.architecture.test_access import RUNS
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, appraised, budgeted, measured, recomputed, self_paid, used
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement import disputing, handling, operations, queries
from yunheng.settlement.models import BillLine, Contract, Difference, Freeze, Handling, HandlingFile, Run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    used()


def text(client: Client, url: str, status: int = 200, **data: Any) -> str:
    response = client.get(url, data)
    assert response.status_code == status, url
    # 标签两边的空白是排版，不算页面上的字
    return re.sub(r">\s+|\s+<", lambda found: found[0].strip(), response.content.decode())


def addresses(run: Run) -> dict[str, str]:
    return {
        "bill": f"/settlement/runs/{run.pk}/",
        "focus": f"/settlement/runs/{run.pk}/focus.csv",
        "bill-line": f"/settlement/runs/{run.pk}/lines/1/",
        "bill-day": f"/settlement/runs/{run.pk}/days/2025-12-01/?resource=ECS-YR-01",
        "bill-sheet": f"/settlement/runs/{run.pk}/lines.xlsx",
        "object": f"/settlement/runs/{run.pk}/objections/?line=1",
        "differences": f"/settlement/runs/{run.pk}/differences/",
        "compare-runs": f"/settlement/runs/{run.pk}..{run.pk}/",
        "run-arrivals": f"/settlement/runs/{run.pk}/arrivals/",
        "run-file": f"/settlement/runs/{run.pk}/files/数据包.zip",
    }


@pytest.mark.parametrize("name", sorted(set(RUNS) - {"plan-file"}))
def test_R001_批次的页面_按角色开放_账目按单位服务商收窄(name: str) -> None:
    run = measured()
    people = cast()
    for who, actor in people.items():
        status = signed_in(who).get(addresses(run)[name]).status_code
        if actor.role not in RUNS[name]:
            assert status == 403, who
        elif name in ("bill-line", "bill-day", "object") and who in ("jyj", "jyj-fzr", "jd", "jd-fzr", "dx", "zgbm"):
            assert status == 404, who
        else:
            assert status == 200, who


def test_R001_别单位别家看不到这些账(tmp_path: Path) -> None:
    del tmp_path
    run = measured()
    assert "民政局" in text(signed_in("mzj"), f"/settlement/runs/{run.pk}/")
    for who in ("jyj", "dx"):
        page = text(signed_in(who), f"/settlement/runs/{run.pk}/")
        assert "没有账目" in page
        assert "民政局（虚构）</a>" not in page


def test_U6_从总额到一条账目_每级合计等于下级之和_六次点击以内() -> None:
    run = measured()
    client = signed_in("shy")
    url, clicks = f"/settlement/runs/{run.pk}/", 1
    assert f'href="{url}"' in text(client, "/settlement/")
    total = queries.totals(BillLine.objects.filter(run=run))[1]
    for label in ("单位", "项目", "资源"):
        page = text(client, url)
        rows = re.findall(
            r'<td><a href="\?([^"]+)">[^<]+</a>.*?</td>\s*<td class="num">\d+</td>\s*<td class="num">([\d,.]+)', page
        )
        amounts = [Decimal(amount.replace(",", "")) for _, amount in rows]
        assert sum(amounts) == total
        assert f"<b>¥{total:,.2f}</b>＝ {len(rows)} 个{label}之和<b>¥{total:,.2f}</b>" in page
        assert 'role="alert"' not in page
        url, total = f"/settlement/runs/{run.pk}/?{rows[0][0]}".replace("&amp;", "&"), amounts[0]
        clicks += 1
    page = text(client, url)
    found = re.findall(r'<a href="(/settlement/runs/\d+/lines/\d+/)">([\d,.]+)</a>', page)
    assert sum(Decimal(amount.replace(",", "")) for _, amount in found) == total
    why = text(client, found[0][0])
    clicks += 1
    assert "× " in why
    assert "÷ 365 天" in why
    for words in ("单据", "工单", "看证据", "口径", "摊到每天", "细则·七"):
        assert words in why
    drawer = re.findall(r'href="(/assets/[^"]+/evidence/\d+/)"', why)[0]
    evidence = text(client, drawer)
    clicks += 1
    for words in ("单据", "审批", "工单", "日志", "单价", "目录版本", "D62-七"):
        assert words in evidence
    assert clicks <= 6


def test_R077_数据包下载下来_与批次里存的一字不差_记进审计() -> None:
    from yunheng.audit.models import Entry

    run = measured()
    response = signed_in("dsf").get(f"/settlement/runs/{run.pk}/files/数据包.zip")
    assert response.content == bytes(run.files.get(name="数据包.zip").content)
    assert Entry.objects.filter(action="下载计量文件").exists()


def test_R073_页面上要计量_排队_办完看得到结果() -> None:
    client = signed_in("shy")
    assert client.post(f"/settlement/{YEAR}/measure/", {"kind": "年度"}).status_code == 302
    assert "正在办：排队" in text(client, f"/settlement/{YEAR}/")
    from yunheng.settlement.runs.running import work_once

    assert work_once()
    assert not work_once()
    page = text(client, f"/settlement/{YEAR}/")
    assert "联通" in page
    assert "逐级看账" in page
    assert signed_in("mzj").post(f"/settlement/{YEAR}/measure/", {"kind": "年度"}).status_code == 403


def test_R074_价格有缺口_计量不出账_逐条说明哪一项从哪天起() -> None:
    from yunheng.catalog.models import Item
    from yunheng.ledger.models import Fact, Resource
    from yunheng.ledger.operations import Line, record

    item = Item.objects.create(
        code="XX-NEW", name="没有价的", category="平台软件", unit="套·年", pricing="单价", cycle="年"
    )
    fact = Fact.objects.filter(resource__code="ECS-YR-01").latest("pk")
    resource = Resource.objects.get(code="ECS-YR-01")
    record(
        actor=cast()["shy"], on=JULY, case=fact.case,
        lines=[Line(resource, item, "新增", Decimal(1), fact.effective_on, fact.order)],
    )  # fmt: skip
    signed_in("shy").post(f"/settlement/{YEAR}/measure/", {"kind": "年度"})
    from yunheng.settlement.runs.running import work_once

    work_once()
    page = text(signed_in("shy"), f"/settlement/{YEAR}/")
    assert "没有办成，什么都没有写" in page
    assert "XX-NEW" in page
    assert not Run.objects.exists()


def test_R081_办件页上批复_签约_支付_坏金额当场说明(tmp_path: Path) -> None:
    case = budgeted(tmp_path)
    client, freeze = signed_in("shy"), Freeze.objects.get(service_year=YEAR)
    page = text(client, f"/cases/{case.number}/")
    assert "登记支付合同" in page
    row = freeze.run.head["summary"]["unified"][0]
    given = {"provider": row["provider"], "number": "HT-9", "amount": row["net"], "signed_on": "2026-07-08"}
    for bad, words in (
        ({"amount": "十万"}, "金额应为元"),
        ({"amount": "1.234"}, "两位小数"),
        ({"amount": "NaN"}, "金额应为元"),
        ({"signed_on": "9999-99-99"}, "日期应填成"),
    ):
        response = client.post(f"/settlement/{YEAR}/contract/", {**given, **bad})
        assert response.status_code == 422
        assert words in response.content.decode()
    assert not Contract.objects.exists()
    for number, one in enumerate(freeze.run.head["summary"]["unified"]):
        client.post(
            f"/settlement/{YEAR}/contract/",
            {**given, "provider": one["provider"], "amount": one["net"], "number": f"HT-{number}"},
        )
    act("shy", case, "signed")
    page = text(client, f"/cases/{case.number}/")
    assert "登记支付" in page
    for one in Contract.objects.all():
        response = client.post(
            f"/settlement/contracts/{one.pk}/pay/",
            {"amount": str(one.amount), "paid_on": "2026-07-08", "voucher": f"P{one.pk}"},
        )
        assert response.status_code == 302
    response = client.post(f"/cases/{case.number}/act/", {"act": "paid", "seen": str(case.events.count())}, follow=True)
    assert "已办结" in response.content.decode()


def test_R077_第三方在办件页上传复算_不一致的列出差在哪里(tmp_path: Path) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from tests.support.year import altered

    appraised()
    run = measured()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")
    client = signed_in("dsf")
    content = recomputed(run, tmp_path)
    for body, words in ((altered(content), "不一致"), (content, "逐条相同")):
        client.post(
            f"/settlement/runs/{run.pk}/recompute/",
            {"file": SimpleUploadedFile("结算.json", body), "back": f"/cases/{case.number}/"},
        )
        assert words in text(client, f"/cases/{case.number}/") + str(run.recomputations.order_by("-pk")[0].report)
    # 折叠着的前 20 行
    listed = run.recomputations.order_by("pk")[0].shown
    assert listed
    assert all(line.strip() in text(client, f"/cases/{case.number}/") for line in listed)
    refused = client.post(
        f"/settlement/runs/{run.pk}/recompute/", {"file": SimpleUploadedFile("结算.json", "不是".encode())}
    )
    assert refused.status_code == 422


def test_R093_考核页_服务商只看自己的_第三方登记_区科创中心复核不计(tmp_path: Path) -> None:
    del tmp_path
    third = signed_in("dsf")
    given = {
        "year": YEAR,
        "provider": "CU",
        "indicator": "B",
        "on": "2025-12-01",
        "text": "有责投诉一起",
        "responsibility": "全部责任",
        "reference": "来函-1",
    }
    assert third.post("/assessment/", given).status_code == 302
    assert third.post("/assessment/", {**given, "indicator": "Z"}).status_code == 422
    assert third.post("/assessment/", {**given, "on": "2026-12-01"}).status_code == 422
    assert "有责投诉一起" in text(signed_in("lt"), "/assessment/", year=YEAR)
    assert "有责投诉一起" not in text(signed_in("dx"), "/assessment/", year=YEAR)
    from yunheng.assessment.models import Occurrence

    pk = Occurrence.objects.get().pk
    assert signed_in("shy").post(f"/assessment/{pk}/find/", {"counted": "0", "reason": ""}).status_code == 422
    signed_in("shy").post(f"/assessment/{pk}/find/", {"counted": "0", "reason": "查实无责"})
    assert "不计" in text(third, "/assessment/", year=YEAR)
    bad = third.post("/assessment/rate/", {"year": YEAR, "provider": "CU", "rate": "101", "basis": "问卷"})
    assert bad.status_code == 422


def test_R080_方案的文件_出好以前说正在出_出好了能下载_使用单位服务商不能看(tmp_path: Path) -> None:
    from yunheng.settlement.plans.papering import write_next

    case = budgeted(tmp_path)
    url = f"/settlement/{YEAR}/plan/"
    assert f'href="{url}"' in text(signed_in("kw"), f"/cases/{case.number}/")
    assert "正在出第 1 版的 Word" in text(signed_in("kw"), url)
    assert write_next()
    page = text(signed_in("kw"), url)
    found = re.findall(r'href="(/settlement/plans/[^"]+)"', page)
    assert len(found) >= 3
    for who, actor in cast().items():
        assert signed_in(who).get(found[0]).status_code == (200 if actor.role in RUNS["plan-file"] else 403), who


def test_R088_自费单位在年度页上看到应付_登记合同和支付(tmp_path: Path) -> None:
    from tests.support.year import self_paid

    self_paid()
    measured()
    client = signed_in("jd")
    assert "区科委批准以后才能签" in text(client, f"/settlement/{YEAR}/")
    case = budgeted(tmp_path)
    freeze = Freeze.objects.get(case=case)
    (row,) = freeze.run.head["summary"]["self"]
    client.post(
        f"/settlement/{YEAR}/contract/",
        {"provider": row["provider"], "number": "ZX-1", "amount": row["net"], "signed_on": "2026-07-08"},
    )
    contract = Contract.objects.get(number="ZX-1")
    client.post(
        f"/settlement/contracts/{contract.pk}/pay/",
        {"amount": str(contract.amount), "paid_on": "2026-07-08", "voucher": "P1"},
    )
    assert "付清" in text(client, f"/settlement/{YEAR}/")
    assert "本单位自行支付" not in text(signed_in("mzj"), f"/settlement/{YEAR}/")


def picked(row: Difference) -> str:
    """勾选一条差异。"""
    return f"{row.code}|{row.item}|{row.resource}"


def test_R075_三方并排_勾选一批同样裁定_没裁定的才列() -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    run = measured()
    client = signed_in("shy")
    url = f"/settlement/runs/{run.pk}/differences/"
    rows = [row for row in disputing.differences(run) if row.code == "D5"]
    assert len(rows) > 1
    page = text(client, url, state="open", code="D5", q=rows[0].resource)
    held = BillLine.objects.filter(run=run, disputed=True, resource=rows[0].resource, item=rows[0].item)
    for words in (rows[0].resource, "没有", f"{sum(line.amount for line in held):,.2f}", "未裁定"):
        assert words in page
    file = SimpleUploadedFile("核对单.pdf", b"%PDF-1.7 y")
    client.post(url, {"row": [picked(row) for row in rows], "do": "裁定：认可", "text": "以工单为准", "file": file})
    made = Handling.objects.filter(kind="裁定", ruling="认可")
    assert made.count() == len(rows)
    # 一批附同一份证据，只存一份
    assert HandlingFile.objects.count() == 1 == len({*made.values_list("file", flat=True)})
    assert "没有符合条件的差异" in text(client, url, state="open", code="D5")


def test_R075_一批里有一条不能裁定_一条都不记_勾选和依据还在() -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    run = measured()
    row = next(row for row in disputing.differences(run) if row.code == "D5")
    rows = [picked(row), "D1||不存在的资源"]
    page = signed_in("shy").post(
        f"/settlement/runs/{run.pk}/differences/", {"row": rows, "do": "裁定：认可", "text": "写了半天的依据"}
    )
    assert page.status_code == 422
    body = page.content.decode()
    assert "没有这条差异：D1 不存在的资源" in body
    assert "写了半天的依据" in body
    assert re.search(rf'value="{re.escape(rows[0])}"[^>]* checked', body)
    assert not Handling.objects.exists()
    nothing = signed_in("shy").post(f"/settlement/runs/{run.pk}/differences/", {"do": "说明", "text": "没勾"})
    assert "请先勾选" in nothing.content.decode()


def test_R001_R075_别单位别家的差异_不能说明() -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    run = measured()
    row = next(row for row in disputing.differences(run) if row.code == "D5")
    for who in ("jyj", "dx"):
        page = signed_in(who).post(
            f"/settlement/runs/{run.pk}/differences/", {"row": picked(row), "do": "说明", "text": "替别人说"}
        )
        assert "不能替别人说明" in page.content.decode(), who
    assert not Handling.objects.exists()


def test_R075_裁定以后一点就试算_看账照新的_试算的批次标明() -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    run = measured()
    client = signed_in("shy")
    url = f"/settlement/runs/{run.pk}/differences/"
    assert "照新裁定试算" not in text(client, url)
    row = next(one for one in disputing.differences(run) if one.blocking)
    client.post(url, {"row": picked(row), "do": "裁定：认可", "text": "以工单为准"})
    assert "又有 1 条裁定" in text(client, url)
    response = client.post(f"/settlement/runs/{run.pk}/recast/")
    trial = Run.objects.get(base=run)
    assert response.headers["Location"] == f"/settlement/runs/{trial.pk}/"
    page = text(client, f"/settlement/runs/{trial.pk}/")
    assert f"{queries.totals(queries.lines_of(trial))[1]:,.2f}" in page
    assert "裁定试算" in page
    assert "裁定试算" in text(client, f"/settlement/{YEAR}/")
    line = BillLine.objects.get(run=trial, resource=row.resource, item=row.item)
    assert "裁定" in text(client, f"/settlement/runs/{trial.pk}/lines/{line.seq}/")
    assert "没有新的裁定" in client.post(f"/settlement/runs/{trial.pk}/recast/").content.decode()


def test_R075_双方说明附证据_裁定的人看得到_别家看不到_超大的不收(monkeypatch: pytest.MonkeyPatch) -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    run = measured()
    url = f"/settlement/runs/{run.pk}/differences/"
    row = next(one for one in disputing.differences(run) if one.blocking)
    said = {"row": picked(row), "do": "说明", "text": "平台升级"}
    file = SimpleUploadedFile("升级公告.pdf", b"%PDF-1.7 x")
    assert signed_in("lt").post(url, said | {"file": file}).status_code == 302
    made = Handling.objects.get(kind="说明")
    assert made.file
    assert (made.file.name, bytes(made.file.content)) == ("升级公告.pdf", b"%PDF-1.7 x")
    assert "升级公告.pdf" in text(signed_in("shy"), url)
    for who, status in (("shy", 200), ("mzj", 200), ("dx", 404), ("jyj", 404), ("sdsj", 403)):
        assert signed_in(who).get(f"/settlement/handlings/{made.pk}/").status_code == status, who
    monkeypatch.setattr(handling, "MAX_ATTACHMENT", 4)
    big = SimpleUploadedFile("大.pdf", b"12345")
    page = signed_in("lt").post(url, said | {"file": big})
    assert page.status_code == 422
    assert "请压缩或分开上传" in page.content.decode()
    assert Handling.objects.count() == 1


@pytest.mark.parametrize("year", ["9999", "99999"])
@pytest.mark.parametrize("given", [{"kind": "滚动"}, {"do": "start"}])
def test_没有那样的年度_要计量_起结算都说清_不是出错的页(year: str, given: dict[str, str]) -> None:
    response = signed_in("shy").post(f"/settlement/{year}/measure/", given)
    assert response.status_code == 422
    assert "请换一个年度" in response.content.decode()


def test_R001_年度页的各次计量_使用单位_服务商只看自己的几条_全区的看全区的() -> None:
    self_paid()
    runs = [measured(), measured()]
    assert runs[0].line_count > 0

    def counts(who: str) -> set[str]:
        page = text(signed_in(who), f"/settlement/{YEAR}/")
        table = page.split("各次计量")[1].split("</table>")[0]
        return set(re.findall(r'<td class="num">\s*([0-9,]+)\s*</td>', table))

    for who in ("mzj", "jd"):
        unit = Institution.objects.get(pk=cast()[who].institution or 0)
        own = runs[0].lines.filter(disputed=False, unit=unit.code).count()
        assert 0 < own < runs[0].line_count
        assert counts(who) == {str(own)}
    assert counts("jyj") == {"0"}
    assert counts("dx") == {"0"}
    assert counts("lt") == counts("kw") == {str(runs[0].line_count)}
