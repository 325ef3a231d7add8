"""打勾的选项：勾在字前、字后都认，分不清勾的是哪一项的不猜。"""

from __future__ import annotations

import re

from .folding import visible

#: 当作勾了的记号
TICKS = "☑√■✓✔☒✅"


def ticked(text: str, options: tuple[str, ...] = ()) -> tuple[str, ...] | None:
    """打了勾的几项，勾在字前、字后都认；分不清勾的是哪一项的返回 None。

    没有框的，整格就是一个选项的当作选了它（`options` 是能选的）。
    """
    plain = visible(text)
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
            left = at > 0 and not plain[at - 1].isspace() and plain[at - 1] not in "、，,；;"
            right = at + 1 < len(plain) and not plain[at + 1].isspace()
            sides.add("both" if left == right else "after" if right else "before")
        if len(sides) != 1 or "both" in sides:
            return None if any(plain[at] in TICKS for at in boxes) else ()
        after = sides == {"after"}
    word = r"([^\s☐□☑√■✓✔☒✅（(、，,；;]+)"
    tick = f"[{TICKS}]"
    pattern = rf"{tick}\s*{word}" if after else rf"{word}(?:[（(][^）)]*[）)])?\s*{tick}"
    found = tuple(re.findall(pattern, plain))
    return found if len(found) == sum(plain[at] in TICKS for at in boxes) else None
