"""补录的预演和写入：预演照真的写一遍又全部退回，确认时一个事务写完，有一处不成全都不写（R-084）。"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from yunheng.applications.backfill import MISSING_GATES, Entry, Order, backfill
from yunheng.applications.models import Backfill
from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.numbering import reserve_number
from yunheng.catalog.models import Item
from yunheng.ledger.arrivals import Seen, Usage
from yunheng.ledger.models import Channel, Project, Resource
from yunheng.ledger.receiving import receive, source_of
from yunheng.metering.problems import Problem
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import MAX_ATTACHMENT
from yunheng.rules.digest import sm3_bytes
from yunheng.rules.roles import Role
from yunheng.tables.notes import Note

from . import fitting, foreseen
from .checks import problems_of, registered_projects
from .frozen import barred, touched
from .workbook import SHEETS, Given, Rows, said


@dataclass(frozen=True)
class Form:
    """预演里的一张单据：各栏、几条明细、几张工单、当时没有的关口。"""

    number: str
    kind: str
    project: str
    unit: str
    provider: str
    reviewed_on: str
    entries: int
    orders: int
    gates: tuple[str, ...]


@dataclass(frozen=True)
class Rehearsal:
    """预演的结果：要改的问题、请看一眼的、要人点头的、落在哪些已冻结的年度、会写的各张单据、各表几行。"""

    problems: tuple[Problem, ...]
    notes: tuple[str, ...]
    doubts: tuple[Note, ...]
    frozen: tuple[int, ...]
    forms: tuple[Form, ...]
    counts: Mapping[str, int]


class _Rehearsed(Exception):
    """预演走完了，全部退回。"""


def rehearse(*, actor: Actor, on: date, given: Given) -> Rehearsal:
    """查一遍，再照真的写一遍又全部退回：没有问题的，确认时一定写得成。什么也不留下。"""
    _require(actor)
    rows = given.rows
    problems = problems_of(given, on)
    doubts: list[Note] = []
    if not problems:
        doubts += fitting.before(rows)
        try:
            with unit_of_work(actor):
                _write(actor, on, rows, None)
                doubts += fitting.after(rows)
                raise _Rehearsed
        except _Rehearsed:
            pass
        except Refused as error:
            problems = [Problem("单据", None, "—", reason) for reason in error.problems]
        except ValueError as error:
            problems = [Problem("单据", None, "—", str(error))]
    clean = not problems
    return Rehearsal(
        tuple(problems),
        tuple(foreseen.notes(rows)) if clean else (),
        tuple(doubts) if clean else (),
        tuple(touched(rows)) if clean else (),
        tuple(_forms(rows)),
        {sheet: len(rows[sheet]) for sheet in SHEETS},
    )


def said_of(note: Note) -> str:
    """要点头的一条说成一句：工作表、行、怎么了。"""
    return f"“{note.sheet}”{note}"


def _require(actor: Actor) -> None:
    if actor.role != Role.REVIEWER:
        raise NotYours(["历史补录由区科创中心办（M10-四(六)，R-084）"])


def _forms(rows: Rows) -> Iterator[Form]:
    names = dict(Institution.objects.values_list("code", "name"))
    projects = {row["项目"]: row for row in registered_projects()} | {row["项目"]: row for _, row in rows["项目"]}
    entries, orders = (Counter(row["单号"] for _, row in rows[sheet]) for sheet in ("单据明细", "工单"))
    for _, row in rows["单据"]:
        project = projects.get(row["项目"], {})
        yield Form(
            row["单号"],
            row["种类"],
            project.get("名称", row["项目"]),
            names.get(project.get("单位", ""), "—"),
            names.get(row["服务商"], row["服务商"]),
            row["审核日期"],
            entries[row["单号"]],
            orders[row["单号"]],
            MISSING_GATES.get(row["种类"], ()),
        )


def record(
    *,
    actor: Actor,
    on: date,
    given: Given,
    workbook: str,
    reason: str,
    paper: tuple[str, bytes] | None,
    adjusts: bool = False,
    agreed: Collection[str] = (),
) -> Backfill:
    """写下一整份：一个事务。有一处问题、没有理由或原件、落在冻结的年度而没有确认由补差结清，都抛 Refused。

    `agreed` 是点过头的各条（`said_of`）；与系统里的对不上而没有点过头的，也抛 Refused，预演以后才有的也算。
    """
    _require(actor)
    name, content = paper or ("", b"")
    problems = []
    if not reason.strip():
        problems.append("写明为什么补录、依据什么（M10-四(六)，R-084）")
    if not content:
        problems.append("请附原件（扫描件或档案目录），补录照原件登记（M10-四(六)，R-084）")
    if len(content) > MAX_ATTACHMENT:
        problems.append(f"原件“{name}”超过 {MAX_ATTACHMENT // 1048576} MB，请压缩（R-084）")
    with unit_of_work(actor) as journal:
        found = rehearse(actor=actor, on=on, given=given)
        problems += [said(problem) for problem in found.problems]
        problems += [f"{text}：要看过点了头才补" for note in found.doubts if (text := said_of(note)) not in agreed]
        if found.frozen and not adjusts:
            problems.append(barred(found.frozen))
        if problems:
            raise Refused(problems)
        made = Backfill.objects.create(
            reason=reason.strip()[:500],
            workbook=workbook[-200:],
            name=name[-200:],
            content=content,
            digest=sm3_bytes(content),
            numbers=[row["单号"] for _, row in given.rows["单据"]],
            counts=dict(found.counts),
            adjusts=bool(found.frozen),
            on=on,
            by=str(actor),
        )
        _write(actor, on, given.rows, made)
        journal.note("历史补录", f"{made.pk}", after={"理由": made.reason, "原件": made.digest, **made.counts})
    return made


def _write(actor: Actor, on: date, rows: Rows, batch: Backfill | None) -> None:
    """照先后一张一张登记：同一天的照单据表的次序。"""
    units = {unit.code: unit for unit in Institution.objects.all()}
    for _, row in rows["项目"]:
        _, created = Project.objects.get_or_create(
            code=row["项目"],
            defaults={"name": row["名称"][:200], "unit": units[row["单位"]], "funding": row["费用归属"]},
        )
        if created:
            reserve_number(row["项目"])
    projects = {project.code: project for project in Project.objects.select_related("unit")}
    known = {item.code: item for item in Item.objects.all()}
    entries: dict[str, list[Entry]] = defaultdict(list)
    orders: dict[str, list[Order]] = defaultdict(list)
    for _, row in rows["单据明细"]:
        quantity = Decimal(row["数量"]) if row["数量"] and row["动作"] != "释放" else None
        entries[row["单号"]].append(Entry(row["资源"], row["目录项"], row["动作"], quantity))
    for _, row in rows["工单"]:
        quantity = Decimal(row["数量"]) if row["数量"] else None
        orders[row["单号"]].append(
            Order(row["工单号"], row["资源"], row["目录项"], row["动作"], quantity, date.fromisoformat(row["完成日期"]))
        )
    for _, row in sorted(rows["单据"], key=lambda numbered: numbered[1]["审核日期"]):
        backfill(
            actor=actor,
            on=on,
            number=row["单号"],
            kind=row["种类"],
            project=projects[row["项目"]],
            provider=units[row["服务商"]],
            reviewed_on=date.fromisoformat(row["审核日期"]),
            entries=entries[row["单号"]],
            orders=orders[row["单号"]],
            known=known,
            batch=batch,
        )
    _platform(actor, on, rows)


def _platform(actor: Actor, on: date, rows: Rows) -> None:
    """日志、用量进收件箱，记在各资源的服务商名下。"""
    codes = {row["资源"] for sheet in ("日志", "用量") for _, row in rows[sheet]}
    # 没有工单、还没进台账的资源，归单据上的服务商
    forms = {row["单号"]: row["服务商"] for _, row in rows["单据"]}
    named = {one.code: one for one in providers()}
    owners = {row["资源"]: named[forms[row["单号"]]] for _, row in rows["单据明细"]}
    owners |= {one.code: one.provider for one in Resource.objects.filter(code__in=codes).select_related("provider")}
    for kind, form in (("日志", Seen), ("用量", Usage)):
        parted: dict[Institution, list[tuple[str, Mapping[str, object]]]] = defaultdict(list)
        for _, row in rows[kind]:
            number = "/".join(row[key] for key in ("资源", "目录项", "日期", "首见日期", "末见日期") if key in row)[:64]
            one = form.model_validate({"编号": number, **row})
            parted[owners[row["资源"]]].append((one.reference, one.plain()))
        for provider, items in parted.items():
            receive(actor=actor, on=on, source=source_of(provider, Channel.BACKFILL), kind=kind, items=items)
