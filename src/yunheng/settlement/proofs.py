"""核对钱：账目等于汇总，合同等于应付，支付、灾备拨付不超应付（R-081、R-082、R-085）。"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Count, Sum

from yunheng.settlement.footing import footing
from yunheng.settlement.funding import fee_payable, fee_signed, payable, recovery_payable, recovery_settled
from yunheng.settlement.models import Contract, Freeze, Payment, Run
from yunheng.settlement.queries import ZERO


def money_problems() -> Iterator[str | None]:
    """逐个批次、合同、冲回核对；没有问题的给 None，供 `prove` 计数。"""
    for run in Run.objects.order_by("pk"):
        problems: list[str | None] = [*footing(run)]
        yield from problems or [None]
    yield from _contract_problems()
    yield from _reversal_problems()
    for freeze in (
        Freeze.objects.filter(recovery_payments__isnull=False).distinct().select_related("case").order_by("pk")
    ):
        settled, most = recovery_settled(freeze), recovery_payable(freeze.case)
        yield f"{freeze} 灾备区级承担登记了 {settled}，这次付 {most}" if settled > most else None


def _contract_problems() -> Iterator[str | None]:
    """合同等于应付、支付不超合同；作废的没有付着的钱；没作废的一家一份、号不重。"""
    contracts = Contract.objects.select_related("freeze__run", "freeze__base__run", "provider", "unit", "voided")
    for contract in contracts.annotate(paid=Sum("payments__amount")).order_by("pk"):
        due = payable(contract.freeze, contract.provider.code, contract.unit.code if contract.unit else None)
        paid = contract.paid or ZERO
        if hasattr(contract, "voided"):
            yield f"合同 {contract.number} 作废了，还付着 {paid}" if paid else None
        elif not contract.fee and contract.amount != due:
            yield f"合同 {contract.number} 金额 {contract.amount}，结算书应付 {due}"
        elif not _within(paid, contract.amount):
            yield f"合同 {contract.number} 已付 {paid} 超过合同 {contract.amount}"
        else:
            yield None
    for freeze in Freeze.objects.filter(contracts__fee=True).distinct().select_related("case").order_by("pk"):
        signed, most = fee_signed(freeze), fee_payable(freeze.case)
        yield f"{freeze} 专项管理费签了 {signed}，最多 {most}" if signed > most else None
    live = Contract.objects.filter(voided=None).order_by()
    for keys in (("number",), ("freeze", "provider", "unit")):
        for row in live.values(*keys).annotate(count=Count("pk")).filter(count__gt=1):
            yield f"没有作废的合同重了 {row['count']} 份：{'、'.join(str(row[key]) for key in keys)}"


def _reversal_problems() -> Iterator[str | None]:
    """冲回的与所冲的同一份合同，方向相反、不超过它。"""
    for reversal in Payment.objects.select_related("reverses", "contract").order_by("pk"):
        if before := reversal.reverses:
            same = before.contract_id == reversal.contract_id and before.amount * reversal.amount < 0
            wrong = f"合同 {reversal.contract} 的冲回 {reversal.amount} 与所冲的 {before.amount} 不符"
            yield None if same and _within(-reversal.amount, before.amount) else wrong


def _within(part: Decimal, whole: Decimal) -> bool:
    """`part` 在 0 与 `whole` 之间（含）。"""
    return min(whole, ZERO) <= part <= max(whole, ZERO)
