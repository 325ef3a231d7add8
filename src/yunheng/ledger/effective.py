"""收件里算数的：没有被更正的最后一件，也没有退回、作废（R-052、R-075）。导出、台账、汇交都照这一处。"""

from __future__ import annotations

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from .models import Disposal, Received


def alive(row: str) -> str:
    """一段 SQL 条件：`row` 是 ledger_received 的别名。"""
    dropped = ", ".join(f"'{kind}'" for kind in Disposal.DROPPED)
    return (
        f"NOT EXISTS (SELECT FROM ledger_received AS later WHERE later.corrects_id = {row}.id)"
        " AND NOT EXISTS (SELECT FROM (SELECT DISTINCT ON (received_id) received_id, kind FROM ledger_disposal"
        f" ORDER BY received_id, id DESC) AS last WHERE last.received_id = {row}.id AND last.kind IN ({dropped}))"
    )


def effective(rows: QuerySet[Received] | None = None) -> QuerySet[Received]:
    """（`rows` 里）算数的收件。"""
    # 条件是本章写死的，没有外来的字
    alive_now = RawSQL(alive("ledger_received"), (), BooleanField())
    return (Received.objects.all() if rows is None else rows).filter(alive_now)
