"""写给人下载的 CSV，只有这一处：一种编码、一种换行，文字格不会被表格软件当成公式。

一律 UTF-8 带 BOM（Excel、WPS 打开不乱码），换行是 LF，止日不含当日（列名写明）。
格里的回车一律成换行；文字以 = + - @、制表符、换行开头的，前面加一个单引号，软件照文字显示；
`Decimal`、整数、日期照原样写，负数不加引号。数据包不在此列：它是给机器读的，一个字也不改。
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

#: 回应里写的类型
TYPE = "text/csv; charset=utf-8"
#: 开头是这些字符的文字，表格软件会当成公式来算
RISKY = ("=", "+", "-", "@", "\t", "\n", "＝", "＋", "－", "＠")
_BATCH = 2000


def guarded(value: object) -> str:
    """一格写成什么：空值是空的，数不用指数，文字防公式。"""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    text = str(value).replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if isinstance(value, str) and text.startswith(RISKY) else text


def pieces(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """CSV 的各段，边读边给；第一段有 BOM 和表头。"""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    yield codecs.BOM_UTF8
    for number, row in enumerate(rows, start=1):
        writer.writerow([guarded(value) for value in row])
        if number % _BATCH == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def csv_file(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """整份 CSV。"""
    return b"".join(pieces(titles, rows))
