"""取一个数据包里几个资源的那一部分：拿来只重算它们，或只看它们的三方证据（R-075）。"""

from __future__ import annotations

import csv
import tempfile
import zipfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import IO

import duckdb

from yunheng.metering.format import MANIFEST

#: 有资源一栏的大表，只取这几个资源的行
_BY_RESOURCE = ("单据明细", "工单", "日志", "用量")
_RULINGS = "差异裁定"
#: 三方证据在这几张表里：申请表、平台工单、平台日志；后两张是项目、机构叫什么
_WITNESSES = ("单据明细", "工单", "日志")
_NAMES = ("项目", "机构")


def part(
    package: IO[bytes],
    target: Path,
    resources: Collection[str],
    rulings: Iterable[Mapping[str, str]],
    forms: Collection[str] = (),
) -> None:
    """从 `package`（系统自己写的 zip）取 `resources` 的部分，写成目录 `target`；差异裁定换成 `rulings`。

    单据是这些资源的明细、工单提到的，和 `forms`。
    一个资源的时间线、差异、账目只看它自己的明细、工单、日志、用量和有关的单据，所以与整包里算的相同。
    """
    target.mkdir(parents=True)
    with zipfile.ZipFile(package) as archive, duckdb.connect() as connection:
        names = {name.removesuffix(".csv") for name in archive.namelist() if name.endswith(".csv")} - {_RULINGS}
        _want(connection, resources)
        connection.execute("CREATE TABLE forms AS SELECT unnest(?::VARCHAR[]) AS name", [sorted(forms)])
        for name in names - {*_BY_RESOURCE, "单据"}:
            archive.extract(f"{name}.csv", target)
        archive.extract(f"{MANIFEST}.json", target)
        _pick(connection, archive, [name for name in _BY_RESOURCE if name in names], target)
    rows = list(rulings)
    if rows:
        with (target / f"{_RULINGS}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def about(package: IO[bytes], resources: Collection[str]) -> dict[str, list[dict[str, str]]]:
    """`package`（系统自己写的 zip）里这几个资源的单据、单据明细、工单、日志，和项目、机构两张名录；空的格是空串。"""
    with tempfile.TemporaryDirectory(prefix="yunheng-about-") as name:
        target = Path(name)
        with zipfile.ZipFile(package) as archive, duckdb.connect() as connection:
            _want(connection, resources)
            _pick(connection, archive, _WITNESSES, target)
            for table in _NAMES:
                archive.extract(f"{table}.csv", target)
        found = {}
        for table in ("单据", *_WITNESSES, *_NAMES):
            with (target / f"{table}.csv").open(encoding="utf-8", newline="") as file:
                found[table] = list(csv.DictReader(file))
        return found


def _want(connection: duckdb.DuckDBPyConnection, resources: Collection[str]) -> None:
    connection.execute("CREATE TABLE wanted AS SELECT unnest(?::VARCHAR[]) AS name", [sorted(resources)])


def _pick(connection: duckdb.DuckDBPyConnection, archive: zipfile.ZipFile, names: Iterable[str], target: Path) -> None:
    """`names` 各表（有单据明细）里要的资源的行，和这些明细所在的单据。"""
    for name in names:
        _filtered(connection, archive, name, target, "资源 IN (SELECT name FROM wanted)")
    details = _reading(target / "单据明细.csv")
    _filtered(connection, archive, "单据", target, f"单号 IN (SELECT 单号 FROM {details})")


def _filtered(
    connection: duckdb.DuckDBPyConnection, archive: zipfile.ZipFile, name: str, target: Path, where: str
) -> None:
    """一张表只留合条件的行。"""
    whole = Path(archive.extract(f"{name}.csv", target / "全"))
    kept = str(target / f"{name}.csv").replace("'", "''")
    connection.execute(f"COPY (SELECT * FROM {_reading(whole)} WHERE {where}) TO '{kept}' (FORMAT csv, HEADER true)")
    whole.unlink()
    whole.parent.rmdir()


def _reading(path: Path) -> str:
    """读一张表，各格都按文字；空的是 NULL。"""
    with path.open(encoding="utf-8", newline="") as file:
        names = next(csv.reader(file))
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in names)
    quoted = str(path).replace("'", "''")
    return (
        f"read_csv('{quoted}', auto_detect = false, header = true, delim = ',', quote = '\"', escape = '\"',"
        f" columns = {{{columns}}})"
    )
