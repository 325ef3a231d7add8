"""列式引擎：照算法说明一步一个 SQL 文件，全程整数，内存不够就落盘。两个版本同一套步骤，版本 1 没有的都关着。

与 oracle（逐日笨算法）互不相识，两边的 digest 必须相等。
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import duckdb

from yunheng.metering import reading
from yunheng.metering.differences import BLOCKING, describe
from yunheng.metering.format import Manifest
from yunheng.metering.frozen import NUMBERS, Numbers
from yunheng.metering.problems import PackageError, Problem
from yunheng.metering.reading import Package
from yunheng.rules import conventions, scoring, workdays
from yunheng.rules.money import yuan
from yunheng.rules.periods import last_day

STEPS = (
    "00_facts",
    "01_actions",
    "02_timeline",
    "03_trial",
    "04_pieces",
    "05_tiers",
    "07_differences",
    "07_rulings",
    "05_amounts",
    "09_summary",
)
#: 汇总以后，把要写出来的排好序
LAST = ("10_lines", "12_differences")
#: 一块多少条账目：大到连接不反复建表，小到文本不占内存
CHUNK = 65_536

OnStep = Callable[[str, float], None]


@dataclass
class Settlement:
    """一次结算的结果。

    `head` 是 结算.json 里除 lines、disputed、differences、digest 以外的各键；
    账目和差异在连接里，逐块去取：账目用 `texts` 取规范 JSON 文本、用 `rows` 取成元组，差异用 `differences`。
    """

    head: dict[str, Any]
    connection: duckdb.DuckDBPyConnection = field(repr=False)

    def count(self, *, disputed: bool) -> int:
        """账目（或待核）的条数。"""
        first, last = self._span(disputed)
        return last - first

    def texts(self, *, disputed: bool) -> Iterator[list[str]]:
        """按规格的顺序给出账目（或待核）的规范 JSON，每块若干条。"""
        for rows in self._chunks("11_texts", disputed):
            yield [row[0] for row in rows]

    def rows(self, *, disputed: bool) -> Iterator[tuple[Any, ...]]:
        """按规格的顺序给出账目（或待核）各列，列序同 结算.json，待核末列是逗号相连的差异码。"""
        for rows in self._chunks("11_rows", disputed):
            yield from rows

    def counts(self) -> dict[str, int]:
        """各种差异的条数：D3 → 几条；没有的不列。"""
        rows = self.connection.execute("SELECT code, count(*) FROM differences GROUP BY code ORDER BY code").fetchall()
        return {f"D{code}": number for code, number in rows}

    def differences(self) -> Iterator[list[dict[str, Any]]]:
        """按规格的顺序给出各条差异，带 note，每块若干条；码一样阻断就一样。"""
        first = 0
        while rows := self.connection.execute(
            f"SELECT * FROM differences WHERE rowid >= {first} AND rowid < {first + CHUNK} ORDER BY rowid"
        ).fetchall():
            yield [
                {
                    "code": f"D{code}",
                    "resource": resource,
                    "item": item,
                    "form": form,
                    "order": order,
                    "blocking": code in BLOCKING,
                    "ruling": ruling,
                    "note": describe(code, expected, actual),
                }
                for code, resource, item, form, order, ruling, expected, actual in rows
            ]
            first += CHUNK

    def write_parquet(self, path: Path, *, disputed: bool) -> None:
        """把账目（或待核）另存为 Parquet，各列同 `rows`。"""
        target = str(path).replace("'", "''")
        self._take(*self._span(disputed))
        self.connection.execute(f"COPY ({statements('11_rows')[0]}) TO '{target}' (FORMAT parquet)")

    def write_csv(self, path: Path, which: str, leading: Sequence[str]) -> int:
        """把“账目”“待核”或“不计费”另存为 CSV，返回条数：`leading` 几栏、从 1 起的次序，再是 `rows` 的各列；没有表头。

        不计费的是被裁定删去的账目，不在 结算.json 里，留着说明为什么没有收。
        """
        target = str(path).replace("'", "''")
        if which == "不计费":
            self.connection.execute("CREATE OR REPLACE TEMP VIEW chunk AS SELECT * FROM waived")
        else:
            self._take(*self._span(which == "待核"))
        marks = "".join("'" + mark.replace("'", "''") + "', " for mark in leading)
        query = f"SELECT {marks}row_number() OVER (), * FROM ({statements('11_rows')[0]})"
        row = self.connection.execute(f"COPY ({query}) TO '{target}' (FORMAT csv, HEADER false)").fetchone()
        return int(row[0]) if row else 0

    def _span(self, disputed: bool) -> tuple[int, int]:
        """账目（或待核）在 ranked 里的行号范围 [起, 止)。"""
        row = self.connection.execute("SELECT count(*) FILTER (NOT disputed), count(*) FROM ranked").fetchone()
        lines, total = row or (0, 0)
        return (lines, total) if disputed else (0, lines)

    def _take(self, first: int, last: int) -> None:
        self.connection.execute(
            f"CREATE OR REPLACE TEMP VIEW chunk AS SELECT * FROM ranked WHERE rowid >= {first} AND rowid < {last}"
        )

    def _chunks(self, step: str, disputed: bool) -> Iterator[list[tuple[Any, ...]]]:
        first, last = self._span(disputed)
        (query,) = statements(step)
        while first < last:
            following = min(first + CHUNK, last)
            self._take(first, following)
            yield self.connection.execute(query).fetchall()
            first = following


def statements(step: str) -> list[str]:
    """一步的 SQL 语句。"""
    text = files("yunheng.metering").joinpath("sql", f"{step}.sql").read_text(encoding="utf-8")
    return [statement for part in text.split(";\n") if (statement := part.strip())]


def settle(
    package: Package, chosen: Mapping[str, str] | None = None, on_step: OnStep = lambda _step, _seconds: None
) -> Settlement:
    """结算一个已通过校验的数据包；`chosen` 是试算时另选的口径，盖过数据包里的。

    要出账目的日子没有价格版本：抛 PackageError，每段缺口一条。
    """
    manifest = package.manifest
    assert manifest is not None
    options = conventions.resolve({**manifest.conventions, **(chosen or {})}, manifest.version)
    numbers = NUMBERS[manifest.version]
    connection = package.connection
    start, until = reading.period(manifest)
    _parameters(connection, manifest, options)
    estimated = _clearance(connection, start, until, numbers.reclaim_days)
    for step in STEPS:
        began = time.perf_counter()
        for statement in statements(step):
            connection.execute(statement)
        if step == "04_pieces":
            _refuse_gaps(connection)
        on_step(step, time.perf_counter() - began)
    warnings = list(package.warnings) + _warnings(connection, estimated)
    assessments = _assessments(connection, start, until, options, numbers, warnings)
    rates = {entry["provider"]: Fraction(entry["deduction_rate"] or 0) for entry in assessments}
    head = {
        "format": "yunheng.settlement",
        "version": manifest.version,
        "service_year": manifest.service_year,
        "until": until.isoformat(),
        "district": manifest.district,
        "conventions": options,
        "summary": _summary(connection, rates, options, numbers),
        "assessments": assessments,
        "tier_prices": [
            {"item": item, "average_price": _decimal(price, 6)}
            for item, price in connection.execute(
                "SELECT i.item, t.price FROM tier_prices t JOIN items i USING (item_no) ORDER BY item_no"
            ).fetchall()
        ],
        "warnings": warnings,
    }
    for step in LAST:
        began = time.perf_counter()
        for statement in statements(step):
            connection.execute(statement)
        on_step(step, time.perf_counter() - began)
    return Settlement(head, connection)


def _decimal(value: int, places: int) -> str:
    """定点整数化成去尾零的十进制文本；`places` 为小数位数。"""
    whole, rest = divmod(value, 10**places)
    return f"{whole}.{rest:0{places}d}".rstrip("0").rstrip(".") if rest else str(whole)


def _parameters(connection: duckdb.DuckDBPyConnection, manifest: Manifest, options: Mapping[str, str]) -> None:
    """写三张参数表：run 一行（期间和口径）、days（自然月权重的累计）、tiers（本年度各档和全市总量）。

    版本 1 没有的口径照算法正文。
    """
    year, numbers = manifest.service_year, NUMBERS[manifest.version]
    start, until = reading.period(manifest)
    first, last = date(year, 7, 1), date(year + 1, 7, 1)
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    lengths = {day: _month_days(day) for day in every}
    base = math.lcm(*lengths.values()) if options["K-04"] == "calendar" else 30
    weight, weights = 0, []
    for day in every:
        weights.append((day, weight))
        weight += base // lengths[day] if options["K-04"] == "calendar" else 1
    _fill(connection, "days (day DATE, month_weight BIGINT)", weights)
    year_days = 365 if options["K-03"] == "fixed_365" else (last - first).days
    connection.execute(
        "CREATE OR REPLACE TABLE run AS SELECT CAST(? AS DATE) AS period_start, CAST(? AS DATE) AS period_until,"
        " CAST(? AS INTEGER) AS release_after, to_months(?) AS trial, CAST(? AS INTEGER) AS trial_extra,"
        " CAST(? AS BOOLEAN) AS trial_on_changes, CAST(? AS BOOLEAN) AS half_up, CAST(? AS BIGINT) AS year_base,"
        " CAST(? AS BIGINT) AS month_base, CAST(? AS HUGEINT) AS average_step, CAST(? AS DATE) AS year_start,"
        " CAST(? AS DATE) AS year_until, CAST(? AS BOOLEAN) AS trial_once, CAST(? AS BOOLEAN) AS trial_recurring,"
        " CAST(? AS BOOLEAN) AS from_review, CAST(? AS BOOLEAN) AS repeats, CAST(? AS INTEGER) AS tolerance",
        [
            start,
            until,
            1 if options["K-10"] == "after_review" else 0,
            numbers.trial_months,
            1 if options["K-01"] == "civil_code" else 0,
            options["K-09"] == "yes",
            options["K-05"] == "half_up",
            year_days * 10**7,
            base * 10**7,
            10 ** (6 - int(options["K-07"])),
            first,
            last,
            options.get("K-17") == "once",
            options.get("K-18") == "recurring",
            options.get("K-19") == "review",
            manifest.version > 1,
            numbers.tolerance_days,
        ],
    )
    connection.execute(
        "CREATE OR REPLACE TABLE tiers AS SELECT a.目录项 AS item, a.方式 = '到达' AS whole,"
        + "".join(
            f" CAST(CAST({text} AS DECIMAL(38, 6)) * 1000000 AS HUGEINT) AS {name},"
            for text, name in (("a.起", "start"), ("a.止", "until"), ("a.单价", "price"))
        )
        + " CAST(CAST(b.全市总量 AS DECIMAL(38, 6)) * 1000000 AS HUGEINT) AS total"
        " FROM raw_阶梯 a JOIN raw_全市用量 b ON b.目录项 = a.目录项"
        " AND CAST(b.服务年度 AS INTEGER) = CAST(a.服务年度 AS INTEGER)"
        f" WHERE CAST(a.服务年度 AS INTEGER) = {year}"
    )


def _fill(connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """建一张两列的小表并一次填满。"""
    connection.execute(f"CREATE OR REPLACE TABLE {table}")
    name = table.partition(" ")[0]
    connection.execute(
        f"INSERT INTO {name} SELECT unnest(?), unnest(?)", [list(column) for column in zip(*rows, strict=True)]
    )


def _month_days(day: date) -> int:
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return (following - day.replace(day=1)).days


def _clearance(connection: duckdb.DuckDBPyConnection, start: date, until: date, allowance: int) -> set[date]:
    """写 clearance 表：每个停止日最迟应清的日子（停止日前一日起 10 个工作日，M6-21）；返回推算出来的停止日。"""
    overrides = {
        date.fromisoformat(day): flag == "是"
        for day, flag in connection.execute("SELECT 日期, 工作日 FROM raw_日历").fetchall()
    }
    calendar = workdays.WorkCalendar(overrides)
    rows, estimated = [], set()
    stop = start
    while stop <= until:
        deadline = calendar.after(stop - timedelta(days=1), allowance)
        rows.append((stop, deadline.date))
        if deadline.estimated:
            estimated.add(stop)
        stop += timedelta(days=1)
    _fill(connection, "clearance (stop DATE, deadline DATE)", rows)
    return estimated


def _refuse_gaps(connection: duckdb.DuckDBPyConnection) -> None:
    days = "SELECT sum(date_diff('day', start, until)) FROM"
    if connection.execute(f"{days} billable").fetchone() == connection.execute(f"{days} priced").fetchone():
        return
    for statement in statements("04_gaps"):
        connection.execute(statement)
    gaps = connection.execute(
        "SELECT i.item, p.provider, g.day FROM gaps g JOIN items i USING (item_no) JOIN providers p USING (provider_no)"
        " ORDER BY 1, 2, 3"
    ).fetchall()
    raise PackageError(
        Problem(
            "目录",
            None,
            "生效日期",
            f"{item}（{provider}）自 {day} 起要出账目，但没有价格版本（D62-七 同期目录单价）",
        )
        for item, provider, day in gaps
    )


def _warnings(connection: duckdb.DuckDBPyConnection, estimated: set[date]) -> list[str]:
    warnings = []
    used = {row[0] for row in connection.execute("SELECT DISTINCT stop FROM stopped WHERE released").fetchall()}
    if estimated & used:
        warnings.append("有的停止日之后 10 个工作日落在放假安排未公布的年份，按周一至周五推定（R-006）")
    for resource, item, code, start, until, answered in connection.execute(
        "SELECT d.资源, d.目录项, d.差异, d.起, d.止, EXISTS (SELECT 1 FROM found f JOIN rulings r"
        " USING (timeline_no, code) JOIN items i ON i.item_no = f.timeline_no % 1048576"
        " JOIN resources s ON s.resource_no = f.timeline_no // 1048576"
        " WHERE s.resource = d.资源 AND i.item = d.目录项 AND 'D' || f.code = d.差异) AS answered"
        " FROM raw_差异裁定 d CROSS JOIN run WHERE NOT answered OR CAST(d.起 AS DATE) >= run.period_until ORDER BY ALL"
    ).fetchall():
        reason = "的日子全在数据截止日以后" if answered else "没有对应的差异"
        last = last_day(until) if until else "年度末日"
        days = f"，{start or '年度首日'} 至 {last}（含）" if start or until else ""
        warnings.append(f"差异裁定{reason}，已忽略：{resource} {item} {code}{days}")
    for table in ("阶梯", "全市用量"):
        for (item,) in connection.execute(
            f"SELECT DISTINCT 目录项 FROM raw_{table} JOIN items i ON i.item = 目录项 AND NOT i.tiered ORDER BY ALL"
        ).fetchall():
            warnings.append(f"{table}表里的目录项不是阶梯计价，已忽略：{item}")
    return warnings


def _assessments(
    connection: duckdb.DuckDBPyConnection,
    start: date,
    until: date,
    options: Mapping[str, str],
    numbers: Numbers,
    warnings: list[str],
) -> list[dict[str, Any]]:
    events: dict[str, dict[str, int]] = {}
    for provider, indicator, count in connection.execute(
        "SELECT 服务商, 指标, count(*) FROM raw_考核"
        " WHERE CAST(日期 AS DATE) >= ? AND CAST(日期 AS DATE) < ? GROUP BY ALL",
        [start, until],
    ).fetchall():
        events.setdefault(provider, {})[indicator] = count
    satisfaction = dict(connection.execute("SELECT 服务商, 满意率 FROM raw_满意度").fetchall())
    result = []
    for (provider,) in connection.execute("SELECT provider FROM providers ORDER BY provider_no").fetchall():
        marked = scoring.settle_score(
            events.get(provider, {}), satisfaction.get(provider), options["K-06"], numbers.scoring
        )
        if marked["total"] is None:
            warnings.append(f"服务商 {provider} 没有满意率，未考核，扣减按 0（D62-附件5）")
        result.append({"provider": provider, **marked})
    return result


def _summary(
    connection: duckdb.DuckDBPyConnection, rates: Mapping[str, Fraction], options: Mapping[str, str], numbers: Numbers
) -> dict[str, Any]:
    rows = connection.execute("SELECT disputed, payer, unit, provider, fen FROM totals").fetchall()
    return summarise(rows, rates, options, numbers)


#: 汇总前的一行：待核与否、谁付、单位（统一支付的不分，写 None）、服务商、分
Total = tuple[bool, str, str | None, str, int]


def summarise(
    rows: Iterable[Total], rates: Mapping[str, Fraction], options: Mapping[str, str], numbers: Numbers
) -> dict[str, Any]:
    """第 9 步 汇总：各家的计量、扣减、应付。

    `rates` 是各服务商的扣减比例，`options` 是所用口径，`numbers` 是数据包那一版的数字。
    """
    unified, own = [], []
    totals = dict.fromkeys(("unified_gross", "unified_net", "self_gross", "self_net", "disputed_gross"), 0)
    for disputed, payer, unit, provider, fen in sorted(rows, key=lambda row: (row[2] or "", row[3])):
        if disputed:
            totals["disputed_gross"] += fen
            continue
        rate = rates[provider] if payer == "unified" or options["K-11"] == "yes" else Fraction(0)
        deduction = (2 * fen * rate.numerator + rate.denominator) // (2 * rate.denominator)
        entry = {
            "provider": provider,
            "gross": yuan(fen),
            "deduction": yuan(deduction),
            "net": yuan(fen - deduction),
        }
        totals[f"{payer}_gross"] += fen
        totals[f"{payer}_net"] += fen - deduction
        if payer == "unified":
            unified.append(entry)
        else:
            own.append({"unit": unit, **entry})
    fee_base = totals["unified_net" if options["K-12"] == "net" else "unified_gross"]
    return {
        "unified": unified,
        "self": own,
        **{key: yuan(value) for key, value in totals.items()},
        "supervision_fee_cap": yuan(math.floor(fee_base * numbers.supervision_fee)),
    }
