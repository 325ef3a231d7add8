"""批次里几条路都送了的用量定取哪一边，未计入的收件看过没有；两样没有了结的不能提交（R-052、R-075）。"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.ledger.models import Received, Source
from yunheng.ledger.sending import register_telling
from yunheng.rules.roles import Role
from yunheng.settlement.models import Contested, Noticed, PathChoice, Run
from yunheng.settlement.runs import unread


def choose(
    *, actor: Actor, on: date, run: Run, rows: Sequence[int], source: Source | None, reason: str
) -> list[PathChoice]:
    """定这几天的用量取哪个来源的；有一天那个来源没有送过，都不记。不是区科创中心抛 NotYours。"""
    if actor.role != Role.REVIEWER:
        raise NotYours(["用量取哪一边由区科创中心定（D62-四，R-075）"])
    found = list(Contested.objects.filter(run=run.base or run, pk__in=rows).order_by("pk"))
    problems = [] if reason.strip() else ["写明理由：查了什么、依据什么（R-075）"]
    if not found or len(found) < len(set(rows)):
        problems.append("请勾选要定的日子（R-075）")
    if source is None:
        problems.append("请选择取哪个来源的（R-075）")
    elif lacking := [one for one in found if source.code not in one.totals]:
        one = lacking[0]
        problems.append(f"{one.resource} {one.used_on} 没有从“{source.code}”来的用量，不能取它（R-075）")
    if problems or source is None:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, run.service_year)
        made = [
            PathChoice.objects.create(
                resource=one.resource, item=one.item, used_on=one.used_on, source=source, totals=one.totals,
                reason=reason.strip()[:500], on=on, by=str(actor),
            )
            for one in found
        ]  # fmt: skip
        days = [f"{one.resource} {one.item} {one.used_on}" for one in found[:50]]
        journal.note("用量取哪一边", source.code, after={"理由": reason, "日子": days, "共": len(found)})
    return made


def notice(*, actor: Actor, on: date, run: Run) -> Noticed:
    """看过这个批次未计入的收件。"""
    if actor.role != Role.REVIEWER:
        raise NotYours(["未计入的收件由区科创中心看过（D62-四，R-075）"])
    with unit_of_work(actor) as journal:
        journal.note("看过未计入的收件", str(run.pk), after={"条数": (run.base or run).uncounted.count()})
        return Noticed.objects.create(run=run.base or run, on=on, by=str(actor))


def choices(rows: Sequence[Contested]) -> dict[int, PathChoice]:
    """各天最近一次定的；定的时候各来源的合计与现在不同的不算。"""
    days = {(one.resource, one.item, one.used_on): one for one in rows}
    made = PathChoice.objects.filter(resource__in={one.resource for one in rows}).select_related("source")
    found = {}
    for choice in made.order_by("pk"):
        one = days.get((choice.resource, choice.item, choice.used_on))
        if one and choice.totals == one.totals:
            found[one.pk] = choice
    return found


def not_taken(rows: Sequence[Received]) -> dict[int, str]:
    """这几件用量里，那一天取了别的来源的 → 取的是哪个、谁定的；照各年最近的批次，以后改定的照改定的（R-075）。"""
    used = {one.pk: one for one in rows if one.kind == "用量"}
    if not used:
        return {}
    latest = Run.objects.order_by("service_year", "-pk").distinct("service_year").select_related("base")
    contested = list(
        Contested.objects.filter(
            run__in=[run.base or run for run in latest],
            resource__in={one.payload["资源"] for one in used.values()},
            item__in={one.payload["目录项"] for one in used.values()},
        ).select_related("source")
    )
    made = choices(contested)
    found = {(one.resource, one.item, one.used_on.isoformat()): one for one in contested}
    said = {}
    for pk, row in used.items():
        one = found.get((row.payload["资源"], row.payload["目录项"], row.payload["日期"]))
        choice = made.get(one.pk) if one else None
        if one is None or (choice or one).source_id == row.source_id:
            continue
        why = (
            f"区科创中心 {choice.on} 定取 {choice.source.code} 的：{choice.reason}"
            if choice
            else f"批次 {one.run_id} 先照来源的先后取 {one.source.code} 的，还没有定"
        )
        said[pk] = f"没有采用：这一天的用量几个来源合计不等，{why}（R-052、R-075）"
    return said


def register() -> None:
    """登记送件方查得到哪些用量没有采用。"""
    register_telling(not_taken)


@dataclass(frozen=True)
class Pending:
    """批次里还没有了结的：没有定取哪一边的各天，定了取另一边的各天，没有看过的未计入的收件几件。"""

    undecided: Sequence[Contested]
    moved: Sequence[Contested]
    uncounted: int

    @property
    def any(self) -> bool:
        """有没有没了结的。"""
        return bool(self.undecided or self.moved or self.uncounted)


def pending(run: Run) -> Pending:
    """这个批次还没有了结的。"""
    base = run.base or run
    rows = list(Contested.objects.filter(run=base).order_by("pk"))
    made = choices(rows)
    return Pending(
        [one for one in rows if one.pk not in made],
        [one for one in rows if one.pk in made and made[one.pk].source_id != one.source_id],
        0 if base.noticed.exists() else base.uncounted.count(),
    )


def unready(run: Run) -> Iterator[str]:
    """提交以前还差什么：批次以后又到、会改变结果的，没有定的冲突，定了而批次取的是另一边的，未计入的收件没有看过。"""
    yield from unread.problems(run)
    base, left = run.base or run, pending(run)
    if left.undecided:
        one = left.undecided[0]
        yield (
            f"有 {len(left.undecided)} 天的用量从几个来源送来、合计不等，还没有定取哪一边，"
            f"例如 {one.resource} {one.item} {one.used_on}（R-052、R-075）"
        )
    if left.moved:
        yield f"有 {len(left.moved)} 天的用量定了取另一边，请重新计量（R-075）"
    if left.uncounted:
        yield f"批次 {base.pk} 有 {left.uncounted} 件收件没有计入，请到“收件”里看过打勾再提交（R-052、R-075）"
