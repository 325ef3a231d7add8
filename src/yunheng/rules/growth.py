"""服务年度内新增资源的 20% 上限（D62-六(二)，R-037）：按项目分维度各算，15% 起提醒。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from . import conventions, rulebook

CPU, MEMORY, STORAGE = "CPU 核", "内存 GB", "存储 TB"
ARTICLE = "D62-六(二)"


@dataclass(frozen=True)
class Host:
    """附件1、附件3 里的一行主机：每台的核数、内存 GB、系统盘 TB、数据盘 TB，和台数。"""

    cores: Decimal
    memory: Decimal
    system_disk: Decimal = Decimal(0)
    data_disk: Decimal = Decimal(0)
    count: Decimal = Decimal(1)


def amounts(
    hosts: Iterable[Host] = (), items: Mapping[str, Decimal] | None = None, storage_items: Iterable[str] = ()
) -> dict[str, Decimal]:
    """把一张表折成各维度的量：核、内存、存储（全部盘与存储项合计，TB），其余按目录项。

    `items` 是目录项到数量；其中列在 `storage_items` 里的以 TB 计，并入存储。
    """
    result: dict[str, Decimal] = {}

    def add(dimension: str, amount: Decimal) -> None:
        if amount:
            result[dimension] = result.get(dimension, Decimal(0)) + amount

    for host in hosts:
        add(CPU, host.cores * host.count)
        add(MEMORY, host.memory * host.count)
        add(STORAGE, (host.system_disk + host.data_disk) * host.count)
    storage = frozenset(storage_items)
    for item, amount in (items or {}).items():
        add(STORAGE if item in storage else item, amount)
    return result


@dataclass(frozen=True)
class DimensionGrowth:
    """一个维度的结果。`added` 含本次；`ratio` 是占首次申请量的比例，首次没有这一维度为 None。"""

    dimension: str
    first: Decimal
    added: Decimal
    ratio: Fraction | None
    exceeded: bool
    warned: bool
    message: str
    article: str = ARTICLE


def check(
    first: Mapping[str, Decimal],
    changes: Iterable[Mapping[str, Decimal]],
    on: date,
    option: str = "gross",
    book: rulebook.RuleBook | None = None,
) -> tuple[DimensionGrowth, ...]:
    """逐维度校验，按维度名排列；只列有新增的维度。

    `first` 是首次申请（迁移项目为迁移申请）各维度的量；`changes` 是本服务年度内各次变更
    （含本次）的增减量，减为负；`option` 是 K-08：`gross` 只累计新增，`net` 以释放抵减。
    首次没有的维度，任何新增都算超出。`on` 日没有生效的规则抛 NotInForce。
    """
    conventions.CONVENTIONS["K-08"].check(option)
    book = book or rulebook.built_in()
    limit, warning = book.parameter("growth_limit", on), book.parameter("growth_warning", on)
    added: dict[str, Decimal] = {}
    for change in changes:
        for dimension, delta in change.items():
            if delta > 0 or option == "net":
                added[dimension] = added.get(dimension, Decimal(0)) + delta
    result = []
    for dimension, amount in sorted(added.items()):
        if amount <= 0:
            continue
        base = first.get(dimension, Decimal(0))
        ratio = Fraction(amount) / Fraction(base) if base > 0 else None
        exceeded = ratio is None or ratio > limit.ratio
        warned = not exceeded and ratio is not None and ratio >= warning.ratio
        if ratio is None:
            text = f"{dimension}：首次申请没有，新增 {amount} 即超出"
        else:
            text = f"{dimension}：首次申请 {base}，本服务年度新增 {amount}，占 {_percent(ratio)}"
        if exceeded:
            text += f"；上限 {limit.value}%，须说明理由并由区科委特批"
        elif warned:
            text += f"；已到提醒线 {warning.value}%，上限 {limit.value}%"
        result.append(DimensionGrowth(dimension, base, amount, ratio, exceeded, warned, f"{text}（{ARTICLE}，R-037）"))
    return tuple(result)


def _percent(ratio: Fraction) -> str:
    """写给人看的百分数：除不尽的标“约”，免得刚过线的读成恰好在线上。"""
    hundredths = ratio * 10000
    mark = "" if hundredths.denominator == 1 else "约 "
    return f"{mark}{Decimal(round(hundredths)) / 100}%"
