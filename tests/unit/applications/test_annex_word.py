"""填好的 Word 附件：修订、勾的写法、类型格、控件都读到，读不到的点名；展开以前就限（R-047）。"""

from __future__ import annotations

import copy
import io
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import OxmlElement, parse_xml
from tests.golden.test_annexes import CONTENT
from tests.golden.test_importing import printed as whole
from tests.unit.applications.test_human_hosts import cells, printed

from yunheng.applications import importing
from yunheng.tables import word
from yunheng.tables.limits import TooLarge, Unreadable
from yunheng.tables.notes import Outcome
from yunheng.tables.ticks import ticked

NS = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def packed(body: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {NS}><w:body>{body}</w:body></w:document>")
    return out.getvalue()


def saved(document: Any) -> bytes:
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
    assert any(
        note.outcome == Outcome.REFUSED and "请按 TB 填" in note.text and "系统盘" in note.text for note in found.unread
    )
    assert any(note.doubtful and "像是写了台数" in note.text for note in found.unread)
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


CELL = "<w:tc><w:tcPr><w:gridSpan w:val='63'/></w:tcPr></w:tc>"
RUN = "<w:r><w:t>x</w:t></w:r>"
HIDDEN = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r>"
BOMBS = {
    "格": ("<w:tbl>" + f"<w:tr>{CELL * 60}</w:tr>" * 3_000 + "</w:tbl>", "的格超过"),
    "段": (f"<w:p>{RUN}</w:p>" * 100_000, "超过 20,000 行"),
    "符号": ("<w:p>" + '<w:r><w:sym w:font="a" w:char="b"/></w:r>' * 100_000 + "</w:p>", "超过 500 处"),
    "隐藏的字": (f"<w:p>{HIDDEN * 100_000}</w:p>", "超过 500 处"),
    "换行": ("<w:p><w:r>" + "<w:br/>" * 8_000_000 + "</w:r></w:p>", "超过 32,767 字"),
    "空段": ("<w:tbl><w:tr><w:tc>" + "<w:p/>" * 9_000_000 + "</w:tc></w:tr></w:tbl>", "超过 32,767 字"),
    "属性": ('<w:p w:x="' + "1" * 60_000_000 + '"/>', "一处太长"),
    "一段的字": ("<w:p><w:r><w:t>" + "x" * 60_000_000 + "</w:t></w:r></w:p>", "超过 32,767 字"),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_R047_小Word炸弹_展开以前拒绝_内存增量不到一百兆(bomb: str) -> None:
    body, words = BOMBS[bomb]
    content = packed(body)
    assert len(content) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge, match=words):
            word.read(content, "炸弹.docx")
        assert tracemalloc.get_traced_memory()[1] < 100 * 1024 * 1024
    finally:
        tracemalloc.stop()


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
    assert any("认不出的列" in note.text and new in note.text and note.doubtful for note in found.unread)


# ── 附件 3、4 和几处容易不声不响的 ──


def cell_after(document: docx.document.Document, title: str) -> Any:
    for table in document.tables:
        for row in table.rows:
            own = list(dict.fromkeys(row.cells))
            for place, cell in enumerate(own[:-1]):
                if "".join(cell.text.split()) == title:
                    return own[place + 1]
    raise AssertionError(title)


def filled(number: int, folder: Path) -> docx.document.Document:
    return docx.Document(io.BytesIO(whole(number, CONTENT, folder)))


def refused(found: importing.Imported) -> str:
    return "\n".join(str(note) for note in found.unread if note.outcome == Outcome.REFUSED)


def unread(found: importing.Imported, *, doubtful: bool = True) -> str:
    return "\n".join(str(note) for note in found.unread if note.outcome == Outcome.UNREAD and note.doubtful == doubtful)


def test_R047_附件3_现状各行照台账不读_写明_拟变更的才读(tmp_path: Path) -> None:
    found = importing.read(saved(filled(3, tmp_path)), "附件3.docx")
    assert "的主机照台账，不从表里读" in unread(found, doubtful=False)
    assert unread(found) == ""


def test_R047_附件3_服务项勾的动作与数量对不上_拒绝到那一格(tmp_path: Path) -> None:
    document = filled(3, tmp_path)
    for table in document.tables:
        for row in table.rows:
            if "服务项" in row.cells[0].text:
                row.cells[5].text = "☐ 新增\n☐ 变更\n☑ 释放"
    found = importing.read(saved(document), "附件3.docx")
    assert "勾的是释放，数量是“3”，对不上" in refused(found)
    assert found.blocked
    assert "不是附件1 的服务项" not in unread(found)


def test_R047_附件3_服务项的行里附件没有的格写了字_点名(tmp_path: Path) -> None:
    document = filled(3, tmp_path)
    row = next(row for table in document.tables for row in table.rows if "服务项" in row.cells[0].text)
    row._tr.append(copy.deepcopy(row.cells[4]._tc))
    found = importing.read(saved(document), "附件3.docx")
    assert "“3”没有读" in unread(found)


def test_R047_附件4_原因那一段多写的话_点名(tmp_path: Path) -> None:
    document = filled(4, tmp_path)
    plea = next(one for one in document.paragraphs if "不再使用市级政务云服务" in one.text)
    plea.add_run("另请保留备份至年底。")
    found = importing.read(saved(document), "附件4.docx")
    assert found.values["reason"] == "系统下线"
    assert "“另请保留备份至年底。”没有读" in unread(found)


def test_R047_带年月日的一段话_不当作落款(tmp_path: Path) -> None:
    document = filled(4, tmp_path)
    document.add_paragraph("本系统 2026 年 3 月 1 日起停用")
    assert "“本系统 2026 年 3 月 1 日起停用”没有读" in unread(importing.read(saved(document), "附件4.docx"))


def test_R047_勾的旁边写了字点名_同一栏填了两遍_少一格的拒绝(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cell_after(document, "系统架构").text = "☑ X86  ☐ XC 二期改信创"
    row = document.tables[0].add_row()
    row.cells[0].text, row.cells[1].text = "项目负责人", "另一个人"
    host = next(row for table in document.tables for row in table.rows if "☑ 云主机" in row.cells[1].text)
    cell = host.cells[3]._tc
    cell.getparent().remove(cell)
    found = importing.read(saved(document), "附件1.docx")
    assert (found.values["architecture"], found.values["leader"]) == ("X86", CONTENT["leader"])
    assert "选项以外的“二期改信创”没有读" in unread(found)
    assert f"第 2 行第 2 格“{CONTENT['leader']}”" in refused(found)
    assert "“另一个人”，不知道是哪一个" in refused(found)
    assert "有 8 格，表头有 9 格，对不上列" in refused(found)
    assert found.blocked


def test_R047_主机的格跨行合并_不知道是不是每行都是它_每一格都拒绝(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    rows = [row for table in document.tables for row in table.rows if "☑ 云主机" in row.cells[1].text]
    rows[0].cells[3].text, rows[1].cells[3].text = "32", ""
    for row, kind in zip(rows, ("restart", "continue"), strict=True):
        mark = OxmlElement("w:vMerge")
        mark.set("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}val", kind)
        row.cells[3]._tc.get_or_add_tcPr().append(mark)
    found = importing.read(saved(document), "附件1.docx")
    assert [row["memory"] for row in found.values["hosts"]] == ["", ""]
    assert refused(found).count("“内存GB”在跨行合并的格里") == 2
    assert found.blocked


def test_R047_盘的单位写了两遍_报到格_请按TB填(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    host = next(row for table in document.tables for row in table.rows if "☑ 云主机" in row.cells[1].text)
    host.cells[5].text = "100GTB"
    found = importing.read(saved(document), "附件1.docx")
    assert found.values["hosts"][0]["system_disk"] == "100GTB"
    assert "格：“系统盘”“100GTB”不是数，请按 TB 填，如 0.1" in refused(found)
    assert not found.blocked


def test_R047_折算的写法_逐格写明(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    host = next(row for table in document.tables for row in table.rows if "☑ 云主机" in row.cells[1].text)
    host.cells[2].text, host.cells[3].text = "８核", "32G"
    found = importing.read(saved(document), "附件1.docx")
    assert (found.values["hosts"][0]["cores"], found.values["hosts"][0]["memory"]) == ("8", "32")
    folded = "\n".join(str(note) for note in found.unread if note.outcome == Outcome.FOLDED)
    assert "“８核”→“8”" in folded
    assert "“32G”→“32”" in folded
