"""专项管理费的上限照核定以后的实际应付算：编方案、报送、批复都拦，补差以后的提醒（D14-16(监管机制)，R-082）。"""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import pytest

from tests.scenarios.test_adjustment import adjusted
from tests.scenarios.test_funds import at_plan, evaluated, verify
from tests.scenarios.test_money_chain import granted, handled, reported, sign, sign_fee
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, settled
from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.ledger.models import Fact
from yunheng.ledger.operations import void
from yunheng.orgs.models import BusinessClock
from yunheng.settlement import chaining, funding, paying, queries, shortfalls
from yunheng.settlement.models import Freeze
from yunheng.settlement.plans import checking, papering, planning

pytestmark = pytest.mark.django_db


@pytest.fixture
def july() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def docx_text(content: bytes) -> str:
    from docx import Document

    return "\n".join(one.text for one in Document(io.BytesIO(content)).paragraphs)


def fee_check(freeze: Freeze) -> checking.Check:
    plan = queries.latest_plan(freeze.case)
    return next(one for one in checking.plan_checks(freeze, plan, None, "") if one.name == "专项管理费不超上限")


def test_R082_核定减付以后_管理费超实际应付的百分之十_存不成_报送不了_不批复(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, freeze = at_plan(tmp_path)
    evaluated()
    cap = Decimal(freeze.run.head["summary"]["supervision_fee_cap"])
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=cap)
    assert fee_check(freeze).state == "ok"
    # 委托合同的合计与安排的不同，少了也点名
    assert "委托合同列入这一年的合计" in fee_check(freeze).text
    assert "安排的少" in fee_check(freeze).text
    verify(freeze, "-1000.00")
    over = f"最多 {cap - 100} 元（计量时是 {cap} 元，效能核定减付以后照实际应付算），超出 100.00 元"
    with pytest.raises(Refused, match=over):
        planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=cap)
    check = fee_check(freeze)
    assert check.state == "bad"
    assert f"最多 {cap - 100:,.2f} 元，超出 100.00 元" in check.text
    assert f"最多 {cap - 100:,.2f} 元" in signed_in("shy").get(f"/settlement/{YEAR}/plan/").content.decode()
    with monkeypatch.context() as earlier:
        earlier.setattr(funding, "fee_beyond", lambda *_: "")
        planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=cap)
        assert list(planning.stale(queries.latest_plan(case), freeze)) == []  # type: ignore[arg-type]
        assert fee_check(freeze).state == "bad"
    with pytest.raises(Refused, match=over):
        act("shy", case, "report")
    # 从前没有拦住、已经报送的，批复的时候拦
    with monkeypatch.context() as earlier:
        earlier.setattr(funding, "fee_beyond", lambda *_: "")
        act("shy", case, "report")
    fields = {"approved": str(funding.figure(case, "need")), "document": "松科委〔2026〕12号"}
    with pytest.raises(Refused, match=f"请点“退回修改方案”.*{over}"):
        act("kw", case, "grant", fields=fields)
    act("kw", case, "return", opinion="管理费调低")
    plan = planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=cap - 100)
    document = docx_text(papering.documents(plan)["结算项目方案.docx"])
    assert f"效能评估核定减付以后照实际应付算，最多 {cap - 100:,.2f} 元" in document
    act("shy", case, "report")
    act("kw", case, "grant", fields=fields | {"approved": str(funding.figure(case, "need"))})


def test_R082_核定加付的不抬高上限_正好等于实际应付的百分之十不提醒(tmp_path: Path) -> None:
    case, freeze = at_plan(tmp_path)
    evaluated()
    cap = Decimal(freeze.run.head["summary"]["supervision_fee_cap"])
    verify(freeze, "1000.00")
    assert funding.fee_ceiling(freeze) == cap
    with pytest.raises(Refused, match="R-082"):
        planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=cap + Decimal("0.01"))
    verify(freeze, "-1000.00")
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=cap - 100)
    assert fee_check(freeze).state == "ok"


