"""补录（R-084）：系统上线前已办完的申请、变更、注销，由区科创中心照原件登记，保留原单号。"""

from __future__ import annotations

from yunheng.rules.roles import Role

from .model import Act, Procedure, Step

BACKFILL = Procedure(
    code="backfill",
    name="补录",
    prefix="BL",
    clause="M10-四(六)",
    requirements=("R-084",),
    gist="已发生的照原件补录，同一规则结算；当时没有的关口逐条写明，不当作过了",
    steps=(
        Step(
            "draft", "补录", "草稿", (Role.REVIEWER,), (Act("record", "补录入账", "done", guards=("backfill",)),),
            "M10-四(六)",
        ),
    ),
)  # fmt: skip
