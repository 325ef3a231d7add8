"""一个冻结年度以后又到的平台数据：逐件列着，影响估计多少，要一次估算（R-052、R-083）。"""

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
from yunheng.settlement.runs import late

PAGE = 50


@allowed(*CENTRE)
def arrived(request: Request, year: int) -> HttpResponse:
    """冻结以后又到的各件；区科创中心要估算。"""
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
    number = max(1, min(whole_of(request.GET.get("page", "1")) or 1, 10_000))
    rows = late.listed(found.run, PAGE, (number - 1) * PAGE) if found else []
    context = {
        "year": year,
        "freeze": queries.frozen(year),
        "late": found,
        "rows": [(one, arrivals.content(one)) for one in rows],
        "number": number,
        "more": bool(found and found.count and found.count > number * PAGE),
        "estimates": found.run.late_estimates.order_by("-pk")[:10] if found else (),
        "measures": request.actor.role == Role.REVIEWER,
        "problems": problems,
    }
    return render(request, "settlement/late.html", context, status=422 if problems else 200)
