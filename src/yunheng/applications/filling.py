"""填申请的页面：选事项、任务清单、各部分、检查提交。"""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from yunheng.audit.append_only import newest
from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.cases.operations import refusals
from yunheng.cases.views import case_or_404, panel
from yunheng.catalog import queries as catalog
from yunheng.documents.annex1 import LINES, PRE_TICKED
from yunheng.documents.annexes import MACHINE_COLUMNS
from yunheng.ledger.models import Project, Resource
from yunheng.ledger.queries import visible_projects
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.reading import seen_in, whole_of
from yunheng.orgs.serving import attached
from yunheng.rules.problems import NotInForce
from yunheng.rules.procedures import AMEND, PROCEDURES
from yunheng.rules.roles import Role

from . import changing, grid, guards, operations, pasting, printing
from .checking import Problem, check_attachments, check_section, required_attachments
from .models import Draft
from .sections import HOST_COLUMNS, SECTIONS, Section
from .showing import TYPES, blocks, estimate_of, excess_shown, growth_shown, host_rows, prices_for

#: 选事项页上的次序和大白话
START = (
    ("new", "我要给新项目申请云资源"),
    ("migration", "我要把老系统迁上云"),
    ("change", "我要增减配置"),
    ("deregistration", "我不用了，要注销"),
    ("quota", "我要报项目配额"),
    ("district", "我在编方案，要先对接"),
    ("development", "我要开发用的资源"),
    ("emergency", "我要应急用的资源"),
    ("temporary", "我要临时用的资源"),
    ("extension", "应急、临时资源要延期"),
)


_NEEDS_PROJECT = ("change", "deregistration")


@allowed(Role.CLERK)
def choose(request: Request) -> HttpResponse:
    """选要办什么；选了就起草。"""
    if request.method == "POST":
        return _start(request)
    cards = [(PROCEDURES[code], plain) for code, plain in START]
    chosen = request.GET.get("kind", "")
    return render(
        request,
        "applications/choose.html",
        {
            "cards": cards,
            "chosen": PROCEDURES.get(chosen),
            "needs_project": chosen in _NEEDS_PROJECT,
            "projects": visible_projects(request.actor).order_by("code"),
            "preset": request.GET.get("project", ""),
        },
    )


def _start(request: Request) -> HttpResponse:
    kind = request.POST.get("kind", "")
    if kind not in SECTIONS:
        raise Http404
    project = None
    if number := request.POST.get("project", ""):
        project = get_object_or_404(visible_projects(request.actor), pk=whole_of(number) or 0)
    if kind == "extension" and project is None:
        raise Refused(["延期要选原来的项目"])
    if kind in _NEEDS_PROJECT and project is None:
        raise Refused([f"{PROCEDURES[kind].name}要从已有项目里选"])
    case = operations.start(
        actor=request.actor, on=request.on, procedure=kind, project=project, project_name=request.POST.get("name", "")
    )
    return redirect(f"/apply/{case.number}/")


def draft_or_404(request: Request, number: str) -> Draft:
    """取到并鉴权：这件申请的草稿。"""
    case = case_or_404(request, number)
    return get_object_or_404(
        Draft.objects.select_related("case__unit", "case__board", "project", "edited_by"), case=case
    )


def _editable(draft: Draft) -> bool:
    return draft.case.board.step in ("draft", AMEND)


def _section(draft: Draft, code: str) -> Section:
    for section in SECTIONS[draft.case.procedure]:
        if section.code == code:
            return section
    raise Http404


def _marks(case: Case) -> dict[str, str]:
    """最近一次退回指出的地方。"""
    event = newest(case.events.filter(act="return").exclude(marks={}), "seq")
    return dict(event.marks) if event and case.board.step == AMEND else {}


def _status(draft: Draft, section: Section, problems: list[Problem], tried: bool) -> str:
    """任务清单上的一格：未开始、填写中、已完成、不需要、有问题。"""
    own = [problem for problem in problems if problem.section == section.code]
    keys = {field.key for field in section.fields} | {section.form, section.code}
    keys |= {"files": {"statement"}, "services": {"service_changes"}}.get(section.form, set())
    filled = any(draft.content.get(key) not in (None, "", [], {}) for key in keys)
    if any(mark.split(".")[0] in keys for mark in _marks(draft.case)):
        return "有问题"
    if own and tried:
        return "有问题"
    if not filled:
        return "不需要" if section.optional and not own and tried else "未开始"
    return "填写中" if own else "已完成"


