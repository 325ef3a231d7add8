"""读 xlsx：一格一格读原文，不算公式、不信“已用区域”、不展开合并区。

自己解析：读表的库在省内存的方式下不给隐藏的行列和合并区，别的方式下又先把整张表展开。
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass, field, replace
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import BinaryIO

from .cells import Cell, Line, Made, Sheet
from .folding import visible
from .limits import Limits, TooLarge, Unreadable, guard
from .markup import Attributes, fed
from .notes import Area, address
from .sheet_text import MARGINS, TextReader, margin, raised, struck
from .stored import Style, iso, numbered, style

_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


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
        self._counter, self._held = _Counter(name, limits), 0
        try:
            self._archive = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
            raise self._broken() from error
        guard(self._archive, name, limits)
        self._names = set(self._archive.namelist())
        if any("vbaProject" in entry for entry in self._names):
            raise Unreadable(f"“{name}”里有宏，不能导入，请另存为不带宏的 .xlsx")
        self.entries, self.epoch_1904 = self._contents()
        self._struck: set[int] = set()
        self._raised: set[int] = set()
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
        sheet.lines.extend(self._once(entry, self.lines(entry, sheet)))
        self._aside(entry, sheet)
        return sheet

    def _once(self, entry: Entry, lines: Iterator[Line]) -> Iterator[Line]:
        """坏了的表里同一行、同一格写了两遍，留哪一个都是猜：整份不收。"""
        reached, where = 0, f"“{self.name}”的“{entry.title}”"
        for line in lines:
            if line.number <= reached:
                raise Unreadable(f"{where}坏了：第 {line.number} 行写了两遍，或者行的先后颠倒；请重新另存后再导入")
            reached = line.number
            columns = [cell.column for cell in line.cells]
            if len(set(columns)) < len(columns):
                twice = next(column for column in columns if columns.count(column) > 1)
                raise Unreadable(f"{where}坏了：{address(line.number, twice)} 一格写了两遍；请重新另存后再导入")
            yield line

    def lines(self, entry: Entry, sheet: Sheet) -> Iterator[Line]:
        """一行一行读；合并、隐藏的列、只有底色的行读完以后记在 `sheet` 里。"""
        reader = _SheetReader(
            sheet,
            self._strings,
            self._struck,
            self._raised,
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
        """把一个 XML 部件一段一段喂给处理函数；坏了抛 Unreadable。"""
        yield from fed(self._archive, part, self.name, self.limits, self._broken(), start, end, text)

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

        def done(text: str) -> None:
            if reader.struck:
                self._struck.add(len(strings))
            if reader.raised:
                self._raised.add(len(strings))
            strings.append(self._counted(text))

        reader = TextReader("si", done, self.limits.cell_letters)
        for _ in self._feed(part, reader.start, reader.end, reader.text):
            pass
        return strings

    def _counted(self, text: str) -> str:
        self._counter.add(0, len(text) + 1)
        self._held += sys.getsizeof(text)
        if self._held > self.limits.strings:
            raise TooLarge(f"“{self.name}”里不同的文字太多，请分几个文件")
        return text

    def _formats(self) -> list[Style]:
        part = self._part_named("styles")
        styles: list[Style] = []
        if not part:
            return styles
        custom: dict[int, str] = {}
        fills: list[bool] = []
        fonts: list[Style] = []
        inside: list[str] = []

        def start(name: str, attributes: Attributes) -> None:
            if name in ("cellXfs", "cellStyleXfs", "fills", "fonts", "dxfs"):
                inside[:] = [name]
            elif name == "font" and inside == ["fonts"]:
                self._bounded(fonts)
                fonts.append(Style())
            elif name == "strike" and inside == ["fonts"] and fonts:
                fonts[-1] = replace(fonts[-1], struck=struck(attributes))
            elif name == "vertAlign" and inside == ["fonts"] and fonts:
                fonts[-1] = replace(fonts[-1], raised=raised(attributes))
            elif name == "numFmt" and "dxfs" not in inside:
                self._bounded(custom)
                custom[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif name == "patternFill" and len(fills) < self.limits.parts and inside == ["fills"]:
                fills.append(attributes.get("patternType", "none") not in ("none", "gray125"))
            elif name == "gradientFill" and len(fills) < self.limits.parts and inside == ["fills"]:
                fills.append(True)
            elif name == "xf" and inside == ["cellXfs"]:
                self._bounded(styles)
                number, fill, font = (_whole(attributes.get(key)) for key in ("numFmtId", "fillId", "fontId"))
                own = style(number, custom.get(number), painted=fill < len(fills) and fills[fill])
                look = fonts[font] if font < len(fonts) else Style()
                styles.append(replace(own, struck=look.struck, raised=look.raised))

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


@dataclass
class _SheetReader:
    """一张工作表的处理函数：攒够几行交出去。"""

    sheet: Sheet
    strings: list[str]
    struck_strings: set[int]
    raised_strings: set[int]
    styles: list[Style]
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
    style: Style = field(default_factory=Style)
    formula: list[str] | None = None
    value: list[str] = field(default_factory=list)
    collecting: str = ""
    phonetic: bool = False
    count: int = 0
    length: int = 0
    in_data: bool = False
    struck: bool = False
    raised: bool = False

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
        elif name == "strike" and self.in_data:
            self.struck = self.struck or struck(attributes)
        elif name == "vertAlign" and self.in_data:
            self.raised = self.raised or raised(attributes)
        elif name in MARGINS:
            self.collecting, self.value, self.length = "v", [], 0
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
        elif name in MARGINS:
            self.collecting = ""
            if words := margin("".join(self.value)):
                self.sheet.aside.append(f"页眉页脚“{words[:40]}”")
        elif name == "c":
            self._close_cell()
        elif name == "row":
            self._close_row()

    def _style(self, text: str | None) -> Style:
        index = _whole(text)
        return self.styles[index] if index < len(self.styles) else Style()

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
        self.struck, self.raised = self.style.struck, self.style.raised

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
        index = _whole(raw.strip()) if self.kind == "s" else -1
        if self.struck or index in self.struck_strings:
            cell = cell._replace(struck=True)
        if self.raised or index in self.raised_strings:
            cell = cell._replace(raised=True)
        self.cells.append(cell)

    def _cell(self, raw: str) -> Cell | None:
        if self.formula is not None:
            return Cell(self.column, "=" + "".join(self.formula), Made.FORMULA)
        if not self.visible(raw):
            return None
        if self.kind == "s":
            index = _whole(raw.strip())
            text = self.strings[index] if index < len(self.strings) else ""
            return self._written(text)
        if self.kind in ("inlineStr", "str"):
            return self._written(raw)
        if self.kind == "b":
            return Cell(self.column, "TRUE" if raw.strip() == "1" else "FALSE", Made.BOOL)
        if self.kind == "e":
            return Cell(self.column, raw.strip(), Made.ERROR)
        if self.kind == "d":
            return Cell(self.column, iso(raw.strip()), Made.DATE)
        return numbered(self.column, raw.strip(), self.style, epoch_1904=self.epoch_1904)

    def _written(self, raw: str) -> Cell | None:
        return Cell(self.column, _unescaped(raw), shown=self.style.shown) if self.visible(raw) else None

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
