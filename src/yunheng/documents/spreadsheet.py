"""工作簿怎么写：A4 横向的页、有表头筛选合计的表，逐行落盘；页里写什么见 `workbook.py`。

金额、数量、单价、日期都是真的数字单元格；文字一律按文字写，以 = 开头的也不会被当成公式。
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import xlsxwriter

from yunheng.rules import periods
from yunheng.rules.money import UnitPrice

from .data import STAMP, Papers

Kind = Literal["text", "long", "integer", "money", "price", "number", "date", "share"]
#: Excel 一张表最多 1,048,576 行；留一行表头、一行合计
ROWS_PER_SHEET = 1_000_000
#: Excel 一格最多 32,767 个字
_CELL_LIMIT = 32_000
_EPOCH = date(1899, 12, 30).toordinal()
_FORMATS = {
    "text": "@",
    "long": "@",
    "integer": "#,##0",
    "money": "#,##0.00",
    "price": "General",
    "number": "General",
    "date": "yyyy-mm-dd",
    "share": "0%",
}


@dataclass(frozen=True)
class Field:
    """一列：表头、宽（汉字按两个字符）、种类；`summed` 的列有合计；`whole` 是一格写不下时全文在哪里。"""

    name: str
    width: int
    kind: Kind = "text"
    summed: bool = False
    whole: str = "结算.json"


class Book:
    """逐行写的工作簿：行写完就落盘，内存不随行数涨。"""

    def __init__(self, path: Path, papers: Papers, limit: int, mark: bytes) -> None:
        self.book = xlsxwriter.Workbook(
            str(path), {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        )
        self.limit = limit
        self.watermark = mark
        self.parts: dict[str, int] = {}
        draft = f"（{papers.mark}）" if papers.mark else ""
        self._name = f"{papers.result['district']} {periods.years(papers.year)} 服务年度政务云资源结算明细{draft}"
        self._mark = str(papers.result["digest"])
        self.base = base = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
        self.prices: dict[int, Any] = {}
        self.cells = {kind: self.book.add_format({**base, "num_format": code}) for kind, code in _FORMATS.items()}
        self.totals = {
            kind: self.book.add_format({**base, "num_format": code, "bold": True, "top": 1})
            for kind, code in _FORMATS.items()
        }
        self.cells["long"].set_text_wrap()
        for kind in ("text", "long"):
            self.cells[kind].set_indent(1)
        self.head = self.book.add_format(
            {**base, "bold": True, "bg_color": "#DCE6F1", "border": 1, "text_wrap": True, "align": "center"}
        )
        self.title = self.book.add_format({**base, "bold": True, "font_size": 16, "font_name": "黑体"})
        self.note = self.book.add_format({**base, "font_color": "#595959"})
        self.book.set_properties({"title": self._name, "author": "云衡", "comments": self._mark, "created": STAMP})

    def sheet(self, name: str) -> Any:
        """新的一页：A4 横向、一页宽、页眉名称、页脚页码和摘要。"""
        sheet = self.book.add_worksheet(name)
        sheet.set_paper(9)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
        picture = {}
        if self.watermark:
            # 屏幕上垫在格子下面的不印，印的靠页眉里的图
            sheet.set_background(io.BytesIO(self.watermark))
            picture = {"image_center": "水印.png", "image_data_center": io.BytesIO(self.watermark)}
        middle = "&C&G" if picture else ""
        sheet.set_header(f"&L&9{self._name.replace('&', '&&')}{middle}&R&9{name}", picture)
        sheet.set_footer(f"&L&8{self._mark}&R&9第 &P 页，共 &N 页")
        return sheet

    def table(self, name: str, fields: Sequence[Field], rows: Iterable[Sequence[Any]]) -> None:
        """一张有表头、筛选、冻结、合计的表；写满一张接着写 name(2)。"""
        rows, part = iter(rows), 0
        waiting = next(rows, None)
        while waiting is not None or not part:
            part += 1
            sheet = self.sheet(name if part == 1 else f"{name}({part})")
            for column, field in enumerate(fields):
                sheet.set_column(column, column, field.width)
            sheet.set_row(0, 30)
            for column, field in enumerate(fields):
                sheet.write_string(0, column, field.name, self.head)
            sheet.freeze_panes(1, 0)
            sheet.repeat_rows(0)
            count = self._rows(sheet, fields, islice(chain([waiting], rows), self.limit) if waiting else iter(()))
            sheet.autofilter(0, 0, max(count, 1), len(fields) - 1)
            waiting = next(rows, None)
        self.parts[name] = part

    def _rows(self, sheet: Any, fields: Sequence[Field], rows: Iterator[Sequence[Any]]) -> int:
        writers = [(column, self._writer(sheet, field), self.cells[field.kind]) for column, field in enumerate(fields)]
        sums = {column: 0 for column, field in enumerate(fields) if field.summed}
        count = 0
        long = [(column, field.width) for column, field in enumerate(fields) if field.kind == "long"]
        for count, row in enumerate(rows, 1):
            if long:
                sheet.set_row(count, 14 * max(_height(row[column], width) for column, width in long) + 2)
            for column, write, style in writers:
                value = row[column]
                if value is None or value == "":
                    continue
                if column in sums:
                    sums[column] += value
                    value = value / 100 if fields[column].kind == "money" else value
                if write(count, column, value, style) == -2:
                    write(count, column, f"{value[:_CELL_LIMIT]}…（过长，全文见 {fields[column].whole}）", style)
        if not count:
            sheet.write_string(1, 0, "没有", self.note)
        elif sums:
            self._total(sheet, fields, sums, count)
        return count

    def _writer(self, sheet: Any, field: Field) -> Callable[..., int]:
        """这一列一格怎样写。单价的格式看它自己要几位。"""
        if field.kind in ("text", "long"):
            return sheet.write_string  # type: ignore[no-any-return]
        if field.kind != "price":
            return sheet.write_number  # type: ignore[no-any-return]

        def priced(row: int, column: int, price: UnitPrice, _style: Any) -> int:
            if price.places not in self.prices:
                self.prices[price.places] = self.book.add_format({**self.base, "num_format": price.number_format})
            return sheet.write_number(row, column, price.amount, self.prices[price.places])  # type: ignore[no-any-return]

        return priced

    def _total(self, sheet: Any, fields: Sequence[Field], sums: Mapping[int, int], count: int) -> None:
        for column, field in enumerate(fields):
            style = self.totals[field.kind]
            if column not in sums:
                sheet.write_string(count + 1, column, "合计" if column == 0 else "", style)
                continue
            letter = xlsxwriter.utility.xl_col_to_name(column)
            value = sums[column] / 100 if field.kind == "money" else sums[column]
            sheet.write_formula(count + 1, column, f"=SUBTOTAL(109,{letter}2:{letter}{count + 1})", style, value)


def serial(day: str) -> int:
    """YYYY-MM-DD 的日期在 Excel 里的数。"""
    return date.fromisoformat(day).toordinal() - _EPOCH


def _height(text: str | None, width: int) -> int:
    """一格文字折成几行：汉字占两个字符。"""
    pieces = (text or "").split("\n")
    return sum(max(1, -(-sum(2 if ord(char) > 0x2E7F else 1 for char in piece) // (width - 3))) for piece in pieces)


def block(book: Book, sheet: Any, row: int, title: str, fields: Sequence[Field], rows: Sequence[Sequence[Any]]) -> int:
    """汇总页里的一小张表，返回下一个空行。"""
    sheet.write_string(row, 0, title, book.cells["text"])
    for column, field in enumerate(fields):
        sheet.write_string(row + 1, column, field.name, book.head)
    first = row + 2
    for number, values in enumerate(rows):
        for column, (field, value) in enumerate(zip(fields, values, strict=True)):
            _cell(book, sheet, first + number, column, field, value)
    last = first + len(rows)
    for column, field in enumerate(fields):
        style = book.totals[field.kind]
        if not field.summed:
            sheet.write_string(last, column, "合计" if column == 0 else "", style)
            continue
        total = sum(values[column] for values in rows)
        letter = xlsxwriter.utility.xl_col_to_name(column)
        formula = f"=SUM({letter}{first + 1}:{letter}{last})" if rows else "=0"
        sheet.write_formula(last, column, formula, style, total / 100 if field.kind == "money" else total)
    return last + 1


def _cell(book: Book, sheet: Any, row: int, column: int, field: Field, value: Any) -> None:
    if value is None or value == "":
        return
    if field.kind == "text":
        sheet.write_string(row, column, value, book.cells["text"])
    else:
        sheet.write_number(row, column, value / 100 if field.kind == "money" else value, book.cells[field.kind])
