"""服务商的开通（实施）回执：照批准的内容逐行列好，填上平台资源编号、工单号、日期；检查后变成台账事实。"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from yunheng.cases.models import Case
from yunheng.cases.operations import Doing
from yunheng.catalog.models import Item
from yunheng.catalog.queries import host_quantities
from yunheng.catalog.queries import items as catalog_items
from yunheng.documents.annex1 import LABELS
from yunheng.ledger import zoning
from yunheng.ledger.arrivals import MAX_CODE, coded
from yunheng.ledger.matching import alike
from yunheng.ledger.models import Resource, Segment
from yunheng.ledger.operations import Line, register_resource
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import conventions_of
from yunheng.rules import periods

from . import changing, touching
from .amounts import decimal
from .checking import day
from .models import Filing

#: 回执里勾“核对过是另一台”的那一格，不是哪一行
ALIKE = "alike"
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{1,63}")


@dataclass(frozen=True)
class Row:
    """回执的一行：一个资源。`resource` 是建议或已知的编号；`zone`、`system` 变更的只有改了才有。

    新增的、服务项的，`quantities` 是各目录项动作之后的数量；变更主机的，`dimensions` 是动了的各维变更以后的量；
    `item` 是服务项的目录项：只动它，不碰记在同一编号上的别的。
    """

    key: str
    title: str
    kind: str
    action: str
    quantities: Mapping[str, Decimal]
    resource: str = ""
    zone: str = ""
    system: str = ""
    dimensions: Mapping[str, Decimal] = field(default_factory=dict)
    item: str = ""


def latest(case: Case) -> Filing:
    """最近提交的那一版。"""
    return Filing.objects.filter(case=case).select_related("project__unit").latest("version")


def rows(case: Case) -> list[Row]:
    """照批准的内容，回执应有的各行。"""
    return rows_of(case.procedure, latest(case), catalog_items())


def rows_of(procedure: str, filing: Filing, known: Mapping[str, Item]) -> list[Row]:
    """照这一版内容，回执应有的各行。"""
    content = filing.content
    architecture = str(content.get("architecture") or "X86")
    if procedure == "change":
        return list(_change_rows(content, architecture, known, filing.project.code))
    return list(_first_rows(content, architecture, known, filing.project.code))


def resource_code(case: Case, row: Row) -> str:
    """这一行的资源编号；服务商还没有填回执、没有平台编号的是“单号-行”，数据包和收件的归属都照它（R-052、R-075）。"""
    return row.resource or f"{case.number}-{row.key}"


def _describe(row: Mapping[str, Any]) -> str:
    parts = [f"{row.get('cores')} 核", f"{row.get('memory')} GB", f"系统盘 {row.get('system_disk')} TB"]
    if row.get("data_disk"):
        parts.append(f"数据盘 {row['data_disk']} TB" + ("（SSD）" if row.get("ssd") == "是" else ""))
    return f"{row.get('type')} " + " / ".join(parts)


def one_host(row: Mapping[str, Any], architecture: str, known: Mapping[str, Item]) -> dict[str, Decimal]:
    """一台主机的各目录项数量。"""
    return host_quantities([{**row, "count": 1, "ssd": row.get("ssd") == "是"}], architecture, known)


def _first_rows(
    content: Mapping[str, Any], architecture: str, known: Mapping[str, Item], project: str
) -> Iterator[Row]:
    for index, row in enumerate(content.get("hosts") or ()):
        for copy in range(int(decimal(row.get("count") or 1))):
            yield Row(
                f"h{index}.{copy}",
                f"第 {index + 1} 行 {_describe(row)}",
                str(row.get("type")),
                "新增",
                one_host(row, architecture, known),
                zone=str(row.get("zone") or ""),
                system=str(row.get("os") or ""),
            )
    for code, amount in (content.get("services") or {}).items():
        yield Row(
            f"s{code}",
            LABELS.get(code, code),
            "服务项",
            "新增",
            {code: decimal(amount)},
            resource=f"{project}-{code}",
            item=code,
        )


def _change_rows(
    content: Mapping[str, Any], architecture: str, known: Mapping[str, Item], project: str
) -> Iterator[Row]:
    for index, row in enumerate(content.get("changes") or ()):
        action = str(row["action"])
        kind, code = str(row.get("type") or "云主机"), str(row.get("resource") or "")
        zone, system = str(row.get("zone") or ""), str(row.get("os") or "")
        if action == "新增":
            for copy in range(int(decimal(row.get("count") or 1))):
                title = f"第 {index + 1} 行 新增 {_describe(row)}"
                quantities = one_host(row, architecture, known)
                yield Row(f"c{index}.{copy}", title, kind, action, quantities, zone=zone, system=system)
            continue
        keys = touching.touched(row) if action == "变更" else ()
        yield Row(
            f"c{index}.0",
            f"第 {index + 1} 行 {action} {code}" + (f" {touching.told(row)}" if keys else ""),
            kind,
            action,
            {},
            resource=code,
            zone=zone if "zone" in keys else "",
            system=system if "os" in keys else "",
            dimensions=touching.after(row) if action == "变更" else {},
        )
    for code, row in (content.get("service_changes") or {}).items():
        before, after = decimal(row.get("before")), decimal(row.get("quantity"))
        action = "释放" if not after else "变更" if before else "新增"
        yield Row(
            f"s{code}",
            f"{action} {LABELS.get(code, code)}",
            "服务项",
            action,
            {code: after} if after else {},
            resource=str(row.get("resource") or f"{project}-{code}"),
            item=code,
        )


def problems(doing: Doing) -> Iterator[str]:
    """回执的问题，逐行说明。"""
    filled: Mapping[str, Any] = doing.detail.get("rows") or {}  # type: ignore[assignment]
    approved = doing.position.visits[-1].since
    seen: dict[str, str] = {}
    every = rows(doing.case)
    near = {} if filled.get(ALIKE) else _alike(every, filled)
    for row in every:
        given = filled.get(row.key) or {}
        code = str(given.get("resource") or "").strip()
        # 补录的编号有中文、斜杠：变更、释放照批准的编号，只查新登记的写法
        if row.action == "新增" and not _CODE.fullmatch(code):
            yield f"{row.title}：资源编号应为字母、数字和 - . _ +，2 至 64 位，现在是“{code[:20]}”（R-051）"
        elif row.action != "新增" and code != row.resource:
            yield (
                f"{row.title}：批准的是 {row.resource}，填的是 {code}：变更、释放照批准的编号办，"
                "办的不是这一台请退回补正（D14-13，R-036、R-051）"
            )
        elif code in seen:
            yield f"{row.title}：资源编号 {code} 与“{seen[code]}”重复（R-051）"
        elif (
            row.action == "新增"
            and Resource.objects.filter(code=code).exclude(project=latest(doing.case).project).exists()
        ):
            yield f"{row.title}：资源编号 {code} 已属于别的项目（R-051）"
        elif row.action == "新增" and Segment.objects.filter(resource__code=code, during__upper_inf=True).exists():
            yield f"{row.title}：资源编号 {code} 正在用着，新增要用新的编号（R-051）"
        elif code in near:
            yield (
                f"{row.title}：资源编号 {code} 与台账已有的 {near[code]} 形近：是同一台的照原编号写，"
                "确是另一台的在下面勾“核对过是另一台”（R-051）"
            )
        seen[code] = row.title
        address = str(given.get("address") or "").strip()
        if address and (wrong := zoning.problem(doing.case.board.provider, address)):
            yield f"{row.title}：{wrong}"
        order = str(given.get("order") or "").strip()
        if not order:
            yield f"{row.title}：云管平台工单号不能为空（R-052）"
        elif not coded(order):
            yield f"{row.title}：云管平台工单号最多 {MAX_CODE} 个字，不能有换行、制表，现在是“{order[:20]}…”（R-052）"
        try:
            opened = day(given.get("on") or "")
        except ValueError as error:
            yield f"{row.title}：完成日期{error}"
            continue
        if opened < approved:
            yield f"{row.title}：完成日期 {opened} 早于审核通过日 {approved}，未经审核不得操作（D14-13，R-036）"
        elif opened > doing.on:
            yield f"{row.title}：完成日期 {opened} 还没到，今天是 {doing.on}"


def _alike(every: Iterable[Row], filled: Mapping[str, Any]) -> dict[str, str]:
    """新增的各行填的编号里，与台账已有的形近而不同的 → 已有的：照它登记成另一台，就重复计费。"""
    added = (str((filled.get(row.key) or {}).get("resource") or "").strip() for row in every if row.action == "新增")
    return alike({code for code in added if code})


def lines(doing: Doing) -> list[Line]:
    """回执变成台账的各条事实。"""
    filing = latest(doing.case)
    filled: Mapping[str, Any] = doing.detail["rows"]  # type: ignore[assignment]
    known, content = catalog_items(), filing.content
    expires = date.fromisoformat(content["expires_on"]) if content.get("expires_on") else None
    provider = doing.case.board.provider
    assert provider is not None
    stopped = stop_day(doing.position.visits[-1].since)
    result = []
    for row in rows(doing.case):
        given = filled[row.key]
        resource = register_resource(
            code=str(given["resource"]).strip(),
            project=filing.project,
            provider=_own_provider(row, known) or provider,
            kind=row.kind,
            name=row.title.partition("行 ")[2] or row.title,
            architecture=str(content.get("architecture") or "") if row.kind != "服务项" else "",
            zone=row.zone,
            system=row.system,
            address=str(given.get("address") or "").strip()[:64],
        )
        opened, order = date.fromisoformat(str(given["on"])), str(given["order"]).strip()
        # 临时的主机加一块盘，盘的到期日照主机的：变更自己不写到期日
        until = expires if row.action == "新增" else _expiry(resource)
        if row.action == "变更" and (row.system or row.zone):
            resource.system, resource.zone = row.system or resource.system, row.zone or resource.zone
            resource.save(update_fields=["system", "zone"])
        for code, action, quantity in moves(row, resource.code):
            effective = stopped if action == "释放" else opened
            kept = None if action == "释放" else until
            result.append(Line(resource, known[code], action, quantity, effective, order, kept))
    return result


def _expiry(resource: Resource) -> date | None:
    """资源在用的各项里最晚的到期日；不到期的为 None。"""
    live = Segment.objects.filter(resource=resource, during__upper_inf=True, expires_on__isnull=False)
    return live.order_by("-expires_on").values_list("expires_on", flat=True).first()


def _own_provider(row: Row, known: Mapping[str, Item]) -> Institution | None:
    """平台软件、软件授权有自己的服务商的，资源归那一家：价格、考核、付款都按它算（D62-四）。"""
    codes = [*row.quantities, *([row.item] if row.item in known else [])]
    return next((known[code].provider for code in codes if known[code].provider), None)


def moves(row: Row, resource: str) -> Iterator[tuple[str, str, Decimal | None]]:
    """这一行在台账上是哪几个动作：（目录项, 动作, 之后的数量）。没变的、没有动的格不算（D62-六(二)，R-036）。"""
    segments = changing.live({resource}).get(resource, [])
    if row.dimensions:
        yield from changing.moves(row.dimensions, segments)
        return
    held = {one.item.code: one.quantity for one in segments}
    for code, quantity in row.quantities.items():
        if row.action != "变更" or held.get(code) != quantity:
            yield code, "变更" if code in held else "新增", quantity
    if row.action == "释放":
        yield from ((code, "释放", None) for code in held if row.item in ("", code))


def stop_day(reviewed: date) -> date:
    """审核通过后第一个不计费的日子：释放不等服务商，照 K-10（D62-六(三)，R-039），同账上取服务年度首日的。"""
    return periods.billing_stop(reviewed, conventions_of(periods.service_year_of(reviewed))["K-10"])
