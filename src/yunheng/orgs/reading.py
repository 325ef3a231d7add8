"""读人填的一栏：金额、日期、百分数；不对抛 ValueError，说明应怎样填。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

#: 整数最大：再大数据库的整数列存不下
_LARGEST = 2**31 - 1
#: 一份文件最多几个字节
MAX_ATTACHMENT = 20 * 1024 * 1024
_MOST = Decimal(10) ** 15


def decimal_of(text: str, places: int) -> Decimal:
    """最多 `places` 位小数的数；千分位的逗号去掉。"""
    plain = text.replace(",", "").replace("，", "").strip()
    if not plain:
        raise ValueError("请填数，例如 92.5")
    try:
        value = Decimal(plain)
    except InvalidOperation as error:
        raise ValueError(f"应为数，例如 92.5；现在是“{plain[:20]}”") from error
    if not value.is_finite() or abs(value) >= _MOST or value != round(value, places):
        raise ValueError(f"应为数，最多 {places} 位小数；现在是“{plain[:20]}”")
    return value


def whole_of(text: str | None, most: int = _LARGEST) -> int | None:
    """0 至 `most` 的整数，只认阿拉伯数字；不是的、没有的为 None（“²”也算数字，但不是一个数）。"""
    plain = (text or "").strip()
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= len(str(most))):
        return None
    return value if (value := int(plain)) <= most else None


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
        raise ValueError(f"金额应为元，最多两位小数，例如 1234567.89；现在是“{text.strip()[:20]}”") from error


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
