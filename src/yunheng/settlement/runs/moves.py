"""数据包的单据、单据明细、工单：哪些审核通过了，各动了哪些资源，分属哪家服务商。

几百万行也要导得出，所以明细和工单在数据库里并好了直接读成 CSV；一件事项一次的判断在这里。
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from django.db import connection

from yunheng.applications import receipts
from yunheng.applications.claiming import LATEST_FILINGS
from yunheng.applications.models import Filing
from yunheng.cases.models import Case
from yunheng.cases.queries import position
from yunheng.ledger.adopting import corrected, ranked
from yunheng.ledger.countable import MOST, included
from yunheng.ledger.sequencing import register_reviews
from yunheng.metering.format import WHITE_SPACE
from yunheng.metering.writing import Chunks
from yunheng.rules.procedures import AMEND, FORMS
from yunheng.settlement.runs.copying import copied

BACKFILL = "backfill"
#: 过了这一步之前的全部审核，才轮到服务商动手：第一次到这一步的日子就是审核通过日
_APPROVED = "deliver"

#: 各事项的动作：记进台账的（作废了的不算），和补录的单据上写的（更正了的照更正的）。
#: `reviewed` 只有更正了的释放才有：停止计费的日子变了，审核日期就不是单据上的那天
_MOVES = f"""
CREATE TEMP TABLE package_moves ON COMMIT DROP AS
SELECT f.case_id, f.id AS seq, r.code AS resource, i.code AS item, f.action,
    trim_scale(f.quantity)::text AS quantity,
    CASE WHEN f.action = '释放' AND x.id IS NOT NULL THEN f.effective_on - %s END AS reviewed
FROM ledger_fact AS f
LEFT JOIN ledger_correction AS x ON x.replacement_id = f.id
JOIN cases_case AS c ON c.id = f.case_id AND (c.procedure = ANY(%s) OR c.procedure = %s AND x.id IS NOT NULL)
JOIN ledger_resource AS r ON r.id = f.resource_id
JOIN catalog_item AS i ON i.id = f.item_id
WHERE f.action <> '作废' AND NOT EXISTS (SELECT FROM ledger_fact AS v WHERE v.voids_id = f.id)
UNION ALL
SELECT l.case_id, m.seq, m.line->>0, m.line->>1, m.line->>2, nullif(m.line->>3, ''), NULL
FROM {LATEST_FILINGS} AS l
JOIN cases_case AS c ON c.id = l.case_id AND c.procedure = %s
CROSS JOIN LATERAL jsonb_array_elements(l.content->'lines') WITH ORDINALITY AS m (line, seq)
WHERE NOT EXISTS (
    SELECT FROM ledger_correction AS x
    JOIN ledger_fact AS f ON f.id = x.voided_id AND f.case_id = l.case_id
    JOIN ledger_resource AS r ON r.id = f.resource_id
    JOIN catalog_item AS i ON i.id = f.item_id
    WHERE r.code = m.line->>0 AND i.code = m.line->>1 AND f.action = m.line->>2
)
"""
#: 一张单据只能归一家服务商、只有一个审核日期；一件申请里平台软件另有服务商的，分成“单号/服务商代码”的另一张，
#: 更正了停止计费日的释放，分成“单号/更正”的另一张
_SPLIT = """
CREATE TEMP TABLE package_details ON COMMIT DROP AS
SELECT m.case_id, m.seq, m.resource, m.item, m.action, m.quantity, m.reviewed, c.number, o.owner,
    CASE WHEN o.owner = p.code THEN c.number ELSE c.number || '/' || o.owner END
        || CASE WHEN m.reviewed IS NULL THEN '' ELSE '/更正' || m.seq END AS form
