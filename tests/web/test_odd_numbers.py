"""地址里的年份、编号写成奇怪的数：每个地址都给中文的说明页，不报 500（R-111）。"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.converters import IntConverter

from tests.support.people import signed_in

pytestmark = pytest.mark.django_db

ODD = ("²", "0", "9999", "99999", "-1", "二〇二六", "9" * 30)
#: 地址里、表单里会写数的各栏
NUMBERS = ("year", "page", "unit", "provider", "project", "line", "seen", "number", "on", "cutoff")
#: 各类角色各一位；没登录的也试
SOMEONE = ("shy", "sdsj", "lt", "mzj", "dsf", "kw")


def patterns(prefix: str = "", found: list[URLPattern | URLResolver] | None = None) -> Iterator[tuple[str, URLPattern]]:
    for one in get_resolver().url_patterns if found is None else found:
        if isinstance(one, URLResolver):
            yield from patterns(prefix + str(one.pattern), one.url_patterns)
        else:
            yield prefix, one


def addresses(odd: str) -> list[str]:
    """每个地址：要整数的填这个数，要文字的填服务商代码；不是整数的数进不了整数的位置，那里填 1。"""
    found = []
    for prefix, one in patterns():
        route = prefix + str(one.pattern)
        for name, converter in one.pattern.converters.items():
            whole = isinstance(converter, IntConverter)
            kind = "int" if whole else type(converter).__name__.removesuffix("Converter").lower()
            value = (odd if odd.isascii() and odd.isdecimal() else "1") if whole else "CU"
            route = route.replace(f"<{kind}:{name}>", value).replace(f"<{name}>", value)
        found.append("/" + route)
    return [one for one in found if "<" not in one and "logout" not in one]


@pytest.mark.parametrize("odd", ODD)
def test_每个地址写上奇怪的年份和编号_都不报500(odd: str) -> None:
    query = dict.fromkeys(NUMBERS, odd)
    broken = []
    for client in [signed_in(who) for who in SOMEONE]:
        client.raise_request_exception = False
        broken += [url for url in addresses(odd) if client.get(url, query).status_code >= 500]
    assert sorted(set(broken)) == []


def test_年份写错的_采购_协议单价表说没有_阶梯价照本年度() -> None:
    reviewer = signed_in("shy")
    for odd in ("²", "0", "99999"):
        assert reviewer.get("/procurement/", {"year": odd}).status_code == 404
        assert reviewer.get("/procurement/agreements/CU.xlsx", {"year": odd}).status_code == 404
        assert reviewer.get("/catalog/tiers/", {"year": odd}).status_code == 200
        assert reviewer.post("/catalog/tiers/", {"year": odd}).status_code in (403, 422)
