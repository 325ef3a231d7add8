"""Word 的内容控件：套着一格、一行、一张表、一层套一层的，没有填的照空格读，别的格不错开（R-047）。"""

from __future__ import annotations

import pytest

from tests.unit.tables.test_symbols import packed
from yunheng.tables import word
from yunheng.tables.word_text import Document

PROMPT = "单击此处输入文字。"


def cell(text: str) -> str:
    return f"<w:tc><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:tc>"


def control(inside: str, *, filled: bool = False) -> str:
    shown = "" if filled else "<w:showingPlcHdr/>"
    return f"<w:sdt><w:sdtPr>{shown}</w:sdtPr><w:sdtContent>{inside}</w:sdtContent></w:sdt>"


def read(body: str, styles: str = "") -> tuple[list[list[str]], Document]:
    found = word.read(packed(body, styles), "附件.docx")
    return [[str(one) for one in row] for row in found.rows], found


def table(*rows: str) -> str:
    return f"<w:tbl>{''.join(rows)}</w:tbl>"


def row(*cells: str) -> str:
    return f"<w:tr>{''.join(cells)}</w:tr>"


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (table(row(cell("甲"), control(cell(PROMPT)), cell("乙"))), [["甲", "", "乙"]]),
        (table(row(cell("甲")), control(row(cell(PROMPT), cell(PROMPT)))), [["甲"], ["", ""]]),
        (control(table(row(cell(PROMPT), cell(PROMPT)))), [["", ""]]),
        (control(control(table(row(control(cell(PROMPT)), cell(PROMPT))))), [["", ""]]),
        (table(row(control(control(cell(PROMPT)), filled=True), cell("乙"))), [["", "乙"]]),
    ],
)
def test_R047_没有填的控件套着整格_整行_整张表_照空格读_占着位置(body: str, rows: list[list[str]]) -> None:
    found, document = read(body)
    assert found == rows
    assert document.aside == []


def test_R047_填了的控件照读_没有填的控件里套着填了的_填了的照读() -> None:
    assert read(table(row(control(cell("8"), filled=True), cell("32"))))[0] == [["8", "32"]]
    assert read(table(control(row(control(cell("8"), filled=True), cell(PROMPT)))))[0] == [["8", ""]]


def test_R047_没有填的控件里整格跨行合并_下面的行列不错开() -> None:
    start = '<w:tc><w:tcPr><w:vMerge w:val="restart"/></w:tcPr><w:p><w:r><w:t>点此填写</w:t></w:r></w:p></w:tc>'
    rest = "<w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc>"
    styles = '<w:style w:type="character" w:styleId="a3"><w:name w:val="Placeholder Text"/></w:style>'
    styled = start.replace("<w:r>", '<w:r><w:rPr><w:rStyle w:val="a3"/></w:rPr>')
    found, document = read(table(row(control(styled), cell("乙")), row(rest, cell("丁"))), styles)
    assert found == [["", "乙"], ["", "丁"]]
    assert document.aside == []


def test_R047_标着没有填却写了别的字的控件_不静静当作空着_点名() -> None:
    found, document = read(table(row(cell("甲"), control(cell("16")), cell("乙"))))
    assert found == [["甲", "", "乙"]]
    (said,) = document.aside
    assert "第 1 行第 2 格" in said
    assert "“16”" in said
