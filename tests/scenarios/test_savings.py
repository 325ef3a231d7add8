"""可缩配、回收的资源（D62-六(二)，R-056）：照系统里的记录列出来，到年末省多少，省得多的在前。"""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest
from openpyxl import load_workbook

from tests.support.people import cast, signed_in
from tests.support.year import YEAR, logged, measured, self_paid, used
from yunheng.catalog import queries as catalog
from yunheng.ledger.models import Disposal, Project, Segment
from yunheng.ledger.queries import received
from yunheng.orgs.models import BusinessClock
from yunheng.settlement import handling
from yunheng.settlement.disputing import differences
from yunheng.settlement.models import Handling
from yunheng.settlement.queries import latest_run
from yunheng.settlement.saving import EXPIRING, TRIAL, UNSEEN, Candidate, candidates

pytestmark = pytest.mark.django_db
ON = date(2025, 11, 4)
#: 2025-07-03 下发，三个月测试期满
CHARGED = date(2025, 10, 3)


def listed(on: date = ON, who: str = "shy") -> list[Candidate]:
    return candidates(cast()[who], on)


def whole(project: Project, start: date, *, logged: tuple[bool, ...] = (True, False)) -> Decimal:
    """联通的这个项目自 `start` 用到年末要多少钱：逐项照年价按天折；`logged` 是只要平台有（没有）日志的项。"""
    book, share = catalog.price_book(), Decimal((date(2026, 7, 1) - start).days) / 365
    found = Segment.objects.filter(resource__project=project, item__cycle="年", item__logged__in=logged).select_related(
        "item"
    )
    return sum(
        (
            (one.quantity * book.price_on(one.item.code, "CU", start).unit_price * share).quantize(
                Decimal("0.01"), ROUND_HALF_UP
            )
            for one in found
        ),
        Decimal(0),
    )


def saved(project: Project, found: list[Candidate]) -> Decimal:
    return sum((one.saved for one in found if one.resource.project == project), Decimal(0))


def test_R056_没有缘由的不列() -> None:
    used()
    measured("滚动", ON)
    assert listed() == []


def test_R056_年内到期的_从到期日省到年末_省得多的在前() -> None:
    project = used()
    Segment.objects.filter(resource__project=project).update(expires_on=date(2026, 3, 1))
    found = listed()
    assert {one.kinds for one in found} == {(EXPIRING,)}
    assert {one.from_on for one in found} == {date(2026, 3, 1)}
    assert saved(project, found) == whole(project, date(2026, 3, 1))
    assert [one.saved for one in found] == sorted((one.saved for one in found), reverse=True)
    assert "2026-03-01 到期" in found[0].reasons[0]


def test_R056_到期时还在测试期的_从起计费日算_明年到期的不列() -> None:
    project = used()
    Segment.objects.filter(resource__project=project).update(expires_on=date(2025, 9, 1))
    assert saved(project, listed(date(2025, 8, 1))) == whole(project, CHARGED)
    Segment.objects.filter(resource__project=project).update(expires_on=date(2026, 7, 1))
    assert listed(date(2025, 8, 1)) == []


def test_R056_下发一个多月平台没有见过_还在测试期的_起计费以前注销一分不花() -> None:
    used()
    idle = used("没人用的系统", "ECS-IDLE-", with_logs=False)
    assert listed(date(2025, 7, 20)) == []
    found = listed(date(2025, 8, 20))
    assert {one.resource.project for one in found} == {idle}
    assert {one.kinds for one in found} == {(TRIAL,)}
    assert saved(idle, found) == whole(idle, CHARGED, logged=(True,))
    # 测试期满就计费了，不再算这一种
    assert listed(CHARGED) == []


def test_R052_只在作废的日志里见过的_不算见过_照样列() -> None:
    used()
    idle = used("没人用的系统", "ECS-IDLE-", with_logs=False)
    logged(idle)
    assert listed(date(2025, 8, 20)) == []
    void_logs(idle)
    assert {one.resource.project for one in listed(date(2025, 8, 20))} == {idle}


