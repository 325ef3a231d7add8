"""待认定的线索：列出来，登记成事件，或者写明理由不登记（R-091）。"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from yunheng.audit.refused import NotYours, Refused
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.commissioning import uncovered
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import day_of, year_of
from yunheng.rules.periods import service_year, service_year_of
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope
from yunheng.rules.scoring import EVENT_INDICATORS, INDICATORS, RESPONSIBILITIES

from . import leading
from .models import Dismissal
from .operations import RECORDERS

PAGE = 20
_FIRST_YEAR = 2021


def chosen_year(request: Request) -> int:
    """查询串、表单里的服务年度；没有、不对的是本年度。"""
    present = service_year_of(request.on)
    text = request.POST.get("year") or request.GET.get("year")
    return min(max(year_of(text) or present, _FIRST_YEAR + 1), present)


@allowed(*RECORDERS, Role.AUTHORITY)
def leads(request: Request) -> HttpResponse:
    """某服务年度待认定的线索，和认定不登记的。"""
    return _page(request)


def _page(request: Request, problems: tuple[str, ...] = ()) -> HttpResponse:
    year, present = chosen_year(request), service_year_of(request.on)
    found, dismissed = leading.pending(year, request.on), Dismissal.objects.filter(service_year=year)
    late = leading.locked_out(year, request.on)
    if wanted := request.GET.get("provider", ""):
        found, late = ([one for one in some if one.provider.code == wanted] for some in (found, late))
        dismissed = dismissed.filter(provider__code=wanted)
    barred = uncovered(request.actor, request.on, Scope.APPRAISAL)
    context: dict[str, Any] = {
        "year": year,
        "years": range(present, _FIRST_YEAR, -1),
        "span": service_year(year),
        "page": Paginator(found, PAGE).get_page(request.GET.get("page", "1")[:6]),
        "doubts": leading.doubts(year),
        "late": late[:100],
        "late_number": len(late),
        "providers": providers(),
        "wanted": wanted,
        "dismissed": dismissed.select_related("provider").order_by("-pk")[:100],
        "events": [INDICATORS[letter] for letter in EVENT_INDICATORS],
        "responsibilities": RESPONSIBILITIES,
        "uncovered": barred,
        "records": request.actor.role in RECORDERS and not barred,
        "problems": problems,
        "values": request.POST if problems else {},
    }
    return render(request, "assessment/leads.html", context, status=422 if problems else 200)


def _done(request: Request, do: Callable[[], Any]) -> HttpResponse:
    try:
        do()
    except NotYours:
        raise
    except Refused as error:
        return _page(request, error.problems)
    return redirect(request.get_full_path().replace("/take/", "/").replace("/dismiss/", "/"))


@require_POST
@allowed(*RECORDERS)
def take(request: Request) -> HttpResponse:
    """认定一条线索，登记成事件。"""
    return _done(request, lambda: _take(request))


def _take(request: Request) -> None:
    post = request.POST
    try:
        happened = day_of(post.get("on", ""))
    except ValueError as error:
        raise Refused([f"发生日期：{error}（R-091）"]) from error
    leading.take(
        actor=request.actor,
        on=request.on,
        year=chosen_year(request),
        key=post.get("key", ""),
        indicator=post.get("indicator", "")[:1],
        responsibility=post.get("responsibility", ""),
        happened_on=happened,
        text=post.get("text", "")[:500],
    )


@require_POST
@allowed(*RECORDERS)
def dismiss(request: Request) -> HttpResponse:
    """认定一条线索不登记。"""
    return _done(
        request,
        lambda: leading.dismiss(
            actor=request.actor,
            on=request.on,
            year=chosen_year(request),
            key=request.POST.get("key", ""),
            reason=request.POST.get("reason", ""),
        ),
    )
