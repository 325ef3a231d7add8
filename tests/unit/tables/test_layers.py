"""几层的表头：“配置”横跨几列、别的列上下合并，照下层的列名读；两套表头、分不清的不收（R-032、R-052）。"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Sequence

import openpyxl
import pytest

from yunheng.applications import pasting
from yunheng.applications.history import workbook as history
from yunheng.catalog import sheet
from yunheng.ledger import arrivals
from yunheng.tables.books import read_book
from yunheng.tables.limits import Unreadable
from yunheng.tables.notes import Note, Outcome
from yunheng.tables.reading import Table, read_file, read_text
from yunheng.tables.wanted import Wanted

Grid = Sequence[Sequence[str]]
UPPER = ["序号", "类型", "台数", "配置", "", "", "", "操作系统", "备注"]
LOWER = ["", "", "", "CPU（核）", "内存（GB）", "系统盘（TB）", "数据盘（TB）", "", ""]
HOST = ["1", "云主机", "2", "8", "32", "0.1", "1", "麒麟V10", "应用"]
HOSTS: Grid = [UPPER, LOWER, HOST, ["2", "物理机", "1", "16", "64", "0.2", "", "麒麟V10", "库"]]
MERGED = ["A1:A2", "B1:B2", "C1:C2", "D1:G1", "H1:H2", "I1:I2"]


def xlsx(rows: Grid, merges: Sequence[str] = (), title: str = "清单") -> bytes:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.title = title
    for row in rows:
        page.append([value or None for value in row])
    for area in merges:
        page.merge_cells(area)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def written(rows: Grid, separator: str = ",") -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows(rows)
    return out.getvalue()


def by_xlsx(rows: Grid, wanted: Wanted) -> Table:
    return read_file(xlsx(rows), "表.xlsx", wanted)


def by_csv(rows: Grid, wanted: Wanted) -> Table:
    return read_file(written(rows).encode(), "表.csv", wanted)


def by_paste(rows: Grid, wanted: Wanted) -> Table:
    return read_text(written(rows, "\t"), wanted)


EVERY = pytest.mark.parametrize("read", [by_xlsx, by_csv, by_paste])
Read = Callable[[Grid, Wanted], Table]


def told(table: Table, outcome: Outcome) -> str:
    return "\n".join(map(str, (note for note in table.notes if note.outcome == outcome)))


def same(found: pasting.Pasted) -> None:
    one, two = found.rows
    assert (one["type"], one["count"], one["cores"], one["memory"]) == ("云主机", "2", "8", "32")
    assert (one["system_disk"], one["data_disk"], one["os"], one["note"]) == ("0.1", "1", "麒麟V10", "应用")
    assert (two["cores"], two["data_disk"], two["note"]) == ("16", "", "库")
    assert found.numbers == (3, 4)
    assert not found.blocked
    assert not found.table.refused
    assert not found.table.doubtful


def test_R032_主机清单两层表头_xlsx上下左右合并的_照下层的列名读_写明() -> None:
    found = pasting.from_file(xlsx(HOSTS, MERGED), "清单.xlsx")
    same(found)
    assert found.table.told == "“清单”：表头在第 1–2 行，读了第 3–4 行，共 2 行"
    folded = told(found.table, Outcome.FOLDED)
    assert (
        "第 1–2 行：表头是两层的，列名照最下一层：“配置”下面是CPU（核）、内存（GB）、系统盘（TB）、数据盘（TB）"
        in folded
    )
    assert "“配置”第 1 行：是表头的上层，照下层的列名读，没有读" in told(found.table, Outcome.UNREAD)


@pytest.mark.parametrize("title", [[], [["区数据局主机清单"]], [["附件1 主机清单"], ["申请单位：区数据局"]]])
def test_R032_粘贴和CSV里合并的格是空的_上面有标题行的_一样读(title: list[list[str]]) -> None:
    rows = [*title, *HOSTS]
    for found in (pasting.from_text(written(rows, "\t")), pasting.from_file(written(rows).encode(), "清单.csv")):
        same(pasting.Pasted(found.table, found.rows, tuple(n - len(title) for n in found.numbers), found.notes, False))


def test_R032_取消合并时填满了的_上层重复写的_也照下层读() -> None:
    upper = ["序号", "类型", "台数", "配置", "配置", "配置", "配置", "操作系统", "备注"]
    lower = [*upper[:3], *LOWER[3:7], *upper[7:]]
    same(pasting.from_file(xlsx([upper, lower, *HOSTS[2:]]), "清单.xlsx"))


def test_R032_三层表头_同样照最下一层() -> None:
    rows = [
        ["序号", "类型", "台数", "资源配置", "", "", "", "操作系统", "备注"],
        ["", "", "", "计算", "", "存储", "", "", ""],
        LOWER,
        *HOSTS[2:],
    ]
    found = pasting.from_file(xlsx(rows, ["D1:G1", "D2:E2", "F2:G2", "B1:B3"]), "清单.xlsx")
    assert [row["data_disk"] for row in found.rows] == ["1", ""]
    assert "表头是三层的" in told(found.table, Outcome.FOLDED)
    assert not found.table.doubtful


@pytest.mark.parametrize("said", ["变更前", "配置（MB）", "合计", "拟释放资源"])
def test_R032_上层的字会改下面各列意思的_要人点头(said: str) -> None:
    found = pasting.from_file(xlsx([[*UPPER[:3], said, *UPPER[4:]], *HOSTS[1:]], MERGED), "清单.xlsx")
    (note,) = found.table.doubtful
    assert note.where == f"“{said}”第 1 行"
    assert "请把列名改清楚" in note.text


@EVERY
def test_R052_工单两层表头_照下层读(read: Read) -> None:
    rows = [
        ["工单号", "单号", "资源信息", "", "动作", "数量", "办理情况"],
        ["", "", "资源编号", "目录项编号", "", "", "完成日期"],
        ["GD1", "SQ-1", "ECS-1", "VM", "新增", "8", "2026-07-01"],
    ]
    table = read(rows, arrivals.wanted("工单"))
    (row,) = table.rows
    assert (row.text["资源"], row.text["目录项"], row.text["完成日期"]) == ("ECS-1", "VM", "2026-07-01")
    assert (table.refused, table.doubtful) == ((), ())


@EVERY
def test_R052_日志_用量_目录_同一处读_都认两层(read: Read) -> None:
    seen = read([["资源", "出现日期", ""], ["", "首见日期", "末见日期"], ["R1", "2026-07-01", "2026-07-09"]],
                arrivals.wanted("日志"))  # fmt: skip
    assert seen.rows[0].text["末见日期"] == "2026-07-09"
    used = read([["资源信息", "", "日期", "用量"], ["资源", "目录项", "", ""], ["R1", "SMS", "2026-07-01", "5"]],
                arrivals.wanted("用量"))  # fmt: skip
    assert (used.rows[0].text["目录项"], used.rows[0].text["用量"]) == ("SMS", "5")
    head = ["目录项", "类别", "名称", "计价信息", "", "", "", "服务商"]
    prices = read([head, ["", "", "", "计价单位", "计价方式", "计费周期", "单价（元）", ""],
                   ["VM", "基础设施", "云主机", "核·年", "单价", "年", "552", ""]], sheet.WANTED)  # fmt: skip
    assert (prices.rows[0].text["单价"], prices.refused) == ("552", ())
    assert [note.where for note in prices.doubtful] == ["“计价信息”第 1 行"]


def test_历史补录的工作簿_两层表头照读() -> None:
    wanted = next(one for one in history.WANTED if one.title == "日志")
    grid = [["资源", "出现日期", ""], ["", "首见日期", "末见日期"], ["R1", "2026-07-01", "2026-07-09"]]
    book = read_book(xlsx(grid, ["A1:A2", "B1:C1"], "日志"), "补录.xlsx", [wanted])
    assert book.wrong == ()
    assert book.tables["日志"].rows[0].text["末见日期"] == "2026-07-09"


@EVERY
def test_两套一样的表头_还是整份不收(read: Read) -> None:
    head = ["工单号", "单号", "资源", "目录项", "动作", "数量", "完成日期"]
    one = ["GD1", "SQ-1", "ECS-1", "VM", "新增", "8", "2026-07-01"]
    with pytest.raises(Unreadable, match="第 1、2 行都像表头，不知道哪一段才是；请只留一套表头"):
        read([head, head, one], arrivals.wanted("工单"))


@EVERY
def test_上下都是列名而不同的_分不清_说是哪一列(read: Read) -> None:
    rows = [
        ["工单号", "单号", "资源", "目录项", "动作", "数量", "完成日期"],
        ["工单号", "资源", "单号", "目录项", "动作", "数量", "完成日期"],
        ["GD1", "SQ-1", "ECS-1", "VM", "新增", "8", "2026-07-01"],
    ]
    with pytest.raises(Unreadable, match="第 1、2 行都是列名：B 列上面是“单号”，下面是“资源”，不知道照哪一行"):
        read(rows, arrivals.wanted("工单"))


def test_下层有两列认作同一列的_连上层一起说() -> None:
    rows = [["类型", "变更前", "", "变更后", ""], ["", "CPU", "内存", "CPU", "内存"], ["云主机", "8", "32", "16", "64"]]
    with pytest.raises(ValueError, match="B 列“变更前/CPU”、D 列“变更后/CPU” 都是“CPU”"):
        pasting.from_text(written(rows, "\t"))


def test_缺列的_写明是两层表头() -> None:
    rows = [["工单号", "资源信息", "", "动作"], ["", "资源", "目录项", ""], ["GD1", "R1", "VM", "新增"]]
    with pytest.raises(Unreadable, match="第 1–2 行（两层表头）缺少列：完成日期"):
        by_csv(rows, arrivals.wanted("工单"))


def test_表头上面写着日期的一行_是标题_不是表头的一层() -> None:
    rows = [
        ["日期", "2026-07-09", "来源", "云管平台"],
        ["资源", "目录项", "日期", "用量"],
        ["R1", "SMS", "2026-07-01", "5"],
    ]
    table = by_csv(rows, arrivals.wanted("用量"))
    assert (table.top, table.header, table.rows[0].text["日期"]) == (2, 2, "2026-07-01")


def test_头一行数据都是字的_不当作表头的下层() -> None:
    rows = [["类型", "操作系统", "备注", "台数"], ["云主机", "麒麟V10", "配置", ""], ["云主机", "麒麟V10", "备注", ""]]
    assert [row["note"] for row in pasting.from_text(written(rows, "\t")).rows] == ["配置", "备注"]


def test_压在合并下面的列名_拒绝到格() -> None:
    content = xlsx([UPPER, LOWER, HOST])
    book = openpyxl.load_workbook(io.BytesIO(content))
    page = book.worksheets[0]
    page["H2"] = "数据盘"
    # 存进合并区里的字：openpyxl 合并时会清掉，所以先合并再写回
    page.merged_cells.add("H1:H2")
    out = io.BytesIO()
    book.save(out)
    table = read_file(out.getvalue(), "清单.xlsx", pasting.WANTED)
    notes: list[Note] = [note for note in table.refused if "压在合并的 H1:H2 下面，看不见“数据盘”" in note.text]
    assert [(note.row, note.column) for note in notes] == [(2, "操作系统")]


@pytest.mark.parametrize("seed", range(60))
def test_随机把几列放到一层分组下面_读得与一层表头的一样(seed: int) -> None:
    """列数、列序、哪几列有上层、合并还是留空还是填满，都随机；两种表头读出的各行要一样，一样的表不许不声不响地不同。"""
    dice = random.Random(seed)
    names = ["类型", "台数", "CPU（核）", "内存（GB）", "系统盘（TB）", "数据盘（TB）", "操作系统", "备注"]
    values = ["云主机", "2", "8", "32", "0.1", "1", "麒麟V10", "应用"]
    order = dice.sample(range(8), 8)
    head, row = [names[place] for place in order], [values[place] for place in order]
    start = dice.randrange(0, 6)
    stop = dice.randint(start + 2, min(8, start + 5))
    if stop - start == 8:
        stop -= 1
    filled, layered = dice.random() < 0.3, dice.random() < 0.5
    inside = range(start, stop)
    upper = [("资源配置" if place == start or filled else "") if place in inside else head[place] for place in range(8)]
    lower = [head[place] if place in inside or filled else "" for place in range(8)]
    title = [["主机清单"]] if dice.random() < 0.5 else []
    top = len(title) + 1
    merges = [f"{chr(65 + start)}{top}:{chr(64 + stop)}{top}"] if layered and not filled else []
    plain = pasting.from_file(xlsx([head, row]), "清单.xlsx")
    rows = [*title, upper, lower, row]
    for found in (
        pasting.from_file(xlsx(rows, merges), "清单.xlsx"),
        pasting.from_file(written(rows).encode(), "清单.csv"),
        pasting.from_text(written(rows, "\t")),
    ):
        assert found.rows == plain.rows
        assert found.numbers == (top + 2,)
        assert not found.table.doubtful


@pytest.mark.parametrize("seed", range(40))
def test_两层里上层的名字与下层的另一列对上了_不静静地换_要么一样要么不收(seed: int) -> None:
    """上层随便写列名：读得成的，各列要照下层；分不清的整份不收。"""
    dice = random.Random(seed)
    names = ["类型", "台数", "CPU", "内存", "操作系统", "备注"]
    lower = dice.sample(names, 6)
    upper = [dice.choice([*names, "", "配置"]) for _ in names]
    values = dict(zip(names, ["云主机", "2", "8", "32", "麒麟V10", "应用"], strict=True))
    row = [values[name] for name in lower]
    try:
        found = pasting.from_text(written([upper, lower, row], "\t"))
    except ValueError:
        return
    assert found.rows == pasting.from_text(written([lower, row], "\t")).rows


def test_R032_上下填满而下层多写了单位的_是同一列_照下层() -> None:
    upper = ["类型", "台数", "配置", "配置", "备注"]
    lower = ["类型", "台数（台）", "CPU（核）", "内存（GB）", "备注"]
    found = pasting.from_text(written([upper, lower, ["云主机", "2", "8", "32", "应用"]], "\t"))
    assert (found.rows[0]["count"], found.rows[0]["memory"]) == ("2", "32")
    with pytest.raises(ValueError, match="B 列上面是“台数（合计）”，下面是“台数”"):
        pasting.from_text(written([["类型", "台数（合计）", "配置", "配置"], ["类型", "台数", "CPU", "内存"],
                                   ["云主机", "2", "8", "32"]], "\t"))  # fmt: skip
