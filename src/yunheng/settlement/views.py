"""结算的页面：各年度、计量批次、逐级看账、差异、方案、合同支付；数据包和证据。"""

from __future__ import annotations

import json
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.cases.panels import register_panel
from yunheng.catalog import queries as catalog
from yunheng.catalog.models import Edition, EditionDraft, Inquiry, Item
from yunheng.catalog.operations import LEVELS
from yunheng.catalog.sheet import checked
from yunheng.ledger.models import Project
from yunheng.ledger.queries import visible
from yunheng.metering import differences as named
from yunheng.metering import diffing
from yunheng.metering.explaining import equation
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.models import Institution, Kind
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import day_of, money_of
from yunheng.rules.conventions import CONVENTIONS
from yunheng.rules.periods import service_year, service_year_of, year_end
from yunheng.rules.roles import Role

from . import operations, queries, running
from . import package as packing
from .evidence import of
from .impact import touched
from .models import ADJUST, YEARLY, Contract, Freeze, Plan, PlanFile, Run, RunFile, RunOrder, YearCase

FIRST_YEAR = 2021
PAGE = 100
_TYPES = {"zip": "application/zip", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
CENTRE = (Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY)
#: 看账的各级：栏、叫法
_LEVELS = (("unit", "单位"), ("project", "项目"), ("resource", "资源"))
#: 差异可以分派给哪几类机构
_ASSIGNED = (Kind.PROVIDER, Kind.USING_UNIT, Kind.THIRD_PARTY)
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
        total = queries.totals(queries.visible_lines(request.actor, run)) if run else None
        rows.append({"year": year, "span": service_year(year), "run": run, "total": total, "case": cases.get(year)})
    return render(request, "settlement/home.html", {"rows": rows})


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
        "names": _names(),
    }
    if context["latest"]:
        context["own_bills"] = _own_bills(request, context["latest"], context["freeze"], context["names"])
        context["total"] = queries.totals(queries.visible_lines(request.actor, context["latest"]))
        context["by_provider"] = queries.breakdown(
            queries.visible_lines(request.actor, context["latest"]), "provider", context["names"]
        )
    if request.htmx:
        response = render(request, "settlement/_order.html", context)
        # 办完了（或没办成）整页重来，各处的数一起换新
        if context["order"] is None or context["order"].run_id or context["order"].problems:
            response["HX-Refresh"] = "true"
        return response
    return render(request, "settlement/year.html", context)


