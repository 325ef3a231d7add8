"""不能办：处处同一种拒绝，逐条列全，每条带条款或需求编号。"""

from __future__ import annotations

from collections.abc import Iterable


class At(str):
    """一条问题，连着表单里的一栏（`field` 是那一栏的 name）：页面上点它就到那一栏，那一栏标出来。"""

    field: str

    def __new__(cls, field: str, text: str) -> At:
        """`field` 一栏的问题 `text`。"""
        made = super().__new__(cls, text)
        made.field = field
        return made


class Refused(ValueError):
    """不能办；`problems` 逐条列全，每条带条款或需求编号。"""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class NotYours(Refused):
    """不在你手上，或不是你的职责。"""


class Stale(Refused):
    """你看到的不是最新：别人已经办了。`seq` 是现在的末事件序号。"""

    def __init__(self, problems: Iterable[str], seq: int) -> None:
        super().__init__(problems)
        self.seq = seq
