"""平台日志中间断过：同一资源的两段日志之间，看不见的日子多于提前消失（D7）的容差（R-052、R-075）。

数据包的“日志”一个资源一行，取最早的首见、最晚的末见：断过的几段并成一段，看不见的日子也当作一直看得见，提前消失就不报了。
算法照数据包格式，不改；断过的在批次、差异、又收到的各页点名，收的时候提醒送件的。找断档只在这一处，在数据库里做。
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from yunheng.metering.format import MANIFEST_VERSION
from yunheng.metering.frozen import NUMBERS

from .countable import cell, disordered, garbled, included
from .effective import alive
from .matching import Payload, days
from .models import Source

LOG = "日志"
#: 中间看不见的日子多于这么多才算断过，同 D7 的容差
TOLERANCE = NUMBERS[MANIFEST_VERSION].tolerance_days
_SPAN = f"{cell('r', '资源')} AS code, {cell('r', '首见日期')} AS began, {cell('r', '末见日期')} AS ended"
#: 算数的日志，门上已经判过写法的；不用先 `countable.gather`
_READABLE = f"r.kind = '{LOG}' AND {alive('r')} AND {garbled('r')} IS NULL AND NOT ({disordered('r')})"


def _broken(spans: str) -> str:
    """一段 SQL：`spans` 是各段日志（code、began、ended），返回各处断档：断以前最后看见哪天，哪天又看见。"""
    return f"""
SELECT code, seen AS last_on, began AS next_on FROM (
    SELECT code, began, max(ended) OVER (
        PARTITION BY code ORDER BY began, ended ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS seen
    FROM ({spans}) AS every
) AS following
WHERE seen IS NOT NULL AND began::date - seen::date - 1 > {TOLERANCE}
"""


def _within(spans: str) -> str:
    """一段 SQL：断在 `[%(first)s, %(until)s)` 里的，一个资源一行：几处，这期间几天，最长的一处。"""
    return f"""
SELECT code, count(*),
    sum(least(next_on::date, %(until)s::date) - greatest(last_on::date + 1, %(first)s::date)),
    (array_agg(last_on ORDER BY next_on::date - last_on::date DESC, last_on))[1]::date,
    (array_agg(next_on ORDER BY next_on::date - last_on::date DESC, last_on))[1]::date
FROM ({_broken(spans)}) AS broken
WHERE next_on::date > %(first)s::date AND last_on::date + 1 < %(until)s::date
GROUP BY 1 ORDER BY 1
"""


@dataclass(frozen=True)
class Gap:
    """一个资源的日志在一段期间里断过：几处，一共几天没有看见，最长的一处断以前最后看见哪天、哪天又看见。"""

    resource: str
    number: int
    days: int
    last_on: date
    next_on: date


def during(first: date, until: date) -> list[Gap]:
    """断在 `[first, until)` 里的，只看导出照收的日志；要在导出的事务里，`countable.gather` 以后。"""
    return _found(
        f"SELECT {_SPAN} FROM ledger_received AS r WHERE r.kind = '{LOG}' AND {included('r')}", first, until, {}
    )


def among(codes: Collection[str], first: date, until: date) -> list[Gap]:
    """这几个资源现在的日志断在 `[first, until)` 里的。"""
    if not codes:
        return []
    spans = f"SELECT {_SPAN} FROM ledger_received AS r WHERE r.payload->>'资源' = ANY(%(codes)s) AND {_READABLE}"
    return _found(spans, first, until, {"codes": list(codes)})


def _found(spans: str, first: date, until: date, params: Mapping[str, Any]) -> list[Gap]:
    with connection.cursor() as cursor:
        cursor.execute(_within(spans), {"first": first, "until": until, **params})
        return [Gap(*row) for row in cursor.fetchall()]


#: 新来的各段与收过的各段放在一起找断档，只要新来的那一段是一头的
_TOLD = f"""
WITH fresh AS (
    SELECT * FROM unnest(%(numbers)s::int[], %(codes)s::text[], %(begans)s::text[], %(endeds)s::text[])
        AS one (number, code, began, ended)
), broken AS (
    {
    _broken(f'''SELECT code, began, ended FROM fresh UNION ALL SELECT {_SPAN} FROM ledger_received AS r
    WHERE r.payload->>'资源' = ANY(%(codes)s) AND {_READABLE}
        AND NOT (r.source_id = %(source)s AND r.source_ref = ANY(%(corrected)s))''')
}
)
SELECT number, last_on::date, next_on::date, began = next_on FROM fresh
JOIN broken USING (code) WHERE began = next_on OR ended = last_on ORDER BY number, last_on
"""


def told(source: Source, kind: str, items: Mapping[int, Payload]) -> dict[int, str]:
    """收的这一批日志里，与同一资源的另一段（收过的、这一批里的）断开了的：第几条 → 隔了几天，一句话。

    被这一批更正的不算收过；首见晚于末见、没有写日子的另有话说，不看。
    """
    if kind != LOG:
        return {}
    fresh = [(number, one, said) for number, one in items.items() if (said := days(kind, one)) and said[0] <= said[1]]
    if not fresh:
        return {}
    params: dict[str, Any] = {
        "numbers": [number for number, _, _ in fresh],
        "codes": [str(one.get("资源", "")) for _, one, _ in fresh],
        "begans": [first.isoformat() for _, _, (first, _) in fresh],
        "endeds": [last.isoformat() for _, _, (_, last) in fresh],
        "source": source.pk,
        "corrected": [str(one["更正"]) for one in items.values() if one.get("更正")],
    }
    found: dict[int, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, params)
        for number, last, following, after in cursor.fetchall():
            away = (following - last).days - 1
            text = f"与上一段（{last} 末见）隔了 {away} 天" if after else f"与下一段（{following} 首见）隔了 {away} 天"
            found.setdefault(number, []).append(text)
    return {
        number: f"资源 {items[number].get('资源', '')} 的日志{'，'.join(dict.fromkeys(each))}没有看见；"
        "照收，几段并成最早首见、最晚末见，中间的日子账上当作一直看得见：不是的请更正（R-052、R-075）"
        for number, each in found.items()
    }
