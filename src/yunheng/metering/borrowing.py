"""年中阶梯价的暂用：这一年的全市用量还没发布，阶梯、全市总量暂用上一年度的（M10-四(四)，R-019）。

借来的数与发布的数在表里一个样，所以写进数据包的“说明”，引擎照原话放进 warnings：谁拿这个包算都看得到。
"""

from __future__ import annotations

from collections.abc import Iterable

#: 数据包.json 里给人看的话：一行一句，不进摘要
NOTE = "说明"
_TOLD = f"数据包{NOTE}："


def borrowed_words(item: str, year: int) -> str:
    """`item` 在 `year` 服务年度暂用上一年度的：写进说明的一句。"""
    return (
        f"{_opening(item)}，单价暂按 {year - 1} 服务年度的全市平均，阶梯、全市总量都暂用上一年度的；"
        "年度计量时照发布的算（M10-四(四)，R-019）"
    )


def noted(text: str) -> list[str]:
    """说明里的各句，照原话提醒，写明是数据包自己说的。"""
    return [f"{_TOLD}{line}" for line in (" ".join(one.split()) for one in text.splitlines()) if line]


def is_borrowed(item: str, warnings: Iterable[str]) -> bool:
    """照这些提醒，`item` 的阶梯、全市总量是不是暂用上一年度的。"""
    return any(one.removeprefix(_TOLD).startswith(_opening(item)) for one in warnings)


def plainly(warning: str) -> str:
    """系统自己写的说明，给页面看时不带“数据包说明”几个字。"""
    return warning.removeprefix(_TOLD) if tells_borrowed(warning) else warning


def tells_borrowed(warning: str) -> bool:
    """这一句说的是不是暂用上一年度。"""
    return "的全市用量还没发布，" in warning


def _opening(item: str) -> str:
    return f"{item} 的全市用量还没发布"
