"""流程：一类事项一个文件，都是数据；`replay` 从事件算出现在到哪一步、在谁手上、何时到期（R-045）。"""

from __future__ import annotations

from .catalog import FORMS, PROCEDURES, procedure
from .model import AMEND, DONE, REJECTED, WITHDRAWN, Act, Field, Limit, Outcome, Procedure, Step
from .replay import RECALL, Happening, Position, replay
from .special import EXTENSION_NOTICE

__all__ = [
    "AMEND",
    "DONE",
    "EXTENSION_NOTICE",
    "FORMS",
    "PROCEDURES",
    "RECALL",
    "REJECTED",
    "WITHDRAWN",
    "Act",
    "Field",
    "Happening",
    "Limit",
    "Outcome",
    "Position",
    "Procedure",
    "Step",
    "procedure",
    "replay",
]
