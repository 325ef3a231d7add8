"""结算项目方案的各版、草稿和文件：只追加（草稿没出成的可以再要）。"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.cases.models import Case

from .runs import Run


class Plan(AppendOnly):
    """结算项目方案的一版（R-080）：可写的各段文字、绩效目标，照哪个批次，成文的文件。

    `goals` 是预算绩效目标各行的 [指标, 目标值]；空的是照默认。
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="plans", verbose_name="年度结算")
    version = models.PositiveSmallIntegerField("版本")
    run = models.ForeignKey(Run, models.PROTECT, related_name="+", verbose_name="计量批次")
    prose = models.JSONField("文字", default=dict)
    goals = models.JSONField("绩效目标", default=list)
    total = models.DecimalField("统一支付应付合计", max_digits=18, decimal_places=2)
    supervision = models.DecimalField("第三方专项管理费", max_digits=18, decimal_places=2)
    recovery = models.DecimalField("灾备区级承担", max_digits=18, decimal_places=2, default=0)
    verified = ArrayField(models.BigIntegerField(), default=list, verbose_name="算进去的效能核定")
    on = models.DateField("业务日")
    by = models.CharField("谁编的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "结算项目方案"
        constraints = [models.UniqueConstraint(fields=["case", "version"], name="one_plan_per_version")]

    def __str__(self) -> str:
        return f"{self.case_id} 方案 v{self.version}"


class PaperFile(AppendOnly):
    """后台出的一个文件：Word、PDF、Excel，和内容的 JSON（预览和两版对照用）。"""

    name = models.CharField("文件名", max_length=100)
    digest = models.CharField("SM3", max_length=64)
    content = models.BinaryField("内容")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name


class PlanFile(PaperFile):
    """方案一版的文件。"""

    plan = models.ForeignKey(Plan, models.PROTECT, related_name="files", verbose_name="方案")

    class Meta:
        verbose_name = "方案文件"
        constraints = [models.UniqueConstraint(fields=["plan", "name"], name="one_plan_file_per_name")]


class PlanDraft(models.Model):
    """方案的草稿：照一个还没有批准的批次出，带水印，不是方案的一版，报送不了。

    排队由后台出；`problem` 是没出成的原因，再要一次就清掉重出。
    """

    run = models.OneToOneField(Run, models.PROTECT, related_name="draft", verbose_name="计量批次")
    problem = models.TextField("没出成的原因", blank=True)
    on = models.DateField("业务日")
    by = models.CharField("谁要的", max_length=200)
    asked_at = models.DateTimeField("何时要的", db_default=Now())

    class Meta:
        verbose_name = "方案草稿"

    def __str__(self) -> str:
        return f"批次 {self.run_id} 的方案草稿"


class DraftFile(PaperFile):
    """方案草稿的文件。"""

    draft = models.ForeignKey(PlanDraft, models.PROTECT, related_name="files", verbose_name="方案草稿")

    class Meta:
        verbose_name = "方案草稿的文件"
        constraints = [models.UniqueConstraint(fields=["draft", "name"], name="one_draft_file_per_name")]
