"""人在申请表里的写法：一句话的配置拆成核、GB、台，备注里像台数的；没有填的几种记号。只认同一单位，不换算，认不出的不猜。"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from yunheng.tables import folding

#: 当作没有填的记号
BLANKS = ("/", "\\", "-", "--", "—", "——", "无", "没有")
_PART = re.compile(
    r"(?P<head>CPU|内存|系统盘|数据盘|硬盘|磁盘|存储)?[:：]?(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"(?P<unit>核|VCPU|C|GB|G|TB|T|台)(?P<tail>CPU|内存|系统盘|数据盘|硬盘|磁盘|存储)?",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s,，、;；/+|×*xX]*")
_N = r"([0-9]{1,3}|[①-⑳]|[一二两三四五六七八九十双]{1,3})"
#: 后面跟着别的单位的不是台数：×4核、共 16G
_OTHER = r"(?![0-9.]|\s*(?:核|[GTMK]B?(?![A-Za-z])|C(?![A-Za-z])|VCPU|万|元|次|%|年|个?月|日|天|小时|人|用户))"
_SPOKEN = "台|节点|套|个(?!月)|组|份|副本|实例|主机|机(?!房|构|制|器人|密|关)|服务器|虚机|VM|nodes?"
#: 说的就是台数：×3、数量：3、3 台
_COUNTED = re.compile(
    rf"(?<![A-Za-z0-9核块])(?:[×✕✖╳*]|X)\s*(?!86(?![0-9])){_N}{_OTHER}"
    rf"|(?:数量|台数|总数|一?共计?|合计|总计)\s*[为是有]?\s*[:=]?\s*{_N}{_OTHER}"
    rf"|(?<![0-9.第A-Za-z]){_N}\s*台(?!账|式|阶)",
    re.IGNORECASE,
)
#: 多半说的是台数：3节点、2套、3×；500G×2 说的也许是盘
_LIKELY = re.compile(
    rf"(?<![0-9.第A-Za-z一二两三四五六七八九十]){_N}\s*(?:{_SPOKEN})|(?<![0-9.A-Za-z]){_N}\s*[×✕✖╳](?!\s*[0-9]{{3}})"
    rf"|[×✕✖╳*]\s*{_N}{_OTHER}",
    re.IGNORECASE,
)
_MACHINES = "台|节点|套|实例|主机|服务器|虚机|VM|备机|备份机|备用机"
_STANDBY = "(?:备|从|副|辅)(?:机|库|节点)?"
#: 说的是几台合在一起、合计的台数算得出：一主一备、主1备1
_PAIRED = re.compile(
    rf"{_N}\s*主(?!机)\s*[+、，,和]?\s*{_N}\s*{_STANDBY}"
    rf"|主(?:机|库|节点)?\s*{_N}\s*台?\s*[+、，,和]?\s*{_STANDBY}\s*{_N}(?:\s*台)?"
)
#: 两样各几台，或只说了成对
_DOUBLED = re.compile(
    rf"(?:主备|主从|主辅|双机|双活)[^，,；;。0-9]{{0,4}}各\s*[需为配]?\s*{_N}\s*(?:{_MACHINES})", re.IGNORECASE
)
_PAIR = re.compile("双机|双活|主备|主从|互为备份|互备")
#: 不止一台、合计几台没有说：各 1 台、一主多从、另加 1 台备机
_MORE = re.compile(
    rf"[各每][^，,；;。0-9]{{0,4}}?{_N}\s*(?:{_MACHINES})"
    rf"|{_N}\s*主(?!机)\s*[+、，,和]?\s*(?:多|若干|[NnMm])\s*{_STANDBY}"
    rf"|(?:另|再|额?外)[^，,；;。0-9]{{0,3}}?(?:{_N}\s*(?:{_MACHINES})|备机|备份机|备用机)",
    re.IGNORECASE,
)
_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2, "双": 2}
_SOLID = re.compile("SSD|固态|全闪|闪存|NVMe", re.IGNORECASE)
_KEYS = {"核": "cores", "VCPU": "cores", "C": "cores", "台": "count"}


@dataclass(frozen=True)
class Spelled:
    """拆出来的：`values` 是认得的各栏，`left` 是没有代填的几段（盘，要人按 TB 填）。"""

    values: dict[str, str]
    left: tuple[str, ...]


def spelled(text: str) -> Spelled | None:
    """一句话的配置，如“8核 32G 2台 100G”；有一个字认不出、同一样写了两遍的，整句不拆，返回 None。

    盘不分系统盘、数据盘，G 与 TB 怎样换算也没有规定，一律留空、报出来。
    """
    plain = folding.code(text)
    values: dict[str, str] = {}
    left: list[str] = []
    at = 0
    while at < len(plain):
        at = _BETWEEN.match(plain, at).end()  # type: ignore[union-attr]
        if at == len(plain):
            break
        found = _PART.match(plain, at)
        if found is None:
            return None
        at = found.end()
        unit, named = found["unit"].upper(), found["head"] or found["tail"] or ""
        if found["unit"] in ("Gb", "Tb"):
            # 位和字节差 8 倍
            return None
        key = _KEYS.get(unit, "")
        if unit in ("G", "GB") and (named == "内存" or (not named and "cores" in values and "memory" not in values)):
            key = "memory"
        if key in ("cores", "count") and named not in ("", "CPU", "cpu", "Cpu"):
            return None
        if not key:
            left.append(found[0])
        elif key in values:
            return None
        else:
            values[key] = found["number"]
    return Spelled(values, tuple(left)) if len(values) + len(left) > 1 and values else None


def counted(note: str) -> dict[str, str]:
    """备注里说的就是台数的：那几个字 → 几台。"""
    return dict(_hinted(_COUNTED, _together(note)[1]))


def likely(note: str) -> dict[str, str]:
    """备注里多半说的是台数的；一个、一套不算。"""
    return {text: number for text, number in _hinted(_LIKELY, _together(note)[1]) if number != "1"}


def together(note: str) -> dict[str, str]:
    """备注里说几台合在一起的：那几个字 → 合计几台；没有说合计几台的是空的，与哪个台数都不能算一样。"""
    return _together(note)[0]


def solid(note: str) -> bool:
    """备注里说到固态盘：SSD、固态、全闪、闪存。"""
    return bool(_SOLID.search(folding.code(note)))


def _together(note: str) -> tuple[dict[str, str], str]:
    """（合在一起说的各处, 余下的话）：一处只算一回，“主备各1台”里的“1台”不再当作 1 台。"""
    plain, found = folding.code(note), {}
    for pattern in (_PAIRED, _DOUBLED, _MORE, _PAIR):
        for match in pattern.finditer(plain):
            numbers = [int(_number(group)) for group in match.groups() if group]
            total = {_PAIRED: sum(numbers), _DOUBLED: 2 * sum(numbers), _PAIR: 2}.get(pattern, 0)
            found[match[0].strip()] = str(total or "")
        plain = pattern.sub("，", plain)
    return found, plain


def _hinted(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, str]]:
    for match in pattern.finditer(text):
        yield match[0].strip(), _number(next(group for group in match.groups() if group))


def _number(text: str) -> str:
    """3、③、十二、两 → 数。"""
    if text.isdecimal():
        return str(int(text))
    if "①" <= text <= "⑳":
        return str(ord(text) - ord("①") + 1)
    tens, ten, ones = text.rpartition("十")
    if ten:
        return str(_DIGITS.get(tens, 1) * 10 + _DIGITS.get(ones, 0))
    return str(_DIGITS.get(text[:1], 0))
