"""附件是整张表：文件里清空的每一格，要么在“会改”里看得见、要么点名，不静静地留着已填的（R-047）。"""

from __future__ import annotations

import copy
import io
import random
from collections.abc import Callable
from typing import Any

import docx
import openpyxl
import pytest
from openpyxl.cell import MergedCell
from tests.unit.applications.test_annex_every_cell import places
from tests.unit.applications.test_human_annexes import RIGHT, right_file

from yunheng.applications import importing
from yunheng.applications.annex_parsing import FIELDS
from yunheng.applications.annex_reading import squeezed
from yunheng.applications.comparing import Difference, compare

PROCEDURE = {1: "new", 2: "migration", 3: "change", 4: "deregistration"}


def opened(number: int) -> Any:
    return docx.Document(io.BytesIO(right_file(number, "docx")))


def imported(document: Any, number: int) -> importing.Imported:
    out = io.BytesIO()
    document.save(out)
    return importing.read(out.getvalue(), f"附件{number}.docx")


def put(cell: Any, text: str) -> None:
    for paragraph in cell.paragraphs[1:]:
        paragraph._p.getparent().remove(paragraph._p)
    cell.paragraphs[0].text = text


def content(number: int) -> dict[str, Any]:
    """照没有动过的附件填好的表。"""
    return {**RIGHT[number], **importing.read(right_file(number, "docx"), f"附件{number}.docx").values}


def changed(found: importing.Imported, number: int) -> list[Difference]:
    """预览里会改的各处。"""
    now = content(number)
    return compare(PROCEDURE[number], now, {**now, **found.cleared(now), **found.values})


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_R047_没有动过的附件_没有要改的_没有要清空的(number: int) -> None:
    found = imported(opened(number), number)
    assert changed(found, number) == []
    assert not [key for key in found.absent if content(number).get(key)]


def silent(number: int, chosen: list[tuple[int, int, int]]) -> list[str]:
    """清空了、会改里看不见、又没有点名的格；本来印着的字、附件3 的现状、别人的意见不算。"""
    untouched = {str(note) for note in imported(opened(number), number).unread}
    now, missed = content(number), []
    for table, row, column in chosen:
        document = opened(number)
        rows = document.tables[table].rows
        cell = rows[row].cells[column]
        until = next((n for n, one in enumerate(rows) if "拟变更" in one.cells[0].text), 0)
        words = squeezed(before := cell.text)
        if not words or words in importing._printed(number) or "签字：" in before or 4 <= row < until:
            continue
        put(cell, "")
        try:
            found = imported(document, number)
        except ValueError:
            continue
        said = {str(note) for note in found.unread} - untouched
        if not (changed(found, number) or said or found.blocked or any(now.get(key) for key in found.absent)):
            missed.append(before)
    return missed


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_R047_附件随便哪一格清空_会改里看得见或点名(number: int) -> None:
    found = places(number)
    assert silent(number, random.Random(number).sample(found, min(len(found), 40))) == []


@pytest.mark.soak
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_R047_附件每一格清空_会改里看得见或点名(number: int) -> None:
    assert silent(number, places(number)) == []


def untick(document: Any, wanted: Callable[[str], bool]) -> None:
    for table in document.tables:
        for row in table.rows:
            for cell in row.cells:
                if "☑" in cell.text and wanted(cell.text):
                    put(cell, cell.text.replace("☑", "☐"))


def test_R047_附件1_主机_服务商_服务项_负责人都清空_逐项列出将清空() -> None:
    document = opened(1)
    table = document.tables[0]
    start = next(n for n, row in enumerate(table.rows) if any("CPU" in cell.text for cell in row.cells))
    end = next(n for n, row in enumerate(table.rows) if "服务项目" in [cell.text for cell in row.cells])
    for row in table.rows[start + 1 : end]:
        for cell in list(dict.fromkeys(row.cells))[2:]:
            put(cell, "")
    untick(document, lambda text: "X86" not in text and "区级" not in text)
    for row in table.rows[end + 1 : -2]:
        for cell in row.cells:
            if cell.text.isdecimal():
                put(cell, "")
    for title in ("项目负责人", "联系方式"):
        row = next(row for row in table.rows if any(cell.text == title for cell in row.cells))
        put(row.cells[next(n for n, cell in enumerate(row.cells) if cell.text == title) + 2], "")
    found = imported(document, 1)
    now = content(1)
    cleared = found.cleared(now)
    assert {"hosts", "iaas", "leader", "services"} <= set(cleared)
    assert (cleared["hosts"], cleared["services"], cleared["leader"]) == ([], {}, "")
    gone = [one.place for one in changed(found, 1) if not one.after]
    assert len([place for place in gone if place.startswith("第 ")]) == len(now["hosts"])
    assert {"项目负责人", "基础设施服务商"} <= set(gone)


