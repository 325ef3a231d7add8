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
    """一条事实，按记入的先后编号。`voids` 是作废的那条的编号，`case` 是依据的事项。

    `reviewed` 是那件的（审核日期, 单号）：同一天同一动作分属几件的，由 `sequencing` 填上，照它排先后。
    """

    number: int
    action: str
    quantity: Decimal | None
    effective_on: date
    expires_on: date | None = None
    voids: int | None = None
    case: int | None = None
    reviewed: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Span:
    """`[start, until)` 里数量不变；`until` 为 None 是至今。"""

    start: date
    until: date | None
    quantity: Decimal
    expires_on: date | None = None


@dataclass(frozen=True)
class Spell:
    """一次在用 `[start, until)`：自真正的新增起，到释放止；`added` 是那条新增的编号，`nth` 是第几次，从 1 起。"""

    start: date
    until: date | None
    added: int
    nth: int

    def holds(self, day: date) -> bool:
        """那天在不在用。"""
        return self.start <= day and (self.until is None or day < self.until)


def fold(facts: Iterable[Recorded]) -> list[Span]:
    """先去掉被作废的，再照计量第 2 步逐条应用：按业务日、释放<新增<变更、审核日期、单号，同日后者覆盖前者。

    没有在用量时的变更、释放不起作用；空的时段不要。变更没有另写到期日的照原来的：改配置不改期限（M6-22 至 M6-24）。
    """
    spans: list[Span] = []
    for fact in ordered(facts):
        in_use, expires = bool(spans) and spans[-1].until is None, fact.expires_on
        if not in_use and fact.action != "新增":
            continue
        if in_use:
            last = spans.pop()
            expires = expires or (last.expires_on if fact.action == "变更" else None)
            if last.start < fact.effective_on:
                spans.append(Span(last.start, fact.effective_on, last.quantity, last.expires_on))
        if fact.action != "释放" and fact.quantity is not None:
            spans.append(Span(fact.effective_on, None, fact.quantity, expires))
    return spans


def applied(facts: Iterable[Recorded]) -> list[tuple[Recorded, Decimal | None]]:
    """各条照 `fold` 的先后，和应用它以前在用的数量；那时不在用的为 None：变更（D11 无主变更）、释放不起作用。"""
    found: list[tuple[Recorded, Decimal | None]] = []
    held: Decimal | None = None
    for fact in ordered(facts):
        found.append((fact, held))
        if held is not None or fact.action == "新增":
            held = None if fact.action == "释放" else fact.quantity
    return found


def spells(facts: Iterable[Recorded]) -> list[Spell]:
    """各次在用，先后为序：未释放时的再新增不另算一次，同日先释放再新增是新的一次（计量第 2 步）。"""
    found: list[Spell] = []
    current: Recorded | None = None
    for fact in ordered(facts):
        if fact.action == "释放" and current is not None:
            found.append(Spell(current.effective_on, fact.effective_on, current.number, len(found) + 1))
            current = None
        elif fact.action == "新增" and current is None:
            current = fact
    if current is not None:
        found.append(Spell(current.effective_on, None, current.number, len(found) + 1))
    return found


def ordered(facts: Iterable[Recorded]) -> list[Recorded]:
    """没有作废的各条，按应用的先后；同一件的（更正了又更正的）照记入的先后。"""
    return sorted(
        standing(facts), key=lambda fact: (fact.effective_on, APPLY_ORDER[fact.action], fact.reviewed, fact.number)
    )


def standing(facts: Iterable[Recorded]) -> list[Recorded]:
    """没有作废的各条。"""
    known = list(facts)
    voided = {fact.voids for fact in known if fact.voids is not None}
    return [fact for fact in known if fact.action != "作废" and fact.number not in voided]
