"""空白模板：表是空的，示例另在一张；照示例填即可结算，没填的、填坏的会被指出。"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from yunheng.config.cli import main
from yunheng.metering.format import MANIFEST, TABLES
from yunheng.metering.template import EXAMPLES, INSTRUCTIONS, example_rows, write_template


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "模板.xlsx"
    write_template(path)
    return path


def filled(template: Path) -> Path:
    """照示例填好：服务年度、区，和每张表的示例行。"""
    book = load_workbook(template)
    manifest = book[MANIFEST]
    for key, value in manifest.iter_rows(max_col=2):
        if key.value in ("服务年度", "区"):
            value.value = "2023" if key.value == "服务年度" else "示例区"
    for table in TABLES:
        for row in example_rows(table):
            book[table.name].append([row.get(column.name) for column in table.columns])
    book.save(template)
    return template


def test_照示例填好能直接结算_两个引擎相符(template: Path, tmp_path: Path) -> None:
    filled(template)
    digests = set()
    for engine in ("columnar", "oracle"):
        out = tmp_path / engine
        assert main(["settle", str(template), "--out", str(out), "--json-only", "--engine", engine]) == 0
        settlement = json.loads((out / "结算.json").read_text(encoding="utf-8"))
        assert [line["amount"] for line in settlement["lines"]] == ["50.00"]
        assert settlement["differences"] == []
        digests.add(settlement["digest"])
    assert len(digests) == 1


def test_没填的模板不结算_指出要填服务年度和区(
    template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["settle", str(template), "--out", str(tmp_path / "出"), "--json-only"]) == 1
    told = [line.split("\t")[:3] for line in capsys.readouterr().err.splitlines() if "\t" in line]
    assert told == [["数据包", "-", "区"], ["数据包", "-", "服务年度"]]
    assert not (tmp_path / "出").exists()


def test_只填年度和区_示例一行也不算进去(template: Path, tmp_path: Path) -> None:
    book = load_workbook(template)
    for key, value in book[MANIFEST].iter_rows(max_col=2):
        if key.value in ("服务年度", "区"):
            value.value = "2023" if key.value == "服务年度" else "示例区"
    book.save(template)
    out = tmp_path / "出"
    assert main(["settle", str(template), "--out", str(out), "--json-only"]) == 0
    settlement = json.loads((out / "结算.json").read_text(encoding="utf-8"))
    assert (settlement["lines"], settlement["assessments"], settlement["differences"]) == ([], [], [])


def test_每张表一张工作表_表头就是列名_表是空的(template: Path) -> None:
    book = load_workbook(template)
    assert book.sheetnames == [INSTRUCTIONS, EXAMPLES, MANIFEST, *(table.name for table in TABLES)]
    for table in TABLES:
        sheet = book[table.name]
        assert [cell.value for cell in sheet[1]] == [column.name for column in table.columns]
        assert all(cell.comment is not None for cell in sheet[1])
        assert not [row for row in sheet.iter_rows(min_row=2, values_only=True) if any(row)]
        assert sheet.freeze_panes == "A2"


def test_每张表的示例都在示例那一张上(template: Path) -> None:
    shown = [[cell or "" for cell in row] for row in load_workbook(template)[EXAMPLES].values]
    for table in TABLES:
        for example in example_rows(table):
            row = [example.get(column.name, "") for column in table.columns]
            assert any(each[1 : 1 + len(row)] == row for each in shown), table.name


def test_选择列都有下拉_数据表没有合并单元格(template: Path) -> None:
    book = load_workbook(template)
    for table in TABLES:
        sheet = book[table.name]
        assert not sheet.merged_cells.ranges
        lists = {rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"}
        assert lists == {f'"{",".join(column.choices)}"' for column in table.columns if column.choices}


def test_已有的文件不覆盖(template: Path) -> None:
    before = template.read_bytes()
    with pytest.raises(FileExistsError):
        write_template(template)
    assert template.read_bytes() == before


def test_在模板里填公式会被退回(template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = load_workbook(filled(template))
    book["工单"]["F2"] = "=1+1"
    book.save(template)
    assert main(["settle", str(template), "--out", str(tmp_path / "出"), "--json-only"]) == 1
    assert "工单\t2\t数量" in capsys.readouterr().err
    assert not (tmp_path / "出").exists()
