"""上线前的六项确认（只追加）。"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from yunheng.audit.append_only import AppendOnly
from yunheng.cases.models import Attachment, Case
from yunheng.orgs.models import Person


class Condition(models.TextChoices):
    """上线前要完成的六项（M6-30、D14-18，R-101）。"""

    RESOURCES = "resources", "安全资源已申请"
    SELF_CHECK = "self_check", "安全自查"
    ASSESSMENT = "assessment", "检测评估"
    HARDENING = "hardening", "安全加固"
    FILING = "filing", "等保备案"
    COMMITMENT = "commitment", "签署上云安全承诺书"


class Clearance(AppendOnly):
    """某事项某一项已完成：谁确认、哪天、凭什么。"""

    case = models.ForeignKey(Case, models.PROTECT, related_name="clearances", verbose_name="事项")
    condition = models.CharField("哪一项", max_length=20, choices=Condition.choices)
    note = models.CharField("说明", max_length=300)
    attachment = models.ForeignKey(Attachment, models.PROTECT, null=True, related_name="+", verbose_name="证明材料")
    person = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="确认人")
    on = models.DateField("业务日")
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "安全确认"
        constraints = [models.UniqueConstraint(fields=["case", "condition"], name="one_clearance_per_condition")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.condition}"
