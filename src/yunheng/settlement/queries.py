"""读结算：批次、账目的逐级合计、差异、各步的金额；核对分毫不差。"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.db.models import Aggregate, Count, Exists, F, Func, Max, OuterRef, Q, QuerySet, Sum, TextField, Value

from yunheng.applications.models import Filing
from yunheng.audit.actor import Actor
from yunheng.cases.models import Case, Event
from yunheng.ledger.models import Correction, Resource
from yunheng.metering.differences import BLOCKING
from yunheng.orgs.models import Institution
from yunheng.rules.money import fen, split
from yunheng.rules.procedures import WITHDRAWN, procedure
from yunheng.rules.procedures.replay import ASIDE
from yunheng.rules.roles import Role
from yunheng.settlement.models import (
    BillLine,
    BillSum,
    Contract,
    Difference,
    Freeze,
    Handling,
    Moved,
    Objection,
    ObjectionReply,
    Payment,
    Plan,
    Run,
    Submission,
    Verified,
    WaivedLine,
    YearCase,
)

ZERO = Decimal(0)
#: 差异的单据号：“单号/服务商代码”一类的取前半
_NUMBER = Func(F("form"), Value("/"), Value(1), function="split_part", output_field=TextField())
_Rows = TypeVar("_Rows", BillLine, BillSum, WaivedLine, Objection)
_Disputed = TypeVar("_Disputed", Difference, Handling)
_Kept = TypeVar("_Kept", BillLine, WaivedLine, Difference)


def latest_run(year: int, kind: str | None = None) -> Run | None:
    """最近的批次。"""
    runs = Run.objects.filter(service_year=year)
    return (runs.filter(kind=kind) if kind else runs).order_by("-pk").first()


def year_cases(year: int | None = None) -> QuerySet[YearCase]:
    """年度结算和各次补差（一个年度的，或各年度的），先起的在前；撤回了的不算，可以重起（R-080、R-083）。"""
    found = YearCase.objects.exclude(case__board__outcome=WITHDRAWN.code).select_related("case__board")
    return (found if year is None else found.filter(service_year=year)).order_by("service_year", "number")


def submitted(case: Case) -> Run | None:
    """年度结算最近提交的批次。"""
    last = Submission.objects.filter(case=case).select_related("run").order_by("-version").first()
    return last.run if last else None


def appraised_providers(run: Run) -> set[str]:
    """这一批里考核扣减作用到的各家，考核要先审定：统一支付的；口径 K-11 定了同样扣减的，自行支付的也算（R-078）。"""
    summary, both = run.head["summary"], run.head["conventions"]["K-11"] == "yes"
    return {row["provider"] for row in (*summary["unified"], *(summary["self"] if both else ()))}


def freeze_of(case: Case) -> Freeze | None:
    """这件年度结算冻结的结果；还没批准为 None。"""
    return Freeze.objects.filter(case=case).select_related("run", "base__run", "case").first()


def contracts_of(freeze: Freeze) -> QuerySet[Contract]:
    """这一份结算算数的支付合同，统一支付、自行支付的都在；作废了的不算（R-081、R-088）。"""
    return Contract.objects.filter(freeze=freeze, voided=None).select_related("provider", "unit")


def latest_plan(case: Case) -> Plan | None:
    """方案的最近一版。"""
    return Plan.objects.filter(case=case).select_related("run").order_by("-version").first()


def stale(run: Run) -> Iterator[str]:
    """批次算出以后，会改变结果的处理又有了新的：要重新计量。"""
    if run.base_id:
        yield f"最近的批次 {run.pk} 是裁定试算，没有数据包和摘要，提交之前请重新计量（R-077）"
        return
    later = Handling.objects.filter(
        service_year=run.service_year, kind=Handling.RULE, recorded_at__gt=run.recorded_at
    ).count()
    if later:
        yield f"计量以后又有 {later} 条差异裁定，请重新计量（R-075）"
    if left := unmended(run.service_year).count():
        yield (f"采纳了的异议还有 {left} 条没有改正：请在异议页上更正台账，或写明不需要改数据（D62-七，R-075）")
    touched = Q(voided__effective_on__lt=run.until_on) | Q(replacement__effective_on__lt=run.until_on)
    if corrected := Correction.objects.filter(touched, recorded_at__gt=run.recorded_at).count():
        yield f"计量以后又更正了 {corrected} 条台账，请重新计量（R-075）"
    forms = Filing.objects.filter(case__procedure="backfill", filed_on__lt=run.until_on)
    if backfilled := forms.filter(recorded_at__gt=run.recorded_at).count():
        yield f"计量以后又补录了 {backfilled} 张单据，请重新计量（R-084）"


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


def visible_differences(actor: Actor, run: Run) -> QuerySet[Difference]:
    """这个角色看得到的差异（R-001）：使用单位、服务商只看自己的。"""
    return concerning(actor, run.service_year, differences_of(run))


def difference_count(actor: Actor, run: Run) -> int:
    """看得到的差异几条；看全区的用批次里记着的数，差异再多也快。"""
    if actor.role is not None and actor.role.own_institution:
        return visible_differences(actor, run).count()
    return run.difference_count


def visible_waived(actor: Actor, run: Run) -> QuerySet[WaivedLine]:
    """这个角色看得到的不计费的账目（R-001）。"""
    return narrowed(actor, waived_of(run))


def visible_sums(actor: Actor, run: Run) -> QuerySet[BillSum]:
    """这个角色看得到的账目合计（R-001）。"""
    return narrowed(actor, BillSum.objects.filter(run=run))


def narrowed(actor: Actor, rows: QuerySet[_Rows]) -> QuerySet[_Rows]:
    """使用单位看本单位的，服务商看自己的，其余业务角色看全区。"""
    if actor.role is None or actor.role.administrative:
        return rows.none()
    institution = Institution.objects.filter(pk=actor.institution or 0).first()
    code = institution.code if institution else ""
    if actor.role in (Role.CLERK, Role.HEAD):
        return rows.filter(unit=code)
    if actor.role == Role.PROVIDER:
        return rows.filter(provider=code)
    if actor.role == Role.SPONSOR:
        return rows.filter(unit__in=Institution.objects.filter(authority=institution).values("code"))
    return rows


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


def difference_keys(run: Run | None, resources: Iterable[str]) -> set[tuple[str, str, str]]:
    """批次里这几个资源的差异：（差异, 资源, 目录项）；没有批次的没有。"""
    if run is None:
        return set()
    return set(differences_of(run).filter(resource__in=resources).values_list("code", "resource", "item"))


def concerning(actor: Actor, year: int, rows: QuerySet[_Disputed]) -> QuerySet[_Disputed]:
    """这个角色看得到、可以说明的差异（处理）：使用单位、服务商只有自己的，其余看全区（R-001、R-075）。

    自己的：资源在台账上是本单位、本家的（账目、不计费的账目的资源都在台账上）；单据是本单位、本家的，
    资源还没进台账也算；分派给本机构的。各取各的再并起来：几个条件写在一起“或”，百万条时数据库不会用散列。
    """
    mine = actor.institution or 0
    if actor.role in (Role.CLERK, Role.HEAD):
        resources, forms = Resource.objects.filter(project__unit=mine), Case.objects.filter(unit=mine)
    elif actor.role == Role.PROVIDER:
        resources, forms = Resource.objects.filter(provider=mine), Case.objects.filter(board__provider=mine)
    else:
        return rows
    parts = [rows.filter(resource__in=resources.values("code")), assigned(actor, year, rows)]
    if rows.model is Difference:
        parts += _filed(actor, rows, forms)
    first, *rest = (part.order_by().values("pk") for part in parts)
    return rows.filter(pk__in=first.union(*rest))


def _filed(actor: Actor, rows: QuerySet[Any], forms: QuerySet[Case]) -> Iterator[QuerySet[Any]]:
    """单据是本单位、本家的；“单号/服务商代码”的是另有服务商的平台软件，单位照单号，服务商归那一家。"""
    numbers = forms.values("number")
    if actor.role != Role.PROVIDER:
        yield rows.alias(number=_NUMBER).filter(number__in=numbers)
    else:
        code = Institution.objects.values_list("code", flat=True).get(pk=actor.institution or 0)
        yield rows.filter(form__in=numbers)
        yield rows.filter(form__endswith=f"/{code}")


def assigned(actor: Actor, year: int, rows: QuerySet[_Disputed]) -> QuerySet[_Disputed]:
    """分派给本机构的差异（处理）。"""
    given = Handling.objects.filter(
        service_year=year,
        assignee=actor.institution or 0,
        resource=OuterRef("resource"),
        item=OuterRef("item"),
        code=OuterRef("code"),
    )
    return rows.filter(Exists(given))


def frozen(year: int) -> Freeze | None:
    """这一年最后冻结的一份：年度结算，或最近的补差。"""
    return Freeze.objects.filter(service_year=year).select_related("run", "case").order_by("-number").first()


def frozen_years() -> set[int]:
    """已经冻结过的服务年度。"""
    return set(Freeze.objects.values_list("service_year", flat=True))


def supervision_ceiling(year: int) -> tuple[int, Decimal] | None:
    """专项管理费的上限（R-082）：（照哪个服务年度的结算, 元）；这一年还没冻结的照最近冻结的，都没有为 None。"""
    found = Freeze.objects.filter(service_year__lte=year).select_related("run").order_by("-service_year", "-number")
    last = found.first()
    return (last.service_year, fee_ceiling(last)) if last else None


def fee_ceiling(freeze: Freeze) -> Decimal:
    """照实际应付算，专项管理费最多多少（D14-16(监管机制)，R-082）：舍去分以下。

    “年度结算费用”计量时照口径 K-12 取；效能核定减付以后实际结算的更少，从低。加付的不抬高计量的上限。
    补差以后给补差的那一份，就照补差以后全年的算。
    """
    summary = freeze.run.head["summary"]
    base = Decimal(summary["unified_net" if freeze.run.head["conventions"]["K-12"] == "net" else "unified_gross"])
    first = Freeze.objects.get(service_year=freeze.service_year, number=0)
    due = max(base + sum(verified_of(first).values(), ZERO), ZERO)
    return min(Decimal(summary["supervision_fee_cap"]), Decimal(fen(f"{due:.2f}") // 10) / 100)


def fee_over(year: int) -> tuple[Decimal, Decimal] | None:
    """这一年方案里安排的专项管理费超出照实际应付算的上限：（安排的, 上限）；没有超出为 None（R-082）。"""
    last, settles = frozen(year), year_cases(year).filter(number=0).first()
    plan = latest_plan(settles.case) if settles else None
    if last is None or plan is None:
        return None
    most = fee_ceiling(last)
    return (plan.supervision, most) if plan.supervision > most else None


@dataclass(frozen=True)
class Due:
    """要付给一家的：计量、扣减、效能核定（R-079）、应付（元）；补差的是比已结的多（少）多少。`unit` 空是统一支付。"""

    provider: str
    unit: str
    gross: Decimal
    deduction: Decimal
    net: Decimal
    verified: Decimal = ZERO


def dues(freeze: Freeze) -> list[Due]:
    """这一份要付的各家；补差只列变了的。"""
    now = _dues(freeze.run)
    if freeze.base is None:
        verified = verified_of(freeze)
        return [
            replace(one, net=one.net + verified[one.provider], verified=verified[one.provider])
            if not one.unit and one.provider in verified
            else one
            for one in now.values()
        ]
    before = _dues(freeze.base.run)
    found = []
    for key in sorted({*now, *before}):
        a, b = before.get(key) or Due(*key, ZERO, ZERO, ZERO), now.get(key) or Due(*key, ZERO, ZERO, ZERO)
        if a != b:
            found.append(Due(*key, b.gross - a.gross, b.deduction - a.deduction, b.net - a.net))
    return found


def verified_of(freeze: Freeze) -> dict[str, Decimal]:
    """服务商代码 → 效能评估核定的调整；还没冻结的没有。"""
    return dict(verifications(freeze).values_list("provider__code", "amount")) if freeze.pk else {}


def verifications(freeze: Freeze) -> QuerySet[Verified]:
    """这一份结算算数的效能核定：替下了的、改成不调整的不算（R-079）。"""
    return freeze.verified.filter(replaced_by=None).exclude(amount=0)


def _dues(run: Run) -> dict[tuple[str, str], Due]:
    summary = run.head["summary"]
    rows = [*summary["unified"], *summary["self"]]
    found = [
        Due(row["provider"], row.get("unit", ""), *(Decimal(row[key]) for key in ("gross", "deduction", "net")))
        for row in rows
    ]
    return {(one.provider, one.unit): one for one in found}


def payable(freeze: Freeze, provider: str, unit: str | None) -> Decimal | None:
    """这一份要付给这家多少：统一支付的，或某单位自行支付的；没有为 None。"""
    return next((one.net for one in dues(freeze) if (one.provider, one.unit) == (provider, unit or "")), None)


def unified_net(freeze: Freeze) -> Decimal:
    """统一支付的应付合计。"""
    return sum((one.net for one in dues(freeze) if not one.unit), ZERO)


def unpaid(freeze: Freeze) -> Decimal:
    """统一支付还有多少没有结清：各家还应付、还应收回的绝对值之和，没有签合同的也算。"""
    paid: dict[str, Decimal] = {}
    for one in contracts_of(freeze).filter(unit=None).prefetch_related("payments"):
        paid[one.provider.code] = one.paid_total
    return sum((abs(one.net - paid.get(one.provider, ZERO)) for one in dues(freeze) if not one.unit), ZERO)


def figure(case: Case, key: str) -> Decimal | None:
    """各步定下的金额：plan 方案合计（应付加专项管理费），due 补差应付，approved 批复，applied 申请，granted 下达。

    退回重办的以最近一次定下的为准，还没有重新定下的为 None。
    """
    if key == "due":
        found = freeze_of(case)
        return unified_net(found) if found else None
    if key == "plan":
        plan = latest_plan(case)
        return plan.total + plan.supervision if plan else None
    event = _decided(case, key)
    return Decimal(event.detail["fields"][key]) if event else None


def _decided(case: Case, key: str) -> Event | None:
    """最近一次定下这个金额、之后没有退回到那一步或更前的事件。"""
    table = procedure(case.procedure, case.version)
    order = {step.code: number for number, step in enumerate(table.steps)}
    earliest = len(order)
    for event in case.events.order_by("-seq"):
        if key in (event.detail.get("fields") or {}):
            return event if order[event.step] < earliest else None
        if event.act not in ASIDE:
            earliest = min(earliest, order.get(table.step(event.step).act(event.act).to, earliest))
    return None


@dataclass(frozen=True)
class Step:
    """金额链上的一步：叫法、金额、与上一步的差、哪天、凭什么（文号或件）。"""

    name: str
    amount: Decimal | None
    gap: Decimal | None
    on: date | None = None
    document: str = ""


def chain(case: Case) -> list[Step]:
    """从结算书到支付，一步一个金额。"""
    steps: list[Step] = []
    previous: Decimal | None = None
    for step in _steps(case):
        gap = step.amount - previous if step.amount is not None and previous is not None else None
        steps.append(replace(step, gap=gap))
        previous = step.amount if step.amount is not None else previous
    return steps


def _steps(case: Case) -> Iterator[Step]:
    """链上的各步，还没有算差。"""
    found = freeze_of(case)
    if found:
        verified = sum(verified_of(found).values(), ZERO)
        name = "补差应付（统一支付）" if found.number else "结算应付（统一支付）"
        yield Step(name, unified_net(found) - verified, None, found.on, f"批次 {found.run_id}")
        if verified:
            last = verifications(found).order_by("-pk")[0]
            yield Step("效能评估核定以后", unified_net(found), None, last.on, last.document)
    if case.procedure == "settlement":
        plan = latest_plan(case)
        version = f"第 {plan.version} 版" if plan else ""
        yield Step("方案合计（含专项管理费）", figure(case, "plan"), None, plan.on if plan else None, version)
        yield _decided_step(case, "批复金额", "approved")
        yield _decided_step(case, "申请追加", "applied")
    yield _decided_step(case, "下达预算", "granted")
    if found:
        contracts = contracts_of(found).filter(unit=None)
        payments = Payment.objects.filter(contract__in=contracts)
        for name, rows, day, measure in (
            ("已签合同", contracts, "signed_on", "份"),
            ("已支付", payments, "paid_on", "笔"),
        ):
            added = rows.aggregate(sum=Sum("amount"), last=Max(day), number=Count("pk"))
            document = f"{added['number']} {measure}" if added["number"] else ""
            yield Step(name, added["sum"], None, added["last"], document)


def _decided_step(case: Case, name: str, key: str) -> Step:
    event = _decided(case, key)
    if event is None:
        return Step(name, None, None)
    fields = event.detail["fields"]
    return Step(name, Decimal(fields[key]), None, event.on, fields.get("document", ""))


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


def money_problems() -> Iterator[str | None]:
    """逐个批次、合同、冲回核对；没有问题的给 None，供 `prove` 计数。"""
    for run in Run.objects.order_by("pk"):
        problems: list[str | None] = [*footing(run)]
        yield from problems or [None]
    yield from _contract_problems()
    yield from _reversal_problems()


def _contract_problems() -> Iterator[str | None]:
    """合同等于应付、支付不超合同；作废的没有付着的钱；没作废的一家一份、号不重。"""
    contracts = Contract.objects.select_related("freeze__run", "freeze__base__run", "provider", "unit", "voided")
    for contract in contracts.annotate(paid=Sum("payments__amount")).order_by("pk"):
        due = payable(contract.freeze, contract.provider.code, contract.unit.code if contract.unit else None)
        paid = contract.paid or ZERO
        if hasattr(contract, "voided"):
            yield f"合同 {contract.number} 作废了，还付着 {paid}" if paid else None
        elif contract.amount != due:
            yield f"合同 {contract.number} 金额 {contract.amount}，结算书应付 {due}"
        elif not _within(paid, contract.amount):
            yield f"合同 {contract.number} 已付 {paid} 超过合同 {contract.amount}"
        else:
            yield None
    live = Contract.objects.filter(voided=None).order_by()
    for keys in (("number",), ("freeze", "provider", "unit")):
        for row in live.values(*keys).annotate(count=Count("pk")).filter(count__gt=1):
            yield f"没有作废的合同重了 {row['count']} 份：{'、'.join(str(row[key]) for key in keys)}"


def _reversal_problems() -> Iterator[str | None]:
    """冲回的与所冲的同一份合同，方向相反、不超过它。"""
    for reversal in Payment.objects.select_related("reverses", "contract").order_by("pk"):
        if before := reversal.reverses:
            same = before.contract_id == reversal.contract_id and before.amount * reversal.amount < 0
            wrong = f"合同 {reversal.contract} 的冲回 {reversal.amount} 与所冲的 {before.amount} 不符"
            yield None if same and _within(-reversal.amount, before.amount) else wrong


def _within(part: Decimal, whole: Decimal) -> bool:
    """`part` 在 0 与 `whole` 之间（含）。"""
    return min(whole, ZERO) <= part <= max(whole, ZERO)


def days(line: BillLine) -> list[tuple[date, Decimal]]:
    """一条账目摊到每天：按最大余额法，逐日之和等于这一条（只供查看，不是另算）。"""
    count = (line.until_on - line.from_on).days
    shares = split(fen(f"{line.amount:.2f}"), [1] * count)
    return [(line.from_on + timedelta(days=n), Decimal(share) / 100) for n, share in enumerate(shares)]


def years() -> list[int]:
    """有批次的服务年度，近的在前。"""
    return sorted(set(Run.objects.values_list("service_year", flat=True)), reverse=True)


#: 处理到哪一步：未裁定的、已裁定的、不阻断的
OPEN, RULED, NOTE = "open", "ruled", "note"


def differences(run: Run, resource: str = "") -> list[Difference]:
    """批次（一个资源）的差异，连同处理经过；没裁定的在前，不阻断的在后。"""
    rows = differences_of(run)
    if resource:
        rows = rows.filter(resource=resource)
    return [one for state in (OPEN, RULED, NOTE) for one in with_steps(run, in_state(run, rows, state))]


def in_state(run: Run, rows: QuerySet[Difference], state: str) -> QuerySet[Difference]:
    """处理到这一步的，按次序；以最近的裁定为准，不看批次算没算进去。"""
    if state == NOTE:
        return rows.filter(blocking=False).order_by("seq")
    ruled = _ruled(run)
    return rows.filter(ruled if state == RULED else ~ruled, blocking=True).order_by("seq")


def _ruled(run: Run) -> Exists:
    """这条差异裁定过。"""
    return Exists(
        Handling.objects.filter(
            service_year=run.service_year,
            kind=Handling.RULE,
            resource=OuterRef("resource"),
            item=OuterRef("item"),
            code=OuterRef("code"),
        )
    )


def counts_of(run: Run, rows: QuerySet[Difference]) -> dict[str, dict[str, int]]:
    """这些差异处理到哪一步 → 各种各几条；一条语句数完。"""
    found: dict[str, dict[str, int]] = {OPEN: {}, RULED: {}, NOTE: {}}
    kinds = rows.order_by().annotate(ruled_now=_ruled(run)).values_list("code", "blocking", "ruled_now")
    for code, blocking, ruled, number in kinds.annotate(number=Count("pk")):
        state = (RULED if ruled else OPEN) if blocking else NOTE
        found[state][code] = found[state].get(code, 0) + number
    return found


def with_steps(run: Run, rows: Iterable[Difference]) -> list[Difference]:
    """各条差异附上处理经过；只查这几条的。"""
    found = list(rows)
    handled: dict[tuple[str, str, str], list[Handling]] = {}
    handlings = Handling.objects.filter(service_year=run.service_year, resource__in={one.resource for one in found})
    for step in handlings.select_related("assignee", "file").defer("file__content").order_by("pk"):
        handled.setdefault((step.code, step.resource, step.item), []).append(step)
    for one in found:
        one.steps = handled.get((one.code, one.resource, one.item), ())
    return found


def state_counts(run: Run) -> dict[str, dict[str, int]]:
    """处理到哪一步 → 各种差异各几条；几条是批次里记着的，只数已裁定的，差异再多也快。"""
    every = Difference.objects.filter(run=run.base_id or run.pk)
    rows = in_state(run, every, RULED).order_by().values_list("code").annotate(number=Count("pk"))
    ruled = dict(rows)
    blocking = {code: number for code, number in run.differences.items() if int(code[1:]) in BLOCKING}
    return {
        OPEN: {code: number - ruled.get(code, 0) for code, number in blocking.items()},
        RULED: ruled,
        NOTE: {code: number for code, number in run.differences.items() if code not in blocking},
    }
