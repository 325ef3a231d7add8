"""登记簿：隔离区域、授权期限、缩配能省多少、预算审核和监督检查、反馈和汇交、阶梯价（R-008、R-019 至 R-022、R-056）。"""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.support.people import cast, signed_in
from tests.support.procurement import DAY as ISSUED
from tests.support.procurement import issued
from tests.support.year import JULY, YEAR, act, approved, measured, used
from yunheng.applications import budgeting
from yunheng.applications.models import BudgetProject, Draft, Inspection
from yunheng.audit.models import Entry
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases import rectifying
from yunheng.cases.models import Case, Notice, Requirement
from yunheng.cases.queries import unread
from yunheng.catalog import procuring, tiering
from yunheng.catalog.models import CityUsage, Item, Tier
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger import licensing, zoning
from yunheng.ledger.models import Fact, Licence, Resource, Segment, Source, Zone
from yunheng.ledger.operations import void
from yunheng.ledger.receiving import receive
from yunheng.orgs.models import Institution
from yunheng.rules.money import split
from yunheng.rules.roles import Role
from yunheng.settlement import handover, queries
from yunheng.settlement.impact import savings
from yunheng.settlement.models import BillLine, Handover, Run, ServiceFeedback

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)


def refused(fragment: str) -> Any:
    return pytest.raises(Refused, match=fragment)


def fresh(case: Case) -> Case:
    return Case.objects.select_related("board__provider", "unit").get(pk=case.pk)


# ── R-020 隔离区域 ──


def zone(provider: str = "CU", boundary: str = "10.20.0.0/16", who: str = "shy") -> Zone:
    return zoning.register(
        actor=cast()[who], on=DAY, provider=Institution.objects.get(code=provider), name=f"{provider}-松江",
        boundary=boundary, document="划分表 3",
    )  # fmt: skip


def delivering() -> Walk:
    walk = Walk(cast(), "mzj", DAY, "new", project_name="要填 IP 的系统").fill(**FILLED).submit()
    return walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1)


def receipt(walk: Walk, address: str) -> dict[str, dict[str, str]]:
    from yunheng.applications import receipts

    return {
        row.key: {
            "resource": row.resource or f"ECS-IP-{n:02d}",
            "order": f"GD-{n}",
            "on": walk.on.isoformat(),
            "address": address if row.kind != "服务项" else "",
        }
        for n, row in enumerate(receipts.rows(walk.case))
    }


def test_R020_回执的IP落在本区边界里才收_资源记上IP() -> None:
    from yunheng.cases import operations as cases

    zone()
    walk = delivering()
    case = fresh(walk.case)
    for address, fragment in (("10.99.0.1", "不在"), ("十点二零", "不是 IP 地址")):
        with refused(fragment):
            cases.act(
                actor=cast()["lt"], on=walk.on, case=case, act_code="deliver", seen=walk.seq,
                detail={"rows": receipt(walk, address)},
            )  # fmt: skip
    assert not Resource.objects.filter(code__startswith="ECS-IP-").exists()
    cases.act(
        actor=cast()["lt"], on=walk.on, case=case, act_code="deliver", seen=walk.seq,
        detail={"rows": receipt(walk, "10.20.3.4")},
    )  # fmt: skip
    assert Resource.objects.filter(address="10.20.3.4").exists()
    with refused("不在新的边界里"):
        zone(boundary="10.30.0.0/16")


def test_R020_网段写错_与别家重叠_不是运管单位_都拒绝() -> None:
    zone()
    with refused("不是网段"):
        zone("CT", "10.20.3.4/16")
    with refused("重叠"):
        zone("CT", "10.20.128.0/17")
    with refused("至少登记一个网段"):
        zone("CT", " ")
    with pytest.raises(NotYours):
        zone(who="lt")
    zone("CT", "10.40.0.0/16, 2001:db8::/32", "sdsj")
    assert Zone.objects.count() == 2


# ── R-022 授权期限 ──


