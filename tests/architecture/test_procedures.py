"""流程表写得对：去向存在、每步可达、终点可达、时限参数存在、每步有条款、关口和效果都有人登记。"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from yunheng.applications.sections import SECTIONS
from yunheng.cases.operations import registered
from yunheng.rules import rulebook
from yunheng.rules.procedures import AMEND, PROCEDURES, Procedure
from yunheng.rules.procedures.drawing import page
from yunheng.rules.procedures.model import OUTCOMES
from yunheng.rules.roles import Role

ALL = [pytest.param(procedure, id=procedure.name) for procedure in PROCEDURES.values()]
#: 条件由 applications.guards.facts 算定
CONDITIONS = {"not_state_organ", "not_district_budget", "growth_exceeded", "quota_exceeded", "adjustment_pays"}
CONDITIONS |= {"city_fees"}
STATES = {"草稿", "待签批", "待审核", "补正中", "待服务商确认", "待下发", "测试期", "待正式开通"}
STATES |= {"申辩中", "编制中", "待批复", "待下达", "待签约", "待支付", "待发布", "待回收", "待评分", "整改中"}


def targets(procedure: Procedure) -> dict[str, set[str]]:
    edges = {step.code: {act.to for act in step.acts} for step in procedure.steps}
    for step in procedure.steps:
        if step.when:
            edges[step.code].add(step.otherwise)
    return edges


@pytest.mark.parametrize("procedure", ALL)
def test_步骤代号不重_去向都存在(procedure: Procedure) -> None:
    codes = [step.code for step in procedure.steps]
    assert len(codes) == len(set(codes))
    for step in procedure.steps:
        assert len({act.code for act in step.acts}) == len(step.acts) > 0
        assert all(act.to in {*codes, *OUTCOMES} for act in step.acts)
        assert bool(step.when) == bool(step.otherwise)


@pytest.mark.parametrize("procedure", ALL)
def test_每步可达_办结可达(procedure: Procedure) -> None:
    edges, reached, waiting = targets(procedure), set(), [procedure.first.code]
    while waiting:
        code = waiting.pop()
        if code not in reached:
            reached.add(code)
            waiting.extend(edges.get(code, ()))
    assert {step.code for step in procedure.steps} <= reached
    assert "done" in reached


@pytest.mark.parametrize("procedure", ALL)
def test_时限参数现行有效_条款编入索引_状态在字典里(procedure: Procedure) -> None:
    book = rulebook.built_in()
    book.clause(procedure.clause)
    for step in procedure.steps:
        book.clause(step.clause)
        assert step.state in STATES
        if step.limit:
            value = book.parameter(step.limit.parameter, date(2026, 7, 8))
            assert value.unit in ("工作日", "月")
            assert not step.limit.since or procedure.step(step.limit.since)


@pytest.mark.parametrize("procedure", ALL)
def test_关口和效果都登记了_条件都算得出(procedure: Procedure) -> None:
    guards, effects = registered()
    for step in procedure.steps:
        assert not step.when or step.when in CONDITIONS
        for act in step.acts:
            assert set(act.guards) <= guards, act.name
            assert not act.effect or (procedure.code, act.effect) in effects, act.name


@pytest.mark.parametrize("procedure", ALL)
def test_R089_第三方机构办的步骤都写明要有哪一项委托_别的步骤不写(procedure: Procedure) -> None:
    for step in procedure.steps:
        assert bool(step.scope) == (Role.THIRD_PARTY in step.roles), step.name


@pytest.mark.parametrize("procedure", ALL)
def test_退回和不予通过都要写意见(procedure: Procedure) -> None:
    for step in procedure.steps:
        for act in step.acts:
            if act.to in (AMEND, "rejected", "withdrawn") or act.code in ("return", "fail", "decline"):
                assert act.opinion, f"{step.name} {act.name}"


@pytest.mark.parametrize("procedure", ALL)
def test_期满由别人接着办的动作_那一步有时限_不是会签_在手的人另有办法(procedure: Procedure) -> None:
    for step in procedure.steps:
        if set(step.acts) != set(step.own_acts):
            assert step.limit, step.name
            assert step.own_acts, step.name
            assert len(step.roles) == 1, step.name
            assert all(act.late not in step.roles for act in step.acts), step.name


def test_每类申请都有要填的部分_编号字头不重() -> None:
    assert set(SECTIONS) | {
        "backfill",
        "appraisal",
        "survey",
        "budgeting",
        "evaluation",
        "settlement",
        "catalog_city",
        "catalog_district",
        "inquiry",
        "adjustment",
    } == set(PROCEDURES)
    prefixes = [procedure.prefix for procedure in PROCEDURES.values()]
    assert len(prefixes) == len(set(prefixes))


def test_手册里的流程一页与流程表相同() -> None:
    written = (Path(__file__).parents[2] / "docs" / "流程.md").read_text(encoding="utf-8")
    assert written == page(tuple(PROCEDURES.values()), date(2026, 7, 8))
