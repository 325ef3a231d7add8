"""年度结算（R-080 至 R-082、R-090）和补差（R-083）。"""

from __future__ import annotations

from dataclasses import replace

from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope

from .model import Act, Field, Procedure, Step, back

#: 批复、申请、下达的金额和文号凭什么
_FUNDED = "D14-15，R-081"
_DOCUMENT = Field("document", "文号", hint="没有文号的可不填", optional=True, basis=_FUNDED)
#: 批复、下达凭文号（D14-15，R-081）
_NUMBER = Field("document", "文号", basis=_FUNDED)
_NUMBERED = ("project", "finance")
#: 第 2 版起专项管理费也签合同、付清才办结（D14-16(监管机制)，R-082）
_CLOSING = ("signed", "paid")
_PAYS_FEE = 2
_PAYS_RECOVERY = 3


def _recheck(to: str) -> Step:
    """结算、补差都先由第三方离线复算。"""
    match = Act("match", "复算一致", to, guards=("settlement_recomputed",))
    return Step(
        "recheck",
        "第三方复算",
        "待审核",
        (Role.THIRD_PARTY,),
        (match, back("复算不一致，退回", "draft")),
        "D62-七",
        scope=Scope.METERING,
    )


def _first(name: str, *, opinion: bool = False) -> Step:
    """算好了提交复算的那一步；`opinion` 是要写明缘由。"""
    file = Act("file", "提交复算", "recheck", opinion=opinion, guards=("settlement_run",), effect="submit_run")
    withdraw = Act("withdraw", "撤回", "withdrawn", opinion=True, tone="danger")
    return Step("draft", name, "草稿", (Role.REVIEWER,), (file, withdraw), "D62-七")


def _approval(name: str, to: str) -> Step:
    """区科委批准即冻结。"""
    approve = Act("approve", "批准", to, guards=("settlement_current",), effect="freeze")
    return Step("approve", name, "待审核", (Role.AUTHORITY,), (approve, back("退回重新计量", "draft")), "D62-四")


SETTLEMENT_1 = Procedure(
    code="settlement",
    name="年度结算",
    prefix="JS",
    clause="D62-八",
    requirements=("R-077", "R-080", "R-081", "R-082", "R-086", "R-090"),
    gist="计量结果由第三方离线复算一致、区科委审批后编结算方案，立项、追加预算、签约、支付，每步金额不超过上一步；有市级单位用的先报市经信核定",
    steps=(
        _first("计量"),
        _recheck("city"),
        Step(
            "city", "市经信核定", "待审核", (Role.CITY_ECONOMY,),
            (Act("approve", "核定", "approve"), back("退回重新计量", "draft")),
            "M6-27", when="city_fees", otherwise="approve",
        ),
        _approval("区科委审批计量结果", "plan"),
        Step(
            "plan", "编结算方案", "编制中", (Role.REVIEWER,),
            (
                Act("report", "报送立项", "project", guards=("settlement_plan",)),
                # 全是自行支付、全部待核、都在测试期的年度，没有可立项的
                Act("close", "没有应付，办结", "done", opinion=True, guards=("settlement_nothing_due",)),
            ),
            "D62-八",
        ),
        Step(
            "project", "立项批复", "待批复", (Role.AUTHORITY,),
            (
                Act(
                    "grant", "批复", "budget", guards=("settlement_amounts",),
                    fields=(Field("approved", "批复金额", "money", basis=_FUNDED), _DOCUMENT),
                ),
                back("退回修改方案", "plan"),
            ),
            "D14-15",
        ),
        Step(
            "budget", "申请预算追加", "编制中", (Role.REVIEWER,),
            (
                Act(
                    "apply", "报送区财政", "finance", guards=("settlement_amounts",),
                    fields=(Field("applied", "申请追加金额", "money", basis=_FUNDED), _DOCUMENT),
                ),
                back("批复金额不足，退回重新报批", "project"),
            ),
            "D14-15",
        ),
        Step(
            "finance", "预算下达", "待下达", (Role.FINANCE,),
            (
                Act(
                    "grant", "下达", "contract", guards=("settlement_amounts",),
                    fields=(Field("granted", "下达金额", "money", basis=_FUNDED), _DOCUMENT),
                ),
                back("退回重报", "budget"),
            ),
            "D14-15",
        ),
        Step(
            "contract", "签支付合同", "待签约", (Role.REVIEWER,),
            (
                Act("signed", "合同已签齐", "pay", guards=("settlement_contracts",)),
                back("预算不足，退回重报追加", "budget", "settlement_unsigned"),
            ),
            "D62-八",
        ),
        Step(
            "pay", "支付", "待支付", (Role.REVIEWER,),
            (Act("paid", "已付清，办结", "done", guards=("settlement_contracts", "settlement_payments")),), "D62-八",
        ),
    ),
)  # fmt: skip

