"""xlsx 里的字：共享字符串怎样连，划掉的、上标下标的字怎样认，页眉页脚去掉格式码。"""

from __future__ import annotations

import re
from collections.abc import Callable

from .folding import visible
from .limits import TooLarge

#: 页眉页脚的部件
MARGINS = ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter")
#: 页眉页脚里的格式码：&P 页码、&"字体,样式"、&12 字号
_CODES = re.compile(r'&(?:"[^"]*"|[0-9]+|K[0-9A-Fa-f+]{5,6}|.)')
_PAGE_NUMBER = re.compile(r"[-—–―\s第共页/0-9]*")


def struck(attributes: dict[str, str]) -> bool:
    """删除线是不是开着。"""
    return attributes.get("val", "1") not in ("0", "false")


def raised(attributes: dict[str, str]) -> bool:
    """是不是上标、下标（vertAlign）。"""
    return attributes.get("val", "baseline") in ("superscript", "subscript")


def margin(text: str) -> str:
    """页眉页脚里写的字；只有页码、文件名之类的为空。"""
    words = visible(_CODES.sub("", text))
    return "" if _PAGE_NUMBER.fullmatch(words) else words


class TextReader:
    """把 <si> 里的 <t> 连起来；注音（rPh）不要；`struck`、`raised` 是有一段划掉了、是上标下标。"""

    def __init__(self, element: str, done: Callable[[str], None], most: int) -> None:
        self.element, self.done, self.most = element, done, most
        self.parts: list[str] = []
        self.length = 0
        self.reading = self.phonetic = self.struck = self.raised = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """一个元素开始。"""
        if name == self.element:
            self.parts, self.length, self.struck, self.raised = [], 0, False, False
        elif name == "strike":
            self.struck = self.struck or struck(attributes)
        elif name == "vertAlign":
            self.raised = self.raised or raised(attributes)
        elif name == "rPh":
            self.phonetic = True
        elif name == "t":
            self.reading = not self.phonetic

    def text(self, text: str) -> None:
        """元素里的字。"""
        if self.reading:
            self.length += len(text)
            if self.length > self.most:
                raise TooLarge(f"有一格超过 {self.most:,} 字，请删短再导入")
            self.parts.append(text)

    def end(self, name: str) -> None:
        """一个元素结束。"""
        if name == "t":
            self.reading = False
        elif name == "rPh":
            self.phonetic = False
        elif name == self.element:
            self.done("".join(self.parts))
