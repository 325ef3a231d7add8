"""对照：CloudKitty 的 hashmap 计价，逐点算同一批（资源, 目录项）的钱。在它自己的虚拟环境里运行。

    python bench/peer_cloudkitty.py 目录.json

输入是 `{"prices": {目录项: 日单价}, "points": [[资源, 目录项, 数量], …], "period": "hour|day", "days": N}`。
只计 `process` 的时间；造数据点、建库、建规则都不算。输出一行 JSON：秒数、点数、金额合计。
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cloudkitty import dataframe
from cloudkitty.db import api as main_db
from cloudkitty.db.sqlalchemy import migration as main_migration
from cloudkitty.rating.hash import HashMap
from cloudkitty.rating.hash.db import api as hash_db
from cloudkitty.rating.hash.db.sqlalchemy import migration as hash_migration
from oslo_config import cfg
from oslo_db import options

START = datetime(2023, 7, 1, tzinfo=UTC)


def prepare(prices: dict[str, str], slots: int) -> None:
    """内存库、它自己的迁移，一个目录项一条映射；一天分 `slots` 份，每份的价是日单价的几分之一。"""
    options.set_defaults(cfg.CONF, connection="sqlite://")
    cfg.CONF(args=[], project="cloudkitty", default_config_files=[])
    main_migration.upgrade("head")
    hash_migration.upgrade("head")
    rules = hash_db.get_instance()
    service = rules.create_service("instance")
    field = rules.create_field(service.service_id, "item")
    group = rules.create_group("price")
    for item, price in prices.items():
        rules.create_mapping(
            value=item,
            map_type="flat",
            cost=Decimal(price) / slots,
            field_id=field.field_id,
            group_id=group.group_id,
            name=item,
            start=START,
            created_by="bench",
        )
    assert main_db.get_instance() is not None


def frames(points: list[list[Any]], days: int, slots: int) -> list[Any]:
    """每个时段一帧，每个（资源, 目录项）一个点。"""
    step = timedelta(days=1) / slots
    made = []
    for n in range(days * slots):
        usage = [
            dataframe.DataPoint("unit", Decimal(quantity), 0, {"id": resource}, {"item": item})
            for resource, item, quantity in points
        ]
        made.append(dataframe.DataFrame(START + n * step, START + (n + 1) * step, {"instance": usage}))
    return made


def main() -> None:
    request = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    slots = 24 if request["period"] == "hour" else 1
    prepare(request["prices"], slots)
    rater = HashMap("tenant")
    total, seconds, count = Decimal(0), 0.0, 0
    for _day in range(request["days"]):
        for frame in frames(request["points"], 1, slots):
            began = time.perf_counter()
            rated = rater.process(frame)
            seconds += time.perf_counter() - began
            for _service, point in rated.iterpoints():
                total += point.price
                count += 1
    print(json.dumps({"seconds": seconds, "points": count, "total": str(total)}))


if __name__ == "__main__":
    main()
