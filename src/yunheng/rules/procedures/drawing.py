"""把流程表画成 Mermaid 图和一张步骤表，进用户手册；表变图就变。"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from yunheng.rules import rulebook

from .model import AMEND, OUTCOMES, Act, Limit, Procedure, Step


def mermaid(procedure: Procedure) -> str:
    """流程图：方框是步骤，虚线框是符合条件才走的，圆角是终点。"""
    lines = ["flowchart TD"]
    for step in procedure.steps:
        who = "、".join(role.label for role in step.roles)
        lines.append(f'  {step.code}["{step.name}<br/>{who}<br/>{step.clause}"]')
        if step.when:
            lines.append(f"  style {step.code} stroke-dasharray: 5 5")
    for code in sorted({act.to for _, act in procedure.arrows()} & set(OUTCOMES)):
        lines.append(f'  {code}(["{OUTCOMES[code].state}"])')
    for step, act in procedure.arrows():
        lines.append(f"  {step.code} -->|{act.name}| {act.to}")
    lines.extend(f"  {step.code} -.->|不适用| {step.otherwise}" for step in procedure.steps if step.when)
    return "\n".join(lines)


def page(procedures: tuple[Procedure, ...], on: date) -> str:
    """手册的“流程”一页：每条流程一张图、一张表。"""
    parts = [
        "# 流程",
        "本页由流程表生成，表改了重新生成即可。时限是现行值，自收到次日起数工作日，不含收到当日。",
    ]
    for procedure in procedures:
        parts += [
            f"## {procedure.name}",
            f"{procedure.gist}。依据 {procedure.clause}，落实 {'、'.join(procedure.requirements)}；"
            f"编号 {procedure.prefix}-年-四位流水。",
            f"```mermaid\n{mermaid(procedure)}\n```",
            "\n".join(_table(procedure, on)),
        ]
    return "\n\n".join(parts) + "\n"


def _table(procedure: Procedure, on: date) -> Iterator[str]:
    yield "| 步骤 | 谁办 | 动作 | 时限 | 条款 |"
    yield "| --- | --- | --- | --- | --- |"
    for step in procedure.steps:
        who = "、".join(role.label for role in step.roles) + ("（会签，都办完才走）" if len(step.roles) > 1 else "")
        who += f"（委托“{step.scope.label}”）" if step.scope else ""
        name = step.name + ("（符合条件才走）" if step.when else "") + ("（停钟）" if step.code == AMEND else "")
        acts = "；".join(act.name + _notes(act) for act in step.acts)
        yield f"| {name} | {who} | {acts} | {_limit(procedure, step, on)} | {step.clause} |"


def _notes(act: Act) -> str:
    notes = [f"期满以后由{act.late.label}办"] if act.late else []
    notes += ["必填意见"] if act.opinion else []
    return f"（{'，'.join(notes)}）" if notes else ""


def _limit(procedure: Procedure, step: Step, on: date) -> str:
    limit: Limit | None = step.limit
    if limit is None:
        return "—"
    value = rulebook.built_in().parameter(limit.parameter, on)
    unit = "个工作日" if value.unit == "工作日" else f"个{value.unit}"
    since = f"，自“{procedure.step(limit.since).name}”收到起合用" if limit.since and limit.since != step.code else ""
    return f"{value.value.normalize():f} {unit}{since}{'（参照）' if limit.reference else ''}"
