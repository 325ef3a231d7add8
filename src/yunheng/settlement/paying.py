"""支付合同和支付：金额等于应付，合计不超预算、不超合同；统一支付由区科创中心办，自行支付由使用单位办（R-081、R-088）。"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.orgs.models import Institution
from yunheng.rules.roles import Role
from yunheng.settlement import queries
from yunheng.settlement.models import Contract, Freeze, Payment


def sign(
    *,
    actor: Actor,
    on: date,
    freeze: Freeze,
    provider: Institution,
    number: str,
    amount: Decimal,
    signed_on: date,
    unit: Institution | None = None,
) -> Contract:
    """登记支付合同：金额要等于结算书上这家的应付；统一支付的各家应付合计不超过下达的预算（R-081、R-088）。"""
    own = actor.role == Role.CLERK and unit is not None and actor.institution == unit.pk
    if not (own if unit else actor.role == Role.REVIEWER):
        raise NotYours(["统一支付的合同由区科创中心签，自行支付的由使用单位签（D62-八、D62-九，R-081、R-088）"])
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, freeze.service_year)
        if problems := list(_contract_problems(on, freeze, provider, number.strip(), amount, signed_on, unit)):
            raise Refused(problems)
        contract = Contract.objects.create(
            freeze=freeze,
            provider=provider,
            unit=unit,
            number=number.strip(),
            amount=amount,
            signed_on=signed_on,
            by=str(actor),
        )
        journal.note("签支付合同", number, after={"服务商": provider.name, "金额": str(amount)})
    return contract


def _contract_problems(
    on: date,
    freeze: Freeze,
    provider: Institution,
    number: str,
    amount: Decimal,
    signed_on: date,
    unit: Institution | None,
) -> Iterator[str]:
    due = queries.payable(freeze, provider.code, unit.code if unit else None)
    if not number:
        yield "合同号不能为空"
    if due is None:
        yield f"结算书里没有要付给{provider.name}的{'自行支付' if unit else '统一支付'}费用（R-081）"
    elif amount != due:
        yield f"合同金额 {amount} 应等于结算书上的应付 {due}，差 {amount - due} 元（D62-八，R-081）"
    if signed_on > on:
        yield f"签订日 {signed_on} 还没到，今天是 {on}"
    if Contract.objects.filter(number=number).exists():
        yield f"合同号 {number} 已登记过"
    if Contract.objects.filter(freeze=freeze, provider=provider, unit=unit).exists():
        yield f"与{provider.name}的这份合同已登记过"
    if unit is None:
        yield from _unfunded(freeze)


def _unfunded(freeze: Freeze) -> Iterator[str]:
    """预算够不够付：比的是各家应付合计，有补有收的相抵以后再比，先签哪一家都一样；合计是收回的不用预算。"""
    due = queries.unified_net(freeze)
    if due <= 0:
        return
    granted = queries.figure(freeze.case, "granted")
    if granted is None:
        yield "预算还没有下达，不能签支付合同（D14-15，R-081）"
    elif due > granted:
        yield (
            f"下达的预算 {granted} 不够付各家应付合计 {due}（有补有收的先相抵），差 {due - granted} 元；"
            "请退回追加，够了再签，先签哪一家都一样（D14-15，R-081）"
        )


def pay(*, actor: Actor, on: date, contract: Contract, amount: Decimal, paid_on: date, voucher: str) -> Payment:
    """登记一次支付：各次合计不超过合同金额（R-081）。"""
    own = actor.role == Role.CLERK and contract.unit_id is not None and actor.institution == contract.unit_id
    if not (own if contract.unit_id else actor.role == Role.REVIEWER):
        raise NotYours(["统一支付由区科创中心登记，自行支付由使用单位登记（D62-八、D62-九，R-081、R-088）"])
    with unit_of_work(actor) as journal:
        hold(Lock.CONTRACT, contract.pk)
        paid = contract.payments.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
        problems = []
        if amount == 0 or (amount > 0) != (contract.amount > 0):
            problems.append("支付金额应大于 0" if contract.amount > 0 else "收回的金额应为负")
        elif abs(paid + amount) > abs(contract.amount):
            problems.append(
                f"已付 {paid}，再付 {amount} 就超过合同金额 {contract.amount}，最多还能付 {contract.amount - paid}"
                "（D62-八，R-081）"
            )
        if not contract.signed_on <= paid_on <= on:
            problems.append(f"支付日 {paid_on} 应在签订日 {contract.signed_on} 之后、今天 {on} 之前（含当日）")
        if not voucher.strip():
            problems.append("凭证号不能为空")
        elif contract.payments.filter(voucher=voucher.strip()).exists():
            problems.append(f"凭证号 {voucher} 已登记过")
        if problems:
            raise Refused(problems)
        payment = Payment.objects.create(
            contract=contract, amount=amount, paid_on=paid_on, voucher=voucher.strip(), by=str(actor)
        )
        journal.note("支付", contract.number, after={"金额": str(amount), "凭证": voucher})
    return payment
