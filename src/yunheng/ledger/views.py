"""资源台账的页面：列表、资源页、到期日历、导出。"""

from __future__ import annotations

import calendar as months
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from icalendar import Calendar, Event

from yunheng.catalog.models import Item
from yunheng.documents.listing import TYPE, workbook
from yunheng.orgs.access import BUSINESS, Forbidden, Request, allowed
from yunheng.orgs.models import Institution, Kind
from yunheng.orgs.previewed import confirmed, keep, preview_of, within
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import whole_of
from yunheng.orgs.serving import attached
from yunheng.rules.roles import Role
from yunheng.tables.notes import ranked, told_rows

from . import adopting, arrivals, charging, queries, unrecorded
from .models import Channel, Fact, Resource, Segment
from .operations import PHYSICAL
from .receiving import receive, source_of

#: 看得到隔离区域的
ZONE_READERS = (Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION, Role.CITY_OPERATOR, Role.PROVIDER)
PAGE = 50
#: 列表可选的列，缺省不列的是后两个
COLUMNS = {
    "unit": "单位",
    "project": "项目",
    "provider": "服务商",
    "kind": "类型",
    "spec": "规格",
    "arch": "架构",
    "state": "状态",
    "first": "下发日",
    "charged": "计费起",
    "expires": "到期",
    "system": "操作系统",
    "zone": "网络区域",
}
_USUAL = tuple(COLUMNS)[:-2]
MAX_EXPORT = 5000
#: 规格里各维的先后
_ORDER = {name: n for n, name in enumerate(("CPU 核", "内存 GB", "系统盘 TB", "数据盘 TB", "SSD TB"))}

#: 一台主机少不了的两维；台账上没有的写明，不装作没有这一项
_NEEDED = ("CPU 核", "内存 GB")


@allowed(*BUSINESS)
def listing(request: Request) -> HttpResponse:
    """资源列表：筛选都在地址里；`format=xlsx` 导出筛出的。"""
    resources, chosen = _filtered(request)
    if request.GET.get("format") == "xlsx":
        return _export(request, resources)
    page = Paginator(resources, PAGE).get_page(request.GET.get("page", "1")[:6])
    rows = _rows(list(page.object_list), request.on)
    context = {
        "page": page,
        "rows": rows,
        "chosen": chosen,
        "states": (queries.LIVE, *queries.STATES),
        "columns": COLUMNS,
        "shown": [name for name in COLUMNS if name in request.GET.getlist("col")] or _USUAL,
        "max_export": MAX_EXPORT,
        "sees_zones": request.actor.role in ZONE_READERS,
        "units": _units(request),
        "providers": providers() if request.actor.role != Role.PROVIDER else [],
        "query": _kept(request.GET, "page"),
    }
    return render(request, "ledger/_rows.html" if request.htmx else "ledger/listing.html", context)


def _units(request: Request) -> Iterable[Institution]:
    """可以筛的单位：看得到全区的列全部使用单位，只看得到一部分的列有资源的。"""
    role = request.actor.role
    if role in (Role.CLERK, Role.HEAD):
        return ()
    units = Institution.objects.filter(kind=Kind.USING_UNIT).order_by("code")
    if role in (Role.PROVIDER, Role.SPONSOR):
        units = units.filter(pk__in=queries.visible_projects(request.actor).values("unit"))
    return units


