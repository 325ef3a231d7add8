"""一个快照读到了哪些收件：到第几号，其间缺哪几号（R-052）。序号先取后提交，只记最大的号会漏掉号小而后提交的。"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from yunheng.audit.locking import Lock, hold

from .models import Received


@dataclass(frozen=True)
class Mark:
    """读到第 `last` 号为止，`gaps` 那几段（含首尾）没有读到。"""

    last: int
    gaps: tuple[tuple[int, int], ...] = ()

    def kept(self) -> dict[str, Any]:
        """存成 JSON 的样子。"""
        return {"至": self.last, "缺": [list(gap) for gap in self.gaps]}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Mark:
        """从存的读回来。"""
        return cls(int(kept["至"]), tuple((int(first), int(last)) for first, last in kept["缺"]))

    @property
    def floor(self) -> int:
        """这一号和以前的都读到了。"""
        return self.gaps[0][0] - 1 if self.gaps else self.last

    def unread(self, row: str) -> str:
        """一段 SQL 条件：`row`（ledger_received 的别名）没有读到；号都是整数，写在条件里。"""
        parts = [f"{row}.id > {self.last}", *(f"{row}.id BETWEEN {first} AND {last}" for first, last in self.gaps)]
        return f"({' OR '.join(parts)})"


def settled() -> int:
    """收到第几号为止都定了，以前的号不会再多出来：等正在收的都提交了再看。"""
    with transaction.atomic():
        hold(Lock.GATHERING)
        return Received.objects.aggregate(last=Max("pk"))["last"] or 0


def marked(known: int) -> Mark:
    """现在的快照读到了哪些；`known` 是先前 `settled` 给的，它以前的不用再看。要在读的那个事务里。"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, before + 1, id - 1 FROM ("
            " SELECT id, lag(id, 1, %s) OVER (ORDER BY id) AS before FROM ledger_received WHERE id > %s"
            ") AS one ORDER BY id",
            [known, known],
        )
        rows = cursor.fetchall()
    last = rows[-1][0] if rows else known
    return Mark(last, tuple((first, until) for _, first, until in rows if first <= until))
