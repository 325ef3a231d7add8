"""委托第三方机构的工作范围（D14-16(监管机制)，R-089）：合同里写了哪几项，系统里才有哪几项的权限。"""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """监管机制列出的六项工作；值是库里存的，`label` 是给人看的。"""

    STANDARDS = "standards"
    APPRAISAL = "appraisal"
    SITE = "site"
    METERING = "metering"
    SECURITY = "security"
    RESPONSE = "response"

    @property
    def label(self) -> str:
        """中文叫法。"""
        return _TABLE[self][0]

    @property
    def clause(self) -> str:
        """这项工作怎么做，出自哪一条。"""
        return _TABLE[self][1]

    @property
    def opens(self) -> str:
        """有了这一项，在系统里能办什么。"""
        return _TABLE[self][2]


_ONLY_DELIVERABLES = "交成果"
_TABLE = {
    Scope.STANDARDS: ("规范标准", "D14-16(监管机制)", _ONLY_DELIVERABLES),
    Scope.APPRAISAL: ("绩效考核", "D62-附件5", "登记考核事件、年度评分、满意度调查、效能评估打分、交成果"),
    Scope.SITE: ("现场监管", "D62-六(一)2", "已建系统迁移的现场评估、交成果"),
    Scope.METERING: ("计量计费", "D62-七", "下载数据包、离线复算、说明对账差异、交成果"),
    Scope.SECURITY: ("安全监管", "D14-16(监管机制)", _ONLY_DELIVERABLES),
    Scope.RESPONSE: ("服务响应", "D14-16(监管机制)", _ONLY_DELIVERABLES),
}
