"""出方案和草稿的文件：照批次重算一遍，摘要相同才出；Word、PDF、Excel、内容整批存，要么全有要么没有（R-080）。"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from django.db import transaction

from yunheng.assessment.wording import official
from yunheng.audit.append_only import newest
from yunheng.documents.blocks import to_json
from yunheng.documents.data import Papers, Verified, Written
from yunheng.documents.pdf import FontProblem
from yunheng.metering import engine, result
from yunheng.metering.opening import opened
from yunheng.rules.digest import sm3_bytes
from yunheng.rules.money import fen
from yunheng.settlement import funding, queries
from yunheng.settlement.models import DraftFile, Plan, PlanDraft, PlanFile, Run, RunFile
from yunheng.settlement.models import Verified as VerifiedRow
from yunheng.settlement.plans import papers
from yunheng.settlement.plans.planning import CONTENT, FAILED
from yunheng.settlement.runs.running import PACKAGE


def write_next() -> bool:
    """给一版还没有文件的方案、一份要了的草稿出文件；没有要出的返回假。"""
    return _next_plan() or _next_draft()


def _next_plan() -> bool:
    plan = Plan.objects.filter(files=None).select_related("run").order_by("pk").first()
    if plan is None:
        return False
    try:
        files = documents(plan)
    except (FontProblem, ValueError) as error:
        files = {FAILED: str(error).encode()}
    with transaction.atomic():
        PlanFile.objects.bulk_create(
            PlanFile(plan=plan, name=name, digest=sm3_bytes(content), content=content)
            for name, content in sorted(files.items())
        )
    return True


def _next_draft() -> bool:
    draft = PlanDraft.objects.filter(files=None, problem="").select_related("run").order_by("pk").first()
    if draft is None:
        return False
    try:
        files = _written(draft.run, lambda used: replace(used, draft=True))
    except (FontProblem, ValueError) as error:
        PlanDraft.objects.filter(pk=draft.pk).update(problem=str(error))
        return True
    with transaction.atomic():
        DraftFile.objects.bulk_create(
            DraftFile(draft=draft, name=name, digest=sm3_bytes(content), content=content)
            for name, content in sorted(files.items())
        )
    return True


def documents(plan: Plan) -> dict[str, bytes]:
    """方案的各个文件和内容的 JSON；重算的摘要与批次不同抛 ValueError，有字印不出来抛 FontProblem。"""
    freeze = queries.freeze_of(plan.case)
    assert freeze is not None
    given = Written(
        **plan.prose,
        ceiling=fen(f"{funding.fee_ceiling(freeze):.2f}") if plan.verified else None,
        supervision=fen(f"{plan.supervision:.2f}"),
        verified=_verified(plan),
        recheck=_recheck(plan.run),
        budget=tuple((name, fen(f"{amount:.2f}"), clause) for name, amount, clause in funding.need_of_plan(plan).rows),
    )
    if plan.goals:
        given = replace(given, goals=tuple((indicator, target) for indicator, target in plan.goals))
    return _written(plan.run, lambda used: replace(used, written=given))


def _written(run: Run, fill: Callable[[Papers], Papers]) -> dict[str, bytes]:
    """照批次的数据包重算，`fill` 添上人定的，写出各个文件。"""
    papers.check_fonts()
    with tempfile.TemporaryDirectory(prefix="yunheng-plan-") as name:
        folder = Path(name)
        (folder / PACKAGE).write_bytes(bytes(RunFile.objects.get(run=run, name=PACKAGE).content))
        out = folder / "文件"
        out.mkdir()
        with opened(folder / PACKAGE) as package:
            settled = engine.settle(package)
            digest = result.write(settled, BytesIO())
            if digest != run.digest:
                raise ValueError(f"照批次 {run.pk} 的数据包重算，摘要 {digest} 与批次的 {run.digest} 不同")
            paper = papers.write_documents(
                fill(replace(papers.gather(package, settled, digest), official=official(run.service_year))),
                out,
                lambda _step, _share: None,
            )
        return {path.name: path.read_bytes() for path in out.iterdir()} | {CONTENT: to_json(paper)}


def _recheck(run: Run) -> tuple[str, bool] | None:
    """第三方最近一次复算：怎么说、一致没有。"""
    last = newest(run.recomputations.all())
    if last is None:
        return None
    return f"{last.by} {last.on} 复算，摘要{'相同' if last.equal else '不同'}", last.equal


def _verified(plan: Plan) -> tuple[Verified, ...]:
    """编这一版时已核定的。"""
    found = VerifiedRow.objects.filter(freeze__case=plan.case, pk__in=plan.verified)
    return tuple(
        Verified(
            one.provider.code,
            fen(f"{one.amount:.2f}"),
            f"{one.result.total.normalize():f}",
            one.reason,
            one.document,
            one.by,
        )
        for one in found.select_related("provider", "result").order_by("provider__code")
    )
