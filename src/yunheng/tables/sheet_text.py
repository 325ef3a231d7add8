"""xlsx 里的字：共享字符串怎样连，划掉的、上标下标的字怎样认，页眉页脚去掉格式码。"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from .folding import visible
from .limits import TooLarge
from .looks import WHITE, colour, raised, struck, tiny
from .symbols import symbolic

#: 页眉页脚的部件
MARGINS = ("oddHeader", "oddFooter", "evenHeader", "evenFooter", "firstHeader", "firstFooter")
#: 页眉页脚里的格式码：&P 页码、&"字体,样式"、&12 字号
_CODES = re.compile(r'&(?:"[^"]*"|[0-9]+|K[0-9A-Fa-f+]{5,6}|.)')
_PAGE_NUMBER = re.compile(r"[-—–―\s第共页/0-9]*")


def margin(text: str) -> str:
    """页眉页脚里写的字；只有页码、文件名之类的为空。"""
    words = visible(_CODES.sub("", text))
    return "" if _PAGE_NUMBER.fullmatch(words) else words


class Look(NamedTuple):
    """一段字的样子：划掉了、上标下标、白的、小得看不见；有一段是就是。

    `fonts` 是富文本各段：（几个字, 符号字体），平常的字体为空，没有写的（照格子的）为 None；都没有写的是空的。
    """

    struck: bool = False
    raised: bool = False
    pale: bool = False
    tiny: bool = False
    fonts: tuple[tuple[int, str | None], ...] = ()


#: 没有什么特别的样子
PLAIN = Look()
#: 说字的样子的元素：有了才记
LOOKS = {"r", "strike", "vertAlign", "color", "sz", "rFont"}


class LookReader:
    """富文本各段的样子：一段一段合起来；白的、小的要真有字才算。"""

    def __init__(self) -> None:
        self.look = Look()
        self.pale = self.tiny = False
        self.font: str | None = None
        self.fonts: list[tuple[int, str | None]] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """一个元素开始。"""
        if name == "r":
            self.pale = self.tiny = False
            self.font = None
        elif name == "rFont":
            self.font = symbolic(attributes.get("val", ""))
        elif name == "strike":
            self.look = self.look._replace(struck=self.look.struck or struck(attributes))
        elif name == "vertAlign":
            self.look = self.look._replace(raised=self.look.raised or raised(attributes))
        elif name == "color":
            self.pale = colour(attributes) == WHITE
        elif name == "sz":
            self.tiny = tiny(attributes.get("val", ""))

    def text(self, text: str) -> None:
        """这一段的字。"""
        if (self.pale or self.tiny) and visible(text):
            self.look = self.look._replace(pale=self.look.pale or self.pale, tiny=self.look.tiny or self.tiny)
        if self.fonts and self.fonts[-1][1] == self.font:
            self.fonts[-1] = self.fonts[-1][0] + len(text), self.font
        else:
            self.fonts.append((len(text), self.font))

    def made(self) -> Look:
        """读完了的样子。"""
        stated = any(font is not None for _, font in self.fonts)
        return self.look._replace(fonts=tuple(self.fonts)) if stated else self.look


class TextReader:
    """把 <si> 里的 <t> 连起来；注音（rPh）不要；`look` 是划掉了、上标下标的、看不见的。"""

    def __init__(self, element: str, done: Callable[[str, Look], None], most: int) -> None:
        self.element, self.done, self.most = element, done, most
        self.parts: list[str] = []
        self.length = 0
        self.reading = self.phonetic = False
        self.look: LookReader | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """一个元素开始。"""
        if name == self.element:
            self.parts, self.length, self.look = [], 0, None
        elif name == "rPh":
            self.phonetic = True
        elif name == "t":
            self.reading = not self.phonetic
        elif name in LOOKS:
            self.look = self.look or LookReader()
            self.look.start(name, attributes)

    def text(self, text: str) -> None:
        """元素里的字。"""
        if self.reading:
            self.length += len(text)
            if self.length > self.most:
                raise TooLarge(f"有一格超过 {self.most:,} 字，请删短再导入")
            self.parts.append(text)
            if self.look is not None:
                self.look.text(text)

    def end(self, name: str) -> None:
        """一个元素结束。"""
        if name == "t":
            self.reading = False
        elif name == "rPh":
            self.phonetic = False
        elif name == self.element:
            self.done("".join(self.parts), PLAIN if self.look is None else self.look.made())
