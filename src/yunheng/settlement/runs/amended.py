"""冻结以后台账又记、又更正的，说的是那一年以前日子的：一共几条、几个资源；差异又裁定的几次，阶梯、全市用量更正了没有（R-019、R-051、R-075、R-083）。

账不动，走补差；更正、补录、晚填的回执都在内。平台又送来的收件另在 `late`。
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count

from yunheng.ledger.models import Fact
from yunheng.rules import periods
from yunheng.settlement.models import Freeze, Handling
from yunheng.settlement.queries import frozen
from yunheng.settlement.runs import staleness


@dataclass(frozen=True)
class Amended:
    """一个冻结的年度：冻结的批次以后记进台账的几条、几个资源，又裁定的几次。"""

    year: int
    facts: int
    resources: int
    rulings: int
    tables: Sequence[str]

    @property
    def text(self) -> str:
        """一句话：又记了几条、又裁定了几次，走补差。"""
        parts = []
        if self.facts:
            parts.append(f"台账又记、更正了 {self.resources:,} 个资源的 {self.facts:,} 条这一年以内的")
        if self.rulings:
            parts.append(f"差异又裁定、撤回了 {self.rulings:,} 次")
        if self.tables:
            parts.append(f"市里又更正了{'、'.join(self.tables)}")
        return f"冻结的那一批算完以后{'，'.join(parts)}，冻结的账不动，影响多少补差计量时算，走补差"


def since(year: int, known: Mapping[int, Freeze] | None = None) -> Amended | None:
    """这一年冻结以后台账又记的、又裁定的；没有冻结、都没有的为 None。`known` 见 `queries.frozen`。"""
    freeze = frozen(year, known)
    if freeze is None:
        return None
    rows = Fact.objects.filter(recorded_at__gt=freeze.run.recorded_at, effective_on__lt=periods.year_end(year))
    # 冻结以前补录的单据，后来照工单补记的不算：账照单据和工单，记不记台账都一样
    rows = rows.exclude(
        corrects=None, case__procedure="backfill", case__recorded_at__lte=freeze.run.recorded_at, voids=None
    )
    found = rows.aggregate(facts=Count("pk"), resources=Count("resource", distinct=True))
    ruled = Handling.objects.filter(service_year=year, kind=Handling.RULE, recorded_at__gt=freeze.run.recorded_at)
    rulings = ruled.count()
    tables = staleness.relisted(freeze.run)
    return Amended(year, **found, rulings=rulings, tables=tables) if found["facts"] or rulings or tables else None
