"""附件3 变更的一行改了哪几格：与起草时的现状（`before`）比，没有动的格不算（D62-六(二)、附件3，R-036）。纯函数。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from yunheng.rules.money import number_typed

from .sections import HOST_COLUMNS

#: 主机清单的格 → 台账上的主机规格；数据盘、SSD 两格合起来说一块盘
DIMENSIONS = {"cores": "CPU 核", "memory": "内存 GB", "system_disk": "系统盘 TB"}
PLAIN, SOLID = "数据盘 TB", "SSD TB"
#: 台账上有的各格
LEDGER = ("type", "cores", "memory", "os", "system_disk", "data_disk", "ssd", "zone")
#: 附件没有印、台账也没有的
_ASIDE = ("eip", "bandwidth")
COLUMNS = {column.key: column for column in HOST_COLUMNS}


def same(key: str, one: object, other: object) -> bool:
    """一格的两个值是不是一样：数照数比，空着是 0；SSD 空着是否。"""
    if COLUMNS[key].decimals is not None:
        numbers = [Decimal(0) if value in (None, "") else number_typed(str(value)) for value in (one, other)]
        if None not in numbers:
            return numbers[0] == numbers[1]
    blank = "否" if key == "ssd" else ""
    return (str(one or "").strip() or blank) == (str(other or "").strip() or blank)


def unlike(keys: Iterable[str], first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[str, ...]:
    """不一样的各格；有一边没有数据盘的，SSD 不算。"""
    found = [key for key in keys if not same(key, first.get(key), second.get(key))]
    if "ssd" in found and any(same("data_disk", row.get("data_disk"), "") for row in (first, second)):
        found.remove("ssd")
    return tuple(found)


def touched(row: Mapping[str, Any]) -> tuple[str, ...]:
    """变更的一行里人动过的各格：与起草时台账的现状不同的。"""
    return unlike((*LEDGER, *_ASIDE), row, row.get("before") or {})


def after(row: Mapping[str, Any]) -> dict[str, Decimal]:
    """变更的一行动了的各维，变更以后的量；0 是不要了。普通盘与 SSD 互换是一样不要、另一样要；物理机按台，不分维。"""
    before, keys = row.get("before") or {}, touched(row)
    if "物理机" in (before.get("type"), row.get("type")):
        return {}
    found = {name: amount(row.get(key)) for key, name in DIMENSIONS.items() if key in keys}
    if {"data_disk", "ssd"} & set(keys):
        found[SOLID if before.get("ssd") == "是" else PLAIN] = Decimal(0)
        found[SOLID if row.get("ssd") == "是" else PLAIN] = amount(row.get("data_disk"))
    return found


def amount(value: object) -> Decimal:
    """草稿里填得不对的当 0；提交时已检查过。"""
    return number_typed(str(value or "0")) or Decimal(0)


def told(row: Mapping[str, Any]) -> str:
    """变更的一行改了什么，一句话：内存 64→40 GB、操作系统 …。"""
    before = row.get("before") or {}
    return "、".join(moved(key, before.get(key), row.get(key)) for key in touched(row))


def moved(key: str, old: object, new: object) -> str:
    """一格怎样变的：内存 64→40 GB。"""
    column = COLUMNS[key]
    blank = "否" if key == "ssd" else "空"
    return f"{column.label} {old or blank}→{new or blank}{' ' + column.unit if column.unit else ''}"
