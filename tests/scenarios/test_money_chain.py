"""钱是一条链：预算合计四行逐项列，批复、申请、下达、合同、支付逐级不超，走完才办结（R-079 至 R-085）。"""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import docx
import pytest

from tests.scenarios.test_adjustment import adjusted
from tests.scenarios.test_funds import asset, at_plan, billed, decided, evaluated, verify
from tests.support.focus import by_invoice, problems, read
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, approved, settled, supervisor, used
from yunheng.audit.models import Entry
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Board, Case
from yunheng.orgs import commissioning
from yunheng.orgs.models import BusinessClock, Commission, Institution, Termination
from yunheng.rules.procedures import catalog
from yunheng.rules.procedures.settling import SETTLEMENT_1
from yunheng.settlement import chaining, funding, paying, proofs, shortfalls
from yunheng.settlement.models import Contract, Freeze, Shortfall
from yunheng.settlement.plans import papering, planning

pytestmark = pytest.mark.django_db
NUMBER = "松科委〔2026〕12号"
FENS = Decimal("0.01")
FEE = Decimal("200.00")


@pytest.fixture(autouse=True)
def clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def refused(fragment: str) -> Any:
    return pytest.raises(Refused, match=fragment)


def page(who: str, url: str) -> str:
    response = signed_in(who).get(url)
    assert response.status_code == 200
    return response.content.decode()


def granted(case: Case, amount: Decimal) -> None:
    """批复、申请、下达同一个金额。"""
    for who, code, key in (("kw", "grant", "approved"), ("shy", "apply", "applied"), ("cz", "grant", "granted")):
        act(who, case, code, fields={key: str(amount), "document": NUMBER})


def reported(folder: Path, supervision: Decimal = FEE) -> tuple[Case, Freeze, Decimal]:
    """报送立项：（件, 冻结的, 预算合计）。"""
    used()
    case = approved(folder)
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=supervision)
    act("shy", case, "report")
    total = funding.figure(case, "need")
    assert total is not None
    return case, Freeze.objects.get(case=case), total


def sign(freeze: Freeze, amount: Decimal | None = None) -> Contract:
    due = funding.payable(freeze, "CU", None)
    assert due is not None
    return paying.sign(
        actor=cast()["shy"], on=JULY, freeze=freeze, provider=Institution.objects.get(code="CU"), number="HT-1",
        amount=due if amount is None else amount, signed_on=JULY,
    )  # fmt: skip


def sign_fee(
    freeze: Freeze, amount: Decimal = FEE, institution: Institution | None = None, number: str = "JG-1", why: str = ""
) -> Contract:
    return paying.sign_fee(
        actor=cast()["shy"], on=JULY, freeze=freeze, institution=institution or supervisor(), number=number,
        amount=amount, signed_on=JULY, less_reason=why,
    )  # fmt: skip


def pay(contract: Contract, voucher: str) -> None:
    paying.pay(actor=cast()["shy"], on=JULY, contract=contract, amount=contract.amount, paid_on=JULY, voucher=voucher)


def handled(case: Case, kind: str, cuts: dict[str, str], who: str = "shy", reason: str = "财力不足") -> Shortfall:
    given = {key: Decimal(amount) for key, amount in cuts.items()}
    return shortfalls.handle(actor=cast()[who], on=JULY, case=case, kind=kind, cuts=given, reason=reason)


def sound() -> bool:
    return not [problem for problem in proofs.money_problems() if problem]


# ── 预算合计 ──


def test_R081_预算合计四行逐项列_方案_文件_各步_年度页同一个数(tmp_path: Path) -> None:
    case, freeze = at_plan(tmp_path)
    evaluated()
    metered = funding.unified_net(freeze)
    verify(freeze, "-100.00")
    asset("独用", "KCZX")
    decided(KCZX="100")
    billed("300.00")
    plan = planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=FEE)
    need = funding.need_of_plan(plan)
    assert [amount for _, amount, _ in need.rows] == [metered, Decimal("-100.00"), Decimal("300.00"), FEE]
    total = metered - 100 + 300 + FEE
    assert need.total == total == funding.figure(case, "need")
    step = next(one for one in chaining.chain(case) if one.name == "预算合计")
    assert (step.amount, step.parts) == (total, need.rows)
    document = docx.Document(io.BytesIO(papering.documents(plan)["结算项目方案.docx"]))
    (table,) = [one for one in document.tables if one.rows[-1].cells[0].text == "预算合计"]
    assert [row.cells[1].text.replace(",", "") for row in table.rows[1:]] == [
        *(f"{amount:.2f}" for _, amount, _ in need.rows), f"{total:.2f}",
    ]  # fmt: skip
    shown = page("kw", f"/settlement/{YEAR}/")
    for text in ("统一支付净额", "效能核定调整", "灾备区级承担", "专项管理费", f"{total:,.2f}"):
        assert text in shown
    act("shy", case, "report")
    with refused("批复金额 .* 超过预算合计 .*超出 0.01 元"):
        act("kw", case, "grant", fields={"approved": str(total + FENS), "document": NUMBER})
    act("kw", case, "grant", fields={"approved": str(total), "document": NUMBER})


