"""考核的线索（D62-附件5，R-091）：系统里已有的事列出来待认定，认定了才成事件，不登记的写明理由。"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.appraisal import at_july, decided, page, sent, started
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, measured, used
from yunheng.assessment import leading, queries
from yunheng.assessment.leading import Lead
from yunheng.assessment.models import Dismissal, Occurrence, Score
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases import rectifying
from yunheng.cases.models import Case
from yunheng.ledger.models import Source
from yunheng.ledger.receiving import receive
from yunheng.orgs.models import Institution
from yunheng.rules.roles import Role
from yunheng.settlement import handling, handover
from yunheng.settlement.disputing import differences
from yunheng.settlement.models import Handling
from yunheng.settlement.queries import latest_run

pytestmark = pytest.mark.django_db
SPRING = date(2026, 3, 2)


def unicom() -> Institution:
    return Institution.objects.get(code="CU")


def complained(level: str = "差", on: date = SPRING) -> None:
    handover.feedback(
        actor=cast()["kw"],
        on=on,
        provider=unicom(),
        year=YEAR,
        level=level,
        text="民政局来函：扩容拖了两周，电话没人接",
    )


def lead() -> Lead:
    (found,) = leading.pending(YEAR, JULY)
    return found


def dismissed(reason: str) -> None:
    leading.dismiss(actor=cast()["shy"], on=JULY, year=YEAR, key=lead().key, reason=reason)


def take(key: str, **changed: Any) -> Occurrence:
    given: dict[str, Any] = {
        "actor": cast()["dsf"], "on": JULY, "year": YEAR, "indicator": "B", "responsibility": "主要责任",
        "happened_on": SPRING, "text": "来函投诉扩容拖延",
    }  # fmt: skip
    return leading.take(**{**given, "key": key, **changed})


def test_R091_差的服务反馈成投诉的线索_认定以前不扣分_认定了才是事件() -> None:
    complained("较好", date(2026, 1, 5))
    assert leading.pending(YEAR, JULY) == []
    complained()
    found = lead()
    assert (found.indicator, found.provider, found.on, found.source) == ("B", unicom(), SPRING, "服务反馈")
    assert not queries.counted(YEAR).exists()
    one = take(found.key)
    assert (one.reference, one.indicator, one.responsibility) == (found.reference, "B", "主要责任")
    (kept,) = one.evidence.all()
    assert kept.name == "来源摘录-服务反馈.txt"
    assert "扩容拖了两周" in bytes(kept.content).decode()
    assert "/settlement/handover/" in bytes(kept.content).decode()
    assert leading.pending(YEAR, JULY) == []
    assert queries.counted(YEAR).count() == 1


def test_R091_反馈更正了的照最近一次_线索不再列() -> None:
    complained()
    complained("一般", date(2026, 4, 1))
    assert leading.pending(YEAR, JULY) == []


def test_R091_一条线索只认定一次_没有责任的_不在服务年度的都拒绝() -> None:
    complained()
    key = lead().key
    with pytest.raises(Refused, match="请选服务商负什么责任"):
        take(key, responsibility="")
    with pytest.raises(Refused, match="不在 2025 服务年度"):
        take(key, happened_on=date(2025, 6, 30))
    assert not Occurrence.objects.exists()
    take(key)
    with pytest.raises(Refused, match="已经认定过，或者原来的记录变了"):
        take(key)
    with pytest.raises(Refused, match="已经认定过"):
        leading.dismiss(actor=cast()["shy"], on=JULY, year=YEAR, key=key, reason="重复")
    assert Occurrence.objects.count() == 1
    assert not Dismissal.objects.exists()


def test_R091_不登记的要写明理由_以后不再列_谁定的留着() -> None:
    complained()
    key = lead().key
    with pytest.raises(Refused, match="不登记要写明理由"):
        leading.dismiss(actor=cast()["shy"], on=JULY, year=YEAR, key=key, reason=" ")
    leading.dismiss(actor=cast()["shy"], on=JULY, year=YEAR, key=key, reason="查过是单位材料没有交齐")
    assert leading.pending(YEAR, JULY) == []
    kept = Dismissal.objects.get()
    assert (kept.reason, kept.on, kept.source) == ("查过是单位材料没有交齐", JULY, "服务反馈")
    assert not queries.counted(YEAR).exists()
    with pytest.raises(Refused, match="已经认定过"):
        take(key)


def test_R091_服务商_使用单位_区科委不能认定() -> None:
    complained()
    key = lead().key
    for who in ("lt", "mzj", "kw"):
        with pytest.raises(NotYours, match="由第三方机构或区科创中心认定"):
            take(key, actor=cast()[who])
        with pytest.raises(NotYours, match="由第三方机构或区科创中心认定"):
            leading.dismiss(actor=cast()[who], on=JULY, year=YEAR, key=key, reason="不算")
    assert not Occurrence.objects.exists()


def test_R091_考核送服务商确认以后不能再认定成事件_先退回() -> None:
    sent()
    complained()
    key = lead().key
    with pytest.raises(Refused, match="已送“服务商确认”，不能再登记；要补的，请区科创中心先退回第三方重评"):
        take(key)
    assert not Occurrence.objects.exists()


def test_R091_有线索没有认定的_不能送出_复核_审定_写明不登记的理由才走得下去() -> None:
    complained()
    with pytest.raises(Refused, match=r"还有 1 条线索没有认定（服务反馈 .*）：请逐条登记，或写明不登记的理由"):
        sent()
    case = Case.objects.get(procedure="appraisal")
    dismissed("单位材料没有交齐")
    act("dsf", case, "file")
    act("lt", case, "accept")
    complained("差", date(2026, 4, 1))
    with pytest.raises(Refused, match="还有 1 条线索没有认定"):
        act("shy", case, "approve")
    dismissed("与上一封是同一件事")
    act("shy", case, "approve")
    complained("差", date(2026, 5, 6))
    with pytest.raises(Refused, match="还有 1 条线索没有认定"):
        act("kw", case, "approve")
    dismissed("还是同一件事")
    act("kw", case, "approve")
    assert Score.objects.exists()


def test_R091_审定锁定以后才出现的线索_不能再扣_在线索页逐条点名() -> None:
    decided()
    at_july()
    assert "审定锁定以后才出现的（" not in page("kw", f"/assessment/leads/?year={YEAR}")
    complained("差", date(2026, 6, 1))
    assert leading.pending(YEAR, JULY) == []
    shown = page("kw", f"/assessment/leads/?year={YEAR}")
    assert "审定锁定以后才出现的（1 条）" in shown
    assert "扩容拖了两周" in shown
    (late,) = leading.locked_out(YEAR, JULY)
    with pytest.raises(Refused, match="已经认定过，或者原来的记录变了"):
        take(late.key)


def test_R091_过期没有回报的整改成及时性的线索_按期回报的不列() -> None:
    from yunheng.assessment import operations as assessment

    case = assessment.start(actor=cast()["dsf"], on=JULY, provider=unicom(), year=YEAR)
    made = [
        rectifying.require(
            actor=cast()["shy"], on=date(2026, 5, 6), case=case, institution=unicom(), text=text,
            due_on=date(2026, 6, 1), closer=Role.REVIEWER, clause="M6-34",
        )
        for text in ("补齐值班记录", "更换故障硬盘")
    ]  # fmt: skip
    rectifying.advance(actor=cast()["lt"], on=date(2026, 5, 29), requirement=made[0], kind="回报", text="已补齐")
    assert leading.pending(YEAR, date(2026, 6, 1)) == []
    found = lead()
    assert (found.indicator, found.on, found.case) == ("A", date(2026, 6, 1), case)
    assert "更换故障硬盘" in found.text
    rectifying.advance(actor=cast()["lt"], on=date(2026, 6, 20), requirement=made[1], kind="回报", text="换了")
    assert "2026-06-20 才回报" in lead().text


# ── 对账差异 ──


def unlogged() -> None:
    """一个项目没有平台日志，年度计量以后是 D5。"""
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    measured()


def rule(ruling: str, **days: date) -> None:
    run = latest_run(YEAR)
    assert run is not None
    for row in differences(run):
        if row.code == "D5":
            handling.handle(
                actor=cast()["shy"], on=JULY, year=YEAR, code="D5", resource=row.resource, item=row.item,
                kind=Handling.RULE, text="平台上查无此机", ruling=ruling, **days,
                evidence=("平台截图.txt", b"no such host"),
            )  # fmt: skip


def test_R091_差异没有裁定的_裁定认可的都不是线索() -> None:
    unlogged()
    assert leading.pending(YEAR, JULY) == []
    rule("认可")
    assert leading.pending(YEAR, JULY) == []


def test_R091_只有一段日子裁定不计费的也是线索_不看最近的一条() -> None:
    unlogged()
    rule("不计费", until_on=date(YEAR, 11, 1))
    rule("认可", from_on=date(YEAR, 11, 1))
    found = leading.pending(YEAR, JULY)
    assert {one.indicator for one in found} == {"F"}
    assert f"{YEAR}-07-01 至 {YEAR}-10-31（含）不计费；{YEAR}-11-01 至 {YEAR + 1}-06-30（含）认可" in found[0].text


def test_R091_只裁了一段不计费_其余日子还没裁的也是线索() -> None:
    unlogged()
    rule("不计费", until_on=date(YEAR, 11, 1))
    assert {one.indicator for one in leading.pending(YEAR, JULY)} == {"F"}


def test_R091_没有计量过的_计量以后又收到的_写明线索可能没有列全() -> None:
    (said,) = leading.doubts(YEAR)
    assert "还没有计量过，对账差异的线索还列不出来" in said
    used()
    measured()
    assert leading.doubts(YEAR) == []
    source = Source.objects.get(code="联通云管平台")
    log = {"编号": "L-9", "资源": "ECS-GHOST-9", "首见日期": "2025-10-01", "末见日期": "2026-06-30"}
    receive(actor=cast()["lt"], on=JULY, source=source, kind="日志", items=[("L-9", log)])
    (said,) = leading.doubts(YEAR)
    assert "照现在的计量一次，对账差异的线索才列得全" in said
    at_july()
    case = started()
    for url in (f"/assessment/leads/?year={YEAR}", f"/cases/{case.number}/"):
        assert "对账差异的线索才列得全" in page("dsf", url)
    measured()
    assert leading.doubts(YEAR) == []


def test_R091_裁定不计费的成制度执行的线索_一张工单一条_裁定的证据带过去() -> None:
    unlogged()
    rule("不计费")
    found = leading.pending(YEAR, JULY)
    assert {one.indicator for one in found} == {"F"}
    assert all(one.reference.startswith("D5 ") for one in found)
    assert len({one.reference for one in found}) == len(found) >= 1
    assert "裁定不计费：平台上查无此机" in found[0].text
    one = take(found[0].key, indicator="F", happened_on=found[0].on)
    assert [(file.name, bytes(file.content)) for file in one.evidence.order_by("pk")][1] == (
        "平台截图.txt", b"no such host",
    )  # fmt: skip
    assert len(leading.pending(YEAR, JULY)) == len(found) - 1


def test_R091_平台上有没有单据没有工单的资源_是哪家平台报的就是哪家的线索() -> None:
    used()
    source = Source.objects.get(code="联通云管平台")
    log = {"编号": "L-1", "资源": "ECS-GHOST-1", "首见日期": "2025-10-01", "末见日期": "2026-06-30"}
    receive(actor=cast()["lt"], on=JULY, source=source, kind="日志", items=[("L-1", log)])
    measured()
    found = lead()
    assert (found.indicator, found.provider, found.on, found.reference) == (
        "F", unicom(), date(2025, 10, 1), "D13 ECS-GHOST-1",
    )  # fmt: skip
    # 往年的事归往年的考核
    assert leading.pending(YEAR - 1, JULY) == []


# ── 页面 ──


def test_R091_线索页登记_不登记_填错的退回还在_服务商看不到() -> None:
    complained()
    at_july()
    key = lead().key
    url = f"/assessment/leads/?year={YEAR}"
    assert signed_in("lt").get(url).status_code == 403
    assert "民政局来函" in page("kw", url)
    assert "登记为事件" not in page("kw", url)
    assert "待认定的线索（1）" in page("dsf", f"/assessment/?year={YEAR}")
    form = {"year": YEAR, "key": key, "indicator": "B", "responsibility": "", "on": "2026-03-02", "text": "改过的事实"}
    bad = signed_in("dsf").post(f"/assessment/leads/take/?year={YEAR}", form)
    assert bad.status_code == 422
    assert "改过的事实" in bad.content.decode()
    good = signed_in("dsf").post(f"/assessment/leads/take/?year={YEAR}", {**form, "responsibility": "全部责任"})
    assert (good.status_code, good["Location"]) == (302, url)
    assert Occurrence.objects.get().text == "改过的事实"
    assert "没有待认定的线索" in page("dsf", url)


def test_R091_没认定完的在考核办件上提醒第三方() -> None:
    from yunheng.assessment import operations as assessment

    complained()
    at_july()
    case = assessment.start(actor=cast()["dsf"], on=JULY, provider=unicom(), year=YEAR)
    assert "还有 1 条线索没有认定" in page("dsf", f"/cases/{case.number}/")
    leading.dismiss(actor=cast()["dsf"], on=JULY, year=YEAR, key=lead().key, reason="已由市里处理")
    assert "条线索没有认定" not in page("dsf", f"/cases/{case.number}/")
