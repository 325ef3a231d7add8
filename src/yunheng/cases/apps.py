"""事项一章的登记。"""

from django.apps import AppConfig


class CasesConfig(AppConfig):
    """事项。"""

    name = "yunheng.cases"
    verbose_name = "事项"
    default_auto_field = "django.db.models.BigAutoField"
