"""随机的历史：网页的操作一步步办出来，测试自己另记一本账；两边各成数据包，结算出同一个摘要（R-077）。

另记的账只抄操作时填了什么、哪天审核通过，不看系统里存成什么样；机构、目录、项目这些静态的表两边相同。
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from tests.support.people import cast
from tests.support.year import JULY, REPORT, YEAR, measured
from yunheng.applications.models import Draft
from yunheng.assessment import operations as assessment
from yunheng.audit.refused import Refused
from yunheng.config.demo.stories import FILLED, HOSTS, SERVICES, Walk
from yunheng.ledger.matching import owners
from yunheng.ledger.models import Project, Source
from yunheng.ledger.receiving import receive
from yunheng.metering import engine, result
from yunheng.metering.opening import opened
from yunheng.metering.writing import write_package
from yunheng.orgs.models import Institution
from yunheng.rules.workdays import WorkCalendar
from yunheng.settlement import disputing, handling
from yunheng.settlement.runs import running

pytestmark = pytest.mark.django_db
CALENDAR = WorkCalendar({})
LOGINS = {"联通": ("lt", "CU"), "电信": ("dx", "CT")}
#: 一台主机的规格 → 目录项；SSD 另算
SPEC = {"cores": "ZJ-CPU-X86", "memory": "ZJ-MEM-X86", "system_disk": "ZJ-SYSDISK"}


def quantities(host: dict[str, str]) -> dict[str, str]:
    """一台主机各目录项的数量，照附件1 的栏一栏一项。"""
    found = {item: host[key] for key, item in SPEC.items()}
    if host.get("data_disk"):
        found["ZJ-SSD" if host["ssd"] == "是" else "ZJ-DATADISK"] = host["data_disk"]
    return found


#: 资源、目录项、动作、之后的数量
Move = tuple[str, str, str, str]


def platform(resource: str) -> Source:
    """资源归哪家，就由哪家的云管平台送；谁家都不是的由联通送。"""
    spans = owners([resource]).get(resource)
    provider = Institution.objects.get(pk=spans[0].provider) if spans else Institution.objects.get(code="CU")
    return Source.objects.get_or_create(code=f"{provider.name}云管平台", defaults={"provider": provider})[0]


class Book:
    """测试自己记的账，也照它一步步办。"""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.number = 0
        self.forms: list[dict[str, str]] = []
        self.details: list[dict[str, str]] = []
        self.orders: list[dict[str, str]] = []
        self.logs: list[dict[str, str]] = []
        self.occurrences: list[dict[str, str]] = []
        self.rates: list[dict[str, str]] = []
        self.rulings: list[dict[str, str]] = []
        #: 项目 → （单位经办人, 服务商, 各资源在用的目录项数量）
        self.live: dict[str, tuple[str, str, dict[str, dict[str, str]]]] = {}

    def day(self, first: date, last: date) -> date:
        """一个工作日。"""
        return CALENDAR.after(first + timedelta(days=self.chance.randrange((last - first).days)), 1).date

    # ── 办事，同时记账 ──

    def apply(self) -> None:
        """新建一个项目，随机几台主机。"""
        who, named = self.chance.choice(["mzj", "jyj"]), self.chance.choice(list(LOGINS))
        login, code = LOGINS[named]
        self.number += 1
        hosts: list[dict[str, str]] = [
            {
                **self.chance.choice(HOSTS),
                "count": str(self.chance.randint(1, 2)),
                "cores": str(self.chance.choice([16, 24, 32])),
                "data_disk": self.chance.choice(["", "0.5", "2"]),
            }
            for _ in range(self.chance.randint(1, 2))
        ]
        walk = Walk(cast(), who, self.day(date(2025, 6, 2), date(2026, 5, 1)), "new", project_name=f"系统{self.number}")
        walk.fill(**{**FILLED, "iaas": named, "hosts": hosts}).submit().act(f"{who}-fzr", "approve")
        walk.later(self.chance.randint(0, 3)).act("shy", "approve")
        approved = walk.on
        walk.later(self.chance.randint(0, 3)).deliver(login, f"E{self.number}-")
        project = Draft.objects.get(case=walk.case).project
        held: dict[str, dict[str, str]] = {}
        copies = [host for host in hosts for _ in range(int(host["count"]))]
        for n, host in enumerate(copies, start=1):
            held[f"E{self.number}-{n:02d}"] = quantities(host)
        for item, amount in SERVICES.items():
            held[f"{project.code}-{item}"] = {item: amount}
        moves = [(resource, item, "新增", amount) for resource, all_ in held.items() for item, amount in all_.items()]
        self.record(walk, "首次申请", project, code, approved, moves)
        self.live[project.code] = (who, named, held)

    def change(self) -> None:
        """给一个项目停掉一项服务、再添一台主机。"""
        code = self.chance.choice(sorted(self.live))
        who, named, held = self.live[code]
        login, provider = LOGINS[named]
        project = Project.objects.get(code=code)
        stopped = f"{code}-AQ-YHGL"
        if stopped not in held:
            return
        host = {**HOSTS[0], "count": "1", "cores": "1", "memory": "2", "system_disk": "0.01", "data_disk": ""}
        self.number += 1
        walk = Walk(cast(), who, self.day(date(2026, 5, 5), date(2026, 6, 1)), "change", project=project)
        walk.fill(
            changes=[{**host, "action": "新增"}],
            service_changes={"AQ-YHGL": {"quantity": "", "before": "1", "resource": stopped}},
            statement="调整", leader="周", contact="021-67000000", classified="否", level="二级",
        )  # fmt: skip
        walk.submit().act(f"{who}-fzr", "approve").act(login, "confirm").later(1).act("shy", "approve")
        approved = walk.on
        walk.later(self.chance.randint(0, 2)).deliver(login, f"C{self.number}-")
        added = quantities(host)
        moves = [(f"C{self.number}-01", item, "新增", amount) for item, amount in added.items()]
        self.record(walk, "变更", project, provider, approved, [*moves, (stopped, "AQ-YHGL", "释放", "")])
        held[f"C{self.number}-01"] = added
        del held[stopped]

    def leave(self) -> None:
        """注销一个项目的一台主机。"""
        code = self.chance.choice(sorted(self.live))
        who, named, held = self.live[code]
        login, provider = LOGINS[named]
        hosts = sorted(resource for resource in held if not resource.startswith(code))
        if not hosts:
            return
        gone = self.chance.choice(hosts)
        project = Project.objects.get(code=code)
        walk = Walk(cast(), who, self.day(date(2026, 6, 3), date(2026, 6, 20)), "deregistration", project=project)
        walk.fill(reason="不用了", backup="已完成", backup_note="已迁到本地", release=[gone])
        walk.submit().act(f"{who}-fzr", "approve").later(1).act("shy", "approve")
        approved = walk.on
        walk.later(1).act(login, "deliver", opinion="已清")
        moves = [(gone, item, "释放", "") for item in held.pop(gone)]
        self.record(walk, "注销", project, provider, approved, moves, ordered=False)
        # 注销没有回执，平台有时送来工单
        if self.chance.random() < 0.7:
            for _, item, action, _ in moves:
                self.deliver_order(walk, {"单号": walk.case.number, "资源": gone, "目录项": item, "动作": action})

    def record(
        self,
        walk: Walk,
        kind: str,
        project: Project,
        provider: str,
        approved: date,
        moves: list[Move],
        *,
        ordered: bool = True,
    ) -> None:
        """一张单据、它的明细和工单。"""
        number = walk.case.number
        self.forms.append(
            {"单号": number, "种类": kind, "项目": project.code, "服务商": provider, "审核日期": approved.isoformat()}
        )
        for resource, item, action, quantity in moves:
            row = {"单号": number, "资源": resource, "目录项": item, "动作": action, "数量": quantity}
            self.details.append(row)
            # 回执里各行填的是同一个工单号，导出时后面加资源和目录项保证唯一；释放的停计不等服务商，次日就停
            done = approved + timedelta(days=1) if action == "释放" else walk.on
            if ordered:
                name = f"GD-{number}/{resource}/{item}" if len(moves) > 1 else f"GD-{number}"
                self.orders.append({"工单号": name, **row, "完成日期": done.isoformat()})

    def deliver_order(self, walk: Walk, row: dict[str, str]) -> None:
        """平台自己送来一张工单。"""
        order = {"工单号": f"PT-{len(self.orders)}", **row, "数量": "", "完成日期": walk.on.isoformat()}
        source = platform(order["资源"])
        receive(actor=cast()["lt"], on=walk.on, source=source, kind="工单", items=[(order["工单号"], order)])
        self.orders.append(order)

    def watch(self) -> None:
        """平台日志：多数资源有，少数没有（待核）。"""
        every = {order["资源"]: order for order in self.orders if order["动作"] == "新增"}
        gone = {order["资源"]: order["完成日期"] for order in self.orders if order["动作"] == "释放"}
        for resource in sorted(every):
            if self.chance.random() < 0.2:
                continue
            seen = every[resource]["完成日期"]
            log = {"资源": resource, "首见日期": seen, "末见日期": gone.get(resource, "2026-07-20")}
            self.logs.append(log)
            items = [(resource, {"编号": resource, **log})]
            receive(actor=cast()["lt"], on=date(2026, 7, 20), source=platform(resource), kind="日志", items=items)

    def appraise(self) -> None:
        """几起考核事件，满意率。"""
        for _, code in LOGINS.values():
            provider = Institution.objects.get(code=code)
            for _ in range(self.chance.randint(0, 3)):
                on, indicator = self.day(date(2025, 7, 2), date(2026, 6, 1)), self.chance.choice("ABC")
                text = f"事件 {len(self.occurrences)}"
                assessment.record(
                    actor=cast()["dsf"], on=JULY, provider=provider, indicator=indicator, happened_on=on, text=text,
                    responsibility="主要责任", reference=text, files=[("来函.txt", text.encode())],
                )  # fmt: skip
                self.occurrences.append({"服务商": code, "指标": indicator, "日期": on.isoformat(), "说明": text})
            rate = self.chance.choice(["95", "88.5", "71"])
            assessment.rate(
                actor=cast()["dsf"],
                on=JULY,
                provider=provider,
                year=YEAR,
                rate=Decimal(rate),
                basis="问卷",
                document=REPORT,
            )
            self.rates.append({"服务商": code, "满意率": rate})

    def rule(self) -> None:
        """裁定一部分差异。"""
        run = measured()
        for row in disputing.differences(run):
            if row.blocking and self.chance.random() < 0.5:
                ruling = self.chance.choice(["认可", "不计费"])
                try:
                    handling.handle(
                        actor=cast()["shy"], on=JULY, year=YEAR, code=row.code, resource=row.resource,
                        item=row.item, kind="裁定", text="核过", ruling=ruling,
                    )  # fmt: skip
                except Refused:
                    continue  # D10 不能裁定
                keys = {"资源": row.resource, "目录项": row.item, "差异": row.code}
                self.rulings.append({**keys, "裁定": ruling, "说明": "核过"})


def settle(source: Path) -> dict[str, Any]:
    with opened(source) as package:
        settled = engine.settle(package)
        differences = [entry for entries in settled.differences() for entry in entries]
        return {"digest": result.write(settled, BytesIO()), "differences": differences, **settled.head}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("seed", range(6))
def test_R077_随机的历史_系统导出的和另记的账结算出同一个摘要(seed: int, tmp_path: Path) -> None:
    book = Book(seed)
    acts: list[Callable[[], None]] = [book.apply, *book.chance.choices([book.apply, book.change, book.leave], k=5)]
    for act in acts:
        act()
    book.watch()
    book.appraise()
    book.rule()
    run = measured()
    running.export(YEAR, tmp_path / "导出")
    manifest = {"格式": "yunheng.settlement-package", "版本": 2, "服务年度": YEAR, "区": "松江区"}
    same = {name: rows(tmp_path / "导出" / f"{name}.csv") for name in ("机构", "目录", "项目", "日历")}
    # 阶梯两张表没有这一年的数据，写不写都一样
    write_package(
        tmp_path / "另记",
        manifest,
        {
            **same,
            "单据": book.forms,
            "单据明细": book.details,
            "工单": book.orders,
            "日志": book.logs,
            "考核": book.occurrences,
            "满意度": book.rates,
            "差异裁定": book.rulings,
        },
    )
    ours, theirs = settle(tmp_path / "导出"), settle(tmp_path / "另记")
    assert run.line_count > 0
    assert ours["summary"] == theirs["summary"]
    assert ours["differences"] == theirs["differences"]
    assert ours["digest"] == theirs["digest"] == run.digest
