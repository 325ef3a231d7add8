"""服务目录：提出、审核、编制、会同核定、发布；旧版永久可查；改价之前先看动到什么（R-011 至 R-014）。"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.scenarios.test_catalog_import import confirmed, imported
from tests.support.people import cast, signed_in
from tests.support.year import act, measured, paid, used
from yunheng.audit.models import Entry
from yunheng.audit.refused import NotYours, Refused, Stale
from yunheng.cases.models import Board, Case
from yunheng.catalog import operations, procuring, queries
from yunheng.catalog.models import Edition, EditionDraft, Item, Listing, Price
from yunheng.catalog.sheet import COLUMNS, checked, digest, read, rows_of
from yunheng.documents.listing import workbook
from yunheng.orgs.models import Institution, Person
from yunheng.rules import editions
from yunheng.rules.periods import service_year_of
from yunheng.settlement.impact import agreements_touched, touched
from yunheng.settlement.models import BillLine

pytestmark = pytest.mark.django_db
DAY, JULY = date(2026, 7, 8), date(2026, 8, 1)


def refused(fragment: str) -> Any:
    return pytest.raises(Refused, match=fragment)


def begun(level: str = "市级") -> Case:
    return operations.start(actor=cast()["sdsj" if level == "市级" else "shy"], on=DAY, level=level)


def changed(case: Case, item: str, price: str = "444", effective: date = JULY, **more: str) -> EditionDraft:
    draft = EditionDraft.objects.get(case=case)
    rows = [{**row, "单价": price, **more} if row["目录项"] == item else row for row in draft.rows]
    who = "sdsj" if draft.level == "市级" else "shy"
    return operations.save(
        actor=cast()[who], case=Case.objects.get(pk=case.pk), seen=draft.version, effective_on=effective,
        basis="采购结果〔2026〕3 号", rows=rows,
    )  # fmt: skip


def published(case: Case) -> Edition:
    for who, code in (
        ("sdsj", "file"),
        ("szg", "approve"),
        ("sdsj", "report"),
        ("szg", "approve"),
        ("sjx", "approve"),
        ("sdsj", "publish"),
    ):
        act(who, case, code, DAY)
    return Edition.objects.get(case=case)


def published_as_is(case: Case) -> Edition:
    """不改价，只定生效日，发布出去。"""
    changed(case, "ZJ-CPU-X86", "456")
    return published(case)


def test_R012_市级目录_提出_审核_编制_两家都核定才能发布_发布才生效() -> None:
    case = begun()
    changed(case, "ZJ-CPU-X86", "444")
    act("sdsj", case, "file", DAY)
    act("szg", case, "approve", DAY)
    act("sdsj", case, "report", DAY)
    act("szg", case, "approve", DAY)
    assert Board.objects.get(case=case).step == "joint"
    with pytest.raises(NotYours):
        act("sdsj", case, "publish", DAY)
    assert not Edition.objects.filter(case=case).exists()
    act("sjx", case, "approve", DAY)
    act("sdsj", case, "publish", DAY)
    prices = queries.prices("CU", date(2026, 7, 31)), queries.prices("CU", JULY)
    item = prices[0].items["ZJ-CPU-X86"]
    assert [one.unit_price(item) for one in prices] == [Decimal(456), Decimal(444)]


def test_R012_区级目录由区科创中心提出_区科委核定() -> None:
    with pytest.raises(NotYours):
        operations.start(actor=cast()["kw"], on=DAY, level="区级")
    case = begun("区级")
    changed(case, "QJ-CPU", "321")
    for who, code in (("shy", "file"), ("kw", "approve"), ("shy", "report"), ("kw", "approve"), ("shy", "publish")):
        act(who, case, code, DAY)
    assert Edition.objects.get(case=case).level == "区级"
    assert Price.objects.get(item__code="QJ-CPU", during__contains=JULY).unit_price == Decimal(321)


def test_R013_调价后旧版可查_历史账单一分不动_新一年按新价分段() -> None:
    used()
    before = measured()
    published_case = begun()
    changed(published_case, "ZJ-CPU-X86", "444")
    published(published_case)
    after = measured()
    assert after.digest == before.digest
    assert BillLine.objects.filter(run=after, item="ZJ-CPU-X86").values_list("unit_price", flat=True)[0] == "456"
    old = Edition.objects.filter(level="市级", effective_on__lte=DAY).latest("effective_on")
    row = next(row for row in queries.rows_of(old) if row.item == "ZJ-CPU-X86")
    assert row.unit_price == Decimal(456)


def test_R013_往回改价_没有依据_没有生效日_都不能报出() -> None:
    case = begun()
    with refused("生效日不能为空"):
        act("sdsj", case, "file", DAY)
    changed(case, "ZJ-CPU-X86", "444", date(2026, 7, 7))
    with refused("已经过去.*不能往回改价"):
        act("sdsj", case, "file", DAY)
    operations.save(
        actor=cast()["sdsj"], case=Case.objects.get(pk=case.pk), seen=1, effective_on=JULY, basis=" ", rows=None
    )
    with refused("依据不能为空"):
        act("sdsj", case, "file", DAY)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"单价": "十"}, "单价：应为元，最多 6 位小数"),
        ({"单价": "-1"}, "单价：应为元"),
        ({"单价": "1.1234567"}, "最多 6 位小数"),
        ({"类别": "别的"}, "类别：只能填"),
        ({"类别": "软件授权"}, "以前各版是 基础设施"),
        ({"计价单位": "十核·年"}, "计价单位以前各版是 核·年，现在是 十核·年；.*请另列新目录项，旧项取消"),
        ({"主机规格": ""}, "主机规格以前各版是 CPU 核，现在是 空"),
        ({"架构": "信创"}, "架构以前各版是 X86，现在是 信创"),
        ({"服务内容": "长" * 1001}, "服务内容最多 1000 字，现在 1001 字"),
        ({"计费周期": "月", "计价单位": "核·月"}, "计费周期以前各版是 年"),
        ({"计费周期": "月"}, "计价单位：写的是“核·年”，按年，计费周期却是“月”；单价不换算"),
        ({"计价方式": "阶梯"}, "阶梯计价的单价由全市总量定"),
        ({"服务商": "XX"}, "没有代码为 XX 的云服务商"),
        ({"名称": ""}, "名称不能为空"),
        ({"目录项": "有 空格"}, "目录项：应为字母"),
    ],
)
def test_R011_坏的一行写明第几行哪一栏_什么都不存(more: dict[str, str], words: str) -> None:
    case = begun()
    before = EditionDraft.objects.get(case=case).rows
    with refused(f"第 \\d+ 行.*{words}"):
        changed(case, "ZJ-CPU-X86", "444", JULY, **more)
    assert EditionDraft.objects.get(case=case).rows == before


def test_R011_R013_平台软件换一家提供_请另列新目录项() -> None:
    case = begun()
    with refused("DSJ-JS：这一项由.*联通.*提供.*另列新目录项，旧项取消"):
        changed(case, "DSJ-JS", "11300", JULY, 服务商="CT")
    assert {row["服务商"] for row in EditionDraft.objects.get(case=case).rows if row["目录项"] == "DSJ-JS"} == {"CU"}


def test_R011_R013_名称_服务内容_服务标准随版改_旧版照旧_账目不动_摘要等于看到的() -> None:
    used()
    before = measured()
    old = queries.edition_on("市级", DAY)
    assert old is not None
    case = begun()
    texts = {"名称": "通用 CPU", "服务内容": "弹性云主机的计算能力", "服务标准": "可用性不低于 99.95%"}
    changed(case, "ZJ-CPU-X86", "456", JULY, **texts)
    new = published(case)
    shown = {edition: next(r for r in queries.rows_of(edition) if r.item == "ZJ-CPU-X86") for edition in (old, new)}
    assert (shown[old].name, shown[old].content) == ("云主机CPU（X86）", "")
    assert (shown[new].name, shown[new].content, shown[new].standard) == tuple(texts.values())
    assert Item.objects.get(code="ZJ-CPU-X86").name == "通用 CPU"
    assert [one.column for one in queries.reworded(queries.rows_of(old), queries.rows_of(new))] == list(texts)
    assert queries.moved(queries.rows_of(old), queries.rows_of(new)) == []
    assert digest(queries.rows_of(new)) == new.digest
    assert measured().digest == before.digest
    assert [problem for problem in queries.edition_differences() if problem] == []


def test_R011_发布以后往这一版里添了一行_核对指出是哪一版() -> None:
    edition = published_as_is(begun())
    assert [problem for problem in queries.edition_differences() if problem] == []
    provider = Institution.objects.get(code="CM")
    Listing.objects.create(
        edition=edition, item=Item.objects.get(code="ZJ-CPU-X86"), provider=provider, unit_price=1, name="添的"
    )
    assert [problem for problem in queries.edition_differences() if problem] == [
        f"目录 {edition.number} 的各行与发布时的摘要不符"
    ]


def test_R011_R014_公开页_目录页看得到服务内容和标准_比上一版写明改了哪几个字_Excel也有(client: Client) -> None:
    case = begun()
    changed(case, "ZJ-CPU-X86", "456", 服务内容="弹性计算能力", 服务标准="可用性 99.95%")
    desk = signed_in("sdsj").get(f"/cases/{case.number}/").content.decode()
    assert "改了文字" in desk
    assert "弹性计算能力" in desk
    edition = published(case)
    for page in (
        client.get("/public/catalog/", {"edition": edition.number}).content.decode(),
        signed_in("mzj").get("/catalog/", {"edition": edition.number}).content.decode(),
    ):
        assert page.count("可用性 99.95%") == 2
        assert "改了文字" in page
    table = read(client.get(f"/public/catalog/{edition.number}.xlsx").content, "目录.xlsx")
    assert table.notes == ()
    rows = rows_of(table)
    row = next(row for row in rows if row["目录项"] == "ZJ-CPU-X86")
    assert (row["服务内容"], row["服务标准"]) == ("弹性计算能力", "可用性 99.95%")


def test_R011_以前的表没有服务内容和标准两列_照样导入_以前存下的也能下载() -> None:
    case = begun()
    old = COLUMNS[:-2]
    rows = EditionDraft.objects.get(case=case).rows
    content = workbook("目录", old, ([row[column] for column in old] for row in rows))
    page = imported(case, content).content.decode()
    assert confirmed(case, page).status_code == 302
    EditionDraft.objects.filter(case=case).update(rows=[{column: row[column] for column in old} for row in rows])
    answer = signed_in("sdsj").get(f"/catalog/{case.number}.xlsx")
    assert rows_of(read(answer.content, "目录.xlsx"))[0]["服务标准"] == ""
    assert signed_in("sdsj").get(f"/cases/{case.number}/").status_code == 200


def walked(case: Case, *until: str) -> None:
    """市级目录依次往下办。"""
    for who, code in zip(("sdsj", "szg", "sdsj", "szg", "sjx", "sdsj"), until, strict=False):
        act(who, case, code, DAY)


def test_R013_两版同时在编_后一版报送核定_发布时要先并入前一版_不会悄悄改回去() -> None:
    first, second = begun(), begun()
    changed(second, "ZJ-MEM-X86", "100", date(2026, 9, 1))
    walked(second, "file", "approve")
    changed(first, "ZJ-CPU-X86", "444")
    published(first)
    with refused(f"起草时最近的是 .*，现在已有 {first.number}（2026-08-01 起生效）.*并入最新的一版"):
        act("sdsj", second, "report", DAY)
    draft = EditionDraft.objects.get(case=second)
    operations.rebase(actor=cast()["sdsj"], case=Case.objects.get(pk=second.pk), seen=draft.version)
    for who, code in (("sdsj", "report"), ("szg", "approve"), ("sjx", "approve"), ("sdsj", "publish")):
        act(who, second, code, DAY)
    prices = queries.prices("CU", date(2026, 9, 2))
    assert [prices.unit_price(prices.items[item]) for item in ("ZJ-CPU-X86", "ZJ-MEM-X86")] == [444, 100]


def test_R013_核定以后别的一版先发布了_发布这一步也拒绝() -> None:
    first, second = begun(), begun()
    changed(second, "ZJ-MEM-X86", "100", date(2026, 9, 1))
    walked(second, "file", "approve", "report", "approve", "approve")
    published_as_is(first)
    with refused("并入最新的一版"):
        act("sdsj", second, "publish", DAY)
    assert not Edition.objects.filter(case=second).exists()


def test_R013_并入_本版改的留着_没改的照新的_取消的不回来_两边都改了的以本版为准() -> None:
    first, second = begun(), begun()
    rows = EditionDraft.objects.get(case=first).rows
    theirs = {"ZJ-CPU-X86": "444", "ZJ-SSD": "6000"}
    rows = [{**row, "单价": theirs.get(row["目录项"], row["单价"])} for row in rows if row["目录项"] != "KJ-JF"]
    operations.save(
        actor=cast()["sdsj"], case=first, seen=0, effective_on=JULY, basis="前一版", rows=rows,
    )  # fmt: skip
    published(first)
    changed(second, "ZJ-SSD", "5000")
    draft = operations.rebase(actor=cast()["sdsj"], case=Case.objects.get(pk=second.pk), seen=1)
    prices = {row["目录项"]: row["单价"] for row in draft.rows}
    assert (prices["ZJ-CPU-X86"], prices["ZJ-SSD"], "KJ-JF" in prices) == ("444", "5000", False)
    assert draft.base == Edition.objects.get(case=first)
    with refused("没有发布过新的一版，不用并入"):
        operations.rebase(actor=cast()["sdsj"], case=Case.objects.get(pk=second.pk), seen=2)
    with pytest.raises(NotYours):
        operations.rebase(actor=cast()["szg"], case=Case.objects.get(pk=second.pk), seen=2)


def test_R013_页面上说明为什么报不出去_按一下并入就好() -> None:
    first, second = begun(), begun()
    changed(second, "ZJ-MEM-X86", "100", date(2026, 9, 1))
    published_as_is(first)
    url = f"/cases/{second.number}/"
    sponsor = signed_in("sdsj")
    assert "并入最新的一版</button>" in sponsor.get(url).content.decode()
    assert "并入最新的一版</button>" not in signed_in("szg").get(url).content.decode()
    assert sponsor.post(f"{url}catalog/", {"do": "rebase", "version": "0"}).status_code == 409
    assert sponsor.post(f"{url}catalog/", {"do": "rebase", "version": "1"}).status_code == 302
    assert "照现在的样子报不出去" not in sponsor.get(url).content.decode()


def test_R013_生效日早于已发布的下一版_拒绝_到那天就被整本换掉() -> None:
    published_as_is(begun())
    case = begun()
    changed(case, "ZJ-MEM-X86", "100", date(2026, 7, 20))
    with refused("生效日 2026-07-20 早于最近的一版.*2026-08-01"):
        act("sdsj", case, "file", DAY)


def test_R084_历史补录_比最早的一版还早的可以补_以前没有价的日子有了价_已有的一天不变() -> None:
    before = {(p.item_id, p.provider_id, p.unit_price, p.during.upper) for p in Price.objects.all()}
    case = begun()
    draft = EditionDraft.objects.get(case=case)
    rows = [{**row, "单价": "999"} if row["目录项"] == "ZJ-CPU-X86" else row for row in draft.rows]
    operations.save(
        actor=cast()["sdsj"], case=case, seen=0, effective_on=date(2020, 7, 1), basis="2020 采购结果", rows=rows
    )
    edition = published(case)
    assert edition.backfilled
    cpu = Price.objects.filter(item__code="ZJ-CPU-X86").order_by("during")
    assert [(p.unit_price, p.during.lower) for p in cpu][:2] == [
        (Decimal(999), date(2020, 7, 1)),
        (Decimal(480), date(2021, 7, 1)),
    ]
    assert {(p.item_id, p.provider_id, p.unit_price, p.during.upper) for p in Price.objects.all()} >= before
    assert Entry.objects.filter(action="发布目录", subject=case.number, after__历史补录=True).exists()
    assert "历史补录" in signed_in("mzj").get("/catalog/", {"edition": edition.number}).content.decode()


def test_R084_以前没列过的项_年中可以从7月1日起补录() -> None:
    case = begun("区级")
    draft = EditionDraft.objects.get(case=case)
    fresh = [{**row, "目录项": f"{row['目录项']}-N"} for row in draft.rows]
    operations.save(
        actor=cast()["shy"], case=case, seen=0, effective_on=date(2026, 7, 1), basis="补录新项",
        rows=[*draft.rows, *fresh],
    )  # fmt: skip
    for who, code in (("shy", "file"), ("kw", "approve"), ("shy", "report"), ("kw", "approve"), ("shy", "publish")):
        act(who, case, code, DAY)
    assert Price.objects.get(item__code="QJ-CPU-N").during.lower == date(2026, 7, 1)


def test_R084_补录要动已有单价的日子_取消一项_都拒绝_写明是哪一项() -> None:
    case = begun()
    changed(case, "ZJ-CPU-X86", "1", date(2026, 7, 1))
    with refused("已经过去.*ZJ-CPU-X86 在已有单价的日子里会变.*R-013.*R-084"):
        act("sdsj", case, "file", DAY)
    draft = EditionDraft.objects.get(case=case)
    operations.save(
        actor=cast()["sdsj"], case=case, seen=draft.version, effective_on=date(2026, 7, 1), basis="x",
        rows=[{**row, "单价": "456"} if row["目录项"] == "ZJ-CPU-X86" else row for row in draft.rows[1:]],
    )  # fmt: skip
    with refused(f"{draft.rows[0]['目录项']} 在已有单价的日子里会变"):
        act("sdsj", case, "file", DAY)


def test_R084_补录到已经冻结的年度里_拒绝_由补差结清(tmp_path: Path) -> None:
    used()
    paid(tmp_path)
    case = begun()
    draft = EditionDraft.objects.get(case=case)
    fresh = {**draft.rows[0], "目录项": "NEW-1"}
    for day, wrong in ((date(2026, 6, 30), True), (date(2026, 7, 1), False)):
        draft.refresh_from_db()
        operations.save(
            actor=cast()["sdsj"], case=case, seen=draft.version, effective_on=day, basis="补录",
            rows=[*(row for row in draft.rows if row["目录项"] != "NEW-1"), fresh],
        )  # fmt: skip
        if wrong:
            with refused("2025 服务年度的计量已经冻结"):
                act("sdsj", case, "file", DAY)
        else:
            act("sdsj", case, "file", DAY)


def test_R013_两个人同时改_后存的看到刚被改过() -> None:
    case = begun()
    changed(case, "ZJ-CPU-X86", "444")
    with pytest.raises(Stale):
        operations.save(
            actor=cast()["sdsj"], case=Case.objects.get(pk=case.pk), seen=0, effective_on=JULY, basis="x", rows=None
        )


def test_R013_发布以前看得到动到哪些在用的资源_一年多付多少() -> None:
    used()
    case = begun()
    changed(case, "ZJ-CPU-X86", "466")
    draft = EditionDraft.objects.get(case=case)
    rows, problems = checked(draft.rows, "市级")
    assert problems == []
    moved = queries.moved(queries.listed("市级", DAY), rows)
    assert [(one.item, one.before, one.after) for one in moved] == [("ZJ-CPU-X86", Decimal(456), Decimal(466))]
    (one,) = touched(moved, DAY)
    # 三台：8、8、16 核，共 32 核，每核一年多 10 元
    assert (one.resources, one.projects, one.quantity, one.change) == (3, 1, Decimal(32), Decimal(320))


def test_R013_R018_发布以前看得到动到哪几份框架协议_没动到的不列(client: Client) -> None:
    used()
    people = cast()
    edition = queries.edition_on(procuring.LEVEL, DAY)
    assert edition is not None
    for code in ("CU", "GE"):
        provider = Institution.objects.get(code=code)
        rows = [row.plain() for row in procuring.result_for(edition, provider).values()]
        procuring.sign(
            actor=people["shy"], on=DAY, provider=provider, year=service_year_of(JULY), number=f"KJ-{code}",
            signed_on=DAY, rows=rows,
        )  # fmt: skip
    case = begun()
    changed(case, "DSJ-JS", "11300")
    listed, _ = checked(EditionDraft.objects.get(case=case).rows, "市级")
    moved = queries.moved(queries.listed("市级", DAY), listed)
    found = agreements_touched(moved, JULY)
    assert [(one.number, len(names)) for one, names in found] == [("KJ-CU", 1)]
    assert agreements_touched(moved, JULY.replace(year=JULY.year + 2)) == []
    client.force_login(Person.objects.get(username="demo.sdsj"), backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert "KJ-CU：1 项单价与这一版不同" in page
    assert "KJ-GE" not in page
    resources = client.get("/assets/", {"item": "ZJ-CPU-X86"}).content.decode()
    assert resources.count("ECS-YR-") >= 3
    assert "ECS-YR-" not in client.get("/assets/", {"item": "GPU-TL"}).content.decode()


def test_R014_目录和单价不用登录就看得到_编制中的一版看不到(client: Client) -> None:
    case = begun()
    page = client.get("/public/catalog/")
    assert page.status_code == 200
    assert "ZJ-CPU-X86" in page.content.decode()
    edition = queries.edition_on("市级", DAY)
    assert edition is not None
    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/public/catalog/{edition.number}.xlsx").content))
    assert book.worksheets[0].max_row == len(queries.rows_of(edition)) + 1
    assert client.get(f"/public/catalog/{case.number}.xlsx").status_code == 404
    assert client.get("/public/catalog/", {"level": "国家级"}).status_code == 404


def test_R014_目录页人人看得到_按日期看_下载的Excel改一行导回去(client: Client) -> None:
    case = begun()
    people = {who: Client() for who in ("mzj", "lt", "sdsj")}
    for who, one in people.items():
        one.force_login(Person.objects.get(username=f"demo.{who}"), backend="django.contrib.auth.backends.ModelBackend")
        assert "ZJ-CPU-X86" in one.get("/catalog/").content.decode()
    assert "480" in people["mzj"].get("/catalog/", {"on": "2022-01-01"}).content.decode()
    assert people["mzj"].get("/catalog/", {"on": "昨天"}).status_code == 404
    assert client.get("/catalog/").status_code == 302
    content = people["sdsj"].get(f"/catalog/{case.number}.xlsx").content
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.worksheets[0]
    for row in sheet.iter_rows(min_row=2):
        if row[0].value == "ZJ-CPU-X86":
            row[6].value = "450.5"
    out = io.BytesIO()
    book.save(out)
    response = confirmed(case, imported(case, out.getvalue()).content.decode())
    assert response.status_code == 302
    page = people["sdsj"].get(f"/cases/{case.number}/").content.decode()
    assert "450.5" in page
    assert "一年多付" in page or "没有动到在用的资源" in page
    assert imported(case, b"no").status_code == 422
    wrong = imported(case, workbook("目录", ("别的",), [("x",)]))
    assert wrong.status_code == 422
    assert "找不到表头：第 1 行是“别的”；缺少列：目录项" in wrong.content.decode()
    typed = {"version": "1", "effective_on": "2026-08-01", "basis": "结果"}
    single = people["sdsj"].post(
        f"/cases/{case.number}/catalog/", {**typed, "item": "ZJ-MEM-X86", "unit_price": "99.5"}
    )
    assert single.status_code == 302
    assert any(row["单价"] == "99.5" for row in EditionDraft.objects.get(case=case).rows)


KEYS = st.sampled_from([("A", None), ("A", "CU"), ("B", None)])
VERSIONS = st.lists(
    st.tuples(
        st.dates(date(2024, 1, 1), date(2024, 3, 1)),
        st.dictionaries(KEYS, st.sampled_from([None, Decimal(1), Decimal(2)])),
    ),
    max_size=6,
)


def price_of(history: Iterable[tuple[date, dict[Any, Any]]], key: Any, day: date) -> tuple[bool, Any]:
    """笨办法：这天作数的一版里有没有它，多少。"""
    current: dict[Any, Any] = {}
    for _, (on, prices) in sorted(enumerate(history), key=lambda one: (one[1][0], one[0])):
        if on <= day:
            current = prices
    return key in current, current.get(key)


@given(VERSIONS)
@settings(max_examples=200, deadline=None)
def test_各版折成的价格版本_与逐日查一样_不相交_相邻的价必不同(history: list[tuple[date, dict[Any, Any]]]) -> None:
    spans = editions.fold(editions.Edition(on, prices) for on, prices in history)
    for key in {("A", None), ("A", "CU"), ("B", None)}:
        own = [span for span in spans if (span.item, span.provider) == key]
        for earlier, later in itertools.pairwise(own):
            assert earlier.until is not None
            assert earlier.until < later.start or (
                earlier.until == later.start and earlier.unit_price != later.unit_price
            )
        for ordinal in range(date(2023, 12, 31).toordinal(), date(2024, 3, 3).toordinal()):
            day = date.fromordinal(ordinal)
            found = [span for span in own if span.start <= day and (span.until is None or day < span.until)]
            listed, price = price_of(history, key, day)
            assert len(found) == int(listed)
            if found:
                assert found[0].unit_price == price
