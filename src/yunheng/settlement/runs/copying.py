"""从数据库直接读成 CSV：大表不经 Python 的对象。"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from yunheng.metering.writing import Chunks


def copied(query: str) -> Chunks:
    """一条查询的结果，读到时才执行，再读一遍就再执行一次。`query` 里空的要写成 NULL，空串在 CSV 里会带引号。"""
    return Chunks(_Parts(query))


@dataclass(frozen=True)
class _Parts:
    query: str

    def __iter__(self) -> Iterator[bytes]:
        with connection.cursor() as cursor, cursor.copy(f"COPY ({self.query}) TO STDOUT (FORMAT csv)") as copy:
            yield from map(bytes, copy)
