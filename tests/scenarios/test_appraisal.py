"""服务商考核表（D62-附件5，R-078、R-091、R-093）：证据和责任、扣完为止、总分的后果、审定锁定、附件5 的文件。"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest

from tests.support.appraisal import SHEET, at_july, decided, page, rated, record, sent, unicom
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, appraised, measured, self_paid, used
from yunheng.assessment import operations, queries
from yunheng.assessment.models import Appraisal, Evidence, Occurrence, Satisfaction, Score
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.board import board_differences
from yunheng.cases.models import Board, Case
from yunheng.cases.notifying import remind
from yunheng.cases.operations import open_case
from yunheng.cases.queries import position, todo, unread
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.orgs.models import BusinessClock, Institution, Person
from yunheng.rules.digest import canonical, sm3, sm3_bytes
from yunheng.rules.scoring import INDICATORS

pytestmark = pytest.mark.django_db

# ── 证据和责任 ──


def test_R091_登记附证据_记SM3_以后还能补_各方都取得到原文件() -> None:
    one = record(files=[("来函.pdf", b"%PDF-1.7"), ("工单.txt", b"GD-1")])
    operations.prove(actor=cast()["shy"], on=JULY, occurrence=one, name="通话记录.txt", content=b"13:05")
    (fact,) = queries.sheet(unicom(), YEAR).facts
    assert [file.name for file in fact.files] == ["来函.pdf", "工单.txt", "通话记录.txt"]
    assert fact.files[0].digest == sm3_bytes(b"%PDF-1.7")
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    url = fact.files[0].href
    assert signed_in("lt").get(url).content == b"%PDF-1.7"
    for who, status in (("dsf", 200), ("shy", 200), ("kw", 200), ("dx", 404), ("mzj", 403), ("cz", 403)):
        assert signed_in(who).get(url).status_code == status, who


@pytest.mark.parametrize("responsibility", ["", "有一点"])
def test_R091_没有责任的不能登记(responsibility: str) -> None:
    with pytest.raises(Refused, match="请选服务商负什么责任：全部责任、主要责任、次要责任、无责任"):
        record(responsibility=responsibility)
    assert not Occurrence.objects.exists()


def test_R091_没有来源编号的不能登记_几处不对一次说全() -> None:
    with pytest.raises(Refused) as refused:
        record(reference=" ", text=" ", responsibility="", happened_on=date(2026, 7, 9))
    assert len(refused.value.problems) == 5


def test_R091_同一家同一指标同一编号只记一次_换一家换一项可以() -> None:
    record()
    with pytest.raises(Refused, match=r"联通的“有责投诉\(B\)”已有 来函-1 这一起（2026-03-02 .+同一回事只记一次"):
        record(happened_on=date(2026, 4, 1), text="又写了一遍")
    for same in ("来函－1", "来函\u200b-1", "来函–1", "来函 -1"):
        with pytest.raises(Refused, match="同一回事只记一次"):
            record(reference=same)
    record("C")
    record(provider=Institution.objects.get(code="CT"))
    assert Occurrence.objects.count() == 3


def test_R091_证据太大空的都不收_事件也不留(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MAX_ATTACHMENT", 4)
    with pytest.raises(Refused, match="超过 0 MB，请压缩"):
        record(files=[("小.txt", b"1"), ("大.pdf", b"12345")])
    with pytest.raises(Refused, match="是空的，请重新选择文件"):
        record(files=[("空.txt", b"")])
    assert not Occurrence.objects.exists()
    one = record(files=())
    with pytest.raises(Refused, match="超过 0 MB，请压缩"):
        operations.prove(actor=cast()["dsf"], on=JULY, occurrence=one, name="大.pdf", content=b"12345")
    assert not Evidence.objects.exists()


def test_R091_服务商_区科委不能补登记的证据() -> None:
    one = record(files=())
    for who in ("lt", "kw"):
        with pytest.raises(NotYours, match="由第三方机构或区科创中心附"):
            operations.prove(actor=cast()[who], on=JULY, occurrence=one, name="甲.txt", content=b"1")
    assert not Evidence.objects.exists()


@pytest.mark.parametrize(
    ("indicator", "responsibility", "points"),
    [
        ("A", "全部责任", "1"), ("A", "主要责任", "1"), ("A", "次要责任", "0"), ("A", "无责任", "0"),
        ("B", "次要责任", "5"), ("B", "无责任", "0"), ("E", "主要责任", "5"), ("F", "次要责任", "3"),
    ],
)  # fmt: skip
def test_R091_及时性要全部或主要责任才扣_其余有责就扣(indicator: str, responsibility: str, points: str) -> None:
    record(indicator, responsibility=responsibility)
    sheet = queries.sheet(unicom(), YEAR)
    (line,) = (line for line in sheet.lines if line.letter == indicator)
    assert line.deducted == points
    assert sheet.facts[0].counted == (points != "0")
    assert queries.counted(YEAR).exists() == (points != "0")


def test_R093_无责任的由区科创中心复核认定有责_照扣_写明理由() -> None:
    one = record(responsibility="无责任")
    with pytest.raises(Refused, match="理由"):
        operations.find(actor=cast()["shy"], on=JULY, occurrence=one, counted=True, reason=" ")
    operations.find(actor=cast()["shy"], on=JULY, occurrence=one, counted=True, reason="值班记录缺失")
    sheet = queries.sheet(unicom(), YEAR)
    assert (sheet.lines[1].score, sheet.facts[0].finding) == ("5", "值班记录缺失")


def test_R091_超期任务自动成的事件记全部责任_申辩考核超期不算() -> None:
    walk = Walk(cast(), "mzj", date(2026, 6, 1), "new", project_name="逾期开通").fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").act("shy", "approve")
    assert operations.arise(date(2026, 7, 1)) == 1
    case = sent()
    assert Case.objects.get(pk=case.pk).board.step == "reply"
    one = Occurrence.objects.get()
    assert (one.case, one.responsibility, one.indicator) == (walk.case, "全部责任", "A")
    assert operations.arise(date(2026, 12, 1)) == 0


# ── 扣完为止、总分的后果 ──


def test_R091_扣完为止_该扣多少实扣多少都写明() -> None:
    for number in range(3):
        record("B", f"来函-{number}")
    rated("88.5")
    sheet = queries.sheet(unicom(), YEAR)
    line = sheet.lines[1]
    assert (line.asked, line.deducted, line.score, line.floored) == ("15", "10", "0", True)
    assert sheet.lines[6].sentence == (
        "满意率 88.5%，比 90% 低 1.5 个百分点，按比例扣（口径 K-06），计 1.5 档：40 分 × 2% × 1.5"
    )
    assert (sheet.total, sheet.rate) == ("88.8", "0.05")
    assert sheet.consequence == "总分 88.8 分，低于 90 分，扣减当年结算金额的 5%（D62-附件5）。"


def test_R078_扣减合多少钱与计量的扣减相同_换个比例照样能算() -> None:
    used()
    self_paid()
    for number in range(3):
        record("B", f"来函-{number}")
    appraised(rates={"CU": "88.5"})
    run = measured()
    (row,), (own,) = run.head["summary"]["unified"], run.head["summary"]["self"]
    rate = queries.sheet(unicom(), YEAR).rate
    found = queries.amount(unicom(), YEAR, rate)
    assert found is not None
    assert (f"{found.gross:.2f}", f"{found.deduction:.2f}", f"{found.net:.2f}") == (
        row["gross"], row["deduction"], row["net"],
    )  # fmt: skip
    assert (rate, f"{found.own_gross:.2f}", f"{found.own_deduction:.2f}") == ("0.05", own["gross"], "0.00")
    tenth = queries.amount(unicom(), YEAR, "0.1")
    assert tenth is not None
    assert tenth.deduction == (found.gross / 10).quantize(Decimal("0.01"), ROUND_HALF_UP)
    at_july()
    assert f"{found.deduction:,.2f} 元" in page("lt", SHEET)


def test_R078_没有计量的_没有满意率的_都不说合多少钱() -> None:
    assert queries.amount(unicom(), YEAR, "0.05") is None
    used()
    measured()
    assert queries.sheet(unicom(), YEAR).rate is None
    assert queries.amount(unicom(), YEAR, None) is None


# ── 流程和锁定 ──


def test_R093_送服务商确认以后第三方不能再登记_不能改满意率_退回了才能() -> None:
    case = sent()
    for who in ("dsf", "shy"):
        with pytest.raises(
            Refused, match=rf"（{case.number}）已送“服务商确认”，不能再登记；要补的，请区科创中心先退回"
        ):
            record(actor=cast()[who])
    with pytest.raises(Refused, match="已送“服务商确认”"):
        rated("60")
    with pytest.raises(NotYours, match="在云服务商手上"):
        act("dsf", case, "accept")
    act("lt", case, "accept")
    act("shy", case, "return", opinion="漏了一起投诉")
    record()
    assert Occurrence.objects.count() == Satisfaction.objects.count() == 1


def test_R093_服务商五个工作日内确认或申辩_期限是参照() -> None:
    case = sent()
    at = position(case)
    assert at.due is not None
    assert at.limit is not None
    # 2026-07-08 周三送出，次日起数五个工作日
    assert (at.due.date, at.limit.reference) == (date(2026, 7, 15), True)


DUE = date(2026, 7, 15)
SILENT = "考核表 7 月 8 日送达，14 日电话催过，没有答复"


def test_R093_服务商期满不答复_区科创中心按视为无异议办_考核照样审定锁定() -> None:
    case = sent()
    act("shy", case, "lapse", date(2026, 7, 16), SILENT)
    assert seen_step(case) == "review"
    act("shy", case, "approve", date(2026, 7, 16))
    act("kw", case, "approve", date(2026, 7, 16))
    assert Score.objects.get().appraisal.case == case
    assert board_differences(Case.objects.get(pk=case.pk)) is None
    BusinessClock.objects.update_or_create(id=1, defaults={"on": date(2026, 7, 16)})
    assert "期满未答复，视为无异议" in page("lt", f"/cases/{case.number}/")


def seen_step(case: Case) -> str:
    return Board.objects.get(case=case).step


@pytest.mark.parametrize("day", [JULY, DUE])
def test_R093_期限没有过_区科创中心不能视为无异议_写明到哪天(day: date) -> None:
    case = sent()
    with pytest.raises(
        Refused, match=r"“服务商确认”的期限到 2026-07-15（含），过了才能办“期满未答复，视为无异议”.+R-093"
    ):
        act("shy", case, "lapse", day, SILENT)
    assert seen_step(case) == "reply"
    assert case.events.count() == 1


def test_R093_视为无异议要写明意见_只能区科创中心办_服务商期满以后仍可以答复() -> None:
    case, late = sent(), date(2026, 7, 16)
    with pytest.raises(Refused, match="“期满未答复，视为无异议”要写明意见"):
        act("shy", case, "lapse", late)
    with pytest.raises(NotYours, match="不由区科创中心审核员办"):
        act("shy", case, "accept", late)
    for who in ("dsf", "kw"):
        with pytest.raises(NotYours, match="在云服务商手上"):
            act(who, case, "lapse", late, SILENT)
    with pytest.raises(Refused, match="没有这个动作"):
        act("lt", case, "lapse", late, SILENT)
    act("lt", case, "accept", late)
    assert seen_step(case) == "review"


def test_R093_期满的第二天才进区科创中心的待办_提醒也写明能办什么() -> None:
    case = sent()
    shy = cast()["shy"]
    assert not todo(shy, DUE).exists()
    assert [one.case for one in todo(shy, date(2026, 7, 16))] == [case]
    # 转给服务商的另一个人，也不妨碍区科创中心接着办
    Board.objects.filter(case=case).update(assignee=Person.objects.get(username="demo.lt"))
    assert todo(shy, date(2026, 7, 16)).exists()
    assert not todo(cast()["dsf"], date(2026, 7, 16)).exists()
    remind(date(2026, 7, 15))
    assert not unread(shy).exists()
    remind(date(2026, 7, 16))
    assert "可以办“期满未答复，视为无异议”" in unread(shy).get().text
    for day, offered in ((DUE, False), (date(2026, 7, 16), True)):
        BusinessClock.objects.update_or_create(id=1, defaults={"on": day})
        shown = page("shy", f"/cases/{case.number}/")
        assert ('value="lapse"' in shown) is offered
        assert "过了 2026-07-15 还没有办的，由区科创中心审核员办" in " ".join(shown.split())
        assert 'value="lapse"' not in page("lt", f"/cases/{case.number}/")


def test_R093_审定锁定整张表_以后照锁定的看_与现算的分毫不差() -> None:
    score = decided("当日已回电")
    content = score.content
    assert sm3(canonical(content)) == score.digest
    kept = content["sheet"]
    assert [line["title"] for line in kept["lines"]] == [one.title for one in INDICATORS.values()]
    (fact,) = kept["facts"]
    assert fact["text"] == "开通慢，来函投诉"
    assert [fact["files"][0]["name"], fact["replies"][0]["text"], fact["finding"]] == [
        "来函.pdf", "当日已回电", "回电在三小时以后",
    ]  # fmt: skip
    shown = queries.sheet(unicom(), YEAR)
    assert shown == queries.live_sheet(unicom(), YEAR)
    assert (shown.total, shown.rate) == (content["total"], content["deduction_rate"]) == ("95", "0")
    # 锁定的表不再算：底下的名字改了，锁定的还是当时的
    Institution.objects.filter(code="CU").update(name="改了名的公司")
    assert queries.sheet(unicom(), YEAR).provider == kept["provider"] != "改了名的公司"
    assert queries.mark(unicom(), YEAR).total == "95"


def test_R093_审定以后什么都添不进() -> None:
    score = decided()
    one = Occurrence.objects.get()
    tries = (
        lambda: record(reference="来函-2"),
        lambda: rated("60"),
        lambda: operations.prove(actor=cast()["dsf"], on=JULY, occurrence=one, name="甲.txt", content=b"1"),
        lambda: operations.reply(actor=cast()["lt"], on=JULY, occurrence=one, text="不服"),
        lambda: operations.find(actor=cast()["shy"], on=JULY, occurrence=one, counted=False, reason="算了"),
    )
    before = queries.sheet(unicom(), YEAR)
    for attempt in tries:
        with pytest.raises(Refused, match="已审定锁定，不能再改"):
            attempt()
    with pytest.raises(Refused, match="不能再办"):
        act("kw", score.appraisal.case, "approve")
    assert queries.sheet(unicom(), YEAR) == before
    assert (Occurrence.objects.count(), Evidence.objects.count(), Satisfaction.objects.count()) == (1, 1, 1)


def test_R093_早先只存了分的审定_照样看得到_分照锁定的() -> None:
    record()
    appraisal = Appraisal.objects.create(case=started_case(), provider=unicom(), service_year=YEAR)
    old = {"scores": dict.fromkeys("ABCDEFG", "9"), "total": "69", "deduction_rate": "0.15", "satisfaction": "70",
           "occurrences": []}  # fmt: skip
    Score.objects.create(appraisal=appraisal, content=old, digest=sm3(canonical(old)), on=JULY)
    sheet = queries.sheet(unicom(), YEAR)
    assert (sheet.total, sheet.rate, sheet.facts[0].text) == ("69", "0.15", "开通慢，来函投诉")
    assert "低于 70 分，扣减当年结算金额的 15%" in sheet.consequence
    assert queries.mark(unicom(), YEAR).scores == old["scores"]


def started_case() -> Case:
    dsf = cast()["dsf"]
    unit = Institution.objects.get(kind="third_party")
    return open_case(actor=dsf, on=JULY, procedure_code="appraisal", unit=unit, subject="早先的考核", provider=unicom())