def _filtered(request: Request) -> tuple[QuerySet[Resource], list[tuple[str, str]]]:
    get, chosen = request.GET, []
    resources = queries.visible(request.actor)
    if text := get.get("q", "").strip()[:60]:
        resources = resources.filter(search__contains=text.lower())
        chosen.append(("q", f"含“{text}”"))
    for key, path, title in (
        ("unit", "project__unit_id", "单位"),
        ("provider", "provider_id", "服务商"),
        ("project", "project_id", "项目"),
    ):
        if (value := whole_of(get.get(key))) is not None:
            resources = resources.filter(**{path: value})
            name = Institution.objects.filter(pk=value).first() if key != "project" else None
            chosen.append((key, f"{title} {name}" if name else title))
    if (arch := get.get("arch", "")) in ("X86", "XC"):
        resources = resources.filter(architecture=arch)
        chosen.append(("arch", arch))
    if (kind := get.get("kind", "")) in ("云主机", "物理机", "服务项"):
        resources = resources.filter(kind=kind)
        chosen.append(("kind", kind))
    live = Segment.objects.filter(during__contains=request.on).values("resource")
    if code := get.get("item", "")[:64]:
        resources = resources.filter(
            pk__in=Segment.objects.filter(during__contains=request.on, item__code=code).values("resource")
        )
        item = Item.objects.filter(code=code).first()
        chosen.append(("item", f"在用 {item.name if item else code}"))
    state = get.get("status", "")
    if state == queries.LIVE:
        resources = resources.filter(pk__in=live)
        chosen.append(("status", state))
    elif state == queries.RELEASED:
        resources = resources.exclude(pk__in=live)
        chosen.append(("status", state))
    elif state in (queries.TRIAL, queries.CHARGED):
        # 测试期里的必是近几个月下发的；其余在用的都在计费
        recent = charging.begun_between(charging.earliest_trial(request.on), request.on)
        begun = Segment.objects.filter(during__contains=request.on, resource__in=recent)
        trial = charging.on_trial(begun.select_related("item"), request.on)
        resources = resources.filter(pk__in=live)
        resources = resources.filter(pk__in=trial) if state == queries.TRIAL else resources.exclude(pk__in=trial)
        chosen.append(("status", state))
    if before := get.get("expires_before", ""):
        try:
            day = date.fromisoformat(before[:10])
        except ValueError as error:
            raise Http404 from error
        resources = resources.filter(
            pk__in=Segment.objects.filter(during__contains=request.on, expires_on__lte=day).values("resource")
        )
        chosen.append(("expires_before", f"{day} 前到期"))
    return resources.order_by("code"), [(word, _kept(get, key, "page")) for key, word in chosen]


def _kept(get: QueryDict, *without: str) -> str:
    """地址里的条件，去掉这几个。"""
    return urlencode([(key, value) for key, values in get.lists() if key not in without for value in values if value])


def _rows(resources: list[Resource], on: date) -> list[dict[str, Any]]:
    """一页的各行：规格、状态、下发日、计费起、到期日；时段一次取完。"""
    spans: dict[int, list[Segment]] = defaultdict(list)
    for segment in Segment.objects.filter(resource__in=resources).select_related("item").order_by("item__code"):
        spans[segment.resource_id].append(segment)
    billed = charging.as_billed()
    found = charging.uses_of([segment for own in spans.values() for segment in own], billed)
    later = charging.first_billed(found.values(), billed)
    rows = []
    for resource in resources:
        own = spans[resource.pk]
        live = [s for s in own if on in s.during]
        starts = {s.pk: found[s.pk].charged_on if s.pk in found else s.during.lower for s in own}
        first = min((found[s.pk].start if s.pk in found else s.during.lower for s in own), default=None)
        recorded = min((s.during.lower for s in own), default=None)
        rows.append(
            {
                "resource": resource,
                "state": queries.state(own, on, starts),
                "spec": _spec(live or own[-1:]),
                "first": first,
                "recorded": recorded if recorded != first else None,
                "charged": min(filter(None, (_billed_from(one, found, later) for one in live or own)), default=None),
                "unordered": [one.item.name for one in live if one.pk in found and not found[one.pk].ordered],
                "expires": min((s.expires_on for s in live if s.expires_on), default=None),
            }
        )
    return rows


def _billed_from(segment: Segment, found: dict[int, charging.Use], later: dict[int, date]) -> date | None:
    """这一段所在的在用从哪天起收：起计那天，照口径 K-19 推后的是推到的那天；账上没有工单、不计费的为 None。"""
    use = found.get(segment.pk)
    if use and not use.ordered:
        return None
    return later.get(use.added.pk, use.charged_on) if use else segment.during.lower


