"""人在申请表里的写法：一句话的配置拆成核、GB、台；没有填的几种记号。只认同一单位，不换算，认不出的不猜。"""

from __future__ import annotations

import re
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
