"""把下载的附件打开，与屏幕上的表单逐栏比：Word 看格子，PDF 看文字。"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import docx

from .conftest import Visitor, texts

#: 屏幕上有、附件的版面里没有这一栏的
NOT_ON_PAPER = {
    "立项文号",
    "是否涉密系统",
    "等保级别",
    "提供方",
    "使用市级政务云的理由",
    "计划上云时间",
    "属于哪种情形",
    "文件名称或会议",
    "用途",
    "用到哪天",
    "超出年度新增上限的理由",
}
#: 附件3、附件4 的版面里没有负责人和电话
NOT_ON_CHANGE = {"项目负责人", "联系方式"}


@dataclass(frozen=True)
class Printed:
    """一件事项的全部附件：Word 的各格（含段落），PDF 的文字（去掉空白）。"""

    cells: frozenset[str]
    pdf: str


def download(visitor: Visitor, number: str, annexes: tuple[int, ...], folder: Path) -> Printed:
    """在办件详情页点下载，打开。"""
    visitor.open(f"/cases/{number}/")
    cells: set[str] = set()
    pdf = ""
    for annex in annexes:
        for kind in ("docx", "pdf"):
            with visitor.page.expect_download() as waiting:
                visitor.page.click(f"a[href$='annex{annex}.{kind}']")
            path = folder / f"annex{annex}.{kind}"
            waiting.value.save_as(path)
        document = docx.Document(str(folder / f"annex{annex}.docx"))
        cells |= {cell.text for table in document.tables for row in table.rows for cell in row.cells}
        cells |= {paragraph.text for paragraph in document.paragraphs}
        command = ["pdftotext", "-raw", str(folder / f"annex{annex}.pdf"), "-"]
        pdf += "".join(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())
    return Printed(frozenset(cells), pdf)


def differences(visitor: Visitor, printed: Printed, exempt: frozenset[str] | set[str] = frozenset()) -> list[str]:
    """屏幕上的每一栏、每一格、每一个勾选，在附件里找；找不到的列出来。"""
    paper = visitor.page.locator(".paper")
    shown: list[tuple[str, str]] = []
    for label, value in paper.locator("dl.facts").evaluate_all(
        "lists => lists.flatMap(l => [...l.querySelectorAll('dt')]"
        ".map(t => [t.innerText, t.nextElementSibling.innerText]))"
    ):
        if label not in NOT_ON_PAPER | exempt and value not in ("", "—"):
            shown.append((label, value))
    headed = paper.locator("table.data").evaluate_all(
        "tables => tables.flatMap(t => [...t.querySelectorAll('tbody tr')].flatMap(r => [...r.cells].map((c, n) =>"
        " [t.querySelectorAll('thead th')[n].innerText, (c.querySelector('ins') || c).innerText])))"
    )
    for label, value in headed:
        if label not in ("行", "台数 台", "SSD", "归属") and value not in ("", "—"):
            shown.extend((label, line) for line in value.split("\n") if not line.startswith("数据备份"))
    for tick in texts(paper.locator("ul.ticks li")):
        shown.append(("勾选", tick.replace("☑", "").split()[0]))
    assert len(shown) > 5
    return [f"{label}：{value}" for label, value in shown if not _found(value.strip(), printed)]


def _found(value: str, printed: Printed) -> bool:
    """Word 的格子里有整段（或打了勾的那一项），PDF 的文字里也有。"""
    lines = [line for line in value.split("\n") if line.strip()]
    for line in lines:
        printed_lines = (row for cell in printed.cells for row in cell.split("\n"))
        whole = any(line in row and ("☐" not in row or f"☑ {line}" in row) for row in printed_lines)
        if not whole or "".join(line.split()) not in printed.pdf:
            return False
    return True
