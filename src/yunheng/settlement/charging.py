"""一段时间要多少钱：哪天起计费、计到哪天。只用来预估和说明，出账以计量为准（D62-七，R-056、R-072、R-087）。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from yunheng.catalog.models import Item
from yunheng.ledger.models import Action, Fact, Segment
from yunheng.ledger.queries import trial_end
from yunheng.ledger.timeline import APPLY_ORDER
from yunheng.rules import periods, pricing
from yunheng.settlement.runs.moves import FORMS

_FIRST = "首次申请"


def is_first(procedure: str | None) -> bool:
    """算不算首次申请的单据；没有事项的（导入的台账）算。"""
    return procedure is None or FORMS.get(procedure, _FIRST) == _FIRST


def charged_on(item: Item, start: date, *, first: bool, conventions: Mapping[str, str]) -> date:
    """计费起日：同计量算法第 3 步，市级基础设施有测试期，其余当天起（K-01、K-09，R-072）。"""
    if item.category != "基础设施" or item.level == "区级" or (conventions["K-09"] == "no" and not first):
        return start
    end = trial_end(start)
    if end is None:
        return start
    return end + timedelta(days=1) if conventions["K-01"] == "civil_code" else end


def cost(item: Item, quantity: Decimal, price: Decimal, start: date, year: int) -> Decimal:
    """这么多自 `start` 用到服务年度末要多少钱（元，到分）；数量是负的就是省多少。按次、一次性的不随时间，为 0。"""
    whole, end = periods.service_year(year), periods.year_end(year)
    if start >= end or item.cycle not in ("年", "月"):
        return Decimal(0)
    span = periods.Period(max(start, whole.start), end)
    if item.cycle == "年":
        return pricing.to_fen(pricing.yearly(quantity, price, span, year))
    return pricing.to_fen(pricing.monthly(quantity, price, span))


def charge_starts(live: Iterable[Segment], conventions: Mapping[str, str]) -> dict[int, date]:
    """各时段所在的这一次在用从哪天起计费：时段编号 → 日期。一次在用自真正的新增起，未释放时的再新增不另起测试期。"""
    segments = list(live)
    facts: dict[tuple[int, int], list[Fact]] = defaultdict(list)
    kept = Fact.objects.filter(resource__in={one.resource_id for one in segments}, voided_by=None)
    for fact in kept.exclude(action=Action.VOID).select_related("case"):
        facts[fact.resource_id, fact.item_id].append(fact)
    for each in facts.values():
        each.sort(key=lambda fact: (fact.effective_on, APPLY_ORDER.get(fact.action, 0), fact.pk))
    return {one.pk: _start(one, facts[one.resource_id, one.item_id], conventions) for one in segments}


def _start(segment: Segment, facts: Iterable[Fact], conventions: Mapping[str, str]) -> date:
    added: Fact | None = None
    for fact in facts:
        if fact.effective_on > segment.during.lower:
            break
        if fact.action == Action.RELEASE:
            added = None
        elif fact.action == Action.ADD and added is None:
            added = fact
    if added is None:
        began: date = segment.during.lower
        return began
    first = is_first(added.case.procedure if added.case else None)
    return charged_on(segment.item, added.effective_on, first=first, conventions=conventions)
