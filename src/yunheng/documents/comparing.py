"""两版公文逐处对照：每一段文字、每一个格子，原来是什么、改成什么、差多少。"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import SequenceMatcher
from typing import Literal

from .blocks import Block, Chart, Column, Heading, PageBreak, Paper, Paragraph, Slot, Table

Kind = Literal["same", "changed", "added", "removed"]
#: 数和后面的单位：1,234.56、88.5%、12 个
_NUMBER = re.compile(r"([+-]?\d[\d,]*(?:\.\d+)?)\s*([^\d\s]*)")
#: 对照一段文字时不拆开的：一个数、一串字母，别的一字一个
_TOKENS = re.compile(r"[+-]?\d[\d,.]*|[A-Za-z]+|.", re.DOTALL)


@dataclass(frozen=True)
class Piece:
    """一段文字里的一截：没变的，删去的，添上的。"""

    kind: Literal["same", "removed", "added"]
    text: str


@dataclass(frozen=True)
class Passage:
    """一段文字。"""

    kind: Kind
    pieces: Sequence[Piece]


@dataclass(frozen=True)
class CellChange:
    """一个格子：原来、现在、差多少（不是数的为空）。"""

    before: str
    after: str
    delta: str = ""


@dataclass(frozen=True)
class RowChange:
    """一行。"""

    kind: Kind
    cells: Sequence[CellChange]


@dataclass(frozen=True)
class TableChange:
    """一张表（图照它的数据算一张表）。"""

    kind: Kind
    caption: str
    columns: Sequence[Column]
    rows: Sequence[RowChange]


@dataclass(frozen=True)
class Chapter:
    """一章里的各处，次序照后一版。"""

    title: str
    entries: Sequence[Passage | TableChange]

    @property
    def changed(self) -> bool:
        """这一章有没有变。"""
        return any(entry.kind != "same" for entry in self.entries)


def compare(before: Paper, after: Paper) -> list[Chapter]:
    """逐章对照，次序照后一版；前一版才有的章在最后。"""
    old, new = _chapters(before), _chapters(after)
    titles = [*new, *(title for title in old if title not in new)]
    return [Chapter(title, tuple(_entries(old.get(title, ()), new.get(title, ())))) for title in titles]


def _chapters(paper: Paper) -> dict[str, list[Block]]:
    found: dict[str, list[Block]] = {"标题": [Paragraph(paper.title), Paragraph(paper.subtitle)]}
    blocks = found["标题"]
    for block in paper.blocks:
        if isinstance(block, Heading) and block.level == 1:
            blocks = found.setdefault(block.text, [])
        elif isinstance(block, Chart):
            blocks += [_chart_table(block), Paragraph(block.sentence)]
        elif not isinstance(block, PageBreak):
            blocks.append(block)
    return found


def _chart_table(chart: Chart) -> Table:
    columns = (Column("项", 1), Column("数", 1, "right"))
    return Table(chart.caption, columns, list(zip(chart.labels, chart.shown, strict=True)))


def _entries(before: Sequence[Block], after: Sequence[Block]) -> Iterator[Passage | TableChange]:
    """先认出哪块对哪块：表认表名，人写的认是哪一处，其余认文字；改写了的一段一段配。"""
    matcher = SequenceMatcher(None, [_key(one) for one in before], [_key(one) for one in after], autojunk=False)
    for _, a, a_end, b, b_end in matcher.get_opcodes():
        old, new = list(before[a:a_end]), list(after[b:b_end])
        for number in range(max(len(old), len(new))):
            left = old[number] if number < len(old) else None
            right = new[number] if number < len(new) else None
            if left is not None and right is not None and isinstance(left, Table) != isinstance(right, Table):
                yield _entry(left, None)
                yield _entry(None, right)
            else:
                yield _entry(left, right)


def _key(block: Block) -> tuple[str, str]:
    if isinstance(block, Table):
        return "表", block.caption
    if isinstance(block, Slot):
        return "写", block.key
    return "文", _words(block)


def _words(block: Block | None) -> str:
    if isinstance(block, Slot):
        return "\n".join(block.lines)
    return block.text if isinstance(block, Heading | Paragraph) else ""


def _entry(before: Block | None, after: Block | None) -> Passage | TableChange:
    if isinstance(before, Table) or isinstance(after, Table):
        return _table(before if isinstance(before, Table) else None, after if isinstance(after, Table) else None)
    return passage(_words(before), _words(after))


def passage(before: str, after: str) -> Passage:
    """一段文字的前后两样。"""
    kind: Kind = "same" if before == after else "added" if not before else "removed" if not after else "changed"
    return Passage(kind, tuple(_pieces(before, after)))


def _pieces(before: str, after: str) -> Iterator[Piece]:
    old, new = _TOKENS.findall(before), _TOKENS.findall(after)
    for kind, a, a_end, b, b_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(old[a:a_end]))
            continue
        if a < a_end:
            yield Piece("removed", "".join(old[a:a_end]))
        if b < b_end:
            yield Piece("added", "".join(new[b:b_end]))


def _table(before: Table | None, after: Table | None) -> TableChange:
    shown = after or before
    assert shown is not None
    if before and after and [c.name for c in before.columns] == [c.name for c in after.columns]:
        rows = tuple(_rows(before, after))
    else:
        rows = (
            *(_row("removed", row, row) for row in (before.rows if before else ())),
            *(_row("added", row, row) for row in (after.rows if after else ())),
        )
    kind: Kind = "changed" if any(row.kind != "same" for row in rows) else "same"
    if not before or not after:
        kind = "added" if after else "removed"
    return TableChange(kind, shown.caption, shown.columns, rows)


def _rows(before: Table, after: Table) -> Iterator[RowChange]:
    old, new = _keyed(before.rows, before.keys), _keyed(after.rows, after.keys)
    matcher = SequenceMatcher(None, list(old), list(new), autojunk=False)
    for kind, a, a_end, b, b_end in matcher.get_opcodes():
        if kind == "equal":
            for key in list(new)[b:b_end]:
                same = tuple(old[key]) == tuple(new[key])
                yield _row("same" if same else "changed", old[key], new[key])
        else:
            yield from (_row("removed", old[key], old[key]) for key in list(old)[a:a_end])
            yield from (_row("added", new[key], new[key]) for key in list(new)[b:b_end])


def _keyed(rows: Iterable[Sequence[str]], keys: int) -> dict[tuple[object, ...], Sequence[str]]:
    """认行的几栏相同的，第几次出现也算在内。"""
    seen: Counter[tuple[str, ...]] = Counter()
    found: dict[tuple[object, ...], Sequence[str]] = {}
    for row in rows:
        key = tuple(row[:keys])
        found[*key, seen[key]] = row
        seen[key] += 1
    return found


def _row(kind: Kind, before: Sequence[str], after: Sequence[str]) -> RowChange:
    return RowChange(kind, tuple(CellChange(a, b, delta(a, b)) for a, b in zip(before, after, strict=True)))


def delta(before: str, after: str) -> str:
    """两个数差多少，带正负号、千分位和单位；不都是数、单位不同、没有变的为空。"""
    old, new = _NUMBER.fullmatch(before), _NUMBER.fullmatch(after)
    if before == after or not old or not new or old[2] != new[2]:
        return ""
    change = Decimal(new[1].replace(",", "")) - Decimal(old[1].replace(",", ""))
    unit = f" {new[2]}" if new[2] and new[2] != "%" else new[2]
    return f"{change:+,}{unit}"