def _own_bills(request: Request, run: Run, freeze: Freeze | None, names: dict[str, str]) -> list[dict[str, Any]]:
    """本单位自行支付的各家应付、合同、已付（R-088）；不是使用单位的没有。"""
    if request.actor.role not in (Role.CLERK, Role.HEAD):
        return []
    unit = Institution.objects.get(pk=request.actor.institution or 0)
    contracts = (
        Contract.objects.filter(freeze__service_year=run.service_year, freeze__number=0, unit=unit).select_related(
            "provider"
        )
        if freeze
        else ()
    )
    signed = {one.provider.code: one for one in contracts}
    # 自行支付照年度结算的一份；补差的另在补差里看
    settled = Freeze.objects.get(service_year=freeze.service_year, number=0).run if freeze else run
    return [
        {
            "provider": row["provider"],
            "name": names[row["provider"]],
            "net": row["net"],
            "contract": signed.get(row["provider"]),
        }
        for row in settled.head["summary"]["self"]
        if row["unit"] == unit.code
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


def _names() -> dict[str, str]:
    """机构、项目代码 → 名称。"""
    return dict(Institution.objects.values_list("code", "name")) | dict(Project.objects.values_list("code", "name"))


@allowed(*BUSINESS)
def drill(request: Request, pk: int) -> HttpResponse:
    """逐级看账：全部 → 单位 → 项目 → 资源 → 账目；每级的合计等于下级之和。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    lines, get, path, names = queries.visible_lines(request.actor, run), request.GET, [], _names()
    for key, label in _LEVELS:
        if value := get.get(key, ""):
            lines = lines.filter(**{key: value})
            path.append((key, label, value, names.get(value, value)))
    if provider := get.get("provider", ""):
        lines = lines.filter(provider=provider)
    crumbs, chosen = [], {"provider": provider} if provider else {}
    for key, label, value, name in path:
        chosen[key] = value
        crumbs.append((f"{label} {name}", urlencode(chosen)))
    context: dict[str, Any] = {
        "run": run,
        "total": queries.totals(lines),
        "crumbs": crumbs,
        "provider": names.get(provider, provider),
        "estimated": run.kind != YEARLY,
    }
    following = next(((key, label) for key, label in _LEVELS if not get.get(key)), None)
    if following is None:
        rows = lines.order_by("disputed", "seq")
        shown = Paginator(rows, PAGE).get_page(get.get("page", "1")[:6])
        context |= {
            "page": shown,
            "items": dict(Item.objects.values_list("code", "name")),
            "query": urlencode(get.dict()),
        }
        return render(request, "settlement/lines.html", context)
    key, label = following
    levels = queries.breakdown(lines, key, names)
    page = Paginator(levels, PAGE).get_page(get.get("page", "1")[:6])
    base = {k: v for k, v in get.items() if k != "page"}
    context |= {
        "label": label,
        "page": page,
        "rows": [(level, urlencode({**base, key: level.code})) for level in page],
        "sum": sum((level.amount for level in levels), Decimal(0)),
        "providers": [] if path else queries.breakdown(queries.visible_lines(request.actor, run), "provider", names),
        "query": urlencode(base),
    }
    return render(request, "settlement/drill.html", context)


@allowed(*BUSINESS)
def line(request: Request, pk: int, seq: int) -> HttpResponse:
    """一条账目为什么是这么多：算式、逐日、单据、工单、日志、价格、条款、口径。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    disputed = bool(request.GET.get("disputed"))
    found = get_object_or_404(queries.visible_lines(request.actor, run), disputed=disputed, seq=min(seq, 2**31 - 1))
    item = Item.objects.get(code=found.item)
    stated = {
        "quantity": found.quantity,
        "unit_price": found.unit_price,
        "amount": f"{found.amount:.2f}",
        "from": found.from_on.isoformat(),
        "until": found.until_on.isoformat(),
        "days": found.days,
    }
    text, codes = equation(stated, run.head, item.unit, item.cycle)
    fact = (
        visible(request.actor)
        .filter(code=found.resource)
        .values_list("facts", flat=True)
        .filter(facts__item=item, facts__effective_on__lte=found.until_on)
        .order_by("-facts__effective_on", "-facts")
        .first()
    )
    context = {
        "run": run,
        "line": found,
        "item": item,
        "names": _names(),
        "equation": text,
        "conventions": [
            (code, CONVENTIONS[code].question, CONVENTIONS[code].options[run.head["conventions"][code]])
            for code in sorted({*codes, "K-01", "K-05"})
        ],
        "days": queries.days(found) if found.until_on > found.from_on else [],
        "fact": fact,
        "case": Case.objects.filter(number=found.form.partition("/")[0]).first(),
        "differences": [
            one
            for one in queries.differences(run)
            if one["resource"] == found.resource and one["item"] in (found.item, None)
        ],
    }
    return render(request, "settlement/line.html", context)


@allowed(*CENTRE, Role.CLERK, Role.PROVIDER)
def differences(request: Request, pk: int) -> HttpResponse:
    """对账的差异：分派、说明、裁定（R-075）。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        post = request.POST
        try:
            assignee = post.get("assignee", "")
            operations.handle(
                actor=request.actor,
                on=request.on,
                year=run.service_year,
                code=post.get("code", ""),
                resource=post.get("resource", ""),
                item=post.get("item", ""),
                kind=post.get("kind", ""),
                text=post.get("text", ""),
                ruling=post.get("ruling", ""),
                assignee=Institution.objects.filter(pk=int(assignee[:9])).first() if assignee.isdigit() else None,
            )
            return redirect(
                f"/settlement/runs/{pk}/differences/?code={post.get('code', '')}&q={post.get('resource', '')}"
            )
        except Refused as error:
            problems = error.problems
    rows = queries.differences(run)
    if request.actor.role in (Role.CLERK, Role.PROVIDER):
        own = set(queries.visible_lines(request.actor, run).values_list("resource", flat=True))
        rows = [row for row in rows if row["resource"] in own]
    counts = {f"D{code}": sum(row["code"] == f"D{code}" for row in rows) for code in named.NAMES}
    if code := request.GET.get("code", ""):
        rows = [row for row in rows if row["code"] == code]
    if text := request.GET.get("q", "").strip():
        rows = [row for row in rows if text in f"{row['resource']} {row['form']} {row['order']}"]
    context = {
        "run": run,
        "page": Paginator(rows, 30).get_page(request.GET.get("page", "1")[:6]),
        "counts": [(key, named.NAMES[int(key[1:])], number) for key, number in counts.items() if number],
        "problems": problems,
        "names": named.NAMES,
        "items": dict(Item.objects.values_list("code", "name")),
        "rules": request.actor.role == Role.REVIEWER,
        "argues": request.actor.role in (Role.CLERK, Role.PROVIDER, Role.THIRD_PARTY),
        "institutions": Institution.objects.filter(
            kind__in=(Kind.PROVIDER, Kind.USING_UNIT, Kind.THIRD_PARTY)
        ).order_by("kind", "code"),
        "query": urlencode({k: v for k, v in request.GET.items() if k != "page"}),
    }
    return render(request, "settlement/differences.html", context, status=422 if problems else 200)


@allowed(*CENTRE)
def compare(request: Request, pk: int, other: int) -> HttpResponse:
    """两个批次逐条对照（R-083）：前一个减去后一个之前是多少，之后是多少，合计勾稽。"""
    before, after = (get_object_or_404(Run, pk=min(one, MAX_PK)) for one in (pk, other))
    contents = [json.loads(running.result_of(run)) for run in (before, after)]
    found = diffing.compare(*contents)
    context = {"before": before, "after": after, "found": found, "text": found.text(), "names": _names()}
    return render(request, "settlement/compare.html", context)


@allowed(*CENTRE)
def download(request: Request, pk: int, name: str) -> HttpResponse:
    """批次的文件：第三方拿数据包去离线复算（R-077）。"""
    file = get_object_or_404(RunFile, run_id=min(pk, MAX_PK), name=name)
    response = HttpResponse(bytes(file.content), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, f"{file.run_id}-{name}") or "attachment"
    with unit_of_work(request.actor) as journal:
        journal.note("下载计量文件", str(file.run_id), after={"文件": name})
    return response


@require_POST
@allowed(Role.THIRD_PARTY)
def recompute(request: Request, pk: int) -> HttpResponse:
    """第三方上传复算的 结算.json。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    given = request.FILES.get("file")
    if given is None:
        raise Refused(["没有选择文件"])
    operations.recompute(actor=request.actor, on=request.on, run=run, content=given.read())
    return redirect(_back(request, run.service_year))


@require_POST
@allowed(Role.REVIEWER)
def plan(request: Request, number: str) -> HttpResponse:
    """编方案的一版。"""
    case = get_object_or_404(Case, number=number, procedure="settlement")
    prose = {key: request.POST.get(f"prose:{key}", "").strip()[:5000] for key, _, _ in PROSE}
    operations.write_plan(
        actor=request.actor, on=request.on, case=case, prose=prose, supervision=_money(request, "supervision")
    )
    return redirect(f"/cases/{number}/")


@allowed(*CENTRE)
def plan_file(request: Request, pk: int, name: str) -> HttpResponse:
    """方案的 Word、PDF、Excel。"""
    del request
    file = get_object_or_404(PlanFile.objects.select_related("plan__run"), plan_id=min(pk, MAX_PK), name=name)
    response = HttpResponse(bytes(file.content), content_type="application/octet-stream")
    title = f"{file.plan.run.service_year}-v{file.plan.version}-{name}"
    response["Content-Disposition"] = content_disposition_header(True, title) or "attachment"
    return response


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
    operations.sign(
        actor=request.actor,
        on=request.on,
        freeze=freeze,
        provider=provider,
        unit=unit,
        number=request.POST.get("number", "")[:80],
        amount=_money(request, "amount"),
        signed_on=_day(request, "signed_on"),
    )
    return redirect(_back(request, year))


@require_POST
@allowed(Role.REVIEWER, Role.CLERK)
def pay(request: Request, pk: int) -> HttpResponse:
    """登记支付。"""
    found = get_object_or_404(Contract.objects.select_related("freeze"), pk=min(pk, MAX_PK))
    operations.pay(
        actor=request.actor,
        on=request.on,
        contract=found,
        amount=_money(request, "amount"),
        paid_on=_day(request, "paid_on"),
        voucher=request.POST.get("voucher", "")[:80],
    )
    return redirect(_back(request, found.freeze.service_year))


def _back(request: Request, year: int) -> str:
    back = request.POST.get("back", "")
    return back if back.startswith(("/cases/", "/settlement/")) else f"/settlement/{year}/"


def _money(request: Request, name: str) -> Decimal:
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
        "inquiry": Inquiry.objects.filter(case=case).first(),
        "edits": request.actor.role == proposer and case.board.step in ("draft", "compile"),
    }


