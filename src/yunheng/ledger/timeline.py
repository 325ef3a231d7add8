"""把事实折成时段：纯函数，某资源某目录项的全部事实进，不重叠的时段出（R-051）。"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

#: 同一天的几条先应用哪一条
APPLY_ORDER = {"释放": 0, "新增": 1, "变更": 2}


@dataclass(frozen=True)
class Recorded:
    """一条事实，按记入的先后编号。`voids` 是作废的那条的编号。"""

    number: int
    action: str
    quantity: Decimal | None
    effective_on: date
    expires_on: date | None = None
    voids: int | None = None


@dataclass(frozen=True)
class Span:
    """`[start, until)` 里数量不变；`until` 为 None 是至今。"""

    start: date
    until: date | None
    quantity: Decimal
    expires_on: date | None = None


def fold(facts: Iterable[Recorded]) -> list[Span]:
    """先去掉被作废的，再照计量第 2 步逐条应用：按业务日、释放<新增<变更、记入先后，同日后者覆盖前者。

    没有在用量时的变更、释放不起作用；空的时段不要。
    """
    known = list(facts)
    voided = {fact.voids for fact in known if fact.voids is not None}
    live = sorted(
        (fact for fact in known if fact.action != "作废" and fact.number not in voided),
        key=lambda fact: (fact.effective_on, APPLY_ORDER[fact.action], fact.number),
    )
    spans: list[Span] = []
    for fact in live:
        in_use = bool(spans) and spans[-1].until is None
        if not in_use and fact.action != "新增":
            continue
        if in_use:
            last = spans.pop()
            if last.start < fact.effective_on:
                spans.append(Span(last.start, fact.effective_on, last.quantity, last.expires_on))
        if fact.action != "释放" and fact.quantity is not None:
            spans.append(Span(fact.effective_on, None, fact.quantity, fact.expires_on))
    return spans
