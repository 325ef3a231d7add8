"""联合会商（M6-6，R-007）：重大事项提请会商，记议题、参加部门、纪要和结论，挂在所涉事项上。"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from django.db.models import QuerySet

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, NotYours, Refused
from yunheng.orgs.models import Appointment, Institution
from yunheng.rules.roles import Role

from .models import Attachment, Case, Consultation, Minutes
from .notifying import tell
from .operations import attach
from .queries import visible

#: 谁可以提请：主管、运管、财政、经信，和起草事项的使用单位不在内
PROPOSERS = (
    Role.REVIEWER,
    Role.AUTHORITY,
    Role.INFORMATIZATION,
    Role.FINANCE,
    Role.CITY_OPERATOR,
    Role.CITY_ECONOMY,
    Role.CITY_AUTHORITY,
)
MINUTES = "会商纪要"


def propose(
    *, actor: Actor, on: date, case: Case, topic: str, departments: Collection[Institution], reason: str
) -> Consultation:
    """提请会商；知会各参加部门。"""
    if actor.role not in PROPOSERS or actor.institution is None:
        raise NotYours(["会商由主管部门、运管单位、财政或经信提请（M6-6，R-007）"])
    problems = []
    if not topic.strip():
        problems.append(At("topic", "议题不能为空（M6-6，R-007）"))
    if not reason.strip():
        problems.append(At("reason", "写明为什么要会商（M6-6，R-007）"))
    if not {one.pk for one in departments} - {actor.institution}:
        problems.append(At("departments", "至少请一个本单位以外的部门参加（M6-6，R-007）"))
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        made = Consultation.objects.create(
            case=case,
            topic=topic.strip()[:200],
            departments=[one.name for one in departments],
            reason=reason.strip()[:1000],
            institution_id=actor.institution,
            on=on,
            by=str(actor),
        )
        invited = Appointment.objects.filter(institution__in=departments, from_on__lte=on).exclude(until_on__lte=on)
        for role, institution in sorted(set(invited.values_list("role", "institution"))):
            text = f"请参加会商：{made.topic}（{case.number}，{actor.institution_name}提请）"
            tell(case=case, role=role, institution=institution, text=text, on=on)
        journal.note("提请会商", case.number, after={"议题": made.topic, "参加部门": "、".join(made.departments)})
    return made


def conclude(
    *,
    actor: Actor,
    on: date,
    consultation: Consultation,
    held_on: date,
    text: str,
    conclusion: str,
    file: tuple[str, bytes] | None = None,
) -> Minutes:
    """记会商的纪要和结论，可附纪要文件（文件名, 内容）；由提请的单位或区科委记。"""
    if actor.role not in PROPOSERS or (
        actor.institution != consultation.institution_id and actor.role != Role.AUTHORITY
    ):
        raise NotYours(["会商的结论由提请的单位或区科委记（M6-6，R-007）"])
    problems = []
    if not text.strip() or not conclusion.strip():
        problems.append("纪要和结论都要写（M6-6，R-007）")
    if not consultation.on <= held_on <= on:
        problems.append(f"会商日 {held_on} 应在提请日 {consultation.on} 之后、今天 {on} 之前（含当日）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        kept: Attachment | None = None
        if file is not None:
            name, content = file
            kept = attach(actor=actor, on=on, case=consultation.case, kind=MINUTES, name=name, content=content)
        minutes = Minutes.objects.create(
            consultation=consultation,
            held_on=held_on,
            text=text.strip()[:20000],
            conclusion=conclusion.strip()[:1000],
            attachment=kept,
            on=on,
            by=str(actor),
        )
        journal.note("会商结论", consultation.case.number, after={"议题": consultation.topic, "结论": conclusion})
    return minutes


def consultations(actor: Actor) -> QuerySet[Consultation]:
    """看得到的事项上的会商，近的在前。"""
    found = Consultation.objects.filter(case__in=visible(actor).values("case")).select_related("case", "institution")
    return found.prefetch_related("minutes__attachment").order_by("-pk")
