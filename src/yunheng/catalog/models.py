"""目录项和单价。"""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.cases.models import Case
from yunheng.orgs.models import Institution


class Item(models.Model):
    """目录项。

    `dimension` 是主机规格里的哪一维（CPU 核、内存 GB……），不是主机规格的为空；`provider` 为空是各服务商都有。
    `name` 是最近一版里的名称，各版当时的在各版的行里；其余各栏决定单价和数量的意思，登记了就不变（R-013）。
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


class Edition(AppendOnly):
    """一版目录（R-013）：整本一起生效，旧版永久可查。`case` 是发布它的事项，装机时录入的没有。"""

    number = models.CharField("版次", max_length=40, unique=True)
    level = models.CharField("级别", max_length=10, choices=[("市级", "市级"), ("区级", "区级")])
    effective_on = models.DateField("生效日")
    basis = models.CharField("依据", max_length=300)
    case = models.OneToOneField(Case, models.PROTECT, null=True, related_name="edition", verbose_name="发布的事项")
    digest = models.CharField("SM3", max_length=64)
    on = models.DateField("发布日")
    by = models.CharField("谁发布的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "目录版本"
        indexes = [models.Index(fields=["level", "effective_on"])]

    def __str__(self) -> str:
        return self.number

    @property
    def backfilled(self) -> bool:
        """历史补录：发布时生效日已经过去（R-084）。"""
        return self.effective_on < self.on


class Listing(AppendOnly):
    """一版目录里的一行：某项、某服务商（空是全部）的单价（元），阶梯的为空。

    名称、服务内容、服务标准各版可以不同，记在各版的行里（M6-15、M10-四(三)）。
    """

    edition = models.ForeignKey(Edition, models.PROTECT, related_name="listings", verbose_name="目录版本")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="目录项")
    provider = models.ForeignKey(Institution, models.PROTECT, null=True, related_name="+", verbose_name="服务商")
    unit_price = models.DecimalField("单价", max_digits=15, decimal_places=6, null=True)
    name = models.CharField("名称", max_length=200)
    content = models.CharField("服务内容", max_length=1000, blank=True, default="")
    standard = models.CharField("服务标准", max_length=1000, blank=True, default="")

    class Meta:
        verbose_name = "目录的一行"
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "item", "provider"], nulls_distinct=False, name="listed_once_per_edition"
            ),
            models.CheckConstraint(
                condition=Q(unit_price__isnull=True) | Q(unit_price__gte=0), name="listed_price_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.edition_id} {self.item_id} {self.unit_price}"


class EditionDraft(models.Model):
    """正在编的一版：`rows` 是各行（列同目录的导入表），发布以前可改；`base` 是照抄的那一版，还没有一版的为空。"""

    case = models.OneToOneField(Case, models.PROTECT, related_name="edition_draft", verbose_name="事项")
    level = models.CharField("级别", max_length=10)
    base = models.ForeignKey(Edition, models.PROTECT, null=True, related_name="+", verbose_name="从哪一版改起")
    effective_on = models.DateField("生效日", null=True)
    basis = models.CharField("依据", max_length=300, blank=True)
    rows = models.JSONField("各行", default=list)
    version = models.PositiveIntegerField("版本", default=0)
    #: 最近一次整本导入以前的各行，和导入后的版本：没有再改过的可以整批撤销；没有导入过、撤销了的为空
    before_import = models.JSONField("导入以前", null=True)

    class Meta:
        verbose_name = "编制中的目录"

    @property
    def undoable(self) -> bool:
        """最近一次导入以后没有再改过，可以整批撤销。"""
        return self.before_import is not None and self.before_import["version"] == self.version

    def __str__(self) -> str:
        return f"{self.case_id} {self.level}"


class Price(models.Model):
    """一个价格版本：`during` 里的单价（元），由目录各版折出，可重建。

    同一项、同一服务商的版本不相交，数据库保证（R-074）。
    """

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


class Tier(AppendOnly):
    """阶梯价的一档：某服务年度、全市总量在 `[start, until)` 里的单价（元）。更正是下一版，取版本最大的一组。"""

    item = models.ForeignKey(Item, models.PROTECT, related_name="tiers", verbose_name="目录项")
    service_year = models.PositiveSmallIntegerField("服务年度")
    version = models.PositiveSmallIntegerField("版本", default=1)
    mode = models.CharField("方式", max_length=4, choices=[("累进", "累进"), ("到达", "到达")])
    start = models.DecimalField("起", max_digits=18, decimal_places=6)
    until = models.DecimalField("止", max_digits=18, decimal_places=6, null=True)
    unit_price = models.DecimalField("单价", max_digits=15, decimal_places=6)

    class Meta:
        verbose_name = "阶梯价"
        constraints = [
            models.UniqueConstraint(fields=["item", "service_year", "version", "start"], name="one_tier_per_start"),
            models.CheckConstraint(
                condition=Q(start__gte=0) & (Q(until__isnull=True) | Q(until__gt=F("start"))), name="tier_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.service_year} {self.start}"


class CityUsage(AppendOnly):
    """阶梯项的全市年度总量（次，或单位·年），由市级发布；更正是下一版。"""

    item = models.ForeignKey(Item, models.PROTECT, related_name="city_usage", verbose_name="目录项")
    service_year = models.PositiveSmallIntegerField("服务年度")
    version = models.PositiveSmallIntegerField("版本", default=1)
    total = models.DecimalField("全市总量", max_digits=18, decimal_places=6)

    class Meta:
        verbose_name = "全市用量"
        constraints = [
            models.UniqueConstraint(fields=["item", "service_year", "version"], name="one_city_usage_per_version"),
            models.CheckConstraint(condition=Q(total__gte=0), name="city_usage_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.service_year} {self.total}"


class Inquiry(AppendOnly):
    """下发了的一次采购征询（R-015）：反馈期限，和当时的征询单（目录、内容、预估单价）。"""

    case = models.OneToOneField(Case, models.PROTECT, related_name="inquiry", verbose_name="事项")
    due_on = models.DateField("反馈期限")
    rows = models.JSONField("征询单")
    digest = models.CharField("SM3", max_length=64)
    on = models.DateField("下发日")

    class Meta:
        verbose_name = "采购征询"

    def __str__(self) -> str:
        return f"{self.case_id} {self.due_on}"


class Demand(AppendOnly):
    """一个单位对征询单上一项的需求（R-016）；改了就是下一条，以最近的为准。"""

    inquiry = models.ForeignKey(Inquiry, models.PROTECT, related_name="demands", verbose_name="采购征询")
    unit = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="使用单位")
    item = models.CharField("目录项", max_length=32)
    quantity = models.DecimalField("数量", max_digits=15, decimal_places=3)
    by = models.CharField("谁报的", max_length=200)
    on = models.DateField("业务日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "采购需求"
        constraints = [models.CheckConstraint(condition=Q(quantity__gte=0), name="demand_not_negative")]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.item} {self.quantity}"


class Agreement(AppendOnly):
    """框架协议（R-018）：区科创中心与一家中标服务商、一个服务年度；单价等于采购结果。

    年度中采购结果变了照新的另签一份，以最近的为准。
    """

    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    service_year = models.PositiveSmallIntegerField("服务年度")
    number = models.CharField("协议号", max_length=80, unique=True)
    signed_on = models.DateField("签订日")
    edition = models.ForeignKey(Edition, models.PROTECT, related_name="agreements", verbose_name="采购结果")
    rows = models.JSONField("协议单价")
    by = models.CharField("谁登记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "框架协议"
        constraints = [
            models.UniqueConstraint(fields=["provider", "service_year", "edition"], name="one_agreement_an_edition")
        ]

    def __str__(self) -> str:
        return self.number
