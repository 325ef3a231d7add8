"""批次算进去的，现在变了没有：比内容，不比时刻（R-075、R-077）。

入库时刻是语句的时刻：裁定先写后提交的，时刻早于导出的快照，快照里却没有。所以导出数据包的那个事务读到了什么，
记下摘要和条数；现在再导出一遍，不一样就要重新计量。
"""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import or_
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from yunheng.applications.models import Filing
from yunheng.ledger.models import Correction, Disposal, Received
from yunheng.metering.writing import write_package
from yunheng.rules import periods
from yunheng.rules.digest import sm3_parts
from yunheng.settlement.models import PathChoice, Run, RunFile
from yunheng.settlement.queries import unmended
from yunheng.settlement.runs import package as packing

RULINGS, FORMS, DETAILS, ORDERS = "差异裁定", "单据", "单据明细", "工单"
#: 人后来的裁定、更正、补录、平台新送的工单都在这几张表里
WATCHED = (RULINGS, FORMS, DETAILS, ORDERS)
_COLUMNS: Mapping[str, Sequence[str]] = {
    RULINGS: ("资源", "目录项", "差异", "裁定", "说明", "起", "止"),
    FORMS: ("单号", "种类", "项目", "服务商", "审核日期"),
    DETAILS: ("单号", "资源", "目录项", "动作", "数量"),
    ORDERS: ("工单号", "单号", "资源", "目录项", "动作", "数量", "完成日期"),
}


def counts(year: int, until: date) -> dict[str, int]:
    """只追加的几样现在各几条（业务日在 `until` 以前的）：条数相同就是同一些。"""
    touched = Q(voided__effective_on__lt=until) | Q(replacement__effective_on__lt=until)
    chosen = PathChoice.objects.filter(used_on__gte=periods.service_year(year).start, used_on__lt=until)
    return {
        "台账更正": Correction.objects.filter(touched).count(),
        "补录单据": Filing.objects.filter(case__procedure="backfill", filed_on__lt=until).count(),
        "收件更正": Received.objects.filter(_before("payload", until), corrects__isnull=False).count(),
        "收件处理": Disposal.objects.filter(_before("received__payload", until)).count(),
        "用量取哪一边": chosen.count(),
    }


def _before(payload: str, until: date) -> Q:
    """收件的业务日（用量的日期、工单的完成日期、日志的首见日期）在 `until` 以前。"""
    last = until.isoformat()
    days = (f"{payload}__{name}__lt" for name in ("日期", "完成日期", "首见日期"))
    return reduce(or_, (Q(**{day: last}) for day in days))


def digests(package: Path | IO[bytes], year: int, until: date) -> dict[str, str]:
    """数据包（zip）里 `WATCHED` 各表与计至 `until`（不含）有关的内容的 SM3。

    有关的单据：审核日期在 `until` 以前，或有工单在那以前完成；有关的工单：有关单据的，或在那以前完成的。
    以后才审核、才办的单据与这一批无关，天天都有，不算变。数据包的版本、列的次序不影响摘要。
    """
    last = until.isoformat()
    with zipfile.ZipFile(package) as archive:
        early = {row[1] for row in _rows(archive, ORDERS) if row[6] < last}
        forms = [row for row in _rows(archive, FORMS) if "" < row[4] < last or row[0] in early]
        kept = {row[0] for row in forms}
        first, final = periods.service_year(year).start, periods.year_end(year)
        rulings = sorted(
            [*row[:5], row[5] or first.isoformat(), row[6] or final.isoformat()] for row in _rows(archive, RULINGS)
        )
        return {
            RULINGS: _digest(rulings),
            FORMS: _digest(forms),
            DETAILS: _digest(row for row in _rows(archive, DETAILS) if row[0] in kept),
            ORDERS: _digest(row for row in _rows(archive, ORDERS) if row[1] in kept or row[6] < last),
        }


def _rows(archive: zipfile.ZipFile, table: str) -> Iterator[list[str]]:
    """一张表的各行，列照 `_COLUMNS`；没有的列空着，没有的表没有行。"""
    if f"{table}.csv" not in archive.namelist():
        return
    with archive.open(f"{table}.csv") as raw, io.TextIOWrapper(raw, "utf-8", newline="") as text:
        rows = csv.reader(text)
        head = next(rows)
        places = [head.index(name) if name in head else None for name in _COLUMNS[table]]
        for row in rows:
            yield ["" if place is None else row[place] for place in places]


def _digest(rows: Iterator[list[str]] | list[list[str]]) -> str:
    return sm3_parts(("\x1f".join(row) + "\n").encode() for row in rows)


def rulings_of(package: Path | IO[bytes]) -> list[list[str]]:
    """数据包里的差异裁定：资源、目录项、差异、裁定、说明、起、止。"""
    with zipfile.ZipFile(package) as archive:
        return list(_rows(archive, RULINGS))


def rulings_now(run: Run) -> dict[str, str]:
    """现在的裁定的摘要，写法同 `Run.read` 里的。"""
    found: dict[str, str] = _now(run, (RULINGS,))["摘要"]
    return found


def stale(run: Run) -> Iterator[str]:
    """批次算出以后，会改变结果的有了变化：要重新计量。要把几张表重新导出一遍，只在提交、批准的关口用。"""
    yield from _compared(run, _now(run))


def hint(run: Run) -> Iterator[str]:
    """同 `stale`，给页面看的：只比裁定和更正、补录的条数，工单等到提交时再比。没有记过摘要的老批次照 `stale`。"""
    yield from _compared(run, _now(run, (RULINGS,)) if run.read else _now(run))


def _now(run: Run, tables: Sequence[str] = WATCHED) -> dict[str, Any]:
    """现在导出会是什么，写法同 `Run.read`；只导出 `tables`。"""
    with tempfile.TemporaryDirectory(prefix="yunheng-stale-") as folder, transaction.atomic():
        target = Path(folder) / "现在.zip"
        whole = packing.tables(run.service_year) if len(tables) > 1 else packing.rulings(run.service_year)
        write_package(
            target, packing.manifest(run.service_year, settings.DISTRICT), {name: whole[name] for name in tables}
        )
        found = digests(target, run.service_year, run.until_on)
        return {"摘要": {name: found[name] for name in tables}, "条数": counts(run.service_year, run.until_on)}


def _compared(run: Run, now: Mapping[str, Any]) -> Iterator[str]:
    if run.base_id:
        yield f"最近的批次 {run.pk} 是裁定试算，没有数据包和摘要，提交之前请重新计量（R-077）"
        return
    if left := unmended(run.service_year).count():
        yield f"采纳了的异议还有 {left} 条没有改正：请在异议页上更正台账，或写明不需要改数据（D62-七，R-075）"
    kept = run.read or {"摘要": _stored(run), "条数": {}}
    changed = [name for name, digest in now["摘要"].items() if kept["摘要"][name] != digest]
    grown = {name: number - kept["条数"].get(name, number) for name, number in now["条数"].items()}
    more = [f"{name}多了 {number} 条" for name, number in grown.items() if number > 0]
    if changed or more:
        words = "，".join([*([f"{'、'.join(changed)}变了"] if changed else []), *more])
        yield f"批次 {run.pk} 导出数据以后，{words}，请重新计量（R-075、R-077、R-084）"


def _stored(run: Run) -> dict[str, str]:
    """没有记过摘要的老批次，从存着的数据包现算。"""
    content = RunFile.objects.get(run=run, name="数据包.zip").content
    return digests(io.BytesIO(content), run.service_year, run.until_on)
