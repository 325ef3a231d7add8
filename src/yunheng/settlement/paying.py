"""支付合同和支付：金额等于应付，合计不超预算、不超合同；统一支付由区科创中心办，自行支付由使用单位办（R-081、R-088）。

都只追加：付错的、退票的另记一笔冲回，登记错的合同另记作废，原来的都留着。
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from yunheng.audit.actor import Actor
from yunheng.audit.append_only import newest
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, NotYours, Refused
from yunheng.orgs.models import Institution, Kind
from yunheng.rules.roles import Role
from yunheng.settlement import funding, payables, queries, vouchers
from yunheng.settlement.models import Contract, ContractVoid, Freeze, Payment
from yunheng.tables import folding


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
    if not _pays(actor, unit.pk if unit else None):
        raise NotYours(["统一支付的合同由区科创中心签，自行支付的由使用单位签（D62-八、D62-九，R-081、R-088）"])
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, freeze.service_year)
        # 合同号各年度合在一起不重
        hold(Lock.CONTRACT)
        if problems := list(_contract_problems(on, freeze, provider, folding.code(number), amount, signed_on, unit)):
            raise Refused(problems)
        contract = Contract.objects.create(
            freeze=freeze,
            provider=provider,
            unit=unit,
            number=folding.code(number),
            amount=amount,
            signed_on=signed_on,
            replaces=newest(Contract.objects.filter(freeze=freeze, provider=provider, unit=unit)),
            by=str(actor),
        )
        journal.note("签支付合同", number, after={"服务商": provider.name, "金额": str(amount)})
    return contract


def _pays(actor: Actor, unit: int | None) -> bool:
    """这份合同是不是由他签、由他付：统一支付的是区科创中心，自行支付的是那个单位的经办人。"""
    if unit is None:
        return actor.role == Role.REVIEWER
    return actor.role == Role.CLERK and actor.institution == unit


def _contract_problems(
    on: date,
    freeze: Freeze,
    provider: Institution,
    number: str,
    amount: Decimal,
    signed_on: date,
    unit: Institution | None,
) -> Iterator[str]:
    due = funding.payable(freeze, provider.code, unit.code if unit else None)
    yield from _misnumbered(on, number, signed_on)
    if signed_on < freeze.on:
        why = "自行支付照审定的应付签" if unit else "预算下达以后才与服务商签支付合同"
        clause = "D62-九，R-088" if unit else "D62-八，R-081"
        yield f"签订日 {signed_on} 早于结算书审定的 {freeze.on}：{why}（{clause}）"
    if due is None:
        yield f"结算书里没有要付给{provider.name}的{'自行支付' if unit else '统一支付'}费用（R-081）"
    elif amount != due:
        yield f"合同金额 {amount} 应等于结算书上的应付 {due}，差 {amount - due} 元（D62-八，R-081）"
    if payables.contracts_of(freeze).filter(provider=provider, unit=unit).exists():
        yield f"与{provider.name}的这份合同已登记过，登记错了的请先作废（R-081）"
    if unit is None and sum((one.payable for one in funding.dues(freeze) if not one.unit), Decimal(0)) > 0:
        yield from filter(None, [funding.unfunded(freeze)])


def sign_fee(
    *,
    actor: Actor,
    on: date,
    freeze: Freeze,
    institution: Institution,
    number: str,
    amount: Decimal,
    signed_on: date,
    less_reason: str = "",
) -> Contract:
    """登记专项管理费的合同：付给第三方机构，各份合计不超过方案安排的和实际应付的上限（R-081、R-082）。

    比这次该付的少签的，`less_reason` 写明理由，留在合同上，列进金额链；签足了的不记。
    补差以后全年签的超过上限的，`amount` 为负是收回的协议：不超过超出的、也不超过这家签的；收不收回由区里定。
    """
    if not _pays(actor, None):
        raise NotYours(["专项管理费的合同由区科创中心签（D14-16(监管机制)，R-082）"])
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, freeze.service_year)
        hold(Lock.CONTRACT)
        reason = less_reason.strip()[:500]
        if problems := list(_fee_problems(on, freeze, institution, folding.code(number), amount, signed_on, reason)):
            raise Refused(problems)
        signed = funding.fee_signed(freeze)
        kept = reason if 0 < amount < funding.fee_payable(freeze.case) - signed else ""
        every = Contract.objects.filter(freeze=freeze, provider=institution, unit=None)
        contract = Contract.objects.create(
            freeze=freeze,
            provider=institution,
            fee=True,
            number=folding.code(number),
            amount=amount,
            less_reason=kept,
            signed_on=signed_on,
            replaces=newest(every),
            by=str(actor),
        )
        said = {"少签的理由": kept} if kept else {}
        journal.note("签专项管理费合同", number, after={"第三方机构": institution.name, "金额": str(amount), **said})
    return contract


def _fee_problems(
    on: date, freeze: Freeze, institution: Institution, number: str, amount: Decimal, signed_on: date, reason: str
) -> Iterator[str]:
    basis = "（D14-16(监管机制)，R-082）"
    signed = funding.fee_signed(freeze)
    most = funding.fee_payable(freeze.case)
    yield from _misnumbered(on, number, signed_on)
    if institution.kind != Kind.THIRD_PARTY:
        yield f"{institution.name}不是第三方机构，专项管理费付给受委托的第三方{basis}"
    if amount < 0:
        yield from _back_problems(freeze, institution, amount)
        return
    if most <= 0:
        yield f"方案没有安排专项管理费，或批复不足全减了、补差以后照上限全减了，没有要签的{basis}"
    elif not 0 < amount <= most - signed:
        yield f"专项管理费这次最多付 {most} 元，已签 {signed} 元，最多还能签 {most - signed} 元，填的是 {amount}{basis}"
    elif amount > funding.fee_room(freeze.service_year):
        all_signed, ceiling = funding.fee_signed_in(freeze.service_year), _ceiling_now(freeze)
        yield f"专项管理费照实际应付算最多 {ceiling} 元，这一年已签 {all_signed} 元，再签 {amount} 就超了{basis}"
    yield from _fee_twice(freeze, institution)
    if 0 < signed + amount < most and not reason:
        yield At(
            "less_reason",
            f"专项管理费这次该付 {most} 元，连这一份签 {signed + amount} 元，少签 {most - signed - amount} 元："
            f"写明为什么少签（另签一份的也写明）{basis}",
        )
    yield from filter(None, [funding.unfunded(freeze)])


def _ceiling_now(freeze: Freeze) -> Decimal:
    """全年的上限，照最近一份结算。"""
    return funding.fee_room(freeze.service_year) + funding.fee_signed_in(freeze.service_year)


def _fee_twice(freeze: Freeze, institution: Institution) -> Iterator[str]:
    if payables.contracts_of(freeze).filter(fee=True, provider=institution).exists():
        yield f"与{institution.name}的专项管理费合同已登记过，登记错了的请先作废（D14-16(监管机制)，R-082）"


def _back_problems(freeze: Freeze, institution: Institution, amount: Decimal) -> Iterator[str]:
    """收回多签的专项管理费为什么不行：只在补差里收，不超过全年超出上限的，也不超过这家签的。"""
    basis = "（D14-16(监管机制)，R-082）"
    over = max(-funding.fee_room(freeze.service_year), Decimal(0))
    given = queries.fee_by_institution(freeze.service_year).get(institution.code, Decimal(0))
    if freeze.base is None:
        yield f"收回专项管理费在补差里登记；这一份签错了的请作废重新登记{basis}"
    elif -amount > over:
        yield f"全年签的专项管理费超出上限 {over} 元，最多收回这么多，填的是收回 {-amount} 元{basis}"
    elif -amount > given:
        yield f"与{institution.name}这一年签的专项管理费合计 {given} 元，不能收回 {-amount} 元{basis}"
    yield from _fee_twice(freeze, institution)


def _misnumbered(on: date, number: str, signed_on: date) -> Iterator[str]:
    """合同号、签订日为什么不行。"""
    if not number:
        yield "合同号不能为空"
    if signed_on > on:
        yield f"签订日 {signed_on} 还没到，今天是 {on}"
    wanted = folding.same_number(number)
    kept = Contract.objects.filter(voided=None).values_list("number", flat=True)
    if same := next((one for one in kept if folding.same_number(one) == wanted), None):
        yield f"合同号 {same} 已登记过"


def pay(
    *,
    actor: Actor,
    on: date,
    contract: Contract,
    amount: Decimal,
    paid_on: date,
    voucher: str,
    voucher_total: Decimal | None = None,
) -> Payment:
    """登记一次支付：各次合计不超过合同金额（R-081）。`voucher_total` 是同一凭证付几份合同时各笔的合计。"""
    _require_payer(actor, contract)
    with unit_of_work(actor) as journal:
        hold(Lock.CONTRACT, contract.pk)
        hold(Lock.VOUCHER)
        paid = _paid(contract)
        problems = [*_voided(contract)]
        if amount == 0 or (amount > 0) != (contract.amount > 0):
            problems.append("支付金额应大于 0" if contract.amount > 0 else "收回的金额应为负")
        elif abs(paid + amount) > abs(contract.amount):
            problems.append(
                f"已付 {paid}，再付 {amount} 就超过合同金额 {contract.amount}，最多还能付 {contract.amount - paid}"
                "（D62-八，R-081）"
            )
        if not contract.signed_on <= paid_on <= on:
            problems.append(f"支付日 {paid_on} 应在签订日 {contract.signed_on} 之后、今天 {on} 之前（含当日）")
        problems += vouchers.problems(contract, voucher, paid_on, amount, voucher_total)
        if problems:
            raise Refused(problems)
        payment = Payment.objects.create(
            contract=contract,
            amount=amount,
            paid_on=paid_on,
            voucher=vouchers.spelled(voucher, contract.unit_id),
            voucher_total=voucher_total,
            by=str(actor),
        )
        shared = {} if voucher_total is None else {"同一凭证合计": str(voucher_total)}
        journal.note("支付", contract.number, after={"金额": str(amount), "凭证": voucher, **shared})
    return payment


def reverse(
    *, actor: Actor, on: date, payment: Payment, amount: Decimal, paid_on: date, voucher: str, reason: str
) -> Payment:
    """冲回一笔付错的、退票的：`amount` 是冲回多少，大于 0、不超过那一笔；另记一笔方向相反的，一笔只冲一次（R-081）。"""
    contract = payment.contract
    _require_payer(actor, contract)
    with unit_of_work(actor) as journal:
        hold(Lock.CONTRACT, contract.pk)
        hold(Lock.VOUCHER)
        if problems := list(_reversal_problems(on, payment, amount, paid_on, voucher, reason)):
            raise Refused(problems)
        made = Payment.objects.create(
            contract=contract,
            amount=-amount if payment.amount > 0 else amount,
            paid_on=paid_on,
            voucher=vouchers.number_of(voucher),
            reverses=payment,
            reason=reason.strip()[:500],
            by=str(actor),
        )
        journal.note(
            "冲回支付",
            contract.number,
            before={"凭证": payment.voucher, "金额": str(payment.amount)},
            after={"凭证": made.voucher, "金额": str(made.amount), "缘由": made.reason},
        )
    return made


def _reversal_problems(
    on: date, payment: Payment, amount: Decimal, paid_on: date, voucher: str, reason: str
) -> Iterator[str]:
    if payment.reverses_id:
        yield f"{payment.voucher} 本身就是冲回的，不能再冲；冲多了的照实另记支付（R-081）"
    elif earlier := Payment.objects.filter(reverses=payment).first():
        yield f"{payment.voucher} 已用 {earlier.voucher} 冲回 {abs(earlier.amount)} 元，一笔只冲一次（R-081）"
    if not 0 < amount <= abs(payment.amount):
        yield f"冲回的金额应大于 0、不超过那一笔的 {abs(payment.amount)} 元，填的是 {amount}（R-081）"
    if not payment.paid_on <= paid_on <= on:
        yield f"冲回日 {paid_on} 应在支付日 {payment.paid_on} 之后、今天 {on} 之前（含当日）"
    # 冲回用自己的凭证，不与别的合用
    yield from vouchers.problems(payment.contract, voucher, paid_on, -payment.amount, None)
    if not reason.strip():
        yield "冲回要写明缘由，例如退票、金额记错（R-081）"


def void(*, actor: Actor, on: date, contract: Contract, reason: str) -> ContractVoid:
    """作废一份登记错了的合同：已付的要先冲回干净；作废了可以重新登记一份（R-081、R-088）。"""
    _require_payer(actor, contract)
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, contract.freeze.service_year)
        hold(Lock.CONTRACT, contract.pk)
        problems = [*_voided(contract)]
        if paid := _paid(contract):
            problems.append(f"{contract.number} 已付 {paid} 元，请先把付了的冲回再作废（R-081）")
        if not reason.strip():
            problems.append("作废要写明缘由（R-081）")
        if problems:
            raise Refused(problems)
        made = ContractVoid.objects.create(contract=contract, reason=reason.strip()[:500], on=on, by=str(actor))
        journal.note(
            "作废支付合同", contract.number, before={"金额": str(contract.amount)}, after={"缘由": made.reason}
        )
    return made


def _require_payer(actor: Actor, contract: Contract) -> None:
    if not _pays(actor, contract.unit_id):
        raise NotYours(["统一支付的由区科创中心登记、更正，自行支付的由使用单位办（D62-八、D62-九，R-081、R-088）"])


def _paid(contract: Contract) -> Decimal:
    """已付多少，冲回的减去；拿着锁现查。"""
    return contract.payments.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def _voided(contract: Contract) -> Iterator[str]:
    if found := ContractVoid.objects.filter(contract=contract).first():
        yield f"{contract.number} 已于 {found.on} 作废，缘由：{found.reason}（R-081）"
