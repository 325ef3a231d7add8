"""真服务器、真浏览器：自己的一份克隆库，起 gunicorn，开无头 Chromium。"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.support import database

CHROMIUM = "/usr/bin/chromium"


@dataclass
class Visitor:
    """一个人物的浏览器窗口；`problems` 是控制台报错、失败的请求、站外请求。"""

    page: Page
    base: str
    problems: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.base + path)


def settled(page: Page) -> Page:
    """装好了的一页：点一下，地址换了就回来，内容可能还在路上；不等的读法（各行文字、个数）先等这里。"""
    page.wait_for_load_state()
    return page


def texts(locator: Locator) -> list[str]:
    """装好了的页上，各个的文字；一个也没有就是空的。"""
    settled(locator.page)
    return locator.all_inner_texts()


def number_of(page: Page) -> str:
    """这一页说的那一件的编号：地址的最后一段。"""
    return page.url.rstrip("/").rsplit("/", 1)[-1]


def stored(page: Page) -> None:
    """存下这一部分，回到清单：自动保存还在路上时，点了要等它回来才交，所以等到了清单才算。"""
    page.click("text=保存并返回清单")
    page.wait_for_url(re.compile(r"/apply/[^/]+/\?tried=1"))


#: 看页面用的那一件和它的资源
SHOWN, RESOURCE = "SQ-2026-0001", "ECS-SHOW-01"


def shown() -> None:
    """看页面用的一件事项。"""
    from tests.support.people import cast
    from yunheng.config.demo.stories import FILLED, Walk

    walk = Walk(cast(), "mzj", date(2026, 6, 1), "new", project_name="看页面的系统").fill(**FILLED).submit()
    walk.act("mzj-fzr", "return", opinion="改一处").fill(statement="改过的说明").submit().act("mzj-fzr", "approve")
    walk.later(1).act("shy", "approve").later(1).deliver("lt", "ECS-SHOW-")
    assert walk.case.number == SHOWN
    # 审核员手上缓急不同的三件
    for day in (date(2026, 7, 7), date(2026, 6, 24), date(2026, 7, 2)):
        urgent = Walk(cast(), "mzj", day, "new", project_name=f"{day} 报的系统").fill(**FILLED).submit()
        urgent.act("mzj-fzr", "approve")


@pytest.fixture(scope="session")
def site(cluster: object, django_db_blocker: Any) -> Iterator[str]:  # noqa: ARG001
    """起好的网站的地址；库里有一件改过一版、已开通、在测试期的新建（SHOWN）。各条测试共用。"""
    yield from _serving(django_db_blocker)


@pytest.fixture
def own_site(cluster: object, django_db_blocker: Any) -> Iterator[str]:  # noqa: ARG001
    """只给一条测试用的网站：会冻结服务年度的用它，别的测试谁先谁后都不相干。"""
    yield from _serving(django_db_blocker)


def _serving(django_db_blocker: Any, *stories: Callable[[], object]) -> Iterator[str]:
    """起一个网站；`stories` 是另外办进库里的。"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    with database.cloned() as name:
        with django_db_blocker.unblock(), database.pointed(name):
            shown()
            from tests.support.year import used

            used()
            for story in stories:
                story()
        env = {**os.environ, "DATABASE_URL": database.url(name), "DEMO": "1"}
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "yunheng.config.wsgi", f"--bind=127.0.0.1:{port}", "--threads=4"],
            env=env,
        )
        # 办计量的进程办完一件就退出，照 serve 的样子停了再起
        worker = subprocess.Popen([sys.executable, "-c", _AGAIN], env=env, start_new_session=True)
        try:
            deadline = time.monotonic() + 30
            while time.monotonic() < deadline:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(worker.pid, signal.SIGTERM)
            server.terminate()
            for process in (server, worker):
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


_AGAIN = (
    "import subprocess, sys\nwhile True:\n    subprocess.run([sys.executable, '-m', 'yunheng.config.cli', 'work'])\n"
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """无头 Chromium，不许出网。"""
    with sync_playwright() as play:
        opened = play.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
            ],
        )
        yield opened
        opened.close()


class Town:
    """示例区里的人：按登录名取各自的窗口。"""

    def __init__(self, browser: Browser, site: str, downloads: Path) -> None:
        self.browser, self.site, self.downloads = browser, site, downloads
        self.visitors: dict[str, Visitor] = {}

    def __getitem__(self, who: str) -> Visitor:
        if who not in self.visitors:
            context = self.browser.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
            visitor = Visitor(context.new_page(), self.site)
            page, problems = visitor.page, visitor.problems
            page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
            page.on("pageerror", lambda e: problems.append(str(e)))
            page.on(
                "request",
                lambda r: None if r.url.startswith((self.site, "data:")) else problems.append(f"站外请求 {r.url}"),
            )
            visitor.open("/login/")
            page.fill("#u", f"demo.{who}")
            page.fill("#p", "Yunheng-demo-1")
            page.click(".login-card .btn-primary")
            page.wait_for_selector(".side")
            self.visitors[who] = visitor
        return self.visitors[who]

    def quiet(self) -> None:
        """谁的控制台都没有报错，没有站外请求。"""
        assert {who: visitor.problems for who, visitor in self.visitors.items() if visitor.problems} == {}


@pytest.fixture
def town(browser: Browser, site: str, tmp_path: Path) -> Iterator[Town]:
    """示例区。"""
    yield from _visited(browser, site, tmp_path)


@pytest.fixture
def disputed_town(cluster: object, django_db_blocker: Any, browser: Browser, tmp_path: Path) -> Iterator[Town]:  # noqa: ARG001
    """自己一份的示例区，多一个平台工单与申请表数量不符（D3）的资源；裁定会改账，不与别的测试共用。"""
    from tests.support.year import mismatched

    with contextlib.contextmanager(_serving)(django_db_blocker, mismatched) as site:
        yield from _visited(browser, site, tmp_path)


@pytest.fixture
def own_town(browser: Browser, own_site: str, tmp_path: Path) -> Iterator[Town]:
    """自己一份的示例区。"""
    yield from _visited(browser, own_site, tmp_path)


def _visited(browser: Browser, site: str, folder: Path) -> Iterator[Town]:
    town = Town(browser, site, folder)
    yield town
    for visitor in town.visitors.values():
        visitor.page.context.close()
