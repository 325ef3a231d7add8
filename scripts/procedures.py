"""重新生成 docs/流程.md。"""

from datetime import date
from pathlib import Path

from yunheng.rules.procedures import PROCEDURES
from yunheng.rules.procedures.drawing import page

#: 手册里时限按这天的现行值写
WRITTEN_ON = date(2026, 7, 8)

if __name__ == "__main__":
    target = Path(__file__).parents[1] / "docs" / "流程.md"
    target.write_text(page(tuple(PROCEDURES.values()), WRITTEN_ON), encoding="utf-8")
