"""造一份小小的文件用料：一个单位、一个项目、一个服务商、一个目录项。"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from yunheng.documents.data import Item, Line, Papers, Project, Unit, Usage
from yunheng.documents.sums import add_up
from yunheng.rules.conventions import defaults
from yunheng.rules.money import yuan

_LINE = Line(
    "U01", "P01", "R1", "CPU", "CU", "S1", "W1", "8", "2023-10-01", "2024-07-01", 274, "552", "3305.97", "unified"
)  # fmt: skip


def line(**changes: Any) -> Line:
    """一条账目，改几处。"""
    return _LINE._replace(**changes)


def papers_of(lines: Sequence[Line], disputed: Sequence[Line] = (), until: str = "2024-07-01") -> Papers:
    """由账目反推出汇总都对得上的文件用料；满分考核，不扣减。"""
    total, held = add_up(lines).total, add_up(disputed).total
    entry = {"provider": "CU", "gross": yuan(total), "deduction": "0.00", "net": yuan(total)}
    result = {
        "district": "松江区", "service_year": 2023, "until": until, "digest": "sm3:" + "0" * 64,
        "conventions": defaults(2), "warnings": [], "tier_prices": [],
        "assessments": [{"provider": "CU", "scores": {**dict.fromkeys("ABCDEF", "10"), "G": "40"}, "total": "100",
                         "deduction_rate": "0"}],
        "summary": {
            "unified": [entry] if lines else [], "self": [], "unified_gross": yuan(total), "unified_net": yuan(total),
            "self_gross": "0.00", "self_net": "0.00", "disputed_gross": yuan(held),
            "supervision_fee_cap": yuan(total // 10),
        },
    }  # fmt: skip
    return Papers(
        result=result,
        lines=lambda wanted: iter(disputed if wanted else lines),
        differences=tuple,
        units={"U01": Unit("教育局", "区级")},
        providers={"CU": "联通"},
        projects={"P01": Project("教务系统", "U01", "区级")},
        items={"CPU": Item("云主机 CPU", "基础设施", "核·年", "单价", "年")},
        usage={"CU": Usage(1, 1, 0, 1, 0)},
        events=(),
        satisfaction={"CU": "95"},
        tiers=(),
        city_totals={},
        rows=dict.fromkeys(("单据", "单据明细", "工单", "日志", "用量", "目录"), 1),
        difference_names={"D3": "数量不符"},
    )
