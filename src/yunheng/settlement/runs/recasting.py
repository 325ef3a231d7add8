"""裁定试算：新的裁定只搬动有关时间线的账目（计入、待核、不计费之间），金额不用重算，其余照原批次（R-075）。

试算是给人看的：提交复算、冻结之前要整年重新计量，拿到数据包和摘要。
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import OuterRef, Subquery

from yunheng import __version__
from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.rules import rulebook
from yunheng.rules.roles import Role
from yunheng.settlement.models import BillLine, BillSum, Difference, Handling, Line, Moved, Run, WaivedLine
from yunheng.settlement.queries import differences_of, frozen
from yunheng.settlement.runs.deducting import summary_of
from yunheng.settlement.runs.running import COLUMNS, DIFFERENCE

#: （资源, 目录项）
Timeline = tuple[str, str]
#: （单位, 项目, 服务商, 谁付, 待核）
_Key = tuple[str, str, str, str, bool]


def recast(*, actor: Actor, on: date, run: Run) -> Run:
    """照 `run`（或它所照的批次）和现在的裁定试算；没有新的裁定、已冻结的抛 Refused。"""
    if actor.role != Role.REVIEWER:
        raise NotYours(["计量由区科创中心办（D62-四，R-073）"])
    base = run.base or run
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, base.service_year)
        if base.pk in frozen_runs(base.service_year):
            raise Refused([f"批次 {base.pk} 已冻结，不能再变；冻结以后的裁定由补差另行结算（R-083）"])
        if not _ruled_again(run):
            raise Refused([f"批次 {run.pk} 之后没有新的裁定，不用试算（R-075）"])
        moved = _ruled_again(base)
        shifted = _shift(base, moved)
        sums = _sums(base, shifted)
        made = Run.objects.create(
            service_year=base.service_year,
            kind=base.kind,
            base=base,
            until_on=base.until_on,
            head={**base.head, "summary": _summary(base, sums)},
            differences=base.differences,
            rulebook_digest=rulebook.built_in().digest,
            code_version=__version__,
            line_count=sum(not line["disputed"] for line in shifted.kept),
            disputed_count=sum(line["disputed"] for line in shifted.kept),
            on=on,
            by=str(actor),
        )
        BillLine.objects.bulk_create(BillLine(run=made, **line) for line in shifted.kept)
        WaivedLine.objects.bulk_create(WaivedLine(run=made, **line) for line in shifted.waived)
        Difference.objects.bulk_create(_reruled(base, made, moved))
        Moved.objects.bulk_create(Moved(run=made, resource=resource, item=item) for resource, item in sorted(moved))
        BillSum.objects.bulk_create(
            BillSum(run=made, unit=u, project=j, provider=p, payer=w, disputed=d, lines=number, amount=amount)
            for (u, j, p, w, d), (number, amount) in sums.items()
        )
        journal.note("裁定试算", str(base.service_year), after={"批次": made.pk, "照": base.pk, "时间线": len(moved)})
    return made


def ruled_again(run: Run) -> int:
    """这个批次没算进去的裁定有几条时间线；冻结了的不能试算，给 0。"""
    if run.pk in frozen_runs(run.service_year) or run.base_id in frozen_runs(run.service_year):
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


def _ruled_again(run: Run) -> dict[Timeline, dict[str, str]]:
    """裁定和批次算进去的不同了的时间线 → 它的阻断差异现在各怎么裁，空是没有裁定。

    从裁定找差异，差异再多也快。
    """
    blocking = differences_of(run).filter(blocking=True)
    counted = blocking.filter(resource=OuterRef("resource"), item=OuterRef("item"), code=OuterRef("code"))
    latest = (
        Handling.objects.filter(service_year=run.service_year, kind=Handling.RULE)
        .order_by("resource", "item", "code", "-pk")
        .distinct("resource", "item", "code")
        .annotate(counted=Subquery(counted.values("ruling")[:1]))
    )
    now = {(one.resource, one.item, one.code): one for one in latest if one.counted is not None}
    changed = {(one.resource, one.item) for one in now.values() if one.counted != one.ruling}
    found: dict[Timeline, dict[str, str]] = {timeline: {} for timeline in changed}
    for entry in blocking.filter(resource__in={resource for resource, _ in changed}):
        timeline = (entry.resource, entry.item)
        if timeline in found:
            ruled = now.get((*timeline, entry.code))
            found[timeline][entry.code] = ruled.ruling if ruled else entry.ruling
    return found


def _reruled(base: Run, made: Run, moved: Mapping[Timeline, Mapping[str, str]]) -> Iterator[Difference]:
    """搬动的时间线的差异，换上现在的裁定；次序照原批次。"""
    for entry in Difference.objects.filter(run=base, resource__in={resource for resource, _ in moved}).order_by("seq"):
        rulings = moved.get((entry.resource, entry.item))
        if rulings is not None:
            columns = {name: getattr(entry, name) for name in DIFFERENCE}
            ruling = rulings.get(entry.code, entry.ruling)
            yield Difference(run=made, seq=entry.seq, **columns | {"ruling": ruling})


@dataclass
class _Shifted:
    """搬动的账目的各栏：搬之前的，搬之后计入或待核的、不计费的。"""

    before: list[dict[str, Any]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    waived: list[dict[str, Any]] = field(default_factory=list)


def _shift(base: Run, moved: Mapping[Timeline, Mapping[str, str]]) -> _Shifted:
    found = _Shifted()
    resources = {resource for resource, _ in moved}
    taken: list[Line] = [
        *BillLine.objects.filter(run=base, resource__in=resources).order_by("disputed", "seq"),
        *WaivedLine.objects.filter(run=base, resource__in=resources).order_by("seq"),
    ]
    # 次序接在原批次的后面，不与留着的相重
    numbers = Counter({"账目": base.line_count, "待核": base.disputed_count, "不计费": base.waived.count()})
    for line in taken:
        rulings = moved.get((line.resource, line.item))
        if rulings is None:
            continue
        columns = {name: getattr(line, name) for name in COLUMNS}
        if isinstance(line, BillLine):
            found.before.append(columns | {"disputed": line.disputed})
        # 一条没裁完就待核，任一不计费就删去：与 07_differences.sql 的 holds 同一条规矩
        still = [code for code in sorted(rulings, key=lambda code: int(code[1:])) if not rulings[code]]
        state = "待核" if still else "不计费" if "不计费" in rulings.values() else "账目"
        numbers[state] += 1
        values = columns | {"seq": numbers[state], "differences": ",".join(still)}
        if state == "不计费":
            found.waived.append(values)
        else:
            found.kept.append(values | {"disputed": bool(still)})
    return found


def _sums(base: Run, shifted: _Shifted) -> dict[_Key, tuple[int, Decimal]]:
    """原批次的合计，减去搬之前的，加上搬之后的；没有账目了的不留。"""
    sums = {
        (one.unit, one.project, one.provider, one.payer, one.disputed): (one.lines, one.amount)
        for one in BillSum.objects.filter(run=base)
    }

    def add(lines: Iterable[Mapping[str, Any]], sign: int) -> None:
        for line in lines:
            key = (line["unit"], line["project"], line["provider"], line["payer"], line["disputed"])
            number, amount = sums.get(key, (0, Decimal(0)))
            sums[key] = (number + sign, amount + sign * line["amount"])

    add(shifted.before, -1)
    add(shifted.kept, 1)
    return {key: value for key, value in sums.items() if value[0]}


def _summary(base: Run, sums: Mapping[_Key, tuple[int, Decimal]]) -> dict[str, Any]:
    rates = {entry["provider"]: Fraction(entry["deduction_rate"] or 0) for entry in base.head["assessments"]}
    rows = ((unit, provider, payer, disputed, amount)
            for (unit, _, provider, payer, disputed), (_, amount) in sums.items())  # fmt: skip
    return summary_of(base, rows, rates)
