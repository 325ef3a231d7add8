"""附件里服务项的叫法、资源编号怎样写：认印的写法和常见的几种，认不准的不猜，说像是哪一个。纯函数。"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches

from yunheng.documents.annex1 import LABELS
from yunheng.tables import folding

#: 释放清单写的是全部：项目在用的各个资源
ALL = "全部"
_ALL = re.compile(r"(?:本?项目的?)?(?:下的?)?(?:全部|所有)(?:在用)?的?(?:云?资源)?(?:[，,]?[都均]?释放)?")
_LAST = re.compile(r"[（(]([^（）()]*)[）)]$")
_BRACKETED = re.compile(r"[（(]([^（）()]*)[）)]")
_CODES = {folding.compact(label): code for code, label in LABELS.items()}
_BARE: dict[str, list[str]] = defaultdict(list)
for _code, _label in LABELS.items():
    _BARE[folding.compact(_LAST.sub("", _label))].append(_code)

_DASHES = "-‐‑‒–—―−－"
#: 一个资源编号：ECS-0264、YL-DB-01；只有字母和数的（V10、x86）不算
_RESOURCE = rf"[A-Za-z]{{2,}}[A-Za-z0-9_.]*(?:[{_DASHES}][A-Za-z0-9_.]+)*[{_DASHES}][A-Za-z0-9_.]*[0-9]"
_HEADED = re.compile(rf"({_RESOURCE})\s*(?:[（(]([^（）()]*)[）)]|([一-鿿][^0-9０-９]*))")
_TAILED = re.compile(rf"([^A-Za-z0-9]{{1,20}}?)[\s:：]*({_RESOURCE})")
_PARTED = re.compile(r"[、,，;；/／\s]+|(?<=[A-Za-z0-9])(?:和|及|与)(?=[A-Za-z])")
_NUMBERED = re.compile(r"\s*(?:[0-9０-９]{1,3}|[一二三四五六七八九十]{1,3})\s*")
_LED = re.compile(r"[0-9]{1,3}[.．)）](?=[A-Za-z])")
#: 旁边的字说不放、只放一部分的：不收
_KEPT = re.compile("不|暂|缓|保留|部分|仅|只|除|未")
#: 旁边的字里有数、有这些字的，也许改这一个的意思：要人点头；别的只说是做什么的
_LIMITING = re.compile("[0-9０-９待先后续余另非]")


# ── 服务项的叫法 ──


def service(label: str) -> str:
    """附件1 的哪一项：照印的叫法，少写末尾括号里的单位而只有一项的也认；认不准的为空。"""
    plain = folding.compact(label)
    bare = _BARE.get(plain, [])
    return _CODES.get(plain) or (bare[0] if len(bare) == 1 else "")


def suggested(label: str) -> str:
    """认不准的叫法像是哪几项：接在句子后面的半句；没有像的为空。"""
    plain = folding.compact(_BRACKETED.sub("", label))
    if not plain:
        return ""
    found = [one for one in LABELS.values() if plain in folding.compact(one)]
    found += [one for one in LABELS.values() if folding.compact(_BRACKETED.sub("", one)) in plain]
    if not found:
        close = get_close_matches(plain, list(_BARE), 3, 0.6)
        found = [LABELS[code] for name in close for code in _BARE[name]]
    shown = [f"“{one}”" for one in dict.fromkeys(found)]
    more = f"等 {len(shown)} 项" if len(shown) > 4 else ""
    return f"；是不是{'、'.join(shown[:4])}{more}？请照印的叫法写" if shown else "；请照附件1 印的叫法写"


def unit(code: str) -> tuple[str, ...]:
    """一项的数量按什么计：印在末尾括号里的；没有印的为空。"""
    found = _LAST.search(LABELS[code])
    return (found[1],) if found else ()


# ── 资源编号 ──


@dataclass(frozen=True)
class Listed:
    """释放清单拆成的：各个编号的原文；旁边另写的字，`limiting` 是也许改意思的，`kept` 是说不放、只放一部分的。"""

    codes: tuple[str, ...]
    aside: tuple[str, ...] = ()
    limiting: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def listed(text: str) -> Listed:
    """释放清单一格：顿号、逗号、斜杠、空白、（1）（2）隔开的各个编号，括号里另写的字。"""
    plain = folding.visible(text)
    if _ALL.fullmatch(re.sub(r"\s+", "", plain).rstrip("。")):
        return Listed((ALL,))
    asides: list[str] = []

    def bracket(found: re.Match[str]) -> str:
        if found[1].strip() and not _NUMBERED.fullmatch(found[1]):
            asides.append(found[1].strip())
        return "、"

    codes: list[str] = []
    for part in _PARTED.split(_BRACKETED.sub(bracket, plain)):
        one = _LED.sub("", part).rstrip("。")
        if headed := _HEADED.fullmatch(one):
            one = headed[1]
            asides.append(headed[3])
        if one.strip(" —") and not (_NUMBERED.fullmatch(one) and _serial(one, codes, plain)):
            codes.append(one)
    kept = tuple(one for one in asides if _KEPT.search(one))
    limiting = tuple(one for one in asides if one not in kept and _LIMITING.search(one))
    return Listed(tuple(codes), tuple(one for one in asides if one not in {*kept, *limiting}), limiting, kept)


def _serial(number: str, codes: list[str], plain: str) -> bool:
    """“1、ECS-0507；2、ECS-0508”里的 1、2：正好是第几个，后面跟着编号。"""
    told = folding.code(number).strip()
    return told == str(len(codes) + 1) and bool(re.search(rf"{told}\s*、\s*[A-Za-z]", folding.code(plain)))


def headed(text: str) -> tuple[str, str]:
    """备注头一段写着一个资源编号和别的字的：（编号, 别的字）；不是的为空。

    “ECS-0264（数据库）”“ECS-0264数据库”“数据库服务器 ECS-0264”。
    """
    if found := _HEADED.fullmatch(text.strip()):
        return found[1], found[2] or found[3] or ""
    if found := _TAILED.fullmatch(text.strip()):
        return found[2], found[1].strip()
    return "", ""


def near(code: str, own: Collection[str]) -> str:
    """项目里的哪一个：一样的，或只有一个形近的（ecs-0264、ECS—0264、O/0）；没有、不止一个的为空。"""
    if code in own:
        return code
    alike = [one for one in own if code and folding.likeness(one) == folding.likeness(code)]
    return alike[0] if len(alike) == 1 else ""
