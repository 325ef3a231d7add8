"""造一个大数据包，供跑分和调优：单据、工单、日志互相吻合，只留少量待核。

    python bench/make_package.py 目录 --resources 100000
    python bench/make_package.py 目录 --timelines 1000000

每个资源 4 个目录项（4 条时间线）；超出 4 的明细按比例分给变更和释放。
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import duckdb

ITEMS = 20
ITEMS_PER_RESOURCE = 4
PROJECTS, UNITS = 600, 60
PERIOD_END = "2024-06-30"
PROVIDERS = ("CU", "CM", "CT")

# 目录项 i：0–10 基础设施，11–18 平台软件，19 软件授权；4、9 按月，12、17 一次性，18 按次，15 阶梯
CYCLE = "CASE WHEN i IN (4, 9) THEN '月' WHEN i IN (12, 17) THEN '一次性' WHEN i = 18 THEN '次' ELSE '年' END"
CATALOG = f"""
SELECT 'ITEM-' || lpad(i::VARCHAR, 2, '0') AS 目录项,
  CASE WHEN i < 11 THEN '基础设施' WHEN i < 19 THEN '平台软件' ELSE '软件授权' END AS 类别,
  '服务' || i AS 名称, '个' AS 计价单位,
  CASE i WHEN 15 THEN '阶梯' WHEN 19 THEN '授权' ELSE '单价' END AS 计价方式,
  {CYCLE} AS 计费周期,
  CASE WHEN i <> 15 THEN CAST(100 + i * 37.25 + version * 3.5 AS DECIMAL(18, 2)) END AS 单价,
  CASE version WHEN 0 THEN DATE '2020-01-01' ELSE DATE '2024-01-01' END AS 生效日期,
  CASE WHEN version = 0 AND i % 4 = 0 THEN DATE '2024-01-01' END AS 失效日期,
  CASE WHEN i IN (18, 19) THEN '无' END AS 日志
