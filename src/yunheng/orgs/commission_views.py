"""第三方机构名录与委托合同的页面（D14-16(监管机制)，R-089）。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from yunheng.audit.refused import At, Refused
from yunheng.orgs.serving import attached
from yunheng.rules.periods import service_year, service_year_of
from yunheng.rules.roles import Role
from yunheng.rules.rulebook import built_in
from yunheng.rules.scopes import Scope

from . import commissioning
from .access import Request, allowed
from .fields import LastDay
from .models import Commission, Deliverable, Institution, Person
from .reading import MAX_ATTACHMENT, Given, day_of, key_of, money_of, year_of

_PAGES = (*commissioning.READERS, Role.THIRD_PARTY)
_FIRST_YEAR = 2021
MAX_PK = 2**63 - 1


@allowed(*_PAGES)
def home(request: Request) -> HttpResponse:
    """名录：各机构各项工作委托到哪天；各份合同；区科创中心在这里登记。"""
    problems: tuple[str, ...] = ()
    post = request.POST
    if request.method == "POST":
        try:
            return redirect(f"/commissions/{_register(request).pk}/")
        except Refused as error:
            problems = error.problems
    rows = list(commissioning.visible(request.actor))
    listed = commissioning.registry()
    if request.actor.role == Role.THIRD_PARTY:
        listed = listed.filter(pk=request.actor.institution or 0)
    present = service_year_of(request.on)
    registers = request.actor.role == Role.REVIEWER
    context = {
        "directory": [(one, _held(one, rows, request.on)) for one in listed],
        "commissions": [(one, one.state(request.on)) for one in rows],
        "scopes": list(Scope),
        "registers": registers,
        "staff": [(one, commissioning.staff(one, request.on)) for one in listed] if registers else (),
        "years": range(present + 1, _FIRST_YEAR, -1),
        "year": post.get("service_year", str(present)),
        "chosen": {"scopes": post.getlist("scopes"), "people": post.getlist("people")},
        "values": post,
        "problems": problems,
    }
    return render(request, "orgs/commissions.html", context, status=422 if problems else 200)


def _held(institution: Institution, rows: list[Commission], on: date) -> list[date | None]:
    """这家各项工作在期的委托到哪天（不含）；没有为 None。"""
    live = [one for one in rows if one.institution_id == institution.pk and one.in_force(on)]
    return [max((one.ends_on for one in live if scope in one.scopes), default=None) for scope in Scope]


def _register(request: Request) -> Commission:
    post = request.POST
    given = Given(post, "（R-089）")
    institution = commissioning.registry().filter(pk=key_of(post.get("institution", ""))).first()
    if institution is None:
        given.wrong("institution", "请选择第三方机构")
    number = given.words("number", "合同号", 80)
    signed_on = given.read("signed_on", "签订日", day_of)
    from_on = given.read("from_on", "起", day_of)
    until_on = given.clean("last_on", LastDay(label="至（含）"))
    fee = given.read("fee", "费用", money_of)
    year = year_of(post.get("service_year"))
    if year is None or year <= _FIRST_YEAR:
        given.wrong("service_year", "请选择费用列入哪个服务年度")
    qualification = given.words("qualification", "资质和选定的依据", 500)
    given.checked()
    assert institution
    assert signed_on
    assert from_on
    assert until_on
    assert year
    assert fee is not None
    chosen = [key_of(text) for text in post.getlist("people")]
    return commissioning.register(
        actor=request.actor,
        on=request.on,
        institution=institution,
        terms=commissioning.Terms(
            number=number,
            scopes=post.getlist("scopes"),
            qualification=qualification,
            service_year=year,
            fee=fee,
            from_on=from_on,
            until_on=until_on,
            signed_on=signed_on,
        ),
        people=list(Person.objects.filter(pk__in=chosen)),
    )


@allowed(*_PAGES)
def commission(request: Request, pk: int) -> HttpResponse:
    """一份合同：范围、人员、费用、成果；区科创中心管人员和终止，第三方机构交成果。"""
    found = get_object_or_404(commissioning.visible(request.actor), pk=min(pk, MAX_PK))
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            _save(request, found)
            return redirect(f"/commissions/{pk}/")
        except Refused as error:
            problems = error.problems
    manages = request.actor.role == Role.REVIEWER and request.on < found.ends_on
    delivers = request.actor.role == Role.THIRD_PARTY
    moves = list(found.staffings.all())
    named = {move.person for move in moves if found.names(move.person_id, request.on)}
    context = {
        "commission": found,
        "state": found.state(request.on),
        "moves": moves,
        "named": sorted(named, key=lambda person: person.username),
        "people": {move.person for move in moves} | set(commissioning.staff(found.institution, request.on)),
        "deliverables": [(one, Scope(one.scope)) for one in found.deliverables.defer("content").order_by("-on", "-pk")],
        "manages": manages,
        "delivers": delivers,
        "undeliverable": commissioning.undeliverable(request.actor, request.on, found) if delivers else "",
        "fees": _fees(request, found),
        "values": request.POST,
        "problems": problems,
    }
    return render(request, "orgs/commission.html", context, status=422 if problems else 200)


def _fees(request: Request, found: Commission) -> dict[str, Any] | None:
    """同一服务年度各合同之和与专项管理费上限；第三方机构不看别家的，没有。"""
    if request.actor.role not in commissioning.READERS:
        return None
    total, ceiling = commissioning.fees(found.service_year), commissioning.ceiling(found.service_year)
    year, cap = ceiling or (None, None)
    limit = built_in().settled("supervision_fee_limit", service_year(found.service_year).last)
    over = total - cap if cap is not None and total > cap else None
    return {"total": total, "year": year, "cap": cap, "limit": limit, "over": over}


def _save(request: Request, found: Commission) -> None:
    post = request.POST
    if post.get("do") == "deliver":
        given = request.FILES.get("file")
        commissioning.deliver(
            actor=request.actor,
            on=request.on,
            commission=found,
            scope=post.get("scope", ""),
            title=post.get("title", ""),
            name=(given.name or "成果") if given else "",
            content=given.read(MAX_ATTACHMENT + 1) if given else b"",
        )
    elif post.get("do") == "terminate":
        commissioning.terminate(
            actor=request.actor,
            on=request.on,
            commission=found,
            until_on=_last_day(request),
            fee=_money(request, "fee"),
            reason=post.get("reason", ""),
        )
    else:
        person = Person.objects.filter(pk=key_of(post.get("person", ""))).first()
        if person is None:
            raise Refused([At("person", "请选择人员（R-089）")])
        commissioning.move(
            actor=request.actor,
            on=request.on,
            commission=found,
            person=person,
            joins=post.get("joins") == "1",
            from_on=_day(request, "from_on"),
            reason=post.get("reason", ""),
        )


def _day(request: Request, name: str) -> date:
    try:
        return day_of(request.POST.get(name, ""))
    except ValueError as error:
        raise Refused([At(name, f"{error}（R-089）")]) from error


def _last_day(request: Request) -> date:
    """提前终止到哪天：填的是末日（含），取到的是半开的止日。"""
    given = Given(request.POST, "（R-089）")
    until_on: date | None = given.clean("last_on", LastDay(label="至（含）"))
    given.checked()
    assert until_on
    return until_on


def _money(request: Request, name: str) -> Decimal:
    try:
        return money_of(request.POST.get(name, ""))
    except ValueError as error:
        raise Refused([At(name, f"{error}（R-089）")]) from error


@allowed(*_PAGES)
def deliverable(request: Request, pk: int) -> HttpResponse:
    """下载一件成果；看得到合同的才下得到。"""
    seen = commissioning.visible(request.actor).values("pk")
    found = get_object_or_404(Deliverable, pk=min(pk, MAX_PK), commission__in=seen)
    return attached(found.content, found.name)
