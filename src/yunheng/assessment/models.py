"""考核事件、复核结论、满意度、审定的评分：都只追加。"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.cases.models import Case
from yunheng.orgs.models import Institution
from yunheng.rules.scoring import EVENT_INDICATORS


class Occurrence(AppendOnly):
    """一起考核事件（D62-附件5，R-091）。`mark` 是来源里的号：同一回事只记一次。"""

    provider = models.ForeignKey(Institution, models.PROTECT, related_name="occurrences", verbose_name="服务商")
    indicator = models.CharField("指标", max_length=1, choices=[(code, code) for code in EVENT_INDICATORS])
    on = models.DateField("日期")
    text = models.CharField("说明", max_length=500)
    mark = models.CharField("来源", max_length=100, unique=True)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+", verbose_name="所涉事项")
    by = models.CharField("谁记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "考核事件"
        indexes = [models.Index(fields=["provider", "on"])]
        constraints = [
            models.CheckConstraint(condition=Q(indicator__in=EVENT_INDICATORS), name="occurrence_indicator"),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.on} {self.text[:30]}"


class Finding(AppendOnly):
    """对一起事件的复核结论：算不算；以最近的一条为准。"""

    occurrence = models.ForeignKey(Occurrence, models.PROTECT, related_name="findings", verbose_name="事件")
    counted = models.BooleanField("计分")
    reason = models.CharField("理由", max_length=500)
    on = models.DateField("业务日")
    by = models.CharField("谁定的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "复核结论"

    def __str__(self) -> str:
        return f"{self.occurrence_id} {self.counted}"


class Satisfaction(AppendOnly):
    """某服务商某服务年度的满意率（百分数）；更正是下一条（R-092）。"""

    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    service_year = models.PositiveSmallIntegerField("服务年度")
    rate = models.DecimalField("满意率", max_digits=6, decimal_places=3)
    answers = models.PositiveIntegerField("有效份数", null=True)
    basis = models.CharField("依据", max_length=300)
    by = models.CharField("谁记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "满意率"
        constraints = [
            models.CheckConstraint(condition=Q(rate__gte=0) & Q(rate__lte=100), name="satisfaction_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.service_year} {self.rate}"


class Appraisal(AppendOnly):
    """一件年度考核：哪家、哪年。撤回、另起的可以不止一件，审定的只有一件（Score）。"""

    case = models.OneToOneField(Case, models.PROTECT, related_name="appraisal", verbose_name="事项")
    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    service_year = models.PositiveSmallIntegerField("服务年度")

    class Meta:
        verbose_name = "年度考核"
        constraints = [models.UniqueConstraint(fields=["provider", "service_year"], name="one_appraisal_a_year")]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.service_year}"


class Score(AppendOnly):
    """审定锁定的评分：分数、总分、扣减比例，和当时算进去的事件、满意率。"""

    appraisal = models.OneToOneField(Appraisal, models.PROTECT, related_name="score", verbose_name="考核")
    content = models.JSONField("评分")
    digest = models.CharField("SM3", max_length=64)
    on = models.DateField("审定日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "审定的评分"

    def __str__(self) -> str:
        return str(self.content.get("total"))
