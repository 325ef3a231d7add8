"""办完的一年照 FOCUS 1.2 导出：逐列合规，扣减、核定、补差各自成行，按 InvoiceId 合计就是合同（R-078 至 R-083）。"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.scenarios.test_adjustment import adjusted, rule_all
from tests.scenarios.test_funds import evaluated, unicom, verify, written
from tests.support.focus import by_invoice, problems, read
from tests.support.people import cast, signed_in
from tests.support.year import JULY, act, approved, measured, self_paid, settled, used
from yunheng.cases.models import Case
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement import funding, paying, queries
from yunheng.settlement.bill.focus_rules import COLUMNS
from yunheng.settlement.models import Contract, Freeze, Run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def july() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    used()
    self_paid()


def exported(run: Run, who: str = "shy") -> list[dict[str, str]]:
    """这个人导出来的各行；每一列都合规才给。"""
    content = b"".join(signed_in(who).get(f"/settlement/runs/{run.pk}/focus.csv").streaming_content)  # type: ignore[attr-defined]
    columns, rows = read(content)
    assert tuple(columns) == COLUMNS
    assert problems(columns, rows) == []
    return rows


def total(rows: list[dict[str, str]], **given: str) -> Decimal:
    """合条件的各行 BilledCost 合计。"""
    found = [row for row in rows if all(row[name] == value for name, value in given.items())]
    return sum((Decimal(row["BilledCost"]) for row in found), Decimal(0))


def granted(folder: Path) -> Case:
    """联通满意率 60、效能核定减 100 元，办到预算下达。"""
    case = approved(folder, {"CU": "60"})
    freeze = queries.freeze_of(case)
    assert freeze is not None
    evaluated()
    verify(freeze, "-100.00")
    written(case)
    act("shy", case, "report")
    plan = str(funding.figure(case, "need"))
    act("kw", case, "grant", fields={"approved": plan, "document": "松科委〔2026〕12号"})
    act("shy", case, "apply", fields={"applied": plan})
    act("cz", case, "grant", fields={"granted": plan, "document": "松财〔2026〕8号"})
    return case


def test_没有冻结的_账目合计是计量_扣减另成Credit行_合同号都空() -> None:
    run = measured()
    rows = exported(run)
    count, amount, _ = queries.totals(queries.lines_of(run))
    usage = [row for row in rows if row["ChargeCategory"] in ("Usage", "Purchase")]
    assert (len(usage), total(usage)) == (count, amount)
    summary = run.head["summary"]
    assert total(rows) == Decimal(summary["unified_net"]) + Decimal(summary["self_net"])
    assert {row["InvoiceId"] for row in rows} == {""}
    assert {row["BillingAccountType"] for row in rows} == {"统一支付", "自行支付"}


def test_签了合同的一年_按合同号合计分毫不差_扣减是负的Credit_核定是Adjustment(tmp_path: Path) -> None:
    case = granted(tmp_path)
    settled(case)
    freeze = Freeze.objects.get()
    (due,) = [one for one in funding.dues(freeze) if not one.unit and one.net]
    assert due.deduction > 0
    rows = exported(freeze.run)
    assert by_invoice(rows) == {"HT-0-CU": due.net, "": total(rows, BillingAccountType="自行支付")}
    assert due.net == Contract.objects.get().amount
    assert total(rows, ChargeCategory="Credit") == -due.deduction
    assert total(rows, ChargeCategory="Adjustment") == -100
    (adjustment,) = [row for row in rows if row["ChargeCategory"] == "Adjustment"]
    assert (adjustment["ChargeClass"], adjustment["InvoiceId"]) == ("", "HT-0-CU")
    assert "松科委〔2026〕9号" in adjustment["ChargeDescription"]


def test_作废了的合同号不写_自行支付的合同登记了写号(tmp_path: Path) -> None:
    granted(tmp_path)
    freeze = Freeze.objects.get()
    run = freeze.run
    assert {row["InvoiceId"] for row in exported(run)} == {""}
    shy = cast()["shy"]
    amount = funding.payable(freeze, "CU", None)
    assert amount is not None
    contract = paying.sign(
        actor=shy, on=JULY, freeze=freeze, provider=unicom(), number="HT-错", amount=amount, signed_on=JULY
    )
    assert total(exported(run), InvoiceId="HT-错") == amount
    paying.void(actor=shy, on=JULY, contract=contract, reason="号写错了")
    assert {row["InvoiceId"] for row in exported(run)} == {""}
    (own,) = [one for one in funding.dues(freeze) if one.unit]
    unit = run.lines.filter(payer="self").values_list("unit", flat=True)[0]
    paying.sign(
        actor=cast()["jd"], on=JULY, freeze=freeze, provider=unicom(), number="JD-1", amount=own.net, signed_on=JULY,
        unit=Institution.objects.get(code=unit),
    )  # fmt: skip
    rows = exported(run)
    assert total(rows, InvoiceId="JD-1") == own.net
    assert {row["BillingAccountId"] for row in rows if row["InvoiceId"] == "JD-1"} == {unit}


def test_补差另起行_指补充协议_原合同的行一条不动_合计是补差以后的应付(tmp_path: Path) -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    settled(granted(tmp_path))
    first = Freeze.objects.get(number=0)
    before = exported(first.run)
    rule_all()
    case = adjusted(tmp_path)
    second = Freeze.objects.get(number=1)
    (due,) = [one for one in funding.dues(second) if not one.unit]
    act("cz", case, "grant", fields={"granted": str(due.net), "document": "松财〔2026〕9号"})
    settled(case)
    assert exported(first.run) == before
    rows = exported(second.run)
    assert rows[: len(before)] == before
    extra = rows[len(before) :]
    assert {row["ChargeClass"] for row in extra} == {"Correction"}
    assert total(extra, ChargeCategory="Adjustment") == due.gross > 0
    assert total(extra, ChargeCategory="Credit") == -due.deduction < 0
    contracts = {one.number: one.amount for one in Contract.objects.all()}
    sums = by_invoice(rows)
    assert {number: sums[number] for number in contracts} == contracts
    assert total(rows, BillingAccountType="统一支付") == Decimal(second.run.head["summary"]["unified_net"]) - 100
    # 补差的计量差额归到单位、项目：使用单位导出来的就是它补差以后的账
    clerk = exported(second.run, "mzj")
    unit = queries.narrowed(cast()["mzj"], queries.lines_of(second.run)).filter(disputed=False)
    assert total(clerk) == queries.totals(unit)[1]
    assert {row["SubAccountId"] for row in clerk if row["ChargeClass"]} == {row["SubAccountId"] for row in extra} - {""}


def test_R001_服务商只导得出自己家的_使用单位看不到整家的扣减和核定(tmp_path: Path) -> None:
    granted(tmp_path)
    run = Freeze.objects.get().run
    assert exported(run, "dx") == []
    assert {row["ChargeCategory"] for row in exported(run, "lt")} >= {"Usage", "Credit", "Adjustment"}
    own = exported(run, "mzj")
    assert {row["ChargeCategory"] for row in own} <= {"Usage", "Purchase"}
    assert total(own) == queries.totals(queries.visible_lines(cast()["mzj"], run))[1]
    street = exported(run, "jd")
    assert {row["BillingAccountType"] for row in street} == {"自行支付"}


def file_name(run: Run) -> str:
    return signed_in("shy").get(f"/settlement/runs/{run.pk}/focus.csv")["Content-Disposition"]


def marked(rows: list[dict[str, str]]) -> set[bool]:
    """各行的 Tags 有没有写明是试算。"""
    return {"试算，没有冻结" in row["Tags"] for row in rows}


def test_没有冻结的_文件名和每一行都标明试算_扣减的行也标_冻结了的不标(tmp_path: Path) -> None:
    draft = measured()
    assert marked(exported(draft)) == {True}
    assert f"focus-2025-{draft.pk}-" in file_name(draft)
    approved(tmp_path, {"CU": "60"})
    bill = Freeze.objects.get().run
    assert marked(exported(bill)) == {False}
    assert f"focus-2025-{bill.pk}.csv" in file_name(bill)
    # 冻结以后又算的、没有办成补差的一批，扣减的行也在，照样标
    again = measured("补差")
    rows = exported(again)
    assert "Credit" in {row["ChargeCategory"] for row in rows}
    assert marked(rows) == {True}
    assert {row["InvoiceId"] for row in rows} == {""}
    assert file_name(again) != file_name(bill)


def test_补差办到冻结以前是试算_冻结了就不是(tmp_path: Path) -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    settled(granted(tmp_path))
    rule_all()
    draft = measured("补差")
    assert marked(exported(draft)) == {True}
    adjusted(tmp_path)
    assert marked(exported(Freeze.objects.get(number=1).run)) == {False}
    assert marked(exported(draft)) == {True}
