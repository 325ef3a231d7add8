"""附件里不能不声不响的：一格两个数、划掉的字、页眉、写了两处的、对不上列的、归属，拒绝到格或点名（R-047）。"""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from tests.golden.test_annexes import CONTENT
from tests.golden.test_importing import as_workbook, printed
from tests.unit.applications.test_annex_word import cell_after, filled, refused, saved, unread

from yunheng.applications import importing
from yunheng.documents.annex1 import LABELS
from yunheng.tables.notes import Outcome


def marked(name: str, value: str = "") -> Any:
    mark = OxmlElement(name)
    if value:
        mark.set(qn("w:val"), value)
    return mark


def hosts(document: Any) -> list[Any]:
    """附件里打了勾的主机各行。"""
    rows = [row for table in document.tables for row in table.rows]
    return [row for row in rows if any(cell.text.startswith("☑ 云主机") for cell in row.cells[:2])]


def cells(row: Any) -> list[Any]:
    return list(dict.fromkeys(row.cells))


def again(document: docx.document.Document, **_: Any) -> importing.Imported:
    return importing.read(saved(document), "附件.docx")


def named(found: importing.Imported) -> str:
    return "\n".join([*found.notes, *(str(note) for note in found.unread if note.outcome == Outcome.NAMED)])


def header(document: Any) -> Any:
    return next(row for row in document.tables[0].rows if any("CPU" in cell.text for cell in row.cells))


def insert(row: Any, place: int, text: str) -> None:
    """在一行的第几格后面加一格。"""
    cell = cells(row)[place]
    extra = copy.deepcopy(cell._tc)
    for span in extra.iter(qn("w:gridSpan")):
        span.set(qn("w:val"), "1")
    cell._tc.addnext(extra)
    docx.table._Cell(extra, cell._parent).text = text


# ── 一格里的数 ──


