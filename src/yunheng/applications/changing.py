"""附件3 变更的各行对着台账：动了的格是哪几个动作，用的还是资源在用的那些目录项；起草以后台账变了的点名。

起草时的现状记在每一行的 `before`，动没动照它比；今天的台账与它不同就是台账变了（D62-六(二)、附件3，R-036、R-037）。
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from yunheng.catalog.models import Item
from yunheng.documents.annex1 import LABELS
from yunheng.ledger.models import Project, Resource, Segment

from .checking import Problem
from .touching import COLUMNS, DIMENSIONS, LEDGER, PLAIN, SOLID, after, amount, moved, touched, unlike

_KEYS = {name: key for key, name in DIMENSIONS.items()} | {PLAIN: "data_disk", SOLID: "data_disk"}
_NAMES = {"CPU 核": "CPU", "内存 GB": "内存", "系统盘 TB": "系统盘", PLAIN: "数据盘", SOLID: "数据盘（SSD）"}
_CLAUSE = "D62-六(二)，R-036"


# ── 资源在用的各项 ──


def live(codes: Collection[str]) -> dict[str, list[Segment]]:
    """这些资源在用的各项。"""
    found: dict[str, list[Segment]] = defaultdict(list)
    running = Segment.objects.filter(resource__code__in=codes, during__upper_inf=True)
    for one in running.select_related("item", "resource").order_by("item__code"):
        found[one.resource.code].append(one)
    return found


def current(resource: Resource, segments: Iterable[Segment]) -> dict[str, str]:
    """台账里这台主机的现状，写成主机清单一行的样子；一维用着几项的合起来。"""
    row = {
        "type": resource.kind,
        "count": "1",
        "os": resource.system,
        "zone": resource.zone,
        "architecture": resource.architecture,
    }
    held: dict[str, Decimal] = {}
    for one in segments:
        if key := _KEYS.get(one.item.dimension):
            held[key] = held.get(key, Decimal(0)) + one.quantity
            if one.item.dimension == SOLID:
                row["ssd"] = "是"
    return row | {key: f"{quantity.normalize():f}" for key, quantity in held.items()}


def currents(codes: Collection[str], project: Project) -> dict[str, dict[str, str]]:
    """项目的这些资源今天的现状；台账没有登记的、别的项目的没有（R-001）。"""
    resources = Resource.objects.filter(code__in=codes, project=project)
    segments = live(codes) if codes else {}
    return {one.code: current(one, segments.get(one.code, ())) for one in resources}


def moves(wanted: Mapping[str, Decimal], segments: Sequence[Segment]) -> Iterator[tuple[str, str, Decimal | None]]:
    """动了的各维（`after`）在台账上是哪几个动作：（目录项, 动作, 之后的数量）。

    资源在用哪一项就改哪一项，不换级别、架构；没变的不算，说不清的（`obstacles`）不动。
    """
    for name, quantity in wanted.items():
        have = [one for one in segments if one.item.dimension == name]
        if len(have) > 1 or _mixed(name, segments):
            continue
        if not have:
            if quantity and (item := _item(name, segments)):
                yield item.code, "新增", quantity
        elif not quantity:
            yield have[0].item.code, "释放", None
        elif have[0].quantity != quantity:
            yield have[0].item.code, "变更", quantity


def obstacles(wanted: Mapping[str, Decimal], segments: Sequence[Segment]) -> Iterator[str]:
    """附件3 说不清该动哪一项的：没有在用的、一维用着几项、所用的目录没有这一项。"""
    if wanted and not segments:
        yield "台账里没有在用的各项，没有什么可以变更；要开通的请填新增"
        return
    told: set[str] = set()
    for name, quantity in wanted.items():
        both = _mixed(name, segments)
        have = [one for one in segments if one.item.dimension in ((PLAIN, SOLID) if both else (name,))]
        if len(have) > 1:
            shown = "、".join(sorted(f"{one.item.name} {one.quantity.normalize():f}" for one in have))
            if shown not in told:
                yield f"用着几项（{shown}），附件3 只有一格，说不清改哪一项；请先请区科创中心在台账上更正"
            told.add(shown)
        elif not have and quantity and _item(name, segments) is None:
            levels = "、".join(_levels(segments))
            yield f"这台用的是{levels}目录，目录里没有“{_NAMES[name]}”这一项，不能这样变更；请释放后另新增"


def _mixed(name: str, segments: Iterable[Segment]) -> bool:
    """普通盘、SSD 都用着，而要动的是盘。"""
    return name in (PLAIN, SOLID) and {PLAIN, SOLID} <= {one.item.dimension for one in segments}


def _levels(segments: Sequence[Segment]) -> list[str]:
    """在用的各项是哪几级目录的，CPU 的在前。"""
    first = sorted(segments, key=lambda one: (one.item.dimension != "CPU 核", one.item.code))
    return list(dict.fromkeys(one.item.level for one in first if one.item.dimension))


def _item(name: str, segments: Sequence[Segment]) -> Item | None:
    """这台主机没有用过的一维要用哪一项：只在它已经用着的级别、架构里找；没有在用的各项（别处先注销了）找不到。"""
    own = {one.item.architecture for one in segments} - {""} or {one.resource.architecture for one in segments}
    found = {(one.level, one.architecture): one for one in Item.objects.filter(dimension=name)}
    for level in _levels(segments):
        for architecture in (*sorted(own), ""):
            if item := found.get((level, architecture)):
                return item
    return None


def quantities(row: Mapping[str, Any], segments: Sequence[Segment]) -> dict[str, Decimal]:
    """变更以后这台主机各目录项的数量：没动的照台账。"""
    found = {one.item.code: one.quantity for one in segments}
    for code, _, quantity in moves(after(row), segments):
        found[code] = quantity or Decimal(0)
    return {code: quantity for code, quantity in found.items() if quantity}


# ── 起草以后台账变了 ──


@dataclass(frozen=True)
class Drift:
    """起草以后台账变了的一行：`moved` 是各格怎样变的，`mine` 是其中人改过、要重填的各格的话。"""

    section: str
    place: str
    what: str
    moved: tuple[str, ...]
    mine: tuple[str, ...] = ()

    def __str__(self) -> str:
        again = f"；{'、'.join(self.mine)} 是照旧数写的，要重填" if self.mine else ""
        return f"{self.what} 起草以后台账变了：{'、'.join(self.moved)}{again}"


def drifts(content: Mapping[str, Any], project: Project) -> list[Drift]:
    """变更表的各行里，起草时记下的现状与今天的台账不同的。"""
    rows = [(n, row) for n, row in enumerate(content.get("changes") or ()) if _held(row)]
    now = currents({str(row["resource"]) for _, row in rows}, project)
    found = []
    for index, row in rows:
        code = str(row["resource"])
        if (today := now.get(code)) is None:
            continue
        before, mine = row.get("before") or {}, touched(row) if row.get("action") == "变更" else ()
        if not (keys := unlike(LEDGER, before, today)):
            continue
        found.append(
            Drift(
                "changes",
                f"changes.{index}.{keys[0]}",
                f"第 {index + 1} 行 {code}",
                tuple(moved(key, before.get(key), today.get(key)) for key in keys),
                tuple(f"{COLUMNS[key].label}改的 {row.get(key) or '空'}" for key in keys if key in mine),
            )
        )
    services = content.get("service_changes") or {}
    held = held_services(project) if services else {}
    for code, row in services.items():
        old, have = amount(row.get("before")), held[code].quantity if code in held else Decimal(0)
        if old != have:
            asked = f"改的 {row['quantity']}" if amount(row.get("quantity")) else "改为释放"
            was = f"现有 {old.normalize():f}→{have.normalize():f}"
            found.append(Drift("services", f"services.{code}", LABELS.get(code, code), (was,), (asked,)))
    return found


def _held(row: Mapping[str, Any]) -> bool:
    """这一行动的是在用的资源，记着起草时的现状；没有记的释放是整个资源，没有可比的。"""
    if row.get("action") == "释放":
        return bool(row.get("resource") and row.get("before"))
    return bool(row.get("action") == "变更" and row.get("resource"))


def rebased(content: Mapping[str, Any], project: Project) -> dict[str, Any]:
    """照今天的台账摆回来的变更主机各行：没有动的格取今天的，动过而现状变了的空着等人重填；释放的整行取今天的。"""
    rows = [dict(row) for row in content.get("changes") or ()]
    now = currents({str(row["resource"]) for row in rows if _held(row)}, project)
    for row in rows:
        today = now.get(str(row.get("resource") or "")) if _held(row) else None
        if today is None:
            continue
        mine = touched(row) if row.get("action") == "变更" else ()
        for key in unlike(LEDGER, row.get("before") or {}, today):
            row[key] = "" if key in mine else today.get(key, "")
        row["before"] = today
    return {**content, "changes": rows}


def held_services(project: Project) -> dict[str, Segment]:
    """项目在用的服务项：目录项 → 时段。"""
    found = Segment.objects.filter(resource__project=project, resource__kind="服务项", during__upper_inf=True)
    return {segment.item.code: segment for segment in found.select_related("item", "resource")}


def problems(content: Mapping[str, Any], project: Project) -> Iterator[Problem]:
    """提交前照今天的台账查：台账变了的要核对后重存，说不清动哪一项的不收。"""
    for one in drifts(content, project):
        what = "请打开这一部分重填后保存" if one.mine else "没有动的格照今天的台账，请打开这一部分核对后保存"
        text = f"{one}；{what}"
        yield Problem(one.section, one.place, text, _CLAUSE)
    yield from _unclear(content, project)


def blocking(content: Mapping[str, Any], project: Project) -> Iterator[str]:
    """审核、实施时还不能办的：人改过的格，起草以后台账变了；说不清动哪一项的。没有动的格不产生动作，不拦。"""
    for one in drifts(content, project):
        if one.mine:
            yield f"{one}；请退回使用单位补正（{_CLAUSE}）"
    yield from map(str, _unclear(content, project))


def _unclear(content: Mapping[str, Any], project: Project) -> Iterator[Problem]:
    named = {str(row.get("resource") or "") for row in content.get("changes") or () if row.get("action") != "新增"}
    if others := Resource.objects.filter(code__in=named - {""}).exclude(project=project).values_list("code", flat=True):
        text = f"资源 {'、'.join(sorted(others)[:6])} 不是这个项目的，不能在这里变更、释放"
        yield Problem("changes", "changes", text, f"{_CLAUSE}、R-001")
    services = content.get("service_changes") or {}
    held = held_services(project) if services else {}
    for code, row in services.items():
        # 没有写的，回执照“项目-目录项”
        given = str(row.get("resource") or f"{project.code}-{code}")
        own = held[code].resource.code if code in held else ""
        taken = not own and Resource.objects.filter(code=given).exclude(project=project, kind="服务项").exists()
        if (own and given != own) or taken:
            name, right = LABELS.get(code, code), own or "新的编号"
            text = f"{name}的资源编号应是 {right}，交来的是“{given[:20]}”，请打开这一部分重新保存"
            yield Problem("services", f"services.{code}", text, _CLAUSE)
    rows = [(n, row, after(row)) for n, row in enumerate(content.get("changes") or ()) if row.get("action") == "变更"]
    segments = live({str(row.get("resource") or "") for _, row, _ in rows}) if rows else {}
    for index, row, wanted in rows:
        code = str(row.get("resource") or "")
        for text in obstacles(wanted, segments.get(code, [])):
            yield Problem("changes", f"changes.{index}.resource", f"第 {index + 1} 行 {code}：{text}", _CLAUSE)
