"""库里存着什么收件，计量都算得出：工单号不重，写法读不懂的、别家送的不导出而逐件列出（D62-七，R-052、R-075、R-077）。"""

from __future__ import annotations

import csv
import io
import random
import zipfile
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.scenarios.test_arrivals import ITEM, billed, dispose, file_of, order_like, platform, resource, send, usage
from tests.scenarios.test_arrivals_alike import claimed
from tests.support.year import measured, self_paid, used
from yunheng.ledger import countable, unmatched
from yunheng.ledger.countable import FOREIGN
from yunheng.ledger.effective import effective
from yunheng.ledger.matching import Owned
from yunheng.ledger.models import Channel, Disposal, Received, Source
from yunheng.ledger.receiving import source_of
from yunheng.metering.format import WHITE_SPACE
from yunheng.rules.digest import canonical, sm3
from yunheng.settlement import arriving
from yunheng.settlement.models import Run, RunFile
from yunheng.settlement.runs import staleness

pytestmark = pytest.mark.django_db
__all__ = ["claimed", "resource"]

HOST = "ECS-YR-01"


def stored(kind: str, payload: dict[str, Any], source: Source | None = None) -> Received:
    """绕过门上的规矩，直接存一件：老数据。"""
    number = Received.objects.count()
    return Received.objects.create(
        source=source or platform(), kind=kind, source_ref=f"老-{number}", payload=payload,
        digest=sm3(canonical(payload)),
    )  # fmt: skip


