"""冻结以后又到的平台数据：冻结的批次没有读到的、会改变那一年结果的收件，一共几件，影响估计多少（R-052、R-083）。

账不动，走补差。读没读到，看批次存的是读到第几号收件、其间缺哪几号，不看时刻：先取号后提交的，时刻可以更早。
没有存过的老批次，从它的数据包比内容。往后收的隔一会儿查一遍，查到哪里记着，页面上只数还没有查到的那一点。
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from yunheng.audit.append_only import newest
from yunheng.ledger import gaps, marks
from yunheng.ledger.adopting import RANK
from yunheng.ledger.countable import OUTSIDE, disordered, garbled
from yunheng.ledger.effective import alive
from yunheng.ledger.marks import Mark
from yunheng.ledger.models import Disposal, Received
from yunheng.rules import periods
from yunheng.settlement.models import ESTIMATE, Freeze, Late, LateEstimate, LateScan, LogGap, Run, RunFile, RunOrder
from yunheng.settlement.queries import frozen
from yunheng.settlement.runs import staleness
from yunheng.settlement.runs.running import PACKAGE


def _concerns(row: str) -> str:
    """会改变那一年的结果：用量看用量日；工单完成以后一直有用，年末以前完成的都算，年末以后才完成的，
    同一资源、目录项、动作有一张年末以前完成的也算（先后靠前的会盖掉它）；日志几段并成最早首见、最晚末见，
    那一年有时间线的资源哪一天的日志都算，没有的看首见到末见。
    """
    resource = f"{row}.payload->>'资源'"
    return (
        f"CASE {row}.kind WHEN '用量' THEN {row}.payload->>'日期' >= %(first)s AND {row}.payload->>'日期' < %(until)s"
        f" WHEN '工单' THEN {row}.payload->>'完成日期' < %(until)s OR EXISTS ("
        f"SELECT FROM ledger_received AS same WHERE same.kind = '工单' AND same.payload->>'资源' = {resource}"
        f" AND same.payload->>'目录项' = {row}.payload->>'目录项' AND same.payload->>'动作' = {row}.payload->>'动作'"
        f" AND same.payload->>'完成日期' < %(until)s)"
        f" ELSE {row}.payload->>'首见日期' < %(until)s AND {row}.payload->>'末见日期' >= %(first)s"
        f" OR EXISTS (SELECT FROM ledger_segment AS g JOIN ledger_resource AS h ON h.id = g.resource_id"
        f" WHERE h.code = {resource} AND g.during && daterange(%(first)s::date, %(until)s::date))"
        f" OR EXISTS (SELECT FROM ledger_received AS made WHERE made.kind = '工单'"
        f" AND made.payload->>'资源' = {resource} AND made.payload->>'完成日期' < %(until)s) END"
    )


#: 日志常常从头到今天再送一遍：那一年的日子以前都收到过的，没有新东西，不算；更正总算。更正了、作废了的不算收到过
_NOVEL = f"""
(r.kind <> '日志' OR r.corrects_id IS NOT NULL OR NOT EXISTS (
    SELECT FROM (
        SELECT min(q.payload->>'首见日期') AS began, max(q.payload->>'末见日期') AS ended FROM ledger_received AS q
        WHERE q.kind = '日志' AND q.payload->>'资源' = r.payload->>'资源' AND q.id < r.id AND {alive("q")}
    ) AS known
    WHERE known.began <= r.payload->>'首见日期' AND known.ended >= least(r.payload->>'末见日期', %(last)s)
))
"""


def _fresh(unread: str, *, novel: bool = True) -> str:
    """`%(upto)s` 号以后收的、没有读到的、会改变那一年结果的；更正了那一年的也算。`novel` 是没有新日子的日志不算。"""
    return f"""
    SELECT r.id FROM ledger_received AS r JOIN ledger_source AS s ON s.id = r.source_id
    LEFT JOIN ledger_received AS o ON o.id = r.corrects_id
    WHERE r.id > %(upto)s AND {unread} AND {OUTSIDE}
        AND ({_concerns("r")} OR o.id IS NOT NULL AND {_concerns("o")}) AND {_NOVEL if novel else "true"}
    """


#: 老批次：数据包里没有的内容。用量逐条比；一天里这个来源的合计与包里的、或与当时列为冲突的合计相同的，当时就有。
#: 工单只看采用的，日志只看带来新日子的
_UNPACKED = f"""
WITH used AS (
    SELECT r.id, r.source_id, r.payload->>'资源' AS resource, r.payload->>'目录项' AS item, r.payload->>'日期' AS day,
        (r.payload->>'用量')::numeric AS amount
    FROM ledger_received AS r JOIN ledger_source AS s ON s.id = r.source_id
    WHERE r.kind = '用量' AND {alive("r")} AND {garbled("r")} IS NULL AND {OUTSIDE} AND {_concerns("r")}
), counted AS (
    SELECT *, row_number() OVER (PARTITION BY resource, item, day, amount ORDER BY id) AS nth,
        sum(amount) OVER (PARTITION BY resource, item, day, source_id) AS total FROM used
), packed AS (
    SELECT resource, item, day, amount, count(*) AS times FROM late_usage GROUP BY 1, 2, 3, 4
), added AS (
    SELECT resource, item, day, sum(amount) AS total FROM late_usage GROUP BY 1, 2, 3
), orders AS (
    SELECT r.id, r.payload, {RANK} AS rank,
        min({RANK}) OVER (PARTITION BY r.payload->>'单号', r.payload->>'资源', r.payload->>'目录项', r.payload->>'动作')
            AS best, {OUTSIDE} AS outside
    FROM ledger_received AS r JOIN ledger_source AS s ON s.id = r.source_id
    WHERE r.kind = '工单' AND {alive("r")} AND {garbled("r")} IS NULL AND {_concerns("r")}
)
SELECT c.id FROM counted AS c
LEFT JOIN packed AS p USING (resource, item, day, amount)
LEFT JOIN added AS a USING (resource, item, day)
WHERE c.nth > coalesce(p.times, 0) AND c.total IS DISTINCT FROM a.total AND NOT EXISTS (
    SELECT FROM settlement_contested AS v JOIN ledger_source AS s ON s.id = c.source_id
    WHERE v.run_id = %(run)s AND v.resource = c.resource AND v.item = c.item AND v.used_on::text = c.day
        AND (v.totals->>s.code)::numeric = c.total
)
UNION ALL
SELECT o.id FROM orders AS o
WHERE o.outside AND o.rank = o.best AND NOT EXISTS (
    SELECT FROM late_orders AS p WHERE p.resource = o.payload->>'资源' AND p.item = o.payload->>'目录项'
        AND p.action = o.payload->>'动作' AND p.quantity = coalesce(o.payload->>'数量', '')
        AND p.done = o.payload->>'完成日期'
)
UNION ALL
SELECT r.id FROM ledger_received AS r JOIN ledger_source AS s ON s.id = r.source_id
LEFT JOIN late_logs AS l ON l.resource = r.payload->>'资源'
WHERE r.kind = '日志' AND {alive("r")} AND {garbled("r")} IS NULL AND NOT ({disordered("r")})
    AND {OUTSIDE} AND {_concerns("r")}
    AND NOT coalesce(
        l.began <= r.payload->>'首见日期' AND l.ended >= least(r.payload->>'末见日期', %(last)s), false
    )
