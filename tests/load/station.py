"""装满的演示站：起、停、登录好的人、取一页要多久。"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

PORT = 8199


class Station:
    """装满的演示站：自己的数据目录，用 `yunheng serve` 照正式的样子起。"""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "YUNHENG_DATA": str(folder), "YUNHENG_HOSTS": "127.0.0.1,testserver"}
        for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "YUNHENG_SECRET_KEY"):
            self.env.pop(name, None)

    def start(self, *, demo: bool) -> None:
        """起好才返回。装数据时是演示环境，量的时候照正式环境的样子。"""
        self.env["DEMO"] = "1" if demo else "0"
        command = [sys.executable, "-m", "yunheng.config.cli", "serve", "--port", str(PORT)]
        self.server = subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, text=True)
        assert self.server.stdout
        for line in self.server.stdout:
            if "按 Ctrl+C" in line:
                return
        raise RuntimeError("站没有起来")

    def stop(self) -> None:
        """停下。"""
        self.server.terminate()
        self.server.wait()


def cookies(names: Iterable[str]) -> list[tuple[str, str]]:
    """这些登录名登录好：（角色, Cookie）。"""
    import django

    django.setup()
    from django.test import Client

    from yunheng.orgs.models import Person

    found = []
    for name in names:
        client = Client()
        person = Person.objects.get(username=name)
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        role = person.appointments.get().role
        found.append((role, f"yunheng_session={client.cookies['yunheng_session'].value}"))
    return found


def get(path: str, cookie: str) -> tuple[float, str]:
    """取一页：（秒, 内容）；不是 200 抛 RuntimeError。"""
    took, status, body, _ = _ask("GET", quote(path, safe="/?=&"), cookie)
    if status != 200:
        raise RuntimeError(f"{path} 回了 {status}")
    return took, body


def post(path: str, cookie: str, fields: Mapping[str, str]) -> tuple[float, str]:
    """交一张表：（秒, 转到哪里）；没有转走抛 RuntimeError。"""
    # 防跨站的令牌：同一个值放在 Cookie 和表里
    token = "0" * 32
    took, status, body, where = _ask(
        "POST", quote(path), f"{cookie}; yunheng_csrf={token}", urlencode({**fields, "csrfmiddlewaretoken": token})
    )
    if status != 302:
        raise RuntimeError(f"{path} 回了 {status}：{body[:300]}")
    return took, where


def _ask(method: str, path: str, cookie: str, body: str | None = None) -> tuple[float, int, str, str]:
    began = time.perf_counter()
    # 隔几秒才点一下，浏览器也是重新连
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request(method, path, body, headers)
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return time.perf_counter() - began, response.status, text, response.headers.get("Location", "")
