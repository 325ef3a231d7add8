"""逐级看账：每级的合计等于下级之和，占比、上年对比，对不上当场说出来；一天的账逐项说清（R-071 至 R-075、R-083）。"""

from __future__ import annotations

import io
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client

from tests.scenarios.test_arrivals import ITEM, send, usage
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, approved, measured, used
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Resource
from yunheng.orgs.models import BusinessClock
from yunheng.settlement import disputing, handling, queries
from yunheng.settlement.bill import daily, levels
from yunheng.settlement.bill.levels import Place
from yunheng.settlement.models import BillLine, BillSum, Run
from yunheng.settlement.pages import drilling

pytestmark = pytest.mark.django_db
HOST = "ECS-YR-01"


@pytest.fixture(autouse=True)
def _july() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def opened(client: Client, url: str, status: int = 200, **query: Any) -> str:
    response = client.get(url, query)
    assert response.status_code == status, url
    return response.content.decode()


def book(run: Run, resource: str = HOST, who: str = "shy") -> daily.Book:
    place = levels.place_of(cast()[who], {"resource": resource})
    assert place is not None
    found = daily.book_of(cast()[who], run, place)
    assert found is not None
    return found


def every_day(run: Run) -> list[date]:
    return [date(YEAR, 7, 1) + timedelta(days=n) for n in range((run.until_on - date(YEAR, 7, 1)).days)]


def core_of(found: daily.Book, day: date) -> daily.Portion:
    """那天的 CPU。"""
    return next(one for one in daily.portions(found, day) if one.item.code == "ZJ-CPU-X86")


# ── 一天 ──


def test_R073_各项逐日相加等于各条账目_各条相加等于资源() -> None:
    used()
    run = measured()
    found = book(run)
    days = {day: daily.portions(found, day) for day in every_day(run)}
    assert len(days) == 365
    lines = list(BillLine.objects.filter(run=run, resource=HOST))
    for line in lines:
        mine = [one.amount or 0 for portions in days.values() for one in portions if one.line == line]
        assert sum(mine) == line.amount
        assert len(mine) == line.days
    whole = sum(one.amount or 0 for portions in days.values() for one in portions)
    assert whole == sum(line.amount for line in lines) > 0


def test_R072_下发之前未下发_测试期不收_期满当天起收_日历条和一天说的一样() -> None:
    used()
    run = measured()
    found = book(run)
    core = core_of(found, date(2025, 7, 2))
    assert (core.state, core.amount, core.quantity) == ("没有在用", None, "")
    assert "未下发：2025-07-03 才下发" in core.reason
    for day, state in (
        ("2025-07-03", "测试期"),
        ("2025-10-02", "测试期"),
        ("2025-10-03", "计费"),
        ("2026-06-30", "计费"),
    ):
        core = core_of(found, date.fromisoformat(day))
        assert core.state == state, day
        if state == "测试期":
            assert "测试期内，至 2025-10-02（含）" in core.reason
            assert "2025-10-03 起计费" in core.reason
            assert core.amount is None
        else:
            assert core.amount is not None
            assert core.reason == ""
    months, changes = daily.strip(found)
    cells = [cell for _, row in months for cell in row if cell]
    assert [len([cell for cell in row if cell]) for _, row in months] == [
        31,
        31,
        30,
        31,
        30,
        31,
        31,
        28,
        31,
        30,
        31,
        30,
    ]
    assert {cell.day: cell.state for cell in cells}[date(2025, 10, 2)] == "测试期"
    assert {cell.day: cell.state for cell in cells}[date(2025, 7, 1)] == "没有在用"
    for cell in cells:
        portions = daily.portions(found, cell.day)
        assert cell.amount == sum(one.amount or 0 for one in portions), cell.day
        assert cell.state in {"没有在用", *(one.state for one in portions)}
    assert [(change.day, change.number) for change in changes] == [(date(2025, 7, 3), 1), (date(2025, 10, 3), 2)]
    (added, number), *_ = changes[0].notes
    assert added.startswith("新增：")
    assert number.startswith("SQ-2025-")
    assert "测试期满，起计费" in changes[1].notes[0][0]


