"""SM3 链：每条记录的摘要把上一条的摘要算进去，改、删、插任何一条，其后全部对不上。"""

from __future__ import annotations

from collections.abc import Mapping

from yunheng.rules.digest import canonical, sm3

GENESIS = "0" * 64


def link(previous: str, content: Mapping[str, object]) -> str:
    """接在 `previous` 之后的这条记录的摘要。"""
    return sm3(previous + canonical(content))
