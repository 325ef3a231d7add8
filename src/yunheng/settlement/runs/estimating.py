"""估算冻结以后又到的收件影响多少：冻结的包加上晚到的各条，有关的资源重算一次，取统一支付净额之差（R-083）。

晚到的说到的那些（用量的一天、工单的一个动作、资源的日志）换成现在会导出的，其余照冻结的包，裁定、考核也照它。
算不出的写明为什么，不当作 0。
"""

from __future__ import annotations

import csv
import logging
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import duckdb
from django.db import connection, transaction

from yunheng.metering import engine
from yunheng.metering.format import VERSIONS
from yunheng.metering.opening import opened
from yunheng.metering.parting import part
from yunheng.metering.problems import NoRoom, PackageError
from yunheng.rules import periods
from yunheng.settlement.models import ESTIMATE, Late, LateEstimate, Run, RunFile, RunOrder
from yunheng.settlement.queries import frozen, lines_of
from yunheng.settlement.runs import late, staleness, touched
from yunheng.settlement.runs import package as packing
from yunheng.settlement.runs.recasting import Sums, resummed, settled_lines, summary_after, tallied
from yunheng.settlement.runs.running import DONE, MEMORY, PACKAGE, register_job

_log = logging.getLogger(__name__)
#: 环境不够（内存、磁盘）、断了的，试几次
ATTEMPTS = 3
#: 工单的一个动作：单号、资源、目录项、动作
_Act = tuple[str, ...]
_ENVIRONMENT = (NoRoom, duckdb.Error, OSError, MemoryError)


def carry_out(order: RunOrder) -> None:
    """办一次排队的估算：先查晚到的，再算；算出、算不出都记一条。环境不够的留着再试。"""
    freeze = frozen(order.service_year)
    assert freeze is not None
    run = freeze.run
    order.refresh_from_db()
    waiting = RunOrder.objects.filter(pk=order.pk)
    waiting.update(step="查晚到的收件", share=0.1)
    late.scan(run)
    waiting.update(step="重算有关的资源", share=0.3)
    count, handled = Late.objects.filter(run=run).count(), late.handled(run)
    amount, reason = None, ""
    try:
        if order.attempts > ATTEMPTS:
            reason = f"试了 {ATTEMPTS} 次都中断了"
        else:
            amount = change(run)
    except PackageError as error:
        reason = "；".join(map(str, error.problems[:3]))
    except _ENVIRONMENT as error:
        _log.warning("估算没有算成", exc_info=error)
        reason = str(error) if isinstance(error, NoRoom) else _kind(error)
        if order.attempts < ATTEMPTS:
            waiting.update(step=f"没有算成，等着再试：{reason}"[:60], share=0)
            return
    except ValueError as error:
        reason = str(error)
    with transaction.atomic():
        LateEstimate.objects.create(
            run=run, count=count, handled=handled, amount=amount, reason=reason.strip()[:500], on=order.on
        )
        waiting.update(run=run, step=DONE, share=1)


def _kind(error: Exception) -> str:
    """环境的哪一种错；程序、库的原话只进日志，页面上不写。"""
    if isinstance(error, MemoryError | duckdb.OutOfMemoryException):
        return "内存不够"
    if isinstance(error, OSError | duckdb.IOException):
        return "磁盘读写出错，或写满了"
    return "计算用的库出错"


def register() -> None:
    """登记排队的估算怎样办。"""
    register_job(ESTIMATE, carry_out)


def change(run: Run) -> Decimal:
    """晚到的使统一支付净额（扣减以后）多多少，元，少是负的；加进去以后包有错抛 PackageError，重算不符抛 ValueError。"""
    with transaction.atomic():
        now = _arrived(run)
    if not now.resources:
        return Decimal(0)
    with tempfile.TemporaryDirectory(prefix="yunheng-late-") as name:
        folder = Path(name)
        before = _settled(run, now, folder / "冻结")
        if before != _frozen(run, now.resources):
            raise ValueError("冻结的包里这些资源重算一遍，与冻结的账目不同")
        after = _settled(run, now, folder / "晚到", patched=True)
    sums = resummed(run, before, after)
    return Decimal(summary_after(run, sums)["unified_net"]) - Decimal(run.head["summary"]["unified_net"])


