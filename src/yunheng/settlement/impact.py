"""改价、缩配之前先看动到什么：哪些在用的资源、每年多付少付多少（R-013、R-056）。金额与计量同一处定价。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Sum

from yunheng.audit.refused import At, Refused
from yunheng.catalog import queries as catalog
from yunheng.catalog.models import Agreement, Inquiry, Item
from yunheng.catalog.procuring import Wanted, summary
from yunheng.catalog.queries import Moved, items
from yunheng.ledger.models import Resource, Segment
from yunheng.rules import periods, pricing
from yunheng.rules.problems import NotInForce


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


def agreements_touched(moved: Iterable[Moved], effective_on: date) -> list[tuple[Agreement, list[str]]]:
    """生效日以后还在的框架协议里，单价与新的一版不同的各项：要不要补签、重签，发布以前就看得到（R-013、R-018）。"""
    changes = {(one.item, one.provider): one.name for one in moved}
    year = periods.service_year_of(effective_on)
    found = []
    # 同一年另签过的只看最近的一份
    for agreement in (
        Agreement.objects.filter(service_year__gte=year)
        .select_related("provider")
        .order_by("service_year", "provider__code", "-pk")
        .distinct("service_year", "provider__code")
    ):
        own = ("", agreement.provider.code)
        names = [
            changes[row["目录项"], whose]
            for row in agreement.rows
            for whose in own
            if (row["目录项"], whose) in changes
        ]
        if names:
            found.append((agreement, list(dict.fromkeys(names))))
    return found


def wanted_and_used(inquiry: Inquiry, on: date) -> list[tuple[Wanted, Decimal]]:
    """征询里有人要的各项：需求总量，和 `on` 这天在用的总量（R-017、R-022）。"""
    wanted = summary(inquiry)
    live = Segment.objects.filter(item__code__in=[one.item for one in wanted], during__contains=on)
    used = dict(live.values_list("item__code").annotate(Sum("quantity")).order_by())
    return [(one, used.get(one.item, Decimal(0))) for one in wanted]


def _yearly(quantity: Decimal, price: Decimal, cycle: str, year: int) -> Decimal:
    whole = periods.service_year(year)
    if cycle == "年":
        return pricing.to_fen(pricing.yearly(quantity, price, whole, year))
    if cycle == "月":
        return pricing.to_fen(pricing.monthly(quantity, price, whole))
    return Decimal(0)


@dataclass(frozen=True)
class Saving:
    """缩一项能省多少（R-056）：现在、拟改的数量，一整个服务年度的前后金额（元）；没有单价的金额为 None。"""

    item: Item
    now: Decimal
    wanted: Decimal
    before: Decimal | None
    after: Decimal | None

    @property
    def saved(self) -> Decimal:
        """一年省多少。"""
        return (self.before or Decimal(0)) - (self.after or Decimal(0))


def savings(resource: Resource, wanted: Mapping[str, Decimal], on: date) -> list[Saving]:
    """这个资源照 `wanted`（目录项 → 数量，没写的不变）缩，一年省多少；数量变大、是负的抛 Refused。"""
    year, book, found, problems = periods.service_year_of(on), catalog.price_book(), [], []
    live = Segment.objects.filter(resource=resource, during__contains=on).select_related("item__provider")
    for one in live.order_by("item__code"):
        item, amount = one.item, wanted.get(one.item.code, one.quantity)
        if not 0 <= amount <= one.quantity:
            most = f"{one.quantity.normalize():f}"
            words = f"{item.name}应在 0 至 {most} 之间：这里只算缩减能省多少，扩容请办变更（D62-六(二)，R-056）"
            problems.append(At(f"q:{item.code}", words))
            continue
        try:
            price = book.price_on(item.code, (item.provider or resource.provider).code, on).unit_price
        except NotInForce:
            found.append(Saving(item, one.quantity, amount, None, None))
            continue
        before, after = (_yearly(number, price, item.cycle, year) for number in (one.quantity, amount))
        found.append(Saving(item, one.quantity, amount, before, after))
    if problems:
        raise Refused(problems)
    return found