def test_R047_删去了标题格_照旧不改_说文件里没有这一栏() -> None:
    document = opened(1)
    row = next(row for row in document.tables[0].rows if any(cell.text == "项目负责人" for cell in row.cells))
    row._tr.getparent().remove(row._tr)
    found = imported(document, 1)
    assert {"leader": "项目负责人", "contact": "联系方式"}.items() <= found.absent.items()
    assert "leader" not in found.cleared(content(1))


def test_R047_勾读不懂的_不当作清空() -> None:
    document = opened(1)
    row = next(row for row in document.tables[0].rows if any(cell.text == "基础设施服务商" for cell in row.cells))
    put(next(cell for cell in row.cells if "☑" in cell.text), "☑☑ 联通 移动")
    found = imported(document, 1)
    assert "iaas" not in found.cleared(content(1))
    assert any("分不清勾的是哪一项" in note.text or "不在能选的里" in note.text for note in found.unread)


def test_R047_各栏的叫法照读的栏_一栏不缺() -> None:
    for number, fields in FIELDS.items():
        found = imported(opened(number), number)
        assert set(found.values) <= set(fields)
        assert not found.absent


def test_R047_勾了没填数量的服务项_取消了也是一处改动() -> None:
    now = content(1)
    code = next(iter(now["services"]))
    first = {**now, "services": {**now["services"], code: ""}}
    second = copy.deepcopy(first)
    del second["services"][code]
    assert [(one.before, one.after) for one in compare("new", first, second)] == [("勾选，没有填数量", "")]


def test_R047_附件2_现有服务器从自有改成租用_是一处改动() -> None:
    now = content(2)
    other = {**now, "machines": [{**now["machines"][0], "owned": "租用"}, *now["machines"][1:]]}
    assert [one.place for one in compare("migration", now, other)] == ["现有服务器第 1 行"]


def test_R036_附件3_只换了动作_换了资源_也是改动() -> None:
    rows = [{"action": "变更", "resource": "ECS-01", "cores": "8"}]
    assert [
        one.place for one in compare("change", {"changes": rows}, {"changes": [{**rows[0], "action": "释放"}]})
    ] == ["第 1 行 变更操作"]
    assert compare("change", {"changes": rows}, {"changes": [{**rows[0], "resource": "ECS-02"}]})
    assert compare("change", {"changes": rows}, {"changes": [{**rows[0], "ssd": "否"}]}) == []


@pytest.mark.parametrize(
    ("number", "title", "key"),
    [(1, "项目负责人", "leader"), (1, "申请单位情况说明", "statement"), (2, "单位地址", "unit_address"),
     (3, "申请单位说明", "statement"), (4, "释放清单", "release"), (4, "备份迁移", "backup")],
)  # fmt: skip
def test_R047_Excel里清空的格_一样将清空(number: int, title: str, key: str) -> None:
    book = openpyxl.load_workbook(io.BytesIO(right_file(number, "xlsx")))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if not isinstance(cell, MergedCell)]
    place = next(n for n, cell in enumerate(cells) if squeezed(str(cell.value or "")) == title)
    cells[place + 1].value = None
    out = io.BytesIO()
    book.save(out)
    found = importing.read(out.getvalue(), f"附件{number}.xlsx")
    assert key in found.cleared(content(number))
    assert any(not one.after for one in changed(found, number))


@pytest.mark.parametrize("blank", ["", "　　", "______", "＿＿＿"])
def test_R047_附件4_原因空着_表里填了的列出将清空_表里也空着的没有要问的(blank: str) -> None:
    document = opened(4)
    plea = next(one for one in document.paragraphs if "不再使用市级政务云服务" in one.text)
    reason = content(4)["reason"]
    plea.text = plea.text.replace(f"因{reason}原因", f"因{blank}原因")
    found = imported(document, 4)
    assert found.cleared({"reason": reason}) == {"reason": ""}
    assert found.cleared({}) == {}
    assert not [note for note in found.unread if note.doubtful]


def test_R047_附件4_原因写在填空线上_只读写的字() -> None:
    document = opened(4)
    plea = next(one for one in document.paragraphs if "不再使用市级政务云服务" in one.text)
    plea.text = plea.text.replace(f"因{content(4)['reason']}原因", "因__系统整合__原因")
    assert imported(document, 4).values["reason"] == "系统整合"
