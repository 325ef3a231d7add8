"""逐级看账的页面：全区 → 单位 → 项目 → 资源 → 一条账目、一天；每级的合计等于下级之和。导出这一级的明细。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header

from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.catalog.models import Item
from yunheng.documents.data import PAYERS
from yunheng.documents.listing import TYPE, sheet_file
from yunheng.ledger.charging import charge_starts, under
from yunheng.ledger.models import Resource, Segment
from yunheng.ledger.queries import visible
from yunheng.metering.telling import equation
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.reading import day_of
from yunheng.rules import periods
from yunheng.rules.money import UnitPrice
from yunheng.settlement import disputing, queries
from yunheng.settlement.bill import daily, evidence, levels, objecting
from yunheng.settlement.bill.levels import Place
from yunheng.settlement.bill.why import trials_of, why
from yunheng.settlement.models import BillLine, Run
from yunheng.settlement.pages.years import CENTRE, MAX_PK, names_of
from yunheng.settlement.runs import warned

PAGE = 100
#: 一次导出的账目最多几条：再多表格软件打开也慢，收窄到单位、项目再导，或用 FOCUS 的 CSV
MAX_SHEET = 20_000
#: 待核的金额、单价这样写：不是 0 元（D10）
UNPRICED = "算不出：缺全市总量或阶梯价"
#: 项目里还没有账目的资源最多列几个
_MAX_UNBILLED = 50
ZERO = Decimal(0)


def _run(pk: int) -> Run:
    """批次，不取几万条差异的 `head`。"""
    return get_object_or_404(Run.objects.defer("head"), pk=min(pk, MAX_PK))


def _place(request: Request) -> Place:
    place = levels.place_of(request.actor, request.GET.dict())
    if place is None:
        raise Http404
    return place


def _frame(request: Request, run: Run, place: Place, names: dict[str, str]) -> dict[str, Any]:
    """各级页面共有的：面包屑的金额、状态、对不上的、可不可以提异议。"""
    chain = levels.rungs(request.actor, run, place, names)
    here, newer = chain[-1], levels.newer(run)
    return {
        "run": run,
        "place": place,
        "names": names,
        "chain": chain,
        "here": here,
        "status": levels.status(run, here.disputed),
        "newer": newer,
        "mismatches": list(levels.mismatches(request.actor, run, place, chain)),
        # 有更近的批次的，到那里提
        "objects": request.actor.role in objecting.PARTIES and not newer,
    }


@allowed(*BUSINESS)
def drill(request: Request, pk: int) -> HttpResponse:
    """逐级看账：全区 → 单位 → 项目 → 资源；选定了资源就是它的日历条和账目。"""
    run, place, names = _run(pk), _place(request), names_of()
    context = _frame(request, run, place, names)
    if place.resource:
        return _resource(request, context, run, place)
    key, label = place.below
    before = levels.before(run)
    rows = levels.rows(request.actor, run, place, context["here"].amount, before, names)
    top = place == Place(provider=place.provider)
    context |= {
        "label": label,
        "key": key,
        "unpriced": queries.unpriced(place.lines(request.actor, run), run, key),
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page", "1")[:6]),
        "count": len(rows),
        "sum": sum((row.level.amount for row in rows), ZERO),
        "before": before,
        "change": levels.change(context["here"].amount, _before_total(request, before, place)),
        "providers": queries.breakdown(queries.visible_sums(request.actor, run), "provider", names) if top else [],
        "warned": warned.groups(run, everything=request.actor.role in CENTRE),
        "unbilled": _unbilled(request, run, place, rows) if key == "resource" else ([], 0),
        "query": place.query,
    }
    return render(request, "settlement/drill.html", context)


def _before_total(request: Request, before: levels.Before, place: Place) -> Decimal | None:
    if before.run is None:
        return None
    lines, amount, _ = queries.totals(place.sums(request.actor, before.run))
    return amount if lines else None


def _unbilled(
    request: Request, run: Run, place: Place, rows: Sequence[levels.Row]
) -> tuple[list[tuple[Resource, str, str]], int]:
    """项目里期间有过、却没有账目的资源，各是为什么；和一共几个。"""
    if Paginator(rows, PAGE).num_pages > 1 and request.GET.get("page", "1") != "1":
        return [], 0
    span = (periods.service_year(run.service_year).start, run.until_on)
    used = Segment.objects.filter(resource__project__code=place.project, during__overlap=span)
    others = visible(request.actor).filter(project__code=place.project, pk__in=used.values("resource"))
    others = others.exclude(code__in=[row.level.code for row in rows])
    if place.provider:
        others = others.filter(provider__code=place.provider)
    shown = list(others.prefetch_related("segments").order_by("code")[:_MAX_UNBILLED])
    found = []
    conventions = Run.objects.values_list("head__conventions", flat=True).get(pk=run.pk)
    starts = charge_starts([one for resource in shown for one in resource.segments.all()], under(conventions))
    for resource in shown:
        own = [one for one in resource.segments.all() if one.during.lower < run.until_on]
        end = min((starts[one.pk] for one in own), default=None)
        why = "没有账目：点开看每天为什么"
        if end is not None and end >= run.until_on:
            why = f"测试期内，尚未开始计费，至 {periods.last_day(end)}（含）"
        found.append((resource, Place(place.unit, place.project, resource.code, place.provider).query, why))
    return found, others.count() if len(shown) == _MAX_UNBILLED else len(shown)


def _resource(request: Request, context: dict[str, Any], run: Run, place: Place) -> HttpResponse:
    book = daily.book_of(request.actor, run, place)
    if book is None:
        # 别单位、别家的资源，或没有这个资源
        raise Http404
    months, changes = daily.strip(book)
    page = Paginator(book.lines, PAGE).get_page(request.GET.get("page", "1")[:6])
    items = {one.item.code: one.item for one in book.timelines}
    context |= {
        "label": levels.LINES,
        "count": len([line for line in book.lines if not line.disputed]),
        "sum": sum((line.amount for line in book.lines if not line.disputed), ZERO),
        "page": page,
        "lines": [_shown(line, run, items[line.item], book.conventions) for line in page],
        "waived": daily.waived_pieces(book),
        "warned": warned.borrowed(run, items),
        "lent": warned.lent(run, items),
        "book": book,
        "months": months,
        "columns": range(1, 32),
        "changes": changes,
        "looks": daily.LOOKS,
        "objections": objecting.about(request.actor, run.service_year, place.resource, [*items]),
        "query": place.query,
    }
    return render(request, "settlement/lines.html", context)


def _shown(line: BillLine, run: Run, item: Item, conventions: Mapping[str, str]) -> tuple[Any, ...]:
    return line, item, _price(line, item, conventions), _equation(line, run, item, conventions)


def _price(line: BillLine, item: Item, conventions: Mapping[str, str]) -> UnitPrice:
    return UnitPrice.of(line.unit_price, item.pricing, conventions)


def _equation(line: BillLine, run: Run, item: Item, conventions: Any) -> str:
    head = {"service_year": run.service_year, "conventions": conventions}
    return equation(line.stated, head, item.unit, item.cycle, item.pricing)


@allowed(*BUSINESS)
def line(request: Request, pk: int, seq: int) -> HttpResponse:
    """一条账目为什么是这么多：算式、逐日、单据、工单、日志、价格、条款、口径。"""
    run, disputed = _run(pk), bool(request.GET.get("disputed"))
    found = get_object_or_404(queries.visible_lines(request.actor, run), disputed=disputed, seq=min(seq, 2**31 - 1))
    names, item = names_of(), Item.objects.select_related("provider").get(code=found.item)
    place = Place(found.unit, found.project, found.resource)
    book = daily.book_of(request.actor, run, place)
    assert book is not None
    told, conventions = why(book, found, trials_of(book))
    timeline = next(one for one in book.timelines if one.item == item)
    context = _frame(request, run, place, names) | {
        "line": found,
        "item": item,
        "told": told,
        "warned": warned.borrowed(run, [item.code]),
        "conventions": conventions,
        "days": queries.days(found) if found.until_on > found.from_on else [],
        "fact": timeline.fact_on(found.from_on),
        "case": Case.objects.filter(number=found.form.partition("/")[0]).first(),
        "differences": [one for one in disputing.differences(run, found.resource) if one.item in (found.item, "")],
        "objections": objecting.about(request.actor, run.service_year, found.resource, [found.item]),
        "query": place.query,
    }
    if context["newer"]:
        context["same"] = levels.counterpart(request.actor, found, context["newer"])
    return render(request, "settlement/line.html", context)


@allowed(*BUSINESS)
def day(request: Request, pk: int, day: str) -> HttpResponse:
    """一个资源的一天：各项照哪条账目、当天摊到多少、为什么没有收，和当天的证据。"""
    run, place = _run(pk), _place(request)
    try:
        on = day_of(day)
    except ValueError as error:
        raise Refused([str(error)]) from error
    span = periods.service_year(run.service_year)
    if not span.start <= on < run.until_on:
        last = periods.last_day(run.until_on)
        raise Refused(
            [
                f"{on} 不在批次 {run.pk} 计量的期间里：{run.service_year} 服务年度从 {span.start} 起，"
                f"这个批次算到 {last}（D62-七，R-071）"
            ]
        )
    book = daily.book_of(request.actor, run, place) if place.resource else None
    if book is None:
        raise Http404
    portions = daily.portions(book, on)
    owner = book.resource.provider if book.resource else None
    settled = [one for one in portions if one.line and not one.line.disputed]
    held = [one for one in portions if one.line and one.line.disputed]
    trials = trials_of(book) if any(one.line for one in portions) else None
    reasons = {one.line.pk: why(book, one.line, trials) for one in portions if one.line}
    acting = sorted({row for _, rows in reasons.values() for row in rows})
    logs, more = evidence.logs_of(run, place.resource)
    context = _frame(request, run, place, names_of()) | {
        "day": on,
        "warned": warned.borrowed(run, [one.item.code for one in portions]),
        "previous": on - timedelta(days=1) if on > span.start else None,
        "following": on + timedelta(days=1) if on + timedelta(days=1) < run.until_on else None,
        "portions": [
            (one, evidence.price_on(one.item, one.item.provider or owner, on) if owner else None) for one in portions
        ],
        "total": sum((one.amount or ZERO for one in settled), ZERO),
        "held": sum((one.amount or ZERO for one in held), ZERO),
        "counted": len(settled),
        "state": _ledger_state(portions),
        "logs": logs,
        "more_logs": more,
        "resource": book.resource,
        "conventions": acting,
        "unsure": trials is None,
        "reasons": [(one.item.name, reasons[one.line.pk][0]) for one in portions if one.line],
        "objections": objecting.about(
            request.actor, run.service_year, place.resource, [one.item.code for one in portions]
        ),
        "query": place.query,
    }
    return render(request, "settlement/day.html", context)


def _ledger_state(portions: Sequence[daily.Portion]) -> str:
    """台账那天的样子：在用的各项和数量。按用量计费的，台账上没有数量，账目的数是一段日子的用量合计，写明是用量。"""
    held = [f"{one.item.name} {one.told_quantity}" for one in portions if one.quantity and one.state != daily.IDLE]
    return "、".join(held) or "没有在用"


# ── 导出这一级的明细 ──

_TITLES = (
    "单位", "单位名称", "项目", "项目名称", "资源", "目录项", "目录项名称", "服务商", "单据", "工单", "数量",
    "起", "至（含）", "天数", "单价", "金额（元）", "待核（元）", "谁付", "未裁定的差异", "算式",
)  # fmt: skip


@allowed(*BUSINESS)
def sheet(request: Request, pk: int) -> HttpResponse:
    """这一级的账目导成一张 Excel；太多的请收窄。"""
    run, place = _run(pk), _place(request)
    lines = place.lines(request.actor, run)
    number = lines.count() if place.resource else sum(place.sums(request.actor, run).values_list("lines", flat=True))
    if number > MAX_SHEET:
        raise Refused(
            [
                f"这一级有 {number:,} 条账目，一张表最多导 {MAX_SHEET:,} 条："
                "请点到单位、项目再导出，或用“导出 FOCUS”取全部（R-073）"
            ]
        )
    conventions = Run.objects.values_list("head__conventions", flat=True).get(pk=run.pk)
    file = sheet_file("账目", _TITLES, _sheet_rows(lines, run, conventions, names_of()))
    name = f"账目-{run.service_year}-批次{run.pk}.xlsx"
    with unit_of_work(request.actor) as journal:
        journal.note("导出账目", str(run.pk), after={"条数": number, "范围": place.query})
    response = FileResponse(file, content_type=TYPE)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response  # type: ignore[return-value]


def _sheet_rows(lines: Any, run: Run, conventions: Any, names: dict[str, str]) -> Iterator[Sequence[object]]:
    items, total, held = {item.code: item for item in Item.objects.all()}, ZERO, ZERO
    lent = warned.lent(run, items)
    # 取来再排：照次序取，数据库会沿着整个批次的次序找
    for one in sorted(lines, key=lambda line: (line.disputed, line.seq)):
        item = items[one.item]
        amounts = (None, one.amount) if one.disputed else (one.amount, None)
        total, held = total + (amounts[0] or 0), held + (amounts[1] or 0)
        if one.unpriced:
            amounts = (None, UNPRICED)
        yield (
            one.unit, names.get(one.unit, ""), one.project, names.get(one.project, ""), one.resource,
            one.item, item.name, names.get(one.provider, one.provider), one.form, one.order, Decimal(one.quantity),
            one.from_on, one.last_on, one.days, UNPRICED if one.unpriced else _price(one, item, conventions), *amounts,
            PAYERS[one.payer],
            one.differences,
            f"{_equation(one, run, item, conventions)}{'；单价暂用上一年度的（R-019）' if one.item in lent else ''}",
        )  # fmt: skip
    yield ("合计", *[""] * 14, total, held, "", "", "")
