"""预测和预算、灾备分摊、反馈和汇交、效能核定的页面。"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from yunheng.audit.refused import Refused
from yunheng.cases.models import Case
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.fields import Span
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import Given, decimal_of, year_of
from yunheng.orgs.serving import attached
from yunheng.rules.periods import service_year_of
from yunheng.rules.roles import Role
from yunheng.settlement import handover, queries, recovery
from yunheng.settlement.models import Handover, RecoveryAsset, RecoveryShare, ServiceFeedback
from yunheng.settlement.pages.years import CENTRE, FIRST_YEAR, MAX_PK, money_in, names_of
from yunheng.settlement.plans import verifying
from yunheng.settlement.runs import forecasting, warned
from yunheng.tables import writing

_RECOVERY = (Role.REVIEWER, Role.AUTHORITY, Role.FINANCE, Role.INFORMATIZATION)
#: 分摊比例一次填几家
SHARERS = 4
_FEEDBACK = (Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION, Role.CITY_OPERATOR)


def _checked_year(request: Request, year: int) -> int:
    if not FIRST_YEAR < year <= service_year_of(request.on) + 1:
        raise Http404
    return year


@allowed(*CENTRE)
def forecast(request: Request, year: int) -> HttpResponse:
    """一个服务年度的预测和预算执行（R-087）。"""
    _checked_year(request, year)
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            forecasting.set_budget(
                actor=request.actor,
                on=request.on,
                year=year,
                amount=money_in(request, "amount"),
                document=request.POST.get("document", ""),
            )
            return redirect(f"/settlement/{year}/forecast/")
        except Refused as error:
            problems = error.problems
    found, budget = forecasting.latest(year), forecasting.budget(year)
    context = {
        "year": year,
        "forecast": found,
        "warned": warned.groups(found.run, everything=True) if found else [],
        "budget": budget,
        "chart": forecasting.chart(found, names_of(), budget) if found else None,
        "share": found.expected * 100 / budget.amount if found and budget else None,
        "sentence": forecasting.sentence(found, budget),
        "sets": request.actor.role in (Role.FINANCE, Role.REVIEWER),
        "values": request.POST,
        "problems": problems,
    }
    return render(request, "settlement/forecast.html", context, status=422 if problems else 200)


# ── 灾备分摊 ──


@allowed(*_RECOVERY)
def shares(request: Request) -> HttpResponse:
    """灾备平台的资产、比例、各年费用（R-085）。"""
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            _save_share(request)
            return redirect("/settlement/recovery/")
        except Refused as error:
            problems = error.problems
    whos, percents = (request.POST.getlist(name) if problems else [] for name in ("who", "percent"))
    present = service_year_of(request.on)
    costs = list(recovery.costs())
    totals: Counter[tuple[int, str]] = Counter()
    for cost in costs:
        for code, amount in cost.shares.items():
            totals[cost.service_year, code] += Decimal(amount)  # type: ignore[assignment]
    context = {
        "split": [one for one in recovery.assets() if one.kind != RecoveryAsset.EXPANSION],
        "assets": [(one, recovery.share_of(one.code, present)) for one in recovery.assets()],
        "costs": costs,
        "borne": [
            (kind, recovery.district_share(kind, request.on))
            for kind in (RecoveryAsset.SHARED, RecoveryAsset.DEDICATED)
        ],
        "totals": [(year, code, amount) for (year, code), amount in sorted(totals.items(), reverse=True)],
        "names": names_of(),
        "kinds": dict(RecoveryAsset._meta.get_field("kind").choices or ()),
        "institutions": Institution.objects.order_by("kind", "code"),
        # 没存成的，选过、填过的都还在
        "picked": list(zip_longest(whos, percents, fillvalue="")) + [("", "")] * max(SHARERS - len(whos), 0),
        "years": range(present, FIRST_YEAR, -1),
        "decisions": RecoveryShare.objects.order_by("-pk")[:50],
        "registers": request.actor.role in (Role.REVIEWER, Role.AUTHORITY),
        "decides": request.actor.role == Role.AUTHORITY,
        "bills": request.actor.role == Role.REVIEWER,
        "values": request.POST,
        "problems": problems,
    }
    return render(request, "settlement/recovery.html", context, status=422 if problems else 200)


def _save_share(request: Request) -> None:
    post, code = request.POST, request.POST.get("code", "").strip()
    if post.get("do") == "asset":
        owner = Institution.objects.filter(code=post.get("owner", "")).first()
        given = Given(post, "（R-085）")
        given.words("code", "编号", 32)
        given.words("name", "名称", 200)
        if owner is None:
            given.wrong("owner", "请选择归属单位")
        given.checked()
        assert owner is not None
        recovery.register_asset(
            actor=request.actor,
            on=request.on,
            code=code,
            name=post.get("name", ""),
            kind=post.get("kind", ""),
            owner=owner,
        )
    elif post.get("do") == "share":
        recovery.decide(
            actor=request.actor,
            on=request.on,
            code=code,
            ratios=_ratios(post.getlist("who"), post.getlist("percent")),
            document=_document(post),
            from_year=_year(request),
        )
    else:
        recovery.bill(
            actor=request.actor,
            on=request.on,
            code=code,
            year=_year(request),
            amount=money_in(request, "amount"),
            document=_document(post),
            reason=post.get("reason", ""),
        )


def _document(post: Mapping[str, str]) -> str:
    given = Given(post, "（R-085）")
    document = given.words("document", "依据的文号", 200)
    given.checked()
    return document


def _ratios(whos: Sequence[str], percents: Sequence[str]) -> dict[str, Decimal]:
    """从名单里选的各家和百分数，一家一次；空着的一格不算，只填了一半的、选了两遍的、不是数的都说清是第几家。"""
    found: dict[str, Decimal] = {}
    problems = []
    for number, (who, percent) in enumerate(zip(whos, percents, strict=False), start=1):
        if not who and not percent.strip():
            continue
        if not who or not percent.strip():
            problems.append(f"第 {number} 家：机构和比例都要填（R-085）")
        elif who in found:
            problems.append(f"第 {number} 家：同一家选了两遍，请合成一个比例（R-085）")
        else:
            try:
                found[who] = decimal_of(percent.strip().rstrip("%"), 6)
            except ValueError as error:
                problems.append(f"第 {number} 家的比例：{error}（R-085）")
    if problems:
        raise Refused(problems)
    return found


def _year(request: Request) -> int:
    year = year_of(request.POST.get("year"))
    if year is None or year <= FIRST_YEAR:
        raise Refused(["请选择服务年度"])
    return year


# ── 反馈和汇交 ──


@allowed(*_FEEDBACK)
def reporting(request: Request) -> HttpResponse:
    """向市里反馈服务商、汇交使用数据（R-021）。"""
    problems: tuple[str, ...] = ()
    post = request.POST
    if request.method == "POST":
        try:
            if post.get("do") == "feedback":
                provider = providers().filter(code=post.get("provider", "")).first()
                if provider is None:
                    raise Refused(["请选择服务商"])
                handover.feedback(
                    actor=request.actor,
                    on=request.on,
                    provider=provider,
                    year=_year(request),
                    level=post.get("level", ""),
                    text=post.get("text", ""),
                )
            else:
                _hand_over(request)
            return redirect("/settlement/handover/")
        except Refused as error:
            problems = error.problems
    context = {
        "feedbacks": ServiceFeedback.objects.select_related("provider").order_by("-pk")[:100],
        "handovers": Handover.objects.defer("content").select_related("replaced_by").order_by("-from_on", "-pk"),
        "checked": _checked_handover(request),
        "amended": handover.amended(),
        "due": handover.next_period(),
        "providers": providers(),
        "levels": handover.LEVELS,
        "years": range(service_year_of(request.on), FIRST_YEAR, -1),
        "feeds": request.actor.role in (Role.AUTHORITY, Role.REVIEWER),
        "hands": request.actor.role == Role.REVIEWER,
        "values": post,
        "problems": problems,
    }
    return render(request, "settlement/handover.html", context, status=422 if problems else 200)


def _checked_handover(request: Request) -> handover.Checked | None:
    """`?check=` 点了核对的那一次。"""
    asked = request.GET.get("check", "")
    found = handover.live().filter(pk=min(int(asked), MAX_PK)).first() if asked.isascii() and asked.isdigit() else None
    return handover.checked(found) if found else None


def _hand_over(request: Request) -> None:
    from_on, until_on = Span(request.POST).days("（R-021）")
    handover.hand_over(
        actor=request.actor,
        on=request.on,
        from_on=from_on,
        until_on=until_on,
        receiver=request.POST.get("receiver", ""),
    )


@allowed(*_FEEDBACK)
def handover_file(request: Request, pk: int) -> HttpResponse:
    """汇交的文件。"""
    del request
    found = get_object_or_404(Handover, pk=min(pk, MAX_PK))
    name = f"使用数据-{found.from_on}-{found.until_on}.csv"
    return attached(found.content, name, writing.TYPE)


# ── 年度结算 ──


@require_POST
@allowed(Role.AUTHORITY)
def verify(request: Request, number: str) -> HttpResponse:
    """效能评估核定一家（R-079）。"""
    case = get_object_or_404(Case, number=number, procedure="settlement")
    freeze = queries.freeze_of(case)
    provider = providers().filter(code=request.POST.get("provider", "")).first()
    if freeze is None or provider is None:
        raise Refused(["计量结果还没有批准，或没有选服务商（R-079）"])
    verifying.verify(
        actor=request.actor,
        on=request.on,
        freeze=freeze,
        provider=provider,
        amount=money_in(request, "amount"),
        reason=request.POST.get("reason", ""),
        document=request.POST.get("document", ""),
    )
    return redirect(f"/cases/{number}/")
