"""服务商考核表（D62-附件5，R-078、R-091、R-093）：证据和责任、扣完为止、总分的后果、审定锁定、附件5 的文件。"""

from __future__ import annotations

import io
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document

from tests.support.people import cast, signed_in
from tests.support.year import JULY, REPORT, YEAR, act, appraised, measured, seen, self_paid, used
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

DAY = date(2026, 3, 2)


def unicom() -> Institution:
    return Institution.objects.get(code="CU")


def record(indicator: str = "B", reference: str = "来函-1", **changed: Any) -> Occurrence:
    """第三方登记联通一起事件。"""
    given: dict[str, Any] = {
        "actor": cast()["dsf"], "on": JULY, "provider": unicom(), "happened_on": DAY, "text": "开通慢，来函投诉",
        "responsibility": "全部责任", "year": YEAR, "files": [("来函.pdf", b"%PDF-1.7 letter")],
    }  # fmt: skip
    return operations.record(**{**given, "indicator": indicator, "reference": reference, **changed})


def rated(rate: str = "95") -> None:
    operations.rate(
        actor=cast()["dsf"],
        on=JULY,
        provider=unicom(),
        year=YEAR,
        rate=Decimal(rate),
        basis="问卷 20 份",
        answers=20,
        document=REPORT,
    )


def started() -> Case:
    return operations.start(actor=cast()["dsf"], on=JULY, provider=unicom(), year=YEAR)


def sent(rate: str = "95") -> Case:
    """满意率记了，考核送到服务商手上。"""
    rated(rate)
    case = started()
    act("dsf", case, "file")
    return case


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


def decided(*replies: str) -> Score:
    """从送出办到区科委审定；有一起投诉，服务商申辩，复核仍计分。"""
    one = record(files=[("来函.pdf", b"%PDF-1.7")])
    for text in replies:
        operations.reply(actor=cast()["lt"], on=JULY, occurrence=one, text=text, name="回执.txt", content=b"ok")
    operations.find(actor=cast()["shy"], on=JULY, occurrence=one, counted=True, reason="回电在三小时以后")
    case = sent()
    act("lt", case, "appeal", opinion="见申辩")
    act("shy", case, "approve")
    act("kw", case, "approve")
    return Score.objects.get()


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


# ── 页面和附件5 ──


def at_july() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def page(who: str, url: str, **query: str) -> str:
    response = signed_in(who).get(url, query)
    assert response.status_code == 200, (who, url, response.status_code)
    return response.content.decode()


SHEET = f"/assessment/CU/{YEAR}/"


def test_R093_考核表谁看得到_别家的404_使用单位和三员403() -> None:
    at_july()
    seers = {"lt", "dsf", "shy", "kw"}
    for who, actor in cast().items():
        for url in (SHEET, f"{SHEET}annex5.docx", f"{SHEET}annex5.pdf"):
            expected = 200 if who in seers else 404 if who == "dx" else 403
            assert signed_in(who).get(url).status_code == expected, (who, actor.role, url)
    client = signed_in("shy")
    for url in ("/assessment/CU/2031/", "/assessment/CU/2021/", f"/assessment/XX/{YEAR}/", f"{SHEET}annex5.exe"):
        assert client.get(url).status_code == 404, url


def test_R091_考核表页照附件5_七项的叫法分值_每起有证据申辩复核_各角色能办的不同() -> None:
    one = record(files=[("来函.pdf", b"%PDF-1.7")])
    operations.reply(actor=cast()["lt"], on=JULY, occurrence=one, text="当日已回电")
    operations.find(actor=cast()["shy"], on=JULY, occurrence=one, counted=True, reason="回电在三小时以后")
    rated("88.5")
    at_july()
    text = page("kw", SHEET)
    for word in (
        "服务任务完成及时性(A)", "有责投诉(B)", "故障发生数(C)", "故障上报准确数(D)", "安全责任事故数(E)",
        "制度执行有效性(F)", "云服务满意率(G)", "来函.pdf", "当日已回电", "回电在三小时以后", "以此类推",
        "总分 93.8 分，不低于 90 分", "还没有计量",
    ):  # fmt: skip
        assert word in text, word
    for who in ("lt", "shy", "dsf", "kw"):
        shown = page(who, SHEET)
        assert ("提交申辩" in shown) == (who == "lt")
        assert ("记复核结论" in shown) == (who == "shy")
        assert ("附证据</button>" in shown) == (who in ("dsf", "shy"))
    assert "有责投诉(B)" in page("dsf", "/assessment/", year=str(YEAR))


def test_R078_试算什么都不存_标明试算_填错的退回() -> None:
    rated()
    at_july()
    text = page("lt", SHEET, **{"try": "1", "A": "12", "B": "3", "rate": "70"})
    assert "试算" in text
    assert "总分 64 分，低于 70 分，扣减当年结算金额的 15%（D62-附件5）。" in text
    assert "总分 100 分，不低于 90 分" in text
    assert (Occurrence.objects.count(), Satisfaction.objects.count()) == (0, 1)
    response = signed_in("lt").get(SHEET, {"try": "1", "A": "-1", "B": "１２", "rate": "120"})
    assert response.status_code == 422
    wrong = response.content.decode()
    assert "试算的服务任务完成及时性(A)应为 0 至 999 起" in wrong
    assert "试算的满意率应在 0 至 100 之间" in wrong
    assert 'value="-1"' in wrong


