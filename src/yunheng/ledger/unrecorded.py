"""台账没有的：审核通过的单据上有、账上照采用的工单计费，而台账没有记的各条（D62-七，R-051、R-052、R-076）。

补录时没有工单、后来服务商才送来的，和还没有填回执、工单先到的，单据加工单就计了费，台账上却看不到、注销时释放不到。
列出来、提醒、注销和变更的检查都照这一处；补录的由区科创中心照工单记进台账，等回执的由回执记。
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from yunheng.audit.actor import Actor
from yunheng.audit.locking import Lock, hold
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case
from yunheng.catalog.models import Item
from yunheng.orgs.models import Institution
from yunheng.rules.roles import Role

from .adopting import Adopted, Key, adopted, keys_of
from .models import Action, Fact, Project, Received, Resource
from .operations import Line, folded, record, register_listed
from .sequencing import sequenced
from .timeline import Recorded, applied

#: 一次最多记几条
MOST = 200


@dataclass(frozen=True)
class Written:
    """审核通过的单据上的一条，台账上没有它的事实，资源有工单。

    `owner` 是归哪家服务商；`waits` 是为什么还不能照工单记，能记的为空。
    """

    case: int
    number: str
    project: int
    owner: int | None
    resource: str
    item: str
    action: str
    quantity: Decimal | None
    waits: str = ""

    @property
    def key(self) -> Key:
        """（单号, 资源, 目录项, 动作）。"""
        return self.number, self.resource, self.item, self.action


@dataclass(frozen=True)
class Unrecorded:
    """台账没有的一条：单据上写的，和账上采用的工单。"""

    written: Written
    order: Adopted

    @property
    def told(self) -> str:
        """一句话：哪一条，账上照哪张工单，接下来谁办。"""
        one = self.written
        quantity = "" if one.quantity is None else f" {one.quantity.normalize():f}"
        then = one.waits or "由区科创中心照工单记进台账"
        return (
            f"{one.resource} 的 {one.item} {one.action}{quantity}（{one.number}）：台账还没有这一项，账上照 "
            f"{self.order.source} 的工单 {self.order.order}（{self.order.on} 完成）计费；{then}（R-051、R-076）"
        )


#: 给资源编号（None 是全部），读出单据上的各条：申请一章登记
Reader = Callable[[Collection[str] | None], Iterable[Written]]
_readers: list[Reader] = []


def register_lines(read: Reader) -> None:
    """登记：审核通过的单据上，台账没有记、资源有工单的新增、变更从哪里读。"""
    _readers.append(read)


def _lines(resources: Collection[str] | None) -> Iterator[Written]:
    for read in _readers:
        yield from read(resources)


def find(*, resources: Collection[str] | None = None, project: Project | None = None) -> list[Unrecorded]:
    """台账没有、账上照工单计费的各条，按单号、资源、目录项；可以只看几个资源、一个项目的。"""
    lines = {one.key: one for one in _lines(resources) if project is None or one.project == project.pk}
    used = adopted({one.resource for one in lines.values()})
    found = [Unrecorded(lines[key], used[key]) for key in sorted(lines) if key in used]
    idle = _idle(found)
    return [one for one in found if one.order.received not in idle]


def _idle(found: Collection[Unrecorded]) -> set[int]:
    """在账上不起作用的变更（那时不在用，D11 无主变更），不计费：它们的工单。"""
    changed = {one.written.resource for one in found if one.written.action == Action.CHANGE}
    if not changed:
        return set()
    facts: dict[tuple[str, str], list[Recorded]] = defaultdict(list)
    for fact in Fact.objects.filter(resource__code__in=changed).select_related("resource", "item"):
        facts[fact.resource.code, fact.item.code].append(folded(fact))
    for one in found:
        line = one.written
        if line.resource in changed:
            # 收件的编号取负，与事实的不重
            row = Recorded(-one.order.received, line.action, line.quantity, one.order.on, None, None, line.case)
            facts[line.resource, line.item].append(row)
    return {
        -fact.number
        for rows in facts.values()
        for fact, held in applied(sequenced(rows))
        if fact.number < 0 and fact.action == Action.CHANGE and held is None
    }


def reminders(orders: Mapping[int, Mapping[str, object]]) -> dict[int, str]:
    """收的这些工单里，说的是台账没有的一条的：第几条 → 提醒。"""
    if not _readers or not orders:
        return {}
    codes = {str(one.get("资源") or "") for one in orders.values()}
    found = {one.written.key: one.told for one in find(resources=codes)}
    told = {number: next((found[key] for key in keys_of(one) if key in found), "") for number, one in orders.items()}
    return {number: text for number, text in told.items() if text}


def told_of(rows: Iterable[Received]) -> dict[int, str]:
    """这几件收件里账上采用的工单，台账还没有记的 → 一句话。"""
    codes = {str(one.payload.get("资源") or "") for one in rows if one.kind == "工单"}
    return {one.order.received: one.told for one in find(resources=codes)} if codes else {}


def take_in(*, actor: Actor, on: date, rows: Sequence[int], reason: str) -> list[Fact]:
    """照账上采用的工单（`rows` 是工单的收件）把台账没有的记进台账：数量照单据，业务日照工单完成日（R-051、R-076）。

    只补台账，账不变：账上本来就照单据和这张工单计费。有一条不成都不记。不是区科创中心抛 NotYours；没有理由、
    已经记过的、等回执的、资源归属对不上的，抛 Refused，逐条列。
    """
    if actor.role != Role.REVIEWER:
        raise NotYours(["台账由区科创中心照工单补记（D62-四，R-051）"])
    problems = [] if reason.strip() else ["写明理由：核对了什么、依据什么（R-051）"]
    if not rows or len(rows) > MOST:
        problems.append(f"请勾选要记的各条，一次最多 {MOST} 条（R-051）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        # 两个人同时记同一条的，后到的看得见先到的
        hold(Lock.RECORDING)
        known = {one.order.received: one for one in find()}
        wanted = sorted(set(rows))
        if gone := sum(row not in known for row in wanted):
            raise Refused(
                [f"勾选的有 {gone} 条不在“台账没有的”里：已经记进台账，或账上换了一张工单，请刷新再看（R-051）"]
            )
        chosen = [known[row] for row in wanted]
        if problems := list(_barred(chosen)):
            raise Refused(problems)
        made: list[Fact] = []
        items = {item.code: item for item in Item.objects.filter(code__in={one.written.item for one in chosen})}
        grouped: dict[int, list[Unrecorded]] = defaultdict(list)
        for one in chosen:
            grouped[one.written.case].append(one)
        for case, mine in grouped.items():
            lines = [_line(one, items[one.written.item]) for one in mine]
            why = f"照工单补记：{reason.strip()}"
            made += record(actor=actor, on=on, lines=lines, case=Case.objects.get(pk=case), why=why)
            told = [one.told for one in mine][:50]
            journal.note("照工单记进台账", mine[0].written.number, after={"理由": reason.strip(), "各条": told})
    return made


def _barred(chosen: Sequence[Unrecorded]) -> Iterator[str]:
    """哪几条不能记：等回执的、没有数量的、资源在台账上属于别的项目的、一个新资源的各项分属几家的。"""
    codes = {one.written.resource for one in chosen}
    held = {one.code: one for one in Resource.objects.filter(code__in=codes).select_related("project")}
    owners: dict[str, set[int | None]] = defaultdict(set)
    for line in _lines(codes):
        owners[line.resource].add(line.owner)
    for one in chosen:
        line = one.written
        where = f"{line.number} 的 {line.resource} {line.item}"
        resource = held.get(line.resource)
        if line.waits:
            yield f"{where}：{line.waits}，不能另记，回执办了就在台账上（R-051）"
        elif line.quantity is None:
            yield f"{where}：单据没有写数量，请先更正单据（R-051）"
        elif resource and resource.project_id != line.project:
            yield f"{where}：资源在台账上属于项目“{resource.project.name}”，与单据的项目不同，请先查明（R-051）"
        elif resource is None and (len(owners[line.resource]) > 1 or None in owners[line.resource]):
            yield f"{where}：单据上这个资源的各项分属几家服务商，台账上一个资源只归一家，请先查明（R-051、D62-四）"


def _line(one: Unrecorded, item: Item) -> Line:
    line = one.written
    resource = Resource.objects.filter(code=line.resource).first() or register_listed(
        code=line.resource,
        project=Project.objects.get(pk=line.project),
        provider=Institution.objects.get(pk=line.owner or 0),
        item=item,
    )
    longest = Fact._meta.get_field("order").max_length
    return Line(resource, item, line.action, line.quantity, one.order.on, one.order.order[:longest])
