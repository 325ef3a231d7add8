"""办件页上批准以后的钱：批复不足怎样处理，专项管理费、灾备区级承担登记到哪里，还差哪些（R-081、R-082、R-085）。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from yunheng.cases.models import Case
from yunheng.orgs import commissioning
from yunheng.rules.procedures import DONE
from yunheng.rules.procedures.settling import pays_recovery
from yunheng.settlement import funding, owing, payables, queries
from yunheng.settlement.models import Contract, Freeze, Plan, RecoveryPayment, Shortfall


def _fee(case: Case, freeze: Freeze) -> dict[str, Any] | None:
    """专项管理费：这次付多少、签了多少、还能签多少、可选的第三方机构；没有安排的没有（R-082）。"""
    most, year = funding.fee_payable(case), freeze.service_year
    if most <= 0:
        return None
    # 上限照全年各份合计、最近一份结算算
    signed, room = funding.fee_signed(freeze), funding.fee_room(year)
    ceiling, contracted = room + funding.fee_signed_in(year), commissioning.fees(year)
    return {
        "most": most,
        "signed": signed,
        "left": max(min(most - signed, room), Decimal(0)),
        "ceiling": ceiling if ceiling < most else None,
        "less": funding.fee_less(case, freeze),
        "institutions": commissioning.registry(),
        "commissions": commissioning.of_year(freeze.service_year),
        # 委托合同的合计比要付的少，点名差多少；没有登记委托合同的不比
        "uncommissioned": max(most - contracted, Decimal(0)) if freeze.base is None and contracted else Decimal(0),
    }


def _fee_apart(freeze: Freeze) -> list[tuple[str, Decimal, Decimal]]:
    """各第三方机构里，委托合同列入这一年的费用与这一年签的专项管理费不相等的：（名称, 委托, 签了）。

    都没有签、都没有委托的不比；不挡办，点名（D14-16(监管机制)，R-082、R-089）。
    """
    signed = queries.fee_by_institution(freeze.service_year)
    if not signed:
        return []
    charged: dict[str, Decimal] = defaultdict(Decimal)
    names = {}
    for one in commissioning.of_year(freeze.service_year):
        charged[one.institution.code] += one.charge
        names[one.institution.code] = one.institution.name
    names |= {one.code: one.name for one in commissioning.registry() if one.code in signed}
    return [
        (names[code], charged.get(code, Decimal(0)), signed.get(code, Decimal(0)))
        for code in sorted({*charged, *signed})
        if charged.get(code, Decimal(0)) != signed.get(code, Decimal(0))
    ]


def _reopened(freeze: Freeze, names: dict[str, str]) -> tuple[Decimal, list[tuple[str, Decimal]]] | None:
    """办结以后还没有结清的：合计、各行；都结清了的没有。"""
    rows = [(owing.named(key, names), left) for key, left in funding.unsettled(freeze)]
    return (sum((abs(left) for _, left in rows), Decimal(0)), rows) if rows else None


def _fee_back(freeze: Freeze) -> dict[str, Any] | None:
    """全年签的专项管理费超过上限的：在最近的补差里能收回多少、向哪几家（代码, 名称, 签了多少）（R-082）。"""
    year = freeze.service_year
    over = funding.fee_over(year)
    if freeze.base is None or over is None or freeze != queries.frozen(year):
        return None
    given = queries.fee_by_institution(year)
    # 这一份里签过、收过的，先作废再登记
    here = set(payables.contracts_of(freeze).filter(fee=True).values_list("provider__code", flat=True))
    rows = [(one.code, one.name, given[one.code]) for one in commissioning.registry() if one.code in given]
    return {
        "over": over[0] - over[1],
        "rows": [row for row in rows if row[0] not in here],
        "most": -min(over[0] - over[1], max(given.values(), default=Decimal(0))),
    }


def _short(case: Case, names: dict[str, str]) -> dict[str, Any] | None:
    """批复不足：差多少、各家多少、怎样处理的；不少的没有（R-081）。"""
    amount, most = funding.shortage(case), funding.limit(case)
    if not amount or most is None:
        return None
    standing, fixed, freeze = funding.shortfall_of(case), funding.cuts_signed(case), queries.freeze_of(case)
    return {
        "amount": amount,
        "limit": most,
        # 签了合同的照签的时候定的，不能改
        "parties": [(key, owing.named(key, names), due, fixed.get(key)) for key, due in funding.parties(case).items()],
        "bound": bool(fixed),
        "kinds": (Shortfall.DEFER, Shortfall.REDUCE),
        "standing": standing,
        "merged": owing.merged(freeze) if freeze else None,
        "cuts": [(owing.named(key, names), cut) for key, cut in standing.cuts.items()] if standing else (),
        "open": not case.board.outcome,
        # 办结了、还没有并进补差的，区科委可以定不再付
        "waives": bool(case.board.outcome)
        and standing is not None
        and standing.kind == Shortfall.DEFER
        and not hasattr(freeze, "corrected_by"),
    }


def standing(
    case: Case,
    freeze: Freeze,
    plan: Plan | None,
    unified: Sequence[tuple[payables.Due, str, Contract | None]],
    names: dict[str, str],
) -> dict[str, Any]:
    """批准以后钱办到哪里：有没有要付的，还有哪几家没签、没结清，这时哪些动作用不上（不摆出来）。"""
    due, step = funding.unified_net(freeze), case.board.step
    wanted = funding.need(case)
    done = case.board.outcome == DONE.code
    nothing = case.procedure == "settlement" and not due
    contracts = list(payables.contracts_of(freeze).filter(unit=None).prefetch_related("payments").order_by("pk"))
    unfit = {"report" if nothing and not (plan and funding.need_of_plan(plan).total) else "close"}
    # 签了合同的、不用预算的，没有可退回重报的
    if step == "contract" and (wanted is None or wanted.total <= 0 or contracts):
        unfit.add("return")
    return {
        "nothing": nothing,
        "unfit": unfit,
        "unsigned": [(row, name) for row, name, contract in unified if not contract and row.payable]
        if (done or step in ("contract", "pay")) and not funding.unhandled(case)
        else (),
        "owing": [(one.provider.name, one) for one in contracts if one.left] if done or step == "pay" else (),
        "fee": _fee(case, freeze) if (done or step in ("contract", "pay")) and not funding.unhandled(case) else None,
        "fee_apart": _fee_apart(freeze) if done or step in ("contract", "pay") else [],
        "fee_back": _fee_back(freeze) if done or step in ("contract", "pay") else None,
        "fee_carried": funding.fee_carried(freeze, case.version),
        "fee_ceiling": funding.fee_ceiling(freeze),
        "short": _short(case, names),
        "late_recovery": late_recovery(case),
        "recovery": _recovery(case, freeze) if (done or step in ("contract", "pay")) else None,
        "deferred": sum((row.deferred for row, _, _ in unified), Decimal(0)),
        # 办结以后又冲回、作废的，还差多少
        "reopened": _reopened(freeze, names) if done else None,
        "fee_over": funding.fee_over(freeze.service_year),
        # 方案还能改的请调低；报送以后的、办结了的只能收回
        "fee_is_planned": case.board.step == "plan",
    }


def late_recovery(case: Case) -> Decimal:
    """报送以后才登记、还没有并进补差的灾备区级承担多少（元），不在这份预算里；没有的为 0（M10-五，R-085）。"""
    plan = queries.latest_plan(case)
    last = queries.frozen(plan.run.service_year) if plan else None
    return funding.recovery_late(last) if last else Decimal(0)


def _recovery(case: Case, freeze: Freeze) -> dict[str, Any] | None:
    """灾备区级承担：这次付多少、登记了多少、还差多少，要不要登记了才办结；没有的没有（R-085）。"""
    due = funding.recovery_payable(case)
    if due <= 0:
        return None
    settled = funding.recovery_settled(freeze)
    return {
        "due": due,
        "settled": settled,
        "left": due - settled,
        "bound": pays_recovery(case.procedure, case.version),
        "barred": funding.unfunded(freeze),
    }


def recovery_paying(freeze: Freeze, *, edits: bool) -> dict[str, Any]:
    """登记过的灾备拨付，冲回的都在；`edits` 是能登记、能冲回。"""
    rows = RecoveryPayment.objects.filter(freeze=freeze).select_related("reverses", "reversed_by").order_by("pk")
    return {"recovery_payments": list(rows), "recovery_edits": edits}
