"""Excel 的数字格式把存的显示成什么：存的是 12、显示的是 ECS-0012，照存的读就读错了。"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import NamedTuple

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_.|\*.|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>General|G/通用格式)|(?P<end>;)|(?P<mark>.)",
    re.IGNORECASE | re.DOTALL,
)
_COLOUR = re.compile(r"(black|blue|cyan|green|magenta|red|white|yellow|黑色?|蓝色?|青色?|绿色?|洋红|红色?|白色?|黄色?"
                     r"|(color|颜色) ?[0-9]+)", re.IGNORECASE)  # fmt: skip
#: 不加引号照样显示的字
_PLAIN = set(" $¥￥-+/():^&'~{}<>=")
_FIGURE = re.compile(r"[0-9][0-9,]*(?:\.[0-9]*)?|\.[0-9]+")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?")
#: 会计格式把 0 显示成的
_NOTHING = ("-", "—", "–")
#: （种类，字）：字面、数位、小数点、千分位、整格、说不准
_Piece = tuple[str, str]


def displayed(text: str, shown: str, *, number: bool) -> str | None:
    """存的 `text` 照格式 `shown` 显示成什么，首尾空白不算；显示不出来的是空字，说不准的为 None。"""
    section, bare = _section(text, shown, number=number)
    if section is None:
        return text.strip()
    if number and any(kind == "odd" for one in _sections(shown) for kind, _ in one):
        return None
    if any(kind == "odd" for kind, _ in section) or _scaled(section):
        return None
    if any(kind == "whole" for kind, _ in section) or not any(kind == "digit" for kind, _ in section):
        return "".join(bare if kind == "whole" else word for kind, word in section).strip()
    if not number or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", bare):
        return None
    return _filled(section, bare).strip()


class Seen(NamedTuple):
    """人看到的：`text` 是整格的字，说不准的为 None；`figure` 是其中的数，看不出是一个数的为 None；`places` 是小数几位。

    `words` 是数以外的字（单位、前缀），不算空白。
    """

    text: str | None
    figure: Decimal | None
    words: str
    places: int


def seen(text: str, shown: str) -> Seen:
    """存着数 `text` 的格，照格式 `shown` 人看到的是什么数、另外还有什么字。"""
    said = displayed(text, shown, number=True)
    if said is None or not said:
        return Seen(said, None, "", 0)
    figures = list(_FIGURE.finditer(said))
    if not figures and said.strip() in _NOTHING and not text.strip("-0."):
        return Seen(said, Decimal(0), "", 0)
    rest = _FIGURE.sub("", said)
    if len(figures) != 1 or any(char.isdigit() or char in ".," for char in rest):
        return Seen(said, None, _said(rest), 0)
    before, number = said[: figures[0].start()], figures[0][0]
    if "," in number and not _GROUPED.fullmatch(number):
        return Seen(said, None, _said(rest), 0)
    figure = Decimal(number.replace(",", ""))
    negative = before.count("-") == 1
    if text.startswith("-") and before.strip().endswith("(") and rest.strip().endswith(")"):
        negative, rest = True, rest.replace("(", "").replace(")", "")
    if negative:
        rest = rest.replace("-", "", 1)
    return Seen(said, -figure if negative else figure, _said(rest), len(number.partition(".")[2]))


def plainly(text: str, shown: str) -> bool:
    """照格式 `shown` 看到的就是数 `text`（小数位可以少），没有别的字。"""
    found = seen(text, shown)
    return found.figure is not None and not found.words and found.figure == rounded(text, found.places)


def rounded(text: str, places: int) -> Decimal:
    """四舍五入到几位小数，如 Excel 显示的。"""
    with localcontext() as context:
        context.prec = 400
        return Decimal(text).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _said(rest: str) -> str:
    return re.sub(r"\s", "", rest)


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
    short = f"{rounded(bare, places):f}" if places < len(bare.partition(".")[2]) else bare
    whole, _, fraction = short.partition(".")
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
