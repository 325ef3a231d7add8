"""写台账：追加事实并重折时段；更正；到期提醒；来源的口令。收件在 `receiving`。"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction
from psycopg.types.range import Range

from yunheng.audit.actor import SYSTEM, Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case
from yunheng.cases.notifying import first_time, tell
from yunheng.cases.queries import calendar
from yunheng.catalog.models import Item
from yunheng.orgs.models import Institution
from yunheng.orgs.reading import MAX_ATTACHMENT
from yunheng.rules import rulebook
from yunheng.rules.digest import sm3, sm3_bytes
from yunheng.rules.procedures import EXTENSION_NOTICE
from yunheng.rules.roles import Role
from yunheng.tables import folding

from .models import Action, Channel, Correction, Fact, Project, Resource, Segment, Source
from .sequencing import outdated, sequenced
from .timeline import Recorded, Span, fold

MAX_BATCH = 10_000


class Conflict(ValueError):
    """同一来源编号，内容不同。"""


@dataclass(frozen=True)
class Line:
    """要记的一条：资源、目录项、动作、之后的数量、业务日、工单号、到期日。"""

    resource: Resource
    item: Item
    action: str
    quantity: Decimal | None
    effective_on: date
    order: str = ""
    expires_on: date | None = None


def register_resource(
    *,
    code: str,
    project: Project,
    provider: Institution,
    kind: str,
    name: str = "",
    architecture: str = "",
    zone: str = "",
    system: str = "",
    address: str = "",
) -> Resource:
    """登记资源的身份；已有的核对归属，不符抛 Conflict。"""
    resource, created = Resource.objects.get_or_create(
        code=code,
        defaults={
            "project": project,
            "provider": provider,
            "kind": kind,
            "name": name,
            "architecture": architecture,
            "zone": zone,
            "system": system,
            "address": address,
            "search": " ".join(
                (code, name, address, project.name, project.initials, project.unit.name, project.unit.initials)
            ).lower(),
        },
    )
    if not created and (resource.project_id != project.pk or resource.provider_id != provider.pk):
        raise Conflict(
            f"资源 {code} 已属于项目“{resource.project.name}”（{resource.provider.name}），不能再记到这里（R-051）"
        )
    return resource


#: 物理机按台计（附件1），维度、类型都叫它
PHYSICAL = "物理机"


def hosted(item: Item) -> bool:
    """是不是主机的一项：主机规格的一维，或区级云主机的。"""
    return bool(item.dimension) or item.level == "区级"


def register_listed(*, code: str, project: Project, provider: Institution, item: Item) -> Resource:
    """单据上只有编号的资源：照目录项认类型、名称、架构；已有的核对归属，不符抛 Conflict。"""
    host, physical = hosted(item), item.dimension == PHYSICAL
    return register_resource(
        code=code,
        project=project,
        provider=provider,
        kind=PHYSICAL if physical else "云主机" if host else "服务项",
        name="" if host else item.name,
        architecture=item.architecture or ("X86" if host and not physical else ""),
    )


def record(*, actor: Actor, on: date, lines: Sequence[Line], case: Case | None = None, why: str = "") -> list[Fact]:
    """追加事实，重折所涉的时段。`on` 是记入日；`why` 是为什么记，写在“谁记的”后面。"""
    with unit_of_work(actor) as journal:
        # 先锁资源：同一资源的两批事实一前一后，时段才折得对
        list(Resource.objects.select_for_update().filter(pk__in={line.resource.pk for line in lines}).order_by("pk"))
        facts = Fact.objects.bulk_create(
            Fact(
                resource=line.resource,
                item=line.item,
                action=line.action,
                quantity=line.quantity,
                effective_on=line.effective_on,
                recorded_on=on,
                case=case,
                order=line.order,
                expires_on=line.expires_on,
                by=f"{actor}：{why}"[:200] if why else str(actor),
            )
            for line in lines
        )
        refold({(line.resource.pk, line.item.pk) for line in lines})
        journal.note(
            "记台账",
            case.number if case else lines[0].resource.code,
            after={"条数": len(facts), "资源": sorted({line.resource.code for line in lines})[:50]},
        )
    return facts


def void(*, actor: Actor, on: date, fact: Fact, reason: str) -> Fact:
    """作废一条事实；旧的留着。"""
    with unit_of_work(actor) as journal:
        Resource.objects.select_for_update().get(pk=fact.resource_id)
        entry = Fact.objects.create(
            resource=fact.resource,
            item=fact.item,
            action=Action.VOID,
            effective_on=fact.effective_on,
            recorded_on=on,
            voids=fact,
            by=f"{actor}：{reason}"[:200],
        )
        refold({(fact.resource_id, fact.item_id)})
        journal.note("作废台账事实", fact.resource.code, before={"事实": fact.pk}, after={"理由": reason})
    return entry


def correct(
    *,
    actor: Actor,
    on: date,
    fact: Fact,
    reason: str,
    evidence: tuple[str, bytes] | None,
    effective_on: date | None,
    quantity: Decimal | None = None,
) -> Correction:
    """更正一条事实：作废旧的；给了 `effective_on` 的再记一条对的，动作、依据的单据照旧（R-051、R-075）。

    没有理由或证据、作废过的、什么都没改、日子还没到的抛 Refused；不是区科创中心的抛 NotYours。
    """
    if actor.role != Role.REVIEWER:
        raise NotYours(["台账由区科创中心更正（D62-四，R-075）"])
    name, content = evidence or ("", b"")
    problems = []
    if not reason.strip():
        problems.append("写明为什么更正、依据什么（D62-七，R-075）")
    if not content:
        problems.append("请附更正的证据，例如核对过的工单、日志（D62-七，R-075）")
    elif len(content) > MAX_ATTACHMENT:
        problems.append(f"证据“{name}”超过 {MAX_ATTACHMENT // 1048576} MB，请压缩（R-075）")
    if fact.action == Action.VOID or Fact.objects.filter(voids=fact).exists():
        problems.append("这一条已经作废，请更正后来记的那一条（R-051）")
    elif effective_on is not None:
        kept = None if fact.action == Action.RELEASE else quantity
        problems += _miscorrected(fact, on, effective_on, kept)
    if problems:
        raise Refused(problems)
    with unit_of_work(actor):
        void(actor=actor, on=on, fact=fact, reason=reason.strip())
        replacement = None
        if effective_on is not None:
            line = Line(fact.resource, fact.item, fact.action, kept, effective_on, fact.order, fact.expires_on)
            (replacement,) = record(actor=actor, on=on, lines=[line], case=fact.case)
        return Correction.objects.create(
            voided=fact,
            replacement=replacement,
            reason=reason.strip()[:500],
            name=name[-200:],
            content=content,
            digest=sm3_bytes(content),
            on=on,
            by=str(actor),
        )


def _miscorrected(fact: Fact, on: date, effective_on: date, quantity: Decimal | None) -> Iterator[str]:
    """改成的这一条哪里不对。"""
    if effective_on > on:
        yield f"{effective_on} 还没到，只能更正已发生的（R-051）"
    if fact.action != Action.RELEASE and (quantity is None or quantity <= 0):
        yield "新增、变更的数量应大于 0；不该有的请只作废（R-051）"
    if (effective_on, quantity) == (fact.effective_on, fact.quantity):
        yield "业务日和数量都没有改，不用更正（R-051）"


def refold(pairs: Iterable[tuple[int, int]]) -> None:
    """重折这些（资源, 目录项）的时段。"""
    for resource, item in sorted(pairs):
        Segment.objects.filter(resource_id=resource, item_id=item).delete()
        Segment.objects.bulk_create(
            Segment(
                resource_id=resource,
                item_id=item,
                during=Range(span.start, span.until),
                quantity=span.quantity,
                expires_on=span.expires_on,
            )
            for span in fold(recorded(resource, item))
        )


def recorded(resource: int, item: int, known_on: date | None = None) -> list[Recorded]:
    """某资源某目录项的事实；`known_on` 只看那天（含）以前记入的。"""
    facts = Fact.objects.filter(resource_id=resource, item_id=item)
    if known_on:
        facts = facts.filter(recorded_on__lte=known_on)
    return sequenced(folded(fact) for fact in facts.order_by("pk"))


def folded(fact: Fact) -> Recorded:
    """一条事实，写成折时段用的样子。"""
    return Recorded(
        fact.pk, fact.action, fact.quantity, fact.effective_on, fact.expires_on, fact.voids_id, fact.case_id
    )


def refold_outdated() -> int:
    """从前折得与现在不同的（`sequencing.outdated`）重折；返回改了几处。升级以后办一次，没有变的不动。"""
    changed = 0
    for pair in sorted(outdated()):
        with transaction.atomic():
            # 同记事实一样先锁资源：升级时有人正好在记，时段也不会折两份
            Resource.objects.select_for_update().get(pk=pair[0])
            segments = Segment.objects.filter(resource_id=pair[0], item_id=pair[1]).order_by("during")
            now = [Span(one.during.lower, one.during.upper, one.quantity, one.expires_on) for one in segments]
            if fold(recorded(*pair)) != now:
                refold({pair})
                changed += 1
    return changed


#: 延期的最晚提出日之前几个工作日开始提醒；不能延期的，到期前这么多个工作日的四倍，好备份迁移
_NOTICE_AHEAD = 5


def remind_expiry(on: date) -> int:
    """开发、应急、临时资源到期前提醒使用单位延期或备份，到期仍在用的提醒回收（R-044、R-107）。返回新提醒几件。"""
    live = Segment.objects.filter(during__contains=on, expires_on__isnull=False).select_related("resource__provider")
    facts = Fact.objects.filter(resource__in=live.values("resource"), expires_on__isnull=False).order_by("pk")
    owners: dict[tuple[int, date | None], int | None] = {}
    origins: dict[int, str] = {}
    for resource, expires, number, procedure in facts.values_list("resource", "expires_on", "case", "case__procedure"):
        owners[resource, expires] = number
        origins.setdefault(resource, procedure or "")
    groups: dict[tuple[int, date, str], list[Segment]] = {}
    for segment in live.order_by("resource__code"):
        if segment.expires_on and (owner := owners.get((segment.resource_id, segment.expires_on))):
            key = owner, segment.expires_on, origins[segment.resource_id]
            groups.setdefault(key, []).append(segment)
    count = 0
    with unit_of_work(SYSTEM):
        for (owner, expires, origin), segments in groups.items():
            case = Case.objects.select_related("unit").get(pk=owner)
            codes = sorted({segment.resource.code for segment in segments})
            names = codes[0] + (f" 等 {len(codes)} 个资源" if len(codes) > 1 else "")
            if on >= expires and first_time(case, f"expired/{expires}", on):
                text = f"{names}已于 {expires} 到期仍在用，请办注销回收；回收前先备份或迁移（M6-21、M6-22，R-044）"
                provider = segments[0].resource.provider
                for role, holder in ((Role.CLERK, case.unit), (Role.REVIEWER, None), (Role.PROVIDER, provider)):
                    tell(case=case, role=role, institution=holder, text=text, on=on)
                count += 1
                continue
            begins, words = _expiry_notice(origin, expires)
            if begins <= on < expires and first_time(case, f"expiring/{expires}", on):
                text = f"{names} {expires} 到期；{words}"
                for role in (Role.CLERK, Role.HEAD):
                    tell(case=case, role=role, institution=case.unit, text=text, on=on)
                count += 1
    return count


def _expiry_notice(procedure: str, expires: date) -> tuple[date, str]:
    """从哪天起提醒，说什么：能延期的说最晚哪天提出（提前的工作日数是规则参数）。"""
    if procedure not in EXTENSION_NOTICE:
        begins = calendar().before(expires, 4 * _NOTICE_AHEAD).date
        return begins, "请先备份或迁移，到期回收（M6-22，R-044）"
    limit = rulebook.built_in().parameter(EXTENSION_NOTICE[procedure], expires)
    latest = calendar().before(expires, limit.whole, limit.clause).date
    begins = calendar().before(expires, limit.whole + _NOTICE_AHEAD, limit.clause).date
    return begins, f"要延期最晚 {latest} 提出，不延期的请先备份或迁移（{limit.clause}，R-044）"


def interface_source(*, actor: Actor, code: str, provider: Institution) -> Source:
    """接口的来源，没有就登记。来源是别家的、不是接口的、与内部来源同名或与别的来源形近的抛 Refused（R-052）。"""
    code = code.strip()
    found = Source.objects.select_related("provider").filter(code=code).first()
    with unit_of_work(actor) as journal:
        if found is None:
            if problems := list(_misnamed(code)):
                raise Refused(problems)
            found, _ = Source.objects.get_or_create(code=code, defaults={"provider": provider})
            journal.note("登记接口来源", code, after={"机构": found.provider.name})
        if found.provider_id != provider.pk:
            raise Refused(
                [
                    f"来源“{code}”是{found.provider.name}的，不能换成{provider.name}的：收过的说不清是谁送的，"
                    "原来的口令也会作废；请另起一个名字（R-052）"
                ]
            )
    return found


def _misnamed(code: str) -> Iterator[str]:
    """新的接口来源，名字哪里不行。"""
    longest = Source._meta.get_field("code").max_length or 0
    if not code or len(code) > longest:
        yield f"来源的名字要 1 至 {longest} 个字（R-052）"
    if folding.visible(code) != code:
        yield "来源的名字里有看不见的字，请去掉（R-052）"
    for channel in Channel:
        if channel != Channel.API and folding.likeness(code).endswith(folding.likeness(f"-{channel.value}")):
            yield f"“…-{channel.value}”是系统自己记{channel.value}用的来源名，接口的来源请另起名字（R-052）"
    for other in Source.objects.exclude(code=code).order_by("code").values_list("code", flat=True):
        if folding.likeness(other) == folding.likeness(code):
            yield (
                f"已有来源“{other}”，只差全半角、大小写或长得像的字；换口令请照原名写，"
                "另一个请起看得出不同的名字（R-052）"
            )


def issue_key(*, actor: Actor, source: Source) -> str:
    """给接口的来源换一个新口令，只在此时看得到；库里只存 SM3。内部的来源（文件、补录、回执）抛 Refused（R-052）。"""
    if source.channel_kind != Channel.API:
        raise Refused([f"来源“{source.code}”是系统自己记{source.channel}用的，不能有接口的口令（R-052）"])
    key = secrets.token_urlsafe(32)
    with unit_of_work(actor) as journal:
        source.key_digest = sm3(key)
        source.save(update_fields=["key_digest"])
        journal.note("换接口口令", source.code)
    return key
