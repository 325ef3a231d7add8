"""FOCUS 1.2 的导出照规则表逐列核：随机数据包都合规；规则表自身齐全，文档的表与它相同；不合的逐条说得出。"""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.support import focus as checking
from tests.support.packages import random_later_package, random_package
from yunheng.catalog.models import Item
from yunheng.metering import engine, result, writing
from yunheng.metering.opening import opened
from yunheng.metering.problems import PackageError
from yunheng.rules import periods
from yunheng.settlement import payables
from yunheng.settlement.bill import focus, focus_rules, focus_services
from yunheng.settlement.bill.focus_rules import COLUMNS, RULES, SUBCATEGORIES, Charge, Level
from yunheng.settlement.models import BillLine, Run

ROOT = Path(__file__).resolve().parents[3]
MANDATORY = {
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd",
    "ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity",
    "PricingUnit", "ProviderName", "PublisherName", "ServiceCategory", "ServiceName",
}  # fmt: skip


def exported(package: Any, folder: Path) -> tuple[dict[str, Any], list[str], list[dict[str, str]]]:
    """一个数据包算出来、导出：结算、表头、各行。"""
    manifest, tables = package
    writing.write_package(folder / "包", manifest, tables)
    return exported_from(folder / "包", tables["目录"])


def exported_from(package: Path, catalog: Any) -> tuple[dict[str, Any], list[str], list[dict[str, str]]]:
    """写好的一个数据包的：`catalog` 是目录的各行。"""
    with opened(package) as source:
        out = BytesIO()
        result.write(engine.settle(source), out)
    data = json.loads(out.getvalue())
    run = Run(service_year=data["service_year"], until_on=periods.year_end(data["service_year"]), head=data)
    items = {
        row["目录项"]: Item(
            code=row["目录项"], name=row["名称"], category=row["类别"], unit=row["计价单位"], cycle=row["计费周期"]
        )
        for row in catalog
    }
    lines = [line_of(row) for row in data["lines"]]
    extras = [
        focus.Extra(Charge.CREDIT, due.provider, -due.deduction, "考核扣减", unit=due.unit, own=bool(due.unit))
        for due in payables.dues_of(run).values()
        if due.deduction
    ]
    book = focus.Book({}, items, ("KCZX", "示例区"), {})
    return data, *checking.read(b"".join(focus.written(focus.rows(run, lines, extras, book))))


def line_of(row: dict[str, Any]) -> BillLine:
    given = {key: row[key] for key in row if key not in ("from", "until", "amount", "differences", "disputed")}
    spans = {"from_on": date.fromisoformat(row["from"]), "until_on": date.fromisoformat(row["until"])}
    return BillLine(**given, **spans, amount=Decimal(row["amount"]))


@pytest.mark.parametrize("seed", range(40))
def test_随机数据包导出的每一列都合规_合计等于扣减以后的应付(seed: int, tmp_path: Path) -> None:
    make = random_package if seed % 2 else random_later_package
    try:
        data, columns, rows = exported(make(seed), tmp_path)
    except PackageError:
        return
    assert tuple(columns) == COLUMNS
    assert checking.problems(columns, rows) == []
    summary = data["summary"]
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal(summary["unified_net"]) + Decimal(
        summary["self_net"]
    )
    usage = [row for row in rows if row["ChargeCategory"] != Charge.CREDIT]
    assert [Decimal(row["BilledCost"]) for row in usage] == [Decimal(line["amount"]) for line in data["lines"]]


def test_示例区的一年导出的每一列都合规_没有归不了类的() -> None:
    package = ROOT / "examples" / "songjiang-2023"
    with (package / "目录.csv").open(encoding="utf-8-sig", newline="") as file:
        data, columns, rows = exported_from(package, list(csv.DictReader(file)))
    assert checking.problems(columns, rows) == []
    charges = [row for row in rows if row["ChargeCategory"] != Charge.CREDIT]
    assert len(charges) == len(data["lines"]) > 1000
    assert {row["ServiceCategory"] for row in charges} >= {"Compute", "Storage", "Networking", "Security", "Databases"}
    assert "Other" not in {row["ServiceCategory"] for row in charges}


