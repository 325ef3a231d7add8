"""机构与人员一章的登记。"""

from django.apps import AppConfig


class OrgsConfig(AppConfig):
    """机构与人员。"""

    name = "yunheng.orgs"
    verbose_name = "机构与人员"
    default_auto_field = "django.db.models.BigAutoField"
