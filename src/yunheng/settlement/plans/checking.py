"""编方案时旁边的核对清单：账单锁定没有、考核审定没有、各处的数对不对得上（R-075、R-077 至 R-082）。只读。"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from yunheng.assessment.queries import locked
from yunheng.audit.append_only import newest
from yunheng.cases.models import Case
from yunheng.documents.blocks import Paper, Paragraph, Slot, Table
from yunheng.documents.money import amount_of_words
from yunheng.orgs import commissioning
from yunheng.orgs.models import Institution
from yunheng.rules.money import fen
from yunheng.settlement import disputing, funding, queries
from yunheng.settlement.footing import footing
from yunheng.settlement.models import YEARLY, Freeze, Plan, Run
from yunheng.settlement.plans import planning
from yunheng.settlement.runs import staleness

#: 段落里“金额 元（大写）”“金额 元，大写：大写”
_PAIR = re.compile(r"([+-]?\d[\d,]*\.\d\d) 元(?:（|，大写：?)(人民币[^）。，]+)")
_FIGURE = re.compile(r"[+-]?\d[\d,]*\.\d\d")


@dataclass(frozen=True)
class Check:
    """一项核对：对、不对（拦着不能往下办）、要注意（不拦）、还轮不到；去哪里办。"""

    name: str
    state: Literal["ok", "bad", "warn", "wait"]
    text: str
    href: str = ""
    clause: str = ""


def bill_checks(year: int, case: Case | None, freeze: Freeze | None) -> list[Check]:
    """账单这一头：计量、差异、考核、复算、批准；都对了账单才锁定。"""
    home = f"/settlement/{year}/"
    run = freeze.run if freeze else (queries.submitted(case) if case else None) or queries.latest_run(year, YEARLY)
    if run is None:
        return [
            Check("年度计量", "bad", "还没有年度计量", home, "D62-七"),
            Check("差异都已裁定", "wait", "计量以后才有差异", clause="D62-七"),
            *_appraised(year, None),
            *_rechecked(case, None, home),
            *_approved(case, freeze, home),
        ]
    old = [] if freeze else list(staleness.hint(run))
    counted = f"批次 {run.pk}，账目 {run.line_count:,} 条"
    return [
        Check("年度计量", "bad" if old else "ok", old[0] if old else counted, home, "D62-七"),
        _ruled(run),
        *_appraised(year, run),
        *_rechecked(case, run, home),
        *_approved(case, freeze, home),
    ]


def _ruled(run: Run) -> Check:
    open_ = sum(disputing.state_counts(run)[disputing.OPEN].values())
    held = Decimal(run.head["summary"]["disputed_gross"])
    href = f"/settlement/runs/{run.pk}/differences/"
    if open_ or held:
        waiting = f"待核 {run.disputed_count:,} 条、{held:,.2f} 元不进方案，裁定以后由补差结清"
        text = f"{open_} 条差异没有裁定，{waiting if held else '还没有连着费用的'}"
        return Check("差异都已裁定", "warn", text, href, "D62-七")
    return Check("差异都已裁定", "ok", "没有待核", href, "D62-七")


def _appraised(year: int, run: Run | None) -> Iterator[Check]:
    """要付钱的各家考核都审定了，评分与计量时相同。"""
    name, href, clause = "各家考核已审定", f"/assessment/?year={year}", "D62-附件5"
    if run is None:
        yield Check(name, "wait", "计量以后才知道要付哪几家", href, clause)
        return
    sheets = locked(year)
    missing = sorted(queries.appraised_providers(run) - set(sheets))
    if missing:
        yield Check(name, "bad", f"还没有审定的：{'、'.join(_named(missing))}", href, clause)
    else:
        yield Check(name, "ok", "要付的各家都审定了", href, clause)


def _named(codes: list[str]) -> list[str]:
    """服务商的名字，照代码的次序。"""
    names = dict(Institution.objects.filter(code__in=codes).values_list("code", "name"))
    return [names.get(code, code) for code in codes]


def _rechecked(case: Case | None, run: Run | None, home: str) -> Iterator[Check]:
    name, clause = "第三方复算一致", "D62-七"
    if case is None:
        yield Check(name, "bad", "还没有起年度结算", home, clause)
        return
    href = f"/cases/{case.number}/"
    last = newest(run.recomputations.all()) if run else None
    if last is None:
        yield Check(name, "bad", "第三方还没有复算", href, clause)
    elif not last.equal:
        yield Check(name, "bad", "最近一次复算与批次不一致", href, clause)
    else:
        yield Check(name, "ok", f"{last.by} {last.on} 复算，摘要相同", href, clause)


def _approved(case: Case | None, freeze: Freeze | None, home: str) -> Iterator[Check]:
    name, clause = "账单已锁定", "D62-四"
    if freeze:
        yield Check(name, "ok", f"{freeze.on} {freeze.by}批准", f"/settlement/runs/{freeze.run_id}/", clause)
    else:
        yield Check(name, "bad", "区科委还没有批准计量结果", f"/cases/{case.number}/" if case else home, clause)


def plan_checks(freeze: Freeze, plan: Plan | None, paper: Paper | None, problem: str) -> list[Check]:
    """方案这一头：合计、大写、专项管理费、效能核定、文件。`paper` 是这一版存下的内容，`problem` 是没出成的原因。"""
    if plan is None:
        names = ("Σ账目 = 汇总 = 方案", "大写等于数字", "专项管理费不超上限", "效能核定都算进去了", "文件出好了")
        return [Check(name, "wait", "存成一版以后核对") for name in names]
    case = f"/cases/{plan.case.number}/"
    return [
        _footed(freeze, plan),
        _worded(paper),
        _fee(freeze, plan),
        _verified(freeze, plan, case),
        Check("文件出好了", "bad", problem) if problem
        else Check("文件出好了", "ok" if paper else "wait", f"第 {plan.version} 版" if paper else "后台正在出"),
    ]  # fmt: skip


def _fee(freeze: Freeze, plan: Plan) -> Check:
    """照实际应付算的上限（效能核定减付以后的）拦着报送；报送以后补差收回的更低了，超了要注意。"""
    name, clause = "专项管理费不超上限", "D14-16(监管机制)"
    most = funding.fee_ceiling(freeze)
    text = f"安排 {plan.supervision:,.2f} 元，最多 {most:,.2f} 元"
    if plan.supervision > most and plan.case.board.step == "plan":
        text += f"，超出 {plan.supervision - most:,.2f} 元，请调低，再存一版"
        return Check(name, "bad", text, clause=clause)
    contracted = commissioning.fees(freeze.service_year)
    apart = plan.supervision - contracted if contracted else Decimal(0)
    if apart:
        which = "多" if apart > 0 else "少"
        text += f"；委托合同列入这一年的合计 {contracted:,.2f} 元，安排的{which} {abs(apart):,.2f} 元，请核对"
    if over := funding.fee_over(freeze.service_year):
        used, less = over
        text += f"；核定、补差、不再付以后照实际应付算最多 {less:,.2f} 元，全年签了 {used:,.2f} 元"
        why = f"，超出 {used - less:,.2f} 元，请起补差收回"
        return Check(name, "warn", text + why, clause=clause)
    return Check(name, "warn" if apart > 0 else "ok", text, clause=clause)


def _footed(freeze: Freeze, plan: Plan) -> Check:
    name, href = "Σ账目 = 汇总 = 方案", f"/settlement/runs/{plan.run_id}/"
    due = funding.unified_net(freeze)
    problems = list(footing(plan.run))
    if plan.total != due:
        problems.append(f"方案应付 {plan.total:,.2f}，结算应付 {due:,.2f}，差 {plan.total - due:+,.2f} 元")
    return Check(name, "bad" if problems else "ok", problems[0] if problems else f"都是 {due:,.2f} 元", href, "D14-15")


def _worded(paper: Paper | None) -> Check:
    name = "大写等于数字"
    if paper is None:
        return Check(name, "wait", "内容出好以后核对")
    pairs = list(amounts(paper))
    wrong = [f"{figure} 与“{words}”不符" for figure, words in pairs if not _same(figure, words)]
    if wrong or not pairs:
        return Check(name, "bad", wrong[0] if wrong else "内容里没有大写金额")
    return Check(name, "ok", f"{len(pairs)} 处都相符")


def _same(figure: str, words: str) -> bool:
    try:
        return amount_of_words(words) == fen(figure.replace(",", ""))
    except ValueError:
        return False


def amounts(paper: Paper) -> Iterator[tuple[str, str]]:
    """内容里每一处（金额, 大写）：段落里挨着的，表里同一行左边最近的数。"""
    for block in paper.blocks:
        if isinstance(block, Table) and not block.slot:
            for row in block.rows:
                for number, cell in enumerate(row):
                    if cell.startswith("人民币"):
                        yield next((text for text in reversed(row[:number]) if _FIGURE.fullmatch(text)), ""), cell
        elif isinstance(block, Paragraph | Slot):
            text = block.text if isinstance(block, Paragraph) else "\n".join(block.lines)
            yield from _PAIR.findall(text)


def _verified(freeze: Freeze, plan: Plan, case: str) -> Check:
    name, clause = "效能核定都算进去了", "M6-34"
    if problems := list(planning.stale(plan, freeze)):
        return Check(name, "bad", problems[0], case, clause)
    count = len(plan.verified)
    return Check(name, "ok", f"{count} 项都在方案里" if count else "没有核定的调整", case, clause)
