"""汇总里各个金额的叫法，页面、文件、对照到处一样：扣前是计量出来的，扣后是考核扣减以后的（R-078、R-088）。"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

AMOUNTS: Mapping[str, str] = MappingProxyType(
    {
        "unified_gross": "统一支付（扣前）",
        "unified_net": "统一支付（扣后）",
        "self_gross": "自行支付（扣前）",
        "self_net": "自行支付（扣后）",
        "disputed_gross": "待核",
        "supervision_fee_cap": "专项管理费上限",
    }
)
