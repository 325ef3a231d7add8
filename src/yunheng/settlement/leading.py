"""结算一章看得出的考核线索（R-091）：反馈为“差”的服务水平，裁定或对账认定服务商没有照流程办的差异。"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from functools import partial
from urllib.parse import quote

from django.db.models.fields.json import KT

from yunheng.assessment.leading import Files, Lead, reference_of, register_doubt, register_source
from yunheng.ledger.effective import effective
from yunheng.ledger.models import Action, Fact, Received, Resource
from yunheng.metering.differences import NAMES
from yunheng.orgs.models import Institution
from yunheng.rules.periods import year_end
from yunheng.settlement import disputing, queries
from yunheng.settlement.models import Difference, Handling, Run, ServiceFeedback
from yunheng.settlement.runs import unread

#: 算线索的差异 → 为什么像“制度执行有效性”。错报瞒报（D）说的是故障上报，工单、台账的不实归流程执行
_BREACHES = {
    "D2": "没有审核通过的申请就办了（D62-六）",
    "D3": "办的数量与审核通过的不同（D62-六）",
    "D4": "没有审核通过先办了（D62-六）",
    "D5": "工单写了办完，平台上没有（D62-七）",
    "D6": "工单写的日子与平台首见不符（D62-七）",
    "D7": "没有注销的单据，资源先没有了（D62-六(三)）",
    "D8": "审核注销以后没有按期释放（D62-六(三)）",
    "D13": "没有单据、没有工单，平台上有资源（D62-六）",
}
#: 阻断的：区科创中心裁定“不计费”才算服务商的；先办后批裁定认可了，也还是先办了
_DENIED = ("D3", "D5", "D6", "D7")
_BEFOREHAND = "D4"
_PLAIN = ("D2", "D8", "D13")
#: 一种差异最多看几条：多出来的先办完这些，或到差异页看
_MOST = 1000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_BAD = "差"


def feedback(year: int, on: date) -> Iterator[Lead]:
    """各家最近一次服务反馈是“差”的：其他渠道的投诉（B）。"""
    del on
    latest = ServiceFeedback.objects.filter(service_year=year).order_by("provider", "-pk").distinct("provider")
    for one in latest.select_related("provider"):
        if one.level == _BAD:
            yield Lead(
                source="服务反馈",
                provider=one.provider,
                indicator="B",
                why="向市里反馈的服务水平为“差”",
                on=min(one.on, year_end(year) - timedelta(days=1)),
                text=f"{one.on} 服务反馈：{one.text[:400]}",
                reference=reference_of("服务反馈", str(one.pk)),
                href="/settlement/handover/",
            )


def differences(year: int, on: date) -> Iterator[Lead]:
    """最近一次计量的差异：服务商没有照流程办的（F）。一张工单（没有的看单据、资源）算一起。"""
    del on
    run = queries.latest_run(year)
    if run is None:
        return
    found = disputing.with_steps(run, _rows(run))
    owners = _owners(found)
    seen: set[str] = set()
    for one in found:
        ruled, provider = one.ruled, owners.get(one.resource)
        # 只有一段日子裁定不计费的也算：不看最近的一条，看各段
        denied = any(span.ruling == Handling.WAIVE for span in one.spans)
        if provider is None or (one.code in _DENIED and not denied):
            continue
        if one.code == _BEFOREHAND and ruled is None:
            continue
        matter = one.order or one.form or one.resource
        happened, reference = _day(one), reference_of(one.code, matter)
        if happened is None or f"{provider.pk}/{reference}" in seen:
            continue
        seen.add(f"{provider.pk}/{reference}")
        said = f"；{ruled.on} 裁定{one.stated}：{ruled.text[:100]}" if ruled else ""
        yield Lead(
            source="对账差异",
            provider=provider,
            indicator="F",
            why=_BREACHES[one.code],
            on=happened,
            text=f"{one.code} {one.resource}：{one.note}{said}"[:500],
            reference=reference,
            href=f"/settlement/runs/{run.pk}/differences/?code={one.code}&q={quote(matter)}",
            attach=partial(_attached, ruled),
        )


def _attached(ruled: Handling | None) -> Files:
    """裁定附的证据。"""
    file = ruled.file if ruled else None
    return ((file.name, bytes(file.content)),) if file else ()


def _rows(run: Run) -> Sequence[Difference]:
    every = queries.differences_of(run)
    found: list[Difference] = []
    # 裁过的，只裁了一段日子的也在内
    ruled = disputing.ever_ruled(run, every)
    for code in (*_DENIED, _BEFOREHAND):
        found += ruled.filter(code=code).order_by("seq")[:_MOST]
    for code in _PLAIN:
        found += every.filter(code=code).order_by("seq")[:_MOST]
    return found


def _owners(found: Sequence[Difference]) -> dict[str, Institution]:
    """资源 → 哪家的：台账里有的照台账，没有的看是哪家平台报来的（算数的收件）。"""
    codes = {one.resource for one in found if one.resource}
    owners = {one.code: one.provider for one in Resource.objects.filter(code__in=codes).select_related("provider")}
    sent = effective(Received.objects.filter(kind__in=("工单", "日志"))).alias(code=KT("payload__资源"))
    for one in sent.filter(code__in=sorted(codes - set(owners))).select_related("source__provider").order_by("pk"):
        owners.setdefault(one.payload["资源"], one.source.provider)
    return owners


def _day(one: Difference) -> date | None:
    """哪天的事：说明里写着的头一个日子（提前消失看末见）；没写的看台账上这一条哪天生效。"""
    days = [date.fromisoformat(text) for text in _DAY.findall(one.note)]
    if days:
        return days[-1] if one.code == "D7" else days[0]
    facts = Fact.objects.filter(resource__code=one.resource, item__code=one.item, voided_by=None)
    if one.order:
        facts = facts.filter(order=one.order)
    return facts.exclude(action=Action.VOID).order_by("effective_on").values_list("effective_on", flat=True).first()


def incomplete(year: int) -> str:
    """对账差异的线索为什么可能没有列全：没有计量过，或最近的计量以后又收到平台数据；列全了的为空。"""
    if queries.latest_run(year) is None:
        return f"{year} 服务年度还没有计量过，对账差异的线索还列不出来：先计量，再送出、审定"
    if found := unread.pending(year):
        return f"{found.text}；照现在的计量一次，对账差异的线索才列得全"
    return ""


def register() -> None:
    """登记给考核用。"""
    register_doubt(incomplete)
    assert all(int(code[1:]) in NAMES for code in _BREACHES)
    register_source(feedback)
    register_source(differences)
