"""Excel 里看到的与存的不同：数字格式、日期格式、条件格式、看不见的字，不静静地照存的读（R-052）。"""

from __future__ import annotations

import io
from datetime import date
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.formatting.rule import DataBarRule, IconSetRule, Rule
from openpyxl.styles import Font, PatternFill
from openpyxl.styles.colors import Color
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.styles.numbers import NumberFormat

from yunheng.tables import columns
from yunheng.tables.cells import Cell, Made
from yunheng.tables.columns import Column, Kind
from yunheng.tables.dates import parts
from yunheng.tables.reading import Table, read_file
from yunheng.tables.wanted import Wanted

WANTED = Wanted(
    "清单",
    (
        Column("编号", Kind.CODE),
        Column("数量", Kind.NUMBER),
        Column("日期", Kind.DATE),
        Column("备注", required=False),
    ),
)
DAY = date(2026, 7, 1)


def read(change: Any) -> Table:
    made = openpyxl.Workbook()
    page = made.worksheets[0]
    for row in (["编号", "数量", "日期", "备注"], ["A-1", 8, DAY, "甲"], ["A-2", 16, DAY, "乙"]):
        page.append(row)
    change(page)
    out = io.BytesIO()
    made.save(out)
    return read_file(out.getvalue(), "清单.xlsx", WANTED)


def told(table: Table) -> str:
    return "\n".join(map(str, table.doubtful))


def number(stored: str, shown: str) -> columns.Read:
    return columns.read(Column("数", Kind.NUMBER), Cell(1, stored, Made.NUMBER, shown))


def day(shown: str, stored: str = "2026-07-01", made: Made = Made.DATE) -> columns.Read:
    return columns.read(Column("日期", Kind.DATE), Cell(1, stored, made, shown))


# ── 数字格式 ──


@pytest.mark.parametrize(
    ("stored", "shown", "words"),
    [
        ("35000", r"0\.0000", "显示为 3.5000"),
        ("35", '"-"0', "显示为 -35"),
        ("35", "-0", "显示为 -35"),
        ("8", '0"0"', "显示为 80"),
        ("8", '"1"0', "显示为 18"),
        ("85", '0"."0', "显示为 8.5"),
        ("-8", "0;0", "显示为 8"),
        ("8", "0!0", "可能不同"),
        ("12345", "0!.0,", "缩小了显示"),
        ("8", "1#", "可能不同"),
        ("8", '[>5]"大";0', "可能不同"),
        ("8", "[DBNum2]0", "可能不同"),
        ("8", "0.00E+00", "可能不同"),
        ("8.5", "# ?/?", "（分数）"),
        ("8", '0.0"%"', "另外显示了“%”"),
        ("8", '0.00"×10³"', "另外显示了“×³”"),
        ("8", '"≥"0', "另外显示了“≥”"),
        ("0", "#", "看不见"),
    ],
)
def test_R052_数字格式显示成别的数_拒绝到格(stored: str, shown: str, words: str) -> None:
    assert words in number(stored, shown).refused


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("8", "0.0_ "),
        ("8", "00"),
        ("8", "#,##0.00_);(#,##0.00)"),
        ("-8", "#,##0.00_);(#,##0.00)"),
        ("-8", r"0_);[Red]\(0\)"),
        ("8", '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ '),
        ("0", '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ '),
        ("1234567.5", "#,##0.0"),
        ("0.5", "#.0"),
        ("8", "@"),
    ],
)
def test_数字格式看到的就是存的_照读_不多报(stored: str, shown: str) -> None:
    found = number(stored, shown)
    assert (found.text, found.refused, found.named, found.doubt) == (stored, "", "", "")


@pytest.mark.parametrize(("stored", "shown"), [("0.058", "0.00"), ("8.4", "0"), ("0.125", "0.00")])
def test_显示的小数位比存的少_要人点头才照存的读(stored: str, shown: str) -> None:
    found = number(stored, shown)
    assert (found.text, found.refused) == (stored, "")
    assert "显示的小数位比存的少" in found.doubt


# ── 日期格式 ──


