"""附件3 的一行对着台账：只释放一部分、换类型的拒绝到格，没有改动、备注对不上的点名，没有动的格不写回（R-036）。"""

from __future__ import annotations

from typing import Any

import pytest

from tests.scenarios.test_annex_fitting import changes_row, doubtful, fitted, printed, rewrite
from tests.scenarios.test_change_bases import CPU, DISK, MEM, corrected, swapped
from tests.scenarios.test_lifecycle_others import change, grown, running_project
from yunheng.applications import changing
from yunheng.audit.refused import Refused
from yunheng.catalog.models import Item
from yunheng.config.demo.stories import Walk
from yunheng.ledger.models import Resource
from yunheng.tables.notes import Note, Outcome

pytestmark = pytest.mark.django_db


def asked(notes: tuple[Note, ...]) -> str:
    return "\n".join(str(note) for note in notes if note.doubtful)


def refused(notes: tuple[Note, ...]) -> str:
    return "\n".join(str(note) for note in notes if note.outcome == Outcome.REFUSED)


def written(walk: Walk, note: str = "", **cells: str) -> Any:
    """变更表印出来，改其中第一行的几格和备注。"""
    document = printed(walk, 3)
    row = changes_row(document)
    own = list(dict.fromkeys(row.cells))
    for place, key in enumerate(
        ("type", "action", "cores", "memory", "os", "system_disk", "data_disk", "zone", "count")
    ):
        if key in cells:
            own[place].text = cells[key]
    if note:
        own[-1].text = note
    return document


@pytest.fixture
def host() -> Resource:
    _, (first, *_) = running_project()
    return first


def of(host: Resource, **values: str) -> Walk:
    return change(host.project, [grown(host, **values)])


# ── 释放是整个资源 ──


def test_R036_勾释放又写了与台账不同的数_拒绝到格_红着_交不上去(host: Resource) -> None:
    walk = of(host, memory="36")
    document = written(walk, action="☐ 新增\n☐ 变更\n☑ 释放", memory="32", data_disk="0.1")
    values, notes = fitted(walk, document)
    assert f"勾的是释放 {host.code}，整个资源都不要了，“数据盘”却写了 0.1" in refused(notes)
    assert "“内存”却写了" not in refused(notes)
    assert "格" in next(note.where for note in notes if "却写了" in note.text)
    walk.fill(changes=[{**values["changes"][0], "backup": "已完成"}])
    with pytest.raises(Refused, match="数据盘：释放是整个资源"):
        walk.submit()


def test_R036_勾释放_各格空着或与台账一样_照收(host: Resource) -> None:
    walk = of(host, memory="36")
    values, notes = fitted(walk, written(walk, action="☐ 新增\n☐ 变更\n☑ 释放", memory="32"))
    assert refused(notes) == ""
    walk.fill(changes=[{**values["changes"][0], "backup": "已完成"}]).submit()


@pytest.mark.parametrize("note", ["仅释放数据盘 0.5TB", "只释放一半", "保留系统盘", "部分释放", "减 2 核"])
def test_R036_勾释放而备注说只放一部分_要人点头(note: str, host: Resource) -> None:
    walk = of(host, memory="36")
    document = written(walk, f"{host.code}；{note}", action="☐ 新增\n☐ 变更\n☑ 释放", memory="")
    assert "整个资源都不要了，备注却写了" in asked(fitted(walk, document)[1])


# ── 类型、架构 ──


def test_R036_变更勾物理机而台账是云主机_拒绝到格_释放后另新增(host: Resource) -> None:
    walk = of(host, memory="36")
    _, notes = fitted(walk, written(walk, type="☐ 云主机\n☑ 物理机"))
    assert f"变更 {host.code} 勾的是物理机，台账是云主机：换类型要重新计费，变更改不了；请释放后另新增" in refused(
        notes
    )


def test_R036_系统架构改勾信创_变更的照台账_点名(host: Resource) -> None:
    walk = of(host, memory="36")
    document = printed(walk, 3)
    assert "系统架构" not in asked(fitted(walk, document)[1])
    rewrite(document, "☑ X86  ☐ XC", "☐ X86  ☑ XC")
    assert f"“系统架构”勾的是 XC，变更的 {host.code} 台账不是：照台账，不换" in asked(fitted(walk, document)[1])


# ── 没有改动、备注 ──


def test_R036_变更的各格与台账一样_要人点头_改了的不问(host: Resource) -> None:
    walk = of(host, memory="36")
    assert "没有改动" not in asked(fitted(walk, printed(walk, 3))[1])
    assert f"变更 {host.code} 的各格与台账一样，没有改动" in asked(fitted(walk, written(walk, memory="32"))[1])


