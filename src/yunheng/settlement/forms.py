"""结算的表单。"""

from __future__ import annotations

from datetime import date, timedelta

from django import forms


class RulingDays(forms.Form):
    """裁定管哪些日子：页面上写“至（含）”，存的是半开的；空的是服务年度的两端。"""

    from_on = forms.DateField(
        label="起", required=False, error_messages={"invalid": "裁定的“起”应是日期，如 2025-07-01（R-075）"}
    )
    last_on = forms.DateField(
        label="至（含）", required=False, error_messages={"invalid": "裁定的“至（含）”应是日期，如 2025-09-30（R-075）"}
    )

    @property
    def span(self) -> dict[str, date | None]:
        """写裁定要的两栏。"""
        last = self.cleaned_data["last_on"]
        return {"from_on": self.cleaned_data["from_on"], "until_on": last and last + timedelta(days=1)}
