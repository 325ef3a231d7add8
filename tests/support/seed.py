"""模板库里的固定一班人、目录和机构：与演示环境同一份，不含示例的一年和故事线。"""

from __future__ import annotations

import django


def main() -> None:
    """装进 DATABASE_URL 指的库。"""
    django.setup()
    from yunheng.audit.actor import SYSTEM
    from yunheng.audit.operations import unit_of_work
    from yunheng.config.demo import OPENING, cast, year
    from yunheng.orgs.models import BusinessClock

    with unit_of_work(SYSTEM):
        BusinessClock.objects.update_or_create(id=1, defaults={"on": OPENING})
        tables = year.tables()
        year.directory(tables)
        cast.commission(cast.register())
        year.catalog(tables)


if __name__ == "__main__":
    main()
