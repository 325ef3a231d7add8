"""上云项目预算审核和监督检查的页面（R-008）。"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.cases.panels import register_panel
from yunheng.cases.views import case_or_404
from yunheng.ledger.models import Project
from yunheng.ledger.queries import visible_projects
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.reading import day_of, whole_of, year_of
from yunheng.rules.roles import Role

from . import budgeting

_SEES = (Role.CLERK, Role.HEAD, Role.CITY_ECONOMY, Role.FINANCE, Role.AUTHORITY, Role.REVIEWER, Role.INFORMATIZATION)


@allowed(*_SEES)
def budgets(request: Request) -> HttpResponse:
    """看得到的预算审核；经办人在这里报。"""
    problems: tuple[str, ...] = ()
    post = request.POST
    if request.method == "POST":
        try:
            chosen, year = whole_of(post.get("project")) or 0, year_of(post.get("year"))
            project = Project.objects.filter(unit=request.actor.institution or 0, pk=chosen).first()
            if project is None or year is None:
                raise Refused(["请选择项目和预算年度（R-008）"])
            case = budgeting.start(actor=request.actor, on=request.on, project=project, year=year)
            return redirect(f"/cases/{case.number}/")
        except Refused as error:
            problems = error.problems
    context = {
        "rows": [(one, budgeting.amount(one.case)) for one in budgeting.visible(request.actor)[:200]],
        "starts": request.actor.role == Role.CLERK,
        "projects": visible_projects(request.actor).order_by("code") if request.actor.role == Role.CLERK else (),
        "years": range(request.on.year, request.on.year + 3),
        "problems": problems,
    }
    return render(request, "applications/budgets.html", context, status=422 if problems else 200)


@require_POST
@allowed(*budgeting.INSPECTORS)
def inspect(request: Request, number: str) -> HttpResponse:
    """登记监督检查。"""
    case = case_or_404(request, number)
    due = request.POST.get("due_on", "")
    try:
        due_on = day_of(due) if due else None
    except ValueError as error:
        raise Refused([f"期限：{error}"]) from error
    budgeting.inspect(
        actor=request.actor,
        on=request.on,
        case=case,
        text=request.POST.get("text", ""),
        requirement=request.POST.get("requirement", ""),
        due_on=due_on,
    )
    return redirect(f"/cases/{number}/")


def register() -> None:
    """登记预算审核在办件页上的那一块。"""
    register_panel("budgeting", "applications/_budget.html", _panel)


def _panel(request: Request, case: Case) -> dict[str, Any]:
    return {
        "project": case.budget_project.project,
        "year": case.budget_project.year,
        "amount": budgeting.amount(case),
        "inspections": case.inspections.select_related("requirement")
        .prefetch_related("requirement__steps")
        .order_by("pk"),
        "inspects": request.actor.role in budgeting.INSPECTORS and case.board.outcome == "done",
        "suggested": {},
    }
