"""Excel 一格里存的：数字格式的种类，数的十进制写法，日期序号是哪一天。"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from .cells import Cell, Made

#: Excel 自带的日期格式（27–36、50–58 是中文、日文的）
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_PERCENT_FORMATS = {9, 10}
_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 48: "##0.0E+0", 49: "@",
    37: "#,##0_);(#,##0)", 38: "#,##0_);[Red](#,##0)", 39: "#,##0.00_);(#,##0.00)", 40: "#,##0.00_);[Red](#,##0.00)",
}  # fmt: skip
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_LAST_SERIAL = 2_958_466


@dataclass(frozen=True)
class Style:
    """一种单元格格式：数字格式原文，是不是日期、百分比，有没有底色、删除线，是不是上标、下标。"""

    shown: str = ""
    dated: bool = False
    percent: bool = False
    painted: bool = False
    struck: bool = False
    raised: bool = False


def style(number: int, custom: str | None, *, painted: bool) -> Style:
    """`number` 是数字格式的号，`custom` 是工作簿里给这个号写的格式，没有写的是自带的。"""
    shown = _BUILT_IN.get(number, "") if custom is None else custom
    return Style(
        shown,
        number in _DATE_FORMATS if custom is None else _dated(shown),
        number in _PERCENT_FORMATS or "%" in _LITERAL.sub("", shown),
        painted,
    )


def _dated(shown: str) -> bool:
    """格式里有年月日时分秒的字母，是日期；[h] 之类累计时长的不算日期的字也在里面。"""
    first = shown.partition(";")[0]
    return bool(re.search("[ymdhs]", _LITERAL.sub("", re.sub(r"\[(h+|m+|s+)\]", r"\1", first, flags=re.I)), re.I))


def decimal_text(raw: str) -> str:
    """数字原文写成不用指数的十进制；双精度的取最短可还原的写法。"""
    if re.fullmatch(r"-?[0-9]+", raw):
        return raw
    text = f"{Decimal(repr(float(raw))):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def numbered(column: int, raw: str, own: Style, *, epoch_1904: bool) -> Cell:
    """存着数的一格：日期格式的是日期，其余是数。"""
    try:
        text = decimal_text(raw)
    except (ValueError, ArithmeticError):
        return Cell(column, raw)
    if own.dated:
        shown = _serial(Decimal(text), epoch_1904)
        if shown is not None:
            return Cell(column, shown, Made.DATE, own.shown)
    return Cell(column, text, Made.PERCENT if own.percent else Made.NUMBER, own.shown)


def _serial(value: Decimal, epoch_1904: bool) -> str | None:
    """Excel 的日期序号 → YYYY-MM-DD（有钟点的再带钟点）；1900 年 2 月 29 日并不存在，以前的差一天。

    钟点只舍去不进位：23:59:59.65 还是这一天。双精度的尾数在千分之一秒以内，先照千分之一秒取整。
    """
    if not value.is_finite() or not 0 <= value < _LAST_SERIAL:
        return None
    days = int(value)
    seconds = round((value - days) * 86_400_000) // 1000
    if not epoch_1904 and days == 0:
        return None
    start = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 30 if days >= 60 else 31)  # noqa: DTZ001 表里的日期没有时区
    moment = start + timedelta(days=days, seconds=seconds)
    return moment.date().isoformat() if moment.time() == moment.min.time() else moment.isoformat(" ")


def serial_day(raw: str) -> str | None:
    """常规格式的日期序号（1900 起）→ YYYY-MM-DD；不在 2000 年至 2100 年的为 None。"""
    shown = _serial(Decimal(raw), epoch_1904=False)
    return shown if shown and "2000" <= shown[:4] <= "2100" else None


def iso(text: str) -> str:
    """日期类型的格里的原文 → 日期（有钟点的带钟点）；认不出的照原文。"""
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return text
    if moment.time() == moment.min.time():
        return date(moment.year, moment.month, moment.day).isoformat()
    return moment.isoformat(" ")
