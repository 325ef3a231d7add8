"""反馈与汇交（M10-四(七)，R-021）：向市里反馈服务商的服务水平和质量，按期汇交使用数据。"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import Max, Min, QuerySet

from yunheng.audit.actor import SYSTEM, Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, NotYours, Refused
from yunheng.cases.notifying import first_time, tell
from yunheng.catalog.models import Item
from yunheng.ledger.countable import cell, included
from yunheng.ledger.models import Fact, Resource, Segment
from yunheng.orgs.models import Institution, Kind
from yunheng.rules import periods
from yunheng.rules.digest import sm3_bytes
from yunheng.rules.roles import Role
from yunheng.settlement.models import Handover, ServiceFeedback
from yunheng.settlement.runs import paths
from yunheng.tables import writing

LEVELS = ("好", "较好", "一般", "差")
COLUMNS = (
    "单位",
    "项目",
    "服务商",
    "资源",
    "目录项",
    "名称",
    "数量",
    "计价单位",
    "起",
    "止（不含）",
    "天数",
    "用量",
    "备注",
)
#: 几个月汇交一次：条款只说汇交，没有定多久一次，是系统起始值
MONTHS = 3


def feedback(*, actor: Actor, on: date, provider: Institution, year: int, level: str, text: str) -> ServiceFeedback:
    """反馈一家服务商的服务水平和质量；再反馈一次就是更正。"""
    if actor.role not in (Role.AUTHORITY, Role.REVIEWER):
        raise NotYours(["服务水平和质量由区科委、区科创中心反馈（M10-四(七)，R-021）"])
    problems = []
    if provider.kind != Kind.PROVIDER:
        problems.append(f"{provider.name}不是云服务商（R-021）")
    if level not in LEVELS:
        problems.append(f"服务水平在{'、'.join(LEVELS)}里选一个（R-021）")
    if not text.strip():
        problems.append("写明服务质量怎样、有哪些事例（R-021）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        made = ServiceFeedback.objects.create(
            provider=provider, service_year=year, level=level, text=text.strip()[:2000], on=on, by=str(actor)
        )
        journal.note("服务反馈", provider.code, after={"服务年度": year, "服务水平": level, "反馈": text})
    return made


def usage(from_on: date, until_on: date) -> tuple[int, bytes]:
    """一段时间里的使用数据：各资源各目录项的数量和天数，一行一段；按次的另有用量，一个资源一项一行；（行数, CSV）。"""
    rows = [*_stretches(from_on, until_on), *_counted(from_on, until_on)]
    return len(rows), writing.csv_file(COLUMNS, rows)


def _stretches(from_on: date, until_on: date) -> Iterator[tuple[object, ...]]:
    """按时间计的：各资源各目录项一段一行。"""
    found = Segment.objects.filter(during__overlap=(from_on, until_on)).select_related(
        "item", "resource__provider", "resource__project__unit"
    )
    for one in found.order_by("resource__code", "item__code", "during").iterator(chunk_size=2000):
        start = max(one.during.lower, from_on)
        until = min(one.during.upper or until_on, until_on)
        resource = one.resource
        yield (
            resource.project.unit.name, resource.project.name, resource.provider.name, resource.code, one.item.code,
            one.item.name, one.quantity.normalize(), one.item.unit, start, until, (until - start).days, "", "",
        )  # fmt: skip


#: 计得进账的用量，同导出：一天里几条路都送了的只取一条路的；最少的一家是台账上没有的资源的送件方
_COUNTED = f"""
SELECT {cell("r", "资源")}, {cell("r", "目录项")}, sum(({cell("r", "用量")})::numeric), min(p.name)
FROM ledger_received AS r JOIN ledger_source AS s ON s.id = r.source_id
LEFT JOIN orgs_institution AS p ON p.id = s.provider_id
WHERE r.kind = '用量' AND {included("r")} AND {paths.taken("r")}
    AND {cell("r", "日期")} >= %(first)s AND {cell("r", "日期")} < %(until)s
