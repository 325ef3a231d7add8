"""读台账：看得到的资源、某日的状态、当时知道的状态。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Count, Max, QuerySet
from django.db.models.fields.json import KT

from yunheng.audit.actor import Actor
from yunheng.catalog.models import Item
from yunheng.orgs.queries import scoped
from yunheng.rules.roles import Role

from .models import Fact, Project, Received, Resource, Segment, Source
from .operations import folded, recorded
from .sequencing import sequenced
from .timeline import Recorded, Span, fold

PENDING, TRIAL, CHARGED, RELEASED = "待开通", "测试中", "计费中", "已释放"
STATES = (TRIAL, CHARGED, RELEASED)
#: 没有释放的：测试中和计费中
LIVE = "在用"


def visible(actor: Actor) -> QuerySet[Resource]:
    """这个角色看得到的资源（R-001）。"""
    resources = Resource.objects.select_related("project__unit", "provider")
    return scoped(resources, actor, unit="project__unit", provider="provider")


def visible_projects(actor: Actor) -> QuerySet[Project]:
    """看得到的项目；服务商看到自己有资源在里面的。"""
    projects = Project.objects.select_related("unit")
    if actor.role == Role.PROVIDER:
        return projects.filter(pk__in=Resource.objects.filter(provider=actor.institution).values("project"))
    return scoped(projects, actor, unit="unit", provider="")


def received(kind: str, *resources: str) -> QuerySet[Received]:
    """平台送来的这几个资源的工单或日志，先收的在前；更正过的、退回作废的也在，看 `corrected_by`、`disposals`。

    照 `received_of_resource` 的索引查。

    只要前几条的，取来再截：带着 LIMIT 去查，数据库会沿主键从头找，几百万件要半秒。
    """
    rows = Received.objects.alias(resource=KT("payload__资源")).filter(kind=kind, resource__in=resources)
    return rows.select_related("source").order_by("pk")


@dataclass(frozen=True)
class Holding:
    """某日某资源某目录项的数量，和所在时段。"""

    item: Item
    quantity: Decimal
    start: date
    until: date | None
    expires_on: date | None


def holdings(resource: Resource, on: date, known_on: date | None = None) -> list[Holding]:
    """`on` 那天的状态；给 `known_on` 就是“那天我们知道的”（只看当时已记入的事实）。"""
    items = Item.objects.filter(pk__in=Fact.objects.filter(resource=resource).values("item")).order_by("code")
    found = []
    for item in items:
        for span in fold(recorded(resource.pk, item.pk, known_on)):
            if span.start <= on and (span.until is None or on < span.until):
                found.append(Holding(item, span.quantity, span.start, span.until, span.expires_on))
    return found


def state(segments: list[Segment], on: date, starts: Mapping[int, date]) -> str:
    """资源在 `on` 那天的状态：待开通、测试中、计费中、已释放。

    `segments` 是它的全部时段，`starts` 是各时段从哪天起计费（`charging.charge_starts`）；有一项在计费就是计费中。
    """
    live = [segment for segment in segments if on in segment.during]
    if not live:
        ended = segments and all(one.during.upper and one.during.upper <= on for one in segments)
        return RELEASED if ended else PENDING
    return CHARGED if any(starts[one.pk] <= on for one in live) else TRIAL


def segment_differences() -> Iterator[str | None]:
    """逐个（资源, 目录项）：时段与事实折叠是否相符，不符的说明是哪个。"""
    pairs = set(Fact.objects.values_list("resource", "item")) | set(Segment.objects.values_list("resource", "item"))
    facts: dict[tuple[int, int], list[Recorded]] = defaultdict(list)
    for f in Fact.objects.order_by("pk").iterator(chunk_size=2000):
        facts[f.resource_id, f.item_id].append(folded(f))
    stored: dict[tuple[int, int], list[Span]] = defaultdict(list)
    for s in Segment.objects.order_by("during").iterator(chunk_size=2000):
        stored[s.resource_id, s.item_id].append(Span(s.during.lower, s.during.upper, s.quantity, s.expires_on))
    for pair in sorted(pairs):
        yield (
            None
            if fold(sequenced(facts[pair])) == stored[pair]
            else f"资源 {pair[0]} 目录项 {pair[1]} 的时段与事实不符"
        )


@dataclass(frozen=True)
class Arrival:
    """收件箱里一个来源一种东西：收了多少，最近一次什么时候。"""

    source: Source
    kind: str
    count: int
    last: datetime


def arrivals(actor: Actor) -> list[Arrival]:
    """收件箱的概况；服务商只看自己的。"""
    sources = {source.pk: source for source in Source.objects.select_related("provider")}
    rows = Received.objects.values_list("source", "kind").annotate(count=Count("pk"), last=Max("recorded_at"))
    if actor.role == Role.PROVIDER:
        rows = rows.filter(source__provider=actor.institution)
    return [
        Arrival(sources[source], kind, count, last) for source, kind, count, last in rows.order_by("source", "kind")
    ]
