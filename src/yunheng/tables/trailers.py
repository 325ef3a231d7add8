"""人交的表里不是数据的行怎样认：合计行的名字，表下面的制表人、审核、日期、注。只认字，读不读由 `reading` 定。"""

from __future__ import annotations

import re
from collections.abc import Sequence

from . import folding
from .cells import Cell

#: 名字只看开头这么多字
_HEAD = 60
#: “2.……”不到这么多字的，也许是数据
_SENTENCE = 5
_COUNTED = r"(台|个|条|核|项|行|套|份|张|笔|次|万|元|年|月|天|户|家|G|T|M|GB|TB|MB|VCPU|云?主机|物理机|服务器)"
_FIGURE = rf"[0-9一二三四五六七八九十百千两]+([.,][0-9]+)*{_COUNTED}*"
_TAIL = rf"(\W|_|共|计|{_FIGURE})*"
_NAMED = re.compile(
    r"(本页|本表|全部|以上|本月|本年|全年)?"
    rf"(合计|小计|总计|共计|累计|汇总|总数|总和|总共|sub-?total|grandtotal|total|sum)[数量]*{_COUNTED}?{_TAIL}",
    re.IGNORECASE,
)
#: “共 3 台”要有数：只写一个“共”不是合计
_COUNT = re.compile(rf"(全部|以上)?[一总]?共\W*{_FIGURE}{_TAIL}", re.IGNORECASE)
_SIGNED = re.compile(
    r"((制表|填表|填报|编制|编报|审核|审批|复核|核对|校对|批准|经办|负责|联系|统计|录入|主管|分管|盖章|签字|签名|签章)"
    r"(人员?|者|员|单位|部门|领导|日期|时间|电话)?(\((签字|签名|签章|盖章|公章)\))?"
    r"|(附?注|备注|说明|注意)[0-9一二三四五]?|日期|时间|电话|联系电话|单位\((盖章|公章)\)):.*",
    re.DOTALL,
)


#: “注”下面另起一行的“2.……”“（3）……”；编号后面不能接着数，2.5 是数
_NUMBERED = re.compile(
    r"([(\[]?([0-9]{1,2}|[一二三四五六七八九十]{1,3})[)\].、:]+|[①-⑳][)\].、:]*)[^\s0-9.].*", re.DOTALL
)


def total(text: str) -> bool:
    """是合计行的名字：合计、小计 1、汇总、合计（3台）、共 3 台、Total。"""
    plain = re.sub(r"\s+", "", folding.code(text[: _HEAD + 1]))
    return len(plain) <= _HEAD and bool(_NAMED.fullmatch(plain) or _COUNT.fullmatch(plain))


def signed(cells: Sequence[Cell]) -> bool:
    """整行都是“制表人：张三”“注：……”这样的话；只写了“审核：”的，名字可以在后面一格。"""
    named = False
    for cell in cells:
        plain = re.sub(r"\s+", "", folding.code(cell.text[:_HEAD]))
        own = bool(_SIGNED.fullmatch(plain))
        if not own and not named:
            return False
        named = own and plain.endswith(":")
    return bool(cells)


def continued(cells: Sequence[Cell], *, wide: bool) -> bool:
    """只有一格的一行，写着“2.……”，或者横着合并的一长句：上面有“注”的，是它的下一句。"""
    if len(cells) != 1:
        return False
    plain = re.sub(r"\s+", "", folding.code(cells[0].text[:_HEAD]))
    return wide or (len(plain) >= _SENTENCE and bool(_NUMBERED.fullmatch(plain)) and bool(re.search("[一-鿿]", plain)))
