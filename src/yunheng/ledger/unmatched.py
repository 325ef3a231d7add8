"""对不上的收件：收下了而资源、单号、目录项、数量、归属对不上的，由区科创中心查明后处理（D62-七，R-052、R-075）。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection
from django.db.models import Q

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.notifying import tell
from yunheng.catalog.models import Item
from yunheng.rules.roles import Role

from . import arrivals, matching, receiving
from .countable import OUTSIDE, OWNED, cell, disordered, garbled, unbillable
from .effective import alive
from .matching import Oddity, claimed
from .models import Disposal, Received, Resource

#: 一次最多处理几件
MOST = 200
_PRICED = (
    "EXISTS (SELECT FROM catalog_item AS i JOIN catalog_price AS v ON v.item_id = i.id"
    f" WHERE i.code = {cell('r', '目录项')})"
)
#: 现在为什么对不上，逐条，与门上（`matching.oddities`）判得一样；门外送来的才看单号，门外的和补录的都看归属，
#: 进不了数据包的不论从哪里来
_REASONS = f"""
array_remove(ARRAY[
    CASE WHEN {OUTSIDE} AND coalesce(o.provider_id, c.provider_id) IS NULL THEN '{Oddity.NO_OWNER}' END,
    CASE WHEN {OWNED} AND coalesce(o.provider_id, c.provider_id) <> s.provider_id THEN '{Oddity.FOREIGN}' END,
    CASE WHEN {OUTSIDE} AND r.kind = '工单' AND coalesce(r.payload->>'单号', '') = '' THEN '{Oddity.NO_FORM}' END,
    CASE WHEN {OUTSIDE} AND r.kind = '工单' AND NOT {_PRICED} THEN '{Oddity.NO_ITEM}' END,
    CASE WHEN {OUTSIDE} AND r.kind = '工单' AND r.payload->>'动作' = '新增'
        AND coalesce(r.payload->>'数量', '') = '' THEN '{Oddity.NO_QUANTITY}' END,
    CASE WHEN {OUTSIDE} AND r.kind = '工单' AND r.payload->>'动作' = '释放'
        AND coalesce(r.payload->>'数量', '') NOT IN ('', '0') THEN '{Oddity.RELEASED_PART}' END,
    CASE WHEN r.kind = '用量' AND g.words IS NULL AND {unbillable("r")} THEN '{Oddity.UNBILLABLE}' END,
    CASE WHEN r.kind = '日志' AND g.words IS NULL AND {disordered("r")} THEN '{Oddity.DISORDERED}' END,
    CASE WHEN g.words IS NOT NULL THEN '{Oddity.GARBLED}' END
], NULL)
"""
#: 台账上有的照台账（o），没有的照已通过的单据（c）
_FROM = f"""
FROM ledger_received AS r JOIN ledger_source AS s ON s.id = r.source_id
LEFT JOIN ledger_resource AS o ON o.code = {cell("r", "资源")}
LEFT JOIN unnest(%(codes)s::text[], %(providers)s::bigint[]) AS c (code, provider_id)
    ON c.code = {cell("r", "资源")} AND o.id IS NULL
