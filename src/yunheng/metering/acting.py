"""哪些口径对一条账目起作用：逐个改选另一项，把这个资源重算一遍，这一条变了的才是（R-005、R-073）。

不另写一套判断：测试期、停计日、裁定、差异彼此牵连（停计晚一天，日志就可能不够），只有重算说得准。
一个资源的账目只看它自己的明细、工单、日志、用量、裁定和有关的单据，用逐日笨算法重算很快。
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from yunheng.metering import oracle
from yunheng.metering.format import Manifest, Tables
from yunheng.metering.problems import PackageError
from yunheng.rules import trial
from yunheng.rules.conventions import CONVENTIONS

#: 认一条账目的各栏，栏名同 结算.json
_COLUMNS = (
    "unit", "project", "resource", "item", "provider", "form", "order", "quantity", "from", "until", "days",
    "unit_price", "amount", "payer",
)  # fmt: skip
#: 只管考核、扣减、管理费、申请的，不动任何一条账目
_ELSEWHERE = {"K-06", "K-08", "K-11", "K-12"}
_TRIAL = {"K-01", "K-09", "K-17", "K-18"}
_BY_CYCLE = {"K-03": "年", "K-04": "月"}


class Trials:
    """一个资源照所选的口径，和各口径的另一项，各重算一遍的账目；用到才算，算过的留着。"""

    def __init__(self, manifest: Manifest, tables: Tables, options: Mapping[str, str]) -> None:
        """`tables` 是这个资源的那一部分（`reading.rows_about`），`options` 是这一次的全部口径。"""
        self._manifest, self._tables, self._options = manifest, tables, dict(options)
        self._items = {row["目录项"]: row for row in tables["目录"]}
        self._known: dict[tuple[str, str], set[tuple[Any, ...]] | None] = {}
        self._now = self._lines(self._options)

    def holds(self, line: Mapping[str, Any]) -> bool:
        """照所选的口径重算，有没有一字不差的这一条。"""
        return self._now is not None and _key(line) in self._now

    def acting(self, line: Mapping[str, Any]) -> tuple[str, ...]:
        """对这一条起作用的口径，按编号：改选另一项（有几项的，任一项），这一条就变；没有列的，怎样改选都不变。

        改选以后整个算不出的（没有价格版本）也是变了。`line` 照 结算.json 的写法，要重算得出（`holds`）。
        """
        key = _key(line)
        return tuple(
            code
            for code in sorted(self._options)
            if self._bears(code, line["item"])
            and any((found := self._other(code, option)) is None or key not in found for option in self._others(code))
        )

    def _bears(self, code: str, item: str) -> bool:
        """这个口径说不说得上这个目录项；说不上的不必重算。"""
        row = self._items[item]
        if code in _BY_CYCLE:
            return row["计费周期"] == _BY_CYCLE[code]
        if code in _TRIAL:
            return trial.may_have(row["类别"], row["级别"])
        return code not in _ELSEWHERE and (code != "K-07" or row["计价方式"] == "阶梯")

    def _others(self, code: str) -> Iterator[str]:
        """一个口径的别的各项。"""
        return (option for option in CONVENTIONS[code].options if option != self._options[code])

    def _other(self, code: str, option: str) -> set[tuple[Any, ...]] | None:
        if (code, option) not in self._known:
            self._known[code, option] = self._lines(self._options | {code: option})
        return self._known[code, option]

    def _lines(self, options: Mapping[str, str]) -> set[tuple[Any, ...]] | None:
        """各条账目、待核；算不出为 None。"""
        try:
            # 放假安排只用来看释放以后清没清（D8），不动账目
            content = oracle.settle(self._manifest, self._tables, options, lambda _: None)
        except PackageError:
            return None
        return {_key(line) for part in ("lines", "disputed") for line in content[part]}


def _key(line: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*(line[name] for name in _COLUMNS), tuple(line.get("differences") or ()))
