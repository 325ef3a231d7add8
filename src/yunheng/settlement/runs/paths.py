"""同一（资源, 目录项, 日）的用量从几个来源都送来了：不相加，取一个来源的全部，别的列为冲突（R-052、R-075）。

同一来源一天送几条的照数据包的规矩相加。先后是接口、文件、补录、回执，同一条路的看谁先登记；几边合计相等的自动了结；
不等的由区科创中心定取哪一边，定过以后哪一边又有新数，重新列出。几百万条也算得动，所以都在数据库里做。
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from yunheng.ledger import countable
from yunheng.ledger.adopting import RANK
from yunheng.ledger.countable import cell, included
from yunheng.rules.periods import service_year, year_end

#: 有两个以上来源的那些天：各来源的合计（来源 → 合计），照定过的、照先后取的是哪个来源，相不相等，定没定过
_CONTESTED = f"""
CREATE TEMP TABLE package_contested ON COMMIT DROP AS
WITH totals AS (
    SELECT {cell("r", "资源")} AS resource, {cell("r", "目录项")} AS item, {cell("r", "日期")} AS day, r.source_id,
        sum(({cell("r", "用量")})::numeric) AS total
    FROM ledger_received AS r
    WHERE r.kind = '用量' AND {included("r")}
    GROUP BY 1, 2, 3, 4
), several AS (
    SELECT t.resource, t.item, t.day, jsonb_object_agg(s.code, t.total) AS totals,
        count(DISTINCT t.total) = 1 AS equal, (array_agg(t.source_id ORDER BY {RANK}, s.id))[1] AS first
    FROM totals AS t JOIN ledger_source AS s ON s.id = t.source_id
    GROUP BY 1, 2, 3 HAVING count(*) > 1
)
SELECT v.resource, v.item, v.day::date AS day, v.totals, v.equal, c.id IS NOT NULL AS chosen,
    coalesce(c.source_id, v.first) AS source_id
FROM several AS v
LEFT JOIN LATERAL (
    SELECT c.id, c.source_id FROM settlement_pathchoice AS c
    WHERE c.resource = v.resource AND c.item = v.item AND c.used_on = v.day::date AND c.totals = v.totals
    ORDER BY c.id DESC LIMIT 1
) AS c ON true
"""


def gather() -> None:
    """把几条路都送了的那些天放进临时表，供导出和批次读；要在一个事务里。只有一个来源送过用量的不用找。

    先判哪些收件计得进（`countable.gather`）：下面各表都照它。
    """
    countable.gather()
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS package_contested")
        cursor.execute(
            "SELECT count(*) FROM ledger_source AS s WHERE EXISTS"
            " (SELECT FROM ledger_received AS r WHERE r.source_id = s.id AND r.kind = '用量')"
        )
        single = int(cursor.fetchone()[0]) < 2
        cursor.execute(_CONTESTED + ("WITH NO DATA" if single else ""))
        cursor.execute("ANALYZE package_contested")


def taken(row: str) -> str:
    """一段 SQL 条件：这一件用量是那一天要取的来源送的，或那一天只有一个来源；要先 `gather`。"""
    return (
        f"NOT EXISTS (SELECT FROM package_contested AS v WHERE v.resource = {cell(row, '资源')}"
        f" AND v.item = {cell(row, '目录项')} AND v.day::text = {cell(row, '日期')}"
        f" AND v.source_id <> {row}.source_id)"
    )


@dataclass(frozen=True)
class Unequal:
    """几个来源合计不等的一天：取的是哪个来源，是不是区科创中心定的。"""

    day: date
    source: str
    chosen: bool


def unequal(first: date, until: date) -> dict[tuple[str, str], list[Unequal]]:
    """`[first, until)` 里合计不等的各天：（资源, 目录项）→ 各天；要在 `gather` 以后。"""
    found = defaultdict[tuple[str, str], list[Unequal]](list)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT v.resource, v.item, v.day, s.code, v.chosen FROM package_contested AS v"
            " JOIN ledger_source AS s ON s.id = v.source_id"
            " WHERE NOT v.equal AND v.day >= %s AND v.day < %s ORDER BY 1, 2, 3",
            [first, until],
        )
        for resource, item, *rest in cursor.fetchall():
            found[resource, item].append(Unequal(*rest))
    return found


@dataclass(frozen=True)
class Leftover:
    """一次导出没有照收的：几个来源合计不等的那些天，和进不了数据包的收件（主键、为什么）。"""

    contested: tuple[dict[str, Any], ...]
    uncounted: tuple[tuple[int, str], ...]


def leftover(year: int) -> Leftover:
    """这一服务年度的；要在导出的那个事务里，`gather` 以后。"""
    span = [service_year(year).start, year_end(year)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT resource, item, day, totals, source_id, chosen FROM package_contested"
            " WHERE NOT equal AND day >= %s AND day < %s ORDER BY resource, item, day",
            span,
        )
        names = ("resource", "item", "used_on", "totals", "source_id", "chosen")
        contested = tuple(
            {**dict(zip(names, row, strict=True)), "totals": json.loads(row[3])} for row in cursor.fetchall()
        )
    return Leftover(contested, tuple(countable.uncounted(*(one.isoformat() for one in span))))
