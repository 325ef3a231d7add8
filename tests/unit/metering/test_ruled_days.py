"""版本 2 的例子：裁定分日子、K-17 至 K-19、重复测试期（D62-七，R-075）。两个引擎都算，结果相同。"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

from tests.support.packages import write_folder
from yunheng.metering import engine, oracle, reading, result
from yunheng.metering.opening import opened
from yunheng.rules import conventions
from yunheng.rules.workdays import published_workday

Row = dict[str, str]


def settle(
    folder: Path, rulings: list[Row], options: dict[str, str] | None = None, **tables: list[Row]
) -> dict[str, Any]:
    """一家单位、一个项目、一家服务商；默认一个全年在用、没有测试期的数据库，单据 1 个而工单写了 2 个（D3）。"""
    base: dict[str, list[Row]] = {
        "机构": [
            {"代码": "U1", "名称": "甲局", "类型": "使用单位", "预算性质": "区级"},
            {"代码": "CU", "名称": "联通", "类型": "云服务商", "预算性质": ""},
        ],
        "目录": [
            item("DB", "平台软件", "年"), item("CPU", "基础设施", "年"), item("CERT", "基础设施", "一次性"),
        ],
        "项目": [{"项目": "P1", "名称": "系统", "单位": "U1", "费用归属": "区级"}],
        "单据": [form("S1", "2023-06-01")],
        "单据明细": [line("S1", "R1", "DB", "新增", "1")],
        "工单": [order("W1", "S1", "R1", "DB", "新增", "2", "2023-06-01")],
        "日志": [],
        "差异裁定": rulings,
    }  # fmt: skip
    manifest = {
        "格式": "yunheng.settlement-package",
        "版本": 2,
        "服务年度": 2023,
        "区": "松江区",
        "口径": options or {},
    }
    write_folder(folder, manifest, base | tables)
    with opened(folder) as package:
        assert package.manifest is not None
        chosen = conventions.resolve(package.manifest.conventions, 2)
        naive = oracle.settle(package.manifest, reading.rows_of(package), chosen, published_workday)
        digest = result.write(engine.settle(package), BytesIO())
    assert result.digest_of(naive) == digest
    return dict(naive)


def item(code: str, category: str, cycle: str) -> Row:
    return {
        "目录项": code, "类别": category, "名称": code, "计价单位": "个", "计价方式": "单价", "计费周期": cycle,
        "单价": "3650", "生效日期": "2020-01-01", "日志": "无",
    }  # fmt: skip


def form(number: str, reviewed: str, kind: str = "首次申请") -> Row:
    return {"单号": number, "种类": kind, "项目": "P1", "服务商": "CU", "审核日期": reviewed}


def line(number: str, resource: str, code: str, action: str, quantity: str) -> Row:
    return {"单号": number, "资源": resource, "目录项": code, "动作": action, "数量": quantity}


def order(number: str, of: str, resource: str, code: str, action: str, quantity: str, done: str) -> Row:
    return {
        "工单号": number,
        "单号": of,
        "资源": resource,
        "目录项": code,
        "动作": action,
        "数量": quantity,
        "完成日期": done,
    }


def ruled(code: str, verdict: str, start: str = "", until: str = "", item: str = "DB") -> Row:
    return {"资源": "R1", "目录项": item, "差异": code, "裁定": verdict, "说明": "核", "起": start, "止": until}


def spans(lines: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(one["from"], one["until"], one["amount"]) for one in lines]


def test_R075_七到九月不计费_十月起认可_账目只有十月起一条_待核没有(tmp_path: Path) -> None:
    both = [ruled("D3", "不计费", "2023-07-01", "2023-10-01"), ruled("D3", "认可", "2023-10-01", "2024-07-01")]
    found = settle(tmp_path, both)
    assert spans(found["lines"]) == [("2023-10-01", "2024-07-01", "2732.51")]
    assert not found["disputed"]
    assert [(one["code"], one["ruling"]) for one in found["differences"]] == [("D3", "部分")]


def test_R075_只裁头一段_其余的日子仍在待核(tmp_path: Path) -> None:
    found = settle(tmp_path, [ruled("D3", "不计费", "2023-07-01", "2023-10-01")])
    assert not found["lines"]
    assert spans(found["disputed"]) == [("2023-10-01", "2024-07-01", "2732.51")]
    assert found["disputed"][0]["differences"] == ["D3"]


def test_R075_两段同一种裁定盖满全年_写那一种(tmp_path: Path) -> None:
    found = settle(tmp_path, [ruled("D3", "认可", "", "2024-01-01"), ruled("D3", "认可", "2024-01-01", "")])
    assert spans(found["lines"]) == [("2023-07-01", "2024-07-01", "3650.00")]
    assert found["differences"][0]["ruling"] == "认可"


def late(**options: str) -> dict[str, Any]:
    return {
        "options": options,
        "单据": [form("S1", "2023-08-21")],
        "工单": [order("W1", "S1", "R1", "DB", "新增", "1", "2023-08-01")],
    }


def test_K19_先办后批认可的_默认从完成日收_选审核日的以前不收也不待核(tmp_path: Path) -> None:
    accepted = [ruled("D4", "认可")]
    whole = settle(tmp_path / "完成日", accepted, **late())
    assert spans(whole["lines"]) == [("2023-08-01", "2024-07-01", "3340.85")]
    part = settle(tmp_path / "审核日", accepted, **late(**{"K-19": "review"}))
    assert spans(part["lines"]) == [("2023-08-21", "2024-07-01", "3141.39")]
    assert not part["disputed"]


def test_K19_没有裁定的照旧待核_不因选了审核日就少收(tmp_path: Path) -> None:
    found = settle(tmp_path, [], **late(**{"K-19": "review"}))
    assert spans(found["disputed"]) == [("2023-08-01", "2024-07-01", "3340.85")]


def again(**options: str) -> dict[str, Any]:
    """2023-01-01 新增的主机，2023-08-01 起停，2023-09-01 再新增。"""
    return {
        "options": options,
        "单据": [form("S1", "2022-12-31"), form("S2", "2023-07-31", "注销"), form("S3", "2023-08-31", "变更")],
        "单据明细": [
            line("S1", "R1", "CPU", "新增", "1"), line("S2", "R1", "CPU", "释放", ""),
            line("S3", "R1", "CPU", "新增", "1"),
        ],
        "工单": [
            order("W1", "S1", "R1", "CPU", "新增", "1", "2023-01-01"),
            order("W3", "S3", "R1", "CPU", "新增", "1", "2023-09-01"),
        ],
    }  # fmt: skip


def test_K17_释放后再新增_默认又有测试期并列D14_选一次的没有(tmp_path: Path) -> None:
    twice = settle(tmp_path / "又有", [], **again())
    assert [one["from"] for one in twice["lines"]] == ["2023-07-01", "2023-12-01"]
    assert [(one["code"], one["form"], one["blocking"]) for one in twice["differences"]] == [("D14", "S3", False)]
    once = settle(tmp_path / "一次", [], **again(**{"K-17": "once"}))
    assert [one["from"] for one in once["lines"]] == ["2023-07-01", "2023-09-01"]
    assert not once["differences"]


def test_K18_一次性的基础设施_默认有测试期_只给按年按月的没有(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "单据明细": [line("S1", "R1", "CERT", "新增", "1")],
        "工单": [order("W1", "S1", "R1", "CERT", "新增", "1", "2023-08-15")],
        "单据": [form("S1", "2023-08-01")],
    }
    assert settle(tmp_path / "有", [], **given)["lines"][0]["from"] == "2023-11-15"
    assert settle(tmp_path / "没有", [], {"K-18": "recurring"}, **given)["lines"][0]["from"] == "2023-08-15"
