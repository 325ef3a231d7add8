"""读 xlsx：一格一格读原文，不算公式、不信“已用区域”、不展开合并区。

自己解析：读表的库在省内存的方式下不给隐藏的行列和合并区，别的方式下又先把整张表展开。
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Iterator, Sized
from dataclasses import dataclass, replace
from pathlib import Path
from posixpath import dirname, join, normpath
from typing import BinaryIO

from .cells import Line, Sheet
from .limits import Limits, TooLarge, Unreadable, guard
from .markup import Attributes, fed
from .notes import address
from .sheet_reader import Counter, SheetReader, whole
from .sheet_text import Look, TextReader
from .stored import Style, StyleReader, style

#: 富文本的一段占多少字节
_SEGMENT = 100


@dataclass(frozen=True)
class Entry:
    """工作簿里的一张表：名字、部件、是不是隐藏。`part` 空是图表页之类，不是表格。"""

    title: str
    part: str
    hidden: bool


class Workbook:
    """打开的一份 xlsx。用完 `close`，或用 with。打不开、加密、超限抛 Unreadable。

    `literal` 照原字（结算数据包）：只有看不见的字的格也算有内容。
    """

    def __init__(self, source: Path | BinaryIO, name: str, limits: Limits, *, literal: bool = False) -> None:
        self.name, self.limits, self.literal = name, limits, literal
        self._counter, self._held = Counter(name, limits), 0
        try:
            self._archive = zipfile.ZipFile(source)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError) as error:
            raise self._broken() from error
        guard(self._archive, name, limits)
        self._names = set(self._archive.namelist())
        if any("vbaProject" in entry for entry in self._names):
            raise Unreadable(f"“{name}”里有宏，不能导入，请另存为不带宏的 .xlsx")
        self.entries, self.epoch_1904 = self._contents()
        self._looks: dict[int, Look] = {}
        self._strings = self._shared()
        self._rules: list[Style] = []
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
        reader = SheetReader(
            sheet,
            self._strings,
            self._looks,
            self._styles,
            self._rules,
            self.epoch_1904,
            self._counter,
            literal=self.literal,
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

        def done(text: str, look: Look) -> None:
            if any(look):
                self._looks[len(strings)] = look
                self._held += sys.getsizeof(look.fonts) + len(look.fonts) * _SEGMENT
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
        """各种单元格格式；条件格式用的几种记在 `_rules`。"""
        part = self._part_named("styles")
        styles: list[Style] = []
        if not part:
            return styles
        custom: dict[int, str] = {}
        made: dict[str, list[StyleReader]] = {"fonts": [], "fills": [], "dxfs": []}
        inside: list[str] = []
        fonts: dict[int, Style] = {}

        def look(font: int) -> Style:
            if font not in fonts:
                fonts[font] = made["fonts"][font].style() if font < len(made["fonts"]) else Style()
            return fonts[font]

        def start(name: str, attributes: Attributes) -> None:
            if name in ("numFmts", "cellXfs", "cellStyleXfs", "cellStyles", "borders", "colors", *made):
                inside[:] = [name]
                return
            group = inside[0] if inside else ""
            if group in made:
                listed = made[group]
                if name == group.removesuffix("s"):
                    self._bounded(listed)
                    listed.append(StyleReader())
                if listed:
                    listed[-1].start(name, attributes)
            elif name == "numFmt" and group == "numFmts":
                self._bounded(custom)
                custom[whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif name == "xf" and group == "cellXfs":
                self._bounded(styles)
                number, fill, font = (whole(attributes.get(key)) for key in ("numFmtId", "fillId", "fontId"))
                ground = made["fills"][fill].ground if fill < len(made["fills"]) else ""
                own = style(number, custom.get(number), painted=bool(ground))
                marks = look(font)
                own = replace(own, struck=marks.struck, raised=marks.raised, tiny=marks.tiny)
                styles.append(replace(own, font=marks.font, colour=marks.colour, ground=ground))

        self._all(part, start)
        self._rules = [one.style() for one in made["dxfs"]]
        return styles

    def _aside(self, entry: Entry, sheet: Sheet) -> None:
        """批注和图形：表格以外的内容，不读，点名。"""
        for kind, part in self._related(entry.part).values():
            if part not in self._names:
                continue
            if kind in ("comments", "threadedComment"):
                self._comments(part, sheet)
            elif kind == "drawing":
                sheet.aside.append("图片、图形或文本框")

    def _comments(self, part: str, sheet: Sheet) -> None:
        """各处批注写的字；线程批注另有一份旧式的，同一格只留一份。"""
        at = ""
        words: list[str] = []

        def start(name: str, attributes: Attributes) -> None:
            nonlocal at
            if name in ("comment", "threadedComment"):
                self._bounded(sheet.comments)
                at = attributes.get("ref", "")
                words.clear()

        def end(name: str) -> None:
            if name in ("comment", "threadedComment"):
                sheet.comments.setdefault(at, "".join(words))
                words.clear()

        def text(more: str) -> None:
            self._counter.add(0, len(more))
            words.append(more)

        for _ in self._feed(part, start, end, text):
            pass