FROM range({ITEMS}) AS items(i), range(2) AS versions(version)
WHERE version = 0 OR i % 4 = 0"""


def make(out: Path, resources: int, lines_per_resource: float = 4.8) -> int:
    """在 `out` 写一个 `resources` 个资源的数据包，返回单据明细行数；每资源不足 4 行明细抛 ValueError。"""
    extra = lines_per_resource - ITEMS_PER_RESOURCE
    if not 0 <= extra <= 2:
        raise ValueError("每资源明细行数应在 4 到 6 之间")
    changed = min(1.0, extra * 0.625)
    released = (extra - changed) / ITEMS_PER_RESOURCE
    out.mkdir(parents=True)
    manifest = {"格式": "yunheng.settlement-package", "版本": 2, "服务年度": 2023, "区": "测试区"}
    (out / "数据包.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    with duckdb.connect() as connection:

        def write(table: str, query: str) -> None:
            target = str(out / f"{table}.csv").replace("'", "''")
            connection.execute(f"COPY ({query}) TO '{target}' (HEADER)")

        _facts(connection, resources, changed, released)
        write("目录", CATALOG)
        write(
            "机构",
            "SELECT 'U' || i AS 代码, '单位' || i AS 名称, '使用单位' AS 类型,"
            f" CASE WHEN i % 10 = 0 THEN '街镇' ELSE '区级' END AS 预算性质 FROM range({UNITS}) AS t(i)"
            + "".join(f" UNION ALL SELECT '{code}', '{code}', '云服务商', NULL" for code in PROVIDERS),
        )
        write(
            "项目",
            f"SELECT 'P' || i AS 项目, '项目' || i AS 名称, 'U' || i % {UNITS} AS 单位, '区级' AS 费用归属"
            f" FROM range({PROJECTS}) AS t(i)",
        )
        write(
            "阶梯",
            "SELECT * FROM (VALUES ('ITEM-15', 2023, '累进', 0, 1000, 300),"
            " ('ITEM-15', 2023, '累进', 1000, NULL, 240.5)) AS t(目录项, 服务年度, 方式, 起, 止, 单价)",
        )
        write("全市用量", "SELECT 'ITEM-15' AS 目录项, 2023 AS 服务年度, 54321.5 AS 全市总量")
        write("满意度", "SELECT unnest(['CU', 'CM', 'CT']) AS 服务商, unnest([95, 88.5, 91]) AS 满意率")
        write(
            "单据",
            "SELECT DISTINCT form AS 单号, kind AS 种类, 'P' || f % 600 AS 项目,"
            " ['CU', 'CM', 'CT'][f % 3 + 1] AS 服务商, reviewed AS 审核日期 FROM lines ORDER BY 单号",
        )
        write(
            "单据明细",
            "SELECT form AS 单号, resource AS 资源, item AS 目录项, action AS 动作, quantity AS 数量"
            " FROM lines ORDER BY hash(i, k, action)",
        )
        # 每两千条新增有一张工单数量不符（D3），其余与单据一致
        write(
            "工单",
            "SELECT 'GD-' || row_number() OVER (ORDER BY form, i, k) AS 工单号, form AS 单号, resource AS 资源,"
            " item AS 目录项, action AS 动作,"
            " CASE WHEN action = '新增' AND (i * 4 + k) % 2000 = 7 THEN quantity + 1 ELSE quantity END AS 数量,"
            " reviewed + 3 AS 完成日期 FROM lines",
        )
        # 每千个资源有一个没有日志（D5）
        write(
            "日志",
            "SELECT resource AS 资源, day + 3 AS 首见日期,"
            f" CASE WHEN releases THEN day + 400 ELSE DATE '{PERIOD_END}' END AS 末见日期"
            " FROM resources WHERE i % 1000 <> 999",
        )
        write(
            "用量",
            "SELECT resource AS 资源, item AS 目录项, greatest(reviewed + 3, DATE '2023-07-01') + n::INTEGER AS 日期,"
            " (i + n) % 97 + 1 AS 用量 FROM lines, range(3) AS t(n) WHERE item = 'ITEM-18' AND action = '新增'",
        )
        count = connection.execute("SELECT count(*) FROM lines").fetchone()
    return int(count[0]) if count else 0


def _facts(connection: duckdb.DuckDBPyConnection, resources: int, changed: float, released: float) -> None:
    """资源和单据明细两张底表；四个资源同一张单据，变更在首次申请后 200 天，注销在 400 天。"""
    connection.execute(
        "CREATE TABLE resources AS SELECT i, 'R-' || lpad(i::VARCHAR, 7, '0') AS resource, i // 4 AS f,"
        " DATE '2021-07-01' + (hash(i // 4) % 1000)::INTEGER AS day,"
        f" hash(i, 1) % 10000 < {changed * 10000:.0f} AS changes,"
        f" hash(i, 2) % 10000 < {released * 10000:.0f} AS releases FROM range({resources}) AS t(i)"
    )
    item = f"'ITEM-' || lpad(((i + k * {ITEMS // ITEMS_PER_RESOURCE}) % {ITEMS})::VARCHAR, 2, '0')"
    every = f"resources, range({ITEMS_PER_RESOURCE}) AS t(k)"
    connection.execute(
        f"CREATE TABLE lines AS SELECT 'SQ-' || f AS form, '首次申请' AS kind, resource, {item} AS item,"
        " '新增' AS action,"
        f" CAST((i + k) % 64 + 1 + i % 2 * 0.5 AS DECIMAL(9, 3)) AS quantity, day AS reviewed, f, i, k FROM {every}"
        f" UNION ALL SELECT 'BG-' || f, '变更', resource, {item}, '变更', i % 64 + 5, day + 200, f, i, k"
        f" FROM {every} WHERE changes AND k = i % {ITEMS_PER_RESOURCE}"
        f" UNION ALL SELECT 'ZX-' || f, '注销', resource, {item}, '释放', NULL, day + 400, f, i, k"
        f" FROM {every} WHERE releases"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="造一个大数据包")
    parser.add_argument("out", type=Path)
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--resources", type=int)
    size.add_argument("--timelines", type=int)
    parser.add_argument("--lines-per-resource", type=float, default=4.8)
    arguments = parser.parse_args()
    resources = arguments.resources or math.ceil(arguments.timelines / ITEMS_PER_RESOURCE)
    print(f"{resources} 个资源，{make(arguments.out, resources, arguments.lines_per_resource)} 行单据明细")


if __name__ == "__main__":
    main()
