"""整本导入编制中的一版：先预览读了什么、变了什么，确认了才换；没有再改过的可以整批撤销。"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from yunheng.orgs.access import Request, allowed
from yunheng.orgs.previewed import confirmed, keep, preview_of, within
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import seen_in
from yunheng.rules.roles import Role

from . import operations, queries
from .models import EditionDraft
from .sheet import checked, read, rows_of


@require_POST
@allowed(Role.CITY_OPERATOR, Role.REVIEWER)
def import_rows(request: Request, number: str) -> HttpResponse:
    """送来文件的预览；送来预览的确认导入。"""
    draft = get_object_or_404(EditionDraft.objects.select_related("case__board"), case__number=number)
    purpose = f"catalog-{number}-{request.actor.person}"
    if given := request.POST.get("kept"):
        agreed = request.POST.get("agreed") == "on"
        with confirmed(actor=request.actor, text=given, purpose=purpose, agreed=agreed) as (name, seen, rows):
            operations.take_in(actor=request.actor, case=draft.case, seen=seen, rows=rows, name=name)
        return redirect(f"{_back(number)}#catalog")
    context = {"case": draft.case, "draft": draft, "back": _back(number)}
    try:
        context |= _preview(request, draft, purpose)
    except ValueError as error:
        return render(request, "catalog/import.html", {**context, "refused": str(error)}, status=422)
    return render(request, "catalog/import.html", context)


def _preview(request: Request, draft: EditionDraft, purpose: str) -> dict[str, Any]:
    file = request.FILES.get("file")
    if file is None:
        raise ValueError("请选择文件")
    within(file, "请只留目录这一张表")
    name = (file.name or "")[:200]
    table = read(file.read(), name)
    refused = {str(note.row) for note in table.refused}
    given = rows_of(table)
    good, problems = operations.rehearse(draft.level, [row for row in given if row["行号"] not in refused])
    earlier, _ = checked(draft.rows, draft.level)
    wrong = bool(problems or table.refused)
    return {
        "name": name,
        "read": preview_of(table),
        "problems": problems[:100],
        "more": max(0, len(problems) - 100),
        "total": len(given),
        "moved": queries.moved(earlier, good),
        "reworded": queries.reworded(earlier, good),
        "providers": dict(providers().values_list("code", "name")),
        "wrong": wrong,
        "label": f"确认导入 {len(given):,} 行，整本换掉",
        "kept": ""
        if wrong
        else keep([name, seen_in(request.POST.get("version")), given], purpose, doubtful=bool(table.doubtful)),
    }


def _back(number: str) -> str:
    return reverse("case", args=[number])


@require_POST
@allowed(Role.CITY_OPERATOR, Role.REVIEWER)
def undo(request: Request, number: str) -> HttpResponse:
    """整批撤销最近一次导入。"""
    draft = get_object_or_404(EditionDraft.objects.select_related("case__board"), case__number=number)
    operations.undo_import(actor=request.actor, case=draft.case, seen=seen_in(request.POST.get("version")))
    return redirect(f"{_back(number)}#catalog")
