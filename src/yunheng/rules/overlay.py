"""按日叠加裁定（R-075）：后裁的只盖它的日子，其余仍照先裁的；撤回的那几天回到没有裁定。纯函数，不连库。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Generic, TypeVar

#: 撤回到没有裁定
WITHDRAWN = "撤回"
#: 一种裁定没有盖满整年，或有两种
PARTLY = "部分"
_Record = TypeVar("_Record")


@dataclass(frozen=True)
class Span(Generic[_Record]):
    """一段日子 `[start, until)` 怎样裁的；`record` 是哪一条裁定。"""

    start: date
    until: date
    ruling: str
    record: _Record

    @property
    def last(self) -> date:
        """最后一天（含）。"""
        return self.until - timedelta(days=1)


def overlaid(said: Sequence[Span[_Record]]) -> list[Span[_Record]]:
    """照作出的先后给的各条裁定，压成互不相交、依次的各段；撤回的日子没有段。

    前后两条裁得一样的也各是一段：说明取各自的。
    """
    kept: list[Span[_Record]] = []
    for one in said:
        rest = []
        for old in kept:
            if old.start < one.start:
                rest.append(replace(old, until=min(old.until, one.start)))
            if one.until < old.until:
                rest.append(replace(old, start=max(old.start, one.until)))
        kept = [each for each in rest if each.start < each.until]
        if one.ruling != WITHDRAWN and one.start < one.until:
            kept.append(one)
    return sorted(kept, key=lambda span: span.start)


def covers(spans: Sequence[Span[_Record]], start: date, until: date) -> bool:
    """`[start, until)` 的每一天都裁定过。`spans` 须互不相交、依次。"""
    day = start
    for span in spans:
        if span.start > day:
            return False
        day = max(day, span.until)
    return day >= until


def clipped(spans: Sequence[Span[_Record]], start: date, until: date) -> list[Span[_Record]]:
    """只留 `[start, until)` 里的日子。"""
    cut = [replace(span, start=max(span.start, start), until=min(span.until, until)) for span in spans]
    return [span for span in cut if span.start < span.until]


def stated(spans: Sequence[Span[_Record]], start: date, until: date) -> str:
    """`[start, until)` 怎样裁的，一句话：盖满的一种裁定写那一种，没有的是空串，其余逐段写哪几天，没有裁定的日子也写。

    `spans` 须互不相交、依次。全系统说“部分”的都照这一句，不只写两个字。
    """
    kept, day, said = clipped(spans, start, until), start, list[str]()
    whole = verdict(kept, start, until)
    if whole != PARTLY:
        return whole
    for span in (*kept, None):
        if day < (following := span.start if span else until):
            said.append(f"{day} 至 {following - timedelta(days=1)}（含）没有裁定，待核")
        if span:
            said.append(f"{span.start} 至 {span.last}（含）{span.ruling}")
            day = span.until
    return "；".join(said)


def verdict(spans: Sequence[Span[_Record]], start: date, until: date) -> str:
    """一句话：盖满的一种裁定写那一种，没有的是空串，其余写“部分”。"""
    kinds = {span.ruling for span in spans}
    if not kinds:
        return ""
    return kinds.pop() if len(kinds) == 1 and covers(spans, start, until) else PARTLY
