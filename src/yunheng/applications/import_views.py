"""申请的导入：主机清单（粘贴、Excel、CSV）和填好的附件；先预览读了什么、没读什么，确认了才写入，可以整批撤销。"""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from yunheng.orgs.access import Request, allowed
from yunheng.orgs.previewed import confirmed, keep, preview, preview_of, within
from yunheng.orgs.reading import seen_in
from yunheng.rules.procedures import PROCEDURES
from yunheng.rules.roles import Role
from yunheng.tables.notes import Note, Outcome, ranked, told_rows

from . import annex_fitting, guards, importing, operations, pasting
from .checking import check_row, too_many
from .comparing import already_listed, compare
from .filling import draft_or_404
from .models import Draft
from .sections import HOST_COLUMNS
from .showing import host_rows


@require_POST
@allowed(Role.CLERK)
def paste(request: Request, number: str) -> HttpResponse:
    """粘贴或导入主机清单：先预览，逐格指出错误，确认了才写入；同一次预览只能确认一次（R-032）。"""
    draft = draft_or_404(request, number)
    form = "changes" if draft.case.procedure == "change" else "hosts"
    purpose = f"paste-{number}-{request.actor.person}"
    if given := request.POST.get("kept"):
        agreed = request.POST.get("agreed") == "on"
        with confirmed(actor=request.actor, text=given, purpose=purpose, agreed=agreed) as (name, kept, again, told):
            read_rows = rows = pasting.plain(kept)
            if form == "changes":
                rows = [{**row, "action": "新增"} for row in rows]
            values = {form: [*(draft.content.get(form) or []), *rows]}
            operations.take_in(
                actor=request.actor,
                case=draft.case,
                seen=draft.version,
                values=values,
                name=name,
                rows=read_rows,
                again=again,
                told=told,
            )
        return redirect(f"{reverse('section', args=[number, form])}?tried=1")
    file = request.FILES.get("file")
    name = (file.name or "")[:200] if file else "粘贴的内容"
    try:
        if file:
            within(file, "请只留主机清单这一张表")
        found = pasting.from_file(file.read(), name) if file else pasting.from_text(request.POST.get("text", ""))
        if over := too_many(len(draft.content.get(form) or []), len(found.rows)):
            raise ValueError(over)
    except ValueError as error:
        return render(request, "applications/_preview.html", {"case": draft.case, "refused": str(error)}, status=422)
    earlier = operations.imported_before(draft, pasting.plain(found.rows))
    same = already_listed(found.rows, draft.content.get(form) or [])
    twice = []
    if earlier:
        twice = [Note(Outcome.NAMED, "整份", f"{earlier}，再导入就再加一遍", doubtful=True)]
    elif same:
        text = f"其中 {len(same)} 行与表里已有的相同（表里{told_rows(mine + 1 for _, mine in same)}），导入会再加一遍"
        where = told_rows(found.numbers[place] for place, _ in same)
        twice = [Note(Outcome.NAMED, where, text, found.table.sheet, doubtful=True)]
    read = preview_of(found.table, [*twice, *found.notes])
    context = {
        "case": draft.case,
        "columns": HOST_COLUMNS,
        "rows": list(zip(found.numbers, host_rows(found.rows), strict=True)),
        "earlier": earlier,
        "bad": sum(bool(list(check_row(row))) for row in found.rows),
        "blocked": found.blocked,
        "read": read,
        "name": name,
        "back": reverse("section", args=[number, form]),
        "action": reverse("paste", args=[number]),
        "label": f"确认导入 {len(found.rows)} 行",
        "kept": ""
        if found.blocked
        else keep([name, list(found.rows), bool(earlier), len(same)], purpose, doubtful=read.doubtful),
    }
    return render(request, "applications/_preview.html", context)


@require_POST
@allowed(Role.CLERK)
def import_annex(request: Request, number: str) -> HttpResponse:
    """导入填好的附件：先预览读出了什么、会改哪里、什么没有读，确认了才写入；只能确认一次（R-047）。"""
    draft = draft_or_404(request, number)
    purpose = f"import-{number}-{request.actor.person}"
    if given := request.POST.get("kept"):
        agreed = request.POST.get("agreed") == "on"
        with confirmed(actor=request.actor, text=given, purpose=purpose, agreed=agreed) as (name, seen, values):
            operations.take_in(actor=request.actor, case=draft.case, seen=seen, values=values, name=name)
        return redirect(f"{reverse('tasks', args=[number])}?tried=1")
    context: dict[str, Any] = {"case": draft.case, "draft": draft, "table": PROCEDURES[draft.case.procedure]}
    try:
        context |= _annex_preview(request, draft, purpose)
    except ValueError as error:
        problems = getattr(error, "problems", (str(error),))
        return render(request, "applications/import.html", {**context, "refused": problems}, status=422)
    return render(request, "applications/import.html", context)


def _annex_preview(request: Request, draft: Draft, purpose: str) -> dict[str, Any]:
    file = request.FILES.get("file")
    if file is None:
        raise ValueError("没有选择文件")
    name = (file.name or "")[:200]
    within(file, "请只留附件这一张表")
    imported = importing.read(file.read(), name)
    values, notes = annex_fitting.fit(draft, imported)
    merged = {**draft.content, **values}
    changes = compare(draft.case.procedure, draft.content, merged)
    cleared = [change for change in changes if not change.after]
    if cleared:
        shown = "、".join(f"{change.section}的{change.place}" for change in cleared[:6])
        more = f"等 {len(cleared)} 处" if len(cleared) > 6 else ""
        text = f"文件里空着或没有而表里填了的 {len(cleared)} 处将清空：{shown}{more}，见下面标“将清空”的"
        notes = (Note(Outcome.NAMED, "整份", text, doubtful=True), *notes)
    read = preview(imported.told, ranked(notes))
    return {
        "annex": imported.annex,
        "changes": changes,
        "cleared": len(cleared),
        "read": read,
        "back": reverse("tasks", args=[draft.case.number]),
        "label": "确认写入",
        "problems": guards.problems_of(draft.case, merged),
        "blocked": imported.blocked,
        "kept": keep([name, draft.version, values], purpose, doubtful=read.doubtful)
        if changes and not imported.blocked
        else "",
        "name": name,
    }


@require_POST
@allowed(Role.CLERK)
def undo(request: Request, number: str) -> HttpResponse:
    """整批撤销最近一次导入。"""
    draft = draft_or_404(request, number)
    operations.undo_import(actor=request.actor, case=draft.case, seen=seen_in(request.POST.get("version")))
    return redirect(f"{reverse('tasks', args=[number])}?undone=1")
