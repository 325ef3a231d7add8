"""人交的表：每一种写法是拒绝、折算、读入点名还是不读点名，各入口（xlsx、csv、粘贴）一致（R-052，R-047）。"""

from __future__ import annotations

import csv
import io
import pickle
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from yunheng.tables import columns
from yunheng.tables.cells import Cell, Made, Sheet
from yunheng.tables.columns import Column, Kind, choices
from yunheng.tables.limits import Unreadable
from yunheng.tables.notes import Outcome
from yunheng.tables.opening import opened
from yunheng.tables.reading import Table, read_file, read_text
from yunheng.tables.wanted import Wanted

WANTED = Wanted(
    "工单",
    (
        Column("工单号", Kind.CODE),
        Column("单号", Kind.CODE, aliases=("单据号",), required=False),
        Column("资源", Kind.CODE),
        Column("动作", Kind.CHOICE, choices=choices("新增", "变更", "释放")),
        Column("数量", Kind.NUMBER, required=False),
        Column("内存 GB", Kind.NUMBER, units=("GB", "G"), required=False),
        Column("完成日期", Kind.DATE),
    ),
    most=100,
)
HEAD = ["工单号", "单号", "资源", "动作", "数量", "完成日期"]
ONE = ["W1", "SQ-1", "ECS-1", "新增", "8", "2026-03-02"]
TWO = ["W2", "", "ECS-2", "释放", "", "2026-03-03"]
MORNING = datetime.fromisoformat("2026-03-02")
Grid = Sequence[Sequence[Any]]


