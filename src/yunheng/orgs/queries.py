"""读机构、人员、任职。"""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from yunheng.audit.actor import Actor
from yunheng.rules.roles import Role

from .models import Appointment, Institution, Kind, Person


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


def providers() -> QuerySet[Institution]:
    """云服务商，按代码。"""
    return Institution.objects.filter(kind=Kind.PROVIDER).order_by("code")
