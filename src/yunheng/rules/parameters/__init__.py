"""带生效日期的参数：政策里的每个数字（R-004）。

查询必须给日期；没有生效的值抛 NotInForce，绝不返回 0 或邻近的值。
试行细则（〔2022〕27号）文本未录入，其间的 D62 参数另立一行，值同现行并注明。
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from importlib.resources import files
from typing import Any


class NotInForce(LookupError):
    """这一天没有生效的规则。"""


@dataclass(frozen=True)
class Parameter:
    """一个参数在一段时间 [start, until) 里的值；`until` 为 None 即至今。"""

    key: str
    start: date
    until: date | None
    value: Fraction
    unit: str
    article: str
    gist: str
    note: str = ""


class Parameters:
    """全部参数，按键和日期查。起止重叠、缺口、写反，装载时即抛 ValueError。"""

    def __init__(self, entries: Iterable[Parameter]) -> None:
        self._by_key: dict[str, list[Parameter]] = {}
        for entry in sorted(entries, key=lambda p: (p.key, p.start)):
            if entry.until is not None and entry.until <= entry.start:
                raise ValueError(f"参数 {entry.key} 的止日不晚于起日：{entry.start}")
            rows = self._by_key.setdefault(entry.key, [])
            if rows and rows[-1].until != entry.start:
                raise ValueError(f"参数 {entry.key} 在 {entry.start} 前后有重叠或缺口")
            rows.append(entry)

    def __iter__(self) -> Any:
        """全部参数，按键和起日。"""
        return (entry for rows in self._by_key.values() for entry in rows)

    def at(self, key: str, on: date) -> Parameter:
        """`on` 当日生效的那一行；未知的键抛 KeyError，没有生效的值抛 NotInForce。"""
        for entry in self._by_key[key]:
            if entry.start <= on and (entry.until is None or on < entry.until):
                return entry
        first = self._by_key[key][0]
        raise NotInForce(f"{on} 没有生效的规则：{first.gist}（{first.article}，{first.start} 起施行）")

    def latest(self, key: str) -> Parameter:
        """最近一次施行的那一行；只用于格式版本固定了算法的地方（结算数据包 v1）。"""
        return self._by_key[key][-1]

    def first_day(self, key: str) -> date:
        """最早施行的日子。"""
        return self._by_key[key][0].start

    def value(self, key: str, on: date) -> Fraction:
        """`on` 当日生效的值。"""
        return self.at(key, on).value


_KEYS = {"from", "until", "value", "unit", "article", "gist", "note"}


def parse(document: Mapping[str, Any]) -> list[Parameter]:
    """把一份 TOML 的内容化成参数；未知的键、缺的键抛 ValueError。"""
    entries = []
    for key, rows in document.items():
        for row in rows:
            if not _KEYS >= set(row) >= {"from", "value", "unit", "article", "gist"}:
                raise ValueError(f"参数 {key} 的键不对：{'、'.join(sorted(row))}")
            entries.append(
                Parameter(
                    key,
                    row["from"],
                    row.get("until"),
                    Fraction(row["value"]),
                    row["unit"],
                    row["article"],
                    row["gist"],
                    row.get("note", ""),
                )
            )
    return entries


def load() -> Parameters:
    """随程序发布的参数。"""
    folder = files("yunheng.rules.parameters")
    return Parameters(
        entry
        for path in sorted(folder.iterdir(), key=lambda p: p.name)
        if path.name.endswith(".toml")
        for entry in parse(tomllib.loads(path.read_text(encoding="utf-8")))
    )


PARAMETERS = load()
