"""同一动作的工单从几条路来，采用哪一张：接口、文件、补录、回执的先后；台账更正过的动作照更正（R-052、R-075）。

导出、台账从哪天起计费、送件方看的状态、证据都照这一处。更正是区科创中心照证据定的，写了理由：服务商后来再送的工单不顶掉它，
逐件写明没有采用，由区科创中心看了再更正。
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from .countable import OWNED, foreign, garbled, trimmed
from .effective import alive
from .matching import owners
from .models import Action, Channel, Correction, Fact, Received, Source

#: 来源（别名 s）走哪条路的先后，小的优先
RANK = f"array_position(ARRAY[{', '.join(repr(one.value) for one in Channel)}], s.channel::text)"
#: 说给人听的先后
PRECEDENCE = "、".join(one.value for one in Channel)
_CELLS = trimmed("r", "工单号", "单号", "资源", "目录项", "动作", "数量", "完成日期")
#: 平台软件另有服务商的，页面、数据包里的单号带着“/服务商代码”，送的人照抄下来：说的是同一件，不让它绕过先后和更正
_FORM = """
CASE WHEN right(单号, length(tail)) = tail
    AND EXISTS (SELECT FROM cases_case AS c WHERE c.number = left(单号, -length(tail)))
    AND NOT EXISTS (SELECT FROM cases_case AS c WHERE c.number = 单号) THEN left(单号, -length(tail)) ELSE 单号 END
"""
#: （单号, 资源, 目录项, 动作）
Key = tuple[str, str, str, str]


def corrected(only: str = "true") -> str:
    """一段 SQL：照异议、证据更正过的动作，各次一行，`replacement_id` 空的是只作废；`only` 是资源（别名 r）的条件。"""
    return f"""
SELECT x.id AS correction, x.replacement_id, c.number, r.code AS resource, i.code AS item, f.action
FROM ledger_correction AS x
JOIN ledger_fact AS f ON f.id = x.voided_id
JOIN cases_case AS c ON c.id = f.case_id
JOIN ledger_resource AS r ON r.id = f.resource_id
JOIN catalog_item AS i ON i.id = f.item_id
WHERE f.action <> '释放' AND {only}
"""


def ranked(counted: str, corrections: str) -> str:
    """一段 SQL：收件里的工单各一行，合 `counted`（收件 r、来源 s 的条件）的；`corrections` 是 `corrected` 的那张表。

    没有写单号的，别处有同一张（工单号、资源、目录项、动作都相同）而且只说了一个单号，就是那一张：断开的只是单号，
    不另算一张，也不让它顶掉有单号的。`rank` 等于 `best` 的采用；`twin` 是同一先后里内容完全相同的头一张，只算它；
    `correction` 是这个动作最后一次更正，有的都不采用：工单照更正的。

    只作废、从没有改成别的动作不在此列：单据上没有了这一条。
    """
    return f"""
SELECT formed.*, k.correction,
    min(id) OVER (PARTITION BY 工单号, 单号, 资源, 目录项, 动作, 数量, 完成日期, rank) AS twin,
    min(rank) OVER (PARTITION BY 单号, 资源, 目录项, 动作) AS best
