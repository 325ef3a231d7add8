"""其余各步：配额、对接、开发、应急、临时、延期、注销的退回、不予通过、下发；日子在国庆 2025、春节 2026 前后。"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.scenarios.test_lifecycle_duties import docking
from tests.scenarios.test_lifecycle_others import (
    assessed,
    board,
    change,
    deregistration,
    development,
    emergency,
    extension,
    grown,
    opened_temporary,
    quota,
    running_project,
    temporary,
)
from tests.support.people import cast
from yunheng.applications.models import Quota
from yunheng.audit.refused import NotYours, Refused
from yunheng.config.demo.stories import Walk
from yunheng.ledger.models import Fact, Segment
from yunheng.security.models import Condition

pytestmark = pytest.mark.django_db

#: 春节 2026 放假（2-15 至 2-23）前最后一个周五
BEFORE_SPRING = date(2026, 2, 13)


def asked(dimension: str = "CPU 核", amount: str = "64", on: date = BEFORE_SPRING, **more: Any) -> Walk:
    return Walk(cast(), "mzj", on, "quota", project_name=f"配额 {dimension} {amount}").fill(
        leader="周",
        contact="021-67000000",
        classified="否",
        level="二级",
        quota=[{"dimension": dimension, "amount": amount, **more}],
    )


# ── 配额（R-031）──


def test_R031_配额由市经信审核_别的角色办不了() -> None:
    walk = asked().submit().act("mzj-fzr", "approve")
    assert board(walk).roles == ["city_economy"]
    for who in ("shy", "kw", "szg"):
        with pytest.raises(NotYours):
            walk.act(who, "approve")
    assert not Quota.objects.exists()


def test_R031_配额退回补正再核定_以补正后的为准() -> None:
    walk = asked().submit().act("mzj-fzr", "approve")
    walk.act("sjx", "return", opinion="量偏大", marks={"quota.0.amount": "请按压测结果"})
    walk.fill(quota=[{"dimension": "CPU 核", "amount": "48"}]).submit().act("sjx", "approve", opinion="核定")
    assert [int(row.amount) for row in Quota.objects.all()] == [48]


def test_R031_不予通过的配额不生效() -> None:
    walk = asked().submit().act("mzj-fzr", "approve").act("sjx", "reject", opinion="未立项")
    assert board(walk).state == "不予通过"
    assert not Quota.objects.exists()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"dimension": "", "amount": "1"}, "维度不能为空"),
        ({"dimension": "CPU 核", "amount": "八"}, "配额：应为数字"),
        ({"dimension": "CPU 核", "amount": "8", "from_month": "13", "until_month": "2"}, "月份区间要写全"),
        ({"dimension": "CPU 核", "amount": "8", "from_month": "6"}, "月份区间要写全"),
    ],
)
def test_R031_配额填得不对_逐行说明(row: dict[str, str], words: str) -> None:
    with pytest.raises(Refused, match=words):
        asked().fill(quota=[row]).submit()


# ── 区级对接（R-032）──


def test_R032_对接退回补正_补正后回到审核() -> None:
    walk = docking().submit().act("mzj-fzr", "approve")
    walk.act("shy", "return", opinion="架构再想想", marks={"architecture": "建议信创"})
    assert board(walk).state == "补正中"
    assert board(walk.fill(architecture="XC").submit()).step_name == "区科创中心审核"


def test_R032_对接不予通过_不到备案() -> None:
    walk = docking().submit().act("mzj-fzr", "approve").act("shy", "reject", opinion="并入已有平台")
    assert board(walk).state == "不予通过"


# ── 迁移接下来（R-035、R-040、R-101）──


def test_R035_R040_迁移双审后下发_验证_六项_正式开通() -> None:
    walk = assessed().act("shy", "approve").act("xxk", "approve").later(2).deliver("lt", "ECS-QY-")
    assert board(walk).state == "测试期"
    walk.act("jyj", "pass")
    with pytest.raises(Refused, match="R-101"):
        walk.act("shy", "open")
    assert board(walk.secure().act("shy", "open")).state == "已办结"
    assert walk.case.clearances.count() == len(Condition)


# ── 变更的补正（R-036、R-045）──


def test_R036_变更审核退回补正_补正后不必再过服务商确认() -> None:
    project, hosts = running_project()
    walk = change(project, [grown(hosts[0], memory="36")]).submit().act("mzj-fzr", "approve").act("lt", "confirm")
    walk.act("shy", "return", opinion="说明太简", marks={"statement": "请写明业务量"})
    assert board(walk.fill(statement="业务量翻倍").submit()).step_name == "区科创中心审核"


def test_R036_未经审核服务商不能实施() -> None:
    project, hosts = running_project()
    walk = change(project, [grown(hosts[0], memory="36")]).submit().act("mzj-fzr", "approve").act("lt", "confirm")
    with pytest.raises(NotYours, match="在区科创中心审核员手上"):
        walk.deliver("lt", "ECS-抢-")


# ── 注销的退回（R-039）──


def test_R039_注销退回补正期间照常计费_补正通过后次日停() -> None:
    project, _ = running_project()
    walk = deregistration(project).submit().act("mzj-fzr", "approve")
    walk.act("shy", "return", opinion="备份说明不清", marks={"backup_note": "写明备份到哪里"})
    assert Segment.objects.filter(resource__project=project, during__upper_inf=True).exists()
    walk.fill(backup_note="已备份到灾备中心，负责人周建国").submit().act("shy", "approve")
    assert not Segment.objects.filter(resource__project=project, during__upper_inf=True).exists()


# ── 开发、应急、临时（R-041 至 R-044）──


def test_R041_开发资源由运管单位审核_五个工作日_跨国庆2025() -> None:
    walk = development(quota("400")).submit().act("mzj-fzr", "approve")
    assert (board(walk).roles, board(walk).due_on) == (["reviewer"], date(2025, 10, 11))
    walk.act("shy", "approve").later(2).deliver("lt", "ECS-KF-")
    assert board(walk).state == "已办结"
    expires = Segment.objects.filter(resource__facts__case=walk.case).values_list("expires_on", flat=True)
    assert set(expires) == {date(2025, 12, 28)}


def test_R042_应急资源批准后下发_台账记着到期日() -> None:
    walk = emergency().submit().act("mzj-fzr", "approve").act("sjx", "approve", opinion="同意").later(1)
    assert board(walk).state == "待下发"
    walk.deliver("lt", "ECS-YJ-")
    assert set(Fact.objects.filter(case=walk.case).values_list("expires_on", flat=True)) == {date(2025, 12, 28)}


def test_R042_应急资源市经信不批的_不下发() -> None:
    walk = emergency().submit().act("mzj-fzr", "approve").act("sjx", "reject", opinion="不属应急")
    assert board(walk).state == "不予通过"
    assert not Fact.objects.filter(case=walk.case).exists()


def test_R042_应急资源延期至少提前十五个工作日() -> None:
    walk = emergency().submit().act("mzj-fzr", "approve").act("sjx", "approve", opinion="同意").later(1)
    walk.deliver("lt", "ECS-YJ-")
    # 12-28 前倒数 15 个工作日：12-26 … 12-8
    with pytest.raises(Refused, match=r"最晚 2025-12-08 提出，今天 2025-12-09 已过.*R-042"):
        extension(walk, date(2025, 12, 9), "2026-02-28").submit()
    assert board(extension(walk, date(2025, 12, 8), "2026-02-28").submit()).state == "待签批"


def test_R043_临时资源市经信退回补正_改了再核定() -> None:
    walk = temporary().submit().act("mzj-fzr", "approve")
    walk.act("sjx", "return", opinion="写明项号", marks={"document": "第几项"})
    walk.fill(document="年度重点工作第 3 项").submit().act("sjx", "approve", opinion="核定")
    assert board(walk).state == "待下发"


def test_R043_延期一家不同意_到期日不变() -> None:
    original = opened_temporary()
    walk = extension(original, date(2026, 3, 2)).submit().act("mzj-fzr", "approve").act("sjx", "approve")
    walk.act("szg", "reject", opinion="工作已结束")
    assert board(walk).state == "不予通过"
    live = Segment.objects.filter(resource__facts__case=original.case, during__upper_inf=True)
    assert set(live.values_list("expires_on", flat=True)) == {date(2026, 3, 28)}


@pytest.mark.parametrize("until", ["2026-03-28", "2026-03-01", "2026-09-29"])
def test_R043_延到哪天要晚于原到期日_且不超过再一个期限(until: str) -> None:
    with pytest.raises(Refused, match="延到哪天应晚于原到期日 2026-03-28，且不超过其后 6 个月"):
        extension(opened_temporary(), date(2026, 3, 2), until).submit()


# ── 春节 2026 ──


def test_R006_春节前提交的新建_审核五个工作日跳过放假() -> None:
    from tests.scenarios.test_lifecycle_new import at_review

    walk = at_review(BEFORE_SPRING)
    # 2-14（周六，调休上班）、2-24、2-25、2-26、2-27
    assert board(walk).due_on == date(2026, 2, 27)