FROM package_moves AS m
JOIN cases_case AS c ON c.id = m.case_id
JOIN cases_board AS b ON b.case_id = m.case_id
JOIN orgs_institution AS p ON p.id = b.provider_id
LEFT JOIN ledger_resource AS r ON r.code = m.resource
LEFT JOIN orgs_institution AS rp ON rp.id = r.provider_id
LEFT JOIN catalog_item AS i ON i.code = m.item
LEFT JOIN orgs_institution AS ip ON ip.id = i.provider_id
CROSS JOIN LATERAL (SELECT coalesce(rp.code, ip.code, p.code) AS owner) AS o
"""
_FORMS = """
SELECT d.case_id, d.form, d.owner, d.reviewed::text, p.code, f.content->>'kind', f.content->>'reviewed_on'
FROM (
    SELECT case_id, form, owner, reviewed, number, min(seq) AS seq FROM package_details GROUP BY 1, 2, 3, 4, 5
) AS d
CROSS JOIN LATERAL (
    SELECT project_id, content FROM applications_filing WHERE case_id = d.case_id ORDER BY version DESC LIMIT 1
) AS f
JOIN ledger_project AS p ON p.id = f.project_id
ORDER BY d.number, d.seq
"""
#: 照异议、证据更正过的动作：工单照更正的，原来的不再导出
_CORRECTED = f"CREATE TEMP TABLE package_corrected ON COMMIT DROP AS {corrected()}"
#: 计得进的工单，怎样采用照 `ledger/adopting`
_RANKED = f"CREATE TEMP TABLE package_orders ON COMMIT DROP AS {ranked(included('r'), 'package_corrected')}"
#: 导出的各张和它们的工单号，一张一个，库里存着什么都不重：一个工单号只有一张的照原号，几张的后面加资源、目录项；
#: 还有重的，和原号就像加过尾巴的，都再加“/收件”（更正的“/事实”）和主键。加了尾巴的主键各不相同，没加的没有这样的尾巴。
#: 更正过的，原来的号后面加“/更正”
_LISTED = f"""
CREATE TEMP TABLE package_listed ON COMMIT DROP AS
WITH kept AS (
    SELECT *, count(*) OVER (PARTITION BY 工单号) AS times FROM package_orders
    WHERE rank = best AND id = twin AND correction IS NULL
), named AS (
    SELECT 0 AS part, id, 单号, 资源, 目录项, 动作, 数量, 完成日期,
        CASE WHEN times = 1 THEN 工单号 ELSE left(工单号 || '/' || 资源 || '/' || 目录项, {MOST}) END AS name
    FROM kept
    UNION ALL
    SELECT 1, f.id, k.number, k.resource, k.item, k.action, trim_scale(f.quantity)::text, f.effective_on::text,
        coalesce(nullif(f.order, ''), k.number) || '/更正' || f.id
    FROM package_corrected AS k JOIN ledger_fact AS f ON f.id = k.replacement_id
    WHERE NOT EXISTS (SELECT FROM ledger_fact AS v WHERE v.voids_id = f.id)
), based AS (
    SELECT *, btrim(name, '{WHITE_SPACE}') AS base FROM named
)
SELECT part, id, 单号, 资源, 目录项, 动作, 数量, 完成日期,
    CASE WHEN count(*) OVER (PARTITION BY base) = 1 AND base !~ '/(收件|事实)[0-9]+$' THEN base
    ELSE base || CASE part WHEN 0 THEN '/收件' ELSE '/事实' END || id END AS 工单号
FROM based
"""
_ORDERS = """
WITH parted AS (
    SELECT DISTINCT number, resource, form FROM package_details WHERE form <> number AND reviewed IS NULL
)
SELECT n.工单号, coalesce(p.form, n.单号), n.资源, n.目录项, n.动作, n.数量, n.完成日期
FROM package_listed AS n LEFT JOIN parted AS p ON p.number = n.单号 AND p.resource = n.资源
ORDER BY n.part, n.id
"""
#: 没有采用的工单——先后靠后的，同样的一张里后收的，台账更正过那个动作的——用的是哪一张（同一动作有几张的，计量取完成
#: 最晚的）、照哪一次更正；与用的数量、日期都相同的另数
_OUTRANKED = """
WITH used AS (
    SELECT o.*, l.id IS NOT NULL AS listed, first_value(o.id) OVER (
        PARTITION BY o.单号, o.资源, o.目录项, o.动作
        ORDER BY o.rank, l.id IS NULL, o.完成日期 DESC, l.工单号 COLLATE "C" DESC, o.id
    ) AS used, min(o.完成日期) OVER (PARTITION BY o.单号, o.资源, o.目录项, o.动作) AS earliest
    FROM package_orders AS o LEFT JOIN package_listed AS l ON l.part = 0 AND l.id = o.id
), same AS (
    SELECT DISTINCT coalesce(单号, '') AS form, 资源, 目录项, 动作, coalesce(数量, '') AS quantity, 完成日期
    FROM package_orders WHERE rank = best
)
SELECT u.id, u.used, NULL::bigint, s.form IS NOT NULL
FROM used AS u LEFT JOIN same AS s ON s.form = coalesce(u.单号, '') AND s.资源 = u.资源 AND s.目录项 = u.目录项
    AND s.动作 = u.动作 AND s.quantity = coalesce(u.数量, '') AND s.完成日期 = u.完成日期
WHERE NOT u.listed AND u.earliest < %(until)s AND u.correction IS NULL
UNION ALL
SELECT o.id, NULL, o.correction, coalesce(
    o.完成日期 = f.effective_on::text AND coalesce(o.数量, '') = coalesce(trim_scale(f.quantity)::text, ''), false)
