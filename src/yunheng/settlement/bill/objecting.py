"""异议：使用单位、服务商、第三方对账目提，区科创中心答复；没有答复的，不能提交复算（D62-七，R-075）。"""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case
from yunheng.cases.notifying import tell
from yunheng.ledger.models import Fact, Resource
from yunheng.orgs import commissioning
from yunheng.orgs.models import Institution
from yunheng.orgs.reading import MAX_ATTACHMENT
from yunheng.rules import periods
from yunheng.rules.digest import sm3_bytes
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope
from yunheng.settlement import queries
from yunheng.settlement.models import BillLine, Objection, ObjectionReply, Run

#: 对账的三方：申请的、提供的、计量的
PARTIES = (Role.CLERK, Role.HEAD, Role.PROVIDER, Role.THIRD_PARTY)
Evidence = tuple[str, bytes]


# ── 读 ──


def visible(actor: Actor) -> QuerySet[Objection]:
    """看得到的异议：账目的单位、服务商两方都看得到（R-001）。"""
    found = queries.narrowed(actor, Objection.objects.select_related("run", "line", "institution", "reply"))
    return found.defer("content", "reply__content", "run__head")


def waiting(year: int) -> int:
    """这个服务年度没有答复的异议几条。"""
    return Objection.objects.filter(run__service_year=year, reply=None).count()


def about(actor: Actor, year: int, resource: str, items: list[str]) -> QuerySet[Objection]:
    """这个服务年度对一个资源这几项的异议，近的在前。"""
    found = visible(actor).filter(run__service_year=year, resource=resource, item__in=items)
    return found.order_by("-pk")


def consequence(run: Run) -> str:
    """采纳以后怎样办：冻结了的由补差结清，没冻结的改正了重新计量。"""
    if queries.frozen(run.service_year):
        return "这个服务年度的结算已经冻结，不会再变；异议采纳的，由补差多退少补（R-083）"
    return "异议采纳的，改正以后重新计量；没有答复、采纳了没有改正以前，这个服务年度不能提交复算（D62-七，R-075）"


# ── 写 ──


def object_to(
    *,
    actor: Actor,
    on: date,
    run: Run,
    text: str,
    line: BillLine | None = None,
    absent: tuple[Resource, str] | None = None,
    day: date | None = None,
    evidence: Evidence | None = None,
) -> Objection:
    """提一条异议：对一条账目（`line`），或对没有账目的一天（`absent` 是资源和目录项，`day` 是哪天）（R-073、R-075）。

    冻结以后照样可以提，由补差结清（R-083）。
    """
    if actor.role not in PARTIES or actor.institution is None:
        raise NotYours(["异议由使用单位、服务商和第三方提（D62-七，R-075）"])
    commissioning.require(actor, on, Scope.METERING)
    keys = where(line, absent)
    institution = Institution.objects.get(pk=actor.institution)
    mine = {Role.CLERK: "unit", Role.HEAD: "unit", Role.PROVIDER: "provider"}.get(actor.role)
    if mine and keys[mine] != institution.code:
        raise NotYours([f"{keys['resource']} 的账不是{institution.name}的，不能提异议（R-001）"])
    problems = _problems(text, evidence, "异议")
    year = run.service_year
    if day is not None and not periods.service_year(year).start <= day < run.until_on:
        problems.append(f"{day} 不在批次 {run.pk} 计量的期间里（D62-七，R-071）")
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, year)
        latest, frozen = queries.latest_run(year), queries.frozen(year)
        if latest and run.pk != latest.pk and not (frozen and frozen.run_id == run.pk):
            problems.append(f"批次 {run.pk} 已有更近的批次 {latest.pk}，请在批次 {latest.pk} 的账目上提（R-075）")
        same = Objection.objects.filter(run__service_year=year, institution=institution, reply=None)
        same = same.filter(line=line) if line else same.filter(line=None, day_on=day, **keys)
        if earlier := same.first():
            problems.append(f"{institution.name}对这一项已有异议（编号 {earlier.pk}），还没有答复，请等答复（R-075）")
        if problems:
            raise Refused(problems)
        made = Objection.objects.create(
            run=run,
            line=line,
            day_on=day,
            text=text.strip(),
            **_kept(evidence),
            institution=institution,
            role=actor.role,
            on=on,
            by=str(actor),
            **keys,
        )
        _tell(made, Role.REVIEWER, None, f"{institution.name}对 {made.resource} 的账目提了异议", on)
        journal.note("提异议", f"{made.pk}", after={"资源": made.resource, "目录项": made.item, "异议": made.text})
    return made


