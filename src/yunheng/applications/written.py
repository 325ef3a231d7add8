"""审核通过的单据上写了、台账没有记、资源有工单的新增和变更：台账列“台账没有的”用（R-051、R-076）。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from decimal import Decimal

from django.db import connection

from yunheng.cases.models import Case
from yunheng.catalog.queries import items as catalog_items
from yunheng.ledger.models import Action
from yunheng.ledger.queries import received
from yunheng.ledger.unrecorded import Written, register_lines
from yunheng.rules.procedures import FORMS

from . import receipts
from .claiming import APPROVED, LATEST_FILINGS
from .models import Filing

#: 补录的单据：记过的（作废了的也算，单据上的那一条照更正）不在里面；归哪家同数据包的单据。一条明细记一条事实，
#: 先比条数，缺了的那几张单据才逐条看：几十万条明细的库，每次翻页不必都摊开
_BACKFILLED = f"""
WITH kept AS (
    SELECT t.case_id, count(*) AS facts FROM ledger_fact AS t JOIN cases_case AS c ON c.id = t.case_id
    WHERE c.procedure = 'backfill' AND t.voids_id IS NULL
        AND NOT EXISTS (SELECT FROM ledger_correction AS x WHERE x.replacement_id = t.id)
    GROUP BY 1
), short AS MATERIALIZED (
    SELECT f.*, c.number FROM {LATEST_FILINGS} AS f
    JOIN cases_case AS c ON c.id = f.case_id AND c.procedure = 'backfill'
    LEFT JOIN kept AS k ON k.case_id = f.case_id
    WHERE jsonb_array_length(f.content->'lines') > coalesce(k.facts, 0)
)
SELECT f.case_id, f.number, f.project_id, coalesce(i.provider_id, b.provider_id),
    m.line->>0, m.line->>1, m.line->>2, nullif(m.line->>3, '')
FROM short AS f
JOIN cases_board AS b ON b.case_id = f.case_id
CROSS JOIN LATERAL jsonb_array_elements(f.content->'lines') AS m (line)
LEFT JOIN catalog_item AS i ON i.code = m.line->>1
WHERE m.line->>2 IN ('{Action.ADD}', '{Action.CHANGE}') AND (%(codes)s::text[] IS NULL OR m.line->>0 = ANY(%(codes)s))
    AND NOT EXISTS (
        SELECT FROM ledger_fact AS t
        JOIN ledger_resource AS h ON h.id = t.resource_id JOIN catalog_item AS n ON n.id = t.item_id
        WHERE t.case_id = f.case_id AND h.code = m.line->>0 AND n.code = m.line->>1 AND t.action = m.line->>2
    )
    AND EXISTS (SELECT FROM ledger_received AS r WHERE r.kind = '工单' AND r.payload->>'资源' = m.line->>0)
"""
#: 审核通过、还没有填回执的
WAITING = "等服务商填回执，回执记进台账"


def backfilled(codes: Collection[str] | None) -> Iterator[Written]:
    """补录的单据上的各条。"""
    with connection.cursor() as cursor:
        cursor.execute(_BACKFILLED, {"codes": None if codes is None else list(codes)})
        for case, number, project, owner, resource, item, action, text in cursor.fetchall():
            quantity = None if text is None else Decimal(text)
            yield Written(case, number, project, owner, resource, item, action, quantity)


def waiting(codes: Collection[str] | None) -> Iterator[Written]:
    """审核通过、还没有填回执的各件批准的内容，同导出的单据明细；等回执的件不多，行照内容列，有工单的才细看。"""
    cases = {
        case.pk: case
        for case in Case.objects.filter(
            procedure__in=FORMS, board__step=APPROVED, board__outcome="", facts=None
        ).select_related("board")
    }
    if not cases:
        return
    known = catalog_items()
    filings = Filing.objects.filter(case__in=cases).select_related("project").order_by("case", "-version")
    found: dict[str, list[tuple[Case, Filing, receipts.Row]]] = defaultdict(list)
    for filing in filings.distinct("case"):
        case = cases[filing.case_id]
        for row in receipts.rows_of(case.procedure, filing, known):
            code = receipts.resource_code(case, row)
            if codes is None or code in codes:
                found[code].append((case, filing, row))
    if not found:
        return
    for code in sorted(set(received("工单", *found).values_list("payload__资源", flat=True))):
        for case, filing, row in found[code]:
            owner = next((known[item].provider_id for item in row.quantities if known[item].provider_id), None)
            for item, action, quantity in receipts.moves(row, code):
                if action != Action.RELEASE:
                    yield Written(
                        case.pk, case.number, filing.project_id, owner or case.board.provider_id, code, item, action,
                        quantity, WAITING,
                    )  # fmt: skip


def register() -> None:
    """启动时登记。"""
    register_lines(backfilled)
    register_lines(waiting)
