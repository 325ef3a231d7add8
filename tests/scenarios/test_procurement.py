"""采购：征询、需求、备案、结果成为目录版本，框架协议单价等于采购结果，临期催办（R-015 至 R-018）。"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.support.people import cast, signed_in
from tests.support.procurement import DAY, DUE, asked, filed, issued, resulted
from tests.support.year import act
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Board, Notice
from yunheng.catalog import operations, procuring, queries
from yunheng.catalog.models import Agreement, Demand, Edition, EditionDraft, Inquiry
from yunheng.catalog.sheet import COLUMNS, read, rows_of
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


def test_R015_征询单列明服务内容和标准_报需求的看得到() -> None:
    case = procuring.start(actor=cast()["sdsj"], on=DAY)
    draft = EditionDraft.objects.get(case=case)
    rows = [{**row, "服务内容": "弹性计算", "服务标准": "7×24 小时响应"} for row in draft.rows[:3]]
    operations.save(
        actor=cast()["sdsj"], case=case, seen=draft.version, effective_on=date(2026, 8, 1), basis="征询", rows=rows
    )
    act("sdsj", case, "issue", DAY, fields={"due_on": DUE.isoformat()})
    page = signed_in("mzj").get(f"/procurement/{case.number}/").content.decode()
    assert page.count("7×24 小时响应") == 3
    assert Inquiry.objects.get(case=case).rows[0]["服务内容"] == "弹性计算"


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


def test_R016_自愿使用_没有单位要_说明本区不使用_照样报备案反馈() -> None:
    inquiry = issued()
    with refused("还没有单位报需求；本区不用的，请办“本区不使用，说明”"):
        act("shy", inquiry.case, "gather", DAY)
    with refused("“本区不使用，说明”要写明意见"):
        act("shy", inquiry.case, "decline", DAY)
    with pytest.raises(NotYours):
        act("mzj", inquiry.case, "decline", DAY, "不用")
    act("shy", inquiry.case, "decline", DAY, "现有资源够用，本区这次不采购")
    assert procuring.declined(inquiry) == "现有资源够用，本区这次不采购"
    for who, url in (("mzj", f"/procurement/{inquiry.case.number}/"), ("kw", f"/cases/{inquiry.case.number}/")):
        assert "现有资源够用，本区这次不采购" in signed_in(who).get(url).content.decode()
    act("kw", inquiry.case, "approve", DAY)
    act("cz", inquiry.case, "file", DAY, fields={"document": "备"})
    assert Board.objects.get(case=inquiry.case).step == "compile"


def test_R016_报过需求的单位_本区不使用时知会到_退回以后改为汇总的不再算不使用() -> None:
    inquiry = issued()
    asked(inquiry)
    act("shy", inquiry.case, "decline", DAY, "改用区级云")
    told = Notice.objects.filter(text__contains="本区决定不使用").values_list("institution", flat=True)
    assert set(told) == {cast()["mzj"].institution, cast()["jyj"].institution}
    act("kw", inquiry.case, "return", DAY, "有两家要用")
    act("shy", inquiry.case, "gather", DAY)
    assert procuring.declined(inquiry) is None


def test_R017_流标_终止采购_写明缘由就了结_目录不变_各方知会到() -> None:
    case = filed_case()
    with refused("要写明意见"):
        act("sdsj", case, "terminate", DAY)
    with pytest.raises(NotYours):
        act("shy", case, "terminate", DAY, "流标")
    act("sdsj", case, "terminate", DAY, "有效投标不足三家，流标")
    board = Board.objects.get(case=case)
    assert (board.outcome, board.state) == ("terminated", "已终止")
    assert not Edition.objects.filter(case=case).exists()
    assert set(Notice.objects.filter(text__contains="终止采购").values_list("role", flat=True)) == {
        "reviewer", "authority", "finance", "clerk",
    }  # fmt: skip
    with refused("不能再办"):
        act("sdsj", case, "publish", DAY)
    assert procuring.chase(date(2026, 12, 1)) == 0


def test_R016_反馈期限不能晚于区里编报部门预算的截止日() -> None:
    case = procuring.start(actor=cast()["sdsj"], on=DAY)
    assert "2026-11-30 前编报部门预算" in signed_in("sdsj").get(f"/cases/{case.number}/").content.decode()
    with refused("反馈期限 2026-12-01 晚于区里编报部门预算的截止日 2026-11-30"):
        act("sdsj", case, "issue", DAY, fields={"due_on": "2026-12-01"})
    act("sdsj", case, "issue", DAY, fields={"due_on": "2026-11-30"})
    assert procuring.budget_day(date(2026, 12, 1)) == date(2027, 11, 30)


def test_R016_部门预算快截止了还没反馈的_另提醒一次_反馈了的不提醒() -> None:
    inquiry = issued()
    assert procuring.chase(date(2026, 8, 3)) == 1
    assert procuring.chase(date(2026, 11, 13)) == 0
    assert procuring.chase(date(2026, 11, 16)) == 1
    assert procuring.chase(date(2026, 11, 17)) == 0
    notices = Notice.objects.filter(case=inquiry.case, text__contains="2026-11-30 截止")
    assert set(notices.values_list("role", flat=True)) == {"reviewer", "authority", "finance"}
    filed_case()
    assert procuring.chase(date(2026, 11, 18)) == 0


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
    rows = {row["目录项"]: row["单价"] for row in rows_of(read(content, "协议.xlsx"))}
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
    with refused("ZJ-CPU-X86：协议单价 444.01 不等于采购结果 444.00"):
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


def agreement(**more: Any) -> dict[str, Any]:
    """与联通签 2027 服务年度的协议要填的。"""
    return {
        "actor": cast()["shy"], "on": DAY, "provider": Institution.objects.get(code="CU"), "year": 2027,
        "number": "KJ-1", "signed_on": DAY, "rows": prices_for("CU"), **more,
    }  # fmt: skip


def altered(item: str, **more: str) -> list[dict[str, str]]:
    return [{**row, **more} if row["目录项"] == item else row for row in prices_for("CU")]


def test_R018_协议上有别家的行_一项写两行_都拒绝() -> None:
    resulted(filed_case())
    cpu = next(row for row in prices_for("CU") if row["目录项"] == "ZJ-CPU-X86")
    with refused("ZJ-CPU-X86：服务商写的是 CT，不是.*联通"):
        procuring.sign(**agreement(rows=[{**cpu, "单价": "999", "服务商": "CT"}, *prices_for("CU")]))
    with refused("ZJ-CPU-X86：与第 1 行重复，一项只写一行"):
        procuring.sign(**agreement(rows=[cpu, *(prices_for("CU")[1:]), {**cpu, "单价": "1", "服务商": "CU"}]))
    assert not Agreement.objects.exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"计价单位": "每十核·年"}, "协议上计价单位是“每十核·年”，采购结果是“核·年”"),
        ({"计费周期": "月", "计价单位": "核·月"}, "协议上计费周期是“月”，采购结果是“年”"),
        ({"计价方式": "授权"}, "协议上计价方式是“授权”，采购结果是“单价”"),
        ({"服务标准": "尽力而为"}, "协议上服务标准是“尽力而为”，采购结果是“空”"),
    ],
)
def test_R018_单价一样_单位_周期_计价方式_服务标准不一样的拒绝(more: dict[str, str], words: str) -> None:
    resulted(filed_case())
    with refused(f"ZJ-CPU-X86：{words}"):
        procuring.sign(**agreement(rows=altered("ZJ-CPU-X86", **more)))
    assert not Agreement.objects.exists()


@pytest.mark.parametrize("year", [2025, 2028, 9999, 0])
def test_R018_只签本服务年度和下一服务年度的(year: int) -> None:
    resulted(filed_case())
    with refused(f"只签本服务年度、下一服务年度的（2026、2027），现在是 {year}"):
        procuring.sign(**agreement(year=year))


def test_R018_后来的采购结果变了价_协议标出不等_提醒一次_照新的另签以后不再标() -> None:
    resulted(filed_case())
    first = procuring.sign(**agreement())
    assert procuring.unequal(first) == []
    with refused("KJ-1 已登记过，单价仍与采购结果相同"):
        procuring.sign(**agreement(number="KJ-2"))
    resulted(filed_case(), price="430", effective=date(2027, 10, 1))
    (one,) = procuring.unequal(first)
    assert (one.item, one.agreed, one.result) == ("ZJ-CPU-X86", "444.00", "430.00")
    page = signed_in("shy").get("/procurement/", {"year": "2027"}).content.decode()
    assert "1 项单价不再等于采购结果" in page
    assert procuring.chase(date(2026, 7, 20)) == 1
    assert procuring.chase(date(2026, 7, 21)) == 0
    notice = Notice.objects.get(text__contains="不再等于采购结果")
    assert (notice.case, notice.role, notice.href) == (None, "reviewer", "/procurement/?year=2027")
    with refused("协议单价 444.00 不等于采购结果 430.00"):
        procuring.sign(**agreement(number="KJ-2", rows=altered("ZJ-CPU-X86", 单价="444")))
    second = procuring.sign(**agreement(number="KJ-2", rows=altered("ZJ-CPU-X86", 单价="430")))
    assert procuring.unequal(second) == []
    assert "不再等于采购结果" not in signed_in("shy").get("/procurement/", {"year": "2027"}).content.decode()


def test_R018_装机录入的目录没有事项_照样催签约_只催点了名的几家() -> None:
    assert queries.edition_on("市级", date(2027, 7, 1)).case is None  # type: ignore[union-attr]
    Institution.objects.create(code="ZZ", name="没中标的公司", kind="provider")
    assert procuring.chase(date(2027, 6, 28)) == 4
    notices = Notice.objects.filter(text__contains="框架协议还没有签")
    assert {(one.case, one.href) for one in notices} == {(None, "/procurement/?year=2027")}
    assert not notices.filter(text__contains="没中标的公司").exists()
    assert procuring.chase(date(2027, 6, 29)) == 0
    assert signed_in("shy").get("/todo/?tab=read").status_code == 200


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
