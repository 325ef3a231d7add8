"""年度结算不走死路：撤回了可以重起，没有应付的可以办结，预算不足可以退回重报（R-080、R-081、R-083）。"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.test_adjustment import adjusted, rule_all
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, approved, measured, paid, used
from yunheng.audit.refused import Refused
from yunheng.cases.models import Board, Case
from yunheng.orgs.models import BusinessClock
from yunheng.settlement import operations, queries
from yunheng.settlement.models import Freeze, YearCase

pytestmark = pytest.mark.django_db


def refused(fragment: str) -> Any:
    return pytest.raises(Refused, match=fragment)


def step(case: Case) -> str:
    return Board.objects.get(case=case).step


# ── 撤回了重起 ──


def withdrawn() -> Case:
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "withdraw", opinion="起早了，还有单位没有核对")
    return case


def test_R080_年度结算撤回以后可以重起_重起的办到批准_撤回的留着(tmp_path: Path) -> None:
    used()
    first, second = withdrawn(), withdrawn()
    case = approved(tmp_path)
    freeze = Freeze.objects.get(case=case)
    assert (freeze.service_year, freeze.number) == (YEAR, 0)
    assert list(YearCase.objects.order_by("pk").values_list("case__number", "restarts__case__number")) == [
        (first.number, None),
        (second.number, first.number),
        (case.number, second.number),
    ]
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    assert case.number in signed_in("shy").get(f"/settlement/{YEAR}/plan/").content.decode()
    year = signed_in("shy").get(f"/settlement/{YEAR}/").content.decode()
    assert f'撤回过 <a href="/cases/{first.number}/">' in year
    home = signed_in("shy").get("/settlement/").content.decode()
    assert case.number in home
    assert first.number not in home


def test_R080_没有撤回的不能重起_撤回一件以后页面上又有起年度结算() -> None:
    used()
    measured()
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    with refused(f"已经起了：{case.number}"):
        operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    assert "起年度结算" not in signed_in("shy").get(f"/settlement/{YEAR}/").content.decode()
    act("shy", case, "withdraw", opinion="起错了")
    assert "起年度结算" in signed_in("shy").get(f"/settlement/{YEAR}/").content.decode()
    again = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    with refused(f"已经起了：{again.number}"):
        operations.start(actor=cast()["shy"], on=JULY, year=YEAR)


def test_R083_补差撤回了不占次数_重起的还是第一次_没撤回的不能再起(tmp_path: Path) -> None:
    used()
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    paid(tmp_path)
    first = operations.adjust(actor=cast()["shy"], on=JULY, year=YEAR)
    with refused(f"{first.number} 还没有办完"):
        operations.adjust(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", first, "withdraw", opinion="还没有裁定")
    rule_all()
    case = adjusted(tmp_path)
    assert case.subject == f"{YEAR} 服务年度第 1 次补差"
    assert (YearCase.objects.get(case=case).number, Freeze.objects.get(case=case).number) == (1, 1)
    last = queries.year_cases(YEAR).last()
    assert last is not None
    assert last.case == case
