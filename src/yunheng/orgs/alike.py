"""库里已有的编号里，与给的形近的。各章比编号都过这一处；怎样算形近见 `folding.resemble`。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db import connection
from django.db.models import Model

from yunheng.tables import folding

#: 库里的编号粗略的样子，同 `folding.roughly`；资源有上百万个，照它建了索引（ledger 0011），改了要重建
ROUGHLY = (
    "translate(regexp_replace(lower(regexp_replace(regexp_replace(normalize({column}, NFKC),"
    " '(.)[([【〔{{][^])】〕}}]*[])】〕}}]?\\s*$', '\\1'), '([A-Za-z0-9])[^A-Za-z0-9]+$', '\\1')),"
    " '[^a-z0-9一-鿿]+', '', 'g'), 'lio0', '11')"
)


def alike_in(model: type[Model], field: str, codes: Collection[str]) -> dict[str, str]:
    """`codes` 里与 `model` 的 `field` 一栏形近而不同的 → 库里的那个（样子最近的，有几个取最小的）；一字不差的不在里面。

    先照粗略的样子在库里找出不多的几个，再逐个比：编号有上百万个，不取出来比。
    """
    wanted = {code: folding.roughly(code) for code in codes}
    rough = sorted(set().union(*wanted.values()))
    if not rough:
        return {}
    column, table = connection.ops.quote_name(field), connection.ops.quote_name(model._meta.db_table)
    seen = ROUGHLY.format(column=column)
    known: dict[str, list[str]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {seen}, {column} FROM {table} WHERE {seen} = ANY(%s) ORDER BY 2", [rough])
        for form, code in cursor.fetchall():
            known[form].append(code)
    found: dict[str, str] = {}
    for code, forms in wanted.items():
        near = [one for form in sorted(forms) for one in known.get(form, ())]
        if code not in near and (others := [one for one in near if folding.resemble(code, one)]):
            found[code] = min(others, key=lambda one: (folding.likeness(one) != folding.likeness(code), one))
    return found
