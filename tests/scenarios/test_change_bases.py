"""变更只动人改过的格：起草以后台账变了的点名、要重填，没有动的不写回去，不换目录项（D62-六(二)、附件3，R-036、R-037）。"""

from __future__ import annotations

import html
import json
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.scenarios.test_lifecycle_others import added, board, change, grown, running_project
from tests.support.people import cast
from tests.web.test_pages import signed_in
from yunheng.applications import amounts, changing, grid, guards, receipts
from yunheng.applications.models import Draft, Filing
from yunheng.applications.sections import CHANGES
from yunheng.audit.refused import Refused
from yunheng.catalog.models import Item
from yunheng.catalog.queries import items
from yunheng.config.demo.stories import Walk
from yunheng.ledger.models import Fact, Resource, Segment
from yunheng.ledger.operations import Line, correct, record, void
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.settlement.runs.moves import reviewed_on

pytestmark = pytest.mark.django_db

CPU, MEM, DISK = "ZJ-CPU-X86", "ZJ-MEM-X86", "ZJ-DATADISK"


def held(resource: Resource) -> dict[str, Decimal]:
    live = Segment.objects.filter(resource=resource, during__upper_inf=True)
    return dict(live.values_list("item__code", "quantity"))


def corrected(resource: Resource, item: str, quantity: str, on: date) -> None:
    """区科创中心把台账上这一项更正成另一个数。"""
    fact = Fact.objects.filter(resource=resource, item__code=item).exclude(voided_by__isnull=False).latest("pk")
    correct(
        actor=cast()["shy"], on=on, fact=fact, reason="核对工单", evidence=("工单.pdf", b"%PDF"),
        effective_on=fact.effective_on, quantity=Decimal(quantity),
    )  # fmt: skip


def through(walk: Walk) -> Walk:
    """签批、服务商确认、审核都过了，等实施。"""
    return walk.act("mzj-fzr", "approve").act("lt", "confirm").act("shy", "approve")


def facts(walk: Walk) -> list[tuple[str, str, Decimal | None]]:
    return list(
        Fact.objects.filter(case=walk.case).order_by("item__code").values_list("item__code", "action", "quantity")
    )


def opened(walk: Walk) -> str:
    """经办人打开“拟变更的主机”，照摆出来的原样保存：页面上的格子原样交回。"""
    url = f"/apply/{walk.case.number}/changes/"
    client = signed_in()
    page = client.get(url).content.decode()
    form = client.get(url).context
    draft = Draft.objects.get(case=walk.case)
    post: dict[str, Any] = {"version": draft.version}
    for n, shown in enumerate(form["rows"]):
        row = shown["row"]
        for key in [column.key for column in form["columns"]] + ["action", "resource", "backup"]:
            post[f"h:{n}:{key}"] = row.get(key, "")
        bases = re.findall(rf'name="h:{n}:base" value="([^"]*)"', page)
        post[f"h:{n}:base"] = html.unescape(bases[0])
    assert client.post(url, post).status_code == 302
    return page


# ── 没有动的格 ──


def test_R036_起草以后更正了没有动的格_提交前点名_核对保存后照今天的台账_办完不写回旧数() -> None:
    project, (first, *_) = running_project()
    walk = change(project, [grown(first, memory="36")])
    BusinessClock.objects.update_or_create(id=1, defaults={"on": walk.on})
    corrected(first, CPU, "16", walk.on)
    with pytest.raises(Refused, match=rf"第 1 行 {first.code} 起草以后台账变了：CPU 8→16 核；没有动的格照今天的台账"):
        walk.submit()
    page = opened(walk)
    assert "起草以后台账变了" in page
    assert "CPU 8→16 核" in page
    row = Draft.objects.get(case=walk.case).content["changes"][0]
    assert (row["cores"], row["memory"], row["before"]["cores"]) == ("16", "36", "16")
    through(walk.submit()).deliver("lt", "ECS-新-")
    assert facts(walk) == [(MEM, "变更", Decimal(36))]
    assert held(first)[CPU] == 16


