"""写申请：起草、存、提交；办成时的效果（记台账、停止计费、核配额、延期）。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Count
from django.utils import timezone

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case, Event
from yunheng.cases.notifying import tell
from yunheng.cases.numbering import next_number
from yunheng.cases.operations import (
    Doing,
    act,
    assign_provider,
    open_case,
    register_effect,
    register_facts,
    register_guard,
)
from yunheng.cases.queries import position
from yunheng.documents.annex1 import PRE_TICKED
from yunheng.ledger.models import Channel, Fact, Project, Resource, Segment
from yunheng.ledger.operations import Line, record
from yunheng.ledger.receiving import receive, source_of
from yunheng.orgs.access import local_clock
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.rules.digest import canonical, sm3
from yunheng.rules.procedures import AMEND
from yunheng.rules.roles import Role

from . import guards, receipts
from .amounts import decimal
from .checking import clean_text, too_many
from .comparing import already_listed
from .models import Draft, Exemption, Filing, Quota
from .sections import SECTIONS


class Edited(Refused):
    """别人（或另一个窗口）已经存过；`draft` 是现在的内容。"""

    def __init__(self, draft: Draft) -> None:
        who = draft.edited_by.name if draft.edited_by else ""
        super().__init__([f"{who} 在另一处刚存过这张表，您的这次修改没有存上，请对照后再存"])
        self.draft = draft


def start(
    *,
    actor: Actor,
    on: date,
    procedure: str,
    project: Project | None = None,
    project_name: str = "",
    provider: Institution | None = None,
) -> Case:
    """起草一件申请：选已有项目，或填新项目名称。只有使用单位经办人能起草（R-001）。"""
    if actor.role != Role.CLERK or actor.institution is None:
        raise NotYours(["申请由使用单位经办人填报（D62-四，R-001）"])
    unit = Institution.objects.get(pk=actor.institution)
    if project is not None and project.unit_id != unit.pk:
        raise NotYours([f"项目“{project.name}”不是本单位的（R-001）"])
    with unit_of_work(actor) as journal:
        if project is None:
            project = _new_project(unit, project_name, on)
            journal.note("登记项目", project.code, after={"名称": project.name, "单位": unit.name})
        case = open_case(actor=actor, on=on, procedure_code=procedure, unit=unit, subject=project.name)
        provider = provider or _usual_provider(project)
        assign_provider(case, provider)
        Draft.objects.create(case=case, project=project, content=_prefilled(procedure, project, provider))
    return case


def _new_project(unit: Institution, name: str, on: date) -> Project:
    try:
        name = clean_text(name, 100)
    except ValueError as error:
        raise Refused([f"项目名称：{error}"]) from error
    if not name:
        raise Refused(["项目名称不能为空，请填写，例如 社会救助业务受理系统"])
    if Project.objects.filter(unit=unit, name=name).exists():
        raise Refused([f"本单位已有项目“{name}”，请从已有项目里选"])
    funding = "区级" if unit.nature == "district" else "自费"
    return Project.objects.create(code=next_number("P", on), name=name, unit=unit, funding=funding)


def _usual_provider(project: Project) -> Institution | None:
    """项目的基础设施服务商：主机在哪家；没有主机的，看服务项最多的那家。"""
    resources = Resource.objects.filter(project=project).values_list("provider").annotate(n=Count("pk"))
    most = (resources.exclude(kind="服务项") or resources).order_by("-n", "provider__code").first()
    return Institution.objects.get(pk=most[0]) if most else None


def _prefilled(procedure: str, project: Project, provider: Institution | None) -> dict[str, Any]:
    """不必再填的先填上：项目登记过的、默认勾选的安全服务（R-048）、现状。"""
    content: dict[str, Any] = {
        "leader": project.leader,
        "contact": project.contact,
        "approval_number": project.approval_number,
    }
    if project.security_level:
        content |= {
            "level": f"{'一二三四五'[project.security_level - 1]}级",
            "classified": "是" if project.classified else "否",
        }
    if any(section.form == "services" for section in SECTIONS[procedure]) and procedure != "change":
        content["services"] = dict.fromkeys(PRE_TICKED, "1") if procedure in ("new", "migration", "district") else {}
    if provider:
        content["iaas"] = provider.name
    if procedure == "change":
        held = Resource.objects.filter(project=project, architecture__in=("X86", "XC"))
        content["architecture"] = held.order_by("pk").values_list("architecture", flat=True).first() or "X86"
    return content


def save(*, actor: Actor, case: Case, seen: int, values: Mapping[str, Any]) -> Draft:
    """存一部分：只动给出的键。`seen` 不是最新版本抛 Edited，什么都不丢。"""
    with unit_of_work(actor) as journal:
        draft = _editable(actor, case, seen)
        before = {key: draft.content.get(key) for key in values}
        changed = {key: value for key, value in values.items() if draft.content.get(key) != value}
        if changed:
            _store(actor, draft, {**draft.content, **changed})
            journal.note("填表", case.number, before={key: before[key] for key in changed}, after=changed)
    return draft


#: 最近几次导入留着导入以前的各栏，可以依次撤销
_UNDOABLE = 10


def take_in(
    *,
    actor: Actor,
    case: Case,
    seen: int,
    values: Mapping[str, Any],
    name: str,
    rows: Sequence[Mapping[str, str]] = (),
    again: bool = False,
    told: int = 0,
) -> Draft:
    """写入导入的各栏，记下导入以前的，没有再改过的可以整批撤销（R-047）。`name` 是文件名，进留痕。

    `rows` 是往后加的各行：同样的各行已经导入过，而预览时没有说过（`again`），或者与表里已有的相同的比
    预览时说过的（`told` 行）多，抛 Refused，免得两个窗口各加一遍。加完超过 300 行的也抛 Refused，一行不写。
    """
    with unit_of_work(actor) as journal:
        draft = _editable(actor, case, seen)
        sizes = [len(values[key]) - len(rows) for key in values] if rows else []
        if over := next(filter(None, (too_many(size, len(rows)) for size in sizes)), ""):
            raise Refused([over])
        if not again and (earlier := imported_before(draft, rows)):
            raise Refused([f"{earlier}；没有再写一遍，确要再加一遍的请重新选择文件，看过提示再确认（R-032）"])
        listed = [row for key in values for row in draft.content.get(key) or []] if rows else []
        if (same := len(already_listed(rows, listed))) > told:
            raise Refused(
                [f"其中 {same} 行与表里已有的相同；没有再写一遍，确要再加一遍的请重新选择文件，看过提示再确认（R-032）"]
            )
        changed = {key: value for key, value in values.items() if draft.content.get(key) != value}
        if changed:
            before = {key: draft.content[key] for key in changed if key in draft.content}
            added = [key for key in changed if key not in draft.content]
            made = {"name": name[:200], "digest": digest_of(rows), "rows": len(rows), "by": str(actor)}
            made |= {"at": local_clock(), "values": before, "added": added}
            made |= {"base": draft.version, "version": draft.version + 1}
            old, kept = draft.imports[: 1 - _UNDOABLE], draft.imports[1 - _UNDOABLE :]
            draft.imports = [*({**one, "values": None, "added": []} for one in old), *kept, made]
            _store(actor, draft, {**draft.content, **changed})
            journal.note("导入表单", case.number, before=before, after={"文件": name[:200], **changed})
    return draft


def digest_of(rows: Sequence[Mapping[str, str]]) -> str:
    """一批往后加的各行的 SM3；没有的为空。"""
    return sm3(canonical([dict(row) for row in rows])) if rows else ""


def imported_before(draft: Draft, rows: Sequence[Mapping[str, str]]) -> str:
    """同样的各行已经导入过：一句话；没有为空。"""
    digest = digest_of(rows)
    found = [one for one in draft.imports if digest and one["digest"] == digest]
    if not found:
        return ""
    last, times = found[-1], f" {len(found)} 次" if len(found) > 1 else ""
    return f"同样的 {len(rows)} 行已经导入过{times}（“{last['name']}”，{last['at']}，{last['by']}）"


def undo_import(*, actor: Actor, case: Case, seen: int) -> Draft:
    """整批撤销最近一次导入；导入以后又改过的抛 Refused，不连带撤掉后改的（R-047）。"""
    with unit_of_work(actor) as journal:
        draft = _editable(actor, case, seen)
        if not draft.imports:
            raise Refused(["没有可以撤销的导入（R-047）"])
        *before, earlier = draft.imports
        if earlier["values"] is None:
            raise Refused([f"只留着最近 {_UNDOABLE} 次导入以前的内容，更早的不能整批撤销，请在表里直接改（R-047）"])
        if not draft.undoable:
            raise Refused(["导入以后又改过，不能整批撤销：撤了后改的也没有了；请在表里直接改（R-047）"])
        kept = {key: value for key, value in draft.content.items() if key not in earlier["added"]}
        if before and before[-1]["version"] == earlier["base"]:
            # 撤到了前一次刚导入完的样子，前一次也就撤得
            before[-1] = {**before[-1], "version": draft.version + 1}
        draft.imports = before
        _store(actor, draft, {**kept, **earlier["values"]})
        journal.note("撤销导入表单", case.number, after={"文件": earlier["name"], **earlier["values"]})
    return draft


def _editable(actor: Actor, case: Case, seen: int) -> Draft:
    """锁住草稿：还没提交、是本单位经办人、没有被别人存过，才能改。"""
    draft = Draft.objects.select_for_update(of=("self",)).select_related("edited_by", "project").get(case=case)
    at = position(case)
    if at.step is None or at.step.code not in ("draft", AMEND):
        raise Refused([f"{case.number} 已提交，现在“{at.state}”，不能再改；需要修改请等退回或撤回"])
    if actor.role != Role.CLERK or actor.institution != case.unit_id:
        raise NotYours(["表单由本单位经办人填写（D62-四，R-001）"])
    if draft.version != seen:
        raise Edited(draft)
    return draft


def _store(actor: Actor, draft: Draft, content: dict[str, Any]) -> None:
    draft.content = content
    draft.version += 1
    draft.edited_by_id, draft.edited_at = actor.person, timezone.now()
    draft.save()


def submit_act(case: Case) -> str:
    """现在提交是哪个动作：起草后提交，还是补正后提交。"""
    at = position(case)
    return "resubmit" if at.step and at.step.code == AMEND else "submit"


def submit(*, actor: Actor, on: date, case: Case, seen: int) -> Event:
    """检查并提交：留一份快照。没填全、没过关抛 Refused，列全。"""
    with unit_of_work(actor):
        draft = Draft.objects.select_for_update(of=("self",)).select_related("project").get(case=case)
        code = submit_act(case)
        provider = providers().filter(name=str(draft.content.get("iaas") or "")).first()
        if provider:
            assign_provider(case, provider)
        event = act(actor=actor, on=on, case=case, act_code=code, seen=seen)
        version = Filing.objects.filter(case=case).count() + 1
        Filing.objects.create(
            case=case,
            project=draft.project,
            version=version,
            content=draft.content,
            digest=sm3(canonical(draft.content)),
            filed_on=on,
        )
        _keep(draft.project, draft.content)
    return event


def _keep(project: Project, content: Mapping[str, Any]) -> None:
    """项目的基本情况随申请更新，下次不必再填。"""
    for key in ("leader", "contact", "approval_number"):
        if content.get(key):
            setattr(project, key, str(content[key]))
    if content.get("level"):
        project.security_level = "一二三四五".index(content["level"][0]) + 1
        project.classified = content.get("classified") == "是"
    project.save()


def register_exemption(
    *, actor: Actor, on: date, unit: Institution, system: str, basis: str, note: str = "", revoked: bool = False
) -> Exemption:
    """登记（或撤销）一个法规规定不宜上云的系统；没写依据、不是区科委抛 Refused（M6-2、D14-2，R-002）。"""
    if actor.role != Role.AUTHORITY:
        raise NotYours(["不宜上云的例外由区科委登记（D14-2，R-002）"])
    try:
        system, basis, note = clean_text(system, 200), clean_text(basis, 300), clean_text(note)
    except ValueError as error:
        raise Refused([str(error)]) from error
    if problems := [words for value, words in ((system, "系统名称"), (basis, "法律法规依据")) if not value]:
        raise Refused([f"{name}不能为空（D14-2，R-002）" for name in problems])
    with unit_of_work(actor) as journal:
        entry = Exemption.objects.create(
            unit=unit, system=system, basis=basis, note=note, revoked=revoked, on=on, by=str(actor)
        )
        journal.note("撤销例外" if revoked else "登记例外", system, after={"单位": unit.name, "依据": basis})
    return entry


# ── 办成时的效果，与办理同一事务 ──


def deliver(doing: Doing) -> None:
    """服务商填了回执：工单进收件箱，事实进台账。"""
    lines = receipts.lines(doing)
    if lines:
        _orders(doing, lines)
        record(actor=doing.actor, on=doing.on, lines=lines, case=doing.case)


def _orders(doing: Doing, lines: list[Line]) -> None:
    """各行记在资源的服务商名下：一件申请里的平台软件可以是别家的。"""
    parted: dict[Institution, list[tuple[str, dict[str, object]]]] = defaultdict(list)
    for line in lines:
        payload: dict[str, object] = {
            "工单号": line.order,
            "单号": doing.case.number,
            "资源": line.resource.code,
            "目录项": line.item.code,
            "动作": line.action,
            "数量": f"{line.quantity.normalize():f}" if line.quantity else "",
            "完成日期": line.effective_on.isoformat(),
        }
        parted[line.resource.provider].append((f"{line.order}/{line.resource.code}/{line.item.code}", payload))
    for provider, items in parted.items():
        source = source_of(provider, Channel.RECEIPT)
        receive(actor=doing.actor, on=doing.on, source=source, kind="工单", items=items)


def stop(doing: Doing) -> None:
    """注销审核通过：停止计费（D62-六(三)，R-039）；从哪天起停照 K-10。"""
    stopped = receipts.stop_day(doing.on)
    filing = receipts.latest(doing.case)
    live = Segment.objects.filter(
        resource__code__in=filing.content.get("release") or (), resource__project=filing.project, during__upper_inf=True
    ).select_related("resource", "item")
    lines = [
        Line(s.resource, s.item, "释放", None, max(stopped, s.during.lower), order=doing.case.number) for s in live
    ]
    if lines:
        record(actor=doing.actor, on=doing.on, lines=lines, case=doing.case)


def allot(doing: Doing) -> None:
    """核定配额，通知运管单位（R-031）。"""
    filing = receipts.latest(doing.case)
    for row in filing.content.get("quota") or ():
        months = [int(row[key]) if str(row.get(key) or "") else None for key in ("from_month", "until_month")]
        Quota.objects.create(
            project=filing.project,
            case=doing.case,
            dimension=row["dimension"],
            amount=decimal(row["amount"]),
            from_month=months[0],
            until_month=months[1],
            effective_on=doing.on,
        )
    text = f"{filing.project.name}的项目配额已核定（{doing.case.number}，M6-18）"
    for role in (Role.REVIEWER, Role.CITY_OPERATOR):
        tell(case=doing.case, role=role, institution=None, text=text, on=doing.on)


def extend(doing: Doing) -> None:
    """批准延期：在用的资源换一个到期日。"""
    content = receipts.latest(doing.case).content
    original, _ = guards.original_term(str(content["original"]), doing.case)
    assert original is not None
    resources = Fact.objects.filter(case=original).values("resource")
    live = Segment.objects.filter(resource__in=resources, during__upper_inf=True).select_related("resource", "item")
    until = date.fromisoformat(content["expires_on"])
    record(
        actor=doing.actor,
        on=doing.on,
        case=doing.case,
        lines=[
            Line(s.resource, s.item, "变更", s.quantity, max(doing.on, s.during.lower), doing.case.number, until)
            for s in live
        ],
    )


def register() -> None:
    """启动时登记各流程的关口、条件和效果。"""
    for name in (
        "complete",
        "admission",
        "within_quota",
        "growth_explained",
        "term",
        "development_quota",
        "temporary_circumstance",
        "extension_in_time",
        "backup_confirmed",
        "receipt",
        "ledger_kept",
        "assessment_report",
    ):
        register_guard(name, getattr(guards, name))
    for code in SECTIONS:
        register_facts(code, guards.facts)
        register_effect(code, "deliver", deliver)
    register_effect("deregistration", "stop", stop)
    register_effect("quota", "quota", allot)
    register_effect("extension", "extend", extend)
