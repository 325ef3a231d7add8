"""补录写下去以后，计量时会成为哪些差异：不拦着写，预演里先说（D62-七，R-075）。接不上台账的在 `fitting`，要点头。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

from django.db.models.fields.json import KT

from yunheng.catalog.models import Item
from yunheng.ledger.effective import effective
from yunheng.ledger.gaps import LOG, TOLERANCE
from yunheng.ledger.matching import BY_COUNT
from yunheng.ledger.models import Action, Fact, Received

from .checks import day_of
from .workbook import Rows

Key = tuple[str, ...]
_KEY = ("单号", "资源", "目录项", "动作")
_MOST = 10


def notes(rows: Rows) -> Iterator[str]:
    """各种差异一句，写明是哪张表哪几行。"""
    adopted, spare = _orders(rows)
    reviewed = {row["单号"]: row["审核日期"] for _, row in rows["单据"]}
    idle, early, uneven = [], [], []
    for number, row in rows["单据明细"]:
        order = adopted.get(_key(row))
        if order is None:
            idle += [number] if row["动作"] != Action.RELEASE else []
            continue
        early += [number] if order["完成日期"] < reviewed[row["单号"]] else []
        uneven += [number] if row["数量"] and order["数量"] and Decimal(row["数量"]) != Decimal(order["数量"]) else []
    unseen, apart = _logs(rows, adopted)
    for sheet, numbers, text in (
        ("单据明细", idle, "新增、变更没有工单，不会生效、不计费（差异 D1 无工单）"),
        ("单据明细", uneven, "数量与工单的不同，裁定以前不入结算（差异 D3 数量不符）"),
        ("单据明细", early, "工单早于审核日期完成，裁定以前不入结算（差异 D4 先办后批）"),
        ("单据明细", unseen, "平台日志里没有这个资源，裁定以前不入结算（差异 D5 无日志）"),
        ("单据明细", apart, f"日志首见与工单的完成日期相差超过 {TOLERANCE} 天，裁定以前不入结算（差异 D6 起点不符）"),
        ("工单", spare, "同一条明细另有更晚的工单，这张不采用（差异 D12 重复工单）"),
        ("单据明细", _by_count(rows), "按次计费的照用量算，这里的数量不影响金额；用量填在“用量”表，或由平台送来"),
    ):
        if numbers:
            listed = "、".join(map(str, numbers[:_MOST])) + (" 等" if len(numbers) > _MOST else "")
            yield f"“{sheet}”第 {listed} 行：{text}（D62-七，R-075）"


def _by_count(rows: Rows) -> list[int]:
    """按次计费而数量不是 1 的：多半把用量填在了数量里。"""
    counted = set(Item.objects.filter(cycle=BY_COUNT).values_list("code", flat=True))
    return [number for number, row in rows["单据明细"]
            if row["目录项"] in counted and row["数量"] and Decimal(row["数量"]) != 1]  # fmt: skip


def _key(row: Mapping[str, str]) -> Key:
    return tuple(row[name] for name in _KEY)


def _orders(rows: Rows) -> tuple[dict[Key, Mapping[str, str]], list[int]]:
    """（每条明细采用的工单，不采用的在第几行）：完成最晚的，再工单号最大的，同计量第 1 步。"""
    groups: dict[Key, list[tuple[int, Mapping[str, str]]]] = defaultdict(list)
    for number, row in rows["工单"]:
        groups[_key(row)].append((number, row))
    adopted, spare = {}, []
    for key, own in groups.items():
        *others, last = sorted(own, key=lambda numbered: (numbered[1]["完成日期"], numbered[1]["工单号"]))
        adopted[key] = last[1]
        spare += [number for number, _ in others]
    return adopted, sorted(spare)


def _logs(rows: Rows, adopted: Mapping[Key, Mapping[str, str]]) -> tuple[list[int], list[int]]:
    """这一份里头一次新增的资源：（日志里没有的，首见与最早的新增差得远的）各在第几行。平台另送来的日志也算。"""
    logged = set(Item.objects.filter(logged=True).values_list("code", flat=True))
    added: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for number, row in rows["单据明细"]:
        order = adopted.get(_key(row))
        if order and row["动作"] == Action.ADD and row["目录项"] in logged:
            added[row["资源"]].append((order["完成日期"], number))
    kept = set(Fact.objects.filter(resource__code__in=added).values_list("resource__code", flat=True))
    seen: dict[str, list[str]] = defaultdict(list)
    for _, row in rows["日志"]:
        seen[row["资源"]].append(row["首见日期"])
    sent = effective(Received.objects.filter(kind=LOG)).alias(resource=KT("payload__资源"))
    for payload in sent.filter(resource__in=list(added)).values_list("payload", flat=True):
        seen[payload["资源"]].append(str(payload.get("首见日期") or ""))
    unseen: list[int] = []
    apart: list[int] = []
    for code, own in added.items():
        if code in kept:
            continue
        numbers = [number for _, number in own]
        # 从前收的日子读不懂的，不当作看见
        if not (days := [day for text in seen.get(code, ()) if (day := day_of(text))]):
            unseen += numbers
        elif abs((min(days) - date.fromisoformat(min(own)[0])).days) > TOLERANCE:
            apart += numbers
    return sorted(unseen), sorted(apart)
