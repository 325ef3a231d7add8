"""一条差异的三方：申请表怎样写的、平台工单怎样办的、平台日志看到的是哪些天（R-075）。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Max, Min, Sum
from django.db.models.fields.json import KT

from yunheng.ledger.models import Fact
from yunheng.ledger.queries import received
from yunheng.settlement import queries
from yunheng.settlement.models import Difference, Run


@dataclass(frozen=True)
class Sides:
    """三方各自的数；没有的为空。`held` 是因它待核的金额（元），`key` 是勾选框的值。"""

    key: str
    form_quantity: Decimal | None
    order_quantity: str
    finished_on: str
    first_seen: str
    last_seen: str
    held: Decimal | None


def of(run: Run, rows: Sequence[Difference]) -> list[Sides]:
    """各条差异的三方；只查这几条的。"""
    resources = {row.resource for row in rows if row.resource}
    logs = {
        name: (first, last)
        for name, first, last in received("日志", *resources)
        .order_by()
        .values_list(KT("payload__资源"))
        .annotate(first=Min(KT("payload__首见日期")), last=Max(KT("payload__末见日期")))
    }
    orders = {one["工单号"]: one for one in received("工单", *resources).values_list("payload", flat=True)}
    facts = {
        (number, resource, item): quantity
        for number, resource, item, quantity in Fact.objects.filter(resource__code__in=resources, case__isnull=False)
        .exclude(action="作废")
        .order_by("pk")
        .values_list("case__number", "resource__code", "item__code", "quantity")
    }
    held = {
        (resource, item): amount
        for resource, item, amount in queries.lines_of(run)
        .filter(disputed=True, resource__in=resources)
        .values_list("resource", "item")
        .annotate(amount=Sum("amount"))
    }
    found = []
    for row in rows:
        order = orders.get(row.order, {})
        first, last = logs.get(row.resource, ("", ""))
        found.append(
            Sides(
                key=f"{row.code}|{row.item}|{row.resource}",
                form_quantity=facts.get((row.form.partition("/")[0], row.resource, row.item)),
                order_quantity=order.get("数量", ""),
                finished_on=order.get("完成日期", ""),
                first_seen=first,
                last_seen=last,
                held=held.get((row.resource, row.item)) if row.blocking else None,
            )
        )
    return found
