"""收件的三页：区科创中心处理对不上的收件，照工单补记台账没有的；服务商查自己送过什么、处理成什么样（R-051、R-052、R-075）。"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render

from yunheng.audit.refused import Refused
from yunheng.catalog.models import Item
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.reading import whole_of
from yunheng.rules.roles import Role

from . import arrivals, sending, unmatched, unrecorded
from .models import Disposal, Project, Received, Resource

PAGE = 50
#: 处理过的（认给、退回、作废）
DONE = "已处理"
_STATES = {"": "还没有处理的", str(Disposal.KEEP): "暂留的", DONE: "已处理的"}


@allowed(Role.REVIEWER)
def unmatched_list(request: Request) -> HttpResponse:
    """对不上的收件：还没有处理的、暂留的、已处理的；勾选几件，认给、退回、作废、暂留。"""
    problems: tuple[str, ...] = ()
    post = request.POST
    if request.method == "POST":
        try:
            unmatched.dispose(
                actor=request.actor,
                on=request.on,
                rows=[pk for text in post.getlist("row") if (pk := whole_of(text)) is not None],
                kind=post.get("kind", ""),
                reason=post.get("reason", ""),
                resource=post.get("resource", ""),
                item=post.get("item", ""),
            )
            return redirect(request.get_full_path())
        except Refused as error:
            problems = error.problems
    state = request.GET.get("state", "")
    state = state if state in _STATES else ""
    number = max(1, min(whole_of(request.GET.get("page", "1")) or 1, 10_000))
    offset = (number - 1) * PAGE
    if state == DONE:
        rows, count = unmatched.disposed(limit=PAGE, offset=offset)
    else:
        rows, count = unmatched.waiting(kept=state == Disposal.KEEP, limit=PAGE, offset=offset)
    context = {
        "rows": rows,
        "count": count,
        "state": state,
        "states": _STATES,
        "missing": len(unrecorded.find()),
        "again": any(not one.later for one in rows),
        "number": number,
        "more": count > number * PAGE,
        "kinds": {
            Disposal.ASSIGN: "追加一条更正的收件，换成下面写的资源、目录项，照它计量",
            Disposal.RETURN: "不再计入，知会送件方改好用新的编号重送",
            Disposal.VOID: "不再计入",
            Disposal.KEEP: "先不动：进得了数据包的照样参与对账",
        },
        "values": post,
        "problems": problems,
    }
    return render(request, "ledger/unmatched.html", context, status=422 if problems else 200)


@allowed(Role.REVIEWER)
def unrecorded_list(request: Request) -> HttpResponse:
    """台账没有、账上照工单计费的各条；勾选几条，照工单记进台账（R-051、R-076）。"""
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            unrecorded.take_in(
                actor=request.actor,
                on=request.on,
                rows=[pk for text in request.POST.getlist("row") if (pk := whole_of(text)) is not None],
                reason=request.POST.get("reason", ""),
            )
            return redirect("unrecorded")
        except Refused as error:
            problems = error.problems
    page = Paginator(unrecorded.find(), PAGE).get_page(request.GET.get("page", "1")[:6])
    rows = list(page.object_list)
    projects = Project.objects.select_related("unit").in_bulk({one.written.project for one in rows})
    codes = {one.written.resource for one in rows}
    orders = Received.objects.in_bulk([one.order.received for one in rows])
    live = Resource.objects.filter(code__in=codes, segments__during__upper_inf=True)
    context = {
        "page": page,
        "rows": [(one, projects.get(one.written.project), _other_quantity(one, orders)) for one in rows],
        "items": dict(Item.objects.filter(code__in={one.written.item for one in rows}).values_list("code", "name")),
        "held": set(Resource.objects.filter(code__in=codes).values_list("code", flat=True)),
        "live": set(live.values_list("code", flat=True)),
        "takes": any(not one.written.waits for one in rows),
        "values": request.POST,
        "chosen": set(request.POST.getlist("row")),
        "problems": problems,
    }
    return render(request, "ledger/unrecorded.html", context, status=422 if problems else 200)


def _other_quantity(one: unrecorded.Unrecorded, orders: Mapping[int, Received]) -> str:
    """工单写的数量，与单据不同的才有（D3）。"""
    text = str(orders[one.order.received].payload.get("数量") or "")
    return text if text and Decimal(text) != one.written.quantity else ""


@allowed(Role.PROVIDER)
def sent(request: Request) -> HttpResponse:
    """本家送过的收件，新的在前，各处理成什么样。"""
    kind = request.GET.get("kind", "")
    found = sending.of_provider(request.actor.institution or 0, kind if kind in arrivals.KINDS else "")
    page = Paginator(found, PAGE).get_page(request.GET.get("page", "1")[:6])
    context = {"page": page, "rows": sending.described(list(page.object_list)), "kinds": arrivals.KINDS, "kind": kind}
    return render(request, "ledger/sent.html", context)
