"""读事项：位置、待办、已办、列表。计数和列表用同一个 queryset。"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet

from yunheng.audit.actor import Actor
from yunheng.orgs.queries import scoped
from yunheng.rules.procedures import PROCEDURES, Act, Happening, Position, procedure, replay
from yunheng.rules.procedures.replay import ASIDE
from yunheng.rules.procedures.timing import Timing, timing
from yunheng.rules.roles import Role
from yunheng.rules.workdays import WorkCalendar

from .models import Board, Case, Event, Notice

_CALENDAR = WorkCalendar({})
#: 待办的一组最多列几件
_SHOWN = 30


def calendar() -> WorkCalendar:
    """全系统用的工作日历。"""
    return _CALENDAR


def position(case: Case, events: Iterable[Event] | None = None) -> Position:
    """重放出现在的位置。`events` 按序号；不给就从库里取。"""
    happened = case.events.order_by("seq") if events is None else events
    return replay(
        procedure(case.procedure, case.version),
        (Happening(e.step, e.act, Role(e.role) if e.role else None, e.on, frozenset(e.facts)) for e in happened),
        case.opened_on,
        calendar(),
    )


def board_timing(board: Board, on: date) -> Timing:
    """看板上这件事项的时限，`on` 这天看。"""
    if board.outcome:
        return Timing("none", board.state)
    return timing(board.due_on, on, calendar(), paused=board.paused, left=board.left_days)


def visible(actor: Actor) -> QuerySet[Board]:
    """这个角色看得到的事项（R-001）：本单位的、本商的、本部门主管的，或全区的；三员看不到业务。"""
    boards = Board.objects.select_related("case", "unit", "provider")
    found = scoped(boards, actor, unit="unit", provider="provider")
    if actor.role in (Role.CLERK, Role.HEAD):
        return found
    # 还没报出本单位的，别人看不到；自己单位起的看得到
    hidden = ("draft", "sign") if actor.role == Role.PROVIDER else ("draft",)
    return found.exclude(Q(step__in=hidden) & ~Q(unit_id=actor.institution or 0))


def in_hand(board: Board, actor: Actor) -> bool:
    """这件事项现在是不是轮到这个角色、这个机构办。"""
    return actor.role is not None and actor.role.value in board.roles and board.holder_id in (None, actor.institution)


def late_acts(at: Position, actor: Actor, on: date) -> tuple[Act, ...]:
    """在手的人过了时限还没办，这个角色接着能办的；没过为空。"""
    if at.step is None or at.due is None or on <= at.due.date:
        return ()
    return at.step.late_acts(actor.role)


def _lapsed(role: Role, on: date) -> Q:
    """别人手上过了时限、轮到这个角色接着办的。"""
    found = Q(pk=None)
    for table in PROCEDURES.values():
        for step in table.steps:
            if step.late_acts(role):
                found |= Q(case__procedure=table.code, step=step.code, due_on__lt=on)
    return found


def todo(actor: Actor, on: date) -> QuerySet[Board]:
    """待办：`on` 这天要我办的；转给别人的不算，别人期满没办、轮到我接着办的算。"""
    if actor.role is None:
        return Board.objects.none()
    mine = (
        Q(roles__contains=[actor.role.value])
        & (Q(holder=None) | Q(holder_id=actor.institution))
        & (Q(assignee=None) | Q(assignee_id=actor.person))
    )
    return (
        Board.objects.filter(outcome="")
        .filter(mine | _lapsed(actor.role, on))
        .select_related("case", "unit", "provider")
        .order_by("due_on", "since_on", "case_id")
    )


def unread(actor: Actor) -> QuerySet[Notice]:
    """待阅。"""
    if actor.role is None:
        return Notice.objects.none()
    return (
        Notice.objects.filter(role=actor.role.value)
        .filter(Q(institution=None) | Q(institution_id=actor.institution))
        .exclude(readers=actor.person)
        .select_related("case__unit", "case__board")
        .order_by("-on", "-id")
    )


def done_by(actor: Actor) -> QuerySet[Board]:
    """已办：我亲手办过的。"""
    handled = Event.objects.filter(person=actor.person or 0).exclude(act="submit").values("case")
    return Board.objects.filter(case__in=handled).select_related("case", "unit", "provider").order_by("-case_id")


def opened_by(actor: Actor) -> QuerySet[Board]:
    """我发起的。"""
    return (
        Board.objects.filter(case__opened_by_id=actor.person)
        .select_related("case", "unit", "provider")
        .order_by("-case_id")
    )


@dataclass(frozen=True)
class Group:
    """待办里的一组：已超期、今天、本周、以后、不限时。"""

    name: str
    boards: tuple[Board, ...]

    @property
    def shown(self) -> tuple[Board, ...]:
        """列出来的：头几十件，其余的到办件列表里看。"""
        return self.boards[:_SHOWN]

    @property
    def more(self) -> int:
        """没列出来的有几件。"""
        return max(0, len(self.boards) - _SHOWN)


#: 几个工作日以内到期算临期
SOON_DAYS = 2
#: 时限怎样：在地址里的写法 → 叫法
IN_TIME = {"overdue": "已超期", "soon": "即将到期", "ontime": "没有到期"}


def soon(on: date) -> date:
    """临期到哪天（含）。"""
    return calendar().after(on, SOON_DAYS).date


def in_time(boards: QuerySet[Board], how: str, on: date) -> QuerySet[Board]:
    """在办的里面，超期的、临期的、其余的（不限时的也在内）。"""
    late, near = Q(due_on__lt=on), Q(due_on__gte=on, due_on__lte=soon(on))
    rest = Q(due_on=None) | Q(due_on__gt=soon(on))
    return boards.filter({"overdue": late, "soon": near, "ontime": rest}[how], outcome="")


def grouped(boards: Iterable[Board], on: date) -> list[Group]:
    """按缓急分组，空组不列。"""
    week_end = on + timedelta(days=6 - on.weekday())
    groups: dict[str, list[Board]] = {
        "已超期": [],
        "今天到期": [],
        "本周到期": [],
        "以后到期": [],
        "已暂停": [],
        "不限时": [],
    }
    for board in boards:
        if board.paused:
            name = "已暂停"
        elif board.due_on is None:
            name = "不限时"
        elif board.due_on < on:
            name = "已超期"
        elif board.due_on == on:
            name = "今天到期"
        else:
            name = "本周到期" if board.due_on <= week_end else "以后到期"
        groups[name].append(board)
    return [Group(name, tuple(members)) for name, members in groups.items() if members]


@dataclass(frozen=True)
class Timed:
    """有限期的一步：哪一步、收到日、到期日、办完日（还没办为 None）。"""

    step: str
    name: str
    since: date
    due: date
    until: date | None

    def late(self, on: date) -> bool:
        """到 `on` 日看，超没超期。"""
        return (self.until or on) > self.due


def overdue_visits(role: Role, on: date, days: int = 60) -> Iterator[tuple[Case, Timed]]:
    """这个角色超期的每一步：在办的，和 `days` 天内办完的。到期日是当时的，停钟不算（R-091）。"""
    recent = Q(board__outcome="") | Q(board__since_on__gte=on - timedelta(days=days))
    cases = Case.objects.filter(recent, backfilled=False, board__provider__isnull=False)
    for case in cases.select_related("board__provider").prefetch_related("events"):
        for one in overdue_in(case, role, on):
            yield case, one


def overdue_in(case: Case, role: Role, on: date) -> Iterator[Timed]:
    """一件事项里这个角色超期的每一步。"""
    return (one for one in timed_in(case, role) if one.late(on))


def timed_in(case: Case, role: Role) -> Iterator[Timed]:
    """一件事项里这个角色有限期的每一步，按期、超期的都在；停钟的时候没有到期日，不在内。"""
    events = sorted(case.events.all(), key=lambda event: event.seq)
    for index in range(len(events) + 1):
        following = events[index] if index < len(events) else None
        if following is not None and following.act in ASIDE:
            continue
        at = position(case, events[:index])
        if at.step is None or role not in at.step.roles or at.due is None or at.since is None:
            continue
        yield Timed(at.step.code, at.step.name, at.since, at.due.date, following.on if following else None)


def case_for(actor: Actor, number: str) -> Case | None:
    """按编号取看得到的事项；看不到和没有是一回事。"""
    board = visible(actor).filter(case__number=number).first()
    return board.case if board else None