def test_R075_没有裁定的那天写待核哪一条_裁定不计费的写谁裁的() -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    run = measured()
    day, code = date(2026, 1, 1), "ECS-NOLOG-01"
    held = [one for one in daily.portions(book(run, code), day) if one.line]
    assert {one.state for one in held} == {"待核"}
    assert all("待核 D5" in one.reason and "不入合计" in one.reason for one in held)
    page = opened(signed_in("shy"), f"/settlement/runs/{run.pk}/days/{day}/", resource=code)
    assert "这一天 <b>¥0.00</b> ＝ 0 项当天之和；另待核" in page
    for row in disputing.differences(run):
        handling.handle(
            actor=cast()["shy"], on=JULY, year=YEAR, code=row.code, resource=row.resource, item=row.item,
            kind="裁定", text="平台查无此机", ruling="不计费",
        )  # fmt: skip
    again = measured()
    gone = [one for one in daily.portions(book(again, code), day) if one.state == "裁定不计费"]
    assert gone
    assert all("平台查无此机" in one.reason and one.amount is None for one in gone)


def test_R071_不在期间里的日子_乱写的日子_说明为什么不给看() -> None:
    used()
    run = measured("滚动", date(2026, 1, 15))
    client = signed_in("shy")
    opened(client, f"/settlement/runs/{run.pk}/days/2026-01-14/", resource=HOST)
    for day in ("2026-01-15", "2025-06-30", "2026-07-01"):
        page = opened(client, f"/settlement/runs/{run.pk}/days/{day}/", 422, resource=HOST)
        assert f"{day} 不在批次 {run.pk} 计量的期间里" in page
        assert "算到 2026-01-14" in page
    strip = opened(client, f"/settlement/runs/{run.pk}/", resource=HOST)
    assert "days/2026-01-14/" in strip
    assert "days/2026-01-15/" not in strip
    assert "2026-01-15 还没计量" in strip
    for day in ("2026-02-30", "昨天", "0001-01-01"):
        assert "日期应" in opened(client, f"/settlement/runs/{run.pk}/days/{day}/", 422, resource=HOST)
    opened(client, f"/settlement/runs/{run.pk}/days/2026-01-01/", 404)
    opened(client, f"/settlement/runs/{run.pk}/days/2026-01-01/", 404, resource="没有这个")
    for who in ("jyj", "dx", "zgbm"):
        opened(signed_in(who), f"/settlement/runs/{run.pk}/days/2026-01-01/", 404, resource=HOST)


def test_R073_一天的页上有账目_单据_工单_日志_价格版本_口径_前后一天() -> None:
    used()
    run = measured()
    page = opened(signed_in("mzj"), f"/settlement/runs/{run.pk}/days/2025-12-01/", resource=HOST)
    line = BillLine.objects.get(run=run, resource=HOST, item="ZJ-CPU-X86")
    for words in (
        f"/settlement/runs/{run.pk}/lines/{line.seq}/",
        line.form,
        line.order,
        "2025-07-03 首见，2026-07-31 末见",
        "目录版本",
        "K-01",
        "days/2025-11-30/",
        "days/2025-12-02/",
        "看证据",
        "我有异议",
    ):
        assert words in page, words
    # 这个服务年度恰好 365 天，年价怎样折日都一样：不是起作用的口径
    assert "K-03" not in page.partition("起作用的口径")[2]
    first = opened(signed_in("mzj"), f"/settlement/runs/{run.pk}/days/2025-07-01/", resource=HOST)
    assert "前一天" not in first
    assert "后一天" in first


# ── 各级 ──


def test_R072_只在测试期的资源_写到哪天_不写成没有账() -> None:
    used()
    run = measured("滚动", date(2025, 9, 1))
    assert not BillLine.objects.filter(run=run, resource=HOST).exists()
    page = opened(signed_in("mzj"), f"/settlement/runs/{run.pk}/", resource=HOST)
    assert "测试期内，尚未开始计费，至 2025-10-02（含）" in page
    project = Resource.objects.get(code=HOST).project.code
    page = opened(signed_in("mzj"), f"/settlement/runs/{run.pk}/", project=project)
    assert "还没有账目的资源" in page
    assert f"{HOST}</a></td><td>测试期内，尚未开始计费，至 2025-10-02（含）" in page


