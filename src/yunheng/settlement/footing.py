"""账目与汇总分毫不差：提交、批准、编方案、`prove` 都照它核对（R-081）。"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Count, Sum

from yunheng.settlement.models import BillLine, BillSum, Run
from yunheng.settlement.queries import ZERO, lines_of


def footing(run: Run) -> Iterator[str]:
    """Σ账目 = 各项目合计 = 各单位、各服务商 = 汇总；差一分就说明在哪里。"""
    summary = run.head["summary"]
    for disputed, expected in {False: run.line_count, True: run.disputed_count}.items():
        number = BillLine.objects.filter(run=run, disputed=disputed).count()
        if number != expected:
            yield f"批次 {run.pk} 应有{'待核' if disputed else '账目'} {expected} 条，库里 {number} 条"
    keys = ("unit", "project", "provider", "payer", "disputed")
    added = {
        tuple(row[key] for key in keys): (row["number"], row["total"])
        for row in lines_of(run).values(*keys).annotate(number=Count("pk"), total=Sum("amount"))
    }
    kept = {
        tuple(row[key] for key in keys): (row["lines"], row["amount"])
        for row in BillSum.objects.filter(run=run).values(*keys, "lines", "amount")
    }
    for key in sorted({*added, *kept}):
        if added.get(key, (0, ZERO)) != kept.get(key, (0, ZERO)):
            yield f"批次 {run.pk} {'、'.join(map(str, key))}：账目 {added.get(key)}，存的合计 {kept.get(key)}"
    for payer, rows in (("unified", summary["unified"]), ("self", summary["self"])):
        of = ("provider",) if payer == "unified" else ("unit", "provider")
        sums: dict[tuple[str, ...], Decimal] = {}
        for (unit, _, provider, paid_by, disputed), (_, amount) in added.items():
            if paid_by == payer and not disputed:
                key = (provider,) if payer == "unified" else (unit, provider)
                sums[key] = sums.get(key, ZERO) + amount
        stated = {tuple(row[name] for name in of): Decimal(row["gross"]) for row in rows}
        for who in sorted({*sums, *stated}):
            if sums.get(who, ZERO) != stated.get(who, ZERO):
                yield f"批次 {run.pk} {'、'.join(who)}：账目合计 {sums.get(who, ZERO)}，汇总 {stated.get(who, ZERO)}"
    held = sum((amount for (*_, disputed), (_, amount) in added.items() if disputed), ZERO)
    if held != Decimal(summary["disputed_gross"]):
        yield f"批次 {run.pk} 待核合计 {held}，汇总 {summary['disputed_gross']}"
