"""缓付、还欠着的，办结以后又冲回、作废的（R-081）：结清以前，年度页、工作台、待办、结算列表上都列着。"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q

from yunheng.cases.models import Case
from yunheng.orgs.queries import providers
from yunheng.rules.procedures import DONE
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


def of(year: int, known: Mapping[int, Freeze] | None = None) -> Owed | None:
    """这个服务年度到最近一份结算为止还欠着的，报送以后登记的灾备在内；不欠的为 None。并进补差、补差批准了的，不再列。

    `known` 见 `queries.frozen`。
    """
    last = queries.frozen(year, known)
    deferred = funding.deferred_of(last) if last else {}
    late = funding.recovery_late(last) if last else Decimal(0)
    if last is None or not (deferred or late):
        return None
    names = dict(providers().values_list("code", "name"))
    rows = tuple((named(key, names), amount) for key, amount in sorted(deferred.items()))
    rows += (("灾备区级承担（方案报送以后登记的）", late),) if late else ()
    return Owed(year, rows, last.case, in_hand(last))


@dataclass(frozen=True)
class Reopened:
    """办结以后又有冲回、作废的一件：还有哪几行没有结清（付给谁, 还应付多少元，负是还应收回）。"""

    year: int
    case: Case
    rows: tuple[tuple[str, Decimal], ...]

    @property
    def total(self) -> Decimal:
        """没有结清的绝对值之和（元）。"""
        return sum((abs(amount) for _, amount in self.rows), Decimal(0))


def reopened() -> list[Reopened]:
    """各年度办结以后又冲回、作废，还没有结清的各件，先结的在前；退票是事实，不重开事项，结清以前处处列着。"""
    undone = (
        Q(contracts__voided__isnull=False)
        | Q(contracts__payments__reverses__isnull=False)
        | Q(recovery_payments__reverses__isnull=False)
    )
    done = Freeze.objects.filter(undone, case__board__outcome=DONE.code).values("pk")
    found = Freeze.objects.filter(pk__in=done).select_related("run", "base__run", "case")
    names = dict(providers().values_list("code", "name"))
    return [
        Reopened(one.service_year, one.case, tuple((named(key, names), left) for key, left in rows))
        for one in found.order_by("service_year", "number")
        if (rows := funding.unsettled(one))
    ]


def merged(freeze: Freeze) -> Case | None:
    """缓付的都并进了哪一件批准了的补差；没有并进去的、旧版流程只并进一部分的为 None。"""
    later = Freeze.objects.filter(base=freeze).select_related("case").first()
    if later is None or funding.deferred_of(freeze).keys() & funding.deferred_of(later).keys() & set(_LABELS):
        return None
    return later.case


def in_hand(last: Freeze) -> Case | None:
    """在它以后起的、还没有批准的补差。"""
    later = queries.year_cases(last.service_year).filter(number=last.number + 1).last()
    return later.case if later else None


def before(year: int) -> list[Owed]:
    """这个服务年度以前还欠着的，先前的在前：编它的方案时要看到，都不在这份预算里。"""
    known = queries.last_frozen()
    return [one for past in known if past < year and (one := of(past, known))]
