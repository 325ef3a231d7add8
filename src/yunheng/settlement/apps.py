"""结算一章的登记。"""

from django.apps import AppConfig


class SettlementConfig(AppConfig):
    """结算。"""

    name = "yunheng.settlement"
    verbose_name = "结算"
    default_auto_field = "django.db.models.BigAutoField"
