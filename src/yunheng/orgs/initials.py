"""拼音首字母：人名、单位、项目都能用首字母找。"""

from __future__ import annotations

from pypinyin import Style, pinyin


def initials(text: str) -> str:
    """“松江区民政局” → sjqmzj；不是汉字的照小写留着，空白去掉。"""
    letters = pinyin(text, style=Style.FIRST_LETTER, errors="default")
    return "".join(part[0] for part in letters).lower().replace(" ", "")[:200]
