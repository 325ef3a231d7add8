"""结算项目方案的内容（D62-八、D14-15、R-080）：只排内容，不管样子；每个数都来自结算结果。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Any

from yunheng.rules import periods
from yunheng.rules.clauses import load_built_in
from yunheng.rules.conventions import CONVENTIONS
from yunheng.rules.money import fen, yuan

from .blocks import SUBTOTAL, Block, Chart, Column, Heading, PageBreak, Paper, Paragraph, Slot, Table
from .citing import SHORT, spoken_block
from .data import GOALS, PAYERS, Papers
from .money import amount_in_words
from .sums import Sums

#: 附表最多列这么多行，其余合成一行，全部见 结算明细.xlsx
ANNEX_ROWS = 200
CENTRE = "区科创服务中心"
#: 有人写的内容的几章
OVERVIEW, BUDGET, PAYMENT = "一、项目概况", "十、预算与资金来源", "十一、支付计划"


def settlement_plan(papers: Papers, settled: Sums, held: Sums) -> Paper:
    """一次结算的项目方案；数据截止日早于服务年度末日时是预估稿。"""
    year = papers.year
    last = papers.until - timedelta(days=1)
    draft = "（预估稿）" if papers.estimated else "（草稿）" if papers.draft else ""
    writer = _Plan(papers, settled, held)
    return Paper(
        title=f"{papers.result['district']}电子政务云资源结算项目方案{draft}",
        subtitle=f"{periods.years(year)} 服务年度（{year} 年 7 月 1 日至 {_day(last)}）",
        footnote=str(papers.result["digest"]),
        blocks=tuple(map(spoken_block, writer.blocks())),
        mark=papers.mark,
    )


def unwritten() -> tuple[Block, ...]:
    """还没有算好的内容时：只有人写的各处，摆在各自的章里。"""
    return (
        Heading(1, OVERVIEW),
        Slot("overview"),
        Heading(1, BUDGET),
        Slot("supervision"),
        _goal_table(GOALS, ("",) * len(GOALS)),
        Slot("goal"),
        Heading(1, PAYMENT),
        Slot("arrangement"),
    )


def goal_values(papers: Papers, settled: Sums, held: Sums) -> tuple[str, ...]:
    """预算绩效目标各行的依据和现值，次序同 GOALS。"""
    due = fen(papers.result["summary"]["unified_net"]) + sum(one.amount for one in papers.written.verified)
    rates = "、".join(f"{papers.providers[code]} {rate}%" for code, rate in sorted(papers.satisfaction.items()))
    return (
        f"账目 {settled.count:,} 条，待核 {held.count:,} 条",
        "批准以前由第三方复算" if papers.draft else "摘要相同",
        "每年 7 月起（细则第八条）",
        _money(due),
        rates or "未调查",
    )


def _goal_table(goals: Iterable[tuple[str, str]], values: Iterable[str]) -> Table:
    return Table(
        "表 11　预算绩效目标",
        (Column("指标", 2.4), Column("目标", 5), Column("依据和现值", 6)),
        [(*goal, value) for goal, value in zip(goals, values, strict=True)],
        slot="goals",
    )


def _day(day: object) -> str:
    return f"{day:%Y} 年 {int(format(day, '%m'))} 月 {int(format(day, '%d'))} 日"


def _figure(value: int) -> str:
    return yuan(value, grouped=True)


def _money(value: int) -> str:
    return f"{_figure(value)} 元"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%" if whole else "—"


def _nature(name: str) -> str:
    """预算性质的叫法：区级预算、街镇预算；“非预算”自己就是一类，不再缀“预算”。"""
    return name if name.endswith("预算") else f"{name}预算"


def _prose(key: str, text: str) -> Slot:
    """人写的一处：一行一段。"""
    return Slot(key, tuple(filter(None, map(str.strip, text.splitlines()))))


def _handled(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry["code"]), entry["ruling"] or ("未裁定" if entry["blocking"] else "提示")


class _Plan:
    """按章写方案；一章一个方法。"""

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

    def blocks(self) -> Iterator[Block]:
        for chapter in (
            self._outline,
            self._basis,
            self._scale,
            self._method,
            self._results,
            self._tiers,
            self._assessment,
            self._amounts,
            self._efficiency,
            self._budget,
            self._payment,
            self._conclusion,
            self._annexes,
        ):
            yield from chapter()

    def _outline(self) -> Iterator[Block]:
        papers, summary = self.papers, self.summary
        yield Heading(1, OVERVIEW)
        if papers.estimated:
            yield Paragraph(
                f"本稿是年中预估：只计到 {_day(papers.until - timedelta(days=1))}，不是年度结算，不作为立项和支付的依据。"
            )
        elif papers.draft:
            yield Paragraph("本稿是草稿：计量结果还没有经区科委批准，数字会变，不作为立项和支付的依据（D62-四）。")
        yield Paragraph(
            f"{papers.result['district']}按“先用后付、按实结算、统一支付”的方式使用政务云（D14-15、D62-七）。"
            f"本项目对 {periods.years(papers.year)} 服务年度内各使用单位的政务云资源逐日计量、逐条计费，形成本方案，报区科委立项（D62-八）。"
        )
        yield Paragraph(
            f"统一支付部分{self.word}金额 {_money(self.gross)}，考核扣减 {_money(self.gross - self.net)}，"
            f"应付 {_money(self.net)}（{amount_in_words(self.net)}）。{self._verified_sentence()}自行支付部分 {_money(fen(summary['self_net']))}，"
            f"由使用单位自行签约支付，不列入本项目（D62-九）。差异未决的 {self.held.count} 条、"
            f"{_money(fen(summary['disputed_gross']))}列为待核，不计入上述金额。"
        )
        units = {unit for unit, _provider, _payer in self.settled.by_unit}
        projects = {project for _unit, project, _provider, _payer in self.settled.by_project}
        yield Table(
            "表 1　概况",
            (Column("项目", 3), Column("数", 3, "right"), Column("项目", 3), Column("金额（元）", 3, "right")),
            (
                ("有费用的使用单位", f"{len(units)} 个", f"统一支付{self.word}金额", _figure(self.gross)),
                ("有费用的项目", f"{len(projects)} 个", "考核扣减", _figure(self.gross - self.net)),
                (
                    "期内资源",
                    f"{sum(u.resources for u in papers.usage.values()):,} 个",
                    "统一支付应付金额",
                    _figure(self.due),
                ),
                ("账目", f"{self.settled.count:,} 条", "自行支付金额", _figure(fen(summary["self_net"]))),
                ("待核", f"{self.held.count:,} 条", "待核金额", _figure(fen(summary["disputed_gross"]))),
            ),
        )

        yield _prose("overview", papers.written.overview)

    def _basis(self) -> Iterator[Block]:
        yield Heading(1, "二、编制依据")
        yield Heading(2, "（一）政策依据")
        for number, document in enumerate(load_built_in().documents.values(), 1):
            yield Paragraph(f"{number}. 《{document.name}》（{document.number}，以下简称“{SHORT[document.code]}”）。")
        yield Paragraph(
            "试行细则（松科委〔2022〕27号）的文本未录入，其施行期间的各项参数按现行细则同值处理；录入后以录入值为准。"
        )
        yield Heading(2, "（二）数据依据")
        rows = self.papers.rows
        yield Paragraph(
            f"结算数据包：单据 {rows['单据']:,} 张、明细 {rows['单据明细']:,} 条，平台工单 {rows['工单']:,} 张，"
            f"平台资源日志 {rows['日志']:,} 条，用量 {rows['用量']:,} 条，目录价格版本 {rows['目录']:,} 条。"
        )
        yield Paragraph(
            "第三方机构用同一数据包可独立重算，结果的摘要（SM3）相同即逐条相符（R-077）。本次计量结果的摘要："
        )
        yield Paragraph(str(self.result["digest"]), "note")

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
                Column("金额（元）", 3, "right"), Column("占比", 1.6, "right"),
            ),
            [
                (code, papers.items[code].name, papers.items[code].measure, _figure(amount),
                 _share(amount, self.settled.total))
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
            f"市级政务云基础设施自下发服务日起 3 个月为测试期，不计费（D62-七）。本期有测试期的新增 {trials:,} 项，"
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
             *(str(counts[code, kind] or "—") for kind in ("认可", "不计费", "未裁定", "提示")))
            for code in sorted({code for code, _ in counts}, key=lambda code: int(code[1:]))
        ]  # fmt: skip
        return Table(
            "表 4　差异",
            (
                Column("码", 1), Column("名称", 3), Column("阻断", 1.5, "center"), Column("认可", 1.5, "right"),
                Column("不计费", 1.5, "right"), Column("未裁定", 1.5, "right"), Column("提示", 1.5, "right"),
            ),
            rows or [("—", "没有差异", "", "", "", "", "")],
        )  # fmt: skip

    def _results(self) -> Iterator[Block]:
        papers, settled = self.papers, self.settled
        yield Heading(1, "五、计量与计费结果")
        yield Heading(2, "（一）按服务商")
        amounts = settled.by_provider
        codes = sorted({provider for provider, _payer in settled.by_provider})
        rows = [
            (papers.providers[code], f"{settled.counts[code]:,}", _figure(amounts[code, "unified"]),
             _figure(amounts[code, "self"]), _figure(amounts[code, "unified"] + amounts[code, "self"]))
            for code in codes
        ]  # fmt: skip
        total = (
            "合计", f"{settled.count:,}", self.summary_text("unified_gross"), self.summary_text("self_gross"),
            _figure(settled.total),
        )  # fmt: skip
        yield Table(
            "表 6　按服务商（元）",
            (
                Column("服务商", 2), Column("账目条数", 2, "right"), Column("统一支付", 3, "right"),
                Column("自行支付", 3, "right"), Column("合计", 3, "right"),
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

    def summary_text(self, key: str) -> str:
        """汇总里的一个数，带千分位。"""
        return _figure(fen(self.summary[key]))

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
                    (code, papers.items[code].name, modes.get(code, ""), papers.city_totals.get(code, ""), price,
                     _figure(self.settled.by_item[code]))
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
                       _figure(amount)) for code, amount in licensed),
                    ("合计", "", "", "", _figure(sum(amount for _code, amount in licensed))),
                ),
                totals=1,
            )  # fmt: skip
        else:
            yield Paragraph("本期没有授权类费用。")

    def _assessment(self) -> Iterator[Block]:
        papers = self.papers
        yield Heading(1, "七、绩效考核与扣减")
        yield Paragraph(
            "按七项指标考核各服务商，总分低于 90 分的扣当年结算金额的 5%，每再低 10 分多扣 5%（D62-附件5）；"
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
                 entry["total"] or "未考核", percent(entry["deduction_rate"]), _figure(deducted.get(entry["provider"], 0)))
                for entry in self.result["assessments"]
            ],
        )  # fmt: skip
        missing = [papers.providers[e["provider"]] for e in self.result["assessments"] if e["total"] is None]
        if missing:
            yield Paragraph(f"{'、'.join(missing)}没有满意率，未考核，暂按不扣减；补齐满意率后重算。")

    def _amounts(self) -> Iterator[Block]:
        papers = self.papers
        yield Heading(1, f"八、{self.word}金额")
        yield Table(
            "表 10　统一支付（元）",
            (
                Column("服务商", 2), Column("结算金额", 3, "right"), Column("考核扣减", 2.6, "right"),
                Column("应付金额", 3, "right"), Column("大写", 6),
            ),
            (
                *((papers.providers[entry["provider"]], *(_figure(fen(entry[k])) for k in ("gross", "deduction", "net")),
                   amount_in_words(fen(entry["net"]))) for entry in self.summary["unified"]),
                ("合计", _figure(self.gross), _figure(self.gross - self.net), _figure(self.net), amount_in_words(self.net)),
            ),
            totals=1,
        )  # fmt: skip
        yield Paragraph(
            f"统一支付应付合计 {_money(self.net)}，大写：{amount_in_words(self.net)}。"
            f"自行支付合计 {_money(fen(self.summary['self_net']))}，大写：{amount_in_words(fen(self.summary['self_net']))}。"
        )

    def _efficiency(self) -> Iterator[Block]:
        papers = self.papers
        resources = sum(usage.resources for usage in papers.usage.values())
        in_use = sum(usage.in_use for usage in papers.usage.values())
        codes = Counter[str]()
        for (code, _), number in self.differences.items():
            codes[code] += number
        yield Heading(1, "九、使用效能")
        yield Paragraph(
            f"期内资源 {resources:,} 个，期末仍在用 {in_use:,} 个（{_share(in_use, resources)}），期内释放 {resources - in_use:,} 个。"
            f"对账发现提前消失 {codes['D7']} 项、释放未清 {codes['D8']} 个、无主资源 {codes['D13']} 个，"
            "应由服务商和使用单位核实后清理（D14-14）。"
        )
        yield Paragraph(
            "资源使用率不在结算数据包之内，本方案不据以调整计量结果。效能评估结果作为核定依据的（M6-27、M10-四(六)），"
            "另列“效能评估核定”调整项，写明评估结果和决定人"
            + ("，见表 10-1。" if papers.written.verified else "；本方案没有这种调整项。")
        )
        if papers.written.verified:
            yield Table(
                "表 10-1　效能评估核定（元）",
                (
                    Column("服务商", 2), Column("评估总分", 2, "right"), Column("调整", 2.6, "right"),
                    Column("理由和文号", 5), Column("决定人", 4),
                ),
                (
                    *((papers.providers[one.provider], one.score, yuan(one.amount, signed=True, grouped=True),
                       f"{one.reason}（{one.document}）", one.by) for one in papers.written.verified),
                    ("核定后应付", "", _figure(self.due), amount_in_words(self.due), ""),
                ),
                totals=1,
            )  # fmt: skip

    def _verified_sentence(self) -> str:
        if not self.papers.written.verified:
            return ""
        return (
            f"效能评估核定 {yuan(self.due - self.net, signed=True, grouped=True)} 元，核定后应付 {_money(self.due)}。"
        )

    def _budget(self) -> Iterator[Block]:
        cap = fen(self.summary["supervision_fee_cap"])
        base = "考核扣减后的应付" if self.result["conventions"]["K-12"] == "net" else "考核扣减前的结算"
        yield Heading(1, BUDGET)
        yield Paragraph(
            f"资金来源为区级财政。本项目所需预算 {_money(self.due)}，立项批复后由{CENTRE}按财政预算追加流程申请（D62-八）。"
        )
        yield Paragraph(
            f"第三方综合服务监管的专项管理费，不高于年度结算费用的 10%（D14-16(监管机制)）：以统一支付{base}金额为基数，"
            f"上限 {_money(cap)}（{amount_in_words(cap)}），舍去分以下。"
        )
        yield Slot("supervision", (self._supervision(),))
        yield _goal_table(self.papers.written.goals, goal_values(self.papers, self.settled, self.held))
        yield _prose("goal", self.papers.written.goal)

    def _supervision(self) -> str:
        fee = self.papers.written.supervision
        if fee is None:
            return "该费用不在本方案所需预算之内，另行安排时不得超过上限。"
        return f"本年度安排 {_money(fee)}，连同应付金额，本项目预算合计 {_money(self.due + fee)}。"

    def _payment(self) -> Iterator[Block]:
        yield Heading(1, PAYMENT)
        yield Table(
            "表 12　步骤",
            (Column("步骤", 2.6), Column("承办", 3), Column("前提和金额", 7), Column("条款", 2.4)),
            (
                ("立项", "区科委", "审核本方案，批复金额", "D62-八、D14-15"),
                ("预算追加", CENTRE, f"按批复金额申请，不超过 {_money(self.due)}", "D62-八"),
                ("签订合同", f"{CENTRE}、服务商", "预算下达后，按服务商分别签订", "D62-八"),
                ("支付", CENTRE, "按合同支付，各服务商的支付不超过表 10 的应付金额", "D62-八"),
                ("自行支付", "使用单位", "自行与服务商签约支付，不经本项目", "D62-九"),
            ),
        )
        yield _prose("arrangement", self.papers.written.arrangement)

    def _conclusion(self) -> Iterator[Block]:
        yield Heading(1, "十二、结论")
        if self.papers.estimated:
            yield Paragraph(f"截至数据截止日，统一支付预估应付 {_money(self.due)}。年度结束后按全年数据重算。")
        elif self.papers.draft:
            yield Paragraph(f"照现在的计量结果，统一支付应付 {_money(self.due)}；经区科委批准后才编正式方案（R-090）。")
        else:
            pending = (
                f"待核 {_money(fen(self.summary['disputed_gross']))}在差异裁定后以补差另行结算。"
                if self.held.count
                else ""
            )
            yield Paragraph(
                f"本年度计量计费、三方对账和考核扣减已按上述依据完成，统一支付应付 {_money(self.due)}，"
                f"大写{amount_in_words(self.due)}，建议予以立项。{pending}"
            )
        yield Paragraph(f"{self.papers.result['district']}科创服务中心（盖章）", "right")
        yield Paragraph("年　　月　　日", "right")

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
        f"共 {len(pairs)} 个{noun}，最多的是{name}，{most / 1_000_000:,.2f} 万元，占所列的 {_share(most, total)}。",
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
    body = [(*texts, _figure(amount)) for texts, amount in shown]
    blank = ("",) * (len(columns) - 2)
    return Table(caption, columns, [*body, ("合计", *blank, _figure(total))], totals=1, keys=len(columns) - 1)


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
