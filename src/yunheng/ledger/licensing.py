"""软件授权的服务期限（M10-四(四)，R-022）：登记、届满前提醒、汇总现有总量供后续采购。"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from yunheng.audit.actor import SYSTEM, Actor
from yunheng.audit.append_only import newest
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, NotYours, Refused
from yunheng.cases.notifying import first_time, tell
from yunheng.catalog.models import Item
from yunheng.catalog.procuring import demanded
from yunheng.orgs.queries import scoped
from yunheng.rules import periods
from yunheng.rules.periods import last_day
from yunheng.rules.roles import Role

from .models import Fact, Licence, Resource, Segment

CATEGORY = "软件授权"
#: 届满前几个月起提醒：来得及赶下一轮采购
NOTICE_MONTHS = 3


def register(
    *,
    actor: Actor,
    on: date,
    resource: Resource,
    item: Item,
    from_on: date,
    until_on: date,
    document: str,
    correction: str = "",
) -> Licence:
    """登记（续、更正）一个资源上一项授权的服务期限；不是授权类、没有在用、期限倒置的抛 Refused。

    `correction` 是更正的理由：上一条登错了，止日可以改早；原来的一条留着。
    """
    if actor.role not in (Role.PROVIDER, Role.REVIEWER) or (
        actor.role == Role.PROVIDER and actor.institution != resource.provider_id
    ):
        raise NotYours(["授权期限由提供的服务商或区科创中心登记（M10-四(四)，R-022）"])
    problems = []
    if item.category != CATEGORY:
        problems.append(f"{item.name}不是软件授权类，没有授权期限（M10-四(四)，R-022）")
    elif not Segment.objects.filter(resource=resource, item=item).exists():
        problems.append(f"{resource.code} 没有用过{item.name}（R-022）")
    if from_on >= until_on:
        problems.append(At("last_on", f"至（含）{last_day(until_on)} 早于起 {from_on}（R-022）"))
    if not document.strip():
        problems.append("写明依据：授权书、合同号（R-022）")
    last = newest(Licence.objects.filter(resource=resource, item=item))
    correction = correction.strip()[:200]
    if correction and last is None:
        problems.append(f"{resource.code} 的{item.name}还没有登记过期限，不用写更正理由（R-022）")
    elif correction and last and (from_on, until_on) == (last.from_on, last.until_on):
        span = f"{last.from_on} 至 {last_day(last.until_on)}（含）"
        problems.append(f"期限与已登记的 {span}相同，没有更正什么（R-022）")
    elif last is not None and not correction and until_on <= last.until_on:
        known = last_day(last.until_on)
        problems.append(f"已登记到 {known}（含），续期应更晚；上一条登错了要改早的，请写明更正理由（R-022）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        made = Licence.objects.create(
            resource=resource,
            item=item,
            from_on=from_on,
            until_on=until_on,
            document=document.strip()[:200],
            correction=correction,
            on=on,
            by=str(actor),
        )
        after = {"目录项": item.code, "起": str(from_on), "至（含）": str(last_day(until_on)), "依据": document}
        if correction and last:
            was = str(last_day(last.until_on))
            before = {"起": str(last.from_on), "至（含）": was, "依据": last.document}
            journal.note("更正授权期限", resource.code, before=before, after={**after, "理由": correction})
        else:
            journal.note("登记授权期限", resource.code, after=after)
    return made


def current(actor: Actor) -> QuerySet[Licence]:
    """看得到的现行授权期限，快到期的在前。"""
    latest = Licence.objects.order_by("resource", "item", "-pk").distinct("resource", "item").values("pk")
    found = Licence.objects.filter(pk__in=latest).select_related(
        "item", "resource__project__unit", "resource__provider"
    )
    return scoped(found, actor, unit="resource__project__unit", provider="resource__provider").order_by(
        "until_on", "pk"
    )


@dataclass(frozen=True)
class Total:
    """一项授权的总量：在用多少，其中几个月内到期的、没登记期限的各多少；最近一次采购征询里各单位要多少。"""

    item: Item
    quantity: Decimal
    expiring: Decimal
    undated: Decimal
    wanted: Decimal


def totals(on: date) -> list[Total]:
    """各项授权在用的总量和最近一次征询的需求总量（R-017、R-022：汇总供后续采购）；两样都没有的不列。"""
    until = {
        (resource, item): until_on
        for resource, item, until_on in Licence.objects.order_by("resource", "item", "-pk")
        .distinct("resource", "item")
        .values_list("resource", "item", "until_on")
    }
    soon = periods.add_months(on, NOTICE_MONTHS)
    rows: dict[int, list[Decimal]] = {}
    known: dict[int, Item] = {}
    live = Segment.objects.filter(item__category=CATEGORY, during__contains=on).select_related("item")
    for one in live:
        known[one.item_id] = one.item
        sums = rows.setdefault(one.item_id, [Decimal(0)] * 3)
        sums[0] += one.quantity
        ends = until.get((one.resource_id, one.item_id))
        if ends is None:
            sums[2] += one.quantity
        elif ends <= soon:
            sums[1] += one.quantity
    wanted = demanded()
    for item in Item.objects.filter(category=CATEGORY, code__in=wanted).exclude(pk__in=known):
        known[item.pk], rows[item.pk] = item, [Decimal(0)] * 3
    found = (
        Total(known[item], used, expiring, undated, wanted.get(known[item].code, Decimal(0)))
        for item, (used, expiring, undated) in rows.items()
    )
    return sorted(found, key=lambda one: one.item.code)


def remind(on: date) -> int:
    """届满前三个月、届满各提醒一次使用单位和区科创中心（R-022）。返回提醒几起。"""
    count = 0
    soon = periods.add_months(on, NOTICE_MONTHS)
    latest = Licence.objects.order_by("resource", "item", "-pk").distinct("resource", "item").values("pk")
    live = Licence.objects.filter(pk__in=latest, until_on__lte=soon).select_related(
        "item", "resource__project__unit", "resource__provider"
    )
    with unit_of_work(SYSTEM):
        for one in live:
            if not Segment.objects.filter(resource=one.resource, item=one.item, during__contains=on).exists():
                continue
            fact = Fact.objects.filter(resource=one.resource, item=one.item, case__isnull=False).order_by("pk").first()
            over = on >= one.until_on
            if fact is None or fact.case is None:
                continue
            if not first_time(fact.case, f"licence-{'over' if over else 'soon'}/{one.resource.code}/{one.pk}", on):
                continue
            ends = f"到 {last_day(one.until_on)}（含）{'为止，已届满' if over else '届满'}"
            text = f"{one.resource.code} 的{one.item.name}授权{ends}，请续期或纳入下一轮采购（R-022）"
            for role, holder in ((Role.CLERK, one.resource.project.unit), (Role.REVIEWER, None)):
                tell(case=fact.case, role=role, institution=holder, text=text, on=on, href="/licences/")
            count += 1
    return count
