"""比对两份结算：逐条说清多了、少了、变了多少，并把两边的合计对上（R-077、R-083）。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yunheng.metering.differences import NAMES
from yunheng.rules.money import fen, yuan
from yunheng.rules.periods import last_day
from yunheng.rules.terms import AMOUNTS

Line = Mapping[str, Any]
_PLACE = ("unit", "project", "resource", "item", "provider")
#: 汇总里要对照的各项：叫法、在汇总里的键
SUMMED = tuple((AMOUNTS[key], key) for key in ("unified_net", "self_net", "supervision_fee_cap"))


#: 账目、差异各最多列几条，其余只说条数
SHOWN = 1_000


@dataclass(frozen=True)
class Moved:
    """一个清单的差别：`changed` 是（前, 后）成对的。"""

    added: Sequence[Line]
    gone: Sequence[Line]
    changed: Sequence[tuple[Line, Line]]

    @property
    def count(self) -> int:
        """共几条不同。"""
        return len(self.added) + len(self.gone) + len(self.changed)


@dataclass(frozen=True)
class Comparison:
    """两份结算的差别：账目、待核、差异各一个清单；`totals` 是名称到（前, 后）的分；`others` 是其余各处，一处一句。"""

    same_digest: bool
    lines: Moved
    disputed: Moved
    differences: Moved
    totals: Mapping[str, tuple[int, int]]
    others: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """给程序读的样子；清单各列前一千条，`counts` 是总数。"""
        return {
            "same": self.same_digest,
            **_listed(self.lines, money=True),
            "disputed": _listed(self.disputed, money=True),
            "differences": _listed(self.differences, money=False),
            "counts": {
                "lines": self.lines.count,
                "disputed": self.disputed.count,
                "differences": self.differences.count,
            },
            "totals": {name: {"before": yuan(a), "after": yuan(b)} for name, (a, b) in self.totals.items()},
            "others": list(self.others),
        }

    def text(self, shown: int = SHOWN) -> str:
        """给人看的样子：先逐条（账目、待核、差异各列前 `shown` 条），后合计的勾稽。"""
        if self.same_digest:
            return "一致：两份结算的摘要相同"
        rows = ["不一致"]
        for title, moved in (("", self.lines), ("待核", self.disputed)):
            told = list(_told(moved, title))
            rows += told[:shown]
            if len(told) > shown:
                rows.append(f"  {title or '账目'}还有 {len(told) - shown:,} 条没有列出，共 {len(told):,} 条不同")
        told = list(_differing(self.differences))
        rows += told[:shown]
        if len(told) > shown:
            rows.append(f"  差异还有 {len(told) - shown:,} 条没有列出，共 {len(told):,} 条不同")
        rows += [f"  {other}" for other in self.others]
        rows.append("合计")
        rows += [
            f"  {name}  {yuan(a)} → {yuan(b)}（{yuan(b - a, signed=True)}）" for name, (a, b) in self.totals.items()
        ]
        old, new = self.totals["账目"]
        added, gone = _sum(self.lines.added), _sum(self.lines.gone)
        moved_by = sum(fen(after["amount"]) - fen(before["amount"]) for before, after in self.lines.changed)
        reached = old + added - gone + moved_by
        verdict = "相符" if reached == new else f" {yuan(new)} 不符"
        rows.append(
            f"勾稽：{yuan(old)} + 增 {yuan(added)} − 减 {yuan(gone)} + 改 {yuan(moved_by, signed=True)}"
            f" = {yuan(reached)}，与后者账目合计{verdict}"
        )
        return "\n".join(rows)


def _delta(before: Line, after: Line) -> str:
    return yuan(fen(after["amount"]) - fen(before["amount"]), signed=True)


def _listed(moved: Moved, *, money: bool) -> dict[str, Any]:
    return {
        "added": list(moved.added[:SHOWN]),
        "gone": list(moved.gone[:SHOWN]),
        "changed": [
            {"before": before, "after": after} | ({"delta": _delta(before, after)} if money else {})
            for before, after in moved.changed[:SHOWN]
        ],
    }


def _told(moved: Moved, title: str) -> Iterator[str]:
    """账目或待核，一条一段。"""
    yield from (f"  {title}增  {_place(line)}  {_cut(line)}  {line['amount']}" for line in moved.added)
    yield from (f"  {title}减  {_place(line)}  {_cut(line)}  {line['amount']}" for line in moved.gone)
    for before, after in moved.changed:
        keys = [f"\n      {key}：{before.get(key)} → {after.get(key)}" for key in _changed_keys(before, after)]
        yield (
            f"  {title}改  {_place(after)}  {before['amount']} → {after['amount']}（{_delta(before, after)}）"
            + "".join(keys)
        )


def _differing(moved: Moved) -> Iterator[str]:
    yield from (f"  差异增  {_fault(entry)}" for entry in moved.added)
    yield from (f"  差异减  {_fault(entry)}" for entry in moved.gone)
    for before, after in moved.changed:
        for key, name in (("ruling", "裁定"), ("blocking", "阻断")):
            if before[key] != after[key]:
                yield f"  差异改  {_fault(after)}  {name}：{before[key] or '无'} → {after[key] or '无'}"


def _fault(entry: Line) -> str:
    named = (entry[key] for key in ("resource", "item", "form", "order"))
    return " ".join([entry["code"], *(name for name in named if name), *([entry["ruling"]] if entry["ruling"] else [])])


def _place(line: Line) -> str:
    return f"{line['unit']} {line['project']} {line['resource']} {line['item']}（{line['provider']}）"


def _cut(line: Line) -> str:
    return f"{line['from']} 至 {last_day(line['until'])}（含）"


def _changed_keys(before: Line, after: Line) -> list[str]:
    return [key for key in after if key != "amount" and before.get(key) != after.get(key)]


def compare(first: Mapping[str, Any], second: Mapping[str, Any]) -> Comparison:
    """比对两份完好的 结算.json（structure）；账目先按同一资源、目录项、起日、单据配对，余下的依次配对。"""
    totals = {
        "账目": (_sum(first["lines"]), _sum(second["lines"])),
        "待核": (_sum(first["disputed"]), _sum(second["disputed"])),
        **{name: (fen(first["summary"][key]), fen(second["summary"][key])) for name, key in SUMMED},
    }
    same = first["digest"] == second["digest"]
    lines, disputed = _pair(first["lines"], second["lines"]), _pair(first["disputed"], second["disputed"])
    differences = _faults(first["differences"], second["differences"])
    rest = [] if same else others(first, second, _counts(first), _counts(second))
    if not (same or rest or lines.count or disputed.count or differences.count):
        rest = ["各处的值都相同，只是清单里各条的先后不同"]
    return Comparison(same, lines, disputed, differences, totals, rest)


def _faults(first: Sequence[Line], second: Sequence[Line]) -> Moved:
    """差异照码、资源、目录项、单据、工单配对；说明（note）是给人看的话，不比。"""

    def key(entry: Line) -> tuple[Any, ...]:
        return tuple(entry[name] for name in ("code", "resource", "item", "form", "order"))

    rest: dict[tuple[Any, ...], list[Line]] = {}
    for entry in first:
        rest.setdefault(key(entry), []).append(entry)
    added, changed = [], []
    for entry in second:
        twins = rest.get(key(entry))
        if not twins:
            added.append(entry)
            continue
        twin = twins.pop(0)
        if any(twin[name] != entry[name] for name in ("ruling", "blocking")):
            changed.append((twin, entry))
    return Moved(added, [entry for left in rest.values() for entry in left], changed)


def _sum(lines: Sequence[Line]) -> int:
    return sum(fen(line["amount"]) for line in lines)


def _pair(first: Sequence[Line], second: Sequence[Line]) -> Moved:
    def exact(line: Line) -> tuple[Any, ...]:
        return (*(line[key] for key in _PLACE), line["from"], line["form"])

    rest: dict[tuple[Any, ...], list[Line]] = {}
    for line in first:
        rest.setdefault(exact(line), []).append(line)
    changed, unmatched = [], []
    for line in second:
        twins = rest.get(exact(line))
        if not twins:
            unmatched.append(line)
            continue
        twin = twins.pop(twins.index(line) if line in twins else 0)
        if twin != line:
            changed.append((twin, line))
    spare: dict[tuple[Any, ...], list[Line]] = {}
    for line in (line for left in rest.values() for line in left):
        spare.setdefault(tuple(line[key] for key in _PLACE), []).append(line)
    added = []
    for line in unmatched:
        if candidates := spare.get(tuple(line[key] for key in _PLACE)):
            changed.append((candidates.pop(0), line))
        else:
            added.append(line)
    return Moved(added, [line for lines in spare.values() for line in lines], changed)


def _counts(content: Mapping[str, Any]) -> Counter[str]:
    """各种差异几条，如 {"D3": 2}。"""
    return Counter(entry["code"] for entry in content["differences"])


def others(
    first: Mapping[str, Any], second: Mapping[str, Any], counted: Mapping[str, int], recounted: Mapping[str, int]
) -> list[str]:
    """账目以外的不同：口径、各种差异的条数、考核的得分和比例、均价、汇总、年度和区。

    `first`、`second` 不用带账目和差异。
    """
    rows = []
    for code in sorted({*first["conventions"], *second["conventions"]}):
        if first["conventions"].get(code) != second["conventions"].get(code):
            rows.append(f"口径 {code}：{first['conventions'].get(code)} → {second['conventions'].get(code)}")
    for code in NAMES:
        old, new = counted.get(f"D{code}", 0), recounted.get(f"D{code}", 0)
        if old != new:
            rows.append(f"差异 D{code} {NAMES[code]}：{old} 条 → {new} 条")
    for provider, before, after in _matched(first["assessments"], second["assessments"], ("provider",)):
        rows += _keyed(f"考核 {provider}", before, after, {"total": "总分", "deduction_rate": "扣减比例"})
        scores, rescored = before.get("scores", {}), after.get("scores", {})
        rows += _keyed(
            f"考核 {provider}", scores, rescored, {key: f"指标 {key}" for key in sorted({*scores, *rescored})}
        )
    for item, before, after in _matched(first["tier_prices"], second["tier_prices"], ("item",)):
        rows += _keyed(f"全市平均单价 {item}", before, after, {"average_price": ""})
    summary, resummed = first["summary"], second["summary"]
    for part, name, key in (("unified", "统一支付", ("provider",)), ("self", "自行支付", ("unit", "provider"))):
        for place, before, after in _matched(summary[part], resummed[part], key):
            rows += _keyed(f"汇总 {name} {place}", before, after, _PAID)
    rows += _keyed("汇总", summary, resummed, _SUMMARY)
    rows += _keyed(
        "", first, second, {"version": "版本", "service_year": "服务年度", "until": "计至", "district": "区"}
    )
    return rows


_PAID = {"gross": "计量", "deduction": "扣减", "net": "应付"}
_SUMMARY = {
    "unified_gross": "统一支付计量合计",
    "unified_net": "统一支付应付合计",
    "self_gross": "自行支付计量合计",
    "self_net": "自行支付应付合计",
    "disputed_gross": "待核合计",
    "supervision_fee_cap": "专项管理费上限",
}


def _matched(first: Sequence[Line], second: Sequence[Line], names: Sequence[str]) -> Iterator[tuple[str, Line, Line]]:
    """照键配对：叫法、前、后；一边没有的是空的。"""
    before = {" ".join(entry[name] for name in names): entry for entry in first}
    after = {" ".join(entry[name] for name in names): entry for entry in second}
    for place in sorted({*before, *after}):
        yield place, before.get(place, {}), after.get(place, {})


def _keyed(place: str, before: Line, after: Line, names: Mapping[str, str]) -> list[str]:
    return [
        f"{' '.join(word for word in (place, name) if word)}：{_or_none(before.get(key))} → {_or_none(after.get(key))}"
        for key, name in names.items()
        if before.get(key) != after.get(key)
    ]


def _or_none(value: Any) -> str:
    return "没有" if value is None else str(value)
