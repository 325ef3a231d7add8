"""裁定试算：新裁定只搬动有关的账目，与整年重新计量的结果一分不差；试算不能提交、不能冻结（R-075、R-077）。"""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.people import cast
from tests.support.year import JULY, YEAR, act, appraised, approved, measured, self_paid, used
from yunheng.audit.refused import NotYours, Refused
from yunheng.settlement import disputing, handling, operations, queries, rulings
from yunheng.settlement.footing import footing
from yunheng.settlement.models import Difference, Moved, Run
from yunheng.settlement.runs import recasting, running

pytestmark = pytest.mark.django_db
FIRST = date(YEAR, 7, 1)


@pytest.fixture(autouse=True)
def projects() -> None:
    used()
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    self_paid()


def rule(row: Difference, ruling: str, from_on: date | None = None, until_on: date | None = None) -> None:
    handling.handle(
        actor=cast()["shy"], on=JULY, year=YEAR, code=row.code, resource=row.resource, item=row.item,
        kind="裁定", text="以工单为准", ruling=ruling, from_on=from_on, until_on=until_on,
    )  # fmt: skip


def recast(run: Run) -> Run:
    return recasting.recast(actor=cast()["shy"], on=JULY, run=run)


def contents(run: Run) -> tuple[Any, ...]:
    """批次说的是什么：汇总和差异，账目，不计费的。"""
    columns = ("resource", "item", "form", "order", "from_on", "until_on", "amount", "payer", "disputed", "differences")
    return (
        {key: run.head[key] for key in ("summary", "assessments")},
        run.differences,
        list(queries.differences_of(run).order_by("seq").values_list("seq", *running.DIFFERENCE)),
        Counter(queries.lines_of(run).values_list(*columns)),
        Counter(queries.waived_of(run).values_list(*(name for name in columns if name != "disputed"))),
    )


@pytest.mark.parametrize("seed", range(4))
def test_R075_裁定之后试算_与整年重新计量的账目和汇总一样_改判也一样(seed: int) -> None:
    chance = random.Random(seed)
    first = measured()
    blocking = [row for row in disputing.differences(first) if row.blocking]
    assert len(blocking) > 4
    last = first
    for _ in range(3):
        for row in chance.sample(blocking, 3):
            # 一半裁全年，一半只裁一段；裁过的有时撤回一段
            span: list[date] = []
            if chance.random() < 0.5:
                span = [FIRST + timedelta(days=n) for n in sorted(chance.sample(range(366), 2))]
            ruled = (row.resource, row.item, row.code) in rulings.in_force(YEAR)
            rule(row, chance.choice(["认可", "不计费", *(["撤回"] if ruled else [])]), *span)
        if not recasting.ruled_again(last):
            continue  # 三条都判得和上次一样，或又撤回了
        last = recast(last)
        assert last.base == first
        assert last.digest == ""
        assert not list(footing(last))
        whole = measured()
        assert contents(last) == contents(whole)
        assert whole.digest
        # 下一次还从原来的批次试算
        if chance.random() < 0.5:
            first = last = whole


def test_R075_没有新的裁定不试算_不是区科创中心的不能试算() -> None:
    run = measured()
    with pytest.raises(Refused, match="没有新的裁定"):
        recast(run)
    rule(next(row for row in disputing.differences(run) if row.blocking), "认可")
    with pytest.raises(NotYours):
        recasting.recast(actor=cast()["dsf"], on=JULY, run=run)
    assert Moved.objects.count() == 0
    recast(run)
    assert Moved.objects.count() == 1


def test_R077_试算没有数据包和摘要_不能提交复算() -> None:
    appraised()
    run = measured()
    rule(next(row for row in disputing.differences(run) if row.blocking), "认可")
    trial = recast(run)
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    with pytest.raises(Refused, match="裁定试算"):
        act("shy", case, "file")
    with pytest.raises(Refused, match=r"没有 结算\.json"):
        running.result_of(trial)
    measured()
    act("shy", case, "file")


def test_R083_冻结了的批次_裁定以后也不能试算(tmp_path: Path) -> None:
    case = approved(tmp_path)
    run = queries.frozen(YEAR)
    assert run is not None
    rule(next(row for row in disputing.differences(run.run) if row.blocking), "不计费")
    with pytest.raises(Refused, match="R-083"):
        recast(run.run)
    assert queries.freeze_of(case) == run


def test_R075_照旧版数据包算的批次_页面不给试算_请重新计量() -> None:
    run = measured()
    rule(next(row for row in disputing.differences(run) if row.blocking), "认可")
    assert recasting.ruled_again(run) == 1
    older = Run.objects.get(pk=run.pk)
    older.pk, older.line_count, older.disputed_count, older.head = None, 0, 0, run.head | {"version": 1}
    older.save(force_insert=True)
    assert recasting.ruled_again(older) == 0
