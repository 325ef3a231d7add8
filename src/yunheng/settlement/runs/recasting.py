"""裁定试算：裁定变了的时间线，从批次的数据包里取出来，照现在的裁定用同一个引擎重算；其余照原批次（R-075）。

裁定分日子，切段和金额都会变，不能整条搬动。试算是给人看的：提交复算、冻结之前要整年重新计量，拿到数据包和摘要。
"""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from io import BytesIO
from itertools import chain
from pathlib import Path
from typing import Any

from yunheng import __version__
from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.metering import engine
from yunheng.metering.format import MANIFEST_VERSION
from yunheng.metering.opening import opened
from yunheng.metering.parting import part
from yunheng.rules import periods, rulebook
from yunheng.rules.roles import Role
from yunheng.settlement import rulings
from yunheng.settlement.models import BillLine, BillSum, Difference, Moved, Run, RunFile, WaivedLine
from yunheng.settlement.queries import differences_of, frozen
from yunheng.settlement.runs import staleness
from yunheng.settlement.runs.deducting import summary_of
from yunheng.settlement.runs.running import COLUMNS, DIFFERENCE, MEMORY, PACKAGE

#: （资源, 目录项）
Timeline = tuple[str, str]
#: （单位, 项目, 服务商, 谁付, 待核）
_Key = tuple[str, str, str, str, bool]
#: 合计：几条账目、金额
Sums = dict[_Key, tuple[int, Decimal]]
#: 一条差异的各段裁定：（起, 止, 裁定）
_Spans = list[tuple[str, str, str]]


def recast(*, actor: Actor, on: date, run: Run) -> Run:
    """照 `run`（或它所照的批次）和现在的裁定试算；没有新的裁定、已冻结的、版本旧的抛 Refused。"""
    if actor.role != Role.REVIEWER:
        raise NotYours(["计量由区科创中心办（D62-四，R-073）"])
    base = run.base or run
    year = base.service_year
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, year)
        if base.pk in frozen_runs(year):
            raise Refused([f"批次 {base.pk} 已冻结，不能再变；冻结以后的裁定由补差另行结算（R-083）"])
        moved = _ruled_again(base)
        if not (moved if run.pk == base.pk else _ruled_again(run)):
            raise Refused([f"批次 {run.pk} 之后没有新的裁定，不用试算（R-075）"])
        if base.head["version"] != MANIFEST_VERSION:
            raise Refused([f"批次 {base.pk} 是照旧版数据包算的，裁定不分日子，请重新计量（R-075）"])
        made_again = _recalculated(base, moved)
        sums = resummed(base, tallied(made_again.before), tallied(made_again.kept))
        made = Run.objects.create(
            service_year=year,
            kind=base.kind,
            base=base,
            until_on=base.until_on,
            head={**base.head, "summary": summary_after(base, sums)},
            read={
                "摘要": staleness.rulings_now(base),
                "裁定": [[*key, spans] for key, spans in _now(year).items() if key[:2] in moved],
            },
            differences=base.differences,
            rulebook_digest=rulebook.built_in().digest,
            code_version=__version__,
            line_count=sum(not line["disputed"] for line in made_again.kept),
            disputed_count=sum(line["disputed"] for line in made_again.kept),
            on=on,
            by=str(actor),
        )
        BillLine.objects.bulk_create(BillLine(run=made, **line) for line in made_again.kept)
        WaivedLine.objects.bulk_create(WaivedLine(run=made, **line) for line in made_again.waived)
        Difference.objects.bulk_create(Difference(run=made, **entry) for entry in made_again.differences)
        Moved.objects.bulk_create(Moved(run=made, resource=resource, item=item) for resource, item in sorted(moved))
        BillSum.objects.bulk_create(
            BillSum(run=made, unit=u, project=j, provider=p, payer=w, disputed=d, lines=number, amount=amount)
            for (u, j, p, w, d), (number, amount) in sums.items()
        )
        journal.note("裁定试算", str(year), after={"批次": made.pk, "照": base.pk, "时间线": len(moved)})
    return made


def ruled_again(run: Run) -> int:
    """这个批次没算进去的裁定有几条时间线；冻结了的、照旧版数据包算的不能试算，给 0。"""
    if run.head["version"] != MANIFEST_VERSION or {run.pk, run.base_id} & frozen_runs(run.service_year):
        return 0
    if run.read and run.read["摘要"][staleness.RULINGS] == staleness.rulings_now(run)[staleness.RULINGS]:
        return 0
    return len(_ruled_again(run))


def frozen_runs(year: int) -> set[int]:
    """这一年冻结了的批次。"""
    found = set()
    freeze = frozen(year)
    while freeze is not None:
        found.add(freeze.run_id)
        freeze = freeze.base
    return found


def _now(year: int) -> dict[rulings.Key, _Spans]:
    return {
        key: [(span.start.isoformat(), span.until.isoformat(), span.ruling) for span in spans]
        for key, spans in rulings.in_force(year).items()
    }


