"""金额的文本与整数分互转：钱在程序里只有整数分，在文件里只有两位小数的文本。"""

from __future__ import annotations

import re
from collections.abc import Sequence

_AMOUNT = re.compile(r"-?[0-9]+\.[0-9]{2}")


def fen(amount: str) -> int:
    """两位小数的金额文本化成分：`"3305.97"` → 330597；别的写法抛 ValueError，不猜。"""
    if not _AMOUNT.fullmatch(amount):
        raise ValueError(f"金额应写成两位小数，如 3305.97：{amount[:80]}")
    return int(amount.replace(".", ""))


def yuan(value: int, *, signed: bool = False, grouped: bool = False) -> str:
    """分化成两位小数的文本：330597 → `"3305.97"`；`signed` 正数带加号，`grouped` 带千分位。"""
    sign = "-" if value < 0 else "+" if signed else ""
    whole = f"{abs(value) // 100:,}" if grouped else str(abs(value) // 100)
    return f"{sign}{whole}.{abs(value) % 100:02d}"


def grouped(number: str) -> str:
    """非负数的文本带千分位，小数照写：`"7150.5"` → `"7,150.5"`。"""
    whole, point, rest = number.partition(".")
    return f"{int(whole):,}{point}{rest}"


def split(total: int, weights: Sequence[int]) -> list[int]:
    """把 `total` 分按份数拆开：最大余额法，余额相同的在前的多得一分，各份之和等于 `total`。

    `total` 为负时照绝对值拆再取负；份数是负的、全是 0 抛 ValueError。
    """
    if min(weights, default=0) < 0 or not sum(weights):
        raise ValueError(f"份数不能是负的，也不能全是 0：{list(weights)}")
    whole, sign = sum(weights), -1 if total < 0 else 1
    shares = [divmod(abs(total) * weight, whole) for weight in weights]
    rest = abs(total) - sum(share for share, _ in shares)
    first = sorted(range(len(weights)), key=lambda n: -shares[n][1])[:rest]
    return [sign * (share + (n in first)) for n, (share, _) in enumerate(shares)]
