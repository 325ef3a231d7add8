"""绕过系统直接改冻结的结算：数据库拒绝，审计页上看得到是谁、哪条语句（R-083、R-112）。"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support import database
from tests.support.people import signed_in
from yunheng.audit.refusals import attempts
from yunheng.config.database import APP, OWNER, Cluster


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("role", "statement"),
    [
        (APP, "UPDATE settlement_freeze SET service_year = 1999 WHERE true"),
        (APP, "DELETE FROM settlement_billline WHERE amount > 4711"),
        (OWNER, "TRUNCATE settlement_payment CASCADE"),
    ],
)
def test_R112_以应用或属主的身份直接改冻结的结算_拒绝_审计页上看得到(
    cluster: Cluster, settings: Any, role: str, statement: str
) -> None:
    with (
        psycopg.connect(database.url(database.TEMPLATE, role)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement)
    settings.DATABASE_LOG = cluster.log
    page = signed_in("sjgly").get("/audit/").content.decode()
    assert statement.replace(">", "&gt;") in page
    found = next(one for one in attempts(cluster.log) or [] if one.statement == statement)
    assert found.role == role
    assert "permission denied" in found.message or "只追加" in found.message


@pytest.mark.django_db
def test_R112_读不到数据库日志的_审计页说明到哪里查(settings: Any, tmp_path: Path) -> None:
    for given in (None, tmp_path / "没有的.log"):
        settings.DATABASE_LOG = given
        assert "读不到数据库的日志" in signed_in("sjgly").get("/audit/").content.decode()


def test_R112_只收被拒绝的_别的错误和读不懂的行不算(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    log.write_text(
        "2026-11-25 10:00:00.123 CST|42501|yunheng_app|yunheng|127.0.0.1(5)|7| ERROR:  permission denied for table a\n"
        "2026-11-25 10:00:00.124 CST|42501|yunheng_app|yunheng|127.0.0.1(5)|7| STATEMENT:  UPDATE a SET b = 1\n"
        "2026-11-25 10:00:01.000 CST|23505|yunheng_app|yunheng|127.0.0.1(5)|7| ERROR:  duplicate key\n"
        "2026-11-25 10:00:01.000 CST|23505|yunheng_app|yunheng|127.0.0.1(5)|7| STATEMENT:  INSERT INTO a\n"
        "\t接着上一行\n乱七八糟\n",
        encoding="utf-8",
    )
    assert [(one.role, one.host, one.statement) for one in attempts(log) or []] == [
        ("yunheng_app", "127.0.0.1", "UPDATE a SET b = 1")
    ]
    assert attempts(None) is None
