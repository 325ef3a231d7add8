"""政策改了一个数（R-004）：页面、关口、时限跟着新的数走；数据包算法里的数属于格式，不跟着变。"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from yunheng.applications import guards
from yunheng.audit.actor import Actor
from yunheng.audit.refused import Refused
from yunheng.catalog import procuring
from yunheng.metering import engine, result
from yunheng.metering.opening import opened
from yunheng.rules import conventions, growth, rulebook, scoring, trial
from yunheng.rules.procedures import PROCEDURES, drawing
from yunheng.rules.roles import Role
from yunheng.settlement import funding, operations, recovery
from yunheng.settlement.models import RecoveryAsset

DAY = date(2026, 7, 8)
YEAR = 2025
CASES = Path(__file__).parents[1] / "cases"
DEFAULTS = {code: one.default for code, one in conventions.CONVENTIONS.items()}


def admitted(level: str) -> bool:
    return not list(guards.refusals({"level": level, "classified": "否"}, DAY))


def opens() -> str:
    """7 月 8 日起下一个年度的结算，被哪句话挡住。"""
    with pytest.raises(Refused) as refusal:
        operations.start(actor=Actor("审核员", Role.REVIEWER, institution=1), on=date(2026, 6, 30), year=YEAR)
    return refusal.value.problems[0]


def scored(events: dict[str, int], satisfaction: str = "85") -> tuple[Decimal | None, Decimal | None]:
    found = scoring.score(events, Decimal(satisfaction), "linear", scoring.terms(DAY))
    return found.total, found.deduction_rate


def growing(amount: str) -> tuple[bool, bool]:
    (one,) = growth.check({growth.CPU: Decimal(100)}, [{growth.CPU: Decimal(amount)}], DAY)
    return one.exceeded, one.warned


#: 参数、改成多少、从哪里看、原来、改后
MOVES: list[tuple[str, str, Callable[[], Any], Any, Any]] = [
    ("supervision_fee_limit", "8", lambda: funding.fee_limit(YEAR).ratio * 100, 10, 8),
    ("security_level_limit", "2", lambda: (admitted("二级"), admitted("三级")), (True, True), (True, False)),
    ("district_security_level_limit", "2", lambda: (admitted("二级"), admitted("三级")), (True, True), (True, False)),
    ("settlement_start_month", "9", lambda: "9 月起结算；2025 服务年度到 2026-09-01" in opens(), False, True),
    ("service_year_start_month", "9", lambda: rulebook.service_year_start(YEAR), date(2025, 7, 1), date(2025, 9, 1)),
    ("service_year_start_day", "15", lambda: rulebook.service_year_start(YEAR), date(2025, 7, 1), date(2025, 7, 15)),
    (
        "trial_months", "2",
        lambda: trial.charge_start(trial.Grant(DAY, "基础设施", "市级", "年"), DEFAULTS),
        date(2026, 10, 8), date(2026, 9, 8),
    ),
    ("growth_limit", "30", lambda: growing("25"), (True, False), (False, True)),
    ("growth_warning", "5", lambda: growing("6"), (False, False), (False, True)),
    ("budget_month", "10", lambda: procuring.budget_day(DAY), date(2026, 11, 30), date(2026, 10, 31)),
    (
        "disaster_shared_district_share", "40",
        lambda: recovery.district_share(RecoveryAsset.SHARED, DAY), Decimal(0), Decimal(40),
    ),
    (
        "disaster_own_district_share", "60",
        lambda: recovery.district_share(RecoveryAsset.DEDICATED, DAY), Decimal(100), Decimal(60),
    ),
    ("assessment_b_penalty", "6", lambda: scored({"B": 1}, "95")[0], Decimal(95), Decimal(94)),
    ("assessment_b_full", "8", lambda: scored({"B": 3}, "95")[0], Decimal(90), Decimal(90)),
    ("assessment_g_full", "38", lambda: scored({}, "95")[0], Decimal(100), Decimal(98)),
    ("satisfaction_threshold", "80", lambda: scored({})[0], Decimal(96), Decimal(100)),
    ("satisfaction_penalty", "1", lambda: scored({})[0], Decimal(96), Decimal(98)),
    ("satisfaction_step", "2", lambda: scored({})[0], Decimal(96), Decimal(98)),
    ("deduction_threshold", "95", lambda: scored({"B": 2}, "95")[1], Decimal(0), Decimal("0.05")),
    ("deduction_band", "5", lambda: scored({"A": 9, "F": 9}, "95")[1], Decimal("0.05"), Decimal("0.10")),
    ("deduction_step", "4", lambda: scored({"A": 9, "F": 9}, "95")[1], Decimal("0.05"), Decimal("0.04")),
]  # fmt: skip


@pytest.fixture
def change(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """把一个参数各版的值都换掉，别的不动。"""

    def changed(key: str, value: str) -> None:
        book = rulebook.built_in()
        old = book.parameters[key]
        new = replace(old, versions=tuple(replace(one, value=Decimal(value)) for one in old.versions))
        altered = replace(book, parameters=MappingProxyType({**book.parameters, key: new}))
        monkeypatch.setattr(rulebook, "built_in", lambda: altered)

    return changed


@pytest.mark.parametrize(("key", "value", "see", "before", "after"), MOVES, ids=[row[0] for row in MOVES])
def test_R004_改一个参数_用它的地方跟着变(
    change: Callable[[str, str], None], key: str, value: str, see: Callable[[], Any], before: Any, after: Any
) -> None:
    assert see() == before
    change(key, value)
    assert see() == after


LIMITS = sorted({step.limit.parameter for one in PROCEDURES.values() for step in one.steps if step.limit})


@pytest.mark.parametrize("key", LIMITS)
def test_R004_改一个办理时限_流程上的时限跟着变(change: Callable[[str, str], None], key: str) -> None:
    mine = [one for one in PROCEDURES.values() if any(step.limit and step.limit.parameter == key for step in one.steps)]
    assert mine
    assert not any("77 个" in drawing.page((one,), DAY) for one in mine)
    change(key, "77")
    assert all("77 个" in drawing.page((one,), DAY) for one in mine)


#: 数据包算法里也有的数：格式定稿时各冻结了一份
FROZEN = ("trial_months", "deduction_step", "deduction_threshold", "supervision_fee_limit", "reclaim_days")


@pytest.mark.parametrize("key", FROZEN)
def test_R004_数据包算法里的数属于格式_改了参数_旧的包重算仍是原摘要(
    change: Callable[[str, str], None], key: str, tmp_path: Path
) -> None:
    def digest(name: str) -> str:
        with opened(CASES / "10-考核与汇总") as package, (tmp_path / name).open("wb") as file:
            return result.write(engine.settle(package), file)

    before = digest("改前")
    change(key, "1")
    assert digest("改后") == before
