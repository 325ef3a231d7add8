"""历史补录：一份工作簿带来一个单位上线以前的全部，预演只查不写，确认一次写完，照同一规则出账（M10-四(六)，R-084）。"""

from __future__ import annotations

import io
import random
from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl.comments import Comment

from tests.support.human_files import Draft, made, silent
from tests.support.people import cast, signed_in
from tests.support.year import JULY, YEAR, approved, measured, used
from yunheng.applications.history import operations
from yunheng.applications.history import workbook as sheets
from yunheng.applications.models import Backfill
from yunheng.audit.refused import NotYours, Refused
from yunheng.cases.models import Case
from yunheng.ledger.models import Fact, Project, Received, Resource
from yunheng.orgs.models import BusinessClock
from yunheng.settlement import queries
from yunheng.settlement.models import BillLine, Difference
from yunheng.tables.columns import Kind
from yunheng.tables.notes import Outcome

pytestmark = pytest.mark.django_db
CPU, MEM, SMS = "ZJ-CPU-X86", "ZJ-MEM-X86", "DX-SL"
PAPER = ("原件.pdf", b"%PDF-1.4")

#: 民政局一个项目的全部历史：两台主机，一台加过核、一台已注销
HISTORY: dict[str, list[list[Any]]] = {
    "项目": [["项目", "名称", "单位", "费用归属"], ["P-2023-900", "救助老系统", "民政局（虚构）", "区级"]],
    "单据": [
        ["单号", "种类", "项目", "服务商", "审核日期"],
        ["LS-2023-01", "首次申请", "P-2023-900", "CU", date(2023, 8, 1)],
        ["LS-2025-02", "变更", "P-2023-900", "CU", date(2025, 9, 30)],
        ["LS-2026-03", "注销", "P-2023-900", "CU", date(2026, 2, 28)],
    ],
    "单据明细": [
        ["单号", "资源", "目录项", "动作", "数量"],
        ["LS-2023-01", "LS-ECS-1", CPU, "新增", 8],
        ["LS-2023-01", "LS-ECS-1", MEM, "新增", 32],
        ["LS-2023-01", "LS-ECS-2", CPU, "新增", 4],
        ["LS-2025-02", "LS-ECS-1", CPU, "变更", 12],
        ["LS-2026-03", "LS-ECS-2", CPU, "释放", None],
    ],
    "工单": [
        ["工单号", "单号", "资源", "目录项", "动作", "数量", "完成日期"],
        ["GD-1", "LS-2023-01", "LS-ECS-1", CPU, "新增", 8, date(2023, 8, 3)],
        ["GD-1", "LS-2023-01", "LS-ECS-1", MEM, "新增", 32, date(2023, 8, 3)],
        ["GD-1", "LS-2023-01", "LS-ECS-2", CPU, "新增", 4, date(2023, 8, 3)],
        ["GD-2", "LS-2025-02", "LS-ECS-1", CPU, "变更", 12, date(2025, 10, 1)],
    ],
    "日志": [
        ["资源", "首见日期", "末见日期"],
        ["LS-ECS-1", date(2023, 8, 3), date(2026, 7, 7)],
        ["LS-ECS-2", date(2023, 8, 3), date(2026, 2, 28)],
    ],
}


@pytest.fixture(autouse=True)
def _clock() -> None:
    BusinessClock.objects.update_or_create(id=1, defaults={"on": JULY})


