"""附件5 松江区云服务商绩效考核表（D62-附件5、R-091）：每个服务商一份，列照原表，另加期内事项和得分。"""

from __future__ import annotations

from .blocks import Block, Column, Paper, Paragraph, Table
from .data import Papers
from .plan import percent

#: 指标字母 → 名称、分值、评分标准、指标解释（后两项是要点，不是原文）
INDICATORS = {
    "A": ("服务任务完成及时性", "10", "服务商负全部或主要责任、未按计划完成的，每起扣 1 分，扣完为止。", "各项服务任务是否按时、按计划完成。"),
    "B": ("有责投诉", "10", "每起扣 5 分，扣完为止。", "使用单位来函和其他渠道反映、服务商有责任的投诉数。"),
    "C": ("故障发生数", "10", "每起有责故障扣 3 分，扣完为止。", "云平台故障使业务系统全部或部分不可用、明显变慢的次数。"),
    "D": ("故障上报准确数", "10", "错报、瞒报每起扣 5 分，扣完为止。", "出现故障时向运行管理单位、使用单位和第三方监管及时如实上报的情况。"),
    "E": ("安全责任事故数", "10", "每起扣 5 分，扣完为止。", "机房、网络、安全、主机、存储、运维等方面有责任的安全事故数。"),
    "F": ("制度执行有效性", "10", "未有效执行市级制度和本区政策、流程的，每起扣 3 分，扣完为止。", "对市级政务云管理制度和本区政策、流程的执行情况。"),
    "G": ("云服务满意率", "40", "满意率 90% 及以上得满分，每低 1% 扣权重的 2%，扣完为止。", "由第三方机构问卷调查，抽样方式和比例由其确定。"),
}  # fmt: skip


def appraisal_form(papers: Papers, provider: str) -> Paper:
    """一个服务商的考核表；没有这个服务商抛 KeyError。"""
    entries = {entry["provider"]: entry for entry in papers.result["assessments"]}
    entry = entries[provider]
    rows = []
    for letter, (name, full, standard, meaning) in INDICATORS.items():
        events = [e for e in papers.events if e.provider == provider and e.indicator == letter]
        if letter == "G":
            rate = papers.satisfaction.get(provider)
            facts = f"满意率 {rate}%" if rate is not None else "没有满意率"
        else:
            facts = "\n".join(f"{event.day} {event.note}" for event in events) or "本期无扣分事项"
        rows.append((f"{name}（{letter}）", full, standard, meaning, facts, entry["scores"][letter] or "—"))
    total = entry["total"]
    rows.append(("总分", "100", "", "", "", total or "未考核"))
    blocks: list[Block] = [
        Table(
            f"服务商：{papers.providers[provider]}",
            (
                Column("考核指标", 3), Column("分值", 1, "center"), Column("评分标准", 5), Column("指标解释", 5),
                Column("期内事项", 5.4), Column("得分", 1.4, "center"),
            ),
            rows,
            totals=1,
        ),
        Paragraph(_consequence(total, entry["deduction_rate"]), "note"),
        Paragraph("第三方机构（盖章）：　　　　　　　服务商确认：　　　　　　　区科创服务中心（盖章）：　　　　　　　", "note"),
        Paragraph("日期：　　　　年　　月　　日", "note"),
    ]  # fmt: skip
    return Paper(
        title="松江区云服务商绩效考核表".replace("松江区", papers.result["district"]),
        subtitle=f"{papers.year} 服务年度，计至 {papers.result['until']}（不含当日）",
        footnote=str(papers.result["digest"]),
        blocks=tuple(blocks),
        mark=papers.mark,
    )


def _consequence(total: str | None, rate: str | None) -> str:
    if total is None:
        return "没有满意率，未考核，暂按不扣减；补齐后重算（D62-附件5）。"
    if rate == "0":
        return f"总分 {total} 分，不低于 90 分，不扣减结算金额（D62-附件5）。"
    return f"总分 {total} 分，低于 90 分，扣减当年结算金额的 {percent(rate)}（D62-附件5）。"
