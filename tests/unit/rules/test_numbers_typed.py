"""人填的、接口送来的数：金额不猜，1e3、1_0、1,2 这样的一律不收；千分位须三位一组、不以 0 起；①、²、₂ 不是数字。"""

from __future__ import annotations

from decimal import Decimal

import pytest

from yunheng.applications.amounts import decimal
from yunheng.applications.checking import number
from yunheng.orgs.reading import decimal_of, money_of
from yunheng.rules.money import number_typed

GUESSED = [
    "1e3",
    "1E1",
    "1_0",
    "1,2",
    "1,2345",
    "12,34",
    ",5",
    "0,125",
    "0，480",
    "012,345",
    "8①",
    "8²",
    "8₂",
    "1000①",
    "①",
    "⒏",
    "１⁰",
    "1.",
    ".5",
    "+5",
    "nan",
    "Infinity",
    "0x10",
    "五",
    "1 0",
    "--1",
    "",
]


@pytest.mark.parametrize("text", GUESSED)
def test_金额不猜_哪个入口都不收(text: str) -> None:
    assert number_typed(text) is None
    with pytest.raises(ValueError, match=r"应为|请填"):
        decimal_of(text, 2)
    with pytest.raises(ValueError, match=r"应为|请填"):
        money_of(text)
    with pytest.raises(ValueError, match="应为数字"):
        number(text, 2)


@pytest.mark.parametrize(
    ("text", "value"),
    [("234,567.5", "234567.5"), ("１，２３４", "1234"), (" 16 ", "16"), ("0.50", "0.50"), ("1000", "1000")],
)
def test_千分位_全角_首尾空白_照收(text: str, value: str) -> None:
    assert number_typed(text) == decimal_of(text, 2) == number(text, 2) == decimal(text) == Decimal(value)
