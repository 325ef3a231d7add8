"""时限给人看的样子：剩几个工作日、今天到期、超期几个工作日、已暂停。全系统只有这一处（列表、详情、导出同一个数）。"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from yunheng.rules.workdays import WEEKDAYS, WorkCalendar

Tone = Literal["ok", "soon", "today", "overdue", "paused", "none"]
_SOON = 2


@dataclass(frozen=True)
class Timing:
    """`tone` 决定颜色和图标；`text` 是整句；`days` 剩余（正）或超期（负）的工作日。"""

    tone: Tone
    text: str
    days: int | None = None


def workdays_between(start: date, end: date, calendar: WorkCalendar) -> int:
    """`start` 次日至 `end` 当日有几个工作日；`end` 早于 `start` 为负。"""
    if end < start:
        return -workdays_between(end, start, calendar)
    days = (start + timedelta(days=n) for n in range(1, (end - start).days + 1))
    return sum(calendar.is_workday(day) for day in days)


def timing(
    due: date | None, on: date, calendar: WorkCalendar, *, paused: bool = False, left: int | None = None
) -> Timing:
    """`on` 这天看这个到期日是什么样子。"""
    if paused:
        rest = f" · 恢复后剩 {left} 个工作日" if left is not None else ""
        return Timing("paused", f"已暂停 · 等待使用单位补正{rest}", left)
    if due is None:
        return Timing("none", "不限时")
    days = workdays_between(on, due, calendar)
    shown = f"{due:%m-%d} 周{WEEKDAYS[due.weekday()]}"
    if on == due:
        return Timing("today", f"今天到期 · {shown}", 0)
    if on > due:
        # 到期后落在假日里，一个工作日也没过，仍是超期
        return Timing("overdue", f"已超 {-days} 个工作日 · {shown}" if days else f"已超期 · {shown}", days)
    return Timing("soon" if days <= _SOON else "ok", f"剩 {days} 个工作日 · {shown}", days)
