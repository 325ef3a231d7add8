"""页面一章的登记。"""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """页面。"""

    name = "yunheng.web"
    verbose_name = "页面"
    default_auto_field = "django.db.models.BigAutoField"
