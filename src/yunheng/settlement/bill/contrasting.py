"""两个批次逐条对照（R-083）：在数据库里比账目，哪些多了、少了、变了，合计怎样从一个走到另一个。

配对的办法与 `metering.diffing` 相同：先按同一资源、目录项、起日、单据，余下的同一处依次配。账目几百万条时，
网页进程里只有一页。两个批次的数据包版本不同时，先按（资源, 目录项, 日）摊开：逐日相等、合计也相等的，只是切段
不同，不算差别，另说有几对。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.core.paginator import Page, Paginator
from django.db import connection, transaction
from django.utils.functional import cached_property

from yunheng.catalog.models import Item
from yunheng.metering import diffing
from yunheng.rules.money import UnitPrice
from yunheng.settlement import queries
from yunheng.settlement.models import BillLine, Run

ADDED, GONE, CHANGED = "增", "减", "改"
KINDS = (ADDED, GONE, CHANGED)
#: 照实说的几栏：栏、叫法；单价看 `Pair.places`，金额另有一列
_SHOWN = (
    ("form", "单据"), ("order", "工单"), ("quantity", "数量"), ("from_on", "起"), ("last_on", "至（含）"),
)  # fmt: skip
ZERO = Decimal(0)
_COLUMNS = (
    "id", "seq", "unit", "project", "resource", "item", "provider", "from_on", "form",
    "order", "quantity", "until_on", "unit_price", "amount", "payer",
)  # fmt: skip
_PLACE = "unit, project, resource, item, provider"
#: 不一样的账目，一对一行：只增的没有 old_id，只减的没有 new_id
_ODD = """
CREATE TEMP TABLE contrast ON COMMIT DROP AS
WITH before AS ({before}), after AS ({after}),
odd AS MATERIALIZED (
    SELECT {place}, b.id AS old_id, a.id AS new_id, b.amount AS old_amount, a.amount AS new_amount,
        row_number() OVER (
            PARTITION BY {place}, b.id IS NULL, a.id IS NULL ORDER BY coalesce(a.seq, b.seq)
        ) AS turn
    FROM before AS b FULL JOIN after AS a USING ({place}, from_on, form)
    WHERE (b.id IS NULL OR a.id IS NULL
        OR (b."order", b.quantity, b.until_on, b.unit_price, b.amount, b.payer)
        <> (a."order", a.quantity, a.until_on, a.unit_price, a.amount, a.payer))
)
SELECT {place}, old_id, new_id, old_amount, new_amount FROM odd WHERE old_id IS NOT NULL AND new_id IS NOT NULL
UNION ALL
SELECT {place}, gone.old_id, come.new_id, gone.old_amount, come.new_amount
FROM (SELECT * FROM odd WHERE new_id IS NULL) AS gone
FULL JOIN (SELECT * FROM odd WHERE old_id IS NULL) AS come USING ({place}, turn)
"""
#: 换了版本：同一处各日的单据、工单、数量、单价、谁付两边相等，合计也相等的，只是切段不同
_SPLIT = f"""
WITH sides AS (
    SELECT old_id AS id, true AS old FROM contrast WHERE old_id IS NOT NULL
    UNION ALL SELECT new_id, false FROM contrast WHERE new_id IS NOT NULL
), daily AS (
    SELECT {_PLACE},
        range_agg(daterange(from_on, until_on)) FILTER (WHERE old)
            IS NOT DISTINCT FROM range_agg(daterange(from_on, until_on)) FILTER (WHERE NOT old) AS same,
        sum(CASE WHEN old THEN amount ELSE -amount END) AS gap
    FROM sides JOIN {BillLine._meta.db_table} USING (id)
    GROUP BY {_PLACE}, form, "order", quantity, unit_price, payer
)
DELETE FROM contrast WHERE ({_PLACE}) IN (
    SELECT {_PLACE} FROM daily GROUP BY {_PLACE} HAVING bool_and(same AND gap = 0)
)
"""
_KIND = "CASE WHEN old_id IS NULL THEN '增' WHEN new_id IS NULL THEN '减' ELSE '改' END"
_BY_KIND = f"""
SELECT {_KIND}, count(*), coalesce(sum(old_amount), 0), coalesce(sum(new_amount), 0) FROM contrast GROUP BY 1
"""
_BY_UNIT = """
SELECT unit, count(*), coalesce(sum(old_amount), 0), coalesce(sum(new_amount), 0) FROM contrast GROUP BY 1
"""
_WHERE = f"WHERE (%(kind)s = '' OR {_KIND} = %(kind)s) AND (%(unit)s = '' OR unit = %(unit)s)"
_COUNT = f"SELECT count(*) FROM contrast {_WHERE}"
_PAGE = f"""
SELECT old_id, new_id FROM contrast {_WHERE}
ORDER BY {_PLACE}, coalesce(new_id, old_id) OFFSET %(offset)s LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Pair:
    """一对账目；只增的没有 `old`，只减的没有 `new`。`note` 说只增、只减的在另一个批次里算到哪里去了。

    `places` 是原、现的单价各至少写几位小数。
    """

    old: BillLine | None
    new: BillLine | None
    note: str = ""
    places: tuple[int, int] = (2, 2)

    @property
    def kind(self) -> str:
        """增、减、改。"""
        return ADDED if self.old is None else GONE if self.new is None else CHANGED

    @property
    def line(self) -> BillLine:
        """在哪里：后者有的看后者。"""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def gap(self) -> Decimal:
        """差多少（元）。"""
        return (self.new.amount if self.new else ZERO) - (self.old.amount if self.old else ZERO)

    @property
    def moved(self) -> list[tuple[str, object, object]]:
        """除金额外变了的各栏：叫法、原、现。"""
        if self.old is None or self.new is None:
            return []
        old, new = self.old, self.new
        pairs = [(label, getattr(old, name), getattr(new, name)) for name, label in _SHOWN]
        if old.unit_price != new.unit_price:
            was, now = self.places
            pairs.append(("单价", UnitPrice(Decimal(old.unit_price), was), UnitPrice(Decimal(new.unit_price), now)))
        return [pair for pair in pairs if pair[1] != pair[2]]


