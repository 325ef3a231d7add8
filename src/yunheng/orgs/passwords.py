"""口令策略（R-111）。"""

from __future__ import annotations

from django.core.exceptions import ValidationError


class MixedCharacters:
    """大写、小写、数字、符号至少三种。"""

    def validate(self, password: str, user: object = None) -> None:
        """不够三种抛 ValidationError。"""
        del user
        kinds = (str.isupper, str.islower, str.isdigit, lambda char: not char.isalnum())
        if sum(any(kind(char) for char in password) for kind in kinds) < 3:
            raise ValidationError("口令要有大写字母、小写字母、数字、符号中的至少三种")

    def get_help_text(self) -> str:
        """给人看的要求。"""
        return "至少 10 个字符，含大写字母、小写字母、数字、符号中的至少三种"
