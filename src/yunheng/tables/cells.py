"""读出来还没有认列名的表：行、格、隐藏、合并。几种文件都先成这个样子。"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from .folding import visible
from .notes import Area

#: 最多写出几处批注在哪一格
_COMMENTS = 10


class Made(StrEnum):
    """一格里是什么。"""

    TEXT = "文本"
    NUMBER = "数"
    DATE = "日期"
    PERCENT = "百分比"
    BOOL = "是非"
    FORMULA = "公式"
    ERROR = "错误值"


class Cell(NamedTuple):
    """一格：列号从 1 起；`text` 数字是不用指数的十进制，日期是 YYYY-MM-DD（有钟点的带钟点），公式是 = 和公式本身。

    `shown` 是数字格的显示格式，常规的为空；`struck` 是字全划掉了或划掉了一段，
    `raised` 是全部或一段是上标、下标，`unseen` 是白字、小得看不见的字，
    `glyphs` 是符号字体里认不出的字（没有的为空）；认得的已经换成看到的。
    """

    column: int
    text: str
    made: Made = Made.TEXT
    shown: str = ""
    struck: bool = False
    raised: bool = False
    unseen: bool = False
    glyphs: str = ""


class Conditional(NamedTuple):
    """一处条件格式：`where` 是写的范围，`areas` 是哪些格，`why` 是符合条件时会怎样（划掉、另一种写法）。"""

    where: str
    areas: tuple[Area, ...]
    why: str


class Line(NamedTuple):
    """有内容的一行：表里的行号从 1 起；`hidden` 是隐藏的行。"""

    number: int
    cells: list[Cell]
    hidden: bool = False


@dataclass
class Sheet:
    """一张表。`painted` 是只有底色、没有内容的行；`conditional` 是会让看到的与存的不同的条件格式；

    `aside` 是表格以外有内容的东西（图形、页眉页脚）；`comments` 是批注：哪一格 → 写的字；`said` 是怎样解码的。

    `spreadsheet` 是 Excel 的表：行号就是它的行号；CSV、粘贴、Word 的行号是第几条（空行也算）。
    """

    title: str
    lines: list[Line] = field(default_factory=list)
    hidden: bool = False
    merges: list[Area] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    painted: list[int] = field(default_factory=list)
    conditional: list[Conditional] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    comments: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    spreadsheet: bool = False
    epoch_1904: bool = False

    def column_hidden(self, column: int) -> bool:
        """这一列是不是隐藏的。"""
        return any(low <= column <= high for low, high in self.hidden_columns)

    @property
    def around(self) -> list[str]:
        """表格以外的各处，一处一句；批注合成一句。"""
        if not self.comments:
            return self.aside
        more = f"等 {len(self.comments)} 处" if len(self.comments) > _COMMENTS else ""
        return [*self.aside, f"{'、'.join([*self.comments][:_COMMENTS])}{more}的批注"]

    @property
    def filled(self) -> int:
        """有内容的格数。"""
        return sum(len(line.cells) for line in self.lines)


def cells_of(texts: Iterable[str]) -> list[Cell]:
    """一行文字 → 有内容的各格。"""
    return [Cell(column, text) for column, text in enumerate(texts, start=1) if text and visible(text)]