def test_R073_占比合起来是一_面包屑每级带金额() -> None:
    used()
    used("另一个系统", "ECS-OTHER-")
    run = measured()
    shy = cast()["shy"]
    unit = BillSum.objects.filter(run=run)[0].unit
    place = Place(unit)
    chain = levels.rungs(shy, run, place, {})
    rows = levels.rows(shy, run, place, chain[-1].amount, levels.before(run), {})
    assert len(rows) == 2
    assert sum(row.level.amount for row in rows) == chain[-1].amount == chain[0].amount
    assert abs(sum((row.share or Decimal(0) for row in rows), Decimal(-1))) < Decimal("1e-20")
    assert [rung.label for rung in levels.rungs(shy, run, Place(unit, rows[0].level.code), {})] == [
        "全区",
        "单位",
        "项目",
    ]
    assert [rung.label for rung in levels.rungs(cast()["mzj"], run, place, {})] == ["单位"]


def test_R073_比上年_多少用话说_没有可比的说明为什么() -> None:
    used()
    run = measured()
    assert levels.before(run).run is None
    assert "2024—2025 服务年度没有算到年末的计量" in levels.before(run).reason
    page = opened(signed_in("shy"), f"/settlement/runs/{run.pk}/")
    assert "没有上年对比：2024—2025 服务年度没有算到年末的计量" in page
    last = earlier(run, {0: Decimal(100)})
    assert levels.before(run).run == last
    now = queries.totals(BillSum.objects.filter(run=run))[1]
    page = opened(signed_in("shy"), f"/settlement/runs/{run.pk}/")
    assert f"比上年多 {now - 100:,.2f}" in page
    assert "上年 100.00" in page
    assert levels.change(Decimal(80), Decimal(100)) == "少 20.00，20.0%"
    assert levels.change(Decimal(100), Decimal(100)) == "与上年持平"
    assert levels.change(Decimal(100), None) == ""
    part = measured("滚动", date(2026, 1, 15))
    assert levels.before(part).run is None
    assert "本年只算到 2026-01-14（含），上年没有算到 2025-01-14（含）的计量，不好比" in levels.before(part).reason


def earlier(run: Run, amounts: dict[int, Decimal]) -> Run:
    """上一服务年度算到年末的一个批次，各单位的合计照给的。"""
    made = Run.objects.create(
        service_year=run.service_year - 1, kind="年度", until_on=date(YEAR, 7, 1), head=run.head, digest="sm3:0",
        package_digest="", rulebook_digest=run.rulebook_digest, code_version="", line_count=0, disputed_count=0,
        on=date(YEAR, 7, 8), by="上年",
    )  # fmt: skip
    for n, one in enumerate(BillSum.objects.filter(run=run)[: len(amounts)]):
        BillSum.objects.create(
            run=made, unit=one.unit, project=one.project, provider=one.provider, payer=one.payer, disputed=False,
            lines=1, amount=amounts[n],
        )  # fmt: skip
    return made


def test_R083_合计差一分_各级红字说差在哪里差多少_对得上的没有() -> None:
    used()
    run = measured()
    client, one = signed_in("shy"), BillSum.objects.filter(run=run)[0]
    place: dict[str, Any] = {"unit": one.unit, "project": one.project}
    query: dict[str, Any]
    for query in ({}, {"unit": one.unit}, place, {**place, "resource": HOST}):
        assert "合计对不上" not in opened(client, f"/settlement/runs/{run.pk}/", **query)
    BillSum.objects.create(
        run=run, unit=one.unit, project=one.project, provider=one.provider, payer="self", disputed=False, lines=1,
        amount=Decimal("0.01"),
    )  # fmt: skip
    page = opened(client, f"/settlement/runs/{run.pk}/")
    assert "合计对不上，这个批次不能批准、不能报送立项" in page
    assert "全区：汇总" in page
    assert "多 0.01 元" in page
    for query in (place, {**place, "resource": HOST}):
        page = opened(client, f"/settlement/runs/{run.pk}/", **query)
        assert "各资源的账目之和" in page
        assert "少 0.01 元" in page
    assert "多 0.01 元" in opened(client, f"/settlement/runs/{run.pk}/", provider=one.provider)


