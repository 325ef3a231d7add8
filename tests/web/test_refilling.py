"""没办成的表单原样摆回：问题在最上面、点得到那一栏，填过的都还在（ux 组件 19）。"""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.http import QueryDict

from tests.support.people import cast, signed_in
from tests.support.year import used
from yunheng.applications import budgeting
from yunheng.cases.models import Case, Consultation
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.orgs.models import BusinessClock, Institution
from yunheng.web.refilling import refill

DAY = date(2026, 7, 8)
PAGE = """<!doctype html><p>前 &amp; 后 &#39;</p>
<ul><li id="problem-1"><a href="#f-day" data-field="day">日期不对</a></li>
<li id="problem-2"><a href="#f-why" data-field="why">理由不够</a></li></ul>
<details><form method="post" action="/a/"><input type="hidden" name="csrfmiddlewaretoken" value="t">
<input type="hidden" name="code" value="一">
<input name="day" type="date" value=""></form></details>
<details><form method="post"><input type="hidden" name="code" value="二">
<label for="w">理由</label><textarea id="w" name="why"></textarea><input name="day" type="date" value="2026-01-01">
<select name="kind"><option value="">请选</option>
<option>甲 &amp; 乙</option><option value="c" selected>丙</option></select>
<input type="checkbox" name="to" value="1" checked><input type="checkbox" name="to" value="2">
<input type="password" name="secret" value=""><input type="file" name="file">
<input name="each"><input name="each"></form></details>"""


def filled(**typed: str) -> str:
    page = refill(PAGE, here="/a/", target="/a/", typed=QueryDict("&".join(f"{k}={v}" for k, v in typed.items())))
    assert page is not None
    return page


def test_填过的填回同一个表单_别的表单不动_口令和文件不填() -> None:
    page = filled(code="二", day="2026-02-30", why="%0A好%3C", kind="甲 %26 乙", to="2", secret="口令")
    assert '<input name="day" type="date" value="">' in page
    assert 'value="2026-02-30"' in page
    assert "\n\n好&lt;</textarea>" in page
    assert '<option selected="">甲 &amp; 乙</option><option value="c">丙</option>' in page
    assert '<input type="checkbox" name="to" value="1"><input type="checkbox" name="to" value="2" checked="">' in page
    assert "口令" not in page
    assert page.startswith("<!doctype html><p>前 &amp; 后 &#39;</p>")


def test_同名的几栏依次填回() -> None:
    page = refill(PAGE, here="/a/", target="/a/", typed=QueryDict("code=二&each=x&each=y"))
    assert page is not None
    assert '<input name="each" value="x"><input name="each" value="y">' in page


def test_问题连到那一栏_栏标出来_说明指到问题_收起的展开() -> None:
    page = filled(code="二", day="乱写", why="短")
    assert '<a href="#f-day" data-field="day">' in page
    assert 'id="f-day" aria-invalid="true" aria-describedby="problem-1"' in page
    # 那一栏本来有编号的，连到它自己的编号
    assert '<a href="#w" data-field="why">' in page
    assert page.count('<details open="">') == 1
    assert page.index("<details>") < page.index('<details open="">')


def test_页面上没有这个表单_不填() -> None:
    assert refill(PAGE, here="/a/", target="/b/", typed=QueryDict("code=二")) is None
    assert refill(PAGE, here="/a/", target="/a/", typed=QueryDict("code=三")) is None


@pytest.fixture(name="clock")
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": DAY})


@pytest.fixture
def case(clock: None) -> Case:  # noqa: ARG001
    walk = Walk(cast(), "mzj", DAY, "new", project_name="填表的系统").fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve")
    return Case.objects.get(pk=walk.case.pk)


def opinion_on(page: str) -> str:
    found = re.search(r'<textarea[^>]* name="opinion"[^>]*>\s*([^<]*)</textarea>', page)
    assert found
    return found[1]


@pytest.mark.django_db
def test_R045_办理没办成_还在办件页上_意见_补正处都在(case: Case) -> None:
    given = {"act": "return", "seen": case.board.seq, "mark:hosts.0": "核数写错", "opinion": "   "}
    answer = signed_in("shy").post(f"/cases/{case.number}/act/", given)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "还不能这样办，什么都没有改动" in page
    assert f"<h1>{case.subject}</h1>" in page
    assert 'name="mark:hosts.0"' in page
    assert 'value="核数写错"' in page
    assert f'data-page="/cases/{case.number}/' in page
    assert re.search(r'<a href="#opinion" data-field="opinion">“[^”]+”要写明意见', page)
    assert re.search(r'<textarea[^>]*id="opinion"[^>]*aria-invalid="true"', page)


@pytest.mark.django_db
def test_R045_别人先办了_写的意见还在_再交用最新的序号(case: Case) -> None:
    given = {"act": "approve", "seen": case.board.seq - 1, "opinion": "同意，材料齐全"}
    answer = signed_in("shy").post(f"/cases/{case.number}/act/", given)
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "别人刚刚办过了" in page
    assert opinion_on(page) == "同意，材料齐全"
    assert f'name="seen" value="{case.board.seq}"' in page


@pytest.mark.django_db
def test_R007_提请会商没办成_议题_理由_选过的部门都在(case: Case) -> None:
    finance = Institution.objects.get(code="CZJ")
    given = {"topic": "  ", "reason": "涉及跨年预算", "departments": str(finance.pk)}
    answer = signed_in("shy").post(f"/cases/{case.number}/consult/", given)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "涉及跨年预算</textarea>" in page
    assert re.search(rf'name="departments" value="{finance.pk}" checked', page)
    assert not Consultation.objects.exists()


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
def test_R008_预算报审金额不对_内容还在_点问题到那一栏() -> None:
    project = used()
    case = budgeting.start(actor=cast()["mzj"], on=DAY, project=project, year=2026)
    given = {"act": "file", "seen": 0, "field:amount": "十万", "field:content": "三台云主机"}
    page = signed_in("mzj").post(f"/cases/{case.number}/act/", given).content.decode()
    assert 'value="三台云主机"' in page
    assert '<a href="#f-field:amount" data-field="field:amount">上云预算：金额应为元' in page
    assert 'value="十万" id="f-field:amount" aria-invalid="true"' in page


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
def test_R008_使用单位从列表去填金额_报审_撤回_都在办件页上_不再打不开() -> None:
    project = used()
    client = signed_in("mzj")
    address = client.post("/budgets/", {"project": project.pk, "year": 2026}).headers["Location"]
    page = client.get(address)
    assert page.status_code == 200
    assert 'name="field:amount"' in page.content.decode()
    case = Case.objects.get(procedure="budgeting")
    assert f'href="/cases/{case.number}/"' in client.get("/").content.decode()
    client.post(f"/cases/{case.number}/act/", {
        "act": "file", "seen": 0, "field:amount": "100000", "field:content": "三台云主机",
    })  # fmt: skip
    assert budgeting.amount(case) == 100000
    recalled = client.post(f"/cases/{case.number}/recall/", {"seen": 1, "reason": "金额写错"})
    assert client.get(recalled.headers["Location"]).status_code == 200


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
def test_填到一半的申请_办件页仍转去任务清单() -> None:
    walk = Walk(cast(), "mzj", DAY, "new", project_name="没填完的系统")
    assert signed_in("mzj").get(f"/cases/{walk.case.number}/").headers["Location"] == f"/apply/{walk.case.number}/"
