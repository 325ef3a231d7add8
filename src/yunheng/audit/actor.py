"""办事的人：以哪个任职、从哪里来。每个写操作都要带上，由界面层传入。"""

from __future__ import annotations

from dataclasses import dataclass

from yunheng.rules.roles import Role


@dataclass(frozen=True)
class Actor:
    """一次请求里的办事人。

    `person`、`institution` 是编号；系统自己办的事（补录、示例）没有编号。`address` 是来源地址，
    `request` 是请求编号，同一次请求的各条审计记录相同。
    """

    name: str
    role: Role | None
    institution_name: str = ""
    person: int | None = None
    institution: int | None = None
    address: str = ""
    request: str = ""

    def __str__(self) -> str:
        place = f"{self.institution_name} " if self.institution_name else ""
        return f"{place}{self.name}"


SYSTEM = Actor("系统", None)
