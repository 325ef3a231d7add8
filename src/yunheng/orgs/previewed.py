"""先预览再确认：预览出来的内容签了名放在页面上，确认时原样取回，改过、过了一小时的不认。"""

from __future__ import annotations

from typing import Any

from django.core import signing

_SECONDS = 3600


def keep(value: object, purpose: str) -> str:
    """预览的内容，写进确认按钮那张表；`purpose` 说明是哪件事、谁的，取回时要一样。"""
    return signing.dumps(value, salt=purpose, compress=True)


def kept(text: str, purpose: str) -> Any:
    """确认时取回；被改过、不是这件事的、过了一小时的抛 ValueError。"""
    try:
        return signing.loads(text, salt=purpose, max_age=_SECONDS)
    except signing.BadSignature as error:
        raise ValueError("预览过了一小时或被改动过，请重新选择文件导入") from error
