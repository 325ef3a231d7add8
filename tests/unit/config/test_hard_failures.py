"""命令遇到坏的 结算.json、断了的管道、满了的磁盘：先说改动过，逐条说结构，退出码分得清，没有堆栈、没有空白的错。"""

from __future__ import annotations

import errno
import json
import random
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from yunheng.config.cli import main
from yunheng.metering import result
from yunheng.metering.opening import opened
from yunheng.metering.problems import NoRoom
from yunheng.rules.money import fen

CASES = Path(__file__).parents[2] / "cases"
CASE = CASES / "10-考核与汇总"
ORIGINAL = CASE / "结算.json"


@pytest.fixture
def spoiled(tmp_path: Path) -> Callable[..., Path]:
    """改一改 结算.json；`honest` 连摘要一起改。"""

    def make(change: Callable[[Any], None], honest: bool, base: Path = ORIGINAL) -> Path:
        content = json.loads(base.read_text(encoding="utf-8"))
        change(content)
        if honest:
            content["digest"] = result.digest_of(content)
        path = tmp_path / "改.json"
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return path

    return make


Spoiled = Callable[..., Path]


def _pay_more(content: Any) -> None:
    content["lines"][0]["amount"] = "9999.00"


@pytest.mark.parametrize("command", ["diff", "explain"])
def test_改过一分而没改摘要_先说文件被改动过(
    spoiled: Spoiled, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    path = str(spoiled(_pay_more, False))
    assert main(["diff", str(ORIGINAL), path] if command == "diff" else ["explain", path, "--line", "1"]) == 1
    assert "文件被改动过" in capsys.readouterr().err.splitlines()[0]


@pytest.mark.parametrize("command", ["diff", "explain"])
def test_改了金额又塞不成字的转义_不能躲过摘要的核对(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    content = json.loads(ORIGINAL.read_text(encoding="utf-8"))
    _pay_more(content)
    content["lines"][0]["unit"] = "\ud800"
    path = tmp_path / "改.json"
    path.write_text(json.dumps(content), encoding="ascii")
    assert main(["diff", str(ORIGINAL), str(path)] if command == "diff" else ["explain", str(path)]) == 1
    printed = capsys.readouterr()
    assert "不成字的转义" in printed.err
    assert "9999.00" not in printed.out


def test_同一处写了两条_拒绝(spoiled: Spoiled, capsys: pytest.CaptureFixture[str]) -> None:
    def change(content: Any) -> None:
        content["summary"]["unified"].append(content["summary"]["unified"][0] | {"net": "0.01"})
        content["assessments"].append(content["assessments"][0] | {"total": "77"})

    assert main(["diff", str(ORIGINAL), str(spoiled(change, True))]) == 1
    said = capsys.readouterr().err
    assert "summary.unified 第" in said
    assert "assessments 第" in said
    assert said.count("是同一处") == 2


def test_缺键坏类型逐条报(spoiled: Spoiled, capsys: pytest.CaptureFixture[str]) -> None:
    def change(content: Any) -> None:
        del content["lines"][0]["amount"]
        content["lines"][1]["days"] = "三"
        content["summary"]["unified_net"] = 5
        content["conventions"] = []
        del content["warnings"]
        content["assessments"][0]["scores"]["A"] = []

    assert main(["diff", str(ORIGINAL), str(spoiled(change, True))]) == 1
    said = capsys.readouterr().err
    for fragment in (
        "lines 第 1 条 缺少 amount",
        "lines 第 2 条 days 应为整数",
        "summary.unified_net 应为两位小数",
        "conventions 应为一个对象",
        "缺少 warnings",
        "scores.A 应为",
    ):
        assert fragment in said
    assert "被改动过" not in said


def _set(*place: Any) -> Callable[[Any], None]:
    *path, key, value = place

    def change(content: Any) -> None:
        for step in path:
            content = content[step]
        content[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("lines", 0, "amount", "9999.00"), "改  U1 P1"),
        (_set("lines", 0, "order", "W999"), "order：W101 → W999"),
        (_set("assessments", 0, "scores", "B", "0.5"), "指标 B"),
        (_set("assessments", 0, "total", "1"), "总分"),
        (_set("assessments", 0, "deduction_rate", "0.35"), "扣减比例"),
        (_set("tier_prices", [{"item": "甲", "average_price": "1.5"}]), "全市平均单价 甲"),
        (_set("summary", "unified", 0, "deduction", "0.01"), "汇总 统一支付"),
        (_set("summary", "disputed_gross", "7.00"), "待核合计"),
        (_set("summary", "supervision_fee_cap", "7.00"), "专项管理费上限"),
        (_set("conventions", "K-03", "fixed_365"), "口径 K-03"),
        (_set("district", "别的区"), "区：松江区 → 别的区"),
        (_set("version", 2), "版本：1 → 2"),
        (lambda content: content["lines"].reverse(), "先后不同"),
        (lambda content: content["disputed"].append(content["lines"][0] | {"differences": ["D3"]}), "待核增"),
    ],
)
def test_每种不同都说得出(
    spoiled: Spoiled, capsys: pytest.CaptureFixture[str], change: Callable[[Any], None], said: str
) -> None:
    path = str(spoiled(change, True))
    assert main(["diff", str(ORIGINAL), path]) == 0
    assert said in capsys.readouterr().out
    assert main(["diff", str(ORIGINAL), path, "--json"]) == 0
    assert not json.loads(capsys.readouterr().out)["same"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_set("differences", 0, "ruling", "部分"), "裁定：无 → 部分"),
        (_set("differences", 0, "resource", "别的"), "差异增  "),
        (lambda content: content["differences"].pop(), "差异减  "),
    ],
)
def test_差异的不同逐条说(
    spoiled: Spoiled, capsys: pytest.CaptureFixture[str], change: Callable[[Any], None], said: str
) -> None:
    base = CASES / "08-差异边界" / "结算.json"
    assert main(["diff", str(base), str(spoiled(change, True, base))]) == 0
    assert said in capsys.readouterr().out


