"""数据包算法里的数字：属于格式，一版一份，写定以后不再变。

规则参数以后添了新的一行，已冻结的年度照原来那一版重算，摘要仍是原来的（R-084）；数字要变，就出新的一版格式。
逐日笨算法自带一份，测试核对两份都与定稿当时施行的规则参数相等。
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from yunheng.rules.scoring import Terms


@dataclass(frozen=True)
class Numbers:
    """一版的数字。

    `finalised` 是定稿日；`trial_months` 是测试期（月）；`reclaim_days` 是释放后几个工作日内清除；
    `tolerance_days` 是日志与生效、停止日可以相差的天数；`supervision_fee` 是专项管理费上限的比例；`scoring` 是考核。
    """

    finalised: date
    trial_months: int
    reclaim_days: int
    tolerance_days: int
    supervision_fee: Fraction
    scoring: Terms


def _events(full: int, penalty: int) -> dict[str, Fraction]:
    return {"full": Fraction(full), "penalty": Fraction(penalty)}


_SCORING = Terms(
    {
        "A": _events(10, 1),
        "B": _events(10, 5),
        "C": _events(10, 3),
        "D": _events(10, 5),
        "E": _events(10, 5),
        "F": _events(10, 3),
        "G": {"full": Fraction(40), "penalty": Fraction(2), "threshold": Fraction(90), "step": Fraction(1)},
    },
    threshold=Fraction(90),
    band=Fraction(10),
    step=Fraction(5, 100),
)

#: 版本 → 这一版的数字
NUMBERS: Mapping[int, Numbers] = {
    1: Numbers(date(2026, 11, 24), 3, 10, 2, Fraction(10, 100), _SCORING),
    2: Numbers(date(2026, 11, 28), 3, 10, 2, Fraction(10, 100), _SCORING),
}
