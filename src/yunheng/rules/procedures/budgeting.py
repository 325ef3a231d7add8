"""年度信息化预算里上云项目的审核把关（M6-5，R-008）。"""

from __future__ import annotations

from yunheng.rules.roles import Role

from .model import Act, Field, Procedure, Step, back

BUDGETING = Procedure(
    code="budgeting",
    name="上云项目预算审核",
    prefix="YS",
    clause="M6-5",
    requirements=("R-008",),
    gist="年度信息化预算中的上云项目，由经信会同财政审核把关；之后登记监督检查和整改",
    steps=(
        Step(
            "draft", "报预算", "草稿", (Role.CLERK,),
            (
                Act(
                    "file", "报审", "review",
                    fields=(Field("amount", "上云预算", "money"), Field("content", "上云内容")),
                ),
                Act("withdraw", "撤回", "withdrawn", opinion=True, tone="danger"),
            ),
            "M6-5",
        ),
        Step(
            "review", "经信会同财政审核", "待审核", (Role.CITY_ECONOMY, Role.FINANCE),
            (
                Act("approve", "审核通过", "done"),
                back("退回修改", "draft"),
                Act("reject", "不予列入", "rejected", opinion=True, tone="danger"),
            ),
            "M6-5",
        ),
    ),
)  # fmt: skip
