"""首次申请（新建）：附件1 从起草到正式开通，每一步和每一种拒绝（R-034、R-040、R-046、R-101、R-002、R-003）。"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.people import cast
from yunheng.applications import operations as applications
from yunheng.applications.models import Draft, Filing
from yunheng.audit.actor import Actor
from yunheng.audit.refused import NotYours, Refused, Stale
from yunheng.cases import operations as cases
from yunheng.cases.models import Board, Case
from yunheng.cases.queries import position, todo
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Fact, Project, Resource, Segment
from yunheng.orgs.models import Institution
from yunheng.rules.procedures.timing import timing
from yunheng.rules.workdays import WorkCalendar
from yunheng.security.models import Condition

pytestmark = pytest.mark.django_db

#: 国庆 2025 前的周日，调休上班
BEFORE_NATIONAL_DAY = date(2025, 9, 28)


def new(on: date = BEFORE_NATIONAL_DAY, clerk: str = "mzj", **values: Any) -> Walk:
    name = f"测试系统{Case.objects.count()}"
    return Walk(cast(), clerk, on, "new", project_name=name).fill(**{**FILLED, **values})


def state(walk: Walk) -> str:
    return Board.objects.get(case=walk.case).state


def at_review(on: date = BEFORE_NATIONAL_DAY) -> Walk:
    return new(on).submit().act("mzj-fzr", "approve")


def test_R034_填好的附件1提交后到负责人签批_留下快照和摘要() -> None:
    walk = new().submit()
    assert state(walk) == "待签批"
    filing = Filing.objects.get(case=walk.case)
    assert (filing.version, filing.content["hosts"]) == (1, FILLED["hosts"])


def test_R034_没填全的附件1不能提交_一次列全所有问题() -> None:
    walk = new(contact="", hosts=[{**FILLED["hosts"][0], "memory": "", "cores": "八"}])
    with pytest.raises(Refused) as refused:
        walk.submit()
    text = "\n".join(refused.value.problems)
    assert "联系方式不能为空" in text
    assert "第 1 行 内存不能为空，请填写 GB 数，例如 32" in text
    assert "第 1 行 CPU：应为数字" in text
    assert not Filing.objects.filter(case=walk.case).exists()


def test_R002_涉密系统当场拒绝_写明条款() -> None:
    with pytest.raises(Refused, match=r"涉密信息系统不得使用政务云（D62-三、M6-2，R-002）"):
        new(classified="是").submit()


def test_R002_等保四级当场拒绝_三级可以() -> None:
    with pytest.raises(Refused, match=r"等保四级的系统不收：政务云只收等保三级及以下.*M6-7，R-002"):
        new(level="四级").submit()
    assert state(new(level="三级").submit()) == "待签批"


def test_R048_默认勾选的安全服务去掉要写理由() -> None:
    services = {key: value for key, value in FILLED["services"].items() if key != "AQ-RQFY"}
    with pytest.raises(Refused, match=r"入侵防御服务.*默认勾选.*R-048"):
        new(services=services).submit()
    assert state(new(services=services, unticked={"AQ-RQFY": "本单位已自建"}).submit()) == "待签批"


def test_R001_申请只能由使用单位经办人起草() -> None:
    people = cast()
    for name in ("mzj-fzr", "shy", "lt", "kw", "xtgly"):
        with pytest.raises(NotYours, match="R-001"):
            applications.start(actor=people[name], on=BEFORE_NATIONAL_DAY, procedure="new", project_name="测试系统")


def test_R001_别的单位的负责人不能签批() -> None:
    walk = new().submit()
    with pytest.raises(NotYours, match="不是本单位的事项"):
        walk.act("jyj-fzr", "approve")


def test_负责人退回修改后可以再提交_第二版与第一版都在() -> None:
    walk = new().submit().act("mzj-fzr", "return", opinion="台数再核一下")
    assert state(walk) == "草稿"
    walk.fill(statement="核过了，按压测结果。").submit()
    assert list(Filing.objects.filter(case=walk.case).values_list("version", flat=True).order_by("version")) == [1, 2]


def test_退回修改不写意见不行() -> None:
    with pytest.raises(Refused, match="要写明意见"):
        new().submit().act("mzj-fzr", "return")


def test_R003_R046_街道自费单位的申请先由区科委同意() -> None:
    walk = Walk(cast(), "jd", BEFORE_NATIONAL_DAY, "new", project_name="社区系统").fill(**FILLED).submit()
    walk.act("jd-fzr", "approve")
    board = Board.objects.get(case=walk.case)
    assert (board.step_name, board.roles) == ("区科委同意", ["authority"])
    assert state(walk.act("kw", "approve")) == "待审核"
    assert Board.objects.get(case=walk.case).roles == ["reviewer"]


def test_R003_区科委不同意的_不予通过() -> None:
    walk = Walk(cast(), "jd", BEFORE_NATIONAL_DAY, "new", project_name="社区系统").fill(**FILLED).submit()
    walk.act("jd-fzr", "approve").act("kw", "reject", opinion="由街道自建")
    assert state(walk) == "不予通过"


def test_R003_非党政机关先由业务主管部门提出_再由区科委同意() -> None:
    people = cast()
    company = Institution.objects.get(code="U40")
    clerk = Actor("公司经办", people["mzj"].role, company.name, people["mzj"].person, company.pk)
    head = Actor("公司负责", people["mzj-fzr"].role, company.name, people["mzj-fzr"].person, company.pk)
    walk = Walk({**people, "gs": clerk, "gs-fzr": head}, "gs", BEFORE_NATIONAL_DAY, "new", project_name="公司系统")
    walk.fill(**FILLED).submit().act("gs-fzr", "approve")
    assert Board.objects.get(case=walk.case).roles == ["sponsor"]
    assert Board.objects.get(case=walk.case).holder == company.authority
    walk.act("zgbm", "approve")
    assert Board.objects.get(case=walk.case).roles == ["authority"]


def test_R006_审核五个工作日_国庆2025前收到_10月11日调休上班那天到期() -> None:
    # 9-29、9-30、10-9、10-10、10-11（调休上班）：10-1 至 10-8 放假
    board = Board.objects.get(case=at_review().case)
    assert board.due_on == date(2025, 10, 11)


def test_R006_春节2026前收到_跳过放假() -> None:
    walk = at_review(date(2026, 2, 12))
    due = position(walk.case).due
    assert due is not None
    # 2-13、2-14（调休上班）、2-24、2-25、2-26：2-15 至 2-23 放假
    assert due.date == date(2026, 2, 26)
    assert [skipped.reason for skipped in due.skipped][:1] == ["春节放假"]


def test_R045_退回补正要指出哪一处() -> None:
    with pytest.raises(Refused, match="至少指出一处"):
        at_review().act("shy", "return", opinion="请补充")


def test_R045_补正时停钟_补正后接着数() -> None:
    walk = at_review().later(1)
    walk.act("shy", "return", opinion="请补充", marks={"statement": "写明用户数"})
    board = Board.objects.get(case=walk.case)
    assert (board.state, board.paused, board.due_on, board.left_days) == ("补正中", True, None, 4)
    assert (
        timing(None, walk.on, WorkCalendar({}), paused=True, left=4).text
        == "已暂停 · 等待使用单位补正 · 恢复后剩 4 个工作日"
    )
    walk.on = date(2025, 10, 13)
    walk.fill(statement="日均 3,000 人次").submit()
    # 停在 9-29，10-13 补正；余 4 个：10-14 至 10-17
    assert Board.objects.get(case=walk.case).due_on == date(2025, 10, 17)


def test_R040_审核和开通合用五个工作日() -> None:
    walk = at_review()
    due = Board.objects.get(case=walk.case).due_on
    walk.later(2).act("shy", "approve")
    board = Board.objects.get(case=walk.case)
    assert (board.state, board.due_on) == ("待下发", due)


def test_R001_开通只由选定的服务商填回执() -> None:
    walk = at_review().act("shy", "approve")
    with pytest.raises(NotYours, match="不是本单位的事项"):
        walk.deliver("dx", "ECS-X-")


def delivered() -> Walk:
    return at_review().later(1).act("shy", "approve").later(1).deliver("lt", "ECS-T-")


def test_R051_回执办成_台账里每台主机各维度一条事实() -> None:
    walk = delivered()
    assert state(walk) == "测试期"
    first = {f.item.code: f.quantity for f in Fact.objects.filter(case=walk.case, resource__code="ECS-T-01")}
    assert {code: str(quantity.normalize()) for code, quantity in first.items() if quantity} == {
        "ZJ-CPU-X86": "8",
        "ZJ-MEM-X86": "32",
        "ZJ-SYSDISK": "0.1",
        "ZJ-DATADISK": "0.5",
    }
    assert (
        Segment.objects.filter(resource__facts__case=walk.case, during__upper_inf=True).distinct().count() == 3 * 4 + 5
    )


def test_R036_回执的完成日期早于审核通过日_拒绝_什么都不写() -> None:
    walk = at_review().later(3).act("shy", "approve")
    rows = {row.key: {"resource": f"E-{n:02d}", "order": "G1", "on": "2025-09-29"} for n, row in enumerate(_rows(walk))}
    with pytest.raises(Refused, match=r"早于审核通过日.*未经审核不得操作"):
        walk.act("lt", "deliver", detail={"rows": rows})
    assert not Fact.objects.exists()


def _rows(walk: Walk) -> list[Any]:
    from yunheng.applications import receipts

    return receipts.rows(walk.case)


def test_R051_回执里资源编号重复或不合写法_逐行说明() -> None:
    walk = at_review().act("shy", "approve")
    rows = {row.key: {"resource": "同一个", "order": "", "on": "2025-09-28"} for row in _rows(walk)}
    with pytest.raises(Refused) as refused:
        walk.act("lt", "deliver", detail={"rows": rows})
    text = "\n".join(refused.value.problems)
    assert "资源编号应为字母、数字" in text
    assert "工单号不能为空" in text


def test_R051_回执的编号与台账已有的形近_问是不是同一台_核对过是另一台的才登记() -> None:
    walk = at_review().act("shy", "approve")
    project = Project.objects.order_by("pk")[0]
    Resource.objects.create(code="E-O1", project=project, provider=Institution.objects.get(code="CU"), kind="云主机")
    filled: dict[str, dict[str, str]] = {
        row.key: {"resource": f"E-{n:02d}", "order": "G1", "on": walk.on.isoformat()}
        for n, row in enumerate(_rows(walk), start=1)
    }
    with pytest.raises(Refused, match="资源编号 E-01 与台账已有的 E-O1 形近"):
        walk.act("lt", "deliver", detail={"rows": filled})
    assert not Fact.objects.exists()
    walk.act("lt", "deliver", detail={"rows": filled | {"alike": {"agreed": "on"}}})
    assert Resource.objects.filter(code="E-01").exists()


def test_R040_验证原则上一个月_验证通过后两个工作日正式开通() -> None:
    walk = delivered()
    assert Board.objects.get(case=walk.case).due_on == date(2025, 10, 30)
    walk.on = date(2025, 10, 20)
    walk.act("mzj", "pass")
    assert Board.objects.get(case=walk.case).due_on == date(2025, 10, 22)


def test_R040_验证不通过退服务商_时限重新起算() -> None:
    walk = delivered()
    walk.on = date(2025, 10, 20)
    walk.act("mzj", "fail", opinion="磁盘容量不对")
    board = Board.objects.get(case=walk.case)
    assert (board.state, board.due_on) == ("待下发", date(2025, 10, 27))


@pytest.mark.parametrize("missing", list(Condition), ids=lambda condition: condition.label)
def test_R101_安全六项缺一不得正式开通_说出缺哪一项(missing: Condition) -> None:
    from yunheng.security.operations import confirm

    walk = delivered().act("mzj", "pass")
    for condition in Condition:
        if condition != missing:
            confirm(actor=walk.clerk, on=walk.on, case=walk.case, condition=condition.value, note="材料")
    with pytest.raises(Refused, match=f"还缺“{missing.label}”，不得正式开通（M6-30、D14-18，R-101）"):
        walk.act("shy", "open")


def test_R040_六项齐了_正式开通_事项办结() -> None:
    walk = delivered().act("mzj", "pass").secure().act("shy", "open")
    assert state(walk) == "已办结"


def test_办结以后谁也不能再办() -> None:
    walk = delivered().act("mzj", "pass").secure().act("shy", "open")
    with pytest.raises(Refused, match="已是“已办结”，不能再办"):
        walk.act("shy", "open")


def test_看到的不是最新的_不能办_说出别人办了什么() -> None:
    walk = at_review()
    seen = walk.seq
    walk.act("shy", "approve")
    with pytest.raises(Stale, match=r"王芳.*审核通过"):
        cases.act(actor=walk.people["shy"], on=walk.on, case=walk.case, act_code="approve", seen=seen)


def test_R031_R040_超过项目配额的申请拒绝() -> None:
    people = cast()
    quota = Walk(people, "mzj", date(2025, 9, 1), "quota", project_name="限额系统").fill(
        leader="周",
        contact="021-67000000",
        classified="否",
        level="二级",
        quota=[{"dimension": "CPU 核", "amount": "40"}],
    )
    quota.submit().act("mzj-fzr", "approve").act("sjx", "approve", opinion="核定")
    project = Draft.objects.get(case=quota.case).project
    first = Walk(people, "mzj", BEFORE_NATIONAL_DAY, "new", project=project).fill(**FILLED).submit()
    assert state(first) == "待签批"
    with pytest.raises(Refused, match=r"CPU 核：本次 32，已申请 32，合计超过项目配额 40.*R-040"):
        Walk(people, "mzj", BEFORE_NATIONAL_DAY, "new", project=project).fill(**FILLED).submit()


def test_R031_周期性配额只在那几个月里算数() -> None:
    from yunheng.applications.guards import quota_on

    quota = Walk(cast(), "mzj", date(2025, 9, 1), "quota", project_name="汛期系统").fill(
        leader="周",
        contact="021-67000000",
        classified="否",
        level="二级",
        quota=[
            {"dimension": "CPU 核", "amount": "16"},
            {"dimension": "CPU 核", "amount": "64", "from_month": "11", "until_month": "2"},
        ],
    )
    quota.submit().act("mzj-fzr", "approve").act("sjx", "approve", opinion="核定")
    project = Draft.objects.get(case=quota.case).project
    assert [str(quota_on(project, date(2025, month, 15))["CPU 核"].normalize()) for month in (10, 11, 12)] == [
        "16",
        "64",
        "64",
    ]
    assert str(quota_on(project, date(2026, 2, 15))["CPU 核"].normalize()) == "64"
    assert str(quota_on(project, date(2026, 3, 15))["CPU 核"].normalize()) == "16"


def test_R045_待办只数现在要我办的() -> None:
    walk = at_review()
    people = cast()
    assert [board.case for board in todo(people["shy"], walk.on)] == [walk.case]
    assert not list(todo(people["mzj-fzr"], walk.on))
    assert not list(todo(people["lt"], walk.on))


def test_R001_看得到什么按角色和本单位() -> None:
    from yunheng.cases.queries import case_for

    walk = at_review()
    people = cast()
    number = walk.case.number
    seen = {name for name, actor in people.items() if case_for(actor, number) == walk.case}
    assert {"mzj", "mzj-fzr", "shy", "kw", "xxk", "lt", "cz", "dsf"} <= seen
    assert not {"jyj", "jyj-fzr", "jd", "dx", "zgbm", "xtgly", "aqgly", "sjgly"} & seen


def test_督办留痕_知会在手的人() -> None:
    from yunheng.cases.queries import unread

    walk = at_review()
    cases.supervise(actor=walk.people["kw"], on=walk.on, case=walk.case, text="请尽快")
    assert [notice.text for notice in unread(walk.people["shy"])] == ["督办：请尽快"]
    with pytest.raises(NotYours):
        cases.supervise(actor=walk.people["mzj"], on=walk.on, case=walk.case, text="请尽快")
    assert Case.objects.get(pk=walk.case.pk).board.state == "待审核"


def recall(walk: Walk, who: str = "mzj", reason: str = "数量填错") -> None:
    cases.recall(actor=walk.people[who], on=walk.on, case=walk.case, seen=walk.seq, reason=reason)


def test_R045_外单位还没办之前可以撤回修改_改好再交() -> None:
    walk = at_review()
    recall(walk)
    assert state(walk) == "草稿"
    walk.fill(statement="改过了").submit()
    assert state(walk) == "待签批"


def test_R045_审核员办过以后不能撤回_说出谁办了什么() -> None:
    walk = at_review().act("shy", "approve")
    with pytest.raises(Refused, match="区科创服务中心 已于 2025-09-28 办了“审核通过”，不能撤回"):
        recall(walk)


def test_R045_撤回只能由提出的单位办_要写原因() -> None:
    walk = at_review()
    with pytest.raises(NotYours):
        recall(walk, "jyj")
    with pytest.raises(NotYours):
        recall(walk, "shy")
    with pytest.raises(Refused, match="要写明原因"):
        recall(walk, reason=" ")


def test_R045_转办给同机构同角色的人_从自己的待办里消失() -> None:
    from yunheng.audit.actor import SYSTEM
    from yunheng.orgs.operations import appoint, register_person
    from yunheng.orgs.queries import actor_for
    from yunheng.rules.roles import Role

    walk = at_review()
    centre = Institution.objects.get(code="KCZX")
    other = register_person(actor=SYSTEM, username="shy2", name="李强", password="Shenhe-2026-x")
    colleague = actor_for(
        appoint(actor=SYSTEM, person=other, institution=centre, role=Role.REVIEWER, on=date(2025, 1, 1))
    )
    cases.transfer(actor=walk.people["shy"], on=walk.on, case=walk.case, to=other, reason="请假")
    assert not list(todo(walk.people["shy"], walk.on))
    assert [board.case for board in todo(colleague, walk.on)] == [walk.case]


def test_R001_不能转给别的机构或别的角色的人() -> None:
    from yunheng.orgs.models import Person

    walk = at_review()
    to = Person.objects.get(username="demo.kw")
    with pytest.raises(Refused, match="不是同机构同角色的人"):
        cases.transfer(actor=walk.people["shy"], on=walk.on, case=walk.case, to=to, reason="请假")
    with pytest.raises(NotYours):
        cases.transfer(actor=walk.people["lt"], on=walk.on, case=walk.case, to=to, reason="请假")


def test_R087_申请时的估算按当日单价用满一年_合计等于各行之和() -> None:
    """R-087：申请时就看得到年化估算。"""
    from decimal import Decimal

    from yunheng.catalog.queries import estimate, prices

    asked = {"ZJ-CPU-X86": Decimal(32), "WL-IP": Decimal(2), "DX": Decimal(1), "RZ-ESYS2": Decimal(1)}
    found = estimate(asked, prices("CU", date(2026, 7, 8)))
    # 2024-01-01 起 CPU 456 元/核·年；公网 IP 46.5 元/个·月，一年 12 个月
    assert {line.item.code: line.fen for line in found.lines} == {
        "ZJ-CPU-X86": 32 * 456_00,
        "WL-IP": 2 * 12 * 46_50,
        "DX": None,
        "RZ-ESYS2": None,
    }
    assert found.fen == sum(line.fen or 0 for line in found.lines)
    assert [line.note for line in found.lines][2:] == ["阶梯计价，按全市平均单价", "按次计，以实际用量为准"]
