"""备注里说到的配置：核数、内存、盘、带宽、公网 IP、系统、区域与这一行各栏不一样的，找出来；不改各栏，不猜。纯函数。"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from yunheng.rules.money import number_typed
from yunheng.tables import folding

_FIGURE = r"(?<![0-9.A-Za-z])([0-9]+(?:\.[0-9]+)?)\s*"
_BETWEEN = r"\s*[为是约:=]?\s*"
_GIGA = r"GB?(?![A-Za-z]|\s*(?:网|专网|基站|终端|卡|模块|消息|流量|[/每]))"
_DISK = r"(?:数据盘|硬盘|磁盘|存储|挂载|云盘)"
#: 哪一栏 → 备注里怎样说它；头一个括号是数，第二个是单位
_SAID: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (key, unit, re.compile(pattern, re.IGNORECASE))
    for key, unit, pattern in (
        ("cores", "核", rf"{_FIGURE}(核|VCPU|C(?![A-Za-z0-9]))"),
        ("memory", "G", rf"(?:核|VCPU|C)\s*[,，/+*×x、\s]?\s*([0-9]+(?:\.[0-9]+)?)\s*({_GIGA})"),
        ("memory", "G", rf"内存{_BETWEEN}{_FIGURE}({_GIGA})"),
        ("memory", "G", rf"{_FIGURE}({_GIGA})\s*(?:的)?内存"),
        ("system_disk", "T", rf"系统盘{_BETWEEN}{_FIGURE}(TB?|GB?)(?![A-Za-z])"),
        ("data_disk", "T", rf"{_DISK}{_BETWEEN}{_FIGURE}(TB?|GB?)(?![A-Za-z])"),
        ("data_disk", "T", rf"{_FIGURE}(TB?|GB?)\s*(?:的)?{_DISK}"),
        ("bandwidth", "M", rf"带宽{_BETWEEN}{_FIGURE}(Mbps|Mb|M|兆)"),
        ("bandwidth", "M", rf"{_FIGURE}(Mbps|Mb|M|兆)\s*(?:的)?带宽"),
        ("eip", "个", rf"(?:EIP|公网\s*IP|公网地址|弹性\s*IP){_BETWEEN}[×*]?\s*([0-9]+)\s*(个?)(?![0-9.])"),
        ("eip", "个", rf"{_FIGURE}(个)\s*(?:EIP|公网|弹性\s*IP)"),
    )
)
#: 说的是加减、改成多少，不是一共多少
_MOVED = re.compile(
    r"(?:再|另|增|追|扩|多|减)\S{0,4}?(?:加|配|容|少|要|扩)[^\s0-9到至为成后]{0,4}[0-9]+(?:\.[0-9]+)?\s*(?:核|VCPU|[GTM]B?)(?![A-Za-z])",
    re.IGNORECASE,
)
#: 原来是多少，不是要多少：由 4 核升 8 核、从 32G 扩到 64G
_FROM = re.compile(
    r"(?:由|从|原来?[为是]?)\s*[0-9]+(?:\.[0-9]+)?\s*(?:核|VCPU|C|[GTM]B?|Mbps|兆)(?=\s*(?:升|降|扩|缩|增|减|改|变|调|→|-|到|至))",
    re.IGNORECASE,
)
#: 没有说是内存还是盘的
_LOOSE = re.compile(rf"{_FIGURE}({_GIGA}|TB?(?![A-Za-z]))", re.IGNORECASE)
_SYSTEMS = (
    "麒麟", "统信", "UOS", "CentOS", "Windows", "Ubuntu", "Debian", "openEuler", "欧拉", "RedHat", "RHEL", "SUSE",
    "龙蜥", "Anolis", "方德",
)  # fmt: skip
#: 几块盘：各栏写的是一块还是一共，说不清
_PIECES = re.compile(
    r"(?:[2-9]|[1-9][0-9]|[两二三四五六七八九十])\s*[块个张]\S{0,8}?盘|盘\s*[×*x]?\s*(?:[2-9]|[两二三四])\s*[块个]"
)
_ZONES = ("政务外网", "互联网区", "公共网络区")
_KINDS = {"物理机": "物理机", "裸金属": "物理机", "物理服务器": "物理机"}


def differing(note: str, host: Mapping[str, str]) -> tuple[str, ...]:
    """备注里说到、与这一行不一样的几个字；`host` 是各栏的值。"""
    return tuple(dict.fromkeys(_differing(folding.code(note), host)))


def _differing(plain: str, host: Mapping[str, str]) -> Iterator[str]:
    plain = _FROM.sub("", plain)
    for found in _MOVED.finditer(plain):
        yield found[0]
    left = _MOVED.sub("，", plain)
    named: list[tuple[int, int]] = []
    for key, unit, pattern in _SAID:
        for found in pattern.finditer(left):
            named.append(found.span())
            same = found[2][:1].upper() in (unit, "") or (unit == "M" and found[2] == "兆") or unit in ("核", "个")
            if not same or number_typed(found[1]) != number_typed(host.get(key) or "0"):
                yield found[0].strip()
    for found in _LOOSE.finditer(left):
        if any(low <= found.start(1) < high for low, high in named):
            continue
        keys = ("system_disk", "data_disk") if found[2][:1].upper() == "T" else ("memory",)
        if number_typed(found[1]) not in [number_typed(host.get(key) or "0") for key in keys]:
            yield found[0].strip()
    yield from (found[0] for found in _PIECES.finditer(left))
    system = folding.code(host.get("os") or "").casefold()
    yield from (name for name in _SYSTEMS if name.casefold() in plain.casefold() and name.casefold() not in system)
    if zone := host.get("zone"):
        yield from (name for name in _ZONES if name in plain and name != zone)
    if host.get("type") == "云主机":
        yield from (name for name in _KINDS if name in plain)
