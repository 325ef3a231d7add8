"""文件要用的数据：结算结果、账目、名称和概况，都是普通值，不认得引擎和数据库。

金额、数量、单价在这里仍是 结算.json 里的文本；合计用整数分。
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from yunheng.rules import periods

#: 谁付 → 印出来的叫法
PAYERS = {"unified": "统一支付", "self": "自行支付"}
#: 文件里的创建时刻写定，同样的数据逐字节相同
STAMP = datetime(2000, 1, 1)  # noqa: DTZ001


class Line(NamedTuple):
    """一条账目或待核，列序同 结算.json；`until` 不含当日，`differences` 是逗号相连的差异码（账目为空）。"""

    unit: str
    project: str
    resource: str
    item: str
    provider: str
    form: str
    order: str
    quantity: str
    start: str
    until: str
    days: int
    unit_price: str
    amount: str
    payer: str
    differences: str = ""


@dataclass(frozen=True)
class Unit:
    """使用单位；`budget` 是预算性质：区级、街镇、非预算。"""

    name: str
    budget: str


@dataclass(frozen=True)
class Project:
    """项目；`funding` 是费用归属：区级、自费。"""

    name: str
    unit: str
    funding: str


@dataclass(frozen=True)
class Item:
    """目录项；`measure` 是计价单位。"""

    name: str
    category: str
    measure: str
    pricing: str
    cycle: str


@dataclass(frozen=True)
class Event:
    """一起考核事件，期内的才算分。"""

    provider: str
    indicator: str
    day: date
    note: str


@dataclass(frozen=True)
class Tier:
    """本年度阶梯的一档；`until` 为空是无上限。"""

    item: str
    mode: str
    start: str
    until: str
    price: str


@dataclass(frozen=True)
class Usage:
    """某服务商上云的规模：资源数、期末在用、期内释放、期内有测试期的新增、期末仍在测试期。"""

    resources: int
    in_use: int
    released: int
    trials: int
    on_trial: int


@dataclass(frozen=True)
class Verified:
    """效能评估核定的一项调整（R-079）：服务商代码、分（负是减付）、评估总分、理由、文号、谁决定的。"""

    provider: str
    amount: int
    score: str
    reason: str
    document: str
    by: str


#: 预算绩效目标（R-080）默认的（指标, 目标值）；各行的现值由程序算，次序与 `plan.goal_values` 的相同
GOALS = (
    ("数量", "期内全部在用资源逐日计量，无遗漏"),
    ("质量", "第三方独立重算，逐条相符"),
    ("时效", "服务年度结束后编制方案并报批"),
    ("成本", "支付不超过批复金额和应付金额"),
    ("满意度", "服务商满意率不低于 90%"),
)


@dataclass(frozen=True)
class Written:
    """方案里人定的：各段文字（概况、绩效目标、支付安排），绩效目标各行的指标和目标值，专项管理费，效能核定。

    `supervision` 是安排的第三方专项管理费（分），没有安排为 None；
    `recheck` 是第三方最近一次复算（怎么说, 一致没有），没有复算过为 None；
    `budget` 是预算合计的各行（叫法, 分, 条款），草稿、预估没有；
    `ceiling` 是效能核定以后照实际应付算，专项管理费最多多少（分），没有核定过为 None。
    """

    overview: str = ""
    goal: str = ""
    arrangement: str = ""
    goals: tuple[tuple[str, str], ...] = GOALS
    supervision: int | None = None
    verified: tuple[Verified, ...] = ()
    budget: tuple[tuple[str, int, str], ...] = ()
    recheck: tuple[str, bool] | None = None
    ceiling: int | None = None


@dataclass(frozen=True)
class Official:
    """官方附件5 的一版原文：怎样称呼，指标字母 → 评分标准、指标解释，末段扣减规则的各句。"""

    title: str
    rows: Mapping[str, tuple[str, str]]
    closing: tuple[str, ...]


@dataclass(frozen=True)
class Papers:
    """一次结算的全部文件用料。

    `result` 是 结算.json 里除账目、差异外的各键，含 digest；`lines(disputed)` 每次从头给出账目或待核，
    `differences()` 每次从头给出各条差异，都按规格的顺序；
    `rows` 是数据包各表的行数；`city_totals` 是阶梯项的全市总量；`difference_names` 如 D3 → 数量不符；
    `draft` 是还没有批准的计量，各文件都带水印；`official` 是区里录入的附件5 原文，没有的印要点。
    """

    result: Mapping[str, Any]
    lines: Callable[[bool], Iterable[Line]]
    differences: Callable[[], Iterable[Mapping[str, Any]]]
    units: Mapping[str, Unit]
    providers: Mapping[str, str]
    projects: Mapping[str, Project]
    items: Mapping[str, Item]
    usage: Mapping[str, Usage]
    events: Sequence[Event]
    satisfaction: Mapping[str, str]
    tiers: Sequence[Tier]
    city_totals: Mapping[str, str]
    rows: Mapping[str, int]
    difference_names: Mapping[str, str]
    written: Written = Written()
    draft: bool = False
    official: Official | None = None

    @property
    def year(self) -> int:
        """服务年度的起始年。"""
        return int(self.result["service_year"])

    @property
    def until(self) -> date:
        """计至哪天（不含）。"""
        return date.fromisoformat(self.result["until"])

    @property
    def last(self) -> date:
        """服务年度末日：各参数照这天施行的。"""
        return periods.service_year(self.year).last

    @property
    def estimated(self) -> bool:
        """数据截止日早于服务年度末日：是年中预估，不是结算。"""
        return self.until < periods.year_end(self.year)

    @property
    def mark(self) -> str:
        """各文件的水印。"""
        return "草稿" if self.draft else ""
