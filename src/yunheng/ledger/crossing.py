"""要收的用量，别的来源已经送过同一天的：预览时先说照哪一边，不等到计量才列为冲突（R-052、R-075）。只读。

先后照 `adopting.RANK` 一处；真正取哪一边在结算（`settlement.runs.paths`），区科创中心可以另定。
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from yunheng.tables.notes import Note, Outcome, told_rows

from .adopting import PRECEDENCE, precedence
from .countable import garbled
from .effective import alive
from .models import Channel, Source
from .receiving import CORRECTS

#: 说明里举几天作例子
_SAMPLES = 3
#: （资源, 目录项, 日期）
Key = tuple[str, str, str]


class _Sent(NamedTuple):
    """一天里一件算数的用量。"""

    source: int
    code: str
    rank: int
    reference: str
    amount: Decimal


def notes(source: Source, sheet: str, rows: Sequence[tuple[int, Mapping[str, object]]]) -> Iterator[Note]:
    """`rows` 是新收的用量（行号, 内容）；同一家别的来源送过的，照同样的说法合成一条。合计不等的要人点头。"""
    own: dict[Key, list[int]] = defaultdict(list)
    totals: dict[Key, Decimal] = defaultdict(Decimal)
    for number, row in rows:
        key = str(row["资源"]), str(row["目录项"]), str(row["日期"])
        own[key].append(number)
        totals[key] += Decimal(str(row["用量"]))
    replaced = {str(row[CORRECTS]) for _, row in rows if row.get(CORRECTS)}
    groups: dict[tuple[str, str, bool], list[Key]] = defaultdict(list)
    samples: dict[Key, str] = {}
    for key, sent in _sent(source, own).items():
        others: dict[str, Decimal] = defaultdict(Decimal)
        for one in sent:
            if one.source != source.pk:
                others[one.code] += one.amount
            elif one.reference not in replaced:
                totals[key] += one.amount
        if others:
            ranks = [(one.rank, one.source, one.code) for one in sent]
            *_, taken = min([*ranks, (precedence(source), source.pk, source.code)])
            equal = {*others.values()} == {totals[key]}
            groups["、".join(sorted(others)), taken, equal].append(key)
            shown = "、".join(f"{code} {total.normalize():f}" for code, total in sorted(others.items()))
            samples[key] = f"{' '.join(key)}：{shown}，{source.code} {totals[key].normalize():f}"
    for (codes, taken, equal), keys in groups.items():
        shown = "；".join(samples[key] for key in keys[:_SAMPLES])
        shown += f"，共 {len(keys):,} 天" if len(keys) > _SAMPLES else ""
        head = f"{codes} 已送过同一天的用量"
        text = (
            f"{head}，合计相等（{shown}）：不相加，只算一份（R-052）"
            if equal
            else f"{head}，合计不等（{shown}）：不相加，照{PRECEDENCE}的先后先取 {taken} 的，"
            "列为冲突的用量，照哪一边算由区科创中心在批次的收件里定（R-052、R-075）"
        )
        where = told_rows(number for key in keys for number in own[key])
        yield Note(Outcome.NAMED, where, text, sheet, doubtful=not equal)


def _sent(source: Source, keys: Collection[Key]) -> dict[Key, list[_Sent]]:
    """这几天里，同一家各来源算数而读得懂的用量；只有这一个来源送过用量的不用找。"""
    found: dict[Key, list[_Sent]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.id FROM ledger_source AS s WHERE s.provider_id = %s AND EXISTS"
            " (SELECT FROM ledger_received AS r WHERE r.source_id = s.id AND r.kind = '用量')",
            [source.provider_id],
        )
        sources = [pk for (pk,) in cursor.fetchall()]
        if not set(sources) - {source.pk}:
            return found
        # 用量没有照资源的索引，照来源和种类找；只在按文件导入的预览里查，接口不查
        cursor.execute(
            "SELECT r.payload->>'资源', r.payload->>'目录项', r.payload->>'日期', s.id, s.code, s.channel,"
            " r.source_ref, (r.payload->>'用量')::numeric"
            " FROM ledger_received AS r JOIN ledger_source AS s ON s.id = r.source_id"
            " WHERE r.source_id = ANY(%s) AND r.kind = '用量' AND r.payload->>'资源' = ANY(%s)"
            f" AND r.payload->>'日期' = ANY(%s) AND {alive('r')} AND {garbled('r')} IS NULL",
            [sources, list({resource for resource, _, _ in keys}), list({day for _, _, day in keys})],
        )
        for resource, item, day, pk, code, channel, reference, amount in cursor.fetchall():
            if (key := (resource, item, day)) in keys:
                found[key].append(_Sent(pk, code, list(Channel).index(Channel(channel)), reference, amount))
    return found
