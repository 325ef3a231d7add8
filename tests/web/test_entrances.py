"""入口和按钮：打不开的不给链接，现在办不了的不让白点、写明还差什么，数的是看得到的（R-001、R-045）。"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client

from tests.support.people import cast, signed_in
from tests.support.procurement import issued as inquiry_issued
from tests.support.year import JULY, YEAR, act, appraised, measured, self_paid, used
from yunheng.assessment import surveying
from yunheng.assessment.models import Evaluation, Occurrence, Survey
from yunheng.catalog import procuring
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.orgs.models import BusinessClock, Commission
from yunheng.settlement import operations
from yunheng.settlement.models import RecoveryAsset

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def shown(client: Client, address: str, status: int = 200, **typed: Any) -> str:
    answer = client.post(address, typed) if typed else client.get(address)
    assert answer.status_code == status, answer.content.decode()[:3000]
    return re.sub(r">\s+|\s+<", lambda found: found[0].strip(), answer.content.decode())


def button(page: str, name: str) -> str:
    """写着 `name` 的按钮的标签。"""
    found = re.findall(rf"<button[^>]*>(?={re.escape(name)}</button>)", page)
    assert len(found) == 1, (name, found)
    return str(found[0])


def marked(page: str) -> set[str]:
    """标着不对的各栏。"""
    tags = re.findall(r'<(?:input|select|textarea)[^>]*aria-invalid="true"[^>]*>', page)
    return {re.findall(r'name="([^"]+)"', tag)[0] for tag in tags}


# ── 打不开的不给链接 ──


def test_R001_年度页上的各个链接_每个角色都打得开() -> None:
    used()
    self_paid()
    measured()
    for who, actor in cast().items():
        if actor.role and actor.role.administrative:
            continue
        client = signed_in(who)
        page = shown(client, f"/settlement/{YEAR}/")
        for href in set(re.findall(r'href="(/settlement/[^"#]*)"', page)):
            assert client.get(href.replace("&amp;", "&")).status_code == 200, (who, href)


def test_R001_差异写几条就看得到几条_负责人也看得到本单位的() -> None:
    used(with_logs=False)
    run = measured()
    assert run.difference_count > 0
    for who in ("shy", "mzj", "mzj-fzr", "jyj", "lt", "dx"):
        client = signed_in(who)
        count = re.findall(r"对账差异（(\d+)）", shown(client, f"/settlement/{YEAR}/"))[0]
        assert f"共 {count} 条" in shown(client, f"/settlement/runs/{run.pk}/differences/"), who
        assert (count == "0") == (who in ("jyj", "dx")), who


def test_R001_方案的核对清单_区财政打不开考核的不给链接_区科委的给() -> None:
    used()
    measured()
    for who, given in (("cz", False), ("xxk", False), ("kw", True)):
        page = shown(signed_in(who), f"/settlement/{YEAR}/plan/")
        assert "各家考核已审定" in page
        assert (f'href="/assessment/?year={YEAR}"' in page) == given, who


# ── 现在办不了的不让白点 ──


def test_R039_安全六项没齐_正式开通点不了_写明还差什么_齐了才能点() -> None:
    walk = Walk(cast(), "mzj", date(2026, 7, 1), "new", project_name="要开通的系统").fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-OP-")
    while walk.case.board.step != "open":
        walk.case.refresh_from_db()
        step = walk.case.board.__class__.objects.get(case=walk.case).step
        if step == "open":
            break
        walk.act("mzj", "pass")
    address = f"/cases/{walk.case.number}/"
    holder = walk.case.board.__class__.objects.get(case=walk.case).roles
    assert holder == ["reviewer"]
    page = shown(signed_in("shy"), address)
    assert "disabled" in button(page, "正式开通")
    assert "现在还不能“正式开通”" in page
    given = {"act": "open", "seen": walk.case.events.count(), "opinion": "可以开通"}
    page = shown(signed_in("shy"), f"{address}act/", 422, **given)
    assert ">可以开通</textarea>" in page


def test_R078_考核没审定的_提交复算点不了_扣减写未审定_审定了才写数() -> None:
    used()
    measured()
    case = operations.start(actor=cast()["shy"], on=JULY, year=YEAR)
    page = shown(signed_in("shy"), f"/cases/{case.number}/")
    assert "disabled" in button(page, "提交复算")
    assert "现在还不能“提交复算”" in page
    assert "考核未审定" in page
    appraised()
    measured()
    page = shown(signed_in("shy"), f"/cases/{case.number}/")
    assert "disabled" not in button(page, "提交复算")
    assert "考核未审定" not in page


def test_R092_没到截止日_结束调查点不了_时限写截止日() -> None:
    used()
    self_paid()
    case = surveying.start(
        actor=cast()["dsf"], on=JULY, year=YEAR, mode=Survey.CENSUS, ratio=100, seed="x", closes_on=date(2026, 7, 20)
    )
    act("dsf", case, "issue")
    page = shown(signed_in("dsf"), f"/cases/{case.number}/")
    assert "disabled" in button(page, "结束调查，计满意率")
    assert "07-20 周一" in page
    assert "不限时" not in page


def test_R015_反馈期限不先填今天_填了今天的在那一栏指出() -> None:
    case = procuring.start(actor=cast()["sdsj"], on=JULY)
    client = signed_in("sdsj")
    assert re.search(r'name="field:due_on" type="date">', shown(client, f"/cases/{case.number}/"))
    given = {"act": "issue", "seen": 0, "field:due_on": JULY.isoformat()}
    page = shown(client, f"/cases/{case.number}/act/", 422, **given)
    assert marked(page) == {"field:due_on"}
    assert f'value="{JULY}"' in page


def test_R016_征集需求时_时限写反馈期限() -> None:
    inquiry = inquiry_issued()
    page = shown(signed_in("shy"), f"/cases/{inquiry.case.number}/")
    assert "07-31 周五" in page
    assert "不限时" not in page


def test_R073_正在计量的_不能再点_写明缘由() -> None:
    used()
    client = signed_in("shy")
    client.post(f"/settlement/{YEAR}/measure/", {"kind": "滚动"})
    page = shown(client, f"/settlement/{YEAR}/")
    assert "disabled" in button(page, "滚动计量（算到昨天）")
    assert "disabled" in button(page, "年度计量")
    assert "办完了才能再要" in page


def test_R075_老批次上不再提异议_链到新批次里同一条() -> None:
    used()
    first = measured("滚动")
    second = measured()
    page = shown(signed_in("mzj"), f"/settlement/runs/{first.pk}/lines/1/")
    assert "我有异议</a>" not in page
    link = re.findall(rf'href="(/settlement/runs/{second.pk}/lines/\d+/)">看批次 {second.pk} 里的这一条', page)[0]
    newer = shown(signed_in("mzj"), link)
    assert "我有异议</a>" in newer
    same = re.findall(r"<h1>([^：]+)：", page)
    assert same == re.findall(r"<h1>([^：]+)：", newer)


# ── 问题说到哪一栏 ──


def test_R091_登记事件_空着的各栏一次指出_连得到() -> None:
    given = {
        "year": YEAR,
        "provider": "CU",
        "indicator": "B",
        "on": "",
        "responsibility": "",
        "reference": "",
        "text": "",
    }
    page = shown(signed_in("dsf"), "/assessment/", 422, **given)
    assert marked(page) == {"on", "responsibility", "reference", "text"}
    assert "发生日期：请填日期" in page
    assert "现在是“”" not in page
    assert not Occurrence.objects.exists()


def test_R092_记满意率_哪一栏不对标哪一栏_登记事件的表单不动() -> None:
    given = {"year": YEAR, "provider": "CU", "rate": "很高", "answers": "若干", "basis": ""}
    page = shown(signed_in("dsf"), "/assessment/rate/", 422, **given)
    assert marked(page) == {"rate", "answers", "basis"}


def test_R089_登记委托合同_空着的各栏一次指出() -> None:
    before = Commission.objects.count()
    page = shown(signed_in("shy"), "/commissions/", 422, institution="", number="", fee="好多", service_year="2026")
    assert marked(page) == {
        "institution", "number", "signed_on", "from_on", "last_on", "fee", "qualification",
    }  # fmt: skip
    assert Commission.objects.count() == before


def test_R016_报需求_不是数的_负的_各标各的() -> None:
    inquiry = inquiry_issued()
    given = {"qty:ZJ-CPU-X86": "-3", "qty:ZJ-MEM-X86": "许多"}
    page = shown(signed_in("mzj"), f"/procurement/{inquiry.case.number}/", 422, **given)
    assert marked(page) == set(given)


def test_R018_登记框架协议_没填的各栏指出_填过的还在() -> None:
    typed = {"provider": "CU", "year": "2026", "number": "松政云-1"}
    came = {"Referer": "http://testserver/procurement/?year=2026"}
    answer = signed_in("shy").post("/procurement/agreements/", typed, headers=came)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "签订日：请填日期" in page
    assert "请附上协议的单价表" in page
    assert marked(page) == {"signed_on", "file"}
    assert 'value="松政云-1"' in page


def test_R056_缩配_负数和不是数的一次指出_说到哪一项() -> None:
    used()
    address = "/assets/ECS-YR-01/saving/?q:ZJ-CPU-X86=-3&q:ZJ-MEM-X86=abc"
    page = shown(signed_in("mzj"), address, 422)
    assert marked(page) == {"q:ZJ-CPU-X86", "q:ZJ-MEM-X86"}
    assert re.search(r"内存[^<]*：应为数", page)
    assert "应在 0 至" in page


def test_R085_编号名称太长_拒绝_不悄悄截短() -> None:
    given = {"do": "asset", "code": "长" * 600, "name": "名" * 600, "kind": "共用", "owner": "U07"}
    page = shown(signed_in("shy"), "/settlement/recovery/", 422, **given)
    assert "编号：最多 32 字，现在 600 字" in page
    assert "名称：最多 200 字，现在 600 字" in page
    assert marked(page) == {"code", "name"}
    assert not RecoveryAsset.objects.exists()


def test_R094_同一服务年度不起第二次效能评估_撤回了才可以() -> None:
    used()
    client = signed_in("shy")
    shown(client, "/evaluations/", 302, year=str(YEAR))
    page = shown(client, "/evaluations/", 422, year=str(YEAR))
    first = Evaluation.objects.get()
    assert f"{YEAR} 服务年度已有效能评估：{first.case.number}" in page
    act("shy", first.case, "withdraw", opinion="方案要重编")
    shown(client, "/evaluations/", 302, year=str(YEAR))
    assert Evaluation.objects.count() == 2