@dataclass(frozen=True)
class Sum:
    """一类或一个单位的：几条，原、现各多少（元）。"""

    count: int = 0
    old: Decimal = ZERO
    new: Decimal = ZERO

    @property
    def gap(self) -> Decimal:
        """差多少（元）。"""
        return self.new - self.old


@dataclass(frozen=True)
class Contrast:
    """两个批次的差别：按种类、按单位的小计，合符条件的几条和这一页，各项合计，账目以外的不同。"""

    kinds: Mapping[str, Sum]
    units: Sequence[tuple[str, Sum]]
    count: int
    pairs: Sequence[Pair]
    totals: Sequence[tuple[str, Sum]]
    others: Sequence[str]
    #: 数据包版本不同，只是切段不同、逐日相等的有几对，不在上面各数里
    split: int = 0

    @property
    def same(self) -> bool:
        """账目、合计和别的都一样。"""
        return (
            not self.others
            and not any(one.count for one in self.kinds.values())
            and not any(one.gap for _, one in self.totals)
        )

    @property
    def lines(self) -> Sum:
        """账目的合计：原、现。"""
        return self.totals[0][1]

    @property
    def reached(self) -> Decimal:
        """原 + 增 − 减 + 改：应当就是现。"""
        return self.lines.old + self.kinds[ADDED].new - self.kinds[GONE].old + self.kinds[CHANGED].gap


class Sliced(Paginator):  # type: ignore[type-arg]
    """数据库里已经取好的一页：只管页码和条数。"""

    def __init__(self, found: Contrast, limit: int) -> None:
        super().__init__([], limit)
        self.found = found

    @cached_property
    def count(self) -> int:
        """合符条件的一共几对。"""
        return self.found.count

    def page(self, number: int | str) -> Page[Pair]:
        """这一页就是取好的那几对。"""
        return Page(self.found.pairs, self.validate_number(number), self)