def test_R082_补差收回以后_管理费超全年实际应付的百分之十_方案页办件页委托合同页都提醒(tmp_path: Path) -> None:
    case, freeze = at_plan(tmp_path)
    cap = Decimal(freeze.run.head["summary"]["supervision_fee_cap"])
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=cap)
    act("shy", case, "report")
    total = str(funding.figure(case, "need"))
    for who, code, key in (("kw", "grant", "approved"), ("shy", "apply", "applied"), ("cz", "grant", "granted")):
        act(who, case, code, fields={key: total, "document": "松科委〔2026〕12号"})
    settled(case)
    assert funding.fee_over(YEAR) is None
    fact = Fact.objects.filter(resource__code="ECS-YR-01", item__code="ZJ-CPU-X86").latest("pk")
    void(actor=cast()["shy"], on=JULY, fact=fact, reason="这台没有开通过")
    adjustment = adjusted(tmp_path, "台账作废了一条")
    less = funding.fee_ceiling(Freeze.objects.get(number=1))
    assert funding.fee_over(YEAR) == (cap, less)
    assert less < cap
    assert fee_check(freeze).state == "warn"
    for page in (f"/settlement/{YEAR}/plan/", f"/cases/{adjustment.number}/", f"/cases/{case.number}/"):
        assert f"{less:,.2f} 元，" in signed_in("shy").get(page).content.decode()
    assert funding.supervision_ceiling(YEAR) == (YEAR, less)


def capped(folder: Path) -> tuple[Case, Freeze, Decimal]:
    """管理费安排到上限、批复少了 1,000 元的：（件, 冻结的, 上限）。"""
    case, freeze, total = reported(folder, Decimal(0))
    act("kw", case, "return", opinion="管理费安排到上限")
    cap = funding.fee_ceiling(freeze)
    planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=cap)
    act("shy", case, "report")
    granted(case, total + cap - 1000)
    return case, freeze, cap


@pytest.mark.usefixtures("july")
def test_R082_批复不足不再付给服务商的_管理费的上限跟着降_照原来的签不了(tmp_path: Path) -> None:
    case, freeze, cap = capped(tmp_path)
    handled(case, "减少", {"CU": "1000.00"})
    assert funding.fee_ceiling(freeze) == cap - 100
    with pytest.raises(Refused, match=f"照实际应付算最多 {cap - 100} 元，这一年已签 0 元，再签 {cap} 就超了"):
        sign_fee(freeze, cap)
    sign(freeze)
    sign_fee(freeze, cap - 100, why="照实际应付的百分之十")
    act("shy", case, "signed")
    assert funding.fee_over(YEAR) is None


@pytest.mark.usefixtures("july")
def test_R082_缓付的以后还付_上限不降_少的只是管理费的也不降(tmp_path: Path) -> None:
    case, freeze, cap = capped(tmp_path)
    handled(case, "缓付", {"CU": "1000.00"})
    assert funding.fee_ceiling(freeze) == cap
    handled(case, "减少", {"管理费": "1000.00"})
    assert funding.fee_ceiling(freeze) == cap


@pytest.mark.usefixtures("july")
def test_R082_管理费已照原来的上限签了_再减服务商的拒绝_作废了可以(tmp_path: Path) -> None:
    case, freeze, cap = capped(tmp_path)
    handled(case, "缓付", {"CU": "1000.00"})
    fee = sign_fee(freeze, cap)
    with pytest.raises(Refused, match=r"专项管理费照实际应付算的上限比已签的少 100\.00 元：先作废管理费的合同"):
        handled(case, "减少", {"CU": "1000.00"})
    assert funding.fee_ceiling(freeze) == cap
    paying.void(actor=cast()["shy"], on=JULY, contract=fee, reason="照减了的重签")
    handled(case, "减少", {"CU": "1000.00"})
    assert funding.fee_ceiling(freeze) == cap - 100


@pytest.mark.usefixtures("july")
def test_R082_办结以后定了不再付的_管理费超上限的写明起补差收回_不叫人改办结了的方案(tmp_path: Path) -> None:
    case, _, cap = capped(tmp_path)
    handled(case, "缓付", {"CU": "1000.00"})
    settled(case)
    total = funding.figure(case, "need")
    assert total is not None
    assert chaining.whole([case]).sums[0] == total
    shortfalls.waive(actor=cast()["kw"], on=JULY, case=case, document="松科委〔2026〕30号", reason="财力不足")
    assert funding.fee_over(YEAR) == (cap, cap - 100)
    whole = chaining.whole([case])
    assert (whole.given_up, whole.sums[0]) == (Decimal("1000.00"), total - 1000)
    shown = signed_in("shy").get(f"/cases/{case.number}/").content.decode()
    assert "请调低" not in shown
    assert "起补差收回多签的" in shown
    plan = signed_in("shy").get(f"/settlement/{YEAR}/plan/").content.decode()
    assert "再存一版" not in plan
    assert "请起补差收回" in plan
