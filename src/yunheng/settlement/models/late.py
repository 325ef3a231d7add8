"""冻结以后又到的收件和它们的影响估计：查到哪里可改，别的只追加。"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.ledger.models import Received

from .runs import Run


class Late(AppendOnly):
    """冻结的批次没有读到的一件平台收件，说的是那一年的日子（R-052、R-083）：账不动，走补差。"""

    run = models.ForeignKey(Run, models.PROTECT, related_name="late", verbose_name="冻结的批次")
    received = models.ForeignKey(Received, models.PROTECT, related_name="+", verbose_name="收件")

    class Meta:
        verbose_name = "冻结以后又到的收件"
        constraints = [models.UniqueConstraint(fields=["run", "received"], name="one_late_per_arrival")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.received_id}"


class LateScan(models.Model):
    """冻结的批次查晚到的查到第几号收件。"""

    run = models.OneToOneField(Run, models.PROTECT, related_name="late_scan", verbose_name="冻结的批次")
    upto = models.BigIntegerField("查到第几号")

    class Meta:
        verbose_name = "查晚到的收件"

    def __str__(self) -> str:
        return f"{self.run_id} {self.upto}"


class LateEstimate(AppendOnly):
    """晚到的 `count` 件对统一支付净额（扣减以后）的影响，元；算不出的没有数，写明 `reason`。

    `handled` 是估算时这些收件处理过几次，后来又处理了的，估计也旧了。
    """

    run = models.ForeignKey(Run, models.PROTECT, related_name="late_estimates", verbose_name="冻结的批次")
    count = models.PositiveIntegerField("几件")
    handled = models.PositiveIntegerField("处理过几次")
    amount = models.DecimalField("影响", max_digits=18, decimal_places=2, null=True)
    reason = models.CharField("为什么算不出", max_length=500, blank=True)
    on = models.DateField("业务日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "晚到收件的影响估计"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount=None) & ~Q(reason="") | Q(amount__isnull=False, reason=""), name="amount_or_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.amount if self.reason == '' else self.reason}"