def contrast(before: Run, after: Run, *, kind: str, unit: str, offset: int, limit: int) -> Contrast:
    """对照两个批次；`kind`、`unit` 空的不限，从第 `offset` 条起取 `limit` 条。"""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.contrast")
        _fill(cursor, before, after)
        split = 0
        if before.head["version"] != after.head["version"]:
            cursor.execute(_SPLIT)
            split = cursor.rowcount
        cursor.execute(_BY_KIND)
        kinds = {name: Sum(*rest) for name, *rest in cursor.fetchall()}
        cursor.execute(_BY_UNIT)
        units = sorted(
            ((name, Sum(*rest)) for name, *rest in cursor.fetchall()), key=lambda row: (-abs(row[1].gap), row[0])
        )
        chosen: dict[str, str | int] = {"kind": kind, "unit": unit, "offset": offset, "limit": limit}
        cursor.execute(_COUNT, chosen)
        count = cursor.fetchone()[0]
        cursor.execute(_PAGE, chosen)
        pages = cursor.fetchall()
    found = BillLine.objects.in_bulk({one for row in pages for one in row if one})
    tiered = set(Item.objects.filter(pricing="阶梯").values_list("code", flat=True))
    was, now = (int(run.head["conventions"]["K-07"]) for run in (before, after))
    pairs = [
        pair if pair.line.item not in tiered else replace(pair, places=(was, now))
        for pair in (Pair(found.get(old), found.get(new)) for old, new in pages)
    ]
    return Contrast(
        {name: kinds.get(name, Sum()) for name in KINDS},
        units,
        count,
        list(_noted(before, after, pairs)),
        list(_totals(before, after)),
        diffing.others(before.head, after.head, before.differences, after.differences),
        split,
    )


def _fill(cursor: Any, before: Run, after: Run) -> None:
    """不一样的账目放进临时表，事务完了就没有。"""
    parts: dict[str, str] = {}
    given: list[Any] = []
    for name, run in (("before", before), ("after", after)):
        rows = queries.lines_of(run).filter(disputed=False).values_list(*_COLUMNS)
        parts[name], params = rows.query.sql_with_params()
        given += params
    cursor.execute(_ODD.format(place=_PLACE, **parts), given)


def _noted(before: Run, after: Run, pairs: Sequence[Pair]) -> Iterator[Pair]:
    """只增、只减的说明另一头：原来待核、不计费，还是现在待核、不计费。"""
    resources = {pair.line.resource for pair in pairs if pair.kind != CHANGED}
    aside = {
        run.pk: {
            (one.resource, one.item, one.from_on): words
            for words, rows in (
                ("待核", queries.lines_of(run).filter(disputed=True, resource__in=resources)),
                ("裁定不计费", queries.waived_of(run).filter(resource__in=resources)),
            )
            for one in rows
        }
        for run in (before, after)
    }
    for pair in pairs:
        line = pair.line
        where = aside[(before if pair.kind == ADDED else after).pk].get((line.resource, line.item, line.from_on))
        if pair.kind == CHANGED or where is None:
            yield pair
        else:
            yield replace(pair, note=f"{'原来' if pair.kind == ADDED else '现在'}{where}")


def _totals(before: Run, after: Run) -> Iterator[tuple[str, Sum]]:
    """各项合计：账目、待核取存的合计，其余取汇总。"""
    kept = [queries.kept_totals(run) for run in (before, after)]
    yield "账目合计（扣前）", Sum(0, kept[0][1], kept[1][1])
    yield "待核合计", Sum(0, kept[0][2], kept[1][2])
    for name, key in diffing.SUMMED:
        yield name, Sum(0, *(Decimal(run.head["summary"][key]) for run in (before, after)))
