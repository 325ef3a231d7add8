"""数据包的错误：一次收全，逐条指明表、行、列和原因。"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """数据包里的一处错误。

    `row` 以表头为第 1 行（空行也占行号，同电子表格所见）；整张表或价格缺口没有行号，为 None。
    """

    table: str
    row: int | None
    column: str
    reason: str

    def __str__(self) -> str:
        """打印成"表、行号、列、原因"，制表符分隔；没有行号写 `-`。"""
        return "\t".join((self.table, "-" if self.row is None else str(self.row), self.column, self.reason))


class PackageError(Exception):
    """数据包有错，不能结算。`problems` 是全部错误，按表、行、列排好。"""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class NoRoom(ValueError):
    """不是数据的错：内存、磁盘不够。一句话说怎么办。"""
