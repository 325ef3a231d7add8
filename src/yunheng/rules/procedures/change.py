"""变更（附件3，R-036、R-037、R-038）和注销（附件4，R-039）。"""

from __future__ import annotations

from yunheng.rules.roles import Role

from . import parts
from .model import AMEND, Act, Limit, Procedure, Step, back

CHANGE = Procedure(
    code="change",
    name="变更",
    prefix="BG",
    clause="D62-六(二)",
    requirements=("R-036", "R-037", "R-038"),
    gist="增减配置：附件3，云服务商先确认，区科创中心审核，通过的变更表作结算依据",
    annexes=(3,),
    steps=(
        parts.draft(clause="D62-六(二)", guards=("admission", "growth_explained")),
        parts.sign("sponsor", clause="D62-六(二)"),
        parts.sponsor("confirm"),
        Step(
            "confirm", "云服务商确认", "待服务商确认", (Role.PROVIDER,),
            (
                Act("confirm", "可以满足", "review", guards=("ledger_kept",)),
                Act("decline", "不能满足，退回", "draft", opinion=True, tone="plain"),
            ),
            "D62-六(二)",
        ),
        Step(
            "review", "区科创中心审核", "待审核", (Role.REVIEWER,),
            parts.decisions("special", guards=("ledger_kept",)), "D14-13",
            limit=Limit("expand_review_days", reference=True),
        ),
        parts.amend(clause="D62-六(二)", back="review"),
        Step(
            "special", "区科委特批", "待审核", (Role.AUTHORITY,),
            (
                Act("approve", "特批同意", "economy", opinion=True),
                Act("reject", "不予特批", "rejected", opinion=True, tone="danger"),
            ),
            "D62-六(二)", when="growth_exceeded", otherwise="economy",
        ),
        Step(
            "economy", "市经信审批", "待审核", (Role.CITY_ECONOMY,),
            (
                Act("approve", "同意", "deliver"),
                Act("reject", "不同意", "rejected", opinion=True, tone="danger"),
            ),
            "M6-20", when="quota_exceeded", otherwise="deliver",
        ),
        Step(
            "deliver", "服务商实施变更", "待下发", (Role.PROVIDER,),
            (
                Act("deliver", "填报实施回执", "done", guards=("receipt",), effect="deliver"),
                back("退回补正", AMEND),
            ),
            "M6-20", limit=Limit("expand_complete_days", reference=True),
        ),
    ),
)  # fmt: skip

DEREGISTRATION = Procedure(
    code="deregistration",
    name="注销",
    prefix="ZX",
    clause="D62-六(三)",
    requirements=("R-039", "R-107"),
    gist="不再使用：附件4，先备份或迁移，审核确认后停止计费，通知服务商释放",
    annexes=(4,),
    steps=(
        parts.draft(clause="D62-六(三)", guards=("backup_confirmed",)),
        parts.sign("review", clause="D62-六(三)"),
        Step(
            "review", "区科创中心审核", "待审核", (Role.REVIEWER,),
            parts.decisions("deliver", guards=("backup_confirmed",), effect="stop"), "D62-六(三)",
            limit=Limit("reclaim_days", reference=True),
        ),
        parts.amend(clause="D62-六(三)", back="review"),
        Step(
            "deliver", "服务商释放", "待下发", (Role.PROVIDER,),
            (Act("deliver", "确认已释放", "done", opinion=True),),
            "M6-21", limit=Limit("reclaim_days", since="review", reference=True),
        ),
    ),
)  # fmt: skip
