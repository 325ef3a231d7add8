"""服务目录与单价一章的登记。"""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """服务目录与单价。"""

    name = "yunheng.catalog"
    verbose_name = "服务目录与单价"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """登记目录流程的关口和效果。"""
        from . import operations, procuring  # noqa: PLC0415 应用都装好了才能引入

        operations.register()
        procuring.register()
