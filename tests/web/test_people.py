"""系统管理员管机构、人员、任职：看清了再免，三员不空缺，机构与角色相配，哪一栏不对说哪一栏（R-001、R-111）。"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.support.people import signed_in
from yunheng.audit.models import Entry
from yunheng.orgs.models import Appointment, BusinessClock, Institution, Person
from yunheng.rules.conventions import CONVENTIONS
from yunheng.rules.roles import Role

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": "2026-07-08"})


def held(who: str) -> Appointment:
    return Appointment.objects.get(person__username=f"demo.{who}", until_on=None)


def dismissed(who: str, by: str = "xtgly") -> Any:
    return signed_in(by).post(f"/admin/people/appointments/{held(who).pk}/dismiss/")


def appointed(who: str, code: str, role: str) -> Any:
    given = {
        "do": "appoint",
        "person": Person.objects.get(username=f"demo.{who}").pk,
        "institution": Institution.objects.get(code=code).pk,
        "role": role,
    }
    return signed_in("xtgly").post("/admin/people/", given)


def test_R001_免去任职先看清是谁_再确认_记审计() -> None:
    address = f"/admin/people/appointments/{held('jd').pk}/dismiss/"
    page = signed_in("xtgly").get(address).content.decode()
    assert "免去 沈佳 的任职？" in page
    assert "没有别的任职，不能再登录" in page
    assert held("jd").until_on is None
    appointment = held("jd")
    assert dismissed("jd").status_code == 302
    appointment.refresh_from_db()
    assert str(appointment.until_on) == "2026-07-08"
    assert Entry.objects.filter(action="免职", subject="demo.jd").exists()


def test_R111_免自己_免唯一的安全管理员_审计管理员_都拒绝() -> None:
    for who, words in (("xtgly", "不能免去自己"), ("aqgly", "唯一的安全管理员"), ("sjgly", "唯一的审计管理员")):
        answer = dismissed(who)
        page = answer.content.decode()
        assert answer.status_code == 422, who
        assert words in page
        assert held(who).until_on is None
        # 打开确认页就看得到为什么不能，没有按钮可点
        page = signed_in("xtgly").get(f"/admin/people/appointments/{held(who).pk}/dismiss/").content.decode()
        assert words in page
        assert "免去任职</button>" not in page


def test_R111_有接替的就可以免去安全管理员() -> None:
    person = Person.objects.create(username="aq2", name="接替的人")
    Appointment.objects.create(
        person=person, institution=held("aqgly").institution, role=Role.SECURITY_ADMIN, from_on="2026-07-01"
    )
    assert dismissed("aqgly").status_code == 302


def test_R001_已任此职再任_说明白_不出500() -> None:
    answer = appointed("mzj", "U07", "clerk")
    assert answer.status_code == 422
    assert "陈静 已任此职" in answer.content.decode()
    assert Appointment.objects.filter(person__username="demo.mzj").count() == 1


@pytest.mark.parametrize(
    ("code", "role", "words"),
    [
        ("CU", "clerk", "使用单位经办人应在使用单位任职"),
        ("U07", "provider", "云服务商应在云服务商任职"),
        ("SDSJ", "reviewer", "区科创中心审核员应在区级运行管理单位任职"),
        ("KCZX", "city_operator", "市大数据中心应在市级运行管理单位任职"),
        ("CZJ", "authority", "区科委应在区级主管部门任职"),
    ],
)
def test_R001_机构与角色不相配_拒绝(code: str, role: str, words: str) -> None:
    answer = appointed("mzj", code, role)
    assert answer.status_code == 422
    assert words in answer.content.decode()


def test_R001_一班人现在的任职都相配() -> None:
    from yunheng.orgs.posts import misplaced

    for appointment in Appointment.objects.select_related("institution"):
        assert not misplaced(appointment.institution, Role(appointment.role)), appointment


@pytest.mark.parametrize("given", [{}, {"institution": "", "role": ""}, {"institution": "乱写", "role": "神仙"}])
def test_任职没选机构_角色_逐栏指出(given: dict[str, str]) -> None:
    person = Person.objects.get(username="demo.mzj")
    answer = signed_in("xtgly").post("/admin/people/", {"do": "appoint", "person": person.pk, **given})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert '<a href="#f-institution" data-field="institution">请选择机构</a>' in page
    assert (
        'name="role" required id="f-role" aria-invalid="true"' in page or 'name="role" required="" id="f-role"' in page
    )
    assert page.count('id="f-role"') == 1


def test_登记人员_登录名重复_姓名没填_逐栏指出_填过的还在() -> None:
    answer = signed_in("xtgly").post("/admin/people/", {"do": "register", "username": "demo.mzj", "name": ""})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "登录名“demo.mzj”已有，不能重复登记" in page
    assert "请填姓名" in page
    assert 'value="demo.mzj"' in page
    assert '<details class="card" open="">' in page


def test_R003_登记机构_没填的逐栏指出_使用单位要有预算性质_填过的还在() -> None:
    client = signed_in("xtgly")
    page = client.post("/admin/institutions/", {"code": "", "name": "新的局", "kind": "", "level": ""}).content.decode()
    for words in ("请填代码", "请填类型", "请填级别"):
        assert words in page
    assert 'value="新的局"' in page
    given = {"code": "U99", "name": "新的局", "kind": "using_unit", "level": "district", "nature": ""}
    page = client.post("/admin/institutions/", given).content.decode()
    assert "使用单位要有预算性质" in page
    assert '<option value="using_unit" selected="">使用单位</option>' in page
    assert client.post("/admin/institutions/", {**given, "nature": "district"}).status_code == 302
    assert Institution.objects.get(code="U99").level == "district"


def test_R005_算钱的口径年中决定_写明从下一服务年度起用_现在用的照首日_办件的照当天() -> None:
    kw = signed_in("kw")
    given = {"effective_on": "2026-07-20", "reason": "区科委会议纪要"}
    for code, option in (("K-17", "once"), ("K-13", "yes")):
        assert kw.post("/conventions/", {**given, "code": code, "option": option}).status_code == 302
    again, once = (CONVENTIONS["K-17"].options[one] for one in ("again", "once"))
    made = "决定自 2026-07-20 起选"
    for on, used, year in (
        (date(2026, 7, 21), again, "2026—2027 服务年度"),
        (date(2027, 7, 1), once, "2027—2028 服务年度"),
    ):
        BusinessClock.objects.update_or_create(id=1, defaults={"on": on})
        rows = kw.get("/conventions/").content.decode().split('<tr id="')
        row = next(one for one in rows if one.startswith("K-17"))
        assert f"{made}“{once}”（2027—2028 服务年度起用）" in " ".join(row.split())
        last = " ".join(row.split("</details>")[-1].split())
        assert used in last
        assert year in last
        office = next(one for one in rows if one.startswith("K-13"))
        assert CONVENTIONS["K-13"].options["yes"] in office.split("</details>")[-1]
        assert "服务年度起用" not in office


def test_R005_口径没写理由_日期_说明是哪条口径_另一条的表单不动() -> None:
    given = {"code": "K-10", "option": "on_review", "effective_on": "", "reason": ""}
    answer = signed_in("kw").post("/conventions/", given)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "K-10 自何日起：请填日期" in page
    assert "K-10 理由：请写明" in page
    assert page.count('aria-invalid="true"') == 2
    assert page.count('<details class="decide" open="">') == 1
    past = {**given, "effective_on": "2020-01-01", "reason": "试试往回改"}
    page = signed_in("kw").post("/conventions/", past).content.decode()
    assert "K-10 自何日起：2020-01-01 在已经过去的服务年度" in page
    assert 'value="试试往回改"' in page
