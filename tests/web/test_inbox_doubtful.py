"""平台数据里照收、也对得上，只是多半写错了的：编号是序号，更正换了日子，一天的用量大得不像，都点名、点了头才收（R-052）。"""

from __future__ import annotations

import pytest

from tests.scenarios.test_arrivals import ITEM, resource, usage  # noqa: F401 固定件
from tests.scenarios.test_arrivals import send as send_rows
from tests.web.test_inbox import HEAD, confirm, send
from yunheng.catalog.models import CityUsage, Item
from yunheng.ledger.models import Received
from yunheng.ledger.operations import Conflict

pytestmark = pytest.mark.django_db

NUMBERED = "编号,资源,目录项,日期,用量,更正"


def used(*rows: str) -> bytes:
    return "\n".join([NUMBERED, *rows]).encode()


def preview(content: bytes, kind: str = "用量") -> str:
    text: str = send(content, f"{kind}.csv", kind).content.decode()
    return text


# ── 编号是序号 ──


def test_R052_编号一列是1_2_3_像序号要点头_流水号不问(resource: str) -> None:  # noqa: F811
    rows = [f"{nth},{resource},{ITEM},2026-01-0{nth},10{nth}," for nth in (1, 2, 3)]
    page = preview(used(*rows))
    assert "“编号”列</b>：是1、2、3，像是表里的序号，不是平台的流水号" in page
    assert confirm(page).status_code == 422
    assert not Received.objects.filter(kind="用量").exists()
    assert "像是表里的序号" not in preview(used(*(f"LS-{row}" for row in rows)))
    assert "像是表里的序号" not in preview(used(rows[1], rows[2]))
    assert confirm(page, agreed="on").status_code == 302
    # 另一个月又是 1、2、3：重号的逐行拒绝，也说这一列像是序号
    other = preview(used(*(row.replace("2026-01", "2025-12") for row in rows)))
    assert "3 行有错" in other
    assert "像是表里的序号" in other
    # 同一份再导：一条都不新收，不再问
    assert "像是表里的序号" not in preview(used(*rows))


def test_R052_日志的序号一样问_没有编号一列的不问() -> None:
    head = "编号,资源,首见日期,末见日期"
    assert "像是表里的序号" in preview(f"{head}\n01,ECS-1,2026-03-02,2026-03-03".encode(), "日志")
    bare = head.removeprefix("编号,")
    assert "像是表里的序号" not in preview(f"{bare}\nECS-1,2026-03-02,2026-03-03".encode(), "日志")
    assert "像是表里的序号" not in preview(f"序号,{bare}\n1,ECS-1,2026-03-02,2026-03-03".encode(), "日志")


# ── 重号、更正 ──


def test_R052_重号而日期不同的是另一笔_不劝人更正_同一天改了数的才走更正(resource: str) -> None:  # noqa: F811
    send_rows("用量", usage("1", "100", resource, "2026-01-01"))
    with pytest.raises(Conflict) as other:
        send_rows("用量", usage("1", "200", resource, "2025-12-01"))
    assert (
        f"收过的是 {resource} {ITEM} 2026-01-01，这一条日期不同，像是另一笔；请换一个没有用过的编号，不要写更正"
        in str(other.value)
    )
    with pytest.raises(Conflict, match="更正请用新的编号，并在“更正”写原来的编号 1"):
        send_rows("用量", usage("1", "200", resource, "2026-01-01"))


def test_R052_日志末见往后延的走更正_两段日子不挨着的是另一段() -> None:
    first = {"编号": "1", "资源": "ECS-甲", "首见日期": "2026-01-01", "末见日期": "2026-01-31"}
    send_rows("日志", first)
    with pytest.raises(Conflict, match="更正请用新的编号"):
        send_rows("日志", first | {"末见日期": "2026-02-28"})
    with pytest.raises(Conflict, match="收过的是 ECS-甲 2026-01-01 至 2026-01-31，这一条日期不同"):
        send_rows("日志", first | {"首见日期": "2026-03-01", "末见日期": "2026-03-31"})


