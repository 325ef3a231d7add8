"""编号形近不形近：隔开的、前面的 0、后面另写的字不看；数不同的不是（R-051、R-084）。"""

from __future__ import annotations

import pytest

from yunheng.tables.folding import resemble, roughly

ALIKE = [
    *(("ECS-0429", one) for one in (
        "ECS–0429", "ECS_0429", "ECS 0429", "ECS0429", "ECS-429", "ecs-0429", "ECS-O429", "ＥＣＳ－０４２９",
        "ECS-00429", "ECS--0429", "ECS-0429.", "ECS-0429（数据库）", "ECS-0429(db2)", "ECS-042 9",
        "〔ECS-0429〕", "ECS-0429数据库",
    )),
    *(("SQ-2022-0081", one) for one in (
        "SQ2022-0081", "SQ-2022-81", "SQ-2022-0081号", "〔SQ-2022-0081〕", "SQ20220081", "SQ 2022 0081",
        "【SQ-2022-81】",
    )),
    *(("P-080", one) for one in ("P080", "P-80", "P-0080", "p–080")),
    ("SQL-01", "SQL1"),
]  # fmt: skip
APART = [
    ("ECS-0429", "ECS-0430"), ("ECS-0429", "ECS-04290"), ("ECS-0429", "DB-0429"), ("P-1", "P-10"), ("P-1", "P-100"),
    ("P-1", "P-11"), ("WEB-01（主）", "WEB-01（备）"), ("SQ-2022-0081", "SQ-2023-0081"), ("ECS-1-02", "ECS-12"),
    ("政务云-01", "民生云-01"), ("甲", "乙"), ("—", "…"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_写法不同的形近_粗略的样子里找得到(one: str, other: str) -> None:
    assert resemble(one, other)
    assert resemble(other, one)
    assert roughly(one) & roughly(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_数不同_名不同的不形近(one: str, other: str) -> None:
    assert not resemble(one, other)
    assert not resemble(other, one)
