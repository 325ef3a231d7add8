"""计量与裁定的先后：计量开始后、存批次前作的裁定、更正、补录，批次里没有，提交的关口看得出（R-075、R-077）。"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.db.models import BooleanField, Max
from django.db.models.expressions import RawSQL

from tests.scenarios.test_correction import corrected, fact_of
from tests.support.people import cast
from tests.support.year import JULY, YEAR, act, appraised, used
from yunheng.audit.refused import Refused
from yunheng.ledger import marks
from yunheng.ledger.marks import Mark
from yunheng.ledger.models import Channel, Correction, Received
from yunheng.ledger.receiving import source_of
from yunheng.orgs.models import Institution
from yunheng.settlement import handling, operations
from yunheng.settlement.models import Difference, Handling, Run
from yunheng.settlement.runs import running, staleness

pytestmark = pytest.mark.usefixtures("committed")


def first_batch() -> Difference:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    used()
    appraised()
    first = measured()
    return Difference.objects.filter(run=first, blocking=True).order_by("seq")[0]


def measured(after: str = "", then: Callable[[], object] = lambda: None) -> Run:
    """计量一次；办完“after”这一步、还没有存批次的时候，另一个连接做 `then`。"""

    def progress(step: str, _: float) -> None:
        if step == after:
            elsewhere(then)

    return running.measure(actor=cast()["shy"], on=JULY, year=YEAR, kind="年度", progress=progress)


def elsewhere(do: Callable[[], object]) -> None:
    """在另一个连接里做，做完提交。"""

    def work() -> None:
        try:
            do()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def rule(row: Difference) -> None:
    handling.handle(
        actor=cast()["shy"], on=JULY, year=YEAR, code=row.code, resource=row.resource, item=row.item,
        kind="裁定", text="以工单为准", ruling="认可",
    )  # fmt: skip


def refused(run: Run, words: str) -> None:
    """比内容看得出，时刻看不出；提交复算被拒。"""
    assert words in "；".join(staleness.stale(run))
    case = operations.start(actor=cast()["shy"], on=JULY + timedelta(days=1), year=YEAR)
    with pytest.raises(Refused, match=f"{words}.*请重新计量"):
        act("shy", case, "file")
    again = measured()
    assert list(staleness.stale(again)) == []
    act("shy", case, "file")


def test_R075_导出以后存批次以前作的裁定_不能提交_重新计量了才能() -> None:
    row = first_batch()
    run = measured("读取、校验", lambda: rule(row))
    assert Handling.objects.aggregate(last=Max("recorded_at"))["last"] < run.recorded_at
    assert "差异裁定变了" in "；".join(staleness.hint(run))
    refused(run, "差异裁定变了")


def test_R075_裁定先写后提交_快照里没有_也看得出() -> None:
    row = first_batch()
    written, exported = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            rule(row)
            written.set()
            assert exported.wait(60)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(60)

    def progress(step: str, _: float) -> None:
        if step == "读取、校验":
            exported.set()
            thread.join()

    run = running.measure(actor=cast()["shy"], on=JULY, year=YEAR, kind="年度", progress=progress)
    assert not Difference.objects.filter(run=run).exclude(ruling="").exists()
    refused(run, "差异裁定变了")


def test_R075_导出以后存批次以前更正的台账_不能提交() -> None:
    first_batch()
    run = measured("读取、校验", lambda: corrected(fact_of()))
    assert Correction.objects.get().recorded_at < run.recorded_at
    refused(run, "台账更正多了 1 条")


def test_R083_先取号后提交的收件_快照里没有_记着缺哪几号_以后看得出() -> None:
    def arrived(number: str) -> None:
        Received.objects.create(source=source, source_ref=number, kind="日志", payload={}, digest="")

    source = source_of(Institution.objects.get(code="CU"), Channel.FILE)
    known = marks.settled()
    arrived("1")
    written, read = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            arrived("2")
            arrived("3")
            written.set()
            assert read.wait(60)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(60)
    arrived("4")
    mark = marks.marked(known)
    read.set()
    thread.join()
    arrived("5")
    assert len(mark.gaps) == 1
    assert Mark.of(mark.kept()) == mark
    unread = Received.objects.filter(RawSQL(mark.unread("ledger_received"), (), BooleanField())).order_by("pk")
    assert list(unread.values_list("source_ref", flat=True)) == ["2", "3", "5"]
    assert marks.marked(marks.settled()).gaps == ()
    # 时刻更早，也算没有读到
    assert unread[0].recorded_at < Received.objects.get(source_ref="4").recorded_at


def test_R075_没有新的_可以提交() -> None:
    first_batch()
    run = measured()
    assert [*staleness.stale(run), *staleness.hint(run)] == []
