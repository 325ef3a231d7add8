"""一条账目为什么是这么多：算式、来历、条款、起作用的口径。命令行 explain 和网页说的是同一段话（R-073）。

这里只管说：来历由数据包（`explaining`）或库（结算一章）读来，交进来的是普通数据。
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from yunheng.metering.differences import NAMES
from yunheng.rules import periods, pricing, trial
from yunheng.rules.conventions import CONVENTIONS
from yunheng.rules.money import UnitPrice, grouped
from yunheng.rules.overlay import Span, clipped, overlaid
from yunheng.rules.overlay import stated as ruled_days
from yunheng.rules.periods import last_day


@dataclass(frozen=True)
class Tiers:
    """阶梯项这一年的全市总量、方式、各档，和算出的全市平均单价（元）。

    `lent_by` 是这些数其实是哪个服务年度的：这一年的还没发布、年中暂用上一年度的才有。
    """

    total: Decimal
    mode: str
    tiers: Sequence[pricing.Tier]
    average: str
    lent_by: int | None = None

    def sentences(self, unit: str, places: str) -> list[str]:
        """全市总量、各档、平均单价怎么来（M10-四(四)，R-076）。"""
        steps = [
            f"{_plain(one.start)} 至{f' {_plain(one.until)}' if one.until is not None else '不封顶'}，"
            f"单价 {UnitPrice(one.unit_price)} 元"
            for one in sorted(self.tiers, key=lambda one: one.start)
        ]
        amount = pricing.tier_total(self.tiers, self.total, self.mode)
        whole = _plain(Decimal(amount.numerator) / Decimal(amount.denominator))
        way = "各档分别计" if self.mode == "累进" else "全量按总量所在的一档"
        lent = (
            [
                f"全市总量、各档是 {self.lent_by} 服务年度的，暂用上一年度：这一年的全市用量还没发布，"
                "年度计量时照发布的算，金额会变（M10-四(四)，R-019）"
            ]
            if self.lent_by
            else []
        )
        return [
            *lent,
            f"阶梯计价（{unit}）：单价是全市平均单价；全市总量 {_plain(self.total)}，{self.mode}，{way}（M10-四(四)）",
            f"各档（起含、止不含）：{'；'.join(steps)}",
            f"全市平均单价 = 按阶梯的总价 {whole} 元 ÷ 全市总量 {_plain(self.total)}"
            f" = {UnitPrice(Decimal(self.average), int(places))} 元（K-07，{places} 位小数）",
        ]


def tiers_of(
    rows: Sequence[Sequence[str]], total: str | None, average: str, lent_by: int | None = None
) -> Tiers | None:
    """由数据包“阶梯”的方式、起、止、单价各行和“全市用量”的总量排成；缺一样为 None。`lent_by` 见 `Tiers`。"""
    if not rows or total is None or not Decimal(total):
        return None
    steps = [pricing.Tier(Decimal(a), Decimal(b) if b else None, Decimal(price)) for _, a, b, price in rows]
    return Tiers(Decimal(total), rows[0][0], steps, average, lent_by)


#: 阻断差异的码（D3 至 D7）→ 裁定的各段，依次、互不相交、都在计量的日子里
Rulings = Mapping[str, Sequence[Span[None]]]


def rulings_of(rows: Iterable[tuple[str, str, str | None, str | None]], year: int, until: date) -> Rulings:
    """由（差异, 裁定, 起, 止）排成，起止没有写的是服务年度的两端；`until` 是计至哪天（不含），以后的日子不看。"""
    first, final = periods.service_year(year).start, periods.year_end(year)
    found: dict[str, list[Span[None]]] = {}
    for code, ruling, start, end in rows:
        span = Span(
            date.fromisoformat(start) if start else first, date.fromisoformat(end) if end else final, ruling, None
        )
        found.setdefault(code, []).append(span)
    kept = {code: clipped(overlaid(spans), first, until) for code, spans in found.items()}
    return {code: kept[code] for code in sorted(kept) if kept[code]}


def excused(rulings: Rulings, reviewed: date, day: date, options: Mapping[str, str]) -> bool:
    """口径 K-19 选审核日的：`reviewed` 审核通过以前、那天先办后批（D4）裁定认可的，不计费（R-075）。

    服务年度以前的日子照首日的裁定看，不在这里：这里只看计量的日子。
    """
    if options.get("K-19") != "review" or day >= reviewed:
        return False
    return any(span.start <= day < span.until and span.ruling == "认可" for span in rulings.get("D4", ()))


@dataclass(frozen=True)
class Known:
    """一条账目的来历。

    `name unit pricing cycle` 是目录项的；`form_kind reviewed` 是来源单据的种类、审核通过日；
    `action done` 是工单的动作、完成日；`grant` 是所在这一次的新增，`charged_on` 是它的计费起日；
    `released` 是这一次在用的停止日（不含），没有释放为 None；`rulings` 是这一项各种阻断差异计至那天以前的裁定。
    """

    name: str
    unit: str
    pricing: str
    cycle: str
    form_kind: str
    reviewed: str
    action: str
    done: str
    grant: trial.Grant | None
    charged_on: date | None
    released: date | None = None
    rulings: Rulings = field(default_factory=dict)
    tiers: Tiers | None = None


@dataclass(frozen=True)
class Told:
    """说出来的：算式一句、来历若干句、条款、起作用的口径；没有数据包可以重算，说不准哪些口径起作用的为 None。"""

    equation: str
    evidence: tuple[str, ...]
    articles: tuple[str, ...]
    codes: tuple[str, ...] | None


def tell(
    line: Mapping[str, Any],
    known: Known,
    head: Mapping[str, Any],
    neighbours: Sequence[Mapping[str, Any]],
    codes: tuple[str, ...] | None,
) -> Told:
    """`line` 照 结算.json 的写法；`neighbours` 是同一资源、目录项的各条；`codes` 是起作用的口径（`acting`）。

    `head` 要有 service_year、until（计至哪天，不含）、conventions。
    """
    options = head["conventions"]
    evidence = [
        f"目录项 {line['item']} {known.name}，按{known.cycle}计费，{known.pricing}计价，"
        + (
            UNPRICED
            if unpriced(line)
            else f"单价 {UnitPrice.of(line['unit_price'], known.pricing, options)} 元/{known.unit}"
        ),
        f"单据 {line['form']}（{known.form_kind}，{known.reviewed} 审核通过）定数量",
        f"工单 {line['order']}（{known.action}，{known.done} 完成）定生效日",
        *_delivery(known),
        *_changes(line, neighbours),
        *_rulings(known, head),
        *_opening(line, known, head, neighbours),
    ]
    if known.released and known.released.isoformat() == line["until"]:
        evidence.append(f"{last_day(known.released)} 是最后一天，次日起释放、不再计费（D62-六(三)）")
    articles = ["D62-七", "D62-八"]
    if known.pricing == "阶梯":
        articles.append("M10-四(四)")
        evidence += (
            known.tiers.sentences(known.unit, options["K-07"])
            if known.tiers
            else ["阶梯计价：单价是全市平均单价 = 全市总量按阶梯的总价 ÷ 全市总量；没有全市总量或阶梯，不能出账（D10）"]
        )
    unified = line["payer"] == "unified"
    articles.append("D14-15" if unified else "D62-九")
    evidence.append("由区级统一支付" if unified else "由使用单位自行支付")
    shown = equation(line, head, known.unit, known.cycle, known.pricing)
    return Told(shown, tuple(evidence), tuple(articles), codes)


def stated(codes: Iterable[str], options: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """口径：编号、问题、选的哪一项。"""
    return [(code, CONVENTIONS[code].question, CONVENTIONS[code].options[options[code]]) for code in sorted(codes)]


#: 阶梯计价缺全市总量或阶梯价：单价、金额写的是 0，不是真的 0 元
UNPRICED = "缺全市总量或阶梯价，单价、金额算不出（D10）"


def unpriced(line: Mapping[str, Any]) -> bool:
    """这一条待核算不出金额（D10）；`line` 照 结算.json 的写法。"""
    return "D10" in line.get("differences", ())


def equation(line: Mapping[str, Any], head: Mapping[str, Any], unit: str, cycle: str, way: str) -> str:
    """一句能手算的算式，算不出的（D10）说为什么。

    `head` 要有 service_year、conventions；`cycle` 是计费周期，`way` 是计价方式。
    """
    if unpriced(line):
        return UNPRICED
    last = last_day(line["until"])
    span = f"{line['from']} 至 {last}（含），共 {line['days']} 天"
    price = UnitPrice.of(line["unit_price"], way, head["conventions"])
    front = f"{grouped(line['quantity'])} × {price} 元"
    amount = f"{grouped(line['amount'])} 元"
    year = head["service_year"]
    if cycle == "年":
        base = 365 if head["conventions"]["K-03"] == "fixed_365" else (date(year + 1, 7, 1) - date(year, 7, 1)).days
        return f"{front} × {line['days']} 天 ÷ {base} 天 = {amount}（{span}）"
    if cycle == "月":
        if head["conventions"]["K-04"] == "thirty":
            return f"{front} × {line['days']} 天 ÷ 30 天 = {amount}（{span}）"
        months = " + ".join(_months(date.fromisoformat(line["from"]), date.fromisoformat(line["until"])))
        return f"{front} × ({months}) 个月 = {amount}（{span}）"
    when = f"{line['from']} 起计，一次收取" if cycle == "一次性" else f"{line['days']} 个有用量的日子合计用量"
    return f"{front} = {amount}（{when}，单位 {unit}）"


def _months(start: date, until: date) -> list[str]:
    parts = []
    while start < until:
        following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        length = (following - start.replace(day=1)).days
        days = (min(until, following) - start).days
        parts.append("1" if days == length else f"{days}/{length}")
        start = following
    return parts


def _delivery(known: Known) -> list[str]:
    """下发日、测试期满日；没有测试期的写没有，和为什么。"""
    grant, start = known.grant, known.charged_on
    if grant is None or start is None:
        return []
    if start > grant.on:
        months = trial.months_from(grant.on)
        last = start - timedelta(days=1)
        return [f"{grant.on} 下发服务，测试期 {months} 个月不计费，{start} 起计费（D62-七）；测试期末日 {last}（含）"]
    if not trial.may_have(grant.category, grant.level):
        return [f"{grant.on} 下发服务，当日起计费：测试期只有市级政务云的基础设施服务有（D62-七）"]
    return [f"{grant.on} 下发服务，当日起计费：照口径这次新增没有测试期（D62-七）"]


def _rulings(known: Known, head: Mapping[str, Any]) -> Iterator[str]:
    """这一项的阻断差异怎样裁的；只裁了一部分日子的写明是哪些（R-075）。"""
    start, until = periods.service_year(head["service_year"]).start, date.fromisoformat(head["until"])
    for code, spans in known.rulings.items():
        words = ruled_days(spans, start, until)
        yield f"{code} {NAMES[int(code[1:])]}，裁定{'：' if '至' in words else ''}{words}（R-075）"


def _opening(
    line: Mapping[str, Any], known: Known, head: Mapping[str, Any], neighbours: Iterable[Mapping[str, Any]]
) -> Iterator[str]:
    """起计以后、这一条以前有一段没有账目的：是裁定不计费，还是先办后批照 K-19 不计（R-075）。"""
    first = date.fromisoformat(line["from"])
    before = first - timedelta(days=1)
    opened = max(known.charged_on or first, periods.service_year(head["service_year"]).start)
    if before < opened or any(one["until"] == line["from"] for one in neighbours):
        return
    waived = sorted(
        code
        for code, spans in known.rulings.items()
        if any(span.start <= before < span.until and span.ruling == "不计费" for span in spans)
    )
    if waived:
        yield f"{line['from']} 以前的一段裁定不计费（{'、'.join(waived)}），所以从这天起（R-075）"
    elif known.reviewed[:1].isdigit() and excused(
        known.rulings, date.fromisoformat(known.reviewed), before, head["conventions"]
    ):
        yield f"{known.reviewed} 审核通过；先办后批裁定认可的日子照口径 K-19 不计费，所以从 {line['from']} 起（R-075）"


def _changes(line: Mapping[str, Any], neighbours: Iterable[Mapping[str, Any]]) -> list[str]:
    """同一资源、目录项的前后账目，说明这一条为什么从这天起、到这天止。"""
    sentences = []
    for other in neighbours:
        if other["until"] == line["from"]:
            sentences.append(f"{line['from']} 起：{_change(other, line)}")
        elif other["from"] == line["until"]:
            last = last_day(line["until"])
            sentences.append(f"到 {last}（含）为止，次日起：{_change(line, other)}")
    return sentences


def _change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    changes = []
    if before["quantity"] != after["quantity"]:
        changes.append(f"数量由 {before['quantity']} 变为 {after['quantity']}（{after['form']}）")
    if before["unit_price"] != after["unit_price"]:
        price, now_price = (UnitPrice(Decimal(one["unit_price"])) for one in (before, after))
        changes.append(f"目录单价由 {price} 调为 {now_price}")
    if before["form"] != after["form"]:
        changes.append(f"来源单据由 {before['form']} 换为 {after['form']}")
    if before["payer"] != after["payer"]:
        changes.append("改由区级统一支付" if after["payer"] == "unified" else "改由使用单位自行支付")
    was, now = (list(one.get("differences") or ()) for one in (before, after))
    if was != now:
        ended, begun = (f"待核（{'、'.join(codes)} 没有裁定）" if codes else "入账" for codes in (was, now))
        changes.append(f"由{ended}转为{begun}")
    return "，".join(changes) or "目录换了价格版本，单价不变"


def _plain(value: Decimal) -> str:
    return grouped(f"{value.normalize():f}")
