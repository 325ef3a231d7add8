"""库空着的时候，登记头一班三员；之后由系统管理员在页面上登记。"""

from __future__ import annotations

import secrets

from django.utils import timezone

from yunheng.audit.actor import SYSTEM
from yunheng.audit.operations import unit_of_work
from yunheng.orgs.models import Appointment, Institution, Kind
from yunheng.orgs.operations import appoint, register_person
from yunheng.rules.roles import Role

_OPERATOR = ("KCZX", "区科创服务中心")


def register(role: str, username: str, name: str) -> str:
    """登记一位三员，返回初始口令。这个角色已经有人就抛 ValueError：以后的由系统管理员登记（R-111）。"""
    if Appointment.objects.filter(role=role, until_on=None).exists():
        raise ValueError(f"已有{Role(role).label}，请由系统管理员在“人员与任职”里登记（三员分立，R-111）")
    secret = f"{secrets.token_urlsafe(9)}Aa1"
    with unit_of_work(SYSTEM):
        code, title = _OPERATOR
        operator, _ = Institution.objects.get_or_create(code=code, defaults={"name": title, "kind": Kind.OPERATOR})
        person = register_person(actor=SYSTEM, username=username, name=name, password=secret)
        appoint(actor=SYSTEM, person=person, institution=operator, role=Role(role), on=timezone.localdate())
    return secret
