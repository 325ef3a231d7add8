"""写事项：起草、办理、转办、督办、附件。事件、看板、效果和审计在一个事务里。"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, NotYours, Refused, Stale
from yunheng.orgs import commissioning
from yunheng.orgs.models import Institution, Person
from yunheng.orgs.reading import MAX_ATTACHMENT, day_of, money_of
from yunheng.rules.digest import sm3_bytes
from yunheng.rules.procedures import AMEND, RECALL, WITHDRAWN, Act, Position, procedure
from yunheng.rules.procedures.replay import ASIDE
from yunheng.rules.roles import Role

from .board import board_fields, update_board
from .models import Attachment, Board, Case, Event, Notice
from .notifying import tell
from .numbering import next_number
from .queries import in_hand, position


@dataclass(frozen=True)
class Doing:
    """正在办的一个动作，交给关口和效果看。"""

    case: Case
    position: Position
    act: Act
    actor: Actor
    on: date
    detail: Mapping[str, object]
    facts: frozenset[str] = field(default_factory=frozenset)


Guard = Callable[[Doing], Iterable[str]]
Effect = Callable[[Doing], None]
#: 关口和效果由上面各章在启动时登记：名字见流程表
_guards: dict[str, Guard] = {}
_effects: dict[tuple[str, str], Effect] = {}
_facts: dict[str, Callable[[Doing], frozenset[str]]] = {}


def register_guard(name: str, guard: Guard) -> None:
    """登记一道关：返回不能办的理由，空是过。"""
    _guards[name] = guard


def register_effect(procedure_code: str, name: str, effect: Effect) -> None:
    """登记一个效果：办成时在同一事务里做。"""
    _effects[procedure_code, name] = effect


def register_facts(procedure_code: str, facts: Callable[[Doing], frozenset[str]]) -> None:
    """登记提交时怎样算定条件（是否超 20%、是否区级预算……）。"""
    _facts[procedure_code] = facts


def registered() -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """登记了哪些关口、效果，供核对流程表。"""
    return frozenset(_guards), frozenset(_effects)


def open_case(
    *,
    actor: Actor,
    on: date,
    procedure_code: str,
    unit: Institution,
    subject: str,
    provider: Institution | None = None,
    number: str = "",
    backfilled: bool = False,
) -> Case:
    """起草一件事项，拿到编号；第三方机构起的要有委托（R-089）。"""
    table = procedure(procedure_code)
    if table.first.scope:
        commissioning.require(actor, on, table.first.scope)
    with unit_of_work(actor) as journal:
        case = Case.objects.create(
            number=number or next_number(table.prefix, on),
            procedure=table.code,
            version=table.version,
            unit=unit,
            subject=subject,
            opened_on=on,
            opened_by_id=actor.person,
            backfilled=backfilled,
        )
        Board.objects.create(case=case, **board_fields(case, position(case, ()), seq=0, provider=provider))
        journal.note("起草", case.number, after={"流程": table.name, "单位": unit.name, "项目": subject})
    return case


def assign_provider(case: Case, provider: Institution | None) -> None:
    """定下“云服务商”那几步归谁；起草时可改，提交后由区科创中心确认（D62-四）。"""
    Board.objects.filter(case=case).update(provider=provider)


def act(
    *,
    actor: Actor,
    on: date,
    case: Case,
    act_code: str,
    seen: int,
    opinion: str = "",
    marks: Mapping[str, str] | None = None,
    detail: Mapping[str, object] | None = None,
) -> Event:
    """办理一个动作。

    `seen` 是办理人看到的末事件序号；期间别人办过就抛 Stale，什么都不写。不在手上、第三方机构没有委托抛 NotYours，
    意见、补正处没填或关口没过抛 Refused，一次列全。
    """
    with unit_of_work(actor) as journal:
        board, happened, current = _locked(case, seen)
        chosen = _chosen(case, current, act_code, actor, board, on)
        if current.step and current.step.scope:
            commissioning.require(actor, on, current.step.scope)
        filled, unfilled = _filled(chosen, detail or {})
        doing = Doing(case, current, chosen, actor, on, filled)
        _refuse(doing, opinion, marks or {}, unfilled)
        if current.step and current.step.code in ("draft", AMEND) and case.procedure in _facts:
            doing = replace(doing, facts=_facts[case.procedure](doing))
        event = _append(doing, seen + 1, opinion, marks or {})
        after = position(case, [*happened, event])
        update_board(board, after, event.seq)
        # 会签的最后一家办了才算办成，效果只发生一次
        left = len(after.visits) > len(current.visits)
        if left and chosen.effect and (effect := _effects.get((case.procedure, chosen.effect))):
            effect(doing)
        _notify(case, board, after, event)
        journal.note(
            chosen.name,
            case.number,
            before={"状态": current.state, "步骤": current.step.name if current.step else ""},
            after={"状态": after.state, "步骤": after.step.name if after.step else "", "意见": opinion},
        )
    return event


def refusals(*, actor: Actor, on: date, case: Case, act_code: str) -> tuple[str, ...]:
    """现在办这个动作会被哪些关拦下；只看不写，给“检查并提交”一页提前说。"""
    at = position(case)
    if at.step is None:
        return ()
    with transaction.atomic():
        doing = Doing(case, at, at.step.act(act_code), actor, on, {})
        found = tuple(problem for name in doing.act.guards for problem in _guards[name](doing))
        transaction.set_rollback(True)
    return found


#: 交上来的内容才看得出过不过的关
_UPON_FILING = {"receipt"}


def held(*, actor: Actor, on: date, case: Case, at: Position) -> dict[str, tuple[str, ...]]:
    """现在还办不了的动作 → 还差什么；要填了各栏才知道的不在内。办件页据此先说明、不让白点。"""
    acts = at.step.acts if at.step else ()
    waiting = {
        one.code: refusals(actor=actor, on=on, case=case, act_code=one.code)
        for one in acts
        if one.guards and not one.fields and not _UPON_FILING & set(one.guards)
    }
    return {code: problems for code, problems in waiting.items() if problems}


def act_name(case: Case, event: Event) -> str:
    """事件的中文动作名。"""
    aside = {"transfer": "转办", "supervise": "督办", RECALL: "撤回修改"}
    if event.act in aside:
        return aside[event.act]
    return procedure(case.procedure, case.version).step(event.step).act(event.act).name


def recall(*, actor: Actor, on: date, case: Case, seen: int, reason: str) -> Event:
    """撤回修改：提交以后、外单位还没有办过之前，使用单位可以撤回到起草，改好再交。"""
    with unit_of_work(actor) as journal:
        if actor.role not in (Role.CLERK, Role.HEAD) or actor.institution != case.unit_id:
            raise NotYours(["撤回由提出的单位办（R-045）"])
        board, happened, at = _locked(case, seen)
        if problem := recall_problem(case, at, happened):
            raise Refused([problem])
        if not reason.strip():
            raise Refused(["撤回要写明原因（R-045）"])
        event = _append(Doing(case, at, Act(RECALL, "撤回修改", "draft"), actor, on, {}), seen + 1, reason, {})
        after = position(case, [*happened, event])
        update_board(board, after, event.seq)
        journal.note("撤回修改", case.number, before={"状态": at.state}, after={"状态": after.state, "原因": reason})
    return event


def recall_problem(case: Case, at: Position, happened: Iterable[Event]) -> str:
    """为什么不能撤回；能撤回为空。"""
    if at.step is None or at.step.code in ("draft", AMEND):
        return f"{case.number} 现在“{at.state}”，不需要撤回"
    submitted = max((event.seq for event in happened if event.act in ("submit", "resubmit")), default=0)
    for event in happened:
        if (
            event.seq > submitted
            and event.role not in ("", Role.CLERK.value, Role.HEAD.value)
            and event.act not in ASIDE
        ):
            return (
                f"{event.institution} 已于 {event.on} 办了“{act_name(case, event)}”，不能撤回；需要修改请与对方联系退回"
            )
    return ""


def transfer(*, actor: Actor, on: date, case: Case, to: Person, reason: str) -> None:
    """转办给同机构同角色的另一人；只能转在自己手上的，理由必填。"""
    board = Board.objects.get(case=case)
    if not in_hand(board, actor):
        raise NotYours(["只能转办在自己手上的事项（R-045）"])
    if not reason.strip():
        raise Refused(["转办要写理由（R-045）"])
    if to.pk not in colleagues(actor, on).values_list("pk", flat=True):
        raise Refused([f"{to.name} 不是同机构同角色的人，不能转给他（R-001）"])
    with unit_of_work(actor):
        _aside(actor, on, case, "transfer", reason, {"to": to.pk, "name": to.name})
        Board.objects.filter(case=case).update(assignee=to)


def colleagues(actor: Actor, on: date) -> QuerySet[Person]:
    """同机构同角色、在任的其他人。"""
    return (
        Person.objects.filter(
            appointments__role=actor.role,
            appointments__institution=actor.institution or 0,
            appointments__from_on__lte=on,
        )
        .exclude(appointments__until_on__lte=on)
        .exclude(pk=actor.person or 0)
        .distinct()
    )


def supervise(*, actor: Actor, on: date, case: Case, text: str) -> None:
    """督办：区科委催在手的人办，留痕并知会。"""
    if actor.role not in (Role.AUTHORITY, Role.REVIEWER):
        raise NotYours(["督办由区科委或区科创中心提出（D14-5，R-045）"])
    if not text.strip():
        raise Refused(["督办要写明事由（R-045）"])
    _aside(actor, on, case, "supervise", text, {})


def attach(*, actor: Actor, on: date, case: Case, kind: str, name: str, content: bytes) -> Attachment:
    """存一份附件；空的、太大的抛 Refused，第三方机构在自己办的那一步没有委托抛 NotYours。"""
    if actor.role == Role.THIRD_PARTY and (step := position(case).step) and step.scope:
        commissioning.require(actor, on, step.scope)
    if not content:
        raise Refused([f"附件“{name}”是空的，请重新选择文件"])
    if len(content) > MAX_ATTACHMENT:
        raise Refused(
            [f"附件“{name}”有 {len(content) // 1048576} MB，超过 {MAX_ATTACHMENT // 1048576} MB，请压缩或分开上传"]
        )
    with unit_of_work(actor) as journal:
        attachment = Attachment.objects.create(
            case=case,
            kind=kind,
            name=name[-200:],
            size=len(content),
            digest=sm3_bytes(content),
            content=content,
            person_id=actor.person,
            on=on,
        )
        journal.note("上传附件", case.number, after={"文件": name, "是什么": kind, "SM3": attachment.digest})
    return attachment


def mark_read(*, actor: Actor, notices: Iterable[Notice]) -> None:
    """待阅看过了。"""
    with transaction.atomic():
        for notice in notices:
            if actor.person is not None:
                notice.readers.add(actor.person)


# ── 内里 ──


def _locked(case: Case, seen: int) -> tuple[Board, list[Event], Position]:
    """锁住看板，取全部事件和现在的位置；办理人看到的不是最新抛 Stale。"""
    board = Board.objects.select_for_update().get(case=case)
    happened = list(case.events.order_by("seq"))
    if board.seq != seen:
        last = happened[-1]
        raise Stale(
            [f"{last.institution} {last.name} 已于 {last.on} 办了“{act_name(case, last)}”，请看过最新情况再办"],
            board.seq,
        )
    return board, happened, position(case, happened)


def _chosen(case: Case, current: Position, code: str, actor: Actor, board: Board, on: date) -> Act:
    step = current.step
    if step is None:
        raise Refused([f"{case.number} 已是“{current.state}”，不能再办"])
    late = next((act for act in step.late_acts(actor.role) if act.code == code), None)
    if late is not None:
        if current.due is None or on <= current.due.date:
            until = current.due.date if current.due else "（停钟中）"
            raise Refused(
                [
                    f"{case.number}“{step.name}”的期限到 {until}（含），过了才能办“{late.name}”，今天是 {on}"
                    f"（{step.clause}，{'、'.join(procedure(case.procedure, case.version).requirements)}）"
                ]
            )
        return late
    if actor.role not in current.pending:
        holders = "、".join(role.label for role in current.pending)
        who = actor.role.label if actor.role else "您"
        raise NotYours([f"{case.number} 现在“{step.name}”，在{holders}手上，不由{who}办（R-001）"])
    if board.holder_id is not None and board.holder_id != actor.institution:
        raise NotYours([f"{case.number} 不是本单位的事项（R-001）"])
    for act in step.own_acts:
        if act.code == code:
            return act
    raise Refused([f"“{step.name}”这一步没有这个动作：{code}"])


def _filled(act: Act, detail: Mapping[str, object]) -> tuple[dict[str, object], list[str]]:
    """办理时填的各栏：（检查过的内容, 问题）。金额一律两位小数，日期 YYYY-MM-DD。"""
    if not act.fields:
        return dict(detail), []
    given, clean = detail.get("fields"), {}
    problems: list[str] = []
    for one in act.fields:
        text = str(given.get(one.key, "") if isinstance(given, Mapping) else "").strip()
        if not text:
            if not one.optional:
                problems.append(At(f"field:{one.key}", f"{one.label}不能为空（{one.basis}）"))
            continue
        try:
            clean[one.key] = _READ[one.kind](text)
        except ValueError as error:
            problems.append(At(f"field:{one.key}", f"{one.label}：{error}"))
    return {**detail, "fields": clean}, problems


_READ: Mapping[str, Callable[[str], str]] = {
    "money": lambda text: str(money_of(text)),
    "date": lambda text: day_of(text).isoformat(),
    "text": lambda text: text[:500],
}


def _refuse(doing: Doing, opinion: str, marks: Mapping[str, str], unfilled: Iterable[str]) -> None:
    problems = list(unfilled)
    if doing.act.opinion and not opinion.strip():
        clause = doing.position.step.clause if doing.position.step else ""
        problems.append(At("opinion", f"“{doing.act.name}”要写明意见（{clause}，R-045）"))
    if doing.act.marks and not marks:
        problems.append(f"“{doing.act.name}”要至少指出一处需要补正的地方，好让填报人一眼看到（R-045）")
    # 各栏填对了，关口才看得懂
    if not unfilled:
        for name in doing.act.guards:
            problems.extend(_guards[name](doing))
    if problems:
        raise Refused(problems)


def _append(doing: Doing, seq: int, opinion: str, marks: Mapping[str, str]) -> Event:
    actor = doing.actor
    try:
        with transaction.atomic():
            return Event.objects.create(
                case=doing.case,
                seq=seq,
                step=doing.position.step.code if doing.position.step else "",
                act=doing.act.code,
                role=actor.role or "",
                person_id=actor.person,
                name=actor.name,
                institution=actor.institution_name,
                opinion=opinion.strip(),
                marks=dict(marks),
                facts=sorted(doing.facts),
                detail=dict(doing.detail),
                on=doing.on,
            )
    except IntegrityError as error:
        raise Stale([f"{doing.case.number} 刚被别人办过，请看过最新情况再办"], seq) from error


def _aside(actor: Actor, on: date, case: Case, code: str, text: str, detail: Mapping[str, object]) -> None:
    with unit_of_work(actor) as journal:
        board = Board.objects.select_for_update().get(case=case)
        event = Event.objects.create(
            case=case,
            seq=board.seq + 1,
            step=board.step,
            act=code,
            role=actor.role or "",
            person_id=actor.person,
            name=actor.name,
            institution=actor.institution_name,
            opinion=text.strip(),
            detail=dict(detail),
            on=on,
        )
        board.seq = event.seq
        board.save(update_fields=["seq"])
        label = act_name(case, event)
        for role in board.roles:
            words = f"{label}：{text.strip()[:200]}"
            tell(case=case, role=role, institution=board.holder_id, seq=event.seq, on=on, text=words)
        journal.note(label, case.number, after={"内容": text, **detail})


def _notify(case: Case, board: Board, at: Position, event: Event) -> None:
    """办结、不予通过、退回，知会起草的单位。"""
    if at.outcome or (at.step and at.step.code == AMEND):
        text = f"{case.number} {at.state}" + (f"：{event.opinion[:200]}" if event.opinion else "")
        if at.outcome is not WITHDRAWN:
            for role in (Role.CLERK, Role.HEAD):
                tell(case=case, role=role, institution=board.unit, text=text, on=event.on, seq=event.seq)
