"""读 CSV 和粘贴的文字：编码、分隔符、换行都认，怎样认的写明；引号没闭合的整份不收，说从哪一条起。"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator

from .cells import Line, Sheet, cells_of
from .limits import Limits, TooLarge, Unreadable

_MARKS = (
    (codecs.BOM_UTF8, "utf-8", ""),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16 编码"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16 编码"),
)
#: 空着的格（多余的逗号）最多是有内容的几倍
_BLANKS = 10
_SEPARATORS = {",": "", "\t": "制表符分隔", ";": "分号分隔"}


def decoded(content: bytes, name: str) -> tuple[str, str]:
    """字节 →（文字, 说明）：UTF-8、带 BOM、UTF-16、GB18030；不是文本的抛 Unreadable。"""
    wrong = Unreadable(f"“{name}”不是文本，请另存为 UTF-8 编码的 .csv 或 .xlsx 再导入")
    for mark, encoding, said in _MARKS:
        if content.startswith(mark):
            tries = ((content[len(mark) :], encoding, said),)
            break
    else:
        tries = ((content, "utf-8", ""), (content, "gb18030", "GB18030（GBK）编码"))  # type: ignore[assignment]
    for body, encoding, said in tries:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return text.removeprefix("\ufeff"), said
    raise wrong


def csv_sheet(content: bytes, name: str, limits: Limits) -> Sheet:
    """一份 CSV。"""
    text, said = decoded(content, name)
    return text_sheet(text, name, limits, said)


def text_sheet(text: str, name: str, limits: Limits, said: str = "", separator: str | None = None) -> Sheet:
    """一段文字；`separator` 不给的从头几条认。"""
    if len(text) > limits.letters:
        raise TooLarge(f"“{name}”超过 {limits.letters:,} 字，请分几次")
    sheet = Sheet(name, said=[said] if said else [])
    skipped = 0
    first, _, rest = text.partition("\n")
    if first.strip().lower() in ("sep=,", "sep=;", "sep=\t", "sep="):
        # Excel 的一行记号，说用什么分隔
        separator, text, skipped = first.strip("\r\n")[-1:].replace("=", "\t"), rest, 1
        sheet.said.append("第 1 行是分隔符的记号")
    given, separator = separator, separator or _separator(text)
    if _SEPARATORS.get(separator) and not given:
        sheet.said.append(_SEPARATORS[separator])
    counted = 0
    for number, record in _records(text, name, separator, skipped, limits):
        cells = cells_of(record)
        if not cells:
            continue
        counted += len(cells)
        if len(sheet.lines) >= limits.rows or counted > limits.cells:
            raise TooLarge(f"“{name}”超过 {limits.rows:,} 行或 {limits.cells:,} 格，请分几个文件")
        if cells[-1].column > limits.columns:
            raise TooLarge(f"“{name}”第 {number} 行超过 {limits.columns} 列，请只留要导入的列")
        if any(len(cell.text) > limits.cell_letters for cell in cells):
            raise TooLarge(f"“{name}”第 {number} 行有一格超过 {limits.cell_letters:,} 字")
        sheet.lines.append(Line(number, cells))
    return sheet


def _separator(text: str) -> str:
    """头几条里，最多的条里有、用得最多的分隔符；都一样的依次是制表符、逗号、分号。"""
    lines = [line for line in text[:20_000].splitlines()[:20] if line.strip()]
    # 引号里的不算
    outside = ["".join(line.split('"')[::2]) for line in lines]
    used = {mark: (sum(mark in line for line in outside), sum(line.count(mark) for line in outside)) for mark in "\t,;"}
    best = max(used, key=lambda mark: used[mark])
    return best if any(best in line for line in outside) else ","


def _records(text: str, name: str, separator: str, skipped: int, limits: Limits) -> Iterator[tuple[int, list[str]]]:
    """逐条给出（第几条, 各格）；空行也算一条。一条拆开以前先数它有几个分隔符。"""
    reader = csv.reader(_bounded(text, name, separator, limits), delimiter=separator, strict=True)
    csv.field_size_limit(2**24)
    number = skipped
    while True:
        number += 1
        if number > limits.records:
            raise TooLarge(f"“{name}”超过 {limits.records:,} 行（空行也算），请删去空行，或分几个文件")
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Unreadable(
                f"“{name}”从第 {number} 条起引号没有闭合，或引号后面还有字，读不下去；请在 Excel 里重新另存"
            ) from error


def _bounded(text: str, name: str, separator: str, limits: Limits) -> Iterator[str]:
    """一行一行给出；一行的分隔符、整份的格（空的也算）太多的，还没有拆就停。"""
    cells = 0
    for line in io.StringIO(text, newline=""):
        used = line.count(separator)
        cells += used
        if used > limits.separators:
            raise TooLarge(f"“{name}”有一行超过 {limits.separators:,} 格，请只留要导入的列")
        if cells > limits.cells * _BLANKS:
            raise TooLarge(f"“{name}”空的格太多，请只留要导入的行和列")
        yield line
