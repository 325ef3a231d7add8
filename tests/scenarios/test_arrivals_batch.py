"""收件与批次：对不上的定了才能提交，批次变了没有比内容，页面写明（D62-七，R-052、R-073、R-075）。"""

from __future__ import annotations

import tempfile
import zipfile
from decimal import Decimal

import pytest

from tests.scenarios.test_arrivals import ITEM, billed, dispose, file_of, platform, resource, send, usage
from tests.support.people import cast
from tests.support.year import JULY, measured
from tests.web.test_pages import signed_in
from yunheng.audit.refused import NotYours, Refused
from yunheng.ledger.models import Disposal, Received, Source
from yunheng.settlement import arriving
from yunheng.settlement.models import Run
from yunheng.settlement.runs import staleness

pytestmark = pytest.mark.django_db
#: 固定件
__all__ = ["resource"]


# ── 提交以前 ──


def test_R075_冲突没有定不能提交_定了取另一边要重新计量_哪一边又有新数重新列(resource: str) -> None:
    send("用量", usage("1", "100", resource))
    send("用量", usage("1", "150", resource), source=file_of())
    run, _ = billed()
    rows = list(run.contested.values_list("pk", flat=True))
    assert ["还没有定取哪一边" in text for text in arriving.unready(run)] == [True]
    for who, source, reason, error in (
        ("lt", file_of(), "查过", NotYours),
        ("shy", file_of(), " ", Refused),
        ("shy", None, "查过", Refused),
        ("shy", platform("CT"), "查过", Refused),
    ):
        with pytest.raises(error):
            arriving.choose(actor=cast()[who], on=JULY, run=run, rows=rows, source=source, reason=reason)
    arriving.choose(actor=cast()["shy"], on=JULY, run=run, rows=rows, source=file_of(), reason="平台计数器坏了")
    assert ["请重新计量" in text for text in arriving.unready(run)] == [True]
    run, lines = billed()
    assert lines == [("150", Decimal("18.00"))]
    assert list(arriving.unready(run)) == []
    send("用量", usage("9", "1", resource))
    run, lines = billed()
    assert lines == [("101", Decimal("12.12"))]
    assert ["还没有定取哪一边" in text for text in arriving.unready(run)] == [True]


def test_R075_未计入的收件_看过打勾才能提交(resource: str) -> None:
    row = usage("坏", "5", resource) | {"目录项": "早没有了"}
    Received.objects.create(source=platform(), kind="用量", source_ref="坏", payload=row, digest="0" * 64)
    run, _ = billed()
    assert ["看过打勾" in text for text in arriving.unready(run)] == [True]
    with pytest.raises(NotYours):
        arriving.notice(actor=cast()["kw"], on=JULY, run=run)
    arriving.notice(actor=cast()["shy"], on=JULY, run=run)
    assert list(arriving.unready(run)) == []


# ── 批次变了没有：比内容 ──


def told(run: Run) -> list[str]:
    """提交的关口和页面说的，两处要一样。"""
    found = list(staleness.stale(run))
    assert list(staleness.hint(run)) == found
    return found


def test_R075_退回作废改了用量的_批次要重新计量_暂留的不要(resource: str) -> None:
    send("用量", usage("1", "100", "错的编号"), usage("2", "7", "错的编号", "2025-11-04"), usage("3", "1", resource))
    run = measured()
    dispose(Disposal.KEEP, "1", "2")
    assert told(run) == []
    dispose(Disposal.VOID, "1")
    assert told(run) == [
        f"批次 {run.pk} 导出数据以后，更正、处理、取哪一边改了 1 天的用量（错的编号 {ITEM} 2025-11-03），请重新计量"
        "（R-075、R-077、R-084）"
    ]
    again = measured()
    assert told(again) == []
    dispose(Disposal.KEEP, "1")
    assert "改了 1 天的用量" in told(again)[0]
    assert told(run) == []


