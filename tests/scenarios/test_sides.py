"""差异页的三方证据照那一批自己的数据包：以后到的、更正的、作废的，不改写它当时的依据（D62-七，R-052、R-075）。"""

from __future__ import annotations

import html
import re
from datetime import date

import pytest

from tests.support.people import cast, signed_in
from tests.support.year import JULY, measured, used
from yunheng.ledger import unmatched
from yunheng.ledger.models import Disposal, Received, Source
from yunheng.ledger.receiving import receive
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement.bill import evidence, sides
from yunheng.settlement.models import Difference, Run

pytestmark = pytest.mark.django_db
STRAY = "ECS-STRAY"


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def send(kind: str, number: str, **row: str) -> Received:
    source, _ = Source.objects.get_or_create(
        code="联通云管平台", defaults={"provider": Institution.objects.get(code="CU")}
    )
    receive(
        actor=cast()["lt"], on=JULY, source=source, kind=kind, items=[(number, {"编号": number, "资源": STRAY} | row)]
    )
    return Received.objects.get(source=source, kind=kind, source_ref=number)


def log(number: str, first: str, last: str = "2026-06-30", **more: str) -> Received:
    return send("日志", number, 首见日期=first, 末见日期=last, **more)


def order(number: str, name: str, quantity: str, done: str) -> Received:
    """一张找不到单据的工单（D2）。"""
    return send(
        "工单", number, 工单号=name, 单号="SQ-2025-9999", 目录项="ZJ-CPU-X86", 动作="新增", 数量=quantity, 完成日期=done
    )


def void(one: Received) -> None:
    unmatched.dispose(actor=cast()["shy"], on=JULY, rows=[one.pk], kind=Disposal.VOID, reason="送错了")


def shown(run: Run, who: str = "shy") -> str:
    """差异页上看得到的字。"""
    page = signed_in(who).get(f"/settlement/runs/{run.pk}/differences/", {"q": STRAY})
    assert page.status_code == 200
    return html.unescape(re.sub(r"<[^>]+>|\s+", " ", page.content.decode()))


def test_R075_批次以后更正的日志_又到的日志_作废的日志_不改那一批的证据() -> None:
    log("一", "2025-09-01")
    first = measured()
    log("二", "2025-09-21", 更正="一")
    log("三", "2025-09-11")
    second = measured()
    for one in Received.objects.filter(source_ref__in=("二", "三")):
        void(one)
    third = measured()
    assert "2025-09-01 首见" in shown(first)
    assert "2025-09-11" not in shown(first)
    assert "2025-09-11 首见" in shown(second)
    assert "D13" not in third.differences


def test_R052_批次里已经更正_作废的日志不算在首见末见里() -> None:
    log("一", "2025-08-01", "2026-07-05")
    log("二", "2025-09-01", "2026-06-30", 更正="一")
    void(log("三", "2025-07-05", "2026-07-05"))
    page = shown(measured())
    assert "2025-09-01 首见" in page
    assert "2026-06-30 末见" in page
    assert "2025-07-05" not in page
    assert "2025-08-01" not in page


def test_R052_同一工单号后来的一张作废了_不盖算数的那张() -> None:
    order("一", "GD-同号", "4", "2025-09-01")
    void(order("二", "GD-同号", "9", "2025-09-05"))
    page = shown(measured())
    assert "新增 4，" in page
    assert "2025-09-01 完成" in page
    assert "2025-09-05" not in page


def test_R075_单据一方有审核日期_数量_工单有完成日期_都照数据包() -> None:
    project = used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    run = measured()
    host = project.resources.get(code="ECS-NOLOG-01").code
    found = sides.of(run, {host})
    assert found
    one = found[host]
    assert one.projects == ("没有日志的系统",)
    assert one.units == ("民政局（虚构）",)
    assert one.log is None
    assert {(row["审核日期"], row["动作"]) for row in one.forms} == {("2025-07-02", "新增")}
    assert {row["完成日期"] for row in one.orders} == {"2025-07-03"}
    assert {(row["目录项"], row["数量"]) for row in one.forms} == {(row["目录项"], row["数量"]) for row in one.orders}


def test_R052_逐日的页写明哪件日志更正_作废了_哪件是批次以后的() -> None:
    project = used("看得见日志的系统", "ECS-SEEN-", with_logs=False)
    host = project.resources.get(code="ECS-SEEN-01").code
    one = log("一", "2025-07-04", 资源=host)
    log("二", "2025-07-03", 更正="一", 资源=host)
    dropped = log("三", "2025-07-09", 资源=host)
    Disposal.objects.create(received=dropped, kind=Disposal.VOID, reason="送错了", on=JULY, by="测试")
    run = measured()
    log("四", "2025-07-11", 资源=host)
    log("五", "2025-07-02", 更正="二", 资源=host)
    found, more = evidence.logs_of(run, host)
    assert more == 0
    assert [(each.first, each.standing) for each in found] == [
        ("2025-07-04", f"已由 {Received.objects.get(corrects=one).source_ref} 更正，不算数"),
        ("2025-07-03", "这一批算了以后由 五 更正；这一批照它算的"),
        ("2025-07-09", "已作废：送错了，不算数"),
        ("2025-07-11", "这一批算了以后才收到，没有算进去"),
        ("2025-07-02", "这一批算了以后才收到，没有算进去"),
    ]
    page = signed_in("shy").get(f"/settlement/runs/{run.pk}/days/2025-11-03/", {"resource": host}).content.decode()
    assert all(each.standing in page for each in found)


def test_R075_没有存数据包的批次_页上写明_不拿现在的充数() -> None:
    log("一", "2025-09-01")
    run = measured()
    bare = Run.objects.create(
        service_year=run.service_year, kind=run.kind, until_on=run.until_on, head=run.head, digest=run.digest,
        differences={"D13": 1}, read=run.read, rulebook_digest=run.rulebook_digest, code_version="0",
        line_count=0, disputed_count=0, on=date(2026, 7, 1), by="测试",
    )  # fmt: skip
    Difference.objects.create(run=bare, seq=1, code="D13", resource=STRAY, blocking=False, note="无主资源")
    page = shown(bare)
    assert "没有存数据包" in page
    assert "首见" not in page
    assert "没有存数据包" not in shown(run)
