"""日期区间与月份算术。区间一律半开 `[start, until)`：含起日，不含止日。"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from .problems import CalendarOverflow


@dataclass(frozen=True, order=True)
class Period:
    """半开区间 `[start, until)`；`until` 为 None 表示至今。空区间和倒置的区间抛 ValueError。"""

    start: date
    until: date | None = None

    def __post_init__(self) -> None:
        if self.until is not None and self.until <= self.start:
            raise ValueError(f"区间的止日须晚于起日：{self.start} 至 {self.until}")

    @property
    def days(self) -> int:
        """天数；没有止日的区间抛 ValueError。"""
        if self.until is None:
            raise ValueError(f"自 {self.start} 起的区间没有止日，数不出天数")
        return (self.until - self.start).days

    @property
    def last(self) -> date:
        """末日（含）；没有止日的区间抛 ValueError。"""
        if self.until is None:
            raise ValueError(f"自 {self.start} 起的区间没有末日")
        return last_day(self.until)

    def contains(self, day: date) -> bool:
        """某日是否在区间内（含起日，不含止日）。"""
        return self.start <= day and (self.until is None or day < self.until)

    def intersect(self, other: Period) -> Period | None:
        """两区间的公共部分；不相交为 None。"""
        start = max(self.start, other.start)
        ends = [until for until in (self.until, other.until) if until is not None]
        until = min(ends) if ends else None
        return Period(start, until) if until is None or start < until else None

    def __str__(self) -> str:
        return f"[{self.start}, {'至今' if self.until is None else self.until})"


def last_day(until: date | str) -> date:
    """半开的止日 → 末日（含）。给人看的页面、文件和话里只写末日；CSV、JSON、数据包才写不含的止日。"""
    return (date.fromisoformat(until) if isinstance(until, str) else until) - timedelta(days=1)


def service_year(year: int) -> Period:
    """服务年度：当年 7 月 1 日至次年 6 月 30 日（D62-五、D62-七，R-071）。"""
    if not 1 <= year <= 9998:
        raise CalendarOverflow(f"服务年度超出可表示的范围：{year}")
    return Period(date(year, 7, 1), date(year + 1, 7, 1))


def year_end(year: int) -> date:
    """服务年度末日的次日：次年 7 月 1 日（D62-五）。"""
    until = service_year(year).until
    assert until is not None
    return until


def year_later(day: date) -> date:
    """次年的同一天，沿用去年的裁定用（R-075）；2 月 29 日次年没有，取 3 月 1 日。

    半开区间的两端都这样挪：从 2 月 29 日起的改从 3 月 1 日起，到 2 月 28 日（含）为止的还到 2 月的最后一天。
    """
    return date(day.year + 1, 3, 1) if (day.month, day.day) == (2, 29) else day.replace(year=day.year + 1)


def years(year: int) -> str:
    """服务年度给人看的样子：跨两个自然年，两个都写，如 2025—2026。"""
    return f"{year}—{year + 1}"


def service_year_of(day: date) -> int:
    """某日所在服务年度的起始年（R-071）。"""
    return day.year if day.month >= 7 else day.year - 1


def add_months(day: date, months: int) -> date:
    """加（减）若干自然月；没有对应日取当月末日。越出公历范围抛 CalendarOverflow。

    例：11-30 加 3 个月是次年 2-28 或 2-29（R-072）。
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    if not 1 <= year <= 9999:
        raise CalendarOverflow(f"{day} 加 {months} 个月超出可表示的日期范围")
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def billing_stop(reviewed: date, option: str) -> date:
    """注销、释放审核通过后第一个不计费的日子（D62-六(三)，R-039）；`option` 是 K-10。"""
    return reviewed if option == "on_review" else reviewed + timedelta(days=1)


def months_overlap(period: Period) -> Iterator[tuple[int, int]]:
    """区间落在每个自然月里的天数和该月实际天数，按月先后（K-04 按月折日用）。"""
    if period.until is None:
        raise ValueError("没有止日的区间不能按月分")
    at = period.start
    while at < period.until:
        length = monthrange(at.year, at.month)[1]
        # 用序数而不用日期相加：9999 年 12 月的次月首日写不出来
        following = at.toordinal() - at.day + 1 + length
        end = min(following, period.until.toordinal())
        yield end - at.toordinal(), length
        if end == period.until.toordinal():
            return
        at = date.fromordinal(end)


def calendar_months(period: Period) -> Fraction:
    """区间折合多少个自然月：Σ（各月内天数 ÷ 该月实际天数），精确分数（K-04 calendar）。"""
    return sum((Fraction(days, length) for days, length in months_overlap(period)), Fraction(0))
