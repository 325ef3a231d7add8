"""列名括号里的字：单位、日期的写法、必填、例子、选项照读；会改变这一列意思的，要人点头才照读。"""

from __future__ import annotations

import pytest

from yunheng.tables.columns import Column, Kind, choices
from yunheng.tables.notes import Note
from yunheng.tables.reading import Table, read_file
from yunheng.tables.wanted import Wanted

COLUMNS = (
    Column("资源", Kind.CODE, aliases=("资源编号",)),
    Column("完成日期", Kind.DATE),
    Column("动作", Kind.CHOICE, choices=choices("新增", "变更", "释放")),
    Column("说明", Kind.TEXT, aliases=("操作系统（版本）",)),
    Column("台数", Kind.NUMBER),
    Column("内存", Kind.NUMBER, units=("GB", "G")),
)
WANTED = Wanted("试验", COLUMNS, 100, "（R-052）")
PLAIN = ("资源", "完成日期", "动作", "说明", "台数", "内存")


def table(**titles: str) -> Table:
    """一行数据的表，各列的列名换成所给的。"""
    head = ",".join(f'"{titles.get(name, name)}"' for name in PLAIN)
    return read_file(f"{head}\nECS-1,2025-07-03,新增,甲,1,16\n".encode(), "试验.csv", WANTED)


def doubts(**titles: str) -> list[Note]:
    return [note for note in table(**titles).doubtful if "列名" in note.text]


@pytest.mark.parametrize(
    ("name", "title", "said"),
    [
        ("完成日期", "完成日期（计划）", "计划"),
        ("完成日期", "完成日期(预计 申请)", "预计申请"),
        ("完成日期", "完成日期（YYYY-MM-DD）（计划）", "计划"),
        ("资源", "资源（名称）", "名称"),
        ("资源", "资源编号【旧】", "旧"),
        ("动作", "动作（拟）", "拟"),
        ("动作", "动作（新增/停用）", "新增/停用"),
        ("说明", "操作系统（数据库）", "数据库"),
        ("台数", "台数（计划）", "计划"),
    ],
)
def test_R052_括号里的字会改列的意思_要人点头(name: str, title: str, said: str) -> None:
    (note,) = doubts(**{name: title})
    assert f"“{said}”" in note.text
    # 名字仍认得出：点了头就照这一列读
    assert {one for _, _, one in table(**{name: title}).headings} == set(PLAIN)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("完成日期", "完成日期（YYYY-MM-DD）"),
        ("完成日期", "完成日期(yyyy/m/d)"),
        ("完成日期", "完成日期（年月日）（必填）"),
        ("完成日期", "完成日期（如 2025-07-01）"),
        ("资源", "资源（必填）"),
        ("资源", "资源（资源编号）"),
        ("资源", "资源（文本）"),
        ("动作", "动作（新增/变更/释放）"),
        ("动作", "动作（新增、变更或释放）"),
        ("说明", "操作系统 (版本)"),
        ("台数", "台数（台）"),
        ("内存", "内存（GB）"),
        ("完成日期", "完成日期（）"),
    ],
)
def test_R052_单位_写法_必填_例子_选项不用点头(name: str, title: str) -> None:
    assert doubts(**{name: title}) == []
    assert not table(**{name: title}).refused


def test_R052_有规定单位的列写了别的_照旧拒绝到格() -> None:
    assert any("内存（计划）" in str(note) or "计划" in note.text for note in table(内存="内存（计划）").refused)
