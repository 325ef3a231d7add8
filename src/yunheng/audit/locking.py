"""事务级的约定锁：只追加的表锁不了行，同一件东西的两次写用它排队。"""

from __future__ import annotations

from enum import IntEnum

from django.db import connection


class Lock(IntEnum):
    """锁的是哪一类；库里用作第一个键。"""

    CATALOG = 13
    RECORDING = 51
    TIERS = 19
    GATHERING = 52
    ARRIVALS = 53
    YEAR = 73
    CONTRACT = 75
    VOUCHER = 76
    SURVEY = 92
    APPRAISAL = 93
    EVALUATION = 94


def hold(kind: Lock, key: int = 0, *, shared: bool = False) -> None:
    """拿着锁直到事务结束；别人拿着就等。`shared` 的彼此不碍。"""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [kind.value, key])
