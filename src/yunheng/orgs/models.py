"""机构、人员、任职、委托合同。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.rules.periods import last_day
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope

from .initials import initials


class Kind(models.TextChoices):
    """机构的类型（M6-5、D14-5、D62-四、M10-三）。"""

    USING_UNIT = "using_unit", "使用单位"
    PROVIDER = "provider", "云服务商"
    OPERATOR = "operator", "运行管理单位"
    AUTHORITY = "authority", "主管部门"
    FINANCE = "finance", "财政部门"
    ECONOMY = "economy", "经济信息化部门"
    THIRD_PARTY = "third_party", "第三方机构"
    SECURITY = "security", "网安、密码部门"


class Nature(models.TextChoices):
    """使用单位的预算性质（R-003，D62-二、D62-九）：决定谁签合同、谁付钱。"""

    DISTRICT = "district", "区级预算"
    TOWN = "town", "街镇预算"
    NON_BUDGET = "non_budget", "非预算"


class Level(models.TextChoices):
    """市、区两级。"""

    CITY = "city", "市级"
    DISTRICT = "district", "区级"


class Institution(models.Model):
    """机构。`authority` 是业务主管部门：非党政机关、事业单位的申请由它提出（M6-7）。"""

    code = models.CharField("代码", max_length=32, unique=True)
    name = models.CharField("名称", max_length=200)
    initials = models.CharField("拼音首字母", max_length=200, editable=False, db_index=True)
    kind = models.CharField("类型", max_length=20, choices=Kind.choices)
    level = models.CharField("级别", max_length=10, choices=Level.choices, default=Level.DISTRICT)
    nature = models.CharField("预算性质", max_length=20, choices=Nature.choices, blank=True)
    state_organ = models.BooleanField("党政机关或事业单位", default=True)
    authority = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="supervised", verbose_name="业务主管部门"
    )
    address = models.CharField("地址", max_length=200, blank=True)
    phone = models.CharField("电话", max_length=40, blank=True)

    class Meta:
        verbose_name = "机构"
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind=Kind.USING_UNIT) | ~Q(nature=""),
                name="using_unit_has_nature",
                violation_error_message="使用单位要有预算性质（D62-二、D62-九，R-003）",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        """存，拼音首字母随名称。"""
        self.initials = initials(self.name)
        super().save(*args, **options)


class PersonManager(BaseUserManager["Person"]):
    """按登录名找人。"""


#: 登录名最多几个字
LONGEST_USERNAME = 64


class Person(AbstractBaseUser):
    """能登录的人。一个人可在多个机构任职，登录后以其中一个任职办事。"""

    username = models.CharField("登录名", max_length=LONGEST_USERNAME, unique=True)
    name = models.CharField("姓名", max_length=100)
    initials = models.CharField("拼音首字母", max_length=200, editable=False, db_index=True)
    phone = models.CharField("联系电话", max_length=40, blank=True)
    email = models.EmailField("邮箱", blank=True)
    is_active = models.BooleanField("启用", default=True)
    must_change_password = models.BooleanField("下次登录要改口令", default=True)
    password_changed_at = models.DateTimeField("口令改于", null=True, blank=True)
    preferences = models.JSONField("偏好", default=dict, blank=True)

    USERNAME_FIELD = "username"
    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        verbose_name = "人员"

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        """存，拼音首字母随姓名。"""
        self.initials = initials(self.name)
        super().save(*args, **options)


class Appointment(models.Model):
    """任职：某人在某机构担任某角色，自 `from_on` 起，至 `until_on`（不含；空 = 至今）。"""

    person = models.ForeignKey(Person, models.PROTECT, related_name="appointments", verbose_name="人员")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="appointments", verbose_name="机构")
    role = models.CharField("角色", max_length=32, choices=[(role.value, role.label) for role in Role])
    from_on = models.DateField("自")
    until_on = models.DateField("至（不含）", null=True, blank=True)

    class Meta:
        verbose_name = "任职"
        constraints = [
            models.CheckConstraint(
                condition=Q(until_on__isnull=True) | Q(until_on__gt=models.F("from_on")), name="appointment_period"
            ),
            models.UniqueConstraint(
                fields=["person", "institution", "role"],
                condition=Q(until_on__isnull=True),
                name="one_open_appointment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.institution.name} {Role(self.role).label}"

    def in_force(self, on: date) -> bool:
        """这天在不在任上。"""
        return self.from_on <= on and (self.until_on is None or on < self.until_on)


class BusinessClock(models.Model):
    """演示环境的业务日期：只有一行。正式环境不用它，业务日期就是当天。"""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    on = models.DateField("业务日期")

    class Meta:
        verbose_name = "演示业务日期"
        constraints = [models.CheckConstraint(condition=Q(id=1), name="one_business_clock")]

    def __str__(self) -> str:
        return str(self.on)


class ConventionDecision(AppendOnly):
    """区科委对一条口径的决定（R-005）：自 `effective_on` 起选 `option`；再决定是再追加一条。"""

    code = models.CharField("口径", max_length=8)
    option = models.CharField("选项", max_length=32)
    reason = models.TextField("理由")
    effective_on = models.DateField("自何日起")
    decided_on = models.DateField("决定日")
    by = models.CharField("谁决定的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "口径决定"

    def __str__(self) -> str:
        return f"{self.code}={self.option}"


class Commission(AppendOnly):
    """委托第三方机构的一份合同（D14-16(监管机制)，R-089）：自 `from_on` 起，至 `until_on`（不含）。

    `scopes` 是工作范围；`fee` 是费用（元），列入 `service_year` 服务年度的专项管理费。
    """

    institution = models.ForeignKey(Institution, models.PROTECT, related_name="commissions", verbose_name="第三方机构")
    number = models.CharField("合同号", max_length=80, unique=True)
    scopes = ArrayField(
        models.CharField(max_length=16, choices=[(one.value, one.label) for one in Scope]), verbose_name="工作范围"
    )
    qualification = models.CharField("资质和选定的依据", max_length=500)
    service_year = models.PositiveSmallIntegerField("费用列入的服务年度")
    fee = models.DecimalField("费用（元）", max_digits=14, decimal_places=2)
    from_on = models.DateField("起")
    until_on = models.DateField("止（不含）")
    signed_on = models.DateField("签订日")
    on = models.DateField("登记日")
    by = models.CharField("谁登记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "委托合同"
        constraints = [
            models.CheckConstraint(condition=Q(until_on__gt=models.F("from_on")), name="commission_period"),
            models.CheckConstraint(condition=Q(fee__gte=0), name="commission_fee_not_negative"),
            models.CheckConstraint(condition=Q(scopes__len__gt=0), name="commission_has_scope"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def covers(self) -> tuple[Scope, ...]:
        """工作范围，照条款的次序。"""
        return tuple(scope for scope in Scope if scope in self.scopes)

    @property
    def ended(self) -> Termination | None:
        """提前终止的记录；没有为 None。"""
        return getattr(self, "termination", None)

    @property
    def ends_on(self) -> date:
        """实际到哪天（不含）：提前终止的照终止日。"""
        return self.ended.until_on if self.ended else self.until_on

    @property
    def span(self) -> str:
        """给人看的合同期：实际到哪天（含）。"""
        return f"{self.from_on} 至 {last_day(self.ends_on)}（含）"

    @property
    def charge(self) -> Decimal:
        """实际的费用（元）：提前终止的照终止时定的。"""
        return self.ended.fee if self.ended else self.fee

    def in_force(self, on: date) -> bool:
        """这天在不在期。"""
        return self.from_on <= on < self.ends_on

    def state(self, on: date) -> str:
        """这天的状态，给人看的词。"""
        if self.in_force(on):
            return "在期"
        if on < self.from_on and not self.ended:
            return "未生效"
        return "已终止" if self.ended else "已期满"

    def names(self, person: int | None, on: date) -> bool:
        """这天合同的人员里有没有这个人；以那天或之前最近的一次进退为准。"""
        moves = [move for move in self.staffings.all() if move.person_id == person and move.from_on <= on]
        last = max(moves, key=lambda move: (move.from_on, move.pk), default=None)
        return last is not None and last.joins


class Staffing(AppendOnly):
    """合同的人员：自 `from_on` 起进（`joins`）或退。"""

    commission = models.ForeignKey(Commission, models.PROTECT, related_name="staffings", verbose_name="委托合同")
    person = models.ForeignKey(Person, models.PROTECT, related_name="staffings", verbose_name="人员")
    joins = models.BooleanField("进")
    from_on = models.DateField("自")
    reason = models.CharField("缘由", max_length=300, blank=True)
    on = models.DateField("登记日")
    by = models.CharField("谁登记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "委托合同的人员"

    def __str__(self) -> str:
        return f"{self.commission} {self.person} {'进' if self.joins else '退'}"


class Termination(AppendOnly):
    """委托合同提前终止：到 `until_on`（不含）为止，实际的费用是 `fee`（元），不多于合同。"""

    commission = models.OneToOneField(Commission, models.PROTECT, related_name="termination", verbose_name="委托合同")
    until_on = models.DateField("止（不含）")
    fee = models.DecimalField("实际的费用（元）", max_digits=14, decimal_places=2)
    reason = models.CharField("缘由", max_length=500)
    on = models.DateField("登记日")
    by = models.CharField("谁登记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "委托合同的提前终止"
        constraints = [models.CheckConstraint(condition=Q(fee__gte=0), name="termination_fee_not_negative")]

    def __str__(self) -> str:
        return f"{self.commission} 止于 {self.until_on}"


class Deliverable(AppendOnly):
    """委托的一件成果：哪份合同、哪项工作、文件和它的 SM3。"""

    commission = models.ForeignKey(Commission, models.PROTECT, related_name="deliverables", verbose_name="委托合同")
    scope = models.CharField("工作范围", max_length=16, choices=[(one.value, one.label) for one in Scope])
    title = models.CharField("名称", max_length=200)
    name = models.CharField("文件名", max_length=200)
    size = models.PositiveIntegerField("字节数")
    digest = models.CharField("SM3", max_length=64)
    content = models.BinaryField("内容")
    on = models.DateField("交付日")
    by = models.CharField("谁交的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "委托成果"

    def __str__(self) -> str:
        return self.title


class Confirmation(AppendOnly):
    """确认过的一次预览：同一次预览只能确认一次，重复提交、两个窗口同时点都只写一遍。"""

    token = models.CharField("预览的号", max_length=32, unique=True)
    purpose = models.CharField("哪件事", max_length=100)
    by = models.CharField("谁确认的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "确认过的预览"

    def __str__(self) -> str:
        return f"{self.purpose} {self.token}"
