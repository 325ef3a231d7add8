"""只裁了一部分日子的差异：年度页、一条账目、命令行 explain、一天的页都写明裁了哪些日子（R-073、R-075）。"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from tests.scenarios.test_backfill import CPU, altered, recorded
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, measured
from yunheng.metering.explaining import explain
from yunheng.metering.opening import opened
from yunheng.orgs.models import BusinessClock, ConventionDecision
from yunheng.settlement import handling, queries
from yunheng.settlement.bill import daily, levels, why
from yunheng.settlement.bill.daily import Book
from yunheng.settlement.models import Run, RunFile
from yunheng.settlement.runs import recasting, running

pytestmark = pytest.mark.django_db
HOST = "LS-ECS-1"
DONE, MIDDLE, REVIEWED = date(2025, 10, 1), date(2025, 10, 11), date(2025, 10, 20)
PARTLY = "D4 先办后批，裁定：2025-07-01 至 2025-10-10（含）认可；2025-10-11 至 2026-06-30（含）没有裁定，待核"


@pytest.fixture(autouse=True)
def _late() -> None:
    """10-01 加的核，单据 10-20 才审核通过（D4）。"""
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    recorded(altered("单据", 3, 5, REVIEWED))


def rule(ruling: str, from_on: date | None = None, until_on: date | None = None) -> None:
    handling.handle(
        actor=cast()["shy"], on=JULY, year=YEAR, code="D4", resource=HOST, item=CPU, kind="裁定", text="急用先办",
        ruling=ruling, from_on=from_on, until_on=until_on,
    )  # fmt: skip


def from_review() -> None:
    ConventionDecision.objects.create(
        code="K-19",
        option="review",
        effective_on=date(2025, 7, 1),
        reason="区里议定",
        by="区科委",
        decided_on=date(2025, 6, 1),
    )


def book(run: Run) -> Book:
    line = queries.lines_of(run).filter(resource=HOST)[0]
    found = daily.book_of(cast()["shy"], run, levels.Place(line.unit, line.project, HOST))
    assert found
    return found


def by_command(run: Run, folder: Path) -> list[tuple[str, ...]]:
    """命令行 explain 对主机这一项各条说的来历，按起日。"""
    path = folder / f"{run.pk}.zip"
    path.write_bytes(bytes(RunFile.objects.get(run=run, name=running.PACKAGE).content))
    with opened(path) as package:
        found = explain(json.loads(running.result_of(run)), package, resource=HOST, item=CPU)
    return [one.evidence for one in sorted(found, key=lambda one: str(one.line["from"]))]


def on_page(run: Run) -> list[tuple[str, ...]]:
    """网页上说的，同样的各条。"""
    lines = queries.lines_of(run).filter(resource=HOST, item=CPU, disputed=False).order_by("from_on")
    client = signed_in("shy")
    return [client.get(f"/settlement/runs/{run.pk}/lines/{one.seq}/").context["told"].evidence for one in lines]


def test_R075_先办后批只裁了一段_解释和网页都写明哪几天_其余待核(tmp_path: Path) -> None:
    measured()
    rule("认可", None, MIDDLE)
    run = measured()
    said = by_command(run, tmp_path)
    assert said == on_page(run)
    assert len(said) == 2
    assert all(any(words.startswith(PARTLY) for words in each) for each in said)
    assert f"{PARTLY.partition('裁定：')[2]}；依据：急用先办" in line_page(run)


def line_page(run: Run) -> str:
    first = queries.lines_of(run).filter(resource=HOST, item=CPU, disputed=False).order_by("from_on")[0]
    return signed_in("shy").get(f"/settlement/runs/{run.pk}/lines/{first.seq}/").content.decode()


def test_R075_裁满全年的只写怎样裁的_没有裁的不写(tmp_path: Path) -> None:
    first = measured()
    assert not any("裁定" in words for each in on_page(first) for words in each)
    rule("认可")
    run = measured()
    assert by_command(run, tmp_path) == on_page(run)
    assert all("D4 先办后批，裁定认可（R-075）" in each for each in on_page(run))


def test_R075_批次以后又裁的_不改那一批说的(tmp_path: Path) -> None:
    measured()
    rule("认可", None, MIDDLE)
    run = measured()
    rule("不计费", MIDDLE)
    assert by_command(run, tmp_path) == on_page(run)
    trial = recasting.recast(actor=cast()["shy"], on=JULY, run=run)
    line = queries.lines_of(trial).filter(resource=HOST, item=CPU)[0]
    told, _ = why.why(book(trial), line, why.trials_of(book(trial)))
    assert any("2025-10-11 至 2026-06-30（含）不计费" in one for one in told.evidence)
    # 试算的批次没有自己的数据包：照它所照的那一批和试算时的裁定，也重算得出哪些口径起作用
    assert told.codes is not None


def test_R075_年度页写几条只裁了一部分_裁满了就不写() -> None:
    measured()
    year = f"/settlement/{YEAR}/"
    assert "只裁了一部分日子" not in signed_in("shy").get(year).content.decode()
    rule("认可", None, MIDDLE)
    assert "1 条差异只裁了一部分日子" in signed_in("shy").get(year).content.decode()
    # 别单位的看不到
    assert "只裁了一部分日子" not in signed_in("jyj").get(year).content.decode()
    rule("不计费", MIDDLE)
    measured()
    # 两种裁定盖满了全年，也是“部分”，但没有待核的日子
    assert "只裁了一部分日子" not in signed_in("shy").get(year).content.decode()


def reason(run: Run, day: date) -> str:
    return next(one.reason for one in daily.portions(book(run), day) if one.item.code == CPU)


def test_K19_一天的页写明审核通过以前为什么没有收_没有裁到的日子是待核() -> None:
    from_review()
    measured()
    rule("认可", None, MIDDLE)
    run = measured()
    assert "照口径 K-19 审核通过以前不计费" in reason(run, DONE)
    assert "2025-10-20 才审核通过" in reason(run, date(2025, 10, 10))
    assert reason(run, MIDDLE).startswith("待核 D4")
    assert "K-19" not in reason(run, date(2025, 9, 30))


def test_K19_选完成日的_没有这样的日子() -> None:
    measured()
    rule("认可")
    run = measured()
    assert reason(run, DONE) == reason(run, date(2025, 10, 10)) == ""
