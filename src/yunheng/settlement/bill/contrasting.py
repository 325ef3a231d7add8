"""两个批次逐条对照（R-083）：在数据库里比账目、待核、差异，哪些多了、少了、变了，合计怎样从一个走到另一个。

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
from yunheng.settlement.models import BillLine, Difference, Run

ADDED, GONE, CHANGED = "增", "减", "改"
KINDS = (ADDED, GONE, CHANGED)
#: 各清单，同 结算.json
LINES, DISPUTED, FAULTS = "账目", "待核", "差异"
LISTS = (LINES, DISPUTED, FAULTS)
#: 照实说的几栏：栏、叫法；单价看 `Pair.places`，金额另有一列
_SHOWN = (
    ("form", "单据"), ("order", "工单"), ("quantity", "数量"), ("from_on", "起"), ("last_on", "至（含）"),
    ("payer", "谁付"), ("differences", "未裁定的差异"),
)  # fmt: skip
ZERO = Decimal(0)
_COLUMNS = (
    "id", "seq", "unit", "project", "resource", "item", "provider", "from_on", "form",
    "order", "quantity", "until_on", "unit_price", "amount", "payer", "differences", "disputed",
)  # fmt: skip
_PLACE = "disputed, unit, project, resource, item, provider"
#: 不一样的账目、待核，一对一行：只增的没有 old_id，只减的没有 new_id
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
        OR (b."order", b.quantity, b.until_on, b.unit_price, b.amount, b.payer, b.differences)
        <> (a."order", a.quantity, a.until_on, a.unit_price, a.amount, a.payer, a.differences))
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
    GROUP BY {_PLACE}, form, "order", quantity, unit_price, payer, differences
)
DELETE FROM contrast WHERE ({_PLACE}) IN (
    SELECT {_PLACE} FROM daily GROUP BY {_PLACE} HAVING bool_and(same AND gap = 0)
)
"""
#: 不一样的差异：照码、资源、目录项、单据、工单依次配对，比裁定和阻断；说明是给人看的话，不比
_FAULT = 'code, resource, item, form, "order"'
_ODD_FAULTS = f"""
CREATE TEMP TABLE contrast_faults ON COMMIT DROP AS
WITH before AS (
    SELECT *, row_number() OVER (PARTITION BY {_FAULT} ORDER BY seq) AS turn FROM ({{before}}) AS one
), after AS (
    SELECT *, row_number() OVER (PARTITION BY {_FAULT} ORDER BY seq) AS turn FROM ({{after}}) AS one
)
SELECT {_FAULT}, b.id AS old_id, a.id AS new_id
FROM before AS b FULL JOIN after AS a USING ({_FAULT}, turn)
WHERE b.id IS NULL OR a.id IS NULL OR (b.ruling, b.blocking) <> (a.ruling, a.blocking)
"""
_KIND = "CASE WHEN old_id IS NULL THEN '增' WHEN new_id IS NULL THEN '减' ELSE '改' END"
_BY_KIND = f"""
SELECT CASE WHEN disputed THEN '{DISPUTED}' ELSE '{LINES}' END, {_KIND}, count(*), coalesce(sum(old_amount), 0),
    coalesce(sum(new_amount), 0)
FROM contrast GROUP BY 1, 2
UNION ALL SELECT '{FAULTS}', {_KIND}, count(*), 0, 0 FROM contrast_faults GROUP BY 1, 2
"""
_BY_UNIT = """
SELECT unit, count(*), coalesce(sum(old_amount), 0), coalesce(sum(new_amount), 0) FROM contrast
WHERE disputed = %s GROUP BY 1
"""
_WHERE = f"WHERE (%(kind)s = '' OR {_KIND} = %(kind)s)"
_OF_LINES = f"FROM contrast {_WHERE} AND disputed = %(disputed)s AND (%(unit)s = '' OR unit = %(unit)s)"
_OF_FAULTS = f"FROM contrast_faults {_WHERE}"
_PAGE = "ORDER BY {place}, coalesce(new_id, old_id) OFFSET %(offset)s LIMIT %(limit)s"


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
class Fault:
    """一对差异；只增的没有 `old`，只减的没有 `new`，都有的裁定或阻断变了。"""

    old: Difference | None
    new: Difference | None

    @property
    def kind(self) -> str:
        """增、减、改。"""
        return ADDED if self.old is None else GONE if self.new is None else CHANGED

    @property
    def one(self) -> Difference:
        """哪一条：后者有的看后者。"""
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def moved(self) -> list[tuple[str, object, object]]:
        """变了的各栏：叫法、原、现。"""
        if self.old is None or self.new is None:
            return []
        pairs: list[tuple[str, object, object]] = [("裁定", self.old.ruling or "无", self.new.ruling or "无")]
        pairs.append(("阻断", "是" if self.old.blocking else "否", "是" if self.new.blocking else "否"))
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
    """两个批次的差别：各清单按种类的小计，看的那个清单（`which`）按单位的小计、合符条件的几条和这一页，各项合计，

    清单以外的不同。
    """

    which: str
    lists: Mapping[str, Mapping[str, Sum]]
    units: Sequence[tuple[str, Sum]]
    count: int
    pairs: Sequence[Pair]
    faults: Sequence[Fault]
    totals: Sequence[tuple[str, Sum]]
    others: Sequence[str]
    #: 数据包版本不同，只是切段不同、逐日相等的有几对，不在上面各数里
    split: int = 0

    @property
    def kinds(self) -> Mapping[str, Sum]:
        """账目按种类的小计。"""
        return self.lists[LINES]

    @property
    def chosen(self) -> Mapping[str, Sum]:
        """看的那个清单按种类的小计。"""
        return self.lists[self.which]

    @property
    def counts(self) -> list[tuple[str, int]]:
        """各清单各有几条（对）不同。"""
        return [(name, sum(one.count for one in kinds.values())) for name, kinds in self.lists.items()]

    @property
    def listed(self) -> bool:
        """有没有逐条列的。"""
        return any(count for _, count in self.counts)

    @property
    def same(self) -> bool:
        """账目、待核、差异、合计和别的都一样。"""
        return not self.others and not self.listed and not any(one.gap for _, one in self.totals)

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

    def page(self, number: int | str) -> Page[Pair | Fault]:
        """这一页就是取好的那几对。"""
        rows: Sequence[Pair | Fault] = self.found.faults or self.found.pairs
        return Page(rows, self.validate_number(number), self)


