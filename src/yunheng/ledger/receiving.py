"""收件：接口、文件、补录、回执都从这里进收件箱。先认重发，再判对不对得上，后整批写入；一批要么全收要么全不收。"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import QuerySet

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.orgs.models import Institution
from yunheng.rules.digest import canonical, sm3

from . import adopting, doubting, gaps, matching, unrecorded
from .models import Channel, Disposal, Received, Source, Unmatched
from .operations import MAX_BATCH, Conflict

#: 更正写在内容的这一栏：原件的来源编号
CORRECTS = "更正"
#: 一批里最多给几件没有收过的查完整的编号
_HINTED = 10
Item = tuple[str, Mapping[str, object]]


@dataclass(frozen=True)
class Taken:
    """收了一批：新收几条，以前收过（和这一批里重复）的几条，照收而对不上的、台账已更正而不采用的逐条提醒。

    `missing` 是其中账上照它计费、台账还没有的几条。
    """

    new: int
    known: int
    reminders: tuple[str, ...] = ()
    missing: int = 0


@dataclass(frozen=True)
class _Row:
    """一件：这一批里第几条（从 0 起）、来源编号、内容、摘要。"""

    number: int
    reference: str
    payload: Mapping[str, object]
    digest: str

    @property
    def corrects(self) -> str:
        return str(self.payload.get(CORRECTS, ""))


def source_of(provider: Institution, channel: Channel) -> Source:
    """这家服务商走这条路的来源，没有就登记；接口的来源由系统管理员登记，不从这里来。

    这个名字已被占用、是别家的或别的路的，抛 Refused：记到那里，就成了那一家那条路送的（R-052）。
    """
    found, _ = Source.objects.get_or_create(
        code=f"{provider.code}-{channel.value}", defaults={"provider": provider, "channel": channel}
    )
    if (found.provider_id, found.channel) != (provider.pk, channel):
        owner = f"{found.provider.name}的{found.channel}来源"
        raise Refused([f"来源“{found.code}”是{owner}，{provider.name}的{channel}不能记在它名下（R-052）"])
    return found


def receive(
    *, actor: Actor, on: date, source: Source, kind: str, items: Sequence[Item], assigned: bool = False
) -> Taken:
    """收一批。同号内容不同抛 Conflict；有别家的资源抛 NotYours；日期、编号、目录项、更正的原件不对抛 Refused，逐条列。

    以前收过的只数，不再判：收的时候还没有的规矩，拦不住断线重传（R-052）。
    `assigned` 是区科创中心认给追加的：自己作废过的也能再认给；送件方不能更正作废的。
    """
    if len(items) > MAX_BATCH:
        raise Conflict(f"一批最多 {MAX_BATCH:,} 条，这批有 {len(items):,} 条，请分批（R-052）")
    rows, others, twice = _distinct(kind, items)
    _raise_clash(twice)
    with unit_of_work(actor) as journal:
        hold(Lock.GATHERING, shared=True)
        if any(row.corrects for row in rows.values()):
            # 同一来源的更正排着队来：同一件被两批同时更正的，后到的看得见先到的
            hold(Lock.ARRIVALS, source.pk)
        fresh, verdict = _judged(source, kind, [*rows.values(), *others], on, assigned=assigned)
        _raise_clash(verdict.clashing)
        if verdict.foreign:
            raise NotYours(matching.listed(verdict.foreign | verdict.wrong))
        if verdict.wrong:
            raise Refused(matching.listed(verdict.wrong))
        new = 0
        for batch, originals in _rounds(source, kind, fresh):
            new += _insert(source, kind, batch, originals)
        if new < len(fresh):
            # 并发重发：唯一约束让后到的等先到的提交，比得到的一定是最终的那条
            _raise_clash(_compared(source, kind, list(rows.values()))[1])
        _list_unmatched(source, kind, [row for row in fresh if row.number in verdict.reminders])
        if new:
            journal.note("收件", source.code, after={"种类": kind, "新收": new, "重发": len(items) - new})
        orders = {row.number: row.payload for row in fresh} if kind == "工单" else {}
        overruled = adopting.overruled(orders)
        # 回执、补录接着就记台账
        missing = unrecorded.reminders(orders) if source.channel_kind.outside else {}
    told = _joined(verdict.reminders, overruled, missing, verdict.broken, verdict.doubtful)
    return Taken(new, len(items) - new, matching.listed(told), len(missing))


def _joined(*kinds: Mapping[int, str]) -> dict[int, str]:
    """几样提醒，同一条的并成一句。"""
    return {number: "；".join(found[number] for found in kinds if number in found) for number in set().union(*kinds)}


def examine(*, source: Source, kind: str, items: Sequence[Item], on: date) -> matching.Verdict:
    """预览用：现在收这一批会怎样判，同 `receive`；不写库。

    同号而内容不同的不抛，逐条在 `clashing` 里；它们和别的各条一样往下判，一次说全。
    """
    rows, others, twice = _distinct(kind, items)
    verdict = _judged(source, kind, [*rows.values(), *others], on)[1]
    verdict.clashing |= twice
    return verdict


def _raise_clash(clashing: Mapping[int, str]) -> None:
    for text in clashing.values():
        raise Conflict(text)


def _judged(
    source: Source, kind: str, rows: Sequence[_Row], on: date, *, assigned: bool = False
) -> tuple[list[_Row], matching.Verdict]:
    """以前没有收过的各件，和它们怎样判；与收过的同号而内容不同的也判。"""
    known, clashing = _compared(source, kind, rows)
    fresh = sorted((row for row in rows if row.number not in known), key=lambda row: (row.reference, row.number))
    verdict = matching.check(
        source=source, kind=kind, items={row.number: (row.reference, row.payload) for row in fresh}, on=on
    )
    verdict.wrong |= _miscorrected(source, kind, fresh, {} if assigned else _voided(source, kind, fresh))
    verdict.known, verdict.clashing = known, clashing
    verdict.broken = gaps.told(source, kind, {row.number: row.payload for row in fresh})
    if source.channel_kind.outside and not assigned:
        given = {row.number: doubting.Correcting(row.payload, row.corrects) for row in fresh}
        verdict.doubtful = doubting.found(source, kind, given, {row.reference: row.payload for row in fresh})
    return fresh, verdict


def gathered(*, after: int, limit: int) -> list[Received]:
    """序号在 `after` 之后的收件，按序号，最多 `limit` 件（R-052）。

    序号先取后提交，读得太早会漏掉号小而后提交的；所以先等正在收的都提交了再读，取过的序号以前不会再多出来。
    """
    with transaction.atomic():
        hold(Lock.GATHERING)
        return list(Received.objects.filter(pk__gt=after).select_related("source").order_by("pk")[:limit])


def _distinct(kind: str, items: Sequence[Item]) -> tuple[dict[str, _Row], list[_Row], dict[int, str]]:
    """（来源编号 → 头一条，同号而内容不同的后几条，它们为什么不收）；同号同内容的只留头一条。"""
    rows: dict[str, _Row] = {}
    others: list[_Row] = []
    twice: dict[int, str] = {}
    for number, (reference, payload) in enumerate(items):
        row = _Row(number, reference, payload, sm3(canonical(payload)))
        if rows.setdefault(reference, row).digest != row.digest:
            others.append(row)
            twice[number] = f"{kind} {reference} 在这一批里出现两次，内容不同（R-052）"
    return rows, others, twice


def _compared(source: Source, kind: str, rows: Sequence[_Row]) -> tuple[set[int], dict[int, str]]:
    """（以前收过、内容相同的是第几条，同号而内容不同的第几条 → 为什么不收）。"""
    kept = Received.objects.filter(source=source, kind=kind, source_ref__in=[row.reference for row in rows])
    digests = dict(kept.values_list("source_ref", "digest"))
    known = {row.number for row in rows if digests.get(row.reference) == row.digest}
    others = [row for row in rows if row.reference in digests and row.number not in known]
    if not others:
        return known, {}
    payloads = dict(kept.filter(source_ref__in={row.reference for row in others}).values_list("source_ref", "payload"))
    return known, {row.number: _clash(kind, row, payloads[row.reference]) for row in others}


def _clash(kind: str, row: _Row, original: Mapping[str, object]) -> str:
    """同号而内容不同为什么不收、该怎么办：说的是同一件的走更正；资源、日期都换了的是另一笔，更正会把原来那笔抹掉。"""
    fresh = "工单号" if "工单号" in row.payload else "编号"
    said = f"{kind} {row.reference} 以前收过，内容不同"
    if names := doubting.changed(kind, original, row.payload):
        said += f"：收过的是 {doubting.described(kind, original)}，这一条{'、'.join(names)}不同，像是另一笔"
        return f"{said}；请换一个没有用过的{fresh}，不要写更正（R-052）"
    return f"{said}；更正请用新的{fresh}，并在“{CORRECTS}”写原来的编号 {row.reference}（R-052）"


def _voided(source: Source, kind: str, fresh: Iterable[_Row]) -> dict[str, str]:
    """要更正的原件里，区科创中心作废了的 → 理由；退回的就是要送件方改好再送，不在里面（R-075）。"""
    wanted = {row.corrects for row in fresh if row.corrects}
    made = Disposal.objects.filter(received__source=source, received__kind=kind, received__source_ref__in=wanted)
    last = {ref: (how, reason) for ref, how, reason in made.order_by("pk").values_list(
        "received__source_ref", "kind", "reason")}  # fmt: skip
    return {ref: reason for ref, (how, reason) in last.items() if how == Disposal.VOID}


def _miscorrected(source: Source, kind: str, fresh: Iterable[_Row], voided: Mapping[str, str]) -> dict[int, str]:
    """更正的原件哪里不对：没有收过、已经更正过、作废了（`voided`）、一批里更正两次、指着自己。"""
    made = [row for row in fresh if row.corrects]
    if not made:
        return {}
    own = {row.reference: row for row in fresh}
    wanted = {row.corrects for row in made}
    same = Received.objects.filter(source=source, kind=kind)
    kept = set(same.filter(source_ref__in=wanted).values_list("source_ref", flat=True))
    later = same.filter(corrects__source_ref__in=wanted).values_list("corrects__source_ref", "source_ref")
    corrected = dict(later)
    found: dict[int, str] = {}
    asked = 0
    for row in made:
        original = row.corrects
        if original in corrected:
            found[row.number] = (
                f"{original} 已由 {corrected[original]} 更正过，再更正请指 {corrected[original]}（R-052）"
            )
        elif original in voided:
            found[row.number] = f"{original} 已由区科创中心作废：{voided[original]}；作废的不能更正（R-052、R-075）"
        elif original not in kept and original not in own:
            asked += 1
            full = _longer(same, original) if asked <= _HINTED else ""
            found[row.number] = f"要更正的 {original} 没有从这个来源收过，更正要同一来源、同一种类{full}（R-052）"
        elif _circular(row, own):
            found[row.number] = f"更正 {original} 绕回了自己（R-052）"
        corrected.setdefault(original, row.reference)
    return found


def _longer(same: QuerySet[Received], start: str) -> str:
    """只写了编号头一段的（工单号），收过的完整编号是哪几个：一句话；没有为空。"""
    kept = list(same.filter(source_ref__startswith=f"{start}/").order_by("pk").values_list("source_ref", flat=True)[:4])
    if not kept:
        return ""
    if len(kept) == 1:
        return f"；收过的编号是 {kept[0]}，请写全"
    more = "……" if len(kept) > 3 else ""
    return f"；这个号收过几件，编号是 {'、'.join(kept[:3])}{more}，请写全是哪一件"


def _circular(row: _Row, own: Mapping[str, _Row]) -> bool:
    seen = {row.reference}
    while row.corrects:
        if row.corrects in seen:
            return True
        seen.add(row.corrects)
        if row.corrects not in own:
            return False
        row = own[row.corrects]
    return False


def _rounds(source: Source, kind: str, fresh: Sequence[_Row]) -> Iterator[tuple[list[_Row], dict[str, int]]]:
    """先写原件再写更正：每一轮的各件，和它们的原件的主键。"""
    waiting, batch = [row for row in fresh if row.corrects], [row for row in fresh if not row.corrects]
    yield batch, {}
    while waiting:
        same = Received.objects.filter(source=source, kind=kind, source_ref__in={row.corrects for row in waiting})
        originals = dict(same.values_list("source_ref", "pk"))
        yield [row for row in waiting if row.corrects in originals], originals
        waiting = [row for row in waiting if row.corrects not in originals]


def _insert(source: Source, kind: str, rows: Sequence[_Row], originals: Mapping[str, int]) -> int:
    """一条语句插完，已有的跳过；返回真插了几条。"""
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Received._meta.db_table} (source_id, source_ref, kind, payload, digest, corrects_id)"
            " SELECT %s, ref, %s, payload, digest, original"
            " FROM unnest(%s::text[], %s::jsonb[], %s::text[], %s::bigint[]) AS row (ref, payload, digest, original)"
            " ON CONFLICT (source_id, kind, source_ref) DO NOTHING",
            [
                source.pk,
                kind,
                [row.reference for row in rows],
                [json.dumps(row.payload, ensure_ascii=False) for row in rows],
                [row.digest for row in rows],
                [originals.get(row.corrects) for row in rows],
            ],
        )
        return int(cursor.rowcount)


def _list_unmatched(source: Source, kind: str, rows: Sequence[_Row]) -> None:
    if rows:
        references = [row.reference for row in rows]
        listed = Received.objects.filter(source=source, kind=kind, source_ref__in=references)
        Unmatched.objects.bulk_create(
            (Unmatched(received_id=pk) for pk in listed.values_list("pk", flat=True)), ignore_conflicts=True
        )
