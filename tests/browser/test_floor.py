"""Chromium 86 上：主要的页都打得开、没有报错、样式一条不丢；能从空表填到提交（浏览器下限，ux 3.5）。"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import RESOURCE, SHOWN, Town
from .old import OldChromium, opened
from .test_walks import HOSTS

SCREENS = {
    "mzj": (
        "/",
        "/todo/",
        "/apply/",
        "/apply/?kind=new",
        f"/cases/{SHOWN}/",
        f"/cases/{SHOWN}/diff/1..2/",
        "/assets/calendar/",
        "/me/",
    ),
    "shy": (
        "/",
        "/cases/",
        "/assets/",
        f"/assets/{RESOURCE}/",
        "/inbox/",
        "/settlement/package/",
        "/settlement/2025/plan/",
        "/conventions/",
        "/procedures/",
        "/search/?q=看页面",
        "/evaluations/",
        "/consultations/",
        "/rectifications/",
        "/zones/",
        "/licences/",
        "/budgets/",
        "/settlement/recovery/",
        "/settlement/handover/",
        "/catalog/tiers/",
    ),
    "dsf": ("/surveys/", "/assessment/", "/settlement/2025/forecast/"),
    "sjgly": ("/audit/?verify=1",),
    "xtgly": ("/admin/people/", "/admin/institutions/"),
}


@pytest.fixture
def old() -> Iterator[OldChromium]:
    with opened() as browser:
        yield browser


def sign_in(browser: OldChromium, site: str, who: str) -> None:
    browser.open(f"{site}/login/")
    browser.run(f"document.querySelector('#u').value = 'demo.{who}'")
    browser.run("document.querySelector('#p').value = 'Yunheng-demo-1'")
    browser.go("document.querySelector('.login-card .btn-primary').click()")


@pytest.mark.parametrize("who", sorted(SCREENS))
def test_主要的页在86上都打得开_没有报错_没有站外请求_不横向溢出(who: str, old: OldChromium, site: str) -> None:
    assert "Chrome/86.0" in str(old.run("navigator.userAgent"))
    sign_in(old, site, who)
    for path in SCREENS[who]:
        old.open(site + path)
        assert old.run("document.querySelector('main h1') !== null"), path
        width = old.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width <= 0, f"{path} 宽出 {width} 像素"
    assert old.problems == []


#: 各份样式认得几条
_RULES = "[...document.styleSheets].filter(s => s.href.includes('/app/')).map(s => s.cssRules.length).join()"


def test_自己的样式在86上一条不丢(old: OldChromium, site: str, town: Town) -> None:
    old.open(f"{site}/login/")
    town["shy"].open("/")
    counts = str(town["shy"].page.evaluate(_RULES))
    assert old.run(_RULES) == counts
    # 四份：框架、表单、看账和方案、打印
    assert [int(count) > 5 for count in counts.split(",")] == [True] * 4


def test_在86上从空表填到提交(old: OldChromium, site: str, tmp_path: Path) -> None:
    sign_in(old, site, "jyj")
    old.open(f"{site}/apply/?kind=district")
    old.run("document.querySelector('#name').value = '旧浏览器填的系统'")
    old.go("[...document.querySelectorAll('button')].find(b => b.textContent == '开始填写').click()")
    address = str(old.run("location.pathname"))
    save = "[...document.querySelectorAll('button')].find(b => b.textContent == '保存并返回清单').click()"
    for part, texts, choices in (
        ("project", {"leader": "顾卫东", "contact": "021-67001234"}, {"classified": "否", "level": "二级"}),
        (
            "placement",
            {"planned_on": "2026-09-01"},
            {"level_of_cloud": "区级政务云", "architecture": "X86", "iaas": "联通"},
        ),
        ("files", {"statement": "在 Chromium 86 上填的"}, {}),
    ):
        old.open(f"{site}{address}{part}/")
        for key, value in texts.items():
            old.run(f"document.querySelector('#i-{key}').value = '{value}'")
        for key, value in choices.items():
            old.run(f"document.querySelector('input[name={key}][value={value}]').click()")
        old.go(save)
    old.open(f"{site}{address}hosts/")
    old.run("document.querySelector('.wide-menu').open = true")
    old.run(f"document.querySelector('#paste-text').value = {HOSTS!r}")
    old.run("document.querySelector('.paste button').click()")
    preview = (
        "new Promise(done => { const look = () => { const b = [...document.querySelectorAll('#preview button')]"
        ".find(b => b.textContent.startsWith('确认导入')); b ? done(b.textContent) : setTimeout(look, 50) }; look() })"
    )
    assert old.run(preview) == "确认导入 2 行"
    old.go("[...document.querySelectorAll('#preview button')].find(b => b.textContent.startsWith('确认导入')).click()")
    assert "3 台 · 32 核" in str(old.run("document.querySelector('#totals').textContent"))
    old.open(f"{site}{address}check/")
    assert old.run("document.querySelector('.error-summary')") is None
    old.go("document.querySelector('.actions .btn-primary').click()")
    assert "已提交" in str(old.run("document.querySelector('.receipt').textContent"))
    old.screenshot(tmp_path / "提交.png")
    assert old.problems == []
