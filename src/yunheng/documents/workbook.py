"""结算明细.xlsx：一次结算的全部数字，一页一个角度，合计都等于印出来的各行之和。

账目多于一张工作表容得下的行数时接着写下一张，数据说明页写明。
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from yunheng.rules import rulebook
from yunheng.rules.conventions import CONVENTIONS
from yunheng.rules.money import UnitPrice, fen, yuan
from yunheng.rules.periods import last_day
from yunheng.rules.terms import AMOUNTS

from .data import PAYERS, Line, Papers
from .money import amount_in_words
from .plan import goal_values
from .spreadsheet import ROWS_PER_SHEET, Book, Field, block, serial
from .sums import Sums, unpriced_words

Progress = Callable[[float], None]


def write_workbook(
    papers: Papers,
    settled: Sums,
    held: Sums,
    path: Path,
    progress: Progress = lambda _share: None,
    rows_per_sheet: int = ROWS_PER_SHEET,
    mark: bytes = b"",
) -> None:
    """写 结算明细.xlsx。`settled`、`held` 是账目、待核的合计；`progress` 的参数是 0 到 1；`mark` 是水印的 PNG。"""
    book = Book(path, papers, rows_per_sheet, mark)
    _summary(book, papers, settled, held)
    _by_provider(book, papers, settled, held)
    _by_unit(book, papers, settled)
    _by_project(book, papers, settled)
    total = max(settled.count + held.count, 1)
    lines = _line_fields()
    book.table("账目", lines, _counted(_line_rows(papers, papers.lines(False)), total, 0, progress))
    book.table(
        "待核",
        [*lines, Field("未决差异", 10)],
        _counted(_line_rows(papers, papers.lines(True)), total, settled.count, progress),
    )
    _differences(book, papers)
    _assessments(book, papers)
    _tiers(book, papers)
    _conventions(book, papers)
    _goals(book, papers, settled, held)
    _about(book, papers, settled, held)
    book.book.close()


def _counted(rows: Iterable[Sequence[Any]], total: int, done: int, progress: Progress) -> Iterator[Sequence[Any]]:
    for row in rows:
        done += 1
        if done % 20_000 == 0:
            progress(done / total)
        yield row


def _summary(book: Book, papers: Papers, settled: Sums, held: Sums) -> None:
    result, summary = papers.result, papers.result["summary"]
    sheet = book.sheet("汇总")
    for column, width in enumerate((16, 34, 18, 18, 12, 18, 18)):
        sheet.set_column(column, column, width)
    kind = "预估" if papers.estimated else "结算"
    sheet.set_row(0, 28)
    sheet.write_string(0, 0, f"{result['district']}电子政务云资源{kind}汇总", book.title)
    sheet.write_string(
        1,
        0,
        f"服务年度 {papers.year}-07-01 至 {papers.year + 1}-06-30（含），"
        f"计至 {last_day(result['until'])}（含）；单位：元",
        book.note,
    )
    sheet.write_string(2, 0, f"摘要 {result['digest']}", book.note)
    row = block(
        book,
        sheet,
        4,
        "统一支付（区级单位的区级项目，由区科创服务中心与服务商签订合同支付，D14-15）",
        [
            Field("服务商", 0),
            Field("名称", 0),
            Field("账目条数", 0, "integer", summed=True),
            Field("结算（扣前）", 0, "money", summed=True),
            Field("扣减比例", 0, "share"),
            Field("考核扣减", 0, "money", summed=True),
            Field("应付（扣后）", 0, "money", summed=True),
        ],
        [
            (
                entry["provider"],
                papers.providers[entry["provider"]],
                sum(
                    n
                    for (_u, _p, who, payer), n in settled.project_counts.items()
                    if who == entry["provider"] and payer == "unified"
                ),
                fen(entry["gross"]),
                _rate(papers, entry["provider"]),
                fen(entry["deduction"]),
                fen(entry["net"]),
            )
            for entry in summary["unified"]
        ],
    )
    sheet.write_string(
        row, 0, f"{AMOUNTS['unified_net']}应付大写：{amount_in_words(fen(summary['unified_net']))}", book.cells["text"]
    )
    row = block(
        book,
        sheet,
        row + 2,
        "自行支付（由使用单位自行与服务商签订合同支付，D62-九）",
        [
            Field("单位", 0),
            Field("名称", 0),
            Field("服务商", 0),
            Field("结算（扣前）", 0, "money", summed=True),
            Field("预算性质", 0),
            Field("考核扣减", 0, "money", summed=True),
            Field("应付（扣后）", 0, "money", summed=True),
        ],
        [
            (
                entry["unit"],
                papers.units[entry["unit"]].name,
                papers.providers[entry["provider"]],
                fen(entry["gross"]),
                papers.units[entry["unit"]].budget,
                fen(entry["deduction"]),
                fen(entry["net"]),
            )
            for entry in summary["self"]
        ],
    )
    limit = rulebook.built_in().settled("supervision_fee_limit", papers.last)
    for label, amount, remark in (
        ("待核", summary["disputed_gross"], f"{held.count} 条，差异裁定以前不计入合计（D62-七）{unpriced_words(held)}"),
        (
            "专项管理费上限",
            summary["supervision_fee_cap"],
            f"不高于年度结算费用的 {limit.value}%，舍去分以下（D14-16 监管机制）",
        ),
    ):
        row += 1
        sheet.write_string(row, 0, label, book.cells["text"])
        sheet.write_number(row, 3, fen(amount) / 100, book.cells["money"])
        sheet.write_string(row, 4, remark, book.note)


def _rate(papers: Papers, provider: str) -> float | str:
    for entry in papers.result["assessments"]:
        if entry["provider"] == provider and entry["deduction_rate"] is not None:
            return float(entry["deduction_rate"])
    return ""


def _by_provider(book: Book, papers: Papers, settled: Sums, held: Sums) -> None:
    net = {entry["provider"]: fen(entry["net"]) for entry in papers.result["summary"]["unified"]}
    fields = [
        Field("服务商", 10), Field("名称", 30), Field("期内资源数", 12, "integer"),
        Field("账目条数", 12, "integer", summed=True),
        Field(AMOUNTS["unified_gross"], 18, "money", summed=True), Field("扣减比例", 10, "share"),
        Field("考核扣减", 16, "money", summed=True), Field(AMOUNTS["unified_net"], 18, "money", summed=True),
        Field(AMOUNTS["self_gross"], 18, "money", summed=True), Field("待核金额", 16, "money", summed=True),
    ]  # fmt: skip
    book.table(
        "按服务商",
        fields,
        (
            (
                provider, name, papers.usage[provider].resources, settled.counts[provider],
                settled.by_provider[provider, "unified"], _rate(papers, provider),
                settled.by_provider[provider, "unified"] - net.get(provider, 0), net.get(provider, 0),
                settled.by_provider[provider, "self"],
                held.by_provider[provider, "unified"] + held.by_provider[provider, "self"],
            )
            for provider, name in sorted(papers.providers.items())
        ),
    )  # fmt: skip


def _by_unit(book: Book, papers: Papers, settled: Sums) -> None:
    fields = [
        Field("单位", 12), Field("名称", 36), Field("预算性质", 10), Field("服务商", 10), Field("服务商名称", 26),
        Field("支付方式", 12), Field("结算（扣前）", 18, "money", summed=True),
    ]  # fmt: skip
    book.table(
        "按单位",
        fields,
        (
            (unit, papers.units[unit].name, papers.units[unit].budget, provider, papers.providers[provider],
             PAYERS[payer], amount)
            for (unit, provider, payer), amount in sorted(settled.by_unit.items())
        ),
    )  # fmt: skip


def _by_project(book: Book, papers: Papers, settled: Sums) -> None:
    fields = [
        Field("单位", 12), Field("单位名称", 30), Field("项目", 14), Field("项目名称", 36), Field("服务商", 10),
        Field("支付方式", 12), Field("账目条数", 12, "integer", summed=True),
        Field("结算（扣前）", 18, "money", summed=True),
    ]  # fmt: skip
    book.table(
        "按项目",
        fields,
        (
            (unit, papers.units[unit].name, project, papers.projects[project].name, provider, PAYERS[payer],
             settled.project_counts[unit, project, provider, payer], amount)
            for (unit, project, provider, payer), amount in sorted(settled.by_project.items())
        ),
    )  # fmt: skip


def _line_fields() -> list[Field]:
    return [
        Field("单位", 7), Field("单位名称", 20), Field("项目", 8), Field("项目名称", 24), Field("资源", 14),
        Field("目录项", 12), Field("目录项名称", 22), Field("计价单位", 9), Field("服务商", 8), Field("单据", 13),
        Field("工单", 13), Field("数量", 10, "number"), Field("单价", 11, "price"), Field("起日", 11, "date"),
        Field("止日（含）", 11, "date"), Field("天数", 6, "integer"), Field("金额", 14, "money", summed=True),
        Field("支付方式", 9),
    ]  # fmt: skip


def _line_rows(papers: Papers, lines: Iterable[Line]) -> Iterator[Sequence[Any]]:
    units, projects, items, chosen = papers.units, papers.projects, papers.items, papers.result["conventions"]
    serials: dict[str, int] = {}
    for line in lines:
        for day in (line.start, line.until):
            if day not in serials:
                serials[day] = serial(day)
        item = items[line.item]
        yield (
            line.unit, units[line.unit].name, line.project, projects[line.project].name, line.resource,
            line.item, item.name, item.measure, line.provider, line.form, line.order,
            float(line.quantity), UnitPrice.of(line.unit_price, item.pricing, chosen),
            serials[line.start], serials[line.until] - 1, line.days,
            fen(line.amount), PAYERS[line.payer], line.differences,
        )  # fmt: skip


def _differences(book: Book, papers: Papers) -> None:
    fields = [
        Field("差异", 8), Field("资源", 22), Field("目录项", 18), Field("单据", 18), Field("工单", 18),
        Field("阻断", 8), Field("裁定", 10), Field("说明", 70, "long"),
    ]  # fmt: skip
    book.table(
        "差异",
        fields,
        (
            (entry["code"], entry["resource"], entry["item"], entry["form"], entry["order"],
             "是" if entry["blocking"] else "否", entry["ruling"], entry["note"])
            for entry in papers.differences()
        ),
    )  # fmt: skip


def _assessments(book: Book, papers: Papers) -> None:
    fields = [
        Field("服务商", 10), Field("名称", 16), *(Field(letter, 6, "number") for letter in "ABCDEFG"),
        Field("满意率（%）", 12, "number"), Field("总分", 10, "number"), Field("扣减比例", 12, "share"),
        Field("期内事件", 52, "long", whole="数据包的考核表"),
    ]  # fmt: skip
    book.table(
        "考核",
        fields,
        (
            (
                entry["provider"], papers.providers[entry["provider"]],
                *(_number(entry["scores"][letter]) for letter in "ABCDEFG"),
                _number(papers.satisfaction.get(entry["provider"])), _number(entry["total"]),
                _number(entry["deduction_rate"]),
                "\n".join(f"{event.indicator} {event.day} {event.note}"
                         for event in papers.events if event.provider == entry["provider"]),
            )
            for entry in papers.result["assessments"]
        ),
    )  # fmt: skip


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _tiers(book: Book, papers: Papers) -> None:
    chosen = papers.result["conventions"]
    average = {
        entry["item"]: UnitPrice.of(entry["average_price"], "阶梯", chosen) for entry in papers.result["tier_prices"]
    }
    fields = [
        Field("目录项", 16), Field("名称", 30), Field("方式", 10), Field("起", 16, "number"), Field("止", 16, "number"),
        Field("档单价", 12, "price"), Field("全市总量", 18, "number"), Field("全市平均单价", 16, "price"),
    ]  # fmt: skip
    book.table(
        "阶梯均价",
        fields,
        (
            (tier.item, papers.items[tier.item].name, tier.mode, float(tier.start), _number(tier.until or None),
             UnitPrice(Decimal(tier.price)), _number(papers.city_totals.get(tier.item)), average.get(tier.item))
            for tier in papers.tiers
        ),
    )  # fmt: skip


def _conventions(book: Book, papers: Papers) -> None:
    fields = [
        Field("口径", 7), Field("问题", 24, "long"), Field("本次采用", 34, "long"), Field("默认", 34, "long"),
        Field("数据包里的写法", 14),
        Field("理由", 44, "long"), Field("条款", 18, "long"), Field("谁可以改", 9),
    ]  # fmt: skip
    book.table(
        "口径",
        fields,
        (
            (code, rule.question, rule.options[chosen], rule.options[rule.default], chosen, rule.reason,
             "、".join(rule.clauses), rule.changed_by)
            for code, chosen in papers.result["conventions"].items()
            for rule in (CONVENTIONS[code],)
        ),
    )  # fmt: skip


def _goals(book: Book, papers: Papers, settled: Sums, held: Sums) -> None:
    fields = [Field("指标", 14), Field("目标值", 50, "long"), Field("现值", 50, "long"), Field("达标与否", 24)]
    values = goal_values(papers, settled, held)
    book.table("绩效目标", fields, [(*goal, *value) for goal, value in zip(papers.written.goals, values, strict=True)])


def _about(book: Book, papers: Papers, settled: Sums, held: Sums) -> None:
    result = papers.result
    split = [f"{name} 分 {parts} 张工作表" for name, parts in book.parts.items() if parts > 1]
    rows = [
        (
            "结算摘要",
            f"{result['digest']}：结算内容的 SM3，一字不同摘要即不同；第三方可用同一数据包独立重算核对（R-077）",
        ),
        (
            "账目",
            f"{settled.count} 条，合计 {yuan(settled.total)} 元；每条先算准再一次舍入到分，合计是印出来的各行之和",
        ),
        ("待核", f"{held.count} 条，合计 {yuan(held.total)} 元，不计入合计{unpriced_words(held)}"),
        ("分张", "；".join(split) if split else "每页一张工作表"),
        ("日期", "起日、止日都含当日；天数 = 止日 − 起日 + 1，按次计的天数是有用量的日数"),
        ("数量", "年、月类是在用数量，次类是期内用量合计；计价单位照目录"),
        ("数字", "金额、数量、单价是数字单元格，可直接求和；合计行随筛选变化"),
        *((f"数据包·{table}", f"{count} 行") for table, count in papers.rows.items()),
        *(("提醒", warning) for warning in result["warnings"]),
    ]
    book.table("数据说明", [Field("项", 20), Field("说明", 110, "long")], rows)
