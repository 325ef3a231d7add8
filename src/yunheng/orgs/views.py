"""登录、退出、换任职、改口令、动态口令；系统管理员管机构和人，安全管理员管锁定和口令。"""

from __future__ import annotations

import base64
import io
import secrets
import time
from typing import Any, cast

import requests
import segno
from axes.utils import reset as reset_attempts
from django.conf import settings
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django_otp import login as otp_login
from django_otp.plugins.otp_totp.models import TOTPDevice
from jwt.exceptions import InvalidTokenError
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

from yunheng.audit.actor import Actor
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import At, Refused
from yunheng.rules import periods
from yunheng.rules.conventions import CONVENTIONS
from yunheng.rules.roles import Role

from . import operations, signon
from .access import BUSINESS, Request, allowed
from .models import LONGEST_USERNAME, Appointment, ConventionDecision, Institution, Kind, Level, Nature, Person
from .queries import actor_for, conventions_in_force
from .reading import day_of, key_of

_REASONS = {
    "no-appointment": "您的账号还没有任职，请联系系统管理员",
    "logout": "已退出",
    "reset": "已恢复初始数据，请重新登录",
    "sso": "统一身份认证没有通过，或您还没有在本系统登记；请联系系统管理员，也可以用登录名和口令登录",
    "sso-down": "统一身份认证服务器连不上，请稍后再试，或用登录名和口令登录",
}


def sign_in(request: HttpRequest) -> HttpResponse:
    """登录页。口令错五次锁半小时（R-111）。"""
    context: dict[str, Any] = {
        "next": request.POST.get("next") or request.GET.get("next", ""),
        "message": _REASONS.get(request.GET.get("reason", ""), ""),
        "username": "",
    }
    if request.method == "POST":
        context["username"] = request.POST.get("username", "").strip()
        # 比登录名的栏还长的，不会是谁的；也不必记进错了几次
        known = len(context["username"]) <= LONGEST_USERNAME
        person = known and authenticate(
            request, username=context["username"], password=request.POST.get("password", "")
        )
        if isinstance(person, Person):
            return _enter(request, person, context["next"])
        if getattr(request, "axes_locked_out", False):
            return locked_out(request, {})
        context["error"] = "登录名或口令不对，请重新输入；连续 5 次不对会锁定 30 分钟"
    context["sso"] = [(href, name) for href, name, ready in _SIGN_ONS if getattr(settings, ready)]
    if settings.DEMO:
        context["personas"] = personas()
    status = 401 if context.get("error") else 200
    return render(request, "orgs/login.html", context, status=status)


#: 登录页上的统一身份认证：地址、叫法、配好了没有看哪个设置
_SIGN_ONS = (("/login/oidc/", "统一身份认证", "OIDC"), ("/login/cas/", "统一身份认证（CAS）", "CAS"))


class _OidcStart(OIDCAuthenticationRequestView):  # type: ignore[misc]
    get_settings = staticmethod(signon.oidc_setting)


class _OidcBack(OIDCAuthenticationCallbackView):  # type: ignore[misc]
    get_settings = staticmethod(signon.oidc_setting)

    def login_success(self) -> HttpResponse:
        target = self.request.session.get("oidc_login_next") or ""
        self.request.session["sso"] = True
        return _enter(self.request, self.user, target)


def oidc_start(request: HttpRequest) -> HttpResponse:
    """去 OIDC 服务器登录。"""
    if not settings.OIDC:
        raise Http404
    try:
        return cast("HttpResponse", _OidcStart.as_view()(request))
    except signon.NotReached:
        return redirect("/login/?reason=sso-down")


def oidc_back(request: HttpRequest) -> HttpResponse:
    """从 OIDC 服务器回来。伪造的、过期的、没登记的一律回登录页说明。"""
    if not settings.OIDC:
        raise Http404
    try:
        return cast("HttpResponse", _OidcBack.as_view()(request))
    except (signon.NotReached, requests.ConnectionError, requests.Timeout):
        return redirect("/login/?reason=sso-down")
    except (SuspiciousOperation, requests.RequestException, InvalidTokenError):
        return redirect("/login/?reason=sso")


