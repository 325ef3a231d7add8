"""审计链的表。"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from .append_only import AppendOnly


class Entry(AppendOnly):
    """一条审计记录。`seq` 从 1 起连续；`digest` 是接在上一条之后的 SM3。

    人和机构存的是当时的名字：改了名、离了职，记录不变。`at` 是记下的时刻（真实时刻，不随演示的业务日期走）。
    """

    seq = models.BigIntegerField("序号", primary_key=True)
    at = models.DateTimeField("时刻")
    person = models.BigIntegerField("人员编号", null=True)
    name = models.CharField("姓名", max_length=100)
    role = models.CharField("角色", max_length=32, blank=True)
    institution = models.CharField("机构", max_length=200, blank=True)
    address = models.CharField("来源", max_length=64, blank=True)
    request = models.CharField("请求编号", max_length=64, blank=True)
    action = models.CharField("动作", max_length=64)
    subject = models.CharField("对象", max_length=200)
    before = models.JSONField("之前", null=True)
    after = models.JSONField("之后", null=True)
    digest = models.CharField("摘要", max_length=64, unique=True)
    recorded_at = models.DateTimeField("入库时刻", db_default=Now())

    class Meta:
        verbose_name = "审计记录"
        indexes = [models.Index(fields=["subject"]), models.Index(fields=["at"])]

    def __str__(self) -> str:
        return f"{self.seq} {self.name} {self.action} {self.subject}"

    def content(self) -> dict[str, object]:
        """算进摘要的内容。"""
        return {
            "seq": self.seq,
            "at": self.at.isoformat(),
            "person": self.person,
            "name": self.name,
            "role": self.role,
            "institution": self.institution,
            "address": self.address,
            "request": self.request,
            "action": self.action,
            "subject": self.subject,
            "before": self.before,
            "after": self.after,
        }
