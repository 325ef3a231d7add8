"""这一行不算了的话：作废、已取消、不算。写了它的不能静静地当数据。"""

from __future__ import annotations

import re

from . import folding

#: 这一行不算了的话；序号、备注、名称里写了它，不能静静地当数据
VOID = re.compile(
    r"[(（【\[]?(本行|此行|该行|这行|行)?(已|均|全部|予以)?(作废|取消|删除|撤销|废弃|废止|停止|不算|不计|不计入|不要|无效|忽略|剔除|退回)"
    r"(了|掉|的|行|数据|项)?[)）】\]]?[。！!]?"
)
#: 话里提到的
VOIDED = re.compile(r"作废|废止|不算|不计入|已取消|已删除|已撤销|勿用|勿导|不要导|暂缓|缓建|暂不(?:建|开|需|申请)")
#: 更长的说明里顺口提到的不算
_SHORT = 30


def void(text: str) -> str:
    """文字栏里写着这一行不算了：那几个字；没有为空。"""
    plain = folding.code(text)
    if VOID.fullmatch(plain):
        return plain
    found = VOIDED.search(plain) if len(plain) <= _SHORT else None
    return found[0] if found else ""
