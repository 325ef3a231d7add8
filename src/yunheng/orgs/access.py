"""谁在办、哪天办、能不能办：界面层取得这些，再交给各章的操作。"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import resolve
from django.utils import timezone

from yunheng.audit.actor import Actor
from yunheng.rules.roles import Role

from .models import Appointment, BusinessClock


class Request(HttpRequest):
    """登录以后的请求：办事人、业务日期、全部在任的任职。"""

    actor: Actor
    on: date
    appointments: list[Appointment]
    htmx: Any


class Forbidden(Exception):
    """这个角色不能看这一页；`holders` 是谁可以。"""

    def __init__(self, holders: tuple[Role, ...]) -> None:
        self.holders = holders
        super().__init__("、".join(role.label for role in holders))


View = Callable[..., HttpResponse]


def business_date() -> date:
    """业务日期（Asia/Shanghai）：演示环境可拨，正式环境就是当天。"""
    if settings.DEMO and (clock := BusinessClock.objects.first()):
        return clock.on
    return timezone.localdate()


def local_clock(moment: datetime | None = None) -> str:
    """给人看的钟点，照本地的钟（Asia/Shanghai）；不写是现在。"""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"


def local_day(moment: datetime) -> date:
    """一个时刻是本地的哪一天。"""
    return timezone.localdate(moment)


def allowed(*roles: Role) -> Callable[[View], View]:
    """只给这些角色的页；不写就是登录了都可以。"""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
            actor = getattr(request, "actor", None)
            if actor is None:
                raise Http404
            if roles and actor.role not in roles:
                raise Forbidden(roles)
            return view(cast("Request", request), *args, **options)

        guarded.roles = roles or tuple(Role)  # type: ignore[attr-defined]
        return guarded

    return decorate


def opens(actor: Actor, address: str) -> bool:
    """这个人的角色打不打得开这个地址：打不开的链接不给。"""
    return actor.role in getattr(resolve(urlsplit(address).path).func, "roles", tuple(Role))


#: 业务角色：三员以外
BUSINESS = tuple(role for role in Role if not role.administrative)
