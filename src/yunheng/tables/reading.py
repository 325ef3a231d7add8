"""一张表 → 各行（行号、各列的原文和折过的字）和说明清单。章里只说要哪些列。

表里任何一个有内容的格：要么读进了某一列，要么拒绝了，要么落在恰好一条“没有读”里。
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from . import columns, conditional, delimited, folding, headers, remarks, trailers
from .cells import Cell, Line, Made, Sheet
from .columns import Column, Kind
from .limits import HUMAN, Limits, TooLarge, Unreadable
from .notes import Note, Notebook, Outcome, letters, told_rows
from .opening import opened
from .wanted import Wanted

#: 跨行合并最多逐格拒绝几格
_MERGED = 20_000
_CELL = 200
#: 序号最多几个字；更长的是写在序号列里的话
_SERIAL_LETTERS = 6
_SERIALS = {"序号", "序", "no", "no.", "行号", "编号序", "#"}


@dataclass(frozen=True)
class Row:
    """一行：表里的行号，各列的原文、折过的字，拒绝的列 → 为什么，格里写了单位的列 → 单位。没有填的列是空字。"""

    number: int
    raw: Mapping[str, str]
    text: Mapping[str, str]
    refused: Mapping[str, str]
    units: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """读出来的一张表。`sheet` 是工作表名（CSV、粘贴的是文件名），`headings` 是（列号, 原列名, 认作哪一列）。

    `top`、`header` 是表头头一行、末一行的行号，没有表头的为 0。
    """

    name: str
    sheet: str
    top: int
    header: int
    headings: tuple[tuple[int, str, str], ...]
    rows: tuple[Row, ...]
    notes: tuple[Note, ...]
    columns: tuple[str, ...] = field(default=())

    @property
    def refused(self) -> tuple[Note, ...]:
        """拒绝到格的；有一条就不能写入。"""
        return tuple(note for note in self.notes if note.outcome == Outcome.REFUSED)

    @property
    def doubtful(self) -> tuple[Note, ...]:
        """有内容而认不出的列、没有读的别的表、像合计的行：人点头了才能照读的写入。"""
        return tuple(note for note in self.notes if note.doubtful)

    @property
    def told(self) -> str:
        """读的是哪张表、哪些行，一句话。"""
        head = f"表头在{told_rows(range(self.top, self.header + 1))}，" if self.header else "没有表头，"
        if not self.rows:
            return f"“{self.sheet}”：{head}下面没有内容"
        lines = told_rows(row.number for row in self.rows)
        return f"“{self.sheet}”：{head}读了{lines}，共 {len(self.rows):,} 行"


def read_file(content: bytes, name: str, wanted: Wanted, limits: Limits = HUMAN) -> Table:
    """读一份 .xlsx 或 .csv；整份不收抛 Unreadable。"""
    return read_sheets(opened(content, name, limits), name, wanted)


def read_text(text: str, wanted: Wanted, limits: Limits = HUMAN) -> Table:
    """读粘贴的文字（从 Excel 复制来的是制表分隔）。"""
    separator = "\t" if "\t" in text else None
    return read_sheets([delimited.text_sheet(text, "粘贴的内容", limits, separator=separator)], "粘贴的内容", wanted)


def read_sheets(sheets: Sequence[Sheet], name: str, wanted: Wanted) -> Table:
    """从几张表里挑一张读：同名的，或头一张看得见、认得出表头的；没有读的表逐张点名。"""
    visible = [sheet for sheet in sheets if not sheet.hidden]
    if not visible:
        raise Unreadable(f"“{name}”里没有看得见的工作表；请取消隐藏，或另存一份只有数据的")
    filled = [sheet for sheet in visible if sheet.lines]
    if not filled:
        raise Unreadable(f"“{name}”是空的")
    named = [sheet for sheet in filled if folding.compact(sheet.title) == folding.compact(wanted.title)]
    alike = [sheet for sheet in filled if headed(sheet, wanted)]
    chosen = [*named, *alike, *filled][0]
    book = Notebook(chosen.title)
    for sheet in sheets:
        if sheet is not chosen and (sheet.lines or sheet.around):
            why = "是隐藏的，没有读" if sheet.hidden else "没有读"
            text = f"{why}（{len(sheet.lines):,} 行、{sheet.filled:,} 格有内容）"
            # 隐藏的、说明之类没有表头的页不算可疑；看得见、又像同一种数据的才要人点头
            book.whole(Outcome.UNREAD, f"工作表“{sheet.title}”", text, cells=sheet.filled, doubtful=sheet in alike)
    return read_sheet(chosen, name, wanted, book)


def read_sheet(sheet: Sheet, name: str, wanted: Wanted, book: Notebook, where: str = "") -> Table:
    """读一张定好了的表，说明记在 `book` 里；`where` 是错误里怎样叫它，没有写就是文件名。"""
    for aside in sheet.around:
        book.whole(Outcome.UNREAD, f"“{sheet.title}”", f"{aside}没有读，只读单元格")
    for said in sheet.said:
        book.whole(Outcome.FOLDED, f"“{name}”", f"{said}，已认出")
    return _Reader(sheet, name, wanted, book, where or f"“{name}”").table()


def headed(sheet: Sheet, wanted: Wanted) -> bool:
    """这张表里有没有像表头的一行（几层的几行）。"""
    return bool(headers.find(sheet, wanted))


def recognised(sheet: Sheet, wanted: Wanted) -> frozenset[str]:
    """像表头的头一处认得出哪几列；没有像的为空。"""
    found = headers.find(sheet, wanted)[:1]
    return frozenset(column.name for header in found for column in header.places.values())


class _Reader:
    """读选中的一张表。"""

    def __init__(self, sheet: Sheet, name: str, wanted: Wanted, book: Notebook, where: str) -> None:
        self.sheet, self.name, self.wanted, self.book, self.where = sheet, name, wanted, book, where
        self.titles: dict[int, str] = {}
        self.places: dict[int, Column] = {}
        #: 各列的列名在哪一行；表头的头一行、末一行
        self.titled: dict[int, int] = {}
        self.top = self.header = 0

    def table(self) -> Table:
        """表头、表头以前的、各行、没有读的列，依次。"""
        self._place()
        body = [line for line in self.sheet.lines if line.number > self.header]
        totals = {line.number: sure for line in body if (sure := self._total(line)) is not None}
        rest = [line for line in body if line.number not in totals]
        signed = self._signed(rest)
        rest = rest[: len(rest) - len(signed)] if signed else rest
        if rest and self._summed(rest[-1], rest[:-1]):
            totals[rest.pop().number] = False
        kept = [line for line in rest if any(cell.column in self.places for cell in line.cells)]
        if not kept and not self.wanted.may_be_empty:
            raise Unreadable(f"{self.where}只有表头，没有内容{self.wanted.basis}")
        if len(kept) > self.wanted.most:
            raise Unreadable(
                f"{self.where}有 {len(kept):,} 行，一次最多 {self.wanted.most:,} 行，请分几个文件{self.wanted.basis}"
            )
        for line in body:
            if line.number in totals:
                sure = totals[line.number]
                named = any(trailers.total(cell.text) for cell in line.cells)
                doubt = "是数据的请改掉“合计”一类的字" if named else "各数是上面之和；是数据的请写上类型、备注或编号"
                text = "是合计行，没有读" if sure else f"像是合计行，没有读；{doubt}"
                self.book.rows(Outcome.UNREAD, [line.number], text, len(line.cells), doubtful=not sure)
        for line in signed:
            shown = folding.visible(line.cells[0].text)[:60]
            self.book.rows(Outcome.UNREAD, [line.number], f"是表下面的话（“{shown}”），没有读", len(line.cells))
        self._aside([line for line in rest if not any(cell.column in self.places for cell in line.cells)])
        self._hinted(kept)
        self._layout(kept)
        merged = self._merges(kept)
        rows = tuple(self._row(line, merged.get(line.number, {})) for line in kept)
        self._remarks(signed, kept, rows)
        self._unread_columns(kept)
        self._lookalikes(rows)
        return Table(
            self.name,
            self.sheet.title,
            self.top,
            self.header,
            tuple((index, self.titles.get(index, ""), column.name) for index, column in sorted(self.places.items())),
            rows,
            self.book.notes(),
            tuple(column.name for column in self.wanted.columns),
        )

    def _place(self) -> None:
        """认表头；没有表头的照要的列的先后。"""
        found = headers.read(self.sheet, self.wanted, self.book, self.where)
        if found is None:
            self.places = dict(enumerate(self.wanted.columns, start=1))
            return
        self.top, self.header = found.top, found.number
        self.titles, self.places = found.titles, found.places
        self.titled = {index: number for index, (number, _) in found.cells.items()}

    # ── 各行 ──

    def _total(self, line: Line) -> bool | None:
        """合计行：真的是（True）、像是（False，要人点头才不读）；不是的为 None。

        头一个写了字的格是合计、小计、总计，此外只有数，才真的是。编号不空的是数据；没有编号列的表，
        类型、系统一类的列有字的也是数据（首列写着“汇总服务器”的一台主机），照读、要人点头。
        """
        said = [cell for cell in line.cells if trailers.total(cell.text)]
        if not said:
            return None
        own = [cell for cell in line.cells if cell.column in self.places]
        first = next((cell for cell in (line.cells[0], *own[:1]) if cell in said), None)
        others = {self.places[cell.column].kind for cell in own if cell.column != (first or said[0]).column}
        coded = any(column.kind == Kind.CODE for column in self.wanted.columns)
        if Kind.CODE in others or (others - {Kind.NUMBER} and not (first and coded)):
            if first and Kind.CODE not in others:
                text = f"写着“{folding.visible(first.text)[:20]}”，又填了别的列，当作数据照读；是合计的请删去这一行"
                self.book.rows(Outcome.NAMED, [line.number], text, doubtful=True)
            return None
        return first is line.cells[0] and others <= {Kind.NUMBER}

    def _hinted(self, kept: Sequence[Line]) -> None:
        """照数据读了，而头一个字的格像合计的行：没有编号列的表，合计行与数据分不出来，要人点头。"""
        if any(column.kind == Kind.CODE for column in self.wanted.columns):
            return
        for line in kept:
            first = next((cell.text for cell in line.cells if re.search(r"[^\W\d_]", cell.text)), "")
            if trailers.hinted(first) and not trailers.total(first):
                text = f"写着“{folding.visible(first)[:20]}”，像合计行，照一行数据读了；是合计的请删去这一行"
                self.book.rows(Outcome.NAMED, [line.number], text, doubtful=True)

    def _summed(self, line: Line, above: Sequence[Line]) -> bool:
        """最后一行没有写合计，只有数，而各数都是上面各行之和（也许乘了台数）、或是求和的公式：像是合计行。

        没有编号列的表要有两列数相符：一列碰巧相等的，也许是数据。
        """
        if len(above) < 2 or any(cell.column not in self.places for cell in line.cells):
            return False
        own = {cell.column: cell for cell in line.cells}
        coded = any(column.kind == Kind.CODE for column in self.wanted.columns)
        if len(own) < (1 if coded else 2) or any(self.places[index].kind != Kind.NUMBER for index in own):
            return False
        return all(
            trailers.summing(cell) if cell.made == Made.FORMULA else self._figure(cell) in self._sums(above, index)
            for index, cell in own.items()
        )

    def _sums(self, lines: Sequence[Line], index: int) -> set[Decimal]:
        """这一列各行之和，和乘了台数的和。"""
        times = next((place for place, column in self.places.items() if "台" in column.units), 0)
        plain, weighted = Decimal(0), Decimal(0)
        for line in lines:
            cells = {cell.column: cell for cell in line.cells}
            if index in cells:
                value = self._figure(cells[index]) or Decimal(0)
                plain += value
                weighted += value * ((self._figure(cells[times]) if times in cells else None) or Decimal(1))
        return {plain, weighted}

    def _figure(self, cell: Cell) -> Decimal | None:
        text = folding.number(cell.text, self.places[cell.column].units)
        return None if text is None else Decimal(text)

    def _signed(self, lines: Sequence[Line]) -> list[Line]:
        """最后一行数据以下的制表人、审核、注，和“注”下面另起的“2.……”。写在别的列里的也算，编号不会写成这样。"""
        found: list[Line] = []
        held: list[Line] = []
        wide = {area.top for area in self.sheet.merges if area.right > area.left + 1 and area.top == area.bottom}
        for line in reversed(lines):
            if trailers.signed(line.cells):
                found, held = [line, *held, *found], []
            elif trailers.continued(line.cells, wide=line.number in wide):
                held.insert(0, line)
            else:
                break
        return found

    def _remarks(self, signed: Sequence[Line], kept: Sequence[Line], rows: Sequence[Row]) -> None:
        """数据以外的话改变了数据的意思的：单位、一价管多久、作废。"""
        names = [("文件名", self.name), *remarks.asides(self.sheet.aside)]
        if self.sheet.spreadsheet:
            names.append((f"工作表名“{self.sheet.title}”", self.sheet.title))
        before = [line for line in self.sheet.lines if line.number < self.top]
        around = [*before, *signed]
        remarks.headed(self.book, names, around, self.places.values())
        remarks.priced(self.book, names, around, self.places.values(), {row.number: row.text for row in rows})
        serials = {index for index in self.titles if index not in self.places and self._is_serial(index)}
        remarks.serials(self.book, kept, serials)

    def _aside(self, lines: Sequence[Line]) -> None:
        """要的列都空着的行，不读：只填了序号的，和写在别的列里的。"""
        serials = {index for index in self.titles if index not in self.places and self._is_serial(index)}
        plain = [
            line
            for line in lines
            if all(cell.column in serials and len(cell.text) < _SERIAL_LETTERS for cell in line.cells)
        ]
        if plain:
            numbers, cells = [line.number for line in plain], sum(len(line.cells) for line in plain)
            self.book.rows(Outcome.UNREAD, numbers, "只填了序号，没有读", cells)
        if other := [line for line in lines if line not in plain]:
            numbers, cells = [line.number for line in other], sum(len(line.cells) for line in other)
            self.book.rows(Outcome.UNREAD, numbers, "要的各列都空着，写在别的列里的没有读", cells, doubtful=True)

    def _is_serial(self, index: int) -> bool:
        return folding.heading(self.titles.get(index, ""))[0] in _SERIALS

    def _layout(self, kept: Sequence[Line]) -> None:
        """断档、只有底色的行、隐藏的行和列：读入，点名。"""
        below = [self.header, *(line.number for line in self.sheet.lines if line.number > self.header)]
        gaps = [(low + 1, high - 1) for low, high in pairwise(below) if high - low > 1]
        if gaps:
            self.book.gaps(Outcome.NAMED, gaps, "是空行，后面的照读")
        painted = [number for number in self.sheet.painted if number > below[-1]]
        if painted:
            self.book.rows(Outcome.NAMED, painted, "只有底色，没有内容")
        hidden = [line.number for line in kept if line.hidden]
        if hidden:
            self.book.rows(Outcome.NAMED, hidden, "是隐藏（或筛选掉）的行，照读", len(hidden))
        for where, text in conditional.told(self.sheet.conditional, kept, self.places):
            self.book.whole(Outcome.NAMED, where, text, doubtful=True)
        for index, column in self.places.items():
            if self.sheet.column_hidden(index):
                rows = [line.number for line in kept]
                self.book.column(Outcome.NAMED, index, column.name, rows, "是隐藏的列，照读")

    def _merges(self, kept: Sequence[Line]) -> dict[int, dict[int, str]]:
        """合并区：跨行的拒绝，横向的点名，压在下面的字拒绝。返回行号 → 列号 → 为什么拒绝。"""
        wrong: dict[int, dict[int, str]] = defaultdict(dict)
        rows = {line.number: line for line in kept}
        numbers, refused = sorted(rows), 0
        for area in self.sheet.merges:
            where = f"{letters(area.left)}{area.top}:{letters(area.right)}{area.bottom}"
            if area.bottom <= self.header:
                continue
            inside = numbers[bisect_left(numbers, area.top) : bisect_right(numbers, area.bottom)]
            own = [index for index in self.places if area.left <= index <= area.right]
            if area.bottom > area.top:
                refused += len(inside) * len(own)
                if refused > _MERGED:
                    raise TooLarge(f"{self.where}跨行合并的格超过 {_MERGED:,} 个，请取消合并、逐行填")
                for number in inside:
                    for index in own:
                        wrong[number][index] = f"在跨行合并的 {where} 里，不知道是不是每行都是它；请取消合并、逐行填"
            elif inside and own:
                self.book.cell(Outcome.NAMED, area.top, area.left, where, "横向合并，只有左边一格有内容")
                for cell in rows[area.top].cells:
                    if cell.column in own and cell.column > area.left:
                        wrong[area.top][cell.column] = f"压在合并的 {where} 下面，看不见“{cell.text[:20]}”；请取消合并"
        return wrong

    def _row(self, line: Line, merged: Mapping[int, str]) -> Row:
        raw = {column.name: "" for column in self.wanted.columns}
        text, refused, units = dict(raw), {}, {}
        filled = {cell.column: cell for cell in line.cells if cell.column in self.places}
        for index in sorted({*filled, *merged}):
            column = self.places[index]
            cell = filled.get(index, Cell(index, ""))
            found = columns.Read("") if index not in filled else self._read(column, cell)
            reason = merged.get(index) or found.refused
            raw[column.name], text[column.name] = cell.text, found.text
            if found.unit:
                units[column.name] = found.unit
            if reason:
                refused[column.name] = reason
                self.book.refuse(line.number, index, column.name, reason)
            if found.folded:
                sample = f"“{cell.text[:20]}”→“{found.text[:20]}”"
                self.book.cell(Outcome.FOLDED, line.number, index, column.name, found.folded, sample)
            sample = f"“{found.text[:20]}”"
            if found.named:
                self.book.cell(Outcome.NAMED, line.number, index, column.name, found.named, sample)
            if found.doubt:
                self.book.cell(Outcome.NAMED, line.number, index, column.name, found.doubt, sample, doubtful=True)
        for index, column in self.places.items():
            title = self.titles.get(index, "")
            if column.each(title) and text[column.name] and not column.fits(title, text):
                told = "、".join(f"{name}是“{text[name][:20]}”" for name in column.per)
                reason = f"列名写的是“{column.stated_unit(title)}”，这一行{told}，对不上；单位不换算"
                if column.name not in refused:
                    refused[column.name] = reason
                    self.book.refuse(line.number, index, column.name, reason)
        return Row(line.number, raw, text, refused, units)

    def _read(self, column: Column, cell: Cell) -> columns.Read:
        found = columns.read(column, cell)
        if self.sheet.epoch_1904 and column.kind == Kind.DATE and cell.made == Made.NUMBER and len(cell.text) == 5:
            return columns.Read(cell.text, f"工作簿用 1904 日期系统，序号 {cell.text} 说不准是哪一天，请设成日期格式")
        return found

    def _unread_columns(self, kept: Sequence[Line]) -> None:
        """有内容而认不出的列：一列一条，连表头。"""
        rows: dict[int, list[int]] = defaultdict(list)
        for line in kept:
            for cell in line.cells:
                if cell.column not in self.places:
                    rows[cell.column].append(line.number)
        for index in sorted({*rows, *(index for index in self.titles if index not in self.places)}):
            title = re.sub(r"\s+", " ", self.titles.get(index, ""))
            serial = self._is_serial(index)
            numbers = [*([self.titled[index]] if title else []), *rows[index]]
            if serial:
                text = "是序号，没有读"
            elif rows[index]:
                text = f"认不出是哪一列，没有读（{len(rows[index]):,} 行有内容）"
            else:
                text = "认不出是哪一列，下面没有内容"
            doubtful = bool(rows[index]) and not serial
            self.book.column(Outcome.UNREAD, index, title, numbers, text, doubtful=doubtful)

    def _lookalikes(self, rows: Sequence[Row]) -> None:
        for column in self.wanted.columns:
            if column.kind == Kind.CODE:
                for group in folding.lookalikes(row.text[column.name] for row in rows if row.text[column.name])[:20]:
                    shown = "、".join(f"“{value}”" for value in group[:5])
                    text = f"{shown} 形近而不同，请看一眼是不是同一个"
                    self.book.whole(Outcome.NAMED, f"“{column.name}”列", text, doubtful=column.distinct)
