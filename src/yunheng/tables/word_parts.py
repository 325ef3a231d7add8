"""Word 的部件：一段一段喂给处理函数；各种样式里字的样子。"""

from __future__ import annotations

import zipfile
from collections.abc import Callable

from . import markup
from .limits import Limits, TooLarge, Unreadable
from .word_looks import Look, on

#: 样式里段落的样子：底色、自动编号
_OF_PARAGRAPH = (["style", "pPr", "shd"], ["style", "pPr", "numPr", "numId"])

#: 控件占位字的样式叫什么
_PROMPTS = ("placeholder text", "占位符文本")


def broken(name: str) -> Unreadable:
    """打不开的 Word。"""
    return Unreadable(f"“{name}”打不开，文件可能坏了或不是真的 .docx，请重新另存后再导入")


def styles(archive: zipfile.ZipFile, name: str, limits: Limits) -> dict[str, Look]:
    """各种样式里字的样子；缺省的段落样式的编号是空。"""
    own: dict[str, Look] = {}
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
            own[current] = Look()
            if attributes.get("type") == "paragraph" and on({"val": attributes.get("default", "0")}):
                default = current
        elif element == "name" and at[-2:-1] == ["style"] and current:
            own[current].prompt = attributes.get("val", "").lower() in _PROMPTS
        elif element == "basedOn":
            based[current] = attributes.get("val", "")
        elif current and (at[-3:-1] == ["style", "rPr"] or at[at.index("style") :] in _OF_PARAGRAPH):
            own[current].start(element, attributes)

    fed(archive, "word/styles.xml", name, limits, start, lambda _element: at.pop())

    def whole(style: str, left: int = 20) -> Look:
        made = whole(based[style], left - 1) if style in based and left else Look()
        made.add(own.get(style, Look()))
        return made

    found = {style: whole(style) for style in own}
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
