"""事项、事件、附件（只追加）；看板、知会（可重建或可改）。"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.orgs.models import Institution, Person


class Counter(models.Model):
    """编号的流水：字头加年份一行，取号时锁住这一行。"""

    key = models.CharField("字头和年份", max_length=32, primary_key=True)
    last = models.PositiveIntegerField("末号")

    def __str__(self) -> str:
        return f"{self.key} {self.last}"


class Case(AppendOnly):
    """一件事项。现在到哪一步、在谁手上都不存，由事件重放。

    `unit` 是提出的使用单位；`provider` 是流程里“云服务商”那几步归谁；流程版本开始时定下。
    """

    number = models.CharField("编号", max_length=20, unique=True)
    procedure = models.CharField("流程", max_length=32)
    version = models.PositiveSmallIntegerField("流程版本")
    unit = models.ForeignKey(Institution, models.PROTECT, related_name="cases", verbose_name="单位")
    subject = models.CharField("项目", max_length=200)
    opened_on = models.DateField("起草日")
    opened_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="起草人")
    backfilled = models.BooleanField("补录", default=False)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "事项"

    def __str__(self) -> str:
        return self.number


class Event(AppendOnly):
    """事项上发生的一件事。`(case, seq)` 唯一：两人同时办，只有一个成。

    `step` 是在哪一步办的；`facts` 是提交时算定的条件；`marks` 是退回时指出的地方（键是表单的位置）；
    `detail` 是这个动作自己的内容（转给谁、回执……）。
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="events", verbose_name="事项")
    seq = models.PositiveIntegerField("序号")
    step = models.CharField("步骤", max_length=32)
    act = models.CharField("动作", max_length=32)
    role = models.CharField("角色", max_length=32, blank=True)
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="办理人")
    name = models.CharField("办理人姓名", max_length=100)
    institution = models.CharField("办理机构", max_length=200, blank=True)
    opinion = models.TextField("意见", blank=True)
    marks = models.JSONField("要补正的地方", default=dict)
    facts = ArrayField(models.CharField(max_length=32), default=list, verbose_name="条件")
    detail = models.JSONField("内容", default=dict)
    on = models.DateField("业务日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "事项事件"
        constraints = [models.UniqueConstraint(fields=["case", "seq"], name="one_event_per_seq")]

    def __str__(self) -> str:
        return f"{self.case} {self.seq} {self.act}"


class Board(models.Model):
    """看板：事项现在的位置，供列表用。可由事件重建，`prove` 核对。"""

    case = models.OneToOneField(Case, models.PROTECT, primary_key=True, related_name="board", verbose_name="事项")
    unit = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="单位")
    provider = models.ForeignKey(Institution, models.PROTECT, null=True, related_name="+", verbose_name="服务商")
    step = models.CharField("步骤", max_length=32, blank=True)
    step_name = models.CharField("步骤名", max_length=64)
    state = models.CharField("状态", max_length=16)
    outcome = models.CharField("终点", max_length=16, blank=True)
    roles = ArrayField(models.CharField(max_length=32), default=list, verbose_name="在谁手上")
    holder = models.ForeignKey(Institution, models.PROTECT, null=True, related_name="+", verbose_name="在哪个机构")
    assignee = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="转给")
    since_on = models.DateField("到手日")
    due_on = models.DateField("到期日", null=True)
    estimated = models.BooleanField("推定", default=False)
    paused = models.BooleanField("停钟", default=False)
    left_days = models.IntegerField("停钟时剩几日", null=True)
    seq = models.PositiveIntegerField("末事件序号")
    search = models.TextField("检索文字", default="")

    class Meta:
        verbose_name = "事项看板"
        indexes = [
            GinIndex(fields=["roles"], name="board_roles"),
            GinIndex(fields=["search"], opclasses=["gin_trgm_ops"], name="board_search"),
            models.Index(fields=["outcome", "due_on"], name="board_due"),
            models.Index(fields=["unit", "outcome"], name="board_unit"),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.state}"


