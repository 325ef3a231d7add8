"""采购：从征询到结果发布。"""

from __future__ import annotations

from datetime import date

from tests.support.people import cast
from tests.support.year import act
from yunheng.cases.models import Case
from yunheng.catalog import operations, procuring
from yunheng.catalog.models import EditionDraft, Inquiry

DAY, DUE = date(2026, 7, 8), date(2026, 7, 31)


def issued() -> Inquiry:
    """市大数据中心下发征询，7 月 31 日前反馈。"""
    case = procuring.start(actor=cast()["sdsj"], on=DAY)
    act("sdsj", case, "issue", DAY, fields={"due_on": DUE.isoformat()})
    return Inquiry.objects.get(case=case)


def asked(inquiry: Inquiry) -> None:
    """民政局、教育局各报一些。"""
    for who, wanted in (("mzj", {"ZJ-CPU-X86": "64", "ZJ-MEM-X86": "256"}), ("jyj", {"ZJ-CPU-X86": "16.5"})):
        procuring.ask(actor=cast()[who], on=DAY, inquiry=Inquiry.objects.get(pk=inquiry.pk), wanted=wanted)


def filed(inquiry: Inquiry) -> Case:
    """区里汇总、区科委确认、区财政备案。"""
    case = inquiry.case
    act("shy", case, "gather", DAY)
    act("kw", case, "approve", DAY)
    act("cz", case, "file", DAY, fields={"document": "松财备〔2026〕8 号"})
    return case


def resulted(case: Case, price: str = "444", effective: date = date(2026, 8, 1)) -> None:
    """统一采购，发布结果。"""
    draft = EditionDraft.objects.get(case=case)
    rows = [{**row, "单价": price} if row["目录项"] == "ZJ-CPU-X86" else row for row in draft.rows]
    operations.save(
        actor=cast()["sdsj"], case=Case.objects.get(pk=case.pk), seen=draft.version, effective_on=effective,
        basis="沪采〔2026〕15 号", rows=rows,
    )  # fmt: skip
    act("sdsj", case, "publish", DAY)
