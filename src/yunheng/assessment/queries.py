"""读考核：看得到的和算数的事件、满意率、现在的评分、考核表；审定了的一律照锁定的，不再算。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from yunheng.audit.actor import Actor
from yunheng.cases.models import Case
from yunheng.documents.appraisal import Fact, File, Said, Sheet, restored, worded
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import conventions_of, scoped
from yunheng.rules import periods
from yunheng.rules.procedures import PROCEDURES, WITHDRAWN
from yunheng.rules.roles import Role
from yunheng.rules.scoring import INDICATORS, consequence, lines, rule_day, settle_score, terms

from .models import Appraisal, Evidence, Finding, Occurrence, Reply, Satisfaction, Score, Survey
from .showing import shows
from .wording import official

#: 没有复核过的事件照责任算：附件5 写明哪些责任扣分，以前没有记责任的照扣
_AT_FAULT = ExpressionWrapper(
    Q(responsibility="")
    | reduce(or_, (Q(indicator=one.letter, responsibility__in=one.deducts) for one in INDICATORS.values())),
    output_field=BooleanField(),
)
#: 可作出处的办件走哪些流程：服务商在里面有限期的服务任务；考核自己的不是服务任务
TASKS = tuple(
    one.code
    for one in PROCEDURES.values()
    if one.code != "appraisal" and any(Role.PROVIDER in step.roles and step.limit for step in one.steps)
)
#: 附件5 的及时性：单凭办件说明得了的只有它
TIMELY = "A"
#: 所涉办件是这家经办的服务任务，不是补录的（R-091）
_HANDLED = Exists(
    Case.objects.filter(
        pk=OuterRef("case"), procedure__in=TASKS, backfilled=False, board__provider=OuterRef("provider")
    )
)


def visible(actor: Actor) -> QuerySet[Occurrence]:
    """这个角色看得到的事件：服务商只看自己的。"""
    rows = with_findings(Occurrence.objects.select_related("provider", "case"))
    return scoped(rows, actor, unit="case__unit", provider="provider")


def with_findings(rows: QuerySet[Occurrence]) -> QuerySet[Any]:
    """附上最近的复核（`why`、`found_on`，没有为空），`counts` 计不计分：复核过的以复核为准，没有的照责任。

    `task` 所涉办件是不是这家经办的服务任务；`sourced` 有没有证据：附件，或及时性的事件有这样的办件（R-091）。
    """
    latest = Finding.objects.filter(occurrence=OuterRef("pk")).order_by("-pk")
    return rows.annotate(
        counts=Coalesce(Subquery(latest.values("counted")[:1]), _AT_FAULT),
        why=Subquery(latest.values("reason")[:1]),
        found_on=Subquery(latest.values("on")[:1]),
        task=_HANDLED,
        sourced=ExpressionWrapper(
            Q(Exists(Evidence.objects.filter(occurrence=OuterRef("pk")))) | Q(_HANDLED, indicator=TIMELY),
            output_field=BooleanField(),
        ),
    )


def with_files(rows: QuerySet[Any]) -> QuerySet[Any]:
    """附上证据和申辩，文件内容不取。"""
    return rows.prefetch_related(
        Prefetch("evidence", Evidence.objects.defer("content").order_by("pk")),
        Prefetch("replies", Reply.objects.defer("content").order_by("pk")),
    )


def within(year: int) -> Q:
    """发生在这个服务年度里的。"""
    span = periods.service_year(year)
    return Q(on__gte=span.start, on__lt=span.until)


def unproved(provider: Institution, year: int) -> QuerySet[Any]:
    """计分而没有证据的事件：没有附件，也没有系统里的出处（R-091）。"""
    rows = with_findings(Occurrence.objects.filter(within(year), provider=provider))
    return rows.filter(counts=True, sourced=False).order_by("indicator", "on", "pk")


def surveying_now(year: int) -> Survey | None:
    """这一年还没有办完的满意度调查：办着的时候谁的满意率都不算数，等它结束、撤回或作废（R-092）。"""
    found = Survey.objects.filter(service_year=year, case__board__outcome="")
    return found.select_related("case__board").first()


def surveyed(provider: Institution, year: int) -> Survey | None:
    """这一年管着这家满意率的问卷：没撤回的调查；结束了而这家一份回答都没有的不算（R-092）。"""
    found = Survey.objects.filter(service_year=year).exclude(case__board__outcome=WITHDRAWN.code)
    survey = found.select_related("case__board").first()
    if survey is None or not survey.case.board.outcome:
        return survey
    return survey if survey.answers.filter(provider=provider).exists() else None


def counted(year: int) -> QuerySet[Occurrence]:
    """某服务年度算数的事件：责任不扣分的、复核认定不算的去掉。"""
    rows = with_findings(Occurrence.objects.filter(within(year))).filter(counts=True)
    return rows.select_related("provider").order_by("provider__code", "indicator", "on", "pk")


def _latest_rates(year: int) -> QuerySet[Satisfaction]:
    """各家算数的满意率：最近记的一条。调查还没有办完的，早先手填的先不算；已审定锁定的不受后来的调查影响。"""
    rows = Satisfaction.objects.filter(service_year=year)
    if surveying_now(year):
        settled = Score.objects.filter(appraisal__service_year=year)
        rows = rows.filter(provider__in=settled.values("appraisal__provider"))
    return rows.order_by("provider", "-pk").distinct("provider")


def satisfaction(year: int) -> dict[str, Decimal]:
    """服务商代码 → 算数的满意率。"""
    return dict(_latest_rates(year).values_list("provider__code", "rate"))


@dataclass(frozen=True)
class Marked:
    """一家服务商的评分：审定了的是锁定的（`score`），没有审定的照现在的事件算。

    `scores` 是七项各得几分（文本），没有满意率时 G、总分、比例为 None。
    """

    provider: Institution
    year: int
    scores: dict[str, str | None]
    total: str | None
    rate: str | None
    satisfaction: str | None
    score: Score | None

    @property
    def href(self) -> str:
        """考核表的地址。"""
        return address(self.provider, self.year)


def address(provider: Institution, year: int) -> str:
    """一家一年的考核表在哪里。"""
    return f"/assessment/{quote(provider.code, safe='')}/{year}/"


def mark(provider: Institution, year: int) -> Marked:
    """一家的评分；算法只在 rules.scoring，满意率的口径看 K-06（D62-附件5）。"""
    return marks([provider], year)[0]


def marks(shown: Iterable[Institution], year: int) -> list[Marked]:
    """各家的评分，事件、满意率、审定的各取一次。"""
    events: dict[int, list[str]] = {}
    for provider, indicator in counted(year).values_list("provider", "indicator"):
        events.setdefault(provider, []).append(indicator)
    rates, option, settled = satisfaction(year), _option(year), locked(year)
    found = []
    for one in shown:
        score = settled.get(one.code)
        if score is not None:
            content = score.content
        else:
            rate = rates.get(one.code)
            given = None if rate is None else _plain(rate)
            numbers = terms(rule_day(periods.year_end(year)))
            marked = settle_score(Counter(events.get(one.pk, ())), given, option, numbers)
            content = {**marked, "satisfaction": given}
        found.append(
            Marked(
                one,
                year,
                content["scores"],
                content["total"],
                content["deduction_rate"],
                content["satisfaction"],
                score,
            )
        )
    return found


def _option(year: int) -> str:
    return conventions_of(year)["K-06"]


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def locked(year: int) -> dict[str, Score]:
    """服务商代码 → 这个服务年度审定的评分。"""
    rows = Score.objects.filter(appraisal__service_year=year).select_related("appraisal__provider")
    return {score.appraisal.provider.code: score for score in rows}


def appraisal_of(provider: Institution, year: int) -> Appraisal | None:
    """这家这年的考核事项；还没起为 None。"""
    found = Appraisal.objects.filter(provider=provider, service_year=year)
    return found.select_related("case__board", "score", "provider").first()


def sent(provider: Institution, year: int) -> Appraisal | None:
    """这家这年的考核送服务商确认了、还没有退回来的；没有为 None（R-093）。"""
    begun = appraisal_of(provider, year)
    return begun if begun is not None and begun.case.board.step != "draft" else None


def sheet(provider: Institution, year: int) -> Sheet:
    """一家一年的考核表：审定了的照锁定的那张，没有审定的照现在的事件和满意率。"""
    score = Score.objects.filter(appraisal__provider=provider, appraisal__service_year=year).first()
    if score is None:
        return live_sheet(provider, year)
    if "sheet" in score.content:
        return restored(score.content["sheet"])
    # 早先审定的只存了分：事件锁定以后不能再动，照库里的列出来，分照锁定的
    total, rate = score.content["total"], score.content["deduction_rate"]
    drawn = live_sheet(provider, year)
    return replace(drawn, total=total, rate=rate, consequence=consequence(total, rate, periods.year_end(year)))


def frozen_content(provider: Institution, year: int) -> dict[str, Any]:
    """审定时锁定的内容：前三项与 结算.json 的 assessments 相同；整张表也存，以后照它看、照它印。"""
    drawn = live_sheet(provider, year)
    return {
        "scores": {line.letter: line.score for line in drawn.lines},
        "total": drawn.total,
        "deduction_rate": drawn.rate,
        "satisfaction": drawn.satisfaction,
        "sheet": asdict(drawn),
    }


def trial(provider: Institution, year: int, counts: Mapping[str, int], rate: str | None) -> Sheet:
    """试算：换一套起数和满意率会得几分；什么都不存。"""
    return _drawn(provider, year, counts, rate)


def live_sheet(provider: Institution, year: int) -> Sheet:
    """照现在的事件和满意率的考核表；审定以前看的是它，审定时锁定的也是它。"""
    rows = with_files(with_findings(Occurrence.objects.filter(within(year), provider=provider)))
    events = list(rows.select_related("case").prefetch_related("case__events").order_by("indicator", "on", "pk"))
    rate = _latest_rates(year).filter(provider=provider).first()
    counts = Counter(one.indicator for one in events if one.counts)
    drawn = _drawn(provider, year, counts, None if rate is None else _plain(rate.rate))
    each = {line.letter: line.penalty for line in drawn.lines}
    return replace(drawn, facts=tuple(_fact(one, each[one.indicator]) for one in events), basis=_basis(rate, year))


def _drawn(provider: Institution, year: int, counts: Mapping[str, int], rate: str | None) -> Sheet:
    until, option = periods.year_end(year), _option(year)
    marked = settle_score(counts, rate, option, terms(rule_day(until)))
    sheet = Sheet(
        district=settings.DISTRICT,
        provider=provider.name,
        year=year,
        until=until.isoformat(),
        lines=lines(counts, rate, option, until),
        facts=(),
        satisfaction=rate,
        total=marked["total"],
        rate=marked["deduction_rate"],
        consequence=consequence(marked["total"], marked["deduction_rate"], until),
    )
    return worded(sheet, official(year))


def _basis(rate: Satisfaction | None, year: int) -> str:
    if rate is None:
        survey = surveying_now(year)
        return f"满意度调查（{survey.case.number}）还没有结束，结束以后由问卷计；手填过的先不计" if survey else ""
    return rate.basis + (f"（有效 {rate.answers} 份）" if rate.answers is not None else "")


def _fact(one: Any, points: str) -> Fact:
    return Fact(
        letter=one.indicator,
        day=one.on.isoformat(),
        text=one.text,
        points=points if one.counts else "0",
        counted=one.counts,
        responsibility=one.responsibility,
        reference=one.reference,
        # 不能作出处的办件不列成证据
        case=one.case.number if one.case and one.task else "",
        shows=shows(one.case) if one.case and one.task else "",
        unproved=one.counts and not one.sourced,
        files=tuple(File(file.name, file.digest, f"/assessment/evidence/{file.pk}/") for file in one.evidence.all()),
        replies=tuple(
            Said(
                said.on.isoformat(),
                said.text,
                (File(said.name, said.digest, f"/assessment/replies/{said.pk}/"),) if said.name else (),
            )
            for said in one.replies.all()
        ),
        finding=one.why or "",
        found_on=one.found_on.isoformat() if one.found_on else "",
        by=one.by,
        id=one.pk,
    )


# ── 扣减合多少钱：由结算一章登记，这一章不认得账目 ──


@dataclass(frozen=True)
class Amount:
    """照一个扣减比例，这家这年合多少钱（元）：统一支付的计量、扣减、扣后，自行支付的计量、扣减。

    自行支付的扣不扣看口径 K-11；`note` 说明照哪一批计量，`href` 是它的地址。
    """

    gross: Decimal
    deduction: Decimal
    net: Decimal
    own_gross: Decimal
    own_deduction: Decimal
    note: str
    href: str


Deduct = Callable[[str, int, str], Amount | None]
_deduct: list[Deduct] = []


def register_deduct(deduct: Deduct) -> None:
    """登记怎样算：（服务商代码, 服务年度, 扣减比例）→ 金额；还没有计量为 None。"""
    _deduct[:] = [deduct]


def amount(provider: Institution, year: int, rate: str | None) -> Amount | None:
    """照这个比例这家合多少钱；没有比例、没有计量为 None。"""
    if rate is None:
        return None
    return next((deduct(provider.code, year, rate) for deduct in _deduct), None)
