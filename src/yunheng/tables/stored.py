"""Excel 一格里存的：数字格式的种类，数的十进制写法，日期序号是哪一天。"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from .cells import Cell, Made
from .looks import WHITE, colour, lost, raised, struck, tiny
from .shown import plainly
from .symbols import symbolic

#: Excel 自带的日期格式（27–36、50–58 是中文的）；14、22 照系统的短日期，看得见年月日
_DATE_FORMATS = {
    14: "", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss",
    22: "", 27: 'yyyy"年"m"月"', 28: 'm"月"d"日"', 29: 'm"月"d"日"', 30: "m-d-yy", 31: 'yyyy"年"m"月"d"日"',
    32: "h:mm", 33: "h:mm:ss", 34: "h:mm", 35: "h:mm:ss", 36: 'yyyy"年"m"月"', 45: "mm:ss", 46: "h:mm:ss", 47: "mm:ss",
    50: 'yyyy"年"m"月"', 51: 'm"月"d"日"', 52: 'yyyy"年"m"月"', 53: 'm"月"d"日"', 54: 'm"月"d"日"', 55: "h:mm",
    56: "h:mm:ss", 57: 'yyyy"年"m"月"', 58: 'm"月"d"日"',
}  # fmt: skip
_PERCENT_FORMATS = {9, 10}
_BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??", 48: "##0.0E+0", 49: "@",
    37: "#,##0_);(#,##0)", 38: "#,##0_);[Red](#,##0)", 39: "#,##0.00_);(#,##0.00)", 40: "#,##0.00_);[Red](#,##0.00)",
    **_DATE_FORMATS,
}  # fmt: skip
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_LAST_SERIAL = 2_958_466
#: 有底色，说不清是哪一种
_GROUND = "有"
#: 试一个格式改不改变看到的数
_SAMPLE = "12345.678"


@dataclass(frozen=True)
class Style:
    """一种单元格格式：数字格式原文，是不是日期、百分比，有没有底色、删除线，是不是上标、下标。

    `colour`、`ground` 是字的颜色和底色，缺省的为空；`tiny` 是字小得看不见；`font` 是符号字体，平常的为空。
    """

    shown: str = ""
    dated: bool = False
    percent: bool = False
    painted: bool = False
    struck: bool = False
    raised: bool = False
    colour: str = ""
    ground: str = ""
    tiny: bool = False
    font: str = ""

    @property
    def bare(self) -> bool:
        """没有底色，或是白的。"""
        return self.ground in ("", WHITE)

    @property
    def unseen(self) -> bool:
        """字看不见：小得看不见，或和底色一样。"""
        return self.tiny or lost(self.colour, self.ground)

    @property
    def odd(self) -> str:
        """条件格式用了它，看到的会怎样不同；没有什么不同为空。"""
        found = ["划上删除线"] if self.struck else []
        found += ["成上标或下标"] if self.raised else []
        found += ["看不见"] if self.unseen else []
        if self.dated or self.percent or not plainly(_SAMPLE, self.shown):
            found.append(f"显示成“{self.shown[:30] or ';;;'}”")
        return "、".join(found)


class StyleReader:
    """一种字体，或条件格式的一种样子，一个元素一个元素地读。"""

    def __init__(self) -> None:
        self.inside = self.shown = self.colour = self.ground = self.font = ""
        self.struck = self.raised = self.tiny = self.empty = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """一个元素开始。"""
        if name in ("font", "fill", "border"):
            self.inside = name
        elif name == "numFmt":
            self.shown = attributes.get("formatCode", "")
        elif self.inside == "fill":
            self._fill(name, attributes)
        elif self.inside == "font":
            self._font(name, attributes)

    def _fill(self, name: str, attributes: dict[str, str]) -> None:
        if name == "patternFill":
            self.empty = attributes.get("patternType") in ("none", "gray125")
        if name == "gradientFill" or (name == "patternFill" and not self.empty and "patternType" in attributes):
            self.ground = self.ground or _GROUND
        elif name in ("fgColor", "bgColor") and not self.empty:
            # 条件格式的底色写在 bgColor，平常的写在 fgColor
            self.ground = colour(attributes) or self.ground or _GROUND

    def _font(self, name: str, attributes: dict[str, str]) -> None:
        if name == "strike":
            self.struck = struck(attributes)
        elif name == "vertAlign":
            self.raised = raised(attributes)
        elif name == "color":
            self.colour = colour(attributes)
        elif name == "sz":
            self.tiny = tiny(attributes.get("val", ""))
        elif name == "name":
            self.font = symbolic(attributes.get("val", ""))

    def style(self) -> Style:
        """读完了的样子。"""
        own = style(-1, self.shown, painted=bool(self.ground))
        own = replace(own, struck=self.struck, raised=self.raised, tiny=self.tiny, font=self.font)
        return replace(own, colour=self.colour, ground=self.ground)


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


def iso(text: str, *, zoned: bool) -> str:
    """日期类型的格里的原文 → 日期（有钟点的带钟点）；认不出的照原文。

    带着时区的不知道是哪里的哪一天：`zoned` 为真时照写的日期读（结算数据包），不然也照原文。
    """
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z") if zoned else text)
    except ValueError:
        return text
    if moment.tzinfo is not None and not zoned:
        return text
    if moment.time() == moment.min.time():
        return date(moment.year, moment.month, moment.day).isoformat()
    return moment.isoformat(" ")
