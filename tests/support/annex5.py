"""造一份附件5 样子的 Word：表和末段照官方的摆法，文字是编的。"""

from __future__ import annotations

import io
from collections.abc import Sequence

from docx import Document

from yunheng.rules.scoring import INDICATORS

TITLES = ("考核指标", "分值", "评分标准", "指标解释")
PENALTIES = {"A": "1", "B": "5", "C": "3", "D": "5", "E": "5", "F": "3", "G": "2"}
CLOSING = (
    "编的末段：得分要管钱，",
    "总分不到 90 分，少给 5%，即扣；",
    "总分不到 80 分，少给 10%，即扣；",
    "总分不到 70 分，少给 15%，即扣；",
    "以此类推。",
)


def rows() -> list[list[str]]:
    """七行：叫法、分值、编的评分标准、编的指标解释。"""
    return [
        [
            f"{one.name} ({letter})",
            "40" if letter == "G" else "10",
            f"编的标准{letter}：每回减 {PENALTIES[letter]}。",
            f"编的解释{letter}：\n第二行。",
        ]
        for letter, one in INDICATORS.items()
    ]


def annex5(
    table: Sequence[Sequence[str]] | None = None,
    closing: Sequence[str] = CLOSING,
    before: Sequence[str] = ("附件 5", "示例区云服务商绩效考核表"),
    titles: Sequence[str] = TITLES,
    after: Sequence[str] = (),
    merged: str = "",
) -> bytes:
    """这份 Word 的字节；`merged` 是表尾合成一格的一行。"""
    given = rows() if table is None else table
    document = Document()
    for text in before:
        document.add_paragraph(text)
    made = document.add_table(rows=0, cols=len(titles))
    for row in [titles, *given]:
        cells = made.add_row().cells
        for cell, text in zip(cells, row, strict=True):
            cell.text = text
    if merged:
        cells = made.add_row().cells
        cells[0].merge(cells[-1]).text = merged
    for text in (*closing, *after):
        document.add_paragraph(text)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
