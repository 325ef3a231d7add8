"""取一批计量要按 FOCUS 导出的各行：看得到的账目，和账目以外的扣减、核定、补差。

冻结了的补差批次，账目是最初结算的那一批（已结的一个字不动），每次补差的差额另起行、指自己的合同；
这样按 InvoiceId 合计就是各份合同的金额，全部合计就是补差以后的应付。

没有冻结的批次（滚动、没有批准的年度计量、没有办成的补差重算、裁定试算）照那一批的账目写，没有合同号，文件名和每一行的
Tags 都写明是试算：同一年再导几份，不会当作几份账单加起来（R-077、R-083）。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from django.conf import settings

from yunheng.audit.actor import Actor
from yunheng.catalog.models import Item
from yunheng.orgs.models import Institution, Kind, Level
from yunheng.settlement import funding, payables, queries
from yunheng.settlement.bill import focus
from yunheng.settlement.bill.focus_rules import Charge
from yunheng.settlement.models import Freeze, Run

#: 一份合计归谁：单位、项目、服务商、谁付
_OWNER = ("unit", "project", "provider", "payer")


def export(actor: Actor, run: Run, names: Mapping[str, str]) -> Iterator[focus.Row]:
    """各行，`names` 是机构、项目的名称；使用单位只有本单位的账目，整家的扣减、核定看不到（R-001）。"""
    chain = _chain(run)
    first = chain[0].run if chain else run
    centre = Institution.objects.filter(kind=Kind.OPERATOR, level=Level.DISTRICT).order_by("pk").first()
    book = focus.Book(
        names,
        {item.code: item for item in Item.objects.all()},
        (centre.code if centre else settings.DISTRICT, settings.DISTRICT),
        _invoices(chain[0]) if chain else {},
        draft=not chain,
    )
    lines = queries.visible_lines(actor, first).filter(disputed=False).order_by("seq").iterator(chunk_size=2000)
    extras = [*_settled(actor, first, chain[0] if chain else None)]
    for freeze in chain[1:]:
        extras += _corrected(actor, freeze)
    return focus.rows(first, lines, extras, book)


def file_name(run: Run) -> str:
    """文件名；没有冻结的写明是试算。"""
    draft = "" if Freeze.objects.filter(run=run).exists() else "-试算"
    return f"focus-{run.service_year}-{run.pk}{draft}.csv"


def _chain(run: Run) -> list[Freeze]:
    """这一批冻结成的那一份，连同它减去的各份，最初的在前；没有冻结的为空。"""
    found: list[Freeze] = []
    freeze = Freeze.objects.filter(run=run).first()
    while freeze is not None:
        found.insert(0, freeze)
        freeze = freeze.base
    return found


def _invoices(freeze: Freeze) -> dict[tuple[str, str], str]:
    """（服务商, 自行支付的单位或空）→ 合同号；专项管理费的合同不是服务费，不在内。"""
    contracts = payables.contracts_of(freeze).filter(fee=False)
    return {(one.provider.code, one.unit.code if one.unit else ""): one.number for one in contracts}


def _settled(actor: Actor, run: Run, freeze: Freeze | None) -> Iterator[focus.Extra]:
    """一批的考核扣减（R-078），和冻结以后的效能核定（R-079）。"""
    invoices = _invoices(freeze) if freeze else {}
    for due in payables.dues_of(run).values():
        if due.deduction and queries.due_seen(actor, due.provider, due.unit):
            told = f"考核扣减：计量 {due.gross} 元，扣减 {due.deduction} 元（R-078）"
            yield _whole(Charge.CREDIT, due, -due.deduction, told, invoices)
    if freeze is None:
        return
    for one in payables.verifications(freeze).select_related("provider"):
        code = one.provider.code
        if queries.due_seen(actor, code, ""):
            told = f"效能评估核定{'加付' if one.amount > 0 else '减付'}：{one.reason}（{one.document}，R-079）"
            yield focus.Extra(Charge.ADJUSTMENT, code, one.amount, told, invoice=invoices.get((code, ""), ""))
    yield from _short(actor, freeze, invoices)


def _corrected(actor: Actor, freeze: Freeze) -> Iterator[focus.Extra]:
    """一次补差（R-083）：计量的差额归到单位、项目，扣减的差额归到各家。"""
    assert freeze.base is not None
    invoices = _invoices(freeze)
    before, after = (_sums(actor, one.run) for one in (freeze.base, freeze))
    for unit, project, provider, payer in sorted({*before, *after}):
        owner, own = (unit, project, provider, payer), payer == "self"
        gap = after.get(owner, queries.ZERO) - before.get(owner, queries.ZERO)
        if gap:
            told = f"第 {freeze.number} 次补差：计量的差额（R-083）"
            invoice = invoices.get((provider, unit if own else ""), "")
            yield focus.Extra(Charge.ADJUSTMENT, provider, gap, told, unit, project, own, invoice, correction=True)
    for due in funding.dues(freeze):
        if due.deduction and queries.due_seen(actor, due.provider, due.unit):
            told = f"第 {freeze.number} 次补差：考核扣减的差额（R-078、R-083）"
            yield _whole(Charge.CREDIT, due, -due.deduction, told, invoices, correction=True)
        if due.deferred and queries.due_seen(actor, due.provider, due.unit):
            told = f"第 {freeze.number} 次补差：付上次缓付的（R-081）"
            yield _whole(Charge.ADJUSTMENT, due, due.deferred, told, invoices, correction=True)
    yield from _short(actor, freeze, invoices)


def _short(actor: Actor, freeze: Freeze, invoices: dict[tuple[str, str], str]) -> Iterator[focus.Extra]:
    """批复不足、这次少付的（R-081）：合同照少付以后的签。"""
    handled = funding.shortfall_of(freeze.case)
    for due in funding.dues(freeze):
        if handled and due.cut and queries.due_seen(actor, due.provider, due.unit):
            told = f"批复不足，这次{handled.kind}：{handled.reason}（R-081）"
            yield _whole(Charge.ADJUSTMENT, due, -due.cut, told, invoices, correction=bool(freeze.number))


def _sums(actor: Actor, run: Run) -> dict[tuple[str, str, str, str], Decimal]:
    rows = queries.visible_sums(actor, run).filter(disputed=False).values_list(*_OWNER, "amount")
    return {(unit, project, provider, payer): amount for unit, project, provider, payer, amount in rows}


def _whole(
    charge: Charge,
    due: payables.Due,
    amount: Decimal,
    told: str,
    invoices: dict[tuple[str, str], str],
    *,
    correction: bool = False,
) -> focus.Extra:
    """整家的一行；自行支付的归到那个单位。"""
    invoice = invoices.get((due.provider, due.unit), "")
    return focus.Extra(charge, due.provider, amount, told, due.unit, "", bool(due.unit), invoice, correction)
