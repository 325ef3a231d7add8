"""裁定按日叠加：后裁的只盖它的日子，撤回的回到没有裁定；与逐日看最后一条相等（R-075）。"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from yunheng.rules.overlay import PARTLY, WITHDRAWN, Span, covers, overlaid, stated, verdict

START, UNTIL = date(2025, 7, 1), date(2026, 7, 1)
DAYS = [START + timedelta(days=n) for n in range((UNTIL - START).days)]
OCTOBER = date(2025, 10, 1)


@st.composite
def rulings(draw: st.DrawFn) -> list[Span[int]]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        first = draw(st.integers(0, 364))
        last = draw(st.integers(first + 1, 365))
        whole = draw(st.integers(0, 4)) == 0
        span = (START, UNTIL) if whole else (START + timedelta(days=first), START + timedelta(days=last))
        found.append(Span(*span, draw(st.sampled_from(["认可", "不计费", WITHDRAWN])), number))
    return found


@given(rulings())
def test_R075_与逐日看最后一条相等_各段依次不相交(said: list[Span[int]]) -> None:
    spans = overlaid(said)
    assert all(a.until <= b.start for a, b in pairwise(spans))
    assert all(START <= span.start < span.until <= UNTIL for span in spans)
    by_day = {}
    for day in DAYS:
        last = next((one for one in reversed(said) if one.start <= day < one.until), None)
        by_day[day] = None if last is None or last.ruling == WITHDRAWN else (last.ruling, last.record)
        here = [span for span in spans if span.start <= day < span.until]
        assert [(span.ruling, span.record) for span in here] == ([by_day[day]] if by_day[day] else [])
    assert covers(spans, START, UNTIL) == all(by_day.values())
    kinds = {found[0] if found else "" for found in by_day.values()}
    assert verdict(spans, START, UNTIL) == (kinds.pop() if len(kinds) == 1 else PARTLY)


def test_R075_先裁全年认可_后裁三个月不计费_其余仍认可() -> None:
    spans = overlaid([Span(START, UNTIL, "认可", 1), Span(START, OCTOBER, "不计费", 2)])
    assert [(one.start, one.until, one.ruling, one.record) for one in spans] == [
        (START, OCTOBER, "不计费", 2),
        (OCTOBER, UNTIL, "认可", 1),
    ]
    assert verdict(spans, START, UNTIL) == PARTLY


def test_R075_撤回只撤它的日子_不能算裁定过() -> None:
    spans = overlaid([Span(START, UNTIL, "认可", 1), Span(OCTOBER, UNTIL, WITHDRAWN, 2)])
    assert [(one.start, one.until) for one in spans] == [(START, OCTOBER)]
    assert not covers(spans, START, UNTIL)
    assert covers(spans, START, OCTOBER)


def test_R075_一句话写哪几天怎样裁的_没有裁定的日子也写() -> None:
    span = Span(START, OCTOBER, "不计费", 1)
    rest = "2025-10-01 至 2026-06-30（含）"
    assert stated([], START, UNTIL) == ""
    assert stated([Span(START, UNTIL, "认可", 1)], START, UNTIL) == "认可"
    assert stated([span], START, UNTIL) == f"2025-07-01 至 2025-09-30（含）不计费；{rest}没有裁定，待核"
    both = [span, Span(OCTOBER, UNTIL, "认可", 2)]
    assert stated(both, START, UNTIL) == f"2025-07-01 至 2025-09-30（含）不计费；{rest}认可"
    # 只算到九月底的批次：那些日子都裁过
    assert stated(both, START, OCTOBER) == "不计费"
    assert stated(both[1:], START, OCTOBER) == ""
