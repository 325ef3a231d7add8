"""一份工作簿里的几张表，各照各的列读：没有读的表、行、列一样逐个点名；哪张读不了，一次全说。"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from . import folding
from .cells import Sheet
from .columns import missing
from .limits import HUMAN, Limits, Unreadable
from .notes import Note, Notebook, Outcome, address, ranked
from .opening import opened
from .reading import Table, headed, read_sheet, recognised
from .wanted import Wanted


@dataclass(frozen=True)
class Book:
    """读出来的几张表。`tables` 是表名 → 表，没有的、空着的不在里面；`wrong` 是读不了的各张，一句一张。"""

    name: str
    tables: Mapping[str, Table]
    wrong: tuple[str, ...]
    notes: tuple[Note, ...]

    @property
    def told(self) -> str:
        """读的是哪几张表、哪些行，一张一行。"""
        return "\n".join(table.told for table in self.tables.values())


def read_book(
    content: bytes, name: str, wanted: Sequence[Wanted], own: Collection[Sheet] = (), limits: Limits = HUMAN
) -> Book:
    """读一份 .xlsx 里的几张表，照表名认（全半角、空白不分）；整份不收抛 Unreadable，少了哪张由章里说。

    `own` 是系统给的空白工作簿里的各张：它的批注、给人看的几张一字没改的不说，改过的照样点名。隐藏的表不读，点名。
    """
    sheets = opened(content, name, limits, kinds=(".xlsx",))
    written = {text for sheet in own for text in sheet.comments.values()}
    for sheet in sheets:
        sheet.comments = {place: text for place, text in sheet.comments.items() if text not in written}
    titles = {folding.compact(one.title) for one in wanted}
    guides = {sheet.title: sheet for sheet in own if folding.compact(sheet.title) not in titles}
    book, tables, wrong, read = Notebook(), {}, [], []
    notes: list[Note] = []
    for one in wanted:
        found = [sheet for sheet in sheets if _is(sheet, one) and sheet.lines and not sheet.hidden]
        read += found
        if len(found) > 1:
            shown = "、".join(f"“{sheet.title}”" for sheet in found)
            wrong.append(f"“{name}”里 {shown} 都是“{one.title}”，不知道读哪一张；请只留一张{one.basis}")
        elif found:
            noted = Notebook(found[0].title)
            try:
                tables[one.title] = read_sheet(found[0], name, one, noted, f"“{name}”的“{found[0].title}”")
            except Unreadable as error:
                wrong.append(str(error))
            else:
                notes += tables[one.title].notes
    for sheet in sheets:
        if (sheet.lines or sheet.around) and not any(sheet is one for one in read):
            _left(book, sheet, wanted, guides)
    return Book(name, tables, tuple(wrong), ranked([*book.notes(), *notes]))


def _is(sheet: Sheet, wanted: Wanted) -> bool:
    return folding.compact(sheet.title) == folding.compact(wanted.title)


def _likeness(sheet: Sheet, wanted: Wanted) -> tuple[int, bool, int]:
    """有多像：先看表名里写的是不是它（“用量表”“旧日志”，长的名字先），再看要的列齐不齐，再看认得出几列。"""
    title, own = folding.compact(sheet.title), folding.compact(wanted.title)
    known = recognised(sheet, wanted)
    return len(own) * (own in title), not missing(wanted.columns, known), len(known)


def _left(book: Notebook, sheet: Sheet, wanted: Sequence[Wanted], guides: Mapping[str, Sheet]) -> None:
    """没有读的一张表：名字或表头像要的哪一张、是改过的填写说明，就要人点头。没改过的填写说明不说。"""
    if (guide := guides.get(sheet.title.strip())) is not None:
        changed = _changed(sheet, guide)
        if changed or sheet.around:
            shown = "、".join(address(*place) for place in changed[:6])
            more = f"等 {len(changed):,} 格" if len(changed) > 6 else ""
            text = f"没有读；它和空白工作簿里的不同：{'、'.join(filter(None, (shown + more, *sheet.around)))}"
            book.whole(Outcome.UNREAD, f"工作表“{sheet.title}”", text, cells=sheet.filled, doubtful=True)
        return
    found = [one for one in wanted if _is(sheet, one) or headed(sheet, one)]
    alike = [one.title for one in sorted(found, key=lambda one: _likeness(sheet, one), reverse=True)]
    why = "是隐藏的，没有读" if sheet.hidden else "没有读"
    inside = f"{len(sheet.lines):,} 行、{sheet.filled:,} 格有内容" if sheet.lines else "、".join(sheet.around)
    text = f"{why}（{inside}）"
    if alike:
        text += f"；它像“{alike[0]}”，要读请{'取消隐藏、' if sheet.hidden else ''}把表名改成“{alike[0]}”"
    book.whole(Outcome.UNREAD, f"工作表“{sheet.title}”", text, cells=sheet.filled, doubtful=bool(alike))


def _changed(sheet: Sheet, guide: Sheet) -> list[tuple[int, int]]:
    """填写说明里和原来不同的各格：（行号, 列号）。"""
    mine, own = ({(line.number, cell.column): folding.visible(cell.text) for line in one.lines for cell in line.cells}
                 for one in (sheet, guide))  # fmt: skip
    return sorted(place for place in mine.keys() | own.keys() if mine.get(place) != own.get(place))
