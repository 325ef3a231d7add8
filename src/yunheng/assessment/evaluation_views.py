"""效能评估的页面：方案、打分、结果、整改（R-094、R-095）。"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from yunheng.audit.refused import Refused
from yunheng.cases import rectifying
from yunheng.cases.models import Case
from yunheng.cases.panels import register_beside, register_panel
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.commissioning import uncovered
from yunheng.orgs.models import Institution
from yunheng.orgs.reading import day_of, year_of
from yunheng.rules.periods import service_year_of
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope

from . import evaluating
from .models import Evaluation

CENTRE = (Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION, Role.THIRD_PARTY)
#: 申请旁边看得到评估结果的：审核的几方，和本单位自己
_ADJUSTS = (Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION, Role.CLERK, Role.HEAD)
_FIRST_YEAR = 2021
#: 方案里多给几行空的
_SPARE = 3


@allowed(*BUSINESS)
def home(request: Request) -> HttpResponse:
    """各次评估、看得到的结果、要整改的。"""
    if request.method == "POST":
        year = year_of(request.POST.get("year"))
        if request.actor.role != Role.REVIEWER or year is None or year > service_year_of(request.on):
            raise Refused(["请选择服务年度；效能评估由区科创中心起（M6-33，R-094）"])
        case = evaluating.start(actor=request.actor, on=request.on, year=year)
        return redirect(f"/evaluations/{case.number}/")
    context = {
        "evaluations": Evaluation.objects.select_related("case__board").order_by("-pk")
        if request.actor.role in CENTRE
        else (),
        "results": evaluating.published(request.actor)[:200],
        "starts": request.actor.role == Role.REVIEWER,
        "years": range(service_year_of(request.on), _FIRST_YEAR, -1),
    }
    return render(request, "assessment/evaluations.html", context)


@allowed(*CENTRE)
def evaluation(request: Request, number: str) -> HttpResponse:
    """一次评估：方案、打分、整改要求，各在各的一步能改。"""
    found = get_object_or_404(Evaluation.objects.select_related("case__board"), case__number=number)
    problems: tuple[str, ...] = ()
    post = request.POST
    if request.method == "POST":
        try:
            _save(request, found)
            return redirect(f"/evaluations/{number}/")
        except Refused as error:
            problems = error.problems
    indicators = evaluating.indicators(found)
    if problems and post.get("do") == "scheme":
        indicators = _scheme_rows(request)
    rows = [
        (row, [(i, post.get(f"{row.institution.code}:{i['name']}", score or "")) for i, score in row.scores],
         post.get(f"{row.institution.code}:依据", row.evidence))
        for row in evaluating.rows(found)
    ]  # fmt: skip
    step, role = found.case.board.step, request.actor.role
    scoring = step == "score" and role == Role.THIRD_PARTY
    barred = uncovered(request.actor, request.on, Scope.APPRAISAL) if scoring else ""
    context = {
        "evaluation": found,
        "case": found.case,
        "indicators": [*indicators, *({"kind": "", "name": "", "weight": ""},) * _SPARE],
        "kinds": (evaluating.UNIT, evaluating.PROVIDER),
        "rows": rows,
        "groups": _by_kind(rows),
        "problems": problems,
        "values": post,
        "draws": step == "draft" and role == Role.REVIEWER,
        "uncovered": barred,
        "grades": scoring and not barred,
        "requires": step in ("decide", "rectify") and role in (Role.AUTHORITY, Role.REVIEWER),
        "requirements": found.case.requirements.select_related("institution").prefetch_related("steps").order_by("pk"),
    }
    return render(request, "assessment/evaluation.html", context, status=422 if problems else 200)


def _by_kind(rows: list[Any]) -> list[tuple[str, list[str], list[Any]]]:
    """评单位的、评服务商的指标不同，各列一张表：评谁、各项指标、各家。"""
    found: dict[str, tuple[list[str], list[Any]]] = {}
    for row in rows:
        names = [indicator["name"] for indicator, _ in row[1]]
        found.setdefault(evaluating.kind_of(row[0].institution), (names, []))[1].append(row)
    return [(kind, names, members) for kind, (names, members) in found.items()]


def _scheme_rows(request: Request) -> list[evaluating.Indicator]:
    post = request.POST
    rows = zip(post.getlist("kind"), post.getlist("name"), post.getlist("weight"), strict=False)
    return [
        {"kind": kind, "name": name[:100], "weight": weight[:10]}
        for kind, name, weight in rows
        if kind or name.strip() or weight.strip()
    ]


def _save(request: Request, found: Evaluation) -> None:
    post = request.POST
    if post.get("do") == "scheme":
        evaluating.draw_up(actor=request.actor, evaluation=found, rows=_scheme_rows(request))
    elif post.get("do") == "grade":
        given: dict[str, dict[str, str]] = {}
        for key, value in post.dict().items():
            code, mark, name = key.partition(":")
            if mark:
                given.setdefault(code, {})[name] = value
        # 一格都没填的，留着以后打
        filled = {code: cells for code, cells in given.items() if any(text.strip() for text in cells.values())}
        evaluating.grade(actor=request.actor, on=request.on, evaluation=found, given=filled)
    else:
        institution = Institution.objects.filter(code=post.get("institution", "")).first()
        if institution is None:
            raise Refused(["请选择谁整改（R-095）"])
        try:
            due_on = day_of(post.get("due_on", ""))
        except ValueError as error:
            raise Refused([f"期限：{error}"]) from error
        evaluating.require(
            actor=request.actor,
            on=request.on,
            evaluation=found,
            institution=institution,
            text=post.get("text", ""),
            due_on=due_on,
        )


def register() -> None:
    """登记效能评估在办件页上的那一块。"""
    register_panel("evaluation", "assessment/_evaluation.html", _panel)
    register_beside("assessment/_published.html", _beside)


def _panel(request: Request, case: Case) -> dict[str, Any]:
    found = Evaluation.objects.get(case=case)
    return {
        "rows": evaluating.rows(found),
        "open": rectifying.outstanding(case),
        "linked": request.actor.role in CENTRE,
    }


def _beside(request: Request, case: Case) -> dict[str, Any] | None:
    """申请旁边：这个单位最近发布的评估结果和没有销号的整改；看不到的角色、没有发布过的不摆（R-095）。"""
    if request.actor.role not in _ADJUSTS:
        return None
    result = evaluating.latest_results([case.unit_id]).get(case.unit_id)
    if result is None:
        return None
    open_ = [one for one in rectifying.outstanding(result.evaluation.case) if one.institution_id == case.unit_id]
    return {"result": result, "open": open_}
