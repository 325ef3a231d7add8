"""每个地址 × 每个角色：谁看得到、谁看不到，一张表写全；新加的地址没有写进来就不通过（R-001、R-111）。"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.support.people import cast
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Fact, Resource
from yunheng.orgs.models import Appointment
from yunheng.rules.roles import Role

pytestmark = pytest.mark.django_db

EVERYONE = set(Role)
BUSINESS = {role for role in Role if not role.administrative}
#: 地址名 → 可以打开的角色。带编号的用民政局的一件事项、一个资源试
PAGES: dict[str, set[Role]] = {
    "home": EVERYONE,
    "me": EVERYONE,
    "password": EVERYONE,
    "procedures": EVERYONE,
    "clause": EVERYONE,
    "demo": EVERYONE,
    "sample": EVERYONE,
    "watermark": EVERYONE,
    "todo": BUSINESS,
    "cases": BUSINESS,
    "consultations": BUSINESS,
    "licences": BUSINESS,
    "zones": {Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION, Role.CITY_OPERATOR, Role.PROVIDER},
    "wording": {Role.PROVIDER, Role.REVIEWER, Role.AUTHORITY, Role.THIRD_PARTY},
    "budgets": {
        Role.CLERK,
        Role.HEAD,
        Role.CITY_ECONOMY,
        Role.FINANCE,
        Role.AUTHORITY,
        Role.REVIEWER,
        Role.INFORMATIZATION,
    },
    "rectifications": BUSINESS,
    "assets": BUSINESS,
    "expiry": BUSINESS,
    "ics": BUSINESS,
    "search": BUSINESS,
    "apply": {Role.CLERK},
    "institutions": {Role.SYSTEM_ADMIN},
    "people": {Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN},
    "dismissal": {Role.SYSTEM_ADMIN},
    "audit": {Role.AUDIT_ADMIN},
    "conventions": BUSINESS,
    "exemptions": BUSINESS,
    "inbox": {Role.PROVIDER, Role.REVIEWER, Role.THIRD_PARTY},
    "unmatched": {Role.REVIEWER},
    "unrecorded": {Role.REVIEWER},
    "sent": {Role.PROVIDER},
    "catalog": EVERYONE,
    "procurement": BUSINESS,
    "settlement": BUSINESS,
    "settlement-year": BUSINESS,
    "objections": {
        Role.REVIEWER,
        Role.INFORMATIZATION,
        Role.AUTHORITY,
        Role.FINANCE,
        Role.THIRD_PARTY,
        Role.CLERK,
        Role.HEAD,
        Role.PROVIDER,
    },
    "settlement-plan": {Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY},
    "late-arrivals": {Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY},
    "forecast": {Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY},
    "recovery": {Role.REVIEWER, Role.AUTHORITY, Role.FINANCE, Role.INFORMATIZATION},
    "handover": {Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION, Role.CITY_OPERATOR},
    "backfills": {Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION},
    "backfill-template": {Role.REVIEWER},
    "tiers": EVERYONE,
    "catalog-sheet": EVERYONE,
    "surveys": {Role.THIRD_PARTY, Role.REVIEWER, Role.AUTHORITY},
    "survey": {Role.CLERK, Role.HEAD},
    "evaluations": BUSINESS,
    "assessment": {Role.PROVIDER, Role.REVIEWER, Role.AUTHORITY, Role.THIRD_PARTY},
    "savings": {
        Role.REVIEWER,
        Role.INFORMATIZATION,
        Role.AUTHORITY,
        Role.FINANCE,
        Role.THIRD_PARTY,
        Role.CLERK,
        Role.HEAD,
    },
    "leads": {Role.THIRD_PARTY, Role.REVIEWER, Role.AUTHORITY},
    "commissions": {Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION, Role.FINANCE, Role.THIRD_PARTY},
    "package": {Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY},
}
#: 对着某一件东西的：看得到的角色（民政局的事项，联通的资源）
SEES_CASE = BUSINESS - {Role.SPONSOR}
OBJECTS: dict[str, set[Role]] = {
    "case": SEES_CASE,
    "diff": SEES_CASE,
    "annex": SEES_CASE,
    "download": SEES_CASE,
    "asset": SEES_CASE,
    "evidence": SEES_CASE,
    "correct": {Role.REVIEWER},
    "saving": SEES_CASE,
    "tasks": {Role.CLERK, Role.HEAD},
    "check": {Role.CLERK},
    "section": {Role.CLERK},
    "template": {Role.CLERK},
    "blank-annex": {Role.CLERK},
}
#: 只收 POST 的：不在这里逐个试，由各自的操作把关（场景测试）；这里只试 GET 一律 405，没登录一律去登录
POSTS = {
    "take-wording",
    "recall",
    "transfer",
    "become",
    "logout",
    "switch",
    "read-all",
    "act",
    "supervise",
    "attach",
    "clear",
    "paste",
    "saved-views",
    "import-annex",
    "undo-import",
    "clock",
    "awake",
    "catalog-start",
    "inquire",
    "agree",
    "catalog-save",
    "catalog-import",
    "catalog-undo",
    "preview-notes",
    "measure",
    "recast",
    "inspect",
    "verify",
    "consult",
    "conclude",
    "reply",
    "claim",
    "rectify",
    "contract",
    "pay",
    "void-contract",
    "reverse-payment",
    "recovery-pay",
    "recovery-reverse",
    "waive",
    "fee-contract",
    "shortfall",
    "recompute",
    "appraise",
    "rate",
    "find",
    "take-lead",
    "dismiss-lead",
    "prove",
    "reset",
}
#: 对着一个计量批次的：看得到的角色，账目再按单位、服务商收窄，见 tests/web/test_settlement.py
RUNS: dict[str, set[Role]] = {
    "focus": BUSINESS,
    "bill": BUSINESS,
    "bill-line": BUSINESS,
    "bill-day": BUSINESS,
    "bill-sheet": BUSINESS,
    "object": {Role.CLERK, Role.HEAD, Role.PROVIDER, Role.THIRD_PARTY},
    "differences": {
        Role.REVIEWER,
        Role.INFORMATIZATION,
        Role.AUTHORITY,
        Role.FINANCE,
        Role.THIRD_PARTY,
        Role.CLERK,
        Role.HEAD,
        Role.PROVIDER,
    },
    "compare-runs": {Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY},
    "run-arrivals": {Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY},
    "plan-file": {Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY},
    "run-file": {Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY},
}
#: 对着一次采购征询的：征询单业务角色都看得到，汇总只给管理的人，见 tests/scenarios/test_procurement.py
#: 对着一次评估、一张考核表、一份证据、一条异议、一版方案、一次补录的：各自的场景里看谁看得到
APPRAISED = {
    "objection",
    "objection-file",
    "evaluation",
    "sheet",
    "annex5",
    "reply-file",
    "occurrence-file",
    "rate-file",
    "handling-file",
    "plan-diff",
    "draft-file",
    "handover-file",
    "backfill-paper",
    "correction-file",
}
#: 对着一份委托合同的，见 tests/scenarios/test_commissions.py
COMMISSIONED = {"commission", "deliverable"}
INQUIRIES = {"demand": BUSINESS, "agreement-sheet": {Role.REVIEWER, Role.PROVIDER}}
#: 没登录也能打开的
OPEN = {"public-catalog", "public-catalog-sheet", "fill", "login", "code", "browser", "oidc", "oidc-callback", "cas"}
#: 接收接口：来源口令把关，见 tests/web/test_api.py
API = {"api-root", "openapi-json", "orders", "logs", "usage", "gather", "delivered"}


def names(patterns: list[URLPattern | URLResolver] | None = None) -> Iterator[str]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            yield from names(pattern.url_patterns)
        else:
            yield str(pattern.name)


def test_每个地址都写进了这张表() -> None:
    assert set(names()) == {*PAGES, *OBJECTS, *RUNS, *INQUIRIES, *APPRAISED, *COMMISSIONED, *POSTS, *OPEN, *API}


@pytest.fixture
def clients() -> dict[str, Client]:
    found = {}
    for appointment in Appointment.objects.select_related("person").filter(person__username__startswith="demo."):
        client = Client()
        client.force_login(appointment.person, backend="django.contrib.auth.backends.ModelBackend")
        found[appointment.person.username.removeprefix("demo.")] = client
    return found


@pytest.fixture
def walk() -> Walk:
    walk = Walk(cast(), "mzj", date(2026, 6, 1), "new", project_name="看得到谁").fill(**FILLED).submit()
    walk.act("mzj-fzr", "return", opinion="改").fill(statement="改过").submit().act("mzj-fzr", "approve").act(
        "shy", "approve"
    )
    return walk.later(1).deliver("lt", "ECS-ACC-")


def address(name: str, walk: Walk) -> str:
    from yunheng.cases.operations import attach

    number = walk.case.number
    known = {
        "clause": "/policy/D62-七/",
        "people": "/admin/people/",
        "institutions": "/admin/institutions/",
        "dismissal": f"/admin/people/appointments/{Appointment.objects.get(person__username='demo.jd').pk}/dismiss/",
        "expiry": "/assets/calendar/",
        "ics": "/assets/calendar.ics",
        "package": "/settlement/package/",
        "home": "/",
        "unmatched": "/inbox/unmatched/",
        "unrecorded": "/inbox/unrecorded/",
        "sent": "/inbox/sent/",
        "sample": "/demo/hosts.xlsx",
        "settlement-year": "/settlement/2025/",
        "forecast": "/settlement/2025/forecast/",
        "late-arrivals": "/settlement/2025/late/",
        "leads": "/assessment/leads/",
        "wording": "/assessment/annex5/",
        "settlement-plan": "/settlement/2025/plan/",
        "recovery": "/settlement/recovery/",
        "handover": "/settlement/handover/",
        "backfills": "/backfill/",
        "backfill-template": "/backfill/template.xlsx",
        "objections": "/settlement/objections/",
        "tiers": "/catalog/tiers/",
        "catalog-sheet": "/catalog/市级-2021-07-01.xlsx",
        "watermark": "/watermark.svg",
        "case": f"/cases/{number}/",
        "diff": f"/cases/{number}/diff/1..2/",
        "annex": f"/cases/{number}/annex1.docx",
        "asset": f"/assets/{Resource.objects.filter(code='ECS-ACC-01').get().code}/",
        "evidence": f"/assets/ECS-ACC-01/evidence/{Fact.objects.filter(resource__code='ECS-ACC-01').latest('pk').pk}/",
        "correct": f"/assets/ECS-ACC-01/facts/{Fact.objects.filter(resource__code='ECS-ACC-01').latest('pk').pk}/"
        "correct/",
        "saving": "/assets/ECS-ACC-01/saving/",
        "tasks": f"/apply/{number}/",
        "check": f"/apply/{number}/check/",
        "section": f"/apply/{number}/hosts/",
        "blank-annex": f"/apply/{number}/annex1.docx",
        "template": f"/apply/{number}/template.xlsx",
    }
    if name == "download":
        file = attach(actor=walk.clerk, on=walk.on, case=walk.case, kind="其他", name="a.txt", content=b"a")
        return f"/cases/{number}/files/{file.pk}/"
    return known.get(name, f"/{name}/")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_按角色开放的页(name: str, clients: dict[str, Client], walk: Walk) -> None:
    people, url = cast(), address(name, walk)
    for who, client in clients.items():
        role = people[who].role
        status = client.get(url).status_code
        assert status == (200 if role in PAGES[name] else 403), f"{who} 打开 {url}"


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_对着一件东西的页_本单位的看得到_别单位的是404(name: str, clients: dict[str, Client], walk: Walk) -> None:
    people, url = cast(), address(name, walk)
    outsiders = {"jyj", "jyj-fzr", "jd", "jd-fzr", "dx", "zgbm"}
    for who, client in clients.items():
        role = people[who].role
        status = client.get(url).status_code
        if role not in OBJECTS[name]:
            assert status in (403, 404), f"{who} 打开 {url}"
        elif who in outsiders:
            assert status == 404, f"{who} 打开 {url}"
        else:
            # 已提交的，任务清单一类的页转去办件详情
            assert status in (200, 302), f"{who} 打开 {url}"


def test_只收POST的地址_GET一律不办() -> None:
    client = Client()
    clerk = Appointment.objects.get(person__username="demo.mzj").person
    client.force_login(clerk, backend="django.contrib.auth.backends.ModelBackend")
    for url in (
        "/logout/",
        "/switch/1/",
        "/todo/read/",
        "/cases/X/act/",
        "/cases/X/supervise/",
        "/cases/X/files/",
        "/cases/X/clear/",
        "/apply/X/paste/",
        "/demo/clock/",
        "/me/awake/",
        "/login/as/1/",
    ):
        assert client.get(url).status_code == 405, url


def test_没登录的_一律去登录页_htmx的回401() -> None:
    client = Client()
    for url in ("/", "/todo/", "/cases/", "/assets/", "/audit/", "/admin/people/", "/apply/"):
        response = client.get(url)
        assert (response.status_code, response.headers["Location"].split("?")[0]) == (302, "/login/"), url
    response = client.get("/cases/", headers={"HX-Request": "true"})
    assert (response.status_code, response.headers["HX-Trigger"]) == (401, "session-expired")


def test_别单位的事项不能办_也不能传附件(clients: dict[str, Client], walk: Walk) -> None:
    url = f"/cases/{walk.case.number}/act/"
    assert clients["jyj"].post(url, {"act": "pass", "seen": walk.seq}).status_code == 404
    assert clients["kw"].post(url, {"act": "pass", "seen": walk.seq}).status_code == 403
    assert clients["jyj"].post(f"/cases/{walk.case.number}/files/").status_code == 404
