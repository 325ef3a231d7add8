"""房子的规矩：低层不看钟，钱不用浮点，每个模块说清自己，项目只说自己的事。"""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "yunheng"
MODULES = sorted(SOURCE.rglob("*.py"))
PURE = [path for path in MODULES if path.relative_to(SOURCE).parts[0] in ("rules", "tables", "metering", "documents")]
#: 算钱的模块。不算的：documents 只把算好的数交给表格软件，单元格本来就是浮点；示例区的概率、模板的单元格同理
MONEY = [
    path
    for path in PURE
    if path.relative_to(SOURCE).parts[0] in ("rules", "metering") and path.stem not in ("example", "template")
]


def called(path: Path) -> set[str]:
    """模块里调用的名字，如 date.today、float。"""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def named(path: Path) -> str:
    return str(path.relative_to(SOURCE))


@pytest.mark.parametrize("path", PURE, ids=named)
def test_纯的几层不看钟(path: Path) -> None:
    clocks = {"date.today", "datetime.now", "datetime.today", "datetime.utcnow", "time.time", "time.localtime"}
    assert not called(path) & clocks


@pytest.mark.parametrize("path", MONEY, ids=named)
def test_算钱的两层不转浮点_不写浮点常数(path: Path) -> None:
    assert "float" not in called(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    floats = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)]
    assert not floats


def test_SQL里的钱不用浮点() -> None:
    for path in (SOURCE / "metering" / "sql").glob("*.sql"):
        text = path.read_text(encoding="utf-8").upper()
        assert not {"DOUBLE", "FLOAT", "REAL", "AVG("} & set(text.replace("(", "( ").split()), path.name


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_每个模块说清自己是什么(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_给人看的钟点都照本地的钟() -> None:
    wrong = [
        f"{named(path)}：{line.strip()}"
        for path in MODULES
        for line in path.read_text(encoding="utf-8").splitlines()
        if "%H" in line and "localtime" not in line
    ]
    assert wrong == []


def test_提交的文件里没有机器的路径和下载地址() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    # 分开写，这个文件自己也要查
    marks = [f"/{folder}/" for folder in ("work", "home", "root")] + [f"pypi{'.'}org", f"file:{'///'}"]
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if not path.is_file() or path.suffix in (".svg", ".png"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for mark in marks:
            assert mark not in text, f"{name} 里有 {mark}"
