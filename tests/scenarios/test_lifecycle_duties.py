"""口径、材料、区级对接、转市经信审批：每一步和每一种拒绝（R-005、R-032 至 R-034、R-038、R-039）。"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.scenarios.test_lifecycle_others import (
    DAY,
    added,
    board,
    change,
    deregistration,
    development,
    quota,
    running_project,
)
from tests.support.people import cast
from yunheng.applications.models import Draft, Exemption, Quota
from yunheng.applications.operations import register_exemption
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case, Notice
from yunheng.config.demo.stories import FILLED, LEGACY, Walk
from yunheng.ledger.models import Fact, Project
from yunheng.orgs import operations as orgs
from yunheng.orgs.models import ConventionDecision, Institution, Level
from yunheng.orgs.queries import chosen_conventions

pytestmark = pytest.mark.django_db


def decide(code: str, option: str, who: str = "kw", reason: str = "区科委会议纪要", on: date = DAY) -> None:
    orgs.decide_convention(actor=cast()[who], on=DAY, code=code, option=option, reason=reason, effective_on=on)


# ── 口径 ──


def test_R005_没有决定过的用默认_决定了的自生效日起用决定_旧日子不变() -> None:
    assert chosen_conventions(DAY)["K-10"] == "after_review"
    decide("K-10", "on_review", on=date(2025, 10, 1))
    assert chosen_conventions(date(2025, 9, 30))["K-10"] == "after_review"
    assert chosen_conventions(date(2025, 10, 1))["K-10"] == "on_review"
    decide("K-10", "after_review", on=date(2025, 11, 1))
    assert chosen_conventions(date(2025, 11, 1))["K-10"] == "after_review"
    assert ConventionDecision.objects.count() == 2


def test_R005_口径只由区科委决定_要写理由_没有的选项拒绝() -> None:
    with pytest.raises(Refused, match="由区科委决定"):
        decide("K-10", "on_review", who="shy")
    with pytest.raises(Refused, match="写明理由"):
        decide("K-10", "on_review", reason=" ")
    with pytest.raises(Refused, match="没有口径 K-10 的选项"):
        decide("K-10", "随便")
    assert not ConventionDecision.objects.exists()


def test_R005_已经过去的服务年度不能往回改口径() -> None:
    with pytest.raises(Refused, match="已经过去的服务年度"):
        decide("K-10", "on_review", on=date(2025, 6, 30))


def test_R039_口径改为当日即停_注销审核通过当日起不计费() -> None:
    project, _ = running_project()
    decide("K-10", "on_review", on=date(2025, 7, 1))
    # 年中又改的，从下一个服务年度起才用：账上一个年度只用一种
    decide("K-10", "after_review", on=date(2025, 9, 1))
    walk = deregistration(project).submit().act("mzj-fzr", "approve").later(2).act("shy", "approve")
    assert set(Fact.objects.filter(case=walk.case).values_list("effective_on", flat=True)) == {walk.on}


# ── 材料 ──


def test_R034_没有附立项审查表不能提交() -> None:
    walk = Walk(cast(), "mzj", DAY, "new", project_name="没附材料的系统").fill(**FILLED)
    with pytest.raises(Refused, match=r"还没有上传“信息化项目立项审查表（云资源）”.*R-034"):
        walk.submit(attach=False)
    assert board(walk.attach().submit(attach=False)).state == "待签批"


def test_R035_上级要求上云的要附佐证_设备老旧的不用() -> None:
    filled = {**FILLED, **LEGACY}
    walk = Walk(cast(), "jyj", DAY, "migration", project_name="上级要求的系统").fill(**{**filled, "reason": "上级要求"})
    with pytest.raises(Refused, match="还没有上传“上云原因的佐证依据”"):
        walk.submit(attach=False)
    other = Walk(cast(), "jyj", DAY, "migration", project_name="设备老旧的系统").fill(**filled)
    assert board(other.submit(attach=False)).state == "待签批"


def test_R043_临时资源没有附文件不能提交() -> None:
    walk = Walk(cast(), "mzj", DAY, "temporary", project_name="没附文件的临时").fill(
        **FILLED,
        circumstance="列入市委、市政府年度重点工作",
        document="第 12 项",
        purpose="专项",
        expires_on="2026-03-28",
    )
    with pytest.raises(Refused, match=r"列入重点工作或专题会议明确的文件.*R-043"):
        walk.submit(attach=False)


# ── 区级对接 ──


def docking(**values: Any) -> Walk:
    walk = Walk(cast(), "mzj", DAY, "district", project_name=f"对接的系统{Project.objects.count()}")
    return walk.fill(**{**FILLED, **values})


def test_R032_编方案时对接_区科创中心审核_区科委备案() -> None:
    walk = docking().submit().act("mzj-fzr", "approve")
    assert (board(walk).step_name, board(walk).roles) == ("区科创中心审核", ["reviewer"])
    walk.act("shy", "approve")
    assert (board(walk).step_name, board(walk).roles) == ("区科委备案", ["authority"])
    assert board(walk.act("kw", "record")).state == "已办结"
    assert not Fact.objects.exists()


def test_R032_备案只由区科委办() -> None:
    walk = docking().submit().act("mzj-fzr", "approve").act("shy", "approve")
    with pytest.raises(NotYours, match="在区科委手上"):
        walk.act("shy", "record")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("level_of_cloud", "提供方不能为空"),
        ("architecture", "系统架构不能为空"),
        ("planned_on", "计划上云时间不能为空"),
        ("hosts", "主机清单和服务项目都是空的"),
    ],
)
def test_R032_提供方_架构_清单_计划上云时间缺一不可(key: str, words: str) -> None:
    values: dict[str, Any] = {key: [] if key == "hosts" else ""}
    with pytest.raises(Refused, match=words):
        docking(**values, **({"services": {}} if key == "hosts" else {})).submit()


def test_R033_用市级政务云要说明理由_用区级的不用() -> None:
    with pytest.raises(Refused, match=r"使用市级政务云的理由不能为空.*D14-10"):
        docking(city_reason="").submit()
    assert board(docking(level_of_cloud="区级政务云", city_reason="").submit()).state == "待签批"


def test_R033_服务商由使用单位选择_到那家手上开通() -> None:
    walk = Walk(cast(), "mzj", DAY, "new", project_name="选电信的系统").fill(**{**FILLED, "iaas": "电信"}).submit()
    walk.act("mzj-fzr", "approve").act("shy", "approve")
    assert board(walk).holder == Institution.objects.get(code="CT")
    with pytest.raises(NotYours, match="不是本单位的事项"):
        walk.deliver("lt", "ECS-LT-")


# ── 转市经信审批 ──


def over_quota() -> tuple[Walk, Project]:
    """配额 32 核，已申请 32 核，再扩 7 核：39 > 32 × 120%。"""
    project, _ = running_project()
    case = Draft.objects.filter(project=project).latest("pk").case
    Quota.objects.create(project=project, case=case, dimension="CPU 核", amount=32, effective_on=DAY)
    rows = [added(cores="7", memory="1", system_disk="0.01", data_disk="")]
    walk = change(project, rows, growth_reason="汛期").submit().act("mzj-fzr", "approve")
    return walk.act("lt", "confirm").act("shy", "approve").act("kw", "approve", opinion="特批"), project


def test_R038_区级单位默认不转市经信_走区科委特批() -> None:
    walk, _ = over_quota()
    assert board(walk).state == "待下发"


def test_R038_口径定为适用的_总量超出总配额百分之二十转市经信审批() -> None:
    decide("K-13", "yes", on=date(2025, 9, 1))
    walk, _ = over_quota()
    assert (board(walk).step_name, board(walk).roles) == ("市经信审批", ["city_economy"])
    with pytest.raises(NotYours):
        walk.act("kw", "approve")
    assert board(walk.act("sjx", "approve")).state == "待下发"


def test_R038_市级使用单位一律转市经信_不同意的不予通过() -> None:
    Institution.objects.filter(code="U07").update(level=Level.CITY)
    walk, _ = over_quota()
    assert board(walk.act("sjx", "reject", opinion="配额不足")).state == "不予通过"


def test_R038_没有超出总配额百分之二十的_不转市经信() -> None:
    decide("K-13", "yes", on=date(2025, 9, 1))
    project, _ = running_project()
    case = Draft.objects.filter(project=project).latest("pk").case
    Quota.objects.create(project=project, case=case, dimension="CPU 核", amount=32, effective_on=DAY)
    rows = [added(cores="6", memory="1", system_disk="0.01", data_disk="")]
    walk = change(project, rows).submit().act("mzj-fzr", "approve").act("lt", "confirm").act("shy", "approve")
    assert board(walk).state == "待下发"


# ── 开发资源给谁、配额通知、不宜上云的例外 ──


def test_R041_开发资源只给市级使用单位_区级的由口径定() -> None:
    walk = development(quota("400"))
    Institution.objects.filter(code="U07").update(level=Level.DISTRICT)
    walk.case = Case.objects.get(pk=walk.case.pk)
    with pytest.raises(Refused, match=r"只给市级使用单位.*K-14"):
        walk.submit()
    decide("K-14", "yes", on=date(2025, 9, 1))
    assert board(walk.submit()).state == "待签批"


def test_R041_开发资源是市级云的_填区级云拒绝() -> None:
    with pytest.raises(Refused, match="提供方请选市级政务云"):
        development(quota("400"), level_of_cloud="区级政务云", city_reason="").submit()


def test_R031_配额核定后通知运管单位() -> None:
    quota("400")
    told = Notice.objects.filter(text__contains="项目配额已核定")
    assert set(told.values_list("role", flat=True)) == {"reviewer", "city_operator"}


def exempt(who: str = "kw", basis: str = "某法第 3 条") -> Exemption:
    unit = Institution.objects.get(code="U07")
    return register_exemption(actor=cast()[who], on=DAY, unit=unit, system="保密档案系统", basis=basis)


def test_R002_法规规定不宜上云的可登记例外_写明依据() -> None:
    assert exempt().basis == "某法第 3 条"
    with pytest.raises(Refused, match="法律法规依据不能为空"):
        exempt(basis=" ")
    assert Exemption.objects.count() == 1


def test_R002_例外只由区科委登记() -> None:
    with pytest.raises(NotYours, match="由区科委登记"):
        exempt(who="mzj")
