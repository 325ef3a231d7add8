"""批次算进去的，现在变了没有：比内容，不比时刻（R-075、R-077）。

入库时刻是语句的时刻：裁定先写后提交的，时刻早于导出的快照，快照里却没有。所以导出数据包的那个事务读到了什么，
记下摘要和条数；现在照同样的办法再看一遍，不一样就要重新计量。
用量、日志有几百万条，不记摘要：收件更正、处理、取哪一边的条数多了，才把这些人动过的与数据包里的逐处比。
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import reduce
from itertools import islice
from operator import or_
from pathlib import Path
from typing import IO

from django.db import transaction
from django.db.models import Q

from yunheng.applications.models import Filing
from yunheng.ledger.models import Correction, Disposal, Received
from yunheng.metering.format import MANIFEST_VERSION, tables_of
from yunheng.metering.writing import Chunks, Source, cells
from yunheng.rules import periods
from yunheng.rules.digest import sm3_parts
from yunheng.settlement.models import PathChoice, Run, RunFile
from yunheng.settlement.queries import unmended
from yunheng.settlement.runs import package as packing
from yunheng.settlement.runs import paths, touched

RULINGS, FORMS, DETAILS, ORDERS = "差异裁定", "单据", "单据明细", "工单"
LOGS, USAGE = "日志", "用量"
CATALOG, TIERS, CITY = "目录", "阶梯", "全市用量"
PROJECTS, INSTITUTIONS = "项目", "机构"
EVENTS, RATES = "考核", "满意度"
#: 人后来的裁定、更正、补录、平台新送的工单都在这几张表里；后来更正的价格、全市用量，改了的归属、性质，又记的考核也是
WATCHED = (
    RULINGS, FORMS, DETAILS, ORDERS, CATALOG, TIERS, CITY, PROJECTS, INSTITUTIONS, EVENTS, RATES,
)  # fmt: skip
COLUMNS: Mapping[str, Sequence[str]] = {
    RULINGS: ("资源", "目录项", "差异", "裁定", "说明", "起", "止"),
    FORMS: ("单号", "种类", "项目", "服务商", "审核日期"),
    DETAILS: ("单号", "资源", "目录项", "动作", "数量"),
    ORDERS: ("工单号", "单号", "资源", "目录项", "动作", "数量", "完成日期"),
    LOGS: ("资源", "首见日期", "末见日期"),
    USAGE: ("资源", "目录项", "日期", "用量"),
    CATALOG: (
        "目录项", "类别", "计价单位", "计价方式", "计费周期", "单价", "生效日期", "失效日期", "服务商", "级别", "日志",
    ),
    TIERS: ("目录项", "服务年度", "方式", "起", "止", "单价"),
    CITY: ("目录项", "服务年度", "全市总量"),
    PROJECTS: ("项目", "单位", "费用归属"),
    INSTITUTIONS: ("代码", "类型", "预算性质"),
    EVENTS: ("服务商", "指标", "日期"),
    RATES: ("服务商", "满意率"),
}  # fmt: skip
#: 动的是收件：多了不一定改变导出的内容，要逐处比
_TOUCHING = ("收件更正", "收件处理", "用量取哪一边")
#: 给一张表的名字，给出它的各行，列照 `COLUMNS`；同一张表可以读几遍
Rows = Callable[[str], Iterator[list[str]]]


def counts(year: int, until: date) -> dict[str, int]:
    """只追加的几样现在各几条（业务日在 `until` 以前的）：条数相同就是同一些。

    更正看原件和更正以后的：哪一头的日子在内都算。
    """
    touched = Q(voided__effective_on__lt=until) | Q(replacement__effective_on__lt=until)
    corrected = _before("payload", until) | _before("corrects__payload", until)
    chosen = PathChoice.objects.filter(used_on__gte=periods.service_year(year).start, used_on__lt=until)
    return {
        "台账更正": Correction.objects.filter(touched).count(),
        "补录单据": Filing.objects.filter(case__procedure="backfill", filed_on__lt=until).count(),
        "收件更正": Received.objects.filter(corrected, corrects__isnull=False).count(),
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
    以后才审核、才办的单据与这一批无关，天天都有，不算变。目录、项目、机构只看有关的单据用到的，阶梯、全市用量只看
    这一年的。数据包的版本、列的次序不影响摘要。
    """
    with packed(package) as rows:
        return _digests(rows, year, until)


