"""账目按 FOCUS 1.2（FinOps 公开成本与用量规范）写成行：一条账目一行，扣减、核定、补差各自一行。

时刻按规范写成 UTC：Asia/Shanghai 的零点是前一日 16:00。各列照 `focus_rules` 的规则表。
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from yunheng.catalog.models import Item
from yunheng.rules import periods
from yunheng.settlement.bill.focus_rules import COLUMNS, CORRECTION, Charge
from yunheng.settlement.bill.focus_services import OTHER, services
from yunheng.settlement.models import BillLine, Run
from yunheng.tables import writing

_FREQUENCY = {"年": "Recurring", "月": "Recurring", "次": "Usage-Based", "一次性": "One-Time"}
#: 目录计价单位里的时间 → 规范的时间单位
_TIMES = {"年": "Years", "月": "Months", "日": "Days"}
_PLACES = Decimal(1).scaleb(-12)
#: 不是哪一项服务的行，叫什么服务
WHOLE = "政务云服务"
#: 没有冻结的批次，每一行的 Tags 里写的：同一年可以有几个这样的批次，不能相加，也不能当作账单
DRAFT = {"计量": "试算，没有冻结"}
Row = Mapping[str, object]


@dataclass(frozen=True)
class Extra:
    """账目以外的一行：考核扣减、效能核定、补差（元，减少的为负）。

    `unit`、`project` 是归哪个单位、项目的，整家的为空；`own` 是那个单位自行支付；`correction` 是更正已结的年度。
    """

    category: Charge
    provider: str
    amount: Decimal
    told: str
    unit: str = ""
    project: str = ""
    own: bool = False
    invoice: str = ""
    correction: bool = False


@dataclass(frozen=True)
class Book:
    """写行要的名称、目录、区，和（服务商, 自行支付的单位或空）→ 支付合同号。

    `draft` 是这一批没有冻结：还不是账单，每一行的 Tags 写明，没有合同号（R-077、R-083）。
    """

    names: Mapping[str, str]
    items: Mapping[str, Item]
    district: tuple[str, str]
    invoices: Mapping[tuple[str, str], str]
    draft: bool = False

    def tags(self, given: Mapping[str, str]) -> str | None:
        """一行的 Tags；没有冻结的批次每一行都写明是试算，什么都没有的为 None。"""
        return _tags({**given, **(DRAFT if self.draft else {})}) if given or self.draft else None


def rows(run: Run, lines: Iterable[BillLine], extras: Iterable[Extra], book: Book) -> Iterator[Row]:
    """各行：账目在前，账目以外的在后。"""
    kinds = services(book.items.values())
    for line in lines:
        yield _line(run, line, book, kinds)
    for extra in extras:
        yield _extra(run, extra, book)


def written(found: Iterable[Row]) -> Iterator[bytes]:
    """CSV 的各段，第一段有表头。"""
    return writing.pieces(COLUMNS, ([row[name] for name in COLUMNS] for row in found))


def _common(run: Run, book: Book, provider: str, payer: str, amount: Decimal) -> dict[str, object]:
    """每一行都有的几列；`payer` 是自行支付的单位，统一支付的为空。"""
    account = (payer, book.names.get(payer, payer)) if payer else book.district
    name = book.names.get(provider, provider)
    return dict.fromkeys(COLUMNS) | {
        **dict.fromkeys(("BilledCost", "ContractedCost", "EffectiveCost", "ListCost"), amount),
        **dict.fromkeys(("InvoiceIssuerName", "ProviderName", "PublisherName"), name),
        "BillingAccountId": account[0],
        "BillingAccountName": account[1],
        "BillingAccountType": "自行支付" if payer else "统一支付",
        "BillingCurrency": "CNY",
        "BillingPeriodEnd": _utc(periods.year_end(run.service_year)),
        "BillingPeriodStart": _utc(periods.service_year(run.service_year).start),
        "RegionId": book.district[0],
        "RegionName": book.district[1],
    }


def _line(run: Run, line: BillLine, book: Book, kinds: Mapping[str, tuple[str, str]]) -> Row:
    item, payer = book.items[line.item], line.unit if line.payer == "self" else ""
    bought, price = item.cycle == "一次性", Decimal(line.unit_price)
    category, subcategory = kinds[item.name]
    return _common(run, book, line.provider, payer, line.amount) | {
        "ChargeCategory": Charge.PURCHASE if bought else Charge.USAGE,
        "ChargeDescription": f"{item.name} {line.quantity} {item.unit}，{line.from_on} 起 {line.days} 日",
        "ChargeFrequency": _FREQUENCY[item.cycle],
        "ChargePeriodEnd": _utc(line.until_on),
        "ChargePeriodStart": _utc(line.from_on),
        "ConsumedQuantity": None if bought else _consumed(line, item),
        "ConsumedUnit": None if bought else _consumed_unit(item),
        "ContractedUnitPrice": price,
        "InvoiceId": book.invoices.get((line.provider, payer)),
        "ListUnitPrice": price,
        "PricingCategory": "Standard",
        "PricingQuantity": _plain(line.amount / price if price else _share(run, line, item)),
        "PricingUnit": _unit(item.unit),
        "ResourceId": line.resource,
        "ResourceName": line.resource,
        "ResourceType": item.category,
        "ServiceCategory": category,
        "ServiceName": item.name,
        "ServiceSubcategory": subcategory,
        "SkuId": line.item,
        "SkuMeter": item.name,
        "SkuPriceId": f"{line.item}/{line.provider}/{line.unit_price}",
        "SubAccountId": line.project,
        "SubAccountName": book.names.get(line.project, line.project),
        "Tags": book.tags({"单位": line.unit, "单号": line.form, "工单号": line.order}),
    }


def _extra(run: Run, extra: Extra, book: Book) -> Row:
    row = _common(run, book, extra.provider, extra.unit if extra.own else "", extra.amount)
    return row | {
        "ChargeCategory": extra.category,
        "ChargeClass": CORRECTION if extra.correction else None,
        "ChargeDescription": extra.told,
        "ChargeFrequency": "One-Time",
        "ChargePeriodEnd": _utc(run.until_on),
        "ChargePeriodStart": row["BillingPeriodStart"],
        "InvoiceId": extra.invoice or None,
        "ServiceCategory": OTHER[0],
        "ServiceName": WHOLE,
        "ServiceSubcategory": OTHER[1],
        "SubAccountId": extra.project or None,
        "SubAccountName": book.names.get(extra.project, extra.project) or None,
        "Tags": book.tags({"单位": extra.unit} if extra.unit else {}),
    }


def _consumed(line: BillLine, item: Item) -> Decimal:
    """用了多少：按年、按月的是数量乘天数，按次的就是用量。"""
    times = line.days if item.cycle in ("年", "月") else 1
    return _plain(Decimal(line.quantity) * times)


def _consumed_unit(item: Item) -> str:
    """用量的单位：按年、按月的换成“某-Days”，按次的照目录。"""
    if item.cycle not in ("年", "月"):
        return _unit(item.unit)
    parts = item.unit.split("·")
    return "-".join([*(parts[:-1] if parts[-1] in _TIMES else parts), "Days"])


def _unit(text: str) -> str:
    """目录的计价单位照规范写：几个单位用连字符连，时间用规范的叫法。"""
    return "-".join(_TIMES.get(part, part) for part in text.split("·"))


def _share(run: Run, line: BillLine, item: Item) -> Decimal:
    """单价是 0 的折成几个计价单位：除不出来，照天数折。"""
    times = {"年": 1, "月": 12}.get(item.cycle)
    share = Decimal(line.days * times) / periods.service_year(run.service_year).days if times else Decimal(1)
    return Decimal(line.quantity) * share


def _tags(given: Mapping[str, str]) -> str:
    return json.dumps(given, ensure_ascii=False)


def _utc(day: date) -> str:
    return f"{day - timedelta(days=1)}T16:00:00Z"


def _plain(number: Decimal) -> Decimal:
    """最多 12 位小数，没有多余的零。"""
    return number.quantize(_PLACES, ROUND_HALF_EVEN).normalize()
