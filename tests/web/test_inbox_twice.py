"""平台数据导入：相同的行、同号不同的行、列名的单位，预览里逐行说清，不丢、不重、不换算（R-052）。"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.scenarios.test_arrivals import ITEM, resource  # noqa: F401 固定件
from tests.scenarios.test_arrivals import send as send_rows
from tests.support.year import JULY
from tests.web.test_inbox import HEAD, confirm, send
from yunheng.catalog.models import Item
from yunheng.ledger.models import Received

pytestmark = pytest.mark.django_db

NO_NUMBER = "资源,目录项,日期,用量"


def sheet(*rows: str, head: str = NO_NUMBER) -> bytes:
    return "\n".join([head, *rows]).encode()


def used(*amounts: str, day: str = "2025-11-03") -> bytes:
    return sheet(*(f"ECS-无主,{ITEM},{day},{amount}" for amount in amounts))


def preview(content: bytes, kind: str = "用量") -> str:
    text: str = send(content, f"{kind}.csv", kind).content.decode()
    return text


def total() -> Decimal:
    return sum((Decimal(row.payload["用量"]) for row in Received.objects.filter(kind="用量")), Decimal(0))


def test_甲8_没有编号的两行完全相同_点名合计_点了头两笔都收_不并成一笔() -> None:
    page = preview(used("5", "5"))
    assert "第 2–3 行</b>：内容完全相同，没有自己的编号，都照收（用量合计 10）；如是重复录入，请只留一行" in page
    assert confirm(page).status_code == 422
    assert total() == 0
    assert confirm(page, agreed="on").headers["Location"] == "/inbox/?new=2&known=0"
    assert total() == 10


def test_R052_同一份重发_一笔不多_不要点头_写明以前收过() -> None:
    confirm(preview(used("5", "5")), agreed="on")
    page = preview(used("5", "5"))
    assert "第 2–3 行</b>：以前收过，内容相同，不再收" in page
    assert confirm(page).headers["Location"] == "/inbox/?new=0&known=2"
    assert total() == 10


def test_甲8_同一天两笔不同的用量_都收_相加() -> None:
    page = preview(used("5", "6"))
    assert "写法都没有错" in page
    assert confirm(page).headers["Location"] == "/inbox/?new=2&known=0"
    assert total() == 11


def test_R052_收过的五现在写成七_预览就拦下_不静静地加成十二() -> None:
    confirm(preview(used("5")))
    page = preview(used("7"))
    assert "以前收过，内容不同：是改了数" in page
    assert 'name="kept"' not in page
    confirm(preview(used("5", "7")))
    assert total() == 12


def test_R052_同号同内容写了两遍_只收一次_点名() -> None:
    row = "GD-1,SQ-1,ECS-1,ZJ-CPU-X86,新增,8,2026-03-02"
    page = preview(sheet(row, row, head=HEAD), "工单")
    assert "第 2–3 行</b>：编号和内容都相同，只收一次" in page
    assert confirm(page).headers["Location"] == "/inbox/?new=1&known=1"


def test_R052_同号不同内容_与收过的不同_预览里逐行说_别的行照样判(resource: str) -> None:  # noqa: F811
    order = "GD-1,SQ-1,ECS-1,ZJ-CPU-X86,新增,8,2026-03-02"
    confirm(preview(sheet(order, head=HEAD), "工单"))
    later = (JULY + timedelta(days=30)).isoformat()
    rows = [
        order.replace(",8,", ",16,"),
        f"GD-2,SQ-1,ECS-1,ZJ-CPU-X86,新增,8,{later}",
        "GD-3,SQ-1,ECS-2,ZJ-CPU-X86,新增,8,2026-03-02",
        "GD-3,SQ-1,ECS-2,ZJ-CPU-X86,新增,9,2026-03-02",
        f"GD-4,SQ-1,{resource},{ITEM},变更,1,2026-03-02",
    ]
    page = send(sheet(*rows, head=HEAD), "工单.csv", "工单", who="shy", provider="CT").content.decode()
    assert "GD-1/ECS-1/ZJ-CPU-X86 以前收过" not in page
    page += preview(sheet(*rows, head=HEAD), "工单")
    for words in (
        "GD-1/ECS-1/ZJ-CPU-X86 以前收过，内容不同",
        f"{later} 还没到",
        "GD-3/ECS-2/ZJ-CPU-X86 在这一批里出现两次，内容不同（R-052），头一条在第 4 行",
        f"资源 {resource} 在 2026-03-02 是别家服务商名下的",
    ):
        assert words in page, words
    assert "都没有问题" not in page
    assert 'name="kept"' not in page
    assert Received.objects.filter(source__code__endswith="文件").count() == 1


@pytest.mark.parametrize("title", ["用量（万次）", "用量(千条)", "用量（GB）"])
def test_丙43_列名的单位与目录的计价单位不同_逐行拒绝_不换算(title: str) -> None:
    page = preview(sheet(f"ECS-无主,{ITEM},2025-11-03,3.5", head=NO_NUMBER.replace("用量", title)))
    unit = Item.objects.get(code=ITEM).unit
    assert f"目录里这一项的计价单位是“{unit}”；不换算" in page
    assert 'name="kept"' not in page


def test_丙43_列名的单位就是计价单位_照收_目录里没有的项只拦倍数() -> None:
    page = preview(sheet(f"ECS-无主,{ITEM},2025-11-03,3.5", head=NO_NUMBER.replace("用量", "用量（次）")))
    assert confirm(page).status_code == 302
    orders = "GD-1,SQ-1,ECS-1,ZJ-CPU-X86,新增,8,2026-03-02", "GD-2,SQ-1,ECS-1,目录外,新增,8,2026-03-02"
    assert confirm(preview(sheet(*orders, head=HEAD.replace("数量", "数量（核）")), "工单")).status_code == 302
    for title, wrong in (("数量（万核）", 2), ("数量（GB）", 1)):
        page = preview(sheet(*orders, head=HEAD.replace("数量", title)), "工单")
        assert f"{wrong} 行有错" in page


WITH_NUMBER = "编号,资源,目录项,日期,用量"
ASKED = "内容相同：是重送还是另一笔？"


def numbered(*rows: tuple[str, str], day: str = "2025-11-03") -> bytes:
    return sheet(*(f"{number},ECS-无主,{ITEM},{day},{amount}" for number, amount in rows), head=WITH_NUMBER)


def test_R052_收过写了编号的_再来没有编号的_问是重送还是另一笔_不点头不收() -> None:
    confirm(preview(numbered(("LT1", "77"))))
    page = preview(used("77"))
    assert "第 2 行</b>：与 20" in page
    assert f"日收过的编号 LT1{ASKED}" in page
    assert "要点头" in page
    assert confirm(page).status_code == 422
    assert total() == 77
    assert confirm(page, agreed="on").headers["Location"] == "/inbox/?new=1&known=0"
    assert total() == 154
    again = preview(used("77"))
    assert ASKED not in again
    assert confirm(again).headers["Location"] == "/inbox/?new=0&known=1"


def test_R052_收过没有编号的_再来写了编号的_也问() -> None:
    confirm(preview(used("5", "77")))
    page = preview(numbered(("LT1", "77"), ("LT2", "6")))
    assert f"日收过的没有编号的一笔{ASKED}" in page
    assert "第 2 行</b>：与 20" in page
    assert confirm(page).status_code == 422
    assert total() == 82
    assert confirm(page, agreed="on").headers["Location"] == "/inbox/?new=2&known=0"


def test_R052_一份里一行有编号_一行没有而内容相同_也问() -> None:
    page = preview(numbered(("LT1", "77"), ("", "77")))
    assert f"第 3 行</b>：没有编号，与第 2 行写了编号的{ASKED}" in page
    assert confirm(page).status_code == 422
    assert total() == 0


def test_R052_量不同_日子不同_都有编号的_不问_收过的更正也不问() -> None:
    confirm(preview(numbered(("LT1", "77"))))
    fixed = sheet(f"LT9,ECS-无主,{ITEM},2025-11-03,77,LT1", head=f"{WITH_NUMBER},更正")
    for content in (used("78"), used("77", day="2025-11-04"), numbered(("LT2", "77")), fixed):
        page = preview(content)
        assert ASKED not in page
        assert "要点头" not in page
        assert 'name="kept"' in page
    assert confirm(preview(used("78"))).headers["Location"] == "/inbox/?new=1&known=0"


def test_R052_自己写的编号带斜杠和数的_不当作照内容起的() -> None:
    confirm(preview(numbered((f"ECS-无主/{ITEM}/2025-11-03/x/2", "77"))))
    assert ASKED in preview(used("77"))


def test_R052_日志也一样_接口送的不拦() -> None:
    head = "资源,首见日期,末见日期"
    confirm(preview(sheet("LT1,ECS-无主,2025-11-03,2025-11-04", head=f"编号,{head}"), "日志"))
    page = preview(sheet("ECS-无主,2025-11-03,2025-11-04", head=head), "日志")
    assert f"日收过的编号 LT1{ASKED}" in page
    assert confirm(page).status_code == 422
    confirm(preview(numbered(("LT1", "77"))))
    row = {"编号": "API-1", "资源": "ECS-无主", "目录项": ITEM, "日期": "2025-11-03", "用量": "77"}
    assert send_rows("用量", row).new == 1
