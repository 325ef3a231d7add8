"""数据库测试的地基：一次起一个嵌入的 PostgreSQL，建好模板库，每个测试进程（或每个提交型测试）克隆一份。

测试以应用角色连库，触发器和权限都照真的，绝不放松。
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import django
import hypothesis
import pytest

_STATE = "YUNHENG_TEST_DATABASE"

# 速度归 make bench 管；测试里不计时
hypothesis.settings.register_profile("yunheng", deadline=None)
hypothesis.settings.load_profile("yunheng")


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yunheng.config.settings")
os.environ.setdefault("YUNHENG_SECRET_KEY", "只在测试里用的密钥")
os.environ["DEMO"] = "1"
# Playwright 的同步接口在主线程里一直开着事件循环，Django 会以为是异步代码
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
# 真连库要等到第一个用数据库的测试；settings 先有一个写得对的地址就能装载
os.environ.setdefault("DATABASE_URL", "postgresql://yunheng_app@127.0.0.1:1/none")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[_STATE] = tempfile.mkdtemp(prefix="yunheng-test-")
    django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and (folder := os.environ.get(_STATE)):
        from tests.support import database

        database.stop(Path(folder))


@pytest.fixture(scope="session")
def cluster() -> object:
    """起好的嵌入数据库，模板库已建好、装好示例人物。各测试进程共用一个。"""
    from tests.support import database

    return database.shared(Path(os.environ[_STATE]))


@pytest.fixture(scope="session")
def django_db_setup(cluster: object, django_db_blocker: object) -> Iterator[None]:  # noqa: ARG001
    """pytest-django 的建库换成克隆模板库；这一份给会回滚的测试用。"""
    from tests.support import database

    with database.cloned() as name:
        database.point_at(name)
        yield
