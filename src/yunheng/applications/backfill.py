"""补录（R-084）：照原件登记已办完的申请、变更、注销和它们的工单；保留原单号，不跳过检查，当时没有的关口写明。"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.cases.numbering import reserve_number
from yunheng.cases.operations import Doing, act, open_case, register_guard
from yunheng.catalog.models import Item
from yunheng.ledger.charging import register_kinds
from yunheng.ledger.models import Channel, Project
from yunheng.ledger.operations import Line, record, register_listed
from yunheng.ledger.receiving import receive, source_of
from yunheng.orgs.models import Institution
from yunheng.rules.digest import canonical, sm3

from .models import Backfill, Filing
from .receipts import stop_day

KINDS = ("首次申请", "变更", "注销")
#: 过去没有、现在有的关口：补录时记明，结算时看得到
MISSING_GATES = {
    "首次申请": ("本单位负责人在系统里签批", "测试验证", "安全六项（R-101）"),
    "变更": ("本单位负责人在系统里签批", "云服务商在系统里确认（R-036）", "20% 上限（R-037）"),
    "注销": ("本单位负责人在系统里签批", "备份迁移确认（R-107）"),
}

#: 释放就是整项不要：写了数量的多半是想减一部分，照释放记就把整项停了
RELEASED = "释放不填数量；只减一部分的请写变更和变更以后的数量"


@dataclass(frozen=True)
class Entry:
    """单据上的一条：资源、目录项、动作、动作之后的数量（释放为空）。"""

    resource: str
    item: str
    action: str
    quantity: Decimal | None


@dataclass(frozen=True)
class Order:
    """平台工单：号、资源、目录项、动作、数量、完成日期。"""

    number: str
    resource: str
    item: str
    action: str
    quantity: Decimal | None
    done_on: date


def backfill(
    *,
    actor: Actor,
    on: date,
    number: str,
    kind: str,
    project: Project,
    provider: Institution,
    reviewed_on: date,
    entries: Sequence[Entry],
    orders: Sequence[Order] = (),
    known: Mapping[str, Item] | None = None,
    batch: Backfill | None = None,
) -> Case:
    """登记一张已办完的单据。单号重复、资源属于别的项目、目录项不存在、释放写了数量抛 Refused，什么都不写。

    `batch` 是它属于哪一次整批补录。
    """
    if Case.objects.filter(number=number).exists():
        raise Refused([f"单号 {number} 已经登记过（R-084）"])
    said: list[Entry | Order] = [*entries, *orders]
    if wrong := [one for one in said if one.action == "释放" and one.quantity]:
        raise Refused([f"{one.resource} 的 {one.item}：{RELEASED}（R-084）" for one in wrong])
    items = known or {item.code: item for item in Item.objects.all()}
    with unit_of_work(actor):
        case = open_case(
            actor=actor,
            on=on,
            procedure_code="backfill",
            unit=project.unit,
            subject=project.name,
            provider=provider,
            number=number,
            backfilled=True,
        )
        reserve_number(number)
        content: dict[str, Any] = {
            "kind": kind,
            "reviewed_on": reviewed_on.isoformat(),
            "provider": provider.code,
            "lines": [[e.resource, e.item, e.action, _text(e.quantity)] for e in entries],
        }
        Filing.objects.create(
            case=case, project=project, version=1, content=content, digest=sm3(canonical(content)), filed_on=reviewed_on
        )
        detail: dict[str, object] = {"missing_gates": list(MISSING_GATES.get(kind, ()))}
        if batch is not None:
            detail |= {"batch": batch.pk, "reason": batch.reason, "paper": batch.name}
        act(actor=actor, on=on, case=case, act_code="record", seen=0, detail=detail)
        _account(actor, on, case, project, provider, reviewed_on, entries, orders, items)
    return Case.objects.select_related("board").get(pk=case.pk)


def _text(quantity: Decimal | None) -> str:
    return "" if quantity is None else f"{quantity.normalize():f}"


def _account(
    actor: Actor,
    on: date,
    case: Case,
    project: Project,
    provider: Institution,
    reviewed_on: date,
    entries: Sequence[Entry],
    orders: Sequence[Order],
    items: Mapping[str, Item],
) -> None:
    """工单进收件箱；单据上的各条按工单的完成日（释放没有工单的按审核日）记台账。"""
    if orders:
        payloads = [
            (
                f"{order.number}/{order.resource}/{order.item}",
                {
                    "工单号": order.number,
                    "单号": case.number,
                    "资源": order.resource,
                    "目录项": order.item,
                    "动作": order.action,
                    "数量": _text(order.quantity),
                    "完成日期": order.done_on.isoformat(),
                },
            )
            for order in orders
        ]
        # 记在补录的来源名下：与平台自己送来的分得开，同一动作以平台送来的为准
        source = source_of(provider, Channel.BACKFILL)
        receive(actor=actor, on=on, source=source, kind="工单", items=payloads)
    # 多张工单对一条明细，取完成日最晚的，再按工单号最大（计量第 1 步）
    done = {(o.resource, o.item, o.action): o for o in sorted(orders, key=lambda order: (order.done_on, order.number))}
    stopped = stop_day(reviewed_on)
    lines = []
    for entry in entries:
        order = done.get((entry.resource, entry.item, entry.action))
        if order is None and entry.action != "释放":
            continue
        resource = register_listed(code=entry.resource, project=project, provider=provider, item=items[entry.item])
        lines.append(
            Line(
                resource,
                items[entry.item],
                entry.action,
                None if entry.action == "释放" else entry.quantity,
                order.done_on if order and entry.action != "释放" else stopped,
                order.number if order else "",
            )
        )
    if lines:
        record(actor=actor, on=on, lines=lines, case=case)


def _guard(doing: Doing) -> Iterator[str]:
    filing = Filing.objects.get(case=doing.case)
    if filing.content["kind"] not in KINDS:
        yield f"补录的种类只能是{'、'.join(KINDS)}（R-084）"
    if not filing.content["lines"]:
        yield "补录的单据没有明细（R-084）"
    if date.fromisoformat(filing.content["reviewed_on"]) > doing.on:
        yield f"审核日期 {filing.content['reviewed_on']} 还没到，不是已发生的（R-084）"
    codes = {line[1] for line in filing.content["lines"]}
    for code in sorted(codes - set(Item.objects.filter(code__in=codes).values_list("code", flat=True))):
        yield f"目录里没有 {code}（R-011）"


def register() -> None:
    """登记补录的关口；记账紧接着在同一事务里做。"""
    register_guard("backfill", _guard)
    register_kinds("backfill", kinds_of)


def kinds_of(cases: Collection[int]) -> dict[int, str]:
    """补录的各件事项是哪种单据，照最后一版原件写的（R-084）。"""
    latest = Filing.objects.filter(case__in=cases).order_by("case", "-version").distinct("case")
    return {case: kind for case, kind in latest.values_list("case", "content__kind") if kind}
