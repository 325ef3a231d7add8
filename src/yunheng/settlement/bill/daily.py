"""一个资源逐日的账：一个服务年度每天是计费、待核、不计费、测试期还是没有在用，为什么；那天各项各多少钱。

账目从批次读，哪天起测试、哪天释放从台账读——只看批次算的时候已经记入的事实，与批次说的是同一回事。
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from yunheng.audit.actor import Actor
from yunheng.catalog.models import Item
from yunheng.ledger.charging import Use, kinds_of, under, uses
from yunheng.ledger.matching import BY_COUNT
from yunheng.ledger.models import Action, Fact, Resource
from yunheng.ledger.operations import folded
from yunheng.ledger.queries import received, visible
from yunheng.ledger.sequencing import sequenced
from yunheng.ledger.timeline import ordered
from yunheng.metering.telling import Rulings, excused, rulings_of
from yunheng.rules import periods
from yunheng.rules.money import UnitPrice
from yunheng.rules.periods import Period
from yunheng.settlement import disputing, queries
from yunheng.settlement.bill.levels import Place
from yunheng.settlement.bill.sides import of
from yunheng.settlement.models import BillLine, Difference, Handling, Line, Run, RunFile, WaivedLine
from yunheng.settlement.runs.moves import reviewed_on
from yunheng.settlement.runs.recasting import counted
from yunheng.settlement.runs.running import PACKAGE

ZERO = Decimal(0)
DAY = timedelta(days=1)
CHARGED, DISPUTED, WAIVED, TRIAL, USED, IDLE, LATER = (
    "计费",
    "待核",
    "裁定不计费",
    "测试期",
    "在用，没有计费",
    "没有在用",
    "还没计量",
)
#: 状态 → 样式；样式带花纹，不只靠颜色
LOOKS = {
    CHARGED: "charged",
    DISPUTED: "disputed",
    WAIVED: "waived",
    TRIAL: "trial",
    USED: "used",
    IDLE: "idle",
    LATER: "later",
}
#: 一天里各项不同时，先说哪一个
_FIRST = (DISPUTED, CHARGED, WAIVED, TRIAL, USED)


@dataclass(frozen=True)
class Timeline:
    """一个资源一个目录项：账目（含待核）、不计费的账目、台账的事实和各次在用。"""

    item: Item
    lines: tuple[BillLine, ...]
    waived: tuple[WaivedLine, ...]
    facts: tuple[Fact, ...]
    uses: tuple[Use, ...]

    def line_on(self, day: date) -> BillLine | None:
        """那天的账目。"""
        return next((line for line in self.lines if line.from_on <= day < line.until_on), None)

    def fact_on(self, day: date) -> Fact | None:
        """那天照哪条事实：最近生效的；还没有下发的，是头一条。"""
        done = [fact for fact in self.facts if fact.effective_on <= day]
        return done[-1] if done else next(iter(self.facts), None)

    def use_on(self, day: date) -> Use | None:
        """那天所在的一次在用。"""
        return next((use for use in self.uses if use.holds(day)), None)

    def state(self, day: date) -> str:
        """那天是计费、待核、不计费、测试期、在用没有计费还是没有在用。"""
        if line := self.line_on(day):
            return DISPUTED if line.disputed else CHARGED
        if any(line.from_on <= day < line.until_on for line in self.waived):
            return WAIVED
        use = self.use_on(day)
        if use is None:
            return IDLE
        return TRIAL if day < use.charged_on else USED


@dataclass(frozen=True)
class Book:
    """一个资源在一个批次里的账和台账。"""

    run: Run
    place: Place
    resource: Resource | None
    timelines: tuple[Timeline, ...]
    conventions: Mapping[str, str]

    @property
    def span(self) -> Period:
        """批次计量的期间：服务年度首日至计至哪天。"""
        return Period(periods.service_year(self.run.service_year).start, self.run.until_on)

    @cached_property
    def _counted(self) -> Mapping[tuple[str, str, str], list[tuple[str, str, str]]]:
        """这一批算进去的裁定里，这个资源的；没有裁过、没有存数据包的为空。"""
        found = queries.differences_of(self.run).filter(resource=self.place.resource).exclude(ruling="")
        keys = {(one.resource, one.item, one.code) for one in found}
        if not keys or not RunFile.objects.filter(run=self.run.base_id or self.run.pk, name=PACKAGE).exists():
            return {}
        return {key: spans for key, spans in counted(self.run).items() if key in keys}

    def rulings(self, item: str) -> Rulings:
        """这一项的阻断差异怎样裁的：照这一批算进去的，不看以后的。"""
        rows = [
            (code, ruling, start, until)
            for (_, each, code), spans in self._counted.items()
            if each == item
            for start, until, ruling in spans
        ]
        return rulings_of(rows, self.run.service_year, self.run.until_on)

    @property
    def lines(self) -> list[BillLine]:
        """账目，待核在后。"""
        found = [line for timeline in self.timelines for line in timeline.lines]
        return sorted(found, key=lambda line: (line.disputed, line.seq))

    @property
    def trial_until(self) -> date | None:
        """还没有账目的，测试期到哪天（不含）；不在测试期的为 None。"""
        ends = [use.charged_on for one in self.timelines for use in one.uses if use.charged_on >= self.run.until_on]
        return min(ends) if ends and not self.lines else None

    @property
    def last_trial_day(self) -> date | None:
        """测试期的最后一天；不在测试期的为 None。"""
        return self.trial_until - DAY if self.trial_until else None


def book_of(actor: Actor, run: Run, place: Place) -> Book | None:
    """`place` 那个资源的账；账目、资源都看不到的为 None。"""
    lines, waived = defaultdict[str, list[BillLine]](list), defaultdict[str, list[WaivedLine]](list)
    for line in place.lines(actor, run):
        lines[line.item].append(line)
    for gone in queries.visible_waived(actor, run).filter(resource=place.resource, project=place.project):
        waived[gone.item].append(gone)
    resource = visible(actor).filter(code=place.resource).first()
    if resource is None and not lines:
        return None
    facts = _facts(resource, run)
    conventions: Mapping[str, str] = Run.objects.values_list("head__conventions", flat=True).get(pk=run.pk)
    kinds = kinds_of(fact for each in facts.values() for fact in each)
    codes = sorted({*lines, *waived, *facts})
    items = Item.objects.select_related("provider").in_bulk(codes, field_name="code")
    timelines = [
        Timeline(
            items[code],
            tuple(sorted(lines[code], key=lambda line: line.from_on)),
            tuple(waived[code]),
            tuple(facts[code]),
            tuple(_uses(facts[code], kinds, [*lines[code], *waived[code]], conventions)),
        )
        for code in codes
    ]
    return Book(run, place, resource, tuple(timelines), conventions)


def _facts(resource: Resource | None, run: Run) -> defaultdict[str, list[Fact]]:
    """批次算的时候已经记入、没有作废的事实，照那一批采用的工单，按业务日；目录项代码 → 各条。"""
    found = defaultdict[str, list[Fact]](list)
    known = (
        Fact.objects.filter(resource=resource, recorded_at__lte=run.recorded_at) if resource else Fact.objects.none()
    )
    every = list(known.select_related("resource", "item", "case"))
    voided = {fact.voids_id for fact in every}
    for fact in _billed(run, (one for one in every if one.action != Action.VOID and one.pk not in voided)):
        found[fact.item.code].append(fact)
    return found


def _billed(run: Run, facts: Iterable[Fact]) -> list[Fact]:
    """事实照那一批采用的工单：日子、工单号与台账记的不同的换上（不写库），按日子排好；没有存数据包的老批次照台账。

    工单写的日子都与台账相同的（平常都是），不用翻数据包。
    """
    found = list(facts)
    used = _used(run, found)
    for fact in found:
        key = (fact.case.number if fact.case else "", fact.item.code, str(fact.action))
        if key in used:
            fact.effective_on, fact.order = date.fromisoformat(used[key]["完成日期"]), used[key]["工单号"]
    own = defaultdict[int, list[Fact]](list)
    for fact in found:
        own[fact.item_id].append(fact)
    return [fact for mine in own.values() for fact in _in_order(mine)]


def _in_order(facts: Sequence[Fact]) -> Iterator[Fact]:
    """一个目录项的各条，按应用的先后，同台账、计量第 2 步。"""
    known = {fact.pk: fact for fact in facts}
    return (known[one.number] for one in ordered(sequenced(map(folded, facts))))


def _used(run: Run, facts: Sequence[Fact]) -> dict[tuple[str, str, str], Mapping[str, str]]:
    """那一批采用的工单里有与台账记的不是同一天的：（单号, 目录项, 动作）→ 工单；都同一天的是空的。"""
    own = {(fact.item.code, str(fact.action), fact.effective_on.isoformat()) for fact in facts if fact.case}
    if {(one["目录项"], one["动作"], one["完成日期"]) for one in _orders(facts)} <= own:
        return {}
    sides = of(run, [facts[0].resource.code]) or {}
    used: dict[tuple[str, str, str], Mapping[str, str]] = {}
    # 按完成日期排好的，留最晚的；平台软件另有服务商的，单号后面带“/服务商”
    acted = (Action.ADD, Action.CHANGE)
    for order in (one for side in sides.values() for one in side.orders if one["动作"] in acted):
        for form in {order["单号"], order["单号"].partition("/")[0]}:
            used[form, order["目录项"], order["动作"]] = order
    return used


def _orders(facts: Sequence[Fact]) -> list[Mapping[str, str]]:
    """这个资源收到过的工单里的新增、变更，不论算不算数。"""
    if not facts:
        return []
    rows = received("工单", facts[0].resource.code).values_list("payload", flat=True)
    return [one for one in rows if one["动作"] in (Action.ADD, Action.CHANGE)]


def _uses(
    facts: list[Fact],
    kinds: Mapping[int, str],
    lines: Iterable[Line],
    conventions: Mapping[str, str],
) -> Iterator[Use]:
    """各次在用；已有更早的账目时照账目（D62-七，R-072）。"""
    starts = [line.from_on for line in lines]
    for use in uses(facts, kinds, under(conventions), {}):
        yield replace(use, charged_on=min([use.charged_on, *(day for day in starts if use.holds(day))]))


# ── 一年的日历条 ──


@dataclass(frozen=True)
class Cell:
    """日历条的一格：哪天、什么状态、那天多少钱（待核的也算）、第几处变化。"""

    day: date
    state: str
    amount: Decimal
    mark: int | None

    @property
    def look(self) -> str:
        """样式。"""
        return LOOKS[self.state]

    @property
    def measured(self) -> bool:
        """这一天这个批次算到了。"""
        return self.state != LATER

    @property
    def text(self) -> str:
        """读屏念的话。"""
        return f"{self.day} {self.state}" + (f" {self.amount:,.2f} 元" if self.amount else "")


@dataclass(frozen=True)
class Change:
    """一处变化：哪天、第几处、各是什么、照哪件事项。"""

    number: int
    day: date
    notes: tuple[tuple[str, str], ...]


def strip(book: Book) -> tuple[list[tuple[str, list[Cell | None]]], list[Change]]:
    """服务年度的日历条：12 个月各 31 格（没有的日子是 None），和变化的清单。"""
    year = periods.service_year(book.run.service_year)
    amounts: defaultdict[date, Decimal] = defaultdict(Decimal)
    for line in book.lines:
        for day, amount in queries.days(line):
            amounts[day] += amount
    changes = _changes(book)
    marks = {change.day: change.number for change in changes}
    months = []
    start = year.start
    for _ in range(12):
        following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        cells: list[Cell | None] = [None] * 31
        for n in range((following - start).days):
            day = start + n * DAY
            state = _together(one.state(day) for one in book.timelines) if day < book.run.until_on else LATER
            cells[n] = Cell(day, state, amounts[day], marks.get(day))
        months.append((f"{start:%Y-%m}", cells))
        start = following
    return months, changes


def _together(states: Iterable[str]) -> str:
    found = set(states)
    return next((state for state in _FIRST if state in found), IDLE)


def _changes(book: Book) -> list[Change]:
    """期间里的变化：下发、变更、释放（照哪件事项、哪张工单），测试期满，单价换版，裁定不计费的起止。"""
    notes: defaultdict[date, list[tuple[str, str]]] = defaultdict(list)
    done: defaultdict[tuple[date, str, str], list[str]] = defaultdict(list)
    for one in book.timelines:
        for fact in one.facts:
            number = fact.case.number if fact.case else ""
            what = one.item.name + (f" {fact.quantity.normalize():f}" if fact.quantity is not None else "")
            done[fact.effective_on, fact.action, number].append(what + (f"（{fact.order}）" if fact.order else ""))
        for use in one.uses:
            if use.on_trial:
                done[use.charged_on, "测试期满，起计费", ""].append(one.item.name)
        for gone in one.waived:
            done[gone.from_on, "裁定不计费", ""].append(f"{one.item.name}（至 {gone.last_on}（含））")
            if one.line_on(gone.until_on):
                done[gone.until_on, "裁定不计费的到前一天，起计费", ""].append(one.item.name)
        for a, b in zip(one.lines, one.lines[1:], strict=False):
            if a.until_on == b.from_on and a.unit_price != b.unit_price:
                done[b.from_on, "单价换版", ""].append(
                    f"{one.item.name} {UnitPrice(Decimal(a.unit_price))} 改为 {UnitPrice(Decimal(b.unit_price))} 元"
                )
    for (day, action, number), words in done.items():
        if book.span.contains(day):
            notes[day].append((f"{action}：{'、'.join(words)}", number))
    return [Change(n, day, tuple(notes[day])) for n, day in enumerate(sorted(notes), start=1)]


# ── 一天 ──


@dataclass(frozen=True)
class Portion:
    """一项在一天里：状态、为什么、数量、单价、当天摊到多少；`line` 是那天的账目，`fact` 是照哪条事实。"""

    item: Item
    state: str
    reason: str
    quantity: str
    amount: Decimal | None
    line: BillLine | None
    fact: Fact | None
    price: UnitPrice | None

    @property
    def look(self) -> str:
        """样式。"""
        return LOOKS[self.state]

    @property
    def metered(self) -> bool:
        """`quantity` 是账目那一段日子的用量合计，不是台账的数量。"""
        return self.line is not None and self.item.cycle == BY_COUNT

    @property
    def told_quantity(self) -> str:
        """数量，一句话：是用量的写明哪几天的用量合计。"""
        if self.line is None or not self.metered:
            return self.quantity
        return f"用量 {self.quantity}（{self.line.from_on} 至 {self.line.last_on}（含）合计，不是台账的数量）"


def portions(book: Book, day: date) -> list[Portion]:
    """那天各项；有账目的在前。"""
    differences = _differences(book)
    found = []
    for one in book.timelines:
        line, fact = one.line_on(day), one.fact_on(day)
        amount = dict(queries.days(line))[day] if line else None
        quantity = line.quantity if line else _quantity(one, day)
        state = one.state(day)
        reason = _reason(book, one, day, state, differences)
        price = UnitPrice.of(line.unit_price, one.item.pricing, book.conventions) if line else None
        found.append(Portion(one.item, state, reason, quantity, amount, line, fact, price))
    return sorted(found, key=lambda portion: (portion.line is None, portion.item.code))


def _quantity(one: Timeline, day: date) -> str:
    fact = one.fact_on(day)
    if fact is None or fact.quantity is None or one.use_on(day) is None:
        return ""
    return f"{fact.quantity.normalize():f}"


def _differences(book: Book) -> list[Difference]:
    """这个资源的差异；经过只到批次算的时候，以后的裁定不在这一批里。"""
    found = disputing.differences(book.run, book.place.resource)
    for one in found:
        one.steps = [step for step in one.steps if step.recorded_at <= book.run.recorded_at]
    return found


def _reason(book: Book, one: Timeline, day: date, state: str, differences: list[Difference]) -> str:
    """为什么是这个状态；计费的为空。"""
    mine = [entry for entry in differences if entry.item in (one.item.code, "")]
    line = one.line_on(day)
    if state == CHARGED:
        usage = line is not None and line.days < (line.until_on - line.from_on).days
        return f"按用量计费：{line.days} 个有用量的日子合计一条，摊到首末之间每天" if usage and line else ""
    if state == DISPUTED:
        assert line is not None
        notes = [entry.note for entry in mine if entry.code in line.differences.split(",")]
        return f"待核 {line.differences}，没有裁定，不入合计（R-075）：" + "；".join(notes)
    if state == WAIVED:
        return _excused_by(mine, day)
    use = one.use_on(day)
    if state == TRIAL:
        assert use is not None
        return f"测试期内，至 {use.last_trial_day}（含）：{use.start} 下发，{use.charged_on} 起计费（D62-七，R-072）"
    if state == USED:
        return _spared(book, one, day) or _unbilled(one, day, mine)
    last = next((use for use in reversed(one.uses) if use.until and use.until <= day), None)
    if last:
        return f"已释放：{last.until} 起不再计费" + _by(last.released)
    if one.uses:
        return f"未下发：{one.uses[0].start} 才下发" + _by(one.uses[0].added)
    return "台账上没有在用" + _noted(mine)


def _excused_by(differences: Iterable[Difference], day: date) -> str:
    """那天照哪一条裁定不计费：哪种差异、依据、谁、哪天裁的；多条的说头一条。"""
    ruled = ((entry, by) for entry in differences if (by := entry.ruled_on(day)) and by.ruling == Handling.WAIVE)
    for entry, by in ruled:
        return f"{entry.code} 裁定不计费（R-075）：{by.text}（{by.by} {by.on}）"
    return "裁定不计费（R-075）"


def waived_pieces(book: Book) -> list[tuple[Item, WaivedLine, list[str]]]:
    """裁定不计费、没有入账的各段：（目录项, 那一段, 照哪几条裁定，依次）。"""
    pieces = [(one, gone) for one in book.timelines for gone in one.waived]
    differences = _differences(book) if pieces else []
    found = []
    for one, gone in sorted(pieces, key=lambda piece: piece[1].seq):
        mine = [entry for entry in differences if entry.item in (one.item.code, "")]
        days = (gone.from_on + n * DAY for n in range((gone.until_on - gone.from_on).days))
        found.append((one.item, gone, list(dict.fromkeys(_excused_by(mine, day) for day in days))))
    return found


def _spared(book: Book, one: Timeline, day: date) -> str:
    """先办后批、裁定认可的，口径 K-19 选审核日：审核通过以前不计费；不是这样的为空。"""
    fact = one.fact_on(day)
    reviewed = reviewed_on(fact.case) if fact and fact.case else None
    if fact is None or reviewed is None or not excused(book.rulings(one.item.code), reviewed, day, book.conventions):
        return ""
    return (
        f"先办后批（D4）裁定认可：{fact.effective_on} 办完，{reviewed} 才审核通过，"
        "照口径 K-19 审核通过以前不计费（R-075）"
    )


def _unbilled(one: Timeline, day: date, mine: list[Difference]) -> str:
    """在用、过了测试期，却没有这一天的账目：一次收过的、当天没有用量的，或有差异。"""
    if one.item.cycle == "一次性":
        taken = [line for line in one.lines if line.from_on < day]
        return f"一次性收取，已于 {taken[-1].from_on} 收过" if taken else "一次性收取，不按天计" + _noted(mine)
    if one.item.cycle == "次":
        return "按用量计费，这一天不在有用量的期间里" + _noted(mine)
    return "台账在用，批次里没有这一天的账目" + _noted(mine)


def _by(fact: Fact | None) -> str:
    return f"（{fact.case.number}）" if fact and fact.case else ""


def _noted(mine: list[Difference]) -> str:
    return "：" + "；".join(f"{entry.code} {entry.note}" for entry in mine) if mine else ""
