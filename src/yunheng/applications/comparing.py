"""两版表单的对照：只列改了的，原是什么、改为什么。纯函数。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yunheng.documents.annex1 import LABELS
from yunheng.documents.annexes import MACHINE_COLUMNS
from yunheng.rules.money import number_typed

from .sections import HOST_COLUMNS, SECTIONS

#: 附件3 的一行比附件1 多的
_CHANGING = {"action": "变更操作", "resource": "资源", "backup": "备份"}
_CELLS = _CHANGING | {column.key: column.label for column in HOST_COLUMNS}
_MACHINE = [key for key, _ in MACHINE_COLUMNS]
#: 没有填就是它
_BLANK = {"ssd": "否"}


@dataclass(frozen=True)
class Difference:
    """一处改动：在哪一部分、哪里、原、改为；没有的写空。"""

    section: str
    place: str
    before: str
    after: str

    @property
    def kind(self) -> str:
        """改、增、删。"""
        return "增加" if not self.before else "删去" if not self.after else "修改"


def compare(procedure: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> list[Difference]:
    """逐栏、逐行对照。"""
    return list(_differences(procedure, first, second))


def _text(value: Any) -> str:
    return "、".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)


def _differences(procedure: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Difference]:
    for section in SECTIONS[procedure]:
        for field in section.fields:
            if (before := _text(first.get(field.key))) != (after := _text(second.get(field.key))):
                yield Difference(section.title, field.label, before, after)
        if section.form == "changes" and _text(first.get("architecture")) != _text(second.get("architecture")):
            yield Difference(
                section.title, "系统架构", _text(first.get("architecture")), _text(second.get("architecture"))
            )
        if section.form in ("hosts", "changes"):
            yield from _rows(section.title, first.get(section.form) or [], second.get(section.form) or [])
        elif section.form == "services":
            yield from _services(section.title, _ticked(first), _ticked(second))
            yield from _services(section.title, _changed(first), _changed(second))
        elif section.form == "machines":
            yield from _machines(section.title, first.get("machines") or [], second.get("machines") or [])
        elif section.form == "files" and _text(first.get("statement")) != _text(second.get("statement")):
            yield Difference(
                section.title, "申请单位情况说明", _text(first.get("statement")), _text(second.get("statement"))
            )
        elif section.form == "release" and set(first.get("release") or []) != set(second.get("release") or []):
            yield Difference(
                section.title,
                "释放清单",
                _text(sorted(first.get("release") or [])),
                _text(sorted(second.get("release") or [])),
            )


def _rows(title: str, first: list[Mapping[str, Any]], second: list[Mapping[str, Any]]) -> Iterator[Difference]:
    for index in range(max(len(first), len(second))):
        before = first[index] if index < len(first) else {}
        after = second[index] if index < len(second) else {}
        if not before or not after:
            yield Difference(title, f"第 {index + 1} 行", _line(before), _line(after))
            continue
        for key, label in _CELLS.items():
            one, other = (_text(row.get(key)) or _BLANK.get(key, "") for row in (before, after))
            if one != other:
                yield Difference(title, f"第 {index + 1} 行 {label}", one, other)


def _machines(title: str, first: list[Mapping[str, Any]], second: list[Mapping[str, Any]]) -> Iterator[Difference]:
    for index in range(max(len(first), len(second))):
        before, after = (
            " / ".join(str(rows[index][key]) for key in ("owned", *_MACHINE) if rows[index].get(key))
            if index < len(rows)
            else ""
            for rows in (first, second)
        )
        if before != after:
            yield Difference(title, f"现有服务器第 {index + 1} 行", before, after)


def _changed(content: Mapping[str, Any]) -> dict[str, str]:
    """变更的服务项写成一句，供对照。"""
    return {
        code: f"{row.get('before') or '0'} → {row.get('quantity') or '0'} {row.get('note') or ''}".strip()
        for code, row in (content.get("service_changes") or {}).items()
    }


def _ticked(content: Mapping[str, Any]) -> dict[str, str]:
    """勾了的服务项和数量；勾了没有填数量的也是勾了。"""
    return {code: _text(amount) or "勾选，没有填数量" for code, amount in (content.get("services") or {}).items()}


def _line(row: Mapping[str, Any]) -> str:
    own = " / ".join(f"{_CHANGING[key]} {row[key]}" for key in _CHANGING if row.get(key))
    return " / ".join(filter(None, (own, *(f"{c.label} {row[c.key]}{c.unit}" for c in HOST_COLUMNS if row.get(c.key)))))


def _services(title: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Difference]:
    for code in dict.fromkeys([*first, *second]):
        if _text(first.get(code)) != _text(second.get(code)):
            yield Difference(title, LABELS.get(code, code), _text(first.get(code)), _text(second.get(code)))


def already_listed(rows: Sequence[Mapping[str, Any]], listed: Sequence[Mapping[str, Any]]) -> list[tuple[int, int]]:
    """要往后加的各行里与表里已有的相同的，逐台对上，表里的一行只对一次：（第几行, 表里第几行），从 0 起（R-032）。

    照主机清单的各栏比，`0.10` 与 `0.1`、空与 0 是一样的；附件3 里只与新增的比。
    """
    waiting: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for place, row in enumerate(listed):
        if row.get("action", "新增") == "新增":
            waiting[_host(row)].append(place)
    return [(place, same.pop(0)) for place, row in enumerate(rows) if (same := waiting.get(_host(row)))]


def _host(row: Mapping[str, Any]) -> tuple[str, ...]:
    """一行主机清单折成比得出相同的样子。"""
    shown = []
    for column in HOST_COLUMNS:
        text = str(row.get(column.key) or "").strip()
        number = number_typed(text) if column.decimals is not None else None
        blank = "否" if column.key == "ssd" else ""
        shown.append((f"{number.normalize():f}" if number else "") if number is not None else text or blank)
    return tuple(shown)