def contrast(before: Run, after: Run, *, kind: str, unit: str, offset: int, limit: int, which: str = "") -> Contrast:
    """对照两个批次；`kind`、`unit` 空的不限，从第 `offset` 条起取 `limit` 条。

    `which` 是看哪个清单，空的看头一个有不同的；差异不分单位。
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.contrast, pg_temp.contrast_faults")
        _fill(cursor, before, after)
        split = 0
        if before.head["version"] != after.head["version"]:
            cursor.execute(_SPLIT)
            split = cursor.rowcount
        cursor.execute(_BY_KIND)
        counted = {(name, how): Sum(*rest) for name, how, *rest in cursor.fetchall()}
        lists = {name: {how: counted.get((name, how), Sum()) for how in KINDS} for name in LISTS}
        which = which or next((name for name in LISTS if any(one.count for one in lists[name].values())), LINES)
        cursor.execute(_BY_UNIT, [which == DISPUTED])
        units = sorted(
            ((name, Sum(*rest)) for name, *rest in cursor.fetchall()), key=lambda row: (-abs(row[1].gap), row[0])
        )
        chosen: dict[str, str | int | bool] = {
            "kind": kind, "unit": unit, "disputed": which == DISPUTED, "offset": offset, "limit": limit,
        }  # fmt: skip
        rows, place = (_OF_FAULTS, _FAULT) if which == FAULTS else (_OF_LINES, _PLACE)
        cursor.execute(f"SELECT count(*) {rows}", chosen)
        count = cursor.fetchone()[0]
        cursor.execute(f"SELECT old_id, new_id {rows} {_PAGE.format(place=place)}", chosen)
        pages = cursor.fetchall()
    return Contrast(
        which,
        lists,
        [] if which == FAULTS else units,
        count,
        [] if which == FAULTS else list(_noted(before, after, _paired(before, after, pages))),
        _faulted(pages) if which == FAULTS else [],
        list(_totals(before, after)),
        diffing.others(before.head, after.head, before.differences, after.differences),
        split,
    )


def _paired(before: Run, after: Run, pages: Sequence[tuple[int | None, int | None]]) -> list[Pair]:
    found = BillLine.objects.in_bulk({one for row in pages for one in row if one})
    tiered = set(Item.objects.filter(pricing="阶梯").values_list("code", flat=True))
    was, now = (int(run.head["conventions"]["K-07"]) for run in (before, after))
    return [
        pair if pair.line.item not in tiered else replace(pair, places=(was, now))
        for pair in (Pair(found.get(old or 0), found.get(new or 0)) for old, new in pages)
    ]


def _faulted(pages: Sequence[tuple[int | None, int | None]]) -> list[Fault]:
    found = Difference.objects.in_bulk({one for row in pages for one in row if one})
    return [Fault(found.get(old or 0), found.get(new or 0)) for old, new in pages]


def _fill(cursor: Any, before: Run, after: Run) -> None:
    """不一样的账目、待核、差异放进临时表，事务完了就没有。"""
    for statement, read in (
        (_ODD, lambda run: queries.lines_of(run).values_list(*_COLUMNS)),
        (_ODD_FAULTS, lambda run: queries.differences_of(run).values()),
    ):
        parts: dict[str, str] = {}
        given: list[Any] = []
        for name, run in (("before", before), ("after", after)):
            parts[name], params = read(run).query.sql_with_params()
            given += params
        cursor.execute(statement.format(place=_PLACE, **parts), given)


def _noted(before: Run, after: Run, pairs: Sequence[Pair]) -> Iterator[Pair]:
    """只增、只减的说明另一头：账目的原来待核、不计费，还是现在待核、不计费；待核的原来、现在入账还是不计费。"""
    resources = {pair.line.resource for pair in pairs if pair.kind != CHANGED}
    held = any(pair.line.disputed for pair in pairs)
    aside = {
        run.pk: {
            (one.resource, one.item, one.from_on): words
            for words, rows in (
                ("入账" if held else "待核", queries.lines_of(run).filter(disputed=not held, resource__in=resources)),
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
