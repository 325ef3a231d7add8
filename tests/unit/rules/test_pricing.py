"""定价：某日单价、精确金额、舍入、阶梯平均单价。"""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunheng.rules import periods, pricing
from yunheng.rules.periods import Period
from yunheng.rules.problems import NotInForce, RuleDataError

D = Decimal
OLD = pricing.PriceVersion("CPU", D(552), Period(date(2023, 7, 1), date(2024, 1, 1)))
NEW = pricing.PriceVersion("CPU", D(500), Period(date(2024, 1, 1)))
OWN = pricing.PriceVersion("CPU", D(480), Period(date(2023, 9, 1), date(2023, 10, 1)), "CU")
BOOK = pricing.PriceBook([NEW, OWN, OLD])
TIERS = [pricing.Tier(D(0), D(100), D(1)), pricing.Tier(D(100), None, D("0.5"))]


@pytest.mark.parametrize(
    ("provider", "day", "price"),
    [
        ("CU", date(2023, 8, 31), 552),
        ("CU", date(2023, 9, 1), 480),
        ("CU", date(2023, 10, 1), 552),
        ("CT", date(2023, 9, 1), 552),
        ("CU", date(2024, 1, 1), 500),
    ],
)
def test_R074_取同期单价_带服务商的优先(provider: str, day: date, price: int) -> None:
    assert BOOK.price_on("CPU", provider, day).unit_price == price


def test_R074_没有价格版本的日子拒绝_不取邻近的价() -> None:
    with pytest.raises(NotInForce, match="D62-七"):
        BOOK.price_on("CPU", "CU", date(2023, 6, 30))


def test_R074_同一目录项的版本相交拒绝() -> None:
    with pytest.raises(RuleDataError, match="相交"):
        pricing.PriceBook([OLD, pricing.PriceVersion("CPU", D(1), Period(date(2023, 12, 31)))])


def test_R073_规格里的例子_八核二百七十四天() -> None:
    period = Period(date(2023, 10, 1), date(2024, 7, 1))
    assert pricing.to_fen(pricing.yearly(D(8), D(552), period, 2023)) == D("3305.97")


def test_R073_区间越出服务年度拒绝() -> None:
    with pytest.raises(ValueError, match="R-071"):
        pricing.yearly(D(1), D(1), Period(date(2023, 6, 30), date(2023, 7, 2)), 2023)


def test_K03_闰年按三百六十五天会多付一天() -> None:
    year = periods.service_year(2023)
    assert pricing.yearly(D(1), D(365), year, 2023) == 365
    assert pricing.yearly(D(1), D(365), year, 2023, "fixed_365") == 366


def test_K04_跨月按各月实际天数_或一律三十天() -> None:
    period = Period(date(2024, 1, 31), date(2024, 3, 1))
    assert pricing.monthly(D(1), D(1), period) == Fraction(1, 31) + 1
    assert pricing.monthly(D(1), D(1), period, "thirty") == 1


@pytest.mark.parametrize(
    ("amount", "option", "fen"),
    [
        ("0.005", "half_up", "0.01"),
        ("0.005", "half_even", "0.00"),
        ("0.015", "half_even", "0.02"),
        ("-0.005", "half_up", "-0.01"),
    ],
)
def test_K05_舍入(amount: str, option: str, fen: str) -> None:
    assert str(pricing.to_fen(Fraction(amount), option)) == fen


def test_R076_累进和到达的平均单价() -> None:
    assert pricing.tier_average(TIERS, D(300), "累进") == D("0.666667")
    assert pricing.tier_average(TIERS, D(300), "累进", "2") == D("0.67")
    assert pricing.tier_average(TIERS, D(300), "到达") == D("0.5")
    assert pricing.tier_average(TIERS, D(100), "到达") == D("0.5")
    assert pricing.tier_average(TIERS, D(0), "累进") is None


@pytest.mark.parametrize("tiers", [[], TIERS[:1], TIERS[1:], [TIERS[0], pricing.Tier(D(101), None, D(1))]])
def test_R076_有缺口或封顶的阶梯拒绝(tiers: list[pricing.Tier]) -> None:
    with pytest.raises(RuleDataError, match="M10"):
        pricing.tier_total(tiers, D(1), "累进")


@given(st.integers(0, 365), st.integers(0, 365), st.decimals(0, 1000, places=3), st.decimals(0, 1000, places=6))
def test_R073_切开两段的精确金额之和等于整段(a: int, b: int, quantity: Decimal, price: Decimal) -> None:
    start = date(2023, 7, 1).toordinal()
    low, high = sorted((a, b))
    if low == high:
        return
    day = [date.fromordinal(start + n) for n in (0, low, high, 366)]
    cuts = [Period(x, y) for x, y in itertools.pairwise(day) if x < y]
    whole = Period(day[0], day[-1])
    assert sum(pricing.yearly(quantity, price, c, 2023) for c in cuts) == pricing.yearly(quantity, price, whole, 2023)
    assert sum(pricing.monthly(quantity, price, c) for c in cuts) == pricing.monthly(quantity, price, whole)


@given(st.fractions(0, 10**12))
def test_K05_舍入误差不超过半分(amount: Fraction) -> None:
    for option in ("half_up", "half_even"):
        assert abs(Fraction(pricing.to_fen(amount, option)) - amount) <= Fraction(1, 200)
