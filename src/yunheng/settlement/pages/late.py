"""一个年度的批次以后又到的平台数据：逐件列着；冻结了的影响估计多少，要一次估算（R-052、R-083）。"""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from yunheng.audit.refused import Refused
from yunheng.ledger import arrivals
from yunheng.orgs.access import Forbidden, Request, allowed
from yunheng.orgs.reading import whole_of
from yunheng.rules.roles import Role
from yunheng.settlement import operations, queries
from yunheng.settlement.pages.years import CENTRE
from yunheng.settlement.runs import late, unread

PAGE = 50


@allowed(*CENTRE)
def arrived(request: Request, year: int) -> HttpResponse:
    """冻结以后（没有冻结的，最近的批次以后）又到的各件；区科创中心要估算。"""
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        if request.actor.role != Role.REVIEWER:
            raise Forbidden((Role.REVIEWER,))
        try:
            operations.order_estimate(actor=request.actor, on=request.on, year=year)
            return redirect("late-arrivals", year)
        except Refused as error:
            problems = error.problems
    found = late.standing(year)
    pending = None if found else unread.pending(year)
    number = max(1, min(whole_of(request.GET.get("page", "1")) or 1, 10_000))
    offset = (number - 1) * PAGE
    rows, count = late.listed(found.run, PAGE, offset) if found else [], found.count if found else 0
    if pending:
        rows, count = unread.listed(pending, PAGE, offset), pending.count
    broken = late.bridged(found.run if found else pending.run if pending else None, pending.found if pending else None)
    context = {
        "year": year,
        "broken": broken[:PAGE],
        "broken_count": len(broken),
        "freeze": queries.frozen(year),
        "late": found,
        "pending": pending,
        "rows": [(one, arrivals.content(one)) for one in rows],
        "number": number,
        "more": bool(count and count > number * PAGE),
        "estimates": found.run.late_estimates.order_by("-pk")[:10] if found else (),
        "measures": request.actor.role == Role.REVIEWER,
        "problems": problems,
    }
    return render(request, "settlement/late.html", context, status=422 if problems else 200)