ADJUSTMENT_1 = Procedure(
    code="adjustment",
    name="结算补差",
    prefix="BC",
    clause="D62-七",
    requirements=("R-075", "R-083"),
    gist="冻结以后的更正：照现在的数据重算一遍，减去已结的，多退少补；已冻结的不动，两版逐条对照",
    steps=(
        _first("重新计量", opinion=True),
        _recheck("approve"),
        _approval("区科委审批补差", "finance"),
        Step(
            "finance", "预算下达", "待下达", (Role.FINANCE,),
            (
                Act(
                    "grant", "下达", "contract", guards=("settlement_amounts",),
                    fields=(Field("granted", "下达金额", "money", basis=_FUNDED), _DOCUMENT),
                ),
            ),
            "D14-15", when="adjustment_pays", otherwise="contract",
        ),
        Step(
            "contract", "签补充协议", "待签约", (Role.REVIEWER,),
            (
                Act("signed", "协议已签齐", "pay", guards=("settlement_contracts",)),
                back("预算不足，退回重新下达", "finance", "settlement_unsigned"),
            ),
            "D62-八",
        ),
        Step(
            "pay", "补付或收回", "待支付", (Role.REVIEWER,),
            (Act("paid", "已结清，办结", "done", guards=("settlement_contracts", "settlement_payments")),), "D62-八",
        ),
    ),
)  # fmt: skip


def _numbered(step: Step) -> Step:
    """批复、下达的文号必填。"""
    if step.code not in _NUMBERED:
        return step
    acts = (replace(act, fields=tuple(_NUMBER if one is _DOCUMENT else one for one in act.fields)) for act in step.acts)
    return replace(step, acts=tuple(acts))


def _guarded(step: Step, name: str, codes: tuple[str, ...]) -> Step:
    """`codes` 这几个动作另加一道关。"""
    acts = (replace(act, guards=(*act.guards, name)) if act.code in codes else act for act in step.acts)
    return replace(step, acts=tuple(acts))


SETTLEMENT_2 = replace(
    SETTLEMENT_1,
    version=2,
    gist=SETTLEMENT_1.gist.replace("每步金额", "专项管理费同样签约、支付，每步金额"),
    steps=tuple(_guarded(_numbered(step), "settlement_fee", _CLOSING) for step in SETTLEMENT_1.steps),
)
ADJUSTMENT_2 = replace(ADJUSTMENT_1, version=2, steps=tuple(_numbered(step) for step in ADJUSTMENT_1.steps))
#: 第 3 版起灾备区级承担登记了拨付、或写明由谁另付才办结（M10-五，R-085）
SETTLEMENT = replace(
    SETTLEMENT_2,
    version=3,
    gist=SETTLEMENT_2.gist.replace("签约、支付，每步", "签约、支付，灾备区级承担登记拨付或由谁另付，每步"),
    steps=tuple(_guarded(step, "settlement_recovery", ("paid",)) for step in SETTLEMENT_2.steps),
)
#: 第 3 版起上次缓付的灾备区级承担、专项管理费并进来，同样签约、拨付
ADJUSTMENT = replace(
    ADJUSTMENT_2,
    version=3,
    gist=f"{ADJUSTMENT_2.gist}；上次缓付的并进来一起付",
    steps=tuple(
        _guarded(_guarded(step, "settlement_fee", _CLOSING), "settlement_recovery", ("paid",))
        for step in ADJUSTMENT_2.steps
    ),
)


def pays_recovery(code: str, version: int) -> bool:
    """这一版的结算、补差，灾备区级承担要登记拨付才办结；补差还把上次缓付的灾备、管理费并进来。"""
    return code in (SETTLEMENT.code, ADJUSTMENT.code) and version >= _PAYS_RECOVERY


def pays_fee(code: str, version: int) -> bool:
    """这一版的结算、补差，专项管理费（补差的是上次缓付的）签了合同、付清才办结（R-082）。"""
    return version >= {SETTLEMENT.code: _PAYS_FEE, ADJUSTMENT.code: _PAYS_RECOVERY}[code]
