"""缓付、还欠着的（R-081）：付清、或区科委决定不再付以前，年度页、工作台、以后年度的方案上都列着。"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from yunheng.cases.models import Case
from yunheng.orgs.queries import providers
from yunheng.settlement import funding, queries
from yunheng.settlement.models import Freeze, Shortfall

_LABELS = {Shortfall.RECOVERY: "灾备区级承担", Shortfall.SUPERVISION: "专项管理费"}


@dataclass(frozen=True)
class Owed:
    """一个服务年度缓付、还欠着的：付给谁多少（元），哪一件缓付的，补差办到哪里了。

    `handled` 是正在办的补差；没有起的为 None。
    """

    year: int
    rows: tuple[tuple[str, Decimal], ...]
    case: Case
    handled: Case | None

    @property
    def total(self) -> Decimal:
        """合计多少元。"""
        return sum((amount for _, amount in self.rows), Decimal(0))


def named(key: str, names: dict[str, str]) -> str:
    """批复不足里一行的叫法：服务商的名称，或灾备、管理费。"""
    return _LABELS.get(key) or names.get(key, key)


def of(year: int) -> Owed | None:
    """这个服务年度到最近一份结算为止还欠着的；不欠的为 None。并进补差、补差批准了的，不再在这里列。"""
    last = queries.frozen(year)
    deferred = funding.deferred_of(last) if last else {}
    if last is None or not deferred:
        return None
    names = dict(providers().values_list("code", "name"))
    rows = tuple((named(key, names), amount) for key, amount in sorted(deferred.items()))
    return Owed(year, rows, last.case, in_hand(last))


def in_hand(last: Freeze) -> Case | None:
    """在它以后起的、还没有批准的补差。"""
    later = queries.year_cases(last.service_year).filter(number=last.number + 1).last()
    return later.case if later else None


def before(year: int) -> list[Owed]:
    """这个服务年度以前还欠着的，先前的在前：编它的方案时要看到，都不在这份预算里。"""
    return [one for past in sorted(queries.frozen_years()) if past < year and (one := of(past))]
