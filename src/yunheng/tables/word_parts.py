"""Word 的部件：一段一段喂给处理函数；样式里划掉、隐藏、上标下标的字怎样认。"""

from __future__ import annotations

import zipfile
from collections.abc import Callable

from . import markup
from .limits import Limits, TooLarge, Unreadable
from .looks import raised

#: 字的样子 → 怎样叫它：有一样就当作不要的字
MARKS = {"strike": "划掉", "dstrike": "划掉", "vanish": "隐藏"}
#: 上标、下标的字：读，数和编号里的拒绝
RAISED = "上标或下标"
_OFF = ("0", "false", "off")


def broken(name: str) -> Unreadable:
    """打不开的 Word。"""
    return Unreadable(f"“{name}”打不开，文件可能坏了或不是真的 .docx，请重新另存后再导入")


def on(attributes: dict[str, str]) -> bool:
    """开关一样的元素是不是开着：没有写就是开。"""
    return attributes.get("val", "1") not in _OFF


def styles(archive: zipfile.ZipFile, name: str, limits: Limits) -> dict[str, frozenset[str]]:
    """划掉、隐藏、上标下标的样式：编号 → 怎样叫它；缺省的段落样式的编号是空。"""
    own: dict[str, set[str]] = {}
    based: dict[str, str] = {}
    at: list[str] = []
    current = default = ""

    def start(element: str, attributes: dict[str, str]) -> None:
        nonlocal current, default
        at.append(element)
        if element == "style":
            current = attributes.get("styleId", "")
            if len(own) >= limits.parts:
                raise TooLarge(f"“{name}”里的样式太多，请重新另存一份只有表格的")
            own[current] = set()
            if attributes.get("type") == "paragraph" and on({"val": attributes.get("default", "0")}):
                default = current
        elif element == "basedOn":
            based[current] = attributes.get("val", "")
        elif element in MARKS and at[-3:-1] == ["style", "rPr"] and on(attributes):
            own[current].add(MARKS[element])
        elif element == "vertAlign" and at[-3:-1] == ["style", "rPr"] and raised(attributes):
            own[current].add(RAISED)

    fed(archive, "word/styles.xml", name, limits, start, lambda _element: at.pop())

    def whole(style: str, left: int = 20) -> frozenset[str]:
        above = whole(based[style], left - 1) if style in based and left else frozenset()
        return above | frozenset(own.get(style, ()))

    found = {style: marks for style in own if (marks := whole(style))}
    return found | ({"": found[default]} if default in found else {})


def fed(
    archive: zipfile.ZipFile,
    part: str,
    name: str,
    limits: Limits,
    start: Callable[[str, dict[str, str]], object],
    end: Callable[[str], object],
    text: Callable[[str], object] | None = None,
) -> None:
    """把一个部件一段一段喂给处理函数，元素名、属性名不带前缀；坏了抛 Unreadable。"""

    def bare(element: str, attributes: dict[str, str]) -> None:
        start(element, {key.rpartition(":")[2]: value for key, value in attributes.items()})

    for _ in markup.fed(archive, part, name, limits, broken(name), bare, end, text):
        pass
