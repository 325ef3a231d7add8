"""同一动作的工单从几条路来，账上采用哪一张，台账、日历、订阅、导出的表就照哪一张说；没有采用的逐件说出来（R-052、R-072、R-075）。"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.test import Client

from tests.scenarios.test_arrivals import file_of, platform, send
from tests.scenarios.test_charging import clock, listed
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, measured, used
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger import adopting, charging, sending
from yunheng.ledger.models import Channel, Correction, Fact, Received, Segment
from yunheng.ledger.operations import correct, issue_key
from yunheng.ledger.receiving import Taken, receive, source_of
from yunheng.rules import periods
from yunheng.settlement import queries
from yunheng.settlement.bill import daily, evidence, levels
from yunheng.settlement.models import Run

pytestmark = pytest.mark.django_db
HOST, CPU = "ECS-YR-01", "ZJ-CPU-X86"
START, END = periods.service_year(YEAR).start, periods.year_end(YEAR)
PROOF = ("核对记录.pdf", b"%PDF-1.4")


def added(resource: str = HOST, item: str = CPU) -> Fact:
    return Fact.objects.get(resource__code=resource, item__code=item, action="新增", voided_by=None)


def order(fact: Fact, number: str, on: date | str, quantity: str = "", **more: str) -> dict[str, str]:
    """说这条事实那个动作的一张工单。"""
    assert fact.case
    return {
        "工单号": number, "单号": fact.case.number, "资源": fact.resource.code, "目录项": fact.item.code,
        "动作": fact.action, "数量": quantity or f"{(fact.quantity or Decimal(0)).normalize():f}", "完成日期": f"{on}",
        **more,
    }  # fmt: skip


def amended(fact: Fact, on: date, quantity: Decimal | None = None, by: date = JULY) -> Correction:
    """区科创中心照证据更正台账上的一条。"""
    return correct(
        actor=cast()["shy"], on=by, fact=fact, reason="核对过机房的上架记录", evidence=PROOF, effective_on=on,
        quantity=quantity or fact.quantity,
    )  # fmt: skip


def first_days(run: Run) -> dict[tuple[str, str], date]:
    """账上（待核的也算）各资源各项的头一天。"""
    found: dict[tuple[str, str], date] = {}
    for line in queries.lines_of(run):
        found[line.resource, line.item] = min(line.from_on, found.get((line.resource, line.item), line.from_on))
    return found


def charged() -> dict[tuple[str, str], date]:
    """台账说的各资源各项从哪天起计费。"""
    segments = list(Segment.objects.select_related("resource", "item"))
    starts = charging.charge_starts(segments, charging.as_billed())
    return {(one.resource.code, one.item.code): starts[one.pk] for one in segments}


def stated() -> dict[str, sending.Sent]:
    """送件方看到的各张工单：工单号 → 现在怎样。"""
    rows = list(Received.objects.filter(kind="工单"))
    return {one.received.payload["工单号"]: one for one in sending.described(rows)}


@pytest.mark.parametrize("seed", range(3))
def test_R072_随机从几条路来的工单_台账说的计费起日与账上的头一天总是相同(seed: int) -> None:
    rng = random.Random(seed)
    for turn in range(3):
        used(f"随机的系统{turn}", f"ECS-S{turn}-")
    facts = list(Fact.objects.filter(action="新增").select_related("resource", "item", "case").order_by("pk"))
    sources = [platform(), platform(), file_of(), source_of(platform().provider, Channel.BACKFILL)]
    for fact in facts:
        for turn in range(rng.choice([0, 1, 1, 2, 3])):
            day = date(2025, 5, 1) + timedelta(days=rng.randrange(400))
            source, number = rng.choice(sources), f"PT-{fact.pk}-{turn}"
            row = order(fact, number, day, rng.choice(["", "", "7"]))
            if rng.random() < 0.2:
                # 断开了单号的同一张：照别处说了单号的认
                row |= {"工单号": fact.order, "单号": ""}
            ref = f"{number}/{source.code}"
            receive(actor=cast()["lt"], on=JULY, source=source, kind="工单", items=[(ref, row)])
            if rng.random() < 0.3:
                later = order(fact, f"{number}改", day + timedelta(days=rng.randrange(-60, 60)), 更正=ref)
                later["完成日期"] = min(later["完成日期"], JULY.isoformat())
                receive(actor=cast()["lt"], on=JULY, source=source, kind="工单", items=[(f"{ref}/改", later)])
        if rng.random() < 0.15:
            amended(fact, date(2025, 6, 1) + timedelta(days=rng.randrange(200)))
    run = measured()
    said, billed = charged(), first_days(run)
    assert len(said) == len(facts)
    moved = 0
    for key, day in said.items():
        assert billed.get(key) == (max(day, START) if day < END else None), key
        moved += day != date(2025, 10, 3)
        place = levels.place_of(cast()["shy"], {"resource": key[0]})
        assert place is not None
        book = daily.book_of(cast()["shy"], run, place)
        assert book is not None
        (line,) = (one for one in book.timelines if one.item.code == key[1])
        if START < day < END:
            assert line.state(day - timedelta(days=1)) in (daily.TRIAL, daily.IDLE), key
            assert line.state(day) in (daily.CHARGED, daily.DISPUTED), key
    # 真有与自己的回执说法不同的
    assert moved > 5


@pytest.mark.parametrize(("sent", "begins"), [("2025-06-29", "2025-09-29"), ("2025-11-08", "2026-02-08")])
def test_R072_接口工单的完成日期与回执不同_列表_资源页_日历_订阅_导出的表都照账上的(sent: str, begins: str) -> None:
    used()
    for fact in Fact.objects.filter(action="新增").select_related("resource", "item", "case"):
        send("工单", order(fact, "API-1", sent))
    run = measured()
    assert first_days(run)[HOST, CPU].isoformat() == begins
    line = queries.lines_of(run).filter(resource=HOST, item=CPU).order_by("seq")[0]
    why = signed_in("shy").get(f"/settlement/runs/{run.pk}/lines/{line.seq}/", {"disputed": line.disputed or ""})
    # 账目的缘由里的完成日、测试期也是采用的那张的
    assert sent in why.content.decode()
    assert f"{added().effective_on} 完成" not in why.content.decode()
    day = date.fromisoformat(begins)
    row = listed(day - timedelta(days=1))[HOST]
    assert (row["状态"], row["计费起"], row["下发日"]) == ("测试中", begins, sent)
    assert listed(day)[HOST]["状态"] == "计费中"
    assert HOST in listed(day - timedelta(days=1), status="测试中")
    assert HOST in listed(day, status="计费中")
    clock(day - timedelta(days=1))
    client = signed_in("shy")
    page = client.get(f"/assets/{HOST}/").content.decode()
    assert f"{begins} 起计费" in page
    assert f"账上照 联通云管平台 的 API-1：{sent} 完成" in page
    assert f">{HOST}</a>" in client.get("/assets/calendar/", {"ym": begins[:7]}).content.decode()
    assert f"UID:{HOST}-{begins}@" in client.get("/assets/calendar.ics").content.decode()


def test_R072_回执与接口说法相同的_资源页不提() -> None:
    used()
    fact = added()
    send("工单", order(fact, "API-1", fact.effective_on))
    assert "账上照" not in signed_in("shy").get(f"/assets/{HOST}/").content.decode()


# ── 台账更正以后服务商再送 ──


def refused_order(quantity: str = "5") -> tuple[Correction, Taken]:
    """台账照证据更正成 2025-07-06、3 个以后，服务商又送 2025-07-10、5 个。"""
    used()
    made = amended(added(), date(2025, 7, 6), Decimal(3))
    assert made.replacement
    taken = send("工单", order(made.replacement, "API-9", "2025-07-10", quantity))
    return made, taken


def test_R075_台账更正以后服务商再送的_收下而不采用_当场提醒_批次列出_送件方看得到_证据里有() -> None:
    made, taken = refused_order()
    assert made.replacement
    assert taken.new == 1
    (reminder,) = taken.reminders
    assert "没有采用：区科创中心 2026-07-08 已照证据更正这一动作" in reminder
    assert "2025-07-06 完成，数量 3；理由：核对过机房的上架记录" in reminder
    run = measured()
    assert first_days(run)[HOST, CPU] == date(2025, 10, 6) == charged()[HOST, CPU]
    lost = {one.received.payload["工单号"]: one for one in run.outranked.select_related("received")}
    assert lost["API-9"].correction == made
    assert lost["API-9"].used is None
    # 原来那张回执也没有采用，同样列出
    assert {one.correction for one in lost.values()} == {made}
    assert len(lost) == 2
    page = signed_in("shy").get(f"/settlement/runs/{run.pk}/arrivals/").content.decode()
    assert "API-9" in page
    assert "区科创中心 2026-07-08 更正台账" in page
    sent = stated()
    assert sent["API-9"].state == sending.PASSED_OVER
    assert sent["API-9"].text.startswith("区科创中心 2026-07-08 已照证据更正")
    told = [one for one in evidence.of(made.replacement) if one.kind == "工单" and "API-9" in one.title]
    assert any("没有采用：区科创中心" in line for one in told for line in one.lines)


def test_R075_与更正说法相同的再送_不提醒_不列(client: Client) -> None:
    used()
    made = amended(added(), date(2025, 7, 6), Decimal(3))
    assert made.replacement
    source = platform()
    answer = client.post(
        "/api/v1/orders",
        [order(made.replacement, "API-9", "2025-07-06", "3")],
        content_type="application/json",
        headers={"X-Source-Key": issue_key(actor=cast()["xtgly"], source=source)},
    )
    assert answer.json() == {"新收": 1, "已有": 0, "提醒": []}
    assert "API-9" not in {one.received.payload["工单号"] for one in measured().outranked.all()}
    assert sending.described(list(Received.objects.filter(source=source, kind="工单")))[0].state == sending.ACCEPTED


def test_R075_送的才对的_区科创中心再更正一次_账照再更正的() -> None:
    made, _ = refused_order()
    assert made.replacement
    amended(made.replacement, date(2025, 7, 10), Decimal(5))
    run = measured()
    assert first_days(run)[HOST, CPU] == date(2025, 10, 10) == charged()[HOST, CPU]
    assert "API-9" not in {one.received.payload["工单号"] for one in run.outranked.all()}


def test_R075_更正以后又只作废的_服务商再送的仍不采用_写明是作废() -> None:
    made, _ = refused_order()
    assert made.replacement
    correct(
        actor=cast()["shy"], on=JULY, fact=made.replacement, reason="没有这台机器", evidence=PROOF, effective_on=None
    )
    said = adopting.passed_over(list(Received.objects.filter(kind="工单", payload__工单号="API-9")))
    assert [text for text in said.values() if "照证据作废了这一动作：没有这台机器" in text]
    assert measured().outranked.filter(correction__replacement=None).count() == 2


def test_R052_先后靠后的_送件方看得到没有采用和账上照的是哪一张() -> None:
    used()
    fact = added()
    send("工单", order(fact, "WJ-1", "2025-07-20"), source=file_of())
    send("工单", order(fact, "API-1", "2025-07-10"))
    found = stated()
    assert (found["API-1"].state, found["WJ-1"].state) == (sending.ACCEPTED, sending.PASSED_OVER)
    assert "账上照 联通云管平台 的 API-1：2025-07-10 完成" in found["WJ-1"].text


def test_R052_单号照抄页面上带服务商代码的_是同一件_绕不过先后_也绕不过更正() -> None:
    services = {**FILLED["services"], "SJK-GX": "1"}
    walk = Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name="软件是别家的系统")
    walk.fill(**{**FILLED, "iaas": "电信", "services": services}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("dx", "ECS-EX-")
    fact = Fact.objects.select_related("resource", "item", "case").get(item__code="SJK-GX")
    assert fact.resource.provider.code == "CU"
    number = walk.case.number
    send("工单", order(fact, "WJ-1", "2025-07-20"), source=file_of())
    send("工单", order(fact, "API-1", "2025-07-10", 单号=f"{number}/CU"))
    key = (fact.resource.code, "SJK-GX")
    assert first_days(measured())[key] == date(2025, 7, 10) == charged()[key]
    assert stated()["WJ-1"].state == sending.PASSED_OVER
    made = amended(fact, date(2025, 7, 6))
    assert made.replacement
    taken = send("工单", order(fact, "API-2", "2025-07-25", 单号=f"{number}/CU"))
    assert any("没有采用：区科创中心" in text for text in taken.reminders)
    assert first_days(measured())[key] == date(2025, 7, 6) == charged()[key]
    assert any("API-2" in one.title for one in evidence.of(made.replacement))


def test_R072_平台的工单与台账不同日的_台账列表_某天的状态_时间线当处写明照台账记的日子() -> None:
    used()
    clock(JULY)
    client = signed_in("shy")
    before = client.get("/assets/", {"q": HOST}).content.decode() + client.get(f"/assets/{HOST}/").content.decode()
    for words in ("台账记 2025-07-03", "这里照台账记的日子", "照台账记的日子；账上照平台工单的"):
        assert words not in before
    for fact in Fact.objects.filter(resource__code=HOST, action="新增").select_related("resource", "item", "case"):
        send("工单", order(fact, f"PT-{fact.pk}", "2025-07-01"))
    assert "台账记 2025-07-03" in client.get("/assets/", {"q": HOST}).content.decode()
    page = client.get(f"/assets/{HOST}/").content.decode()
    assert "这里照台账记的日子" in page
    assert "照台账记的日子；账上照平台工单的" in page
