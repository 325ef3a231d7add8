"""异议的页面：提、列、答复、撤回、附件。"""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.db.models import Exists, F, OuterRef
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from yunheng.audit.refused import Refused
from yunheng.catalog.models import Item
from yunheng.ledger.queries import visible as visible_resources
from yunheng.metering.telling import equation
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.reading import MAX_ATTACHMENT, day_of, whole_of, year_of
from yunheng.orgs.serving import attached
from yunheng.rules.roles import Role
from yunheng.settlement import queries
from yunheng.settlement.bill import mending, objecting
from yunheng.settlement.models import Objection, ObjectionReply, Remedy, Run
from yunheng.settlement.pages.years import MAX_PK, RECONCILES, names_of

_PAGE = 30
#: 采纳了、不需要改数据
LEAVE = "不改"


def _given(request: Request) -> objecting.Evidence | None:
    file = request.FILES.get("file")
    return (file.name or "附件", file.read(MAX_ATTACHMENT + 1)) if file else None


@allowed(*RECONCILES)
def listing(request: Request) -> HttpResponse:
    """异议：没答复的在前；按服务年度筛。"""
    found = objecting.visible(request.actor).annotate(mended=Exists(Remedy.objects.filter(objection=OuterRef("pk"))))
    year = year_of(request.GET.get("year"))
    if year is not None:
        found = found.filter(run__service_year=year)
    if request.GET.get("open"):
        found = found.filter(reply=None)
    context = {
        "page": Paginator(found.order_by(F("reply__pk").desc(nulls_first=True), "-pk"), _PAGE).get_page(
            request.GET.get("page", "1")[:6]
        ),
        "year": year,
        "open": bool(request.GET.get("open")),
        "years": queries.years(),
        "items": dict(Item.objects.values_list("code", "name")),
        "names": names_of(),
    }
    return render(request, "settlement/objections.html", context)


@allowed(*objecting.PARTIES)
def raise_one(request: Request, pk: int) -> HttpResponse:
    """提异议：`line` 是账目的次序（待核的带 `disputed`），没有账目的给 `resource`、`item`、`day`。"""
    run = get_object_or_404(Run.objects.defer("head"), pk=min(pk, MAX_PK))
    about = _about(request, run)
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            made = objecting.object_to(
                actor=request.actor,
                on=request.on,
                run=run,
                text=request.POST.get("text", ""),
                line=about["line"],
                absent=about["absent"],
                day=about["day"],
                evidence=_given(request),
            )
            return redirect(f"/settlement/objections/{made.pk}/")
        except Refused as error:
            problems = error.problems
    context = about | {
        "run": run,
        "names": names_of(),
        "values": request.POST,
        "problems": problems,
        "consequence": objecting.consequence(run),
    }
    return render(request, "settlement/object.html", context, status=422 if problems else 200)


def _about(request: Request, run: Run) -> dict[str, Any]:
    """对什么提：一条账目，或一个资源一项的一天。"""
    get = request.GET
    try:
        day = day_of(get["day"]) if get.get("day") else None
    except ValueError as error:
        raise Refused([str(error)]) from error
    if (seq := whole_of(get.get("line"))) is not None:
        lines = queries.visible_lines(request.actor, run)
        disputed = bool(get.get("disputed"))
        line = get_object_or_404(lines, disputed=disputed, seq=seq)
        item = Item.objects.get(code=line.item)
        return {
            "line": line,
            "absent": None,
            "day": day,
            "item": item,
            "equation": _sentence(run, line, item),
            "where": line,
        }
    resource = visible_resources(request.actor).filter(code=get.get("resource", "")).first()
    if resource is None or day is None:
        raise Http404
    item = get_object_or_404(Item, code=get.get("item", ""))
    absent = (resource, item.code)
    found = {"line": None, "absent": absent, "day": day, "item": item, "equation": ""}
    return found | {"where": objecting.where(None, absent)}


def _sentence(run: Run, line: Any, item: Item) -> str:
    conventions = Run.objects.values_list("head__conventions", flat=True).get(pk=run.pk)
    head = {"service_year": run.service_year, "conventions": conventions}
    return equation(line.stated, head, item.unit, item.cycle, item.pricing)


def _found(request: Request, pk: int) -> Objection:
    return get_object_or_404(objecting.visible(request.actor), pk=min(pk, MAX_PK))


@allowed(*RECONCILES)
def one(request: Request, pk: int) -> HttpResponse:
    """一条异议：对什么提的、依据、答复；区科创中心答复，提出的一方撤回。"""
    objection, problems = _found(request, pk), tuple[str, ...]()
    if request.method == "POST":
        text, kind = request.POST.get("text", ""), request.POST.get("kind", "")
        try:
            if kind == LEAVE:
                mending.leave(actor=request.actor, on=request.on, objection=objection, text=text)
            elif kind == ObjectionReply.WITHDRAW:
                objecting.withdraw(actor=request.actor, on=request.on, objection=objection, text=text)
            else:
                objecting.answer(
                    actor=request.actor,
                    on=request.on,
                    objection=objection,
                    kind=kind,
                    text=text,
                    evidence=_given(request),
                )
            return redirect(f"/settlement/objections/{pk}/")
        except Refused as error:
            problems = error.problems
    answered = hasattr(objection, "reply")
    remedies = objection.remedies.select_related("correction__voided__item", "correction__replacement").defer(
        "correction__content"
    )
    mends = answered and objection.reply.kind == ObjectionReply.ACCEPT and request.actor.role == Role.REVIEWER
    item = Item.objects.get(code=objection.item)
    context = {
        "objection": objection,
        "item": item,
        "equation": _sentence(objection.run, objection.line, item) if objection.line else "",
        "names": names_of(),
        "answered": answered,
        "answers": not answered and request.actor.role == Role.REVIEWER,
        "withdraws": not answered
        and request.actor.role in objecting.PARTIES
        and request.actor.institution == objection.institution_id,
        "remedies": remedies.order_by("-pk"),
        "mends": mends,
        "leave": LEAVE,
        "facts": mending.correctable(objection.resource, objection.item) if mends else (),
        "consequence": objecting.consequence(objection.run),
        "values": request.POST,
        "problems": problems,
    }
    return render(request, "settlement/objection.html", context, status=422 if problems else 200)


@allowed(*RECONCILES)
def file(request: Request, pk: int, which: str) -> HttpResponse:
    """异议、答复附的文件。"""
    objection = _found(request, pk)
    kept = {"evidence": objection, "reply": getattr(objection, "reply", None)}.get(which)
    if kept is None or not kept.name:
        raise Http404
    return attached(kept.content, kept.name)