def licensed() -> tuple[Resource, Item]:
    item = Item.objects.filter(category=licensing.CATEGORY, provider__isnull=False).order_by("code")[0]
    walk = Walk(cast(), "mzj", DAY, "new", project_name="用授权的系统")
    walk.fill(**{**FILLED, "services": {**FILLED["services"], item.code: "2"}}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-LIC-")
    project = Draft.objects.get(case=walk.case).project
    return Resource.objects.get(code=f"{project.code}-{item.code}"), item


def licence(resource: Resource, item: Item, until: date, who: str = "shy", correction: str = "") -> Licence:
    return licensing.register(
        actor=cast()[who], on=DAY, resource=resource, item=item, from_on=DAY, until_on=until, document="授权书 9",
        correction=correction,
    )  # fmt: skip


def test_R022_届满前三个月提醒一次_届满再提醒_总量供采购() -> None:
    resource, item = licensed()
    assert licensing.totals(date(2026, 4, 1))[0].undated == 2
    licence(resource, item, date(2027, 3, 2))
    assert licensing.remind(date(2026, 12, 1)) == 0
    assert licensing.remind(date(2026, 12, 2)) == 1
    assert licensing.remind(date(2026, 12, 3)) == 0
    assert licensing.remind(date(2027, 3, 2)) == 1
    assert any("授权" in notice.text for notice in unread(cast()["mzj"]))
    total = licensing.totals(date(2026, 12, 2))[0]
    assert [total.quantity, total.expiring, total.undated] == [Decimal(2), Decimal(2), Decimal(0)]


def test_R022_不是授权类_倒着填_续得更短_别家服务商_都拒绝() -> None:
    resource, item = licensed()
    with refused("不是软件授权类"):
        licence(resource, Item.objects.get(code="ZJ-CPU-X86"), date(2027, 3, 2))
    with refused("早于起 "):
        licence(resource, item, DAY)
    with pytest.raises(NotYours):
        licence(resource, item, date(2027, 3, 2), "dx")
    licence(resource, item, date(2027, 3, 2))
    with refused("续期应更晚"):
        licence(resource, item, date(2027, 3, 1))
    assert Licence.objects.count() == 1


def test_R022_止日登晚了_写明理由可以更正_原来的留着_照更正的提醒() -> None:
    resource, item = licensed()
    licence(resource, item, date(2072, 3, 2))
    assert licensing.remind(date(2026, 12, 2)) == 0
    with refused("上一条登错了要改早的，请写明更正理由"):
        licence(resource, item, date(2027, 3, 2))
    licence(resource, item, date(2027, 3, 2), correction="把 2027 写成了 2072")
    assert [one.until_on.year for one in Licence.objects.order_by("pk")] == [2072, 2027]
    assert licensing.remind(date(2026, 12, 2)) == 1
    page = signed_in("shy").get("/licences/").content.decode()
    assert "更正：把 2027 写成了 2072" in page
    assert "2072-03-0" not in page
    entry = Entry.objects.get(action="更正授权期限")
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["至（含）"], entry.after["理由"]) == ("2072-03-01", "把 2027 写成了 2072")


def test_R022_没登记过的_和上一条相同的_不能说是更正() -> None:
    resource, item = licensed()
    with refused("还没有登记过期限，不用写更正理由"):
        licence(resource, item, date(2027, 3, 2), correction="写错了")
    licence(resource, item, date(2027, 3, 2))
    with refused("没有更正什么"):
        licence(resource, item, date(2027, 3, 2), correction="写错了")
    assert Licence.objects.count() == 1


def test_R022_页面上填至_含_9月30日_存的是10月1日_当天还没届满_次日才届满() -> None:
    resource, item = licensed()
    client, url = signed_in("shy"), "/licences/"
    given = {"resource": resource.code, "item": item.code, "document": "书"}
    given |= {"from_on": "2026-03-02", "last_on": "2026-09-30"}
    wrong = client.post(url, given | {"last_on": "2026-03-01"})
    assert wrong.status_code == 422
    assert "至（含）2026-03-01 早于起 2026-03-02（R-022）" in wrong.content.decode()
    assert 'name="last_on" value="2026-03-01"' in wrong.content.decode()
    assert not Licence.objects.exists()
    assert client.post(url, given).status_code == 302
    assert Licence.objects.get().until_on == date(2026, 10, 1)
    again = client.post(url, given)
    assert "已登记到 2026-09-30（含），续期应更晚" in again.content.decode()
    licensing.remind(date(2026, 9, 30))
    licensing.remind(date(2026, 10, 1))
    told = [one.text for one in Notice.objects.filter(text__contains="授权到", role=Role.REVIEWER).order_by("pk")]
    assert [text.split("授权")[1].split("，请")[0] for text in told] == [
        "到 2026-09-30（含）届满", "到 2026-09-30（含）为止，已届满",
    ]  # fmt: skip


