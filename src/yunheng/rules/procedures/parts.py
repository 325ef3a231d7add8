"""各流程共用的步骤和动作：写一次，各表引用。"""

from __future__ import annotations

from yunheng.rules.roles import Role

from .model import AMEND, Act, Limit, Step

WITHDRAW = Act("withdraw", "撤回", "withdrawn", opinion=True, tone="danger")


def draft(to: str = "sign", *, clause: str, guards: tuple[str, ...] = ()) -> Step:
    """使用单位经办人起草。"""
    return Step(
        "draft", "起草", "草稿", (Role.CLERK,), (Act("submit", "提交", to, guards=("complete", *guards)),), clause
    )  # fmt: skip


def sign(to: str, *, clause: str) -> Step:
    """本单位负责人签批。"""
    return Step(
        "sign", "负责人签批", "待签批", (Role.HEAD,),
        (
            Act("approve", "同意并报送", to),
            Act("return", "退回修改", "draft", opinion=True, tone="plain"),
        ),
        clause,
    )  # fmt: skip


def sponsor(to: str) -> Step:
    """非党政机关、事业单位的，由业务主管部门提出。"""
    return Step(
        "sponsor", "业务主管部门提出", "待审核", (Role.SPONSOR,),
        (
            Act("approve", "同意提出", to),
            Act("reject", "不予提出", "rejected", opinion=True, tone="danger"),
        ),
        "M6-7", when="not_state_organ", otherwise=to,
    )  # fmt: skip


def consent(to: str) -> Step:
    """非区级财政预算单位，须经区科委同意。"""
    return Step(
        "consent", "区科委同意", "待审核", (Role.AUTHORITY,),
        (
            Act("approve", "同意", to),
            Act("reject", "不同意", "rejected", opinion=True, tone="danger"),
        ),
        "D14-15", when="not_district_budget", otherwise=to,
    )  # fmt: skip


def decisions(to: str, *, guards: tuple[str, ...] = (), effect: str = "") -> tuple[Act, ...]:
    """审核的三种动作：通过、退回补正（要指出哪里）、不予通过。"""
    return (
        Act("approve", "审核通过", to, guards=guards, effect=effect),
        Act("return", "退回补正", AMEND, opinion=True, marks=True, tone="plain"),
        Act("reject", "不予通过", "rejected", opinion=True, tone="danger"),
    )


def amend(*, clause: str, back: str) -> Step:
    """使用单位补正；其间审核的时钟停着，补正后回到 `back` 接着数。"""
    return Step(
        AMEND, "补正", "补正中", (Role.CLERK,),
        (Act("resubmit", "补正后提交", back, guards=("complete",)), WITHDRAW), clause,
    )  # fmt: skip


def deliver(to: str, *, limit: Limit, clause: str, name: str = "服务商开通") -> Step:
    """服务商开通并填回执，写进台账。"""
    return Step(
        "deliver", name, "待下发", (Role.PROVIDER,),
        (Act("deliver", "填报开通回执", to, guards=("receipt",), effect="deliver"),), clause, limit=limit,
    )  # fmt: skip


def verify(*, limit: Limit) -> Step:
    """使用单位验证测试资源。"""
    return Step(
        "verify", "测试验证", "测试期", (Role.CLERK,),
        (
            Act("pass", "验证通过", "open"),
            Act("fail", "验证不通过，退服务商", "deliver", opinion=True, tone="plain"),
        ),
        "M6-19", limit=limit,
    )  # fmt: skip


def formal_opening() -> Step:
    """区科创中心正式开通；安全六项缺一不可。"""
    return Step(
        "open", "正式开通", "待正式开通", (Role.REVIEWER,),
        (
            Act("open", "正式开通", "done", guards=("security_gate",)),
            Act("return", "退回使用单位", "verify", opinion=True, tone="plain"),
        ),
        "M6-19", limit=Limit("formal_open_days", reference=True),
    )  # fmt: skip
