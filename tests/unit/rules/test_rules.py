"""规则：带日期的数字、条款索引、口径、工作日、评分。"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from yunheng.rules import conventions, rulebook, scoring, workdays
from yunheng.rules.problems import NotInForce, UnknownRule

BOOK = rulebook.built_in()
TERMS = scoring.terms(date(2024, 6, 30))


def test_R004_试行期间的数字另立一行_值同现行并注明() -> None:
    trial, current = (BOOK.parameter("trial_months", day) for day in (date(2023, 7, 1), date(2024, 7, 1)))
    assert trial.value == current.value
    assert "试行文本未录入" in trial.note
    assert not current.note


def test_R004_更早的日期没有生效规则_绝不返回邻近值() -> None:
    with pytest.raises(NotInForce, match="D62-七"):
        BOOK.parameter("trial_months", date(2022, 6, 30))


def test_没有登记的参数和条款说没有() -> None:
    with pytest.raises(UnknownRule):
        BOOK.parameter("没有", date(2024, 1, 1))
    with pytest.raises(UnknownRule):
        BOOK.clause("M6-99")


def test_D14的两个第十六条要写明是哪一个() -> None:
    with pytest.raises(UnknownRule, match="监管机制"):
        BOOK.clause("D14-16")
    assert "R-082" in BOOK.clause("D14-16(监管机制)").requirements


def test_每个口径的默认就是第一个可选项_且引用的条款都在索引里() -> None:
    assert [len(conventions.package_codes(version)) for version in (1, 2)] == [11, 14]
    assert conventions.defaults(1)["K-03"] == "actual"
    assert conventions.defaults(2)["K-19"] == "completion"


def test_R005_未知的口径或选项拒绝() -> None:
    for chosen in ({"K-02": "x"}, {"K-03": "366"}, {"K-13": "yes"}, {"K-17": "twice"}):
        with pytest.raises(ValueError, match="K-"):
            conventions.resolve(chosen, 2)


def test_K17至K19只在版本2的数据包里有() -> None:
    for chosen in ({"K-17": "once"}, {"K-18": "all"}, {"K-19": "review"}):
        assert set(chosen.items()) <= set(conventions.resolve(chosen, 2).items())
        with pytest.raises(ValueError, match=r"版本 1 的数据包没有口径 K-1[789]"):
            conventions.resolve(chosen, 1)


def test_四份政策的条数齐全() -> None:
    counts: dict[str, int] = {}
    for identifier in BOOK.clauses.clauses:
        document = identifier.partition("-")[0]
        counts[document] = counts.get(document, 0) + 1
    assert counts["M6"] == 35
    assert counts["D14"] == 20


def test_R006_国庆调休和未公布的年份() -> None:
    calendar = workdays.WorkCalendar({})
    assert calendar.after(date(2023, 9, 28), 1).date == date(2023, 10, 7)
    assert not calendar.after(date(2023, 9, 28), 1).estimated
    assert calendar.after(date(2030, 1, 1), 3).estimated


def test_R042_至少提前15个工作日是倒着数() -> None:
    calendar = workdays.WorkCalendar({})
    latest = calendar.before(date(2023, 12, 29), 15).date
    assert calendar.after(latest, 15).date == date(2023, 12, 29)


@pytest.mark.parametrize(
    ("total", "rate"), [("90", "0"), ("89.9", "0.05"), ("80", "0.05"), ("79.9", "0.1"), ("70", "0.1"), ("0", "0.45")]
)
def test_R078_扣减阶梯(total: str, rate: str) -> None:
    assert scoring.deduction_rate(Decimal(total), TERMS) == Decimal(rate)


def test_R092_每偏差百分之一按口径扣() -> None:
    for step, points in (("linear", "38.8"), ("whole", "39.2"), ("started", "38.4")):
        result = scoring.score({}, Decimal("88.5"), step, TERMS)
        assert result.scores["G"] == Decimal(points)


def test_R091_扣完为止_起数不能为负() -> None:
    result = scoring.score({"B": 9}, Decimal(95), "linear", TERMS)
    assert result.scores["B"] == 0
    with pytest.raises(ValueError, match="不能为负"):
        scoring.score({"B": -1}, Decimal(95), "linear", TERMS)


def test_代码里提到的条款都在索引里() -> None:
    source = Path(rulebook.__file__).parents[1]
    cited = set()
    for path in source.rglob("*.py"):
        cited |= set(
            re.findall(
                r"\b(?:M6|M10|D14|D62)-(?:附件[1-5]|[一二三四五六七八九十0-9]+)(?:\([^()]+\))?", path.read_text("utf-8")
            )
        )
    index = set(BOOK.clauses.clauses)
    missing = {c for c in cited if c not in index and not any(name.startswith(f"{c}(") for name in index)}
    assert not missing
