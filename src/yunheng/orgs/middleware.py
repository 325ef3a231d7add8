"""请求编号、来源地址、办事人；没登录的、要改口令的、要二次验证的，先去该去的页。"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import cast
from urllib.parse import quote

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_vary_headers

from .access import Request, business_date
from .queries import actor_for, current

_OPEN = ("/login/", "/static/", "/api/", "/browser/", "/q/", "/public/")
_TOUCH_SECONDS = 60
Handler = Callable[[HttpRequest], HttpResponse]


def request_number(get_response: Handler) -> Handler:
    """每个请求一个编号，写进审计、错误页和响应头。"""

    def handle(request: HttpRequest) -> HttpResponse:
        request.number = uuid.uuid4().hex[:12]  # type: ignore[attr-defined]
        response = get_response(request)
        response["X-Request-Number"] = request.number  # type: ignore[attr-defined]
        if not request.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
            patch_vary_headers(response, ["HX-Request"])
        return response

    return handle


def refuse_nul(get_response: Handler) -> Handler:
    """参数里有 NUL 字符的一律不收：数据库存不下，正常的输入也不会有。"""

    def handle(request: HttpRequest) -> HttpResponse:
        parts = [
            request.path,
            *(value for values in (request.GET, request.POST) for pair in values.lists() for value in pair[1]),
        ]
        if any("\x00" in str(part) for part in parts):
            raise SuspiciousOperation("参数里有 NUL 字符")
        return get_response(request)

    return handle


def identify(get_response: Handler) -> Handler:
    """认出办事人和业务日期。"""

    def handle(request: HttpRequest) -> HttpResponse:
        if request.path.startswith(_OPEN):
            return get_response(request)
        if not request.user.is_authenticated:
            return _login(request)
        typed, person = cast("Request", request), request.user
        if _needs_code(request) and not request.path.startswith("/logout/"):
            return HttpResponseRedirect("/login/code/")
        if _owes_password(request) and request.path not in ("/password/", "/logout/"):
            return HttpResponseRedirect("/password/")
        # 会话自最后一次操作起算；一分钟内的操作不必每次写库
        if time.time() - request.session.get("seen", 0) > _TOUCH_SECONDS:
            request.session["seen"] = int(time.time())
        typed.on = business_date()
        typed.appointments = list(current(person, typed.on))
        chosen = request.session.get("appointment")
        mine = next((a for a in typed.appointments if a.pk == chosen), None) or next(iter(typed.appointments), None)
        if mine is None:
            request.session.flush()
            return HttpResponseRedirect("/login/?reason=no-appointment")
        mine.person = person
        typed.actor = actor_for(mine, address=request.META.get("REMOTE_ADDR", ""), request=request.number)  # type: ignore[attr-defined]
        return get_response(request)

    return handle


def _needs_code(request: HttpRequest) -> bool:
    """登记了动态口令的人，密码之后还要输验证码。"""
    user = request.user
    return bool(request.session.get("has_totp")) and not user.is_verified()  # type: ignore[union-attr]


def _owes_password(request: HttpRequest) -> bool:
    """初始口令要先改；演示环境、统一身份认证来的不用。"""
    return bool(request.user.must_change_password) and not settings.DEMO and not request.session.get("sso")  # type: ignore[union-attr]


def _login(request: HttpRequest) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse("登录已失效，请重新登录", status=401, headers={"HX-Trigger": "session-expired"})
    after = f"?next={quote(request.get_full_path())}" if request.path != "/" and request.method == "GET" else ""
    return HttpResponseRedirect(f"{settings.LOGIN_URL}{after}")
