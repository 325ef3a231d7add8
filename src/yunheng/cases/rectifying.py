"""整改：提要求、回报、销号或退回，一条一条跟到底。谁可以提、什么时候提由各章把关。"""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from yunheng.audit.actor import Actor
from yunheng.audit.append_only import newest
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.orgs.models import Institution, Kind
from yunheng.rules.roles import Role

from .models import Case, Progress, Requirement
from .notifying import tell

PAGE = "/rectifications/"
_OWN = (Role.CLERK, Role.HEAD, Role.PROVIDER)


def require(
    *,
    actor: Actor,
    on: date,
    case: Case,
    institution: Institution,
    text: str,
    due_on: date,
    closer: Role,
    clause: str,
) -> Requirement:
    """提一条整改要求；`closer` 核实销号，`clause` 是依据，写进拒绝的话里。"""
    problems = []
    if not text.strip():
        problems.append(f"整改要求不能为空（{clause}）")
    if due_on <= on:
        problems.append(f"期限 {due_on} 应在今天 {on} 之后（{clause}）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        made = Requirement.objects.create(
            case=case,
            institution=institution,
            text=text.strip()[:1000],
            due_on=due_on,
            closer=closer,
            on=on,
            by=str(actor),
        )
        journal.note("整改要求", case.number, after={"谁": institution.name, "要求": text, "期限": str(due_on)})
    return made


def notify(requirement: Requirement, text: str, on: date) -> None:
    """知会要整改的单位。"""
    institution = requirement.institution
    roles = (Role.PROVIDER,) if institution.kind == Kind.PROVIDER else (Role.CLERK, Role.HEAD)
    for role in roles:
        tell(case=requirement.case, role=role, institution=institution, text=text, on=on, href=PAGE)


def advance(*, actor: Actor, on: date, requirement: Requirement, kind: str, text: str) -> Progress:
    """整改的一步：要整改的单位回报，提要求的一方销号或退回。"""
    own = actor.role in _OWN and actor.institution == requirement.institution_id
    if not (own if kind == Progress.REPORT else actor.role == requirement.closer):
        closer = Role(requirement.closer).label
        raise NotYours([f"整改由{requirement.institution.name}回报，{closer}核实销号（{requirement.case.number}）"])
    problems = []
    if kind not in (Progress.REPORT, Progress.CLOSE, Progress.RETURN):
        problems.append(f"整改只有回报、销号、退回三种，没有“{kind}”")
    if not text.strip():
        problems.append("写明整改了什么、怎样核实的")
    last = newest(requirement.steps.all())
    if last is not None and last.kind == Progress.CLOSE:
        problems.append(f"这一条已于 {last.on} 销号")
    elif kind != Progress.REPORT and (last is None or last.kind != Progress.REPORT):
        problems.append("要整改的单位还没有回报，不能销号或退回")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        step = Progress.objects.create(
            requirement=requirement, kind=kind, text=text.strip()[:1000], on=on, by=str(actor)
        )
        journal.note(f"整改{kind}", requirement.case.number, after={"要求": requirement.text, "说明": text})
        if kind == Progress.RETURN:
            notify(requirement, f"整改退回：{text.strip()[:200]}", on)
    return step


def outstanding(case: Case) -> list[Requirement]:
    """这件事项还没有销号的整改要求。"""
    found = case.requirements.select_related("institution").prefetch_related("steps").order_by("due_on", "pk")
    return [one for one in found if all(step.kind != Progress.CLOSE for step in one.steps.all())]


def visible(actor: Actor) -> QuerySet[Requirement]:
    """看得到的整改：本单位、本商的，由我销号的；主管部门、运管看全部。"""
    found = Requirement.objects.select_related("case__board", "institution").prefetch_related("steps").order_by("-pk")
    if actor.role in (Role.REVIEWER, Role.AUTHORITY):
        return found
    mine = Q(closer=actor.role or "")
    return found.filter(mine | Q(institution=actor.institution) if actor.role in _OWN else mine)
