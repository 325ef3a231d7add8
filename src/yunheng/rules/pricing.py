"""定价（R-019、R-073、R-074、R-076）：某日的单价，和年、月、次、一次性的精确金额，最后舍入一次到分。"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from . import conventions, periods
from .periods import Period
from .problems import NotInForce, RuleDataError

ARTICLE = "D62-七"


@dataclass(frozen=True)
class PriceVersion:
    """一个价格版本：目录项、单价（元）、生效区间；`provider` 为 None 表示全部服务商。"""

    item: str
    unit_price: Decimal
    period: Period
    provider: str | None = None


class PriceBook:
    """全部价格版本。同一（目录项, 服务商）的版本相交抛 RuleDataError。"""

    def __init__(self, versions: Iterable[PriceVersion]) -> None:
        self._versions: dict[tuple[str, str | None], list[PriceVersion]] = defaultdict(list)
        for version in versions:
            self._versions[version.item, version.provider].append(version)
        for group in self._versions.values():
            group.sort(key=lambda version: version.period.start)
            for earlier, later in itertools.pairwise(group):
                if earlier.period.intersect(later.period):
                    raise RuleDataError(f"{later.item} 的价格版本相交：{earlier.period} 与 {later.period}")

    def price_on(self, item: str, provider: str, day: date) -> PriceVersion:
        """某目录项、某服务商、某日的价格版本；带服务商的优先于全部服务商的。没有抛 NotInForce。"""
        for key in ((item, provider), (item, None)):
            for version in self._versions.get(key, ()):
                if version.period.contains(day):
                    return version
        raise NotInForce(f"{item}（{provider}）在 {day} 没有价格版本（{ARTICLE} 同期目录单价，R-074）")


def yearly(quantity: Decimal, price: Decimal | Fraction, period: Period, year: int, option: str = "actual") -> Fraction:
    """年价：数量 × 单价 × 天数 ÷ 服务年度天数（K-03）。区间须在该服务年度内，否则抛 ValueError。"""
    conventions.CONVENTIONS["K-03"].check(option)
    whole = periods.service_year(year)
    if whole.intersect(period) != period:
        raise ValueError(f"区间 {period} 不在 {year} 服务年度之内（D62-五，R-071）")
    return each(quantity, price) * period.days / (365 if option == "fixed_365" else whole.days)


def monthly(quantity: Decimal, price: Decimal | Fraction, period: Period, option: str = "calendar") -> Fraction:
    """月价：数量 × 单价 × Σ（各月内天数 ÷ 该月天数），或 × 天数 ÷ 30（K-04）。"""
    conventions.CONVENTIONS["K-04"].check(option)
    months = Fraction(period.days, 30) if option == "thirty" else periods.calendar_months(period)
    return each(quantity, price) * months


def each(quantity: Decimal, price: Decimal | Fraction) -> Fraction:
    """次和一次性：数量 × 单价。"""
    return Fraction(quantity) * Fraction(price)


def to_fen(amount: Fraction, option: str = "half_up") -> Decimal:
    """舍入到分（K-05），两位小数；half_up 五入远离零。"""
    conventions.CONVENTIONS["K-05"].check(option)
    return _rounded(amount, 2, option)


@dataclass(frozen=True)
class Tier:
    """阶梯的一档 `[start, until)` 及其单价；末档 `until` 为 None。"""

    start: Decimal
    until: Decimal | None
    unit_price: Decimal


def tier_total(tiers: Sequence[Tier], total: Decimal, mode: str) -> Fraction:
    """全市总量按阶梯的总价：`累进` 各段分别计，`到达` 全量按所在档（M10-四(四)，R-076）。

    各档须从 0 起、首尾相接、末档不封顶，否则抛 RuleDataError；总量为负、方式不认识抛 ValueError。
    """
    if mode not in ("累进", "到达") or total < 0:
        raise ValueError(f"阶梯方式应为累进或到达，总量不能为负：{mode} {total}（M10-四(四)）")
    ordered = sorted(tiers, key=lambda tier: tier.start)
    starts = [tier.start for tier in ordered] + [None]
    if not ordered or ordered[0].start != 0 or [tier.until for tier in ordered] != starts[1:]:
        raise RuleDataError("阶梯各档须从 0 起、首尾相接、末档不封顶（M10-四(四)）")
    if len(set(starts)) != len(starts):
        raise RuleDataError("阶梯有空的一档（M10-四(四)）")
    if mode == "到达":
        reached = max((tier for tier in ordered if tier.start <= total), key=lambda tier: tier.start)
        return each(total, reached.unit_price)
    return sum(
        (
            each((total if tier.until is None else min(total, tier.until)) - tier.start, tier.unit_price)
            for tier in ordered
            if tier.start < total
        ),
        Fraction(0),
    )


def tier_average(tiers: Sequence[Tier], total: Decimal, mode: str, places: str = "6") -> Decimal | None:
    """全市平均单价 = 总价 ÷ 总量，四舍五入到 K-07 的位数；总量为 0 没有平均单价，为 None。"""
    conventions.CONVENTIONS["K-07"].check(places)
    amount = tier_total(tiers, total, mode)
    return None if total == 0 else _rounded(amount / Fraction(total), int(places), "half_up")


def _rounded(value: Fraction, places: int, option: str) -> Decimal:
    scaled = abs(value) * 10**places
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    double = 2 * rest
    tie = double == scaled.denominator
    if double > scaled.denominator or (tie and (option == "half_up" or whole % 2 == 1)):
        whole += 1
    digits = tuple(map(int, str(whole)))
    # 直接拼出小数，不经过 Decimal 的有效位数限制
    return Decimal((int(value < 0 and whole > 0), digits, -places))