"""


def scan(run: Run) -> int:
    """把上次以后晚到的列进来，返回新列几件。同一批次的两次排着队来。"""
    with transaction.atomic():
        LateScan.objects.get_or_create(run=run, defaults={"upto": -1})
        done = LateScan.objects.select_for_update().get(run=run)
        upto = marks.settled()
        if done.upto == -1 and not run.read.get("收件"):
            found = _unpacked(run)
        else:
            found = _found(_fresh(_unread(run)), _params(run) | {"upto": max(done.upto, _floor(run))})
        made = Late.objects.bulk_create(
            (Late(run=run, received_id=pk) for pk in found), ignore_conflicts=True, batch_size=5000
        )
        done.upto = upto
        done.save()
        return len(made)


def arrived(run: Run) -> set[int] | None:
    """还没有查到而已经到了的；老批次一次都没有查过为 None。"""
    done = LateScan.objects.filter(run=run).first()
    if done is None and not run.read.get("收件"):
        return None
    upto = max(done.upto if done else -1, _floor(run))
    return set(_found(_fresh(_unread(run)), _params(run) | {"upto": upto}))


def unread(run: Run, *, novel: bool = False) -> set[int]:
    """批次没有读到、会改变那一年结果的收件，不论冻没冻结；没有存过读到哪里的老批次，从它的数据包比内容，要在一个事务里。

    `novel` 是没有新日子的日志不算。
    """
    if not run.read.get("收件"):
        return set(_unpacked(run))
    return set(_found(_fresh(_unread(run), novel=novel), _params(run) | {"upto": _floor(run)}))


def _unread(run: Run) -> str:
    return Mark.of(run.read["收件"]).unread("r") if run.read.get("收件") else "true"


def _floor(run: Run) -> int:
    return Mark.of(run.read["收件"]).floor if run.read.get("收件") else -1


def _params(run: Run) -> dict[str, Any]:
    until = periods.year_end(run.service_year)
    return {
        "run": run.pk,
        "first": periods.service_year(run.service_year).start.isoformat(),
        "until": until.isoformat(),
        "last": (until - timedelta(days=1)).isoformat(),
    }


def _found(query: str, params: Mapping[str, Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, dict(params))
        return [pk for (pk,) in cursor.fetchall()]


def _unpacked(run: Run) -> list[int]:
    """老批次：它的数据包放进临时表，与收件比内容。"""
    params = _params(run)
    with (
        connection.cursor() as cursor,
        staleness.packed(BytesIO(RunFile.objects.get(run=run, name=PACKAGE).content)) as rows,
    ):
        cursor.execute("DROP TABLE IF EXISTS late_usage, late_orders, late_logs")
        cursor.execute(
            "CREATE TEMP TABLE late_usage (resource text, item text, day text, amount numeric) ON COMMIT DROP"
        )
        cursor.execute(
            "CREATE TEMP TABLE late_orders (resource text, item text, action text, quantity text, done text)"
            " ON COMMIT DROP"
        )
        cursor.execute("CREATE TEMP TABLE late_logs (resource text, began text, ended text) ON COMMIT DROP")
        with cursor.copy("COPY late_usage FROM STDIN") as copy:
            for row in rows(staleness.USAGE):
                if params["first"] <= row[2] < params["until"]:
                    copy.write_row(row)
        with cursor.copy("COPY late_orders FROM STDIN") as copy:
            for row in rows(staleness.ORDERS):
                copy.write_row(row[2:])
        with cursor.copy("COPY late_logs FROM STDIN") as copy:
            for row in rows(staleness.LOGS):
                copy.write_row(row)
        for table in ("late_usage", "late_orders", "late_logs"):
            cursor.execute(f"ANALYZE {table}")
    return _found(_UNPACKED, params)


# ── 给人看的 ──


@dataclass(frozen=True)
class Standing:
    """一个冻结的年度：晚到几件（老批次还没有查过为 None），最近的估计，正在排队的估算，估算以后又变了什么。"""

    year: int
    run: Run
    count: int | None
    estimate: LateEstimate | None
    order: RunOrder | None
    stale: str

    @property
    def text(self) -> str:
        """一句话：又收到几件，影响多少，走补差。"""
        if self.count is None:
            return "冻结以后又收到多少平台数据还没有查，稍后自动查"
        return f"冻结以后又收到 {self.count:,} 件，影响{self._effect()}，走补差"

    def _effect(self) -> str:
        if self.order:
            nth = f"，第 {self.order.attempts} 次" if self.order.attempts > 1 else ""
            return f"正在估算（{self.order.step}{nth}）"
        if self.estimate is None:
            return "还没有估算"
        words = (
            f"算不出：{self.estimate.reason}"
            if self.estimate.amount is None
            else f"估计 {self.estimate.amount:,.2f} 元"
        )
        return f"{words}（{self.stale}）" if self.stale else words


def waiting(year: int) -> QuerySet[RunOrder]:
    """这一年排着队、正在办的估算。"""
    return RunOrder.objects.filter(service_year=year, kind=ESTIMATE, run=None, problems=[]).order_by("pk")


def standing(year: int, known: Mapping[int, Freeze] | None = None) -> Standing | None:
    """这一年冻结以后晚到的；没有冻结、没有晚到的为 None。`known` 见 `queries.frozen`。"""
    freeze = frozen(year, known)
    if freeze is None:
        return None
    run = freeze.run
    more = arrived(run)
    count = None if more is None else Late.objects.filter(run=run).exclude(received__in=more).count() + len(more)
    estimate = newest(LateEstimate.objects.filter(run=run))
    order = waiting(year).first()
    if count == 0:
        return None
    return Standing(year, run, count, estimate, order, _stale(run, count or 0, estimate))


def _stale(run: Run, count: int, estimate: LateEstimate | None) -> str:
    if estimate is None:
        return ""
    if count > estimate.count:
        return f"估算以后又收到 {count - estimate.count:,} 件，没有算进去"
    if handled(run) != estimate.handled:
        return "估算以后又处理过其中的收件，没有算进去"
    return ""


def handled(run: Run) -> int:
    """晚到的收件一共处理过几次。"""
    return Disposal.objects.filter(received__in=Late.objects.filter(run=run).values("received")).count()


def bridged(run: Run | None, found: Collection[int] | None = None) -> list[gaps.Gap]:
    """又到的日志使哪些资源的日志中间断着（批次里没有这样断的）：断的日子会当作一直看得见，D7 就不报了（R-075）。

    又到的是 `found`，不写是这个冻结的批次晚到的；年度里的日子才算。
    """
    if run is None:
        return []
    if found is None:
        found = {*Late.objects.filter(run=run).values_list("received", flat=True), *(arrived(run) or ())}
    logs = Received.objects.filter(pk__in=found, kind=gaps.LOG)
    codes = {str(code) for code in logs.values_list("payload__资源", flat=True)}
    known = {
        (one.resource, one.number, one.last_on, one.next_on)
        for one in LogGap.objects.filter(run=run.base_id or run.pk, resource__in=codes)
    }
    first, until = periods.service_year(run.service_year).start, periods.year_end(run.service_year)
    return [
        one
        for one in gaps.among(codes, first, until)
        if (one.resource, one.number, one.last_on, one.next_on) not in known
    ]


def listed(run: Run, limit: int, offset: int) -> list[Received]:
    """晚到的收件，新收的在前。"""
    more = arrived(run) or set()
    known = Late.objects.filter(run=run).values("received")
    rows = Received.objects.filter(pk__in=known) | Received.objects.filter(pk__in=more)
    return list(rows.select_related("source__provider", "corrects").order_by("-pk")[offset : offset + limit])
