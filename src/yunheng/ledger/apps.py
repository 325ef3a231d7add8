"""资源台账一章的登记。"""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """资源台账。"""

    name = "yunheng.ledger"
    verbose_name = "资源台账"
    default_auto_field = "django.db.models.BigAutoField"
