"""上云项目预算的审核把关和监督检查（M6-5，R-008）。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases import rectifying
from yunheng.cases.models import Case
from yunheng.cases.operations import open_case
from yunheng.ledger.models import Project
from yunheng.orgs.queries import scoped
from yunheng.rules.roles import Role

from .models import BudgetProject, Inspection

INSPECTORS = (Role.CITY_ECONOMY, Role.FINANCE)


def start(*, actor: Actor, on: date, project: Project, year: int) -> Case:
    """起一件预算审核：本单位的项目，一个预算年度一件（不予列入、撤回的不算）。"""
    if actor.role != Role.CLERK or actor.institution != project.unit_id:
        raise NotYours(["上云项目的预算由本单位经办人报审（M6-5，R-008）"])
    problems = []
    if not on.year <= year <= on.year + 2:
        problems.append(f"预算年度应在 {on.year} 至 {on.year + 2} 之间，现在是 {year}（R-008）")
    going = BudgetProject.objects.filter(project=project, year=year).exclude(
        case__board__outcome__in=("withdrawn", "rejected")
    )
    if (begun := going.select_related("case").first()) is not None:
        problems.append(f"{project.name} {year} 年的预算已报过：{begun.case.number}（R-008）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor):
        subject = f"{project.name} {year} 年上云预算"
        case = open_case(actor=actor, on=on, procedure_code="budgeting", unit=project.unit, subject=subject)
        BudgetProject.objects.create(case=case, project=project, year=year)
    return case


def amount(case: Case) -> Decimal | None:
    """最近报审的预算。"""
    for event in case.events.filter(act="file").order_by("-seq"):
        return Decimal(event.detail["fields"]["amount"])
    return None


def visible(actor: Actor) -> QuerySet[BudgetProject]:
    """看得到的预算审核，近的在前。"""
    found = BudgetProject.objects.select_related("case__board", "project__unit").order_by("-pk")
    return scoped(found, actor, unit="project__unit", provider="case__board__provider")


def inspect(
    *, actor: Actor, on: date, case: Case, text: str, requirement: str = "", due_on: date | None = None
) -> Inspection:
    """登记一次监督检查；要整改的写明要求和期限，知会使用单位。"""
    if actor.role not in INSPECTORS:
        raise NotYours(["上云项目的监督检查由经信、财政登记（M6-5，R-008）"])
    problems = []
    if case.board.outcome != "done":
        problems.append(f"{case.number} 现在“{case.board.state}”，审核通过了的才登记检查（R-008）")
    if not text.strip():
        problems.append("写明检查情况（R-008）")
    if requirement.strip() and due_on is None:
        problems.append("要整改的，写明期限（R-008）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        asked = None
        if requirement.strip() and due_on is not None:
            asked = rectifying.require(
                actor=actor,
                on=on,
                case=case,
                institution=case.unit,
                text=requirement,
                due_on=due_on,
                closer=actor.role,
                clause="M6-5，R-008",
            )
            rectifying.notify(asked, f"监督检查整改：{requirement.strip()[:150]}，{due_on} 前", on)
        made = Inspection.objects.create(case=case, text=text.strip()[:2000], requirement=asked, on=on, by=str(actor))
        journal.note("监督检查", case.number, after={"情况": text, "整改": requirement})
    return made
