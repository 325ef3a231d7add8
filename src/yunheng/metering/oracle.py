"""逐日笨算法：照结算算法说明一天一天地走，只用标准库。

它慢，但每一步都看得见：第几天在用多少、那天的价格是哪一版、为什么收或不收。
列式引擎的结果必须与它逐字相等；审计员可用 `--engine oracle` 独立重算（R-077）。
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from yunheng.metering.format import Manifest, Row, Tables
from yunheng.metering.problems import PackageError, Problem

DAY = timedelta(days=1)
APPLY_ORDER = {"释放": 0, "新增": 1, "变更": 2}
PENALTIES = {"A": 1, "B": 5, "C": 3, "D": 5, "E": 5, "F": 3}
#: 测试期几个月；日志可以差几天；释放后几个工作日内清除
TRIAL_MONTHS, TOLERANCE_DAYS, RECLAIM_DAYS = 3, 2, 10
#: 考核：每项几分；满意率几分、线、每低一个百分点扣几分；总分的线、一档几分、一档扣几分之一；专项管理费是几分之一
EVENT_FULL, RATE_FULL, RATE_LINE, RATE_PENALTY = 10, 40, 90, Fraction(4, 5)
TOTAL_LINE, TOTAL_BAND, BAND_CUT, FEE_SHARE = 90, 10, Fraction(1, 20), Fraction(1, 10)
NAMES = {
    1: "无工单",
    2: "无单据",
    3: "数量不符",
    4: "先办后批",
    5: "无日志",
    6: "起点不符",
    7: "提前消失",
    8: "释放未清",
    9: "无主用量",
    10: "缺全市用量",
    11: "无主变更",
    12: "重复工单",
    13: "无主资源",
    14: "重复测试期",
}
BLOCKING = {3, 4, 5, 6, 7, 10}

Timeline = tuple[str, str]


@dataclass(eq=False)
class Action:
    """一条已通过、已生效的明细。`order` 是它的工单，释放可以没有。"""

    kind: str
    form: Row
    reviewed: date
    quantity: Fraction
    effective: date
    order: Row | None
    spell: Spell | None = None


@dataclass(eq=False)
class Spell:
    """一次真正的新增，直到释放。`opening` 是那次新增，`charge_from` 是计费起日，`on_trial` 是享不享测试期。"""

    opening: Action
    charge_from: date
    on_trial: bool


@dataclass
class Book:
    """一次结算里共用的东西：期间、口径、按名取行的索引、攒下的差异和账目。"""

    manifest: Manifest
    options: Mapping[str, str]
    start: date
    until: date
    items: dict[str, Row]
    versions: dict[str, list[Row]]
    projects: dict[str, Row]
    units: dict[str, Row]
    averages: dict[str, Fraction]
    days: dict[Timeline, dict[date, Action]] = field(default_factory=dict)
    applied: dict[Timeline, list[Action]] = field(default_factory=dict)
    differences: list[dict[str, Any]] = field(default_factory=list)
    #: （资源, 目录项, 差异）→ 各段裁定（起, 止, 裁定）
    rulings: dict[tuple[str, str, str], list[tuple[date, date, str]]] = field(default_factory=dict)
    #: （资源, 目录项）→ 阻断它的差异码
    blocked: dict[Timeline, set[str]] = field(default_factory=lambda: defaultdict(set))
    lines: list[dict[str, Any]] = field(default_factory=list)
    disputed: list[dict[str, Any]] = field(default_factory=list)
    gaps: dict[tuple[str, str, date | None], date] = field(default_factory=dict)

    def within(self, day: date) -> bool:
        """这一天在不在期内。"""
        return self.start <= day < self.until

    def ruled(self, timeline: Timeline, code: str, day: date) -> str | None:
        """这一天对这种差异的裁定，没有为 None。"""
        for start, until, ruling in self.rulings.get((*timeline, code), ()):
            if start <= day < until:
                return ruling
        return None

    def differ(
        self,
        code: int,
        place: tuple[str | None, str | None],
        note: str,
        evidence: tuple[str | None, str | None] = (None, None),
    ) -> None:
        """记一条差异；`place` 是（资源, 目录项），`evidence` 是（单号, 工单号）。"""
        self.differences.append(
            {
                "code": f"D{code}",
                "resource": place[0],
                "item": place[1],
                "form": evidence[0],
                "order": evidence[1],
                "blocking": code in BLOCKING,
                "ruling": None,
                "note": f"{NAMES[code]}：{note}",
            }
        )
        if code in BLOCKING:
            assert place[0] is not None
            assert place[1] is not None
            self.blocked[place[0], place[1]].add(f"D{code}")


def settle(
    manifest: Manifest,
    tables: Tables,
    conventions: Mapping[str, str],
    published_workday: Callable[[date], bool | None],
) -> dict[str, Any]:
    """结算一个已通过校验的数据包，返回完整的 结算.json（含 digest）。

    `conventions` 是这一版的全部口径；`published_workday` 给出内置的国务院安排，未公布为 None。
    要出账目的日子没有价格版本：抛 PackageError。
    """
    start = date(manifest.service_year, 7, 1)
    until = date(manifest.service_year + 1, 7, 1) if manifest.cutoff is None else manifest.cutoff + DAY
    versions: dict[str, list[Row]] = defaultdict(list)
    for row in tables["目录"]:
        versions[row["目录项"]].append(row)
    book = Book(
        manifest,
        conventions,
        start,
        until,
        {name: rows[0] for name, rows in versions.items()},
        versions,
        {row["项目"]: row for row in tables["项目"]},
        {row["代码"]: row for row in tables["机构"]},
        {},
    )
    warnings: list[str] = []
    _averages(book, tables)
    usage = _usage(tables)
    for row in tables["差异裁定"]:
        begin = date.fromisoformat(row["起"] or f"{manifest.service_year}-07-01")
        end = date.fromisoformat(row["止"] or f"{manifest.service_year + 1}-07-01")
        book.rulings.setdefault((row["资源"], row["目录项"], row["差异"]), []).append((begin, end, row["裁定"]))
    for timeline, actions in sorted(_actions(book, tables).items()):
        _walk(book, timeline, actions)
    _compare_logs(book, tables, published_workday, warnings)
    _compare_usage(book, usage)
    for timeline in sorted(book.days):
        _bill(book, timeline, usage.get(timeline, {}))
    if book.gaps:
        raise PackageError(
            Problem(
                "目录",
                None,
                "生效日期",
                f"{item}（{provider}）自 {day} 起要出账目，但没有价格版本（D62-七 同期目录单价）",
            )
            for (item, provider, _), day in sorted(book.gaps.items(), key=lambda gap: (gap[0][:2], gap[1]))
        )
    _state_rulings(book, warnings)
    lines, disputed = sorted(book.lines, key=_line_order), sorted(book.disputed, key=_line_order)
    assessments = _assess(book, tables, warnings)
    content: dict[str, Any] = {
        "format": "yunheng.settlement",
        "version": manifest.version,
        "service_year": manifest.service_year,
        "until": until.isoformat(),
        "district": manifest.district,
        "conventions": dict(conventions),
        "lines": lines,
        "disputed": disputed,
        "differences": sorted(book.differences, key=_difference_order),
        "assessments": assessments,
        "tier_prices": [{"item": item, "average_price": text(price)} for item, price in sorted(book.averages.items())],
        "summary": _summary(book, lines, disputed, assessments),
        "warnings": warnings,
    }
    content["digest"] = digest(content)
    return content


# ── 数字 ────────────────────────────────────────────────────────────────────


def text(value: Fraction) -> str:
    """有限小数化成去尾零的十进制文本。"""
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(int(value * 10**places)).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def round_half(value: Fraction, *, even: bool = False) -> int:
    """舍入到整数：五入（值不为负），或逢五取偶。"""
    return round(value) if even else (value + Fraction(1, 2)).__floor__()


def yuan(fen: int) -> str:
    """分化成两位小数的元。"""
    return f"{fen // 100}.{fen % 100:02d}"


def _fen(amount: str) -> int:
    return int(amount.replace(".", ""))


def digest(content: Mapping[str, Any]) -> str:
    """去掉 digest、warnings 和各 note 的规范 JSON 的 SM3。"""
    kept = {key: value for key, value in content.items() if key not in ("digest", "warnings")}
    kept["differences"] = [{k: v for k, v in entry.items() if k != "note"} for entry in kept["differences"]]
    canonical = json.dumps(kept, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return "sm3:" + hashlib.new("sm3", canonical.encode()).hexdigest()


# ── 第 1、2、3 步：动作、时间线、测试期 ─────────────────────────────────────


def _actions(book: Book, tables: Tables) -> dict[Timeline, list[Action]]:
    """第 1 步：已通过的明细找工单，算生效日；找不到、多出来、对不上的记差异。"""
    forms = {row["单号"]: row for row in tables["单据"] if row["审核日期"]}
    orders: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in tables["工单"]:
        orders[row["单号"], row["资源"], row["目录项"], row["动作"]].append(row)
    actions: dict[Timeline, list[Action]] = defaultdict(list)
    for row in tables["单据明细"]:
        form = forms.get(row["单号"])
        if form is None:
            continue
        place, reviewed = (row["资源"], row["目录项"]), date.fromisoformat(form["审核日期"])
        found = sorted(
            orders.pop((row["单号"], *place, row["动作"]), []), key=lambda order: (order["完成日期"], order["工单号"])
        )
        order = found.pop() if found else None
        for spare in found:
            if book.within(date.fromisoformat(spare["完成日期"])):
                book.differ(12, place, f"{spare['完成日期']} 完成的这张不采用", (row["单号"], spare["工单号"]))
        if row["动作"] == "释放":
            effective = reviewed
            if book.options["K-10"] == "after_review":
                if reviewed == date.max:
                    continue
                effective += DAY
        elif order is None:
            if book.within(reviewed):
                book.differ(1, place, f"{reviewed} 审核通过的明细找不到工单，不生效", (row["单号"], None))
            continue
        else:
            effective = date.fromisoformat(order["完成日期"])
        quantity = Fraction(row["数量"] or "0")
        actions[place].append(Action(row["动作"], form, reviewed, quantity, effective, order))
    for rest in orders.values():
        for stray in rest:
            if book.within(date.fromisoformat(stray["完成日期"])):
                note = f"{stray['完成日期']} 完成的工单找不到已通过的单据明细"
                book.differ(2, (stray["资源"], stray["目录项"]), note, (stray["单号"] or None, stray["工单号"]))
    return actions


def _walk(book: Book, timeline: Timeline, actions: list[Action]) -> None:
    """第 2、3 步：从最早生效日逐日走到期末，记下每天在用的是哪个动作。"""
    actions.sort(key=lambda a: (a.effective, APPLY_ORDER[a.kind], a.reviewed, a.form["单号"]))
    book.applied[timeline] = actions
    days = book.days[timeline] = {}
    current: Action | None = None
    spell: Spell | None = None
    spells: list[Spell] = []
    waiting = list(actions)
    day = waiting[0].effective
    while day < book.until:
        while waiting and waiting[0].effective == day:
            action = waiting.pop(0)
            if action.kind == "释放":
                current = spell = None
                continue
            if spell is None and action.kind == "变更":
                if book.within(day):
                    number = action.order["工单号"] if action.order else None
                    book.differ(11, timeline, f"{day} 的变更没有可变更的在用量", (action.form["单号"], number))
                continue
            if spell is None:
                spell = _open(book, timeline[1], action, again=bool(spells))
                spells.append(spell)
            action.spell, current = spell, action
        if current is not None:
            days[day] = current
        elif not waiting or waiting[0].effective >= book.until:
            break
        day += DAY
    for action in dict.fromkeys(days[day] for day in days if book.within(day)):
        order = action.order
        assert order is not None
        evidence = (action.form["单号"], order["工单号"])
        if order["数量"] and Fraction(order["数量"]) != action.quantity:
            note = f"单据数量 {text(action.quantity)}，工单数量 {text(Fraction(order['数量']))}"
            book.differ(3, timeline, note, evidence)
        if date.fromisoformat(order["完成日期"]) < action.reviewed:
            book.differ(4, timeline, f"{order['完成日期']} 完成，早于审核通过日 {action.reviewed}", evidence)
    used = {id(action.spell) for day, action in days.items() if book.within(day)}
    for spell in spells[1:]:
        if book.manifest.version > 1 and spell.on_trial and id(spell) in used:
            opening = spell.opening
            assert opening.order is not None
            note = f"{opening.effective} 释放后再新增，又享测试期，{spell.charge_from} 起才计费"
            book.differ(14, timeline, note, (opening.form["单号"], opening.order["工单号"]))


def _open(book: Book, item: str, action: Action, *, again: bool) -> Spell:
    """第 3 步：一次真正的新增，定它的计费起日（K-01、K-09、K-17、K-18）；`again` 是以前新增过。"""
    row, day = book.items[item], action.effective
    on_trial = row["类别"] == "基础设施" and row["级别"] != "区级"
    if book.options["K-09"] == "no" and action.form["种类"] != "首次申请":
        on_trial = False
    if book.options.get("K-17") == "once" and again:
        on_trial = False
    if book.options.get("K-18") == "recurring" and row["计费周期"] not in ("年", "月"):
        on_trial = False
    if not on_trial:
        return Spell(action, day, on_trial)
    index = day.year * 12 + day.month - 1 + TRIAL_MONTHS
    year, month = divmod(index, 12)
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - DAY).day
    anniversary = date(year, month + 1, min(day.day, last))
    return Spell(action, anniversary + DAY if book.options["K-01"] == "civil_code" else anniversary, on_trial)


# ── 第 4、5 步：切段、金额 ──────────────────────────────────────────────────


def _version(book: Book, item: str, provider: str, day: date) -> Row | None:
    """第 4 步：这一天的价格版本，带服务商的优先；没有就记缺口。"""
    moment = day.isoformat()
    candidates = [row for row in book.versions[item] if row["服务商"] in ("", provider)]
    for wanted in (provider, ""):
        for row in candidates:
            if (
                row["服务商"] == wanted
                and row["生效日期"] <= moment
                and (not row["失效日期"] or moment < row["失效日期"])
            ):
                return row
    ended = [date.fromisoformat(row["失效日期"]) for row in candidates if row["失效日期"] and row["失效日期"] <= moment]
    gap = (item, provider, max(ended, default=None))
    book.gaps[gap] = min(day, book.gaps.get(gap, day))
    return None


@dataclass
class Charge:
    """要出账目的一天：哪个动作、哪个价格版本、多少。"""

    day: date
    action: Action
    version: Row
    quantity: Fraction


def _bill(book: Book, timeline: Timeline, usage: Mapping[date, Fraction]) -> None:
    """一条时间线的账目：先找出要出账目的日子，再定每天的去处，合成账目。"""
    item = timeline[1]
    cycle = book.items[item]["计费周期"]
    due = _due_once(book, timeline) if cycle == "一次性" else _due_daily(book, timeline, usage, cycle)
    charges = []
    for day, action, quantity in due:
        version = _version(book, item, action.form["服务商"], day)
        if version is not None:
            charges.append(Charge(day, action, version, quantity))
    if charges and book.items[item]["计价方式"] == "阶梯" and item not in book.averages:
        book.differ(10, timeline, "没有本年度的阶梯或全市总量，平均单价算不出")
    groups: dict[Any, list[Charge]] = {}
    marks: list[tuple[Any, ...]] = []
    for charge in charges:
        fate = _fate(book, timeline, charge.day)
        if cycle == "次":
            key: Any = (charge.action.form["项目"], charge.action.form["服务商"], id(charge.version), fate)
        else:
            mark = (id(charge.action), id(charge.version), fate, charge.day)
            if cycle == "一次性" or not marks or marks[-1] != (*mark[:3], charge.day - DAY):
                groups[len(groups)] = []
            marks.append(mark)
            key = len(groups) - 1
        groups.setdefault(key, []).append(charge)
    for found in groups.values():
        fate = _fate(book, timeline, found[0].day)
        if fate is not None:
            _line(book, timeline, cycle, found, fate)


def _fate(book: Book, timeline: Timeline, day: date) -> tuple[str, ...] | None:
    """第 7 步裁定：这一天未裁定的码（空的入账，有的待核）；裁定不计费为 None。"""
    verdicts = {code: book.ruled(timeline, code, day) for code in book.blocked.get(timeline, ())}
    unruled = sorted((code for code, ruling in verdicts.items() if ruling is None), key=lambda code: int(code[1:]))
    return None if not unruled and "不计费" in verdicts.values() else tuple(unruled)


def _excused(book: Book, timeline: Timeline, action: Action, day: date) -> bool:
    """K-19 选 review：先办后批的段里，审核日期以前、当日裁定认可的日子不计费；服务年度始以前的按首日的裁定看。"""
    if book.options.get("K-19") != "review" or day >= action.reviewed:
        return False
    return book.ruled(timeline, "D4", max(day, book.start)) == "认可"


def _due_daily(
    book: Book, timeline: Timeline, usage: Mapping[date, Fraction], cycle: str
) -> Iterator[tuple[date, Action, Fraction]]:
    """年、月每天收，次有用量的那天收。"""
    for day, action in book.days[timeline].items():
        assert action.spell is not None
        if not book.within(day) or day < action.spell.charge_from or _excused(book, timeline, action, day):
            continue
        if cycle != "次":
            yield day, action, action.quantity
        elif day in usage:
            yield day, action, usage[day]


def _due_once(book: Book, timeline: Timeline) -> Iterator[tuple[date, Action, Fraction]]:
    """一次性：每段收超过已收数量的部分；收费日是段里计费起日起第一个不被 K-19 免去的日子。"""
    collected: dict[Spell, Fraction] = {}
    owed: dict[Action, Fraction | None] = {}
    for day, action in book.days[timeline].items():
        spell = action.spell
        assert spell is not None
        if day < spell.charge_from:
            continue
        if action not in owed:
            more = action.quantity - collected.get(spell, Fraction(0))
            owed[action] = more if spell not in collected or more > 0 else None
            collected[spell] = max(collected.get(spell, action.quantity), action.quantity)
        quantity = owed[action]
        if quantity is None or _excused(book, timeline, action, day):
            continue
        owed[action] = None
        if book.within(day):
            yield day, action, quantity


def _time(book: Book, cycle: str, days: list[date]) -> Fraction:
    """第 5 步：折成几年、几个月（K-03、K-04）；次、一次性不折。"""
    if cycle == "年":
        first = date(book.manifest.service_year, 7, 1)
        actual = (date(book.manifest.service_year + 1, 7, 1) - first).days
        return Fraction(len(days), 365 if book.options["K-03"] == "fixed_365" else actual)
    if cycle != "月":
        return Fraction(1)
    if book.options["K-04"] == "thirty":
        return Fraction(len(days), 30)
    return sum((Fraction(1, _month_length(day)) for day in days), Fraction(0))


def _month_length(day: date) -> int:
    return (date(day.year + day.month // 12, day.month % 12 + 1, 1) - day.replace(day=1)).days


def _line(book: Book, timeline: Timeline, cycle: str, charges: list[Charge], unruled: tuple[str, ...]) -> None:
    """第 5、6 步：一条账目，舍入一次到分，写明谁付；有未裁定的码进待核。"""
    first, days = charges[0], [charge.day for charge in charges]
    item, action, form = timeline[1], first.action, first.action.form
    tiered = book.items[item]["计价方式"] == "阶梯"
    price = book.averages.get(item, Fraction(0)) if tiered else Fraction(first.version["单价"])
    quantity = first.quantity if cycle != "次" else sum((charge.quantity for charge in charges), Fraction(0))
    amount = quantity * price * _time(book, cycle, days) * 100
    fen = round_half(amount, even=book.options["K-05"] == "half_even")
    project = book.projects[form["项目"]]
    unified = book.units[project["单位"]]["预算性质"] == "区级" and project["费用归属"] == "区级"
    assert action.order is not None
    (book.disputed if unruled else book.lines).append(
        {
            "unit": project["单位"],
            "project": form["项目"],
            "resource": timeline[0],
            "item": item,
            "provider": form["服务商"],
            "form": form["单号"],
            "order": action.order["工单号"],
            "quantity": text(quantity),
            "from": days[0].isoformat(),
            "until": (days[-1] + DAY).isoformat(),
            "days": len(days),
            "unit_price": text(price),
            "amount": yuan(fen),
            "payer": "unified" if unified else "self",
            **({"differences": list(unruled)} if unruled else {}),
        }
    )


def _averages(book: Book, tables: Tables) -> None:
    """第 5 步阶梯：全市平均单价（M10-四(四)，K-07）。"""
    year = book.manifest.service_year
    totals = {row["目录项"]: Fraction(row["全市总量"]) for row in tables["全市用量"] if int(row["服务年度"]) == year}
    for item, row in book.items.items():
        tiers = [tier for tier in tables["阶梯"] if tier["目录项"] == item and int(tier["服务年度"]) == year]
        total = totals.get(item, Fraction(0))
        if row["计价方式"] != "阶梯" or not tiers or not total:
            continue
        cost = Fraction(0)
        for tier in tiers:
            low, high = Fraction(tier["起"]), Fraction(tier["止"]) if tier["止"] else None
            if tier["方式"] == "到达":
                if low <= total and (high is None or total < high):
                    cost = total * Fraction(tier["单价"])
            elif total > low:
                cost += (total - low if high is None else min(total, high) - low) * Fraction(tier["单价"])
        scale = 10 ** int(book.options["K-07"])
        book.averages[item] = Fraction(round_half(cost / total * scale), scale)


def _usage(tables: Tables) -> dict[Timeline, dict[date, Fraction]]:
    usage: dict[Timeline, dict[date, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for row in tables["用量"]:
        if Fraction(row["用量"]):
            usage[row["资源"], row["目录项"]][date.fromisoformat(row["日期"])] += Fraction(row["用量"])
    return usage


# ── 第 7 步：差异 ───────────────────────────────────────────────────────────


def _compare_logs(
    book: Book, tables: Tables, published_workday: Callable[[date], bool | None], warnings: list[str]
) -> None:
    """D5～D8、D13：资源的日志与它有日志的各条时间线比对。"""
    logs = {
        row["资源"]: (date.fromisoformat(row["首见日期"]), date.fromisoformat(row["末见日期"]))
        for row in tables["日志"]
    }
    by_resource: dict[str, list[Timeline]] = defaultdict(list)
    for timeline, days in book.days.items():
        if book.items[timeline[1]]["日志"] != "无" and any(a.kind == "新增" for a in book.applied[timeline]):
            by_resource[timeline[0]].append(timeline)
        del days
    overrides = {date.fromisoformat(row["日期"]): row["工作日"] == "是" for row in tables["日历"]}
    for resource, timelines in by_resource.items():
        used = [timeline for timeline in timelines if book.days[timeline]]
        current = [timeline for timeline in used if any(book.within(day) for day in book.days[timeline])]
        seen = logs.get(resource)
        if seen is None:
            for timeline in current:
                book.differ(5, timeline, "平台日志里没有这个资源")
            continue
        first, last = seen
        added = min(a.effective for t in timelines for a in book.applied[t] if a.kind == "新增")
        stop = max((max(book.days[timeline]) + DAY for timeline in used), default=None)
        for timeline in current:
            assert stop is not None
            if book.within(added) and abs((first - added).days) > TOLERANCE_DAYS:
                book.differ(6, timeline, f"最早生效日 {added}，日志首见 {first}，相差超过 2 天")
            if last < stop - (TOLERANCE_DAYS + 1) * DAY:
                book.differ(7, timeline, f"在用至 {stop - DAY}，日志末见 {last}，早了超过 2 天")
        if stop is not None and stop < book.until and book.within(stop):
            deadline, guessed = _ten_workdays(stop - DAY, overrides, published_workday)
            if guessed:
                warnings.append(f"{stop} 之后 10 个工作日的放假安排未公布，按周一至周五推定（R-006）")
            if last > deadline:
                book.differ(8, (resource, None), f"最迟应于 {deadline} 清除，日志末见 {last}")
    approved = {row["单号"] for row in tables["单据"] if row["审核日期"]}
    known = {row["资源"] for row in tables["工单"]}
    known |= {row["资源"] for row in tables["单据明细"] if row["单号"] in approved}
    for resource, (first, last) in logs.items():
        if resource not in known and first < book.until and last >= book.start:
            book.differ(13, (resource, None), f"日志自 {first} 至 {last}，但没有已通过的单据，也没有工单")


def _ten_workdays(
    day: date, overrides: Mapping[date, bool], published_workday: Callable[[date], bool | None]
) -> tuple[date, bool]:
    count, guessed = 0, False
    while count < RECLAIM_DAYS:
        day += DAY
        works = overrides[day] if day in overrides else published_workday(day)
        if works is None:
            works, guessed = day.weekday() < 5, True
        count += works
    return day, guessed


def _compare_usage(book: Book, usage: Mapping[Timeline, Mapping[date, Fraction]]) -> None:
    """D9：期内的用量不在时间线内。"""
    for timeline, amounts in usage.items():
        days = book.days.get(timeline, {})
        stray = [day for day in amounts if book.within(day) and day not in days]
        if stray:
            book.differ(9, timeline, f"有 {len(stray)} 天的用量不在在用期间内，不计费")


def _state_rulings(book: Book, warnings: list[str]) -> None:
    """差异行写上裁定：期内每天都是同一种的写那一种，有裁定而不是这样的写部分；用不上的裁定给提醒。"""
    period = [book.start + n * DAY for n in range((book.until - book.start).days)]
    stated: dict[tuple[str, str, str], str | None] = {}
    for (resource, item, code), ranges in book.rulings.items():
        daily = {book.ruled((resource, item), code, day) for day in period}
        stated[resource, item, code] = None if daily == {None} else daily.pop() if len(daily) == 1 else "部分"
        known = any((e["resource"], e["item"], e["code"]) == (resource, item, code) for e in book.differences)
        for begin, end, _ in sorted(ranges):
            reason = "的日子全在数据截止日以后" if known else "没有对应的差异"
            if not known or begin >= book.until:
                warnings.append(f"差异裁定{reason}，已忽略：{resource} {item} {code}，{begin} 至 {end - DAY}（含）")
    for entry in book.differences:
        entry["ruling"] = stated.get((entry["resource"], entry["item"], entry["code"]))


def _line_order(line: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(line[key] for key in ("unit", "project", "resource", "item", "from", "form"))


def _difference_order(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return (int(entry["code"][1:]), *(entry[key] or "" for key in ("resource", "item", "form", "order")))


# ── 第 8、9 步：考核、汇总 ──────────────────────────────────────────────────


def _assess(book: Book, tables: Tables, warnings: list[str]) -> list[dict[str, Any]]:
    """第 8 步：附件5 七项得分、总分、扣减比例（K-06）。"""
    rates = {row["服务商"]: Fraction(row["满意率"]) for row in tables["满意度"]}
    result = []
    for provider in sorted(code for code, row in book.units.items() if row["类型"] == "云服务商"):
        scores: dict[str, Fraction] = {}
        for indicator, penalty in PENALTIES.items():
            events = sum(
                row["服务商"] == provider and row["指标"] == indicator and book.within(date.fromisoformat(row["日期"]))
                for row in tables["考核"]
            )
            scores[indicator] = Fraction(max(EVENT_FULL - penalty * events, 0))
        entry: dict[str, Any] = {"provider": provider, "scores": {k: text(v) for k, v in scores.items()}}
        if provider not in rates:
            warnings.append(f"服务商 {provider} 没有满意率，未考核，扣减按 0（D62-附件5）")
            entry["scores"]["G"] = entry["total"] = entry["deduction_rate"] = None
        else:
            short = max(RATE_LINE - rates[provider], Fraction(0))
            if book.options["K-06"] != "linear":
                short = Fraction(short.__floor__() if book.options["K-06"] == "whole" else short.__ceil__())
            scores["G"] = max(RATE_FULL - short * RATE_PENALTY, Fraction(0))
            total = sum(scores.values(), Fraction(0))
            rungs = ((TOTAL_LINE - total) / TOTAL_BAND).__ceil__() if total < TOTAL_LINE else 0
            entry["scores"]["G"] = text(scores["G"])
            entry["total"], entry["deduction_rate"] = text(total), text(rungs * BAND_CUT)
        result.append(entry)
    return result


def _summary(
    book: Book,
    lines: Iterable[Mapping[str, Any]],
    disputed: Iterable[Mapping[str, Any]],
    assessments: Iterable[Mapping[str, Any]],
) -> dict[str, Any]:
    """第 9 步：统一支付按服务商，自行支付按（单位, 服务商）。"""
    rates = {entry["provider"]: Fraction(entry["deduction_rate"] or 0) for entry in assessments}
    groups: dict[tuple[str, str, str], int] = defaultdict(int)
    for line in lines:
        groups[line["payer"], line["unit"] if line["payer"] == "self" else "", line["provider"]] += _fen(line["amount"])
    rows: dict[str, list[dict[str, str]]] = {"unified": [], "self": []}
    sums = {f"{payer}_{kind}": 0 for payer in rows for kind in ("gross", "net")}
    for (payer, unit, provider), gross in sorted(groups.items()):
        cut = rates[provider] if payer == "unified" or book.options["K-11"] == "yes" else Fraction(0)
        deduction = round_half(gross * cut)
        owner = {"unit": unit} if payer == "self" else {}
        amounts = {"gross": yuan(gross), "deduction": yuan(deduction), "net": yuan(gross - deduction)}
        rows[payer].append({**owner, "provider": provider, **amounts})
        sums[f"{payer}_gross"] += gross
        sums[f"{payer}_net"] += gross - deduction
    base = sums["unified_net" if book.options["K-12"] == "net" else "unified_gross"]
    return {
        **rows,
        **{key: yuan(value) for key, value in sums.items()},
        "disputed_gross": yuan(sum(_fen(line["amount"]) for line in disputed)),
        "supervision_fee_cap": yuan((base * FEE_SHARE).__floor__()),
    }