def test_R036_审核通过以后更正了没有动的格_照样实施_只动改过的格() -> None:
    project, (first, *_) = running_project()
    walk = through(change(project, [grown(first, memory="36")]).submit())
    corrected(first, CPU, "16", walk.on)
    assert [str(one) for one in guards.drifted(walk.case)] == [f"第 1 行 {first.code} 起草以后台账变了：CPU 8→16 核"]
    walk.deliver("lt", "ECS-新-")
    assert facts(walk) == [(MEM, "变更", Decimal(36))]
    assert held(first)[CPU] == 16


def test_R036_先起草的后办_另一件先改了没有动的格_不改回去也不绕过上限() -> None:
    project, (first, *_) = running_project()
    early = change(project, [grown(first, memory="36")])
    through(change(project, [grown(first, cores="6")]).submit()).deliver("lt", "ECS-一-")
    with pytest.raises(Refused, match="CPU 8→6 核"):
        early.submit()
    opened(early)
    growth = {one.dimension: one.added for one in guards.growth_of(
        early.case, Draft.objects.get(case=early.case).content, project, early.on
    )}  # fmt: skip
    assert growth.get("CPU 核", Decimal(-2)) == -2
    through(early.submit()).deliver("lt", "ECS-二-")
    assert held(first)[CPU] == 6
    assert facts(early) == [(MEM, "变更", Decimal(36))]


def test_R036_没有动的操作系统_网络区域也不写回() -> None:
    project, (first, *_) = running_project()
    walk = through(change(project, [grown(first, memory="36")]).submit())
    Resource.objects.filter(pk=first.pk).update(system="统信 V20", zone="互联网区")
    walk.deliver("lt", "ECS-新-")
    first.refresh_from_db()
    assert (first.system, first.zone) == ("统信 V20", "互联网区")


def test_R036_改了操作系统的_只换操作系统() -> None:
    project, (first, *_) = running_project()
    zone = first.zone
    through(change(project, [grown(first, os="统信 V20")]).submit()).deliver("lt", "ECS-新-")
    first.refresh_from_db()
    assert (first.system, first.zone) == ("统信 V20", zone)


# ── 动过的格，现状变了 ──


def test_R036_改过的格现状变了_打开时空着等人重填_没有重填交不上去() -> None:
    project, (first, *_) = running_project()
    walk = change(project, [grown(first, memory="36")])
    BusinessClock.objects.update_or_create(id=1, defaults={"on": walk.on})
    corrected(first, MEM, "48", walk.on)
    with pytest.raises(Refused, match="内存 32→48 GB；内存改的 36 是照旧数写的，要重填"):
        walk.submit()
    opened(walk)
    with pytest.raises(Refused, match="内存不能为空"):
        walk.submit()
    row = Draft.objects.get(case=walk.case).content["changes"][0]
    through(walk.fill(changes=[{**row, "memory": "52"}]).submit()).deliver("lt", "ECS-新-")
    assert facts(walk) == [(MEM, "变更", Decimal(52))]


def test_R036_提交以后改过的格现状变了_服务商确认_审核都拦下_退回补正重填() -> None:
    project, (first, *_) = running_project()
    walk = change(project, [grown(first, memory="36")]).submit().act("mzj-fzr", "approve")
    corrected(first, MEM, "33", walk.on)
    with pytest.raises(Refused, match="内存 32→33 GB；内存改的 36 是照旧数写的，要重填；请退回使用单位补正"):
        walk.act("lt", "confirm")
    corrected(first, MEM, "32", walk.on)
    walk.act("lt", "confirm")
    corrected(first, MEM, "34", walk.on)
    with pytest.raises(Refused, match="内存 32→34 GB"):
        walk.act("shy", "approve")
    walk.act("shy", "return", opinion="台账变了", marks={"changes.0.memory": "重填"})
    with pytest.raises(Refused, match="内存 32→34 GB"):
        walk.submit()
    walk.fill(changes=[grown(first, memory="38")]).submit().act("shy", "approve").deliver("lt", "ECS-新-")
    assert facts(walk) == [(MEM, "变更", Decimal(38))]