def _digests(rows: Rows, year: int, until: date) -> dict[str, str]:
    last = until.isoformat()
    early = {row[1] for row in rows(ORDERS) if row[6] < last}
    forms = [row for row in rows(FORMS) if "" < row[4] < last or row[0] in early]
    kept = {row[0] for row in forms}
    # 明细、工单有几百万行，边进摘要边记用到了哪些目录项，不存下来
    items: set[str] = set()
    details = _digest(_noting((row for row in rows(DETAILS) if row[0] in kept), 2, items))
    orders = _digest(_noting((row for row in rows(ORDERS) if row[1] in kept or row[6] < last), 3, items))
    used = {row[2] for row in forms}
    projects = [row for row in rows(PROJECTS) if row[0] in used]
    parties = {row[1] for row in projects} | {row[3] for row in forms}
    return _light(rows, year, until) | {
        FORMS: _digest(forms),
        DETAILS: details,
        ORDERS: orders,
        # 以后才生效的价格不管，因为它而停用的旧价仍一直用到那时
        CATALOG: _digest(
            sorted([*row[:7], "" if row[7] >= last else row[7], *row[8:]])
            for row in rows(CATALOG)
            if row[0] in items and row[6] < last
        ),
        PROJECTS: _digest(sorted(projects)),
        INSTITUTIONS: _digest(sorted(row for row in rows(INSTITUTIONS) if row[0] in parties)),
    }


def _noting(rows: Iterable[list[str]], place: int, seen: set[str]) -> Iterator[list[str]]:
    """照样给出各行，顺手记下这一列。"""
    for row in rows:
        seen.add(row[place])
        yield row


def _light(rows: Rows, year: int, until: date) -> dict[str, str]:
    """只有几行、几十行的几张：页面上也比得起。"""
    first, last = periods.service_year(year).start.isoformat(), until.isoformat()
    return _tiered(rows, year) | {
        RULINGS: _ruled(rows(RULINGS), year),
        EVENTS: _digest(sorted(row for row in rows(EVENTS) if first <= row[2] < last)),
        RATES: _digest(sorted(rows(RATES))),
    }


def _tiered(rows: Rows, year: int) -> dict[str, str]:
    return {table: _digest(sorted(row for row in rows(table) if row[1] == str(year))) for table in (TIERS, CITY)}


def _ruled(rows: Iterable[list[str]], year: int) -> str:
    first, final = periods.service_year(year).start.isoformat(), periods.year_end(year).isoformat()
    return _digest(sorted([*row[:5], row[5] or first, row[6] or final] for row in rows))


def _digest(rows: Iterable[list[str]]) -> str:
    return sm3_parts(("\x1f".join(row) + "\n").encode() for row in rows)


@contextmanager
def packed(package: Path | IO[bytes]) -> Iterator[Rows]:
    """数据包（zip）里的各表：没有的列空着，没有的表没有行。"""
    with zipfile.ZipFile(package) as archive:

        def rows(table: str) -> Iterator[list[str]]:
            if f"{table}.csv" not in archive.namelist():
                return
            with archive.open(f"{table}.csv") as raw, io.TextIOWrapper(raw, "utf-8", newline="") as text:
                given = csv.reader(text)
                yield from _picked(given, next(given), COLUMNS[table])

        yield rows


def _picked(rows: Iterable[list[str]], head: Sequence[str], names: Sequence[str]) -> Iterator[list[str]]:
    places = [head.index(name) if name in head else None for name in names]
    for row in rows:
        yield ["" if place is None else row[place] for place in places]


def current(tables: Mapping[str, Source]) -> Rows:
    """现在会导出的各表：直接读，不写成文件。"""
    heads = {one.name: [column.name for column in one.columns] for one in tables_of(MANIFEST_VERSION)}

    def rows(table: str) -> Iterator[list[str]]:
        source = tables[table]
        if isinstance(source, Chunks):
            return _picked(cells(source.parts), heads[table], COLUMNS[table])
        return ([row.get(name, "") for name in COLUMNS[table]] for row in source)

    return rows


def rulings_of(package: Path | IO[bytes]) -> list[list[str]]:
    """数据包里的差异裁定：资源、目录项、差异、裁定、说明、起、止。"""
    with packed(package) as rows:
        return list(rows(RULINGS))


def rulings_now(run: Run) -> dict[str, str]:
    """现在的裁定的摘要，写法同 `Run.read` 里的。"""
    return {RULINGS: _ruled(current(packing.rulings(run.service_year))(RULINGS), run.service_year)}


def _light_now(run: Run) -> dict[str, str]:
    """现在的裁定、阶梯、全市用量、考核、满意度的摘要。"""
    return _light(current(packing.light(run.service_year)), run.service_year, run.until_on)


def relisted(run: Run) -> list[str]:
    """批次以后又更正的阶梯、全市用量：哪几张表；没有记过摘要的老批次不知道。"""
    kept, now = (run.read or {}).get("摘要", {}), _tiered(current(packing.tiered(run.service_year)), run.service_year)
    return [name for name in (TIERS, CITY) if name in kept and kept[name] != now[name]]


def stale(run: Run) -> Iterator[str]:
    """批次算出以后，会改变结果的有了变化：要重新计量。要把几张表重新读一遍，只在提交、批准的关口用。"""
    yield from _compared(run, _now)


