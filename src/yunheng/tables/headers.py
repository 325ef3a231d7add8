"""表头：哪几行是，一层还是几层，各列叫什么、认作哪一列；列名里的单位、括号里的话。

几层的表头（“配置”横跨 CPU、内存、系统盘，别的列上下合并）每列照最下一层有字的格；分不清的不猜，整份不收。
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from . import columns, folding, remarks
from .cells import Cell, Line, Made, Sheet
from .columns import Column, Kind
from .limits import Unreadable
from .notes import Area, Notebook, Outcome, letters, told_rows
from .wanted import Wanted

#: 表头在头几行有内容的行里找
_SEARCHED = 30
#: 表头最多几层
_LEVELS = 3
_LONGEST_TITLE = 60
_HAN = "零一两三"
#: 上层只写着这些字的，不改下面各列的意思；写了别的（变更前、合计）要人点头
_PLAIN_GROUP = re.compile(
    r"((云|物理)?主机|服务器|虚拟机|资源|硬件|软件|系统|基[本础]|配置|规格|参数|需求|要求|情况|信息|性能|计算|存储|网络|磁盘|硬盘|"
    r"内容|明细|[单每]台|工单|平台|编号|项目|时间|日期|标识|办理|出现|用量|[()、和与及/])+"
)
Known = dict[str, Column | None]


@dataclass(frozen=True)
class Header:
    """认出来的表头：`top`、`number` 是头一行、末一行的行号；`cells` 是列号 →（行号, 那一格），照最下一层。

    `places` 是列号 → 认作哪一列；`groups` 是上层的格（行号, 格, 下面是哪几列）；
    `covered` 是压在合并下面、看不见的格（行号, 格, 合并区）。
    """

    lines: tuple[Line, ...]
    cells: Mapping[int, tuple[int, Cell]]
    places: dict[int, Column]
    groups: tuple[tuple[int, Cell, tuple[int, ...]], ...] = ()
    covered: tuple[tuple[int, Cell, str], ...] = ()

    @property
    def top(self) -> int:
        """头一行的行号。"""
        return self.lines[0].number

    @property
    def number(self) -> int:
        """末一行的行号：以下是数据。"""
        return self.lines[-1].number

    @property
    def told(self) -> str:
        """哪几行：第 2 行、第 1–2 行。"""
        return told_rows(line.number for line in self.lines)

    @property
    def titles(self) -> dict[int, str]:
        """列号 → 列名。"""
        return {index: folding.visible(cell.text) for index, (_, cell) in self.cells.items()}

    def shown(self, index: int) -> str:
        """这一列的列名，上面有一层的连上层：配置/CPU。"""
        above = [folding.visible(cell.text) for _, cell, under in self.groups if index in under]
        return "/".join([*above, self.titles[index]])


# ── 哪几行是 ──


def find(sheet: Sheet, wanted: Wanted) -> list[Header]:
    """像表头的各处，从上往下：认得出两列以上（只要一列的，一列）、又占要的列的一半。"""
    least = max(min(2, len(wanted.columns)), sum(column.required for column in wanted.columns) // 2)
    found: list[Header] = []
    known: Known = {}
    place = 0
    while place < len(sheet.lines):
        header = None
        if place < _SEARCHED:
            header = next(_layered(sheet, place, wanted, least, known), None)
        if header is None:
            header = _single(sheet, sheet.lines[place], place, wanted, least, known)
        if header:
            found.append(header)
        place += len(header.lines) if header else 1
    return found


def early(sheet: Sheet, header: Header) -> bool:
    """在头几行里。"""
    return any(line.number == header.top for line in sheet.lines[:_SEARCHED])


def _called(cell: Cell, wanted: Wanted, known: Known) -> Column | None:
    """这一格是哪一列的列名；`known` 记住认过的字。"""
    if cell.made != Made.TEXT or len(cell.text) > _LONGEST_TITLE:
        return None
    if cell.text not in known:
        known[cell.text] = next((one for one in wanted.columns if one.called(cell.text)), None)
    return known[cell.text]


def _single(sheet: Sheet, line: Line, place: int, wanted: Wanted, least: int, known: Known) -> Header | None:
    """只有一层的表头；不像的为空。"""
    # 头几行以后的，有数字打头的格就是数据，不逐格去折
    if len(line.cells) < least or (place >= _SEARCHED and any(cell.text[:1].isdigit() for cell in line.cells)):
        return None
    places = {cell.column: column for cell in line.cells if (column := _called(cell, wanted, known))}
    if len(set(map(id, places.values()))) < least:
        return None
    covered = _covered(sheet, line)
    hidden = {cell.column for _, cell, _ in covered}
    cells = {cell.column: (line.number, cell) for cell in line.cells if cell.column not in hidden}
    return Header((line,), cells, {i: one for i, one in places.items() if i not in hidden}, covered=tuple(covered))


def _covered(sheet: Sheet, line: Line) -> list[tuple[int, Cell, str]]:
    """这一行里压在合并下面、看不见的格。"""
    areas = [area for area in sheet.merges if area.top <= line.number <= area.bottom]
    return [
        (line.number, cell, _where(area))
        for cell in line.cells
        for area in areas
        if area.holds(line.number, cell.column) and (line.number, cell.column) != (area.top, area.left)
    ]


def _where(area: Area) -> str:
    return f"{letters(area.left)}{area.top}:{letters(area.right)}{area.bottom}"


def _layered(sheet: Sheet, place: int, wanted: Wanted, least: int, known: Known) -> Iterator[Header]:
    """从这一行起的几层表头，层多的在前；分不清的、不是的没有。"""
    for size in range(_LEVELS, 1, -1):
        lines = sheet.lines[place : place + size]
        together = len(lines) == size and lines[-1].number - lines[0].number == size - 1
        # 各层都是字；数、日期、公式是数据
        if together and all(cell.made == Made.TEXT for line in lines for cell in line.cells):
            header = _stacked(sheet, lines, wanted, known)
            if isinstance(header, Header) and len(set(map(id, header.places.values()))) >= least:
                yield header


def _stacked(sheet: Sheet, lines: Sequence[Line], wanted: Wanted, known: Known) -> Header | str:
    """这几行叠成的表头；不成的为一句话，说是哪里（不是几层表头的为空字）。

    头一层、末一层都要有认得出的列名；上下都有字的，上层是横跨几列的话，或不是列名，或与下层同名。
    """
    covered = [one for line in lines for one in _covered(sheet, line)]
    unseen = {(number, cell.column) for number, cell, _ in covered}
    levels = [{cell.column: cell for cell in line.cells if (line.number, cell.column) not in unseen} for line in lines]
    cells: dict[int, tuple[int, Cell]] = {}
    groups: list[tuple[int, Cell, tuple[int, ...]]] = []
    repeated = False
    for depth, (line, level) in enumerate(zip(lines, levels, strict=True)):
        spread: tuple[int, ...] = ()
        for index, cell in sorted(level.items()):
            cells[index] = line.number, cell
            below = next((under[index] for under in levels[depth + 1 :] if index in under), None)
            if below is None:
                continue
            if _same(cell, below, wanted, known):
                repeated = repeated or depth == 0
                continue
            # 横着填满同一个字的，与左边是同一格
            spread = spread if index in spread else _under(sheet, levels, depth, line.number, index)
            if (own := _called(cell, wanted, known)) and len(spread) < 2:
                name, other = folding.visible(cell.text), folding.visible(below.text)
                named = _called(below, wanted, known)
                return f"{letters(index)} 列上面是“{name}”，下面是“{other}”" if own and named else ""
            groups.append((line.number, cell, spread))
    places = {i: column for i, (_, cell) in cells.items() if (column := _called(cell, wanted, known))}
    first = {id(one) for i, one in places.items() if cells[i][0] == lines[0].number}
    lower = {id(one) for i, one in places.items() if cells[i][0] != lines[0].number}
    last = any(cells[i][0] == lines[-1].number for i in places)
    # 上下两层各有一列是同一列的：上面的是标题里的话（日期、备注），不是表头的一层
    if not groups or not (first or repeated) or not last or first & lower:
        return ""
    return Header(tuple(lines), cells, places, tuple(groups), tuple(covered))


def _same(cell: Cell, below: Cell, wanted: Wanted, known: Known) -> bool:
    """上下两格说的是同一列：字一样，或者认作同一列而上面的没有写括号（单位）。"""
    own = _called(cell, wanted, known)
    return folding.compact(below.text) == folding.compact(cell.text) or (
        own is not None and own is _called(below, wanted, known) and not folding.heading(cell.text)[1]
    )


def _under(sheet: Sheet, levels: Sequence[Mapping[int, Cell]], depth: int, number: int, index: int) -> tuple[int, ...]:
    """上层这一格管着下面哪几列：合并的照合并区，没有合并的到这一层下一个有字的格为止（同名的连着）。"""
    filled = sorted({column for level in levels[depth + 1 :] for column in level})
    wide = [area for area in sheet.merges if (area.top, area.left) == (number, index)]
    if wide:
        return tuple(column for column in filled if index <= column <= wide[0].right)
    own = levels[depth]
    others = [column for column, cell in own.items() if column > index and cell.text != own[index].text]
    ends = min(others, default=filled[-1] + 1 if filled else index + 1)
    found = []
    for column in range(index, ends):
        if column not in filled:
            break
        found.append(column)
    return tuple(found)


# ── 认作哪一列 ──


def read(sheet: Sheet, wanted: Wanted, book: Notebook, where: str) -> Header | None:
    """这张表的表头，说明记在 `book` 里；没有表头而可以照先后认列的为空。认不出、分不清抛 Unreadable。"""
    found = find(sheet, wanted)
    if not found or not early(sheet, found[0]):
        if found:
            raise Unreadable(f"{where}第 {found[0].top} 行才像表头，前面的内容太多，请把表头放到前面")
        if not wanted.in_order:
            _no_header(sheet, wanted, where)
        names = "、".join(column.name for column in wanted.columns)
        book.whole(Outcome.NAMED, f"“{sheet.title}”", f"没有表头，照这样的先后认列：{names}")
        return None
    if len(found) > 1:
        _several(sheet, found, wanted, where)
    header = replace(found[0], places=_exact(found[0]))
    _check(header, wanted, where)
    _check_titles(header, book)
    _check_groups(header, book)
    before = [one for one in sheet.lines if one.number < header.top]
    if before:
        cells = sum(len(one.cells) for one in before)
        text = f"在表头以前，当作标题，没有读：{remarks.titles(before)}"
        book.rows(Outcome.UNREAD, [one.number for one in before], text, cells)
    return header


def _several(sheet: Sheet, found: Sequence[Header], wanted: Wanted, where: str) -> None:
    """像表头的不止一处，整份不收；紧挨着、像两层而分不清的，说是哪一列。"""
    first, second = found[:2]
    if second.top == first.number + 1 and len(first.lines) == len(second.lines) == 1:
        why = _stacked(sheet, [*first.lines, *second.lines], wanted, {})
        if isinstance(why, str) and why:
            raise Unreadable(
                f"{where}第 {first.number}、{second.number} 行都是列名：{why}，不知道照哪一行；"
                "请只留一套表头，是两层表头的请改成一层"
            )
    numbers = "、".join(one.told[2:-2] for one in found[:5])
    raise Unreadable(f"{where}第 {numbers} 行都像表头，不知道哪一段才是；请只留一套表头")


def _exact(header: Header) -> dict[int, Column]:
    """“备注”和“用途”都认作备注的：写文字的列照名字正好相同的一列读，另一列没有读，要人点头。"""
    matched, titles = header.places, header.titles
    exact = [i for i, one in matched.items() if folding.heading(titles[i])[0] == folding.heading(one.name)[0]]
    named = {matched[i].name for i in exact}
    return {i: one for i, one in matched.items() if one.kind != Kind.TEXT or one.name not in named or i in exact}


def _check(header: Header, wanted: Wanted, where: str) -> None:
    """一列只认一处，要的列都有。"""
    twice: dict[str, list[int]] = defaultdict(list)
    for index, column in header.places.items():
        twice[column.name].append(index)
    for name, indexes in twice.items():
        if len(indexes) > 1:
            shown = "、".join(f"{letters(index)} 列“{header.shown(index)}”" for index in indexes)
            raise Unreadable(f"{where}{header.told}的 {shown} 都是“{name}”，不知道读哪一列；请只留一列")
    lacking = columns.missing(wanted.columns, twice)
    if lacking:
        unknown = "、".join(header.shown(index) for index in header.titles if index not in header.places)
        layers = f"（{_layers(header)}层表头）" if len(header.lines) > 1 else ""
        raise Unreadable(
            f"{where}{header.told}{layers}缺少列：{'、'.join(lacking)}；认出的是：{'、'.join(twice)}"
            + (f"；认不出的是：{unknown}" if unknown else "")
            + f"；{wanted.title}要有：{'、'.join(one.name for one in wanted.columns)}{wanted.basis}"
        )


def _no_header(sheet: Sheet, wanted: Wanted, where: str) -> None:
    names = "、".join(column.name for column in wanted.columns)
    lacking = "、".join(columns.missing(wanted.columns, ()))
    first = sheet.lines[0]
    shown = "、".join(folding.visible(cell.text)[:20] for cell in first.cells[:12])
    place = f"“{sheet.title}”"
    place = where if where.endswith(place) else f"{where}的{place}"
    raise Unreadable(
        f"{place}里找不到表头：第 {first.number} 行是“{shown}”；"
        f"缺少列：{lacking}；{wanted.title}要有：{names}{wanted.basis}"
    )


def _check_titles(header: Header, book: Notebook) -> None:
    """各列的列名：单位、括号里的话、折了什么；公式、划掉的、看不见的拒绝。"""
    for index, column in header.places.items():
        number, cell = header.cells[index]
        title = folding.visible(cell.text)
        shown = re.sub(r"\s+", " ", title)
        _check_unit(book, (number, index), column, title, shown)
        if column.kind != Kind.NUMBER and (said := column.aside(title)):
            text = f"列名括号里写着“{said[:20]}”，照“{column.name}”读；不是这一列的请改列名"
            book.cell(Outcome.NAMED, number, index, shown, text, doubtful=True)
        if cell.text != column.name:
            book.cell(Outcome.FOLDED, number, index, shown, f"认作“{column.name}”")
    for index, (number, cell) in header.cells.items():
        if cell.made in (Made.FORMULA, Made.ERROR):
            book.refuse(number, index, cell.text[:20], f"表头是{cell.made}，请填成文字")
        elif index in header.places and (cell.struck or cell.unseen or cell.glyphs):
            why = "划了删除线" if cell.struck else "的字看不见" if cell.unseen else "里有符号字体的字"
            text = f"列名{why}，不知道这一列还算不算；算的请改过来，不算的请删去这一列"
            book.refuse(number, index, cell.text[:20], text)
    for number, cell, area in header.covered:
        text = f"压在合并的 {area} 下面，看不见“{cell.text[:20]}”；请取消合并"
        book.refuse(number, cell.column, header.titles.get(cell.column, ""), text)


def _check_unit(book: Notebook, place: tuple[int, int], column: Column, title: str, shown: str) -> None:
    """列名里的单位：别的单位、倍数不换算，拒绝；没写的、没有规定单位的列写了的，点名。"""
    number, index = place
    if unit := column.other_unit(title):
        right = f"按 {column.units[0]} 填，" if column.units else "照一个一个的数填，"
        book.refuse(number, index, shown, f"列名写的单位是“{unit}”，这一列{right}不换算")
    elif column.kind == Kind.NUMBER and not column.units and not column.measured and column.stated_unit(title):
        text = f"列名写的“{column.stated_unit(title)}”没有核对，照数读"
        book.cell(Outcome.NAMED, number, index, shown, text, doubtful=bool(column.aside(title)))
    elif column.unit_unsaid(title):
        book.cell(Outcome.NAMED, number, index, shown, f"没写单位，按 {column.units[0]} 读")


def _check_groups(header: Header, book: Notebook) -> None:
    """几层的表头：列名照哪一层，写明；上层的字不当列名，会改下面各列的意思的，要人点头。"""
    if len(header.lines) < 2:
        return
    told = []
    for number, cell, under in header.groups:
        name = re.sub(r"\s+", " ", folding.visible(cell.text))
        below = [header.titles[index] for index in under if header.cells[index][0] > number]
        told.append(f"“{name}”下面是{'、'.join(below[:12])}")
        text = "是表头的上层，照下层的列名读，没有读"
        if cell.struck or cell.unseen or cell.glyphs or not _PLAIN_GROUP.fullmatch(folding.compact(name)):
            text += "；要是它改了下面各列的意思（变更前、合计、单位），请把列名改清楚"
            book.cell(Outcome.UNREAD, number, cell.column, name, text, doubtful=True)
        else:
            book.cell(Outcome.UNREAD, number, cell.column, name, text)
    text = f"表头是{_layers(header)}层的，列名照最下一层：{'；'.join(dict.fromkeys(told))}"
    book.whole(Outcome.FOLDED, header.told, text)


def _layers(header: Header) -> str:
    return _HAN[len(header.lines)]