def cas(request: HttpRequest) -> HttpResponse:
    """去 CAS 登录；带着票据回来就问 CAS 是谁。"""
    if not settings.CAS:
        raise Http404
    service = request.build_absolute_uri("/login/cas/")
    ticket = request.GET.get("ticket", "")
    if not ticket:
        return redirect(signon.cas_client(service).get_login_url())
    try:
        person = signon.cas_person(service, ticket[:300])
    except signon.NotReached:
        return redirect("/login/?reason=sso-down")
    if person is None:
        return redirect("/login/?reason=sso")
    person.backend = settings.AUTHENTICATION_BACKENDS[1]  # type: ignore[attr-defined]
    request.session["sso"] = True
    return _enter(request, person, "")


def _enter(request: HttpRequest, person: Person, target: str) -> HttpResponse:
    sso = bool(request.session.get("sso"))
    login(request, person)
    # 统一身份认证来的，口令不在本系统，头一次登录不用改
    request.session["sso"] = sso
    request.session["has_totp"] = TOTPDevice.objects.filter(user=person, confirmed=True).exists()
    _note(request, person, "登录")
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Trigger": "signed-in"})
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(target if safe and target else "/")


def _note(request: HttpRequest, person: Person, action: str) -> None:
    actor = Actor(
        person.name,
        None,
        person=person.pk,
        address=request.META.get("REMOTE_ADDR", ""),
        request=getattr(request, "number", ""),
    )
    with unit_of_work(actor) as journal:
        journal.note(action, person.username)


def locked_out(request: HttpRequest, credentials: Any, *_args: Any, **_options: Any) -> HttpResponse:
    """口令错太多次。"""
    del credentials
    return render(
        request,
        "orgs/login.html",
        {"error": "口令连续 5 次不对，账号已锁定 30 分钟；急用请联系安全管理员解锁", "next": "", "username": ""},
        status=403,
    )


def code(request: HttpRequest) -> HttpResponse:
    """动态口令：登录的第二步。"""
    if not isinstance(request.user, Person):
        return redirect("/login/")
    error = ""
    if request.method == "POST":
        for device in TOTPDevice.objects.filter(user=request.user, confirmed=True):
            if device.verify_token(request.POST.get("code", "").strip()):
                otp_login(request, device)
                return redirect("/")
        error = "验证码不对或已过期，请看手机上最新的六位数字"
    return render(request, "orgs/code.html", {"error": error}, status=401 if error else 200)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """退出。"""
    if isinstance(request.user, Person):
        _note(request, request.user, "退出")
    logout(request)
    return redirect("/login/?reason=logout")


@require_POST
@allowed()
def switch(request: Request, number: int) -> HttpResponse:
    """换一个任职办事。"""
    if number not in [a.pk for a in request.appointments]:
        raise Http404
    request.session["appointment"] = number
    return redirect("/")


@allowed()
def password(request: Request) -> HttpResponse:
    """改口令。"""
    problems: list[str] = []
    if request.method == "POST":
        new = request.POST.get("new", "")
        if new != request.POST.get("again", ""):
            problems = ["两次输入的新口令不一样"]
        else:
            try:
                person = cast("Person", request.user)
                operations.change_password(actor=request.actor, person=person, old=request.POST.get("old", ""), new=new)
                update_session_auth_hash(request, person)
                return redirect("/me/?saved=password")
            except ValidationError as error:
                problems = list(error.messages)
    return render(request, "orgs/password.html", {"problems": problems}, status=422 if problems else 200)


@allowed()
def me(request: Request) -> HttpResponse:
    """个人设置：任职、动态口令。"""
    person = cast("Person", request.user)
    device = TOTPDevice.objects.filter(user=person).first()
    error = ""
    if request.method == "POST" and request.POST.get("do") == "start" and device is None:
        device = TOTPDevice.objects.create(user=person, name="手机", confirmed=False)
    elif request.method == "POST" and request.POST.get("do") == "confirm" and device:
        if device.verify_token(request.POST.get("code", "").strip()):
            device.confirmed = True
            device.save()
            request.session["has_totp"] = True
            otp_login(request, device)
            with unit_of_work(request.actor) as journal:
                journal.note("启用动态口令", person.username)
        else:
            error = "验证码不对，请看手机上最新的六位数字"
    elif request.method == "POST" and request.POST.get("do") == "notices":
        try:
            operations.prefer(
                actor=request.actor,
                person=person,
                email=request.POST.get("email", "").strip(),
                channels={name for name in ("email", "webhook") if request.POST.get(f"by_{name}")},
            )
            return redirect("/me/?saved=notices")
        except ValidationError as invalid:
            error = "、".join(invalid.messages)
    picture = ""
    if device and not device.confirmed:
        buffer = io.BytesIO()
        segno.make(device.config_url, error="m").save(buffer, kind="png", scale=5, border=2)
        picture = base64.b64encode(buffer.getvalue()).decode()
    saved = {"password": "口令已修改。", "notices": "提醒方式已改。"}.get(request.GET.get("saved", ""), "")
    context = {"person": person, "device": device, "picture": picture, "error": error, "saved": saved}
    return render(request, "orgs/me.html", context)


