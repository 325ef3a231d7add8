"""效能评估（M6-33、M6-34，R-094、R-095）：方案、打分、发布、整改，一步不到位就不能往下走。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, used
from yunheng.assessment import evaluating
from yunheng.assessment.models import Evaluation, Grade, Published
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases import rectifying
from yunheng.cases.models import Case, Progress, Requirement
from yunheng.cases.queries import unread
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Segment
from yunheng.orgs.models import BusinessClock, Institution

pytestmark = pytest.mark.django_db
DUE = date(2026, 8, 31)


@pytest.fixture
def evaluation() -> Evaluation:
    used()
    case = evaluating.start(actor=cast()["shy"], on=JULY, year=YEAR)
    return Evaluation.objects.get(case=case)


def fresh(evaluation: Evaluation) -> Evaluation:
    return Evaluation.objects.select_related("case__board").get(pk=evaluation.pk)


def graded(evaluation: Evaluation, score: str = "80") -> None:
    given: dict[str, dict[str, str]] = {}
    for row in evaluating.rows(evaluation):
        cells = {i["name"]: score for i, _ in row.scores}
        given[row.institution.code] = cells | {"依据": "全年运行记录"}
    evaluating.grade(actor=cast()["dsf"], on=JULY, evaluation=fresh(evaluation), given=given)


def decided(evaluation: Evaluation) -> None:
    act("shy", evaluation.case, "file")
    act("kw", evaluation.case, "approve")
    graded(evaluation)
    act("dsf", evaluation.case, "file")


def required(evaluation: Evaluation, **changes: Any) -> Requirement:
    given: dict[str, Any] = {
        "institution": Institution.objects.get(code="CU"),
        "text": "缩短开通用时",
        "due_on": DUE,
    } | changes
    return evaluating.require(actor=cast()["kw"], on=JULY, evaluation=fresh(evaluation), **given)


def test_R094_评的是这一年用过资源的单位和供过的服务商_总分照权重合计(evaluation: Evaluation) -> None:
    assert {one.code for one in evaluating.subjects(evaluation)} == {
        "CU",
        Institution.objects.get(name=cast()["mzj"].institution_name).code,
    }
    act("shy", evaluation.case, "file")
    act("kw", evaluation.case, "approve")
    cells = {"建设": "90", "服务提供": "80.5", "运行维护": "70", "安全保障": "100", "依据": "记录"}
    evaluating.grade(actor=cast()["dsf"], on=JULY, evaluation=fresh(evaluation), given={"CU": cells})
    row = next(row for row in evaluating.rows(evaluation) if row.institution.code == "CU")
    assert row.total == Decimal("85.125")


def test_R094_权重合计不到一百_名称重复_不是数的_都拒绝(evaluation: Evaluation) -> None:
    def draw(*rows: tuple[str, str, str], who: str = "shy") -> None:
        evaluating.draw_up(
            actor=cast()[who], evaluation=fresh(evaluation),
            rows=[{"kind": kind, "name": name, "weight": weight} for kind, name, weight in rows],
        )  # fmt: skip

    with pytest.raises(Refused) as refused:
        draw(("使用单位", "甲", "60"), ("使用单位", "甲", "30"), ("服务商", "乙", "一百"))
    assert len(refused.value.problems) == 2
    with pytest.raises(Refused, match="合计 90，应为 100"):
        draw(("使用单位", "甲", "90"), ("服务商", "乙", "100"))
    with pytest.raises(NotYours):
        draw(("使用单位", "甲", "100"), ("服务商", "乙", "100"), who="dsf")
    draw(("使用单位", "甲", "100"), ("服务商", "乙", "100"))
    act("shy", evaluation.case, "file")
    with pytest.raises(Refused, match="不能改方案"):
        draw(("使用单位", "甲", "100"), ("服务商", "乙", "100"))


def test_R094_分数越界_没写依据_都指出是哪家哪项_一家都不记(evaluation: Evaluation) -> None:
    act("shy", evaluation.case, "file")
    act("kw", evaluation.case, "approve")
    cells = {"建设": "101", "服务提供": "", "运行维护": "70", "安全保障": "-1", "依据": ""}
    with pytest.raises(Refused) as refused:
        evaluating.grade(actor=cast()["dsf"], on=JULY, evaluation=fresh(evaluation), given={"CU": cells})
    text = "\n".join(refused.value.problems)
    assert all(name in text for name in ("“建设”", "“服务提供”", "“安全保障”", "依据"))
    assert not Grade.objects.exists()
    with pytest.raises(Refused, match="还没有打全分"):
        act("dsf", evaluation.case, "file")


def test_R095_发布以后各看各的结果_知会整改_逐条销号才能办结(evaluation: Evaluation) -> None:
    decided(evaluation)
    requirement = required(evaluation)
    act("kw", evaluation.case, "publish")
    assert [one.institution.code for one in evaluating.published(cast()["lt"])] == ["CU"]
    assert evaluating.published(cast()["kw"]).count() == 2
    assert any("缩短开通用时" in n.text for n in unread(cast()["lt"]))
    with pytest.raises(Refused, match="还没有销号"):
        act("shy", evaluation.case, "close")

    def step(who: str, kind: str) -> Progress:
        return rectifying.advance(actor=cast()[who], on=JULY, requirement=requirement, kind=kind, text="核过")

    with pytest.raises(Refused, match="还没有回报"):
        step("shy", "销号")
    with pytest.raises(NotYours):
        step("mzj", "回报")
    step("lt", "回报")
    with pytest.raises(NotYours):
        step("lt", "销号")
    step("shy", "退回")
    step("lt", "回报")
    step("shy", "销号")
    with pytest.raises(Refused, match="销号"):
        step("lt", "回报")
    act("shy", evaluation.case, "close")
    assert fresh(evaluation).case.board.outcome == "done"


def test_R095_打完分才提整改_期限在将来_不在评估里的不提(evaluation: Evaluation) -> None:
    with pytest.raises(Refused, match="打完分才提"):
        required(evaluation)
    decided(evaluation)
    with pytest.raises(Refused, match="期限"):
        required(evaluation, due_on=JULY)
    with pytest.raises(Refused, match="不在这次评估里"):
        required(evaluation, institution=Institution.objects.get(code="CM"))
    with pytest.raises(NotYours):
        evaluating.require(
            actor=cast()["dsf"], on=JULY, evaluation=fresh(evaluation), institution=Institution.objects.get(code="CU"),
            text="x", due_on=DUE,
        )  # fmt: skip
    assert not Requirement.objects.exists()


def test_R094_页面上打分_填错的原样留着_服务商打不开别家的(evaluation: Evaluation) -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    act("shy", evaluation.case, "file")
    act("kw", evaluation.case, "approve")

    url = f"/evaluations/{evaluation.case.number}/"
    cells = {"CU:建设": "九十", "CU:服务提供": "88", "CU:运行维护": "88", "CU:安全保障": "88", "CU:依据": "全年记录"}
    page = signed_in("dsf").post(url, {"do": "grade", **cells})
    assert page.status_code == 422
    assert "九十" in page.content.decode()
    assert "全年记录" in page.content.decode()
    assert signed_in("dsf").post(url, {"do": "grade", **cells, "CU:建设": "90"}).status_code == 302
    assert Grade.objects.get().scores["建设"] == "90"
    assert signed_in("lt").get(url).status_code == 403
    assert not Published.objects.exists()
    assert signed_in("lt").get("/evaluations/").status_code == 200


def test_R095_整改页上各看各的_服务商回报_区科创中心销号(evaluation: Evaluation) -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    decided(evaluation)
    requirement = required(evaluation)
    act("kw", evaluation.case, "publish")

    url = f"/rectifications/{requirement.pk}/"
    assert "回报整改" in signed_in("lt").get("/rectifications/").content.decode()
    assert "缩短开通用时" not in signed_in("dx").get("/rectifications/").content.decode()
    assert signed_in("dx").post(url, {"kind": "回报", "text": "x"}).status_code == 404
    assert signed_in("lt").post(url, {"kind": "回报", "text": "加了人"}).status_code == 302
    assert "核实销号" in signed_in("shy").get("/rectifications/").content.decode()
    assert signed_in("shy").post(url, {"kind": "销号", "text": "看过"}).status_code == 302
    assert "已销号" in signed_in("lt").get("/rectifications/").content.decode()
    assert "已销号" in signed_in("kw").get(f"/evaluations/{evaluation.case.number}/").content.decode()


# ── 结果用于资源调整 ──


def test_R095_没有可评的_方案不能报审_也就无从发布() -> None:
    case = evaluating.start(actor=cast()["shy"], on=JULY, year=YEAR)
    with pytest.raises(Refused, match="2025 服务年度没有单位用过资源，没有可评的，不能往下办"):
        act("shy", case, "file")
    assert fresh(Evaluation.objects.get(case=case)).case.board.step == "draft"
    act("shy", case, "withdraw", opinion="起错年度")
    assert not Published.objects.exists()


def test_R095_方案批了以后资源都作废了_没有可评的不能送审发布(evaluation: Evaluation) -> None:
    decided(evaluation)
    Segment.objects.all().delete()
    with pytest.raises(Refused, match="没有可评的"):
        act("kw", evaluation.case, "publish")
    assert not Published.objects.exists()


def test_R095_发布的结果摆在该单位申请的旁边_没有发布的_别的角色看不到(evaluation: Evaluation) -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    decided(evaluation)
    unit = Institution.objects.get(name=cast()["mzj"].institution_name)
    required(evaluation, institution=unit, text="闲置的主机缩配")
    walk = Walk(cast(), "mzj", JULY, "new", project_name="再要一批").fill(**FILLED).submit().act("mzj-fzr", "approve")
    other = (
        Walk(cast(), "jyj", JULY, "new", project_name="别的单位的").fill(**FILLED).submit().act("jyj-fzr", "approve")
    )

    def shown(who: str, case: Case) -> bool:
        response = signed_in(who).get(f"/cases/{case.number}/")
        assert response.status_code == 200, who
        text = response.content.decode()
        return "的效能评估" in text and "闲置的主机缩配" in text

    assert not shown("shy", walk.case)
    act("kw", evaluation.case, "publish")
    assert all(shown(who, walk.case) for who in ("shy", "kw", "mzj-fzr"))
    assert not shown("shy", other.case)
    assert not shown("lt", walk.case)
