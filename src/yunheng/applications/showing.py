"""表单只读的样子、估算、上限的比例：填表、检查、办件详情、对照都用。"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from yunheng.cases.models import Case
from yunheng.catalog import queries as catalog
from yunheng.catalog.models import Item
from yunheng.documents.annex1 import LABELS
from yunheng.ledger.models import Project, Resource
from yunheng.orgs.access import Request
from yunheng.orgs.queries import providers
from yunheng.rules.problems import NotInForce

from . import grid, guards
from .checking import check_row
from .models import Draft
from .sections import HOST_COLUMNS, SECTIONS, Section


def host_rows(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """主机各行连同错误，给表格用；空行不报错。"""
    shown = []
    for index, row in enumerate(rows):
        errors = {column.key: message for column, message in check_row(row)} if row.get("action") != "释放" else {}
        shown.append(
            {
                "index": index,
                "row": row,
                "errors": errors,
                "cells": [(c, row.get(c.key, ""), errors.get(c.key, "")) for c in HOST_COLUMNS],
            }
        )
    return shown


def prices_for(content: Mapping[str, Any], request: Request) -> catalog.Prices:
    """今天对选定的服务商的单价；还没选先按联通看。"""
    provider = providers().filter(name=content.get("iaas") or "联通").first()
    return catalog.prices(provider.code if provider else "", request.on)


def estimate_of(content: Mapping[str, Any], request: Request) -> catalog.Estimate:
    """年化估算：填得不对的先不算。"""
    prices = prices_for(content, request)
    return catalog.estimate(grid.quantities(content, prices.items), prices)


def growth_shown(draft: Draft, request: Request) -> Any:
    """本服务年度各维度新增占首次申请量的比例；不是变更的没有。"""
    if draft.case.procedure != "change":
        return ()
    try:
        return guards.growth_of(draft.case, draft.content, draft.project, request.on)
    except (NotInForce, ValueError, ArithmeticError):
        return ()


def excess_shown(draft: Draft, request: Request) -> list[str]:
    """超出项目总配额、要转市经信审批的各维度（R-038）。"""
    if draft.case.procedure != "change":
        return []
    try:
        return guards.quota_excess(draft.case, draft.content, draft.project, request.on)
    except (NotInForce, ValueError, ArithmeticError):
        return []


def blocks(case: Case, content: Mapping[str, Any], project: Project) -> list[dict[str, Any]]:
    """表单只读的样子：一部分一块，检查页、办件详情、对照都用它。"""
    result: list[dict[str, Any]] = []
    if case.procedure == "backfill":
        return [_backfilled(case, content)]
    for part in SECTIONS[case.procedure]:
        rows = [
            (field.key, field.label, grid.shown(content.get(field.key)))
            for field in part.fields
            if not field.when or content.get(field.when[0]) == field.when[1]
        ]
        block: dict[str, Any] = {"section": part, "fields": rows}
        if part.code == "project":
            block["fields"] = [
                ("", "申请单位", case.unit.name),
                ("", "项目名称", project.name),
                ("", "上云项目归属", project.funding),
                *rows,
            ]
        if part.form in ("hosts", "changes"):
            hosts = content.get(part.form) or []
            # 没人填的选填栏不占地方
            columns = [c for c in HOST_COLUMNS if c.required or any(row.get(c.key) for row in hosts)]
            rows_shown = [
                {**row, "cells": [cell for cell in row["cells"] if cell[0] in columns]} for row in host_rows(hosts)
            ]
            block |= {"columns": columns, "rows": rows_shown, "totals": grid.totals(hosts)}
        if part.form == "services":
            block["services"] = [
                (code, LABELS.get(code, code), amount) for code, amount in (content.get("services") or {}).items()
            ]
            block["service_changes"] = [
                (code, LABELS.get(code, code), row) for code, row in (content.get("service_changes") or {}).items()
            ]
            block["unticked"] = [
                (LABELS.get(code, code), reason)
                for code, reason in (content.get("unticked") or {}).items()
                if code not in (content.get("services") or {})
            ]
        if part.form == "release":
            block["release"] = Resource.objects.filter(code__in=content.get("release") or []).order_by("code")
        if part.form == "files":
            block["fields"] = [("statement", "申请单位情况说明", content.get("statement") or "—")]
        if part.form == "machines":
            block["machines"] = content.get("machines") or []
        if part.form == "quota":
            block["quota"] = content.get("quota") or []
        result.append(block)
    return result


def _backfilled(case: Case, content: Mapping[str, Any]) -> dict[str, Any]:
    """补录的单据：照原件的各条，和当时没有的关口（R-084）。"""
    event = case.events.order_by("seq").first()
    detail = event.detail if event else {}
    gates = detail.get("missing_gates", [])
    names = dict(Item.objects.filter(code__in={line[1] for line in content["lines"]}).values_list("code", "name"))
    return {
        "section": Section("backfill", "原单据", "fields", ""),
        "fields": [
            ("", "种类", content["kind"]),
            ("", "审核日期", content["reviewed_on"]),
            ("", "补录时还没有的关口", "、".join(gates) or "—"),
            *(
                [("", "补录依据", f"第 {detail['batch']} 次补录：{detail['reason']}（原件 {detail['paper']}）")]
                if "batch" in detail
                else []
            ),
        ],
        "lines": [
            (resource, names.get(item, item), action, amount) for resource, item, action, amount in content["lines"]
        ],
    }


TYPES = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "pdf": "application/pdf",
}
