"""计量的提醒看得见（R-073、R-077）：借来的价写明是借的，引擎说的每一句页面上都有，一句不少。"""

from __future__ import annotations

import csv
import html
import io
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile

import openpyxl
import pytest

from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, logged, measured
from yunheng.applications.models import Draft
from yunheng.catalog import tiering
from yunheng.catalog.models import Item
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.config.settling import Choices, settle_to
from yunheng.metering.explaining import explain
from yunheng.metering.opening import opened
from yunheng.metering.structure import parse
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement.bill.evidence import price_on
from yunheng.settlement.models import BillLine, Run, RunFile
from yunheng.settlement.runs import running, warned

pytestmark = pytest.mark.django_db
#: 按年、阶梯
TIER = "YY-ZX"
LENT = "暂用上一年度"
WINTER = date(2026, 1, 15)


@pytest.fixture(autouse=True)
def _july() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def borrowed() -> Run:
    """一个用阶梯项的项目，只发布了上一年度的全市用量，算到年中。"""
    walk = Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name="用阶梯项的系统").fill(**FILLED)
    walk.fill(services={**FILLED["services"], TIER: "2"}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-LENT-")
    logged(Draft.objects.get(case=walk.case).project)
    item, city = Item.objects.get(code=TIER), cast()["sdsj"]
    tiering.publish_tiers(actor=city, on=JULY, item=item, year=YEAR - 1, mode="累进", text="0 1000 300\n1000 — 240")
    tiering.publish_usage(actor=city, on=JULY, item=item, year=YEAR - 1, total=Decimal(3000))
    return measured("滚动", WINTER)


def tier_line(run: Run) -> BillLine:
    return BillLine.objects.get(run=run, item=TIER)


def shown(page: str) -> str:
    """页上的字，不含标签。"""
    return html.unescape(re.sub(r"<[^>]+>", "", page))


def test_R019_年中借上一年度的全市总量_为什么一页和账单每一处都写明是借的() -> None:
    run = borrowed()
    line = tier_line(run)
    for who in ("shy", "mzj"):
        client = signed_in(who)
        place = {"unit": line.unit, "project": line.project, "resource": line.resource}
        why = client.get(f"/settlement/runs/{run.pk}/lines/{line.seq}/")
        assert any("暂用上一年度" in one and f"{YEAR - 1} 服务年度的" in one for one in why.context["told"].evidence)
        for page in (
            why,
            client.get(f"/settlement/runs/{run.pk}/"),
            client.get(f"/settlement/runs/{run.pk}/", place),
            client.get(f"/settlement/runs/{run.pk}/days/2025-12-01/", place),
            client.get(f"/settlement/{YEAR}/"),
        ):
            assert page.status_code == 200
            assert LENT in page.content.decode(), page.request["PATH_INFO"]
        sheet = client.get(f"/settlement/runs/{run.pk}/lines.xlsx", place)
        rows = openpyxl.load_workbook(io.BytesIO(sheet.getvalue()))["账目"].iter_rows(min_row=2, values_only=True)
        marked = {str(row[5]): LENT in str(row[-1]) for row in rows if row[5]}
        assert marked.pop(TIER)
        assert not any(marked.values())


def test_R019_没有借的项一个字也不提借() -> None:
    run = borrowed()
    other = BillLine.objects.filter(run=run).exclude(item=TIER).order_by("seq")[0]
    page = signed_in("shy").get(f"/settlement/runs/{run.pk}/lines/{other.seq}/")
    assert LENT not in page.content.decode()
    item, city = Item.objects.get(code=TIER), cast()["sdsj"]
    tiering.publish_tiers(actor=city, on=JULY, item=item, year=YEAR, mode="累进", text="0 — 180")
    tiering.publish_usage(actor=city, on=JULY, item=item, year=YEAR, total=Decimal(5000))
    again = measured("滚动", WINTER)
    line = tier_line(again)
    for path in (f"/settlement/runs/{again.pk}/", f"/settlement/runs/{again.pk}/lines/{line.seq}/"):
        assert LENT not in signed_in("shy").get(path).content.decode()


def test_R077_拿滚动的数据包离线重算_也说得出哪几项是借的_摘要不因此变(tmp_path: Path) -> None:
    run = borrowed()
    path = tmp_path / "数据包.zip"
    path.write_bytes(bytes(RunFile.objects.get(run=run, name=running.PACKAGE).content))
    with ZipFile(path) as package:
        usage = list(csv.DictReader(io.StringIO(package.read("全市用量.csv").decode("utf-8-sig"))))
    assert {(row["目录项"], row["服务年度"]) for row in usage} >= {(TIER, str(YEAR))}
    for naive in (False, True):
        done = settle_to(path, tmp_path / f"out{naive}", Choices({}, naive=naive, documents=False))
        assert done.digest == run.digest
        assert any(one.startswith(f"数据包说明：{TIER} ") and LENT in one for one in done.head["warnings"])
    content = parse(running.result_of(run), "结算.json")
    assert any(LENT in one for one in content["warnings"])
    with opened(path) as package_read:
        (told,) = explain(content, package_read, item=TIER)
    assert any(LENT in sentence for sentence in told.evidence)


def test_R019_不是滚动的计量和导出不借_数据包没有说明(tmp_path: Path) -> None:
    borrowed()
    target = tmp_path / "数据包.zip"
    running.export(YEAR, target)
    with ZipFile(target) as package:
        assert "说明" not in package.read("数据包.json").decode()
    yearly = measured("年度")
    assert not [one for one in yearly.head["warnings"] if LENT in one]
    assert tier_line(yearly).disputed


def test_R074_阶梯项的证据写明全市总量是哪一年的_没有发布的不说成有() -> None:
    run = borrowed()
    line = tier_line(run)
    item = Item.objects.get(code=TIER)
    provider = Institution.objects.get(code=line.provider)
    assert f"{YEAR} 服务年度的全市总量还没发布" in price_on(item, provider, line.from_on).title
    assert f"由 {YEAR - 1} 服务年度的全市总量定" in price_on(item, provider, date(YEAR, 6, 30)).title


def test_R077_引擎的提醒页面上都有_多于二十条的折起来也一条不少() -> None:
    run = borrowed()
    told = [f"差异裁定没有对应的差异，已忽略：ECS-{n} ZJ-CPU-X86 D5" for n in range(25)]
    odd = "引擎以后才有的一句提醒"
    groups = warned.sort([*run.head["warnings"], *told, odd], everything=True)
    assert sum(group.count for group in groups) == len(run.head["warnings"]) + 26
    (ignored,) = [group for group in groups if group.title == "裁定没有用上的"]
    assert (len(ignored.shown), len(ignored.folded)) == (20, 5)
    assert [group.title for group in groups][-1] == "其他"


def test_R077_运行页_年度页逐句列出提醒_使用单位看不到别家的() -> None:
    run = borrowed()
    rate = [one for one in run.head["warnings"] if "没有满意率" in one]
    assert rate
    for path in (f"/settlement/runs/{run.pk}/", f"/settlement/{YEAR}/", f"/settlement/runs/{run.pk}/differences/"):
        text = shown(signed_in("shy").get(path).content.decode())
        for one in rate:
            assert one.partition("（")[0] in text, (path, one)
        assert "没有满意率" not in shown(signed_in("mzj").get(path).content.decode())
