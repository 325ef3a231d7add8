"""一条命令起网站：演示人物能登录，停下再起数据还在，恢复初始数据，备份与恢复，prove 干净（R-112、R-113）。"""

from __future__ import annotations

import http.cookiejar
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from yunheng.config.database import OWNER, Cluster

_READY_SECONDS = 180


def environment(folder: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "YUNHENG_", "DJANGO_"))}
    return {**kept, "YUNHENG_DATA": str(folder), "DEMO": "1", **more}


def command(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "yunheng.config.cli", *arguments],
        check=False, capture_output=True, text=True, env=environment(folder, **more),
    )  # fmt: skip


class Site:
    """起好的网站，和一个会记住登录的访客。"""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port, self.base = folder, port, f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "yunheng.config.cli", "serve", "--port", str(port), "--workers", "1"],
            stdout=subprocess.PIPE,
            text=True,
            env=environment(folder),
        )
        assert self.process.stdout
        deadline = time.monotonic() + _READY_SECONDS
        while "已就绪" not in self.process.stdout.readline():
            assert self.process.poll() is None
            assert time.monotonic() < deadline
        self.visitor = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))

    def get(self, path: str) -> str:
        with self.visitor.open(self.base + path) as answer:
            return str(answer.read().decode())

    def post(self, path: str, source: str, **values: str) -> str:
        token = re.findall(r'csrfmiddlewaretoken" value="([^"]+)', self.get(source))[0]
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token, **values}).encode()
        with self.visitor.open(self.base + path, body) as answer:
            return str(answer.read().decode())

    def sign_in(self, who: str) -> str:
        return self.post("/login/", "/login/", username=f"demo.{who}", password="Yunheng-demo-1")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(timeout=30)


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="yunheng-serve-"))
    made.chmod(0o755)
    yield made
    Cluster.at(made).stop()
    shutil.rmtree(made, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_从头起_演示人物能登录_停了再起_恢复初始数据_备份恢复(folder: Path) -> None:
    port = free_port()
    site = Site(folder, port)
    assert "工作台" in site.sign_in("shy")
    assert command(folder, "serve", "--port", str(free_port())).stderr.startswith("yunheng：数据目录")
    site.sign_in("mzj")
    site.post("/apply/", "/apply/?kind=new", kind="new", name="停了再起还在的系统")

    # 被 kill -9 以后再起：数据还在，端口也让出来了
    site.stop(signal.SIGKILL)
    time.sleep(1)
    site = Site(folder, port)
    site.sign_in("mzj")
    assert "停了再起还在的系统" in site.get("/cases/")
    assert command(folder, "prove").returncode == 0

    backup = folder / "全备.dump"
    assert command(folder, "backup", str(backup)).returncode == 0
    assert "库里已有数据" in command(folder, "restore", str(backup)).stderr

    # 恢复初始数据：办过的没有了，登录也清掉了
    assert "已恢复初始数据" in site.post("/demo/reset/", "/demo/")
    site.sign_in("mzj")
    assert "停了再起还在的系统" not in site.get("/cases/")

    # 备份恢复到一个空库：办过的都在，核对干净
    cluster = Cluster.at(folder)
    with psycopg.connect(cluster.url(OWNER, "postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored")
    urls = {"DATABASE_OWNER_URL": cluster.url(OWNER, "restored"), "DATABASE_URL": cluster.url(name="restored")}
    assert command(folder, "restore", str(backup), **urls).returncode == 0
    assert command(folder, "migrate", **urls).returncode == 0
    assert command(folder, "prove", **urls).returncode == 0
    with psycopg.connect(cluster.url(OWNER, "restored")) as connection:
        found = connection.execute("SELECT count(*) FROM cases_case WHERE subject = '停了再起还在的系统'").fetchone()
    assert found == (1,)
    site.stop()
    assert not cluster.running()


def test_端口被占_说明换一个(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = command(folder, "serve", "--port", str(taken.getsockname()[1]), DEMO="0")
    assert done.returncode == 1
    assert "已被别的程序占用，请用 --port 换一个端口" in done.stderr
