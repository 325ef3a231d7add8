"""填好的 Word 附件：修订、勾的写法、类型格、控件都读到，读不到的点名；展开以前就限（R-047）。"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from tests.unit.applications.test_human_hosts import cells, printed

from yunheng.applications import importing
from yunheng.tables import word
from yunheng.tables.limits import TooLarge, Unreadable
from yunheng.tables.notes import Outcome
from yunheng.tables.word import ticked

NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def packed(body: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {NS}><w:body>{body}</w:body></w:document>")
    return out.getvalue()


def saved(document: docx.document.Document) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def test_R047_修订里插入的数字读进来_写明有修订() -> None:
    found = importing.read(Path("tests/faults/g13-annex1-insdigit.docx").read_bytes(), "附件1.docx")
    assert found.values["hosts"][0]["cores"] == "16"
    assert any(note.outcome == Outcome.NAMED and "有修订" in note.text for note in found.unread)


def test_R047_类型只写云主机_带单位_勾在字后_三行都读_没读的点名() -> None:
    found = importing.read(Path("tests/faults/a1-annex1-plaintype.docx").read_bytes(), "附件1.docx")
    hosts = found.values["hosts"]
    assert [(row["type"], row["cores"], row["memory"]) for row in hosts] == [
        ("云主机", "8", "32"), ("云主机", "16", "64"), ("物理机", "64", "256"),
    ]  # fmt: skip
    assert (hosts[0]["system_disk"], hosts[1]["data_disk"], hosts[2]["eip"]) == ("100G", "2", "")
    assert (found.values["paas"], found.values["architecture"]) == (["联通"], "XC")
    assert any("系统盘" in note and "请按 TB 填" in note for note in found.notes)
    assert any("写了台数" in note for note in found.notes)
    assert any(note.text == "“1”没有读（左边是“☐ 入侵防御服务（租户）”）" for note in found.unread)


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("☑ 联通  ☐ 移动", ("联通",)),
        ("√联通 □移动", ("联通",)),
        ("联通√ 移动 电信", ("联通",)),
        ("联通√ 移动√ 电信□", ("联通", "移动")),
        ("联通 √移动 电信", ("移动",)),
        ("联通", ("联通",)),
        ("联通 移动 电信", ()),
        ("☐ 联通 ☐ 移动", ()),
        ("联通√移动 电信", None),
        ("联通 √ 移动", None),
    ],
)
def test_R047_勾在字前字后都认_分不清的不猜(text: str, picked: tuple[str, ...] | None) -> None:
    assert ticked(text, ("联通", "移动", "电信")) == picked


def test_R047_文本框_隐藏的字_批注里写的_点名() -> None:
    document = docx.Document(io.BytesIO(printed()))
    run = document.paragraphs[0].add_run("内部备忘")
    run.font.hidden = True
    box = parse_xml(f"<w:r {NS}><w:txbxContent><w:p><w:r><w:t>加急</w:t></w:r></w:p></w:txbxContent></w:r>")
    document.paragraphs[0]._p.append(box)
    found = importing.read(saved(document), "附件1.docx")
    said = " ".join(map(str, found.unread))
    assert "隐藏的字“内部备忘”" in said
    assert "文本框“加急”" in said


def test_R047_格里套的表_照它的行读_没用上的点名() -> None:
    document = docx.Document(io.BytesIO(printed()))
    cell = next(cell for cell in cells(document) if not cell.text)
    cell.add_table(1, 1).rows[0].cells[0].text = "另见附件"
    assert "另见附件" in " ".join(map(str, importing.read(saved(document), "附件1.docx").unread))


def test_R047_修订里删去的行不读() -> None:
    document = docx.Document(io.BytesIO(printed()))
    row = next(row for table in document.tables for row in table.rows if "☑ 云主机" in row.cells[1].text)
    right = importing.read(printed(), "附件1.docx").values["hosts"]
    row._tr.get_or_add_trPr().append(OxmlElement("w:del"))
    found = importing.read(saved(document), "附件1.docx")
    assert len(found.values["hosts"]) == len(right) - 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="60000000"/></w:tcPr></w:tc></w:tr></w:tbl>', "横跨超过"),
        ("<w:tbl><w:tr><w:tc>" * 10 + "</w:tc></w:tr></w:tbl>" * 10, "层表格"),
        ("<w:p>" * 2_000 + "</w:p>" * 2_000, "套得太深"),
    ],
)
def test_R047_横跨和嵌套的炸弹_展开以前拒绝(body: str, words: str) -> None:
    with pytest.raises(TooLarge, match=words):
        word.read(packed(body), "炸弹.docx")


def test_R047_声明实体的文件不收() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')
    with pytest.raises(Unreadable, match="打不开"):
        word.read(out.getvalue(), "实体.docx")


def _retitled(old: str, new: str) -> importing.Imported:
    """主机清单的一个表头改了叫法的附件1。"""
    document = docx.Document(io.BytesIO(printed()))
    for cell in cells(document):
        if "".join(cell.text.split()) == old:
            cell.text = new
    return importing.read(saved(document), "附件1.docx")


@pytest.mark.parametrize(
    ("old", "new"), [("CPU核", "CPU (核)"), ("操作系统（版本）", "操作系统\n(版本)"), ("数据盘TB", "数据盘（TB）")]
)
def test_R047_主机表头换行_半角括号_单位写在括号里_读得与原表相等(old: str, new: str) -> None:
    assert _retitled(old, new).values["hosts"] == importing.read(printed(), "附件1.docx").values["hosts"]


@pytest.mark.parametrize("new", ["数据盘GB", "硬盘"])
def test_R047_主机表头认不出的一列不读并点名_后面各列不错开(new: str) -> None:
    right, found = importing.read(printed(), "附件1.docx"), _retitled("数据盘TB", new)
    for before, after in zip(right.values["hosts"], found.values["hosts"], strict=True):
        assert {**before, "data_disk": ""} == {"data_disk": "", **after}
    assert any("认不出的列" in note and new in note for note in found.notes)
