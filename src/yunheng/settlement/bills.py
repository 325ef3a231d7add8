"""看账的页面：逐级翻、一条为什么是这么多、两批对照、批次的文件、一条事实的证据。"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header

from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.catalog.models import Item
from yunheng.ledger.queries import visible
from yunheng.metering import diffing
from yunheng.metering.explaining import equation
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.models import Institution, Kind, Level
from yunheng.orgs.reading import decimal_of
from yunheng.rules.conventions import CONVENTIONS

from . import focus, queries, running
from .evidence import of
from .impact import savings
from .models import YEARLY, Contract, Run, RunFile
from .views import CENTRE, MAX_PK, names_of

PAGE = 100
#: 看账的各级：栏、叫法
_LEVELS = (("unit", "单位"), ("project", "项目"), ("resource", "资源"))


@allowed(*BUSINESS)
def drill(request: Request, pk: int) -> HttpResponse:
    """逐级看账：全部 → 单位 → 项目 → 资源 → 账目；每级的合计等于下级之和。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    lines, sums = queries.visible_lines(request.actor, run), queries.visible_sums(request.actor, run)
    get, path, names = request.GET, [], names_of()
    for key, label in _LEVELS:
        if value := get.get(key, ""):
            lines = lines.filter(**{key: value})
            sums = sums.filter(**{key: value}) if key != "resource" else sums.none()
            path.append((key, label, value, names.get(value, value)))
    if provider := get.get("provider", ""):
        lines, sums = lines.filter(provider=provider), sums.filter(provider=provider)
    crumbs, chosen = [], {"provider": provider} if provider else {}
    for key, label, value, name in path:
        chosen[key] = value
        crumbs.append((f"{label} {name}", urlencode(chosen)))
    context: dict[str, Any] = {
        "run": run,
        "total": queries.totals(lines if get.get("resource") else sums),
        "crumbs": crumbs,
        "provider": names.get(provider, provider),
        "estimated": run.kind != YEARLY,
    }
    following = next(((key, label) for key, label in _LEVELS if not get.get(key)), None)
    if following is None:
        # 一个资源的账目不多，取来再排：照次序取，数据库会沿着整个批次的次序找
        rows = sorted(lines, key=lambda line: (line.disputed, line.seq))
        shown = Paginator(rows, PAGE).get_page(get.get("page", "1")[:6])
        context |= {
            "page": shown,
            "items": dict(Item.objects.values_list("code", "name")),
            "query": urlencode(get.dict()),
        }
        return render(request, "settlement/lines.html", context)
    key, label = following
    levels = queries.breakdown(lines if key == "resource" else sums, key, names)
    page = Paginator(levels, PAGE).get_page(get.get("page", "1")[:6])
    base = {k: v for k, v in get.items() if k != "page"}
    context |= {
        "label": label,
        "page": page,
        "rows": [(level, urlencode({**base, key: level.code})) for level in page],
        "sum": sum((level.amount for level in levels), Decimal(0)),
        "providers": [] if path else queries.breakdown(queries.visible_sums(request.actor, run), "provider", names),
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
        "names": names_of(),
        "equation": text,
        "conventions": [
            (code, CONVENTIONS[code].question, CONVENTIONS[code].options[run.head["conventions"][code]])
            for code in sorted({*codes, "K-01", "K-05"})
        ],
        "days": queries.days(found) if found.until_on > found.from_on else [],
        "fact": fact,
        "case": Case.objects.filter(number=found.form.partition("/")[0]).first(),
        "differences": [one for one in queries.differences(run, found.resource) if one["item"] in (found.item, None)],
    }
    return render(request, "settlement/line.html", context)


@allowed(*CENTRE)
def compare(request: Request, pk: int, other: int) -> HttpResponse:
    """两个批次逐条对照（R-083）：前一个减去后一个之前是多少，之后是多少，合计勾稽。"""
    before, after = (get_object_or_404(Run, pk=min(one, MAX_PK)) for one in (pk, other))
    contents = [json.loads(running.result_of(run)) for run in (before, after)]
    found = diffing.compare(*contents)
    context = {"before": before, "after": after, "found": found, "text": found.text(), "names": names_of()}
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


@allowed(*BUSINESS)
def focus_file(request: Request, pk: int) -> HttpResponse:
    """看得到的账目按 FOCUS 1.2 导出，边读边给。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    lines = queries.visible_lines(request.actor, run).filter(disputed=False).order_by("seq").iterator(chunk_size=2000)
    centre = Institution.objects.filter(kind=Kind.OPERATOR, level=Level.DISTRICT).order_by("pk").first()
    invoices = {
        (one.provider.code, one.unit.code if one.unit else ""): one.number
        for one in Contract.objects.filter(freeze__run=run).select_related("provider", "unit")
    }
    items = {item.code: item for item in Item.objects.all()}
    district = (centre.code if centre else settings.DISTRICT, settings.DISTRICT)
    rows = focus.rows(run, lines, names_of(), items, invoices, district)
    name = f"focus-{run.service_year}-{run.pk}.csv"
    with unit_of_work(request.actor) as journal:
        journal.note("导出 FOCUS", str(run.pk), after={"文件": name})
    response = StreamingHttpResponse(focus.written(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f"attachment; filename={name}"
    return response  # type: ignore[return-value]


@allowed(*BUSINESS)
def saving(request: Request, code: str) -> HttpResponse:
    """缩配能省多少：照拟改的数量估一年的节约（R-056）。"""
    resource = visible(request.actor).filter(code=code).select_related("provider", "project__unit").first()
    if resource is None:
        raise Http404
    problems: tuple[str, ...] = ()
    try:
        wanted = {
            key.removeprefix("q:"): decimal_of(text, 3)
            for key, text in request.GET.dict().items()
            if key.startswith("q:") and text.strip()
        }
        rows = savings(resource, wanted, request.on)
    except (Refused, ValueError) as error:
        problems = error.problems if isinstance(error, Refused) else (str(error),)
        rows = savings(resource, {}, request.on)
    context = {
        "resource": resource,
        "rows": [(row, request.GET.get(f"q:{row.item.code}", "")) for row in rows],
        "total": sum((row.saved for row in rows), Decimal(0)),
        "problems": problems,
    }
    return render(request, "settlement/saving.html", context, status=422 if problems else 200)


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
