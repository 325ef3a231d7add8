"""示例区：随项目发布的 CSV 就是生成器所出，各种情形都在里面，两个引擎相符。"""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from yunheng.config.cli import main
from yunheng.metering import example

PUBLISHED = Path(__file__).parents[2] / "examples" / "songjiang-2023"


@pytest.fixture(scope="module")
def settlement(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("示例") / "出"
    assert main(["settle", str(PUBLISHED), "--out", str(out), "--json-only"]) == 0
    content: dict[str, Any] = json.loads((out / "结算.json").read_text(encoding="utf-8"))
    return content


def test_发布的示例区与生成器所出逐字相同(tmp_path: Path) -> None:
    example.write(tmp_path)
    published = {path.name: path.read_bytes() for path in PUBLISHED.iterdir()}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == published


def test_已有内容的目录不写(tmp_path: Path) -> None:
    (tmp_path / "别人的文件").write_text("x", encoding="utf-8")
    assert main(["example", str(tmp_path)]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["别人的文件"]


def test_R011_目录有附件1全部84项_价格都标虚构() -> None:
    _, tables = example.generate()
    city = {row["目录项"] for row in tables["目录"] if row["级别"] == "市级"}
    assert len(city) == 84
    assert all(row["名称"].endswith("（虚构价）") for row in tables["目录"])


def test_R075_十四种差异都有_有的已裁定_有的只裁了一段日子(settlement: dict[str, Any]) -> None:
    assert {entry["code"] for entry in settlement["differences"]} == {f"D{n}" for n in range(1, 15)}
    assert {entry["ruling"] for entry in settlement["differences"]} == {None, "认可", "不计费", "部分"}


def test_R073_每种计价方式和周期都有账目(settlement: dict[str, Any]) -> None:
    _, tables = example.generate()
    modes = {row["目录项"]: (row["计价方式"], row["计费周期"]) for row in tables["目录"]}
    assert {modes[line["item"]] for line in settlement["lines"]} == {
        ("单价", "年"), ("单价", "月"), ("单价", "次"), ("单价", "一次性"), ("阶梯", "年"), ("阶梯", "次"),
        ("授权", "年"), ("授权", "一次性"),
    }  # fmt: skip


def test_R074_服务商另有的价格盖过通用的(settlement: dict[str, Any]) -> None:
    prices = {(line["provider"], line["unit_price"]) for line in settlement["lines"] if line["item"] == "CC-BF"}
    assert ("CT", "2050") in prices
    assert not {price for provider, price in prices if provider != "CT"} & {"2050"}


def test_R072_注销后又申请的主机重起测试期(settlement: dict[str, Any]) -> None:
    spells: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for line in settlement["lines"]:
        if line["resource"].startswith("ECS"):
            spells.setdefault((line["resource"], line["item"]), []).append((line["from"], line["until"], line["form"]))
    again = [
        (date.fromisoformat(later[0]) - date.fromisoformat(earlier[1])).days
        for found in spells.values()
        for earlier, later in pairwise(found)
        if earlier[1] < later[0]
    ]
    assert again
    assert min(again) > 90


def test_R078_三家的得分分落三档(settlement: dict[str, Any]) -> None:
    rates = {entry["provider"]: entry["deduction_rate"] for entry in settlement["assessments"]}
    assert [rates[provider] for provider in ("CU", "CM", "CT")] == ["0", "0.05", "0.1"]


def test_R074_一台主机被测试期_调价_变更切成三条(settlement: dict[str, Any]) -> None:
    cut = [
        (line["quantity"], line["from"], line["until"], line["unit_price"], line["amount"])
        for line in settlement["lines"]
        if (line["resource"], line["item"]) == ("ECS-0001", "ZJ-CPU-X86")
    ]
    assert [entry[0] for entry in cut] == ["8", "8", "16"]
    assert [entry[1] for entry in cut][1:] == ["2024-01-01", "2024-03-15"]
    assert [entry[3] for entry in cut] == ["480", "456", "456"]
    assert cut[1][4] == f"{8 * 456 * 74 / 366:.2f}"


def test_R077_示例区两个引擎摘要相同(settlement: dict[str, Any], tmp_path: Path) -> None:
    out = tmp_path / "出"
    assert main(["settle", str(PUBLISHED), "--out", str(out), "--json-only", "--engine", "oracle"]) == 0
    assert json.loads((out / "结算.json").read_text(encoding="utf-8"))["digest"] == settlement["digest"]


def test_R073_解释三次切断的账目_照句子手算得同一分(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "出"
    assert main(["settle", str(PUBLISHED), "--out", str(out), "--json-only"]) == 0
    capsys.readouterr()
    asked = ["explain", str(out / "结算.json"), "--resource", "ECS-0001", "--item", "ZJ-CPU-X86"]
    assert main([*asked, "--json"]) == 0
    sentences = [entry["equation"] for entry in json.loads(capsys.readouterr().out)]
    pattern = r"(\d+) × ([\d.,]+) 元 × (\d+) 天 ÷ (\d+) 天 = ([\d.,]+) 元（(\S+) 至 (\S+)（含），共 (\d+) 天）"
    found = [re.fullmatch(pattern, sentence) for sentence in sentences]
    assert len(found) == 3
    for match in found:
        assert match
        quantity, price, days, year, fen = (Decimal(match[n].replace(",", "")) for n in range(1, 6))
        first, last = date.fromisoformat(match[6]), date.fromisoformat(match[7])
        assert days == int(match[8]) == (last - first).days + 1
        assert year == (date(2024, 7, 1) - date(2023, 7, 1)).days
        assert (quantity * price * days / year).quantize(Decimal("0.01"), ROUND_HALF_UP) == fen
    assert [match[5] for match in found if match] == ["902.30", "737.57", "2,152.92"]
    assert main(asked) == 0
    shown = capsys.readouterr().out
    for reason in ("测试期 3 个月不计费", "目录单价由 480.00 调为 456.00", "数量由 8 变为 16", "D62-七"):
        assert reason in shown
