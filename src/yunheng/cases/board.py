"""看板：现在在哪一步、归谁、几号到期，由事件重放得来；`prove` 核对两者相符。"""

from __future__ import annotations

from yunheng.orgs.initials import initials
from yunheng.orgs.models import Institution
from yunheng.rules.procedures import Position, procedure
from yunheng.rules.roles import Role

from .models import Board, Case
from .queries import position


def board_fields(case: Case, at: Position, *, seq: int, provider: Institution | None) -> dict[str, object]:
    """新起的事项看板上写什么。"""
    table = procedure(case.procedure, case.version)
    unit = case.unit
    return {
        "unit": unit,
        "provider": provider,
        "seq": seq,
        **_place(at, unit, provider),
        "search": " ".join(
            (case.number, table.name, case.subject, unit.name, unit.initials, initials(case.subject))
        ).lower(),
    }


def _place(at: Position, unit: Institution, provider: Institution | None) -> dict[str, object]:
    roles = [role.value for role in at.pending]
    holder: Institution | None = None
    if at.pending and at.pending[0] in (Role.CLERK, Role.HEAD):
        holder = unit
    elif at.pending and at.pending[0] == Role.SPONSOR:
        holder = unit.authority
    elif at.pending and at.pending[0] == Role.PROVIDER:
        holder = provider
    return {
        "step": at.step.code if at.step else "",
        "step_name": at.step.name if at.step else at.state,
        "state": at.state,
        "outcome": at.outcome.code if at.outcome else "",
        "roles": roles,
        "holder": holder,
        "since_on": at.since,
        "due_on": at.due.date if at.due else None,
        "estimated": bool(at.due and at.due.estimated),
        "paused": at.paused,
        "left_days": at.left,
    }


def update_board(board: Board, at: Position, seq: int) -> None:
    """看板改到这一步；换了步的不再归转办到的那个人。"""
    moved = board.step != (at.step.code if at.step else "")
    for name, value in _place(at, board.unit, board.provider).items():
        setattr(board, name, value)
    board.seq = seq
    if moved:
        board.assignee = None
    board.save()


def board_differences(case: Case) -> str | None:
    """看板与重放不符的地方；相符为 None。"""
    happened = sorted(case.events.all(), key=lambda event: event.seq)
    board = case.board
    expected = _place(position(case, happened), board.unit, board.provider) | {
        "seq": happened[-1].seq if happened else 0
    }
    wrong = [name for name, value in expected.items() if getattr(board, name) != value]
    return f"{case.number} 的看板与重放不符：{'、'.join(wrong)}" if wrong else None
