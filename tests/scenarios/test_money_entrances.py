"""钱的每个入口照一张表试：管理费的上限、批复不足、凭证号，从哪个入口都过不去（R-081、R-082、R-085）。"""

from __future__ import annotations

import ast
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import yunheng
from tests.scenarios.test_adjustment import adjusted
from tests.scenarios.test_deferred import BORNE, elsewhere, ready, reported, send
from tests.scenarios.test_funds import at_plan, evaluated, verify
from tests.scenarios.test_money_chain import NUMBER, granted, handled, refused, sign, sign_fee
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, settled
from yunheng.audit.refused import Refused
from yunheng.cases.models import Board, Case
from yunheng.ledger.models import Fact
from yunheng.ledger.operations import void
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement import funding, operations, paying, recovering
from yunheng.settlement.models import Contract, Freeze, Payment, Plan, RecoveryPayment
from yunheng.settlement.plans import planning

pytestmark = pytest.mark.django_db
CENT = Decimal("0.01")

#: 写钱的表 → 写它的函数；另有写的，这张表和下面的测试要跟着添
WRITERS = {
    "Plan": {"plans/planning.write_plan"},
    "Contract": {"paying.sign", "paying.sign_fee"},
    "Payment": {"paying.pay", "paying.reverse"},
    "RecoveryPayment": {"recovering.pay", "recovering.elsewhere", "recovering.reverse"},
    "Shortfall": {"shortfalls.handle", "shortfalls.waive"},
}


def written() -> dict[str, set[str]]:
    """源码里哪个函数新建这几张表的行。"""
    root = Path(yunheng.__file__).parent
    found: dict[str, set[str]] = {name: set() for name in WRITERS}
    for path in sorted(root.rglob("*.py")):
        if "migrations" in path.parts:
            continue
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and (name := _made(node)) in found:
                    chapter = path.relative_to(root).with_suffix("").as_posix().removeprefix("settlement/")
                    found[name].add(f"{chapter}.{function.name}")
    return found


def _made(call: ast.Call) -> str:
    """`X(...)` 或 `X.objects.create(...)`、`get_or_create`、`bulk_create` 的 X。"""
    text = ast.unparse(call.func)
    for way in (".objects.create", ".objects.get_or_create", ".objects.update_or_create", ".objects.bulk_create"):
        text = text.removesuffix(way)
    return text


def test_R081_写方案_合同_支付_拨付的只有表上这几个函数() -> None:
    assert written() == WRITERS


@pytest.fixture(autouse=True)
def clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


# ── 管理费的上限 ──


def plan_for(case: Case, supervision: Decimal) -> Plan:
    return planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=supervision)


