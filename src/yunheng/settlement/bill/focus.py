"""账目按 FOCUS 1.2（FinOps 公开成本与用量规范）导出：一条账目一行，金额、天数与账目相同。

时刻按规范写成 UTC：Asia/Shanghai 的零点是前一日 16:00。承诺折扣、预留容量我们没有，不出那几列。
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from yunheng.catalog.models import Item
from yunheng.rules import periods
from yunheng.settlement.models import BillLine, Run
from yunheng.tables import writing

COLUMNS = (
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType", "BillingCurrency",
    "BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency",
    "ChargePeriodEnd", "ChargePeriodStart", "ConsumedQuantity", "ConsumedUnit", "ContractedCost",
    "ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName", "ListCost", "ListUnitPrice",
    "PricingCategory", "PricingCurrency", "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName",
    "RegionId", "RegionName", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory", "ServiceName",
    "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId", "SubAccountName",
    "SubAccountType", "Tags",
)  # fmt: skip
_FREQUENCY = {"年": "Recurring", "月": "Recurring", "次": "Usage-Based", "一次性": "One-Time"}
_CATEGORY = {"基础设施": "Compute", "平台软件": "Integration", "软件授权": "Security"}
_STORAGE = ("系统盘", "数据盘", "SSD")
_PLACES = Decimal(1).scaleb(-12)


def rows(
    run: Run,
    lines: Iterable[BillLine],
    names: Mapping[str, str],
    items: Mapping[str, Item],
    invoices: Mapping[tuple[str, str], str],
    district: tuple[str, str],
) -> Iterator[dict[str, str]]:
    """各行。

    `names` 是机构、项目的名称；`invoices` 是（服务商, 自行支付的单位或空）→ 合同号；`district` 是区的代码、名称。
    """
    span = periods.service_year(run.service_year)
    for line in lines:
        item = items[line.item]
        own = line.payer == "self"
        account = (line.unit, names.get(line.unit, line.unit)) if own else district
        price, amount = Decimal(line.unit_price), line.amount
        category = _category(item)
        yield {
            "BilledCost": f"{amount:.2f}",
            "BillingAccountId": account[0],
            "BillingAccountName": account[1],
            "BillingAccountType": "自行支付" if own else "统一支付",
            "BillingCurrency": "CNY",
            "BillingPeriodEnd": _utc(periods.year_end(run.service_year)),
            "BillingPeriodStart": _utc(span.start),
            "ChargeCategory": "Purchase" if item.cycle == "一次性" else "Usage",
            "ChargeClass": "",
            "ChargeDescription": f"{item.name} {line.quantity} {item.unit}，{line.from_on} 起 {line.days} 日",
            "ChargeFrequency": _FREQUENCY[item.cycle],
            "ChargePeriodEnd": _utc(line.until_on),
            "ChargePeriodStart": _utc(line.from_on),
            "ConsumedQuantity": "" if item.cycle == "一次性" else line.quantity,
            "ConsumedUnit": "" if item.cycle == "一次性" else item.unit,
            "ContractedCost": f"{amount:.2f}",
            "ContractedUnitPrice": line.unit_price,
            "EffectiveCost": f"{amount:.2f}",
            "InvoiceId": invoices.get((line.provider, line.unit if own else ""), ""),
            "InvoiceIssuerName": names.get(line.provider, line.provider),
            "ListCost": f"{amount:.2f}",
            "ListUnitPrice": line.unit_price,
            "PricingCategory": "Standard",
            "PricingCurrency": "CNY",
            "PricingQuantity": _text((amount / price).quantize(_PLACES, ROUND_HALF_EVEN)) if price else line.quantity,
            "PricingUnit": item.unit if item.cycle in ("次", "一次性") else f"{item.unit}-{item.cycle}",
            "ProviderName": names.get(line.provider, line.provider),
            "PublisherName": names.get(line.provider, line.provider),
            "RegionId": district[0],
            "RegionName": district[1],
            "ResourceId": line.resource,
            "ResourceName": line.resource,
            "ResourceType": item.category,
            "ServiceCategory": category,
            "ServiceName": item.name,
            "ServiceSubcategory": f"Other ({category})",
            "SkuId": line.item,
            "SkuMeter": item.name,
            "SkuPriceDetails": "",
            "SkuPriceId": f"{line.item}/{line.provider}/{line.unit_price}",
            "SubAccountId": line.project,
            "SubAccountName": names.get(line.project, line.project),
            "SubAccountType": "项目",
            "Tags": json.dumps({"单位": line.unit, "单号": line.form, "工单号": line.order}, ensure_ascii=False),
        }


def written(found: Iterable[Mapping[str, str]]) -> Iterator[bytes]:
    """CSV 的各段，第一段有表头。"""
    return writing.pieces(COLUMNS, ([row[name] for name in COLUMNS] for row in found))


def _category(item: Item) -> str:
    if item.dimension.startswith(_STORAGE) or "存储" in item.name:
        return "Storage"
    return _CATEGORY.get(item.category, "Other")


def _utc(day: date) -> str:
    return f"{day - timedelta(days=1)}T16:00:00Z"


def _text(number: Decimal) -> str:
    return f"{number.normalize():f}"