def test_R017_R022_授权的在用总量旁边是最近一次征询的需求总量_不使用的不算() -> None:
    _, item = licensed()
    other = Item.objects.filter(category=licensing.CATEGORY).exclude(pk=item.pk).order_by("code")[0]
    inquiry = issued()
    wanted = {item.code: "5", other.code: "3"}
    procuring.ask(actor=cast()["jyj"], on=ISSUED, inquiry=inquiry, wanted=wanted)
    found = {one.item: (one.quantity, one.wanted) for one in licensing.totals(ISSUED)}
    assert found == {item: (Decimal(2), Decimal(5)), other: (Decimal(0), Decimal(3))}
    assert f"<td>{item.name}</td>" in signed_in("kw").get(f"/cases/{inquiry.case.number}/").content.decode()
    assert "需求和在用总量" not in signed_in("mzj").get(f"/cases/{inquiry.case.number}/").content.decode()
    act("shy", inquiry.case, "decline", ISSUED, "不用")
    assert [(one.item, one.wanted) for one in licensing.totals(ISSUED)] == [(item, Decimal(0))]


# ── R-056 缩配能省多少 ──


def test_R056_缩一半省一半_与年价同一处算_扩的不在这里算() -> None:
    used()
    resource = Resource.objects.get(code="ECS-YR-01")
    on = date(2026, 3, 2)
    cpu = Segment.objects.get(resource=resource, item__code="ZJ-CPU-X86")
    found = {one.item.code: one for one in savings(resource, {"ZJ-CPU-X86": cpu.quantity / 2}, on)}
    one = found["ZJ-CPU-X86"]
    assert one.before is not None
    assert one.after is not None
    assert one.after * 2 == one.before
    assert all(other.saved == 0 for code, other in found.items() if code != "ZJ-CPU-X86")
    with refused("扩容请办变更"):
        savings(resource, {"ZJ-CPU-X86": cpu.quantity + 1}, on)
    with refused("扩容请办变更"):
        savings(resource, {"ZJ-CPU-X86": Decimal(-1)}, on)


# ── R-008 预算审核和监督检查 ──


def reported() -> Case:
    project = used()
    case = budgeting.start(actor=cast()["mzj"], on=DAY, project=project, year=2026)
    act("mzj", case, "file", DAY, fields={"amount": "123456.70", "content": "三台云主机"})
    return case


def test_R008_经信会同财政都通过才算审核通过_之后登记检查和整改() -> None:
    case = reported()
    assert budgeting.amount(case) == Decimal("123456.70")
    with refused("审核通过了的才登记"):
        budgeting.inspect(actor=cast()["sjx"], on=DAY, case=fresh(case), text="查")
    act("sjx", case, "approve", DAY)
    assert fresh(case).board.outcome == ""
    act("cz", case, "approve", DAY)
    assert fresh(case).board.outcome == "done"
    budgeting.inspect(
        actor=cast()["sjx"], on=DAY, case=fresh(case), text="两台没有用起来", requirement="一个月内用起来或注销",
        due_on=date(2026, 4, 2),
    )  # fmt: skip
    assert any("监督检查整改" in notice.text for notice in unread(cast()["mzj"]))
    requirement = Requirement.objects.get()
    with pytest.raises(NotYours):
        rectifying.advance(actor=cast()["cz"], on=DAY, requirement=requirement, kind="销号", text="好")
    rectifying.advance(actor=cast()["mzj"], on=DAY, requirement=requirement, kind="回报", text="注销了一台")
    rectifying.advance(actor=cast()["sjx"], on=DAY, requirement=requirement, kind="销号", text="看过")
    assert rectifying.outstanding(case) == []
    assert rectifying.visible(cast()["jyj"]).count() == 0


def test_R008_别单位的项目_重复报_年度不对_没有金额_不是经信财政检查_都拒绝() -> None:
    case = reported()
    project = BudgetProject.objects.get(case=case).project
    with pytest.raises(NotYours):
        budgeting.start(actor=cast()["jyj"], on=DAY, project=project, year=2027)
    with refused("已报过"):
        budgeting.start(actor=cast()["mzj"], on=DAY, project=project, year=2026)
    with refused("预算年度应在"):
        budgeting.start(actor=cast()["mzj"], on=DAY, project=project, year=2025)
    other = budgeting.start(actor=cast()["mzj"], on=DAY, project=project, year=2027)
    with refused("上云预算不能为空"):
        act("mzj", other, "file", DAY, fields={"content": "x"})
    with pytest.raises(NotYours):
        budgeting.inspect(actor=cast()["shy"], on=DAY, case=fresh(case), text="查")
    assert not Inspection.objects.exists()


