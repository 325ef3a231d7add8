"""附件里的主机各行：照表头的先后认列，认不出的一列占着位置、点名，后面各列不错开。纯函数。"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from yunheng.tables import folding
from yunheng.tables.columns import BLANKS, RAISED
from yunheng.tables.ticks import boxed, ticked
from yunheng.tables.word_text import Text

from .annex_reading import BOXES, LONGEST, Grid, Reading, beside, flat, squeezed
from .pasting import WANTED
from .sections import HOST_COLUMNS
from .spelling import KINDS, kind
from .usual import unlikely

ACTIONS = ("新增", "变更", "释放")
#: 变更操作的别的叫法：改大改小都是变更
_SPOKEN = dict.fromkeys(("升级", "升配", "扩容", "降级", "降配", "缩容"), "变更")
#: 附件3 的两段
PARTS = ("政务云服务现状", "拟变更的政务云服务")
#: 附件里主机各列的叫法；单位写在括号里的也认，没有写单位、别的单位的不认
_HOST_TITLES = {
    "action": ("变更操作",),
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
_FIGURE = re.compile(r"[0-9]+(\.[0-9]+)?")
_READS = {column.key: wanted for column in HOST_COLUMNS for wanted in WANTED.columns if wanted.name == column.label}


@dataclass(frozen=True)
class Host:
    """一行主机：在哪里、各栏的值、各栏在哪一格；`dashed` 是写了“无”“/”这些记号、当作没有填的各栏的原文。"""

    where: str
    values: Mapping[str, str]
    places: Mapping[str, str]
    dashed: Mapping[str, str]

    def place(self, key: str) -> str:
        """一栏在哪一格；表里没有这一栏的，是这一行。"""
        return self.places.get(key, self.where)


def _is_kind(cell: str) -> bool:
    bare = re.sub(rf"[\s{BOXES}]", "", boxed(cell))
    return bool(kind(bare)[0]) or ("云主机" in bare and "物理机" in bare and len(bare) < 40)


def _picked(cell: Text, reading: Reading) -> tuple[str, ...]:
    """服务类型一格选的；没有框的，前面的编号不算，后面另写的括号、几台要人点头。"""
    named, more = kind(cell)
    if not named or ticked(cell) != ():
        return reading.picked(cell, tuple(KINDS), "服务类型")
    cell.taken = True
    if more:
        reading.doubt(cell.where, f"“服务类型”写的是“{flat(cell)}”，照“{KINDS[named]}”读，“{more}”没有读，请核对")
    elif named != squeezed(cell):
        reading.folded(cell.where, cell, named)
    return (named,)


def _host_key(cell: str) -> str:
    return _HOST_KEYS.get(folding.compact(cell), "note" if "备注" in cell else "")


def _headed(row: Sequence[Text]) -> bool:
    """这一行像主机的表头。"""
    return sum(bool(_host_key(cell)) for cell in row) >= 4


def _layered(upper: Sequence[Text], row: Sequence[Text]) -> list[Text] | None:
    """紧挨着的两行是两层的表头（“配置”横跨 CPU、内存）：各列照下一层，空着的照上一层；不是的、对不上的为 None。

    上下各认作一栏而不同的，是两套表头。上层横着合并的，下层要自己写全上层认得的各栏。
    """
    if not any(squeezed(cell) == "服务类型" for cell in upper):
        return None
    above, own = ([_host_key(cell) for cell in cells] for cells in (upper, row))
    if len(upper) != len(row):
        return list(row) if set(above) <= {*own, ""} and set(above) != set(own) else None
    if any(one and other and one != other for one, other in zip(above, own, strict=True)) or above == own:
        return None
    return [low if folding.visible(low) else high for high, low in zip(upper, row, strict=True)]


def _host_header(row: Sequence[Text], reading: Reading) -> list[str]:
    """主机的表头：服务类型右边各列是哪一栏，认不出的占着位置、点名。"""
    found = [_host_key(cell) for cell in row]
    kind = next((n for n, cell in enumerate(row) if squeezed(cell) == "服务类型"), None)
    start = next(n for n, key in enumerate(found) if key) if kind is None else kind + 1
    keys = found[start:]
    for cell, key in zip(row[start:], keys, strict=True):
        # 备注的括号里印着要填什么，改了的点名
        cell.taken = key != "note" or squeezed(cell) == "备注"
        if key and key != "note" and not any(folding.same_unit(cell, title) for title in _HOST_TITLES[key]):
            wrong = f"主机清单的列名“{flat(cell)}”与“{_HOST_TITLES[key][0]}”只差位（b）和字节（B），差 8 倍，单位不换算"
            reading.refuse(cell.where, wrong)
        if not key and folding.visible(cell):
            reading.lost(cell.where, f"主机清单认不出的列，没有读：{flat(cell)}")
    twice = sorted({key for key in keys if key and keys.count(key) > 1})
    if twice:
        shown = "、".join(flat(cell) for cell, key in zip(row[start:], keys, strict=True) if key in twice)
        raise ValueError(f"{row[start].where}的主机表头里 {shown} 认作同一列，不知道读哪一列；请只留一列")
    return keys


def host_rows(grid: Grid, reading: Reading, form: str, part: str = "") -> Iterator[Host]:
    """主机各行；`part` 是只读哪个小标题下面的，别的各行照台账，点名。`form` 是表单里的键，有表头就是看见了。"""
    heading, keys = "", []
    held: list[str] = []
    headers: dict[str, str] = {}
    above: Sequence[Text] = ()
    for row in grid:
        upper, above = above, row
        words = [found for cell in row if (found := squeezed(cell))]
        if words and words[0] in PARTS:
            heading = words[0]
        if _headed(row):
            layered = _layered(upper, row)
            header = _host_header(layered or row, reading)
            if not part or heading == part:
                reading.found(form, row[0].where)
            if heading in headers and not (layered and headers[heading] == upper[0].where):
                two = "，像是两层的，上下对不上列；请照附件印的改成一层" if headers[heading] == upper[0].where else ""
                raise ValueError(
                    f"{headers[heading]}、{row[0].where}这两行都是主机清单的表头，不知道哪一段才是；请只留一套表头{two}"
                )
            if layered:
                reading.notes.append(f"{row[0].where}的主机表头是两层的，列名照下一层，下一层空着的照上一层，请核对")
            keys, headers[heading] = header, row[0].where
            continue
        place = next((n for n, cell in enumerate(row) if _is_kind(cell)), None)
        if place is None or not keys:
            continue
        if part and heading != part:
            own = row[place : place + 1 + len(keys)]
            if ticked(row[place]) or any(map(folding.visible, own[1:])):
                held.append(row[place].where)
                if len(own) == len(keys) + 1:
                    named = zip(keys, own[1:], strict=True)
                    reading.held.append((row[place].where, {key: folding.visible(cell) for key, cell in named if key}))
                if more := beside(row[place], tuple(KINDS)):
                    reading.lost(row[place].where, f"“服务类型”选项以外的“{flat(more)}”没有读")
            for cell in own:
                cell.taken = True
            continue
        if made := _host(row, place, keys, reading):
            cells = {key: cell for key, cell in zip(keys, row[place + 1 :], strict=False) if key}
            dashed = {
                key: flat(cell) for key, cell in cells.items() if not made.get(key) and folding.code(cell) in BLANKS
            }
            yield Host(row[place].where, made, {key: cell.where for key, cell in cells.items()}, dashed)
    if held:
        shown = "、".join(held[:6]) + (f"等 {len(held)} 行" if len(held) > 6 else "")
        reading.lost(f"“{PARTS[0]}”", f"{shown}的主机照台账，不从表里读", doubtful=False)


def _host(row: Sequence[Text], place: int, keys: Sequence[str], reading: Reading) -> dict[str, str] | None:
    """一行主机；空行返回 None。"""
    rest = row[place + 1 :]
    names = {key: titles[0] for key, titles in _HOST_TITLES.items()} | {"note": "备注"}
    values = {"action": ""}
    blank = not any(folding.visible(value) and not value.taken for value in rest)
    if len(rest) != len(keys) and any(map(folding.visible, rest)):
        shown = f"这一行在服务类型右边有 {len(rest)} 格，表头有 {len(keys)} 格，对不上列，没有读"
        reading.refuse(row[place].where, f"{shown}；请照表头补齐或删去多出的格")
        return None
    carried = row[place].merged
    picked = _picked(row[place], reading)
    if not picked and (blank or ("action" in keys and not _written(rest, keys))):
        return None
    if carried:
        reading.notes.append(f"{row[place].where}“服务类型”是跨行合并带下来的，请核对")
    if len({KINDS[one] for one in picked}) > 1:
        reading.refuse(row[place].where, f"“服务类型”勾了 {'、'.join(picked)}，只能勾一项")
    for key, value in zip(keys, rest, strict=False):
        if not key:
            continue
        if reading.merged(value, names[key]):
            values[key] = ""
            continue
        value.taken = True
        if key == "action":
            values[key] = _action(value, reading)
            continue
        if key == "note" and value.raised and ("action" in keys or "台" in value):
            # 备注里写着资源编号、台数
            reading.refuse(value.where, f"“备注”{RAISED}")
        wanted = _READS.get(key)
        text = reading.cell(wanted, value) if wanted else " ".join(folding.visible(value).split("\n"))
        values[key] = text[:LONGEST]
        if len(text) > LONGEST:
            reading.lost(value.where, f"超过 {LONGEST} 字，后面的没有读：{flat(text[LONGEST:])}")
    written = [value for key, value in values.items() if value and key not in ("action", "note")]
    if not picked and len(written) <= 1 and not any(map(_FIGURE.fullmatch, written)):
        # 没有勾，配置只写了一格而又不是数：空行里写了一句话，不是一台主机
        reading.lost(row[place].where, f"这一行没有勾服务类型，也没有写配置，没有当作主机：{flat(' '.join(rest))}")
        return None
    assumed = "云主机" if not picked and ticked(row[place], tuple(KINDS)) == () else ""
    if assumed:
        reading.doubt(row[place].where, f"没有勾云主机还是物理机，当作云主机：{flat(' '.join(rest))}")
    for key, text in unlikely(values):
        reading.doubt(next(cell.where for one, cell in zip(keys, rest, strict=False) if one == key), text)
    # 勾了而分不清是哪一项的，不当作云主机，空着等人选
    return {"type": KINDS[picked[0]] if picked else assumed, **values}


def _action(value: Text, reading: Reading) -> str:
    """变更操作勾的哪一项；没有勾的、认不出的拒绝到格，表单里红着。"""
    spoken = (*ACTIONS, *_SPOKEN)
    picked = reading.picked(value, spoken, "变更操作")
    found = list(dict.fromkeys(_SPOKEN.get(one, one) for one in picked))
    for one in picked:
        if one in _SPOKEN:
            reading.folded(value.where, one, _SPOKEN[one])
    if len(found) > 1:
        reading.refuse(value.where, f"“变更操作”勾了 {'、'.join(picked)}，只能勾一项")
    elif not found:
        wanted = f"“变更操作”没有勾：{flat(value)}；请勾新增、变更、释放里的一项"
        reading.refuse(value.where, wanted, red=True)
    value.taken = True
    return found[0] if len(found) == 1 else ""


def _written(rest: Sequence[Text], keys: Sequence[str]) -> bool:
    """动作以外的各格有没有字，或者勾了动作。"""
    return any(
        bool(ticked(value, ACTIONS) != ()) if key == "action" else bool(folding.visible(value))
        for key, value in zip(keys, rest, strict=False)
    )
