"""“至（含）”一栏：人写末日，取到的是半开的止日；重显照填的写，填错的说出填的是什么。"""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError

from yunheng.audit.refused import At, Refused
from yunheng.orgs.fields import LastDay, Span
from yunheng.settlement.forms import RulingDays

OCTOBER = date(2025, 10, 1)


@pytest.mark.parametrize(
    ("typed", "until"),
    [
        ("2025-09-30", OCTOBER),
        (" 2025-09-30 ", OCTOBER),
        ("2025-12-31", date(2026, 1, 1)),
        ("2028-02-28", date(2028, 2, 29)),
        ("2028-02-29", date(2028, 3, 1)),
        ("2100-12-31", date(2101, 1, 1)),
    ],
)
def test_填末日_取到次日(typed: str, until: date) -> None:
    assert LastDay().clean(typed) == until


@pytest.mark.parametrize("typed", ["", None])
def test_可以不填的_空着是没有止日_要填的_空着说怎样填(typed: str | None) -> None:
    assert LastDay(required=False).clean(typed) is None
    with pytest.raises(ValidationError, match="请填日期"):
        LastDay().clean(typed)


@pytest.mark.parametrize("typed", ["九月底", "2025-09-31", "1999-12-31", "2101-01-01", "2025/9/30"])
def test_不是日期的_不在年份里的_不收_说出填的是什么(typed: str) -> None:
    for field in (LastDay(), LastDay(required=False)):
        with pytest.raises(ValidationError, match=f"现在是“{typed}”"):
            field.clean(typed)


def test_初值给止日_显示末日_填错了重显照填的写() -> None:
    shown = Span(initial={"from_on": date(2025, 7, 1), "last_on": OCTOBER})
    assert shown["last_on"].value() == date(2025, 9, 30)
    for typed in ("2025-09-30", "九月底", ""):
        assert Span({"from_on": "x", "last_on": typed})["last_on"].value() == typed
    assert Span()["last_on"].value() is None


def test_起止一起读_错的逐栏列全_带着依据() -> None:
    assert Span({"from_on": "2025-07-01", "last_on": "2025-09-30"}).days("（R-021）") == (date(2025, 7, 1), OCTOBER)
    with pytest.raises(Refused) as told:
        Span({"from_on": "七月", "last_on": "九月底"}).days("（R-021）")
    assert [(one.field, str(one)) for one in told.value.problems if isinstance(one, At)] == [
        ("from_on", "起：日期应填成 2026-07-01 这样；现在是“七月”（R-021）"),
        ("last_on", "至（含）：日期应填成 2026-07-01 这样；现在是“九月底”（R-021）"),
    ]


def test_裁定的起止都可以空_空的一头是没有() -> None:
    assert RulingDays({}).days("（R-075）") == (None, None)
    assert RulingDays({"last_on": "2025-09-30"}).days("（R-075）") == (None, OCTOBER)
    with pytest.raises(Refused, match="至（含）"):
        RulingDays({"last_on": "2025-09-31"}).days("（R-075）")
