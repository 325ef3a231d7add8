"""把一次结算和它的数据包变成各种文件：文件只认普通值，这里负责取数。"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from itertools import chain
from pathlib import Path

from yunheng.documents.appraisal import appraisal_form, sheet_of
from yunheng.documents.blocks import Paper
from yunheng.documents.data import Event, Item, Line, Papers, Project, Tier, Unit, Usage
from yunheng.documents.pdf import chart_image, check_glyphs, mark_image, write_pdf
from yunheng.documents.plan import settlement_plan
from yunheng.documents.sums import add_up
from yunheng.documents.word import write_word
from yunheng.documents.workbook import write_workbook
from yunheng.metering import differences, engine, overview
from yunheng.metering.format import TABLES
from yunheng.metering.reading import Package

WORKBOOK, PLAN = "结算明细.xlsx", "结算项目方案"

Progress = Callable[[str, float], None]


def gather(package: Package, settlement: engine.Settlement, digest: str) -> Papers:
    """取齐一次结算的文件用料。"""

    def rows(table: str, *columns: str) -> Iterable[tuple[str, ...]]:
        return (tuple(cell or "" for cell in row) for row in overview.table_rows(package, table, *columns))

    head = settlement.head
    year, until = int(head["service_year"]), date.fromisoformat(head["until"])
    organisations = list(rows("机构", "代码", "名称", "类型", "预算性质"))
    tiered = {entry["item"] for entry in head["tier_prices"]}
    return Papers(
        result={**head, "digest": digest},
        lines=lambda disputed: map(Line._make, settlement.rows(disputed=disputed)),
        differences=lambda: chain.from_iterable(settlement.differences()),
        units={code: Unit(name, budget) for code, name, kind, budget in organisations if kind == "使用单位"},
        providers={code: name for code, name, kind, _budget in organisations if kind == "云服务商"},
        projects={code: Project(*rest) for code, *rest in rows("项目", "项目", "名称", "单位", "费用归属")},
        items={
            code: Item(*rest)
            for code, *rest in rows("目录", "目录项", "名称", "类别", "计价单位", "计价方式", "计费周期")
        },
        usage={provider: Usage(**vars(scale)) for provider, scale in overview.scale(settlement).items()},
        events=sorted(
            (
                Event(provider, indicator, day, note)
                for provider, indicator, text, note in rows("考核", "服务商", "指标", "日期", "说明")
                if date(year, 7, 1) <= (day := date.fromisoformat(text)) < until
            ),
            key=lambda event: (event.provider, event.indicator, event.day, event.note),
        ),
        satisfaction=dict(rows("满意度", "服务商", "满意率")),  # type: ignore[arg-type]
        tiers=sorted(
            (
                Tier(item, *rest)
                for item, when, *rest in rows("阶梯", "目录项", "服务年度", "方式", "起", "止", "单价")
                if int(when) == year and item in tiered
            ),
            key=lambda tier: (tier.item, float(tier.start)),
        ),
        city_totals={
            item: total for item, when, total in rows("全市用量", "目录项", "服务年度", "全市总量") if int(when) == year
        },
        difference_names={f"D{code}": name for code, name in differences.NAMES.items()},
        rows=overview.row_counts(package, tuple(table.name for table in TABLES)),
    )


def check_fonts() -> None:
    """出 PDF 的字体在不在；不在抛 FontProblem。先查，免得算完才发现。"""
    check_glyphs(())


def write_documents(papers: Papers, folder: Path, progress: Progress) -> Paper:
    """把全部文件写进 `folder`，返回方案的内容；有字印不出来抛 FontProblem。"""
    progress("合计", 0.6)
    settled, held = add_up(papers.lines(False)), add_up(papers.lines(True))
    plan = settlement_plan(papers, settled, held)
    progress(f"写 {PLAN}", 0.65)
    write_pdf(plan, folder / f"{PLAN}.pdf")
    write_word(plan, folder / f"{PLAN}.docx", chart_image)
    for number, entry in enumerate(papers.result["assessments"], 1):
        sheet = sheet_of(papers, entry["provider"])
        form = appraisal_form(sheet, str(papers.result["digest"]), draft=bool(papers.mark))
        # 代号是数据包里写的，做文件名只留字母、数字和汉字；加序号免得重名
        name = re.sub(r"\W", "_", entry["provider"])[:40]
        write_word(form, folder / f"附件5-绩效考核表-{number:02d}-{name}.docx", chart_image)
    write_workbook(
        papers,
        settled,
        held,
        folder / WORKBOOK,
        lambda share: progress(f"写 {WORKBOOK}", 0.7 + 0.3 * share),
        mark=mark_image(papers.mark) if papers.mark else b"",
    )
    return plan
