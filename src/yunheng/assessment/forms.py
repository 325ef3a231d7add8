"""考核的表单。"""

from __future__ import annotations

from django import forms


class WordingForm(forms.Form):
    """录入附件5 原文：官方 Word、生效日、文号。"""

    file = forms.FileField(
        label="官方 Word", error_messages={"required": "请选择官方印发的 Word（.docx）", "empty": "这份文件是空的"}
    )
    effective_on = forms.DateField(
        label="生效日", error_messages={"required": "请填写生效日", "invalid": "生效日应是日期，如 2024-01-01"}
    )
    basis = forms.CharField(
        label="文号", max_length=100, error_messages={"required": "请写明文号", "max_length": "文号最多 100 个字"}
    )
