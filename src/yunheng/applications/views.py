"""办申请的页面：选事项、任务清单、各部分、检查提交；办件详情（连同表单）。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core import signing
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from yunheng.audit.operations import unit_of_work
from yunheng.cases.models import Case
from yunheng.cases.operations import Refused, refusals
from yunheng.cases.views import case_or_404, panel
from yunheng.catalog import queries as catalog
from yunheng.catalog.models import Item
from yunheng.documents.annex1 import LABELS, LINES, PRE_TICKED
from yunheng.documents.office import MAX_FILE
from yunheng.documents.pdf import FontProblem
from yunheng.ledger.models import Project, Resource
from yunheng.ledger.queries import visible_projects
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.models import Institution, Kind
from yunheng.orgs.queries import scoped
from yunheng.rules.problems import NotInForce
from yunheng.rules.procedures import AMEND, PROCEDURES
from yunheng.rules.roles import Role
from yunheng.security.models import Condition
from yunheng.security.operations import confirm

from . import grid, guards, importing, operations, printing, receipts
from .checking import Problem, check_attachments, check_row, check_section, required_attachments
from .comparing import compare
from .models import Draft, Exemption, Filing
from .sections import HOST_COLUMNS, MACHINE_COLUMNS, SECTIONS, Section

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
    if kind not in PROCEDURES:
        raise Http404
    project = None
    if number := request.POST.get("project", ""):
        project = get_object_or_404(visible_projects(request.actor), pk=int(number) if number.isdigit() else 0)
    if kind == "extension" and project is None:
        raise Refused(["延期要选原来的项目"])
    if kind in _NEEDS_PROJECT and project is None:
        raise Refused([f"{PROCEDURES[kind].name}要从已有项目里选"])
    case = operations.start(
        actor=request.actor, on=request.on, procedure=kind, project=project, project_name=request.POST.get("name", "")
    )
    return redirect(f"/apply/{case.number}/")


def _draft(request: Request, number: str) -> Draft:
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
    event = case.events.filter(act="return").exclude(marks={}).order_by("-seq").first()
    return dict(event.marks) if event and case.board.step == AMEND else {}


def _status(draft: Draft, section: Section, problems: list[Problem], tried: bool) -> str:
    """任务清单上的一格：未开始、填写中、已完成、不需要、有问题。"""
    own = [problem for problem in problems if problem.section == section.code]
    keys = {field.key for field in section.fields} | {section.form, section.code}
    if section.form == "files":
        keys.add("statement")
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
    draft = _draft(request, number)
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
    draft = _draft(request, number)
    part = _section(draft, code)
    if request.method == "POST":
        return _save(request, draft, part)
    if not _editable(draft):
        return redirect(f"/cases/{number}/")
    return render(request, f"applications/{part.form}.html", _section_context(request, draft, part))


def _section_context(request: Request, draft: Draft, part: Section) -> dict[str, Any]:
    content, table = draft.content, PROCEDURES[draft.case.procedure]
    context: dict[str, Any] = {
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
            "rows": _host_rows(content.get(part.form) or []),
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


def _host_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """主机各行连同错误，给表格用；空行不报错。"""
    shown = []
    for index, row in enumerate(rows):
        errors = {column.key: message for column, message in check_row(row)} if row.get("action") != "释放" else {}
        shown.append(
            {
                "index": index,
                "row": row,
                "errors": errors,
                "cells": [(c, row.get(c.key, ""), errors.get(c.key, "")) for c in HOST_COLUMNS],
            }
        )
    return shown


def _live(project: Project) -> list[Resource]:
    return list(Resource.objects.filter(project=project, segments__during__upper_inf=True).distinct().order_by("code"))


def _change_context(request: Request, draft: Draft) -> dict[str, Any]:
    busy = guards.resources_in_change(draft.project, exclude=draft.case)
    try:
        growth = guards.growth_of(draft.case, draft.content, draft.project, request.on)
    except NotInForce:
        growth = ()
    return {
        "resources": [(r, grid.current(r), busy.get(r.code)) for r in _live(draft.project) if r.kind != "服务项"],
        "growth": growth,
    }


def _services_context(request: Request, draft: Draft) -> dict[str, Any]:
    content, prices = draft.content, _prices(draft.content, request)
    chosen = content.get("services") or {}
    changed = content.get("service_changes") or {}
    held = grid.held_services(draft.project) if draft.case.procedure == "change" else {}
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
                "reason": (content.get("unticked") or {}).get(line.code, ""),
            }
        )
    return {
        "groups": groups,
        "pre_ticked": PRE_TICKED,
        "estimate": catalog.estimate(grid.quantities(content, prices.items), prices),
    }


def _prices(content: Mapping[str, Any], request: Request) -> catalog.Prices:
    """今天对选定的服务商的单价；还没选先按联通看。"""
    provider = Institution.objects.filter(kind=Kind.PROVIDER, name=content.get("iaas") or "联通").first()
    return catalog.prices(provider.code if provider else "", request.on)


def _estimate(content: Mapping[str, Any], request: Request) -> catalog.Estimate:
    """年化估算：填得不对的先不算。"""
    prices = _prices(content, request)
    return catalog.estimate(grid.quantities(content, prices.items), prices)


def _save(request: Request, draft: Draft, part: Section) -> HttpResponse:
    seen = int(request.POST["version"][:9]) if request.POST.get("version", "").isdigit() else -1
    auto = bool(request.htmx)
    try:
        values = grid.parse(part, request.POST, draft.content)
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


@require_POST
@allowed(Role.CLERK)
def paste(request: Request, number: str) -> HttpResponse:
    """粘贴或导入主机清单：先预览，逐格指出错误，确认了才写入。"""
    draft = _draft(request, number)
    given = request.FILES.get("file")
    try:
        rows = (
            grid.from_workbook(given.read(), given.name or "")
            if given
            else grid.from_text(request.POST.get("text", ""))
        )
    except ValueError as error:
        return render(request, "applications/_preview.html", {"case": draft.case, "refused": str(error)}, status=422)
    form = "changes" if draft.case.procedure == "change" else "hosts"
    if request.POST.get("confirm"):
        if form == "changes":
            rows = [{**row, "action": "新增"} for row in rows]
        operations.save(
            actor=request.actor,
            case=draft.case,
            seen=draft.version,
            values={form: [*(draft.content.get(form) or []), *rows]},
        )
        return redirect(f"/apply/{number}/{form}/?tried=1")
    return render(
        request,
        "applications/_preview.html",
        {
            "case": draft.case,
            "columns": HOST_COLUMNS,
            "rows": _host_rows(rows),
            "text": grid.as_text(rows),
            "bad": sum(bool(list(check_row(row))) for row in rows),
            "form": form,
        },
    )


@require_POST
@allowed(Role.CLERK)
def import_annex(request: Request, number: str) -> HttpResponse:
    """导入填好的附件：先预览读出了什么、会改哪里，确认了才写入（R-047）。"""
    draft = _draft(request, number)
    if kept := request.POST.get("kept"):
        try:
            values = signing.loads(kept, salt=f"import-{number}", max_age=3600)
        except signing.BadSignature as error:
            raise Refused(["预览过了一小时或被改动过，请重新选择文件导入"]) from error
        operations.save(actor=request.actor, case=draft.case, seen=draft.version, values=values)
        return redirect(f"/apply/{number}/?tried=1")
    given = request.FILES.get("file")
    context: dict[str, Any] = {"case": draft.case, "draft": draft, "table": PROCEDURES[draft.case.procedure]}
    try:
        if given is None:
            raise ValueError("没有选择文件")
        if (given.size or 0) > MAX_FILE:
            raise ValueError(f"“{given.name}”超过 {MAX_FILE // 1048576} MB，请只留附件这一张表")
        imported = importing.read(given.read(), given.name or "")
        values, notes = operations.fit(draft, imported)
    except ValueError as error:
        problems = getattr(error, "problems", (str(error),))
        return render(request, "applications/import.html", {**context, "refused": problems}, status=422)
    merged = {**draft.content, **values}
    context |= {
        "annex": imported.annex,
        "changes": compare(draft.case.procedure, draft.content, merged),
        "notes": notes,
        "problems": guards.problems_of(draft.case, merged),
        "kept": signing.dumps(values, salt=f"import-{number}", compress=True),
        "name": given.name,
    }
    return render(request, "applications/import.html", context)


@allowed(Role.CLERK)
def blank(request: Request, number: str, which: int) -> HttpResponse:
    """离线填的附件 Word：空白的，或已填到一半的。"""
    draft = _draft(request, number)
    try:
        content = printing.render_draft(draft, which)
    except printing.NotPrintable as error:
        raise Http404 from error
    response = HttpResponse(content, content_type=_TYPES["docx"])
    name = f"附件{which}-{draft.case.number}-草稿.docx"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


@allowed(Role.CLERK)
def template(request: Request, number: str) -> HttpResponse:
    """主机清单的空白 Excel 模板。"""
    draft = _draft(request, number)
    response = HttpResponse(
        grid.blank_workbook(), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    response["Content-Disposition"] = f"attachment; filename=hosts-{draft.case.number}.xlsx"
    return response


@allowed(Role.CLERK)
def review(request: Request, number: str) -> HttpResponse:
    """检查并提交。"""
    draft = _draft(request, number)
    if not _editable(draft):
        return redirect(f"/cases/{number}/")
    refused: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            operations.submit(
                actor=request.actor, on=request.on, case=draft.case, seen=int(request.POST.get("seen") or -1)
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
        "estimate": _estimate(draft.content, request) if not problems else None,
        "growth": _growth(draft, request),
    }
    return render(request, "applications/check.html", context, status=422 if request.method == "POST" else 200)


def _growth(draft: Draft, request: Request) -> Any:
    if draft.case.procedure != "change":
        return ()
    try:
        return guards.growth_of(draft.case, draft.content, draft.project, request.on)
    except (NotInForce, ValueError, ArithmeticError):
        return ()


def blocks(case: Case, content: Mapping[str, Any], project: Project) -> list[dict[str, Any]]:
    """表单只读的样子：一部分一块，检查页、办件详情、对照都用它。"""
    result: list[dict[str, Any]] = []
    if case.procedure == "backfill":
        return [_backfilled(case, content)]
    for part in SECTIONS[case.procedure]:
        rows = [
            (field.key, field.label, grid.shown(content.get(field.key)))
            for field in part.fields
            if not field.when or content.get(field.when[0]) == field.when[1]
        ]
        block: dict[str, Any] = {"section": part, "fields": rows}
        if part.code == "project":
            block["fields"] = [
                ("", "申请单位", case.unit.name),
                ("", "项目名称", project.name),
                ("", "上云项目归属", project.funding),
                *rows,
            ]
        if part.form in ("hosts", "changes"):
            hosts = content.get(part.form) or []
            # 没人填的选填栏不占地方
            columns = [c for c in HOST_COLUMNS if c.required or any(row.get(c.key) for row in hosts)]
            rows_shown = [
                {**row, "cells": [cell for cell in row["cells"] if cell[0] in columns]} for row in _host_rows(hosts)
            ]
            block |= {"columns": columns, "rows": rows_shown, "totals": grid.totals(hosts)}
        if part.form == "services":
            block["services"] = [
                (code, LABELS.get(code, code), amount) for code, amount in (content.get("services") or {}).items()
            ]
            block["service_changes"] = [
                (code, LABELS.get(code, code), row) for code, row in (content.get("service_changes") or {}).items()
            ]
            block["unticked"] = [
                (LABELS.get(code, code), reason)
                for code, reason in (content.get("unticked") or {}).items()
                if code not in (content.get("services") or {})
            ]
        if part.form == "release":
            block["release"] = Resource.objects.filter(code__in=content.get("release") or []).order_by("code")
        if part.form == "files":
            block["fields"] = [("statement", "申请单位情况说明", content.get("statement") or "—")]
        if part.form == "machines":
            block["machines"] = content.get("machines") or []
        if part.form == "quota":
            block["quota"] = content.get("quota") or []
        result.append(block)
    return result


def _backfilled(case: Case, content: Mapping[str, Any]) -> dict[str, Any]:
    """补录的单据：照原件的各条，和当时没有的关口（R-084）。"""
    event = case.events.order_by("seq").first()
    gates = event.detail.get("missing_gates", []) if event else []
    names = dict(Item.objects.filter(code__in={line[1] for line in content["lines"]}).values_list("code", "name"))
    return {
        "section": Section("backfill", "原单据", "fields", ""),
        "fields": [
            ("", "种类", content["kind"]),
            ("", "审核日期", content["reviewed_on"]),
            ("", "补录时还没有的关口", "、".join(gates) or "—"),
        ],
        "lines": [
            (resource, names.get(item, item), action, amount) for resource, item, action, amount in content["lines"]
        ],
    }


@allowed(*BUSINESS)
def detail(request: Request, number: str) -> HttpResponse:
    """办件详情。草稿给填表的人，转去任务清单。"""
    case = case_or_404(request, number)
    if case.board.step == "draft" and request.actor.role == Role.CLERK:
        return redirect(f"/apply/{number}/")
    filings = list(Filing.objects.filter(case=case).select_related("project").order_by("-version"))
    context = panel(request, case) | {"machine_columns": MACHINE_COLUMNS}
    if filings:
        filing = filings[0]
        context |= {
            "filings": filings,
            "filing": filing,
            "blocks": blocks(case, filing.content, filing.project),
            "project": filing.project,
        }
        if request.actor.role not in (Role.SPONSOR,):
            context["estimate"] = _estimate(filing.content, request)
    at = context["at"]
    if context["mine"] and at.step.code == "deliver" and case.procedure != "deregistration":
        context["receipt"] = receipts.rows(case)
    if at.step and at.step.code in ("verify", "open"):
        context["conditions"] = _conditions(case)
    if request.actor.role in (Role.REVIEWER, Role.AUTHORITY) and case.procedure == "change" and filings:
        draft = Draft(case=case, project=filings[0].project, content=filings[0].content)
        context["growth"] = _growth(draft, request)
    context["facts"] = case.facts.select_related("resource", "item").order_by("resource__code", "item__code")
    return render(request, "applications/case.html", context)


def _conditions(case: Case) -> list[tuple[Condition, Any]]:
    done = {clearance.condition: clearance for clearance in case.clearances.select_related("person")}
    return [(condition, done.get(condition.value)) for condition in Condition]


@require_POST
@allowed(Role.CLERK)
def clear(request: Request, number: str) -> HttpResponse:
    """使用单位确认安全六项里的一项。"""
    case = case_or_404(request, number)
    with unit_of_work(request.actor):
        confirm(
            actor=request.actor,
            on=request.on,
            case=case,
            condition=request.POST.get("condition", ""),
            note=request.POST.get("note", ""),
        )
    return redirect(f"/cases/{number}/#gate")


@allowed(*BUSINESS)
def diff(request: Request, number: str, first: int, second: int) -> HttpResponse:
    """两版对照。"""
    case = case_or_404(request, number)
    filings = {
        filing.version: filing
        for filing in Filing.objects.filter(case=case, version__in=(first, second)).select_related("project")
    }
    if len(filings) != 2:
        raise Http404
    changes = compare(case.procedure, filings[first].content, filings[second].content)
    return render(
        request,
        "applications/diff.html",
        {"case": case, "changes": changes, "first": filings[first], "second": filings[second]},
    )


_TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}


@allowed(*BUSINESS)
def annex(request: Request, number: str, which: str, kind: str) -> HttpResponse:
    """附件的 Word、PDF。"""
    case = case_or_404(request, number)
    try:
        content = printing.render(case, int(which), kind)
    except printing.NotPrintable as error:
        raise Http404 from error
    except FontProblem as error:
        raise Refused([f"{error}；可以先下载 Word"]) from error
    response = HttpResponse(content, content_type=_TYPES[kind])
    name = f"附件{which}-{case.unit.name}-{case.number}.{kind}"
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response


@allowed(*BUSINESS)
def exemptions(request: Request) -> HttpResponse:
    """法规规定不宜上云的系统：登记在册的；区科委在这里登记、撤销（R-002）。"""
    problems: tuple[str, ...] = ()
    post = request.POST
    if request.method == "POST":
        chosen = post.get("unit", "")
        unit = Institution.objects.filter(kind=Kind.USING_UNIT, pk=int(chosen[:9]) if chosen.isdigit() else 0).first()
        try:
            if unit is None:
                raise Refused(["请选择单位"])
            operations.register_exemption(
                actor=request.actor,
                on=request.on,
                unit=unit,
                system=post.get("system", ""),
                basis=post.get("basis", ""),
                note=post.get("note", ""),
                revoked=post.get("revoked") == "1",
            )
            return redirect("/exemptions/")
        except Refused as error:
            problems = error.problems
    entries = scoped(Exemption.objects.select_related("unit"), request.actor, unit="unit", provider="unit").order_by(
        "-pk"
    )
    context = {
        "entries": entries,
        "problems": problems,
        "values": post,
        "registers": request.actor.role == Role.AUTHORITY,
        "units": Institution.objects.filter(kind=Kind.USING_UNIT).order_by("code"),
    }
    return render(request, "applications/exemptions.html", context, status=422 if problems else 200)
