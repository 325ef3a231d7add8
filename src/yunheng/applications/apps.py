"""申请一章的登记。"""

from django.apps import AppConfig


class ApplicationsConfig(AppConfig):
    """申请。"""

    name = "yunheng.applications"
    verbose_name = "申请"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """登记关口、条件和效果。"""
        from . import backfill, budget_views, claiming, operations, written  # noqa: PLC0415 应用装好以后才能引入模型

        operations.register()
        backfill.register()
        budget_views.register()
        claiming.register()
        written.register()
