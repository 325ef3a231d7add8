"""两版公文的对照：改了的格子、添去的行、改写的文字都说得准；没变的不说变了。存成 JSON 读回来一样。"""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.papers import line, papers_of
from yunheng.documents import comparing, plan
from yunheng.documents.blocks import Column, Heading, Paper, Paragraph, Slot, Table, from_json, to_json
from yunheng.documents.comparing import Passage, Piece, TableChange, compare
from yunheng.documents.data import Written
from yunheng.documents.sums import add_up

_COLUMNS = (Column("服务商", 1), Column("金额", 1, "right"))


def paper(*blocks: object) -> Paper:
    return Paper("方案", "2023", "sm3:0", (Heading(1, "一、概况"), *blocks))  # type: ignore[arg-type]


def table(*rows: tuple[str, str]) -> Table:
    return Table("表 1", _COLUMNS, rows)


def only(before: Paper, after: Paper) -> Passage | TableChange:
    """变了的恰好一处。"""
    (found,) = (
        entry for chapter in compare(before, after) for entry in chapter.entries if entry.kind != "same"
    )  # fmt: skip
    return found


def test_同一份没有一处变化() -> None:
    papers = papers_of([line()])
    one = plan.settlement_plan(papers, add_up(papers.lines(False)), add_up(papers.lines(True)))
    assert not any(chapter.changed for chapter in compare(one, one))


def test_一个格子变了_说出原来现在和差多少() -> None:
    found = only(
        paper(table(("联通", "1,000.00"), ("电信", "5.00"))), paper(table(("联通", "900.50"), ("电信", "5.00")))
    )
    assert isinstance(found, TableChange)
    changed, same = found.rows
    assert (changed.kind, same.kind) == ("changed", "same")
    assert changed.cells[1] == comparing.CellChange("1,000.00", "900.50", "-99.50")


def test_中间添一行去一行_别的行不受牵连() -> None:
    before = paper(table(("移动", "1.00"), ("联通", "2.00"), ("电信", "3.00")))
    after = paper(table(("移动", "1.00"), ("格尔", "9.00"), ("电信", "3.00")))
    found = only(before, after)
    assert isinstance(found, TableChange)
    assert [row.kind for row in found.rows] == ["same", "removed", "added", "same"]


def test_改写的一段_数整个标出_没变的字不标() -> None:
    found = only(paper(Paragraph("应付 1,000.00 元。")), paper(Paragraph("应付 900.00 元。")))
    assert isinstance(found, Passage)
    assert [piece for piece in found.pieces if piece.kind != "same"] == [
        Piece("removed", "1,000.00"),
        Piece("added", "900.00"),
    ]


def test_人写的一处从没有到有() -> None:
    found = only(paper(Slot("overview")), paper(Slot("overview", ("概况。",))))
    assert (found.kind, [piece.kind for piece in found.pieces]) == ("added", ["added"])  # type: ignore[union-attr]


def test_表的栏变了_前后各列各的_不硬配() -> None:
    other = Table("表 1", (Column("服务商", 1), Column("条数", 1), Column("金额", 1)), [("联通", "3", "1.00")])
    found = only(paper(table(("联通", "1.00"))), paper(other))
    assert isinstance(found, TableChange)
    assert [row.kind for row in found.rows] == ["removed", "added"]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("1,000.00", "2,500.50", "+1,500.50"),
        ("12 个", "10 个", "-2 个"),
        ("88.5%", "90.0%", "+1.5%"),
        ("12 个", "10 条", ""),
        ("未考核", "95", ""),
        ("7.00", "7.00", ""),
    ],
)
def test_差多少(before: str, after: str, expected: str) -> None:
    assert comparing.delta(before, after) == expected


def test_存成JSON_读回来再存逐字节相同() -> None:
    papers = replace(papers_of([line()]), written=Written(overview="概况。", supervision=100), draft=True)
    one = plan.settlement_plan(papers, add_up(papers.lines(False)), add_up(papers.lines(True)))
    content = to_json(one)
    assert to_json(from_json(content)) == content
    assert not any(chapter.changed for chapter in compare(one, from_json(content)))
    assert from_json(content).mark == "草稿"
