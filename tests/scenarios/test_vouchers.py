"""凭证号：一张凭证只用一次，同日付同一家几份合同的写明合计才能合用，从前的重号只提示（R-081）。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.scenarios.test_adjustment import adjusted, rule_all
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, budgeted, paid, self_paid, supervisor, used
from yunheng.audit.models import Entry
from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.config import proving
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement import funding, paying, proofs, vouchers
from yunheng.settlement.models import Contract, Freeze, Payment, digits_of
from yunheng.tables import folding

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def project() -> None:
    used()
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def refused(fragment: str) -> Any:
    return pytest.raises(Refused, match=fragment)


def pay(contract: Contract, amount: Decimal, voucher: str, total: Decimal | None = None, **more: Any) -> Payment:
    given: dict[str, Any] = {"actor": cast()["shy"], "on": JULY, "paid_on": JULY} | more
    return paying.pay(contract=contract, amount=amount, voucher=voucher, voucher_total=total, **given)


def sign(freeze: Freeze, number: str, who: str = "shy", unit: Institution | None = None) -> Contract:
    due = funding.payable(freeze, "CU", unit.code if unit else None)
    assert due is not None
    return paying.sign(
        actor=cast()[who], on=JULY, freeze=freeze, provider=Institution.objects.get(code="CU"), number=number,
        amount=due, signed_on=JULY, unit=unit,
    )  # fmt: skip


def two(folder: Path) -> tuple[Case, Contract, Contract]:
    """同一家的两份合同都还没付：年度的退了票，补差的刚签。"""
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    paid(folder)
    payment = Payment.objects.get()
    paying.reverse(
        actor=cast()["shy"], on=JULY, payment=payment, amount=payment.amount, paid_on=JULY, voucher="TP-1",
        reason="退票",
    )  # fmt: skip
    rule_all()
    case = adjusted(folder)
    act("cz", case, "grant", fields={"granted": str(funding.figure(case, "need")), "document": "松财〔2026〕9号"})
    more = sign(Freeze.objects.get(case=case), "BC-1")
    act("shy", case, "signed")
    return case, payment.contract, more


def test_R081_一张凭证付两份合同_没有勾同一凭证的拒绝_勾了写明合计的可以(tmp_path: Path) -> None:
    case, first, more = two(tmp_path)
    total = first.amount + more.amount
    pay(first, first.amount, "FK-9")
    with refused("凭证号 FK-9 已登记过（2026-07-08 合同 .*各笔都勾“同一凭证”并写合计"):
        pay(more, more.amount, "FK-9")
    with refused("那一笔没有勾“同一凭证”，不能合用"):
        pay(more, more.amount, "FK-9", total)
    made = Payment.objects.get(voucher="FK-9")
    paying.reverse(
        actor=cast()["shy"], on=JULY, payment=made, amount=made.amount, paid_on=JULY, voucher="TP-2", reason="记错"
    )
    pay(more, more.amount, "FK-10", total)
    with refused(f"凭证 FK-10 写的合计是 {total} 元，只登记了 {more.amount} 元，差 {first.amount} 元"):
        act("shy", case, "paid")
    pay(first, first.amount, "FK-10", total)
    assert list(vouchers.unfilled([first, more])) == []
    assert Entry.objects.filter(action="支付").order_by("-pk")[0].after == {
        "金额": str(first.amount), "凭证": "FK-10", "同一凭证合计": str(total),
    }  # fmt: skip
    act("shy", case, "paid")


@pytest.mark.parametrize("other", ["ＦＫ－9", "fk-9", "FK–9", "FK\u200b-9", " FK - 9 "])
def test_R081_凭证号合同号只差全半角_大小写_长短横_空白_看不见的字_是同一个号(tmp_path: Path, other: str) -> None:
    case, first, more = two(tmp_path)
    total = first.amount + more.amount
    with refused("合同号 .* 已登记过"):
        number = other.replace("9", "1").replace("FK", "BC").replace("fk", "bc").replace("ＦＫ", "ＢＣ")
        sign(more.freeze, number)
    pay(first, first.amount, "FK-9", total)
    with refused("凭证号 .* 已登记过"):
        pay(more, more.amount, other)
    # 真是同一张的，勾了同一凭证就合在一起
    assert pay(more, more.amount, other, total).voucher == "FK-9"
    act("shy", case, "paid")


def test_D62八_与服务商的支付合同不能签在结算书审定以前(tmp_path: Path) -> None:
    freeze = Freeze.objects.get(case=budgeted(tmp_path))
    due = funding.payable(freeze, "CU", None)
    assert due is not None
    given: dict[str, Any] = {"actor": cast()["shy"], "on": JULY, "freeze": freeze, "amount": due, "number": "HT-1"}
    given["provider"] = Institution.objects.get(code="CU")
    with refused(f"签订日 2020-01-01 早于结算书审定的 {freeze.on}：预算下达以后才与服务商签"):
        paying.sign(signed_on=date(2020, 1, 1), **given)
    assert paying.sign(signed_on=freeze.on, **given).signed_on == freeze.on


def test_R081_合用的合计不同_不同日_超过合计_都拒绝(tmp_path: Path) -> None:
    _, first, more = two(tmp_path)
    total = first.amount + more.amount
    pay(first, first.amount, "FK-9", total)
    with refused("那一笔写的合计是"):
        pay(more, more.amount, "FK-9", total + 1)
    with refused("那一笔是 2026-07-08 付的，不是同一天"):
        pay(more, more.amount, "FK-9", total, on=date(2026, 7, 9), paid_on=date(2026, 7, 9))
    with refused("再登记 .* 就超了"):
        pay(more, more.amount, "FK-9", first.amount)
    with refused("同一份合同不能用同一凭证登记两笔"):
        paying.reverse(
            actor=cast()["shy"], on=JULY, payment=Payment.objects.get(voucher="FK-9"), amount=Decimal(1),
            paid_on=JULY, voucher="TP-9", reason="多付",
        )  # fmt: skip
        pay(first, Decimal(1), "FK-9", total)
    assert Payment.objects.filter(voucher="FK-9").count() == 1


def test_R081_付给两家的_不能合用一张凭证(tmp_path: Path) -> None:
    case = budgeted(tmp_path)
    freeze = Freeze.objects.get(case=case)
    mine = sign(freeze, "HT-1")
    other = Contract.objects.create(
        freeze=freeze, provider=supervisor(), number="JG-1", amount=Decimal(100), fee=True, signed_on=JULY, by="登记的"
    )
    total = mine.amount + other.amount
    pay(mine, mine.amount, "FK-9", total)
    with refused(f"那一笔是付给{mine.provider.name}的，不是同一家"):
        pay(other, other.amount, "FK-9", total)
    with refused("凭证号 FK-9 已登记过"):
        pay(other, other.amount, "FK-9")


def test_R001_别的付款人用过的号照样能用_自己的重号话里不说出别人的合同和金额(tmp_path: Path) -> None:
    self_paid()
    freeze = Freeze.objects.get(case=budgeted(tmp_path))
    mine, theirs = sign(freeze, "HT-1"), sign(freeze, "ZX-1", "jd", Institution.objects.get(code="U35"))
    pay(mine, mine.amount, "FK-9", mine.amount)
    client, url = signed_in("jd"), f"/settlement/contracts/{theirs.pk}/pay/"
    given = {"amount": "0.01", "paid_on": "2026-07-08", "voucher": "FK-9"}
    assert client.post(url, given).status_code == 302
    response = client.post(url, given)
    text = response.content.decode()
    assert response.status_code == 422
    assert "凭证号 FK-9 已登记过（2026-07-08 合同 ZX-1 0.01 元）" in text
    assert "HT-1" not in text
    assert str(mine.amount) not in text
    # 反过来也一样；各编各的号，核对时不算重
    with refused("FK-9 已登记过（2026-07-08 合同 HT-1 "):
        paying.reverse(
            actor=cast()["shy"], on=JULY, payment=Payment.objects.get(contract=mine), amount=mine.amount, paid_on=JULY,
            voucher="FK-9", reason="退票",
        )  # fmt: skip
    assert list(vouchers.hints()) == []


def test_R081_合计写错了_说明怎么办_整笔冲回另用凭证号重登_就能办结_不用作废合同(tmp_path: Path) -> None:
    case, _, more = two(tmp_path)
    wrong = pay(more, more.amount, "PZ-1", more.amount + 100)
    with refused(f"凭证 PZ-1 .*差 100.00 元：.*合计写错了的，把这张凭证的各笔.*{more.number}.*都冲回，另用凭证号重登"):
        act("shy", case, "paid")
    paying.reverse(
        actor=cast()["shy"], on=JULY, payment=wrong, amount=wrong.amount, paid_on=JULY, voucher="PZ-5",
        reason="合计写错",
    )  # fmt: skip
    assert list(vouchers.hints()) == []
    pay(more, more.amount, "PZ-6")
    act("shy", case, "paid")


def test_R081_两份合用一张_只冲了一笔_合计没登记满的仍拦着(tmp_path: Path) -> None:
    case, first, more = two(tmp_path)
    total = first.amount + more.amount + 100
    back = pay(first, first.amount, "PZ-1", total)
    pay(more, more.amount, "PZ-1", total)
    paying.reverse(
        actor=cast()["shy"], on=JULY, payment=back, amount=back.amount, paid_on=JULY, voucher="PZ-5", reason="合计写错"
    )
    with refused("差 100.00 元"):
        act("shy", case, "paid")


def test_R081_冲回用自己的凭证号_别处用过的不收(tmp_path: Path) -> None:
    _, first, more = two(tmp_path)
    pay(first, first.amount, "FK-9", first.amount + more.amount)
    payment = pay(more, more.amount, "FK-12")
    for voucher in ("FK-9", "FK-12", "TP-1"):
        with refused(f"凭证号 {voucher} 已登记过"):
            paying.reverse(
                actor=cast()["shy"], on=JULY, payment=payment, amount=payment.amount, paid_on=JULY, voucher=voucher,
                reason="退票",
            )  # fmt: skip


def test_R081_从前的重号不动_核对时列出来提示_不算不符(tmp_path: Path) -> None:
    _, first, more = two(tmp_path)
    pay(first, first.amount, "FK-9")
    Payment.objects.create(contract=more, amount=more.amount, paid_on=JULY, voucher="FK-9", by="从前登记的")
    (proof,) = [one for one in proving.prove() if one.name.startswith("凭证号")]
    assert proof.problems == ()
    assert proof.hints == (
        f"凭证号 FK-9 登记了 2 笔（合同 BC-1、{first.number}，合计 {first.amount + more.amount} 元），请核对（R-081）",
    )
    assert not [problem for problem in proofs.money_problems() if problem]


def test_R081_页面上勾同一凭证写合计_写了没勾的当场说明(tmp_path: Path) -> None:
    _, first, more = two(tmp_path)
    client, url = signed_in("shy"), f"/settlement/contracts/{first.pk}/pay/"
    total = first.amount + more.amount
    given = {"amount": str(first.amount), "paid_on": "2026-07-08", "voucher": "FK-9", "voucher_total": str(total)}
    response = client.post(url, given)
    assert response.status_code == 422
    assert "没有勾“同一凭证”" in response.content.decode()
    assert client.post(url, given | {"shared": "1", "voucher_total": ""}).status_code == 422
    assert client.post(url, given | {"shared": "1"}).status_code == 302
    page = client.get(f"/cases/{Freeze.objects.get(service_year=YEAR, number=0).case.number}/").content.decode()
    assert f"同一凭证合计 {total:,.2f}" in page


def test_R081_数据库里照数字挑的_与逐个比的一样_一张不漏() -> None:
    random = Random(81)
    letters = "付0012９①²-－ー Ａa\u200bßſK/年第號"
    numbers = ["".join(random.choices(letters, k=random.randint(0, 8))) for _ in range(400)]
    folded = [digits_of(one) for one in numbers]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT regexp_replace(normalize(one, NFKC), '[^0-9]', '', 'g') FROM unnest(%s::text[]) AS one", [numbers]
        )
        assert [found for (found,) in cursor.fetchall()] == folded
    same: dict[str, set[str]] = {}
    for one, digits in zip(numbers, folded, strict=True):
        same.setdefault(folding.same_number(one), set()).add(digits)
    # 折成同一个号的，数字也相同：先照数字挑，不会挑漏
    assert all(len(found) == 1 for found in same.values())
    assert any(sum(folding.same_number(each) == one for each in set(numbers)) > 1 for one in same)


def test_R081_查重只取数字相同的几笔出来逐个比(tmp_path: Path) -> None:
    paid(tmp_path)
    rows = Payment.objects.all()
    assert rows.count() > 0
    for one in rows:
        assert one.pk in vouchers.alike(rows, f" {one.voucher.lower()}\u200b")
    with CaptureQueriesContext(connection) as captured:
        assert vouchers.alike(rows, "没有这个号-99999") == []
    (query,) = captured.captured_queries
    assert "regexp_replace" in query["sql"]
