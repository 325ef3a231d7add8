"""计量批次、账目、差异和裁定、异议、年度结算的各步、方案、合同、支付、预算和预测、灾备分摊：都只追加；排队的计量请求可改。"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yunheng.assessment.models import Published
from yunheng.audit.append_only import AppendOnly
from yunheng.cases.models import Case
from yunheng.orgs.models import Institution, Person

ROLLING, YEARLY, ADJUST = "滚动", "年度", "补差"


class Run(AppendOnly):
    """一次计量：冻结的数据包、规则书摘要、程序版本，和算出来的结果（R-073、R-077）。

    `head` 是 结算.json 里除账目外的各键；账目在 BillLine，条数与 `line_count`、`disputed_count` 相等，
    数据库不许再添。`base` 不空的是裁定试算：只重排 `Moved` 里那几条时间线的账目，其余用 `base` 的；
    没有数据包和摘要，不能提交。
    """

    service_year = models.PositiveSmallIntegerField("服务年度")
    kind = models.CharField("种类", max_length=4, choices=[(kind, kind) for kind in (ROLLING, YEARLY, ADJUST)])
    base = models.ForeignKey("self", models.PROTECT, null=True, related_name="recasts", verbose_name="照哪个批次试算")
    until_on = models.DateField("计至（不含）")
    head = models.JSONField("结果")
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
    def stated(self) -> dict[str, Any]:
        """算式要的几栏，照 结算.json 的写法。"""
        return {
            "quantity": self.quantity,
            "unit_price": self.unit_price,
            "amount": f"{self.amount:.2f}",
            "from": self.from_on.isoformat(),
            "until": self.until_on.isoformat(),
            "days": self.days,
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


class RunOrder(models.Model):
    """排队的计量请求：后台进程逐个去办；断了重来，办成才有批次。"""

    service_year = models.PositiveSmallIntegerField("服务年度")
    kind = models.CharField("种类", max_length=4)
    until_on = models.DateField("截止日（含）", null=True)
    on = models.DateField("业务日")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="谁要的")
    by = models.CharField("谁要的", max_length=200)
    step = models.CharField("办到哪里", max_length=60, default="排队")
    share = models.FloatField("进度", default=0)
    problems = ArrayField(models.TextField(), default=list, verbose_name="没办成的原因")
    run = models.ForeignKey(Run, models.PROTECT, null=True, related_name="+", verbose_name="办成的批次")
    asked_at = models.DateTimeField("何时要的", db_default=Now())

    class Meta:
        verbose_name = "计量请求"
        indexes = [models.Index(fields=["id"], name="run_order_waiting", condition=Q(run=None, problems=[]))]

    def __str__(self) -> str:
        return f"{self.service_year} {self.kind} {self.step}"


class Handling(AppendOnly):
    """差异的处理（R-075）：分派、双方说明、裁定，逐条留痕；裁定以最近的一条为准。"""

    ASSIGN, ARGUE, RULE = "分派", "说明", "裁定"
    service_year = models.PositiveSmallIntegerField("服务年度")
    resource = models.CharField("资源", max_length=128)
    item = models.CharField("目录项", max_length=64, blank=True)
    code = models.CharField("差异", max_length=4)
    kind = models.CharField("做了什么", max_length=4, choices=[(k, k) for k in (ASSIGN, ARGUE, RULE)])
    ruling = models.CharField("裁定", max_length=4, blank=True)
    text = models.CharField("说明", max_length=1000)
    name = models.CharField("证据文件名", max_length=200, blank=True)
    content = models.BinaryField("证据", null=True)
    digest = models.CharField("SM3", max_length=64, blank=True)
    assignee = models.ForeignKey(Institution, models.PROTECT, null=True, related_name="+", verbose_name="分派给")
    institution = models.CharField("机构", max_length=200)
    by = models.CharField("谁", max_length=200)
    on = models.DateField("业务日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "差异处理"
        indexes = [models.Index(fields=["service_year", "resource", "item", "code"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="裁定", ruling__in=["认可", "不计费"]) | (~Q(kind="裁定") & Q(ruling="")),
                name="ruling_only_when_ruled",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.item} {self.code} {self.kind}"


class Objection(AppendOnly):
    """异议：使用单位、服务商、第三方不认一条账目，或不认一个资源某天没有账目（R-073、R-075）。

    `line` 空的是对没有账目的那天提的，`day_on` 是哪天；`run` 是看着哪个批次提的（试算的账目可能在它所照的批次名下）。
    """

    run = models.ForeignKey(Run, models.PROTECT, related_name="objections", verbose_name="计量批次")
    line = models.ForeignKey(BillLine, models.PROTECT, null=True, related_name="objections", verbose_name="账目")
    unit = models.CharField("单位", max_length=64)
    project = models.CharField("项目", max_length=64)
    resource = models.CharField("资源", max_length=128)
    item = models.CharField("目录项", max_length=64)
    provider = models.CharField("服务商", max_length=64)
    day_on = models.DateField("哪天", null=True)
    text = models.CharField("异议", max_length=1000)
    name = models.CharField("证据文件名", max_length=200, blank=True)
    content = models.BinaryField("证据", null=True)
    digest = models.CharField("SM3", max_length=64, blank=True)
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="提出的机构")
    role = models.CharField("提出的角色", max_length=32)
    on = models.DateField("业务日")
    by = models.CharField("谁提的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "异议"
        indexes = [models.Index(fields=["resource", "item"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(line__isnull=False) | Q(day_on__isnull=False), name="objection_is_to_something"
            )
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.item} 的异议"


class ObjectionReply(AppendOnly):
    """异议的了结：区科创中心采纳、不采纳，或提出的一方自己撤回；一条异议只了结一次，再有异议另提。"""

    ACCEPT, REJECT, WITHDRAW = "采纳", "不采纳", "撤回"
    objection = models.OneToOneField(Objection, models.PROTECT, related_name="reply", verbose_name="异议")
    kind = models.CharField("结果", max_length=4, choices=[(k, k) for k in (ACCEPT, REJECT, WITHDRAW)])
    text = models.CharField("答复", max_length=1000)
    name = models.CharField("依据文件名", max_length=200, blank=True)
    content = models.BinaryField("依据", null=True)
    digest = models.CharField("SM3", max_length=64, blank=True)
    on = models.DateField("业务日")
    by = models.CharField("谁答复的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "异议的答复"

    def __str__(self) -> str:
        return f"{self.objection_id} {self.kind}"


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


class YearCase(AppendOnly):
    """某服务年度的结算事项：`number` 为 0 是年度结算，一年一件；1 起是各次补差。"""

    service_year = models.PositiveSmallIntegerField("服务年度")
    number = models.PositiveSmallIntegerField("第几次补差", default=0)
    case = models.OneToOneField(Case, models.PROTECT, related_name="settles", verbose_name="年度结算")

    class Meta:
        verbose_name = "年度结算"
        constraints = [models.UniqueConstraint(fields=["service_year", "number"], name="one_case_per_number")]

    def __str__(self) -> str:
        return f"{self.service_year}/{self.number}"


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


class Freeze(AppendOnly):
    """冻结：区科委批准了的计量批次（R-083、R-090）。

    一年一份，`number` 为 0；之后的更正走补差，从 1 起，`base` 是它减去的那一份。
    """

    service_year = models.PositiveSmallIntegerField("服务年度")
    number = models.PositiveSmallIntegerField("第几次补差", default=0)
    base = models.OneToOneField(
        "self", models.PROTECT, null=True, related_name="corrected_by", verbose_name="减去哪一份"
    )
    run = models.OneToOneField(Run, models.PROTECT, related_name="freeze", verbose_name="计量批次")
    case = models.ForeignKey(Case, models.PROTECT, related_name="+", verbose_name="年度结算")
    on = models.DateField("业务日")
    by = models.CharField("谁批的", max_length=200)

    class Meta:
        verbose_name = "冻结的结算"
        constraints = [
            models.UniqueConstraint(fields=["service_year", "number"], name="one_freeze_per_number"),
            models.CheckConstraint(
                condition=Q(number=0, base=None) | Q(number__gt=0, base__isnull=False), name="adjusts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_year}" + (f" 补差 {self.number}" if self.number else "")


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


class Contract(AppendOnly):
    """支付合同：区级统一支付的一家服务商一份（R-081）；自行支付的由使用单位签（`unit` 不空，R-088）。

    补差的是补充协议，收回的金额为负。
    """

    freeze = models.ForeignKey(Freeze, models.PROTECT, related_name="contracts", verbose_name="结算")
    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    unit = models.ForeignKey(Institution, models.PROTECT, null=True, related_name="+", verbose_name="使用单位")
    number = models.CharField("合同号", max_length=80, unique=True)
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)
    signed_on = models.DateField("签订日")
    by = models.CharField("谁登记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "支付合同"
        constraints = [
            models.UniqueConstraint(
                fields=["freeze", "provider", "unit"], nulls_distinct=False, name="one_contract_per_payer"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def paid_total(self) -> Decimal:
        """已付。"""
        return sum((payment.amount for payment in self.payments.all()), Decimal(0))

    @property
    def left(self) -> Decimal:
        """还应付。"""
        return self.amount - self.paid_total


class Payment(AppendOnly):
    """一次支付，补差收回的为负；各次合计不超过合同金额。"""

    contract = models.ForeignKey(Contract, models.PROTECT, related_name="payments", verbose_name="合同")
    amount = models.DecimalField("金额", max_digits=18, decimal_places=2)
    paid_on = models.DateField("支付日")
    voucher = models.CharField("凭证号", max_length=80)
    by = models.CharField("谁登记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "支付"
        constraints = [
            models.CheckConstraint(condition=~Q(amount=0), name="payment_not_zero"),
            models.UniqueConstraint(fields=["contract", "voucher"], name="one_payment_per_voucher"),
        ]

    def __str__(self) -> str:
        return f"{self.contract} {self.amount}"


class Verified(AppendOnly):
    """效能评估核定的调整（R-079）：在结算书里单列，不改变计量结果；`amount` 正是加付，负是减付。"""

    freeze = models.ForeignKey(Freeze, models.PROTECT, related_name="verified", verbose_name="结算")
    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    result = models.ForeignKey(Published, models.PROTECT, related_name="+", verbose_name="效能评估结果")
    amount = models.DecimalField("调整", max_digits=18, decimal_places=2)
    reason = models.CharField("理由", max_length=500)
    document = models.CharField("文号", max_length=100)
    on = models.DateField("业务日")
    by = models.CharField("谁决定的", max_length=200)

    class Meta:
        verbose_name = "效能核定"
        constraints = [
            models.UniqueConstraint(fields=["freeze", "provider"], name="one_verification_each"),
            models.CheckConstraint(condition=~Q(amount=0), name="verification_not_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.amount}"


class Budget(AppendOnly):
    """某服务年度安排的预算（R-087）；追加、核减是下一条，以最近的为准。"""

    service_year = models.PositiveSmallIntegerField("服务年度")
    amount = models.DecimalField("预算", max_digits=18, decimal_places=2)
    document = models.CharField("文号", max_length=100)
    on = models.DateField("业务日")
    by = models.CharField("谁记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "年度预算"
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="budget_positive")]

    def __str__(self) -> str:
        return f"{self.service_year} {self.amount}"


class Forecast(AppendOnly):
    """一次全年预测（R-087）：`run` 是算到前一天的滚动批次，`months` 是照现状到年末的各月各家（元）。"""

    run = models.OneToOneField(Run, models.PROTECT, related_name="forecast", verbose_name="滚动批次")
    service_year = models.PositiveSmallIntegerField("服务年度")
    on = models.DateField("预测日")
    months = models.JSONField("各月各家")
    spent = models.DecimalField("已发生", max_digits=18, decimal_places=2)
    expected = models.DecimalField("照现状到年末", max_digits=18, decimal_places=2)
    low = models.DecimalField("下限", max_digits=18, decimal_places=2)
    high = models.DecimalField("上限", max_digits=18, decimal_places=2)

    class Meta:
        verbose_name = "全年预测"

    def __str__(self) -> str:
        return f"{self.service_year} {self.on} {self.expected}"


class RecoveryAsset(AppendOnly):
    """灾备平台的一项资产或服务（R-085，M10-五）：归谁所有，属哪一类费用；更正是下一条，以最近的为准。"""

    SHARED, DEDICATED, UPKEEP, EXPANSION = "共用", "独用", "运维", "扩容"
    code = models.CharField("编号", max_length=32)
    name = models.CharField("名称", max_length=200)
    kind = models.CharField("费用", max_length=4, choices=[(k, k) for k in (SHARED, DEDICATED, UPKEEP, EXPANSION)])
    owner = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="归属单位")
    on = models.DateField("业务日")
    by = models.CharField("谁记的", max_length=200)

    class Meta:
        verbose_name = "灾备资产"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class RecoveryShare(AppendOnly):
    """主管部门定的一项灾备费用怎样分（R-085）：`ratios` 是机构代码 → 份数；以最近的为准。"""

    code = models.CharField("资产编号", max_length=32)
    ratios = models.JSONField("分摊比例")
    document = models.CharField("依据", max_length=200)
    from_year = models.PositiveSmallIntegerField("自哪个服务年度起")
    on = models.DateField("业务日")
    by = models.CharField("谁定的", max_length=200)

    class Meta:
        verbose_name = "分摊比例"

    def __str__(self) -> str:
        return f"{self.code} {self.from_year}"


class RecoveryCost(AppendOnly):
    """某服务年度一项灾备费用，和按当时的比例拆到分的各家（R-085）。"""

    code = models.CharField("资产编号", max_length=32)
    service_year = models.PositiveSmallIntegerField("服务年度")
    amount = models.DecimalField("费用", max_digits=18, decimal_places=2)
    shares = models.JSONField("各家承担")
    document = models.CharField("依据", max_length=200)
    on = models.DateField("业务日")
    by = models.CharField("谁记的", max_length=200)

    class Meta:
        verbose_name = "灾备费用"
        constraints = [
            models.UniqueConstraint(fields=["code", "service_year"], name="one_recovery_cost_a_year"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="recovery_cost_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.service_year} {self.amount}"


class Handover(AppendOnly):
    """按期向市里汇交的使用数据（R-021）：汇交了什么、谁签收，和当时的文件。"""

    from_on = models.DateField("起")
    until_on = models.DateField("止（不含）")
    rows = models.PositiveIntegerField("行数")
    digest = models.CharField("SM3", max_length=64)
    content = models.BinaryField("文件")
    receiver = models.CharField("签收", max_length=200)
    on = models.DateField("汇交日")
    by = models.CharField("谁汇交的", max_length=200)

    class Meta:
        verbose_name = "数据汇交"
        constraints = [
            models.UniqueConstraint(fields=["from_on", "until_on"], name="one_handover_per_period"),
            models.CheckConstraint(condition=Q(until_on__gt=models.F("from_on")), name="handover_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.from_on} {self.until_on}"


class ServiceFeedback(AppendOnly):
    """区里向市里反馈的服务商服务水平和质量（R-021）。"""

    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    service_year = models.PositiveSmallIntegerField("服务年度")
    level = models.CharField("服务水平", max_length=4, choices=[(k, k) for k in ("好", "较好", "一般", "差")])
    text = models.CharField("反馈", max_length=2000)
    on = models.DateField("业务日")
    by = models.CharField("谁反馈的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "服务反馈"

    def __str__(self) -> str:
        return f"{self.provider_id} {self.service_year} {self.level}"