def test_R036_实施时改过的格现状变了_填不了回执_服务商退回补正_重新审核通过才算通过() -> None:
    project, (first, *_) = running_project()
    walk = through(change(project, [grown(first, memory="36")]).submit())
    approved = walk.on
    corrected(first, MEM, "34", walk.on)
    with pytest.raises(Refused, match="内存 32→34 GB"):
        walk.deliver("lt", "ECS-新-")
    assert Fact.objects.filter(case=walk.case).count() == 0
    assert reviewed_on(walk.case) == approved
    walk.later(1).act("lt", "return", opinion="台账变了，请重填")
    assert (board(walk).state, reviewed_on(walk.case)) == ("补正中", None)
    walk.fill(changes=[grown(first, memory="38")]).submit()
    walk.later(1).act("shy", "approve")
    assert reviewed_on(walk.case) == walk.on
    walk.deliver("lt", "ECS-新-")
    assert facts(walk) == [(MEM, "变更", Decimal(38))]


def test_R036_服务项的现状变了_点名_空着存不算释放_重填了才交得上() -> None:
    project, _ = running_project()
    code, segment = next(iter(changing.held_services(project).items()))
    resource = segment.resource
    now = f"{segment.quantity.normalize():f}"
    asked = f"{segment.quantity + 1:f}"
    walk = change(
        project, [], growth_reason="扩",
        service_changes={code: {"quantity": asked, "before": now, "resource": resource.code, "note": ""}},
    )  # fmt: skip
    BusinessClock.objects.update_or_create(id=1, defaults={"on": walk.on})
    corrected(resource, code, f"{segment.quantity + 2:f}", walk.on)
    with pytest.raises(Refused, match=f"起草以后台账变了：现有 {now}→"):
        walk.submit()
    url, client = f"/apply/{walk.case.number}/services/", signed_in()
    page = client.get(url).content.decode()
    assert f'name="again:{code}"' in page
    fresh = f"{(segment.quantity + 2).normalize():f}"
    post = {"version": Draft.objects.get(case=walk.case).version, f"old:{code}": fresh, f"res:{code}": resource.code}
    client.post(url, {**post, f"new:{code}": "", f"again:{code}": "1", f"note:{code}": ""})
    assert Draft.objects.get(case=walk.case).content["service_changes"][code]["quantity"] == asked
    with pytest.raises(Refused, match="起草以后台账变了"):
        walk.submit()
    post["version"] = Draft.objects.get(case=walk.case).version
    client.post(url, {**post, f"new:{code}": f"{segment.quantity + 5:f}", f"again:{code}": "1", f"note:{code}": ""})
    assert Draft.objects.get(case=walk.case).content["service_changes"][code]["before"] == fresh
    walk.submit()


def test_R036_页面打开以后台账才变的_存的是人看到的现状_提交时点得出来() -> None:
    project, (first, *_) = running_project()
    walk = change(project, [])
    BusinessClock.objects.update_or_create(id=1, defaults={"on": walk.on})
    seen = grid.current(first)
    corrected(first, CPU, "16", walk.on)
    post = QueryDict(mutable=True)
    row = {**seen, "memory": "36", "action": "变更", "resource": first.code, "base": json.dumps(seen)}
    post.update({f"h:0:{key}": value for key, value in row.items()})
    rows = grid.parse(CHANGES, post, {}, project)["changes"]
    assert rows[0]["before"]["cores"] == "8"
    with pytest.raises(Refused, match="CPU 8→16 核"):
        walk.fill(changes=rows).submit()


# ── 目录项 ──


