"""结算的页面：各年度、计量批次、合同支付，办件页上的那一块；数据包。"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from yunheng.assessment.queries import locked
from yunheng.audit.actor import Actor
from yunheng.audit.append_only import newest
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, Refused
from yunheng.cases.models import Case
from yunheng.cases.panels import register_panel, register_reminder
from yunheng.cases.queries import visible as visible_cases
from yunheng.catalog import queries as catalog
from yunheng.catalog.models import Edition, EditionDraft, Inquiry
from yunheng.catalog.operations import LEVELS, stale_problems
from yunheng.catalog.procuring import budget_day, declined
from yunheng.catalog.sheet import checked
from yunheng.ledger import unrecorded
from yunheng.ledger.models import Project
from yunheng.orgs import commissioning
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import money_of, year_of
from yunheng.orgs.serving import attached
from yunheng.rules import periods
from yunheng.rules.periods import service_year, service_year_of, year_end
from yunheng.rules.procedures import WITHDRAWN
from yunheng.rules.roles import Role
from yunheng.rules.rulebook import built_in, service_year_start
from yunheng.rules.scopes import Scope
from yunheng.settlement import arriving, chaining, disputing, funding, operations, owing, payables, queries
from yunheng.settlement.bill import objecting
from yunheng.settlement.footing import footing
from yunheng.settlement.impact import agreements_touched, touched, wanted_and_used
from yunheng.settlement.models import (
    ADJUST,
    ESTIMATE,
    YEARLY,
    Contract,
    Freeze,
    Payment,
    Run,
    RunOrder,
    YearCase,
)
from yunheng.settlement.pages import standing
from yunheng.settlement.runs import amended, freezing, late, unread, warned
from yunheng.settlement.runs import package as packing

FIRST_YEAR = 2021
_TYPES = {"zip": "application/zip", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
CENTRE = (Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY)
_CITY = (Role.CITY_OPERATOR, Role.CITY_AUTHORITY, Role.CITY_ECONOMY)
#: 三方核对的各方：看对账差异、异议；使用单位、服务商只看自己的
RECONCILES = (*CENTRE, Role.CLERK, Role.HEAD, Role.PROVIDER)
#: 编号的上限：再大数据库存不下
MAX_PK = 2**63 - 1


@allowed(*BUSINESS)
def home(request: Request) -> HttpResponse:
    """各服务年度：最近的计量、结算办到哪里。"""
    present = service_year_of(request.on)
    cases = {one.service_year: one.case for one in queries.year_cases()}
    frozen = {one.service_year: one.run for one in Freeze.objects.order_by("number").select_related("run")}
    latest = {one.service_year: one for one in Run.objects.order_by("service_year", "-pk").distinct("service_year")}
    rows = []
    for year in range(present, FIRST_YEAR, -1):
        run = frozen.get(year) or latest.get(year)
        total = queries.totals(queries.visible_sums(request.actor, run)) if run else None
        rows.append({"year": year, "span": service_year(year), "run": run, "total": total, "case": cases.get(year)})
    shares = request.actor.role in (Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION)
    commissioned = request.actor.role in (*commissioning.READERS, Role.THIRD_PARTY)
    context = {
        "rows": rows,
        "reopened": owing.reopened() if request.actor.role in CENTRE else (),
        "openable": openable(request.actor, queries.year_cases()),
        "shares": shares,
        "commissioned": commissioned,
        "starts": service_year_start(present),
        "opens": built_in().settled("settlement_start_month", request.on).whole,
    }
    return render(request, "settlement/home.html", context)


def openable(actor: Actor, cases: QuerySet[YearCase]) -> set[int]:
    """这几件里打得开的（R-001）：年度结算是区里的件，使用单位、服务商只看编号和办到哪里，不给点了打不开的链接。"""
    return set(visible_cases(actor).filter(case__in=cases.values("case")).values_list("case_id", flat=True))


@allowed(*BUSINESS)
def year(request: Request, year: int) -> HttpResponse:
    """一个服务年度：计量批次、各服务商、下一步。"""
    if not FIRST_YEAR < year <= service_year_of(request.on):
        raise Http404
    cases = list(queries.year_cases(year))
    runs = list(Run.objects.filter(service_year=year).order_by("-pk")[:20])
    own_counts = {} if request.actor.role in CENTRE else queries.visible_counts(request.actor, runs)
    freeze, centre = queries.frozen(year), request.actor.role in CENTRE
    # 冻结以后照现在重算的，补差批准以前不算数：区里看得到、写明没有采纳，使用单位、服务商看已结的
    latest = runs[0] if runs and (centre or freeze is None) else freeze.run if freeze else None
    context: dict[str, Any] = {
        "year": year,
        "span": service_year(year),
        "case": cases[-1].case if cases else None,
        "opens": openable(request.actor, YearCase.objects.filter(service_year=year)),
        "withdrawn": YearCase.objects.filter(service_year=year, case__board__outcome=WITHDRAWN.code)
        .select_related("case")
        .order_by("pk"),
        "cases": cases,
        # 几条账目也只说看得到的（R-001）：全区的各级看全区的，其余只数自己的
        "runs": [(one, None if request.actor.role in CENTRE else own_counts.get(one.pk, 0)) for one in runs],
        "latest": latest,
        "order": newest(RunOrder.objects.filter(service_year=year).exclude(kind=ESTIMATE)),
        "going": queries.measuring(year).exists(),
        "freeze": freeze,
        "freezes": Freeze.objects.filter(service_year=year).select_related("case", "base").order_by("number"),
        "finished": request.on >= year_end(year),
        "measures": request.actor.role == Role.REVIEWER,
        "centre": centre,
        "late": late.standing(year) if request.actor.role in CENTRE else None,
        "amended": amended.since(year) if request.actor.role in CENTRE else None,
        "pending": unread.pending(year) if request.actor.role in CENTRE else None,
        "missing": len(unrecorded.find()) if request.actor.role in CENTRE else 0,
        "names": names_of(),
        "reconciles": request.actor.role in RECONCILES,
        "objections": objecting.visible(request.actor).filter(run__service_year=year).count(),
        "waiting": objecting.visible(request.actor).filter(run__service_year=year, reply=None).count(),
    }
    if latest:
        base = latest.base or latest
        counts = {name: getattr(base, name).count() for name in ("contested", "uncounted", "outranked", "log_gaps")}
        context["odd"] = counts | {"left": arriving.pending(latest)} if any(counts.values()) else None
        context["warned"] = warned.groups(latest, everything=context["centre"])
        context["partly"] = disputing.partly_ruled(request.actor, latest)
        context["differences"] = disputing.difference_count(request.actor, latest)
        own = context["own_paying"] = _own_paying(request, year)
        context["own_bills"] = _own_bills(request, latest, year, context["names"], own["contracts"] if own else ())
        context["total"] = queries.totals(queries.visible_sums(request.actor, latest))
        seen = queries.visible_lines(request.actor, latest)
        context["unpriced"] = queries.unpriced(seen, latest, "provider")
        if freeze and freeze.run_id != latest.pk:
            context["settled_total"] = queries.totals(queries.visible_sums(request.actor, freeze.run))
        context["by_provider"] = queries.breakdown(
            queries.visible_sums(request.actor, latest), "provider", context["names"]
        )
    if context["centre"] and context["freeze"]:
        context["money"] = _money([one.case for one in cases])
        context["owed"] = owing.of(year)
        context["reopened"] = [one for one in owing.reopened() if one.year == year]
    if request.htmx:
        response = render(request, "settlement/_order.html", context)
        # 办完了（或没办成）整页重来，各处的数一起换新
        if context["order"] is None or context["order"].run_id or context["order"].problems:
            response["HX-Refresh"] = "true"
        return response
    return render(request, "settlement/year.html", context)


def _money(cases: Sequence[Case]) -> dict[str, Any]:
    """年度结算的预算合计和各步金额，批复不足的写明怎样处理的；有补差的，连补差全年多少（R-081、R-083）。"""
    case = cases[0]
    return {
        "case": case,
        "whole": chaining.whole(cases) if len(cases) > 1 else None,
        "need": funding.need(case),
        "chain": chaining.chain(case),
        "short": funding.shortage(case),
        "limit": funding.limit(case),
        "standing": funding.shortfall_of(case),
        "late_recovery": standing.late_recovery(case),
    }


def _registered(contracts: QuerySet[Contract], back: str, *, edits: bool) -> dict[str, Any]:
    """登记过的合同和支付，作废、冲回的都在；`edits` 是能更正，办完回 `back`（R-081、R-088）。"""
    found = contracts.select_related("provider", "voided").order_by("pk")
    payments = Payment.objects.select_related("reverses", "reversed_by").order_by("pk")
    return {"contracts": list(found.prefetch_related(Prefetch("payments", payments))), "back": back, "edits": edits}


def _signed(contracts: Iterable[Contract]) -> dict[tuple[int, str], Contract]:
    """（哪一份结算, 服务商代码）→ 算数的合同；作废了的不算。"""
    return {(one.freeze_id, one.provider.code): one for one in contracts if not hasattr(one, "voided")}


def _own_paying(request: Request, year: int) -> dict[str, Any] | None:
    """本单位自行支付登记过的合同和支付；不是使用单位的没有。"""
    if request.actor.role not in (Role.CLERK, Role.HEAD):
        return None
    own = Contract.objects.filter(freeze__service_year=year, unit=request.actor.institution)
    return _registered(own, f"/settlement/{year}/", edits=request.actor.role == Role.CLERK)


def _own_bills(
    request: Request, run: Run, year: int, names: dict[str, str], contracts: Iterable[Contract]
) -> list[dict[str, Any]]:
    """本单位自行支付的各家应付、合同、已付，年度结算和各次补差都在（R-088）；不是使用单位的没有。"""
    if request.actor.role not in (Role.CLERK, Role.HEAD):
        return []
    unit = Institution.objects.get(pk=request.actor.institution or 0)
    freezes = list(Freeze.objects.filter(service_year=year).select_related("run", "base__run").order_by("number"))
    signed = _signed(contracts)
    # 还没冻结的照最近的批次，只看不签
    shown: list[tuple[Freeze | None, list[payables.Due]]] = [(freeze, funding.dues(freeze)) for freeze in freezes]
    shown = shown or [(None, funding.dues(Freeze(run=run)))]
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
    return redirect(back_to(request, run.service_year))


def back_to(request: Request, year: int) -> str:
    """办完回哪一页：表单里写的，或年度页。"""
    back = request.POST.get("back", "")
    return back if back.startswith(("/cases/", "/settlement/")) else f"/settlement/{year}/"


def money_in(request: Request, name: str) -> Decimal:
    """表单里的一栏金额；不对抛 Refused。"""
    try:
        return money_of(request.POST.get(name, ""))
    except ValueError as error:
        raise Refused([At(name, str(error))]) from error


# ── 办件页上的那一块 ──


def register() -> None:
    """登记年度结算在办件页上的那一块。"""
    for code in ("settlement", "adjustment"):
        register_panel(code, "settlement/_case.html", _panel)
    register_reminder("settlement/_reopened_all.html", _reopened)
    for code in ("catalog_city", "catalog_district", "inquiry"):
        register_panel(code, "settlement/_catalog.html", _catalog)


def _reopened(request: Request) -> dict[str, Any] | None:
    """办结以后又冲回、作废，还没有结清的：区科创中心的待办页上提醒（R-081）。"""
    found = owing.reopened() if request.actor.role == Role.REVIEWER else []
    return {"reopened": found} if found else None


def _catalog(request: Request, case: Case) -> dict[str, Any]:
    """编制中的一版：比现行的变了什么，动到哪些在用的资源（R-013）。"""
    draft = EditionDraft.objects.select_related("base").get(case=case)
    rows, _ = checked(draft.rows, draft.level)
    edition = Edition.objects.filter(case=case).first()
    backfilled = edition.backfilled if edition else draft.effective_on is not None and draft.effective_on < request.on
    # 发布了的比它之前的一版，没发布的比最近的一版；补录的比当时的，当时还没有的没有可比
    if edition:
        before = catalog.previous(edition)
    elif backfilled and draft.effective_on:
        before = catalog.edition_on(draft.level, draft.effective_on)
    else:
        before = catalog.latest(draft.level)
    earlier = catalog.rows_of(before) if before else []
    moved = [] if backfilled and before is None else catalog.moved(earlier, rows)
    inquiry = Inquiry.objects.filter(case=case).first()
    found = [] if backfilled else touched(moved, request.on)
    proposer = LEVELS[draft.level][1]
    return {
        "draft": draft,
        "moved": moved,
        "reworded": catalog.reworded(earlier, rows),
        "textless": len({row.item for row in rows if not (row.content and row.standard)}),
        "touched": found,
        "total": sum((one.change for one in found), Decimal(0)),
        "agreements": [] if backfilled else agreements_touched(moved, draft.effective_on or request.on),
        "before": before,
        "backfilled": backfilled,
        "stale": () if edition or backfilled or case.board.outcome else tuple(stale_problems(draft)),
        "newest": catalog.latest(draft.level),
        "providers": dict(providers().values_list("code", "name")),
        "inquiry": inquiry,
        "wanted": wanted_and_used(inquiry, request.on) if inquiry and request.actor.role in (*CENTRE, *_CITY) else (),
        "declined": declined(inquiry) if inquiry else None,
        "budget_day": budget_day(inquiry.on if inquiry else request.on) if case.procedure == "inquiry" else None,
        "deadline": inquiry.due_on if inquiry and case.board.step == "collect" else None,
        "edits": request.actor.role == proposer and case.board.step in ("draft", "compile"),
    }


def _panel(request: Request, case: Case) -> dict[str, Any]:
    year = YearCase.objects.get(case=case).service_year
    run = queries.submitted(case) or queries.latest_run(year, YEARLY if case.procedure == "settlement" else ADJUST)
    found, last = queries.freeze_of(case), queries.latest_plan(case)
    edits = request.actor.role == Role.REVIEWER
    registered = _registered(Contract.objects.filter(freeze=found, unit=None), f"/cases/{case.number}/", edits=edits)
    signed = {code: one for (_, code), one in _signed(registered["contracts"]).items() if not one.fee}
    names = names_of()
    summary = run.head["summary"] if run else None
    figures = {key: funding.figure(case, key) for key in ("need", "approved", "applied")}
    barred = commissioning.uncovered(request.actor, request.on, Scope.METERING)
    dues = funding.dues(found or Freeze(run=run, base=_base(case))) if found or run else []
    unified = [(row, names.get(row.provider, ""), signed.get(row.provider)) for row in dues if not row.unit]
    chain = chaining.chain(case)
    return {
        **(standing.standing(case, found, last, unified, names) if found else {}),
        **(standing.recovery_paying(found, edits=edits) if found else {}),
        "year": year,
        "run": run,
        "warned": warned.groups(run, everything=True) if run else [],
        "freeze": found,
        "plan": last,
        "chain": chain,
        "summary": summary,
        "unified": unified,
        "appraised": set(locked(year)),
        "base": _base(case),
        "sums": _added(unified),
        "own_net": sum((row.net for row in dues if row.unit), Decimal(0)),
        "due": funding.unified_net(found) if found else (Decimal(summary["unified_net"]) if summary else None),
        "verified": found.verified.select_related("provider", "result", "replaced_by").order_by("pk") if found else (),
        "verifies": request.actor.role == Role.AUTHORITY
        and case.board.step == "plan"
        and case.procedure == "settlement",
        "recomputations": run.recomputations.order_by("-pk") if run else (),
        "footing": list(footing(run)) if run else [],
        "waiting": objecting.waiting(year),
        "late": late.standing(year) if found and request.actor.role in CENTRE else None,
        "pending": unread.pending(year) if not found and request.actor.role in CENTRE else None,
        "step": case.board.step,
        "waives": request.actor.role == Role.AUTHORITY,
        "edits": edits,
        "paying": registered,
        "reconciles": request.actor.role in RECONCILES,
        "recomputes": request.actor.role == Role.THIRD_PARTY and not barred,
        "downloads": not barred,
        "suggested": {
            "approved": figures["need"] or "",
            "applied": figures["approved"] or "",
            "granted": (figures["applied"] if case.procedure == "settlement" else figures["need"]) or "",
        },
    }


def _added(unified: Sequence[tuple[payables.Due, str, Contract | None]]) -> dict[str, Decimal]:
    """各家的计量、扣减、核定、应付、已付各合计多少（元）。"""
    keys = ("gross", "deduction", "verified", "deferred", "net", "cut", "payable")
    zero = Decimal(0)
    return {key: sum((getattr(row, key) for row, _, _ in unified), zero) for key in keys} | {
        "paid": sum((contract.paid_total for _, _, contract in unified if contract), zero)
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
        frozen = queries.frozen_years()
        years = [
            (
                year,
                f"{periods.years(year)} 服务年度（{year}-07-01 至 {year + 1}-06-30，含"
                f"{'，已冻结' if year in frozen else '，还没有完' if request.on < year_end(year) else ''}）",
            )
            for year in range(present, FIRST_YEAR, -1)
        ]
        barred = commissioning.uncovered(request.actor, request.on, Scope.METERING)
        context = {"years": years, "counts": packing.counts(), "uncovered": barred}
        context["unfinished"] = freezing.unfinished(present, None, request.on)
        return render(request, "settlement/package.html", context)
    commissioning.require(request.actor, request.on, Scope.METERING)
    year = year_of(request.GET.get("year"))
    if kind not in _TYPES or year is None or not FIRST_YEAR < year <= present:
        raise Http404
    try:
        cutoff = date.fromisoformat(request.GET["cutoff"]) if request.GET.get("cutoff") else None
    except ValueError as error:
        raise Http404 from error
    if cutoff and service_year_of(cutoff) != year:
        raise Http404
    now = request.GET.get("now") == "1"
    kept = not now and year in queries.frozen_years()
    name = f"结算数据包-{year}" + (f"-截至{cutoff}" if cutoff else "") + ("-冻结时的包" if kept else "") + f".{kind}"
    with tempfile.TemporaryDirectory(prefix="yunheng-") as folder:
        target = Path(folder) / f"package.{kind}"
        freezing.taken(year, target, cutoff, now=now)
        content = target.read_bytes()
    with unit_of_work(request.actor) as journal:
        journal.note("导出数据包", name)
    return attached(content, name, _TYPES[kind])
