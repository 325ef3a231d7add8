"""结算项目方案和考核表：预估不写成结算，附表再长合计也对，缺字报错不印方框，同样的内容逐字节相同。"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from docx import Document

from tests.support.papers import line, papers_of
from yunheng.documents import measured, plan
from yunheng.documents.appraisal import appraisal_form, sheet_of
from yunheng.documents.blocks import Chart, Paper, Paragraph, Table
from yunheng.documents.data import Papers
from yunheng.documents.pdf import FontProblem, chart_image, write_pdf
from yunheng.documents.sums import add_up
from yunheng.documents.word import write_word
from yunheng.rules.money import fen


def plan_of(papers: Papers) -> Paper:
    return plan.settlement_plan(papers, add_up(papers.lines(False)), add_up(papers.lines(True)))


def form_of(papers: Papers) -> Paper:
    return appraisal_form(sheet_of(papers, "CU"), "摘要")


def words(paper: Paper) -> str:
    return "\n".join(block.text for block in paper.blocks if isinstance(block, Paragraph))


def test_R080_数据截止日早于年度末日的是预估稿_不建议立项() -> None:
    paper = plan_of(papers_of([line(until="2024-02-01")], until="2024-02-01"))
    assert paper.title.endswith("（预估稿）")
    assert "只计到 2024 年 1 月 31 日" in words(paper)
    assert "建议予以立项" not in words(paper)


def test_R080_全年的是结算_建议立项() -> None:
    paper = plan_of(papers_of([line()]))
    assert "预估" not in paper.title + words(paper)
    assert "建议予以立项" in words(paper)


def test_R082_专项管理费上限是一成_舍去分以下() -> None:
    text = words(plan_of(papers_of([line(amount="199.99")])))
    assert "上限 19.99 元" in text
    assert "人民币壹拾玖元玖角玖分" in text


def test_没有账目也写得成方案(tmp_path: Path) -> None:
    paper = plan_of(papers_of([]))
    write_pdf(paper, tmp_path / "空.pdf")
    write_word(paper, tmp_path / "空.docx", chart_image)
    assert "人民币零元整" in words(paper)


def test_附表列不下的合成一行_合计仍是全部之和() -> None:
    lines = [line(project=f"P{n:03d}", amount=f"{n}.01") for n in range(measured.ANNEX_ROWS + 50)]
    papers = papers_of(lines)
    name = papers.projects["P01"]
    paper = plan_of(replace(papers, projects={entry.project: name for entry in lines}))
    table = next(block for block in paper.blocks if isinstance(block, Table) and block.columns[0].name == "项目"
                 and block.columns[-1].name == "金额")  # fmt: skip
    assert len(table.rows) == measured.ANNEX_ROWS + 1
    *body, total = [fen(row[-1].replace(",", "")) for row in table.rows]
    assert sum(body) == total == sum(fen(entry.amount) for entry in lines)
    assert table.rows[-2][0] == "其余 51 行"


def test_字体里没有的字报错并写出是哪个字_不印方框(tmp_path: Path) -> None:
    paper = Paper("标题", "副题", "", (Paragraph("用户名\U0010fffd系统"),))
    with pytest.raises(FontProblem, match=r"U\+10FFFD"):
        write_pdf(paper, tmp_path / "缺字.pdf")
    assert not (tmp_path / "缺字.pdf").exists()


def test_typst的记号照字面印_不当成排版命令(tmp_path: Path) -> None:
    paper = Paper("#panic()", "*粗* $x$", "", (Paragraph('#import "x": * <b>&amp; ]'),))
    write_pdf(paper, tmp_path / "甲.pdf")
    write_word(paper, tmp_path / "甲.docx", chart_image)
    assert '#import "x": * <b>&amp; ]' in [p.text for p in Document(str(tmp_path / "甲.docx")).paragraphs]


def test_同样的内容两次写出逐字节相同(tmp_path: Path) -> None:
    paper = plan_of(papers_of([line()]))
    for name in ("甲", "乙"):
        write_pdf(paper, tmp_path / f"{name}.pdf")
        write_word(paper, tmp_path / f"{name}.docx", chart_image)
    for kind in ("pdf", "docx"):
        assert (tmp_path / f"甲.{kind}").read_bytes() == (tmp_path / f"乙.{kind}").read_bytes()


def test_按月的图摊完一分不差() -> None:
    sums = add_up([line(start="2023-07-15", until="2024-07-01", amount="1000.01"), line(amount="0.07")])
    assert sum(sums.by_month.values()) == sums.total == 100008
    assert next(iter(sums.by_month)) == "2023-07"


def test_R091_考核表七项照原表_没有满意率的不写扣减() -> None:
    papers = papers_of([line()])
    entry = {**papers.result["assessments"][0], "total": None, "deduction_rate": None}
    entry["scores"] = {**entry["scores"], "G": None}
    unmarked = replace(papers, result={**papers.result, "assessments": [entry]}, satisfaction={})
    table = next(block for block in form_of(unmarked).blocks if isinstance(block, Table))
    assert [row[0][-2] for row in table.rows[:7]] == list("ABCDEFG")
    assert table.rows[6][4:] == ("没有满意率", "—", "—")
    assert "未考核" in words(form_of(unmarked))
    assert "不扣减结算金额" in words(form_of(papers))


def test_没有这个服务商的考核表不能出() -> None:
    with pytest.raises(KeyError):
        sheet_of(papers_of([line()]), "XX")


def test_图的标签和数一一对应() -> None:
    charts = [block for block in plan_of(papers_of([line()])).blocks if isinstance(block, Chart)]
    assert [chart.caption[:3] for chart in charts] == ["图 1", "图 2", "图 3"]
    assert all(len(chart.labels) == len(chart.values) == len(chart.shown) for chart in charts)
    assert chart_image(charts[0]).startswith(b"\x89PNG")