@require_POST
@allowed()
def awake(request: Request) -> HttpResponse:
    """延长登录：会话从现在起重新算。"""
    request.session["seen"] = int(time.time())
    return HttpResponse(status=204)


#: 能存视图的列表
_LISTS = ("assets", "cases")


@require_POST
@allowed(*BUSINESS)
def saved_views(request: Request) -> HttpResponse:
    """存、删一个列表的视图，回到那个列表。"""
    page, name, query = (request.POST.get(key, "") for key in ("page", "name", "query"))
    if page not in _LISTS:
        raise Http404
    person = cast("Person", request.user)
    if request.POST.get("do") == "drop":
        operations.drop_view(actor=request.actor, person=person, page=page, name=name)
    else:
        try:
            operations.save_view(actor=request.actor, person=person, page=page, name=name, query=query)
        except ValidationError as error:
            context = {"problems": error.messages, "title": "没有存上", "status": 422, "back": f"/{page}/?{query}"}
            return render(request, "errors/problem.html", context, status=422)
    return redirect(f"/{page}/?{query}")


# ── 系统管理员、安全管理员 ──


@allowed(Role.SYSTEM_ADMIN)
def institutions(request: Request) -> HttpResponse:
    """机构名录；登记新机构。"""
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        values = {key: request.POST.get(key, "").strip() for key in ("code", "name", "kind", "level", "nature")}
        try:
            operations.register_institution(
                actor=request.actor, **values, state_organ=request.POST.get("state_organ") == "on"
            )
            return redirect("/admin/institutions/")
        except Refused as error:
            problems = error.problems
    context = {
        "institutions": Institution.objects.select_related("authority").order_by("kind", "code"),
        "kinds": Kind.choices,
        "levels": Level.choices,
        "natures": Nature.choices,
        "problems": problems,
    }
    return render(request, "orgs/institutions.html", context, status=422 if problems else 200)


@allowed(Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)
def people(request: Request) -> HttpResponse:
    """人员和任职。系统管理员登记、任命；安全管理员解锁、重置口令。"""
    problems: tuple[str, ...] = ()
    secret = ""
    if request.method == "POST":
        try:
            secret = _people_act(request)
            if not secret:
                return redirect("/admin/people/")
        except Refused as error:
            problems = error.problems
    context = {
        "people": Person.objects.prefetch_related("appointments__institution").order_by("username"),
        "institutions": Institution.objects.order_by("code"),
        "roles": list(Role),
        "problems": problems,
        "secret": secret,
        "manages": request.actor.role == Role.SYSTEM_ADMIN,
    }
    return render(request, "orgs/people.html", context, status=422 if problems else 200)


def _people_act(request: Request) -> str:
    """一次人事操作；返回要给人看一次的初始口令（没有为空）。"""
    do, post = request.POST.get("do"), request.POST
    manages = request.actor.role == Role.SYSTEM_ADMIN
    if do == "register" and manages:
        secret = f"{secrets.token_urlsafe(9)}Aa1"
        operations.register_person(
            actor=request.actor,
            username=post.get("username", "").strip(),
            name=post.get("name", "").strip(),
            password=secret,
        )
        return secret
    person = get_object_or_404(Person, pk=key_of(post.get("person")))
    if do == "appoint" and manages:
        institution = Institution.objects.filter(pk=key_of(post.get("institution"))).first()
        role = post.get("role", "")
        if institution is None or role not in set(Role):
            given = (("institution", "请选择机构", institution), ("role", "请选择角色", role in set(Role)))
            raise Refused([At(name, text) for name, text, filled in given if not filled])
        operations.appoint(actor=request.actor, person=person, institution=institution, role=Role(role), on=request.on)
    elif do == "unlock" and not manages:
        reset_attempts(username=person.username)
        with unit_of_work(request.actor) as journal:
            journal.note("解锁", person.username)
    elif do == "reset" and not manages:
        secret = f"{secrets.token_urlsafe(9)}Aa1"
        operations.reset_password(actor=request.actor, person=person, password=secret)
        return secret
    else:
        raise Refused(["这个操作不在您的职责内（三员分立，R-111）"])
    return ""