def counted(run: Run) -> dict[rulings.Key, _Spans]:
    """批次算进去的裁定，（起, 止, 裁定）：数据包里的；试算的，重排了的时间线换成试算时的。"""
    base = run.base or run
    first, final = periods.service_year(run.service_year).start.isoformat(), periods.year_end(run.service_year)
    found: dict[rulings.Key, _Spans] = {}
    for row in staleness.rulings_of(BytesIO(_package(base))):
        resource, item, code, ruling, _, start, until = row
        found.setdefault((resource, item, code), []).append((start or first, until or final.isoformat(), ruling))
    if run.base_id:
        moved = set(Moved.objects.filter(run=run).values_list("resource", "item"))
        found = {key: spans for key, spans in found.items() if key[:2] not in moved}
        for resource, item, code, spans in run.read["裁定"]:
            found[resource, item, code] = [(start, until, ruling) for start, until, ruling in spans]
    return {key: sorted(spans) for key, spans in found.items()}


def _package(run: Run) -> bytes:
    return bytes(RunFile.objects.get(run=run, name=PACKAGE).content)


def _ruled_again(run: Run) -> set[Timeline]:
    """裁定和批次算进去的不同了、又有这条阻断差异的时间线。"""
    before, now = counted(run), _now(run.service_year)
    changed = {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
    known = differences_of(run).filter(blocking=True, resource__in={resource for resource, _, _ in changed})
    return {
        (resource, item)
        for resource, item, code in known.values_list("resource", "item", "code")
        if (resource, item, code) in changed
    }


@dataclass
class _Again:
    """重算了的时间线：原来的账目，现在计入或待核的、不计费的，和差异，都是各栏。"""

    before: list[dict[str, Any]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    waived: list[dict[str, Any]] = field(default_factory=list)
    differences: list[dict[str, Any]] = field(default_factory=list)


def _recalculated(base: Run, moved: set[Timeline]) -> _Again:
    resources = {resource for resource, _ in moved}
    found = _Again()
    for line in BillLine.objects.filter(run=base, resource__in=resources):
        if (line.resource, line.item) in moved:
            found.before.append({name: getattr(line, name) for name in COLUMNS} | {"disputed": line.disputed})
    # 次序接在原批次的后面，不与留着的相重
    numbers = Counter({"账目": base.line_count, "待核": base.disputed_count, "不计费": base.waived.count()})
    now = [row for row in rulings.exported(base.service_year) if row["资源"] in resources]
    with tempfile.TemporaryDirectory(prefix="yunheng-recast-") as name:
        folder = Path(name)
        part(BytesIO(_package(base)), folder / "数据包", resources, now)
        with opened(folder / "数据包", MEMORY) as package:
            settled = engine.settle(package)
            for which in ("账目", "待核", "不计费"):
                for again in settled_lines(settled, which, folder / "账目.csv"):
                    if (again["resource"], again["item"]) not in moved:
                        continue
                    numbers[which] += 1
                    values: dict[str, Any] = again | {"seq": numbers[which], "amount": Decimal(again["amount"])}
                    if which == "不计费":
                        found.waived.append(values)
                    else:
                        found.kept.append(values | {"disputed": which == "待核"})
            found.differences = list(_reruled(base, moved, chain.from_iterable(settled.differences())))
    return found


def _reruled(base: Run, moved: set[Timeline], now: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    """重算了的时间线的差异，换上现在的裁定；次序照原批次。"""
    keys = ("code", "resource", "item", "form", "order")
    ruled = {tuple(entry[key] or "" for key in keys): entry["ruling"] or "" for entry in now}
    for entry in Difference.objects.filter(run=base, resource__in={resource for resource, _ in moved}).order_by("seq"):
        if (entry.resource, entry.item) in moved:
            columns = {name: getattr(entry, name) for name in DIFFERENCE}
            yield columns | {"seq": entry.seq, "ruling": ruled[tuple(columns[key] for key in keys)]}


def settled_lines(settled: engine.Settlement, which: str, path: Path) -> Iterator[dict[str, str]]:
    """算好了的一种账目（账目、待核、不计费），逐条给出各栏；`path` 是放中间文件的地方。"""
    settled.write_csv(path, which, [])
    with path.open(encoding="utf-8", newline="") as file:
        for _, *cells in csv.reader(file):
            yield dict(zip(COLUMNS, cells, strict=True))


def tallied(lines: Iterable[Mapping[str, Any]]) -> Sums:
    """账目按（单位, 项目, 服务商, 谁付, 待核）合计。"""
    sums: Sums = {}
    for line in lines:
        key = (line["unit"], line["project"], line["provider"], line["payer"], line["disputed"])
        number, amount = sums.get(key, (0, Decimal(0)))
        sums[key] = (number + 1, amount + line["amount"])
    return sums


def resummed(base: Run, before: Sums, after: Sums) -> Sums:
    """原批次的合计，减去原来的，加上现在的；没有账目了的不留。"""
    sums = {
        (one.unit, one.project, one.provider, one.payer, one.disputed): (one.lines, one.amount)
        for one in BillSum.objects.filter(run=base)
    }
    for part_of, sign in ((before, -1), (after, 1)):
        for key, (lines, amount) in part_of.items():
            number, total = sums.get(key, (0, Decimal(0)))
            sums[key] = (number + sign * lines, total + sign * amount)
    return {key: value for key, value in sums.items() if value[0]}


def summary_after(base: Run, sums: Sums) -> dict[str, Any]:
    """合计变成 `sums` 以后的汇总，扣减照原批次的考核。"""
    rates = {entry["provider"]: Fraction(entry["deduction_rate"] or 0) for entry in base.head["assessments"]}
    rows = ((unit, provider, payer, disputed, amount)
            for (unit, _, provider, payer, disputed), (_, amount) in sums.items())  # fmt: skip
    return summary_of(base, rows, rates)
