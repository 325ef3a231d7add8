"""随机数据包：小而密，专挑边界——月末、闰日、同日动作、调价日、截止日、节假日前后。"""

from __future__ import annotations

import random
import shutil
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from yunheng.metering.format import tables_of
from yunheng.metering.writing import write_package

Tables = dict[str, list[dict[str, str]]]

OPTIONS: dict[str, tuple[str, ...]] = {
    "K-01": ("same_day", "civil_code"),
    "K-03": ("actual", "fixed_365"),
    "K-04": ("calendar", "thirty"),
    "K-05": ("half_up", "half_even"),
    "K-06": ("linear", "whole", "started"),
    "K-07": ("6", "2", "4"),
    "K-08": ("gross", "net"),
    "K-09": ("yes", "no"),
    "K-10": ("after_review", "on_review"),
    "K-11": ("no", "yes"),
    "K-12": ("net", "gross"),
}
#: 版本 2 才有的口径
LATER_OPTIONS: dict[str, tuple[str, ...]] = {
    "K-17": ("again", "once"),
    "K-18": ("all", "recurring"),
    "K-19": ("completion", "review"),
}
PROVIDERS = ("CU", "CM", 'C"T\\')
#: 目录项 → （类别, 计价方式, 周期, 级别, 日志）
ITEMS = {
    "CPU": ("基础设施", "单价", "年", "", ""),
    "EIP": ("基础设施", "单价", "月", "市级", "有"),
    "QCPU": ("基础设施", "单价", "年", "区级", ""),
    "RACK": ("基础设施", "单价", "一次性", "", ""),
    "SCAN": ("基础设施", "单价", "次", "", "无"),
    "RDS": ("平台软件", "单价", "年", "", ""),
    "CDN": ("平台软件", "单价", "月", "", "无"),
    "OCR 识别": ("平台软件", "单价", "次", "", ""),
    "证书": ("平台软件", "单价", "一次性", "", "无"),
    "SMS": ("平台软件", "阶梯", "次", "", "无"),
    "AUTH": ("平台软件", "阶梯", "年", "", ""),
    "缺量": ("平台软件", "阶梯", "年", "", "有"),
    "OS": ("软件授权", "授权", "年", "", "无"),
    "DB": ("软件授权", "授权", "一次性", "", ""),
}
RESOURCES = ("R1", "R10", "R2", "主机,甲", 'r"引号"', "反\\斜", "云😀", "有 空格", "𠮷", "a\tb", "R3", "R4")


