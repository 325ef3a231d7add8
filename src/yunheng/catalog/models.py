"""目录项和单价。"""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value

from yunheng.audit.append_only import AppendOnly
from yunheng.orgs.models import Institution


class Item(models.Model):
    """目录项。

    `dimension` 是主机规格里的哪一维（CPU 核、内存 GB……），不是主机规格的为空；`provider` 为空是各服务商都有。
    """

    code = models.CharField("目录项", max_length=32, unique=True)
    name = models.CharField("名称", max_length=200)
    category = models.CharField("类别", max_length=20)
    unit = models.CharField("计价单位", max_length=40)
    pricing = models.CharField("计价方式", max_length=10)
    cycle = models.CharField("计费周期", max_length=10)
    level = models.CharField("级别", max_length=10, default="市级")
    logged = models.BooleanField("平台有日志", default=True)
    dimension = models.CharField("主机规格", max_length=20, blank=True)
    architecture = models.CharField("架构", max_length=10, blank=True)
    provider = models.ForeignKey(Institution, models.PROTECT, null=True, related_name="items", verbose_name="服务商")

    class Meta:
        verbose_name = "目录项"

    def __str__(self) -> str:
        return self.name


class Price(AppendOnly):
    """一个价格版本：`during` 里的单价（元）。同一项、同一服务商的版本不相交，数据库保证（R-074）。"""

    item = models.ForeignKey(Item, models.PROTECT, related_name="prices", verbose_name="目录项")
    provider = models.ForeignKey(Institution, models.PROTECT, null=True, related_name="+", verbose_name="服务商")
    unit_price = models.DecimalField("单价", max_digits=15, decimal_places=6, null=True)
    during = DateRangeField("生效区间")

    class Meta:
        verbose_name = "价格版本"
        constraints = [
            ExclusionConstraint(
                name="prices_do_not_overlap",
                expressions=[
                    ("item", RangeOperators.EQUAL),
                    (Func(F("provider"), Value(0), function="COALESCE"), RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(unit_price__isnull=True) | Q(unit_price__gte=0), name="price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.unit_price}"
