"""规则书：参数、条款、口径三者合成的冻结整体，带 SM3 摘要；摘要记在每次结算上（R-004、R-005）。"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any

from . import clauses as clause_index
from . import conventions as convention_register
from . import parameters as parameter_tables
from .digest import canonical, sm3
from .problems import RuleDataError


@dataclass(frozen=True)
class RuleBook:
    """一套规则。构造时核对：参数和口径引用的条款都在索引里，否则抛 RuleDataError。"""

    parameters: Mapping[str, parameter_tables.Parameter]
    clauses: clause_index.ClauseIndex
    conventions: Mapping[str, convention_register.Convention]

    def __post_init__(self) -> None:
        cited = [(p.key, p.clause) for p in self.parameters.values()]
        cited += [(c.code, clause) for c in self.conventions.values() for clause in c.clauses]
        missing = [f"{key} 引用 {clause}" for key, clause in cited if clause not in self.clauses.clauses]
        if missing:
            raise RuleDataError("条款索引里没有：" + "；".join(missing))
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        object.__setattr__(self, "conventions", MappingProxyType(dict(self.conventions)))

    def parameter(self, key: str, on: date) -> parameter_tables.Value:
        """某日的参数值。没有这个参数抛 UnknownRule；那天没有生效的值抛 NotInForce。"""
        return parameter_tables.find(self.parameters, key).on(on)

    def settled(self, key: str, on: date) -> parameter_tables.Value:
        """结算某日的事用的参数值：早于施行的属于历史费用补录，用最早一版（M10-四(六)，R-084）。"""
        parameter = parameter_tables.find(self.parameters, key)
        return parameter.on(max(on, parameter.versions[0].period.start))

    def in_force(self, on: date) -> tuple[parameter_tables.Value, ...]:
        """某日生效的全部参数值，按登记的先后；那天还没有的不列。"""
        return tuple(
            parameter.on(on)
            for parameter in self.parameters.values()
            if any(version.period.contains(on) for version in parameter.versions)
        )

    def clause(self, identifier: str) -> clause_index.Clause:
        """按条款号取条款；没有或有歧义抛 UnknownRule。"""
        return self.clauses.find(identifier)

    @property
    def digest(self) -> str:
        """全部内容的 SM3：`sm3:` 加小写十六进制。内容变则变，与登记的先后无关。"""
        content = {
            "parameters": self.parameters,
            "documents": self.clauses.documents,
            "clauses": self.clauses.clauses,
            "conventions": self.conventions,
        }
        return f"sm3:{sm3(canonical(_plain(content)))}"


def _plain(value: Any) -> Any:
    """冻结的数据类、映射、日期、小数变成 JSON 能写的样子。"""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    return value if value is None or isinstance(value, str) else str(value)


def service_year_start(year: int) -> date:
    """服务年度首日，照细则的参数：框架协议须在此前签订（D62-五，R-018、R-071）。

    计量用的是 `periods.service_year`，那里的日子是数据包格式的一部分；两处相符有测试，改了政策数字先改格式。
    """
    on = date(year, 7, 1)
    month, day = (built_in().settled(f"service_year_start_{part}", on).whole for part in ("month", "day"))
    return date(year, month, day)


@cache
def built_in() -> RuleBook:
    """随程序发布的规则书；读一次，之后用同一本。"""
    return RuleBook(parameter_tables.load_built_in(), clause_index.load_built_in(), convention_register.CONVENTIONS)
