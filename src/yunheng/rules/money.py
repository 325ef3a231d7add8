"""金额的文本与整数分互转：钱在程序里只有整数分，在文件里只有两位小数的文本。"""

from __future__ import annotations


def fen(amount: str) -> int:
    """两位小数的金额文本化成分：`"3305.97"` → 330597。"""
    return int(amount.replace(".", ""))


def yuan(value: int, *, signed: bool = False, grouped: bool = False) -> str:
    """分化成两位小数的文本：330597 → `"3305.97"`；`signed` 正数带加号，`grouped` 带千分位。"""
    sign = "-" if value < 0 else "+" if signed else ""
    whole = f"{abs(value) // 100:,}" if grouped else str(abs(value) // 100)
    return f"{sign}{whole}.{abs(value) % 100:02d}"
