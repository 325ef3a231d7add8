"""结算一章的登记。"""

from django.apps import AppConfig


class SettlementConfig(AppConfig):
    """结算。"""

    name = "yunheng.settlement"
    verbose_name = "结算"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """登记年度结算的关口、效果、办件页上的那一块，考核扣减合多少钱，排队的估算怎样办，考核的线索，和各件的审核日期。"""
        from yunheng.settlement import arriving, leading, operations, sparing  # noqa: PLC0415 应用都装好了才能引入
        from yunheng.settlement.pages import years  # noqa: PLC0415
        from yunheng.settlement.runs import deducting, estimating, moves  # noqa: PLC0415

        arriving.register()
        deducting.register()
        estimating.register()
        leading.register()
        moves.register()
        operations.register()
        sparing.register()
        years.register()
