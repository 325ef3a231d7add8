"""批次里没有计入的收件、没有采用的工单、几条路都送了的用量和定取哪一边：都只追加。"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.ledger.models import Correction, Received, Source

from .runs import Run


class PathChoice(AppendOnly):
    """区科创中心定的：这一天的用量取哪个来源的（R-052、R-075）。`totals` 是定的时候各来源的合计，变了就要重新定。"""

    resource = models.CharField("资源", max_length=128)
    item = models.CharField("目录项", max_length=64)
    used_on = models.DateField("用量日")
    source = models.ForeignKey(Source, models.PROTECT, related_name="+", verbose_name="取哪个来源")
    totals = models.JSONField("各来源的合计")
    reason = models.CharField("理由", max_length=500)
    on = models.DateField("业务日")
    by = models.CharField("谁定的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "用量取哪一边"
        indexes = [models.Index(fields=["resource", "item", "used_on"], name="path_choice_of_day")]

    def __str__(self) -> str:
        return f"{self.resource} {self.item} {self.used_on} {self.source_id}"


class Contested(AppendOnly):
    """批次里几个来源都送了、合计又不等的一天：各来源的合计，取的是哪个来源，定过没有。"""

    run = models.ForeignKey(Run, models.PROTECT, related_name="contested", verbose_name="计量批次")
    resource = models.CharField("资源", max_length=128)
    item = models.CharField("目录项", max_length=64)
    used_on = models.DateField("用量日")
    totals = models.JSONField("各来源的合计")
    source = models.ForeignKey(Source, models.PROTECT, related_name="+", verbose_name="取的来源")
    chosen = models.BooleanField("定过")

    class Meta:
        verbose_name = "用量冲突"
        constraints = [
            models.UniqueConstraint(fields=["run", "resource", "item", "used_on"], name="one_contest_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.resource} {self.item} {self.used_on}"


class Uncounted(AppendOnly):
    """批次没有计入的一件收件：导出会让整包出错，又还没有处理的（R-052）。"""

    run = models.ForeignKey(Run, models.PROTECT, related_name="uncounted", verbose_name="计量批次")
    received = models.ForeignKey(Received, models.PROTECT, related_name="+", verbose_name="收件")
    reason = models.CharField("为什么", max_length=200)

    class Meta:
        verbose_name = "未计入的收件"
        constraints = [models.UniqueConstraint(fields=["run", "received"], name="one_uncounted_per_arrival")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.received_id}"


class Outranked(AppendOnly):
    """批次没有采用的一张工单：同一动作先后在前的另有一张，或台账更正过这个动作，数量或日期不同（R-052、R-075）。"""

    run = models.ForeignKey(Run, models.PROTECT, related_name="outranked", verbose_name="计量批次")
    received = models.ForeignKey(Received, models.PROTECT, related_name="+", verbose_name="没有采用的")
    used = models.ForeignKey(Received, models.PROTECT, null=True, related_name="+", verbose_name="采用的")
    correction = models.ForeignKey(
        Correction, models.PROTECT, null=True, related_name="+", verbose_name="照哪一次台账更正"
    )

    class Meta:
        verbose_name = "没有采用的工单"
        constraints = [
            models.UniqueConstraint(fields=["run", "received"], name="one_outranked_per_arrival"),
            models.CheckConstraint(
                condition=models.Q(used=None, correction__isnull=False) | models.Q(used__isnull=False, correction=None),
                name="outranked_by_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.received_id}"


class LogGap(AppendOnly):
    """批次里平台日志断过的一个资源（`ledger.gaps`）：期间里几处、一共几天没有看见，最长的一处从哪天断到哪天（R-075）。

    数据包把几段并成最早首见、最晚末见，断的日子当作一直看得见，提前消失（D7）不报，所以点名。
    """

    run = models.ForeignKey(Run, models.PROTECT, related_name="log_gaps", verbose_name="计量批次")
    resource = models.CharField("资源", max_length=128)
    number = models.PositiveIntegerField("几处")
    days = models.PositiveIntegerField("几天没有看见")
    last_on = models.DateField("断以前最后看见哪天")
    next_on = models.DateField("哪天又看见")

    class Meta:
        verbose_name = "日志断档"
        constraints = [models.UniqueConstraint(fields=["run", "resource"], name="one_log_gap_per_resource")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.resource}"


class Noticed(AppendOnly):
    """提交以前看过这个批次未计入的收件（R-052）。"""

    run = models.ForeignKey(Run, models.PROTECT, related_name="noticed", verbose_name="计量批次")
    on = models.DateField("业务日")
    by = models.CharField("谁看过", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "看过未计入的收件"

    def __str__(self) -> str:
        return f"{self.run_id} {self.by}"
