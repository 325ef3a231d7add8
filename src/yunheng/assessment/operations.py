"""写考核：登记事件、复核、记满意率、起考核；超期的自动成事件；审定时锁定评分。"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from yunheng.audit.actor import SYSTEM, Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, NotYours, Refused
from yunheng.cases.models import Case
from yunheng.cases.notifying import first_time, tell
from yunheng.cases.operations import Doing, assign_provider, open_case, register_effect, register_guard
from yunheng.cases.queries import Timed, overdue_visits
from yunheng.orgs import commissioning
from yunheng.orgs.models import Institution, Kind
from yunheng.orgs.reading import MAX_ATTACHMENT
from yunheng.rules import periods
from yunheng.rules.digest import canonical, sm3, sm3_bytes
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope
from yunheng.rules.scoring import EVENT_INDICATORS, FULLY, RESPONSIBILITIES
from yunheng.tables import folding

from .models import Appraisal, Evidence, Finding, Occurrence, Reply, Satisfaction, SatisfactionFile, Score
from .queries import frozen_content, locked, mark, sent, surveyed, surveying_now, unproved, with_findings
from .sending import keep, moved
from .sourcing import orders, sourced

RECORDERS = (Role.THIRD_PARTY, Role.REVIEWER)


def _refuse_locked(provider: Institution, year: int) -> None:
    if provider.code in locked(year):
        raise Refused([f"{provider.name} {year} 服务年度的考核已审定锁定，不能再改（D62-附件5，R-093）"])


def _hold(provider: Institution, year: int) -> None:
    """拿住这家的锁再看审定没有：登记、申辩、复核与审定互不穿插，锁定以后一条也添不进。要在事务里。"""
    hold(Lock.APPRAISAL, provider.pk)
    _refuse_locked(provider, year)


def unsent(provider: Institution, year: int, what: str = "再登记；要补的") -> Iterator[str]:
    """为什么不能再改分：已经送服务商确认；能改为空。服务商确认的是哪张表，审定的就是哪张表（R-093）。"""
    if begun := sent(provider, year):
        yield (
            f"{provider.name} {year} 服务年度的考核（{begun.case.number}）已送“{begun.case.board.step_name}”，"
            f"不能{what}，请区科创中心先退回第三方重评，改好再送服务商确认（D62-附件5，R-093）"
        )


def _hold_unsent(provider: Institution, year: int, what: str = "再登记；要补的") -> None:
    """拿住这家的锁；审定了的、送服务商确认了的抛 Refused。动分数的操作都从这里过。要在事务里。"""
    _hold(provider, year)
    if problems := list(unsent(provider, year, what)):
        raise Refused(problems)


def record(
    *,
    actor: Actor,
    on: date,
    provider: Institution,
    indicator: str,
    happened_on: date,
    text: str,
    responsibility: str = "",
    reference: str = "",
    files: Sequence[tuple[str, bytes]] = (),
    mark_: str = "",
    case: Case | None = None,
    year: int | None = None,
) -> Occurrence:
    """登记一起事件，可附证据（文件名, 内容）；同一家同一指标同一来源编号只记一次。

    由有委托的第三方、区科创中心或系统登记；来源编号是这家的办件、工单的号，自动带上出处作证据（`sourcing`）；系统记的必带出处。
    没有证据的可以先登记、后补，补齐以前送不了确认。日期在将来、不在 `year` 服务年度里，没有责任、没有来源编号（给了
    `mark_` 的不要），证据空的太大的，考核已送服务商确认、已审定，都抛 Refused。
    """
    if actor.role is not None and actor.role not in RECORDERS:
        raise NotYours(["考核事件由第三方机构或区科创中心登记（D62-七，R-093）"])
    commissioning.require(actor, on, Scope.APPRAISAL)
    problems: list[str] = []
    if indicator not in EVENT_INDICATORS:
        problems.append(f"没有指标“{indicator}”，只有 A 至 F；满意率另记（D62-附件5，R-091）")
    if not text.strip():
        problems.append("说明不能为空：写明哪件事、证据在哪里（D62-附件5，R-091）")
    if happened_on > on:
        problems.append(At("on", f"日期 {happened_on} 还没到，今天是 {on}（R-091）"))
    if year is not None and periods.service_year_of(happened_on) != year:
        span = periods.service_year(year)
        words = f"日期 {happened_on} 不在 {year} 服务年度（{span.start} 至 {span.last}（含））里（D62-五，R-071）"
        problems.append(At("on", words))
    if provider.kind != Kind.PROVIDER:
        problems.append(f"{provider.name}不是云服务商（R-091）")
    if responsibility not in RESPONSIBILITIES:
        problems.append(f"请选服务商负什么责任：{'、'.join(RESPONSIBILITIES)}（D62-附件5，R-091）")
    reference = reference.strip()[:60]
    if not reference and not mark_:
        problems.append("来源编号不能为空：投诉函、工单、故障单的号，没有的写登记簿的序号（R-091）")
    for name, body in files:
        problems.extend(_file_problems(name, body))
    if actor.role is None and case is None and not files:
        problems.append("系统自己记的事件要带出处：哪件办件，或附上证据（D62-附件5，R-091）")
    if problems:
        raise Refused(problems)
    if case is None and reference:
        case = sourced(provider, indicator, reference, happened_on, on, bare=not files)
    year = periods.service_year_of(happened_on)
    key = mark_ or f"登记/{provider.code}/{indicator}/{reference}"
    with unit_of_work(actor) as journal:
        _hold_unsent(provider, year)
        if before := _recorded(provider, indicator, key):
            words = (
                f"{provider.name}的“{before.title}”已有 {reference or key} 这一起"
                f"（{before.on} {before.text[:30]}），同一回事只记一次（D62-附件5，R-091）"
            )
            raise Refused([At("reference", words)])
        occurrence = Occurrence.objects.create(
            provider=provider,
            indicator=indicator,
            responsibility=responsibility,
            on=happened_on,
            text=text.strip()[:500],
            reference=reference,
            mark=key,
            case=case,
            by=str(actor),
        )
        journal.note(
            "记考核事件",
            provider.code,
            after={
                "指标": indicator,
                "日期": str(happened_on),
                "说明": text,
                "责任": responsibility,
                "来源编号": reference,
            },
        )
        for name, body in (*files, *orders(provider, reference)):
            _proved(actor=actor, on=on, occurrence=occurrence, name=name, content=body)
    return occurrence


def _recorded(provider: Institution, indicator: str, key: str) -> Occurrence | None:
    """这一起记过没有：出处的号只差看不见的字、空白、全半角、大小写、长短横的，是同一起。"""
    wanted = folding.same_number(key)
    every = Occurrence.objects.filter(provider=provider, indicator=indicator).values_list("mark", "pk")
    same = next((pk for mark_, pk in every if folding.same_number(mark_) == wanted), None)
    return Occurrence.objects.get(pk=same) if same else None


def _file_problems(name: str, body: bytes) -> Iterator[str]:
    if not body:
        yield f"证据“{name}”是空的，请重新选择文件（R-091）"
    elif len(body) > MAX_ATTACHMENT:
        yield f"证据“{name}”超过 {MAX_ATTACHMENT // 1048576} MB，请压缩或分开上传（R-091）"


def prove(*, actor: Actor, on: date, occurrence: Occurrence, name: str, content: bytes) -> Evidence:
    """给一起事件补一份证据；空的、太大的，审定以后的，抛 Refused（R-091）。"""
    if actor.role not in RECORDERS:
        raise NotYours(["考核事件的证据由第三方机构或区科创中心附；服务商的证据附在申辩里（D62-七，R-091）"])
    commissioning.require(actor, on, Scope.APPRAISAL)
    if problems := list(_file_problems(name, content)):
        raise Refused(problems)
    return _proved(actor=actor, on=on, occurrence=occurrence, name=name, content=content)


def _proved(*, actor: Actor, on: date, occurrence: Occurrence, name: str, content: bytes) -> Evidence:
    with unit_of_work(actor) as journal:
        _hold(occurrence.provider, periods.service_year_of(occurrence.on))
        made = Evidence.objects.create(
            occurrence=occurrence, name=name[-200:], content=content, digest=sm3_bytes(content), on=on, by=str(actor)
        )
        journal.note(
            "附考核证据",
            occurrence.provider.code,
            after={"事件": occurrence.pk, "文件": made.name, "SM3": made.digest},
        )
    return made


def find(*, actor: Actor, on: date, occurrence: Occurrence, counted: bool, reason: str) -> Finding:
    """区科创中心复核一起事件：算或不算，写明理由；审定以后不能再动。

    送服务商确认以后只能写维持的结论；改了计不计分的抛 Refused，先退回，让服务商看到改过的表（R-093）。
    """
    if actor.role != Role.REVIEWER:
        raise NotYours(["考核事件由区科创中心复核（D62-附件5，R-093）"])
    if not reason.strip():
        raise Refused(["复核要写明理由（R-093）"])
    with unit_of_work(actor) as journal:
        provider, year = occurrence.provider, periods.service_year_of(occurrence.on)
        _hold(provider, year)
        now = with_findings(Occurrence.objects.all()).get(pk=occurrence.pk)
        if counted and not now.sourced:
            raise Refused(["这一起没有证据，不能复核为计分：先补附件，或复核为不计分（D62-附件5，R-091）"])
        if now.counts != counted:
            _hold_unsent(provider, year, "再改计不计分；要改的")
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
    if name and (problems := list(_file_problems(name, content))):
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        _hold(occurrence.provider, periods.service_year_of(occurrence.on))
        made = Reply.objects.create(
            occurrence=occurrence,
            text=text.strip()[:1000],
            name=name[-200:],
            content=content or None,
            digest=sm3_bytes(content) if content else "",
            on=on,
            by=str(actor),
        )
        journal.note("申辩考核事件", occurrence.provider.code, after={"事件": occurrence.pk, "申辩": text})
    return made


def rate(
    *,
    actor: Actor,
    on: date,
    provider: Institution,
    year: int,
    rate: Decimal,
    basis: str,
    document: tuple[str, bytes],
    answers: int | None = None,
) -> Satisfaction:
    """手填满意率（百分数，0 至 100），附第三方出具的文件（文件名, 内容）。

    这一年在系统里办了问卷的由问卷计，不能手填；问卷结束而这家一份回答都没有的可以（R-092）。
    """
    if actor.role not in RECORDERS:
        raise NotYours(["满意率由第三方机构调查（D62-七，R-092）"])
    commissioning.require(actor, on, Scope.APPRAISAL)
    problems = []
    if not 0 <= rate <= 100:
        problems.append(f"满意率应在 0 至 100 之间，现在是 {rate}（D62-附件5，R-092）")
    if not basis.strip():
        problems.append("写明依据：问卷怎样抽样、收回几份（R-092）")
    name, content = document
    if not name:
        problems.append("请附第三方出具的满意度调查文件；在系统里办问卷的不用手填（D62-附件5，R-092）")
    else:
        problems += [one.replace("R-091", "R-092") for one in _file_problems(name, content)]
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        # 问卷也是拿着这把锁起的：填的同时别人正好起了一次
        hold(Lock.SURVEY, year)
        if survey := surveyed(provider, year):
            raise Refused(
                [
                    f"{year} 服务年度有满意度调查（{survey.case.number}），满意率由问卷计，不能手填；"
                    "调查还没有结束的，请先结束（D62-附件5，R-092）"
                ]
            )
        row = tallied(actor=actor, provider=provider, year=year, rate=rate, basis=basis.strip()[:300], answers=answers)
        file = SatisfactionFile.objects.create(
            satisfaction=row, name=name[-200:], content=content, digest=sm3_bytes(content)
        )
        journal.note("附满意率的依据", provider.code, after={"文件": file.name, "SM3": file.digest})
    return row


def tallied(
    *, actor: Actor, provider: Institution, year: int, rate: Decimal, basis: str, answers: int | None
) -> Satisfaction:
    """记下一个满意率：问卷计出来的，或手填的（另附文件）；送确认以后、审定以后抛 Refused。"""
    with unit_of_work(actor) as journal:
        _hold_unsent(provider, year)
        row = Satisfaction.objects.create(
            provider=provider, service_year=year, rate=rate, answers=answers, basis=basis, by=str(actor)
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
            subject=f"{provider.name} {periods.years(year)} 服务年度考核",
            provider=provider,
        )
        assign_provider(case, provider)
        Appraisal.objects.create(case=case, provider=provider, service_year=year)
    return case


def arise(on: date) -> int:
    """服务商超期的任务自动成为 A 类事件（R-091）：每件每步一起，已记过的、年度已审定的不记。返回新记几起。

    考核已送服务商确认的也不记，知会区科创中心：要记的先退回，退回以后再跑就记上。

    停钟的日子不算，超期的都在服务商手上，所以记全部责任；另有缘由的，服务商申辩、区科创中心复核。
    对考核的申辩不是服务任务，超期不扣分。
    """
    count = 0
    closed: dict[int, set[str]] = {}
    known = set(Occurrence.objects.filter(mark__startswith="超期/").values_list("mark", flat=True))
    for case, visit in overdue_visits(Role.PROVIDER, on):
        provider = case.board.provider
        key = f"超期/{case.number}/{visit.step}/{visit.since}"
        if provider is None or key in known or case.procedure == "appraisal":
            continue
        year = periods.service_year_of(visit.due)
        if provider.code in closed.setdefault(year, set(locked(year))):
            continue
        with unit_of_work(SYSTEM):
            hold(Lock.APPRAISAL, provider.pk)
            if begun := sent(provider, year):
                _tell_left(begun, _late(case, visit, on), key, on)
                continue
            record(
                actor=SYSTEM,
                on=on,
                provider=provider,
                indicator="A",
                happened_on=visit.due,
                text=_late(case, visit, on),
                responsibility=FULLY,
                mark_=key,
                case=case,
            )
            count += 1
    return count


def _late(case: Case, visit: Timed, on: date) -> str:
    done = f"{visit.until} 才办" if visit.until else f"到 {on} 还没办"
    return f"{case.number}“{visit.name}”应于 {visit.due} 办完，{done}"


def _tell_left(begun: Appraisal, text: str, key: str, on: date) -> None:
    """送出以后才看出来的超期没有记：告诉区科创中心一次。"""
    if first_time(begun.case, key[:80], on):
        words = (
            f"{text}。考核已送“{begun.case.board.step_name}”，没有记成事件；要记的，先退回第三方重评（R-091、R-093）"
        )
        tell(case=begun.case, role=Role.REVIEWER, institution=None, text=words, on=on)


# ── 流程里的关口和效果 ──


def scored(doing: Doing) -> Iterator[str]:
    """送出、复核、审定之前：满意度调查办完了，满意率要有，计分的事件都有证据；送出以后分没有变过。"""
    appraisal = Appraisal.objects.select_related("provider").get(case=doing.case)
    # 与起调查、登记、复核排队：看过以后、办成以前，分不会再变
    hold(Lock.SURVEY, appraisal.service_year, shared=True)
    hold(Lock.APPRAISAL, appraisal.provider_id)
    if survey := surveying_now(appraisal.service_year):
        yield (
            f"{appraisal.service_year} 服务年度的满意度调查（{survey.case.number}）还没有办完：先结束满意度调查，"
            "或撤回、作废，再办考核（D62-附件5，R-092）"
        )
    for one in unproved(appraisal.provider, appraisal.service_year):
        yield (
            f"{one.on} 的“{one.title}”（{one.reference or '没有编号'}）没有证据：补附件或系统里的出处，"
            "不成立的由区科创中心复核为不计分（D62-附件5，R-091）"
        )
    if doing.position.step and doing.position.step.code != "draft":
        yield from moved(appraisal)
    if not survey and mark(appraisal.provider, appraisal.service_year).total is None:
        yield f"{appraisal.provider.name} {appraisal.service_year} 服务年度还没有满意率，算不出总分（D62-附件5，R-092）"


def lock(doing: Doing) -> None:
    """审定：锁定评分和整张考核表。"""
    appraisal = Appraisal.objects.select_related("provider").get(case=doing.case)
    provider, year = appraisal.provider, appraisal.service_year
    _hold(provider, year)
    kept = frozen_content(provider, year)
    Score.objects.create(appraisal=appraisal, content=kept, digest=sm3(canonical(kept)), on=doing.on)


def register() -> None:
    """启动时登记。"""
    register_guard("appraisal_scored", scored)
    register_effect("appraisal", "send", keep)
    register_effect("appraisal", "lock", lock)
