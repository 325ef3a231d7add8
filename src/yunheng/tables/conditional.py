"""条件格式：符合条件时划掉、换一种写法、看不见的，记着是哪些格；条件不算，读的时候点名，要人点头。"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .cells import Conditional, Line
from .markup import Attributes
from .notes import Area
from .stored import StyleReader

_CORNER = re.compile(r"\$?([A-Z]{1,3})?\$?([0-9]{1,7})?")
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384
#: 一条里最多写几段范围
_SHOWN = 6


def ranges(places: str) -> list[Area]:
    """一串范围（A1:B2 C3，整列 A:A，整行 1:1）→ 各块；认不出的不要。"""
    found = []
    for one in places.split():
        corners = [_CORNER.fullmatch(corner) for corner in one.split(":")]
        known = [corner for corner in corners if corner and (corner[1] or corner[2])]
        if len(known) != len(corners) or len(known) > 2:
            continue
        rows = [int(corner[2]) for corner in known if corner[2]] or [1, _LAST_ROW]
        columns = [_number(corner[1]) for corner in known if corner[1]] or [1, _LAST_COLUMN]
        found.append(Area(min(rows), max(rows), min(columns), max(columns)))
    return found


@dataclass
class Rule:
    """正在读的一处条件格式：`places` 是哪些格，`why` 是符合条件时会怎样。"""

    places: str = ""
    why: list[str] = field(default_factory=list)
    own: StyleReader | None = None

    def add(self, why: str) -> None:
        """符合条件时会这样；没有什么不同的为空，不记。"""
        if why and why not in self.why:
            self.why.append(why)

    def inline(self, name: str, attributes: Attributes) -> None:
        """样子写在规则自己里面的（后来的 Excel）。"""
        if name == "dxf":
            self.own = StyleReader()
        elif self.own is not None:
            self.own.start(name, attributes)

    def ended(self) -> None:
        """样子写完了。"""
        if self.own is not None:
            self.add(self.own.style().odd)
            self.own = None

    def made(self) -> Conditional | None:
        """记下来的一处；没有什么不同、没有范围的为 None。"""
        areas = ranges(self.places)
        return Conditional(self.places, tuple(areas), "、".join(self.why)) if self.why and areas else None


def told(conditions: Iterable[Conditional], lines: Iterable[Line], columns: Iterable[int]) -> Iterator[tuple[str, str]]:
    """盖着读了的格的条件格式：（在哪里, 一句话）；一样的合成一条。"""
    wanted = set(columns)
    rows: dict[int, list[int]] = defaultdict(list)
    for line in lines:
        for cell in line.cells:
            if cell.column in wanted:
                rows[cell.column].append(line.number)
    places: dict[str, list[str]] = defaultdict(list)
    for one in conditions:
        if any(_covers(area, rows) for area in one.areas):
            places[one.why] += one.where.split()
    for why, found in places.items():
        where = "、".join(found[:_SHOWN]) + (f"等 {len(found)} 处" if len(found) > _SHOWN else "")
        yield where, f"有条件格式，符合条件的会{why}，看到的可能与存的不同；条件没有算，照存的读"


def _covers(area: Area, rows: Mapping[int, list[int]]) -> bool:
    for column, numbers in rows.items():
        if area.left <= column <= area.right:
            place = bisect_left(numbers, area.top)
            if place < len(numbers) and numbers[place] <= area.bottom:
                return True
    return False


def _number(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column
