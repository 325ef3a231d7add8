"""出错的页：说明发生了什么、数据安不安全、怎么办，带错误编号。"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import resolve
from psycopg.errors import UniqueViolation

from yunheng.audit.actor import Actor
from yunheng.audit.refused import NotYours, Refused, Stale
from yunheng.orgs.access import Forbidden
from yunheng.rules.problems import CalendarOverflow

from .refilling import refill

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refusal:
    """一次没办成：摆在原来那一页的最上面。"""

    title: str
    problems: tuple[str, ...]
    typed: QueryDict


def explain_refusals(get_response: Callable[[HttpRequest], HttpResponse]) -> Any:
    """各章抛的拒绝变成页面：没权限 403、别人先办了 409、不合规 422，都逐条说明。

    表单没办成的，回到填表的那一页：问题在最上面，填过的都还在；那一页上已没有这个表单的，另出一页说明。
    """

    class Explain:
        def __call__(self, request: HttpRequest) -> HttpResponse:
            response = get_response(request)
            if _refills(request, response):
                page = response.content.decode()
                method = (request.method or "").lower()
                typed = request.POST if method == "post" else request.GET
                again = refill(page, here=request.path, target=request.path, typed=typed, method=method)
                if again is not None:
                    response.content = again.encode()
            return response

        def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
            if isinstance(error, Forbidden):
                return _page(request, 403, "这一页不在您的职责范围内", [f"可以看的角色：{error}（R-001）"])
            if isinstance(error, CalendarOverflow):
                return _page(request, 422, "还不能这样办", [f"{error}：请换一个年度、日期"])
            if isinstance(error, IntegrityError) and isinstance(error.__cause__, UniqueViolation):
                # 各操作先查后写；两个人同时办，后到的撞在唯一约束上，事务已退回
                log.warning("同时办撞上了 %s", request.path, exc_info=error)
                return _page(
                    request, 409, _ANSWERS[Stale][1], ["同一件事刚被别人办了，请刷新看过最新情况再办（R-045）"]
                )
            if not isinstance(error, Refused):
                return None
            status, title = next(answer for kind, answer in _ANSWERS.items() if isinstance(error, kind))
            return _in_place(request, status, title, error) or _page(request, status, title, error.problems)

    return Explain()


#: 哪一种拒绝 → 状态码、标题；窄的在前
_ANSWERS: dict[type[Refused], tuple[int, str]] = {
    Stale: (409, "别人刚刚办过了"),
    NotYours: (403, "这件事不由您办"),
    Refused: (422, "还不能这样办"),
}
_NOTHING = {409: "没有写入，也没有覆盖别人的", 403: "什么都没有改动", 422: "什么都没有改动"}


def _refills(request: HttpRequest, response: HttpResponse) -> bool:
    """各页自己回的 422：填过的也填回去。片段和已经填好的不动。"""
    return (
        response.status_code == 422
        and not getattr(response, "refilled", False)
        and not request.headers.get("HX-Request")
        and not response.streaming
        and response.headers.get("Content-Type", "").startswith("text/html")
    )


def _in_place(request: HttpRequest, status: int, title: str, error: Refused) -> HttpResponse | None:
    """填表的那一页，带着问题和填过的内容；找不到那一页、那一页上没有这个表单的为 None。"""
    if request.method != "POST" or request.headers.get("HX-Request"):
        return None
    refusal = Refusal(f"{title}，{_NOTHING[status]}", error.problems, request.POST)
    for address in _origins(request):
        response = _opened(request, address, refusal)
        if response is None:
            continue
        page = refill(response.content.decode(), here=urlsplit(address).path, target=request.path, typed=request.POST)
        if page is not None:
            response.content = page.encode()
            response.status_code = status
            response.refilled = True  # type: ignore[attr-defined]
            return response
    return None


def _origins(request: HttpRequest) -> Iterator[str]:
    """表单可能在的页，本站的才算：从哪一页来的、办件页、提交到的地址本身。"""
    came = urlsplit(request.headers.get("Referer", ""))
    if came.netloc == request.get_host():
        yield f"{came.path}?{came.query}"
    parts = request.path.split("/")
    if parts[1] == "cases" and len(parts) > 3:
        yield f"/cases/{parts[2]}/"
    yield request.path


def _opened(request: HttpRequest, address: str, refusal: Refusal) -> HttpResponse | None:
    """以同一个人的身份打开这一页（只读）；打不开、转去别处的为 None。"""
    path, query = urlsplit(address).path, urlsplit(address).query
    again = copy(request)
    again.method, again.path, again.path_info = "GET", path, path
    again.META = {**request.META, "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query}
    again.GET = QueryDict(query)
    again.POST = QueryDict()
    again.refusal = refusal  # type: ignore[attr-defined]
    try:
        view, args, options = resolve(path)
        response = view(again, *args, **options)
    except (Http404, Forbidden, Refused):
        return None
    readable = isinstance(response, HttpResponse) and response.status_code == 200
    return response if readable and response.headers.get("Content-Type", "").startswith("text/html") else None


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
