"""读表的限额：一份很小的文件占不了很多内存，在展开以前拒绝（R-052）。"""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from tests.unit.tables.test_reading import HEAD, ONE, WANTED, workbook
from yunheng.tables.limits import HUMAN, TooLarge, Unreadable
from yunheng.tables.reading import read_file

_MOST = 100 * 1024 * 1024
SHEET, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"


def shared() -> bytes:
    """文字放在共用的一个部件里的工作簿，如 Excel 存的。"""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        book.add_worksheet("工单").write_row(0, 0, HEAD)
    return out.getvalue()


def remade(part: str, change: Callable[[bytes], bytes]) -> bytes:
    """一份对的工作簿，换掉一个部件。"""
    out = io.BytesIO()
    source = io.BytesIO(shared() if part.endswith("sharedStrings.xml") else workbook(HEAD, ONE))
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.namelist():
            new.writestr(entry, change(old.read(entry)) if entry == part else old.read(entry))
    return out.getvalue()


def rows(text: bytes) -> Callable[[bytes], bytes]:
    return lambda old: old.replace(b"</sheetData>", text + b"</sheetData>")


def after(text: bytes) -> Callable[[bytes], bytes]:
    return lambda old: old.replace(b"</sheetData>", b"</sheetData>" + text)


def peak(content: bytes) -> int:
    tracemalloc.start()
    try:
        with pytest.raises(Unreadable):
            read_file(content, "工单.xlsx", WANTED)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


CELL = b'<c t="inlineStr"><is><t>x</t></is></c>'
_MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRINGS = b'<sst xmlns="' + _MAIN + b'">' + b"<si><t>ab</t></si>" * 3_000_000 + b"</sst>"
BOMBS = {
    "行太多": (SHEET, rows(b"<row><c><v>1</v></c></row>" * 60_000)),
    "列太多": (SHEET, rows(b"<row>" + CELL * 20_000 + b"</row>")),
    "一格的字太多": (SHEET, rows(b'<row><c t="inlineStr"><is><t>' + b"x" * 30_000_000 + b"</t></is></c></row>")),
    "合并格太多": (SHEET, after(b"<mergeCells>" + b'<mergeCell ref="A1:XFD1048576"/>' * 100_000 + b"</mergeCells>")),
    "公式太长": (SHEET, rows(b"<row><c><f>" + b"1+" * 10_000_000 + b"1</f></c></row>")),
    "一个属性太长": (SHEET, rows(b'<row spans="' + b"1" * 30_000_000 + b'"/>')),
    "列设置太多": (SHEET, after(b'<col hidden="1" min="1" max="9"/>' * 1_000_000)),
    "格式太多": (STYLES, lambda old: old.replace(b"</cellXfs>", b'<xf numFmtId="0"/>' * 2_000_000 + b"</cellXfs>")),
    "共用的文字太多": ("xl/sharedStrings.xml", lambda _old: STRINGS),
    "每格都是公式": (SHEET, rows((b"<row>" + b"<c><f>1</f></c>" * 12 + b"</row>") * 45_000)),
    "解开太大": ("xl/theme/theme1.xml", lambda old: old + b" " * (HUMAN.unpacked + 1)),
    "实体": (SHEET, lambda old: b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]>' + old.partition(b"?>")[2]),
}  # fmt: skip


@pytest.mark.parametrize("bomb", BOMBS)
def test_小文件炸弹_没有展开就拒绝_内存增量不到一百兆(bomb: str) -> None:
    part, change = BOMBS[bomb]
    content = remade(part, change)
    assert len(content) < 400_000
    assert peak(content) < _MOST


def test_整张表合并成一格_不展开_只拒绝有内容的那一行() -> None:
    content = remade(SHEET, after(b'<mergeCells><mergeCell ref="A2:XFD1048576"/></mergeCells>'))
    tracemalloc.start()
    table = read_file(content, "工单.xlsx", WANTED)
    assert tracemalloc.get_traced_memory()[1] < _MOST / 20
    tracemalloc.stop()
    assert {note.row for note in table.refused} == {2}


def test_压缩包的目录太大_打开以前就拒绝() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for number in range(HUMAN.entries + 1):
            packed.writestr(f"x{number}", b"")
    with pytest.raises(TooLarge, match="太多部件"):
        read_file(out.getvalue(), "工单.xlsx", WANTED)


def test_十兆以上的文件_不读() -> None:
    with pytest.raises(TooLarge, match="超过 10 MB"):
        read_file(b"a" * (HUMAN.file + 1), "工单.csv", WANTED)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("," * 9_000_000, "有一行超过 50,000 格"),
        ("x" + "\t" * 9_000_000, "有一行超过 50,000 格"),
        (("," * 400 + "\n") * 22_000, "空的格太多"),
        (",".join(HEAD) + "\n" * 2_000_000 + ",".join(ONE), "超过 1,048,576 行"),
    ],
)
def test_CSV里全是逗号和空行_还没有拆开就拒绝(text: str, words: str) -> None:
    content = text.encode()
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match=words):
            read_file(content, "工单.csv", WANTED)
        assert tracemalloc.get_traced_memory()[1] < _MOST
    finally:
        tracemalloc.stop()


def test_多余的逗号和空行_不太多的照读() -> None:
    text = ",".join(HEAD) + "," * 30_000 + "\n" + "\n" * 5_000 + ",".join(ONE) + ",,,\n"
    assert [row.number for row in read_file(text.encode(), "工单.csv", WANTED).rows] == [5_002]


def test_限额写在一处_别处不写字节数() -> None:
    room = Path(__file__).parents[3] / "src" / "yunheng" / "tables"
    for path in room.glob("*.py"):
        if path.name != "limits.py":
            assert "1024 * 1024" not in path.read_text(encoding="utf-8"), path.name
