"""说明清单：哪些格拒绝了，哪些折算了，哪些读入了但要看一眼，哪些有内容而没有读。

同一种说法合成一条：整列、连续的行、单格三级。任一有内容而没有读的格，恰好落在一条“没有读”里。
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from .limits import TooLarge

#: 一条说明里最多写几段行号
_SPANS = 6
#: 逐格拒绝的最多几格；再多就是整张表不对
_REFUSED = 20_000


class Outcome(StrEnum):
    """读到这里怎么了；先后就是给人看的先后。"""

    REFUSED = "拒绝"
    UNREAD = "没有读"
    NAMED = "读入，请看一眼"
    FOLDED = "折算"


class Area(NamedTuple):
    """一块格子：行号、列号都从 1 起，两头都含。"""

    top: int
    bottom: int
    left: int
    right: int

    def holds(self, row: int, column: int) -> bool:
        """这一格在不在里面。"""
        return self.top <= row <= self.bottom and self.left <= column <= self.right


@dataclass(frozen=True)
class Note:
    """一条说明。`where` 是在哪里，`text` 是怎么了、该怎么办；`row`、`column` 只有拒绝到格的有。

    `areas` 是说的哪些格；整张表没有读的是空的，`sheet` 写明是哪张。
    """

    outcome: Outcome
    where: str
    text: str
    sheet: str = ""
    areas: tuple[Area, ...] = ()
    row: int | None = None
    column: str = ""
    cells: int = 0
    #: 要人点头才能照读的：认不出的列、别的表
    doubtful: bool = False

    def __str__(self) -> str:
        return f"{self.where}：{self.text}"

    def holds(self, row: int, column: int) -> bool:
        """说的是不是这一格。"""
        return any(area.holds(row, column) for area in self.areas)


def ranked(notes: Iterable[Note]) -> tuple[Note, ...]:
    """先拒绝的，再没有读的、要看一眼的、折算的。"""
    order = list(Outcome)
    return tuple(sorted(notes, key=lambda note: order.index(note.outcome)))


def letters(column: int) -> str:
    """列号写成 Excel 的字母：1 → A，27 → AA。"""
    shown = ""
    while column:
        column, rest = divmod(column - 1, 26)
        shown = chr(65 + rest) + shown
    return shown


def address(row: int, column: int) -> str:
    """一格的位置：C5。"""
    return f"{letters(column)}{row}"


def spans(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """行号合成连续的几段。"""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def told_rows(numbers: Iterable[int], most: int = _SPANS) -> str:
    """行号写成一句：第 2、5–9 行；段太多的写前 `most` 段和总行数。"""
    numbers = set(numbers)
    found = spans(numbers)
    shown = "、".join(str(low) if low == high else f"{low}–{high}" for low, high in found[:most])
    return f"第 {shown} 行" + (f"等 {len(numbers):,} 行" if len(found) > most else "")


class Notebook:
    """边读边记；`notes` 时把同一列、同一说法的合成一条。"""

    def __init__(self, sheet: str = "") -> None:
        self.sheet = sheet
        self._whole: list[Note] = []
        self._refused: list[Note] = []
        self._columns: dict[tuple[Outcome, int, str, str, bool], list[int]] = {}
        self._samples: dict[tuple[Outcome, int, str, str, bool], str] = {}

    def whole(self, outcome: Outcome, where: str, text: str, *, doubtful: bool = False, cells: int = 0) -> None:
        """说整份、整张表的一条。"""
        self._whole.append(Note(outcome, where, text, self.sheet, cells=cells, doubtful=doubtful))

    def rows(
        self, outcome: Outcome, numbers: Iterable[int], text: str, cells: int = 0, *, doubtful: bool = False
    ) -> None:
        """说连续或不连续的几行；行里的每一格都算。"""
        numbers = set(numbers)
        areas = tuple(Area(low, high, 1, 2**20) for low, high in spans(numbers))
        self._whole.append(Note(outcome, told_rows(numbers), text, self.sheet, areas, cells=cells, doubtful=doubtful))

    def gaps(self, outcome: Outcome, found: Sequence[tuple[int, int]], text: str) -> None:
        """说几段行，不展开。"""
        shown = "、".join(str(low) if low == high else f"{low}–{high}" for low, high in found[:_SPANS])
        more = f"等 {len(found):,} 段" if len(found) > _SPANS else ""
        areas = tuple(Area(low, high, 1, 2**20) for low, high in found)
        self._whole.append(Note(outcome, f"第 {shown} 行{more}", text, self.sheet, areas))

    def column(
        self, outcome: Outcome, index: int, name: str, numbers: Iterable[int], text: str, *, doubtful: bool = False
    ) -> None:
        """说一列里的几行。"""
        numbers = set(numbers)
        areas = tuple(Area(low, high, index, index) for low, high in spans(numbers))
        where = f"{letters(index)} 列“{name}”" if name else f"{letters(index)} 列（没有列名）"
        self._whole.append(
            Note(outcome, where, text, self.sheet, areas, cells=len(numbers), doubtful=doubtful, column=name)
        )

    def refuse(self, row: int, index: int, column: str, text: str) -> None:
        """拒绝一格；太多的整份不收。"""
        if len(self._refused) >= _REFUSED:
            raise TooLarge(f"“{self.sheet}”里不收的格超过 {_REFUSED:,} 个，如 {self._refused[0]}；请整列改好再导入")
        where = f"第 {row} 行 {letters(index)} 列“{column}”"
        area = Area(row, row, index, index)
        self._refused.append(Note(Outcome.REFUSED, where, text, self.sheet, (area,), row, column, 1))

    def cell(
        self,
        outcome: Outcome,
        row: int,
        index: int,
        column: str,
        text: str,
        sample: str = "",
        *,
        doubtful: bool = False,
    ) -> None:
        """说一格；同一列、同一说法的以后合成一条，`sample` 是头一个例子。"""
        key = outcome, index, column, text, doubtful
        self._columns.setdefault(key, []).append(row)
        self._samples.setdefault(key, sample)

    def notes(self) -> tuple[Note, ...]:
        """全部说明。"""
        return ranked([*self._refused, *self._whole, *self._merged()])

    def _merged(self) -> Iterator[Note]:
        for (outcome, index, column, text, doubtful), rows in self._columns.items():
            sample = self._samples[outcome, index, column, text, doubtful]
            areas = tuple(Area(low, high, index, index) for low, high in spans(rows))
            where = f"“{column}”{told_rows(rows)}"
            shown = f"{text}，如 {sample}" if sample else text
            yield Note(outcome, where, shown, self.sheet, areas, column=column, cells=len(rows), doubtful=doubtful)
