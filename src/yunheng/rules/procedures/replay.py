"""从事件重放出现在的位置：哪一步、在谁手上、自何时起、何时到期（R-045）。别处一概不算时限。"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from yunheng.rules import rulebook
from yunheng.rules.roles import Role
from yunheng.rules.workdays import Deadline, Skipped, WorkCalendar

from .model import AMEND, Limit, Outcome, Procedure, Step

#: 不改变位置的事件：转办、督办
ASIDE = frozenset({"transfer", "supervise"})
#: 使用单位撤回修改：回到起草那一步；各流程都有，不必每张表写一遍
RECALL = "recall"
#: 条件在提交时算定，补正后重新算
_SUBMITS = frozenset({"submit", "resubmit", "file"})
_PAUSED = "等待使用单位补正"


@dataclass(frozen=True)
class Happening:
    """一件发生的事：在哪一步、谁以什么角色办了什么、哪天。`facts` 是这次算定的条件。"""

    step: str
    act: str
    role: Role | None
    on: date
    facts: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Visit:
    """在一步上停留的一段：`since` 收到日，`until` 离开日（还在为 None）。"""

    step: str
    since: date
    until: date | None = None


@dataclass(frozen=True)
class Position:
    """现在的位置。

    `step` 为 None 是已到终点 `outcome`；`pending` 是还没办的角色；`facts` 是算定的条件；
    `visits` 是走过的每一段；`paused` 为真是停钟（补正中），此时 `due` 为 None，`left` 是恢复后还剩几个工作日。
    """

    procedure: Procedure
    step: Step | None
    outcome: Outcome | None
    pending: tuple[Role, ...]
    since: date | None
    facts: frozenset[str]
    visits: tuple[Visit, ...]
    due: Deadline | None = None
    paused: bool = False
    left: int | None = None
    limit: Limit | None = None

    @property
    def state(self) -> str:
        """状态字典里的词。"""
        if self.outcome:
            return self.outcome.state
        return self.step.state if self.step else ""


@dataclass
class _Walk:
    procedure: Procedure
    step: Step | Outcome
    since: date
    done: set[Role] = field(default_factory=set)
    facts: frozenset[str] = frozenset()
    visits: list[Visit] = field(default_factory=list)
    returned_from: str = ""

    def take(self, happening: Happening) -> None:
        step = self.step
        if not isinstance(step, Step) or happening.step != step.code:
            raise ValueError(f"事件的步骤 {happening.step} 与所在的 {step.code} 不符")
        if happening.act == RECALL:
            self._go(self.procedure.first, happening.on)
            return
        act = step.act(happening.act)
        if act.code in _SUBMITS:
            self.facts = happening.facts
        if len(step.roles) > 1 and act is step.acts[0]:
            if happening.role is None or happening.role not in step.roles or happening.role in self.done:
                raise ValueError(f"{happening.role} 不能在“{step.name}”会签")
            self.done.add(happening.role)
            if self.done < set(step.roles):
                return
        target = self.procedure.arrive(act.to, self.facts)
        if isinstance(target, Step) and target.code == AMEND:
            self.returned_from = step.code
        elif step.code == AMEND and self.returned_from and target.code == self.returned_from:
            self.returned_from = ""
        self._go(target, happening.on)

    def _go(self, target: Step | Outcome, on: date) -> None:
        self.visits.append(Visit(self.step.code, self.since, on))
        self.step, self.since, self.done = target, on, set()


def replay(
    procedure: Procedure,
    happenings: Iterable[Happening],
    opened: date,
    calendar: WorkCalendar,
    book: rulebook.RuleBook | None = None,
) -> Position:
    """重放。事件与流程表不符抛 ValueError。"""
    walk = _Walk(procedure, procedure.first, opened)
    for happening in happenings:
        if happening.act not in ASIDE:
            walk.take(happening)
    visits = (*walk.visits, Visit(walk.step.code, walk.since))
    if isinstance(walk.step, Outcome):
        return Position(procedure, None, walk.step, (), walk.since, walk.facts, visits)
    step = walk.step
    pending = tuple(role for role in step.roles if role not in walk.done)
    paused = step.code == AMEND and bool(walk.returned_from)
    timed = procedure.step(walk.returned_from) if paused else step
    due, left = _due(timed, visits, calendar, book or rulebook.built_in())
    return Position(
        procedure, step, None, pending, walk.since, walk.facts, visits,
        due=None if paused else due, paused=paused, left=left, limit=timed.limit,
    )  # fmt: skip


def _due(
    step: Step, visits: Sequence[Visit], calendar: WorkCalendar, book: rulebook.RuleBook
) -> tuple[Deadline | None, int | None]:
    """这一步的到期日，和（停钟时）剩下的工作日数。"""
    if step.limit is None:
        return None, None
    origin = step.limit.since or step.code
    arrived = [index for index, visit in enumerate(visits) if visit.step == origin]
    # 补正回来接着数：往前找到这一轮里头一次收到的那天，中间只隔着补正
    index = arrived[-1]
    while index >= 2 and visits[index - 1].step == AMEND and visits[index - 2].step == origin:
        index -= 2
    if any(visit.step == step.code for visit in visits[index:-1]) and origin != step.code:
        # 合用的时限办过一轮又退回来，从这次收到重新起算
        index = len(visits) - 1
    start = visits[index].since
    pauses = [visit for visit in visits[index:] if visit.step == AMEND]
    value = book.parameter(step.limit.parameter, start)
    if value.unit == "月":
        return calendar.months_after(start, value.whole, value.clause), None
    return _count(start, value.whole, pauses, calendar, value.clause)


def _count(
    start: date, n: int, pauses: Sequence[Visit], calendar: WorkCalendar, article: str
) -> tuple[Deadline | None, int | None]:
    """自 `start` 次日起数 n 个工作日；停钟的日子（退回次日至补正当日）不数。仍停着就只说剩几日。"""
    counted: list[date] = []
    skipped: list[Skipped] = []
    day, estimated = start, False
    while len(counted) < n:
        day += timedelta(days=1)
        stopped = next((p for p in pauses if p.since < day and (p.until is None or day <= p.until)), None)
        if stopped and stopped.until is None:
            return None, n - len(counted)
        estimated = estimated or calendar.estimated(day)
        if stopped:
            skipped.append(Skipped(day, _PAUSED))
        elif calendar.is_workday(day):
            counted.append(day)
        else:
            skipped.append(Skipped(day, calendar.reason(day)))
    return Deadline(day, tuple(counted), tuple(skipped), estimated, article), None
