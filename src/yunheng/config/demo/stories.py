"""故事线：照真实的操作一步步走出来的事项，各种状态都有（演示导览页列出去哪里看）。"""

from __future__ import annotations

from datetime import date
from typing import Any

from yunheng.applications import operations as applications
from yunheng.applications import receipts
from yunheng.applications.checking import required_attachments
from yunheng.applications.models import Draft
from yunheng.audit.actor import Actor
from yunheng.cases import operations as cases
from yunheng.cases.models import Board, Case
from yunheng.ledger.models import Project, Resource
from yunheng.rules.workdays import WorkCalendar
from yunheng.security.models import Condition
from yunheng.security.operations import confirm

from .cast import People

HOSTS = (
    {
        "type": "云主机",
        "count": "2",
        "cores": "8",
        "memory": "32",
        "os": "麒麟 V10",
        "system_disk": "0.1",
        "data_disk": "0.5",
        "ssd": "否",
        "zone": "政务外网",
        "eip": "",
        "bandwidth": "",
        "note": "应用，Tomcat 9",
    },
    {
        "type": "云主机",
        "count": "1",
        "cores": "16",
        "memory": "64",
        "os": "麒麟 V10",
        "system_disk": "0.1",
        "data_disk": "2",
        "ssd": "是",
        "zone": "政务外网",
        "eip": "",
        "bandwidth": "",
        "note": "数据库，达梦 8",
    },
)
SERVICES = {"AQ-FWKZ": "1", "AQ-RQFY": "1", "AQ-YHGL": "1", "AQ-SFRZ": "1", "CC-BF": "2"}
FILLED: dict[str, Any] = {
    "leader": "周建国",
    "contact": "021-67001234",
    "classified": "否",
    "level": "二级",
    "level_of_cloud": "市级政务云",
    "city_reason": "区级不能满足",
    "architecture": "X86",
    "iaas": "联通",
    "paas": [],
    "planned_on": "2026-09-01",
    "hosts": [dict(host) for host in HOSTS],
    "services": dict(SERVICES),
    "unticked": {},
    "statement": "面向全区办事群众的业务受理系统，日均 3,000 人次，按压测结果测算。",
}
#: 附件2 填好的样子
LEGACY: dict[str, Any] = {
    "unit_address": "示例路 1 号",
    "unit_contact": "林晓",
    "unit_phone": "021-67002345",
    "trusted": "否",
    "scope": "单部门应用",
    "online_on": "2019-03-01",
    "running": "7 年 4 个月",
    "ownership": "自有服务器",
    "reason": "设备老旧",
    "maintainer": "示例运维公司",
    "maintainer_contact": "示例",
    "maintainer_phone": "021-67003456",
    "maintenance": "定期维护",
    "machines": [
        {
            "owned": "自有",
            "cores": "32",
            "memory": "128",
            "storage": "4",
            "os": "CentOS 7",
            "place": "局机房",
            "purpose": "应用",
            "quantity": "2",
        }
    ],
}
_CALENDAR = WorkCalendar({})


class Walk:
    """把一件事项往前走：谁、哪天、办什么。"""

    def __init__(self, people: People, clerk: str, on: date, procedure: str, **chosen: Any) -> None:
        self.people = people
        self.clerk = people[clerk]
        self.on = on
        self.case: Case = applications.start(actor=self.clerk, on=on, procedure=procedure, **chosen)

    def fill(self, **values: Any) -> Walk:
        """填表；多的栏不管。"""
        draft = Draft.objects.get(case=self.case)
        applications.save(actor=self.clerk, case=self.case, seen=draft.version, values=values)
        return self

    def attach(self) -> Walk:
        """附上这类申请必须附的材料（已有的不再附）。"""
        content = Draft.objects.get(case=self.case).content
        given = set(self.case.attachments.values_list("kind", flat=True))
        for name in required_attachments(self.case.procedure, content):
            if name not in given:
                cases.attach(
                    actor=self.clerk, on=self.on, case=self.case, kind=name, name=f"{name}.pdf", content=b"%PDF-1.4"
                )
        return self

    def submit(self, *, attach: bool = True) -> Walk:
        """提交（或补正后提交）；材料没附的先附上。"""
        if attach:
            self.attach()
        applications.submit(actor=self.clerk, on=self.on, case=self.case, seen=self.seq)
        return self

    def later(self, workdays: int) -> Walk:
        """过几个工作日。"""
        self.on = _CALENDAR.after(self.on, workdays).date
        return self

    def act(self, who: str, code: str, **given: Any) -> Walk:
        """某人办一个动作。"""
        self._act(self.people[who], code, **given)
        return self

    def _act(self, actor: Actor, code: str, **given: Any) -> None:
        cases.act(
            actor=actor, on=self.on, case=Case.objects.get(pk=self.case.pk), act_code=code, seen=self.seq, **given
        )

    def deliver(self, who: str, prefix: str) -> Walk:
        """服务商填回执。"""
        rows = {
            row.key: {
                "resource": row.resource or f"{prefix}{n:02d}",
                "order": f"GD-{self.case.number}",
                "on": self.on.isoformat(),
            }
            for n, row in enumerate(receipts.rows(self.case), start=1)
        }
        return self.act(who, "deliver", detail={"rows": rows})

    def secure(self) -> Walk:
        """使用单位逐项确认安全六项。"""
        for condition in Condition:
            confirm(
                actor=self.clerk,
                on=self.on,
                case=self.case,
                condition=condition.value,
                note=f"{condition.label}材料（示例）",
            )
        return self

    @property
    def seq(self) -> int:
        """现在的末事件序号。"""
        return Board.objects.get(case=self.case).seq


