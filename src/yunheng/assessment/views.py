"""考核的页面：各家各项的分、事件、满意率；一家一年的考核表（附件5）和它的 Word、PDF；办件页上的同一张表。"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from yunheng.audit.refused import At, NotYours, Refused
from yunheng.cases.models import Case
from yunheng.cases.panels import register_panel
from yunheng.documents.appraisal import Sheet, appraisal_form
from yunheng.documents.pdf import chart_image, write_pdf
from yunheng.documents.word import write_word
from yunheng.orgs.access import Request, allowed
from yunheng.orgs.commissioning import uncovered
from yunheng.orgs.models import Institution
from yunheng.orgs.queries import providers
from yunheng.orgs.reading import MAX_ATTACHMENT, Given, day_of, decimal_of, whole_of, year_of
from yunheng.orgs.serving import attached
from yunheng.rules.periods import service_year, service_year_of, year_end
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope
from yunheng.rules.scoring import EVENT_INDICATORS, INDICATORS, RESPONSIBILITIES, ladder

from . import leading, operations, queries, sending
from .lead_views import chosen_year
from .models import Appraisal, Evidence, Occurrence, Reply, SatisfactionFile

MAX_PK = 2**63 - 1
_READERS = (Role.PROVIDER, Role.REVIEWER, Role.AUTHORITY, Role.THIRD_PARTY)
_RECORDS = operations.RECORDERS
_FIRST_YEAR = 2021
_MOST_EVENTS = 999
#: 办件走到哪一步，谁做什么
_GUIDES = {
    "draft": "第三方登记事件、记满意率，核对以后送服务商确认；满意度调查要先办完，送出以后分数不能再动。",
    "reply": "服务商在考核表上对一起起事件申辩、附证据，再在右侧“无异议”或“提出申辩”。",
    "review": "区科创中心看申辩和证据，维持的写结论；要改计不计分、补登事件的，先退回第三方重评，再送服务商确认。",
    "decide": "区科委审定以后整张表锁定，作为扣减结算金额的依据，事件、满意率都不能再动。",
}


@allowed(*_READERS)
def home(request: Request) -> HttpResponse:
    """某服务年度：各家的分，和一起起事件；第三方、区科创中心在这里登记。"""
    if request.method == "POST":
        return _posted(request, _record)
    return _home(request)


def _posted(request: Request, do: Callable[[Request], str]) -> HttpResponse:
    """办一件登记的事：办成了去 `do` 给的地址，不合规的原样退回这一页。"""
    try:
        return redirect(do(request))
    except NotYours:
        raise
    except Refused as error:
        return _home(request, error.problems)


def _home(request: Request, problems: tuple[str, ...] = ()) -> HttpResponse:
    present, role = service_year_of(request.on), request.actor.role
    year = chosen_year(request)
    begun = {
        one.provider_id: one.case for one in Appraisal.objects.filter(service_year=year).select_related("case__board")
    }
    barred = uncovered(request.actor, request.on, Scope.APPRAISAL)
    marks = queries.marks(_shown(request), year)
    settled = {one.provider.pk for one in marks if one.score}
    occurrences = queries.with_files(queries.visible(request.actor).filter(queries.within(year)))
    context = {
        "year": year,
        "years": range(present, _FIRST_YEAR, -1),
        "span": service_year(year),
        "finished": request.on >= year_end(year),
        "marks": [(one, begun.get(one.provider.pk)) for one in marks],
        "indicators": INDICATORS,
        "events": [INDICATORS[letter] for letter in EVENT_INDICATORS],
        "responsibilities": RESPONSIBILITIES,
        "occurrences": [(one, queries.address(one.provider, year)) for one in occurrences.order_by("-on", "-pk")[:300]],
        "uncovered": barred,
        "records": request.actor.role in _RECORDS and not barred,
        "leads": len(leading.pending(year, request.on)) if role != Role.PROVIDER else 0,
        "provides": request.actor.role == Role.PROVIDER,
        "starts": request.actor.role == Role.THIRD_PARTY and not barred,
        "surveying": queries.surveying_now(year),
        "open": [one.provider for one in marks if one.provider.pk not in settled],
        "limit": MAX_ATTACHMENT // 1048576,
        "problems": problems,
        "values": request.POST,
    }
    return render(request, "assessment/home.html", context, status=422 if problems else 200)


def _shown(request: Request) -> QuerySet[Institution]:
    """看得到的服务商：服务商只看自己。"""
    shown = providers()
    return shown.filter(pk=request.actor.institution or 0) if request.actor.role == Role.PROVIDER else shown


def _provider(request: Request) -> Institution:
    found = providers().filter(code=request.POST.get("provider", "")).first()
    if found is None:
        raise Refused([At("provider", "请选择服务商")])
    return found


def _year(request: Request) -> int:
    year = year_of(request.POST.get("year"))
    if year is None or year <= _FIRST_YEAR:
        raise Refused(["请选择服务年度"])
    return year


def _uploads(request: Request, key: str) -> list[tuple[str, bytes]]:
    """上传的文件：（文件名, 内容）；多读一个字节，超没超看得出来。"""
    given: list[UploadedFile] = request.FILES.getlist(key)
    return [(one.name or "证据", one.read(MAX_ATTACHMENT + 1)) for one in given]


def _record(request: Request) -> str:
    given = Given(request.POST, "（D62-附件5，R-091）")
    indicator = given.chosen("indicator", "指标", EVENT_INDICATORS)
    happened = given.read("on", "发生日期", day_of)
    responsibility = given.chosen("responsibility", "服务商负什么责任", RESPONSIBILITIES)
    reference = given.words("reference", "来源编号", 60)
    text = given.words("text", "事实", 500)
    given.checked()
    assert happened is not None
    made = operations.record(
        actor=request.actor,
        on=request.on,
        provider=_provider(request),
        indicator=indicator,
        happened_on=happened,
        text=text,
        responsibility=responsibility,
        reference=reference,
        files=_uploads(request, "files"),
        year=_year(request),
    )
    return f"{queries.address(made.provider, service_year_of(happened))}#e{made.pk}"


@require_POST
@allowed(*_RECORDS)
def rate(request: Request) -> HttpResponse:
    """记满意率。"""
    return _posted(request, _rate)


def _rate(request: Request) -> str:
    given = Given(request.POST, "（D62-附件5，R-092）")
    value = given.read("rate", "满意率", lambda text: decimal_of(text, 3))
    basis = given.words("basis", "依据", 300)
    answers = request.POST.get("answers", "").strip()
    if answers and not (answers.isascii() and answers.isdigit() and len(answers) < 7):
        given.wrong("answers", f"有效份数：应为整数，现在是“{answers[:20]}”")
    given.checked()
    assert value is not None
    year = _year(request)
    operations.rate(
        actor=request.actor,
        on=request.on,
        provider=_provider(request),
        year=year,
        rate=value,
        basis=basis,
        answers=whole_of(answers),
        document=next(iter(_uploads(request, "file")), ("", b"")),
    )
    return f"/assessment/?year={year}"


@require_POST
@allowed(Role.THIRD_PARTY)
def start(request: Request) -> HttpResponse:
    """起一件年度考核。"""
    case = operations.start(actor=request.actor, on=request.on, provider=_provider(request), year=_year(request))
    return redirect(f"/cases/{case.number}/")


# ── 一家一年的考核表 ──


@allowed(*_READERS)
def sheet(request: Request, provider: str, year: int) -> HttpResponse:
    """一家一年的考核表（附件5）：各项、各起、总分的后果、合多少钱；试算只看不存。"""
    return _sheet(request, _sheet_owner(request, provider, year), year)


def _sheet_owner(request: Request, code: str, year: int) -> Institution:
    """看得到的这家；看不到、年度不对都是 404。"""
    if not _FIRST_YEAR < year <= service_year_of(request.on):
        raise Http404
    return get_object_or_404(_shown(request), code=code)


def _sheet(
    request: Request, provider: Institution, year: int, problems: tuple[str, ...] = (), failed: int = 0
) -> HttpResponse:
    drawn, appraisal = queries.sheet(provider, year), queries.appraisal_of(provider, year)
    tried, wrong = _tried(request, provider, year, drawn)
    score = getattr(appraisal, "score", None)
    role = request.actor.role
    context = _paper(provider, year, drawn) | {
        "provider": provider,
        "appraisal": appraisal,
        "score": score,
        "span": service_year(year),
        "finished": request.on >= year_end(year),
        "beside": [
            (one, queries.address(provider, one))
            for one in (year - 1, year + 1)
            if _FIRST_YEAR < one <= service_year_of(request.on)
        ],
        "replies": role == Role.PROVIDER and score is None,
        "finds": role == Role.REVIEWER and score is None,
        "sent": queries.sent(provider, year) is not None,
        "moved": list(sending.moved(appraisal)) if appraisal else [],
        "proves": role in _RECORDS and score is None,
        "limit": MAX_ATTACHMENT // 1048576,
        "tried": tried,
        "problems": problems or tuple(wrong),
        "failed": failed,
        "values": request.POST,
    }
    return render(request, "assessment/sheet.html", context, status=422 if problems or wrong else 200)


def _paper(provider: Institution, year: int, drawn: Sheet) -> dict[str, Any]:
    """表上的各块，考核表页和办件页都用。"""
    return {
        "sheet": drawn,
        "href": queries.address(provider, year),
        "rows": [(line, drawn.of(line.letter)) for line in drawn.lines],
        "ladder": ladder(year_end(year)),
        "amount": queries.amount(provider, year, drawn.rate),
    }


def _tried(request: Request, provider: Institution, year: int, drawn: Sheet) -> tuple[dict[str, Any], list[str]]:
    """试算：（填的和结果, 填错的）；没有试算时填的是现在的数。"""
    counts = drawn.counts()
    typed = {letter: str(counts[letter]) for letter in EVENT_INDICATORS} | {"rate": drawn.satisfaction or ""}
    wanted = "try" in request.GET
    if wanted:
        typed = {key: request.GET.get(key, "").strip()[:10] for key in typed}
    fields = [(INDICATORS[letter], typed[letter]) for letter in EVENT_INDICATORS]
    shown: dict[str, Any] = {"fields": fields, "rate": typed["rate"]}
    if not wanted:
        return shown, []
    if problems := list(_misfilled(typed)):
        return shown, problems
    numbers = {letter: int(typed[letter] or 0) for letter in EVENT_INDICATORS}
    given = f"{decimal_of(typed['rate'], 3).normalize():f}" if typed["rate"] else None
    result = queries.trial(provider, year, numbers, given)
    return shown | {"sheet": result, "amount": queries.amount(provider, year, result.rate)}, []


def _misfilled(typed: dict[str, str]) -> Iterator[str]:
    for letter in EVENT_INDICATORS:
        text = typed[letter] or "0"
        if whole_of(text, _MOST_EVENTS) is None:
            yield f"试算的{INDICATORS[letter].title}应为 0 至 {_MOST_EVENTS} 起，现在是“{text}”（R-091）"
    if typed["rate"]:
        try:
            if not 0 <= decimal_of(typed["rate"], 3) <= 100:
                yield f"试算的满意率应在 0 至 100 之间，现在是 {typed['rate']}（R-092）"
        except ValueError as error:
            yield f"试算的满意率：{error}（R-092）"


@allowed(*_READERS)
def download(request: Request, provider: str, year: int, kind: str) -> HttpResponse:
    """附件5 的 Word 或 PDF：审定以前是草稿，审定以后照锁定的印。"""
    owner = _sheet_owner(request, provider, year)
    if kind not in ("docx", "pdf"):
        raise Http404
    score = getattr(queries.appraisal_of(owner, year), "score", None)
    footnote = f"{score.on} 审定锁定 · SM3 {score.digest}" if score else f"{request.on} 的草稿，审定以前还会变"
    paper = appraisal_form(queries.sheet(owner, year), footnote, draft=score is None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"annex5.{kind}"
        if kind == "pdf":
            write_pdf(paper, path)
        else:
            write_word(paper, path, chart_image)
        content = path.read_bytes()
    name = f"附件5-绩效考核表-{owner.name}-{year}{'' if score else '-草稿'}.{kind}"
    return _file(name, content)


def _file(name: str, content: bytes) -> HttpResponse:
    return attached(content, name)


def _on_sheet(request: Request, occurrence: Occurrence, do: Callable[[], object]) -> HttpResponse:
    """对一起事件办一件事：办成了回到考核表上这一起，不合规的原样退回考核表。"""
    year = service_year_of(occurrence.on)
    try:
        do()
    except NotYours:
        raise
    except Refused as error:
        return _sheet(request, occurrence.provider, year, error.problems, occurrence.pk)
    return redirect(f"{queries.address(occurrence.provider, year)}#e{occurrence.pk}")


@require_POST
@allowed(Role.PROVIDER)
def reply(request: Request, pk: int) -> HttpResponse:
    """服务商申辩一起事件，可附证据。"""
    occurrence = _occurrence(request, pk)
    name, content = next(iter(_uploads(request, "file")), ("", b""))
    return _on_sheet(
        request,
        occurrence,
        lambda: operations.reply(
            actor=request.actor,
            on=request.on,
            occurrence=occurrence,
            text=request.POST.get("text", ""),
            name=name,
            content=content,
        ),
    )


@require_POST
@allowed(Role.REVIEWER)
def find(request: Request, pk: int) -> HttpResponse:
    """复核一起事件。"""
    occurrence = _occurrence(request, pk)
    return _on_sheet(
        request,
        occurrence,
        lambda: operations.find(
            actor=request.actor,
            on=request.on,
            occurrence=occurrence,
            counted=request.POST.get("counted") == "1",
            reason=request.POST.get("reason", ""),
        ),
    )


@require_POST
@allowed(*_RECORDS)
def prove(request: Request, pk: int) -> HttpResponse:
    """给一起事件补一份证据。"""
    occurrence = _occurrence(request, pk)
    name, content = next(iter(_uploads(request, "file")), ("（没有选文件）", b""))
    return _on_sheet(
        request,
        occurrence,
        lambda: operations.prove(actor=request.actor, on=request.on, occurrence=occurrence, name=name, content=content),
    )


def _occurrence(request: Request, pk: int) -> Occurrence:
    return get_object_or_404(queries.visible(request.actor), pk=min(pk, MAX_PK))


@allowed(*_READERS)
def proof(request: Request, pk: int) -> HttpResponse:
    """申辩附的证据。"""
    seen = queries.visible(request.actor).values("pk")
    found = get_object_or_404(Reply.objects.exclude(name=""), pk=min(pk, MAX_PK), occurrence__in=seen)
    return _file(found.name, bytes(found.content or b""))


@allowed(*_READERS)
def rating(request: Request, pk: int) -> HttpResponse:
    """手填的满意率附的文件。"""
    found = get_object_or_404(
        SatisfactionFile, satisfaction=min(pk, MAX_PK), satisfaction__provider__in=_shown(request)
    )
    return _file(found.name, bytes(found.content))


@allowed(*_READERS)
def evidence(request: Request, pk: int) -> HttpResponse:
    """事件的一份证据。"""
    seen = queries.visible(request.actor).values("pk")
    found = get_object_or_404(Evidence, pk=min(pk, MAX_PK), occurrence__in=seen)
    return _file(found.name, bytes(found.content))


def register() -> None:
    """登记年度考核在办件页上的那一块。"""
    register_panel("appraisal", "assessment/_case.html", _panel)


def _panel(request: Request, case: Case) -> dict[str, Any]:
    appraisal = Appraisal.objects.select_related("provider").get(case=case)
    provider, year = appraisal.provider, appraisal.service_year
    # 别的业务角色也看得到办件；证据、扣多少钱只给考核的各方
    linked = request.actor.role in _READERS
    shown = _paper(provider, year, queries.sheet(provider, year))
    return shown | {
        "amount": shown["amount"] if linked else None,
        "score": getattr(appraisal, "score", None),
        "provider": provider,
        "year": year,
        "leads": _leads(request, case, provider, year),
        "doubts": leading.doubts(year) if case.board.step in _DECIDING and linked else [],
        "guide": _GUIDES.get(case.board.step, ""),
        "linked": linked,
    }


#: 线索没有认定完走不下去的几步
_DECIDING = ("draft", "review", "decide")


def _leads(request: Request, case: Case, provider: Institution, year: int) -> int:
    """送出、复核、审定以前，这家还有几条线索没有认定；别的步骤、别的角色不提。"""
    if case.board.step not in _DECIDING or request.actor.role not in (*_RECORDS, Role.AUTHORITY):
        return 0
    return sum(lead.provider == provider for lead in leading.pending(year, request.on))
