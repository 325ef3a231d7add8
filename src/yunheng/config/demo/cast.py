"""演示人物：一人一个登录，测试也用这一班人。"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.contrib.auth.hashers import make_password

from yunheng.audit.actor import SYSTEM, Actor
from yunheng.orgs import commissioning
from yunheng.orgs.models import Appointment, Institution, Kind, Level, Person
from yunheng.orgs.operations import appoint
from yunheng.orgs.queries import actor_for
from yunheng.rules.periods import service_year
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope

PASSWORD = "Yunheng-demo-1"
SINCE = date(2022, 7, 1)
#: 各服务年度都有一份委托合同，费用（元）都一样
COMMISSIONED = range(2022, 2027)
COMMISSION_FEE = Decimal("480000.00")


@dataclass(frozen=True)
class Character:
    """一个人物：登录名、姓名、机构代码、角色。"""

    username: str
    name: str
    institution: str
    role: Role


CHARACTERS = (
    Character("demo.mzj", "陈静", "U07", Role.CLERK),
    Character("demo.mzj-fzr", "周建国", "U07", Role.HEAD),
    Character("demo.jyj", "林晓", "U04", Role.CLERK),
    Character("demo.jyj-fzr", "顾卫东", "U04", Role.HEAD),
    Character("demo.jd", "沈佳", "U35", Role.CLERK),
    Character("demo.jd-fzr", "陆明", "U35", Role.HEAD),
    Character("demo.zgbm", "何敏", "U28", Role.SPONSOR),
    Character("demo.shy", "王芳", "KCZX", Role.REVIEWER),
    Character("demo.xxk", "刘洋", "KW", Role.INFORMATIZATION),
    Character("demo.kw", "赵志强", "KW", Role.AUTHORITY),
    Character("demo.cz", "孙丽", "CZJ", Role.FINANCE),
    Character("demo.lt", "钱浩", "CU", Role.PROVIDER),
    Character("demo.dx", "吴迪", "CT", Role.PROVIDER),
    Character("demo.dsf", "郑秋", "DSF", Role.THIRD_PARTY),
    Character("demo.sdsj", "冯涛", "SDSJ", Role.CITY_OPERATOR),
    Character("demo.sjx", "蒋文", "SJX", Role.CITY_ECONOMY),
    Character("demo.szg", "韩冰", "SZG", Role.CITY_AUTHORITY),
    Character("demo.xtgly", "朱磊", "KCZX", Role.SYSTEM_ADMIN),
    Character("demo.aqgly", "许晴", "KCZX", Role.SECURITY_ADMIN),
    Character("demo.sjgly", "曹阳", "KCZX", Role.AUDIT_ADMIN),
)

#: 示例数据包以外、流程里要用到的机构
INSTITUTIONS = (
    ("CZJ", "区财政局（虚构）", Kind.FINANCE, Level.DISTRICT),
    ("SDSJ", "市大数据中心", Kind.OPERATOR, Level.CITY),
    ("SJX", "市经济信息化部门", Kind.ECONOMY, Level.CITY),
    ("SZG", "市政务云主管部门", Kind.AUTHORITY, Level.CITY),
    ("WAB", "网安、密码部门（虚构）", Kind.SECURITY, Level.DISTRICT),
)

People = dict[str, Actor]


def register() -> People:
    """登记人物和任职；返回登录名（去掉 demo.）→ 办事人。"""
    institutions = {institution.code: institution for institution in Institution.objects.all()}
    secret = make_password(PASSWORD)
    people: People = {}
    for character in CHARACTERS:
        # 口令都一样，散列只算一次
        person = Person.objects.create(
            username=character.username, name=character.name, password=secret, must_change_password=False
        )
        appointment: Appointment = appoint(
            actor=SYSTEM, person=person, institution=institutions[character.institution], role=character.role, on=SINCE
        )
        people[character.username.removeprefix("demo.")] = actor_for(appointment, address="127.0.0.1", request="示例")
    return people


def commission(people: People) -> None:
    """每个服务年度与第三方机构签一份委托合同，六项都委托；示例的历史和现在都在合同期里。"""
    third = Institution.objects.get(code="DSF")
    for year in COMMISSIONED:
        span = service_year(year)
        assert span.until is not None
        signed = date(year, 6, 25)
        commissioning.register(
            actor=people["shy"],
            on=signed,
            institution=third,
            terms=commissioning.Terms(
                number=f"WT-{year}-01",
                scopes=[scope.value for scope in Scope],
                qualification=f"工程咨询单位资信甲级；比选文件松科创〔{year}〕示例 9 号",
                service_year=year,
                fee=COMMISSION_FEE,
                from_on=span.start,
                until_on=span.until,
                signed_on=signed,
            ),
            people=list(Person.objects.filter(username="demo.dsf")),
        )
