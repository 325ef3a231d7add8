"""左边的导航：次序各角色一样，没有权限的不出现。"""

from __future__ import annotations

from dataclasses import dataclass

from yunheng.orgs.access import BUSINESS
from yunheng.orgs.commissioning import READERS
from yunheng.rules.roles import Role


@dataclass(frozen=True)
class Entry:
    """一项：地址、叫法、图标、给谁看。"""

    href: str
    label: str
    icon: str
    roles: tuple[Role, ...]


_APPLICANTS = (Role.CLERK,)
_UNIT = (Role.CLERK, Role.HEAD)
_ASSESSING = (Role.PROVIDER, Role.REVIEWER, Role.AUTHORITY, Role.THIRD_PARTY)
_CENTRE = (Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY)
_RECTIFYING = (
    Role.CLERK,
    Role.HEAD,
    Role.PROVIDER,
    Role.REVIEWER,
    Role.AUTHORITY,
    Role.CITY_ECONOMY,
    Role.FINANCE,
)
#: 分组：叫法（空的不写）和各项，次序各角色一样
GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "",
        (
            Entry("/", "工作台", "home", tuple(Role)),
            Entry("/todo/", "待办", "inbox", BUSINESS),
            Entry("/apply/", "办申请", "plus", _APPLICANTS),
            Entry("/cases/", "办件", "folder", BUSINESS),
        ),
    ),
    (
        "资源",
        (
            Entry("/assets/", "资源台账", "server", BUSINESS),
            Entry("/assets/calendar/", "到期日历", "calendar", BUSINESS),
            Entry("/savings/", "缩配和回收", "alert", (*_CENTRE, *_UNIT)),
            Entry("/inbox/", "平台数据", "inbox", (Role.PROVIDER, Role.REVIEWER, Role.THIRD_PARTY)),
            Entry("/backfill/", "历史补录", "folder", (Role.REVIEWER, Role.AUTHORITY, Role.INFORMATIZATION)),
        ),
    ),
    (
        "目录和采购",
        (
            Entry("/catalog/", "服务目录", "book", tuple(Role)),
            Entry("/procurement/", "采购", "plus", BUSINESS),
        ),
    ),
    (
        "计量和结算",
        (
            Entry("/settlement/", "计量结算", "folder", BUSINESS),
            Entry("/settlement/package/", "结算数据包", "file", _CENTRE),
            Entry("/budgets/", "上云项目预算", "file", (*_UNIT, Role.CITY_ECONOMY, Role.FINANCE)),
            Entry("/commissions/", "第三方委托", "users", (*READERS, Role.THIRD_PARTY)),
        ),
    ),
    (
        "考核和评估",
        (
            Entry("/assessment/", "服务商考核", "check", _ASSESSING),
            Entry("/survey/", "满意度问卷", "check", _UNIT),
            Entry("/evaluations/", "效能评估", "check", (*_UNIT, *_ASSESSING)),
            Entry("/rectifications/", "整改", "alert", _RECTIFYING),
        ),
    ),
    (
        "规则",
        (
            Entry("/exemptions/", "不宜上云的例外", "alert", (Role.AUTHORITY, Role.REVIEWER)),
            Entry("/conventions/", "口径", "check", BUSINESS),
            Entry("/procedures/", "流程与条款", "book", tuple(Role)),
        ),
    ),
    (
        "系统",
        (
            Entry("/admin/institutions/", "机构", "building", (Role.SYSTEM_ADMIN,)),
            Entry("/admin/people/", "人员与任职", "users", (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)),
            Entry("/audit/", "审计日志", "shield", (Role.AUDIT_ADMIN,)),
        ),
    ),
)


def groups(role: Role | None, path: str) -> list[tuple[str, list[tuple[Entry, bool]]]]:
    """这个角色看得到的各组：组名，各项和是不是当前页；一项都看不到的组不摆。"""
    shown = [(name, [entry for entry in entries if role in entry.roles]) for name, entries in GROUPS]
    matching = [
        entry
        for _, entries in shown
        for entry in entries
        if (path == "/" if entry.href == "/" else path.startswith(entry.href))
    ]
    current = max(matching, key=lambda entry: len(entry.href), default=None)
    return [(name, [(entry, entry is current) for entry in entries]) for name, entries in shown if entries]