@allowed(Role.SYSTEM_ADMIN)
def dismissal(request: Request, pk: int) -> HttpResponse:
    """免去一项任职：先看清是谁、免了以后怎样，再确认。"""
    appointment = get_object_or_404(Appointment.objects.select_related("person", "institution"), pk=min(pk, 2**63 - 1))
    if request.method == "POST":
        operations.dismiss(actor=request.actor, appointment=appointment, on=request.on)
        return redirect("/admin/people/")
    left = Appointment.objects.filter(person=appointment.person, until_on=None).exclude(pk=appointment.pk)
    context = {
        "appointment": appointment,
        "barred": operations.kept_because(request.actor, appointment),
        "left": left.select_related("institution"),
    }
    return render(request, "orgs/dismissal.html", context)


# ── 演示环境 ──


def personas() -> list[Appointment]:
    """演示人物：一人一个任职，按角色的先后。"""
    order = {role.value: n for n, role in enumerate(Role)}
    found = Appointment.objects.select_related("person", "institution").filter(
        until_on=None, person__username__startswith="demo."
    )
    return sorted(found, key=lambda a: (order[a.role], a.pk))


@require_POST
def become(request: HttpRequest, number: int) -> HttpResponse:
    """演示环境换身份：真的以那个人登录，记审计。"""
    if not settings.DEMO:
        raise Http404
    appointment = get_object_or_404(
        Appointment.objects.select_related("person", "institution"), pk=number, person__username__startswith="demo."
    )
    person = appointment.person
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    request.session["appointment"] = appointment.pk
    actor = actor_for(appointment, address=request.META.get("REMOTE_ADDR", ""), request=getattr(request, "number", ""))
    with unit_of_work(actor) as journal:
        journal.note("演示换身份", person.username)
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if safe and target else "/")


# ── 口径 ──


@allowed(*BUSINESS)
def conventions_page(request: Request) -> HttpResponse:
    """全部口径：现在选哪个、为什么、谁决定的；区科委在这里决定（R-005）。"""
    problems: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            _decide(request)
            return redirect(f"/conventions/#{request.POST['code']}")
        except Refused as error:
            problems = error.problems
    chosen = conventions_in_force(request.on)
    decisions: dict[str, list[dict[str, Any]]] = {}
    for decision in ConventionDecision.objects.order_by("-pk"):
        one = CONVENTIONS[decision.code]
        decisions.setdefault(decision.code, []).append(
            {"decision": decision, "text": one.options[decision.option], "first_year": _first_year(decision)}
        )
    year = periods.service_year_of(request.on)
    rows = [
        {
            "convention": one,
            "chosen": chosen[code],
            "text": one.options[chosen[code]],
            "decisions": decisions.get(code),
            "by_year": one.scope == "package",
        }
        for code, one in CONVENTIONS.items()
    ]
    context = {
        "rows": rows,
        "problems": problems,
        "decides": request.actor.role == Role.AUTHORITY,
        "year": year,
    }
    return render(request, "orgs/conventions.html", context, status=422 if problems else 200)


def _first_year(decision: ConventionDecision) -> int | None:
    """进数据包的口径，这条决定从哪个服务年度起用：首日以后生效的，从下一年度起；只在办件用的为 None。"""
    if CONVENTIONS[decision.code].scope != "package":
        return None
    year = periods.service_year_of(decision.effective_on)
    return year if decision.effective_on == periods.service_year(year).start else year + 1


def _decide(request: Request) -> None:
    """决定一条口径；没填对的各栏一次说全，每条写明是哪条口径。"""
    post, code = request.POST, request.POST.get("code", "")
    name = code if code in CONVENTIONS else "口径"
    problems: list[str] = []
    effective = None
    try:
        effective = day_of(post.get("effective_on", ""))
    except ValueError as error:
        problems.append(At("effective_on", f"{name} 自何日起：{error}（R-005）"))
    if not post.get("reason", "").strip():
        problems.append(At("reason", f"{name} 理由：请写明为什么这样定，结算书上会列出（R-005）"))
    if problems or effective is None:
        raise Refused(problems)
    operations.decide_convention(
        actor=request.actor,
        on=request.on,
        code=code,
        option=post.get("option", ""),
        reason=post.get("reason", "")[:2000],
        effective_on=effective,
    )
