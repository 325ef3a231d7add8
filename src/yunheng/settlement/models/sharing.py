"""灾备资产和分摊、向市里的反馈和汇交：都只追加。"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.orgs.models import Institution


class RecoveryAsset(AppendOnly):
    """灾备平台的一项资产或服务（R-085，M10-五）：归谁所有，属哪一类费用；更正是下一条，以最近的为准。"""

    SHARED, DEDICATED, UPKEEP, EXPANSION = "共用", "独用", "运维", "扩容"
    code = models.CharField("编号", max_length=32)
    name = models.CharField("名称", max_length=200)
    kind = models.CharField("费用", max_length=4, choices=[(k, k) for k in (SHARED, DEDICATED, UPKEEP, EXPANSION)])
    owner = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="归属单位")
    on = models.DateField("业务日")
    by = models.CharField("谁记的", max_length=200)

    class Meta:
        verbose_name = "灾备资产"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class RecoveryShare(AppendOnly):
    """主管部门定的一项灾备费用怎样分（R-085）：`ratios` 是机构代码 → 份数；以最近的为准。"""

    code = models.CharField("资产编号", max_length=32)
    ratios = models.JSONField("分摊比例")
    document = models.CharField("依据", max_length=200)
    from_year = models.PositiveSmallIntegerField("自哪个服务年度起")
    on = models.DateField("业务日")
    by = models.CharField("谁定的", max_length=200)

    class Meta:
        verbose_name = "分摊比例"

    def __str__(self) -> str:
        return f"{self.code} {self.from_year}"


class RecoveryCost(AppendOnly):
    """某服务年度一项灾备费用，和按当时的比例拆到分的各家（R-085）。

    记错了的再记一条，`replaces` 是它更正哪一条，写明理由。
    """

    code = models.CharField("资产编号", max_length=32)
    service_year = models.PositiveSmallIntegerField("服务年度")
    amount = models.DecimalField("费用", max_digits=18, decimal_places=2)
    shares = models.JSONField("各家承担")
    document = models.CharField("依据", max_length=200)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="replaced_by", verbose_name="更正哪一条"
    )
    reason = models.CharField("更正的理由", max_length=200, blank=True)
    on = models.DateField("业务日")
    by = models.CharField("谁记的", max_length=200)

    class Meta:
        verbose_name = "灾备费用"
        constraints = [
            models.UniqueConstraint(
                fields=["code", "service_year"], condition=Q(replaces=None), name="one_recovery_cost_a_year"
            ),
            models.CheckConstraint(
                condition=Q(replaces=None, reason="") | (Q(replaces__isnull=False) & ~Q(reason="")),
                name="recovery_correction_says_why",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="recovery_cost_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.service_year} {self.amount}"


class Handover(AppendOnly):
    """按期向市里汇交的使用数据（R-021）：汇交了什么、谁签收，和当时的文件。

    汇交以后台账、用量又更正了的，同一段再汇交一次：`replaces` 指着它更正哪一次，原来的留着。
    """

    from_on = models.DateField("起")
    until_on = models.DateField("止（不含）")
    rows = models.PositiveIntegerField("行数")
    digest = models.CharField("SM3", max_length=64)
    content = models.BinaryField("文件")
    receiver = models.CharField("签收", max_length=200)
    replaces = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="replaced_by", verbose_name="更正哪一次"
    )
    on = models.DateField("汇交日")
    by = models.CharField("谁汇交的", max_length=200)
    #: 有这一栏以前的没有
    recorded_at = models.DateTimeField("入库时刻", null=True, db_default=Now())

    class Meta:
        verbose_name = "数据汇交"
        constraints = [
            models.UniqueConstraint(
                fields=["from_on", "until_on", "replaces"], nulls_distinct=False, name="one_handover_per_period"
            ),
            models.CheckConstraint(condition=Q(until_on__gt=models.F("from_on")), name="handover_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.from_on} {self.until_on}"


class ServiceFeedback(AppendOnly):
    """区里向市里反馈的服务商服务水平和质量（R-021）。"""

    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    service_year = models.PositiveSmallIntegerField("服务年度")
    level = models.CharField("服务水平", max_length=4, choices=[(k, k) for k in ("好", "较好", "一般", "差")])
    text = models.CharField("反馈", max_length=2000)
    on = models.DateField("业务日")
    by = models.CharField("谁反馈的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "服务反馈"

    def __str__(self) -> str:
        return f"{self.provider_id} {self.service_year} {self.level}"
