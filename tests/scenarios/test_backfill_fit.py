"""历史补录与系统里已有的接不接得上：形近的编号、同名的项目、接不上的动作、不像真的数量，都要点头才写（R-051、R-084）。"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from tests.scenarios.test_arrivals import ITEM
from tests.scenarios.test_arrivals import send as send_rows
from tests.scenarios.test_backfill import CPU, HISTORY, MEM, PAPER, kept_in, recorded, upload, workbook
from tests.support.people import cast, signed_in
from tests.support.year import JULY, measured
from yunheng.applications.history import operations
from yunheng.applications.history import workbook as sheets
from yunheng.applications.models import Backfill
from yunheng.audit.refused import Refused
from yunheng.catalog.models import Item
from yunheng.ledger.models import Project, Resource
from yunheng.orgs.alike import ROUGHLY
from yunheng.orgs.models import BusinessClock
from yunheng.settlement.models import Difference

pytestmark = pytest.mark.django_db
PROJECT = "P-2023-900"


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def later(
    *entries: Sequence[Any], number: str = "LS-2026-09", kind: str = "变更", on: date = date(2026, 5, 6),
    project: Sequence[Any] = (), ordered: bool = True,
) -> bytes:  # fmt: skip
    """已补录过的项目又来一份：一张单据，`entries` 是（资源, 目录项, 动作, 数量），各有当天完成的工单。"""
    orders = [
        [f"GD-{number}", number, *one[:3], one[3], on] for one in entries if ordered and one[2] != "释放"
    ]  # fmt: skip
    return workbook(
        项目=[HISTORY["项目"][0], *([list(project)] if project else [])],
        单据=[HISTORY["单据"][0], [number, kind, project[0] if project else PROJECT, "CU", on]],
        单据明细=[HISTORY["单据明细"][0], *([number, *one] for one in entries)],
        工单=[HISTORY["工单"][0], *orders],
        日志=[HISTORY["日志"][0]],
    )


def rehearsed(content: bytes) -> operations.Rehearsal:
    return operations.rehearse(actor=cast()["shy"], on=JULY, given=sheets.read(content, "补录.xlsx"))


def doubts(content: bytes) -> list[str]:
    found = rehearsed(content)
    assert found.problems == (), found.problems
    return [operations.said_of(note) for note in found.doubts]


# ── 形近 ──


@pytest.mark.parametrize("dash", ["–", "—", "−"])
def test_R051_资源的连字符被Word换了样子_点名台账上的那一个_不点头不写(dash: str) -> None:
    recorded()
    code = f"LS{dash}ECS{dash}1"
    content = later((code, CPU, "新增", 8), kind="首次申请")
    (said,) = doubts(content)
    assert f"“单据明细”第 2 行：资源 {code} 与系统里已有的 LS-ECS-1 形近" in said
    with pytest.raises(Refused, match=r"LS-ECS-1.*要看过点了头才补"):
        recorded(content)
    assert not Resource.objects.filter(code=code).exists()
    assert recorded(content, agreed=[said]).numbers == ["LS-2026-09"]


def test_R084_单号_项目与系统里的形近_也要点头() -> None:
    recorded()
    (said,) = doubts(later(("LS-ECS-7", CPU, "新增", 8), number="LS–2O23–01", kind="首次申请"))
    assert "“单据”第 2 行：单号 LS–2O23–01 与系统里已有的 LS-2023-01 形近：是同一张的已经登记过" in said
    other = ["P–2023–900", "另一个系统", "民政局（虚构）", "区级"]
    (said,) = doubts(later(("LS-ECS-7", CPU, "新增", 8), kind="首次申请", project=other))
    assert "“项目”第 2 行：项目 P–2023–900 与系统里已有的 P-2023-900 形近" in said


def test_R084_提到的项目_日志的资源没有而系统里有形近的_拒绝时写明是哪一个() -> None:
    recorded()
    content = workbook(
        项目=[HISTORY["项目"][0]],
        单据=[HISTORY["单据"][0], ["LS-9", "变更", "P–2023–900", "CU", date(2026, 5, 6)]],
        单据明细=[HISTORY["单据明细"][0], ["LS-9", "LS-ECS-1", CPU, "变更", 16]],
        工单=[HISTORY["工单"][0]],
        日志=logged("LS–ECS–1", date(2023, 8, 3)),
    )
    found = [sheets.said(one) for one in rehearsed(content).problems]
    assert any("没有项目“P–2023–900”；形近：P-2023-900；系统里没有的" in one for one in found), found
    assert any("没有资源 LS–ECS–1：系统里没有，“单据明细”里也没有；形近：LS-ECS-1" in one for one in found), found


def test_R051_一字不差的_看得出不同的_不算形近() -> None:
    recorded()
    assert doubts(later(("LS-ECS-1", CPU, "变更", 16), ("LS-ECS-11", CPU, "新增", 4))) == []


def test_R051_同一份里形近的资源_要点头() -> None:
    content = later(("LS-ECS-1", CPU, "新增", 8), ("LS–ECS–1", MEM, "新增", 8), kind="首次申请",
                    project=HISTORY["项目"][1])  # fmt: skip
    notes = [note for note in sheets.read(content, "补录.xlsx").notes if "形近" in note.text and note.doubtful]
    assert any(note.sheet == "单据明细" and "资源" in note.where for note in notes)


def test_R084_新项目与已有的同单位同名_要点头_名字不同的不问() -> None:
    recorded()
    same = ["P-2024-001", "救助老系统", "民政局（虚构）", "自费"]
    (said,) = doubts(later(("LS-ECS-7", CPU, "新增", 8), kind="首次申请", project=same))
    assert "P-2024-001“救助老系统”与系统里已有的 P-2023-900“救助老系统”（区级）单位、名称都相同" in said
    assert (
        doubts(later(("LS-ECS-7", CPU, "新增", 8), kind="首次申请", project=["P-2024-001", "救助新系统", *same[2:]]))
        == []
    )


@pytest.mark.parametrize("name", ["救助老系统（二期）", "救助 老系统", "老系统"])
def test_R084_新项目的名称是同单位已有的一部分_或多了几个字_要点头(name: str) -> None:
    recorded()
    (said,) = doubts(later(("LS-ECS-7", CPU, "新增", 8), kind="首次申请",
                           project=["P-2024-001", name, "民政局（虚构）", "自费"]))  # fmt: skip
    assert f"P-2024-001“{name}”与系统里已有的 P-2023-900“救助老系统”（区级）单位" in said


def test_R084_别的单位的同名项目_不问() -> None:
    recorded()
    other = ["P-2024-001", "救助老系统", "教育局（虚构）", "自费"]
    assert doubts(later(("LS-ECS-7", CPU, "新增", 8), kind="首次申请", project=other)) == []


@pytest.mark.parametrize(
    "code",
    ["LSECS1", "LS ECS 1", "LS--ECS-1", "LS-ECS-001", "LS-ECS-1（数据库）", "〔LS-ECS-1〕", "LS-ECS-1.", "ls_ecs_01"],
)
def test_R051_资源少了横_多了空格_前面多了0_后面写了用途_点名台账上的那一个(code: str) -> None:
    recorded()
    (said,) = doubts(later((code, CPU, "新增", 8), kind="首次申请"))
    assert "与系统里已有的 LS-ECS-1 形近：是同一台的请照台账的编号写，照补就另成一台，重复计费" in said


@pytest.mark.parametrize("number", ["LS2023-01", "LS-2023-1", "LS-2023-01号", "〔LS-2023-01〕", "LS202301"])
def test_R084_单号少了横_丢了0_后面写了号_点名已登记的那一张(number: str) -> None:
    recorded()
    (said,) = doubts(later(("LS-ECS-7", CPU, "新增", 8), number=number, kind="首次申请"))
    assert "与系统里已有的 LS-2023-01 形近：是同一张的已经登记过" in said


def test_R051_两个形近的编号台账上都有_各认各的_不问() -> None:
    recorded()
    content = later(("LS-ECS-01", CPU, "新增", 8), kind="首次申请")
    recorded(content, agreed=doubts(content))
    both = later(
        ("LS-ECS-1", CPU, "变更", 16), ("LS-ECS-01", CPU, "变更", 16), number="LS-2026-10", on=date(2026, 6, 8)
    )
    assert not [one for one in doubts(both) if "系统里已有的" in one]


def test_R051_资源编号照粗略的样子找_用得上索引() -> None:
    seen = ROUGHLY.format(column='"code"')
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT code FROM ledger_resource WHERE {seen} = ANY(%s)", [["ecs1"]])
        assert "resource_rough" in "".join(row[0] for row in cursor.fetchall())


# ── 与台账接不上的动作 ──


def test_R051_释放系统里没有的资源_拒绝_说形近的是哪一个_不留下空资源() -> None:
    recorded()
    (problem,) = rehearsed(later(("LS-ECS-O1", CPU, "释放", None), kind="注销")).problems
    assert "没有资源 LS-ECS-O1 可释放：系统里没有，这一份里也没有它的新增；" in problem.reason
    (problem,) = rehearsed(later(("LS–ECS–1", CPU, "释放", None), kind="注销")).problems
    assert "形近：LS-ECS-1" in problem.reason
    with pytest.raises(Refused, match="可释放"):
        recorded(later(("LS-ECS-9", CPU, "释放", None), kind="注销"))
    assert not Resource.objects.filter(code="LS-ECS-9").exists()


def test_R051_释放没有在用的一项_要点头_在用的不问() -> None:
    recorded()
    (said,) = doubts(later(("LS-ECS-2", CPU, "释放", None), ("LS-ECS-1", MEM, "释放", None), kind="注销"))
    assert "“单据明细”第 2 行：LS-ECS-2 的 ZJ-CPU-X86 2026-05-07 没有在用，释放不到什么" in said


def test_R075_变更没有在用的_预演说是无主变更_写下去计量也是这一条() -> None:
    recorded()
    content = later(("LS-ECS-8", CPU, "变更", 8))
    (said,) = doubts(content)
    assert "LS-ECS-8 的 ZJ-CPU-X86 2026-05-06 没有可变更的在用量，不生效（差异 D11 无主变更，R-075）" in said
    recorded(content, agreed=[said])
    assert Difference.objects.filter(run=measured(), resource="LS-ECS-8", code="D11").exists()


def test_R073_在用又新增_要点头_说以后是多少_释放以后再新增的不问() -> None:
    recorded()
    (said,) = doubts(later(("LS-ECS-1", CPU, "新增", 8)))
    assert "2026-05-06 已在用 12，再新增照变更处理：以后是 8，不是 20" in said
    assert doubts(later(("LS-ECS-2", CPU, "新增", 8))) == []


def test_R075_补在前面的释放让台账已有的变更接不上了_要点头() -> None:
    recorded()
    found = doubts(later(("LS-ECS-1", CPU, "释放", None), kind="注销", on=date(2025, 8, 1)))
    assert len(found) == 1
    assert "照补以后，台账已有的一条接不上了：LS-ECS-1 的 ZJ-CPU-X86 2025-10-01 没有可变更的在用量" in found[0]


def test_R051_同一台主机用着两项CPU_主机上记了服务项_要点头_先释放的不问() -> None:
    recorded()
    other = "ZJ-CPU-XC"
    assert Item.objects.get(code=other).dimension == Item.objects.get(code=CPU).dimension
    (said,) = doubts(later(("LS-ECS-1", other, "新增", 8)))
    assert "LS-ECS-1 自 2026-05-06 起同时用着 ZJ-CPU-X86 和 ZJ-CPU-XC，都是CPU 核；两项都计费" in said
    assert doubts(later(("LS-ECS-2", other, "新增", 8))) == []
    # 主机在用 CPU、内存两项，只说一次
    (said,) = doubts(later(("LS-ECS-1", "AQ-WAF", "新增", 1)))
    assert "LS-ECS-1 自 2026-05-06 起同时用着 AQ-WAF 和" in said
    assert "主机的编号上又记了服务项" in said


# ── 不像真的数量 ──


@pytest.mark.parametrize(
    ("quantity", "said"),
    [
        (0, "数量是 0：不计费"),
        (8.5, "ZJ-CPU-X86 按核计，数量有小数"),
        (800000, "ZJ-CPU-X86 一台超过 512 核，像是写错了位数或单位"),
    ],
)
def test_R084_数量不像真的_要点头(quantity: float, said: str) -> None:
    content = later(("LS-ECS-7", CPU, "新增", quantity), kind="首次申请", project=HISTORY["项目"][1])
    found = doubts(content)
    assert any(said in one for one in found), found
    with pytest.raises(Refused, match="要看过点了头才补"):
        recorded(content)


def test_R084_平常的数量_盘的小数_不问() -> None:
    entries = ("LS-ECS-7", CPU, "新增", 64), ("LS-ECS-7", MEM, "新增", 256), ("LS-ECS-7", "ZJ-SYSDISK", "新增", 0.1)
    assert doubts(later(*entries, kind="首次申请", project=HISTORY["项目"][1])) == []


# ── 计量时会成为差异的：不拦着 ──


def told(content: bytes) -> str:
    found = rehearsed(content)
    assert (found.problems, found.doubts) == ((), ())
    return "\n".join(found.notes)


def logged(code: str, first: date) -> list[list[Any]]:
    return [HISTORY["日志"][0], [code, first, date(2026, 7, 7)]]


def single(code: str, item: str = CPU, quantity: int = 8, **more: list[list[Any]]) -> bytes:
    """一张首次申请、一台新的，2026-05-06 审核、完成；`more` 换掉的表。"""
    form = ["LS-2026-09", "首次申请", PROJECT, "CU", date(2026, 5, 6)]
    order = ["GD-9", "LS-2026-09", code, item, "新增", quantity, date(2026, 5, 6)]
    given = {
        "单据": [HISTORY["单据"][0], form],
        "单据明细": [HISTORY["单据明细"][0], ["LS-2026-09", code, item, "新增", quantity]],
        "工单": [HISTORY["工单"][0], order],
        "日志": [HISTORY["日志"][0]],
    }
    return workbook(**{**given, **more})


def test_R075_新资源没有日志_首见差得远_先说会成为差异_平台另送来了的不说() -> None:
    assert "平台日志里没有这个资源，裁定以前不入结算（差异 D5 无日志）" in told(single("LS-ECS-7"))
    far = told(single("LS-ECS-7", 日志=logged("LS-ECS-7", date(2026, 5, 9))))
    assert "日志首见与工单的完成日期相差超过 2 天，裁定以前不入结算（差异 D6 起点不符）" in far
    assert "D5" not in far
    assert told(single("LS-ECS-7", 日志=logged("LS-ECS-7", date(2026, 5, 8)))) == ""
    row = {"编号": "R-1", "资源": "LS-ECS-7", "首见日期": "2026-05-06", "末见日期": "2026-07-07"}
    send_rows("日志", row)
    assert told(single("LS-ECS-7")) == ""


def test_R075_同一条明细两张工单_采用晚的_另一张先说是重复工单() -> None:
    first = ["GD-8", "LS-2026-09", "LS-ECS-7", CPU, "新增", 4, date(2026, 5, 6)]
    last = ["GD-9", "LS-2026-09", "LS-ECS-7", CPU, "新增", 8, date(2026, 5, 7)]
    content = single("LS-ECS-7", 工单=[HISTORY["工单"][0], last, first], 日志=logged("LS-ECS-7", date(2026, 5, 7)))
    assert told(content) == (
        "“工单”第 3 行：同一条明细另有更晚的工单，这张不采用（差异 D12 重复工单）（D62-七，R-075）"
    )


def test_R073_按次计费的填了数量_先说不影响金额_填1的不说() -> None:
    assert "第 2 行：按次计费的照用量算，这里的数量不影响金额" in told(single("LS-YS-1", ITEM, 1000))
    assert "按次计费" not in told(single("LS-YS-1", ITEM, 1))


# ── 点头 ──


def test_页面上接不上的逐条列着_不勾不写_勾了才写_预演以后才有的要重新看() -> None:
    recorded()
    client = signed_in("shy")
    page = upload(client, later(("LS-ECS-1", CPU, "新增", 8)))
    text = page.content.decode()
    assert "有 1 处与系统里的对不上" in text
    assert "再新增照变更处理" in text
    assert '<button class="btn">确认补录' in text

    def sent(kept: str, **more: str) -> Any:
        paper = SimpleUploadedFile(*PAPER)
        return client.post("/backfill/", {"kept": kept, "reason": "上线前的档案", "paper": paper, **more})

    assert sent(kept_in(page)).status_code == 422
    # 预演以后另一份把它注销了：原来点的头不算数，重新列
    recorded(later(("LS-ECS-1", CPU, "变更", 20), number="LS-2026-08", on=date(2026, 5, 1)))
    moved = sent(kept_in(page), agreed="on")
    assert moved.status_code == 422
    assert "已在用 20，再新增照变更处理" in moved.content.decode()
    assert sent(kept_in(moved), agreed="on").status_code == 302
    assert Backfill.objects.count() == 3
    assert Project.objects.filter(code=PROJECT).count() == 1
