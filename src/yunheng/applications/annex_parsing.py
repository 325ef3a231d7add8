"""附件1 至附件4 各有哪些栏、在哪里：标题格的右边是值，打勾的是选中的。只认附件的版面，认不出的点名，不猜。纯函数。"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from yunheng.documents.annex1 import LABELS
from yunheng.documents.annexes import MACHINE_COLUMNS
from yunheng.tables import folding
from yunheng.tables.columns import RAISED, Column, Kind
from yunheng.tables.ticks import TICKS, boxed
from yunheng.tables.word_text import Text

from . import annex_codes, annex_remarks
from .annex_hosts import ACTIONS, PARTS, Host, host_rows
from .annex_reading import BOXES, LONGEST, OPTIONS, VENDOR, Grid, Reading, beside, flat, labelled, squeezed
from .checking import MAX_HOSTS
from .spelling import KINDS

_PLEA = re.compile(
    r"本单位于上海市市级政务云平台运行的(?P<project>.*)项目，因(?P<reason>.*?)原因，"
    r"不再使用市级政务云服务，特此向贵单位提出注销申请，望贵单位准许。",
    re.DOTALL,
)


# ── 附件1 ──


def annex1(grid: Grid, reading: Reading) -> None:
    """服务申请表：负责人、架构、服务商、主机、服务项、情况说明。"""
    labelled(
        grid,
        reading,
        {"项目负责人": "leader", "联系方式": "contact", "申请单位情况说明": "statement"},
        {"系统架构": "architecture", "基础设施服务商": "iaas", "平台软件服务商": "paas"},
        many=("paas",),
    )
    hosts = [_application_row(host, reading) for host in host_rows(grid, reading, "hosts")]
    if len(hosts) > MAX_HOSTS:
        raise ValueError(f"主机清单有 {len(hosts)} 行，最多 {MAX_HOSTS} 行；规格相同的合成一行填台数")
    if hosts:
        reading.values["hosts"] = hosts
    if services := _services(grid, reading):
        reading.values["services"] = services


def _application_row(host: Host, reading: Reading) -> dict[str, str]:
    """附件1 没有台数、SSD 两列，写在备注里；自己加了台数一列的照那一列。"""
    found = annex_remarks.read(host, host.values.get("note", ""), reading)
    own = {key: value for key, value in host.values.items() if key != "action"}
    return {**own, "count": found.count, "ssd": "是" if found.ssd else "否", "note": found.left}


def _services(grid: Grid, reading: Reading) -> dict[str, str]:
    """勾了的服务项和数量；数量只去掉与叫法同一的单位。"""
    found: dict[str, str] = {}
    places: dict[str, str] = {}
    for row in grid:
        for title, value in pairwise(row):
            text = boxed(title)
            ticks = [char for char in text if char in TICKS]
            label = text.strip(BOXES + " \t\n　")
            if text[:1] in BOXES and annex_codes.service(label):
                reading.found("services", title.where)
            if len(ticks) != 1 or any(box in label for box in BOXES) or label in KINDS or title.taken:
                continue
            title.taken = True
            if (code := annex_codes.service(label)) == "":
                told = annex_codes.suggested(label)
                reading.lost(title.where, f"勾选的“{flat(label)}”不是附件1 的服务项，没有读入{told}")
                continue
            value.taken = True
            amount = "" if reading.merged(value, flat(label)) else _amount(code, label, value, reading)
            if code in found:
                _again(reading, label, (places[code], found[code]), (value.where, amount))
                continue
            found[code], places[code] = amount, value.where
    return found


def _again(reading: Reading, label: str, first: tuple[str, str], second: tuple[str, str]) -> None:
    """同一服务项又有一行：数量不一样的拒绝，一样的当作一行、点名。"""
    if first[1] != second[1]:
        reading.clash(flat(label), first, second)
    else:
        reading.notes.append(f"“{flat(label)}”写了两处（{first[0]}、{second[0]}），数量一样，当作一处，请核对")


def _amount(code: str, label: str, value: Text, reading: Reading) -> str:
    printed = LABELS[code]
    if folding.compact(label) != folding.compact(printed):
        reading.folded(value.where, label, printed)
    elif not folding.same_unit(label, printed):
        wrong = f"“{flat(label)}”与“{printed}”只差位（b）和字节（B），差 8 倍，单位不换算；请照印的填"
        reading.refuse(value.where, wrong)
    return reading.cell(Column(flat(label), Kind.NUMBER, units=annex_codes.unit(code)), value)


# ── 附件2 ──

_NUMBERS = {"cores": ("核", "VCPU", "C"), "memory": ("GB", "G"), "storage": ("TB", "T"), "quantity": ("台",)}
_MACHINES = [
    Column(re.sub(r"（.*）", "", name), Kind.NUMBER if key in _NUMBERS else Kind.TEXT, units=_NUMBERS.get(key, ()))
    for key, name in MACHINE_COLUMNS
]


def annex2(grid: Grid, reading: Reading) -> None:
    """迁移申请表：单位、系统、现有服务器、维护。"""
    labelled(
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
    headed = False
    for row in grid:
        names = [squeezed(cell) for cell in row]
        for index, name in enumerate(names[:-1]):
            if name == "联系人":
                reading.put("maintainer_contact" if "运维公司" in names else "unit_contact", name, row[index + 1])
            if name == "服务器归属" and (vendor := VENDOR.search(row[index + 1])):
                reading.plain("vendor", "租用厂商", row[index + 1].where, vendor[1])
        if not names or names[0] not in ("自有服务器情况", "租用服务器或云资源情况"):
            continue
        if "部署区域" in names:
            if headed := _machine_header(row, reading):
                reading.found("machines", row[0].where)
        elif headed and len(row) == len(_MACHINES) + 1 and any(names[1:]):
            owned = "自有" if names[0].startswith("自有") else "租用"
            machines.append({"owned": owned, **_machine(row, reading)})
    if machines:
        reading.values["machines"] = machines


def _machine_header(row: Sequence[Text], reading: Reading) -> bool:
    """各列的先后是不是附件印的：不是的不敢照读；括号里改成别的单位的拒绝。"""
    shown = [re.sub(r"[（(].*?[）)]", "", squeezed(cell)) for cell in row[1:]]
    right = [column.name for column in _MACHINES]
    if shown[:-1] != right[:-1] or shown[-1] not in ("已使用时长", "已租用时长"):
        return False
    for cell in row:
        cell.taken = True
    for (key, name), cell in zip(MACHINE_COLUMNS, row[1:], strict=False):
        for inside in folding.heading(cell)[1]:
            if not any(folding.same_unit(inside, unit) for unit in _NUMBERS.get(key, ())):
                text = f"列名“{flat(cell)}”写的单位与附件2 印的“{name}”不同，单位不换算；请照印的填"
                reading.refuse(cell.where, text)
    return True


def _machine(row: Sequence[Text], reading: Reading) -> dict[str, str]:
    made = {}
    for (key, _), wanted, value in zip(MACHINE_COLUMNS, _MACHINES, row[1:], strict=True):
        made[key] = "" if reading.merged(value, wanted.name) else reading.cell(wanted, value)[:LONGEST]
        value.taken = True
        if len(value) > LONGEST:
            reading.lost(value.where, f"超过 {LONGEST} 字，后面的没有读：{flat(value[LONGEST:])}")
    return made


# ── 附件3 ──


def annex3(grid: Grid, reading: Reading) -> None:
    """变更表：拟变更的主机、服务项、说明；现状照台账，不读。"""
    labelled(grid, reading, {}, {"系统架构": "architecture"})
    for row in grid:
        for title, value in pairwise(row):
            if squeezed(title) == "申请单位说明":
                reading.unsure("申请单位说明", value)
                statement, _, reason = value.partition("\n超出年度新增上限的理由：")
                value.taken = True
                reading.plain("statement", "申请单位说明", value.where, statement)
                reading.plain("growth_reason", "超出年度新增上限的理由", value.where, reason)
    reading.whole = "变更以后的总量"
    hosts = list(host_rows(grid, reading, "changes", PARTS[1]))
    changes = [_change_row(host, reading) for host in hosts]
    for number, host in enumerate(hosts, start=1):
        reading.spots |= {(number, key): host.place(key) for key in host.values}
    if changes:
        reading.values["changes"] = changes
    services: dict[str, dict[str, str]] = {}
    places: dict[str, str] = {}
    for row in grid:
        if len(row) >= 7 and squeezed(row[0]) == "服务项名称":
            reading.found("service_changes", row[0].where)
            if folding.visible(row[1]):
                _service_change(row, services, places, reading)
    if services:
        reading.values["service_changes"] = services


def _change_row(host: Host, reading: Reading) -> dict[str, str]:
    """拟变更的一行；变更、释放的备注头一段是资源编号，一行一台。没有写 SSD 的，照台账。"""
    held = host.values["action"] != "新增"
    resource, note = annex_remarks.resource(host, reading) if held else ("", host.values.get("note", ""))
    found = annex_remarks.read(host, note, reading)
    if held and host.values["action"] and found.count != "1":
        text = f"备注写的是一个资源 {resource}，台数是 {found.count}；一行只写一个资源、一台，几台就写几行"
        reading.refuse(host.place("count"), text)
    if host.values["action"] == "变更":
        reading.dashed += [(host.place(key), resource, key, text) for key, text in host.dashed.items()]
    ssd = "是" if found.ssd else "" if held else "否"
    own = {"resource": resource} if held else {}
    return {**host.values, "ssd": ssd, "count": found.count, "note": found.left, **own}


def _service_change(
    row: Sequence[Text], services: dict[str, dict[str, str]], places: dict[str, str], reading: Reading
) -> None:
    """一行服务项：名称、数量、动作、说明；动作由数量定，勾的与数量对不上的拒绝。"""
    label = folding.visible(row[1])
    if [squeezed(row[place]) for place in (2, 5)] != ["数量", "变更说明"]:
        reading.refuse(row[0].where, f"服务项“{flat(label)}”这一行的格子与附件3 不同，对不上列，没有读")
        return
    row[1].taken = True
    if (code := annex_codes.service(label)) == "":
        told = annex_codes.suggested(label)
        reading.lost(row[1].where, f"服务项“{flat(label)}”不是附件1 的服务项，没有读入{told}")
        return
    merged = [reading.merged(row[place], what) for place, what in ((3, "数量"), (6, "变更说明"))]
    quantity = "" if merged[0] else _amount(code, label, row[3], reading)
    note = "" if merged[1] else folding.visible(row[6])
    row[3].taken = row[6].taken = True
    action = reading.only(row[4], ACTIONS, "变更操作")
    if action and (action == "释放") != (quantity in ("", "0")):
        written = f"数量是“{quantity}”" if quantity else "没有填数量"
        reading.refuse(row[4].where, f"“{flat(label)}”勾的是{action}，{written}，对不上；释放的不填数量，别的要填")
    elif not action and not quantity and not any(merged):
        reading.refuse(row[4].where, f"“{flat(label)}”没有勾变更操作，也没有填数量，不知道要怎样")
    elif action in ("新增", "变更"):
        reading.own.append((f"action:{code}", Text(action, row[4].where)))
    if code in services:
        _again(reading, label, (places[code], services[code]["quantity"]), (row[3].where, quantity))
        return
    services[code], places[code] = {"quantity": quantity, "note": note}, row[3].where
    reading.spots |= {(code, "quantity"): row[3].where, (code, "note"): row[6].where}


# ── 附件4 ──


def annex4(grid: Grid, reading: Reading) -> None:
    """注销申请：原因、释放清单、备份。"""
    for row in grid:
        text = row[0]
        if plea := _PLEA.search(folding.visible(text)):
            text.taken = True
            # 印着的填空线不是字
            reading.plain("reason", "原因", text.where, plea["reason"].strip("_＿ \u3000"))
            reading.own.append(("project", Text(plea["project"], text.where)))
            if more := folding.visible(text).replace(plea[0], "").strip():
                reading.lost(text.where, f"“{flat(more)}”没有读")
        if len(row) < 2:
            continue
        if squeezed(text) == "释放清单":
            reading.found("release", row[1].where)
            found = annex_codes.listed(row[1])
            row[1].taken = True
            if row[1].raised:
                reading.refuse(row[1].where, f"“释放清单”{RAISED}")
            if reading.unsure("释放清单", row[1]):
                continue
            for aside in (*found.aside, *found.limiting):
                told = f"释放清单里编号以外的“{flat(aside)}”没有读，编号照读"
                reading.lost(row[1].where, told, doubtful=aside in found.limiting)
            for aside in found.kept:
                told = f"释放清单里写着“{flat(aside)}”，不知道放不放；清单只写要释放的，只放一部分的请办变更"
                reading.refuse(row[1].where, told)
            if codes := [reading.code("释放清单", row[1].where, part) for part in found.codes]:
                reading.values["release"] = list(dict.fromkeys(codes))
        if squeezed(text) == "备份迁移":
            picked, _, note = row[1].partition("\n")
            row[1].taken = True
            reading.found("backup", row[1].where)
            if one := reading.only(Text(picked, row[1].where), OPTIONS["backup"], "备份迁移"):
                reading.plain("backup", "备份迁移", row[1].where, one)
            elif beside(picked, OPTIONS["backup"]):
                reading.muddled.add("backup")
                reading.lost(row[1].where, f"“备份迁移”没有勾，“{flat(picked)}”没有读")
            reading.plain("backup_note", "备份或迁移的情况", row[1].where, note)


#: 各张附件有哪些栏：键 → 叫法，照附件的先后
FIELDS: dict[int, dict[str, str]] = {
    1: {
        "leader": "项目负责人", "contact": "联系方式", "architecture": "系统架构", "iaas": "基础设施服务商",
        "paas": "平台软件服务商", "hosts": "主机清单", "services": "服务项", "statement": "申请单位情况说明",
    },
    2: {
        "unit_address": "单位地址", "unit_contact": "联系人", "unit_phone": "电话", "unit_mobile": "手机",
        "trusted": "是否满足信创", "scope": "应用范围", "online_on": "系统上线时间", "running": "系统运行时长",
        "ownership": "服务器归属", "vendor": "租用厂商", "reason": "上云原因", "machines": "现有服务器",
        "maintainer": "运维公司", "maintainer_contact": "运维联系人", "maintainer_mail": "联系邮箱",
        "maintainer_phone": "联系电话", "maintenance": "维护方式",
    },
    3: {
        "architecture": "系统架构", "changes": "拟变更的主机", "service_changes": "拟变更的服务项",
        "statement": "申请单位说明", "growth_reason": "超出年度新增上限的理由",
    },
    4: {"reason": "原因", "release": "释放清单", "backup": "备份迁移", "backup_note": "备份或迁移的情况"},
}  # fmt: skip

#: （第几号, 标题里的字, 怎样读）：长的在前
ANNEXES: tuple[tuple[int, str, Callable[[Grid, Reading], None]], ...] = (
    (2, "已建信息化系统迁移使用市云申请表", annex2),
    (3, "使用市级政务云服务变更表", annex3),
    (4, "政务云服务注销申请", annex4),
    (1, "使用市级政务云服务申请表", annex1),
)
