"""照收、也对得上，只是多半写错了的：更正换了说的是哪一件，一天的用量大得不像（R-052）。

文件的预览里要人点头，接口写在“提醒”里；不进“对不上的收件”，账照收下的算。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Max

from yunheng.catalog.models import CityUsage

from .models import Received, Source

Payload = Mapping[str, object]
#: 种类 → 说的是哪一件的几栏；工单的完成日期、日志的末见本来就会改，不算
_MATTER = {"工单": ("单号", "资源", "目录项", "动作"), "日志": ("资源",), "用量": ("资源", "目录项", "日期")}
#: 一天的用量平常不会超过的数
MOST_A_DAY = 100_000_000


@dataclass(frozen=True)
class Correcting:
    """一件新收的：内容，更正的是哪一件（来源编号，不是更正的为空）。"""

    payload: Payload
    corrects: str


def changed(kind: str, original: Payload, later: Payload) -> tuple[str, ...]:
    """后一件说的与前一件是不是同一件事：不同的是哪几栏；前一件空着的不算，两段日志有重叠的是同一段。"""
    names = [name for name in _MATTER[kind] if original.get(name) and original[name] != later.get(name)]
    if kind == "日志":
        (first, last), (start, end) = (
            tuple(str(one.get(name) or "") for name in ("首见日期", "末见日期")) for one in (original, later)
        )
        names += ["日期"] if last < start or end < first else []
    return tuple(names)


def described(kind: str, one: Payload) -> str:
    """一件说的是什么，短短一句：哪个资源、哪一项、哪天。"""
    names = {"工单": ("资源", "目录项", "动作"), "日志": ("资源",), "用量": ("资源", "目录项", "日期")}[kind]
    said = " ".join(str(one[name]) for name in names if one.get(name))
    return f"{said} {one.get('首见日期', '')} 至 {one.get('末见日期', '')}" if kind == "日志" else said


def found(source: Source, kind: str, rows: Mapping[int, Correcting], own: Mapping[str, Payload]) -> dict[int, str]:
    """新收的各件（第几条 → 内容）里多半写错了的 → 怎么了；`own` 是这一批的来源编号 → 内容。"""
    moved = dict(_moved(source, kind, rows, own))
    large = dict(_large(rows)) if kind == "用量" else {}
    return {number: "；".join(each[number] for each in (moved, large) if number in each) for number in moved | large}


def _moved(
    source: Source, kind: str, rows: Mapping[int, Correcting], own: Mapping[str, Payload]
) -> Iterator[tuple[int, str]]:
    made = {number: one for number, one in rows.items() if one.corrects}
    if not made:
        return
    wanted = {one.corrects for one in made.values()}
    kept = Received.objects.filter(source=source, kind=kind, source_ref__in=wanted)
    originals = {**own, **dict(kept.values_list("source_ref", "payload"))}
    gone = {"工单": "那张工单", "日志": "那段日志", "用量": "那天的用量"}[kind]
    for number, one in made.items():
        original = originals.get(one.corrects)
        if original and (names := changed(kind, original, one.payload)):
            what = f"原来的 {one.corrects} 是 {described(kind, original)}，照收以后{gone}就没有了"
            yield number, f"更正换了{'、'.join(names)}：{what}；是另一笔的请不要写更正（R-052）"


def _large(rows: Mapping[int, Correcting]) -> Iterator[tuple[int, str]]:
    items = {str(one.payload.get("目录项", "")) for one in rows.values()}
    city = CityUsage.objects.filter(item__code__in=items, total__gt=0).values_list("item__code")
    totals: dict[str, Decimal] = dict(city.annotate(Max("total")))
    for number, one in rows.items():
        amount, total = Decimal(str(one.payload.get("用量") or 0)), totals.get(str(one.payload.get("目录项", "")))
        if total is not None and amount > total:
            yield number, f"一天的用量 {amount:,} 比全市一年的总量 {_plain(total)} 还多，请核对位数和单位（R-052）"
        elif amount > MOST_A_DAY:
            yield number, f"一天的用量 {amount:,} 超过 {MOST_A_DAY:,}，请核对位数和单位（R-052）"


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():,f}"
