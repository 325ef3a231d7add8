"""附件里人看不见、看着不一样的字：白字、隐藏、抬高、太小，不读的点名，数里的拒绝到格（R-047）。"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from openpyxl.formatting.rule import Rule
from openpyxl.styles import Font
from openpyxl.styles.differential import DifferentialStyle
from tests.unit.applications.test_annex_refusals import again, cores, hosts, named, service, sheet
from tests.unit.applications.test_annex_word import filled, refused, unread

from yunheng.applications import importing
from yunheng.tables.notes import Outcome


def with_run(folder: Path, look: dict[str, dict[str, str]], first: str = "8", second: str = "16") -> Any:
    """头一台主机的 CPU：平常的字，接着一段别的样子的字。"""
    document = filled(1, folder)
    cell = hosts(document)[0].cells[2]
    cell.text = first
    run = cell.paragraphs[0].add_run(second)
    for name, attributes in look.items():
        mark = OxmlElement(name)
        for key, value in attributes.items():
            mark.set(qn(key), value)
        run._r.get_or_add_rPr().append(mark)
    return document


def doubts(found: importing.Imported) -> str:
    return "\n".join(str(note) for note in found.unread if note.doubtful)


@pytest.mark.parametrize(
    "look",
    [
        {"w:color": {"w:val": "FFFFFF"}},
        {"w:color": {"w:val": "FDFDFD"}},
        {"w:color": {"w:val": "auto", "w:themeColor": "background1"}},
        {"w:color": {"w:val": "FF0000"}, "w:shd": {"w:val": "clear", "w:fill": "FF0000"}},
        {"w:vanish": {}},
        {"w:sz": {"w:val": "2"}},
        {"w:w": {"w:val": "1"}},
    ],
)
def test_R047_Word里看不见的字_不读_点名_要人点头(look: dict[str, dict[str, str]], tmp_path: Path) -> None:
    found = again(with_run(tmp_path, look))
    assert found.values["hosts"][0]["cores"] == "8"
    assert "的字“16”没有读" in doubts(found)


@pytest.mark.parametrize(
    "look",
    [
        {"w:color": {"w:val": "FF0000"}},
        {"w:color": {"w:val": "FFFFFF"}, "w:shd": {"w:val": "clear", "w:fill": "1F4E79"}},
        {"w:color": {"w:val": "FFFFFF"}, "w:highlight": {"w:val": "blue"}},
        {"w:sz": {"w:val": "16"}},
        {"w:position": {"w:val": "2"}},
        {"w:color": {"w:val": "auto"}},
    ],
)
def test_看得见的字照读_深底白字也看得见(look: dict[str, dict[str, str]], tmp_path: Path) -> None:
    found = again(with_run(tmp_path, look))
    assert found.values["hosts"][0]["cores"] == "816"
    assert not found.blocked


def test_R047_格子是深底的_白字照读_格子是红底的_红字看不见(tmp_path: Path) -> None:
    for fill, colour, read in (("1F4E79", "FFFFFF", "816"), ("FF0000", "FF0000", "8")):
        document = with_run(tmp_path, {"w:color": {"w:val": colour}})
        shade = OxmlElement("w:shd")
        shade.set(qn("w:fill"), fill)
        hosts(document)[0].cells[2]._tc.get_or_add_tcPr().append(shade)
        assert again(document).values["hosts"][0]["cores"] == read


def test_R047_照样式的白字_一样不读(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    style = document.styles.add_style("白", docx.enum.style.WD_STYLE_TYPE.CHARACTER)
    style.font.color.rgb = docx.shared.RGBColor(255, 255, 255)
    cell = hosts(document)[0].cells[2]
    cell.text = "8"
    cell.paragraphs[0].add_run("16", style="白")
    found = again(document)
    assert found.values["hosts"][0]["cores"] == "8"
    assert "的字“16”没有读" in doubts(found)


@pytest.mark.parametrize("lift", ["6", "-6"])
def test_R047_抬高压低的字_像上标下标_数里的拒绝到格(lift: str, tmp_path: Path) -> None:
    found = again(with_run(tmp_path, {"w:position": {"w:val": lift}}, second="1"))
    assert found.blocked
    assert "“CPU”“81”" in refused(found)
    assert "有抬高或压低的字“1”" in named(found)


def test_R047_公式编辑器写的字_拒绝到格_不连成一个数(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cell = hosts(document)[0].cells[2]
    cell.text = "8"
    formula = OxmlElement("m:oMath")
    run, text = OxmlElement("m:r"), OxmlElement("m:t")
    text.text = "16"
    run.append(text)
    formula.append(run)
    cell.paragraphs[0]._p.append(formula)
    found = again(document)
    assert "“CPU”里有公式编辑器写的字" in refused(found)
    assert found.blocked


def test_R047_没有勾云主机还是物理机_当作云主机要人点头(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    list(dict.fromkeys(hosts(document)[0].cells))[1].text = "☐ 云主机 ☐ 物理机"
    assert "当作云主机" in doubts(again(document))


# ── 编号、日期、备注里的圈号 ──


@pytest.mark.parametrize("text", ["ECS-1①", "ECS-1²", "“ECS-1”"])
def test_R047_附件4释放清单里的圈号引号_拒绝到格_整份不能写入(text: str, tmp_path: Path) -> None:
    document = filled(4, tmp_path)
    release(document).text = text
    found = again(document)
    assert "“释放清单”" in refused(found)
    assert found.blocked


def test_R047_附件4释放清单的全角_折半角并写明(tmp_path: Path) -> None:
    document = filled(4, tmp_path)
    release(document).text = "ＥＣＳ－１、ECS-2"
    found = again(document)
    assert found.values["release"] == ["ECS-1", "ECS-2"]
    assert any(note.outcome == Outcome.FOLDED and "ECS-1" in note.text for note in found.unread)


def release(document: Any) -> Any:
    """释放清单右边的一格。"""
    cells = [cell for table in document.tables for row in table.rows for cell in dict.fromkeys(row.cells)]
    return cells[next(place for place, cell in enumerate(cells) if cell.text.strip() == "释放清单") + 1]


def test_R047_附件3备注里资源编号的圈号_拒绝到格(tmp_path: Path) -> None:
    document = filled(3, tmp_path)
    row = next(row for row in hosts(document) if "☑ 变更" in "".join(cell.text for cell in row.cells))
    cells = list(dict.fromkeys(row.cells))
    cells[-1].text = "ECS-1①；扩容"
    found = again(document)
    assert "“备注里的资源编号”" in refused(found)
    assert found.blocked


def test_R047_附件2的日期写着圈号_红着等人改_点名(tmp_path: Path) -> None:
    document = filled(2, tmp_path)
    cells = [cell for table in document.tables for row in table.rows for cell in dict.fromkeys(row.cells)]
    place = next(place for place, cell in enumerate(cells) if cell.text.strip() == "系统上线时间")
    cells[place + 1].text = "2026年7月1①日"
    found = again(document)
    assert found.values["online_on"] == "2026年7月1①日"
    assert "认不出是哪一天" in named(found)


def test_R047_备注写着作废_这一台要人点头(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    list(dict.fromkeys(hosts(document)[0].cells))[-1].text = "作废"
    assert "写着“作废”" in doubts(again(document))


# ── Excel 的附件 ──


def test_R047_Excel附件的条件格式_点名范围_要人点头(tmp_path: Path) -> None:
    def change(page: Any) -> None:
        rule = Rule(type="expression", formula=["TRUE"], dxf=DifferentialStyle(font=Font(strike=True)))
        page.conditional_formatting.add(f"{cores(page)[0].coordinate}:Z99", rule)

    assert "有条件格式，符合条件的会划上删除线" in doubts(sheet(change, tmp_path))


def test_R047_Excel附件的白字_整份不收_说是哪一格(tmp_path: Path) -> None:
    def change(page: Any) -> None:
        cores(page)[0].font = Font(color="FFFFFFFF")

    with pytest.raises(ValueError, match="的字看不见"):
        sheet(change, tmp_path)


@pytest.mark.parametrize("text", ["8①", "8²"])
def test_R047_Excel附件的圈号_拒绝到格_说是哪一格(text: str, tmp_path: Path) -> None:
    where = []

    def change(page: Any) -> None:
        cores(page)[0].value = text
        where.append(cores(page)[0].coordinate)

    found = sheet(change, tmp_path)
    assert f"{where[0]}：“CPU”“{text}”里有" in refused(found)


def test_R047_Excel附件的数字格式显示成别的数_拒绝到格(tmp_path: Path) -> None:
    def change(page: Any) -> None:
        cores(page)[0].value, cores(page)[0].number_format = 80, r"0\.0"

    found = sheet(change, tmp_path)
    assert "显示为 8.0，存的是 80" in refused(found)
    assert found.blocked


def test_R047_Excel附件的列名没写单位_那一列不读_点名_要人点头(tmp_path: Path) -> None:
    def change(page: Any) -> None:
        head = next(cell for row in page.iter_rows() for cell in row if str(cell.value).startswith("内存"))
        head.value = "内存"

    found = sheet(change, tmp_path)
    assert "主机清单认不出的列，没有读：内存" in unread(found)
    assert "内存" in doubts(found)
    assert not any(row.get("memory") for row in found.values["hosts"])


def test_R047_附件末尾分几行写的注_点名_不当作数据_不挡别的(tmp_path: Path) -> None:
    plain = sheet(lambda _page: None, tmp_path)

    def change(page: Any) -> None:
        last = page.max_row
        for place, text in enumerate(("注：1.以上不含备份", "2.台数以实际为准"), start=1):
            page.cell(last + place, 1).value = text

    found = sheet(change, tmp_path)
    assert (found.values, found.blocked) == (plain.values, False)
    assert "2.台数以实际为准" in unread(found)


def test_R047_服务项数量的圈号_拒绝到格(tmp_path: Path) -> None:
    document = filled(3, tmp_path)
    list(dict.fromkeys(service(document).cells))[3].text = "2②"
    assert "这样的字，请改成普通数字" in refused(again(document))