def test_R052_更正换了日期_接口提醒_同一天的更正不提(resource: str) -> None:  # noqa: F811
    send_rows("用量", usage("U-1", "100", resource, "2026-01-01"), usage("U-2", "100", resource, "2026-01-02"))
    told = send_rows("用量", usage("U-3", "200", resource, "2025-12-01", 更正="U-1")).reminders
    assert told == (
        f"第 1 条 更正换了日期：原来的 U-1 是 {resource} {ITEM} 2026-01-01，照收以后那天的用量就没有了；"
        "是另一笔的请不要写更正（R-052）",
    )
    assert send_rows("用量", usage("U-4", "200", resource, "2026-01-02", 更正="U-2")).reminders == ()


def test_R052_更正换了资源的工单_接口提醒_改完成日期的不提() -> None:
    order = {
        "工单号": "GD-1", "单号": "", "资源": "ECS-甲", "目录项": "ZJ-CPU-X86", "动作": "新增", "数量": "8",
        "完成日期": "2026-03-02",
    }  # fmt: skip
    send_rows("工单", order)
    later = order | {"工单号": "GD-2", "完成日期": "2026-03-05", "更正": "GD-1/ECS-甲/ZJ-CPU-X86"}
    assert not any("更正换了" in one for one in send_rows("工单", later).reminders)
    moved = later | {"工单号": "GD-3", "资源": "ECS-乙", "更正": "GD-2/ECS-甲/ZJ-CPU-X86"}
    assert any("更正换了资源" in one for one in send_rows("工单", moved).reminders)


def test_R052_文件里更正换了日期_预览要点头(resource: str) -> None:  # noqa: F811
    confirm(preview(used(f"U-1,{resource},{ITEM},2026-01-01,100,")))
    page = preview(used(f"U-9,{resource},{ITEM},2025-12-01,200,U-1"))
    assert "要点头" in page
    assert "更正换了日期" in page
    assert confirm(page).status_code == 422
    assert confirm(page, agreed="on").status_code == 302
    kept = preview(used(f"U-10,{resource},{ITEM},2025-12-01,250,U-9"))
    assert "更正换了" not in kept


# ── 用量大得不像 ──


def test_R052_一天的用量超过一亿_超过全市一年的_提醒_平常的不提(resource: str) -> None:  # noqa: F811
    (told,) = send_rows("用量", usage("U-1", "999999999999.999", resource)).reminders
    assert "一天的用量 999,999,999,999.999 超过 100,000,000，请核对位数和单位" in told
    assert send_rows("用量", usage("U-2", "100000000", resource, "2025-11-04")).reminders == ()
    CityUsage.objects.create(item=Item.objects.get(code=ITEM), service_year=2024, total=5000)
    (told,) = send_rows("用量", usage("U-3", "5001", resource, "2025-11-05")).reminders
    assert "一天的用量 5,001 比全市一年的总量 5,000 还多" in told
    assert send_rows("用量", usage("U-4", "5000", resource, "2025-11-06")).reminders == ()


# ── 释放的数量 ──


@pytest.mark.parametrize("blank", ["-", "—", "–", "/", "／", "无", "全部"])
def test_R052_工单释放的数量写横杠_无_全部的当作没有填_新增这样写的拒绝(blank: str) -> None:
    page = preview(f"{HEAD}\nGD-1,SQ-1,ECS-1,ZJ-CPU-X86,释放,{blank},2026-03-02".encode(), "工单")
    assert "当作没有填" in page
    assert confirm(page, agreed="on").status_code == 302
    assert Received.objects.get().payload["数量"] == ""
    page = preview(f"{HEAD}\nGD-2,SQ-1,ECS-1,ZJ-CPU-X86,变更,{blank},2026-03-02".encode(), "工单")
    assert f"数量：“{blank}”只有释放可以这样写，新增、变更请填数，如 8" in page
    assert 'name="kept"' not in page
