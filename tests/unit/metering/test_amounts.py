"""第 5 步的金额：64 位、128 位两条路都等于精确有理数一次舍入（K-05），在分界两边、五入的正中都一样。"""

from __future__ import annotations

from fractions import Fraction
from math import floor

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from yunheng.metering import engine

#: 数量（千分之一）、单价（百万分之一）在这两个数以下走 64 位
QUANTITY_EDGE, PRICE_EDGE = 1_073_741_824, 8_589_934_592
YEAR, MONTH = 366 * 10**7, 26_970 * 10**7


def rounded(amount: Fraction, half_up: bool) -> int:
    """舍入到分；五在正中时，五入远离零，或取偶。"""
    whole = floor(amount)
    rest = amount - whole
    return whole + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (half_up or whole % 2 == 1)))


def fen(quantity: int, price: int, weight: int, base: int, half_up: bool) -> int:
    """跑第 5 步的最后一条 SQL。"""
    statement = engine.statements("05_amounts")[-1]
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE run AS SELECT {half_up} AS half_up")
        names = "timeline_no form_no order_no provider_no project_no start until days fate".split()  # noqa: SIM905
        connection.execute(
            "CREATE TABLE weighed AS SELECT " + ", ".join(f"0 AS {name}" for name in names)
            + ", CAST(? AS HUGEINT) AS quantity, CAST(? AS BIGINT) AS price, CAST(? AS BIGINT) AS weight,"
            " CAST(? AS BIGINT) AS base",
            [quantity, price, weight, base],
        )  # fmt: skip
        connection.execute(statement)
        row = connection.execute("SELECT fen FROM amounts").fetchone()
    assert row
    return int(row[0])


def near(edge: int) -> st.SearchStrategy[int]:
    """零、小数目、分界两边、允许的最大。"""
    return st.one_of(st.integers(0, 5000), st.integers(edge - 3, edge + 3), st.integers(0, 10**15 - 1))


@given(
    near(QUANTITY_EDGE),
    near(PRICE_EDGE),
    st.one_of(st.tuples(st.integers(1, 366), st.just(YEAR)), st.tuples(st.integers(1, 323_640), st.just(MONTH))),
    st.booleans(),
)
@example(QUANTITY_EDGE - 1, PRICE_EDGE - 1, (323_640, MONTH), True)
@example(QUANTITY_EDGE, PRICE_EDGE - 1, (366, YEAR), True)
@example(10**15 - 1, 10**15 - 1, (323_640, MONTH), False)
def test_R073_两条路都等于精确有理数舍入一次(quantity: int, price: int, time: tuple[int, int], half_up: bool) -> None:
    weight, base = time
    exact = Fraction(quantity * price * weight, base)
    assert fen(quantity, price, weight, base, half_up) == rounded(exact, half_up)


@pytest.mark.parametrize("scale", [1, QUANTITY_EDGE], ids=["64位", "128位"])
@pytest.mark.parametrize(("halves", "up", "even"), [(1, 1, 0), (3, 2, 2), (5, 3, 2)])
def test_五在正中_五入远离零_或取偶(scale: int, halves: int, up: int, even: int) -> None:
    # 183 天 ÷ 366 天恰是一半：数量 scale 千分之一，单价使年价恰是 halves 分 ÷ scale 的倍数
    quantity, price, base = 1000 * scale, 10_000 * halves, YEAR * scale
    assert fen(quantity, price, 183, base, True) == up
    assert fen(quantity, price, 183, base, False) == even
