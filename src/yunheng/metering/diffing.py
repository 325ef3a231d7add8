"""比对两份结算：逐条说清多了、少了、变了多少，并把两边的合计对上（R-077、R-083）。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yunheng.metering.differences import NAMES
from yunheng.rules.money import fen, yuan

Line = Mapping[str, Any]
_PLACE = ("unit", "project", "resource", "item", "provider")
#: 汇总里要对照的各项：叫法、在汇总里的键
SUMMED = (
    ("统一支付应付", "unified_net"),
    ("自行支付应付", "self_net"),
    ("专项管理费上限", "supervision_fee_cap"),
)


@dataclass(frozen=True)
class Comparison:
    """两份结算的差别。`changed` 是（前, 后）成对的账目；`totals` 是名称到（前, 后）的分。"""

    same_digest: bool
    added: Sequence[Line]
    gone: Sequence[Line]
    changed: Sequence[tuple[Line, Line]]
    totals: Mapping[str, tuple[int, int]]
    others: Sequence[str]

    def as_json(self) -> dict[str, Any]:
        """给程序读的样子。"""
        return {
            "same": self.same_digest,
            "added": list(self.added),
            "gone": list(self.gone),
            "changed": [
                {
                    "before": before,
                    "after": after,
                    "delta": yuan(fen(after["amount"]) - fen(before["amount"]), signed=True),
                }
                for before, after in self.changed
            ],
            "totals": {name: {"before": yuan(a), "after": yuan(b)} for name, (a, b) in self.totals.items()},
            "others": list(self.others),
        }

    def text(self) -> str:
        """给人看的样子：先逐条，后合计的勾稽。"""
        if self.same_digest:
            return "一致：两份结算的摘要相同"
        rows = ["不一致"]
        rows += [f"  增  {_place(line)}  {_cut(line)}  {line['amount']}" for line in self.added]
        rows += [f"  减  {_place(line)}  {_cut(line)}  {line['amount']}" for line in self.gone]
        for before, after in self.changed:
            delta = yuan(fen(after["amount"]) - fen(before["amount"]), signed=True)
            rows.append(f"  改  {_place(after)}  {before['amount']} → {after['amount']}（{delta}）")
            rows += [f"      {key}：{before.get(key)} → {after.get(key)}" for key in _changed_keys(before, after)]
        rows += [f"  {other}" for other in self.others]
        rows.append("合计")
        rows += [
            f"  {name}  {yuan(a)} → {yuan(b)}（{yuan(b - a, signed=True)}）" for name, (a, b) in self.totals.items()
        ]
        old, new = self.totals["账目"]
        added, gone = _sum(self.added), _sum(self.gone)
        moved = sum(fen(after["amount"]) - fen(before["amount"]) for before, after in self.changed)
        reached = old + added - gone + moved
        verdict = "相符" if reached == new else f" {yuan(new)} 不符"
        rows.append(
            f"勾稽：{yuan(old)} + 增 {yuan(added)} − 减 {yuan(gone)} + 改 {yuan(moved, signed=True)}"
            f" = {yuan(reached)}，与后者账目合计{verdict}"
        )
        return "\n".join(rows)


def _place(line: Line) -> str:
    return f"{line['unit']} {line['project']} {line['resource']} {line['item']}（{line['provider']}）"


def _cut(line: Line) -> str:
    return f"{line['from']}～{line['until']}"


def _changed_keys(before: Line, after: Line) -> list[str]:
    return [key for key in after if key != "amount" and before.get(key) != after.get(key)]


def compare(first: Mapping[str, Any], second: Mapping[str, Any]) -> Comparison:
    """比对两份 结算.json；账目先按同一资源、目录项、起日、单据配对，余下的依次配对。

    账目另存为 Parquet 的结算没有 lines，抛 ValueError。
    """
    for content in (first, second):
        if "lines" not in content:
            raise ValueError("这份结算的账目另存为 Parquet，比对要用含 lines 的 结算.json")
    added, gone, changed = _pair(first["lines"], second["lines"])
    totals = {
        "账目": (_sum(first["lines"]), _sum(second["lines"])),
        "待核": (_sum(first["disputed"]), _sum(second["disputed"])),
        **{name: (fen(first["summary"][key]), fen(second["summary"][key])) for name, key in SUMMED},
    }
    same = first["digest"] == second["digest"]
    return Comparison(
        same, added, gone, changed, totals, [] if same else others(first, second, _counts(first), _counts(second))
    )


def _sum(lines: Sequence[Line]) -> int:
    return sum(fen(line["amount"]) for line in lines)


def _pair(first: Sequence[Line], second: Sequence[Line]) -> tuple[list[Line], list[Line], list[tuple[Line, Line]]]:
    def exact(line: Line) -> tuple[Any, ...]:
        return (*(line[key] for key in _PLACE), line["from"], line["form"])

    rest = {exact(line): line for line in first}
    changed, unmatched = [], []
    for line in second:
        twin = rest.pop(exact(line), None)
        if twin is None:
            unmatched.append(line)
        elif twin != line:
            changed.append((twin, line))
    spare: dict[tuple[Any, ...], list[Line]] = {}
    for line in rest.values():
        spare.setdefault(tuple(line[key] for key in _PLACE), []).append(line)
    added = []
    for line in unmatched:
        if candidates := spare.get(tuple(line[key] for key in _PLACE)):
            changed.append((candidates.pop(0), line))
        else:
            added.append(line)
    return added, [line for lines in spare.values() for line in lines], changed


def _counts(content: Mapping[str, Any]) -> Counter[str]:
    """各种差异几条，如 {"D3": 2}。"""
    return Counter(entry["code"] for entry in content["differences"])


def others(
    first: Mapping[str, Any], second: Mapping[str, Any], counted: Mapping[str, int], recounted: Mapping[str, int]
) -> list[str]:
    """账目以外的不同：口径、各种差异的条数、考核、年度和区；`first`、`second` 不用带账目和差异。"""
    rows = []
    for code, option in second["conventions"].items():
        if first["conventions"].get(code) != option:
            rows.append(f"口径 {code}：{first['conventions'].get(code)} → {option}")
    for code in NAMES:
        old, new = counted.get(f"D{code}", 0), recounted.get(f"D{code}", 0)
        if old != new:
            rows.append(f"差异 D{code} {NAMES[code]}：{old} 条 → {new} 条")
    before = {entry["provider"]: entry for entry in first["assessments"]}
    for entry in second["assessments"]:
        old = before.get(entry["provider"], {}).get("total")
        if old != entry["total"]:
            rows.append(f"考核 {entry['provider']}：{old} 分 → {entry['total']} 分")
    for key, name in (("service_year", "服务年度"), ("until", "计至"), ("district", "区")):
        if first[key] != second[key]:
            rows.append(f"{name}：{first[key]} → {second[key]}")
    return rows
