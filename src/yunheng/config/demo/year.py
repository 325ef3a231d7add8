"""示例区的一年：机构、目录、项目照登，单据和工单走补录（R-084），和结算用的是同一份数据。"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Min

from yunheng.applications.backfill import Entry, Order, backfill
from yunheng.audit.actor import SYSTEM
from yunheng.catalog.models import CityUsage, Item, Tier
from yunheng.catalog.operations import publish
from yunheng.catalog.sheet import checked
from yunheng.ledger.matching import owners
from yunheng.ledger.models import Project, Segment, Source
from yunheng.ledger.receiving import receive
from yunheng.metering import example
from yunheng.orgs.models import Institution, Kind, Level, Nature
from yunheng.rules.periods import service_year

from .cast import INSTITUTIONS, People

Rows = dict[str, list[dict[str, str]]]
#: 示例单据都在这天之前办完，这天一次补录
BACKFILLED_ON = date(2024, 8, 20)
#: 平台一直在送，到演示开始那天为止
SENT_ON = date(2026, 7, 8)
_KINDS = {
    "使用单位": Kind.USING_UNIT,
    "云服务商": Kind.PROVIDER,
    "运行管理单位": Kind.OPERATOR,
    "主管部门": Kind.AUTHORITY,
    "第三方机构": Kind.THIRD_PARTY,
}
_NATURES = {"区级": Nature.DISTRICT, "街镇": Nature.TOWN, "非预算": Nature.NON_BUDGET}
_DIMENSIONS = {
    "ZJ-CPU-X86": ("CPU 核", "X86"),
    "ZJ-CPU-XC": ("CPU 核", "XC"),
    "ZJ-MEM-X86": ("内存 GB", "X86"),
    "ZJ-MEM-XC": ("内存 GB", "XC"),
    "ZJ-SYSDISK": ("系统盘 TB", ""),
    "ZJ-DATADISK": ("数据盘 TB", ""),
    "ZJ-SSD": ("SSD TB", ""),
    "ZJ-WLJ": ("物理机", ""),
    "QJ-CPU": ("CPU 核", "X86"),
    "QJ-MEM": ("内存 GB", "X86"),
}
#: 业务主管部门：国资的单位由国资局提出
_AUTHORITY = "U28"


def tables() -> Rows:
    """示例数据包的各表。"""
    return example.generate()[1]


def directory(rows: Rows) -> None:
    """机构和项目。"""
    for row in rows["机构"]:
        nature = _NATURES.get(row["预算性质"], "")
        Institution.objects.create(
            code=row["代码"],
            name=row["名称"],
            kind=_KINDS[row["类型"]],
            nature=nature,
            state_organ=nature != Nature.NON_BUDGET,
        )
    for code, name, kind, level in INSTITUTIONS:
        Institution.objects.create(code=code, name=name, kind=kind, level=level)
    Institution.objects.filter(code__in=("CU", "CM", "CT", "GE")).update(level=Level.CITY)
    authority = Institution.objects.get(code=_AUTHORITY)
    Institution.objects.filter(nature=Nature.NON_BUDGET).update(authority=authority)
    units = {institution.code: institution for institution in Institution.objects.all()}
    for row in rows["项目"]:
        Project.objects.create(
            code=row["项目"],
            name=row["名称"],
            unit=units[row["单位"]],
            funding=row["费用归属"],
            security_level=2,
            leader="示例负责人",
            contact="021-67000000",
        )


def catalog(rows: Rows) -> None:
    """目录：照各价格版本的起止，装机时一版一版录入；阶梯和全市用量。"""
    given = [
        {
            **row,
            "名称": row["名称"].removesuffix("（虚构价）"),
            "主机规格": _DIMENSIONS.get(row["目录项"], ("", ""))[0],
            "架构": _DIMENSIONS.get(row["目录项"], ("", ""))[1],
        }
        for row in rows["目录"]
    ]
    for level in ("市级", "区级"):
        own = [row for row in given if (row["级别"] or "市级") == level]
        for day in sorted({row[name] for row in own for name in ("生效日期", "失效日期") if row[name]}):
            listed = [r for r in own if r["生效日期"] <= day and (not r["失效日期"] or day < r["失效日期"])]
            good, problems = checked(listed, level)
            assert not problems, problems
            publish(
                actor=SYSTEM, on=date.fromisoformat(day), level=level, effective_on=date.fromisoformat(day),
                basis="装机录入（示例）", rows=good, number=f"{level}-{day}",
            )  # fmt: skip
    items = {item.code: item for item in Item.objects.all()}
    for row in rows["阶梯"]:
        Tier.objects.create(
            item=items[row["目录项"]],
            service_year=int(row["服务年度"]),
            mode=row["方式"],
            start=Decimal(row["起"]),
            until=Decimal(row["止"]) if row["止"] else None,
            unit_price=Decimal(row["单价"]),
        )
    for row in rows["全市用量"]:
        CityUsage.objects.create(
            item=items[row["目录项"]], service_year=int(row["服务年度"]), total=Decimal(row["全市总量"])
        )


def forms(rows: Rows, people: People) -> None:
    """单据、工单走补录；日志、用量进收件箱。对不上单据的工单也收着，留给对账。"""
    projects = {project.code: project for project in Project.objects.select_related("unit")}
    providers = {institution.code: institution for institution in Institution.objects.filter(kind=Kind.PROVIDER)}
    known = {item.code: item for item in Item.objects.all()}
    entries: dict[str, list[Entry]] = defaultdict(list)
    for row in rows["单据明细"]:
        entries[row["单号"]].append(
            Entry(row["资源"], row["目录项"], row["动作"], Decimal(row["数量"]) if row["数量"] else None)
        )
    orders: dict[str, list[Order]] = defaultdict(list)
    for row in rows["工单"]:
        quantity = Decimal(row["数量"]) if row["数量"] else None
        orders[row["单号"]].append(
            Order(row["工单号"], row["资源"], row["目录项"], row["动作"], quantity, date.fromisoformat(row["完成日期"]))
        )
    for row in sorted(rows["单据"], key=lambda row: row["审核日期"]):
        backfill(
            actor=people["shy"],
            on=BACKFILLED_ON,
            number=row["单号"],
            kind=row["种类"],
            project=projects[row["项目"]],
            provider=providers[row["服务商"]],
            reviewed_on=date.fromisoformat(row["审核日期"]),
            entries=entries[row["单号"]],
            orders=orders.pop(row["单号"], ()),
            known=known,
        )
    _platform(rows, providers["CU"], people)


def _platform(rows: Rows, provider: Institution, people: People) -> None:
    send("工单", [(row["工单号"], dict(row)) for row in rows["工单"] if not row["单号"]], people, provider)
    send("日志", [(row["资源"], dict(row)) for row in rows["日志"]], people, provider)
    send("用量", [(f"{number:06d}", dict(row)) for number, row in enumerate(rows["用量"])], people, provider)


def send(kind: str, rows: Sequence[tuple[str, dict[str, str]]], people: People, otherwise: Institution) -> None:
    """各家的云管平台各送各的；谁家都不是的由 `otherwise` 那家送来。"""
    held = owners({row["资源"] for _, row in rows})
    parted: dict[int, list[tuple[str, dict[str, str]]]] = defaultdict(list)
    for reference, row in rows:
        spans = held.get(row["资源"])
        parted[spans[0].provider if spans else otherwise.pk].append((reference, row))
    for provider in Institution.objects.filter(pk__in=parted).order_by("code"):
        source, _ = Source.objects.get_or_create(code=f"{provider.name}云管平台", defaults={"provider": provider})
        receive(actor=people["shy"], on=SENT_ON, source=source, kind=kind, items=parted[provider.pk])


def observed(rows: Rows, people: People, until: date) -> None:
    """平台一直在送日志：还在用的资源末见日期跟到 `until`；示例里有意缺日志、提前消失的照旧。"""
    year_end = service_year(example.YEAR).until
    assert year_end is not None
    nearly = (year_end - timedelta(days=3)).isoformat()
    seen = {row["资源"]: row["首见日期"] for row in rows["日志"] if row["末见日期"] >= nearly}
    listed = {row["资源"] for row in rows["单据明细"]}
    later = []
    for resource, start in (
        Segment.objects.filter(during__contains=until, item__logged=True)
        .values_list("resource__code")
        .annotate(start=Min("during__startswith"))
    ):
        # 网页上一步步办出来的不在示例的数据包里，自下发那天起都看得到
        first = seen.get(resource, "") if resource in listed else start.isoformat()
        if first:
            values = {"资源": resource, "首见日期": first, "末见日期": until.isoformat()}
            later.append((f"{resource}/{until}", values))
    send("日志", later, people, Institution.objects.get(code="CU"))