def workbook(*rows: Sequence[Any], title: str = "工单", shape: Callable[[Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    if shape:
        shape(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def separated(rows: Grid, separator: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue()


def by_xlsx(*rows: Sequence[Any]) -> Table:
    return read_file(workbook(*rows), "工单.xlsx", WANTED)


def by_csv(*rows: Sequence[Any]) -> Table:
    return read_file(separated(rows).encode(), "工单.csv", WANTED)


def by_paste(*rows: Sequence[Any]) -> Table:
    return read_text(separated(rows, "\t"), WANTED)


EVERY = pytest.mark.parametrize("read", [by_xlsx, by_csv, by_paste])
Reader = Callable[..., Table]


def said(table: Table, outcome: Outcome) -> str:
    return "\n".join(map(str, (note for note in table.notes if note.outcome == outcome)))


def changed(column: str, value: Any) -> list[Any]:
    return [value if name == column else old for name, old in zip(HEAD, ONE, strict=True)]


@EVERY
def test_规矩的表_读得一字不差_没有一条说明(read: Reader) -> None:
    table = read(HEAD, ONE, TWO)
    assert [(row.number, row.text["工单号"], row.text["数量"]) for row in table.rows] == [(2, "W1", "8"), (3, "W2", "")]
    assert [note for note in table.notes if note.outcome != Outcome.FOLDED or "分隔" not in note.text] == []
    assert "共 2 行" in table.told
    assert pickle.loads(pickle.dumps(table)) == table


# ── 拒绝到格 ──


@EVERY
@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("数量", "=4*2", "是公式"),
        ("工单号", "=A2", "是公式"),
        ("数量", "#N/A", "是错误值"),
        ("资源", "#REF!", "是错误值"),
        ("工单号", "2.02603E+17", "科学计数法"),
        ("数量", "95%", "百分数"),
        ("数量", "八", "不是数"),
        ("数量", "1E3", "不是数"),
        ("数量", "8核", "不是数"),
        ("数量", "1,23", "不是数"),
        ("完成日期", "3月2日", "认不出是哪一天"),
        ("完成日期", "03/04/2026", "认不出是哪一天"),
        ("完成日期", "26-3-2", "认不出是哪一天"),
        ("完成日期", "2026-02-30", "认不出是哪一天"),
        ("动作", "开通", "只能填 新增、变更、释放"),
        ("工单号", "W1\nW2", "一格里有几行"),
    ],
)
def test_拒绝到格_说明第几行哪一列_不猜(read: Reader, column: str, value: str, words: str) -> None:
    table = read(HEAD, ONE, changed(column, value))
    (note,) = table.refused
    assert (note.row, note.column) == (3, column)
    assert words in note.text
    assert words in table.rows[1].refused[column]


@pytest.mark.parametrize(
    ("column", "value", "shown", "words"),
    [
        ("工单号", 202603020001234567, "General", "超过 15 位"),
        ("工单号", 2.026030200012346e17, "0", "超过 15 位"),
        ("工单号", 1.1, "General", "存成了小数"),
        ("工单号", 123, "00000", "显示为 00123"),
        ("工单号", date(2026, 3, 2), "yyyy-mm-dd", "编号成了日期"),
        ("数量", 0.95, "0%", "百分比格式"),
        ("数量", 0.95, "0.0%", "百分比格式"),
        ("数量", date(1900, 1, 8), "yyyy-mm-dd", "数成了日期"),
        ("数量", 8000, "0,", "缩小了显示"),
        ("数量", True, "General", "逻辑值"),
        ("完成日期", 0.95, "0%", "百分比格式"),
    ],
)
def test_Excel的格子里存的和看到的不同_拒绝到格(column: str, value: Any, shown: str, words: str) -> None:
    def shape(sheet: Any) -> None:
        sheet.cell(2, HEAD.index(column) + 1).number_format = shown

    table = read_file(workbook(HEAD, changed(column, value), TWO, shape=shape), "工单.xlsx", WANTED)
    (note,) = table.refused
    assert (note.row, note.column) == (2, column)
    assert words in note.text


@pytest.mark.parametrize(("area", "refused"), [("A2:A3", 2), ("E2:E3", 2), ("A2:F3", 6)])
def test_跨行合并的格_每一行都拒绝(area: str, refused: int) -> None:
    content = workbook(HEAD, ONE, TWO, shape=lambda sheet: sheet.merge_cells(area))
    table = read_file(content, "工单.xlsx", WANTED)
    assert len(table.refused) == refused
    assert "跨行合并" in table.refused[0].text


def test_横向合并_读入点名_压在下面的字拒绝() -> None:
    content = workbook(HEAD, ["W1", None, "ECS-1", "新增", 8, "2026-03-02"], shape=lambda s: s.merge_cells("A2:B2"))
    table = read_file(content, "工单.xlsx", WANTED)
    assert "横向合并" in said(table, Outcome.NAMED)
    assert not table.refused


# ── 拒绝整份 ──


@pytest.mark.parametrize(
    "name", ["工单.xls", "工单.et", "工单.ods", "工单.numbers", "工单.wps", "工单.XLS", "工单.html"]
)
def test_旧格式整份不收_说另存为xlsx(name: str) -> None:
    with pytest.raises(Unreadable, match=r"另存为 \.xlsx"):
        read_file(b"anything", name, WANTED)


def test_改了扩展名的旧格式和加了密码的_整份不收() -> None:
    with pytest.raises(Unreadable, match="去掉密码、另存为"):
        read_file(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "工单.xlsx", WANTED)


def test_去首尾空白后同名的表两份_整份不收() -> None:
    book = openpyxl.Workbook()
    for title in ("工单", "工单 "):
        book.create_sheet(title).append(HEAD)
    out = io.BytesIO()
    book.save(out)
    with pytest.raises(Unreadable, match="两份同名的工作表"):
        read_file(out.getvalue(), "工单.xlsx", WANTED)


def test_没有看得见的表_整份不收() -> None:
    from zipfile import ZipFile

    source, out = io.BytesIO(workbook(HEAD, ONE)), io.BytesIO()
    with ZipFile(source) as old, ZipFile(out, "w") as new:
        for entry in old.namelist():
            text = old.read(entry)
            if entry == "xl/workbook.xml":
                text = text.replace(b'state="visible"', b'state="veryHidden"')
            new.writestr(entry, text)
    with pytest.raises(Unreadable, match="没有看得见的工作表"):
        read_file(out.getvalue(), "工单.xlsx", WANTED)


@EVERY
def test_两套表头_整份不收(read: Reader) -> None:
    with pytest.raises(Unreadable, match="第 1、4 行都像表头"):
        read(HEAD, ONE, TWO, HEAD, ONE)


@EVERY
def test_两列认作同一列_整份不收(read: Reader) -> None:
    with pytest.raises(Unreadable, match="都是“单号”"):
        read([*HEAD, "单据号"], [*ONE, "SQ-9"])


@EVERY
def test_缺列_整份不收_说认出了哪些(read: Reader) -> None:
    with pytest.raises(Unreadable, match="缺少列：完成日期；认出的是：工单号"):
        read(HEAD[:-1], ONE[:-1])


def test_引号没有闭合_整份不收_说从哪一条起() -> None:
    with pytest.raises(Unreadable, match="从第 3 条起引号没有闭合"):
        read_file((separated([HEAD, ONE]) + '"W2,SQ,ECS\n').encode(), "工单.csv", WANTED)


# ── 折算并写明 ──


@EVERY
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("单号", "单据号"),
        ("数量", "数量(核)"),
        ("数量", "数 量\n（核）"),
        ("完成日期", "完成\n日期"),
        ("完成日期", "完成日期（必填）"),
        ("资源", "资源："),
        ("工单号", "*工单号"),
        ("工单号", "\u200b工单号\ufeff"),
    ],
)
def test_表头的换行空白括号单位全半角_折算并写明(read: Reader, old: str, new: str) -> None:
    table = read([new if name == old else name for name in HEAD], ONE)
    assert dict(table.rows[0].text) == {**dict(zip(HEAD, ONE, strict=True)), "内存 GB": ""}
    assert f"认作“{old}”" in said(table, Outcome.FOLDED)
    assert not table.doubtful


@EVERY
@pytest.mark.parametrize(
    ("column", "written", "read_as"),
    [
        ("工单号", " W1 ", "W1"),
        ("工单号", "\u200bW1\ufeff", "W1"),
        ("工单号", "Ｗ１", "W1"),
        ("资源", "ECS－1\u3000", "ECS-1"),
        ("数量", "８", "8"),
        ("数量", "1,234.5", "1234.5"),
        ("数量", " 8 ", "8"),
        ("完成日期", "2026/3/2", "2026-03-02"),
        ("完成日期", "2026.3.2", "2026-03-02"),
        ("完成日期", "2026年3月2日", "2026-03-02"),
        ("完成日期", "20260302", "2026-03-02"),
        ("完成日期", "２０２６-03-02", "2026-03-02"),
        ("完成日期", "2026-03-02 14:30:00", "2026-03-02"),
        ("动作", " 新 增", "新增"),
    ],
)
def test_编号数字日期的写法_折算并写明从什么折成什么(read: Reader, column: str, written: str, read_as: str) -> None:
    table = read(HEAD, changed(column, written))
    assert table.rows[0].text[column] == read_as
    assert not table.refused
    note = next(note for note in table.notes if note.outcome == Outcome.FOLDED and note.column == column)
    assert note.holds(2, HEAD.index(column) + 1)
    assert read_as in note.text


@pytest.mark.parametrize("stored", [MORNING, MORNING.date(), MORNING.replace(hour=14), 46083])
def test_真日期和日期序号_读成那一天(stored: Any) -> None:
    table = by_xlsx(HEAD, changed("完成日期", stored))
    assert table.rows[0].text["完成日期"] == "2026-03-02"
    assert not table.refused


def test_1904日期系统的工作簿_真日期照读_光写序号的拒绝() -> None:
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    for row in (HEAD, changed("完成日期", MORNING), changed("完成日期", 44621)):
        book.worksheets[0].append(row)
    out = io.BytesIO()
    book.save(out)
    table = read_file(out.getvalue(), "工单.xlsx", WANTED)
    assert table.rows[0].text["完成日期"] == "2026-03-02"
    (note,) = table.refused
    assert (note.row, "1904" in note.text) == (3, True)


def test_粘贴没有表头_照列的先后认_点名_表头在很后面的整份不收() -> None:
    wanted = replace(WANTED, in_order=True)
    row = ["W1", "SQ", "ECS-1", "新增", "8", "32G", "2026-03-02"]
    table = read_text("\t".join(row), wanted)
    assert list(table.rows[0].text.values()) == ["W1", "SQ", "ECS-1", "新增", "8", "32", "2026-03-02"]
    assert "没有表头，照这样的先后认列：工单号、单号" in said(table, Outcome.NAMED)
    late = "\n".join(["\t".join(row)] * 40 + ["\t".join(column.name for column in WANTED.columns)])
    with pytest.raises(Unreadable, match="第 41 行才像表头"):
        read_text(late, wanted)


def test_双精度的尾数_照Excel里看到的15位_写明() -> None:
    found = columns.read(Column("数量", Kind.NUMBER), Cell(1, "0.30000000000000004", Made.NUMBER))
    assert found.text == "0.3"
    assert "15 位" in found.folded


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_编码分隔符换行_都读得一样(encoding: str, separator: str, ending: str) -> None:
    rows = [HEAD, ONE, TWO]
    text = ending.join(separator.join(row) for row in rows) + ending
    table = read_file(text.encode(encoding), "工单.csv", WANTED)
    assert [row.text for row in table.rows] == [row.text for row in by_csv(*rows).rows]
    for mark, words in (("gb18030", "GB18030"), ("utf-16", "UTF-16")):
        assert (words in said(table, Outcome.FOLDED)) == (encoding == mark)


@EVERY
def test_与列同一单位的写法认_别的单位拒绝不换算(read: Reader) -> None:
    head = [*HEAD, "内存（G）"]
    good = read(head, [*ONE, "32G"])
    assert good.rows[0].text["内存 GB"] == "32"
    (bad,) = read(head, [*ONE, "0.1TB"]).refused
    assert "按 GB 填" in bad.text
    (twice,) = read(head, [*ONE, "100GTB"]).refused
    assert "第 2 行" in twice.where
    (unit,) = read([*HEAD, "内存(MB)"], [*ONE, "32"]).refused
    assert "单位是“MB”" in unit.text
    assert "没写单位，按 GB 读" in said(read([*HEAD, "内存"], [*ONE, "32"]), Outcome.NAMED)


# ── 读入并点名 ──


def test_隐藏的行和列_照读_点名() -> None:
    def shape(sheet: Any) -> None:
        sheet.row_dimensions[2].hidden = True
        sheet.column_dimensions["C"].hidden = True

    table = read_file(workbook(HEAD, ONE, TWO, shape=shape), "工单.xlsx", WANTED)
    assert [row.text["资源"] for row in table.rows] == ["ECS-1", "ECS-2"]
    assert "第 2 行：是隐藏（或筛选掉）的行，照读" in said(table, Outcome.NAMED)
    assert "C 列“资源”：是隐藏的列，照读" in said(table, Outcome.NAMED)


@EVERY
def test_空行断档_断档以后的照读_点名(read: Reader) -> None:
    table = read(HEAD, ONE, [], ["", " "], TWO)
    assert [row.number for row in table.rows] == [2, 5]
    assert "第 3–4 行：是空行" in said(table, Outcome.NAMED)


def test_彩色空行_不当数据_点名() -> None:
    def shape(sheet: Any) -> None:
        for row in range(3, 40):
            sheet.cell(row, 1).fill = PatternFill("solid", fgColor="FFFF00")

    table = read_file(workbook(HEAD, ONE, shape=shape), "工单.xlsx", WANTED)
    assert len(table.rows) == 1
    assert "第 3–39 行：只有底色，没有内容" in said(table, Outcome.NAMED)


@EVERY
def test_形近而不同的编号_给提示(read: Reader) -> None:
    table = read(HEAD, changed("资源", "r1"), changed("资源", "R1"), changed("资源", "R2"))
    assert "“R1”、“r1” 形近而不同" in said(table, Outcome.NAMED)
    assert "R2" not in said(table, Outcome.NAMED)


# ── 不读并点名 ──


def test_隐藏的表和别的表_不读_逐张点名() -> None:
    book = openpyxl.Workbook()
    old, sheet, other = book.worksheets[0], book.create_sheet("工单（新）"), book.create_sheet("也是工单")
    old.title, old.sheet_state = "旧版", "hidden"
    for one in (old, sheet, other):
        one.append(HEAD)
        one.append(ONE)
    out = io.BytesIO()
    book.save(out)
    table = read_file(out.getvalue(), "工单.xlsx", WANTED)
    assert table.sheet == "工单（新）"
    assert "工作表“旧版”：是隐藏的，没有读（2 行、12 格有内容）" in said(table, Outcome.UNREAD)
    assert "工作表“也是工单”：没有读" in said(table, Outcome.UNREAD)
    assert table.doubtful


@EVERY
def test_标题行合计行序号列认不出的列_不读_点名(read: Reader) -> None:
    table = read(
        ["2026 年 3 月工单"],
        ["序号", *HEAD, "备注"],
        ["1", *ONE, "急"],
        ["2", *TWO, ""],
        ["合 计", "", "", "", "", "8", "", ""],
    )
    assert [row.number for row in table.rows] == [3, 4]
    unread = said(table, Outcome.UNREAD)
    assert "第 1 行：在表头以前，当作标题，没有读" in unread
    assert "第 5 行：是合计行，没有读" in unread
    assert "A 列“序号”：是序号，没有读" in unread
    assert "H 列“备注”：认不出是哪一列，没有读（1 行有内容）" in unread
    assert [note.where for note in table.doubtful] == ["H 列“备注”"]


@EVERY
def test_首格是合计而编号不空的_是数据_照读(read: Reader) -> None:
    table = read(HEAD, changed("工单号", "合计"))
    assert [row.text["工单号"] for row in table.rows] == ["合计"]


@EVERY
def test_合计写在别的列的_像是合计行_要人点头(read: Reader) -> None:
    head = ["数量", "序号", *[name for name in HEAD if name != "数量"]]
    row = ["8", "1", *[value for name, value in zip(HEAD, ONE, strict=True) if name != "数量"]]
    for total in (["8", "合计"], ["8", "", "合计"]):
        table = read(head, row, total)
        assert [one.number for one in table.rows] == [2]
        assert "第 3 行：像是合计行，没有读" in said(table, Outcome.UNREAD)
    kept = read([*HEAD, "备注"], [*ONE, "合计"])
    assert len(kept.rows) == 1


@EVERY
def test_只填了序号的行不读_要的列都空着而别处写了字的_不读_要人点头(read: Reader) -> None:
    table = read(
        ["序号", *HEAD, "备注"], ["1", *ONE], ["2"], ["3"], ["填表人：张三"], ["", *[""] * len(HEAD), "另见附件"]
    )
    assert [row.number for row in table.rows] == [2]
    unread = {note.where: note for note in table.notes if note.outcome == Outcome.UNREAD}
    assert ("只填了序号" in unread["第 3–4 行"].text, unread["第 3–4 行"].doubtful) == (True, False)
    assert ("要的各列都空着" in unread["第 5–6 行"].text, unread["第 5–6 行"].doubtful) == (True, True)


def test_批注_不读_点名() -> None:
    def shape(sheet: Any) -> None:
        sheet["A2"].comment = Comment("其实是 16", "张三")

    table = read_file(workbook(HEAD, ONE, shape=shape), "工单.xlsx", WANTED)
    assert "A2的批注没有读" in said(table, Outcome.UNREAD)


def cells(table: Table, sheet: Sheet) -> dict[tuple[int, int], int]:
    """没有读进任何一列的、有内容的格 → 落在几条“没有读”里。"""
    read = {(row.number, index) for row in table.rows for index, _, _ in table.headings}
    read |= {(table.header, index) for index, _, _ in table.headings}
    unread = [note for note in table.notes if note.outcome == Outcome.UNREAD and note.areas]
    return {
        (line.number, cell.column): sum(note.holds(line.number, cell.column) for note in unread)
        for line in sheet.lines
        for cell in line.cells
        if (line.number, cell.column) not in read
    }


def test_有内容而没有读的每一格_恰好落在一条里_一万行五十列合成列() -> None:
    rows: list[list[Any]] = [["标题", "", "副标题"], [*HEAD, *(f"多{n}" for n in range(30)), ""]]
    rows += [[*ONE, *("x" for _ in range(30)), "没有列名"] for _ in range(60)]
    rows += [["合计", "", "", "", "8", "", *("9" for _ in range(30))]]
    content = separated(rows).encode()
    table = read_file(content, "工单.csv", WANTED)
    found = cells(table, opened(content, "工单.csv")[0])
    assert len(found) > 1800
    assert set(found.values()) == {1}
    assert len([note for note in table.notes if note.outcome == Outcome.UNREAD]) == 33


# ── 会出错的小输入 ──


def test_g04_十八位编号存成数字_逐格拒绝() -> None:
    content = workbook(HEAD, *(changed("工单号", 2.026030200012346e17) for _ in range(3)))
    table = read_file(content, "工单.xlsx", WANTED)
    assert [note.row for note in table.refused] == [2, 3, 4]


def test_g01_WPS的已用区域只写A1_照实际格读() -> None:
    from zipfile import ZipFile

    source, out = io.BytesIO(workbook(HEAD, ONE, TWO)), io.BytesIO()
    with ZipFile(source) as old, ZipFile(out, "w") as new:
        for entry in old.namelist():
            new.writestr(entry, old.read(entry).replace(b'<dimension ref="A1:F3"', b'<dimension ref="A1"'))
    assert b'ref="A1"/' in ZipFile(out).read("xl/worksheets/sheet1.xml")
    assert len(read_file(out.getvalue(), "工单.xlsx", WANTED).rows) == 2
