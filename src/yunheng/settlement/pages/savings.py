"""可缩配、回收的资源一页：按单位、缘由筛选，导出 Excel、CSV（R-056）。"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode

from yunheng.documents.listing import TYPE, workbook
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.models import Institution
from yunheng.orgs.serving import attached
from yunheng.rules.periods import service_year_of, year_end
from yunheng.rules.roles import Role
from yunheng.settlement import saving
from yunheng.settlement.pages.years import CENTRE
from yunheng.tables import writing

PAGE = 50
_TITLES = ("资源", "单位", "项目", "服务商", "缘由", "说明", "哪天起不要", "到年末省（元）", "单位效能评估")


@allowed(*CENTRE, Role.CLERK, Role.HEAD)
def savings(request: Request) -> HttpResponse:
    """省得多的在前；使用单位只看自己的。"""
    every = saving.candidates(request.actor, request.on)
    unit, kind = request.GET.get("unit", ""), request.GET.get("kind", "")
    found = [
        one for one in every if unit in ("", str(one.resource.project.unit_id)) and (not kind or kind in one.kinds)
    ]
    wanted = request.GET.get("format")
    if wanted == "xlsx":
        return attached(workbook("可省的资源", _TITLES, _rows(found)), f"savings-{request.on}.xlsx", TYPE)
    if wanted == "csv":
        return attached(writing.csv_file(_TITLES, _rows(found)), f"savings-{request.on}.csv", writing.TYPE)
    units = Institution.objects.filter(pk__in={one.resource.project.unit_id for one in every}).order_by("code")
    year = service_year_of(request.on)
    context = {
        "page": Paginator(found, PAGE).get_page(request.GET.get("page", "1")[:6]),
        "total": sum((one.saved for one in found), Decimal(0)),
        "year": year,
        "end": year_end(year),
        "units": units,
        "unit": unit,
        "kind": kind,
        "kinds": saving.KINDS,
        "query": urlencode({key: value for key, value in request.GET.dict().items() if key not in ("page", "format")}),
    }
    return render(request, "settlement/savings.html", context)


def _rows(found: Sequence[saving.Candidate]) -> Iterator[tuple[object, ...]]:
    for one in found:
        resource = one.resource
        yield (
            resource.code,
            resource.project.unit.name,
            resource.project.name,
            resource.provider.name,
            "、".join(one.kinds),
            "；".join(one.reasons),
            one.from_on,
            Decimal(f"{one.saved:.2f}"),
            Decimal(f"{one.result.total.normalize():f}") if one.result else "",
        )