@allowed(Role.CLERK, Role.HEAD)
def tasks(request: Request, number: str) -> HttpResponse:
    """任务清单：各部分填到哪里。提交以后转到办件详情。"""
    draft = draft_or_404(request, number)
    if not _editable(draft):
        return redirect(f"/cases/{number}/")
    problems = guards.problems_of(draft.case, draft.content)
    tried = bool(request.GET.get("tried")) or draft.case.board.step == AMEND
    rows = [(section, _status(draft, section, problems, tried)) for section in SECTIONS[draft.case.procedure]]
    return render(
        request,
        "applications/tasks.html",
        {
            **panel(request, draft.case),
            "draft": draft,
            "rows": rows,
            "done": sum(status == "已完成" for _, status in rows),
            "marks": _marks(draft.case),
            "refusals": list(guards.refusals(draft.content, request.on)),
        },
    )


@allowed(Role.CLERK)
def section(request: Request, number: str, code: str) -> HttpResponse:
    """填一部分。POST 是存：自动存（htmx）回一行“已保存”，保存并返回则回清单。"""
    draft = draft_or_404(request, number)
    part = _section(draft, code)
    if request.method == "POST":
        return _save(request, draft, part)
    if not _editable(draft):
        return redirect(f"/cases/{number}/")
    return render(request, f"applications/{part.form}.html", _section_context(request, draft, part))


def _section_context(request: Request, draft: Draft, part: Section) -> dict[str, Any]:
    content, table = draft.content, PROCEDURES[draft.case.procedure]
    drifts = changing.drifts(content, draft.project) if part.form in ("changes", "services") else []
    if drifts:
        content = changing.rebased(content, draft.project)
    context: dict[str, Any] = {
        "drifts": [one for one in drifts if one.section == part.code],
        "case": draft.case,
        "draft": draft,
        "section": part,
        "content": content,
        "table": table,
        "marks": _marks(draft.case),
        "board": draft.case.board,
        "refusals": list(guards.refusals(content, request.on)) if part.code == "project" else [],
        "fields": [(field, content.get(field.key, "")) for field in part.fields],
    }
    if request.GET.get("tried"):
        context["problems"] = list(check_section(draft.case.procedure, part, content))
        context["errors"] = {problem.place: problem.message for problem in context["problems"]}
    if part.form == "machines":
        context["machine_columns"] = MACHINE_COLUMNS
    if part.form in ("hosts", "changes"):
        context |= {
            "columns": HOST_COLUMNS,
            "rows": host_rows(content.get(part.form) or []),
            "totals": grid.totals(content.get(part.form) or []),
        }
    if part.form == "changes":
        context |= _change_context(request, draft)
    if part.form == "services":
        context |= _services_context(request, draft)
    if part.form == "release":
        context["resources"] = _live(draft.project)
        context["chosen"] = set(content.get("release") or [])
    if part.form == "files":
        context["attachments"] = draft.case.attachments.defer("content").order_by("pk")
        context["required"] = required_attachments(draft.case.procedure, content)
        if request.GET.get("tried"):
            given = {attachment.kind for attachment in context["attachments"]}
            context["problems"] += check_attachments(draft.case.procedure, content, given)
    return context


def _live(project: Project) -> list[Resource]:
    return list(Resource.objects.filter(project=project, segments__during__upper_inf=True).distinct().order_by("code"))


def _change_context(request: Request, draft: Draft) -> dict[str, Any]:
    busy = guards.resources_in_change(draft.project, exclude=draft.case)
    hosts = [one for one in _live(draft.project) if one.kind != "服务项"]
    now = changing.currents({one.code for one in hosts}, draft.project)
    try:
        growth = guards.growth_of(draft.case, draft.content, draft.project, request.on)
    except NotInForce:
        growth = ()
    return {
        "resources": [(r, now[r.code], busy.get(r.code)) for r in hosts],
        "growth": growth,
    }


