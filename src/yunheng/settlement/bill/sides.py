"""一个资源的三方证据：申请表怎样写的、平台工单怎样办的、平台日志看到的是哪些天（R-075）。

照那一批自己的数据包，不看现在的台账和收件：批次算了以后到的、更正的、作废的，不会改写它当时的依据。
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO

from django.db.models import Sum

from yunheng.metering.parting import about
from yunheng.settlement import queries
from yunheng.settlement.models import Run, RunFile
from yunheng.settlement.runs.running import PACKAGE

_Row = Mapping[str, str]


@dataclass(frozen=True)
class Sides:
    """一个资源的三方，各是数据包里的行：单据明细（连同单据的种类、审核日期）、工单、日志。

    `units projects providers` 是单据上的单位、项目、服务商的名称；没有单据的空着。`log` 没有日志的为 None。
    """

    units: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    forms: Sequence[_Row] = ()
    orders: Sequence[_Row] = ()
    log: _Row | None = None


def of(run: Run, resources: Collection[str]) -> dict[str, Sides] | None:
    """各资源的三方，照这一批（裁定试算照它所照的那一批）的数据包；没有存数据包的为 None。"""
    content = RunFile.objects.filter(run=run.base_id or run.pk, name=PACKAGE).values_list("content", flat=True).first()
    if content is None:
        return None
    tables = about(BytesIO(content), resources)
    project = {one["项目"]: one for one in tables["项目"]}
    name = {one["代码"]: one["名称"] for one in tables["机构"]}
    form = {one["单号"]: one for one in tables["单据"]}
    log = {one["资源"]: one for one in tables["日志"]}
    details, orders = _by_resource(tables["单据明细"]), _by_resource(tables["工单"])
    found = {}
    for resource in resources:
        rows = [{**form[one["单号"]], **one} for one in details[resource]]
        found[resource] = Sides(
            units=_unique(name[project[one["项目"]]["单位"]] for one in rows),
            projects=_unique(project[one["项目"]]["名称"] for one in rows),
            providers=_unique(name[one["服务商"]] for one in rows),
            forms=sorted(rows, key=lambda one: (one["审核日期"], one["单号"])),
            orders=sorted(orders[resource], key=lambda one: (one["完成日期"], one["工单号"])),
            log=log.get(resource),
        )
    return found


def _by_resource(rows: Sequence[_Row]) -> defaultdict[str, list[_Row]]:
    found = defaultdict[str, list[_Row]](list)
    for row in rows:
        found[row["资源"]].append(row)
    return found


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def unpriced(run: Run, resources: Collection[str]) -> set[tuple[str, str]]:
    """这几个资源里，待核算不出金额的（资源, 目录项）：缺全市总量或阶梯价（D10）。"""
    lines = queries.lines_of(run).filter(disputed=True, resource__in=resources, differences__contains="D10")
    return set(lines.values_list("resource", "item").distinct())


def held(run: Run, resources: Collection[str]) -> dict[tuple[str, str], Decimal]:
    """（资源, 目录项）→ 待核的金额（元）。"""
    lines = queries.lines_of(run).filter(disputed=True, resource__in=resources)
    return {
        (resource, item): amount
        for resource, item, amount in lines.values_list("resource", "item").annotate(amount=Sum("amount"))
    }
