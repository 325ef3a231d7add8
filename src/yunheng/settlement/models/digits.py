"""号里的数字：凭证号照它先在数据库里挑，再逐个比。"""

from __future__ import annotations

import re
import unicodedata

from django.db.models import Func, TextField


class Digits(Func):
    """一栏里的数字，别的字去掉；全角的算半角。与 `digits_of` 一样算。"""

    template = "regexp_replace(normalize(%(expressions)s, NFKC), '[^0-9]', '', 'g')"
    output_field = TextField()


def digits_of(text: str) -> str:
    """一个号里的数字，依次相连；没有数字的为空串。"""
    return re.sub("[^0-9]", "", unicodedata.normalize("NFKC", text))
