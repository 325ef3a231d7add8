"""备注里写着的台数、SSD、资源编号：附件没有这几栏，写在备注里。只认印的写法，别的写法点名，不猜。纯函数。"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from yunheng.tables import folding

from .annex_hosts import Host
from .annex_reading import Reading, flat

_EXACT = re.compile(r"×\s*([0-9]{1,4})\s*台")
_SSD = re.compile(r"数据盘为\s*SSD")
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
_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2, "双": 2}
_CODE = re.compile(r"(?=[A-Za-z0-9_.-]*[0-9])[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Remark:
    """备注拆成的：几台、数据盘是不是 SSD、余下的话。"""

    count: str
    ssd: bool
    left: str


def read(host: Host, note: str, reading: Reading) -> Remark:
    """拆一行的备注：“数据盘为 SSD”“×2 台”是印的写法；别的像台数的要人点头，与台数一列不一样的拒绝到格。"""
    parts = [part.strip() for part in note.split("；") if part.strip()]
    counts = [match[1] for part in parts if (match := _EXACT.fullmatch(part))]
    ssd = any(map(_SSD.fullmatch, parts))
    left = "；".join(part for part in parts if not _EXACT.fullmatch(part) and not _SSD.fullmatch(part))
    plain, where = folding.code(left), host.place("note")
    column = host.values.get("count", "")
    said = list(dict.fromkeys([*([column] if column else []), *(str(int(count)) for count in counts)]))
    counted, likely = dict(_hinted(_COUNTED, plain)), dict(_hinted(_LIKELY, plain))
    if len(said) > 1 or (said and any(number != said[0] for number in counted.values())):
        shown = f"台数一列“{column}”、" if column else ""
        reading.refuse(where, f"台数写了几处、不一样：{shown}备注“{flat(note)}”；请只留一处")
    count = (said or ["1"])[0]
    hints = {text: number for text, number in likely.items() if number != "1"}
    if not said:
        hints |= counted
    if odd := [text for text, number in hints.items() if number != count]:
        shown = "、".join(f"“{text}”" for text in odd)
        reading.doubt(where, f"备注“{flat(note)}”里的{shown}像是写了台数，没有当台数读，当作 {count} 台，请核对")
    if not ssd and "ssd" in plain.casefold():
        reading.notes.append(f"{where}备注“{flat(note)}”里写了 SSD，没有当作数据盘为 SSD，请核对")
    return Remark(count, ssd, left)


def counted(note: str) -> dict[str, str]:
    """备注里像台数的写法：那几个字 → 几台。"""
    plain = folding.code(note)
    return {**dict(_hinted(_COUNTED, plain)), **dict(_hinted(_LIKELY, plain))}


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


def resource(host: Host, reading: Reading) -> tuple[str, str]:
    """变更、释放的一行：（备注头一段的资源编号, 余下的话）；又写了一样的编号的拒绝：一行只改一个资源。"""
    note = host.values.get("note", "")
    first, *rest = re.split(r"[；;，,、]", note, maxsplit=1)
    if (words := folding.code(first).split(maxsplit=1))[1:] and _CODE.fullmatch(words[0]):
        first, rest = words[0], [words[1], *rest]
    left = "；".join(part.strip() for part in rest)
    code = reading.code("备注里的资源编号", host.place("note"), first) if first else ""
    shape = _shape(code)
    more = [found for found in _CODE.findall(folding.code(left)) if _shape(found) == shape and found != code]
    if more:
        shown = "、".join([code, *dict.fromkeys(more)])
        reading.refuse(
            host.place("note"), f"备注里写了几个资源编号（{shown[:80]}），不知道变更哪一个；一行只写一个资源编号"
        )
    return code, left


def _shape(code: str) -> str:
    """编号的样子：数字当作一个，ECS-0001 与 ECS-0002 一样。"""
    return re.sub("[0-9]+", "0", code).casefold()
