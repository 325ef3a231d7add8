"""开发、应急、临时资源和延期（R-041 至 R-044），项目配额（R-031），区级新建对接（R-032）。"""

from __future__ import annotations

from yunheng.rules.roles import Role

from . import parts
from .model import Act, Limit, Procedure, Step

#: 能延期的流程 → 到期前至少提前多少个工作日提出（规则参数的键，R-042、R-043）
EXTENSION_NOTICE = {"emergency": "emergency_extension_days", "temporary": "temporary_extension_days"}
_OPEN = Limit("test_review_days", since="review", reference=True)


def _economy(to: str, *, clause: str, name: str = "市经信审批") -> Step:
    return Step("review", name, "待审核", (Role.CITY_ECONOMY,), parts.decisions(to), clause)


QUOTA = Procedure(
    code="quota",
    name="项目配额",
    prefix="PE",
    clause="M6-18",
    requirements=("R-031",),
    gist="立项时同步报项目配额，可含周期性配额；经信审核后通知运管单位",
    steps=(
        parts.draft(clause="M6-18", guards=("admission",)),
        parts.sign("review", clause="M6-18"),
        Step("review", "市经信审核", "待审核", (Role.CITY_ECONOMY,), parts.decisions("done", effect="quota"), "M6-18"),
        parts.amend(clause="M6-18", back="review"),
    ),
)

DISTRICT = Procedure(
    code="district",
    name="区级新建项目对接",
    prefix="DJ",
    clause="D14-11",
    requirements=("R-032", "R-033"),
    gist="编方案时先对接：提供方、架构、服务清单、计划上云时间；区科创中心审核，区科委备案",
    annexes=(1,),
    steps=(
        parts.draft(clause="D14-11", guards=("admission",)),
        parts.sign("review", clause="D14-11"),
        Step("review", "区科创中心审核", "待审核", (Role.REVIEWER,), parts.decisions("record"), "D14-11"),
        parts.amend(clause="D14-11", back="review"),
        Step(
            "record", "区科委备案", "待审核", (Role.AUTHORITY,), (Act("record", "予以备案", "done"),), "D14-11"
        ),
    ),
)  # fmt: skip

DEVELOPMENT = Procedure(
    code="development",
    name="开发资源",
    prefix="KF",
    clause="M6-22",
    requirements=("R-041", "R-044"),
    gist="已立项系统开发用，不超过项目配额的一定比例，不对外服务，到期回收",
    annexes=(1,),
    steps=(
        parts.draft(clause="M6-22", guards=("admission", "term", "development_quota")),
        parts.sign("review", clause="M6-22"),
        Step("review", "运管单位审核", "待审核", (Role.REVIEWER,), parts.decisions("deliver"), "M6-22",
             limit=Limit("test_review_days", reference=True)),
        parts.amend(clause="M6-22", back="review"),
        parts.deliver("done", limit=_OPEN, clause="M6-22"),
    ),
)  # fmt: skip

EMERGENCY = Procedure(
    code="emergency",
    name="应急资源",
    prefix="YJ",
    clause="M6-23",
    requirements=("R-042", "R-044"),
    gist="应急使用，市经信批准，有期限，到期回收",
    annexes=(1,),
    steps=(
        parts.draft(clause="M6-23", guards=("admission", "term")),
        parts.sign("review", clause="M6-23"),
        _economy("deliver", clause="M6-23"),
        parts.amend(clause="M6-23", back="review"),
        parts.deliver("done", limit=_OPEN, clause="M6-23"),
    ),
)

TEMPORARY = Procedure(
    code="temporary",
    name="临时资源",
    prefix="LS",
    clause="M6-24",
    requirements=("R-043", "R-044"),
    gist="尚未立项、属两种重点情形之一的临时使用，市经信核定配额，有期限，到期回收",
    annexes=(1,),
    attachments=("列入重点工作或专题会议明确的文件",),
    steps=(
        parts.draft(clause="M6-24", guards=("admission", "term", "temporary_circumstance")),
        parts.sign("review", clause="M6-24"),
        _economy("deliver", clause="M6-24", name="市经信核定配额"),
        parts.amend(clause="M6-24", back="review"),
        parts.deliver("done", limit=_OPEN, clause="M6-24"),
    ),
)

EXTENSION = Procedure(
    code="extension",
    name="应急、临时资源延期",
    prefix="YQ",
    clause="M6-24",
    requirements=("R-042", "R-043"),
    gist="到期前至少提前规定的工作日，向市经信和主管部门申请延期",
    steps=(
        parts.draft(clause="M6-24", guards=("extension_in_time",)),
        parts.sign("review", clause="M6-24"),
        Step(
            "review", "市经信和主管部门审批", "待审核", (Role.CITY_ECONOMY, Role.CITY_AUTHORITY),
            parts.decisions("done", effect="extend"), "M6-24",
        ),
        parts.amend(clause="M6-24", back="review"),
    ),
)  # fmt: skip
