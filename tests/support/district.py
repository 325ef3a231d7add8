"""最小的区：一个单位、一个项目、一家服务商、一台云主机；场景测试在它上面改几处。"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from json import loads
from pathlib import Path
from typing import Any

from tests.support.packages import Tables, write_folder
from yunheng.metering import engine, result
from yunheng.metering.format import TABLES
from yunheng.metering.opening import opened


class District:
    """一个区的数据包。`add` 按格式的列序加行，`settle` 结算，返回 结算.json 的内容。"""

    def __init__(self, folder: Path, **manifest: Any) -> None:
        self.folder = folder
        self.manifest = {
            "格式": "yunheng.settlement-package", "版本": 2, "服务年度": 2023, "区": "松江区", **manifest
        }  # fmt: skip
        self.tables: Tables = {table.name: [] for table in TABLES}
        self.add("机构", "U1", "教育局", "使用单位", "区级")
        self.add("机构", "CU", "联通", "云服务商", "")
        self.add("项目", "P1", "教务系统", "U1", "区级")
        self.price("CPU", "366")

    def add(self, table: str, *values: str) -> None:
        """加一行；少写的列为空。"""
        names = next([column.name for column in t.columns] for t in TABLES if t.name == table)
        self.tables[table].append(dict(zip(names, (*values, *[""] * (len(names) - len(values))), strict=True)))

    def price(self, item: str, price: str, start: str = "2020-01-01", until: str = "", **changes: str) -> None:
        """一个价格版本；默认是市级、有日志、按年的基础设施。"""
        row = {
            "目录项": item, "类别": "基础设施", "名称": item, "计价单位": "个", "计价方式": "单价", "计费周期": "年",
            "单价": price, "生效日期": start, "失效日期": until, "服务商": "", "级别": "", "日志": "", **changes,
        }  # fmt: skip
        self.tables["目录"].append(row)

    def grant(self, form: str, day: str, quantity: str = "1", item: str = "CPU", done: str | None = None) -> None:
        """资源 R1 的一次新增：单据当日审核通过，工单 `done`（缺省当日）完成，日志吻合。"""
        self.add("单据", form, "首次申请", "P1", "CU", day)
        self.add("单据明细", form, "R1", item, "新增", quantity)
        self.add("工单", f"W-{form}", form, "R1", item, "新增", quantity, done or day)
        if not self.tables["日志"]:
            self.add("日志", "R1", done or day, "2030-01-01")

    def change(self, form: str, day: str, quantity: str, item: str = "CPU") -> None:
        """资源 R1 的一次变更。"""
        self.add("单据", form, "变更", "P1", "CU", day)
        self.add("单据明细", form, "R1", item, "变更", quantity)
        self.add("工单", f"W-{form}", form, "R1", item, "变更", quantity, day)

    def release(self, form: str, day: str, item: str = "CPU") -> None:
        """资源 R1 的一次释放，日志止于审核日。"""
        self.add("单据", form, "注销", "P1", "CU", day)
        self.add("单据明细", form, "R1", item, "释放", "")
        self.tables["日志"][0]["末见日期"] = day

    def settle(self, conventions: Mapping[str, str] | None = None) -> dict[str, Any]:
        """写成目录，走命令行同一条路结算；有错抛 PackageError。"""
        write_folder(self.folder, self.manifest, self.tables)
        with opened(self.folder) as package:
            sink = BytesIO()
            result.write(engine.settle(package, conventions), sink)
        content: dict[str, Any] = loads(sink.getvalue())
        return content
