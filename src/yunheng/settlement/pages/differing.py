"""对账差异的页面：按资源聚成一组，申请表、工单、日志三方并排，分派、说明、裁定、沿用去年的裁定，逐条或一批（R-075）；裁定以后试算。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from yunheng.audit.actor import Actor
from yunheng.audit.refused import Refused
from yunheng.catalog.models import Item
from yunheng.metering.differences import NAMES
from yunheng.orgs import commissioning
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.models import Institution, Kind
from yunheng.orgs.reading import MAX_ATTACHMENT, whole_of
from yunheng.orgs.serving import attached
from yunheng.rules import periods
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope
from yunheng.settlement import disputing, handling, queries
from yunheng.settlement.bill import grouping
from yunheng.settlement.forms import RulingDays
from yunheng.settlement.models import Difference, Handling, Run
from yunheng.settlement.pages.years import CENTRE, MAX_PK, RECONCILES
from yunheng.settlement.runs import recasting, warned

#: 一个资源编号最多多少个字
MAX_NAME = 128
#: 勾选的沿用去年的裁定
REUSE = "沿用"
#: 处理到哪一步 → 叫法
STATES = {disputing.OPEN: "未裁定的", disputing.RULED: "已裁定的", disputing.NOTE: "不阻断的"}


@allowed(*RECONCILES)
def differences(request: Request, pk: int) -> HttpResponse:
    """对账的差异：一个资源一组，三方并排，逐条或勾选一批分派、说明、裁定、沿用去年的裁定。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            _handle(request, run)
            return redirect(request.get_full_path())
        except Refused as error:
            problems = error.problems
    seen, counts = _seen(request.actor, run)
    codes = sum(map(Counter[str], counts.values()), Counter[str]())
    rows = disputing.assigned(request.actor, run.service_year, seen) if request.GET.get("assigned") else seen
    matched = _matched(run, rows, request.GET)
    asked = {key: request.GET.get(key, "")[:MAX_NAME] for key in ("after", "before")}
    reviews = request.actor.role == Role.REVIEWER
    barred = commissioning.uncovered(request.actor, request.on, Scope.METERING)
    context = {
        "run": run,
        "warned": warned.groups(run, everything=request.actor.role in CENTRE),
        "page": grouping.page(run, seen, matched, **asked),
        "count": _counted(matched, counts, request.GET),
        "first": periods.service_year(run.service_year).start,
        "last": periods.year_end(run.service_year) - timedelta(days=1),
        "codes": [(f"D{code}", name, codes[f"D{code}"]) for code, name in NAMES.items() if codes[f"D{code}"]],
        "states": [(key, name, number) for key, name in STATES.items() if (number := sum(counts[key].values()))],
        "held": queries.totals(queries.visible_sums(request.actor, run))[2],
        "unpriced": queries.unpriced(queries.visible_lines(request.actor, run), run, "unit"),
        "problems": problems,
        "values": request.POST if problems else {},
        "picked": request.POST.getlist("row") if problems else [],
        "items": dict(Item.objects.values_list("code", "name")),
        "rules": reviews,
        "answers": request.actor.role in (Role.CLERK, Role.PROVIDER, Role.THIRD_PARTY),
        "ruled_again": recasting.ruled_again(run) if reviews else 0,
        "uncovered": barred,
        "argues": request.actor.role in (Role.CLERK, Role.PROVIDER, Role.THIRD_PARTY) and not barred,
        "institutions": Institution.objects.filter(
            kind__in=(Kind.PROVIDER, Kind.USING_UNIT, Kind.THIRD_PARTY)
        ).order_by("kind", "code"),
    }
    return render(request, "settlement/differences.html", context, status=422 if problems else 200)


#: 处理到哪一步 → 各种差异各几条
_Counts = Mapping[str, Mapping[str, int]]


