"""冻结以后的更正：补差 = 重算的结果 − 已结的，多退少补；已冻结的一个字不动，两版逐条对照（R-083）。"""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, budgeted, measured, paid, recomputed, seen, settled, used
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Board, Case
from yunheng.ledger.models import Fact
from yunheng.ledger.operations import void
from yunheng.metering import diffing
from yunheng.orgs.models import BusinessClock, Person
from yunheng.settlement import disputing, funding, handling, operations, proofs, queries
from yunheng.settlement.bill.contrasting import contrast
from yunheng.settlement.models import BillLine, Difference, Freeze, Handling, Run
from yunheng.settlement.runs import running

pytestmark = pytest.mark.django_db


def refused(fragment: str) -> Any:
    return pytest.raises(Refused, match=fragment)


def adjusted(folder: Path, opinion: str = "待核的已裁定") -> Case:
    """补差办到区科委批准。"""
    run = measured("补差")
    case = operations.adjust(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file", opinion=opinion)
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, folder)))
    act("dsf", case, "match")
    act("kw", case, "approve")
    return case


def rule_all() -> None:
    """没有日志的都裁定认可。"""
    run = queries.latest_run(YEAR)
    assert run is not None
    for row in disputing.differences(run):
        if row.code == "D5":
            handling.handle(
                actor=cast()["shy"], on=JULY, year=YEAR, code="D5", resource=row.resource, item=row.item,
                kind=Handling.RULE, text="以工单为准", ruling="认可",
            )  # fmt: skip


def test_R083_待核的裁定以后由补差另行结算_只补差额_已冻结的一个字不动(tmp_path: Path) -> None:
    used()
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    paid(tmp_path)
    first = Freeze.objects.get(number=0)
    before = list(BillLine.objects.filter(run=first.run).order_by("pk").values())
    held = Decimal(first.run.head["summary"]["disputed_gross"])
    assert held > 0
    rule_all()
    case = adjusted(tmp_path)
    second = Freeze.objects.get(number=1)
    assert second.base == first
    (due,) = [one for one in funding.dues(second) if not one.unit]
    assert due.gross == held
    assert due.net == Decimal(second.run.head["summary"]["unified_net"]) - Decimal(
        first.run.head["summary"]["unified_net"]
    )
    # 要补付的，先由区财政下达，不能多
    assert Board.objects.get(case=case).step == "finance"
    with refused("超出 0.01 元"):
        act("cz", case, "grant", fields={"granted": str(due.net + Decimal("0.01")), "document": "松科委〔2026〕12号"})
    act("cz", case, "grant", fields={"granted": str(due.net), "document": "松科委〔2026〕12号"})
    settled(case)
    assert Board.objects.get(case=case).state == "已办结"
    assert list(BillLine.objects.filter(run=first.run).order_by("pk").values()) == before
    assert [problem for problem in proofs.money_problems() if problem] == []


def test_R083_冻结以后重算了没有采纳_使用单位看已结的_区里写明没有采纳差多少(tmp_path: Path) -> None:
    used()
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    paid(tmp_path)
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    first = Freeze.objects.get(number=0).run
    url = f"/settlement/{YEAR}/"
    assert "没有采纳" not in signed_in("shy").get(url).content.decode()
    rule_all()
    again = measured("补差")
    shown = signed_in("shy").get(url).content.decode()
    assert f'这一批没有采纳：已结的是<a href="/settlement/runs/{first.pk}/">批次 {first.pk}</a>' in shown
    assert f"/settlement/runs/{first.pk}..{again.pk}/" in shown
    own = signed_in("mzj").get(url).content.decode()
    assert "没有采纳" not in own
    assert f'href="/settlement/runs/{first.pk}/?provider=CU"' in own


def test_R045_退回起草以后看不到的_回到已办_写明办成了(tmp_path: Path) -> None:
    used()
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    paid(tmp_path)
    rule_all()
    run = measured("补差")
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    case = operations.adjust(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file", opinion="待核的已裁定")
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, tmp_path)))
    act("dsf", case, "match")
    answer = signed_in("kw").post(
        f"/cases/{case.number}/act/", {"act": "return", "opinion": "再核一遍", "seen": seen(case)}, follow=True
    )
    assert answer.status_code == 200
    assert f"办好了：{case.number} 现在" in answer.content.decode()
    assert Board.objects.get(case=case).step == "draft"


def test_R083_多算了的收回_金额为负_不用下达预算(tmp_path: Path) -> None:
    used()
    paid(tmp_path)
    fact = Fact.objects.filter(resource__code="ECS-YR-01", item__code="ZJ-CPU-X86").latest("pk")
    void(actor=cast()["shy"], on=JULY, fact=fact, reason="这台没有开通过")
    case = adjusted(tmp_path, "台账作废了一条")
    second = Freeze.objects.get(number=1)
    (due,) = [one for one in funding.dues(second) if not one.unit]
    assert due.net < 0
    assert Board.objects.get(case=case).step == "contract"
    freeze = queries.freeze_of(case)
    assert freeze is not None
    settled(case)
    contract = freeze.contracts.get()
    assert contract.amount == contract.paid_total == due.net
    assert [problem for problem in proofs.money_problems() if problem] == []