def test_R085_共用的由市级承担_不进预算合计_没有登记的是零(tmp_path: Path) -> None:
    case, _ = at_plan(tmp_path)
    asset("共用")
    decided(SDSJ="100")
    billed("300.00")
    plan = planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=FEE)
    assert funding.need_of_plan(plan).recovery == 0


def test_R085_编了方案又登记灾备费用_要重编一版_报送以后登记的页面点名(tmp_path: Path) -> None:
    case, _ = at_plan(tmp_path)
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=FEE)
    asset("独用", "KCZX")
    decided(KCZX="100")
    billed("300.00")
    with refused("灾备区级承担 0.00，照现在登记的应是 300.00，请重编一版"):
        act("shy", case, "report")
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=FEE)
    act("shy", case, "report")
    assert "不在这份预算里" not in page("shy", f"/cases/{case.number}/")
    from yunheng.settlement import recovery

    recovery.register_asset(
        actor=cast()["shy"], on=JULY, code="ZB-2", name="专线", kind="运维", owner=Institution.objects.get(code="KCZX")
    )
    recovery.decide(
        actor=cast()["kw"], on=JULY, code="ZB-2", ratios={"KCZX": Decimal(100)}, document="文", from_year=YEAR
    )
    recovery.bill(actor=cast()["shy"], on=JULY, code="ZB-2", year=YEAR, amount=Decimal(50), document="决算单 8")
    for where in (f"/cases/{case.number}/", f"/settlement/{YEAR}/"):
        assert "区级承担 50.00 元不在这份预算里" in page("shy", where)


# ── 文号 ──


def test_R081_批复_下达没有文号的拒绝(tmp_path: Path) -> None:
    case, _, total = reported(tmp_path)
    with refused("文号不能为空（D14-15，R-081）"):
        act("kw", case, "grant", fields={"approved": str(total)})
    act("kw", case, "grant", fields={"approved": str(total), "document": NUMBER})
    act("shy", case, "apply", fields={"applied": str(total)})
    with refused("文号不能为空（D14-15，R-081）"):
        act("cz", case, "grant", fields={"granted": str(total), "document": " "})
    assert Board.objects.get(case=case).step == "finance"


