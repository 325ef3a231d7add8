"""只追加的表真的改不了：应用角色没有权限，属主也被触发器挡住（R-112）。"""

from __future__ import annotations

import psycopg
import pytest
from django.apps import apps

from tests.support import database
from yunheng.audit.append_only import append_only_tables
from yunheng.config.database import OWNER

NAMED = {
    "applications_budgetproject",
    "applications_exemption",
    "applications_backfill",
    "applications_filing",
    "applications_inspection",
    "applications_quota",
    "assessment_appraisal",
    "assessment_dismissal",
    "assessment_finding",
    "assessment_occurrence",
    "assessment_satisfaction",
    "assessment_score",
    "assessment_sentscore",
    "assessment_answer",
    "assessment_evaluation",
    "assessment_evidence",
    "assessment_satisfactionfile",
    "assessment_grade",
    "assessment_published",
    "assessment_reply",
    "assessment_scheme",
    "assessment_survey",
    "assessment_wording",
    "audit_entry",
    "cases_attachment",
    "cases_case",
    "cases_consultation",
    "cases_event",
    "cases_minutes",
    "cases_progress",
    "cases_requirement",
    "cases_reminder",
    "catalog_cityusage",
    "catalog_agreement",
    "catalog_demand",
    "catalog_edition",
    "catalog_inquiry",
    "catalog_listing",
    "catalog_tier",
    "ledger_fact",
    "ledger_correction",
    "ledger_licence",
    "ledger_zone",
    "orgs_commission",
    "orgs_confirmation",
    "orgs_conventiondecision",
    "orgs_deliverable",
    "orgs_staffing",
    "orgs_termination",
    "ledger_received",
    "ledger_disposal",
    "ledger_unmatched",
    "security_clearance",
    "settlement_billline",
    "settlement_contested",
    "settlement_late",
    "settlement_loggap",
    "settlement_lateestimate",
    "settlement_noticed",
    "settlement_outranked",
    "settlement_pathchoice",
    "settlement_uncounted",
    "settlement_billsum",
    "settlement_verified",
    "settlement_servicefeedback",
    "settlement_recoveryshare",
    "settlement_recoverycost",
    "settlement_recoveryasset",
    "settlement_handover",
    "settlement_forecast",
    "settlement_budget",
    "settlement_contract",
    "settlement_contractvoid",
    "settlement_shortfall",
    "settlement_draftfile",
    "settlement_freeze",
    "settlement_difference",
    "settlement_handling",
    "settlement_handlingfile",
    "settlement_moved",
    "settlement_objection",
    "settlement_objectionreply",
    "settlement_remedy",
    "settlement_payment",
    "settlement_plan",
    "settlement_planfile",
    "settlement_recomputation",
    "settlement_recoverypayment",
    "settlement_run",
    "settlement_runfile",
    "settlement_submission",
    "settlement_waivedline",
    "settlement_yearcase",
}


def test_名单与设计说的一致() -> None:
    assert set(append_only_tables()) == NAMED


#: 模板库里有行的：逐行的触发器要有行才触发，属主那一半用它们试
FILLED = ("audit_entry", "catalog_listing")


@pytest.mark.parametrize(
    ("role", "table"), [*(("yunheng_app", t) for t in sorted(NAMED)), *((OWNER, t) for t in FILLED)]
)
@pytest.mark.parametrize(
    "statement", ['UPDATE {} SET "{column}" = "{column}"', "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
@pytest.mark.usefixtures("cluster")
def test_改_删_清空一律被数据库拒绝(table: str, role: str, statement: str) -> None:
    model = next(model for model in apps.get_models() if model._meta.db_table == table)
    column = model._meta.fields[-1].column
    connection = psycopg.connect(database.url(database.TEMPLATE, role))
    with connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement.format(table, column=column))


@pytest.mark.usefixtures("cluster")
def test_每张只追加的表都装着两个触发器() -> None:
    with psycopg.connect(database.url(database.TEMPLATE, OWNER)) as connection:
        rows = connection.execute(
            "SELECT tgrelid::regclass::text, count(*) FROM pg_trigger"
            " WHERE tgname IN ('yunheng_append_only', 'yunheng_no_truncate') AND tgenabled = 'O' GROUP BY 1"
        ).fetchall()
    assert dict(rows) == dict.fromkeys(NAMED, 2)