def _services_context(request: Request, draft: Draft) -> dict[str, Any]:
    content, prices = draft.content, prices_for(draft.content, request)
    chosen = content.get("services") or {}
    changed = content.get("service_changes") or {}
    held = changing.held_services(draft.project) if draft.case.procedure == "change" else {}
    stale = {one.place for one in changing.drifts({"service_changes": changed}, draft.project)} if changed else set()
    groups: dict[str, list[dict[str, Any]]] = {}
    for line in LINES:
        item = prices.items.get(line.code)
        groups.setdefault(line.group, []).append(
            {
                "line": line,
                "item": item,
                "price": prices.unit_price(item) if item else None,
                "ticked": line.code in chosen,
                "quantity": chosen.get(line.code, ""),
                "held": held.get(line.code),
                "change": changed.get(line.code),
                "stale": f"services.{line.code}" in stale,
                "reason": (content.get("unticked") or {}).get(line.code, ""),
            }
        )
    return {
        "groups": groups,
        "pre_ticked": PRE_TICKED,
        "estimate": catalog.estimate(grid.quantities(content, prices.items), prices),
    }


def _save(request: Request, draft: Draft, part: Section) -> HttpResponse:
    seen = seen_in(request.POST.get("version"))
    auto = bool(request.htmx)
    try:
        values = grid.parse(part, request.POST, draft.content, draft.project)
        draft = operations.save(actor=request.actor, case=draft.case, seen=seen, values=values)
    except operations.Edited as error:
        return render(
            request,
            "applications/_conflict.html" if auto else "errors/problem.html",
            {
                "draft": error.draft,
                "problems": error.problems,
                "title": "没有存上",
                "status": 409,
                "back": request.path,
            },
            status=409,
        )
    except ValueError as error:
        problems = getattr(error, "problems", (str(error),))
        return render(
            request,
            "applications/_unsaved.html" if auto else "errors/problem.html",
            {"problems": problems, "title": "没有存上", "status": 422, "back": request.path},
            status=422,
        )
    if auto:
        context = _section_context(request, draft, part)
        return render(request, "applications/_saved.html", context)
    if request.POST.get("stay"):
        return redirect(f"/apply/{draft.case.number}/{part.code}/#grid")
    return redirect(f"/apply/{draft.case.number}/?tried=1")


@allowed(Role.CLERK)
def blank(request: Request, number: str, which: int) -> HttpResponse:
    """离线填的附件 Word：空白的，或已填到一半的。"""
    draft = draft_or_404(request, number)
    try:
        content = printing.render_draft(draft, which)
    except printing.NotPrintable as error:
        raise Http404 from error
    name = f"附件{which}-{draft.case.number}-草稿.docx"
    return attached(content, name, TYPES["docx"])


@allowed(Role.CLERK)
def template(request: Request, number: str) -> HttpResponse:
    """主机清单的空白 Excel 模板。"""
    draft = draft_or_404(request, number)
    response = HttpResponse(
        pasting.blank_workbook(), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response["Content-Disposition"] = f"attachment; filename=hosts-{draft.case.number}.xlsx"
    return response


@allowed(Role.CLERK)
def review(request: Request, number: str) -> HttpResponse:
    """检查并提交。"""
    draft = draft_or_404(request, number)
    if not _editable(draft):
        return redirect(f"/cases/{number}/")
    refused: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            operations.submit(
                actor=request.actor, on=request.on, case=draft.case, seen=seen_in(request.POST.get("seen"))
            )
            return redirect(f"/cases/{number}/?filed=1")
        except Refused as error:
            refused = error.problems
    problems = guards.problems_of(draft.case, draft.content)
    if not refused and not problems:
        refused = refusals(
            actor=request.actor, on=request.on, case=draft.case, act_code=operations.submit_act(draft.case)
        )
    context = {
        **panel(request, draft.case),
        "draft": draft,
        "problems": problems,
        "refused": refused,
        "machine_columns": MACHINE_COLUMNS,
        "refusals": list(guards.refusals(draft.content, request.on)),
        "blocks": blocks(draft.case, draft.content, draft.project),
        "estimate": estimate_of(draft.content, request) if not problems else None,
        "growth": growth_shown(draft, request),
        "excess": excess_shown(draft, request),
        "missing": guards.missing_in(draft.case, draft.project, request.actor),
    }
    return render(request, "applications/check.html", context, status=422 if request.method == "POST" else 200)
