"""读出来的 Word：各行各格的文字，记着在哪里、有没有读进去；没有读的、照读而要看一眼的各处。"""

from __future__ import annotations

from dataclasses import dataclass, field

from .cells import Cell


class Text(str):
    """一格的文字，记着在哪里、有没有读进去。

    `merged` 是在跨行合并的格里；`wrong` 是读不出真正的值，写明为什么；`raised` 是有上标、下标的字；
    `cell` 是 Excel 里的那一格。
    """

    __slots__ = ("cell", "merged", "raised", "taken", "where", "wrong")
    where: str
    taken: bool
    merged: bool
    wrong: str
    raised: bool
    cell: Cell | None

    def __new__(cls, text: str, where: str, taken: bool = False, *, cell: Cell | None = None) -> Text:
        """`where` 是在哪里；`taken` 是不必再读的（跨行合并带下来的）。"""
        made = super().__new__(cls, text)
        made.where, made.taken, made.merged, made.wrong, made.cell = where, taken, False, "", cell
        made.raised = bool(cell and cell.raised)
        return made


@dataclass
class Document:
    """一份 Word：各行各格，`aside` 是有内容而没有读的，`said` 是照读而要看一眼的，`revised` 是有修订。"""

    rows: list[list[Text]] = field(default_factory=list)
    aside: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    revised: bool = False