def test_随机数据包里各种周期_扣减_自行支付都出现过(tmp_path: Path) -> None:
    kinds, accounts = set(), set()
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        try:
            rows = exported((random_package if seed % 2 else random_later_package)(seed), folder)[2]
        except PackageError:
            continue
        kinds |= {(row["ChargeCategory"], row["ChargeFrequency"]) for row in rows}
        accounts |= {row["BillingAccountType"] for row in rows}
    assert kinds == {
        ("Usage", "Recurring"), ("Usage", "Usage-Based"), ("Purchase", "One-Time"), ("Credit", "One-Time"),
    }  # fmt: skip
    assert accounts == {"统一支付", "自行支付"}


# ── 一条账目 ──


def one(**more: Any) -> dict[str, str]:
    """一条账目导出的一行：云主机 CPU 8 核，联通，2025-10-03 起 30 日。"""
    cycle, unit = more.pop("cycle", "年"), more.pop("unit_of", "核·年")
    item = Item(code="CPU", name=more.pop("name", "云主机CPU"), category="基础设施", unit=unit, cycle=cycle)
    given = {
        "unit": "MZJ", "project": "P1", "resource": "ECS-1", "item": "CPU", "provider": "CU", "form": "F1",
        "order": "W1", "quantity": "8", "from_on": date(2025, 10, 3), "until_on": date(2025, 11, 2), "days": 30,
        "unit_price": "480", "amount": Decimal("315.62"), "payer": "unified",
    }  # fmt: skip
    run = Run(service_year=2025, until_on=date(2026, 7, 1), head={})
    book = focus.Book({"P1": "项目一"}, {"CPU": item}, ("KCZX", "示例区"), {("CU", ""): "HT-1"})
    (row,) = checking.read(b"".join(focus.written(focus.rows(run, [BillLine(**given | more)], [], book))))[1]
    return row


def test_一条年价的账目_计价单位_用量有意义_合同号是统一支付的那一份() -> None:
    row = one()
    assert (row["PricingUnit"], row["ConsumedQuantity"], row["ConsumedUnit"]) == ("核-Years", "240", "核-Days")
    assert row["PricingQuantity"] == "0.657541666667"
    assert (row["ServiceCategory"], row["ServiceSubcategory"]) == ("Compute", "Virtual Machines")
    assert (row["InvoiceId"], row["BillingAccountId"]) == ("HT-1", "KCZX")
    assert (row["ChargePeriodStart"], row["ChargePeriodEnd"]) == ("2025-10-02T16:00:00Z", "2025-11-01T16:00:00Z")
    assert (row["BillingPeriodStart"], row["BillingPeriodEnd"]) == ("2025-06-30T16:00:00Z", "2026-06-30T16:00:00Z")


def test_自行支付的不用统一支付的合同号_账户是那个单位() -> None:
    row = one(payer="self")
    assert (row["InvoiceId"], row["BillingAccountId"], row["BillingAccountType"]) == ("", "MZJ", "自行支付")


def test_按次的用量照数_月价的乘天数_一次性的是购买没有用量() -> None:
    used = one(cycle="次", unit_of="次", unit_price="0.12", quantity="1500", amount=Decimal("180.00"))
    assert (used["ConsumedQuantity"], used["ConsumedUnit"], used["PricingQuantity"]) == ("1500", "次", "1500")
    monthly = one(cycle="月", unit_of="个·月")
    assert (monthly["ConsumedQuantity"], monthly["ConsumedUnit"]) == ("240", "个-Days")
    assert monthly["PricingUnit"] == "个-Months"
    bought = one(cycle="一次性", unit_of="张")
    assert (bought["ChargeCategory"], bought["ConsumedQuantity"], bought["ConsumedUnit"]) == ("Purchase", "", "")


def test_单价是零的照天数折成计价单位() -> None:
    row = one(unit_price="0", amount=Decimal("0.00"), quantity="2", days=73)
    assert row["PricingQuantity"] == "0.4"


