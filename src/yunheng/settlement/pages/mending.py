"""更正台账的页面：从采纳了的异议，或从资源页来；证据的下载（R-051、R-075）。"""

from __future__ import annotations

from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from yunheng.audit.refused import Refused
from yunheng.ledger.models import Action, Correction, Fact
from yunheng.ledger.queries import visible
from yunheng.orgs.access import BUSINESS, Request, allowed
from yunheng.orgs.reading import MAX_ATTACHMENT, day_of, decimal_of, key_of
from yunheng.orgs.serving import attached
from yunheng.rules.roles import Role
from yunheng.settlement.bill import mending
from yunheng.settlement.models import Objection
from yunheng.settlement.pages.years import MAX_PK

#: 怎样更正：改成对的，或只作废
AMEND, VOID = "改成", "作废"


@allowed(Role.REVIEWER)
def correct(request: Request, code: str, pk: int) -> HttpResponse:
    """更正一条事实：`objection` 是照哪条采纳了的异议。"""
    facts = Fact.objects.filter(resource__code=code).exclude(action=Action.VOID)
    fact = get_object_or_404(facts.select_related("resource__project__unit", "item", "case"), pk=min(pk, MAX_PK))
    problems: tuple[str, ...] = ()
    post = request.POST
    if request.method == "POST":
        try:
            objection = _objection(post.get("objection", ""), code)
            _mend(request, fact, objection)
            return redirect(
                f"/settlement/objections/{objection.pk}/" if objection else f"/assets/{quote(code, safe='')}/"
            )
        except Refused as error:
            problems = error.problems
    context = {
        "fact": fact,
        "resource": fact.resource,
        "releases": fact.action == Action.RELEASE,
        "objections": mending.accepted(code),
        "chosen": post.get("objection", "") if problems else request.GET.get("objection", ""),
        "frozen": mending.frozen_from(fact.effective_on),
        "ways": (AMEND, VOID),
        "values": post,
        "problems": problems,
    }
    return render(request, "settlement/correct.html", context, status=422 if problems else 200)


def _objection(given: str, code: str) -> Objection | None:
    if not given:
        return None
    found = mending.accepted(code).filter(pk=key_of(given)).first()
    if found is None:
        raise Refused([f"没有对 {code} 采纳了的异议 {given[:9]}（R-075）"])
    return found


def _mend(request: Request, fact: Fact, objection: Objection | None) -> None:
    post, file = request.POST, request.FILES.get("file")
    way = post.get("way", "")
    if way not in (AMEND, VOID):
        raise Refused(["请选择改成对的，还是只作废（R-051）"])
    day = quantity = None
    if way == AMEND:
        try:
            day = day_of(post.get("effective_on", ""))
            if fact.action != Action.RELEASE:
                quantity = decimal_of(post.get("quantity", ""), 3)
        except ValueError as error:
            raise Refused([f"{error}（R-051）"]) from error
    mending.mend(
        actor=request.actor,
        on=request.on,
        fact=fact,
        reason=post.get("reason", ""),
        evidence=(file.name or "证据", file.read(MAX_ATTACHMENT + 1)) if file else None,
        effective_on=day,
        quantity=quantity,
        objection=objection,
    )


@allowed(*BUSINESS)
def file(request: Request, code: str, pk: int) -> HttpResponse:
    """更正的证据：看得到资源的都看得到。"""
    if not visible(request.actor).filter(code=code).exists():
        raise Http404
    found = get_object_or_404(Correction, pk=min(pk, MAX_PK), voided__resource__code=code)
    return attached(found.content, found.name)
