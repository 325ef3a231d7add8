"""备注里写着的台数、SSD、资源编号：附件没有这几栏，写在备注里。只认印的写法，别的写法点名，不猜。纯函数。"""

from __future__ import annotations

import re
from dataclasses import dataclass

from yunheng.tables import folding

from . import annex_codes, spelling, stated
from .annex_hosts import Host
from .annex_reading import Reading, flat

_EXACT = re.compile(r"×\s*([0-9]{1,4})\s*台")
_SSD = re.compile(r"数据盘为\s*SSD")
_CODE = re.compile(r"(?=[A-Za-z0-9_.-]*[0-9])[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class Remark:
    """备注拆成的：几台、数据盘是不是 SSD、余下的话。"""

    count: str
    ssd: bool
    left: str


def read(host: Host, note: str, reading: Reading) -> Remark:
    """拆一行的备注：“数据盘为 SSD”“×2 台”是印的写法；别的像台数、像 SSD 的要人点头，与台数一列不一样的拒绝到格。

    没有别处写台数的，备注里的“1 台”也要人点头：说的也许是“另加 1 台”。
    """
    parts = [part.strip() for part in note.split("；") if part.strip()]
    counts = [match[1] for part in parts if (match := _EXACT.fullmatch(part))]
    ssd = any(map(_SSD.fullmatch, parts))
    left = "；".join(part for part in parts if not _EXACT.fullmatch(part) and not _SSD.fullmatch(part))
    where = host.place("note")
    column = host.values.get("count", "")
    said = list(dict.fromkeys([*([column] if column else []), *(str(int(count)) for count in counts)]))
    counted, likely = spelling.counted(left), spelling.likely(left)
    if len(said) > 1 or (said and any(number != said[0] for number in counted.values())):
        shown = f"台数一列“{column}”、" if column else ""
        reading.refuse(where, f"台数写了几处、不一样：{shown}备注“{flat(note)}”；请只留一处")
    count = (said or ["1"])[0]
    if not said and "count" in host.values and host.values.get("action") not in ("变更", "释放"):
        reading.notes.append(f"{host.place('count')}“台数”空着，当作 1 台")
    hints = {**likely, **({} if said else counted), **spelling.together(left)}
    if odd := [
        text for text, number in hints.items() if spelling.differs(number, count) or (not said and "台" in text)
    ]:
        shown = "、".join(f"“{text}”" for text in odd)
        reading.doubt(where, f"备注“{flat(note)}”里的{shown}像是写了台数，没有当台数读，当作 {count} 台，请核对")
    if not ssd and spelling.solid(left):
        text = f"备注“{flat(note)}”里写了 SSD 或固态，没有当作数据盘为 SSD"
        reading.doubt(where, f"{text}，请核对；是 SSD 的，备注请写“数据盘为 SSD”")
    if host.values.get("action") != "释放" and (other := stated.differing(left, host.values)):
        shown = "、".join(f"“{text}”" for text in other)
        reading.doubt(where, f"备注“{flat(note)}”里的{shown}与这一行各栏写的不一样，照各栏，请核对")
    if ssd and spelling.ordinary(left):
        reading.doubt(where, f"备注“{flat(note)}”里写了“数据盘为 SSD”，又写了普通盘，当作 SSD，请核对")
    return Remark(count, ssd, left)


def resource(host: Host, reading: Reading) -> tuple[str, str]:
    """变更、释放的一行：（备注头一段的资源编号, 余下的话）；又写了一样的编号的拒绝：一行只改一个资源。"""
    note = host.values.get("note", "")
    first, *rest = re.split(r"[；;，,、]", note, maxsplit=1)
    if (words := folding.code(first).split(maxsplit=1))[1:] and _CODE.fullmatch(words[0]):
        first, rest = words[0], [words[1], *rest]
    if (told := annex_codes.headed(first))[0]:
        # “ECS-0264（数据库）”“数据库服务器 ECS-0264”：编号以外的是余下的话
        first, rest = told[0], [told[1], *rest]
    left = "；".join(part.strip() for part in rest if part.strip())
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
