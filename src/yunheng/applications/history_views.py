"""历史补录的页面：下载空白工作簿、预演、确认写入，和以往的补录（R-084）。"""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from yunheng.audit.refused import Refused
from yunheng.documents.listing import TYPE
from yunheng.documents.office import MAX_FILE
from yunheng.orgs.access import Forbidden, Request, allowed
from yunheng.orgs.previewed import keep, kept
from yunheng.orgs.reading import MAX_ATTACHMENT
from yunheng.orgs.serving import attached
from yunheng.rules.roles import Role

from . import history
from .models import Backfill

_READERS = (Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION)
_PAGE = 20
#: 预演里最多列几处问题、几张单据
_SHOWN = 200
_MAX_PK = 2**31 - 1


@allowed(*_READERS)
def backfills(request: Request) -> HttpResponse:
    """补录：选工作簿预演，确认才写；下面是以往的补录。"""
    context: dict[str, Any] = {"shown": _SHOWN, "may": request.actor.role == Role.REVIEWER, "values": request.POST}
    status = 200
    if request.method == "POST":
        if not context["may"]:
            raise Forbidden((Role.REVIEWER,))
        try:
            if given := request.POST.get("kept"):
                return _record(request, given, context)
            context |= _preview(request)
        except Refused as error:
            context["problems"], status = error.problems, 422
        except ValueError as error:
            context["problems"], status = (f"{error}（R-084）",), 422
    earlier = Backfill.objects.defer("content").order_by("-pk")
    page = Paginator(earlier, _PAGE).get_page(request.GET.get("page", "1")[:6])
    context |= {"page": page, "rows": [(one, _counted(one)) for one in page]}
    return render(request, "applications/backfill.html", context, status=status)


def _counted(one: Backfill) -> str:
    """各表几行，照工作簿里的次序，没有的不写。"""
    return "，".join(f"{sheet} {number}" for sheet in history.SHEETS if (number := one.counts.get(sheet)))


def _preview(request: Request) -> dict[str, Any]:
    given = request.FILES.get("file")
    if given is None:
        raise Refused(["请选择填好的补录工作簿（R-084）"])
    if (given.size or 0) > MAX_FILE:
        raise Refused([f"“{given.name}”超过 {MAX_FILE // 1048576} MB，请分几个文件（R-084）"])
    name = given.name or "补录.xlsx"
    return _rehearsed(request, name, history.read(given.read(), name))


def _rehearsed(request: Request, name: str, rows: history.Rows) -> dict[str, Any]:
    found = history.rehearse(actor=request.actor, on=request.on, rows=rows)
    return {
        "name": name,
        "found": found,
        "cited": history.CITED,
        "barred": history.barred(found.frozen) if found.frozen else "",
        "kept": "" if found.problems else keep([name, rows], _purpose(request)),
    }


def _record(request: Request, given: str, context: dict[str, Any]) -> HttpResponse:
    """确认写入；缺理由、原件一类的，预演的内容还在，补上再确认。"""
    name, tables = kept(given, _purpose(request))
    rows = {sheet: [(number, row) for number, row in numbered] for sheet, numbered in tables.items()}
    file = request.FILES.get("paper")
    try:
        made = history.record(
            actor=request.actor,
            on=request.on,
            rows=rows,
            workbook=name,
            reason=request.POST.get("reason", ""),
            paper=(file.name or "原件", file.read(MAX_ATTACHMENT + 1)) if file else None,
            adjusts=bool(request.POST.get("adjusts")),
        )
    except Refused:
        context |= _rehearsed(request, name, rows)
        raise
    return redirect(f"/backfill/?done={made.pk}")


def _purpose(request: Request) -> str:
    return f"backfill-{request.actor.person}"


@allowed(Role.REVIEWER)
def template(request: Request) -> HttpResponse:
    """空白工作簿。"""
    del request
    return attached(history.blank(), "历史补录.xlsx", TYPE)


@allowed(*_READERS)
def paper(request: Request, pk: int) -> HttpResponse:
    """一次补录的原件。"""
    del request
    found = get_object_or_404(Backfill, pk=min(pk, _MAX_PK))
    return attached(found.content, found.name)
