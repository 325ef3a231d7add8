"""考核扣减合多少钱（R-078）：照最近一批计量的合计，换一个扣减比例算给考核页看；与结算同一处算法，什么都不存。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from yunheng.assessment.queries import Amount, register_deduct
from yunheng.metering.engine import summarise
from yunheng.metering.frozen import NUMBERS
from yunheng.rules.money import fen
from yunheng.rules.periods import last_day
from yunheng.settlement.models import Run
from yunheng.settlement.queries import frozen, latest_run

#: 一份合计：单位、服务商、谁付、待核、元
Sum = tuple[str, str, str, bool, Decimal]


def summary_of(run: Run, sums: Iterable[Sum], rates: Mapping[str, Fraction]) -> dict[str, Any]:
    """照各家的扣减比例汇总：统一支付的先合到各家再舍入，口径照这一批的。"""
    rows: Counter[tuple[bool, str, str | None, str]] = Counter()
    for unit, provider, payer, disputed, amount in sums:
        rows[disputed, payer, unit if payer == "self" else None, provider] += fen(f"{amount:.2f}")
    head = run.head
    return summarise(
        ((*key, amount) for key, amount in rows.items()), rates, head["conventions"], NUMBERS[head["version"]]
    )


def deduct(provider: str, year: int, rate: str) -> Amount | None:
    """这家这年照这个比例扣多少：结算批准了的看冻结的那一批，没有的看最近一批；没有计量过为 None。"""
    freeze = frozen(year)
    run = freeze.run if freeze else latest_run(year)
    if run is None:
        return None
    sums = run.sums.filter(provider=provider).values_list("unit", "provider", "payer", "disputed", "amount")
    summary = summary_of(run, sums, {provider: Fraction(rate)})

    def added(payer: str, key: str) -> Decimal:
        return sum((Decimal(one[key]) for one in summary[payer]), Decimal(0))

    return Amount(
        gross=added("unified", "gross"),
        deduction=added("unified", "deduction"),
        net=added("unified", "net"),
        own_gross=added("self", "gross"),
        own_deduction=added("self", "deduction"),
        note=f"{'已批准的' if freeze else '最近一次'}{run.kind}计量，计至 {last_day(run.until_on)}（含）",
        href=f"/settlement/runs/{run.pk}/",
    )


def register() -> None:
    """登记给考核页用。"""
    register_deduct(deduct)
