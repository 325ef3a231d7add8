"""读考核：算数的事件、满意率、现在的评分、审定的评分。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery

from yunheng.audit.actor import Actor
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import chosen_conventions, scoped
from yunheng.rules import periods
from yunheng.rules.scoring import settle_score

from .models import Finding, Occurrence, Satisfaction, Score


def visible(actor: Actor) -> QuerySet[Occurrence]:
    """这个角色看得到的事件：服务商只看自己的。"""
    rows = with_findings(Occurrence.objects.select_related("provider", "case"))
    return scoped(rows, actor, unit="case__unit", provider="provider")


def with_findings(rows: QuerySet[Occurrence]) -> QuerySet[Occurrence]:
    """附上最近的复核结论：`counted` 为空是还没有复核，照计。"""
    latest = Finding.objects.filter(occurrence=OuterRef("pk")).order_by("-pk")
    return rows.annotate(counted=Subquery(latest.values("counted")[:1]), why=Subquery(latest.values("reason")[:1]))


def counted(year: int) -> QuerySet[Occurrence]:
    """某服务年度算数的事件：复核认定不算的去掉。"""
    span = periods.service_year(year)
    rows = with_findings(Occurrence.objects.filter(on__gte=span.start, on__lt=span.until))
    return (
        rows.filter(Q(counted=None) | Q(counted=True))
        .select_related("provider")
        .order_by("provider__code", "indicator", "on", "pk")
    )


def satisfaction(year: int) -> dict[str, Decimal]:
    """服务商代码 → 满意率（最近记的一条）。"""
    latest = Satisfaction.objects.filter(service_year=year).order_by("provider", "-pk").distinct("provider")
    return dict(latest.values_list("provider__code", "rate"))


@dataclass(frozen=True)
class Marked:
    """一家服务商现在的评分。`scores` 是七项各得几分（文本），没有满意率时 G、总分、比例为 None。"""

    provider: Institution
    year: int
    scores: dict[str, str | None]
    total: str | None
    rate: str | None
    satisfaction: str | None
    occurrences: tuple[Occurrence, ...]

    def content(self) -> dict[str, Any]:
        """锁定时存的内容；前三项与 结算.json 的 assessments 相同。"""
        return {
            "scores": self.scores,
            "total": self.total,
            "deduction_rate": self.rate,
            "satisfaction": self.satisfaction,
            "occurrences": [one.pk for one in self.occurrences],
        }


def mark(provider: Institution, year: int) -> Marked:
    """照现在的事件和满意率评分；算法只在 rules.scoring，满意率的口径看 K-06（D62-附件5）。"""
    return marks([provider], year)[0]


def marks(shown: Iterable[Institution], year: int) -> list[Marked]:
    """各家现在的评分，事件和满意率各取一次。"""
    span = periods.service_year(year)
    events: dict[int, list[Occurrence]] = {}
    for one in counted(year):
        events.setdefault(one.provider_id, []).append(one)
    rates, option = satisfaction(year), chosen_conventions(span.start)["K-06"]
    found = []
    for provider in shown:
        own, rate = events.get(provider.pk, []), rates.get(provider.code)
        given = None if rate is None else f"{rate.normalize():f}"
        scored = settle_score(Counter(one.indicator for one in own), given, option, periods.year_end(year))
        found.append(
            Marked(provider, year, scored["scores"], scored["total"], scored["deduction_rate"], given, tuple(own))
        )
    return found


def locked(year: int) -> dict[str, Score]:
    """服务商代码 → 这个服务年度审定的评分。"""
    rows = Score.objects.filter(appraisal__service_year=year).select_related("appraisal__provider")
    return {score.appraisal.provider.code: score for score in rows}
