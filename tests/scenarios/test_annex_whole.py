"""附件3 释放是整个资源：只填了几格、备注另写了话的要人点头；变更的话与格子方向相反、像是增量的要人点头（R-036）。"""

from __future__ import annotations

import pytest

from tests.scenarios.test_annex_fitting import fitted, printed
from tests.scenarios.test_change_annex import asked, host, of, refused, written
from tests.scenarios.test_lifecycle_others import change
from yunheng.applications import changing, grid
from yunheng.ledger.models import Resource

pytestmark = pytest.mark.django_db

__all__ = ["host"]

RELEASE = "☐ 新增\n☐ 变更\n☑ 释放"
EMPTY = {"cores": "", "memory": "", "os": "", "system_disk": "", "data_disk": "", "zone": ""}


def released(host: Resource, note: str = "", **cells: str) -> str:
    """勾释放、各格这样填的一行，要人点头的话。"""
    walk = of(host, memory="36")
    _, notes = fitted(walk, written(walk, f"{host.code}{note}", action=RELEASE, **{**EMPTY, **cells}))
    assert refused(notes) == ""
    return asked(notes)


@pytest.mark.parametrize("filled", [("data_disk",), ("memory",), ("cores", "memory")])
def test_R036_释放的一行只填了几格_问是整台还是只放这几样(filled: tuple[str, ...], host: Resource) -> None:
    now = grid.current(host)
    said = released(host, **{key: now[key] for key in filled})
    assert f"勾的是释放 {host.code}，只填了" in said
    assert "整台释放还是只放" in said


def test_R036_释放的一行各格都空着_或照台账都填了_不问(host: Resource) -> None:
    now = grid.current(host)
    assert "整台释放还是" not in released(host)
    assert "整台释放还是" not in released(
        host, **{key: now[key] for key in ("cores", "memory", "system_disk", "data_disk")}
    )


def test_R036_释放的备注另写了话_要人点头_说整个不要了的不问(host: Resource) -> None:
    for note in (
        "；数据盘不要了", "；释放数据盘", " 数据盘", "（内存）", "；停用一半内存", "；公网IP 不用了",
        "；CPU 减半", "；12 月底再释放",
        "；暂不释放", "；下周下线", "；数据库服务器",
    ):  # fmt: skip
        assert "整个资源都不要了，备注却写了" in released(host, note), note
    for note in ("", "；释放", "；注销", "；整台释放", "；不再使用", "；该主机已停用，申请全部释放", "；整机下线。"):
        assert "备注却写了" not in released(host, note), note


def test_R036_释放服务项而说明另写了话_要人点头_说整项不要了的不问(host: Resource) -> None:
    code, segment = next(iter(changing.held_services(host.project).items()))
    row = {"quantity": "", "before": f"{segment.quantity.normalize():f}", "resource": segment.resource.code}
    walk = change(host.project, [], service_changes={code: {**row, "note": ""}})
    for note, odd in (
        ("释放 1TB", True), ("缩减到 2TB", True), ("年底再停", True), ("一半", True),
        ("不再使用", False), ("全部释放", False), ("", False),
    ):  # fmt: skip
        walk.fill(service_changes={code: {**row, "note": note}})
        assert ("是整项都不要了，说明却写了" in asked(fitted(walk, printed(walk, 3))[1])) is odd, note


@pytest.mark.parametrize(
    ("note", "memory", "told"),
    [
        ("扩容", "16", "备注写了“扩容”，格里却减少了"), ("升级配置", "16", "备注写了“升级”，格里却减少了"),
        ("缩容", "64", "备注写了“缩容”，格里却增加了"), ("降配", "64", "备注写了“降配”，格里却增加了"),
        ("追加内存", "64", "是增加的数还是变更以后的总量"), ("本次增加", "64", "是增加的数还是变更以后的总量"),
        ("增量", "40", "是增加的数还是变更以后的总量"), ("扩容", "64", ""), ("缩容", "16", ""), ("业务增长", "64", ""),
        ("再加 32", "64", ""), ("增加内存", "64", ""),
    ],
)  # fmt: skip
def test_R036_变更的备注与格子方向相反_像是增量_要人点头(note: str, memory: str, told: str, host: Resource) -> None:
    walk = of(host, memory="36")
    said = asked(fitted(walk, written(walk, f"{host.code}；{note}", memory=memory))[1])
    assert told in said
    assert bool(told) is ("备注写了" in said)


def test_R036_变更只换系统的写系统升级_不问(host: Resource) -> None:
    walk = of(host, memory="36")
    document = written(walk, f"{host.code}；系统升级", memory="32", os="openEuler 22.03")
    assert "备注写了" not in asked(fitted(walk, document)[1])


def test_R036_服务项说再要_追加_要人点头_原来没有的不问(host: Resource) -> None:
    code, segment = next(iter(changing.held_services(host.project).items()))
    now = segment.quantity.normalize()
    row = {"before": f"{now:f}", "resource": segment.resource.code}
    walk = change(host.project, [], service_changes={"WL-IP": {"quantity": "2", "note": "新增", "before": ""}})
    if "WL-IP" not in changing.held_services(host.project):
        assert "备注写了" not in asked(fitted(walk, printed(walk, 3))[1])
    for note in ("再要", "增量", "本次增加", "追加"):
        for quantity in (now + 5, now / 2):
            walk.fill(service_changes={code: {**row, "quantity": f"{quantity.normalize():f}", "note": note}})
            assert "备注写了" in asked(fitted(walk, printed(walk, 3))[1]), (note, quantity)
