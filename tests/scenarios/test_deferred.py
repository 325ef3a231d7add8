"""缓付的不会悄悄没了，灾备区级承担登记了拨付才办结（D14-15、M10-五，R-081、R-082、R-085）。"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.test_adjustment import adjusted
from tests.scenarios.test_funds import asset, billed, decided
from tests.scenarios.test_money_chain import NUMBER, granted, handled, page, refused, sign, sign_fee
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, approved, measured, settled, used
from yunheng.audit.refused import NotYours
from yunheng.cases.models import Board, Case
from yunheng.orgs.models import BusinessClock
from yunheng.rules.procedures import catalog
from yunheng.rules.procedures.settling import ADJUSTMENT_2, SETTLEMENT_2
from yunheng.settlement import chaining, funding, operations, owing, paying, proofs, recovering, shortfalls
from yunheng.settlement.models import Contract, Freeze, Payment, RecoveryPayment, Shortfall
from yunheng.settlement.plans import planning

pytestmark = pytest.mark.django_db
BORNE, FEE = Decimal("300.00"), Decimal("200.00")


@pytest.fixture(autouse=True)
def clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def reported(folder: Path) -> tuple[Case, Freeze, Decimal]:
    """报送立项，灾备区级承担 300 元，专项管理费 200 元：（件, 冻结的, 预算合计）。"""
    used()
    case = approved(folder)
    asset("独用", "KCZX")
    decided(KCZX="100")
    billed(str(BORNE))
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=FEE)
    act("shy", case, "report")
    total = funding.figure(case, "need")
    assert total is not None
    return case, Freeze.objects.get(case=case), total


def ready(folder: Path) -> tuple[Case, Freeze]:
    """合同都签了、付清了，只剩灾备的拨付。"""
    case, freeze, total = reported(folder)
    granted(case, total)
    sign(freeze)
    sign_fee(freeze)
    act("shy", case, "signed")
    for number, contract in enumerate(Contract.objects.order_by("pk")):
        paying.pay(
            actor=cast()["shy"],
            on=JULY,
            contract=contract,
            amount=contract.amount,
            paid_on=JULY,
            voucher=f"FK-{number}",
        )
    return case, freeze


def send(freeze: Freeze, amount: Decimal = BORNE, voucher: str = "ZB-1", **more: Any) -> RecoveryPayment:
    given: dict[str, Any] = {"actor": cast()["shy"], "on": JULY, "paid_on": JULY, "payee": "灾备平台中标方"} | more
    return recovering.pay(freeze=freeze, amount=amount, voucher=voucher, **given)


def elsewhere(
    freeze: Freeze, amount: Decimal = BORNE, who: str = "区大数据中心", reason: str = "资产归它"
) -> RecoveryPayment:
    return recovering.elsewhere(actor=cast()["shy"], on=JULY, freeze=freeze, amount=amount, who=who, reason=reason)


def sound() -> bool:
    return not [problem for problem in proofs.money_problems() if problem]


# ── 灾备的拨付 ──


def test_R085_灾备没有登记拨付不能办结_登记了才办结_链上拨付自成一行(tmp_path: Path) -> None:
    case, freeze = ready(tmp_path)
    with refused(r"灾备区级承担这次付 300.00 元，已登记 0.* 元，差 300.00 元：登记拨付，或写明由谁另付"):
        act("shy", case, "paid")
    send(freeze, Decimal("100.00"))
    with refused("差 200.00 元"):
        act("shy", case, "paid")
    send(freeze, Decimal("200.00"), "ZB-2")
    act("shy", case, "paid")
    assert Board.objects.get(case=case).state == "已办结"
    signed, paid = chaining.chain(case)[-2:]
    assert (paid.amount, paid.gap) == (signed.amount + BORNE, BORNE)  # type: ignore[operator]
    assert [(name, amount) for name, amount, _ in paid.why] == [("灾备区级承担的拨付，没有合同", BORNE)]
    assert funding.unpaid(freeze) == 0
    assert sound()


def test_R085_不由区科创中心付的_写明由谁另付和理由才办结(tmp_path: Path) -> None:
    case, freeze = ready(tmp_path)
    with refused("由区大数据中心另付，写明为什么、依据什么"):
        elsewhere(freeze, reason=" ")
    elsewhere(freeze)
    act("shy", case, "paid")
    assert "由 区大数据中心 另付" in page("kw", f"/cases/{case.number}/")


def test_R085_拨付写得不对的都拒绝_一次列全(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    with refused("预算还没有下达"):
        send(freeze)
    granted(case, total)
    with refused("(?s)最多还能登记 300.00 元，填的是 300.01.*写明付给谁.*凭证号不能为空"):
        send(freeze, BORNE + Decimal("0.01"), " ", payee=" ")
    with pytest.raises(NotYours):
        send(freeze, actor=cast()["kw"])
    assert not RecoveryPayment.objects.exists()


def test_R085_登记错了的冲回_一笔只冲一次_冲回了又不能办结(tmp_path: Path) -> None:
    case, freeze = ready(tmp_path)
    wrong = send(freeze)
    given: dict[str, Any] = {"actor": cast()["shy"], "on": JULY, "payment": wrong, "reason": "退票"}
    with refused("凭证号 ZB-1 已登记过"):
        recovering.reverse(voucher="ZB-1", **given)
    back = recovering.reverse(voucher="TP-1", **given)
    with refused("已经冲回过，一笔只冲一次"):
        recovering.reverse(voucher="TP-2", **given)
    with refused("本身就是冲回的"):
        recovering.reverse(voucher="TP-2", **(given | {"payment": back}))
    with refused("差 300.00 元"):
        act("shy", case, "paid")


def test_R081_灾备拨付与合同支付同一本凭证号_谁先用谁占_首尾空白和全角算同一个号(tmp_path: Path) -> None:
    case, freeze = ready(tmp_path)
    payment = Payment.objects.order_by("pk").first()
    assert payment is not None
    with refused(r"凭证号 FK-0 已登记过.*灾备拨付用自己的凭证号"):
        send(freeze, voucher="　ＦＫ－０ ")
    send(freeze)
    with refused("凭证号 ZB-1 已登记过（2026-07-08 灾备拨付 300.00 元），不能再用"):
        paying.reverse(
            actor=cast()["shy"], on=JULY, payment=payment, amount=payment.amount, paid_on=JULY, voucher="ＺＢ-1",
            reason="退票",
        )  # fmt: skip
    assert case.number


def test_R085_旧版流程在手的_没有登记拨付也能办结(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(catalog.PROCEDURES, "settlement", SETTLEMENT_2)
    case, freeze = ready(tmp_path)
    monkeypatch.undo()
    act("shy", case, "paid")
    assert Board.objects.get(case=case).state == "已办结"
    assert funding.unpaid(freeze) == 0


def test_R085_已登记的拨付多于减了以后的_处理批复不足时拒绝(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total - 200)
    handled(case, "减少", {"管理费": "200.00"})
    send(freeze)
    with refused("灾备区级承担已登记 300.00 元，减到 100.00 元就不够付了"):
        handled(case, "减少", {"灾备": "200.00"})


def test_R085_办件页上登记拨付_写明由谁另付(tmp_path: Path) -> None:
    case, freeze = ready(tmp_path)
    client, home = signed_in("shy"), f"/cases/{case.number}/"
    assert "还差 <b>300.00</b> 元" in page("shy", home)
    assert "登记拨付" not in page("kw", home)
    given = {"amount": "100.00", "payee": "灾备平台", "paid_on": "2026-07-08", "voucher": "ZB-1"}
    assert signed_in("kw").post(f"{home}recovery/", given).status_code == 403
    assert client.post(f"{home}recovery/", given | {"voucher": ""}).status_code == 422
    assert client.post(f"{home}recovery/", given).status_code == 302
    given = {"how": "elsewhere", "amount": "200.00", "who": "区大数据中心", "reason": "资产归它"}
    assert client.post(f"{home}recovery/", given).status_code == 302
    assert funding.recovery_settled(freeze) == BORNE
    wrong = RecoveryPayment.objects.order_by("pk")[1]
    assert client.post(f"/settlement/recovery/{wrong.pk}/reverse/", {"reason": "登记错了"}).status_code == 302
    assert funding.recovery_settled(freeze) == 100


# ── 缓付的 ──


def deferred(folder: Path) -> tuple[Case, Freeze]:
    """批复少 600 元，联通 200、灾备 250、管理费 150 缓付；办结了。"""
    case, freeze, total = reported(folder)
    granted(case, total - 600)
    handled(case, "缓付", {"CU": "200.00", "灾备": "250.00", "管理费": "150.00"})
    settled(case)
    assert Board.objects.get(case=case).state == "已办结"
    return case, freeze


def test_R081_缓付的灾备_管理费_办结以后年度页_工作台_以后年度的方案都列着(tmp_path: Path) -> None:
    case, _ = deferred(tmp_path)
    owed = owing.of(YEAR)
    assert owed is not None
    assert (owed.total, owed.case, owed.handled) == (Decimal("600.00"), case, None)
    assert set(owed.rows) == {
        ("联通", Decimal("200.00")), ("灾备区级承担", Decimal("250.00")), ("专项管理费", Decimal("150.00")),
    }  # fmt: skip
    for who in ("shy", "kw", "cz"):
        assert "灾备区级承担 250.00" in page(who, f"/settlement/{YEAR}/"), who
        assert "还欠 600.00 元" in page(who, "/"), who
    assert [one.year for one in owing.before(YEAR + 1)] == [YEAR]
    assert owing.before(YEAR) == []
    text = page("shy", f"/settlement/{YEAR + 1}/plan/")
    assert "还欠着 <b>600.00</b> 元" in text
    assert "不在这一年的预算合计里" in text
    assert "还欠 600.00 元" not in page("lt", "/")


def test_R081_缓付的并进下一次补差_灾备拨付_管理费签约_都付清才办结_以后不再列(tmp_path: Path) -> None:
    _, freeze = deferred(tmp_path)
    more = adjusted(tmp_path, "付清缓付的")
    now = Freeze.objects.get(case=more)
    need = funding.need(more)
    assert need is not None
    assert [amount for _, amount, _ in need.rows] == [200, 0, 250, 150]
    # 批准了就并进这一件，不再在年度里另列
    assert owing.of(YEAR) is None
    assert Board.objects.get(case=more).step == "finance"
    with refused("下达金额 600.01 超过补差应付 600.00"):
        act("cz", more, "grant", fields={"granted": "600.01", "document": NUMBER})
    act("cz", more, "grant", fields={"granted": "600.00", "document": NUMBER})
    shown = page("shy", f"/cases/{more.number}/")
    for words in ("连上次缓付、报送以后登记的灾备、管理费", "登记专项管理费的合同", "灾备区级承担的拨付"):
        assert words in shown
    paying.sign(
        actor=cast()["shy"], on=JULY, freeze=now, provider=Contract.objects.get(number="HT-0-CU").provider,
        number="BC-1", amount=Decimal("200.00"), signed_on=JULY,
    )  # fmt: skip
    with refused("专项管理费这次付 150.00 元，还没有与第三方机构签合同"):
        act("shy", more, "signed")
    sign_fee(now, Decimal("150.00"), number="JG-BC")
    act("shy", more, "signed")
    for contract in now.contracts.all():
        paying.pay(
            actor=cast()["shy"], on=JULY, contract=contract, amount=contract.amount, paid_on=JULY,
            voucher=f"FK-{contract.number}",
        )  # fmt: skip
    with refused("灾备区级承担这次付 250.00 元"):
        act("shy", more, "paid")
    send(now, Decimal("250.00"), "ZB-BC")
    act("shy", more, "paid")
    assert Board.objects.get(case=more).state == "已办结"
    assert owing.before(YEAR + 1) == []
    paid = [funding.recovery_settled(one) for one in (freeze, now)]
    assert (sum(paid), funding.fee_signed_in(YEAR)) == (BORNE, FEE)
    assert sound()


def test_R081_补差又缓付的接着欠_写明正在办的补差(tmp_path: Path) -> None:
    deferred(tmp_path)
    more = adjusted(tmp_path, "付一部分")
    act("cz", more, "grant", fields={"granted": "350.00", "document": NUMBER})
    handled(more, "缓付", {"灾备": "250.00"})
    settled(more)
    owed = owing.of(YEAR)
    assert owed is not None
    assert (owed.rows, owed.case) == ((("灾备区级承担", Decimal("250.00")),), more)


def test_R081_旧版流程的补差没有并进灾备管理费_仍列着欠(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deferred(tmp_path)
    monkeypatch.setitem(catalog.PROCEDURES, "adjustment", ADJUSTMENT_2)
    more = adjusted(tmp_path, "旧版的")
    monkeypatch.undo()
    act("cz", more, "grant", fields={"granted": "200.00", "document": NUMBER})
    settled(more)
    assert Board.objects.get(case=more).state == "已办结"
    owed = owing.of(YEAR)
    assert owed is not None
    assert dict(owed.rows) == {"灾备区级承担": Decimal("250.00"), "专项管理费": Decimal("150.00")}


def waived(case: Case, who: str = "kw", document: str = "松科委〔2026〕30号", reason: str = "不再安排") -> Shortfall:
    return shortfalls.waive(actor=cast()[who], on=JULY, case=case, document=document, reason=reason)


def test_R081_区科委凭文号决定不再付_才不再列_办结以前_别人_并进补差以后都不行(tmp_path: Path) -> None:
    case, _, total = reported(tmp_path)
    granted(case, total - 600)
    handled(case, "缓付", {"CU": "200.00", "灾备": "250.00", "管理费": "150.00"})
    with refused("还没有办结，由区科创中心改怎样处理"):
        waived(case)
    settled(case)
    with pytest.raises(NotYours):
        waived(case, "shy")
    with refused("写明决定的文号"):
        waived(case, document=" ")
    assert owing.of(YEAR) is not None
    home = f"/cases/{case.number}/"
    assert "决定缓付的不再付" in page("kw", home)
    assert "决定缓付的不再付" not in page("shy", home)
    given = {"document": "松科委〔2026〕30号", "reason": "不再安排"}
    assert signed_in("kw").post(f"{home}waive/", given).status_code == 302
    assert owing.of(YEAR) is None
    assert "不再付（松科委〔2026〕30号）：不再安排" in page("shy", home)
    with refused("没有缓付的"):
        waived(case)
    assert sound()


def test_R081_补差提交了_已并进补差的_不能再在原来那件上定不再付_退回重新计量的可以(tmp_path: Path) -> None:
    case, _ = deferred(tmp_path)
    measured("补差")
    begun = operations.adjust(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", begun, "file", opinion="付清缓付的")
    with refused(f"补差 {begun.number} 已提交、要并进去的，先退回重新计量再定不再付"):
        waived(case)
    act("dsf", begun, "return", opinion="重算")
    act("shy", begun, "withdraw", opinion="重起")
    assert owing.of(YEAR) is not None
    more = adjusted(tmp_path, "付清缓付的")
    with refused(f"缓付的已并进 {more.number}，在那一件里处理"):
        waived(case)
