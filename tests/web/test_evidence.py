"""台账事实的证据，附件预览，水印（R-051、R-076；ux 第 7 节）。"""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from tests.support.people import cast
from yunheng.cases.operations import attach
from yunheng.config.demo.stories import FILLED, Walk
from yunheng.ledger.models import Fact, Source
from yunheng.ledger.operations import void
from yunheng.ledger.receiving import receive
from yunheng.orgs.models import Institution, Person
from yunheng.settlement.bill.evidence import Evidence, of

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk() -> Walk:
    walk = Walk(cast(), "mzj", date(2026, 6, 1), "new", project_name="要看证据的系统").fill(**FILLED).submit()
    walk.act("mzj-fzr", "approve").later(1).act("shy", "approve").later(1).deliver("lt", "ECS-EV-")
    return walk


@pytest.fixture
def fact(walk: Walk) -> Fact:
    return Fact.objects.get(resource__code="ECS-EV-01", item__code="ZJ-CPU-X86", case=walk.case)


def kinds(found: list[Evidence]) -> dict[str, Evidence]:
    return {one.kind: one for one in found}


def opened(who: str) -> Client:
    client = Client()
    client.force_login(Person.objects.get(username=f"demo.{who}"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_R051_一条事实指得回单据_审批_工单_单价_和它支持的时段(walk: Walk, fact: Fact) -> None:
    found = kinds(of(fact))
    assert walk.case.number in found["单据"].title
    assert len(found["单据"].digest) == 64
    assert any("王芳" in line and "（" in line for line in found["审批"].lines)
    assert fact.order in found["工单"].title
    assert not found["工单"].lacking
    assert "联通" in found["单价"].lines[0]
    assert fact.quantity is not None
    assert found["支持了"].lines == (f"{fact.quantity.normalize():f}：{fact.effective_on} 至 今",)


def test_R076_日志很多的只列前十件_写明还有几件没有列(fact: Fact) -> None:
    source = Source.objects.create(code="联通云管平台", provider=Institution.objects.get(code="CU"))
    logs = [
        (f"L{n}", {"编号": f"L{n}", "资源": "ECS-EV-01", "首见日期": "2026-06-03", "末见日期": f"2026-06-{n + 10}"})
        for n in range(12)
    ]
    receive(actor=cast()["lt"], on=date(2026, 6, 30), source=source, kind="日志", items=logs[:10])
    assert not any("没有列" in one.title for one in of(fact))
    receive(actor=cast()["lt"], on=date(2026, 6, 30), source=source, kind="日志", items=logs[10:])
    listed = [one.title for one in of(fact) if one.kind == "日志"]
    assert len(listed) == 11
    assert listed[-1] == "另有 2 件，后收的没有列"


def test_没有平台日志的_写明还没有收到_收到了就列出来(fact: Fact) -> None:
    assert kinds(of(fact))["日志"].lacking
    source = Source.objects.create(code="联通云管平台", provider=Institution.objects.get(code="CU"))
    log = {"编号": "L1", "资源": "ECS-EV-01", "首见日期": "2026-06-03", "末见日期": "2026-06-20"}
    receive(actor=cast()["lt"], on=date(2026, 6, 30), source=source, kind="日志", items=[("L1", log)])
    seen = kinds(of(fact))["日志"]
    assert not seen.lacking
    assert "2026-06-03 首见" in seen.title


def test_作废了的事实_不再支持任何时段(walk: Walk, fact: Fact) -> None:
    void(actor=cast()["shy"], on=walk.on, fact=fact, reason="填错了")
    fact.refresh_from_db()
    assert kinds(of(fact))["支持了"].title == "已作废，不支持任何时段"


def test_证据页_抽屉里只回一块_直接打开是整页_别单位的404(walk: Walk, fact: Fact) -> None:
    url = f"/assets/ECS-EV-01/evidence/{fact.pk}/"
    whole = opened("mzj").get(url).content.decode()
    part = opened("mzj").get(url, headers={"HX-Request": "true"}).content.decode()
    assert "<html" in whole
    assert "<html" not in part
    assert walk.case.number in part
    assert opened("jyj").get(url).status_code == 404
    assert opened("dx").get(url).status_code == 404
    assert opened("mzj").get(f"/assets/ECS-EV-01/evidence/{10**25}/").status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("批复.pdf", b"%PDF-1.7 ...", "application/pdf"),
        ("照片.png", b"\x89PNG\r\n\x1a\n....", "image/png"),
        ("照片.jpg", b"\xff\xd8\xff\xe0....", "image/jpeg"),
    ],
)
def test_附件预览_内容真是那一种的才在页面里打开(walk: Walk, name: str, content: bytes, kind: str) -> None:
    file = attach(actor=walk.clerk, on=walk.on, case=walk.case, kind="其他", name=name, content=content)
    response = opened("mzj").get(f"/cases/{walk.case.number}/files/{file.pk}/", {"view": "1"})
    assert response.headers["Content-Type"] == kind
    assert response.headers["Content-Disposition"].startswith("inline")
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    down = opened("mzj").get(f"/cases/{walk.case.number}/files/{file.pk}/")
    assert down.headers["Content-Disposition"].startswith("attachment")


@pytest.mark.parametrize("content", [b"<html><script>alert(1)</script>", b"PK\x03\x04", b"<svg onload='x'/>"])
def test_名字说是PDF内容不是的_预览也只给下载(walk: Walk, content: bytes) -> None:
    file = attach(actor=walk.clerk, on=walk.on, case=walk.case, kind="其他", name="假的.pdf", content=content)
    response = opened("mzj").get(f"/cases/{walk.case.number}/files/{file.pk}/", {"view": "1"})
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"].startswith("attachment")


def test_水印写着看的人_名字里的尖括号不成标签() -> None:
    person = Person.objects.get(username="demo.shy")
    person.name = "王<b>芳"
    person.save()
    text = opened("shy").get("/watermark.svg").content.decode()
    assert "王&lt;b&gt;芳" in text
    assert "区科创服务中心" in text
