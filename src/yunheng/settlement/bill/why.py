"""网页上“为什么是这么多”：把库里一条账目的来历交给 metering/telling，说的与命令行 explain 同一段话（R-073）。"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from datetime import date
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from yunheng.ledger.charging import kinds_of
from yunheng.ledger.models import Fact
from yunheng.metering import explaining
from yunheng.metering.acting import Trials
from yunheng.metering.borrowing import is_borrowed
from yunheng.metering.opening import opened
from yunheng.metering.parting import part
from yunheng.metering.telling import Known, Tiers, Told, stated, tell, tiers_of
from yunheng.settlement.bill.daily import Book, Timeline
from yunheng.settlement.models import BillLine, Run, RunFile
from yunheng.settlement.runs import staleness, warned
from yunheng.settlement.runs.moves import reviewed_on
from yunheng.settlement.runs.recasting import counted
from yunheng.settlement.runs.running import PACKAGE

#: 说不出时写明，不空着
UNKNOWN = "台账里没有记"


def why(book: Book, line: BillLine, trials: Trials | None) -> tuple[Told, list[tuple[str, str, str]]]:
    """一条账目的算式、来历、条款，和对它起作用的口径；`trials` 见 `trials_of`，没有的说不准哪些口径起作用。"""
    timeline = next(one for one in book.timelines if one.item.code == line.item)
    until = book.run.until_on.isoformat()
    head = {"service_year": book.run.service_year, "until": until, "conventions": book.conventions}
    others = [said(one) for one in timeline.lines if one.pk != line.pk]
    codes = trials.acting(said(line)) if trials else None
    told = tell(said(line), _known(book, timeline, line), head, others, codes)
    return told, stated(codes or (), book.conventions)


def trials_of(book: Book) -> Trials | None:
    """照这一批的数据包和算进去的裁定，把这个资源逐个口径改选重算；没有存数据包、重算与账目不符的为 None。"""
    run, resource = book.run, book.place.resource
    content = RunFile.objects.filter(run=run.base_id or run.pk, name=PACKAGE).values_list("content", flat=True).first()
    if content is None:
        return None
    rows = [
        dict(zip(staleness.COLUMNS[staleness.RULINGS], (*key, ruling, "—", start, until), strict=True))
        for key, spans in counted(run).items()
        if key[0] == resource
        for start, until, ruling in spans
    ]
    with tempfile.TemporaryDirectory(prefix="yunheng-why-") as name:
        part(BytesIO(content), Path(name) / "数据包", [resource], rows)
        with opened(Path(name) / "数据包") as package:
            found = explaining.trials_of(package, resource, book.conventions)
    return found if all(found.holds(said(line)) for line in book.lines) else None


def said(line: BillLine) -> dict[str, Any]:
    """照 结算.json 的写法。"""
    return line.stated | {
        "unit": line.unit, "project": line.project, "provider": line.provider,
        "item": line.item, "resource": line.resource, "form": line.form, "order": line.order, "payer": line.payer,
        "differences": line.differences.split(",") if line.differences else [],
    }  # fmt: skip


def _known(book: Book, timeline: Timeline, line: BillLine) -> Known:
    item, fact, use = timeline.item, timeline.fact_on(line.from_on), timeline.use_on(line.from_on)
    kind, reviewed = _form(fact)
    return Known(
        name=item.name,
        unit=item.unit,
        pricing=item.pricing,
        cycle=item.cycle,
        form_kind=kind,
        reviewed=str(reviewed or UNKNOWN),
        action=str(fact.action) if fact else UNKNOWN,
        done=str(fact.effective_on) if fact else UNKNOWN,
        grant=use.grant if use else None,
        charged_on=use.charged_on if use else None,
        released=use.until if use else None,
        rulings=book.rulings(item.code),
        tiers=_tiers(book.run, line) if item.pricing == "阶梯" else None,
    )


def _form(fact: Fact | None) -> tuple[str, date | None]:
    """来源单据的种类、审核通过日。"""
    if fact is None or fact.case is None:
        return UNKNOWN, None
    return kinds_of([fact]).get(fact.case.pk, UNKNOWN), reviewed_on(fact.case)


def _tiers(run: Run, line: BillLine) -> Tiers | None:
    """阶梯项的全市总量、各档：用这个批次自己的（裁定试算的用它所照的）数据包，不用现在的。"""
    content = RunFile.objects.filter(run=run.base_id or run.pk, name=PACKAGE).values_list("content", flat=True).first()
    if content is None:
        return None
    with ZipFile(BytesIO(content)) as package:
        mine = (line.item, str(run.service_year))
        steps = [
            (row["方式"], row["起"], row["止"], row["单价"])
            for row in _rows(package, "阶梯")
            if (row["目录项"], row["服务年度"]) == mine
        ]
        usage = (row for row in _rows(package, "全市用量") if (row["目录项"], row["服务年度"]) == mine)
        total = next((row["全市总量"] for row in usage), None)
    lent_by = run.service_year - 1 if is_borrowed(line.item, warned.warnings(run)) else None
    return tiers_of(steps, total, line.unit_price, lent_by)


def _rows(package: ZipFile, table: str) -> Iterator[dict[str, str]]:
    name = f"{table}.csv"
    if name in package.namelist():
        with package.open(name) as file:
            yield from csv.DictReader(TextIOWrapper(file, "utf-8-sig", newline=""))
