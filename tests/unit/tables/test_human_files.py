"""像人做的文件：对一份正确的表随机施加各种写法，要么读得与原表相等，要么逐格报出；静默不同 0 个（R-052、R-011）。"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.support.human_files import HABITS, Draft, Shape, made, silent
from yunheng.catalog import sheet
from yunheng.ledger import arrivals
from yunheng.tables.columns import Kind
from yunheng.tables.limits import Unreadable
from yunheng.tables.notes import Outcome
from yunheng.tables.opening import opened
from yunheng.tables.reading import Table, read_file, read_text
from yunheng.tables.wanted import Wanted

ORDERS = [
    ["工单号", "单号", "资源", "目录项", "动作", "数量", "完成日期"],
    ["GD-2026-001", "SQ-2026-0008", "ECS-YL-01", "ZJ-CPU-X86", "新增", "8", "2026-03-02"],
    ["GD-2026-001", "SQ-2026-0008", "ECS-YL-01", "ZJ-MEM-X86", "新增", "32", "2026-03-02"],
    ["GD-2026-002", "SQ-2026-0009", "ECS-YL-02", "ZJ-CPU-X86", "变更", "16", "2026-11-30"],
    ["202603020001234561", "BG-7", "ECS-YL-03", "ZJ-SSD", "变更", "1234.125", "2026-01-01"],
    ["GD-2026-004", "", "ECS-YL-04", "ZJ-CPU-X86", "释放", "", "2026-12-31"],
]
CATALOG = [
    [*sheet.COLUMNS],
    ["ZJ-CPU-X86", "基础设施", "CPU", "核·年", "单价", "年", "456", "", "有", "CPU 核", "X86", "弹性", "可用性 99.95%"],
    ["ZJ-SSD", "基础设施", "高性能存储", "TB·年", "单价", "年", "4380.5", "CU", "有", "SSD TB", "", "", ""],
    ["RJ-DB", "软件授权", "数据库（授权）", "套", "授权", "一次性", "120000", "CT", "无", "", "", "一次性授权", ""],
]
SOURCES = {"工单": (ORDERS, arrivals.wanted("工单")), "目录": (CATALOG, sheet.WANTED)}
NAMED = {Kind.CODE: "编号", Kind.NUMBER: "数", Kind.DATE: "日期", Kind.TEXT: "文字", Kind.CHOICE: "几选一"}


def read(content: bytes, shape: Shape, wanted: Wanted) -> Table:
    if shape == "paste":
        return read_text(content.decode(), wanted)
    return read_file(content, f"表.{shape}", wanted)


def right(grid: list[list[str]], wanted: Wanted) -> list[dict[str, str]]:
    names = [one.name for one in wanted.columns]
    return [{name: dict(zip(grid[0], row, strict=True)).get(name, "") for name in names} for row in grid[1:]]


def accounted(table: Table, content: bytes, shape: Shape) -> None:
    """任一有内容的格：读进了某一列，或恰好落在一条“没有读”里。"""
    if shape == "paste":
        return
    sheets = [one for one in opened(content, f"表.{shape}") if not one.hidden]
    chosen = next(one for one in sheets if one.title == table.sheet)
    rows = {table.header, *(one.number for one in table.rows)}
    taken = {(row, index) for index, _, _ in table.headings for row in rows}
    notes = [note for note in table.notes if note.outcome == Outcome.UNREAD and note.areas]
    for line in chosen.lines:
        for cell in line.cells:
            if (line.number, cell.column) not in taken:
                assert sum(note.holds(line.number, cell.column) for note in notes) == 1, (line.number, cell)


def tried(seed: int) -> tuple[str, Draft]:
    """一份随机的文件：读得相等是“相等”，逐格或整份报出是“报出”；别的都是错。"""
    dice = random.Random(seed)
    title = dice.choice(sorted(SOURCES))
    grid, wanted = SOURCES[title]
    kinds = {one.name: NAMED[one.kind] for one in wanted.columns}
    shape: Shape = dice.choice(["xlsx", "csv", "paste"])
    content, draft = made(grid, kinds, dice, shape, title)
    what = f"种子 {seed} {title} {shape} {draft.done}"
    try:
        table = read(content, shape, wanted)
    except Unreadable as error:
        if not draft.wrong:
            pytest.fail(f"{what} 整份不收：{error}")
        return "报出", draft
    named = {(note.row or 0, note.column) for note in table.refused}
    missed = silent(draft, right(grid, wanted), {row.number: row.text for row in table.rows}, named)
    assert not missed, f"{what} 没有点名：{missed}"
    if table.refused:
        assert draft.wrong, f"{what} 多报了：{table.refused}"
        return "报出", draft
    assert not draft.wrong, f"{what} 没有报出"
    assert [dict(row.text) for row in table.rows] == right(grid, wanted), what
    accounted(table, content, shape)
    if title == "工单" and shape != "paste":
        # 章里的检查也照原表收：没有一行有问题
        lines = arrivals.read_file(content, f"表.{shape}", title)[1]
        assert [line.problems for line in lines] == [()] * len(lines), what
    if {"多余的列", "标题行", "列名上面的分组", "合计行", "另有一张表"} & set(draft.done):
        assert any(note.outcome == Outcome.UNREAD for note in table.notes), what
    return "相等", draft


def test_三百个像人做的文件_读得相等或逐格报出_静默不同没有() -> None:
    found, habits = Counter[str](), Counter[str]()
    for seed in range(300):
        outcome, draft = tried(seed)
        found[outcome] += 1
        habits.update(draft.done)
    assert set(habits) == set(HABITS) - {"表后的填表人"}
    assert min(found["相等"], found["报出"]) > 40


@pytest.mark.soak
def test_五千个像人做的文件_静默不同没有() -> None:
    for seed in range(1_000, 6_000):
        tried(seed)
