"""考核一章的登记。"""

from django.apps import AppConfig


class AssessmentConfig(AppConfig):
    """考核。"""

    name = "yunheng.assessment"
    verbose_name = "考核"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """登记考核流程的关口、效果和办件页上的那一块。"""
        from . import evaluating, evaluation_views, leading, operations, survey_views, surveying, views  # noqa: PLC0415 应用都装好了才能引入

        for part in (operations, leading, views, surveying, survey_views, evaluating, evaluation_views):
            part.register()
