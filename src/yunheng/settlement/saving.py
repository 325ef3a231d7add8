"""可缩配、回收的资源（D62-六(二)，R-056）：照系统里已有的记录列出来，各自到服务年度末能省多少，不存建议。

只列省得下钱的：已经不计费的（释放未清、无主的资源）占着平台但不花钱，到差异页看。
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import QuerySet

from yunheng.assessment.evaluating import latest_results
from yunheng.assessment.models import Published
from yunheng.audit.actor import Actor
from yunheng.catalog import queries as catalog
from yunheng.ledger import queries as ledger
from yunheng.ledger.charging import as_billed, begun_between, charge_starts, earliest_trial
from yunheng.ledger.effective import effective
from yunheng.ledger.models import Received, Resource, Segment
from yunheng.rules import periods, pricing
from yunheng.rules.problems import NotInForce
from yunheng.settlement import charging, disputing, queries
from yunheng.settlement.models import Handling

#: 台账上在用、平台上看不见的差异
_UNSEEN = {"D5": "平台日志里没有", "D7": "平台日志里提前没有了"}
EXPIRING, TRIAL, UNSEEN = "快到期", "测试期没用", "平台上看不见"
#: 按缘由筛选的次序
KINDS = (UNSEEN, TRIAL, EXPIRING)
#: 下发多少天以后，平台日志还没有见过才算没用：日志每月送一次
_GRACE = timedelta(days=31)


@dataclass(frozen=True)
class Candidate:
    """一个可缩配、回收的资源。

    `kinds` 是哪几种缘由，`reasons` 逐条说；`from_on` 起不再要，到服务年度末省 `saved` 元；
    `result` 是单位最近发布的效能评估，没有为 None。
    """

    resource: Resource
    kinds: tuple[str, ...]
    reasons: tuple[str, ...]
    from_on: date
    saved: Decimal
    result: Published | None


def candidates(actor: Actor, on: date) -> list[Candidate]:
    """看得到的资源里可缩配、回收的，省得多的在前；一个资源有几种缘由的，照省得最多的算。"""
    year = periods.service_year_of(on)
    # 一个资源：（缘由, 说明, 哪天起不要了, 只是到期的几项）
    found: dict[int, list[tuple[str, str, date, frozenset[int]]]] = defaultdict(list)
    live = Segment.objects.filter(resource__in=ledger.visible(actor), during__contains=on)
    live = live.select_related("item__provider", "resource__provider")
    for segment in live.filter(expires_on__gt=on, expires_on__lt=periods.year_end(year)):
        assert segment.expires_on is not None
        text = f"{segment.expires_on} 到期，到期不再续的省下"
        _add(found, segment, EXPIRING, text, segment.expires_on)
    for segment, ends in _in_trial(live, on):
        text = f"在测试期，平台日志还没有见过；{ends} 起计费，以前注销的一分不花"
        _add(found, segment, TRIAL, text, on)
    for segment, text in _unseen(live, year, on):
        _add(found, segment, UNSEEN, text, on)
    segments = list(live.filter(resource__in=found))
    starts = charge_starts(segments, as_billed())
    by_resource: dict[int, list[Segment]] = defaultdict(list)
    for segment in segments:
        by_resource[segment.resource_id].append(segment)
    resources = ledger.visible(actor).in_bulk(found)
    results = latest_results({one.project.unit_id for one in resources.values()})
    book = catalog.price_book()
    made = []
    for key, why in found.items():
        resource, best = resources[key], (Decimal(0), on)
        for kind, _, from_on, items in why:
            chosen = [one for one in by_resource[key] if kind != EXPIRING or one.pk in items]
            amount = sum((_saved(one, from_on, starts[one.pk], book, on, year) for one in chosen), Decimal(0))
            best = max(best, (amount, from_on), key=lambda pair: pair[0])
        if best[0] > 0:
            kinds = tuple(kind for kind in KINDS if any(kind == one[0] for one in why))
            reasons = tuple(dict.fromkeys(one[1] for one in why))
            made.append(Candidate(resource, kinds, reasons, best[1], best[0], results.get(resource.project.unit_id)))
    return sorted(made, key=lambda one: (-one.saved, one.resource.code))


def _add(
    found: dict[int, list[tuple[str, str, date, frozenset[int]]]], segment: Segment, kind: str, text: str, on: date
) -> None:
    """同一资源同一缘由同一天的几项并成一条。"""
    why = found[segment.resource_id]
    for index, (known, said, day, items) in enumerate(why):
        if (known, day) == (kind, on):
            why[index] = (known, said, day, items | {segment.pk})
            return
    why.append((kind, text, on, frozenset({segment.pk})))


def _saved(segment: Segment, from_on: date, start: date, book: pricing.PriceBook, on: date, year: int) -> Decimal:
    """这一项自 `from_on` 起不要了，到年末省多少；本来就不计费的日子不算省。没有单价的算 0。"""
    owner = (segment.item.provider or segment.resource.provider).code
    try:
        price = book.price_on(segment.item.code, owner, on).unit_price
    except NotInForce:
        return Decimal(0)
    return charging.cost(segment.item, segment.quantity, price, max(from_on, start), year)


def _in_trial(live: QuerySet[Segment], on: date) -> list[tuple[Segment, date]]:
    """下发一个多月了还在测试期、平台日志一次也没有见过的：（时段, 哪天起计费）。平台从没有送过日志的不算没用。

    只看算数的日志：更正、退回、作废了的不算见过，也不算送过（R-052）。
    """
    recent = [
        one
        for one in live.filter(resource__in=begun_between(earliest_trial(on), on))
        if one.item.logged and one.during.lower + _GRACE < on
    ]
    starts = charge_starts(recent, as_billed())
    trial = [one for one in recent if starts[one.pk] > on]
    logs = effective(ledger.received("日志", *{one.resource.code for one in trial}))
    seen = {one.payload["资源"] for one in logs}
    sending = set(effective(Received.objects.filter(kind="日志")).values_list("source__provider", flat=True).distinct())
    return [
        (one, starts[one.pk]) for one in trial if one.resource.code not in seen and one.resource.provider_id in sending
    ]


def _unseen(live: QuerySet[Segment], year: int, on: date) -> list[tuple[Segment, str]]:
    """最近一次计量里台账在用、平台上看不见的；`on` 那天裁定认可的不列。"""
    run = queries.latest_run(year)
    if run is None:
        return []
    seen = f"计至 {periods.last_day(run.until_on)}（含）的计量"
    rows = disputing.with_steps(run, queries.differences_of(run).filter(code__in=_UNSEEN))
    reasons = {
        (one.resource, one.item): f"{_UNSEEN[one.code]}（{one.code}，{seen}）：{one.note}"
        for one in rows
        if (ruled := one.ruled_on(on)) is None or ruled.ruling != Handling.ALLOW
    }
    found = live.filter(resource__code__in={resource for resource, _ in reasons})
    return [
        (one, reasons[one.resource.code, one.item.code])
        for one in found
        if (one.resource.code, one.item.code) in reasons
    ]
