"""看账的页面：逐级翻、一条为什么是这么多、对账差异、两批对照、批次的文件、一条事实的证据。"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.catalog.models import Item
from yunheng.ledger.queries import visible
from yunheng.metering import differences as named
from yunheng.metering import diffing
from yunheng.metering.explaining import equation
from yunheng.orgs import commissioning
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.models import Institution, Kind, Level
from yunheng.orgs.reading import MAX_ATTACHMENT, decimal_of
from yunheng.rules.conventions import CONVENTIONS
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope

from . import focus, operations, queries, recasting, running
from .evidence import of
from .impact import savings
from .models import YEARLY, Contract, Handling, Run, RunFile
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


@allowed(*CENTRE, Role.CLERK, Role.PROVIDER)
def differences(request: Request, pk: int) -> HttpResponse:
    """对账的差异：分派、说明、裁定（R-075）。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        post = request.POST
        try:
            assignee, given = post.get("assignee", ""), request.FILES.get("file")
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
                evidence=(given.name or "证据", given.read(MAX_ATTACHMENT + 1)) if given else None,
            )
            return redirect(
                f"/settlement/runs/{pk}/differences/?code={post.get('code', '')}&q={post.get('resource', '')}"
            )
        except Refused as error:
            problems = error.problems
    rows = queries.differences(run)
    if request.actor.role in (Role.CLERK, Role.PROVIDER):
        named_in = {row["resource"] for row in rows if row["resource"]}
        seen = queries.visible_lines(request.actor, run).filter(resource__in=named_in)
        own = {*seen.values_list("resource", flat=True)}
        rows = [row for row in rows if row["resource"] in own]
    barred = commissioning.uncovered(request.actor, request.on, Scope.METERING)
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
        "ruled_again": recasting.ruled_again(run) if request.actor.role == Role.REVIEWER else 0,
        "uncovered": barred,
        "argues": request.actor.role in (Role.CLERK, Role.PROVIDER, Role.THIRD_PARTY) and not barred,
        "institutions": Institution.objects.filter(
            kind__in=(Kind.PROVIDER, Kind.USING_UNIT, Kind.THIRD_PARTY)
        ).order_by("kind", "code"),
        "query": urlencode({k: v for k, v in request.GET.items() if k != "page"}),
    }
    return render(request, "settlement/differences.html", context, status=422 if problems else 200)


@allowed(*CENTRE, Role.CLERK, Role.PROVIDER)
def handling_file(request: Request, pk: int) -> HttpResponse:
    """差异处理附的证据；使用单位、服务商只看得到自己账目上的。"""
    found = get_object_or_404(Handling.objects.exclude(name=""), pk=min(pk, MAX_PK))
    run = queries.latest_run(found.service_year)
    own = run and queries.visible_lines(request.actor, run).filter(resource=found.resource).exists()
    if request.actor.role in (Role.CLERK, Role.PROVIDER) and not own:
        raise Http404
    response = HttpResponse(bytes(found.content or b""), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    return response


@require_POST
@allowed(Role.REVIEWER)
def recast(request: Request, pk: int) -> HttpResponse:
    """照新的裁定试算（R-075）。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    made = recasting.recast(actor=request.actor, on=request.on, run=run)
    return redirect(f"/settlement/runs/{made.pk}/")


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
    """批次的文件：第三方拿数据包去离线复算（R-077），要有委托（R-089）。"""
    commissioning.require(request.actor, request.on, Scope.METERING)
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
