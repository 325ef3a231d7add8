"""满意度调查（D62-附件5 G，R-092）：抽样可复现，链接只用一次，答卷不记是谁，满意率照答卷算。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from tests.support.people import cast, signed_in
from tests.support.year import JULY, REPORT, YEAR, act, appraised, seen, self_paid, used
from yunheng.assessment import operations as assessment
from yunheng.assessment import queries, surveying
from yunheng.assessment.models import Answer, Satisfaction, Survey, Ticket
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Board, Case
from yunheng.cases.queries import unread
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.orgs.operations import decide_convention

pytestmark = pytest.mark.django_db
CLOSES = date(2026, 7, 20)
AFTER = date(2026, 7, 21)


@pytest.fixture(autouse=True)
def units() -> None:
    """民政局、街道各用联通的资源。"""
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    used()
    self_paid()


def started(**changes: Any) -> Case:
    given: dict[str, Any] = {
        "mode": Survey.CENSUS,
        "ratio": 100,
        "seed": "2026-07",
        "closes_on": CLOSES,
        "year": YEAR,
    } | changes
    return surveying.start(actor=cast()["dsf"], on=JULY, **given)


def issued(**changes: Any) -> Survey:
    case = started(**changes)
    act("dsf", case, "issue")
    return Survey.objects.get(case=case)


def link(survey: Survey, who: str) -> str:
    actor = cast()[who]
    ticket = Ticket.objects.get(survey=survey, unit=actor.institution)
    return surveying.claim(actor=actor, on=JULY, ticket=ticket)


def answer(token: str, on: date = JULY, **grades: str) -> int:
    return surveying.answer(on=on, token=token, grades=grades, comments={})


# ── 抽样 ──


def test_R092_普查发给每个用过资源的单位_知会去填() -> None:
    survey = issued()
    assert {t.unit.name for t in survey.tickets.all()} == {
        cast()["mzj"].institution_name,
        cast()["jd"].institution_name,
    }
    notice = next(n for n in unread(cast()["mzj"]) if "问卷" in n.text)
    assert notice.href == "/survey/"


def test_R092_分层抽样每层至少抽一家_同一个种子抽出同样的单位_换了种子才可能不同() -> None:
    names = [
        Institution.objects.create(
            code=f"TT{n}", name=f"测试局{n}", kind="using_unit", level="district", nature="district"
        )
        for n in range(20)
    ]
    survey = Survey.objects.get(case=started(mode=Survey.STRATIFIED, ratio=30))
    monkey: dict[int, list[Institution]] = {
        unit.pk: [] for unit in [*names, *Institution.objects.filter(pk__in=surveying.used_by(YEAR))]
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(surveying, "used_by", lambda _year: monkey)
        drawn = surveying.sample(survey)
        assert [len(one.drawn) for one in drawn] == [7, 1]
        assert surveying.sample(survey) == drawn
        survey.seed = "别的种子"
        assert surveying.sample(survey)[0].drawn != drawn[0].drawn


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        ({"ratio": 0}, "1% 至 100%"),
        ({"ratio": 101}, "1% 至 100%"),
        ({"seed": " "}, "种子"),
        ({"mode": "挑几家"}, "普查、分层抽样"),
        ({"closes_on": JULY}, "截止日"),
        ({"year": 2026, "closes_on": JULY}, "截止日"),
    ],
)
def test_R092_方案写得不对的拒绝(changes: dict[str, Any], fragment: str) -> None:
    with pytest.raises(Refused, match=fragment):
        started(**changes)
    assert not Survey.objects.exists()


def test_R092_不是第三方的不能调查_一年只有一次() -> None:
    with pytest.raises(NotYours):
        surveying.start(actor=cast()["lt"], on=JULY, year=YEAR, mode="普查", ratio=100, seed="x", closes_on=CLOSES)
    started()
    with pytest.raises(Refused, match="已有满意度调查"):
        started()


# ── 填写 ──


def test_R092_匿名填写_答卷上没有单位_满意率照答卷算_记进考核() -> None:
    survey = issued()
    assert answer(link(survey, "mzj"), CU="满意") == 1
    assert answer(link(survey, "jd"), CU="不满意") == 1
    assert {f.name for f in Answer._meta.get_fields()} == {"id", "survey", "provider", "grade", "comment"}
    act("dsf", survey.case, "close")
    assert queries.satisfaction(YEAR) == {"CU": Decimal("50.000")}
    marked = queries.mark(Institution.objects.get(code="CU"), YEAR)
    assert marked.satisfaction == "50"


def test_R005_口径定了一般也算满意_满意率照新口径() -> None:
    survey = issued()
    decide_convention(actor=cast()["kw"], on=JULY, code="K-15", option="fair", reason="区里议定", effective_on=JULY)
    answer(link(survey, "mzj"), CU="一般")
    answer(link(survey, "jd"), CU="不满意")
    act("dsf", survey.case, "close")
    assert queries.satisfaction(YEAR) == {"CU": Decimal("50.000")}


def test_R092_一条链接只能用一次_再填一次拒绝_一份都不多记() -> None:
    survey = issued()
    token = link(survey, "mzj")
    answer(token, CU="满意")
    with pytest.raises(Refused, match=r"已经填过.*R-092"):
        answer(token, CU="不满意")
    with pytest.raises(Refused, match="已经填过"):
        link(survey, "mzj")
    assert [one.grade for one in Answer.objects.all()] == ["满意"]


def test_R092_领了新的旧的就作废_别单位的领不到_乱写的链接不认() -> None:
    survey = issued()
    old = link(survey, "mzj")
    new = link(survey, "mzj")
    with pytest.raises(Refused, match="链接不对"):
        answer(old, CU="满意")
    with pytest.raises(Refused, match="链接不对"):
        answer("乱写的", CU="满意")
    with pytest.raises(Refused, match="链接不对"):
        answer("", CU="满意")
    ticket = survey.tickets.order_by("pk")[0]
    with pytest.raises(NotYours):
        surveying.claim(actor=cast()["jyj"], on=JULY, ticket=ticket)
    answer(new, CU="一般")


def test_R092_有一家没评的不收_截止以后不收() -> None:
    survey = issued()
    token = link(survey, "mzj")
    with pytest.raises(Refused, match="请在满意"):
        answer(token)
    with pytest.raises(Refused, match="请在满意"):
        answer(token, CU="还行")
    with pytest.raises(Refused, match="截止"):
        answer(token, on=AFTER, CU="满意")
    assert not Answer.objects.exists()


def test_R092_没收齐的截止以后才能结束_一份没收回的不能算_截止前催一次() -> None:
    survey = issued()
    with pytest.raises(Refused, match="一份都没有收回"):
        act("dsf", survey.case, "close", AFTER)
    answer(link(survey, "mzj"), CU="满意")
    with pytest.raises(Refused, match="没收回"):
        act("dsf", survey.case, "close")
    assert surveying.chase(date(2026, 7, 10)) == 0
    assert surveying.chase(date(2026, 7, 17)) == 1
    assert surveying.chase(date(2026, 7, 17)) == 0
    assert any("还没有填" in n.text for n in unread(cast()["jd"]))
    act("dsf", survey.case, "close", AFTER)
    assert queries.satisfaction(YEAR) == {"CU": Decimal(100)}


def test_R092_问卷结束了_有回答的一家不能手填_没有人用过所以没有回答的一家附文件可以() -> None:
    survey = issued()

    def by_hand(provider: str) -> Satisfaction:
        return assessment.rate(
            actor=cast()["dsf"], on=JULY, provider=Institution.objects.get(code=provider), year=YEAR,
            rate=Decimal(96), basis="电话访谈 12 家", document=REPORT,
        )  # fmt: skip

    for code in ("CU", "CT"):
        with pytest.raises(Refused, match=rf"{survey.case.number}.*不能手填"):
            by_hand(code)
    answer(link(survey, "mzj"), CU="满意")
    answer(link(survey, "jd"), CU="满意")
    act("dsf", survey.case, "close")
    with pytest.raises(Refused, match=rf"{survey.case.number}.*不能手填"):
        by_hand("CU")
    assert by_hand("CT").file.content == REPORT[1]
    assert queries.satisfaction(YEAR) == {"CU": Decimal(100), "CT": Decimal(96)}


def test_R093_考核审定了的年度_不能再调查() -> None:
    appraised()
    with pytest.raises(Refused, match="审定锁定，不能再调查"):
        started()
    assert not Survey.objects.exists()


def test_R093_审定以前起了没发的调查_审定以后发不出去() -> None:
    case = started()
    Board.objects.filter(case=case).update(outcome="withdrawn")
    appraised()
    Board.objects.filter(case=case).update(outcome="")
    with pytest.raises(Refused, match="审定锁定，不能再调查"):
        act("dsf", case, "issue")
    assert seen(case) == 0


# ── 页面 ──


def test_R092_经办人领链接_不登录的人凭链接填_漏了的原样退回_填过再开说已填过() -> None:
    survey = issued()
    clerk = signed_in("mzj")
    assert "领一次性链接" in clerk.get("/survey/").content.decode()
    ticket = Ticket.objects.get(survey=survey, unit=cast()["mzj"].institution)
    url = clerk.post(f"/survey/{ticket.pk}/claim/").headers["Location"]
    anyone = Client()
    assert anyone.get(url).status_code == 200
    missed = anyone.post(url, {"comment:CU": "开通慢了两天"})
    assert missed.status_code == 422
    assert "开通慢了两天" in missed.content.decode()
    done = anyone.post(url, {"grade:CU": "一般", "comment:CU": "开通慢了两天"})
    assert "已收到" in done.content.decode()
    assert "已经填过" in anyone.get(url).content.decode()
    assert anyone.post(url, {"grade:CU": "满意"}).status_code == 422
    assert Answer.objects.get().comment == "开通慢了两天"
    assert anyone.get("/q/xxxx/").status_code == 404


# ── 一份都没有收回的 ──


def test_R092_一份都没收回的可以作废_链接失效_同一年可以另起() -> None:
    survey = issued()
    token = link(survey, "mzj")
    with pytest.raises(Refused, match="一份都没有收回，不能计满意率；请作废这一次，另起一次"):
        act("dsf", survey.case, "close", AFTER)
    act("dsf", survey.case, "void", AFTER, "截止日设得太早，没有单位填")
    assert surveying.ticket_for(token) is None
    assert Client().get(f"/q/{token}/").status_code == 404
    assert "已作废，不用再填" in unread(cast()["mzj"])[0].text
    assert "已作废，不用填" in signed_in("mzj").get("/survey/").content.decode()
    again = surveying.start(
        actor=cast()["dsf"], on=AFTER, year=YEAR, mode=Survey.CENSUS, ratio=100, seed="2026-08",
        closes_on=date(2026, 8, 20),
    )  # fmt: skip
    act("dsf", again, "issue", AFTER)
    assert Ticket.objects.filter(survey__case=again).count() == 2


def test_R092_作废的调查再领链接_再填都拒绝() -> None:
    survey = issued()
    act("dsf", survey.case, "void", JULY, "抽样方案写错了")
    actor = cast()["mzj"]
    ticket = Ticket.objects.get(survey=survey, unit=actor.institution)
    with pytest.raises(Refused, match="这次调查已作废，不再收"):
        surveying.claim(actor=actor, on=JULY, ticket=ticket)
    with pytest.raises(Refused, match="已是“已撤回”，不能再办"):
        act("dsf", survey.case, "close", AFTER)
    assert not Answer.objects.exists()


def test_R092_收回了的不能作废_没写意见的不能作废_只有一次在办() -> None:
    survey = issued()
    with pytest.raises(Refused, match="“作废，另起一次”要写明意见"):
        act("dsf", survey.case, "void")
    with pytest.raises(Refused, match="已有满意度调查"):
        started()
    answer(link(survey, "mzj"), CU="不满意")
    with pytest.raises(Refused, match="已收回 1 份，不能作废；收齐或者过了 2026-07-20 就结束调查"):
        act("dsf", survey.case, "void", JULY, "不想要这个结果")
    assert not Ticket.objects.filter(survey=survey, token_digest="", used=False, unit__code="MZJ").exists()
    act("dsf", survey.case, "close", AFTER)
    assert queries.satisfaction(YEAR) == {"CU": Decimal(0)}