@pytest.mark.parametrize(
    ("shown", "gone"),
    [
        ('yyyy"年"m"月"', "看不见日"),
        ('[DBNum1]yyyy"年"m"月"', "看不见日"),
        ("mmm-yy", "看不见日"),
        ("hh:mm", "看不见年、月、日"),
        ("m/d", "看不见年"),
        ('m"月"d"日"', "看不见年"),
        ("yyyy-dddd-mm", "看不见日"),
        ("h:mm:ss d yyyy", "看不见月"),
        ('"2025年"m"月"d"日"', "说不准"),
        ("[$-411]ge.m.d", "说不准"),
        ("[$-130000]yyyy-m-d", "说不准"),
        ("b-m-d", "说不准"),
        ("[$-ja-JP-x-gannen]yyyy-m-d", "说不准"),
        ("[$-th-TH,107]yyyy-m-d", "说不准"),
        ("[>40000]yyyy-m-d;0", "说不准"),
    ],
)
def test_R052_日期格看不全年月日_拒绝到格(shown: str, gone: str) -> None:
    assert gone in day(shown).refused


@pytest.mark.parametrize(
    "shown",
    [
        "", "yyyy-mm-dd", "yyyy/m/d;@", 'yyyy"年"m"月"d"日";@', "[Red]yyyy-mm-dd", r"[$-804]yyyy\-mm\-dd", "m/d/yyyy",
        "[$-F800]dddd, mmmm dd, yyyy", "[$-zh-CN]yyyy-mm-dd", "[$-1010804]yyyy-mm-dd",
        "yyyy/m/d h:mm AM/PM", '[DBNum1]yyyy"年"m"月"d"日"', "yyyy-mm-dd aaaa",
    ],
)  # fmt: skip
def test_日期格看得见年月日_照读_不多报(shown: str) -> None:
    found = day(shown)
    assert (found.text, found.refused, found.named, found.doubt) == ("2026-07-01", "", "", "")


def test_日期格另写了字_日在月前_要人点头_年只有两位的点名() -> None:
    assert "另外显示了“（预计）”" in parts('yyyy-mm-dd"（预计）"').doubt
    assert "日在前、月在后" in parts("dd/mm/yyyy").doubt
    assert (parts("d-mmm-yyyy").doubt, parts("yy-m-d").wrong) == ("", "")
    assert "只有两位" in parts("yy-m-d").named


def test_自带的只有月日的日期格式_也拒绝() -> None:
    def change(page: Any) -> None:
        page["C2"].number_format = "mmm-yy"
        page["C3"].number_format = "d-mmm"

    assert [note.row for note in read(change).refused] == [2, 3]


def test_日期列里的数_格式看不见_显示成别的_拒绝到格() -> None:
    for shown in (";;;", "aaaa", '0"号"'):
        assert day(shown, "46204", Made.NUMBER).refused
    assert day("0", "46204", Made.NUMBER).text == "2026-07-01"


@pytest.mark.parametrize("text", ["2026-07-01T16:00:00Z", "2026-07-01T00:00:00+08:00"])
def test_日期格带着时区_拒绝到格_不猜是哪一天(text: str) -> None:
    assert "说不准是哪一天" in day("", text).refused


@pytest.mark.parametrize("text", ["2026-07-01 24:00", "2026-07-01 16:60"])
def test_没有的钟点_拒绝到格_24点不知道算哪一天(text: str) -> None:
    assert day("", text, Made.TEXT).refused


# ── 文字栏、金额 ──


def test_文字栏里十六位以上的数字格_拒绝到格() -> None:
    found = columns.read(Column("名称"), Cell(1, "310101199001011000", Made.NUMBER))
    assert "后面的位数已经丢了" in found.refused
    assert columns.read(Column("名称"), Cell(1, "13912345678", Made.NUMBER)).text == "13912345678"


def test_金额前后都写了记号_折算并写明() -> None:
    found = columns.read(Column("单价", Kind.NUMBER, units=("元",)), Cell(1, "¥1,552.00元"))
    assert (found.text, found.refused) == ("1552.00", "")
    assert found.folded
    assert columns.read(Column("数量", Kind.NUMBER), Cell(1, "¥552")).refused


# ── 条件格式 ──


def ruled(**look: Any) -> Rule:
    return Rule(type="expression", dxf=DifferentialStyle(**look), formula=["TRUE"])


def barred(**look: Any) -> Any:
    make: Any = DataBarRule
    return make("min", 0, "max", 9, color="FF638EC6", **look)


def arrows() -> Any:
    make: Any = IconSetRule
    return make("3Arrows", "percent", [0, 33, 67], showValue=False)


def shown_as(code: str) -> Rule:
    return ruled(numFmt=NumberFormat(numFmtId=170, formatCode=code))


