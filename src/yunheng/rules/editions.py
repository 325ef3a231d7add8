"""整本目录的各版折成价格版本（R-013、R-074）：一版生效到下一版生效为止，价没变的接着算，不多切一段。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

#: 一版里的一行：（目录项, 服务商；None 是全部服务商）
Key = tuple[str, str | None]


@dataclass(frozen=True)
class Edition:
    """一版目录：生效日，和各行的单价（阶梯的为 None）。同一天有几版的，后一版（次序在后）作数。"""

    effective_on: date
    prices: Mapping[Key, Decimal | None]


@dataclass(frozen=True)
class Span:
    """一个价格版本：`[start, until)`，`until` 为 None 是至今。"""

    item: str
    provider: str | None
    unit_price: Decimal | None
    start: date
    until: date | None


def fold(editions: Iterable[Edition]) -> list[Span]:
    """折成价格版本，按目录项、服务商、起日排。某版没有列的，到那版生效为止。"""
    current: dict[date, Edition] = {}
    for edition in editions:
        current[edition.effective_on] = edition
    ordered = sorted(current.values(), key=lambda one: one.effective_on)
    spans: list[Span] = []
    for key in {key for edition in ordered for key in edition.prices}:
        spans.extend(_of(key, ordered))
    return sorted(spans, key=lambda span: (span.item, span.provider or "", span.start))


def _of(key: Key, ordered: list[Edition]) -> Iterable[Span]:
    start: date | None = None
    price: Decimal | None = None
    for edition in ordered:
        listed = key in edition.prices
        if start is not None and (not listed or edition.prices[key] != price):
            yield Span(*key, price, start, edition.effective_on)
            start = None
        if listed and start is None:
            start, price = edition.effective_on, edition.prices[key]
    if start is not None:
        yield Span(*key, price, start, None)


def altered(before: Iterable[Span], after: Iterable[Span]) -> list[Span]:
    """`before` 里有哪些价格版本，到了 `after` 有一天的单价不同或没有了；`after` 多出来的日子不算。"""
    later: dict[Key, list[Span]] = {}
    for span in after:
        later.setdefault((span.item, span.provider), []).append(span)
    return [span for span in before if not _kept(span, later.get((span.item, span.provider), ()))]


def _kept(span: Span, later: Iterable[Span]) -> bool:
    """相邻的同价会并成一个，所以原样留着就是整个落在同价的一个里。"""
    return any(
        one.unit_price == span.unit_price
        and one.start <= span.start
        and (one.until is None or (span.until is not None and span.until <= one.until))
        for one in later
    )