def test_状态照办到哪里_预估_核对中_有争议_锁定以后(tmp_path: Path) -> None:
    used()
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    assert levels.status(measured("滚动", date(2026, 1, 15)), Decimal(0)) == "预估"
    run = measured()
    assert levels.status(run, Decimal(1)) == "有争议"
    assert levels.status(run, Decimal(0)) == "核对中"
    assert levels.newer(run) is None
    approved(tmp_path)
    last = queries.latest_run(YEAR)
    assert last is not None
    assert levels.status(last, Decimal(0)) == "已锁定"
    assert levels.newer(run) == last.pk
    assert f"批次 {last.pk}</a>" in opened(signed_in("shy"), f"/settlement/runs/{run.pk}/")


# ── 导出 ──


def test_R073_导出这一级的明细_合计相等_金额是数_算式头的文字不成公式() -> None:
    used()
    run = measured()
    project = Resource.objects.get(code=HOST).project
    project.name = "=HYPERLINK(0)"
    project.save()
    response = signed_in("mzj").get(f"/settlement/runs/{run.pk}/lines.xlsx", {"resource": HOST})
    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).worksheets[0]  # type: ignore[attr-defined]
    head, *rows = sheet.iter_rows()
    column = {cell.value: n for n, cell in enumerate(head)}
    *body, last = rows
    lines = BillLine.objects.filter(run=run, resource=HOST)
    assert len(body) == lines.count() > 3
    money = column["金额（元）"]
    assert [Decimal(str(row[money].value)) for row in body] == [line.amount for line in lines.order_by("seq")]
    assert Decimal(str(last[money].value)).quantize(Decimal("0.01")) == sum(line.amount for line in lines)
    name = body[0][column["项目名称"]]
    assert (name.value, name.data_type) == ("=HYPERLINK(0)", "s")
    assert "÷ 365 天" in str(body[0][column["算式"]].value)
    other = signed_in("jyj").get(f"/settlement/runs/{run.pk}/lines.xlsx", {"resource": HOST})
    rows = list(openpyxl.load_workbook(io.BytesIO(b"".join(other.streaming_content))).worksheets[0].iter_rows())  # type: ignore[attr-defined]
    assert len(rows) == 2


def test_R073_太多的不导_请收窄(monkeypatch: pytest.MonkeyPatch) -> None:
    used()
    run = measured()
    monkeypatch.setattr(drilling, "MAX_SHEET", 3)
    page = opened(signed_in("shy"), f"/settlement/runs/{run.pk}/lines.xlsx", 422)
    assert "一张表最多导 3 条" in page


def test_R073_按用量计费的一天_写明是哪几天的用量合计_不说成台账的数量() -> None:
    walk = Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name="按次的系统")
    walk.fill(**{**FILLED, "services": {**FILLED["services"], ITEM: "1"}}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-YC-")
    code = Resource.objects.get(code__endswith=f"-{ITEM}").code
    send("用量", usage("1", "131900", code), usage("2", "7", code, "2025-11-05"))
    run = measured()
    page = opened(signed_in("shy"), f"/settlement/runs/{run.pk}/days/2025-11-04/", resource=code)
    assert "用量 131907（2025-11-03 至 2025-11-05（含）合计，不是台账的数量）" in page
    assert "这一条的用量" in page
    # 没有用量的一天照台账的数量，不说用量
    page = opened(signed_in("shy"), f"/settlement/runs/{run.pk}/days/2025-11-20/", resource=code)
    assert "131907" not in page
    assert "这一条的用量" not in page