def swapped(resource: Resource, old: str, new: Item | None) -> None:
    """这台主机的一项从开通起就是另一个目录项；没有另一项的，是从来没有。"""
    fact = Fact.objects.get(resource=resource, item__code=old)
    void(actor=cast()["shy"], on=fact.effective_on, fact=fact, reason="记错了目录项")
    if new:
        line = Line(resource, new, "新增", fact.quantity, fact.effective_on)
        record(actor=cast()["shy"], on=fact.effective_on, lines=[line])


def also(resource: Resource, item: Item, quantity: int) -> None:
    """这个资源还用着另一项。"""
    start = resource.segments.order_by("during").first().during.lower  # type: ignore[union-attr]
    record(actor=cast()["shy"], on=start, lines=[Line(resource, item, "新增", Decimal(quantity), start)])


def district(resource: Resource) -> None:
    """这台主机用的是区级云主机的核和内存，盘还是市级的：全区的区级主机都是这样记的。"""
    for dimension, old, code in (("CPU 核", CPU, "QJ-CPU"), ("内存 GB", MEM, "QJ-MEM")):
        new, _ = Item.objects.get_or_create(
            code=code,
            defaults={
                "name": f"区级云主机{dimension}", "category": "基础设施", "unit": "核·年", "pricing": "单价",
                "cycle": "年", "logged": True, "dimension": dimension, "architecture": "X86", "level": "区级",
            },
        )  # fmt: skip
        swapped(resource, old, new)


def test_R036_区级云主机改内存_只改区级内存这一项_不换成市级的() -> None:
    project, (first, *_) = running_project()
    district(first)
    before = held(first)
    walk = through(change(project, [grown(first, memory="36")]).submit())
    row = receipts.rows(walk.case)[0]
    assert row.title == f"第 1 行 变更 {first.code} 内存 32→36 GB"
    walk.deliver("lt", "ECS-新-")
    assert facts(walk) == [("QJ-MEM", "变更", Decimal(36))]
    assert held(first) == {**before, "QJ-MEM": Decimal(36)}


def test_R036_区级云主机加数据盘_用它已用着的市级盘_估算和预测照在用的目录项() -> None:
    _, (first, *_) = running_project()
    district(first)
    swapped(first, DISK, None)
    row = grown(first, data_disk="0.5", memory="36")
    content = {"changes": [row], "architecture": "X86"}
    known = items()
    assert grid.deltas(content, known) == [(first.code, {"QJ-MEM": Decimal(4), DISK: Decimal("0.5")})]
    asked = grid.quantities(content, known)
    assert (asked["QJ-CPU"], asked["QJ-MEM"], asked[DISK]) == (Decimal(8), Decimal(36), Decimal("0.5"))
    assert CPU not in asked


def test_R036_信创的主机_表上系统架构是X86_改内存仍是信创的内存() -> None:
    project, (first, *_) = running_project()
    for dimension in ("CPU 核", "内存 GB"):
        other = Item.objects.get(dimension=dimension, architecture="XC", level="市级")
        swapped(first, {"CPU 核": CPU, "内存 GB": MEM}[dimension], other)
    walk = through(change(project, [grown(first, memory="36")], architecture="X86").submit())
    walk.deliver("lt", "ECS-新-")
    assert facts(walk) == [("ZJ-MEM-XC", "变更", Decimal(36))]


def test_R036_数据盘换成SSD_放普通盘另加SSD_别的不动() -> None:
    project, (first, *_) = running_project()
    size = grid.current(first)["data_disk"]
    walk = through(change(project, [grown(first, ssd="是")], growth_reason="换盘").submit())
    walk.deliver("lt", "ECS-新-")
    assert facts(walk) == [(DISK, "释放", None), ("ZJ-SSD", "新增", Decimal(size))]


