"""待办、办件列表、办件详情、办理。"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from yunheng.audit.refused import Refused
from yunheng.documents.listing import TYPE, workbook
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.commissioning import uncovered
from yunheng.orgs.models import Institution, Kind, Person
from yunheng.orgs.reading import MAX_ATTACHMENT, day_of, seen_in, whole_of
from yunheng.orgs.serving import attached
from yunheng.rules.procedures import PROCEDURES, procedure
from yunheng.rules.roles import Role

from . import consulting, operations, queries, rectifying
from .models import Attachment, Board, Case, Consultation
from .panels import reminders_for

PAGE = 50
MAX_EXPORT = 5000
STATES = (
    "草稿",
    "待签批",
    "待审核",
    "补正中",
    "待服务商确认",
    "待下发",
    "测试期",
    "待正式开通",
    "申辩中",
    "编制中",
    "待批复",
    "待发布",
    "待下达",
    "待签约",
    "待支付",
    "待回收",
    "待评分",
    "整改中",
    "已办结",
    "不予通过",
    "已撤回",
    "已终止",
)
_TABS = {"do": "待办", "read": "待阅", "done": "已办", "mine": "我发起的"}


@allowed(*BUSINESS)
def todo(request: Request) -> HttpResponse:
    """待办中心：待办、待阅、已办、我发起的。"""
    tab = request.GET.get("tab", "do")
    if tab not in _TABS:
        raise Http404
    context: dict[str, Any] = {"tab": tab, "tabs": _TABS, "count": queries.todo(request.actor, request.on).count()}
    context["unread"] = queries.unread(request.actor).count()
    if tab == "do":
        mine = queries.todo(request.actor, request.on)
        how = request.GET.get("view", "")
        context["only"] = queries.IN_TIME.get(how, "")
        shown = queries.in_time(mine, how, request.on) if context["only"] else mine
        context["groups"] = queries.grouped(shown[:500], request.on)
        context["reminders"] = reminders_for(request)
    elif tab == "read":
        context["notices"] = queries.unread(request.actor)[:200]
    else:
        found = queries.done_by(request.actor) if tab == "done" else queries.opened_by(request.actor)
        context["page"] = Paginator(found, PAGE).get_page(request.GET.get("page", "1")[:6])
        if left := request.GET.get("left", ""):
            context["left"] = found.filter(case__number=left).first()
    return render(request, "cases/todo.html", context)


@require_POST
@allowed(*BUSINESS)
def read_all(request: Request) -> HttpResponse:
    """待阅全部看过。"""
    operations.mark_read(actor=request.actor, notices=queries.unread(request.actor))
    return redirect("/todo/?tab=read")


@allowed(*BUSINESS)
def listing(request: Request) -> HttpResponse:
    """办件列表：筛选都在地址里。"""
    boards, chosen = _filtered(request, queries.visible(request.actor))
    if request.GET.get("format") == "xlsx":
        return _export(request, boards)
    page = Paginator(boards, PAGE).get_page(request.GET.get("page", "1")[:6])
    units = Institution.objects.filter(pk__in=queries.visible(request.actor).values("unit")).order_by("code")
    context = {
        "page": page,
        "chosen": chosen,
        "units": units,
        "procedures": PROCEDURES.values(),
        "states": STATES,
        "in_time": queries.IN_TIME,
        "query": urlencode({k: v for k, v in request.GET.items() if k != "page"}),
    }
    return render(request, "cases/_rows.html" if request.htmx else "cases/listing.html", context)


def _export(request: Request, boards: QuerySet[Board]) -> HttpResponse:
    titles = ("编号", "事项", "步骤", "单位", "项目", "服务商", "状态", "在谁手上", "到手日", "到期日", "时限")
    rows = (
        (
            board.case.number,
            PROCEDURES[board.case.procedure].name,
            board.step_name,
            board.unit.name,
            board.case.subject,
            board.provider.name if board.provider else "",
            board.state,
            "、".join(Role(role).label for role in board.roles),
            board.since_on,
            board.due_on,
            queries.board_timing(board, request.on).text,
        )
        for board in boards[:MAX_EXPORT]
    )
    return attached(workbook("办件", titles, rows), f"cases-{request.on}.xlsx", TYPE)


def _filtered(request: Request, boards: QuerySet[Board]) -> tuple[QuerySet[Board], list[tuple[str, str]]]:
    """按查询串筛选；返回筛出的和已选的条件（给人看的词, 去掉它的地址）。"""
    get, chosen = request.GET, []
    if text := get.get("q", "").strip()[:60]:
        boards = boards.filter(search__contains=text.lower())
        chosen.append(("q", f"含“{text}”"))
    if (kind := get.get("kind", "")) in PROCEDURES:
        boards = boards.filter(case__procedure=kind)
        chosen.append(("kind", PROCEDURES[kind].name))
    if (state := get.get("state", "")) in STATES:
        boards = boards.filter(state=state)
        chosen.append(("state", state))
    if (unit := whole_of(get.get("unit"))) is not None:
        boards = boards.filter(unit_id=unit)
        chosen.append(("unit", str(Institution.objects.filter(pk=unit).first() or unit)))
    if (view := get.get("view", "")) in queries.IN_TIME:
        boards = queries.in_time(boards, view, request.on)
        chosen.append(("view", queries.IN_TIME[view]))
    elif get.get("view") == "open":
        boards = boards.filter(outcome="")
        chosen.append(("view", "在办"))
    return boards.order_by("-case_id"), [
        (word, urlencode({k: v for k, v in get.items() if k not in (key, "page")})) for key, word in chosen
    ]


@dataclass(frozen=True)
class Entry:
    """时间线的一条，新的在前。"""

    event: Any
    name: str
    days: int | None


def timeline(case: Case) -> list[Entry]:
    """发生过的事，新的在前；`days` 是距上一件的天数。"""
    events = list(case.events.order_by("seq"))
    entries = []
    for index, event in enumerate(events):
        previous = events[index - 1].on if index else case.opened_on
        entries.append(Entry(event, operations.act_name(case, event), (event.on - previous).days))
    return entries[::-1]


def case_or_404(request: Request, number: str) -> Case:
    """看得到的事项；看不到和没有一样是 404。"""
    case = queries.case_for(request.actor, number)
    if case is None:
        raise Http404
    return case


def panel(request: Request, case: Case) -> dict[str, Any]:
    """详情右侧：步骤条、在谁手上、时限、可办的动作、时间线。"""
    at, board = queries.position(case), case.board
    mine = queries.in_hand(board, request.actor)
    return {
        "acts": at.step.own_acts if mine and at.step else queries.late_acts(at, request.actor, request.on),
        # 期满以后轮到谁接着办，期满以前就说
        "lapsing": [act for act in at.step.acts if act.late] if at.step and at.due else (),
        "case": case,
        "board": board,
        "at": at,
        "table": procedure(case.procedure, case.version),
        "mine": mine,
        # 第三方机构没有委托的，办之前就说明为什么不能办
        "uncovered": uncovered(request.actor, request.on, at.step.scope) if mine and at.step and at.step.scope else "",
        "timing": queries.board_timing(board, request.on),
        "stages": _stages(case, at),
        "timeline": timeline(case),
        "attachments": case.attachments.order_by("pk").defer("content"),
        "holders": [role.label for role in at.pending],
        "can_recall": _can_recall(request, case, at),
        "colleagues": operations.colleagues(request.actor, request.on) if mine else (),
        "held": operations.held(actor=request.actor, on=request.on, case=case, at=at) if mine else {},
        "consultations": consulting.consultations(request.actor).filter(case=case),
        "consults": request.actor.role in consulting.PROPOSERS,
        "departments": Institution.objects.exclude(kind__in=(Kind.USING_UNIT, Kind.PROVIDER)).order_by("kind", "code"),
        "can_supervise": request.actor.role == Role.AUTHORITY and not at.outcome,
    }


def _can_recall(request: Request, case: Case, at: Any) -> bool:
    own = request.actor.role in (Role.CLERK, Role.HEAD) and request.actor.institution == case.unit_id
    return own and not operations.recall_problem(case, at, case.events.order_by("seq"))


def _stages(case: Case, at: Any) -> list[tuple[str, str]]:
    """步骤条：（名称, past|now|next）；补正、没走到的条件步骤不占格，到了终点的只列走过的。"""
    table = procedure(case.procedure, case.version)
    visited = {visit.step for visit in at.visits}
    shown = [
        step
        for step in table.steps
        if step.code in visited
        or (
            not at.outcome and not (step.when and (at.facts or step.when not in at.facts) and step.when not in at.facts)
        )
    ]
    shown = [step for step in shown if step.code != "amend" or (at.step and at.step.code == "amend")]
    now = at.step.code if at.step else ""
    index = next((n for n, step in enumerate(shown) if step.code == now), len(shown))
    stages = [(step.name, "past" if n < index else "now" if n == index else "next") for n, step in enumerate(shown)]
    return [*stages, (at.outcome.state if at.outcome else "办结", "now" if at.outcome else "next")]


@require_POST
@allowed(*BUSINESS)
def act(request: Request, number: str) -> HttpResponse:
    """办理一个动作。"""
    case = case_or_404(request, number)
    post = request.POST
    marks = {
        key.removeprefix("mark:"): value.strip()[:300]
        for key, value in post.dict().items()
        if key.startswith("mark:") and value.strip()
    }
    detail: dict[str, Any] = {}
    receipt: dict[str, dict[str, str]] = {}
    for key, value in post.dict().items():
        if key.startswith("row:"):
            _, row, name = key.split(":", 2)
            receipt.setdefault(row, {})[name] = value.strip()[:100]
    if receipt:
        detail["rows"] = receipt
    if fields := {k.removeprefix("field:"): v for k, v in post.dict().items() if k.startswith("field:")}:
        detail["fields"] = fields
    seen = seen_in(post.get("seen"))
    operations.act(
        actor=request.actor,
        on=request.on,
        case=case,
        act_code=post.get("act", "")[:32],
        seen=seen,
        opinion=post.get("opinion", "")[:2000],
        marks=marks,
        detail=detail,
    )
    return _back(request, number)


def _back(request: Request, number: str) -> HttpResponse:
    """办完回到办件页；退回起草、看不到了的回到已办，写明办成了、现在在哪里。"""
    if queries.case_for(request.actor, number) is None:
        return redirect(f"{reverse('todo')}?{urlencode({'tab': 'done', 'left': number})}")
    return redirect(f"/cases/{number}/?done=1")


@require_POST
@allowed(Role.CLERK, Role.HEAD)
def recall(request: Request, number: str) -> HttpResponse:
    """撤回修改。"""
    case = case_or_404(request, number)
    seen = seen_in(request.POST.get("seen"))
    operations.recall(
        actor=request.actor, on=request.on, case=case, seen=seen, reason=request.POST.get("reason", "")[:500]
    )
    return _back(request, number)


@require_POST
@allowed(*BUSINESS)
def transfer(request: Request, number: str) -> HttpResponse:
    """转办给同机构同角色的另一人。"""
    case = case_or_404(request, number)
    to = Person.objects.filter(pk=whole_of(request.POST.get("to")) or 0).first()
    if to is None:
        raise Refused(["请选择转给谁（R-045）"])
    operations.transfer(
        actor=request.actor, on=request.on, case=case, to=to, reason=request.POST.get("reason", "")[:300]
    )
    return _back(request, number)


@require_POST
@allowed(Role.AUTHORITY, Role.REVIEWER)
def supervise(request: Request, number: str) -> HttpResponse:
    """督办。"""
    case = case_or_404(request, number)
    operations.supervise(actor=request.actor, on=request.on, case=case, text=request.POST.get("text", "")[:300])
    return redirect(f"/cases/{number}/")


@allowed(*BUSINESS)
def consultations(request: Request) -> HttpResponse:
    """会商登记：看得到的事项上的各次会商（R-007）。"""
    page = Paginator(consulting.consultations(request.actor), PAGE).get_page(request.GET.get("page", "1")[:6])
    return render(request, "cases/consultations.html", {"page": page})


@allowed(*BUSINESS)
def rectifications(request: Request) -> HttpResponse:
    """看得到的整改要求；要整改的回报，提要求的一方核实销号。"""
    page = Paginator(rectifying.visible(request.actor), PAGE).get_page(request.GET.get("page", "1")[:6])
    reports = request.actor.role in (Role.CLERK, Role.HEAD, Role.PROVIDER)
    return render(request, "cases/rectifications.html", {"page": page, "reports": reports})


@require_POST
@allowed(*BUSINESS)
def rectify(request: Request, pk: int) -> HttpResponse:
    """整改的一步：回报、销号、退回。"""
    requirement = get_object_or_404(rectifying.visible(request.actor), pk=min(pk, 2**63 - 1))
    rectifying.advance(
        actor=request.actor,
        on=request.on,
        requirement=requirement,
        kind=request.POST.get("kind", ""),
        text=request.POST.get("text", ""),
    )
    return redirect("/rectifications/")


@require_POST
@allowed(*consulting.PROPOSERS)
def consult(request: Request, number: str) -> HttpResponse:
    """提请会商。"""
    case = case_or_404(request, number)
    chosen = [key for text in request.POST.getlist("departments") if (key := whole_of(text)) is not None]
    consulting.propose(
        actor=request.actor,
        on=request.on,
        case=case,
        topic=request.POST.get("topic", ""),
        departments=list(Institution.objects.filter(pk__in=chosen)),
        reason=request.POST.get("reason", ""),
    )
    return redirect(f"/cases/{number}/#consult")


@require_POST
@allowed(*consulting.PROPOSERS)
def conclude(request: Request, number: str, pk: int) -> HttpResponse:
    """记会商的纪要和结论。"""
    case = case_or_404(request, number)
    consultation = get_object_or_404(Consultation.objects.select_related("case"), case=case, pk=min(pk, 2**63 - 1))
    given = request.FILES.get("file")
    try:
        held_on = day_of(request.POST.get("held_on", ""))
    except ValueError as error:
        raise Refused([str(error)]) from error
    consulting.conclude(
        actor=request.actor,
        on=request.on,
        consultation=consultation,
        held_on=held_on,
        text=request.POST.get("text", ""),
        conclusion=request.POST.get("conclusion", ""),
        file=(given.name or consulting.MINUTES, given.read(MAX_ATTACHMENT + 1)) if given else None,
    )
    return redirect(f"/cases/{number}/#consult")


@require_POST
@allowed(*BUSINESS)
def attach(request: Request, number: str) -> HttpResponse:
    """上传附件。"""
    case = case_or_404(request, number)
    given = request.FILES.get("file")
    if given is None:
        raise Refused(["没有选择文件"])
    if (given.size or 0) > MAX_ATTACHMENT:
        raise Refused([f"附件“{given.name}”超过 {MAX_ATTACHMENT // 1048576} MB，请压缩或分开上传"])
    operations.attach(
        actor=request.actor,
        on=request.on,
        case=case,
        kind=request.POST.get("kind", "附件")[:100],
        name=given.name or "附件",
        content=given.read(),
    )
    back = request.POST.get("back", "")
    return redirect(back if back.startswith(("/cases/", "/apply/")) else f"/cases/{number}/")


@allowed(*BUSINESS)
def download(request: Request, number: str, pk: int) -> HttpResponse:
    """下载附件。`view=1` 是预览：内容真是 PDF、PNG、JPEG 的才在页面里打开，别的照样下载。"""
    case = case_or_404(request, number)
    attachment = Attachment.objects.filter(case=case, pk=pk).first()
    if attachment is None:
        raise Http404
    content = bytes(attachment.content)
    kind = next((kind for mark, kind in _VIEWED.items() if content.startswith(mark)), "")
    viewed = bool(kind and request.GET.get("view"))
    response = HttpResponse(content, content_type=kind if viewed else "application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(not viewed, attachment.name) or "attachment"
    if viewed:
        # 浏览器自带的 PDF 阅读器要用对象和内联样式；除此以外什么都不许
        response["Content-Security-Policy"] = (
            "default-src 'none'; object-src 'self'; img-src 'self' data:; style-src 'unsafe-inline'"
        )
    return response


#: 能预览的几种：文件开头的标记 → 类型
_VIEWED = {b"%PDF-": "application/pdf", b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@allowed()
def procedures(request: Request) -> HttpResponse:
    """流程一览：每条流程的步骤、角色、时限、条款，由流程表画出。"""
    return render(request, "cases/procedures.html", {"procedures": PROCEDURES.values()})