def test_R083_没有冻结_没有差_上一次没办完_都不能补差(tmp_path: Path) -> None:
    used()
    with refused("还没有冻结"):
        operations.order_run(actor=cast()["shy"], on=JULY, year=YEAR, kind="补差")
    with refused("还没有冻结"):
        operations.adjust(actor=cast()["shy"], on=JULY, year=YEAR)
    case = budgeted(tmp_path)
    with refused("还没有办完"):
        operations.adjust(actor=cast()["shy"], on=JULY, year=YEAR)
    settled(case)
    with pytest.raises(NotYours):
        operations.adjust(actor=cast()["kw"], on=JULY, year=YEAR)
    adjustment = operations.adjust(actor=cast()["shy"], on=JULY, year=YEAR)
    with refused("还没有补差计量"):
        act("shy", adjustment, "file", opinion="看看有没有差")
    measured("补差")
    with refused("没有可补的差"):
        act("shy", adjustment, "file", opinion="看看有没有差")
    with refused("要写明意见"):
        act("shy", adjustment, "file")


def test_R083_两版逐条对照_增减改和合计勾稽_页面看得到(tmp_path: Path) -> None:
    used()
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    paid(tmp_path)
    rule_all()
    case = adjusted(tmp_path)
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    client = Client()
    client.force_login(Person.objects.get(username="demo.kw"), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert "比已结的批次" in page
    runs = [Freeze.objects.get(number=number).run for number in (0, 1)]
    text = client.get(f"/settlement/runs/{runs[0].pk}..{runs[1].pk}/").content.decode()
    assert f"增 {runs[1].line_count - runs[0].line_count} 条" in text
    assert "勾稽：" in text
    assert "相符" in text
    assert "ECS-NOLOG-01" in text
    assert "原来待核" in text
    assert "<pre" not in text
    assert f"/settlement/runs/{runs[1].pk}/lines/" in text
    assert "没有合符条件的" in client.get(f"/settlement/runs/{runs[0].pk}..{runs[1].pk}/?kind=减").content.decode()


def test_R083_数据库里对照_与命令行逐条比对的结果相同(tmp_path: Path) -> None:
    used()
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    paid(tmp_path)
    rule_all()
    adjusted(tmp_path)
    runs = [Freeze.objects.get(number=number).run for number in (0, 1)]
    for before, after in (runs, runs[::-1], (runs[0], runs[0])):
        expected = diffing.compare(*(json.loads(running.result_of(run)) for run in (before, after)))
        for which, moved in (("账目", expected.lines), ("待核", expected.disputed)):
            found = contrast(before, after, kind="", unit="", offset=0, limit=10_000, which=which)
            assert {kind: one.count for kind, one in found.chosen.items()} == told(moved), which
            assert sorted(pair.gap for pair in found.pairs) == sorted(
                [
                    *(Decimal(line["amount"]) for line in moved.added),
                    *(-Decimal(line["amount"]) for line in moved.gone),
                    *(Decimal(new["amount"]) - Decimal(old["amount"]) for old, new in moved.changed),
                ]
            )
        faults = contrast(before, after, kind="", unit="", offset=0, limit=10_000, which="差异")
        assert {kind: one.count for kind, one in faults.chosen.items()} == told(expected.differences)
        assert sorted((pair.one.code, pair.one.resource, pair.one.item, pair.kind) for pair in faults.faults) == sorted(
            [
                *((one["code"], one["resource"], one["item"], "增") for one in expected.differences.added),
                *((one["code"], one["resource"], one["item"], "减") for one in expected.differences.gone),
                *((one["code"], one["resource"], one["item"], "改") for _, one in expected.differences.changed),
            ]
        )
        found = contrast(before, after, kind="", unit="", offset=0, limit=10_000)
        assert found.reached == found.lines.new == Decimal(expected.totals["账目"][1]) / 100
        assert list(found.others) == list(expected.others)
        assert found.same == expected.same_digest


def told(moved: diffing.Moved) -> dict[str, int]:
    return {"增": len(moved.added), "减": len(moved.gone), "改": len(moved.changed)}


def test_R083_待核的数量改了_对照页上看得到_与命令行说的一样() -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    run = measured()
    lines = BillLine.objects.filter(run=run).order_by("disputed", "seq")
    later = Run.objects.get(pk=run.pk)
    later.pk = None
    later.save(force_insert=True)
    changes: list[dict[str, Any]] = [{"quantity": "7"}, {"differences": "D3 D5"}]
    for line in lines:
        change = changes.pop(0) if line.disputed and changes else {}
        values = {name: getattr(line, name) for name in running.COLUMNS} | change
        BillLine.objects.create(run=later, seq=line.seq, disputed=line.disputed, **values)
    for one in Difference.objects.filter(run=run):
        Difference.objects.create(run=later, **{name: getattr(one, name) for name in ("seq", *running.DIFFERENCE)})
    running.add_up(later)
    found = contrast(run, later, kind="", unit="", offset=0, limit=10)
    # 账目没有不同的，头一个有不同的清单就是待核
    assert (found.which, found.counts, found.same) == ("待核", [("账目", 0), ("待核", 2), ("差异", 0)], False)
    assert {label for pair in found.pairs for label, _, _ in pair.moved} == {"数量", "未裁定的差异"}
    page = signed_in("shy").get(f"/settlement/runs/{run.pk}..{later.pk}/").content.decode()
    assert "待核 2" in page
    assert "<ins>7</ins>" in page
    assert "账目、待核、差异逐条都一样" not in page
    empty = signed_in("shy").get(f"/settlement/runs/{run.pk}..{later.pk}/", {"list": "账目"}).content.decode()
    assert "没有合符条件的" in empty


def test_R083_同一处余下的账目依次配成改_价格变了的也是改() -> None:
    used()
    run = measured()
    first, second = BillLine.objects.filter(run=run, disputed=False).order_by("seq")[:2]
    later = Run.objects.get(pk=run.pk)
    later.pk, later.line_count, later.disputed_count = None, 3, 0
    later.save(force_insert=True)
    kept = [
        (first, {"amount": first.amount + 5, "unit_price": "9.99"}),
        (second, {"from_on": second.from_on + timedelta(days=1), "amount": second.amount - 2}),
        (second, {"resource": "ECS-NEW-01", "amount": Decimal(7)}),
    ]
    for seq, (line, changes) in enumerate(kept, 1):
        values = {name: getattr(line, name) for name in running.COLUMNS} | changes
        BillLine.objects.create(run=later, seq=seq, disputed=False, **values)
    found = contrast(run, later, kind="改", unit=first.unit, offset=0, limit=10)
    assert sorted(pair.gap for pair in found.pairs) == [Decimal(-2), Decimal(5)]
    assert {label for pair in found.pairs for label, _, _ in pair.moved} == {"单价", "起"}
    assert [pair.line.resource for pair in contrast(run, later, kind="增", unit="", offset=0, limit=9).pairs] == [
        "ECS-NEW-01"
    ]


@pytest.mark.parametrize(("cents", "listed"), [(0, 0), (1, 2)])
def test_R083_换了数据包版本_只是切段不同的不算差别_差一分的照列(cents: int, listed: int) -> None:
    used()
    run = measured()
    line = BillLine.objects.filter(run=run, disputed=False).order_by("seq")[0]
    middle = line.from_on + timedelta(days=30)
    half = Decimal("1.00")
    pieces = (
        {"until_on": middle, "amount": half},
        {"from_on": middle, "amount": line.amount - half + Decimal(cents) / 100},
    )
    older, newer = Run.objects.get(pk=run.pk), Run.objects.get(pk=run.pk)
    for copy, version, changes in ((older, 1, ({},)), (newer, 2, pieces)):
        copy.pk, copy.line_count, copy.disputed_count, copy.head = (
            None,
            len(changes),
            0,
            run.head | {"version": version},
        )
        copy.save(force_insert=True)
        for seq, change in enumerate(changes, 1):
            values = {name: getattr(line, name) for name in running.COLUMNS} | change
            BillLine.objects.create(run=copy, seq=seq, disputed=False, **values)
    found = contrast(older, newer, kind="", unit="", offset=0, limit=10)
    assert len(found.pairs) == found.count == listed
    assert found.split == 2 - listed
    assert sum(pair.gap for pair in found.pairs) == Decimal(cents) / 100
    # 版本相同的，切段不同就是真改了，照列
    assert contrast(newer, newer, kind="", unit="", offset=0, limit=10).split == 0


def test_R083_不是同一服务年度的两个批次_不给对照_同一年度的照旧() -> None:
    used()
    first, second = measured(), measured()
    last = Run.objects.create(
        service_year=YEAR - 1, kind="年度", until_on=date(YEAR, 7, 1), head=first.head, digest="sm3:x",
        package_digest="x", rulebook_digest="x", code_version="x", line_count=0, disputed_count=0, on=JULY, by="x",
    )  # fmt: skip
    client = signed_in("kw")
    for pair in ((last, second), (second, last)):
        answer = client.get("/settlement/runs/{}..{}/".format(*(one.pk for one in pair)))
        assert answer.status_code == 422
        assert f"批次 {last.pk} 是 {YEAR - 1} 服务年度的" in answer.content.decode()
        assert "请选同一服务年度的两个批次" in answer.content.decode()
    assert client.get(f"/settlement/runs/{first.pk}..{second.pk}/").status_code == 200
