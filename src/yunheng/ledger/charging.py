"""台账上各次在用从哪天起计费（D62-七，R-072）：列表、资源页、日历、订阅、预测、可缩配清单、逐日账共用。

算法只在 rules/trial 一处；这里只把事实、单据的种类和口径交给它：说台账的照各服务年度自己的口径（`as_billed`），
说某一批的照那一批的（`under`）。新增、变更哪天起效照账上采用的工单
（`adopting`），不照台账自己那张回执：接口送来的完成日期与回执不同的，账照接口的，台账也照接口的说。
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KT

from yunheng.catalog.models import Item
from yunheng.orgs.queries import conventions_of
from yunheng.rules import periods, trial
from yunheng.rules.procedures import FORMS

from . import adopting
from .models import Action, Channel, Fact, Received, Resource, Segment
from .operations import folded
from .sequencing import sequenced
from .timeline import Spell, spells

#: 流程 → 读这几件事项的单据种类；补录的种类写在单据上，由申请一章登记
_READERS: dict[str, Callable[[Collection[int]], Mapping[int, str]]] = {}


def register_kinds(procedure: str, reader: Callable[[Collection[int]], Mapping[int, str]]) -> None:
    """登记这种流程的单据种类从哪里读：给事项编号，回 编号 → 种类。"""
    _READERS[procedure] = reader


#: 一次新增从哪天起计费
Starts = Callable[[trial.Grant], date]


def under(conventions: Mapping[str, str]) -> Starts:
    """照这一套口径：一个计量批次只用一套。"""
    return partial(trial.charge_start, conventions=conventions)


class Billed:
    """照账上：每个服务年度用自己的口径，从哪一年的账上起计费就是哪天；以后改口径，不动以前的年度。"""

    def __init__(self) -> None:
        self._known: dict[int, Mapping[str, str]] = {}

    def options(self, day: date) -> Mapping[str, str]:
        """那天的账照哪一套口径。"""
        year = periods.service_year_of(day)
        if year not in self._known:
            self._known[year] = conventions_of(year)
        return self._known[year]

    def __call__(self, grant: trial.Grant) -> date:
        """这次新增从哪天起计费。"""
        year = periods.service_year_of(grant.on)
        while True:
            start = periods.service_year(year).start
            found = max(trial.charge_start(grant, self.options(start)), start)
            if found < periods.year_end(year):
                return found
            year += 1


def as_billed() -> Billed:
    """照账上的口径；一次读页用一个，各年度的口径只取一遍。"""
    return Billed()


@dataclass(frozen=True)
class Use:
    """一次在用：从新增到释放，照账上的日子；`charged_on` 是计费起日，`added` 是那条新增，`released` 是那条释放。

    `ordered` 为假的，账上没有这条新增的工单（D1），不计费。
    """

    start: date
    until: date | None
    charged_on: date
    added: Fact
    released: Fact | None
    grant: trial.Grant
    ordered: bool = True

    def holds(self, day: date) -> bool:
        """那天在不在用。"""
        return periods.Period(self.start, self.until).contains(day)

    @property
    def on_trial(self) -> bool:
        """有没有测试期。"""
        return self.charged_on > self.start

    @property
    def last_trial_day(self) -> date:
        """测试期的末日（含）；没有测试期的不该问。"""
        return self.charged_on - timedelta(days=1)

    @property
    def trial_done(self) -> date | None:
        """测试期满、起计费的那天；没有测试期的、不到期满就释放的、没有工单不计费的为 None。"""
        met = self.ordered and self.on_trial and (self.until is None or self.charged_on < self.until)
        return self.charged_on if met else None


def kinds_of(facts: Iterable[Fact]) -> dict[int, str]:
    """各条事实的事项是哪种单据：事项编号 → 种类。没有事项的（导入的台账）不在里面，算首次申请。"""
    cases = {fact.case.pk: fact.case.procedure for fact in facts if fact.case}
    found = {case: FORMS[procedure] for case, procedure in cases.items() if procedure in FORMS}
    for procedure, reader in _READERS.items():
        if mine := [case for case, known in cases.items() if known == procedure]:
            found |= reader(mine)
    return found


def uses(facts: Collection[Fact], kinds: Mapping[int, str], starts: Starts, days: Mapping[int, date]) -> list[Use]:
    """一个资源一个目录项的各次在用；`facts` 是没有作废的全部事实，带目录项和事项。

    `days` 是账上起效的日子与台账记的不同来源的（`adopting.days`、数据包里的工单）：事实 → 哪天；不在里面的照台账。
    """
    known = {fact.pk: fact for fact in facts}
    released = {fact.effective_on: fact for fact in facts if fact.action == Action.RELEASE}
    return [_use(one, known[one.added], released, kinds, starts) for one in _folded(facts, days)]


def _folded(facts: Iterable[Fact], days: Mapping[int, date]) -> list[Spell]:
    rows = (replace(folded(one), effective_on=days.get(one.pk, one.effective_on), voids=None) for one in facts)
    return spells(sequenced(rows))


def _use(
    spell: Spell,
    added: Fact,
    released: Mapping[date, Fact],
    kinds: Mapping[int, str],
    starts: Starts,
) -> Use:
    form = kinds.get(added.case_id or 0, trial.FIRST_APPLICATION)
    grant = grant_of(added.item, spell.start, form=form, nth=spell.nth)
    last = released.get(spell.until) if spell.until else None
    return Use(spell.start, spell.until, starts(grant), added, last, grant)


def grant_of(item: Item, on: date, *, form: str = trial.FIRST_APPLICATION, nth: int = 1) -> trial.Grant:
    """`on` 这天下发这一项。"""
    return trial.Grant(on, item.category, item.level, item.cycle, form, nth)


def uses_of(segments: Iterable[Segment], starts: Starts) -> dict[int, Use]:
    """各时段所在的那一次在用：时段编号 → 在用。改量的时段与它改以前的同属一次。"""
    wanted = list(segments)
    facts: dict[tuple[int, int], list[Fact]] = defaultdict(list)
    kept = Fact.objects.filter(resource__in={one.resource_id for one in wanted}, voided_by=None)
    every = list(kept.exclude(action=Action.VOID).select_related("case", "item", "resource", "corrects"))
    for fact in every:
        facts[fact.resource_id, fact.item_id].append(fact)
    kinds = kinds_of(every)
    orders = adopting.days(every)
    days, unordered = {pk: one.on for pk, one in orders.items()}, adopting.unordered(every, orders)
    folded = {pair: uses(mine, kinds, starts, days) for pair, mine in facts.items()}
    own = {pair: _folded(mine, {}) for pair, mine in facts.items()}
    effective = {fact.pk: days.get(fact.pk, fact.effective_on) for fact in every}
    found = {}
    for one in wanted:
        pair = one.resource_id, one.item_id
        # 时段是照台账的日子折的：先找它那一次的新增，再看那条新增在账上落在哪一次
        spell = next((spell for spell in own.get(pair, []) if spell.holds(one.during.lower)), None)
        begun = effective[spell.added] if spell else None
        use = next((use for use in folded.get(pair, []) if begun and use.holds(begun)), None)
        # 时段由事实折出；没有事实的时段是库坏了，prove 会报
        if use is not None:
            found[one.pk] = replace(use, ordered=use.added.pk not in unordered)
    return found


#: 给几次在用和口径，回（新增的事实 → 起计以后头一个真收的日子），没有推后的不在里面：结算一章登记
Spared = Callable[[Sequence[Use], Billed], Mapping[int, date]]
_spared: list[Spared] = []


def register_spared(read: Spared) -> None:
    """登记：先办后批裁定认可、照口径 K-19 审核通过以前不收的，推到哪天。"""
    _spared.append(read)


def first_billed(used: Iterable[Use], billed: Billed) -> dict[int, date]:
    """先办后批（D4）裁定认可、口径 K-19 选审核日的各次在用，起计以后头一个真收的日子：新增的事实 → 哪天。

    计费起日、测试期都不动，推后的只是收不收（R-075）；口径没有选审核日的不看裁定。
    """
    wanted = [
        one for one in {use.added.pk: use for use in used}.values()
        if one.added.case and billed.options(one.charged_on)["K-19"] == "review"
    ]  # fmt: skip
    found: dict[int, date] = {}
    for read in _spared if wanted else ():
        found |= read(wanted, billed)
    return found


def charge_starts(segments: Iterable[Segment], starts: Starts) -> dict[int, date]:
    """各时段所在的这一次在用从哪天起计费：时段编号 → 日期。"""
    wanted = list(segments)
    found = uses_of(wanted, starts)
    return {one.pk: found[one.pk].charged_on if one.pk in found else one.during.lower for one in wanted}


def on_trial(live: Iterable[Segment], on: date) -> set[int]:
    """`on` 那天在用的各项都还在测试期的资源。`live` 是那天在用的时段，一个资源的要齐。

    有一项已经计费的就是计费中，与账上一致。
    """
    wanted = list(live)
    starts = charge_starts(wanted, as_billed())
    charged = {one.resource_id for one in wanted if starts[one.pk] <= on}
    return {one.resource_id for one in wanted} - charged


def earliest_trial(on: date) -> date:
    """`on` 那天可能还在测试期的，最早是哪天下发的；再早的不用看。"""
    return periods.add_months(on, -trial.months_from(on)) - timedelta(days=4)


def begun_between(first: date, last: date) -> QuerySet[Resource]:
    """这段日子（含首尾）里可能有新增起效的资源：台账记的，和门外送来的工单写的（账上也许照它）。"""
    recorded = Fact.objects.filter(action=Action.ADD, effective_on__range=(first, last)).values("resource__code")
    sent = Received.objects.filter(
        kind="工单",
        source__channel__in=[one for one in Channel if one.outside],
        payload__动作=Action.ADD,
        payload__完成日期__range=(first.isoformat(), last.isoformat()),
    )
    return Resource.objects.filter(Q(code__in=recorded) | Q(code__in=sent.values(code=KT("payload__资源"))))
