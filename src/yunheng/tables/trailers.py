"""人交的表里不是数据的行怎样认：合计行的名字，表下面的制表人、导出时间、注。只认字，读不读由 `reading` 定。"""

from __future__ import annotations

import re
from collections.abc import Sequence

from . import folding
from .cells import Cell

#: 名字只看开头这么多字
_HEAD = 60
#: “2.……”不到这么多字的，也许是数据
_SENTENCE = 5
#: 长的在前：各处只往前认，不回头（“合计111…”一长串回头要试的次数成倍地涨）
_COUNTED = r"(?:台|个|条|核|项|行|套|份|张|笔|次|万|元|年|月|天|户|家|GB|TB|MB|G|T|M|VCPU|云?主机|物理机|服务器)"
_FIGURE = rf"[0-9一二三四五六七八九十百千两]++(?:[.,][0-9]++)*+{_COUNTED}*+"
#: 合计的是哪一家、哪一样：联通小计、CPU 合计、小计（云主机）
_OF = (
    "(?:联通|移动|电信|格尔|市级|区级|自费|新增|变更|主机|云主机|物理机|服务器|CPU|VCPU|核数|核|台数|内存|系统盘|数据盘|磁盘|存储|"
    "数量|金额|费用|资源|用量|带宽|EIP|SSD|台|元|TB|GB|MB)"
)
_TAIL = rf"(?:\((?:单位:?)?(?:{_OF}|{_COUNTED}|[/、,和及·])++\)|\W|_|共|计|{_FIGURE})*+"
_WORD = "合计|小计|总计|共计|累计|汇总|总数|总和|总共|sub-?total|grandtotal|total|sum"
#: 一、合计；（二）小计
_LED = r"(\(?[一二三四五六七八九十]{1,3}[)、.]|\(?[0-9]{1,2}[)、.])?"
_NAMED = re.compile(
    rf"{_LED}(本页|本表|全部|以上|本月|本年|全年)?\(?{_OF}*+\)?"
    rf"(({_WORD})[数量]*{_OF}*+{_COUNTED}?数?|总(台数|核数|金额|费用|内存|CPU|VCPU|存储)){_TAIL}",
    re.IGNORECASE,
)
#: 带着合计一类的字，是不是合计行说不准；“合计算平台”“累计划”不是
_HINTED = re.compile(r"[合小总共累]计(?![算划时])|汇总[行数]|总[台核]数|subtotal|grandtotal|total$", re.IGNORECASE)
_HINTED_MOST = 12
#: 繁体的写法
_SIMPLE = str.maketrans("計總匯數臺額費機聯電動務器雲記錄", "计总汇数台额费机联电动务器云记录")
_SUM = re.compile(r"=\s*(SUM|SUBTOTAL|SUMPRODUCT|AGGREGATE)\s*\(", re.IGNORECASE)
#: “共 3 台”要有数：只写一个“共”不是合计
_COUNT = re.compile(rf"(全部|以上)?[一总]?共\W*{_FIGURE}(记录|数据|工单|日志|资源|明细|结果)?{_TAIL}", re.IGNORECASE)
_SIGNED = re.compile(
    r"((制表|填表|填报|编制|编报|审核|审批|复核|核对|校对|批准|经办|负责|联系|统计|录入|主管|分管|盖章|签字|签名|签章)"
    r"(人员?|者|员|单位|部门|领导|日期|时间|电话)?(\((签字|签名|签章|盖章|公章)\))?"
    r"|(附?注|备注|说明|注意)[0-9一二三四五]?|日期|时间|电话|联系电话|单位\((盖章|公章)\)"
    r"|(导出|打印|生成|下载|统计|查询|制表|报表|数据|采集|截止|截至|更新|报送|上报)"
    r"(人员?|者|用户|账号|单位|部门|平台|系统|来源|口径|条件|范围|周期|区间|日期?|时间|时点|编号|版本)"
    r"|来源|出处|口径|(总?记录|数据|总)?(条|行|笔)数|总?记录数|页码|密级):.*",
    re.DOTALL,
)
#: 只有一格的：以下空白、——完——、第 1 页 共 3 页、共 30 条记录，导出完毕
_ENDED = re.compile(
    r"[\W_]*((以下|下面|此行?以下|本行?以下)(为?空白|无(正文|数据|内容|记录))|(数据|表格?|导出|打印|列表)?(结束|完毕|到此(结束|为止))"
    r"|第?[0-9]+页\W*共[0-9]+页)[\W_]*"
)
#: 导出时间 2025-10-01 08:00：没有写冒号的，后面要是日子
_STAMPED = re.compile(
    r"(导出|打印|生成|下载|制表|统计|查询|更新|采集)(时间|日期)[0-9]{4}[-/.年][0-9]{1,2}[-/.月][0-9]{1,2}.*"
)


#: “注”下面另起一行的“2.……”“（3）……”；编号后面不能接着数，2.5 是数
_NUMBERED = re.compile(
    r"([(\[]?([0-9]{1,2}|[一二三四五六七八九十]{1,3})[)\].、:]+|[①-⑳][)\].、:]*)[^\s0-9.].*", re.DOTALL
)


def total(text: str) -> bool:
    """是合计行的名字：合计、小计 1、合计（3台）、共 3 台、Total、合计（元）、联通小计、一、合计、總計。"""
    plain = _plain(text)
    return len(plain) <= _HEAD and bool(_NAMED.fullmatch(plain) or _COUNT.fullmatch(plain))


def hinted(text: str) -> bool:
    """名字里带着合计、小计一类的字，又认不准是不是合计行：网络区合计、以上主机共计数。"""
    plain = _plain(text)
    return len(plain) <= _HINTED_MOST and bool(_HINTED.search(plain))


def _plain(text: str) -> str:
    """去掉空白，繁体的折成简体。"""
    return re.sub(r"\s+", "", folding.code(text[: _HEAD + 1])).translate(_SIMPLE)


def summing(cell: Cell) -> bool:
    """是求和的公式：=SUM(C2:C9)、=SUBTOTAL(9,…)。"""
    return bool(_SUM.match(folding.code(cell.text[:_HEAD])))


def signed(cells: Sequence[Cell]) -> bool:
    """整行都是“制表人：张三”“导出时间：……”“注：……”这样的话；只写了“审核：”的，名字可以在后面一格。

    “以下空白”这样没有冒号的，只有这一格才是；还填了别的列的是数据。
    """
    if len(cells) == 1:
        only = re.sub(r"\s+", "", folding.code(cells[0].text[:_HEAD]))
        if _ENDED.fullmatch(only) or _STAMPED.fullmatch(only):
            return True
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