class Attachment(AppendOnly):
    """附件：内容和它的 SM3 一起存；换一份就是新的一条。"""

    case = models.ForeignKey(Case, models.PROTECT, related_name="attachments", verbose_name="事项")
    kind = models.CharField("是什么", max_length=100)
    name = models.CharField("文件名", max_length=200)
    size = models.PositiveIntegerField("字节数")
    digest = models.CharField("SM3", max_length=64)
    content = models.BinaryField("内容")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="上传人")
    on = models.DateField("业务日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "附件"

    @property
    def viewable(self) -> bool:
        """看名字像不像能在页面里看的；真打开时再看内容。"""
        return self.name.lower().endswith((".pdf", ".png", ".jpg", ".jpeg"))

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """知会（待阅）：给某机构某角色的人看，不要求办。不是哪件事项的（如委托合同到期）没有 `case`，有 `href`。"""

    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="notices", verbose_name="事项")
    role = models.CharField("角色", max_length=32)
    institution = models.ForeignKey(Institution, models.PROTECT, null=True, related_name="+", verbose_name="机构")
    text = models.CharField("内容", max_length=300)
    href = models.CharField("点开到哪里", max_length=100, blank=True, default="")
    on = models.DateField("业务日")
    seq = models.PositiveIntegerField("缘起的事件")
    readers = models.ManyToManyField(Person, related_name="read_notices", verbose_name="读过的人")

    class Meta:
        verbose_name = "知会"
        indexes = [models.Index(fields=["role", "institution"])]
        constraints = [
            models.CheckConstraint(condition=models.Q(case__isnull=False) | ~models.Q(href=""), name="notice_leads_on")
        ]

    def __str__(self) -> str:
        return self.text


class Reminder(AppendOnly):
    """提醒过的：同一件事项同一回事（`mark`）只提醒一次；不是哪件事项的没有 `case`。"""

    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="reminders", verbose_name="事项")
    mark = models.CharField("哪一回", max_length=80)
    on = models.DateField("业务日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "提醒"
        constraints = [models.UniqueConstraint(fields=["case", "mark"], nulls_distinct=False, name="remind_once")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.mark}"


class Outgoing(models.Model):
    """要从系统外的渠道（邮件、消息网关）送给某人的知会；送成记时刻，送不成留下原因，下次再送。"""

    notice = models.ForeignKey(Notice, models.PROTECT, related_name="outgoing", verbose_name="知会")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="送给")
    channel = models.CharField("渠道", max_length=10)
    sent_at = models.DateTimeField("送成时刻", null=True)
    tries = models.PositiveSmallIntegerField("试了几次", default=0)
    error = models.CharField("没送成的原因", max_length=300, blank=True)

    class Meta:
        verbose_name = "外发"
        constraints = [models.UniqueConstraint(fields=["notice", "person", "channel"], name="send_once")]
        indexes = [models.Index(fields=["id"], name="outgoing_waiting", condition=models.Q(sent_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.notice_id} {self.channel}"


class Consultation(AppendOnly):
    """重大事项提请的一次会商（M6-6，R-007）：议题、请谁来、为什么要商。"""

    case = models.ForeignKey(Case, models.PROTECT, related_name="consultations", verbose_name="所涉事项")
    topic = models.CharField("议题", max_length=200)
    departments = ArrayField(models.CharField(max_length=200), verbose_name="参加部门")
    reason = models.CharField("提请的缘由", max_length=1000)
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="提请单位")
    on = models.DateField("提请日")
    by = models.CharField("谁提的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "会商"

    def __str__(self) -> str:
        return self.topic


class Minutes(AppendOnly):
    """会商的纪要和结论；更正是下一条，以最近的为准。"""

    consultation = models.ForeignKey(Consultation, models.PROTECT, related_name="minutes", verbose_name="会商")
    held_on = models.DateField("会商日")
    text = models.TextField("纪要")
    conclusion = models.CharField("结论", max_length=1000)
    attachment = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+", verbose_name="纪要文件")
    on = models.DateField("业务日")
    by = models.CharField("谁记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "会商纪要"

    def __str__(self) -> str:
        return self.conclusion


class Requirement(AppendOnly):
    """一件事项提出的一条整改要求；`closer` 是核实销号的角色。"""

    case = models.ForeignKey(Case, models.PROTECT, related_name="requirements", verbose_name="所涉事项")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="谁整改")
    text = models.CharField("要求", max_length=1000)
    due_on = models.DateField("期限")
    closer = models.CharField("谁销号", max_length=32)
    on = models.DateField("业务日")
    by = models.CharField("谁提的", max_length=200)

    class Meta:
        verbose_name = "整改要求"

    def __str__(self) -> str:
        return self.text[:30]

    @property
    def last(self) -> Progress | None:
        """最近的一步；还没有回报为 None。"""
        return max(self.steps.all(), key=lambda step: step.pk, default=None)


class Progress(AppendOnly):
    """整改的一步：被要求的回报，提要求的一方销号或退回。"""

    REPORT, CLOSE, RETURN = "回报", "销号", "退回"
    requirement = models.ForeignKey(Requirement, models.PROTECT, related_name="steps", verbose_name="整改要求")
    kind = models.CharField("做了什么", max_length=4, choices=[(one, one) for one in (REPORT, CLOSE, RETURN)])
    text = models.CharField("说明", max_length=1000)
    on = models.DateField("业务日")
    by = models.CharField("谁", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "整改经过"

    def __str__(self) -> str:
        return f"{self.kind} {self.text[:30]}"
