"""算法里的数字一版冻结一份：引擎的、逐日笨算法自带的，都等于定稿当时施行的规则参数（R-004、R-084）。"""

from __future__ import annotations

import pytest

from yunheng.metering import frozen, oracle
from yunheng.metering.format import VERSIONS
from yunheng.rules import rulebook, scoring


def test_每一版格式都有一份数字() -> None:
    assert set(frozen.NUMBERS) == set(VERSIONS)


@pytest.mark.parametrize("version", sorted(frozen.NUMBERS))
def test_引擎的数字等于定稿当时施行的参数(version: int) -> None:
    numbers = frozen.NUMBERS[version]
    book, day = rulebook.built_in(), numbers.finalised
    assert numbers.trial_months == book.parameter("trial_months", day).whole
    assert numbers.reclaim_days == book.parameter("reclaim_days", day).whole
    assert numbers.supervision_fee == book.parameter("supervision_fee_limit", day).ratio
    assert numbers.scoring == scoring.terms(day)


@pytest.mark.parametrize("version", sorted(frozen.NUMBERS))
def test_逐日笨算法自带的数字与引擎冻结的相等(version: int) -> None:
    numbers = frozen.NUMBERS[version]
    assert numbers.trial_months == oracle.TRIAL_MONTHS
    assert numbers.reclaim_days == oracle.RECLAIM_DAYS
    assert numbers.tolerance_days == oracle.TOLERANCE_DAYS
    assert numbers.supervision_fee == oracle.FEE_SHARE
    terms = numbers.scoring
    assert terms.threshold == oracle.TOTAL_LINE
    assert terms.band == oracle.TOTAL_BAND
    assert terms.step == oracle.BAND_CUT
    for letter, penalty in oracle.PENALTIES.items():
        assert terms.indicators[letter] == {"full": oracle.EVENT_FULL, "penalty": penalty}
    rate = terms.indicators["G"]
    assert rate["full"] == oracle.RATE_FULL
    assert rate["threshold"] == oracle.RATE_LINE
    # 满意率每低一档扣的是 G 分值的百分之几
    assert rate["full"] * rate["penalty"] / 100 / rate["step"] == oracle.RATE_PENALTY
