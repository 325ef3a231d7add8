"""审计一章的登记。"""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """审计。"""

    name = "yunheng.audit"
    verbose_name = "审计"
    default_auto_field = "django.db.models.BigAutoField"
