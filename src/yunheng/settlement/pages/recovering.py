"""灾备区级承担的拨付、由谁另付、冲回，缓付的不再付：办件页上的表单都交到这里（R-081、R-085）。"""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from yunheng.orgs.access import Request, allowed
from yunheng.rules.roles import Role
from yunheng.settlement import queries, recovering, shortfalls
from yunheng.settlement.models import Freeze, RecoveryPayment
from yunheng.settlement.pages.paying import case_of, day_in
from yunheng.settlement.pages.years import MAX_PK, money_in


def _freeze(number: str) -> Freeze:
    found = queries.freeze_of(case_of(number))
    if found is None:
        raise Http404
    return found


@require_POST
@allowed(Role.REVIEWER)
def pay(request: Request, number: str) -> HttpResponse:
    """登记一次拨付，或由谁另付。"""
    freeze = _freeze(number)
    if request.POST.get("how") == "elsewhere":
        recovering.elsewhere(
            actor=request.actor,
            on=request.on,
            freeze=freeze,
            amount=money_in(request, "amount"),
            who=request.POST.get("who", ""),
            reason=request.POST.get("reason", ""),
        )
    else:
        recovering.pay(
            actor=request.actor,
            on=request.on,
            freeze=freeze,
            amount=money_in(request, "amount"),
            paid_on=day_in(request, "paid_on"),
            payee=request.POST.get("payee", ""),
            voucher=request.POST.get("voucher", "")[:80],
        )
    return redirect(f"/cases/{number}/")


@require_POST
@allowed(Role.REVIEWER)
def reverse(request: Request, pk: int) -> HttpResponse:
    """冲回一笔。"""
    found = get_object_or_404(RecoveryPayment.objects.select_related("freeze__case"), pk=min(pk, MAX_PK))
    recovering.reverse(
        actor=request.actor,
        on=request.on,
        payment=found,
        voucher=request.POST.get("voucher", "")[:80],
        reason=request.POST.get("reason", ""),
    )
    return redirect(f"/cases/{found.freeze.case.number}/")


@require_POST
@allowed(Role.AUTHORITY)
def waive(request: Request, number: str) -> HttpResponse:
    """区科委决定缓付的不再付。"""
    case = _freeze(number).case
    shortfalls.waive(
        actor=request.actor,
        on=request.on,
        case=case,
        document=request.POST.get("document", ""),
        reason=request.POST.get("reason", ""),
    )
    return redirect(f"/cases/{number}/")
