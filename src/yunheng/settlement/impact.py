"""改价之前先看动到什么：哪些在用的资源、每年多付少付多少（R-013）。金额与计量同一处定价。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from yunheng.catalog.queries import Moved, items
from yunheng.ledger.models import Segment
from yunheng.rules import periods, pricing


@dataclass(frozen=True)
class Touched:
    """一项改价动到的：在用的资源几个、项目几个、总量，和一整个服务年度的前后金额（元）。"""

    moved: Moved
    resources: int
    projects: int
    quantity: Decimal
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """一年多付（负是少付）。"""
        return self.after - self.before


def touched(moved: Iterable[Moved], on: date) -> list[Touched]:
    """`on` 这天在用的，照原价、现价各用满一个服务年度；取消、阶梯、按次的只数资源。金额大的在前。"""
    changes = {(one.item, one.provider): one for one in moved}
    codes = {item for item, _ in changes}
    known = {code: item for code, item in items().items() if code in codes}
    sums: dict[tuple[str, str], list[tuple[int, int, Decimal]]] = defaultdict(list)
    live = Segment.objects.filter(item__code__in=codes, during__contains=on)
    for code, provider, resource, project, quantity in live.values_list(
        "item__code", "resource__provider__code", "resource", "resource__project", "quantity"
    ):
        key = (code, provider) if (code, provider) in changes else (code, "")
        if key in changes:
            sums[key].append((resource, project, quantity))
    year = periods.service_year_of(on)
    found = []
    for key, rows in sums.items():
        one, item = changes[key], known[key[0]]
        quantity = sum((row[2] for row in rows), Decimal(0))
        before, after = (
            sum((_yearly(row[2], price, item.cycle, year) for row in rows), Decimal(0))
            if price is not None
            else Decimal(0)
            for price in (one.before, one.after)
        )
        found.append(
            Touched(one, len({row[0] for row in rows}), len({row[1] for row in rows}), quantity, before, after)
        )
    return sorted(found, key=lambda one: (-abs(one.change), one.moved.item))


def _yearly(quantity: Decimal, price: Decimal, cycle: str, year: int) -> Decimal:
    whole = periods.service_year(year)
    if cycle == "年":
        return pricing.to_fen(pricing.yearly(quantity, price, whole, year))
    if cycle == "月":
        return pricing.to_fen(pricing.monthly(quantity, price, whole))
    return Decimal(0)
