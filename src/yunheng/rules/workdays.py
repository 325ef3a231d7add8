"""工作日与时限（R-006，M6-19 至 M6-24）：按国务院公布的放假调休；未公布的年份推定并标明。"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

import chinese_calendar

from . import periods
from .problems import CalendarOverflow

WEEKDAYS = "一二三四五六日"
#: 国务院通知的 CSV 列
NOTICE_COLUMNS = ("日期", "工作日")

#: 业务日期；类里有叫 date 的字段时用这个名字
Day = date


@lru_cache(maxsize=8192)
def published_workday(day: date) -> bool | None:
    """国务院公布的安排里这天是不是工作日；没有公布（2004–2026 以外）为 None。"""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return None


def _published_reason(day: date) -> str:
    holiday, name = chinese_calendar.get_holiday_detail(day)
    if name is None:
        return f"周{WEEKDAYS[day.weekday()]}"
    festival = chinese_calendar.Holiday(name).chinese
    return f"{festival}放假" if holiday else f"{festival}调休上班"


@dataclass(frozen=True)
class Skipped:
    """数时限时跳过的一天及其原因。"""

    date: Day
    reason: str


@dataclass(frozen=True)
class Deadline:
    """一个时限的结果。

    `date` 到期日（含当日）；`counted` 数进去的工作日，按数的先后；`skipped` 跳过的日子；
    `estimated` 为真表示其中有放假安排未公布的日子，按周一至周五推定；`article` 依据条款。
    按自然月算的时限没有 `counted`、`skipped`。
    """

    date: Day
    counted: tuple[Day, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    estimated: bool = False
    article: str = ""

    def __str__(self) -> str:
        mark = "（推定：放假安排未公布，按周一至周五）" if self.estimated else ""
        return f"{self.date}{mark}" + (f"，依据 {self.article}" if self.article else "")


class NoticeError(ValueError):
    """放假通知的 CSV 有错；`problems` 逐行列全。"""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


@dataclass(frozen=True)
class Notice:
    """一年的放假通知：`year` 是所安排的年份，`days` 是与周一至周五不同或通知写明的日子。"""

    year: int
    days: Mapping[date, bool]


def parse_notice(rows: Iterable[Mapping[str, str]], year: int) -> Notice:
    """导入某年国务院放假通知：每行 `日期`（YYYY-MM-DD）、`工作日`（是/否）。

    通知只列放假和调休的日子，其余按周一至周五；日期须在该年，或与之相邻的上年 12 月、下年 1 月。
    所有错误一次列全，抛 NoticeError；行号以表头为第 1 行。
    """
    days: dict[date, bool] = {}
    problems: list[str] = []
    for number, row in enumerate(rows, start=2):
        text, flag = (str(row.get(column) or "").strip() for column in NOTICE_COLUMNS)
        if not text and not flag:
            continue
        try:
            day = date.fromisoformat(text)
            well_formed = day.isoformat() == text
        except ValueError:
            well_formed = False
        if not well_formed:
            problems.append(f"第 {number} 行：日期应为 YYYY-MM-DD：{text}")
            continue
        if flag not in ("是", "否"):
            problems.append(f"第 {number} 行：工作日应填“是”或“否”：{flag}")
        if (day.year, day.month) not in {(year - 1, 12), (year + 1, 1)} and day.year != year:
            problems.append(f"第 {number} 行：{day} 不属于 {year} 年的安排")
        elif day in days:
            problems.append(f"第 {number} 行：日期重复：{day}")
        else:
            days[day] = flag == "是"
    if not days and not problems:
        problems.append(f"通知里没有 {year} 年的任何日期")
    if problems:
        raise NoticeError(problems)
    return Notice(year, days)


@dataclass(frozen=True)
class WorkCalendar:
    """工作日历：先看 `overrides`（"日历"表或导入的通知），再看国务院公布的安排，最后按周一至周五推定。

    `announced` 是已导入通知的年份：这些年里没有列出的日子按周一至周五，不算推定。
    """

    overrides: Mapping[date, bool] = field(default_factory=dict)
    announced: frozenset[int] = frozenset()
    published: Callable[[date], bool | None] = published_workday

    def with_notice(self, notice: Notice) -> WorkCalendar:
        """加上一年的放假通知；与已有的同日以后来的为准。"""
        return WorkCalendar({**self.overrides, **notice.days}, self.announced | {notice.year}, published=self.published)

    def estimated(self, day: date) -> bool:
        """这天是不是推定：既没有覆盖、也没有公布或导入。"""
        return day not in self.overrides and day.year not in self.announced and self.published(day) is None

    def is_workday(self, day: date) -> bool:
        """这天是不是工作日；任何日期都有答案，是否推定另看 `estimated`。"""
        if day in self.overrides:
            return self.overrides[day]
        known = self.published(day)
        return day.weekday() < 5 if known is None else known

    def reason(self, day: date) -> str:
        """这天为什么是或不是工作日，一句话。"""
        if day in self.overrides:
            return "日历表所列" + ("工作日" if self.overrides[day] else "非工作日")
        if self.published is published_workday and self.published(day) is not None:
            return _published_reason(day)
        return f"周{WEEKDAYS[day.weekday()]}" + ("（推定）" if self.estimated(day) else "")

    def after(self, day: date, n: int, article: str = "") -> Deadline:
        """`day` 之后第 n 个工作日，次日起数；n = 0 就是当日。n 为负抛 ValueError。"""
        return self._count(day, n, 1, article)

    def before(self, day: date, n: int, article: str = "") -> Deadline:
        """`day`（到期日）之前第 n 个工作日，前一日起倒数，即"至少提前 n 个工作日"的最后一天。

        M6-23、M6-24 的延期申请晚于这天即拒绝（R-042、R-043）。
        """
        return self._count(day, n, -1, article)

    def months_after(self, day: date, months: int, article: str = "") -> Deadline:
        """`day` 起若干个自然月的对应日（没有对应日取月末）。自然月不看工作日，不存在推定。"""
        return Deadline(periods.add_months(day, months), article=article)

    def _count(self, day: date, n: int, step: int, article: str) -> Deadline:
        if n < 0:
            raise ValueError(f"工作日数不能为负：{n}")
        counted: list[date] = []
        skipped: list[Skipped] = []
        estimated = False
        ordinal = day.toordinal()
        while len(counted) < n:
            ordinal += step
            if not 1 <= ordinal <= date.max.toordinal():
                raise CalendarOverflow(f"自 {day} 数 {n} 个工作日超出可表示的日期范围")
            at = date.fromordinal(ordinal)
            estimated = estimated or self.estimated(at)
            if self.is_workday(at):
                counted.append(at)
            else:
                skipped.append(Skipped(at, self.reason(at)))
        return Deadline(date.fromordinal(ordinal), tuple(counted), tuple(skipped), estimated, article)