def test_R082_管理费的上限_编第一版_再编一版_退回重编_报送_批复_签一份几份_逐个入口都过不去(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, freeze = at_plan(tmp_path)
    cap = funding.fee_ceiling(freeze)
    over = rf"超出年度结算费用的 10%，最多 {cap} 元，超出 0.01 元"

    def page_refused(supervision: Decimal) -> None:
        given = {"supervision": str(supervision), "seen": "0"}
        response = signed_in("shy").post(f"/settlement/{YEAR}/plan/", given)
        assert response.status_code == 422
        assert "超出年度结算费用的 10%" in response.content.decode()

    with refused(over):
        plan_for(case, cap + CENT)
    page_refused(cap + CENT)
    assert not Plan.objects.exists()
    plan_for(case, cap)
    with refused(over):
        plan_for(case, cap + CENT)
    # 从前没有拦住、存下了超的一版：报送不了；报送了的不批复，退回来再编的也不行
    with monkeypatch.context() as earlier:
        earlier.setattr(funding, "fee_beyond", lambda *_: "")
        plan_for(case, cap + CENT)
    with refused(over):
        act("shy", case, "report")
    with monkeypatch.context() as earlier:
        earlier.setattr(funding, "fee_beyond", lambda *_: "")
        act("shy", case, "report")
    approved = {"approved": str(funding.figure(case, "need")), "document": NUMBER}
    with refused(f"不能批复，请点“退回修改方案”.*{over}"):
        act("kw", case, "grant", fields=approved)
    # 批得少也是照这份超的方案
    with refused(over):
        act("kw", case, "grant", fields=approved | {"approved": "1.00"})
    # 还是从前：超的已经批复、下达了，签合同时照上限拦，分两份签也拦
    with monkeypatch.context() as earlier:
        earlier.setattr(funding, "fee_beyond", lambda *_: "")
        total = funding.figure(case, "need")
        assert total is not None
        granted(case, total)
    with refused(f"专项管理费照实际应付算最多 {cap} 元，这一年已签 0.* 元，再签 {cap + CENT} 就超了"):
        sign_fee(freeze, cap + CENT)
    sign_fee(freeze, cap - 10, why="分两份签")
    other = Institution.objects.create(code="DSF-2", name="另一家第三方", kind="third_party", level="district")
    with refused(f"最多 {cap} 元，这一年已签 {cap - 10} 元，再签 10.01 就超了"):
        sign_fee(freeze, Decimal("10.01"), other, "JG-2")
    sign_fee(freeze, Decimal("10.00"), other, "JG-2", "照上限")


def test_R082_撤回重起的那件_核定减付以后的_同样照上限(tmp_path: Path) -> None:
    case, freeze = at_plan(tmp_path)
    evaluated()
    verify(freeze, "-1000.00")
    cap = funding.fee_ceiling(freeze)
    assert cap == Decimal(freeze.run.head["summary"]["supervision_fee_cap"]) - 100
    with refused(f"最多 {cap} 元"):
        plan_for(case, cap + CENT)
    plan_for(case, cap)
    with refused("已经起了"):
        operations.start(actor=cast()["shy"], on=JULY, year=YEAR)


def test_R082_缓付的管理费并进补差_签的连以前的照补差以后全年的上限(tmp_path: Path) -> None:
    case, freeze = at_plan(tmp_path)
    cap = funding.fee_ceiling(freeze)
    plan_for(case, cap)
    act("shy", case, "report")
    total = funding.figure(case, "need")
    assert total is not None
    granted(case, total - 50)
    handled(case, "缓付", {"管理费": "50.00"})
    settled(case)
    # 补差收回一条，全年实际应付少了，上限跟着少：缓付的 50 元超出上限的减去，再签就超
    fact = Fact.objects.filter(resource__code="ECS-YR-01", item__code="ZJ-CPU-X86").latest("pk")
    void(actor=cast()["shy"], on=JULY, fact=fact, reason="这台没有开通过")
    more = adjusted(tmp_path, "台账作废了一条")
    now = Freeze.objects.get(case=more)
    less = funding.fee_ceiling(now)
    assert less < cap
    assert Board.objects.get(case=more).step == "contract"
    due = max(less - (cap - 50), Decimal(0))
    assert funding.fee_payable(more) == due < 50
    with refused("没有安排专项管理费|最多还能签"):
        sign_fee(now, Decimal("50.00"), number="JG-BC")


# ── 批复不足 ──

#: 哪一步定少了 → 批复、申请、下达各少多少
SHORT = {"批复": (100, 100, 100), "申请": (0, 100, 100), "下达": (0, 0, 100)}


@pytest.mark.parametrize("where", list(SHORT))
def test_R081_哪一步定少了_没有写明怎样处理_服务商_管理费_灾备都签不了付不了_写明了才行(
    tmp_path: Path, where: str
) -> None:
    case, freeze, total = reported(tmp_path)
    steps = (("kw", "grant", "approved"), ("shy", "apply", "applied"), ("cz", "grant", "granted"))
    for (who, code, key), less in zip(steps, SHORT[where], strict=True):
        act(who, case, code, fields={key: str(total - less), "document": NUMBER})
    attempts: dict[str, Callable[[], object]] = {
        "签服务商": lambda: sign(freeze),
        "签管理费": lambda: sign_fee(freeze),
        "拨付灾备": lambda: send(freeze),
        "灾备另付": lambda: elsewhere(freeze),
        "签齐": lambda: act("shy", case, "signed"),
    }
    for name, attempt in attempts.items():
        with pytest.raises(Refused, match=r"差 100\.00 元，没有写明怎样处理以前不能签合同") as found:
            attempt()
        assert found.value.problems, name
    assert not Contract.objects.exists()
    assert not RecoveryPayment.objects.exists()
    handled(case, "减少", {"灾备": "100.00"})
    sign(freeze)
    sign_fee(freeze)
    with refused("灾备区级承担这次付 200.00 元"):
        send(freeze)
    send(freeze, BORNE - 100)
    act("shy", case, "signed")


# ── 凭证号 ──


def test_R081_凭证号_哪个入口用过的_哪个入口都不能再用(tmp_path: Path) -> None:
    _, freeze = ready(tmp_path)
    shy, service = cast()["shy"], Contract.objects.get(number="HT-1")
    fee = Contract.objects.get(number="JG-1")

    def back(payment: Payment, voucher: str, amount: Decimal = CENT) -> Payment:
        return paying.reverse(
            actor=shy, on=JULY, payment=payment, amount=amount, paid_on=JULY, voucher=voucher, reason="退票"
        )

    def pay(contract: Contract, voucher: str, total: Decimal | None = None) -> Payment:
        return paying.pay(
            actor=shy, on=JULY, contract=contract, amount=CENT, paid_on=JULY, voucher=voucher, voucher_total=total
        )

    # 各入口都用过一个号：付服务商、付管理费、冲回服务商、冲回管理费、灾备拨付、灾备冲回
    paid = {one.contract_id: one for one in Payment.objects.all()}
    first, other = paid[service.pk], paid[fee.pk]
    back(first, "冲-1", Decimal("1.00"))
    back(other, "冲-2", Decimal("1.00"))
    sent = send(freeze, Decimal("100.00"), "灾-1")
    recovering.reverse(actor=shy, on=JULY, payment=sent, voucher="灾冲-1", reason="退票")
    used = {first.voucher, other.voucher, "冲-1", "冲-2", "灾-1", "灾冲-1"}
    fresh = pay(service, "新-1"), pay(fee, "新-2"), send(freeze, Decimal("100.00"), "新-3")
    entrances: dict[str, Callable[[str], object]] = {
        "付服务商": lambda voucher: pay(service, voucher),
        "付管理费": lambda voucher: pay(fee, voucher),
        "勾同一凭证付": lambda voucher: pay(service, voucher, Decimal("5.00")),
        "冲回服务商": lambda voucher: back(fresh[0], voucher),
        "冲回管理费": lambda voucher: back(fresh[1], voucher),
        "灾备拨付": lambda voucher: send(freeze, Decimal("100.00"), voucher),
        "灾备冲回": lambda voucher: recovering.reverse(
            actor=shy, on=JULY, payment=fresh[2], voucher=voucher, reason="退票"
        ),
    }
    before = Payment.objects.count(), RecoveryPayment.objects.count()
    for name, attempt in entrances.items():
        for voucher in sorted(used | {f" {first.voucher}　", "ＦＫ－０"}):
            with pytest.raises(Refused, match=r"凭证号 .+ 已登记过") as found:
                attempt(voucher)
            assert found.value.problems, (name, voucher)
    assert (Payment.objects.count(), RecoveryPayment.objects.count()) == before
    # 换一个没有用过的，各入口都登记得上
    for number, (name, attempt) in enumerate(entrances.items()):
        if name != "勾同一凭证付":
            assert attempt(f"又新-{number}"), name


def test_R081_网页交的同样照凭证号拒绝(tmp_path: Path) -> None:
    case, freeze = ready(tmp_path)
    send(freeze, Decimal("100.00"), "灾-1")
    payment, client = Payment.objects.order_by("pk")[0], signed_in("shy")
    given: dict[str, Any] = {
        "amount": "0.01",
        "paid_on": "2026-07-08",
        "voucher": "灾-1",
        "reason": "退票",
        "payee": "甲",
    }
    for url in (
        f"/settlement/contracts/{payment.contract_id}/pay/",
        f"/settlement/payments/{payment.pk}/reverse/",
        f"/cases/{case.number}/recovery/",
    ):
        response = client.post(url, given)
        assert response.status_code == 422, url
        assert "凭证号 灾-1 已登记过" in response.content.decode(), url
