"""差异给人看的说明：是什么、应是多少、实是多少。"""

from __future__ import annotations

NAMES = {
    1: "无工单",
    2: "无单据",
    3: "数量不符",
    4: "先办后批",
    5: "无日志",
    6: "起点不符",
    7: "提前消失",
    8: "释放未清",
    9: "无主用量",
    10: "缺全市用量",
    11: "无主变更",
    12: "重复工单",
    13: "无主资源",
    14: "重复测试期",
}
#: 阻断结算的：没有裁定，有关账目列待核
BLOCKING = frozenset({3, 4, 5, 6, 7, 10})
_NOTES = {
    1: "{expected} 审核通过的明细找不到工单，不生效",
    2: "{actual} 完成的工单找不到已通过的单据明细",
    3: "单据数量 {expected}，工单数量 {actual}",
    4: "{actual} 完成，早于审核通过日 {expected}",
    5: "平台日志里没有这个资源",
    6: "最早生效日 {expected}，日志首见 {actual}，相差超过 2 天",
    7: "在用至 {expected}，日志末见 {actual}，早了超过 2 天",
    8: "最迟应于 {expected} 清除，日志末见 {actual}",
    9: "有 {actual} 天的用量不在这个资源的在用期间内，不计费",
    10: "没有本年度的阶梯或全市总量，平均单价算不出",
    11: "{actual} 的变更没有可变更的在用量，不生效",
    12: "同一明细另有更晚的工单，这张（{actual} 完成）不采用",
    13: "日志自 {expected} 至 {actual} 有这个资源，但没有已通过的单据，也没有工单",
    14: "{actual} 释放后再新增，又享测试期，{expected} 起才计费",
}


def name(code: int) -> str:
    """差异码的名称，如 3 → 数量不符。"""
    return NAMES[code]


def describe(code: int, expected: str | None, actual: str | None) -> str:
    """一条差异的说明。D3 的两个数以千分之一计。"""
    if code == 3 and expected is not None and actual is not None:
        expected, actual = _thousandths(expected), _thousandths(actual)
    return f"{name(code)}：{_NOTES[code].format(expected=expected, actual=actual)}"


def _thousandths(text: str) -> str:
    whole, rest = divmod(int(text), 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")
