"""符号字体：存的是字母、看到的是勾和框；Word、Excel 照看到的读，认不出的不当作字母（R-047、R-052）。"""

from __future__ import annotations

import io
import zipfile
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from tests.unit.tables.test_reading import HEAD, ONE, TWO, WANTED, workbook
from yunheng.applications import pasting
from yunheng.tables import word
from yunheng.tables.limits import PACKAGE
from yunheng.tables.reading import Table, read_file
from yunheng.tables.word_text import Document
from yunheng.tables.workbook import Workbook

NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def packed(body: str, styles: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {NS}><w:body>{body}</w:body></w:document>")
        if styles:
            archive.writestr("word/styles.xml", f"<w:styles {NS}>{styles}</w:styles>")
    return out.getvalue()


def run(text: str, font: str = "", more: str = "") -> str:
    fonts = f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:cs="{font}"/>' if font else ""
    return f"<w:r><w:rPr>{fonts}{more}</w:rPr><w:t>{text}</w:t></w:r>"


def read(*runs: str, styles: str = "", paragraph: str = "") -> Document:
    body = f"<w:tbl><w:tr><w:tc><w:p>{paragraph}{''.join(runs)}</w:p></w:tc></w:tr></w:tbl>"
    return word.read(packed(body, styles), "附件.docx")


@pytest.mark.parametrize(
    ("font", "stored", "seen"),
    [
        ("Wingdings 2", "R", "☑"),
        ("Wingdings 2", "£", "☐"),
        ("Wingdings 2", "P", "√"),
        ("Wingdings 2", "\uf052", "☑"),
        ("wingdings2", "R", "☑"),
        ("Wingdings", "þ", "☑"),
        ("Wingdings", "ý", "☒"),
        ("Wingdings", "ü", "√"),
        ("Wingdings", "û", "×"),
        ("Wingdings", "o", "☐"),
        ("Wingdings", "¨", "☐"),
        ("Webdings", "a", "√"),
    ],
)
def test_R047_Word里符号字体的字_照看到的勾和框读(font: str, stored: str, seen: str) -> None:
    found = read(run(stored, font), run(" 联通"))
    assert [str(cell) for cell in found.rows[0]] == [f"{seen} 联通"]
    assert found.aside == []


def test_R047_插入的符号与打的字一样读_平常字体的符号照原字() -> None:
    sym = '<w:r><w:sym w:font="{}" w:char="{}"/></w:r>'
    found = read(sym.format("Wingdings 2", "F052"), sym.format("Segoe UI Symbol", "2611"))
    assert str(found.rows[0][0]) == "☑☑"
    assert found.aside == []


@pytest.mark.parametrize(("font", "stored"), [("Wingdings 2", "K"), ("Wingdings", "8"), ("Wingdings 3", "R")])
def test_R047_符号字体里认不出的字_点名_不当作字母读(font: str, stored: str) -> None:
    found = read(run(stored, font), run("联通"))
    assert str(found.rows[0][0]) == "联通"
    (said,) = found.aside
    assert f"“{stored}”" in said
    assert "第 1 张表第 1 行第 1 格" in said


def test_R047_符号字体写在字的样式_段落的样式里也认_自己另写了平常字体的是字母() -> None:
    mark = '<w:rFonts w:ascii="Wingdings 2" w:hAnsi="Wingdings 2"/>'
    styles = (
        f'<w:style w:type="character" w:styleId="勾"><w:rPr>{mark}</w:rPr></w:style>'
        f'<w:style w:type="paragraph" w:styleId="勾段"><w:rPr>{mark}</w:rPr></w:style>'
    )
    by_run = read(run("R", more='<w:rStyle w:val="勾"/>'), styles=styles)
    by_paragraph = read(run("R"), run("R", "宋体"), styles=styles, paragraph='<w:pPr><w:pStyle w:val="勾段"/></w:pPr>')
    assert (str(by_run.rows[0][0]), str(by_paragraph.rows[0][0])) == ("☑", "☑R")


def test_R047_字体是主题的_或只有东亚文字用符号字体_字母照字母读() -> None:
    themed = '<w:rFonts w:ascii="Wingdings 2" w:asciiTheme="minorHAnsi"/>'
    eastern = '<w:rFonts w:ascii="宋体" w:hAnsi="宋体" w:eastAsia="Wingdings 2"/>'
    found = read(run("R", more=themed), run("R", more=eastern), run("联通", "Wingdings 2"))
    assert str(found.rows[0][0]) == "RR联通"
    assert found.aside == []


def test_R047_符号照东亚文字的字体时_框照那种字体读() -> None:
    hinted = '<w:rFonts w:hint="eastAsia" w:ascii="宋体" w:hAnsi="宋体" w:eastAsia="Wingdings 2"/>'
    assert str(read(run("£", more=hinted)).rows[0][0]) == "☐"


# ── Excel ──


def marked(value: Any, font: str, column: str = "动作") -> Table:
    def shape(sheet: Any) -> None:
        cell = sheet.cell(2, HEAD.index(column) + 1)
        cell.value = value
        if font:
            cell.font = Font(name=font)

    return read_file(workbook(HEAD, ONE, TWO, shape=shape), "工单.xlsx", WANTED)


def test_R052_Excel格的字体是符号字体_勾照勾读() -> None:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.append(["类型", "台数", "CPU", "内存", "SSD"])
    for glyph in "RP":
        sheet.append(["云主机", 1, 8, 32, glyph])
        sheet.cell(sheet.max_row, 5).font = Font(name="Wingdings 2")
    sheet.append(["云主机", 1, 8, 32, "K"])
    sheet.cell(4, 5).font = Font(name="Wingdings 2")
    out = io.BytesIO()
    book.save(out)
    found = pasting.from_file(out.getvalue(), "主机.xlsx")
    assert [row["ssd"] for row in found.rows] == ["是", "是", "K"]
    assert [(note.row, note.column) for note in found.notes if "符号字体" in note.text] == [(4, "SSD")]


@pytest.mark.parametrize("value", ["R8", 8, "W1K"])
@pytest.mark.parametrize("column", ["工单号", "数量", "动作"])
def test_R052_Excel符号字体里认不出的_拒绝到格(value: Any, column: str) -> None:
    (note,) = marked(value, "Wingdings", column).refused
    assert (note.row, note.column) == (2, column)
    assert "符号字体" in note.text


def test_R052_Excel富文本各段照各段的字体_没有写的照格子的() -> None:
    symbol, plain = InlineFont(rFont="Wingdings 2"), InlineFont(rFont="宋体")
    mixed = CellRichText(TextBlock(symbol, "R"), TextBlock(plain, "R新增"))
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["A2"] = mixed, CellRichText("P", TextBlock(plain, "P"))
    sheet["A2"].font = Font(name="Wingdings 2")
    sheet["A3"] = CellRichText(TextBlock(plain, "R"), TextBlock(symbol, "K"))
    out = io.BytesIO()
    book.save(out)
    with Workbook(io.BytesIO(out.getvalue()), "一.xlsx", PACKAGE) as opened:
        cells = [line.cells[0] for line in opened.sheet(opened.entries[0]).lines]
    assert [(cell.text, cell.glyphs) for cell in cells] == [("☑R新增", ""), ("√P", ""), ("RK", "K")]


def test_结算数据包照原字_不管字体() -> None:
    book = openpyxl.Workbook()
    book.worksheets[0]["A1"] = "R"
    book.worksheets[0]["A1"].font = Font(name="Wingdings 2")
    out = io.BytesIO()
    book.save(out)
    with Workbook(io.BytesIO(out.getvalue()), "一.xlsx", PACKAGE, literal=True) as opened:
        assert opened.sheet(opened.entries[0]).lines[0].cells[0].text == "R"
