"""绩效考核评分和扣减阶梯（D62-附件5，R-078、R-091、R-092）。全程精确有理数。"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from yunheng.rules.parameters import PARAMETERS

INDICATORS = ("A", "B", "C", "D", "E", "F")


@dataclass(frozen=True)
class Assessment:
    """一个服务商的考核结果。没有满意率时 G、总分、扣减比例为 None（未考核）。"""

    scores: Mapping[str, Fraction | None]
    total: Fraction | None
    deduction_rate: Fraction | None


def score(events: Mapping[str, int], satisfaction: Fraction | None, on: date, step: str) -> Assessment:
    """由各指标的事件起数和满意率（百分数）算出得分、总分和扣减比例。

    `on` 决定取哪一版评分标准；`step` 是口径 K-06。没有有效的标准抛 NotInForce。
    """
    full = PARAMETERS.value("assessment.indicator_full", on)
    scores: dict[str, Fraction | None] = {
        name: max(full - PARAMETERS.value(f"assessment.{name}_points", on) * events.get(name, 0), Fraction(0))
        for name in INDICATORS
    }
    if satisfaction is None:
        return Assessment({**scores, "G": None}, None, None)
    gap = max(PARAMETERS.value("assessment.satisfied_rate", on) - satisfaction, Fraction(0))
    if step == "whole":
        gap = Fraction(math.floor(gap))
    elif step == "started":
        gap = Fraction(math.ceil(gap))
    weight = PARAMETERS.value("assessment.G_full", on)
    scores["G"] = max(weight - gap * weight * PARAMETERS.value("assessment.G_step", on), Fraction(0))
    total = sum((points for points in scores.values() if points is not None), Fraction(0))
    return Assessment(scores, total, deduction_rate(total, on))


def deduction_rate(total: Fraction, on: date) -> Fraction:
    """扣减比例：总分不低于 90 不扣；低于 90 扣 5%，每再低 10 分多扣 5%（D62-附件5）。"""
    passing = PARAMETERS.value("assessment.passing_score", on)
    if total >= passing:
        return Fraction(0)
    rungs = math.ceil((passing - total) / PARAMETERS.value("assessment.rung_score", on))
    return rungs * PARAMETERS.value("assessment.rung_rate", on)
