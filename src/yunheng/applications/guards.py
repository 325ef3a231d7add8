"""提交和开通前的关：准入、配额、20% 上限、期限、情形、备份、回执。每道关返回不能办的理由，逐条带条款。"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet

from yunheng.audit.actor import Actor
from yunheng.cases.models import Case
from yunheng.cases.operations import Doing
from yunheng.cases.queries import calendar
from yunheng.ledger import unrecorded
from yunheng.ledger.models import Fact, Project, Resource
from yunheng.ledger.unrecorded import Unrecorded
from yunheng.orgs.models import Level
from yunheng.orgs.queries import chosen_conventions
from yunheng.rules import growth, periods, rulebook
from yunheng.rules.procedures import DONE, EXTENSION_NOTICE
from yunheng.rules.roles import Role

from . import amounts, changing, receipts
from .checking import Content, Problem, check, check_attachments
from .models import Draft, Filing, Quota

_LEVELS = {"一级": 1, "二级": 2, "三级": 3, "四级": 4, "五级": 5}
_FIRST = ("new", "migration")
#: 期限：哪类资源、参数键、条款
TERMS = {"development": "development_months", "emergency": "emergency_months", "temporary": "temporary_months"}


def content_of(case: Case) -> Content:
    """正在填的内容。"""
    content: Content = Draft.objects.get(case=case).content
    return content


def problems_of(case: Case, content: Content) -> list[Problem]:
    """表单的问题和还缺的材料。"""
    given = set(case.attachments.values_list("kind", flat=True))
    found = [*check(case.procedure, content), *check_attachments(case.procedure, content, given)]
    if case.procedure == "change":
        found += changing.problems(content, Draft.objects.select_related("project").get(case=case).project)
    return found


def complete(doing: Doing) -> Iterator[str]:
    """表单要填全填对，材料要附齐。"""
    yield from map(str, problems_of(doing.case, content_of(doing.case)))


def admission(doing: Doing) -> Iterator[str]:
    """准入（R-002）。"""
    yield from refusals(content_of(doing.case), doing.on)


def refusals(content: Content, on: date) -> Iterator[str]:
    """涉密的、等保级别高的，当场说明不收。"""
    if content.get("classified") == "是":
        yield "涉密信息系统不得使用政务云（D62-三、M6-2，R-002）"
    level = _LEVELS.get(str(content.get("level") or ""), 0)
    # 市级云照 M6-2，区里照 D14-9：两处都要守，从严；说哪一条挡住的
    limits = [rulebook.built_in().settled(key, on) for key in ("security_level_limit", "district_security_level_limit")]
    limit = min(limits, key=lambda one: one.value)
    if level > limit.value:
        yield (
            f"等保{content['level']}的系统不收：政务云只收等保{_name(int(limit.value))}及以下的非涉密系统"
            f"（{limit.clause}，R-002）"
        )


def _name(level: int) -> str:
    return next(name for name, value in _LEVELS.items() if value == level)


def within_quota(doing: Doing) -> Iterator[str]:
    """不超过项目配额（R-031、R-040）。先锁项目：同时提交的一个一个来，合起来也不超。"""
    draft = Draft.objects.select_related("project").get(case=doing.case)
    project = Project.objects.select_for_update().get(pk=draft.project_id)
    quota = quota_on(project, doing.on)
    if not quota:
        return
    used = amounts.combined(
        amounts.of_application(filing.content) for filing in live_filings(project, exclude=doing.case)
    )
    for name, asked in sorted(amounts.of_application(draft.content).items()):
        have = used.get(name, Decimal(0))
        if name in quota and have + asked > quota[name]:
            yield f"{name}：本次 {asked}，已申请 {have}，合计超过项目配额 {quota[name]}（M6-19，R-040）"


def quota_on(project: Project, on: date) -> dict[str, Decimal]:
    """这天的项目配额：各维度最近核定的一批；有月份区间的，在区间里才加上。"""
    latest = Quota.objects.filter(project=project, effective_on__lte=on).order_by("-effective_on", "-case_id").first()
    result: dict[str, Decimal] = {}
    for row in Quota.objects.filter(project=project, case=latest.case if latest else None):
        if row.from_month is not None and row.until_month is not None:
            months = [(row.from_month + n - 1) % 12 + 1 for n in range((row.until_month - row.from_month) % 12 + 1)]
            if on.month not in months:
                continue
            result[row.dimension] = max(result.get(row.dimension, Decimal(0)), row.amount)
        else:
            result[row.dimension] = max(result.get(row.dimension, Decimal(0)), row.amount)
    return result


def live_filings(*projects: Project, exclude: Case | None = None) -> list[Filing]:
    """这些项目的首次申请里还算数的（在办和办结），每件取最近一版。"""
    filings = (
        Filing.objects.filter(Q(case__procedure__in=_FIRST) | Q(case__procedure="backfill", content__kind="首次申请"))
        .filter(project__in=projects, case__board__outcome__in=("", DONE.code))
        .exclude(case__board__step="draft")
        .order_by("case_id", "-version")
        .distinct("case_id")
    )
    return [filing for filing in filings if filing.case_id != (exclude.pk if exclude else None)]


def near_limit(projects: QuerySet[Project], on: date) -> list[tuple[Project, growth.DimensionGrowth]]:
    """本服务年度新增到了提醒线的项目，每个项目取最高的一维，高的在前（R-037）。不算还在起草的。"""
    year = periods.service_year(periods.service_year_of(on))
    changes: dict[int, list[Filing]] = {}
    filed = _live_changes().filter(project__in=projects, filed_on__gte=year.start, filed_on__lt=year.until)
    for filing in filed.select_related("project__unit"):
        changes.setdefault(filing.project_id, []).append(filing)
    known = {filings[0].project_id: filings[0].project for filings in changes.values()}
    firsts: dict[int, list[Filing]] = {}
    for filing in live_filings(*known.values()) if known else ():
        firsts.setdefault(filing.project_id, []).append(filing)
    option = chosen_conventions(on)["K-08"] if known else ""
    found = []
    for key, project in known.items():
        base = amounts.combined(amounts.of_application(filing.content) for filing in firsts.get(key, ()))
        rows = growth.check(base, [amounts.of_change(filing.content) for filing in changes[key]], on, option)
        near = [row for row in rows if row.exceeded or row.warned]
        if near:
            found.append((project, max(near, key=_height)))
    return sorted(found, key=lambda pair: (-_height(pair[1]), pair[0].code))


def _height(row: growth.DimensionGrowth) -> float:
    """排先后用的比例；首次申请没有的维度最高。"""
    return float("inf") if row.ratio is None else float(row.ratio)


def growth_of(case: Case, content: Content, project: Project, on: date) -> tuple[growth.DimensionGrowth, ...]:
    """本服务年度的新增累计（含这一件）对首次申请量的比例（R-037）。"""
    year = periods.service_year(periods.service_year_of(on))
    first = amounts.combined(amounts.of_application(filing.content) for filing in live_filings(project))
    earlier = live_changes(project, exclude=case).filter(filed_on__gte=year.start, filed_on__lt=year.until)
    changes = [amounts.of_change(filing.content) for filing in earlier]
    return growth.check(first, [*changes, amounts.of_change(content)], on, chosen_conventions(on)["K-08"])


def quota_excess(case: Case, content: Content, project: Project, on: date) -> list[str]:
    """申请总量超出项目总配额一定比例的各维度，要转市经信审批（M6-20，R-038）。

    只管市级使用单位；区级单位使用市级云适用不适用看口径 K-13。没有核定配额的项目无从超出。
    """
    if case.unit.level != Level.CITY and chosen_conventions(on)["K-13"] != "yes":
        return []
    limit = rulebook.built_in().parameter("quota_excess_limit", on)
    quota = quota_on(project, on)
    total = amounts.combined(
        [
            *(amounts.of_application(filing.content) for filing in live_filings(project)),
            *(amounts.of_change(filing.content) for filing in live_changes(project, exclude=case)),
            amounts.of_change(content),
        ]
    )
    return [
        f"{name}：申请总量 {total[name]}，超出项目总配额 {most} 的 {limit.value}%，"
        f"须经市经信审批（{limit.clause}，R-038）"
        for name, most in sorted(quota.items())
        if total.get(name, Decimal(0)) > most * (100 + limit.value) / 100
    ]


def live_changes(project: Project, *, exclude: Case) -> QuerySet[Filing]:
    """项目的变更里还算数的（在办和办结），每件取最近一版。"""
    return _live_changes().filter(project=project).exclude(case=exclude)


def _live_changes() -> QuerySet[Filing]:
    return (
        Filing.objects.filter(case__procedure="change", case__board__outcome__in=("", DONE.code))
        .exclude(case__board__step="draft")
        .order_by("case_id", "-version")
        .distinct("case_id")
    )


def growth_explained(doing: Doing) -> Iterator[str]:
    """超过上限的要写理由；同一资源不能同时在两件变更里。"""
    draft = Draft.objects.select_related("project").get(case=doing.case)
    project = Project.objects.select_for_update().get(pk=draft.project_id)
    if not str(draft.content.get("growth_reason") or "").strip():
        for dimension in growth_of(doing.case, draft.content, project, doing.on):
            if dimension.exceeded:
                yield f"{dimension.message}；请在“变更说明”里写明超出上限的理由"
    taken = resources_in_change(project, exclude=doing.case)
    for index, row in enumerate(draft.content.get("changes") or ()):
        if (code := row.get("resource")) in taken:
            yield f"第 {index + 1} 行 资源 {code} 正在 {taken[code]} 里变更，办完再报（D62-六(二)，R-036）"


def resources_in_change(project: Project, *, exclude: Case | None = None) -> dict[str, str]:
    """正在变更、注销的资源 → 事项编号；每件照最近交的一版。"""
    busy: dict[str, str] = {}
    filings = (
        Filing.objects.filter(
            project=project, case__procedure__in=("change", "deregistration"), case__board__outcome=""
        )
        .exclude(case__board__step="draft")
        .order_by("case", "-version")
        .distinct("case")
        .select_related("case")
    )
    for filing in filings:
        if filing.case_id == (exclude.pk if exclude else None):
            continue
        codes = [row.get("resource") for row in filing.content.get("changes") or ()] + list(
            filing.content.get("release") or ()
        )
        busy.update({code: filing.case.number for code in codes if code})
    return busy


def term(doing: Doing) -> Iterator[str]:
    """开发、应急、临时资源的期限（R-041 至 R-043）。"""
    content = content_of(doing.case)
    limit = rulebook.built_in().parameter(TERMS[doing.case.procedure], doing.on)
    try:
        expires = date.fromisoformat(str(content.get("expires_on")))
    except ValueError:
        return
    latest = periods.add_months(doing.on, limit.whole)
    if expires <= doing.on:
        yield f"用到哪天应晚于今天 {doing.on}（{limit.clause}）"
    elif expires > latest:
        yield f"{limit.name}最长 {limit.value} 个月，最晚用到 {latest}，现填 {expires}（{limit.clause}）"


def development_quota(doing: Doing) -> Iterator[str]:
    """开发资源：市级使用单位（K-14）、市级云、已立项、不对外、不超过项目配额的比例（R-041）。"""
    draft = Draft.objects.select_related("project").get(case=doing.case)
    content = draft.content
    if doing.case.unit.level != Level.CITY and chosen_conventions(doing.on)["K-14"] != "yes":
        yield "开发资源只给市级使用单位；区级单位参照办理要由区科委定（口径 K-14，M6-22，R-041）"
    if content.get("level_of_cloud") == "区级政务云":
        yield "开发资源是市级政务云的，提供方请选市级政务云（M6-22，R-041）"
    project = Project.objects.select_for_update().get(pk=draft.project_id)
    if not (project.approval_number or content.get("approval_number")):
        yield "开发资源只给已立项的系统，请填立项文号（M6-22，R-041）"
    if content.get("internal_only") == "否":
        yield "开发资源不得对外提供服务（M6-22，R-041）"
    limit = rulebook.built_in().parameter("development_quota_limit", doing.on)
    quota = quota_on(project, doing.on)
    if not quota:
        yield f"项目还没有核定配额，开发资源要在配额的 {limit.value}% 以内，请先报项目配额（{limit.clause}，R-041）"
    for name, asked in sorted(amounts.of_application(content).items()):
        if name in quota and asked > quota[name] * limit.value / 100:
            most = quota[name] * limit.value / 100
            yield (
                f"{name}：申请 {asked}，超过项目配额 {quota[name]} 的 {limit.value}%，即 {most.normalize():f}"
                f"（{limit.clause}，R-041）"
            )


def temporary_circumstance(doing: Doing) -> Iterator[str]:
    """临时资源只有两种情形（R-043）。"""
    if content_of(doing.case).get("circumstance") == "都不属于":
        yield "临时资源只限两种情形：列入市委、市政府年度重点工作，或专题会议明确且已申报立项（M6-24，R-043）"


def extension_in_time(doing: Doing) -> Iterator[str]:
    """延期要在到期前至少提前规定的工作日（R-042、R-043），晚了就不收。"""
    content = content_of(doing.case)
    original, expires = original_term(str(content.get("original") or ""), doing.case)
    if original is None:
        yield f"没有找到本单位已办结的应急或临时资源申请“{content.get('original') or ''}”（M6-23、M6-24）"
        return
    if expires is None:
        yield f"{original.number} 没有在用的资源，不需要延期"
        return
    limit = rulebook.built_in().parameter(EXTENSION_NOTICE[original.procedure], doing.on)
    latest = calendar().before(expires, limit.whole, limit.clause)
    if doing.on > latest.date:
        requirement = "R-042" if original.procedure == "emergency" else "R-043"
        yield (
            f"{original.number} 于 {expires} 到期，延期至少提前 {limit.value} 个工作日，"
            f"最晚 {latest.date} 提出，今天 {doing.on} 已过（{limit.clause}，{requirement}）"
        )
    months = rulebook.built_in().parameter(TERMS[original.procedure], doing.on)
    try:
        asked = date.fromisoformat(str(content.get("expires_on")))
    except ValueError:
        return
    if not expires < asked <= periods.add_months(expires, months.whole):
        yield f"延到哪天应晚于原到期日 {expires}，且不超过其后 {months.value} 个月（{months.clause}）"


def original_term(number: str, case: Case) -> tuple[Case | None, date | None]:
    """原申请和它在用资源的到期日。"""
    original = Case.objects.filter(
        number=number.strip(), unit=case.unit, procedure__in=EXTENSION_NOTICE, board__outcome=DONE.code
    ).first()
    if original is None:
        return None, None
    resources = Fact.objects.filter(case=original).values("resource")
    expires = (
        Resource.objects.filter(pk__in=resources, segments__during__upper_inf=True, segments__expires_on__isnull=False)
        .order_by("-segments__expires_on")
        .values_list("segments__expires_on", flat=True)
        .first()
    )
    return original, expires


def backup_confirmed(doing: Doing) -> Iterator[str]:
    """注销前要确认已备份或迁移（R-039、R-107）。"""
    content = content_of(doing.case)
    if content.get("backup") not in ("已完成", "不需要"):
        yield "数据还没有备份或迁移，不能注销：请先完成备份或迁移再提交（D62-六(三)、M6-26，R-039）"
    yield from map(str, check(doing.case.procedure, content))
    # 同时提交的一个一个来：变更提交时同样查正在注销的
    project = Project.objects.select_for_update().get(pk=Draft.objects.get(case=doing.case).project_id)
    taken = resources_in_change(project, exclude=doing.case)
    for code in content.get("release") or ():
        if code in taken:
            yield f"资源 {code} 正在 {taken[code]} 里办理，办完（或撤回）再注销（D62-六(二)、D62-六(三)，R-039）"
    if doing.act.effect:
        # 审核通过当即照台账释放；提交时只点名，补记台账是区科创中心的事，不拦使用单位
        yield from _beyond_reach(content)


def receipt(doing: Doing) -> Iterator[str]:
    """开通回执要与批准的内容逐行相符；要释放、变更的资源上没有台账没有的。"""
    yield from receipts.problems(doing)
    if doing.case.procedure == "change":
        yield from ledger_kept(doing)
    yield from _beyond_reach(receipts.latest(doing.case).content)


def _named(content: Content) -> set[str]:
    """要释放、变更的各资源。"""
    codes = {str(row.get("resource") or "") for row in content.get("changes") or () if row.get("action") != "新增"}
    codes |= {str(row.get("resource") or "") for row in (content.get("service_changes") or {}).values()}
    return (codes | set(content.get("release") or ())) - {""}


def unreached(content: Content) -> list[Unrecorded]:
    """要释放、变更的资源上，账上照工单计费、等区科创中心照工单记的（R-039、R-076）。

    等回执的不算：回执总要填，填了就在台账上；互相等就谁也办不了。
    """
    codes = _named(content)
    return [one for one in unrecorded.find(resources=codes) if not one.written.waits] if codes else []


def missing_in(case: Case, project: Project, actor: Actor) -> list[Unrecorded]:
    """变更、注销的页面上点名的：项目里账上照工单计费而台账没有的（还没有登记的资源也在）；别的事项、办完的没有。

    服务商只看自己那家的（R-001）。
    """
    if case.procedure not in ("change", "deregistration") or case.board.outcome:
        return []
    found = [one for one in unrecorded.find(project=project) if one.written.case != case.pk]
    return [one for one in found if actor.role != Role.PROVIDER or one.written.owner == actor.institution]


def ledger_kept(doing: Doing) -> Iterator[str]:
    """服务商确认、审核、实施时：人改过的格，台账还是起草时的样子（D62-六(二)，R-036）。"""
    filing = receipts.latest(doing.case)
    # 先锁资源：其间的更正等这一步办完，查过的就是写下去的
    list(Resource.objects.select_for_update().filter(code__in=_named(filing.content)).order_by("pk"))
    yield from changing.blocking(filing.content, filing.project)


def drifted(case: Case) -> list[changing.Drift]:
    """在办的变更提交以后台账变了的各行，给各步的页面看；别的事项、办完的没有。"""
    if case.procedure != "change" or case.board.outcome:
        return []
    filing = receipts.latest(case)
    return changing.drifts(filing.content, filing.project)


def _beyond_reach(content: Content) -> Iterator[str]:
    """照台账释放、变更时够不着，账上会一直计费的。"""
    for one in unreached(content):
        yield f"{one.told}；不先记，这一件释放、变更不到它，账上会一直计下去（R-039）"


def facts(doing: Doing) -> frozenset[str]:
    """提交时算定的条件：非党政机关、非区级预算、超 20%、超配额转经信。"""
    found = set()
    unit = doing.case.unit
    if not unit.state_organ:
        found.add("not_state_organ")
    if unit.nature != "district":
        found.add("not_district_budget")
    if doing.case.procedure == "change":
        draft = Draft.objects.select_related("project").get(case=doing.case)
        if any(d.exceeded for d in growth_of(doing.case, draft.content, draft.project, doing.on)):
            found.add("growth_exceeded")
        if quota_excess(doing.case, draft.content, draft.project, doing.on):
            found.add("quota_exceeded")
    return frozenset(found)


def assessment_report(doing: Doing) -> Iterator[str]:
    """迁移评估合格要附第三方现场评估报告（R-035）。"""
    if not doing.case.attachments.filter(kind="第三方现场评估报告").exists():
        yield "请先上传“第三方现场评估报告”再给合格结论（D62-六(一)2、D14-12，R-035）"
