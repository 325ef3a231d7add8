"""满意度调查（D62-附件5 G，R-092）：抽样、发放、匿名回收、计满意率。

答卷与问卷不相连：问卷只记哪个单位填没填，答卷不记是谁填的。
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import ceil

from django.db import transaction
from django.db.models import Count, Q

from yunheng.audit.actor import SYSTEM, Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case
from yunheng.cases.notifying import first_time, tell
from yunheng.cases.operations import Doing, open_case, register_effect, register_guard
from yunheng.cases.queries import calendar
from yunheng.ledger.models import Segment
from yunheng.orgs.models import Institution, Nature
from yunheng.orgs.queries import chosen_conventions, providers
from yunheng.rules import periods
from yunheng.rules.digest import sm3
from yunheng.rules.procedures import WITHDRAWN
from yunheng.rules.roles import Role

from . import operations
from .models import Answer, Survey, Ticket
from .queries import locked

GRADES = ("满意", "一般", "不满意")
#: K-15 的选项 → 计入满意率的评价
_SATISFIED = {"satisfied": ("满意",), "fair": ("满意", "一般")}
#: 截止前几个工作日催一次
_NOTICE = 2
_PAGE = "/survey/"


def start(*, actor: Actor, on: date, year: int, mode: str, ratio: int, seed: str, closes_on: date) -> Case:
    """起一次调查；一个服务年度只有一次（撤回的不算）。

    起了就由问卷计满意率，早先手填的先不算（`queries.satisfaction`），所以有一家的考核已送服务商确认、已审定的不能起。
    """
    if actor.role != Role.THIRD_PARTY or actor.institution is None:
        raise NotYours(["满意度由第三方机构调查（D62-七，R-092）"])
    problems = []
    if mode not in (Survey.CENSUS, Survey.STRATIFIED):
        problems.append("抽样方式只有普查、分层抽样两种（R-092）")
    if not 1 <= ratio <= 100:
        problems.append(f"抽样比例应在 1% 至 100% 之间，现在是 {ratio}%（R-092）")
    if not seed.strip():
        problems.append("写明抽样的种子，别人才抽得出同样的单位（R-092）")
    if closes_on <= on:
        problems.append(f"截止日 {closes_on} 应在今天 {on} 之后（R-092）")
    if on < periods.service_year(year).start:
        problems.append(f"{year} 服务年度还没有开始（R-071）")
    with unit_of_work(actor):
        hold(Lock.SURVEY, year)
        going = Survey.objects.filter(service_year=year).exclude(case__board__outcome=WITHDRAWN.code)
        if (begun := going.select_related("case").first()) is not None:
            problems.append(f"{year} 服务年度已有满意度调查：{begun.case.number}（R-092）")
        if problems := [*problems, *_late(year)]:
            raise Refused(problems)
        unit = Institution.objects.get(pk=actor.institution)
        subject = f"{periods.years(year)} 服务年度满意度调查"
        case = open_case(actor=actor, on=on, procedure_code="survey", unit=unit, subject=subject)
        Survey.objects.create(
            case=case,
            service_year=year,
            mode=mode,
            ratio=100 if mode == Survey.CENSUS else ratio,
            seed=seed.strip()[:64],
            closes_on=closes_on,
        )
    return case


def _late(year: int) -> Iterator[str]:
    """为什么不能再调查：有一家的考核已审定锁定，或已送服务商确认；能为空。"""
    closed = locked(year)
    for one in providers():
        if one.code in closed:
            yield f"{one.code} {year} 服务年度的考核已审定锁定，不能再调查（R-093）"
        else:
            yield from operations.unsent(one, year, "再调查满意度；要调查的")


@dataclass(frozen=True)
class Stratum:
    """一层：预算性质、这一层的单位、抽中的。"""

    nature: str
    units: tuple[Institution, ...]
    drawn: tuple[Institution, ...]


def used_by(year: int) -> dict[int, list[Institution]]:
    """使用单位 → 它这个服务年度用过谁的资源。"""
    span = periods.service_year(year)
    pairs = (
        Segment.objects.filter(during__overlap=(span.start, span.until))
        .values_list("resource__project__unit", "resource__provider")
        .distinct()
    )
    known = {one.pk: one for one in providers()}
    found: dict[int, list[Institution]] = {}
    for unit, provider in sorted(pairs):
        found.setdefault(unit, []).append(known[provider])
    return found


def sample(survey: Survey) -> list[Stratum]:
    """按预算性质分层，每层抽 `ratio`%（不足一个的抽一个）；次序由种子和单位代码的 SM3 定，谁来抽都一样。"""
    units = Institution.objects.filter(pk__in=used_by(survey.service_year)).order_by("code")
    layers: dict[str, list[Institution]] = {}
    for unit in units:
        layers.setdefault(unit.nature, []).append(unit)
    found = []
    for nature in (*Nature, ""):
        if members := layers.get(nature):
            order = sorted(members, key=lambda unit: sm3(f"{survey.seed}/{unit.code}"))
            drawn = order[: ceil(len(order) * survey.ratio / 100)]
            label = Nature(nature).label if nature else "未登记性质"
            found.append(Stratum(label, tuple(members), tuple(sorted(drawn, key=lambda unit: unit.code))))
    return found


def claim(*, actor: Actor, on: date, ticket: Ticket) -> str:
    """领一次性链接的口令：领了新的，旧的作废；填过的、过期的抛 Refused。"""
    if actor.role not in (Role.CLERK, Role.HEAD) or actor.institution != ticket.unit_id:
        raise NotYours(["问卷由抽中的使用单位填（R-092）"])
    with transaction.atomic():
        held = Ticket.objects.select_for_update(of=("self",)).select_related("survey__case__board").get(pk=ticket.pk)
        if problem := closed(held, on):
            raise Refused([problem])
        return mint(held)


def mint(ticket: Ticket) -> str:
    """给一张问卷换一个口令，返回口令；库里只存 SM3。"""
    token = secrets.token_urlsafe(18)
    Ticket.objects.filter(pk=ticket.pk).update(token_digest=sm3(token))
    return token


def ticket_for(token: str) -> Ticket | None:
    """凭口令找问卷；没有这样的为 None。"""
    return (
        Ticket.objects.filter(token_digest=sm3(token)).select_related("survey__case__board", "unit").first()
        if token
        else None
    )


def closed(ticket: Ticket, on: date) -> str:
    """为什么不能填；能填为空。"""
    if ticket.used:
        return "这份问卷已经填过，一份只能填一次（R-092）"
    if ticket.survey.case.board.outcome == WITHDRAWN.code:
        return "这次调查已作废，不再收；另起一次的，到“满意度问卷”领新的（R-092）"
    if ticket.survey.case.board.step != "collect" or on > ticket.survey.closes_on:
        return f"这次调查已于 {ticket.survey.closes_on} 截止，不再收（R-092）"
    return ""


def answer(*, on: date, token: str, grades: Mapping[str, str], comments: Mapping[str, str]) -> int:
    """交一份问卷：服务商代码 → 评价、意见；返回写了几家。链接不对、填过、截止、有一家没评都抛 Refused。"""
    with transaction.atomic():
        found = ticket_for(token)
        if found is None:
            raise Refused(["这个链接不对，或者又领过新的；请到“满意度问卷”重新领（R-092）"])
        ticket = Ticket.objects.select_for_update().get(pk=found.pk)
        ticket.survey = found.survey
        if problem := closed(ticket, on):
            raise Refused([problem])
        asked = used_by(found.survey.service_year)[found.unit_id]
        wrong = [
            f"{one.name}：请在{'、'.join(GRADES)}里选一个（R-092）"
            for one in asked
            if grades.get(one.code) not in GRADES
        ]
        if wrong:
            raise Refused(wrong)
        Answer.objects.bulk_create(
            Answer(
                survey=found.survey,
                provider=one,
                grade=grades[one.code],
                comment=comments.get(one.code, "").strip()[:500],
            )
            for one in asked
        )
        Ticket.objects.filter(pk=ticket.pk).update(used=True)
    return len(asked)


@dataclass(frozen=True)
class Result:
    """一家的结果：有效几份、满意几份、满意率（百分数，三位小数）。"""

    provider: Institution
    answers: int
    satisfied: int

    @property
    def rate(self) -> Decimal:
        """满意率。"""
        share = Decimal(self.satisfied) * 100 / Decimal(self.answers)
        return share.quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)


def results(survey: Survey) -> list[Result]:
    """各家的结果；一份都没有的不列。"""
    option = chosen_conventions(survey.closes_on)["K-15"]
    rows = (
        Answer.objects.filter(survey=survey)
        .values("provider")
        .annotate(number=Count("pk"), good=Count("pk", filter=Q(grade__in=_SATISFIED[option])))
    )
    known = {one.pk: one for one in providers()}
    return sorted(
        (Result(known[row["provider"]], row["number"], row["good"]) for row in rows), key=lambda one: one.provider.code
    )


#: 收回少于这么多份，列出谁填了就猜得到填的是什么
FEW = 5


def response(survey: Survey) -> tuple[int, int]:
    """（收回几份, 发出几份）。"""
    row = survey.tickets.aggregate(sent=Count("pk"), back=Count("pk", filter=Q(used=True)))
    return row["back"], row["sent"]


def chase(on: date) -> int:
    """截止前两个工作日，催一次还没填的单位。返回催了几家。"""
    count = 0
    going = Survey.objects.filter(case__board__step="collect", closes_on__gte=on).select_related("case__board")
    for survey in going:
        if calendar().after(on, _NOTICE).date < survey.closes_on:
            continue
        for ticket in survey.tickets.filter(used=False).select_related("unit"):
            with unit_of_work(SYSTEM):
                if first_time(survey.case, f"催填/{ticket.unit.code}", on):
                    _tell(survey, ticket.unit, f"满意度问卷 {survey.closes_on} 截止，您单位还没有填", on)
                    count += 1
    return count


def _tell(survey: Survey, unit: Institution, text: str, on: date) -> None:
    for role in (Role.CLERK, Role.HEAD):
        tell(case=survey.case, role=role, institution=unit, text=text, on=on, href=_PAGE)


# ── 流程里的关口和效果 ──


def sampled(doing: Doing) -> Iterator[str]:
    """发放之前：抽得出单位，截止日还没到。"""
    survey = Survey.objects.get(case=doing.case)
    if not any(one.drawn for one in sample(survey)):
        yield f"{survey.service_year} 服务年度没有使用单位用过资源，没有可发的（R-092）"
    if survey.closes_on <= doing.on:
        yield f"截止日 {survey.closes_on} 已经到了，请撤回重起（R-092）"
    yield from _late(survey.service_year)


def issue(doing: Doing) -> None:
    """发放：抽中的各发一份，知会去填。"""
    survey = Survey.objects.get(case=doing.case)
    drawn = [unit for one in sample(survey) for unit in one.drawn]
    Ticket.objects.bulk_create(Ticket(survey=survey, unit=unit) for unit in drawn)
    for unit in drawn:
        _tell(survey, unit, f"请填{doing.case.subject}问卷，{survey.closes_on} 截止；匿名，一份只填一次", doing.on)


def answered(doing: Doing) -> Iterator[str]:
    """结束之前：到了截止日，或都填了；至少收回一份。"""
    survey = Survey.objects.get(case=doing.case)
    back, sent = response(survey)
    if not back:
        yield "一份都没有收回，不能计满意率；请作废这一次，另起一次（R-092）"
    elif back < sent and doing.on <= survey.closes_on:
        yield f"还有 {sent - back} 份没收回，{survey.closes_on} 截止以后才能结束（R-092）"


def unanswered(doing: Doing) -> Iterator[str]:
    """作废之前：一份都没有收回；收回了的要计满意率，不能挑着作废。"""
    survey = Survey.objects.get(case=doing.case)
    # 锁住问卷：正在交的等它交完再数
    list(survey.tickets.select_for_update().values_list("pk"))
    back, _ = response(survey)
    if back:
        until = survey.closes_on
        yield f"已收回 {back} 份，不能作废；收齐或者过了 {until} 就结束调查，照收回的计满意率（D62-附件5，R-092）"


def void(doing: Doing) -> None:
    """作废：链接都失效，知会抽中的单位不用再填。"""
    survey = Survey.objects.get(case=doing.case)
    survey.tickets.update(token_digest="")
    for ticket in survey.tickets.select_related("unit"):
        _tell(survey, ticket.unit, f"{doing.case.subject}（{doing.case.number}）已作废，不用再填", doing.on)


def tally(doing: Doing) -> None:
    """计满意率，记进考核。"""
    survey = Survey.objects.get(case=doing.case)
    back, sent = response(survey)
    for one in results(survey):
        operations.tallied(
            actor=doing.actor,
            provider=one.provider,
            year=survey.service_year,
            rate=one.rate,
            answers=one.answers,
            basis=f"{doing.case.number}：{survey.mode}，发出 {sent} 份，收回 {back} 份，满意 {one.satisfied} 份",
        )


def register() -> None:
    """启动时登记。"""
    register_guard("survey_sampled", sampled)
    register_guard("survey_answered", answered)
    register_effect("survey", "issue", issue)
    register_guard("survey_unanswered", unanswered)
    register_effect("survey", "tally", tally)
    register_effect("survey", "void", void)