# ── R-021 反馈和汇交 ──


def test_R021_汇交的文件里每段天数加起来就是在用的天数_不许重叠() -> None:
    used()
    made = handover.hand_over(
        actor=cast()["shy"], on=JULY, from_on=date(2025, 7, 1), until_on=date(2025, 10, 1), receiver="市大数据中心"
    )
    rows = list(csv.DictReader(io.StringIO(bytes(made.content).decode("utf-8-sig"))))
    assert len(rows) == made.rows > 0
    assert {row["天数"] for row in rows} == {str((date(2025, 10, 1) - date(2025, 7, 3)).days)}
    with refused("与 2025-07-01 至 2025-09-30（含）那次重叠"):
        handover.hand_over(
            actor=cast()["shy"], on=JULY, from_on=date(2025, 9, 30), until_on=date(2025, 12, 1), receiver="市"
        )
    with refused("2026-07-31 还没过完，只能汇交已过去的"):
        handover.hand_over(
            actor=cast()["shy"], on=JULY, from_on=date(2026, 7, 1), until_on=date(2026, 8, 1), receiver="市"
        )
    with refused("谁签收"):
        handover.hand_over(
            actor=cast()["shy"], on=JULY, from_on=date(2025, 10, 1), until_on=date(2025, 11, 1), receiver=""
        )
    with pytest.raises(NotYours):
        handover.hand_over(
            actor=cast()["lt"], on=JULY, from_on=date(2025, 10, 1), until_on=date(2025, 11, 1), receiver="市"
        )
    assert Handover.objects.count() == 1


def test_R021_汇交以后用量变了_核对点名_每月提醒一次_同一段再汇交是更正_没变的拒绝() -> None:
    project = used()
    given: dict[str, Any] = {"from_on": date(2025, 7, 1), "until_on": date(2025, 10, 1), "receiver": "市大数据中心"}
    made = handover.hand_over(actor=cast()["shy"], on=JULY, **given)
    assert handover.checked(made).same
    with refused("现在的数据一字不差，不用再汇交"):
        handover.hand_over(actor=cast()["shy"], on=JULY, **given)
    assert handover.remind_changed(date(2026, 8, 1)) == 0
    assert handover.amended() == {}
    assert "台账又记、更正" not in signed_in("shy").get("/settlement/handover/").content.decode().split("点“核对”")[0]
    fact = Fact.objects.filter(resource__project=project).latest("pk")
    void(actor=cast()["shy"], on=JULY, fact=fact, reason="登记错了")
    assert not handover.checked(made).same
    client, url = signed_in("shy"), "/settlement/handover/"
    assert handover.amended() == {made.pk: 1}
    assert "汇交以后台账又记、更正 1 条" in client.get(url).content.decode()
    assert "数据变了" in client.get(url, {"check": made.pk}).content.decode()
    assert client.get(url, {"check": "9" * 30}).status_code == 200
    assert handover.remind_changed(date(2026, 8, 2)) == 0
    assert handover.remind_changed(date(2026, 9, 3)) == 1
    assert handover.remind_changed(date(2026, 10, 1)) == 0
    with refused("再汇交一次就是更正"):
        handover.hand_over(actor=cast()["shy"], on=JULY, **(given | {"until_on": date(2025, 9, 1)}))
    again = handover.hand_over(actor=cast()["shy"], on=JULY, **given)
    assert (again.replaces, again.digest != made.digest) == (made, True)
    assert handover.amended() == {}
    assert [one.pk for one in handover.live()] == [again.pk]
    assert bytes(Handover.objects.get(pk=made.pk).content) == bytes(made.content)
    assert "更正</span>" in client.get(url).content.decode()


