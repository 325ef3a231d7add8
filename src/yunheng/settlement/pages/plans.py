"""结算项目方案的页面：一边看一边改、核对清单、草稿、两版对照、文件（ux S15；R-080 至 R-082）。"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString, mark_safe

from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case
from yunheng.documents import comparing, html
from yunheng.documents.blocks import Paper, Slot, Table, from_json
from yunheng.documents.data import GOALS
from yunheng.documents.plan import unwritten
from yunheng.orgs import commissioning
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.reading import whole_of
from yunheng.orgs.serving import attached
from yunheng.rules.periods import service_year_of
from yunheng.rules.roles import Role
from yunheng.settlement import chaining, funding, owing, queries
from yunheng.settlement.models import DraftFile, PaperFile, Plan, PlanDraft, PlanFile
from yunheng.settlement.pages.years import CENTRE, FIRST_YEAR, MAX_PK, money_in
from yunheng.settlement.plans import checking, planning
from yunheng.settlement.plans.planning import CONTENT, FAILED, PROSE


@dataclass(frozen=True)
class Part:
    """预览里的一截：`slot` 空的是算出来的，直接摆 `html`；不空的是人写的一处，`values` 是表里各行算出来的现值。"""

    html: SafeString
    slot: str = ""
    values: Sequence[str] = ()


#: 多于这么多行的表在预览里先折起来
_FOLD = 30


@allowed(*CENTRE)
def plan(request: Request, year: int) -> HttpResponse:
    """一个服务年度的方案：`v` 是看哪一版，不写是最近的；存一版、要草稿也在这里。"""
    if not FIRST_YEAR < year <= service_year_of(request.on):
        raise Http404
    begun = queries.year_cases(year).filter(number=0).first()
    case = begun.case if begun else None
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            _save(request, year, case)
            return redirect(f"/settlement/{year}/plan/")
        except NotYours:
            raise
        except Refused as error:
            problems = error.problems
    plans = list(Plan.objects.filter(case=case).select_related("run", "case").order_by("-version")) if case else []
    run = planning.drafted_from(year) if request.actor.role == Role.REVIEWER and not plans else None
    draft = PlanDraft.objects.filter(run=run).first() if run else None
    last = plans[0] if plans else None
    standing = {"year": year, "last": last, "draft": draft, "making": _making(last, draft) and not problems}
    # 没有出过、没出成的，才有得要
    standing["drafts"] = run is not None and (draft is None or bool(draft.problem))
    if request.htmx:
        response = render(request, "settlement/_plan_making.html", standing)
        if not standing["making"]:
            # 出好了：没有正在填的就换新页，有就留着由人点
            response["HX-Trigger"] = "made"
        return response
    context = standing | _context(request, year, case, plans, draft, problems) | {"before": owing.before(year)}
    return render(request, "settlement/plan.html", context, status=422 if problems else 200)


def _making(last: Plan | None, draft: PlanDraft | None) -> bool:
    """后台还在出：最近的一版，或没有方案时要了的草稿。"""
    return bool(last and not last.files.exists()) or bool(draft and not draft.problem and not draft.files.exists())


def _save(request: Request, year: int, case: Case | None) -> None:
    post = request.POST
    if post.get("do") == "draft":
        planning.order_draft(actor=request.actor, on=request.on, year=year)
        return
    if request.actor.role != Role.REVIEWER:
        raise NotYours(["结算方案由区科创中心编（D62-八，R-080）"])
    if case is None:
        raise Refused([f"{year} 服务年度还没有起年度结算，不能编方案（D62-八，R-080）"])
    planning.write_plan(
        actor=request.actor,
        on=request.on,
        case=case,
        prose={key: post.get(f"prose:{key}", "").strip() for key, _, _ in PROSE},
        supervision=money_in(request, "supervision"),
        goals=[
            (post.get(f"goal:{number}:indicator", ""), post.get(f"goal:{number}:target", ""))
            for number in range(len(GOALS))
        ],
        seen=whole_of(post.get("seen")),
    )


def _context(
    request: Request,
    year: int,
    case: Case | None,
    plans: list[Plan],
    draft: PlanDraft | None,
    problems: tuple[str, ...],
) -> dict[str, Any]:
    last, chosen = plans[0] if plans else None, _chosen(request, plans)
    freeze = queries.freeze_of(case) if case else None
    reviewer = request.actor.role == Role.REVIEWER
    latest = _content(last)
    # 最近的一版还在出的，先看上一版的内容
    shown = next((one for one in ([chosen] if chosen else plans) if _content(one)), None)
    content = _content(shown or draft)
    paper = from_json(bytes(content.content)) if content else None
    edits = reviewer and freeze is not None and freeze.case.board.step == "plan" and chosen in (None, last)
    bill = checking.bill_checks(year, case, freeze)
    checks = bill
    if freeze:
        newest = from_json(bytes(latest.content)) if latest else None
        checks = [*bill, *checking.plan_checks(freeze, last, newest, _failure(last))]
    cap = funding.fee_ceiling(freeze) if freeze else None
    fees = commissioning.fees(year)
    return {
        "case": case,
        "freeze": freeze,
        "commissions": commissioning.of_year(year),
        "fees": fees,
        "over_cap": max(fees - (cap if cap is not None else fees), Decimal(0)),
        "plans": [_listed(one, plans) for one in plans],
        "shown": shown,
        "paper": paper,
        "content": content,
        "draft_files": draft.files.defer("content").exclude(name=CONTENT).order_by("name") if draft else (),
        "outline": html.outline(paper or Paper("", "", "", unwritten() if edits else ())),
        "parts": _parts(paper, edits=edits),
        "edits": edits,
        "reviewer": reviewer,
        "checks": checks,
        "ready": freeze is not None and not any(one.state in ("bad", "wait") for one in checks),
        "todo": sum(1 for one in bill if one.state in ("bad", "wait")),
        "stale": list(planning.stale(last, freeze)) if last and freeze else [],
        "failed": _failure(last),
        "chain": chaining.chain(case) if case else [],
        # 没编过的先填各委托合同之和，超过上限的先填上限
        "fields": _fields(request, last, fees if cap is None else min(fees, cap), typed=bool(problems)),
        "cap": cap,
        "fee_limit": funding.fee_limit(year),
        "problems": problems,
    }


def _chosen(request: Request, plans: list[Plan]) -> Plan | None:
    """地址里要看的那一版；没有写是 None，写错了是 404。"""
    version = request.GET.get("v", "")
    if not version:
        return None
    found = next((one for one in plans if str(one.version) == version), None)
    if found is None:
        raise Http404
    return found


def _listed(plan: Plan, plans: list[Plan]) -> dict[str, Any]:
    """一版，它的文件，它的上一版。"""
    before = next((one for one in plans if one.version == plan.version - 1), None)
    files = plan.files.defer("content").exclude(name__in=(CONTENT, FAILED)).order_by("name")
    return {"plan": plan, "before": before, "files": files}


def _content(of: Plan | PlanDraft | None) -> PaperFile | None:
    """存下的内容；还没出的为 None。"""
    found: PaperFile | None = of.files.filter(name=CONTENT).first() if of else None
    return found


def _failure(last: Plan | None) -> str:
    """最近一版没出成的原因；没有为空。"""
    found = last.files.filter(name=FAILED).first() if last else None
    return bytes(found.content).decode() if found else ""


def _folded(table: Table, text: str) -> str:
    """长表折起来，先看多少行、合计多少；打印时展开。"""
    total = f"，合计 {table.rows[-1][-1]} 元" if table.totals else ""
    rows = len(table.rows) - table.totals
    return f'<details class="fold"><summary>展开 {rows:,} 行{total}</summary>{text}</details>'


def _parts(paper: Paper | None, *, edits: bool) -> list[Part]:
    """预览的各截：挨着的算出来的并在一起，人写的各处单列；还没有内容的只有人写的各处。"""
    blocks = paper.blocks if paper else unwritten() if edits else ()
    found: list[Part] = []
    waiting: list[str] = []
    for number, block in enumerate(blocks):
        slot = block.key if isinstance(block, Slot) else block.slot if isinstance(block, Table) else ""
        text = html.block_html(block, number)
        if isinstance(block, Table) and len(block.rows) > _FOLD:
            text = _folded(block, text)
        if not slot:
            waiting.append(text)
            continue
        found += [Part(mark_safe("".join(waiting)))] if waiting else []
        waiting = []
        values = (
            tuple("；".join(filter(None, map(str, row[2:]))) for row in block.rows) if isinstance(block, Table) else ()
        )
        found.append(Part(mark_safe(text), slot, values))
    return [*found, Part(mark_safe("".join(waiting)))] if waiting else found


def _fields(request: Request, last: Plan | None, suggested: Decimal, *, typed: bool) -> dict[str, Any]:
    """表单里各栏的值：刚填的（没存成要还给人），或最近一版的，或默认的；`suggested` 是没编过时的专项管理费。"""
    post = request.POST if typed else {}
    prose = last.prose if last else {}
    goals = (last.goals if last else None) or GOALS
    return {
        "prose": {
            key: {"label": label, "hint": hint, "value": post.get(f"prose:{key}", prose.get(key, ""))}
            for key, label, hint in PROSE
        },
        "goals": [
            (post.get(f"goal:{number}:indicator", indicator), post.get(f"goal:{number}:target", target))
            for number, (indicator, target) in enumerate(goals)
        ],
        "supervision": post.get("supervision", f"{last.supervision if last else suggested:.2f}"),
        "seen": last.version if last else 0,
    }


@allowed(*CENTRE)
def compare(request: Request, pk: int, other: int) -> HttpResponse:
    """方案两版对照：每个格子、每段文字；`all` 是没变的也列。"""
    before, after = (
        get_object_or_404(Plan.objects.select_related("case", "run"), pk=min(one, MAX_PK)) for one in (pk, other)
    )
    if before.case_id != after.case_id:
        raise Http404
    old, new = _content(before), _content(after)
    everything = "all" in request.GET
    chapters = comparing.compare(from_json(bytes(old.content)), from_json(bytes(new.content))) if old and new else []
    context = {
        "before": before,
        "after": after,
        "year": before.run.service_year,
        "figures": [
            ("照的批次", comparing.CellChange(str(before.run_id), str(after.run_id))),
            *(
                (name, comparing.CellChange(a, b, comparing.delta(a, b)))
                for name, a, b in (
                    ("应付合计（元）", f"{before.total:,.2f}", f"{after.total:,.2f}"),
                    ("专项管理费（元）", f"{before.supervision:,.2f}", f"{after.supervision:,.2f}"),
                    ("效能核定（项）", str(len(before.verified)), str(len(after.verified))),
                )
            ),
        ],
        "ready": old is not None and new is not None,
        "chapters": [one for one in chapters if everything or one.changed],
        "written": list(_written(before, after)),
        "everything": everything,
    }
    return render(request, "settlement/plan_diff.html", context)


def _written(before: Plan, after: Plan) -> Iterator[tuple[str, comparing.Passage]]:
    """内容还没出好时也看得到的：人写的各处。"""
    for key, label, _hint in PROSE:
        yield label, comparing.passage(before.prose.get(key, ""), after.prose.get(key, ""))
    yield "预算绩效目标", comparing.passage(_goals(before.goals), _goals(after.goals))


def _goals(goals: Iterable[Sequence[str]]) -> str:
    return "\n".join("：".join(goal) for goal in goals or GOALS)


@allowed(*CENTRE)
def plan_file(request: Request, pk: int, name: str) -> HttpResponse:
    """方案的 Word、PDF、Excel、内容。"""
    del request
    file = get_object_or_404(PlanFile.objects.select_related("plan__run"), plan_id=min(pk, MAX_PK), name=name)
    return _attached(file, f"{file.plan.run.service_year}-v{file.plan.version}-{name}")


@allowed(Role.REVIEWER)
def draft_file(request: Request, pk: int, name: str) -> HttpResponse:
    """草稿的 Word、PDF、Excel，都带水印。"""
    del request
    file = get_object_or_404(DraftFile.objects.select_related("draft__run"), draft_id=min(pk, MAX_PK), name=name)
    return _attached(file, f"{file.draft.run.service_year}-草稿-{name}")


def _attached(file: PaperFile, title: str) -> HttpResponse:
    return attached(file.content, title)
