"""解释账目：一句能手算的算式、证据、条款、口径（R-073）。

解释时用同一数据包重算一遍，摘要相同才开口；不同就说明数据包或结算被动过。
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from yunheng.metering import engine, result
from yunheng.metering.reading import Package
from yunheng.rules.conventions import CONVENTIONS
from yunheng.rules.money import grouped

_CYCLES = ("年", "月", "次", "一次性")


@dataclass(frozen=True)
class Explanation:
    """一条账目的解释：算式一句，证据若干句，所引条款和口径。"""

    line: Mapping[str, Any]
    equation: str
    evidence: tuple[str, ...]
    articles: tuple[str, ...]
    conventions: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """给程序读的样子。"""
        return {
            "line": dict(self.line),
            "equation": self.equation,
            "evidence": list(self.evidence),
            "articles": list(self.articles),
            "conventions": list(self.conventions),
        }

    def text(self) -> str:
        """给人看的样子。"""
        return "\n".join(
            [
                f"{self.line['resource']} {self.line['item']}（{self.line['unit']} {self.line['project']}）",
                f"  {self.equation}",
                *(f"  · {sentence}" for sentence in self.evidence),
                f"  条款：{'、'.join(self.articles)}",
                *(f"  口径：{sentence}" for sentence in self.conventions),
            ]
        )


def explain(
    content: Mapping[str, Any],
    package: Package,
    *,
    line: int | None = None,
    resource: str | None = None,
    item: str | None = None,
) -> list[Explanation]:
    """解释选中的账目（`line` 从 1 起）；选不出、数据包与结算不符，抛 ValueError。"""
    settlement = engine.settle(package, content["conventions"])
    if result.write(settlement, BytesIO()) != content["digest"]:
        raise ValueError("用这个数据包重算的摘要与结算不同：数据包或结算被改动过，不能作为依据（R-077）")
    chosen = list(enumerate(content.get("lines", ()), start=1))
    if line is not None:
        chosen = [pair for pair in chosen if pair[0] == line]
    chosen = [pair for pair in chosen if resource in (None, pair[1]["resource"]) and item in (None, pair[1]["item"])]
    if not chosen:
        raise ValueError("没有选中任何账目；用 --line N 或 --resource、--item 指明")
    return [_explain(entry, content, package) for _, entry in chosen]


def _explain(line: Mapping[str, Any], content: Mapping[str, Any], package: Package) -> Explanation:
    row = package.connection.execute(
        "SELECT 名称, 计价单位, 计价方式, 计费周期, 类别 FROM raw_目录 WHERE 目录项 = ? LIMIT 1", [line["item"]]
    ).fetchone()
    assert row is not None
    name, unit, pricing, cycle, _category = row
    options = content["conventions"]
    sentence, codes = equation(line, content, unit, cycle)
    articles = ["D62-七", "D62-八"]
    evidence = [
        f"目录项 {line['item']} {name}，按{cycle}计费，{pricing}计价，单价 {line['unit_price']} 元/{unit}",
        *_form_and_order(line, package),
        *_trial(line, package, options, codes),
        *_neighbours(line, content),
    ]
    if pricing == "阶梯":
        articles.append("M10-四(四)")
        codes.append("K-07")
        evidence.append("阶梯计价：单价是全市平均单价 = 全市总量按阶梯的总价 ÷ 全市总量")
    articles.append("D14-15" if line["payer"] == "unified" else "D62-九")
    evidence.append("由区级统一支付" if line["payer"] == "unified" else "由使用单位自行支付")
    stated = tuple(
        f"{code} {CONVENTIONS[code].question}：{CONVENTIONS[code].options[options[code]]}"
        for code in sorted({*codes, "K-05"})
    )
    return Explanation(line, sentence, tuple(evidence), tuple(articles), stated)


def equation(line: Mapping[str, Any], content: Mapping[str, Any], unit: str, cycle: str) -> tuple[str, list[str]]:
    """一句能手算的算式，和用到的口径。`content` 要有 service_year、conventions；`cycle` 是计费周期。"""
    last = date.fromordinal(date.fromisoformat(line["until"]).toordinal() - 1)
    span = f"{line['from']} 至 {last}，共 {line['days']} 天"
    head = f"{grouped(line['quantity'])} × {grouped(line['unit_price'])} 元"
    amount = f"{grouped(line['amount'])} 元"
    year = content["service_year"]
    if cycle == "年":
        base = 365 if content["conventions"]["K-03"] == "fixed_365" else (date(year + 1, 7, 1) - date(year, 7, 1)).days
        return f"{head} × {line['days']} 天 ÷ {base} 天 = {amount}（{span}）", ["K-03"]
    if cycle == "月":
        if content["conventions"]["K-04"] == "thirty":
            return f"{head} × {line['days']} 天 ÷ 30 天 = {amount}（{span}）", ["K-04"]
        months = " + ".join(_months(date.fromisoformat(line["from"]), date.fromisoformat(line["until"])))
        return f"{head} × ({months}) 个月 = {amount}（{span}）", ["K-04"]
    when = f"{line['from']} 起计，一次收取" if cycle == "一次性" else f"{line['days']} 个有用量的日子合计用量"
    return f"{head} = {amount}（{when}，单位 {unit}）", []


def _months(start: date, until: date) -> list[str]:
    parts = []
    while start < until:
        following = date(start.year + start.month // 12, start.month % 12 + 1, 1)
        length = (following - start.replace(day=1)).days
        days = (min(until, following) - start).days
        parts.append("1" if days == length else f"{days}/{length}")
        start = following
    return parts


def _form_and_order(line: Mapping[str, Any], package: Package) -> list[str]:
    row = package.connection.execute("SELECT 种类, 审核日期 FROM raw_单据 WHERE 单号 = ?", [line["form"]]).fetchone()
    order = package.connection.execute(
        "SELECT 动作, 完成日期 FROM raw_工单 WHERE 工单号 = ?", [line["order"]]
    ).fetchone()
    assert row is not None
    assert order is not None
    return [
        f"单据 {line['form']}（{row[0]}，{row[1]} 审核通过）定数量",
        f"工单 {line['order']}（{order[0]}，{order[1]} 完成）定生效日",
    ]


def _trial(line: Mapping[str, Any], package: Package, options: Mapping[str, str], codes: list[str]) -> list[str]:
    row = package.connection.execute(
        "SELECT s.start, s.charge_from FROM charged_spells s"
        " JOIN items i ON i.item_no = s.timeline_no % 1048576 AND i.item = ?"
        " JOIN resources r ON r.resource_no = s.timeline_no // 1048576 AND r.resource = ?"
        " WHERE s.start <= CAST(? AS DATE) ORDER BY s.start DESC LIMIT 1",
        [line["item"], line["resource"], line["from"]],
    ).fetchone()
    if row is None or row[0] == row[1]:
        return []
    codes += ["K-01", "K-09"]
    months = engine.fixed("trial_months")
    return [f"{row[0]} 下发服务，测试期 {months} 个月不计费，{row[1]} 起计费（D62-七；K-01 {options['K-01']}）"]


def _neighbours(line: Mapping[str, Any], content: Mapping[str, Any]) -> list[str]:
    """同一资源、目录项的前后账目，说明这一条为什么从这天起、到这天止。"""
    sentences = []
    for other in content.get("lines", ()):
        if (other["resource"], other["item"]) != (line["resource"], line["item"]):
            continue
        if other["until"] == line["from"]:
            sentences.append(f"{line['from']} 起：{_change(other, line)}")
        elif other["from"] == line["until"]:
            sentences.append(f"{line['until']} 止：{_change(line, other)}")
    return sentences


def _change(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    changes = []
    if before["quantity"] != after["quantity"]:
        changes.append(f"数量由 {before['quantity']} 变为 {after['quantity']}（{after['form']}）")
    if before["unit_price"] != after["unit_price"]:
        changes.append(f"目录单价由 {before['unit_price']} 调为 {after['unit_price']}")
    return "，".join(changes) or "换了单据或价格版本，数量和单价不变"
