"""账目、不计费的账目、各项目的合计、试算重排的时间线：都只追加。"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models

from yunheng.audit.append_only import AppendOnly
from yunheng.rules.periods import last_day

from .runs import Run


class Line(AppendOnly):
    """一条账目的各栏；`seq` 是在 结算.json 里的次序，从 1 起，账目、待核、不计费的各数各的。"""

    seq = models.PositiveIntegerField("次序")
    unit = models.CharField("单位", max_length=64)
    project = models.CharField("项目", max_length=64)
    resource = models.CharField("资源", max_length=128)
    item = models.CharField("目录项", max_length=64)
    provider = models.CharField("服务商", max_length=64)
    form = models.CharField("单号", max_length=80)
    order = models.CharField("工单号", max_length=120)
    quantity = models.CharField("数量", max_length=40)
    from_on = models.DateField("起")
    until_on = models.DateField("止（不含）")
    days = models.PositiveIntegerField("天数")
    unit_price = models.CharField("单价", max_length=40)
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)
    payer = models.CharField("谁付", max_length=10)
    differences = models.CharField("未裁定的差异", max_length=60, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.resource} {self.item} {self.amount}"

    @property
    def last_on(self) -> date:
        """计到哪天（含）。"""
        return last_day(self.until_on)

    @property
    def unpriced(self) -> bool:
        """阶梯计价缺全市总量或阶梯价（D10）：单价、金额存的是 0，是算不出，不是 0 元。"""
        return "D10" in self.differences.split(",")

    @property
    def stated(self) -> dict[str, Any]:
        """算式要的几栏，照 结算.json 的写法。"""
        return {
            "quantity": self.quantity,
            "unit_price": self.unit_price,
            "amount": f"{self.amount:.2f}",
            "from": self.from_on.isoformat(),
            "until": self.until_on.isoformat(),
            "days": self.days,
            "differences": self.differences.split(",") if self.differences else [],
        }


class BillLine(Line):
    """一条账目或待核（R-073）。批次那一栏不另建索引：下面两个都以它开头。"""

    run = models.ForeignKey(Run, models.PROTECT, related_name="lines", db_index=False, verbose_name="计量批次")
    disputed = models.BooleanField("待核")

    class Meta:
        verbose_name = "账目"
        constraints = [models.UniqueConstraint(fields=["run", "disputed", "seq"], name="one_line_per_seq")]
        indexes = [models.Index(fields=["run", "unit", "project", "resource"], name="bill_drill")]


class WaivedLine(Line):
    """裁定不计费、从结果里删去的账目（R-075）：说明为什么没有收。"""

    run = models.ForeignKey(Run, models.PROTECT, related_name="waived", db_index=False, verbose_name="计量批次")

    class Meta:
        verbose_name = "不计费的账目"
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="one_waived_per_seq")]
        indexes = [models.Index(fields=["run", "resource"])]


class BillSum(AppendOnly):
    """账目按（单位, 项目, 服务商, 谁付, 待核）的合计：几百万条账目的上几级也翻得快；`prove` 与账目核对。"""

    run = models.ForeignKey(Run, models.PROTECT, related_name="sums", verbose_name="计量批次")
    unit = models.CharField("单位", max_length=64)
    project = models.CharField("项目", max_length=64)
    provider = models.CharField("服务商", max_length=64)
    payer = models.CharField("谁付", max_length=10)
    disputed = models.BooleanField("待核")
    lines = models.PositiveIntegerField("条数")
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)

    class Meta:
        verbose_name = "账目合计"
        constraints = [
            models.UniqueConstraint(
                fields=["run", "unit", "project", "provider", "payer", "disputed"], name="one_sum_per_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.unit} {self.project} {self.provider} {self.amount}"


class Moved(AppendOnly):
    """裁定试算重排了的时间线：看账时不用 `run.base` 里的，用自己名下的。"""

    run = models.ForeignKey(Run, models.PROTECT, related_name="moved", verbose_name="裁定试算")
    resource = models.CharField("资源", max_length=128)
    item = models.CharField("目录项", max_length=64)

    class Meta:
        verbose_name = "重排的时间线"
        constraints = [models.UniqueConstraint(fields=["run", "resource", "item"], name="one_move_per_timeline")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.resource} {self.item}"
