"""字的样子：划掉没有，是不是上标下标，看不看得见——颜色、底色都写成一种再比，和底色一样的、小得看不见的，人看不到。"""

from __future__ import annotations

import re
from collections.abc import Mapping

#: 白：写明的颜色、主题的第 0 种（底色）、旧色板的几种
WHITE = "FFFFFF"
_INDEXED_WHITE = {"1", "9", "65"}
_COLOUR = re.compile(r"(?:[0-9A-Fa-f]{2})?([0-9A-Fa-f]{6})")
#: 每种原色都不小于这么多的，看上去就是白的
_PALE = 0xF0
#: 字号小于这么多磅的，看不见
TINY = 4.0


def struck(attributes: dict[str, str]) -> bool:
    """删除线是不是开着。"""
    return attributes.get("val", "1") not in ("0", "false")


def raised(attributes: dict[str, str]) -> bool:
    """是不是上标、下标（vertAlign）。"""
    return attributes.get("val", "baseline") in ("superscript", "subscript")


def shade(value: str) -> str:
    """六位、八位的颜色写成六位；近乎白的都是白，认不出的为空。"""
    found = _COLOUR.fullmatch(value)
    if found is None:
        return ""
    red, green, blue = (int(found[1][place : place + 2], 16) for place in (0, 2, 4))
    return WHITE if min(red, green, blue) >= _PALE else found[1].upper()


def colour(attributes: Mapping[str, str]) -> str:
    """Excel 的一种颜色（rgb、theme、indexed）写成一种；缺省的、自动的为空。"""
    if attributes.get("rgb"):
        return shade(attributes["rgb"])
    if attributes.get("indexed") in _INDEXED_WHITE:
        return WHITE
    if (theme := attributes.get("theme")) is not None:
        tint = attributes.get("tint", "0")
        return WHITE if theme == "0" and not tint.startswith("-") else f"主题{theme}/{tint}"
    return ""


def tiny(size: str) -> bool:
    """字号（磅）小得看不见。"""
    return re.fullmatch(r"[0-9]{1,4}(\.[0-9]+)?", size) is not None and float(size) < TINY


def lost(text: str, ground: str) -> bool:
    """这种颜色的字在这种底色上看不见；没有底色就是白的。"""
    return bool(text) and text == (ground or WHITE)
