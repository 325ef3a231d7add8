"""规则层的拒绝：都是 ValueError 的子类，信息是给人看的中文，带条款。"""

from __future__ import annotations


class RuleDataError(ValueError):
    """规则数据（TOML）自相矛盾：重叠、缺口、未知键、引用不存在的条款。加载时就抛，不带病运行。"""


class NotInForce(ValueError):
    """所问的日子没有生效的规则或价格。绝不以 0 或邻近值代替（R-004）。"""


class UnknownRule(ValueError):
    """没有这个参数、条款或口径。"""


class CalendarOverflow(ValueError):
    """日期推算越过了公历 0001-01-01 至 9999-12-31 的范围。"""
