"""页面上的格子和表单内容互转：解析提交；合计；从台账取现状。"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from yunheng.catalog.models import Item
from yunheng.catalog.queries import host_quantities
from yunheng.documents.annexes import MACHINE_COLUMNS
from yunheng.ledger.models import Project, Resource, Segment
from yunheng.orgs.reading import whole_of

from .amounts import combined, decimal
from .checking import MAX_HOSTS, clean_text
from .sections import HOST_COLUMNS, Section

_BLANK = {"type", "ssd"}
MACHINE_KEYS = ("owned", *(key for key, _ in MACHINE_COLUMNS))
QUOTA_KEYS = ("dimension", "amount", "from_month", "until_month")


def parse(part: Section, post: QueryDict, current: Mapping[str, Any]) -> dict[str, Any]:
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
        values[part.form] = _hosts(post, part.form)
    elif part.form == "machines":
        values["machines"] = _rows(post, "m", MACHINE_KEYS)
    elif part.form == "quota":
        values["quota"] = _rows(post, "q", QUOTA_KEYS)
    elif part.form == "services":
        values |= _services(post)
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
            found.setdefault(row, {})[parts[2]] = _clean(f"第 {row + 1} 行", str(value))
    return [row for _, row in sorted(found.items()) if any(value for key, value in row.items() if key not in _BLANK)]


def _hosts(post: QueryDict, form: str) -> list[dict[str, Any]]:
    keys = [column.key for column in HOST_COLUMNS]
    rows: list[dict[str, Any]] = [dict(row) for row in _rows(post, "h", [*keys, "action", "resource", "backup"])]
    if len(rows) > MAX_HOSTS:
        raise ValueError(f"主机清单最多 {MAX_HOSTS} 行，现在 {len(rows)} 行；规格相同的合成一行填台数")
    if form == "changes":
        held = Resource.objects.in_bulk([row["resource"] for row in rows if row.get("resource")], field_name="code")
        for row in rows:
            if resource := held.get(row.get("resource", "")):
                row["before"] = current(resource)
    return rows


def _services(post: QueryDict) -> dict[str, Any]:
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
    """表单折成目录项的数量，供估算；变更只算新增和变更后的。"""
    rows = [
        _host(row)
        for row in [*(content.get("hosts") or []), *(content.get("changes") or [])]
        if row.get("action") != "释放"
    ]
    result = host_quantities(rows, str(content.get("architecture") or "X86"), known)
    for code, amount in (content.get("services") or {}).items():
        result[code] = result.get(code, Decimal(0)) + _number(amount)
    for code, row in (content.get("service_changes") or {}).items():
        result[code] = result.get(code, Decimal(0)) + _number(row.get("quantity"))
    return {code: amount for code, amount in result.items() if amount}


def deltas(content: Mapping[str, Any], known: Mapping[str, Item]) -> list[tuple[str, dict[str, Decimal]]]:
    """变更表逐行的增减：（资源编号，新增的为空，{目录项: 增减量}）；变更是新减旧，释放为负（D62-六(二)）。"""
    architecture = str(content.get("architecture") or "X86")
    found = []
    for row in content.get("changes") or []:
        before = row.get("before") or {}
        own = str(row.get("architecture") or before.get("architecture") or architecture)
        after = {} if row.get("action") == "释放" else host_quantities([_host(row)], own, known)
        was = {} if row.get("action") == "新增" else host_quantities([_host(before)], own, known)
        resource = "" if row.get("action") == "新增" else str(row.get("resource") or "")
        found.append((resource, _less(after, was)))
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
    row = {
        "type": resource.kind,
        "count": "1",
        "os": resource.system,
        "zone": resource.zone,
        "architecture": resource.architecture,
    }
    keys = {
        "CPU 核": "cores",
        "内存 GB": "memory",
        "系统盘 TB": "system_disk",
        "数据盘 TB": "data_disk",
        "SSD TB": "data_disk",
    }
    for segment in Segment.objects.filter(resource=resource, during__upper_inf=True).select_related("item"):
        if key := keys.get(segment.item.dimension):
            row[key] = f"{segment.quantity.normalize():f}"
            if segment.item.dimension == "SSD TB":
                row["ssd"] = "是"
    return row


def held_services(project: Project) -> dict[str, Segment]:
    """项目在用的服务项：目录项 → 时段。"""
    live = Segment.objects.filter(resource__project=project, resource__kind="服务项", during__upper_inf=True)
    return {segment.item.code: segment for segment in live.select_related("item", "resource")}
