"""写给人下载的 CSV：文字防公式，数照原样，一律带 BOM；只有这一处写。"""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from yunheng.tables.writing import csv_file

SOURCE = Path(__file__).parents[3] / "src" / "yunheng"
#: 写数据包、读进库的中间文件，是给机器读的
MACHINE = {
    "tables/writing.py", "settlement/runs/running.py", "metering/writing.py", "metering/spreadsheet.py",
    "metering/reading.py", "metering/parting.py", "applications/history/checks.py", "settlement/runs/estimating.py",
}  # fmt: skip


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+86", "-资源", "@SUM(A1)", "\t=1", "\n=1", "＝HYPERLINK(1)"])
def test_文字以公式的字符开头_前面加单引号(text: str) -> None:
    assert read(csv_file(("名称",), [(text,)])) == [["名称"], [f"'{text}"]]


def test_数和日期照原样_负数不加引号_空的是空() -> None:
    row = (Decimal("-3.50"), -2, date(2026, 7, 1), None, "甲=乙", Decimal("1E+3"))
    assert read(csv_file(("一", "二", "三", "四", "五", "六"), [row]))[1] == [
        "-3.50", "-2", "2026-07-01", "", "甲=乙", "1000",
    ]  # fmt: skip


def test_格里的回车成了换行_不把一行断成两行() -> None:
    assert read(csv_file(("名称",), [("甲\r乙",), ("甲\r\n乙",)])) == [["名称"], ["甲\n乙"], ["甲\n乙"]]


def test_一律带BOM() -> None:
    assert csv_file(("名称",), []).startswith(b"\xef\xbb\xbf")


def test_给人下载的CSV只有一处写() -> None:
    found = {
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if re.search(r"csv\.(writer|DictWriter)\(|text/csv", path.read_text(encoding="utf-8"))
    }
    assert found == MACHINE
