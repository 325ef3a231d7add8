"""预览的清单：下载全部。"""

from __future__ import annotations

from django.http import HttpResponse
from django.views.decorators.http import require_POST

from yunheng.documents.listing import TYPE, workbook

from .access import Request, allowed
from .previewed import listed_notes
from .serving import attached


@require_POST
@allowed()
def notes(request: Request) -> HttpResponse:
    """预览里的说明（拒绝、没有读、折算）全部下载成 Excel。"""
    rows = listed_notes(request.POST.get("notes", ""))
    return attached(workbook("说明清单", ("怎么了", "表", "在哪里", "说明"), rows), "说明清单.xlsx", TYPE)
