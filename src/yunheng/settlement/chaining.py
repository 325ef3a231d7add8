"""金额链：从结算书到支付，一步一个金额，与上一步差多少、由哪几行加成，逐行加得起来（D14-15，R-081）。"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, Sum

from yunheng.cases.models import Case
from yunheng.settlement import funding, payables
from yunheng.settlement.models import Freeze, Payment, Shortfall
from yunheng.settlement.queries import ZERO, freeze_of, latest_plan

#: 一行：叫法、元、条款
Row = tuple[str, Decimal, str]


@dataclass(frozen=True)
class Step:
    """金额链上的一步：叫法、金额、与上一步的差、哪天、凭什么（文号或件）。

    `parts` 是它由哪几行加成，`why` 是与上一步的差由哪几行加成；没有的是空的。
    `early` 是合同、付款里早于下达登记的那天的（D62-八 预算下达以后才签）：下达的登记可以晚于文件，不拦，写明要核。
    """

    name: str
    amount: Decimal | None
    gap: Decimal | None
    on: date | None = None
    document: str = ""
    parts: tuple[Row, ...] = ()
    why: tuple[Row, ...] = ()
    early: str = ""


def chain(case: Case) -> list[Step]:
    """从结算书到支付，一步一个金额。"""
    found = freeze_of(case)
    steps: list[Step] = []
    previous: Decimal | None = None
    for step in _steps(case, found):
        gap = step.amount - previous if step.amount is not None and previous is not None else None
        why: tuple[Row, ...] = ()
        if found and gap and step.name in _WHY:
            why = tuple(_WHY[step.name](case, found, gap))
        steps.append(replace(step, gap=gap, why=why))
        previous = step.amount if step.amount is not None else previous
    return steps


_SIGNED, _PAID = "已签合同", "已支付"
_FEE, _BORNE = "D14-16(监管机制)", "M10-五"


def _steps(case: Case, found: Freeze | None) -> Iterator[Step]:
    """链上的各步，还没有算差。"""
    if found:
        verified = sum(payables.verified_of(found).values(), ZERO)
        name = "补差应付（统一支付）" if found.number else "结算应付（统一支付）"
        yield Step(name, funding.unified_net(found) - verified, None, found.on, f"批次 {found.run_id}")
        if verified:
            last = payables.verifications(found).order_by("-pk")[0]
            yield Step("效能评估核定以后", funding.unified_net(found), None, last.on, last.document)
    if case.procedure == "settlement":
        plan = latest_plan(case)
        version = f"第 {plan.version} 版" if plan else ""
        wanted = funding.need_of_plan(plan) if plan else None
        yield Step(
            "预算合计",
            wanted.total if wanted else None,
            None,
            plan.on if plan else None,
            version,
            wanted.rows if wanted else (),
        )
        yield _decided(case, "批复金额", "approved")
        yield _decided(case, "申请追加", "applied")
    elif found and (wanted := funding.need(case)):
        fee = funding.fee_carried(found, case.version)
        if wanted.recovery or fee.deferred:
            parts = (
                *(row for row in replace(wanted, supervision=fee.deferred).rows if row[1]),
                *((("专项管理费照核定后应付上限减去，不再付", -fee.cut, _FEE),) if fee.cut else ()),
            )
            yield Step("连上次缓付、报送以后登记的灾备、管理费", wanted.total, None, found.on, "", parts)
    yield _decided(case, "下达预算", "granted")
    if found:
        contracts = payables.contracts_of(found).filter(unit=None)
        payments = Payment.objects.filter(contract__in=contracts)
        for name, rows, day, measure in (
            (_SIGNED, contracts, "signed_on", "份"),
            (_PAID, payments, "paid_on", "笔"),
        ):
            added = rows.aggregate(sum=Sum("amount"), first=Min(day), last=Max(day), number=Count("pk"))
            sent = _sent_out(found) if name == _PAID else {"sum": None, "first": None, "last": None, "number": 0}
            number = added["number"] + sent["number"]
            amounts = [one["sum"] for one in (added, sent) if one["sum"] is not None]
            latest = max((one["last"] for one in (added, sent) if one["last"]), default=None)
            document = f"{number} {measure}" if number else ""
            early = _early(case, name, (one["first"] for one in (added, sent) if one["first"]))
            yield Step(name, sum(amounts, ZERO) if amounts else None, None, latest, document, early=early)


def _early(case: Case, name: str, days: Iterable[date]) -> str:
    """最早的一份、一笔在下达登记以前的，写明哪天；不早的为空。"""
    granted, first = funding.decided(case, "granted"), min(days, default=None)
    if granted is None or first is None or first >= granted.on:
        return ""
    return f"{name[1:]}里最早的是 {first}，早于下达登记的 {granted.on}：请照下达文件的日期核（D62-八，R-081）"


@dataclass(frozen=True)
class Settled:
    """一个年度里的一件：年度结算或一次补差，应付合计、签了、付了多少元；还没有的为 None。"""

    case: Case
    wanted: Decimal | None
    signed: Decimal | None
    paid: Decimal | None


@dataclass(frozen=True)
class Whole:
    """一个年度的结算和各次补差，全年合计：应付、签了、付了多少元。

    缓付的在原来那件和并进去的补差里都要付，`carried` 是算了两遍、合计里减去的；`given_up` 是批复不足定了不再付的，
    `back` 是收回的管理费，也减去。
    """

    rows: tuple[Settled, ...]
    carried: Decimal
    given_up: Decimal
    back: Decimal

    @property
    def less(self) -> list[tuple[str, Decimal]]:
        """应付合计里减去的各行：为什么，多少元；没有的不列。"""
        rows = (
            ("缓付、并进补差的，两件都列了", self.carried),
            ("批复不足，定了不再付的", self.given_up),
            ("收回的专项管理费", self.back),
        )
        return [(name, amount) for name, amount in rows if amount]

    @property
    def sums(self) -> tuple[Decimal, Decimal, Decimal]:
        """全年应付、已签、已付（元）。"""
        wanted, signed, paid = (
            sum((getattr(one, key) or ZERO for one in self.rows), ZERO) for key in ("wanted", "signed", "paid")
        )
        return wanted - sum((amount for _, amount in self.less), ZERO), signed, paid


def whole(cases: Sequence[Case]) -> Whole:
    """一个年度的结算和各次补差各多少，全年合计多少。"""
    found, carried, given_up, back = [], ZERO, ZERO, ZERO
    for case in cases:
        wanted, amounts = funding.need(case), {one.name: one.amount for one in chain(case)}
        found.append(Settled(case, wanted.total if wanted else None, amounts.get(_SIGNED), amounts.get(_PAID)))
        freeze = freeze_of(case)
        given_up += sum(funding.cut_as(case, Shortfall.REDUCE).values(), ZERO)
        back += funding.fee_back(freeze) if freeze else ZERO
        if wanted and freeze and freeze.base:
            carried += sum(
                (one.deferred for one in funding.dues(freeze) if not one.unit), wanted.recovery - freeze.recovery
            )
            carried += funding.fee_carried(freeze, case.version).deferred
    return Whole(tuple(found), carried, given_up, back)


def _decided(case: Case, name: str, key: str) -> Step:
    event = funding.decided(case, key)
    if event is None:
        return Step(name, None, None)
    fields = event.detail["fields"]
    return Step(name, Decimal(fields[key]), None, event.on, fields.get("document", ""))


def _unsigned(case: Case, freeze: Freeze, gap: Decimal) -> Iterator[Row]:
    """签了的比下达的少在哪里：灾备不在这里签，管理费少签的连着理由，余下的还没有签；各行合计等于 `gap`。"""
    left = gap
    wanted = funding.need(case)
    borne = wanted.recovery - funding.cuts_of(case).get(Shortfall.RECOVERY, ZERO) if wanted else ZERO
    if borne:
        others = dict(_elsewhere(freeze))
        if own := borne - sum(others.values(), ZERO):
            yield "灾备区级承担，照分摊拨付，不在这里签合同", -own, _BORNE
        for who, amount in others.items():
            yield f"灾备区级承担，由{who}另付", -amount, _BORNE
        left += borne
    less = funding.fee_less(case, freeze)
    if less:
        yield f"专项管理费少签：{less.reason or '还没有写明理由'}", -less.amount, _FEE
        left += less.amount
    if back := funding.fee_back(freeze):
        yield "收回全年签的超过上限的专项管理费", -back, _FEE
        left += back
    if left:
        yield "还没有签合同" if left < 0 else "比下达的多", left, "D62-八"


def _elsewhere(freeze: Freeze) -> Iterator[tuple[str, Decimal]]:
    """灾备区级承担由别人另付的：由谁、合计多少元；冲回了的减去。"""
    rows = freeze.recovery_payments.exclude(elsewhere="").order_by("elsewhere")
    for who, amount in rows.values_list("elsewhere").annotate(sum=Sum("amount")):
        if amount:
            yield who, amount


def _sent_out(freeze: Freeze) -> dict[str, Any]:
    """灾备区级承担由区科创中心拨付的：合计、最近哪天、几笔；由别人另付的不在内。"""
    rows = freeze.recovery_payments.filter(elsewhere="")
    return rows.aggregate(sum=Sum("amount"), first=Min("paid_on"), last=Max("paid_on"), number=Count("pk"))


def _unpaid(case: Case, freeze: Freeze, gap: Decimal) -> Iterator[Row]:
    """付了的与签了的差在哪里：灾备没有合同、拨付了多少，余下的合同还没有付；各行合计等于 `gap`。"""
    del case
    sent = _sent_out(freeze)["sum"] or ZERO
    if sent:
        yield "灾备区级承担的拨付，没有合同", sent, "M10-五"
    if left := gap - sent:
        yield "合同还没有付" if left < 0 else "比合同多", left, "D62-八"


#: 与上一步的差由哪几行加成
_WHY = {_SIGNED: _unsigned, _PAID: _unpaid}
