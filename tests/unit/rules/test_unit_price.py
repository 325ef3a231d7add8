"""单价给人看的写法：目录价去掉末尾的零、至少两位，阶梯的均价照 K-07 的位数写满（R-073、R-076）。"""

from __future__ import annotations

from decimal import Decimal

import pytest

from yunheng.rules.conventions import CONVENTIONS
from yunheng.rules.money import UnitPrice


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("552", "552.00"),
        ("552.000000", "552.00"),
        ("480.5", "480.50"),
        ("0.1", "0.10"),
        ("0.0045", "0.0045"),
        ("0.000001", "0.000001"),
        ("0", "0.00"),
        ("1E+3", "1,000.00"),
        ("1234567.891000", "1,234,567.891"),
    ],
)
def test_目录价去掉末尾的零_至少两位_一分不丢(amount: str, text: str) -> None:
    for way in ("单价", "授权"):
        assert str(UnitPrice.of(amount, way, {"K-07": "6"})) == text
    assert Decimal(text.replace(",", "")) == Decimal(amount)


@pytest.mark.parametrize(("places", "text"), [("6", "0.075000"), ("4", "0.0750"), ("2", "0.08")])
def test_均价照K07的位数写满(places: str, text: str) -> None:
    assert places in CONVENTIONS["K-07"].options
    amount = round(Decimal("0.075"), int(places))
    assert str(UnitPrice.of(amount, "阶梯", {"K-07": places})) == text


@pytest.mark.parametrize(("places", "code"), [(2, "#,##0.00####"), (4, "#,##0.0000##"), (6, "#,##0.000000")])
def test_数字单元格的格式与文字同样的位数(places: int, code: str) -> None:
    assert UnitPrice(Decimal(1), places).number_format == code