CROSS JOIN LATERAL (SELECT {garbled("r")} AS words OFFSET 0) AS g
"""


def _claimed(where: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """合条件的收件里台账上没有的资源，已通过的单据写明归哪家，作查询的参数。"""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT {cell('r', '资源')} FROM ledger_received AS r"
            f" JOIN ledger_source AS s ON s.id = r.source_id WHERE {OWNED} AND {where}"
            f" AND NOT EXISTS (SELECT FROM ledger_resource AS o WHERE o.code = {cell('r', '资源')})",
            params,
        )
        found = claimed({code for (code,) in cursor.fetchall() if code})
    return {**params, "codes": list(found), "providers": list(found.values())}


@dataclass(frozen=True)
class Odd:
    """对不上的一件：收件、为什么、最近怎样处理的、由哪一件更正了、台账上形近的资源；`made` 是认给以后的那一件。"""

    received: Received
    reasons: tuple[str, ...]
    disposal: Disposal | None
    later: str = ""
    alike: str = ""
    made: bool = False

    @property
    def content(self) -> list[tuple[str, str]]:
        """给人看的内容，照列的次序。"""
        return arrivals.content(self.received)


def sweep() -> int:
    """把现在对不上、还没有列的列进来：门上的规矩立以前收的，收了以后资源换了家、目录项没了的。返回新列几件。"""
    fresh = "NOT EXISTS (SELECT FROM ledger_unmatched AS u WHERE u.received_id = r.id)"
    params = _claimed(fresh, {})
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO ledger_unmatched (received_id) SELECT r.id {_FROM}"
            f" WHERE {alive('r')} AND cardinality({_REASONS}) > 0 AND {fresh} ON CONFLICT DO NOTHING",
            params,
        )
        return int(cursor.rowcount)


def reasons(rows: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """这几件里列为对不上、现在还对不上的 → 为什么。"""
    params = _claimed("r.id = ANY(%(rows)s)", {"rows": list(rows)})
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT r.id, {_REASONS} {_FROM} JOIN ledger_unmatched AS u ON u.received_id = r.id"
            " WHERE r.id = ANY(%(rows)s)",
            params,
        )
        return {pk: tuple(found) for pk, found in cursor.fetchall() if found}


def waiting(*, kept: bool = False, limit: int = 50, offset: int = 0) -> tuple[list[Odd], int]:
    """现在还对不上的，新收的在前，和一共几件；`kept` 为真只看暂留的，为假只看还没有处理的。"""
    state = f"{_LAST} = '{Disposal.KEEP}'" if kept else f"{_LAST} IS NULL"
    return _page(f"{alive('r')} AND {state}", "cardinality(reasons) > 0", limit, offset)


def disposed(*, limit: int = 50, offset: int = 0) -> tuple[list[Odd], int]:
    """处理过的（最近一次是认给、退回、作废），新收的在前，和一共几件；处理以后更正了的也在。

    认给以后的那一件也列着：认错了的在它上面再处理。
    """
    kinds = ", ".join(f"'{kind}'" for kind in (Disposal.ASSIGN, *Disposal.DROPPED))
    return _page(f"({_LAST} IN ({kinds}) OR {_MADE})", "true", limit, offset)


#: 最近一次怎样处理的
_LAST = "(SELECT d.kind FROM ledger_disposal AS d WHERE d.received_id = r.id ORDER BY d.id DESC LIMIT 1)"


#: 认给以后的那一件
_MADE = "EXISTS (SELECT FROM ledger_disposal AS d WHERE d.replacement_id = r.id)"


def _page(state: str, shown: str, limit: int, offset: int) -> tuple[list[Odd], int]:
    """列过的收件里合 `state`、缘由合 `shown`（都是 SQL 条件）的一页，和一共几件。"""
    listed = f"(EXISTS (SELECT FROM ledger_unmatched AS u WHERE u.received_id = r.id) OR {_MADE})"
    params = _claimed(listed, {"limit": limit, "offset": offset})
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH odd AS (SELECT r.id, {_REASONS} AS reasons {_FROM} WHERE {listed} AND {state})"
            f" SELECT id, reasons, count(*) OVER () FROM odd WHERE {shown}"
            " ORDER BY id DESC LIMIT %(limit)s OFFSET %(offset)s",
            params,
        )
        rows = cursor.fetchall()
    found = Received.objects.select_related("source__provider").in_bulk([pk for pk, _, _ in rows])
    disposals = {one.received_id: one for one in Disposal.objects.filter(received__in=found).order_by("pk")}
    later = dict(Received.objects.filter(corrects__in=found).values_list("corrects", "source_ref"))
    unknown = {found[pk].payload["资源"] for pk, reasons, _ in rows if Oddity.NO_OWNER in reasons}
    near = matching.alike(unknown)
    made = set(Disposal.objects.filter(replacement__in=found).values_list("replacement", flat=True))
    return [
        Odd(
            found[pk],
            tuple(reasons),
            disposals.get(pk),
            later.get(pk, ""),
            near.get(found[pk].payload["资源"], ""),
            pk in made,
        )
        for pk, reasons, _ in rows
    ], rows[0][2] if rows else 0


def dispose(
    *,
    actor: Actor,
    on: date,
    rows: Sequence[int],
    kind: str,
    reason: str,
    resource: str = "",
    item: str = "",
) -> list[Disposal]:
    """处理几件对不上的收件；有一件不成都不记（R-052、R-075）。

    认给：追加一件更正的收件，资源、目录项换成 `resource`、`item`（空的照原件）。
    退回、作废：不再计入；退回的知会送件方重送。暂留：先不动。
    不是区科创中心抛 NotYours；没有理由、已经更正过、认给的资源或目录项没有，抛 Refused。
    """
    if actor.role != Role.REVIEWER:
        raise NotYours(["对不上的收件由区科创中心处理（D62-四，R-075）"])
    problems = [] if reason.strip() else ["写明理由：查了什么、依据什么（R-075）"]
    if kind not in (Disposal.ASSIGN, Disposal.RETURN, Disposal.VOID, Disposal.KEEP):
        problems.append("处理只有认给、退回、作废、暂留四种（R-075）")
    if not rows or len(rows) > MOST:
        problems.append(f"请勾选要处理的收件，一次最多 {MOST} 件（R-075）")
    if kind == Disposal.ASSIGN:
        problems += _misassigned(resource.strip(), item.strip())
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        found = list(
            Received.objects.filter(Q(unmatched__isnull=False) | Q(made_by__isnull=False), pk__in=rows)
            .select_related("source__provider")
            .order_by("pk")
        )
        for source in sorted({one.source_id for one in found}):
            hold(Lock.ARRIVALS, source)
        if len(found) < len(set(rows)):
            raise Refused(["有的收件不在“对不上的收件”里，请刷新再选（R-075）"])
        if gone := sorted(Received.objects.filter(corrects__in=found).values_list("corrects__source_ref", flat=True)):
            raise Refused([f"{one} 已经更正过，请处理更正以后的那一件（R-052）" for one in gone])
        made = []
        for one in found:
            replacement = _assigned(actor, on, one, resource.strip(), item.strip()) if kind == Disposal.ASSIGN else None
            made.append(
                Disposal.objects.create(
                    received=one, kind=kind, reason=reason.strip()[:500], replacement=replacement, on=on, by=str(actor)
                )
            )
            journal.note(
                f"收件{kind}", f"{one.kind} {one.source_ref}", after={"理由": reason, "资源": resource, "目录项": item}
            )
        if kind == Disposal.RETURN:
            _tell_senders(found, reason.strip(), on)
    return made


def _misassigned(resource: str, item: str) -> Iterator[str]:
    if not resource and not item:
        yield "请写认给哪个资源，或哪一个目录项（R-075）"
    if resource and not Resource.objects.filter(code=resource).exists():
        yield f"台账里没有资源“{resource}”，不能认给它（R-051）"
    if item and not Item.objects.filter(code=item).exists():
        yield f"目录里没有“{item}”这一项，不能认给它（R-073）"


def _assigned(actor: Actor, on: date, original: Received, resource: str, item: str) -> Received:
    """认给以后追加的更正收件：照原件，换资源、目录项；来源编号是原来的加“/认给”。"""
    payload: dict[str, object] = {**original.payload, receiving.CORRECTS: original.source_ref}
    if resource:
        owner = Resource.objects.get(code=resource).provider_id
        if owner != original.source.provider_id:
            raise Refused(
                [
                    f"{original.source_ref} 是{original.source.provider.name}送的，"
                    f"资源 {resource} 不是它家的，请退回（R-052）"
                ]
            )
        payload["资源"] = resource
    if item and "目录项" in payload:
        payload["目录项"] = item
    reference = f"{original.source_ref[:80]}/认给{original.pk}"
    if "编号" in payload:
        payload["编号"] = reference[-64:]
    receiving.receive(
        actor=actor, on=on, source=original.source, kind=original.kind, items=[(reference, payload)], assigned=True
    )
    return Received.objects.get(source=original.source, kind=original.kind, source_ref=reference)


def _tell_senders(found: Sequence[Received], reason: str, on: date) -> None:
    """退回的知会送件的服务商：几件、为什么，点开是自己送过的。"""
    counts: dict[int, list[Received]] = {}
    for one in found:
        counts.setdefault(one.source.provider_id, []).append(one)
    for provider, rows in counts.items():
        which = f"{rows[0].kind} {rows[0].source_ref}" + (f" 等 {len(rows)} 件" if len(rows) > 1 else "")
        text = f"送来的{which}退回，请改好用新的编号重送：{reason}（R-052）"
        tell(case=None, role=Role.PROVIDER, institution=provider, text=text, on=on, href="/inbox/sent/")
