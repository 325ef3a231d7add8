"""Excel 的数字格式把存的显示成什么：存的是 12、显示的是 ECS-0012，照存的读就读错了。"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General|G/通用格式)|(?P<end>;)|(?P<mark>.)",
    re.IGNORECASE | re.DOTALL,
)
_COLOUR = re.compile(r"(black|blue|cyan|green|magenta|red|white|yellow|黑色?|蓝色?|青色?|绿色?|洋红|红色?|白色?|黄色?"
                     r"|(color|颜色) ?[0-9]+)", re.IGNORECASE)  # fmt: skip
#: 不加引号照样显示的字
_PLAIN = set(" $¥￥-+/():!^&'~{}<>=")
#: （种类，字）：字面、数位、小数点、千分位、整格、说不准
_Piece = tuple[str, str]


def displayed(text: str, shown: str, *, number: bool) -> str | None:
    """存的 `text` 照格式 `shown` 显示成什么，首尾空白不算；显示不出来的是空字，说不准的为 None。"""
    section, bare = _section(text, shown, number=number)
    if section is None:
        return text.strip()
    if any(kind == "odd" for kind, _ in section) or _scaled(section):
        return None
    if any(kind == "whole" for kind, _ in section) or not any(kind == "digit" for kind, _ in section):
        return "".join(bare if kind == "whole" else word for kind, word in section).strip()
    if not number or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", bare):
        return None
    return _filled(section, bare).strip()


def words(text: str, shown: str) -> str:
    """存着数 `text` 的格，格式另外显示的字（单位、前缀），不算空白和标点。"""
    section, _ = _section(text, shown, number=True)
    said = "".join(word for kind, word in section or () if kind == "literal")
    return re.sub(r"[\s\-+()（）:：/,，.]", "", said)


def _section(text: str, shown: str, *, number: bool) -> tuple[list[_Piece] | None, str]:
    """（这个值用的那一段；照存的显示的为 None，去掉符号的数）。"""
    sections = list(_sections(shown))
    if not shown or sections == [[("whole", "")]]:
        return None, text
    if not number:
        last = sections[-1] if len(sections) > 3 or any(piece == ("whole", "@") for piece in sections[-1]) else None
        return last, text
    if len(sections) > 3:
        sections = sections[:3]
    negative, zero = text.startswith("-"), not text.strip("-0.")
    if zero and len(sections) > 2:
        return sections[2], text
    if negative and len(sections) > 1:
        return sections[1], text[1:]
    return ([("literal", "-")] if negative else []) + sections[0], text.removeprefix("-")


def _sections(shown: str) -> Iterator[list[_Piece]]:
    own: list[_Piece] = []
    for found in _TOKEN.finditer(shown):
        if found["end"]:
            yield own
            own = []
        elif (literal := found["quoted"] or found["escaped"]) is not None:
            own.append(("literal", literal))
        elif found["general"]:
            own.append(("whole", ""))
        elif (inside := found["bracket"]) is not None:
            if inside.startswith("$"):
                own.append(("literal", inside[1:].rpartition("-")[0] or inside[1:].partition("-")[0]))
            elif not _COLOUR.fullmatch(inside):
                own.append(("odd", inside))
        elif mark := found["mark"]:
            own.append((_kind(mark), mark))
    yield own


def _kind(mark: str) -> str:
    if mark in "0#?":
        return "digit"
    if mark in ".,":
        return {".": "point", ",": "comma"}[mark]
    if mark == "@":
        return "whole"
    return "literal" if mark in _PLAIN or not mark.isascii() else "odd"


def _scaled(section: list[_Piece]) -> bool:
    """数位后面的逗号把数缩小一千倍显示。"""
    kinds = "".join({"digit": "0", "comma": ","}.get(kind, " ") for kind, _ in section if kind != "literal")
    return bool(re.search("0,+( |$)", kinds))


def _filled(section: list[_Piece], bare: str) -> str:
    """把数填进数位；整数部分从右往左填，多出来的放在最左一位以前。"""
    kinds = [kind for kind, _ in section]
    point = kinds.index("point") if "point" in kinds else len(section)
    left = [piece for piece in section[:point] if piece[0] != "comma"]
    places = sum(kind == "digit" for kind in kinds[point:])
    if "/" in "".join(word for kind, word in section if kind == "literal") and point == len(section):
        # 数位中间的斜杠是分数
        return f"{bare}（分数）"
    rounded = f"{float(bare):.{places}f}" if places < len(bare.partition(".")[2]) else bare
    whole, _, fraction = rounded.partition(".")
    digits, out = list(whole.lstrip("0")), []
    first = next((n for n, piece in enumerate(left) if piece[0] == "digit"), len(left))
    grouped = "comma" in kinds[:point]
    count = 0
    for n in range(len(left) - 1, -1, -1):
        kind, word = left[n]
        if kind != "digit":
            out.append(word)
            continue
        taken = digits if n == first else digits[-1:]
        for digit in reversed(taken or (["0"] if word == "0" else [])):
            out.append("," if grouped and count and count % 3 == 0 else "")
            out.append(digit)
            count += 1
        digits = [] if n == first else digits[:-1]
    shown = "".join(reversed(out))
    tail = ""
    for kind, word in section[point:]:
        if kind == "digit":
            tail += fraction[:1] or ("0" if word == "0" else "")
            fraction = fraction[1:]
        else:
            tail += word
    return shown + tail
