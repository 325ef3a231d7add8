"""附件5 原文的页面：现在印哪一版、各版的内容；区科创中心先预览读了什么，确认了才录入。"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from yunheng.audit.refused import At
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.previewed import confirmed, keep, preview, within
from yunheng.rules.digest import sm3_bytes
from yunheng.rules.periods import service_year_of
from yunheng.rules.roles import Role
from yunheng.rules.scoring import INDICATORS, deduction_gist

from . import wording, wording_reading
from .forms import WordingForm
from .models import Wording

READERS = (Role.PROVIDER, Role.REVIEWER, Role.AUTHORITY, Role.THIRD_PARTY)


@allowed(*READERS)
def page(request: Request) -> HttpResponse:
    """各版原文，新的在前；没有录入的说明印的是要点。"""
    return _page(request)


def _page(request: Request, problems: tuple[str, ...] = ()) -> HttpResponse:
    year = service_year_of(request.on)
    context = {
        "year": year,
        "now": wording.in_force(year),
        "versions": [(one, rows_of(one.rows)) for one in Wording.objects.order_by("-number")],
        "gist": deduction_gist(request.on),
        "takes": request.actor.role == Role.REVIEWER,
        "problems": problems,
        "values": request.POST,
    }
    return render(request, "assessment/wording.html", context, status=422 if problems else 200)


def rows_of(rows: dict[str, Any]) -> list[tuple[str, str, str]]:
    """各项：叫法、评分标准、指标解释。"""
    return [(INDICATORS[letter].title, *rows[letter]) for letter in INDICATORS if letter in rows]


@require_POST
@allowed(Role.REVIEWER)
def take_in(request: Request) -> HttpResponse:
    """送来 Word 的预览；送来预览的确认录入。"""
    purpose = f"annex5-{request.actor.person}"
    if given := request.POST.get("kept"):
        agreed = request.POST.get("agreed") == "on"
        with confirmed(actor=request.actor, text=given, purpose=purpose, agreed=agreed) as kept:
            day = date.fromisoformat(kept.pop("effective_on"))
            wording.take(actor=request.actor, on=request.on, effective_on=day, **kept)
        return redirect(reverse("wording"))
    form = WordingForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, tuple(At(name, str(text)) for name, texts in form.errors.items() for text in texts))
    cleaned = form.cleaned_data
    try:
        context = _preview(cleaned, purpose)
    except ValueError as error:
        return _page(request, (At("file", str(error)),))
    return render(request, "assessment/wording_import.html", context, status=422 if context["problems"] else 200)


def _preview(cleaned: dict[str, Any], purpose: str) -> dict[str, Any]:
    file, effective_on = cleaned["file"], cleaned["effective_on"]
    within(file, "请只留附件5")
    name, content = (file.name or "")[:200], file.read()
    found = wording_reading.read(content, name, effective_on)
    read = preview(found.told, found.notes)
    kept = {
        "effective_on": effective_on.isoformat(),
        "basis": cleaned["basis"],
        "rows": {letter: found.rows[letter] for letter in INDICATORS if letter in found.rows},
        "closing": found.closing,
        "name": name,
        "digest": sm3_bytes(content),
    }
    return {
        "name": name,
        "effective_on": effective_on,
        "basis": cleaned["basis"],
        "rows": rows_of(found.rows),
        "closing": found.closing,
        "problems": found.problems,
        "read": read,
        "label": "确认录入这一版",
        "back": reverse("wording"),
        "kept": "" if found.problems else keep(kept, purpose, doubtful=read.doubtful),
    }