class _Maker:
    options: Mapping[str, Sequence[str]] = OPTIONS

    def __init__(self, seed: int, version: int = 1) -> None:
        self.random = random.Random(seed)
        self.year = self.random.choice((2021, 2022, 2023, 2023, 2023, 2024, 2025, 2026, 2027))
        self.start, self.until = date(self.year, 7, 1), date(self.year + 1, 7, 1)
        self.version = version
        self.tables: Tables = {table.name: [] for table in tables_of(version)}

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def row(self, table: str, *values: object) -> None:
        """加一行；值的次序同 format 里的列序。"""
        names = next([c.name for c in t.columns] for t in tables_of(self.version) if t.name == table)
        self.tables[table].append(dict(zip(names, (str(v) for v in values), strict=True)))

    def day(self, low: int = -200, high: int = 420) -> date:
        """服务年度首日前后的一天，四成落在边界上。"""
        if self.chance(0.4):
            edges = [
                self.start,
                self.until,
                self.until - timedelta(days=1),
                date(self.year, 11, 30),
                date(self.year, 8, 31),
                date(self.year, 9, 30),
                date(self.year + 1, 1, 1),
                date(self.year + 1, 2, 28),
                date(self.year + 1, 3, 31),
                date(self.year + 1, 4, 1),
            ]
            return self.random.choice(edges) + timedelta(days=self.random.choice((-1, 0, 0, 1)))
        return self.start + timedelta(days=self.random.randint(low, high))

    def number(self, digits: int, high: int) -> str:
        whole = self.random.choice((0, 1, self.random.randint(0, high)))
        places = self.random.randint(0, digits)
        return f"{whole}.{self.random.randint(0, 10**places - 1):0{places}d}" if places else str(whole)

    def make(self) -> tuple[dict[str, Any], Tables]:
        self._names()
        self._catalog()
        self._tiers()
        self._histories()
        self._logs()
        self._usage()
        self._rulings()
        self._assessment()
        for rows in self.tables.values():
            self.random.shuffle(rows)
        manifest: dict[str, Any] = {
            "格式": "yunheng.settlement-package",
            "版本": self.version,
            "服务年度": self.year,
            "区": "示例区",
            "口径": {code: self.random.choice(options) for code, options in self.options.items() if self.chance(0.5)},
        }
        if self.chance(0.3):
            manifest["数据截止日"] = min(max(self.day(0, 364), self.start), self.until - timedelta(days=1)).isoformat()
        return manifest, self.tables

    def _names(self) -> None:
        for code, nature in (("U1", "区级"), ("U2", "街镇"), ("U3", "非预算")):
            self.row("机构", code, f"单位{code}", "使用单位", nature)
        for code in PROVIDERS:
            self.row("机构", code, f"商{code}", "云服务商", "")
        self.row("机构", "M1", "科创中心", "运行管理单位", "")
        for project, unit, payer in (
            ("P1", "U1", "区级"),
            ("P2", "U1", "自费"),
            ("P3", "U2", "区级"),
            ("P10", "U3", "自费"),
        ):
            self.row("项目", project, f"项目{project}", unit, payer)

    def _catalog(self) -> None:
        gap = self.chance(0.05)
        for item, (category, pricing, cycle, level, log) in ITEMS.items():
            cuts = sorted({self.day(-100, 400) for _ in range(self.random.randint(0, 3))})
            bounds = ["2015-01-01", *(cut.isoformat() for cut in cuts), ""]
            pieces = [(provider, *pair) for provider in ("",) for pair in pairwise(bounds)]
            if gap and len(pieces) > 1 and self.chance(0.3):
                pieces.pop(self.random.randrange(len(pieces)))
            for provider in PROVIDERS:
                if self.chance(0.2):
                    special = sorted({self.day(), self.day(), self.day()})
                    if len(special) > 1:
                        pieces.append((provider, special[0].isoformat(), special[1].isoformat()))
                        pieces += [(provider, special[-1].isoformat(), "")] * (len(special) > 2 and self.chance(0.5))
            for provider, begin, end in pieces:
                price = "" if pricing == "阶梯" else self.number(6, 4000)
                self.row("目录", item, category, item, "个", pricing, cycle, price, begin, end, provider, level, log)

    def _tiers(self) -> None:
        for item in ("SMS", "AUTH", "缺量", "OS"):
            for year in (self.year, self.year - 1):
                mode = self.random.choice(("累进", "到达"))
                cuts = ["0", *sorted({"10", "100.5", "1000"} - {self.random.choice(("10", "x"))}, key=float), ""]
                if self.chance(0.8):
                    for low, high in pairwise(cuts):
                        self.row("阶梯", item, year, mode, low, high, self.number(6, 9))
                if item != "缺量" and self.chance(0.8):
                    total = self.random.choice(("0", "10", "100.5", "1000", "99.999999", "123457", "7.5"))
                    self.row("全市用量", item, year, total)

    def _histories(self) -> None:
        """每个资源几个目录项，每个目录项一串动作；单据、工单各有各的毛病。"""
        forms = orders = 0
        chosen = self.random.sample(RESOURCES, self.random.randint(1, 6))
        for resource in chosen:
            for item in self.random.sample(list(ITEMS), self.random.randint(1, 4)):
                moment = self.day(-300, 300)
                project, provider = self.random.choice(("P1", "P1", "P2", "P3", "P10")), self.random.choice(PROVIDERS)
                for step in range(self.random.randint(1, 5)):
                    forms += 1
                    if self.chance(0.15):
                        project, provider = self.random.choice(("P1", "P2")), self.random.choice(PROVIDERS)
                    kinds = ("新增",) if step == 0 and self.chance(0.9) else ("变更", "变更", "新增", "释放")
                    actions = {self.random.choice(kinds)}
                    if self.chance(0.15):
                        actions |= {"释放", "新增"}
                    if self.chance(0.1):
                        actions |= {"变更"}
                    reviewed = moment + timedelta(days=self.random.choice((0, 0, -1, -3, 1)))
                    form = f"F{forms}"
                    kind = "首次申请" if step == 0 else self.random.choice(("变更", "首次申请", "注销"))
                    self.row("单据", form, kind, project, provider, reviewed if self.chance(0.95) else "")
                    for action in sorted(actions):
                        quantity = self.number(3, 30)
                        self.row("单据明细", form, resource, item, action, "" if action == "释放" else quantity)
                        for _ in range(self.random.choice((0, 1, 1, 1, 1, 1, 1, 2, 3))):
                            orders += 1
                            stated = self.random.choice((quantity, quantity, quantity, "", self.number(3, 30)))
                            done = moment + timedelta(days=self.random.choice((0, 0, 0, 1, 2, -2)))
                            number = f"W{orders}"
                            self.row(
                                "工单", number, form, resource, item, action, "" if action == "释放" else stated, done
                            )
                    moment += timedelta(days=self.random.choice((0, 0, 1, 2, 31, 60, 100, 200)))
        for _ in range(self.random.randint(0, 2)):
            orders += 1
            stray = self.random.choice(("", "没有这张单", "F1"))
            item = self.random.choice(("RDS", "目录里没有", "CPU"))
            resource = self.random.choice((*chosen, "只有工单"))
            self.row(
                "工单",
                f"X{orders}",
                stray,
                resource,
                item,
                self.random.choice(("新增", "变更", "释放")),
                "",
                self.day(),
            )

    def _logs(self) -> None:
        """日志多数与生效、停止日相合，差 2、3 天的各有一些。"""
        effective: dict[str, list[date]] = {}
        for row in self.tables["工单"]:
            effective.setdefault(row["资源"], []).append(date.fromisoformat(row["完成日期"]))
        reviews = {row["单号"]: row["审核日期"] for row in self.tables["单据"]}
        stops: dict[str, list[date]] = {}
        for row in self.tables["单据明细"]:
            if row["动作"] == "释放" and reviews[row["单号"]]:
                stops.setdefault(row["资源"], []).append(date.fromisoformat(reviews[row["单号"]]))
        for resource, days in effective.items():
            if self.chance(0.15):
                continue
            first = min(days) + timedelta(days=self.random.choice((0, 0, 0, 0, 1, -2, 2, 3, -3)))
            last = self.until - timedelta(days=self.random.choice((1, 1, 1, 0, 3, 4, -30)))
            if resource in stops and self.chance(0.7):
                last = max(stops[resource]) + timedelta(
                    days=self.random.choice((0, 0, -2, -3, 5, 13, 14, 15, 16, 20, 24))
                )
            self.row("日志", resource, first, max(first, last))
        if self.chance(0.3):
            first = self.day(-60, 400)
            self.row("日志", "幽灵", first, first + timedelta(days=self.random.randint(0, 90)))
        for _ in range(self.random.randint(0, 3)):
            day = self.day()
            if all(row["日期"] != day.isoformat() for row in self.tables["日历"]):
                self.row("日历", day, self.random.choice(("是", "否")))

    def _usage(self) -> None:
        metered = [(row["资源"], row["目录项"]) for row in self.tables["单据明细"] if ITEMS[row["目录项"]][2] == "次"]
        for resource, item in sorted(set(metered)):
            for _ in range(self.random.randint(0, 12)):
                self.row("用量", resource, item, self.day(-100, 400), self.number(3, 5000))
        if self.chance(0.2):
            self.row("用量", "无主", "SMS", self.day(), self.number(3, 9))

    def _rulings(self) -> None:
        places = sorted({(row["资源"], row["目录项"]) for row in self.tables["单据明细"]})
        for resource, item in places:
            if not self.chance(0.4):
                continue
            codes = ["D3", "D4", "D5", "D6", "D7"]
            picked = codes if self.chance(0.6) else self.random.sample(codes, 2)
            for code in picked:
                verdict = "不计费" if self.chance(0.1) else "认可"
                self.row("差异裁定", resource, item, code, verdict, "核实")

    def _assessment(self) -> None:
        for provider in PROVIDERS:
            for _ in range(self.random.randint(0, 8)):
                self.row("考核", provider, self.random.choice("ABCDEF"), self.day(-10, 380), "事件")
            if self.chance(0.85):
                rate = self.random.choice(("100", "90", "89.5", "88.5", "39.9", "0", self.number(2, 99)))
                self.row("满意度", provider, rate)


