"""附件里的单位只差位和字节、列名改成别的单位、公式编辑器、自动编号：拒绝到格或点名（R-047）。"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from tests.unit.applications.test_annex_refusals import again, header, hosts
from tests.unit.applications.test_annex_word import filled, refused, unread


def test_R047_附件1_带宽列名写成MB_拒绝到表头_整份不能写入(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    next(cell for cell in header(document).cells if "带宽" in cell.text).text = "带宽\nMB"
    found = again(document)
    assert found.blocked
    assert "“带宽Mb”只差位（b）和字节（B），差 8 倍" in refused(found)


def test_R047_附件1_带宽的格写100MB_拒绝到格(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    place = next(n for n, cell in enumerate(header(document).cells) if "带宽" in cell.text)
    hosts(document)[0].cells[place].text = "100MB"
    assert "位（b）和字节（B）差 8 倍" in refused(again(document))


def test_R047_附件1_服务项叫法改成Tb_拒绝_不当TB(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    row = next(r for t in document.tables for r in t.rows if any("应用存储空间（非加密）" in c.text for c in r.cells))
    own = list(dict.fromkeys(row.cells))
    place = next(n for n, cell in enumerate(own) if "应用存储空间（非加密）" in cell.text)
    own[place].text, own[place + 1].text = "☑ 应用存储空间（非加密）（Tb）", "5"
    found = again(document)
    assert found.blocked
    assert "只差位（b）和字节（B）" in refused(found)


@pytest.mark.parametrize("title", ["存储（GB）", "内存（MB）", "内存（Gb）"])
def test_R047_附件2_服务器列名改成别的单位_拒绝到表头(title: str, tmp_path: Path) -> None:
    document = filled(2, tmp_path)
    cell = next(c for t in document.tables for r in t.rows for c in r.cells if c.text.startswith(title[:2] + "\n（"))
    cell.text = title
    found = again(document)
    assert found.blocked
    assert f"列名“{title}”写的单位与附件2 印的" in refused(found)


def equation(cell: Any, text: str) -> None:
    math, run, letters = (OxmlElement(f"m:{name}") for name in ("oMath", "r", "t"))
    letters.text = text
    run.append(letters)
    math.append(run)
    cell.paragraphs[0]._p.append(math)


@pytest.mark.parametrize("before", ["", "1"])
def test_R047_Word公式编辑器写的数_只有公式的格也拒绝_不当作空着(before: str, tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    place = next(n for n, cell in enumerate(header(document).cells) if "数据盘" in cell.text)
    cell = hosts(document)[0].cells[place]
    cell.text = before
    equation(cell, "12")
    found = again(document)
    assert found.blocked
    assert "公式编辑器写的字" in refused(found)


def numbered(cell: Any, value: str = "1") -> None:
    marks, number = OxmlElement("w:numPr"), OxmlElement("w:numId")
    number.set(qn("w:val"), value)
    marks.append(number)
    cell.paragraphs[0]._p.get_or_add_pPr().append(marks)


def test_R047_Word的自动编号_点名要人点头_关掉的不算(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    assert "自动编号" not in unread(again(document))
    numbered(hosts(document)[0].cells[-1])
    assert "格的自动编号" in unread(again(document))
    document = filled(1, tmp_path)
    numbered(hosts(document)[0].cells[-1], "0")
    assert "自动编号" not in unread(again(document))


def test_R047_照样式的自动编号_一样点名_段落里关掉的不算(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    style = document.styles["List Number"] if "List Number" in [s.name for s in document.styles] else None
    if style is None:
        style = document.styles.add_style("编号", 1)
        marks, number = OxmlElement("w:numPr"), OxmlElement("w:numId")
        number.set(qn("w:val"), "3")
        marks.append(number)
        style.element.get_or_add_pPr().append(marks)
    cell = hosts(document)[0].cells[-1]
    cell.paragraphs[0].style = style
    assert "格的自动编号" in unread(again(document))
    numbered(cell, "0")
    assert "自动编号" not in unread(again(document))
