"""审计页：只有审计管理员看得到（R-111、R-112）。"""

from __future__ import annotations

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from . import queries
from .models import Entry
from .refusals import attempts

PAGE = 50


def entries(request: HttpRequest) -> HttpResponse:
    """审计记录，最近的在前；带 `verify=1` 时当场核对整条链。被数据库拒绝的企图另列。"""
    found = queries.search(request.GET.get("q", "").strip(), request.GET.get("action", ""))
    page = Paginator(found, PAGE).get_page(request.GET.get("page", "1")[:6])
    verification = queries.verify() if request.GET.get("verify") else None
    actions = Entry.objects.order_by("action").values_list("action", flat=True).distinct()
    context = {
        "page": page,
        "verification": verification,
        "actions": actions,
        "attempts": attempts(settings.DATABASE_LOG),
    }
    return render(request, "audit/entries.html", context)
