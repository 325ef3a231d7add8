"""附件套到申请上：归属、单位、项目名称、台账的现状、服务项的动作与附件里写的不同，点名要人点头（R-036、R-047）。"""

from __future__ import annotations

import io
import re
from typing import Any

import docx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.scenarios.test_lifecycle_others import DAY, change, running_project
from tests.support.people import cast
from tests.web.test_pages import signed_in
from yunheng.applications import annex_fitting, changing, grid, importing, printing
from yunheng.applications.checking import check
from yunheng.applications.comparing import compare
from yunheng.applications.models import Draft
from yunheng.audit.refused import Refused
from yunheng.catalog.models import Item
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Segment
from yunheng.tables.notes import Note, Outcome

pytestmark = pytest.mark.django_db


def printed(walk: Walk, number: int) -> Any:
    return docx.Document(io.BytesIO(printing.render_draft(Draft.objects.get(case=walk.case), number)))


def saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def fitted(walk: Walk, document: Any) -> tuple[dict[str, Any], tuple[Note, ...]]:
    draft = Draft.objects.select_related("case__unit", "project").get(case=walk.case)
    return annex_fitting.fit(draft, importing.read(saved(document), "附件.docx"))


def doubtful(notes: tuple[Note, ...]) -> str:
    return "\n".join(str(note) for note in notes if note.outcome == Outcome.UNREAD and note.doubtful)


def rewrite(document: Any, old: str, new: str) -> None:
    found = [cell for table in document.tables for row in table.rows for cell in row.cells if cell.text == old]
    assert found, old
    for cell in found:
        cell.text = new


@pytest.fixture
def applied() -> Walk:
    return Walk(cast(), "mzj", DAY, "new", project_name="归属系统").fill(**FILLED)


def test_R047_附件与系统里登记的一样_写明只比不读_不要人点头(applied: Walk) -> None:
    _, notes = fitted(applied, printed(applied, 1))
    assert doubtful(notes) == ""
    assert any("“上云项目归属”写的是“区级”，只与系统里登记的比" in note.text for note in notes)


def test_R047_附件勾自费_项目登记的是区级_点名_谁付钱照登记的(applied: Walk) -> None:
    document = printed(applied, 1)
    rewrite(document, "☑ 区级  ☐ 自费", "☐ 区级  ☑ 自费")
    values, notes = fitted(applied, document)
    assert "“上云项目归属”写的是“自费”，系统里是“区级”，没有读：谁付钱照项目登记的归属" in doubtful(notes)
    assert sum("上云项目归属" in str(note) for note in notes) == 1
    assert "funding" not in values


@pytest.mark.parametrize("text", ["申请单位：别的单位", "申请单位：别的单位 日期：2026 年 3 月 1 日"])
def test_R047_正文里的申请单位与本单位不同_点名(text: str, applied: Walk) -> None:
    document = printed(applied, 1)
    document.add_paragraph(text)
    _, notes = fitted(applied, document)
    assert "“申请单位”写的是“别的单位”" in doubtful(notes)


def test_R036_附件3_现状改了_照台账_哪一格不同逐格点名() -> None:
    project, (first, *_) = running_project()
    walk = change(project, [{"action": "变更", "resource": first.code, "memory": "64", "before": grid.current(first)}])
    document = printed(walk, 3)
    assert doubtful(fitted(walk, document)[1]) == ""
    row = next(
        r for t in document.tables for r in t.rows if r.cells[-1].text == first.code and "变更" not in r.cells[1].text
    )
    cell = list(dict.fromkeys(row.cells))[1]
    right, cell.text = cell.text, "999"
    values, notes = fitted(walk, document)
    assert f"现状里 {first.code} 的“CPU”写的是“999”，台账是“{right}”，照台账" in doubtful(notes)
    assert values["changes"][0]["before"]["cores"] == right


def test_R036_附件3_现状的备注另写了字_点名() -> None:
    project, (first, *_) = running_project()
    walk = change(project, [{"action": "变更", "resource": first.code, "memory": "64", "before": grid.current(first)}])
    document = printed(walk, 3)
    row = next(r for t in document.tables for r in t.rows if r.cells[-1].text.startswith(first.code))
    row.cells[-1].text = f"{row.cells[-1].text}；另有一块 2T 的盘"
    assert f"现状里 {first.code} 的备注另写了“另有一块 2T 的盘”" in doubtful(fitted(walk, document)[1])