def _panel(request: Request, case: Case) -> dict[str, Any]:
    year = YearCase.objects.get(case=case).service_year
    run = queries.submitted(case) or queries.latest_run(year, YEARLY if case.procedure == "settlement" else ADJUST)
    found, last = queries.freeze_of(case), queries.latest_plan(case)
    contracts = Contract.objects.filter(freeze=found, unit=None).select_related("provider").prefetch_related("payments")
    signed = {one.provider.code: one for one in contracts}
    names = _names()
    summary = run.head["summary"] if run else None
    figures = {key: queries.figure(case, key) for key in ("plan", "approved", "applied", "due")}
    return {
        "year": year,
        "run": run,
        "freeze": found,
        "plan": last,
        "plans": Plan.objects.filter(case=case).prefetch_related(_names_only).order_by("-version"),
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
        "recomputations": run.recomputations.order_by("-pk") if run else (),
        "footing": list(queries.footing(run)) if run else [],
        "step": case.board.step,
        "edits": request.actor.role == Role.REVIEWER,
        "recomputes": request.actor.role == Role.THIRD_PARTY,
        "suggested": {
            "approved": figures["plan"] or "",
            "applied": figures["approved"] or "",
            "granted": figures["applied"] or figures["due"] or "",
        },
        "prose": PROSE,
    }


