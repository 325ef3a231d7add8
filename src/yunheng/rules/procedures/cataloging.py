"""服务目录的编制和调整（R-012、R-013）：市级由市里核定，区级参照办理，由区科委核定。"""

from __future__ import annotations

from yunheng.rules.roles import Role

from .model import Act, Field, Procedure, Step, back


def _publish(role: Role) -> Step:
    return Step(
        "publish", "发布", "待发布", (role,),
        (
            Act("publish", "发布生效", "done", guards=("catalog_ready",), effect="publish"),
            back("退回修改", "compile"),
        ),
        "M6-15",
    )  # fmt: skip


def _open(role: Role) -> Step:
    return Step(
        "draft", "提出", "草稿", (role,),
        (
            Act("file", "报送审核", "review", guards=("catalog_ready",)),
            Act("withdraw", "撤回", "withdrawn", opinion=True, tone="danger"),
        ),
        "M6-15",
    )  # fmt: skip


def _review(name: str, role: Role) -> Step:
    return Step(
        "review", name, "待审核", (role,), (Act("approve", "审核通过", "compile"), back("退回修改", "draft")), "M6-15"
    )


def _compile(role: Role) -> Step:
    report = Act("report", "报送核定", "joint", guards=("catalog_ready",))
    return Step("compile", "编制目录", "编制中", (role,), (report,), "M6-15")


def _final(name: str, *roles: Role) -> Step:
    return Step(
        "joint", name, "待审核", roles, (Act("approve", "核定", "publish"), back("退回修改", "compile")), "M6-15"
    )


def _catalog(level: str, prefix: str, gist: str, proposer: Role, review: tuple[str, Role], final: Step) -> Procedure:
    """一级目录的流程：提出 → 审核 → 编制 → 核定 → 发布。"""
    return Procedure(
        code="catalog_city" if level == "市级" else "catalog_district",
        name=f"{level}服务目录",
        prefix=prefix,
        clause="M6-15",
        requirements=("R-011", "R-012", "R-013"),
        gist=gist,
        steps=(_open(proposer), _review(*review), _compile(proposer), final, _publish(proposer)),
    )


CATALOG_CITY = _catalog(
    "市级",
    "ML",
    "市运管单位提出，市主管审核，编制，市主管会同市经信核定，发布生效；调整走同一流程，旧版永久可查",
    Role.CITY_OPERATOR,
    ("市主管审核", Role.CITY_AUTHORITY),
    _final("市主管会同市经信核定", Role.CITY_AUTHORITY, Role.CITY_ECONOMY),
)
CATALOG_DISTRICT = _catalog(
    "区级",
    "QM",
    "参照市级办理：区科创中心提出、编制，区科委审核、核定，发布生效",
    Role.REVIEWER,
    ("区科委审核", Role.AUTHORITY),
    _final("区科委核定", Role.AUTHORITY),
)

INQUIRY = Procedure(
    code="inquiry",
    name="采购征询",
    prefix="CG",
    clause="M10-四",
    requirements=("R-015", "R-016", "R-017"),
    gist="市里下发征询单，区里汇总各单位需求、报区财政备案后反馈，市里统一采购，结果发布成新的一版目录",
    steps=(
        Step(
            "draft", "编征询单", "草稿", (Role.CITY_OPERATOR,),
            (
                Act(
                    "issue", "下发征询", "collect", guards=("inquiry_rows",), effect="issue",
                    fields=(Field("due_on", "反馈期限", "date"),),
                ),
                Act("withdraw", "撤回", "withdrawn", opinion=True, tone="danger"),
            ),
            "M10-四(一)",
        ),
        Step(
            "collect", "区里汇总需求", "编制中", (Role.REVIEWER,),
            (
                Act("gather", "汇总完成，报区科委", "feedback", guards=("inquiry_demand",)),
                Act("decline", "本区不使用，说明", "feedback", opinion=True, effect="decline", tone="plain"),
            ),
            "M10-四(二)",
        ),
        Step(
            "feedback", "区科委确认", "待审核", (Role.AUTHORITY,),
            (Act("approve", "确认，报区财政备案", "finance"), back("退回修改", "collect")), "M10-四(二)",
        ),
        Step(
            "finance", "区财政备案", "待审核", (Role.FINANCE,),
            (
                Act("file", "备案，反馈市里", "compile", fields=(Field("document", "备案号"),)),
                back("退回修改", "feedback"),
            ),
            "M10-四(二)",
        ),
        Step(
            "compile", "统一采购", "编制中", (Role.CITY_OPERATOR,),
            (
                Act("publish", "发布采购结果", "done", guards=("catalog_ready",), effect="publish"),
                Act("terminate", "流标、终止采购", "terminated", opinion=True, effect="terminate", tone="danger"),
            ),
            "M10-四(三)",
        ),
    ),
)  # fmt: skip
