"""把填好的附件（Word、Excel）读回表单（R-047）：照附件的格子认栏目，认出的列出来给人看，确认了才写入。

只认附件的版面：标题格的右边是值，打勾的是选中的。有内容而没有读进来的格逐个点名。纯函数，不碰数据库。
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

from yunheng.documents.annex1 import LABELS
from yunheng.documents.annexes import MACHINE_COLUMNS, Form, annex
from yunheng.documents.blocks import Grid as Printed
from yunheng.tables import columns, folding, opening, word
from yunheng.tables.cells import Cell, Made, Sheet
from yunheng.tables.limits import TooLarge, Unreadable
from yunheng.tables.notes import Note, Outcome, address
from yunheng.tables.word import Text, ticked

from .checking import MAX_HOSTS, clean_text
from .pasting import WANTED
from .sections import HOST_COLUMNS, SECTIONS

_MAX_ROWS = 2000
_MAX_COLUMNS = 60
_BOXES = "☐□☑√■✓✔☒"
_KINDS = {"云主机": "云主机", "虚拟机": "云主机", "云服务器": "云主机", "物理机": "物理机", "物理服务器": "物理机"}
#: 各栏能选的
_OPTIONS = {
    field.key: field.choices
    for sections in SECTIONS.values()
    for one in sections
    for field in one.fields
    if field.choices
}
#: 系统里有的、别人填的：标题格的右边不读
_OTHERS = {
    "申请单位", "单位名称", "项目名称", "系统名称", "上云项目归属", "区科创服务中心意见", "信息化项目管理部门审核意见",
    "云资源管理部门审核意见",
}  # fmt: skip
_OTHER_LINES = re.compile(r"附件\d|.*年.*月.*日|申请单位：.*|.*校验码.*|.*草稿|签字：.*|日期：.*")
_CODES = {label: code for code, label in LABELS.items()}
_SPACE = re.compile(r"\s+")
Grid = Sequence[Sequence[Text]]


@dataclass(frozen=True)
class Imported:
    """读出的内容：`values` 是表单的键值，`notes` 是没认出来、要人看一眼的地方，`unread` 是有内容而没有读的。

    `told` 是读的是哪张表。
    """

    annex: int
    values: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    unread: tuple[Note, ...] = ()
    told: str = ""


@dataclass
class _Reading:
    values: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def put(self, key: str, value: Text) -> None:
        """记下一栏；空的不记，免得盖掉已填的。"""
        value.taken = True
        self.plain(key, value)

    def plain(self, key: str, value: str) -> None:
        """记下一格里的一段。"""
        try:
            text = clean_text(folding.visible(value))
        except ValueError as error:
            self.notes.append(f"{key}：{error}")
            return
        if text:
            self.values[key] = text

    def picked(self, value: Text, options: tuple[str, ...], what: str) -> tuple[str, ...]:
        """一格里打了勾的；分不清的、不在能选的里的点名。"""
        found = ticked(value, options)
        if found is None:
            self.notes.append(f"{value.where}“{what}”分不清勾的是哪一项，没有读：{_flat(value)}")
            value.taken = True
            return ()
        wrong = [one for one in found if options and one not in options]
        if wrong:
            self.notes.append(f"{value.where}“{what}”勾的“{'、'.join(wrong)}”不在能选的里，没有读")
        if found:
            value.taken = True
        return tuple(one for one in found if one not in wrong)


def _flat(text: str) -> str:
    return " ".join(text.split())[:60]


def read(content: bytes, name: str) -> Imported:
    """读一份填好的附件；认不出是哪一张抛 ValueError。"""
    grid, unread, told = (_from_word if name.lower().endswith(word.KINDS) else _from_workbook)(content, name)
    title = "".join(_squeezed(cell) for row in grid[:8] for cell in row)
    for number, words, parse in _ANNEXES:
        if words in title:
            reading = _Reading()
            parse(grid, reading)
            if not reading.values:
                raise ValueError(f"“{name}”是附件{number}，但一栏都没有填")
            unread += tuple(_left(grid, number))
            return Imported(number, reading.values, tuple(reading.notes), unread, told)
    raise ValueError(f"“{name}”的标题不是附件1 至附件4 的表名，认不出是哪一张；请用从本页下载的表填写")


def _left(grid: Grid, number: int) -> Iterator[Note]:
    """有内容、没有读进来、又不是附件本来印着的格，逐个点名。"""
    printed = _printed(number)
    for row in grid:
        for index, cell in enumerate(row):
            words = _squeezed(cell)
            before = _squeezed(row[index - 1]) if index else ""
            if cell.taken or not words or words.replace("□", "☐") in printed or before in _OTHERS:
                continue
            if cell.where == "正文" and _OTHER_LINES.fullmatch(words):
                continue
            beside = f"（左边是“{_flat(row[index - 1])}”）" if before else ""
            yield Note(Outcome.UNREAD, cell.where, f"“{_flat(cell)}”没有读{beside}", cells=1, doubtful=True)


@cache
def _printed(number: int) -> frozenset[str]:
    """一张空白附件本来印着的字。"""
    paper = annex(number, Form("", "", "", "", 0, "", None, {}, {}))
    texts = {_squeezed(cell.text) for block in paper.blocks if isinstance(block, Printed) for row in block.rows
             for cell in row}  # fmt: skip
    return frozenset({*texts, _squeezed(paper.title)})


def _from_word(content: bytes, name: str) -> tuple[Grid, tuple[Note, ...], str]:
    """段落一段一行，表格一行一行；合并的格子只算一次。"""
    document = word.read(content, name)
    notes = [Note(Outcome.UNREAD, "Word", f"{aside}没有读", doubtful=True) for aside in document.aside]
    if document.revised:
        text = "有修订：照接受全部修订以后的样子读，插入的字读了，删去的没有读；请核对"
        notes.append(Note(Outcome.NAMED, "Word", text))
    return document.rows, tuple(notes), f"这份 Word 的正文和表格，共 {len(document.rows)} 行"


def _from_workbook(content: bytes, name: str) -> tuple[Grid, tuple[Note, ...], str]:
    """头一张看得见、有内容的工作表；合并区里其余的格子去掉。公式、错误值不收，逐格说。"""
    sheets = opening.opened(content, name, kinds=(".docx", ".xlsx"))
    seen = [sheet for sheet in sheets if not sheet.hidden and sheet.lines]
    if not seen:
        raise Unreadable(f"“{name}”里没有看得见、有内容的工作表")
    chosen = seen[0]
    notes = [
        Note(
            Outcome.UNREAD,
            f"工作表“{sheet.title}”",
            f"{'是隐藏的，' if sheet.hidden else ''}没有读（{sheet.filled:,} 格有内容）",
            doubtful=not sheet.hidden,
        )
        for sheet in sheets
        if sheet is not chosen and sheet.lines
    ]
    notes += [Note(Outcome.UNREAD, f"“{chosen.title}”", f"{aside}没有读", doubtful=True) for aside in chosen.aside]
    wrong = [
        f"{address(line.number, cell.column)} 是{cell.made}"
        for line in chosen.lines
        for cell in line.cells
        if cell.made in (Made.FORMULA, Made.ERROR, Made.PERCENT)
    ]
    if wrong:
        shown = "、".join(wrong[:10])
        raise Unreadable(f"“{name}”里 {shown}{f' 等 {len(wrong)} 格' if len(wrong) > 10 else ''}，请改成真正的值再导入")
    return _unmerged(chosen, name), tuple(notes), f"“{chosen.title}”第 1–{chosen.lines[-1].number} 行"


def _unmerged(sheet: Sheet, name: str) -> Grid:
    width = max(cell.column for line in sheet.lines for cell in line.cells)
    if width > _MAX_COLUMNS or len(sheet.lines) > _MAX_ROWS:
        raise TooLarge(f"“{name}”的“{sheet.title}”超过 {_MAX_ROWS} 行或 {_MAX_COLUMNS} 列，请只留附件这一张表")
    values = {(line.number, cell.column): cell.text for line in sheet.lines for cell in line.cells}
    covered: dict[tuple[int, int], tuple[int, int]] = {}
    lines = [line.number for line in sheet.lines]
    for area in sheet.merges:
        for row in lines:
            if area.top <= row <= area.bottom:
                for column in range(area.left, min(area.right, width) + 1):
                    covered[row, column] = area.top, area.left
    grid = []
    for row in lines:
        cells: list[Text] = []
        last = None
        for column in range(1, width + 1):
            place = covered.get((row, column), (row, column))
            if place != last:
                cells.append(Text(values.get(place, ""), address(row, column), taken=place[0] != row))
            elif place != (row, column) and (row, column) in values:
                raise Unreadable(f"“{name}”的 {address(row, column)} 压在合并的格下面，看不见，请取消合并")
            last = place
        grid.append(cells)
    return grid


def _squeezed(text: str) -> str:
    """标题格：去掉空白和盖章之类的括注。"""
    return _SPACE.sub("", text).replace("（盖章）", "").rstrip("：:")


def _labelled(
    grid: Grid, reading: _Reading, texts: Mapping[str, str], choices: Mapping[str, str], many: Sequence[str] = ()
) -> None:
    """标题格右边那一格是值；`choices` 取打了勾的，`many` 里的可以多选。"""
    for row in grid:
        for title, value in pairwise(row):
            name = _squeezed(title)
            if name in texts:
                reading.put(texts[name], value)
            elif name in choices and (picked := list(reading.picked(value, _OPTIONS.get(choices[name], ()), name))):
                key = choices[name]
                reading.values[key] = picked if key in many else picked[0]
                if key not in many and len(picked) > 1:
                    reading.notes.append(f"{name}勾了 {'、'.join(picked)}，只取第一个，请核对")


#: 附件里主机各列的叫法；单位写在括号里的也认，没有写单位、别的单位的不认
_HOST_TITLES = {
    "cores": ("CPU核", "CPU（核）", "CPU"),
    "memory": ("内存GB", "内存（GB）"),
    "os": ("操作系统（版本）", "操作系统"),
    "system_disk": ("系统盘TB", "系统盘（TB）"),
    "data_disk": ("数据盘TB", "数据盘（TB）"),
    "zone": ("网络区域",),
    "eip": ("EIP",),
    "bandwidth": ("带宽Mb", "带宽（Mb）"),
    "count": ("台数",),
}
_HOST_KEYS = {folding.compact(title): key for key, titles in _HOST_TITLES.items() for title in titles}


_READS = {column.key: wanted for column in HOST_COLUMNS for wanted in WANTED.columns if wanted.name == column.label}


def _folded(key: str, value: Text, reading: _Reading) -> str:
    """一格的写法折成一种：8核 → 8，／ 是没有填；认不出的照原文、点名，表格里红着等人改。"""
    wanted, plain = _READS.get(key), " ".join(folding.visible(value).split("\n"))
    if wanted is None or not plain:
        return plain
    found = columns.read(wanted, Cell(1, plain))
    if found.refused:
        reading.notes.append(f"{value.where}“{wanted.name}”{found.refused}")
    return plain if found.refused else found.text


def _is_kind(cell: str) -> bool:
    bare = re.sub(rf"[\s{_BOXES}]", "", folding.visible(cell))
    return bare in _KINDS or ("云主机" in bare and "物理机" in bare and len(bare) < 20)


def _host_rows(grid: Grid, reading: _Reading) -> Iterator[tuple[str, dict[str, str]]]:
    """主机各行：（所在的小标题, 一行）。列按表头的先后认。"""
    heading, keys = "", []
    for row in grid:
        if len(row) == 1:
            heading = _squeezed(row[0])
        found = [_HOST_KEYS.get(folding.compact(cell), "note" if "备注" in cell else "") for cell in row]
        if sum(bool(key) for key in found) >= 4:
            # 认不出的一列也占着位置，后面各列才不会错开一格
            keys = found[next(n for n, key in enumerate(found) if key) :]
            if strange := [cell for cell, key in zip(row[-len(keys) :], keys, strict=True) if not key]:
                reading.notes.append(f"主机清单认不出的列，没有读：{_flat('、'.join(strange))}")
            continue
        kind = next((n for n, cell in enumerate(row) if _is_kind(cell)), None)
        if kind is None or not keys:
            continue
        rest = row[kind + 1 :]
        action = ""
        if len(rest) > len(keys):
            action, rest = (reading.picked(rest[0], ("新增", "变更", "释放"), "变更操作") or ("",))[0], rest[1:]
        picked = [_KINDS[one] for one in reading.picked(row[kind], tuple(_KINDS), "服务类型")]
        if len(picked) > 1:
            reading.notes.append(f"{row[kind].where}服务类型勾了 {'、'.join(picked)}，只取第一个，请核对")
        values = {}
        for key, value in zip(keys, rest, strict=False):
            if not key:
                continue
            values[key], value.taken = _folded(key, value, reading)[:300], True
            if len(value) > 300:
                reading.notes.append(f"{value.where}超过 300 字，后面的没有读")
        if not picked and not any(values.values()):
            continue
        if len(rest) < len(keys):
            reading.notes.append(
                f"{row[kind].where}这一行少了 {len(keys) - len(rest)} 格，请逐格核对：{_flat(' '.join(row))}"
            )
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
    hosts = [_application_row(row, reading) for _, row in _host_rows(grid, reading)]
    if len(hosts) > MAX_HOSTS:
        raise ValueError(f"主机清单有 {len(hosts)} 行，最多 {MAX_HOSTS} 行；规格相同的合成一行填台数")
    if hosts:
        reading.values["hosts"] = hosts
    services = dict(_services(grid, reading))
    if services:
        reading.values["services"] = services


def _application_row(row: dict[str, str], reading: _Reading) -> dict[str, str]:
    """附件1 没有台数、SSD 两列，写在备注里：“数据盘为 SSD”“×2 台”；别的写法不猜，点名。"""
    parts = [part.strip() for part in row.get("note", "").split("；") if part.strip()]
    counts = [match[1] for part in parts if (match := re.fullmatch(r"×\s*([0-9]{1,4})\s*台", part))]
    ssd = any(re.fullmatch(r"数据盘为\s*SSD", part) for part in parts)
    kept = [part for part in parts if not re.fullmatch(r"×\s*[0-9]{1,4}\s*台|数据盘为\s*SSD", part)]
    left = folding.code("；".join(kept))
    if len(counts) > 1 or re.search(r"[0-9一二两三四五六七八九十]\s*台", left):
        reading.notes.append(f"备注“{_flat(row['note'])}”里写了台数，当作 {(counts or ['1'])[0]} 台，请核对")
    if not ssd and "ssd" in left.casefold():
        reading.notes.append(f"备注“{_flat(row['note'])}”里写了 SSD，没有当作数据盘为 SSD，请核对")
    own = {key: value for key, value in row.items() if key != "action"}
    return {**own, "count": (counts or ["1"])[0], "ssd": "是" if ssd else "否", "note": "；".join(kept)}


def _services(grid: Grid, reading: _Reading) -> Iterator[tuple[str, str]]:
    """勾了的服务项和数量；数量只去掉与叫法同一的单位。"""
    for row in grid:
        for title, value in pairwise(row):
            text = folding.visible(title)
            ticks = [char for char in text if char in "☑√■✓✔☒"]
            label = text.strip(_BOXES + " \t\n　")
            if len(ticks) != 1 or any(box in label for box in _BOXES) or label in _KINDS or title.taken:
                continue
            if label not in _CODES:
                reading.notes.append(f"勾选的“{label[:40]}”不是附件1 的服务项，没有读入")
                title.taken = True
                continue
            unit = re.search(r"（([^（）]*)）$", label)
            amount = folding.visible(value)
            title.taken = value.taken = True
            yield _CODES[label], folding.number(amount, (unit[1],) if unit else ()) or amount


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
                reading.plain("vendor", vendor[1])
        first = names[0] if names else ""
        if first in ("自有服务器情况", "租用服务器或云资源情况"):
            owned = "自有" if first.startswith("自有") else "租用"
            cells = [cell.strip() for cell in row[1:]]
            if len(cells) == len(_MACHINE) and any(cells) and "部署区域" not in names:
                machines.append({"owned": owned, **dict(zip(_MACHINE, cells, strict=True))})
                for cell in row:
                    cell.taken = True
    if machines:
        reading.values["machines"] = machines


def _annex3(grid: Grid, reading: _Reading) -> None:
    _labelled(grid, reading, {}, {"系统架构": "architecture"})
    for row in grid:
        for title, value in pairwise(row):
            if _squeezed(title) == "申请单位说明":
                statement, _, reason = value.partition("\n超出年度新增上限的理由：")
                value.taken = True
                reading.plain("statement", statement)
                reading.plain("growth_reason", reason)
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
            for cell in row:
                cell.taken = True
            services[_CODES[label]] = {"quantity": row[3].strip(), "note": row[6].strip()}
    if services:
        reading.values["service_changes"] = services


def _annex4(grid: Grid, reading: _Reading) -> None:
    for row in grid:
        text = row[0]
        if found := re.search(r"项目，因(.+?)原因，", text):
            text.taken = True
            reading.plain("reason", found[1])
        if len(row) > 1 and _squeezed(text) == "释放清单":
            codes = [code.strip() for code in re.split(r"[、,，\s]+", row[1]) if code.strip(" —")]
            row[1].taken = True
            if codes:
                reading.values["release"] = codes
        if len(row) > 1 and _squeezed(text) == "备份迁移":
            picked, _, note = row[1].partition("\n")
            row[1].taken = True
            if ticks := reading.picked(Text(picked, row[1].where), _OPTIONS["backup"], "备份迁移"):
                reading.values["backup"] = ticks[0]
            reading.plain("backup_note", note)


_ANNEXES: tuple[tuple[int, str, Callable[[Grid, _Reading], None]], ...] = (
    (2, "已建信息化系统迁移使用市云申请表", _annex2),
    (3, "使用市级政务云服务变更表", _annex3),
    (4, "政务云服务注销申请", _annex4),
    (1, "使用市级政务云服务申请表", _annex1),
)
