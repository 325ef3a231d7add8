"""口径登记：条款没有说死的算法，可选项、默认项和理由（R-005）。

默认项是 TOML 里的第一个可选项；选用由区科委决定，系统只追加不覆盖。
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files


class UnknownConvention(ValueError):
    """没有登记的口径码或选项。"""


@dataclass(frozen=True)
class Convention:
    """一条口径：`options` 是选项到说明，第一项为默认；`scope` 为 package（进数据包）或 application（只在申请环节）。"""

    code: str
    question: str
    article: str
    reason: str
    scope: str
    options: Mapping[str, str]

    @property
    def default(self) -> str:
        """默认选项。"""
        return next(iter(self.options))


def _load() -> dict[str, Convention]:
    text = files("yunheng.rules").joinpath("conventions.toml").read_text(encoding="utf-8")
    return {code: Convention(code, **entry) for code, entry in tomllib.loads(text).items()}


CONVENTIONS: Mapping[str, Convention] = _load()
PACKAGE_CODES: tuple[str, ...] = tuple(code for code, c in CONVENTIONS.items() if c.scope == "package")


def defaults() -> dict[str, str]:
    """数据包用到的 11 项口径的默认值。"""
    return {code: CONVENTIONS[code].default for code in PACKAGE_CODES}


def resolve(chosen: Mapping[str, str]) -> dict[str, str]:
    """在默认值上盖上所选的，返回全部 11 项；未知的码或选项抛 UnknownConvention。"""
    resolved = defaults()
    for code, option in chosen.items():
        if code not in resolved:
            raise UnknownConvention(f"没有这个口径：{code}；可用 {'、'.join(PACKAGE_CODES)}（R-005）")
        if option not in CONVENTIONS[code].options:
            allowed = "、".join(CONVENTIONS[code].options)
            raise UnknownConvention(
                f"口径 {code}（{CONVENTIONS[code].question}）没有选项 {option}；可用 {allowed}（R-005）"
            )
        resolved[code] = option
    return resolved
