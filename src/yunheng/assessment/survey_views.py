"""满意度调查的页面：起调查、看抽样和回收；单位领一次性链接；匿名填写（R-092）。"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.cases.panels import register_panel
from yunheng.orgs.access import Request, allowed, business_date
from yunheng.orgs.commissioning import uncovered
from yunheng.orgs.reading import day_of, whole_of, year_of
from yunheng.rules.periods import service_year_of
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope

from . import surveying
from .models import Survey, Ticket

MAX_PK = 2**63 - 1
_FIRST_YEAR = 2021


@allowed(Role.THIRD_PARTY, Role.REVIEWER, Role.AUTHORITY)
def surveys(request: Request) -> HttpResponse:
    """各次调查；第三方在这里起。"""
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            case = _start(request)
            return redirect(f"/cases/{case.number}/")
        except Refused as error:
            problems = error.problems
    present = service_year_of(request.on)
    rows = [
        (one, surveying.response(one))
        for one in Survey.objects.select_related("case__board").order_by("-service_year", "-pk")
    ]
    barred = uncovered(request.actor, request.on, Scope.APPRAISAL)
    context = {
        "rows": rows,
        "uncovered": barred,
        "starts": request.actor.role == Role.THIRD_PARTY and not barred,
        "years": range(present, _FIRST_YEAR, -1),
        "modes": (Survey.CENSUS, Survey.STRATIFIED),
        "values": request.POST,
        "problems": problems,
    }
    return render(request, "assessment/surveys.html", context, status=422 if problems else 200)


def _start(request: Request) -> Case:
    post = request.POST
    year = year_of(post.get("year"))
    try:
        closes_on = day_of(post.get("closes_on", ""))
    except ValueError as error:
        raise Refused([f"截止日：{error}"]) from error
    if year is None or not _FIRST_YEAR < year <= service_year_of(request.on):
        raise Refused(["请选择服务年度（R-092）"])
    return surveying.start(
        actor=request.actor,
        on=request.on,
        year=year,
        mode=post.get("mode", ""),
        ratio=whole_of(post.get("ratio"), 100) or 0,
        seed=post.get("seed", ""),
        closes_on=closes_on,
    )


@allowed(Role.CLERK, Role.HEAD)
def tickets(request: Request) -> HttpResponse:
    """本单位的问卷。"""
    found = Ticket.objects.filter(unit=request.actor.institution or 0).select_related("survey__case__board")
    return render(request, "assessment/tickets.html", {"tickets": found.order_by("-pk"), "on": request.on})


@require_POST
@allowed(Role.CLERK, Role.HEAD)
def claim(request: Request, pk: int) -> HttpResponse:
    """领一次性链接，转到匿名填写的页。"""
    ticket = get_object_or_404(Ticket, pk=min(pk, MAX_PK), unit=request.actor.institution or 0)
    return redirect(f"/q/{surveying.claim(actor=request.actor, on=request.on, ticket=ticket)}/")


def fill(request: HttpRequest, token: str) -> HttpResponse:
    """匿名填写：不登录，凭链接；填过的不能再填。"""
    ticket = surveying.ticket_for(token)
    if ticket is None:
        raise Http404
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        grades = {k.removeprefix("grade:"): v for k, v in request.POST.dict().items() if k.startswith("grade:")}
        comments = {k.removeprefix("comment:"): v for k, v in request.POST.dict().items() if k.startswith("comment:")}
        try:
            surveying.answer(on=business_date(), token=token, grades=grades, comments=comments)
            return render(request, "assessment/fill.html", {"ticket": ticket, "done": True})
        except Refused as error:
            problems = error.problems
    asked = surveying.used_by(ticket.survey.service_year).get(ticket.unit_id, [])
    given = request.POST
    context = {
        "ticket": ticket,
        "rows": [(one, given.get(f"grade:{one.code}"), given.get(f"comment:{one.code}")) for one in asked],
        "grades": surveying.GRADES,
        "closed": surveying.closed(ticket, business_date()),
        "problems": problems,
    }
    return render(request, "assessment/fill.html", context, status=422 if problems else 200)


def register() -> None:
    """登记满意度调查在办件页上的那一块。"""
    register_panel("survey", "assessment/_survey.html", _panel)


def _panel(request: Request, case: Case) -> dict[str, Any]:
    del request
    survey = Survey.objects.get(case=case)
    return {
        "survey": survey,
        # 发出以后，回收到哪天由方案定
        "deadline": survey.closes_on if case.board.step == "collect" else None,
        "strata": surveying.sample(survey) if not survey.tickets.exists() else (),
        "tickets": survey.tickets.select_related("unit").order_by("unit__code"),
        "response": (answered := surveying.response(survey)),
        "named": case.board.outcome == "done" and answered[0] >= surveying.FEW,
        "few": surveying.FEW,
        # 没结束以前不看结果，免得催着谁改
        "results": surveying.results(survey) if case.board.outcome == "done" else (),
    }
