"""结算项目方案的内容（D62-八、D14-15、R-080）：只排内容，不管样子；每个数都来自结算结果。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal

from yunheng.rules import periods, rulebook
from yunheng.rules.clauses import load_built_in
from yunheng.rules.money import fen, yuan
from yunheng.rules.periods import last_day
from yunheng.rules.terms import AMOUNTS

from .blocks import Block, Column, Heading, Paper, Paragraph, Slot, Table
from .citing import SHORT, spoken_block
from .data import GOALS, Papers
from .measured import Measured, day_text, figure_text, money_text, share_text
from .money import amount_in_words
from .sums import Sums, unpriced_words

CENTRE = "区科创服务中心"
#: 有人写的内容的几章
OVERVIEW, BUDGET, PAYMENT = "一、项目概况", "十、预算与资金来源", "十一、支付计划"


def settlement_plan(papers: Papers, settled: Sums, held: Sums) -> Paper:
    """一次结算的项目方案；数据截止日早于服务年度末日时是预估稿。"""
    year = papers.year
    last = last_day(papers.until)
    draft = "（预估稿）" if papers.estimated else "（草稿）" if papers.draft else ""
    writer = _Plan(papers, settled, held)
    return Paper(
        title=f"{papers.result['district']}电子政务云资源结算项目方案{draft}",
        subtitle=f"{periods.years(year)} 服务年度，{day_text(rulebook.service_year_start(year))}至 {day_text(last)}（含）",
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
        _goal_table(GOALS, (("", ""),) * len(GOALS)),
        Slot("goal"),
        Heading(1, PAYMENT),
        Slot("arrangement"),
    )


_MET, _LATER = "达标", "还不能评"


def goal_values(papers: Papers, settled: Sums, held: Sums) -> tuple[tuple[str, str], ...]:
    """预算绩效目标各行的（现值, 达标与否），次序同 GOALS；目标值改过的程序评不了，由人评。"""
    found = (
        (
            f"账目 {settled.count:,} 条，待核 {held.count:,} 条",
            _LATER if papers.estimated else f"未达标：{held.count:,} 条待核" if held.count else _MET,
        ),
        _rechecked(papers),
        _timely(papers),
        (f"应付 {money_text(_due(papers))}", "支付以后评"),
        _satisfied(papers),
    )
    return tuple(
        (value, state if goal[1] == default[1] else "目标值改过，由人评")
        for (value, state), goal, default in zip(found, papers.written.goals, GOALS, strict=True)
    )


def _due(papers: Papers) -> int:
    return fen(papers.result["summary"]["unified_net"]) + sum(one.amount for one in papers.written.verified)


def _rechecked(papers: Papers) -> tuple[str, str]:
    """第三方复算：真有人复算相符才写摘要相同（R-077）。"""
    if papers.written.recheck is None:
        return "批准以前由第三方复算" if papers.draft else "还没有第三方复算", _LATER
    told, equal = papers.written.recheck
    return told, _MET if equal else "未达标：复算不一致"


def _timely(papers: Papers) -> tuple[str, str]:
    month = rulebook.built_in().settled("settlement_start_month", papers.last).whole
    rule = f"每年 {month} 月起编制（细则第八条）"
    if papers.estimated or papers.draft:
        return f"{rule}，{'服务年度还没完' if papers.estimated else '计量还没有批准'}", _LATER
    return f"{rule}，服务年度已完、计量已批准", _MET


def _satisfied(papers: Papers) -> tuple[str, str]:
    line = rulebook.built_in().settled("satisfaction_threshold", papers.last).value
    rates = {papers.providers[code]: Decimal(rate) for code, rate in sorted(papers.satisfaction.items())}
    if not rates:
        return "未调查", _LATER
    low = [name for name, rate in rates.items() if rate < line]
    told = "、".join(f"{name} {rate}%" for name, rate in rates.items())
    return told, f"未达标：{'、'.join(low)}" if low else _MET


def _goal_table(goals: Iterable[tuple[str, str]], values: Iterable[tuple[str, str]]) -> Table:
    return Table(
        "表 11　预算绩效目标",
        (Column("指标", 2.2), Column("目标", 4.6), Column("现值", 4.8), Column("达标与否", 2.8)),
        [(*goal, *value) for goal, value in zip(goals, values, strict=True)],
        slot="goals",
    )


def _prose(key: str, text: str) -> Slot:
    """人写的一处：一行一段。"""
    return Slot(key, tuple(filter(None, map(str.strip, text.splitlines()))))


class _Plan(Measured):
    """按章写方案：算出来的各章在 `Measured`，这里是说明、金额和钱怎么办；一章一个方法。"""

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
                f"本稿是年中预估：只计到 {day_text(last_day(papers.until))}（含），不是年度结算，不作为立项和支付的依据。"
            )
        elif papers.draft:
            yield Paragraph("本稿是草稿：计量结果还没有经区科委批准，数字会变，不作为立项和支付的依据（D62-四）。")
        yield Paragraph(
            f"{papers.result['district']}按“先用后付、按实结算、统一支付”的方式使用政务云（D14-15、D62-七）。"
            f"本项目对 {periods.years(papers.year)} 服务年度内各使用单位的政务云资源逐日计量、逐条计费，形成本方案，报区科委立项（D62-八）。"
        )
        yield Paragraph(
            f"{AMOUNTS['unified_gross']}{self.word}金额 {money_text(self.gross)}，考核扣减 {money_text(self.gross - self.net)}，"
            f"扣后应付 {money_text(self.net)}（{amount_in_words(self.net)}）。{self._verified_sentence()}"
            f"{AMOUNTS['self_net']} {money_text(fen(summary['self_net']))}，"
            f"由使用单位自行签约支付，不列入本项目（D62-九）。差异未决的 {self.held.count} 条、"
            f"{money_text(fen(summary['disputed_gross']))}列为待核，不计入上述金额{unpriced_words(self.held)}。"
        )
        units = {unit for unit, _provider, _payer in self.settled.by_unit}
        projects = {project for _unit, project, _provider, _payer in self.settled.by_project}
        yield Table(
            "表 1　概况",
            (Column("项目", 3), Column("数", 3, "right"), Column("项目", 3), Column("金额（元）", 3, "right")),
            (
                ("有费用的使用单位", f"{len(units)} 个", AMOUNTS["unified_gross"], figure_text(self.gross)),
                ("有费用的项目", f"{len(projects)} 个", "考核扣减", figure_text(self.gross - self.net)),
                (
                    "期内资源",
                    f"{sum(u.resources for u in papers.usage.values()):,} 个",
                    "统一支付应付（核定以后）" if papers.written.verified else AMOUNTS["unified_net"],
                    figure_text(self.due),
                ),
                ("账目", f"{self.settled.count:,} 条", AMOUNTS["self_net"], figure_text(fen(summary["self_net"]))),
                ("待核", f"{self.held.count:,} 条", "待核金额", figure_text(fen(summary["disputed_gross"]))),
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

    def _amounts(self) -> Iterator[Block]:
        papers = self.papers
        yield Heading(1, f"八、{self.word}金额")
        yield Table(
            "表 10　统一支付（元）",
            (
                Column("服务商", 2), Column("结算（扣前）", 3, "right"), Column("考核扣减", 2.6, "right"),
                Column("应付（扣后）", 3, "right"), Column("大写", 6),
            ),
            (
                *((papers.providers[entry["provider"]], *(figure_text(fen(entry[k])) for k in ("gross", "deduction", "net")),
                   amount_in_words(fen(entry["net"]))) for entry in self.summary["unified"]),
                ("合计", figure_text(self.gross), figure_text(self.gross - self.net), figure_text(self.net), amount_in_words(self.net)),
            ),
            totals=1,
        )  # fmt: skip
        yield Paragraph(
            f"{AMOUNTS['unified_net']}应付合计 {money_text(self.net)}，大写：{amount_in_words(self.net)}。"
            f"{AMOUNTS['self_net']}合计 {money_text(fen(self.summary['self_net']))}，大写：{amount_in_words(fen(self.summary['self_net']))}。"
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
            f"期内资源 {resources:,} 个，期末仍在用 {in_use:,} 个（占期内资源的 {share_text(in_use, resources)}），期内释放 {resources - in_use:,} 个。"
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
                    ("核定后应付", "", figure_text(self.due), amount_in_words(self.due), ""),
                ),
                totals=1,
            )  # fmt: skip

    def _verified_sentence(self) -> str:
        if not self.papers.written.verified:
            return ""
        return f"效能评估核定 {yuan(self.due - self.net, signed=True, grouped=True)} 元，核定后应付 {money_text(self.due)}。"

    def _budget(self) -> Iterator[Block]:
        cap = fen(self.summary["supervision_fee_cap"])
        base = AMOUNTS["unified_net" if self.result["conventions"]["K-12"] == "net" else "unified_gross"]
        limit = self._rule("supervision_fee_limit")
        yield Heading(1, BUDGET)
        yield Paragraph(
            f"资金来源为区级财政。本项目所需预算 {money_text(self.wanted)}，立项批复后由{CENTRE}按财政预算追加流程申请（D62-八）。"
        )
        yield from self._wanted()
        yield Paragraph(
            f"第三方综合服务监管的专项管理费，不高于年度结算费用的 {limit.value}%（D14-16(监管机制)）：以{base}为基数，"
            f"上限 {money_text(cap)}（{amount_in_words(cap)}），舍去分以下。"
        )
        most = self.papers.written.ceiling
        if most is not None and most < cap:
            yield Paragraph(f"效能评估核定减付以后照实际应付算，最多 {money_text(most)}（{amount_in_words(most)}）。")
        yield Slot("supervision", (self._supervision(),))
        yield _goal_table(self.papers.written.goals, goal_values(self.papers, self.settled, self.held))
        yield _prose("goal", self.papers.written.goal)

    def _wanted(self) -> Iterator[Block]:
        """预算合计的各行；草稿、预估没有。"""
        if rows := self.papers.written.budget:
            yield Table(
                "表 10-2　预算合计（元）",
                (Column("项目", 4), Column("金额", 3, "right"), Column("条款", 4)),
                (
                    *((name, figure_text(amount), clause) for name, amount, clause in rows),
                    ("预算合计", figure_text(self.wanted), ""),
                ),
                totals=1,
            )

    def _supervision(self) -> str:
        fee = self.papers.written.supervision
        if fee is None:
            return "本稿没有安排该费用；正式方案里列进预算合计，不得超过上限。"
        return f"本年度安排 {money_text(fee)}，本项目预算合计 {money_text(self.wanted)}（{amount_in_words(self.wanted)}）。"

    def _payment(self) -> Iterator[Block]:
        yield Heading(1, PAYMENT)
        yield Table(
            "表 12　步骤",
            (Column("步骤", 2.6), Column("承办", 3), Column("前提和金额", 7), Column("条款", 2.4)),
            (
                ("立项", "区科委", "审核本方案，批复金额", "D62-八、D14-15"),
                ("预算追加", CENTRE, f"按批复金额申请，不超过预算合计 {money_text(self.wanted)}", "D62-八"),
                ("签订合同", f"{CENTRE}、服务商", "预算下达后，按服务商分别签订", "D62-八"),
                ("支付", CENTRE, "按合同支付，各服务商的支付不超过表 10 的应付金额", "D62-八"),
                ("自行支付", "使用单位", "自行与服务商签约支付，不经本项目", "D62-九"),
            ),
        )
        yield _prose("arrangement", self.papers.written.arrangement)

    def _conclusion(self) -> Iterator[Block]:
        yield Heading(1, "十二、结论")
        if self.papers.estimated:
            yield Paragraph(f"截至数据截止日，统一支付预估应付 {money_text(self.due)}。年度结束后按全年数据重算。")
        elif self.papers.draft:
            yield Paragraph(
                f"照现在的计量结果，统一支付应付 {money_text(self.due)}；经区科委批准后才编正式方案（R-090）。"
            )
        else:
            pending = (
                f"待核 {money_text(fen(self.summary['disputed_gross']))}在差异裁定后以补差另行结算。"
                if self.held.count
                else ""
            )
            yield Paragraph(
                f"本年度计量计费、三方对账和考核扣减已按上述依据完成，统一支付应付 {money_text(self.due)}，"
                f"大写{amount_in_words(self.due)}，建议予以立项。{pending}"
            )
        yield Paragraph(f"{self.papers.result['district']}科创服务中心（盖章）", "right")
        yield Paragraph("年　　月　　日", "right")
