"""项目、资源、事实和更正（只追加）、时段（可重建）、收件箱（只追加）。"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.fields.json import KT
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.cases.models import Case
from yunheng.catalog.models import Item
from yunheng.orgs.initials import initials
from yunheng.orgs.models import Institution


class Funding(models.TextChoices):
    """上云项目归属（附件1）：区级统一支付，或单位自费。"""

    DISTRICT = "区级", "区级"
    SELF = "自费", "自费"


class Project(models.Model):
    """上云项目：资源、申请、账单都归到项目。立项数据在申请时登记，之后可补。"""

    code = models.CharField("项目编号", max_length=32, unique=True)
    name = models.CharField("项目名称", max_length=200)
    initials = models.CharField("拼音首字母", max_length=200, editable=False)
    unit = models.ForeignKey(Institution, models.PROTECT, related_name="projects", verbose_name="单位")
    funding = models.CharField("上云项目归属", max_length=10, choices=Funding.choices)
    security_level = models.PositiveSmallIntegerField("等保级别", null=True)
    classified = models.BooleanField("涉密", default=False)
    approval_number = models.CharField("立项文号", max_length=100, blank=True)
    approved_on = models.DateField("立项日期", null=True)
    leader = models.CharField("项目负责人", max_length=100, blank=True)
    contact = models.CharField("联系方式", max_length=100, blank=True)

    class Meta:
        verbose_name = "项目"
        indexes = [models.Index(fields=["unit"])]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **options: Any) -> None:
        """存，拼音首字母随名称。"""
        self.initials = initials(self.name)
        super().save(*args, **options)


class Resource(models.Model):
    """资源的身份：平台编号、归哪个项目、哪家服务商。规格和起止都在事实里。"""

    code = models.CharField("资源编号", max_length=64, unique=True)
    project = models.ForeignKey(Project, models.PROTECT, related_name="resources", verbose_name="项目")
    provider = models.ForeignKey(Institution, models.PROTECT, related_name="resources", verbose_name="服务商")
    name = models.CharField("名称", max_length=200, blank=True)
    kind = models.CharField("类型", max_length=20)
    architecture = models.CharField("架构", max_length=10, blank=True)
    zone = models.CharField("网络区域", max_length=40, blank=True)
    system = models.CharField("操作系统", max_length=200, blank=True)
    address = models.CharField("IP", max_length=64, blank=True)
    search = models.TextField("检索文字", default="")

    class Meta:
        verbose_name = "资源"
        indexes = [
            models.Index(fields=["project"]),
            models.Index(fields=["provider"]),
            GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="resource_search"),
        ]

    def __str__(self) -> str:
        return self.code


class Action(models.TextChoices):
    """事实的动作，同附件3 的变更操作。"""

    ADD = "新增", "新增"
    CHANGE = "变更", "变更"
    RELEASE = "释放", "释放"
    VOID = "作废", "作废"


class Fact(AppendOnly):
    """台账事实。`effective_on` 是业务日，`recorded_on`、`recorded_at` 是何时知道；`quantity` 是动作之后的数量。

    更正不改旧的：追加一条“作废”指明 `voids`，再追加对的。`expires_on` 是开发、应急、临时资源的到期日。
    """

    resource = models.ForeignKey(Resource, models.PROTECT, related_name="facts", verbose_name="资源")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="目录项")
    action = models.CharField("动作", max_length=10, choices=Action.choices)
    quantity = models.DecimalField("数量", max_digits=15, decimal_places=3, null=True)
    effective_on = models.DateField("业务日")
    recorded_on = models.DateField("记入日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="facts", verbose_name="依据的事项")
    order = models.CharField("工单号", max_length=64, blank=True)
    expires_on = models.DateField("到期日", null=True)
    voids = models.OneToOneField("self", models.PROTECT, null=True, related_name="voided_by", verbose_name="作废哪条")
    by = models.CharField("谁记的", max_length=200)

    class Meta:
        verbose_name = "台账事实"
        indexes = [
            models.Index(fields=["resource", "item", "effective_on"]),
            models.Index(fields=["recorded_at"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(action__in=["新增", "变更"], quantity__gte=0)
                | Q(action="释放", quantity__isnull=True)
                | Q(action="作废", voids__isnull=False),
                name="fact_quantity",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.action} {self.effective_on}"


class Correction(AppendOnly):
    """一次更正（R-051、R-075）：作废哪条事实、改成哪条（只作废的没有），理由和证据；结算的批次照更正以后的算。"""

    voided = models.OneToOneField(Fact, models.PROTECT, related_name="correction", verbose_name="作废的事实")
    replacement = models.OneToOneField(
        Fact, models.PROTECT, null=True, related_name="corrects", verbose_name="改成的事实"
    )
    reason = models.CharField("理由", max_length=500)
    name = models.CharField("证据文件名", max_length=200)
    content = models.BinaryField("证据")
    digest = models.CharField("SM3", max_length=64)
    on = models.DateField("更正日")
    by = models.CharField("谁更正的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "台账更正"

    def __str__(self) -> str:
        return f"{self.voided_id} 改为 {self.replacement_id or '—'}"


class Segment(models.Model):
    """资源时段：某资源某目录项在 `during` 里的数量。

    由事实折出，可重建；同一资源同一目录项不重叠，数据库保证（R-051）。
    """

    resource = models.ForeignKey(Resource, models.PROTECT, related_name="segments", verbose_name="资源")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="目录项")
    during = DateRangeField("区间")
    quantity = models.DecimalField("数量", max_digits=15, decimal_places=3)
    expires_on = models.DateField("到期日", null=True)

    class Meta:
        verbose_name = "资源时段"
        indexes = [models.Index(fields=["resource"]), models.Index(fields=["expires_on"])]
        constraints = [
            ExclusionConstraint(
                name="segments_do_not_overlap",
                expressions=[
                    ("resource", RangeOperators.EQUAL),
                    ("item", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.item_id} {self.during}"


class Channel(models.TextChoices):
    """收件从哪条路来；同一件事几条路都说了，照这个先后取（R-052、R-075）。"""

    API = "接口", "接口"
    FILE = "文件", "文件"
    BACKFILL = "补录", "补录"
    RECEIPT = "回执", "回执"

    @property
    def outside(self) -> bool:
        """从门外送进来的，日期、目录项也要查；补录、回执照着单据记，查单据时已经查过。"""
        return self in (Channel.API, Channel.FILE)


class Source(models.Model):
    """收件箱的来源：一家云管平台一个，口令只存 SM3；按文件导入、补录、回执各有自己的，没有口令，门外用不了。

    一个来源一直是一家的：口令可以换，服务商、哪条路不能换，收过的才说得清是谁送的（D62-七，R-052）。
    """

    code = models.CharField("来源", max_length=32, unique=True)
    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    key_digest = models.CharField("口令的 SM3", max_length=64, blank=True)
    channel = models.CharField(
        "哪条路", max_length=4, choices=Channel, default=Channel.API, db_default=Channel.API.value
    )

    class Meta:
        verbose_name = "收件来源"
        constraints = [
            models.CheckConstraint(condition=Q(channel=Channel.API) | Q(key_digest=""), name="key_only_for_api"),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def channel_kind(self) -> Channel:
        """哪条路。"""
        return Channel(self.channel)


class Received(AppendOnly):
    """收件箱里的一件：来源加来源编号唯一，重发不重记；内容不同的重发被拒。

    更正不改旧的：追加一件，`corrects` 指着原件；一件只能更正一次，再更正指最后那件。台账和账目照最后有效的一件。
    """

    source = models.ForeignKey(Source, models.PROTECT, related_name="received", verbose_name="来源")
    source_ref = models.CharField("来源编号", max_length=100)
    kind = models.CharField("种类", max_length=20)
    payload = models.JSONField("内容")
    digest = models.CharField("SM3", max_length=64)
    corrects = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="corrected_by", verbose_name="更正哪一件"
    )
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "收件"
        constraints = [models.UniqueConstraint(fields=["source", "kind", "source_ref"], name="received_once")]
        # 从一个资源找它的工单、日志；用量有几百万条，不从这里找
        indexes = [
            models.Index(KT("payload__资源"), condition=Q(kind__in=["工单", "日志"]), name="received_of_resource")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source_ref}"


class Unmatched(AppendOnly):
    """收下了而对不上的一件：收件时就有提醒的，和计量以前查出来的老数据；现在还对不对得上，每次照现在的台账、目录看。"""

    received = models.OneToOneField(Received, models.PROTECT, related_name="unmatched", verbose_name="收件")
    recorded_at = models.DateTimeField("列入时刻", db_default=Now())

    class Meta:
        verbose_name = "对不上的收件"

    def __str__(self) -> str:
        return f"{self.received_id}"


class Disposal(AppendOnly):
    """对不上的收件怎样处理（R-052、R-075），以最近的一条为准。

    认给：追加一件更正的收件，写明是哪个资源、哪一项。退回、作废：原件不再计入。暂留：先不动，照样计入算得进去的。
    """

    ASSIGN, RETURN, VOID, KEEP = "认给", "退回", "作废", "暂留"
    #: 处理以后不再计入的
    DROPPED = (RETURN, VOID)
    received = models.ForeignKey(Received, models.PROTECT, related_name="disposals", verbose_name="收件")
    kind = models.CharField("怎样处理", max_length=4, choices=[(kind, kind) for kind in (ASSIGN, RETURN, VOID, KEEP)])
    reason = models.CharField("理由", max_length=500)
    replacement = models.OneToOneField(
        Received, models.PROTECT, null=True, related_name="made_by", verbose_name="认给以后的收件"
    )
    on = models.DateField("业务日")
    by = models.CharField("谁处理的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "收件的处理"

    def __str__(self) -> str:
        return f"{self.received_id} {self.kind}"


class Zone(AppendOnly):
    """一家服务商给本区划的逻辑隔离区域（R-020，M10-四(五)）：租户名和网络边界；更正是下一条，以最近的为准。"""

    provider = models.ForeignKey(Institution, models.PROTECT, related_name="zones", verbose_name="服务商")
    name = models.CharField("租户", max_length=100)
    boundary = ArrayField(models.CharField(max_length=43), verbose_name="网络边界")
    document = models.CharField("依据", max_length=200)
    on = models.DateField("业务日")
    by = models.CharField("谁登记的", max_length=200)

    class Meta:
        verbose_name = "隔离区域"

    def __str__(self) -> str:
        return self.name


class Licence(AppendOnly):
    """一个资源上软件授权的服务期限（R-022，M10-四(四)）；续期、更正是下一条，以最近的为准；更正的写明理由。"""

    resource = models.ForeignKey(Resource, models.PROTECT, related_name="licences", verbose_name="资源")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name="目录项")
    from_on = models.DateField("起")
    until_on = models.DateField("止（不含）")
    document = models.CharField("依据", max_length=200)
    correction = models.CharField("更正理由", max_length=200, blank=True, default="")
    on = models.DateField("业务日")
    by = models.CharField("谁登记的", max_length=200)

    class Meta:
        verbose_name = "授权期限"
        constraints = [models.CheckConstraint(condition=Q(until_on__gt=models.F("from_on")), name="licence_not_empty")]

    def __str__(self) -> str:
        return f"{self.resource_id} {self.item_id} {self.until_on}"