def test_R081_旧版流程在手的_批复同样要文号_管理费没有合同也能办结(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(catalog.PROCEDURES, "settlement", SETTLEMENT_1)
    case, freeze, total = reported(tmp_path)
    assert case.version == 1
    monkeypatch.undo()
    with refused("批复要写文号"):
        act("kw", case, "grant", fields={"approved": str(total)})
    granted(case, total)
    pay_all = sign(freeze)
    act("shy", case, "signed")
    pay(pay_all, "FK-1")
    act("shy", case, "paid")
    assert Board.objects.get(case=case).state == "已办结"


# ── 专项管理费 ──


def test_R082_管理费没有签合同_没有付清_都不能办结_走完才办结(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    with refused("预算还没有下达"):
        sign_fee(freeze)
    granted(case, total)
    service = sign(freeze)
    with refused("还没有与第三方机构签合同"):
        act("shy", case, "signed")
    fee = sign_fee(freeze)
    assert Entry.objects.get(action="签专项管理费合同").after == {"第三方机构": supervisor().name, "金额": "200.00"}
    act("shy", case, "signed")
    pay(service, "FK-1")
    with refused("JG-1 合同 200.00 元，已付 0 元，还差 200.00 元"):
        act("shy", case, "paid")
    pay(fee, "FK-2")
    act("shy", case, "paid")
    assert Board.objects.get(case=case).state == "已办结"
    assert [one.amount for one in chaining.chain(case)][-2:] == [total, total]
    assert sound()


def test_R082_管理费合同超过安排的_不是第三方的_重登的_都拒绝_作废了可以重登(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total)
    with refused("最多还能签 200.00 元，填的是 200.01"):
        sign_fee(freeze, FEE + FENS)
    with refused("不是第三方机构"):
        sign_fee(freeze, institution=Institution.objects.get(code="CU"))
    with pytest.raises(NotYours):
        paying.sign_fee(
            actor=cast()["kw"], on=JULY, freeze=freeze, institution=supervisor(), number="JG-1", amount=FEE,
            signed_on=JULY,
        )  # fmt: skip
    first = sign_fee(freeze, Decimal("50.00"), why="先签一季度的")
    with refused("已登记过，登记错了的请先作废"):
        sign_fee(freeze, Decimal("50.00"))
    paying.void(actor=cast()["shy"], on=JULY, contract=first, reason="金额登记错了")
    again = sign_fee(freeze)
    assert again.replaces == first
    assert sound()
    assert case.number in page("shy", f"/settlement/{YEAR}/")


def test_R082_没有安排管理费的_不用签_也签不了(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path, Decimal(0))
    granted(case, total)
    with refused("没有安排专项管理费"):
        sign_fee(freeze)
    settled(case)
    assert Board.objects.get(case=case).state == "已办结"


def test_R082_办件页上登记管理费合同_连着付清(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total)
    sign(freeze)
    client, home = signed_in("shy"), f"/cases/{case.number}/"
    assert "登记专项管理费的合同" in page("shy", home)
    given = {"institution": "没有的", "number": "JG-1", "amount": "200.00", "signed_on": "2026-07-08"}
    assert client.post(f"{home}fee/", given).status_code == 422
    assert client.post(f"{home}fee/", given | {"institution": supervisor().code}).status_code == 302
    assert "登记专项管理费的合同" not in page("shy", home)
    act("shy", case, "signed")
    assert f"登记付给{supervisor().name}" in page("shy", home)


def why(case: Case) -> list[tuple[str, Decimal]]:
    """已签合同比上一步少的各行；合计等于差。"""
    (step,) = [one for one in chaining.chain(case) if one.name == "已签合同"]
    assert step.gap is not None
    assert sum((amount for _, amount, _ in step.why), Decimal(0)) == step.gap
    return [(name, amount) for name, amount, _ in step.why]


def test_R082_管理费少签的要写理由_不写拒绝_写了列进金额链_逐行加得起来(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total)
    service = sign(freeze)
    with refused("这次该付 200.00 元，连这一份签 0.01 元，少签 199.99 元：写明为什么少签"):
        sign_fee(freeze, FENS)
    with refused("写明为什么少签"):
        sign_fee(freeze, FENS, why="  ")
    assert why(case) == [("还没有签合同", -FEE)]
    fee = sign_fee(freeze, FENS, why="监管只做了一个月")
    assert Entry.objects.get(action="签专项管理费合同").after == {
        "第三方机构": supervisor().name, "金额": "0.01", "少签的理由": "监管只做了一个月",
    }  # fmt: skip
    assert why(case) == [("专项管理费少签：监管只做了一个月", Decimal("-199.99"))]
    shown = page("shy", f"/cases/{case.number}/")
    assert "专项管理费少签：监管只做了一个月" in shown
    assert "专项管理费少签：监管只做了一个月" in page("shy", f"/settlement/{YEAR}/plan/")
    act("shy", case, "signed")
    pay(service, "FK-1")
    pay(fee, "FK-2")
    act("shy", case, "paid")
    assert sound()


def test_R082_管理费签足了不记理由_作废一份少下来的没有理由_签不齐_页面办件页都说(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total)
    other = Institution.objects.create(code="DSF2", name="另一家监管机构", kind=supervisor().kind)
    sign(freeze)
    first = sign_fee(freeze, Decimal("50.00"), why="另一份由别家做")
    assert sign_fee(freeze, Decimal("150.00"), other, "JG-2", why="签足了用不着").less_reason == ""
    assert why(case) == []
    paying.void(actor=cast()["shy"], on=JULY, contract=first, reason="不做了")
    with refused("少签 50.00 元没有写明理由：另签一份补足，或作废重新登记"):
        act("shy", case, "signed")
    assert "专项管理费少签：还没有写明理由" in page("shy", f"/cases/{case.number}/")
    sign_fee(freeze, Decimal("20.00"), why="只做三个月")
    act("shy", case, "signed")
    assert why(case) == [("专项管理费少签：只做三个月", Decimal("-30.00"))]


def test_R085_灾备区级承担不在这里签_链上自成一行(tmp_path: Path) -> None:
    case, freeze = at_plan(tmp_path)
    asset("独用", "KCZX")
    decided(KCZX="100")
    billed("300.00")
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=Decimal(0))
    act("shy", case, "report")
    total = funding.figure(case, "need")
    assert total is not None
    granted(case, total)
    sign(freeze)
    assert why(case) == [("灾备区级承担，照分摊拨付，不在这里签合同", Decimal("-300.00"))]


# ── 批复不足 ──


def test_R081_少的只是管理费_没有写明怎样处理_服务商的合同同样签不了_写明减管理费就都能签(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total - 100)
    assert funding.unified_net(freeze) < total - 100
    with refused("差 100.00 元，没有写明怎样处理以前不能签合同"):
        sign(freeze)
    handled(case, "减少", {"管理费": "100.00"})
    assert sign(freeze).amount == funding.unified_net(freeze)
    sign_fee(freeze, Decimal("100.00"))
    act("shy", case, "signed")


def test_R081_从前没写明就签了的_不用作废_照样写明减管理费_动到签了的那家拒绝(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total - 100)
    Contract.objects.create(
        freeze=freeze, provider=Institution.objects.get(code="CU"), number="HT-0", amount=funding.unified_net(freeze),
        signed_on=JULY, by="从前登记的",
    )  # fmt: skip
    with refused("批复金额 .* 少于预算合计"):
        act("shy", case, "signed")
    with refused("已签了合同 HT-0，先作废再改这一家怎样处理；没签的可以改"):
        handled(case, "减少", {"CU": "100.00"})
    assert 'name="cut:管理费"' in page("shy", f"/cases/{case.number}/")
    handled(case, "减少", {"管理费": "100.00"})
    sign_fee(freeze, Decimal("100.00"))
    with refused("专项管理费已签 100.00 元，减到 0.00 元就不够付了"):
        handled(case, "减少", {"管理费": "200.00"})
    act("shy", case, "signed")
    assert sound()


def test_R081_批复不足没有写明怎样处理_签不了合同_说明两条路(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total - 500)
    with refused("请退回追加.*不再追加的，在办件页“批复不足怎样处理”里登记缓付、减少"):
        sign(freeze)
    with refused("少于预算合计 .*，差 500.00 元，.*请退回追加；不再追加的，在办件页"):
        sign_fee(freeze)
    shown = page("shy", f"/cases/{case.number}/")
    assert "没有写明以前，各家和专项管理费的合同都不能签" in shown
    assert "登记支付合同" not in shown
    assert "登记专项管理费的合同" not in shown
    assert "还没有写明怎样处理" in page("kw", f"/settlement/{YEAR}/")


def test_R081_写明减少的_合同照减了的签_不硬等应付_走得完(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    due = funding.unified_net(freeze)
    granted(case, total - 500)
    made = handled(case, "减少", {"CU": "400.00", "管理费": "100.00"})
    assert (made.limit, made.cuts) == (total - 500, {"CU": "400.00", "管理费": "100.00"})
    with refused(f"应等于结算书上的应付 {due - 400}"):
        sign(freeze, due)
    assert funding.unified_net(freeze) == due
    service = sign(freeze)
    assert service.amount == due - 400
    with refused("最多还能签 100.00 元"):
        sign_fee(freeze)
    fee = sign_fee(freeze, Decimal("100.00"))
    act("shy", case, "signed")
    pay(service, "FK-1")
    pay(fee, "FK-2")
    act("shy", case, "paid")
    assert funding.unpaid(freeze) == 0
    assert sound()
    assert funding.deferred_of(freeze) == {}


def test_R081_怎样处理写得不对的都拒绝_一次列全(tmp_path: Path) -> None:
    case, _, total = reported(tmp_path)
    with refused("没有要处理的"):
        handled(case, "减少", {"CU": "1.00"})
    granted(case, total - 500)
    with pytest.raises(NotYours):
        handled(case, "减少", {"CU": "500.00"}, who="kw")
    with pytest.raises(Refused) as caught:
        handled(case, "免了", {"CU": "300.00", "CT": "1.00", "管理费": "200.01"}, reason=" ")
    text = "；".join(caught.value.problems)
    for fragment in (
        "请选择缓付还是减少",
        "预算合计里没有付给“CT”的",
        "这一家的 200.00 元之间，填的是 200.01",
        "各家少付合计 501.01 元，应等于差额 500.00 元",
        "写明为什么这样处理",
    ):
        assert fragment in text
    assert not Shortfall.objects.exists()


def test_R081_签了合同不能改怎样处理_作废了可以_定下的金额变了原来的不算(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total - 500)
    handled(case, "减少", {"CU": "500.00"})
    contract = sign(freeze)
    with refused("已签了合同 HT-1，先作废"):
        handled(case, "缓付", {"CU": "500.00"})
    paying.void(actor=cast()["shy"], on=JULY, contract=contract, reason="改缓付")
    handled(case, "缓付", {"CU": "500.00"})
    assert Shortfall.objects.count() == 2
    act("shy", case, "return", opinion="财政同意再追加")
    act("shy", case, "return", opinion="重新报批")
    granted(case, total - 100)
    assert funding.shortfall_of(case) is None
    with refused("差 100.00 元"):
        sign_fee(freeze)
    handled(case, "减少", {"管理费": "100.00"})
    sign(freeze)


def test_R081_缓付的还欠着_并进下一次补差_付清(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total - 500)
    handled(case, "缓付", {"CU": "500.00"})
    settled(case)
    assert Board.objects.get(case=case).state == "已办结"
    assert funding.deferred_of(freeze) == {"CU": Decimal("500.00")}
    assert "缓付" in page("kw", f"/settlement/{YEAR}/")
    # 重算与已冻结的相同，也可以为缓付的起补差
    more = adjusted(tmp_path, "付清缓付的")
    (due,) = funding.dues(Freeze.objects.get(case=more))
    assert (due.net, due.deferred, due.gross) == (Decimal("500.00"), Decimal("500.00"), Decimal(0))
    assert Board.objects.get(case=more).step == "finance"
    act("cz", more, "grant", fields={"granted": "500.00", "document": NUMBER})
    assert "上次缓付" in page("shy", f"/cases/{more.number}/")
    settled(more)
    assert Board.objects.get(case=more).state == "已办结"
    assert sound()


def test_R081_FOCUS里批复不足和缓付的各自成行_按合同号合计仍是合同金额(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total - 500)
    handled(case, "缓付", {"CU": "500.00"})
    settled(case)
    more = Freeze.objects.get(case=adjusted(tmp_path, "付清缓付的"))
    act("cz", more.case, "grant", fields={"granted": "500.00", "document": NUMBER})
    settled(more.case)
    content = b"".join(signed_in("shy").get(f"/settlement/runs/{more.run_id}/focus.csv").streaming_content)  # type: ignore[attr-defined]
    columns, rows = read(content)
    assert problems(columns, rows) == []
    contracts = Contract.objects.filter(fee=False)
    assert by_invoice(rows) == {one.number: one.amount for one in contracts}
    assert sum(one.amount for one in contracts) == funding.unified_net(freeze)


def test_R083_没有缓付的_重算相同仍不能补差(tmp_path: Path) -> None:
    case, _, total = reported(tmp_path)
    granted(case, total)
    settled(case)
    with refused("没有可补的差"):
        adjusted(tmp_path, "没有差")


def test_R081_办件页上登记怎样处理(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total - 500)
    client, home = signed_in("shy"), f"/cases/{case.number}/"
    given = {"kind": "减少", "cut:CU": "499.00", "cut:管理费": "", "reason": "财力不足"}
    response = client.post(f"{home}shortfall/", given)
    assert response.status_code == 422
    assert "差 1.00 元" in response.content.decode()
    assert client.post(f"{home}shortfall/", given | {"cut:CU": "500.00"}).status_code == 302
    shown = page("shy", home)
    assert "批复不足少付" in shown
    assert "财力不足" in shown
    assert signed_in("kw").post(f"{home}shortfall/", given).status_code == 403
    assert funding.payable(freeze, "CU", None) == funding.unified_net(freeze) - 500


def test_R089_管理费合同与委托合同金额不同_办件页点名两边各多少_没有签的_相同的不说(tmp_path: Path) -> None:
    case, freeze, total = reported(tmp_path)
    granted(case, total)
    sign(freeze)
    home, told = f"/cases/{case.number}/", "专项管理费的合同与第三方的委托合同金额不同"
    assert told not in page("shy", home)
    sign_fee(freeze)
    charge = commissioning.fees(YEAR)
    assert charge not in (0, FEE)
    text = page("shy", home)
    assert told in text
    assert f"{supervisor().name}委托合同 {charge:,.2f} 元，全年签了 {FEE:,.2f} 元" in text
    (made,) = Commission.objects.filter(service_year=YEAR)
    Termination.objects.create(commission=made, until_on=made.until_on, fee=FEE, reason="改", on=JULY, by="测试")
    assert told not in page("shy", home)
