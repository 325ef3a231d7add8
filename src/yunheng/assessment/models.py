"""考核事件和证据、申辩、复核结论、满意度、审定的评分，满意度问卷，效能评估：除问卷的一次性链接外都只追加。"""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.cases.models import Case
from yunheng.orgs.models import Institution
from yunheng.rules.scoring import EVENT_INDICATORS, INDICATORS, RESPONSIBILITIES


class Occurrence(AppendOnly):
    """一起考核事件（D62-附件5，R-091）。`mark` 是系统里的来源号：同一回事只记一次。

    `reference` 是投诉函、工单、故障单的号；`responsibility` 定扣不扣分，空的是有这一栏以前登记的，照扣。
    """

    provider = models.ForeignKey(Institution, models.PROTECT, related_name="occurrences", verbose_name="服务商")
    indicator = models.CharField("指标", max_length=1, choices=[(code, code) for code in EVENT_INDICATORS])
    responsibility = models.CharField(
        "责任", max_length=4, blank=True, default="", choices=[(one, one) for one in RESPONSIBILITIES]
    )
    on = models.DateField("日期")
    text = models.CharField("说明", max_length=500)
    reference = models.CharField("来源编号", max_length=60, blank=True, default="")
    mark = models.CharField("来源", max_length=100, unique=True)
    case = models.ForeignKey(Case, models.PROTECT, null=True, related_name="+", verbose_name="所涉事项")
    by = models.CharField("谁记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "考核事件"
        indexes = [models.Index(fields=["provider", "on"])]
        constraints = [
            models.CheckConstraint(condition=Q(indicator__in=EVENT_INDICATORS), name="occurrence_indicator"),
            models.CheckConstraint(
                condition=Q(responsibility__in=("", *RESPONSIBILITIES)), name="occurrence_responsibility"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.indicator} {self.on} {self.text[:30]}"

    @property
    def title(self) -> str:
        """指标的叫法。"""
        return INDICATORS[self.indicator].title


class Evidence(AppendOnly):
    """一起事件的一份证据文件；登记时附，也可以以后再补（R-091）。"""

    occurrence = models.ForeignKey(Occurrence, models.PROTECT, related_name="evidence", verbose_name="事件")
    name = models.CharField("文件名", max_length=200)
    content = models.BinaryField("证据")
    digest = models.CharField("SM3", max_length=64)
    on = models.DateField("业务日")
    by = models.CharField("谁附的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "考核证据"

    def __str__(self) -> str:
        return self.name


class Reply(AppendOnly):
    """服务商对一起事件的申辩，可附证据文件（R-091、R-093）。"""

    occurrence = models.ForeignKey(Occurrence, models.PROTECT, related_name="replies", verbose_name="事件")
    text = models.CharField("申辩", max_length=1000)
    name = models.CharField("证据文件名", max_length=200, blank=True)
    content = models.BinaryField("证据", null=True)
    digest = models.CharField("SM3", max_length=64, blank=True)
    on = models.DateField("业务日")
    by = models.CharField("谁写的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "申辩"

    def __str__(self) -> str:
        return self.text[:30]


class Finding(AppendOnly):
    """对一起事件的复核结论：算不算；以最近的一条为准。"""

    occurrence = models.ForeignKey(Occurrence, models.PROTECT, related_name="findings", verbose_name="事件")
    counted = models.BooleanField("计分")
    reason = models.CharField("理由", max_length=500)
    on = models.DateField("业务日")
    by = models.CharField("谁定的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "复核结论"

    def __str__(self) -> str:
        return f"{self.occurrence_id} {self.counted}"


class Dismissal(AppendOnly):
    """一条线索认定不算考核事件：当时写的是什么、为什么不算（R-091）。"""

    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    service_year = models.PositiveSmallIntegerField("服务年度")
    source = models.CharField("线索从哪里来", max_length=20)
    reference = models.CharField("来源编号", max_length=60)
    text = models.CharField("线索", max_length=500)
    href = models.CharField("原来的记录在哪里", max_length=200)
    reason = models.CharField("理由", max_length=500)
    on = models.DateField("业务日")
    by = models.CharField("谁定的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "不登记的线索"
        constraints = [models.UniqueConstraint(fields=["provider", "reference"], name="one_dismissal_a_lead")]

    def __str__(self) -> str:
        return self.reference


class Satisfaction(AppendOnly):
    """某服务商某服务年度的满意率（百分数）；更正是下一条（R-092）。"""

    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    service_year = models.PositiveSmallIntegerField("服务年度")
    rate = models.DecimalField("满意率", max_digits=6, decimal_places=3)
    answers = models.PositiveIntegerField("有效份数", null=True)
    basis = models.CharField("依据", max_length=300)
    by = models.CharField("谁记的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "满意率"
        constraints = [
            models.CheckConstraint(condition=Q(rate__gte=0) & Q(rate__lte=100), name="satisfaction_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.service_year} {self.rate}"


class SatisfactionFile(AppendOnly):
    """手填的满意率凭哪份第三方出具的文件（R-092）；由系统里的问卷计出来的没有。"""

    satisfaction = models.OneToOneField(Satisfaction, models.PROTECT, related_name="file", verbose_name="满意率")
    name = models.CharField("文件名", max_length=200)
    content = models.BinaryField("内容")
    digest = models.CharField("SM3", max_length=64)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "满意率的依据"

    def __str__(self) -> str:
        return self.name


class Appraisal(AppendOnly):
    """一件年度考核：哪家、哪年。撤回、另起的可以不止一件，审定的只有一件（Score）。"""

    case = models.OneToOneField(Case, models.PROTECT, related_name="appraisal", verbose_name="事项")
    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    service_year = models.PositiveSmallIntegerField("服务年度")

    class Meta:
        verbose_name = "年度考核"
        constraints = [models.UniqueConstraint(fields=["provider", "service_year"], name="one_appraisal_a_year")]

    def __str__(self) -> str:
        return f"{self.provider_id} {self.service_year}"


class SentScore(AppendOnly):
    """一次送服务商确认的分（R-093）：各项、总分、扣减比例、满意率，计分的是哪几起；退回重送的再记一条。"""

    appraisal = models.ForeignKey(Appraisal, models.PROTECT, related_name="sendings", verbose_name="考核")
    content = models.JSONField("评分")
    digest = models.CharField("SM3", max_length=64)
    on = models.DateField("送出日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "送确认的评分"

    def __str__(self) -> str:
        return f"{self.appraisal} {self.content.get('total')}"


class Score(AppendOnly):
    """审定锁定的评分：分数、总分、扣减比例、满意率，和当时的整张考核表（`sheet`，几年以后照它印）。"""

    appraisal = models.OneToOneField(Appraisal, models.PROTECT, related_name="score", verbose_name="考核")
    content = models.JSONField("评分")
    digest = models.CharField("SM3", max_length=64)
    on = models.DateField("审定日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "审定的评分"

    def __str__(self) -> str:
        return str(self.content.get("total"))


class Survey(AppendOnly):
    """一次满意度调查的抽样方案（R-092）：`ratio` 是每层抽百分之几，普查是 100；同样的种子抽出同样的单位。"""

    CENSUS, STRATIFIED = "普查", "分层抽样"
    case = models.OneToOneField(Case, models.PROTECT, related_name="survey", verbose_name="事项")
    service_year = models.PositiveSmallIntegerField("服务年度")
    mode = models.CharField("方式", max_length=8, choices=[(one, one) for one in (CENSUS, STRATIFIED)])
    ratio = models.PositiveSmallIntegerField("比例 %")
    seed = models.CharField("种子", max_length=64)
    closes_on = models.DateField("截止日（含）")

    class Meta:
        verbose_name = "满意度调查"
        constraints = [models.CheckConstraint(condition=Q(ratio__gte=1, ratio__lte=100), name="survey_ratio")]

    def __str__(self) -> str:
        return f"{self.service_year} {self.mode}"


class Ticket(models.Model):
    """一张问卷归哪个单位填：只知道填没填，不知道填了什么。一次性链接的口令只存 SM3，领一次换一次。"""

    survey = models.ForeignKey(Survey, models.PROTECT, related_name="tickets", verbose_name="调查")
    unit = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="单位")
    token_digest = models.CharField("口令的 SM3", max_length=64, blank=True)
    used = models.BooleanField("填过了", default=False)

    class Meta:
        verbose_name = "问卷"
        constraints = [models.UniqueConstraint(fields=["survey", "unit"], name="one_ticket_per_unit")]

    def __str__(self) -> str:
        return f"{self.survey_id} {self.unit_id}"


class Answer(AppendOnly):
    """对一家服务商的一份回答，匿名：不记哪个单位、什么时刻，编号随机，看不出先后。"""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    survey = models.ForeignKey(Survey, models.PROTECT, related_name="answers", verbose_name="调查")
    provider = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="服务商")
    grade = models.CharField("评价", max_length=4, choices=[(one, one) for one in ("满意", "一般", "不满意")])
    comment = models.CharField("意见", max_length=500, blank=True)

    class Meta:
        verbose_name = "问卷回答"

    def __str__(self) -> str:
        return self.grade


class Wording(AppendOnly):
    """官方附件5 的一版原文（D62-附件5，R-091），从官方 Word 里读出来，一字不改。

    `rows` 是指标字母 → [评分标准, 指标解释]，`closing` 是末段扣减规则的各句；`effective_on` 起照它印。
    """

    number = models.PositiveSmallIntegerField("版本", unique=True)
    effective_on = models.DateField("生效日")
    basis = models.CharField("文号", max_length=100)
    rows = models.JSONField("各项")
    closing = models.JSONField("末段")
    name = models.CharField("文件名", max_length=200)
    digest = models.CharField("SM3", max_length=64)
    on = models.DateField("业务日")
    by = models.CharField("谁录入的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "附件5 原文"

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        """怎样称呼这一版：第几版、文号、生效日。"""
        return f"第 {self.number} 版（{self.basis}，{self.effective_on} 起）"


class Evaluation(AppendOnly):
    """某服务年度的一次效能评估（R-094）。"""

    case = models.OneToOneField(Case, models.PROTECT, related_name="evaluation", verbose_name="事项")
    service_year = models.PositiveSmallIntegerField("服务年度")

    class Meta:
        verbose_name = "效能评估"

    def __str__(self) -> str:
        return str(self.service_year)


class Scheme(AppendOnly):
    """评估方案的一版：`indicators` 是 [{"kind": 使用单位|服务商, "name", "weight"}]，各类权重合计 100。"""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="schemes", verbose_name="评估")
    indicators = models.JSONField("指标")
    by = models.CharField("谁编的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "评估方案"

    def __str__(self) -> str:
        return f"{self.evaluation_id}"


class Grade(AppendOnly):
    """对一家的一次打分：各指标 0 至 100 分，照方案的次序；更正是下一条。"""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="grades", verbose_name="评估")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="被评的")
    scores = models.JSONField("各项分")
    evidence = models.CharField("依据", max_length=1000)
    by = models.CharField("谁打的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "效能打分"

    def __str__(self) -> str:
        return f"{self.institution_id}"


class Published(AppendOnly):
    """发布的结果：总分和当时的各项分，锁定（R-095）。"""

    evaluation = models.ForeignKey(Evaluation, models.PROTECT, related_name="results", verbose_name="评估")
    institution = models.ForeignKey(Institution, models.PROTECT, related_name="+", verbose_name="被评的")
    total = models.DecimalField("总分", max_digits=7, decimal_places=4)
    content = models.JSONField("指标、各项分、依据")
    on = models.DateField("发布日")

    class Meta:
        verbose_name = "效能评估结果"
        constraints = [models.UniqueConstraint(fields=["evaluation", "institution"], name="one_result_each")]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.total}"