def test_R036_附件3_服务项勾新增_台账已有的_点名照台账() -> None:
    project, _ = running_project()
    walk = change(project, [], service_changes={"WL-IP": {"quantity": "3", "note": "扩公网地址"}})
    document = printed(walk, 3)
    held = "WL-IP" in {row.item.code for row in changing.held_services(project).values()}
    row = next(r for t in document.tables for r in t.rows if "服务项" in r.cells[0].text)
    cell = next(cell for cell in row.cells if "新增" in cell.text)
    cell.text = "☑ 新增\n☐ 变更\n☐ 释放" if held else "☐ 新增\n☑ 变更\n☐ 释放"
    _, notes = fitted(walk, document)
    assert f"照台账是“{'变更' if held else '新增'}”，照台账" in doubtful(notes)


def test_R036_附件3_勾释放而项目没有的服务项_没有读入_点名() -> None:
    project, _ = running_project()
    walk = change(project, [], service_changes={"WL-IP": {"quantity": "3", "note": ""}})
    document = printed(walk, 3)
    row = next(r for t in document.tables for r in t.rows if "服务项" in r.cells[0].text)
    for cell in row.cells:
        if "新增\n" in cell.text:
            cell.text = "☐ 新增\n☐ 变更\n☑ 释放"
        elif cell.text == "3":
            cell.text = ""
    values, notes = fitted(walk, document)
    assert values["service_changes"] == {}
    assert "释放的服务项“互联网公有IP服务（个）”不在这个项目里，没有读入" in doubtful(notes)


@pytest.mark.parametrize("quantity", ["0", ""])
def test_R036_表格里释放项目没有的服务项_交不上去(quantity: str) -> None:
    project, _ = running_project()
    walk = change(project, [], service_changes={"WL-IP": {"quantity": quantity, "before": "", "note": ""}})
    with pytest.raises(Refused, match="互联网公有IP服务（个）：项目没有在用的这一项，没有什么可以释放"):
        walk.submit()


def test_R047_有读不出真正的值的格_预览里没有确认按钮_什么都不写(applied: Walk) -> None:
    document = printed(applied, 1)
    row = document.tables[0].add_row()
    row.cells[0].text, row.cells[1].text = "项目负责人", "另一个人"
    before = Draft.objects.get(case=applied.case).content
    file = SimpleUploadedFile("附件1.docx", saved(document))
    page = signed_in().post(f"/apply/{applied.case.number}/import/", {"file": file}).content.decode()
    assert "整份不能导入" in page
    assert "“另一个人”，不知道是哪一个" in page
    assert not re.search('name="kept"', page)
    assert Draft.objects.get(case=applied.case).content == before


# ── 附件3 只改文件里写了的 ──


def changes_row(document: Any) -> Any:
    return next(
        r
        for t in document.tables
        for r in t.rows
        if len(r.cells) > 2 and "变更\n" in r.cells[1].text and "☑" in r.cells[1].text
    )


def on_disk(first: Any) -> None:
    """台账上这台主机的数据盘是 SSD。"""
    segment = first.segments.get(item__dimension="数据盘 TB", during__upper_inf=True)
    segment.item = Item.objects.filter(dimension="SSD TB").first()
    Segment.objects.filter(pk=segment.pk).update(item=segment.item)


def test_R036_附件3_只改CPU_台账的SSD照旧_没有默认的否() -> None:
    project, (first, *_) = running_project()
    on_disk(first)
    walk = change(
        project, [{**grid.current(first), "action": "变更", "resource": first.code, "before": grid.current(first)}]
    )
    document = printed(walk, 3)
    row = changes_row(document)
    row.cells[2].text, row.cells[-1].text = "32", first.code
    values, _ = fitted(walk, document)
    assert (values["changes"][0]["ssd"], values["changes"][0]["cores"]) == ("是", "32")
    walk.fill(changes=[])
    assert fitted(walk, document)[0]["changes"][0]["ssd"] == "是"