def test_R036_普通盘SSD都有的主机_改内存不动盘_改盘说不清_不收() -> None:
    project, (first, *_) = running_project()
    solid = Item.objects.get(code="ZJ-SSD")
    also(first, solid, 2)
    with pytest.raises(Refused, match=r"用着几项.*说不清改哪一项"):
        change(project, [grown(first, data_disk="3")]).submit()
    before = held(first)
    through(change(project, [grown(first, memory="36")]).submit()).deliver("lt", "ECS-新-")
    assert held(first) == {**before, MEM: Decimal(36)}


def test_R036_记在同一编号上的别的服务项_变更释放一项时不碰() -> None:
    project, _ = running_project()
    code, segment = next(iter(changing.held_services(project).items()))
    other = Item.objects.filter(dimension="", level="市级").exclude(code__in=changing.held_services(project)).first()
    assert other is not None
    also(segment.resource, other, 1)
    released = {"quantity": "", "before": f"{segment.quantity.normalize():f}", "resource": segment.resource.code}
    walk = through(change(project, [], service_changes={code: {**released, "note": ""}}).submit())
    walk.deliver("lt", "ECS-新-")
    assert facts(walk) == [(code, "释放", None)]
    assert other.code in held(segment.resource)


def test_R036_释放别家服务商的平台软件_记在它自己的服务商名下() -> None:
    project, _ = running_project()
    code, segment = next(iter(changing.held_services(project).items()))
    other = Institution.objects.exclude(pk=segment.resource.provider_id).filter(code="CT").get()
    Item.objects.filter(code=code).update(provider=other)
    Resource.objects.filter(pk=segment.resource.pk).update(provider=other)
    row = {"quantity": "", "before": f"{segment.quantity.normalize():f}", "resource": segment.resource.code, "note": ""}
    walk = through(change(project, [], service_changes={code: row}).submit())
    walk.deliver("lt", "ECS-新-")
    assert facts(walk) == [(code, "释放", None)]


# ── 不收的 ──


def test_R001_变更别的项目的资源_不收_也看不到它的现状() -> None:
    project, (first, *_) = running_project()
    _, (other, *_) = running_project()
    post = QueryDict(mutable=True)
    post.update({"h:0:action": "变更", "h:0:resource": other.code, "h:0:memory": "36"})
    rows = grid.parse(CHANGES, post, {}, project)["changes"]
    assert "before" not in rows[0]
    with pytest.raises(Refused, match=f"资源 {other.code} 不是这个项目的，不能在这里变更、释放"):
        change(project, [grown(other, memory="36"), grown(first, memory="36")]).submit()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"type": "物理机"},
            "台账是云主机，改成物理机是另一种资源，要重新计费；变更改不了类型，请释放这一台，另填一行新增",
        ),
        ({}, "没有改动：各格与台账的现状一样"),
        ({"data_disk": ""}, "数据盘：台账是 .*，空着不知道是不改还是不要"),
    ],
)
def test_R036_变更改类型_什么都没改_数据盘空着_不收(values: dict[str, str], said: str) -> None:
    project, (first, *_) = running_project()
    with pytest.raises(Refused, match=said):
        change(project, [grown(first, **values)]).submit()


def test_R036_SSD空着_台账是SSD_不知道换不换_不收() -> None:
    project, (first, *_) = running_project()
    solid = Item.objects.get(code="ZJ-SSD")
    swapped(first, DISK, solid)
    with pytest.raises(Refused, match="SSD：台账是 是，空着不知道是不改还是不要；不改的照填，换成普通盘的选否"):
        change(project, [grown(first, memory="36", ssd="")]).submit()


def test_R036_勾释放又写了与台账不同的数_不收_数一样的收() -> None:
    project, (first, *_) = running_project()
    row = {**grown(first), "action": "释放", "backup": "已完成"}
    with pytest.raises(Refused, match=r"CPU：释放是整个资源 .* 都不要了，这里写的是 2，台账是 8；只减一部分的请选变更"):
        change(project, [{**row, "cores": "2"}]).submit()
    change(project, [row]).submit()


