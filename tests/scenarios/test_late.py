"""冻结年度以后又到的平台数据：几件、影响估计多少，账不动，走补差；算不出的写原因，不写 0（R-052、R-083）。"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.scenarios.test_arrivals import ITEM, dispose, file_of, order_like, resource, send, usage
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, appraised, approved, measured, recomputed, used
from yunheng.audit.refused import NotYours, Refused
from yunheng.catalog.models import Item, Price
from yunheng.ledger.marks import Mark
from yunheng.ledger.models import Disposal, Received
from yunheng.orgs.models import BusinessClock
from yunheng.settlement import arriving, operations, queries
from yunheng.settlement.models import LateEstimate, Run, RunOrder
from yunheng.settlement.runs import estimating, late, running, unread

pytestmark = pytest.mark.django_db

__all__ = ["resource"]
#: 一年以后
LATER = date(2027, 3, 1)
HOST = "ECS-YR-01"


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": LATER})


@pytest.fixture
def frozen(resource: str, tmp_path: Path) -> str:
    """冻结以前：这个资源 100 次，另有一个全年在用、日志齐全的项目。"""
    used()
    send("用量", usage("1", "100", resource))
    approved(tmp_path)
    return resource


def freeze(run: Run, folder: Path) -> None:
    """把这个批次办到冻结。"""
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, folder)))
    act("dsf", case, "match")
    act("kw", case, "approve")


def estimated() -> LateEstimate:
    """要一次估算，等它办完。"""
    order = operations.order_estimate(actor=cast()["shy"], on=LATER, year=YEAR)
    while running.work_once():
        pass
    order.refresh_from_db()
    assert order.run is not None
    return LateEstimate.objects.latest("pk")


def standing() -> late.Standing:
    found = late.standing(YEAR)
    assert found is not None
    return found


def told() -> str:
    return standing().text


def adjusted() -> Decimal:
    """真的照现在的数据重算一次，统一支付净额比冻结的多多少。"""
    freeze = queries.frozen(YEAR)
    assert freeze is not None
    run = measured("补差", LATER)
    return Decimal(run.head["summary"]["unified_net"]) - Decimal(freeze.run.head["summary"]["unified_net"])


# ── 数几件 ──


def test_R083_没有又到的不说_别的年度的_没有新日子的日志不算_那一年的用量_更正_更早的工单都算(frozen: str) -> None:
    assert late.standing(YEAR) is None
    log = {"编号": "L1", "资源": HOST, "首见日期": "2025-07-03", "末见日期": "2027-02-01"}
    send("用量", usage("9", "7", frozen, "2026-07-01"), on=LATER)
    send("日志", log, on=LATER)
    # 那一年没有时间线的资源，以后才见到的
    send("日志", {"编号": "新", "资源": "谁家都不是", "首见日期": "2026-09-01", "末见日期": "2027-01-01"}, on=LATER)
    send("工单", order_like(frozen, "PT-0", 完成日期="2026-09-01") | {"资源": "谁家都不是"}, on=LATER)
    assert late.standing(YEAR) is None
    send("用量", usage("2", "50", frozen, "2026-06-30"), usage("3", "90", frozen, "2026-07-02", 更正="1"), on=LATER)
    send("工单", order_like(frozen, "PT-1", 完成日期="2024-02-01"), on=LATER)
    send("日志", log | {"编号": "L2", "首见日期": "2025-07-01"}, on=LATER)
    assert standing().count == 4
    assert told() == "冻结以后又收到 4 件，影响还没有估算，走补差"
    run = standing().run
    # 查过以后，件数一样，不重
    assert late.scan(run) == 4
    assert (late.scan(run), standing().count) == (0, 4)
    assert {one.source_ref for one in late.listed(run, 9, 0)} == {"2", "3", f"PT-1/{frozen}/{ITEM}", "L2"}


def test_R083_以前收到过而更正短了的_再送来不算收到过(tmp_path: Path) -> None:
    used()
    log = {"编号": "短", "资源": HOST, "首见日期": "2025-07-03", "末见日期": "2026-02-01", "更正": f"{HOST}-日志"}
    send("日志", log)
    approved(tmp_path)
    again = {"编号": "再送", "资源": HOST, "首见日期": "2026-02-02", "末见日期": "2026-07-31"}
    send("日志", again, on=LATER)
    assert standing().count == 1
    assert estimated().amount == adjusted() != 0


def test_R083_提交以后冻结以前到的_不拦批准_先后都写明走补差_冻结以后照样列着(resource: str, tmp_path: Path) -> None:
    appraised()
    run = measured()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")
    send("用量", usage("1", "100", resource))
    words = "以后又收到 1 件平台数据（用量 1）；这一批已提交复算，不再算进去，改变结果的走补差"
    for who in ("shy", "kw"):
        for page in (f"/settlement/{YEAR}/", f"/settlement/{YEAR}/late/", f"/cases/{case.number}/", "/"):
            assert words in signed_in(who).get(page).content.decode(), (who, page)
    assert "以后又收到" not in signed_in("lt").get("/").content.decode()
    operations.recompute(actor=cast()["dsf"], on=JULY, run=run, file=BytesIO(recomputed(run, tmp_path)))
    act("dsf", case, "match")
    act("kw", case, "approve")
    assert unread.pending(YEAR) is None
    assert standing().count == 1
    assert told() in signed_in("kw").get(f"/cases/{case.number}/").content.decode()
    assert estimated().amount == adjusted()


def test_R083_没有存过读到哪里的老批次_从数据包比内容(
    resource: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    used()
    send("用量", usage("1", "100", resource), usage("2", "30", resource, "2025-11-04"))
    send("用量", usage("1", "999", resource), source=file_of())
    send("工单", order_like(resource, "PT-1"))
    with monkeypatch.context() as old:
        old.setattr(Mark, "kept", lambda _: None)
        appraised()
        run = measured()
        (pk,) = run.contested.values_list("pk", flat=True)
        arriving.choose(
            actor=cast()["shy"], on=JULY, run=run, rows=[pk], source=run.contested.get().source, reason="照平台"
        )
        freeze(run, tmp_path)
    assert told() == "冻结以后又收到多少平台数据还没有查，稍后自动查"
    late.scan(run)
    assert late.standing(YEAR) is None
    send("用量", usage("3", "30", resource, "2025-11-04"), usage("4", "60", resource, 更正="1"), on=LATER)
    send("工单", order_like(resource, "PT-2", 完成日期="2025-07-20"), on=LATER)
    send("日志", {"编号": "L1", "资源": HOST, "首见日期": "2025-07-03", "末见日期": "2027-02-01"}, on=LATER)
    assert standing().count == 3
    assert estimated().amount == adjusted()


# ── 估算等于真的补差 ──


def _usage(code: str) -> None:
    send("用量", usage("2", "50", code, "2025-12-01"), usage("3", "140", code, 更正="1"), on=LATER)


def _other_path(code: str) -> None:
    send("用量", usage("1", "170", code), usage("2", "30", code, "2025-12-01"), source=file_of(), on=LATER)


def _no_owner(_: str) -> None:
    send("用量", usage("2", "50", "谁家都不是"), on=LATER)


def _order_later(code: str) -> None:
    send("工单", order_like(code, "PT-1", 完成日期="2025-12-01"), on=LATER)


def _order_wrong(_: str) -> None:
    host = Received.objects.filter(kind="工单", payload__资源=HOST, payload__目录项="ZJ-CPU-X86").get().payload
    send("工单", {**host, "工单号": "PT-9", "数量": "2"}, on=LATER)


def _order_unformed(_: str) -> None:
    host = Received.objects.filter(kind="工单", payload__资源=HOST, payload__目录项="ZJ-CPU-X86").get().payload
    send("工单", {**host, "单号": "", "数量": "2"}, on=LATER)


def _log_short(_: str) -> None:
    log = {"编号": "短", "资源": HOST, "首见日期": "2025-07-03", "末见日期": "2026-02-01", "更正": f"{HOST}-日志"}
    send("日志", log, on=LATER)


def _log_of_long_ago(_: str) -> None:
    """几段日志并成最早首见、最晚末见：服务年度以前的一段，也使起点不符（D6）。"""
    send("日志", {"编号": "早", "资源": HOST, "首见日期": "2020-01-01", "末见日期": "2020-01-02"}, on=LATER)


def _order_after(code: str) -> None:
    """服务年度以后才完成的，先后靠前，盖掉年内回执里的那张。"""
    send("工单", order_like(code, "PT-1", 完成日期="2026-08-01"), on=LATER)


@pytest.mark.parametrize(
    "arrive",
    [
        _usage, _other_path, _no_owner, _order_later, _order_wrong, _order_unformed, _log_short, _log_of_long_ago,
        _order_after,
    ],
)  # fmt: skip
def test_R083_估算等于照现在的数据真的重算(frozen: str, arrive: Callable[[str], None]) -> None:
    arrive(frozen)
    found = estimated()
    assert (found.reason, found.amount) == ("", adjusted())
    if arrive not in (_other_path, _no_owner):
        assert found.amount
    assert f"影响估计 {found.amount:,.2f} 元，走补差" in told()


def test_R083_用量多90次_净额多10元8角(frozen: str) -> None:
    _usage(frozen)
    assert estimated().amount == Decimal("10.80")
    assert told() == "冻结以后又收到 2 件，影响估计 10.80 元，走补差"


def test_R083_使用单位作废的晚到收件_不影响(frozen: str) -> None:
    send("用量", usage("2", "50", "谁家都不是"), on=LATER)
    dispose(Disposal.VOID, "2")
    found = estimated()
    assert (found.count, found.amount) == (1, Decimal(0))
    assert frozen


# ── 旧了、算不出 ──


def test_R083_估算以后又到的_处理过的_写明没有算进去_重新估算才新(frozen: str) -> None:
    _usage(frozen)
    send("用量", usage("无主", "5", "谁家都不是"), on=LATER)
    estimated()
    send("用量", usage("5", "10", frozen, "2025-12-02"), on=LATER)
    assert told() == "冻结以后又收到 4 件，影响估计 10.80 元（估算以后又收到 1 件，没有算进去），走补差"
    assert estimated().amount == Decimal("12.00")
    dispose(Disposal.ASSIGN, "无主", resource=frozen)
    assert "估算以后又" in told()
    assert estimated().amount == adjusted() == Decimal("12.60")


def test_R083_冻结的包里没有的目录项_算不出_写原因不写0(frozen: str) -> None:
    item = Item.objects.get(code=ITEM)
    new = Item.objects.create(
        code="XX-新", name="新的一项", category=item.category, unit="次", pricing="单价", cycle="次"
    )
    price = Price.objects.filter(item=item).latest("pk")
    Price.objects.create(item=new, during=price.during, unit_price=price.unit_price)
    send("用量", usage("2", "50", frozen) | {"目录项": "XX-新"}, on=LATER)
    found = estimated()
    assert found.amount is None
    assert "XX-新" in found.reason
    assert "影响算不出：" in told()
    assert "0.00" not in told()


def test_R083_内存磁盘不够的再试_试了三次写明算不出(
    frozen: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    _usage(frozen)

    def full(_: Run) -> Decimal:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(estimating, "change", full)
    order = operations.order_estimate(actor=cast()["shy"], on=LATER, year=YEAR)
    assert "正在估算（排队）" in told()
    assert running.work_once()
    assert "没有算成，等着再试：磁盘读写出错，或写满了" in told()
    assert running.work_once()
    assert "第 2 次" in told()
    assert running.work_once()
    assert not running.work_once()
    order.refresh_from_db()
    assert order.attempts == 3
    assert "影响算不出：磁盘读写出错，或写满了" in told()
    # 库自己的话只进日志
    assert "No space left" not in told()
    assert "No space left" in caplog.text


def test_R083_办到一半断了三次的_不再反复办(frozen: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _usage(frozen)

    def killed(_: Run) -> Decimal:
        raise SystemExit

    monkeypatch.setattr(estimating, "change", killed)
    operations.order_estimate(actor=cast()["shy"], on=LATER, year=YEAR)
    for _ in range(3):
        with pytest.raises(SystemExit):
            running.work_once()
    assert running.work_once()
    assert "影响算不出：试了 3 次都中断了" in told()
    assert not running.work_once()


# ── 谁要、什么时候要 ──


def test_R083_每天查一次_有没有算进去的才要一次估算_估算挡不住计量(frozen: str) -> None:
    assert operations.order_estimates(LATER) == 0
    _usage(frozen)
    assert operations.order_estimates(LATER) == 1
    assert operations.order_estimates(LATER) == 0
    assert operations.order_run(actor=cast()["shy"], on=LATER, year=YEAR, kind="补差")
    while running.work_once():
        pass
    assert operations.order_estimates(LATER + timedelta(days=1)) == 0
    send("用量", usage("7", "1", frozen, "2025-12-03"), on=LATER)
    assert operations.order_estimates(LATER) == 0
    assert operations.order_estimates(LATER + timedelta(days=1)) == 1
    assert RunOrder.objects.filter(kind="估算").count() == 2


def test_R083_没有冻结的_没有又到的_正在估算的_不是区科创中心的_都不能要(frozen: str) -> None:
    def ask(who: str = "shy", year: int = YEAR) -> None:
        operations.order_estimate(actor=cast()[who], on=LATER, year=year)

    with pytest.raises(Refused, match="还没有冻结"):
        ask(year=YEAR - 1)
    with pytest.raises(Refused, match="没有又收到平台数据"):
        ask()
    _usage(frozen)
    for who in ("lt", "kw", "mzj"):
        with pytest.raises(NotYours):
            ask(who)
    ask()
    with pytest.raises(Refused, match="正在估算"):
        ask()


# ── 页面 ──


def test_R083_年度页_工作台_清单都看得到_使用单位和服务商看不到(frozen: str) -> None:
    _usage(frozen)
    words = "冻结以后又收到 2 件，影响还没有估算，走补差"
    address = f"/settlement/{YEAR}/late/"
    for who in ("shy", "kw"):
        for page in (f"/settlement/{YEAR}/", "/", address):
            assert words in signed_in(who).get(page).content.decode(), (who, page)
    for who in ("mzj", "lt"):
        assert signed_in(who).get(address).status_code == 403
        for page in (f"/settlement/{YEAR}/", "/"):
            assert "冻结以后又收到" not in signed_in(who).get(page).content.decode(), (who, page)
    assert signed_in("kw").post(address).status_code == 403
    shy = signed_in("shy")
    assert shy.post(address).status_code == 302
    assert "正在估算" in shy.get(address).content.decode()
    assert "正在估算" in shy.post(address).content.decode()
    while running.work_once():
        pass
    page = shy.get(address).content.decode()
    assert "影响估计 10.80 元" in page
    shown = re.sub(r"<[^>]+>|\s+", "", page)
    assert f"目录项{ITEM}，日期2025-12-01，用量50" in shown
    assert f"目录项{ITEM}，日期2025-11-03，用量140，更正1" in shown


def test_工作台看几年的冻结_只查一次_与逐年查的相同(frozen: str) -> None:
    del frozen
    known = queries.last_frozen()
    assert known == {YEAR: queries.frozen(YEAR)}
    assert queries.frozen(YEAR, known) == known[YEAR]
    assert queries.frozen(YEAR, {}) is None
    client = signed_in("shy")
    client.get("/")
    with CaptureQueriesContext(connection) as captured:
        client.get("/")
    asked = [one["sql"] for one in captured.captured_queries if '"settlement_freeze"."number" DESC' in one["sql"]]
    assert len(asked) == 1
    assert "DISTINCT ON" in asked[0]