def _spec(segments: list[Segment]) -> str:
    parts = []
    for segment in sorted(segments, key=lambda one: _ORDER.get(one.item.dimension, len(_ORDER))):
        name = segment.item.dimension or segment.item.unit.partition("·")[0]
        label, _, unit = name.partition(" ")
        # 系统盘、数据盘都是 TB，要写明是哪一个；核、GB 一看就知道
        named = f"{label} " if label.endswith("盘") or label == "SSD" else ""
        parts.append(f"{named}{segment.quantity.normalize():f} {unit or label}")
    # 物理机按台计，本来就不记核、内存
    held = {segment.item.dimension for segment in segments} - {"", PHYSICAL}
    parts += [f"{needed.partition(' ')[0]} 未记" for needed in _NEEDED if held and needed not in held]
    return " · ".join(dict.fromkeys(parts))


def _export(request: Request, resources: QuerySet[Resource]) -> HttpResponse:
    titles = (
        "资源编号",
        "名称",
        "类型",
        "单位",
        "项目",
        "服务商",
        "架构",
        "规格",
        "状态",
        "下发日",
        "计费起",
        "到期日",
    )
    rows = (
        (
            row["resource"].code,
            row["resource"].name,
            row["resource"].kind,
            row["resource"].project.unit.name,
            row["resource"].project.name,
            row["resource"].provider.name,
            row["resource"].architecture,
            row["spec"],
            row["state"],
            row["first"],
            row["charged"] or ("没有工单（D1），不计费" if row["unordered"] else None),
            row["expires"],
        )
        for row in _rows(list(resources[:MAX_EXPORT]), request.on)
    )
    return attached(workbook("资源台账", titles, rows), f"assets-{request.on}.xlsx", TYPE)


@allowed(*BUSINESS)
def detail(request: Request, code: str) -> HttpResponse:
    """资源页：任何一天的状态、当时知道的状态、全部事实。"""
    resource = queries.visible(request.actor).filter(code=code).first()
    if resource is None:
        raise Http404
    on, known = _day(request.GET.get("on"), request.on), _day(request.GET.get("known"), None)
    segments = list(Segment.objects.filter(resource=resource).select_related("item").order_by("item__code", "during"))
    facts = list(
        resource.facts.select_related("resource", "item", "case", "voided_by").order_by("-effective_on", "-pk")
    )
    billed = charging.as_billed()
    found = charging.uses_of(segments, billed)
    later = charging.first_billed(found.values(), billed)
    starts = {one.pk: found[one.pk].charged_on if one.pk in found else one.during.lower for one in segments}
    return render(
        request,
        "ledger/detail.html",
        {
            "resource": resource,
            "as_of": on,
            "known": known,
            "holdings": queries.holdings(resource, on or request.on, known),
            "segments": segments,
            "facts": facts,
            "moved": _moved(facts),
            "missing": unrecorded.find(resources={resource.code}),
            "corrects": request.actor.role == Role.REVIEWER,
            "state": queries.state(segments, request.on, starts),
            "first": min((found[s.pk].start if s.pk in found else s.during.lower for s in segments), default=None),
            "uses": _begun(segments, found, later),
            "later": later,
        },
    )


def _moved(facts: list[Fact]) -> dict[int, adopting.Adopted]:
    """账上采用的工单与台账记的不是同一天的：事实 → 那张工单。"""
    adopted = adopting.days(fact for fact in facts if not hasattr(fact, "voided_by"))
    days = {fact.pk: fact.effective_on for fact in facts}
    return {pk: one for pk, one in adopted.items() if one.on != days[pk]}


