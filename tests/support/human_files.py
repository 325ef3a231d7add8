"""像人做的文件：对一份正确的表随机施加人常有的写法，写成 xlsx、csv 或粘贴的文字。

每一种写法说明它该怎样：“折算”以后与原表相等；“拒绝”的至少拒绝一格，或整份不收。静默不同一个也不许有。
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import openpyxl
from openpyxl.styles import Font, PatternFill

Shape = Literal["xlsx", "csv", "paste"]


@dataclass
class Draft:
    """正在做的一份表：`grid` 头一行是列名；`kinds` 是列名 → 编号、数、日期、文字、几选一。"""

    grid: list[list[Any]]
    kinds: Mapping[str, str]
    shape: Shape
    #: 列名所在的行在 grid 里的位置
    header: int = 0
    encoding: str = "utf-8"
    separator: str = ","
    ending: str = "\r\n"
    #: 存成文件时再做的：隐藏、合并、底色、另加的表
    finish: list[Callable[[Any], None]] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    #: 施加了该拒绝的写法
    wrong: bool = False

    def columns(self, *kinds: str) -> list[int]:
        """这几种的列在 grid 里的位置。"""
        names = self.grid[self.header]
        return [place for place, name in enumerate(names) if self.kinds.get(str(name)) in kinds]

    def body(self) -> range:
        """数据各行在 grid 里的位置。"""
        return range(self.header + 1, len(self.grid))

    def origin(self) -> dict[int, int]:
        """表里的行号 → 原来是第几条（从 0 起）；合计行、空行、表后的说明不是原来的。"""
        own = [row for row in self.body() if any(self.grid[row]) and not set(_ADDED) & set(map(str, self.grid[row]))]
        return {row + 1: place for place, row in enumerate(own)}

    def pick(self, dice: random.Random, *kinds: str) -> tuple[int, int] | None:
        """随便一个有内容、还没动过的数据格。"""
        found = [
            (row, column)
            for row in self.body()
            if not set(_ADDED) & set(map(str, self.grid[row]))
            for column in self.columns(*kinds)
            if column < len(self.grid[row]) and isinstance(self.grid[row][column], str) and self.grid[row][column]
        ]
        return dice.choice(found) if found else None


#: 加上去的行里的字
_FOOTER = "填表人：张三"
_ADDED = ("合计", _FOOTER)
Habit = Callable[[Draft, random.Random], bool]


def _cell(kinds: Sequence[str], change: Callable[[str, random.Random], Any], *, wrong: bool = False) -> Habit:
    def habit(draft: Draft, dice: random.Random) -> bool:
        place = draft.pick(dice, *kinds)
        if place is None:
            return False
        row, column = place
        old = draft.grid[row][column]
        made = change(old, dice)
        if made == old:
            return False
        draft.grid[row][column] = made
        draft.wrong = draft.wrong or wrong
        return True

    return habit


def _wide(text: str, _dice: random.Random) -> str:
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)


def _long(draft: Draft, dice: random.Random) -> bool:
    value = 202603020001234567 if draft.shape == "xlsx" else "2.03E+17"
    return _cell(["编号"], lambda _t, _d: value, wrong=True)(draft, dice)


def _dated(text: str, dice: random.Random) -> str:
    day = date.fromisoformat(text)
    return dice.choice(
        [
            f"{day.year}/{day.month}/{day.day}",
            f"{day.year}年{day.month}月{day.day}日",
            f"{day.year}.{day.month}.{day.day}",
            f"{day:%Y%m%d}",
            f"{day} 08:30:00",
        ]
    )


def _headed(draft: Draft, dice: random.Random) -> bool:
    names = draft.grid[draft.header]
    column = dice.choice([place for place, name in enumerate(names) if str(name) in draft.kinds])
    name = str(names[column])
    made = dice.choice([f" {name}", f"{name}\n", f"*{name}", f"{name}：", f"{name}（必填）", f"\u200b{name}"])
    draft.kinds = {**draft.kinds, made: draft.kinds[name]}
    names[column] = made
    return True


def _titled(draft: Draft, _dice: random.Random) -> bool:
    draft.grid.insert(0, ["一张表的标题"])
    draft.header += 1
    return True


def _totalled(draft: Draft, _dice: random.Random) -> bool:
    numbers, width = draft.columns("数"), len(draft.grid[draft.header])
    draft.grid.append(["合计", *("99" if place in numbers else "" for place in range(1, width))])
    return True


def _grouped(draft: Draft, dice: random.Random) -> bool:
    """列名上面还有一行分组，各管几列。"""
    width = len(draft.grid[draft.header])
    place = dice.randrange(1, width)
    draft.grid.insert(draft.header, ["基本情况", *[""] * (place - 1), "配置情况"])
    above = draft.header + 1
    draft.header += 1
    if draft.shape == "xlsx" and place > 1:
        area = {"start_row": above, "end_row": above, "start_column": 1, "end_column": place}
        draft.finish.append(lambda sheet: sheet.merge_cells(**area))
    return True


def _again(draft: Draft, _dice: random.Random) -> bool:
    """每页重复的表头。"""
    draft.grid.insert(draft.header + 2, list(draft.grid[draft.header]))
    draft.wrong = True
    return True


def _reordered(draft: Draft, dice: random.Random) -> bool:
    """各列换了先后。"""
    width = len(draft.grid[draft.header])
    order = dice.sample(range(width), width)
    for row in range(draft.header, len(draft.grid)):
        if old := draft.grid[row]:
            filled = [*old, *[""] * (width - len(old))]
            draft.grid[row] = [filled[place] for place in order]
    return True


def _footed(draft: Draft, _dice: random.Random) -> bool:
    """表后面写了一行填表人：不是主机，不读。"""
    if "服务类型" not in draft.kinds:
        return False
    draft.grid.append([_FOOTER])
    return True


def _across(draft: Draft, dice: random.Random) -> None:
    """横向合并：右边的格是空的。"""
    names = draft.grid[draft.header]
    found = [
        (row, column)
        for row in draft.origin()
        for column in range(1, len(names))
        if column < len(draft.grid[row - 1]) and draft.grid[row - 1][column - 1] and not draft.grid[row - 1][column]
    ]
    if found:
        row, column = dice.choice(found)
        area = {"start_row": row, "end_row": row, "start_column": column, "end_column": column + 1}
        draft.finish.append(lambda sheet: sheet.merge_cells(**area))


def _gap(draft: Draft, dice: random.Random) -> bool:
    draft.grid.insert(dice.choice(list(draft.body())), [])
    return True


def _more(draft: Draft, dice: random.Random) -> bool:
    place = dice.choice([0, len(draft.grid[draft.header])])
    title = dice.choice(["序号", "备注事项", "经办人电话"])
    for row in range(draft.header, len(draft.grid)):
        if old := draft.grid[row]:
            filled = [*old, *[""] * (place - len(old))]
            added = "" if _FOOTER in old else str(row)
            draft.grid[row] = [*filled[:place], title if row == draft.header else added, *filled[place:]]
    return True


def _only_xlsx(habit: Callable[[Draft, random.Random], None], *, wrong: bool = False) -> Habit:
    def applied(draft: Draft, dice: random.Random) -> bool:
        if draft.shape != "xlsx":
            return False
        habit(draft, dice)
        draft.wrong = draft.wrong or wrong
        return True

    return applied


def _hidden_row(draft: Draft, dice: random.Random) -> None:
    row = dice.choice(list(draft.body())) + 1
    draft.finish.append(lambda sheet: setattr(sheet.row_dimensions[row], "hidden", True))


def _hidden_column(draft: Draft, dice: random.Random) -> None:
    letter = dice.choice("ABCD")
    draft.finish.append(lambda sheet: setattr(sheet.column_dimensions[letter], "hidden", True))


def _painted(draft: Draft, _dice: random.Random) -> None:
    def paint(sheet: Any) -> None:
        for row in range(sheet.max_row + 1, sheet.max_row + 5):
            sheet.cell(row, 1).fill = PatternFill("solid", fgColor="FFFF00")

    draft.finish.append(paint)


def _other_sheet(draft: Draft, dice: random.Random) -> None:
    hidden = dice.random() < 0.5

    def add(sheet: Any) -> None:
        other = sheet.parent.create_sheet("旧版", 0 if hidden else None)
        other.sheet_state = "hidden" if hidden else "visible"
        for row in draft.grid:
            other.append([str(cell) for cell in row])

    draft.finish.append(add)


def _merged(draft: Draft, dice: random.Random) -> None:
    column = dice.choice(draft.columns("编号", "数")) + 1
    row = dice.choice(list(draft.origin()))
    area = {"start_row": row, "end_row": row + 1, "start_column": column, "end_column": column}
    draft.finish.append(lambda sheet: sheet.merge_cells(**area))


def _chosen(draft: Draft, dice: random.Random, *kinds: str) -> tuple[int, int] | None:
    """定好了行以后，随便一个有内容的数据格：表里的行号、列号。"""
    found = [
        (row, column + 1)
        for row in draft.origin()
        for column in draft.columns(*kinds)
        if column < len(draft.grid[row - 1]) and draft.grid[row - 1][column]
    ]
    return dice.choice(found) if found else None


def _unseen(draft: Draft, dice: random.Random) -> bool:
    """白字、字小得看不见、字划掉了。"""
    place = _chosen(draft, dice, "编号", "数", "日期") if draft.shape == "xlsx" else None
    if place is None:
        return False
    font = dice.choice([Font(color="FFFFFFFF"), Font(size=1), Font(strike=True)])
    draft.finish.append(lambda sheet: setattr(sheet.cell(*place), "font", font))
    draft.wrong = True
    return True


def _formatted(kind: str, value: Any, *shown: str) -> Habit:
    """存成真正的数、日期，格式让看到的不同。"""

    def habit(draft: Draft, dice: random.Random) -> bool:
        place = _chosen(draft, dice, kind) if draft.shape == "xlsx" else None
        if place is None:
            return False
        code = dice.choice(shown)

        def finish(sheet: Any) -> None:
            cell = sheet.cell(*place)
            cell.value, cell.number_format = value, code

        draft.finish.append(finish)
        draft.wrong = True
        return True

    return habit


def _typed(draft: Draft, _dice: random.Random) -> None:
    """数、日期存成真正的数和日期。"""
    for row in draft.body():
        for column in draft.columns("数", "日期"):
            if column < len(draft.grid[row]) and isinstance(text := draft.grid[row][column], str):
                try:
                    dated = column in draft.columns("日期")
                    draft.grid[row][column] = date.fromisoformat(text) if dated else float(text)
                except ValueError:
                    continue


def _encoded(draft: Draft, dice: random.Random) -> bool:
    if draft.shape != "csv":
        return False
    draft.encoding = dice.choice(["utf-8-sig", "gb18030", "utf-16"])
    draft.separator = dice.choice([",", "\t", ";"])
    draft.ending = dice.choice(["\n", "\r\n", "\r"])
    return True


#: 名字 → 写法。“错”字打头的该拒绝
HABITS: dict[str, Habit] = {
    "编号前后有空白": _cell(["编号"], lambda text, _: f" {text}\u3000"),
    "编号里有零宽字符": _cell(["编号"], lambda text, _: f"\u200b{text}\ufeff"),
    "编号开头的撇号": _cell(["编号"], lambda text, _: f"'{text}"),
    "编号全角": _cell(["编号"], _wide),
    "数全角": _cell(["数"], _wide),
    "数前后有空白": _cell(["数"], lambda text, _: f" {text} "),
    "数有千分位": _cell(["数"], lambda text, _: f"{int(text):,}" if text.isdecimal() else text),
    "日期的写法": _cell(["日期"], _dated),
    "文字前后有空白": _cell(["文字"], lambda text, _: f" {text}\n"),
    "列名的写法": _headed,
    "标题行": _titled,
    "列名上面的分组": _grouped,
    "列换了先后": _reordered,
    "横向合并": _only_xlsx(_across),
    "合计行": _totalled,
    "空行断档": _gap,
    "多余的列": _more,
    "数和日期存成真的": _only_xlsx(_typed),
    "隐藏的行": _only_xlsx(_hidden_row),
    "隐藏的列": _only_xlsx(_hidden_column),
    "彩色空行": _only_xlsx(_painted),
    "另有一张表": _only_xlsx(_other_sheet),
    "编码和分隔": _encoded,
    "错：每页的表头": _again,
    "表后的填表人": _footed,
    "错：公式": _cell(["编号", "数"], lambda _t, _d: "=1+1", wrong=True),
    "错：错误值": _cell(["编号", "数", "日期"], lambda _t, _d: "#N/A", wrong=True),
    "错：科学计数法": _cell(["编号"], lambda _t, _d: "2.02603E+17", wrong=True),
    "错：长编号存成数字": _long,
    "错：百分数": _cell(["数"], lambda text, _: f"{text}%", wrong=True),
    "错：中文数字": _cell(["数"], lambda _t, _d: "八", wrong=True),
    "错：别的单位": _cell(["数"], lambda text, _: f"{text}PB", wrong=True),
    "错：没有年的日期": _cell(["日期"], lambda _t, _d: "3月2日", wrong=True),
    "错：没有那一天": _cell(["日期"], lambda _t, _d: "2026-02-30", wrong=True),
    "错：几选一填了别的": _cell(["几选一"], lambda _t, _d: "差不多", wrong=True),
    "错：圈号": _cell(["编号", "数", "日期"], lambda text, dice: text + dice.choice("①²₂"), wrong=True),
    "错：看不见的字": _unseen,
    "错：数显示成别的数": _formatted("数", 35000, r"0\.0000", '"-"0', '0"0"', "0,", ";;;", "0.00E+00", "[>5]0;0"),
    "错：日期看不全": _formatted(
        "日期", date(2026, 3, 2), 'yyyy"年"m"月"', "m/d", "hh:mm", "mmm-yy", '"2025年"m"月"d"日"'
    ),
    "错：跨行合并": _only_xlsx(_merged, wrong=True),
}
#: 只有 Excel 里有的错
_ONLY_XLSX = ("错：跨行合并", "错：看不见的字", "错：数显示成别的数", "错：日期看不全")
#: 定好哪几行以后才做的
_LAST = (
    "隐藏的行", "彩色空行", "另有一张表", "横向合并", "错：跨行合并", "错：看不见的字", "错：数显示成别的数",
    "错：日期看不全",
)  # fmt: skip


def made(
    grid: Sequence[Sequence[str]], kinds: Mapping[str, str], dice: random.Random, shape: Shape, title: str
) -> tuple[bytes, Draft]:
    """随机施加一到五种写法，返回文件（粘贴的是 UTF-8 文字）和做了什么。"""
    draft = Draft([list(row) for row in grid], dict(kinds), shape)
    known = [name for name in sorted(HABITS) if not name.startswith("错")]
    chosen = dice.sample(known, 1 + dice.randrange(5))
    if dice.random() < 0.5:
        known = [name for name in sorted(HABITS) if name.startswith("错")]
        wrong = [name for name in known if shape == "xlsx" or name not in _ONLY_XLSX]
        chosen.append(wrong[dice.randrange(10**6) % len(wrong)])
    for name in sorted(chosen, key=lambda one: one in _LAST):
        if HABITS[name](draft, dice):
            draft.done.append(name)
    return written(draft, title), draft


def written(draft: Draft, title: str) -> bytes:
    """写成文件。"""
    if draft.shape == "xlsx":
        book = openpyxl.Workbook()
        sheet = book.worksheets[0]
        sheet.title = title
        for number, row in enumerate(draft.grid, start=1):
            for column, value in enumerate(row, start=1):
                if value not in ("", None):
                    cell = sheet.cell(number, column)
                    cell.value = value
        for step in draft.finish:
            step(sheet)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()
    text = io.StringIO(newline="")
    separator = "\t" if draft.shape == "paste" else draft.separator
    # 只用 CR 换行时，格里的 LF 库不会自己加引号
    quoting: Literal[0, 1] = 1 if draft.ending == "\r" else 0
    csv.writer(text, delimiter=separator, lineterminator=draft.ending, quoting=quoting).writerows(
        [str(cell) for cell in row] for row in draft.grid
    )
    return text.getvalue().encode("utf-8" if draft.shape == "paste" else draft.encoding)


def silent(
    draft: Draft,
    right: Sequence[Mapping[str, str]],
    found: Mapping[int, Mapping[str, str]],
    named: set[tuple[int, str]],
) -> list[str]:
    """静默不同的各格：读出来的与原表不同而没有点名。

    `found` 是行号 → 各列读成的字，`named` 是点了名的（行号, 列）。
    """
    missed = []
    origin = draft.origin()
    for number in sorted({*origin, *found}):
        own = right[origin[number]] if number in origin else {}
        read = found.get(number, {})
        for column in sorted({*own, *read}):
            old, new = own.get(column, ""), read.get(column, "")
            if old != new and (number, column) not in named:
                missed.append(f"第 {number} 行“{column}”：“{old}”成了“{new}”")
    return missed
