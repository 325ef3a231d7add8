"""网页“为什么是这么多”不少于命令行 explain（R-073）：逐条账目，两边的算式、来历、条款、口径一字不差，且都印在页上。"""

from __future__ import annotations

import html
import io
import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest

from tests.scenarios.test_lifecycle_others import grown
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, logged, measured
from yunheng.applications.models import Draft
from yunheng.catalog import tiering
from yunheng.catalog.models import Item
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Project
from yunheng.metering.explaining import explain
from yunheng.metering.opening import opened
from yunheng.orgs.models import BusinessClock
from yunheng.settlement.models import BillLine, Run, RunFile
from yunheng.settlement.runs import running

pytestmark = pytest.mark.django_db
HOST = "ECS-WHY-01"
#: 电信的，按年、阶梯、没有日志
TIER = "YY-ZX"


@pytest.fixture(autouse=True)
def _july() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def delivered() -> Project:
    """一个项目：主机 2025-07-03 下发，12 月加到 9 核；另有一项阶梯价的平台软件。"""
    walk = Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name="问得出为什么的系统").fill(**FILLED)
    walk.fill(services={**FILLED["services"], TIER: "2"}).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-WHY-")
    project = Draft.objects.get(case=walk.case).project
    host = project.resources.get(code=HOST)
    more = Walk(cast(), "mzj", date(2025, 12, 1), "change", project=project).fill(
        changes=[grown(host, cores="9")], statement="扩", leader="周", contact="021-67000000", classified="否",
        level="二级",
    )  # fmt: skip
    more.submit().act("mzj-fzr", "approve").later(1).act("lt", "confirm").later(1).act("shy", "approve").later(1)
    more.deliver("lt", "ECS-WHY-")
    logged(project)
    item = Item.objects.get(code=TIER)
    city = cast()["sdsj"]
    tiering.publish_tiers(actor=city, on=JULY, item=item, year=YEAR, mode="累进", text="0 1000 300\n1000 — 240")
    tiering.publish_usage(actor=city, on=JULY, item=item, year=YEAR, total=Decimal(3000))
    return project


def said_by_command(run: Run, folder: Path) -> list[dict[str, Any]]:
    """命令行 explain 逐条说的。"""
    path = folder / "数据包.zip"
    path.write_bytes(bytes(RunFile.objects.get(run=run, name=running.PACKAGE).content))
    with opened(path) as package:
        return [one.as_json() for one in explain(json.loads(running.result_of(run)), package)]


def test_R073_命令行说的每一句_网页上都有_口径只列起作用的(tmp_path: Path) -> None:
    delivered()
    run = measured()
    explained = said_by_command(run, tmp_path)
    lines = list(BillLine.objects.filter(run=run, disputed=False).order_by("seq"))
    assert len(explained) == len(lines) > 3
    client = signed_in("shy")
    for one, line in zip(explained, lines, strict=True):
        page = client.get(f"/settlement/runs/{run.pk}/lines/{line.seq}/")
        assert page.status_code == 200
        told = page.context["told"]
        assert told.equation == one["equation"]
        assert list(told.evidence) == one["evidence"], line.resource
        assert list(told.articles) == one["articles"]
        shown = [f"{code} {asked}：{option}" for code, asked, option in page.context["conventions"]]
        assert shown == one["conventions"]
        text = page.content.decode()
        for sentence in [one["equation"], *one["evidence"], *one["conventions"]]:
            # 括号里的条款在页上是标签：按括号以外的各截比
            for part in re.split(r"（[^（）]*）|\s", sentence):
                assert part in html.unescape(re.sub(r"<[^>]+>", "", text)), (sentence, part)
        for code in one["articles"]:
            assert "/policy/" + quote(code, safe="") in text


def test_R076_阶梯项写全市总量_各档_平均单价怎么来() -> None:
    delivered()
    run = measured()
    line = BillLine.objects.get(run=run, item=TIER)
    told = signed_in("shy").get(f"/settlement/runs/{run.pk}/lines/{line.seq}/").context["told"]
    text = "".join(told.evidence)
    # 1000 × 300 + 2000 × 240 = 780000；÷ 3000 = 260
    for part in (
        "全市总量 3,000",
        "0 至 1,000，单价 300.00 元",
        "1,000 至不封顶，单价 240.00 元",
        "总价 780,000 元",
        "= 260.000000 元（K-07，6 位小数）",
    ):
        assert part in text, part
    assert "× 260.000000 元" in told.equation
    page = signed_in("shy").get(f"/settlement/runs/{run.pk}/?resource={line.resource}").content.decode()
    assert '<td class="num">260.000000</td>' in page
    sheet = signed_in("shy").get(f"/settlement/runs/{run.pk}/lines.xlsx?resource={line.resource}")
    listed = openpyxl.load_workbook(io.BytesIO(sheet.getvalue()))["账目"]
    prices = {row[5].value: (row[14].value, row[14].number_format) for row in listed.iter_rows(min_row=2)}
    assert prices[TIER] == (260, "#,##0.000000")
    # 恰好 260 元，取几位小数都一样：K-07 不起作用
    assert "K-07" not in told.codes
    assert "测试期只有市级政务云的基础设施服务有" in text
    assert not {"K-01", "K-09"} & set(told.codes)


def test_R005_均价除不尽的_取几位小数这一条就不同_列着均价位数的口径() -> None:
    delivered()
    item = Item.objects.get(code=TIER)
    tiering.publish_usage(actor=cast()["sdsj"], on=JULY, item=item, year=YEAR, total=Decimal(3500))
    run = measured()
    line = BillLine.objects.get(run=run, item=TIER)
    page = signed_in("shy").get(f"/settlement/runs/{run.pk}/lines/{line.seq}/")
    assert "K-07" in page.context["told"].codes
    assert "改选另一项这一条就变" in page.content.decode()


def test_R072_主机写下发日_测试期满日_哪天数量变了_后一条不再列测试期的口径() -> None:
    delivered()
    run = measured()
    first, second = BillLine.objects.filter(run=run, resource=HOST, item="ZJ-CPU-X86").order_by("from_on")
    client = signed_in("shy")
    told = [client.get(f"/settlement/runs/{run.pk}/lines/{one.seq}/").context["told"] for one in (first, second)]
    for one in told:
        assert any("2025-07-03 下发服务，测试期 3 个月不计费，2025-10-03 起计费" in said for said in one.evidence)
    assert "K-01" in told[0].codes
    assert "K-01" not in told[1].codes
    assert any(said.startswith(f"{second.from_on} 起：数量由") for said in told[1].evidence)
    page = client.get(f"/settlement/runs/{run.pk}/days/{second.from_on}/", {"resource": HOST}).content.decode()
    assert "数量由" in page
    assert "2025-10-03 起计费" in page
