"""目录的页面：公开的价格、各版、下载；编制中的一版存各行。"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from yunheng.audit.refused import Refused
from yunheng.documents.listing import TYPE, workbook
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.reading import day_of
from yunheng.rules.roles import Role

from . import operations, queries
from .models import Edition, EditionDraft
from .sheet import COLUMNS, Row, read


@allowed()
def prices(request: Request) -> HttpResponse:
    """公开的目录和单价：现行的，或某一天、某一版的（R-011、R-014）。"""
    level = request.GET.get("level", "市级")
    if level not in operations.LEVELS:
        raise Http404
    on = _day(request.GET.get("on"), request.on)
    edition = (
        get_object_or_404(Edition, number=request.GET["edition"], level=level)
        if request.GET.get("edition")
        else queries.edition_on(level, on)
    )
    rows = queries.rows_of(edition) if edition else []
    previous = queries.previous(edition) if edition else None
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.category, []).append(row)
    context: dict[str, Any] = {
        "level": level,
        "levels": operations.LEVELS,
        "as_of": on,
        "edition": edition,
        "groups": groups,
        "editions": Edition.objects.filter(level=level).order_by("-effective_on", "-pk")[:50],
        "previous": previous,
        "moved": queries.moved(queries.rows_of(previous), rows) if previous else [],
        "starts": request.actor.role == operations.LEVELS[level][1],
    }
    return render(request, "catalog/prices.html", context)


def _day(text: str | None, default: date) -> date:
    try:
        return day_of(text) if text else default
    except ValueError as error:
        raise Http404 from error


@allowed()
def sheet(request: Request, number: str) -> HttpResponse:
    """一版目录（或编制中的）的 Excel，列同导入表。"""
    del request
    draft = EditionDraft.objects.filter(case__number=number).first()
    rows = draft.rows if draft else [row.plain() for row in queries.rows_of(get_object_or_404(Edition, number=number))]
    content = workbook("目录", COLUMNS, ([row[column] for column in COLUMNS] for row in rows))
    response = HttpResponse(content, content_type=TYPE)
    response["Content-Disposition"] = "attachment; filename=catalog.xlsx"
    return response


@require_POST
@allowed(Role.CITY_OPERATOR, Role.REVIEWER)
def start(request: Request) -> HttpResponse:
    """起一版目录。"""
    case = operations.start(actor=request.actor, on=request.on, level=request.POST.get("level", ""))
    return redirect(f"/cases/{case.number}/")


@require_POST
@allowed(Role.CITY_OPERATOR, Role.REVIEWER)
def save(request: Request, number: str) -> HttpResponse:
    """存编制中的一版：生效日、依据，可以导入一张 Excel 整本换掉，也可以只改一项的单价。"""
    draft = get_object_or_404(EditionDraft.objects.select_related("case__board"), case__number=number)
    post, file = request.POST, request.FILES.get("file")
    try:
        effective = day_of(post.get("effective_on", ""))
        rows = read(file.read(), file.name or "") if file else None
    except ValueError as error:
        raise Refused([str(error)]) from error
    if (item := post.get("item", "").strip()) and rows is None:
        rows = [dict(row) for row in draft.rows]
        found = [row for row in rows if row["目录项"] == item and row["服务商"] == post.get("provider", "").strip()]
        if not found:
            raise Refused([f"这一版里没有目录项 {item}（R-011）"])
        found[0]["单价"] = post.get("unit_price", "").strip()
    operations.save(
        actor=request.actor,
        case=draft.case,
        seen=int(post["version"][:9]) if post.get("version", "").isdigit() else -1,
        effective_on=effective,
        basis=post.get("basis", ""),
        rows=rows,
    )
    return redirect(f"/cases/{number}/#catalog")
