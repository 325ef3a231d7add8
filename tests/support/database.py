"""测试用的库：模板库建一次，之后都是克隆。"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from django.db import connections

from yunheng.config.database import APP, OWNER, Cluster

TEMPLATE = "yunheng_template"
_cluster: Cluster | None = None


def shared(folder: Path) -> Cluster:
    """头一个用到的测试进程起库、建模板；后来的直接用。"""
    global _cluster  # noqa: PLW0603 一个进程一个
    folder.chmod(0o755)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        cluster = Cluster.at(folder)
        if not cluster.running():
            cluster.start()
            build(cluster)
    _cluster = cluster
    return cluster


def build(cluster: Cluster) -> None:
    """在这个集群里建模板库：表结构、权限、固定的人和目录。"""
    with psycopg.connect(cluster.url(OWNER, "postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    env = {
        **os.environ,
        "DATABASE_OWNER_URL": cluster.url(OWNER, TEMPLATE),
        "DATABASE_URL": cluster.url(APP, TEMPLATE),
        "DEMO": "1",
    }
    for command in (["yunheng.config.cli", "migrate"], ["tests.support.seed"]):
        subprocess.run([sys.executable, "-m", *command], check=True, env=env)


def stop(folder: Path) -> None:
    """整次测试完了：停库，删目录。"""
    if (folder / "lock").exists():
        cluster = Cluster.at(folder)
        cluster.stop()
        shutil.rmtree(cluster.folder.parent if cluster.folder.parent != folder else folder, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _drop(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """删一份克隆；自动清理正在里面干活的话，属主断不开它，等它完。"""
    for _ in range(100):
        with suppress(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            return
        time.sleep(0.1)
    raise TimeoutError(f"{name} 里的自动清理十秒还没完")


@contextmanager
def cloned() -> Iterator[str]:
    """克隆一份，用完删掉。"""
    assert _cluster
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(_cluster.url(OWNER, "postgres"), autocommit=True) as connection:
        # 建模板的连接可能还没退尽；同一时刻只许一个克隆
        connection.execute("SELECT pg_advisory_lock(1)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        connection.execute("SELECT pg_advisory_unlock(1)")
    try:
        yield name
    finally:
        connections.close_all()
        with psycopg.connect(_cluster.url(OWNER, "postgres"), autocommit=True) as connection:
            _drop(connection, name)


def url(name: str, role: str = APP) -> str:
    """以这个角色连某个克隆库的地址。"""
    assert _cluster
    return _cluster.url(role, name)


@contextmanager
def pointed(name: str) -> Iterator[None]:
    """这一段里连到这个库，出来连回原来的：同一进程里别的测试还用着它们的库。"""
    kept = dict(connections["default"].settings_dict)
    point_at(name)
    try:
        yield
    finally:
        connections.close_all()
        connections["default"].settings_dict.clear()
        connections["default"].settings_dict.update(kept)


def point_at(name: str) -> None:
    """让 Django 连到这个库。"""
    from yunheng.config.environment import database

    connections.close_all()
    connections["default"].settings_dict.update(database(url(name)))
    connections["default"].settings_dict["CONN_MAX_AGE"] = 0