def _base(case: Case) -> Freeze | None:
    """补差减去的那一份；年度结算没有。"""
    if case.procedure != "adjustment":
        return None
    found = queries.freeze_of(case)
    return found.base if found else queries.frozen(YearCase.objects.get(case=case).service_year)


#: 列方案的文件时不取内容
_names_only = Prefetch("files", PlanFile.objects.defer("content").order_by("name"))
#: 方案里可写的各段：键、叫法、提示
PROSE = (
    ("overview", "项目概况", "本服务年度政务云使用的总体情况"),
    ("goal", "绩效目标", "预算绩效目标，附在方案后"),
    ("arrangement", "支付安排", "何时、分几次支付"),
)


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
        return render(request, "settlement/package.html", {"years": years, "counts": packing.counts()})
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
    response = HttpResponse(content, content_type=_TYPES[kind])
    response.headers["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


@allowed(*BUSINESS)
def evidence(request: Request, code: str, pk: int) -> HttpResponse:
    """一条台账事实的证据；htmx 来的只回抽屉里的那一块。"""
    resource = visible(request.actor).filter(code=code).first()
    if resource is None:
        raise Http404
    facts = resource.facts.select_related("item__provider", "resource__provider", "case__unit", "voided_by")
    fact = get_object_or_404(facts, pk=min(pk, MAX_PK))
    context = {"fact": fact, "resource": resource, "found": of(fact)}
    return render(request, "settlement/_evidence.html" if request.htmx else "settlement/evidence.html", context)
