"""台账里还没有、已通过的单据上有主的资源归谁家：收件查归属用（D62-六，R-052）。"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import connection
from django.db.models import Q

from yunheng.cases.models import Case
from yunheng.catalog.models import Item
from yunheng.ledger.matching import register_claims

from . import receipts

#: 到了这一步，单据已经审核通过，等服务商开通
APPROVED = "deliver"
#: 各件最近提交的一版
LATEST_FILINGS = (
    "(SELECT DISTINCT ON (case_id) case_id, project_id, content FROM applications_filing"
    " ORDER BY case_id, version DESC)"
)
#: 补录的单据上写了、没有工单所以没进台账的；目录项有自己的服务商的归那一家，同数据包的单据
_BACKFILLED = f"""
SELECT m.line->>0, coalesce(i.provider_id, b.provider_id)
FROM {LATEST_FILINGS} AS f
JOIN cases_case AS c ON c.id = f.case_id AND c.procedure = 'backfill'
JOIN cases_board AS b ON b.case_id = f.case_id
CROSS JOIN LATERAL jsonb_array_elements(f.content->'lines') AS m (line)
LEFT JOIN catalog_item AS i ON i.code = m.line->>1
WHERE m.line->>0 = ANY(%s)
"""


def find(codes: Collection[str]) -> Mapping[str, int]:
    """这些资源编号里，已通过的单据写明归哪家的 → 服务商。"""
    with connection.cursor() as cursor:
        cursor.execute(_BACKFILLED, [list(codes)])
        found = dict(cursor.fetchall())
    # 到过开通的都算，退回重批的也在内；开通了的在台账上
    reached = Q(board__step=APPROVED) | Q(events__step=APPROVED, facts=None)
    waiting = Case.objects.filter(reached, filings__isnull=False).distinct().select_related("board")
    if waiting:
        own = dict(Item.objects.exclude(provider=None).values_list("code", "provider"))
        for case in waiting:
            for row in receipts.rows(case):
                code = receipts.resource_code(case, row)
                if code in codes and row.action == "新增":
                    theirs = next((own[item] for item in row.quantities if item in own), case.board.provider_id)
                    found.setdefault(code, theirs)
    return {code: provider for code, provider in found.items() if provider}


def register() -> None:
    """启动时登记。"""
    register_claims(find)
