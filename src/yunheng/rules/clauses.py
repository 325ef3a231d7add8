"""条款索引：四份政策的每一条，连同文号、要点和落实它的需求编号（R-004）。"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from .problems import RuleDataError, UnknownRule

_DOCUMENT_FIELDS = {"code", "number", "name", "issuer", "published", "effective", "clauses"}
_CLAUSE_FIELDS = {"id", "title", "gist", "requirements"}


@dataclass(frozen=True)
class Document:
    """一份政策文件。`published` 是发布日，`effective` 是施行日，两者可以不同（M6）。"""

    code: str
    number: str
    name: str
    issuer: str
    published: date
    effective: date


@dataclass(frozen=True)
class Clause:
    """一条。`id` 如 M6-20、D14-16(监管机制)、D62-六(二)、D62-附件5；`gist` 是自己的话。"""

    id: str
    document: str
    number: str
    title: str
    gist: str
    requirements: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.id} {self.title}（{self.number}）：{self.gist}"


@dataclass(frozen=True)
class ClauseIndex:
    """全部文件和条款，按登记的先后。"""

    documents: Mapping[str, Document]
    clauses: Mapping[str, Clause]

    def find(self, identifier: str) -> Clause:
        """按条款号取条款，全角括号也认；没有、或只写 D14-16 分不清是哪个，抛 UnknownRule。"""
        key = identifier.strip().replace("（", "(").replace("）", ")")
        if key in self.clauses:
            return self.clauses[key]
        titled = [clause.id for clause in self.clauses.values() if clause.id == f"{key}({clause.title})"]
        if titled:
            raise UnknownRule(f"{identifier} 有 {len(titled)} 条，请写明标题：{'、'.join(titled)}")
        raise UnknownRule(f"条款索引里没有：{identifier}")

    def for_requirement(self, requirement: str) -> tuple[Clause, ...]:
        """落实某个需求编号的全部条款；没有条款的为空。"""
        return tuple(clause for clause in self.clauses.values() if requirement in clause.requirements)


def load(text: str) -> ClauseIndex:
    """解析条款 TOML；未知键、缺键、条款重复、文件代号不符都抛 RuleDataError。"""
    documents: dict[str, Document] = {}
    clauses: dict[str, Clause] = {}
    for entry in tomllib.loads(text)["documents"]:
        if set(entry) != _DOCUMENT_FIELDS or entry["code"] in documents:
            raise RuleDataError(f"文件的键不对或重复：{entry.get('code')}")
        document = Document(**{key: entry[key] for key in _DOCUMENT_FIELDS - {"clauses"}})
        if document.effective < document.published:
            raise RuleDataError(f"{document.code} 的施行日早于发布日")
        documents[document.code] = document
        for item in entry["clauses"]:
            clause = _clause(document, item)
            if clause.id in clauses:
                raise RuleDataError(f"条款重复：{clause.id}")
            clauses[clause.id] = clause
    return ClauseIndex(MappingProxyType(documents), MappingProxyType(clauses))


def load_built_in() -> ClauseIndex:
    """随程序发布的条款索引。"""
    return load(files(__package__).joinpath("clauses.toml").read_text("utf-8"))


def _clause(document: Document, item: Mapping[str, Any]) -> Clause:
    if set(item) != _CLAUSE_FIELDS or not item["id"].startswith(f"{document.code}-"):
        raise RuleDataError(f"{document.code} 的条款键不对或代号不符：{item.get('id')}")
    return Clause(
        id=item["id"],
        document=document.code,
        number=document.number,
        title=item["title"],
        gist=item["gist"],
        requirements=tuple(item["requirements"]),
    )
