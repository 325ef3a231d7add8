"""首次申请：新建（附件1，R-034）、已建系统迁移（附件2 加附件1，R-035）；测试、验证、正式开通接在后面（R-040）。"""

from __future__ import annotations

from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope

from . import parts
from .model import Act, Limit, Procedure, Step

_TEST = Limit("test_review_days", since="review", reference=True)
_VERIFY = Limit("test_verify_months")

NEW = Procedure(
    code="new",
    name="首次申请（新建）",
    prefix="SQ",
    clause="D62-六(一)1",
    requirements=("R-034", "R-040", "R-046", "R-101"),
    gist="新建系统首次用云：附件1 加立项审查表，审核确认后下发，测试验证后正式开通",
    annexes=(1,),
    attachments=("信息化项目立项审查表（云资源）",),
    steps=(
        parts.draft(clause="D62-六(一)1", guards=("admission", "within_quota")),
        parts.sign("sponsor", clause="D62-六(一)1"),
        parts.sponsor("consent"),
        parts.consent("review"),
        Step(
            "review", "区科创中心审核", "待审核", (Role.REVIEWER,), parts.decisions("deliver"), "D62-六(一)1",
            limit=Limit("test_review_days", reference=True),
        ),
        parts.amend(clause="D62-六(一)1", back="review"),
        parts.deliver("verify", limit=_TEST, clause="M6-19"),
        parts.verify(limit=_VERIFY),
        parts.formal_opening(),
    ),
)  # fmt: skip

MIGRATION = Procedure(
    code="migration",
    name="首次申请（已建迁移）",
    prefix="QY",
    clause="D62-六(一)2",
    requirements=("R-035", "R-040", "R-046", "R-101"),
    gist="已建系统迁上云：附件2 加附件1，第三方现场评估，信息化管理科和区科创中心双审后下发",
    annexes=(2, 1),
    attachments=("上云原因的佐证依据",),
    steps=(
        parts.draft(clause="D62-六(一)2", guards=("admission", "within_quota")),
        parts.sign("sponsor", clause="D62-六(一)2"),
        parts.sponsor("consent"),
        parts.consent("assess"),
        Step(
            "assess", "第三方现场评估", "待审核", (Role.THIRD_PARTY,),
            (
                Act("pass", "评估合格", "review", opinion=True, guards=("assessment_report",)),
                Act("fail", "测试测评或适配不合格", "rejected", opinion=True, tone="danger"),
            ),
            "D14-12", scope=Scope.SITE,
        ),
        Step(
            "review", "联合审核", "待审核", (Role.INFORMATIZATION, Role.REVIEWER), parts.decisions("deliver"),
            "D62-六(一)2", limit=Limit("test_review_days", reference=True),
        ),
        parts.amend(clause="D62-六(一)2", back="review"),
        parts.deliver("verify", limit=_TEST, clause="M6-19"),
        parts.verify(limit=_VERIFY),
        parts.formal_opening(),
    ),
)  # fmt: skip