def test_R021_页面上填至_含_9月30日_存的是10月1日_错的照填的重显() -> None:
    used()
    client, url = signed_in("shy"), "/settlement/handover/"
    page = client.get(url).content.decode()
    assert "2025-07-01 至 2025-09-30（含）的使用数据该汇交了" in page
    assert 'name="last_on" value="2025-09-30"' in page
    given = {"do": "hand", "from_on": "2025-07-01", "last_on": "2025-09-30", "receiver": "市大数据中心"}
    for typed, why in (
        ("九月底", "至（含）：日期应填成 2026-07-01 这样；现在是“九月底”（R-021）"),
        ("", "至（含）：请填日期，例如 2026-07-01（R-021）"),
        ("2025-06-30", "至（含）2025-06-30 早于起 2025-07-01（R-021）"),
        ("2027-09-30", "2027-09-30 还没过完"),
    ):
        answer = client.post(url, given | {"last_on": typed})
        assert (answer.status_code, why in answer.content.decode()) == (422, True), typed
        assert f'name="last_on" value="{typed}"' in answer.content.decode()
    assert not Handover.objects.exists()
    assert client.post(url, given).status_code == 302
    made = Handover.objects.get()
    assert (made.from_on, made.until_on) == (date(2025, 7, 1), date(2025, 10, 1))
    page = client.get(url).content.decode()
    assert "<td>2025-09-30</td>" in page
    assert "<td>2025-10-01</td>" not in page


def test_R021_汇交的文件里有按次的用量_期外的不算_台账没有的资源也列() -> None:
    source, _ = Source.objects.get_or_create(code="用量", defaults={"provider": Institution.objects.get(code="CU")})
    rows = [("ECS-YR-01", "2025-07-01", "100"), ("ECS-YR-01", "2025-09-30", "20.5"), ("ECS-YR-01", "2025-10-01", "7")]
    rows += [("没登记的", "2025-08-01", "3")]
    used()
    receive(
        actor=cast()["lt"],
        on=JULY,
        source=source,
        kind="用量",
        items=[
            (f"{n}", {"编号": f"{n}", "资源": code, "目录项": "DX", "日期": day, "用量": amount})
            for n, (code, day, amount) in enumerate(rows)
        ],
    )
    count, content = handover.usage(date(2025, 7, 1), date(2025, 10, 1))
    listed = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert len(listed) == count
    by_count = [(row["单位"], row["服务商"], row["资源"], row["用量"]) for row in listed if row["用量"]]
    assert by_count == [
        ("民政局（虚构）", "联通", "ECS-YR-01", "120.5"),
        ("", "联通", "没登记的", "3"),
    ]


def test_R021_R052_几条路都送了的那一天_汇交的不相加_合计不等的写明取了哪一边() -> None:
    used()
    for code, channel, amounts in (("接口的", "接口", ("100", "50")), ("文件的", "文件", ("100", "70"))):
        source, _ = Source.objects.get_or_create(
            code=code, defaults={"provider": Institution.objects.get(code="CU"), "channel": channel}
        )
        rows = [
            {"编号": f"{day}", "资源": "ECS-YR-01", "目录项": "DX", "日期": f"2025-07-0{day}", "用量": amount}
            for day, amount in enumerate(amounts, 1)
        ]
        receive(actor=cast()["lt"], on=JULY, source=source, kind="用量", items=[(row["编号"], row) for row in rows])
    _, content = handover.usage(date(2025, 7, 1), date(2025, 10, 1))
    (row,) = [one for one in csv.DictReader(io.StringIO(content.decode("utf-8-sig"))) if one["用量"]]
    assert row["用量"] == "150"
    assert row["备注"] == ("1 天的用量几个来源合计不等（其中 1 天还没有定，照先后取）：2025-07-02 取接口的")


def test_R021_一季过完没有汇交的提醒一次_汇交了的不提醒() -> None:
    assert handover.remind(JULY) == 0
    used()
    assert handover.next_period() == handover.Period(date(2025, 7, 1), date(2025, 10, 1))
    assert handover.remind(date(2025, 9, 30)) == 0
    assert handover.remind(date(2025, 10, 1)) == 1
    notice = Notice.objects.latest("pk")
    assert (notice.role, notice.href) == (Role.REVIEWER, "/settlement/handover/")
    assert "2025-07-01 至 2025-09-30（含）的使用数据" in notice.text
    assert handover.remind(date(2025, 12, 31)) == 0
    handover.hand_over(
        actor=cast()["shy"],
        on=date(2026, 1, 2),
        from_on=date(2025, 7, 1),
        until_on=date(2026, 1, 1),
        receiver="市大数据中心",
    )
    assert handover.remind(date(2026, 1, 2)) == 0
    assert handover.remind(JULY) == 1
    assert "2026-01-01 至 2026-06-30（含）" in Notice.objects.latest("pk").text


