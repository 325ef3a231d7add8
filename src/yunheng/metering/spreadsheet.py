"""把 xlsx 数据包展成一个目录的 CSV：一张工作表一个文件，行号不变，一格不猜。"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from yunheng.metering.format import GUIDES, MANIFEST, TABLE, WHITE_SPACE
from yunheng.metering.problems import PackageError, Problem
from yunheng.tables.cells import Cell, Line, Made, Sheet
from yunheng.tables.limits import PACKAGE, Unreadable
from yunheng.tables.workbook import Entry, Workbook

#: 写成整数的键：怎样写才是（文本或数字单元格都收；02023、1.5 不是）
_INTEGERS = {"版本": "[1-9]", "服务年度": "[1-9][0-9]{3}"}
#: 百分数的列：写 95，不写 95%
_PERCENT = {("满意度", "满意率")}
#: 展开的字节不能多于这么多，也不能是文件的这么多倍
_SWOLLEN, _RATIO = 64 << 20, 300
#: 最多列几处错误
_PROBLEMS = 100_000


def unpack_workbook(source: Path, folder: Path) -> list[str]:
    """读 `source` 工作簿，写 `folder` 里的 CSV 和 数据包.json；返回提醒。

    公式、合并单元格、错误值不收：它们的值取决于打开它的软件。同名的工作表两份、满意率写成百分比格式的也不收。
    有一处就抛 PackageError，全部列出。
    """
    problems: list[Problem] = []
    warnings: list[str] = []
    room = max(_SWOLLEN, _RATIO * source.stat().st_size)
    budget = _Budget(room)
    try:
        with Workbook(source, source.name, replace(PACKAGE, strings=room), literal=True) as book:
            named = [(entry.title.strip(WHITE_SPACE), entry) for entry in book.entries]
            for name, count in Counter(name for name, _ in named).items():
                if count > 1 and (name == MANIFEST or name in TABLE):
                    problems.append(Problem(name, None, "-", f"同一张表有 {count} 份（工作表同名），请只留一份"))
            for name, entry in named:
                if name == MANIFEST or name in TABLE:
                    if not entry.part:
                        problems.append(Problem(name, None, "-", "这张工作表读不出：是图表，或文件里没有它的内容"))
                        continue
                    _Sheet(book, entry, name, problems, warnings, budget).write(folder)
                elif name not in GUIDES:
                    warnings.append(f"数据包里多余的工作表，已忽略：{entry.title}")
    except Unreadable as error:
        raise PackageError([*problems, Problem(MANIFEST, None, "-", str(error))]) from error
    if problems:
        raise PackageError(problems)
    return warnings


@dataclass
class _Budget:
    """一份工作簿展开时还能写多少字节：同一串文字引用百万遍的，文件很小而展开很大。"""

    left: int

    def spend(self, row: list[str]) -> None:
        self.left -= sum(map(len, row)) + len(row)
        if self.left < 0:
            raise Unreadable("工作簿展开后过大，疑为压缩炸弹")


@dataclass
class _Sheet:
    """一张工作表。"""

    book: Workbook
    entry: Entry
    name: str
    problems: list[Problem]
    warnings: list[str]
    budget: _Budget
    header: list[str] = field(default_factory=list)
    hidden: int = 0

    def write(self, folder: Path) -> None:
        sheet = Sheet(self.entry.title)
        rows = self._rows(sheet)
        if self.name == MANIFEST:
            self.warnings += _write_manifest(rows, folder)
        else:
            with (folder / f"{self.name}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file, lineterminator="\n").writerows(row or [""] for row in rows)
        if sheet.merges:
            self._wrong(None, "-", "有合并的单元格；数据表的每个单元格都要单独填写")
        if self.entry.hidden:
            self.warnings.append(f"工作表“{self.name}”是隐藏的，照读")
        if self.hidden or sheet.hidden_columns:
            self.warnings.append(f"工作表“{self.name}”有隐藏的行或列，照读")

    def _wrong(self, row: int | None, column: str, reason: str) -> None:
        if len(self.problems) >= _PROBLEMS:
            raise Unreadable(f"错误已有 {_PROBLEMS:,} 条，后面的没有再查；如 {self.problems[0].reason}")
        self.problems.append(Problem(self.name, row, column, reason))

    def _rows(self, sheet: Sheet) -> Iterator[list[str]]:
        """从第 1 行起逐行给出各格文本；跳过的空行补上，行号才不会错位。"""
        reached = 0
        for line in self.book.lines(self.entry, sheet):
            if line.number <= reached:
                self._wrong(line.number, "-", "行号重复或颠倒，工作表坏了，请重新另存")
                return
            if line.number > PACKAGE.rows:
                self._wrong(line.number, "-", f"超过一张工作表的 {PACKAGE.rows:,} 行")
                return
            while reached + 1 < line.number:
                reached += 1
                self.budget.spend([])
                yield []
            reached = line.number
            self.hidden += line.hidden
            row = self._row(line)
            self.budget.spend(row)
            yield row

    def _row(self, line: Line) -> list[str]:
        row: list[str] = []
        for cell in line.cells:
            if self.header and cell.column > len(self.header) + 1 and len(row) > len(self.header):
                continue  # 多于表头的格有一个就报，不必展开
            row += [""] * (cell.column - len(row))
            if row[cell.column - 1]:
                self._wrong(line.number, "-", f"第 {cell.column} 列写了两遍，工作表坏了，请重新另存")
            row[cell.column - 1] = self._text(line, cell)
        while row and not row[-1].strip(WHITE_SPACE):
            row.pop()
        if line.number == 1:
            self.header = row
        return row

    def _text(self, line: Line, cell: Cell) -> str:
        column = self.header[cell.column - 1] if cell.column <= len(self.header) else str(cell.column)
        if cell.made is Made.FORMULA:
            self._wrong(line.number, column, f"是公式：{cell.text[:200]}；请粘贴为数值")
        elif cell.made is Made.ERROR:
            self._wrong(line.number, column, f"是错误值：{cell.text}")
        elif cell.made is Made.PERCENT and (self.name, column.strip(WHITE_SPACE)) in _PERCENT:
            self._wrong(line.number, column, f"单元格是百分比格式（值 {cell.text}）；请填百分数，如 95（D62-附件5 G）")
        return cell.text


def _write_manifest(rows: Iterator[list[str]], folder: Path) -> list[str]:
    """写 数据包.json；返回提醒：写了两遍的键、没有键的值、第 2 列以后的格，照 JSON 一样逐个点名。"""
    content: dict[str, Any] = {}
    chosen: dict[str, str] = {}
    seen: dict[str, list[tuple[int, str]]] = {}
    warnings = []
    for number, row in enumerate(rows, 1):
        key, value, *others = [cell.strip(WHITE_SPACE) for cell in row] + [""] * (2 - len(row))
        if others := [cell for cell in others if cell]:
            warnings.append(f"工作表“{MANIFEST}”第 {number} 行只看前两列，已忽略：{'、'.join(map(_short, others))}")
        if not key and value:
            warnings.append(f"工作表“{MANIFEST}”第 {number} 行没有键，已忽略：{_short(value)}")
        if not key or (key, value) == ("键", "值") or not value:
            continue
        seen.setdefault(key, []).append((number, value))
        if key.startswith("口径."):
            chosen[key.removeprefix("口径.")] = value
        elif key in _INTEGERS and re.fullmatch(_INTEGERS[key], value):
            content[key] = int(value)
        else:
            content[key] = value
    if chosen:
        content["口径"] = chosen
    warnings += [
        f"工作表“{MANIFEST}”里写了两遍的键，取后一个：{_short(key)}（"
        f"{'，'.join(f'第 {number} 行 {_short(value)}' for number, value in found)}）"
        for key, found in seen.items()
        if len(found) > 1
    ]
    (folder / f"{MANIFEST}.json").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    return warnings


def _short(text: str) -> str:
    """一格的话，太长的截短，不换行。"""
    line = " ".join(text.split())
    return f"{line[:40]}…" if len(line) > 40 else line
