"""装机时在命令行办的：库空着的时候登记头一班三员，给接收接口的来源发口令。"""

from __future__ import annotations

import secrets

from django.db.models import Q
from django.utils import timezone

from yunheng.audit.actor import SYSTEM
from yunheng.audit.operations import unit_of_work
from yunheng.ledger.operations import interface_source, issue_key
from yunheng.orgs.models import Appointment, Institution, Kind, Level
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


def source_key(code: str, provider: str) -> str:
    """登记一个来源并给口令，已有的换口令，返回口令；没有这家服务商、也不是市级运管单位（它来取，R-052）抛 ValueError。

    来源是别家的、是内部的（补录、回执、文件）、名字与内部的同样或与别的形近，抛 Refused，口令都不变。
    """
    found = Institution.objects.filter(
        Q(kind=Kind.PROVIDER) | Q(kind=Kind.OPERATOR, level=Level.CITY), code=provider
    ).first()
    if found is None:
        raise ValueError(f"没有代码为 {provider} 的云服务商或市级运管单位，请先登记机构")
    with unit_of_work(SYSTEM):
        return issue_key(actor=SYSTEM, source=interface_source(actor=SYSTEM, code=code, provider=found))
