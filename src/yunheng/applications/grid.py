"""页面上的格子和表单内容互转：解析提交；合计；从台账取现状。"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from yunheng.catalog.models import Item
from yunheng.catalog.queries import host_quantities
from yunheng.documents.annexes import MACHINE_COLUMNS
from yunheng.ledger.models import Project, Resource
from yunheng.orgs.reading import whole_of

from . import changing, touching
from .amounts import combined, decimal
from .checking import MAX_HOSTS, clean_text
from .sections import HOST_COLUMNS, Section

_BLANK = {"type", "ssd", "base"}
#: 页面带回的现状是一整行，比一格长
_MOST = {"base": 2000}
MACHINE_KEYS = ("owned", *(key for key, _ in MACHINE_COLUMNS))
QUOTA_KEYS = ("dimension", "amount", "from_month", "until_month")


def parse(part: Section, post: QueryDict, current: Mapping[str, Any], project: Project) -> dict[str, Any]:
    """一部分提交的内容；控制字符、太长抛 ValueError，写明是哪一栏。不判断对不对，填一半也能存。"""
    values: dict[str, Any] = {}
    for field in part.fields:
        if field.kind == "multi":
            values[field.key] = [value for value in post.getlist(field.key) if value in field.choices]
        elif field.key in post:
            values[field.key] = _clean(
                field.label, post.get(field.key, ""), field.most if field.kind == "long" else 2000
            )
    if part.form in ("hosts", "changes"):
        values[part.form] = _hosts(post, part.form, current.get(part.form) or [], project)
    elif part.form == "machines":
        values["machines"] = _rows(post, "m", MACHINE_KEYS)
    elif part.form == "quota":
        values["quota"] = _rows(post, "q", QUOTA_KEYS)
    elif part.form == "services":
        values |= _services(post, current.get("service_changes") or {})
    elif part.form == "release":
        values["release"] = sorted({value[:64] for value in post.getlist("release")})
    elif part.form == "files":
        values["statement"] = _clean("申请单位情况说明", post.get("statement", ""), 2000)
    if part.form == "services" and "changes" in current:
        values.pop("services", None)
    return values


def _clean(label: str, text: str, most: int = 300) -> str:
    try:
        return clean_text(text, most)
    except ValueError as error:
        raise ValueError(f"{label}：{error}") from error


def _rows(post: QueryDict, prefix: str, keys: Sequence[str]) -> list[dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for name, value in post.items():
        parts = name.split(":")
        if len(parts) != 3 or parts[0] != prefix or parts[2] not in keys:
            continue
        if (row := whole_of(parts[1])) is not None:
            found.setdefault(row, {})[parts[2]] = _clean(f"第 {row + 1} 行", str(value), _MOST.get(parts[2], 300))
    return [row for _, row in sorted(found.items()) if any(value for key, value in row.items() if key not in _BLANK)]


def _hosts(post: QueryDict, form: str, stored: Sequence[Mapping[str, Any]], project: Project) -> list[dict[str, Any]]:
    keys = [*(column.key for column in HOST_COLUMNS), "action", "resource", "backup", "base"]
    rows: list[dict[str, Any]] = [dict(row) for row in _rows(post, "h", keys)]
    if len(rows) > MAX_HOSTS:
        raise ValueError(f"主机清单最多 {MAX_HOSTS} 行，现在 {len(rows)} 行；规格相同的合成一行填台数")
    if form == "changes":
        now = changing.currents({row["resource"] for row in rows if row.get("resource")}, project)
        earlier = {str(row.get("resource") or ""): row["before"] for row in stored if row.get("before")}
        for row in rows:
            base, code = _base(row.pop("base", "")), row.get("resource", "")
            if code in now:
                # 人照着改的是页面上的现状，不是存的这一刻的：台账其间变了，提交前点得出来
                row["before"] = base or earlier.get(code) or now[code]
    return rows


def _base(text: str) -> dict[str, str]:
    """页面带回的现状；没有带、不成样子的为空。"""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    keys = {*touching.LEDGER, "count", "architecture"}
    return {k: v for k, v in found.items() if k in keys and isinstance(v, str)} if isinstance(found, dict) else {}


def _services(post: QueryDict, stored: Mapping[str, Any]) -> dict[str, Any]:
    services: dict[str, str] = {}
    reasons: dict[str, str] = {}
    changes: dict[str, dict[str, str]] = {}
    for name, value in post.items():
        kind, _, code = name.partition(":")
        text = _clean(code, str(value))
        if kind == "tick":
            services[code] = _clean(code, str(post.get(f"qty:{code}", "")))
        elif kind == "why" and text:
            reasons[code] = text
        elif kind == "new" and not text and code in stored and f"again:{code}" in post:
            # 起草以后台账变了、等人重填的：没有重填以前照旧，提交时还会点名
            changes[code] = stored[code]
        elif kind == "new" and text != post.get(f"old:{code}", ""):
            changes[code] = {
                "quantity": text,
                "before": str(post.get(f"old:{code}", ""))[:20],
                "resource": str(post.get(f"res:{code}", ""))[:64],
                "note": _clean(code, str(post.get(f"note:{code}", ""))),
            }
    return {"services": services, "unticked": reasons, "service_changes": changes}


def shown(value: Any) -> str:
    """给人看的一栏。"""
    if isinstance(value, list):
        return "、".join(map(str, value)) or "—"
    return str(value) if value not in (None, "") else "—"


def totals(rows: Iterable[Mapping[str, Any]]) -> dict[str, Decimal]:
    """合计：台、核、GB、TB；填得不对的格子当 0。"""
    result = {"台": Decimal(0), "核": Decimal(0), "GB": Decimal(0), "TB": Decimal(0)}
    for row in rows:
        if row.get("action") == "释放":
            continue
        count = _number(row.get("count")) or Decimal(0)
        result["台"] += count
        result["核"] += count * _number(row.get("cores"))
        result["GB"] += count * _number(row.get("memory"))
        result["TB"] += count * (_number(row.get("system_disk")) + _number(row.get("data_disk")))
    return result


def _number(value: Any) -> Decimal:
    try:
        found = decimal(value)
    except ValueError:
        return Decimal(0)
    return found if abs(found) < 10**9 else Decimal(0)


def quantities(content: Mapping[str, Any], known: Mapping[str, Item]) -> dict[str, Decimal]:
    """表单折成目录项的数量，供估算；变更只算新增和变更后的，变更的照这台主机在用的目录项。"""
    changes = content.get("changes") or []
    rows = [_host(row) for row in [*(content.get("hosts") or []), *changes] if row.get("action", "新增") == "新增"]
    altered = [row for row in changes if row.get("action") == "变更"]
    segments = changing.live({str(row.get("resource") or "") for row in altered}) if altered else {}
    held = [changing.quantities(row, segments.get(str(row.get("resource") or ""), [])) for row in altered]
    result = combined([host_quantities(rows, str(content.get("architecture") or "X86"), known), *held])
    for code, amount in (content.get("services") or {}).items():
        result[code] = result.get(code, Decimal(0)) + _number(amount)
    for code, row in (content.get("service_changes") or {}).items():
        result[code] = result.get(code, Decimal(0)) + _number(row.get("quantity"))
    return {code: amount for code, amount in result.items() if amount}


def deltas(content: Mapping[str, Any], known: Mapping[str, Item]) -> list[tuple[str, dict[str, Decimal]]]:
    """变更表逐行的增减：（资源编号，新增的为空，{目录项: 增减量}）；变更是新减旧，释放为负（D62-六(二)）。"""
    architecture = str(content.get("architecture") or "X86")
    rows = content.get("changes") or []
    codes = {str(row.get("resource") or "") for row in rows if row.get("action") != "新增"}
    segments = changing.live(codes) if codes else {}
    found = []
    for row in rows:
        if row.get("action") == "新增":
            found.append(("", host_quantities([_host(row)], architecture, known)))
            continue
        resource = str(row.get("resource") or "")
        held = segments.get(resource, [])
        after = {} if row.get("action") == "释放" else changing.quantities(row, held)
        found.append((resource, _less(after, {one.item.code: one.quantity for one in held})))
    for code, row in (content.get("service_changes") or {}).items():
        was = {code: _number(row.get("before"))}
        found.append((str(row.get("resource") or ""), _less({code: _number(row.get("quantity"))}, was)))
    return [(resource, moved) for resource, moved in found if moved]


def _less(after: Mapping[str, Decimal], before: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return combined([after, {code: -amount for code, amount in before.items()}])


def _host(row: Mapping[str, Any]) -> dict[str, object]:
    numbers = {key: _number(row.get(key)) for key in ("cores", "memory", "system_disk", "data_disk", "count")}
    return {**numbers, "type": row.get("type"), "ssd": row.get("ssd") == "是"}


def current(resource: Resource) -> dict[str, str]:
    """台账里这台主机的现状，写成主机清单一行的样子。"""
    return changing.current(resource, changing.live({resource.code}).get(resource.code, ()))
