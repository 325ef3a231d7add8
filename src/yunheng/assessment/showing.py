"""一件办件说明了服务商办得怎样：每一步哪天收到、应于哪天办完、哪天办完，按期还是超期（D62-附件5，R-091）。"""

from __future__ import annotations

from datetime import date

from yunheng.cases.models import Case
from yunheng.cases.queries import Timed, timed_in
from yunheng.rules.roles import Role


def shows(case: Case, on: date | None = None) -> str:
    """服务商的每一步办得怎样；`on` 是今天，没有给的，还没办的不写到哪天。"""
    # 一步里办了几次的只写一行
    steps = {(one.step, one.since): one for one in timed_in(case, Role.PROVIDER)}
    return "；".join(_timed(one, on) for one in steps.values()) or "没有算得出期限的一步"


def _timed(one: Timed, on: date | None) -> str:
    words = f"“{one.name}”{one.since} 收到，应于 {one.due} 办完，"
    if one.until is None:
        return f"{words}到 {on} 还没有办完" if on else f"{words}还没有办完"
    return f"{words}{one.until} 办完，{'超期' if one.late(one.until) else '按期'}"
