"""读机构、人员、任职。"""

from __future__ import annotations

from datetime import date
from typing import TypeVar

from django.db.models import Model, QuerySet

from yunheng.audit.actor import Actor
from yunheng.rules import conventions, periods
from yunheng.rules.roles import Role

from .models import Appointment, ConventionDecision, Institution, Kind, Person

_Row = TypeVar("_Row", bound=Model)


def current(person: Person, on: date) -> QuerySet[Appointment]:
    """这天在任的任职，带机构，先任的在前。"""
    return (
        Appointment.objects.filter(person=person, from_on__lte=on)
        .exclude(until_on__lte=on)
        .select_related("institution")
        .order_by("id")
    )


def actor_for(appointment: Appointment, *, address: str = "", request: str = "") -> Actor:
    """以这个任职办事的人。"""
    return Actor(
        name=appointment.person.name,
        role=Role(appointment.role),
        institution_name=appointment.institution.name,
        person=appointment.person_id,
        institution=appointment.institution_id,
        address=address,
        request=request,
    )


def scoped(rows: QuerySet[_Row], actor: Actor, *, unit: str, provider: str) -> QuerySet[_Row]:
    """按职责收窄（R-001）：本单位的、本部门主管的、本商的，其余业务角色看全区；三员看不到业务。

    `unit`、`provider` 是从这张表走到使用单位、服务商的路径。
    """
    role = actor.role
    if role is None or role.administrative:
        return rows.none()
    if role in (Role.CLERK, Role.HEAD):
        return rows.filter(**{unit: actor.institution})
    if role == Role.SPONSOR:
        return rows.filter(**{f"{unit}__authority": actor.institution})
    if role == Role.PROVIDER:
        return rows.filter(**{provider: actor.institution})
    return rows


def providers() -> QuerySet[Institution]:
    """云服务商，按代码。"""
    return Institution.objects.filter(kind=Kind.PROVIDER).order_by("code")


def chosen_conventions(on: date) -> dict[str, str]:
    """`on` 这天用的全部口径（R-005）：区科委决定过的用决定，没有的用默认；先生效的被后生效的盖过。"""
    decided = ConventionDecision.objects.filter(effective_on__lte=on).order_by("effective_on", "pk")
    defaults = {code: convention.default for code, convention in conventions.CONVENTIONS.items()}
    return defaults | dict(decided.values_list("code", "option"))


def conventions_of(year: int) -> dict[str, str]:
    """一个服务年度用的全部口径：同结算数据包，取服务年度首日的（R-005）。"""
    return chosen_conventions(periods.service_year(year).start)


def conventions_in_force(on: date) -> dict[str, str]:
    """`on` 这天真的在用的全部口径：进数据包的照这个服务年度首日的，只在办件用的照当天的（R-005）。"""
    year, today = conventions_of(periods.service_year_of(on)), chosen_conventions(on)
    return {code: (year if one.scope == "package" else today)[code] for code, one in conventions.CONVENTIONS.items()}
