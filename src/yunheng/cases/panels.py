"""办件页上各类事项自己的一块：由上面各章登记，办件页照着摆。"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from yunheng.orgs.access import Request

from .models import Case

Build = Callable[[Request, Case], dict[str, Any]]
_panels: dict[str, tuple[str, Build]] = {}
#: 旁边的一块：（模板, 要的内容；不摆的为 None）
Beside = Callable[[Request, Case], dict[str, Any] | None]
_beside: list[tuple[str, Beside]] = []


#: 待办页上面提醒的：已办结、又有事要补办的，不在哪一件的步骤里。（模板, 要的内容；没有的为 None）
Remind = Callable[[Request], dict[str, Any] | None]
_reminders: list[tuple[str, Remind]] = []


def register_panel(procedure: str, template: str, build: Build) -> None:
    """登记一类事项的那一块：模板和它要的内容。"""
    _panels[procedure] = template, build


def panel_of(request: Request, case: Case) -> dict[str, Any] | None:
    """这件事项自己的一块：`template` 和各项内容；没有登记的为 None。"""
    if case.procedure not in _panels:
        return None
    template, build = _panels[case.procedure]
    return {"template": template, **build(request, case)}


def register_beside(template: str, build: Beside) -> None:
    """登记各类申请办件页上、表旁边的一块：给审的人作依据。"""
    if (template, build) not in _beside:
        _beside.append((template, build))


def beside_of(request: Request, case: Case) -> list[dict[str, Any]]:
    """这件申请旁边要摆的各块：`template` 和各项内容。"""
    built = ((template, build(request, case)) for template, build in _beside)
    return [{"template": template, **content} for template, content in built if content is not None]


def register_reminder(template: str, build: Remind) -> None:
    """登记待办页上面的一块提醒。"""
    if (template, build) not in _reminders:
        _reminders.append((template, build))


def reminders_for(request: Request) -> list[dict[str, Any]]:
    """待办页上面要提醒的各块：`template` 和各项内容。"""
    built = ((template, build(request)) for template, build in _reminders)
    return [{"template": template, **content} for template, content in built if content is not None]
