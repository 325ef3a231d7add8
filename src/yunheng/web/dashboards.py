"""工作台上各角色的一块：花了多少、预测和预算、各单位、考核分、快到上限的项目、结算办到哪里。每个数点开都是它的清单。"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from yunheng.applications.guards import near_limit
from yunheng.assessment.queries import locked, marks, sheet
from yunheng.audit.actor import Actor
from yunheng.ledger import unrecorded
from yunheng.ledger.queries import visible_projects
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.rules import periods
from yunheng.rules.roles import Role
from yunheng.settlement import chaining, owing, queries
from yunheng.settlement.models import Budget, Forecast, Run
from yunheng.settlement.pages.years import CENTRE, names_of
from yunheng.settlement.runs import amended, forecasting, late, unread

_TOP = 10
_OWN = (Role.CLERK, Role.HEAD, Role.SPONSOR, Role.PROVIDER)
_SCORES = (Role.REVIEWER, Role.AUTHORITY, Role.THIRD_PARTY, Role.PROVIDER)
_GROWTH = (Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION, Role.CLERK, Role.HEAD)
_PIPELINE = (Role.FINANCE, Role.AUTHORITY, Role.REVIEWER)


@dataclass(frozen=True)
class Tile:
    """一块指标：叫法、数、一句说明、点开到哪里；`bad` 要留意。"""

    label: str
    value: str
    note: str
    href: str
    bad: bool = False


def build(actor: Actor, on: date) -> dict[str, Any]:
    """这个角色工作台上的一块；没有的键不摆。"""
    if actor.role not in (*CENTRE, *_OWN):
        return {}
    year = periods.service_year_of(on)
    known = queries.last_frozen()
    run = queries.standing_run(year, known) or queries.standing_run(year - 1, known)
    found: dict[str, Any] = {"tiles": list(_tiles(actor, run))}
    names = names_of() if run else {}
    if run:
        by = "unit" if actor.role in (*CENTRE, Role.PROVIDER) else "project"
        levels = queries.breakdown(queries.visible_sums(actor, run), by, names)
        found["top"] = {"by": "单位" if by == "unit" else "项目", "key": by, "run": run, "levels": levels[:_TOP]}
    if actor.role in CENTRE and (forecast := forecasting.latest(year) or forecasting.latest(year - 1)):
        budget = forecasting.budget(forecast.service_year)
        found["forecast"] = {
            "year": forecast.service_year,
            "sentence": forecasting.sentence(forecast, budget),
            "chart": forecasting.chart(forecast, names, budget),
        }
        found["tiles"] += _budget_tiles(forecast, budget)
    if actor.role in CENTRE:
        frozen = [one for year in known if (one := late.standing(year, known))]
        found["amended"] = [more for year in known if (more := amended.since(year, known))]
        found["reopened"] = owing.reopened()
        found["owed"] = [owed for year in known if (owed := owing.of(year, known))]
        found["late"] = [*frozen, *unread.all_pending(known)]
    if actor.role == Role.REVIEWER:
        found["missing"] = len(unrecorded.find())
    if actor.role in _SCORES:
        found["scores"] = _scores(actor, year)
    if actor.role in _GROWTH:
        found["growing"] = near_limit(visible_projects(actor), on)[:_TOP]
    if actor.role in _PIPELINE:
        last = queries.year_cases().last()
        found["pipeline"] = {"case": last.case, "steps": chaining.chain(last.case)} if last else None
    return found


def _tiles(actor: Actor, run: Run | None) -> list[Tile]:
    if run is None:
        return []
    _, amount, held = queries.totals(queries.visible_sums(actor, run))
    label = f"{periods.years(run.service_year)} 服务年度已计费用"
    note = f"元，{run.kind}计量，计至 {periods.last_day(run.until_on)}（含）"
    if actor.role in CENTRE:
        # 区里付的只有统一支付扣减以后的净额
        label, amount = f"{label}（统一支付，扣后）", Decimal(run.head["summary"]["unified_net"])
        note += f"；另有自行支付（扣后） {Decimal(run.head['summary']['self_net']):,.2f}、待核 {held:,.2f}"
    elif held:
        note += f"；待核 {held:,.2f}"
    return [Tile(label, f"{amount:,.2f}", note, f"/settlement/runs/{run.pk}/")]


def _budget_tiles(forecast: Forecast, budget: Budget | None) -> list[Tile]:
    href = f"/settlement/{forecast.service_year}/forecast/"
    note = f"可能在 {forecast.low:,.2f} 至 {forecast.high:,.2f} 之间"
    tiles = [Tile("统一支付照现状到年末（扣后）", f"{forecast.expected:,.2f}", note, href)]
    if budget is None:
        return [*tiles, Tile("预算执行", "—", "还没有登记预算", href)]
    share = forecast.expected * 100 / budget.amount
    return [
        *tiles,
        Tile("预计执行预算", f"{share:.1f}%", f"预算 {budget.amount:,.2f} 元", href, bad=share > Decimal(100)),
    ]


@dataclass(frozen=True)
class Scored:
    """一家的考核分：总分或说明、扣减比例、是不是审定的、哪个服务年度、考核表在哪里。

    服务商看自己的，另有七项的条：（叫法, 得分, 分值, 得分占分值的比例）。
    """

    name: str
    total: str
    rate: str
    settled: bool
    year: int
    href: str
    bars: tuple[tuple[str, str, str, Fraction], ...] = ()


def _scores(actor: Actor, year: int) -> list[Scored]:
    """各家的考核分：上一年审定了的用审定的，没有的看本年度现在的。"""
    shown, own = providers(), actor.role == Role.PROVIDER
    if own:
        shown = shown.filter(pk=actor.institution or 0)
    known, settled = list(shown), locked(year - 1)
    found = marks([one for one in known if one.code in settled], year - 1) if settled else []
    found += marks([one for one in known if one.code not in settled], year)
    return [
        Scored(
            one.provider.name,
            one.total or "还没有满意率",
            one.rate or "",
            one.score is not None,
            one.year,
            one.href,
            tuple(_bars(one.provider, one.year)) if own else (),
        )
        for one in sorted(found, key=lambda one: one.provider.code)
    ]


def _bars(provider: Institution, year: int) -> Iterator[tuple[str, str, str, Fraction]]:
    for line in sheet(provider, year).lines:
        share = Fraction(line.score or 0) / Fraction(line.full)
        yield line.title, line.score or "—", line.full, share