def test_解释不给选择_先给一页摘要和怎样选(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(ORIGINAL)]) == 0
    shown = capsys.readouterr().out
    assert "--line N" in shown
    assert "松江区 2023 服务年度" in shown


def test_账目另存Parquet的两份也比得(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    package = tmp_path / "包"
    shutil.copytree(CASE, package)
    (package / "结算.json").unlink()
    assert main(["settle", str(package), "--out", str(tmp_path / "出"), "--json-only", "--lines", "parquet"]) == 0
    capsys.readouterr()
    mine = tmp_path / "出" / "结算.json"
    assert main(["diff", str(mine), str(ORIGINAL)]) == 0
    assert capsys.readouterr().out.startswith("一致")
    shutil.copy(tmp_path / "出" / "账目.parquet", tmp_path / "出" / "待核.parquet")
    assert main(["diff", str(mine), str(ORIGINAL)]) == 1
    assert "被改动过" in capsys.readouterr().err
    (tmp_path / "出" / "待核.parquet").unlink()
    assert main(["diff", str(mine), str(ORIGINAL)]) == 1
    assert "旁边没有 待核.parquet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 3, "磁盘满了"),
        (MemoryError(), 3, "内存不够"),
        (ValueError(), 1, "程序没有说明缘由"),
        (ValueError("invalid literal for int()"), 1, "程序没有说明缘由"),
        (ValueError("金额不对"), 1, "金额不对"),
        (KeyError("x"), 3, "程序出错"),
        (OSError(errno.ENOTCONN, "Socket is not connected"), 3, "系统出错，错误号"),
        (duckdb.InternalException("INTERNAL Error: oops"), 3, "计算用的库出错"),
        (psycopg.OperationalError("connection refused"), 3, "数据库连不上"),
        (psycopg.errors.UndefinedTable("relation does not exist"), 3, "先升级"),
        (BrokenPipeError(), 0, ""),
    ],
)
def test_退出码分得清_没有空白的错(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception, code: int, said: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("yunheng.config.settling.check", fail)
    assert main(["check", str(CASE)]) == code
    printed = capsys.readouterr().err
    assert said in printed
    assert bool(printed.strip()) == (code != 0)
    # 库的原话不上屏幕，另记着
    for tail in ("invalid literal", "Socket is", "INTERNAL", "refused", "relation", "KeyError"):
        assert tail not in printed
    if found := re.search(r"原话记在 (\S+\.log)", printed):
        kept = Path(found[1])
        assert type(error).__name__ in kept.read_text(encoding="utf-8")
        kept.unlink()
    assert bool(found) == (code != 0 and said not in ("磁盘满了", "内存不够", "金额不对"))


def test_管道断了静静退出() -> None:
    command = f"{sys.executable} -m yunheng.config.cli rules list | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.fixture
def many_errors(tmp_path: Path) -> Path:
    """一个有几千处错的包：打印得多，管道断得了。"""
    folder = tmp_path / "错得多"
    shutil.copytree(CASE, folder, ignore=shutil.ignore_patterns("结算.json"))
    with (folder / "项目.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"X{n},名,没有这个单位,区级\n" for n in range(5000))
    return folder


@pytest.mark.parametrize("options", ["", "--json"])
@pytest.mark.parametrize(
    ("to", "codes", "words"), [("| head -c 10", {0}, ""), (">/dev/full", {3}, "磁盘满了"), (">&-", {1}, "")]
)
def test_报错的时候管道断了_盘满了_没有标准输出_都没有堆栈(
    many_errors: Path, options: str, to: str, codes: set[int], words: str
) -> None:
    command = f"{sys.executable} -m yunheng.config.cli check '{many_errors}' {options} {to}; exit $PIPESTATUS"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    # 没有 --json 的只往标准错误打印，标准输出断不断都退出 1
    assert words in done.stderr or not options
    assert done.returncode in (codes if options else {1})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["export", "二三"], "应为整数"),
        (["settle", "x", "--out", "y", "--js"], "选项没有写全"),
        (["settle", "x", "--out", "y", "--json=1"], "不跟值"),
    ],
)
def test_用法错误没有英文(capsys: pytest.CaptureFixture[str], given: list[str], said: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(given)
    assert stopped.value.code == 2
    printed = capsys.readouterr().err.splitlines()[-1]
    assert said in printed
    assert not re.search(r"invalid|ambiguous|could match|ignored", printed)


def test_模板写到没有的目录_先建目录_文件名不是xlsx的拒绝(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["template", str(tmp_path / "新" / "模板.xlsx")]) == 0
    assert main(["template", str(tmp_path / "模板.csv")]) == 1
    assert "以 .xlsx 结尾" in capsys.readouterr().err
    assert not (tmp_path / "模板.csv").exists()


@pytest.mark.parametrize(("command", "name"), [("template", "模板.xlsx"), ("example", "例.xlsx"), ("example", "例")])
def test_写到一半盘满了_不留半份(tmp_path: Path, command: str, name: str) -> None:
    target = tmp_path / name
    line = f"ulimit -f 4; {sys.executable} -m yunheng.config.cli {command} '{target}'"
    done = subprocess.run(["bash", "-c", f"trap '' XFSZ; {line}"], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "文件太大" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_展开压缩包时盘满了_是环境的错(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "包.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for one in CASE.iterdir():
            archive.write(one, one.name)

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("yunheng.metering.unpacking._write", full)
    assert main(["settle", str(path), "--out", str(tmp_path / "出"), "--json-only"]) == 3


def test_选的资源都在待核_说在待核(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settle", str(CASES / "08-差异边界"), "--out", str(tmp_path / "出"), "--json-only"]) == 0
    content = json.loads((tmp_path / "出" / "结算.json").read_text(encoding="utf-8"))
    held = {one["resource"] for one in content["disputed"]} - {one["resource"] for one in content["lines"]}
    assert held
    capsys.readouterr()
    assert main(["explain", str(tmp_path / "出" / "结算.json"), "--resource", min(held)]) == 1
    assert "都在待核" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["1", "1.5", "1.234", "１.00", "+1.00", " 1.00", "1e2", "1,000.00", "", "1.00\n", "nan"]
)
def test_金额只收两位小数(text: str) -> None:
    with pytest.raises(ValueError, match="两位小数"):
        fen(text)


# ── 随机弄坏的包 ──


def _package(kind: str, folder: Path) -> Path:
    if kind == "目录":
        target = folder / "包"
        shutil.copytree(CASE, target)
        (target / "结算.json").unlink()
        return target
    target = folder / f"包.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(CASE.iterdir()):
                archive.write(path, path.name)
    elif kind == "json":
        shutil.copy(ORIGINAL, target)
    else:
        shutil.copy(Path(__file__).parents[2] / "faults" / "x-percent.xlsx", target)
    return target


def _damage(target: Path, chance: random.Random) -> None:
    """截断，或翻几个字节。"""
    path = chance.choice(sorted(target.iterdir())) if target.is_dir() else target
    content = bytearray(path.read_bytes())
    if chance.random() < 0.4:
        del content[chance.randrange(len(content)) :]
    for _ in range(chance.choice((1, 1, 3, 20))):
        if content:
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(content))


def _command(kind: str, target: Path, folder: Path, chance: random.Random) -> list[str]:
    if kind == "json":
        return chance.choice((["diff", str(ORIGINAL), str(target)], ["explain", str(target)]))
    return ["settle", str(target), "--out", str(folder / "出"), "--json-only"]


def _broken(seed: int, folder: Path) -> list[str]:
    chance = random.Random(seed)
    kind = ("目录", "zip", "xlsx", "json")[seed % 4]
    target = _package(kind, folder)
    _damage(target, chance)
    return _command(kind, target, folder, chance)


def _hold(seed: int, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(_broken(seed, folder))
    printed = capsys.readouterr()
    assert code in (0, 1), f"种子 {seed}：{printed.err}"
    assert "Traceback" not in printed.err
    assert code == 0 or printed.err.strip(), f"种子 {seed} 的错是空白的"
    assert "程序出错" not in printed.err


@pytest.mark.parametrize("block", range(10))
def test_随机截断翻字节的包_没有堆栈没有空白(tmp_path: Path, capsys: pytest.CaptureFixture[str], block: int) -> None:
    for seed in range(block * 20, block * 20 + 20):
        (folder := tmp_path / str(seed)).mkdir()
        _hold(seed, folder, capsys)


def test_随机弄坏的包走真命令(tmp_path: Path) -> None:
    for seed in range(900_000, 900_020):
        (folder := tmp_path / str(seed)).mkdir()
        done = subprocess.run(
            [sys.executable, "-m", "yunheng.config.cli", *_broken(seed, folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, 1), done.stderr
        assert "Traceback" not in done.stderr
        assert done.returncode == 0 or done.stderr.strip()


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1_000, 3_000))
def test_两千个弄坏的包(tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: int) -> None:
    _hold(seed, tmp_path, capsys)


def test_坏了的Parquet_说一句中文_没有库的英文(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "出"
    package = tmp_path / "包"
    shutil.copytree(CASE, package, ignore=shutil.ignore_patterns("结算.json"))
    assert main(["settle", str(package), "--out", str(out), "--json-only", "--lines", "parquet"]) == 0
    (out / "账目.parquet").write_bytes(b"PAR1")
    capsys.readouterr()
    assert main(["diff", str(out / "结算.json"), str(ORIGINAL)]) == 1
    said = capsys.readouterr().err
    assert "账目.parquet 读不出来：没有传完，或不是 Parquet" in said
    assert not re.search(r"Error|too small|Invalid", said)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (duckdb.OutOfMemoryException("failed to allocate block"), "内存不够，没有写任何文件；调大 --memory"),
        (MemoryError(), "内存不够，没有写任何文件；调大 --memory"),
        (duckdb.IOException("Could not write file"), "写不下或读写出错，没有写任何文件"),
    ],
)
def test_内存磁盘不够_分得清是哪一样_没有库的英文(error: Exception, words: str) -> None:
    with pytest.raises(NoRoom, match=words) as caught, opened(CASE):
        raise error
    assert not re.search("allocate|Could not", str(caught.value))


@pytest.mark.parametrize("place", ["head", "line"])
def test_结算里同一个键写了两遍的_不取后一个(tmp_path: Path, capsys: pytest.CaptureFixture[str], place: str) -> None:
    text = ORIGINAL.read_text(encoding="utf-8")
    key, twice = ('"district":', '"district": "别的区", "district":') if place == "head" else (
        '"quantity":', '"quantity": "9999", "quantity":'
    )  # fmt: skip
    assert key in text
    path = tmp_path / "改.json"
    path.write_text(text.replace(key, twice, 1), encoding="utf-8")
    for words in (["diff", str(ORIGINAL), str(path)], ["explain", str(path)]):
        assert main(words) == 1
        assert f"同一个键写了两遍：{key.strip(':')[1:-1]}" in capsys.readouterr().err