def _seen(actor: Actor, run: Run) -> tuple[QuerySet[Difference], _Counts]:
    """看得到的差异，和各几条：使用单位、服务商只看自己的（R-001）。"""
    rows = disputing.visible_differences(actor, run)
    if actor.role is None or not actor.role.own_institution:
        return rows, disputing.state_counts(run)
    return rows, disputing.counts_of(run, rows)


def _matched(run: Run, rows: QuerySet[Difference], asked: Mapping[str, str]) -> QuerySet[Difference]:
    """合筛选的：处理到哪一步、哪一种、去年裁过的、资源或单号里有这几个字。"""
    if asked.get("state", "") in STATES:
        rows = disputing.in_state(run, rows, asked["state"])
    if code := asked.get("code", ""):
        rows = rows.filter(code=code)
    if asked.get("past"):
        rows = disputing.ruled_before(run, rows)
    if text := asked.get("q", "").strip():
        rows = rows.filter(Q(resource__contains=text) | Q(form__contains=text) | Q(order__contains=text))
    return rows


def _counted(rows: QuerySet[Difference], counts: _Counts, asked: Mapping[str, str]) -> int:
    """合筛选的几条：不找字、不看分派和去年的，批次里数过。"""
    if asked.get("q", "").strip() or asked.get("assigned") or asked.get("past"):
        return rows.count()
    code, state = asked.get("code", ""), asked.get("state", "")
    parts = [counts[state]] if state in STATES else counts.values()
    return sum(part.get(code, 0) if code else sum(part.values()) for part in parts)


def _handle(request: Request, run: Run) -> None:
    post, given = request.POST, request.FILES.get("file")
    chosen = [_row(text) for text in ([post["reuse"]] if "reuse" in post else post.getlist("row"))]
    if "reuse" in post or post.get("do") == REUSE:
        handling.reuse(actor=request.actor, on=request.on, year=run.service_year, rows=chosen)
        return
    kind, _, ruling = post.get("do", "").partition("：")
    from_on, until_on = RulingDays(post).days("（R-075）")
    handling.handle_all(
        rows=chosen,
        actor=request.actor,
        on=request.on,
        year=run.service_year,
        kind=kind,
        text=post.get("text", ""),
        ruling=ruling,
        **({"from_on": from_on, "until_on": until_on} if kind == Handling.RULE else {}),
        assignee=Institution.objects.filter(pk=whole_of(post.get("assignee")) or 0).first(),
        evidence=(given.name or "证据", given.read(MAX_ATTACHMENT + 1)) if given else None,
    )


def _row(text: str) -> tuple[str, str, str]:
    """勾选框的值“差异|目录项|资源”→（差异, 资源, 目录项）；资源编号里可以有竖线。"""
    code, _, rest = text.partition("|")
    item, _, resource = rest.partition("|")
    return code, resource, item


@allowed(*CENTRE, Role.CLERK, Role.PROVIDER)
def handling_file(request: Request, pk: int) -> HttpResponse:
    """差异处理附的证据；使用单位、服务商只看得到自己的：现在还有这条差异，或资源是自己的、分派过给自己。"""
    found = get_object_or_404(Handling.objects.select_related("file").exclude(file=None), pk=min(pk, MAX_PK))
    actor, year = request.actor, found.service_year
    own = disputing.concerning(actor, year, Handling.objects.filter(pk=found.pk)).exists()
    if not own and (run := queries.latest_run(year)):
        same = queries.differences_of(run).filter(code=found.code, resource=found.resource, item=found.item)
        own = disputing.concerning(actor, year, same).exists()
    if not own:
        raise Http404
    assert found.file
    return attached(found.file.content, found.file.name)


@require_POST
@allowed(Role.REVIEWER)
def recast(request: Request, pk: int) -> HttpResponse:
    """照新的裁定试算（R-075）。"""
    run = get_object_or_404(Run, pk=min(pk, MAX_PK))
    made = recasting.recast(actor=request.actor, on=request.on, run=run)
    return redirect(f"/settlement/runs/{made.pk}/")
