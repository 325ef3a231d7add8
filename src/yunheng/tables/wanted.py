"""要读的一张表：叫什么、要哪些列、最多几行。章里写它，`reading`、`books` 照它读。"""

from __future__ import annotations

from dataclasses import dataclass

from .columns import Column


@dataclass(frozen=True)
class Wanted:
    """要读的一张表。`title` 是给人看的名字，工作簿里有同名的表就读它；`most` 是最多几行，`basis` 是依据。

    `in_order` 为真时可以没有表头，照 `columns` 的先后认列；`may_be_empty` 为真时可以只有表头。
    """

    title: str
    columns: tuple[Column, ...]
    most: int = 10_000
    basis: str = ""
    in_order: bool = False
    may_be_empty: bool = False