@pytest.mark.parametrize(
    ("rule", "why"),
    [
        (ruled(font=Font(strike=True)), "划上删除线"),
        (shown_as('0"万"'), '显示成“0"万"”'),
        (shown_as(";;;"), "显示成“;;;”"),
        (shown_as("0%"), "显示成“0%”"),
        (ruled(font=Font(color="FFFFFFFF")), "看不见"),
        (barred(showValue=False), "不显示数"),
        (arrows(), "不显示数"),
    ],
)
def test_R052_条件格式会让看到的不同_点名范围_要人点头(rule: Rule, why: str) -> None:
    table = read(lambda page: page.conditional_formatting.add("B2:B9", rule))
    assert not table.refused
    assert "B2:B9：有条件格式" in told(table)
    assert why in told(table)


@pytest.mark.parametrize(
    ("places", "rule"),
    [
        ("B2:B9", ruled(font=Font(b=True, color="FFFF0000"))),
        ("B2:B9", ruled(font=Font(color="FFFFFFFF"), fill=PatternFill(bgColor="FFFF0000"))),
        ("B2:B9", shown_as("#,##0.00")),
        ("B2:B9", barred()),
        ("F2:F9", ruled(font=Font(strike=True))),
        ("B5:B9", ruled(font=Font(strike=True))),
    ],
)
def test_条件格式不改变看到的_没有盖着读的格_不必点头(places: str, rule: Rule) -> None:
    assert not read(lambda page: page.conditional_formatting.add(places, rule)).doubtful


def test_后来的Excel把条件格式的样子写在规则里_一样点名() -> None:
    out, made = io.BytesIO(), openpyxl.Workbook()
    for row in (["编号", "数量", "日期"], ["A-1", 8, "2026-07-01"]):
        made.worksheets[0].append(row)
    made.save(source := io.BytesIO())
    rule = (
        '<extLst><ext xmlns:x14="urn:x14"><x14:conditionalFormattings><x14:conditionalFormatting xmlns:xm="urn:xm">'
        '<x14:cfRule type="expression"><xm:f>TRUE</xm:f><x14:dxf><font><strike/></font></x14:dxf></x14:cfRule>'
        "<xm:sqref>B2:B9</xm:sqref></x14:conditionalFormatting></x14:conditionalFormattings></ext></extLst></worksheet>"
    )
    with ZipFile(source) as old, ZipFile(out, "w") as new:
        for entry in old.namelist():
            content = old.read(entry)
            if entry.endswith("sheet1.xml"):
                content = content.replace(b"</worksheet>", rule.encode())
            new.writestr(entry, content)
    shown = told(read_file(out.getvalue(), "清单.xlsx", WANTED))
    assert "B2:B9：有条件格式，符合条件的会划上删除线" in shown


# ── 看不见的字 ──


@pytest.mark.parametrize(
    "font", [Font(color="FFFFFFFF"), Font(color="FFFAFAFA"), Font(size=1), Font(color=Color(theme=0))]
)
@pytest.mark.parametrize("place", ["A2", "B2", "D2"])
def test_R052_白字_小得看不见的字_拒绝到格(place: str, font: Font) -> None:
    def change(page: Any) -> None:
        page[place].font = font

    (note,) = read(change).refused
    assert note.row == 2
    assert "看不见" in note.text


def test_和底色一样的字看不见_深底白字看得见() -> None:
    def hidden(page: Any) -> None:
        page["B2"].font, page["B2"].fill = Font(color="FFFF0000"), PatternFill("solid", fgColor="FFFF0000")

    def bright(page: Any) -> None:
        page["B2"].font, page["B2"].fill = Font(color="FFFFFFFF"), PatternFill("solid", fgColor="FF1F4E79")

    assert [note.row for note in read(hidden).refused] == [2]
    assert not read(bright).refused


def test_一格里一段白字_拒绝到格_不连成一个数() -> None:
    def change(page: Any) -> None:
        page["B2"] = CellRichText("8", TextBlock(InlineFont(color=Color("FFFFFFFF")), "6"))

    (note,) = read(change).refused
    assert "“86”的字看不见" in note.text


@pytest.mark.parametrize(("font", "why"), [(Font(strike=True), "划了删除线"), (Font(color="FFFFFFFF"), "的字看不见")])
def test_列名划了删除线_看不见_拒绝到表头那一格(font: Font, why: str) -> None:
    def change(page: Any) -> None:
        page["B1"].font = font

    (note,) = read(change).refused
    assert (note.row, note.column) == (1, "数量")
    assert why in note.text


def test_深底白字的列名_照认() -> None:
    def change(page: Any) -> None:
        for cell in page[1]:
            cell.font, cell.fill = Font(color="FFFFFFFF", b=True), PatternFill("solid", fgColor="FF1F4E79")

    assert not read(change).notes
