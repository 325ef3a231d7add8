"""命令的两个输出：打不出去的说、编码写不了中文的照写、关了标准错误的不印到标准输出；写了两遍而不同的选项不猜。"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from yunheng.config.cli import main

CASE = Path(__file__).parents[2] / "cases" / "10-考核与汇总"


def run(words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """在 shell 里跑一条命令，`words` 里写转向。"""
    command = f"{sys.executable} -m yunheng.config.cli {words}"
    given = {**os.environ, **environment}
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, env=given)


@pytest.mark.parametrize("words", ["--help", "--version", "settle --help"])
def test_帮助打到满了的盘_不说成了(words: str) -> None:
    done = run(f"{words} >/dev/full")
    assert done.returncode == 3
    assert "磁盘满了" in done.stderr
    assert "Traceback" not in done.stderr
    assert run(words).returncode == 0


def test_关了标准错误的_照常结算_提醒不印进标准输出(tmp_path: Path) -> None:
    out = tmp_path / "出"
    done = run(f"settle '{CASE}' --out '{out}' --json-only --json 2>&-")
    assert done.returncode == 0
    content = json.loads(done.stdout)
    assert content["warnings"]
    assert (out / "结算.json").exists()
    # 出错的也一样：什么都不写，退出码照说
    done = run(f"settle '{tmp_path / '没有'}' --out '{tmp_path / '另'}' 2>&-")
    assert (done.returncode, done.stdout) == (1, "")
    assert not (tmp_path / "另").exists()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "gbk", "utf-8"])
def test_终端的编码写不了中文_也说中文_不说英文的错(tmp_path: Path, encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "yunheng.config.cli", "check", str(tmp_path / "没有𠮷")],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
    )
    said = done.stderr.decode("gbk" if encoding == "gbk" else "utf-8")
    assert done.returncode == 1
    assert "找不到数据包" in said
    assert "codec" not in said


def test_编码写不了中文_帮助照样打得出来() -> None:
    done = run("--help", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "云衡" in done.stdout


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--convention", "K-01=same_day", "--convention", "K-01=civil_code"], "口径 K-01 写了两遍"),
        (["--out", "另一个"], "--out 写了两遍"),
        (["--memory", "1GiB", "--memory", "2GiB"], "--memory 写了两遍"),
        (["--engine", "oracle", "--engine", "columnar"], "--engine 写了两遍"),
    ],
)
def test_同一个选项写了两遍而不同_是用法错误(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: list[str], said: str
) -> None:
    words = ["settle", str(CASE), "--out", str(tmp_path / "出"), *given]
    try:
        code = main(words)
    except SystemExit as stopped:
        code = int(stopped.code or 0)
    assert code == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_同一个选项写了两遍而相同_照办(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, twice = str(tmp_path / "出"), ["--convention", "K-03=fixed_365"] * 2
    assert main(["settle", str(CASE), "--out", out, "--out", out, "--json-only", *twice]) == 0
    assert "摘要" in capsys.readouterr().out
