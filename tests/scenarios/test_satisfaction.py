"""满意率从哪里来（D62-附件5 G，R-092）：手填的附文件；办了调查的由问卷计，调查没办完考核办不下去。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.support.appraisal import SHEET, page, sent, started, unicom
from tests.support.people import cast, signed_in
from tests.support.year import JULY, REPORT, YEAR, act, appraised, self_paid, used
from yunheng.assessment import operations, queries, surveying, views
from yunheng.assessment.models import Satisfaction, Score, Survey, Ticket
from yunheng.audit.refused import Refused
from yunheng.cases.models import Board, Case
from yunheng.cases.operations import open_case
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.rules.digest import sm3_bytes
from yunheng.settlement.runs.package import _satisfaction

pytestmark = pytest.mark.django_db

# ── 满意率从哪里来 ──


def by_hand(**changed: Any) -> None:
    given: dict[str, Any] = {
        "actor": cast()["dsf"], "on": JULY, "provider": unicom(), "year": YEAR, "rate": Decimal(95),
        "basis": "别处的问卷", "document": REPORT,
    }  # fmt: skip
    operations.rate(**{**given, **changed})


def surveying_now() -> Case:
    return surveying.start(
        actor=cast()["dsf"], on=JULY, year=YEAR, mode="普查", ratio=100, seed="1", closes_on=date(2026, 7, 20)
    )


@pytest.mark.parametrize("document", [("", b""), ("报告.pdf", b"")])
def test_R092_手填满意率不附第三方出具的文件_拒绝(document: tuple[str, bytes]) -> None:
    with pytest.raises(Refused, match="R-092"):
        by_hand(document=document)
    assert not Satisfaction.objects.exists()


def test_R092_附了文件的手填满意率留下原件和摘要_各方能下载_别家的服务商不能() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    by_hand()
    kept = Satisfaction.objects.get().file
    assert kept.digest == sm3_bytes(REPORT[1])
    url = f"/assessment/rate/{kept.satisfaction_id}/file/"
    assert signed_in("lt").get(url).content == REPORT[1]
    assert signed_in("dx").get(url).status_code == 404


def test_R092_有问卷的年度不能手填满意率_撤回了的可以() -> None:
    case = surveying_now()
    with pytest.raises(Refused, match=rf"{case.number}.*不能手填"):
        by_hand()
    act("dsf", case, "withdraw", opinion="方案错了")
    by_hand()
    assert Satisfaction.objects.count() == 1


# ── 手填在先、调查在后 ──


def undone(survey: Case) -> str:
    return rf"的满意度调查（{survey.number}）还没有办完：先结束满意度调查，或撤回、作废，再办考核（D62-附件5，R-092）"


def test_R092_手填在先调查在后_调查没办完手填的不计分_账目里也没有_页面说明() -> None:
    by_hand(rate=Decimal(100))
    survey = surveying_now()
    assert queries.mark(unicom(), YEAR).satisfaction is None
    assert queries.mark(unicom(), YEAR).total is None
    assert list(_satisfaction(YEAR)) == []
    sheet = queries.sheet(unicom(), YEAR)
    assert (sheet.satisfaction, sheet.total) == (None, None)
    assert f"满意度调查（{survey.number}）还没有结束" in sheet.basis
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    assert f"满意度调查（{survey.number}）还没有结束" in page("lt", SHEET)
    assert "早先手填的先不计分" in page("dsf", "/assessment/", year=str(YEAR))


def test_R092_调查没办完_送确认拒绝_发放了的照样拒绝() -> None:
    by_hand(rate=Decimal(100))
    used()
    survey, case = surveying_now(), started()
    with pytest.raises(Refused, match=undone(survey)):
        act("dsf", case, "file")
    act("dsf", survey, "issue")
    with pytest.raises(Refused, match=undone(survey)):
        act("dsf", case, "file")
    assert Board.objects.get(case=case).step == "draft"


def test_R092_老的件送出以后还有没办完的调查_复核_审定都拒绝_锁定不了() -> None:
    case = sent()
    act("lt", case, "accept")
    # 有这条规矩以前起的
    survey = old_survey()
    with pytest.raises(Refused, match=undone(survey)):
        act("shy", case, "approve")
    Board.objects.filter(case=survey).update(outcome="withdrawn")
    act("shy", case, "approve")
    Board.objects.filter(case=survey).update(outcome="")
    with pytest.raises(Refused, match=undone(survey)):
        act("kw", case, "approve")
    assert not Score.objects.exists()


def old_survey() -> Case:
    """绕过关口直接写进库里的一次调查。"""
    dsf = cast()["dsf"]
    unit = Institution.objects.get(kind="third_party")
    case = open_case(actor=dsf, on=JULY, procedure_code="survey", unit=unit, subject="早先的调查")
    Survey.objects.create(case=case, service_year=YEAR, mode="普查", ratio=100, seed="1", closes_on=date(2026, 7, 20))
    return case


def test_R092_调查撤回_作废以后手填的又算() -> None:
    by_hand(rate=Decimal(100))
    used()
    first = surveying_now()
    act("dsf", first, "withdraw", opinion="方案错了")
    assert queries.mark(unicom(), YEAR).satisfaction == "100"
    second = surveying_now()
    act("dsf", second, "issue")
    assert queries.mark(unicom(), YEAR).satisfaction is None
    act("dsf", second, "void", opinion="没有人填")
    assert queries.mark(unicom(), YEAR).satisfaction == "100"
    case = started()
    act("dsf", case, "file")
    assert Board.objects.get(case=case).step == "reply"


def test_R092_调查结束以后照问卷计_不照先前手填的_没有回答的一家仍照手填() -> None:
    by_hand(rate=Decimal(100))
    telecom = Institution.objects.get(code="CT")
    by_hand(rate=Decimal(96), provider=telecom)
    used()
    self_paid()
    survey = surveying_now()
    act("dsf", survey, "issue")
    for who, grade in (("mzj", "满意"), ("jd", "不满意")):
        actor = cast()[who]
        ticket = Ticket.objects.get(survey__case=survey, unit=actor.institution)
        token = surveying.claim(actor=actor, on=JULY, ticket=ticket)
        surveying.answer(on=JULY, token=token, grades={"CU": grade}, comments={})
    act("dsf", survey, "close")
    assert queries.mark(unicom(), YEAR).satisfaction == "50"
    assert queries.mark(telecom, YEAR).satisfaction == "96"
    case = started()
    act("dsf", case, "file")
    assert queries.sheet(unicom(), YEAR).satisfaction == "50"


def test_R093_有一家送了服务商确认_不能再起调查_退回了才能() -> None:
    case = sent()
    with pytest.raises(
        Refused, match=rf"{case.number}）已送“服务商确认”，不能再调查满意度；要调查的，请区科创中心先退回"
    ):
        surveying_now()
    assert not Survey.objects.exists()
    act("lt", case, "accept")
    act("shy", case, "return", opinion="改办问卷")
    surveying_now()
    assert queries.mark(unicom(), YEAR).satisfaction is None


def test_R093_审定锁定了的不受后来留下的调查影响_账目照锁定的满意率() -> None:
    appraised()
    before = queries.satisfaction(YEAR)
    old_survey()
    assert queries.satisfaction(YEAR) == before != {}
    assert queries.mark(unicom(), YEAR).satisfaction == "95"


def test_R092_满意率只由读数那一处读_它不收的这里也不收_试算也是(monkeypatch: pytest.MonkeyPatch) -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})

    def never(text: str, places: int) -> Decimal:
        raise ValueError(f"读数那一处不收“{text}”，{places} 位")

    monkeypatch.setattr(views, "decimal_of", never)
    given = {"year": YEAR, "provider": "CU", "rate": "9_5", "basis": "问卷", "file": SimpleUploadedFile(*REPORT)}
    response = signed_in("dsf").post("/assessment/rate/", given)
    assert (response.status_code, "读数那一处不收“9_5”，3 位" in response.content.decode()) == (422, True)
    tried = signed_in("dsf").get(SHEET, {"try": "1", "rate": "9_5"})
    assert (tried.status_code, "读数那一处不收“9_5”，3 位" in tried.content.decode()) == (422, True)
    assert not Satisfaction.objects.exists()
