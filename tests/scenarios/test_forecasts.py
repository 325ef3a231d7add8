"""全年预测和预算：只比统一支付的净额，各月之和等于它，够不够一句话说清（R-087）。"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest

from tests.scenarios.test_arrivals import send
from tests.scenarios.test_funds import unicom
from tests.scenarios.test_lifecycle_others import grown
from tests.support.people import cast
from tests.support.year import JULY, YEAR, appraised, measured, used
from yunheng.audit.refused import NotYours, Refused
from yunheng.catalog import queries as catalog
from yunheng.catalog.models import Item
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Project, Received, Resource, Segment
from yunheng.settlement import operations
from yunheng.settlement.models import Forecast
from yunheng.settlement.runs import forecasting, running

pytestmark = pytest.mark.django_db


def rolling(on: date) -> Forecast:
    measured("滚动", on)
    assert forecasting.forecast_next()
    assert not forecasting.forecast_next()
    return Forecast.objects.latest("pk")


def test_R087_滚动计量配上全年预测_已发生加以后等于照现状_各月之和等于它() -> None:
    used()
    found = rolling(date(2026, 1, 15))
    assert found.spent < found.expected
    assert sum(Decimal(row["amount"]) for row in found.months) == found.expected
    whole = measured().head["summary"]
    assert found.expected == Decimal(whole["unified_net"])
    assert (found.own, found.held) == (Decimal(whole["self_net"]), Decimal(whole["disputed_gross"]))
    assert found.low == found.high == found.expected


def test_R087_平台日志只送到今天的_当作看得见到年末_已经提前消失的仍是待核() -> None:
    """日志只到今天，照从前的算法全年都是提前消失（D7），预测只剩几成。"""
    whole = used()
    before = rolling(date(2026, 1, 15))
    seen_until(whole, "2026-01-14")
    found = rolling(date(2026, 1, 15))
    assert (found.expected, found.held) == (before.expected, Decimal(0))
    assert found.behind == {}
    # 别的照旧送到今天，这一个不见了：真的提前消失
    for number in range(4):
        seen_until(used(f"照旧在送的{number}", f"ECS-ON{number}-"), "2026-01-14")
    both = rolling(date(2026, 1, 15))
    seen_until(whole, "2026-01-10", "ECS-YR-01")
    gone = rolling(date(2026, 1, 15))
    assert gone.held
    assert gone.expected + gone.held == both.expected
    assert gone.behind == {}


def test_R087_一家的平台日志都没有送来_不当作全都消失了_写明只到哪天() -> None:
    whole = used()
    before = rolling(date(2026, 1, 15))
    seen_until(whole, "2026-01-05")
    found = rolling(date(2026, 1, 15))
    assert (found.expected, found.held) == (before.expected, Decimal(0))
    assert found.behind == {"联通": "2026-01-05"}
    # 只先送来一条新的，别的不算消失
    send("日志", {"编号": "先到的", "资源": "ECS-YR-01", "首见日期": "2026-01-06", "末见日期": "2026-01-14"})
    again = rolling(date(2026, 1, 15))
    assert (again.expected, again.held, again.behind) == (before.expected, Decimal(0), {"联通": "2026-01-05"})
    assert "平台日志没有送齐：联通只到 2026-01-05" in forecasting.sentence(found, None)
    names = {"CU": "联通"}
    # 走完的月份里日志以后的也照旧算，不叫实际
    assert forecasting.chart(found, names, None)["lines"][0]["name"] == "累计（走完的月份，日志没有送齐的照旧算）"
    assert forecasting.chart(before, names, None)["lines"][0]["name"] == "累计（实际）"


def seen_until(project: Project, last: str, *only: str) -> None:
    """这个项目各资源（或只有 `only`）的日志更正成到 `last` 为止。"""
    for code in only or project.resources.values_list("code", flat=True):
        for old in Received.objects.filter(kind="日志", payload__资源=code).order_by("-pk")[:1]:
            first = old.payload["首见日期"]
            again = {"编号": f"{code}-{last}", "资源": code, "首见日期": first, "末见日期": last}
            send("日志", {**again, "更正": old.source_ref})


def test_R087_预测只比统一支付的净额_自费的项目另列_不占预算() -> None:
    mine = used("区里付的", "ECS-UNI-")
    both = used("自己付的", "ECS-OWN-")
    alone = rolling(date(2026, 1, 15))
    both.funding = "自费"
    both.save(update_fields=["funding"])
    found = rolling(date(2026, 2, 16))
    # 两个项目一样大：一半不由区里付
    assert mine.funding == "区级"
    assert (alone.own, found.own) == (Decimal(0), found.expected)
    assert found.expected == alone.expected / 2
    assert sum(Decimal(row["amount"]) for row in found.months) == found.expected
    planned = forecasting.set_budget(actor=cast()["cz"], on=JULY, year=YEAR, amount=found.expected, document="文")
    assert "预计执行 100.0%" in forecasting.sentence(found, planned)
    assert f"另有自行支付（扣后）{found.own:,.2f} 元" in forecasting.sentence(found, planned)


def test_R087_考核扣减以后的才是预测_各月之和仍等于它() -> None:
    used()
    before = rolling(date(2026, 1, 15))
    appraised(rates={"CU": "60"})
    after = rolling(date(2026, 2, 16))
    whole = measured().head["summary"]
    assert after.expected == Decimal(whole["unified_net"]) < Decimal(whole["unified_gross"]) == before.expected
    assert sum(Decimal(row["amount"]) for row in after.months) == after.expected


def test_R087_自费的项目到期_在办的自费申请_都不动统一支付的上下限() -> None:
    used()
    own = used("自己付的", "ECS-OWN-")
    own.funding = "自费"
    own.save(update_fields=["funding"])
    Segment.objects.filter(resource__project=own).update(expires_on=date(2026, 3, 1))
    changing(own, date(2025, 11, 3), "9")
    found = rolling(date(2025, 11, 4))
    assert found.low == found.high == found.expected


def test_R087_图上累计到走完的月份是实际_后面接着预测_预算是一条平线() -> None:
    used()
    rolling(date(2026, 1, 15))
    found = rolling(date(2026, 3, 16))
    planned = forecasting.set_budget(actor=cast()["cz"], on=JULY, year=YEAR, amount=Decimal(99999), document="文")
    drawn = forecasting.chart(found, {}, planned)
    lines = {one["kind"]: one["data"] for one in drawn["lines"]}
    assert set(lines) == {"actual", "ahead", "early", "budget"}
    done = drawn["ahead"].index(True)
    assert drawn["months"][done] == "2026-03"
    assert lines["actual"][done - 1] == lines["ahead"][done - 1] != ""
    assert lines["actual"][done] == "" != lines["ahead"][done]
    assert Decimal(lines["ahead"][-1]) == found.expected == Decimal(lines["early"][-1])
    assert set(lines["budget"]) == {"99999"}


def test_R087_改前存的预测把三样混在一起_不再拿来与预算比() -> None:
    used()
    Forecast.objects.create(
        run=measured("滚动", date(2026, 1, 15)),
        service_year=YEAR,
        on=JULY,
        months=[],
        spent=1,
        expected=2,
        low=1,
        high=3,
    )
    assert forecasting.latest(YEAR) is None
    assert "还没有预测" in forecasting.sentence(forecasting.latest(YEAR), None)


def test_R087_在办的申请抬高上限_到期的资源压低下限() -> None:
    used()
    Walk(cast(), "mzj", date(2025, 9, 1), "new", project_name="还在办的").fill(**FILLED).submit()
    high = rolling(date(2025, 9, 2))
    assert high.high > high.expected == high.low
    Segment.objects.update(expires_on=date(2026, 3, 1))
    low = rolling(date(2025, 10, 9))
    assert low.low < low.expected
    assert low.low >= low.spent


def test_R087_在办的注销压低下限_不动照现状() -> None:
    project = used()
    before = rolling(date(2026, 1, 15))
    codes = list(project.resources.values_list("code", flat=True))
    Walk(cast(), "mzj", date(2026, 2, 2), "deregistration", project=project).fill(
        reason="系统下线", backup="已完成", backup_note="已备份到灾备中心", release=codes
    ).submit()
    found = rolling(date(2026, 2, 3))
    assert (found.expected, found.high) == (before.expected, before.expected)
    # 今天就批了，以后一分不花：只差到今天为止的
    assert found.spent <= found.low < found.spent + before.expected / 100


def test_R087_阶梯价没有全市用量的_算不出没有计入_写明几条() -> None:
    walk = Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name="用阶梯项的系统").fill(**FILLED)
    walk.fill(services={**FILLED["services"], "YY-ZX": "2"}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-TIER-")
    said = forecasting.sentence(rolling(date(2026, 1, 15)), None)
    assert "1 条阶梯价的全市用量还没有发布、上一年度也没有，算不出，都没有计入" in said


def changing(project: Project, on: date, cores: str) -> Resource:
    """在办的变更：第一台云主机的核数改成这么多；返回那台主机。"""
    host = project.resources.filter(kind="云主机").order_by("code").first()
    assert host is not None
    Walk(cast(), "mzj", on, "change", project=project).fill(
        changes=[grown(host, cores=cores)], statement="调整", leader="周", contact="021-67000000", classified="否",
        level="二级",
    ).submit()  # fmt: skip
    return host


def yearly_of(code: str, quantity: Decimal, start: date) -> Decimal:
    """联通的一项自 `start` 用到年末，照年价按天折。"""
    price = catalog.price_book().price_on(code, "CU", start).unit_price
    share = Decimal((date(2026, 7, 1) - start).days) / 365
    return (quantity * price * share).quantize(Decimal("0.01"), ROUND_HALF_UP)


def test_R087_在办的缩减压低下限_不抬高上限_只算减的那几核() -> None:
    project = used()
    now = Segment.objects.get(
        resource=project.resources.filter(kind="云主机").order_by("code").first(), item__code="ZJ-CPU-X86"
    ).quantity
    changing(project, date(2025, 11, 3), "1")
    found = rolling(date(2025, 11, 4))
    assert found.high == found.expected
    assert found.expected - found.low == yearly_of("ZJ-CPU-X86", now - 1, date(2025, 11, 4))


def test_R087_在办的扩充只算增的那几核_还在测试期的从期满起() -> None:
    project = used()
    host = changing(project, date(2025, 8, 4), "9")
    now = Segment.objects.get(resource=host, item__code="ZJ-CPU-X86").quantity
    found = rolling(date(2025, 8, 5))
    # 2025-07-03 下发，改量不另起测试期
    assert found.high - found.expected == yearly_of("ZJ-CPU-X86", 9 - now, date(2025, 10, 3))
    assert found.low == found.expected


def test_R087_没有测试期的从今天起算_有测试期的四月以后年内不要钱() -> None:
    used()
    software = Item.objects.filter(category="平台软件", cycle="年", pricing="单价", provider=unicom())
    item = software.order_by("code")[0]
    quiet = rolling(date(2026, 4, 2))
    walk = Walk(cast(), "mzj", date(2026, 4, 1), "new", project_name="四月才报的").fill(**FILLED)
    walk.fill(services={**FILLED["services"], item.code: "2"}).submit()
    found = rolling(date(2026, 4, 3))
    assert quiet.high == quiet.expected
    assert found.high - found.expected == yearly_of(item.code, Decimal(2), date(2026, 4, 3))


def test_R087_到期时还在测试期的_下限只减计费的日子() -> None:
    expiring = used("到期的系统", "ECS-EXP-")
    used()
    Segment.objects.filter(resource__project=expiring).update(expires_on=date(2025, 9, 1))
    found = rolling(date(2025, 8, 5))
    # 两个项目一样大，2025-10-03 起计费：到期的那个全年都不要钱，另一个一分不少
    assert found.low == found.expected / 2


def test_R087_过了期没有回收的_下限照今天就收了的减() -> None:
    expiring = used("过期没收的系统", "ECS-EXP-")
    used()
    Segment.objects.filter(resource__project=expiring).update(expires_on=date(2026, 1, 10))
    before = rolling(date(2026, 1, 9))
    after = rolling(date(2026, 2, 9))
    # 到期日过了以后，在用的每过一天省的就少一天
    assert before.low < after.low < after.expected


def test_R087_每月自动要一次_同一个月不再要() -> None:
    used()
    assert operations.order_monthly(date(2025, 7, 1)) is None
    first = operations.order_monthly(date(2025, 9, 1))
    assert first is not None
    assert running.work_once()
    assert operations.order_monthly(date(2025, 9, 20)) is None
    assert operations.order_monthly(date(2025, 10, 1)) is not None


def test_R087_预算够不够一句话说清_预算不能是负的_没有文号的不收() -> None:
    used()
    found = rolling(date(2026, 1, 15))
    for amount, document in (("0", "文"), ("-1", "文"), ("1", " ")):
        with pytest.raises(Refused):
            forecasting.set_budget(actor=cast()["cz"], on=JULY, year=YEAR, amount=Decimal(amount), document=document)
    with pytest.raises(NotYours):
        forecasting.set_budget(actor=cast()["lt"], on=JULY, year=YEAR, amount=Decimal(1), document="文")
    tight = forecasting.set_budget(actor=cast()["cz"], on=JULY, year=YEAR, amount=Decimal("1.00"), document="文")
    assert "最少也超预算" in forecasting.sentence(found, tight)
    ample = forecasting.set_budget(actor=cast()["cz"], on=JULY, year=YEAR, amount=found.expected * 2, document="追加")
    assert "预算够" in forecasting.sentence(found, forecasting.budget(YEAR))
    assert forecasting.budget(YEAR) == ample
    assert "还没有预测" in forecasting.sentence(None, ample)
