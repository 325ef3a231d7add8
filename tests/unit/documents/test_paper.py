"""结算项目方案和考核表：预估不写成结算，附表再长合计也对，缺字报错不印方框，同样的内容逐字节相同。"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from docx import Document

from tests.support.papers import line, papers_of
from yunheng.documents import measured, plan
from yunheng.documents.appraisal import appraisal_form, sheet_of
from yunheng.documents.blocks import Chart, Paper, Paragraph, Slot, Table
from yunheng.documents.data import Papers
from yunheng.documents.money import amount_in_words
from yunheng.documents.pdf import FontProblem, chart_image, write_pdf
from yunheng.documents.sums import add_up
from yunheng.documents.word import write_word
from yunheng.rules.money import fen
from yunheng.rules.parameters import Value


def plan_of(papers: Papers) -> Paper:
    return plan.settlement_plan(papers, add_up(papers.lines(False)), add_up(papers.lines(True)))


def form_of(papers: Papers) -> Paper:
    return appraisal_form(sheet_of(papers, "CU"), "摘要")


def words(paper: Paper) -> str:
    return "\n".join(block.text for block in paper.blocks if isinstance(block, Paragraph))


def test_R080_数据截止日早于年度末日的是预估稿_不建议立项() -> None:
    paper = plan_of(papers_of([line(until="2024-02-01")], until="2024-02-01"))
    assert paper.title.endswith("（预估稿）")
    assert "只计到 2024 年 1 月 31 日（含）" in words(paper)
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


# ── 绩效目标：现值、达标与否 ──


def goals(papers: Papers) -> list[tuple[str, ...]]:
    """绩效目标表里各行的（指标, 目标, 现值, 达标与否）。"""
    (table,) = [b for b in plan_of(papers).blocks if isinstance(b, Table) and b.slot == "goals"]
    return [tuple(map(str, row)) for row in table.rows]


def test_R077_真有人复算相符才写摘要相同_没有复算_不一致的照实写() -> None:
    papers = papers_of([line()])

    def quality(recheck: tuple[str, bool] | None) -> tuple[str, ...]:
        return goals(replace(papers, written=replace(papers.written, recheck=recheck)))[1][2:]

    assert quality(None) == ("还没有第三方复算", "还不能评")
    assert quality(("某某 2024-09-20 复算，摘要相同", True)) == ("某某 2024-09-20 复算，摘要相同", "达标")
    assert quality(("某某 2024-09-20 复算，摘要不同", False)) == (
        "某某 2024-09-20 复算，摘要不同",
        "未达标：复算不一致",
    )


def test_R080_绩效目标逐行写现值和达标与否_满意率照参数比_目标改过的由人评() -> None:
    papers = replace(papers_of([line()]), satisfaction={"CU": "89.9"})
    name = papers.providers["CU"]
    assert [row[3] for row in goals(papers)] == ["达标", "还不能评", "达标", "支付以后评", f"未达标：{name}"]
    assert goals(replace(papers, satisfaction={"CU": "90"}))[4][2:] == (f"{name} 90%", "达标")
    assert goals(replace(papers, satisfaction={}))[4][2:] == ("未调查", "还不能评")
    changed = (*papers.written.goals[:4], ("满意度", "满意率不低于 85%"))
    rows = goals(replace(papers, written=replace(papers.written, goals=changed)))
    assert rows[4][2:] == (f"{name} 89.9%", "目标值改过，由人评")


def test_R080_预估稿的目标还不能评_有待核的数量未达标() -> None:
    early = goals(papers_of([line(until="2024-02-01")], until="2024-02-01"))
    assert [row[3] for row in early[:3]] == ["还不能评"] * 3
    held = goals(papers_of([line()], [line(differences="D5")]))
    assert held[0][2:] == ("账目 1 条，待核 1 条", "未达标：1 条待核")


# ── 扣前、扣后，预算合计 ──


def test_R078_方案里的统一支付_自行支付都写明扣前扣后_占比写明占谁的() -> None:
    paper = plan_of(papers_of([line(), line(payer="self")]))
    columns = {c.name for b in paper.blocks if isinstance(b, Table) for c in b.columns}
    assert {"统一支付（扣前）", "自行支付（扣前）", "结算（扣前）", "应付（扣后）", "占账目合计"} <= columns
    assert not {"统一支付", "自行支付", "占比"} & columns
    assert "统一支付（扣前）结算金额" in words(paper)


def test_R004_服务年度首日_管理费上限照参数写(monkeypatch: pytest.MonkeyPatch) -> None:
    from yunheng.rules import rulebook

    book = rulebook.built_in()
    real = rulebook.RuleBook.settled

    def settled(self: rulebook.RuleBook, key: str, on: date) -> Value:
        found = real(self, key, on)
        return replace(found, value=Decimal(8)) if key == "supervision_fee_limit" else found

    monkeypatch.setattr(rulebook.RuleBook, "settled", settled)
    assert book is rulebook.built_in()
    paper = plan_of(papers_of([line()]))
    assert "不高于年度结算费用的 8%" in words(paper)
    assert paper.subtitle == "2023—2024 服务年度，2023 年 7 月 1 日至 2024 年 6 月 30 日（含）"


def test_R081_预算合计逐行列_大写等于合计_草稿没有这张表() -> None:
    papers = papers_of([line()])
    net = fen(papers.result["summary"]["unified_net"])
    rows = (("统一支付净额", net, "D62-八"), ("专项管理费", 1234, "D14-16(监管机制)"))
    written = replace(papers.written, supervision=1234, budget=rows)
    paper = plan_of(replace(papers, written=written))
    (table,) = [b for b in paper.blocks if isinstance(b, Table) and b.caption.startswith("表 10-2")]
    assert [row[0] for row in table.rows] == ["统一支付净额", "专项管理费", "预算合计"]
    assert fen(str(table.rows[-1][1]).replace(",", "")) == net + 1234
    (slot,) = [b for b in paper.blocks if isinstance(b, Slot) and b.key == "supervision"]
    assert f"（{amount_in_words(net + 1234)}）" in slot.lines[0]
    assert not [b for b in plan_of(papers).blocks if isinstance(b, Table) and b.caption.startswith("表 10-2")]


def test_R075_差异表里各种裁定合起来就是全部差异_只裁了一部分日子的另成一栏() -> None:
    kinds = [("认可", True), ("不计费", True), ("部分", True), ("部分", True), ("", True), ("", False)]
    found = tuple({"code": "D3", "ruling": ruling, "blocking": blocking} for ruling, blocking in kinds)
    paper = plan_of(replace(papers_of([line()]), differences=lambda: found))
    (table,) = [one for one in paper.blocks if isinstance(one, Table) and one.caption.startswith("表 4")]
    (row,) = table.rows
    numbers = dict(zip([column.name for column in table.columns], row, strict=True))
    assert numbers["部分裁定"] == "2"
    assert sum(int(numbers[name]) for name in ("认可", "不计费", "部分裁定", "未裁定", "提示")) == len(found)
