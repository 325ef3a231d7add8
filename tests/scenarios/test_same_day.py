"""同一天的两次变更，台账与账上取同一条：照审核日期、单号，不照记入的先后（计量第 2 步，R-051、R-072）。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tests.scenarios.test_backfill import CPU, HISTORY, recorded, workbook
from tests.support.people import cast
from tests.support.year import JULY, measured
from yunheng.ledger.models import Fact, Segment
from yunheng.ledger.operations import correct, refold, refold_outdated
from yunheng.ledger.queries import segment_differences
from yunheng.orgs.models import BusinessClock
from yunheng.settlement.models import BillLine

pytestmark = pytest.mark.django_db
HOST = "LS-ECS-1"


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def changed(number: str, reviewed: date, quantity: int) -> tuple[list[object], list[object], list[object]]:
    """2025-10-01 办完的一张变更：单据、明细、工单。"""
    return (
        [number, "变更", "P-2023-900", "CU", reviewed],
        [number, HOST, CPU, "变更", quantity],
        [f"GD-{number}", number, HOST, CPU, "变更", quantity, date(2025, 10, 1)],
    )


def history(*changes: tuple[list[object], list[object], list[object]]) -> None:
    """各张变更照给的次序记入。"""
    forms, details, orders = ([list(one) for one in part] for part in zip(*changes, strict=True))
    recorded(
        workbook(
            单据=[*(row for row in HISTORY["单据"] if row[0] != "LS-2025-02"), *forms],
            单据明细=[*(row for row in HISTORY["单据明细"] if row[0] != "LS-2025-02"), *details],
            工单=[*(row for row in HISTORY["工单"] if row[1] != "LS-2025-02"), *orders],
        )
    )


def held() -> tuple[int, int]:
    """2025-10-01 起：台账的数量，账上的数量。"""
    segment = Segment.objects.get(resource__code=HOST, item__code=CPU, during__contains=date(2025, 12, 1))
    line = BillLine.objects.get(run=measured(), resource=HOST, item=CPU, from_on=date(2025, 10, 1))
    return int(segment.quantity), int(line.quantity)


def test_R072_后审的先记_台账照审核日期取后审的一条_与账相同() -> None:
    history(changed("BG-B", date(2025, 9, 5), 4), changed("BG-A", date(2025, 9, 1), 16))
    assert held() == (4, 4)
    assert [one for one in segment_differences() if one] == []


def test_R072_同一天审的照单号() -> None:
    history(changed("BG-2", date(2025, 9, 5), 4), changed("BG-1", date(2025, 9, 5), 16))
    assert held() == (4, 4)


def test_R075_更正了先审的那条_仍是后审的管用_台账账上一样() -> None:
    history(changed("BG-A", date(2025, 9, 1), 16), changed("BG-B", date(2025, 9, 5), 4))
    fact = Fact.objects.get(case__number="BG-A")
    correct(
        actor=cast()["shy"], on=JULY, fact=fact, reason="抄错了", evidence=("单.pdf", b"%PDF-1.4"),
        effective_on=date(2025, 10, 1), quantity=Decimal(20),
    )  # fmt: skip
    assert held() == (4, 4)


def test_R072_从前照记入的先后折的_升级以后重折_折过的不再动() -> None:
    history(changed("BG-B", date(2025, 9, 5), 4), changed("BG-A", date(2025, 9, 1), 16))
    fact = Fact.objects.get(case__number="BG-A")
    Segment.objects.filter(resource=fact.resource, item=fact.item, during__contains=date(2025, 12, 1)).update(
        quantity=16
    )
    assert [one for one in segment_differences() if one]
    assert refold_outdated() == 1
    assert [one for one in segment_differences() if one] == []
    assert refold_outdated() == 0
    refold({(fact.resource_id, fact.item_id)})
    assert held() == (4, 4)
