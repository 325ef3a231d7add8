"""方案报送以后才登记的灾备区级承担：并进下一次补差，下达、登记拨付，结清以前处处列着（M10-五，R-085）。"""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest

from tests.scenarios.test_adjustment import adjusted
from tests.scenarios.test_deferred import BORNE, ready, send
from tests.scenarios.test_funds import billed
from tests.scenarios.test_money_chain import page, refused
from tests.support.people import cast
from tests.support.year import JULY, YEAR, act, measured, recomputed
from yunheng.cases.models import Board, Case
from yunheng.ledger.models import Fact
from yunheng.ledger.operations import void
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement import chaining, funding, operations, proofs, recovery
from yunheng.settlement.models import Freeze

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def bill(amount: str, reason: str = "", code: str = "ZB-2") -> None:
    recovery.bill(
        actor=cast()["shy"], on=JULY, code=code, year=YEAR, amount=Decimal(amount), document="决算单 9", reason=reason
    )


def dedicated(code: str) -> None:
    """登记一项独用的灾备，全由区里承担。"""
    recovery.register_asset(
        actor=cast()["shy"], on=JULY, code=code, name="存储", kind="独用", owner=Institution.objects.get(code="KCZX")
    )
    recovery.decide(
        actor=cast()["kw"], on=JULY, code=code, ratios={"KCZX": Decimal(100)}, document="松科委〔2026〕5号",
        from_year=YEAR,
    )  # fmt: skip


def closed(folder: Path) -> tuple[Case, Freeze]:
    """年度结算办结，灾备 300 元拨付了；又有一项独用的灾备，还没有记费用。"""
    case, freeze = ready(folder)
    send(freeze)
    act("shy", case, "paid")
    dedicated("ZB-2")
    return case, freeze


def test_R085_报送以后登记的并进补差_账没有变也起得了_下达_拨付_办结(tmp_path: Path) -> None:
    case, freeze = closed(tmp_path)
    bill("50.00")
    assert funding.recovery_late(freeze) == Decimal("50.00")
    for where in (f"/cases/{case.number}/", f"/settlement/{YEAR}/"):
        assert "区级承担 50.00 元不在这份预算里：起补差并进去" in page("shy", where)
    assert "灾备区级承担（方案报送以后登记的） 50.00" in page("shy", "/")
    more = adjusted(tmp_path, "并进晚登记的灾备")
    second = Freeze.objects.get(case=more)
    assert second.recovery == Decimal("50.00")
    assert funding.need_of(second, more.version).total == Decimal("50.00")
    assert Board.objects.get(case=more).step == "finance"
    assert funding.recovery_late(second) == 0
    # 批准以后又登记的归下一次，这一次的不变
    dedicated("ZB-3")
    bill("10.00", code="ZB-3")
    assert funding.figure(more, "need") == Decimal("50.00")
    assert funding.recovery_late(second) == Decimal("10.00")
    act("cz", more, "grant", fields={"granted": "50.00", "document": "松财〔2026〕19号"})
    act("shy", more, "signed")
    with refused("灾备区级承担这次付 50.00 元"):
        act("shy", more, "paid")
    send(second, Decimal("50.00"), "ZB-PZ-2")
    act("shy", more, "paid")
    assert Board.objects.get(case=more).state == "已办结"
    whole = chaining.whole([case, more])
    assert whole.carried == 0
    assert whole.sums[0] == funding.figure(case, "need") + Decimal("50.00")  # type: ignore[operator]
    assert [problem for problem in proofs.money_problems() if problem] == []


def test_R085_没有晚登记的_账没有变的补差起不了(tmp_path: Path) -> None:
    closed(tmp_path)
    with refused("重算的结果与已冻结的相同"):
        adjusted(tmp_path, "没有差")


def test_R085_算进了预算的不能更正_并进去以前的可以_不能改到算进预算的里面去(tmp_path: Path) -> None:
    closed(tmp_path)
    with refused("算进了预算的灾备费用不能再更正"):
        billed("310.00", "记错了")
    bill("50.00")
    bill("40.00", "记错了")
    assert recovery.borne(YEAR) == BORNE + 40
    with refused("算进了预算的灾备费用不能再更正"):
        billed("200.00", "记错了")
    adjusted(tmp_path, "并进晚登记的灾备")
    with refused("算进了预算的灾备费用不能再更正"):
        bill("30.00", "又记错了")


def test_R085_提交以后灾备又变_合计从收回变成补付的_要重新提交(tmp_path: Path) -> None:
    closed(tmp_path)
    fact = Fact.objects.filter(resource__code="ECS-YR-01", item__code="ZJ-CPU-X86").latest("pk")
    void(actor=cast()["shy"], on=JULY, fact=fact, reason="这台没有开通过")
    run = measured("补差")
    more = operations.adjust(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", more, "file", opinion="台账作废了一条")
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, tmp_path)))
    act("dsf", more, "match")
    bill("9999999.00")
    with refused("提交以后灾备费用又变了"):
        act("kw", more, "approve")
    assert Freeze.objects.count() == 1
    act("kw", more, "return", opinion="灾备费用变了")
    act("shy", more, "file", opinion="连晚登记的灾备")
    act("dsf", more, "match")
    act("kw", more, "approve")
    assert Freeze.objects.get(case=more).recovery == Decimal("9999999.00")
    assert Board.objects.get(case=more).step == "finance"
