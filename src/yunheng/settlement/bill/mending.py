"""照采纳的异议改正（R-075）：更正台账的一条，或写明不需要改数据；改正了异议才算办完，才能提交复算。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.ledger.models import Action, Correction, Fact
from yunheng.ledger.operations import correct
from yunheng.rules import periods
from yunheng.rules.roles import Role
from yunheng.settlement import queries
from yunheng.settlement.bill import objecting
from yunheng.settlement.models import Objection, ObjectionReply, Remedy


def correctable(resource: str, item: str = "") -> QuerySet[Fact]:
    """一个资源（一项）还能更正的事实：没有作废的，近的在前。"""
    facts = Fact.objects.filter(resource__code=resource, voided_by=None).exclude(action=Action.VOID)
    facts = facts.filter(item__code=item) if item else facts
    return facts.select_related("item", "case").order_by("-effective_on", "-pk")


def accepted(resource: str) -> QuerySet[Objection]:
    """对这个资源采纳了的异议，近的在前；更正可以连着其中一条。"""
    found = Objection.objects.filter(resource=resource, reply__kind=ObjectionReply.ACCEPT)
    return found.select_related("institution", "run").defer("content", "run__head").order_by("-pk")


def frozen_from(day: date) -> list[int]:
    """自这天起的、已经冻结的服务年度：更正不动它们，差额由补差结清（R-083）。"""
    return sorted(year for year in queries.frozen_years() if periods.year_end(year) > day)


def mend(
    *,
    actor: Actor,
    on: date,
    fact: Fact,
    reason: str,
    evidence: tuple[str, bytes] | None,
    effective_on: date | None,
    quantity: Decimal | None = None,
    objection: Objection | None = None,
) -> Correction:
    """更正一条事实；`objection` 是照哪一条采纳了的异议，提的一方收到知会。冻结的批次不变，由补差结清（R-083）。"""
    with unit_of_work(actor):
        if objection is not None:
            _require_accepted(objection)
            if objection.resource != fact.resource.code:
                raise Refused(
                    [f"异议 {objection.pk} 是对 {objection.resource} 提的，不是 {fact.resource.code}（R-075）"]
                )
        made = correct(
            actor=actor,
            on=on,
            fact=fact,
            reason=reason,
            evidence=evidence,
            effective_on=effective_on,
            quantity=quantity,
        )
        if objection is not None:
            hold(Lock.YEAR, objection.run.service_year)
            Remedy.objects.create(objection=objection, correction=made, on=on, by=str(actor))
            objecting.told(objection, f"{objection.resource} 的台账已照采纳的异议更正：{made.reason}", on)
    return made


def leave(*, actor: Actor, on: date, objection: Objection, text: str) -> Remedy:
    """采纳了、但不需要改台账的（例如已另行补录、改了裁定）：写明理由。"""
    if actor.role != Role.REVIEWER:
        raise NotYours(["异议由区科创中心改正（D62-四，R-075）"])
    problems = []
    if not text.strip():
        problems.append("写明为什么不需要改数据：已经怎样办了、依据什么（D62-七，R-075）")
    elif len(text.strip()) > 500:
        problems.append(f"理由最多 500 字，现在 {len(text.strip())} 字（R-075）")
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, objection.run.service_year)
        _require_accepted(objection)
        if objection.remedies.exists():
            problems.append(f"异议 {objection.pk} 已经改正过，不用再写（R-075）")
        if problems:
            raise Refused(problems)
        made = Remedy.objects.create(objection=objection, text=text.strip(), on=on, by=str(actor))
        objecting.told(objection, f"{objection.resource} 的异议不需要改数据：{made.text}", on)
        journal.note("异议不需要改数据", f"{objection.pk}", after={"理由": made.text})
    return made


def _require_accepted(objection: Objection) -> None:
    reply = ObjectionReply.objects.filter(objection=objection).first()
    if reply is None or reply.kind != ObjectionReply.ACCEPT:
        raise Refused([f"异议 {objection.pk} 没有采纳，没有要改正的（R-075）"])
