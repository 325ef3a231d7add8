"""更正台账：采纳了的异议照着改正了才算办完；旧的作废留着，对的另记一条，重新计量照更正的算（D62-七，R-051、R-075、R-083）。"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.scenarios.test_adjustment import rule_all
from tests.scenarios.test_backfill import CPU, recorded, workbook
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, appraised, approved, measured, used
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Notice
from yunheng.ledger.models import Correction, Fact, Segment
from yunheng.orgs.models import BusinessClock
from yunheng.settlement import operations, queries
from yunheng.settlement.bill import mending, objecting
from yunheng.settlement.models import BillLine, Difference, Objection, Remedy, Run
from yunheng.settlement.runs import amended, staleness

pytestmark = pytest.mark.django_db
HOST = "ECS-YR-01"
EVIDENCE = ("核对记录.pdf", b"%PDF-1.4")


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def fact_of(resource: str = HOST, action: str = "新增", item: str = CPU) -> Fact:
    return Fact.objects.get(resource__code=resource, item__code=item, action=action, voided_by=None)


def corrected(fact: Fact, who: str = "shy", **given: Any) -> Correction:
    options: dict[str, Any] = {
        "reason": "工单上是 6 核",
        "evidence": EVIDENCE,
        "effective_on": fact.effective_on,
        "quantity": Decimal(6),
        **given,
    }
    return mending.mend(actor=cast()[who], on=JULY, fact=fact, **options)


def accepted(run: Run, kind: str = "采纳") -> Objection:
    line = BillLine.objects.get(run=run, resource=HOST, item=CPU)
    made = objecting.object_to(actor=cast()["lt"], on=JULY, run=run, line=line, text="应是 6 核")
    objecting.answer(actor=cast()["shy"], on=JULY, objection=made, kind=kind, text="核过工单")
    return made


def lines(run: Run, resource: str = HOST) -> list[tuple[str, date, date]]:
    found = BillLine.objects.filter(run=run, resource=resource, item=CPU, disputed=False).order_by("from_on")
    return list(found.values_list("quantity", "from_on", "until_on"))


def test_R075_采纳了的异议_照着更正_重新计量照更正的算_知会提的一方() -> None:
    used()
    before = measured()
    objection = accepted(before)
    fact = fact_of()
    made = corrected(fact, objection=objection)
    assert Remedy.objects.get().correction == made
    told = Notice.objects.latest("pk")
    assert (told.institution_id, "已照采纳的异议更正" in told.text) == (cast()["lt"].institution, True)
    # 旧的留着，对的另记一条，依据的单据、工单照旧
    assert Fact.objects.get(pk=fact.pk).voided_by.by.endswith("工单上是 6 核")
    assert made.replacement
    assert (made.replacement.case, made.replacement.order) == (fact.case, fact.order)
    assert Segment.objects.get(resource=fact.resource, item=fact.item).quantity == 6
    assert "单据明细、工单变了，台账更正多了 1 条，请重新计量" in next(staleness.stale(before))
    after = measured()
    assert list(staleness.stale(after)) == []
    assert [line[1:] for line in lines(after)] == [line[1:] for line in lines(before)]
    assert [line[0] for line in lines(after)] == ["6"]
    assert not Difference.objects.filter(run=after, resource=HOST, code__in=("D1", "D2", "D3", "D12")).exists()


def test_R075_更正完成日期_计费从更正的日子起算() -> None:
    used()
    corrected(fact_of(), effective_on=date(2025, 7, 4), quantity=fact_of().quantity, reason="工单写早了一天")
    run = measured()
    # 三个月测试期从更正的完成日起
    assert lines(run)[0][1] == date(2025, 10, 4)


def test_R075_只作废的_不再计费_也不变成无工单() -> None:
    used()
    for fact in Fact.objects.filter(resource__code=HOST):
        corrected(fact, effective_on=None, quantity=None, reason="这台没有交付过")
    run = measured()
    assert not BillLine.objects.filter(run=run, resource=HOST).exists()
    assert not Difference.objects.filter(run=run, code="D1").exists()


def test_R075_全部作废了的单据_不再照批准的内容当没有回执的列() -> None:
    project = used()
    for fact in Fact.objects.filter(resource__project=project):
        corrected(fact, effective_on=None, quantity=None, reason="整张都没有交付")
    assert not Difference.objects.filter(run=measured(), code="D1").exists()


def test_R075_补录的也能更正_数量和停止计费的日子都照更正的() -> None:
    recorded(workbook())
    corrected(fact_of("LS-ECS-2", "新增"), quantity=Decimal(2), reason="原件上是 2 核")
    stop = fact_of("LS-ECS-2", "释放")
    assert stop.effective_on == date(2026, 3, 1)
    corrected(stop, effective_on=date(2026, 1, 1), quantity=None, reason="实际 12 月 31 日审核")
    assert lines(measured(), "LS-ECS-2") == [("2", date(2025, 7, 1), date(2026, 1, 1))]
    # 更正过的还可以再更正
    corrected(fact_of("LS-ECS-2", "释放"), effective_on=date(2025, 12, 1), quantity=None, reason="又核了一遍")
    corrected(fact_of("LS-ECS-2", "新增"), quantity=Decimal(3), reason="又核了一遍")
    assert lines(measured(), "LS-ECS-2") == [("3", date(2025, 7, 1), date(2025, 12, 1))]


def test_R001_只有区科创中心能更正() -> None:
    used()
    for who in ("mzj", "mzj-fzr", "lt", "dsf", "kw"):
        with pytest.raises(NotYours):
            corrected(fact_of(), who)
        page = f"/assets/{HOST}/facts/{fact_of().pk}/correct/"
        assert signed_in(who).get(page).status_code == 403, who
    assert not Correction.objects.exists()


def test_R075_没有理由没有证据_没改的_没到的_作废过的_都不收() -> None:
    used()
    fact = fact_of()
    with pytest.raises(Refused, match="写明为什么更正") as refused:
        corrected(fact, reason=" ", evidence=None)
    assert "请附更正的证据" in str(refused.value)
    with pytest.raises(Refused, match="都没有改"):
        corrected(fact, quantity=fact.quantity)
    with pytest.raises(Refused, match="还没到"):
        corrected(fact, effective_on=JULY + timedelta(days=1))
    with pytest.raises(Refused, match="数量应大于 0"):
        corrected(fact, quantity=Decimal(0))
    corrected(fact)
    with pytest.raises(Refused, match="已经作废"):
        corrected(fact, quantity=Decimal(7))
    assert Correction.objects.count() == 1


def test_R075_没采纳的_别的资源的异议_不能拿来更正() -> None:
    used()
    run = measured()
    rejected = accepted(run, "不采纳")
    with pytest.raises(Refused, match="没有采纳"):
        corrected(fact_of(), objection=rejected)
    other = fact_of("ECS-YR-02")
    with pytest.raises(Refused, match=f"是对 {HOST} 提的"):
        corrected(other, objection=accepted(run))
    assert not Correction.objects.exists()
    assert not Remedy.objects.exists()


def test_R075_采纳了没有改正的_不能提交复算_改正了或写明不需要改才行() -> None:
    used()
    appraised()
    objection = accepted(measured())
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    with pytest.raises(Refused, match=r"采纳了的异议还有 1 条没有改正.*R-075"):
        act("shy", case, "file")
    with pytest.raises(Refused, match="写明为什么不需要改数据"):
        mending.leave(actor=cast()["shy"], on=JULY, objection=objection, text=" ")
    with pytest.raises(NotYours):
        mending.leave(actor=cast()["lt"], on=JULY, objection=objection, text="不用改")
    mending.leave(actor=cast()["shy"], on=JULY, objection=objection, text="已改了裁定，台账无误")
    with pytest.raises(Refused, match="已经改正过"):
        mending.leave(actor=cast()["shy"], on=JULY, objection=objection, text="再写一次")
    act("shy", case, "file")


def test_R075_计量以后又更正了_补录了_要重新计量() -> None:
    used()
    run = measured()
    assert list(staleness.stale(run)) == []
    corrected(fact_of())
    recorded(workbook())
    assert list(staleness.stale(run)) == [
        f"批次 {run.pk} 导出数据以后，单据、单据明细、工单、项目变了，台账更正多了 1 条，补录单据多了 3 条，请重新计量"
        "（R-075、R-077、R-084）"
    ]


def test_R075_没有记过摘要的老批次_从存着的数据包现算() -> None:
    used()
    run = measured()
    run.read = {}
    assert [*staleness.stale(run), *staleness.hint(run)] == []
    recorded(workbook())
    for seen in (staleness.stale(run), staleness.hint(run)):
        (problem,) = seen
        assert "单据、单据明细、工单、项目变了，请重新计量" in problem


def test_R083_冻结的年度不变_更正的由补差结清(tmp_path: Path) -> None:
    used()
    approved(tmp_path)
    frozen = queries.frozen(YEAR)
    assert frozen
    before = lines(frozen.run)
    corrected(fact_of())
    assert lines(frozen.run) == before
    assert lines(measured("补差"))[0][0] == "6"
    page = signed_in("shy").get(f"/assets/{HOST}/facts/{fact_of().pk}/correct/").content.decode()
    assert f"{YEAR} 服务年度的结算已经冻结" in page


# ── 页面 ──


def test_R083_冻结以后台账又更正了_年度页工作台写明几个资源几条_补差冻结了不再说(tmp_path: Path) -> None:
    used()
    approved(tmp_path)
    pages = (f"/settlement/{YEAR}/", "/")
    assert amended.since(YEAR) is None
    # 下一年度的动作，与这一年无关
    other = fact_of()
    Fact.objects.create(
        resource=other.resource, item=other.item, action="变更", quantity=Decimal(2), effective_on=JULY,
        recorded_on=JULY, case=other.case, by="下一年度的",
    )  # fmt: skip
    assert amended.since(YEAR) is None
    corrected(fact_of())
    found = amended.since(YEAR)
    assert found is not None
    assert (found.facts, found.resources) == (2, 1)
    for who in ("shy", "kw"):
        for page in pages:
            assert (
                "冻结的那一批算完以后台账又记、更正了 1 个资源的 2 条这一年以内的"
                in signed_in(who).get(page).content.decode()
            )
    assert "台账又记" not in signed_in("lt").get("/").content.decode()


def test_R083_冻结以后又裁定的_年度页写明几次(tmp_path: Path) -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    approved(tmp_path)
    assert amended.since(YEAR) is None
    rule_all()
    found = amended.since(YEAR)
    assert found is not None
    assert found.facts == 0
    assert (
        f"冻结的那一批算完以后差异又裁定、撤回了 {found.rulings} 次"
        in signed_in("shy").get(f"/settlement/{YEAR}/").content.decode()
    )


def test_从异议页上更正_资源页看得到_证据看得到资源的都能下() -> None:
    used()
    run = measured()
    objection, fact, client = accepted(run), fact_of(), signed_in("shy")
    page = client.get(f"/settlement/objections/{objection.pk}/").content.decode()
    url = f"/assets/{HOST}/facts/{fact.pk}/correct/"
    assert "待改正" in page
    assert f"{url}?objection={objection.pk}" in page
    assert "待改正" in client.get("/settlement/objections/").content.decode()
    assert (
        "更正"
        not in signed_in("lt")
        .get(f"/settlement/objections/{objection.pk}/")
        .content.decode()
        .partition("<aside>")[2]
        .partition("</aside>")[0]
    )
    given = {
        "way": "改成",
        "effective_on": "2025-07-03",
        "quantity": "6",
        "objection": str(objection.pk),
        "reason": "照工单",
    }
    lacking = client.post(url, given)
    assert lacking.status_code == 422
    assert "照工单" in lacking.content.decode()
    wrong = client.post(url, {**given, "quantity": "六"})
    assert wrong.status_code == 422
    file = SimpleUploadedFile("工单.pdf", b"%PDF-1.4")
    done = client.post(url, {**given, "file": file})
    assert done.headers["Location"] == f"/settlement/objections/{objection.pk}/"
    made = Correction.objects.get()
    assert "更正台账" in signed_in("lt").get(f"/settlement/objections/{objection.pk}/").content.decode()
    for who, status in (("shy", 200), ("mzj", 200), ("lt", 200), ("jyj", 404), ("dx", 404)):
        assert signed_in(who).get(f"/assets/{HOST}/corrections/{made.pk}/").status_code == status, who
    assert f"/facts/{fact_of().pk}/correct/" in client.get(f"/assets/{HOST}/").content.decode()
    assert "/correct/" not in signed_in("mzj").get(f"/assets/{HOST}/").content.decode()
    shown = client.get(f"/assets/{HOST}/evidence/{fact.pk}/").content.decode()
    assert "照工单" in shown
    assert made.digest in shown


def test_在异议页上写明不需要改数据() -> None:
    used()
    objection = accepted(measured())
    client = signed_in("shy")
    url = f"/settlement/objections/{objection.pk}/"
    assert client.post(url, {"kind": "不改", "text": " "}).status_code == 422
    assert client.post(url, {"kind": "不改", "text": "已补录 SQ-2024-01"}).status_code == 302
    page = client.get(url).content.decode()
    assert "已补录 SQ-2024-01" in page
    assert "待改正" not in page
