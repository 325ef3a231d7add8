"""上线闸口一章的登记。"""

from django.apps import AppConfig


class SecurityConfig(AppConfig):
    """上线闸口。"""

    name = "yunheng.security"
    verbose_name = "上线闸口"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """登记正式开通前的关。"""
        from yunheng.cases.operations import register_guard  # noqa: PLC0415 应用装好以后才能引入模型

        from .operations import gate  # noqa: PLC0415

        register_guard("security_gate", gate)
