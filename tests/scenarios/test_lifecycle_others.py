"""迁移、变更、注销、开发、应急、临时、延期：每一步和每一种拒绝（R-035 至 R-044）。"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.support.people import cast
from yunheng.applications.models import Draft, Filing
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases import operations as cases
from yunheng.cases.models import Board
from yunheng.config.demo.stories import FILLED, HOSTS, LEGACY, Walk
from yunheng.ledger.models import Fact, Project, Resource, Segment
from yunheng.orgs.models import Institution, Level

pytestmark = pytest.mark.django_db

DAY = date(2025, 9, 28)


def board(walk: Walk) -> Board:
    return Board.objects.get(case=walk.case)


# ── 迁移 ──


def migration(**values: Any) -> Walk:
    return Walk(cast(), "jyj", DAY, "migration", project_name="学籍系统").fill(**{**FILLED, **LEGACY, **values})


def assessed() -> Walk:
    walk = migration().submit().act("jyj-fzr", "approve")
    cases.attach(
        actor=walk.people["dsf"],
        on=walk.on,
        case=walk.case,
        kind="第三方现场评估报告",
        name="报告.pdf",
        content=b"%PDF",
    )
    return walk.act("dsf", "pass", opinion="合格")


def test_R035_附件2没有现有服务器的情况不能提交() -> None:
    with pytest.raises(Refused, match="至少填一行现有服务器"):
        migration(machines=[]).submit()


def test_R035_没有现场评估报告不能给合格结论() -> None:
    walk = migration().submit().act("jyj-fzr", "approve")
    with pytest.raises(Refused, match=r"第三方现场评估报告.*R-035"):
        walk.act("dsf", "pass", opinion="合格")


def test_R035_测试测评或适配不合格一律不予上云() -> None:
    walk = migration().submit().act("jyj-fzr", "approve").act("dsf", "fail", opinion="适配不合格")
    assert board(walk).state == "不予通过"


def test_R035_联合审核两家都办完才走_先后不限() -> None:
    walk = assessed()
    assert board(walk).roles == ["informatization", "reviewer"]
    walk.act("shy", "approve")
    assert (board(walk).state, board(walk).roles) == ("待审核", ["informatization"])
    with pytest.raises(NotYours):
        walk.act("shy", "approve")
    walk.act("xxk", "approve")
    assert board(walk).state == "待下发"


def test_R035_联合审核一家不同意就不予通过() -> None:
    walk = assessed().act("shy", "approve").act("xxk", "reject", opinion="与已有系统重复")
    assert board(walk).state == "不予通过"


def test_R035_一家退回补正_补正后两家重新审() -> None:
    walk = (
        assessed().act("shy", "approve").act("xxk", "return", opinion="补材料", marks={"machines": "写明型号"}).submit()
    )
    assert board(walk).roles == ["informatization", "reviewer"]


# ── 变更 ──


def running_project() -> tuple[Project, list[Resource]]:
    """一个已开通的项目：两台 8 核 32 GB，一台 16 核 64 GB。"""
    walk = (
        Walk(cast(), "mzj", date(2025, 7, 1), "new", project_name=f"在用系统{Project.objects.count()}")
        .fill(**FILLED)
        .submit()
    )
    walk.act("mzj-fzr", "approve").act("shy", "approve").deliver("lt", f"ECS-{Project.objects.count()}-")
    project = Draft.objects.get(case=walk.case).project
    return project, list(Resource.objects.filter(project=project, kind="云主机").order_by("code"))


def change(project: Project, rows: list[dict[str, Any]], **values: Any) -> Walk:
    walk = Walk(cast(), "mzj", DAY, "change", project=project)
    return walk.fill(
        **{
            "changes": rows,
            "statement": "业务量增加",
            "leader": "周",
            "contact": "021-67000000",
            "classified": "否",
            "level": "二级",
            **values,
        }
    )


def added(**values: str) -> dict[str, Any]:
    return {**HOSTS[0], "count": "1", "action": "新增", **values}


def grown(resource: Resource, **values: str) -> dict[str, Any]:
    from yunheng.applications.grid import current

    now = current(resource)
    return {**HOSTS[0], **now, "count": "1", "action": "变更", "resource": resource.code, "before": now, **values}


def test_R036_变更先由云服务商确认_再由区科创中心审核() -> None:
    project, hosts = running_project()
    walk = change(project, [grown(hosts[0], memory="36")]).submit().act("mzj-fzr", "approve")
    assert (board(walk).state, board(walk).holder) == ("待服务商确认", project.resources.first().provider)  # type: ignore[union-attr]
    assert board(walk.act("lt", "confirm")).state == "待审核"


def test_R036_服务商不能满足的_退回使用单位_要写明() -> None:
    project, hosts = running_project()
    walk = change(project, [grown(hosts[0], memory="36")]).submit().act("mzj-fzr", "approve")
    with pytest.raises(Refused, match="要写明意见"):
        walk.act("lt", "decline")
    assert board(walk.act("lt", "decline", opinion="机型到顶")).state == "草稿"


def test_R036_办成以后_台账记一条变更_旧的一段止于完成日() -> None:
    project, hosts = running_project()
    walk = (
        change(project, [grown(hosts[0], memory="36")])
        .submit()
        .act("mzj-fzr", "approve")
        .act("lt", "confirm")
        .act("shy", "approve")
    )
    walk.later(1).deliver("lt", "ECS-新-")
    spans = list(Segment.objects.filter(resource=hosts[0], item__code="ZJ-MEM-X86").order_by("during"))
    assert [(s.quantity, s.during.upper) for s in spans] == [(Decimal(32), walk.on), (Decimal(36), None)]
    assert Segment.objects.filter(resource=hosts[0], item__code="ZJ-CPU-X86").count() == 1
    assert board(walk).state == "已办结"


def test_R036_同一资源不能同时在两件变更里() -> None:
    project, hosts = running_project()
    first = change(project, [grown(hosts[0], memory="33")]).submit()
    with pytest.raises(Refused, match=f"资源 {hosts[0].code} 正在 {first.case.number} 里变更"):
        change(project, [grown(hosts[0], memory="34")]).submit()


def test_R036_释放前没有备份不能提交() -> None:
    project, hosts = running_project()
    with pytest.raises(Refused, match=r"释放前要先备份或迁移.*R-107"):
        change(project, [{**grown(hosts[0]), "action": "释放"}]).submit()


def test_R037_首次32核_新增6核不用特批_新增7核要说明并特批() -> None:
    project, _ = running_project()
    within = (
        change(project, [added(cores="6", memory="1", system_disk="0.01", data_disk="")])
        .submit()
        .act("mzj-fzr", "approve")
    )
    within.act("lt", "confirm").act("shy", "approve")
    assert board(within).state == "待下发"


def test_R037_超过20_没有写理由拒绝_写了走区科委特批() -> None:
    project, _ = running_project()
    rows = [added(cores="7", memory="1", system_disk="0.01", data_disk="")]
    with pytest.raises(Refused, match=r"CPU 核：首次申请 32，本服务年度新增 7，占 约 21.88%.*R-037"):
        change(project, rows).submit()
    walk = (
        change(project, rows, growth_reason="汛期临时增加")
        .submit()
        .act("mzj-fzr", "approve")
        .act("lt", "confirm")
        .act("shy", "approve")
    )
    assert (board(walk).step_name, board(walk).roles) == ("区科委特批", ["authority"])
    with pytest.raises(Refused, match="要写明意见"):
        walk.act("kw", "approve")
    assert board(walk.act("kw", "approve", opinion="同意特批")).state == "待下发"


def test_R037_年度内两次变更累计_第二次超了要特批() -> None:
    project, _ = running_project()
    change(project, [added(cores="4", memory="1", system_disk="0.01", data_disk="")]).submit()
    with pytest.raises(Refused, match="本服务年度新增 8"):
        change(project, [added(cores="4", memory="1", system_disk="0.01", data_disk="")]).submit()


def test_R037_首次申请没有的维度_任何新增都算超出() -> None:
    project, _ = running_project()
    with pytest.raises(Refused, match="WL-IP：首次申请没有"):
        change(project, [], service_changes={"WL-IP": {"quantity": "1", "before": "", "note": ""}}).submit()


def test_R038_扩容审核五个工作日_通过后五个工作日完成() -> None:
    project, hosts = running_project()
    walk = change(project, [grown(hosts[0], memory="36")]).submit().act("mzj-fzr", "approve").act("lt", "confirm")
    assert board(walk).due_on == date(2025, 10, 11)
    walk.later(3).act("shy", "approve")
    assert (walk.on, board(walk).due_on) == (date(2025, 10, 9), date(2025, 10, 15))


def test_别的单位的项目不能变更() -> None:
    project, _ = running_project()
    with pytest.raises(NotYours, match="不是本单位的"):
        Walk(cast(), "jyj", DAY, "change", project=project)


# ── 注销 ──


def deregistration(project: Project, **values: Any) -> Walk:
    codes = list(Resource.objects.filter(project=project).values_list("code", flat=True))
    return Walk(cast(), "mzj", DAY, "deregistration", project=project).fill(
        **{"reason": "系统下线", "backup": "已完成", "backup_note": "已备份到灾备中心", "release": codes, **values}
    )


def test_R039_备份尚未完成不能注销() -> None:
    project, _ = running_project()
    with pytest.raises(Refused, match=r"数据还没有备份或迁移，不能注销.*R-039"):
        deregistration(project, backup="尚未完成").submit()


def test_R039_释放清单是空的不能提交() -> None:
    project, _ = running_project()
    with pytest.raises(Refused, match="释放清单是空的"):
        deregistration(project, release=[]).submit()


def test_R039_审核当日照常计费_次日起停_通知服务商释放() -> None:
    project, _ = running_project()
    walk = deregistration(project).submit().act("mzj-fzr", "approve").later(2)
    assert Segment.objects.filter(resource__project=project, during__upper_inf=True).exists()
    walk.act("shy", "approve")
    assert not Segment.objects.filter(resource__project=project, during__upper_inf=True).exists()
    stopped = walk.on + timedelta(days=1)
    assert set(Fact.objects.filter(case=walk.case).values_list("action", "effective_on")) == {("释放", stopped)}
    assert board(walk).state == "待下发"
    assert board(walk.act("lt", "deliver", opinion="已全部释放")).state == "已办结"


def test_R039_回收十个工作日_审核与释放合用() -> None:
    project, _ = running_project()
    walk = deregistration(project).submit().act("mzj-fzr", "approve")
    # 9-29、9-30、10-9 至 10-11、10-13 至 10-17
    assert board(walk).due_on == date(2025, 10, 17)
    walk.later(2).act("shy", "approve")
    assert board(walk).due_on == date(2025, 10, 17)


def test_R039_不予通过的注销_资源照常计费() -> None:
    project, _ = running_project()
    walk = deregistration(project).submit().act("mzj-fzr", "approve").act("shy", "reject", opinion="业务仍在用")
    assert Segment.objects.filter(resource__project=project, during__upper_inf=True).exists()
    assert board(walk).state == "不予通过"


# ── 开发、应急、临时、延期 ──


def quota(cores: str) -> Project:
    walk = Walk(cast(), "mzj", date(2025, 9, 1), "quota", project_name=f"开发系统{cores}").fill(
        leader="周",
        contact="021-67000000",
        classified="否",
        level="二级",
        approval_number="松科〔2025〕1 号",
        quota=[{"dimension": "CPU 核", "amount": cores}, {"dimension": "内存 GB", "amount": "10000"}],
    )
    walk.submit().act("mzj-fzr", "approve").act("sjx", "approve", opinion="核定")
    return Draft.objects.get(case=walk.case).project


def development(project: Project, **values: Any) -> Walk:
    filled = {
        **FILLED,
        "approval_number": "松科〔2025〕1 号",
        "purpose": "开发联调",
        "internal_only": "是",
        "expires_on": "2025-12-28",
    }
    # 条款限定市级使用单位（K-14 见 test_lifecycle_duties）
    Institution.objects.filter(code="U07").update(level=Level.CITY)
    return Walk(cast(), "mzj", DAY, "development", project=project).fill(**{**filled, **values})


def test_R041_开发资源在配额15以内_超过拒绝() -> None:
    with pytest.raises(Refused, match=r"CPU 核：申请 32，超过项目配额 200.000 的 15%，即 30.*R-041"):
        development(quota("200")).submit()
    assert board(development(quota("400")).submit()).state == "待签批"


def test_R041_没有核定配额_没有立项_对外服务_都拒绝() -> None:
    walk = Walk(cast(), "mzj", DAY, "development", project_name="无配额系统").fill(
        **FILLED, purpose="开发", internal_only="否", expires_on="2025-12-01"
    )
    with pytest.raises(Refused) as refused:
        walk.submit()
    text = "\n".join(refused.value.problems)
    for words in ("还没有核定配额", "只给已立项的系统", "不得对外提供服务"):
        assert words in text


def test_R041_开发资源最长三个月() -> None:
    with pytest.raises(Refused, match="最长 3 个月，最晚用到 2025-12-28"):
        development(quota("400"), expires_on="2025-12-29").submit()


def emergency(expires: str = "2025-12-28", on: date = DAY) -> Walk:
    walk = Walk(cast(), "mzj", on, "emergency", project_name=f"应急系统{Project.objects.count()}")
    return walk.fill(**FILLED, purpose="防汛应急", expires_on=expires)


def test_R042_应急资源由市经信批_最长三个月() -> None:
    with pytest.raises(Refused, match="最长 3 个月"):
        emergency("2025-12-29").submit()
    walk = emergency().submit().act("mzj-fzr", "approve")
    assert board(walk).roles == ["city_economy"]
    with pytest.raises(NotYours):
        walk.act("shy", "approve")


def temporary(**values: Any) -> Walk:
    filled = {
        **FILLED,
        "circumstance": "列入市委、市政府年度重点工作",
        "document": "第 12 项",
        "purpose": "专项",
        "expires_on": "2026-03-28",
    }
    walk = Walk(cast(), "mzj", DAY, "temporary", project_name=f"临时系统{Project.objects.count()}")
    return walk.fill(**{**filled, **values})


def opened_temporary() -> Walk:
    walk = temporary().submit().act("mzj-fzr", "approve").act("sjx", "approve", opinion="核定").later(1)
    return walk.deliver("lt", "ECS-LS-")


def test_R043_临时资源只有两种情形() -> None:
    with pytest.raises(Refused, match=r"只限两种情形.*M6-24，R-043"):
        temporary(circumstance="都不属于").submit()


def test_R043_临时资源最长六个月() -> None:
    with pytest.raises(Refused, match="最长 6 个月，最晚用到 2026-03-28"):
        temporary(expires_on="2026-03-29").submit()


def test_R043_开通后台账记着到期日() -> None:
    walk = opened_temporary()
    assert board(walk).state == "已办结"
    assert set(Segment.objects.filter(resource__facts__case=walk.case).values_list("expires_on", flat=True)) == {
        date(2026, 3, 28)
    }


def extension(original: Walk, on: date, until: str = "2026-06-30") -> Walk:
    project = Draft.objects.get(case=original.case).project
    walk = Walk(cast(), "mzj", on, "extension", project=project)
    return walk.fill(original=original.case.number, expires_on=until, reason="工作未结束")


def test_R043_延期至少提前十五个工作日_跨春节2026也数得对() -> None:
    original = opened_temporary()
    # 3-28 前倒数 15 个工作日：3-27 … 3-9；3-9 是最后一天
    with pytest.raises(Refused, match=r"至少提前 15 个工作日，最晚 2026-03-09 提出，今天 2026-03-10 已过.*R-043"):
        extension(original, date(2026, 3, 10)).submit()
    assert board(extension(original, date(2026, 3, 9)).submit()).state == "待签批"


def test_R043_延期由市经信和市主管会签_都同意才换到期日() -> None:
    walk = extension(opened_temporary(), date(2026, 3, 2)).submit().act("mzj-fzr", "approve").act("sjx", "approve")
    assert board(walk).state == "待审核"
    assert Segment.objects.filter(expires_on=date(2026, 6, 30)).count() == 0
    walk.act("szg", "approve")
    assert board(walk).state == "已办结"
    assert set(Segment.objects.filter(during__upper_inf=True).values_list("expires_on", flat=True)) == {
        date(2026, 6, 30)
    }


def test_R042_R043_原申请不存在或没办结_不能延期() -> None:
    walk = temporary().submit()
    with pytest.raises(Refused, match="没有找到本单位已办结的应急或临时资源申请"):
        extension(walk, date(2026, 3, 2)).submit()


def test_R084_补录保留原单号_记明当时没有的关口() -> None:
    from yunheng.applications.backfill import Entry, Order, backfill

    project = Project.objects.get(code="P-001")
    case = backfill(
        actor=cast()["shy"],
        on=date(2025, 1, 6),
        number="SQ-2024-0100",
        kind="首次申请",
        project=project,
        provider=Institution.objects.get(code="CU"),
        reviewed_on=date(2024, 3, 4),
        entries=[Entry("ECS-B1", "ZJ-CPU-X86", "新增", Decimal(8))],
        orders=[Order("GD-1", "ECS-B1", "ZJ-CPU-X86", "新增", Decimal(8), date(2024, 3, 6))],
    )
    assert (case.number, case.board.state) == ("SQ-2024-0100", "已办结")
    assert "安全六项（R-101）" in case.events.get().detail["missing_gates"]
    fact = Fact.objects.get(case=case)
    assert (fact.effective_on, fact.recorded_on) == (date(2024, 3, 6), date(2025, 1, 6))
    assert Filing.objects.get(case=case).filed_on == date(2024, 3, 4)
    with pytest.raises(Refused, match="已经登记过"):
        backfill(
            actor=cast()["shy"],
            on=date(2025, 1, 6),
            number="SQ-2024-0100",
            kind="首次申请",
            project=project,
            provider=Institution.objects.get(code="CU"),
            reviewed_on=date(2024, 3, 4),
            entries=[],
        )


def test_R084_没发生的不能补录_目录里没有的不能补录_什么都不写() -> None:
    from yunheng.applications.backfill import Entry, backfill

    with pytest.raises(Refused) as refused:
        backfill(
            actor=cast()["shy"],
            on=date(2025, 1, 6),
            number="SQ-2024-0101",
            kind="首次申请",
            project=Project.objects.get(code="P-001"),
            provider=Institution.objects.get(code="CU"),
            reviewed_on=date(2025, 3, 4),
            entries=[Entry("E", "没有这项", "新增", Decimal(1))],
        )
    assert "还没到" in str(refused.value)
    assert "目录里没有 没有这项" in str(refused.value)
    assert not Filing.objects.exists()
