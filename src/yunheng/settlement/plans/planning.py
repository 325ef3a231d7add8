"""编结算项目方案：存成一版、要一份草稿、报送立项之前核对（R-080、R-082）。每一版只追加，改就是再存一版。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Board, Case
from yunheng.cases.operations import Doing
from yunheng.documents.data import GOALS
from yunheng.rules.roles import Role
from yunheng.settlement import funding, payables, queries, recovery
from yunheng.settlement.footing import footing
from yunheng.settlement.models import ROLLING, YEARLY, Freeze, Plan, PlanDraft, Run

#: 方案里可写的各段：键、叫法、提示
PROSE = (
    ("overview", "项目概况", "本服务年度政务云使用的总体情况"),
    ("goal", "绩效目标说明", "对上面各项目标的补充，没有可不写"),
    ("arrangement", "支付安排", "何时、分几次支付"),
)
#: 一段文字、一个指标、一个目标值最多几个字
MAX_PROSE, MAX_INDICATOR, MAX_TARGET = 5000, 20, 200
#: 存下的内容，和出不成时存的说明，在方案的文件里叫什么
CONTENT, FAILED = "结算项目方案.json", "没有出成.txt"


def write_plan(
    *,
    actor: Actor,
    on: date,
    case: Case,
    prose: Mapping[str, str],
    supervision: Decimal,
    goals: Sequence[tuple[str, str]] = GOALS,
    seen: int | None = None,
) -> Plan:
    """编结算项目方案的一版，金额照现在的冻结结果和效能核定（R-080、R-082）。

    `seen` 是照着第几版改的，别人已存了更新的就拒绝。还没批准、已报送、专项管理费超上限、文字不合规矩的抛 Refused。
    """
    if actor.role != Role.REVIEWER:
        raise NotYours(["结算方案由区科创中心编（D62-八，R-080）"])
    freeze = queries.freeze_of(case)
    if freeze is None:
        raise Refused(["计量结果还没有经区科委批准，不能编结算方案（D62-四，R-090）"])
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, freeze.service_year)
        last = queries.latest_plan(case)
        version = last.version if last else 0
        if problems := [
            *_not_now(case),
            *_overtaken(last, seen),
            *_written_badly(prose, goals),
            *filter(None, [funding.fee_beyond(freeze, supervision)]),
        ]:
            raise Refused(problems)
        need = funding.need_now(freeze, supervision)
        plan = Plan.objects.create(
            case=case,
            version=version + 1,
            run=freeze.run,
            prose=dict(prose),
            goals=[[part.strip() for part in goal] for goal in goals],
            total=need.due,
            supervision=need.supervision,
            recovery=need.recovery,
            verified=sorted(payables.verifications(freeze).values_list("pk", flat=True)),
            on=on,
            by=str(actor),
        )
        journal.note("编结算方案", case.number, after={"版本": plan.version, "预算合计": str(need.total)})
    return plan


def _not_now(case: Case) -> Iterator[str]:
    """报送立项以后不能再改，除非退回来。"""
    board = Board.objects.get(case=case)
    if board.step != "plan":
        yield f"{case.number} 现在“{board.step_name}”，编方案的那一步才能改；要改请区科委退回（D62-八，R-080）"


def _overtaken(last: Plan | None, seen: int | None) -> Iterator[str]:
    if last and seen is not None and last.version != seen:
        yield (
            f"{last.by}已存了第 {last.version} 版，您照着改的是第 {seen} 版；您写的都还在，看过新的一版再存（R-080）"
        )


def _written_badly(prose: Mapping[str, str], goals: Sequence[tuple[str, str]]) -> Iterator[str]:
    for key, name, _hint in PROSE:
        if (length := len(prose.get(key, ""))) > MAX_PROSE:
            yield f"“{name}”有 {length} 个字，最多 {MAX_PROSE} 个，请删短一些（R-080）"
    if len(goals) != len(GOALS):
        yield f"预算绩效目标应有 {len(GOALS)} 行，现在是 {len(goals)} 行（D14-15，R-080）"
    for number, goal in enumerate(goals, start=1):
        for text, name, most in zip(goal, ("指标", "目标值"), (MAX_INDICATOR, MAX_TARGET), strict=True):
            place = f"预算绩效目标第 {number} 行的{name}"
            if not text.strip():
                yield f"{place}不能为空（D14-15，R-080）"
            elif len(text.strip()) > most:
                yield f"{place}有 {len(text.strip())} 个字，最多 {most} 个（D14-15，R-080）"


def stale(plan: Plan, freeze: Freeze) -> Iterator[str]:
    """这一版存下以后，算进去的数据又变了的：要更新数据，重编一版。"""
    if plan.run_id != freeze.run_id:
        yield f"第 {plan.version} 版照的是批次 {plan.run_id}，冻结的是批次 {freeze.run_id}，请重编一版（R-080）"
    now = set(payables.verifications(freeze).values_list("pk", flat=True))
    if now != set(plan.verified):
        due = funding.unified_net(freeze)
        yield f"第 {plan.version} 版方案的应付 {plan.total}，效能核定以后应是 {due}，请重编一版（R-079、R-080）"
    # 报送以后才登记的灾备费用不在这份预算里，办件页另列
    borne = recovery.borne(freeze.service_year)
    if plan.recovery != borne and plan.case.board.step == "plan":
        yield (
            f"第 {plan.version} 版方案的灾备区级承担 {plan.recovery}，照现在登记的应是 {borne}，"
            "请重编一版（M10-五，R-080、R-085）"
        )


def plan_ready(doing: Doing) -> Iterator[str]:
    """报送立项之前：有方案，文件出成了，数据没有再变，账目、汇总、方案分毫不差。"""
    plan, freeze = queries.latest_plan(doing.case), queries.freeze_of(doing.case)
    if plan is None or freeze is None:
        yield "还没有编结算项目方案，草稿不能报送（D62-八，R-080）"
        return
    yield from stale(plan, freeze)
    if problem := funding.fee_beyond(freeze, plan.supervision):
        yield problem
    if plan.files.filter(name=FAILED).exists():
        yield f"第 {plan.version} 版的文件没有出成，改好文字再存一版（R-080）"
    yield from footing(plan.run)
    if funding.need_of_plan(plan).total == 0:
        yield f"第 {plan.version} 版预算合计是 0 元，没有可立项的；请点“没有应付，办结”（D62-八，R-081）"


def nothing_due(doing: Doing) -> Iterator[str]:
    """不立项就办结之前：统一支付没有要付的，没有安排专项管理费，也没有灾备区级承担。"""
    freeze, plan = queries.freeze_of(doing.case), queries.latest_plan(doing.case)
    if freeze and (due := funding.unified_net(freeze)):
        yield f"统一支付还应付 {due} 元，请编方案、报送立项，不能就此办结（D62-八，R-081）"
    elif plan and plan.supervision:
        yield (
            f"第 {plan.version} 版方案安排了专项管理费 {plan.supervision} 元，请报送立项；不安排的改成 0 再存一版"
            "（D14-16(监管机制)，R-082）"
        )
    elif freeze and (borne := recovery.borne(freeze.service_year)):
        yield f"登记了灾备区级承担 {borne} 元，请编方案、报送立项（M10-五，R-085）"


def drafted_from(year: int) -> Run | None:
    """草稿照哪个批次：最近的年度计量，没有就照最近的滚动计量（预估稿）；裁定试算没有数据包，不算。"""
    runs = Run.objects.filter(service_year=year, base=None).order_by("-pk")
    return runs.filter(kind=YEARLY).first() or runs.filter(kind=ROLLING).first()


def order_draft(*, actor: Actor, on: date, year: int) -> PlanDraft:
    """要一份草稿：排队由后台出，同一个批次只出一份，没出成的可以再要；没有计量过的抛 Refused。"""
    if actor.role != Role.REVIEWER:
        raise NotYours(["方案的草稿由区科创中心出（D62-八，R-080）"])
    run = drafted_from(year)
    if run is None:
        raise Refused([f"{year} 服务年度还没有计量过，没有数可以出草稿；请先计量（D62-七，R-080）"])
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, year)
        draft, made = PlanDraft.objects.get_or_create(run=run, defaults={"on": on, "by": str(actor)})
        if not made and draft.problem:
            draft.problem = ""
            draft.save(update_fields=["problem"])
        journal.note("要方案草稿", str(year), after={"批次": run.pk})
    return draft