@pytest.mark.parametrize(
    ("note", "memory", "odd"),
    [
        ("扩容 32GB", "32", True), ("内存加 4", "36", False), ("增加 8", "36", True), ("减少 4", "36", True),
        ("减 4", "28", False), ("内存扩容到 36G", "36", False), ("业务增长", "36", False),
    ],
)  # fmt: skip
def test_R036_备注说加减多少_格里没有正好加减这么多的_要人点头(
    note: str, memory: str, odd: bool, host: Resource
) -> None:
    walk = of(host, memory="40")
    said = asked(fitted(walk, written(walk, f"{host.code}；{note}", memory=memory))[1])
    assert ("格里要写变更以后的总量" in said or "与这一行各栏写的不一样" in said or "没有改动" in said) == odd


def test_R036_服务项在原数上增加而数量写成增量_要人点头(host: Resource) -> None:
    code, segment = next(iter(changing.held_services(host.project).items()))
    now = segment.quantity.normalize()
    row = {"quantity": f"{now + 2:f}", "before": f"{now:f}", "resource": segment.resource.code}
    walk = change(host.project, [], service_changes={code: {**row, "note": "在原有基础上增加 2"}})
    assert "加减这么多" not in asked(fitted(walk, printed(walk, 3))[1])
    walk.fill(service_changes={code: {**row, "quantity": f"{now + 1:f}", "note": "在原有基础上增加 2"}})
    assert "备注写了“增加 2”，格里没有正好加减这么多的" in asked(fitted(walk, printed(walk, 3))[1])
    walk.fill(service_changes={code: {**row, "quantity": f"{now:f}", "note": "核对"}})
    assert "与台账一样，没有改动" in asked(fitted(walk, printed(walk, 3))[1])


@pytest.mark.parametrize("note", ["数据盘改为普通盘", "SAS 盘", "换成 HDD", "机械盘即可", "非SSD", "不用固态"])
def test_R036_备注说普通盘而台账是SSD_要人点头(note: str, host: Resource) -> None:
    swapped(host, DISK, Item.objects.get(code="ZJ-SSD"))
    walk = of(host, memory="36")
    said = asked(fitted(walk, written(walk, f"{host.code}；{note}"))[1])
    assert "SSD 照台账是“是”；要换普通盘的" in said


@pytest.mark.parametrize("note", ["数据盘改为普通盘", "SAS 盘"])
def test_R036_备注说普通盘_台账也是普通盘_不问(note: str, host: Resource) -> None:
    walk = of(host, memory="36")
    assert "普通盘的" not in asked(fitted(walk, written(walk, f"{host.code}；{note}"))[1])


# ── 文件里没有动的格 ──


def test_R036_印出来以后台账更正了_文件里没有动的格照今天的台账_不当作改回去(host: Resource) -> None:
    walk = of(host, memory="36")
    document = printed(walk, 3)
    corrected(host, CPU, "16", walk.on)
    values, notes = fitted(walk, document)
    row = values["changes"][0]
    assert (row["cores"], row["memory"], row["before"]["cores"]) == ("16", "36", "16")
    assert f"变更 {host.code} 的“CPU”与文件里的现状一样写 8，没有动，照今天的台账是 16" in asked(notes)
    assert "现状里" in doubtful(notes)


def test_R036_文件里改了的格_现状变了_照文件_现状点名(host: Resource) -> None:
    walk = of(host, memory="36")
    document = printed(walk, 3)
    corrected(host, MEM, "34", walk.on)
    values, notes = fitted(walk, document)
    assert (values["changes"][0]["memory"], values["changes"][0]["before"]["memory"]) == ("36", "34")
    assert f"现状里 {host.code} 的“内存”写的是“32”，台账是“34”" in doubtful(notes)


def test_R036_备注的编号另带了字_写法形近_照它读_要人点头(host: Resource) -> None:
    walk = of(host, memory="36")
    values, notes = fitted(walk, written(walk, f"数据库服务器{host.code.lower()}"))
    assert [row["resource"] for row in values["changes"]] == [host.code]
    assert f"照项目里形近的 {host.code} 读，请核对" in asked(notes)


def test_R036_备注的编号与别的数连着_不猜_点名像哪一个(host: Resource) -> None:
    walk = of(host, memory="36")
    values, notes = fitted(walk, written(walk, f"{host.code}由32G改"))
    assert values["changes"] == []
    assert f"像是 {host.code}，备注头一段请只写编号" in asked(notes)
