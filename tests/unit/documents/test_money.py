"""金额的写法：大写读回来就是原数，票据的写法一条条对。"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunheng.documents.money import amount_in_words
from yunheng.rules.money import fen, yuan

_DIGITS = {char: number for number, char in enumerate("零壹贰叁肆伍陆柒捌玖")}
_UNITS = {"拾": 10, "佰": 100, "仟": 1000}


def read_words(text: str) -> int:
    """把大写读回成分：与写法无关的另一条路。"""
    assert text.startswith("人民币")
    text = text.removeprefix("人民币").removesuffix("整")
    whole, _, rest = text.partition("元") if "元" in text else ("", "", text)
    cents, digit = 0, 0
    for char in rest:
        if char in _DIGITS:
            digit = _DIGITS[char]
        else:
            cents += digit * {"角": 10, "分": 1}[char]
    return _read_integer(whole) * 100 + cents


def _read_integer(text: str) -> int:
    for mark, base in (("亿", 10**8), ("万", 10**4)):
        if mark in text:
            high, _, low = text.rpartition(mark)
            return _read_integer(high) * base + _read_integer(low)
    total, digit = 0, 0
    for char in text:
        if char in _DIGITS:
            digit = _DIGITS[char]
        else:
            total += digit * _UNITS[char]
            digit = 0
    return total + digit


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "人民币零元整"),
        (5, "人民币伍分"),
        (50, "人民币伍角"),
        (100, "人民币壹元整"),
        (140950, "人民币壹仟肆佰零玖元伍角"),
        (600714, "人民币陆仟零柒元壹角肆分"),
        (1640902, "人民币壹万陆仟肆佰零玖元零贰分"),
        (32504, "人民币叁佰贰拾伍元零肆分"),
        (1000000000000, "人民币壹佰亿元整"),
        (10000000100, "人民币壹亿零壹元整"),
        (100050000, "人民币壹佰万零伍佰元整"),
        (10**15, "人民币壹拾万亿元整"),
    ],
)
def test_大写照票据的写法(value: int, words: str) -> None:
    assert amount_in_words(value) == words


@given(st.integers(0, 10**17))
def test_大写读回来就是原数(value: int) -> None:
    assert read_words(amount_in_words(value)) == value


@given(st.integers(0, 10**17))
def test_大写不连写两个零_不以零结尾(value: int) -> None:
    words = amount_in_words(value)
    assert "零零" not in words
    assert "零元" not in words or value == 0
    assert not words.endswith("零")


def test_负数不写成大写() -> None:
    with pytest.raises(ValueError, match="负数"):
        amount_in_words(-1)


@given(st.integers(0, 10**15))
def test_分和元的文本互转不差一分(value: int) -> None:
    assert fen(yuan(value)) == value
    assert yuan(value, grouped=True).replace(",", "") == yuan(value)