def test_R036_附件3_没有印的几栏_EIP_带宽_备份照已填的() -> None:
    project, (first, *_) = running_project()
    held = {**grid.current(first), "action": "释放", "resource": first.code, "backup": "已完成", "eip": "1"}
    fresh = {**grid.current(first), "action": "新增", "note": "网关", "ssd": "是", "eip": "2", "bandwidth": "100"}
    walk = change(project, [{**held, "before": grid.current(first)}, fresh])
    values, _ = fitted(walk, printed(walk, 3))
    draft = Draft.objects.get(case=walk.case)
    assert compare("change", draft.content, {**draft.content, **values}) == []
    assert (values["changes"][0]["backup"], values["changes"][1]["bandwidth"]) == ("已完成", "100")


@pytest.mark.parametrize("written", ["+8", "＋8", "-8", "−8", "+ 8", "±2"])
def test_R036_附件3_数前面有正负号_拒绝到格_请写变更以后的总量(written: str) -> None:
    project, (first, *_) = running_project()
    walk = change(project, [{**grid.current(first), "action": "变更", "resource": first.code}])
    document = printed(walk, 3)
    changes_row(document).cells[2].text = written
    found = importing.read(saved(document), "附件.docx")
    assert found.blocked
    assert any(
        note.outcome == Outcome.REFUSED and "请写变更以后的总量" in note.text and "格" in note.where
        for note in found.unread
    )


def test_R047_清空了的导入_预览写明将清空_点了头才写() -> None:
    walk = Walk(cast(), "mzj", DAY, "new", project_name="清空系统").fill(**FILLED)
    document = printed(walk, 1)
    rewrite(document, FILLED["leader"], "")
    url = f"/apply/{walk.case.number}/import/"
    client = signed_in()
    page = client.post(url, {"file": SimpleUploadedFile("附件1.docx", saved(document))}).content.decode()
    assert "其中 1 处将清空" in page
    assert "标“要点头”的都看过" in page
    given = re.search('name="kept" value="([^"]+)"', page)
    assert given
    client.post(url, {"kept": given[1]})
    assert Draft.objects.get(case=walk.case).content["leader"] == FILLED["leader"]
    client.post(url, {"kept": given[1], "agreed": "on"})
    assert Draft.objects.get(case=walk.case).content["leader"] == ""


def test_R036_变更的一行写两台_检查不过_一行一个资源() -> None:
    rows = [{**FILLED["hosts"][0], "action": "变更", "resource": "ECS-01", "count": "2"}]
    said = [str(problem) for problem in check("change", {"changes": rows})]
    assert any("只能是 1 台；几台就写几行" in text for text in said)
    for row in ({**rows[0], "count": "1"}, {**rows[0], "action": "新增"}):
        assert not any("几台就写几行" in str(problem) for problem in check("change", {"changes": [row]}))


@pytest.mark.parametrize("written", ["无", "/", "——"])
def test_R036_附件3_变更的一行数据盘写无_台账有数_照台账要人点头(written: str) -> None:
    project, (first, *_) = running_project()
    walk = change(project, [{**grid.current(first), "action": "变更", "resource": first.code, "memory": "64"}])
    document = printed(walk, 3)
    row = changes_row(document)
    disk = grid.current(first)["data_disk"]
    cell = next(cell for cell in row.cells[3:] if cell.text == disk)
    cell.text = written
    next(cell for cell in row.cells if cell.text == "64").text = "128"
    values, notes = fitted(walk, document)
    assert (values["changes"][0]["data_disk"], values["changes"][0]["memory"]) == (disk, "128")
    assert f"“数据盘”写的是“{written}”，照台账是 {disk}；不要的请填 0" in doubtful(notes)
    file = SimpleUploadedFile("附件3.docx", saved(document))
    page = signed_in().post(f"/apply/{walk.case.number}/import/", {"file": file}).content.decode()
    assert "变更、释放的一行里空着的格照台账" in page
    assert "标“要点头”的都看过" in page
    cell.text = "0"
    values, notes = fitted(walk, document)
    assert (values["changes"][0]["data_disk"], doubtful(notes)) == ("0", "")
