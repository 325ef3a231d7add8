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
from yunheng.metering.acting import Trials
from yunheng.metering.borrowing import is_borrowed
from yunheng.metering.reading import Package, rows_about
from yunheng.metering.telling import Known, Tiers, rulings_of, stated, tell, tiers_of
from yunheng.rules.periods import last_day
from yunheng.rules.trial import Grant


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
                *(f"  口径：{sentence}" for sentence in self.conventions or ["换哪一项这一条都不变"]),
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
        raise ValueError(_nothing(content, resource, item))
    found = []
    trials: tuple[str, Trials] | None = None
    for _, entry in chosen:
        # 账目按资源相连，一个资源只重算一遍
        if trials is None or trials[0] != entry["resource"]:
            trials = entry["resource"], trials_of(package, entry["resource"], content["conventions"])
        found.append(_explain(entry, content, package, trials[1].acting(entry)))
    return found


def trials_of(package: Package, resource: str, options: Mapping[str, str]) -> Trials:
    """照数据包里 `resource` 的那一部分，逐个口径改选重算。"""
    assert package.manifest is not None
    return Trials(package.manifest, rows_about(package, resource), options)


def _nothing(content: Mapping[str, Any], resource: str | None, item: str | None) -> str:
    """没有选中账目：是选得不对，还是都在待核。"""
    held = [one for one in content["disputed"] if resource in (None, one["resource"]) and item in (None, one["item"])]
    if held and (resource, item) != (None, None):
        codes = "、".join(sorted({code for one in held for code in one["differences"]}))
        return f"没有入账的：这里的 {len(held):,} 条都在待核（{codes} 没有裁定），不入合计（R-075）"
    return "没有选中任何账目；用 --line N 或 --resource、--item 指明"


def overview(content: Mapping[str, Any]) -> str:
    """没有指明账目时的一页：这份结算是什么，各家多少，怎样选。"""
    summary, lines = content["summary"], content["lines"]
    shown = [f"  {n:>4}  {line['resource']}  {line['item']}  {line['amount']}" for n, line in enumerate(lines[:10], 1)]
    more = [f"  ……共 {len(lines):,} 条"] if len(lines) > len(shown) else []
    return "\n".join(
        [
            f"{content['district']} {content['service_year']} 服务年度，计至 {last_day(content['until'])}（含）",
            f"账目 {len(lines):,} 条，待核 {len(content['disputed']):,} 条，差异 {len(content['differences']):,} 条",
            *(
                f"  {one['provider']}  统一支付（扣前） {one['gross']}，扣减 {one['deduction']}，扣后 {one['net']}"
                for one in summary["unified"]
            ),
            f"  统一支付（扣后） {summary['unified_net']}，自行支付（扣后） {summary['self_net']}，"
            f"待核 {summary['disputed_gross']}",
            "",
            "要解释哪几条，用下面一种选：",
            "  --line N              第几条账目，从 1 起",
            "  --resource 资源       这个资源的各条",
            "  --item 目录项         这个目录项的各条；可与 --resource 同用",
            "  --json                全部账目的解释，供程序读",
            "",
            "头几条账目：",
            *(shown or ["  没有账目"]),
            *more,
        ]
    )


def _explain(
    line: Mapping[str, Any], content: Mapping[str, Any], package: Package, codes: tuple[str, ...]
) -> Explanation:
    neighbours = [
        other
        for part in ("lines", "disputed")
        for other in content.get(part, ())
        if (other["resource"], other["item"]) == (line["resource"], line["item"])
    ]
    told = tell(line, _known(line, content, package), content, neighbours, codes)
    conventions = tuple(f"{code} {asked}：{chosen}" for code, asked, chosen in stated(codes, content["conventions"]))
    return Explanation(line, told.equation, told.evidence, told.articles, conventions)


def _known(line: Mapping[str, Any], content: Mapping[str, Any], package: Package) -> Known:
    """这一条的来历，照数据包。"""
    name, unit, pricing, cycle, category, level = _one(
        package,
        "SELECT 名称, 计价单位, 计价方式, 计费周期, 类别, 级别 FROM raw_目录 WHERE 目录项 = ? LIMIT 1",
        line["item"],
    )
    kind, reviewed = _one(package, "SELECT 种类, 审核日期 FROM raw_单据 WHERE 单号 = ?", line["form"])
    action, done = _one(package, "SELECT 动作, 完成日期 FROM raw_工单 WHERE 工单号 = ?", line["order"])
    nth, start, charged_on, form, released = _one(package, _SPELL, line["item"], line["resource"], line["from"])
    found = {
        one["code"]
        for one in content.get("differences", ())
        if (one["resource"], one["item"]) == (line["resource"], line["item"])
    }
    rows = package.connection.execute(
        "SELECT 差异, 裁定, 起, 止 FROM raw_差异裁定 WHERE 资源 = ? AND 目录项 = ?", [line["resource"], line["item"]]
    ).fetchall()
    until = date.fromisoformat(content["until"])
    rulings = rulings_of((row for row in rows if row[0] in found), content["service_year"], until)
    grant = Grant(start, category, level or "市级", cycle, form, nth)
    tiers = _tiers(line, content, package) if pricing == "阶梯" else None
    return Known(
        name, unit, pricing, cycle, kind, str(reviewed), action, str(done), grant, charged_on, released, rulings, tiers
    )


#: 一条账目所在的这一次在用：第几次、自哪天、从哪天起计费、来源单据的种类、哪天释放
_SPELL = """
SELECT c.spell, c.start, c.charge_from, d.种类,
  (SELECT min(a.effective) FROM applied AS a
   WHERE a.timeline_no = c.timeline_no AND a.action = 0 AND a.effective > c.start)
FROM charged_spells AS c
JOIN spells AS s ON s.timeline_no = c.timeline_no AND s.spell = c.spell
JOIN forms AS f ON f.form_no = s.form_no
JOIN raw_单据 AS d ON d.单号 = f.form
JOIN items AS i ON i.item_no = c.timeline_no % 1048576 AND i.item = ?
JOIN resources AS r ON r.resource_no = c.timeline_no // 1048576 AND r.resource = ?
WHERE c.start <= CAST(? AS DATE) ORDER BY c.start DESC LIMIT 1
"""


def _one(package: Package, query: str, *given: str) -> tuple[Any, ...]:
    row = package.connection.execute(query, list(given)).fetchone()
    assert row is not None
    return row


def _tiers(line: Mapping[str, Any], content: Mapping[str, Any], package: Package) -> Tiers | None:
    """阶梯项的全市总量和各档；进了待核（D10）的没有。"""
    year = str(content["service_year"])
    rows = package.connection.execute(
        "SELECT 方式, 起, 止, 单价 FROM raw_阶梯 WHERE 目录项 = ? AND CAST(服务年度 AS INTEGER) = CAST(? AS INTEGER)",
        [line["item"], year],
    ).fetchall()
    total = package.connection.execute(
        "SELECT 全市总量 FROM raw_全市用量 WHERE 目录项 = ? AND CAST(服务年度 AS INTEGER) = CAST(? AS INTEGER)",
        [line["item"], year],
    ).fetchone()
    lent_by = content["service_year"] - 1 if is_borrowed(line["item"], package.warnings) else None
    return tiers_of(rows, total[0] if total else None, line["unit_price"], lent_by)