def test_资源名像公式的加引号_负的金额照写() -> None:
    assert one(resource="=1+1")["ResourceId"] == "'=1+1"
    extra = focus.Extra(Charge.CREDIT, "CU", Decimal("-1.50"), "考核扣减")
    run, book = Run(service_year=2025, until_on=date(2026, 7, 1)), focus.Book({}, {}, ("KCZX", "示例区"), {})
    columns, rows = checking.read(b"".join(focus.written(focus.rows(run, [], [extra], book))))
    assert (rows[0]["BilledCost"], rows[0]["InvoiceId"], rows[0]["PricingQuantity"]) == ("-1.50", "", "")
    assert checking.problems(columns, rows) == []


# ── 核对的自己 ──


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("ChargeCategory", "Deduction", "不是许有的值"),
        ("ConsumedQuantity", "", "不可空"),
        ("BilledCost", "1,000.00", "不是 Decimal"),
        ("BilledCost", "315.625", "不是到分"),
        ("PricingQuantity", "1", "不等于 ContractedCost"),
        ("PricingUnit", "核·年-年", "不合单位的写法"),
        ("PricingUnit", "", "不可空"),
        ("ServiceSubcategory", "Block Storage", "不在 Compute 之下"),
        ("ChargePeriodStart", "2025-10-03", "不是 Date/Time"),
        ("ChargePeriodEnd", "2027-01-01T16:00:00Z", "起止不在账期里"),
        ("ChargeFrequency", "Yearly", "不是许有的值"),
        ("Tags", "单位=MZJ", "不是键值"),
        ("SkuMeter", "", "不可空"),
        ("InvoiceId", "NULL", "拿字代替空"),
        ("BillingCurrency", "RMB", "不是许有的值"),
    ],
)
def test_改坏一格_核得出来(column: str, value: str, said: str) -> None:
    assert checking.problems(COLUMNS, [one()]) == []
    (text, *_) = checking.problems(COLUMNS, [one() | {column: value}])
    assert said in text


def test_同一个服务名归两类_同一份合同两个账户_都核得出来() -> None:
    row = one()
    other = row | {"ServiceCategory": "Storage", "ServiceSubcategory": "Block Storage", "BillingAccountId": "别人"}
    found = checking.problems(COLUMNS, [row, other])
    assert "InvoiceId HT-1 有不止一个 BillingAccountId" in found
    assert any(text.startswith("ServiceName") for text in found)


@pytest.mark.parametrize("name", sorted(MANDATORY))
def test_少一个必有的列_核得出来(name: str) -> None:
    columns = [one for one in COLUMNS if one != name]
    assert f"缺 {name}（Mandatory）" in checking.problems(columns, [])


def test_规则表五十七列照字母排_必有的二十一列我们都出_不出的都写明缘由() -> None:
    assert [rule.name for rule in RULES] == sorted(rule.name for rule in RULES)
    assert (len(RULES), len(COLUMNS)) == (57, 42)
    assert {rule.name for rule in RULES if rule.level == Level.MANDATORY} == MANDATORY
    assert set(COLUMNS) >= MANDATORY
    assert all(bool(rule.ours) != bool(rule.absent) for rule in RULES)
    assert all(rule.when for rule in RULES if rule.level == Level.CONDITIONAL)
    assert all(rule.other in focus_rules.COLUMNS for rule in RULES if rule.other and rule.ours)


def test_归类都是规范许有的值_示例目录没有认不出的() -> None:
    kinds = [kind for _, kind in focus_services.WORDS] + [*focus_services.BY_CATEGORY.values(), focus_services.OTHER]
    assert all(subcategory in SUBCATEGORIES[category] for category, subcategory in kinds)
    assert focus_services.service_of("高性能数据库存储", "基础设施") == ("Storage", "Other (Storage)")
    assert focus_services.service_of("数据库审计服务", "基础设施")[0] == "Security"
    assert focus_services.service_of("没有见过的", "平台软件") == ("Web", "Application Platforms")
    assert focus_services.service_of("没有见过的", "软件授权") == focus_services.OTHER


def test_同名的两项只归一类() -> None:
    items = [Item(code="B", name="新服务", category="平台软件"), Item(code="A", name="新服务", category="基础设施")]
    assert focus_services.services(items) == {"新服务": ("Compute", "Other (Compute)")}


def test_文档里的表与规则表相同() -> None:
    text = (ROOT / "docs" / "FOCUS.md").read_text(encoding="utf-8")
    assert checking.document() in text
