"""`settle --lines parquet` 的结果：结算.json 旁边的 账目.parquet、待核.parquet 读回来，成一份完整的结算。"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb

from yunheng.metering import result
from yunheng.metering.structure import LISTS, Malformed

LINES, DISPUTED = "账目.parquet", "待核.parquet"


def with_lines(content: dict[str, Any], folder: Path, name: str, most: int | None = None) -> dict[str, Any]:
    """补上账目、待核；文件不全、坏了、展开超过 `most` 字节、与摘要不符的抛 Malformed。"""
    whole = content | {"lines": _read(folder / LINES, name, most), "disputed": _read(folder / DISPUTED, name, most)}
    digest = result.digest_of(whole)
    if digest != content["digest"]:
        said = (
            f"文件被改动过：写着的摘要 {content['digest']} 与 {LINES}、{DISPUTED} 合起来算出来的 {digest} 不同（R-077）"
        )
        raise Malformed(name, [said])
    return whole


def _read(path: Path, name: str, most: int | None) -> list[dict[str, Any]]:
    if not path.is_file():
        raise Malformed(name, [f"账目另存为 Parquet，旁边没有 {path.name}；请把 {LINES}、{DISPUTED} 与它放在一起"])
    wanted = list(LISTS["disputed"])
    try:
        with duckdb.connect() as connection:
            found = connection.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)])
            columns = [column[0] for column in found.description or ()]
            if columns != wanted:
                raise Malformed(name, [f"{path.name} 的各列应为 {'、'.join(wanted)}，现为 {'、'.join(columns)}"])
            if most is not None and _size(connection, path) > most:
                raise Malformed(name, [f"{path.name} 展开后超过 {most >> 20} MiB；请用命令 yunheng diff 离线比对"])
            rows = connection.execute("SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
    except duckdb.Error as error:
        raise Malformed(name, [f"{path.name} 读不出来：没有传完，或不是 Parquet；请重新生成（R-077）"]) from error
    disputed = path.name == DISPUTED
    lines = []
    for row in rows:
        *values, codes = row
        line = dict(zip(wanted, values, strict=False))
        lines.append(line | {"differences": str(codes or "").split(",")} if disputed else line)
    return lines


def _size(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """展开成文本多少字节：由库一段一段数，不整份读进来。"""
    row = connection.execute(
        "SELECT coalesce(sum(strlen(CAST(to_json(t) AS VARCHAR))), 0) FROM read_parquet(?) AS t", [str(path)]
    ).fetchone()
    return int(row[0]) if row else 0
