"""Excel 里划掉的字、上标下标、页眉页脚：不当作平常的字，各入口一样（R-052、R-047）。"""

from __future__ import annotations

import io
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from yunheng.tables.columns import Column, Kind
from yunheng.tables.notes import Outcome
from yunheng.tables.reading import Table, read_file
from yunheng.tables.wanted import Wanted

WANTED = Wanted("清单", (Column("编号", Kind.CODE), Column("数量", Kind.NUMBER), Column("备注", required=False)))


def book(change: Any) -> bytes:
    made = openpyxl.Workbook()
    page = made.worksheets[0]
    for row in (["编号", "数量", "备注"], ["A-1", 8, "甲"], ["A-2", 16, "乙"]):
        page.append(row)
    change(page)
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


def read(change: Any) -> Table:
    return read_file(book(change), "清单.xlsx", WANTED)


@pytest.mark.parametrize("place", ["A2", "B2", "C2"])
def test_整格划了删除线_拒绝到格_不当作还算数(place: str) -> None:
    def change(page: Any) -> None:
        page[place].font = Font(strike=True)

    (note,) = read(change).refused
    assert note.row == 2
    assert "划了删除线，不知道还算不算" in note.text


def test_一格里划掉一段_拒绝到格_不连成一个数() -> None:
    def change(page: Any) -> None:
        page["B2"] = CellRichText(TextBlock(InlineFont(strike=True), "8"), "16")

    (note,) = read(change).refused
    assert "“816”划了删除线" in note.text


def test_别的格划了线_这一格照读() -> None:
    def change(page: Any) -> None:
        page["E9"].font = Font(strike=True)
        page["B2"] = CellRichText(TextBlock(InlineFont(b=True), "1"), "6")

    found = read(change)
    assert not found.refused
    assert [row.text["数量"] for row in found.rows] == ["16", "16"]


@pytest.mark.parametrize("place", ["A2", "B2"])
@pytest.mark.parametrize("way", ["superscript", "subscript"])
def test_编号和数里的上标下标_拒绝到格_8加上标1不是81(place: str, way: Any) -> None:
    def change(page: Any) -> None:
        page[place] = CellRichText("8", TextBlock(InlineFont(vertAlign=way), "1"))

    (note,) = read(change).refused
    assert note.row == 2
    assert "“81”里有上标或下标的字" in note.text


def test_整格是上标的数_拒绝到格() -> None:
    def change(page: Any) -> None:
        page["B2"].font = Font(vertAlign="superscript")

    (note,) = read(change).refused
    assert "里有上标或下标的字" in note.text


def test_文字栏里的上标_照读并点名() -> None:
    def change(page: Any) -> None:
        page["C2"] = CellRichText("面积 8 m", TextBlock(InlineFont(vertAlign="superscript"), "2"))

    found = read(change)
    assert not found.refused
    assert found.rows[0].text["备注"] == "面积 8 m2"
    assert any("上标或下标" in str(note) for note in found.notes if note.outcome == Outcome.NAMED)


def test_写明不是上标的_照读() -> None:
    def change(page: Any) -> None:
        page["B2"] = CellRichText("1", TextBlock(InlineFont(vertAlign="baseline"), "6"))

    found = read(change)
    assert found.notes == ()
    assert found.rows[0].text["数量"] == "16"


def test_页眉页脚里写的话_点名没有读_只有页码的不算() -> None:
    def change(page: Any) -> None:
        page.oddHeader.center.text = "A-2 作废"
        page.oddFooter.center.text = "第 &P 页 共 &N 页"

    said = [str(note) for note in read(change).notes if note.outcome == Outcome.UNREAD]
    assert any("页眉页脚“A-2 作废”没有读" in text for text in said)
    assert not any("第" in text and "页 共" in text for text in said)


def test_没有页眉页脚_没有划掉的_什么都不说() -> None:
    assert read(lambda _page: None).notes == ()
