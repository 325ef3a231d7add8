"""升级：老库里的内容搬到新表，一个字不少；搬完照样只能追加。"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support import database
from tests.support.people import cast
from tests.support.year import JULY, YEAR, measured, used
from yunheng.config.database import APP, OWNER
from yunheng.settlement import disputing, handling, queries
from yunheng.settlement.models import Difference, Handling, Run
from yunheng.settlement.runs import recasting, running


def migrate(name: str, *to: str) -> None:
    """以属主身份升级（或退回到一版）。"""
    env = {**os.environ, "DATABASE_OWNER_URL": database.url(name, OWNER), "DATABASE_URL": database.url(name, APP)}
    command = ["-m", "yunheng.config.cli", "migrate"]
    if to:
        env["DATABASE_URL"] = env["DATABASE_OWNER_URL"]
        command = ["-m", "django", "migrate", *to, "--settings", "yunheng.config.settings"]
    subprocess.run([sys.executable, *command], check=True, env=env)


def entries(run: Run) -> list[dict[str, Any]]:
    """批次的差异，照老库 `head` 里的写法。"""
    rows = queries.differences_of(run).order_by("seq")
    nullable = ("resource", "item", "form", "order", "ruling")
    return [
        {name: getattr(row, name) or None if name in nullable else getattr(row, name) for name in running.DIFFERENCE}
        for row in rows
    ]


def differences_now() -> list[tuple[Any, ...]]:
    """差异表的全部内容。"""
    return list(Difference.objects.order_by("run", "seq").values_list("run", "seq", *running.DIFFERENCE))


def test_老批次的差异搬出来另存_处理的证据同一份的合一_搬完仍只能追加(
    cluster: object,  # noqa: ARG001
    django_db_blocker: Any,
) -> None:
    with database.cloned() as name, django_db_blocker.unblock(), database.pointed(name):
        used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
        first = measured()
        rows = [row for row in disputing.differences(first) if row.blocking]
        for row in rows[:2]:
            handling.handle(
                actor=cast()["shy"], on=JULY, year=YEAR, code=row.code, resource=row.resource, item=row.item,
                kind="裁定", text="以工单为准", ruling="认可", evidence=("核对单.pdf", b"%PDF-1.7 x"),
            )  # fmt: skip
        trial = recasting.recast(actor=cast()["shy"], on=JULY, run=first)
        before, heads = differences_now(), {run.pk: run.head for run in (first, trial)}
        counts = {run.pk: run.differences for run in (first, trial)}
        old = {run.pk: json.dumps(run.head | {"differences": entries(run)}) for run in (first, trial)}
        migrate(name, "settlement", "0009")
        with psycopg.connect(database.url(name, OWNER)) as connection:
            for table in ("settlement_run", "settlement_handling"):
                connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
            for number, head in old.items():
                connection.execute("UPDATE settlement_run SET head = %s WHERE id = %s", [head, number])
            connection.execute(
                "UPDATE settlement_handling SET name = '核对单.pdf', content = %s, digest = 'x'", [b"%PDF-1.7 x"]
            )
            for table in ("settlement_run", "settlement_handling"):
                connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
        migrate(name)
        assert differences_now() == before
        assert {run.pk: run.head for run in Run.objects.all()} == heads
        assert {run.pk: run.differences for run in Run.objects.all()} == counts
        files = {made.file for made in Handling.objects.select_related("file")}
        assert [(file.name, bytes(file.content)) for file in files if file] == [("核对单.pdf", b"%PDF-1.7 x")]
        with (
            psycopg.connect(database.url(name, OWNER)) as connection,
            pytest.raises(psycopg.errors.InsufficientPrivilege, match="只追加"),
        ):
            connection.execute("UPDATE settlement_run SET head = '{}'")


def test_表结构都有迁移_改了模型没写迁移的查得出来(tmp_path: Path) -> None:
    env = {**os.environ, "DATABASE_URL": "postgresql://none@127.0.0.1/none", "YUNHENG_DATA": str(tmp_path)}
    command = ["-m", "django", "makemigrations", "--check", "--dry-run", "--settings", "yunheng.config.settings"]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stdout
