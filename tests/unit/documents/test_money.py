"""金额的写法：大写读回来就是原数，票据的写法一条条对。"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunheng.documents.money import amount_in_words, amount_of_words
from yunheng.rules.money import fen, yuan


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
    assert amount_of_words(amount_in_words(value)) == value


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


@pytest.mark.parametrize(
    "words", ["", "人民币", "壹元整", "人民币一元整", "人民币壹元又", "人民币壹角元", "人民币壹元万"]
)
def test_不是大写的读不成数(words: str) -> None:
    with pytest.raises(ValueError, match="不是金额大写"):
        amount_of_words(words)
