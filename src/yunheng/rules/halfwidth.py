"""全角折成半角：人填的数、编号、日期都过这一处。圈号、上标这样的字不当作数字，留着不折。"""

from __future__ import annotations

import unicodedata

#: 当作半角的同一个字：全角、半角片假名一类、不断行的横和空格
_SAME = ("<wide>", "<narrow>", "<noBreak>")


def halfwidth(text: str) -> str:
    """全角的字折成半角，各种宽窄的空格折成一种；①、²、₂、Ⅷ、㎡ 这样的原样留着，`8①` 不是 81。"""
    return text if text.isascii() else unicodedata.normalize("NFC", "".join(map(_folded, text)))


def unusual(text: str) -> str:
    """折过以后还在的圈号、上标、下标、罗马数字、㎡ 这样的字；没有为空。"""
    return "" if text.isascii() else "".join(dict.fromkeys(char for char in halfwidth(text) if _unusual(char)))


def lettered(text: str) -> str:
    """Ⅷ、№、″ 这样、拆开以后不成数字的字照 NFKC 拆开；①、²、㎡ 拆开有数字的留着，见 `unusual`。"""
    return "".join(plain if (plain := _apart(char)) else char for char in text)


def _apart(char: str) -> str:
    plain = unicodedata.normalize("NFKC", char) if _unusual(char) and unicodedata.category(char) != "No" else ""
    return "" if any(unicodedata.category(one).startswith("N") for one in plain) else plain


def _folded(char: str) -> str:
    if char.isascii():
        return char
    if unicodedata.category(char) == "Zs":
        return " "
    same = unicodedata.decomposition(char).startswith(_SAME)
    return unicodedata.normalize("NFKC", char) if same else char


def _unusual(char: str) -> bool:
    return not char.isascii() and (
        unicodedata.category(char) == "No" or unicodedata.decomposition(char).startswith("<")
    )