def test_R021_反馈要写明水平和事例_服务商自己不能反馈() -> None:
    unicom = Institution.objects.get(code="CU")
    handover.feedback(actor=cast()["kw"], on=JULY, provider=unicom, year=YEAR, level="较好", text="开通快")
    for level, text in (("极好", "开通快"), ("好", " ")):
        with refused("R-021"):
            handover.feedback(actor=cast()["kw"], on=JULY, provider=unicom, year=YEAR, level=level, text=text)
    with pytest.raises(NotYours):
        handover.feedback(actor=cast()["lt"], on=JULY, provider=unicom, year=YEAR, level="好", text="好")
    assert ServiceFeedback.objects.count() == 1


# ── R-019 阶梯价 ──


def tiered() -> Item:
    return Item.objects.filter(pricing="阶梯").order_by("code")[0]


def publish(text: str, year: int = YEAR, who: str = "sdsj", mode: str = "累进") -> list[Tier]:
    return tiering.publish_tiers(actor=cast()[who], on=JULY, item=tiered(), year=year, mode=mode, text=text)


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("", "一档都没有"),
        ("0 1000", "应是“起 止 单价”"),
        ("0 1000 三百", "应为数"),
        ("10 — 300", "接着上一档"),
        ("0 1000 300\n900 — 240", "接着上一档"),
        ("0 1000 300", "末档不封顶"),
        ("0 — -1", "不能是负的"),
        ("0 — 10000000000", "第 1 档：整数部分最多 9 位"),
        ("0 10000000000000 300\n10000000000000 — 200", "第 1 档：整数部分最多 12 位"),
    ],
)
def test_R019_各档不连_不从零起_不是数_封了顶的_都拒绝(text: str, fragment: str) -> None:
    before = Tier.objects.count()
    with refused(fragment):
        publish(text)
    assert Tier.objects.count() == before


@pytest.mark.parametrize("year", ["-1", "99999", "", "二〇二五"])
def test_R019_服务年度写得不对的不当作别的年度发布(year: str) -> None:
    before = Tier.objects.count()
    given = {"do": "tiers", "item": tiered().code, "mode": "累进", "tiers": "0 — 300", "year": year}
    answer = signed_in("sdsj").post("/catalog/tiers/", given)
    assert answer.status_code == 422
    assert "服务年度应是" in answer.content.decode()
    assert Tier.objects.count() == before


def test_R019_只有市运管单位发布_不是阶梯的不收_先有各档才有全市用量() -> None:
    with pytest.raises(NotYours):
        publish("0 — 300", who="shy")
    with refused("不是阶梯计价"):
        tiering.publish_usage(
            actor=cast()["sdsj"], on=JULY, item=Item.objects.get(code="ZJ-CPU-X86"), year=YEAR, total=Decimal(1)
        )
    with refused("先发布各档"):
        tiering.publish_usage(actor=cast()["sdsj"], on=JULY, item=tiered(), year=2033, total=Decimal(1))
    assert len(publish("0 1000 300\n1000 — 240.5")) == 2


def test_R019_年中暂按上年平均单价_全市用量发布以后按发布的_年度计量没发布的待核() -> None:
    item = tier_used()
    assert not CityUsage.objects.filter(service_year=YEAR).exists()
    publish("0 1000 300\n1000 — 200", YEAR - 1)
    tiering.publish_usage(actor=cast()["sdsj"], on=JULY, item=item, year=YEAR - 1, total=Decimal(2000))
    rolling = measured("滚动", date(2026, 1, 15))
    prices = {entry["item"]: entry["average_price"] for entry in rolling.head["tier_prices"]}
    assert prices[item.code] == "250"
    assert any("暂按 2024 服务年度" in text for text in rolling.head["warnings"])
    yearly = measured("年度")
    assert "D10" in yearly.differences
    _unpriced_is_told(yearly)
    publish("0 — 180", YEAR)
    tiering.publish_usage(actor=cast()["sdsj"], on=JULY, item=item, year=YEAR, total=Decimal(5000))
    final = measured("年度")
    assert {entry["item"]: entry["average_price"] for entry in final.head["tier_prices"]}[item.code] == "180"
    assert "D10" not in final.differences
    page = signed_in("shy").get(f"/settlement/{YEAR}/").content.decode()
    assert "待核里算不出的" not in page


