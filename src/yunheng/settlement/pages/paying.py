"""支付合同和支付的登记、冲回、作废（R-081、R-088）：办件页、年度页上的表单都交到这里。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from yunheng.audit.refused import At, Refused
from yunheng.cases.models import Case
from yunheng.orgs import commissioning
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import day_of, whole_of
from yunheng.rules.roles import Role
from yunheng.settlement import funding, paying, queries, shortfalls
from yunheng.settlement.models import Contract, Freeze, Payment
from yunheng.settlement.pages.years import MAX_PK, back_to, money_in


@require_POST
@allowed(Role.REVIEWER, Role.CLERK)
def contract(request: Request, year: int) -> HttpResponse:
    """登记支付合同。"""
    number = whole_of(request.POST.get("adjustment")) or 0
    freeze = get_object_or_404(Freeze, service_year=year, number=number)
    provider = providers().filter(code=request.POST.get("provider", "")).first()
    if provider is None:
        raise Refused(["请选择服务商"])
    own = Institution.objects.filter(pk=request.actor.institution or 0).first()
    unit = own if request.actor.role == Role.CLERK else None
    paying.sign(
        actor=request.actor,
        on=request.on,
        freeze=freeze,
        provider=provider,
        unit=unit,
        number=request.POST.get("number", "")[:80],
        amount=money_in(request, "amount"),
        signed_on=day_in(request, "signed_on"),
    )
    return redirect(back_to(request, year))


@require_POST
@allowed(Role.REVIEWER)
def fee(request: Request, number: str) -> HttpResponse:
    """登记专项管理费的合同。"""
    case = case_of(number)
    institution = commissioning.registry().filter(code=request.POST.get("institution", "")).first()
    freeze = queries.freeze_of(case)
    if freeze is None or institution is None:
        raise Refused([At("institution", "请选择第三方机构（R-082）")])
    paying.sign_fee(
        actor=request.actor,
        on=request.on,
        freeze=freeze,
        institution=institution,
        number=request.POST.get("number", "")[:80],
        amount=money_in(request, "amount"),
        signed_on=day_in(request, "signed_on"),
        less_reason=request.POST.get("less_reason", ""),
    )
    return redirect(f"/cases/{number}/")


@require_POST
@allowed(Role.REVIEWER)
def shortfall(request: Request, number: str) -> HttpResponse:
    """登记批复不足怎样处理。"""
    case = case_of(number)
    cuts = {
        key: money_in(request, f"cut:{key}")
        for key in funding.parties(case)
        if request.POST.get(f"cut:{key}", "").strip()
    }
    shortfalls.handle(
        actor=request.actor,
        on=request.on,
        case=case,
        kind=request.POST.get("kind", ""),
        cuts=cuts,
        reason=request.POST.get("reason", ""),
    )
    return redirect(f"/cases/{number}/")


@require_POST
@allowed(Role.REVIEWER, Role.CLERK)
def void(request: Request, pk: int) -> HttpResponse:
    """作废一份登记错了的合同。"""
    found = get_object_or_404(Contract.objects.select_related("freeze"), pk=min(pk, MAX_PK))
    paying.void(actor=request.actor, on=request.on, contract=found, reason=request.POST.get("reason", ""))
    return redirect(back_to(request, found.freeze.service_year))


@require_POST
@allowed(Role.REVIEWER, Role.CLERK)
def reverse(request: Request, pk: int) -> HttpResponse:
    """冲回一笔支付。"""
    found = get_object_or_404(Payment.objects.select_related("contract__freeze"), pk=min(pk, MAX_PK))
    paying.reverse(
        actor=request.actor,
        on=request.on,
        payment=found,
        amount=money_in(request, "amount"),
        paid_on=day_in(request, "paid_on"),
        voucher=request.POST.get("voucher", "")[:80],
        reason=request.POST.get("reason", ""),
    )
    return redirect(back_to(request, found.contract.freeze.service_year))


@require_POST
@allowed(Role.REVIEWER, Role.CLERK)
def pay(request: Request, pk: int) -> HttpResponse:
    """登记支付。"""
    found = get_object_or_404(Contract.objects.select_related("freeze"), pk=min(pk, MAX_PK))
    paying.pay(
        actor=request.actor,
        on=request.on,
        contract=found,
        amount=money_in(request, "amount"),
        paid_on=day_in(request, "paid_on"),
        voucher=request.POST.get("voucher", "")[:80],
        voucher_total=_shared(request),
    )
    return redirect(back_to(request, found.freeze.service_year))


def _shared(request: Request) -> Decimal | None:
    """同一凭证付几份合同的合计；没有勾的为 None，写了合计没有勾的抛 Refused。"""
    if request.POST.get("shared") == "1":
        return money_in(request, "voucher_total")
    if request.POST.get("voucher_total", "").strip():
        raise Refused([At("shared", "写了凭证的合计，没有勾“同一凭证”：勾上，或把合计清掉（R-081）")])
    return None


def case_of(number: str) -> Case:
    """一件年度结算或补差；别的流程、没有的是 404。"""
    return get_object_or_404(Case, number=number, procedure__in=("settlement", "adjustment"))


def day_in(request: Request, name: str) -> date:
    """表单里的一个日期；填得不对抛 Refused。"""
    try:
        return day_of(request.POST.get(name, ""))
    except ValueError as error:
        raise Refused([At(name, str(error))]) from error
