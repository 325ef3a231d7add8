"""服务年度新增 20% 上限（D62-六(二)，R-037）。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunheng.rules import growth
from yunheng.rules.problems import NotInForce

DAY = date(2024, 3, 1)
D = Decimal


def one(first: str, *changes: str, option: str = "gross") -> growth.DimensionGrowth:
    (found,) = growth.check({growth.CPU: D(first)}, [{growth.CPU: D(c)} for c in changes], DAY, option)
    return found


@pytest.mark.parametrize(
    ("added", "exceeded", "warned"),
    [("14.999", False, False), ("15", False, True), ("20", False, True), ("20.001", True, False)],
)
def test_R037_恰好二成不算超出_一成半起提醒(added: str, exceeded: bool, warned: bool) -> None:
    found = one("100", added)
    assert (found.exceeded, found.warned) == (exceeded, warned)
    assert "D62-六(二)" in found.message


def test_R037_多次变更累计() -> None:
    assert not one("100", "10", "10").exceeded
    assert one("100", "10", "10", "1").exceeded


def test_K08_毛算释放不抵_净算相抵() -> None:
    assert one("100", "25", "-10").exceeded
    assert not one("100", "25", "-10", option="net").exceeded


def test_R037_首次申请没有的维度任何新增都超出() -> None:
    (found,) = growth.check({}, [{"GPU": D("0.001")}], DAY)
    assert found.exceeded
    assert found.ratio is None


def test_R037_全部盘与存储项合计_其余按目录项() -> None:
    host = growth.Host(D(4), D(8), D("0.1"), D("0.4"), count=D(2))
    found = growth.amounts([host], {"备份": D(3), "GPU": D(1)}, storage_items=["备份"])
    assert found == {growth.CPU: D(8), growth.MEMORY: D(16), growth.STORAGE: D("4.0"), "GPU": D(1)}


def test_R037_只有释放没有新增的维度不列() -> None:
    assert growth.check({growth.CPU: D(10)}, [{growth.CPU: D(-5)}], DAY) == ()


def test_R004_规则施行以前拒绝校验() -> None:
    with pytest.raises(NotInForce):
        growth.check({}, [{growth.CPU: D(1)}], date(2022, 6, 30))


def test_K08_没有的选项拒绝() -> None:
    with pytest.raises(ValueError, match="K-08"):
        one("100", "1", option="其他")


def test_R037_刚过线的不显示成恰好在线上() -> None:
    assert "约" in one("300000", "60001").message


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=8), st.integers(1, 200))
def test_K08_净算超出的毛算一定超出(deltas: list[int], first: int) -> None:
    changes = [{growth.CPU: D(d)} for d in deltas]
    gross, net = (growth.check({growth.CPU: D(first)}, changes, DAY, o) for o in ("gross", "net"))
    assert not any(n.exceeded for n in net) or any(g.exceeded for g in gross)
