"""结算数据包页：选服务年度，下载数据包，告诉第三方怎样离线重算。"""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.http import content_disposition_header

from yunheng.audit.operations import unit_of_work
from yunheng.ledger.queries import visible
from yunheng.metering.writing import write_package
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.rules.periods import service_year_of
from yunheng.rules.roles import Role

from . import queries
from .evidence import of

FIRST_YEAR = 2021
_TYPES = {"zip": "application/zip", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


@allowed(Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY)
def package(request: Request) -> HttpResponse:
    """选年度和截止日；`format=zip` 或 `xlsx` 就给文件（R-077）。"""
    present = service_year_of(request.on)
    kind = request.GET.get("format", "")
    if not kind:
        years = [
            (year, f"{year} 服务年度（{year}-07-01 至 {year + 1}-06-30）") for year in range(present, FIRST_YEAR, -1)
        ]
        return render(request, "settlement/package.html", {"years": years, "counts": queries.counts()})
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
    with tempfile.TemporaryDirectory(prefix="yunheng-") as folder, unit_of_work(request.actor) as journal:
        target = Path(folder) / f"package.{kind}"
        write_package(target, queries.manifest(year, settings.DISTRICT, cutoff), queries.tables(year))
        content = target.read_bytes()
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


#: 编号的上限：再大数据库存不下
MAX_PK = 2**63 - 1
