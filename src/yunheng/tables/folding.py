"""人的写法折成一种：空白、零宽字符、全角、列名里的括号和单位、日期、数字。只用在人交的表，数据包不折。"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from yunheng.rules.halfwidth import halfwidth

#: 看不见的字符：零宽、方向控制、软连字符、BOM、控制字符（换行、制表除外）
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
                        "\u2060-\u206f\ufe00-\ufe0f\ufeff\x00-\x08\x0e-\x1b\x7f]")  # fmt: skip
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
_BRACKETED = re.compile(r"[(\[【〔{]([^()\[\]【】〔〕{}]*)[)\]】〕}]")
#: 长短横的各种写法
_DASH = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc\uff0d\u2e3a\u2e3b\u02d7\u2043"
_DASHES = re.compile(f"[{_DASH}]")
_DATES = (
    re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})"),
    re.compile(r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})"),
    re.compile(r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})"),
    re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})[日号]"),
    re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})"),
)
#: 日期后面的钟点：不要，写明
_CLOCK = re.compile(r"[T\s]+([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]+)?)?$")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+(\.[0-9]+)?")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[Ee]\+?[0-9]{1,3}")
#: 位（b）或字节（B）
_BYTES = re.compile(r"[KMGTPkmgtp][bB](?![A-Za-z])|[KMGTPkmgtp][bB](?=ps|PS|/s)")
_SCALE = re.compile(r"[十百千万亿萬億]|^[kKwW](?![A-Za-z])")
#: 长得像的字：比编号时当作一个
_LOOKALIKE = str.maketrans("oli_", "011-")
#: 编号里隔开的：横、空白、点、括号
_APART = re.compile(r"[\W_]+")
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
#: 编号后面另写的：括号里的用途，字母数字后面的“号”、数据库
_ASIDE = re.compile(r"(?<=.)[(\[【〔{][^)\]】〕}]*[)\]】〕}]?$")
_TAIL = re.compile(r"(?<=[0-9a-z])[^0-9a-z]+$")
#: 粗略的样子：只留字母、数、汉字，o、0 不要，l、i 当作 1
_ROUGH = re.compile("[^0-9a-z一-鿿]+")
_ROUGHLY = str.maketrans("li", "11", "o0")


def visible(text: str) -> str:
    """去掉零宽和控制字符、首尾空白；换行（软回车、换页也是）统一成一种。"""
    return _INVISIBLE.sub("", _BREAKS.sub("\n", text)).strip()


def code(text: str) -> str:
    """编号：去零宽和首尾空白，全角折成半角；①、² 这样的字留着，见 `halfwidth.unusual`。"""
    return halfwidth(visible(text)).strip()


def heading(text: str) -> tuple[str, tuple[str, ...]]:
    """列名：（去掉空白、换行、括号的名字, 括号里的字）。全半角、大小写不分。"""
    plain = unicodedata.normalize("NFKC", visible(text))
    inside = tuple(re.sub(r"\s+", "", found) for found in _BRACKETED.findall(plain))
    name = re.sub(r"[\s*:：]+", "", _BRACKETED.sub("", plain)).casefold()
    return name, inside


def compact(text: str) -> str:
    """列名整个（连括号）去空白，全半角、大小写不分。"""
    return re.sub(r"[\s*:：]+", "", unicodedata.normalize("NFKC", visible(text))).casefold()


def day(text: str) -> str | None:
    """写法认得出的日期写成 YYYY-MM-DD；认不出、没有那一天的为 None。只认年在前的四位年份。"""
    plain = _CLOCK.sub("", re.sub(r"\s*([年月/.-])\s*", r"\1", code(text)))
    for pattern in _DATES:
        if found := pattern.fullmatch(plain):
            try:
                return date(*(int(part) for part in found.groups())).isoformat()
            except ValueError:
                return None
    return None


def number(text: str, units: Iterable[str] = ()) -> str | None:
    """写法认得出的数：全角、千分位、与列同一的单位去掉；认不出的为 None。不猜、不换算。

    数字中间的空白、换行不去：“8 16”是一个数还是两个，没有人知道。千分位不以 0 起：“0,125”的逗号说不清是什么。
    前面的加号不去：“+8”是一共 8 还是再加 8，没有人知道。
    """
    plain = code(text)
    folded = plain.casefold()
    for unit in sorted(units, key=len, reverse=True):
        ending = halfwidth(unit).casefold()
        if ending and folded.endswith(ending) and same_unit(plain[len(plain) - len(ending) :], unit):
            plain = plain[: len(plain) - len(ending)]
            break
    if "元" in units and plain[:1] in ("¥", "￥"):
        # ¥552.00元：两样都写了的，都去
        plain = plain[1:]
    plain = plain.strip()
    if _THOUSANDS.fullmatch(plain):
        plain = plain.replace(",", "")
    return plain if _NUMBER.fullmatch(plain) else None


def same_unit(written: str, unit: str) -> bool:
    """写的单位是不是这一个：全半角、大小写不分，只有位和字节要分：MB 是 Mb 的 8 倍；全小写的 gb、tb 当作字节。"""
    one, other = (re.sub(r"[\s*:：]+", "", unicodedata.normalize("NFKC", visible(text))) for text in (written, unit))
    if one.casefold() != other.casefold():
        return False
    for found in _BYTES.finditer(other):
        part = one[found.start() : found.end()]
        if part[-1] != found[0][-1] and (part[-1] == "B" or part[0].isupper()):
            return False
    return True


def scale(unit: str) -> str:
    """单位里的倍数（万次、千条、亿元、k次）；没有为空。"""
    found = _SCALE.search(unicodedata.normalize("NFKC", unit))
    return found[0] if found else ""


def scientific(text: str) -> bool:
    """是不是科学计数法写的一串数字：长编号在 Excel 里坏掉就是这样。"""
    return bool(_SCIENTIFIC.fullmatch(text))


def same_number(value: str) -> str:
    """文书的号（合同号、凭证号、来文号）怎样比：看不见的字、空白去掉，全半角、大小写、长短横不分。"""
    plain = _DASHES.sub("-", unicodedata.normalize("NFKC", visible(value))).casefold()
    return re.sub(r"\s+", "", plain)


def likeness(value: str) -> str:
    """编号的样子：同 `same_number`，O/0 这些长得像的也当作一个；样子相同的就是形近。"""
    return same_number(value).translate(_LOOKALIKE)


def resemble(one: str, other: str) -> bool:
    """两个编号是不是形近：样子相同；或不看隔开的（ECS0429、“ECS 0429”、ECS--0429、〔ECS-0429〕）、不看数前面的 0
    （ECS-429、ECS-00429）、一个的后面另写了字（ECS-0429（数据库）、SQ-2022-0081号）以后相同。

    两个后面都另写了字而不同的（WEB-01（主）、WEB-01（备））不是；数不同的（ECS-0429、ECS-0430，P-1、P-10）不是。
    """
    mine, yours = _forms(same_number(one)), _forms(same_number(other))
    return bool(mine & yours or _forms(_bare(one)) & yours or mine & _forms(_bare(other)))


def roughly(value: str) -> set[str]:
    """编号粗略的样子：`resemble` 的，库里照 `orgs.alike.ROUGHLY` 折出来的在这里面；先用它在库里找，再逐个比。"""
    seen = {_ROUGH.sub("", one).translate(_ROUGHLY) for one in (_bare(value), same_number(value))}
    return seen - {""}


def _bare(value: str) -> str:
    """去掉后面另写的字的。"""
    return _TAIL.sub("", _ASIDE.sub("", same_number(value)))


def _forms(plain: str) -> set[str]:
    """一个编号（折好了的）的几种样子：原样、不看隔开的、不看数前面的 0；数与数之间隔开的留一横，1-1 不是 11。"""
    valued = _ZEROS.sub("", plain)

    def joined(found: re.Match[str]) -> str:
        around = valued[max(found.start() - 1, 0) : found.start()] + valued[found.end() : found.end() + 1]
        return "-" if re.fullmatch("[0-9]{2}", around) else ""

    forms = (plain, _APART.sub("", plain), _APART.sub(joined, valued))
    return {form.translate(_LOOKALIKE) for form in forms if _APART.sub("", form)}


def lookalikes(values: Iterable[str]) -> list[tuple[str, ...]]:
    """形近而不同的编号，一组一组：r1/R1、O/0、长短横不同。"""
    groups: dict[str, set[str]] = defaultdict(set)
    for value in values:
        groups[likeness(value)].add(value)
    return [tuple(sorted(group)) for group in groups.values() if len(group) > 1]
