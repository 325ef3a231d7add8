"""把页面上的列表写成一张 Excel：文字一律按文字写，以 = + - @ 开头的也不会变成公式。"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import IO, Any

import xlsxwriter

from yunheng.rules.money import UnitPrice

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(name: str, titles: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """一张工作表：表头、各行；空值写空。"""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bg_color": "#E7F0FB", "border": 1})
    for column, title in enumerate(titles):
        sheet.write_string(0, column, title, head)
        sheet.set_column(column, column, 16)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            sheet.write_string(number, column, "" if value is None else str(value))
    sheet.freeze_panes(1, 1)
    book.close()
    return buffer.getvalue()


def sheet_file(name: str, titles: Sequence[str], rows: Iterable[Sequence[object]]) -> IO[bytes]:
    """同上，几万行的：逐行写进临时文件，内存不随行数涨；整数、`Decimal`、单价按数写，能求和，其余按文字写。"""
    file = tempfile.TemporaryFile()  # noqa: SIM115 交给回应边读边送，送完由它关
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, options)
    sheet = book.add_worksheet(name)
    head = book.add_format({"bold": True, "bg_color": "#E7F0FB", "border": 1})
    # 金额两位小数带千分位；数量有几位写几位；单价照它自己的位数
    priced = dict[int, Any]()
    money, number = book.add_format({"num_format": "#,##0.00"}), book.add_format({"num_format": "0.######"})
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(titles) - 1, 16)
    for column, title in enumerate(titles):
        sheet.write_string(0, column, title, head)
    for row, values in enumerate(rows, start=1):
        for column, value in enumerate(values):
            if isinstance(value, UnitPrice):
                if value.places not in priced:
                    priced[value.places] = book.add_format({"num_format": value.number_format})
                sheet.write_number(row, column, value.amount, priced[value.places])
            else:
                _write(sheet, row, column, value, money if str(titles[column]).endswith("（元）") else number)
    book.close()
    file.seek(0)
    return file


def _write(sheet: Any, row: int, column: int, value: object, number: Any) -> None:
    if isinstance(value, int | Decimal):
        sheet.write_number(row, column, value, number)
    else:
        sheet.write_string(row, column, "" if value is None else str(value))