@dataclass(frozen=True)
class _Arrived:
    """晚到的说到的，现在会导出成什么：用量的各天（空的不再有）、资源的日志（没有的为空）、各动作的工单。"""

    usage: dict[tuple[str, str, str], str]
    logs: dict[str, tuple[str, str]]
    acts: set[_Act]
    orders: list[list[str]]

    @property
    def resources(self) -> set[str]:
        return {key[0] for key in self.usage} | set(self.logs) | {act[1] for act in self.acts}

    def said(self, order: Sequence[str]) -> bool:
        """这张工单（各栏照数据包）是不是晚到的说到的动作；平台软件另有服务商的，单号后面带“/服务商”。"""
        _, form, *act = order[:5]
        return any((name, *act) in self.acts for name in (form, form.rpartition("/")[0] or form))


#: 晚到的各件，和被它们更正的原件
_LATE = (
    "SELECT received_id FROM settlement_late WHERE run_id = %(run)s"
    " UNION SELECT r.corrects_id FROM settlement_late AS l JOIN ledger_received AS r ON r.id = l.received_id"
    " WHERE l.run_id = %(run)s AND r.corrects_id IS NOT NULL"
)


def _arrived(run: Run) -> _Arrived:
    first, until = periods.service_year(run.service_year).start.isoformat(), periods.year_end(run.service_year)
    tables = packing.tables(run.service_year)
    touched.gather(_LATE, {"run": run.pk})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT coalesce(payload->>'单号', ''), payload->>'资源', payload->>'目录项', payload->>'动作'"
            " FROM ledger_received WHERE kind = '工单' AND id IN (SELECT pk FROM touched_received)"
            # 没有写单号的、首尾有空白的，导出时认作哪个动作
            " UNION SELECT coalesce(单号, ''), 资源, 目录项, 动作"
            " FROM package_orders WHERE id IN (SELECT pk FROM touched_received)"
        )
        acts = set(cursor.fetchall())
    found = _Arrived(touched.usage(first, until.isoformat()), touched.logs(), acts, [])
    if acts:
        found.orders.extend(row for row in staleness.current(tables)(staleness.ORDERS) if found.said(row))
    return found


def _settled(run: Run, now: _Arrived, folder: Path, *, patched: bool = False) -> Sums:
    """有关的资源照冻结的包算（`patched` 的换上晚到的），各账目的合计。"""
    content = BytesIO(RunFile.objects.get(run=run, name=PACKAGE).content)
    with staleness.packed(content) as rows:
        names = staleness.COLUMNS[staleness.RULINGS]
        rulings = [dict(zip(names, row, strict=True)) for row in rows(staleness.RULINGS) if row[0] in now.resources]
    if run.head["version"] == VERSIONS[0]:
        # 版本 1 的裁定不分日子
        rulings = [{name: row[name] for name in names[:-2]} for row in rulings]
    part(content, folder / "数据包", now.resources, rulings, forms={row[1] for row in now.orders})
    if patched:
        _patch(folder / "数据包", now)
    with opened(folder / "数据包", MEMORY) as package:
        settled = engine.settle(package)
        return tallied(
            line | {"disputed": which == "待核", "amount": Decimal(line["amount"])}
            for which in ("账目", "待核")
            for line in settled_lines(settled, which, folder / "账目.csv")
        )


def _frozen(run: Run, resources: Collection[str]) -> Sums:
    """冻结的账目里这些资源的合计。"""
    names = ("unit", "project", "provider", "payer", "disputed", "amount")
    return tallied(lines_of(run).filter(resource__in=resources).values(*names).iterator())


def _patch(package: Path, now: _Arrived) -> None:
    """数据包目录里晚到的说到的那些，换成现在会导出的。"""
    orders = [dict(zip(staleness.COLUMNS[staleness.ORDERS], row, strict=True)) for row in now.orders]
    _rewrite(package / f"{staleness.ORDERS}.csv", lambda row: not now.said(list(row.values())), orders)
    usage = [
        {"资源": resource, "目录项": item, "日期": day, "用量": total}
        for (resource, item, day), total in now.usage.items()
        if total
    ]
    _rewrite(
        package / f"{staleness.USAGE}.csv",
        lambda row: (row["资源"], row["目录项"], row["日期"]) not in now.usage,
        usage,
    )
    logs = [
        {"资源": resource, "首见日期": first, "末见日期": last} for resource, (first, last) in now.logs.items() if first
    ]
    _rewrite(package / f"{staleness.LOGS}.csv", lambda row: row["资源"] not in now.logs, logs)


def _rewrite(path: Path, keeps: Callable[[dict[str, str]], bool], added: list[dict[str, str]]) -> None:
    """一张表只留 `keeps` 的，加上 `added`；没有这张表又没有要加的不写。"""
    names, kept = list(added[0]) if added else [], []
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            given = csv.DictReader(file)
            names = list(given.fieldnames or names)
            kept = [row for row in given if keeps(row)]
    if names:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, names, lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept + added)
