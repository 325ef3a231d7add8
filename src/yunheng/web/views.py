"""首页、检索、条款、演示环境、浏览器说明。"""

from __future__ import annotations

import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from yunheng.applications.pasting import blank_workbook
from yunheng.audit.operations import unit_of_work
from yunheng.audit.refused import Refused
from yunheng.cases import queries as cases
from yunheng.cases.notifying import remind
from yunheng.documents.listing import TYPE
from yunheng.ledger import queries as ledger
from yunheng.ledger.models import Segment
from yunheng.ledger.operations import remind_expiry
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.models import BusinessClock
from yunheng.orgs.serving import attached
from yunheng.orgs.views import personas
from yunheng.rules import rulebook
from yunheng.rules.problems import UnknownRule
from yunheng.rules.roles import Role
from yunheng.rules.workdays import WEEKDAYS

from . import dashboards
from .stories import PATHS, STORIES, sample_rows

_RESET_SECONDS = 20
#: 待办不多于几件算少
_FEW = 4


@allowed()
def home(request: Request) -> HttpResponse:
    """工作台：四块指标（都能点开）、我的待办、各角色自己的一块。"""
    actor, on = request.actor, request.on
    if actor.role is not None and actor.role.administrative:
        return render(request, "web/home_admin.html", {"role": actor.role})
    mine = cases.todo(actor, on)
    live = Segment.objects.filter(resource__in=ledger.visible(actor), during__contains=on)
    soon = live.filter(expires_on__gte=on, expires_on__lte=on + timedelta(days=30))
    context: dict[str, Any] = {
        "todo": list(mine[:8]),
        "todo_total": mine.count(),
        "soon": cases.in_time(mine, "soon", on).count(),
        "overdue": cases.in_time(mine, "overdue", on).count(),
        "open": cases.visible(actor).filter(outcome="").count(),
        "resources": live.values("resource").distinct().count(),
        "expiring": soon.values("resource").distinct().count(),
        "expired": live.filter(expires_on__lt=on).values("resource").distinct().count(),
        "expiring_before": on + timedelta(days=30),
        "weekday": WEEKDAYS[on.weekday()],
    }
    if actor.role == Role.CLERK:
        context["drafts"] = cases.visible(actor).filter(step__in=("draft", "amend")).order_by("-case_id")[:6]
    if actor.role in (Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION):
        context["steps"] = _by_step(cases.visible(actor).filter(outcome=""), on)
    # 待办右边摆什么：有自己的两块（接着填、时限看板）的摆自己的，没有的摆考核分、结算
    context["beside"] = actor.role == Role.CLERK or "steps" in context
    # 待办少的，下面空着，摆那几块
    context["below"] = context["beside"] and context["todo_total"] <= _FEW
    context["board"] = dashboards.build(actor, on)
    # 四块固定的，加上各角色的：几块一行由样式照总数排
    context["tiles"] = 4 + len(context["board"].get("tiles", ()))
    return render(request, "web/home.html", context)


def _by_step(boards: Any, on: date) -> list[tuple[str, int, int, int]]:
    """时限看板：（状态, 正常, 临期, 超期）。"""
    counts: dict[str, list[int]] = {}
    soon = cases.soon(on)
    for state, due in boards.values_list("state", "due_on"):
        row = counts.setdefault(state, [0, 0, 0])
        row[2 if due and due < on else 1 if due and due <= soon else 0] += 1
    return [(state, *row) for state, row in counts.items()]  # type: ignore[misc]


def _first(rows: QuerySet[Any], order: str) -> Any:
    """头十条：先只取编号，再连着各表取全；不然很多条都对得上时，数据库会全部连好再排。"""
    keys = list(rows.order_by(order).values_list("pk", flat=True)[:10])
    return rows.filter(pk__in=keys).order_by(order)


