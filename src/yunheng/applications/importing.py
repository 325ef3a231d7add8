"""把填好的附件（Word、Excel）读回表单（R-047）：照附件的格子认栏目，认出的列出来给人看，确认了才写入。

只认附件的版面：标题格的右边是值，☑ 是选中的。纯函数，不碰数据库。
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import docx
import openpyxl

from yunheng.documents.annex1 import LABELS
from yunheng.documents.annexes import MACHINE_COLUMNS
from yunheng.documents.office import checked_office

from .checking import MAX_HOSTS, clean_text

_MAX_ROWS = 2000
_TICKED = re.compile(r"[☑√■✓✔☒]\s*([^☐□☑√■✓✔☒\s（]+)")
_BOXES = "☐□☑√■✓✔☒"
_CODES = {label: code for code, label in LABELS.items()}
_SPACE = re.compile(r"\s+")
Grid = Sequence[Sequence[str]]


@dataclass(frozen=True)
class Imported:
    """读出的内容：`values` 是表单的键值，`notes` 是没认出来、要人看一眼的地方。"""

    annex: int
    values: Mapping[str, Any]
    notes: tuple[str, ...] = ()


@dataclass
class _Reading:
    values: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, key: str, value: str) -> None:
        """记下一栏；空的不记，免得盖掉已填的。"""
        try:
            text = clean_text(value)
        except ValueError as error:
            self.notes.append(f"{key}：{error}")
            return
        if text:
            self.values[key] = text


def read(content: bytes, name: str) -> Imported:
    """读一份填好的附件；认不出是哪一张抛 ValueError。"""
    checked_office(content, name, (".docx", ".xlsx"), "请只留附件这一张表")
    try:
        grid = _from_word(content) if name.lower().endswith(".docx") else _from_workbook(content)
    except Exception as error:
        raise ValueError(f"“{name}”打不开，文件可能坏了，请重新另存后再导入") from error
    title = "".join(_squeezed(cell) for row in grid[:8] for cell in row)
    for annex, words, parse in _ANNEXES:
        if words in title:
            reading = _Reading()
            parse(grid, reading)
            if not reading.values:
                raise ValueError(f"“{name}”是附件{annex}，但一栏都没有填")
            return Imported(annex, reading.values, tuple(reading.notes))
    raise ValueError(f"“{name}”的标题不是附件1 至附件4 的表名，认不出是哪一张；请用从本页下载的表填写")


def _from_word(content: bytes) -> Grid:
    """段落一段一行，表格一行一行；合并的格子只算一次。"""
    document = docx.Document(io.BytesIO(content))
    rows: list[list[str]] = [[paragraph.text] for paragraph in document.paragraphs]
    for table in document.tables:
        for row in table.rows[:_MAX_ROWS]:
            cells: list[str] = []
            last = None
            for cell in row.cells:
                if cell._tc is not last:
                    cells.append(cell.text)
                last = cell._tc
            rows.append(cells)
    return rows


def _from_workbook(content: bytes) -> Grid:
    """第一张工作表；横向合并的格子只有左上角有值，空的略过会错位，所以合并区里其余的格子去掉。"""
    sheet = openpyxl.load_workbook(io.BytesIO(content), data_only=True).worksheets[0]
    covered = {
        (row, column): (area.min_row, area.min_col)
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, area.max_row + 1)
        for column in range(area.min_col, area.max_col + 1)
    }
    rows = []
    for row in range(1, min(sheet.max_row, _MAX_ROWS) + 1):
        cells, last = [], None
        for column in range(1, min(sheet.max_column, 40) + 1):
            place = covered.get((row, column), (row, column))
            if place != last:
                value = sheet.cell(*place).value
                cells.append("" if value is None else str(value))
            last = place
        rows.append(cells)
    return rows


def _squeezed(text: str) -> str:
    """标题格：去掉空白和盖章之类的括注。"""
    return _SPACE.sub("", text).replace("（盖章）", "").rstrip("：:")


def _ticked(text: str) -> list[str]:
    return _TICKED.findall(text)


def _labelled(
    grid: Grid, reading: _Reading, texts: Mapping[str, str], choices: Mapping[str, str], many: Sequence[str] = ()
) -> None:
    """标题格右边那一格是值；`choices` 取打了勾的，`many` 里的可以多选。"""
    for row in grid:
        for title, value in pairwise(row):
            name = _squeezed(title)
            if name in texts:
                reading.put(texts[name], value)
            elif name in choices and (picked := _ticked(value)):
                key = choices[name]
                reading.values[key] = picked if key in many else picked[0]
                if key not in many and len(picked) > 1:
                    reading.notes.append(f"{name}勾了 {'、'.join(picked)}，只取第一个，请核对")


_HOST_KEYS = {
    "CPU核": "cores",
    "内存GB": "memory",
    "操作系统（版本）": "os",
    "系统盘TB": "system_disk",
    "数据盘TB": "data_disk",
    "网络区域": "zone",
    "EIP": "eip",
    "带宽Mb": "bandwidth",
    "台数": "count",
}


def _host_rows(grid: Grid, reading: _Reading) -> Iterator[tuple[str, dict[str, str]]]:
    """主机各行：（所在的小标题, 一行）。列按表头的先后认。"""
    heading, keys = "", []
    for row in grid:
        if len(row) == 1:
            heading = _squeezed(row[0])
        found = [_HOST_KEYS.get(_squeezed(cell), "note" if "备注" in cell else "") for cell in row]
        if sum(bool(key) for key in found) >= 4:
            keys = [key for key in found if key]
            continue
        kind = next((n for n, cell in enumerate(row) if "云主机" in cell and "物理机" in cell), None)
        if kind is None or not keys:
            continue
        rest = row[kind + 1 :]
        action = ""
        if len(rest) > len(keys):
            action, rest = (_ticked(rest[0]) or [""])[0], rest[1:]
        values = {key: value.strip()[:300] for key, value in zip(keys, rest, strict=False)}
        picked = _ticked(row[kind])
        if not picked and not any(values.values()):
            continue
        if not picked:
            reading.notes.append(f"有一行主机没有勾云主机还是物理机，当作云主机：{' '.join(filter(None, rest))[:60]}")
        yield heading, {"type": (picked or ["云主机"])[0], "action": action, **values}


def _annex1(grid: Grid, reading: _Reading) -> None:
    _labelled(
        grid,
        reading,
        {"项目负责人": "leader", "联系方式": "contact", "申请单位情况说明": "statement"},
        {"系统架构": "architecture", "基础设施服务商": "iaas", "平台软件服务商": "paas"},
        many=("paas",),
    )
    hosts = [_application_row(row) for _, row in _host_rows(grid, reading)]
    if len(hosts) > MAX_HOSTS:
        raise ValueError(f"主机清单有 {len(hosts)} 行，最多 {MAX_HOSTS} 行；规格相同的合成一行填台数")
    if hosts:
        reading.values["hosts"] = hosts
    services = dict(_services(grid, reading))
    if services:
        reading.values["services"] = services


def _application_row(row: dict[str, str]) -> dict[str, str]:
    """附件1 没有台数、SSD 两列，写在备注里：“数据盘为 SSD”“×2 台”。"""
    parts = [part.strip() for part in row.get("note", "").split("；") if part.strip()]
    counts = [match[1] for part in parts if (match := re.fullmatch(r"×\s*([0-9]{1,4})\s*台", part))]
    ssd = any(re.fullmatch(r"数据盘为\s*SSD", part) for part in parts)
    kept = [part for part in parts if not re.fullmatch(r"×\s*[0-9]{1,4}\s*台|数据盘为\s*SSD", part)]
    own = {key: value for key, value in row.items() if key != "action"}
    return {**own, "count": (counts or ["1"])[0], "ssd": "是" if ssd else "否", "note": "；".join(kept)}


def _services(grid: Grid, reading: _Reading) -> Iterator[tuple[str, str]]:
    for row in grid:
        for title, value in pairwise(row):
            text = title.strip()
            if not text or text[0] not in _BOXES or text[0] in "☐□" or any(box in text[1:] for box in _BOXES):
                continue
            label = text[1:].strip()
            if label not in _CODES:
                if "主机" not in label and "物理机" not in label:
                    reading.notes.append(f"勾选的“{label[:40]}”不是附件1 的服务项，没有读入")
                continue
            yield _CODES[label], value.strip()


_MACHINE = tuple(key for key, _ in MACHINE_COLUMNS)


def _annex2(grid: Grid, reading: _Reading) -> None:
    _labelled(
        grid,
        reading,
        {
            "单位地址": "unit_address",
            "电话": "unit_phone",
            "手机": "unit_mobile",
            "系统上线时间": "online_on",
            "系统运行时长": "running",
            "运维公司": "maintainer",
            "联系邮箱": "maintainer_mail",
            "联系电话": "maintainer_phone",
        },
        {
            "是否满足信创": "trusted",
            "应用范围": "scope",
            "服务器归属": "ownership",
            "上云原因": "reason",
            "维护方式": "maintenance",
        },
    )
    machines: list[dict[str, str]] = []
    owned = ""
    for row in grid:
        names = [_squeezed(cell) for cell in row]
        for index, name in enumerate(names[:-1]):
            if name == "联系人":
                reading.put("maintainer_contact" if "运维公司" in names else "unit_contact", row[index + 1])
            if name == "服务器归属" and (vendor := re.search(r"厂商）[:：]\s*(\S.*)", row[index + 1])):
                reading.put("vendor", vendor[1])
        first = names[0] if names else ""
        if first in ("自有服务器情况", "租用服务器或云资源情况"):
            owned = "自有" if first.startswith("自有") else "租用"
            cells = [cell.strip() for cell in row[1:]]
            if len(cells) == len(_MACHINE) and any(cells) and "部署区域" not in names:
                machines.append({"owned": owned, **dict(zip(_MACHINE, cells, strict=True))})
    if machines:
        reading.values["machines"] = machines


def _annex3(grid: Grid, reading: _Reading) -> None:
    _labelled(grid, reading, {}, {"系统架构": "architecture"})
    for row in grid:
        for title, value in pairwise(row):
            if _squeezed(title) == "申请单位说明":
                statement, _, reason = value.partition("\n超出年度新增上限的理由：")
                reading.put("statement", statement)
                reading.put("growth_reason", reason)
    changes = []
    for heading, host in _host_rows(grid, reading):
        if heading == "拟变更的政务云服务":
            resource, _, note = host.get("note", "").partition("；")
            held = host["action"] != "新增"
            changes.append(
                {
                    **host,
                    "ssd": "否",
                    "count": host.get("count") or "1",
                    "note": note if held else host.get("note", ""),
                    **({"resource": resource.strip()} if held else {}),
                }
            )
    if changes:
        reading.values["changes"] = changes
    services = {}
    for row in grid:
        names = [_squeezed(cell) for cell in row]
        if len(row) >= 7 and names[0] == "服务项名称" and row[1].strip():
            if (label := row[1].strip()) not in _CODES:
                reading.notes.append(f"服务项“{label[:40]}”不是附件1 的服务项，没有读入")
                continue
            services[_CODES[label]] = {"quantity": row[3].strip(), "note": row[6].strip()}
    if services:
        reading.values["service_changes"] = services


def _annex4(grid: Grid, reading: _Reading) -> None:
    for row in grid:
        text = row[0]
        if found := re.search(r"项目，因(.+?)原因，", text):
            reading.put("reason", found[1])
        if len(row) > 1 and _squeezed(text) == "释放清单":
            codes = [code.strip() for code in re.split(r"[、,，\s]+", row[1]) if code.strip(" —")]
            if codes:
                reading.values["release"] = codes
        if len(row) > 1 and _squeezed(text) == "备份迁移":
            picked, _, note = row[1].partition("\n")
            if ticks := _ticked(picked):
                reading.values["backup"] = ticks[0]
            reading.put("backup_note", note)


_ANNEXES: tuple[tuple[int, str, Callable[[Grid, _Reading], None]], ...] = (
    (2, "已建信息化系统迁移使用市云申请表", _annex2),
    (3, "使用市级政务云服务变更表", _annex3),
    (4, "政务云服务注销申请", _annex4),
    (1, "使用市级政务云服务申请表", _annex1),
)
