"""日期的写法：给人看的一律“至（含）”；CSV、JSON、数据包才是半开的“止（不含）”，列名写明。"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "yunheng"
TEMPLATES = sorted(SOURCE.rglob("templates/**/*.*"))
MODULES = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)
#: 半开的止日：模板里写出来要用 through，只有“……起”“……以前”说的是次日
_OPEN = re.compile(r"\{\{\s*([\w.]*(?:until(?:_on)?|ends_on|upper|ended_on))\s*\|\s*(?:day|date)[^}]*\}\}\s*(\S?)")
#: 不是止日的“不含”：时限自次日起数；说明里不是日期的
_OTHER = ("不含收到当日", "要么不含双引号", "不合 CSV", "不含表头", "各档（起含、止不含）")
#: 给机器的：数据包的列、汇交的 CSV；库里的列名
_MACHINE = {
    "metering/format.py",  # 数据包各列的说明
    "metering/checking.py",  # 说的是数据包“止”一列的值
    "settlement/handover.py",  # 汇交的 CSV 的列名
    "settlement/bill/focus_rules.py",  # FOCUS 的 CSV 各列出自哪里
}


def named(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def spoken(path: Path) -> Iterator[str]:
    """模块里会说给人的文字：字符串常数，不算文档和库里的列名。"""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    quiet = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            quiet.add(node.value)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("models."):
            quiet.update(one for one in node.args if isinstance(one, ast.Constant))
            quiet.update(one.value for one in node.keywords if isinstance(one.value, ast.Constant))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in quiet:
            yield node.value


def left(text: str) -> str:
    """去掉不是止日的“不含”。"""
    for words in _OTHER:
        text = text.replace(words, "")
    return text


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_页面上没有不含的止日(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "不含" not in left(text)
    bare = [found[0] for found in _OPEN.finditer(text) if found[2] not in ("起", "以")]
    assert not bare, "半开的止日给人看要用 through，写末日（含）"


@pytest.mark.parametrize("path", [path for path in MODULES if named(path) not in _MACHINE], ids=named)
def test_说给人的话里没有不含的止日(path: Path) -> None:
    assert [text for text in spoken(path) if "不含" in left(text)] == []


@pytest.mark.parametrize("name", sorted(_MACHINE))
def test_列着给机器的_真有写明不含的列(name: str) -> None:
    assert any("不含" in left(text) for text in spoken(SOURCE / name))


def test_查得出_不是怎么写都过(tmp_path: Path) -> None:
    wrong = tmp_path / "x.py"
    wrong.write_text('"""止（不含）。"""\nwords = f"至 {until}（不含）"\nplain = "自次日起，不含收到当日"\n', "utf-8")
    assert [text for text in spoken(wrong) if "不含" in left(text)] == ["（不含）"]
    assert _OPEN.search("{{ line.until_on|day }}（含）")
    assert _OPEN.search("{{ due.until_on|day }} 起汇交")[2] == "起"  # type: ignore[index]
    assert not _OPEN.search("{{ line.until_on|through }}（含）")
