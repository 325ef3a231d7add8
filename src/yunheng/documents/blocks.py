"""公文的内容：标题、段落、表、图。内容只写一次，Word 和 PDF 都照它排。"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Align = Literal["left", "center", "right"]


@dataclass(frozen=True)
class Heading:
    """层次标题；`level` 1 是“一、”，2 是“（一）”，序号写在文字里。"""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """一段；`style` 为 note 是表下的小字，right 是落款。"""

    text: str
    style: Literal["body", "note", "right"] = "body"


@dataclass(frozen=True)
class Column:
    """一列：表头、相对宽度、对齐。"""

    name: str
    width: float
    align: Align = "left"


@dataclass(frozen=True)
class Table:
    """一张表；末 `totals` 行是合计，加粗。"""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    totals: int = 0


@dataclass(frozen=True)
class Chart:
    """一张图和一句话的结论；`kind` bars 是横条，columns 是竖柱。值与标签一一对应，`shown` 是印出来的数。"""

    caption: str
    sentence: str
    kind: Literal["bars", "columns"]
    labels: Sequence[str]
    values: Sequence[float]
    shown: Sequence[str]


@dataclass(frozen=True)
class Cell:
    """格子：文字、跨几列、跨几行、对齐；`height` 是至少多高（磅），留给签字盖章。"""

    text: str
    colspan: int = 1
    rowspan: int = 1
    align: Align = "left"
    height: int = 0


@dataclass(frozen=True)
class Grid:
    """照官方表格排的格子：各列的相对宽度，各行从左到右的格子（被上面跨行占住的不写）。"""

    widths: Sequence[float]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class PageBreak:
    """另起一页。"""


Block = Heading | Paragraph | Table | Grid | Chart | PageBreak


@dataclass(frozen=True)
class Paper:
    """一份公文；`subtitle` 在标题下，`footnote` 印在页脚（如结算摘要）。

    `layout` 为 form 是附件那样的表单：窄边距，`label`（如“附件 1”）在左上角，日期在表的右上角。
    `landscape` 是横放的 A4（考核表）。
    """

    title: str
    subtitle: str
    footnote: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    layout: Literal["document", "form"] = "document"
    label: str = ""
    landscape: bool = False
