"""计量计费的场景：R-071…R-078、R-088，每条用政策的话说一个例子，一半证明会拒绝。"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.district import District
from yunheng.metering.problems import PackageError


@pytest.fixture
def district(tmp_path: Path) -> District:
    """服务年度 2023，云主机 CPU 每年 366 元：满测试期后一天一元。"""
    return District(tmp_path / "包")


def lines(content: dict[str, object]) -> list[tuple[str, str, int, str]]:
    """账目的（起日, 止日不含, 天数, 金额）。"""
    entries = content["lines"]
    assert isinstance(entries, list)
    return [(entry["from"], entry["until"], entry["days"], entry["amount"]) for entry in entries]


def test_R071_服务年度七月一日起次年六月三十日止(district: District) -> None:
    district.grant("S1", "2022-01-01")
    assert lines(district.settle()) == [("2023-07-01", "2024-07-01", 366, "366.00")]


def test_R071_数据截止日在服务年度以外拒绝(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="数据截止日"):
        District(tmp_path / "包", 数据截止日="2024-07-01").settle()


def test_R072_下发服务起三个月不计费_期满当日起计(district: District) -> None:
    district.grant("S1", "2023-07-10")
    assert lines(district.settle()) == [("2023-10-10", "2024-07-01", 265, "265.00")]


def test_R072_测试期没满就注销的一分不收(district: District) -> None:
    district.grant("S1", "2023-07-10")
    district.release("Z1", "2023-10-08")
    assert lines(district.settle()) == []


def test_R072_扩容不重起测试期(district: District) -> None:
    district.grant("S1", "2023-07-10")
    district.change("B1", "2023-12-01", "3")
    assert lines(district.settle())[1] == ("2023-12-01", "2024-07-01", 213, "639.00")


def test_R072_平台软件没有测试期(district: District) -> None:
    district.price("RDS", "366", 类别="平台软件")
    district.grant("S1", "2024-06-01", item="RDS")
    assert lines(district.settle()) == [("2024-06-01", "2024-07-01", 30, "30.00")]


def test_R073_审核当日计费_次日停(district: District) -> None:
    district.grant("S1", "2022-01-01")
    district.release("Z1", "2023-07-31")
    assert lines(district.settle()) == [("2023-07-01", "2023-08-01", 31, "31.00")]


def test_R073_没有工单的申请不计费_记无工单(district: District) -> None:
    district.grant("S1", "2023-08-01")
    district.tables["工单"].clear()
    content = district.settle()
    assert lines(content) == []
    assert "D1" in {entry["code"] for entry in content["differences"]}


def test_R074_年度中调价按天分段(district: District) -> None:
    district.tables["目录"].clear()
    district.price("CPU", "366", until="2024-01-01")
    district.price("CPU", "732", "2024-01-01")
    district.grant("S1", "2022-01-01")
    assert lines(district.settle()) == [
        ("2023-07-01", "2024-01-01", 184, "184.00"),
        ("2024-01-01", "2024-07-01", 182, "364.00"),
    ]


def test_R074_要计费的日子没有目录单价_拒绝结算_指出目录项和日子(district: District) -> None:
    district.tables["目录"].clear()
    district.price("CPU", "366", until="2024-01-01")
    district.grant("S1", "2022-01-01")
    with pytest.raises(PackageError, match=r"CPU.*2024-01-01.*D62-七"):
        district.settle()


def test_R074_没有单价的日子在测试期里_不拒绝(district: District) -> None:
    district.tables["目录"].clear()
    district.price("CPU", "366", "2023-10-10")
    district.grant("S1", "2023-07-10")
    assert len(lines(district.settle())) == 1


def test_R075_数量不符的不进结算_认可后进(district: District) -> None:
    district.grant("S1", "2022-01-01", "2")
    district.change("B1", "2023-07-01", "4")
    district.tables["工单"][1]["数量"] = "3"
    held = district.settle()
    assert (lines(held), held["summary"]["disputed_gross"]) == ([], "1464.00")
    district.add("差异裁定", "R1", "CPU", "D3", "认可", "以申请表为准")
    agreed = district.settle()
    assert (agreed["summary"]["unified_gross"], agreed["disputed"]) == ("1464.00", [])


def test_R075_裁定不计费的账目删掉_不在合计也不在待核(district: District) -> None:
    district.grant("S1", "2022-01-01", "2")
    district.change("B1", "2023-07-01", "4")
    district.tables["工单"][1]["数量"] = "3"
    district.add("差异裁定", "R1", "CPU", "D3", "不计费", "双方说法不一")
    content = district.settle()
    assert (content["lines"], content["disputed"]) == ([], [])


def test_R075_缺全市用量不能用裁定放行(district: District) -> None:
    district.add("差异裁定", "R1", "CPU", "D10", "认可", "先付了再说")
    with pytest.raises(PackageError, match="差异"):
        district.settle()


def test_R076_阶梯按全市平均单价_各区同价(district: District) -> None:
    district.price("短信", "", 类别="平台软件", 计价方式="阶梯", 计费周期="次", 日志="无")
    district.add("阶梯", "短信", "2023", "累进", "0", "100", "0.1")
    district.add("阶梯", "短信", "2023", "累进", "100", "", "0.05")
    district.add("全市用量", "短信", "2023", "200")
    district.grant("S1", "2022-01-01", item="短信")
    district.add("用量", "R1", "短信", "2023-09-01", "10")
    content = district.settle()
    assert content["tier_prices"] == [{"item": "短信", "average_price": "0.075"}]
    assert lines(content) == [("2023-09-01", "2023-09-02", 1, "0.75")]


def test_R076_没有全市用量就算不出平均单价_进待核(district: District) -> None:
    district.price("短信", "", 类别="平台软件", 计价方式="阶梯", 计费周期="次", 日志="无")
    district.add("阶梯", "短信", "2023", "累进", "0", "", "0.1")
    district.grant("S1", "2022-01-01", item="短信")
    district.add("用量", "R1", "短信", "2023-09-01", "10")
    content = district.settle()
    assert lines(content) == []
    assert [entry["differences"] for entry in content["disputed"]] == [["D10"]]


@pytest.mark.parametrize(("events", "rate", "net"), [(0, "0", "366.00"), (3, "0.05", "347.70"), (6, "0.1", "329.40")])
def test_R078_低于九十分扣百分之五_再低十分多扣百分之五(district: District, events: int, rate: str, net: str) -> None:
    district.grant("S1", "2022-01-01")
    district.add("满意度", "CU", "95")
    for indicator in "BDE"[: (events + 1) // 2]:
        district.add("考核", "CU", indicator, "2023-09-01", "一")
        district.add("考核", "CU", indicator, "2023-09-02", "二")
    content = district.settle()
    assert content["assessments"][0]["deduction_rate"] == rate
    assert content["summary"]["unified"][0]["net"] == net


def test_R078_期外的事件不扣分(district: District) -> None:
    district.add("满意度", "CU", "95")
    district.add("考核", "CU", "E", "2023-06-30", "上年度的事")
    assert district.settle()["assessments"][0]["total"] == "100"


def test_R088_非区级预算单位单独出账_不进统一支付(district: District) -> None:
    district.tables["机构"][0]["预算性质"] = "街镇"
    district.grant("S1", "2022-01-01")
    summary = district.settle()["summary"]
    assert summary["unified"] == []
    assert [(entry["unit"], entry["net"]) for entry in summary["self"]] == [("U1", "366.00")]


def test_R088_使用单位没写预算性质_不知道谁付_拒绝(district: District) -> None:
    district.tables["机构"][0]["预算性质"] = ""
    with pytest.raises(PackageError, match="预算性质"):
        district.settle()
