"""写结算：要计量、起年度结算、收复算；流程的关口和效果（R-073 至 R-082、R-090）。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import IO

from django.db.models import Sum

from yunheng.applications.history import frozen as backfilled
from yunheng.assessment.queries import locked
from yunheng.audit.actor import SYSTEM, Actor
from yunheng.audit.append_only import newest
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, NotYours, Refused
from yunheng.cases.models import Case
from yunheng.cases.operations import Doing, open_case, register_effect, register_facts, register_guard
from yunheng.catalog.operations import register_frozen
from yunheng.orgs import commissioning
from yunheng.orgs.models import Institution, Level
from yunheng.orgs.queries import chosen_conventions, providers
from yunheng.rules import periods, rulebook
from yunheng.rules.procedures.settling import pays_recovery
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope
from yunheng.settlement import arriving, funding, payables, queries, vouchers
from yunheng.settlement.bill.objecting import waiting
from yunheng.settlement.footing import footing
from yunheng.settlement.models import (
    ADJUST,
    ESTIMATE,
    ROLLING,
    YEARLY,
    Freeze,
    Recomputation,
    Run,
    RunOrder,
    Submission,
    YearCase,
)
from yunheng.settlement.plans import planning
from yunheng.settlement.runs import late, staleness
from yunheng.settlement.runs.recomputing import judge
from yunheng.settlement.runs.running import period_end


def order_monthly(on: date) -> RunOrder | None:
    """每月自动要一次滚动计量，带全年预测（R-087）；这个月要过、年初第一天、冻结了的不要。"""
    year = periods.service_year_of(on)
    ordered = RunOrder.objects.filter(service_year=year, kind=ROLLING, on__year=on.year, on__month=on.month)
    if ordered.exists() or on == periods.service_year(year).start:
        return None
    try:
        return order_run(actor=SYSTEM, on=on, year=year, kind=ROLLING)
    except Refused:
        return None


def order_run(*, actor: Actor, on: date, year: int, kind: str) -> RunOrder:
    """要一次计量；年度还没完不能算年度的，冻结了的不能再算（R-071、R-083）。"""
    if actor.role not in (Role.REVIEWER, None):
        raise NotYours(["计量由区科创中心办（D62-四，R-073）"])
    if kind not in (ROLLING, YEARLY, ADJUST):
        raise Refused([f"计量只有滚动、年度、补差三种，没有“{kind}”"])
    span = periods.service_year(year)
    if on <= span.start:
        raise Refused([f"{year} 服务年度从 {span.start} 起，还没有可计量的日子（D62-七，R-071）"])
    if kind == YEARLY and on < periods.year_end(year):
        raise Refused([f"{year} 服务年度到 {span.until} 才完，现在只能算滚动的（D62-七，R-071）"])
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, year)
        freeze = queries.frozen(year)
        if freeze and kind != ADJUST:
            raise Refused([f"{year} 服务年度的结算已于 {freeze.on} 冻结，不能重算；更正走补差（R-083）"])
        if kind == ADJUST and freeze is None:
            raise Refused([f"{year} 服务年度的结算还没有冻结，不用补差，直接重新计量（R-083）"])
        if queries.measuring(year).exists():
            raise Refused([f"{year} 服务年度已有一次计量在排队或正在算，等它完了再要"])
        order = RunOrder.objects.create(
            service_year=year,
            kind=kind,
            until_on=period_end(year, on, kind),
            on=on,
            person_id=actor.person,
            by=str(actor),
        )
        journal.note("要计量", str(year), after={"种类": kind})
    return order


def order_estimates(on: date) -> int:
    """查一遍各冻结年度又到的收件；有没有算进去的，要一次估算，一个业务日至多一次。返回要了几次（R-083）。"""
    made = 0
    for year in sorted(queries.frozen_years()):
        freeze = queries.frozen(year)
        if freeze is None:
            continue
        late.scan(freeze.run)
        found, asked = late.standing(year), RunOrder.objects.filter(service_year=year, kind=ESTIMATE, on=on)
        if found and (found.estimate is None or found.stale) and not found.order and not asked.exists():
            order_estimate(actor=SYSTEM, on=on, year=year)
            made += 1
    return made


def order_estimate(*, actor: Actor, on: date, year: int) -> RunOrder:
    """要一次估算：冻结以后又到的收件使统一支付净额变多少；没有冻结、没有又到的、正在估算的抛 Refused（R-083）。"""
    if actor.role not in (Role.REVIEWER, None):
        raise NotYours(["估算由区科创中心办（D62-四，R-073）"])
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, year)
        if queries.frozen(year) is None:
            raise Refused([f"{year} 服务年度的结算还没有冻结，不用估算，直接重新计量（R-083）"])
        found = late.standing(year)
        if found is None:
            raise Refused([f"{year} 服务年度冻结以后没有又收到平台数据，没有可估算的（R-083）"])
        if found.order:
            raise Refused([f"{year} 服务年度正在估算，等它完了再要（R-083）"])
        order = RunOrder.objects.create(service_year=year, kind=ESTIMATE, on=on, person_id=actor.person, by=str(actor))
        journal.note("要估算", str(year), after={"又收到": found.count})
    return order


def start(*, actor: Actor, on: date, year: int) -> Case:
    """起某服务年度的结算；年度没完、已经起过的抛 Refused，起过又撤回了的可以重起。"""
    if actor.role != Role.REVIEWER or actor.institution is None:
        raise NotYours(["年度结算由区科创中心办（D62-四，R-080）"])
    month = rulebook.built_in().settled("settlement_start_month", on).whole
    opens = max(periods.year_end(year), date(year + 1, month, 1))
    if on < opens:
        raise Refused([f"每年 {month} 月起结算；{year} 服务年度到 {opens} 才完（D62-八，R-080）"])
    with unit_of_work(actor):
        hold(Lock.YEAR, year)
        if begun := queries.year_cases(year).filter(number=0).first():
            raise Refused([f"{year} 服务年度的结算已经起了：{begun.case.number}（R-080）"])
        unit = Institution.objects.get(pk=actor.institution)
        case = open_case(
            actor=actor, on=on, procedure_code="settlement", unit=unit, subject=f"{periods.years(year)} 服务年度结算"
        )
        YearCase.objects.create(service_year=year, case=case, restarts=_withdrawn(year, 0))
    return case


def _withdrawn(year: int, number: int) -> YearCase | None:
    """这一次最近撤回的那件；没有起过为 None。"""
    return newest(YearCase.objects.filter(service_year=year, number=number))


def adjust(*, actor: Actor, on: date, year: int) -> Case:
    """起一次补差：要已冻结，上一次补差办完了（R-083）；撤回了的不占次数，重起还是那一次。"""
    if actor.role != Role.REVIEWER or actor.institution is None:
        raise NotYours(["补差由区科创中心办（D62-四，R-083）"])
    with unit_of_work(actor):
        hold(Lock.YEAR, year)
        last = queries.year_cases(year).last()
        if last is None or queries.frozen(year) is None:
            raise Refused([f"{year} 服务年度的结算还没有冻结，不用补差，直接重新计量（R-083）"])
        if not last.case.board.outcome:
            raise Refused([f"{last.case.number} 还没有办完，办完再起补差（R-083）"])
        unit = Institution.objects.get(pk=actor.institution)
        number = last.number + 1
        subject = f"{periods.years(year)} 服务年度第 {number} 次补差"
        case = open_case(actor=actor, on=on, procedure_code="adjustment", unit=unit, subject=subject)
        YearCase.objects.create(service_year=year, number=number, case=case, restarts=_withdrawn(year, number))
    return case


def recompute(*, actor: Actor, on: date, run: Run, file: IO[bytes]) -> Recomputation:
    """收第三方离线复算的 结算.json（可压成 .gz）：逐条比对，记下一致不一致（R-077）。不是结算结果抛 Refused。"""
    if actor.role != Role.THIRD_PARTY:
        raise NotYours(["复算由第三方机构办（D62-七，R-077）"])
    commissioning.require(actor, on, Scope.METERING)
    verdict = judge(run, file)
    with unit_of_work(actor) as journal:
        found = Recomputation.objects.create(run=run, **vars(verdict), on=on, by=str(actor))
        journal.note("复算", str(run.pk), after={"摘要": verdict.digest, "一致": verdict.equal})
    return found


# ── 流程里的关口和效果 ──


def _year(case: Case) -> int:
    return YearCase.objects.get(case=case).service_year


def _kind(case: Case) -> str:
    return ADJUST if case.procedure == "adjustment" else YEARLY


def run_ready(doing: Doing) -> Iterator[str]:
    """提交复算之前：异议都答复了；有年度计量，而且是最新的，收到的平台数据都算进去了；要付钱的各家考核都审定了，评分与计量时相同。"""
    year = _year(doing.case)
    kind = _kind(doing.case)
    if left := waiting(year):
        yield f"{year} 服务年度还有 {left} 条异议没有答复，三方核对完了才能提交复算（D62-七，R-075）"
    run = queries.latest_run(year, kind)
    if run is None:
        yield f"{year} 服务年度还没有{kind}计量，请先计量（D62-七，R-073）"
        return
    yield from staleness.stale(run)
    yield from arriving.unready(run)
    if kind == ADJUST:
        last = queries.frozen(year)
        if last and run.pk < last.run_id:
            yield "冻结以后还没有做补差计量，请先计量（R-083）"
        elif last and run.digest == last.run.digest and not _left(last):
            yield "重算的结果与已冻结的相同，没有可补的差（R-083）"
    sheets = locked(year)
    paid = queries.appraised_providers(run)
    for entry in run.head["assessments"]:
        code = entry["provider"]
        # 今年没有要付的，没有可扣的
        if code not in paid:
            continue
        name = providers().filter(code=code).values_list("name", flat=True).first() or code
        if code not in sheets:
            yield f"{name} {year} 服务年度的考核还没有审定，扣减没有依据（D62-附件5，R-078、R-093）"
        elif {key: sheets[code].content[key] for key in ("scores", "total", "deduction_rate")} != {
            key: entry[key] for key in ("scores", "total", "deduction_rate")
        }:
            yield f"{name}审定的考核与计量时的不同，请重新计量（R-078）"


def _left(last: Freeze) -> bool:
    """重算的与已冻结的相同，也还有要补的：缓付的、管理费签超了上限的、报送以后才登记的灾备区级承担。"""
    return bool(funding.deferred_of(last) or funding.fee_over(last.service_year) or funding.recovery_late(last))


def city_fees(doing: Doing) -> frozenset[str]:
    """结算书要不要先报市经信核定：用到的单位里有市级的就报，或口径定了都报（M6-27，R-086，K-16）。"""
    if chosen_conventions(doing.on)["K-16"] == "always":
        return frozenset({"city_fees"})
    run = queries.latest_run(_year(doing.case), YEARLY)
    units = run.sums.values("unit") if run else ()
    city = run is not None and Institution.objects.filter(code__in=units, level=Level.CITY).exists()
    return frozenset({"city_fees"}) if city else frozenset()


def pays(doing: Doing) -> frozenset[str]:
    """合计（连并进来的缓付）要补付的，才要下达预算；收回的不用。"""
    year = _year(doing.case)
    run, last = queries.latest_run(year, ADJUST), queries.frozen(year)
    if run is None or last is None:
        return frozenset()
    wanted = funding.need_of(Freeze(service_year=year, run=run, base=last), doing.case.version)
    return frozenset({"adjustment_pays"}) if wanted.total > 0 else frozenset()


def submit_run(doing: Doing) -> None:
    """提交的是哪个批次，留下来。"""
    run = queries.latest_run(_year(doing.case), _kind(doing.case))
    assert run is not None
    version = Submission.objects.filter(case=doing.case).count() + 1
    Submission.objects.create(case=doing.case, version=version, run=run, on=doing.on)


def recomputed(doing: Doing) -> Iterator[str]:
    """第三方要上传过与这个批次逐条相同的复算结果（R-077）。"""
    run = queries.submitted(doing.case)
    last = newest(Recomputation.objects.filter(run=run))
    if last is None:
        yield "还没有上传离线复算的 结算.json，不能说一致（D62-七，R-077）"
    elif not last.equal:
        yield f"最近一次复算与批次不一致，不能提交：{last.report.splitlines()[0]}（D62-七，R-077）"


def current(doing: Doing) -> Iterator[str]:
    """批准之前：提交以后数据没有变过，账目与汇总一分不差；提交以后收到的平台数据不算进这一批（`unread.pending`）。"""
    run = queries.submitted(doing.case)
    if run is not None:
        yield from staleness.stale(run)
        yield from footing(run)


def freeze(doing: Doing) -> None:
    """区科委批准：冻结（R-083、R-090）。"""
    hold(Lock.YEAR, _year(doing.case))
    run = queries.submitted(doing.case)
    assert run is not None
    # 拿着锁再看一遍：批准的同时别人正好又裁定了一条
    if problems := list(staleness.stale(run)):
        raise Refused(problems)
    base = queries.frozen(run.service_year)
    found = Freeze(
        service_year=run.service_year,
        number=base.number + 1 if base else 0,
        base=base,
        run=run,
        case=doing.case,
        on=doing.on,
        by=str(doing.actor),
    )
    if base and pays_recovery(doing.case.procedure, doing.case.version):
        # 提交时照合计定了要不要下达：其后又登记、更正了灾备费用，合计从补付变成收回（或反过来）的要重新提交
        if (funding.need_of(found, doing.case.version).total > 0) != ("adjustment_pays" in doing.position.facts):
            raise Refused(["提交以后灾备费用又变了，合计要不要补付与提交时不同，请退回重新提交（M10-五，R-085）"])
        found.recovery = funding.recovery_late(base)
    found.save()


#: 每步的金额不超过上一步的：这一栏 →（上一步的栏, 叫法）
_CHAIN = {"approved": ("need", "预算合计"), "applied": ("approved", "批复金额"), "granted": ("applied", "申请追加金额")}


#: 凭文号的金额：哪个流程版本在手都一样
_NUMBERED = {"approved": "批复", "granted": "下达"}


def amounts_in_chain(doing: Doing) -> Iterator[str]:
    """批复、申请、下达的金额都不超过上一步的，超了拒绝（D14-15，R-081）。"""
    fields: Mapping[str, str] = doing.detail.get("fields", {})  # type: ignore[assignment]
    chain = _CHAIN if doing.case.procedure == "settlement" else {"granted": ("need", "补差应付")}
    for key, (before, name) in chain.items():
        if key in fields:
            most = funding.figure(doing.case, before)
            given = Decimal(fields[key])
            if most is None:
                yield f"还没有{name}（D14-15，R-081）"
            elif given > most:
                label = next(field.label for field in doing.act.fields if field.key == key)
                yield f"{label} {given} 超过{name} {most}，超出 {given - most} 元（D14-15，R-081）"
            elif given <= 0:
                yield "金额应大于 0（R-081）"
            if key == "approved":
                yield from _fee_beyond(doing.case)
            if key in _NUMBERED and not fields.get("document"):
                yield At("field:document", f"{_NUMBERED[key]}要写文号（D14-15，R-081）")


def _fee_beyond(case: Case) -> Iterator[str]:
    """报送以前没有拦住的（从前报送的），管理费超了上限不批复，退回改方案（D14-16(监管机制)，R-082）。"""
    plan, freeze = queries.latest_plan(case), queries.freeze_of(case)
    if plan and freeze and (problem := funding.fee_beyond(freeze, plan.supervision)):
        yield f"不能批复，请点“退回修改方案”。{problem}"


def unsigned(doing: Doing) -> Iterator[str]:
    """退回重报预算之前：要用预算的；还没有签合同，签了的照原来的预算。"""
    freeze = queries.freeze_of(doing.case)
    assert freeze is not None
    wanted = funding.need(doing.case)
    if wanted is None or wanted.total <= 0:
        yield "这次补差合计不用补付，没有预算可退回重报（R-083）"
    signed = payables.contracts_of(freeze).filter(unit=None).order_by("number").values_list("number", flat=True)
    if signed:
        yield f"已照下达的预算签了合同 {'、'.join(signed)}，不能再退回重报；签错了的先作废（D14-15，R-081）"


def contracts_signed(doing: Doing) -> Iterator[str]:
    """各家统一支付的合同都签了。"""
    freeze = queries.freeze_of(doing.case)
    assert freeze is not None
    signed = set(payables.contracts_of(freeze).filter(unit=None).values_list("provider__code", flat=True))
    for one in funding.dues(freeze):
        if not one.unit and one.payable and one.provider not in signed:
            yield f"还没有与 {one.provider} 签支付合同，应付 {one.payable} 元（D62-八，R-081）"


def all_paid(doing: Doing) -> Iterator[str]:
    """各合同都付清了，写了合计的凭证都登记满了。"""
    freeze = queries.freeze_of(doing.case)
    assert freeze is not None
    for contract in payables.contracts_of(freeze).filter(unit=None).annotate(paid=Sum("payments__amount")):
        paid = contract.paid or Decimal(0)
        if paid != contract.amount:
            left = contract.amount - paid
            yield f"{contract.number} 合同 {contract.amount} 元，已付 {paid} 元，还差 {left} 元（R-081）"
    yield from vouchers.unfilled(payables.contracts_of(freeze).filter(unit=None))


def fee_signed(doing: Doing) -> Iterator[str]:
    """批复不足的写明了怎样处理；安排了专项管理费的，签了合同，少签的写明了理由（R-081、R-082）。"""
    freeze = queries.freeze_of(doing.case)
    assert freeze is not None
    if problem := funding.unhandled(doing.case):
        yield problem
    elif (fee := funding.fee_open(freeze)) > 0 and not funding.fee_contracts(freeze).exists():
        yield f"专项管理费这次付 {fee} 元，还没有与第三方机构签合同（D14-16(监管机制)，R-082）"
    elif (less := funding.fee_less(doing.case, freeze)) and not less.reason:
        yield (
            f"专项管理费这次该付 {funding.fee_payable(doing.case)} 元，少签 {less.amount} 元没有写明理由："
            "另签一份补足，或作废重新登记，写明为什么少签（D14-16(监管机制)，R-082）"
        )


def recovery_paid(doing: Doing) -> Iterator[str]:
    """灾备区级承担都登记了拨付，或写明由谁另付（M10-五，R-085）。"""
    freeze = queries.freeze_of(doing.case)
    assert freeze is not None
    due, settled = funding.recovery_payable(doing.case), funding.recovery_settled(freeze)
    if due != settled:
        yield (
            f"灾备区级承担这次付 {due} 元，已登记 {settled} 元，差 {due - settled} 元："
            "登记拨付，或写明由谁另付、为什么（M10-五，R-085）"
        )


def register() -> None:
    """启动时登记。"""
    for name, guard in (
        ("settlement_run", run_ready),
        ("settlement_recomputed", recomputed),
        ("settlement_current", current),
        ("settlement_plan", planning.plan_ready),
        ("settlement_nothing_due", planning.nothing_due),
        ("settlement_amounts", amounts_in_chain),
        ("settlement_unsigned", unsigned),
        ("settlement_contracts", contracts_signed),
        ("settlement_payments", all_paid),
        ("settlement_fee", fee_signed),
        ("settlement_recovery", recovery_paid),
    ):
        register_guard(name, guard)
    for code in ("settlement", "adjustment"):
        register_effect(code, "submit_run", submit_run)
        register_effect(code, "freeze", freeze)
    register_frozen(lambda: Freeze.objects.values_list("service_year", flat=True))
    commissioning.register_ceiling(funding.supervision_ceiling)
    backfilled.register(queries.frozen_years)
    register_facts("settlement", city_fees)
    register_facts("adjustment", pays)