def answer(
    *, actor: Actor, on: date, objection: Objection, kind: str, text: str, evidence: Evidence | None = None
) -> ObjectionReply:
    """区科创中心答复：采纳或不采纳，写明依据；冻结以后采纳的由补差结清（R-075、R-083）。"""
    if actor.role != Role.REVIEWER:
        raise NotYours(["异议由区科创中心答复（D62-四，R-075）"])
    problems = _problems(text, evidence, "答复")
    if kind not in (ObjectionReply.ACCEPT, ObjectionReply.REJECT):
        problems.append("答复只有“采纳”和“不采纳”两种（R-075）")
    return _close(actor, on, objection, kind, text, evidence, problems)


def withdraw(*, actor: Actor, on: date, objection: Objection, text: str) -> ObjectionReply:
    """提出的一方自己撤回，写明缘由（R-075）。"""
    if actor.institution != objection.institution_id or actor.role not in PARTIES:
        raise NotYours([f"异议由提出的{objection.institution.name}撤回（R-075）"])
    return _close(actor, on, objection, ObjectionReply.WITHDRAW, text, None, _problems(text, None, "撤回的缘由"))


def _close(
    actor: Actor,
    on: date,
    objection: Objection,
    kind: str,
    text: str,
    evidence: Evidence | None,
    problems: list[str],
) -> ObjectionReply:
    with unit_of_work(actor) as journal:
        hold(Lock.YEAR, objection.run.service_year)
        if earlier := ObjectionReply.objects.filter(objection=objection).first():
            problems.append(f"异议 {objection.pk} 已于 {earlier.on} {earlier.kind}，再有异议请另提（R-075）")
        if problems:
            raise Refused(problems)
        made = ObjectionReply.objects.create(
            objection=objection, kind=kind, text=text.strip(), **_kept(evidence), on=on, by=str(actor)
        )
        if kind != ObjectionReply.WITHDRAW:
            words = f"{objection.resource} 的异议{kind}：{made.text}"
            told(objection, words, on)
        journal.note(f"异议{kind}", f"{objection.pk}", after={"资源": objection.resource, "答复": made.text})
    return made


def where(line: BillLine | None, absent: tuple[Resource, str] | None) -> dict[str, str]:
    """异议落在哪里：单位、项目、资源、目录项、服务商。"""
    if line is not None:
        return {key: getattr(line, key) for key in ("unit", "project", "resource", "item", "provider")}
    assert absent is not None
    resource, item = absent
    return {
        "unit": resource.project.unit.code,
        "project": resource.project.code,
        "resource": resource.code,
        "item": item,
        "provider": resource.provider.code,
    }


def _problems(text: str, evidence: Evidence | None, what: str) -> list[str]:
    found = []
    if not text.strip():
        found.append(f"{what}不能为空：写明哪里不对、应是多少、依据什么（R-075）")
    elif len(text.strip()) > 1000:
        found.append(f"{what}最多 1000 字，现在 {len(text.strip())} 字；长的请作附件（R-075）")
    if evidence and len(evidence[1]) > MAX_ATTACHMENT:
        limit = MAX_ATTACHMENT // 1048576
        found.append(f"附件“{evidence[0]}”超过 {limit} MB，请压缩或分开上传（R-075）")
    return found


def _kept(evidence: Evidence | None) -> dict[str, object]:
    name, content = evidence or ("", b"")
    if not content:
        return {}
    return {"name": name[-200:], "content": content, "digest": sm3_bytes(content)}


def told(objection: Objection, text: str, on: date) -> None:
    """知会提异议的一方。"""
    _tell(objection, objection.role, objection.institution, text, on)


def _tell(objection: Objection, role: str, institution: Institution | None, text: str, on: date) -> None:
    """知会，挂在账目的单据上；没有账目的挂在资源最近的事项上。"""
    cases = Case.objects.filter(number=objection.line.form.partition("/")[0]) if objection.line else Case.objects.none()
    facts = Fact.objects.filter(resource__code=objection.resource).exclude(case=None)
    case = cases.first() or Case.objects.filter(pk__in=facts.order_by("-pk").values("case")[:1]).first()
    if case is not None:
        href = f"/settlement/objections/{objection.pk}/"
        tell(case=case, role=role, institution=institution, text=text, on=on, href=href)
