"""提交型测试：每个测试一份克隆库。"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from tests.support import database


@pytest.fixture
def committed(cluster: object, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, str]]:  # noqa: ARG001
    """自己的一份库，真提交；给出子进程用的环境变量。"""
    with database.cloned() as name, django_db_blocker.unblock(), database.pointed(name):
        yield {
            **os.environ,
            "DATABASE_URL": database.url(name),
            "DATABASE_OWNER_URL": database.url(name, "yunheng_owner"),
        }
