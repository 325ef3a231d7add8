"""起作用的口径恰是那几条：逐条账目、逐个口径、逐个选项，整包改选重算，这一条变了当且仅当它列着（R-005、R-073）。"""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.packages import Tables, random_later_package, random_package, write_folder
from yunheng.metering import oracle, reading
from yunheng.metering.explaining import trials_of
from yunheng.metering.opening import opened
from yunheng.metering.problems import PackageError
from yunheng.metering.reading import Package
from yunheng.rules import conventions
from yunheng.rules.workdays import published_workday

CASES = Path(__file__).parents[2] / "cases"
BEARING = {"K-01", "K-03", "K-04", "K-05", "K-07", "K-09", "K-10", "K-17", "K-18", "K-19"}


def recomputed(package: Package, options: Mapping[str, str]) -> list[dict[str, Any]] | PackageError:
    """整包照这些口径重算的账目、待核。"""
    assert package.manifest is not None
    try:
        content = oracle.settle(package.manifest, reading.rows_of(package), options, published_workday)
    except PackageError as error:
        return error
    return [*content["lines"], *content["disputed"]]


def checked(folder: Path) -> Counter[str]:
    """逐条、逐口径、逐选项比；返回各口径起作用的次数。"""
    seen: Counter[str] = Counter()
    with opened(folder) as package:
        manifest = package.manifest
        assert manifest is not None
        options = conventions.resolve(manifest.conventions, manifest.version)
        now = recomputed(package, options)
        if isinstance(now, PackageError):
            return seen
        listed = [trials_of(package, line["resource"], options).acting(line) for line in now]
        for code in options:
            others = [
                recomputed(package, options | {code: other})
                for other in conventions.CONVENTIONS[code].options
                if other != options[code]
            ]
            # 别的资源因此没有价格、整包算不出的，说不了这一条
            if any(isinstance(other, PackageError) for other in others):
                continue
            for line, codes in zip(now, listed, strict=True):
                changes = any(line not in other for other in others)  # type: ignore[operator]
                assert changes == (code in codes), (folder.name, code, line)
                seen[code] += changes
    return seen


def written(folder: Path, made: tuple[dict[str, Any], Tables]) -> Path:
    write_folder(folder, *made)
    return folder


@pytest.mark.parametrize("make", [random_package, random_later_package])
def test_R005_随机包里每一条账目_列着的口径改选就变_没列的怎样改选都不变(make: Any, tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for seed in range(14):
        try:
            seen += checked(written(tmp_path / str(seed), make(7000 + seed)))
        except PackageError:
            continue  # 随机的包有的本来就有错
    # 这个测试看得见每一条：哪一条从来没有起过作用，就等于没有测它；K-05 要恰好半分才有别，另有一条
    missed = BEARING - set(seen) - {"K-05"} - ({"K-17", "K-18", "K-19"} if make is random_package else set())
    assert not missed
    assert not set(seen) - BEARING


@pytest.mark.parametrize("case", sorted(path.name for path in CASES.iterdir() if path.is_dir()))
def test_R005_带答案的包里也恰好(case: str, tmp_path: Path) -> None:
    folder = tmp_path / case
    shutil.copytree(CASES / case, folder)
    (folder / "结算.json").unlink()
    checked(folder)


def by_count(folder: Path, *, first_use: str, price: str = "2") -> dict[str, tuple[str, ...]]:
    """一个按次的市级基础设施，2023-07-03 下发，2023-08-01 起每月一笔；头一笔在 `first_use`。各条起作用的口径。"""
    rows: dict[str, list[list[str]]] = {
        "机构": [
            ["代码", "名称", "类型", "预算性质"],
            ["U", "民政局", "使用单位", "区级"],
            ["CU", "联通", "云服务商", ""],
        ],
        "目录": [
            ["目录项", "类别", "名称", "计价单位", "计价方式", "计费周期", "单价", "生效日期", "日志"],
            ["SCAN", "基础设施", "扫描", "次", "单价", "次", price, "2020-01-01", "无"],
        ],
        "项目": [["项目", "名称", "单位", "费用归属"], ["P", "甲", "U", "区级"]],
        "单据": [["单号", "种类", "项目", "服务商", "审核日期"], ["S", "变更", "P", "CU", "2023-07-01"]],
        "单据明细": [["单号", "资源", "目录项", "动作", "数量"], ["S", "R", "SCAN", "新增", "1"]],
        "工单": [
            ["工单号", "单号", "资源", "目录项", "动作", "数量", "完成日期"],
            ["W", "S", "R", "SCAN", "新增", "1", "2023-07-03"],
        ],
        "日志": [["资源", "首见日期", "末见日期"]],
        "用量": [
            ["资源", "目录项", "日期", "用量"],
            ["R", "SCAN", "2024-05-01", "100"],
            ["R", "SCAN", first_use, "51"],
        ],
    }
    folder.mkdir()
    manifest = {"格式": "yunheng.settlement-package", "版本": 2, "服务年度": 2023, "区": "松江区"}
    (folder / "数据包.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    for name, lines in rows.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(lines)
    with opened(folder) as package:
        options = conventions.resolve({}, 2)
        lines_now = recomputed(package, options)
        assert isinstance(lines_now, list)
        return {line["from"]: trials_of(package, "R", options).acting(line) for line in lines_now}


def test_R072_按次的_测试期里有用量的_换了口径就要收_口径列着(tmp_path: Path) -> None:
    # 账目自 2024-05-01 起，离测试期满半年：照起日猜，会说测试期的口径都不起作用
    assert by_count(tmp_path / "里", first_use="2023-08-01") == {"2024-05-01": ("K-09", "K-18")}
    # 期满那天的用量：K-01 次日起计就少收这一笔
    assert by_count(tmp_path / "满", first_use="2023-10-03") == {"2023-10-03": ("K-01",)}


def test_R005_舍入的口径只在恰好半分的那一条起作用(tmp_path: Path) -> None:
    # 151 × 0.005 = 0.755：五入 0.76、逢五取偶 0.76；151 × 0.015 = 2.265：2.27、2.26
    assert by_count(tmp_path / "同", first_use="2024-04-01", price="0.005") == {"2024-04-01": ()}
    assert by_count(tmp_path / "异", first_use="2024-04-01", price="0.015") == {"2024-04-01": ("K-05",)}


def test_R072_按次的_测试期里没有用量的_换哪一条都不变(tmp_path: Path) -> None:
    assert by_count(tmp_path / "外", first_use="2023-10-04") == {"2023-10-04": ()}
