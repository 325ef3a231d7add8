"""目录的计价单位与计费周期是一回事（R-011）：写核·月而按年收，单价差十二倍，哪一行都拒绝到格。"""

from __future__ import annotations

import pytest

from yunheng.catalog.sheet import COLUMNS, checked


def problems(unit: str, cycle: str, pricing: str = "单价") -> list[str]:
    price = "" if pricing == "阶梯" else "552"
    cells = ("CPU", "基础设施", "处理器", unit, pricing, cycle, price, "", "有", "", "", "", "")
    return checked([dict(zip(COLUMNS, cells, strict=True))], "市级")[1]


@pytest.mark.parametrize(
    ("unit", "cycle"),
    [
        ("核·月", "年"),
        ("核·年", "月"),
        ("元/核·月", "年"),
        ("核/月", "年"),
        ("GB 每月", "年"),
        ("核月", "年"),
        ("月", "年"),
        ("个/季度", "年"),
        ("GB·天", "月"),
        ("核·小时", "年"),
        ("套·3年", "年"),
        ("套/两年", "年"),
        ("套·半年", "年"),
        ("核·月（不含税）", "年"),
    ],
)
def test_R011_计价单位写的时间不是计费周期_拒绝到格_写明两个(unit: str, cycle: str) -> None:
    (said,) = problems(unit, cycle)
    assert said.startswith(f"第 1 行 计价单位：写的是“{unit}”")
    assert f"计费周期却是“{cycle}”" in said
    assert "单价不换算" in said


@pytest.mark.parametrize(
    ("unit", "cycle"),
    [
        ("核·年", "年"),
        ("核年", "年"),
        ("核·年度", "年"),
        ("套·一年", "年"),
        ("元/核·月", "月"),
        ("个·每月", "月"),
        ("核", "年"),
        ("GB", "月"),
        ("次", "次"),
        # 人·月、核·小时按次、一次性收：是量，不是周期
        ("人·月", "次"),
        ("核·小时", "次"),
        ("人·天", "一次性"),
    ],
)
def test_R011_相同的_没有写时间的_是量不是周期的_照收(unit: str, cycle: str) -> None:
    assert problems(unit, cycle) == []


def test_R011_阶梯的也查() -> None:
    assert any("计价单位" in said for said in problems("条·月", "年", "阶梯"))
