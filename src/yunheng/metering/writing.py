"""写数据包：目录、zip、xlsx 三种样子，读回来一字不差。"""

from __future__ import annotations

import csv
import io
import itertools
import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

from yunheng.metering.format import MANIFEST, Row, Table, tables_of

#: Excel 一张表最多的行数，含表头
SHEET_ROWS = 1_048_576
#: 压缩包里的时刻写定，同样的数据逐字节相同
_STAMP = (1980, 1, 1, 0, 0, 0)
#: 攒到这么多行、这么多字节写一次
_ROWS, _BYTES = 2000, 1 << 20


@dataclass(frozen=True)
class Chunks:
    """已是 CSV 的一张大表：不含表头，列照格式的次序，一段一段给出；`parts` 可以从头再读。"""

    parts: Iterable[bytes]


Source = Iterable[Row] | Chunks


def refuse_occupied(target: Path) -> None:
    """目标已有文件，或目录里有东西，抛 FileExistsError。"""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FileExistsError(f"{target} 已有内容")


@contextmanager
def drafted(target: Path) -> Iterator[Path]:
    """写文件或目录 `target`：给出草稿写，写完才改名；中途出错，`target` 里什么都没有，草稿不留。

    目标已有内容抛 FileExistsError；已有的空目录可能是挂载点，不能换掉，草稿放在它里面，写完各自移出来。
    """
    refuse_occupied(target)
    inside = target.is_dir()
    draft = target / ".draft" if inside else target.with_name(f".{target.name}.draft")
    draft.parent.mkdir(parents=True, exist_ok=True)
    _remove(draft)
    try:
        yield draft
        if inside:
            for path in sorted(draft.iterdir()):
                path.replace(target / path.name)
        else:
            draft.replace(target)
    finally:
        _remove(draft)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_package(target: Path, manifest: Mapping[str, Any], tables: Mapping[str, Source]) -> None:
    """写一个数据包。`target` 以 .zip、.xlsx 结尾就写成那种文件，否则写成目录。

    `manifest` 是 数据包.json 的内容，`tables` 是表名到各行，逐表逐段写，不整份留在内存；
    列照 `manifest` 写的版本；必备的表总写，其余空表不写。
    目标已有内容抛 FileExistsError；一张表多于 Excel 的行数抛 ValueError，什么也不写。
    """
    kind = target.suffix.lower()
    with drafted(target) as draft:
        if kind == ".zip":
            with zipfile.ZipFile(draft, "w") as archive:
                for name, parts in _files(manifest, tables):
                    entry = zipfile.ZipInfo(name, _STAMP)
                    entry.compress_type = zipfile.ZIP_DEFLATED
                    with archive.open(entry, "w", force_zip64=True) as file:
                        file.writelines(parts)
        elif kind == ".xlsx":
            _write_workbook(draft, manifest, tables)
        else:
            draft.mkdir()
            for name, parts in _files(manifest, tables):
                with (draft / name).open("wb") as file:
                    file.writelines(parts)


def _files(manifest: Mapping[str, Any], tables: Mapping[str, Source]) -> Iterator[tuple[str, Iterable[bytes]]]:
    """各文件的名字和内容。"""
    yield f"{MANIFEST}.json", [(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()]
    for table, parts in _bodies(manifest, tables):
        yield f"{table.name}.csv", itertools.chain([",".join(_names(table)).encode() + b"\n"], parts)


def _bodies(manifest: Mapping[str, Any], tables: Mapping[str, Source]) -> Iterator[tuple[Table, Iterator[bytes]]]:
    """要写的各表和它的 CSV（不含表头），前一张读完才轮到后一张；列照说明里写的版本。"""
    for table in tables_of(manifest["版本"]):
        source = tables.get(table.name, ())
        parts = _gathered(source.parts) if isinstance(source, Chunks) else _formatted(table, source)
        first = next(parts, None)
        if first is not None:
            yield table, itertools.chain([first], parts)
        elif table.required:
            yield table, iter(())


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def _gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    """小段攒成大段。"""
    kept: list[bytes] = []
    size = 0
    for part in parts:
        kept.append(part)
        size += len(part)
        if size >= _BYTES:
            yield b"".join(kept)
            kept, size = [], 0
    if kept:
        yield b"".join(kept)


def _formatted(table: Table, rows: Iterable[Row]) -> Iterator[bytes]:
    rows = iter(rows)
    while batch := list(itertools.islice(rows, _ROWS)):
        text = io.StringIO(newline="")
        csv.DictWriter(text, _names(table), lineterminator="\n").writerows(batch)
        yield text.getvalue().encode()


def _write_workbook(path: Path, manifest: Mapping[str, Any], tables: Mapping[str, Source]) -> None:
    """一张表一页，每格都按文字写：数字、日期的样子不随打开它的软件变。"""
    keys = {key: value for key, value in manifest.items() if key != "口径"}
    keys |= {f"口径.{code}": option for code, option in (manifest.get("口径") or {}).items()}
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet(MANIFEST)
        for number, (key, value) in enumerate([("键", "值"), *keys.items()]):
            sheet.write_string(number, 0, key)
            sheet.write_string(number, 1, "" if value is None else str(value))
        for table, parts in _bodies(manifest, tables):
            sheet = book.add_worksheet(table.name)
            for number, row in enumerate(itertools.chain([_names(table)], cells(parts))):
                if number >= SHEET_ROWS:
                    raise ValueError(f"{table.name}表超过 {SHEET_ROWS - 1} 行，一张工作表放不下；请写成目录或 .zip")
                for column, cell in enumerate(row):
                    if cell:
                        sheet.write_string(number, column, cell)


def cells(parts: Iterable[bytes]) -> Iterator[list[str]]:
    """CSV 的各行：一段不一定断在行尾，先接起来再分。"""

    def lines() -> Iterator[str]:
        rest = b""
        for part in parts:
            *whole, rest = (rest + part).split(b"\n")
            yield from (f"{line.decode()}\n" for line in whole)
        if rest:
            yield rest.decode()

    return csv.reader(lines())
