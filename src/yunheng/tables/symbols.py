"""符号字体：存的是字母、看到的是勾和框（Wingdings 2 的 R 是 ☑）。

Word 的符号和字、Excel 的格和富文本各段都照这一张表；表里没有的点名，不当作字母读。
"""

from __future__ import annotations

#: 私用区里的符号：F052 就是 52
_PRIVATE = range(0xF000, 0xF100)
_DINGBATS = {
    "3": "✓", "4": "✔", "5": "×", "6": "×", "7": "×", "8": "×", "l": "●", "n": "■", "o": "☐", "p": "☐", "q": "☐",
    "r": "☐",
}  # fmt: skip
#: 字体（小写、去空格）→ 存的字 → 看到的字
_GLYPHS: dict[str, dict[str, str]] = {
    "wingdings": {
        "l": "●", "n": "■", "o": "☐", "p": "☐", "q": "☐", "r": "☐", "u": "◆", "v": "❖", "x": "☒", "\x9f": "•",
        "\xa7": "▪", "\xa8": "☐", "\xd8": "➢", "\xdf": "←", "\xe0": "→", "\xe8": "→", "\xf0": "→", "\xfb": "×",
        "\xfc": "√", "\xfd": "☒", "\xfe": "☑",
        **{chr(0x81 + place): chr(0x2460 + place) for place in range(10)},
        **{chr(0x8C + place): chr(0x2776 + place) for place in range(10)},
    },
    "wingdings2": {
        "*": "☐", "O": "×", "P": "√", "Q": "☒", "R": "☑", "S": "☒", "T": "☒", "\x97": "●", "\xa2": "■", "\xa3": "☐",
        "\xa4": "☐",
    },
    "wingdings3": {},
    "webdings": {"a": "√", "c": "☐", "g": "■", "n": "●", "r": "×"},
    "marlett": {"a": "√", "b": "√", "g": "■", "r": "×"},
    "zapfdingbats": _DINGBATS,
    "monotypesorts": _DINGBATS,
    "symbol": {
        **{char: char for char in "0123456789+-,./()[]:;<=>?_{|}%&!"},
        "\xa3": "≤", "\xb1": "±", "\xb3": "≥", "\xb4": "×", "\xb7": "•", "\xb0": "°", "\xd6": "√",
    },
    "mtextra": {},
    "msoutlook": {},
    "bookshelfsymbol7": {},
}  # fmt: skip


def symbolic(font: str) -> str:
    """符号字体的叫法折成一种；平常的字体为空。"""
    plain = font.lower().replace(" ", "").replace("-", "")
    return plain if plain in _GLYPHS else ""


def stored(char: str) -> str:
    """私用区里的写法折成字体里的一个字。"""
    return chr(ord(char) - _PRIVATE.start) if ord(char) in _PRIVATE else char


def seen(font: str, char: str) -> str:
    """符号字体里的一个字看到的是什么；认不出的为空。

    空白照旧；字体里没有的字（汉字、☑）换别的字体显示，照原字。
    """
    plain = stored(char)
    if plain.isspace() or ord(plain) > 0xFF:
        return plain
    return _GLYPHS[symbolic(font)].get(plain, "")


def encoded(char: str) -> bool:
    """符号字体里有没有这一个字：拉丁字母一类和私用区的。"""
    return ord(char) <= 0xFF or ord(char) in _PRIVATE


def read(font: str, text: str) -> tuple[str, str]:
    """一段符号字体的字：（看到的, 认不出的几个字）。认不出的不在看到的里面。"""
    shown = [seen(font, char) for char in text]
    return "".join(shown), "".join(stored(char) for char, one in zip(text, shown, strict=True) if not one)
