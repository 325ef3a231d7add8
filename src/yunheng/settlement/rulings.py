"""读裁定：各条按日叠加以后是什么，上一年同样的怎样裁的（R-075）。导出、试算、页面都从这里读。"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from yunheng.rules import periods
from yunheng.rules.overlay import Span, stated
from yunheng.settlement.models import Handling, spans_of

#: （资源, 目录项, 差异）
Key = tuple[str, str, str]


def in_force(year: int, resources: Collection[str] | None = None) -> Mapping[Key, list[Span[Handling]]]:
    """这一年现在的裁定（只要 `resources` 的）：每条差异的各段；全撤回了的不列。"""
    rows = Handling.objects.filter(service_year=year, kind=Handling.RULE)
    if resources is not None:
        rows = rows.filter(resource__in=resources)
    # 在这里排，不照数据库的排法：几处要同一个次序
    ordered = sorted(rows, key=lambda one: (one.resource, one.item, one.code, one.pk))
    grouped = groupby(ordered, key=lambda one: (one.resource, one.item, one.code))
    return {key: spans for key, group in grouped if (spans := spans_of(group))}


@dataclass(frozen=True)
class Precedent:
    """上一服务年度（`year`）对同一资源、目录项、差异的裁定：按日叠加以后的各段。"""

    year: int
    spans: list[Span[Handling]]

    @property
    def moved(self) -> list[Span[Handling]]:
        """挪到今年的各段；只裁了 2 月 29 日那一天的，今年没有这一天，不在内。"""
        later = [
            replace(one, start=periods.year_later(one.start), until=periods.year_later(one.until)) for one in self.spans
        ]
        return [one for one in later if one.start < one.until]

    @property
    def stated(self) -> str:
        """去年怎样裁的，一句话。"""
        return stated(self.spans, periods.service_year(self.year).start, periods.year_end(self.year))

    @property
    def records(self) -> list[Handling]:
        """还管着日子的各条裁定，先作的在前。"""
        return sorted({one.record.pk: one.record for one in self.spans}.values(), key=lambda one: one.pk)

    def fits(self, now: Sequence[Span[Handling]]) -> bool:
        """今年可以沿用：有日子可挪，那些日子还没有裁过。"""
        clashes = any(a.start < b.until and b.start < a.until for a in self.moved for b in now)
        return bool(self.moved) and not clashes


def precedents(year: int, resources: Collection[str]) -> dict[Key, Precedent]:
    """`year` 的上一服务年度对这几个资源的裁定。"""
    return {key: Precedent(year - 1, spans) for key, spans in in_force(year - 1, resources).items()}


def exported(year: int) -> list[dict[str, str]]:
    """数据包“差异裁定”表的各行；管全年的不写起止。"""
    first, final = periods.service_year(year).start, periods.year_end(year)
    return [
        {
            "资源": resource,
            "目录项": item,
            "差异": code,
            "裁定": span.ruling,
            "说明": span.record.text,
            "起": "" if span.start == first else span.start.isoformat(),
            "止": "" if span.until == final else span.until.isoformat(),
        }
        for (resource, item, code), spans in in_force(year).items()
        for span in spans
    ]
