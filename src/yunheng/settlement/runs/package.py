"""从库里导出结算数据包：每张表从哪里来，一处一个函数；算法只在 metering。"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count as CountRows

from yunheng.applications.models import Filing
from yunheng.assessment.queries import counted, satisfaction
from yunheng.catalog.models import CityUsage, Price, Tier
from yunheng.ledger.countable import cell, garbled, included, trimmed
from yunheng.ledger.effective import alive
from yunheng.ledger.models import Project, Received
from yunheng.metering.borrowing import NOTE, borrowed_words
from yunheng.metering.format import MANIFEST_FORMAT, MANIFEST_VERSION
from yunheng.metering.frozen import NUMBERS
from yunheng.metering.writing import Chunks, Source
from yunheng.orgs.models import Institution, Kind, Nature
from yunheng.orgs.queries import conventions_of
from yunheng.rules import conventions, periods
from yunheng.rules.procedures import FORMS
from yunheng.rules.workdays import published_workday
from yunheng.settlement.rulings import exported
from yunheng.settlement.runs import moves, paths
from yunheng.settlement.runs.copying import copied

#: 末见不早于计至日（不含）以前这么多天的，还看得见：计至日前一天再让 D7 的容差
SEEN_DAYS = 1 + NUMBERS[MANIFEST_VERSION].tolerance_days
_KINDS = {
    Kind.USING_UNIT: "使用单位",
    Kind.PROVIDER: "云服务商",
    Kind.OPERATOR: "运行管理单位",
    Kind.AUTHORITY: "主管部门",
    Kind.THIRD_PARTY: "第三方机构",
    Kind.FINANCE: "财政部门",
}
_NATURES = {Nature.DISTRICT: "区级", Nature.TOWN: "街镇", Nature.NON_BUDGET: "非预算"}


def manifest(year: int, district: str, cutoff: date | None = None, *, provisional: bool = False) -> dict[str, Any]:
    """`数据包.json`：服务年度、区、截止日，和与默认不同的口径（按服务年度首日的决定）。

    `provisional` 见 `running.export`：有暂用上一年度的，逐项写在说明里，拿这个包离线重算的也看得到。
    """
    chosen = conventions_of(year)
    defaults = conventions.defaults(MANIFEST_VERSION)
    special = {code: chosen[code] for code, default in defaults.items() if chosen[code] != default}
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
    if provisional and (items := unpublished(year)):
        content[NOTE] = "\n".join(borrowed_words(item, year) for item in items)
    return content


def tables(year: int, *, provisional: bool = False, standing: Standing | None = None) -> dict[str, Source]:
    """数据包的各表，读到时才取；要在一个事务里。单据、工单、日志都是全部历史，算哪一年由算法按日期定。

    `provisional`、`standing` 见 `running.export`。
    """
    start = periods.service_year(year).start
    paths.gather()
    moves.gather((periods.billing_stop(start, conventions_of(year)["K-10"]) - start).days)
    return {
        "机构": _institutions(),
        "目录": _catalog(),
        "阶梯": _tiers(year, provisional),
        "全市用量": _city_usage(year, provisional),
        "项目": _projects(),
        "单据": moves.forms(),
        "单据明细": moves.details(),
        "工单": moves.orders(),
        "日志": _logs(year, standing),
        "用量": _usage(),
        "考核": _occurrences(year),
        "满意度": _satisfaction(year),
        "差异裁定": exported(year),
        "日历": _calendar(year),
    }


def rulings(year: int) -> dict[str, Source]:
    """只有差异裁定这一张表：看裁定变了没有，不必把别的表都读一遍。"""
    return {"差异裁定": exported(year)}


def light(year: int) -> dict[str, Source]:
    """只有几行、几十行的几张表，页面上也读得起：看变了没有用。"""
    return rulings(year) | tiered(year) | {"考核": _occurrences(year), "满意度": _satisfaction(year)}


def tiered(year: int) -> dict[str, Source]:
    """发布了的各档和全市用量，不暂用别的年度的。"""
    return {"阶梯": _tiers(year, provisional=False), "全市用量": _city_usage(year, provisional=False)}


def counts() -> list[tuple[str, int]]:
    """库里现有多少可导出的，给页面看。"""
    received = Received.objects.values_list("kind").annotate(number=CountRows("pk"))
    forms = Filing.objects.filter(case__procedure__in=[*FORMS, moves.BACKFILL])
    return [
        ("项目", Project.objects.count()),
        ("单据", forms.values("case").distinct().count()),
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


def _tiers(year: int, provisional: bool) -> Iterator[dict[str, str]]:
    latest = Tier.objects.order_by("item", "service_year", "-version").distinct("item", "service_year")
    versions = {(tier.item_id, tier.service_year): tier.version for tier in latest}
    borrowed = unpublished(year) if provisional else {}
    for tier in Tier.objects.select_related("item").order_by("item__code", "service_year", "start"):
        if versions[tier.item_id, tier.service_year] != tier.version:
            continue
        row = {
            "目录项": tier.item.code,
            "服务年度": str(tier.service_year),
            "方式": tier.mode,
            "起": _text(tier.start),
            "止": _text(tier.until),
            "单价": _text(tier.unit_price),
        }
        if tier.item.code in borrowed and tier.service_year == year:
            continue
        yield row
        if tier.item.code in borrowed and tier.service_year == year - 1:
            yield {**row, "服务年度": str(year)}


def _city_usage(year: int, provisional: bool) -> Iterator[dict[str, str]]:
    latest = CityUsage.objects.order_by("item__code", "service_year", "-version").distinct("item__code", "service_year")
    for usage in latest.select_related("item"):
        yield {"目录项": usage.item.code, "服务年度": str(usage.service_year), "全市总量": _text(usage.total)}
    for item, total in (unpublished(year) if provisional else {}).items():
        yield {"目录项": item, "服务年度": str(year), "全市总量": _text(total)}


def unpublished(year: int) -> dict[str, Decimal]:
    """这一年全市用量还没发布、上一年有的阶梯项 → 上一年的全市总量（R-019：年中暂按上年平均单价）。"""
    known = dict(
        CityUsage.objects.filter(service_year=year - 1)
        .order_by("item__code", "-version")
        .distinct("item__code")
        .values_list("item__code", "total")
    )
    published = set(CityUsage.objects.filter(service_year=year).values_list("item__code", flat=True))
    tiered = set(Tier.objects.filter(service_year=year - 1).values_list("item__code", flat=True))
    return {item: total for item, total in known.items() if item not in published and item in tiered}


def _projects() -> Iterator[dict[str, str]]:
    for one in Project.objects.select_related("unit").order_by("code"):
        yield {"项目": one.code, "名称": one.name, "单位": one.unit.code, "费用归属": one.funding}


def _logs(year: int, standing: Standing | None) -> Chunks:
    """平台日志：每个资源一行，几次送来的取最早的首见、最晚的末见；只看算数的（R-052）。

    有 `standing` 的，到那天（不含）为止没有提前消失（D7）的，末见当作服务年度末日；一家的日志没有送到那天的，
    是日志没有送来，不是都消失了，看到它送到的那天为止。
    """
    ended = "ended"
    if standing:
        end = periods.last_day(periods.year_end(year))
        reached = json.dumps({str(provider): last for provider, last in standing.sent.items()})
        seen = f"least('{standing.until}'::date, ('{reached}'::jsonb->>provider::text)::date + 1) - {SEEN_DAYS}"
        ended = f"CASE WHEN ended::date >= {seen} THEN greatest(ended, '{end}') ELSE ended END"
    return copied(
        f"SELECT code, began, {ended} FROM (SELECT {cell('r', '资源')} AS code, min({cell('r', '首见日期')}) AS began,"
        f" max({cell('r', '末见日期')}) AS ended, min(s.provider_id) AS provider"
        " FROM ledger_received AS r JOIN ledger_source AS s ON s.id = r.source_id"
        f" WHERE kind = '日志' AND {included('r')} GROUP BY 1) AS one ORDER BY 1"
    )


#: 在用的资源里，日志落后的多于这么多，就当作是日志没有送来
_LAGGING = 0.1
_SENT = f"""
SELECT provider, percentile_disc({_LAGGING}) WITHIN GROUP (ORDER BY ended) FROM (
    SELECT s.provider_id AS provider, max(r.payload->>'末见日期') AS ended
    FROM ledger_received AS r JOIN ledger_source AS s ON s.id = r.source_id
    JOIN ledger_resource AS h ON h.code = r.payload->>'资源'
    WHERE r.kind = '日志' AND {alive("r")} AND {garbled("r")} IS NULL
        AND EXISTS (SELECT FROM ledger_segment AS g WHERE g.resource_id = h.id AND upper_inf(g.during))
    GROUP BY 1, h.id
) AS one GROUP BY 1
"""


@dataclass(frozen=True)
class Standing:
    """预测照到哪天的现状：`until`（不含），和各家的平台日志送到了哪天（`sent_until`）。"""

    until: date
    sent: Mapping[int, str]


def sent_until() -> dict[int, str]:
    """各家的平台日志送到了哪天：服务商 → 在用的资源里九成的末见都不早于的那天。

    只先送来一两条新的不算送到了；个别资源不见了的，不当作整家没有送。
    """
    with connection.cursor() as cursor:
        cursor.execute(_SENT)
        return dict(cursor.fetchall())


def _usage() -> Chunks:
    """用量：只看算数的；两条路都送了的那一天，只取一条路的（`paths`），不相加（R-052、R-075）。"""
    return copied(
        f"SELECT {trimmed('r', '资源', '目录项', '日期', '用量')} FROM ledger_received AS r"
        f" WHERE kind = '用量' AND {included('r')} AND {paths.taken('r')} ORDER BY id"
    )


def _occurrences(year: int) -> Iterator[dict[str, str]]:
    """算数的考核事件：复核认定不算的不导出。"""
    for one in counted(year):
        yield {"服务商": one.provider.code, "指标": one.indicator, "日期": one.on.isoformat(), "说明": one.text}


def _satisfaction(year: int) -> Iterator[dict[str, str]]:
    for provider, rate in sorted(satisfaction(year).items()):
        yield {"服务商": provider, "满意率": _text(rate)}


def _calendar(year: int) -> Iterator[dict[str, str]]:
    """服务年度和其后半年里已公布的工作日安排；没公布的不写，重算的一方也照推定。"""
    day, until = periods.service_year(year).start, date(year + 2, 1, 1)
    while day < until:
        if (work := published_workday(day)) is not None:
            yield {"日期": day.isoformat(), "工作日": "是" if work else "否"}
        day += timedelta(days=1)
