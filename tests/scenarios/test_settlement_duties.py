"""结算、口径、更正的场景：R-004、R-005、R-006、R-011、R-077、R-080、R-082、R-083、R-091。"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from tests.support.district import District
from tests.support.packages import write_folder
from yunheng.config.cli import main
from yunheng.metering.problems import PackageError
from yunheng.rules import scoring
from yunheng.rules.problems import NotInForce
from yunheng.rules.rulebook import built_in
from yunheng.rules.workdays import WorkCalendar


@pytest.fixture
def district(tmp_path: Path) -> District:
    """一台云主机，全年在用，一年 366 元。"""
    made = District(tmp_path / "包")
    made.grant("S1", "2022-01-01")
    return made


def written(district: District, out: Path, *options: str) -> int:
    write_folder(district.folder, district.manifest, district.tables)
    return main(["settle", str(district.folder), "--out", str(out), *options])


def test_R004_数字按业务发生日取_当日起用新的() -> None:
    assert built_in().parameter("trial_months", date(2023, 12, 4)).note
    assert not built_in().parameter("trial_months", date(2023, 12, 5)).note


def test_R004_没有施行的日子拒绝_不用邻近的数() -> None:
    with pytest.raises(NotInForce, match="D62-七"):
        built_in().parameter("trial_months", date(2022, 6, 30))


def test_R005_改口径只改那一处_结算书写明所用口径(district: District) -> None:
    content = district.settle({"K-03": "fixed_365"})
    assert content["conventions"]["K-03"] == "fixed_365"
    assert content["lines"][0]["amount"] == "367.00"


def test_R005_没有登记的口径拒绝(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="K-03"):
        District(tmp_path / "包", 口径={"K-03": "360"}).settle()


def test_R006_放假安排没公布的年份标推定_不拒绝() -> None:
    answer = WorkCalendar({}).after(date(2035, 1, 1), 10)
    assert answer.estimated
    assert not WorkCalendar({}).after(date(2023, 9, 28), 1).estimated


def test_R006_数据包的日历盖过内置安排(district: District) -> None:
    district.release("Z1", "2023-09-01")
    district.tables["日志"][0]["末见日期"] = "2023-09-18"
    assert "D8" in {entry["code"] for entry in district.settle()["differences"]}
    district.add("日历", "2023-09-15", "否")
    assert "D8" not in {entry["code"] for entry in district.settle()["differences"]}


def test_R011_目录项同一时段两个价_拒绝(district: District) -> None:
    district.price("CPU", "400", "2023-01-01")
    with pytest.raises(PackageError, match="目录"):
        district.settle()


def test_R077_改一个字就不是同一个摘要_颠倒行序还是(district: District) -> None:
    district.change("B1", "2024-01-01", "2")
    before = district.settle()["digest"]
    for rows in district.tables.values():
        rows.reverse()
    assert district.settle()["digest"] == before
    district.tables["单据明细"][0]["数量"] = "2.001"
    district.tables["工单"][0]["数量"] = "2.001"
    assert district.settle()["digest"] != before


def test_R080_出方案_明细_考核表_都带同一个摘要(district: District, tmp_path: Path) -> None:
    out = tmp_path / "出"
    assert written(district, out) == 0
    names = {path.name for path in out.iterdir()}
    assert names == {
        "结算.json", "结算明细.xlsx", "结算项目方案.docx", "结算项目方案.pdf", "运行记录.json",
        "附件5-绩效考核表-01-CU.docx",
    }  # fmt: skip


def test_R080_名称里有印不出的字_拒绝_什么也不留(
    district: District, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    district.tables["项目"][0]["名称"] = "系统\U000f1234"
    out = tmp_path / "出"
    assert written(district, out) == 1
    assert "U+F1234" in capsys.readouterr().err
    assert not out.exists()
    assert not list(tmp_path.glob(".出*"))


def test_R080_代号里有斜杠和点_文件仍写在输出目录里(district: District, tmp_path: Path) -> None:
    for table, column in (("机构", "代码"), ("单据", "服务商")):
        for row in district.tables[table]:
            row[column] = "../../CU" if row[column] == "CU" else row[column]
    out = tmp_path / "甲" / "出"
    assert written(district, out) == 0
    assert (out / "附件5-绩效考核表-01-______CU.docx").is_file()
    assert [path.name for path in (tmp_path / "甲").iterdir()] == ["出"]


def test_R082_专项管理费上限是统一支付应付的一成(district: District) -> None:
    assert district.settle()["summary"]["supervision_fee_cap"] == "36.60"


def test_R083_已有结算的目录不覆盖_更正另出一版_旧的留存(
    district: District, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "出"
    assert written(district, out, "--json-only") == 0
    first = (out / "结算.json").read_bytes()
    district.change("B1", "2024-01-01", "2")
    assert written(district, out, "--json-only") == 2
    assert (out / "结算.json").read_bytes() == first
    assert written(district, out, "--json-only", "--force") == 0
    assert (tmp_path / "出.旧1" / "结算.json").read_bytes() == first
    capsys.readouterr()
    assert main(["diff", str(tmp_path / "出.旧1" / "结算.json"), str(out / "结算.json"), "--json"]) == 0
    difference = json.loads(capsys.readouterr().out)
    assert difference["totals"]["账目"] == {"before": "366.00", "after": "548.00"}
    assert ([e["delta"] for e in difference["changed"]], len(difference["added"])) == (["-182.00"], 1)


def test_R091_七项照附件5_扣完为止() -> None:
    marked = scoring.settle_score({"A": 12, "C": 2, "E": 1}, "88.5", "linear", scoring.terms(date(2024, 7, 1)))
    assert marked["scores"] == {"A": "0", "B": "10", "C": "4", "D": "10", "E": "5", "F": "10", "G": "38.8"}
    assert Decimal(str(marked["total"])) == Decimal("77.8")
    assert Fraction(str(marked["deduction_rate"])) == Fraction(1, 10)


def test_R091_没有这项指标拒绝(district: District) -> None:
    district.add("考核", "CU", "H", "2023-09-01", "第八项")
    with pytest.raises(PackageError, match="指标"):
        district.settle()
