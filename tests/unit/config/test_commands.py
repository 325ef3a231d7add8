"""命令行：比对、解释、试算、工作日，以及中途被杀也不留半截。"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from yunheng.config.cli import main
from yunheng.documents import pdf
from yunheng.rules.money import grouped

CASES = Path(__file__).parents[2] / "cases"
PRICES = CASES / "01-年月价与测试期"


@pytest.fixture
def settled(tmp_path: Path) -> Path:
    """算好的 01 号数据包，返回 结算.json 的位置。"""
    assert main(["settle", str(PRICES), "--out", str(tmp_path / "甲"), "--json-only"]) == 0
    return tmp_path / "甲" / "结算.json"


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def test_两个引擎的结算比对说一致(settled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "乙"
    assert main(["settle", str(PRICES), "--out", str(out), "--json-only", "--engine", "oracle"]) == 0
    capsys.readouterr()
    assert main(["diff", str(settled), str(out / "结算.json")]) == 0
    assert capsys.readouterr().out.startswith("一致")


def test_R005_试算换口径后逐条说差多少_合计勾稽(
    settled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "乙"
    main(["settle", str(PRICES), "--out", str(out), "--json-only", "--convention", "K-03=fixed_365"])
    capsys.readouterr()
    assert main(["diff", str(settled), str(out / "结算.json"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "口径 K-03：actual → fixed_365" in found["others"]
    assert not found["added"]
    assert not found["gone"]
    moved = sum(round(float(change["delta"]) * 100) for change in found["changed"])
    totals = found["totals"]["账目"]
    assert moved == round(float(totals["after"]) * 100) - round(float(totals["before"]) * 100) != 0
    main(["diff", str(settled), str(out / "结算.json")])
    assert "与后者账目合计相符" in capsys.readouterr().out


def test_R073_解释测试期截断的账目_照算式手算得同一分(settled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["explain", str(settled), "--resource", "R0", "--item", "CPU"]) == 0
    text = capsys.readouterr().out
    assert "16 × 552.00 元 × 274 天 ÷ 366 天 = 6,611.93 元" in text
    assert round(16 * 552 * 274 / 366, 2) == 6611.93
    assert "2023-07-01 下发服务，测试期 3 个月不计费，2023-10-01 起计费（D62-七" in text
    assert "D62-八" in text
    assert "K-03" in text


def test_R073_每条账目都解释得出(settled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["explain", str(settled), "--json"]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert [entry["line"] for entry in explained] == load(settled)["lines"]
    assert all(f"= {grouped(entry['line']['amount'])} 元" in entry["equation"] for entry in explained)


def test_R077_数据包被改动过就不解释(settled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = CASES / "10-考核与汇总"
    assert main(["explain", str(settled), "--line", "1", "--package", str(other)]) == 1
    assert "R-077" in capsys.readouterr().err


def test_没有这条账目就说没有(settled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(settled), "--line", "9999"]) == 1
    assert "没有选中任何账目" in capsys.readouterr().err


def test_不是结算结果的文件不比对(settled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "别的.json").write_text("[1]", encoding="utf-8")
    assert main(["diff", str(settled), str(tmp_path / "别的.json")]) == 1
    assert "不是结算结果" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", ["K-02=x", "K-03=366", "K-03"])
def test_没有登记的口径是用法错误(tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    arguments = ["settle", str(PRICES), "--out", str(tmp_path / "出"), "--convention", wrong]
    assert main(arguments) == 2
    assert "口径" in capsys.readouterr().err
    assert not (tmp_path / "出").exists()


def test_账目另存Parquet_摘要不变_各列与结算相同(settled: Path, tmp_path: Path) -> None:
    out = tmp_path / "乙"
    assert main(["settle", str(PRICES), "--out", str(out), "--json-only", "--lines", "parquet"]) == 0
    content, whole = load(out / "结算.json"), load(settled)
    assert not {"lines", "disputed"} & set(content)
    assert content["digest"] == whole["digest"]
    for name, key in (("账目", "lines"), ("待核", "disputed")):
        stored = duckdb.read_parquet(str(out / f"{name}.parquet"))
        rows = [dict(zip(stored.columns, row, strict=True)) for row in stored.fetchall()]
        codes = [",".join(entry.get("differences", ())) for entry in whole[key]]
        assert [row.pop("differences") for row in rows] == codes
        assert rows == [{k: v for k, v in entry.items() if k != "differences"} for entry in whole[key]]


def test_内存给得少就落盘_摘要不变(settled: Path, tmp_path: Path) -> None:
    out = tmp_path / "乙"
    assert main(["settle", str(PRICES), "--out", str(out), "--json-only", "--memory", "256MiB"]) == 0
    assert load(out / "结算.json")["digest"] == load(settled)["digest"]


@pytest.mark.parametrize("wrong", ["4", "0GiB", "255MiB", "4gb", "-1GiB", "9999999GiB"])
def test_内存上限写得不对是用法错误(tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["settle", str(PRICES), "--out", str(tmp_path / "出"), f"--memory={wrong}"])
    assert stopped.value.code == 2
    assert "256MiB" in capsys.readouterr().err
    assert not (tmp_path / "出").exists()


def test_没有字体时先说缺什么_不算完才发现(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "FAMILIES", ("没有这种字体",))
    pdf._coverage.cache_clear()
    try:
        assert main(["settle", str(PRICES), "--out", str(tmp_path / "出")]) == 1
    finally:
        pdf._coverage.cache_clear()
    assert "apt-get install fonts-noto-cjk" in capsys.readouterr().err
    assert not (tmp_path / "出").exists()


def test_输出目录写不进去说原因_没有堆栈(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "文件").write_text("不是目录", encoding="utf-8")
    assert main(["settle", str(PRICES), "--out", str(tmp_path / "文件" / "出"), "--json-only"]) == 1
    assert "文件" in capsys.readouterr().err


def test_R006_工作日跳过国庆_未公布的年份标推定(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["workday", "2023-09-28", "+1"]) == 0
    assert capsys.readouterr().out == "2023-10-07\n"
    assert main(["workday", "2030-01-01", "+5"]) == 0
    assert "推定" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "files", "kills", "longest"),
    [
        (["--json-only"], {"结算.json", "运行记录.json"}, 12, 1.6),
        ([], {"结算.json", "运行记录.json", "结算明细.xlsx", "结算项目方案.docx", "结算项目方案.pdf"}, 8, 4.0),
    ],
    ids=["只出JSON", "连同文件"],
)
def test_任何时刻杀掉_要么没有要么完整(
    tmp_path: Path, options: list[str], files: set[str], kills: int, longest: float
) -> None:
    want = load(PRICES / "结算.json")["digest"]
    chance = random.Random(7)
    for n in range(kills):
        out = tmp_path / f"出{n}"
        command = [sys.executable, "-m", "yunheng.config.cli", "settle", str(PRICES), "--out", str(out), *options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.2, longest))
        process.kill()
        process.wait()
        if out.exists():
            assert load(out / "结算.json")["digest"] == want
            assert {path.name for path in out.iterdir() if not path.name.startswith("附件5-")} == files
