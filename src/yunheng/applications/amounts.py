"""把表单折成各维度的量，供配额和 20% 上限用；折法只有 rules/growth 一处。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from yunheng.catalog.queries import dimensions
from yunheng.rules.growth import CPU, MEMORY, STORAGE, Host, amounts
from yunheng.rules.money import number_typed

#: 以 TB 计、并入“存储”维度的服务项（R-037）
STORAGE_ITEMS = ("CC-PT", "CC-JM", "CC-DB", "CC-BF")
#: 目录项的主机规格 → 计上限的维度；各种盘合算存储
_DIMENSIONS = {
    "CPU 核": CPU,
    "内存 GB": MEMORY,
    "系统盘 TB": STORAGE,
    "数据盘 TB": STORAGE,
    "SSD TB": STORAGE,
}


def decimal(value: object) -> Decimal:
    """空当 0；不是数的抛 ValueError（交的时候已检查过，草稿里可能有）。"""
    found = Decimal(0) if value in (None, "") else number_typed(str(value))
    if found is None:
        raise ValueError(f"应为数：{value}")
    return found


def host(row: Mapping[str, Any]) -> Host:
    """一行主机。"""
    return Host(
        cores=decimal(row.get("cores")),
        memory=decimal(row.get("memory")),
        system_disk=decimal(row.get("system_disk")),
        data_disk=decimal(row.get("data_disk")),
        count=decimal(row.get("count") or 1),
    )


def of_application(content: Mapping[str, Any]) -> dict[str, Decimal]:
    """首次申请、开发、应急、临时资源的量；补录的按单据上的各条。"""
    if "lines" in content:
        known = dimensions()
        return combined(
            {STORAGE if item in STORAGE_ITEMS else _DIMENSIONS.get(known.get(item, ""), item): decimal(quantity)}
            for _, item, action, quantity in content["lines"]
            if action == "新增"
        )
    return amounts(
        (host(row) for row in content.get("hosts") or ()),
        {code: decimal(value) for code, value in (content.get("services") or {}).items()},
        STORAGE_ITEMS,
    )


def of_change(content: Mapping[str, Any]) -> dict[str, Decimal]:
    """变更的增减量：新增为正，释放为负，变更是新减旧；`before` 是起草时台账里的现状。"""
    hosts = (_row(row) for row in content.get("changes") or ())
    services = (_service(code, row) for code, row in (content.get("service_changes") or {}).items())
    return combined([*hosts, *services])


def _row(row: Mapping[str, Any]) -> dict[str, Decimal]:
    was = row.get("before") or {}
    if row.get("action") == "变更" and was.get("type") == "物理机":
        # 物理机按台，台账上没有核数内存可减
        return {}
    after = {} if row.get("action") == "释放" else amounts([host(row)])
    before = amounts([host(was)]) if row.get("action") != "新增" else {}
    return combined([after, {name: -amount for name, amount in before.items()}])


def _service(code: str, row: Mapping[str, Any]) -> dict[str, Decimal]:
    delta = decimal(row.get("quantity")) - decimal(row.get("before"))
    return {STORAGE if code in STORAGE_ITEMS else code: delta} if delta else {}


def combined(parts: Iterable[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    """逐维度相加，为零的不要。"""
    result: dict[str, Decimal] = {}
    for part in parts:
        for name, amount in part.items():
            result[name] = result.get(name, Decimal(0)) + amount
    return {name: amount for name, amount in result.items() if amount}
