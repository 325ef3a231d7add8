"""平台日志中间断过：几段并成最早首见、最晚末见，断的日子当作一直看得见，提前消失（D7）就不报了；处处点名（R-052、R-075）。"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.scenarios.test_arrivals import file_of, send
from tests.scenarios.test_late import LATER
from tests.support.people import signed_in
from tests.support.year import JULY, YEAR, approved, measured, used
from yunheng.ledger import arrivals, gaps, unmatched
from yunheng.ledger.models import Received
from yunheng.orgs.models import BusinessClock
from yunheng.settlement.models import LogGap, Run
from yunheng.settlement.runs import late

pytestmark = pytest.mark.django_db
HOST = "ECS-YR-01"


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def log(number: str, first: str, last: str, resource: str = HOST, **more: str) -> dict[str, str]:
    return {"编号": number, "资源": resource, "首见日期": first, "末见日期": last, **more}


def cut(last: str) -> None:
    """这台主机的日志更正成到 `last` 为止。"""
    send("日志", log("短", "2025-07-03", last, 更正=f"{HOST}-日志"), on=JULY)


def told(run: Run) -> list[tuple[str, int, int, str, str]]:
    rows = LogGap.objects.filter(run=run).order_by("resource")
    return [(one.resource, one.number, one.days, f"{one.last_on}", f"{one.next_on}") for one in rows]


def page(who: str, url: str) -> str:
    return signed_in(who).get(url).content.decode()


# ── 批次 ──


def test_R075_两天的日志把断了半年的并成一段_D7没有了_批次_年度页_收件页都点名() -> None:
    used()
    cut("2025-12-31")
    before = measured()
    assert before.differences.get("D7")
    assert told(before) == []
    assert "中间断过" not in page("shy", f"/settlement/{YEAR}/")
    assert "没有：各资源的日志都连得上" in page("shy", f"/settlement/runs/{before.pk}/arrivals/")
    send("日志", log("晚", "2026-07-07", "2026-07-08"), on=JULY)
    run = measured()
    assert not run.differences.get("D7")
    # 年度里没有看见的日子：1 月 1 日至 6 月 30 日
    assert told(run) == [(HOST, 1, 181, "2025-12-31", "2026-07-07")]
    year = page("shy", f"/settlement/{YEAR}/")
    assert "1 个资源的" in year
    assert f"/settlement/runs/{run.pk}/arrivals/#gaps" in year
    listed = page("shy", f"/settlement/runs/{run.pk}/arrivals/")
    assert "2025-12-31 末见以后，2026-07-07 才又首见" in listed
    # 使用单位、服务商的年度页不说全区的
    assert "中间断过" not in page("mzj", f"/settlement/{YEAR}/")


@pytest.mark.parametrize(("last", "following", "named"), [("03-10", "03-13", False), ("03-10", "03-14", True)])
def test_R075_断两天的是容差_不算_断三天的点名(last: str, following: str, named: bool) -> None:
    used()
    cut(f"2026-{last}")
    send("日志", log("续", f"2026-{following}", "2026-07-08"), on=JULY)
    assert told(measured()) == ([(HOST, 1, 3, f"2026-{last}", f"2026-{following}")] if named else [])


def test_R075_年度以外断的不算_几处断的合起来_重叠的几段不算断_作废的不算() -> None:
    used()
    send("日志", log("早", "2025-05-01", "2025-05-02"), log("叠", "2025-09-01", "2025-09-02"), on=JULY)
    # 断在 5 月 3 日至 7 月 2 日：落在年度里的只有 7 月 1 日、2 日
    assert told(measured()) == [(HOST, 1, 2, "2025-05-02", "2025-07-03")]
    send("日志", log("更", "2025-04-01", "2025-07-02", 更正="早"), on=JULY)
    assert told(measured()) == []
    cut("2025-08-01")
    send("日志", log("后", "2026-07-08", "2026-07-08"), on=JULY)
    assert told(measured()) == [(HOST, 2, 30 + 301, "2025-09-02", "2026-07-08")]


def test_R075_改以前算的批次没有记过_写明_不当作没有断() -> None:
    used()
    run = measured()
    text = page("shy", f"/settlement/runs/{run.pk}/arrivals/")
    assert "还不记日志断没断过" not in text
    old = {key: value for key, value in run.read.items() if key != "日志断档"}
    fields = {one.attname: getattr(run, one.attname) for one in Run._meta.concrete_fields if one.attname != "id"}
    copy = Run.objects.create(**{**fields, "read": old, "line_count": 0, "disputed_count": 0})
    assert "还不记日志断没断过" in page("shy", f"/settlement/runs/{copy.pk}/arrivals/")


def test_R075_差异页那个资源的三方里写明断过() -> None:
    used()
    cut("2025-12-31")
    send("日志", log("晚", "2026-05-01", "2026-05-02"), on=JULY)
    run = measured()
    assert run.differences.get("D7")
    text = page("shy", f"/settlement/runs/{run.pk}/differences/?q={HOST}")
    assert "中间断过 1 处、120 天没有看见" in text
    assert "2025-12-31 末见、2026-05-01 才又首见" in text


# ── 收的时候 ──


def test_R052_收到与上一段断开的日志_提醒隔了几天_不进对不上的_账照收() -> None:
    used()
    cut("2025-12-31")
    taken = send("日志", log("晚", "2026-01-04", "2026-01-05"), on=JULY)
    assert taken.new == 1
    assert taken.reminders[0].startswith(f"第 1 条 资源 {HOST} 的日志与上一段（2025-12-31 末见）隔了 3 天没有看见")
    assert unmatched.waiting() == ([], 0)
    assert send("日志", log("接", "2026-01-06", "2026-01-10"), on=JULY).reminders == ()
    # 补上中间的，与两头都接得上
    assert send("日志", log("补", "2026-01-01", "2026-01-03"), on=JULY).reminders == ()


def test_R052_补送更早的_一批里的两段_都提醒_更正掉的那一段不算() -> None:
    used()
    early = send("日志", log("早", "2025-06-01", "2025-06-02"), on=JULY)
    assert "与下一段（2025-07-03 首见）隔了 30 天" in early.reminders[0]
    both = send("日志", log("甲", "2026-07-03", "2026-07-03", "新-1"), log("乙", "2026-06-01", "2026-06-02", "新-1"))
    assert ["隔了 30 天" in one for one in both.reminders] == [True, True]
    # 把断开的那一段更正成接得上的
    fixed = send("日志", log("早改", "2025-06-01", "2025-07-02", 更正="早"), on=JULY)
    assert fixed.reminders == ()


def test_R052_文件预览里点名断开的行_不说成对不上() -> None:
    used()
    cut("2025-12-31")
    content = f"编号,资源,首见日期,末见日期\nF1,{HOST},2026-03-01,2026-03-02\n".encode()
    table, lines = arrivals.read_file(content, "日志.csv", "日志")
    found, notes = arrivals.judged(table, lines, file_of(), "日志", JULY)
    assert [one.reminder for one in found] == [""]
    assert any("隔了 59 天没有看见" in one.text for one in notes)
    assert Received.objects.filter(source_ref="F1").count() == 0


# ── 冻结以后 ──


def test_R083_冻结以后晚到的日志把断的接成一段_又收到的页上点名_冻结时就断着的不重复说(tmp_path: Path) -> None:
    used()
    cut("2025-12-31")
    approved(tmp_path)
    run = Run.objects.get(freeze__isnull=False)
    BusinessClock.objects.update_or_create(id=1, defaults={"on": LATER})
    send("日志", log("晚", "2027-02-01", "2027-02-02"), on=LATER)
    assert late.bridged(run) == [gaps.Gap(HOST, 1, 181, date(2025, 12, 31), date(2027, 2, 1))]
    text = page("shy", f"/settlement/{YEAR}/late/")
    assert "又到的日志与以前的断开了" in text
    assert "2025-12-31 末见以后，2027-02-01 才又首见" in text


def test_R083_晚到的日志接得上的_别的资源断的_不点名(tmp_path: Path) -> None:
    used()
    cut("2025-12-31")
    approved(tmp_path)
    run = Run.objects.get(freeze__isnull=False)
    send("日志", log("接", "2026-01-01", "2026-06-30"), on=LATER)
    assert late.bridged(run) == []
    assert "又到的日志与以前的断开了" not in page("shy", f"/settlement/{YEAR}/late/")
