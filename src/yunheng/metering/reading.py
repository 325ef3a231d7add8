"""读数据包：一个目录的 CSV（zip、xlsx 由 unpacking 先展开）装进暂存表。

暂存表 `raw_<表名>` 的各列都是文本：首尾空白已去，空单元格是 NULL，全空行已丢；另有一列 `row` 是行号。
干净的文件由数据库直接读（快，`row` 为 NULL）；凡有一点可疑，就逐行重读一遍（慢，记下行号和每处毛病）。
两条路读出的内容相同，校验只有一份（checking）。
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from yunheng.metering.borrowing import NOTE, noted
from yunheng.metering.format import (
    FIRST_YEAR,
    LAST_YEAR,
    MANIFEST,
    MANIFEST_FORMAT,
    MANIFEST_VERSION,
    TABLES,
    VERSIONS,
    WHITE_SPACE,
    Manifest,
    Table,
    Tables,
)
from yunheng.metering.jsons import NotJson, parsed
from yunheng.metering.problems import Problem
from yunheng.metering.records import Unreadable, records, scan
from yunheng.rules import conventions

MAX_LINE = 1 << 20
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass
class Package:
    """读进来的数据包：说明、暂存连接、读的时候就看得出的错误和提醒。

    `unreadable` 是读不出的表，校验不再报别表对它的引用。`version`、`year` 是说明里的版本、服务年度：
    版本读不出的各表按最后一版查，年度读不出为 None。
    """

    source: Path
    connection: duckdb.DuckDBPyConnection
    manifest: Manifest | None = None
    version: int = MANIFEST_VERSION
    year: int | None = None
    problems: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    numbered: bool = False

    def problem(self, table: str, row: int | None, column: str, reason: str) -> None:
        """记一处错误。"""
        self.problems.append(Problem(table, row, column, reason))

    def keyed(self, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        """说明里的一个对象；同一个键写了两遍的提醒。"""
        content = dict(pairs)
        if len(content) < len(pairs):
            twice = [key for key, number in Counter(key for key, _ in pairs).items() if number > 1]
            self.warnings.append(f"{MANIFEST}.json 里写了两遍的键，取后一个：{'、'.join(twice)}")
        return content


def read(source: Path, folder: Path, connection: duckdb.DuckDBPyConnection, *, numbered: bool = False) -> Package:
    """把 `folder` 里的数据包装进 `connection` 的暂存表。

    `numbered` 为真时逐行读，`row` 列有行号。有错不抛出，记在返回值的 `problems` 里。
    """
    package = Package(source, connection, numbered=numbered)
    _read_manifest(package, folder / f"{MANIFEST}.json")
    known = {f"{table.name}.csv" for table in TABLES} | {f"{MANIFEST}.json"}
    for path in sorted(folder.iterdir()):
        if path.name not in known:
            shown = os.fsencode(path.name).decode("utf-8", "replace")
            package.warnings.append(f"数据包里多余的文件，已忽略：{shown}")
    for table in TABLES:
        _read_table(package, table, folder / f"{table.name}.csv")
    return package


# ── 数据包.json ──────────────────────────────────────────────────────────────


def _read_manifest(package: Package, path: Path) -> None:
    def wrong(key: str, reason: str) -> None:
        package.problem(MANIFEST, None, key, reason)

    if not path.is_file():
        wrong("-", _unreadable(path) or f"缺少 {MANIFEST}.json")
        return
    if path.stat().st_size > MAX_LINE:
        wrong("-", f"{MANIFEST}.json 超过 1 MiB")
        return
    try:
        content = parsed(path.read_bytes(), object_pairs_hook=package.keyed)
    except NotJson as error:
        wrong("-", str(error))
        return
    if not isinstance(content, dict):
        wrong("-", "应为一个 JSON 对象")
        return
    found = len(package.problems)
    for key in content:
        if key == NOTE and isinstance(content[key], str):
            package.warnings += noted(_UNPRINTABLE.sub("�", content[key]))
        elif key not in {"格式", "版本", "服务年度", "区", "数据截止日", "口径"}:
            package.warnings.append(f"{MANIFEST}.json 里多余的键，已忽略：{key}")
    if content.get("格式") != MANIFEST_FORMAT:
        wrong("格式", f"应为 {MANIFEST_FORMAT}")
    if _is_integer(content.get("版本")) and content["版本"] in VERSIONS:
        package.version = content["版本"]
    else:
        wrong("版本", f"应为整数 {' 或 '.join(map(str, VERSIONS))}")
    year = content.get("服务年度")
    if not isinstance(year, int) or isinstance(year, bool) or not FIRST_YEAR <= year <= LAST_YEAR:
        wrong("服务年度", "应为四位整数，如 2023 表示 2023-07-01 至 2024-06-30（D62-五）")
        year = None
    package.year = year
    district = content.get("区")
    if not isinstance(district, str) or not district.strip(WHITE_SPACE) or _UNPRINTABLE.search(district):
        wrong("区", "必填，应为区的名称")
    cutoff = _cutoff(package, content.get("数据截止日"), year)
    chosen = _chosen_conventions(package, content.get("口径"))
    if year is not None and len(package.problems) == found:
        package.manifest = Manifest(package.version, year, str(district).strip(WHITE_SPACE), cutoff, chosen)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _cutoff(package: Package, value: Any, year: int | None) -> date | None:
    if value is None:
        return None
    try:
        if not isinstance(value, str) or not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip(WHITE_SPACE)):
            raise ValueError
        cutoff = date.fromisoformat(value.strip(WHITE_SPACE))
    except ValueError:
        package.problem(MANIFEST, None, "数据截止日", f"日期应为 YYYY-MM-DD 且确有其日：{value}")
        return None
    if year is not None and not date(year, 7, 1) <= cutoff < date(year + 1, 7, 1):
        package.problem(
            MANIFEST,
            None,
            "数据截止日",
            f"须在服务年度 {year}-07-01 至 {year + 1}-06-30 之内（D62-七）：{value}",
        )
    return cutoff


def _chosen_conventions(package: Package, value: Any) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        package.problem(MANIFEST, None, "口径", "应为“口径码: 选项”的对象")
        return {}
    chosen = {}
    for code, option in value.items():
        text = option if isinstance(option, str) else json.dumps(option, ensure_ascii=False)
        try:
            conventions.resolve({code: text}, package.version)
        except ValueError as error:
            package.problem(MANIFEST, None, f"口径.{code}", str(error))
        else:
            chosen[code] = text
    return chosen


# ── 表 ──────────────────────────────────────────────────────────────────────


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _read_table(package: Package, table: Table, path: Path) -> None:
    connection = package.connection
    stage = _quoted(f"raw_{table.name}")
    columns = ", ".join(f"{_quoted(c.name)} VARCHAR" for c in table.columns)
    if not path.is_file():
        connection.execute(f"CREATE OR REPLACE TABLE {stage} (row BIGINT, {columns})")
        why = _unreadable(path) or (f"缺少这张表（{table.name}.csv）" if table.required else "")
        if why:
            package.problem(table.name, None, "-", why)
            package.unreadable.add(table.name)
        return
    clean, blanks = scan(path)
    first = _first(package, table, path)
    header = None if first is None else _header(package, table, first)
    if first is None or header is None:
        connection.execute(f"CREATE OR REPLACE TABLE {stage} (row BIGINT, {columns})")
        package.unreadable.add(table.name)
        return
    # 数据库按物理行跳过表头，表头的哪一格（去首尾空白以前的原字）里有换行都逐行读
    one_line = not any(end in cell for cell in first for end in "\r\n")
    if clean and one_line and not package.numbered:
        try:
            _stage_fast(connection, table, path, header, trim=blanks)
            return
        except duckdb.Error:
            pass  # 有可疑之处：逐行重读，由那一遍判断是不是错、错在哪
    setting = connection.execute("SELECT current_setting('temp_directory')").fetchone()
    assert setting is not None
    path_for_rows = Path(str(setting[0])) / f"{table.name}.rows.csv"
    path_for_rows.parent.mkdir(parents=True, exist_ok=True)
    with path_for_rows.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.writer(sink, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for number, cells in _checked_rows(package, table, path, header):
            writer.writerow([number, *cells])
    names = ["row", *(c.name for c in table.columns)]
    spec = ", ".join(f"{_literal(n)}: 'VARCHAR'" for n in names)
    values = ", ".join(f"nullif({_quoted(c.name)}, '') AS {_quoted(c.name)}" for c in table.columns)
    connection.execute(
        f"CREATE OR REPLACE TABLE {stage} AS SELECT CAST(row AS BIGINT) AS row, {values} FROM read_csv("
        f"?, header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', parallel = false,"
        f" max_line_size = {64 * MAX_LINE}, columns = {{{spec}}})",
        [str(path_for_rows)],
    )
    path_for_rows.unlink()


def _unreadable(path: Path) -> str:
    """有这个名字而读不出的：为什么。真的没有的为空：可缺的表没有才等于空表。"""
    if not os.path.lexists(path):
        return ""
    if path.is_dir():
        return f"{path.name} 是一个目录，不是文件"
    if path.is_symlink():
        return f"{path.name} 是指向别处的链接，指的文件读不到"
    return f"{path.name} 不是普通的文件，读不出"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _stage_fast(
    connection: duckdb.DuckDBPyConnection, table: Table, path: Path, header: Sequence[str], *, trim: bool
) -> None:
    spec = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(header)))
    values, present = [], []
    for column in table.columns:
        name = _quoted(column.name)
        if column.name not in header:
            values.append(f"CAST(NULL AS VARCHAR) AS {name}")
            continue
        cell = f"c{list(header).index(column.name)}"
        present.append(cell)
        values.append(f"nullif(trim({cell}, {_literal(WHITE_SPACE)}), '') AS {name}" if trim else f"{cell} AS {name}")
    cells = ", ".join(f"c{i}" for i in range(len(header)))
    blank = f"coalesce({cells}) IS NULL" if not trim else "false"
    stage = _quoted(f"raw_{table.name}")
    connection.execute(
        f"CREATE OR REPLACE TABLE {stage} AS SELECT CAST(NULL AS BIGINT) AS row, {', '.join(values)} FROM read_csv("
        "?, header = false, skip = 1, auto_detect = false, delim = ',', quote = '\"', escape = '\"',"
        f" null_padding = true, strict_mode = true, columns = {{{spec}}}) WHERE NOT ({blank})",
        [str(path)],
    )
    if trim:
        names = ", ".join(_quoted(c.name) for c in table.columns)
        connection.execute(f"DELETE FROM {stage} WHERE coalesce({names}) IS NULL")


def _first(package: Package, table: Table, path: Path) -> list[str] | None:
    """表头那条记录的原字；没有的、读不下去的记错并返回 None。"""
    try:
        return next(records(path))
    except StopIteration:
        package.problem(table.name, 1, "-", "表是空的，没有表头")
    except Unreadable as error:
        package.problem(table.name, 1, "-", str(error))
    return None


def _header(package: Package, table: Table, first: Sequence[str]) -> list[str] | None:
    """校验表头；坏表头记错并返回 None。"""
    header = [cell.strip(WHITE_SPACE) for cell in first]
    while header and not header[-1]:
        header.pop()
    good = True
    garbled = [number for number, name in enumerate(header, start=1) if not _encoded(name)]
    if garbled:
        package.problem(table.name, 1, "-", f"表头第 {garbled[0]} 列不是 UTF-8 编码，请另存为 UTF-8")
        good = False
    for name in sorted({name for name in header if header.count(name) > 1} - {header[n - 1] for n in garbled}):
        package.problem(table.name, 1, name or "-", "表头列名重复" if name else "表头有空列名")
        good = False
    for column in table.columns:
        if column.required and column.name not in header:
            package.problem(table.name, 1, column.name, "缺少这一列" + ("（表头不是 UTF-8 编码）" if garbled else ""))
            good = False
    extra = [name for name in header if all(name != column.name for column in table.columns)]
    if good and extra:
        package.warnings.append(
            f"{table.name} 里多余的列，已忽略：{'、'.join(' '.join(name.split()) for name in extra)}"
        )
    later = [c.name for c in table.columns if c.since > package.version and c.name in header]
    if good and later:
        unseen = f"版本 {package.version} 不看{'、'.join(later)}"
        package.warnings.append(f"{table.name} 里多余的列，已忽略：{unseen}")
        header = [f"{name}（{unseen}）" if name in later else name for name in header]
    return header if good else None


def _encoded(text: str) -> bool:
    """是不是 UTF-8 写得出的字；不是 UTF-8 的字节读进来是代理码点。"""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _checked_rows(package: Package, table: Table, path: Path, header: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """逐行给出（行号, 各列文本），并报行内的格式错误。"""
    places = [header.index(c.name) if c.name in header else -1 for c in table.columns]
    found = records(path)
    next(found)
    number = 1
    try:
        for record in found:
            number += 1
            cells = [cell.strip(WHITE_SPACE) for cell in record]
            if not any(cells):
                continue
            if any(cells[len(header) :]):
                package.problem(table.name, number, "-", f"单元格多于表头：表头 {len(header)} 列，本行 {len(cells)} 列")
            for index, cell in enumerate(cells[: len(header)]):
                cells[index] = _legible(package, table, number, header[index], cell)
            cells += [""] * (len(header) - len(cells))
            yield number, [cells[place] if place >= 0 else "" for place in places]
    except Unreadable as error:
        package.problem(table.name, number + 1, "-", str(error))
        package.unreadable.add(table.name)


def _legible(package: Package, table: Table, number: int, column: str, cell: str) -> str:
    if not _encoded(cell):
        package.problem(table.name, number, column, "不是 UTF-8 编码")
        cell = cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if _UNPRINTABLE.search(cell):
        package.problem(table.name, number, column, f"有不可打印的控制字符：{cell!r}")
        cell = _UNPRINTABLE.sub("�", cell)
    return cell


def period(manifest: Manifest) -> tuple[date, date]:
    """期内 [起, 止)：服务年度与数据截止日以前的交集（D62-五）。"""
    start = date(manifest.service_year, 7, 1)
    until = date(manifest.service_year + 1, 7, 1)
    return start, until if manifest.cutoff is None else manifest.cutoff + timedelta(days=1)


def rows_of(package: Package) -> Tables:
    """把暂存表读成普通的行；空单元格是空串。"""
    return {table.name: _rows(package, table) for table in TABLES}


#: 一个资源的账目只看这些行：它自己的，和有关的单据、项目、单位、目录项；考核、日历不动账目，不取
_DETAILS = "SELECT 单号 FROM raw_单据明细 WHERE 资源 = $1"
_PROJECTS = f"SELECT 项目 FROM raw_单据 WHERE 单号 IN ({_DETAILS})"
_ABOUT = {
    **dict.fromkeys(("单据明细", "工单", "日志", "用量", "差异裁定"), "资源 = $1"),
    "单据": f"单号 IN ({_DETAILS})",
    "项目": f"项目 IN ({_PROJECTS})",
    "机构": f"类型 = '云服务商' OR 代码 IN (SELECT 单位 FROM raw_项目 WHERE 项目 IN ({_PROJECTS}))",
    **dict.fromkeys(("目录", "阶梯", "全市用量"), "目录项 IN (SELECT 目录项 FROM raw_单据明细 WHERE 资源 = $1)"),
    **dict.fromkeys(("考核", "满意度", "日历"), "$1 IS NULL"),
}


def rows_about(package: Package, resource: str) -> Tables:
    """一个资源的那一部分，读成普通的行：照它算出的账目、待核与整包的相同。"""
    return {table.name: _rows(package, table, f" WHERE {_ABOUT[table.name]}", [resource]) for table in TABLES}


def _rows(package: Package, table: Table, where: str = "", given: Sequence[str] = ()) -> list[dict[str, str]]:
    names = [column.name for column in table.columns]
    listed = ", ".join(_quoted(name) for name in names)
    stage = _quoted(f"raw_{table.name}")
    rows = package.connection.execute(f"SELECT {listed} FROM {stage}{where}", list(given)).fetchall()
    return [dict(zip(names, (cell or "" for cell in row), strict=True)) for row in rows]
