"""打开一个数据包：解开、读进暂存表、查完全部错误，交给引擎；用完不留临时文件。"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from yunheng.metering import reading, unpacking
from yunheng.metering.checking import check as check_package
from yunheng.metering.format import TABLES
from yunheng.metering.problems import NoRoom, PackageError
from yunheng.metering.reading import Package


@contextmanager
def opened(source: Path, memory: int | None = None) -> Iterator[Package]:
    """读并校验数据包；有错抛 PackageError，列出全部。临时文件用完即删。"""
    with tempfile.TemporaryDirectory(prefix="yunheng-") as name:
        workspace = Path(name)
        spill = workspace / "spill"
        spill.mkdir()
        config: dict[str, Any] = {"temp_directory": str(spill)}
        if memory:
            # 库外还要留些：写盘的缓冲、差异和汇总都不在库里
            config["memory_limit"] = f"{memory * 3 // 4}MiB"
        try:
            with duckdb.connect(config=config) as connection:
                # DuckDB 2.0.0 连接后的小块合并会认错字典而中断（dict-surviving cache…），随数据偶发；关掉它，快慢不变
                connection.execute("SET enable_caching_operators = false")
                yield _read(source, workspace, connection)
        except (duckdb.OutOfMemoryException, duckdb.IOException, MemoryError) as error:
            if isinstance(error, duckdb.IOException):
                said = f"临时目录 {tempfile.gettempdir()} 写不下或读写出错，没有写任何文件；腾出地方再试"
            else:
                said = "内存不够，没有写任何文件；调大 --memory，或换一台内存大的机器再试"
            raise NoRoom(said) from error


def _read(source: Path, workspace: Path, connection: duckdb.DuckDBPyConnection) -> Package:
    folder, told = unpacking.unpack(source, workspace)
    package = reading.read(source, folder, connection)
    problems = package.problems + check_package(package)
    if problems and not package.numbered:
        package = reading.read(source, folder, connection, numbered=True)
        problems = package.problems + check_package(package)
    if problems:
        order = {table.name: n for n, table in enumerate(TABLES)}
        problems.sort(key=lambda p: (order.get(p.table, -1), p.row or 0, p.column, p.reason))
        raise PackageError(dict.fromkeys(problems))
    package.warnings[:0] = told
    return package
