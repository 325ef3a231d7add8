"""差异按资源聚成一组：单位、项目、服务商、平台日志在组头，各条差异连同单据、工单和去年怎样裁的在下面（R-075）。

一页几个资源，在数据库里沿索引往后翻，只取这一页的：差异再多也快。
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet

from yunheng.settlement import disputing, queries, rulings
from yunheng.settlement.bill import sides
from yunheng.settlement.models import Difference, LogGap, Run

#: 一页几个资源
PAGE = 20
_Row = Mapping[str, str]


@dataclass(frozen=True)
class Entry:
    """一条差异：这一项（整台资源的是各项）的单据明细、工单，差异所指的在前；`held` 是因它待核的金额（元）。

    `precedent` 是去年同样的怎样裁的，没有为 None；`reusable` 是现在可以沿用。`unpriced` 是待核的金额算不出（D10）。
    """

    difference: Difference
    forms: Sequence[_Row]
    orders: Sequence[_Row]
    held: Decimal | None
    precedent: rulings.Precedent | None
    reusable: bool
    unpriced: bool = False

    @property
    def key(self) -> str:
        """勾选框的值；资源编号里可以有竖线，放在最后。"""
        return f"{self.difference.code}|{self.difference.item}|{self.difference.resource}"


@dataclass(frozen=True)
class Group:
    """一个资源；`sides` 是这一批数据包里的三方，没有存数据包的为 None；`others` 是不在筛选里的还有几条。

    `gap` 是日志中间断过：三方里的首见、末见看不出来，没有断过的为 None。
    """

    resource: str
    sides: sides.Sides | None
    entries: Sequence[Entry]
    held: Decimal
    others: int
    gap: LogGap | None = None


@dataclass(frozen=True)
class Page:
    """一页；`before` 不空的前面还有，`after` 不空的后面还有：各是这一页头尾的资源。"""

    groups: Sequence[Group]
    before: str = ""
    after: str = ""

    @property
    def packed(self) -> bool:
        """这一批存了数据包；没有差异的不必问。"""
        return all(one.sides is not None for one in self.groups)


def page(
    run: Run, seen: QuerySet[Difference], matched: QuerySet[Difference], *, after: str = "", before: str = ""
) -> Page:
    """`after` 以后（或 `before` 以前）的几个资源，按资源编号；`matched` 是看得到的 `seen` 里合筛选的。"""
    names, earlier, later = _names(matched, after, before)
    if not names:
        return Page([])
    rows = defaultdict[str, list[Difference]](list)
    for row in disputing.with_steps(run, matched.filter(resource__in=names).order_by("seq")):
        rows[row.resource].append(row)
    counts = seen.filter(resource__in=names).order_by().values_list("resource").annotate(number=Count("pk"))
    every = dict(counts)
    found, held = sides.of(run, names), sides.held(run, names)
    unpriced = sides.unpriced(run, names) if run.differences.get("D10") else set()
    broken = {one.resource: one for one in LogGap.objects.filter(run=run.base_id or run.pk, resource__in=names)}
    known = rulings.precedents(run.service_year, names)
    open_year = queries.frozen(run.service_year) is None
    groups = []
    for name in names:
        side = found[name] if found is not None else None
        entries = []
        for row in sorted(rows[name], key=_unruled_first):
            past = known.get((name, row.item, row.code))
            entries.append(
                Entry(
                    row,
                    _about(side.forms if side else (), "单号", row.form, row.item),
                    _about(side.orders if side else (), "工单号", row.order, row.item),
                    held.get((name, row.item)) if row.blocking else None,
                    past,
                    past is not None and row.blocking and open_year and past.fits(row.spans),
                    (name, row.item) in unpriced,
                )
            )
        total = sum((amount for (resource, _), amount in held.items() if resource == name), Decimal(0))
        groups.append(Group(name, side, entries, total, every[name] - len(entries), broken.get(name)))
    return Page(groups, names[0] if earlier else "", names[-1] if later else "")


def _names(matched: QuerySet[Difference], after: str, before: str) -> tuple[list[str], bool, bool]:
    """这一页的资源，和前面、后面还有没有。"""
    every = matched.order_by().values_list("resource", flat=True).distinct()
    if before:
        back = list(every.filter(resource__lt=before).order_by("-resource")[: PAGE + 1])
        return back[:PAGE][::-1], len(back) > PAGE, True
    found = list((every.filter(resource__gt=after) if after else every).order_by("resource")[: PAGE + 1])
    return found[:PAGE], bool(after), len(found) > PAGE


def _about(rows: Sequence[_Row], column: str, number: str, item: str) -> list[_Row]:
    """这一项的各行，号是 `number` 的在前；不分项的差异（整台资源的）要全部。"""
    mine = [one for one in rows if item in ("", one["目录项"])]
    return sorted(mine, key=lambda one: one[column] != number)


def _unruled_first(row: Difference) -> tuple[int, str, int]:
    """没裁定的在前，不阻断的在后。"""
    return (2 if not row.blocking else int(bool(row.verdict)), row.item, row.seq)
