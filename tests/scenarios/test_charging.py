"""从哪天起计费只有一个答案（R-072）：台账列表、资源页、日历、订阅、导出的表说的，与账上的逐日相同。"""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.db.models import Q

from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, logged, measured, used
from yunheng.applications.models import Draft
from yunheng.catalog.models import Item
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger import charging, queries
from yunheng.ledger.models import Resource, Segment
from yunheng.orgs.models import BusinessClock, ConventionDecision
from yunheng.orgs.queries import conventions_of
from yunheng.rules import periods
from yunheng.settlement.bill import daily, levels

pytestmark = pytest.mark.django_db
HOST = "ECS-YR-01"
#: 测试期里、期满前一天、期满那天
DAYS = (date(2025, 7, 2), date(2025, 7, 3), date(2025, 9, 1), date(2025, 10, 2), date(2025, 10, 3), date(2026, 6, 30))


def clock(on: date) -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": on})


def listed(on: date, **query: str) -> dict[str, dict[Any, Any]]:
    """那天导出的台账：资源编号 → 那一行。"""
    clock(on)
    response = signed_in("shy").get("/assets/", {"format": "xlsx", **query})
    sheet: Any = openpyxl.load_workbook(io.BytesIO(response.content)).active
    heads, *rows = sheet.iter_rows(values_only=True)
    at = heads.index("资源编号")
    return {row[at]: dict(zip(heads, row, strict=True)) for row in rows if row[at]}


def with_software() -> set[str]:
    """一个带平台软件的项目，同 `used` 那天下发；回平台软件的资源编号。"""
    item = Item.objects.filter(category="平台软件", cycle="年", pricing="单价", provider__code="CU").order_by("code")[0]
    walk = Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name="带软件的系统").fill(**FILLED)
    walk.fill(services={**FILLED["services"], item.code: "2"}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-YR-")
    logged(Draft.objects.get(case=walk.case).project)
    found = set(Resource.objects.filter(segments__item=item).values_list("code", flat=True))
    assert found
    return found


def decided(code: str, option: str) -> None:
    """区科委定了一条口径，服务年度首日起用。"""
    ConventionDecision.objects.create(
        code=code, option=option, effective_on=date(YEAR, 7, 1), reason="测试", decided_on=date(YEAR, 6, 1), by="区科委"
    )


@pytest.mark.parametrize("chosen", [{}, {"K-01": "civil_code"}])
def test_R072_台账每天说的状态_与账上逐日的相同(chosen: dict[str, str]) -> None:
    for code, option in chosen.items():
        decided(code, option)
    software = with_software()
    run = measured(on=JULY)
    same = 0
    for resource in Resource.objects.filter(Q(code__in=software) | Q(code=HOST)):
        segments = list(Segment.objects.filter(resource=resource).select_related("item"))
        starts = charging.charge_starts(segments, charging.as_billed())
        place = levels.place_of(cast()["shy"], {"resource": resource.code})
        assert place is not None
        book = daily.book_of(cast()["shy"], run, place)
        assert book is not None
        for on in (*DAYS, date(2025, 10, 4)):
            states = {one.state(on) for one in book.timelines}
            said = queries.state(segments, on, starts)
            billed = "计费中" if states & {daily.CHARGED, daily.DISPUTED, daily.USED} else "测试中"
            assert said == ("待开通" if states == {daily.IDLE} else billed), (resource.code, on, states)
            same += 1
    assert same == 7 * (len(software) + 1)


def test_R072_平台软件没有测试期_下发当天台账就说计费中_主机说测试中() -> None:
    software = with_software()
    rows = listed(date(2025, 7, 10))
    for code in software:
        assert rows[code]["状态"] == "计费中", code
        assert rows[code]["计费起"] == "2025-07-03"
    # 筛选与状态一栏是同一个说法
    for state in ("测试中", "计费中"):
        assert set(listed(date(2025, 7, 10), status=state)) == {
            code for code, row in rows.items() if row["状态"] == state
        }


def test_R072_K01选次日起计_台账和日历都晚一天() -> None:
    decided("K-01", "civil_code")
    used()
    rows = listed(date(2025, 10, 3))
    assert (rows[HOST]["状态"], rows[HOST]["计费起"]) == ("测试中", "2025-10-04")
    assert listed(date(2025, 10, 4))[HOST]["状态"] == "计费中"


def test_R072_口径从下一年度改的_以前年度起计费的那天不动() -> None:
    used()
    before = listed(date(2026, 6, 30))[HOST]["计费起"]
    ConventionDecision.objects.create(
        code="K-01", option="civil_code", effective_on=date(YEAR + 1, 7, 1), reason="测试",
        decided_on=date(2026, 6, 1), by="区科委",
    )  # fmt: skip
    clock(date(2026, 8, 1))
    assert listed(date(2026, 8, 1))[HOST]["计费起"] == before == "2025-10-03"


@pytest.mark.parametrize(
    ("on", "later", "charged"),
    [
        # 照旧口径 6 月 30 日期满当日就起计：改口径以前的账上已经计了
        (date(2026, 3, 30), "civil_code", date(2026, 6, 30)),
        # 照旧口径 7 月 1 日才起计，落在新的年度：照新口径
        (date(2026, 4, 1), "civil_code", date(2026, 7, 2)),
        (date(2026, 4, 2), "civil_code", date(2026, 7, 3)),
        (date(2026, 4, 2), "same_day", date(2026, 7, 2)),
    ],
)
def test_R072_跨年度的测试期_从哪一年的账上起计费就是哪天(on: date, later: str, charged: date) -> None:
    ConventionDecision.objects.create(
        code="K-01",
        option=later,
        effective_on=date(2026, 7, 1),
        reason="测试",
        decided_on=date(2026, 6, 1),
        by="区科委",
    )
    item = Item.objects.filter(category="基础设施", cycle="年").exclude(level="区级")[0]
    grant = charging.grant_of(item, on)
    assert charging.as_billed()(grant) == charged
    # 与逐年各照一套口径、逐日看头一个计费的日子相同
    days = (on + timedelta(days=n) for n in range(200))
    first = next(day for day in days if charging.under(conventions_of(periods.service_year_of(day)))(grant) <= day)
    assert charging.as_billed()(grant) == first


def test_R072_日历和订阅只列有测试期的_起计费那天() -> None:
    with_software()
    clock(date(2025, 10, 1))
    page = signed_in("shy").get("/assets/calendar/", {"ym": "2025-10"}).content.decode()
    trial = {
        one.resource.code
        for one in Segment.objects.select_related("resource", "item")
        if one.item.category == "基础设施" and one.item.level != "区级"
    }
    assert HOST in trial
    book = signed_in("shy").get("/assets/calendar.ics").content.decode()
    for resource in Resource.objects.all():
        expected = resource.code in trial
        assert (f">{resource.code}</a>" in page) == expected, resource.code
        assert (f"UID:{resource.code}-2025-10-03@" in book) == expected, resource.code


def test_R072_资源页写测试期至哪天含_没有测试期的写没有() -> None:
    software = with_software()
    clock(date(2025, 8, 1))
    client = signed_in("shy")
    assert "测试期至 2025-10-02（含），2025-10-03 起计费" in client.get(f"/assets/{HOST}/").content.decode()
    page = client.get(f"/assets/{software.pop()}/").content.decode()
    assert "2025-07-03 起计费，没有测试期" in page
