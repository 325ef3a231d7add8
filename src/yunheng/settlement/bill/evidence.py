"""一条台账事实的证据：单据、审批、工单、平台日志、单价、条款，和它支持了哪些时段（R-051、R-076）。"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from django.db.models import Q

from yunheng.applications.models import Filing
from yunheng.audit.append_only import newest
from yunheng.cases.models import Case
from yunheng.cases.operations import act_name
from yunheng.catalog.models import CityUsage, Item, Price
from yunheng.catalog.queries import edition_on
from yunheng.ledger.adopting import passed_over
from yunheng.ledger.matching import BY_COUNT
from yunheng.ledger.models import Correction, Disposal, Fact, Received, Segment
from yunheng.ledger.queries import received
from yunheng.orgs.access import local_clock
from yunheng.orgs.models import Institution
from yunheng.rules import periods, rulebook
from yunheng.rules.money import UnitPrice
from yunheng.rules.periods import last_day
from yunheng.rules.procedures import procedure
from yunheng.settlement.models import Run


@dataclass(frozen=True)
class Evidence:
    """一件证据。`kind` 是哪一种；`lines` 是要紧的内容；`digest` 是 SM3；`lacking` 为真是该有而没有。"""

    kind: str
    title: str
    lines: tuple[str, ...] = ()
    digest: str = ""
    href: str = ""
    lacking: bool = False


def of(fact: Fact) -> list[Evidence]:
    """这条事实的证据，按发生的先后。"""
    found: list[Evidence] = []
    if fact.case:
        found += [*_filings(fact.case), *_approvals(fact.case)]
    else:
        found.append(Evidence("单据", "没有依据的事项", lacking=True))
    owner = fact.item.provider or fact.resource.provider
    price = price_on(fact.item, owner, fact.effective_on)
    return [
        *found,
        *_orders(fact),
        *_logs(fact),
        *_usage(fact),
        *_corrections(fact),
        price,
        _clauses(fact),
        _supports(fact),
    ]


def _filings(case: Case) -> list[Evidence]:
    filing = newest(Filing.objects.filter(case=case), "version")
    if filing is None:
        return [Evidence("单据", f"{case.number} 没有提交过的表", lacking=True)]
    name = procedure(case.procedure, case.version).name
    lines = (f"{case.unit.name} · {case.subject}", f"{filing.filed_on} 提交，第 {filing.version} 版")
    return [Evidence("单据", f"{name} {case.number}", lines, filing.digest, f"/cases/{case.number}/")]


def _approvals(case: Case) -> list[Evidence]:
    table = procedure(case.procedure, case.version)
    signed = tuple(
        f"{event.on} {event.institution} {event.name}：{act_name(case, event)}（{table.step(event.step).clause}）"
        for event in case.events.exclude(act__in=("transfer", "supervise", "recall")).order_by("seq")
        if event.step not in ("draft", "amend")
    )
    return [Evidence("审批", f"{len(signed)} 步办理", signed, href=f"/cases/{case.number}/")] if signed else []


def _orders(fact: Fact) -> list[Evidence]:
    orders = received("工单", fact.resource.code).filter(payload__目录项=fact.item.code, payload__动作=fact.action)
    if fact.case:
        number = fact.case.number
        orders = orders.filter(payload__单号__in=(number, f"{number}/{fact.resource.provider.code}", ""))
    every = list(orders)
    passed = passed_over(every[:_MOST])
    found = [
        Evidence(
            "工单",
            f"{one.payload['工单号']}（{one.source.code}）",
            (
                f"{one.payload['动作']} {one.payload['数量'] or ''}，{one.payload['完成日期']} 完成",
                f"{_arrived(one)}{_standing(one)}",
                *([passed[one.pk]] if one.pk in passed else []),
            ),
            one.digest,
        )
        for one in every[:_MOST]
    ]
    return [*found, *_unlisted("工单", len(every))] or [
        Evidence("工单", "没有对应的工单：对账时列为无工单（D1）", lacking=True)
    ]


def _arrived(one: Received) -> str:
    """什么时候收的，照本地的钟，同各页的收件。"""
    return f"{local_clock(one.recorded_at)} 收"


def _standing(one: Received) -> str:
    """这一件还算不算数：被哪一件更正，或怎样处理的。"""
    later = Received.objects.filter(corrects=one).first()
    disposal = newest(one.disposals.all())
    said = f"，由 {later.source_ref} 更正，照更正的算" if later else ""
    return f"{said}，{disposal.kind}：{disposal.reason}" if disposal else said


#: 工单、日志各列几件
_MOST = 10


def _unlisted(kind: str, number: int, most: int = _MOST) -> list[Evidence]:
    """没有列出来的写明还有几件。"""
    return [Evidence(kind, f"另有 {number - most} 件，后收的没有列")] if number > most else []


#: 用量的更正、认给列几件
_MOST_USAGE = 50
#: 一天的页上列几件日志
_LOGS = 20


@dataclass(frozen=True)
class Seen:
    """收到的一件平台日志：首见、末见、哪个来源；`standing` 是为什么不算数，或批次以后有什么变，空的就是照它算的。"""

    first: str
    last: str
    source: str
    standing: str


def logs_of(run: Run, resource: str) -> tuple[list[Seen], int]:
    """这个资源收到的平台日志，近的 `_LOGS` 件、先收的在前，和没有列的还有几件；更正、退回、作废的写明（R-052）。"""
    every = received("日志", resource).select_related("corrected_by").prefetch_related("disposals")
    rows = list(every)
    base = run.base or run
    return [
        Seen(one.payload["首见日期"], one.payload["末见日期"], one.source.code, _since(base, one))
        for one in rows[-_LOGS:]
    ], max(len(rows) - _LOGS, 0)


def _since(run: Run, one: Received) -> str:
    """对这一批来说，这一件算不算数。"""
    if one.recorded_at > run.recorded_at:
        return "这一批算了以后才收到，没有算进去"
    ended = []
    if later := getattr(one, "corrected_by", None):
        ended.append((later.recorded_at, f"由 {later.source_ref} 更正"))
    if (last := max(one.disposals.all(), key=lambda each: each.pk, default=None)) and last.kind in Disposal.DROPPED:
        ended.append((last.recorded_at, f"{last.kind}：{last.reason}"))
    before = [words for when, words in ended if when <= run.recorded_at]
    if before:
        return f"已{'，'.join(before)}，不算数"
    after = [words for _, words in ended]
    return f"这一批算了以后{'，'.join(after)}；这一批照它算的" if after else ""


def _usage(fact: Fact) -> list[Evidence]:
    """更正过的用量，原来的和更正的两条都列；账照最后有效的一条（R-052）。认给这个资源的、从它改到别处的都在。"""
    if fact.item.cycle != BY_COUNT:
        return []
    place = {"payload__资源": fact.resource.code, "payload__目录项": fact.item.code}
    here = Q(**place) | Q(**{f"corrects__{name}": value for name, value in place.items()})
    made = Received.objects.filter(here, kind="用量", corrects__isnull=False)
    every = list(made.select_related("corrects", "source", "made_by").order_by("pk"))
    found = []
    for one in every[:_MOST_USAGE]:
        old = one.corrects
        assert old
        assigned = getattr(one, "made_by", None)
        lines = (
            f"原件 {old.source_ref}，{_arrived(old)}，{old.digest}",
            f"{'认给' if assigned else '更正'} {one.source_ref}，{_arrived(one)}{_standing(one)}",
            *([f"认给的理由：{assigned.reason}（{assigned.on} {assigned.by}）"] if assigned else []),
        )
        title = f"{_used(old)} → {_used(one, old)}（{one.source.code}）"
        found.append(Evidence("用量认给" if assigned else "用量更正", title, lines, one.digest))
    return [*found, *_unlisted("用量更正", len(every), _MOST_USAGE)]


def _used(one: Received, old: Received | None = None) -> str:
    """一件用量：哪天、多少，改到哪个资源、哪一项；`old` 是原件，与它相同的不再写，只改了数的只写数。"""
    names = ("资源", "目录项", "日期")
    said = [one.payload[name] for name in names if old and one.payload[name] != old.payload[name]]
    if old is None:
        return f"{one.payload['日期']} 用量 {one.payload['用量']}"
    return f"{' '.join(said)} 用量 {one.payload['用量']}" if said else str(one.payload["用量"])


def _corrections(fact: Fact) -> list[Evidence]:
    """更正过的：这一条改成了什么，或是由哪一条改来的，理由和证据。"""
    made = Correction.objects.filter(Q(voided=fact) | Q(replacement=fact)).defer("content").order_by("pk")
    found = []
    for one in made.select_related("voided", "replacement"):
        new = _stated(one.replacement) if one.replacement else "作废"
        lines = (one.reason, f"{one.on} {one.by}", f"证据 {one.name}")
        href = f"/assets/{quote(fact.resource.code, safe='')}/corrections/{one.pk}/"
        found.append(Evidence("更正", f"{_stated(one.voided)} → {new}", lines, one.digest, href))
    return found


def _stated(fact: Fact) -> str:
    quantity = "" if fact.quantity is None else f" {fact.quantity.normalize():f}"
    return f"{fact.effective_on} {fact.action}{quantity}"


def _logs(fact: Fact) -> list[Evidence]:
    if not fact.item.logged:
        return [Evidence("日志", "这一项平台不记日志（目录注明）")]
    every = list(received("日志", fact.resource.code))
    found = [
        Evidence(
            "日志",
            f"{one.payload['首见日期']} 首见，{one.payload['末见日期']} 末见（{one.source.code}）",
            (f"{_arrived(one)}{_standing(one)}",),
            one.digest,
        )
        for one in every[:_MOST]
    ]
    return [*found, *_unlisted("日志", len(every))] or [Evidence("日志", "还没有收到这个资源的平台日志", lacking=True)]


def price_on(item: Item, owner: Institution, day: date) -> Evidence:
    """`day` 那天这一项的价格版本：单价、起止、出自哪一版目录（R-074）。"""
    prices = Price.objects.filter(item=item, during__contains=day).select_related("provider")
    price = prices.filter(provider=owner).first() or prices.filter(provider=None).first()
    if price is None or price.unit_price is None:
        text = _tiered(item, day) if item.pricing == "阶梯" else f"目录在 {day} 没有单价"
        return Evidence("单价", f"{item.name}：{text}", lacking=item.pricing != "阶梯")
    until = f"至 {last_day(price.during.upper)}（含）" if price.during.upper else "仍有效"
    edition = edition_on(item.level, day)
    basis = (f"目录版本 {edition.number}：{edition.basis}",) if edition else ()
    title = f"{item.name} {UnitPrice(price.unit_price)} 元（{item.unit}）"
    return Evidence("单价", title, (f"{owner.name}，{price.during.lower} 起，{until}", *basis))


def _tiered(item: Item, day: date) -> str:
    """阶梯价由哪一年的全市总量定；那一年的还没发布的写明（R-019）。"""
    year = periods.service_year_of(day)
    if CityUsage.objects.filter(item=item, service_year=year).exists():
        return f"阶梯价，由 {year} 服务年度的全市总量定"
    return f"阶梯价，{year} 服务年度的全市总量还没发布：滚动计量暂用上一年度的，年度计量待核（D10）"


def _clauses(fact: Fact) -> Evidence:
    """收不收、怎样算，各照哪一条。"""
    codes = ("D62-七", "D62-八", *(("M10-四(四)",) if fact.item.pricing == "阶梯" else ()))
    found = [rulebook.built_in().clause(code) for code in codes]
    return Evidence("条款", "收不收、怎样算", tuple(f"{one.id} {one.title}：{one.gist}" for one in found))


def _supports(fact: Fact) -> Evidence:
    spans = Segment.objects.filter(resource=fact.resource, item=fact.item).order_by("during")
    lines = tuple(
        f"{s.quantity.normalize():f}：{s.during.lower} 至 "
        + (f"{last_day(s.during.upper)}（含）" if s.during.upper else "今")
        for s in spans
    )
    title = "已作废，不支持任何时段" if hasattr(fact, "voided_by") else f"{fact.resource.code} {fact.item.name} 的时段"
    return Evidence("支持了", title, lines if not hasattr(fact, "voided_by") else ())
