"""几件收件说到的用量、日志，现在会导出成什么：只看这几处，不把几百万条都读出来（R-052）。"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import connection

from yunheng.ledger.countable import cell, included
from yunheng.settlement.runs import paths

#: （资源, 目录项, 日期）
Day = tuple[str, str, str]

_USAGE = f"""
WITH touched AS (
    SELECT {cell("r", "资源")} AS resource, {cell("r", "目录项")} AS item, {cell("r", "日期")} AS day
    FROM ledger_received AS r WHERE r.kind = '用量' AND r.id IN (SELECT pk FROM touched_received)
    UNION SELECT resource, item, used_on::text FROM settlement_pathchoice WHERE %(chosen)s
)
SELECT t.resource, t.item, t.day, coalesce(trim_scale(n.total)::text, '')
FROM touched AS t LEFT JOIN (
    SELECT {cell("r", "资源")} AS resource, {cell("r", "目录项")} AS item, {cell("r", "日期")} AS day,
        sum(({cell("r", "用量")})::numeric) AS total
    FROM ledger_received AS r
    WHERE r.kind = '用量' AND {included("r")} AND {paths.taken("r")}
        AND EXISTS (
            SELECT FROM touched AS t WHERE t.resource = {cell("r", "资源")} AND t.item = {cell("r", "目录项")}
                AND t.day = {cell("r", "日期")}
        )
    GROUP BY 1, 2, 3
) AS n USING (resource, item, day)
WHERE t.day >= %(first)s AND t.day < %(until)s
"""
_LOGS = f"""
WITH touched AS (
    SELECT DISTINCT {cell("r", "资源")} AS resource FROM ledger_received AS r
    WHERE r.kind = '日志' AND r.id IN (SELECT pk FROM touched_received)
)
SELECT t.resource, coalesce(n.first, ''), coalesce(n.last, '')
FROM touched AS t LEFT JOIN (
    SELECT {cell("r", "资源")} AS resource, min({cell("r", "首见日期")}) AS first, max({cell("r", "末见日期")}) AS last
    FROM ledger_received AS r
    WHERE r.kind = '日志' AND {included("r")} AND {cell("r", "资源")} IN (SELECT resource FROM touched)
    GROUP BY 1
) AS n USING (resource)
"""


def gather(query: str, params: Mapping[str, Any]) -> None:
    """要看的是哪几件：`query` 给出主键。放进临时表，要在一个事务里，`paths.gather` 以后。"""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS touched_received")
        cursor.execute(
            f"CREATE TEMP TABLE touched_received ON COMMIT DROP AS SELECT pk FROM ({query}) AS one (pk)", params
        )
        cursor.execute("ANALYZE touched_received")


def usage(first: str, until: str, *, chosen: bool = False) -> dict[Day, str]:
    """说到的各天 `[first, until)` 现在的合计，没有导出的为空；`chosen` 是连定过取哪一边的各天。"""
    with connection.cursor() as cursor:
        cursor.execute(_USAGE, {"first": first, "until": until, "chosen": chosen})
        return {(resource, item, day): total for resource, item, day, total in cursor.fetchall()}


def logs() -> dict[str, tuple[str, str]]:
    """说到的各资源现在的首见、末见，没有导出的为空。"""
    with connection.cursor() as cursor:
        cursor.execute(_LOGS)
        return {resource: (began, ended) for resource, began, ended in cursor.fetchall()}
