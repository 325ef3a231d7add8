"""公文的内容：标题、段落、表、图。内容只写一次，Word、PDF、网页都照它排；存成 JSON，读回来一样。"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

#: 小计的一行，头一栏写这两个字
SUBTOTAL = "小计"
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
class Slot:
    """留给人写的一处：`key` 是哪一处，一行一段；没有写的什么也不印。"""

    key: str
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class Column:
    """一列：表头、相对宽度、对齐。"""

    name: str
    width: float
    align: Align = "left"


@dataclass(frozen=True)
class Table:
    """一张表；末 `totals` 行是合计，加粗；前 `keys` 栏认出是哪一行；`slot` 不空的是人可以改的表。"""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    totals: int = 0
    keys: int = 1
    slot: str = ""


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


Block = Heading | Paragraph | Slot | Table | Grid | Chart | PageBreak


@dataclass(frozen=True)
class Paper:
    """一份公文；`subtitle` 在标题下，`footnote` 印在页脚（如结算摘要）。

    `layout` 为 form 是附件那样的表单：窄边距，`label`（如“附件 1”）在左上角，日期在表的右上角。
    `landscape` 是横放的 A4（考核表）；`mark` 是每页的水印（如“草稿”），空的没有。
    """

    title: str
    subtitle: str
    footnote: str
    blocks: Sequence[Block] = field(default_factory=tuple)
    layout: Literal["document", "form"] = "document"
    label: str = ""
    landscape: bool = False
    mark: str = ""


def plain(block: Block) -> dict[str, Any]:
    """一块内容的普通值，`type` 是哪一种。"""
    return {"type": type(block).__name__, **asdict(block)}


def to_json(paper: Paper) -> bytes:
    """存成 JSON：同样的内容逐字节相同，可以算摘要。"""
    content = {**asdict(paper), "blocks": [plain(block) for block in paper.blocks]}
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(content: bytes) -> Paper:
    """读回 `to_json` 存下的一份。"""
    found = json.loads(content)
    return Paper(**{**found, "blocks": tuple(_block(dict(one)) for one in found["blocks"])})


_KINDS = {kind.__name__: kind for kind in (Heading, Paragraph, Slot, Table, Grid, Chart, PageBreak)}


def _block(given: dict[str, Any]) -> Block:
    kind = _KINDS[given.pop("type")]
    if kind is Table:
        given["columns"] = tuple(Column(**one) for one in given["columns"])
    elif kind is Grid:
        given["rows"] = tuple(tuple(Cell(**cell) for cell in row) for row in given["rows"])
    return kind(**given)
