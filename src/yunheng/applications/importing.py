"""把填好的附件（Word、Excel）读回表单（R-047）：照附件的格子认栏目，认出的列出来给人看，确认了才写入。

有内容而没有读进来的格逐个点名。各栏在哪里在 `annex_parsing`。纯函数，不碰数据库。
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from yunheng.documents.annexes import Form, annex
from yunheng.documents.blocks import Grid as Printed
from yunheng.tables import conditional, opening, word
from yunheng.tables.cells import Cell, Made, Sheet
from yunheng.tables.limits import TooLarge, Unreadable
from yunheng.tables.notes import Note, Outcome, address, letters, told_rows
from yunheng.tables.word_text import Text

from .annex_parsing import ANNEXES, FIELDS
from .annex_reading import FUNDINGS, OPINIONS, OPINIONS_BELOW, OWN, Grid, Reading, flat, squeezed

_MAX_ROWS = 2000
_MAX_COLUMNS = 60
#: 标题在头几行里找
_TITLED = 8
_DAY = r"((?P<day>\d{4}年\d{1,2}月\d{1,2}日)|年月日)"
#: 表格以外附件本来印着的行，多一个字都不算：附件几、日期、单位和盖章、单号和校验码、签字
_OTHER_LINES = re.compile(
    rf"附件\d|(日期[:：])?{_DAY}|[A-Z0-9-]{{4,40}}(草稿|第\d{{1,4}}版·校验码[0-9a-f]{{8}})|(签字|日期)[:：]?"
)
_UNIT_LINE = re.compile(rf"申请单位[:：](?P<unit>[^，。；：:、,;]{{0,40}}?)(日期[:：]{_DAY}?)?")


@dataclass(frozen=True)
class Imported:
    """读出的内容：`values` 是表单的键值，`notes` 是读了而要人看一眼的，`unread` 是拒绝的、折算的、有内容而没有读的。

    `own` 是（单位、项目名称、归属还是服务项的动作, 附件里怎样写的），`held` 是附件3 的现状各行：系统里有，只比不读。
    `dashed` 是附件3 变更各行写了“无”“/”这些记号的格：（在哪里, 资源, 哪一栏, 原文）。
    `spots` 是附件3 拟变更的各行、服务项的各格在哪里：（第几行或目录项, 哪一栏）→ 在哪里。
    `told` 是读的是哪张表；`blocked` 是有拒绝的格，整份不能写入。
    `blank` 是文件里空着的各栏（键 → 在哪里），`absent` 是文件里没有的各栏（键 → 叫法）。
    """

    annex: int
    values: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    unread: tuple[Note, ...] = ()
    told: str = ""
    own: tuple[tuple[str, Text], ...] = ()
    held: tuple[tuple[str, Mapping[str, str]], ...] = ()
    dashed: tuple[tuple[str, str, str, str], ...] = ()
    blocked: bool = False
    blank: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    spots: Mapping[tuple[int | str, str], str] = field(default_factory=dict)

    def cleared(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """文件里空着、表里（`content`）填了的各栏，写成空的：附件是整张表，空着就是不要（R-047）。"""
        found = {key: content[key] for key in self.blank if content.get(key)}
        return {key: type(value)() if isinstance(value, list | dict) else "" for key, value in found.items()}


def read(content: bytes, name: str) -> Imported:
    """读一份填好的附件；认不出是哪一张抛 ValueError。"""
    grid, unread, told = (_from_word if name.lower().endswith(word.KINDS) else _from_workbook)(content, name)
    title = _title(grid)
    for number, words, parse in ANNEXES:
        if words in title:
            reading = Reading()
            parse(grid, reading)
            if not reading.values and not reading.blocked:
                raise ValueError(f"“{name}”是附件{number}，但一栏都没有填")
            left = list(_left(grid, number, reading))
            return Imported(
                number,
                reading.values,
                tuple(reading.notes),
                (*unread, *reading.said, *left),
                told,
                tuple(reading.own),
                tuple(reading.held),
                tuple(reading.dashed),
                reading.blocked,
                reading.blank,
                {key: label for key, label in FIELDS[number].items() if key not in reading.seen},
                reading.spots,
            )
    raise ValueError(f"“{name}”的标题不是附件1 至附件4 的表名，认不出是哪一张；请用从本页下载的表填写")


def _title(grid: Grid) -> str:
    return "".join(squeezed(cell) for row in grid[:_TITLED] for cell in row)


def _left(grid: Grid, number: int, reading: Reading) -> Iterator[Note]:
    """有内容、没有读进来、又不是附件本来印着的格，逐个点名；单位、项目名称、归属另外比。"""
    printed = _printed(number)
    above: list[str] = []
    told = {note.where for note in reading.said}
    for cell in (one for row in grid for one in row):
        if cell.wrong and not cell.merged and cell.where not in told:
            yield Note(Outcome.NAMED, cell.where, f"“{flat(cell)}”{cell.wrong}", cells=1, doubtful=True)
    for row in grid:
        names = [squeezed(cell) for cell in row]
        alone = sum(map(bool, names)) == 1
        for index, (cell, words) in enumerate(zip(row, names, strict=True)):
            before = names[index - 1] if index else ""
            if before in OWN and not words:
                yield Note(Outcome.NAMED, cell.where, f"“{before}”空着，照系统里登记的")
            if cell.taken or not words or words.replace("□", "☐") in printed:
                continue
            if before in OWN:
                yield _own(reading, OWN[before], before, cell)
                continue
            if alone and (line := _OTHER_LINES.fullmatch(words) or _UNIT_LINE.fullmatch(words)):
                if unit := line.groupdict().get("unit"):
                    yield _own(reading, "unit", "申请单位", Text(unit, cell.where))
                if day := line["day"]:
                    yield Note(Outcome.UNREAD, cell.where, f"日期“{day}”没有读：以提交那天为准", cells=1)
                continue
            opinion = before if before in OPINIONS else above[index] if index < len(above) else ""
            if opinion in (OPINIONS if opinion == before else OPINIONS_BELOW):
                yield Note(Outcome.UNREAD, cell.where, f"“{opinion}”由别人填，没有读：{flat(cell)}", cells=1)
                continue
            beside = f"（左边是“{flat(row[index - 1])}”）" if before else ""
            yield Note(Outcome.UNREAD, cell.where, f"“{flat(cell)}”没有读{beside}", cells=1, doubtful=True)
        # 附件2 的意见写在标题下面一行
        above = names if {name for name in names if name} <= OPINIONS else []


def _own(reading: Reading, key: str, label: str, cell: Text) -> Note:
    """系统里有的一格：记下来与系统里的比，不读入。"""
    text = cell
    if key == "funding" and (found := "、".join(reading.picked(cell, FUNDINGS, label))):
        text = Text(found, cell.where)
    reading.own.append((key, text))
    said = f"“{label}”写的是“{flat(text)}”，只与系统里登记的比，不读入"
    return Note(Outcome.UNREAD, cell.where, said, column=key, cells=1)


@cache
def _printed(number: int) -> frozenset[str]:
    """一张空白附件本来印着的字。"""
    paper = annex(number, Form("", "", "", "", 0, "", None, {}, {}))
    texts = {squeezed(cell.text) for block in paper.blocks if isinstance(block, Printed) for row in block.rows
             for cell in row}  # fmt: skip
    plain = {squeezed(text) for block in paper.blocks if (text := getattr(block, "text", ""))}
    return frozenset({*texts, *plain, squeezed(paper.title)})


def _from_word(content: bytes, name: str) -> tuple[Grid, tuple[Note, ...], str]:
    """段落一段一行，表格一行一行；合并的格子只算一次。"""
    document = word.read(content, name)
    notes = [Note(Outcome.UNREAD, "Word", f"{aside}没有读", doubtful=True) for aside in document.aside]
    notes += [Note(Outcome.NAMED, "Word", said) for said in document.said]
    if document.revised:
        text = "有修订：照接受全部修订以后的样子读，插入的字读了，删去的没有读；请核对"
        notes.append(Note(Outcome.NAMED, "Word", text))
    return document.rows, tuple(notes), f"这份 Word 的正文和表格，共 {len(document.rows)} 行"


def _from_workbook(content: bytes, name: str) -> tuple[Grid, tuple[Note, ...], str]:
    """头一张看得见、有附件标题的工作表；合并区里其余的格子去掉。公式、错误值不收，逐格说。"""
    sheets = opening.opened(content, name, kinds=(".docx", ".xlsx"))
    seen = [sheet for sheet in sheets if not sheet.hidden and sheet.lines]
    if not seen:
        raise Unreadable(f"“{name}”里没有看得见、有内容的工作表")
    titled = [sheet for sheet in seen if _titled(sheet)]
    chosen = (titled or seen)[0]
    notes = [
        Note(
            Outcome.UNREAD,
            f"工作表“{sheet.title}”",
            f"{'是隐藏的，' if sheet.hidden else ''}没有读（{sheet.filled:,} 格有内容）",
            doubtful=not sheet.hidden,
        )
        for sheet in sheets
        if sheet is not chosen and sheet.lines
    ]
    notes += [Note(Outcome.UNREAD, f"“{chosen.title}”", f"{aside}没有读", doubtful=True) for aside in chosen.around]
    if hidden := [line.number for line in chosen.lines if line.hidden]:
        notes.append(Note(Outcome.NAMED, told_rows(hidden), "是隐藏的行，照读"))
    for low, high in chosen.hidden_columns:
        if any(low <= cell.column <= high for line in chosen.lines for cell in line.cells):
            where = letters(low) if low == high else f"{letters(low)}–{letters(min(high, _MAX_COLUMNS))}"
            notes.append(Note(Outcome.NAMED, f"{where} 列", "是隐藏的列，照读"))
    filled = {cell.column for line in chosen.lines for cell in line.cells}
    notes += [
        Note(Outcome.NAMED, where, text, doubtful=True)
        for where, text in conditional.told(chosen.conditional, chosen.lines, filled)
    ]
    if raised := [address(line.number, cell.column) for line in chosen.lines for cell in line.cells if cell.raised]:
        more = f"等 {len(raised)} 格" if len(raised) > 10 else ""
        notes.append(
            Note(Outcome.NAMED, f"{'、'.join(raised[:10])}{more}", "有上标或下标的字，文字里的照平常的字读，请核对")
        )
    wrong = [
        f"{address(line.number, cell.column)} {_unsure(cell)}"
        for line in chosen.lines
        for cell in line.cells
        if cell.struck or cell.unseen or cell.glyphs or cell.made in (Made.FORMULA, Made.ERROR, Made.PERCENT)
    ]
    if wrong:
        shown = "、".join(wrong[:10])
        raise Unreadable(f"“{name}”里 {shown}{f' 等 {len(wrong)} 格' if len(wrong) > 10 else ''}，请改成真正的值再导入")
    return _unmerged(chosen, name), tuple(notes), f"“{chosen.title}”第 1–{chosen.lines[-1].number} 行"


def _unsure(cell: Cell) -> str:
    """一格怎么不知道算不算。"""
    if cell.struck:
        return "划了删除线"
    if cell.glyphs:
        return f"里有符号字体的字（存的是“{cell.glyphs[:10]}”），认不出看到的是什么"
    return "的字看不见" if cell.unseen else f"是{cell.made}"


def _titled(sheet: Sheet) -> bool:
    title = "".join(squeezed(cell.text) for line in sheet.lines[:_TITLED] for cell in line.cells)
    return any(words in title for _, words, _ in ANNEXES)


def _unmerged(sheet: Sheet, name: str) -> Grid:
    width = max(cell.column for line in sheet.lines for cell in line.cells)
    if width > _MAX_COLUMNS or len(sheet.lines) > _MAX_ROWS:
        raise TooLarge(f"“{name}”的“{sheet.title}”超过 {_MAX_ROWS} 行或 {_MAX_COLUMNS} 列，请只留附件这一张表")
    values = {(line.number, cell.column): cell for line in sheet.lines for cell in line.cells}
    covered: dict[tuple[int, int], tuple[int, int]] = {}
    tall: set[tuple[int, int]] = set()
    lines = [line.number for line in sheet.lines]
    for area in sheet.merges:
        inside = [row for row in lines if area.top <= row <= area.bottom]
        if len(inside) > 1:
            tall.add((area.top, area.left))
        for row in inside:
            for column in range(area.left, min(area.right, width) + 1):
                covered[row, column] = area.top, area.left
    under = [place for place in values if covered.get(place, place) != place]
    if under:
        shown = "、".join(address(*place) for place in sorted(under)[:10])
        raise Unreadable(f"“{name}”的 {shown} 压在合并的格下面，看不见，请取消合并")
    grid = []
    for row in lines:
        cells: list[Text] = []
        last = None
        for column in range(1, width + 1):
            place = covered.get((row, column), (row, column))
            if place != last:
                cell = values.get(place)
                text = Text(cell.text if cell else "", address(row, column), taken=place[0] != row, cell=cell)
                text.merged = place in tall
                cells.append(text)
            last = place
        grid.append(cells)
    return grid
