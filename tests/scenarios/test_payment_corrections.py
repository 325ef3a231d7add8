"""付错了、退票了、合同登记错了：另记一笔冲回、另记一条作废，原来的都留着，哪里都不再算数（R-081、R-088）。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, budgeted, paid, self_paid, used
from yunheng.audit.models import Entry
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Board, Case
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement import chaining, funding, paying, proofs
from yunheng.settlement.models import Contract, ContractVoid, Freeze, Payment

pytestmark = pytest.mark.django_db
FENS = Decimal("0.01")


@pytest.fixture(autouse=True)
def project() -> None:
    used()
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def refused(fragment: str) -> Any:
    return pytest.raises(Refused, match=fragment)


def sign(case: Case, number: str = "HT-1", **more: Any) -> Contract:
    freeze = Freeze.objects.get(case=case)
    provider = Institution.objects.get(code="CU")
    unit = more.get("unit")
    due = funding.payable(freeze, "CU", unit.code if unit else None)
    given: dict[str, Any] = {"actor": cast()["shy"], "on": JULY, "signed_on": JULY, "amount": due} | more
    return paying.sign(freeze=freeze, provider=provider, number=number, **given)


def pay(contract: Contract, amount: Decimal, voucher: str = "FK-1", who: str = "shy") -> Payment:
    return paying.pay(actor=cast()[who], on=JULY, contract=contract, amount=amount, paid_on=JULY, voucher=voucher)


def reverse(payment: Payment, amount: Decimal | str | None = None, who: str = "shy", **more: Any) -> Payment:
    given: dict[str, Any] = {"paid_on": JULY, "voucher": "TP-1", "reason": "账号写错，银行退票"} | more
    many = abs(payment.amount) if amount is None else Decimal(amount)
    return paying.reverse(actor=cast()[who], on=JULY, payment=payment, amount=many, **given)


def void(contract: Contract, who: str = "shy", reason: str = "合同号登记错了") -> ContractVoid:
    return paying.void(actor=cast()[who], on=JULY, contract=contract, reason=reason)


def sound() -> bool:
    return not [problem for problem in proofs.money_problems() if problem]


# ── 冲回 ──


def test_R081_退票的另记一笔冲回_重新付清才能办结_三笔都留着(tmp_path: Path) -> None:
    case = budgeted(tmp_path)
    contract = sign(case)
    act("shy", case, "signed")
    payment = pay(contract, contract.amount)
    made = reverse(payment)
    assert (made.amount, made.reverses, made.reason) == (-contract.amount, payment, "账号写错，银行退票")
    assert contract.left == contract.amount
    with refused(f"还差 {contract.amount} 元"):
        act("shy", case, "paid")
    pay(contract, contract.amount, "FK-2")
    act("shy", case, "paid")
    assert Board.objects.get(case=case).state == "已办结"
    assert list(Payment.objects.order_by("pk").values_list("voucher", flat=True)) == ["FK-1", "TP-1", "FK-2"]
    assert chaining.chain(case)[-1].amount == contract.amount
    entry = Entry.objects.get(action="冲回支付")
    assert entry.before == {"凭证": "FK-1", "金额": str(contract.amount)}
    assert entry.after == {"凭证": "TP-1", "金额": str(-contract.amount), "缘由": "账号写错，银行退票"}
    assert sound()


def test_R081_记多了的只冲多出来的_超过那一笔_冲两次_冲冲回的_都拒绝(tmp_path: Path) -> None:
    contract = sign(budgeted(tmp_path))
    payment = pay(contract, Decimal("1000.00"))
    for amount in ("0", "-1", "1000.01"):
        with refused("大于 0、不超过那一笔的 1000.00 元"):
            reverse(payment, amount)
    made = reverse(payment, "400.00")
    assert contract.paid_total == 600
    with refused("已用 TP-1 冲回 400.00 元，一笔只冲一次.*R-081"):
        reverse(payment, "1", voucher="TP-2")
    with refused("本身就是冲回的"):
        reverse(made, "1", voucher="TP-2")
    assert Payment.objects.count() == 2


def test_R081_冲回没有缘由_没有凭证_凭证重号_日子不对_都拒绝_一次列全(tmp_path: Path) -> None:
    contract = sign(budgeted(tmp_path))
    payment = pay(contract, Decimal("1000.00"))
    with pytest.raises(Refused) as caught:
        reverse(payment, voucher=" ", reason=" ", paid_on=date(2026, 7, 7))
    assert [text.split("，")[0] for text in caught.value.problems] == [
        "冲回日 2026-07-07 应在支付日 2026-07-08 之后、今天 2026-07-08 之前（含当日）",
        "凭证号不能为空",
        "冲回要写明缘由",
    ]
    with refused("凭证号 FK-1 已登记过"):
        reverse(payment, voucher="FK-1")
    assert Payment.objects.count() == 1


def test_R081_库里也挡得住_没有缘由的冲回_一笔冲两次(tmp_path: Path) -> None:
    contract = sign(budgeted(tmp_path))
    payment = pay(contract, Decimal("1000.00"))
    reverse(payment, "1")
    given = {"contract": contract, "amount": Decimal(-1), "paid_on": JULY, "by": "谁"}
    for more, name in (
        ({"voucher": "A", "reverses": None, "reason": "没有指哪一笔"}, "reversal_has_reason"),
        ({"voucher": "B", "reverses": payment, "reason": "又一次"}, "reverses"),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Payment.objects.create(**given, **more)


# ── 作废 ──


def test_R081_合同登记错了作废重登_号可以相同_作废的哪里都不算(tmp_path: Path) -> None:
    case = budgeted(tmp_path)
    first = sign(case)
    with refused("登记错了的请先作废"):
        sign(case, "HT-2")
    void(first)
    assert Entry.objects.get(action="作废支付合同").after == {"缘由": "合同号登记错了"}
    assert [step.amount for step in chaining.chain(case)][-2:] == [None, None]
    with refused("还没有与 CU 签支付合同"):
        act("shy", case, "signed")
    second = sign(case)
    assert (second.number, second.replaces) == (first.number, first)
    with refused("合同号 HT-1 已登记过"):
        sign(case)
    act("shy", case, "signed")
    pay(second, second.amount)
    act("shy", case, "paid")
    assert chaining.chain(case)[-2].document == "1 份"
    run = Freeze.objects.get(case=case).run
    focus = b"".join(signed_in("shy").get(f"/settlement/runs/{run.pk}/focus.csv").streaming_content)  # type: ignore[attr-defined]
    assert b"HT-1" in focus
    assert sound()


def test_R081_付着钱的不能作废_冲回干净了才能_作废的不能再付再作废(tmp_path: Path) -> None:
    contract = sign(budgeted(tmp_path))
    payment = pay(contract, Decimal("1000.00"))
    with refused("HT-1 已付 1000.00 元，请先把付了的冲回再作废（R-081）"):
        void(contract)
    reverse(payment)
    with refused("作废要写明缘由"):
        void(contract, reason=" ")
    void(contract)
    with refused("HT-1 已于 2026-07-08 作废"):
        pay(contract, Decimal(1), "FK-9")
    with refused("HT-1 已于 2026-07-08 作废"):
        void(contract)
    assert sound()


def test_R081_付款那一步作废了合同_没有重签就不能办结(tmp_path: Path) -> None:
    case = budgeted(tmp_path)
    contract = sign(case)
    act("shy", case, "signed")
    void(contract)
    with refused("还没有与 CU 签支付合同，应付"):
        act("shy", case, "paid")
    again = sign(case, "HT-2")
    pay(again, again.amount)
    act("shy", case, "paid")


def test_R081_作废了合同可以退回重报预算(tmp_path: Path) -> None:
    case = budgeted(tmp_path)
    contract = sign(case)
    with refused("签错了的先作废"):
        act("shy", case, "return", opinion="下达的文号错了")
    void(contract)
    act("shy", case, "return", opinion="下达的文号错了")
    assert Board.objects.get(case=case).step == "budget"


def test_R081_办结以后退票的_照实冲回补付_页面写明还差多少(tmp_path: Path) -> None:
    case = paid(tmp_path)
    payment = Payment.objects.get()
    reverse(payment)
    assert funding.unpaid(Freeze.objects.get(case=case)) == payment.amount
    page = signed_in("shy").get(f"/cases/{case.number}/").content.decode()
    assert f"还有 {payment.amount:,.2f} 元没有结清" in page
    assert "登记付给" in page
    pay(payment.contract, payment.amount, "FK-2")
    page = signed_in("shy").get(f"/cases/{case.number}/").content.decode()
    assert "没有结清" not in page
    assert "登记付给" not in page


# ── 谁能更正 ──


@pytest.mark.parametrize("who", ["kw", "cz", "jd", "lt", "dsf"])
def test_R081_统一支付的只由区科创中心更正(tmp_path: Path, who: str) -> None:
    contract = sign(budgeted(tmp_path))
    payment = pay(contract, Decimal("1000.00"))
    with pytest.raises(NotYours, match="R-088"):
        reverse(payment, who=who)
    with pytest.raises(NotYours, match="R-088"):
        void(contract, who=who)
    assert (Payment.objects.count(), ContractVoid.objects.count()) == (1, 0)


def test_R088_自行支付的由本单位经办人更正_区科创中心和别的单位不能(tmp_path: Path) -> None:
    self_paid()
    case = budgeted(tmp_path)
    unit = Institution.objects.get(code="U35")
    contract = sign(case, "ZX-1", actor=cast()["jd"], unit=unit)
    payment = pay(contract, contract.amount, who="jd")
    for who in ("shy", "mzj", "jd-fzr"):
        with pytest.raises(NotYours):
            reverse(payment, who=who)
    home = f"/settlement/{YEAR}/"
    given = {"back": home, "amount": str(payment.amount), "paid_on": "2026-07-08", "voucher": "TP-1"}
    client = signed_in("jd")
    assert client.post(f"/settlement/payments/{payment.pk}/reverse/", given).status_code == 422
    response = client.post(f"/settlement/payments/{payment.pk}/reverse/", given | {"reason": "退票"})
    assert (response.status_code, response["Location"]) == (302, home)
    assert (
        signed_in("shy").post(f"/settlement/contracts/{contract.pk}/void/", {"reason": "替他作废"}).status_code == 403
    )
    assert client.post(f"/settlement/contracts/{contract.pk}/void/", {"reason": "号错了"}).status_code == 302
    page = client.get(home).content.decode()
    assert 'class="void"' in page
    assert "号错了" in page
    # 作废了又有登记合同的栏；负责人只看不改
    assert "登记合同" in page
    assert "/reverse/" not in signed_in("jd-fzr").get(home).content.decode()
    sign(case, "ZX-2", actor=cast()["jd"], unit=unit)
    assert sound()


def test_R081_区科创中心在办件页上冲回_作废_看得到划掉的(tmp_path: Path) -> None:
    case = budgeted(tmp_path)
    contract = sign(case)
    payment = pay(contract, Decimal("1000.00"))
    client, home = signed_in("shy"), f"/cases/{case.number}/"
    page = client.get(home).content.decode()
    assert f"/settlement/payments/{payment.pk}/reverse/" in page
    assert f"/settlement/contracts/{contract.pk}/void/" not in page
    given = {"back": home, "amount": "1000", "paid_on": "2026-07-08", "voucher": "TP-1", "reason": "退票"}
    assert client.post(f"/settlement/payments/{payment.pk}/reverse/", given)["Location"] == home
    page = client.get(home).content.decode()
    assert "冲回 FK-1" in page
    assert f"/settlement/payments/{payment.pk}/reverse/" not in page
    assert (
        client.post(f"/settlement/contracts/{contract.pk}/void/", {"back": home, "reason": "号错了"})["Location"]
        == home
    )
    page = client.get(home).content.decode()
    assert 'class="void"' in page
    assert "登记与" in page
    assert "/settlement/contracts/" not in signed_in("kw").get(home).content.decode()


def test_R081_核对查得出作废了还付着钱的_冲多了的(tmp_path: Path) -> None:
    contract = sign(budgeted(tmp_path))
    payment = pay(contract, Decimal("1000.00"))
    Payment.objects.create(
        contract=contract,
        amount=Decimal("-1000.01"),
        paid_on=JULY,
        voucher="坏",
        reverses=payment,
        reason="坏",
        by="谁",
    )
    assert [text for text in proofs.money_problems() if text] == [
        "合同 HT-1 已付 -0.01 超过合同 " + str(contract.amount),
        "合同 HT-1 的冲回 -1000.01 与所冲的 1000.00 不符",
    ]
    ContractVoid.objects.create(contract=contract, reason="坏", on=JULY, by="谁")
    assert next(text for text in proofs.money_problems() if text) == "合同 HT-1 作废了，还付着 -0.01"
