"""FOCUS 1.2「Cost and Usage」数据集的规则表：各列要不要有、什么类型、能不能空、许哪些值，和我们的列从哪里来。

照规范自己列的，一列一条；出处写规范“Columns”一章里的第几节（各列按字母排，57 列就是 57 节）。
导出的列就是有来处的这几列，`docs/FOCUS.md` 的表照它核对，测试照它逐列核导出的文件。
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """一列要不要有：必有；条件成立时必有；建议有。"""

    MANDATORY = "Mandatory"
    CONDITIONAL = "Conditional"
    RECOMMENDED = "Recommended"


class Type(StrEnum):
    """值的类型。数不带符号、千分位、指数；时刻是 UTC；键值是一个 JSON 对象。"""

    STRING = "String"
    DECIMAL = "Decimal"
    DATETIME = "Date/Time"
    KEYS = "Key-Value"


class Charge(StrEnum):
    """ChargeCategory 的允许值。"""

    USAGE = "Usage"
    PURCHASE = "Purchase"
    TAX = "Tax"
    CREDIT = "Credit"
    ADJUSTMENT = "Adjustment"


#: ChargeClass 唯一的允许值：更正已经开过账单的账期
CORRECTION = "Correction"


class Empty(StrEnum):
    """什么时候可以空。"""

    NEVER = "不可空"
    MAY = "可空"
    TAX = "Tax 必空；Usage、Purchase 不是更正的不可空；其余可空"
    USAGE = "Usage 不是更正的不可空；不是 Usage 的必空"
    WITH = "与那一列同空、同不空"
    UNDER = "那一列空的必空；其余可空"


@dataclass(frozen=True)
class Rule:
    """一列的规则。

    `other` 是可空与否要看的那一列；`when` 是有条件的列什么时候要有；`ours` 是我们的值从哪里来，
    空的是不出这一列，缘由在 `absent`。
    """

    name: str
    level: Level
    type: Type
    empty: Empty
    other: str = ""
    allowed: tuple[str, ...] = ()
    when: str = ""
    ours: str = ""
    absent: str = ""


_M, _C, _R = Level.MANDATORY, Level.CONDITIONAL, Level.RECOMMENDED
_S, _D, _T, _K = Type.STRING, Type.DECIMAL, Type.DATETIME, Type.KEYS
_NO, _MAY, _TAX, _USAGE, _WITH, _UNDER = (
    Empty.NEVER,
    Empty.MAY,
    Empty.TAX,
    Empty.USAGE,
    Empty.WITH,
    Empty.UNDER,
)

#: 各大类许有的小类（第 47 节 Service Category、第 49 节 Service Subcategory）；每一大类另有一个 Other
SUBCATEGORIES: Mapping[str, tuple[str, ...]] = {
    category: (*kinds, f"Other ({category})")
    for category, kinds in {
        "AI and Machine Learning": (
            "AI Platforms", "Bots", "Generative AI", "Machine Learning", "Natural Language Processing",
        ),
        "Analytics": ("Analytics Platforms", "Business Intelligence", "Data Processing", "Search",
                      "Streaming Analytics"),
        "Business Applications": ("Productivity and Collaboration",),
        "Compute": ("Containers", "End User Computing", "Quantum Compute", "Serverless Compute", "Virtual Machines"),
        "Databases": ("Caching", "Data Warehouses", "Ledger Databases", "NoSQL Databases", "Relational Databases",
                      "Time Series Databases"),
        "Developer Tools": ("Developer Platforms", "Continuous Integration and Deployment",
                            "Development Environments", "Source Code Management", "Quality Assurance"),
        "Identity": ("Identity and Access Management",),
        "Integration": ("API Management", "Messaging", "Workflow Orchestration"),
        "Internet of Things": ("IoT Analytics", "IoT Platforms"),
        "Management and Governance": ("Architecture", "Compliance", "Cost Management", "Data Governance",
                                      "Disaster Recovery", "Endpoint Management", "Observability", "Support"),
        "Media": ("Content Creation", "Gaming", "Media Streaming", "Mixed Reality"),
        "Migration": ("Data Migration", "Resource Migration"),
        "Mobile": (),
        "Multicloud": ("Multicloud Integration",),
        "Networking": ("Application Networking", "Content Delivery", "Network Connectivity",
                       "Network Infrastructure", "Network Routing", "Network Security"),
        "Security": ("Secret Management", "Security Posture Management", "Threat Detection and Response"),
        "Storage": ("Backup Storage", "Block Storage", "File Storage", "Object Storage", "Storage Platforms"),
        "Web": ("Application Platforms",),
        "Other": (),
    }.items()
}  # fmt: skip

#: 不出的几类列：什么时候要有，我们为什么不出
_COMMITMENT = ("有承诺折扣", "没有承诺折扣")
_RESERVED = ("有容量预留", "没有容量预留")
_CURRENCY = ("计价与开账用不同的币种，或用虚拟币", "计价、开账都是人民币")
_PRICED = "公布目录和单价"
_RESOURCE = "按开出来的资源计费"


def _out(
    name: str, kind: Type, empty: Empty, reason: tuple[str, str], other: str = "", allowed: tuple[str, ...] = ()
) -> Rule:
    return Rule(name, _C, kind, empty, other, allowed, when=reason[0], absent=reason[1])


RULES = (
    Rule("AvailabilityZone", _R, _S, _MAY, absent="平台不报可用区"),
    Rule("BilledCost", _M, _D, _NO, ours="金额，到分；扣减、减付、收回的为负"),
    Rule("BillingAccountId", _M, _S, _NO, ours="谁付：统一支付的是区科创中心的代码，自行支付的是单位代码"),
    Rule("BillingAccountName", _M, _S, _MAY, ours="谁付的名称"),
    Rule("BillingAccountType", _C, _S, _WITH, "BillingAccountId", when="不止一种付款的账户", ours="统一支付、自行支付"),
    Rule("BillingCurrency", _M, _S, _NO, allowed=("CNY",), ours="人民币（ISO 4217）"),
    Rule("BillingPeriodEnd", _M, _T, _NO, ours="服务年度的止（不含）"),
    Rule("BillingPeriodStart", _M, _T, _NO, ours="服务年度的起"),
    _out("CapacityReservationId", _S, _MAY, _RESERVED),
    _out("CapacityReservationStatus", _S, _UNDER, _RESERVED, "CapacityReservationId", ("Used", "Unused")),
    Rule(
        "ChargeCategory", _M, _S, _NO, allowed=tuple(Charge),
        ours="账目是 Usage，一次性的是 Purchase；考核扣减是 Credit；效能核定、补差的计量差额是 Adjustment",
    ),
    Rule("ChargeClass", _M, _S, _MAY, allowed=(CORRECTION,), ours="补差各行是 Correction，其余空"),
    Rule("ChargeDescription", _M, _S, _MAY, ours="一句话：项目、数量、起和天数，或扣减、核定、补差的缘由"),
    Rule(
        "ChargeFrequency", _R, _S, _NO, allowed=("One-Time", "Recurring", "Usage-Based"),
        ours="计费周期：年、月是 Recurring，次是 Usage-Based，一次性和扣减、核定、补差是 One-Time",
    ),
    Rule("ChargePeriodEnd", _M, _T, _NO, ours="账目的止（不含）"),
    Rule("ChargePeriodStart", _M, _T, _NO, ours="账目的起"),
    _out("CommitmentDiscountCategory", _S, _WITH, _COMMITMENT, "CommitmentDiscountId", ("Spend", "Usage")),
    _out("CommitmentDiscountId", _S, _MAY, _COMMITMENT),
    _out("CommitmentDiscountName", _S, _UNDER, _COMMITMENT, "CommitmentDiscountId"),
    _out("CommitmentDiscountQuantity", _D, _UNDER, _COMMITMENT, "CommitmentDiscountId"),
    _out("CommitmentDiscountStatus", _S, _UNDER, _COMMITMENT, "CommitmentDiscountId", ("Used", "Unused")),
    _out("CommitmentDiscountType", _S, _WITH, _COMMITMENT, "CommitmentDiscountId"),
    _out("CommitmentDiscountUnit", _S, _WITH, _COMMITMENT, "CommitmentDiscountQuantity"),
    Rule(
        "ConsumedQuantity", _C, _D, _USAGE, when="计量用量",
        ours="按年、按月的是数量 × 天数，按次的是用量",
    ),
    Rule(
        "ConsumedUnit", _C, _S, _WITH, "ConsumedQuantity", when="计量用量",
        ours="如 核-Days、TB-Days；按次的是计价单位",
    ),
    Rule("ContractedCost", _M, _D, _NO, ours="没有另议的价：同 BilledCost"),
    Rule("ContractedUnitPrice", _C, _D, _TAX, when="有议定的价", ours="目录单价，阶梯的是均价"),
    Rule("EffectiveCost", _M, _D, _NO, ours="没有预付摊销：同 BilledCost"),
    Rule("InvoiceId", _R, _S, _MAY, ours="支付合同号；没有签的、作废了的空"),
    Rule("InvoiceIssuerName", _M, _S, _NO, ours="服务商名称"),
    Rule("ListCost", _M, _D, _NO, ours="没有折扣：同 BilledCost"),
    Rule("ListUnitPrice", _C, _D, _TAX, when="公布不含折扣的单价", ours="目录单价，阶梯的是均价"),
    Rule(
        "PricingCategory", _C, _S, _TAX, allowed=("Standard", "Dynamic", "Committed", "Other"),
        when="不止一类定价", ours="Standard",
    ),
    _out("PricingCurrency", _S, _NO, _CURRENCY),
    _out("PricingCurrencyContractedUnitPrice", _D, _TAX, _CURRENCY),
    _out("PricingCurrencyEffectiveCost", _D, _NO, _CURRENCY),
    _out("PricingCurrencyListUnitPrice", _D, _TAX, _CURRENCY),
    Rule("PricingQuantity", _M, _D, _TAX, ours="金额 ÷ 单价（12 位小数）：折成几个计价单位，乘回单价不差半分"),
    Rule("PricingUnit", _M, _S, _WITH, "PricingQuantity", ours="目录的计价单位，如 核·年 写 核-Years"),
    Rule("ProviderName", _M, _S, _NO, ours="服务商名称"),
    Rule("PublisherName", _M, _S, _NO, ours="服务商名称"),
    Rule("RegionId", _C, _S, _MAY, when="分区域供给", ours="区科创中心的代码"),
    Rule("RegionName", _C, _S, _WITH, "RegionId", when="分区域供给", ours="区名"),
    Rule("ResourceId", _C, _S, _MAY, when=_RESOURCE, ours="资源编号；扣减、核定、补差空"),
    Rule("ResourceName", _C, _S, _UNDER, "ResourceId", when=_RESOURCE, ours="资源编号"),
    Rule("ResourceType", _C, _S, _WITH, "ResourceId", when=f"{_RESOURCE}，且分种类", ours="目录项的类别"),
    Rule("ServiceCategory", _M, _S, _NO, allowed=tuple(SUBCATEGORIES), ours="目录项的名称归到的大类（见下表）"),
    Rule("ServiceName", _M, _S, _NO, ours="目录项的名称；扣减、核定、补差是“政务云服务”"),
    Rule(
        "ServiceSubcategory", _R, _S, _NO, allowed=tuple(one for kinds in SUBCATEGORIES.values() for one in kinds),
        ours="目录项的名称归到的小类（见下表）",
    ),
    Rule("SkuId", _C, _S, _TAX, when=_PRICED, ours="目录项"),
    Rule("SkuMeter", _C, _S, _WITH, "SkuId", when=_PRICED, ours="目录项的名称"),
    Rule("SkuPriceDetails", _C, _K, _UNDER, "SkuPriceId", when=_PRICED, ours="没有要另说的价格属性：空"),
    Rule("SkuPriceId", _C, _S, _TAX, when=_PRICED, ours="目录项/服务商/单价"),
    Rule("SubAccountId", _C, _S, _MAY, when="账户下分户", ours="项目编号；整家的扣减、核定空"),
    Rule("SubAccountName", _C, _S, _WITH, "SubAccountId", when="账户下分户", ours="项目名称"),
    Rule("SubAccountType", _C, _S, _WITH, "SubAccountId", when="分户不止一种", absent="分户只有项目一种"),
    Rule("Tags", _C, _K, _MAY, when="可以打标签", ours="单位、单号、工单号；没有冻结的另写“计量：试算，没有冻结”"),
)  # fmt: skip

#: 我们出的各列，次序照规范
COLUMNS = tuple(rule.name for rule in RULES if rule.ours)
