"""断电：提交、审核、收件的任何一刻 kill -9 办事进程或数据库，确认过的都在，没有写一半的，prove 干净（R-112）。"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from django.db import connections
from pytest_django import DjangoDbBlocker

from tests.support import database
from yunheng.cases.models import Case
from yunheng.config.database import APP, OWNER, Cluster
from yunheng.config.environment import database as settings_for
from yunheng.config.proving import prove
from yunheng.ledger.models import Received

ROUNDS = 56
BATCH = 200


def test_随时杀办事进程或数据库_确认过的都在_没有写一半的(
    django_db_setup: None,  # noqa: ARG001
    django_db_blocker: DjangoDbBlocker,
) -> None:
    # pytest 的临时目录只许自己进；数据库可能换了身份跑，另找一处
    folder = Path(tempfile.mkdtemp(prefix="yunheng-power-"))
    folder.chmod(0o755)
    cluster = Cluster.at(folder)
    cluster.start()
    database.build(cluster)
    env = {
        **os.environ,
        "DATABASE_URL": cluster.url(APP, database.TEMPLATE),
        "DATABASE_OWNER_URL": cluster.url(OWNER, database.TEMPLATE),
    }
    random.seed(20260708)
    confirmed: list[str] = []
    try:
        for number in range(ROUNDS):
            confirmed.extend(_round(cluster, env, kill_database=number % 2 == 1))
        before = dict(connections["default"].settings_dict)
        with django_db_blocker.unblock():
            connections.close_all()
            connections["default"].settings_dict.update(settings_for(env["DATABASE_URL"]))
            try:
                _examine(confirmed)
            finally:
                connections.close_all()
                connections["default"].settings_dict.update(before)
    finally:
        cluster.stop()
        shutil.rmtree(folder)


def _round(cluster: Cluster, env: dict[str, str], *, kill_database: bool) -> list[str]:
    """办起事来以后的任一刻杀掉；返回这一轮确认过的。"""
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.concurrency.busy"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=env,
    )
    assert worker.stdout
    lines = [worker.stdout.readline()]
    time.sleep(random.random() * 0.2)
    if kill_database:
        os.kill(int((cluster.folder / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            worker.wait(timeout=5)
    worker.kill()
    lines.extend(worker.stdout)
    worker.wait()
    if kill_database:
        cluster.start()
    return [line.strip() for line in lines if line.endswith("\n")]


def _examine(confirmed: list[str]) -> None:
    assert len(confirmed) >= ROUNDS
    for line in confirmed:
        kind, number, count = line.split()
        if kind == "件":
            assert Case.objects.get(number=number).board.seq >= int(count)
        else:
            assert Received.objects.filter(kind="日志", source_ref__startswith=f"{number}/").count() == int(count)
    # 一批收件要么全在要么全不在
    batches: dict[str, int] = {}
    for ref in Received.objects.filter(kind="日志").values_list("source_ref", flat=True):
        batches[ref.split("/")[0]] = batches.get(ref.split("/")[0], 0) + 1
    assert set(batches.values()) <= {BATCH}
    assert [(proof.name, proof.problems) for proof in prove() if proof.problems] == []
