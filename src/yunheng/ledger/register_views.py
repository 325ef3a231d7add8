"""登记簿的页面：逻辑隔离区域（R-020）、软件授权期限（R-022）。"""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render

from yunheng.audit.refused import Refused
from yunheng.catalog.models import Item
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.fields import Span
from yunheng.orgs.queries import providers
from yunheng.rules.roles import Role

from . import licensing, queries, zoning
from .models import Resource, Zone
from .views import ZONE_READERS


@allowed(*ZONE_READERS)
def zones(request: Request) -> HttpResponse:
    """各服务商给本区划的逻辑隔离区域和网络边界。"""
    problems: tuple[str, ...] = ()
    post = request.POST
    if request.method == "POST":
        try:
            provider = providers().filter(code=post.get("provider", "")).first()
            if provider is None:
                raise Refused(["请选择服务商"])
            zoning.register(
                actor=request.actor,
                on=request.on,
                provider=provider,
                name=post.get("name", ""),
                boundary=post.get("boundary", ""),
                document=post.get("document", ""),
            )
            return redirect("/zones/")
        except Refused as error:
            problems = error.problems
    shown = zoning.current()
    history = Zone.objects.select_related("provider").order_by("-pk")
    if request.actor.role == Role.PROVIDER:
        shown = [one for one in shown if one.provider_id == request.actor.institution]
        history = history.filter(provider=request.actor.institution or 0)
    addressed = Resource.objects.exclude(address="")
    context = {
        "zones": [(one, addressed.filter(provider=one.provider).count()) for one in shown],
        "history": history[:30],
        "providers": providers(),
        "registers": request.actor.role in (Role.REVIEWER, Role.CITY_OPERATOR),
        "values": post,
        "problems": problems,
    }
    return render(request, "ledger/zones.html", context, status=422 if problems else 200)


@allowed(*BUSINESS)
def licences(request: Request) -> HttpResponse:
    """软件授权的期限，和在用的总量。"""
    problems: tuple[str, ...] = ()
    post = request.POST
    if request.method == "POST":
        try:
            _register_licence(request)
            return redirect("/licences/")
        except Refused as error:
            problems = error.problems
    whole = request.actor.role is not None and not request.actor.role.own_institution
    context = {
        "licences": licensing.current(request.actor),
        "totals": licensing.totals(request.on) if whole else (),
        "months": licensing.NOTICE_MONTHS,
        "items": Item.objects.filter(category=licensing.CATEGORY).order_by("code"),
        "registers": request.actor.role in (Role.PROVIDER, Role.REVIEWER),
        "values": post,
        "problems": problems,
    }
    return render(request, "ledger/licences.html", context, status=422 if problems else 200)


def _register_licence(request: Request) -> None:
    post = request.POST
    resource = queries.visible(request.actor).filter(code=post.get("resource", "").strip()).first()
    item = Item.objects.filter(code=post.get("item", "")).first()
    if resource is None or item is None:
        raise Refused([f"没有资源“{post.get('resource', '')[:64]}”，或没有选目录项（R-022）"])
    from_on, until_on = Span(post).days("（R-022）")
    licensing.register(
        actor=request.actor,
        on=request.on,
        resource=resource,
        item=item,
        from_on=from_on,
        until_on=until_on,
        document=post.get("document", ""),
        correction=post.get("correction", ""),
    )
