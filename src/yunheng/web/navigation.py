"""左边的导航：次序各角色一样，没有权限的不出现。"""

from __future__ import annotations

from dataclasses import dataclass

from yunheng.orgs.access import BUSINESS
from yunheng.rules.roles import Role


@dataclass(frozen=True)
class Entry:
    """一项：地址、叫法、图标、给谁看。"""

    href: str
    label: str
    icon: str
    roles: tuple[Role, ...]


_APPLICANTS = (Role.CLERK,)
_ASSESSING = (Role.PROVIDER, Role.REVIEWER, Role.AUTHORITY, Role.THIRD_PARTY)
ENTRIES = (
    Entry("/", "工作台", "home", tuple(Role)),
    Entry("/todo/", "待办", "inbox", BUSINESS),
    Entry("/apply/", "办申请", "plus", _APPLICANTS),
    Entry("/cases/", "办件", "folder", BUSINESS),
    Entry("/assets/", "资源台账", "server", BUSINESS),
    Entry("/assets/calendar/", "到期日历", "calendar", BUSINESS),
    Entry("/inbox/", "平台数据", "inbox", (Role.PROVIDER, Role.REVIEWER, Role.THIRD_PARTY)),
    Entry("/catalog/", "服务目录", "book", tuple(Role)),
    Entry("/procurement/", "采购", "plus", BUSINESS),
    Entry("/settlement/", "计量结算", "folder", BUSINESS),
    Entry("/assessment/", "服务商考核", "check", _ASSESSING),
    Entry("/evaluations/", "效能评估", "check", (Role.CLERK, Role.HEAD)),
    Entry(
        "/rectifications/",
        "整改",
        "alert",
        (Role.CLERK, Role.HEAD, Role.PROVIDER, Role.REVIEWER, Role.AUTHORITY, Role.CITY_ECONOMY, Role.FINANCE),
    ),
    Entry("/survey/", "满意度问卷", "check", (Role.CLERK, Role.HEAD)),
    Entry(
        "/settlement/package/",
        "结算数据包",
        "file",
        (Role.REVIEWER, Role.INFORMATIZATION, Role.AUTHORITY, Role.FINANCE, Role.THIRD_PARTY),
    ),
    Entry(
        "/budgets/",
        "上云项目预算",
        "file",
        (Role.CLERK, Role.HEAD, Role.CITY_ECONOMY, Role.FINANCE),
    ),
    Entry("/exemptions/", "不宜上云的例外", "alert", (Role.AUTHORITY, Role.REVIEWER)),
    Entry("/conventions/", "口径", "check", BUSINESS),
    Entry("/procedures/", "流程与条款", "book", tuple(Role)),
    Entry("/admin/institutions/", "机构", "building", (Role.SYSTEM_ADMIN,)),
    Entry("/admin/people/", "人员与任职", "users", (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN)),
    Entry("/audit/", "审计日志", "shield", (Role.AUDIT_ADMIN,)),
)


def entries(role: Role | None, path: str) -> list[tuple[Entry, bool]]:
    """这个角色看得到的各项，和是不是当前页。"""
    shown = [entry for entry in ENTRIES if role in entry.roles]
    matching = [entry for entry in shown if (path == "/" if entry.href == "/" else path.startswith(entry.href))]
    current = max(matching, key=lambda entry: len(entry.href), default=None)
    return [(entry, entry is current) for entry in shown]
