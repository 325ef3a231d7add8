"""文件里没有自己编号的行：编号照内容起，同样的内容有几行就是几笔，重发认得出，不丢也不重（R-052）。

头一笔的编号是“资源/目录项/日期”，第二笔起加“/2”“/3”。重发的逐笔按内容对上收过的，先后不拘；
收过的里有对不上的，文件里又有新的，分不清是改了数还是另一笔：不收，请更正或写自己的编号。
同一笔一次写了自己的编号、一次没有写，号认不出是同一笔：照内容比，要人点头才收。
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count, islice, takewhile

from django.db.models.fields.json import KT

from yunheng.orgs.access import local_day
from yunheng.rules.digest import canonical

from .models import Received, Source
from .receiving import CORRECTS

#: 编号一栏最长几个字
MOST = 64
#: 照内容起的编号放在这一栏
NUMBER = "编号"
_BLOCK = 4


@dataclass(frozen=True)
class Piece:
    """没有自己编号的一笔：文件里的行号，照内容起的编号，内容（不算编号）。"""

    line: int
    base: str
    content: str


@dataclass(frozen=True)
class Assigned:
    """行号 → 编号；分不清的行号 → 为什么不收。"""

    numbers: Mapping[int, str]
    unclear: Mapping[int, str]


def content_of(payload: Mapping[str, object]) -> str:
    """一笔的内容，不算编号。"""
    return canonical({name: value for name, value in payload.items() if name != NUMBER})


def matter_of(payload: Mapping[str, object]) -> str:
    """一笔说的是什么事：内容，不算编号，也不算更正的是哪一件。"""
    return content_of({name: value for name, value in payload.items() if name != CORRECTS})


def base_of(names: Iterable[str], values: Mapping[str, object]) -> str:
    """照内容起的编号：`names` 是这一种的列，照次序；日子、资源、目录项连起来，量不算。"""
    shown = (str(values.get(name) or "") for name in names if name not in (NUMBER, "用量", CORRECTS))
    return "/".join(filter(None, shown))[:MOST]


def references(base: str) -> Iterator[str]:
    """这样的内容的第一笔、第二笔……的编号。"""
    yield base[:MOST]
    for number in count(2):
        tail = f"/{number}"
        yield base[: MOST - len(tail)] + tail


def assign(pieces: Sequence[Piece], stored: Mapping[str, str], own: Collection[str]) -> Assigned:
    """给每一笔起编号。`stored` 是收过的编号 → 内容，`own` 是文件里自己写的编号。"""
    groups: dict[str, list[Piece]] = defaultdict(list)
    for piece in pieces:
        groups[piece.base[:MOST]].append(piece)
    numbers: dict[int, str] = {}
    unclear: dict[int, str] = {}
    used = set(own)
    for base, group in groups.items():
        earlier: dict[str, list[str]] = defaultdict(list)
        for reference in takewhile(lambda one: one in stored, references(base)):
            if reference not in own:
                earlier[stored[reference]].append(reference)
        fresh = []
        for piece in group:
            if earlier.get(piece.content):
                numbers[piece.line] = earlier[piece.content].pop(0)
            else:
                fresh.append(piece)
        left = [reference for found in earlier.values() for reference in found]
        free = (one for one in references(base) if one not in stored and one not in used)
        for piece in fresh:
            if left:
                unclear[piece.line] = (
                    f"{left[0]} 以前收过，内容不同：是改了数，请用新的编号并在“更正”写 {left[0]}；"
                    "是另一笔，请给它写自己的编号（R-052）"
                )
            else:
                numbers[piece.line] = next(free)
                used.add(numbers[piece.line])
    return Assigned(numbers, unclear)


def stored(source: Source, kind: str, bases: Collection[str]) -> dict[str, str]:
    """这些编号（和它们的第二笔、第三笔……）里收过的 → 内容。"""
    found: dict[str, str] = {}
    waiting, at = sorted({base[:MOST] for base in bases}), 0
    while waiting:
        block = {base: list(islice(references(base), at, at + _BLOCK)) for base in waiting}
        wanted = [reference for own in block.values() for reference in own]
        rows = Received.objects.filter(source=source, kind=kind, source_ref__in=wanted)
        found |= {reference: content_of(payload) for reference, payload in rows.values_list("source_ref", "payload")}
        waiting = [base for base, own in block.items() if own[-1] in found]
        at += _BLOCK
    return found


@dataclass(frozen=True)
class Twin:
    """收过的、同一来源里说同一件事的一件：编号（照内容起的为空）、哪天收的。"""

    reference: str
    on: date


def numbered_twins(
    source: Source, kind: str, names: Sequence[str], payloads: Sequence[Mapping[str, object]]
) -> dict[str, list[Twin]]:
    """没有编号的这几笔，收过的里写着自己的编号而说同一件事的：事 → 各件。更正过的、退回的也算，由人看是不是重送。"""
    matters = {matter_of(payload) for payload in payloads}
    found: dict[str, list[Twin]] = defaultdict(list)
    if not matters:
        return found
    # 用量没有照资源的索引，照来源和种类找；只在按文件导入的预览里查，接口不查
    rows = Received.objects.alias(resource=KT("payload__资源")).filter(
        source=source, kind=kind, resource__in={str(payload["资源"]) for payload in payloads}
    )
    for reference, payload, at in rows.order_by("pk").values_list("source_ref", "payload", "recorded_at"):
        if (matter := matter_of(payload)) in matters and not _made(reference, base_of(names, payload)):
            found[matter].append(Twin(reference, local_day(at)))
    return found


def bare_twins(
    source: Source, kind: str, names: Sequence[str], payloads: Sequence[Mapping[str, object]]
) -> dict[str, list[Twin]]:
    """写着自己编号的这几笔，收过的里没有编号而说同一件事的：事 → 各件。"""
    matters = {matter_of(payload) for payload in payloads}
    wanted = stored(source, kind, {base_of(names, payload) for payload in payloads})
    rows = Received.objects.filter(source=source, kind=kind, source_ref__in=wanted)
    found: dict[str, list[Twin]] = defaultdict(list)
    for payload, at in rows.order_by("pk").values_list("payload", "recorded_at"):
        if (matter := matter_of(payload)) in matters:
            found[matter].append(Twin("", local_day(at)))
    return found


def _made(reference: str, base: str) -> bool:
    """这个编号是照内容起的：头一笔的，或第二笔起加了“/2”“/3”的。"""
    head, _, tail = reference.rpartition("/")
    numbered = bool(head) and tail.isascii() and tail.isdigit() and int(tail) > 1
    return reference == base or (numbered and reference == base[: MOST - len(tail) - 1] + f"/{tail}")
