"""差异、差异的处理和裁定、异议、答复和改正：都只追加。"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.ledger.models import Correction
from yunheng.orgs.models import Institution
from yunheng.rules import periods
from yunheng.rules.overlay import WITHDRAWN, Span, overlaid, stated, verdict

from .lines import BillLine
from .runs import Run


class Difference(AppendOnly):
    """批次里的一条差异（R-074、R-075）；`seq` 是在 结算.json 里的次序，从 1 起。没有的几栏空着。

    `ruling` 是批次算进去的裁定，以后的裁定在 Handling；`steps` 是处理经过，由读的人附上。
    """

    steps: Sequence[Handling] = ()

    run = models.ForeignKey(Run, models.PROTECT, related_name="+", db_index=False, verbose_name="计量批次")
    seq = models.PositiveIntegerField("次序")
    code = models.CharField("差异", max_length=4)
    resource = models.TextField("资源", blank=True)
    item = models.TextField("目录项", blank=True)
    form = models.TextField("单号", blank=True)
    order = models.TextField("工单号", blank=True)
    blocking = models.BooleanField("阻断")
    ruling = models.CharField("裁定", max_length=4, blank=True)
    note = models.TextField("说明")

    class Meta:
        verbose_name = "差异"
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="one_difference_per_seq")]
        indexes = [
            models.Index(fields=["run", "resource", "item", "code"], name="difference_of_timeline"),
            models.Index(fields=["run", "code", "seq"], name="difference_of_code"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.resource} {self.item}"

    @property
    def spans(self) -> list[Span[Handling]]:
        """现在的裁定按日叠加的各段；不看批次算没算进去。"""
        return spans_of(self.steps)

    @property
    def verdict(self) -> str:
        """现在怎样裁的：盖满全年的一种、“部分”，没有裁定是空串。"""
        if not self.steps:
            return ""
        year = self.steps[0].service_year
        return verdict(self.spans, periods.service_year(year).start, periods.year_end(year))

    @property
    def stated(self) -> str:
        """现在怎样裁的，一句话：只裁了一部分日子的写明哪些，其余待核；没有裁定是空串。"""
        if not self.steps:
            return ""
        year = self.steps[0].service_year
        return stated(self.spans, periods.service_year(year).start, periods.year_end(year))

    @property
    def ruled(self) -> Handling | None:
        """还管着日子的裁定里最近的一条；全撤回了的没有。"""
        return max((span.record for span in self.spans), key=lambda one: one.pk, default=None)

    def ruled_on(self, day: date) -> Handling | None:
        """管着这一天的裁定。"""
        return next((span.record for span in self.spans if span.start <= day < span.until), None)


class HandlingFile(AppendOnly):
    """处理差异附的证据；一批差异附同一份，只存一份。"""

    name = models.CharField("文件名", max_length=200)
    content = models.BinaryField("内容")
    digest = models.CharField("SM3", max_length=64)

    class Meta:
        verbose_name = "差异的证据"

    def __str__(self) -> str:
        return self.name


class Handling(AppendOnly):
    """差异的处理（R-075）：分派、双方说明、裁定，逐条留痕。

    裁定管 `[from_on, until_on)`，空的是服务年度的两端；后裁的只盖它的日子，其余仍照先裁的（`rules.overlay`）。
    撤回是一条新的裁定：那些日子回到没有裁定。`whole` 是这一条裁定以后，全年每一天都裁定过。
    """

    ASSIGN, ARGUE, RULE = "分派", "说明", "裁定"
    ALLOW, WAIVE, WITHDRAW = "认可", "不计费", WITHDRAWN
    RULINGS = (ALLOW, WAIVE, WITHDRAW)
    service_year = models.PositiveSmallIntegerField("服务年度")
    resource = models.CharField("资源", max_length=128)
    item = models.CharField("目录项", max_length=64, blank=True)
    code = models.CharField("差异", max_length=4)
    kind = models.CharField("做了什么", max_length=4, choices=[(k, k) for k in (ASSIGN, ARGUE, RULE)])
    ruling = models.CharField("裁定", max_length=4, blank=True)
    from_on = models.DateField("起", null=True)
    until_on = models.DateField("止（不含）", null=True)
    whole = models.BooleanField("全年都裁定过", default=True)
    text = models.CharField("说明", max_length=1000)
    file = models.ForeignKey(HandlingFile, models.PROTECT, null=True, related_name="+", verbose_name="证据")
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
                condition=Q(kind="裁定", ruling__in=["认可", "不计费", "撤回"])
                | (~Q(kind="裁定") & Q(ruling="", from_on=None, until_on=None)),
                name="ruling_only_when_ruled",
            ),
            models.CheckConstraint(condition=Q(until_on__gt=F("from_on")), name="ruling_covers_days"),
        ]

    def __str__(self) -> str:
        return f"{self.resource} {self.item} {self.code} {self.kind}"

    @property
    def days(self) -> tuple[date, date]:
        """裁定管哪些日子：半开，没有写的取服务年度的两端。"""
        first, final = periods.service_year(self.service_year).start, periods.year_end(self.service_year)
        return self.from_on or first, self.until_on or final

    @property
    def last(self) -> date:
        """裁定管到哪天（含）。"""
        return periods.last_day(self.days[1])


def spans_of(handlings: Iterable[Handling]) -> list[Span[Handling]]:
    """同一条差异的各条处理（先作的在前）按日叠加的各段；不是裁定的不看。"""
    return overlaid([Span(*one.days, one.ruling, one) for one in handlings if one.kind == Handling.RULE])


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


class Remedy(AppendOnly):
    """采纳了的异议怎样办的（R-075）：更正了台账的哪一条（`correction`），或不需要改数据、为什么（`text`）；可以更正几条。"""

    objection = models.ForeignKey(Objection, models.PROTECT, related_name="remedies", verbose_name="异议")
    correction = models.OneToOneField(
        Correction, models.PROTECT, null=True, related_name="remedy", verbose_name="台账更正"
    )
    text = models.CharField("不需要改数据的理由", max_length=500, blank=True)
    on = models.DateField("业务日")
    by = models.CharField("谁办的", max_length=200)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "异议的改正"
        constraints = [
            models.CheckConstraint(
                condition=Q(correction__isnull=False, text="") | (Q(correction__isnull=True) & ~Q(text="")),
                name="remedy_corrects_or_says_why",
            )
        ]

    def __str__(self) -> str:
        return f"{self.objection_id} {'更正' if self.correction_id else '不改'}"
