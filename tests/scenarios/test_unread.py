"""批次以后又收到的平台数据：改变结果的、新起的冲突，没有重新计量不能提交复算；不改变的不拦（甲8，R-052、R-075、R-083）。"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest

from tests.scenarios.test_arrivals import ITEM, file_of, order_like, resource, send, usage
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, appraised, logged, measured, recomputed, used
from yunheng.applications.models import Draft
from yunheng.audit.refused import Refused
from yunheng.catalog import tiering
from yunheng.catalog.models import Item
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.marks import Mark
from yunheng.ledger.models import Project, Received
from yunheng.orgs.models import Institution
from yunheng.settlement import arriving, operations, queries
from yunheng.settlement.models import Run
from yunheng.settlement.runs import amended, staleness, unread

pytestmark = pytest.mark.django_db

__all__ = ["resource"]
HOST = "ECS-YR-01"


@pytest.fixture
def batch(resource: str) -> Run:
    """这个资源 2025-11-03 由平台送来 100 次，另有一个日志齐全的项目，算了一批。"""
    used()
    send("用量", usage("1", "100", resource))
    appraised()
    return measured()


def file() -> None:
    """提交复算。"""
    found = queries.year_cases(YEAR).first()
    case = found.case if found else operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")


def log(number: str, first: str, last: str) -> dict[str, str]:
    return {"编号": number, "资源": HOST, "首见日期": first, "末见日期": last}


# ── 拦下 ──


def test_R075_又到的普通用量_日志_工单改变结果_逐种写明几件_重新计量了才能提交(batch: Run, resource: str) -> None:
    send("用量", usage("2", "50", resource), usage("3", "7", resource, "2025-12-01"))
    send("日志", log("早", "2025-07-01", "2026-07-01"))
    send("工单", order_like(resource, "PT-1", 完成日期="2025-07-20"))
    words = f"批次 {batch.pk} 以后又收到 4 件平台数据（工单 1、日志 1、用量 2），请重新计量"
    assert [one for one in unread.problems(batch) if one.startswith(words)]
    with pytest.raises(Refused, match="以后又收到 4 件平台数据"):
        file()
    assert list(unread.problems(measured())) == []
    file()


def test_R052_计量以后的更正把日子挪出这个服务年度的_同样拦下_重新计量了账才对(batch: Run, resource: str) -> None:
    send("用量", usage("1-改", "100", resource, "2026-07-05", 更正="1"))
    (problem,) = staleness.stale(batch)
    assert f"更正、处理、取哪一边改了 1 天的用量（{resource} {ITEM} 2025-11-03）" in problem
    with pytest.raises(Refused, match="改了 1 天的用量"):
        file()
    again = measured()
    assert not queries.lines_of(again).filter(item=ITEM).exists()
    assert list(staleness.stale(again)) == []
    file()


def test_R052_计量以后的日志更正把首见挪到年度以后的_同样拦下(batch: Run) -> None:
    seen = Received.objects.get(kind="日志", payload__资源=HOST)
    send("日志", log("挪了", "2026-07-02", "2026-07-05") | {"更正": seen.source_ref}, source=seen.source)
    (problem,) = staleness.stale(batch)
    assert f"更正、处理改了 1 个资源的日志（{HOST}）" in problem
    with pytest.raises(Refused, match="改了 1 个资源的日志"):
        file()


def test_R075_服务年度以外的一段日志_年末以后完成而盖掉年内的工单_改变结果_也拦下(batch: Run, resource: str) -> None:
    send("日志", log("早", "2020-01-01", "2020-01-02"))
    send("工单", order_like(resource, "PT-1", 完成日期="2026-07-02"))
    words = f"批次 {batch.pk} 以后又收到 2 件平台数据（工单 1、日志 1），请重新计量"
    assert [one for one in unread.problems(batch) if one.startswith(words)]
    with pytest.raises(Refused, match="以后又收到 2 件平台数据"):
        file()
    again = measured()
    assert again.head["summary"] != batch.head["summary"]
    assert list(unread.problems(again)) == []


def test_R075_只到了用量_别的都没有变_也拦下_金额真的不同(batch: Run, resource: str) -> None:
    send("用量", usage("2", "50", resource))
    assert list(staleness.stale(batch)) == []
    with pytest.raises(Refused, match="以后又收到 1 件平台数据（用量 1），请重新计量"):
        file()
    assert measured().head["summary"]["unified_net"] != batch.head["summary"]["unified_net"]


def test_甲8_计量以后另一来源又送同一天的_合计不等_照先后不改变结果_也要定了才能提交(batch: Run, resource: str) -> None:
    send("用量", usage("F1", "999", resource), source=file_of())
    (problem,) = unread.problems(batch)
    assert f"又有 1 天的用量从几个来源送来、合计不等，例如 {resource} {ITEM} 2025-11-03" in problem
    with pytest.raises(Refused, match="请重新计量，再定取哪一边"):
        file()
    run = measured()
    with pytest.raises(Refused, match="还没有定取哪一边"):
        file()
    one = run.contested.get()
    arriving.choose(actor=cast()["shy"], on=JULY, run=run, rows=[one.pk], source=one.source, reason="照平台的")
    file()


def test_甲8_定过以后哪一边又有新数_重新是冲突(batch: Run, resource: str) -> None:
    send("用量", usage("F1", "999", resource), source=file_of())
    run = measured()
    assert run.pk > batch.pk
    one = run.contested.get()
    arriving.choose(actor=cast()["shy"], on=JULY, run=run, rows=[one.pk], source=one.source, reason="照平台的")
    assert [*unread.problems(run), *arriving.unready(run)] == []
    send("用量", usage("F2", "1", resource), source=file_of())
    with pytest.raises(Refused, match="又有 1 天的用量从几个来源送来"):
        file()


def test_R077_没有记过读到哪里的老批次_从数据包比_同样拦下(resource: str, monkeypatch: pytest.MonkeyPatch) -> None:
    appraised()
    with monkeypatch.context() as old:
        old.setattr(Mark, "kept", lambda _: None)
        run = measured()
    assert (list(unread.problems(run)), unread.pending(YEAR)) == ([], None)
    send("用量", usage("2", "50", resource))
    with pytest.raises(Refused, match="以后又收到 1 件平台数据（用量 1）"):
        file()


# ── 不拦 ──


def _again(code: str) -> None:
    send("用量", usage("1", "100", code))


def _next_year(code: str) -> None:
    send("用量", usage("2", "50", code, "2026-07-01"))


def _equal(code: str) -> None:
    send("用量", usage("F1", "100", code), source=file_of())


def _known_log(_: str) -> None:
    send("日志", log("又送", "2025-07-03", "2026-07-08"))


@pytest.mark.parametrize("arrive", [_again, _next_year, _equal, _known_log])
def test_R075_重发的_别的年度的_两边相等的_没有新日子的日志_不拦(
    batch: Run, resource: str, arrive: Callable[[str], None]
) -> None:
    arrive(resource)
    assert list(unread.problems(batch)) == []
    file()


# ── 页面 ──


def test_R052_年度页_工作台写明批次以后又收到几件_不打开数据包_服务商看不到(
    batch: Run, resource: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = f"批次 {batch.pk} 以后又收到 1 件平台数据（用量 1）；改变结果的，提交复算以前要重新计量"
    pages = (f"/settlement/{YEAR}/", "/", f"/settlement/{YEAR}/late/")

    def opened(_: Run) -> BytesIO:
        raise AssertionError("页面上不打开数据包")

    monkeypatch.setattr(staleness, "package_of", opened)
    assert not any("以后又收到" in signed_in("shy").get(page).content.decode() for page in pages)
    send("用量", usage("2", "50", resource))
    for page in pages:
        assert words in signed_in("shy").get(page).content.decode(), page
    assert "2025-11-03" in signed_in("kw").get(pages[2]).content.decode()
    for page in pages[:2]:
        assert "以后又收到" not in signed_in("lt").get(page).content.decode()


# ── 价格、全市用量、归属、考核 ──


TIER = "YY-ZX"


def tiered() -> Run:
    """一个用阶梯项的项目，全市用量已经发布，算了一批。"""
    walk = Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name="用阶梯项的系统").fill(**FILLED)
    walk.fill(services={**FILLED["services"], TIER: "2"}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-TIER-")
    logged(Draft.objects.get(case=walk.case).project)
    publish(Decimal(3000))
    appraised()
    return measured()


def publish(total: Decimal, text: str = "0 1000 300\n1000 — 240", year: int = YEAR) -> None:
    item, city = Item.objects.get(code=TIER), cast()["sdsj"]
    tiering.publish_tiers(actor=city, on=JULY, item=item, year=year, mode="累进", text=text)
    tiering.publish_usage(actor=city, on=JULY, item=item, year=year, total=total)


def moved() -> None:
    Project.objects.filter(name="用阶梯项的系统").update(funding="自费")


@pytest.mark.parametrize(
    ("change", "words", "shown"),
    [
        (lambda: publish(Decimal(4000)), "全市用量变了", True),
        (lambda: publish(Decimal(3000), "0 1000 300\n1000 — 200"), "阶梯变了", True),
        (moved, "项目变了", False),
    ],
)
def test_R019_批次以后市里更正全市用量或各档_项目换了归属_没有重新计量不能提交(
    change: Callable[[], None], words: str, shown: bool
) -> None:
    run = tiered()
    assert list(staleness.stale(run)) == []
    # 别的年度的、别的单位的，与这一批无关
    publish(Decimal(9), year=YEAR - 1)
    Institution.objects.create(code="U98", name="新的局", kind="using_unit", level="district", nature="district")
    assert list(staleness.stale(run)) == []
    change()
    assert words in next(staleness.stale(run))
    assert any(words in one for one in staleness.hint(run)) == shown
    with pytest.raises(Refused, match=words):
        file()
    again = measured()
    assert again.head["summary"] != run.head["summary"]
    assert list(staleness.stale(again)) == []


def test_R083_冻结以后市里更正全市用量_年度页写明(tmp_path: Path) -> None:
    tiered()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")
    run = queries.latest_run(YEAR)
    assert run is not None
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, tmp_path)))
    act("dsf", case, "match")
    act("kw", case, "approve")
    assert amended.since(YEAR) is None
    publish(Decimal(4000))
    page = signed_in("shy").get(f"/settlement/{YEAR}/").content.decode()
    assert "冻结的那一批算完以后市里又更正了全市用量，冻结的账不动" in page
