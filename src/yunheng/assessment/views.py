"""考核的页面：各家各项的分、事件、复核、满意率；办件页上的评分表。"""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.cases.panels import register_panel
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.commissioning import uncovered
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import MAX_ATTACHMENT, day_of, decimal_of
from yunheng.rules.periods import service_year, service_year_of, year_end
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope
from yunheng.rules.scoring import EVENT_INDICATORS

from . import operations, queries
from .models import Appraisal, Occurrence, Reply

#: 七项指标的叫法（D62-附件5）
INDICATORS = {
    "A": "任务按时完成",
    "B": "有责投诉",
    "C": "有责故障",
    "D": "如实上报",
    "E": "安全事件",
    "F": "制度遵守",
    "G": "满意率",
}
MAX_PK = 2**63 - 1
_READERS = (Role.PROVIDER, Role.REVIEWER, Role.AUTHORITY, Role.THIRD_PARTY)
_FIRST_YEAR = 2021


@allowed(*_READERS)
def home(request: Request) -> HttpResponse:
    """某服务年度：各家的分，和一起起事件；第三方、区科创中心在这里登记。"""
    present = service_year_of(request.on)
    text = request.POST.get("year") or request.GET.get("year") or str(present)
    year = min(max(int(text[:4]) if text.isdigit() else present, _FIRST_YEAR + 1), present)
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            _record(request)
            return redirect(f"/assessment/?year={year}")
        except Refused as error:
            problems = error.problems
    span = service_year(year)
    shown = providers()
    if request.actor.role == Role.PROVIDER:
        shown = shown.filter(pk=request.actor.institution or 0)
    begun = {
        one.provider_id: one.case for one in Appraisal.objects.filter(service_year=year).select_related("case__board")
    }
    locked = queries.locked(year)
    barred = uncovered(request.actor, request.on, Scope.APPRAISAL)
    marks = [(one, begun.get(one.provider.pk), locked.get(one.provider.code)) for one in queries.marks(shown, year)]
    occurrences = queries.visible(request.actor).filter(on__gte=span.start, on__lt=span.until).order_by("-on", "-pk")
    occurrences = occurrences.prefetch_related(Prefetch("replies", Reply.objects.defer("content").order_by("pk")))
    context = {
        "year": year,
        "years": range(present, _FIRST_YEAR, -1),
        "span": span,
        "finished": request.on >= year_end(year),
        "marks": marks,
        "indicators": INDICATORS,
        "occurrences": occurrences[:300],
        "events": EVENT_INDICATORS,
        "uncovered": barred,
        "records": request.actor.role in (Role.THIRD_PARTY, Role.REVIEWER) and not barred,
        "reviews": request.actor.role == Role.REVIEWER,
        "provides": request.actor.role == Role.PROVIDER,
        # 审定锁定了的年度不能再申辩
        "replies": request.actor.role == Role.PROVIDER and not any(score for _, _, score in marks),
        "starts": request.actor.role == Role.THIRD_PARTY and not barred,
        "providers": providers(),
        "problems": problems,
        "values": request.POST,
    }
    return render(request, "assessment/home.html", context, status=422 if problems else 200)


def _provider(request: Request) -> Institution:
    found = providers().filter(code=request.POST.get("provider", "")).first()
    if found is None:
        raise Refused(["请选择服务商"])
    return found


def _year(request: Request) -> int:
    text = request.POST.get("year", "")
    if not text.isdigit() or not _FIRST_YEAR < int(text[:4]) < 2100:
        raise Refused(["请选择服务年度"])
    return int(text[:4])


def _record(request: Request) -> None:
    try:
        happened = day_of(request.POST.get("on", ""))
    except ValueError as error:
        raise Refused([str(error)]) from error
    operations.record(
        actor=request.actor,
        on=request.on,
        provider=_provider(request),
        indicator=request.POST.get("indicator", "")[:1],
        happened_on=happened,
        text=request.POST.get("text", "")[:500],
        year=_year(request),
    )


@require_POST
@allowed(Role.PROVIDER)
def reply(request: Request, pk: int) -> HttpResponse:
    """服务商申辩一起事件，可附证据。"""
    occurrence = get_object_or_404(
        Occurrence.objects.select_related("provider"), pk=min(pk, MAX_PK), provider=request.actor.institution or 0
    )
    given = request.FILES.get("file")
    operations.reply(
        actor=request.actor,
        on=request.on,
        occurrence=occurrence,
        text=request.POST.get("text", ""),
        name=(given.name or "证据") if given else "",
        content=given.read(MAX_ATTACHMENT + 1) if given else b"",
    )
    return redirect(f"/assessment/?year={service_year_of(occurrence.on)}")


@allowed(*_READERS)
def proof(request: Request, pk: int) -> HttpResponse:
    """申辩附的证据。"""
    seen = queries.visible(request.actor).values("pk")
    found = get_object_or_404(Reply.objects.exclude(name=""), pk=min(pk, MAX_PK), occurrence__in=seen)
    response = HttpResponse(bytes(found.content or b""), content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(True, found.name) or "attachment"
    return response


@require_POST
@allowed(Role.REVIEWER)
def find(request: Request, pk: int) -> HttpResponse:
    """复核一起事件。"""
    occurrence = get_object_or_404(Occurrence.objects.select_related("provider"), pk=min(pk, MAX_PK))
    operations.find(
        actor=request.actor,
        on=request.on,
        occurrence=occurrence,
        counted=request.POST.get("counted") == "1",
        reason=request.POST.get("reason", ""),
    )
    return redirect(f"/assessment/?year={service_year_of(occurrence.on)}")


@require_POST
@allowed(Role.THIRD_PARTY, Role.REVIEWER)
def rate(request: Request) -> HttpResponse:
    """记满意率。"""
    answers = request.POST.get("answers", "")
    try:
        value = decimal_of(request.POST.get("rate", ""), 3)
    except ValueError as error:
        raise Refused([f"满意率：{error}（R-092）"]) from error
    year = _year(request)
    operations.rate(
        actor=request.actor,
        on=request.on,
        provider=_provider(request),
        year=year,
        rate=value,
        basis=request.POST.get("basis", ""),
        answers=int(answers[:6]) if answers.isdigit() else None,
    )
    return redirect(f"/assessment/?year={year}")


@require_POST
@allowed(Role.THIRD_PARTY)
def start(request: Request) -> HttpResponse:
    """起一件年度考核。"""
    case = operations.start(actor=request.actor, on=request.on, provider=_provider(request), year=_year(request))
    return redirect(f"/cases/{case.number}/")


def register() -> None:
    """登记年度考核在办件页上的那一块。"""
    register_panel("appraisal", "assessment/_case.html", _panel)


def _panel(request: Request, case: Case) -> dict[str, Any]:
    del request
    appraisal = Appraisal.objects.select_related("provider").get(case=case)
    score = getattr(appraisal, "score", None)
    marked = queries.mark(appraisal.provider, appraisal.service_year)
    return {"appraisal": appraisal, "mark": marked, "score": score, "indicators": INDICATORS}
