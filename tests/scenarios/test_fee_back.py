"""补差以后专项管理费的上限低了：缓付的照上限减去，多签的能收回，哪一种都办得完（D14-16(监管机制)，R-081 至 R-083）。"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.scenarios.test_adjustment import adjusted
from tests.scenarios.test_funds import at_plan
from tests.scenarios.test_money_chain import NUMBER, granted, handled, page, refused, sign_fee
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, measured, settled, supervisor
from yunheng.cases.models import Board, Case
from yunheng.ledger.models import Fact
from yunheng.ledger.operations import void
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement import chaining, funding, operations, owing, paying, proofs
from yunheng.settlement.models import Contract, Freeze
from yunheng.settlement.plans import planning

pytestmark = pytest.mark.django_db
CENT = Decimal("0.01")


@pytest.fixture(autouse=True)
def clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def closed(folder: Path, deferred: Decimal, fee: Decimal | None = None) -> tuple[Case, Freeze, Decimal]:
    """年度结算办结：管理费安排到上限（或 `fee`），批复少 `deferred` 元、管理费缓付它：（件, 冻结的, 安排的）。"""
    case, freeze = at_plan(folder)
    planned = funding.fee_ceiling(freeze) if fee is None else fee
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=planned)
    act("shy", case, "report")
    total = funding.figure(case, "need")
    assert total is not None
    granted(case, total - deferred)
    if deferred:
        handled(case, "缓付", {"管理费": str(deferred)})
    settled(case)
    assert Board.objects.get(case=case).state == "已办结"
    return case, freeze, planned


def lowered(folder: Path) -> tuple[Case, Freeze, Decimal]:
    """作废一条台账起补差，全年应付少了：（补差, 冻结的, 新的上限）。"""
    fact = Fact.objects.filter(resource__code="ECS-YR-01", item__code="ZJ-CPU-X86").latest("pk")
    void(actor=cast()["shy"], on=JULY, fact=fact, reason="这台没有开通过")
    case = adjusted(folder, "台账作废了一条")
    freeze = Freeze.objects.get(case=case)
    return case, freeze, funding.fee_ceiling(freeze)


def back(freeze: Freeze, amount: Decimal, institution: Institution | None = None, number: str = "JG-SH") -> Contract:
    return sign_fee(freeze, amount, institution, number)


def sound() -> bool:
    return not [problem for problem in proofs.money_problems() if problem]


def test_R082_缓付的管理费补差以后超上限_减去的点名_补差办得完_不再列着欠(tmp_path: Path) -> None:
    _, _, planned = closed(tmp_path, CENT)
    case, freeze, less = lowered(tmp_path)
    assert less < planned - CENT
    fee = funding.fee_carried(freeze, case.version)
    assert (fee.deferred, fee.cut, fee.due) == (CENT, CENT, Decimal(0))
    step = next(one for one in chaining.chain(case) if one.name == "连上次缓付、报送以后登记的灾备、管理费")
    assert [amount for _, amount, _ in step.parts] == [funding.unified_net(freeze), CENT, -CENT]
    assert step.amount == sum(amount for _, amount, _ in step.parts)
    shown = page("shy", f"/cases/{case.number}/")
    assert "专项管理费照核定后应付上限减去，不再付" in shown
    assert "照核定后应付上限减去 0.01 元，这次付 0.00 元" in shown
    with refused("没有要签的"):
        sign_fee(freeze, CENT, number="JG-BC")
    settled(case)
    assert Board.objects.get(case=case).state == "已办结"
    assert owing.of(YEAR) is None
    assert sound()


def test_R082_缓付的管理费上限还够一部分_只付够的那部分_签多一分拒绝(tmp_path: Path) -> None:
    deferred = Decimal("1000.00")
    _, old, planned = closed(tmp_path, deferred)
    case, freeze, less = lowered(tmp_path)
    signed = planned - deferred
    assert funding.fee_signed(old) == signed < less < planned
    assert funding.fee_payable(case) == less - signed
    with refused("最多还能签"):
        sign_fee(freeze, less - signed + CENT, number="JG-BC")
    settled(case)
    assert (funding.fee_signed_in(YEAR), funding.fee_over(YEAR)) == (less, None)
    assert sound()


def test_R082_原来的合同作废了还没有重登_并进补差的缓付不跟着变多_重登照全年的上限(tmp_path: Path) -> None:
    old_case, old, planned = closed(tmp_path, CENT)
    case, _, less = lowered(tmp_path)
    contract = funding.fee_contracts(old).get()
    payment = contract.payments.get()
    paying.reverse(
        actor=cast()["shy"],
        on=JULY,
        payment=payment,
        amount=payment.amount,
        paid_on=JULY,
        voucher="TP-1",
        reason="退票",
    )
    paying.void(actor=cast()["shy"], on=JULY, contract=contract, reason="照补差以后的重签")
    assert funding.fee_payable(case) == 0
    with refused(f"照实际应付算最多 {less} 元，这一年已签 0.* 元"):
        sign_fee(old, planned - CENT, number="JG-2", why="照上限")
    sign_fee(old, less, number="JG-2", why="照补差以后的上限")
    assert funding.fee_over(YEAR) is None
    assert [left for key, left in funding.unsettled(old)] == [less]
    assert old_case.number


@pytest.mark.parametrize("deferred", [Decimal(0), CENT])
def test_R082_补差以后签多了的_签收回的协议_收回来才办结_链上逐行加得起来(tmp_path: Path, deferred: Decimal) -> None:
    _, old, planned = closed(tmp_path, deferred)
    case, freeze, less = lowered(tmp_path)
    over = planned - deferred - less
    assert over > 0
    assert funding.fee_over(YEAR) == (planned - deferred, less)
    with refused(f"超出上限 {over} 元，最多收回这么多"):
        back(freeze, -over - CENT)
    with refused("收回专项管理费在补差里登记"):
        back(old, -over)
    other = Institution.objects.create(code="DSF2", name="另一家", kind=supervisor().kind, level="district")
    with refused("合计 0 元，不能收回"):
        back(freeze, -over, other)
    shown = page("shy", f"/cases/{case.number}/")
    assert f"全年签的专项管理费 {planned - deferred:,.2f} 元" in shown
    assert "登记收回多签的专项管理费" in shown
    given = {
        "institution": supervisor().code, "number": "JG-SH", "amount": str(-over), "signed_on": JULY.isoformat()
    }  # fmt: skip
    assert signed_in("shy").post(f"/cases/{case.number}/fee/", given).status_code == 302
    assert (funding.fee_over(YEAR), funding.fee_room(YEAR), funding.fee_back(freeze)) == (None, Decimal(0), over)
    assert "登记收回多签的专项管理费" not in page("shy", f"/cases/{case.number}/")
    due = funding.payable(freeze, "CU", None)
    assert due is not None
    paying.sign(
        actor=cast()["shy"], on=JULY, freeze=freeze, provider=Institution.objects.get(code="CU"), number="BC-1",
        amount=due, signed_on=JULY,
    )  # fmt: skip
    act("shy", case, "signed")
    step = next(one for one in chaining.chain(case) if one.name == "已签合同")
    assert [(name, amount) for name, amount, _ in step.why] == [("收回全年签的超过上限的专项管理费", -over)]
    assert step.gap == -over
    for number, contract in enumerate(freeze.contracts.order_by("-pk")):
        if contract.fee:
            continue
        paying.pay(
            actor=cast()["shy"], on=JULY, contract=contract, amount=contract.amount, paid_on=JULY,
            voucher=f"BC-{number}",
        )  # fmt: skip
    with refused("JG-SH 合同"):
        act("shy", case, "paid")
    paying.pay(
        actor=cast()["shy"], on=JULY, contract=Contract.objects.get(number="JG-SH"), amount=-over, paid_on=JULY,
        voucher="SH-1",
    )  # fmt: skip
    act("shy", case, "paid")
    assert Board.objects.get(case=case).state == "已办结"
    assert funding.unpaid(freeze) == 0
    assert sound()


def test_R082_不收回的照样办结_提醒还在_以后另起补差收回_没有别的差也起得了(tmp_path: Path) -> None:
    closed(tmp_path, Decimal(0))
    case, _, less = lowered(tmp_path)
    settled(case)
    over = funding.fee_over(YEAR)
    assert over is not None
    assert over[1] == less
    assert "收回多签的在下面登记；不收回的由区里定" in page("shy", f"/cases/{case.number}/")
    measured("补差")
    again = operations.adjust(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", again, "file", opinion="收回多签的管理费")
    assert Board.objects.get(case=again).step == "recheck"


def test_R082_缓付并进的补差批复又不足_年度的合同作废重登_上限算得出_签得上(tmp_path: Path) -> None:
    _, old, planned = closed(tmp_path, Decimal("1000.00"))
    more = adjusted(tmp_path, "付清缓付的管理费")
    act("cz", more, "grant", fields={"granted": "900.00", "document": NUMBER})
    handled(more, "减少", {"管理费": "100.00"})
    contract = funding.fee_contracts(old).get()
    payment = contract.payments.get()
    paying.reverse(
        actor=cast()["shy"], on=JULY, payment=payment, amount=payment.amount, paid_on=JULY, voucher="TP-9",
        reason="退票",
    )  # fmt: skip
    paying.void(actor=cast()["shy"], on=JULY, contract=contract, reason="合同号写错了")
    assert funding.fee_open(old) == planned - 1000
    assert funding.need(more).total == Decimal("1000.00")  # type: ignore[union-attr]
    sign_fee(old, planned - 1000, number="JG-9")
    assert funding.fee_room(YEAR) == 1000
    assert "年度" in page("shy", f"/settlement/{YEAR}/")