def test_R093_申辩_复核_补证据没办成_原样退回考核表() -> None:
    one = record()
    at_july()
    bad = signed_in("shy").post(f"/assessment/{one.pk}/find/", {"counted": "1", "reason": " "})
    assert (bad.status_code, "复核要写明理由" in bad.content.decode()) == (422, True)
    empty = signed_in("dsf").post(f"/assessment/{one.pk}/evidence/")
    assert (empty.status_code, "是空的" in empty.content.decode()) == (422, True)
    said = signed_in("lt").post(f"/assessment/{one.pk}/reply/", {"text": " "})
    assert (said.status_code, "申辩要写明理由" in said.content.decode()) == (422, True)
    assert signed_in("dx").post(f"/assessment/{one.pk}/reply/", {"text": "不服"}).status_code == 404


def test_R091_登记页_没选责任_编号重复_日期不在年度里_退回来填过的都在() -> None:
    at_july()
    given = {
        "year": YEAR, "provider": "CU", "indicator": "B", "on": "2026-03-02", "text": "来函投诉开通慢",
        "responsibility": "主要责任", "reference": "来函-7",
    }  # fmt: skip
    client = signed_in("dsf")
    for changed, word in (
        ({"responsibility": ""}, "请选择服务商负什么责任"),
        ({"on": "2025-06-30"}, "不在 2025 服务年度"),
        ({"on": "2026-07-30"}, "还没到"),
        ({"reference": ""}, "来源编号：请填写"),
        ({"on": "昨天"}, "日期应填成"),
    ):
        response = client.post("/assessment/", {**given, **changed})
        text = response.content.decode()
        assert response.status_code == 422, changed
        assert word in text
        assert "来函投诉开通慢" in text
    file = SimpleUploadedFile("来函.pdf", b"%PDF-1.7")
    done = client.post("/assessment/", {**given, "files": file})
    one = Occurrence.objects.get()
    assert (done.status_code, done.headers["Location"]) == (302, f"{SHEET}#e{one.pk}")
    assert Evidence.objects.get().name == "来函.pdf"
    again = client.post("/assessment/", given)
    assert (again.status_code, "只记一次" in again.content.decode()) == (422, True)
    wrong = client.post("/assessment/rate/", {"year": YEAR, "provider": "CU", "rate": "101", "basis": "问卷甲"})
    assert (wrong.status_code, "问卷甲" in wrong.content.decode()) == (422, True)


def docx(who: str, url: str = f"{SHEET}annex5.docx") -> tuple[str, list[list[list[str]]]]:
    """下载的 Word：全部段落，和各表的各行。"""
    document = Document(io.BytesIO(signed_in(who).get(url).content))
    tables = [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]
    return "\n".join(one.text for one in document.paragraphs), tables


def test_R091_附件5的Word与页面同一份_审定以前写明草稿_审定以后是锁定的() -> None:
    at_july()
    rated("88.5")
    before, _ = docx("lt")
    assert "绩效考核表（草稿）" in before
    score = decided("当日已回电")
    sheet = queries.sheet(unicom(), YEAR)
    words, (table, details) = docx("lt")
    assert "草稿" not in words
    assert [row[0] for row in table[1:8]] == [line.title for line in sheet.lines]
    assert [row[1] for row in table[1:8]] == [line.full for line in sheet.lines] == ["10"] * 6 + ["40"]
    assert [row[-1] for row in table[1:8]] == list(score.content["scores"].values())
    assert (table[8][1], table[8][-1]) == ("100", score.content["total"])
    assert details[1][:4] == ["2026-03-02", "B", "开通慢，来函投诉（来函-1）", "全部责任"]
    assert "来函.pdf" in details[1][4]
    assert "当日已回电" in details[1][5]
    assert "计分：回电在三小时以后" in details[1][6]
    assert sheet.consequence in words
    for who in ("dsf", "kw"):
        assert docx(who)[1] == [table, details]
    assert signed_in("kw").get(f"{SHEET}annex5.pdf").content.startswith(b"%PDF-")


def test_R093_办件页上是同一张表_写明现在该谁做什么_锁定以后写明摘要() -> None:
    at_july()
    one = record()
    case = sent()
    text = page("lt", f"/cases/{case.number}/")
    assert "服务商在考核表上对一起起事件申辩" in text
    assert "开通慢，来函投诉" in text
    act("lt", case, "accept")
    assert "区科创中心看申辩和证据" in page("shy", f"/cases/{case.number}/")
    act("shy", case, "approve")
    act("kw", case, "approve")
    score = Score.objects.get()
    assert f"SM3 {score.digest[:8]}" in page("kw", f"/cases/{case.number}/")
    assert "已审定锁定" in page("lt", SHEET)
    assert "提交申辩" not in page("lt", SHEET)
    assert "各家" not in page("dsf", SHEET)
    assert seen(case) == 4
    assert queries.sheet(unicom(), YEAR).facts[0].id == one.pk


def test_R093_服务商的工作台看得到自己的七项_点开是自己的考核表() -> None:
    at_july()
    appraised()
    text = page("lt", "/")
    assert text.count(f'href="{SHEET}"') == 8
    assert "云服务满意率(G)" in text
    assert "/assessment/CT/" not in text
    assert f"/assessment/CT/{YEAR}/" in page("kw", "/")
