"""办一次计量：从库里冻结一份数据包，用同一个引擎算，账目整批写进库；要么全有，要么全无。"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from yunheng import __version__
from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.metering import engine, result
from yunheng.metering.opening import opened
from yunheng.metering.problems import PackageError
from yunheng.metering.writing import write_package
from yunheng.rules import periods, rulebook
from yunheng.rules.digest import sm3_bytes

from . import package as packing
from .models import ROLLING, BillLine, Run, RunFile, RunOrder

PACKAGE, RESULT = "数据包.zip", "结算.json.gz"
#: 计量时引擎的内存上限，兆字节：整个进程不超过四吉
_MEMORY = 3000
#: 排队的请求由一个进程办；别的进程来了等不到锁就走
_LOCK = 74
Progress = Callable[[str, float], None]
_COLUMNS = (
    "unit", "project", "resource", "item", "provider", "form", "order", "quantity", "from_on", "until_on", "days",
    "unit_price", "amount", "payer", "differences",
)  # fmt: skip


def export(year: int, target: Path, cutoff: date | None = None) -> None:
    """从库里导出结算数据包。一个只读的快照里读完各表，导出期间的新写入不会掺进来。"""
    with transaction.atomic():
        # 已经在别的事务里就用它的快照
        if not connection.savepoint_ids:
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        write_package(target, packing.manifest(year, settings.DISTRICT, cutoff), packing.tables(year))


def measure(
    *,
    actor: Actor,
    on: date,
    year: int,
    kind: str,
    until: date | None = None,
    progress: Progress = lambda _step, _share: None,
    finish: Callable[[Run], object] = lambda _run: None,
) -> Run:
    """算一次，存一个批次。

    `until` 是数据截止日（含）；`finish` 在存批次的同一个事务里做。数据包有错抛 PackageError，什么都不写。
    """
    with tempfile.TemporaryDirectory(prefix="yunheng-run-") as name:
        folder = Path(name)
        progress("冻结数据包", 0.02)
        export(year, folder / PACKAGE, until)
        package_content = (folder / PACKAGE).read_bytes()
        progress("读取、校验", 0.15)
        with opened(folder / PACKAGE, _MEMORY) as package:
            done = (*engine.STEPS, "10_lines")
            settled = engine.settle(
                package, None, lambda step, _s: progress("计量、对账", 0.25 + 0.2 * (done.index(step) + 1) / len(done))
            )
            progress("写 结算.json", 0.45)
            with gzip.open(folder / RESULT, "wb", compresslevel=1) as file:
                digest = result.write(settled, file)  # type: ignore[arg-type]
            counts = {flag: settled.count(disputed=flag) for flag in (False, True)}
            for flag in counts:
                settled.write_csv(folder / f"{flag}.csv", disputed=flag)
            head = settled.head
        progress("账目入库", 0.6)
        with unit_of_work(actor) as journal:
            run = Run.objects.create(
                service_year=year,
                kind=kind,
                until_on=date.fromisoformat(head["until"]),
                head=head,
                digest=digest,
                package_digest=sm3_bytes(package_content),
                rulebook_digest=rulebook.built_in().digest,
                code_version=__version__,
                line_count=counts[False],
                disputed_count=counts[True],
                on=on,
                by=str(actor),
            )
            RunFile.objects.create(run=run, name=PACKAGE, content=package_content)
            RunFile.objects.create(run=run, name=RESULT, content=(folder / RESULT).read_bytes())
            for flag in counts:
                _copy(run, flag, folder / f"{flag}.csv")
            finish(run)
            journal.note("计量", f"{year}", after={"批次": run.pk, "种类": kind, "摘要": digest, "账目": counts[False]})
    progress("完成", 1)
    return run


def _copy(run: Run, disputed: bool, path: Path) -> None:
    """账目的 CSV 先进临时表，再一条语句配上批次、次序写进账目表。"""
    columns = ", ".join(f'"{name}"' for name in _COLUMNS)
    table = BillLine._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE arriving ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA")
        cursor.execute("ALTER TABLE arriving ADD COLUMN seq serial")
        with (
            path.open("rb") as file,
            cursor.copy(
                f"COPY arriving ({columns}) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL (differences))"
            ) as copy,
        ):
            while chunk := file.read(1 << 20):
                copy.write(chunk)
        cursor.execute(
            f"INSERT INTO {table} (run_id, disputed, seq, {columns})"
            f" SELECT %s, %s, seq, {columns} FROM arriving ORDER BY seq",
            [run.pk, disputed],
        )
        cursor.execute("DROP TABLE arriving")


def result_of(run: Run) -> bytes:
    """批次的 结算.json。"""
    return gzip.decompress(bytes(RunFile.objects.get(run=run, name=RESULT).content))


def work_once() -> bool:
    """办一个排队的计量请求；没有可办的、别的进程正在办返回假。"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return False
    try:
        order = RunOrder.objects.filter(run=None, problems=[]).select_related("person").order_by("pk").first()
        if order is None:
            return False
        _carry_out(order)
        return True
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _carry_out(order: RunOrder) -> None:
    waiting = RunOrder.objects.filter(pk=order.pk)

    def progress(step: str, share: float) -> None:
        waiting.update(step=step, share=share)

    actor = Actor(order.by, None, person=order.person_id)
    try:
        # 批次和“办成了”在一个事务里：断在中间，重启后从头再办，不会有两个批次
        measure(
            actor=actor,
            on=order.on,
            year=order.service_year,
            kind=order.kind,
            until=order.until_on,
            progress=progress,
            finish=lambda run: waiting.update(run=run, step="完成", share=1),
        )
    except PackageError as error:
        waiting.update(problems=[str(problem) for problem in error.problems][:200], step="没有办成")
    except ValueError as error:
        waiting.update(problems=[str(error)], step="没有办成")


def period_end(year: int, on: date, kind: str) -> date | None:
    """数据截止日（含）：年度的到年末（写 None）；滚动的到 `on` 前一天，不超过年末。"""
    year_end = periods.year_end(year) - timedelta(days=1)
    yesterday = on - timedelta(days=1)
    return None if kind != ROLLING or yesterday >= year_end else yesterday
