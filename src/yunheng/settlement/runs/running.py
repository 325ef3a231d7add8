"""办一次计量：从库里冻结一份数据包，用同一个引擎算，账目整批写进库；要么全有，要么全无。"""

from __future__ import annotations

import csv
import gzip
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection, transaction
from django.db.models import CharField, F, TextField

from yunheng import __version__
from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import Refused
from yunheng.ledger import gaps, marks, unmatched
from yunheng.ledger.marks import Mark
from yunheng.metering import engine, result
from yunheng.metering.opening import opened
from yunheng.metering.problems import PackageError
from yunheng.metering.writing import write_package
from yunheng.rules import periods, rulebook
from yunheng.rules.digest import sm3_bytes
from yunheng.settlement.models import (
    ROLLING,
    BillLine,
    Contested,
    Difference,
    Line,
    LogGap,
    Outranked,
    Run,
    RunFile,
    RunOrder,
    Uncounted,
    WaivedLine,
)
from yunheng.settlement.runs import moves, paths, staleness
from yunheng.settlement.runs import package as packing

#: 办成了的请求停在这一步
DONE = "完成"
PACKAGE, RESULT = "数据包.zip", "结算.json.gz"
#: 计量时引擎的内存上限，兆字节：整个进程不超过四吉
MEMORY = 3000
#: 排队的请求由一个进程办；别的进程来了等不到锁就走
_LOCK = 74
Progress = Callable[[str, float], None]
COLUMNS = (
    "unit", "project", "resource", "item", "provider", "form", "order", "quantity", "from_on", "until_on", "days",
    "unit_price", "amount", "payer", "differences",
)  # fmt: skip
#: 一条差异的各栏，栏名同 结算.json
DIFFERENCE = ("code", "resource", "item", "form", "order", "blocking", "ruling", "note")
#: 引擎分开写的三份：各进哪张表，CSV 里每行前面再加哪几栏
_TABLES: Mapping[str, tuple[type[Line], Mapping[str, str]]] = {
    "账目": (BillLine, {"disputed": "false"}),
    "待核": (BillLine, {"disputed": "true"}),
    "不计费": (WaivedLine, {}),
}


@dataclass(frozen=True)
class Exported:
    """一次导出，除数据包以外：没有照收的（R-052），没有采用的工单，日志中间断过的资源，

    和同一快照里更正、补录、收件处理各几条，收件读到第几号。
    """

    leftover: paths.Leftover
    outranked: Sequence[moves.PassedOver]
    gaps: Sequence[gaps.Gap]
    counted: Mapping[str, int]
    mark: Mark


def export(
    year: int,
    target: Path,
    cutoff: date | None = None,
    *,
    provisional: bool = False,
    standing: packing.Standing | None = None,
) -> Exported:
    """从库里导出结算数据包。一个快照里读完各表，导出期间的新写入不会掺进来。

    `provisional` 为真时，阶梯项的全市用量还没发布的，暂用上一年度的（R-019），数据包的说明里写明是哪几项。
    `standing` 只给预测：到那天（不含）平台日志还看得见的资源，当作一直看得见到年末，不然都成了提前消失（R-087）。
    """
    known = marks.settled()
    with transaction.atomic():
        # 已经在别的事务里就用它的快照
        if not connection.savepoint_ids:
            connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        manifest = packing.manifest(year, settings.DISTRICT, cutoff, provisional=provisional)
        write_package(target, manifest, packing.tables(year, provisional=provisional, standing=standing))
        until = cutoff + timedelta(days=1) if cutoff else periods.year_end(year)
        return Exported(
            paths.leftover(year),
            moves.outranked(until),
            gaps.during(periods.service_year(year).start, until),
            staleness.counts(year, until),
            marks.marked(known),
        )


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
        unmatched.sweep()
        exported = export(year, folder / PACKAGE, until, provisional=kind == ROLLING)
        package_content = (folder / PACKAGE).read_bytes()
        progress("读取、校验", 0.15)
        with opened(folder / PACKAGE, MEMORY) as package:
            done = (*engine.STEPS, *engine.LAST)
            settled = engine.settle(
                package, None, lambda step, _s: progress("计量、对账", 0.25 + 0.2 * (done.index(step) + 1) / len(done))
            )
            progress("写 结算.json", 0.45)
            with gzip.open(folder / RESULT, "wb", compresslevel=1) as file:
                digest = result.write(settled, file)  # type: ignore[arg-type]
            number = _next_number()
            counts = {
                which: settled.write_csv(folder / f"{which}.csv", which, [str(number), *marks.values()])
                for which, (_, marks) in _TABLES.items()
            }
            _write_differences(settled, folder / "差异.csv", number)
            head, kinds = settled.head, settled.counts()
        progress("账目入库", 0.6)
        with unit_of_work(actor) as journal:
            run = Run.objects.create(
                pk=number,
                service_year=year,
                kind=kind,
                until_on=date.fromisoformat(head["until"]),
                head=head,
                differences=kinds,
                read={
                    "摘要": staleness.digests(folder / PACKAGE, year, date.fromisoformat(head["until"])),
                    "条数": exported.counted,
                    "收件": exported.mark.kept(),
                    "相同的工单": sum(one.same for one in exported.outranked),
                    "日志断档": len(exported.gaps),
                },
                digest=digest,
                package_digest=sm3_bytes(package_content),
                rulebook_digest=rulebook.built_in().digest,
                code_version=__version__,
                line_count=counts["账目"],
                disputed_count=counts["待核"],
                on=on,
                by=str(actor),
            )
            RunFile.objects.create(run=run, name=PACKAGE, content=package_content)
            RunFile.objects.create(run=run, name=RESULT, content=(folder / RESULT).read_bytes())
            for which, (model, marks) in _TABLES.items():
                _copy(model, (*marks, "seq", *COLUMNS), folder / f"{which}.csv")
            _copy(Difference, ("seq", *DIFFERENCE), folder / "差异.csv")
            Contested.objects.bulk_create(Contested(run=run, **one) for one in exported.leftover.contested)
            Uncounted.objects.bulk_create(
                Uncounted(run=run, received_id=pk, reason=why) for pk, why in exported.leftover.uncounted
            )
            Outranked.objects.bulk_create(
                Outranked(run=run, received_id=one.received, used_id=one.used, correction_id=one.correction)
                for one in exported.outranked
                if not one.same
            )
            LogGap.objects.bulk_create((LogGap(run=run, **vars(one)) for one in exported.gaps), batch_size=5000)
            add_up(run)
            # 一批多出几百万条，数据库要知道，看账才挑得对索引
            connection.cursor().execute("SELECT settlement_analyze_lines()")
            finish(run)
            journal.note(
                "计量", f"{year}", after={"批次": run.pk, "种类": kind, "摘要": digest, "账目": counts["账目"]}
            )
    progress(DONE, 1)
    return run


