"""区间、月份、工作日的边界；规则数据自相矛盾时加载即拒绝；条款与需求互相可达。"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yunheng.rules import parameters, periods, rulebook, workdays
from yunheng.rules.periods import Period
from yunheng.rules.problems import CalendarOverflow, RuleDataError

HEAD = '[k]\nname="名"\nunit="%"\nclause="{clause}"\nrequirements=[]\ngist="要点"\n'
ROW = '[[k.rows]]\nfrom={start}\nvalue="1"\n'
#: 需求清单里每个编号所引的条款
CITED = """
R-001 M6-5 D14-5 D62-四 M10-三|R-002 M6-2 M6-7 D14-2 D14-9 D62-三|R-003 M6-7 D14-15 D62-二 D62-九|R-004 D62-十
R-006 M6-19 M6-20 M6-21 M6-22 M6-23 M6-24|R-007 M6-6|R-008 M6-5|R-011 M6-14 M6-15|R-012 M6-15|R-013 M6-16
R-014 M6-15 M10-二|R-015 M10-四(一)|R-016 M10-四(二)|R-017 M10-四(三)|R-018 M10-四(四) D62-五|R-019 M10-四(四)
R-020 M10-四(五)|R-021 M10-四(七)|R-022 M10-四(四)|R-031 M6-18|R-032 D14-11|R-033 D14-10 M6-12 D62-四
R-034 D62-六(一)1 D62-附件1|R-035 D62-六(一)2 D62-附件2 D14-12|R-036 D62-六(二) D62-附件3 D14-13|R-037 D62-六(二)
R-038 M6-20|R-039 D62-六(三) D62-附件4 M6-21 M6-26|R-040 M6-19|R-041 M6-22|R-042 M6-23|R-043 M6-24
R-044 M6-21 M6-22|R-045 D14-9 M6-17|R-046 D62-九 D14-15|R-047 D62-附件1 D62-附件2 D62-附件3 D62-附件4|R-048 D62-附件1
R-051 D62-七|R-052 M6-13 D14-8|R-053 M6-13|R-054 M6-25 D14-14|R-055 M6-25 D14-14|R-056 D62-六(二)
R-057 M6-28 D14-19|R-058 M6-28|R-071 D62-五 D62-七|R-072 D62-七|R-073 D62-七 D62-八|R-074 D62-七|R-075 D62-七
R-076 M10-四(四)|R-077 D62-七|R-078 D62-附件5|R-079 M6-27 M6-34 M10-四(六)|R-080 D62-八 D14-15|R-081 D62-八 D14-15
R-082 D14-16(监管机制)|R-084 M10-四(六)|R-085 M10-五|R-086 M6-27|R-088 D62-二 D62-九 D14-15|R-089 D14-16(监管机制)
R-090 D62-四|R-091 D62-附件5|R-092 D62-附件5|R-093 D62-七|R-094 M6-33|R-095 M6-34|R-101 M6-30 D14-18|R-102 M6-30
R-103 M6-31|R-104 M6-32|R-105 M6-11|R-106 M6-10|R-107 M6-26 D62-六(三)
"""


@pytest.mark.parametrize("entry", [e for line in CITED.split("\n") for e in line.split("|") if e])
def test_需求清单所引的条款都在索引里_且能从条款找回需求(entry: str) -> None:
    requirement, *cited = entry.split()
    index = rulebook.built_in().clauses
    assert {index.find(identifier).id for identifier in cited} <= {
        clause.id for clause in index.for_requirement(requirement)
    }


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (ROW.format(start="2023-01-01") * 2, "重叠"),
        (ROW.format(start="2022-01-01") + "until=2022-06-01\n" + ROW.format(start="2023-01-01"), "缺口"),
        (ROW.format(start="2023-01-01") + "rate=1\n", "rate"),
        (ROW.format(start="2023-01-01") + "until=2023-01-01\n", "日期"),
        ('[[k.rows]]\nfrom=2023-01-01\nvalue="两成"\n', "不对"),
    ],
)
def test_R004_参数重叠_缺口_未知键_坏值_加载即拒绝(rows: str, reason: str) -> None:
    with pytest.raises(RuleDataError, match=reason):
        parameters.load([HEAD.format(clause="M6-1") + rows])


def test_参数引用索引里没有的条款_规则书拒绝() -> None:
    book = rulebook.built_in()
    bad = parameters.load([HEAD.format(clause="M6-99") + ROW.format(start="2023-01-01")])
    with pytest.raises(RuleDataError, match="M6-99"):
        rulebook.RuleBook(bad, book.clauses, book.conventions)


def test_规则书改一个数字_摘要就变() -> None:
    book = rulebook.built_in()
    fewer = {key: value for key, value in book.parameters.items() if key != "trial_months"}
    assert rulebook.RuleBook(fewer, book.clauses, book.conventions).digest != book.digest
    assert book.digest.startswith("sm3:")


def test_M6_发布日和施行日分开存() -> None:
    document = rulebook.built_in().clauses.documents["M6"]
    assert (document.published, document.effective) == (date(2022, 4, 6), date(2022, 5, 1))


@pytest.mark.parametrize(
    ("day", "end"), [("2022-11-30", "2023-02-28"), ("2023-11-30", "2024-02-29"), ("2023-07-01", "2023-10-01")]
)
def test_R072_加三个月没有对应日取月末(day: str, end: str) -> None:
    assert periods.add_months(date.fromisoformat(day), 3).isoformat() == end


def test_日期尽头_加月和数工作日都用中文拒绝() -> None:
    with pytest.raises(CalendarOverflow, match="范围"):
        periods.add_months(date(9999, 11, 1), 3)
    with pytest.raises(CalendarOverflow, match="范围"):
        workdays.WorkCalendar().after(date(9999, 12, 30), 5)
    assert periods.calendar_months(Period(date(9999, 12, 1), date(9999, 12, 31))) * 31 == 30


def test_空区间拒绝() -> None:
    with pytest.raises(ValueError, match="晚于"):
        Period(date(2023, 7, 1), date(2023, 7, 1))


def test_R006_导入一年的通知以后_那一年不再是推定() -> None:
    notice = workdays.parse_notice(
        [{"日期": "2027-01-01", "工作日": "否"}, {"日期": "2027-01-02", "工作日": "是"}], 2027
    )
    before, after = workdays.WorkCalendar(), workdays.WorkCalendar().with_notice(notice)
    assert before.after(date(2027, 1, 1), 1).estimated
    found = after.after(date(2026, 12, 31), 1)
    assert (found.date, found.estimated) == (date(2027, 1, 2), False)
    assert [s.date for s in found.skipped] == [date(2027, 1, 1)]


def test_R006_通知有错_逐行列全() -> None:
    rows = [
        {"日期": "2027-02-30", "工作日": "否"},
        {"日期": "2027-01-01", "工作日": "休"},
        {"日期": "2029-01-01", "工作日": "否"},
    ]
    with pytest.raises(workdays.NoticeError) as caught:
        workdays.parse_notice(rows, 2027)
    assert [problem.partition("：")[0] for problem in caught.value.problems] == ["第 2 行", "第 3 行", "第 4 行"]


@given(st.dates(date(1990, 1, 1), date(2050, 1, 1)), st.integers(1, 30))
def test_R006_数进去和跳过的恰好铺满(day: date, n: int) -> None:
    calendar = workdays.WorkCalendar()
    for found, step in ((calendar.after(day, n), 1), (calendar.before(day, n), -1)):
        passed = sorted([*found.counted, *(s.date for s in found.skipped)])
        assert len(found.counted) == n
        assert all(map(calendar.is_workday, found.counted))
        assert set(passed) == {day + step * timedelta(k) for k in range(1, abs((found.date - day).days) + 1)}


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(1, 900))
def test_K04_按月分的天数合计等于区间天数(start: date, length: int) -> None:
    period = Period(start, start + timedelta(length))
    assert sum(days for days, _ in periods.months_overlap(period)) == period.days
