"""逐级看账的一级：从全区走到这里的各级金额、下一级各行、占多少、比上年多少，合计对不对得上。

上几级只读合计，到资源才读账目：一百万条时间线的区，每一级都只碰索引里的那几行。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet

from yunheng.audit.actor import Actor
from yunheng.audit.append_only import newest
from yunheng.ledger.models import Project, Resource
from yunheng.orgs.models import Institution
from yunheng.rules import periods
from yunheng.rules.roles import Role
from yunheng.settlement import queries
from yunheng.settlement.bill.objecting import waiting
from yunheng.settlement.models import ROLLING, BillLine, BillSum, Freeze, Run

ZERO = Decimal(0)
#: 看账的各级，从上往下：栏、叫法
LEVELS = (("unit", "单位"), ("project", "项目"), ("resource", "资源"))
LINES = "账目"


@dataclass(frozen=True)
class Place:
    """看到哪里了；空的是那一级还没选，`provider` 不空是只看一家。"""

    unit: str = ""
    project: str = ""
    resource: str = ""
    provider: str = ""

    @property
    def query(self) -> str:
        """地址里 ? 之后的那一截。"""
        return urlencode({key: value for key, value in asdict(self).items() if value})

    @property
    def below(self) -> tuple[str, str]:
        """下一级：栏、叫法；到了资源，下面是账目。"""
        return next(((key, label) for key, label in LEVELS if not getattr(self, key)), ("", LINES))

    def lines(self, actor: Actor, run: Run) -> QuerySet[BillLine]:
        """这里的账目。"""
        return queries.visible_lines(actor, run).filter(**{k: v for k, v in asdict(self).items() if v})

    def sums(self, actor: Actor, run: Run) -> QuerySet[BillSum]:
        """这里的合计；合计只存到项目。"""
        chosen = {k: v for k, v in asdict(self).items() if v and k != "resource"}
        return queries.visible_sums(actor, run).filter(**chosen)


def place_of(actor: Actor, given: Mapping[str, str]) -> Place | None:
    """地址里说的地方，缺的上级补上；资源、项目不知道属于谁的为 None。使用单位的从本单位看起。"""
    unit, project, resource, provider = (given.get(key, "") for key in ("unit", "project", "resource", "provider"))
    if resource and not project:
        project = Resource.objects.filter(code=resource).values_list("project__code", flat=True).first() or ""
        if not project:
            return None
    if project and not unit:
        unit = Project.objects.filter(code=project).values_list("unit__code", flat=True).first() or ""
        if not unit:
            return None
    if actor.role in (Role.CLERK, Role.HEAD) and not unit:
        unit = Institution.objects.values_list("code", flat=True).get(pk=actor.institution or 0)
    return Place(unit, project, resource, provider)


@dataclass(frozen=True)
class Rung:
    """面包屑的一级：叫法、名称、金额、待核、账目几条、点开到哪里。"""

    label: str
    name: str
    lines: int
    amount: Decimal
    disputed: Decimal
    query: str

    def __str__(self) -> str:
        return self.name if self.label == self.name else f"{self.label} {self.name}"


def rungs(actor: Actor, run: Run, place: Place, names: Mapping[str, str]) -> list[Rung]:
    """从最上面走到 `place` 的各级。使用单位的最上面就是本单位。"""
    provider = place.provider
    own = actor.role in (Role.CLERK, Role.HEAD)
    found = []
    if not own:
        top = {Role.PROVIDER: "本商全部", Role.SPONSOR: "所属单位"}.get(actor.role, "全区")  # type: ignore[arg-type]
        name = f"{top}（只看 {names.get(provider, provider)}）" if provider else top
        start = Place(provider=provider)
        found.append(Rung(top, name, *queries.totals(start.sums(actor, run)), start.query))
    at = Place(provider=provider)
    for key, label in LEVELS:
        code = getattr(place, key)
        if not code:
            break
        at = replace(at, **{key: code})
        rows = at.lines(actor, run) if key == "resource" else at.sums(actor, run)
        found.append(Rung(label, names.get(code, code), *queries.totals(rows), at.query))
    return found


# ── 下一级的各行 ──


@dataclass(frozen=True)
class Row:
    """下一级的一行：占这一级的几分之几（上一级是 0 的为 None），上年多少，点开到哪里。"""

    level: queries.Level
    share: Decimal | None
    before: Decimal | None
    query: str

    @property
    def change(self) -> str:
        """比上年多少，用话说。"""
        return change(self.level.amount, self.before)


@dataclass(frozen=True)
class Before:
    """拿来比的上一服务年度的批次；没有的 `reason` 说明为什么。"""

    run: Run | None
    reason: str = ""


def rows(actor: Actor, run: Run, place: Place, total: Decimal, before: Before, names: Mapping[str, str]) -> list[Row]:
    """下一级的各行，金额大的在前。"""
    key, _ = place.below

    def of(which: Run) -> list[queries.Level]:
        source = place.lines(actor, which) if key == "resource" else place.sums(actor, which)
        return queries.breakdown(source, key, names)

    last = {level.code: level.amount for level in of(before.run)} if before.run else {}
    return [
        Row(
            level,
            level.amount / total if total else None,
            last.get(level.code),
            replace(place, **{key: level.code}).query,
        )
        for level in of(run)
    ]


def before(run: Run) -> Before:
    """上一服务年度可比的批次：算到年末的比冻结的（没冻结的比最近算到年末的），算到半年的比上年算到同一天的。"""
    year = run.service_year - 1
    runs = Run.objects.defer("head").filter(service_year=year, base=None)
    if run.until_on >= periods.year_end(run.service_year):
        frozen = Freeze.objects.filter(service_year=year).order_by("-number").values_list("run", flat=True).first()
        found = runs.filter(pk=frozen) if frozen else runs.filter(until_on=periods.year_end(year))
        last = newest(found)
        return Before(last, "" if last else f"{periods.years(year)} 服务年度没有算到年末的计量")
    until = _year_ago(run.until_on)
    last = newest(runs.filter(kind=ROLLING, until_on=until))
    days = periods.last_day(run.until_on), periods.last_day(until)
    return Before(last, "" if last else "本年只算到 {}（含），上年没有算到 {}（含）的计量，不好比".format(*days))


def _year_ago(day: date) -> date:
    return date(day.year - 1, day.month, 28 if (day.month, day.day) == (2, 29) else day.day)


def change(now: Decimal, last: Decimal | None) -> str:
    """比上年多少；上年没有的为空。"""
    if last is None:
        return ""
    gap = now - last
    if not gap:
        return "与上年持平"
    percent = f"，{abs(gap) / last * 100:.1f}%" if last > 0 else ""
    return f"{'多' if gap > 0 else '少'} {abs(gap):,.2f}{percent}"


# ── 这个批次办到哪里，合计对不对得上 ──


def status(run: Run, held: Decimal) -> str:
    """账单的状态：预估、计量中、核对中、有争议、已锁定、已结算。"""
    freeze = Freeze.objects.filter(run=run).select_related("case__board").first()
    if freeze:
        return "已结算" if freeze.case.board.outcome == "done" else "已锁定"
    if run.kind == ROLLING or run.base_id:
        return "预估"
    if queries.measuring(run.service_year).exists():
        return "计量中"
    return "有争议" if held or waiting(run.service_year) else "核对中"


def newer(run: Run) -> int | None:
    """这一年更近的批次；这就是最近的、冻结的为 None。"""
    if Freeze.objects.filter(run=run).exists():
        return None
    last = Run.objects.filter(service_year=run.service_year).order_by("-pk").values_list("pk", flat=True).first()
    return last if last != run.pk else None


def counterpart(actor: Actor, line: BillLine, run: int) -> BillLine | None:
    """同一资源同一项、期间有重叠的那一条，在批次 `run` 里的；没有了的为 None。"""
    lines = queries.visible_lines(actor, Run.objects.defer("head").get(pk=run))
    same = lines.filter(resource=line.resource, item=line.item, from_on__lt=line.until_on, until_on__gt=line.from_on)
    return same.order_by("from_on", "seq").first()


def mismatches(actor: Actor, run: Run, place: Place, chain: list[Rung]) -> Iterator[str]:
    """这一级的合计与另外存的对不上：最上面对汇总，项目以下 Σ账目 对存的合计；一分也要说出来（R-083）。"""
    if not place.unit:
        yield from _against_summary(actor, run, place, chain[0])
    if place.project:
        project = next(rung for rung in chain if rung.label == "项目")
        lines = replace(place, resource="").lines(actor, run)
        _, amount, held = queries.totals(lines)
        yield from _gap(f"{project}", "存的合计", project.amount, "各资源的账目之和", amount)
        yield from _gap(f"{project}的待核", "存的合计", project.disputed, "各资源的账目之和", held)


def _against_summary(actor: Actor, run: Run, place: Place, top: Rung) -> Iterator[str]:
    summary: dict[str, Any] = Run.objects.values_list("head__summary", flat=True).get(pk=run.pk)
    provider = place.provider
    if actor.role == Role.PROVIDER:
        provider = Institution.objects.values_list("code", flat=True).get(pk=actor.institution or 0)
    elif actor.role in (Role.SPONSOR, Role.CLERK, Role.HEAD):
        # 汇总里没有按单位的合计
        return
    gross = sum(
        (Decimal(row["gross"]) for row in (*summary["unified"], *summary["self"]) if provider in ("", row["provider"])),
        ZERO,
    )
    yield from _gap(top.name, "汇总", gross, "各单位之和", top.amount)
    if not provider:
        yield from _gap(f"{top.name}的待核", "汇总", Decimal(summary["disputed_gross"]), "各单位之和", top.disputed)


def _gap(where: str, stored: str, expected: Decimal, below: str, found: Decimal) -> Iterator[str]:
    if expected != found:
        gap = f"{'多' if found > expected else '少'} {abs(found - expected):,.2f} 元"
        yield f"{where}：{stored} {expected:,.2f} 元，{below} {found:,.2f} 元，{gap}"
