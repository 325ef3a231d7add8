"""像人做的主机清单和附件1：要么读得与原表相等，要么报到格、点名；静默不同 0 个（R-032、R-047）。

四张附件的 Word、Excel 另见 test_human_annexes。
"""

from __future__ import annotations

import csv
import io
import random
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from docx.oxml import OxmlElement
from tests.golden.test_annexes import FORM, no_chart
from tests.support.human_files import HABITS as WRITTEN
from tests.support.human_files import Draft, Shape, made, silent

from yunheng.applications import importing
from yunheng.applications.checking import check_row
from yunheng.applications.pasting import WANTED, Pasted, from_file, from_text
from yunheng.applications.sections import HOST_COLUMNS
from yunheng.config.demo.stories import FILLED
from yunheng.documents.annexes import Form, annex
from yunheng.documents.word import write_word
from yunheng.tables.columns import Kind
from yunheng.tables.notes import Outcome

HOSTS = [
    [column.label for column in HOST_COLUMNS],
    ["云主机", "2", "8", "32", "麒麟 V10", "0.1", "0.5", "否", "政务外网", "1", "20", "应用"],
    ["物理机", "1", "64", "256", "统信 20", "0.48", "7.68", "是", "互联网区", "", "", "数据库"],
    ["云主机", "12", "16", "1024", "麒麟 V10", "0.1", "", "否", "公共网络区", "", "100", "网关"],
]
NAMED = {Kind.NUMBER: "数", Kind.TEXT: "文字", Kind.CHOICE: "几选一"}
KINDS = {one.name: NAMED[one.kind] for one in WANTED.columns}
KEYS = [column.key for column in HOST_COLUMNS]


def read(content: bytes, shape: Shape) -> Pasted:
    return from_text(content.decode()) if shape == "paste" else from_file(content, f"清单.{shape}")


LABELS = {column.key: column.label for column in HOST_COLUMNS}
RIGHT = [dict(zip(KEYS, row, strict=True)) for row in HOSTS[1:]]


def tried(seed: int) -> tuple[str, Draft]:
    """一份随机的主机清单：差的每一格都要拒绝到格，别的都要相等。"""
    dice = random.Random(seed)
    shape: Shape = dice.choice(["xlsx", "csv", "paste"])
    content, draft = made(HOSTS, KINDS, dice, shape, "主机清单")
    what = f"种子 {seed} {shape} {draft.done}"
    try:
        found = read(content, shape)
    except ValueError as error:
        if not draft.wrong:
            pytest.fail(f"{what} 整份不收：{error}")
        return "报出", draft
    keys = {label: key for key, label in LABELS.items()}
    named = {(note.row or 0, keys.get(note.column, "")) for note in found.notes if note.outcome == Outcome.REFUSED}
    # 整行都不是主机的，拒绝到一格、预览里红着，就是点了名
    red = {number for number, row in zip(found.numbers, found.rows, strict=True) if list(check_row(row))}
    strange = {row for row in {*red, *(row for row, _ in named)} if row not in draft.origin()}
    read_rows = {
        number: dict(row) for number, row in zip(found.numbers, found.rows, strict=True) if number not in strange
    }
    missed = silent(draft, RIGHT, read_rows, named)
    assert not missed, f"{what} 没有点名：{missed}"
    if "表后的填表人" in draft.done:
        assert any("填表人" in note.text for note in found.notes), f"{what} 没有点名填表人"
    if draft.wrong:
        assert named or strange or any(note.doubtful for note in found.notes), f"{what} 没有报出"
        return "报出", draft
    assert [dict(row) for row in found.rows] == RIGHT, what
    return "相等", draft


def test_三百份像人做的主机清单_读得相等或报到格() -> None:
    found, habits = Counter[str](), Counter[str]()
    for seed in range(300):
        outcome, draft = tried(seed)
        found[outcome] += 1
        habits.update(draft.done)
    # 主机清单没有编号和日期的列
    assert {name for name in WRITTEN if "编号" not in name and "日期" not in name and "天" not in name} <= {
        *habits, "错：科学计数法",
    }  # fmt: skip
    assert min(found["相等"], found["报出"]) > 40


@pytest.mark.soak
def test_五千份像人做的主机清单_静默不同没有() -> None:
    for seed in range(1_000, 6_000):
        tried(seed)


# ── 附件1 的 Word ──


@cache
def printed() -> bytes:
    paper = annex(1, Form(**{**vars(FORM), "content": FILLED, "opinions": {}}))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "附件1.docx"
        write_word(paper, path, no_chart)
        return path.read_bytes()


def cells(document: Any) -> list[Any]:
    found: dict[int, Any] = {}
    for table in document.tables:
        for row in table.rows:
            for cell in row.cells:
                found[id(cell._tc)] = cell
    return list(found.values())


def number_cell(document: Any, dice: random.Random) -> Any:
    return dice.choice([cell for cell in cells(document) if cell.text.isdecimal()])


