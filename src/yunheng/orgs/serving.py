"""给文件：浏览器存成这个名字，不在页面里打开。"""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header


def attached(content: bytes | memoryview | None, name: str, kind: str = "application/octet-stream") -> HttpResponse:
    """一个附件；`kind` 是内容的类型。名字里可以有中文、引号。"""
    response = HttpResponse(bytes(content or b""), content_type=kind)
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    return response
