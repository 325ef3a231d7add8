"""被数据库拒绝的企图：谁要改、删只追加的表，没有成；PostgreSQL 自己的日志里有，收到审计页上（R-112）。"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

#: 日志每行的开头：时刻、SQLSTATE、角色、库、从哪里、进程
LOG_PREFIX = "%m|%e|%u|%d|%r|%p| "
#: 没有权限；触发器的拒绝也用它
_REFUSED = "42501"
_LINE = re.compile(
    r"(?P<at>[^|]+)\|(?P<state>[0-9A-Z]{5})\|(?P<role>[^|]*)\|(?P<database>[^|]*)\|(?P<host>[^|]*)\|(?P<process>\d+)\| "
    r"(?P<kind>ERROR|STATEMENT):  (?P<text>.*)"
)
#: 只看日志的末尾这么多字节
_TAIL = 4 << 20


@dataclass(frozen=True)
class Attempt:
    """一次被拒绝的企图：时刻、数据库角色、从哪里、数据库怎么说、那条语句。"""

    at: str
    role: str
    host: str
    message: str
    statement: str


def attempts(log: Path | None, limit: int = 100) -> list[Attempt] | None:
    """日志末尾里被拒绝的企图，最近的在前；读不到日志为 None。"""
    if log is None:
        return None
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - _TAIL))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return None
    found: list[Attempt] = []
    waiting: dict[str, re.Match[str]] = {}
    for line in lines:
        match = _LINE.match(line)
        if match is None or match["state"] != _REFUSED:
            continue
        if match["kind"] == "ERROR":
            waiting[match["process"]] = match
        elif error := waiting.pop(match["process"], None):
            at, host = error["at"].partition(".")[0], error["host"].partition("(")[0]
            found.append(Attempt(at, error["role"], host, error["text"], match["text"][:500]))
    return found[::-1][:limit]
