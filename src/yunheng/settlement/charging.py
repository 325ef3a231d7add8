"""一段时间要多少钱。只用来预估和说明，出账以计量为准（D62-七，R-056、R-087）；哪天起计费见 ledger/charging。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from yunheng.catalog.models import Item
from yunheng.rules import periods, pricing


def cost(item: Item, quantity: Decimal, price: Decimal, start: date, year: int) -> Decimal:
    """这么多自 `start` 用到服务年度末要多少钱（元，到分）；数量是负的就是省多少。按次、一次性的不随时间，为 0。"""
    whole, end = periods.service_year(year), periods.year_end(year)
    if start >= end or item.cycle not in ("年", "月"):
        return Decimal(0)
    span = periods.Period(max(start, whole.start), end)
    if item.cycle == "年":
        return pricing.to_fen(pricing.yearly(quantity, price, span, year))
    return pricing.to_fen(pricing.monthly(quantity, price, span))
