"""结算明细.xlsx：写满一张接着写下一张，文字不变成公式，过长的写明，筛选和合计都对。"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.support.papers import line, papers_of
from yunheng.documents.data import Event, Tier
from yunheng.documents.sums import add_up
from yunheng.documents.workbook import write_workbook


def opened(tmp_path: Path, lines: list[Any], rows_per_sheet: int = 1000) -> Any:
    papers = papers_of(lines)
    path = tmp_path / "明细.xlsx"
    write_workbook(papers, add_up(papers.lines(False)), add_up(papers.lines(True)), path, rows_per_sheet=rows_per_sheet)
    return openpyxl.load_workbook(path)


def body(sheet: Any) -> list[tuple[Any, ...]]:
    """表头以下、合计以上的各行。"""
    return [row for row in sheet.iter_rows(min_row=2, values_only=True) if row[0] not in ("合计", "没有")]


@pytest.mark.parametrize(("count", "sheets"), [(4, 1), (5, 1), (6, 2), (10, 2), (11, 3)])
def test_写满一张接着写下一张_一条不丢_说明页写明(tmp_path: Path, count: int, sheets: int) -> None:
    lines = [line(resource=f"R{n:02d}", amount=f"{n}.10") for n in range(count)]
    book = opened(tmp_path, lines, rows_per_sheet=5)
    names = [name for name in book.sheetnames if name.startswith("账目")]
    assert names == ["账目", *(f"账目({n})" for n in range(2, sheets + 1))]
    rows = [row for name in names for row in body(book[name])]
    assert [row[4] for row in rows] == [entry.resource for entry in lines]
    assert round(sum(row[16] for row in rows) * 100) == sum(n * 100 + 10 for n in range(count))
    explained = {row[0]: row[1] for row in body(book["数据说明"]) if row[0] == "分张"}
    assert (f"账目 分 {sheets} 张工作表" in explained["分张"]) == (sheets > 1)


def test_以等号开头的名称是文字_不是公式(tmp_path: Path) -> None:
    evil = '=HYPERLINK("http://x")'
    book = opened(tmp_path, [line(resource=evil), line(resource="+1"), line(resource="@SUM(A1)")])
    cells = [book["账目"].cell(row, 5) for row in (2, 3, 4)]
    assert [(cell.value, cell.data_type) for cell in cells] == [(evil, "s"), ("+1", "s"), ("@SUM(A1)", "s")]


def test_一格写不下的文字截断并写明_不悄悄丢掉(tmp_path: Path) -> None:
    book = opened(tmp_path, [line(resource="长" * 40_000)])
    text = book["账目"].cell(2, 5).value
    assert text.startswith("长" * 32_000)
    assert text.endswith("…（过长，全文见 结算.json）")


def test_考核事件一格写不下的_说全文在数据包里_结算的文件里本来就没有(tmp_path: Path) -> None:
    lines = [line()]
    papers = papers_of(lines)
    papers = replace(papers, events=(Event("CU", "A", date(2023, 10, 1), "长" * 40_000),))
    path = tmp_path / "明细.xlsx"
    write_workbook(papers, add_up(papers.lines(False)), add_up(papers.lines(True)), path, rows_per_sheet=1000)
    text = str(openpyxl.load_workbook(path)["考核"].cell(2, 13).value)
    assert text.endswith("…（过长，全文见 数据包的考核表）")


def test_金额数量单价日期都是真的数字单元格(tmp_path: Path) -> None:
    row = opened(tmp_path, [line(quantity="0.125", unit_price="552", amount="3305.97")])["账目"][2]
    assert row[12].number_format == "#,##0.00####"
    assert (row[11].value, row[12].value, row[16].value) == (0.125, 552, 3305.97)
    assert (row[13].value.date(), row[14].value.date()) == (date(2023, 10, 1), date(2024, 6, 30))


def test_每张表表头冻结_打印重复表头_横放A4_可筛选(tmp_path: Path) -> None:
    sheet = opened(tmp_path, [line()])["账目"]
    assert sheet.freeze_panes == "A2"
    assert sheet.print_title_rows == "$1:$1"
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.auto_filter.ref == "A1:R2"


def test_没有账目时每页都说没有(tmp_path: Path) -> None:
    book = opened(tmp_path, [])
    assert [book[name]["A2"].value for name in ("账目", "待核", "差异", "按单位")] == ["没有"] * 4


def test_同样的数据两次写出逐字节相同(tmp_path: Path) -> None:
    written = []
    for name in ("甲", "乙"):
        (tmp_path / name).mkdir()
        opened(tmp_path / name, [line(), line(resource="R2")])
        written.append((tmp_path / name / "明细.xlsx").read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize(("places", "average", "code"), [("6", "0.075", "#,##0.000000"), ("2", "0.08", "#,##0.00####")])
def test_单价照目录至少两位_均价照K07的位数_同一列各写各的(
    tmp_path: Path, places: str, average: str, code: str
) -> None:
    """R-076：阶梯的账目、阶梯均价页都照 K-07；档单价是目录上的。"""
    papers = papers_of([line(unit_price="0.5"), line(item="SMS", unit_price=average)])
    tiered = replace(papers.items["CPU"], pricing="阶梯")
    result = {
        **papers.result,
        "conventions": papers.result["conventions"] | {"K-07": places},
        "tier_prices": [{"item": "SMS", "average_price": average}],
    }
    papers = replace(
        papers,
        result=result,
        items={**papers.items, "SMS": tiered},
        tiers=(Tier("SMS", "累进", "0", "", "0.1"),),
        city_totals={"SMS": "1000"},
    )
    path = tmp_path / "明细.xlsx"
    write_workbook(papers, add_up(papers.lines(False)), add_up(()), path)
    book = openpyxl.load_workbook(path)
    cells = [book["账目"].cell(row, 13) for row in (2, 3)]
    assert [(cell.value, cell.number_format) for cell in cells] == [(0.5, "#,##0.00####"), (float(average), code)]
    step, mean = (book["阶梯均价"].cell(2, column) for column in (6, 8))
    assert (step.value, step.number_format) == (0.1, "#,##0.00####")
    assert (mean.value, mean.number_format) == (float(average), code)


def test_计至写末日_含(tmp_path: Path) -> None:
    assert "计至 2024-06-30（含）；单位：元" in opened(tmp_path, [line()])["汇总"]["A2"].value
