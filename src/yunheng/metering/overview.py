"""概况：结算方案要写、而 结算.json 里没有的数，都从列式引擎的中间表里数出来。"""

from __future__ import annotations

from dataclasses import dataclass

from yunheng.metering.engine import Settlement
from yunheng.metering.reading import Package


@dataclass(frozen=True)
class Scale:
    """某服务商的上云规模。

    `resources` 期内在用过的资源数，`in_use` 期末仍在用，`released` 期内全部释放；
    `trials` 期内有过测试期的新增数（按资源、目录项），`on_trial` 期末仍在测试期。
    """

    resources: int
    in_use: int
    released: int
    trials: int
    on_trial: int


_SCALE = """
WITH held AS (
  SELECT f.provider_no, g.timeline_no // 1048576 AS resource_no, max(g.until) >= min(run.period_until) AS kept
  FROM segments AS g CROSS JOIN run JOIN forms AS f ON f.form_no = g.form_no
  WHERE g.start < run.period_until AND g.until > run.period_start
  GROUP BY 1, 2
), trials AS (
  SELECT f.provider_no, c.charge_from >= run.period_until AND EXISTS (
    SELECT 1 FROM segments AS g WHERE g.timeline_no = c.timeline_no AND g.spell = c.spell
    AND g.start < run.period_until AND g.until >= run.period_until) AS ongoing
  FROM charged_spells AS c CROSS JOIN run
  JOIN spells AS s ON s.timeline_no = c.timeline_no AND s.spell = c.spell
  JOIN forms AS f ON f.form_no = s.form_no
  WHERE c.charge_from > c.start AND c.start < run.period_until AND c.charge_from > run.period_start
)
SELECT p.provider,
  (SELECT count(*) FROM held AS h WHERE h.provider_no = p.provider_no),
  (SELECT count(*) FROM held AS h WHERE h.provider_no = p.provider_no AND h.kept),
  (SELECT count(*) FROM trials AS t WHERE t.provider_no = p.provider_no),
  (SELECT count(*) FROM trials AS t WHERE t.provider_no = p.provider_no AND t.ongoing)
FROM providers AS p ORDER BY p.provider_no
"""


def scale(settlement: Settlement) -> dict[str, Scale]:
    """各服务商的上云规模。"""
    return {
        provider: Scale(resources, in_use, resources - in_use, trials, on_trial)
        for provider, resources, in_use, trials, on_trial in settlement.connection.execute(_SCALE).fetchall()
    }


_MONTHLY = """
WITH months AS (
  SELECT CAST(m AS DATE) AS month, CAST(m + INTERVAL 1 MONTH AS DATE) AS following
  FROM run, range(period_start, period_until, INTERVAL 1 MONTH) AS t(m)
), parts AS (
  SELECT p.provider, s.fen, greatest(s.start, m.month) AS start, least(s.until, m.following) AS until, s.start AS first,
    date_diff('day', s.start, s.until) AS span, m.month
  FROM ranked AS s JOIN months AS m ON m.month < s.until AND s.start < m.following
  JOIN providers AS p ON p.provider_no = s.provider_no
  WHERE s.payer = 'unified' AND NOT s.disputed
)
SELECT provider, strftime(month, '%Y-%m'), CAST(sum(
  fen * date_diff('day', first, until) // span - fen * date_diff('day', first, start) // span) AS BIGINT)
FROM parts GROUP BY 1, 2 ORDER BY 1, 2
"""


def monthly(settlement: Settlement) -> list[tuple[str, str, int]]:
    """（服务商, 月, 分）：统一支付的账目（扣减前，不含待核）按天摊到各月，逐月之和等于这一条；只供看走势，不是另算。"""
    return settlement.connection.execute(_MONTHLY).fetchall()


def table_rows(package: Package, table: str, *columns: str) -> list[tuple[str | None, ...]]:
    """数据包一张表的几列，照表里的顺序；空单元格为 None。"""
    names = ", ".join(f'"{column}"' for column in columns)
    return package.connection.execute(f'SELECT {names} FROM "raw_{table}"').fetchall()


def row_counts(package: Package, tables: tuple[str, ...]) -> dict[str, int]:
    """数据包各表的行数（不含表头和空行）。"""
    counts = {}
    for table in tables:
        row = package.connection.execute(f'SELECT count(*) FROM "raw_{table}"').fetchone()
        counts[table] = int(row[0]) if row else 0
    return counts
