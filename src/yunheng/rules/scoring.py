"""绩效考核（D62-附件5，R-078、R-091、R-092）：七项得分、总分、扣减比例，全部精确。"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from . import conventions, rulebook

#: 按起数扣分的指标
EVENT_INDICATORS = ("A", "B", "C", "D", "E", "F")
SATISFACTION = "G"
ARTICLE = "D62-附件5"


@dataclass(frozen=True)
class Assessment:
    """一个服务商的考核结果。没有满意率时 G、`total`、`deduction_rate` 为 None（未考核，扣减按 0）。

    得分单位为分；`deduction_rate` 是比例（0.05 即 5%）。`article` 是依据。
    """

    scores: Mapping[str, Decimal | None]
    total: Decimal | None
    deduction_rate: Decimal | None
    article: str = ARTICLE


def score(
    events: Mapping[str, int],
    satisfaction: Decimal | None,
    on: date,
    satisfaction_step: str,
    book: rulebook.RuleBook | None = None,
) -> Assessment:
    """按 `on` 日的规则打分。

    `events` 是 A~F 各指标的起数（缺的按 0）；`satisfaction` 是 0~100 的百分数；
    `satisfaction_step` 是 K-06 的选项。起数为负、未知指标、满意率越界抛 ValueError；
    `on` 日没有生效的规则抛 NotInForce。
    """
    book = book or rulebook.built_in()
    conventions.CONVENTIONS["K-06"].check(satisfaction_step)
    for indicator, count in events.items():
        if indicator not in EVENT_INDICATORS or count < 0:
            raise ValueError(f"考核指标应为 A~F，起数不能为负：{indicator} {count}（{ARTICLE}）")

    def number(key: str) -> Fraction:
        return Fraction(book.parameter(key, on).value)

    exact: dict[str, Fraction | None] = {}
    for indicator in EVENT_INDICATORS:
        full, penalty = (number(f"assessment_{indicator.lower()}_{part}") for part in ("full", "penalty"))
        exact[indicator] = max(Fraction(0), full - penalty * events.get(indicator, 0))
    if satisfaction is None:
        exact[SATISFACTION] = None
        return Assessment({key: _decimal(value) for key, value in exact.items()}, None, None)
    if not 0 <= satisfaction <= 100:
        raise ValueError(f"满意率应在 0 到 100 之间：{satisfaction}（{ARTICLE} G，R-092）")
    steps = max(Fraction(0), number("satisfaction_threshold") - Fraction(satisfaction)) / number("satisfaction_step")
    if satisfaction_step == "whole":
        steps = Fraction(math.floor(steps))
    elif satisfaction_step == "started":
        steps = Fraction(math.ceil(steps))
    full = number("assessment_g_full")
    exact[SATISFACTION] = max(Fraction(0), full - full * steps * number("satisfaction_penalty") / 100)
    total = sum((value for value in exact.values() if value is not None), Fraction(0))
    return Assessment(
        {key: _decimal(value) for key, value in exact.items()}, _decimal(total), deduction_rate(total, on, book)
    )


def deduction_rate(total: Fraction | Decimal, on: date, book: rulebook.RuleBook | None = None) -> Decimal:
    """总分对应的扣减比例（R-078）：不低于 90 分为 0，每低一档（10 分，不足按一档）加 5%。"""
    book = book or rulebook.built_in()
    short = Fraction(book.parameter("deduction_threshold", on).value) - Fraction(total)
    if short <= 0:
        return Decimal(0)
    bands = math.ceil(short / Fraction(book.parameter("deduction_band", on).value))
    rate = _decimal(book.parameter("deduction_step", on).ratio * bands)
    assert rate is not None
    return rate


def settle_score(
    events: Mapping[str, int], satisfaction: str | Decimal | None, satisfaction_step: str, until: date
) -> dict[str, Any]:
    """结算书里的一条考核结果：数字写成去尾零的字符串，没有的为 None。

    `until` 是期末次日。早于细则施行的服务年度属于历史费用补录，按同一规则打分
    （M10-四(六)，R-084），所以取细则最早一版的日子。
    """
    book = rulebook.built_in()
    first = book.parameters["deduction_threshold"].versions[0].period.start
    rate = None if satisfaction is None else Decimal(satisfaction)
    result = score(events, rate, max(until, first), satisfaction_step, book)
    return {
        "scores": {key: _text(value) for key, value in result.scores.items()},
        "total": _text(result.total),
        "deduction_rate": _text(result.deduction_rate),
    }


def _decimal(value: Fraction | None) -> Decimal | None:
    """分母只含 2 和 5 的分数，精确写成小数；政策数字和满意率都是有限小数，所以总能写尽。"""
    if value is None:
        return None
    with localcontext(prec=200) as context:
        context.clear_flags()
        result = Decimal(value.numerator) / Decimal(value.denominator)
        if Fraction(result) != value:
            raise ValueError(f"不是有限小数：{value}")
        return result


def _text(value: Decimal | None) -> str | None:
    if value is None:
        return None
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
