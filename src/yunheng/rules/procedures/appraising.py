"""服务商年度考核（R-091 至 R-093）、满意度调查（R-092）、效能评估（R-094、R-095）。"""

from __future__ import annotations

from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope

from .model import Act, Limit, Procedure, Step, back

APPRAISAL = Procedure(
    code="appraisal",
    name="服务商年度考核",
    prefix="KH",
    clause="D62-附件5",
    requirements=("R-091", "R-092", "R-093"),
    gist="第三方按七项指标评分，服务商可申辩，期满不答复的视为无异议，区科创中心复核，区科委审定后锁定，作为扣减依据",
    steps=(
        Step(
            "draft", "第三方评分", "草稿", (Role.THIRD_PARTY,),
            # 存下送的是几分，不改走法：在手的也一样，不另起一版
            (Act("file", "送服务商确认", "reply", guards=("appraisal_scored", "appraisal_leads"), effect="send"),),
            "D62-附件5",
            scope=Scope.APPRAISAL,
        ),
        Step(
            "reply", "服务商确认", "申辩中", (Role.PROVIDER,),
            (
                Act("accept", "无异议", "review"),
                Act("appeal", "提出申辩", "review", opinion=True, tone="plain"),
                Act("lapse", "期满未答复，视为无异议", "review", opinion=True, tone="plain", late=Role.REVIEWER),
            ),
            "D62-附件5", limit=Limit("appraisal_reply_days", reference=True),
        ),
        Step(
            "review", "区科创中心复核", "待审核", (Role.REVIEWER,),
            (
                Act("approve", "复核通过", "decide", guards=("appraisal_scored", "appraisal_leads")),
                back("退回第三方重评", "draft"),
            ),
            "D62-附件5",
        ),
        Step(
            "decide", "区科委审定", "待审核", (Role.AUTHORITY,),
            (
                Act("approve", "审定", "done", guards=("appraisal_scored", "appraisal_leads"), effect="lock"),
                back("退回复核", "review"),
            ),
            "D62-附件5",
        ),
    ),
)  # fmt: skip

SURVEY = Procedure(
    code="survey",
    name="满意度调查",
    prefix="DC",
    clause="D62-附件5",
    requirements=("R-092",),
    gist="第三方抽样发放问卷，使用单位凭一次性链接匿名填写，收回后按服务商计满意率；一份都没收回的作废另起",
    steps=(
        Step(
            "draft", "编抽样方案", "草稿", (Role.THIRD_PARTY,),
            (
                Act("issue", "发放问卷", "collect", guards=("survey_sampled",), effect="issue"),
                Act("withdraw", "撤回", "withdrawn", opinion=True, tone="danger"),
            ),
            "D62-附件5", scope=Scope.APPRAISAL,
        ),
        Step(
            "collect", "回收问卷", "待回收", (Role.THIRD_PARTY,),
            (
                Act("close", "结束调查，计满意率", "done", guards=("survey_answered",), effect="tally"),
                Act(
                    "void", "作废，另起一次", "withdrawn",
                    opinion=True, guards=("survey_unanswered",), effect="void", tone="danger",
                ),
            ),
            "D62-附件5", scope=Scope.APPRAISAL,
        ),
    ),
)  # fmt: skip

EVALUATION = Procedure(
    code="evaluation",
    name="效能评估",
    prefix="XN",
    clause="M6-33",
    requirements=("R-094", "R-095"),
    gist="按带权重的指标给使用单位和服务商打分，审定后发布结果和整改要求，整改逐条销号；结果可作服务费核定依据",
    steps=(
        Step(
            "draft", "编评估方案", "草稿", (Role.REVIEWER,),
            (
                Act("file", "报区科委审定", "approve", guards=("evaluation_scheme",)),
                Act("withdraw", "撤回", "withdrawn", opinion=True, tone="danger"),
            ),
            "M6-33",
        ),
        Step(
            "approve", "审定评估方案", "待审核", (Role.AUTHORITY,),
            (Act("approve", "同意方案", "score"), back("退回修改方案", "draft")), "M6-33",
        ),
        Step(
            "score", "第三方打分", "待评分", (Role.THIRD_PARTY,),
            (Act("file", "送区科委审定", "decide", guards=("evaluation_scored",)),), "M6-33",
            scope=Scope.APPRAISAL,
        ),
        Step(
            "decide", "审定并发布结果", "待发布", (Role.AUTHORITY,),
            (
                Act("publish", "发布结果和整改要求", "rectify", guards=("evaluation_scored",), effect="publish"),
                back("退回重新打分", "score"),
            ),
            "M6-34",
        ),
        Step(
            "rectify", "跟踪整改", "整改中", (Role.REVIEWER,),
            (Act("close", "整改完毕，办结", "done", guards=("evaluation_rectified",)),), "M6-34",
        ),
    ),
)  # fmt: skip
