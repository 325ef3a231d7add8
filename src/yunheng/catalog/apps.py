"""服务目录与单价一章的登记。"""

from django.apps import AppConfig


class CatalogConfig(AppConfig):
    """服务目录与单价。"""

    name = "yunheng.catalog"
    verbose_name = "服务目录与单价"
    default_auto_field = "django.db.models.BigAutoField"
