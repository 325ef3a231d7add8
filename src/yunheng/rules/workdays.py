"""工作日与时限：国务院放假安排、向前向后数工作日（R-006）。

内置 chinesecalendar 1.11.0 所载的 2004–2026 年；未公布的年份按周一至周五推定并如实标明，从不抛出异常。
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar


def published_workday(day: date) -> bool | None:
    """国务院安排里这一天是不是工作日；该年未公布返回 None。"""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


@dataclass(frozen=True)
class Deadline:
    """数出来的日子。`counted` 是数到的工作日，`skipped` 是跳过的休息日；`estimated` 为真时有推定的日子。"""

    day: date
    counted: tuple[date, ...]
    skipped: tuple[date, ...]
    estimated: bool


class WorkCalendar:
    """工作日历：`overrides` 里的日子优先，其次内置安排，再次周一至周五（推定）。"""

    def __init__(self, overrides: Mapping[date, bool]) -> None:
        self._overrides = dict(overrides)

    @classmethod
    def from_notice(cls, rows: Iterable[Mapping[str, str]]) -> WorkCalendar:
        """由后来公布的放假安排（列：日期、工作日 是/否）造日历；写错的行抛 ValueError，指明第几行。"""
        overrides = {}
        for number, row in enumerate(rows, start=2):
            flag = row.get("工作日", "")
            if flag not in ("是", "否"):
                raise ValueError(f"第 {number} 行 工作日 只收 是、否：{flag}")
            try:
                overrides[date.fromisoformat(row.get("日期", ""))] = flag == "是"
            except ValueError as error:
                raise ValueError(f"第 {number} 行 日期 应为 YYYY-MM-DD：{row.get('日期', '')}") from error
        return cls(overrides)

    def is_workday(self, day: date) -> bool:
        """这一天是不是工作日（未公布的年份按推定）。"""
        return self._known(day)[0]

    def _known(self, day: date) -> tuple[bool, bool]:
        if day in self._overrides:
            return self._overrides[day], False
        published = published_workday(day)
        return (day.weekday() < 5, True) if published is None else (published, False)

    def after(self, day: date, count: int) -> Deadline:
        """`day` 次日起数第 `count` 个工作日；`count` 为 0 即当日。"""
        return self._walk(day, count, timedelta(days=1))

    def before(self, day: date, count: int) -> Deadline:
        """`day` 前一日起往回数第 `count` 个工作日，用于“至少提前 n 个工作日”（M6-23、M6-24）。"""
        return self._walk(day, count, timedelta(days=-1))

    def _walk(self, day: date, count: int, step: timedelta) -> Deadline:
        if count < 0:
            raise ValueError("工作日数不能为负")
        counted: list[date] = []
        skipped: list[date] = []
        estimated = False
        while len(counted) < count:
            try:
                day += step
            except OverflowError as error:
                raise ValueError("日期超出 0001 至 9999 年") from error
            works, guessed = self._known(day)
            estimated = estimated or guessed
            (counted if works else skipped).append(day)
        return Deadline(day, tuple(counted), tuple(skipped), estimated)
