"""异议：三方对账目提，区科创中心答复；没答复的不能提交复算，采纳了的要重新计量，冻结以后的由补差结清（D62-七，R-075、R-083）。"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, act, appraised, approved, measured, used
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Notice
from yunheng.cases.queries import unread
from yunheng.ledger.models import Resource
from yunheng.orgs.models import BusinessClock
from yunheng.rules.roles import Role
from yunheng.settlement import operations
from yunheng.settlement.bill import levels, objecting
from yunheng.settlement.models import BillLine, Objection, ObjectionReply, Run
from yunheng.settlement.runs import staleness

pytestmark = pytest.mark.django_db
HOST = "ECS-YR-01"


@pytest.fixture(autouse=True)
def _year() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})
    used()


def line_of(run: Run) -> BillLine:
    return BillLine.objects.get(run=run, resource=HOST, item="ZJ-CPU-X86")


def objected(run: Run, who: str = "lt", **given: Any) -> Objection:
    options: dict[str, Any] = {"line": line_of(run), "text": "12 月起加了两核，应是 10 核", **given}
    return objecting.object_to(actor=cast()[who], on=JULY, run=run, **options)


def answered(objection: Objection, kind: str, text: str = "核过工单，数量无误") -> ObjectionReply:
    return objecting.answer(actor=cast()["shy"], on=JULY, objection=objection, kind=kind, text=text)


def test_R075_三方都能提_知会区科创中心_答复了知会提的一方() -> None:
    run = measured()
    for who, place in (("mzj", "民政局"), ("lt", "联通"), ("dsf", "")):
        made = objected(run, who)
        notice = Notice.objects.latest("pk")
        assert (notice.role, notice.href) == (Role.REVIEWER, f"/settlement/objections/{made.pk}/")
        assert place in notice.text
        assert notice in unread(cast()["shy"])
        answered(made, "不采纳")
        told = Notice.objects.latest("pk")
        assert (told.role, told.institution_id) == (cast()[who].role, cast()[who].institution)
        assert "不采纳：核过工单" in told.text
        assert told in unread(cast()[who])
    assert objecting.waiting(YEAR) == 0


def test_R001_不是三方的_别单位别家的_都不能提() -> None:
    run = measured()
    for who in ("shy", "kw", "cz", "jyj", "dx", "zgbm"):
        with pytest.raises(NotYours):
            objected(run, who)
    assert not Objection.objects.exists()


def test_R075_空的_太长的_同一条没答复又提的_老批次上的_都不收() -> None:
    old = measured()
    run = measured()
    with pytest.raises(Refused, match="异议不能为空"):
        objected(run, text="  ")
    with pytest.raises(Refused, match="最多 1000 字，现在 1001 字"):
        objected(run, text="字" * 1001)
    with pytest.raises(Refused, match=f"已有更近的批次 {run.pk}"):
        objected(old)
    first = objected(run)
    with pytest.raises(Refused, match=f"编号 {first.pk}.*还没有答复"):
        objected(run)
    objected(run, "mzj")
    answered(first, "不采纳")
    objected(run)
    assert Objection.objects.count() == 3


def test_R075_没有账目的一天也能提_期间以外的不能() -> None:
    run = measured()
    resource = Resource.objects.select_related("project__unit", "provider").get(code=HOST)
    absent = (resource, "ZJ-CPU-X86")
    made = objected(run, line=None, absent=absent, day=date(2025, 8, 1), text="那时已经正式启用")
    assert (made.line, made.unit, made.provider) == (None, resource.project.unit.code, "CU")
    with pytest.raises(Refused, match=r"不在批次.*R-071"):
        objected(run, line=None, absent=absent, day=date(2026, 7, 1))
    with pytest.raises(NotYours):
        objected(run, "dx", line=None, absent=absent, day=date(2025, 8, 2))


def test_R075_只有区科创中心答复_只答一次_别家不能替人撤回() -> None:
    made = objected(measured())
    for who in ("lt", "mzj", "dsf", "kw"):
        with pytest.raises(NotYours):
            objecting.answer(actor=cast()[who], on=JULY, objection=made, kind="采纳", text="行")
    with pytest.raises(Refused, match="只有“采纳”和“不采纳”"):
        answered(made, "撤回")
    with pytest.raises(Refused, match="答复不能为空"):
        answered(made, "采纳", " ")
    with pytest.raises(NotYours):
        objecting.withdraw(actor=cast()["mzj"], on=JULY, objection=made, text="算了")
    objecting.withdraw(actor=cast()["lt"], on=JULY, objection=made, text="看错了")
    with pytest.raises(Refused, match="已于 2026-07-08 撤回"):
        answered(made, "采纳")
    assert objecting.waiting(YEAR) == 0


def test_R075_有没答复的异议_不能提交复算_办件页上看得到几条_答复了才行() -> None:
    appraised()
    run = measured()
    made = objected(run)
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    assert "1 条异议没有答复" in signed_in("shy").get(f"/cases/{case.number}/").content.decode()
    assert levels.status(run, line_of(run).amount * 0) == "有争议"
    with pytest.raises(Refused, match=r"还有 1 条异议没有答复.*D62-七"):
        act("shy", case, "file")
    answered(made, "不采纳")
    act("shy", case, "file")


def test_R075_采纳了异议_没有改正的不能提交复算_不采纳的不用() -> None:
    run = measured()
    answered(objected(run), "不采纳")
    assert list(staleness.stale(run)) == []
    answered(objected(run), "采纳", "照申请表改")
    (problem,) = staleness.stale(run)
    assert "采纳了的异议还有 1 条没有改正" in problem


def test_R083_冻结以后照样能提_采纳的由补差结清(tmp_path: Path) -> None:
    approved(tmp_path)
    run = Run.objects.latest("pk")
    made = objected(run)
    assert "由补差多退少补" in objecting.consequence(run)
    page = signed_in("lt").get(f"/settlement/objections/{made.pk}/").content.decode()
    assert "由补差多退少补（R-083）" in page
    answered(made, "采纳")


# ── 页面 ──


def test_页面上提_拒绝时填过的还在_附件提的和看得到的人能下() -> None:
    run = measured()
    line = line_of(run)
    url = f"/settlement/runs/{run.pk}/objections/?line={line.seq}"
    client = signed_in("lt")
    page = client.get(url).content.decode()
    assert f"{line.amount:,.2f}" in page
    assert "÷ 365 天" in page
    bad = client.post(url, {"text": "长" * 1001})
    assert bad.status_code == 422
    assert "长" * 1001 in bad.content.decode()
    file = SimpleUploadedFile("工单截屏.png", b"\x89PNG\r\n\x1a\n")
    done = client.post(url, {"text": "<b>十</b>核", "file": file})
    made = Objection.objects.get()
    assert done.headers["Location"] == f"/settlement/objections/{made.pk}/"
    assert len(made.digest) == 64
    for who, status in (
        ("shy", 200),
        ("kw", 200),
        ("mzj", 200),
        ("mzj-fzr", 200),
        ("dx", 404),
        ("jyj", 404),
        ("zgbm", 403),
    ):
        for path in ("", "evidence/"):
            assert signed_in(who).get(f"/settlement/objections/{made.pk}/{path}").status_code == status, who
    assert client.get(f"/settlement/objections/{made.pk}/reply/").status_code == 404
    assert client.get(f"/settlement/objections/{made.pk}/别的/").status_code == 404
    assert client.get(f"/settlement/objections/{10**25}/").status_code == 404
    shown = signed_in("shy").get(f"/settlement/runs/{run.pk}/lines/{line.seq}/").content.decode()
    assert "&lt;b&gt;十&lt;/b&gt;核" in shown
    assert "待答复" in shown


def test_没有账目的一天_在那天的页上点我有异议_写得出是哪天() -> None:
    run, client = measured(), signed_in("lt")
    day = client.get(f"/settlement/runs/{run.pk}/days/2025-08-01/", {"resource": HOST}).content.decode()
    (link, *_) = re.findall(r'href="(/settlement/runs/\d+/objections/\?[^"]+)"', day)
    link = link.replace("&amp;", "&")
    page = client.get(link).content.decode()
    assert "2025-08-01</a>，这一天没有账目" in page
    assert client.post(link, {"text": "那时已经正式启用"}).status_code == 302
    made = Objection.objects.get()
    assert (made.line, made.day_on) == (None, date(2025, 8, 1))
    assert signed_in("dx").get(link).status_code == 404
    assert client.get(link.replace("2025-08-01", "2025-13-01")).status_code == 422
    shown = client.get(f"/settlement/runs/{run.pk}/days/2025-08-01/", {"resource": HOST}).content.decode()
    assert f"/settlement/objections/{made.pk}/" in shown


def test_答复在页面上办_列表里没答复的在前_年度页上数得出() -> None:
    run = measured()
    first, second = objected(run), objected(run, "mzj")
    client = signed_in("shy")
    assert "异议（2，待答复 2）" in client.get(f"/settlement/{YEAR}/").content.decode()
    bad = client.post(f"/settlement/objections/{second.pk}/", {"kind": "采纳", "text": " "})
    assert bad.status_code == 422
    assert client.post(f"/settlement/objections/{second.pk}/", {"kind": "不采纳", "text": "核过了"}).status_code == 302
    page = client.get("/settlement/objections/", {"year": YEAR}).content.decode()
    assert page.index(f"/objections/{first.pk}/") < page.index(f"/objections/{second.pk}/")
    page = client.get("/settlement/objections/", {"year": YEAR, "open": 1}).content.decode()
    assert f"/objections/{second.pk}/" not in page
    assert "没有异议" in signed_in("jyj").get("/settlement/objections/").content.decode()
    withdrawn = signed_in("lt").post(f"/settlement/objections/{first.pk}/", {"kind": "撤回", "text": "看错了"})
    assert withdrawn.status_code == 302
    assert "异议（2）" in client.get(f"/settlement/{YEAR}/").content.decode()
