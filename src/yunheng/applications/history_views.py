"""历史补录的页面：下载空白工作簿、预演、确认写入，和以往的补录（R-084）。"""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from yunheng.audit.refused import Refused
from yunheng.documents.listing import TYPE
from yunheng.orgs.access import Forbidden, Request, allowed
from yunheng.orgs.previewed import confirmed, keep, kept, packed, preview, unpacked, within
from yunheng.orgs.reading import MAX_ATTACHMENT
from yunheng.orgs.serving import attached
from yunheng.rules.roles import Role

from .history import operations, workbook
from .history.frozen import barred
from .history.workbook import Given
from .models import Backfill

_READERS = (Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION)
_PAGE = 20
#: 预演里最多列几处问题、几张单据
_SHOWN = 200
_MAX_PK = 2**31 - 1


@allowed(*_READERS)
def backfills(request: Request) -> HttpResponse:
    """补录：选工作簿预演，确认才写；下面是以往的补录。"""
    context: dict[str, Any] = {"shown": _SHOWN, "may": request.actor.role == Role.REVIEWER, "values": request.POST}
    status = 200
    if request.method == "POST":
        if not context["may"]:
            raise Forbidden((Role.REVIEWER,))
        try:
            if given := request.POST.get("kept"):
                return _record(request, given, context)
            context |= _preview(request)
        except Refused as error:
            context["problems"], status = error.problems, 422
        except ValueError as error:
            context["problems"], status = (f"{error}（R-084）",), 422
    earlier = Backfill.objects.defer("content").order_by("-pk")
    page = Paginator(earlier, _PAGE).get_page(request.GET.get("page", "1")[:6])
    context |= {"page": page, "rows": [(one, _counted(one)) for one in page]}
    return render(request, "applications/backfill.html", context, status=status)


def _counted(one: Backfill) -> str:
    """各表几行，照工作簿里的次序，没有的不写。"""
    return "，".join(f"{sheet} {number}" for sheet in workbook.SHEETS if (number := one.counts.get(sheet)))


def _preview(request: Request) -> dict[str, Any]:
    file = request.FILES.get("file")
    if file is None:
        raise Refused(["请选择填好的补录工作簿（R-084）"])
    within(file, "请分几个文件")
    name = (file.name or "补录.xlsx")[-200:]
    given = workbook.read(file.read(), name)
    context = _rehearsed(request, name, given)
    if not context["found"].problems:
        context["kept"] = _kept(request, name, given, context)
    return context


def _kept(request: Request, name: str, given: Given, context: dict[str, Any]) -> str:
    """预演的内容，连同要点头的各条：点的头只算看到的这几条。"""
    doubts = [operations.said_of(note) for note in context["found"].doubts]
    value = [name, given.rows, packed(given.notes), given.told, doubts]
    return keep(value, _purpose(request), doubtful=context["read"].doubtful)


def _rehearsed(request: Request, name: str, given: Given) -> dict[str, Any]:
    found = operations.rehearse(actor=request.actor, on=request.on, given=given)
    return {
        "name": name,
        "found": found,
        "read": preview(given.told, [*found.doubts, *given.notes], many=True),
        "cited": workbook.CITED,
        "barred": barred(found.frozen) if found.frozen else "",
    }


def _record(request: Request, text: str, context: dict[str, Any]) -> HttpResponse:
    """确认写入，同一次预演只能确认一次；缺理由、原件一类的，预演的内容还在，补上再确认。"""
    purpose = _purpose(request)
    file = request.FILES.get("paper")
    try:
        with confirmed(
            actor=request.actor, text=text, purpose=purpose, agreed=request.POST.get("agreed") == "on"
        ) as value:
            made = operations.record(
                actor=request.actor,
                on=request.on,
                given=_stored(value),
                workbook=value[0],
                reason=request.POST.get("reason", ""),
                paper=(file.name or "原件", file.read(MAX_ATTACHMENT + 1)) if file else None,
                adjusts=bool(request.POST.get("adjusts")),
                agreed=value[4],
            )
    except Refused:
        value = kept(text, purpose)
        name, given = value[0], _stored(value)
        context |= {**_rehearsed(request, name, given), "kept": text}
        if [operations.said_of(note) for note in context["found"].doubts] != value[4]:
            # 预演以后台账变了：要点头的另是几条，重新看过才算
            context |= {"kept": _kept(request, name, given, context), "values": {**request.POST.dict(), "agreed": ""}}
        raise
    return redirect(f"{reverse('backfills')}?done={made.pk}")


def _stored(value: list[Any]) -> Given:
    """预演时存下的：各行、怎样读的、没有读的。"""
    _, tables, notes, told, _ = value
    rows = {sheet: [(number, row) for number, row in numbered] for sheet, numbered in tables.items()}
    return Given(rows, (), tuple(unpacked(notes)), told)


def _purpose(request: Request) -> str:
    return f"backfill-{request.actor.person}"


@allowed(Role.REVIEWER)
def template(request: Request) -> HttpResponse:
    """空白工作簿。"""
    del request
    return attached(workbook.blank(), "历史补录.xlsx", TYPE)


@allowed(*_READERS)
def paper(request: Request, pk: int) -> HttpResponse:
    """一次补录的原件。"""
    del request
    found = get_object_or_404(Backfill, pk=min(pk, _MAX_PK))
    return attached(found.content, found.name)
