"""事实折成时段：与逐日笨算法相同，从不重叠（R-051）。"""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from yunheng.ledger.timeline import Recorded, fold

START = date(2025, 7, 1)
DAYS = 60


@st.composite
def histories(draw: st.DrawFn) -> list[Recorded]:
    facts: list[Recorded] = []
    for number in range(draw(st.integers(0, 12))):
        on = START + timedelta(days=draw(st.integers(0, DAYS - 1)))
        if facts and draw(st.integers(0, 4)) == 0:
            target = draw(st.sampled_from(facts))
            facts.append(Recorded(number, "作废", None, target.effective_on, voids=target.number))
        else:
            action = draw(st.sampled_from(["新增", "变更", "释放"]))
            quantity = None if action == "释放" else Decimal(draw(st.integers(1, 5)))
            facts.append(Recorded(number, action, quantity, on))
    return facts


def naive(facts: list[Recorded], day: date) -> Decimal | None:
    """这一天的数量：一天一天走到这天，当天的动作先释放、再新增、再变更；没有在用的不能变更。"""
    voided = {fact.voids for fact in facts}
    held: Decimal | None = None
    for n in range((day - START).days + 1):
        today = [f for f in facts if f.effective_on == START + timedelta(days=n) and f.number not in voided]
        for action in ("释放", "新增", "变更"):
            for fact in sorted((f for f in today if f.action == action), key=lambda f: f.number):
                if action != "变更" or held is not None:
                    held = fact.quantity
    return held


@given(histories())
def test_每一天的数量与笨算法相同(facts: list[Recorded]) -> None:
    spans = fold(facts)
    for n in range(DAYS + 5):
        day = START + timedelta(days=n)
        held = [s.quantity for s in spans if s.start <= day and (s.until is None or day < s.until)]
        expected = naive(facts, day)
        assert held == ([] if expected is None else [expected])


@given(histories())
def test_时段首尾不重叠_没有空的(facts: list[Recorded]) -> None:
    spans = fold(facts)
    for span in spans:
        assert span.until is None or span.start < span.until
    for earlier, later in itertools.pairwise(spans):
        assert earlier.until is not None
        assert earlier.until <= later.start
