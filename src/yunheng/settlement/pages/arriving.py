"""一个批次的收件：几条路都送了的用量定取哪一边，没有采用的工单，中间断过的日志，未计入的收件（R-052、R-075）。"""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from yunheng.audit.append_only import newest
from yunheng.audit.refused import Refused
from yunheng.ledger import unrecorded
from yunheng.ledger.models import Source
from yunheng.orgs.access import Forbidden, Request, allowed
from yunheng.orgs.reading import whole_of
from yunheng.rules.roles import Role
from yunheng.settlement import arriving
from yunheng.settlement.models import Contested, Outranked, Run, Uncounted
from yunheng.settlement.pages.years import CENTRE, MAX_PK

PAGE = 50


@allowed(*CENTRE)
def arrivals(request: Request, pk: int) -> HttpResponse:
    """冲突的用量、没有采用的工单、中间断过的日志、未计入的收件；区科创中心定取哪一边，看过打勾。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        if request.actor.role != Role.REVIEWER:
            raise Forbidden((Role.REVIEWER,))
        try:
            _do(request, run)
            return redirect(request.get_full_path())
        except Refused as error:
            problems = error.problems
    base = run.base or run
    contested = Contested.objects.filter(run=base).select_related("source").order_by("resource", "item", "used_on")
    page = Paginator(contested, PAGE).get_page(request.GET.get("page", "1")[:6])
    rows = list(page.object_list)
    made = arriving.choices(rows)
    uncounted = Uncounted.objects.filter(run=base).select_related("received__source__provider").order_by("received")
    outranked = Outranked.objects.filter(run=base).select_related(
        "received__source", "used__source", "correction__replacement"
    )
    outranked = outranked.defer("correction__content").order_by("received__payload__资源", "received")
    context = {
        "run": run,
        "page": page,
        "rows": [(one, made.get(one.pk)) for one in rows],
        "sources": Source.objects.filter(code__in={code for one in rows for code in one.totals}).order_by("code"),
        "uncounted": uncounted[:200],
        "uncounted_count": uncounted.count(),
        "resources": len({one.received.payload.get("资源") for one in uncounted}),
        "outranked": outranked[:200],
        "outranked_count": outranked.count(),
        # 有这一栏以前算的批次没有记过
        "same_orders": base.read.get("相同的工单"),
        "missing": len(unrecorded.find()),
        "log_gaps": base.log_gaps.order_by("-days", "resource")[:200],
        # 有这一栏以前算的批次没有记过
        "log_gap_count": base.read.get("日志断档"),
        "noticed": newest(base.noticed.all()),
        "decides": request.actor.role == Role.REVIEWER,
        "values": request.POST,
        "problems": problems,
    }
    return render(request, "settlement/arrivals.html", context, status=422 if problems else 200)


def _do(request: Request, run: Run) -> None:
    post = request.POST
    if post.get("do") == "notice":
        arriving.notice(actor=request.actor, on=request.on, run=run)
        return
    arriving.choose(
        actor=request.actor,
        on=request.on,
        run=run,
        rows=[pk for text in post.getlist("row") if (pk := whole_of(text)) is not None],
        source=Source.objects.filter(pk=whole_of(post.get("source")) or 0).first(),
        reason=post.get("reason", ""),
    )