def test_R052_送过的日志全作废了的_算没有送过_说不出用没用过() -> None:
    project = used()
    idle = used("没人用的系统", "ECS-IDLE-", with_logs=False)
    void_logs(project)
    assert not listed(date(2025, 8, 20)), idle


def void_logs(project: Project) -> None:
    """项目各资源的日志都作废。"""
    for one in received("日志", *project.resources.values_list("code", flat=True)):
        Disposal.objects.create(received=one, kind=Disposal.VOID, reason="送错了", on=ON, by="测试")


def test_R056_平台从没送过日志的_说不出用没用过_不列() -> None:
    used(with_logs=False)
    assert listed(date(2025, 8, 20)) == []


def test_R056_台账在用平台上看不见的_从今天省到年末_裁定认可了的不列() -> None:
    used()
    ghost = used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    measured("滚动", ON)
    found = listed()
    assert {one.resource.project for one in found} == {ghost}
    assert all(one.kinds == (UNSEEN,) and one.from_on == ON for one in found)
    assert saved(ghost, found) == whole(ghost, ON, logged=(True,))
    run = latest_run(YEAR)
    assert run is not None
    for row in differences(run):
        handling.handle(
            actor=cast()["shy"], on=ON, year=YEAR, code=row.code, resource=row.resource, item=row.item,
            kind=Handling.RULE, text="以工单为准", ruling="认可",
        )  # fmt: skip
    assert listed() == []


def test_R056_只认可了一段日子的_今天在那一段里才不列() -> None:
    used()
    ghost = used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    measured("滚动", ON)
    run = latest_run(YEAR)
    assert run is not None
    for row in differences(run):
        handling.handle(
            actor=cast()["shy"], on=ON, year=YEAR, code=row.code, resource=row.resource, item=row.item,
            kind=Handling.RULE, text="以工单为准", ruling="认可", until_on=date(2025, 12, 1),
        )  # fmt: skip
    assert listed() == []
    assert {one.resource.project for one in listed(date(2025, 12, 1))} == {ghost}


def test_R056_几种缘由的照省得最多的一种算_缘由都写() -> None:
    used()
    ghost = used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    Segment.objects.filter(resource__project=ghost).update(expires_on=date(2026, 5, 1))
    measured("滚动", ON)
    found = listed()
    both = [one for one in found if one.kinds == (UNSEEN, EXPIRING)]
    assert both
    assert all(len(one.reasons) == 2 and one.from_on == ON for one in both)
    # 平台没有日志的几项只有到期一种缘由
    assert {one.kinds for one in found} == {(UNSEEN, EXPIRING), (EXPIRING,)}
    assert saved(ghost, both) == whole(ghost, ON, logged=(True,))
    assert saved(ghost, found) - saved(ghost, both) == whole(ghost, date(2026, 5, 1), logged=(False,))


def test_R056_使用单位只看自己的_服务商和三员看不到_按单位筛选_导出与页面相同() -> None:
    project = used()
    self_paid()
    Segment.objects.update(expires_on=date(2026, 3, 1))
    BusinessClock.objects.update_or_create(id=1, defaults={"on": ON})
    assert {one.resource.project for one in listed(who="mzj")} == {project}
    for who, status in (("shy", 200), ("kw", 200), ("mzj", 200), ("lt", 403)):
        assert signed_in(who).get("/savings/").status_code == status, who
    client, unit = signed_in("shy"), str(project.unit_id)
    assert "街道自费的系统" in client.get("/savings/").content.decode()
    page = client.get("/savings/", {"unit": unit}).content.decode()
    assert "街道自费的系统" not in page
    assert "全年在用的系统" in page
    assert "没有符合条件的" in client.get("/savings/", {"kind": UNSEEN}).content.decode()
    wanted = [(one.resource.code, f"{one.saved:.2f}") for one in listed(who="mzj")]
    text = client.get("/savings/", {"unit": unit, "format": "csv"}).content.decode("utf-8-sig")
    assert [(row[0], row[7]) for row in list(csv.reader(io.StringIO(text)))[1:]] == wanted
    content = client.get("/savings/", {"unit": unit, "format": "xlsx"}).content
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert [(row[0], row[7]) for row in list(sheet.values)[1:]] == wanted
