"""口径 K-19 选审核日、先办后批裁定认可的：台账的“计费起”与账上头一天相同，测试期满的日子不动（R-072、R-075）。"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.scenarios.test_backfill import CPU, HISTORY, recorded, workbook
from tests.scenarios.test_charging import clock, listed
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, measured
from yunheng.ledger import charging
from yunheng.ledger.models import Segment
from yunheng.orgs.models import BusinessClock, ConventionDecision
from yunheng.settlement import handling, queries

pytestmark = pytest.mark.django_db
HOST = "LS-ECS-5"
#: 2025-07-10 办完，测试期至 10-09（含），11-20 才审核通过
DONE, CHARGED, REVIEWED = date(2025, 7, 10), date(2025, 10, 10), date(2025, 11, 20)


@pytest.fixture(autouse=True)
def _late() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    more: dict[str, list[Any]] = {
        "单据": ["LS-2025-05", "首次申请", "P-2023-900", "CU", REVIEWED],
        "单据明细": ["LS-2025-05", HOST, CPU, "新增", 4],
        "工单": ["GD-5", "LS-2025-05", HOST, CPU, "新增", 4, DONE],
        "日志": [HOST, DONE, date(2026, 7, 7)],
    }
    recorded(workbook(**{sheet: [*HISTORY[sheet], row] for sheet, row in more.items()}))


def review(option: str = "review") -> None:
    ConventionDecision.objects.create(
        code="K-19", option=option, effective_on=date(2025, 7, 1), reason="区里议定", by="区科委",
        decided_on=date(2025, 6, 1),
    )  # fmt: skip


def rule(ruling: str, from_on: date | None = None, until_on: date | None = None) -> None:
    handling.handle(
        actor=cast()["shy"], on=JULY, year=YEAR, code="D4", resource=HOST, item=CPU, kind="裁定", text="急用先办",
        ruling=ruling, from_on=from_on, until_on=until_on,
    )  # fmt: skip


def first_billed() -> date:
    """账上头一天。"""
    lines = queries.lines_of(measured()).filter(resource=HOST, item=CPU, disputed=False)
    return min(one.from_on for one in lines)


def said() -> str:
    return str(listed(JULY)[HOST]["计费起"])


def detail() -> str:
    return signed_in("shy").get(f"/assets/{HOST}/").content.decode()


@pytest.mark.parametrize(
    ("option", "until", "expected"),
    [
        ("review", None, REVIEWED),
        # 只认可到 11 月 1 日（不含），以后的待核
        ("review", date(2025, 11, 1), date(2025, 11, 1)),
        ("completion", None, CHARGED),
    ],
)
def test_K19_台账的计费起与账上的头一天相同(option: str, until: date | None, expected: date) -> None:
    review(option)
    measured()
    rule("认可", None, until)
    if until:
        rule("不计费", REVIEWED)
        assert said() == expected.isoformat()
    else:
        assert said() == first_billed().isoformat() == expected.isoformat()
    assert ("照口径 K-19 审核通过以前不收" in detail()) == (option == "review")


def test_K19_没有裁定认可的_计费起不推后() -> None:
    review()
    measured()
    assert said() == CHARGED.isoformat()
    assert "K-19" not in detail()
    rule("不计费")
    assert said() == CHARGED.isoformat()


def test_K19_测试期满的日子不动_日历和订阅照旧() -> None:
    review()
    measured()
    rule("认可")
    segment = Segment.objects.select_related("item").get(resource__code=HOST)
    assert charging.charge_starts([segment], charging.as_billed())[segment.pk] == CHARGED
    clock(date(2025, 10, 1))
    book = signed_in("shy").get("/assets/calendar.ics").content.decode()
    assert f"UID:{HOST}-{CHARGED}@" in book
    assert f"测试期至 2025-10-09（含），{CHARGED} 起计费；先办后批（D4）裁定认可" in detail()
    assert f"{REVIEWED} 起收" in detail()
