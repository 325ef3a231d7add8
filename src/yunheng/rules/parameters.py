"""政策里的数字（R-004）：每个数字带生效区间、单位、条款和要点；按业务发生日取用。"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from importlib.resources import files
from itertools import pairwise
from typing import Any

from .periods import Period
from .problems import NotInForce, RuleDataError, UnknownRule

UNITS = ("%", "分", "工作日", "天", "月", "月份", "日", "级")
_FIELDS = {"name", "unit", "clause", "requirements", "gist", "rows"}
_ROW_FIELDS = {"from", "until", "value", "note"}


@dataclass(frozen=True)
class Version:
    """一个参数在一段时间里的值。`note` 说明这个值的来历（空 = 条款原文）。"""

    period: Period
    value: Decimal
    note: str = ""


@dataclass(frozen=True)
class Value:
    """某日查到的参数值，连同出处，可直接打印给人看。"""

    key: str
    name: str
    value: Decimal
    unit: str
    clause: str
    gist: str
    note: str
    period: Period

    @property
    def ratio(self) -> Fraction:
        """百分数参数的比例值（20 % → 1/5）；单位不是 % 抛 ValueError。"""
        if self.unit != "%":
            raise ValueError(f"参数 {self.key} 的单位是{self.unit}，不是百分数")
        return Fraction(self.value) / 100

    @property
    def whole(self) -> int:
        """整数参数（工作日、月等）的值；不是整数抛 ValueError。"""
        if self.value != self.value.to_integral_value():
            raise ValueError(f"参数 {self.key} 的值不是整数：{self.value}")
        return int(self.value)

    def __str__(self) -> str:
        note = f"；{self.note}" if self.note else ""
        return f"{self.name} {self.value}{self.unit}（{self.clause}{note}）"


@dataclass(frozen=True)
class Parameter:
    """一个参数的全部版本，首尾相接、不重叠。"""

    key: str
    name: str
    unit: str
    clause: str
    requirements: tuple[str, ...]
    gist: str
    versions: tuple[Version, ...]

    def on(self, day: date) -> Value:
        """某日的值；有效期外抛 NotInForce。"""
        for version in self.versions:
            if version.period.contains(day):
                return Value(
                    key=self.key,
                    name=self.name,
                    value=version.value,
                    unit=self.unit,
                    clause=self.clause,
                    gist=self.gist,
                    note=version.note,
                    period=version.period,
                )
        raise NotInForce(
            f"{day} 没有生效的“{self.name}”（{self.clause} 自 {self.versions[0].period.start} 起施行，R-004）"
        )


def load(texts: Iterable[str]) -> dict[str, Parameter]:
    """解析若干份参数 TOML；未知键、重复、重叠、缺口、坏值都抛 RuleDataError。"""
    parameters: dict[str, Parameter] = {}
    for text in texts:
        for key, entry in tomllib.loads(text).items():
            if key in parameters:
                raise RuleDataError(f"参数 {key} 重复登记")
            parameters[key] = _parameter(key, entry)
    return parameters


def load_built_in() -> dict[str, Parameter]:
    """随程序发布的参数：`parameters/` 下的全部 TOML，按文件名。"""
    folder = files(__package__).joinpath("parameters")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return load(folder.joinpath(name).read_text("utf-8") for name in names)


def find(parameters: Mapping[str, Parameter], key: str) -> Parameter:
    """按键取参数；没有抛 UnknownRule。"""
    if key not in parameters:
        raise UnknownRule(f"没有这个参数：{key}")
    return parameters[key]


def _parameter(key: str, entry: Mapping[str, Any]) -> Parameter:
    if not isinstance(entry, dict) or set(entry) != _FIELDS:
        raise RuleDataError(f"参数 {key} 的键不对，应恰有：{'、'.join(sorted(_FIELDS))}")
    if entry["unit"] not in UNITS:
        raise RuleDataError(f"参数 {key} 的单位不认识：{entry['unit']}")
    versions = tuple(_version(key, row) for row in entry["rows"])
    if not versions:
        raise RuleDataError(f"参数 {key} 没有任何生效的值")
    for earlier, later in pairwise(versions):
        end, start = earlier.period.until, later.period.start
        if end is None or end > start:
            raise RuleDataError(f"参数 {key} 的版本重叠：{earlier.period} 与 {later.period}")
        if end < start:
            raise RuleDataError(f"参数 {key} 的版本有缺口：{end} 至 {start}")
    return Parameter(
        key=key,
        name=entry["name"],
        unit=entry["unit"],
        clause=entry["clause"],
        requirements=tuple(entry["requirements"]),
        gist=entry["gist"],
        versions=versions,
    )


def _version(key: str, row: Mapping[str, Any]) -> Version:
    unknown = set(row) - _ROW_FIELDS
    if unknown or "from" not in row or "value" not in row:
        raise RuleDataError(f"参数 {key} 的一行要有 from、value，且没有别的键：{'、'.join(sorted(unknown))}")
    try:
        value = Decimal(row["value"])
        period = Period(row["from"], row.get("until"))
    except (InvalidOperation, TypeError, ValueError) as error:
        raise RuleDataError(f"参数 {key} 的值或日期不对：{dict(row)}") from error
    if not value.is_finite():
        raise RuleDataError(f"参数 {key} 的值不是数字：{row['value']}")
    return Version(period, value, row.get("note", ""))
