"""写考核：登记事件、复核、记满意率、起考核；超期的自动成事件；审定时锁定评分。"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from yunheng.audit.actor import SYSTEM, Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case
from yunheng.cases.operations import Doing, assign_provider, open_case, register_effect, register_guard
from yunheng.cases.queries import overdue_visits
from yunheng.orgs import commissioning
from yunheng.orgs.models import Institution, Kind
from yunheng.orgs.reading import MAX_ATTACHMENT
from yunheng.rules import periods
from yunheng.rules.digest import canonical, sm3, sm3_bytes
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope
from yunheng.rules.scoring import EVENT_INDICATORS

from .models import Appraisal, Finding, Occurrence, Reply, Satisfaction, Score
from .queries import locked, mark

_RECORDERS = (Role.THIRD_PARTY, Role.REVIEWER)


def _refuse_locked(provider: Institution, year: int) -> None:
    if provider.code in locked(year):
        raise Refused([f"{provider.name} {year} 服务年度的考核已审定锁定，不能再改（D62-附件5，R-093）"])


def record(
    *,
    actor: Actor,
    on: date,
    provider: Institution,
    indicator: str,
    happened_on: date,
    text: str,
    mark_: str = "",
    case: Case | None = None,
    year: int | None = None,
) -> Occurrence:
    """登记一起事件；由有委托的第三方、区科创中心或系统登记。

    日期在将来、不在 `year` 服务年度里，年度已审定，都抛 Refused。
    """
    if actor.role is not None and actor.role not in _RECORDERS:
        raise NotYours(["考核事件由第三方机构或区科创中心登记（D62-七，R-093）"])
    commissioning.require(actor, on, Scope.APPRAISAL)
    problems = []
    if indicator not in EVENT_INDICATORS:
        problems.append(f"没有指标“{indicator}”，只有 A 至 F；满意率另记（D62-附件5，R-091）")
    if not text.strip():
        problems.append("说明不能为空：写明哪件事、证据在哪里（D62-附件5，R-091）")
    if happened_on > on:
        problems.append(f"日期 {happened_on} 还没到，今天是 {on}（R-091）")
    if year is not None and periods.service_year_of(happened_on) != year:
        span = periods.service_year(year)
        problems.append(
            f"日期 {happened_on} 不在 {year} 服务年度（{span.start} 至 {span.until}，不含）里（D62-五，R-071）"
        )
    if provider.kind != Kind.PROVIDER:
        problems.append(f"{provider.name}不是云服务商（R-091）")
    if problems:
        raise Refused(problems)
    _refuse_locked(provider, periods.service_year_of(happened_on))
    with unit_of_work(actor) as journal:
        occurrence = Occurrence.objects.create(
            provider=provider,
            indicator=indicator,
            on=happened_on,
            text=text.strip()[:500],
            mark=mark_ or f"登记/{Occurrence.objects.count() + 1}/{provider.code}/{happened_on}/{sm3(text)[:8]}",
            case=case,
            by=str(actor),
        )
        journal.note("记考核事件", provider.code, after={"指标": indicator, "日期": str(happened_on), "说明": text})
    return occurrence


def find(*, actor: Actor, on: date, occurrence: Occurrence, counted: bool, reason: str) -> Finding:
    """区科创中心复核一起事件：算或不算，写明理由；审定以后不能再动。"""
    if actor.role != Role.REVIEWER:
        raise NotYours(["考核事件由区科创中心复核（D62-附件5，R-093）"])
    if not reason.strip():
        raise Refused(["复核要写明理由（R-093）"])
    _refuse_locked(occurrence.provider, periods.service_year_of(occurrence.on))
    with unit_of_work(actor) as journal:
        finding = Finding.objects.create(
            occurrence=occurrence, counted=counted, reason=reason.strip()[:500], on=on, by=str(actor)
        )
        journal.note(
            "复核考核事件", occurrence.provider.code, after={"事件": occurrence.pk, "计分": counted, "理由": reason}
        )
    return finding


def reply(*, actor: Actor, on: date, occurrence: Occurrence, text: str, name: str = "", content: bytes = b"") -> Reply:
    """服务商对一起事件申辩，可附证据；审定以后不能再申辩（R-093）。"""
    if actor.role != Role.PROVIDER or actor.institution != occurrence.provider_id:
        raise NotYours(["考核事件由被考核的服务商申辩（D62-附件5，R-093）"])
    if not text.strip():
        raise Refused(["申辩要写明理由（R-093）"])
    if len(content) > MAX_ATTACHMENT:
        raise Refused([f"证据“{name}”超过 {MAX_ATTACHMENT // 1048576} MB，请压缩或分开上传（R-093）"])
    _refuse_locked(occurrence.provider, periods.service_year_of(occurrence.on))
    with unit_of_work(actor) as journal:
        made = Reply.objects.create(
            occurrence=occurrence,
            text=text.strip()[:1000],
            name=name[-200:] if content else "",
            content=content or None,
            digest=sm3_bytes(content) if content else "",
            on=on,
            by=str(actor),
        )
        journal.note("申辩考核事件", occurrence.provider.code, after={"事件": occurrence.pk, "申辩": text})
    return made


def rate(
    *, actor: Actor, on: date, provider: Institution, year: int, rate: Decimal, basis: str, answers: int | None = None
) -> Satisfaction:
    """记满意率（百分数，0 至 100）。"""
    if actor.role is not None and actor.role not in _RECORDERS:
        raise NotYours(["满意率由第三方机构调查（D62-七，R-092）"])
    commissioning.require(actor, on, Scope.APPRAISAL)
    if not 0 <= rate <= 100:
        raise Refused([f"满意率应在 0 至 100 之间，现在是 {rate}（D62-附件5，R-092）"])
    if not basis.strip():
        raise Refused(["写明依据：问卷怎样抽样、收回几份（R-092）"])
    _refuse_locked(provider, year)
    with unit_of_work(actor) as journal:
        row = Satisfaction.objects.create(
            provider=provider, service_year=year, rate=rate, answers=answers, basis=basis.strip()[:300], by=str(actor)
        )
        journal.note("记满意率", provider.code, after={"服务年度": year, "满意率": str(rate)})
    return row


def start(*, actor: Actor, on: date, provider: Institution, year: int) -> Case:
    """起一件年度考核；年度还没完、已经起过的抛 Refused。"""
    if actor.role != Role.THIRD_PARTY or actor.institution is None:
        raise NotYours(["年度考核由第三方机构评分（D62-七，R-093）"])
    if on < periods.year_end(year):
        raise Refused([f"{year} 服务年度到 {periods.year_end(year)} 才完，还不能考核（D62-七，R-071）"])
    if (
        begun := Appraisal.objects.filter(provider=provider, service_year=year).select_related("case").first()
    ) is not None:
        raise Refused([f"{provider.name} {year} 服务年度的考核已经起了：{begun.case.number}（R-093）"])
    with unit_of_work(actor):
        unit = Institution.objects.get(pk=actor.institution)
        case = open_case(
            actor=actor,
            on=on,
            procedure_code="appraisal",
            unit=unit,
            subject=f"{provider.name} {year} 服务年度考核",
            provider=provider,
        )
        assign_provider(case, provider)
        Appraisal.objects.create(case=case, provider=provider, service_year=year)
    return case


def arise(on: date) -> int:
    """服务商超期的任务自动成为 A 类事件（R-091）：每件每步一起，已记过的、年度已审定的不记。返回新记几起。"""
    count = 0
    closed: dict[int, set[str]] = {}
    known = set(Occurrence.objects.filter(mark__startswith="超期/").values_list("mark", flat=True))
    for case, visit in overdue_visits(Role.PROVIDER, on):
        provider = case.board.provider
        key = f"超期/{case.number}/{visit.step}/{visit.since}"
        if provider is None or key in known:
            continue
        year = periods.service_year_of(visit.due)
        if provider.code in closed.setdefault(year, set(locked(year))):
            continue
        name = visit.name
        done = f"{visit.until} 才办" if visit.until else f"到 {on} 还没办"
        record(
            actor=SYSTEM,
            on=on,
            provider=provider,
            indicator="A",
            happened_on=visit.due,
            text=f"{case.number}“{name}”应于 {visit.due} 办完，{done}",
            mark_=key,
            case=case,
        )
        count += 1
    return count


# ── 流程里的关口和效果 ──


def scored(doing: Doing) -> Iterator[str]:
    """送出、审定之前：满意率要有。"""
    appraisal = Appraisal.objects.select_related("provider").get(case=doing.case)
    if mark(appraisal.provider, appraisal.service_year).total is None:
        yield f"{appraisal.provider.name} {appraisal.service_year} 服务年度还没有满意率，算不出总分（D62-附件5，R-092）"


def lock(doing: Doing) -> None:
    """审定：锁定评分。"""
    appraisal = Appraisal.objects.select_related("provider").get(case=doing.case)
    content = mark(appraisal.provider, appraisal.service_year).content()
    Score.objects.create(appraisal=appraisal, content=content, digest=sm3(canonical(content)), on=doing.on)


def register() -> None:
    """启动时登记。"""
    register_guard("appraisal_scored", scored)
    register_effect("appraisal", "lock", lock)
