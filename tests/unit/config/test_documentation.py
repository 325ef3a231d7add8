"""文档说的与程序做的一致：数据包的表和列、口径、命令，一个不多一个不少。"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from yunheng.config.cli import main
from yunheng.metering.format import TABLES, Table
from yunheng.rules.conventions import CONVENTIONS

DOCS = Path(__file__).parents[3] / "docs"


def sections(name: str) -> dict[str, str]:
    """二级标题 → 正文。"""
    parts = re.split(r"^## +(.+)$", (DOCS / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def table_rows(text: str) -> list[list[str]]:
    """正文里第一张表的各行，不含表头。"""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_数据包格式列出的表不多不少() -> None:
    assert list(sections("数据包格式.md"))[1 : len(TABLES) + 1] == [table.name for table in TABLES]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_数据包格式的每一列与程序相同(table: Table) -> None:
    text = sections("数据包格式.md")[table.name]
    rows = table_rows(text)
    assert [(row[0], row[1] == "是") for row in rows] == [(c.name, c.required) for c in table.columns]
    for column, row in zip(table.columns, rows, strict=True):
        if column.choices:
            assert row[2] == "、".join(column.choices)
        elif column.kind == "number":
            assert f"整数最多 {column.digits} 位" in row[2]
            assert (f"小数最多 {column.decimals} 位" in row[2]) == bool(column.decimals)
        else:
            assert row[2] == {"text": "文本", "date": "日期", "year": "四位数字的年度"}[column.kind]
    assert ("必须存在" in text) == table.required
    for key in table.key:
        assert key in re.findall(r"主键：(.+?)。", text)[0]


def test_口径文档列出每个口径_每个选项_默认() -> None:
    documented = sections("口径.md")
    for code, rule in CONVENTIONS.items():
        text = next(body for title, body in documented.items() if title.startswith(f"{code} "))
        options = [row[0] for row in table_rows(text)]
        assert options == [f"`{o}`（默认）" if o == rule.default else f"`{o}`" for o in rule.options]


def test_命令文档与程序的命令相同(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    offered = set(re.findall(r"^    (\w+) ", capsys.readouterr().out, flags=re.MULTILINE))
    documented = set(
        re.findall(r"^\| `(\w+)[ `]", (DOCS / "命令行.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    assert documented == offered