def inserted(document: Any, dice: random.Random) -> None:
    run = number_cell(document, dice).paragraphs[0].runs[0]._r
    mark = OxmlElement("w:ins")
    run.addprevious(mark)
    mark.append(run)


def deleted(document: Any, dice: random.Random) -> None:
    paragraph = number_cell(document, dice).paragraphs[0]
    run = paragraph.add_run("9")._r
    mark = OxmlElement("w:del")
    run.addprevious(mark)
    mark.append(run)


def controlled(document: Any, dice: random.Random) -> None:
    run = number_cell(document, dice).paragraphs[0].runs[0]._r
    control, inside = OxmlElement("w:sdt"), OxmlElement("w:sdtContent")
    run.addprevious(control)
    control.append(inside)
    inside.append(run)


def tick_after(document: Any, _dice: random.Random) -> None:
    for cell in cells(document):
        if cell.text == "☑ 联通  ☐ 移动  ☐ 电信":
            cell.text = "联通√ 移动 电信"


def tick_close(document: Any, _dice: random.Random) -> None:
    for cell in cells(document):
        if "☑" in cell.text:
            cell.text = cell.text.replace("☑ ", "√").replace("☐ ", "□")


def plain_kind(document: Any, _dice: random.Random) -> None:
    for cell in cells(document):
        if cell.text.replace("\n", " ") in ("☑ 云主机 ☐ 物理机", "√云主机 □物理机"):
            cell.text = "云主机"


def slashed(document: Any, dice: random.Random) -> None:
    rows = [
        row
        for table in document.tables
        for row in table.rows
        if len(row.cells) > 10 and "☑ 云主机" in row.cells[1].text
    ]
    # 修订里插入的字 cell.text 看不见，盖上去就把数改掉了
    blank = [cell for row in rows for cell in row.cells[2:10] if not "".join(cell._tc.itertext()).strip()]
    if blank:
        dice.choice(blank).text = "／"


def remarked(document: Any, dice: random.Random) -> None:
    """空着的主机行写了一句话：不是主机，要点名。"""
    blank = [cell for cell in cells(document) if not cell.text.strip()]
    dice.choice(blank).text = "请电话联系"


HABITS: dict[str, Callable[[Any, random.Random], None]] = {
    "修订里插入": inserted,
    "修订里删去": deleted,
    "内容控件": controlled,
    "勾在字后": tick_after,
    "勾和框紧挨着": tick_close,
    "类型只写云主机": plain_kind,
    "斜杠": slashed,
    "点名：写在别处": remarked,
}


def annexed(seed: int) -> str:
    dice = random.Random(seed)
    document = docx.Document(io.BytesIO(printed()))
    chosen = dice.sample(sorted(HABITS), 1 + dice.randrange(3))
    for name in chosen:
        HABITS[name](document, dice)
    out = io.BytesIO()
    document.save(out)
    found = importing.read(out.getvalue(), "附件1.docx")
    right = importing.read(printed(), "附件1.docx")
    if found.values == right.values and "点名：写在别处" not in chosen:
        return "相等"
    assert found.notes or found.unread or found.values != right.values, f"种子 {seed} {chosen} 没有点名"
    if "点名：写在别处" not in chosen:
        pytest.fail(f"种子 {seed} {chosen}：{found.values} {found.notes}")
    said = " ".join([*found.notes, *map(str, found.unread), str(found.values)])
    assert "请电话联系" in said, f"种子 {seed} {chosen}"
    return "报出"


def test_一百份像人做的附件1_读得相等_写在别处的点名() -> None:
    found = Counter(annexed(seed) for seed in range(100))
    assert min(found["相等"], found["报出"]) > 10


@pytest.mark.soak
def test_一千份像人做的附件1_静默不同没有() -> None:
    for seed in range(1_000, 2_000):
        annexed(seed)


@pytest.mark.parametrize("shape", ["xlsx", "csv", "paste"])
def test_R032_圈号上标和0逗号125_逐格拒绝_原文红着等人改(shape: Shape) -> None:
    odd = {"cores": "8①", "memory": "32²", "system_disk": "0，480", "data_disk": "0,125"}
    row = [odd.get(key, value) for key, value in zip(KEYS, HOSTS[1], strict=True)]
    found = read(written([HOSTS[0], row], shape), shape)
    assert {note.column for note in found.table.refused} == {LABELS[key] for key in odd}
    assert {key: found.rows[0][key] for key in odd} == odd
    assert {column.key for column, _ in check_row(found.rows[0])} == set(odd)


def written(rows: list[list[str]], shape: Shape) -> bytes:
    """一份主机清单。"""
    if shape == "xlsx":
        book = openpyxl.Workbook()
        for row in rows:
            book.worksheets[0].append(row)
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()
    out_text = io.StringIO()
    csv.writer(out_text, delimiter="\t" if shape == "paste" else ",").writerows(rows)
    return out_text.getvalue().encode()
