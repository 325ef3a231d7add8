"""年度结算（R-080 至 R-082、R-090）和服务商年度考核（R-091 至 R-093）。"""

from __future__ import annotations

from yunheng.rules.roles import Role

from .model import Act, Field, Procedure, Step


def _back(name: str, to: str) -> Act:
    return Act("return", name, to, opinion=True, tone="plain")


_DOCUMENT = Field("document", "文号", hint="没有文号的可不填", optional=True)
#: 结算、补差都先由第三方离线复算
_RECHECK = Step(
    "recheck", "第三方复算", "待审核", (Role.THIRD_PARTY,),
    (Act("match", "复算一致", "approve", guards=("settlement_recomputed",)), _back("复算不一致，退回", "draft")),
    "D62-七",
)  # fmt: skip


def _first(name: str, *, opinion: bool = False) -> Step:
    """算好了提交复算的那一步；`opinion` 是要写明缘由。"""
    file = Act("file", "提交复算", "recheck", opinion=opinion, guards=("settlement_run",), effect="submit_run")
    withdraw = Act("withdraw", "撤回", "withdrawn", opinion=True, tone="danger")
    return Step("draft", name, "草稿", (Role.REVIEWER,), (file, withdraw), "D62-七")


def _approval(name: str, to: str) -> Step:
    """区科委批准即冻结。"""
    approve = Act("approve", "批准", to, guards=("settlement_current",), effect="freeze")
    return Step("approve", name, "待审核", (Role.AUTHORITY,), (approve, _back("退回重新计量", "draft")), "D62-四")


SETTLEMENT = Procedure(
    code="settlement",
    name="年度结算",
    prefix="JS",
    clause="D62-八",
    requirements=("R-077", "R-080", "R-081", "R-082", "R-090"),
    gist="计量结果由第三方离线复算一致、区科委审批后编结算方案，立项、追加预算、签约、支付，每步金额不超过上一步",
    steps=(
        _first("计量"),
        _RECHECK,
        _approval("区科委审批计量结果", "plan"),
        Step(
            "plan", "编结算方案", "编制中", (Role.REVIEWER,),
            (Act("report", "报送立项", "project", guards=("settlement_plan",)),), "D62-八",
        ),
        Step(
            "project", "立项批复", "待批复", (Role.AUTHORITY,),
            (
                Act(
                    "grant", "批复", "budget", guards=("settlement_amounts",),
                    fields=(Field("approved", "批复金额", "money"), _DOCUMENT),
                ),
                _back("退回修改方案", "plan"),
            ),
            "D14-15",
        ),
        Step(
            "budget", "申请预算追加", "编制中", (Role.REVIEWER,),
            (
                Act(
                    "apply", "报送区财政", "finance", guards=("settlement_amounts",),
                    fields=(Field("applied", "申请追加金额", "money"), _DOCUMENT),
                ),
            ),
            "D14-15",
        ),
        Step(
            "finance", "预算下达", "待下达", (Role.FINANCE,),
            (
                Act(
                    "grant", "下达", "contract", guards=("settlement_amounts",),
                    fields=(Field("granted", "下达金额", "money"), _DOCUMENT),
                ),
                _back("退回重报", "budget"),
            ),
            "D14-15",
        ),
        Step(
            "contract", "签支付合同", "待签约", (Role.REVIEWER,),
            (Act("signed", "合同已签齐", "pay", guards=("settlement_contracts",)),), "D62-八",
        ),
        Step(
            "pay", "支付", "待支付", (Role.REVIEWER,),
            (Act("paid", "已付清，办结", "done", guards=("settlement_payments",)),), "D62-八",
        ),
    ),
)  # fmt: skip

ADJUSTMENT = Procedure(
    code="adjustment",
    name="结算补差",
    prefix="BC",
    clause="D62-七",
    requirements=("R-075", "R-083"),
    gist="冻结以后的更正：照现在的数据重算一遍，减去已结的，多退少补；已冻结的不动，两版逐条对照",
    steps=(
        _first("重新计量", opinion=True),
        _RECHECK,
        _approval("区科委审批补差", "finance"),
        Step(
            "finance", "预算下达", "待下达", (Role.FINANCE,),
            (
                Act(
                    "grant", "下达", "contract", guards=("settlement_amounts",),
                    fields=(Field("granted", "下达金额", "money"), _DOCUMENT),
                ),
            ),
            "D14-15", when="adjustment_pays", otherwise="contract",
        ),
        Step(
            "contract", "签补充协议", "待签约", (Role.REVIEWER,),
            (Act("signed", "协议已签齐", "pay", guards=("settlement_contracts",)),), "D62-八",
        ),
        Step(
            "pay", "补付或收回", "待支付", (Role.REVIEWER,),
            (Act("paid", "已结清，办结", "done", guards=("settlement_payments",)),), "D62-八",
        ),
    ),
)  # fmt: skip

APPRAISAL = Procedure(
    code="appraisal",
    name="服务商年度考核",
    prefix="KH",
    clause="D62-附件5",
    requirements=("R-091", "R-092", "R-093"),
    gist="第三方按七项指标评分，服务商可申辩，区科创中心复核，区科委审定后锁定，作为扣减依据",
    steps=(
        Step(
            "draft", "第三方评分", "草稿", (Role.THIRD_PARTY,),
            (Act("file", "送服务商确认", "reply", guards=("appraisal_scored",)),), "D62-附件5",
        ),
        Step(
            "reply", "服务商确认", "申辩中", (Role.PROVIDER,),
            (
                Act("accept", "无异议", "review"),
                Act("appeal", "提出申辩", "review", opinion=True, tone="plain"),
            ),
            "D62-附件5",
        ),
        Step(
            "review", "区科创中心复核", "待审核", (Role.REVIEWER,),
            (
                Act("approve", "复核通过", "decide"),
                _back("退回第三方重评", "draft"),
            ),
            "D62-附件5",
        ),
        Step(
            "decide", "区科委审定", "待审核", (Role.AUTHORITY,),
            (
                Act("approve", "审定", "done", guards=("appraisal_scored",), effect="lock"),
                _back("退回复核", "review"),
            ),
            "D62-附件5",
        ),
    ),
)  # fmt: skip
