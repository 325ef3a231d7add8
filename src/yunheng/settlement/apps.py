"""结算一章的登记。"""

from django.apps import AppConfig


class SettlementConfig(AppConfig):
    """结算。"""

    name = "yunheng.settlement"
    verbose_name = "结算"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """登记年度结算的关口、效果和办件页上的那一块。"""
        from . import operations, views  # noqa: PLC0415 应用都装好了才能引入

        operations.register()
        views.register()