def tell(people: People) -> None:
    """各条故事线。"""
    # ① 首次申请填到一半，有两处错
    broken = [dict(HOSTS[0]), {**HOSTS[1], "memory": "", "system_disk": "一百"}]
    Walk(people, "mzj", date(2026, 7, 6), "new", project_name="社会救助业务受理系统").fill(
        leader="周建国",
        contact="021-67001234",
        classified="否",
        level="二级",
        architecture="X86",
        iaas="联通",
        hosts=broken,
    )
    # ② 迁移，等联合审核，还剩 1 个工作日
    walk = (
        Walk(people, "jyj", date(2026, 6, 25), "migration", project_name="学籍管理系统")
        .fill(**FILLED, **LEGACY)
        .submit()
    )
    walk.act("jyj-fzr", "approve").later(3)
    cases.attach(
        actor=people["dsf"],
        on=walk.on,
        case=walk.case,
        kind="第三方现场评估报告",
        name="现场评估报告.txt",
        content="示例".encode(),
    )
    walk.later(2).act("dsf", "pass", opinion="现场评估合格，适配测试通过。")
    # ③ 变更，新增占首次申请量 18% 多
    _growing(people, Project.objects.get(code="P-007"))
    # ④ 办结的新建，走完测试、验证、安全六项、正式开通
    walk = Walk(people, "mzj", date(2026, 4, 1), "new", project_name="养老服务平台").fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").later(2).act("shy", "approve", opinion="材料齐全，同意。").later(2).deliver(
        "lt", "ECS-YL-"
    )
    walk.later(10).act("mzj", "pass").secure().later(1).act("shy", "open")
    # ⑤ 注销，备份还没做
    Walk(people, "jyj", date(2026, 7, 3), "deregistration", project=Project.objects.get(code="P-004")).fill(
        reason="系统下线，业务并入新平台",
        backup="尚未完成",
        backup_note="计划 7 月 20 日前迁完",
        release=list(Resource.objects.filter(project__code="P-004").values_list("code", flat=True)),
    )
    # ⑥ 联通开通超期
    walk = Walk(people, "mzj", date(2026, 6, 22), "new", project_name="殡葬服务管理系统").fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve", opinion="同意。")
    # ⑦ 退回补正
    walk = Walk(people, "mzj", date(2026, 6, 29), "new", project_name="婚姻登记预约系统").fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").later(2)
    walk.act(
        "shy",
        "return",
        opinion="资源测算依据不足，请补充说明。",
        marks={"hosts.1.type": "数据库主机内存偏大，请写明并发数", "statement": "请补充用户数和峰值"},
    )
    # ⑧ 临时资源在用，快到期
    walk = Walk(people, "mzj", date(2026, 2, 2), "temporary", project_name="冬季救助专项平台").fill(
        **FILLED,
        circumstance="列入市委、市政府年度重点工作",
        document="年度重点工作第 12 项",
        purpose="专项救助",
        expires_on="2026-07-31",
    )
    walk.submit().act("mzj-fzr", "approve").later(2).act("sjx", "approve", opinion="核定。").later(2).deliver(
        "lt", "ECS-LS-"
    )
    # ⑨ 街道自费单位，等区科委同意
    walk = (
        Walk(people, "jd", date(2026, 7, 6), "new", project_name="社区治理平台")
        .fill(**{**FILLED, "iaas": "电信"})
        .submit()
    )
    walk.act("jd-fzr", "approve")
    # 测试期、待正式开通、不予通过，各一件
    walk = (
        Walk(people, "jyj", date(2026, 6, 15), "new", project_name="校园安全监管系统")
        .fill(**{**FILLED, "iaas": "电信"})
        .submit()
    )
    walk.act("jyj-fzr", "approve").later(2).act("shy", "approve").later(2).deliver("dx", "ECS-XY-")
    walk = (
        Walk(people, "jyj", date(2026, 6, 1), "new", project_name="教师研修平台")
        .fill(**{**FILLED, "iaas": "电信"})
        .submit()
    )
    walk.act("jyj-fzr", "approve").later(2).act("shy", "approve").later(2).deliver("dx", "ECS-YX-").later(10).act(
        "jyj", "pass"
    )
    walk = Walk(people, "jyj", date(2026, 6, 8), "new", project_name="食堂刷卡系统").fill(**FILLED).submit()
    walk.act("jyj-fzr", "approve").later(2).act("shy", "reject", opinion="与现有系统重复，请并入校园一卡通。")


def _growing(people: People, project: Project) -> None:
    """变更到接近 20%：按首次申请的核数加一台。"""
    from yunheng.applications.amounts import of_application  # noqa: PLC0415
    from yunheng.applications.guards import live_filings  # noqa: PLC0415

    first = of_application(live_filings(project)[0].content)
    cores = max(1, int(first["CPU 核"] * 18 // 100))
    added = {
        **HOSTS[0],
        "count": "1",
        "cores": str(cores),
        "memory": "1",
        "system_disk": "0.01",
        "data_disk": "",
        "action": "新增",
    }
    walk = Walk(people, "mzj", date(2026, 7, 2), "change", project=project)
    walk.fill(
        changes=[added],
        statement="暑期业务量增加，扩一台应用主机。",
        leader="周建国",
        contact="021-67001234",
        classified="否",
        level="二级",
    )
    walk.submit().act("mzj-fzr", "approve").later(1).act(_provider_login(walk.case), "confirm")


def _provider_login(case: Case) -> str:
    provider = Board.objects.select_related("provider").get(case=case).provider
    return {"CU": "lt", "CT": "dx"}[provider.code] if provider else "lt"
