"""考核事件的证据（D62-附件5，R-091）：附件，或系统里这家经办的办件、送来的工单；别的号作不得证据。"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.appraisal import DAY, SHEET, rated, record, sent, started, unicom
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, used
from yunheng.assessment import operations, queries
from yunheng.assessment.models import Evidence, Occurrence, Score
from yunheng.audit.actor import SYSTEM
from yunheng.audit.refused import Refused
from yunheng.cases.models import Board, Case
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Disposal, Received, Source
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.rules.scoring import INDICATORS

pytestmark = pytest.mark.django_db

# ── 证据（补充裁定 49） ──


def test_R091_没有证据的事件送不了确认_补了附件就能送() -> None:
    rated()
    one = record(files=())
    case = started()
    with pytest.raises(Refused, match=r"来函-1.*没有证据"):
        act("dsf", case, "file")
    operations.prove(actor=cast()["dsf"], on=JULY, occurrence=one, name="来函.pdf", content=b"%PDF")
    act("dsf", case, "file")
    assert Board.objects.get(case=case).step == "reply"


def test_R091_没有证据的事件复核为不计分_就不挡送确认_复核为计分的拒绝() -> None:
    rated()
    one = record(files=())
    with pytest.raises(Refused, match="没有证据，不能复核为计分"):
        operations.find(actor=cast()["shy"], on=JULY, occurrence=one, counted=True, reason="查实")
    operations.find(actor=cast()["shy"], on=JULY, occurrence=one, counted=False, reason="查无此函")
    case = started()
    act("dsf", case, "file")
    assert Board.objects.get(case=case).step == "reply"


def test_R091_送出以后才混进来的没有证据的事件_审定不了() -> None:
    case = sent()
    act("lt", case, "accept")
    act("shy", case, "approve")
    # 有这条规矩以前留下的
    Occurrence.objects.create(
        provider=unicom(), indicator="B", responsibility="全部责任", on=DAY, text="老的一起", mark="老的", by="第三方"
    )
    with pytest.raises(Refused, match="没有证据"):
        act("kw", case, "approve")
    assert not Score.objects.exists()


def test_R091_来源编号是这家的办件号_自动带出处() -> None:
    rated()
    used()
    mine = Case.objects.filter(board__provider=unicom(), procedure="new").get()
    one = record(reference=mine.number)
    assert one.case == mine
    (fact,) = queries.sheet(unicom(), YEAR).facts
    assert (fact.case, fact.unproved) == (mine.number, False)
    assert fact.shows == "“服务商开通”2025-07-02 收到，应于 2025-07-08 办完，2025-07-03 办完，按期"


@pytest.mark.parametrize("indicator", ["B", "C", "D", "E", "F"])
def test_R091_办件只说明办得及时不及时_投诉故障瞒报事故违反制度的单凭它登记不了_附了文件才收(indicator: str) -> None:
    used()
    mine = Case.objects.get(board__provider=unicom(), procedure="new").number
    title = INDICATORS[indicator].title.replace("(", r"\(").replace(")", r"\)")
    refused(
        rf"{mine} 只说明服务任务办得及时不及时（“服务商开通”2025-07-02 收到，应于 2025-07-08 办完，"
        rf"2025-07-03 办完，按期），“{title}”单凭它",
        indicator=indicator, reference=mine,
    )  # fmt: skip
    late = Walk(cast(), "mzj", date(2026, 3, 2), "new", project_name="逾期开通").fill(**FILLED).submit()
    late.act("mzj-fzr", "approve").act("shy", "approve")
    refused(
        rf"{late.case.number} 只说明.+还没有办完），“{title}”单凭它", indicator=indicator, reference=late.case.number
    )
    assert record(indicator, mine).case is not None


def test_R091_早先单凭办件登记的投诉_算缺证据_表上写明那件是按期办的_送不了确认() -> None:
    rated()
    used()
    mine = Case.objects.get(board__provider=unicom(), procedure="new")
    Occurrence.objects.create(
        provider=unicom(), indicator="B", responsibility="全部责任", on=DAY, text="投诉", mark="老的", by="第三方",
        reference=mine.number, case=mine,
    )  # fmt: skip
    with pytest.raises(Refused, match="没有证据"):
        act("dsf", started(), "file")
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    text = signed_in("dsf").get(SHEET).content.decode()
    assert "2025-07-03 办完，按期" in text
    assert "缺证据" in text


def test_R091_及时性的日期早于那件到期的那天_单凭它登记不了() -> None:
    late = Walk(cast(), "mzj", date(2026, 3, 2), "new", project_name="逾期开通").fill(**FILLED).submit()
    late.act("mzj-fzr", "approve").act("shy", "approve")
    number = late.case.number
    refused(
        f"{number} 到 2026-03-03 还没有超期（“服务商开通”2026-03-02 收到，应于 2026-03-09 办完，"
        "到 2026-07-08 还没有办完），那一天的“服务任务完成及时性.A.”单凭它",
        indicator="A", reference=number, happened_on=date(2026, 3, 3),
    )  # fmt: skip
    assert record("A", number, files=(), happened_on=date(2026, 3, 9)).case == late.case


def test_R091_及时性的工单写明是哪件的_那件按期办完的_单凭工单登记不了_看不出的照收() -> None:
    used()
    mine = Case.objects.get(board__provider=unicom(), procedure="new").number
    order("GD-ONTIME", form=f"{mine}/CU")
    refused(
        f"工单 GD-ONTIME 的办件没有超期（{mine} “服务商开通”.+，按期），“服务任务完成及时性.A.”单凭它",
        indicator="A",
        reference="GD-ONTIME",
    )
    assert record("A", "GD-ONTIME").pk
    order("GD-UNKNOWN")
    assert record("A", "GD-UNKNOWN", files=()).pk


def test_R091_来源编号是这家送来的工单号_收到的原样抄作证据() -> None:
    source = Source.objects.create(code="联通平台", provider=unicom())
    order = {
        "工单号": "GD-77", "单号": "", "资源": "ECS-X", "目录项": "ZJ-CPU-X86", "动作": "新增", "数量": "2",
        "完成日期": "2026-03-02",
    }  # fmt: skip
    Received.objects.create(
        source=source, source_ref="GD-77/ECS-X/ZJ-CPU-X86", kind="工单", payload=order, digest="0" * 64
    )
    one = record(reference="GD-77", files=())
    kept = Evidence.objects.get(occurrence=one)
    assert "ECS-X" in bytes(kept.content).decode()
    assert not queries.unproved(unicom(), YEAR).exists()
    assert not Evidence.objects.filter(occurrence=record(reference="GD-7", files=())).exists()


def test_R091_系统自己记的事件不带出处_拒绝() -> None:
    with pytest.raises(Refused, match="要带出处"):
        record(actor=SYSTEM, files=(), mark_="自动/1", reference="")
    assert not Occurrence.objects.exists()


def test_R091_考核表和清单上点名缺证据的() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    record(files=())
    client = signed_in("dsf")
    assert "缺证据" in client.get(SHEET).content.decode()
    assert "缺证据" in client.get("/assessment/", {"year": YEAR}).content.decode()


# ── 系统里的号，作得证据的和作不得的 ──

ACCEPTED = "系统里的出处只认这家经办的开通、迁移、变更、注销等办件的号，和这家送来的工单号"


def refused(why: str, **given: Any) -> None:
    with pytest.raises(Refused, match=rf"来源编号：{why}，不能作证据。{ACCEPTED}"):
        record(**{"files": ()} | given)
    assert not Occurrence.objects.exists()


def test_R091_考核自己的办件_满意度调查的办件_作不得证据_附了文件也不收这个号() -> None:
    case = started()
    refused(f"{case.number} 是“服务商年度考核”的办件，不是服务商的服务任务", reference=case.number)
    refused(
        f"{case.number} 是“服务商年度考核”的办件，不是服务商的服务任务", reference=case.number, files=[("甲.pdf", b"1")]
    )


def test_R091_补录的办件作不得证据_哪怕是这家的() -> None:
    used()
    mine = Case.objects.get(board__provider=unicom(), procedure="new")
    Case.objects.create(
        number="SQ-2025-9001", procedure="new", version=1, unit=mine.unit, subject="补录", opened_on=mine.opened_on,
        backfilled=True,
    )  # fmt: skip
    refused("SQ-2025-9001 是补录的办件，没有当时的经过", reference="SQ-2025-9001")
    Case.objects.create(
        number="BL-2025-9001", procedure="backfill", version=1, unit=mine.unit, subject="补录", opened_on=DAY
    )
    refused("BL-2025-9001 是“[^”]+”的办件，不是服务商的服务任务", reference="BL-2025-9001")


def test_R091_别家经办的_没有到过这家手上的_不在这个服务年度的_都作不得证据() -> None:
    used()
    mine = Case.objects.get(board__provider=unicom(), procedure="new").number
    telecom = Institution.objects.get(code="CT")
    refused(f"{mine} 不是电信经办的", reference=mine, provider=telecom)
    later = Walk(cast(), "mzj", date(2026, 6, 1), "new", project_name="还没批").fill(**FILLED).submit()
    Board.objects.filter(case=later.case).update(provider=unicom())
    refused(f"{later.case.number} 这个服务年度没有到过联通手上", reference=later.case.number)
    refused(f"{mine} 这个服务年度没有到过联通手上", reference=mine, happened_on=date(2025, 3, 2), year=YEAR - 1)


def test_R091_及时性的事件只凭没有超期的办件_拒绝_附了文件的收_超了期的收() -> None:
    used()
    mine = Case.objects.get(board__provider=unicom(), procedure="new").number
    refused(
        f"{mine} 里联通这个服务年度没有超期（.+，按期），“服务任务完成及时性.A.”单凭它", indicator="A", reference=mine
    )
    with_file = record("A", mine)
    assert with_file.case is not None
    late = Walk(cast(), "mzj", date(2026, 3, 2), "new", project_name="逾期开通").fill(**FILLED).submit()
    late.act("mzj-fzr", "approve").act("shy", "approve")
    bare = record("A", late.case.number, files=(), happened_on=date(2026, 4, 1))
    assert bare.case == late.case
    assert not queries.unproved(unicom(), YEAR).exists()


def order(number: str, provider: str = "CU", done: str = "2026-03-02", form: str = "") -> Received:
    source, _ = Source.objects.get_or_create(
        code=f"{provider}平台", defaults={"provider": Institution.objects.get(code=provider)}
    )
    return Received.objects.create(
        source=source, source_ref=f"{number}/ECS-X/ZJ", kind="工单", digest="0" * 64,
        payload={"工单号": number, "单号": form, "资源": "ECS-X", "完成日期": done},
    )  # fmt: skip


def test_R091_别家送来的工单_别的服务年度办完的工单_作不得证据() -> None:
    order("GD-CT", "CT")
    refused("工单 GD-CT 不是联通送来的", reference="GD-CT")
    order("GD-OLD", done="2024-03-02")
    refused(r"工单 GD-OLD 的完成日期（2024-03-02）不在这个服务年度", reference="GD-OLD")


def test_R091_退回作废了的工单不算系统里的出处_缺证据送不了确认() -> None:
    Disposal.objects.create(received=order("GD-VOID"), kind=Disposal.VOID, reason="送错", on=JULY, by="区科创中心")
    record(reference="GD-VOID", files=())
    rated()
    case = started()
    with pytest.raises(Refused, match=r"GD-VOID.*没有证据"):
        act("dsf", case, "file")


def test_R091_早先拿考核自己的办件登记的_仍算缺证据_送不了确认_复核不能计分_表上点名() -> None:
    rated()
    case = started()
    one = Occurrence.objects.create(
        provider=unicom(), indicator="D", responsibility="全部责任", on=DAY, text="瞒报", mark="老的", by="第三方",
        reference=case.number, case=case,
    )  # fmt: skip
    assert queries.unproved(unicom(), YEAR).get() == one
    with pytest.raises(Refused, match=rf"{case.number}.*没有证据"):
        act("dsf", case, "file")
    with pytest.raises(Refused, match="没有证据，不能复核为计分"):
        operations.find(actor=cast()["shy"], on=JULY, occurrence=one, counted=True, reason="查实")
    (fact,) = queries.sheet(unicom(), YEAR).facts
    assert fact.case == ""
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    assert "缺证据" in signed_in("dsf").get(SHEET).content.decode()
    assert "缺证据" in signed_in("dsf").get("/assessment/", {"year": YEAR}).content.decode()


def test_R091_自动记的超期事件带着那件办件_不用附件就送得了确认() -> None:
    late = Walk(cast(), "mzj", date(2026, 6, 1), "new", project_name="逾期开通").fill(**FILLED).submit()
    late.act("mzj-fzr", "approve").act("shy", "approve")
    assert operations.arise(date(2026, 7, 1)) == 1
    one = Occurrence.objects.get()
    assert (one.case, one.evidence.count()) == (late.case, 0)
    assert Board.objects.get(case=sent()).step == "reply"
    assert queries.sheet(unicom(), YEAR).facts[0].case == late.case.number
