"""同一天同一动作分属几件的，哪一条在后：照计量第 2 步，审核日期、单号（R-072）。

记入的先后不算数：先审的后填回执，更正又得新的编号，照记入的先后台账就与账不同。只有遇上了才去查审核日期。
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date

from django.db.models import Count

from .models import Action, Fact
from .timeline import Recorded, standing

#: 给几件事项的编号，回 编号 →（审核日期, 单号）：结算一章登记，与导出的是同一个
Reviews = Callable[[Collection[int]], Mapping[int, tuple[str, str]]]
_readers: list[Reviews] = []


def register_reviews(read: Reviews) -> None:
    """登记各件的审核日期从哪里读。"""
    _readers.append(read)


def sequenced(rows: Iterable[Recorded]) -> list[Recorded]:
    """一个资源一个目录项的各条，同一天同一动作分属几件的填上审核日期、单号，`timeline.ordered` 照它排。"""
    known = list(rows)
    same: dict[tuple[date, str], set[int | None]] = defaultdict(set)
    for one in standing(known):
        same[one.effective_on, one.action].add(one.case)
    tied = {case for cases in same.values() if len(cases) > 1 for case in cases if case is not None}
    if not tied:
        return known
    reviews: dict[int, tuple[str, str]] = {}
    for read in _readers:
        reviews |= read(tied)
    return [replace(one, reviewed=reviews[one.case]) if one.case in reviews else one for one in known]


def outdated() -> set[tuple[int, int]]:
    """从前折得与现在不同的（资源, 目录项）：有同一天同一动作分属几件的，有到期日而变更没有另写的。"""
    kept = Fact.objects.filter(voided_by=None).exclude(action=Action.VOID).order_by()
    groups = kept.values("resource", "item", "effective_on", "action").annotate(cases=Count("case", distinct=True))
    tied = {(one["resource"], one["item"]) for one in groups.filter(cases__gt=1)}
    changed = kept.filter(action=Action.CHANGE, expires_on=None, resource__facts__expires_on__isnull=False).distinct()
    return tied | set(changed.values_list("resource", "item"))
