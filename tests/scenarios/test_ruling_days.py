"""裁定可以只管一段日子：账目按日子切开，没有裁到的仍待核；后裁的只盖它的日子，撤回的回到没有裁定（R-075）。"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, measured, mismatched, used
from yunheng.audit.refused import Refused
from yunheng.metering import oracle, reading
from yunheng.metering.opening import opened
from yunheng.orgs.models import BusinessClock
from yunheng.rules import conventions
from yunheng.rules.workdays import published_workday
from yunheng.settlement import disputing, handling, queries
from yunheng.settlement.models import Difference, Handling, Run, RunFile
from yunheng.settlement.runs import recasting, running

pytestmark = pytest.mark.django_db
FIRST, AUTUMN, OCTOBER, FINAL = date(2025, 7, 1), date(2025, 10, 20), date(2025, 11, 1), date(2026, 7, 1)
HOST = "ECS-NOLOG-"


@pytest.fixture
def row() -> Difference:
    """没有日志的系统的一条 D5：测试期 2025-10-03 满，从那天起计费。"""
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    used("没有日志的系统", HOST, with_logs=False)
    return Difference.objects.filter(run=measured(), code="D5").order_by("seq")[0]


def rule(row: Difference, ruling: str, from_on: date | None = None, until_on: date | None = None) -> Handling:
    return handling.handle(
        actor=cast()["shy"], on=JULY, year=YEAR, code=row.code, resource=row.resource, item=row.item,
        kind="裁定", text="以工单为准", ruling=ruling, from_on=from_on, until_on=until_on,
    )  # fmt: skip


def lines(run: Run, row: Difference) -> list[tuple[bool, date, date]]:
    """这条时间线的账目：待核、起、止（不含）。"""
    found = queries.lines_of(run).filter(resource=row.resource, item=row.item).order_by("from_on")
    return list(found.values_list("disputed", "from_on", "until_on"))


def waived(run: Run, row: Difference) -> list[tuple[date, date]]:
    found = queries.waived_of(run).filter(resource=row.resource, item=row.item).order_by("from_on")
    return list(found.values_list("from_on", "until_on"))


def by_oracle(run: Run, folder: Path) -> str:
    """逐日笨算法对同一个数据包的摘要。"""
    path = folder / "包.zip"
    path.write_bytes(RunFile.objects.get(run=run, name=running.PACKAGE).content)
    with opened(path) as package:
        manifest = package.manifest
        assert manifest
        options = conventions.resolve(manifest.conventions, manifest.version)
        return str(oracle.settle(manifest, reading.rows_of(package), options, published_workday)["digest"])


def test_R075_年初到一天不计费_其后认可_账目只有其后一条_不计费一条_待核没有(row: Difference, tmp_path: Path) -> None:
    rule(row, "不计费", FIRST, OCTOBER)
    half = measured()
    assert lines(half, row) == [(True, OCTOBER, FINAL)]
    assert waived(half, row) == [(date(2025, 10, 3), OCTOBER)]
    rule(row, "认可", OCTOBER, FINAL)
    run = measured()
    assert lines(run, row) == [(False, OCTOBER, FINAL)]
    assert waived(run, row) == [(date(2025, 10, 3), OCTOBER)]
    entry = queries.differences_of(run).get(code="D5", resource=row.resource, item=row.item)
    assert entry.ruling == "部分"
    assert by_oracle(run, tmp_path) == run.digest


@pytest.fixture
def entry() -> Difference:
    """平台工单的数量与申请表不同的一条 D3；测试期在服务年度以前就满了。"""
    mismatched()
    return Difference.objects.get(run=measured(), code="D3")


def test_R075_数量不符的_七至九月不计费_十月起认可_账目只有十月起一条_逐日与笨算法相等(
    entry: Difference, tmp_path: Path
) -> None:
    row, october = entry, date(2025, 10, 1)
    (whole,) = lines(queries.latest_run(YEAR) or Run(), row)
    assert whole == (True, FIRST, FINAL)
    rule(row, "不计费", FIRST, october)
    half = measured()
    assert lines(half, row) == [(True, october, FINAL)]
    assert waived(half, row) == [(FIRST, october)]
    assert by_oracle(half, tmp_path) == half.digest
    rule(row, "认可", october, FINAL)
    run = measured()
    assert lines(run, row) == [(False, october, FINAL)]
    assert waived(run, row) == [(FIRST, october)]
    assert by_oracle(run, tmp_path) == run.digest
    assert queries.differences_of(run).get(code="D3").ruling == "部分"


def test_R075_账上列出不计费的日子各照哪条裁定_撤回的不改先前批次的说法(entry: Difference) -> None:
    august, october = date(2025, 8, 1), date(2025, 10, 1)
    for text, *days in (("七月停电", FIRST, august), ("八九月搬迁", august, october)):
        handling.handle(
            actor=cast()["shy"], on=JULY, year=YEAR, code=entry.code, resource=entry.resource, item=entry.item,
            kind="裁定", text=text, ruling="不计费", from_on=days[0], until_on=days[1],
        )  # fmt: skip

    def bill(run: Run) -> str:
        """这一批次里这个资源的账。"""
        return str(signed_in("shy").get(f"/settlement/runs/{run.pk}/?resource={entry.resource}").content.decode())

    first = measured()
    assert all(f"：{text}（" in bill(first) for text in ("七月停电", "八九月搬迁"))
    rule(entry, "撤回", FIRST, october)
    again = measured()
    assert "裁定不计费的<small>" in bill(first)
    assert "：七月停电（" in bill(first)
    assert "裁定不计费的<small>" not in bill(again)


def test_R075_后裁的只盖它的日子_撤回的回到待核(row: Difference) -> None:
    rule(row, "认可")
    rule(row, "不计费", AUTUMN, OCTOBER)
    rule(row, "撤回", OCTOBER)
    run = measured()
    assert lines(run, row) == [(False, date(2025, 10, 3), AUTUMN), (True, OCTOBER, FINAL)]
    assert waived(run, row) == [(AUTUMN, OCTOBER)]
    assert row in disputing.in_state(run, Difference.objects.all(), disputing.OPEN)


def test_R075_合起来盖满全年才算裁定过(row: Difference) -> None:
    run = queries.latest_run(YEAR)
    assert run
    for ruling, span, state in (
        ("不计费", (None, OCTOBER), disputing.OPEN),
        ("认可", (OCTOBER, None), disputing.RULED),
        ("撤回", (AUTUMN, OCTOBER), disputing.OPEN),
        ("认可", (None, None), disputing.RULED),
    ):
        rule(row, ruling, *span)
        assert row in disputing.in_state(run, Difference.objects.all(), state), ruling


@pytest.mark.parametrize(
    ("ruling", "span", "words"),
    [
        ("认可", (OCTOBER, OCTOBER), "应不晚于至"),
        ("认可", (OCTOBER, AUTUMN), "应不晚于至"),
        ("认可", (date(2025, 6, 30), OCTOBER), "服务年度内"),
        ("不计费", (OCTOBER, date(2026, 7, 2)), "服务年度内"),
        ("撤回", (None, None), "没有裁定，不用撤回"),
        ("部分", (None, None), "裁定只有"),
    ],
)
def test_R075_起止不对的_没有可撤的_不记(row: Difference, ruling: str, span: Any, words: str) -> None:
    with pytest.raises(Refused, match=words):
        rule(row, ruling, *span)
    assert not Handling.objects.exists()


def test_R075_不是裁定的不写起止(row: Difference) -> None:
    with pytest.raises(Refused, match="只有裁定写起止"):
        handling.handle(
            actor=cast()["shy"], on=JULY, year=YEAR, code=row.code, resource=row.resource, item=row.item,
            kind="说明", text="核过", from_on=FIRST,
        )  # fmt: skip


def test_R075_页面上写至_含_存的是半开的(row: Difference) -> None:
    run = queries.latest_run(YEAR)
    assert run
    client, url = signed_in("shy"), f"/settlement/runs/{run.pk}/differences/"
    given = {
        "row": f"{row.code}|{row.item}|{row.resource}", "do": "裁定：不计费", "text": "机房断电",
        "from_on": "2025-07-01", "last_on": "2025-09-30",
    }  # fmt: skip
    assert client.post(url, given).status_code == 302
    made = Handling.objects.get()
    assert (made.from_on, made.until_on, made.whole) == (FIRST, date(2025, 10, 1), False)
    page = client.get(url).content.decode()
    assert "部分裁定" in page
    assert "2025-07-01 至 2025-09-30（含）不计费" in page
    wrong = client.post(url, given | {"last_on": "九月底"})
    assert wrong.status_code == 422
    assert "至（含）：日期应填成 2026-07-01 这样；现在是“九月底”（R-075）" in wrong.content.decode()
    assert Handling.objects.count() == 1


def test_R075_分日子的裁定试算_与整年重新计量逐条相同(row: Difference) -> None:
    first = queries.latest_run(YEAR)
    assert first
    rule(row, "认可", None, OCTOBER)
    trial = recasting.recast(actor=cast()["shy"], on=JULY, run=first)
    whole = measured()
    columns = ("resource", "item", "from_on", "until_on", "days", "amount", "disputed", "differences")
    for rows in (queries.lines_of, queries.differences_of):
        names = columns if rows is queries.lines_of else running.DIFFERENCE
        assert sorted(rows(trial).values_list(*names)) == sorted(rows(whole).values_list(*names))
    assert trial.head["summary"] == whole.head["summary"]
    assert recasting.ruled_again(trial) == recasting.ruled_again(whole) == 0
    assert recasting.ruled_again(first) == 1
