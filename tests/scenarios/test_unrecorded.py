"""账上有、台账没有的：列得出来、提醒、照工单记进台账以后账一分不变，注销释放得到（R-051、R-052、R-076）。"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.scenarios.test_arrivals import platform, send
from tests.scenarios.test_backfill import CPU, HISTORY, MEM, recorded, workbook
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, approved, measured, used
from yunheng.applications import guards
from yunheng.applications.models import Draft
from yunheng.audit.refused import NotYours, Refused
from yunheng.catalog.models import Item
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger import unrecorded
from yunheng.ledger.models import Fact, Project, Resource, Segment
from yunheng.ledger.operations import correct
from yunheng.ledger.receiving import Taken
from yunheng.orgs.models import BusinessClock
from yunheng.rules.digest import sm3_bytes
from yunheng.settlement import queries
from yunheng.settlement.runs import amended, running

pytestmark = pytest.mark.django_db
HOST, NEW = "LS-ECS-1", "LS-ECS-9"
WHY = "核对过机房的上架记录"


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


@pytest.fixture
def history() -> None:
    """补录时，头一台主机的内存、一台新主机的核都没有工单。"""
    details = [*HISTORY["单据明细"], ["LS-2023-01", NEW, CPU, "新增", 2]]
    logs = [*HISTORY["日志"], [NEW, date(2023, 8, 3), date(2026, 7, 7)]]
    kept = [row for row in HISTORY["工单"] if row[3] != MEM]
    recorded(workbook(单据明细=details, 工单=kept, 日志=logs))


def order(resource: str = HOST, item: str = MEM, number: str = "GD-LATE", **more: str) -> dict[str, str]:
    return {
        "工单号": number, "单号": "LS-2023-01", "资源": resource, "目录项": item, "动作": "新增",
        "数量": "32" if item == MEM else "2", "完成日期": "2023-08-05", **more,
    }  # fmt: skip


def sent(*rows: dict[str, str]) -> Taken:
    return send("工单", *(rows or (order(),)))


def keys() -> list[tuple[str, str]]:
    return [(one.written.resource, one.written.item) for one in unrecorded.find()]


def take_in(*resources: str, who: str = "shy", reason: str = WHY) -> list[Fact]:
    rows = [one.order.received for one in unrecorded.find() if one.written.resource in resources]
    return unrecorded.take_in(actor=cast()[who], on=JULY, rows=rows, reason=reason)


def package(folder: Path) -> dict[str, str]:
    running.export(YEAR, folder)
    return {one.name: sm3_bytes(one.read_bytes()) for one in sorted(folder.iterdir())}


def billed(resource: str = HOST, item: str = MEM) -> list[Any]:
    run = measured()
    found = queries.lines_of(run).filter(resource=resource, item=item).order_by("from_on")
    return [(one.from_on, one.until_on, one.amount, one.order) for one in found]


def shown(page: str) -> str:
    return re.sub(r"<[^>]+>|\s+", "", page)


@pytest.mark.usefixtures("history")
def test_R076_补录时没有工单_后来才送来的_列出来并提醒送件方_账上已计费() -> None:
    assert keys() == []
    taken = sent()
    assert keys() == [(HOST, MEM)]
    (text,) = taken.reminders
    assert text.startswith(f"第 1 条 {HOST} 的 {MEM} 新增 32（LS-2023-01）：台账还没有这一项")
    assert "的工单 GD-LATE（2023-08-05 完成）计费；由区科创中心照工单记进台账（R-051、R-076）" in text
    assert billed()
    assert not Segment.objects.filter(resource__code=HOST, item__code=MEM).exists()


@pytest.mark.usefixtures("history")
def test_R076_没有工单的不列_工单退回了的不列_别的单号别的动作的不列() -> None:
    sent(order(单号="LS-2025-02"), order(number="GD-2L", 动作="变更"), order(NEW, "ZJ-SYS-X86", "GD-3L"))
    assert keys() == []
    assert not any("台账还没有" in text for text in sent(order(HOST, CPU, "GD-4L")).reminders)
    sent(order(number="GD-5L"))
    assert keys() == [(HOST, MEM)]
    sent(order(number="GD-6L", 资源=NEW, 更正=f"GD-5L/{HOST}/{MEM}"))
    assert keys() == []


@pytest.mark.usefixtures("history")
def test_R076_照工单记进台账_导出的数据包逐字节不变_账一分不变(tmp_path: Path) -> None:
    sent(order(), order(NEW, CPU, "GD-LATE2"))
    before, amounts = package(tmp_path / "前"), (billed(), billed(NEW, CPU))
    facts = take_in(HOST, NEW)
    assert [(f.resource.code, f.item.code, f.action, f.effective_on, f.order) for f in facts] == [
        (HOST, MEM, "新增", date(2023, 8, 5), "GD-LATE"),
        (NEW, CPU, "新增", date(2023, 8, 5), "GD-LATE2"),
    ]
    assert all(f.case and f.case.number == "LS-2023-01" and WHY in f.by for f in facts)
    made = Resource.objects.get(code=NEW)
    assert (made.project.code, made.provider.code, made.kind) == ("P-2023-900", "CU", "云主机")
    assert package(tmp_path / "后") == before
    assert amounts[0]
    assert amounts[1]
    assert (billed(), billed(NEW, CPU)) == amounts
    assert keys() == []


@pytest.mark.usefixtures("history")
def test_R051_记进台账要理由_只有区科创中心能记_记过的不再记_没有勾的不记() -> None:
    sent()
    with pytest.raises(Refused, match="写明理由"):
        take_in(HOST, reason=" ")
    with pytest.raises(NotYours):
        take_in(HOST, who="lt")
    with pytest.raises(Refused, match="请勾选"):
        take_in()
    rows = [one.order.received for one in unrecorded.find()]
    assert len(take_in(HOST)) == 1
    with pytest.raises(Refused, match="已经记进台账"):
        unrecorded.take_in(actor=cast()["shy"], on=JULY, rows=rows, reason=WHY)
    assert Fact.objects.filter(resource__code=HOST, item__code=MEM).count() == 1


@pytest.mark.usefixtures("history")
def test_R051_单据的资源在台账上是别的项目的_不记_一条不成都不记() -> None:
    sent(order(), order(NEW, CPU, "GD-LATE2"))
    other = Walk(cast(), "mzj", date(2026, 3, 2), "new", project_name="别的系统")
    wrong = Draft.objects.get(case=other.case).project
    resource = Resource.objects.get(code=HOST)
    Resource.objects.create(code=NEW, project=wrong, provider=resource.provider, kind="云主机", architecture="X86")
    with pytest.raises(Refused, match="属于项目“别的系统”"):
        take_in(HOST, NEW)
    assert keys() == [(HOST, MEM), (NEW, CPU)]


@pytest.mark.usefixtures("history")
def test_R051_记了以后_更正照平常走_账照更正的_不重复计(tmp_path: Path) -> None:
    sent()
    (fact,) = take_in(HOST)
    correct(
        actor=cast()["shy"], on=JULY, fact=fact, reason="上架记录写的是 9 月", evidence=("记录.pdf", b"%PDF-1.4"),
        effective_on=date(2025, 9, 1), quantity=fact.quantity,
    )  # fmt: skip
    assert keys() == []
    package(tmp_path / "包")
    rows = (tmp_path / "包" / "单据明细.csv").read_text("utf-8-sig").splitlines()
    assert sum(row.startswith(f"LS-2023-01,{HOST},{MEM},新增") for row in rows) == 1


def test_R076_审核通过还没填回执_工单先到_列出来写等回执_不能另记_回执填了就没有了() -> None:
    walk = Walk(cast(), "mzj", date(2026, 3, 2), "new", project_name="等开通的系统")
    walk.fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1)
    project = Draft.objects.get(case=walk.case).project
    item = next(code for code in FILLED["services"])
    code = f"{project.code}-{item}"
    row = {
        "工单号": "GD-W", "单号": walk.case.number, "资源": code, "目录项": item, "动作": "新增",
        "数量": str(FILLED["services"][item]), "完成日期": walk.on.isoformat(),
    }  # fmt: skip
    taken = send("工单", row, source=platform())
    assert "等服务商填回执" in taken.reminders[0]
    assert keys() == [(code, item)]
    with pytest.raises(Refused, match="等服务商填回执，回执记进台账，不能另记"):
        take_in(code)
    page = signed_in("shy").get("/inbox/unrecorded/").content.decode()
    assert code in page
    assert 'name="row"' not in page
    walk.deliver("lt", "ECS-DK-")
    assert keys() == []
    assert Fact.objects.filter(resource__code=code, item__code=item).count() == 1


@pytest.mark.usefixtures("history")
def test_R076_台账没有的页_区科创中心勾选写理由记进去_资源页说出来_别的角色看不到() -> None:
    sent()
    client = signed_in("shy")
    assert "台账没有的（1）" in shown(client.get("/inbox/unmatched/").content.decode())
    assert f"{HOST}的{MEM}新增32" in shown(client.get(f"/assets/{HOST}/").content.decode())
    page = client.get("/inbox/unrecorded/").content.decode()
    assert all(text in shown(page) for text in ("GD-LATE", "2023-08-05完成", "照工单记进台账"))
    assert "与单据不同" not in page
    row = re.findall(r'name="row" value="(\d+)"', page)
    refused = client.post("/inbox/unrecorded/", {"row": row, "reason": ""})
    assert refused.status_code == 422
    assert "写明理由" in refused.content.decode()
    assert f'value="{row[0]}" aria-label="选 {HOST} {MEM}" checked' in refused.content.decode()
    assert client.post("/inbox/unrecorded/", {"row": row, "reason": WHY}).status_code == 302
    assert "没有：账上照工单计费的，台账上都有" in client.get("/inbox/unrecorded/").content.decode()
    assert "台账还没有" not in client.get(f"/assets/{HOST}/").content.decode()
    assert signed_in("lt").get("/inbox/unrecorded/").status_code == 403


# ── 注销、变更 ──


def leaving(**values: Any) -> Walk:
    """这个项目的头一台主机要注销，单位已签批。"""
    project = Resource.objects.get(code=HOST).project
    return Walk(cast(), "mzj", JULY, "deregistration", project=project).fill(
        **{"reason": "系统下线", "backup": "已完成", "backup_note": "已备份到灾备中心", "release": [HOST], **values}
    )


@pytest.mark.usefixtures("history")
def test_R039_要注销的资源上有台账没有的_检查页点名_提交不拦_审核要先记进台账_记了就释放得到() -> None:
    sent()
    walk = leaving()
    check = shown(signed_in("mzj").get(f"/apply/{walk.case.number}/check/").content.decode())
    assert f"{HOST}的{MEM}新增32" in check
    assert "没有记进台账以前审核不能通过" in check
    walk.submit().act("mzj-fzr", "approve")
    page = signed_in("shy").get(f"/cases/{walk.case.number}/").content.decode()
    assert f"{HOST}的{MEM}新增32" in shown(page)
    assert "/inbox/unrecorded/" in page
    with pytest.raises(Refused, match=f"{HOST} 的 {MEM} 新增 32.*释放、变更不到它，账上会一直计下去"):
        walk.act("shy", "approve")
    assert Segment.objects.filter(resource__code=HOST, during__upper_inf=True).exists()
    take_in(HOST)
    walk.act("shy", "approve")
    assert not Segment.objects.filter(resource__code=HOST, during__upper_inf=True).exists()
    released = Fact.objects.filter(case=walk.case, action="释放").values_list("item__code", flat=True)
    assert set(released) == {CPU, MEM}
    assert billed()[-1][1] == date(2026, 7, 1)


@pytest.mark.usefixtures("history")
def test_R039_别的资源有台账没有的_注销照办_页面上点名() -> None:
    sent(order(NEW, CPU))
    walk = leaving()
    assert f"{NEW}的{CPU}新增2" in shown(signed_in("mzj").get(f"/apply/{walk.case.number}/check/").content.decode())
    walk.submit().act("mzj-fzr", "approve").act("shy", "approve")
    assert not Segment.objects.filter(resource__code=HOST, during__upper_inf=True).exists()
    assert keys() == [(NEW, CPU)]


def test_R039_要注销的资源上只有等回执的_点名而不拦_免得互相等() -> None:
    project = used()
    walk = Walk(cast(), "mzj", date(2026, 3, 2), "new", project=project).fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve")
    item = next(iter(FILLED["services"]))
    code = f"{project.code}-{item}"
    row = {
        "工单号": "GD-W", "单号": walk.case.number, "资源": code, "目录项": item, "动作": "变更",
        "数量": str(FILLED["services"][item]), "完成日期": walk.on.isoformat(),
    }  # fmt: skip
    send("工单", row)
    assert keys() == [(code, item)]
    gone = Walk(cast(), "mzj", JULY, "deregistration", project=project).fill(
        reason="系统下线", backup="已完成", backup_note="已备份到灾备中心", release=[code]
    )
    check = shown(signed_in("mzj").get(f"/apply/{gone.case.number}/check/").content.decode())
    assert f"{code}的{item}变更" in check
    gone.submit().act("mzj-fzr", "approve").act("shy", "approve")
    assert not Segment.objects.filter(resource__code=code, during__upper_inf=True).exists()


@pytest.mark.usefixtures("history")
def test_R036_变更里释放的资源上有台账没有的_服务商填不了实施回执_记了再填() -> None:
    project = Resource.objects.get(code=HOST).project
    row = {"action": "释放", "resource": HOST, "backup": "已完成", "count": "1", "type": "云主机"}
    walk = Walk(cast(), "mzj", JULY, "change", project=project).fill(
        changes=[row], statement="缩减", leader="周", contact="021-67000000", classified="否", level="二级"
    )
    walk.submit().act("mzj-fzr", "approve").act("lt", "confirm").act("shy", "approve")
    sent()
    with pytest.raises(Refused, match="不先记，这一件释放、变更不到它"):
        walk.deliver("lt", "ECS-BG-")
    take_in(HOST)
    walk.deliver("lt", "ECS-BG-")
    assert not Segment.objects.filter(resource__code=HOST, during__upper_inf=True).exists()
    assert {row.item.code for row in Fact.objects.filter(case=walk.case).select_related("item")} == {CPU, MEM}


@pytest.mark.usefixtures("history")
def test_R001_别家服务商看不到这一家台账没有的() -> None:
    sent()
    walk = leaving().submit().act("mzj-fzr", "approve")
    assert [one.written.resource for one in guards.missing_in(walk.case, project_of(), cast()["lt"])] == [HOST]
    assert guards.missing_in(walk.case, project_of(), cast()["dx"]) == []


def project_of() -> Project:
    return Project.objects.get(code="P-2023-900")


# ── 看得见的地方 ──


@pytest.mark.usefixtures("history")
def test_R076_工作台_年度页_批次的收件都写台账没有的几条_没有的不写() -> None:
    client = signed_in("shy")
    run = measured()
    urls = ("/", f"/settlement/{YEAR}/", f"/settlement/runs/{run.pk}/arrivals/")
    for url in urls:
        assert "/inbox/unrecorded/" not in client.get(url).content.decode(), url
    sent()
    for url in urls:
        assert "/inbox/unrecorded/" in client.get(url).content.decode(), url
    page = signed_in("kw").get(f"/settlement/{YEAR}/").content.decode()
    assert "台账没有记的现有 1 条" in page
    assert "/inbox/unrecorded/" not in page


@pytest.mark.usefixtures("history")
def test_R052_送件方查送过的收件_写明台账还没有_记了就不写() -> None:
    sent(order(), order(HOST, CPU, "GD-KNOWN", 完成日期="2023-08-03", 数量="8"))
    client = signed_in("lt")
    page = shown(client.get("/inbox/sent/").content.decode())
    assert page.count("台账还没有这一项") == 1
    assert "已收：LS-ECS-1的ZJ-MEM-X86新增32（LS-2023-01）：台账还没有这一项" in page
    take_in(HOST)
    assert "台账还没有" not in client.get("/inbox/sent/").content.decode()


@pytest.mark.usefixtures("history")
def test_R052_按文件导入的_导入完写明几条台账还没有() -> None:
    rows = [
        "工单号,单号,资源,目录项,动作,数量,完成日期",
        *(",".join(one.values()) for one in (order(), order(NEW, CPU))),
    ]
    given = SimpleUploadedFile("工单.csv", "\n".join(rows).encode())
    client = signed_in("lt")
    page = client.post("/inbox/", {"kind": "工单", "file": given}).content.decode()
    kept = re.findall(r'name="kept" value="([^"]+)"', page)
    done = client.post("/inbox/", {"kept": kept[0], "agreed": "on"}, follow=True).content.decode()
    assert "新收 2 条" in done
    assert "其中 2 条账上照它计费而台账还没有" in done
    assert len(keys()) == 2


@pytest.mark.usefixtures("history")
def test_R075_工单的数量与单据不同的_页上写明账上待核_记进台账的数量照单据() -> None:
    sent(order(数量="16"))
    page = signed_in("shy").get("/inbox/unrecorded/").content.decode()
    assert "工单的数量是 16，与单据不同，账上待核（D3）" in page
    assert [fact.quantity for fact in take_in(HOST)] == [32]


def test_R051_单据上一个新资源的各项分属两家的_不记_说先查明() -> None:
    item = Item.objects.filter(provider__code="CT").order_by("code")[0]
    details = [*HISTORY["单据明细"], ["LS-2023-01", NEW, CPU, "新增", 2], ["LS-2023-01", NEW, item.code, "新增", 1]]
    recorded(workbook(单据明细=details))
    send("工单", order(NEW, CPU), source=platform("CT"))
    with pytest.raises(Refused, match="各项分属几家服务商"):
        take_in(NEW)
    assert not Resource.objects.filter(code=NEW).exists()
    assert keys() == [(NEW, CPU)]


@pytest.mark.usefixtures("history")
def test_R076_记过的更正了几次_还没有记的照样列得出来() -> None:
    fact = Fact.objects.get(resource__code=HOST, item__code=CPU, action="新增")
    for day in (6, 9):
        made = correct(
            actor=cast()["shy"], on=JULY, fact=fact, reason="上架记录", evidence=("记录.pdf", b"%PDF-1.4"),
            effective_on=date(2023, 8, day), quantity=fact.quantity,
        )  # fmt: skip
        assert made.replacement
        fact = made.replacement
    sent(order(), order(NEW, CPU, "GD-LATE2"))
    assert keys() == [(HOST, MEM), (NEW, CPU)]
    take_in(NEW)
    assert keys() == [(HOST, MEM)]


@pytest.mark.usefixtures("history")
def test_R083_冻结以前补录的_冻结以后照工单补记_不算冻结以后又记的台账(tmp_path: Path) -> None:
    sent()
    approved(tmp_path)
    assert amended.since(YEAR) is None
    (fact,) = take_in(HOST)
    assert amended.since(YEAR) is None
    correct(
        actor=cast()["shy"], on=JULY, fact=fact, reason="上架记录写的是 9 月", evidence=("记录.pdf", b"%PDF-1.4"),
        effective_on=date(2025, 9, 1), quantity=fact.quantity,
    )  # fmt: skip
    found = amended.since(YEAR)
    assert found
    assert found.facts == 2


@pytest.mark.usefixtures("history")
def test_R075_记进台账以后那张工单更正走了_台账写明没有工单不计费_与账上一样() -> None:
    sent()
    take_in(HOST)
    client = signed_in("shy")
    assert "没有工单（D1）" not in client.get(f"/assets/{HOST}/").content.decode()
    send("工单", order("LS-ECS-别的", number="GD-LATE-C", 更正=f"GD-LATE/{HOST}/{MEM}"))
    run = measured()
    assert not run.lines.filter(resource=HOST, item=MEM).exists()
    assert "账上没有新增的工单（D1），不计费" in client.get(f"/assets/{HOST}/").content.decode()
    name = Item.objects.get(code=MEM).name
    assert f"{name}没有工单（D1），不计费" in client.get("/assets/", {"q": HOST}).content.decode()


def test_R076_释放以后才送的变更工单在账上不起作用_不列为账上照它计费() -> None:
    details = [
        *HISTORY["单据明细"], ["LS-2025-02", "LS-ECS-2", CPU, "变更", 6], ["LS-2025-02", HOST, MEM, "变更", 64],
    ]  # fmt: skip
    recorded(workbook(单据明细=details))
    changed = {"单号": "LS-2025-02", "动作": "变更"}
    # LS-ECS-2 2026-02-28 释放：以后的变更无主（D11）；在用的那一台照列
    sent(order("LS-ECS-2", CPU, "GD-C1", 数量="6", 完成日期="2026-04-01", **changed))
    assert keys() == []
    assert "账上已经照工单计费" not in signed_in("shy").get("/assets/LS-ECS-2/").content.decode()
    sent(order(HOST, MEM, "GD-C2", 数量="64", 完成日期="2025-10-01", **changed))
    assert keys() == [(HOST, MEM)]
