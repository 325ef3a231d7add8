"""从库里导出结算数据包：每张表从哪里来，一处一个函数；算法只在 metering。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count as CountRows

from yunheng.applications import receipts
from yunheng.applications.models import Filing
from yunheng.assessment.queries import counted, satisfaction
from yunheng.cases.models import Case
from yunheng.cases.queries import position
from yunheng.catalog.models import CityUsage, Item, Price, Tier
from yunheng.ledger.models import Action, Fact, Project, Received, Resource
from yunheng.metering.format import MANIFEST_FORMAT, MANIFEST_VERSION
from yunheng.orgs.models import Institution, Kind, Nature
from yunheng.orgs.queries import chosen_conventions
from yunheng.rules import conventions, periods
from yunheng.rules.digest import canonical, sm3
from yunheng.rules.workdays import published_workday

from .models import Handling

Rows = list[dict[str, str]]
_KINDS = {
    Kind.USING_UNIT: "使用单位",
    Kind.PROVIDER: "云服务商",
    Kind.OPERATOR: "运行管理单位",
    Kind.AUTHORITY: "主管部门",
    Kind.THIRD_PARTY: "第三方机构",
    Kind.FINANCE: "财政部门",
}
_NATURES = {Nature.DISTRICT: "区级", Nature.TOWN: "街镇", Nature.NON_BUDGET: "非预算"}
#: 哪类事项是哪种单据；不在里面的（配额、对接、延期）不产生资源
_FORMS = {
    "new": "首次申请",
    "migration": "首次申请",
    "development": "首次申请",
    "emergency": "首次申请",
    "temporary": "首次申请",
    "change": "变更",
    "deregistration": "注销",
}
#: 过了这一步之前的全部审核，才轮到服务商动手：第一次到这一步的日子就是审核通过日
_APPROVED = "deliver"
#: 同一动作的工单有几个来源时取哪个：平台自己送来的，补录的，服务商回执带出来的
_RANKS = {"补录": 1, "回执": 2}


def manifest(year: int, district: str, cutoff: date | None = None) -> dict[str, Any]:
    """`数据包.json`：服务年度、区、截止日，和与默认不同的口径（按服务年度首日的决定）。"""
    chosen = chosen_conventions(periods.service_year(year).start)
    special = {code: chosen[code] for code, default in conventions.defaults().items() if chosen[code] != default}
    content: dict[str, Any] = {
        "格式": MANIFEST_FORMAT,
        "版本": MANIFEST_VERSION,
        "服务年度": year,
        "区": district,
    }
    if cutoff:
        content["数据截止日"] = cutoff.isoformat()
    if special:
        content["口径"] = special
    return content


def tables(year: int) -> dict[str, Rows]:
    """数据包的各表。单据、工单、日志都是全部历史，算哪一年由算法按日期定。"""
    forms, details, split = _forms()
    return {
        "机构": list(_institutions()),
        "目录": list(_catalog()),
        "阶梯": list(_tiers()),
        "全市用量": list(_city_usage()),
        "项目": list(_projects()),
        "单据": forms,
        "单据明细": details,
        "工单": list(_orders(split)),
        "日志": list(_logs()),
        "用量": list(_usage()),
        "考核": list(_occurrences(year)),
        "满意度": list(_satisfaction(year)),
        "差异裁定": list(_rulings(year)),
        "日历": list(_calendar(year)),
    }


def counts() -> list[tuple[str, int]]:
    """库里现有多少可导出的，给页面看。"""
    received = Received.objects.values_list("kind").annotate(number=CountRows("pk"))
    return [
        ("项目", Project.objects.count()),
        ("单据", Filing.objects.filter(case__procedure__in=[*_FORMS, "backfill"]).values("case").distinct().count()),
        *((f"{kind}（收件）", number) for kind, number in sorted(received)),
    ]


def _text(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"


def _institutions() -> Iterator[dict[str, str]]:
    for one in Institution.objects.filter(kind__in=_KINDS).order_by("code"):
        nature = _NATURES[Nature(one.nature)] if one.nature else ""
        yield {"代码": one.code, "名称": one.name, "类型": _KINDS[Kind(one.kind)], "预算性质": nature}


def _catalog() -> Iterator[dict[str, str]]:
    for price in Price.objects.select_related("item", "provider").order_by("item__code", "provider__code", "during"):
        item = price.item
        yield {
            "目录项": item.code,
            "类别": item.category,
            "名称": item.name,
            "计价单位": item.unit,
            "计价方式": item.pricing,
            "计费周期": item.cycle,
            "单价": _text(price.unit_price),
            "生效日期": price.during.lower.isoformat(),
            "失效日期": price.during.upper.isoformat() if price.during.upper else "",
            "服务商": price.provider.code if price.provider else "",
            "级别": item.level,
            "日志": "有" if item.logged else "无",
        }


def _tiers() -> Iterator[dict[str, str]]:
    latest = Tier.objects.order_by("item", "service_year", "-version").distinct("item", "service_year")
    versions = {(tier.item_id, tier.service_year): tier.version for tier in latest}
    for tier in Tier.objects.select_related("item").order_by("item__code", "service_year", "start"):
        if versions[tier.item_id, tier.service_year] == tier.version:
            yield {
                "目录项": tier.item.code,
                "服务年度": str(tier.service_year),
                "方式": tier.mode,
                "起": _text(tier.start),
                "止": _text(tier.until),
                "单价": _text(tier.unit_price),
            }


def _city_usage() -> Iterator[dict[str, str]]:
    latest = CityUsage.objects.order_by("item__code", "service_year", "-version").distinct("item__code", "service_year")
    for usage in latest.select_related("item"):
        yield {"目录项": usage.item.code, "服务年度": str(usage.service_year), "全市总量": _text(usage.total)}


def _projects() -> Iterator[dict[str, str]]:
    for one in Project.objects.select_related("unit").order_by("code"):
        yield {"项目": one.code, "名称": one.name, "单位": one.unit.code, "费用归属": one.funding}


#: （单号, 资源）→ 分出来的单号：一件申请里别家服务商的资源
_Split = dict[tuple[str, str], str]


def _forms() -> tuple[Rows, Rows, _Split]:
    """单据和明细：审核通过了的申请、变更、注销，和补录的。

    一张单据只能归一家服务商；一件申请里平台软件另有服务商的，分成“单号/服务商代码”的另一张。
    """
    forms: Rows = []
    details: Rows = []
    split: _Split = {}
    owners = dict(Resource.objects.values_list("code", "provider__code"))
    services = dict(Item.objects.exclude(provider=None).values_list("code", "provider__code"))
    filings = {f.case_id: f for f in Filing.objects.select_related("project").order_by("case_id", "version")}
    facts = _facts()
    cases = Case.objects.filter(procedure__in=[*_FORMS, "backfill"], pk__in=filings).select_related("board__provider")
    for case in cases.prefetch_related("events").order_by("number"):
        filing = filings[case.pk]
        if case.procedure == "backfill":
            kind, reviewed = filing.content["kind"], filing.content["reviewed_on"]
            moves: Iterable[tuple[str, str, str, str]] = filing.content["lines"]
        else:
            on = _reviewed(case)
            if on is None:
                continue
            kind, reviewed = _FORMS[case.procedure], on.isoformat()
            moves = facts.get(case.pk) or list(_planned(case))
        provider = case.board.provider
        if provider is None:
            continue
        seen: set[str] = set()
        for resource, item, action, quantity in moves:
            owner = owners.get(resource) or services.get(item) or provider.code
            number = case.number if owner == provider.code else f"{case.number}/{owner}"
            if owner not in seen:
                seen.add(owner)
                forms.append(
                    {"单号": number, "种类": kind, "项目": filing.project.code, "服务商": owner, "审核日期": reviewed}
                )
            if number != case.number:
                split[case.number, resource] = number
            details.append({"单号": number, "资源": resource, "目录项": item, "动作": action, "数量": quantity})
    return forms, details, split


def _reviewed(case: Case) -> date | None:
    """审核通过日：第一次轮到服务商动手的日子；还没通过、没有通过为 None。"""
    events = sorted(case.events.all(), key=lambda event: event.seq)
    return next((visit.since for visit in position(case, events).visits if visit.step == _APPROVED), None)


def _facts() -> Mapping[int, list[tuple[str, str, str, str]]]:
    """各事项记进台账的动作；作废了的不算。"""
    voided = Fact.objects.filter(action=Action.VOID).values("voids")
    found: dict[int, list[tuple[str, str, str, str]]] = {}
    rows = (
        Fact.objects.filter(case__procedure__in=_FORMS)
        .exclude(action=Action.VOID)
        .exclude(pk__in=voided)
        .order_by("pk")
        .values_list("case", "resource__code", "item__code", "action", "quantity")
    )
    for case, resource, item, action, quantity in rows.iterator(chunk_size=5000):
        found.setdefault(case, []).append((resource, item, action, _text(quantity)))
    return found


def _planned(case: Case) -> Iterator[tuple[str, str, str, str]]:
    """审核通过、服务商还没有填回执的：照批准的内容列，没有平台编号的用“单号-行”，对账时是无工单（D1）。"""
    for row in receipts.rows(case):
        resource = row.resource or f"{case.number}-{row.key}"
        for item, action, quantity in receipts.moves(row, resource):
            yield resource, item, action, _text(quantity)


def _orders(split: _Split) -> Iterator[dict[str, str]]:
    """工单：同一动作平台送来的优先；工单号在各处重复的，用收件时的来源编号，保证唯一。"""
    received = list(
        Received.objects.filter(kind="工单").order_by("pk").values_list("source__code", "source_ref", "payload")
    )
    best: dict[tuple[str, ...], int] = {}
    for source, _, order in received:
        key, rank = _key(order), _rank(source)
        best[key] = min(best.get(key, rank), rank)
    # 接口和文件各送过一次的同一张，只算一张
    same = {sm3(canonical(row[2])): row for row in reversed(received) if best[_key(row[2])] == _rank(row[0])}
    kept = list(reversed(same.values()))
    times = Counter(str(order["工单号"]) for _, _, order in kept)
    for _, reference, order in kept:
        number = str(order["工单号"])
        form = split.get((order["单号"], order["资源"]), order["单号"])
        yield {**order, "单号": form, "工单号": number if times[number] == 1 else reference}


def _key(order: Mapping[str, str]) -> tuple[str, ...]:
    return order["单号"], order["资源"], order["目录项"], order["动作"]


def _rank(source: str) -> int:
    return _RANKS.get(source.rpartition("-")[2], 0)


def _logs() -> Iterator[dict[str, str]]:
    """平台日志：每个资源一行，几次送来的取最早的首见、最晚的末见。"""
    seen: dict[str, tuple[str, str]] = {}
    for log in Received.objects.filter(kind="日志").order_by("pk").values_list("payload", flat=True):
        first, last = seen.get(log["资源"], (log["首见日期"], log["末见日期"]))
        seen[log["资源"]] = (min(first, log["首见日期"]), max(last, log["末见日期"]))
    for resource, (first, last) in sorted(seen.items()):
        yield {"资源": resource, "首见日期": first, "末见日期": last}


def _usage() -> Iterator[dict[str, str]]:
    for usage in Received.objects.filter(kind="用量").order_by("pk").values_list("payload", flat=True):
        yield {name: usage[name] for name in ("资源", "目录项", "日期", "用量")}


def _occurrences(year: int) -> Iterator[dict[str, str]]:
    """算数的考核事件：复核认定不算的不导出。"""
    for one in counted(year):
        yield {"服务商": one.provider.code, "指标": one.indicator, "日期": one.on.isoformat(), "说明": one.text}


def _satisfaction(year: int) -> Iterator[dict[str, str]]:
    for provider, rate in sorted(satisfaction(year).items()):
        yield {"服务商": provider, "满意率": _text(rate)}


def _rulings(year: int) -> Iterator[dict[str, str]]:
    """最近的裁定。"""
    ruled = Handling.objects.filter(service_year=year, kind=Handling.RULE)
    for one in ruled.order_by("resource", "item", "code", "-pk").distinct("resource", "item", "code"):
        yield {"资源": one.resource, "目录项": one.item, "差异": one.code, "裁定": one.ruling, "说明": one.text}


def _calendar(year: int) -> Iterator[dict[str, str]]:
    """服务年度和其后半年里已公布的工作日安排；没公布的不写，重算的一方也照推定。"""
    day, until = periods.service_year(year).start, date(year + 2, 1, 1)
    while day < until:
        if (work := published_workday(day)) is not None:
            yield {"日期": day.isoformat(), "工作日": "是" if work else "否"}
        day += timedelta(days=1)
