"""灾备区级承担的拨付（M10-五，R-085）：照分摊付给谁、凭哪张凭证，或由谁另付；只追加，错了的冲回。

独用部分由区级财力承担，运维费由资产归属单位分别支付：不由区科创中心付的，写明由谁另付、为什么。
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, NotYours, Refused
from yunheng.rules.roles import Role
from yunheng.settlement import funding, vouchers
from yunheng.settlement.models import Freeze, RecoveryPayment

_BASIS = "（M10-五，R-085）"
_MAX_NAME, _MAX_REASON = 200, 500


def pay(
    *, actor: Actor, on: date, freeze: Freeze, amount: Decimal, paid_on: date, payee: str, voucher: str
) -> RecoveryPayment:
    """登记一次拨付：各次连由别人另付的合计不超过这次该付的；没有下达预算、凭证号用过的抛 Refused。"""
    return _register(
        actor, on, RecoveryPayment(freeze=freeze, amount=amount, paid_on=paid_on, payee=payee, voucher=voucher)
    )


def elsewhere(*, actor: Actor, on: date, freeze: Freeze, amount: Decimal, who: str, reason: str) -> RecoveryPayment:
    """写明这一部分由谁另付（例如资产归属单位自己付的运维费）、为什么；区科创中心不再付。"""
    return _register(actor, on, RecoveryPayment(freeze=freeze, amount=amount, paid_on=on, elsewhere=who, reason=reason))


def _register(actor: Actor, on: date, row: RecoveryPayment) -> RecoveryPayment:
    _require(actor)
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, row.freeze.service_year)
        hold(Lock.VOUCHER)
        for name in ("payee", "elsewhere", "reason"):
            setattr(row, name, getattr(row, name).strip())
        row.voucher = vouchers.number_of(row.voucher)
        if problems := [*_too_much(row), *(_unpaid(row, on) if not row.elsewhere else _unsaid(row))]:
            raise Refused(problems)
        row.by = str(actor)
        row.save()
        how = {"由谁另付": row.elsewhere} if row.elsewhere else {"付给": row.payee, "凭证": row.voucher}
        journal.note("登记灾备拨付", str(row.freeze), after={"金额": str(row.amount), **how, "理由": row.reason})
    return row


def _require(actor: Actor) -> None:
    if actor.role != Role.REVIEWER:
        raise NotYours([f"灾备区级承担的拨付由区科创中心登记{_BASIS}"])


def _too_much(row: RecoveryPayment) -> Iterator[str]:
    case = row.freeze.case
    most, settled = funding.recovery_payable(case), funding.recovery_settled(row.freeze)
    if problem := funding.unfunded(row.freeze):
        yield problem
    if most <= 0:
        yield f"预算合计里没有灾备区级承担，或批复不足全没有付，没有要登记的{_BASIS}"
    elif not 0 < row.amount <= most - settled:
        yield At(
            "amount",
            f"灾备区级承担这次付 {most} 元，已登记 {settled} 元，最多还能登记 {most - settled} 元，"
            f"填的是 {row.amount}{_BASIS}",
        )


def _unpaid(row: RecoveryPayment, on: date) -> Iterator[str]:
    if not row.freeze.on <= row.paid_on <= on:
        yield At("paid_on", f"拨付日 {row.paid_on} 应在冻结日 {row.freeze.on} 之后、今天 {on} 之前（含当日）")
    if not row.payee:
        yield At("payee", f"写明付给谁{_BASIS}")
    elif len(row.payee) > _MAX_NAME:
        yield At("payee", f"付给谁最多 {_MAX_NAME} 字{_BASIS}")
    yield from vouchers.lone_problems(row.voucher)


def _unsaid(row: RecoveryPayment) -> Iterator[str]:
    if len(row.elsewhere) > _MAX_NAME:
        yield At("who", f"由谁另付最多 {_MAX_NAME} 字{_BASIS}")
    if not row.reason:
        yield At("reason", f"由{row.elsewhere[:20]}另付，写明为什么、依据什么{_BASIS}")
    elif len(row.reason) > _MAX_REASON:
        yield At("reason", f"理由最多 {_MAX_REASON} 字{_BASIS}")


def reverse(*, actor: Actor, on: date, payment: RecoveryPayment, voucher: str, reason: str) -> RecoveryPayment:
    """冲回登记错的、退回来的一笔，全冲，另记一笔负的；拨付的用自己的凭证号，一笔只冲一次。"""
    _require(actor)
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, payment.freeze.service_year)
        hold(Lock.VOUCHER)
        problems: list[str] = []
        if payment.reverses_id:
            problems.append(f"这一笔本身就是冲回的，不能再冲{_BASIS}")
        elif RecoveryPayment.objects.filter(reverses=payment).exists():
            problems.append(f"这一笔已经冲回过，一笔只冲一次{_BASIS}")
        if not reason.strip():
            problems.append(At("reason", f"冲回要写明缘由，例如退票、登记错了{_BASIS}"))
        if not payment.elsewhere:
            problems += vouchers.lone_problems(voucher)
        if problems:
            raise Refused(problems)
        made = RecoveryPayment.objects.create(
            freeze=payment.freeze,
            amount=-payment.amount,
            paid_on=on,
            payee=payment.payee,
            voucher="" if payment.elsewhere else vouchers.number_of(voucher),
            elsewhere=payment.elsewhere,
            reverses=payment,
            reason=reason.strip()[:_MAX_REASON],
            by=str(actor),
        )
        journal.note(
            "冲回灾备拨付",
            str(payment.freeze),
            before={"金额": str(payment.amount), "凭证": payment.voucher, "由谁另付": payment.elsewhere},
            after={"凭证": made.voucher, "缘由": made.reason},
        )
    return made
