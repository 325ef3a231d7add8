"""照 FOCUS 1.2 的规则表核一份导出：逐列、逐行，另核几列之间的关系；和照规则表写的文档表格。"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from yunheng.settlement.bill import focus_services
from yunheng.settlement.bill.focus_rules import (
    CORRECTION,
    RULES,
    SUBCATEGORIES,
    Charge,
    Empty,
    Level,
    Rule,
    Type,
)

_FORMS = {
    Type.DECIMAL: re.compile(r"-?\d+(\.\d+)?"),
    Type.DATETIME: re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
}
#: 单位：几个用连字符连；时间只用规范的叫法
_UNIT = re.compile(r"[^\s·年月日-]+(-[^\s·年月日-]+)*")
_RULE = {rule.name: rule for rule in RULES}
_CHARGED = (Charge.USAGE, Charge.PURCHASE)
#: 左边一个值，右边只能有一个值
_SINGLE = (
    ("ServiceName", "ServiceCategory"), ("ServiceName", "ServiceSubcategory"), ("SkuPriceId", "SkuId"),
    ("SkuId", "SkuMeter"), ("InvoiceId", "BillingAccountId"), ("InvoiceId", "InvoiceIssuerName"),
    ("SubAccountId", "SubAccountName"), ("BillingAccountId", "BillingAccountName"),
)  # fmt: skip
Row = Mapping[str, str]


def read(content: bytes) -> tuple[list[str], list[dict[str, str]]]:
    """一份 CSV 的表头和各行；没有 BOM 的当场失败。"""
    assert content.startswith(b"\xef\xbb\xbf")
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    return list(reader.fieldnames or ()), list(reader)


def problems(columns: Sequence[str], rows: Iterable[Row]) -> list[str]:
    """不合规范的，一处一句；都合的为空。"""
    found = [*_columns(columns)]
    single: dict[tuple[str, str], dict[str, set[str]]] = {pair: defaultdict(set) for pair in _SINGLE}
    for number, row in enumerate(rows, start=2):
        for name in columns:
            if name in _RULE:
                found += [f"第 {number} 行 {name}：{text}" for text in _cell(_RULE[name], row)]
        if not found:
            found += [f"第 {number} 行：{text}" for text in _across(row)]
        for (left, right), values in single.items():
            if row.get(left):
                values[row[left]].add(row.get(right, ""))
    for (left, right), values in single.items():
        found += [f"{left} {one} 有不止一个 {right}" for one, others in values.items() if len(others) > 1]
    return found


def _columns(columns: Sequence[str]) -> Iterator[str]:
    known = [name for name in columns if name in _RULE]
    for name in columns:
        if name not in _RULE and not name.startswith("x_"):
            yield f"没有这一列：{name}"
    if known != sorted(known) or known != list(columns[: len(known)]) or len(set(columns)) != len(columns):
        yield "列的次序不对"
    for rule in RULES:
        if rule.name not in columns and (rule.level == Level.MANDATORY or not rule.absent):
            yield f"缺 {rule.name}（{rule.level}）"


def _cell(rule: Rule, row: Row) -> Iterator[str]:
    value = row[rule.name]
    if not value:
        if _filled(rule, row):
            yield f"不可空（{rule.empty}）"
        return
    if _blank(rule, row):
        yield f"应当空，写着 {value}（{rule.empty}）"
    if rule.allowed and value not in rule.allowed:
        yield f"{value} 不是许有的值"
    if (form := _FORMS.get(rule.type)) and not form.fullmatch(value):
        yield f"{value} 不是 {rule.type}"
    if rule.type == Type.KEYS and not _keys(value):
        yield f"{value} 不是键值"
    if rule.type == Type.STRING and (value != value.strip() or value.lower() in ("null", "none", "n/a")):
        yield f"“{value}”两头有空白，或拿字代替空"


def _filled(rule: Rule, row: Row) -> bool:
    """这一格是不是非填不可。"""
    correction = row["ChargeClass"] == CORRECTION
    return {
        Empty.NEVER: True,
        Empty.MAY: False,
        Empty.TAX: row["ChargeCategory"] in _CHARGED and not correction,
        Empty.USAGE: row["ChargeCategory"] == Charge.USAGE and not correction,
        Empty.WITH: bool(row.get(rule.other)),
        Empty.UNDER: False,
    }[rule.empty]


def _blank(rule: Rule, row: Row) -> bool:
    """这一格是不是非空不可。"""
    return {
        Empty.TAX: row["ChargeCategory"] == Charge.TAX,
        Empty.USAGE: row["ChargeCategory"] != Charge.USAGE,
        Empty.WITH: not row.get(rule.other),
        Empty.UNDER: not row.get(rule.other),
    }.get(rule.empty, False)


def _keys(value: str) -> bool:
    try:
        found = json.loads(value)
    except ValueError:
        return False
    return isinstance(found, dict) and not any(isinstance(one, dict | list) for one in found.values())


def _across(row: Row) -> Iterator[str]:
    """同一行几列之间的。"""
    if row["ServiceSubcategory"] not in SUBCATEGORIES[row["ServiceCategory"]]:
        yield f"{row['ServiceSubcategory']} 不在 {row['ServiceCategory']} 之下"
    if row["ChargeCategory"] == Charge.PURCHASE and row["ChargeFrequency"] == "Usage-Based":
        yield "Purchase 不能是 Usage-Based"
    if not row["BillingPeriodStart"] <= row["ChargePeriodStart"] < row["ChargePeriodEnd"] <= row["BillingPeriodEnd"]:
        yield "起止不在账期里"
    if not re.fullmatch(r"-?\d+\.\d\d", row["BilledCost"]):
        yield f"BilledCost {row['BilledCost']} 不是到分"
    if row["InvoiceIssuerName"] != row["ProviderName"] and Decimal(row["BilledCost"]):
        yield "开账的不是服务商，BilledCost 应当是 0"
    for name in ("PricingUnit", "ConsumedUnit"):
        if row[name] and not _UNIT.fullmatch(row[name]):
            yield f"{name} {row[name]} 不合单位的写法"
    for kind in ("Contracted", "List"):
        price, cost, quantity = row[f"{kind}UnitPrice"], Decimal(row[f"{kind}Cost"]), row["PricingQuantity"]
        if not price:
            if cost != Decimal(row["BilledCost"]):
                yield f"没有 {kind}UnitPrice，{kind}Cost 应当等于 BilledCost"
        elif Decimal(price) < 0:
            yield f"{kind}UnitPrice 是负的"
        elif row["ChargeClass"] != CORRECTION and abs(Decimal(price) * Decimal(quantity) - cost) >= Decimal("0.005"):
            yield f"{kind}UnitPrice × PricingQuantity 不等于 {kind}Cost"


def by_invoice(rows: Iterable[Row]) -> dict[str, Decimal]:
    """InvoiceId → BilledCost 合计。"""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row["InvoiceId"]] += Decimal(row["BilledCost"])
    return dict(found)


# ── 文档里的表 ──


def document() -> str:
    """`docs/FOCUS.md` 里两张表应当是的样子。"""
    return "\n".join([*_rules(), "", "### 目录项归到哪一类", "", *_services()])


def _rules() -> Iterator[str]:
    yield "| 节 | 列 | 要不要有 | 类型 | 能不能空 | 我们的值从哪里来 |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for number, rule in enumerate(RULES, start=1):
        level = f"{rule.level}：{rule.when}" if rule.when else str(rule.level)
        empty = rule.empty.replace("那一列", f" {rule.other} ").strip()
        yield f"| {number} | `{rule.name}` | {level} | {rule.type} | {empty} | {rule.ours or f'不出：{rule.absent}'} |"


def _services() -> Iterator[str]:
    yield "| 名称里有 | ServiceCategory | ServiceSubcategory |"
    yield "| --- | --- | --- |"
    for words, kind in focus_services.WORDS:
        yield f"| {'、'.join(words)} | {kind[0]} | {kind[1]} |"
    for category, kind in focus_services.BY_CATEGORY.items():
        yield f"| 认不出的{category} | {kind[0]} | {kind[1]} |"
    yield f"| 其余，和扣减、核定、补差 | {focus_services.OTHER[0]} | {focus_services.OTHER[1]} |"
