"""平台数据归主：别家的资源不能送，更正有正路，同一天的用量从两条路来不相加，对不上的照收而列出来（D62-七，R-052、R-075）。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.support.people import cast
from tests.support.year import JULY, measured
from tests.web.test_pages import signed_in
from yunheng.applications.models import Draft
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Notice
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger import matching, sending, unmatched
from yunheng.ledger.arrivals import Order
from yunheng.ledger.effective import effective
from yunheng.ledger.matching import Owned
from yunheng.ledger.models import Channel, Disposal, Fact, Received, Resource, Source
from yunheng.ledger.receiving import Taken, receive, source_of
from yunheng.orgs.models import Institution
from yunheng.rules.digest import canonical, sm3
from yunheng.settlement import arriving, queries
from yunheng.settlement.bill import evidence
from yunheng.settlement.models import Run

pytestmark = pytest.mark.django_db

ITEM = "RZ-ESYS2"


def provider(code: str = "CU") -> Institution:
    return Institution.objects.get(code=code)


def platform(code: str = "CU") -> Source:
    found = provider(code)
    return Source.objects.get_or_create(code=f"{found.name}云管平台", defaults={"provider": found})[0]


def file_of(code: str = "CU") -> Source:
    return source_of(provider(code), Channel.FILE)


def send(kind: str, *rows: dict[str, str], source: Source | None = None, on: date = JULY) -> Taken:
    items = [(row.get("编号") or f"{row['工单号']}/{row['资源']}/{row['目录项']}", row) for row in rows]
    return receive(actor=cast()["lt"], on=on, source=source or platform(), kind=kind, items=items)


def usage(number: str, amount: str, resource: str, day: str = "2025-11-03", **more: str) -> dict[str, str]:
    """一条“身份二要素”的用量：每次 0.12 元，没有测试期。"""
    return {"编号": number, "资源": resource, "目录项": ITEM, "日期": day, "用量": amount, **more}


@pytest.fixture
def resource() -> str:
    """民政局一个项目里按次计费的资源，归联通，2025-07-03 下发。"""
    walk = Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name="按次的系统")
    walk.fill(**{**FILLED, "services": {**FILLED["services"], ITEM: "1"}}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-YC-")
    return Resource.objects.get(code__endswith=f"-{ITEM}").code


def billed() -> tuple[Run, list[tuple[str, Decimal]]]:
    """年度计量一次：这一项的各条账目（数量, 金额）。"""
    run = measured()
    return run, [(one.quantity, one.amount) for one in queries.lines_of(run).filter(item=ITEM)]


# ── 归属 ──


def test_R052_一家给另一家名下的资源送用量_工单_日志_整批拒绝_逐条说_账不变(resource: str) -> None:
    send("用量", usage("1", "100", resource))
    before = billed()[1]
    order = {
        "工单号": "GD-D", "单号": "X", "资源": resource, "目录项": ITEM, "动作": "释放", "数量": "",
        "完成日期": "2025-12-01",
    }  # fmt: skip
    log = {"编号": "9", "资源": resource, "首见日期": "2025-07-03", "末见日期": "2025-08-01"}
    for kind, row in (("用量", usage("2", "900", resource)), ("工单", order), ("日志", log)):
        for source in (platform("CT"), file_of("CT")):
            with pytest.raises(NotYours) as refusal:
                send(kind, row, source=source)
            assert f"资源 {resource}" in refusal.value.problems[0]
            assert refusal.value.problems[0].startswith("第 1 条")
    mixed = [usage("3", "1", "谁家都不是"), usage("4", "1", resource)]
    with pytest.raises(NotYours) as refusal:
        send("用量", *mixed, source=platform("CT"))
    assert [text[:5] for text in refusal.value.problems] == ["第 2 条"]
    assert Received.objects.filter(source__provider__code="CT").count() == 0
    assert billed()[1] == before == [("100", Decimal("12.00"))]


def test_R052_单据批了还没开通的资源_也有主(resource: str) -> None:
    walk = Walk(cast(), "mzj", date(2026, 3, 2), "new", project_name="等开通的系统")
    walk.fill(**{**FILLED, "services": {**FILLED["services"], ITEM: "1"}}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve")
    project = Draft.objects.get(case=walk.case).project
    code = f"{project.code}-{ITEM}"
    assert not Resource.objects.filter(code=code).exists()
    with pytest.raises(NotYours):
        send("用量", usage("1", "1", code, "2026-03-10"), source=platform("CT"))
    assert send("用量", usage("1", "1", code, "2026-03-10")).new == 1
    assert resource != code


def test_R052_单据批了还没开通的主机_没有平台编号的照单号和行_也有主_别家送的工单日志不收(resource: str) -> None:
    walk = Walk(cast(), "mzj", date(2026, 3, 2), "new", project_name="等开通的主机").fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve")
    code = f"{walk.case.number}-h0.0"
    order = order_like(resource, "别家", 完成日期="2026-03-10") | {
        "单号": walk.case.number, "资源": code, "目录项": "ZJ-CPU-X86",
    }  # fmt: skip
    log = {"编号": "别家", "资源": code, "首见日期": "2026-03-10", "末见日期": "2026-06-30"}
    for kind, row in (("工单", order), ("日志", log)):
        with pytest.raises(NotYours, match="别家"):
            send(kind, row, source=platform("CT"))
    assert not Received.objects.filter(payload__资源=code).exists()
    # 自己的单据自己送，照收
    assert send("工单", order).new == 1


def verdict(kind: str, row: dict[str, str], *spans: Owned) -> matching.Verdict:
    return matching.judge(kind, {0: ("号", row)}, {"R1": spans}, {ITEM: "次"}, platform(), JULY)


def test_R052_归属照那一件所指的日子看_跨两家的日志请分段送() -> None:
    mine, other = platform().provider_id, provider("CT").pk
    moved = (Owned(other, until=date(2025, 10, 1)), Owned(mine, date(2025, 10, 1)))
    assert "别家服务商" in verdict("用量", usage("1", "1", "R1", "2025-09-30"), *moved).foreign[0]
    assert not verdict("用量", usage("1", "1", "R1", "2025-10-01"), *moved).foreign
    log = {"资源": "R1", "首见日期": "2025-09-01", "末见日期": "2025-12-01"}
    assert "分段送" in verdict("日志", log, *moved).foreign[0]
    assert not verdict("日志", log | {"首见日期": "2025-10-01"}, *moved).foreign
    assert "分段" not in verdict("日志", log | {"末见日期": "2025-09-30"}, *moved).foreign[0]


# ── 日期、目录项 ──


@pytest.mark.parametrize(
    ("kind", "row", "words"),
    [
        ("日志", {"编号": "1", "资源": "R", "首见日期": "2026-02-02", "末见日期": "2026-02-01"}, "晚于末见日期"),
        ("日志", {"编号": "1", "资源": "R", "首见日期": "2026-02-02", "末见日期": "2026-07-09"}, "还没到"),
        ("用量", usage("1", "1", "R", "2026-07-09"), "还没到"),
        ("用量", usage("1", "1", "R") | {"目录项": "没有的"}, "目录里没有“没有的”"),
        ("用量", usage("1", "1", "R") | {"目录项": "ZJ-CPU-X86"}, "只有按次的才送用量"),
        ("用量", usage("1", "1", " R"), "首尾有空白"),
    ],
)
def test_R052_日期不对_用量的目录项不在目录_整批拒绝_指出第几条(kind: str, row: dict[str, str], words: str) -> None:
    good = (
        row
        | {"编号": "0"}
        | ({"首见日期": "2026-01-01", "末见日期": "2026-01-02"} if kind == "日志" else usage("0", "1", "R"))
    )
    with pytest.raises(Refused) as refusal:
        send(kind, good, row)
    assert not isinstance(refusal.value, NotYours)
    assert refusal.value.problems[0].startswith("第 2 条")
    assert words in refusal.value.problems[0]
    assert not Received.objects.exists()


def test_R075_谁家都不是的资源_没有单号_目录外的工单_新增没写数量_照收_提醒_进对不上的收件() -> None:
    order = {
        "工单号": "GD-1", "单号": "", "资源": "R-无主", "目录项": "目录外", "动作": "新增", "数量": "",
        "完成日期": "2026-02-02",
    }  # fmt: skip
    taken = send("工单", order)
    assert (taken.new, len(taken.reminders)) == (1, 1)
    for words in ("台账和已通过的单据里都没有", "没有单号", "目录里没有“目录外”", "新增没有写数量"):
        assert words in taken.reminders[0]
    (odd,), count = unmatched.waiting()
    assert (count, odd.received.source_ref) == (1, "GD-1/R-无主/目录外")
    assert set(odd.reasons) == {"资源台账和已通过的单据里都没有", "没有单号", "目录里没有这一项", "新增没有写数量"}


def test_R075_平台工单释放写了数量_照收_提醒数量没有用_不写的不提醒(resource: str) -> None:
    order = {
        "工单号": "GD-R", "单号": "SQ-1", "资源": resource, "目录项": ITEM, "动作": "释放", "数量": "4",
        "完成日期": "2026-02-02",
    }  # fmt: skip
    taken = send("工单", order)
    assert taken.new == 1
    assert "释放写了数量，没有用：整项停用；只减一部分的请送变更和变更以后的数量" in taken.reminders[0]
    (odd,), _ = unmatched.waiting()
    assert [str(reason) for reason in odd.reasons] == [str(matching.Oddity.RELEASED_PART)]
    for number, quantity in (("GD-R2", ""), ("GD-R3", "0")):
        assert send("工单", order | {"工单号": number, "数量": quantity}).reminders == ()


def test_R075_对得上的不提醒_后来对上了的不再列(resource: str) -> None:
    assert send("用量", usage("1", "1", resource)).reminders == ()
    assert unmatched.waiting() == ([], 0)


# ── 更正 ──


def test_R052_升级以前收的重发_新收零条_收的时候没有的规矩拦不住(resource: str) -> None:
    order = {
        "工单号": "GD-1",
        "资源": resource,
        "目录项": "目录外",
        "动作": "新增",
        "数量": "8",
        "完成日期": "2026-02-02",
    }
    old = Order.model_validate(order).plain()
    assert "更正" not in old
    late = {"编号": "9", "资源": resource, "首见日期": "2026-02-02", "末见日期": "2026-02-01"}
    for kind, reference, payload in (("工单", f"GD-1/{resource}/目录外", old), ("日志", "9", late)):
        Received.objects.create(
            source=platform("CT"), kind=kind, source_ref=reference, payload=payload, digest=sm3(canonical(payload))
        )
        assert receive(
            actor=cast()["dx"], on=JULY, source=platform("CT"), kind=kind, items=[(reference, payload)]
        ) == Taken(0, 1)


def test_R052_更正用量_账变成更正后的_两条都在_再更正指最后一条(resource: str) -> None:
    send("用量", usage("1", "100", resource), usage("2", "7", resource, "2025-11-04"))
    assert billed()[1] == [("107", Decimal("12.84"))]
    send("用量", usage("3", "40", resource, 更正="1"))
    assert billed()[1] == [("47", Decimal("5.64"))]
    with pytest.raises(Refused, match="1 已由 3 更正过，再更正请指 3"):
        send("用量", usage("4", "41", resource, 更正="1"))
    fact = Fact.objects.get(resource__code=resource)
    titles = [one.title for one in evidence.of(fact) if one.kind == "用量更正"]
    assert titles == [f"2025-11-03 用量 100 → 40（{platform().code}）"]
    send("用量", usage("4", "0", resource, 更正="3"))
    assert billed()[1] == [("7", Decimal("0.84"))]
    assert Received.objects.filter(kind="用量").count() == 4
    assert set(effective().filter(kind="用量").values_list("source_ref", flat=True)) == {"2", "4"}


def test_R052_更正要同来源同种类_原件要在_一批里先后都行_绕圈的拒绝(resource: str) -> None:
    send("用量", usage("1", "100", resource))
    for rows, source, words in (
        ([usage("2", "1", resource, 更正="没有")], None, "没有从这个来源收过"),
        ([usage("2", "1", resource, 更正="1")], file_of(), "没有从这个来源收过"),
        ([usage("2", "1", resource, 更正="2")], None, "绕回了自己"),
        ([usage("2", "1", resource, 更正="3"), usage("3", "1", resource, 更正="2")], None, "绕回了自己"),
        ([usage("2", "1", resource, 更正="1"), usage("3", "2", resource, 更正="1")], None, "已由 2 更正过"),
    ):
        with pytest.raises(Refused, match=words):
            send("用量", *rows, source=source)
    send("用量", usage("b", "3", resource, 更正="a"), usage("a", "2", resource), usage("c", "4", resource, 更正="b"))
    assert set(effective().values_list("source_ref", flat=True)) >= {"1", "c"}
    assert not {"a", "b"} & set(effective().values_list("source_ref", flat=True))
    with pytest.raises(NotYours):
        send("用量", usage("z", "1", resource), source=platform("CT"))


def test_R075_更正工单_账照更正以后的(resource: str) -> None:
    number = Received.objects.get(kind="工单", payload__资源=resource).payload["单号"]
    order = {
        "工单号": "PT-1", "单号": number, "资源": resource, "目录项": ITEM, "动作": "新增", "数量": "1",
        "完成日期": "2025-07-03",
    }  # fmt: skip
    send("工单", order)
    send("用量", usage("1", "100", resource, "2025-07-10"))
    assert billed()[1] == [("100", Decimal("12.00"))]
    send("工单", order | {"工单号": "PT-2", "完成日期": "2025-08-01", "更正": f"PT-1/{resource}/{ITEM}"})
    run, lines = billed()
    assert lines == []
    assert "D9" in run.differences


# ── 两条路 ──


def test_R075_用量取了别的来源的_送件方看得到没有采用_取的是哪个_谁定的(resource: str) -> None:
    send("用量", usage("1", "60", resource))
    send("用量", usage("1", "150", resource), usage("2", "5", resource, "2025-11-05"), source=file_of())

    def told() -> dict[tuple[str, str], tuple[str, str]]:
        rows = sending.described(list(Received.objects.filter(kind="用量").select_related("source")))
        return {(one.received.source.channel, one.received.source_ref): (one.state, one.text) for one in rows}

    assert {state for state, _ in told().values()} == {sending.ACCEPTED}
    run = measured()
    state, text = told()["文件", "1"]
    assert state == sending.PASSED_OVER
    assert f"批次 {run.pk} 先照来源的先后取 {platform().code} 的，还没有定" in text
    assert told()["接口", "1"] == told()["文件", "2"] == (sending.ACCEPTED, "")
    arriving.choose(
        actor=cast()["shy"], on=JULY, run=run, rows=[run.contested.get().pk], source=file_of(), reason="核过日志"
    )
    state, text = told()["接口", "1"]
    assert state == sending.PASSED_OVER
    assert f"区科创中心 {JULY} 定取 {file_of().code} 的：核过日志" in text
    assert told()["文件", "1"] == (sending.ACCEPTED, "")


def test_R052_同一天的用量从接口和文件都来了_不相加_取接口的_列为冲突(resource: str) -> None:
    send("用量", usage("1", "60", resource), usage("2", "40", resource))
    send("用量", usage("1", "150", resource), usage("2", "5", resource, "2025-11-05"), source=file_of())
    run, lines = billed()
    assert lines == [("105", Decimal("12.60"))]
    (one,) = run.contested.all()
    assert (one.resource, one.used_on, one.totals, one.source, one.chosen) == (
        resource, date(2025, 11, 3), {platform().code: 100, file_of().code: 150}, platform(), False,
    )  # fmt: skip


def test_R052_两边合计相等的_自动了结(resource: str) -> None:
    send("用量", usage("1", "60", resource), usage("2", "40", resource))
    send("用量", usage("1", "100.000", resource), source=file_of())
    run, lines = billed()
    assert lines == [("100", Decimal("12.00"))]
    assert not run.contested.exists()


def order_like(resource: str, number: str, **more: str) -> dict[str, str]:
    """与回执里的新增同一动作的一张工单。"""
    receipt = Received.objects.get(kind="工单", payload__资源=resource, source__channel=Channel.RECEIPT).payload
    return {name: receipt[name] for name in ("单号", "资源", "目录项", "动作", "数量", "完成日期")} | {
        "工单号": number, **more,
    }  # fmt: skip


def test_R052_同一动作的工单几条路都来了_不同的列出没有采用的和采用的_相同的只写几张(resource: str) -> None:
    send("工单", order_like(resource, "PT-1", 完成日期="2025-07-10"))
    run = measured()
    (lost,) = run.outranked.all()
    assert lost.received.source.channel_kind == Channel.RECEIPT
    assert lost.used
    assert (lost.used.source_ref, lost.used.source) == (f"PT-1/{resource}/{ITEM}", platform())
    page = signed_in("shy").get(f"/settlement/runs/{run.pk}/arrivals/").content.decode()
    for words in ("没有采用的工单", "PT-1", "2025-07-10 完成", f"{lost.received.payload['完成日期']} 完成"):
        assert words in page
    assert "1 张工单照来源的先后没有采用" in signed_in("shy").get("/settlement/2025/").content.decode()


def test_R052_老批次没有记过哪些工单没有采用_页面照直说_不说没有(resource: str) -> None:
    send("工单", order_like(resource, "PT-1", 完成日期="2025-07-10"))
    old = measured()
    old.pk, old._state.adding, old.read = None, True, {}
    old.save()
    page = signed_in("shy").get(f"/settlement/runs/{old.pk}/arrivals/").content.decode()
    assert "还不记哪些工单没有采用" in page
    assert "没有：同一动作" not in page


def test_R052_数量和日期与采用的相同的_不逐张列_写明几张(resource: str) -> None:
    send("工单", order_like(resource, "PT-1"))
    send("工单", order_like(resource, "WJ-1"), source=file_of())
    run = measured()
    assert not run.outranked.exists()
    assert run.read["相同的工单"] == 2
    page = signed_in("shy").get(f"/settlement/runs/{run.pk}/arrivals/").content.decode()
    assert "另有 2 张与采用的数量、日期都相同" in page
    assert "没有采用" not in signed_in("shy").get("/settlement/2025/").content.decode()


def test_R052_采用的更正成相同的_不再列_作废了采用的_轮到后一张(resource: str) -> None:
    other = order_like(resource, "PT-1", 完成日期="2025-07-10")
    send("工单", other)
    assert measured().outranked.count() == 1
    original = f"PT-1/{resource}/{ITEM}"
    send("工单", order_like(resource, "PT-2", 更正=original))
    assert not measured().outranked.exists()
    send("工单", order_like(resource, "PT-3", 完成日期="2025-07-20", 更正=f"PT-2/{resource}/{ITEM}"))
    (lost,) = measured().outranked.all()
    assert lost.used
    assert lost.used.source_ref == f"PT-3/{resource}/{ITEM}"


# ── 一条坏数据不挡全区 ──


def test_R073_老数据里目录外的用量_首见晚于末见的日志_不挡计量_列在未计入的收件(resource: str) -> None:
    send("用量", usage("1", "100", resource))
    old = [
        ("用量", "坏1", usage("坏1", "5", resource) | {"目录项": "早没有了"}),
        ("日志", "坏2", {"编号": "坏2", "资源": resource, "首见日期": "2026-02-02", "末见日期": "2026-02-01"}),
        ("用量", "坏3", usage("坏3", "5", "　")),
    ]
    for kind, reference, payload in old:
        Received.objects.create(source=platform(), kind=kind, source_ref=reference, payload=payload, digest="0" * 64)
    run, lines = billed()
    assert lines == [("100", Decimal("12.00"))]
    assert set(run.uncounted.values_list("received__source_ref", flat=True)) == {"坏1", "坏2", "坏3"}
    assert {odd.received.source_ref for odd in unmatched.waiting()[0]} >= {"坏1", "坏2", "坏3"}


# ── 处理对不上的收件 ──


def dispose(kind: str, *references: str, who: str = "shy", reason: str = "查过", **more: str) -> list[Disposal]:
    rows = list(Received.objects.filter(source_ref__in=references).values_list("pk", flat=True))
    return unmatched.dispose(actor=cast()[who], on=JULY, rows=rows, kind=kind, reason=reason, **more)


def test_R075_认给某资源_追加一条更正的收件_照它计费_原件还在(resource: str) -> None:
    send("用量", usage("1", "100", "错的编号"))
    run, lines = billed()
    assert (lines, "D9" in run.differences) == ([], True)
    (made,) = dispose(Disposal.ASSIGN, "1", resource=resource)
    assert made.replacement is not None
    assert (made.replacement.corrects.source_ref, made.replacement.payload["资源"]) == ("1", resource)  # type: ignore[union-attr]
    run, lines = billed()
    assert (lines, "D9" in run.differences) == ([("100", Decimal("12.00"))], False)
    assert unmatched.waiting() == ([], 0)
    with pytest.raises(Refused, match="已经更正过"):
        dispose(Disposal.VOID, "1")


def test_R075_退回的知会送件方_退回作废的不再计入_暂留的照样计入_不改收件(resource: str) -> None:
    for number in "123":
        send("用量", usage(number, "100", "错的编号", f"2025-11-0{number}"))
    dispose(Disposal.RETURN, "1", reason="资源编号写错了")
    dispose(Disposal.VOID, "2")
    dispose(Disposal.KEEP, "3")
    told = Notice.objects.filter(role="provider", institution__code="CU", text__contains="退回")
    assert "资源编号写错了" in told.get().text
    assert set(effective().filter(kind="用量").values_list("source_ref", flat=True)) == {"3"}
    assert unmatched.waiting()[1] == 0
    assert [odd.received.source_ref for odd in unmatched.waiting(kept=True)[0]] == ["3"]
    send("用量", usage("4", "100", resource, "2025-11-01", 更正="1"))
    assert billed()[1] == [("100", Decimal("12.00"))]


def test_R075_只有区科创中心处理_要写理由_认给的要在台账和目录里_要是那一家的() -> None:
    send("用量", usage("1", "100", "错的编号"))
    with pytest.raises(NotYours):
        dispose(Disposal.VOID, "1", who="lt")
    for kind, words, more in (
        (Disposal.VOID, "写明理由", {"reason": " "}),
        ("删除", "四种", {}),
        (Disposal.ASSIGN, "认给哪个资源", {}),
        (Disposal.ASSIGN, "台账里没有资源", {"resource": "没有的"}),
        (Disposal.ASSIGN, "目录里没有", {"item": "没有的"}),
    ):
        with pytest.raises(Refused, match=words):
            dispose(kind, "1", **more)
    assert not Disposal.objects.exists()
