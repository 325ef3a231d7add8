"""年度结算不走死路：撤回了可以重起，没有应付的可以办结，预算不足可以退回重报（R-080、R-081、R-083）。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.test_adjustment import adjusted, rule_all
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, approved, budgeted, logged, measured, paid, self_paid, settled, used
from yunheng.applications.models import Draft
from yunheng.audit.refused import Refused
from yunheng.cases.models import Board, Case
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Fact
from yunheng.ledger.operations import void
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement import chaining, funding, operations, paying, proofs, queries
from yunheng.settlement.models import Contract, Freeze, YearCase
from yunheng.settlement.plans import planning

pytestmark = pytest.mark.django_db


def refused(fragment: str) -> Any:
    return pytest.raises(Refused, match=fragment)


def step(case: Case) -> str:
    return Board.objects.get(case=case).step


def written(case: Case) -> None:
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=Decimal(0))


# ── 撤回了重起 ──


def withdrawn() -> Case:
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "withdraw", opinion="起早了，还有单位没有核对")
    return case


def test_R080_年度结算撤回以后可以重起_重起的办到批准_撤回的留着(tmp_path: Path) -> None:
    used()
    first, second = withdrawn(), withdrawn()
    case = approved(tmp_path)
    freeze = Freeze.objects.get(case=case)
    assert (freeze.service_year, freeze.number) == (YEAR, 0)
    assert list(YearCase.objects.order_by("pk").values_list("case__number", "restarts__case__number")) == [
        (first.number, None),
        (second.number, first.number),
        (case.number, second.number),
    ]
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    assert case.number in signed_in("shy").get(f"/settlement/{YEAR}/plan/").content.decode()
    year = signed_in("shy").get(f"/settlement/{YEAR}/").content.decode()
    assert f'撤回过 <a href="/cases/{first.number}/">' in year
    home = signed_in("shy").get("/settlement/").content.decode()
    assert case.number in home
    assert first.number not in home


def test_R080_没有撤回的不能重起_撤回一件以后页面上又有起年度结算() -> None:
    used()
    measured()
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    with refused(f"已经起了：{case.number}"):
        operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    assert "起年度结算" not in signed_in("shy").get(f"/settlement/{YEAR}/").content.decode()
    page = signed_in("shy").get(f"/cases/{case.number}/").content.decode()
    assert all(f'value="{code}"' in page for code in ("file", "withdraw"))
    act("shy", case, "withdraw", opinion="起错了")
    assert "起年度结算" in signed_in("shy").get(f"/settlement/{YEAR}/").content.decode()
    again = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    with refused(f"已经起了：{again.number}"):
        operations.start(actor=cast()["shy"], on=JULY, year=YEAR)


def test_R083_补差撤回了不占次数_重起的还是第一次_没撤回的不能再起(tmp_path: Path) -> None:
    used()
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    paid(tmp_path)
    first = operations.adjust(actor=cast()["shy"], on=JULY, year=YEAR)
    with refused(f"{first.number} 还没有办完"):
        operations.adjust(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", first, "withdraw", opinion="还没有裁定")
    rule_all()
    case = adjusted(tmp_path)
    assert case.subject == f"{YEAR}—{YEAR + 1} 服务年度第 1 次补差"
    assert (YearCase.objects.get(case=case).number, Freeze.objects.get(case=case).number) == (1, 1)
    last = queries.year_cases(YEAR).last()
    assert last is not None
    assert last.case == case


# ── 没有应付的年度 ──


def test_R081_只有自行支付的年度_不立项就办结_自费单位照样签约付款(tmp_path: Path) -> None:
    self_paid()
    case = approved(tmp_path)
    freeze = Freeze.objects.get(case=case)
    assert funding.unified_net(freeze) == 0
    with refused("请点“没有应付，办结”"):
        written(case)
        act("shy", case, "report")
    with refused("要写明意见"):
        act("shy", case, "close")
    act("shy", case, "close", opinion="本年度全是街道自费的")
    assert Board.objects.get(case=case).state == "已办结"
    (due,) = funding.dues(freeze)
    contract = paying.sign(
        actor=cast()["jd"], on=JULY, freeze=freeze, provider=Institution.objects.get(code="CU"), number="ZX-1",
        amount=due.net, signed_on=JULY, unit=Institution.objects.get(code=due.unit),
    )  # fmt: skip
    paying.pay(actor=cast()["jd"], on=JULY, contract=contract, amount=due.net, paid_on=JULY, voucher="P")
    assert contract.left == 0


def test_R083_都在测试期的年度先办结_后来查出漏记的由补差付(tmp_path: Path) -> None:
    walk = Walk(cast(), "mzj", date(2026, 5, 6), "new", project_name="还在测试期的").fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-NEW-")
    case = approved(tmp_path)
    assert Freeze.objects.get(case=case).run.line_count == 0
    act("shy", case, "close", opinion="都在测试期")
    used("漏记了的系统")
    adjustment = adjusted(tmp_path)
    due = funding.figure(adjustment, "need")
    assert due is not None
    assert due > 0
    act("cz", adjustment, "grant", fields={"granted": str(due), "document": "松科委〔2026〕12号"})
    settled(adjustment)
    assert Board.objects.get(case=adjustment).state == "已办结"
    assert not [problem for problem in proofs.money_problems() if problem]


def test_R081_有应付的不能不立项就办结_页面上也没有这个按钮(tmp_path: Path) -> None:
    used()
    case = approved(tmp_path)
    due = funding.unified_net(Freeze.objects.get(case=case))
    with refused(f"统一支付还应付 {due} 元"):
        act("shy", case, "close", opinion="不想付了")
    assert step(case) == "plan"
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    page = signed_in("shy").get(f"/cases/{case.number}/").content.decode()
    assert 'value="report"' in page
    assert 'value="close"' not in page


def test_R081_没有应付的_页面只给办结_步骤条不写没走过的立项(tmp_path: Path) -> None:
    self_paid()
    case = approved(tmp_path)
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    page = signed_in("shy").get(f"/cases/{case.number}/").content.decode()
    assert "统一支付没有要付的" in page
    assert 'value="close"' in page
    assert 'value="report"' not in page
    act("shy", case, "close", opinion="本年度全是街道自费的")
    assert "立项批复" not in signed_in("shy").get(f"/cases/{case.number}/").content.decode()


# ── 预算不足退回重报 ──


def granted(case: Case, amount: Decimal) -> None:
    """批复、申请、下达同一个金额。"""
    for who, code, key in (("kw", "grant", "approved"), ("shy", "apply", "applied"), ("cz", "grant", "granted")):
        act(who, case, code, fields={key: str(amount), "document": "松科委〔2026〕12号"})


def short(folder: Path) -> tuple[Case, Freeze, Decimal]:
    """批复、下达都少一元，停在签合同。"""
    used()
    case = approved(folder)
    written(case)
    act("shy", case, "report")
    total = funding.figure(case, "need")
    assert total is not None
    granted(case, total - 1)
    return case, Freeze.objects.get(case=case), total


def sign(freeze: Freeze, provider: str = "CU", number: str = "HT-1") -> Contract:
    due = funding.payable(freeze, provider, None)
    assert due is not None
    return paying.sign(
        actor=cast()["shy"], on=JULY, freeze=freeze, provider=Institution.objects.get(code=provider), number=number,
        amount=due, signed_on=JULY,
    )  # fmt: skip


def test_R081_下达的不够付_退到立项重新批复_追加够了才签得成(tmp_path: Path) -> None:
    case, freeze, total = short(tmp_path)
    with refused("少于预算合计.*差 1.00 元.*退回追加"):
        sign(freeze)
    act("shy", case, "return", opinion="差 1 元")
    assert step(case) == "budget"
    # 退回以后，原来申请、下达的不再算数；批复的还算，申请不能超过它
    assert [funding.figure(case, key) for key in ("approved", "applied", "granted")] == [total - 1, None, None]
    with refused("预算还没有下达"):
        sign(freeze)
    with refused("超过批复金额"):
        act("shy", case, "apply", fields={"applied": str(total)})
    act("shy", case, "return", opinion="批复少了 1 元")
    assert step(case) == "project"
    assert funding.figure(case, "approved") is None
    with refused("超出 0.01 元"):
        act("kw", case, "grant", fields={"approved": str(total + Decimal("0.01")), "document": "松科委〔2026〕12号"})
    granted(case, total)
    settled(case)
    assert Board.objects.get(case=case).state == "已办结"
    assert {one.amount for one in chaining.chain(case)} == {total}
    assert not [problem for problem in proofs.money_problems() if problem]


def test_R081_退到编方案的_重编一版再报_各步照新的金额(tmp_path: Path) -> None:
    case, _freeze, total = short(tmp_path)
    act("shy", case, "return", opinion="差 1 元")
    act("shy", case, "return", opinion="批复少了 1 元")
    act("kw", case, "return", opinion="方案补写支付安排")
    assert step(case) == "plan"
    planning.write_plan(
        actor=cast()["shy"], on=JULY, case=case, prose={"arrangement": "一次付清"}, supervision=Decimal(0)
    )
    act("shy", case, "report")
    granted(case, total)
    settled(case)
    assert Board.objects.get(case=case).state == "已办结"


def test_R081_合同已签的不能退回重报预算_要写缘由(tmp_path: Path) -> None:
    used()
    case = budgeted(tmp_path)
    with refused("要写明意见"):
        act("shy", case, "return")
    sign(Freeze.objects.get(case=case))
    with refused("签了合同 HT-1，不能再退回"):
        act("shy", case, "return", opinion="想再追加")
    assert step(case) == "contract"


def test_R083_补差下达的不够_退回财政重新下达_收回的没有可退的(tmp_path: Path) -> None:
    used()
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    paid(tmp_path)
    rule_all()
    case = adjusted(tmp_path)
    due = funding.figure(case, "need")
    assert due is not None
    act("cz", case, "grant", fields={"granted": str(due - 1), "document": "松科委〔2026〕12号"})
    with refused("差 1.00 元"):
        sign(Freeze.objects.get(case=case))
    act("shy", case, "return", opinion="差 1 元")
    assert (step(case), funding.figure(case, "granted")) == ("finance", None)
    act("cz", case, "grant", fields={"granted": str(due), "document": "松科委〔2026〕12号"})
    settled(case)
    fact = Fact.objects.filter(resource__code="ECS-YR-01", item__code="ZJ-CPU-X86").latest("pk")
    void(actor=cast()["shy"], on=JULY, fact=fact, reason="这台没有开通过")
    back = adjusted(tmp_path, "台账作废了一条")
    assert step(back) == "contract"
    with refused("没有预算可退回"):
        act("shy", back, "return", opinion="试试")


# ── 有补有收的补差 ──


def two_sided(folder: Path) -> tuple[Case, Freeze]:
    """补差里联通补付、电信收回，合计是补付。"""
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    walk = (
        Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name="电信的").fill(**{**FILLED, "iaas": "电信"}).submit()
    )
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("dx", "ECS-CT-")
    logged(Draft.objects.get(case=walk.case).project)
    paid(folder)
    rule_all()
    fact = Fact.objects.filter(resource__code__startswith="ECS-CT-", item__code="ZJ-CPU-X86").order_by("pk")[0]
    void(actor=cast()["shy"], on=JULY, fact=fact, reason="这台没有开通过")
    case = adjusted(folder)
    return case, Freeze.objects.get(case=case)


@pytest.mark.parametrize("order", [("CU", "CT"), ("CT", "CU")])
def test_R083_有补有收的补差_合计等于下达_先签哪一家都签得成(tmp_path: Path, order: tuple[str, str]) -> None:
    case, freeze = two_sided(tmp_path)
    dues = {one.provider: one.net for one in funding.dues(freeze)}
    assert dues["CU"] > dues["CU"] + dues["CT"] > 0 > dues["CT"]
    act("cz", case, "grant", fields={"granted": str(dues["CU"] + dues["CT"]), "document": "松科委〔2026〕12号"})
    for code in order:
        sign(freeze, code, f"BC-{code}")
    act("shy", case, "signed")


@pytest.mark.parametrize("code", ["CU", "CT"])
def test_R083_有补有收的补差_下达少一分_哪一家都签不成_说明相抵以后差多少(tmp_path: Path, code: str) -> None:
    case, freeze = two_sided(tmp_path)
    act(
        "cz",
        case,
        "grant",
        fields={"granted": str(funding.unified_net(freeze) - Decimal("0.01")), "document": "松科委〔2026〕12号"},
    )
    with refused("有补有收的先相抵.*差 0.01 元"):
        sign(freeze, code)
    assert not freeze.contracts.exists()
