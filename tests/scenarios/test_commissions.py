"""第三方委托（D14-16(监管机制)，R-089）：合同里有哪几项、哪些人，期间到哪天，系统里才有哪几项的权限；成果、费用、到期提醒。"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.support.people import cast, signed_in
from tests.support.year import JULY, REPORT, YEAR, act, approved, measured, recomputed, used
from yunheng.assessment import evaluating, operations, surveying
from yunheng.assessment.models import Evaluation, Occurrence, Satisfaction, Survey
from yunheng.audit.actor import SYSTEM
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case
from yunheng.cases.notifying import remind_commissions
from yunheng.cases.operations import attach
from yunheng.cases.queries import todo, unread
from yunheng.config.demo.stories import FILLED, LEGACY, Walk
from yunheng.orgs import commissioning
from yunheng.orgs.models import Commission, Deliverable, Institution, Kind, Person, Staffing, Termination
from yunheng.orgs.operations import appoint
from yunheng.rules.roles import Role
from yunheng.rules.scopes import Scope
from yunheng.settlement import disputing, handling, queries
from yunheng.settlement import operations as settling
from yunheng.settlement.plans import planning

pytestmark = pytest.mark.django_db
FROM, UNTIL = date(2026, 7, 1), date(2027, 7, 1)


def refused(fragment: str) -> Any:
    return pytest.raises(Refused, match=fragment)


def employed(username: str, name: str, institution: Institution) -> Person:
    person = Person.objects.create(username=f"demo.{username}", name=name, password="!", must_change_password=False)
    appoint(actor=SYSTEM, person=person, institution=institution, role=Role.THIRD_PARTY, on=date(2022, 7, 1))
    return person


@pytest.fixture(autouse=True)
def second_firm() -> Institution:
    """另一家第三方机构，两个人，还没有委托合同。"""
    firm = Institution.objects.create(code="DSF2", name="第二家监管公司（虚构）", kind=Kind.THIRD_PARTY)
    employed("jg", "施敏", firm)
    employed("jg2", "金磊", firm)
    return firm


def people(*usernames: str) -> list[Person]:
    return [Person.objects.get(username=f"demo.{one}") for one in usernames]


def commissioned(
    *scopes: Scope,
    who: str = "shy",
    on: date = JULY,
    named: tuple[str, ...] = ("jg",),
    firm: str = "DSF2",
    **written: Any,
) -> Commission:
    given: dict[str, Any] = {
        "number": f"WT-{Commission.objects.count() + 1}",
        "scopes": [scope.value for scope in scopes],
        "qualification": "工程咨询甲级；比选文件 7 号",
        "service_year": 2026,
        "fee": Decimal("300000.00"),
        "from_on": FROM,
        "until_on": UNTIL,
        "signed_on": date(2026, 6, 30),
    }
    return commissioning.register(
        actor=cast()[who],
        on=on,
        institution=Institution.objects.get(code=firm),
        terms=commissioning.Terms(**given | written),
        people=people(*named),
    )


def fresh(commission: Commission) -> Commission:
    return commissioning.commissions().get(pk=commission.pk)


def recorded(who: str = "jg", on: date = JULY) -> Occurrence:
    """记一起考核事件：只要有“绩效考核”的委托就能办的一件事。"""
    return operations.record(
        actor=cast()[who], on=on, provider=Institution.objects.get(code="CU"), indicator="C",
        happened_on=date(2026, 5, 6), text="机房断电半小时", responsibility="全部责任",
        reference=f"故障单 {who} {on}", files=[("故障单.pdf", b"%PDF-1.7 fault")],
    )  # fmt: skip


# ── 范围以内才有权限 ──


def test_R089_委托了绩效考核的_记事件_记满意率_起考核_送审都能办() -> None:
    commissioned(Scope.APPRAISAL)
    unicom = Institution.objects.get(code="CU")
    recorded()
    operations.rate(
        actor=cast()["jg"], on=JULY, provider=unicom, year=YEAR, rate=Decimal(95), basis="问卷 20 份", document=REPORT
    )
    case = operations.start(actor=cast()["jg"], on=JULY, provider=unicom, year=YEAR)
    act("jg", case, "file")
    assert Case.objects.get(pk=case.pk).board.step == "reply"


def survey(who: str) -> Case:
    return surveying.start(
        actor=cast()[who], on=JULY, year=YEAR, mode=Survey.CENSUS, ratio=100, seed="1", closes_on=date(2026, 7, 20)
    )


def rate(who: str) -> Satisfaction:
    return operations.rate(
        actor=cast()[who],
        on=JULY,
        provider=Institution.objects.get(code="CU"),
        year=YEAR,
        rate=Decimal(95),
        basis="问卷",
        document=REPORT,
    )


def appraise(who: str) -> Case:
    return operations.start(actor=cast()[who], on=JULY, provider=Institution.objects.get(code="CU"), year=YEAR)


@pytest.mark.parametrize("doing", [recorded, rate, appraise, survey])
def test_R089_没有委托绩效考核的_考核和调查一件也不能办_什么都不留下(doing: Callable[[str], object]) -> None:
    commissioned(*(scope for scope in Scope if scope != Scope.APPRAISAL))
    with pytest.raises(
        NotYours,
        match=r"没有在期的“绩效考核”委托：合同的工作范围里没有这一项；由区科创中心登记合同以后才能办（D14-16\(监管机制\)，R-089）",
    ):
        doing("jg")
    assert not Occurrence.objects.exists()
    assert not Satisfaction.objects.exists()
    assert not Case.objects.filter(procedure__in=("appraisal", "survey")).exists()


def test_R089_没有委托绩效考核的_不能给效能评估打分() -> None:
    used()
    commissioned(Scope.METERING)
    case = evaluating.start(actor=cast()["shy"], on=JULY, year=YEAR)
    act("shy", case, "file")
    act("kw", case, "approve")
    evaluation = Evaluation.objects.select_related("case__board").get(case=case)
    with pytest.raises(NotYours, match="没有在期的“绩效考核”委托"):
        evaluating.grade(actor=cast()["jg"], on=JULY, evaluation=evaluation, given={})
    with pytest.raises(NotYours, match="没有在期的“绩效考核”委托"):
        act("jg", case, "file")
    # 待办里还看得到，点开说明为什么不能办，不给按钮
    assert todo(cast()["jg"], JULY).filter(case=case).exists()
    page = signed_in("jg").get(f"/cases/{case.number}/").content.decode()
    assert "没有在期的“绩效考核”委托" in page
    assert 'id="act"' not in page
    assert 'id="act"' in signed_in("dsf").get(f"/cases/{case.number}/").content.decode()


def on_site() -> Case:
    """迁移办到第三方现场评估。"""
    walk = Walk(cast(), "jyj", JULY, "migration", project_name="学籍").fill(**FILLED, **LEGACY).submit()
    walk.act("jyj-fzr", "approve")
    return Case.objects.get(pk=walk.case.pk)


def test_R089_现场评估要有现场监管的委托_没有的报告也不能传_有了就能办() -> None:
    case = on_site()
    commissioned(Scope.APPRAISAL, Scope.METERING)
    report = {"kind": "第三方现场评估报告", "name": "评估.pdf", "content": b"%PDF-1.4"}
    with pytest.raises(NotYours, match="没有在期的“现场监管”委托"):
        attach(actor=cast()["jg"], on=JULY, case=case, **report)  # type: ignore[arg-type]
    with pytest.raises(NotYours, match="没有在期的“现场监管”委托"):
        act("jg", case, "fail", opinion="不合格")
    commissioned(Scope.SITE)
    attach(actor=cast()["jg"], on=JULY, case=case, **report)  # type: ignore[arg-type]
    act("jg", case, "pass", opinion="适配合格")
    assert Case.objects.get(pk=case.pk).board.step == "review"


def test_R089_没有委托计量计费的_数据包_复算_差异说明都不行_有的逐件都行(tmp_path: Path) -> None:
    used("没有日志的系统", "ECS-NOLOG-", with_logs=False)
    run = measured()
    result = recomputed(run, tmp_path)
    commissioned(Scope.APPRAISAL, Scope.SITE)
    row = next(one for one in disputing.differences(run) if one.blocking)
    argued: dict[str, Any] = {
        "year": YEAR, "code": row.code, "resource": row.resource, "item": row.item, "kind": "说明",
        "text": "见附件",
    }  # fmt: skip
    urls = (f"/settlement/package/?year={YEAR}&format=zip", f"/settlement/runs/{run.pk}/files/数据包.zip")
    barred = "没有在期的“计量计费”委托"
    with pytest.raises(NotYours, match=barred):
        settling.recompute(actor=cast()["jg"], on=JULY, run=run, file=BytesIO(result))
    with pytest.raises(NotYours, match=barred):
        handling.handle(actor=cast()["jg"], on=JULY, **argued)
    for url in urls:
        answer = signed_in("jg").get(url)
        assert (answer.status_code, barred in answer.content.decode()) == (403, True), url
    # 页面打开就说明，不给表单
    for url in ("/settlement/package/", f"/settlement/runs/{run.pk}/differences/"):
        page = signed_in("jg").get(url).content.decode()
        assert barred in page, url
    assert "提交说明" not in page
    assert "下载 .zip" not in signed_in("jg").get("/settlement/package/").content.decode()
    assert not run.recomputations.exists()
    commissioned(Scope.METERING)
    assert settling.recompute(actor=cast()["jg"], on=JULY, run=run, file=BytesIO(result)).equal
    handling.handle(actor=cast()["jg"], on=JULY, **argued)
    for url in urls:
        assert signed_in("jg").get(url).status_code == 200, url


def test_R089_不是第三方机构的_不受合同约束() -> None:
    recorded("shy")
    assert Occurrence.objects.count() == 1


def test_R089_别家的合同不管用() -> None:
    with refused("还没有登记委托合同"):
        recorded()
    recorded("dsf")


# ── 期间、人员、终止 ──


def test_R089_合同首日起能办_首日之前不能_止日当天起不能() -> None:
    made = commissioned(Scope.APPRAISAL)
    with refused(f"2026-06-30 没有在期的“绩效考核”委托：合同 {made.number} 自 2026-07-01 起才生效"):
        recorded(on=date(2026, 6, 30))
    recorded(on=FROM)
    recorded(on=date(2027, 6, 30))
    with refused(f"最近一份合同 {made.number} 到 2027-06-30（含）期满"):
        recorded(on=UNTIL)


def test_R089_两份合同中间空着的日子不能办_续上的接着办() -> None:
    first = commissioned(Scope.APPRAISAL, until_on=date(2026, 8, 1))
    second = commissioned(Scope.APPRAISAL, from_on=date(2026, 9, 1))
    with refused(f"最近一份合同 {first.number} 到 2026-07-31（含）期满；合同 {second.number} 自 2026-09-01 起才生效"):
        recorded(on=date(2026, 8, 15))
    recorded(on=date(2026, 9, 1))


def test_R089_人员里没有的不能办_登记进来那天起能办_退出那天起又不能() -> None:
    made = commissioned(Scope.APPRAISAL)
    with refused(f"合同 {made.number} 的人员里没有金磊，不能办“绩效考核”的事"):
        recorded("jg2")
    moved(made, "jg2", joins=True, from_on=date(2026, 7, 10))
    with refused("人员里没有金磊"):
        recorded("jg2", on=date(2026, 7, 9))
    recorded("jg2", on=date(2026, 7, 10))
    moved(fresh(made), "jg2", joins=False, from_on=date(2026, 7, 20))
    with refused("人员里没有金磊"):
        recorded("jg2", on=date(2026, 7, 20))
    recorded(on=date(2026, 7, 20))


def moved(commission: Commission, username: str, *, who: str = "shy", **changes: Any) -> Staffing:
    given: dict[str, Any] = {"joins": True, "from_on": JULY, "reason": "项目组轮换"} | changes
    (person,) = people(username)
    return commissioning.move(actor=cast()[who], on=JULY, commission=commission, person=person, **given)


@pytest.mark.parametrize(
    ("username", "changes", "why"),
    [
        ("jg2", {"from_on": date(2026, 7, 7)}, "自何日起不能早于今天 2026-07-08"),
        ("jg2", {"from_on": UNTIL}, "不在合同期"),
        ("jg2", {"reason": " "}, "写明人员变动的缘由"),
        ("jg2", {"joins": False}, "本来就不在合同的人员里"),
        ("jg", {}, "施敏已在合同的人员里"),
        ("dsf", {}, "郑秋不在第二家监管公司（虚构）任职"),
    ],
)
def test_R089_人员进退写得不对的不收(username: str, changes: dict[str, Any], why: str) -> None:
    made = commissioned(Scope.APPRAISAL)
    with refused(why):
        moved(fresh(made), username, **changes)
    assert made.staffings.count() == 1


def test_R089_人员进退不能插到已登记的前面() -> None:
    made = commissioned(Scope.APPRAISAL)
    moved(made, "jg2", from_on=date(2026, 7, 20))
    with refused("金磊在 2026-07-10 之后已有登记"):
        moved(fresh(made), "jg2", from_on=date(2026, 7, 10))


def test_R089_提前终止的_终止日起不能办_之前的照办() -> None:
    made = commissioned(Scope.APPRAISAL)
    ended(made, until_on=date(2026, 7, 20))
    recorded(on=date(2026, 7, 19))
    with refused(f"最近一份合同 {made.number} 到 2026-07-19（含）提前终止"):
        recorded(on=date(2026, 7, 20))
    assert fresh(made).state(date(2026, 7, 20)) == "已终止"


def ended(commission: Commission, who: str = "shy", **changes: Any) -> None:
    given: dict[str, Any] = {
        "until_on": date(2026, 8, 1),
        "fee": Decimal("25000.00"),
        "reason": "双方协商解除",
    } | changes
    commissioning.terminate(actor=cast()[who], on=JULY, commission=fresh(commission), **given)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"until_on": date(2026, 7, 7)}, "至（含）不能早于昨天 2026-07-07，现在是 2026-07-06"),
        ({"until_on": UNTIL}, r"合同本来就到 2027-06-30（含）"),
        ({"reason": ""}, "写明提前终止的缘由"),
        ({"fee": Decimal("-0.01")}, "实际的费用应在 0 至合同的 300000.00 元之间"),
        ({"fee": Decimal("300000.01")}, "实际的费用应在 0 至合同的 300000.00 元之间"),
    ],
)
def test_R089_终止写得不对的不收(changes: dict[str, Any], why: str) -> None:
    made = commissioned(Scope.APPRAISAL)
    with refused(why):
        ended(made, **changes)
    assert fresh(made).ended is None


def test_R089_只能终止一次_终止以后人员也不能再进() -> None:
    made = commissioned(Scope.APPRAISAL)
    ended(made)
    with refused("已提前终止，到 2026-07-31（含）为止"):
        ended(made, until_on=date(2026, 9, 1))
    with refused(r"不在合同期 2026-07-01 至 2026-07-31（含）里"):
        moved(fresh(made), "jg2", from_on=date(2026, 8, 1))


# ── 登记 ──


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"fee": Decimal("-0.01")}, "费用不能是负数，现在是 -0.01 元"),
        ({"from_on": UNTIL, "until_on": FROM}, "至（含）2026-06-30 早于起 2027-07-01"),
        ({"from_on": FROM, "until_on": FROM}, "至（含）2026-06-30 早于起 2026-07-01"),
        ({"number": "WT-2026-01"}, "合同号 WT-2026-01 已登记过"),
        ({"number": " "}, "合同号不能为空"),
        ({"scopes": ["appraisal", "cooking"]}, "没有“cooking”这项工作范围"),
        ({"scopes": []}, "至少选一项工作范围"),
        ({"qualification": " "}, "具有专业资质的机构"),
        ({"signed_on": date(2026, 7, 9)}, "签订日 2026-07-09 还没到"),
        ({"named": ()}, "至少写一名人员"),
        ({"named": ("dsf",)}, "郑秋不在第二家监管公司（虚构）任职"),
        ({"firm": "CU"}, "不是第三方机构"),
    ],
)
def test_R089_合同写得不对的不收_写明条款(written: dict[str, Any], why: str) -> None:
    before = Commission.objects.count()
    with refused(why) as caught:
        commissioned(Scope.APPRAISAL, **written)
    assert all(problem.endswith("（D14-16(监管机制)，R-089）") for problem in caught.value.problems)
    assert Commission.objects.count() == before


def test_R089_几处不对一次列全() -> None:
    with pytest.raises(Refused) as caught:
        commissioned(number="", fee=Decimal(-1), until_on=FROM, named=())
    assert len(caught.value.problems) == 5


@pytest.mark.parametrize("who", ["kw", "dsf", "cz", "xtgly"])
def test_R089_不是区科创中心审核员的_登记_人员_终止都不由他办(who: str) -> None:
    made = commissioned(Scope.APPRAISAL)
    with pytest.raises(NotYours, match="由区科创中心登记"):
        commissioned(Scope.APPRAISAL, who=who)
    with pytest.raises(NotYours, match="由区科创中心登记"):
        moved(made, "jg2", who=who)
    with pytest.raises(NotYours, match="由区科创中心终止"):
        ended(made, who=who)


# ── 成果 ──


def delivered(commission: Commission, who: str = "jg", on: date = JULY, **changes: Any) -> Deliverable:
    given: dict[str, Any] = {
        "scope": "security",
        "title": "二季度安全监管月报",
        "name": "月报.pdf",
        "content": b"%PDF",
    } | changes
    return commissioning.deliver(actor=cast()[who], on=on, commission=fresh(commission), **given)


def test_R089_成果在合同范围和期间里交_记下摘要_管理的人和本机构看得到_别家看不到() -> None:
    made = commissioned(Scope.SECURITY)
    report = delivered(made)
    assert len(report.digest) == 64
    urls = (f"/commissions/{made.pk}/", f"/commissions/deliverables/{report.pk}/")
    for who in ("shy", "kw", "xxk", "cz", "jg", "jg2"):
        page = signed_in(who).get("/commissions/").content.decode()
        assert made.number in page, who
        assert [signed_in(who).get(url).status_code for url in urls] == [200, 200], who
    assert bytes(signed_in("kw").get(urls[1]).content) == b"%PDF"
    # 别家第三方当作没有；别的角色不开放
    assert [signed_in("dsf").get(url).status_code for url in urls] == [404, 404]
    assert made.number not in signed_in("dsf").get("/commissions/").content.decode()
    for who in ("lt", "mzj", "sdsj", "xtgly"):
        assert [signed_in(who).get(url).status_code for url in urls] == [403, 403], who


@pytest.mark.parametrize(
    ("who", "on", "changes", "why"),
    [
        ("jg", JULY, {"scope": "metering"}, "工作范围里没有“计量计费”，不能交这项成果"),
        ("jg", JULY, {"scope": "nothing"}, "没有“nothing”这项工作范围"),
        ("jg", date(2026, 6, 30), {}, r"合同期是 2026-07-01 至 2027-06-30（含），2026-06-30 不在期"),
        ("jg", UNTIL, {}, "2027-07-01 不在期"),
        ("jg2", JULY, {}, "人员里没有金磊"),
        ("dsf", JULY, {}, "成果由受委托的第三方机构交"),
        ("shy", JULY, {}, "成果由受委托的第三方机构交"),
        ("jg", JULY, {"content": b""}, "请选择成果文件，空文件不收"),
        ("jg", JULY, {"title": " "}, "写明成果的名称"),
    ],
)
def test_R089_范围_期间_人员以外的成果不收(who: str, on: date, changes: dict[str, Any], why: str) -> None:
    made = commissioned(Scope.SECURITY)
    with refused(why):
        delivered(made, who, on, **changes)
    assert not made.deliverables.exists()


def test_R089_终止以后不能再交成果_超大的不收(monkeypatch: pytest.MonkeyPatch) -> None:
    made = commissioned(Scope.SECURITY)
    monkeypatch.setattr(commissioning, "MAX_ATTACHMENT", 3)
    with refused("请压缩或分开上传"):
        delivered(made)
    ended(made, until_on=JULY)
    with refused("2026-07-08 不在期，不能交成果"):
        delivered(made, content=b"%")


# ── 到期提醒 ──


def told() -> list[str]:
    return [notice.text for notice in unread(cast()["shy"]) if "委托合同" in notice.text]


def test_R089_期满前三十天提醒审核员一次_点开是那份合同_早一天不提醒_重跑不重发() -> None:
    made = commissioned(Scope.APPRAISAL, Scope.SITE, until_on=date(2026, 12, 31))
    assert remind_commissions(date(2026, 11, 30)) == 0
    assert [remind_commissions(date(2026, 12, day)) for day in (1, 1, 2, 31)] == [1, 0, 0, 0]
    (text,) = told()
    assert f"委托合同 {made.number} 到 2026-12-30（含）期满，绩效考核、现场监管还没有续签" in text
    notice = unread(cast()["shy"]).get(text=text)
    assert (notice.case, notice.href) == (None, f"/commissions/{made.pk}/")
    page = signed_in("shy").get("/todo/?tab=read").content.decode()
    assert f'href="/commissions/{made.pk}/"' in page
    assert not any("委托合同" in one.text for one in unread(cast()["kw"]))


def test_R089_各项都续签了的_提前终止的不提醒_只续了一部分的只说没续的() -> None:
    ends = date(2026, 12, 31)
    commissioned(Scope.APPRAISAL, Scope.SITE, until_on=ends)
    dropped = commissioned(Scope.METERING, until_on=ends)
    ended(dropped)
    commissioned(Scope.APPRAISAL, from_on=ends)
    assert remind_commissions(date(2026, 12, 1)) == 1
    (text,) = told()
    assert "现场监管还没有续签" in text
    assert "绩效考核" not in text
    commissioned(Scope.SECURITY, until_on=ends)
    commissioned(Scope.SECURITY, from_on=ends)
    assert remind_commissions(date(2026, 12, 2)) == 0


# ── 费用 ──


def test_R089_编方案列出这一年的合同和费用之和_超过上限的先填上限_照之和填被拒绝_R082(tmp_path: Path) -> None:
    case = approved(tmp_path)
    total = commissioning.fees(YEAR)
    commissioned(Scope.SECURITY, service_year=YEAR, fee=Decimal("1234.56"))
    commissioned(Scope.SECURITY, service_year=YEAR + 1, fee=Decimal("99.00"))
    page = signed_in("shy").get(f"/settlement/{YEAR}/plan/").content.decode()
    freeze = queries.freeze_of(case)
    assert freeze is not None
    cap = Decimal(freeze.run.head["summary"]["supervision_fee_cap"])
    # 测试的这一年账小，合同之和超过上限
    assert "WT-2025-01" in page
    assert f"<b>{total + Decimal('1234.56'):,.2f}</b>" in page
    assert f"各合同之和比上限多 {total + Decimal('1234.56') - cap:,.2f} 元" in page
    assert f'name="supervision" inputmode="decimal" value="{cap}"' in page
    with refused("R-082"):
        planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=total)
    plan = planning.write_plan(actor=cast()["shy"], on=JULY, case=case, prose={}, supervision=cap)
    assert f'value="{plan.supervision}"' in signed_in("shy").get(f"/settlement/{YEAR}/plan/").content.decode()


def test_R089_没超过上限的_编方案先填合同费用之和(tmp_path: Path) -> None:
    # 各家的账让上限有几千元
    used()
    for one in Commission.objects.filter(service_year=YEAR):
        Termination.objects.create(commission=one, until_on=one.from_on, fee=0, reason="改签", on=JULY, by="测试")
    commissioned(Scope.SECURITY, service_year=YEAR, fee=Decimal("1234.56"))
    approved(tmp_path)
    page = signed_in("shy").get(f"/settlement/{YEAR}/plan/").content.decode()
    assert 'name="supervision" inputmode="decimal" value="1234.56"' in page
    assert "各合同之和比上限多" not in page


def test_R089_提前终止的照实际的费用列_写错了的终止时写零_不重复算() -> None:
    before = commissioning.fees(2026)
    wrong, right = commissioned(Scope.SECURITY), commissioned(Scope.SECURITY)
    assert commissioning.fees(2026) == before + wrong.fee + right.fee
    ended(wrong, fee=Decimal(0))
    ended(right, fee=Decimal("25000.00"))
    assert commissioning.fees(2026) == before + Decimal("25000.00")


def test_R089_合同页上费用与上限对着看_没结算过只说明_超了也照登记(tmp_path: Path) -> None:
    made = commissioned(Scope.SECURITY)
    url = f"/commissions/{made.pk}/"
    assert "上限到结算时才知道" in signed_in("kw").get(url).content.decode()
    case = approved(tmp_path)
    freeze = queries.freeze_of(case)
    assert freeze is not None
    cap = Decimal(freeze.run.head["summary"]["supervision_fee_cap"])
    page = signed_in("kw").get(url).content.decode()
    assert f"参照最近结算的 {YEAR}—{YEAR + 1} 服务年度，上限 {cap:,.2f} 元" in page
    over = commissioning.fees(2026) - cap
    assert f"合计比上限多 {over:,.2f} 元" in page
    # 第三方机构看自己的费用，不看别家的合计
    assert "各合同合计" not in signed_in("jg").get(url).content.decode()


# ── 页面 ──


FORM: dict[str, Any] = {
    "number": "WT-PAGE", "scopes": ["appraisal", "site"], "qualification": "咨询甲级", "service_year": "2026",
    "fee": "120000", "from_on": "2026-07-01", "last_on": "2027-06-30", "signed_on": "2026-07-01",
}  # fmt: skip


def filled(**changes: Any) -> dict[str, Any]:
    firm = Institution.objects.get(code="DSF2")
    return FORM | {"institution": str(firm.pk), "people": [str(people("jg")[0].pk)]} | changes


def test_R089_审核员在页面上登记_转到那份合同() -> None:
    answer = signed_in("shy").post("/commissions/", filled())
    made = Commission.objects.get(number="WT-PAGE")
    assert answer.headers["Location"] == f"/commissions/{made.pk}/"
    assert (made.from_on, made.until_on) == (FROM, UNTIL)
    assert (made.covers, made.fee) == ((Scope.APPRAISAL, Scope.SITE), Decimal("120000.00"))
    recorded()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"fee": "十二万"}, "费用：金额应为元"),
        ({"fee": "-1"}, "费用不能是负数"),
        ({"last_on": "2026-06-01"}, "至（含）2026-06-01 早于起 2026-07-01"),
        ({"last_on": "明年"}, "至（含）：日期应填成"),
        ({"institution": ""}, "请选择第三方机构"),
        ({"number": "WT-2026-01"}, "已登记过"),
        ({"service_year": "x"}, "请选择费用列入哪个服务年度"),
    ],
)
def test_R089_页面上填错的回422_填过的都还在(changes: dict[str, str], why: str) -> None:
    answer = signed_in("shy").post("/commissions/", filled(**changes))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert why in page
    for text in ("咨询甲级", f'value="{changes.get("fee", "120000")}"', f'value="{changes.get("number", "WT-PAGE")}"'):
        assert text in page
    for scope in ("appraisal", "site"):
        assert f'value="{scope}" checked' in page
    assert f'value="{people("jg")[0].pk}" checked' in page
    assert not Commission.objects.filter(number="WT-PAGE").exists()


def test_R089_不是审核员的页面上没有登记的表单_硬提交也不收() -> None:
    client = signed_in("kw")
    assert "登记委托合同" not in client.get("/commissions/").content.decode()
    answer = client.post("/commissions/", filled())
    assert "委托合同由区科创中心登记" in answer.content.decode()
    assert not Commission.objects.filter(number="WT-PAGE").exists()


def test_R089_合同页上人员进退_终止_交成果_错的回422留住填过的() -> None:
    made = commissioned(Scope.SECURITY)
    url = f"/commissions/{made.pk}/"
    person = str(people("jg2")[0].pk)
    move = {"do": "move", "person": person, "joins": "1", "from_on": "2026-07-01", "reason": "增派"}
    answer = signed_in("shy").post(url, move)
    assert answer.status_code == 422
    for text in ("不能早于今天", 'value="增派"', 'value="2026-07-01"'):
        assert text in answer.content.decode()
    assert signed_in("shy").post(url, move | {"from_on": "2026-07-08"}).status_code == 302
    bad = signed_in("shy").post(url, {"do": "terminate", "last_on": "x", "fee": "0", "reason": "解除"})
    assert (bad.status_code, 'value="解除"' in bad.content.decode()) == (422, True)
    file = SimpleUploadedFile("月报.pdf", b"%PDF")
    late = signed_in("jg").post(url, {"do": "deliver", "scope": "security", "title": "月报"})
    assert (late.status_code, 'value="月报"' in late.content.decode()) == (422, True)
    good = signed_in("jg2").post(url, {"do": "deliver", "scope": "security", "title": "月报", "file": file})
    assert good.status_code == 302
    assert (
        signed_in("shy")
        .post(url, {"do": "terminate", "last_on": "2026-07-07", "fee": "0", "reason": "解除"})
        .status_code
        == 302
    )
    page = signed_in("jg").get(url).content.decode()
    assert "不在期，不能交成果" in page
    assert "交成果</button>" not in page


def test_R089_一份合同都没有时说明谁来登记() -> None:
    page = signed_in("jg").get("/commissions/").content.decode()
    assert "由区科创中心登记；没有合同，第三方机构只能看、不能办" in page
    assert page.count("没有委托</span>") == len(Scope)
