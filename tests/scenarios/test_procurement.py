"""采购：征询、需求、备案、结果成为目录版本，框架协议单价等于采购结果，临期催办（R-015 至 R-018）。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.support.people import cast
from tests.support.procurement import DAY, DUE, asked, filed, issued, resulted
from tests.support.year import act
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Notice
from yunheng.catalog import procuring, queries
from yunheng.catalog.models import Agreement, Demand, Edition, Inquiry
from yunheng.catalog.sheet import COLUMNS, read
from yunheng.documents.listing import workbook
from yunheng.orgs.models import Institution, Person

pytestmark = pytest.mark.django_db
NEXT_JULY = date(2027, 7, 1)


def refused(fragment: str) -> Any:
    return pytest.raises(Refused, match=fragment)


def opened(who: str) -> Client:
    client = Client()
    client.force_login(Person.objects.get(username=f"demo.{who}"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_R015_征询单写明目录_单价_期限_只有市运管单位能下发() -> None:
    with pytest.raises(NotYours):
        procuring.start(actor=cast()["shy"], on=DAY)
    case = procuring.start(actor=cast()["sdsj"], on=DAY)
    with refused("反馈期限不能为空"):
        act("sdsj", case, "issue", DAY)
    with refused("应晚于今天"):
        act("sdsj", case, "issue", DAY, fields={"due_on": DAY.isoformat()})
    with refused("日期应填成"):
        act("sdsj", case, "issue", DAY, fields={"due_on": "月底"})
    act("sdsj", case, "issue", DAY, fields={"due_on": DUE.isoformat()})
    inquiry = Inquiry.objects.get(case=case)
    assert {row["目录项"]: row["单价"] for row in inquiry.rows}["ZJ-CPU-X86"] == "456"
    assert Notice.objects.filter(case=case, role="clerk").exists()


def test_R016_各单位报需求_汇总_区科委确认_区财政备案_反馈市里() -> None:
    inquiry = issued()
    with refused("还没有单位报需求"):
        act("shy", inquiry.case, "gather", DAY)
    asked(inquiry)
    (cpu, memory) = procuring.summary(inquiry)
    assert (cpu.item, cpu.units, cpu.quantity, cpu.estimate) == ("ZJ-CPU-X86", 2, Decimal("80.5"), Decimal("36708.00"))
    assert (memory.item, memory.units, memory.quantity) == ("ZJ-MEM-X86", 1, Decimal(256))
    case = inquiry.case
    act("shy", case, "gather", DAY)
    act("kw", case, "approve", DAY)
    with refused("备案号不能为空"):
        act("cz", case, "file", DAY)
    act("cz", case, "file", DAY, fields={"document": "松财备〔2026〕8 号"})
    assert case.board.__class__.objects.get(case=case).step == "compile"


def test_R016_改了以最后一次为准_报零是撤了_坏数一条都不记_汇总后不再收() -> None:
    inquiry = issued()
    asked(inquiry)
    procuring.ask(actor=cast()["mzj"], on=DAY, inquiry=inquiry, wanted={"ZJ-CPU-X86": "32", "ZJ-MEM-X86": "0"})
    assert [(one.item, one.quantity) for one in procuring.summary(inquiry)] == [("ZJ-CPU-X86", Decimal("48.5"))]
    count = Demand.objects.count()
    with refused("数量不能是负的"):
        procuring.ask(actor=cast()["mzj"], on=DAY, inquiry=inquiry, wanted={"ZJ-CPU-X86": "1", "ZJ-MEM-X86": "-1"})
    with refused("没有目录项 XX"):
        procuring.ask(actor=cast()["mzj"], on=DAY, inquiry=inquiry, wanted={"XX": "1"})
    with refused("应为数"):
        procuring.ask(actor=cast()["mzj"], on=DAY, inquiry=inquiry, wanted={"ZJ-CPU-X86": "很多"})
    each = next(row for row in inquiry.rows if row["计价单位"].partition("·")[0] == "次")
    with refused("按“次”计，请填整数，现在是 12.5"):
        procuring.ask(actor=cast()["mzj"], on=DAY, inquiry=inquiry, wanted={each["目录项"]: "12.5"})
    with pytest.raises(NotYours):
        procuring.ask(actor=cast()["shy"], on=DAY, inquiry=inquiry, wanted={"ZJ-CPU-X86": "1"})
    assert Demand.objects.count() == count
    act("shy", inquiry.case, "gather", DAY)
    late = Inquiry.objects.select_related("case__board").get(pk=inquiry.pk)
    with refused("不在征集需求"):
        procuring.ask(actor=cast()["mzj"], on=DAY, inquiry=late, wanted={"ZJ-CPU-X86": "1"})


def test_R016_期限前五个工作日起提醒_过了再催_各一次() -> None:
    inquiry = issued()
    assert procuring.chase(date(2026, 7, 23)) == 0
    assert procuring.chase(date(2026, 7, 24)) == 1
    assert procuring.chase(date(2026, 7, 27)) == 0
    assert procuring.chase(date(2026, 8, 3)) == 1
    assert Notice.objects.filter(case=inquiry.case, role="finance", text__contains="已过").count() == 1


def test_R017_采购结果发布成一版目录_首次申请照新价估算() -> None:
    case = filed_case()
    resulted(case)
    edition = Edition.objects.get(case=case)
    assert edition.basis == "沪采〔2026〕15 号"
    prices = queries.prices("CU", date(2026, 8, 1))
    assert prices.unit_price(prices.items["ZJ-CPU-X86"]) == Decimal(444)


def test_R017_没报区财政备案_不是市运管单位_价格没写齐_都不能发布结果() -> None:
    inquiry = issued()
    asked(inquiry)
    with pytest.raises(Refused):
        resulted(inquiry.case)
    case = filed(inquiry)
    with pytest.raises(NotYours):
        act("shy", case, "publish", DAY)
    with pytest.raises(Refused, match=r"单价"):
        resulted(case, price="")
    assert not Edition.objects.filter(case=case).exists()
    prices = queries.prices("CU", date(2026, 8, 1))
    assert prices.unit_price(prices.items["ZJ-CPU-X86"]) != Decimal(444)


def filed_case() -> Any:
    inquiry = issued()
    asked(inquiry)
    return filed(inquiry)


def prices_for(code: str) -> list[dict[str, str]]:
    """某家协议上的单价表，照采购结果。"""
    provider = Institution.objects.get(code=code)
    edition = queries.edition_on("市级", NEXT_JULY)
    assert edition is not None
    return [row.plain() for row in procuring.result_for(edition, provider).values()]


def test_协议单价表_照采购结果_别家的看不到() -> None:
    resulted(filed_case())
    url = "/procurement/agreements/CU.xlsx"
    content = opened("lt").get(url, {"year": "2027"}).content
    rows = {row["目录项"]: row["单价"] for row in read(content, "协议.xlsx")}
    assert rows["ZJ-CPU-X86"] == "444"
    assert rows == {row["目录项"]: row["单价"] for row in prices_for("CU")}
    assert opened("dx").get(url, {"year": "2027"}).status_code == 404
    assert opened("lt").get(url, {"year": "明年"}).status_code == 404
    assert opened("mzj").get(url, {"year": "2027"}).status_code == 403


def test_R018_框架协议单价等于采购结果才收_差一分_多一项_少一项都拒绝() -> None:
    resulted(filed_case())
    provider, rows = Institution.objects.get(code="CU"), prices_for("CU")
    given: dict[str, Any] = {
        "actor": cast()["shy"], "on": DAY, "provider": provider, "year": 2027, "number": "KJ-1", "signed_on": DAY,
    }  # fmt: skip
    cent = [{**row, "单价": "444.01"} if row["目录项"] == "ZJ-CPU-X86" else row for row in rows]
    with refused("ZJ-CPU-X86：协议单价 444.01 不等于采购结果 444"):
        procuring.sign(rows=cent, **given)
    with refused("采购结果里有，协议上没有"):
        procuring.sign(rows=rows[1:], **given)
    with refused("采购结果里没有，协议上不能加"):
        procuring.sign(rows=[*rows, {**rows[0], "目录项": "XX-1"}], **given)
    with pytest.raises(NotYours):
        procuring.sign(rows=rows, **{**given, "actor": cast()["lt"]})
    procuring.sign(rows=rows, **given)
    with refused("已登记过"):
        procuring.sign(rows=rows, **{**given, "number": "KJ-2"})
    assert Agreement.objects.count() == 1


def test_R018_服务年度开始前没签的_临近了逐家催_签了的不催() -> None:
    resulted(filed_case())
    procuring.sign(
        actor=cast()["shy"], on=DAY, provider=Institution.objects.get(code="CU"), year=2027, number="KJ-1",
        signed_on=DAY, rows=prices_for("CU"),
    )  # fmt: skip
    assert procuring.chase(date(2027, 6, 1)) == 0
    others = Institution.objects.filter(kind="provider").count() - 1
    assert procuring.chase(date(2027, 6, 28)) == others
    assert procuring.chase(date(2027, 6, 29)) == 0
    texts = list(Notice.objects.filter(text__contains="框架协议还没有签").values_list("text", flat=True))
    assert not any("联通" in text for text in texts)


def test_页面上报需求_汇总只给管理的人看_协议单价表差一分当场说明() -> None:
    inquiry = issued()
    url = f"/procurement/{inquiry.case.number}/"
    clerk = opened("mzj")
    assert "本单位要多少" in clerk.get(url).content.decode()
    bad = clerk.post(url, {"qty:ZJ-CPU-X86": "<b>"})
    assert bad.status_code == 422
    assert "应为数" in bad.content.decode()
    assert clerk.post(url, {"qty:ZJ-CPU-X86": "64"}).status_code == 302
    assert 'value="64"' in clerk.get(url).content.decode()
    for who, sees in (("shy", True), ("sdsj", True), ("mzj", False), ("lt", False)):
        assert ("全区汇总" in opened(who).get(url).content.decode()) is sees, who
    act("shy", inquiry.case, "gather", DAY)
    act("kw", inquiry.case, "approve", DAY)
    act("cz", inquiry.case, "file", DAY, fields={"document": "备"})
    resulted(inquiry.case)
    rows = [{**row, "单价": "1"} if row["目录项"] == "ZJ-CPU-X86" else row for row in prices_for("CU")]
    content = workbook("目录", COLUMNS, ([row[column] for column in COLUMNS] for row in rows))
    given = {"provider": "CU", "year": "2027", "number": "KJ", "signed_on": "2026-07-08"}
    answer = opened("shy").post("/procurement/agreements/", {**given, "file": SimpleUploadedFile("价.xlsx", content)})
    assert answer.status_code == 422
    assert "不等于采购结果 444" in answer.content.decode()
    content = workbook("目录", COLUMNS, ([row[column] for column in COLUMNS] for row in prices_for("CU")))
    answer = opened("shy").post("/procurement/agreements/", {**given, "file": SimpleUploadedFile("价.xlsx", content)})
    assert answer.status_code == 302
    assert "KJ" in opened("lt").get("/procurement/?year=2027").content.decode()
