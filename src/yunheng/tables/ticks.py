"""打勾的选项：勾在字前、字后都认，括号里的勾、实心空心的圈也认；分不清勾的是哪一项的不猜。"""

from __future__ import annotations

import re

from .folding import visible

#: 当作勾了的记号
TICKS = "☑√■✓✔☒✅"
_TICK, _BOX, _CROSS = "☑", "☐", "×"
#: 括号里的一个记号：（√）、[x]、【 】
_HELD = re.compile(rf"[（(\[【〔]\s*([{TICKS}☐□●○vVxX×✗✘]?)\s*[）)\]】〕]")
#: 隔开几项的记号
_PARTING = "、，,；;/／|"
_ROUND, _FILLED = "○◯", "●◉⦿"


def boxed(text: str) -> str:
    """括号里的勾和空格、实心空心的圈写成框：（√）云主机（ ）物理机 → ☑云主机☐物理机。

    只有实心的圈又不止一个的，是项目符号还是勾说不清，照原字；别处有勾的，叉是没有勾。
    """
    plain = _HELD.sub(_held, visible(text))
    if any(char in plain for char in _ROUND) or sum(plain.count(char) for char in _FILLED) == 1:
        plain = re.sub(f"[{_FILLED}]", _TICK, re.sub(f"[{_ROUND}]", _BOX, plain))
    return plain.replace(f"{_CROSS}\ufffc", _BOX) if any(char in plain for char in TICKS) else plain


def _held(found: re.Match[str]) -> str:
    mark = found[1]
    if mark in (*TICKS, *_FILLED, "v", "V"):
        return _TICK
    if mark in ("x", "X") and found[0][0] == "[":
        # [x] 是勾；别处另有勾的才是叉
        return _TICK if not re.search(f"[{TICKS}]", found.string) else _BOX
    # 叉先记着：别处有勾的是没有勾，没有的说不清
    return _BOX if mark in ("", "☐", "□", *_ROUND) else f"{_CROSS}\ufffc"


def ticked(text: str, options: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """打了勾的几项，勾在字前、字后都认；分不清勾的是哪一项的返回 None。

    没有框的，整格就是一个选项的当作选了它（`options` 是能选的）。
    """
    plain = boxed(text)
    if "\ufffc" in plain or (sum(plain.count(char) for char in _FILLED) > 1 and not re.search(f"[{TICKS}]", plain)):
        return None
    boxes = [found.start() for found in re.finditer(f"[☐□{TICKS}]", plain)]
    if not boxes:
        bare = re.sub(r"\s+", "", plain)
        return (bare,) if bare in options else ()
    if boxes[0] == 0 and boxes[-1] != len(plain) - 1:
        after = True
    elif boxes[-1] == len(plain) - 1 and boxes[0] != 0:
        after = False
    else:
        sides = set()
        for at in boxes:
            left = at > 0 and not plain[at - 1].isspace() and plain[at - 1] not in _PARTING
            right = at + 1 < len(plain) and not plain[at + 1].isspace() and plain[at + 1] not in _PARTING
            sides.add("both" if left == right else "after" if right else "before")
        if len(sides) != 1 or "both" in sides:
            return None if any(plain[at] in TICKS for at in boxes) else ()
        after = sides == {"after"}
    word = rf"([^\s☐□{TICKS}（({_PARTING}]+)"
    tick = f"[{TICKS}]"
    pattern = rf"{tick}\s*{word}" if after else rf"{word}(?:[（(][^）)]*[）)])?\s*{tick}"
    found = tuple(re.findall(pattern, plain))
    return found if len(found) == sum(plain[at] in TICKS for at in boxes) else None
