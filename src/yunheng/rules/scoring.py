"""绩效考核（D62-附件5，R-078、R-091、R-092）：七项指标叫什么、怎样扣，得分、总分、扣减比例，全部精确。"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from . import conventions, rulebook

SATISFACTION = "G"
ARTICLE = "D62-附件5"
FULLY, MAINLY, PARTLY, BLAMELESS = "全部责任", "主要责任", "次要责任", "无责任"
#: 登记一起事件时要选的责任
RESPONSIBILITIES = (FULLY, MAINLY, PARTLY, BLAMELESS)
_AT_FAULT = (FULLY, MAINLY, PARTLY)


@dataclass(frozen=True)
class Indicator:
    """一项指标。`name` 是附件5 的叫法；`standard`（空着的数由规则参数填）和 `meaning` 是要点，不是原文。

    `source` 是它的事件从哪里来；`deducts` 是哪些责任扣分：A 写明“全部或主要”，其余写“有责”，次要的也算。
    """

    letter: str
    name: str
    source: str
    standard: str
    meaning: str
    deducts: tuple[str, ...] = _AT_FAULT

    @property
    def title(self) -> str:
        """附件5 上的写法：服务任务完成及时性(A)。"""
        return f"{self.name}({self.letter})"


#: 指标字母 → 指标，次序照附件5；全系统只有这一处
INDICATORS = {
    one.letter: one
    for one in (
        Indicator(
            "A", "服务任务完成及时性", "超期任务",
            "服务商负全部或主要责任、未按计划完成的，每起扣 {penalty} 分，扣完为止。",
            "各项服务任务是否按时、按计划完成。", (FULLY, MAINLY),
        ),
        Indicator(
            "B", "有责投诉", "有责投诉", "每起扣 {penalty} 分，扣完为止。",
            "使用单位来函和其他渠道反映、服务商有责任的投诉数。",
        ),
        Indicator(
            "C", "故障发生数", "有责故障", "每起有责故障扣 {penalty} 分，扣完为止。",
            "云平台故障使业务系统全部或部分不可用、明显变慢的次数。",
        ),
        Indicator(
            "D", "故障上报准确数", "错报瞒报", "错报、瞒报每起扣 {penalty} 分，扣完为止。",
            "出现故障时向运行管理单位、使用单位和第三方监管及时如实上报的情况。",
        ),
        Indicator(
            "E", "安全责任事故数", "安全事故", "每起扣 {penalty} 分，扣完为止。",
            "机房、网络、安全、主机、存储、运维等方面有责任的安全事故数。",
        ),
        Indicator(
            "F", "制度执行有效性", "制度违反",
            "未有效执行市级制度和本区政策、流程的，每起扣 {penalty} 分，扣完为止。",
            "对市级政务云管理制度和本区政策、流程的执行情况。",
        ),
        Indicator(
            SATISFACTION, "云服务满意率", "满意率",
            "满意率 {threshold}% 及以上得满分，每低 {step}% 扣权重的 {penalty}%，扣完为止。",
            "由第三方机构问卷调查，抽样方式和比例由其确定。", (),
        ),
    )
}  # fmt: skip
#: 按起数扣分的指标
EVENT_INDICATORS = tuple(letter for letter in INDICATORS if letter != SATISFACTION)


@dataclass(frozen=True)
class Line:
    """考核表的一行，数都是去尾零的文本，单位分；没有满意率的 G，后几个数都是 None。

    `penalty` 是每起扣的分（G 是每档扣权重的百分之几）；`asked` 是照起数或满意率该扣多少，`deducted` 是扣完为止
    实际扣的；`sentence` 是怎样算的，一句话。
    """

    letter: str
    title: str
    full: str
    penalty: str
    standard: str
    meaning: str
    asked: str | None
    deducted: str | None
    score: str | None
    sentence: str

    @property
    def floored(self) -> bool:
        """扣到 0 分，再多也不扣了。"""
        return self.asked != self.deducted


@dataclass(frozen=True)
class Terms:
    """打分用的全部数字。`indicators` 是指标字母 → 分值 full、每起（每档）扣 penalty，G 另有线 threshold、档 step。

    `threshold`、`band` 是总分的线和一档几分，`step` 是每低一档扣减的比例（0.05 即 5%）。
    """

    indicators: Mapping[str, Mapping[str, Fraction]]
    threshold: Fraction
    band: Fraction
    step: Fraction


@dataclass(frozen=True)
class Assessment:
    """一个服务商的考核结果。没有满意率时 G、`total`、`deduction_rate` 为 None（未考核，扣减按 0）。

    得分单位为分；`deduction_rate` 是比例（0.05 即 5%）。`article` 是依据。
    """

    scores: Mapping[str, Decimal | None]
    total: Decimal | None
    deduction_rate: Decimal | None
    article: str = ARTICLE


def terms(on: date, book: rulebook.RuleBook | None = None) -> Terms:
    """`on` 日生效的规则参数里打分用的数字；那天没有生效的规则抛 NotInForce。"""
    book = book or rulebook.built_in()
    return Terms(
        {letter: _terms(letter, on, book) for letter in INDICATORS},
        Fraction(book.parameter("deduction_threshold", on).value),
        Fraction(book.parameter("deduction_band", on).value),
        book.parameter("deduction_step", on).ratio,
    )


def score(
    events: Mapping[str, int], satisfaction: Decimal | None, satisfaction_step: str, numbers: Terms
) -> Assessment:
    """按 `numbers` 打分：某一天的规则用 `terms`，数据包的某一版用它自己冻结的一份。

    `events` 是 A~F 各指标的起数（缺的按 0）；`satisfaction` 是 0~100 的百分数；
    `satisfaction_step` 是 K-06 的选项。起数为负、未知指标、满意率越界抛 ValueError。
    """
    conventions.CONVENTIONS["K-06"].check(satisfaction_step)
    for indicator, count in events.items():
        if indicator not in EVENT_INDICATORS or count < 0:
            raise ValueError(f"考核指标应为 A~F，起数不能为负：{indicator} {count}（{ARTICLE}）")

    asked = _asked(events, satisfaction, satisfaction_step, numbers.indicators)
    exact = {letter: None if value is None else max(Fraction(0), numbers.indicators[letter]["full"] - value)
             for letter, value in asked.items()}  # fmt: skip
    scores = {key: _decimal(value) for key, value in exact.items()}
    if satisfaction is None:
        return Assessment(scores, None, None)
    total = sum((value for value in exact.values() if value is not None), Fraction(0))
    return Assessment(scores, _decimal(total), deduction_rate(total, numbers))


def _terms(letter: str, on: date, book: rulebook.RuleBook) -> dict[str, Fraction]:
    """一项指标 `on` 日的各个数：分值、每起（每档）扣多少，G 另有线和档。"""
    keys = {"full": f"assessment_{letter.lower()}_full", "penalty": f"assessment_{letter.lower()}_penalty"}
    if letter == SATISFACTION:
        keys |= {name: f"satisfaction_{name}" for name in ("penalty", "threshold", "step")}
    return {name: Fraction(book.parameter(key, on).value) for name, key in keys.items()}


def _asked(
    events: Mapping[str, int],
    satisfaction: Decimal | None,
    satisfaction_step: str,
    terms: Mapping[str, Mapping[str, Fraction]],
) -> dict[str, Fraction | None]:
    """各项该扣多少分，还没有“扣完为止”。"""
    asked: dict[str, Fraction | None] = {
        letter: terms[letter]["penalty"] * events.get(letter, 0) for letter in EVENT_INDICATORS
    }
    if satisfaction is None:
        return asked | {SATISFACTION: None}
    if not 0 <= satisfaction <= 100:
        raise ValueError(f"满意率应在 0 到 100 之间：{satisfaction}（{ARTICLE} G，R-092）")
    term = terms[SATISFACTION]
    steps = _steps(satisfaction, satisfaction_step, term)
    return asked | {SATISFACTION: term["full"] * steps * term["penalty"] / 100}


def _steps(satisfaction: Decimal, satisfaction_step: str, term: Mapping[str, Fraction]) -> Fraction:
    """满意率比线低几档；不足一档的照口径 K-06。"""
    steps = max(Fraction(0), term["threshold"] - Fraction(satisfaction)) / term["step"]
    if satisfaction_step == "whole":
        return Fraction(math.floor(steps))
    return Fraction(math.ceil(steps)) if satisfaction_step == "started" else steps


def lines(
    events: Mapping[str, int], satisfaction: str | Decimal | None, satisfaction_step: str, until: date
) -> tuple[Line, ...]:
    """考核表的七行，得分与 `settle_score` 相同；`until` 是期末次日。"""
    numbers = terms(rule_day(until))
    rate = None if satisfaction is None else Decimal(satisfaction)
    scores = score(events, rate, satisfaction_step, numbers).scores
    asked = _asked(events, rate, satisfaction_step, numbers.indicators)
    found = []
    for letter, one in INDICATORS.items():
        term, value = numbers.indicators[letter], asked[letter]
        words = {name: _text(_decimal(number)) or "" for name, number in term.items()}
        found.append(
            Line(
                letter=letter,
                title=one.title,
                full=words["full"],
                penalty=words["penalty"],
                standard=one.standard.format(**words),
                meaning=one.meaning,
                asked=_text(_decimal(value)),
                deducted=None if value is None else _text(_decimal(min(value, term["full"]))),
                score=_text(scores[letter]),
                sentence=_rate_sentence(rate, satisfaction_step, term, words)
                if letter == SATISFACTION
                else _count_sentence(events.get(letter, 0), words),
            )
        )
    return tuple(found)


def _count_sentence(count: int, words: Mapping[str, str]) -> str:
    return f"{count} 起 × {words['penalty']} 分" if count else "本期无扣分事项"


def _rate_sentence(
    rate: Decimal | None, satisfaction_step: str, term: Mapping[str, Fraction], words: Mapping[str, str]
) -> str:
    if rate is None:
        return "没有满意率"
    shown = _text(rate)
    if Fraction(rate) >= term["threshold"]:
        return f"满意率 {shown}%，不低于 {words['threshold']}%，得满分"
    way = conventions.CONVENTIONS["K-06"].options[satisfaction_step]
    short = _text(_decimal(term["threshold"] - Fraction(rate)))
    steps = _text(_decimal(_steps(rate, satisfaction_step, term)))
    return (
        f"满意率 {shown}%，比 {words['threshold']}% 低 {short} 个百分点，{way}（口径 K-06），计 {steps} 档："
        f"{words['full']} 分 × {words['penalty']}% × {steps}"
    )


def deduction_rate(total: Fraction | Decimal, numbers: Terms) -> Decimal:
    """总分对应的扣减比例（R-078）：不低于 90 分为 0，每低一档（10 分，不足按一档）加 5%。"""
    short = numbers.threshold - Fraction(total)
    if short <= 0:
        return Decimal(0)
    rate = _decimal(numbers.step * math.ceil(short / numbers.band))
    assert rate is not None
    return rate


def rule_day(until: date) -> date:
    """用哪天的规则打分：期末次日。早于细则施行的服务年度属于历史费用补录，用细则最早一版（M10-四(六)，R-084）。"""
    return max(until, rulebook.built_in().parameters["deduction_threshold"].versions[0].period.start)


def consequence(total: str | None, rate: str | None, until: date) -> str:
    """总分意味着什么，一句话：表上、页面上、文件里都是它（R-078）。"""
    if total is None or rate is None:
        return f"没有满意率，未考核，暂按不扣减；补齐后重算（{ARTICLE}）。"
    book, on = rulebook.built_in(), rule_day(until)
    line = Fraction(book.parameter("deduction_threshold", on).value)
    if Fraction(total) >= line:
        return f"总分 {total} 分，不低于 {_text(_decimal(line))} 分，不扣减结算金额（{ARTICLE}）。"
    band = Fraction(book.parameter("deduction_band", on).value)
    crossed = line - band * (math.ceil((line - Fraction(total)) / band) - 1)
    share = _text(_decimal(Fraction(rate) * 100))
    return f"总分 {total} 分，低于 {_text(_decimal(crossed))} 分，扣减当年结算金额的 {share}%（{ARTICLE}）。"


def ladder(until: date, rows: int = 5) -> list[tuple[str, str]]:
    """扣减的头几档：（低于多少分, 扣百分之几）；“以此类推”的各档也照同一算法。"""
    book, on = rulebook.built_in(), rule_day(until)
    line, band = (Fraction(book.parameter(f"deduction_{part}", on).value) for part in ("threshold", "band"))
    step = book.parameter("deduction_step", on).ratio
    shown = ((line - band * index, step * (index + 1) * 100) for index in range(rows))
    return [(_text(_decimal(edge)) or "", _text(_decimal(share)) or "") for edge, share in shown]


def deduction_gist(until: date) -> str:
    """末段扣减规则的要点，不是原文：没有录入官方附件5 的表上印它（R-078）。"""
    shown = "，".join(f"低于 {edge} 分扣 {share}%" for edge, share in ladder(until, 3))
    return f"扣减规则：按服务商分别看总分，从当年结算金额里扣：{shown}，以此类推（{ARTICLE}）。"


def settle_score(
    events: Mapping[str, int], satisfaction: str | Decimal | None, satisfaction_step: str, numbers: Terms
) -> dict[str, Any]:
    """结算书里的一条考核结果：数字写成去尾零的字符串，没有的为 None。"""
    rate = None if satisfaction is None else Decimal(satisfaction)
    result = score(events, rate, satisfaction_step, numbers)
    return {
        "scores": {key: _text(value) for key, value in result.scores.items()},
        "total": _text(result.total),
        "deduction_rate": _text(result.deduction_rate),
    }


def _decimal(value: Fraction | None) -> Decimal | None:
    """分母只含 2 和 5 的分数，精确写成小数；政策数字和满意率都是有限小数，所以总能写尽。"""
    if value is None:
        return None
    with localcontext(prec=200) as context:
        context.clear_flags()
        result = Decimal(value.numerator) / Decimal(value.denominator)
        if Fraction(result) != value:
            raise ValueError(f"不是有限小数：{value}")
        return result


def _text(value: Decimal | None) -> str | None:
    if value is None:
        return None
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