@allowed(*BUSINESS)
def search(request: Request) -> HttpResponse:
    """全局检索：办件号、项目、单位（拼音首字母）、资源号、条款。"""
    text = request.GET.get("q", "").strip()[:60]
    found: dict[str, Any] = {"q": text}
    if text:
        found["boards"] = _first(cases.visible(request.actor).filter(search__contains=text.lower()), "-case_id")
        found["resources"] = _first(ledger.visible(request.actor).filter(search__contains=text.lower()), "code")
        projects = ledger.visible_projects(request.actor)
        found["projects"] = (
            list(projects.filter(initials__contains=text.lower())[:6]) or projects.filter(name__contains=text)[:6]
        )
        index = rulebook.built_in().clauses
        found["clauses"] = [c for c in index.clauses.values() if text.lower() in f"{c.id}{c.title}{c.gist}".lower()][:8]
    return render(request, "web/_found.html" if request.htmx else "web/search.html", found)


@allowed()
def clause(request: Request, clause: str) -> HttpResponse:
    """一条条款的要点；htmx 来的只回弹出的那一小块。"""
    try:
        found = rulebook.built_in().clause(clause)
    except UnknownRule as error:
        raise Http404 from error
    document = rulebook.built_in().clauses.documents[found.document]
    context = {"clause": found, "document": document}
    return render(request, "web/_clause.html" if request.htmx else "web/clause.html", context)


@allowed()
def watermark(request: Request) -> HttpResponse:
    """详情页、打印页上的浅水印：谁在哪天看的。"""
    text = f"{request.actor.name} {request.actor.institution_name} {request.on}"
    picture = render_to_string("web/watermark.svg", {"text": text})
    return HttpResponse(picture, content_type="image/svg+xml", headers={"Cache-Control": "private, max-age=300"})


# ── 演示环境 ──


@allowed()
def demo(request: Request) -> HttpResponse:
    """演示导览：各故事线在哪里看。"""
    if not settings.DEMO:
        raise Http404
    people = {appointment.person.username: appointment for appointment in personas()}
    told = [
        {
            "title": s.title,
            "text": s.text,
            "href": s.href,
            "who": people[s.who].person.name,
            "persona": people[s.who].pk,
        }
        for s in STORIES
        if s.who in people
    ]
    paths = [
        {
            "role": Role(people[who].role).label,
            "name": people[who].person.name,
            "persona": people[who].pk,
            "steps": steps,
        }
        for who, steps in PATHS.items()
        if who in people
    ]
    return render(request, "web/demo.html", {"stories": told, "paths": paths})


@allowed()
def sample(request: Request) -> HttpResponse:
    """导入用的样例 Excel：十行主机，三处错。"""
    del request
    if not settings.DEMO:
        raise Http404
    return attached(blank_workbook(sample_rows()), "hosts-sample.xlsx", TYPE)


@require_POST
@allowed()
def clock(request: Request) -> HttpResponse:
    """拨业务日期：下一个工作日、到某天。"""
    if not settings.DEMO:
        raise Http404
    to = request.POST.get("to", "")
    if to == "workday":
        on = cases.calendar().after(request.on, 1).date
    else:
        try:
            on = date.fromisoformat(to)
        except ValueError as error:
            raise Http404 from error
    if not date(2022, 7, 1) <= on <= date(2035, 12, 31):
        raise Http404
    with unit_of_work(request.actor) as journal:
        BusinessClock.objects.update_or_create(id=1, defaults={"on": on})
        journal.note("演示拨日期", on.isoformat(), before={"原": request.on.isoformat()})
        remind(on)
        remind_expiry(on)
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    return redirect(target if safe and target else "/")


@require_POST
@allowed()
def reset(request: Request) -> HttpResponse:
    """演示环境恢复初始数据：请主进程去办，办完回登录页（登录也一起清掉了）。"""
    if not settings.DEMO or settings.DEMO_RESET is None:
        raise Http404
    path: Path = settings.DEMO_RESET
    path.touch()
    deadline = time.monotonic() + _RESET_SECONDS
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    if path.exists():
        path.unlink(missing_ok=True)
        raise Refused(["没有恢复成：只有用 ./run 起的演示环境（嵌入的数据库）能恢复初始数据"])
    connection.close()
    response = redirect("/login/?reason=reset")
    response.delete_cookie(settings.SESSION_COOKIE_NAME)
    request.session = SessionStore()
    return response


def browser(request: HttpRequest) -> HttpResponse:
    """浏览器太旧的说明。"""
    return render(request, "web/browser.html")
