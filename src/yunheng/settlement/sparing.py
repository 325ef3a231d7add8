"""先办后批（D4）裁定认可、口径 K-19 选审核日的，起计以后推到哪天才收：台账的“计费起”与账上同一个答案（R-075）。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from yunheng.ledger.charging import Billed, Use, register_spared
from yunheng.metering.telling import excused
from yunheng.rules import periods
from yunheng.rules.overlay import Span
from yunheng.settlement.models import Handling
from yunheng.settlement.rulings import Key, in_force
from yunheng.settlement.runs.moves import reviews


def postponed(used: Sequence[Use], billed: Billed) -> dict[int, date]:
    """各次在用起计以后头一个真收的日子，没有推后的不列；照现在的裁定逐日看。"""
    known_reviews = reviews({one.added.case_id for one in used if one.added.case_id})
    reviewed_days = {case: date.fromisoformat(on) for case, (on, _) in known_reviews.items() if on}
    codes = {one.added.resource.code for one in used}
    known: dict[int, Mapping[Key, list[Span[Handling]]]] = {}
    found = {}
    for one in used:
        reviewed, day = reviewed_days.get(one.added.case_id or 0), one.charged_on
        while reviewed is not None and day < reviewed and (one.until is None or day < one.until):
            year = periods.service_year_of(day)
            if year not in known:
                known[year] = in_force(year, codes)
            key = one.added.resource.code, one.added.item.code, "D4"
            spans = [Span(span.start, span.until, span.ruling, None) for span in known[year].get(key, [])]
            if not excused({"D4": spans}, reviewed, day, billed.options(day)):
                break
            day += timedelta(days=1)
        if day > one.charged_on:
            found[one.added.pk] = day
    return found


def register() -> None:
    """启动时登记。"""
    register_spared(postponed)
