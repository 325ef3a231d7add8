"""把页面上的列表写成一张 Excel：一律按文字写，以 = + - @ 开头的也不会变成公式。"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import xlsxwriter

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
