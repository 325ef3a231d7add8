"""结算项目方案里算出来的各章：规模、计量、结果、阶梯、考核和附表（R-080）；只排内容，每个数都来自结算结果。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from yunheng.rules import rulebook
from yunheng.rules.conventions import CONVENTIONS
from yunheng.rules.money import UnitPrice, fen, yuan
from yunheng.rules.parameters import Value
from yunheng.rules.terms import AMOUNTS

from .blocks import SUBTOTAL, Block, Chart, Column, Heading, PageBreak, Paragraph, Table
from .data import PAYERS, Papers
from .sums import Sums

#: 附表最多列这么多行，其余合成一行，全部见 结算明细.xlsx
ANNEX_ROWS = 200


def day_text(day: object) -> str:
    """日子的写法：2026 年 7 月 1 日。"""
    return f"{day:%Y} 年 {int(format(day, '%m'))} 月 {int(format(day, '%d'))} 日"


def figure_text(value: int) -> str:
    """分 → 带千分位的元。"""
    return yuan(value, grouped=True)


def money_text(value: int) -> str:
    """分 → “多少元”。"""
    return f"{figure_text(value)} 元"


def share_text(part: int, whole: int) -> str:
    """占百分之几；没有总数为“—”。"""
    return f"{100 * part / whole:.1f}%" if whole else "—"


def _nature(name: str) -> str:
    """预算性质的叫法：区级预算、街镇预算；“非预算”自己就是一类，不再缀“预算”。"""
    return name if name.endswith("预算") else f"{name}预算"


def _handled(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry["code"]), entry["ruling"] or ("未裁定" if entry["blocking"] else "提示")


class Measured:
    """一次结算的数和照它写的各章；一章一个方法。"""

    def __init__(self, papers: Papers, settled: Sums, held: Sums) -> None:
        self.papers, self.settled, self.held = papers, settled, held
        self.result = papers.result
        self.summary = papers.result["summary"]
        #: （差异码, 怎么裁的）→ 几条
        self.differences = Counter(map(_handled, papers.differences()))
        self.word = "预估" if papers.estimated else "结算"
        self.gross, self.net = fen(self.summary["unified_gross"]), fen(self.summary["unified_net"])
        # 效能评估核定以后的应付：预算、合同、支付都照它；计量结果不变
        self.due = self.net + sum(one.amount for one in papers.written.verified)
        # 要的预算：逐行加；草稿、预估没有各行，就是应付
        budget = papers.written.budget
        self.wanted = sum(amount for _, amount, _ in budget) if budget else self.due

    def _scale(self) -> Iterator[Block]:
        papers = self.papers
        yield Heading(1, "三、上云总体情况")
        rows = [
            (papers.providers[code], *(f"{number:,}" for number in vars(usage).values()))
            for code, usage in sorted(papers.usage.items())
            if usage.resources
        ]
        total = [sum(vars(usage)[name] for usage in papers.usage.values()) for name in _USAGE]
        yield Table(
            "表 2　各服务商承载的资源（个）",
            (
                Column("服务商", 3), Column("期内资源", 2, "right"), Column("期末在用", 2, "right"),
                Column("期内释放", 2, "right"), Column("有测试期的新增", 3, "right"), Column("期末测试中", 2, "right"),
            ),
            (*rows, ("合计", *(f"{number:,}" for number in total))),
            totals=1,
        )  # fmt: skip
        yield Paragraph("资源按服务商计；测试期按（资源、目录项）计，一个云主机有多个目录项。", "note")
        budgets = Counter(papers.units[unit].budget for unit in {unit for unit, _p, _w in self.settled.by_unit})
        listed = "、".join(f"{_nature(name)} {count} 个" for name, count in sorted(budgets.items()))
        yield Paragraph(f"有费用的使用单位按预算性质分：{listed or '无'}。")
        top = self.settled.by_item.most_common(10)
        yield Table(
            "表 3　费用最多的目录项",
            (
                Column("目录项", 3), Column("名称", 5), Column("计价单位", 2),
                Column("金额（元）", 3, "right"), Column("占账目合计", 2, "right"),
            ),
            [
                (code, papers.items[code].name, papers.items[code].measure, figure_text(amount),
                 share_text(amount, self.settled.total))
                for code, amount in sorted(top, key=lambda pair: (-pair[1], pair[0]))
            ],
        )  # fmt: skip

    def _method(self) -> Iterator[Block]:
        papers = self.papers
        yield Heading(1, "四、计量工作说明")
        yield Heading(2, "（一）计量方法")
        yield Paragraph(
            "以审核通过的申请、变更、注销单据和平台工单确定每个资源每个目录项的在用期间和数量，细化到天；"
            "单价取当日有效的目录单价，年度中调价的分段计（D62-七、D62-八）。"
            "每条账目 = 数量 × 单价 × 时间（或用量），先精确计算，最后一次舍入到分；合计是各条之和。"
        )
        yield Heading(2, "（二）测试期")
        trials = sum(usage.trials for usage in papers.usage.values())
        ongoing = sum(usage.on_trial for usage in papers.usage.values())
        yield Paragraph(
            f"市级政务云基础设施自下发服务日起 {self._rule('trial_months').whole} 个月为测试期，不计费（D62-七）。"
            f"本期有测试期的新增 {trials:,} 项，"
            f"期末仍在测试期的 {ongoing:,} 项。平台软件、软件授权和区级云没有测试期。"
        )
        yield Heading(2, "（三）三方对账")
        yield Paragraph("单据、平台工单、平台日志逐资源比对；阻断的差异未裁定以前，有关账目进待核，不入合计。")
        yield self._difference_table()
        yield Heading(2, "（四）口径")
        yield Paragraph("条款没有写死的算法，本次采用如下；改口径由区科委决定，并留记录。")
        yield Table(
            "表 5　口径",
            (Column("编号", 1.2), Column("问题", 4), Column("本次采用", 6), Column("条款", 2.6)),
            [
                (code, CONVENTIONS[code].question,
                 CONVENTIONS[code].options[chosen] + ("" if chosen == CONVENTIONS[code].default else "（非默认）"),
                 "、".join(CONVENTIONS[code].clauses))
                for code, chosen in self.result["conventions"].items()
            ],
        )  # fmt: skip

    def _difference_table(self) -> Table:
        counts = self.differences
        rows = [
            (code, self.papers.difference_names[code], "否" if counts[code, "提示"] else "是",
             *(str(counts[code, kind] or "—") for kind in ("认可", "不计费", "部分", "未裁定", "提示")))
            for code in sorted({code for code, _ in counts}, key=lambda code: int(code[1:]))
        ]  # fmt: skip
        return Table(
            "表 4　差异",
            (
                Column("码", 1), Column("名称", 3), Column("阻断", 1.5, "center"), Column("认可", 1.5, "right"),
                Column("不计费", 1.5, "right"), Column("部分裁定", 1.5, "right"), Column("未裁定", 1.5, "right"),
                Column("提示", 1.5, "right"),
            ),
            rows or [("—", "没有差异", "", "", "", "", "", "")],
        )  # fmt: skip

    def _results(self) -> Iterator[Block]:
        papers, settled = self.papers, self.settled
        yield Heading(1, "五、计量与计费结果")
        yield Heading(2, "（一）按服务商")
        amounts = settled.by_provider
        codes = sorted({provider for provider, _payer in settled.by_provider})
        rows = [
            (papers.providers[code], f"{settled.counts[code]:,}", figure_text(amounts[code, "unified"]),
             figure_text(amounts[code, "self"]), figure_text(amounts[code, "unified"] + amounts[code, "self"]))
            for code in codes
        ]  # fmt: skip
        total = (
            "合计", f"{settled.count:,}", self.summary_text("unified_gross"), self.summary_text("self_gross"),
            figure_text(settled.total),
        )  # fmt: skip
        yield Table(
            "表 6　按服务商（元）",
            (
                Column("服务商", 2), Column("账目条数", 2, "right"), Column(AMOUNTS["unified_gross"], 3, "right"),
                Column(AMOUNTS["self_gross"], 3, "right"), Column("账目合计（扣前）", 3, "right"),
            ),
            (*rows, total),
            totals=1,
        )  # fmt: skip
        pairs = [(papers.providers[code], amounts[code, "unified"] + amounts[code, "self"]) for code in codes]
        yield _chart("图 1　按服务商（万元）", "bars", pairs, "服务商")
        yield Heading(2, "（二）按月")
        yield _chart(
            "图 2　按月（万元）", "columns", [(m, settled.by_month[m]) for m in sorted(settled.by_month)], "月份"
        )
        yield Paragraph("按月的数是把每条账目按天数摊到各月，只供看走势；结算以账目为准。", "note")
        yield Heading(2, "（三）按单位、项目")
        by_unit: Counter[str] = Counter()
        for (unit, _provider, _payer), amount in settled.by_unit.items():
            by_unit[unit] += amount
        top = sorted(by_unit.items(), key=lambda pair: (-pair[1], pair[0]))[:10]
        yield _chart("图 3　费用最多的单位（万元）", "bars", [(papers.units[u].name, a) for u, a in top], "单位")
        yield Paragraph("各单位、各项目的金额见附表 1、附表 2；逐条账目见《结算明细.xlsx》。")

    def _rule(self, key: str) -> Value:
        """这个服务年度末日施行的参数。"""
        return rulebook.built_in().settled(key, self.papers.last)

    def summary_text(self, key: str) -> str:
        """汇总里的一个数，带千分位。"""
        return figure_text(fen(self.summary[key]))

    def _tiers(self) -> Iterator[Block]:
        papers = self.papers
        yield Heading(1, "六、阶梯与授权")
        average = {entry["item"]: entry["average_price"] for entry in self.result["tier_prices"]}
        if average:
            yield Paragraph("阶梯计价的目录项按全市总量算出平均单价，各区同价（M10-四(四)）。")
            modes = {tier.item: tier.mode for tier in papers.tiers}
            yield Table(
                "表 7　阶梯项",
                (
                    Column("目录项", 2.4), Column("名称", 4), Column("方式", 1.4), Column("全市总量", 2.6, "right"),
                    Column("平均单价（元）", 2.6, "right"), Column("本区金额（元）", 3, "right"),
                ),
                [
                    (code, papers.items[code].name, modes.get(code, ""), papers.city_totals.get(code, ""),
                     str(UnitPrice.of(price, "阶梯", self.result["conventions"])),
                     figure_text(self.settled.by_item[code]))
                    for code, price in average.items()
                ],
            )  # fmt: skip
        else:
            yield Paragraph("本期没有算得出平均单价的阶梯项。")
        licensed = sorted(
            (code, amount) for code, amount in self.settled.by_item.items() if papers.items[code].pricing == "授权"
        )
        if licensed:
            yield Table(
                "表 8　软件授权",
                (
                    Column("目录项", 2.4), Column("名称", 5), Column("计价单位", 2), Column("周期", 2),
                    Column("金额（元）", 3, "right"),
                ),
                (
                    *((code, papers.items[code].name, papers.items[code].measure, papers.items[code].cycle,
                       figure_text(amount)) for code, amount in licensed),
                    ("合计", "", "", "", figure_text(sum(amount for _code, amount in licensed))),
                ),
                totals=1,
            )  # fmt: skip
        else:
            yield Paragraph("本期没有授权类费用。")

    def _assessment(self) -> Iterator[Block]:
        papers = self.papers
        yield Heading(1, "七、绩效考核与扣减")
        step = self._rule("deduction_step").whole
        yield Paragraph(
            f"按七项指标考核各服务商，总分低于 {self._rule('deduction_threshold').whole} 分的扣当年结算金额的 {step}%，"
            f"每再低 {self._rule('deduction_band').whole} 分多扣 {step}%（D62-附件5）；"
            "各服务商的考核表另附。"
        )
        deducted = {entry["provider"]: fen(entry["deduction"]) for entry in self.summary["unified"]}
        yield Table(
            "表 9　考核与扣减",
            (
                Column("服务商", 2.2), *(Column(letter, 1, "right") for letter in "ABCDEFG"),
                Column("总分", 1.4, "right"), Column("扣减比例", 1.8, "right"), Column("扣减（元）", 2.6, "right"),
            ),
            [
                (papers.providers[entry["provider"]], *(entry["scores"][letter] or "—" for letter in "ABCDEFG"),
                 entry["total"] or "未考核", percent(entry["deduction_rate"]),
                 figure_text(deducted.get(entry["provider"], 0)))
                for entry in self.result["assessments"]
            ],
        )  # fmt: skip
        missing = [papers.providers[e["provider"]] for e in self.result["assessments"] if e["total"] is None]
        if missing:
            yield Paragraph(f"{'、'.join(missing)}没有满意率，未考核，暂按不扣减；补齐满意率后重算。")

    def _annexes(self) -> Iterator[Block]:
        papers = self.papers
        yield PageBreak()
        yield Heading(1, "附表 1　按单位")
        yield _annex(
            "单位：元",
            (
                Column("单位", 1.6), Column("名称", 5), Column("预算性质", 2), Column("服务商", 2),
                Column("支付方式", 2), Column("金额", 3, "right"),
            ),
            [
                ((unit, papers.units[unit].name, papers.units[unit].budget, papers.providers[provider], PAYERS[payer]),
                 amount)
                for (unit, provider, payer), amount in sorted(self.settled.by_unit.items())
            ],
            each=0,
        )  # fmt: skip
        yield Heading(1, "附表 2　按项目")
        yield _annex(
            "单位：元",
            (
                Column("项目", 1.8), Column("名称", 5.4), Column("单位", 4.4), Column("服务商", 1.8),
                Column("支付方式", 2), Column("金额", 3, "right"),
            ),
            [
                ((project, papers.projects[project].name, papers.units[unit].name, papers.providers[provider],
                  PAYERS[payer]), amount)
                for (unit, project, provider, payer), amount in sorted(self.settled.by_project.items())
            ],
            each=2,
        )  # fmt: skip
        yield Heading(1, "附表 3　待核")
        yield _annex(
            "单位：元；差异裁定以前不计入合计",
            (
                Column("单位", 4), Column("项目", 2), Column("资源", 2.6), Column("目录项", 2.8), Column("服务商", 1.8),
                Column("差异", 2), Column("金额", 2.6, "right"),
            ),
            [
                ((papers.units[line.unit].name, line.project, line.resource, line.item, papers.providers[line.provider],
                  line.differences.replace(",", "、")), fen(line.amount))
                for line in papers.lines(True)
            ],
        )  # fmt: skip


_USAGE = ("resources", "in_use", "released", "trials", "on_trial")


def percent(rate: str | None) -> str:
    """扣减比例 "0.05" → "5%"；未考核为“—”。"""
    return "—" if rate is None else f"{round(float(rate) * 100)}%"


def _chart(caption: str, kind: str, pairs: Iterable[tuple[str, int]], noun: str) -> Chart:
    """金额图，单位万元；一句话说出最多的是谁。"""
    pairs = list(pairs)
    if not pairs:
        return Chart(caption, "没有账目。", "bars", (), (), ())
    name, most = max(pairs, key=lambda pair: pair[1])
    total = sum(amount for _name, amount in pairs)
    return Chart(
        caption,
        f"共 {len(pairs)} 个{noun}，最多的是{name}，{most / 1_000_000:,.2f} 万元，占所列的 {share_text(most, total)}。",
        "columns" if kind == "columns" else "bars",
        [label for label, _amount in pairs],
        [amount / 1_000_000 for _label, amount in pairs],
        [f"{amount / 1_000_000:,.2f}" for _label, amount in pairs],
    )


def _annex(
    caption: str, columns: Sequence[Column], rows: Sequence[tuple[tuple[str, ...], int]], each: int | None = None
) -> Table:
    """附表：列不下的合成一行，末行是合计；都列得下的，第 `each` 栏（单位）相同的几行后面有小计。"""
    shown = list(rows)
    if len(rows) > ANNEX_ROWS:
        kept = {id(row) for row in sorted(rows, key=lambda row: -row[1])[: ANNEX_ROWS - 1]}
        shown = [row for row in rows if id(row) in kept]
        rest = sum(amount for _texts, amount in rows) - sum(amount for _texts, amount in shown)
        blank = ("",) * (len(columns) - 3)
        shown.append(((f"其余 {len(rows) - len(shown):,} 行", "见 结算明细.xlsx", *blank), rest))
    elif each is not None:
        shown = list(_with_subtotals(rows, each))
    total = sum(amount for _texts, amount in rows)
    body = [(*texts, figure_text(amount)) for texts, amount in shown]
    blank = ("",) * (len(columns) - 2)
    return Table(caption, columns, [*body, ("合计", *blank, figure_text(total))], totals=1, keys=len(columns) - 1)


def _with_subtotals(rows: Sequence[tuple[tuple[str, ...], int]], each: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """挨着的、第 `each` 栏相同的几行后面加一行小计；只有一行的不加。"""
    for name, group in groupby(rows, key=lambda row: row[0][each]):
        members = list(group)
        yield from members
        if len(members) > 1:
            blank = [""] * len(members[0][0])
            blank[0], blank[each] = SUBTOTAL, SUBTOTAL if each == 0 else name
            if each == 0:
                blank[1] = members[0][0][1]
            yield tuple(blank), sum(amount for _texts, amount in members)
