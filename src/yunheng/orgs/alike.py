"""库里已有的编号里，与给的形近的：多了看不见的字，全半角、大小写、长短横、O/0 不同。各章比编号都过这一处。"""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.db.models import Model

from yunheng.tables import folding


def alike_in(model: type[Model], field: str, codes: Collection[str]) -> dict[str, str]:
    """`codes` 里与 `model` 的 `field` 一栏形近而不同的 → 库里的那个（有几个取最小的）；一字不差的不在里面。

    样子同 `folding.likeness`，在库里折：编号有十几万个，不取出来比。
    """
    wanted = {code: folding.likeness(code) for code in codes}
    if not wanted:
        return {}
    column, table = connection.ops.quote_name(field), connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT seen, {column} FROM (SELECT {column},"
            f" translate(lower(normalize(regexp_replace({column}, '\\s', '', 'g'), NFKC)), %s, %s) AS seen"
            f" FROM {table}) AS one WHERE seen = ANY(%s) ORDER BY {column} DESC",
            [folding.ALIKE_FROM, folding.ALIKE_TO, list(set(wanted.values()))],
        )
        known: dict[str, list[str]] = {}
        for seen, code in cursor.fetchall():
            known.setdefault(seen, []).append(code)
    found = {code: [one for one in known.get(seen, ()) if one != code] for code, seen in wanted.items()}
    return {code: others[-1] for code, others in found.items() if others and code not in known.get(wanted[code], ())}
