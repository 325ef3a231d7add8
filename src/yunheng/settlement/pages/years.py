"""结算的页面：各年度、计量批次、合同支付，办件页上的那一块；数据包。"""

from __future__ import annotations

import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.cases.panels import register_panel
from yunheng.catalog import queries as catalog
from yunheng.catalog.models import Edition, EditionDraft, Inquiry
from yunheng.catalog.operations import LEVELS
from yunheng.catalog.sheet import checked
from yunheng.ledger.models import Project
from yunheng.orgs import commissioning
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import day_of, money_of
from yunheng.orgs.serving import attached
from yunheng.rules.periods import service_year, service_year_of, year_end
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope
from yunheng.settlement import operations, paying, queries
from yunheng.settlement.bill import objecting
from yunheng.settlement.impact import agreements_touched, touched
from yunheng.settlement.models import ADJUST, YEARLY, Contract, Freeze, Run, RunOrder, YearCase
from yunheng.settlement.runs import package as packing
from yunheng.settlement.runs import running

FIRST_YEAR = 2021
_TYPES = {"zip": "application/zip", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
CENTRE = (Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY)
#: 编号的上限：再大数据库存不下
MAX_PK = 2**63 - 1


@allowed(*BUSINESS)
def home(request: Request) -> HttpResponse:
    """各服务年度：最近的计量、结算办到哪里。"""
    present = service_year_of(request.on)
    cases = {one.service_year: one.case for one in YearCase.objects.select_related("case__board").order_by("number")}
    frozen = dict(Freeze.objects.order_by("number").values_list("service_year", "run"))
    rows = []
    for year in range(present, FIRST_YEAR, -1):
        run = Run.objects.filter(pk=frozen[year]).first() if year in frozen else queries.latest_run(year)
        total = queries.totals(queries.visible_sums(request.actor, run)) if run else None
        rows.append({"year": year, "span": service_year(year), "run": run, "total": total, "case": cases.get(year)})
    shares = request.actor.role in (Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION)
    commissioned = request.actor.role in (*commissioning.READERS, Role.THIRD_PARTY)
    context = {"rows": rows, "shares": shares, "commissioned": commissioned}
    return render(request, "settlement/home.html", context)


@allowed(*BUSINESS)
def year(request: Request, year: int) -> HttpResponse:
    """一个服务年度：计量批次、各服务商、下一步。"""
    if not FIRST_YEAR < year <= service_year_of(request.on):
        raise Http404
    every = list(YearCase.objects.filter(service_year=year).select_related("case__board").order_by("number"))
    case = every[-1] if every else None
    runs = list(Run.objects.filter(service_year=year).order_by("-pk")[:20])
    context: dict[str, Any] = {
        "year": year,
        "span": service_year(year),
        "case": case.case if case else None,
        "runs": runs,
        "latest": runs[0] if runs else None,
        "order": RunOrder.objects.filter(service_year=year).order_by("-pk").first(),
        "freeze": queries.frozen(year),
        "freezes": Freeze.objects.filter(service_year=year).select_related("case", "base").order_by("number"),
        "finished": request.on >= year_end(year),
        "measures": request.actor.role == Role.REVIEWER,
        "centre": request.actor.role in CENTRE,
        "names": names_of(),
        "objections": objecting.visible(request.actor).filter(run__service_year=year).count(),
        "waiting": objecting.visible(request.actor).filter(run__service_year=year, reply=None).count(),
    }
    if context["latest"]:
        context["own_bills"] = _own_bills(request, context["latest"], year, context["names"])
        context["total"] = queries.totals(queries.visible_sums(request.actor, context["latest"]))
        context["by_provider"] = queries.breakdown(
            queries.visible_sums(request.actor, context["latest"]), "provider", context["names"]
        )
    if request.htmx:
        response = render(request, "settlement/_order.html", context)
        # 办完了（或没办成）整页重来，各处的数一起换新
        if context["order"] is None or context["order"].run_id or context["order"].problems:
            response["HX-Refresh"] = "true"
        return response
    return render(request, "settlement/year.html", context)


def _own_bills(request: Request, run: Run, year: int, names: dict[str, str]) -> list[dict[str, Any]]:
    """本单位自行支付的各家应付、合同、已付，年度结算和各次补差都在（R-088）；不是使用单位的没有。"""
    if request.actor.role not in (Role.CLERK, Role.HEAD):
        return []
    unit = Institution.objects.get(pk=request.actor.institution or 0)
    freezes = list(Freeze.objects.filter(service_year=year).select_related("run", "base__run").order_by("number"))
    contracts = Contract.objects.filter(freeze__in=freezes, unit=unit).select_related("provider")
    signed = {(one.freeze_id, one.provider.code): one for one in contracts.prefetch_related("payments")}
    # 还没冻结的照最近的批次，只看不签
    shown: list[tuple[Freeze | None, list[queries.Due]]] = [(freeze, queries.dues(freeze)) for freeze in freezes]
    shown = shown or [(None, queries.dues(Freeze(run=run)))]
    return [
        {
            "provider": due.provider,
            "name": names[due.provider],
            "net": due.net,
            "number": freeze.number if freeze else 0,
            "frozen": freeze is not None,
            "contract": signed.get((freeze.pk, due.provider)) if freeze else None,
        }
        for freeze, dues in shown
        for due in dues
        if due.unit == unit.code and due.net
    ]


@require_POST
@allowed(Role.REVIEWER)
def measure(request: Request, year: int) -> HttpResponse:
    """要一次计量，或起年度结算。"""
    if request.POST.get("do") == "start":
        case = operations.start(actor=request.actor, on=request.on, year=year)
        return redirect(f"/cases/{case.number}/")
    if request.POST.get("do") == "adjust":
        case = operations.adjust(actor=request.actor, on=request.on, year=year)
        return redirect(f"/cases/{case.number}/")
    operations.order_run(actor=request.actor, on=request.on, year=year, kind=request.POST.get("kind", ""))
    return redirect(f"/settlement/{year}/")


def names_of() -> dict[str, str]:
    """机构、项目代码 → 名称。"""
    return dict(Institution.objects.values_list("code", "name")) | dict(Project.objects.values_list("code", "name"))


@require_POST
@allowed(Role.THIRD_PARTY)
def recompute(request: Request, pk: int) -> HttpResponse:
    """第三方上传复算的 结算.json。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    given = request.FILES.get("file")
    if given is None:
        raise Refused(["没有选择文件"])
    operations.recompute(actor=request.actor, on=request.on, run=run, file=given)
    return redirect(_back(request, run.service_year))


@require_POST
@allowed(Role.REVIEWER, Role.CLERK)
def contract(request: Request, year: int) -> HttpResponse:
    """登记支付合同。"""
    number = request.POST.get("adjustment", "")
    freeze = get_object_or_404(Freeze, service_year=year, number=int(number[:4]) if number.isdigit() else 0)
    provider = providers().filter(code=request.POST.get("provider", "")).first()
    if provider is None:
        raise Refused(["请选择服务商"])
    own = Institution.objects.filter(pk=request.actor.institution or 0).first()
    unit = own if request.actor.role == Role.CLERK else None
    paying.sign(
        actor=request.actor,
        on=request.on,
        freeze=freeze,
        provider=provider,
        unit=unit,
        number=request.POST.get("number", "")[:80],
        amount=money_in(request, "amount"),
        signed_on=_day(request, "signed_on"),
    )
    return redirect(_back(request, year))


@require_POST
@allowed(Role.REVIEWER, Role.CLERK)
def pay(request: Request, pk: int) -> HttpResponse:
    """登记支付。"""
    found = get_object_or_404(Contract.objects.select_related("freeze"), pk=min(pk, MAX_PK))
    paying.pay(
        actor=request.actor,
        on=request.on,
        contract=found,
        amount=money_in(request, "amount"),
        paid_on=_day(request, "paid_on"),
        voucher=request.POST.get("voucher", "")[:80],
    )
    return redirect(_back(request, found.freeze.service_year))


def _back(request: Request, year: int) -> str:
    back = request.POST.get("back", "")
    return back if back.startswith(("/cases/", "/settlement/")) else f"/settlement/{year}/"


def money_in(request: Request, name: str) -> Decimal:
    """表单里的一栏金额；不对抛 Refused。"""
    try:
        return money_of(request.POST.get(name, ""))
    except ValueError as error:
        raise Refused([str(error)]) from error


def _day(request: Request, name: str) -> date:
    try:
        return day_of(request.POST.get(name, ""))
    except ValueError as error:
        raise Refused([str(error)]) from error


# ── 办件页上的那一块 ──


def register() -> None:
    """登记年度结算在办件页上的那一块。"""
    for code in ("settlement", "adjustment"):
        register_panel(code, "settlement/_case.html", _panel)
    for code in ("catalog_city", "catalog_district", "inquiry"):
        register_panel(code, "settlement/_catalog.html", _catalog)


def _catalog(request: Request, case: Case) -> dict[str, Any]:
    """编制中的一版：比现行的变了什么，动到哪些在用的资源（R-013）。"""
    draft = EditionDraft.objects.get(case=case)
    rows, _ = checked(draft.rows, draft.level)
    edition = Edition.objects.filter(case=case).first()
    # 发布了的比它之前的一版，没发布的比今天现行的
    before = catalog.previous(edition) if edition else catalog.edition_on(draft.level, request.on)
    moved = catalog.moved(catalog.rows_of(before) if before else [], rows)
    found = touched(moved, request.on)
    proposer = LEVELS[draft.level][1]
    return {
        "draft": draft,
        "moved": moved,
        "touched": found,
        "total": sum((one.change for one in found), Decimal(0)),
        "agreements": agreements_touched(moved, draft.effective_on or request.on),
        "providers": dict(providers().values_list("code", "name")),
        "inquiry": Inquiry.objects.filter(case=case).first(),
        "edits": request.actor.role == proposer and case.board.step in ("draft", "compile"),
    }


def _panel(request: Request, case: Case) -> dict[str, Any]:
    year = YearCase.objects.get(case=case).service_year
    run = queries.submitted(case) or queries.latest_run(year, YEARLY if case.procedure == "settlement" else ADJUST)
    found, last = queries.freeze_of(case), queries.latest_plan(case)
    contracts = Contract.objects.filter(freeze=found, unit=None).select_related("provider").prefetch_related("payments")
    signed = {one.provider.code: one for one in contracts}
    names = names_of()
    summary = run.head["summary"] if run else None
    figures = {key: queries.figure(case, key) for key in ("plan", "approved", "applied", "due")}
    barred = commissioning.uncovered(request.actor, request.on, Scope.METERING)
    return {
        "year": year,
        "run": run,
        "freeze": found,
        "plan": last,
        "chain": queries.chain(case),
        "summary": summary,
        "unified": [
            (row, names.get(row.provider, ""), signed.get(row.provider))
            for row in (
                queries.dues(found) if found else queries.dues(Freeze(run=run, base=_base(case))) if run else []
            )
            if not row.unit
        ],
        "base": _base(case),
        "due": queries.unified_net(found) if found else (Decimal(summary["unified_net"]) if summary else None),
        "verified": found.verified.select_related("provider", "result").order_by("pk") if found else (),
        "verifies": request.actor.role == Role.AUTHORITY
        and case.board.step == "plan"
        and case.procedure == "settlement",
        "recomputations": run.recomputations.order_by("-pk") if run else (),
        "footing": list(queries.footing(run)) if run else [],
        "waiting": objecting.waiting(year),
        "step": case.board.step,
        "edits": request.actor.role == Role.REVIEWER,
        "recomputes": request.actor.role == Role.THIRD_PARTY and not barred,
        "downloads": not barred,
        "suggested": {
            "approved": figures["plan"] or "",
            "applied": figures["approved"] or "",
            "granted": figures["applied"] or figures["due"] or "",
        },
    }


def _base(case: Case) -> Freeze | None:
    """补差减去的那一份；年度结算没有。"""
    if case.procedure != "adjustment":
        return None
    found = queries.freeze_of(case)
    return found.base if found else queries.frozen(YearCase.objects.get(case=case).service_year)


# ── 数据包、证据 ──


@allowed(*CENTRE)
def package(request: Request) -> HttpResponse:
    """选年度和截止日；`format=zip` 或 `xlsx` 就给文件（R-077）。"""
    present = service_year_of(request.on)
    kind = request.GET.get("format", "")
    if not kind:
        years = [
            (year, f"{year} 服务年度（{year}-07-01 至 {year + 1}-06-30）") for year in range(present, FIRST_YEAR, -1)
        ]
        barred = commissioning.uncovered(request.actor, request.on, Scope.METERING)
        context = {"years": years, "counts": packing.counts(), "uncovered": barred}
        return render(request, "settlement/package.html", context)
    commissioning.require(request.actor, request.on, Scope.METERING)
    chosen = request.GET.get("year", "")
    if kind not in _TYPES or not chosen.isdigit() or not FIRST_YEAR < int(chosen[:4]) <= present:
        raise Http404
    year = int(chosen[:4])
    try:
        cutoff = date.fromisoformat(request.GET["cutoff"]) if request.GET.get("cutoff") else None
    except ValueError as error:
        raise Http404 from error
    if cutoff and service_year_of(cutoff) != year:
        raise Http404
    name = f"结算数据包-{year}" + (f"-截至{cutoff}" if cutoff else "") + f".{kind}"
    with tempfile.TemporaryDirectory(prefix="yunheng-") as folder:
        target = Path(folder) / f"package.{kind}"
        running.export(year, target, cutoff)
        content = target.read_bytes()
    with unit_of_work(request.actor) as journal:
        journal.note("导出数据包", name)
    return attached(content, name, _TYPES[kind])