FROM (
    SELECT id, rank, 工单号, 资源, 目录项, 动作, 数量, 完成日期,
        coalesce(单号, CASE WHEN min(单号) OVER same = max(单号) OVER same THEN min(单号) OVER same END) AS 单号
    FROM (
        SELECT id, rank, 工单号, 资源, 目录项, 动作, 数量, 完成日期, {_FORM} AS 单号
        FROM (
            SELECT r.id, {RANK} AS rank, '/' || p.code AS tail, {_CELLS}
            FROM ledger_received AS r JOIN ledger_source AS s ON s.id = r.source_id
            JOIN orgs_institution AS p ON p.id = s.provider_id
            WHERE r.kind = '工单' AND {counted}
        ) AS written
    ) AS sent
    WINDOW same AS (PARTITION BY 工单号, 资源, 目录项, 动作)
) AS formed
LEFT JOIN (
    SELECT number, resource, item, action, max(correction) AS correction FROM {corrections} AS made
    GROUP BY 1, 2, 3, 4 HAVING count(replacement_id) > 0
) AS k ON k.number = 单号 AND k.resource = 资源 AND k.item = 目录项 AND k.action = 动作
"""


@dataclass(frozen=True)
class Adopted:
    """账上采用的一张工单：收件、哪天完成、工单号、哪个来源。"""

    received: int
    on: date
    order: str
    source: str


#: 一个动作里各张，采用的那张在头：先后、不是重的、完成晚的、工单号大的
_USED = """
first_value(id) OVER (
    PARTITION BY 单号, 资源, 目录项, 动作 ORDER BY rank, id <> twin, 完成日期 DESC, 工单号 COLLATE "C" DESC, id
)
"""


def _of(codes: Collection[str]) -> tuple[str, dict[str, Any]]:
    """这几个资源的 `ranked`，和它的参数；不用先 `countable.gather`，判得与它一样。"""
    held = [
        (code, span.provider, span.start.isoformat(), span.until.isoformat())
        for code, spans in owners(codes).items()
        for span in spans
    ]
    spans = (
        "unnest(%(held)s::text[], %(providers)s::bigint[], %(starts)s::text[], %(untils)s::text[])"
        " AS f (code, provider_id, start, until)"
    )
    others = foreign(spans, f"{OWNED} AND f.provider_id <> s.provider_id")
    # 门上不收首尾有空白的编号，照原样查用得上索引
    counted = f"r.payload->>'资源' = ANY(%(codes)s) AND {alive('r')} AND {garbled('r')} IS NULL AND NOT {others}"
    columns: list[list[object]] = [list(column) for column in zip(*held, strict=True)] or [[], [], [], []]
    params = {"codes": list(codes), **dict(zip(("held", "providers", "starts", "untils"), columns, strict=True))}
    return ranked(counted, f"({corrected('r.code = ANY(%(codes)s)')})"), params


def adopted(codes: Collection[str]) -> dict[Key, Adopted]:
    """这几个资源的各个动作，账上采用的是哪一张（同一先后有几张的，计量取完成最晚的）。照更正的、没有工单的不在里面。"""
    if not codes:
        return {}
    rows, params = _of(codes)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT ON (单号, 资源, 目录项, 动作) 单号, 资源, 目录项, 动作, j.id, 完成日期, 工单号, s.code"
            f" FROM ({rows}) AS j JOIN ledger_received AS r ON r.id = j.id"
            " JOIN ledger_source AS s ON s.id = r.source_id"
            " WHERE correction IS NULL AND rank = best AND j.id = twin AND 单号 IS NOT NULL"
            ' ORDER BY 单号, 资源, 目录项, 动作, 完成日期 DESC, 工单号 COLLATE "C" DESC, j.id',
            params,
        )
        return {
            (form, resource, item, action): Adopted(pk, date.fromisoformat(on), order, source)
            for form, resource, item, action, pk, on, order, source in cursor.fetchall()
        }


def days(facts: Iterable[Fact]) -> dict[int, Adopted]:
    """这几条事实（带资源、目录项、事项）里，账上照采用的工单起效的：事实 → 那张工单。

    不在里面的照台账记的日子：释放照审核日，更正过的照更正，导入的台账没有工单。
    """
    keyed = {
        (fact.case.number, fact.resource.code, fact.item.code, fact.action): fact.pk
        for fact in facts
        if fact.case and fact.action in (Action.ADD, Action.CHANGE)
    }
    found = adopted({resource for _, resource, _, _ in keyed})
    return {pk: found[key] for key, pk in keyed.items() if key in found}


def unordered(facts: Iterable[Fact], adopted_days: Mapping[int, Adopted]) -> set[int]:
    """这几条新增、变更（带 `corrects`）里，账上没有工单的：采用的那张更正走了、作废了。账上列为 D1，不计费。

    `adopted_days` 是 `days` 查出来的；更正过的照更正，导入的台账没有事项，都不在内。
    """
    moves = (one for one in facts if one.case_id and one.action in (Action.ADD, Action.CHANGE))
    return {one.pk for one in moves if one.pk not in adopted_days and not hasattr(one, "corrects")}


def passed_over(rows: Iterable[Received]) -> dict[int, str]:
    """这几件收件里没有采用的工单 → 为什么，账上照的是什么；与采用的数量、日期都相同的不算。"""
    wanted = {one.pk: one for one in rows if one.kind == "工单"}
    if not wanted:
        return {}
    query, params = _of({str(one.payload.get("资源", "")) for one in wanted.values()})
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH judged AS (SELECT *, {_USED} AS used FROM ({query}) AS j)"
            " SELECT o.id, o.used, o.correction FROM judged AS o JOIN judged AS u ON u.id = o.used"
            # 没有单号的几张，同一先后的都导出，按无单据（D2）各算各的
            " WHERE o.id = ANY(%(rows)s) AND (o.单号 IS NOT NULL OR o.rank <> o.best)"
            " AND (o.correction IS NOT NULL OR (o.数量, o.完成日期) IS DISTINCT FROM (u.数量, u.完成日期))",
            params | {"rows": list(wanted)},
        )
        found = cursor.fetchall()
    used = Received.objects.select_related("source").in_bulk({pk for _, pk, made in found if made is None})
    made = (
        Correction.objects.defer("content")
        .select_related("replacement")
        .in_bulk({pk for _, _, pk in found if pk is not None})
    )
    said = {
        pk: _corrected(wanted[pk].payload, made[correction]) if correction else f"没有采用：账上照 {_told(used[which])}"
        for pk, which, correction in found
    }
    return {pk: text for pk, text in said.items() if text}


def overruled(payloads: Mapping[int, Mapping[str, object]]) -> dict[int, str]:
    """收的这些工单里，动作已由区科创中心照证据更正过、内容又与更正的不同的：第几条 → 不采用，为什么。"""
    keyed = {number: keys_of(one) for number, one in payloads.items()}
    made = Correction.objects.filter(voided__resource__code__in={_said(one, "资源") for one in payloads.values()})
    made = made.exclude(voided__action=Action.RELEASE).exclude(voided__case=None).defer("content").order_by("pk")
    last: dict[Key, Correction] = {}
    changed: set[Key] = set()
    for one in made.select_related("replacement", "voided__case", "voided__resource", "voided__item"):
        fact = one.voided
        assert fact.case
        last[key := (fact.case.number, fact.resource.code, fact.item.code, fact.action)] = one
        changed |= {key} if one.replacement else set()
    found = {number: next((key for key in keys if key in changed), None) for number, keys in keyed.items()}
    said = {number: (key, _corrected(payloads[number], last[key])) for number, key in found.items() if key}
    return {number: f"{resource} {item} {text}" for number, ((_, resource, item, _), text) in said.items() if text}


def sent_elsewhere(source: Source, payloads: Mapping[int, Mapping[str, object]]) -> dict[int, str]:
    """要收的这些工单里，同一动作别的来源已经送过、账上采用着、数量或日期又不同的：第几条 → 收下以后照哪一张。

    台账更正过的由 `overruled` 说；更正自己原件的、没有单号的不算。
    """
    wanted = {number: one for number, one in payloads.items() if one.get("单号") and not one.get("更正")}
    found = adopted({_said(one, "资源") for one in wanted.values()})
    keyed = {number: next((found[key] for key in keys_of(one) if key in found), None) for number, one in wanted.items()}
    pks = {one.received for one in keyed.values() if one and one.source != source.code}
    used = Received.objects.select_related("source").in_bulk(pks)
    said = {}
    for number, adoption in keyed.items():
        kept = used.get(adoption.received) if adoption else None
        if kept is None or _figures(kept.payload) == _figures(wanted[number]):
            continue
        earlier = precedence(kept.source) <= precedence(source)
        then = "照它，这一张收下来不采用" if earlier else f"收下以后照这一张（先后是{PRECEDENCE}）"
        said[number] = f"同一动作 {_told(kept)}，账上现在{'' if earlier else '照它，'}{then}（R-052、R-075）"
    return said


def precedence(source: Source) -> int:
    """这个来源的先后，小的优先；同 `RANK`。"""
    return list(Channel).index(source.channel_kind)


def _figures(order: Mapping[str, object]) -> tuple[str, str]:
    return _said(order, "数量"), _said(order, "完成日期")


def _said(order: Mapping[str, object], name: str) -> str:
    """工单的一栏；老数据缺的是空的。"""
    return str(order.get(name) or "")


def keys_of(order: Mapping[str, object]) -> list[Key]:
    """一张工单说的是哪个动作：照写的单号，和去了“/服务商代码”的。"""
    form = str(order.get("单号") or "")
    forms = [form, form.rpartition("/")[0]] if "/" in form else [form]
    return [(one, _said(order, "资源"), _said(order, "目录项"), _said(order, "动作")) for one in forms]


def _told(one: Received) -> str:
    quantity = f"，数量 {one.payload['数量']}" if one.payload.get("数量") else ""
    return f"{one.source.code} 的 {one.payload['工单号']}：{one.payload['完成日期']} 完成{quantity}"


def _corrected(order: Mapping[str, object], made: Correction) -> str:
    """为什么照更正的；与更正的数量、日期都相同的是空串。"""
    new = made.replacement
    if new is None:
        return f"没有采用：区科创中心 {made.on} 照证据作废了这一动作：{made.reason}（R-075）"
    quantity = "" if new.quantity is None else f"{new.quantity.normalize():f}"
    if (str(order.get("数量") or ""), order.get("完成日期")) == (quantity, new.effective_on.isoformat()):
        return ""
    return (
        f"没有采用：区科创中心 {made.on} 已照证据更正这一动作，账上照更正的：{new.effective_on} 完成"
        f"{f'，数量 {quantity}' if quantity else ''}；理由：{made.reason}。不对的请连同证据向区科创中心提出（R-075）"
    )
