"""同一台主机又在变更、又要注销：不能同时办；别处先没有了在用的，等实施的变更不让全区的页打不开（R-036、R-039）。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.scenarios.test_change_bases import through
from tests.scenarios.test_lifecycle_others import board, change, deregistration, grown, running_project
from tests.support.people import cast
from tests.web.test_pages import signed_in
from yunheng.applications import changing, guards, receipts
from yunheng.audit.refused import Refused
from yunheng.catalog.models import Item
from yunheng.ledger.models import Fact, Resource, Segment
from yunheng.ledger.operations import Line, record, refold_outdated, void
from yunheng.settlement.runs import running

pytestmark = pytest.mark.django_db


def test_R039_正在变更的资源_注销提交和审核都拦下_变更办完了可以() -> None:
    project, (first, *_) = running_project()
    walk = through(change(project, [grown(first, memory="36")]).submit())
    leaving = deregistration(project, release=[first.code])
    with pytest.raises(Refused, match=f"资源 {first.code} 正在 {walk.case.number} 里办理，办完（或撤回）再注销"):
        leaving.submit()
    with pytest.MonkeyPatch.context() as earlier:
        earlier.setattr(guards, "resources_in_change", lambda *_, **__: {})
        leaving.submit()
        leaving.act("mzj-fzr", "approve")
    with pytest.raises(Refused, match="办完（或撤回）再注销"):
        leaving.act("shy", "approve")
    walk.deliver("lt", "E-")
    leaving.act("shy", "approve")
    assert not Segment.objects.filter(resource=first, during__upper_inf=True).exists()


def test_R036_等实施时资源已经没有在用的_各页照开_照样导出_回执说明_退回补正(tmp_path: Path) -> None:
    """别处先注销、更正作废了的：一件变更不能让全区的页打不开、计量不了。"""
    project, (first, *_) = running_project()
    walk = through(change(project, [grown(first, memory="36")]).submit())
    for fact in Fact.objects.filter(resource=first, voided_by=None).exclude(action="作废"):
        void(actor=cast()["shy"], on=walk.on, fact=fact, reason="没有开通过")
    assert changing.live([first.code]) == {}
    client = signed_in("shy")
    for url in (
        "/",
        "/inbox/unrecorded/",
        "/inbox/unmatched/",
        f"/cases/{walk.case.number}/",
        f"/assets/{first.code}/",
    ):
        assert client.get(url).status_code == 200, url
    running.export(2025, tmp_path / "包")
    row = receipts.rows(walk.case)[0]
    filled = {row.key: {"resource": first.code, "order": "GD-1", "on": walk.on.isoformat()}}
    with pytest.raises(Refused, match="台账里没有在用的各项，没有什么可以变更"):
        walk.act("lt", "deliver", detail={"rows": filled})
    walk.act("lt", "return", opinion="资源已经没有了", marks={"changes": "没有在用的"})
    assert board(walk).step == "amend"


def test_R042_临时资源办了变更_到期日照原来的_到期日历提醒都还在() -> None:
    project, (first, *_) = running_project()
    temporary(first, date(2025, 12, 31))
    walk = through(change(project, [grown(first, memory="36")]).submit())
    walk.deliver("lt", "E-")
    live = Segment.objects.filter(resource=first, during__upper_inf=True)
    assert set(live.values_list("expires_on", flat=True)) == {date(2025, 12, 31)}
    # 从前的变更自己没有到期日、折没了的，升级时重折
    item = Item.objects.get(code="ZJ-MEM-X86")
    line = Line(first, item, "变更", Decimal(40), walk.on, "GD-旧")
    record(actor=cast()["lt"], on=walk.on, lines=[line], case=walk.case)
    live.filter(item=item).update(expires_on=None)
    assert refold_outdated() == 1
    assert set(live.values_list("expires_on", flat=True)) == {date(2025, 12, 31)}


@pytest.mark.parametrize("action", ["变更", "释放"])
def test_R036_回执填了批准以外的编号_不收_没批的那台一点不动(action: str) -> None:
    project, (first, other, *_) = running_project()
    row = grown(first, memory="36") if action == "变更" else {**grown(first), "action": "释放", "backup": "已完成"}
    walk = through(change(project, [row]).submit())
    before = list(Segment.objects.filter(resource=other).order_by("pk").values())
    filled = {
        one.key: {"resource": other.code, "order": "GD-1", "on": walk.on.isoformat()}
        for one in receipts.rows(walk.case)
    }
    with pytest.raises(Refused, match=f"批准的是 {first.code}，填的是 {other.code}"):
        walk.act("lt", "deliver", detail={"rows": filled})
    assert list(Segment.objects.filter(resource=other).order_by("pk").values()) == before
    walk.deliver("lt", "E-")


def test_R036_服务项变更交来的资源编号不是台账的那个_不收() -> None:
    project, _ = running_project()
    code, segment = next(iter(changing.held_services(project).items()))
    held = f"{segment.quantity.normalize():f}"
    asked = {"quantity": f"{(segment.quantity + 1).normalize():f}", "before": held, "note": "扩"}
    for given in ("P1-NEW-1", "ECS-YL-01"):
        walk = change(project, [], service_changes={code: {**asked, "resource": given}})
        with pytest.raises(Refused, match=f"资源编号应是 {segment.resource.code}，交来的是“{given}”"):
            walk.submit()
    change(project, [], service_changes={code: {**asked, "resource": segment.resource.code}}).submit()


def temporary(resource: Resource, until: date) -> None:
    """这台的各项改记成到 `until` 为止的。"""
    for fact in list(Fact.objects.filter(resource=resource, voided_by=None).exclude(action="作废")):
        lines = [Line(resource, fact.item, "新增", fact.quantity, fact.effective_on, "GD-T", until)]
        void(actor=cast()["shy"], on=fact.effective_on, fact=fact, reason="改记成临时的")
        record(actor=cast()["shy"], on=fact.effective_on, lines=lines, case=fact.case)


def test_R042_临时的主机变更里加一块盘_盘的到期日照主机的_延期找得到到期日() -> None:
    project, (first, *_) = running_project()
    temporary(first, date(2025, 12, 31))
    row = grown(first)
    disk = "" if Decimal(row.get("data_disk") or 0) else "1"
    asked = {**row, "data_disk": disk or "0", "memory": "36"}
    walk = through(change(project, [asked]).submit())
    walk.deliver("lt", "E-")
    live = Segment.objects.filter(resource=first, during__upper_inf=True)
    assert set(live.values_list("expires_on", flat=True)) == {date(2025, 12, 31)}


def test_R036_补录的编号有中文斜杠的_变更的回执照批准的编号收() -> None:
    project, (first, *_) = running_project()
    Resource.objects.filter(pk=first.pk).update(code="数据库服务器/01")
    first.refresh_from_db()
    walk = through(change(project, [grown(first, memory="36")]).submit())
    walk.deliver("lt", "E-")
    assert Segment.objects.get(resource=first, item__code="ZJ-MEM-X86", during__upper_inf=True).quantity == 36


def test_R036_台账没有记系统盘的主机_改内存不用补填系统盘() -> None:
    project, (first, *_) = running_project()
    for fact in Fact.objects.filter(resource=first, item__dimension="系统盘 TB", voided_by=None).exclude(action="作废"):
        void(actor=cast()["shy"], on=fact.effective_on, fact=fact, reason="补录没有这一项")
    row = grown(first, memory="36")
    assert not row["before"].get("system_disk")
    walk = through(change(project, [{**row, "system_disk": ""}]).submit())
    walk.deliver("lt", "E-")
    assert not Segment.objects.filter(resource=first, item__dimension="系统盘 TB", during__upper_inf=True).exists()
