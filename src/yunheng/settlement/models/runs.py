"""计量批次、排队的请求、提交和复算、全年预测：批次只追加，请求可改。"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.cases.models import Case
from yunheng.orgs.models import Person

ROLLING, YEARLY, ADJUST = "滚动", "年度", "补差"
#: 排队的请求里，不是计量的一种：估算冻结以后又到的收件影响多少
ESTIMATE = "估算"


class Run(AppendOnly):
    """一次计量：冻结的数据包、规则书摘要、程序版本，和算出来的结果（R-073、R-077）。

    `head` 是 结算.json 里除账目、差异外的各键；账目在 BillLine，条数与 `line_count`、`disputed_count` 相等，
    差异在 Difference，各种几条在 `differences`（如 {"D3": 2}），数据库都不许再添。
    `read` 是导出数据包的事务读到的：裁定、单据、工单的摘要和更正、补录的条数（`runs.staleness`），拿来看以后变了没有；
    收件读到第几号、缺哪几号（`runs.late`），拿来看冻结以后又到了什么。改前的批次没有，从数据包现算。不在结算摘要里。
    `base` 不空的是裁定试算：只重算 `Moved` 里那几条时间线，其余用 `base` 的；没有数据包和摘要，不能提交。
    """

    service_year = models.PositiveSmallIntegerField("服务年度")
    kind = models.CharField("种类", max_length=4, choices=[(kind, kind) for kind in (ROLLING, YEARLY, ADJUST)])
    base = models.ForeignKey("self", models.PROTECT, null=True, related_name="recasts", verbose_name="照哪个批次试算")
    until_on = models.DateField("计至（不含）")
    head = models.JSONField("结果")
    differences = models.JSONField("各种差异的条数", default=dict)
    read = models.JSONField("读到了什么", default=dict)
    digest = models.CharField("结算摘要", max_length=80, blank=True)
    package_digest = models.CharField("数据包 SM3", max_length=64, blank=True)
    rulebook_digest = models.CharField("规则书 SM3", max_length=80)
    code_version = models.CharField("程序版本", max_length=40)
    line_count = models.PositiveIntegerField("账目条数")
    disputed_count = models.PositiveIntegerField("待核条数")
    on = models.DateField("业务日")
    by = models.CharField("谁算的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "计量批次"
        indexes = [models.Index(fields=["service_year", "kind"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(base=None) & ~Q(digest="") | Q(base__isnull=False, digest=""), name="recast_has_no_digest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.service_year} 服务年度{self.kind}计量 {self.pk}"

    @property
    def difference_count(self) -> int:
        """差异几条。"""
        return sum(self.differences.values())


class RunFile(AppendOnly):
    """计量批次的文件：数据包.zip、结算.json.gz。"""

    run = models.ForeignKey(Run, models.PROTECT, related_name="files", verbose_name="计量批次")
    name = models.CharField("文件名", max_length=100)
    content = models.BinaryField("内容")

    class Meta:
        verbose_name = "计量文件"
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="one_file_per_name")]

    def __str__(self) -> str:
        return self.name


class RunOrder(models.Model):
    """排队的计量、估算：后台进程逐个去办；断了重来，办成才有批次（估算的是冻结批次）；`attempts` 是开过几次头。"""

    service_year = models.PositiveSmallIntegerField("服务年度")
    kind = models.CharField("种类", max_length=4)
    until_on = models.DateField("截止日（含）", null=True)
    on = models.DateField("业务日")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="谁要的")
    by = models.CharField("谁要的", max_length=200)
    step = models.CharField("办到哪里", max_length=60, default="排队")
    share = models.FloatField("进度", default=0)
    attempts = models.PositiveSmallIntegerField("办过几次", default=0)
    problems = ArrayField(models.TextField(), default=list, verbose_name="没办成的原因")
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="+", verbose_name="办成的批次")
    asked_at = models.DateTimeField("何时要的", db_default=Now())

    class Meta:
        verbose_name = "计量请求"
        indexes = [models.Index(fields=["id"], name="run_order_waiting", condition=Q(run=None, problems=[]))]

    def __str__(self) -> str:
        return f"{self.service_year} {self.kind} {self.step}"


class Submission(AppendOnly):
    """年度结算提交复算的计量批次；退回重算再交就是下一版。"""

    case = models.ForeignKey(Case, models.PROTECT, related_name="submissions", verbose_name="年度结算")
    version = models.PositiveSmallIntegerField("版本")
    run = models.ForeignKey(Run, models.PROTECT, related_name="submissions", verbose_name="计量批次")
    on = models.DateField("业务日")

    class Meta:
        verbose_name = "提交的计量"
        constraints = [models.UniqueConstraint(fields=["case", "version"], name="one_submission_per_version")]

    def __str__(self) -> str:
        return f"{self.case_id} 第 {self.version} 版"


class Recomputation(AppendOnly):
    """第三方离线复算的结果：上传的 结算.json 与批次逐条比对（R-077）。"""

    run = models.ForeignKey(Run, models.PROTECT, related_name="recomputations", verbose_name="计量批次")
    digest = models.CharField("复算摘要", max_length=80)
    equal = models.BooleanField("一致")
    report = models.TextField("比对")
    on = models.DateField("业务日")
    by = models.CharField("谁", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "复算"

    def __str__(self) -> str:
        return f"{self.run_id} {'一致' if self.equal else '不一致'}"

    @property
    def shown(self) -> list[str]:
        """比对的前 20 行，页面上折叠着看。"""
        return self.report.splitlines()[:20]

    @property
    def hidden(self) -> int:
        """20 行以外还有几行。"""
        return max(len(self.report.splitlines()) - 20, 0)


class Forecast(AppendOnly):
    """一次全年预测（R-087）：`run` 是算到前一天的滚动批次，`months` 是照现状到年末的各月各家（元）。

    各数都是统一支付扣减以后的净额，拿来与预算比；自行支付、待核不由区里付，照现状到年末的另存两栏。
    这两栏为空的是改前存的，把三样混在一起，不能与预算比，不再取用。
    """

    run = models.OneToOneField(Run, models.PROTECT, related_name="forecast", verbose_name="滚动批次")
    service_year = models.PositiveSmallIntegerField("服务年度")
    on = models.DateField("预测日")
    months = models.JSONField("各月各家")
    spent = models.DecimalField("已发生", max_digits=18, decimal_places=2)
    expected = models.DecimalField("照现状到年末", max_digits=18, decimal_places=2)
    low = models.DecimalField("下限", max_digits=18, decimal_places=2)
    high = models.DecimalField("上限", max_digits=18, decimal_places=2)
    own = models.DecimalField("自行支付到年末", max_digits=18, decimal_places=2, null=True)
    held = models.DecimalField("待核到年末", max_digits=18, decimal_places=2, null=True)
    #: 平台日志没有送到计至日的各家 → 最后送到哪天；改前存的没有查过
    behind = models.JSONField("日志没有送到的", default=dict)

    class Meta:
        verbose_name = "全年预测"

    def __str__(self) -> str:
        return f"{self.service_year} {self.on} {self.expected}"
