"""时限给人看的样子，和停钟、合用的重放（R-006、R-045）。"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunheng.rules.procedures import PROCEDURES, Happening, replay
from yunheng.rules.procedures.timing import timing, workdays_between
from yunheng.rules.roles import Role
from yunheng.rules.workdays import WorkCalendar

CALENDAR = WorkCalendar({})
DAYS = st.dates(date(2024, 1, 1), date(2026, 12, 1))


@pytest.mark.parametrize(
    ("due", "on", "tone", "text"),
    [
        (date(2025, 10, 11), date(2025, 9, 28), "ok", "剩 5 个工作日 · 10-11 周六"),
        (date(2025, 10, 11), date(2025, 10, 9), "soon", "剩 2 个工作日 · 10-11 周六"),
        (date(2025, 10, 11), date(2025, 10, 11), "today", "今天到期 · 10-11 周六"),
        (date(2025, 10, 11), date(2025, 10, 12), "overdue", "已超期 · 10-11 周六"),
        (date(2025, 10, 11), date(2025, 10, 14), "overdue", "已超 2 个工作日 · 10-11 周六"),
        (None, date(2025, 10, 11), "none", "不限时"),
    ],
)
def test_时限芯片上的话(due: date | None, on: date, tone: str, text: str) -> None:
    shown = timing(due, on, CALENDAR)
    assert (shown.tone, shown.text) == (tone, text)


@given(DAYS, st.integers(0, 40))
def test_数出来的到期日_隔着的工作日恰好那么多(start: date, n: int) -> None:
    assert workdays_between(start, CALENDAR.after(start, n).date, CALENDAR) == n


@given(DAYS, st.integers(0, 30), st.integers(0, 30))
def test_停钟几个工作日_到期日就顺延几个工作日(start: date, before: int, paused: int) -> None:
    """笨算法：停钟的那几个工作日从日历里拿掉，再从头数。"""
    returned = start + timedelta(days=before)
    resumed = returned + timedelta(days=paused)
    happenings = [
        Happening("draft", "submit", Role.CLERK, start),
        Happening("sign", "approve", Role.HEAD, start),
        Happening("review", "return", Role.REVIEWER, returned),
        Happening("amend", "resubmit", Role.CLERK, resumed),
    ]
    at = replay(PROCEDURES["new"], happenings, start, CALENDAR)
    stopped = {returned + timedelta(days=n) for n in range(1, paused + 1)}
    day, counted = start, 0
    while counted < 5:
        day += timedelta(days=1)
        counted += CALENDAR.is_workday(day) and day not in stopped
    assert at.due is not None
    assert at.due.date == day


def test_事件与流程不符_重放报错() -> None:
    with pytest.raises(ValueError, match="与所在的 draft 不符"):
        replay(
            PROCEDURES["new"],
            [Happening("review", "approve", Role.REVIEWER, date(2026, 1, 5))],
            date(2026, 1, 5),
            CALENDAR,
        )
