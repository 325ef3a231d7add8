"""出方案的文件：照冻结的批次重算一遍，摘要相同才出；Word、PDF、Excel 整批存，要么全有要么没有（R-080）。"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from django.db import transaction

from yunheng.documents.data import Verified, Written
from yunheng.documents.pdf import FontProblem
from yunheng.metering import engine, result
from yunheng.metering.opening import opened
from yunheng.rules.digest import sm3_bytes
from yunheng.rules.money import fen

from . import papers
from .models import Plan, PlanFile, RunFile
from .models import Verified as VerifiedRow
from .running import PACKAGE

#: 出不成时存的说明
FAILED = "没有出成.txt"


def write_next() -> bool:
    """给一版还没有文件的方案出文件；没有要出的返回假。"""
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


def documents(plan: Plan) -> dict[str, bytes]:
    """方案的各个文件；重算的摘要与批次不同抛 ValueError，有字印不出来抛 FontProblem。"""
    papers.check_fonts()
    with tempfile.TemporaryDirectory(prefix="yunheng-plan-") as name:
        folder = Path(name)
        (folder / PACKAGE).write_bytes(bytes(RunFile.objects.get(run=plan.run, name=PACKAGE).content))
        out = folder / "文件"
        out.mkdir()
        with opened(folder / PACKAGE) as package:
            settled = engine.settle(package)
            digest = result.write(settled, BytesIO())
            if digest != plan.run.digest:
                raise ValueError(f"照批次 {plan.run_id} 的数据包重算，摘要 {digest} 与批次的 {plan.run.digest} 不同")
            written = Written(**plan.prose, supervision=fen(f"{plan.supervision:.2f}"), verified=_verified(plan))
            used = replace(papers.gather(package, settled, digest), written=written)
            papers.write_documents(used, out, lambda _step, _share: None)
        return {path.name: path.read_bytes() for path in out.iterdir()}


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
