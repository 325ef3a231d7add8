"""看申请的页面：办件详情（连同表单）、对照、附件、安全确认、例外登记。"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.cases.panels import beside_of, panel_of
from yunheng.cases.views import case_or_404, panel
from yunheng.documents.annexes import MACHINE_COLUMNS
from yunheng.documents.pdf import FontProblem
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.models import Institution, Kind
from yunheng.orgs.queries import scoped
from yunheng.orgs.reading import whole_of
from yunheng.orgs.serving import attached
from yunheng.rules.roles import Role
from yunheng.security.models import Condition
from yunheng.security.operations import confirm

from . import guards, operations, printing, receipts
from .comparing import compare
from .models import Draft, Exemption, Filing
from .showing import TYPES, blocks, estimate_of, excess_shown, growth_shown


@allowed(*BUSINESS)
def detail(request: Request, number: str) -> HttpResponse:
    """办件详情。有表要填的草稿，给填表的人转去任务清单；没有表的（如预算审核）就在这一页上填。"""
    case = case_or_404(request, number)
    drafting = case.board.step == "draft" and request.actor.role == Role.CLERK
    if drafting and Draft.objects.filter(case=case).exists():
        return redirect(f"/apply/{number}/")
    filings = list(Filing.objects.filter(case=case).select_related("project").order_by("-version"))
    context = panel(request, case) | {"machine_columns": MACHINE_COLUMNS}
    if filings:
        filing = filings[0]
        context |= {
            "filings": filings,
            "filing": filing,
            "blocks": blocks(case, filing.content, filing.project),
            "project": filing.project,
            "beside": beside_of(request, case),
            "missing": guards.missing_in(case, filing.project, request.actor),
            "drifted": guards.drifted(case),
            "records": request.actor.role == Role.REVIEWER,
        }
        if request.actor.role not in (Role.SPONSOR,):
            context["estimate"] = estimate_of(filing.content, request)
    context["own"] = panel_of(request, case)
    at = context["at"]
    if context["mine"] and at.step.code == "deliver" and case.procedure != "deregistration":
        context["receipt"] = receipts.rows(case)
    if at.step and at.step.code in ("verify", "open"):
        context["conditions"] = _conditions(case)
    if request.actor.role in (Role.REVIEWER, Role.AUTHORITY) and case.procedure == "change" and filings:
        draft = Draft(case=case, project=filings[0].project, content=filings[0].content)
        context["growth"] = growth_shown(draft, request)
        context["excess"] = excess_shown(draft, request)
    if refusal := getattr(request, "refusal", None):
        # 指出的各处是点出来的，页面上本来没有：没办成要摆回来
        context["marks"] = [key.removeprefix("mark:") for key in refusal.typed if key.startswith("mark:")]
    context["facts"] = case.facts.select_related("resource", "item").order_by("resource__code", "item__code")
    return render(request, "applications/case.html", context)


def _conditions(case: Case) -> list[tuple[Condition, Any]]:
    done = {clearance.condition: clearance for clearance in case.clearances.select_related("person")}
    return [(condition, done.get(condition.value)) for condition in Condition]


@require_POST
@allowed(Role.CLERK)
def clear(request: Request, number: str) -> HttpResponse:
    """使用单位确认安全六项里的一项。"""
    case = case_or_404(request, number)
    with unit_of_work(request.actor):
        confirm(
            actor=request.actor,
            on=request.on,
            case=case,
            condition=request.POST.get("condition", ""),
            note=request.POST.get("note", ""),
        )
    return redirect(f"/cases/{number}/#gate")


@allowed(*BUSINESS)
def diff(request: Request, number: str, first: int, second: int) -> HttpResponse:
    """两版对照。"""
    case = case_or_404(request, number)
    filings = {
        filing.version: filing
        for filing in Filing.objects.filter(case=case, version__in=(first, second)).select_related("project")
    }
    if len(filings) != 2:
        raise Http404
    changes = compare(case.procedure, filings[first].content, filings[second].content)
    return render(
        request,
        "applications/diff.html",
        {"case": case, "changes": changes, "first": filings[first], "second": filings[second]},
    )


@allowed(*BUSINESS)
def annex(request: Request, number: str, which: str, kind: str) -> HttpResponse:
    """附件的 Word、PDF。"""
    case = case_or_404(request, number)
    try:
        content = printing.render(case, int(which), kind)
    except printing.NotPrintable as error:
        raise Http404 from error
    except FontProblem as error:
        raise Refused([f"{error}；可以先下载 Word"]) from error
    name = f"附件{which}-{case.unit.name}-{case.number}.{kind}"
    return attached(content, name, TYPES[kind])


@allowed(*BUSINESS)
def exemptions(request: Request) -> HttpResponse:
    """法规规定不宜上云的系统：登记在册的；区科委在这里登记、撤销（R-002）。"""
    problems: tuple[str, ...] = ()
    post = request.POST
    if request.method == "POST":
        unit = Institution.objects.filter(kind=Kind.USING_UNIT, pk=whole_of(post.get("unit")) or 0).first()
        try:
            if unit is None:
                raise Refused(["请选择单位"])
            operations.register_exemption(
                actor=request.actor,
                on=request.on,
                unit=unit,
                system=post.get("system", ""),
                basis=post.get("basis", ""),
                note=post.get("note", ""),
                revoked=post.get("revoked") == "1",
            )
            return redirect("/exemptions/")
        except Refused as error:
            problems = error.problems
    entries = scoped(Exemption.objects.select_related("unit"), request.actor, unit="unit", provider="unit").order_by(
        "-pk"
    )
    context = {
        "entries": entries,
        "problems": problems,
        "values": post,
        "registers": request.actor.role == Role.AUTHORITY,
        "units": Institution.objects.filter(kind=Kind.USING_UNIT).order_by("code"),
    }
    return render(request, "applications/exemptions.html", context, status=422 if problems else 200)
