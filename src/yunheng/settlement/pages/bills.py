"""账目以外的页面：两批对照、批次的文件、FOCUS 导出、缩配、一条事实的证据。"""

from __future__ import annotations

from decimal import Decimal

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header

from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import Refused
from yunheng.catalog.models import Item
from yunheng.ledger.queries import visible
from yunheng.orgs import commissioning
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.reading import Given, decimal_of, whole_of
from yunheng.orgs.serving import attached
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope
from yunheng.settlement.bill import contrasting, focus, focusing
from yunheng.settlement.bill.evidence import of
from yunheng.settlement.impact import savings
from yunheng.settlement.models import Run, RunFile
from yunheng.settlement.pages.years import CENTRE, MAX_PK, names_of
from yunheng.settlement.runs import running
from yunheng.tables import writing

#: 对照一页几对；按单位的小计列几个，变得多的在前
PAGE, MAX_UNITS = 50, 20


@allowed(*CENTRE)
def compare(request: Request, pk: int, other: int) -> HttpResponse:
    """两个批次逐条对照（R-083）：原来多少，现在多少，合计怎样勾稽；账目、待核、差异各看，可以只看一种、一个单位。

    不是同一服务年度的不对照，抛 Refused。
    """
    before, after = (get_object_or_404(Run, pk=min(one, MAX_PK)) for one in (pk, other))
    if before.service_year != after.service_year:
        raise Refused(
            [
                f"批次 {before.pk} 是 {before.service_year} 服务年度的，"
                f"批次 {after.pk} 是 {after.service_year} 服务年度的："
                "两年的账没有一条是同一条，对照不出哪里变了；请选同一服务年度的两个批次（R-083）"
            ]
        )
    kind, unit, which = (request.GET.get(name, "") for name in ("kind", "unit", "list"))
    number = max(whole_of(request.GET.get("page"), 999_999) or 1, 1)
    offset = (number - 1) * PAGE
    found = contrasting.contrast(
        before,
        after,
        kind=kind if kind in contrasting.KINDS else "",
        unit=unit,
        offset=offset,
        limit=PAGE,
        which=which if which in contrasting.LISTS else "",
    )
    context = {
        "before": before,
        "after": after,
        "found": found,
        "page": contrasting.Sliced(found, PAGE).get_page(number),
        "units": found.units[:MAX_UNITS],
        "kind": kind,
        "unit": unit,
        "names": names_of(),
        "items": dict(Item.objects.values_list("code", "name")),
    }
    return render(request, "settlement/compare.html", context)


@allowed(*CENTRE)
def download(request: Request, pk: int, name: str) -> HttpResponse:
    """批次的文件：第三方拿数据包去离线复算（R-077），要有委托（R-089）。"""
    commissioning.require(request.actor, request.on, Scope.METERING)
    file = get_object_or_404(RunFile, run_id=min(pk, MAX_PK), name=name)
    # 复算不一致就给的话，下载了原样传回来就“一致”了：独立复算落空
    given = request.actor.role != Role.THIRD_PARTY or name != running.RESULT
    if not given and not file.run.recomputations.filter(equal=True).exists():
        raise Refused(
            [
                "先上传自己离线复算的结果，一致了再下载系统的；不一致的，差在哪里逐条列在办件页上，"
                "数据包随时可以下载（D62-七，R-077）"
            ]
        )
    with unit_of_work(request.actor) as journal:
        journal.note("下载计量文件", str(file.run_id), after={"文件": name})
    return attached(file.content, f"{file.run_id}-{name}")


@allowed(*BUSINESS)
def focus_file(request: Request, pk: int) -> HttpResponse:
    """看得到的账目、扣减、核定、补差按 FOCUS 1.2 导出，边读边给。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    rows = focusing.export(request.actor, run, names_of())
    name = focusing.file_name(run)
    with unit_of_work(request.actor) as journal:
        journal.note("导出 FOCUS", str(run.pk), after={"文件": name})
    response = StreamingHttpResponse(focus.written(rows), content_type=writing.TYPE)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response  # type: ignore[return-value]


@allowed(*BUSINESS)
def saving(request: Request, code: str) -> HttpResponse:
    """缩配能省多少：照拟改的数量估一年的节约（R-056）。"""
    resource = visible(request.actor).filter(code=code).select_related("provider", "project__unit").first()
    if resource is None:
        raise Http404
    problems: tuple[str, ...] = ()
    rows = savings(resource, {}, request.on)
    given = Given(request.GET.dict(), "（D62-六(二)，R-056）")
    # 填得出数的照填的，填错的先照现在的，两样问题一次说全
    typed = [row.item for row in rows if request.GET.get(f"q:{row.item.code}", "").strip()]
    numbers = {item.code: given.read(f"q:{item.code}", item.name, lambda text: decimal_of(text, 3)) for item in typed}
    try:
        rows = savings(resource, {code: value for code, value in numbers.items() if value is not None}, request.on)
    except Refused as error:
        problems = error.problems
    problems = (*given.problems, *problems)
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
