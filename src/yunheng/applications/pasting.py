"""主机清单从粘贴的文字、Excel、CSV 读进来（R-032）：读法在 tables，这里只说要哪些列；纯函数，不碰数据库。"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import xlsxwriter

from yunheng.tables import reading
from yunheng.tables.columns import BLANKS, Column, Kind, choices
from yunheng.tables.limits import Unreadable
from yunheng.tables.notes import Note, Outcome, letters, ranked, told_rows
from yunheng.tables.reading import Row, Table
from yunheng.tables.wanted import Wanted

from .checking import MAX_HOSTS, check_row, clean_text
from .sections import HOST_COLUMNS
from .spelling import KINDS, counted, differs, likely, ordinary, solid, spelled, together
from .stated import differing
from .usual import unlikely

MAX_PASTE_BYTES = 2 * 1024 * 1024
_LONGEST = 300
_UNITS = {
    "count": ("台",),
    "cores": ("核", "VCPU", "C"),
    "memory": ("GB", "G"),
    "system_disk": ("TB", "T"),
    "data_disk": ("TB", "T"),
    "eip": ("个",),
    "bandwidth": ("Mb", "M", "Mbps", "兆"),
}
_ALIASES = {
    "type": ("类型", "主机类型", "资源类型"),
    "count": ("数量", "台", "主机台数"),
    "cores": ("CPU核数", "CPU核心数", "核数", "VCPU"),
    "os": ("操作系统", "操作系统版本", "系统版本"),
    "zone": ("区域", "网络"),
    "ssd": ("是否SSD", "数据盘SSD"),
    "eip": ("公网IP", "弹性IP"),
    "note": ("说明", "用途", "主机用途"),
}
_CHOICES: dict[str, dict[str, str]] = {
    "type": KINDS,
    "ssd": {
        **choices("是", "否"), "√": "是", "✓": "是", "☑": "是", "y": "是", "yes": "是", "有": "是", "SSD": "是",
        "×": "否", "n": "否", "no": "否",
    },
    "zone": choices("政务外网", "互联网区", "公共网络区"),
}  # fmt: skip
#: 各栏都是一台的：列名写“内存（GB/台）”的照读
_EACH = ("cores", "memory", "system_disk", "data_disk", "eip", "bandwidth")
#: 一台的几样的别的叫法
_SIZED = {"cores": "CPU", "memory": "内存", "system_disk": "系统盘", "data_disk": "数据盘"}
_KEYS = {column.label: column.key for column in HOST_COLUMNS}
_LABELS = {column.key: column.label for column in HOST_COLUMNS}
_SPEC = "配置"


def _column(key: str, label: str, unit: str, numeric: bool) -> Column:
    kind = Kind.CHOICE if key in _CHOICES else Kind.NUMBER if numeric else Kind.TEXT
    aliases = _ALIASES.get(key, ()) + ((f"{label}（{unit}）",) if unit else ())
    if name := _SIZED.get(key):
        aliases += (f"{name}容量", f"{name}大小", f"单台{name}", f"每台{name}", f"单机{name}")
    # SSD 写“无”是“否”，别的栏是没有填
    spelling = {**_CHOICES[key], **({"无": "否"} if key == "ssd" else {})} if kind == Kind.CHOICE else {}
    blanks = tuple(mark for mark in BLANKS if mark not in spelling)
    units = _UNITS.get(key, ())
    units += tuple(f"{one}/台" for one in units) if key in _EACH else ()
    return Column(label, kind, aliases, False, units, spelling, () if key == "os" else blanks)


WANTED = Wanted(
    "主机清单",
    (
        *(_column(one.key, one.label, one.unit, one.decimals is not None) for one in HOST_COLUMNS),
        Column(_SPEC, Kind.TEXT, ("规格", "配置要求", "主机配置", "规格配置"), required=False),
    ),
    most=MAX_HOSTS,
    basis="；规格相同的合成一行填台数（R-032）",
    in_order=True,
)


@dataclass(frozen=True)
class Pasted:
    """读出来的主机清单：`rows` 是表格里的各行，`numbers` 是各行在文件里的行号，`notes` 是说明。

    `blocked` 是有格子的毛病写进表格就看不出来了（公式、合并、丢了位数、列名是别的单位），整份不能写入。
    """

    table: Table
    rows: tuple[Mapping[str, str], ...]
    numbers: tuple[int, ...]
    notes: tuple[Note, ...]
    blocked: bool


def from_text(text: str) -> Pasted:
    """从 Excel 复制来的文字；头一行是表头就按表头对列，否则按附件的列序。"""
    if len(text.encode("utf-8", "replace")) > MAX_PASTE_BYTES:
        raise ValueError("粘贴的内容超过 2 MB，请分几次粘贴")
    if not text.strip():
        raise ValueError("没有内容：请从 Excel 里选中主机清单的几行，复制后粘贴到这里")
    return _pasted(reading.read_text(text, WANTED))


def from_file(content: bytes, name: str) -> Pasted:
    """Excel、CSV 文件：头一张看得见的表。不是表格、带宏、坏的、太大的，说明该怎么办。"""
    try:
        return _pasted(reading.read_file(content, name, WANTED))
    except Unreadable as error:
        if str(error).endswith("是空的"):
            raise ValueError(f"“{name}”里没有内容，请填好主机清单再导入") from error
        raise


def _pasted(table: Table) -> Pasted:
    found = {name for _, _, name in table.headings}
    notes = list(table.notes)
    for key, value in (("type", "云主机"), ("count", "1"), ("ssd", "否")):
        if _LABELS[key] not in found:
            notes.append(
                Note(Outcome.NAMED, f"“{table.sheet}”", f"没有“{_LABELS[key]}”一列，没写的当作 {value}", table.sheet)
            )
    unsaid: list[int] = []
    large: dict[tuple[str, str], list[int]] = {}
    # 表头那一格不收的（别的单位），整列都读不出真正的值
    rows, blocked = [], any(note.row and table.top <= note.row <= table.header for note in table.refused)
    for row in table.rows:
        made, refused = _host(row, found, notes, table)
        if not row.text[_LABELS["ssd"]] and "ssd" not in refused:
            unsaid.append(row.number)
        for told in unlikely(made):
            large.setdefault(told, []).append(row.number)
        wrong = {column.key for column, _ in check_row(made)}
        blocked = blocked or any(key not in wrong for key in refused)
        rows.append(made)
    for (key, text), numbers in large.items():
        label = _LABELS[key]
        where = f"{told_rows(numbers)}“{label}”"
        notes.append(Note(Outcome.NAMED, where, text, table.sheet, column=label, cells=len(numbers), doubtful=True))
    if unsaid and _LABELS["ssd"] in found:
        notes.append(Note(Outcome.NAMED, told_rows(unsaid), "SSD 空着，当作 否", table.sheet, cells=len(unsaid)))
    return Pasted(
        replace(table, headings=tuple(one for one in table.headings if table.header or one[2] != _SPEC)),
        tuple(rows),
        tuple(row.number for row in table.rows),
        ranked(notes),
        blocked,
    )


def _host(row: Row, found: set[str], notes: list[Note], table: Table) -> tuple[dict[str, str], set[str]]:
    """一行：（表格里的各格, 不收的各栏）。不收的格子照原文放进表格，红着等人改。"""
    made = {key: row.raw[label] if label in row.refused else row.text[label] for label, key in _KEYS.items()}
    refused = {_KEYS[label] for label in row.refused if label in _KEYS}
    for label in dict.fromkeys((_SPEC, *row.refused)):
        if label == _SPEC and not row.raw[_SPEC]:
            continue
        parts = spelled(row.raw[label])
        own = _KEYS.get(label, "")
        clash = [key for key in parts.values if made[key] and key != own] if parts else []
        if parts is None or clash:
            if label == _SPEC:
                why = f"与{'、'.join(_LABELS[key] for key in clash)}重了" if clash else "认不出是几核、几 GB、几台"
                text = f"“{row.raw[label][:40]}”{why}，没有读"
                notes.append(_note(Outcome.UNREAD, row, table, label, text, doubtful=True))
            continue
        if own:
            made[own] = ""
            refused.discard(own)
            notes[:] = [note for note in notes if not (note.row == row.number and note.column == label)]
        made |= parts.values
        shown = "、".join(f"{_LABELS[key]} {value}" for key, value in parts.values.items())
        notes.append(_note(Outcome.FOLDED, row, table, label, f"“{row.raw[label][:40]}”拆成 {shown}"))
        if parts.left:
            text = f"“{'、'.join(parts.left)[:40]}”没有代填：请按 TB 填在系统盘或数据盘，如 0.1；单位不换算"
            notes.append(_note(Outcome.REFUSED, row, table, label, text))
    if _LABELS["type"] not in found:
        made["type"] = "云主机"
    assumed = not made["count"] and _LABELS["count"] not in found
    if assumed:
        made["count"] = "1"
    if not made["ssd"]:
        made["ssd"] = "否"
    notes.extend(_remarked(made, row, table, assumed=assumed))
    for key, value in made.items():
        try:
            made[key] = clean_text(" ".join(value.split("\n")), _LONGEST)
        except ValueError as error:
            raise Unreadable(f"第 {row.number} 行“{_LABELS[key]}”{error}") from error
    return made, refused


def _remarked(made: Mapping[str, str], row: Row, table: Table, *, assumed: bool) -> Iterator[Note]:
    """备注里像台数、说到 SSD 的，与这一行的台数、SSD 不一样：要人点头。`assumed` 是没有台数一列，当作 1 台的。"""
    note, count = made["note"], made["count"]
    hints = {**likely(note), **counted(note), **together(note)}
    if odd := [text for text, number in hints.items() if differs(number, count) or (assumed and "台" in text)]:
        shown = "、".join(f"“{text}”" for text in odd)
        said = f"备注里的{shown}像是写了台数，台数照“{count or '空'}”，请核对"
        yield _note(Outcome.NAMED, row, table, _LABELS["note"], said, doubtful=True)
    if other := differing(note, made):
        shown = "、".join(f"“{text}”" for text in other)
        said = f"备注里的{shown}与这一行各栏写的不一样，照各栏，请核对"
        yield _note(Outcome.NAMED, row, table, _LABELS["note"], said, doubtful=True)
    if made["ssd"] == "否" and solid(note):
        column = "写的是 否" if row.text[_LABELS["ssd"]] else "空着，当作 否"
        said = f"“{note[:40]}”里写了 SSD 或固态，SSD 一栏{column}，请核对"
        yield _note(Outcome.NAMED, row, table, _LABELS["note"], said, doubtful=True)
    if made["ssd"] == "是" and ordinary(note):
        said = f"“{note[:40]}”里写了普通盘，SSD 一栏写的是 是，请核对"
        yield _note(Outcome.NAMED, row, table, _LABELS["note"], said, doubtful=True)


def _note(outcome: Outcome, row: Row, table: Table, label: str, text: str, *, doubtful: bool = False) -> Note:
    index = next((index for index, _, name in table.headings if name == label), 0)
    where = f"第 {row.number} 行 {letters(index)} 列“{label}”" if index else f"第 {row.number} 行“{label}”"
    return Note(outcome, where, text, table.sheet, (), row.number, label, 1, doubtful)


def blank_workbook(rows: Sequence[Sequence[str]] = ()) -> bytes:
    """空白模板：表头、下拉；`rows` 是先填好的几行。"""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("主机清单")
    head = book.add_format({"bold": True, "bg_color": "#E7F0FB", "border": 1})
    for index, column in enumerate(HOST_COLUMNS):
        sheet.write_string(0, index, f"{column.label}（{column.unit}）" if column.unit else column.label, head)
        sheet.set_column(index, index, max(10, column.width / 7))
        if column.choices:
            sheet.data_validation(1, index, MAX_HOSTS, index, {"validate": "list", "source": list(column.choices)})
    for number, row in enumerate(rows, start=1):
        for index, value in enumerate(row):
            sheet.write_string(number, index, value)
    sheet.freeze_panes(1, 0)
    book.close()
    return buffer.getvalue()


def plain(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """预览确认时取回的各行。"""
    return [{str(key): str(value) for key, value in row.items()} for row in rows]