def _next_number() -> int:
    """下一个批次号：先取好，账目的 CSV 里就写上，一次读进表里。"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('settlement_run', 'id'))")
        return int(cursor.fetchone()[0])


def _write_differences(settled: engine.Settlement, path: Path, number: int) -> None:
    """差异另存为 CSV：批次号、从 1 起的次序，再是 `DIFFERENCE` 各栏。"""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        entries = chain.from_iterable(settled.differences())
        rows.writerows((number, seq, *(entry[name] for name in DIFFERENCE)) for seq, entry in enumerate(entries, 1))


def _copy(model: type[Line | Difference], names: Sequence[str], path: Path) -> None:
    """CSV 读进表里；空的文本是空串，不是 NULL。"""
    columns = ", ".join(f'"{name}"' for name in ("run_id", *names))
    blank = ", ".join(f'"{name}"' for name in names if isinstance(model._meta.get_field(name), (CharField, TextField)))
    statement = f"COPY {model._meta.db_table} ({columns}) FROM STDIN WITH (FORMAT csv, FORCE_NOT_NULL ({blank}))"
    with connection.cursor() as cursor, path.open("rb") as file, cursor.copy(statement) as copy:
        while chunk := file.read(1 << 20):
            copy.write(chunk)


def add_up(run: Run) -> None:
    """账目按（单位, 项目, 服务商, 谁付, 待核）合计，存一份供逐级看账。"""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO settlement_billsum (run_id, unit, project, provider, payer, disputed, lines, amount)"
            " SELECT run_id, unit, project, provider, payer, disputed, count(*), sum(amount)"
            " FROM settlement_billline WHERE run_id = %s GROUP BY 1, 2, 3, 4, 5, 6",
            [run.pk],
        )


def result_of(run: Run) -> bytes:
    """批次的 结算.json；裁定试算没有，抛 Refused。"""
    return gzip.decompress(result_file(run).read())


def result_file(run: Run) -> IO[bytes]:
    """批次的 结算.json.gz；裁定试算没有，抛 Refused。"""
    if run.base_id:
        raise Refused([f"批次 {run.pk} 是裁定试算，没有 结算.json；重新计量以后才有（R-077）"])
    return BytesIO(RunFile.objects.get(run=run, name=RESULT).content)


def work_once() -> bool:
    """办一个排队的计量、估算；没有可办的、别的进程正在办返回假。"""
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


#: 计量以外的请求怎样办
_JOBS: dict[str, Callable[[RunOrder], None]] = {}


def register_job(kind: str, do: Callable[[RunOrder], None]) -> None:
    """登记一种请求怎样办；办完了自己写结果。"""
    _JOBS[kind] = do


def _carry_out(order: RunOrder) -> None:
    # 先记开过几次头：办到一半断了的也算一次
    RunOrder.objects.filter(pk=order.pk).update(attempts=F("attempts") + 1)
    order.attempts += 1
    _JOBS.get(order.kind, _measure)(order)


def _measure(order: RunOrder) -> None:
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
            finish=lambda run: waiting.update(run=run, step=DONE, share=1),
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
