"""年度结算的事项、冻结、效能核定、合同、支付、预算：都只追加。"""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yunheng.assessment.models import Published
from yunheng.audit.append_only import AppendOnly
from yunheng.cases.models import Case
from yunheng.orgs.models import Institution

from .digits import Digits
from .runs import Run


class YearCase(AppendOnly):
    """某服务年度的结算事项：`number` 为 0 是年度结算，一年一件；1 起是各次补差。

    撤回了可以重起：`restarts` 是重起的那件撤回的，同一次的各件一件接一件，没撤回的至多一件。
    """

    service_year = models.PositiveSmallIntegerField("服务年度")
    number = models.PositiveSmallIntegerField("第几次补差", default=0)
    case = models.OneToOneField(Case, models.PROTECT, related_name="settles", verbose_name="年度结算")
    restarts = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="restarted_by", verbose_name="重起哪一件撤回的"
    )

    class Meta:
        verbose_name = "年度结算"
        constraints = [
            models.UniqueConstraint(
                fields=["service_year", "number", "restarts"], nulls_distinct=False, name="one_case_per_number"
            )
        ]

    def __str__(self) -> str:
        return f"{self.service_year}/{self.number}"


class Freeze(AppendOnly):
    """冻结：区科委批准了的计量批次（R-083、R-090）。

    一年一份，`number` 为 0；之后的更正走补差，从 1 起，`base` 是它减去的那一份。
    `recovery` 是并进补差的、方案报送以后才登记的灾备区级承担（元，R-085）。
    """

    service_year = models.PositiveSmallIntegerField("服务年度")
    number = models.PositiveSmallIntegerField("第几次补差", default=0)
    base = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="corrected_by", verbose_name="减去哪一份"
    )
    run = models.OneToOneField(Run, models.PROTECT, related_name="freeze", verbose_name="计量批次")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name="年度结算")
    recovery = models.DecimalField("并进的灾备", max_digits=18, decimal_places=2, default=0)
    on = models.DateField("业务日")
    by = models.CharField("谁批的", max_length=200)

    class Meta:
        verbose_name = "冻结的结算"
        constraints = [
            models.UniqueConstraint(fields=["service_year", "number"], name="one_freeze_per_number"),
            models.CheckConstraint(
                condition=Q(number=0, base=None) | Q(number__gt=0, base__isnull=False), name="adjusts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_year}" + (f" 补差 {self.number}" if self.number else "")


class Verified(AppendOnly):
    """效能评估核定的调整（R-079）：在结算书里单列，不改变计量结果；`amount` 正是加付，负是减付。

    核定错了，报送立项以前可以重新核定：`replaces` 是替下哪一条，替下了的不算数；改成 0 就是不调整了。
    """

    freeze = models.ForeignKey(Freeze, models.PROTECT, related_name="verified", verbose_name="结算")
    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    result = models.ForeignKey(Published, models.PROTECT, related_name="+", verbose_name="效能评估结果")
    amount = models.DecimalField("调整", max_digits=18, decimal_places=2)
    reason = models.CharField("理由", max_length=500)
    document = models.CharField("文号", max_length=100)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="replaced_by", verbose_name="替下哪一条"
    )
    on = models.DateField("业务日")
    by = models.CharField("谁决定的", max_length=200)

    class Meta:
        verbose_name = "效能核定"
        constraints = [
            models.UniqueConstraint(
                fields=["freeze", "provider", "replaces"], nulls_distinct=False, name="one_verification_each"
            ),
            models.CheckConstraint(condition=~Q(amount=0) | Q(replaces__isnull=False), name="verification_not_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.amount}"


class Shortfall(AppendOnly):
    """定下的金额少于预算合计，怎样处理（R-081）：各家少付多少，缓付还是减少，写明缘由；以最近的一条为准。

    `limit` 是照哪个金额（批复、申请、下达里最低的），定下的金额又变了的不再算数。
    `cuts` 是服务商代码、`RECOVERY`、`SUPERVISION` → 少付多少（元），合计等于差额。
    缓付的还欠着，并进下一次补差；减少的不再付。
    """

    DEFER, REDUCE = "缓付", "减少"
    #: 不是付给服务商的两行，在 `cuts` 里的键
    RECOVERY, SUPERVISION = "灾备", "管理费"
    case = models.ForeignKey(Case, models.PROTECT, related_name="shortfalls", verbose_name="年度结算")
    limit = models.DecimalField("照哪个金额", max_digits=18, decimal_places=2)
    kind = models.CharField("怎样处理", max_length=4, choices=[(k, k) for k in (DEFER, REDUCE)])
    cuts = models.JSONField("各家少付多少")
    reason = models.CharField("缘由", max_length=500)
    on = models.DateField("业务日")
    by = models.CharField("谁定的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "批复不足的处理"
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="shortfall_says_why")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.kind}"


class Contract(AppendOnly):
    """支付合同：区级统一支付的一家服务商一份（R-081）；自行支付的由使用单位签（`unit` 不空，R-088）。

    `fee` 是付给第三方机构的专项管理费（R-082），可以几份；`less_reason` 是比这次该付的少签的理由。
    补差的是补充协议，收回的金额为负。
    登记错了的作废（`voided`），重新登记的 `replaces` 指着它；算数的只有没作废的。
    """

    freeze = models.ForeignKey(Freeze, models.PROTECT, related_name="contracts", verbose_name="结算")
    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    unit = models.ForeignKey(Institution, models.PROTECT, null=True, related_name="+", verbose_name="使用单位")
    fee = models.BooleanField("专项管理费", default=False)
    less_reason = models.CharField("少签的理由", max_length=500, blank=True, default="")
    number = models.CharField("合同号", max_length=80, db_index=True)
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)
    signed_on = models.DateField("签订日")
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="replaced_by", verbose_name="替下哪一份作废的"
    )
    by = models.CharField("谁登记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "支付合同"
        constraints = [
            models.UniqueConstraint(
                fields=["freeze", "provider", "unit", "replaces"],
                nulls_distinct=False,
                name="one_contract_per_payer",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def paid_total(self) -> Decimal:
        """已付。"""
        return sum((payment.amount for payment in self.payments.all()), Decimal(0))

    @property
    def left(self) -> Decimal:
        """还应付。"""
        return self.amount - self.paid_total


class ContractVoid(AppendOnly):
    """作废一份登记错了的合同（R-081）：写明缘由，已付的冲回干净才能作废。"""

    contract = models.OneToOneField(Contract, models.PROTECT, related_name="voided", verbose_name="合同")
    reason = models.CharField("缘由", max_length=500)
    on = models.DateField("业务日")
    by = models.CharField("谁作废的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "作废的合同"

    def __str__(self) -> str:
        return f"{self.contract} 作废"


class Payment(AppendOnly):
    """一次支付，补差收回的为负；各次合计不超过合同金额。

    `voucher_total` 是同一凭证付几份合同时各笔的合计，不合用的为空。
    记错的、退票的另记一笔冲回：`reverses` 是冲哪一笔，方向相反、不超过它，一笔只冲一次。
    """

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="payments", verbose_name="合同")
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)
    paid_on = models.DateField("支付日")
    voucher = models.CharField("凭证号", max_length=80)
    voucher_total = models.DecimalField("同一凭证的合计", max_digits=18, decimal_places=2, null=True)
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="reversed_by", verbose_name="冲回哪一笔"
    )
    reason = models.CharField("冲回的缘由", max_length=500, blank=True)
    by = models.CharField("谁登记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "支付"
        indexes = [models.Index(Digits("voucher"), name="payment_voucher_digits")]
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="payment_not_zero"),
            models.UniqueConstraint(fields=["contract", "voucher"], name="one_payment_per_voucher"),
            models.CheckConstraint(
                condition=Q(reverses=None, reason="") | (Q(reverses__isnull=False) & ~Q(reason="")),
                name="reversal_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract} {self.amount}"


class RecoveryPayment(AppendOnly):
    """灾备区级承担的一次拨付（M10-五，R-085）：付给谁、凭哪张凭证；不由区科创中心付的，写明由谁另付、为什么。

    `elsewhere` 不空的是由别人另付，没有凭证；登记错了的另记一笔冲回（`reverses`），金额为负，一笔只冲一次、全冲。
    """

    freeze = models.ForeignKey(Freeze, models.PROTECT, related_name="recovery_payments", verbose_name="结算")
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)
    paid_on = models.DateField("拨付日")
    payee = models.CharField("付给谁", max_length=200, blank=True)
    voucher = models.CharField("凭证号", max_length=80, blank=True)
    elsewhere = models.CharField("由谁另付", max_length=200, blank=True)
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="reversed_by", verbose_name="冲回哪一笔"
    )
    reason = models.CharField("理由", max_length=500, blank=True)
    by = models.CharField("谁登记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "灾备拨付"
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="recovery_payment_not_zero"),
            models.CheckConstraint(
                condition=Q(elsewhere="", voucher__gt="") | (~Q(elsewhere="") & Q(voucher="")),
                name="recovery_payment_by_voucher_or_elsewhere",
            ),
            models.CheckConstraint(
                condition=Q(elsewhere="", reverses=None) | ~Q(reason=""), name="recovery_payment_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.freeze} 灾备 {self.amount}"


class Budget(AppendOnly):
    """某服务年度安排的预算（R-087）；追加、核减是下一条，以最近的为准。"""

    service_year = models.PositiveSmallIntegerField("服务年度")
    amount = models.DecimalField("预算", max_digits=18, decimal_places=2)
    document = models.CharField("文号", max_length=100)
    on = models.DateField("业务日")
    by = models.CharField("谁记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "年度预算"
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="budget_positive")]

    def __str__(self) -> str:
        return f"{self.service_year} {self.amount}"
