"""演示环境：示例区一整年的真数据（虚构的单位和价格），十八位演示人物，九条故事线。"""

from __future__ import annotations

from datetime import date, timedelta

from yunheng.audit.actor import SYSTEM
from yunheng.audit.operations import unit_of_work
from yunheng.orgs.models import BusinessClock, Institution

from . import around, cast, settled, stories, year

#: 演示的业务日期，从这天开始
OPENING = date(2026, 7, 8)


def empty() -> bool:
    """库里还没有机构。"""
    return not Institution.objects.exists()


def load() -> None:
    """全部装好；一个事务，断在哪里都不留半个示例区。"""
    with unit_of_work(SYSTEM):
        BusinessClock.objects.update_or_create(id=1, defaults={"on": OPENING})
        tables = year.tables()
        year.directory(tables)
        people = cast.register()
        cast.commission(people)
        year.catalog(tables)
        year.forms(tables, people)
        settled.agree(people)
        settled.score(tables, people)
        settled.rule(tables, people)
        settled.appraise(people)
        settled.close(people)
        settled.adjust(people)
        stories.tell(people)
        year.observed(tables, people, OPENING - timedelta(days=1))
        around.tell(people)
