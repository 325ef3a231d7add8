"""每页都有的：导航、待办数、演示横条。"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from yunheng import __version__
from yunheng.cases.queries import todo
from yunheng.orgs.access import business_date
from yunheng.orgs.views import personas

from .navigation import groups


def frame(request: HttpRequest) -> dict[str, Any]:
    """页框。没登录的页只有版本。"""
    actor = getattr(request, "actor", None)
    if actor is None or getattr(request, "htmx", False):
        return {"version": __version__, "demo": settings.DEMO}
    return {
        "version": __version__,
        "demo": settings.DEMO,
        "idle_seconds": settings.SESSION_COOKIE_AGE,
        "navigation": groups(actor.role, request.path),
        "todo_count": 0 if actor.role is None or actor.role.administrative else todo(actor, _today(request)).count(),
        "personas": personas() if settings.DEMO else [],
    }


def _today(request: HttpRequest) -> date:
    """这次请求的业务日；没进到页面就被拦下的（如 404）另取。"""
    return getattr(request, "on", None) or business_date()
