"""账目的各种合计：按服务商、单位、项目、目录项、月。全是整数分，合计等于各行之和。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from yunheng.rules.money import fen

from .data import Line


@dataclass
class Sums:
    """一遍账目下来的合计，单位都是分；`count` 是条数。键按账目里出现的代码。"""

    total: int = 0
    count: int = 0
    unpriced: int = 0
    """算不出金额、写作 0 的几条：阶梯计价缺全市总量或阶梯价（D10）"""
    by_provider: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(服务商, 支付方式)"""
    by_unit: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(单位, 服务商, 支付方式)"""
    by_project: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    """(单位, 项目, 服务商, 支付方式)"""
    by_item: Counter[str] = field(default_factory=Counter)
    by_month: Counter[str] = field(default_factory=Counter)
    """2023-07 → 分；账目按天数摊到各月，摊完一分不差，只供看走势"""
    counts: Counter[str] = field(default_factory=Counter)
    """服务商 → 条数"""
    project_counts: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)


def unpriced_words(held: Sums) -> str:
    """待核里有几条算不出，一句话，接在“待核 n 条、合计多少”后面；没有为空。"""
    if not held.unpriced:
        return ""
    return f"；其中 {held.unpriced:,} 条阶梯计价缺全市总量或阶梯价，算不出，写作 0，不是 0 元（D10）"


def add_up(lines: Iterable[Line]) -> Sums:
    """把账目合计起来。"""
    sums = Sums()
    for line in lines:
        amount = fen(line.amount)
        sums.total += amount
        sums.count += 1
        sums.unpriced += "D10" in line.differences
        project = (line.unit, line.project, line.provider, line.payer)
        sums.by_project[project] += amount
        sums.project_counts[project] += 1
        sums.by_item[line.item] += amount
        span, months = _months(line.start, line.until)
        spread = 0
        for month, days in months:
            share = amount * days // span
            sums.by_month[month] += share - spread
            spread = share
    for (unit, _project, provider, payer), amount in sums.by_project.items():
        sums.by_unit[unit, provider, payer] += amount
        sums.by_provider[provider, payer] += amount
    for (_unit, _project, provider, _payer), count in sums.project_counts.items():
        sums.counts[provider] += count
    return sums


@cache
def _months(start: str, until: str) -> tuple[int, tuple[tuple[str, int], ...]]:
    """[start, until) 的总天数，和（月份, 到该月末为止的累计天数）。"""
    first, last = date.fromisoformat(start), date.fromisoformat(until)
    months, day = [], first
    while day < last:
        following = min((day.replace(day=1) + timedelta(days=32)).replace(day=1), last)
        months.append((f"{day:%Y-%m}", (following - first).days))
        day = following
    return (last - first).days, tuple(months)
