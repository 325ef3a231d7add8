"""看到的与存的不同、写得不清楚的：显示格式、数中间的空白、别的单位、末秒的日期、坏了的表，都不静静地读（R-052、R-032）。"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zipfile import ZipFile

import pytest

from tests.unit.tables.test_reading import (
    EVERY,
    HEAD,
    ONE,
    TWO,
    WANTED,
    Reader,
    by_csv,
    by_xlsx,
    changed,
    said,
    workbook,
)
from yunheng.tables import columns
from yunheng.tables.cells import Cell, Made
from yunheng.tables.columns import Column, Kind
from yunheng.tables.limits import Unreadable
from yunheng.tables.notes import Outcome
from yunheng.tables.reading import Table, read_file
from yunheng.tables.shown import displayed
from yunheng.tables.wanted import Wanted

# ── 显示格式 ──


@pytest.mark.parametrize(
    ("text", "shown", "seen"),
    [
        ("12", '"ECS-"0000', "ECS-0012"),
        ("1234", "000-000", "001-234"),
        ("123456789", "000-000", "123456-789"),
        ("1234567", "#,##0", "1,234,567"),
        ("12", "0.00", "12.00"),
        ("-5", "0;(0)", "(5)"),
        ("0", '0;-0;"无"', "无"),
        ("3.5", '0.0"万"', "3.5万"),
        ("12", '_ "¥"* #,##0.00_ ;', "¥12.00"),
        ("8", "[Red]0", "8"),
        ("8", "General", "8"),
        ("8", '[$-804]General"台"', "8台"),
        ("8", ";;;", ""),
        ("12", "[DBNum1]0", None),
        ("12", "[>100]0;0.0", None),
        ("12", "0.0E+00", None),
        ("5000", "0,", None),
    ],
)
def test_数字格式显示成什么_算得出的算_说不准的不猜(text: str, shown: str, seen: str | None) -> None:
    assert displayed(text, shown, number=True) == seen


@pytest.mark.parametrize(
    ("text", "shown", "seen"),
    [("01", '"ECS-"@', "ECS-01"), ("a", "0.00", "a"), ("a", "@", "a"), ("a", '0;0;0;"X"@', "Xa"), ("a", ";;;", "")],
)
def test_文本格式显示成什么(text: str, shown: str, seen: str) -> None:
    assert displayed(text, shown, number=False) == seen


def formatted(column: str, value: Any, shown: str) -> Table:
    def shape(sheet: Any) -> None:
        sheet.cell(2, HEAD.index(column) + 1).number_format = shown

    return read_file(workbook(HEAD, changed(column, value), TWO, shape=shape), "工单.xlsx", WANTED)


@pytest.mark.parametrize(
    ("column", "value", "shown", "words"),
    [
        ("资源", 12, '"ECS-"0000', "显示为 ECS-0012，存的是 12"),
        ("资源", 1234, "000-000", "显示为 001-234，存的是 1234"),
        ("资源", "01", '"ECS-"@', "显示为 ECS-01，存的是 01"),
        ("资源", 12, "0.00", "显示为 12.00，存的是 12"),
        ("资源", 12, "[DBNum1]0", "可能不同"),
        ("资源", 12, ";;;", "显示为 空白，存的是 12"),
        ("数量", 3.5, '0.0"万"', "另外显示了“万”，存的是 3.5"),
        ("数量", 8, ";;;", "看不见，存的是 8"),
        ("数量", "8", '@"万"', "显示为 8万，存的是 8"),
    ],
)
def test_R052_格式让看到的与存的不同_拒绝到格_说显示什么存什么(column: str, value: Any, shown: str, words: str) -> None:
    (note,) = formatted(column, value, shown).refused
    assert (note.row, note.column) == (2, column)
    assert words in note.text


@pytest.mark.parametrize(
    ("column", "value", "shown"),
    [
        ("资源", 12, "General"),
        ("资源", 12, "0_ "),
        ("资源", 12, "@"),
        ("资源", 12, "[Red]0"),
        ("资源", 1234, "0000"),
        ("资源", "ECS-1", "0.00"),
        ("数量", 1234.5, "#,##0.0"),
        ("数量", 8, "0.00_);[Red](0.00)"),
    ],
)
def test_格式不改变看到的字_照读_不多报(column: str, value: Any, shown: str) -> None:
    table = formatted(column, value, shown)
    assert not table.refused
    assert table.rows[0].text[column] == str(value)


def test_数的格式带了单位_本列的照读_没有规定单位的点名_别的拒绝() -> None:
    for units, shown, refused, named in (
        (("元",), '"¥"#,##0.00', False, False),
        (("核",), '0"核"', False, False),
        ((), '0"核"', False, True),
        (("TB",), '0"GB"', True, False),
        (("元",), "[$$-409]0.00", True, False),
    ):
        found = columns.read(Column("数", Kind.NUMBER, units=units), Cell(1, "8", Made.NUMBER, shown))
        assert (bool(found.refused), bool(found.doubt)) == (refused, named), shown


# ── 数中间的空白、换行 ──


@EVERY
@pytest.mark.parametrize("value", ["2\n3", "8 16", "5 5 2", "1 234", "8\u300016", "2\x0b3", "1, 234", "1 .5"])
def test_R052_数中间有空白或换行_拒绝到格_不粘成一个数(read: Reader, value: str) -> None:
    if "\x0b" in value and read is by_xlsx:
        value = value.replace("\x0b", "_x000B_")
    (note,) = read(HEAD, ONE, changed("数量", value)).refused
    assert (note.row, note.column) == (3, "数量")
    assert "中间有空白或换行" in note.text


@EVERY
@pytest.mark.parametrize(("value", "number"), [(" 8 ", "8"), ("1,234", "1234"), ("８", "8"), ("8\n", "8")])
def test_首尾的空白_千分位_照样折算(read: Reader, value: str, number: str) -> None:
    table = read(HEAD, changed("数量", value))
    assert not table.refused
    assert table.rows[0].text["数量"] == number


@EVERY
def test_数和本列的单位之间可以有空格(read: Reader) -> None:
    assert read([*HEAD, "内存（GB）"], [*ONE, "32 GB"]).rows[0].text["内存 GB"] == "32"


# ── 别的单位 ──


@EVERY
@pytest.mark.parametrize("title", ["数量（万核）", "数量(千条)", "数量【百次】", "数量（单位：亿）", "数量(k次)"])
def test_丙43_列名写的是倍数_拒绝到表头那一格(read: Reader, title: str) -> None:
    head = [title if name == "数量" else name for name in HEAD]
    (note,) = read(head, ONE).refused
    assert (note.row, "不换算" in note.text) == (1, True)


@EVERY
def test_没有规定单位的列_列名写了单位_照读_点名(read: Reader) -> None:
    head = ["数量（核）" if name == "数量" else name for name in HEAD]
    table = read(head, ONE)
    assert not table.refused
    assert "列名写的“核”没有核对" in said(table, Outcome.NAMED)
    plain = ["数量（必填）" if name == "数量" else name for name in HEAD]
    assert "没有核对" not in said(read(plain, ONE), Outcome.NAMED)


@EVERY
def test_表头以前写了单位万次_要人点头才照读(read: Reader) -> None:
    (note,) = read(["用量统计（单位：万次）"], HEAD, ONE).doubtful
    assert "单位：万次" in note.text
    assert not read(["制表单位：区科创中心"], HEAD, ONE).doubtful


DISKS = Wanted("主机", (Column("CPU", Kind.NUMBER), Column("系统盘", Kind.NUMBER, units=("TB", "T"))))


@pytest.mark.parametrize(
    ("title", "unsaid"), [("系统盘", True), ("系统盘（TB）", False), ("系统盘TB", False), ("系统盘/TB", False)]
)
def test_R032_列名没写单位的按TB读_点名_写了的照读(title: str, unsaid: bool) -> None:
    table = read_file(workbook(["CPU", title], ["8", "0.1"]), "主机.xlsx", DISKS)
    assert not table.refused
    assert table.rows[0].text["系统盘"] == "0.1"
    assert ("没写单位，按 TB 读" in said(table, Outcome.NAMED)) == unsaid


# ── 末秒的日期 ──


def test_R052_日期格带末秒_还是那一天_点名_不进到后一天() -> None:
    def shape(sheet: Any) -> None:
        sheet.cell(2, 6).number_format = "yyyy-mm-dd"

    late = datetime.fromisoformat("2026-06-30T23:59:59.654000")
    table = read_file(workbook(HEAD, changed("完成日期", late), shape=shape), "工单.xlsx", WANTED)
    assert table.rows[0].text["完成日期"] == "2026-06-30"
    assert "最后一秒，按 2026-06-30 读" in said(table, Outcome.NAMED)


def test_日期序号只差双精度的尾数_是后一天_不点名() -> None:
    def nearly(content: bytes) -> bytes:
        return content.replace(b"46203.5", b"46203.99999999999")

    table = remade(nearly, changed("完成日期", datetime.fromisoformat("2026-06-30T12:00")))
    assert table.rows[0].text["完成日期"] == "2026-07-01"
    assert "最后一秒" not in said(table, Outcome.NAMED)


# ── 坏了的表 ──


def remade(change: Callable[[bytes], bytes], *rows: list[Any]) -> Table:
    source, out = io.BytesIO(workbook(HEAD, *rows)), io.BytesIO()
    with ZipFile(source) as old, ZipFile(out, "w") as new:
        for entry in old.namelist():
            made = old.read(entry)
            new.writestr(entry, change(made) if entry == "xl/worksheets/sheet1.xml" else made)
    assert out.getvalue() != source.getvalue()
    return read_file(out.getvalue(), "工单.xlsx", WANTED)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'<c r="E2" ', b'<c r="E2"><v>99</v></c><c r="E2" ', "E2 一格写了两遍"),
        (rb'(<row |<c )r="([A-Z]?)2"', rb'\1r="\g<2>1"', "第 1 行写了两遍"),
        (rb'(<row |<c )r="([A-Z]?)3"', rb'\1r="\g<2>2"', "第 2 行写了两遍"),
        (b'<row r="2"', b'<row r="1"', "A2 这一格写在第 1 行里"),
        (b'<c r="F2"', b'<c r="F7"', "F7 这一格写在第 2 行里"),
        (b'<c r="F2"', b'<c r="f2"', "第 2 行有一格的位置写的是“f2”"),
        (b'<row r="2"', b'<row r="99999999999"', "行号写的是“99999999999”"),
        (b'<row r="2"', b'<row r="2.0"', "行号写的是“2.0”"),
        (b"</sheetData>", b"</sheetData><sheetData></sheetData>", "写了两份内容"),
    ],
)
def test_R052_坏了的表同一格同一行写了两遍_位置对不上_整份不收_不挑一个(old: bytes, new: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        remade(lambda content: re.sub(old, new, content), ONE, TWO)
    assert len(remade(lambda content: content.replace(b"<sheetData>", b"<sheetData >"), ONE, TWO).rows) == 2


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ('t="s"><v>12345</v>', "E2 指的文字（第 12345 条）在工作簿里没有"),
        ('t="s"><v>-1</v>', "E2 指的文字（第 -1 条）"),
        ('t="s"><v>1.0</v>', "E2 指的文字"),
        ("><v>8</v><v>9</v>", "E2 一格里写了两个值"),
        ('t="inlineStr"><v>9</v><is><t>8</t></is>', "E2 一格里写了两个值"),
        ("><is><t>8</t></is>", "E2 的值和它的种类对不上"),
        ('t="inlineStr"><v>8</v>', "E2 的值和它的种类对不上"),
        ("><v>1_000</v>", "E2 的数写的是“1_000”"),
        ("><v> 1e3</v>", "E2 的数写的是“ 1e3”"),
        ("><v>８</v>", "E2 的数写的是“８”"),
        ("><v>1,000</v>", "E2 的数写的是“1,000”"),
        ("><v>0x10</v>", "E2 的数写的是“0x10”"),
        ("><v>NaN</v>", "E2 的数写的是“NaN”"),
        ("><v>1e999</v>", "E2 的数写的是“1e999”"),
        ('t="b"><v>2</v>', "E2 的逻辑值写的是“2”"),
        ('t="zz"><v>8</v>', "E2 的种类“zz”认不出"),
        ('s="99999"><v>8</v>', "E2 用的格式“99999”在工作簿里没有"),
        ('s="-1"><v>8</v>', "E2 用的格式“-1”在工作簿里没有"),
    ],
)
def test_R052_坏了的格_值读不准的_整份不收_说是哪一格(cell: str, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        remade(lambda content: re.sub(rb'<c r="E2".*?</c>', f'<c r="E2" {cell}</c>'.encode(), content), ONE)


@pytest.mark.parametrize("value", ["8", "8.0", "1E1", "1.5e+1", "+8", ".5"])
def test_数照XML的写法都认(value: str) -> None:
    table = remade(lambda content: re.sub(rb'<c r="E2".*?</c>', f'<c r="E2"><v>{value}</v></c>'.encode(), content), ONE)
    assert float(table.rows[0].text["数量"]) == float(value)


def test_CSV的行没有自己的行号_照常() -> None:
    assert len(by_csv(HEAD, ONE, ONE).rows) == 2