class _LaterMaker(_Maker):
    """版本 2：裁定分日子，先办后批、释放后再新增的多，按次、一次性的基础设施多。"""

    options: Mapping[str, Sequence[str]] = {**OPTIONS, **LATER_OPTIONS}

    def __init__(self, seed: int) -> None:
        super().__init__(seed, 2)

    def _histories(self) -> None:
        super()._histories()
        for row in self.tables["单据"]:
            if row["审核日期"] and self.chance(0.3):
                later = date.fromisoformat(row["审核日期"]) + timedelta(days=self.random.choice((1, 5, 40, 130)))
                row["审核日期"] = later.isoformat()
        for number in range(self.random.randint(0, 2)):
            self._again(f"再{number}")

    def _again(self, resource: str) -> None:
        """同一（资源, 目录项）新增、释放、再新增，时有同日被变更覆盖的。"""
        item = self.random.choice(("RACK", "RACK", "SCAN", "SCAN", "CPU", "EIP", "OCR 识别", "证书"))
        moment = self.day(-250, 150)
        for step in range(self.random.randint(2, 5)):
            form = f"{resource}-{step}"
            actions = {"释放"} if step % 2 else {"新增"}
            if not step % 2 and self.chance(0.3):
                actions |= {"变更"}
            if step % 2 and self.chance(0.3):
                actions |= {"新增"}
            reviewed = moment + timedelta(days=self.random.choice((0, 0, 3, 30, 100)))
            kind = self.random.choice(("首次申请", "变更"))
            self.row("单据", form, kind, self.random.choice(("P1", "P3")), "CU", reviewed)
            for action in sorted(actions):
                quantity = self.random.choice(("1", "2", "0", "3.5"))
                self.row("单据明细", form, resource, item, action, "" if action == "释放" else quantity)
                if action != "释放":
                    stated = self.random.choice((quantity, quantity, "", "7"))
                    self.row("工单", f"{form}{action}", form, resource, item, action, stated, moment)
            moment += timedelta(days=self.random.choice((1, 20, 60, 120)))

    def _rulings(self) -> None:
        for resource, item in sorted({(row["资源"], row["目录项"]) for row in self.tables["单据明细"]}):
            if self.chance(0.2):
                continue
            codes = ["D3", "D4", "D5", "D6", "D7"]
            for code in codes if self.chance(0.7) else self.random.sample(codes, 2):
                self._ranged(resource, item, code)

    def _ranged(self, resource: str, item: str, code: str) -> None:
        """一种差异的几段裁定，互不相交，有的相接、有的留空；两端有时写出来，有时不写。"""
        cuts = {min(max(self.day(0, 365), self.start), self.until) for _ in range(self.random.choice((0, 0, 1, 2, 4)))}
        for begin, end in pairwise(sorted(cuts | {self.start, self.until})):
            verdict = self.random.choice(("认可", "认可", "认可", "认可", "不计费", ""))
            if verdict:
                first = "" if begin == self.start and self.chance(0.7) else begin.isoformat()
                last = "" if end == self.until and self.chance(0.7) else end.isoformat()
                self.row("差异裁定", resource, item, code, verdict, "核实", first, last)


def random_package(seed: int) -> tuple[dict[str, Any], Tables]:
    """由种子造一个合格的版本 1 小数据包（少数有价格缺口）：说明和各表。同一种子永远是同一个包。"""
    return _Maker(seed).make()


def random_later_package(seed: int) -> tuple[dict[str, Any], Tables]:
    """由种子造一个合格的版本 2 小数据包（少数有价格缺口）：说明和各表。"""
    return _LaterMaker(seed).make()


def write_folder(folder: Path, manifest: Mapping[str, Any], tables: Mapping[str, Sequence[Mapping[str, str]]]) -> None:
    """把数据包写成一个目录的 CSV，原来有的换掉。"""
    shutil.rmtree(folder, ignore_errors=True)
    write_package(folder, manifest, tables)
