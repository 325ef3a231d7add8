"""口径（R-005）：条款没有说死的算法，逐条登记可选项、默认、理由和谁可以改。"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

from .problems import RuleDataError, UnknownRule

Scope = Literal["package", "application"]
_FIELDS = {"question", "scope", "default", "clauses", "requirements", "reason", "changed_by", "options"}
#: 没写 since 的从数据包版本 1 起就有
_OPTIONAL = {"since"}


class UnknownConvention(UnknownRule):
    """没有这个口径码，或这个口径没有这个选项。"""


@dataclass(frozen=True)
class Convention:
    """一条口径。`options` 是选项码到解释，按登记的先后；`scope` 为 application 的不进数据包。

    `since` 是数据包从哪一版起有它；以前的版本不认识它，照算法正文。
    """

    code: str
    question: str
    scope: Scope
    default: str
    options: Mapping[str, str]
    reason: str
    clauses: tuple[str, ...]
    requirements: tuple[str, ...]
    changed_by: str
    since: int = 1

    def check(self, option: str) -> str:
        """选项在可选之列则原样返回，否则抛 UnknownConvention。"""
        if option not in self.options:
            raise UnknownConvention(f"口径 {self.code} 没有选项“{option}”，可选：{'、'.join(self.options)}")
        return option


def load(text: str) -> dict[str, Convention]:
    """解析口径 TOML；未知键、缺键、默认值不在选项里、选项重复都抛 RuleDataError。"""
    return {code: _convention(code, entry) for code, entry in tomllib.loads(text).items()}


def _convention(code: str, entry: Mapping[str, Any]) -> Convention:
    if set(entry) - _OPTIONAL != _FIELDS:
        raise RuleDataError(f"口径 {code} 的键不对：{'、'.join(sorted((set(entry) - _OPTIONAL) ^ _FIELDS))}")
    options = {option["code"]: option["text"] for option in entry["options"]}
    if len(options) != len(entry["options"]) or entry["default"] not in options:
        raise RuleDataError(f"口径 {code} 的选项重复，或默认值不在选项里")
    if entry["scope"] not in ("package", "application"):
        raise RuleDataError(f"口径 {code} 的 scope 不对：{entry['scope']}")
    if "since" in entry and entry["scope"] != "package":
        raise RuleDataError(f"口径 {code} 不进数据包，不该有 since")
    return Convention(
        code=code,
        question=entry["question"],
        scope=entry["scope"],
        default=entry["default"],
        options=options,
        reason=entry["reason"],
        clauses=tuple(entry["clauses"]),
        requirements=tuple(entry["requirements"]),
        changed_by=entry["changed_by"],
        since=entry.get("since", 1),
    )


CONVENTIONS: Mapping[str, Convention] = load(files(__package__).joinpath("conventions.toml").read_text("utf-8"))
#: 只在申请环节用的口径码
APPLICATION_CODES: tuple[str, ...] = tuple(c.code for c in CONVENTIONS.values() if c.scope == "application")


def package_codes(version: int) -> tuple[str, ...]:
    """进 `version` 版数据包、写进结算书的口径码，按编号。"""
    return tuple(c.code for c in CONVENTIONS.values() if c.scope == "package" and c.since <= version)


def defaults(version: int) -> dict[str, str]:
    """`version` 版数据包的全部口径，取默认值。"""
    return {code: CONVENTIONS[code].default for code in package_codes(version)}


def resolve(chosen: Mapping[str, str], version: int) -> dict[str, str]:
    """`version` 版数据包的全部口径：选了的用所选，没选的用默认。

    这一版没有的口径码（含只在申请环节用的 K-13、版本 1 的 K-17）或选项抛 UnknownConvention。
    """
    return _resolve(chosen, package_codes(version), f"版本 {version} 的数据包")


def _resolve(chosen: Mapping[str, str], codes: tuple[str, ...], where: str) -> dict[str, str]:
    for code in chosen:
        if code not in codes:
            raise UnknownConvention(f"{where}没有口径 {code}，可选：{'、'.join(codes)}")
    return {code: CONVENTIONS[code].check(chosen.get(code, CONVENTIONS[code].default)) for code in codes}
