"""从哪天起计费：测试期有没有、到哪天（D62-七，R-072）。全系统只有这一处，与计量算法第 3 步同一个答案。

口径是读来的：K-01 期满当日还是次日起计，K-09 非首次申请单据上的新增，K-17 释放后再新增，K-18 按次、一次性的。
没有 K-17、K-18 的（数据包版本 1）照算法正文：每次新增都有，不分计费周期。
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from . import rulebook
from .periods import add_months

FIRST_APPLICATION = "首次申请"
#: 按周期连着计费的，K-18 说的“年、月”
_RECURRING = ("年", "月")


@dataclass(frozen=True)
class Grant:
    """一次真正的新增（未释放时的再新增不算）。

    `on` 下发服务日；`category`、`level`、`cycle` 是目录项的类别、级别、计费周期；
    `form` 是来源单据的种类；`nth` 是这个（资源, 目录项）的第几次，从 1 起。
    """

    on: date
    category: str
    level: str
    cycle: str
    form: str = FIRST_APPLICATION
    nth: int = 1


def may_have(category: str, level: str) -> bool:
    """这种目录项说不说得上测试期：只有市级政务云的基础设施服务（D62-七）。"""
    return category == "基础设施" and level != "区级"


def has_trial(grant: Grant, conventions: Mapping[str, str]) -> bool:
    """这次新增有没有测试期（K-09、K-17、K-18）。"""
    return (
        may_have(grant.category, grant.level)
        and (grant.form == FIRST_APPLICATION or conventions["K-09"] == "yes")
        and (grant.nth == 1 or conventions.get("K-17") != "once")
        and (grant.cycle in _RECURRING or conventions.get("K-18") != "recurring")
    )


def months_from(day: date) -> int:
    """`day` 下发的测试期几个月。细则（含试行）施行以前下发的，计量同样照最早一版，这里与它一致。"""
    return rulebook.built_in().settled("trial_months", day).whole


def charge_start(grant: Grant, conventions: Mapping[str, str]) -> date:
    """计费起日：没有测试期的是下发日当天；有的照 K-01，对应日当天或次日。"""
    if not has_trial(grant, conventions):
        return grant.on
    anniversary = add_months(grant.on, months_from(grant.on))
    return anniversary + timedelta(days=1) if conventions["K-01"] == "civil_code" else anniversary
