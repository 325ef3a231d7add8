"""结算的表单。"""

from __future__ import annotations

from yunheng.orgs.fields import Day, LastDay, Span


class RulingDays(Span):
    """裁定管哪些日子：都可以不填，空的是服务年度的两端。"""

    from_on = Day(label="起", required=False)
    last_on = LastDay(label="至（含）", required=False)
