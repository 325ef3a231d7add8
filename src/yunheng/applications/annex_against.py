"""附件3 的一行对着台账：文件里没有动的格照台账，没有改动、备注对不上的点名，改类型、只释放一部分的拒绝到格。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from yunheng.documents.annex1 import LABELS
from yunheng.rules.money import number_typed
from yunheng.tables.notes import Note, Outcome

from . import spelling, stated, touching
from .importing import Imported

_FIGURES = ("cores", "memory", "system_disk", "data_disk")


def _where(imported: Imported, row: int | str, key: str) -> str:
    return imported.spots.get((row, key)) or f"第 {row} 行"


def _asked(where: str, text: str) -> Note:
    return Note(Outcome.NAMED, where, text, cells=1, doubtful=True)


def kept(
    number: int, row: Mapping[str, Any], now: Mapping[str, str], printed: Mapping[str, str], imported: Imported
) -> tuple[dict[str, Any], list[Note]]:
    """文件里变更的一行去掉没有动的格：与文件里的现状写得一样、台账后来变了的，照今天的台账，点名（R-036）。"""
    found: dict[str, Any] = dict(row)
    notes: list[Note] = []
    if row.get("action") != "变更":
        return found, notes
    for key in touching.LEDGER:
        written = row.get(key)
        if key in ("type", "ssd") or not written or not printed.get(key):
            continue
        if touching.same(key, written, printed[key]) and not touching.same(key, written, now.get(key)):
            del found[key]
            text = f"变更 {row['resource']} 的“{touching.COLUMNS[key].label}”与文件里的现状一样写 {written}，没有动，"
            notes.append(_asked(_where(imported, number, key), f"{text}照今天的台账是 {now.get(key) or '空'}"))
    return found, notes


def host(number: int, row: Mapping[str, Any], written: Mapping[str, Any], imported: Imported) -> Iterator[Note]:
    """主机的一行：换类型、只释放一部分的拒绝到格（红着等人改），没有改动的、备注对不上的要人点头。

    `row` 是照台账补全的，`written` 是文件里写着的各格。
    """
    before, code, note = row["before"], row["resource"], str(row.get("note") or "")
    action = row.get("action")
    if action not in ("变更", "释放"):
        # 没有勾、勾了两项、写了别的词：没有“变更操作”一列的在这里拒绝，别的读的时候已拒绝到格
        where = _where(imported, number, "action")
        if not any(told.where == where and "变更操作" in told.text for told in imported.unread):
            text = f"变更 {code} 的一行没有“变更操作”，不知道是变更还是释放；请勾一项"
            yield Note(Outcome.REFUSED, where, text, cells=1)
        return
    if action == "释放":
        for key in _FIGURES:
            if row.get(key) and not touching.same(key, row[key], before.get(key)):
                text = f"勾的是释放 {code}，整个资源都不要了，“{touching.COLUMNS[key].label}”却写了 {row[key]}"
                held = f"台账是 {before.get(key) or '空'}；只减一部分的请勾变更，写变更以后的总量"
                yield Note(Outcome.REFUSED, _where(imported, number, key), f"{text}，{held}", cells=1)
        yield from _partly(number, written, before, imported)
        if more := spelling.beside(str(written.get("note") or "").replace(code, "")):
            text = f"勾的是释放 {code}，整个资源都不要了，备注却写了“{more[:60]}”"
            text += "；只减一部分的请勾变更，写变更以后的总量；另定日子的到时再办"
            yield _asked(_where(imported, number, "note"), text)
        return
    if row.get("type") != before.get("type"):
        kind = row.get("type")
        text = f"变更 {code} 勾的是{kind}，台账是{before.get('type')}：换类型要重新计费，变更改不了；请释放后另新增"
        yield Note(Outcome.REFUSED, _where(imported, number, "type"), text, cells=1)
    elif not touching.touched(row):
        yield _asked(_where(imported, number, "resource"), f"变更 {code} 的各格与台账一样，没有改动，这样交不上去")
    keys = (*_FIGURES, "eip", "bandwidth")
    pairs = [(touching.amount(before.get(key)), touching.amount(row.get(key))) for key in keys]
    if "升级" in note and all(old == new for old, new in pairs) and touching.touched(row):
        # 升级的是系统
        note = note.replace("升级", "")
    yield from _unlike(note, pairs, _where(imported, number, "note"), told=bool(stated.differing(note, row)))
    if row.get("ssd") == before.get("ssd") == "是" and spelling.ordinary(note):
        text = f"备注“{note[:60]}”里写了普通盘，SSD 照台账是“是”；要换普通盘的，写入以后请在表里把 SSD 改成“否”"
        yield _asked(_where(imported, number, "note"), text)


def service(code: str, row: Mapping[str, Any], imported: Imported) -> Iterator[Note]:
    """服务项的一行：与台账一样的、说明与数量对不上的要人点头；释放的说明另写了话的也要。"""
    before, quantity = touching.amount(row.get("before")), touching.amount(row.get("quantity"))
    note, where = str(row.get("note") or ""), _where(imported, code, "note")
    if number_typed(str(row.get("quantity") or "0")) == 0:
        if more := spelling.beside(note):
            text = f"释放“{LABELS[code]}”是整项都不要了，说明却写了“{more[:60]}”"
            yield _asked(where, f"{text}；只减一部分的请勾变更，写变更以后的总量；另定日子的到时再办")
        return
    if quantity and quantity == before:
        text = f"“{LABELS[code]}”的数量 {row['quantity']} 与台账一样，没有改动，这样交不上去"
        yield _asked(_where(imported, code, "quantity"), text)
    yield from _unlike(note, [(before, quantity)], where)


def _partly(number: int, written: Mapping[str, Any], before: Mapping[str, Any], imported: Imported) -> Iterator[Note]:
    """释放的一行只填了几格：填的也许是只放这几样；都空着、台账有的都填了的不问。"""
    own = [key for key in _FIGURES if touching.amount(before.get(key))]
    filled = [key for key in own if written.get(key)]
    if filled and len(filled) < len(own):
        labels = [touching.COLUMNS[key].label for key in filled]
        text = f"勾的是释放 {written.get('resource')}，只填了{'、'.join(labels)}：整台释放还是只放{'、'.join(labels)}？"
        text += "整台释放的请核对；只放一部分的请勾变更，写变更以后的总量，不要的填 0"
        yield _asked(_where(imported, number, filled[0]), text)


def _unlike(note: str, pairs: Sequence[tuple[Decimal, Decimal]], where: str, *, told: bool = False) -> Iterator[Note]:
    """备注说加减的与格里的（原来, 以后）不合：没有正好加减这么多、方向反了、写的也许是增加的数。

    `told` 是说到的配置与各栏不一样、已经点过名的，几核几 GB 不再问。
    """
    moved = {new - old for old, new in pairs}
    altered = spelling.altered(note)
    up, down = spelling.upward(note), spelling.downward(note)
    risen, fallen = any(one > 0 for one in moved), any(one < 0 for one in moved)
    if not told and (odd := [text for text, number in altered.items() if number not in moved]):
        shown = "、".join(f"“{text}”" for text in odd)
        yield _asked(where, f"备注写了{shown}，格里没有正好加减这么多的；格里要写变更以后的总量，请核对")
    elif up and (not risen or (fallen and not down)):
        does = "减少了" if fallen else "没有增加"
        yield _asked(where, f"备注写了“{up}”，格里却{does}；格里要写变更以后的总量，请核对")
    elif down and (not fallen or (risen and not up)):
        does = "增加了" if risen else "没有减少"
        yield _asked(where, f"备注写了“{down}”，格里却{does}；格里要写变更以后的总量，请核对")
    elif not altered and (word := spelling.incremental(note)) and any(old and new > old for old, new in pairs):
        yield _asked(where, f"备注写了“{word}”，格里是增加的数还是变更以后的总量？格里要写变更以后的总量，请核对")
