"""空白模板：照填即可用，示例行能直接结算，坏的填法会被指出。"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openpyxl import load_workbook

from yunheng.config.cli import main
from yunheng.metering.format import MANIFEST, TABLES
from yunheng.metering.template import INSTRUCTIONS, write_template


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "模板.xlsx"
    write_template(path)
    return path


def test_示例行合起来能直接结算_两个引擎相符(template: Path, tmp_path: Path) -> None:
    digests = set()
    for engine in ("columnar", "oracle"):
        out = tmp_path / engine
        assert main(["settle", str(template), "--out", str(out), "--json-only", "--engine", engine]) == 0
        settlement = json.loads((out / "结算.json").read_text(encoding="utf-8"))
        assert [line["amount"] for line in settlement["lines"]] == ["50.00"]
        assert settlement["differences"] == []
        digests.add(settlement["digest"])
    assert len(digests) == 1


def test_每张表一张工作表_表头就是列名_每张都有示例行(template: Path) -> None:
    book = load_workbook(template)
    assert book.sheetnames == [INSTRUCTIONS, MANIFEST, *(table.name for table in TABLES)]
    for table in TABLES:
        sheet = book[table.name]
        assert [cell.value for cell in sheet[1]] == [column.name for column in table.columns]
        assert all(cell.comment is not None for cell in sheet[1])
        assert sheet.max_row >= 2
        assert sheet.freeze_panes == "A2"


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
    book = load_workbook(template)
    book["工单"]["F2"] = "=1+1"
    book.save(template)
    assert main(["settle", str(template), "--out", str(tmp_path / "出"), "--json-only"]) == 1
    assert "工单\t2\t数量" in capsys.readouterr().err
    assert not (tmp_path / "出").exists()