def test_R036_服务项改为的数与现有的一样_不收() -> None:
    project, _ = running_project()
    code, segment = next(iter(changing.held_services(project).items()))
    now = f"{segment.quantity.normalize():f}"
    row = {"quantity": f"{segment.quantity:.2f}", "before": now, "resource": segment.resource.code, "note": "加"}
    with pytest.raises(Refused, match="与现有的一样，没有改动"):
        change(project, [], service_changes={code: row}).submit()


def test_R037_变更物理机_台账没有核数内存_不算成新增() -> None:
    row = {**added(), "type": "物理机", "cores": "64", "action": "变更", "before": {"type": "物理机", "count": "1"}}
    assert amounts.of_change({"changes": [row]}) == {}


def test_R036_任务清单_填了服务项变更的不说不需要() -> None:
    project, _ = running_project()
    code, segment = next(iter(changing.held_services(project).items()))
    row = {"quantity": f"{segment.quantity + 1:f}", "before": f"{segment.quantity:f}", "note": ""}
    walk = change(project, [], service_changes={code: row})
    rows = signed_in().get(f"/apply/{walk.case.number}/?tried=1").context["rows"]
    assert {section.code: status for section, status in rows}["services"] == "已完成"


# ── 回执 ──


@pytest.mark.parametrize("order", ["x" * 65, "GD⏎x".replace("⏎", "\n"), "GD\tx"])
def test_R052_回执的工单号太长_有换行制表_拒绝_与接口同一限度(order: str) -> None:
    project, (first, *_) = running_project()
    walk = through(change(project, [grown(first, memory="36")]).submit())
    row = receipts.rows(walk.case)[0]
    filled = {row.key: {"resource": first.code, "order": order, "on": walk.on.isoformat()}}
    with pytest.raises(Refused, match="云管平台工单号最多 64 个字，不能有换行、制表"):
        walk.act("lt", "deliver", detail={"rows": filled})


# ── 随机的一串 ──

_STEP = st.sampled_from(["更正", "另一件", "提交", "办结"])
_CELL = st.sampled_from([(CPU, "cores"), (MEM, "memory")])


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    cell=_CELL,
    steps=st.lists(st.tuples(_STEP, _CELL, st.integers(1, 8)), min_size=1, max_size=5),
)
def test_R036_起草_更正_另一件先办_怎样交错_没有动的格不产生事实_台账就是各次改的结果(
    cell: tuple[str, str], steps: list[tuple[str, tuple[str, str], int]]
) -> None:
    with transaction.atomic():
        project, (first, *_) = running_project()
        expected = held(first)
        item, key = cell
        walk = change(project, [grown(first, **{key: "9"})], growth_reason="扩")
        done = False
        for step, (other, other_key), number in steps:
            try:
                with transaction.atomic():
                    if step == "更正":
                        corrected(first, other, str(number), walk.on)
                        expected[other] = Decimal(number)
                    elif step == "另一件":
                        again = change(project, [grown(first, **{other_key: str(number)})], growth_reason="扩")
                        finished(again)
                        expected[other] = Decimal(number)
                    elif step == "提交":
                        walk.submit()
                    elif not done:
                        finished(walk, submitted=Filing.objects.filter(case=walk.case).exists())
                        expected[item], done = Decimal(9), True
            except Refused:
                continue
        assert held(first) == expected
        assert {code for code, *_ in facts(walk)} <= {item}
        assert {code for code, *_ in facts(walk)} == ({item} if done else set())
        transaction.set_rollback(True)


def finished(walk: Walk, *, submitted: bool = False) -> None:
    """一路办结；哪一步拦下就整件退回去。"""
    if not submitted:
        walk.submit()
    walk.act("mzj-fzr", "approve").act("lt", "confirm").act("shy", "approve")
    if board(walk).step == "special":
        walk.act("kw", "approve", opinion="同意")
    if board(walk).step == "economy":
        walk.act("sjx", "approve")
    walk.deliver("lt", "ECS-串-")
