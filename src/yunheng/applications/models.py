"""草稿（可改）、提交的表单快照、项目配额、历史补录（只追加）。"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.cases.models import Case, Requirement
from yunheng.ledger.models import Project
from yunheng.orgs.models import Institution, Person

REVOCABLE = "可以撤销"


class Draft(models.Model):
    """一件事项正在填的表单。`version` 每存一次加一，两人同时填，后存的看得到前一个改了什么。"""

    case = models.OneToOneField(Case, models.PROTECT, primary_key=True, related_name="draft", verbose_name="事项")
    project = models.ForeignKey(Project, models.PROTECT, related_name="drafts", verbose_name="项目")
    content = models.JSONField("内容", default=dict)
    version = models.PositiveIntegerField("版本", default=0)
    edited_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="最后编辑")
    edited_at = models.DateTimeField("最后编辑时刻", null=True)
    #: 导入的各次，旧的在前：文件名、内容的 SM3、几行、谁、何时，导入以前的各栏（太早的不留），前后的版本
    imports = models.JSONField("导入的各次", default=list)

    class Meta:
        verbose_name = "草稿"

    @property
    def undoable(self) -> bool:
        """最近一次导入以后没有再改过，可以整批撤销。"""
        return any(state == REVOCABLE for _, state in self.imported)

    @property
    def imported(self) -> list[tuple[dict[str, Any], str]]:
        """导入的各次和能不能撤销，新的在前：后面的撤了，前面的才撤得。"""
        found: list[tuple[dict[str, Any], str]] = []
        after, reachable = self.version, True
        for one in reversed(self.imports):
            reachable = reachable and one["version"] == after and one["values"] is not None
            why = "导入以后又改过，不能整批撤销" if one["values"] is not None else "太早了，不能整批撤销"
            found.append((one, ("先撤后面的，再撤这一次" if found else REVOCABLE) if reachable else why))
            after = one["base"]
        return found

    def __str__(self) -> str:
        return f"{self.case_id} v{self.version}"


class Filing(AppendOnly):
    """提交的表单快照：每提交一次一版，`digest` 是内容的 SM3。"""

    case = models.ForeignKey(Case, models.PROTECT, related_name="filings", verbose_name="事项")
    project = models.ForeignKey(Project, models.PROTECT, related_name="filings", verbose_name="项目")
    version = models.PositiveIntegerField("第几版")
    content = models.JSONField("内容")
    digest = models.CharField("SM3", max_length=64)
    filed_on = models.DateField("提交日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "表单快照"
        constraints = [models.UniqueConstraint(fields=["case", "version"], name="one_filing_per_version")]

    def __str__(self) -> str:
        return f"{self.case_id} 第{self.version}版"


class Quota(AppendOnly):
    """项目配额的一行（R-031）：某维度的量；周期性的另有月份区间 `from_month`–`until_month`（含），可跨年。"""

    project = models.ForeignKey(Project, models.PROTECT, related_name="quotas", verbose_name="项目")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name="核定的事项")
    dimension = models.CharField("维度", max_length=40)
    amount = models.DecimalField("配额", max_digits=15, decimal_places=3)
    from_month = models.PositiveSmallIntegerField("自几月", null=True)
    until_month = models.PositiveSmallIntegerField("至几月", null=True)
    effective_on = models.DateField("核定日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "项目配额"
        constraints = [
            models.CheckConstraint(
                condition=Q(from_month__isnull=True, until_month__isnull=True)
                | Q(from_month__range=(1, 12), until_month__range=(1, 12)),
                name="quota_months",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="quota_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.dimension} {self.amount}"


class Exemption(AppendOnly):
    """法律、法规规定不宜上云的系统（R-002）：登记依据；撤销是再追加一条 `revoked`。"""

    unit = models.ForeignKey(Institution, models.PROTECT, related_name="exemptions", verbose_name="单位")
    system = models.CharField("系统", max_length=200)
    basis = models.CharField("法律法规依据", max_length=300)
    note = models.TextField("说明", blank=True)
    revoked = models.BooleanField("撤销", default=False)
    on = models.DateField("登记日")
    by = models.CharField("谁登记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "不宜上云的例外"

    def __str__(self) -> str:
        return self.system


class BudgetProject(AppendOnly):
    """报审的上云项目预算：哪个项目、哪个预算年度（R-008）。"""

    case = models.OneToOneField(Case, models.PROTECT, related_name="budget_project", verbose_name="事项")
    project = models.ForeignKey(Project, models.PROTECT, related_name="+", verbose_name="项目")
    year = models.PositiveSmallIntegerField("预算年度")

    class Meta:
        verbose_name = "上云项目预算"

    def __str__(self) -> str:
        return f"{self.project_id} {self.year}"


class Inspection(AppendOnly):
    """对一个上云项目的一次监督检查（R-008）；要整改的另记一条整改要求。"""

    case = models.ForeignKey(Case, models.PROTECT, related_name="inspections", verbose_name="预算审核")
    text = models.CharField("检查情况", max_length=2000)
    requirement = models.OneToOneField(
        Requirement, models.PROTECT, null=True, related_name="inspection", verbose_name="整改要求"
    )
    on = models.DateField("检查日")
    by = models.CharField("谁检查的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "监督检查"

    def __str__(self) -> str:
        return self.text[:30]


class Backfill(AppendOnly):
    """一次历史补录（R-084）：一份原件、一个理由，补了哪几张单据、各表几行。

    `adjusts` 是有日子落在已冻结的服务年度，差额由补差结清。
    """

    reason = models.CharField("理由", max_length=500)
    workbook = models.CharField("工作簿", max_length=200)
    name = models.CharField("原件文件名", max_length=200)
    content = models.BinaryField("原件")
    digest = models.CharField("SM3", max_length=64)
    numbers = ArrayField(models.CharField(max_length=20), verbose_name="单号")
    counts = models.JSONField("各种几条")
    adjusts = models.BooleanField("由补差结清")
    on = models.DateField("补录日")
    by = models.CharField("谁补录的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "历史补录"

    def __str__(self) -> str:
        return f"第 {self.pk} 次补录"
