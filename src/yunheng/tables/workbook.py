"""读 xlsx：一格一格读原文，不算公式、不信“已用区域”、不展开合并区。

自己解析：读表的库在省内存的方式下不给隐藏的行列和合并区，别的方式下又先把整张表展开。
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import BinaryIO
from xml.parsers import expat

from .cells import Cell, Line, Made, Sheet
from .folding import visible
from .limits import Limits, TooLarge, Unreadable, guard
from .notes import Area

_CHUNK = 1 << 16
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
#: Excel 自带的日期格式（27–36、50–58 是中文、日文的）
_DATE_FORMATS = {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)}
_PERCENT_FORMATS = {9, 10}
_BUILT_IN = {1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00"}
_LITERAL = re.compile(r'"[^"]*"|\\.|_.|\*.|\[[^\]]*\]')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
#: 一个标签、一段属性最长几个字节
_LONGEST = 4 << 20
_LAST_SERIAL = 2_958_466

Attributes = dict[str, str]


@dataclass(frozen=True)
class _Style:
    """一种单元格格式：数字格式原文，是不是日期、百分比，有没有底色。"""

    shown: str = ""
    dated: bool = False
    percent: bool = False
    painted: bool = False


@dataclass(frozen=True)
class Entry:
    """工作簿里的一张表：名字、部件、是不是隐藏。`part` 空是图表页之类，不是表格。"""

    title: str
    part: str
    hidden: bool


@dataclass
class _Counter:
    """整份文件读了几格、几个字；超了当场停。"""

    name: str
    limits: Limits
    cells: int = 0
    letters: int = 0

    def add(self, cells: int, letters: int) -> None:
        self.cells += cells
        self.letters += letters
        if self.cells > self.limits.cells:
            raise TooLarge(f"“{self.name}”有内容的格超过 {self.limits.cells:,} 个，请分几个文件")
        if self.letters > self.limits.letters:
            raise TooLarge(f"“{self.name}”的文字超过 {self.limits.letters:,} 字，请分几个文件")


class Workbook:
    """打开的一份 xlsx。用完 `close`，或用 with。打不开、加密、超限抛 Unreadable。

    `literal` 照原字：只有看不见的字的格也算有内容（结算数据包）。
    """

    def __init__(self, source: Path | BinaryIO, name: str, limits: Limits, *, literal: bool = False) -> None:
        self.name, self.limits, self.literal = name, limits, literal
        self._counter = _Counter(name, limits)
        try:
            self._archive = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
            raise self._broken() from error
        guard(self._archive, name, limits)
        self._names = set(self._archive.namelist())
        if any("vbaProject" in entry for entry in self._names):
            raise Unreadable(f"“{name}”里有宏，不能导入，请另存为不带宏的 .xlsx")
        self.entries, self.epoch_1904 = self._contents()
        self._strings = self._shared()
        self._styles = self._formats()

    def __enter__(self) -> Workbook:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """关上文件。"""
        self._archive.close()

    def sheet(self, entry: Entry) -> Sheet:
        """一张表全部读出来。"""
        sheet = Sheet(entry.title, hidden=entry.hidden, spreadsheet=True, epoch_1904=self.epoch_1904)
        sheet.lines.extend(self.lines(entry, sheet))
        self._aside(entry, sheet)
        return sheet

    def lines(self, entry: Entry, sheet: Sheet) -> Iterator[Line]:
        """一行一行读；合并、隐藏的列、只有底色的行读完以后记在 `sheet` 里。"""
        reader = _SheetReader(
            sheet,
            self._strings,
            self._styles,
            self.epoch_1904,
            self._counter,
            visible=_kept if self.literal else visible,
        )
        for _ in self._feed(entry.part, reader.start, reader.end, reader.text):
            yield from reader.taken()
        yield from reader.taken()

    # ── 部件 ──

    def _broken(self) -> Unreadable:
        return Unreadable(f"“{self.name}”打不开，文件可能坏了或不是真的 .xlsx，请重新另存后再导入")

    def _feed(
        self,
        part: str,
        start: Callable[[str, Attributes], None],
        end: Callable[[str], None] | None = None,
        text: Callable[[str], None] | None = None,
    ) -> Iterator[None]:
        """把一个 XML 部件一段一段喂给处理函数；坏了抛 Unreadable。元素名不带命名空间的前缀。"""
        parser = expat.ParserCreate()
        parser.buffer_text = True

        def refused(*_args: object) -> None:
            raise self._broken()

        parser.StartElementHandler = lambda name, attributes: start(name.rpartition(":")[2], attributes)
        if end is not None:
            parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
        if text is not None:
            parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = refused
        try:
            with self._archive.open(part) as reader:
                read = 0
                while chunk := reader.read(_CHUNK):
                    read += len(chunk)
                    if read > self.limits.unpacked:
                        raise TooLarge(f"“{self.name}”解开以后太大，请分几个文件")
                    parser.Parse(chunk, False)
                    if read - max(parser.CurrentByteIndex, 0) > _LONGEST:
                        raise TooLarge(f"“{self.name}”里有一处太长，请重新另存一份只有数据的")
                    yield
            parser.Parse(b"", True)
        except (expat.ExpatError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:
            raise self._broken() from error
        except Unreadable:
            raise
        except (ValueError, NotImplementedError) as error:
            raise self._broken() from error

    def _all(self, part: str, start: Callable[[str, Attributes], None]) -> None:
        for _ in self._feed(part, start):
            pass

    def _related(self, part: str) -> dict[str, tuple[str, str]]:
        """一个部件指向的部件：编号 →（种类, 部件名）。"""
        rels = f"{dirname(part)}/_rels/{part.rpartition('/')[2]}.rels".lstrip("/")
        found: dict[str, tuple[str, str]] = {}
        if rels not in self._names:
            return found

        def start(name: str, attributes: Attributes) -> None:
            if name == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "")
                whole = target.lstrip("/") if target.startswith("/") else normpath(join(dirname(part), target))
                self._bounded(found)
                found[attributes.get("Id", "")] = attributes.get("Type", "").rpartition("/")[2], whole

        self._all(rels, start)
        return found

    def _contents(self) -> tuple[list[Entry], bool]:
        main = next((part for kind, part in self._related("").values() if kind == "officeDocument"), "xl/workbook.xml")
        if main not in self._names:
            raise self._broken()
        self._main, self._parts = main, self._related(main)
        entries: list[Entry] = []
        old: list[bool] = []

        def start(name: str, attributes: Attributes) -> None:
            if name == "sheet":
                self._bounded(entries)
                link = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
                kind, part = self._parts.get(link, ("", ""))
                entries.append(
                    Entry(
                        attributes.get("name", ""),
                        part if kind == "worksheet" and part in self._names else "",
                        attributes.get("state", "visible") != "visible",
                    )
                )
            elif name == "workbookPr":
                old.append(attributes.get("date1904", "0") in ("1", "true"))

        self._all(main, start)
        if not entries:
            raise self._broken()
        return entries, any(old)

    def _bounded(self, found: Sized) -> None:
        if len(found) >= self.limits.parts:
            raise TooLarge(f"“{self.name}”里的格式、字符串或工作表太多，请重新另存一份只有数据的")

    def _part_named(self, kind: str) -> str:
        return next((part for own, part in self._parts.values() if own == kind and part in self._names), "")

    def _shared(self) -> list[str]:
        part = self._part_named("sharedStrings")
        strings: list[str] = []
        if not part:
            return strings
        reader = _TextReader("si", lambda text: strings.append(self._counted(text)), self.limits.cell_letters)
        for _ in self._feed(part, reader.start, reader.end, reader.text):
            pass
        return strings

    def _counted(self, text: str) -> str:
        self._counter.add(0, len(text) + 1)
        return text

    def _formats(self) -> list[_Style]:
        part = self._part_named("styles")
        styles: list[_Style] = []
        if not part:
            return styles
        custom: dict[int, str] = {}
        fills: list[bool] = []
        inside: list[str] = []

        def start(name: str, attributes: Attributes) -> None:
            if name in ("cellXfs", "cellStyleXfs", "fills", "dxfs"):
                inside[:] = [name]
            elif name == "numFmt" and "dxfs" not in inside:
                self._bounded(custom)
                custom[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif name == "patternFill" and len(fills) < self.limits.parts and inside == ["fills"]:
                fills.append(attributes.get("patternType", "none") not in ("none", "gray125"))
            elif name == "gradientFill" and len(fills) < self.limits.parts and inside == ["fills"]:
                fills.append(True)
            elif name == "xf" and inside == ["cellXfs"]:
                self._bounded(styles)
                number, fill = _whole(attributes.get("numFmtId")), _whole(attributes.get("fillId"))
                shown = custom.get(number, _BUILT_IN.get(number, ""))
                bare = _LITERAL.sub("", shown).lower()
                styles.append(
                    _Style(
                        shown,
                        number in _DATE_FORMATS if number not in custom else _dated(shown),
                        number in _PERCENT_FORMATS or "%" in bare,
                        fill < len(fills) and fills[fill],
                    )
                )

        self._all(part, start)
        return styles

    def _aside(self, entry: Entry, sheet: Sheet) -> None:
        """批注和图形：表格以外的内容，不读，点名。"""
        for kind, part in self._related(entry.part).values():
            if part not in self._names:
                continue
            if kind in ("comments", "threadedComment"):
                places: list[str] = []

                def start(name: str, attributes: Attributes, places: list[str] = places) -> None:
                    if name in ("comment", "threadedComment"):
                        self._bounded(places)
                        places.append(attributes.get("ref", ""))

                self._all(part, start)
                if places and kind == "comments":
                    more = f"等 {len(places)} 处" if len(places) > 10 else ""
                    sheet.aside.append(f"{'、'.join(places[:10])}{more}的批注")
            elif kind == "drawing":
                sheet.aside.append("图片、图形或文本框")


def _kept(text: str) -> str:
    return text


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _dated(shown: str) -> bool:
    """格式里有年月日时分秒的字母，是日期；[h] 之类累计时长的不算日期的字也在里面。"""
    first = shown.partition(";")[0]
    return bool(re.search("[ymdhs]", _LITERAL.sub("", re.sub(r"\[(h+|m+|s+)\]", r"\1", first, flags=re.I)), re.I))


class _TextReader:
    """把 <si> 或 <is> 里的 <t> 连起来；注音（rPh）不要。"""

    def __init__(self, element: str, done: Callable[[str], None], most: int) -> None:
        self.element, self.done, self.most = element, done, most
        self.parts: list[str] = []
        self.length = 0
        self.reading = self.phonetic = False

    def start(self, name: str, _attributes: Attributes) -> None:
        if name == self.element:
            self.parts, self.length = [], 0
        elif name == "rPh":
            self.phonetic = True
        elif name == "t":
            self.reading = not self.phonetic

    def text(self, text: str) -> None:
        if self.reading:
            self.length += len(text)
            if self.length > self.most:
                raise TooLarge(f"有一格超过 {self.most:,} 字，请删短再导入")
            self.parts.append(text)

    def end(self, name: str) -> None:
        if name == "t":
            self.reading = False
        elif name == "rPh":
            self.phonetic = False
        elif name == self.element:
            self.done("".join(self.parts))


@dataclass
class _SheetReader:
    """一张工作表的处理函数：攒够几行交出去。"""

    sheet: Sheet
    strings: list[str]
    styles: list[_Style]
    epoch_1904: bool
    counter: _Counter
    visible: Callable[[str], str] = visible
    ready: list[Line] = field(default_factory=list)
    row: int = 0
    column: int = 0
    hidden: bool = False
    painted: bool = False
    cells: list[Cell] = field(default_factory=list)
    kind: str = ""
    style: _Style = field(default_factory=_Style)
    formula: list[str] | None = None
    value: list[str] = field(default_factory=list)
    collecting: str = ""
    phonetic: bool = False
    count: int = 0
    length: int = 0
    in_data: bool = False

    def taken(self) -> Iterator[Line]:
        """读好的各行。"""
        lines, self.ready = self.ready, []
        yield from lines

    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._open_cell(attributes)
        elif name == "row":
            self.row = _whole(attributes.get("r")) or self.row + 1
            self.column, self.cells = 0, []
            self.hidden = attributes.get("hidden") in ("1", "true") or _zero(attributes.get("ht"))
            self.painted = self._style(attributes.get("s")).painted and attributes.get("customFormat") == "1"
        elif name == "rPh":
            self.phonetic = True
        elif name in ("v", "t") and not self.phonetic and self.in_data:
            self.collecting = "v"
        elif name == "f" and self.in_data:
            self.formula = self.formula or []
            self.collecting = "f"
        elif name == "mergeCell":
            self._merge(attributes.get("ref", ""))
        elif name == "col" and (attributes.get("hidden") in ("1", "true") or _zero(attributes.get("width"))):
            if len(self.sheet.hidden_columns) > self.counter.limits.columns:
                raise TooLarge(f"“{self.counter.name}”“{self.sheet.title}”的列设置太多，请重新另存一份只有数据的")
            self.sheet.hidden_columns.append((_whole(attributes.get("min")), _whole(attributes.get("max"))))

    def text(self, text: str) -> None:
        if self.collecting:
            self.length += len(text)
            if self.length > self.counter.limits.cell_letters:
                where = f"第 {self.row} 行第 {self.column} 列"
                most = self.counter.limits.cell_letters
                raise TooLarge(f"“{self.counter.name}”“{self.sheet.title}”{where}超过 {most:,} 字")
        if self.collecting == "v":
            self.value.append(text)
        elif self.collecting == "f" and self.formula is not None:
            self.formula.append(text)

    def end(self, name: str) -> None:
        if name in ("v", "t", "f"):
            self.collecting = ""
        elif name == "rPh":
            self.phonetic = False
        elif name == "c":
            self._close_cell()
        elif name == "row":
            self._close_row()

    def _style(self, text: str | None) -> _Style:
        index = _whole(text)
        return self.styles[index] if index < len(self.styles) else _Style()

    def _open_cell(self, attributes: Attributes) -> None:
        found = _REFERENCE.fullmatch(attributes.get("r", ""))
        if found:
            column = 0
            for letter in found[1]:
                column = column * 26 + ord(letter) - 64
            self.column = column
        else:
            self.column += 1
        self.kind = attributes.get("t", "n")
        self.style = self._style(attributes.get("s"))
        self.painted = self.painted or self.style.painted
        self.formula, self.value, self.length, self.in_data = None, [], 0, True

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
        self.cells.append(cell)

    def _cell(self, raw: str) -> Cell | None:
        if self.formula is not None:
            return Cell(self.column, "=" + "".join(self.formula), Made.FORMULA)
        if not self.visible(raw):
            return None
        if self.kind == "s":
            index = _whole(raw.strip())
            text = self.strings[index] if index < len(self.strings) else ""
            return Cell(self.column, _unescaped(text)) if self.visible(text) else None
        if self.kind in ("inlineStr", "str"):
            return Cell(self.column, _unescaped(raw)) if self.visible(raw) else None
        if self.kind == "b":
            return Cell(self.column, "TRUE" if raw.strip() == "1" else "FALSE", Made.BOOL)
        if self.kind == "e":
            return Cell(self.column, raw.strip(), Made.ERROR)
        if self.kind == "d":
            return Cell(self.column, _iso(raw.strip()), Made.DATE)
        return _numbered(self.column, raw.strip(), self.style, self.epoch_1904)

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
        ends = [_REFERENCE.fullmatch(one) for one in reference.replace("$", "").split(":")]
        if not ends or not all(ends):
            return
        places = []
        for end in ends:
            assert end
            column = 0
            for letter in end[1]:
                column = column * 26 + ord(letter) - 64
            places.append((int(end[2]), column))
        (top, left), (bottom, right) = places[0], places[-1]
        self.sheet.merges.append(Area(min(top, bottom), max(top, bottom), min(left, right), max(left, right)))
        if len(self.sheet.merges) > self.counter.limits.merges:
            name, most = self.counter.name, self.counter.limits.merges
            raise TooLarge(f"“{name}”“{self.sheet.title}”的合并格超过 {most:,} 处，请取消合并")


def _zero(text: str | None) -> bool:
    return text is not None and re.fullmatch(r"0+(\.0+)?", text) is not None


def _unescaped(text: str) -> str:
    """Excel 把控制字符写成 _x000D_。"""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def decimal_text(raw: str) -> str:
    """数字原文写成不用指数的十进制；双精度的取最短可还原的写法。"""
    if re.fullmatch(r"-?[0-9]+", raw):
        return raw
    text = f"{Decimal(repr(float(raw))):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _numbered(column: int, raw: str, style: _Style, epoch_1904: bool) -> Cell:
    try:
        text = decimal_text(raw)
    except (ValueError, ArithmeticError):
        return Cell(column, raw)
    if style.dated:
        shown = _serial(Decimal(text), epoch_1904)
        if shown is not None:
            return Cell(column, shown, Made.DATE, style.shown)
    return Cell(column, text, Made.PERCENT if style.percent else Made.NUMBER, style.shown)


def _serial(value: Decimal, epoch_1904: bool) -> str | None:
    """Excel 的日期序号 → YYYY-MM-DD（有钟点的再带钟点）；1900 年 2 月 29 日并不存在，以前的差一天。"""
    if not value.is_finite() or not 0 <= value < _LAST_SERIAL:
        return None
    days = int(value)
    seconds = round((value - days) * 86_400)
    if not epoch_1904 and days == 0:
        return None
    start = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 30 if days >= 60 else 31)  # noqa: DTZ001 表里的日期没有时区
    moment = start + timedelta(days=days, seconds=seconds)
    return moment.date().isoformat() if moment.time() == moment.min.time() else moment.isoformat(" ")


def serial_day(raw: str) -> str | None:
    """常规格式的日期序号（1900 起）→ YYYY-MM-DD；不在 2000 年至 2100 年的为 None。"""
    shown = _serial(Decimal(raw), epoch_1904=False)
    return shown if shown and "2000" <= shown[:4] <= "2100" else None


def _iso(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError:
        return text
    if moment.time() == moment.min.time():
        return date(moment.year, moment.month, moment.day).isoformat()
    return moment.isoformat(" ")