@pytest.mark.parametrize("text", ["8 16", "8\n16"])
def test_R047_一格里两个数_拒绝到格_不连成一个(text: str, tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    hosts(document)[0].cells[2].text = text
    found = again(document)
    assert found.values["hosts"][0]["cores"] == "8 16"
    assert "“CPU”" in refused(found)
    assert not found.blocked


def test_R047_Word里划掉的字不读_点名_要人点头(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cell = hosts(document)[0].cells[2]
    cell.text = ""
    cell.paragraphs[0].add_run("8").font.strike = True
    cell.paragraphs[0].add_run("16")
    found = again(document)
    assert found.values["hosts"][0]["cores"] == "16"
    assert "划掉的字“8”没有读" in unread(found)


@pytest.mark.parametrize(("name", "said"), [("w:dstrike", "划掉"), ("w:vanish", "隐藏")])
def test_R047_照样式划掉_隐藏的字_一样不读点名(name: str, said: str, tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    look = document.styles.add_style("作废", docx.enum.style.WD_STYLE_TYPE.CHARACTER)
    look.element.get_or_add_rPr().append(marked(name))
    cell = hosts(document)[0].cells[2]
    cell.text = ""
    cell.paragraphs[0].add_run("8", style="作废")
    cell.paragraphs[0].add_run("16")
    found = again(document)
    assert found.values["hosts"][0]["cores"] == "16"
    assert f"{said}的字“8”没有读" in unread(found)


@pytest.mark.parametrize("way", ["superscript", "subscript"])
def test_R047_Word里数的上标下标_拒绝到格_整份不能写入(way: str, tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cell = hosts(document)[0].cells[2]
    cell.text = "8"
    setattr(cell.paragraphs[0].add_run("1").font, way, True)
    found = again(document)
    assert found.blocked
    assert "“CPU”“81”里有上标或下标的字" in refused(found)


def test_R047_Word里照样式的上标_一样拒绝到格(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    document.styles.add_style("角标", docx.enum.style.WD_STYLE_TYPE.CHARACTER).font.superscript = True
    cell = hosts(document)[0].cells[2]
    cell.text = "8"
    cell.paragraphs[0].add_run("1", style="角标")
    assert "里有上标或下标的字" in refused(again(document))


def test_R047_Word里文字栏的上标_照读并点名(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cell = hosts(document)[0].cells[4]
    cell.text = "系统"
    cell.paragraphs[0].add_run("2").font.superscript = True
    found = again(document)
    assert found.values["hosts"][0]["os"] == "系统2"
    assert refused(found) == ""
    assert "有上标或下标的字“2”" in named(found)


@pytest.mark.parametrize("text", ["8①", "8²", "8₂"])
def test_R047_附件里的圈号_拒绝到格_原文红着等人改(text: str, tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    hosts(document)[0].cells[2].text = text
    found = again(document)
    assert found.values["hosts"][0]["cores"] == text
    assert "这样的字，请改成普通数字" in refused(found)


def test_R047_关掉的划线照读(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cell = hosts(document)[0].cells[2]
    cell.text = ""
    cell.paragraphs[0].add_run("16").font.strike = False
    found = again(document)
    assert found.values["hosts"][0]["cores"] == "16"
    assert unread(found) == ""


def test_R047_修订以前的划线不算(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cell = hosts(document)[0].cells[2]
    run = cell.paragraphs[0].runs[0]
    former, old = marked("w:rPrChange"), marked("w:rPr")
    old.append(marked("w:strike"))
    former.append(old)
    run._r.get_or_add_rPr().append(former)
    found = again(document)
    assert found.values == importing.read(saved(filled(1, tmp_path)), "附件.docx").values
    assert "有修订" in named(found)


def test_R047_Word里的公式域_读不出真正的值_整份不能写入(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cell = hosts(document)[0].cells[2]
    cell.text = ""
    field = marked("w:fldSimple")
    field.set(qn("w:instr"), " =SUM(ABOVE) ")
    run = cell.paragraphs[0].add_run("24")._r
    run.addprevious(field)
    field.append(run)
    found = again(document)
    assert "“CPU”是公式“=SUM(ABOVE)”" in refused(found)
    assert found.blocked


def test_R047_段落记号在修订里删去的_两段连成一段读(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cell = hosts(document)[0].cells[2]
    cell.text = "1"
    mark = marked("w:rPr")
    mark.append(marked("w:del"))
    cell.paragraphs[0]._p.get_or_add_pPr().append(mark)
    cell.add_paragraph("6")
    assert again(document).values["hosts"][0]["cores"] == "16"


def test_R047_表格的格在修订里删去_不读_写明删了什么(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    for row, place in [(header(document), 2), *((row, 3) for row in hosts(document))]:
        cells(row)[place]._tc.get_or_add_tcPr().append(marked("w:cellDel"))
    found = again(document)
    assert "memory" not in found.values["hosts"][0]
    assert "在修订里删去，“32”没有读" in named(found)
    assert "有修订" in named(found)


def test_R047_表格的格在修订里插入_照读_写明有修订(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    hosts(document)[0].cells[3]._tc.get_or_add_tcPr().append(marked("w:cellIns"))
    found = again(document)
    assert found.values["hosts"][0]["memory"] == CONTENT["hosts"][0]["memory"]
    assert "有修订" in named(found)


# ── 表格以外 ──


def test_R047_页眉页脚里写的_点名_页码和打印的编号不算(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    assert unread(again(document)) == ""
    document.sections[0].header.paragraphs[0].text = "请按 8 台配置"
    document.sections[0].footer.paragraphs[0].text = "第 1 页"
    found = again(document)
    assert "页眉：“请按 8 台配置”没有读" in unread(found)
    assert "第 1 页" not in unread(found)


@pytest.mark.parametrize(
    "text",
    [
        "开通时间：2026年7月1日，共需 5 台",
        "申请单位：民政局；请再加 2 台",
        "校验码说明：此表作废",
        "附件1 另见草稿",
        "日期：请照旧",
    ],
)
def test_R047_附件印着的行多写了字_点名(text: str, tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    document.add_paragraph(text)
    assert f"“{text}”没有读" in unread(again(document))


def test_R047_Word里的图片_点名(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    run = document.paragraphs[0].add_run()._r
    drawing = marked("w:drawing")
    drawing.append(OxmlElement("a:blip"))
    run.append(drawing)
    assert "的图片没有读" in unread(again(document))


def test_R047_隐藏的表格行_照读_点名(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    hosts(document)[0]._tr.get_or_add_trPr().append(marked("w:hidden"))
    found = again(document)
    assert found.values["hosts"] == importing.read(saved(filled(1, tmp_path)), "附件.docx").values["hosts"]
    assert "是隐藏的行，照读" in named(found)


def test_R047_从前的复选框_勾了的照读(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cell = cell_after(document, "基础设施服务商")
    cell.text = ""
    paragraph = cell.paragraphs[0]
    for name, on in (("联通", False), ("移动", True), ("电信", False)):
        box, data, char = marked("w:checkBox"), marked("w:ffData"), marked("w:fldChar")
        box.append(marked("w:default", "0"))
        if on:
            box.append(marked("w:checked"))
        data.append(box)
        char.append(data)
        char.set(qn("w:fldCharType"), "begin")
        paragraph.add_run()._r.append(char)
        paragraph.add_run(f"{name} ")
    assert again(document).values["iaas"] == "移动"


# ── 写了两处、勾了两项 ──


def test_R047_同一服务项写了两行_数量不一样_两格都说_整份不能写入(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    code, label = next((code, LABELS[code]) for code in CONTENT["services"])
    row = document.tables[0].add_row()
    row.cells[0].text, row.cells[1].text = f"☑ {label}", "77"
    found = again(document)
    assert found.values["services"][code] == CONTENT["services"][code]
    assert f"“{label}”写了两处" in refused(found)
    assert "“77”，不知道是哪一个" in refused(found)
    assert found.blocked


@pytest.mark.parametrize("title", ["基础设施服务商", "系统架构"])
def test_R047_只能选一项的勾了两项_拒绝_不取第一个(title: str, tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cell = cell_after(document, title)
    cell.text = cell.text.replace("☐", "☑", 1)
    found = again(document)
    assert f"“{title}”勾了" in refused(found)
    assert {"基础设施服务商": "iaas", "系统架构": "architecture"}[title] not in found.values
    assert found.blocked


def test_R047_主机清单有两套表头_整份不收(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    document.element.body.append(copy.deepcopy(document.tables[0]._tbl))
    with pytest.raises(ValueError, match="都是主机清单的表头"):
        again(document)


# ── 主机各列照表头认 ──


def test_R047_主机清单多了两列_照表头认列_多的列逐格点名(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    right = again(document).values["hosts"]
    places = [0 if own[0].text.startswith("☑") else 1 for own in map(cells, hosts(document))]
    rows = [
        (header(document), 0, ("编号", "数量")),
        *((r, p, ("A", "7")) for r, p in zip(hosts(document), places, strict=True)),
    ]
    for row, place, texts in rows:
        insert(row, place, texts[1])
        insert(row, place, texts[0])
    for row in document.tables[0].rows:
        own = cells(row)
        if any(cell.text.replace("\n", "") == "☐ 云主机☐ 物理机" for cell in own):
            place = next(n for n, cell in enumerate(own) if "云主机" in cell.text)
            insert(row, place, "")
            insert(row, place, "")
    found = again(document)
    assert found.values["hosts"] == right
    for words in ("认不出的列，没有读：编号", "认不出的列，没有读：数量", "“A”没有读", "“7”没有读"):
        assert words in unread(found)


def test_R047_主机的一行比表头多一格_对不上列_整份不能写入(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    row = hosts(document)[1]
    insert(row, 1, "多出")
    found = again(document)
    assert len(found.values["hosts"]) == len(hosts(document)) - 1
    assert "对不上列，没有读" in refused(found)
    assert "“多出”没有读" in unread(found)
    assert found.blocked


@pytest.mark.parametrize(("note", "wrong"), [("应用", False), ("×3 台", False), ("×2 台", True), ("应用 ×2台", True)])
def test_R047_自己加了台数一列_照那一列_与备注不一样的拒绝(note: str, wrong: bool, tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    head = header(document)
    next(cell for cell in head.cells if "EIP" in cell.text).text = "台数"
    place = next(n for n, cell in enumerate(head.cells) if cell.text == "台数")
    row = hosts(document)[0]
    row.cells[place].text, row.cells[-1].text = "3", note
    found = again(document)
    assert ("台数写了几处、不一样" in refused(found)) == wrong
    assert found.blocked == wrong
    if not wrong:
        assert found.values["hosts"][0]["count"] == "3"


# ── 附件3 ──


@pytest.mark.parametrize("spoken", ["升级", "降配", "☑ 升级"])
def test_R047_附件3_变更操作写升级_当作变更_写明(spoken: str, tmp_path: Path) -> None:
    document = filled(3, tmp_path)
    row = next(r for t in document.tables for r in t.rows if any("☑ 变更" in c.text for c in r.cells))
    next(cell for cell in row.cells if "☑ 变更" in cell.text).text = spoken
    found = again(document)
    assert found.values["changes"][0]["action"] == "变更"
    assert found.values["changes"][0]["resource"] == "ECS-01"
    assert any(note.outcome == Outcome.FOLDED and "→“变更”" in note.text for note in found.unread)


@pytest.mark.parametrize(
    ("text", "said", "blocked"),
    [
        ("☑ 新增\n☑ 变更\n☐ 释放", "勾了 新增、变更，只能勾一项", True),
        ("☐ 新增\n☐ 变更\n☐ 释放", "“变更操作”没有勾", False),
    ],
)
def test_R047_附件3_变更操作勾了两项_没有勾_拒绝到那一格(text: str, said: str, blocked: bool, tmp_path: Path) -> None:
    document = filled(3, tmp_path)
    row = next(r for t in document.tables for r in t.rows if any("☑ 变更" in c.text for c in r.cells))
    next(cell for cell in row.cells if "☑ 变更" in cell.text).text = text
    found = again(document)
    assert found.values["changes"][0]["action"] == ""
    assert said in refused(found)
    assert found.blocked == blocked


def service(document: Any) -> Any:
    return next(row for table in document.tables for row in table.rows if "服务项" in row.cells[0].text)


def test_R047_附件3_数量的千分位和单位折成数(tmp_path: Path) -> None:
    document = filled(3, tmp_path)
    cells(service(document))[3].text = "2，000个"
    assert again(document).values["service_changes"]["WL-IP"]["quantity"] == "2000"


def test_R047_附件3_同一服务项两行数量不一样_两格都说(tmp_path: Path) -> None:
    document = filled(3, tmp_path)
    row = service(document)
    row._tr.addnext(copy.deepcopy(row._tr))
    cells(row)[3].text = "9"
    found = again(document)
    assert "写了两处" in refused(found)
    assert "“9”" in refused(found)
    assert found.blocked


def test_R047_附件3_没有勾动作_也没有数量_不当作释放(tmp_path: Path) -> None:
    document = filled(3, tmp_path)
    own = cells(service(document))
    own[3].text, own[4].text = "", "☐ 新增\n☐ 变更\n☐ 释放"
    found = again(document)
    assert "不知道要怎样" in refused(found)
    assert found.blocked


# ── Excel ──


def sheet(change: Callable[[Any], None], folder: Path) -> importing.Imported:
    book = openpyxl.load_workbook(io.BytesIO(as_workbook(printed(1, CONTENT, folder))))
    change(book.worksheets[0])
    out = io.BytesIO()
    book.save(out)
    return importing.read(out.getvalue(), "附件1.xlsx")


def cores(page: Any) -> list[Any]:
    """主机各行的 CPU 一格。"""
    head = next(cell for row in page.iter_rows() for cell in row if str(cell.value).startswith("CPU"))
    return [
        page.cell(row, head.column)
        for row in range(head.row + 1, page.max_row)
        if str(page.cell(row, head.column - 1).value).startswith("☑")
    ]


def test_R047_Excel里跨行合并的CPU_两行都拒绝(tmp_path: Path) -> None:
    def change(page: Any) -> None:
        top, below = cores(page)[:2]
        below.value = None
        page.merge_cells(start_row=top.row, end_row=below.row, start_column=top.column, end_column=top.column)

    found = sheet(change, tmp_path)
    assert [row["cores"] for row in found.values["hosts"]][:2] == ["", ""]
    assert refused(found).count("在跨行合并的格里") == 2
    assert found.blocked


def test_R047_Excel里缩小显示的数_拒绝到格_整份不能写入(tmp_path: Path) -> None:
    def change(page: Any) -> None:
        cores(page)[0].value, cores(page)[0].number_format = 16000, "0.0,"

    found = sheet(change, tmp_path)
    assert "把数缩小了显示，存的是 16000" in refused(found)
    assert found.blocked


def test_R047_Excel里划掉的格_整份不收_说是哪一格(tmp_path: Path) -> None:
    def change(page: Any) -> None:
        cores(page)[0].font = openpyxl.styles.Font(strike=True)

    with pytest.raises(ValueError, match="划了删除线"):
        sheet(change, tmp_path)


def test_R047_Excel里隐藏的行和列_照读_逐个点名(tmp_path: Path) -> None:
    def change(page: Any) -> None:
        cell = cores(page)[0]
        page.row_dimensions[cell.row].hidden = True
        page.column_dimensions[cell.column_letter].hidden = True

    found = sheet(change, tmp_path)
    assert found.values["hosts"] == sheet(lambda _page: None, tmp_path).values["hosts"]
    assert "是隐藏的行，照读" in named(found)
    assert "列：是隐藏的列，照读" in named(found)


def test_R047_归属_单位_项目名称_写明只与系统里的比(tmp_path: Path) -> None:
    found = again(filled(1, tmp_path))
    assert {key for key, _ in found.own} == {"unit", "project", "funding"}
    for words in ("“上云项目归属”写的是“区级”", "“申请单位”写的是", "“项目名称”写的是"):
        assert words in unread(found, doubtful=False)