FROM package_orders AS o JOIN ledger_correction AS x ON x.id = o.correction
LEFT JOIN ledger_fact AS f ON f.id = x.replacement_id
WHERE o.完成日期 < %(until)s OR f.effective_on < %(until)s::date
ORDER BY 1
"""


def gather(stops_after: int) -> None:
    """把各事项的动作并在两张临时表里，供下面各表读；要在一个事务里，

    `paths.gather` 以后。`stops_after` 是审核几天以后停止计费（K-10）。

    审核通过了、服务商还没有填回执的照批准的内容列，没有平台编号的用“单号-行”，对账时是无工单（D1）。
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS package_moves, package_details, package_reviews, package_corrected, package_orders,"
            " package_listed"
        )
        cursor.execute(_MOVES, [stops_after, list(FORMS), BACKFILL, BACKFILL])
        cursor.execute("CREATE TEMP TABLE package_reviews (case_id bigint PRIMARY KEY, kind text, reviewed date)")
        # 记过台账的，后来全作废了也不再照批准的内容列
        cursor.execute("SELECT DISTINCT case_id FROM ledger_fact WHERE case_id IS NOT NULL")
        moved = {case for (case,) in cursor.fetchall()}
        planned: list[tuple[object, ...]] = []
        reviews: list[tuple[object, ...]] = []
        for case, reviewed in _reviews():
            reviews.append((case.pk, FORMS[case.procedure], reviewed))
            if case.pk not in moved:
                planned += [(case.pk, seq, *move, None) for seq, move in enumerate(_planned(case))]
        _fill(cursor, "package_reviews", reviews)
        _fill(cursor, "package_moves", planned)
        # 还没审核通过就有动作的不算
        cursor.execute(
            "DELETE FROM package_moves AS m USING cases_case AS c WHERE c.id = m.case_id AND c.procedure = ANY(%s)"
            " AND NOT EXISTS (SELECT FROM package_reviews AS r WHERE r.case_id = m.case_id)",
            [list(FORMS)],
        )
        cursor.execute(_SPLIT)
        cursor.execute("ANALYZE package_details")
        cursor.execute(_CORRECTED)
        cursor.execute("ANALYZE package_corrected")
        cursor.execute(_RANKED)
        cursor.execute("ANALYZE package_orders")
        cursor.execute(_LISTED)
        cursor.execute("ANALYZE package_listed")


def _fill(cursor: object, table: str, rows: list[tuple[object, ...]]) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:  # type: ignore[attr-defined]
        for row in rows:
            copy.write_row(row)


def _reviews() -> Iterator[tuple[Case, date]]:
    """审核通过了的事项和通过日：第一次轮到服务商动手的日子；退回补正的，从补正以后数。"""
    cases = Case.objects.filter(procedure__in=FORMS, filings__isnull=False).distinct()
    for case in cases.prefetch_related("events").order_by("pk").iterator(chunk_size=1000):
        on = _approved_on(case)
        if on is not None:
            yield case, on


def _approved_on(case: Case) -> date | None:
    events = sorted(case.events.all(), key=lambda event: event.seq)
    visits = position(case, events).visits
    # 实施时退回补正的，重新审核通过才算
    again = max((n for n, visit in enumerate(visits) if visit.step == AMEND), default=0)
    return next((visit.since for visit in visits[again:] if visit.step == _APPROVED), None)


def reviewed_on(case: Case) -> date | None:
    """一件事项的审核通过日，同导出的“审核日期”：补录的照原件写的；还没通过的为 None。"""
    if case.procedure != BACKFILL:
        return _approved_on(case)
    written = Filing.objects.filter(case=case).order_by("-version").values_list("content__reviewed_on", flat=True)
    return date.fromisoformat(text) if (text := written.first()) else None


def reviews(cases: Collection[int]) -> dict[int, tuple[str, str]]:
    """这几件的（审核日期, 单号），同导出的：计量第 2 步照它排同一天的先后。"""
    found = Case.objects.filter(pk__in=cases).prefetch_related("events")
    return {one.pk: (on.isoformat() if (on := reviewed_on(one)) else "", one.number) for one in found}


def register() -> None:
    """启动时登记给台账用。"""
    register_reviews(reviews)


def _planned(case: Case) -> Iterator[tuple[str, str, str, str | None]]:
    for row in receipts.rows(case):
        resource = receipts.resource_code(case, row)
        for item, action, quantity in receipts.moves(row, resource):
            yield resource, item, action, None if quantity is None else f"{quantity.normalize():f}"


def forms() -> Iterator[dict[str, str]]:
    """单据：审核通过了的申请、变更、注销，和补录的。"""
    with connection.cursor() as cursor:
        cursor.execute("SELECT case_id, kind, reviewed FROM package_reviews")
        reviews = {case: (kind, reviewed.isoformat()) for case, kind, reviewed in cursor.fetchall()}
        cursor.execute(_FORMS)
        for case, form, owner, corrected, project, *backfilled in cursor:
            kind, reviewed = reviews.get(case, backfilled)
            reviewed = corrected or reviewed
            yield {"单号": form, "种类": kind, "项目": project, "服务商": owner, "审核日期": reviewed}


def details() -> Chunks:
    """单据明细。"""
    return copied("SELECT form, resource, item, action, quantity FROM package_details ORDER BY number, seq")


def orders() -> Chunks:
    """工单。"""
    return copied(_ORDERS)


@dataclass(frozen=True)
class PassedOver:
    """没有采用的一张工单：收件，用的那一件收件或照的那一次台账更正，数量、日期与用的 `same` 相不相同。"""

    received: int
    used: int | None
    correction: int | None
    same: bool


def outranked(until: date) -> list[PassedOver]:
    """没有采用的工单（它或采用的在 `until` 以前完成的）；要在导出的那个事务里。"""
    with connection.cursor() as cursor:
        cursor.execute(_OUTRANKED, {"until": until.isoformat()})
        return [PassedOver(*row) for row in cursor.fetchall()]
