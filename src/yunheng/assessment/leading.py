"""待认定的线索（D62-附件5，R-091）：系统里已有的事，像是考核事件的，列出来由第三方、区科创中心认定。

线索不存、不扣分，每次照现有的记录算；认定了登记成一起事件，不登记的写明理由。各章登记各自的线索，
对得上附件5 哪一项才给，故障（C）、故障的错报瞒报（D）、安全责任事故（E）系统里没有来源，仍由人登记。
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases import rectifying
from yunheng.cases.models import Case, Progress, Requirement
from yunheng.cases.operations import Doing, register_guard
from yunheng.orgs import commissioning
from yunheng.orgs.models import Institution, Kind
from yunheng.rules import periods
from yunheng.rules.digest import sm3
from yunheng.rules.scopes import Scope
from yunheng.rules.scoring import INDICATORS

from . import operations
from .models import Appraisal, Dismissal, Occurrence
from .queries import locked

#: 拦下来时列出前几条
_SHOWN = 5
#: 来源编号最长多少字（Occurrence.reference）
_LONGEST = 60
Files = Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class Lead:
    """一条线索。`source` 从哪里来，`indicator` 像哪一项，`why` 为什么像；`href` 是原来的记录在哪里。

    同一家同一 `reference` 是同一条。`attach` 取原来记录上的证据文件，认定时才取。
    """

    source: str
    provider: Institution
    indicator: str
    why: str
    on: date
    text: str
    reference: str
    href: str
    case: Case | None = None
    attach: Callable[[], Files] = tuple

    @property
    def title(self) -> str:
        """像哪一项，附件5 的叫法。"""
        return INDICATORS[self.indicator].title

    @property
    def key(self) -> str:
        """页面上认得出是哪一条。"""
        return f"{self.provider.code}/{self.reference}"


#: （服务年度, 今天）→ 这一年的线索
Source = Callable[[int, date], Iterable[Lead]]
_sources: list[Source] = []


def register_source(source: Source) -> None:
    """登记一处线索。"""
    if source not in _sources:
        _sources.append(source)


#: 服务年度 → 线索为什么可能没有列全；列全了的为空
_doubts: list[Callable[[int], str]] = []


def register_doubt(doubt: Callable[[int], str]) -> None:
    """登记一处线索怎样看得出没有列全。"""
    if doubt not in _doubts:
        _doubts.append(doubt)


def doubts(year: int) -> list[str]:
    """这一年的线索为什么可能没有列全，逐条；审定以后才列出来的不能再扣，送出、审定以前要看到。"""
    return [text for doubt in _doubts if (text := doubt(year))]


def reference_of(kind: str, number: str) -> str:
    """线索的来源编号：太长的截短，带上摘要，免得两条截成一样。"""
    text = f"{kind} {number}"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 13]}~{sm3(text)[:12]}"


def pending(year: int, on: date) -> list[Lead]:
    """这一年待认定的线索，新的在前：登记过的、认定不登记的、考核已审定锁定的（`locked_out`）不列。"""
    closed = set(locked(year))
    return [lead for lead in _undecided(year, on) if lead.provider.code not in closed]


def locked_out(year: int, on: date) -> list[Lead]:
    """考核审定锁定以后才出现的线索，新的在前：这一年的分不再变，逐条点名。"""
    closed = set(locked(year))
    return [lead for lead in _undecided(year, on) if lead.provider.code in closed]


def _undecided(year: int, on: date) -> list[Lead]:
    """没有登记过、也没有认定不登记的，新的在前。"""
    done = set(Occurrence.objects.exclude(reference="").values_list("provider", "reference"))
    done |= set(Dismissal.objects.values_list("provider", "reference"))
    start, end = periods.service_year(year).start, periods.year_end(year)
    found = [
        lead
        for source in _sources
        for lead in source(year, on)
        if start <= lead.on < end and (lead.provider.pk, lead.reference) not in done
    ]
    return sorted(found, key=lambda lead: (-lead.on.toordinal(), lead.key))


def _wanted(actor: Actor, on: date, year: int, key: str) -> Lead:
    """要办的那一条；不由这个角色办抛 NotYours，办过了、没有了抛 Refused。"""
    if actor.role not in operations.RECORDERS:
        raise NotYours(["考核的线索由第三方机构或区科创中心认定（D62-七，R-091）"])
    commissioning.require(actor, on, Scope.APPRAISAL)
    found = next((lead for lead in pending(year, on) if lead.key == key), None)
    if found is None:
        raise Refused([f"这条线索（{key[:80]}）已经认定过，或者原来的记录变了，请刷新以后再看（D62-附件5，R-091）"])
    return found


def take(
    *,
    actor: Actor,
    on: date,
    year: int,
    key: str,
    indicator: str,
    responsibility: str,
    happened_on: date,
    text: str,
) -> Occurrence:
    """认定一条线索，登记成一起事件：来源编号、所涉事项照线索，附上来源的摘录和原有的证据。其余同登记事件。"""
    with unit_of_work(actor):
        lead = _held(_wanted(actor, on, year, key))
        return operations.record(
            actor=actor,
            on=on,
            provider=lead.provider,
            indicator=indicator,
            happened_on=happened_on,
            text=text,
            responsibility=responsibility,
            reference=lead.reference,
            files=[(f"来源摘录-{lead.source}.txt", _extract(lead, on)), *lead.attach()],
            case=lead.case,
            year=year,
        )


def dismiss(*, actor: Actor, on: date, year: int, key: str, reason: str) -> Dismissal:
    """认定一条线索不算考核事件，写明理由；以后不再列出，仍可以另行登记事件。"""
    with unit_of_work(actor) as journal:
        lead = _held(_wanted(actor, on, year, key))
        if not reason.strip():
            raise Refused(["不登记要写明理由：查了什么、为什么不算（D62-附件5，R-091）"])
        made = Dismissal.objects.create(
            provider=lead.provider,
            service_year=year,
            source=lead.source,
            reference=lead.reference,
            text=lead.text[:500],
            href=lead.href[:200],
            reason=reason.strip()[:500],
            on=on,
            by=str(actor),
        )
        journal.note("线索不登记", lead.provider.code, after={"线索": lead.reference, "理由": reason})
    return made


def _held(lead: Lead) -> Lead:
    """拿住这家的锁，再看别人刚办过没有：一条线索只办一次。要在事务里。"""
    hold(Lock.APPRAISAL, lead.provider.pk)
    same = {"provider": lead.provider, "reference": lead.reference}
    if Occurrence.objects.filter(**same).exists() or Dismissal.objects.filter(**same).exists():
        raise Refused([f"这条线索（{lead.reference}）刚被别人认定过（D62-附件5，R-091）"])
    return lead


def _extract(lead: Lead, on: date) -> bytes:
    lines = (
        f"来源：{lead.source} {lead.reference}",
        f"服务商：{lead.provider.name}",
        f"日期：{lead.on}",
        f"内容：{lead.text}",
        f"像哪一项：{lead.title}，{lead.why}",
        f"系统里的地址：{lead.href}",
        f"摘录日：{on}",
    )
    return "\n".join(lines).encode()


def rectifications(year: int, on: date) -> Iterator[Lead]:
    """服务商过了期限还没有回报的整改：没有按计划完成的服务任务（A）。"""
    start, end = periods.service_year(year).start, periods.year_end(year)
    found = Requirement.objects.filter(institution__kind=Kind.PROVIDER, due_on__gte=start, due_on__lt=min(end, on))
    for one in found.select_related("institution", "case").prefetch_related("steps"):
        days: list[date] = [step.on for step in one.steps.all() if step.kind == Progress.REPORT]
        reported = min(days, default=None)
        if reported is None or reported > one.due_on:
            done = f"{reported} 才回报" if reported else f"到 {on} 还没有回报"
            yield Lead(
                source="整改",
                provider=one.institution,
                indicator="A",
                why="整改没有按期回报",
                on=one.due_on,
                text=f"{one.case.number} 的整改应于 {one.due_on} 前回报，{done}：{one.text[:200]}",
                reference=reference_of("整改", str(one.pk)),
                href=rectifying.PAGE,
                case=one.case,
            )


def decided(doing: Doing) -> Iterator[str]:
    """送出、复核、审定之前：这家的线索逐条认定过，登记了或写明不登记的理由；审定以后不再能扣。"""
    appraisal = Appraisal.objects.select_related("provider").get(case=doing.case)
    # 与认定排队：看过以后、办成以前不会又多出已认定的
    hold(Lock.APPRAISAL, appraisal.provider_id)
    left = [one for one in pending(appraisal.service_year, doing.on) if one.provider == appraisal.provider]
    if left:
        told = "、".join(one.reference for one in left[:_SHOWN]) + (f" 等 {len(left)} 条" if left[_SHOWN:] else "")
        yield f"还有 {len(left)} 条线索没有认定（{told}）：请逐条登记，或写明不登记的理由（D62-附件5，R-091）"


def register() -> None:
    """启动时登记这一章自己的线索，和“线索都认定过”这一关。"""
    register_source(rectifications)
    register_guard("appraisal_leads", decided)
