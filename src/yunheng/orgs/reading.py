"""读人填的一栏：金额、日期、百分数；不对抛 ValueError，说明应怎样填。"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError

from yunheng.audit.refused import At, Refused
from yunheng.rules.money import number_typed

_Read = TypeVar("_Read")

#: 整数最大：再大数据库的整数列存不下
_LARGEST = 2**31 - 1
#: 一份文件最多几个字节
MAX_ATTACHMENT = 20 * 1024 * 1024
#: 数的整数部分最多几位：同数据包的数量、用量（版本 2 第 4 处），库里也只存得下这么大
_WHOLE = 12


def decimal_of(text: str, places: int, whole: int = _WHOLE) -> Decimal:
    """最多 `places` 位小数、`whole` 位整数的数；可以有千分位的逗号，三位一组。"""
    plain = text.strip()
    if not plain:
        raise ValueError("请填数，例如 92.5")
    value = number_typed(plain)
    if value is None:
        raise ValueError(f"应为数，例如 92.5；现在是“{plain[:20]}”")
    if abs(value) >= Decimal(10) ** whole:
        raise ValueError(f"整数部分最多 {whole} 位；现在是“{plain[:20]}”")
    if value != round(value, places):
        raise ValueError(f"应为数，最多 {places} 位小数；现在是“{plain[:20]}”")
    return value


def whole_of(text: str | None, most: int = _LARGEST) -> int | None:
    """0 至 `most` 的整数，只认阿拉伯数字；不是的、没有的为 None（“²”也算数字，但不是一个数）。"""
    plain = (text or "").strip()
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= len(str(most))):
        return None
    return value if (value := int(plain)) <= most else None


def key_of(text: str | None) -> int:
    """下拉、勾选框送来的编号；没有、不是数的为 0，谁也不是。"""
    return whole_of(text) or 0


def seen_in(text: str | None) -> int:
    """页面送回来的“看到的版本”；没有、不是数的为 -1，与哪一版都不同，操作会说刚被别人改过。"""
    value = whole_of(text)
    return -1 if value is None else value


def year_of(text: str | None) -> int | None:
    """2000 至 2100 的年份；不是的、没有的为 None。"""
    value = whole_of(text)
    return value if value is not None and 2000 <= value <= 2100 else None


def money_of(text: str) -> Decimal:
    """元，最多两位小数，写成两位。"""
    if not text.strip():
        raise ValueError("请填金额（元），例如 1234567.89")
    try:
        return decimal_of(text, 2).quantize(Decimal("0.01"))
    except ValueError as error:
        raise ValueError(
            f"金额应为元，最多 {_WHOLE} 位整数、两位小数，例如 1234567.89；现在是“{text.strip()[:20]}”"
        ) from error


def day_of(text: str) -> date:
    """日期，2000 年至 2100 年。"""
    if not text.strip():
        raise ValueError("请填日期，例如 2026-07-01")
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"日期应填成 2026-07-01 这样；现在是“{text.strip()[:20]}”") from error
    if not 2000 <= day.year <= 2100:
        raise ValueError(f"日期应在 2000 年至 2100 年之间；现在是“{text.strip()[:20]}”")
    return day


def words_of(text: str, most: int) -> str:
    """一段话，最多 `most` 个字；长了说清超了几个，不悄悄截短。"""
    given = text.strip()
    if not given:
        raise ValueError("请填写")
    if len(given) > most:
        raise ValueError(f"最多 {most} 字，现在 {len(given)} 字")
    return given


class Given:
    """一张表单填的各栏：逐栏读，不对的记下是哪一栏，`checked` 时一次说全。

    `basis` 是写在每条问题后面的依据，如“（R-089）”。
    """

    def __init__(self, typed: Mapping[str, str], basis: str = "") -> None:
        self.typed, self.basis = typed, basis
        self.problems: list[str] = []

    def wrong(self, name: str, text: str) -> None:
        """`name` 一栏不对。"""
        self.problems.append(At(name, f"{text}{self.basis}"))

    def read(self, name: str, label: str, reader: Callable[[str], _Read]) -> _Read | None:
        """用 `reader` 读一栏；不对为 None。"""
        try:
            return reader(self.typed.get(name, ""))
        except ValueError as error:
            self.wrong(name, f"{label}：{error}")
            return None

    def clean(self, name: str, field: forms.Field) -> Any:
        """用表单的一栏读；不对为 None。"""
        try:
            return field.clean(self.typed.get(name, ""))
        except ValidationError as error:
            self.wrong(name, f"{field.label}：{error.messages[0]}")
            return None

    def words(self, name: str, label: str, most: int) -> str:
        """一段话。"""
        return self.read(name, label, lambda text: words_of(text, most)) or ""

    def chosen(self, name: str, label: str, options: Collection[str]) -> str:
        """从几样里选的一样。"""
        value = self.typed.get(name, "")
        if value not in options:
            self.wrong(name, f"请选择{label}")
        return value

    def checked(self) -> None:
        """有不对的抛 Refused，逐栏列全。"""
        if self.problems:
            raise Refused(self.problems)
