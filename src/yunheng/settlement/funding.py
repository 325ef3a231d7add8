"""读钱：要付给谁多少，方案、批复、预算、合同、支付各多少，分毫不差（R-081、R-083）。"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from django.db.models import QuerySet, Sum

from yunheng.audit.append_only import newest
from yunheng.cases.models import Case, Event
from yunheng.rules import periods, rulebook
from yunheng.rules.money import fen
from yunheng.rules.parameters import Value
from yunheng.rules.procedures import procedure
from yunheng.rules.procedures.replay import ASIDE
from yunheng.rules.procedures.settling import pays_fee, pays_recovery
from yunheng.settlement import recovery
from yunheng.settlement.models import (
    Contract,
    Freeze,
    Plan,
    Shortfall,
    Verified,
)
from yunheng.settlement.payables import Carried, Due, Less, Need, contracts_of, dues_of, verified_of
from yunheng.settlement.queries import ZERO, freeze_of, frozen, latest_plan, year_cases


def supervision_ceiling(year: int) -> tuple[int, Decimal] | None:
    """专项管理费的上限（R-082）：（照哪个服务年度的结算, 元）；这一年还没冻结的照最近冻结的，都没有为 None。"""
    found = Freeze.objects.filter(service_year__lte=year).select_related("run").order_by("-service_year", "-number")
    last = found.first()
    return (last.service_year, fee_ceiling(last)) if last else None


def fee_ceiling(freeze: Freeze) -> Decimal:
    """照实际应付算，专项管理费最多多少（D14-16(监管机制)，R-082）：舍去分以下。

    “年度结算费用”计量时照口径 K-12 取；效能核定减付、批复不足定了不再付以后实际结算的更少，从低。加付的不抬高计量的
    上限。补差以后给补差的那一份，就照补差以后全年的算。
    """
    return _ceiling(freeze, [*Freeze.objects.filter(service_year=freeze.service_year, number__lte=freeze.number)])


def _ceiling(freeze: Freeze, cut: Iterable[Freeze]) -> Decimal:
    """`freeze` 的上限，减去 `cut` 各份批复不足定了不再付的。"""
    summary = freeze.run.head["summary"]
    base = Decimal(summary["unified_net" if freeze.run.head["conventions"]["K-12"] == "net" else "unified_gross"])
    first = Freeze.objects.get(service_year=freeze.service_year, number=0)
    due = max(base + sum(verified_of(first).values(), ZERO) - sum(map(_given_up, cut), ZERO), ZERO)
    return min(
        Decimal(summary["supervision_fee_cap"]),
        Decimal(int(fen(f"{due:.2f}") * fee_limit(freeze.service_year).ratio)) / 100,
    )


def _given_up(freeze: Freeze) -> Decimal:
    """这一份批复不足、定了不再付给各家服务商的多少元（R-081）；缓付的以后还付，不算。"""
    return sum((amount for key, amount in cut_as(freeze.case, Shortfall.REDUCE).items() if key not in _KEPT), ZERO)


def fee_limit(year: int) -> Value:
    """专项管理费不高于年度结算费用的多少（D14-16(监管机制)，R-082）：照这个服务年度末日施行的。"""
    return rulebook.built_in().settled("supervision_fee_limit", periods.service_year(year).last)


def fee_over(year: int) -> tuple[Decimal, Decimal] | None:
    """专项管理费超出照实际应付算的上限：（安排的或全年已签的, 上限）；没有超出为 None（R-082）。

    没有补差的看方案安排的；补差以后、批复不足定了不再付以后看全年签的，收回了的已减去。
    """
    last, settles = frozen(year), year_cases(year).filter(number=0).first()
    plan = latest_plan(settles.case) if settles else None
    if last is None or plan is None:
        return None
    signed = bool(last.number or _given_up(last))
    most, used = fee_ceiling(last), fee_signed_in(year) if signed else plan.supervision
    return (used, most) if used > most else None


def fee_beyond(freeze: Freeze, supervision: Decimal) -> str:
    """安排这么多专项管理费为什么不行，请办什么；行的为空。编方案、报送、批复都照它（D14-16(监管机制)，R-082）。"""
    most, limit = fee_ceiling(freeze), fee_limit(freeze.service_year)
    if 0 <= supervision <= most:
        return ""
    if supervision < 0:
        return f"第三方专项管理费不能是负数，填的是 {supervision}（{limit.clause}，R-082）"
    metered = Decimal(freeze.run.head["summary"]["supervision_fee_cap"])
    why = "" if most == metered else f"（计量时是 {metered} 元，效能核定减付以后照实际应付算）"
    return (
        f"第三方专项管理费 {supervision} 超出年度结算费用的 {limit.value}%，最多 {most} 元{why}，"
        f"超出 {supervision - most} 元：请在方案里调低，再存一版（{limit.clause}，R-082）"
    )


def need_now(freeze: Freeze, supervision: Decimal) -> Need:
    """现在编方案，预算合计的四行各多少。"""
    verified = sum(verified_of(freeze).values(), ZERO)
    net = unified_net(freeze) - verified
    return Need(net, verified, recovery.borne(freeze.service_year), supervision)


def need_of_plan(plan: Plan) -> Need:
    """方案的一版写的四行。"""
    verified = sum(Verified.objects.filter(pk__in=plan.verified).values_list("amount", flat=True), ZERO)
    return Need(plan.total - verified, verified, plan.recovery, plan.supervision)


def need(case: Case) -> Need | None:
    """这件要的预算：照方案最近的一版；补差照冻结的差。还没有编、没有批准的为 None。"""
    if case.procedure == "settlement":
        plan = latest_plan(case)
        return need_of_plan(plan) if plan else None
    found = freeze_of(case)
    if found is None:
        return None
    return need_of(found, case.version)


def need_of(freeze: Freeze, version: int) -> Need:
    """补差要的预算，照第 `version` 版流程；`freeze` 可以是还没有批准、没有存的。"""
    net, fee = unified_net(freeze), fee_carried(freeze, version)
    if freeze.base is None or not pays_recovery("adjustment", version):
        return Need(net)
    late = freeze.recovery if freeze.pk else recovery_late(freeze.base)
    return Need(net, ZERO, carried_in(freeze.base).get(Shortfall.RECOVERY, ZERO) + late, fee.due)


def recovery_late(last: Freeze) -> Decimal:
    """方案报送以后才登记、到 `last` 为止哪一份预算都没有算进去的灾备区级承担（元，M10-五，R-085）：并进下一次补差。

    方案还在编的重编一版就算进去，是 0。
    """
    kept = recovery.budgeted(last.service_year)
    return ZERO if kept is None else max(recovery.borne(last.service_year) - kept, ZERO)


def fee_carried(freeze: Freeze, version: int) -> Carried:
    """并进这次补差的专项管理费：连以前各份的，不超过照补差以后全年应付算的上限，超出的减去、不再付（R-082）。

    不减的话，签多少都超上限，这一件就办不完。
    """
    if freeze.base is None or not pays_recovery("adjustment", version):
        return Carried(ZERO, ZERO)
    deferred = carried_in(freeze.base).get(Shortfall.SUPERVISION, ZERO)
    if not deferred:
        return Carried(ZERO, ZERO)
    earlier: list[Freeze] = []
    before: Freeze | None = freeze.base
    while before is not None:
        earlier.append(before)
        before = before.base
    # 这一份自己少批多少要先知道它要多少，不在内：还能签多少也照这个上限，不照最近一份的，免得绕回来
    most = _ceiling(freeze, earlier)
    free = most - fee_signed_in(freeze.service_year)
    room = most - sum((_fee_live(one) + _fee_open(one, free) for one in earlier), ZERO)
    return Carried(deferred, max(deferred - max(room, ZERO), ZERO))


def _pays_recovery(case: Case) -> bool:
    return pays_recovery(case.procedure, case.version)


def dues(freeze: Freeze) -> list[Due]:
    """这一份要付的各家；补差只列变了的。"""
    cuts = cuts_of(freeze.case) if freeze.case_id else {}
    return [
        replace(one, cut=cuts[one.provider]) if not one.unit and one.provider in cuts else one for one in _owed(freeze)
    ]


def _owed(freeze: Freeze) -> list[Due]:
    """各家的应付，还没有看批复够不够。"""
    now = dues_of(freeze.run)
    if freeze.base is None:
        verified = verified_of(freeze)
        return [
            replace(one, net=one.net + verified[one.provider], verified=verified[one.provider])
            if not one.unit and one.provider in verified
            else one
            for one in now.values()
        ]
    before, deferred = dues_of(freeze.base.run), deferred_of(freeze.base)
    late = {(code, ""): amount for code, amount in deferred.items() if code not in _KEPT}
    found = []
    for key in sorted({*now, *before, *late}):
        a, b = before.get(key) or Due(*key, ZERO, ZERO, ZERO), now.get(key) or Due(*key, ZERO, ZERO, ZERO)
        more = late.get(key, ZERO)
        if a != b or more:
            net = b.net - a.net + more
            found.append(Due(*key, b.gross - a.gross, b.deduction - a.deduction, net, deferred=more))
    return found


def payable(freeze: Freeze, provider: str, unit: str | None) -> Decimal | None:
    """这一份这次付给这家多少：统一支付的，或某单位自行支付的；没有为 None。"""
    return next((one.payable for one in dues(freeze) if (one.provider, one.unit) == (provider, unit or "")), None)


def unified_net(freeze: Freeze) -> Decimal:
    """统一支付的应付合计，批复够不够都是它。"""
    return sum((one.net for one in _owed(freeze) if not one.unit), ZERO)


def unsettled(freeze: Freeze) -> list[tuple[str, Decimal]]:
    """统一支付还没有结清的：（服务商代码、`Shortfall.SUPERVISION`、`Shortfall.RECOVERY`, 还应付多少，负是还应收回）。

    没有签合同的、作废了没有重登的也算；灾备照登记的。
    """
    paid: dict[str, Decimal] = {}
    found = []
    for contract in contracts_of(freeze).filter(unit=None).prefetch_related("payments"):
        if contract.fee:
            found.append((Shortfall.SUPERVISION, contract.left))
        else:
            paid[contract.provider.code] = contract.paid_total
    found.append((Shortfall.SUPERVISION, fee_open(freeze)))
    if _pays_recovery(freeze.case):
        found.append((Shortfall.RECOVERY, recovery_payable(freeze.case) - recovery_settled(freeze)))
    found += [(one.provider, one.payable - paid.get(one.provider, ZERO)) for one in dues(freeze) if not one.unit]
    return [(key, left) for key, left in found if left]


def unpaid(freeze: Freeze) -> Decimal:
    """统一支付还有多少没有结清：各行还应付、还应收回的绝对值之和。"""
    return sum((abs(left) for _, left in unsettled(freeze)), ZERO)


#: 一步步定下的金额：件里的栏、叫法
_DECIDED = (("approved", "批复金额"), ("applied", "申请追加金额"), ("granted", "下达金额"))


def limit(case: Case) -> tuple[str, Decimal] | None:
    """已经定下的金额里最低的：（叫法, 元）；还没有批复、下达的为 None。"""
    found = [(name, amount) for key, name in _DECIDED if (amount := figure(case, key)) is not None]
    return min(found, key=lambda pair: pair[1]) if found else None


def shortage(case: Case) -> Decimal:
    """定下的金额比预算合计少多少；不少的为 0。"""
    wanted, most = need(case), limit(case)
    return max(wanted.total - most[1], ZERO) if wanted and most else ZERO


def parties(case: Case) -> dict[str, Decimal]:
    """预算合计付给谁：服务商代码、`Shortfall.RECOVERY`、`Shortfall.SUPERVISION` → 元；收回的不列。"""
    wanted, found = need(case), freeze_of(case)
    if wanted is None or found is None:
        return {}
    amounts = {one.provider: one.net for one in _owed(found) if not one.unit}
    amounts |= {Shortfall.RECOVERY: wanted.recovery, Shortfall.SUPERVISION: wanted.supervision}
    return {key: amount for key, amount in amounts.items() if amount > 0}


def shortfall_of(case: Case) -> Shortfall | None:
    """批复不足怎样处理的，现在算数的一条；没有登记、登记以后定下的金额又变了的为 None。"""
    last = newest(Shortfall.objects.filter(case=case))
    if last is None:
        return None
    most, cut = limit(case), sum(map(Decimal, last.cuts.values()), ZERO)
    return last if most and most[1] == last.limit and cut == shortage(case) else None


def unhandled(case: Case) -> str:
    """定下的金额少于预算合计、又没有写明怎样处理的，说清差多少、请办什么；不用处理的为空。"""
    short, most, wanted = shortage(case), limit(case), need(case)
    if not short or shortfall_of(case) or most is None or wanted is None:
        return ""
    name = "预算合计" if case.procedure == "settlement" else "补差应付合计（有补有收的先相抵）"
    return (
        f"{most[0]} {most[1]} 少于{name} {wanted.total}，差 {short} 元，没有写明怎样处理以前不能签合同："
        "请退回追加；不再追加的，在办件页“批复不足怎样处理”里登记缓付、减少（D14-15，R-081）"
    )


def unfunded(freeze: Freeze) -> str:
    """预算够不够：没有下达的，定下的少于预算合计、没有写明怎样处理的，哪一家、管理费、灾备都不能签、不能付；够的为空。

    补差合计是收回的不用预算。
    """
    wanted = need(freeze.case)
    if wanted and wanted.total <= 0:
        return ""
    if figure(freeze.case, "granted") is None:
        return "预算还没有下达，不能签合同（D14-15，R-081）"
    return unhandled(freeze.case)


def cut_as(case: Case, kind: str) -> dict[str, Decimal]:
    """批复不足登记成 `kind`（缓付、减少）的，各家少付多少（元）；没有不足、登记成另一种的是空的。"""
    found = shortfall_of(case)
    return {key: Decimal(amount) for key, amount in found.cuts.items()} if found and found.kind == kind else {}


def cuts_of(case: Case) -> dict[str, Decimal]:
    """批复不足时各家这次少付多少；没有不足、没有登记的是空的。"""
    found = shortfall_of(case)
    return {key: Decimal(amount) for key, amount in found.cuts.items()} if found else {}


def cuts_signed(case: Case) -> dict[str, Decimal]:
    """签了合同的各家服务商 → 合同照它签的、少付多少（元）：要改先作废合同。"""
    freeze, cuts = freeze_of(case), cuts_of(case)
    signed = contracts_of(freeze).filter(unit=None, fee=False) if freeze else Contract.objects.none()
    return {code: cuts.get(code, ZERO) for code in signed.values_list("provider__code", flat=True)}


#: 缓付的里不是付给服务商的
_KEPT = (Shortfall.RECOVERY, Shortfall.SUPERVISION)


def deferred_of(freeze: Freeze) -> dict[str, Decimal]:
    """到这一份为止缓付、还欠着的：服务商代码、`Shortfall.RECOVERY`、`Shortfall.SUPERVISION` → 元；并进下一次补差。

    旧版流程的补差没有把上次缓付的灾备、管理费并进来，那些仍欠着。
    """
    owed = cut_as(freeze.case, Shortfall.DEFER)
    if freeze.base and not _pays_recovery(freeze.case):
        for key, amount in carried_in(freeze.base).items():
            owed[key] = owed.get(key, ZERO) + amount
    return owed


def carried_in(base: Freeze) -> dict[str, Decimal]:
    """`base` 缓付的灾备区级承担、专项管理费：下一次补差并进来的。"""
    return {key: amount for key, amount in deferred_of(base).items() if key in _KEPT}


def recovery_payable(case: Case) -> Decimal:
    """灾备区级承担这次付多少（元）：预算合计里的，减去批复不足时少付的（R-085）。"""
    wanted = need(case)
    return wanted.recovery - cuts_of(case).get(Shortfall.RECOVERY, ZERO) if wanted else ZERO


def recovery_settled(freeze: Freeze) -> Decimal:
    """灾备区级承担登记了多少（元）：拨付的、由别人另付的，冲回的减去。"""
    return freeze.recovery_payments.aggregate(sum=Sum("amount"))["sum"] or ZERO


def fee_payable(case: Case) -> Decimal:
    """专项管理费最多签多少：方案安排的，减去批复不足时少付的；没有安排的是 0（R-082）。"""
    wanted = need(case)
    return wanted.supervision - cuts_of(case).get(Shortfall.SUPERVISION, ZERO) if wanted else ZERO


def fee_contracts(freeze: Freeze) -> QuerySet[Contract]:
    """这一份结算算数的、付出去的专项管理费合同；收回的不在内（`fee_back`）。"""
    return contracts_of(freeze).filter(fee=True, amount__gt=0)


def fee_signed(freeze: Freeze) -> Decimal:
    """付出去的专项管理费各份合同合计多少元。"""
    return fee_contracts(freeze).aggregate(sum=Sum("amount"))["sum"] or ZERO


def fee_back(freeze: Freeze) -> Decimal:
    """这次补差签了收回多签的专项管理费多少元（R-082）。"""
    rows = contracts_of(freeze).filter(fee=True, amount__lt=0)
    return -(rows.aggregate(sum=Sum("amount"))["sum"] or ZERO)


def _fee_live(freeze: Freeze) -> Decimal:
    """这一份签的专项管理费，收回的减去。"""
    return fee_signed(freeze) - fee_back(freeze)


def fee_signed_in(year: int) -> Decimal:
    """这个服务年度的结算、各次补差签的专项管理费合计多少元，收回的减去：上限照全年算（R-082）。"""
    live = Contract.objects.filter(freeze__service_year=year, fee=True, voided=None)
    return live.aggregate(sum=Sum("amount"))["sum"] or ZERO


def fee_room(year: int) -> Decimal:
    """照最近一份的上限，这个服务年度还能签多少元专项管理费；负是签超了多少（R-082）。"""
    last = frozen(year)
    return fee_ceiling(last) - fee_signed_in(year) if last else ZERO


def fee_open(freeze: Freeze) -> Decimal:
    """该签、还没有签的专项管理费多少元：没有签的，作废了没有重登、没写明少签理由的；超上限签不了的不算。

    旧版流程的不要求签，没有。
    """
    return _fee_open(freeze, fee_room(freeze.service_year))


def _fee_open(freeze: Freeze, room: Decimal) -> Decimal:
    """同 `fee_open`，这一年最多还能签 `room` 元。"""
    case = freeze.case
    if not pays_fee(case.procedure, case.version):
        return ZERO
    contracts = list(fee_contracts(freeze))
    excused = any(one.less_reason for one in contracts)
    left = ZERO if excused else fee_payable(case) - sum((one.amount for one in contracts), ZERO)
    return max(min(left, room), ZERO) if left > 0 else ZERO


def fee_less(case: Case, freeze: Freeze) -> Less | None:
    """专项管理费少签的：签了的各份合计比这次该付的少；一份也没签、签足了的为 None。

    理由是最近签的一份写明的那条。
    """
    contracts = list(fee_contracts(freeze).order_by("-pk"))
    left = fee_payable(case) - sum((one.amount for one in contracts), ZERO)
    if not contracts or left <= 0:
        return None
    return Less(left, next((one.less_reason for one in contracts if one.less_reason), ""))


def figure(case: Case, key: str) -> Decimal | None:
    """各步定下的金额：need 预算合计，approved 批复，applied 申请，granted 下达。

    退回重办的以最近一次定下的为准，还没有重新定下的为 None。
    """
    if key == "need":
        wanted = need(case)
        return wanted.total if wanted else None
    event = decided(case, key)
    return Decimal(event.detail["fields"][key]) if event else None


def decided(case: Case, key: str) -> Event | None:
    """最近一次定下这个金额、之后没有退回到那一步或更前的事件。"""
    table = procedure(case.procedure, case.version)
    order = {step.code: number for number, step in enumerate(table.steps)}
    earliest = len(order)
    for event in case.events.order_by("-seq"):
        if key in (event.detail.get("fields") or {}):
            return event if order[event.step] < earliest else None
        if event.act not in ASIDE:
            earliest = min(earliest, order.get(table.step(event.step).act(event.act).to, earliest))
    return None