def hint(run: Run) -> Iterator[str]:
    """同 `stale`，给页面看的：只比裁定、阶梯、全市用量、考核、条数和人动过的收件，工单等到提交时再比。

    没有记过摘要的老批次照 `stale`。
    """
    yield from _compared(run, _light_now if run.read else _now)


def _now(run: Run) -> dict[str, str]:
    """现在导出，`WATCHED` 各表的摘要。"""
    with transaction.atomic():
        return _digests(current(packing.tables(run.service_year)), run.service_year, run.until_on)


def _compared(run: Run, digested: Callable[[Run], Mapping[str, str]]) -> Iterator[str]:
    if run.base_id:
        yield f"最近的批次 {run.pk} 是裁定试算，没有数据包和摘要，提交之前请重新计量（R-077）"
        return
    if left := unmended(run.service_year).count():
        yield f"采纳了的异议还有 {left} 条没有改正：请在异议页上更正台账，或写明不需要改数据（D62-七，R-075）"
    kept = run.read or {"摘要": {}, "条数": {}}
    counted = counts(run.service_year, run.until_on)
    grown = {name: number - kept["条数"].get(name, number) for name, number in counted.items()}
    now, known = digested(run), kept["摘要"]
    if not known.keys() >= now.keys():
        # 没有记过这几张表的老批次，从它的数据包现算
        known = _stored(run) | known
    changed = [name for name, digest in now.items() if known[name] != digest]
    words = [f"{'、'.join(changed)}变了"] if changed else []
    words += [f"{name}多了 {number} 条" for name, number in grown.items() if number > 0 and name not in _TOUCHING]
    if not run.read or any(grown[name] for name in _TOUCHING):
        words += _altered(run)
    if words:
        yield f"批次 {run.pk} 导出数据以后，{'，'.join(words)}，请重新计量（R-075、R-077、R-084）"


def _stored(run: Run) -> dict[str, str]:
    """从存着的数据包现算：没有记过摘要、没有记全的老批次。"""
    return digests(package_of(run), run.service_year, run.until_on)


def package_of(run: Run) -> IO[bytes]:
    """批次存着的数据包（zip）。"""
    return io.BytesIO(RunFile.objects.get(run=run, name="数据包.zip").content)


#: 人动过的收件：更正的、更正过的、退回作废过的
_TOUCHED = """
SELECT id FROM ledger_received WHERE corrects_id IS NOT NULL
UNION SELECT corrects_id FROM ledger_received WHERE corrects_id IS NOT NULL
UNION SELECT received_id FROM ledger_disposal WHERE kind = ANY(%(dropped)s)
"""


def _altered(run: Run) -> Iterator[str]:
    """人动过的收件里，现在导出的与数据包里的不同的：几天的用量、几个资源的日志。

    定的就是批次取的那一边、暂留、照原样更正的，内容没有变，不列。
    """
    first, last = periods.service_year(run.service_year).start.isoformat(), run.until_on.isoformat()
    with transaction.atomic():
        paths.gather()
        touched.gather(_TOUCHED, {"dropped": list(Disposal.DROPPED)})
        usage = touched.usage(first, last, chosen=True)
        logs = touched.logs()
    days, moved = differing(run, usage, logs)
    if days:
        yield f"更正、处理、取哪一边改了 {len(days)} 天的用量（{_few(' '.join(key) for key in sorted(days))}）"
    if moved:
        yield f"更正、处理改了 {len(moved)} 个资源的日志（{_few(sorted(moved))}）"


def differing(
    run: Run, usage: Mapping[touched.Day, str], logs: Mapping[str, tuple[str, str]]
) -> tuple[set[touched.Day], set[str]]:
    """现在会导出的这几天用量的合计、这几个资源的日志，与批次数据包里不同的：哪几天，哪几个资源。批次计至以后的不论。"""
    if not usage and not logs:
        return set(), set()
    last = run.until_on.isoformat()
    with packed(package_of(run)) as rows:
        used: dict[touched.Day, Decimal] = {}
        for resource, item, day, amount in rows(USAGE) if usage else ():
            if (key := (resource, item, day)) in usage:
                used[key] = used.get(key, Decimal(0)) + Decimal(amount)
        seen = {row[0]: (row[1], min(row[2], last)) for row in rows(LOGS) if row[0] in logs} if logs else {}
    return (
        {key for key, total in usage.items() if used.get(key) != (Decimal(total) if total else None)},
        {one for one, (began, ended) in logs.items() if seen.get(one, ("", "")) != (began, min(ended, last))},
    )


def _few(names: Iterable[str], most: int = 3) -> str:
    found = list(islice(names, most + 1))
    return "、".join(found[:most]) + ("等" if len(found) > most else "")