def test_R075_作废的日志是最早的一条_要重新计量_不是的不要(resource: str) -> None:
    log = {"编号": "a", "资源": "错的编号", "首见日期": "2025-07-03", "末见日期": "2026-06-30"}
    send("日志", log, log | {"编号": "b", "首见日期": "2025-09-01"}, log | {"编号": "c", "资源": resource})
    run = measured()
    dispose(Disposal.VOID, "b")
    assert told(run) == []
    dispose(Disposal.RETURN, "a")
    assert ["改了 1 个资源的日志（错的编号）" in text for text in told(run)] == [True]


def test_R052_更正成一样的不要重新计量_改了的要(resource: str) -> None:
    send("用量", usage("1", "100", resource))
    run = measured()
    send("用量", usage("2", "100.0", resource, 更正="1"))
    assert told(run) == []
    send("用量", usage("3", "90", resource, 更正="2"))
    assert "改了 1 天的用量" in told(run)[0]


def test_R075_定的就是批次取的那一边_能提交_定了另一边要重新计量(resource: str) -> None:
    send("用量", usage("1", "100", resource))
    send("用量", usage("1", "150", resource), source=file_of())
    run = measured()
    rows = list(run.contested.values_list("pk", flat=True))

    def choose(source: Source) -> None:
        arriving.choose(actor=cast()["shy"], on=JULY, run=run, rows=rows, source=source, reason="查过")

    choose(platform())
    assert [*told(run), *arriving.unready(run)] == []
    choose(file_of())
    assert "改了 1 天的用量" in told(run)[0]
    choose(platform())
    assert [*told(run), *arriving.unready(run)] == []


def test_R077_没有记过读到什么的老批次_处理收件同样看得出(resource: str) -> None:
    send("用量", usage("1", "100", "错的编号"), usage("2", "1", resource))
    run = measured()
    run.read = {}
    dispose(Disposal.KEEP, "1")
    assert told(run) == []
    dispose(Disposal.VOID, "1")
    assert "改了 1 天的用量" in told(run)[0]


def test_R077_看批次变了没有_页面上不打开数据包也不写文件(resource: str, monkeypatch: pytest.MonkeyPatch) -> None:
    send("用量", usage("1", "100", resource))
    run = measured()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("不该碰文件")

    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    assert list(staleness.hint(run)) == []


# ── 页面 ──


def test_R001_服务商只查得到自己送的_处理成什么样(resource: str) -> None:
    send("用量", usage("1", "100", resource), usage("2", "40", resource, 更正="1"), usage("3", "1", "写错的编号"))
    dispose(Disposal.RETURN, "3", reason="编号写错了")
    page = signed_in("lt").get("/inbox/sent/").content.decode()
    for words in ("已更正：由 2 更正", "退回：编号写错了"):
        assert words in page
    assert "写错的编号" not in signed_in("dx").get("/inbox/sent/").content.decode()


def test_R075_网页上处理对不上的收件_定取哪一边_看过打勾(resource: str) -> None:
    send("用量", usage("1", "100", "写错的编号"), usage("2", "3", resource))
    send("用量", usage("2", "4", resource), source=file_of())
    shy = signed_in("shy")
    assert "写错的编号" in shy.get("/inbox/unmatched/").content.decode()
    odd = Received.objects.get(payload__资源="写错的编号").pk
    form = {"row": odd, "kind": "认给", "resource": resource, "reason": "少写了前缀"}
    assert "写明理由" in shy.post("/inbox/unmatched/", form | {"reason": ""}).content.decode()
    assert shy.post("/inbox/unmatched/", form).status_code == 302
    run = measured()
    address = f"/settlement/runs/{run.pk}/arrivals/"
    assert "还没有定" in shy.get(address).content.decode()
    (pk,) = run.contested.values_list("pk", flat=True)
    choice = {"row": pk, "source": platform().pk, "reason": "照平台"}
    assert signed_in("kw").post(address, choice).status_code == 403
    assert shy.post(address, choice).status_code == 302
    assert "照平台" in shy.get(address).content.decode()
