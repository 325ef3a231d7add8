"""读结算：批次、账目的逐级合计、冻结了的。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeVar

from django.db.models import Aggregate, Count, Exists, OuterRef, Q, QuerySet, Sum

from yunheng.audit.actor import Actor
from yunheng.audit.append_only import newest
from yunheng.cases.models import Case
from yunheng.orgs.models import Institution
from yunheng.rules.money import fen, split
from yunheng.rules.procedures import WITHDRAWN
from yunheng.rules.roles import Role
from yunheng.settlement.models import (
    ESTIMATE,
    BillLine,
    BillSum,
    Contract,
    Difference,
    Freeze,
    Moved,
    Objection,
    ObjectionReply,
    Plan,
    Run,
    RunOrder,
    Submission,
    WaivedLine,
    YearCase,
)

ZERO = Decimal(0)
_Rows = TypeVar("_Rows", BillLine, BillSum, WaivedLine, Objection)
_Kept = TypeVar("_Kept", BillLine, WaivedLine, Difference)


def latest_run(year: int, kind: str | None = None) -> Run | None:
    """最近的批次。"""
    runs = Run.objects.filter(service_year=year)
    return newest(runs.filter(kind=kind) if kind else runs)


def standing_run(year: int, known: Mapping[int, Freeze] | None = None) -> Run | None:
    """说“这一年多少钱”照哪一批：冻结了的照冻结的（补差批准的在内），其后没有采纳的重算不算；没有冻结的照最近的。

    `known` 见 `frozen`。
    """
    last = frozen(year, known)
    return last.run if last else latest_run(year)


def measuring(year: int) -> QuerySet[RunOrder]:
    """这一年排着队、正在算的计量；估算不算。"""
    return RunOrder.objects.filter(service_year=year, run=None, problems=[]).exclude(kind=ESTIMATE)


def year_cases(year: int | None = None) -> QuerySet[YearCase]:
    """年度结算和各次补差（一个年度的，或各年度的），先起的在前；撤回了的不算，可以重起（R-080、R-083）。"""
    found = YearCase.objects.exclude(case__board__outcome=WITHDRAWN.code).select_related("case__board")
    return (found if year is None else found.filter(service_year=year)).order_by("service_year", "number")


def submitted(case: Case) -> Run | None:
    """年度结算最近提交的批次。"""
    last = newest(Submission.objects.filter(case=case).select_related("run"), "version")
    return last.run if last else None


def appraised_providers(run: Run) -> set[str]:
    """这一批里考核扣减作用到的各家，考核要先审定：统一支付的；口径 K-11 定了同样扣减的，自行支付的也算（R-078）。"""
    summary, both = run.head["summary"], run.head["conventions"]["K-11"] == "yes"
    return {row["provider"] for row in (*summary["unified"], *(summary["self"] if both else ()))}


def freeze_of(case: Case) -> Freeze | None:
    """这件年度结算冻结的结果；还没批准为 None。"""
    return Freeze.objects.filter(case=case).select_related("run", "base__run", "case").first()


def latest_plan(case: Case) -> Plan | None:
    """方案的最近一版。"""
    return newest(Plan.objects.filter(case=case).select_related("run"), "version")


def unmended(year: int) -> QuerySet[Objection]:
    """采纳了、还没有照着改正、也没有写明不需要改数据的异议（R-075）。"""
    accepted = Objection.objects.filter(run__service_year=year, reply__kind=ObjectionReply.ACCEPT)
    return accepted.filter(remedies=None)


def lines_of(run: Run) -> QuerySet[BillLine]:
    """批次的账目。"""
    return _of(run, BillLine.objects.all())


def waived_of(run: Run) -> QuerySet[WaivedLine]:
    """批次里裁定不计费的账目。"""
    return _of(run, WaivedLine.objects.all())


def differences_of(run: Run) -> QuerySet[Difference]:
    """批次的差异。"""
    return _of(run, Difference.objects.all())


def _of(run: Run, rows: QuerySet[_Kept]) -> QuerySet[_Kept]:
    """批次名下的；裁定试算的是所照批次的，重排了的时间线换成自己名下的。"""
    if run.base_id is None:
        return rows.filter(run=run)
    moved = Moved.objects.filter(run=run, resource=OuterRef("resource"), item=OuterRef("item"))
    return rows.filter(run__in=(run.pk, run.base_id)).filter(Q(run=run) | ~Exists(moved))


def visible_lines(actor: Actor, run: Run) -> QuerySet[BillLine]:
    """这个角色看得到的账目（R-001）。"""
    return narrowed(actor, lines_of(run))


def visible_waived(actor: Actor, run: Run) -> QuerySet[WaivedLine]:
    """这个角色看得到的不计费的账目（R-001）。"""
    return narrowed(actor, waived_of(run))


def visible_sums(actor: Actor, run: Run) -> QuerySet[BillSum]:
    """这个角色看得到的账目合计（R-001）。"""
    return narrowed(actor, BillSum.objects.filter(run=run))


def visible_counts(actor: Actor, runs: Iterable[Run]) -> dict[int, int]:
    """这几个批次里这个角色看得到的账目各几条（R-001）；一条也看不到的批次不在里面。"""
    rows = narrowed(actor, BillSum.objects.filter(run__in=[run.pk for run in runs], disputed=False))
    return dict(rows.values_list("run").annotate(number=Sum("lines")))


def narrowed(actor: Actor, rows: QuerySet[_Rows]) -> QuerySet[_Rows]:
    """使用单位看本单位的，服务商看自己的，其余业务角色看全区。"""
    if actor.role is None or actor.role.administrative:
        return rows.none()
    institution, code = _own(actor)
    if actor.role in (Role.CLERK, Role.HEAD):
        return rows.filter(unit=code)
    if actor.role == Role.PROVIDER:
        return rows.filter(provider=code)
    if actor.role == Role.SPONSOR:
        return rows.filter(unit__in=Institution.objects.filter(authority=institution).values("code"))
    return rows


def due_seen(actor: Actor, provider: str, unit: str) -> bool:
    """看不看得到要付给一家的钱（R-001）：`unit` 是自行支付的单位，统一支付的为空，使用单位看不到。"""
    if actor.role is None or actor.role.administrative:
        return False
    institution, code = _own(actor)
    if actor.role in (Role.CLERK, Role.HEAD):
        return unit == code
    if actor.role == Role.PROVIDER:
        return provider == code
    if actor.role == Role.SPONSOR:
        return Institution.objects.filter(authority=institution, code=unit).exists()
    return True


def _own(actor: Actor) -> tuple[Institution | None, str]:
    """自己的机构和代码，没有的代码为空。"""
    institution = Institution.objects.filter(pk=actor.institution or 0).first()
    return institution, institution.code if institution else ""


@dataclass(frozen=True)
class Level:
    """一级的一行：代码、名称、几条账目、金额、待核金额。"""

    code: str
    name: str
    lines: int
    amount: Decimal
    disputed: Decimal


def totals(rows: QuerySet[BillLine] | QuerySet[BillSum]) -> tuple[int, Decimal, Decimal]:
    """（账目条数, 金额, 待核金额）。"""
    row = rows.aggregate(**_added(rows))
    return row["number"] or 0, row["total"] or ZERO, row["held"] or ZERO


def unpriced(rows: QuerySet[BillLine], run: Run, by: str) -> set[str]:
    """`rows`（这一批看得到的账目）里，待核有算不出金额的（D10），是 `by` 那一栏的哪几个：它们的待核合计少算了。"""
    if not run.differences.get("D10"):
        return set()
    known = differences_of(run).filter(code="D10").values("resource")
    held = rows.filter(disputed=True, resource__in=known, differences__contains="D10")
    return set(held.order_by().values_list(by, flat=True).distinct())


def kept_totals(run: Run) -> tuple[int, Decimal, Decimal]:
    """全区的（账目条数, 金额, 待核金额），取存的合计。"""
    return totals(BillSum.objects.filter(run=run))


def breakdown(rows: QuerySet[BillLine] | QuerySet[BillSum], by: str, names: Mapping[str, str]) -> list[Level]:
    """按一栏分组合计，金额大的在前。"""
    found = [
        Level(row[by], names.get(row[by], row[by]), row["number"] or 0, row["total"] or ZERO, row["held"] or ZERO)
        for row in rows.values(by).annotate(**_added(rows))
    ]
    return sorted(found, key=lambda level: (-level.amount, level.code))


def _added(rows: QuerySet[BillLine] | QuerySet[BillSum]) -> dict[str, Aggregate]:
    settled = Q(disputed=False)
    return {
        "number": Count("pk", filter=settled) if rows.model is BillLine else Sum("lines", filter=settled),
        "total": Sum("amount", filter=settled),
        "held": Sum("amount", filter=Q(disputed=True)),
    }


def frozen(year: int, known: Mapping[int, Freeze] | None = None) -> Freeze | None:
    """这一年最后冻结的一份：年度结算，或最近的补差；`known` 是已经查好的各年的（`last_frozen`），给了就不再查。"""
    if known is not None:
        return known.get(year)
    return Freeze.objects.filter(service_year=year).select_related("run", "case").order_by("-number").first()


def fee_by_institution(year: int) -> dict[str, Decimal]:
    """这个服务年度各第三方机构签的专项管理费合计（收回的减去）：代码 → 元，只列大于 0 的。"""
    live = Contract.objects.filter(freeze__service_year=year, fee=True, voided=None).order_by()
    rows = live.values_list("provider__code").annotate(sum=Sum("amount"))
    return {code: amount for code, amount in rows if amount > 0}


def last_frozen() -> dict[int, Freeze]:
    """冻结过的各年度，各最后冻结的一份，先前的年度在前；要看好几年的，查一次。"""
    last = Freeze.objects.order_by("service_year", "-number").distinct("service_year")
    return {one.service_year: one for one in last.select_related("run", "case")}


def frozen_years() -> set[int]:
    """已经冻结过的服务年度。"""
    return set(Freeze.objects.values_list("service_year", flat=True))


def days(line: BillLine) -> list[tuple[date, Decimal]]:
    """一条账目摊到每天：按最大余额法，逐日之和等于这一条（只供查看，不是另算）。"""
    count = (line.until_on - line.from_on).days
    shares = split(fen(f"{line.amount:.2f}"), [1] * count)
    return [(line.from_on + timedelta(days=n), Decimal(share) / 100) for n, share in enumerate(shares)]


def years() -> list[int]:
    """有批次的服务年度，近的在前。"""
    return sorted(set(Run.objects.values_list("service_year", flat=True)), reverse=True)
