"""附件1 至附件4 的内容：照附件的格子排，Word 和 PDF 用同一份。普通数据进，不认得数据库。"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from .annex1 import LABELS, LINES
from .annex1 import Line as ServiceLine
from .blocks import Block, Cell, Grid, Paper, Paragraph

Row = Mapping[str, Any]
_BLANK_HOSTS = 4


#: 附件2 的现有服务器各栏：（表单里的键, 叫法），次序照附件
MACHINE_COLUMNS: tuple[tuple[str, str], ...] = (
    ("cores", "CPU（核）"),
    ("memory", "内存（GB）"),
    ("storage", "存储（TB）"),
    ("os", "操作系统"),
    ("place", "部署区域"),
    ("purpose", "用途"),
    ("software", "软件"),
    ("quantity", "数量"),
    ("importance", "重要程度"),
    ("used", "已使用时长"),
)


@dataclass(frozen=True)
class Form:
    """一张表要印的：`content` 是提交的内容，`opinions` 是各方意见（谁 → 意见、签名、日期的几行）。"""

    unit: str
    project: str
    funding: str
    number: str
    version: int
    digest: str
    filed_on: date | None
    content: Mapping[str, Any]
    opinions: Mapping[str, str]
    resources: Sequence[str] = ()
    current: Sequence[Row] = ()

    def text(self, key: str) -> str:
        """一栏的文字，没有为空。"""
        value = self.content.get(key)
        return "、".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def tick(options: Iterable[str], chosen: Iterable[str] | str, *, gap: str = "  ") -> str:
    """☑ 选中的 ☐ 没选的，照附件的次序。"""
    picked = {chosen} if isinstance(chosen, str) else set(chosen)
    return gap.join(f"{'☑' if option in picked else '☐'} {option}" for option in options)


def _day(day: date | None) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日" if day else "　　年　　月　　日"


def _head(text: str, colspan: int = 1, rowspan: int = 1) -> Cell:
    return Cell(text, colspan, rowspan, "center")


def _paper(number: int, title: str, form: Form, blocks: Sequence[Block]) -> Paper:
    note = f"{form.number} 第 {form.version} 版 · 校验码 {form.digest[:8]}" if form.version else f"{form.number} 草稿"
    return Paper(title, _day(form.filed_on), note, blocks, layout="form", label=f"附件 {number}")


def annex(number: int, form: Form) -> Paper:
    """第几号附件；没有抛 KeyError。"""
    return {1: annex1, 2: annex2, 3: annex3, 4: annex4}[number](form)


# ── 附件1 ──


def annex1(form: Form) -> Paper:
    """松江区使用市级政务云服务申请表。"""
    content = form.content
    rows: list[list[Cell]] = [
        [_head("申请单位\n（盖章）", 2), Cell(form.unit, 4), _head("项目名称", 2), Cell(form.project, 3)],
        [_head("项目负责人", 2), Cell(form.text("leader"), 4), _head("联系方式", 2), Cell(form.text("contact"), 3)],
        [
            _head("上云项目归属", 2),
            Cell(tick(("区级", "自费"), form.funding), 4),
            _head("系统架构", 2),
            Cell(tick(("X86", "XC"), form.text("architecture")), 3),
        ],
        [
            _head("基础设施服务商", 2),
            Cell(tick(("联通", "移动", "电信"), form.text("iaas")), 4),
            _head("平台软件服务商", 2),
            Cell(tick(("联通", "移动", "电信"), content.get("paas") or []), 3),
        ],
        [
            _head("服务类型", 2),
            *map(
                _head,
                (
                    "CPU\n核",
                    "内存\nGB",
                    "操作系统\n（版本）",
                    "系统盘\nTB",
                    "数据盘\nTB",
                    "网络区域",
                    "EIP",
                    "带宽\nMb",
                ),
            ),
            _head("备注（主机用途、数据库版本、中间件版本、存储类型是否是 SSD）"),
        ],
    ]
    rows.extend(_hosts(content.get("hosts") or ()))
    rows.append([_head("服务类型", 2), _head("服务项目", 4), _head("数量"), _head("服务项目", 3), _head("数量")])
    rows.extend(_services(content.get("services") or {}))
    rows.append([_head("申请单位\n情况说明", 2), Cell(form.text("statement"), 9, height=60)])
    rows.append([_head("区科创服务\n中心意见", 2), Cell(form.opinions.get("reviewer", ""), 9, height=60)])
    return _paper(1, "松江区使用市级政务云服务申请表", form, [Grid((7, 11, 6, 6, 13, 7, 7, 10, 6, 7, 20), rows)])


def _remark(row: Row) -> str:
    """备注；没有 SSD 一栏，写在备注里。"""
    return "；".join(filter(None, (str(row.get("note") or ""), "数据盘为 SSD" if row.get("ssd") == "是" else "")))


def _note(row: Row) -> str:
    """附件1 也没有台数一栏，一样写在备注里。"""
    parts = [_remark(row)]
    if str(row.get("count") or "1") != "1":
        parts.append(f"×{row['count']} 台")
    return "；".join(part for part in parts if part)


def _hosts(rows: Sequence[Row]) -> Iterator[list[Cell]]:
    """主机各行；附件印着四行，不足补空行。"""
    shown: list[Row] = [*rows, *({} for _ in range(_BLANK_HOSTS - len(rows)))]
    for index, row in enumerate(shown):
        cells = [_head("基础\n设施\n服务", 1, len(shown))] if index == 0 else []
        cells.append(Cell(tick(("云主机", "物理机"), str(row.get("type") or ""), gap="\n")))
        keys = ("cores", "memory", "os", "system_disk", "data_disk", "zone", "eip", "bandwidth")
        cells.extend(Cell(str(row.get(key) or ""), align="left" if key == "os" else "center") for key in keys)
        yield [*cells, Cell(_note(row))]


def _services(chosen: Mapping[str, Any]) -> Iterator[list[Cell]]:
    """附件1 后半张：大类、小类在左，每行两项。"""
    for group, members in groupby(LINES, key=lambda line: line.group):
        subgroups = [(name, list(lines)) for name, lines in groupby(list(members), key=lambda line: line.subgroup)]
        height = sum((len(lines) + 1) // 2 for _, lines in subgroups)
        first = True
        for name, lines in subgroups:
            own = (len(lines) + 1) // 2
            for number in range(own):
                pair: list[ServiceLine | None] = [*lines[number * 2 : number * 2 + 2]]
                pair.extend([None] * (2 - len(pair)))
                cells = []
                if first:
                    cells.append(_head(group, 1 if name else 2, height))
                if name and number == 0:
                    cells.append(_head(name, 1, own))
                for line, span in zip(pair, (4, 3), strict=True):
                    ticked = line is not None and line.code in chosen
                    cells.append(Cell(f"{'☑' if ticked else '☐'} {line.label}" if line else "", span))
                    cells.append(Cell(str(chosen[line.code]) if line and ticked else "", align="center"))
                first = False
                yield cells


# ── 附件2 ──


def annex2(form: Form) -> Paper:
    """松江区已建信息化系统迁移使用市云申请表。"""
    reason = form.text("reason")
    rows: list[list[Cell]] = [
        [
            _head("单位基本\n信息（委\n办局）", 1, 2),
            _head("单位名称"),
            Cell(form.unit, 4),
            _head("单位地址", 2),
            Cell(form.text("unit_address"), 4),
        ],
        [
            _head("联系人"),
            Cell(form.text("unit_contact"), 2),
            _head("电话"),
            Cell(form.text("unit_phone"), 2),
            _head("手机", 2),
            Cell(form.text("unit_mobile"), 3),
        ],
        [
            _head("系统基本\n信息", 1, 3),
            _head("系统名称"),
            Cell(form.project, 3),
            _head("是否满足信创", 2),
            Cell(tick(("是", "否"), form.text("trusted")), 2),
            _head("应用范围"),
            Cell(tick(("单部门应用", "跨部门应用"), form.text("scope"), gap="\n"), 2),
        ],
        [
            _head("系统上线时间"),
            Cell(form.text("online_on"), 2),
            _head("系统运行时长", 2),
            Cell(form.text("running"), 2),
            _head("服务器归属", 2),
            Cell(
                f"{tick(('自有服务器',), form.text('ownership'))}\n"
                f"{tick(('租用社会云资源',), form.text('ownership'))}（厂商）：{form.text('vendor')}",
                2,
            ),
        ],
        [
            _head("上云原因"),
            Cell(f"{tick(('设备老旧', '上级要求'), reason)}\n*勾选上级要求和整改要求的，需提供佐证依据。", 8 + 2),
        ],
    ]
    heads = (
        "CPU\n（核）",
        "内存\n（GB）",
        "存储\n（TB）",
        "操作系统",
        "部署\n区域",
        "用途",
        "软件",
        "数量",
        "重要\n程度",
    )
    machines = form.content.get("machines") or []
    for owned, title, used in (
        ("自有", "自有服务器情况", "已使用时长"),
        ("租用", "租用服务器或云资源情况", "已租用时长"),
    ):
        own: list[Row] = [row for row in machines if row.get("owned") == owned] or [{}]
        rows.append([_head(title, 2, len(own) + 1), *map(_head, heads), _head(used)])
        for row in own:
            rows.append([Cell(str(row.get(key) or ""), align="center") for key, _ in MACHINE_COLUMNS])
    rows += [
        [
            _head("维护信息", 1, 3),
            _head("运维公司"),
            Cell(form.text("maintainer"), 4),
            _head("联系人", 2),
            Cell(form.text("maintainer_contact"), 4),
        ],
        [
            _head("维护方式", 1, 2),
            Cell(tick(("定期维护", "不定期维护"), form.text("maintenance")), 4, 2),
            _head("联系邮箱", 2),
            Cell(form.text("maintainer_mail"), 4),
        ],
        [_head("联系电话", 2), Cell(form.text("maintainer_phone"), 4)],
        [_head("信息化项目管理部门审核意见", 6), _head("云资源管理部门审核意见", 6)],
        [
            Cell(form.opinions.get("informatization") or "\n\n签字：\n日期：", 6, height=80),
            Cell(form.opinions.get("reviewer") or "\n\n签字：\n日期：", 6, height=80),
        ],
    ]
    grid = Grid((9, 9, 7, 7, 7, 11, 8, 9, 9, 6, 7, 11), rows)
    head = Paragraph(f"申请单位：（盖章）{form.unit}　　　　日期：{_day(form.filed_on)}", "note")
    return _paper(2, "松江区已建信息化系统迁移使用市云申请表", form, [head, grid])


# ── 附件3 ──

_HOST_HEADS = ("CPU\n核", "内存\nGB", "操作系统\n（版本）", "系统盘\nTB", "数据盘\nTB", "网络区域", "台数")
_HOST_KEYS = ("cores", "memory", "os", "system_disk", "data_disk", "zone", "count")
_ACTIONS = ("新增", "变更", "释放")
#: 没有内容也印一行空格子
_EMPTY: tuple[Row, ...] = ({},)
_REMARK = "备注（主机用途、数据库版本、中间件版本、存储类型是否是 SSD，是否需要加密存储等）"


def annex3(form: Form) -> Paper:
    """松江区使用市级政务云服务变更表。"""
    changes: Sequence[Row] = form.content.get("changes") or []
    rows: list[list[Cell]] = [
        [_head("申请单位", 2), Cell(form.unit, 3), _head("项目名称", 2), Cell(form.project, 3)],
        [
            _head("上云项目归属", 2),
            Cell(tick(("区级", "自费"), form.funding), 3),
            _head("系统架构", 2),
            Cell(tick(("X86", "XC"), form.text("architecture")), 3),
        ],
        [_head("政务云服务现状", 10)],
        [_head("服务类型", 2), *map(_head, _HOST_HEADS), _head(_REMARK)],
    ]
    before: list[Row] = [
        {**(row.get("before") or {}), "note": row.get("resource")} for row in changes if row.get("action") != "新增"
    ]
    for row in before or _EMPTY:
        rows.append(
            [
                Cell(tick(("云主机", "物理机"), str(row.get("type") or ""), gap="\n"), 2),
                *(Cell(str(row.get(key) or ""), align="center") for key in _HOST_KEYS),
                Cell(_note(row)),
            ]
        )
    rows.append([_head("拟变更的政务云服务", 10)])
    rows.append([_head("服务类型"), _head("变更操作"), *map(_head, _HOST_HEADS), _head(_REMARK)])
    for row in changes or _EMPTY:
        rows.append(
            [
                Cell(tick(("云主机", "物理机"), str(row.get("type") or ""), gap="\n")),
                Cell(tick(_ACTIONS, str(row.get("action") or ""), gap="\n")),
                *(
                    Cell("" if row.get("action") == "释放" else str(row.get(key) or ""), align="center")
                    for key in _HOST_KEYS
                ),
                Cell("；".join(filter(None, (str(row.get("resource") or ""), _remark(row))))),
            ]
        )
    for code, row in (form.content.get("service_changes") or {"": {}}).items():
        old, new = row.get("before") or "", row.get("quantity") or ""
        action = "" if not code else "释放" if not new else "变更" if old else "新增"
        rows.append(
            [
                _head("服务项\n名称"),
                Cell(LABELS.get(code, code), 2),
                _head("数量"),
                Cell(str(new), align="center"),
                Cell(tick(_ACTIONS, action, gap="\n"), 2),
                _head("变更\n说明"),
                Cell(str(row.get("note") or ""), 2),
            ]
        )
    reason = form.text("growth_reason")
    statement = form.text("statement") + (f"\n超出年度新增上限的理由：{reason}" if reason else "")
    rows.append([_head("申请单位说明\n（盖章）", 2), Cell(statement, 8, height=50)])
    rows.append([_head("政务云服务商\n意见（盖章）", 2), Cell(form.opinions.get("provider", ""), 8, height=50)])
    rows.append([_head("区科创中心意\n见（盖章）", 2), Cell(form.opinions.get("reviewer", ""), 8, height=50)])
    return _paper(3, "松江区使用市级政务云服务变更表", form, [Grid((10, 9, 7, 7, 14, 8, 8, 11, 6, 20), rows)])


# ── 附件4 ──


def annex4(form: Form) -> Paper:
    """市政务云服务注销申请。"""
    listed = "、".join(form.resources) or "—"
    blocks: list[Block] = [
        Paragraph("上海市松江区科技创新服务中心："),
        Paragraph(
            f"本单位于上海市市级政务云平台运行的{form.project}项目，因{form.text('reason').rstrip('。')}原因，"
            "不再使用市级政务云服务，特此向贵单位提出注销申请，望贵单位准许。"
        ),
        Paragraph(f"申请单位（盖章）：{form.unit}", "right"),
        Paragraph(f"日期：{_day(form.filed_on)}", "right"),
        Grid(
            (20, 80),
            [
                [_head("释放清单"), Cell(listed)],
                [
                    _head("备份迁移"),
                    Cell(f"{tick(('已完成', '不需要', '尚未完成'), form.text('backup'))}\n{form.text('backup_note')}"),
                ],
                [
                    _head("审核意见"),
                    Cell((form.opinions.get("reviewer") or "\n\n日期：") + "\n上海市松江区科技创新服务中心", height=80),
                ],
            ],
        ),
    ]
    return _paper(4, "市政务云服务注销申请", form, blocks)
