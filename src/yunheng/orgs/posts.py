"""哪种机构出哪种角色（R-001）：任职时核对，免得把服务商的人任成使用单位的经办人。"""

from __future__ import annotations

from yunheng.rules.roles import Role

from .models import Institution, Kind, Level

_DEPARTMENTS = (Kind.USING_UNIT, Kind.AUTHORITY, Kind.ECONOMY, Kind.FINANCE, Kind.OPERATOR, Kind.SECURITY)
#: 角色 → 所在机构的类型；三员由运行管理单位、主管部门的人担任
_KINDS: dict[Role, tuple[Kind, ...]] = {
    Role.CLERK: (Kind.USING_UNIT,),
    Role.HEAD: (Kind.USING_UNIT,),
    Role.SPONSOR: _DEPARTMENTS,
    Role.REVIEWER: (Kind.OPERATOR,),
    Role.INFORMATIZATION: (Kind.AUTHORITY,),
    Role.AUTHORITY: (Kind.AUTHORITY,),
    Role.FINANCE: (Kind.FINANCE,),
    Role.PROVIDER: (Kind.PROVIDER,),
    Role.THIRD_PARTY: (Kind.THIRD_PARTY,),
    Role.CITY_OPERATOR: (Kind.OPERATOR,),
    Role.CITY_ECONOMY: (Kind.ECONOMY,),
    Role.CITY_AUTHORITY: (Kind.AUTHORITY,),
    Role.SYSTEM_ADMIN: (Kind.OPERATOR, Kind.AUTHORITY),
    Role.SECURITY_ADMIN: (Kind.OPERATOR, Kind.AUTHORITY),
    Role.AUDIT_ADMIN: (Kind.OPERATOR, Kind.AUTHORITY),
}
#: 同一类型市、区两级都有的，再看级别
_LEVELS = {
    Role.REVIEWER: Level.DISTRICT,
    Role.INFORMATIZATION: Level.DISTRICT,
    Role.AUTHORITY: Level.DISTRICT,
    Role.CITY_OPERATOR: Level.CITY,
    Role.CITY_ECONOMY: Level.CITY,
    Role.CITY_AUTHORITY: Level.CITY,
}


def misplaced(institution: Institution, role: Role) -> str:
    """这个机构不能出这个角色的，说明该是哪种机构；能的为空。"""
    level = _LEVELS.get(role)
    if institution.kind in _KINDS[role] and level in (None, institution.level):
        return ""
    wanted = "、".join(kind.label for kind in _KINDS[role])
    now = f"{institution.get_level_display()}{institution.get_kind_display()}"
    return f"{role.label}应在{level.label if level else ''}{wanted}任职，{institution.name}是{now}（R-001）"
