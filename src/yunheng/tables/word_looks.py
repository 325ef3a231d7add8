"""Word 里字的样子：划掉的、隐藏的、看不见的不读，上标下标、抬高的记着；照样式的、照段落和格子底色的也算。"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from . import symbols
from .looks import WHITE, lost, raised, shade, tiny

#: 字的样子 → 怎样叫它：有一样就当作不要的字
_MARKS = {"strike": "划掉", "dstrike": "划掉", "vanish": "隐藏"}
_OFF = ("0", "false", "off")
_WHITE_THEMES = ("background1", "light1")
#: 抬高、压低半磅的这么多倍以上，就像上标、下标
_LIFTED = 4
#: 一段字的三种字体：拉丁字母的、符号的、东亚文字的
_SLOTS = ("ascii", "hAnsi", "eastAsia")
#: 字横向压到百分之几以下，看不见
_NARROW = 10


def on(attributes: Mapping[str, str]) -> bool:
    """开关一样的元素是不是开着：没有写就是开。"""
    return attributes.get("val", "1") not in _OFF


def ground(attributes: Mapping[str, str]) -> str:
    """底色（shd）；没有、自动的为空。"""
    fill = attributes.get("fill", "auto")
    if attributes.get("themeFill") in _WHITE_THEMES:
        return WHITE
    return "" if fill == "auto" and not attributes.get("themeFill") else shade(fill) or "有"


@dataclass
class Look:
    """一段字（或一种样式）的样子。`colour`、`ground` 是字的颜色和底色，缺省的为空。

    `numbered` 是段落有没有自动编号，没有写的为 None；`prompt` 是控件占位字的样式。
    `fonts` 是拉丁字母、符号、东亚文字三种字用的符号字体，平常的字体为空；`eastern` 是符号照东亚文字的字体。
    """

    marks: set[str] = field(default_factory=set)
    raised: bool = False
    lifted: bool = False
    small: bool = False
    narrow: bool = False
    colour: str = ""
    ground: str = ""
    numbered: bool | None = None
    prompt: bool = False
    fonts: dict[str, str] = field(default_factory=dict)
    eastern: bool = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """一个元素（rPr 里的）。"""
        value = attributes.get("val", "")
        if name in _MARKS:
            (self.marks.add if on(attributes) else self.marks.discard)(_MARKS[name])
        elif name == "vertAlign":
            self.raised = raised(dict(attributes))
        elif name == "position":
            self.lifted = bool(re.fullmatch("-?[0-9]{1,4}", value)) and abs(int(value)) >= _LIFTED
        elif name == "color":
            white = attributes.get("themeColor") in _WHITE_THEMES and "themeShade" not in attributes
            self.colour = WHITE if white else shade(value)
        elif name == "sz":
            self.small = bool(re.fullmatch("[0-9]{1,4}", value)) and tiny(str(int(value) / 2))
        elif name == "w":
            self.narrow = bool(re.fullmatch("[0-9]{1,3}", value)) and int(value) < _NARROW
        elif name == "numId":
            self.numbered = value not in ("", "0")
        elif name == "rFonts":
            for slot in _SLOTS:
                if slot in attributes or f"{slot}Theme" in attributes:
                    named = attributes.get(slot, "") if f"{slot}Theme" not in attributes else ""
                    self.fonts[slot] = symbols.symbolic(named)
            self.eastern = attributes.get("hint") == "eastAsia"
        elif name == "shd":
            self.ground = ground(attributes)
        elif name == "highlight":
            self.ground = {"none": "", "white": WHITE}.get(value, "有")

    def add(self, other: Look) -> None:
        """照一种样式：它写了的盖过来。"""
        self.marks |= other.marks
        self.raised = self.raised or other.raised
        self.lifted = self.lifted or other.lifted
        self.small = self.small or other.small
        self.narrow = self.narrow or other.narrow
        self.numbered = self.numbered if other.numbered is None else other.numbered
        self.prompt = self.prompt or other.prompt
        self.fonts.update(other.fonts)
        self.eastern = self.eastern or other.eastern
        self.colour, self.ground = other.colour or self.colour, other.ground or self.ground

    def copy(self) -> Look:
        """一段字从段落的样子起。"""
        made = Look()
        made.add(self)
        return made

    @property
    def symbolic(self) -> bool:
        """用了符号字体。"""
        return any(self.fonts.values())

    def font(self, char: str) -> str:
        """这一个字用的符号字体；平常的字体、符号字体里没有的字为空。"""
        if not symbols.encoded(char):
            return ""
        latin, other, eastern = (self.fonts.get(slot, "") for slot in _SLOTS)
        if symbols.stored(char) != char:
            return latin or other or eastern
        if ord(char) < 0x80:
            return latin
        return eastern if self.eastern and eastern else other

    @property
    def up(self) -> bool:
        """上标、下标，或抬高、压低了。"""
        return self.raised or self.lifted

    def unread(self, behind: str) -> list[str]:
        """这段字为什么不读；照读的为空。`behind` 是格子的底色。"""
        hidden = self.small or self.narrow or lost(self.colour, self.ground or behind)
        return sorted({*self.marks, *(["看不见（白字、与底色一样或太小）"] if hidden else [])})
