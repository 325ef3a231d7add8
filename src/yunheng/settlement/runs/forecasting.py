"""全年预测和预算执行（R-087）：每月滚动计量之后，照现状用同一个引擎算到年末，再给上下限。"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet

from yunheng.applications import grid
from yunheng.applications.models import Filing
from yunheng.audit.actor import Actor
from yunheng.audit.append_only import newest
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import NotYours, Refused
from yunheng.catalog import queries as catalog
from yunheng.ledger.charging import Starts, as_billed, charge_starts, grant_of
from yunheng.ledger.models import Segment
from yunheng.metering import engine, overview
from yunheng.metering.opening import opened
from yunheng.metering.problems import PackageError
from yunheng.orgs.models import Institution, Nature
from yunheng.rules import periods, pricing
from yunheng.rules.money import fen, split
from yunheng.rules.problems import NotInForce
from yunheng.rules.procedures import FORMS
from yunheng.rules.roles import Role
from yunheng.settlement import charging
from yunheng.settlement.models import ROLLING, Budget, Forecast, Run, RunOrder
from yunheng.settlement.queries import ZERO
from yunheng.settlement.runs.package import SEEN_DAYS, Standing, sent_until
from yunheng.settlement.runs.running import DONE, MEMORY, PACKAGE, export

#: 项目的费用归属：区级的与单位的预算性质都是区级，才是统一支付
DISTRICT = "区级"
#: 批了会添资源、还在办的
_ADDING = ("new", "migration", "change", "development", "emergency", "temporary")


def set_budget(*, actor: Actor, on: date, year: int, amount: Decimal, document: str) -> Budget:
    """登记某服务年度的预算；追加、核减再登记一次。"""
    if actor.role not in (Role.FINANCE, Role.REVIEWER):
        raise NotYours(["年度预算由区财政或区科创中心登记（D14-15，R-087）"])
    problems = []
    if amount <= 0:
        problems.append(f"预算应大于 0，现在是 {amount}（R-087）")
    if not document.strip():
        problems.append("写明文号或依据（R-087）")
    if problems:
        raise Refused(problems)
    with unit_of_work(actor) as journal:
        made = Budget.objects.create(
            service_year=year, amount=amount, document=document.strip()[:100], on=on, by=str(actor)
        )
        journal.note("登记年度预算", str(year), after={"预算": str(amount), "文号": document})
    return made


def budget(year: int) -> Budget | None:
    """最近登记的预算。"""
    return newest(Budget.objects.filter(service_year=year))


def latest(year: int) -> Forecast | None:
    """最近的预测；改前存的（三样混在一起）不能与预算比，不取。"""
    return newest(_kept(year))


def _kept(year: int) -> QuerySet[Forecast]:
    return Forecast.objects.filter(service_year=year, own__isnull=False).select_related("run")


def forecast_next() -> bool:
    """给一个还没有预测的滚动批次配上；没有可配的返回假。算不到年末的（如还没有价格）注明，不再试。"""
    waiting = RunOrder.objects.filter(kind=ROLLING, run__forecast=None, step=DONE).exclude(run=None)
    order = waiting.select_related("run").order_by("pk").first()
    if order is None or order.run is None:
        return False
    try:
        forecast(order.run, order.on)
    except PackageError as error:
        step = f"完成，没有预测：{next(iter(error.problems))}"
        RunOrder.objects.filter(pk=order.pk).update(step=step[:60])
    return True


def forecast(run: Run, on: date) -> Forecast:
    """给一个滚动批次配上全年预测：各数是统一支付扣减以后的净额，与预算比；自行支付、待核另存。

    照现状：现在的单据、台账不变，平台日志现在看得见的当作看得见到年末，同一个引擎算到年末；按次计费的只有收到的用量。
    下限：减去年内到期的资源到期以后的，和在办的缩减、注销批了以后省的；上限：加上在办的扩充批了以后的；都只算统一支付的。
    有测试期的从测试期满起算，没有的从今天起算。
    """
    year = run.service_year
    end = periods.year_end(year)
    sent = sent_until()
    with tempfile.TemporaryDirectory(prefix="yunheng-forecast-") as name:
        export(year, Path(name) / PACKAGE, provisional=True, standing=Standing(run.until_on, sent))
        with opened(Path(name) / PACKAGE, MEMORY) as package:
            settled = engine.settle(package)
            summary = settled.head["summary"]
            months = list(_net(overview.monthly(settled), summary["unified"]))
            kept = {one["provider"]: 1 - Decimal(one["deduction_rate"] or 0) for one in settled.head["assessments"]}
    expected, spent = Decimal(summary["unified_net"]), Decimal(run.head["summary"]["unified_net"])
    pending = list(_pending(year, on, kept))
    less = sum(_ending(year, on, end, kept), ZERO) - sum((one for one in pending if one < 0), ZERO)
    return Forecast.objects.create(
        run=run,
        service_year=year,
        on=on,
        months=[
            {"provider": provider, "month": month, "amount": f"{Decimal(fen) / 100:.2f}"}
            for provider, month, fen in months
        ],
        spent=spent,
        expected=expected,
        low=max(spent, expected - less),
        high=expected + sum((one for one in pending if one > 0), ZERO),
        own=Decimal(summary["self_net"]),
        held=Decimal(summary["disputed_gross"]),
        behind=dict(_behind(run.until_on, sent)),
    )


def _behind(until: date, sent: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """平台日志没有送到 `until`（不含）的各家：（名称, 送到哪天）。差的在对账容差以内的不算。"""
    for one in Institution.objects.filter(pk__in=sent).order_by("code"):
        if sent[one.pk] < (until - timedelta(days=SEEN_DAYS)).isoformat():
            yield one.name, sent[one.pk]


def _net(
    months: Iterable[tuple[str, str, int]], unified: Iterable[Mapping[str, str]]
) -> Iterator[tuple[str, str, int]]:
    """各家的扣减摊到各月：最大余额法，各月之和等于这家的应付；没有可摊的（全年 0 元）不列。"""
    net = {row["provider"]: fen(row["net"]) for row in unified}
    rows: dict[str, list[tuple[str, int]]] = {}
    for provider, month, amount in months:
        rows.setdefault(provider, []).append((month, amount))
    for provider, found in sorted(rows.items()):
        if any(amount for _, amount in found):
            shares = split(net[provider], [amount for _, amount in found])
            yield from ((provider, month, share) for (month, _), share in zip(found, shares, strict=True))


def _after(amount: Decimal, provider: str, kept: Mapping[str, Decimal]) -> Decimal:
    """扣减以后（元，到分）：没有考核的家不扣。"""
    return pricing.to_fen(Fraction(amount) * Fraction(kept.get(provider, Decimal(1))))


def _ending(year: int, on: date, end: date, kept: Mapping[str, Decimal]) -> Iterator[Decimal]:
    """统一支付的、年内到期的资源，到期以后到年末的费用（过了期没有回收的，今天就收了的）；在办的注销今天就批了的，
    它要释放的资源今天以后的费用。

    那时还在测试期的，从测试期满算起（以前本来就不计费）。
    """
    leaving = Filing.objects.filter(case__procedure="deregistration", case__board__outcome="", case__facts=None)
    latest = leaving.order_by("case", "-version").distinct("case").values_list("content", flat=True)
    closing = {code for content in latest for code in content.get("release") or ()}
    ends = Q(expires_on__lt=end) | Q(resource__code__in=closing)
    found = Segment.objects.filter(ends, during__contains=on)
    unified = found.filter(resource__project__funding=DISTRICT, resource__project__unit__nature=Nature.DISTRICT)
    expiring = list(unified.select_related("item__provider", "resource__provider"))
    starts = charge_starts(expiring, as_billed())
    book = catalog.price_book()
    for one in expiring:
        owner = (one.item.provider or one.resource.provider).code
        try:
            price = book.price_on(one.item.code, owner, on).unit_price
        except NotInForce:
            continue
        last = on if one.resource.code in closing else one.expires_on
        assert last is not None
        start = max(on, last, starts[one.pk])
        yield _after(charging.cost(one.item, one.quantity, price, start, year), owner, kept)


def _pending(year: int, on: date, kept: Mapping[str, Decimal]) -> Iterator[Decimal]:
    """统一支付的、在办的申请各自今天就批了，到年末多（负的是少）多少钱；一件申请一个数，批就是整件批。"""
    starts = as_billed()
    filings = Filing.objects.filter(case__procedure__in=_ADDING, case__board__outcome="", case__facts=None)
    unified = filings.filter(project__funding=DISTRICT, project__unit__nature=Nature.DISTRICT)
    for filing in unified.order_by("case", "-version").distinct("case").select_related("case__board__provider"):
        provider, procedure = filing.case.board.provider, filing.case.procedure
        at = catalog.prices(provider.code if provider else "", on)
        if procedure == "change":
            moves = grid.deltas(filing.content, at.items)
        else:
            moves = [("", grid.quantities(filing.content, at.items))]
        begun = _begun({resource for resource, _ in moves if resource}, on, starts)
        total = ZERO
        for resource, moved in moves:
            for code, quantity in moved.items():
                item = at.items.get(code)
                price = at.unit_price(item) if item else None
                if item is None or price is None:
                    continue
                added = starts(grant_of(item, on, form=FORMS[procedure]))
                total += charging.cost(item, quantity, price, max(on, begun.get((resource, code), added)), year)
        yield _after(total, provider.code if provider else "", kept)


def _begun(resources: Collection[str], on: date, starts: Starts) -> dict[tuple[str, str], date]:
    """这几个资源在用的各项从哪天起计费：改量的接着原来的测试期，不另起。"""
    found = Segment.objects.filter(resource__code__in=resources, during__contains=on)
    live = list(found.select_related("item", "resource"))
    begun = charge_starts(live, starts)
    return {(one.resource.code, one.item.code): begun[one.pk] for one in live}


def chart(found: Forecast, names: Mapping[str, str], planned: Budget | None) -> dict[str, Any]:
    """各月、累计、预算画在一张图上，给图和数据表（元）。

    `months` 是横轴，`ahead` 是哪几个月含预测；`series` 各家每月的柱；`totals` 各月合计；
    `lines` 累计的线：实际、照现状、年初第一次预测的，以及预算；不在线上的月份是空。
    """
    months = sorted({row["month"] for row in found.months})
    codes = sorted({row["provider"] for row in found.months})
    cells = {(row["provider"], row["month"]): Decimal(row["amount"]) for row in found.months}
    series = [
        {"name": names.get(code, code), "data": [str(cells.get((code, month), ZERO)) for month in months]}
        for code in codes
    ]
    totals = [sum((cells.get((code, month), ZERO) for code in codes), ZERO) for month in months]
    # 没有走完的月份要靠预测
    ahead = [_following(month) > found.run.until_on for month in months]
    running = list(accumulate(totals))
    done = ahead.count(False)
    lines = [
        _line(_walked(found), "actual", [str(one) if n < done else "" for n, one in enumerate(running)]),
        # 从最后一个走完的月份接着画
        _line("累计（照现状预测）", "ahead", [str(one) if n >= done - 1 else "" for n, one in enumerate(running)]),
    ]
    first = _kept(found.service_year).order_by("pk").first()
    if first and first.pk != found.pk:
        early: Counter[str] = Counter()
        for row in first.months:
            early[row["month"]] += Decimal(row["amount"])  # type: ignore[assignment]
        sums = accumulate(Decimal(early[month]) for month in months)
        lines.append(_line(f"累计（{first.on} 的预测）", "early", [str(one) for one in sums]))
    if planned:
        lines.append(_line("预算", "budget", [str(planned.amount)] * len(months)))
    return {
        "months": months, "series": series, "totals": [str(one) for one in totals], "ahead": ahead, "lines": lines,
    }  # fmt: skip


def _walked(found: Forecast) -> str:
    """走完的月份那条线的名字：有一家的日志没有送齐的，那以后当作照旧在用，不是已发生的数。"""
    return "累计（走完的月份，日志没有送齐的照旧算）" if found.behind else "累计（实际）"


def _line(name: str, kind: str, data: list[str]) -> dict[str, Any]:
    return {"name": name, "kind": kind, "data": data}


def _following(month: str) -> date:
    """“2026-07”的下一个月 1 日。"""
    return periods.add_months(date.fromisoformat(f"{month}-01"), 1)


def sentence(found: Forecast | None, planned: Budget | None) -> str:
    """一句话：统一支付花到哪里、年末大约多少、预算够不够；自行支付、待核另说。"""
    if found is None:
        return "还没有预测。每月第一次滚动计量之后自动配上。"
    head = (
        f"统一支付扣减以后，到 {periods.last_day(found.run.until_on)}（含）已发生 {found.spent:,.2f} 元，"
        f"照现状到年末 {found.expected:,.2f} 元，"
        f"可能在 {found.low:,.2f} 至 {found.high:,.2f} 元之间"
    )
    if found.behind:
        shown = "、".join(f"{name}只到 {last}" for name, last in found.behind.items())
        head += f"（平台日志没有送齐：{shown}，预测当作那以后照旧在用，已发生里提前消失的列作待核）"
    if unpriced := found.run.differences.get("D10"):
        head += f"（{unpriced} 条阶梯价的全市用量还没有发布、上一年度也没有，算不出，都没有计入）"
    apart = f"另有自行支付（扣后）{found.own:,.2f} 元、待核 {found.held:,.2f} 元（照现状到年末），不与预算比。"
    if planned is None:
        return f"{head}；还没有登记预算。{apart}"
    share = found.expected * 100 / planned.amount
    if found.low > planned.amount:
        tail = f"最少也超预算 {found.low - planned.amount:,.2f} 元"
    elif found.high > planned.amount:
        tail = f"可能超预算，最多超 {found.high - planned.amount:,.2f} 元"
    else:
        tail = f"预算够，还余 {planned.amount - found.high:,.2f} 元以上"
    return f"{head}；预算 {planned.amount:,.2f} 元，预计执行 {share:.1f}%，{tail}。{apart}"
