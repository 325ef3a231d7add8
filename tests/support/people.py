"""固定的一班人：场景里按登录名取办事人。"""

from __future__ import annotations

from datetime import date

from django.test import Client

from yunheng.audit.actor import Actor
from yunheng.orgs.models import Appointment, Person
from yunheng.orgs.queries import actor_for

#: 场景的日子都从这天前后起
PEOPLE_SINCE = date(2022, 7, 1)


def cast() -> dict[str, Actor]:
    """登录名（去掉 demo.）→ 办事人。"""
    found = Appointment.objects.select_related("person", "institution").filter(person__username__startswith="demo.")
    return {a.person.username.removeprefix("demo."): actor_for(a, address="127.0.0.1", request="测试") for a in found}


def signed_in(who: str) -> Client:
    """这个人登录好的浏览器。"""
    client = Client()
    person = Person.objects.get(username=f"demo.{who}")
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client
