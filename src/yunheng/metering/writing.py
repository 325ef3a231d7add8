"""写数据包：目录、zip、xlsx 三种样子，读回来一字不差。"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from yunheng.metering.format import MANIFEST, TABLES, Row, Table

#: Excel 一张表最多的行数，含表头
SHEET_ROWS = 1_048_576
#: 压缩包里的时刻写定，同样的数据逐字节相同
_STAMP = (1980, 1, 1, 0, 0, 0)


def write_package(target: Path, manifest: Mapping[str, Any], tables: Mapping[str, Sequence[Row]]) -> None:
    """写一个数据包。`target` 以 .zip、.xlsx 结尾就写成那种文件，否则写成目录。

    `manifest` 是 数据包.json 的内容，`tables` 是表名到各行；必备的表总写，其余空表不写。
    目标已有内容抛 FileExistsError；一张表多于 Excel 的行数抛 ValueError，什么也不写。
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FileExistsError(f"{target} 已有内容")
    chosen = [(table, tables.get(table.name, ())) for table in TABLES]
    chosen = [(table, rows) for table, rows in chosen if rows or table.required]
    kind = target.suffix.lower()
    if kind not in (".zip", ".xlsx"):
        target.mkdir(parents=True, exist_ok=True)
        for name, content in _texts(manifest, chosen):
            (target / name).write_bytes(content)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f".{target.name}.draft")
    try:
        if kind == ".zip":
            with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, content in _texts(manifest, chosen):
                    archive.writestr(zipfile.ZipInfo(name, _STAMP), content, zipfile.ZIP_DEFLATED)
        else:
            _write_workbook(draft, manifest, chosen)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def _texts(manifest: Mapping[str, Any], chosen: Sequence[tuple[Table, Sequence[Row]]]) -> Iterator[tuple[str, bytes]]:
    """各文件的名字和内容。"""
    yield f"{MANIFEST}.json", (json.dumps(manifest, ensure_ascii=False, indent=1) + "\n").encode()
    for table, rows in chosen:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, [column.name for column in table.columns], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        yield f"{table.name}.csv", text.getvalue().encode()


def _write_workbook(path: Path, manifest: Mapping[str, Any], chosen: Sequence[tuple[Table, Sequence[Row]]]) -> None:
    """一张表一页，每格都按文字写：数字、日期的样子不随打开它的软件变。"""
    for table, rows in chosen:
        if len(rows) >= SHEET_ROWS:
            raise ValueError(f"{table.name}表有 {len(rows)} 行，一张工作表放不下；请写成目录或 .zip")
    keys = {key: value for key, value in manifest.items() if key != "口径"}
    keys |= {f"口径.{code}": option for code, option in (manifest.get("口径") or {}).items()}
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet(MANIFEST)
        for number, (key, value) in enumerate([("键", "值"), *keys.items()]):
            sheet.write_string(number, 0, key)
            sheet.write_string(number, 1, "" if value is None else str(value))
        for table, rows in chosen:
            sheet = book.add_worksheet(table.name)
            names = [column.name for column in table.columns]
            for number, cells in enumerate([names, *([row.get(name, "") for name in names] for row in rows)]):
                for column, cell in enumerate(cells):
                    if cell:
                        sheet.write_string(number, column, cell)
