"""人交的表里 ①、²、Ⅷ 这样的字：编号、数、日期里的拒绝到格，文字里的留着；全角照折（R-052）。"""

from __future__ import annotations

import pytest

from yunheng.tables import folding
from yunheng.tables.cells import Cell
from yunheng.tables.columns import Column, Kind, read

_ODD = "这样的字，请改成普通数字"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.NUMBER, "8①"),
        (Kind.NUMBER, "8²"),
        (Kind.NUMBER, "8₂"),
        (Kind.NUMBER, "1000①"),
        (Kind.NUMBER, "③"),
        (Kind.NUMBER, "𝟖"),
        (Kind.NUMBER, "8核①"),
        (Kind.CODE, "R1①"),
        (Kind.CODE, "R²"),
        (Kind.CODE, "R1❶"),
        (Kind.CODE, "机房㎡"),
        (Kind.CODE, "R⑴"),
        (Kind.DATE, "2026年7月1①日"),
        (Kind.DATE, "2026-07-0①"),
        (Kind.DATE, "2026年7⽉1⽇"),
    ],
)
def test_圈号_上标_罗马数字_拒绝到格_不折成数字(kind: Kind, text: str) -> None:
    found = read(Column("格", kind, units=("核",) if kind == Kind.NUMBER else ()), Cell(1, text))
    assert _ODD in found.refused
    assert found.text == text


@pytest.mark.parametrize(
    ("text", "code"), [("R-Ⅷ", "R-VIII"), ("№7", "No7"), ("㏄-1", "cc-1"), ("A″-2", "A\u2032\u2032-2"), ("ﬁ-1", "fi-1")]
)
def test_乙41_编号里合成一个字的字母照NFKC拆开_写明_要人点头(text: str, code: str) -> None:
    found = read(Column("编号", Kind.CODE), Cell(1, text))
    assert (found.text, found.refused) == (code, "")
    assert "照拆开的字母读" in found.doubt
    assert found.folded


@pytest.mark.parametrize("text", ["R-8", "ＥＣＳ－１", "沪Ａ－1"])
def test_没有合成字的编号_不必点头(text: str) -> None:
    assert read(Column("编号", Kind.CODE), Cell(1, text)).doubt == ""


@pytest.mark.parametrize(("text", "code"), [("'20260203000123456", "20260203000123456"), ("’R1", "R1"), ("' R1", "R1")])
def test_CSV里编号开头的撇号_去掉_写明(text: str, code: str) -> None:
    found = read(Column("编号", Kind.CODE), Cell(1, text))
    assert (found.text, found.refused) == (code, "")
    assert "开头的撇号" in found.folded


@pytest.mark.parametrize("text", ["“R1”", '"R1"', "R1'", "''R1", "R1”"])
def test_编号外面的引号_拒绝到格_不知道算不算(text: str) -> None:
    assert "带着引号" in read(Column("编号", Kind.CODE), Cell(1, text)).refused


def test_编号填成作废_拒绝到格_不当编号() -> None:
    assert "不算的行请从表里删去" in read(Column("编号", Kind.CODE), Cell(1, "（已作废）")).refused


def test_文字栏里的圈号留着() -> None:
    found = read(Column("备注"), Cell(1, "①新增 8 ㎡"))
    assert (found.text, found.refused) == ("①新增 8 ㎡", "")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Ｒ－１２（ａ）", "R-12(a)"),
        ("\u3000R1\u3000", "R1"),
        ("R\u00a01", "R 1"),
        ("R\u200b1", "R1"),
        ("京ICP备２号", "京ICP备2号"),
        ("合〔二〇二六〕1号", "合〔二〇二六〕1号"),
    ],
)
def test_全角_各种空格照折_汉字数字不动(text: str, code: str) -> None:
    found = read(Column("编号", Kind.CODE), Cell(1, text))
    assert (found.text, found.refused) == (code, "")


@pytest.mark.parametrize(("text", "number"), [("１，２３４", "1234"), ("￥８", "8"), ("８元", "8"), ("8\u00a0元", "8")])
def test_全角的数照折(text: str, number: str) -> None:
    assert folding.number(text, ("元",)) == number


@pytest.mark.parametrize("text", ["0,125", "0，480", "00,125", "0,058元"])
def test_以0起的千分位_逗号说不清_拒绝到格(text: str) -> None:
    found = read(Column("单价", Kind.NUMBER, units=("元",)), Cell(1, text))
    assert "的逗号当千分位还是小数点不清楚" in found.refused
    assert folding.number(text, ("元",)) is None


def test_千分位照认_十万也认() -> None:
    assert [folding.number(text) for text in ("1,250", "100,000", "12,345,678.5")] == ["1250", "100000", "12345678.5"]