def _unpriced_is_told(run: Run) -> None:
    """缺全市总量的：各页、导出都写算不出，不写 0.00；逐级的合计上面点名没有算它。"""
    client = signed_in("shy")
    line = BillLine.objects.filter(run=run, disputed=True, differences__contains="D10")[0]
    assert line.unpriced
    assert line.amount == 0
    place = f"?resource={line.resource}"
    for url in (f"/settlement/{YEAR}/", f"/settlement/runs/{run.pk}/", f"/settlement/runs/{run.pk}/differences/"):
        assert "待核里算不出的" in client.get(url).content.decode(), url
    # 合计里有算不出的那几格也写明，别的照写金额
    for url, count in (
        (f"/settlement/{YEAR}/", 2),
        (f"/settlement/runs/{run.pk}/", 2),
        (f"/settlement/runs/{run.pk}/differences/", 1),
    ):
        page = client.get(url).content.decode()
        assert len(re.findall('另有算不出的|<span class="warn">算不出</span>', page)) == count, url
    told = client.get(f"/settlement/runs/{run.pk}/differences/?code=D10").content.decode()
    assert "算不出<br>" in told
    own = client.get(f"/settlement/runs/{run.pk}/{place}").content.decode()
    assert "算不出</a>" in own
    assert "缺全市总量或阶梯价，单价、金额算不出（D10）" in own
    why = client.get(f"/settlement/runs/{run.pk}/lines/{line.seq}/?disputed=1").content.decode()
    assert "为什么算不出" in why
    assert "0.00 元" not in why
    day = client.get(f"/settlement/runs/{run.pk}/days/{line.from_on}/{place}").content.decode()
    assert ">算不出</td>" in day
    sheet = client.get(f"/settlement/runs/{run.pk}/lines.xlsx{place}")
    book = openpyxl.load_workbook(io.BytesIO(b"".join(sheet.streaming_content)))  # type: ignore[attr-defined]
    cells = {str(cell.value) for row in book["账目"].iter_rows() for cell in row}
    assert "算不出：缺全市总量或阶梯价" in cells
    # 使用单位看得到有算不出的，看不到全区几项
    seen = signed_in("mzj").get(f"/settlement/{YEAR}/").content.decode()
    assert "待核里算不出的" in seen
    assert "项（资源、目录项）" not in seen


def tier_used() -> Item:
    """用了阶梯项、有用量的一个项目。"""
    item = tiered()
    walk = Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name="用阶梯项的系统")
    walk.fill(**{**FILLED, "services": {**FILLED["services"], item.code: "10"}}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-TIER-")
    resource = Draft.objects.get(case=walk.case).project.resources.get(code__endswith=item.code)
    source, _ = Source.objects.get_or_create(code="移动云管平台", defaults={"provider": resource.provider})
    usage = {"编号": "YL-1", "资源": resource.code, "目录项": item.code, "日期": "2025-11-03", "用量": "40"}
    receive(actor=cast()["lt"], on=JULY, source=source, kind="用量", items=[("YL-1", usage)])
    return item


def test_R019_冻结以后才发布全市用量_由补差照最终单价结清(tmp_path: Path) -> None:
    used()
    item = tier_used()
    approved(tmp_path)
    frozen = queries.frozen(YEAR)
    assert frozen is not None
    held = queries.lines_of(frozen.run).filter(item=item.code)
    assert [line.disputed for line in held] == [True]
    publish("0 — 180", YEAR)
    tiering.publish_usage(actor=cast()["sdsj"], on=JULY, item=item, year=YEAR, total=Decimal(5000))
    again = measured("补差")
    (line,) = queries.lines_of(again).filter(item=item.code)
    assert (line.disputed, line.unit_price, line.amount) == (False, "180", Decimal("7200.00"))
    # 已冻结的一分不动
    assert queries.frozen(YEAR) == frozen


# ── 最大余额法 ──


@pytest.mark.parametrize("total", [0, 1, 2, 99, 100, 12345, -7])
@pytest.mark.parametrize("weights", [[1], [1, 1, 1], [3, 0, 7], [5, 11, 13, 1]])
def test_拆到分_各份之和等于总数_每份离应得不到一分(total: int, weights: list[int]) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    assert all(abs(part - total * weight / sum(weights)) < 1 for part, weight in zip(parts, weights, strict=True))


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_拆到分_份数不对的拒绝(weights: list[int]) -> None:
    with pytest.raises(ValueError, match="份数"):
        split(100, weights)