def workbook(**changed: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.remove(book.active)
    for name, rows in {**HISTORY, **changed}.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def altered(sheet: str, row: int, column: int, value: Any) -> bytes:
    rows = [list(one) for one in HISTORY[sheet]]
    rows[row - 1][column - 1] = value
    return workbook(**{sheet: rows})


def problems(content: bytes) -> list[str]:
    found = operations.rehearse(actor=cast()["shy"], on=JULY, given=sheets.read(content, "补录.xlsx"))
    return [sheets.said(one) for one in found.problems]


def recorded(content: bytes | None = None, **more: Any) -> Backfill:
    options: dict[str, Any] = {"reason": "上线前的纸质档案", "paper": PAPER, **more}
    given = sheets.read(content or workbook(), "补录.xlsx")
    return operations.record(actor=cast()["shy"], on=JULY, given=given, workbook="补录.xlsx", **options)


def nothing_written() -> bool:
    return not (
        Case.objects.filter(backfilled=True).exists()
        or Fact.objects.exists()
        or Received.objects.exists()
        or Backfill.objects.exists()
        or Project.objects.filter(code="P-2023-900").exists()
    )


def test_R084_一个单位的全部历史一份文件带进来_照同一规则出账() -> None:
    made = recorded()
    assert made.numbers == ["LS-2023-01", "LS-2025-02", "LS-2026-03"]
    assert Project.objects.get(code="P-2023-900").unit.name == "民政局（虚构）"
    run = measured()
    lines = list(
        BillLine.objects.filter(run=run, resource__startswith="LS-")
        .order_by("resource", "item", "from_on")
        .values_list("resource", "item", "quantity", "from_on", "until_on", "disputed")
    )
    assert lines == [
        ("LS-ECS-1", CPU, "8", date(2025, 7, 1), date(2025, 10, 1), False),
        ("LS-ECS-1", CPU, "12", date(2025, 10, 1), date(2026, 7, 1), False),
        ("LS-ECS-1", MEM, "32", date(2025, 7, 1), date(2026, 7, 1), False),
        ("LS-ECS-2", CPU, "4", date(2025, 7, 1), date(2026, 3, 1), False),
    ]
    # 8 核 92 天、12 核 273 天：数量 × 单价 × 天数 ÷ 365
    first, second = BillLine.objects.filter(run=run, resource="LS-ECS-1", item=CPU).order_by("from_on")
    price = Decimal(first.unit_price)
    cent = Decimal("0.01")
    assert first.amount == (8 * price * 92 / 365).quantize(cent)
    assert second.amount == (12 * price * 273 / 365).quantize(cent)
    assert not Difference.objects.filter(run=run, resource__startswith="LS-").exists()


def test_R084_补录的物理机登记成物理机_不当作云主机() -> None:
    lines = [*HISTORY["单据明细"], ["LS-2023-01", "LS-WLJ-1", "ZJ-WLJ", "新增", 2]]
    orders = [*HISTORY["工单"], ["GD-1", "LS-2023-01", "LS-WLJ-1", "ZJ-WLJ", "新增", 2, date(2023, 8, 3)]]
    recorded(workbook(单据明细=lines, 工单=orders))
    machine = Resource.objects.get(code="LS-WLJ-1")
    assert (machine.kind, machine.architecture) == ("物理机", "")
    assert Resource.objects.get(code="LS-ECS-1").kind == "云主机"


def test_R084_预演不留下任何东西_确认一次写完_留下谁哪天补的_原件和当时没有的关口() -> None:
    assert problems(workbook()) == []
    assert nothing_written()
    made = recorded()
    assert (made.on, made.counts["单据"], made.counts["工单"], made.name) == (JULY, 3, 4, "原件.pdf")
    assert "区科创服务中心" in made.by
    case = Case.objects.get(number="LS-2026-03")
    detail = case.events.get().detail
    assert (detail["batch"], detail["reason"]) == (made.pk, "上线前的纸质档案")
    assert "备份迁移确认（R-107）" in detail["missing_gates"]
    assert "上线前的纸质档案" in signed_in("shy").get(f"/cases/{case.number}/").content.decode()


@pytest.mark.parametrize(
    ("sheet", "row", "column", "value", "said"),
    [
        ("单据", 2, 5, "8月1日", "“单据”第 2 行“审核日期”：“8月1日”认不出是哪一天"),
        ("单据", 2, 1, "=A3", "“单据”第 2 行“单号”：是公式“=A3”"),
        ("单据明细", 2, 5, "8台", "“单据明细”第 2 行“数量”：“8台”不是数"),
        ("工单", 2, 1, 202603020001234567, "“工单”第 2 行“工单号”：超过 15 位的编号存成了数字"),
        ("单据明细", 2, 4, "新建", "“单据明细”第 2 行“动作”：只能填 新增、变更、释放"),
        ("单据", 3, 5, date(2026, 7, 9), "“单据”第 3 行“审核日期”：2026-07-09 还没到"),
        ("单据", 3, 5, None, "“单据”第 3 行“审核日期”：必填"),
        ("单据", 2, 3, "P-没有", "“单据”第 2 行“项目”：没有项目“P-没有”"),
        ("单据", 2, 4, "某云", "“单据”第 2 行“服务商”：没有登记过云服务商“某云”"),
        ("单据", 4, 1, "LS-2023-01", "“单据”第 4 行“单号”：主键重复"),
        ("单据", 2, 1, "LS/1", "“单据”第 2 行“单号”：单号里不能有“/”"),
        ("项目", 2, 3, "没有的局", "“项目”第 2 行“单位”：没有登记过使用单位"),
        ("单据明细", 2, 3, "没有这项", "“单据明细”第 2 行“目录项”：目录里没有 没有这项（R-011）"),
        ("单据明细", 2, 5, -1, "“单据明细”第 2 行“数量”：应为不带符号的数字"),
        ("单据明细", 2, 5, None, "“单据明细”第 2 行“数量”：新增、变更必填"),
        ("单据明细", 6, 5, 4, "“单据明细”第 6 行“数量”：释放不填数量；只减一部分的请写变更和变更以后的数量"),
        ("单据明细", 6, 4, "新增", "“单据明细”第 6 行“动作”：注销里只能有释放"),
        ("单据明细", 3, 1, "LS-9", "“单据明细”第 3 行“单号”：“单据”表里没有单号“LS-9”"),
        ("工单", 3, 3, "LS-ECS-9", "“工单”第 3 行“资源”：单据 LS-2023-01 的明细里没有 LS-ECS-9"),
        ("工单", 3, 4, CPU, "“工单”第 3 行“工单号、资源、目录项”：与第 2 行重复"),
        ("日志", 2, 1, "谁的主机", "“日志”第 2 行“资源”：没有资源 谁的主机"),
    ],
)
def test_R084_错在哪张表哪一行哪一列说得出_一处有错什么都不写(
    sheet: str, row: int, column: int, value: Any, said: str
) -> None:
    found = problems(altered(sheet, row, column, value))
    assert any(said in one for one in found), found
    assert all("R-" in one for one in found)
    with pytest.raises(Refused, match="R-"):
        recorded(altered(sheet, row, column, value))
    assert nothing_written()


def test_R084_工单释放写了数量_拒绝到格_写0的照收() -> None:
    def released(quantity: int) -> bytes:
        row = ["GD-3", "LS-2026-03", "LS-ECS-2", CPU, "释放", quantity, date(2026, 2, 28)]
        return workbook(工单=[*HISTORY["工单"], row])

    (problem,) = problems(released(4))
    assert "“工单”第 6 行“数量”：释放不填数量；只减一部分的请写变更和变更以后的数量" in problem
    assert problems(released(0)) == []


def test_R084_单号补过的_资源是别的项目的_不能再补() -> None:
    recorded()
    again = problems(workbook())
    assert sum("已经登记过" in one for one in again) == 3
    other = {
        "项目": [HISTORY["项目"][0], ["P-2023-901", "另一个系统", "教育局（虚构）", "区级"]],
        "单据": [HISTORY["单据"][0], ["LS-2024-09", "首次申请", "P-2023-901", "CU", date(2024, 1, 2)]],
        "单据明细": [HISTORY["单据明细"][0], ["LS-2024-09", "LS-ECS-1", CPU, "新增", 2]],
        "工单": [HISTORY["工单"][0]],
        "日志": [HISTORY["日志"][0]],
    }
    (problem,) = problems(workbook(**other))
    assert "LS-ECS-1 在系统里属于项目“救助老系统”" in problem
    assert "R-051" in problem


def test_R084_只有区科创中心能补_没有理由没有原件的不补() -> None:
    given = sheets.read(workbook(), "补录.xlsx")
    for who in ("mzj", "mzj-fzr", "lt", "kw", "dsf"):
        with pytest.raises(NotYours):
            operations.record(actor=cast()[who], on=JULY, given=given, workbook="x", reason="补", paper=PAPER)
    with pytest.raises(Refused, match="写明为什么补录") as refused:
        recorded(reason=" ", paper=None)
    assert "请附原件" in str(refused.value)
    assert nothing_written()


def test_R084_没有工单的提醒不会计费_不拦着() -> None:
    given = sheets.read(workbook(工单=HISTORY["工单"][:-1]), "补录.xlsx")
    found = operations.rehearse(actor=cast()["shy"], on=JULY, given=given)
    assert found.problems == ()
    (note,) = found.notes
    assert "第 5 行" in note
    assert "D1" in note


def test_R083_日子落在冻结年度的拒绝_确认由补差结清的才收(tmp_path: Any) -> None:
    used()
    case = approved(tmp_path)
    assert queries.freeze_of(case)
    with pytest.raises(Refused, match=r"落在已冻结的 2025 服务年度.*补差.*R-083"):
        recorded()
    assert not Resource.objects.filter(code__startswith="LS-").exists()
    made = recorded(adjusts=True)
    assert made.adjusts
    extra = measured("补差")
    assert BillLine.objects.filter(run=extra, resource="LS-ECS-1").exists()


def test_R083_在冻结年度以前就注销了的_照收(tmp_path: Any) -> None:
    used()
    approved(tmp_path)
    ended = {
        "单据": [*HISTORY["单据"][:2], ["LS-2025-03", "注销", "P-2023-900", "CU", date(2025, 6, 30)]],
        "单据明细": [
            *HISTORY["单据明细"][:4],
            *(["LS-2025-03", code, item, "释放", None] for code, item in
              (("LS-ECS-1", CPU), ("LS-ECS-1", MEM), ("LS-ECS-2", CPU))),
        ],
        "工单": HISTORY["工单"][:4],
    }  # fmt: skip
    assert not recorded(workbook(**ended)).adjusts
    assert YEAR == 2025


# ── 人的写法（表的读法见 tests/unit/tables） ──


def read_book(change: Any) -> sheets.Given:
    book = openpyxl.load_workbook(io.BytesIO(workbook()))
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return sheets.read(buffer.getvalue(), "补录.xlsx")


def test_R084_列名日期全角数字的写法折成一种_读得与原表相等_逐条写明() -> None:
    def change(book: Any) -> None:
        book["单据"]["E1"], book["单据"]["E2"] = "审核日期\n", "2023年8月1日"
        book["单据明细"]["E2"], book["单据明细"]["B2"] = "８", "\u200bＬＳ-ECS-1"
        book["单据"]["D2"], book["项目"]["C2"] = "ＣＵ", "民政局(虚构)"
        book["工单"].insert_rows(1)
        book["工单"]["A1"] = "2023 年以来的工单"
        book["日志"].move_range("A1:C3", cols=2)

    found = read_book(change)
    right = sheets.read(workbook(), "补录.xlsx").rows
    assert {name: [row for _, row in rows] for name, rows in found.rows.items()} == {
        name: [row for _, row in rows] for name, rows in right.items()
    }
    assert found.refused == ()
    said = [f"{note.sheet} {note}" for note in found.notes]
    for words in ("审核日期", "“８”→“8”", "ＣＵ", "民政局(虚构)", "2023年8月1日", "工单 第 1 行：在表头以前"):
        assert any(words in one for one in said), (words, said)


def test_R084_多余的列_多余的表_隐藏的表都不读_逐个点名_要人点头() -> None:
    def change(book: Any) -> None:
        for row, value in enumerate(("经办人电话", "13800000000", "13800000001"), start=1):
            book["单据"].cell(row, 6).value = value
        old = book.create_sheet("旧日志")
        for one in HISTORY["日志"]:
            old.append(one)
        book["工单"].sheet_state = "hidden"
        book.create_sheet("联系人")["A1"] = "张三"

    found = read_book(change)
    assert found.rows["工单"] == []
    unread = {note.where: note for note in found.notes if note.outcome == Outcome.UNREAD}
    assert "2 行有内容" in unread["F 列“经办人电话”"].text
    assert unread["F 列“经办人电话”"].sheet == "单据"
    assert "像“日志”" in unread["工作表“旧日志”"].text
    assert "是隐藏的，没有读（5 行" in unread["工作表“工单”"].text
    assert "1 行、1 格" in unread["工作表“联系人”"].text
    assert {where for where, note in unread.items() if note.doubtful} == {
        "F 列“经办人电话”", "工作表“旧日志”", "工作表“工单”",
    }  # fmt: skip


def filled_blank(change: Any) -> sheets.Given:
    """空白工作簿填了几行带回来。"""
    book = openpyxl.load_workbook(io.BytesIO(sheets.blank()))
    for name in ("单据", "单据明细"):
        for row, values in enumerate(HISTORY[name], start=1):
            for column, value in enumerate(values, start=1):
                book[name].cell(row, column).value = value
    change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return sheets.read(buffer.getvalue(), "补录.xlsx")


def test_R084_空白工作簿里自己的批注_说明_示例_没改过的不说_只有表头的表当作空的() -> None:
    found = filled_blank(lambda _book: None)
    assert (len(found.rows["单据"]), found.rows["用量"]) == (3, [])
    assert [note for note in found.notes if note.outcome == Outcome.UNREAD or note.doubtful] == []


def test_R084_改过的批注_说明_示例_照样点名_是哪一格() -> None:
    def change(book: Any) -> None:
        book["单据"]["A1"].comment = Comment("这一列写错了，请看档案", "张三")
        book["单据"]["B2"].comment = Comment("经办人待查", "张三")
        book["填写示例"]["C30"] = "ECS-9"
        book["填写说明"]["A2"] = None

    unread = {note.where: note for note in filled_blank(change).notes if note.outcome == Outcome.UNREAD}
    assert "A1、B2的批注没有读" in unread["“单据”"].text
    assert unread["工作表“填写示例”"].text.endswith("不同：C30")
    assert unread["工作表“填写说明”"].text.endswith("不同：A2")
    assert all(unread[f"工作表“{name}”"].doubtful for name in ("填写示例", "填写说明"))


def test_R084_跨行合并的格_拒绝到每一行() -> None:
    given = read_book(lambda book: book["单据"].merge_cells("C2:C4"))
    assert [(one.table, one.row, one.column) for one in given.refused] == [("单据", row, "项目") for row in (2, 3, 4)]
    with pytest.raises(Refused, match="跨行合并的 C2:C4"):
        operations.record(actor=cast()["shy"], on=JULY, given=given, workbook="补录.xlsx", reason="档案", paper=PAPER)
    assert nothing_written()


NAMED_KINDS = {Kind.CODE: "编号", Kind.NUMBER: "数", Kind.DATE: "日期", Kind.TEXT: "文字", Kind.CHOICE: "几选一"}


def tried(seed: int, right: sheets.Rows) -> tuple[str, Draft]:
    """一张表写得随便的一份工作簿：读得与原表相等，或差的每一格都拒绝到格。"""
    dice = random.Random(seed)
    name = dice.choice(sorted(HISTORY))
    columns = next(one for one in sheets.WANTED if one.title == name).columns
    kinds = {one.name: NAMED_KINDS[one.kind] for one in columns}
    plain = [["" if cell is None else str(cell) for cell in row] for row in HISTORY[name]]
    content, draft = made(plain, kinds, dice, "xlsx", name)
    book = openpyxl.load_workbook(io.BytesIO(content))
    for other, rows in HISTORY.items():
        if other != name:
            sheet = book.create_sheet(other)
            for row in rows:
                sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    what = f"种子 {seed} {name} {draft.done}"
    try:
        found = sheets.read(buffer.getvalue(), "补录.xlsx")
    except Refused as error:
        if not draft.wrong:
            pytest.fail(f"{what} 整份不收：{error}")
        return "报出", draft
    named = {(one.row or 0, one.column) for one in found.refused if one.table == name}
    missed = silent(draft, [row for _, row in right[name]], dict(found.rows[name]), named)
    assert not missed, f"{what} 没有点名：{missed}"
    assert all(found.rows[other] == rows for other, rows in right.items() if other != name), what
    assert bool(named) == draft.wrong, f"{what} {found.refused}"
    if {"多余的列", "标题行", "合计行", "另有一张表"} & set(draft.done) and "错：跨行合并" not in draft.done:
        assert any(note.outcome == Outcome.UNREAD for note in found.notes), what
    return ("报出" if named else "相等"), draft


def test_R084_一百份像人做的补录工作簿_读得相等或差的每一格都拒绝到格() -> None:
    right = sheets.read(workbook(), "补录.xlsx").rows
    found = Counter(tried(seed, right)[0] for seed in range(100))
    assert min(found["相等"], found["报出"]) > 20


@pytest.mark.soak
def test_R084_五千份像人做的补录工作簿_静默不同没有() -> None:
    right = sheets.read(workbook(), "补录.xlsx").rows
    for seed in range(1_000, 6_000):
        tried(seed, right)


# ── 页面 ──


def upload(client: Client, content: bytes, name: str = "补录.xlsx") -> Any:
    return client.post("/backfill/", {"file": SimpleUploadedFile(name, content)})


def kept_in(page: Any) -> str:
    text: str = page.content.decode()
    return text.partition('name="kept" value="')[2].partition('"')[0]


def test_页面上下载空白_预演_补上理由和原件再确认_列出以往的() -> None:
    client = signed_in("shy")
    blank = openpyxl.load_workbook(io.BytesIO(client.get("/backfill/template.xlsx").content))
    assert set(sheets.SHEETS) < set(blank.sheetnames)
    assert [cell.value for cell in blank["单据"][1]] == HISTORY["单据"][0]
    wrong = upload(client, altered("单据", 3, 5, None))
    assert "有 1 处问题" in wrong.content.decode()
    assert not kept_in(wrong)
    page = upload(client, workbook())
    assert "没有问题" in page.content.decode()
    assert nothing_written()
    lacking = client.post("/backfill/", {"kept": kept_in(page), "reason": "上线前的档案"})
    assert lacking.status_code == 422
    assert "上线前的档案" in lacking.content.decode()
    paper = SimpleUploadedFile("扫描件.pdf", b"%PDF-1.4 ")
    done = client.post("/backfill/", {"kept": kept_in(lacking), "reason": "上线前的档案", "paper": paper})
    made = Backfill.objects.get()
    assert done.headers["Location"] == f"/backfill/?done={made.pk}"
    for who, status in (("shy", 200), ("kw", 200), ("xxk", 200), ("mzj", 403), ("lt", 403)):
        assert signed_in(who).get(f"/backfill/{made.pk}/").status_code == status, who
    listed = signed_in("kw").get("/backfill/").content.decode()
    assert "上线前的档案" in listed
    assert "预演补录" not in listed


def test_页面上不是Excel的_缺表的_缺列的_别人的预演_都说清楚() -> None:
    client = signed_in("shy")
    assert client.post("/backfill/", {}).status_code == 422
    assert "不是 .xlsx 文件" in upload(client, b"x", "a.txt").content.decode()
    assert "打不开" in upload(client, b"x").content.decode()
    book = openpyxl.Workbook()
    buffer = io.BytesIO()
    book.save(buffer)
    assert "缺少工作表“单据”" in upload(client, buffer.getvalue()).content.decode()
    lacking = workbook(单据=[["单号", "种类"], ["A", "变更"]])
    assert "“单据”第 1 行缺少列：项目、服务商" in upload(client, lacking).content.decode()
    page = upload(client, workbook())
    assert client.post("/backfill/", {"kept": kept_in(page) + "x"}).status_code == 422
    assert signed_in("kw").post("/backfill/", {"kept": kept_in(page)}).status_code == 403
    assert nothing_written()


def test_页面上没有读的列和表逐个点名_默认不是确认_点了头才写_同一次预演只能确认一次() -> None:
    client = signed_in("shy")
    book = openpyxl.load_workbook(io.BytesIO(workbook()))
    book["单据"]["F1"], book["单据"]["F2"] = "经办人电话", "13800000000"
    book.create_sheet("联系人")["A1"] = "张三"
    buffer = io.BytesIO()
    book.save(buffer)
    page = upload(client, buffer.getvalue())
    text = page.content.decode()
    for words in ("“单据”F 列“经办人电话”", "工作表“联系人”", "“单据”：表头在第 1 行，读了第 2–4 行，共 3 行"):
        assert words in text, words
    assert '<button class="btn">确认补录' in text
    assert '<a class="btn btn-primary" href="/backfill/">不补录，回去改文件</a>' in text
    given = {"kept": kept_in(page), "reason": "上线前的档案"}

    def sent(**more: Any) -> Any:
        return client.post("/backfill/", {**given, "paper": SimpleUploadedFile("扫描件.pdf", b"%PDF-1.4 "), **more})

    refused = sent()
    assert refused.status_code == 422
    assert "没有读" in refused.content.decode()
    assert "经办人电话" in refused.content.decode()
    assert nothing_written()
    assert sent(agreed="on").status_code == 302
    again = sent(agreed="on")
    assert again.status_code == 422
    assert "已经确认过了" in again.content.decode()
    assert (Backfill.objects.count(), Case.objects.filter(backfilled=True).count()) == (1, 3)
