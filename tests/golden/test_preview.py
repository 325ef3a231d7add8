"""网页预览与 Word 一字不差：示例区的方案，同一份内容排两样，文字按次序逐段相等（R-080，ux 2.7）。"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import docx
import pytest
from docx.table import Table as WordTable

from yunheng.documents import html
from yunheng.documents.blocks import Chart, Paper, from_json, to_json
from yunheng.documents.pdf import chart_image
from yunheng.documents.plan import settlement_plan
from yunheng.documents.sums import add_up
from yunheng.documents.word import write_word
from yunheng.metering import engine
from yunheng.metering.opening import opened
from yunheng.settlement.plans.papers import gather

PUBLISHED = Path(__file__).parents[2] / "examples" / "songjiang-2023"


@pytest.fixture(scope="module")
def paper() -> Paper:
    """示例区的方案；存过再读，与网页上看的一样。"""
    with opened(PUBLISHED) as package:
        papers = gather(package, engine.settle(package), "sm3:" + "0" * 64)
        made = settlement_plan(papers, add_up(papers.lines(False)), add_up(papers.lines(True)))
    return from_json(to_json(made))


class _Texts(HTMLParser):
    """一格、一段、一个标题各是一条文字；图的数据表单放。"""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.chart: list[str] = []
        self.open = False
        self.in_chart = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table" and dict(attrs).get("class") == "chart-data":
            self.in_chart = True
        elif tag == "br":
            self._into()[-1] += "\n"
        elif tag in ("p", "h2", "h3", "td", "th", "caption"):
            self.open = True
            self._into().append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self.in_chart = False
        elif tag in ("p", "h2", "h3", "td", "th", "caption"):
            self.open = False

    def handle_data(self, data: str) -> None:
        assert self.open, f"不在段落和格子里的文字：{data}"
        self._into()[-1] += data

    def _into(self) -> list[str]:
        return self.chart if self.in_chart else self.texts


def read(paper: Paper) -> _Texts:
    found = _Texts()
    found.feed("".join(html.block_html(block, number) for number, block in enumerate(paper.blocks)))
    return found


def word_texts(path: Path) -> Iterator[str]:
    for one in docx.Document(str(path)).iter_inner_content():
        if isinstance(one, WordTable):
            yield from (cell.text for row in one.rows for cell in row.cells)
        elif one.text.strip():
            yield one.text


def test_R080_网页预览的文字与Word按次序逐条相同(paper: Paper, tmp_path: Path) -> None:
    write_word(paper, tmp_path / "方案.docx", chart_image)
    title, subtitle, *body = word_texts(tmp_path / "方案.docx")
    assert (title, subtitle) == (paper.title, paper.subtitle)
    assert read(paper).texts == body
    assert len(body) > 1000


def test_R080_图在网页上是数据表_标签和数一个不少(paper: Paper) -> None:
    charts = [block for block in paper.blocks if isinstance(block, Chart)]
    expected = [text for chart in charts for pair in zip(chart.labels, chart.shown, strict=True) for text in pair]
    assert [text for text in read(paper).chart if text] == expected
    assert len(charts) == 3


def test_左边各章的锚点_页上都有(paper: Paper) -> None:
    page = "".join(html.block_html(block, number) for number, block in enumerate(paper.blocks))
    chapters = html.outline(paper)
    assert chapters[0][1] == "一、项目概况"
    assert len(chapters) == 15
    for anchor, title in chapters:
        assert f'<h2 id="{anchor}">{title}</h2>' in page
