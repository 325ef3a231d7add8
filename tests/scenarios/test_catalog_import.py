"""目录整本导入：先预览怎样读的、变了什么，确认一次才换；没有再改过的整批撤销（R-011、R-013）。"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.support.people import cast, signed_in
from yunheng.audit.models import Entry
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case
from yunheng.catalog import operations
from yunheng.catalog.models import EditionDraft
from yunheng.catalog.sheet import COLUMNS, read, rows_of, settled
from yunheng.documents.listing import workbook
from yunheng.orgs.models import Confirmation

pytestmark = pytest.mark.django_db
FAULTS = Path(__file__).parents[1] / "faults"
DAY = date(2026, 7, 8)


def begun() -> Case:
    return operations.start(actor=cast()["sdsj"], on=DAY, level="市级")


def draft_of(case: Case) -> EditionDraft:
    return EditionDraft.objects.get(case=case)


def book(case: Case, **prices: str) -> bytes:
    """现在编的一版写成 Excel，改几项的单价。"""
    rows = [{**row, "单价": prices.get(row["目录项"].replace("-", "_"), row["单价"])} for row in draft_of(case).rows]
    return workbook("目录", COLUMNS, ([row[column] for column in COLUMNS] for row in rows))


def imported(case: Case, content: bytes, name: str = "目录.xlsx") -> Any:
    version = str(draft_of(case).version)
    return signed_in("sdsj").post(
        f"/cases/{case.number}/catalog/import/", {"version": version, "file": SimpleUploadedFile(name, content)}
    )


def confirmed(case: Case, page: str, **extra: str) -> Any:
    (kept,) = re.findall(r'name="kept" value="([^"]+)"', page)
    return signed_in("sdsj").post(f"/cases/{case.number}/catalog/import/", {"kept": kept, **extra})


def priced(case: Case, item: str) -> str:
    return next(str(row["单价"]) for row in draft_of(case).rows if row["目录项"] == item)


def test_R011_预览什么都不换_写明变了什么_确认了才整本换掉_留痕() -> None:
    case = begun()
    page = imported(case, book(case, ZJ_CPU_X86="444")).content.decode()
    assert "都没有问题" in page
    assert "<ins>444" in page
    assert priced(case, "ZJ-CPU-X86") == "456"
    assert confirmed(case, page).status_code == 302
    assert priced(case, "ZJ-CPU-X86") == "444"
    entry = Entry.objects.filter(action="导入目录").latest("seq")
    assert entry.after is not None
    assert entry.after["改了"] == ["ZJ-CPU-X86"]
    assert entry.after["文件"] == "目录.xlsx"


def test_R011_同一次预览只能确认一次() -> None:
    case = begun()
    page = imported(case, book(case, ZJ_CPU_X86="444")).content.decode()
    confirmed(case, page)
    again = confirmed(case, page)
    assert again.status_code == 422
    assert "这次预览已经确认过了" in again.content.decode()
    assert Confirmation.objects.count() == 1
    assert draft_of(case).version == 1


def test_R011_撤销导入_回到导入以前的各行_再撤没有可撤的() -> None:
    case = begun()
    before = draft_of(case).rows
    confirmed(case, imported(case, book(case, ZJ_CPU_X86="444")).content.decode())
    sponsor, url = signed_in("sdsj"), f"/cases/{case.number}/"
    assert "撤销刚才的导入</button>" in sponsor.get(url).content.decode()
    assert sponsor.post(f"{url}catalog/undo/", {"version": "1"}).status_code == 302
    assert draft_of(case).rows == before
    assert "撤销刚才的导入</button>" not in sponsor.get(url).content.decode()
    with pytest.raises(Refused, match="没有可以撤销的导入"):
        operations.undo_import(actor=cast()["sdsj"], case=Case.objects.get(pk=case.pk), seen=2)


def test_R011_导入以后又改过的_不能整批撤销_后改的还在() -> None:
    case = begun()
    confirmed(case, imported(case, book(case, ZJ_CPU_X86="444")).content.decode())
    rows = [{**row, "单价": "111"} if row["目录项"] == "ZJ-SSD" else row for row in draft_of(case).rows]
    case = Case.objects.get(pk=case.pk)
    operations.save(actor=cast()["sdsj"], case=case, seen=1, effective_on=date(2026, 8, 1), basis="x", rows=rows)
    with pytest.raises(Refused, match="导入以后又改过，不能整批撤销"):
        operations.undo_import(actor=cast()["sdsj"], case=case, seen=2)
    assert priced(case, "ZJ-SSD") == "111"
    with pytest.raises(NotYours):
        operations.undo_import(actor=cast()["szg"], case=case, seen=2)


def test_R011_WPS的已用区域只写A1_读出三行() -> None:
    table = read((FAULTS / "g01-catalog-dimA1.xlsx").read_bytes(), "目录.xlsx")
    assert [row["目录项"] for row in rows_of(table)] == ["T-0", "T-1", "T-2"]
    assert table.notes == ()


def altered(case: Case, column: str, value: Any) -> bytes:
    """第 2 行的一格换掉。"""
    file = openpyxl.load_workbook(io.BytesIO(book(case)))
    file.worksheets[0].cell(2, COLUMNS.index(column) + 1).value = value
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("单价", "=552-8", "第 2 行 G 列“单价”</b>：是公式"),
        ("单价", "5.5万", "“5.5万”不是数"),
        ("单价", "1e3", "不是数"),
        ("目录项", 1.1, "编号存成了小数"),
        ("类别", "基础", "只能填 基础设施、平台软件、软件授权，现在是“基础”"),
        ("名称", None, "第 2 行 名称不能为空"),
    ],
)
def test_R011_有错整份不收_说到表里的第几行(column: str, value: Any, words: str) -> None:
    case = begun()
    page = imported(case, altered(case, column, value)).content.decode()
    assert words in page
    assert 'name="kept"' not in page
    assert "重新选择文件" in page


def test_R011_单价的列名写万元_拒绝不换算() -> None:
    case = begun()
    file = openpyxl.load_workbook(io.BytesIO(book(case)))
    file.worksheets[0].cell(1, COLUMNS.index("单价") + 1).value = "单价（万元）"
    out = io.BytesIO()
    file.save(out)
    page = imported(case, out.getvalue()).content.decode()
    assert "列名写的单位是“万元”，这一列按 元 填，不换算" in page
    assert 'name="kept"' not in page


def with_more(case: Case, title: str, values: Sequence[str]) -> bytes:
    file = openpyxl.load_workbook(io.BytesIO(book(case)))
    for row, value in enumerate([title, *values], start=1):
        file.worksheets[0].cell(row, len(COLUMNS) + 1).value = value
    out = io.BytesIO()
    file.save(out)
    return out.getvalue()


def test_R011_认不出的列有内容_默认按钮不是确认导入_点了头才换() -> None:
    case = begun()
    page = imported(case, with_more(case, "市场价", ["600"])).content.decode()
    assert "N 列“市场价”</b>：认不出是哪一列，没有读（1 行有内容）" in page
    assert "不导入，回去改文件" in page
    assert confirmed(case, page).status_code == 422
    assert draft_of(case).version == 0
    assert confirmed(case, page, agreed="on").status_code == 302


@pytest.mark.parametrize(("name", "words"), [("目录.xls", "另存为 .xlsx"), ("目录.pdf", "不是 .xlsx、.csv 文件")])
def test_R011_旧格式的文件_说另存为(name: str, words: str) -> None:
    answer = imported(begun(), b"x", name)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_R018_没有预览的协议单价表_有拒绝的格_认不出的列整份不收() -> None:
    case = begun()
    assert len(settled(read(book(case), "协议.xlsx"))) == len(draft_of(case).rows)
    with pytest.raises(Refused, match="第 2 行 G 列“单价”：是公式"):
        settled(read(altered(case, "单价", "=1+1"), "协议.xlsx"))
    with pytest.raises(Refused, match="N 列“优惠价”：认不出是哪一列"):
        settled(read(with_more(case, "优惠价", ["400"]), "协议.xlsx"))