def packed(run: Run, table: str) -> list[dict[str, str]]:
    """批次的数据包里的一张表。"""
    content = bytes(RunFile.objects.get(run=run, name="数据包.zip").content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(f"{table}.csv").decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def orders_of(run: Run, code: str) -> list[dict[str, str]]:
    return [row for row in packed(run, "工单") if row["资源"] == code]


def left_out(run: Run) -> dict[int, str]:
    return dict(run.uncounted.values_list("received_id", "reason"))


# ── 工单号 ──


def receipt_of(code: str) -> Received:
    return Received.objects.get(kind="工单", payload__资源=code, source__channel=Channel.RECEIPT)


def test_R052_开通过的工单从接口重送没写单号_是同一张_账不变_不报无工单(resource: str) -> None:
    send("用量", usage("1", "100", resource))
    before = billed()[1]
    own = receipt_of(resource).payload
    send("工单", order_like(resource, own["工单号"], 单号=""))
    run, lines = billed()
    assert lines == before == [("100", Decimal("12.00"))]
    assert [(row["工单号"], row["单号"]) for row in orders_of(run, resource)] == [
        (receipt_of(resource).source_ref, own["单号"])
    ]
    assert (run.outranked.count(), run.read["相同的工单"]) == (0, 1)
    assert not {"D1", "D2"} & set(run.differences)


def test_R052_重送没写单号而日期不同_采用接口的_回执那张列为没有采用(resource: str) -> None:
    send("工单", order_like(resource, receipt_of(resource).payload["工单号"], 单号="", 完成日期="2025-07-10"))
    run = measured()
    (row,) = orders_of(run, resource)
    assert (row["单号"], row["完成日期"]) == (receipt_of(resource).payload["单号"], "2025-07-10")
    (lost,) = run.outranked.all()
    assert lost.used
    assert (lost.received, lost.used.source) == (receipt_of(resource), platform())


def test_R052_先从接口来没写单号_文件补来写了的_同一张_别的工单号不认(resource: str) -> None:
    form = receipt_of(resource).payload["单号"]
    send("工单", order_like(resource, "PT-1", 单号="", 动作="变更"), order_like(resource, "PT-2", 单号="", 动作="释放"))
    send("工单", order_like(resource, "PT-1", 动作="变更"), source=file_of())
    forms = {row["工单号"]: row["单号"] for row in orders_of(measured(), resource)}
    assert (forms["PT-1"], forms["PT-2"]) == (form, "")


def test_R052_同一张说了两个单号的_不猜是哪一个(resource: str) -> None:
    send("工单", order_like(resource, "PT-1", 单号="", 动作="变更"))
    send("工单", order_like(resource, "PT-1", 动作="变更"), source=file_of())
    stored("工单", order_like(resource, "PT-1", 动作="变更", 单号="另一个单号"), file_of())
    rows = [row for row in orders_of(measured(), resource) if row["动作"] == "变更"]
    assert sorted(row["单号"] for row in rows) == sorted(["", "另一个单号", receipt_of(resource).payload["单号"]])
    assert len({row["工单号"] for row in rows}) == 3


def test_R077_一个工单号办了新增和变更_又有一张就叫那个名字_都导出_号不重(resource: str) -> None:
    own = receipt_of(resource).payload
    send("工单", order_like(resource, own["工单号"], 动作="变更"))
    clash = f"{own['工单号']}/{resource}/{ITEM}"
    stored("工单", order_like(resource, clash, 动作="释放"))
    stored("工单", order_like(resource, f"{clash}/收件{receipt_of(resource).pk}", 单号="没有这张"))
    run = measured()
    rows = orders_of(run, resource)
    assert sorted(row["动作"] for row in rows) == ["变更", "新增", "新增", "释放"]
    assert len({row["工单号"] for row in rows}) == 4
    numbers = [row["工单号"] for row in packed(run, "工单")]
    assert len(numbers) == len(set(numbers))


# ── 首尾空白、空的、读不懂的 ──


def test_R052_老数据首尾有空白_去了再导出_并成一个的照重复的办_空的列为未计入() -> None:
    used()
    base = {"单号": "", "资源": HOST, "目录项": "ZJ-CPU-X86", "动作": "变更", "数量": "1", "完成日期": "2025-09-01"}
    stored("日志", {"资源": f" {HOST}", "首见日期": "2025-07-03", "末见日期": "2027-01-31"})
    stored("工单", {**base, "工单号": " G1 "})
    stored("工单", {**base, "工单号": "G1", "资源": "ECS-YR-02"})
    stored("工单", {**base, "工单号": "G1"})
    bad = {
        stored("工单", {**base, "工单号": "G2", "资源": "　"}).pk: "资源编号是空的",
        stored("工单", {**base, "工单号": "G3", "目录项": " "}).pk: "目录项是空的",
        stored("工单", {**base, "工单号": ""}).pk: "工单号是空的",
        stored("工单", {**base, "工单号": "G4", "完成日期": "2025-9-1"}).pk: "完成日期不是确有其日的 YYYY-MM-DD",
        stored("工单", {**base, "工单号": "G5", "数量": "-1"}).pk: "数量不是最多 12 位整数、3 位小数的数字",
        stored("日志", {"资源": HOST, "首见日期": "2025-02-29", "末见日期": "2025-03-01"}).pk:
            "首见日期不是确有其日的 YYYY-MM-DD",
    }  # fmt: skip
    run = measured()
    assert left_out(run) == bad
    assert [row["末见日期"] for row in packed(run, "日志") if row["资源"] == HOST] == ["2027-01-31"]
    padded = [row for row in packed(run, "工单") if row["工单号"].startswith("G1")]
    assert [row["资源"] for row in padded] == [HOST, "ECS-YR-02"]
    assert run.read["相同的工单"] >= 1
    assert ["看过打勾" in text for text in arriving.unready(run)] == [True]
    assert set(unmatched.reasons(list(bad))) == set(bad)


SPOILED: list[Any] = [
    "", " ", None, "　", "X" * 130, "A\nB", "A\rB", 'A"B,C', "\ufeffECS", "A\u2028B", "A\x01", "A\uffff", "\\N", "\\.",
    12,
]  # fmt: skip
DAYS = [
    "2025-11-03", "2025-11-04", " 2025-11-03 ", "2025-9-1", "2025-02-30", "2024-02-29", "1900-02-29", "1999-12-31",
    "0000-01-01", "9999-12-31", "", None, "昨天",
]  # fmt: skip
AMOUNTS = [
    "1",
    "2",
    " 2 ",
    "2.50",
    "-5",
    "abc",
    "1E+3",
    "1.2345",
    "",
    None,
    3,
    "12345678901234567890",
    "0",
    "007",
    "１",
]


def drawn(rng: random.Random, kind: str, codes: list[str], forms: list[str]) -> dict[str, Any]:
    def odd(good: list[str]) -> Any:
        text: Any = rng.choice(good if rng.random() < 0.8 else [*good, *SPOILED])
        return rng.choice([text, text, f" {text}", f"{text}　"]) if isinstance(text, str) and text else text

    code, item = odd(codes), odd([ITEM, "ZJ-CPU-X86", "目录外"])
    day = rng.choice(DAYS[:2] if rng.random() < 0.7 else DAYS)
    amount = rng.choice(AMOUNTS[:2] if rng.random() < 0.7 else AMOUNTS)
    if kind == "用量":
        found = {"资源": code, "目录项": item, "日期": day, "用量": amount}
    elif kind == "日志":
        found = {"资源": code, "首见日期": day, "末见日期": rng.choice(["2026-06-30", *DAYS])}
    else:
        literal = f"G1/{codes[0]}/{ITEM}"
        found = {
            "工单号": odd(["G1", "G2", literal, f"{literal}/收件{rng.randrange(60)}"]),
            "单号": odd([*forms, "没有", ""]), "资源": code, "目录项": item,
            "动作": odd(["新增", "变更", "释放"]), "数量": amount, "完成日期": day,
        }  # fmt: skip
    return {name: value for name, value in found.items() if value is not None or rng.random() < 0.5}


def trimmed(one: Received, *names: str) -> tuple[str, ...]:
    def text(value: Any) -> str:
        return "" if value is None else str(value).strip(WHITE_SPACE)

    return tuple(text(one.payload.get(name)) for name in names)


def test_R077_随便存着什么样的收件_计量都算得出_每一件不是导出了就是列出了(resource: str) -> None:
    used()
    rng = random.Random(20261128)
    codes = [resource, HOST, "谁家都不是"]
    forms = [receipt_of(resource).payload["单号"]]
    sources = [platform(), platform("CT"), file_of(), source_of(platform().provider, Channel.BACKFILL)]
    for _ in range(3):
        for _ in range(120):
            kind = rng.choice(["工单", "日志", "用量"])
            stored(kind, drawn(rng, kind, codes, forms), rng.choice(sources))
        run = measured()
        out, lost = left_out(run), set(run.outranked.values_list("received_id", flat=True))
        rows = [one for one in effective().select_related("source") if one.pk not in out]
        assert set(unmatched.reasons(list(out))) == set(out)

        orders = packed(run, "工单")
        assert len({row["工单号"] for row in orders}) == len(orders)
        sent = [one for one in rows if one.kind == "工单"]
        # 以后年度才完成的，没有采用的到那一年的批次才列
        later = {one.pk for one in sent if trimmed(one, "完成日期") >= ("2026-07-01",)}
        assert 0 <= len(sent) - len(lost) - run.read["相同的工单"] - len(orders) <= len(later)
        shown = {(row["资源"], row["目录项"], row["动作"], row["数量"], row["完成日期"]) for row in orders}
        for one in sent:
            assert one.pk in lost | later or trimmed(one, "资源", "目录项", "动作", "数量", "完成日期") in shown

        # 别的年度的用量计不进的，列在那一年的批次
        def ours(day: str) -> bool:
            return "2025-07-01" <= day < "2026-07-01"

        totals: dict[tuple[str, ...], dict[int, Decimal]] = {}
        for one in rows:
            if one.kind == "用量" and ours(*trimmed(one, "日期")):
                *day, amount = trimmed(one, "资源", "目录项", "日期", "用量")
                each = totals.setdefault(tuple(day), {})
                each[one.source_id] = each.get(one.source_id, Decimal(0)) + Decimal(amount)
        counted: dict[tuple[str, ...], Decimal] = {}
        for row in (row for row in packed(run, "用量") if ours(row["日期"])):
            key = (row["资源"], row["目录项"], row["日期"])
            counted[key] = counted.get(key, Decimal(0)) + Decimal(row["用量"])
        assert counted.keys() == totals.keys()
        assert all(counted[key] in each.values() for key, each in totals.items())

        spans = {row["资源"]: (row["首见日期"], row["末见日期"]) for row in packed(run, "日志")}
        for one in rows:
            if one.kind == "日志":
                code, first, last = trimmed(one, "资源", "首见日期", "末见日期")
                assert spans[code][0] <= first <= last <= spans[code][1]
        assert list(staleness.stale(run)) == []
    assert {"D1", "D2", "D12"} & set(run.differences)
    assert len(set(out.values())) >= 10
    assert FOREIGN in out.values()


# ── 别家送的 ──


def test_R052_资源还没开通时别家先送来的_开通以后不计入_处理以前提交要看过(resource: str) -> None:
    log = {"编号": "早", "资源": HOST, "首见日期": "2020-01-01", "末见日期": "2026-07-01"}
    order = order_like(resource, "PT-早", 单号="", 资源=HOST, 目录项="ZJ-CPU-X86")
    assert send("日志", log, source=platform("CT")).new == send("工单", order, source=platform("CT")).new == 1
    used()
    early = set(Received.objects.filter(source=platform("CT")).values_list("pk", flat=True))
    run = measured()
    assert left_out(run) == dict.fromkeys(early, FOREIGN)
    assert [row["首见日期"] for row in packed(run, "日志") if row["资源"] == HOST] == ["2025-07-03"]
    assert "PT-早" not in {row["工单号"] for row in packed(run, "工单")}
    assert "D6" not in run.differences
    assert ["看过打勾" in text for text in arriving.unready(run)] == [True]
    assert {one.received_id for one in run.uncounted.all()} == {odd.received.pk for odd in unmatched.waiting()[0]}
    dispose(Disposal.KEEP, "早")
    dispose(Disposal.VOID, f"PT-早/{HOST}/ZJ-CPU-X86")
    assert set(left_out(measured()).values()) == {FOREIGN}
    assert measured().uncounted.count() == 1


def test_R075_别家送的认给它自己的资源_就计入(resource: str) -> None:
    self_paid("电信", "dx")
    mine = "ECS-JD-01"
    stored("日志", {"编号": "错", "资源": resource, "首见日期": "2025-07-01", "末见日期": "2026-01-01"}, platform("CT"))
    run = measured()
    assert list(left_out(run).values()) == [FOREIGN]
    dispose(Disposal.ASSIGN, Received.objects.get(pk=next(iter(left_out(run)))).source_ref, resource=mine)
    run = measured()
    assert left_out(run) == {}
    assert [row["首见日期"] for row in packed(run, "日志") if row["资源"] == mine] == ["2025-07-01"]


def test_R052_单据批了还没开通的资源_别家的老收件同样不计入(claimed: str) -> None:
    lost = stored("用量", usage("1", "9", claimed, "2026-03-10"), platform("CT"))
    stored("用量", usage("2", "3", claimed, "2026-03-10"), platform("CU"))
    run = measured()
    assert left_out(run) == {lost.pk: FOREIGN}
    assert [row["用量"] for row in packed(run, "用量") if row["资源"] == claimed] == ["3"]


def test_R052_资源换了家_按那一件的日子看_归自己的那几天照计(resource: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = platform().provider_id, platform("CT").provider_id
    moved = {resource: (Owned(other, until=date(2025, 10, 1)), Owned(mine, date(2025, 10, 1)))}
    monkeypatch.setattr(countable, "owners", lambda _: moved)
    lost = [
        stored("用量", usage("1", "9", resource, "2025-09-30")),
        stored("用量", usage("2", "8", resource, "2025-10-01"), platform("CT")),
        stored("日志", {"资源": resource, "首见日期": "2025-09-30", "末见日期": "2025-12-01"}),
    ]
    stored("用量", usage("3", "7", resource, "2025-10-01"))
    stored("用量", usage("4", "6", resource, "2025-09-30"), platform("CT"))
    run = measured()
    assert left_out(run) == {one.pk: FOREIGN for one in lost}
    days = {row["日期"]: row["用量"] for row in packed(run, "用量")}
    assert days == {"2025-10-01": "7", "2025-09-30": "6"}


def test_R052_补录来源里别家的也不计入_不看它叫什么名字(resource: str) -> None:
    other = source_of(platform("CT").provider, Channel.BACKFILL)
    lost = stored("用量", usage("1", "9", resource), other)
    assert left_out(measured()) == {lost.pk: FOREIGN}


def test_R052_老的回执记在办件的那家名下_登记资源时查过_不按来源拦(resource: str) -> None:
    receipt = receipt_of(resource)
    other = source_of(platform("CT").provider, Channel.RECEIPT)
    stored("工单", {**receipt.payload, "工单号": "老回执"}, other)
    assert left_out(measured()) == {}
