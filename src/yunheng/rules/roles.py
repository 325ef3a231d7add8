"""角色（R-001）：条款里的机构各管什么，落到能登录的人身上。"""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """一个任职的角色；值是库里存的，`label` 是给人看的。"""

    CLERK = "clerk"
    HEAD = "head"
    SPONSOR = "sponsor"
    REVIEWER = "reviewer"
    INFORMATIZATION = "informatization"
    AUTHORITY = "authority"
    FINANCE = "finance"
    PROVIDER = "provider"
    THIRD_PARTY = "third_party"
    CITY_OPERATOR = "city_operator"
    CITY_ECONOMY = "city_economy"
    CITY_AUTHORITY = "city_authority"
    SYSTEM_ADMIN = "system_admin"
    SECURITY_ADMIN = "security_admin"
    AUDIT_ADMIN = "audit_admin"

    @property
    def label(self) -> str:
        """中文叫法。"""
        return _LABELS[self][0]

    @property
    def clause(self) -> str:
        """职责出自哪一条。"""
        return _LABELS[self][1]

    @property
    def administrative(self) -> bool:
        """三员之一：管系统、管安全、管审计，不办业务（R-111）。"""
        return self in (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN)

    @property
    def own_institution(self) -> bool:
        """只看得到、只能办本单位（本服务商）的事；其余角色的职责及于全区。"""
        return self in (Role.CLERK, Role.HEAD, Role.SPONSOR, Role.PROVIDER)


_LABELS = {
    Role.CLERK: ("使用单位经办人", "D62-四"),
    Role.HEAD: ("使用单位负责人", "D62-四"),
    Role.SPONSOR: ("业务主管部门", "M6-7"),
    Role.REVIEWER: ("区科创中心审核员", "D62-四"),
    Role.INFORMATIZATION: ("信息化管理科", "D62-六(一)2"),
    Role.AUTHORITY: ("区科委", "D62-四"),
    Role.FINANCE: ("区财政", "M6-5"),
    Role.PROVIDER: ("云服务商", "D62-六(二)"),
    Role.THIRD_PARTY: ("第三方机构", "D62-七"),
    Role.CITY_OPERATOR: ("市大数据中心", "M6-5"),
    Role.CITY_ECONOMY: ("市经济信息化部门", "M6-5"),
    Role.CITY_AUTHORITY: ("市政务云主管部门", "M6-5"),
    Role.SYSTEM_ADMIN: ("系统管理员", "等保三级"),
    Role.SECURITY_ADMIN: ("安全管理员", "等保三级"),
    Role.AUDIT_ADMIN: ("审计管理员", "等保三级"),
}
