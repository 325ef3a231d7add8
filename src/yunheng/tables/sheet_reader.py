"""读工作簿里的一张表：一格一格的原文、合并、隐藏、条件格式；坏了的格当场停，说是哪一格，不猜。"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from . import symbols
from .cells import Cell, Line, Made, Sheet
from .conditional import Rule, ranges
from .folding import visible
from .limits import Limits, TooLarge, Unreadable
from .markup import Attributes
from .notes import address
from .sheet_text import LOOKS, MARGINS, PLAIN, Look, LookReader, margin
from .stored import Style, iso, numbered

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
#: <v> 里的数：下划线、千分位、无穷这样的不是
_FIGURE = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([Ee][+-]?[0-9]{1,3})?")
_KINDS = {"n", "s", "str", "inlineStr", "b", "e", "d"}
_BOOLS = {"1": "TRUE", "true": "TRUE", "0": "FALSE", "false": "FALSE"}


@dataclass
class Counter:
    """整份文件读了几格、几个字；超了当场停。"""

    name: str
    limits: Limits
    cells: int = 0
    letters: int = 0

    def add(self, cells: int, letters: int) -> None:
        """又读了几格、几个字。"""
        self.cells += cells
        self.letters += letters
        if self.cells > self.limits.cells:
            raise TooLarge(f"“{self.name}”有内容的格超过 {self.limits.cells:,} 个，请分几个文件")
        if self.letters > self.limits.letters:
            raise TooLarge(f"“{self.name}”的文字超过 {self.limits.letters:,} 字，请分几个文件")


@dataclass
class SheetReader:
    """一张工作表的处理函数：攒够几行交出去。

    `strings` 是共用的文字，`looks` 是其中划掉的、上标的、看不见的；`rules` 是条件格式可以用的几种样子。
    `literal` 照原字（结算数据包）：只有看不见的字的格也算有内容，数字首尾的空白不管，带时区的日期照日期。
    """

    sheet: Sheet
    strings: list[str]
    looks: Mapping[int, Look]
    styles: list[Style]
    rules: list[Style]
    epoch_1904: bool
    counter: Counter
    literal: bool = False
    ready: list[Line] = field(default_factory=list)
    row: int = 0
    column: int = 0
    hidden: bool = False
    painted: bool = False
    cells: list[Cell] = field(default_factory=list)
    kind: str = ""
    style: Style = field(default_factory=Style)
    formula: list[str] | None = None
    value: list[str] = field(default_factory=list)
    collecting: str = ""
    phonetic: bool = False
    count: int = 0
    length: int = 0
    in_data: bool = False
    #: 这一格写了几处值：<v>、<is>
    values: int = 0
    inline: bool = False
    tables: int = 0
    look: LookReader | None = None
    rule: Rule = field(default_factory=Rule)

    def taken(self) -> Iterator[Line]:
        """读好的各行。"""
        lines, self.ready = self.ready, []
        yield from lines

    def start(self, name: str, attributes: Attributes) -> None:
        """一个元素开始。"""
        if name == "c":
            self._open_cell(attributes)
        elif name == "row":
            self._open_row(attributes)
        elif name == "sheetData":
            self.tables += 1
            if self.tables > 1:
                raise self._broken("写了两份内容")
        elif self.in_data:
            self._inside(name, attributes)
        elif name in MARGINS:
            self.collecting, self.value, self.length = "v", [], 0
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))
        elif name == "col" and (attributes.get("hidden") in ("1", "true") or _zero(attributes.get("width"))):
            if len(self.sheet.hidden_columns) > self.counter.limits.columns:
                raise TooLarge(f"“{self.counter.name}”“{self.sheet.title}”的列设置太多，请重新另存一份只有数据的")
            self.sheet.hidden_columns.append((whole(attributes.get("min")), whole(attributes.get("max"))))
        else:
            self._conditional(name, attributes)

    def _inside(self, name: str, attributes: Attributes) -> None:
        """格里的一个元素。"""
        if name == "rPh":
            self.phonetic = True
        elif name in ("v", "is"):
            self.values += 1
            self.inline = self.inline or name == "is"
            if self.values > 1:
                raise self._broken(f"{self._place()} 一格里写了两个值")
        if name in ("v", "t") and not self.phonetic:
            self.collecting = "v"
        elif name == "f":
            self.formula = self.formula or []
            self.collecting = "f"
        elif name in LOOKS:
            self.look = self.look or LookReader()
            self.look.start(name, attributes)

    def text(self, text: str) -> None:
        """元素里的字。"""
        if self.collecting:
            self.length += len(text)
            if self.length > self.counter.limits.cell_letters:
                where = f"第 {self.row} 行第 {self.column} 列"
                most = self.counter.limits.cell_letters
                raise TooLarge(f"“{self.counter.name}”“{self.sheet.title}”{where}超过 {most:,} 字")
        if self.collecting == "v":
            self.value.append(text)
            if self.look is not None:
                self.look.text(text)
        elif self.collecting == "f" and self.formula is not None:
            self.formula.append(text)
        elif self.collecting == "sqref":
            self.value.append(text)

    def end(self, name: str) -> None:
        """一个元素结束。"""
        if name in ("v", "t", "f"):
            self.collecting = ""
        elif name == "rPh":
            self.phonetic = False
        elif name in MARGINS:
            self.collecting = ""
            if words := margin("".join(self.value)):
                self.sheet.aside.append(f"页眉页脚“{words[:40]}”")
        elif name == "c":
            self._close_cell()
        elif name == "row":
            self._close_row()
        elif name == "sqref" and self.collecting == "sqref":
            self.collecting = ""
            self.rule.places = "".join(self.value)
        elif name == "dxf":
            self.rule.ended()
        elif name == "conditionalFormatting":
            self._close_rule()

    def _place(self) -> str:
        return address(self.row, self.column)

    def _broken(self, why: str) -> Unreadable:
        return Unreadable(f"“{self.counter.name}”的“{self.sheet.title}”坏了：{why}；请重新另存后再导入")

    def _style(self, text: str | None) -> Style | None:
        """格式编号指的格式；没有这一种的为 None。"""
        if text is None:
            return self.styles[0] if self.styles else Style()
        index = _index(text)
        if index == 0 and not self.styles:
            return Style()
        return self.styles[index] if index is not None and index < len(self.styles) else None

    def _open_row(self, attributes: Attributes) -> None:
        given = attributes.get("r")
        self.row = self.row + 1 if given is None else whole(given)
        if not self.row or (not self.literal and self.row > 1_048_576):
            raise self._broken(f"行号写的是“{(given or '')[:20]}”")
        self.column, self.cells = 0, []
        self.hidden = attributes.get("hidden") in ("1", "true") or _zero(attributes.get("ht"))
        own = self._style(attributes.get("s"))
        self.painted = own is not None and own.painted and attributes.get("customFormat") == "1"

    def _open_cell(self, attributes: Attributes) -> None:
        if (given := attributes.get("r")) is None:
            self.column += 1
        else:
            found = _REFERENCE.fullmatch(given)
            if found is None:
                raise self._broken(f"第 {self.row} 行有一格的位置写的是“{given[:20]}”")
            if int(found[2]) != self.row:
                raise self._broken(f"{given} 这一格写在第 {self.row} 行里")
            self.column = _column(found[1])
        self.kind = attributes.get("t", "n")
        if self.kind not in _KINDS:
            raise self._broken(f"{self._place()} 的种类“{self.kind[:20]}”认不出")
        own = self._style(attributes.get("s"))
        if own is None:
            raise self._broken(f"{self._place()} 用的格式“{attributes.get('s', '')[:20]}”在工作簿里没有")
        self.style = own
        self.painted = self.painted or self.style.painted
        self.formula, self.value, self.length, self.in_data = None, [], 0, True
        self.values, self.inline = 0, False
        self.look = None

    def _close_cell(self) -> None:
        self.in_data = False
        raw = "".join(self.value)
        limits = self.counter.limits
        cell = self._cell(raw)
        if cell is None:
            return
        if self.column > limits.columns:
            raise TooLarge(f"“{self.counter.name}”“{self.sheet.title}”超过 {limits.columns:,} 列，请只留要导入的列")
        self.counter.add(1, 0 if self.kind == "s" else len(raw))
        shared = self.looks.get(int(raw)) if self.kind == "s" and self.formula is None and self.looks else None
        look = shared or (PLAIN if self.look is None else self.look.made())
        if self.style.struck or look.struck:
            cell = cell._replace(struck=True)
        if self.style.raised or look.raised:
            cell = cell._replace(raised=True)
        if self.style.unseen or look.tiny or (look.pale and self.style.bare):
            cell = cell._replace(unseen=True)
        if (self.style.font or look.fonts) and not self.literal and cell.made != Made.FORMULA:
            cell = _glyphs(cell, look.fonts or ((len(cell.text), None),), self.style.font)
        self.cells.append(cell)

    def _cell(self, raw: str) -> Cell | None:
        if self.formula is not None:
            return Cell(self.column, "=" + "".join(self.formula), Made.FORMULA)
        if not raw if self.literal else not visible(raw):
            return None
        if self.inline != (self.kind == "inlineStr") and (self.inline or not self.literal):
            raise self._broken(f"{self._place()} 的值和它的种类对不上")
        if self.kind == "s":
            return self._written(self._shared(raw))
        if self.kind in ("inlineStr", "str"):
            return self._written(raw)
        if self.kind == "b":
            if raw.strip() not in _BOOLS:
                raise self._broken(f"{self._place()} 的逻辑值写的是“{raw[:20]}”")
            return Cell(self.column, _BOOLS[raw.strip()], Made.BOOL)
        if self.kind == "e":
            return Cell(self.column, raw.strip(), Made.ERROR)
        if self.kind == "d":
            return Cell(self.column, iso(raw.strip(), zoned=self.literal), Made.DATE)
        figure = raw.strip() if self.literal else raw
        if not _FIGURE.fullmatch(figure) or float(figure) in (float("inf"), float("-inf")):
            raise self._broken(f"{self._place()} 的数写的是“{raw[:20]}”")
        made = numbered(self.column, figure, self.style, epoch_1904=self.epoch_1904)
        # 负零看到的就是 0
        return made._replace(text="0") if made.text == "-0" and not self.literal else made

    def _shared(self, raw: str) -> str:
        index = _index(raw.strip() if self.literal else raw)
        if index is None or index >= len(self.strings):
            raise self._broken(f"{self._place()} 指的文字（第 {raw[:20]} 条）在工作簿里没有")
        return self.strings[index]

    def _written(self, raw: str) -> Cell | None:
        if not raw if self.literal else not visible(raw):
            return None
        return Cell(self.column, _unescaped(raw), shown=self.style.shown)

    def _close_row(self) -> None:
        if not self.cells:
            if self.painted and len(self.sheet.painted) < self.counter.limits.rows:
                self.sheet.painted.append(self.row)
            return
        self.count += 1
        if self.count > self.counter.limits.rows:
            name, most = self.counter.name, self.counter.limits.rows
            raise TooLarge(f"“{name}”“{self.sheet.title}”超过 {most:,} 行，请分几个文件")
        self.ready.append(Line(self.row, self.cells, self.hidden))

    def _merge(self, reference: str) -> None:
        areas = ranges(reference)
        self.sheet.merges.extend(area for area in areas if ":" in reference)
        if len(self.sheet.merges) > self.counter.limits.merges:
            name, most = self.counter.name, self.counter.limits.merges
            raise TooLarge(f"“{name}”“{self.sheet.title}”的合并格超过 {most:,} 处，请取消合并")

    # ── 条件格式 ──

    def _conditional(self, name: str, attributes: Attributes) -> None:
        if name == "conditionalFormatting":
            self.rule = Rule(attributes.get("sqref", ""))
        elif name == "cfRule" and (own := _index(attributes.get("dxfId", ""))) is not None:
            if own < len(self.rules):
                self.rule.add(self.rules[own].odd)
        elif name in ("dataBar", "iconSet") and attributes.get("showValue") in ("0", "false"):
            self.rule.add("只显示图标或数据条，不显示数")
        elif name == "sqref":
            self.collecting, self.value, self.length = "sqref", [], 0
        else:
            self.rule.inline(name, attributes)

    def _close_rule(self) -> None:
        made = self.rule.made()
        if made:
            self.sheet.conditional.append(made)
        self.rule = Rule()
        if sum(len(one.areas) for one in self.sheet.conditional) > self.counter.limits.merges:
            name, most = self.counter.name, self.counter.limits.merges
            raise TooLarge(f"“{name}”“{self.sheet.title}”的条件格式超过 {most:,} 处，请清除条件格式")


def _glyphs(cell: Cell, fonts: Sequence[tuple[int, str | None]], own: str) -> Cell:
    """符号字体的字换成看到的；有认不出的整格照原文，记着是哪几个字。`own` 是格子的字体。"""
    if len(cell.text) != sum(length for length, _ in fonts):
        # 转写的控制字符让各段对不齐：有一段是符号字体，就整格认不出
        symbolic = own or any(font for _, font in fonts)
        return cell._replace(glyphs=cell.text) if symbolic else cell
    shown, unknown, at = [], [], 0
    for length, font in fonts:
        part, at = cell.text[at : at + length], at + length
        kind = own if font is None else font
        if kind:
            found, lost = symbols.read(kind, part)
            shown.append(found)
            unknown.append(lost)
        else:
            shown.append(part)
    return cell._replace(glyphs="".join(unknown)) if any(unknown) else cell._replace(text="".join(shown))


def whole(text: str | None) -> int:
    """不带正负号的整数；不是的为 0。"""
    return _index(text or "") or 0


def _index(text: str) -> int | None:
    """编号；不是不带正负号的整数的为 None。"""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _column(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column


def _zero(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"0+(\.0+)?", text) is not None


def _unescaped(text: str) -> str:
    """Excel 把控制字符写成 _x000D_。"""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text
