"""读裁定：各条按日叠加以后是什么（R-075）。导出、试算、页面都从这里读。"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from yunheng.rules import periods
from yunheng.rules.overlay import Span
from yunheng.settlement.models import Handling, spans_of

#: （资源, 目录项, 差异）
Key = tuple[str, str, str]


def in_force(year: int) -> Mapping[Key, list[Span[Handling]]]:
    """这一年现在的裁定：每条差异的各段；全撤回了的不列。"""
    rows = Handling.objects.filter(service_year=year, kind=Handling.RULE)
    # 在这里排，不照数据库的排法：几处要同一个次序
    ordered = sorted(rows, key=lambda one: (one.resource, one.item, one.code, one.pk))
    grouped = groupby(ordered, key=lambda one: (one.resource, one.item, one.code))
    return {key: spans for key, group in grouped if (spans := spans_of(group))}


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
