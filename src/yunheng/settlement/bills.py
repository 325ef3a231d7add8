"""对账和核对的页面：对账差异、两批对照、批次的文件、FOCUS 导出、一条事实的证据。"""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import urlencode

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import Refused
from yunheng.cases.operations import MAX_ATTACHMENT
from yunheng.catalog.models import Item
from yunheng.ledger.queries import visible
from yunheng.metering import differences as named
from yunheng.metering import diffing
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.models import Institution, Kind, Level
from yunheng.orgs.reading import decimal_of
from yunheng.rules.roles import Role

from . import focus, operations, queries, recasting, running
from .evidence import of
from .impact import savings
from .models import Contract, Handling, Run, RunFile
from .views import CENTRE, MAX_PK, names_of


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
        "argues": request.actor.role in (Role.CLERK, Role.PROVIDER, Role.THIRD_PARTY),
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
