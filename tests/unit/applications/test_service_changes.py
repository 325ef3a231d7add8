"""变更表的服务项：数量是变更以后的总量，交之前逐项查，不留给后面算账时才出错（D62-六(二)，R-036）。"""

from __future__ import annotations

import pytest

from yunheng.applications.checking import check


def said(code: str, quantity: str, before: str) -> str:
    row = {"quantity": quantity, "before": before, "note": ""}
    found = check("change", {"service_changes": {code: row}, "changes": []})
    return "\n".join(str(one) for one in found if one.place.startswith("services."))


@pytest.mark.parametrize("quantity", ["", "0", "0.00"])
@pytest.mark.parametrize("before", ["", "0"])
def test_释放项目没有的服务项_不收(quantity: str, before: str) -> None:
    assert "没有什么可以释放" in said("WL-IP", quantity, before)


@pytest.mark.parametrize(
    ("quantity", "before"), [("", "1"), ("0", "1"), ("3", ""), ("3", "1"), ("1,000", "2"), ("1.5", "")]
)
def test_释放在用的_新增_变更_照收(quantity: str, before: str) -> None:
    assert said("WL-IP", quantity, before) == ""


@pytest.mark.parametrize("quantity", ["三", "+3", "-1", "1.234", "1e3", "99999999"])
def test_数量不是数的_不收(quantity: str) -> None:
    assert said("WL-IP", quantity, "1").startswith("互联网公有IP服务（个）：")


def test_附件1没有的服务项_不收() -> None:
    assert said("没有", "3", "") == "附件1 没有这个服务项：没有"
