"""示例区的一年：从库里导出的数据包，结算出来和直接结算文件的摘要相同（R-077、R-084）。"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from tests.support import database
from tests.support.people import cast
from yunheng.applications.models import Draft
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Segment
from yunheng.metering import diffing, engine, example, result, structure
from yunheng.metering.opening import opened
from yunheng.metering.writing import write_package
from yunheng.settlement.runs import package, running

FAR = date(9999, 12, 31)


@pytest.fixture(scope="module")
def loaded(cluster: object, django_db_blocker: Any) -> Iterator[str]:  # noqa: ARG001
    """一整个示例区，经补录装进一个库；给出库名。"""
    from yunheng.audit.actor import SYSTEM
    from yunheng.audit.operations import unit_of_work
    from yunheng.config.demo import settled, year
    from yunheng.orgs.models import Appointment
    from yunheng.orgs.queries import actor_for

    with database.cloned() as name:
        with django_db_blocker.unblock(), database.pointed(name):
            reviewer = Appointment.objects.select_related("person", "institution").get(person__username="demo.shy")
            people = cast() | {"shy": actor_for(reviewer)}
            with unit_of_work(SYSTEM):
                year.forms(year.tables(), people)
                settled.score(year.tables(), people)
                settled.rule(year.tables(), people)
        yield name


@pytest.fixture
def exported(loaded: str, django_db_blocker: Any, tmp_path: Path) -> Path:
    with django_db_blocker.unblock(), database.pointed(loaded):
        running.export(2023, tmp_path / "库里导出")
    return tmp_path / "库里导出"


def settled(folder: Path) -> dict[str, Any]:
    with opened(folder) as package:
        out = folder.parent / f"{folder.name}.json"
        with out.open("wb") as file:
            result.write(engine.settle(package), file)
    return structure.parse(out.read_bytes(), out.name)


def test_R077_从库里导出来结算_与直接结算文件的摘要相同(exported: Path, tmp_path: Path) -> None:
    manifest, tables = example.generate()
    write_package(tmp_path / "文件", manifest, tables)
    files, ours = settled(tmp_path / "文件"), settled(exported)
    assert len(files["lines"]) > 1000
    assert {entry["code"] for entry in files["differences"]} == {f"D{n}" for n in range(1, 15)}
    assert diffing.compare(files, ours).same_digest, diffing.compare(files, ours).text()
    assert files["digest"] == ours["digest"]


def test_R051_台账的时段就是计量的时段_一天不差(exported: Path, loaded: str, django_db_blocker: Any) -> None:
    with opened(exported) as package:
        engine.settle(package)
        rows = package.connection.execute(
            "SELECT r.resource, i.item, s.start, s.until, s.quantity FROM segments s"
            " JOIN resources r ON r.resource_no = s.timeline_no // 1048576"
            " JOIN items i ON i.item_no = s.timeline_no % 1048576"
        ).fetchall()
    metered = {
        (resource, item, start, until, Decimal(quantity) / 1000) for resource, item, start, until, quantity in rows
    }
    with django_db_blocker.unblock(), database.pointed(loaded), transaction.atomic():
        kept = {
            (s.resource.code, s.item.code, s.during.lower, s.during.upper or FAR, s.quantity)
            for s in Segment.objects.select_related("resource", "item")
        }
    assert len(kept) > 2000
    assert kept == metered


@pytest.mark.django_db
def test_R077_网页上一步步办出来的_导出来能结算_平台软件归自己的服务商(tmp_path: Path) -> None:
    services = {**FILLED["services"], "DX": "1", "SJK-GX": "1"}
    walk = Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name="导出的系统").fill(
        **{**FILLED, "iaas": "电信", "services": services}
    )
    walk.submit().act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("dx", "ECS-EX-")
    project = Draft.objects.get(case=walk.case).project
    change = Walk(cast(), "mzj", date(2025, 11, 3), "change", project=project).fill(
        changes=[], service_changes={"AQ-FWKZ": {"quantity": "", "before": "1", "resource": f"{project.code}-AQ-FWKZ"}},
        statement="不用了", leader="周", contact="021-67000000", classified="否", level="二级",
    )  # fmt: skip
    change.submit().act("mzj-fzr", "approve").act("dx", "confirm").later(1).act("shy", "approve").later(3)
    change.deliver("dx", "")
    pending = Walk(cast(), "mzj", date(2026, 3, 2), "new", project_name="批了没开通的系统").fill(**FILLED).submit()
    pending.act("mzj-fzr", "approve").later(1).act("shy", "approve")
    write_package(tmp_path / "包", package.manifest(2025, "松江区"), package.tables(2025))
    with (tmp_path / "包" / "单据.csv").open(encoding="utf-8", newline="") as file:
        forms = list(csv.DictReader(file))
    content = settled(tmp_path / "包")
    number = walk.case.number
    assert {(form["单号"], form["服务商"]) for form in forms if number in form["单号"]} == {
        (number, "CT"),
        (f"{number}/CM", "CM"),
        (f"{number}/CU", "CU"),
    }
    lines = {(line["resource"], line["item"]): line for line in [*content["lines"], *content["disputed"]]}
    host = lines["ECS-EX-01", "ZJ-CPU-X86"]
    # 7-3 下发，三个月测试期满 10-3 起计
    assert (host["form"], host["provider"], host["from"], host["until"]) == (number, "CT", "2025-10-03", "2026-07-01")
    software = lines[f"{project.code}-SJK-GX", "SJK-GX"]
    assert (software["form"], software["provider"], software["from"]) == (f"{number}/CU", "CU", "2025-07-03")
    # 11-4 审核通过，次日停计，不等服务商
    assert lines[f"{project.code}-AQ-FWKZ", "AQ-FWKZ"]["until"] == "2025-11-05"
    missing = {entry["form"] for entry in content["differences"] if entry["code"] == "D1"}
    assert missing == {pending.case.number}
