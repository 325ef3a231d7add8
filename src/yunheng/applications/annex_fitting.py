"""读出的附件套到这件申请上：附件对不对得上事项，资源在不在项目里，附件里写的与系统里登记的、台账的不同逐个点名。"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from yunheng.audit.refused import Refused
from yunheng.documents.annex1 import LABELS
from yunheng.ledger.models import Resource
from yunheng.rules.halfwidth import unusual
from yunheng.rules.procedures import procedure
from yunheng.tables import folding
from yunheng.tables.notes import Note, Outcome

from . import annex_against, annex_codes, changing, grid, touching
from .amounts import decimal
from .importing import Imported
from .models import Draft
from .sections import HOST_COLUMNS


def fit(draft: Draft, imported: Imported) -> tuple[dict[str, Any], tuple[Note, ...]]:
    """读出的附件套到这件申请上：（要写的键值, 要人看一眼的、没有读入的地方）。不是这件事项的附件抛 Refused。

    变更前的现状一律取台账的，不取文件里写的；项目里没有的资源不收，逐个说明（R-036、R-047）。
    """
    case = draft.case
    table = procedure(case.procedure, case.version)
    if imported.annex not in table.annexes:
        needed = "、".join(f"附件{number}" for number in table.annexes) or "附件"
        raise Refused([f"这是附件{imported.annex}，“{table.name}”要的是{needed}（{table.clause}，R-047）"])
    differing = list(_differing(draft, imported))
    named = {(note.where, note.column) for note in differing}
    notes = differing + [note for note in imported.unread if (note.where, note.column) not in named]
    notes += [Note(Outcome.NAMED, "请核对", text) for text in imported.notes]

    def left(text: str) -> None:
        notes.append(Note(Outcome.UNREAD, "请核对", text, cells=1, doubtful=True))

    own = {
        resource.code: resource
        for resource in Resource.objects.filter(project=draft.project, segments__during__upper_inf=True).distinct()
    }
    imported, more = _known(imported, own)
    notes += [*more, *_holding(imported, own)]
    dashed = list(_dashed(imported, own))
    cells = {note.where for note in dashed}
    notes = [note for note in notes if note.outcome != Outcome.FOLDED or note.where not in cells] + dashed
    values = {**imported.values, **imported.cleared(draft.content)}
    notes += _absent(draft, imported)
    if "changes" in values:
        notes += _switched(draft, values, own)
        values["changes"], said = _changes(draft, imported, own)
        notes += said
    if "service_changes" in values:
        held = changing.held_services(draft.project)
        kept: dict[str, dict[str, Any]] = {}
        for code, row in values["service_changes"].items():
            now = held.get(code)
            if now is None and decimal(row.get("quantity")) == 0:
                left(f"释放的服务项“{LABELS[code]}”不在这个项目里，没有读入")
                continue
            kept[code] = {
                **row,
                "before": f"{now.quantity.normalize():f}" if now else "",
                "resource": now.resource.code if now else "",
            }
            notes += annex_against.service(code, kept[code], imported)
        values["service_changes"] = kept
    if "release" in values:
        values["release"], more = _released(values["release"], own)
        notes += more
    return values, tuple(notes)


def _known(imported: Imported, own: Mapping[str, Resource]) -> tuple[Imported, list[Note]]:
    """变更、释放各行的资源编号与项目里的一个形近的，照项目里的，要人点头（ecs-0264、ECS—0264）。"""
    rows, notes = [dict(row) for row in imported.values.get("changes") or ()], []
    for number, row in enumerate(rows, start=1):
        written = row.get("resource", "")
        mine = annex_codes.near(written, own) or written
        if mine != written:
            text = f"第 {number} 行{row.get('action', '')}的资源写的是“{written}”，照项目里形近的 {mine} 读，请核对"
            notes.append(Note(Outcome.NAMED, "请核对", text, doubtful=True))
            row["resource"] = mine
    dashed = tuple((at, annex_codes.near(code, own) or code, key, text) for at, code, key, text in imported.dashed)
    values = {**imported.values, **({"changes": rows} if rows else {})}
    return (replace(imported, values=values, dashed=dashed) if notes else imported), notes


def _changes(draft: Draft, imported: Imported, own: Mapping[str, Resource]) -> tuple[list[dict[str, Any]], list[Note]]:
    """拟变更的主机各行：变更、释放的照台账补全，不在项目里的不收。"""
    rows: list[dict[str, Any]] = []
    notes: list[Note] = []
    stated = {folding.code(row.get("note", "").partition("；")[0]): row for _, row in imported.held}
    earlier = [dict(row) for row in draft.content.get("changes") or []]
    for number, row in enumerate(imported.values["changes"], start=1):
        code, note = row.get("resource", ""), row.get("note", "")
        others = "、".join([one for one in own if one != code and one in note][:3])
        action = row.get("action") or "（没有勾变更操作）"
        if action == "新增":
            rows.append(_added(row, earlier))
            if others:
                text = f"第 {number} 行是新增，备注里却写着在用的资源 {others}，照新增读，请核对"
                notes.append(Note(Outcome.NAMED, "请核对", text, doubtful=True))
        elif code in own:
            now = grid.current(own[code])
            written, said = annex_against.kept(number, row, now, stated.get(code, {}), imported)
            made = _changed(written, now, earlier)
            rows.append(made)
            notes += [*said, *annex_against.host(number, made, row, imported)]
            if others:
                text = f"第 {number} 行的备注里另有资源 {others}，只{action} {code}，请核对"
                notes.append(Note(Outcome.NAMED, "请核对", text, doubtful=True))
        else:
            remark = folding.code(f"{code} {note}").casefold()
            near = "、".join([one for one in own if one.casefold() in remark][:3])
            hint = f"；像是 {near}，备注头一段请只写编号" if near else ""
            text = f"第 {number} 行 {action}的资源“{code}”不在这个项目里，没有读入{hint}"
            notes.append(Note(Outcome.UNREAD, "请核对", text, cells=1, doubtful=True))
    return rows, notes


def _released(listed: Sequence[str], own: Mapping[str, Resource]) -> tuple[list[str], list[Note]]:
    """释放清单里项目在用的：写“全部”的是各个都放，形近的照项目里的，都要人点头；别的没有读，点名。"""
    codes: list[str] = []
    notes = []
    for code in listed:
        found = sorted(own) if code == annex_codes.ALL else [one] if (one := annex_codes.near(code, own)) else []
        if code == annex_codes.ALL:
            shown = "、".join(found) or "一个也没有"
            text = f"释放清单写的是“全部”，照项目在用的 {len(found)} 个资源读：{shown}，请逐个核对"
            notes.append(Note(Outcome.NAMED, "请核对", text, doubtful=True))
        elif not found:
            text = f"释放清单里的“{code}”不在这个项目里，没有读入"
            notes.append(Note(Outcome.UNREAD, "请核对", text, cells=1, doubtful=True))
        elif found != [code]:
            text = f"释放清单里写的是“{code}”，照项目里形近的 {found[0]} 读，请核对"
            notes.append(Note(Outcome.NAMED, "请核对", text, doubtful=True))
        codes += found
    return list(dict.fromkeys(codes)), notes


def _absent(draft: Draft, imported: Imported) -> Iterator[Note]:
    """文件里没有这一格、表里填了的各栏：照旧，点名。"""
    for key, label in imported.absent.items():
        if draft.content.get(key):
            text = f"文件里没有“{label}”这一格，照旧不改；不要的请写入以后在表里清空"
            yield Note(Outcome.UNREAD, "整份", text, cells=1, doubtful=True)


#: 附件3 没有印的主机各栏：照台账、照已填的，不由文件改
_UNPRINTED = ("ssd", "eip", "bandwidth", "backup")


def _changed(row: Mapping[str, Any], now: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """变更、释放的一行：文件里写了的照文件，附件没有印的照已填的，其余照台账（R-036、R-047）。"""
    mine = next((one for one in earlier if one.get("resource") == row["resource"]), {})
    moved = touching.touched(mine)
    kept = {key: mine[key] for key in _UNPRINTED if mine.get(key) and (key != "ssd" or key in moved)}
    if row.get("action") == "释放":
        # 释放是整个资源，类型、系统、区域照台账
        row = {key: value for key, value in row.items() if key not in ("type", "os", "zone", "ssd")}
    # 动作没有勾的也留着，表里红着
    written = {key: value for key, value in row.items() if value}
    return {**now, **kept, **written, "action": row.get("action", ""), "before": now}


def _switched(draft: Draft, values: Mapping[str, Any], own: Mapping[str, Resource]) -> Iterator[Note]:
    """系统架构勾的与变更的主机不同：只对新增的主机算，变更的照台账。"""
    ticked = values.get("architecture")
    if not ticked or ticked == draft.content.get("architecture"):
        return
    codes = [str(row.get("resource")) for row in values["changes"] if row.get("action") == "变更"]
    if others := [code for code in codes if code in own and own[code].architecture not in ("", ticked)]:
        text = f"“系统架构”勾的是 {ticked}，变更的 {'、'.join(others[:6])} 台账不是：照台账，不换；换架构请释放后另新增"
        yield Note(Outcome.NAMED, "请核对", text, doubtful=True)


def _added(row: Mapping[str, Any], earlier: list[dict[str, Any]]) -> dict[str, Any]:
    """新增的一行：与已填的一行印出来一样的，附件没有印的照已填的；一行只用一次。"""
    printed = [column.key for column in HOST_COLUMNS if column.key not in _UNPRINTED or row.get(column.key)]
    for place, mine in enumerate(earlier):
        if mine.get("action") == "新增" and all(
            _alike(str(row.get(k) or ""), str(mine.get(k) or ""), ()) for k in printed
        ):
            kept = {key: value for key in _UNPRINTED if (value := earlier[place].get(key))}
            del earlier[place]
            return {**row, **{key: value for key, value in kept.items() if not row.get(key)}}
    return dict(row)


def _differing(draft: Draft, imported: Imported) -> Iterator[Note]:
    """附件里写的单位、项目名称、归属、服务项的动作与系统里的不同：不读，点名。"""
    known = {
        "unit": ("申请单位", draft.case.unit.name),
        "project": ("项目名称", draft.project.name),
        "funding": ("上云项目归属", draft.project.funding),
    }
    services = changing.held_services(draft.project)
    for key, written in imported.own:
        kind, _, code = key.partition(":")
        label, right = ("变更操作", "变更" if code in services else "新增") if code else known[kind]
        if folding.compact(written) == folding.compact(right):
            continue
        text = f"“{label}”写的是“{' '.join(written.split())[:40]}”，系统里是“{right}”，没有读"
        if kind == "funding":
            text += "：谁付钱照项目登记的归属，导入不改；附件写得对的，请先与区科创中心核实"
        elif code:
            text = f"“{LABELS[code]}”的变更操作勾的是“{written}”，照台账是“{right}”，照台账"
        yield Note(Outcome.UNREAD, written.where, text, column=key, cells=1, doubtful=True)


def _holding(imported: Imported, own: Mapping[str, Resource]) -> Iterator[Note]:
    """附件3 现状各行与台账不同的地方：照台账，逐格点名。"""
    for where, row in imported.held:
        first, *rest = row.get("note", "").split("；")
        resource = folding.code(first)
        if resource not in own:
            text = (
                f"现状里的资源“{resource}”不在这个项目里，没有读"
                if resource
                else "现状里的这一行没有写资源编号，没有读"
            )
            yield Note(Outcome.UNREAD, where, text, cells=1, doubtful=True)
            continue
        now = grid.current(own[resource])
        held = ["数据盘为 SSD"] if now.get("ssd") == "是" else []
        if (more := [part.strip() for part in rest if part.strip()]) != held:
            text = f"现状里 {resource} 的备注另写了“{'；'.join(more)[:60]}”，台账是“{'；'.join(held) or '空'}”，照台账"
            yield Note(Outcome.UNREAD, where, text, cells=1, doubtful=True)
        for column in HOST_COLUMNS:
            written, right = row.get(column.key, ""), str(now.get(column.key) or "")
            if column.key != "note" and written and not _alike(written, right, (column.unit,)):
                text = f"现状里 {resource} 的“{column.label}”写的是“{written[:40]}”，台账是“{right or '空'}”，照台账"
                yield Note(Outcome.UNREAD, where, text, cells=1, doubtful=True)


def _dashed(imported: Imported, own: Mapping[str, Resource]) -> Iterator[Note]:
    """附件3 变更的一行写了“无”“/”而台账有数的格：照台账，点名；也许是不要这一样了。"""
    labels = {column.key: column.label for column in HOST_COLUMNS}
    for where, resource, key, written in imported.dashed:
        if key not in labels or key == "note" or resource not in own:
            continue
        if right := str(grid.current(own[resource]).get(key) or ""):
            text = f"变更 {resource} 的“{labels[key]}”写的是“{written}”，照台账是 {right}；不要的请填 0"
            yield Note(Outcome.UNREAD, where, text, cells=1, doubtful=True)


def _alike(one: str, other: str, units: tuple[str, ...]) -> bool:
    numbers = [folding.number(text, units) for text in (one, other)]
    if all(numbers):
        return decimal(numbers[0]) == decimal(numbers[1])
    return unusual(one) == unusual(other) and folding.compact(one) == folding.compact(other)