def _begun(
    segments: list[Segment], used: dict[int, charging.Use], later: dict[int, date]
) -> list[tuple[str, charging.Use]]:
    """还在用的各项（都释放了的取最后一次）各从哪天起计费，同一天的并在一起。"""
    latest = {one.item.name: used[one.pk] for one in segments if one.pk in used}
    live = {name: use for name, use in latest.items() if use.until is None} or latest
    grouped: dict[tuple[date, date, date | None, bool], list[str]] = defaultdict(list)
    for name, use in live.items():
        grouped[use.start, use.charged_on, later.get(use.added.pk), use.ordered].append(name)
    return [("、".join(names), live[names[0]]) for names in grouped.values()]


def _day(text: str | None, default: date | None) -> date | None:
    if not text:
        return default
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise Http404 from error


def expiring(request: Request, first: date, last: date) -> dict[date, list[tuple[str, Resource]]]:
    """这段日子里的到期：开发、应急、临时资源到期，测试期满（测试期没满就到期的不列）。"""
    found: dict[date, list[tuple[str, Resource]]] = defaultdict(list)
    resources = queries.visible(request.actor)
    segments = Segment.objects.filter(resource__in=resources, during__upper_inf=True)
    # 测试期满的必是几个月以内下发的
    near = Q(resource__in=charging.begun_between(charging.earliest_trial(first), last))
    begun = list(
        segments.filter(near | Q(expires_on__range=(first, last))).select_related("item", "resource__project__unit")
    )
    used = charging.uses_of(begun, charging.as_billed())
    seen: set[tuple[int, date, str]] = set()
    for segment in begun:
        done = used[segment.pk].trial_done if segment.pk in used else None
        if done and segment.expires_on and segment.expires_on <= done:
            done = None
        for day, what in ((segment.expires_on, "资源到期"), (done, "测试期满")):
            if day is None or not first <= day <= last:
                continue
            key = (segment.resource_id, day, what)
            if key not in seen:
                seen.add(key)
                found[day].append((what, segment.resource))
    return found


@allowed(*BUSINESS)
def expiry(request: Request) -> HttpResponse:
    """到期日历：一个月一页。"""
    text = request.GET.get("ym", "")
    try:
        year, month = (int(part) for part in text.split("-")) if text else (request.on.year, request.on.month)
        first = date(year, month, 1)
    except ValueError as error:
        raise Http404 from error
    if not 2000 <= year <= 2100:
        raise Http404
    last = date(year, month, months.monthrange(year, month)[1])
    found = expiring(request, first, last)
    weeks = [
        [(day, _summary(found.get(day, [])), day.month == month) for day in week]
        for week in months.Calendar().monthdatescalendar(year, month)
    ]
    listed = [(day, what, resource) for day in sorted(found) for what, resource in found[day]]
    return render(
        request,
        "ledger/calendar.html",
        {
            "weeks": weeks,
            "first": first,
            "previous": first - timedelta(days=1),
            "next": last + timedelta(days=1),
            "listed": listed[:200],
            "count": len(listed),
        },
    )


def _summary(found: list[tuple[str, Resource]]) -> list[tuple[str, int]]:
    counts: dict[str, int] = defaultdict(int)
    for what, _ in found:
        counts[what] += 1
    return sorted(counts.items())


@allowed(*BUSINESS)
def ics(request: Request) -> HttpResponse:
    """到期日历订阅：今天起一年。"""
    book = Calendar()
    book.add("prodid", "-//云衡//到期日历//ZH")
    book.add("version", "2.0")
    for day, listed in sorted(expiring(request, request.on, request.on + timedelta(days=365)).items()):
        for what, resource in listed:
            event = Event()
            event.add("uid", f"{resource.code}-{day}@yunheng")
            event.add("dtstart", day)
            event.add("summary", f"{what}：{resource.project.unit.name} {resource.code}")
            book.add_component(event)
    return attached(book.to_ical(), "expiry.ics", "text/calendar; charset=utf-8")


# ── 收件箱 ──

