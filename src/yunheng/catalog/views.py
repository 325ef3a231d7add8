"""目录的页面：公开的价格、各版、下载；编制中的一版存各行。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from yunheng.audit.refused import At, Refused
from yunheng.documents.listing import TYPE, workbook
from yunheng.orgs.access import BUSINESS, Request, allowed, business_date
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import Given, day_of, decimal_of, seen_in, year_of
from yunheng.orgs.serving import attached
from yunheng.rules.periods import service_year_of
from yunheng.rules.roles import Role
from yunheng.rules.rulebook import service_year_start

from . import operations, procuring, queries, tiering
from .models import Agreement, Edition, EditionDraft, Inquiry, Item
from .sheet import COLUMNS, Row, read, settled

#: 阶梯价从哪个服务年度起；框架协议从哪个服务年度以后起
_FIRST_YEAR = 2022
_BEFORE_YEAR = 2020


@allowed()
def prices(request: Request) -> HttpResponse:
    """目录和单价：现行的，或某一天、某一版的（R-011、R-014）。"""
    context = _listing(request, request.on)
    context["starts"] = request.actor.role == operations.LEVELS[context["level"]][1]
    return render(request, "catalog/prices.html", context)


def published(request: HttpRequest) -> HttpResponse:
    """不用登录也看得到的目录和单价：对各区公开（M6-15、M10-二，R-014）。"""
    return render(request, "catalog/public.html", _listing(request, business_date()))


def _listing(request: HttpRequest, today: date) -> dict[str, Any]:
    level = request.GET.get("level", "市级")
    if level not in operations.LEVELS:
        raise Http404
    on = _day(request.GET.get("on"), today)
    edition = (
        get_object_or_404(Edition, number=request.GET["edition"], level=level)
        if request.GET.get("edition")
        else queries.edition_on(level, on)
    )
    rows = queries.rows_of(edition) if edition else []
    previous = queries.previous(edition) if edition else None
    earlier = queries.rows_of(previous) if previous else []
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.category, []).append(row)
    return {
        "level": level,
        "levels": operations.LEVELS,
        "as_of": on,
        "edition": edition,
        "groups": groups,
        "providers": dict(providers().values_list("code", "name")),
        "editions": Edition.objects.filter(level=level).order_by("-effective_on", "-pk")[:50],
        "previous": previous,
        "moved": queries.moved(earlier, rows) if previous else [],
        "reworded": queries.reworded(earlier, rows),
    }


def _day(text: str | None, default: date) -> date:
    try:
        return day_of(text) if text else default
    except ValueError as error:
        raise Http404 from error


@allowed()
def sheet(request: Request, number: str) -> HttpResponse:
    """一版目录（或编制中的）的 Excel，列同导入表。"""
    draft = EditionDraft.objects.filter(case__number=number).first()
    return _workbook(draft.rows) if draft else published_sheet(request, number)


def published_sheet(request: HttpRequest, number: str) -> HttpResponse:
    """发布了的一版的 Excel，不用登录（R-014）。"""
    del request
    return _workbook([row.plain() for row in queries.rows_of(get_object_or_404(Edition, number=number))])


def _workbook(rows: Iterable[Mapping[str, str]], name: str = "catalog.xlsx") -> HttpResponse:
    # 加了服务内容、服务标准以前存下的各行没有这两栏
    cells = ([row.get(column, "") for column in COLUMNS] for row in rows)
    return attached(workbook("目录", COLUMNS, cells), name, TYPE)


@require_POST
@allowed(Role.CITY_OPERATOR, Role.REVIEWER)
def start(request: Request) -> HttpResponse:
    """起一版目录。"""
    case = operations.start(actor=request.actor, on=request.on, level=request.POST.get("level", ""))
    return redirect(f"/cases/{case.number}/")


@require_POST
@allowed(Role.CITY_OPERATOR, Role.REVIEWER)
def save(request: Request, number: str) -> HttpResponse:
    """存编制中的一版：生效日、依据，也可以只改一项的单价；或者并入最近的一版。整本导入另有一页。"""
    draft = get_object_or_404(EditionDraft.objects.select_related("case__board"), case__number=number)
    post = request.POST
    seen = seen_in(post.get("version"))
    if post.get("do") == "rebase":
        operations.rebase(actor=request.actor, case=draft.case, seen=seen)
        return redirect(f"/cases/{number}/#catalog")
    try:
        effective = day_of(post.get("effective_on", ""))
    except ValueError as error:
        raise Refused([str(error)]) from error
    rows = None
    if item := post.get("item", "").strip():
        rows = [dict(row) for row in draft.rows]
        found = [row for row in rows if row["目录项"] == item and row["服务商"] == post.get("provider", "").strip()]
        if not found:
            raise Refused([f"这一版里没有目录项 {item}（R-011）"])
        found[0]["单价"] = post.get("unit_price", "").strip()
    operations.save(
        actor=request.actor,
        case=draft.case,
        seen=seen,
        effective_on=effective,
        basis=post.get("basis", ""),
        rows=rows,
    )
    return redirect(f"/cases/{number}/#catalog")


# ── 采购 ──


@allowed(*BUSINESS)
def procurement(request: Request) -> HttpResponse:
    """采购：各次征询、框架协议。"""
    present = service_year_of(request.on)
    year = _chosen_year(request, present)
    if year is None:
        raise Http404
    edition = queries.edition_on(procuring.LEVEL, service_year_start(year))
    agreements = {one.provider_id: one for one in Agreement.objects.filter(service_year=year).order_by("pk")}
    winners = {one.pk for one in procuring.winners(edition)} if edition else set()
    every = [
        (one, agreement, procuring.unequal(agreement) if agreement else [], one.pk in winners)
        for one in providers()
        for agreement in [agreements.get(one.pk)]
    ]
    context = {
        "inquiries": Inquiry.objects.select_related("case__board").order_by("-pk"),
        "drafts": EditionDraft.objects.filter(case__procedure="inquiry", case__board__step="draft")
        if request.actor.role == Role.CITY_OPERATOR
        else (),
        "starts": request.actor.role == Role.CITY_OPERATOR,
        "asks": request.actor.role == Role.CLERK,
        # 只登记本服务年度和下一服务年度的（R-018）
        "signs": request.actor.role == Role.REVIEWER and year in (present, present + 1),
        "year": year,
        "years": range(present + 1, 2021, -1),
        "edition": edition,
        "providers": every,
        "late": request.on >= service_year_start(year),
        "first_day": service_year_start(year),
    }
    return render(request, "catalog/procurement.html", context)


def _chosen_year(request: Request, default: int | None) -> int | None:
    """地址里的服务年度，没写是 `default`；不是年份、早于有目录的年度为 None。"""
    text = request.GET.get("year")
    year = year_of(text) if text else default
    return year if year is not None and year > _BEFORE_YEAR else None


@require_POST
@allowed(Role.CITY_OPERATOR)
def inquire(request: Request) -> HttpResponse:
    """起一次征询。"""
    case = procuring.start(actor=request.actor, on=request.on)
    return redirect(f"/cases/{case.number}/")


@allowed(*BUSINESS)
def demand(request: Request, number: str) -> HttpResponse:
    """一次征询：征询单，本单位的需求（使用单位填），全区的汇总。"""
    inquiry = get_object_or_404(Inquiry.objects.select_related("case__board"), case__number=number)
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        wanted = {
            key.removeprefix("qty:"): value for key, value in request.POST.dict().items() if key.startswith("qty:")
        }
        try:
            procuring.ask(actor=request.actor, on=request.on, inquiry=inquiry, wanted=wanted)
            return redirect(f"/procurement/{number}/?saved=1")
        except Refused as error:
            problems = error.problems
    latest = procuring.latest(inquiry)
    own = {one.item: one.quantity for one in latest if one.unit_id == request.actor.institution}
    shown: dict[str, dict[str, str]] = {}
    for row in inquiry.rows:
        shown.setdefault(row["目录项"], row)
    summary = None
    if request.actor.role not in (Role.CLERK, Role.HEAD, Role.PROVIDER):
        summary = procuring.summary(inquiry)
    context = {
        "inquiry": inquiry,
        "rows": [
            (row, request.POST.get(f"qty:{item}") or (f"{own[item].normalize():f}" if own.get(item) else ""))
            for item, row in shown.items()
        ],
        "asks": request.actor.role == Role.CLERK and inquiry.case.board.step == "collect",
        "summary": summary,
        "total": sum((one.estimate for one in summary or () if one.estimate is not None), Decimal(0)),
        "declined": procuring.declined(inquiry),
        "budget_day": procuring.budget_day(inquiry.on),
        "units": len({one.unit_id for one in latest if one.quantity}),
        "problems": problems,
    }
    return render(request, "catalog/demand.html", context, status=422 if problems else 200)


@allowed(Role.REVIEWER, Role.PROVIDER)
def agreement_sheet(request: Request, code: str) -> HttpResponse:
    """一家的协议单价表：照采购结果，签协议时附上它。"""
    provider = get_object_or_404(providers(), code=code)
    year = _chosen_year(request, None)
    edition = procuring.result_edition(provider, year, request.on) if year else None
    if edition is None or (request.actor.role == Role.PROVIDER and request.actor.institution != provider.pk):
        raise Http404
    rows = [row.plain() for row in procuring.result_for(edition, provider).values()]
    return _workbook(rows, f"agreement-{provider.code}.xlsx")


@require_POST
@allowed(Role.REVIEWER)
def agree(request: Request) -> HttpResponse:
    """登记框架协议：协议单价表与采购结果逐项相等才收。"""
    post, file = request.POST, request.FILES.get("file")
    provider = providers().filter(code=post.get("provider", "")).first()
    given = Given(post, "（R-018）")
    year = year_of(post.get("year"))
    if provider is None:
        given.wrong("provider", "请选择服务商")
    if year is None:
        given.wrong("year", "请选择服务年度")
    number = given.words("number", "协议号", 80)
    signed_on = given.read("signed_on", "签订日", day_of)
    if file is None:
        given.wrong("file", "请附上协议的单价表（Excel，列同目录）")
    given.checked()
    assert provider
    assert year
    assert file
    assert signed_on
    try:
        rows = settled(read(file.read(), file.name or ""))
    except ValueError as error:
        raise Refused([At("file", problem) for problem in getattr(error, "problems", (str(error),))]) from error
    procuring.sign(
        actor=request.actor,
        on=request.on,
        provider=provider,
        year=year,
        number=number,
        signed_on=signed_on,
        rows=rows,
    )
    return redirect(f"/procurement/?year={year}")


@allowed()
def tiers(request: Request) -> HttpResponse:
    """阶梯价的各档、全市年度总量：都看得到，市运管单位在这里发布（R-019、R-076）。"""
    present = service_year_of(request.on)
    text = request.POST.get("year") or request.GET.get("year")
    year = min(max(year_of(text) or present, _FIRST_YEAR), present + 1)
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            if year_of(text) != year:
                # 只追加，撤不掉：不当作别的年度发布
                raise Refused(
                    [f"服务年度应是 {_FIRST_YEAR} 至 {present + 1} 的年份，现在是“{(text or '')[:10]}”（R-019）"]
                )
            _publish_tiers(request, year)
            return redirect(f"/catalog/tiers/?year={year}")
        except Refused as error:
            problems = error.problems
    context = {
        "year": year,
        "years": range(present + 1, _FIRST_YEAR - 1, -1),
        "rows": tiering.shown(year),
        "modes": tiering.MODES,
        "publishes": request.actor.role == Role.CITY_OPERATOR,
        "values": request.POST,
        "problems": problems,
    }
    return render(request, "catalog/tiers.html", context, status=422 if problems else 200)


def _publish_tiers(request: Request, year: int) -> None:
    post = request.POST
    item = Item.objects.filter(code=post.get("item", "")).first()
    if item is None:
        raise Refused(["请选择目录项"])
    if post.get("do") == "usage":
        try:
            total = decimal_of(post.get("total", ""), 6)
        except ValueError as error:
            raise Refused([f"全市总量：{error}（R-076）"]) from error
        tiering.publish_usage(actor=request.actor, on=request.on, item=item, year=year, total=total)
    else:
        tiering.publish_tiers(
            actor=request.actor,
            on=request.on,
            item=item,
            year=year,
            mode=post.get("mode", ""),
            text=post.get("tiers", ""),
        )
