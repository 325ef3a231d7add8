"""`yunheng serve`：起数据库、升级表结构、（演示环境）装示例区、起网站；收到停止信号依次停下。"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psycopg

from . import environment
from .database import Cluster, DatabaseProblem
from .maintenance import as_owner

_LISTEN_SECONDS = 60
_PR_SET_PDEATHSIG = 1
_POLL_SECONDS = 0.3
_REMIND_SECONDS = 600


def serve(host: str, port: int, workers: int) -> int:
    """一直服务到收到停止信号。退出码 0 是正常停下。"""
    folder = environment.data_folder()
    with _only_one(folder):
        cluster = None
        if not os.environ.get(environment.APP_URL):
            cluster = Cluster.at(folder)
            _say("数据库…")
            cluster.start()
        try:
            as_owner(cluster, "migrate")
            if environment.demo():
                as_owner(cluster, "demo", "--if-empty")
                if cluster:
                    cluster.keep_pristine()
            return _website(cluster, host, port, workers)
        finally:
            if cluster:
                cluster.stop()


def _website(cluster: Cluster | None, host: str, port: int, workers: int) -> int:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "yunheng.config.settings"}
    if cluster:
        env[environment.APP_URL] = cluster.url()
        env[environment.DATABASE_LOG] = str(cluster.log)
    _refuse_taken(host, port)
    website = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "yunheng.config.wsgi",
            f"--bind={host}:{port}",
            f"--workers={workers}",
            "--threads=4",
            "--timeout=60",
            "--max-requests=20000",
            "--max-requests-jitter=2000",
            "--log-level=warning",
            "--no-control-socket",
            "--preload",
        ],
        env=env,
        # 自己被 kill -9 时，网站也跟着停，不占着端口
        preexec_fn=_die_with_parent,  # noqa: PLW1509 这时还没有别的线程
    )

    def stop(*_: object) -> None:
        website.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    _wait_for(website, host, port)
    address = f"http://{'127.0.0.1' if host in ('0.0.0.0', '') else host}:{port}/"
    print(f"\n  云衡已就绪：{address}", flush=True)
    if environment.demo():
        print(
            "  演示环境：打开后点一个人物即可登录；口令都是 Yunheng-demo-1（登录名见登录页，如 demo.mzj）", flush=True
        )
    print("  按 Ctrl+C 停下\n", flush=True)
    reminded = float("-inf")
    worker = _worker(env)
    while website.poll() is None:
        if worker.poll() is not None:
            worker = _worker(env)
        if time.monotonic() - reminded >= _REMIND_SECONDS:
            reminded = time.monotonic()
            # 不等它：提醒慢了、送不出去，都不碍着网站
            subprocess.Popen(
                [sys.executable, "-m", "yunheng.config.cli", "remind"],
                env=env,
                stdout=subprocess.DEVNULL,
                preexec_fn=_die_with_parent,  # noqa: PLW1509
            )
        time.sleep(_POLL_SECONDS)
        if cluster and environment.demo() and environment.reset_request().exists():
            try:
                cluster.restore_pristine()
                as_owner(cluster, "migrate")
            except (psycopg.Error, subprocess.CalledProcessError) as error:
                _say(f"没有恢复成初始数据：{error}")
            environment.reset_request().unlink(missing_ok=True)
    # 先停它再停数据库：它办到一半的自会回退，下次从头办
    worker.terminate()
    worker.wait()
    return website.returncode


def _worker(env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """办排队的计量的进程；停了由主进程再起一个。"""
    return subprocess.Popen(
        [sys.executable, "-m", "yunheng.config.cli", "work"],
        env=dict(env),
        preexec_fn=_die_with_parent,  # noqa: PLW1509
    )


def _die_with_parent() -> None:
    """父进程没了就收到停止信号（只在 Linux 上有；别处不影响）。"""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_for(website: subprocess.Popen[bytes], host: str, port: int) -> None:
    deadline = time.monotonic() + _LISTEN_SECONDS
    while website.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
            return
        time.sleep(0.1)
    if website.poll() is None:
        website.terminate()
    raise DatabaseProblem("网站没有起来，请看上面的日志")


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise DatabaseProblem(f"{host}:{port} 已被别的程序占用，请用 --port 换一个端口") from error


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """同一个数据目录只许一个在跑。"""
    with (folder / "serve.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DatabaseProblem(
                f"数据目录 {folder} 已有一个云衡在跑，请先停下它，或用 YUNHENG_DATA 指定别的目录"
            ) from error
        yield


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
