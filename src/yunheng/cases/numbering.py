"""取号：字头-年-四位流水。"""

from __future__ import annotations

from datetime import date

from django.db import connection

from yunheng.orgs.reading import whole_of

from .models import Counter


def next_number(prefix: str, on: date) -> str:
    """取号：字头-年-四位流水，不重不跳（事务回滚会空号）。"""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {Counter._meta.db_table} (key, last) VALUES (%s, 1)"
            f" ON CONFLICT (key) DO UPDATE SET last = {Counter._meta.db_table}.last + 1 RETURNING last",
            [f"{prefix}-{on.year}"],
        )
        (last,) = cursor.fetchone()
    return f"{prefix}-{on.year}-{last:04d}"


def reserve_number(number: str) -> None:
    """照原件用了这个号：以后取号从它之后取。"""
    key, _, serial = number.rpartition("-")
    if (last := whole_of(serial)) is not None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {Counter._meta.db_table} (key, last) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE"
                f" SET last = greatest({Counter._meta.db_table}.last, excluded.last)",
                [key[:32], last],
            )