#: 预览里最多列几行；有错的、对不上的列在前面
_PREVIEW = 100
#: 对不上的行号最多写几段
_TOLD = 300


@allowed(Role.PROVIDER, Role.REVIEWER, Role.THIRD_PARTY)
def inbox(request: Request) -> HttpResponse:
    """平台数据：收了什么；按文件导入工单、日志、用量，先预览再确认（R-052）。"""
    context: dict[str, Any] = {
        "arrivals": queries.arrivals(request.actor),
        "kinds": {kind: arrivals.columns(kind) for kind in arrivals.KINDS},
        "providers": providers() if request.actor.role == Role.REVIEWER else [],
        "may_import": request.actor.role in (Role.PROVIDER, Role.REVIEWER),
    }
    if request.method != "POST":
        return render(request, "ledger/inbox.html", context)
    if not context["may_import"]:
        raise Forbidden((Role.PROVIDER, Role.REVIEWER))
    try:
        if given := request.POST.get("kept"):
            return _take(request, given)
        context |= _preview(request)
    except ValueError as error:
        return render(request, "ledger/inbox.html", {**context, "refused": str(error)}, status=422)
    return render(request, "ledger/inbox.html", context)


def _preview(request: Request) -> dict[str, Any]:
    given, kind = request.FILES.get("file"), request.POST.get("kind", "")
    if given is None or kind not in arrivals.KINDS:
        raise ValueError("请选择种类和文件")
    within(given, "请分几个文件")
    provider = _importer(request)
    table, lines = arrivals.read_file(given.read(), given.name or "", kind)
    lines, notes = arrivals.judged(table, lines, source_of(provider, Channel.FILE), kind, request.on)
    shown = sorted(lines, key=lambda line: (not line.problems, not line.reminder))
    read = preview_of(table, ranked([*table.notes, *notes, *arrivals.unlisted(table, shown[_PREVIEW:])]))
    bad = [line for line in lines if line.problems]
    odd = [line for line in lines if line.reminder]
    good = [line.row for line in lines if line.row]
    return {
        "name": given.name,
        "kind": kind,
        "provider": provider,
        "columns": arrivals.columns(kind),
        "lines": shown[:_PREVIEW],
        "total": len(lines),
        "total_text": f"{len(lines):,} 条",
        "bad": len(bad),
        "bad_rows": told_rows((line.number for line in bad), _TOLD) if len(bad) > _PREVIEW else "",
        "odd": len(odd),
        "odd_rows": told_rows((line.number for line in odd), _TOLD) if odd else "",
        "read": read,
        "kept": ""
        if bad or table.refused
        else keep(
            [provider.pk, kind, [[row.reference, row.plain()] for row in good]],
            _purpose(request),
            doubtful=read.doubtful,
        ),
    }


def _importer(request: Request) -> Institution:
    """替哪家服务商导入：服务商是自己，区科创中心要选。"""
    code = request.POST.get("provider", "")
    found = (
        Institution.objects.filter(pk=request.actor.institution or 0)
        if request.actor.role == Role.PROVIDER
        else providers().filter(code=code)
    ).first()
    if found is None:
        raise ValueError("请选择是哪家服务商的平台数据")
    return found


def _purpose(request: Request) -> str:
    return f"inbox-{request.actor.person}"


def _take(request: Request, given: str) -> HttpResponse:
    agreed = request.POST.get("agreed") == "on"
    with confirmed(actor=request.actor, text=given, purpose=_purpose(request), agreed=agreed) as (
        provider,
        kind,
        items,
    ):
        institution = Institution.objects.get(pk=provider)
        taken = receive(
            actor=request.actor,
            on=request.on,
            source=source_of(institution, Channel.FILE),
            kind=kind,
            items=[(reference, payload) for reference, payload in items],
        )
    missing = f"&missing={taken.missing}" if taken.missing else ""
    return redirect(f"{reverse('inbox')}?new={taken.new}&known={taken.known}{missing}")
