"""补录动到哪些已冻结的服务年度：冻结的结算不会再变，差额只能由补差结清（R-083、R-084）。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from datetime import date

from yunheng.applications.receipts import stop_day
from yunheng.ledger.models import Fact
from yunheng.rules import periods

from .checks import EARLIEST, day_of
from .workbook import Rows

_frozen: list[Callable[[], Collection[int]]] = []


def register(years: Callable[[], Collection[int]]) -> None:
    """结算一章登记：哪些服务年度已经冻结（R-083）。"""
    _frozen.append(years)


def touched(rows: Rows) -> list[int]:
    """会改到哪些已冻结的服务年度：在用的日子落在里面的，用量的日期落在里面的（R-083）。"""
    years = sorted({year for registered in _frozen for year in registered()})
    spans = [*_spans(rows)] + [(day, day) for _, row in rows["用量"] if (day := day_of(row["日期"]))]
    return [
        year
        for year in years
        if any(
            start < periods.year_end(year) and (until is None or until >= periods.service_year(year).start)
            for start, until in spans
        )
    ]


def _spans(rows: Rows) -> Iterator[tuple[date, date | None]]:
    """每个（资源, 目录项）动到的日子：从最早生效的那天起，到最后一天；一直在用的、接着台账里已有的，末日为 None。"""
    reviewed = {row["单号"]: date.fromisoformat(row["审核日期"]) for _, row in rows["单据"]}
    done: dict[tuple[str, ...], date] = {}
    for _, row in rows["工单"]:
        key = tuple(row[key] for key in ("单号", "资源", "目录项", "动作"))
        done[key] = max(done.get(key, EARLIEST), date.fromisoformat(row["完成日期"]))
    moves: dict[tuple[str, str], list[tuple[date, str]]] = defaultdict(list)
    for _, row in rows["单据明细"]:
        if row["动作"] == "释放":
            moves[row["资源"], row["目录项"]].append((stop_day(reviewed[row["单号"]]), "释放"))
        elif day := done.get((row["单号"], row["资源"], row["目录项"], row["动作"])):
            moves[row["资源"], row["目录项"]].append((day, row["动作"]))
    known = set(
        Fact.objects.filter(resource__code__in={resource for resource, _ in moves}).values_list(
            "resource__code", "item__code"
        )
    )
    for pair, happened in moves.items():
        (start, first), (end, last) = min(happened), max(happened)
        closed = (first, last) == ("新增", "释放") and pair not in known
        # 停止计费那天已不在用
        yield start, date.fromordinal(end.toordinal() - 1) if closed else None


# ── 写 ──


def barred(years: Collection[int]) -> str:
    """落在冻结的年度为什么不收。"""
    listed = "、".join(map(str, years))
    return (
        f"补录的日子落在已冻结的 {listed} 服务年度，冻结的结算不会再变；"
        "确要补录，请确认“差额由补差结清”，补录以后起补差（R-083、R-084）"
    )
