"""把办件印成附件：取提交的那一版、各方意见，交给 documents 排。"""

from __future__ import annotations

import tempfile
from pathlib import Path

from yunheng.audit.append_only import newest
from yunheng.cases.models import Case
from yunheng.documents.annexes import Form, annex
from yunheng.documents.blocks import Chart, Paper
from yunheng.documents.pdf import write_pdf
from yunheng.documents.word import write_word
from yunheng.rules.procedures import procedure

from .models import Draft, Filing


class NotPrintable(LookupError):
    """这件事项没有这张附件，或还没有提交过。"""


def render(case: Case, number: int, kind: str) -> bytes:
    """第几号附件的 docx 或 pdf。"""
    if number not in procedure(case.procedure, case.version).annexes or kind not in ("docx", "pdf"):
        raise NotPrintable(f"{case.number} 没有附件{number}")
    filing = newest(Filing.objects.filter(case=case).select_related("project__unit"), "version")
    if filing is None:
        raise NotPrintable(f"{case.number} 还没有提交过")
    return _written(annex(number, form_of(filing)), kind)


def render_draft(draft: Draft, number: int) -> bytes:
    """填到一半（或空白）的附件 Word，给人离线填；没有版本和校验码。"""
    case = draft.case
    if number not in procedure(case.procedure, case.version).annexes:
        raise NotPrintable(f"{case.number} 没有附件{number}")
    form = Form(
        unit=case.unit.name,
        project=draft.project.name,
        funding=draft.project.funding,
        number=case.number,
        version=0,
        digest="",
        filed_on=None,
        content=draft.content,
        opinions={},
        resources=draft.content.get("release") or (),
    )
    return _written(annex(number, form), "docx")


def _written(paper: Paper, kind: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"annex.{kind}"
        if kind == "pdf":
            write_pdf(paper, path)
        else:
            write_word(paper, path, _no_chart)
        return path.read_bytes()


def form_of(filing: Filing) -> Form:
    """一版快照和它之后的各方意见。"""
    return Form(
        unit=filing.case.unit.name,
        project=filing.project.name,
        funding=filing.project.funding,
        number=filing.case.number,
        version=filing.version,
        digest=filing.digest,
        filed_on=filing.filed_on,
        content=filing.content,
        opinions=_opinions(filing.case),
        resources=filing.content.get("release") or (),
    )


def _opinions(case: Case) -> dict[str, str]:
    """各角色最后一次表态：意见、姓名、日期。"""
    table = procedure(case.procedure, case.version)
    found: dict[str, str] = {}
    for event in case.events.filter(step__in=("review", "confirm")).order_by("seq"):
        if event.act not in {act.code for act in table.step(event.step).acts}:
            continue
        name = table.step(event.step).act(event.act).name
        found[event.role] = "\n".join(
            filter(
                None,
                (
                    f"{name}。{event.opinion}",
                    f"签字：{event.name}",
                    f"日期：{event.on.year} 年 {event.on.month} 月 {event.on.day} 日",
                ),
            )
        )
    return found


def _no_chart(chart: Chart) -> bytes:
    raise TypeError(f"附件里没有图：{chart.caption}")
