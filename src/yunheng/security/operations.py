"""安全闸口：逐项确认；缺哪一项说哪一项。"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Attachment, Case
from yunheng.cases.operations import Doing
from yunheng.cases.queries import position

from .models import Clearance, Condition

ARTICLE = "M6-30、D14-18，R-101"


def confirm(
    *, actor: Actor, on: date, case: Case, condition: str, note: str, attachment: Attachment | None = None
) -> Clearance:
    """使用单位确认一项已完成，要写明凭据；确认过的不能重复。"""
    at = position(case)
    if at.outcome:
        raise Refused([f"{case.number} 已是“{at.state}”，不能再补安全确认"])
    if actor.institution != case.unit_id:
        raise NotYours([f"安全确认由使用单位负责（D62-四，{ARTICLE}）"])
    if condition not in Condition.values:
        raise Refused([f"没有这一项：{condition}（{ARTICLE}）"])
    if not note.strip():
        raise Refused([f"“{Condition(condition).label}”要写明凭据，如报告名称、备案编号（{ARTICLE}）"])
    with unit_of_work(actor) as journal:
        clearance, created = Clearance.objects.get_or_create(
            case=case,
            condition=condition,
            defaults={"note": note.strip()[:300], "attachment": attachment, "person_id": actor.person, "on": on},
        )
        if not created:
            raise Refused([f"“{Condition(condition).label}”已于 {clearance.on} 确认过"])
        journal.note("安全确认", case.number, after={"哪一项": Condition(condition).label, "凭据": note})
    return clearance


def missing(case: Case) -> list[Condition]:
    """还缺哪几项。"""
    have = set(Clearance.objects.filter(case=case).values_list("condition", flat=True))
    return [condition for condition in Condition if condition.value not in have]


def gate(doing: Doing) -> Iterator[str]:
    """正式开通前的关：六项缺一不可，缺的逐项说明。"""
    for condition in missing(doing.case):
        yield f"还缺“{condition.label}”，不得正式开通（{ARTICLE}）"