GROUP BY 1, 2 ORDER BY 1, 2
"""


def _counted(from_on: date, until_on: date) -> Iterator[tuple[object, ...]]:
    """按次的：平台送来的用量，这段时间里一个资源一项合成一行；台账上没有的资源，单位、项目空着。

    取的与结算数据包相同：几条路都送了的那一天不相加，只取一条路的；合计不等的写进备注（R-052、R-075）。
    """
    span = {"first": from_on.isoformat(), "until": until_on.isoformat()}
    with transaction.atomic(), connection.cursor() as cursor:
        paths.gather()
        cursor.execute(_COUNTED, span)
        found = cursor.fetchall()
        unequal = paths.unequal(from_on, until_on)
    known = Resource.objects.filter(code__in={code for code, *_ in found})
    resources = {one.code: one for one in known.select_related("provider", "project__unit")}
    items = {item.code: item for item in Item.objects.all()}
    for code, name, total, provider in found:
        resource, item = resources.get(code), items.get(name)
        owners = (
            (resource.project.unit.name, resource.project.name, resource.provider.name)
            if resource
            else ("", "", provider or "")
        )
        named = (item.name, "", item.unit) if item else ("", "", "")
        note = _noted(unequal.get((code, name), ()))
        yield (*owners, code, name, *named, from_on, until_on, "", total.normalize(), note)


def _noted(days: Sequence[paths.Unequal]) -> str:
    """几条路合计不等的那些天取了哪一边：没有的是空的。"""
    if not days:
        return ""
    chosen = sum(one.chosen for one in days)
    shown = "、".join(f"{one.day} 取{one.source}" for one in days[:3]) + ("等" if len(days) > 3 else "")
    settled = "已定" if chosen == len(days) else f"其中 {len(days) - chosen} 天还没有定，照先后取"
    return f"{len(days)} 天的用量几个来源合计不等（{settled}）：{shown}"


@dataclass(frozen=True)
class Period:
    """下一次要汇交的：从哪天到哪天（不含），哪天起该交了。"""

    from_on: date
    until_on: date


def next_period() -> Period | None:
    """接着上一次的下一段；还没有汇交过的，从台账最早的那个服务年度首日起；台账是空的为 None。"""
    last = Handover.objects.aggregate(until=Max("until_on"))["until"]
    if last is None:
        first = Fact.objects.aggregate(first=Min("effective_on"))["first"]
        if first is None:
            return None
        last = periods.service_year(periods.service_year_of(first)).start
    return Period(last, periods.add_months(last, MONTHS))


def live() -> QuerySet[Handover]:
    """算数的各次汇交：更正过的只列最近的，近的在前；不读文件。"""
    return Handover.objects.filter(replaced_by=None).defer("content").order_by("-from_on")


def amended() -> dict[int, int]:
    """算数的各次汇交 → 汇交以后台账又记、又更正的，说的是那段日子（和以前）的几条；没有的不在里面。

    只数条数，不逐行比：更正了又改回来的、用量又变了的，点“核对”（`checked`）才说得准。没有存过时刻的老的几次不数。
    """
    found = {}
    for pk, moment, until in live().exclude(recorded_at=None).values_list("pk", "recorded_at", "until_on"):
        if number := Fact.objects.filter(recorded_at__gt=moment, effective_on__lt=until).count():
            found[pk] = number
    return found


@dataclass(frozen=True)
class Checked:
    """一次汇交照现在的数据再出一份：现在几行，与汇交的文件一字不差没有。"""

    handover: Handover
    rows: int
    same: bool


def checked(one: Handover) -> Checked:
    """照现在的台账、用量核对一次汇交：汇交以后又更正了的，市里手上的就不是现在的。"""
    count, content = usage(one.from_on, one.until_on)
    return Checked(one, count, sm3_bytes(content) == one.digest)


def remind_changed(on: date) -> int:
    """每月核对一遍各次汇交，数据变了的提醒一次区科创中心。返回提醒几起（R-021）。"""
    with unit_of_work(SYSTEM):
        if not first_time(None, f"汇交核对/{on:%Y-%m}", on):
            return 0
    made = 0
    for one in live():
        found = checked(one)
        if found.same:
            continue
        with unit_of_work(SYSTEM):
            if not first_time(None, f"汇交变了/{one.pk}", on):
                continue
            span = f"{one.from_on} 至 {periods.last_day(one.until_on)}（含）"
            text = f"{span}的使用数据汇交以后变了（{one.rows} 行，现在 {found.rows} 行），请再汇交一次"
            text += "更正（M10-四(七)，R-021）"
            tell(case=None, role=Role.REVIEWER, institution=None, text=text, on=on, href="/settlement/handover/")
        made += 1
    return made


def remind(on: date) -> int:
    """一段过完了还没有汇交，提醒一次区科创中心；超过一段的说到哪天为止。返回提醒几起（M10-四(七)，R-021）。"""
    due = next_period()
    if due is None or on < due.until_on:
        return 0
    until = due.until_on
    while (later := periods.add_months(until, MONTHS)) <= on:
        until = later
    with unit_of_work(SYSTEM):
        if not first_time(None, f"汇交/{due.from_on}/{until}", on):
            return 0
        span = f"{due.from_on} 至 {periods.last_day(until)}（含）"
        text = f"{span}的使用数据还没有汇交，请向市大数据中心汇交（M10-四(七)，R-021）"
        tell(case=None, role=Role.REVIEWER, institution=None, text=text, on=on, href="/settlement/handover/")
    return 1


def hand_over(*, actor: Actor, on: date, from_on: date, until_on: date, receiver: str) -> Handover:
    """汇交一段时间的使用数据；文件和 SM3 留存，与已汇交的相交的不收。

    与汇交过的正好是同一段、数据又变了的，是更正，指着它；没有变的拒绝。
    """
    if actor.role != Role.REVIEWER:
        raise NotYours(["使用数据由区科创中心汇交（M10-四(七)，R-021）"])
    last, problems = periods.last_day(until_on), list[str]()
    if not from_on < until_on:
        problems.append(At("last_on", f"至（含）{last} 早于起 {from_on}（R-021）"))
    elif until_on > on:
        problems.append(At("last_on", f"{last} 还没过完，只能汇交已过去的（R-021）"))
    if not receiver.strip():
        problems.append("写明谁签收（R-021）")
    earlier = live().filter(from_on=from_on, until_on=until_on).first()
    crossing = live().filter(from_on__lt=until_on, until_on__gt=from_on).first()
    if crossing and earlier is None:
        problems.append(
            f"与 {crossing.from_on} 至 {periods.last_day(crossing.until_on)}（含）那次重叠；"
            "那一段的数据后来变了的，起止照那次填，再汇交一次就是更正（R-021）"
        )
    if problems:
        raise Refused(problems)
    count, content = usage(from_on, until_on)
    if earlier and earlier.digest == sm3_bytes(content):
        raise Refused([f"{from_on} 至 {last}（含）{earlier.on} 汇交过，现在的数据一字不差，不用再汇交（R-021）"])
    with unit_of_work(actor) as journal:
        made = Handover.objects.create(
            from_on=from_on,
            until_on=until_on,
            rows=count,
            digest=sm3_bytes(content),
            content=content,
            receiver=receiver.strip()[:200],
            replaces=earlier,
            on=on,
            by=str(actor),
        )
        before = {"行数": earlier.rows, "SM3": earlier.digest} if earlier else None
        after = {"行数": count, "SM3": made.digest, "签收": receiver}
        journal.note("更正数据汇交" if earlier else "数据汇交", f"{from_on}..{until_on}", before=before, after=after)
    return made
