"""办结以后又冲回、作废：没有结清的那一行一直点名，办件页、年度页、工作台、待办、结算列表都列着（R-081、R-082、R-085）。"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.scenarios.test_adjustment import adjusted
from tests.scenarios.test_deferred import BORNE, FEE, deferred, elsewhere, ready, reported, send
from tests.scenarios.test_money_chain import granted, page, sign, sign_fee
from tests.support.people import cast
from tests.support.year import JULY, YEAR, act, settled
from yunheng.cases.models import Case
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement import chaining, funding, owing, paying, recovering
from yunheng.settlement.models import Contract, Freeze, RecoveryPayment

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def closed(folder: Path) -> tuple[Case, Freeze]:
    """办结：服务商、专项管理费 200 元、灾备 300 元都付清了。"""
    case, freeze = ready(folder)
    send(freeze)
    act("shy", case, "paid")
    return case, freeze


def undone(contract: Contract, *, voided: bool) -> None:
    """把一份合同付了的冲回；`voided` 是再作废。"""
    shy, payment = cast()["shy"], contract.payments.get()
    paying.reverse(
        actor=shy, on=JULY, payment=payment, amount=abs(payment.amount), paid_on=JULY,
        voucher=f"TP-{payment.pk}", reason="退票",
    )  # fmt: skip
    if voided:
        paying.void(actor=shy, on=JULY, contract=contract, reason="登记错了")


def places(who: str, case: Case) -> Iterator[str]:
    """列着没有结清的各页。"""
    yield page(who, f"/cases/{case.number}/")
    yield page(who, f"/settlement/{YEAR}/")
    yield page(who, "/settlement/")
    yield page(who, "/")


@pytest.mark.parametrize("voided", [False, True])
@pytest.mark.parametrize("fee", [False, True])
def test_R081_办结以后冲回了再作废_没有结清的不消失_各页都列着_补登记了才不列(
    tmp_path: Path, voided: bool, fee: bool
) -> None:
    case, freeze = closed(tmp_path)
    assert owing.reopened() == []
    assert not any("没有结清" in text for text in places("shy", case))
    contract = Contract.objects.get(number="JG-1" if fee else "HT-1")
    undone(contract, voided=voided)
    name = "专项管理费" if fee else "联通"
    (found,) = owing.reopened()
    assert (found.case, found.year, found.rows) == (case, YEAR, ((name, contract.amount),))
    assert funding.unpaid(freeze) == contract.amount
    for who in ("shy", "kw", "cz"):
        for text in places(who, case):
            assert f"{contract.amount:,.2f}" in text, who
            assert "没有结清" in text, who
    todo = page("shy", "/todo/")
    assert f"{name} {contract.amount:,.2f}" in todo
    assert "没有结清" not in page("kw", "/todo/")
    assert "没有结清" not in page("lt", "/settlement/")
    if voided and fee:
        contract = sign_fee(freeze, FEE, number="JG-2")
    elif voided:
        contract = paying.sign(
            actor=cast()["shy"], on=JULY, freeze=freeze, provider=contract.provider, number="HT-2",
            amount=contract.amount, signed_on=JULY,
        )  # fmt: skip
    assert owing.reopened() == [found]
    paying.pay(actor=cast()["shy"], on=JULY, contract=contract, amount=contract.amount, paid_on=JULY, voucher="FK-又")
    assert owing.reopened() == []
    assert not any("没有结清" in text for text in places("shy", case))


def test_R085_办结以后冲回了灾备的拨付_同样列着(tmp_path: Path) -> None:
    case, freeze = closed(tmp_path)
    recovering.reverse(
        actor=cast()["shy"], on=JULY, payment=RecoveryPayment.objects.get(), voucher="TP-灾", reason="退票"
    )
    (found,) = owing.reopened()
    assert found.rows == (("灾备区级承担", BORNE),)
    assert "灾备区级承担 300.00" in page("cz", f"/settlement/{YEAR}/")
    assert freeze.case_id == case.pk


def test_R082_少签写明了理由的_不算没有结清(tmp_path: Path) -> None:
    case, freeze = closed(tmp_path)
    undone(Contract.objects.get(number="JG-1"), voided=True)
    contract = sign_fee(freeze, FEE - 50, number="JG-2", why="只做三个季度")
    assert owing.reopened()[0].rows == (("专项管理费", FEE - 50),)
    paying.pay(actor=cast()["shy"], on=JULY, contract=contract, amount=FEE - 50, paid_on=JULY, voucher="FK-又")
    assert owing.reopened() == []
    assert case.number


def test_R085_链上点名由谁另付多少_各行加起来是差(tmp_path: Path) -> None:
    case, freeze = ready(tmp_path)
    elsewhere(freeze, Decimal("200.00"))
    send(freeze, Decimal("100.00"))
    act("shy", case, "paid")
    signed = next(one for one in chaining.chain(case) if one.name == "已签合同")
    assert [(name, amount) for name, amount, _ in signed.why] == [
        ("灾备区级承担，照分摊拨付，不在这里签合同", Decimal("-100.00")),
        ("灾备区级承担，由区大数据中心另付", Decimal("-200.00")),
    ]
    assert signed.gap == -BORNE
    assert "灾备区级承担，由区大数据中心另付" in page("kw", f"/settlement/{YEAR}/")


def test_R081_缓付的并进了补差_原来那件不再说还列着_年度页连补差合计(tmp_path: Path) -> None:
    case, freeze = deferred(tmp_path)
    assert "还欠着" in page("shy", f"/cases/{case.number}/")
    assert "连补差，全年统一支付" not in page("shy", f"/settlement/{YEAR}/")
    more = adjusted(tmp_path, "付清缓付的")
    act("cz", more, "grant", fields={"granted": "600.00", "document": "松财〔2026〕9号"})
    settled(more)
    assert owing.merged(freeze) == more
    shown = page("shy", f"/cases/{case.number}/")
    assert "还欠着" not in shown
    assert "已并进补差" in shown
    whole = chaining.whole([case, more])
    wanted, signed, paid = whole.sums
    assert [one.case for one in whole.rows] == [case, more]
    total = funding.figure(case, "need")
    # 灾备没有合同
    assert (paid, signed) == (total, (total or Decimal(0)) - BORNE)
    # 缓付的 600 元两件都列，合计只算一次
    assert (wanted, whole.carried) == (total, Decimal("600.00"))
    shown = page("cz", f"/settlement/{YEAR}/")
    assert "连补差，全年统一支付" in shown
    assert f"{paid:,.2f}" in shown
    assert "减：缓付、并进补差的，两件都列了" in shown


def test_R081_合同签在下达登记以前的_不拦_金额链上写明要照文件核(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    fields = {"document": "松财〔2026〕9号"}
    later = JULY + timedelta(days=9)
    act("kw", case, "grant", fields=fields | {"approved": str(total)})
    act("shy", case, "apply", fields=fields | {"applied": str(total)})
    act("cz", case, "grant", later, fields=fields | {"granted": str(total)})
    due = funding.payable(freeze, "CU", None)
    assert due
    paying.sign(
        actor=cast()["shy"], on=later, freeze=freeze, provider=Institution.objects.get(code="CU"), number="HT-1",
        amount=due, signed_on=JULY,
    )  # fmt: skip
    (early,) = [one.early for one in chaining.chain(case) if one.early]
    assert early.startswith(f"签合同里最早的是 {JULY}，早于下达登记的 {later}")
    assert "早于下达登记的" in page("cz", f"/settlement/{YEAR}/")


def test_R081_合同签在下达当天的_不提(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total)
    sign(freeze)
    assert all(not one.early for one in chaining.chain(case))
