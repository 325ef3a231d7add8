"""出错的页：说明发生了什么、数据安不安全、怎么办，带错误编号。"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from yunheng.audit.actor import Actor
from yunheng.audit.refused import NotYours, Refused, Stale
from yunheng.orgs.access import Forbidden

log = logging.getLogger(__name__)


def explain_refusals(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """各章抛的拒绝变成页面：没权限 403、别人先办了 409、不合规 422，都逐条说明。"""

    class Explain:
        def __call__(self, request: HttpRequest) -> HttpResponse:
            return get_response(request)

        def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
            if isinstance(error, Forbidden):
                return _page(request, 403, "这一页不在您的职责范围内", [f"可以看的角色：{error}（R-001）"])
            if isinstance(error, Stale):
                return _page(request, 409, "别人刚刚办过了", error.problems)
            if isinstance(error, NotYours):
                return _page(request, 403, "这件事不由您办", error.problems)
            if isinstance(error, Refused):
                return _page(request, 422, "还不能这样办", error.problems)
            return None

    return Explain()


def _page(request: HttpRequest, status: int, title: str, problems: Any, safe: bool = True) -> HttpResponse:
    actor: Actor | None = getattr(request, "actor", None)
    return render(
        request,
        "errors/problem.html",
        {
            "title": title,
            "problems": list(problems),
            "status": status,
            "safe": safe,
            "actor": actor,
            "number": getattr(request, "number", ""),
            "back": request.headers.get("Referer", "/"),
        },
        status=status,
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400。"""
    del exception
    return _page(request, 400, "请求不完整", ["请返回上一页重试"])


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403。"""
    del exception
    return _page(request, 403, "没有权限", ["请联系系统管理员"])


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """表单令牌不对，多半是换了登录。"""
    log.info("csrf: %s", reason)
    return _page(
        request, 403, "页面已过期", ["您可能在另一个窗口重新登录过；请返回上一页刷新后再提交，填过的内容已自动保存"]
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404：没有，或不在您看得到的范围。"""
    del exception
    return _page(request, 404, "没有找到", ["地址不对，或这一项不在您的查看范围内（R-001）"])


def server_error(request: HttpRequest) -> HttpResponse:
    """500。"""
    return _page(request, 500, "系统出错了", ["请稍后重试；若再次出现，请把错误编号告诉系统管理员"])
