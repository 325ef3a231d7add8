"""条款索引：四份政策的每一条，文号、标题、要点和 R-编号。

D14 有两个第十六条，用条号加标题区分。发布日和施行日是两个日期，分开存。
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from .problems import RuleDataError, UnknownRule


@dataclass(frozen=True)
class Document:
    """一份政策。`published` 发布日，`effective` 施行日。"""

    code: str
    title: str
    number: str
    published: date
    effective: date


@dataclass(frozen=True)
class Clause:
    """一条。`identifier` 如 M6-20、D62-六(二)；`gist` 是要点；`requirements` 是 R-编号。"""

    identifier: str
    title: str
    gist: str
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class ClauseIndex:
    """全部政策和条款。"""

    documents: Mapping[str, Document]
    clauses: Mapping[str, Clause]

    def find(self, identifier: str) -> Clause:
        """按条款号取条款；没有抛 UnknownRule，只写到条号而有同号两条的也抛。"""
        if identifier in self.clauses:
            return self.clauses[identifier]
        twins = [name for name in self.clauses if name.startswith(f"{identifier}(")]
        hint = f"，请写明是 {'、'.join(twins)}" if twins else ""
        raise UnknownRule(f"条款索引里没有 {identifier}{hint}")

    def serving(self, requirement: str) -> tuple[Clause, ...]:
        """一条需求（R-编号）依据的各条款。"""
        return tuple(clause for clause in self.clauses.values() if requirement in clause.requirements)


def load(text: str) -> ClauseIndex:
    """解析条款索引的 TOML；条款不属于任何一份政策抛 RuleDataError。"""
    content = tomllib.loads(text)
    documents = {code: Document(code, **entry) for code, entry in content["documents"].items()}
    clauses = {}
    for identifier, entry in content["clauses"].items():
        if identifier.partition("-")[0] not in documents:
            raise RuleDataError(f"条款 {identifier} 不属于任何一份政策")
        requirements = tuple(entry["requirements"])
        clauses[identifier] = Clause(identifier, entry["title"], entry["gist"], requirements)
    return ClauseIndex(documents, clauses)


def load_built_in() -> ClauseIndex:
    """随程序发布的条款索引。"""
    return load(files("yunheng.rules").joinpath("clauses.toml").read_text(encoding="utf-8"))
