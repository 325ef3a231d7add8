"""印出的附件再导入，读回的和填的一样；坏文件、错表、认不出的都说清楚（R-047）。"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.golden.test_annexes import CONTENT, FORM, no_chart
from yunheng.applications import importing
from yunheng.config.demo.stories import FILLED, HOSTS, LEGACY
from yunheng.documents.annex1 import LINES
from yunheng.documents.annexes import Form, annex
from yunheng.documents.word import write_word


def printed(number: int, content: dict[str, Any], folder: Path) -> bytes:
    form = Form(**{**vars(FORM), "content": content})
    write_word(annex(number, form), folder / "a.docx", no_chart)
    return (folder / "a.docx").read_bytes()


def as_workbook(content: bytes) -> bytes:
    """把 Word 里的表照样搬进 Excel，合并的格子也合并。"""
    document = docx.Document(io.BytesIO(content))
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    line = 0
    for paragraph in document.paragraphs:
        line += 1
        sheet.cell(line, 1, paragraph.text)
    for table in document.tables:
        for row in table.rows:
            line += 1
            cells, column = list(row.cells), 1
            while column <= len(cells):
                width = sum(cell._tc is cells[column - 1]._tc for cell in cells[column - 1 :])
                sheet.cell(line, column, cells[column - 1].text)
                if width > 1:
                    sheet.merge_cells(start_row=line, end_row=line, start_column=column, end_column=column + width - 1)
                column += width
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


@pytest.fixture(params=["docx", "xlsx"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def reread(number: int, content: dict[str, Any], folder: Path, kind: str) -> importing.Imported:
    data = printed(number, content, folder)
    return importing.read(as_workbook(data) if kind == "xlsx" else data, f"附件.{kind}")


def test_R047_附件1_印出来再读回_每一栏相同(tmp_path: Path, kind: str) -> None:
    found = reread(1, {**FILLED, "paas": ["移动", "电信"]}, tmp_path, kind)
    assert (found.annex, found.notes) == (1, ())
    for key in ("leader", "contact", "architecture", "iaas", "services", "statement"):
        assert found.values[key] == FILLED[key], key
    assert found.values["paas"] == ["移动", "电信"]
    for row, host in zip(found.values["hosts"], HOSTS, strict=True):
        assert {key: row[key] for key in host} == host


def test_R047_附件2_印出来再读回_每一栏相同(tmp_path: Path, kind: str) -> None:
    filled = {**LEGACY, "ownership": "租用社会云资源", "vendor": "某云", "unit_mobile": "13800000000"}
    filled["machines"] = [
        *LEGACY["machines"],
        {
            "owned": "租用",
            "cores": "8",
            "memory": "16",
            "storage": "1",
            "os": "龙蜥",
            "purpose": "测试",
            "used": "2 年",
        },
    ]
    found = reread(2, filled, tmp_path, kind)
    assert (found.annex, found.notes) == (2, ())
    for key, value in filled.items():
        if key != "machines":
            assert found.values[key] == value, key
    kept = [{key: value for key, value in row.items() if value} for row in found.values["machines"]]
    assert kept == filled["machines"]


def test_R047_附件3_印出来再读回_动作_资源_服务项_说明都在(tmp_path: Path, kind: str) -> None:
    found = reread(3, {**CONTENT, "growth_reason": "汛期"}, tmp_path, kind)
    rows = found.values["changes"]
    assert [(row["action"], row.get("resource")) for row in rows] == [
        ("变更", "ECS-01"),
        ("新增", None),
        ("释放", "ECS-09"),
    ]
    assert (rows[0]["memory"], rows[1]["cores"]) == ("64", HOSTS[1]["cores"])
    assert found.values["service_changes"] == {"WL-IP": {"quantity": "3", "note": "扩公网地址"}}
    assert (found.values["statement"], found.values["growth_reason"]) == (CONTENT["statement"], "汛期")


def test_R047_附件4_印出来再读回_原因_清单_备份都在(tmp_path: Path, kind: str) -> None:
    found = reread(4, CONTENT, tmp_path, kind)
    assert found.values == {
        "reason": "系统下线",
        "release": ["ECS-01", "ECS-09"],
        "backup": "已完成",
        "backup_note": "已迁到新平台",
    }


@settings(max_examples=15)
@given(
    services=st.dictionaries(
        st.sampled_from([line.code for line in LINES]), st.integers(1, 9999).map(str), min_size=1, max_size=20
    ),
    text=st.text("申请说明，。、；：（）abc019\n", min_size=1, max_size=60).filter(
        lambda t: t.strip() == t and "\n\n" not in t
    ),
)
def test_R047_任意的服务清单和说明_读回相同(services: dict[str, str], text: str, tmp_path_factory: Any) -> None:
    found = reread(1, {**FILLED, "services": services, "statement": text}, tmp_path_factory.mktemp("读回"), "docx")
    assert (found.values["services"], found.values["statement"]) == (services, text)


def test_R047_空的不盖掉已填的(tmp_path: Path) -> None:
    found = reread(1, {"services": {"WL-IP": "1"}}, tmp_path, "docx")
    assert set(found.values) == {"services"}


def macro(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(name, b"x")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("表.doc", b"\xd0\xcf\x11\xe0", "不是 .docx 文件，请在 Word 或 WPS 里打开，另存为 .docx"),
        ("表.docm", b"x", "带宏"),
        ("表.docx", b"MZ\x90\x00", "打不开"),
        ("表.docx", macro("word/vbaProject.bin"), "有宏"),
        ("表.docx", macro("word/document.xml"), "打不开"),
        ("表.xlsx", macro("xl/workbook.xml"), "打不开"),
        ("表.docx", b"\0" * (11 * 1024 * 1024), "超过 10 MB"),
    ],
)
def test_R047_不是真的附件文件_说清该怎么办(name: str, content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        importing.read(content, name)


def test_R047_别的表_认不出是哪一张() -> None:
    out = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("会议纪要")
    document.save(out)
    with pytest.raises(ValueError, match="认不出是哪一张"):
        importing.read(out.getvalue(), "纪要.docx")


def test_R047_空白的附件_一栏都没填(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="一栏都没有填"):
        importing.read(printed(1, {}, tmp_path), "空.docx")


def test_R047_勾了附件1没有的服务项_说出是哪一项(tmp_path: Path) -> None:
    document = docx.Document(io.BytesIO(printed(1, FILLED, tmp_path)))
    cell = next(
        c
        for table in document.tables
        for row in table.rows
        for c in row.cells
        if c.text.startswith("☐") and c.text.count("☐") == 1
    )
    cell.text = "☑ 量子计算服务"
    out = io.BytesIO()
    document.save(out)
    found = importing.read(out.getvalue(), "改过.docx")
    assert any("量子计算服务" in note.text and note.doubtful for note in found.unread)
