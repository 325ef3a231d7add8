"""查规则：某日施行的数字、一条规则的来龙去脉、全部条款口径（R-004、R-005）。"""

from __future__ import annotations

from datetime import date
from typing import Any

from yunheng.rules.clauses import Clause
from yunheng.rules.conventions import Convention
from yunheng.rules.parameters import Parameter, Value
from yunheng.rules.periods import last_day
from yunheng.rules.problems import NotInForce, UnknownRule
from yunheng.rules.rulebook import built_in


def at(day: date) -> list[dict[str, Any]]:
    """某日施行的全部数字，每个带条款和要点；一个也没有抛 NotInForce。"""
    values = built_in().in_force(day)
    if not values:
        first = min(parameter.versions[0].period.start for parameter in built_in().parameters.values())
        raise NotInForce(f"{day} 没有任何施行的规定：最早的自 {first} 起（R-004）")
    return [_value(value) for value in values]


def listing(policy: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """全部参数、条款、口径的目录；`policy` 如 D62 时只列那份文件的。没有这份文件抛 UnknownRule。"""
    book = built_in()
    if policy is not None and policy not in book.clauses.documents:
        raise UnknownRule(f"没有收录这份文件：{policy}，可选：{'、'.join(book.clauses.documents)}")

    def wanted(*clauses: str) -> bool:
        return policy is None or any(clause.startswith(f"{policy}-") for clause in clauses)

    return {
        "parameters": [
            {"key": p.key, "name": p.name, "clause": p.clause} for p in book.parameters.values() if wanted(p.clause)
        ],
        "clauses": [_clause(c) for c in book.clauses.clauses.values() if wanted(c.id)],
        "conventions": [
            {"code": c.code, "question": c.question, "default": c.default, "clauses": list(c.clauses)}
            for c in book.conventions.values()
            if wanted(*c.clauses)
        ],
    }


def show(name: str) -> dict[str, Any]:
    """一个参数（键）、一条条款（条款号）或一个口径（码）的全部内容；没有抛 UnknownRule。"""
    book = built_in()
    if name in book.parameters:
        return _parameter(book.parameters[name])
    if name in book.conventions:
        return _convention(book.conventions[name])
    try:
        clause = book.clause(name)
    except UnknownRule as error:
        if "请写明标题" in str(error):
            raise
        raise UnknownRule(f"没有这个参数、条款或口径：{name}；用 rules list 看全部") from error
    cited = [_parameter(p) for p in book.parameters.values() if p.clause == clause.id]
    return {**_clause(clause), "parameters": cited}


def listing_text(content: dict[str, list[dict[str, Any]]]) -> str:
    """目录给人看的样子。"""
    lines = ["参数："]
    lines += [f"  {entry['key']:<32}{entry['name']}（{entry['clause']}）" for entry in content["parameters"]]
    lines.append("条款：")
    lines += [
        f"  {entry['id']:<16}{entry['title']}（{'、'.join(entry['requirements']) or '无对应需求'}）"
        for entry in content["clauses"]
    ]
    lines.append("口径：")
    lines += [f"  {entry['code']:<8}{entry['question']}；默认 {entry['default']}" for entry in content["conventions"]]
    return "\n".join(lines)


def at_text(content: list[dict[str, Any]]) -> str:
    """某日施行的数字给人看的样子。"""
    return "\n".join(
        f"{entry['name']}：{entry['value']} {entry['unit']}（{entry['clause']}）"
        f"{'，' + entry['note'] if entry['note'] else ''}\n    {entry['gist']}"
        for entry in content
    )


def show_text(content: dict[str, Any]) -> str:
    """一条规则给人看的样子。"""
    if "options" in content:
        lines = [f"{content['code']} {content['question']}（{'、'.join(content['clauses'])}）", content["reason"]]
        lines += [
            f"  {code}{'（默认）' if code == content['default'] else ''}：{text}"
            for code, text in content["options"].items()
        ]
        return "\n".join([*lines, f"  谁可以改：{content['changed_by']}"])
    if "versions" in content:
        return "\n".join(_parameter_lines(content))
    lines = [f"{content['id']} {content['title']}（{content['document']}）", f"  要点：{content['gist']}"]
    lines.append(f"  需求：{'、'.join(content['requirements']) or '无'}")
    for parameter in content["parameters"]:
        lines += [f"  {line}" for line in _parameter_lines(parameter)]
    return "\n".join(lines)


def _parameter_lines(content: dict[str, Any]) -> list[str]:
    lines = [f"{content['key']} {content['name']}（{content['clause']}）：{content['gist']}"]
    for version in content["versions"]:
        until = f"至 {last_day(version['until'])}（含）" if version["until"] else "起至今"
        note = f"，{version['note']}" if version["note"] else ""
        lines.append(f"  {version['from']} {until}：{version['value']} {content['unit']}{note}")
    return lines


def _value(value: Value) -> dict[str, Any]:
    return {
        "key": value.key,
        "name": value.name,
        "value": str(value.value),
        "unit": value.unit,
        "clause": value.clause,
        "gist": value.gist,
        "note": value.note,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "key": parameter.key,
        "name": parameter.name,
        "unit": parameter.unit,
        "clause": parameter.clause,
        "requirements": list(parameter.requirements),
        "gist": parameter.gist,
        "versions": [
            {
                "from": version.period.start.isoformat(),
                "until": version.period.until.isoformat() if version.period.until else None,
                "value": str(version.value),
                "note": version.note,
            }
            for version in parameter.versions
        ],
    }


def _clause(clause: Clause) -> dict[str, Any]:
    return {
        "id": clause.id,
        "title": clause.title,
        "document": clause.number,
        "gist": clause.gist,
        "requirements": list(clause.requirements),
    }


def _convention(convention: Convention) -> dict[str, Any]:
    return {
        "code": convention.code,
        "question": convention.question,
        "default": convention.default,
        "options": dict(convention.options),
        "reason": convention.reason,
        "clauses": list(convention.clauses),
        "requirements": list(convention.requirements),
        "changed_by": convention.changed_by,
        "scope": convention.scope,
    }
