"""表单里共用的日期栏：人写“至（含）”的末日，存的是半开的止日。"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from yunheng.audit.refused import At, Refused
from yunheng.rules.periods import last_day

from .reading import day_of


class Day(forms.DateField):
    """一天；怎样读、不对怎样说，照 `day_of`。"""

    def to_python(self, value: Any) -> date | None:
        """填的文字 → 日期；空的为 None，要填的栏空着报怎样填。"""
        if value in self.empty_values and not self.required:
            return None
        try:
            return value if isinstance(value, date) else day_of(str(value or ""))
        except ValueError as error:
            raise ValidationError(str(error)) from error


class LastDay(Day):
    """“至（含）”：人填末日，取到的是次日（半开的止日）；空的是没有止日，为 None。

    初值给半开的止日，显示的是末日；填错了重显时照填的写。
    """

    def to_python(self, value: Any) -> date | None:
        """填的末日 → 半开的止日。"""
        day = super().to_python(value)
        return None if day is None else day + timedelta(days=1)

    def prepare_value(self, value: Any) -> Any:
        """半开的止日 → 显示的末日；人填的文字照写。"""
        return last_day(value) if isinstance(value, date) else value


class Span(forms.Form):
    """起、至（含）两栏，都要填。"""

    from_on = Day(label="起")
    last_on = LastDay(label="至（含）")

    def days(self, basis: str) -> tuple[Any, Any]:
        """半开的起、止，没填的为 None；有不对的逐栏列全，抛 Refused。`basis` 是写在每条后面的依据，如“（R-021）”。"""
        if not self.is_valid():
            raise Refused(
                [
                    At(name, f"{self.fields[name].label}：{text}{basis}")
                    for name, texts in self.errors.items()
                    for text in texts
                ]
            )
        return self.cleaned_data["from_on"], self.cleaned_data["last_on"]
