"""示例区：虚构的单位、系统和价格，真实的目录结构（D62 附件1 全部 84 项），一整个 2023 服务年度。

由固定的种子造出，每次逐字相同；各种计价方式、测试期、变更、释放、年中调价和十三种差异都在里面。
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from yunheng.metering.format import MANIFEST_FORMAT, MANIFEST_VERSION, TABLE, TABLES
from yunheng.metering.writing import write_package
from yunheng.rules.workdays import WorkCalendar

SEED = 20230701
YEAR = 2023
START, UNTIL = date(YEAR, 7, 1), date(YEAR + 1, 7, 1)
PROVIDERS = {"CU": "联通", "CM": "移动", "CT": "电信", "GE": "格尔"}
SECURITY = ("AQ-FWKZ", "AQ-RQFY", "AQ-YHGL", "AQ-SFRZ")
#: 年中（2024-01-01）调价的目录项和新价
REPRICED = {"ZJ-CPU-X86": "456", "ZJ-SSD": "6800", "WL-DK": "36", "SJK-GX": "7900"}
BUREAUS = [
    "发展改革",
    "经济",
    "商务",
    "教育",
    "科技",
    "公安",
    "民政",
    "司法",
    "财政",
    "人社",
    "规划资源",
    "生态环境",
    "建设管理",
    "交通",
    "农业农村",
    "水务",
    "文化旅游",
    "卫生健康",
    "应急",
    "审计",
    "市场监管",
    "体育",
    "统计",
    "医保",
    "绿化市容",
    "城管执法",
    "房管",
    "国资",
    "信访",
    "档案",
    "机关事务",
    "政务服务",
    "大联动",
]
TOWNS = ["云间", "浦北", "泖田", "方塔", "谷水", "醉白"]
OTHERS = ["云间城投", "谷水燃气", "方塔公交", "泖田供水"]
SYSTEMS = [
    "业务受理",
    "数据归集",
    "移动办公",
    "视频巡查",
    "审批监管",
    "公众服务",
    "档案管理",
    "指挥调度",
    "信用评价",
    "统计分析",
]

#: 按次计的目录项和一次用量的上限
USED = {
    "DX": 9000, "CDN": 3, "RZ-RL": 1200, "RXHY": 800, "RZ-ESYS2": 2500, "RZ-ESYS4": 600, "RZ-SJ3": 1500, "RZ-YHK3": 700
}  # fmt: skip

Tables = dict[str, list[dict[str, str]]]


class _District:
    def __init__(self) -> None:
        self.random = random.Random(SEED)
        self.calendar = WorkCalendar({})
        self.tables: Tables = {table.name: [] for table in TABLES}
        self.counts: dict[str, int] = {}
        self.restored = False

    # ── 小件 ──

    def add(self, table: str, *values: object) -> dict[str, str]:
        row = dict(zip((c.name for c in TABLE[table].columns), map(str, values), strict=True))
        self.tables[table].append(row)
        return row

    def number(self, prefix: str) -> str:
        self.counts[prefix] = self.counts.get(prefix, 0) + 1
        return f"{prefix}-{self.counts[prefix]:04d}"

    def workday(self, day: date, after: int = 0) -> date:
        """`day` 当日或其后的第一个工作日，再往后数 `after` 个工作日。"""
        return self.calendar.after(day - timedelta(days=1), after + 1).date

    def form(self, kind: str, project: str, provider: str, reviewed: date | str) -> str:
        prefix = {"首次申请": "SQ", "变更": "BG", "注销": "ZX"}[kind]
        number = self.number(f"{prefix}-{str(reviewed)[:4] or YEAR}")
        self.add("单据", number, kind, project, provider, reviewed)
        return number

    def act(self, form: str, resource: str, item: str, action: str, quantity: object, done: date) -> None:
        self.add("单据明细", form, resource, item, action, quantity)
        self.add("工单", self.number(f"GD-{done.year}"), form, resource, item, action, quantity, done)

    # ── 名录 ──

    def directory(self) -> None:
        names = [(f"{name}局", "区级") for name in BUREAUS]
        names += [(f"{name}{'街道' if n % 2 else '镇'}", "街镇") for n, name in enumerate(TOWNS)]
        names += [(f"{name}公司", "非预算") for name in OTHERS]
        for n, (name, nature) in enumerate(names, start=1):
            self.add("机构", f"U{n:02d}", f"{name}（虚构）", "使用单位", nature)
        for code, name in PROVIDERS.items():
            self.add("机构", code, name, "云服务商", "")
        self.add("机构", "KCZX", "区科创服务中心", "运行管理单位", "")
        self.add("机构", "KW", "区科委", "主管部门", "")
        self.add("机构", "DSF", "第三方审价评估机构（虚构）", "第三方机构", "")
        for n in range(1, 101):
            unit = self.tables["机构"][(n - 1) % len(names)]
            payer = "区级" if unit["预算性质"] == "区级" and n % 17 else "自费"
            system = SYSTEMS[self.random.randrange(len(SYSTEMS))]
            self.add("项目", f"P-{n:03d}", f"{unit['名称'].removesuffix('（虚构）')}{system}系统", unit["代码"], payer)

    def catalog(self) -> None:
        text = files("yunheng.metering").joinpath("example_catalog.csv").read_text(encoding="utf-8")
        for row in csv.DictReader(text.splitlines()):
            item = row["目录项"]
            fixed = (item, row["类别"], f"{row['名称']}（虚构价）", row["计价单位"], row["计价方式"], row["计费周期"])
            changed = "2024-01-01" if item in REPRICED else ""
            self.add("目录", *fixed, row["单价"], "2021-07-01", changed, row["服务商"], "市级", row["日志"])
            if changed:
                self.add("目录", *fixed, REPRICED[item], changed, "", row["服务商"], "市级", row["日志"])
            if item == "CC-BF":
                self.add("目录", *fixed, "2050", "2023-07-01", "2024-07-01", "CT", "市级", row["日志"])
        for item, name, unit, price in (
            ("QJ-CPU", "区级云主机CPU", "核·年", 420),
            ("QJ-MEM", "区级云主机内存", "GB·年", 150),
        ):
            self.add(
                "目录",
                item,
                "基础设施",
                f"{name}（虚构价）",
                unit,
                "单价",
                "年",
                price,
                "2021-07-01",
                "",
                "",
                "区级",
                "有",
            )
        for item, mode, tiers in (
            ("DX", "累进", (("0", "1000000", "0.055"), ("1000000", "10000000", "0.045"), ("10000000", "", "0.035"))),
            ("RZ-RL", "到达", (("0", "500000", "0.42"), ("500000", "2000000", "0.36"), ("2000000", "", "0.3"))),
        ):
            for tier in tiers:
                self.add("阶梯", item, YEAR, mode, *tier)
        self.add("阶梯", "YY-HC", YEAR, "累进", 0, "500", "5100")
        self.add("阶梯", "YY-HC", YEAR, "累进", 500, "", "4650")
        self.add("阶梯", "YY-ZX", YEAR, "累进", 0, "", "5600")
        self.add("全市用量", "DX", YEAR, "23456789")
        self.add("全市用量", "RZ-RL", YEAR, "1320500")
        self.add("全市用量", "YY-HC", YEAR, "812.5")

    # ── 各项目的一年 ──

    def projects(self) -> None:
        for n, project in enumerate(self.tables["项目"]):
            code = project["项目"]
            provider = ("CU", "CM", "CT")[n % 3]
            applied = date(2022, 3, 1) + timedelta(days=self.random.randrange(760))
            if n == 0:
                applied = date(2023, 7, 5)
            reviewed = self.workday(applied)
            done = self.workday(reviewed, self.random.randint(2, 5))
            form = self.form("首次申请", code, provider, reviewed)
            hosts = [self.number("ECS") for _ in range(self.random.randint(3, 7))]
            for host in hosts:
                self.host(form, host, done, district=n % 25 == 24)
            for item in SECURITY:
                self.act(form, f"{code}-{item}", item, "新增", 1, done)
            self.extras(form, code, done)
            self.platform(code, n, done)
            if n == 0:
                later = self.form("变更", code, provider, date(2024, 3, 8))
                self.act(later, hosts[0], "ZJ-CPU-X86", "变更", 16, date(2024, 3, 15))
            elif n % 3 == 0:
                self.grow(code, provider, hosts, done)
            if n % 11 == 10:
                released = self.deregister(code, provider, done)
                # 头一个注销得早、来得及重新计费的
                if released < date(2024, 1, 1) and not self.restored:
                    self.restored = True
                    self.restore(code, provider, hosts[0], released)
        self.logs()

    def host(self, form: str, host: str, done: date, *, district: bool) -> None:
        cores = 8 if host == "ECS-0001" else self.random.choice((4, 8, 8, 8, 16))
        memory = cores * self.random.choice((2, 4, 4))
        trusted = host != "ECS-0001" and self.random.random() < 0.25
        if district:
            items: list[tuple[str, float]] = [("QJ-CPU", cores), ("QJ-MEM", memory)]
        elif trusted:
            items = [("ZJ-CPU-XC", cores), ("ZJ-MEM-XC", memory)]
        else:
            items = [("ZJ-CPU-X86", cores), ("ZJ-MEM-X86", memory)]
        items.append(("ZJ-SYSDISK", 0.1))
        items.append((self.random.choice(("ZJ-DATADISK", "ZJ-SSD")), self.random.choice((0.2, 0.5, 1, 2))))
        for item, quantity in items:
            self.act(form, host, item, "新增", quantity, done)

    def extras(self, form: str, project: str, done: date) -> None:
        choices = [
            ("WL-IP", 1), ("WL-DK", 20), ("WL-FZ", 1), ("CC-PT", 3), ("CC-BF", 2.5), ("AQ-WAF", 1), ("AQ-YHGZ", 6),
            ("KJ-JG", 1), ("GPU-TL", 2), ("CC-JM", 1.5), ("CC-DB", 0.8), ("AQ-SJSJ", 1), ("AQ-VPN", 2), ("AQ-FCG", 1),
            ("CC-GD", 1), ("KJ-JF", 4), ("GPU-XL", 1), ("GPU-XR", 1), ("WL-WZ", 1), ("ZJ-WLJ", 1), ("AQ-CGSM", 2),
        ]  # fmt: skip
        for item, quantity in self.random.sample(choices, 4):
            self.act(form, f"{project}-{item}", item, "新增", quantity, done)
        if self.random.random() < 0.3:
            self.act(form, f"{project}-AQ-SXSM", "AQ-SXSM", "新增", 1, done)
            day = max(self.workday(done, 70), self.workday(date(2023, 10, 9)))
            self.add("用量", f"{project}-AQ-SXSM", "AQ-SXSM", day, self.random.randint(2, 9))

    def platform(self, project: str, n: int, done: date) -> None:
        """平台软件和软件授权另走各自服务商的单据。"""
        groups = {
            "CU": [
                *(("SJK-GX", 1), ("SJK-NCZ", 1), ("SJK-TY", 1), ("SJK-NCJ", 1), ("SJK-FX", 1), ("SJK-BG", 2)),
                *(("ZS-SSL1", 1), ("ZS-SSLT", 1), ("ZS-GWY", 20), ("ZS-JZ", 20), ("TYSF-100", 1), ("TYSF-500", 1)),
                *((item, 1) for item in ("SJCS", "DSJ-SS", "DSJ-TD", "DSJ-LX", "DSJ-JS")),
                *((item, 1) for item in ("RZ-RL", "RZ-ESYS2", "RZ-ESYS4", "RZ-SJ3", "RZ-YHK3")),
            ],
            "CM": [
                *(("ZJJ", 2), ("DX", 1), ("MM-QM", 1), ("MM-WG", 1), ("MM-SJC", 1), ("MM-KX", 1), ("CDN", 1)),
                *(("SPZ-10", 1), ("SPZ-20", 1)),
            ],
            "CT": [("FBD", 6), ("OCR", 2), ("RXHY", 1), ("YDD-2", 1), ("YDD-10", 1), ("YY-HC", 2)],
            "GE": [("SQ-OS", 4), ("SQ-MW", 1), ("SQ-DB", 1)],
        }
        metered = USED
        for provider in self.random.sample(list(groups), 1 + n % 2):
            form = self.form("首次申请", project, provider, self.workday(done))
            for item, quantity in self.random.sample(groups[provider], 2):
                resource = f"{project}-{item}"
                self.act(form, resource, item, "新增", quantity, self.workday(done, 3))
                if item in metered:
                    self.usage(resource, item, self.workday(done, 3))

    def usage(self, resource: str, item: str, done: date) -> None:
        size = USED[item]
        day = max(done, START)
        while day < UNTIL:
            self.add("用量", resource, item, day, self.random.randint(1, size))
            day += timedelta(days=self.random.randint(5, 20))

    def grow(self, project: str, provider: str, hosts: Sequence[str], done: date) -> None:
        reviewed = self.workday(max(done, START) + timedelta(days=self.random.randint(60, 200)))
        form = self.form("变更", project, provider, reviewed)
        changed = self.workday(reviewed, self.random.randint(2, 5))
        for row in [r for r in self.tables["单据明细"] if r["资源"] == hosts[0] and "CPU" in r["目录项"]]:
            self.act(form, hosts[0], row["目录项"], "变更", int(row["数量"]) * 2, changed)
        self.host(form, self.number("ECS"), changed, district=False)
        if len(hosts) > 4:
            for row in [r for r in self.tables["单据明细"] if r["资源"] == hosts[-1] and r["动作"] == "新增"]:
                self.add("单据明细", form, hosts[-1], row["目录项"], "释放", "")

    def restore(self, project: str, provider: str, host: str, released: date) -> None:
        """注销后又申请同一台主机：是一次真正的新增，重起测试期。"""
        reviewed = self.workday(released, 15)
        form = self.form("首次申请", project, provider, reviewed)
        for row in [r for r in self.tables["单据明细"] if r["资源"] == host and r["动作"] == "新增"]:
            self.act(form, host, row["目录项"], "新增", row["数量"], self.workday(reviewed, 3))

    def deregister(self, project: str, provider: str, done: date) -> date:
        """注销项目在这家服务商的全部资源，返回审核日。"""
        forms = {r["单号"] for r in self.tables["单据"] if r["项目"] == project and r["服务商"] == provider}
        reviewed = self.workday(max(done, START) + timedelta(days=self.random.randint(120, 260)))
        form = self.form("注销", project, provider, reviewed)
        places = {(r["资源"], r["目录项"]): None for r in self.tables["单据明细"] if r["单号"] in forms}
        for resource, item in places:
            self.add("单据明细", form, resource, item, "释放", "")
        return reviewed

    def logs(self) -> None:
        logged = {row["目录项"] for row in self.tables["目录"] if row["日志"] == "有"}
        reviewed = {row["单号"]: row["审核日期"] for row in self.tables["单据"]}
        first: dict[str, str] = {}
        gone: dict[str, str] = {}
        for row in self.tables["工单"]:
            if row["目录项"] in logged:
                first[row["资源"]] = min(first.get(row["资源"], row["完成日期"]), row["完成日期"])
        for row in self.tables["单据明细"]:
            if row["动作"] == "释放" and row["目录项"] in logged:
                gone[row["资源"]] = reviewed[row["单号"]]
        for row in self.tables["工单"]:
            if row["动作"] == "新增" and row["完成日期"] > gone.get(row["资源"], "9999"):
                del gone[row["资源"]]
        for resource, day in first.items():
            self.add("日志", resource, day, max(day, gone.get(resource, "2024-07-15")))

    # ── 十四种差异 ──

    def differences(self) -> None:
        """在干净的一年上弄出每种差异，各有几处；一部分已有裁定，一处按日子裁。D14 出自注销后又申请的主机。"""
        hosts = [row["资源"] for row in self.tables["日志"] if row["资源"].startswith("ECS")]
        released = {row["资源"] for row in self.tables["单据明细"] if row["动作"] == "释放"}
        early = {r["资源"] for r in self.tables["日志"] if r["首见日期"] < "2024-03-01"}
        fresh = {r["资源"] for r in self.tables["日志"] if "2023-07-10" < r["首见日期"] < "2024-03-01"}
        steady = [host for host in hosts if host in early - released and host != "ECS-0001"]
        new = [host for host in hosts if host in fresh - released and host != "ECS-0001"]
        self.random.shuffle(steady)
        orders = {(r["资源"], r["目录项"]): r for r in self.tables["工单"] if r["动作"] == "新增"}

        def first_order(host: str) -> dict[str, str]:
            return next(row for (resource, item), row in orders.items() if resource == host and "MEM" in item)

        self.tables["工单"].remove(first_order(new[0]))  # D1
        self.add("工单", self.number("GD-2023"), "", steady[1], "CC-PT", "新增", 2, "2023-11-20")  # D2
        for host in steady[2:5]:
            order = first_order(host)
            order["数量"] = str(int(order["数量"]) // 2)  # D3
        for host in new[1:3]:
            order = first_order(host)
            order["完成日期"] = (date.fromisoformat(order["完成日期"]) - timedelta(days=15)).isoformat()  # D4、D6
        logs = {row["资源"]: row for row in self.tables["日志"]}
        self.tables["日志"].remove(logs[steady[5]])  # D5
        logs[new[3]]["首见日期"] = (date.fromisoformat(logs[new[3]]["首见日期"]) + timedelta(days=9)).isoformat()  # D6
        logs[steady[6]]["末见日期"] = "2024-05-20"  # D7
        logs[sorted(released & logs.keys())[0]]["末见日期"] = "2024-06-30"  # D8
        self.add("用量", "P-002-DX-旧", "DX", "2023-12-12", 4200)  # D9
        form = self.form("首次申请", "P-003", "CT", date(2023, 8, 21))
        self.act(form, "P-003-YY-ZX", "YY-ZX", "新增", 3, date(2023, 8, 25))  # D10：没有全市总量
        form = self.form("变更", "P-004", "CU", date(2023, 11, 6))
        self.act(form, "P-004-CC-GD", "CC-GD", "变更", 2, date(2023, 11, 8))  # D11
        twin = first_order(new[4])
        again = date.fromisoformat(twin["完成日期"]) + timedelta(days=1)
        self.add(
            "工单", self.number("GD-2023"), *(twin[k] for k in ("单号", "资源", "目录项", "动作", "数量")), again
        )  # D12
        self.add("日志", "ECS-9001", "2023-09-04", "2024-02-29")  # D13
        for host, verdict, note, start, until in (
            (steady[2], "认可", "现场核实，以申请表数量为准", "", ""),
            (steady[3], "不计费", "双方数量说法不一，本年度不计费", "", ""),
            (steady[4], "不计费", "核实以前数量说不清，不计费", "", "2023-10-01"),
            (steady[4], "认可", "核实以后以申请表数量为准", "2023-10-01", ""),
        ):
            self.add("差异裁定", host, first_order(host)["目录项"], "D3", verdict, note, start, until)
        self.add("差异裁定", new[1], first_order(new[1])["目录项"], "D4", "认可", "紧急开通，次日补审", "", "")

    def assessment(self) -> None:
        events = {"CU": "AA", "CM": "AAABC", "CT": "AAAABCDF", "GE": ""}
        notes = {
            "A": "扩容任务逾期完成（虚构）",
            "B": "响应迟缓被来函投诉（虚构）",
            "C": "存储故障致系统变慢（虚构）",
            "D": "故障次日才上报（虚构）",
            "F": "未按流程报备变更（虚构）",
        }
        for provider, indicators in events.items():
            for n, indicator in enumerate(indicators):
                day = self.workday(START + timedelta(days=31 + n * 37))
                self.add("考核", provider, indicator, day, notes[indicator])
        for provider, rate in (("CU", "94.2"), ("CM", "86.5"), ("CT", "84"), ("GE", "96")):
            self.add("满意度", provider, rate)


def generate() -> tuple[dict[str, Any], Tables]:
    """造出示例区：`数据包.json` 的内容和各表的行。每次相同。"""
    district = _District()
    district.directory()
    district.catalog()
    district.projects()
    district.differences()
    district.assessment()
    manifest = {"格式": MANIFEST_FORMAT, "版本": MANIFEST_VERSION, "服务年度": YEAR, "区": "松江区"}
    return manifest, district.tables


def write(target: Path) -> None:
    """把示例区写成目录、.zip 或 .xlsx；目标须是新的或空的，否则抛 FileExistsError。"""
    write_package(target, *generate())
