"""把 xlsx 数据包展成一个目录的 CSV：一张工作表一个文件，行号不变。"""

from __future__ import annotations

import csv
import json
import re
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from yunheng.metering.format import MANIFEST, TABLE, WHITE_SPACE
from yunheng.metering.problems import PackageError, Problem

_INTEGERS = ("版本", "服务年度")


def unpack_workbook(source: Path, folder: Path) -> None:
    """读 `source` 工作簿，写 `folder` 里的 CSV 和 数据包.json。

    公式、合并单元格、错误值不收：它们的值取决于打开它的软件。有一处就抛 PackageError，全部列出。
    """
    problems: list[Problem] = []
    try:
        book = load_workbook(source, read_only=True, data_only=False)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError, OSError, SyntaxError) as error:
        raise PackageError([Problem(MANIFEST, None, "-", f"工作簿打不开：{error}")]) from error
    with zipfile.ZipFile(source) as archive:
        for sheet in book.worksheets:
            name = sheet.title.strip(WHITE_SPACE)
            if name != MANIFEST and name not in TABLE:
                continue
            if b"<mergeCell " in archive.read(_part_of(sheet).lstrip("/")):
                problems.append(Problem(name, None, "-", "有合并的单元格；数据表的每个单元格都要单独填写"))
            sheet.reset_dimensions()
            rows = _texts(sheet, name, problems)
            if name == MANIFEST:
                _write_manifest(rows, folder)
            else:
                with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                    csv.writer(file, lineterminator="\n").writerows(_pad_blank(rows))
    book.close()
    if problems:
        raise PackageError(problems)


def _part_of(sheet: Any) -> str:
    """工作表在 xlsx 压缩包里的路径；合并单元格只能从原文看出来。"""
    return str(sheet._worksheet_path)


def _pad_blank(rows: list[list[str]]) -> list[list[str]]:
    """空行写成一个空的引号单元格，行号才不会错位。"""
    return [row or [""] for row in rows]


def _texts(sheet: Any, name: str, problems: list[Problem]) -> list[list[str]]:
    rows: list[list[str]] = []
    header: list[str] = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        texts = []
        for index, cell in enumerate(cells):
            column = header[index] if index < len(header) else str(index + 1)
            if cell.data_type == "f":
                problems.append(Problem(name, number, column, f"是公式：{cell.value}；请粘贴为数值"))
            elif cell.data_type == "e":
                problems.append(Problem(name, number, column, f"是错误值：{cell.value}"))
            texts.append(_text(cell.value))
        while texts and not texts[-1].strip(WHITE_SPACE):
            texts.pop()
        if number == 1:
            header = texts
        rows.append(texts)
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _text(value: Any) -> str:
    """单元格的值转成文本：日期 YYYY-MM-DD，数字取最短可还原的十进制、不用指数。"""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d") if value.time().isoformat() == "00:00:00" else value.isoformat(" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, int | float):
        text = f"{Decimal(repr(value)):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return str(value)


def _write_manifest(rows: list[list[str]], folder: Path) -> None:
    content: dict[str, Any] = {}
    chosen: dict[str, str] = {}
    for row in rows:
        key, value = ([cell.strip(WHITE_SPACE) for cell in row] + ["", ""])[:2]
        if not key or (key, value) == ("键", "值") or not value:
            continue
        if key.startswith("口径."):
            chosen[key.removeprefix("口径.")] = value
        elif key in _INTEGERS and re.fullmatch("[0-9]{1,9}", value):
            content[key] = int(value)
        else:
            content[key] = value
    if chosen:
        content["口径"] = chosen
    (folder / f"{MANIFEST}.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
