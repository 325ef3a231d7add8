"""人交的表里的合计行、表下面的话、一格几个编号：不读的点名，编号不猜（R-052、R-032）。"""

from __future__ import annotations

import io
import random

import openpyxl
import pytest

from yunheng.applications import pasting
from yunheng.applications.history import workbook
from yunheng.catalog import sheet
from yunheng.ledger import arrivals
from yunheng.tables import trailers
from yunheng.tables.books import read_book
from yunheng.tables.cells import cells_of
from yunheng.tables.notes import Outcome
from yunheng.tables.reading import Table, read_file

HEAD = ["工单号", "单号", "资源", "目录项", "动作", "数量", "完成日期"]
ONE = ["GD1", "SQ-2025-0001/CU", "ECS-YL-01", "ZJ-CPU-X86", "新增", "8", "2026-07-01"]
HOSTS = ["序号", "CPU（核）", "内存（GB）", "台数", "系统盘（TB）", "备注"]
TOTALS = [
    "合计", "合计（3台）", "汇总", "合计3台", "合计：3", "共3台", "共 3 台", "总数", "合计数", "小计1", "Total", "SUM",
    "合计1台", "合计三台", "本页小计：", "合计：3台，40核", "合计（台）", "合计（元/核/TB）", "小计（联通）",
    "联通小计", "电信合计",
    "总台数", "合计台数", "合计金额", "一、合计", "（二）小计", "核数合計", "總計", "小計",
]  # fmt: skip
FOOTERS = [
    "制表人：张三", "注：以上不含备份", "填表人: 李四", "审核：", "日期：2026-07-01", "审核人（签字）：", "注1：见附件",
    "导出时间：2025-10-01 08:00", "数据来源：云管平台", "打印时间:2025/10/1 8:00", "以下空白", "——以下空白——",
    "（以下无数据）", "导出时间 2025-10-01 08:00:00", "第 1 页 共 3 页", "记录数：30",
    "统计周期：2025-07 至 09", "导出完毕",
]  # fmt: skip


def text(*rows: list[str], separator: str = ",") -> str:
    return "\n".join(separator.join(row) for row in rows)


def orders(*rows: list[str]) -> Table:
    return read_file(text(HEAD, *rows).encode(), "工单.csv", arrivals.wanted("工单"))


def hosts(*rows: list[str], pasted: bool = False) -> pasting.Pasted:
    if pasted:
        return pasting.from_text(text(HOSTS, *rows, separator="\t"))
    return pasting.from_file(text(HOSTS, *rows).encode(), "清单.csv")


def unread(table: Table) -> str:
    return "\n".join(map(str, (note for note in table.notes if note.outcome == Outcome.UNREAD)))


@pytest.mark.parametrize("label", TOTALS)
def test_合计的各种写法_主机清单里不当主机_不用点头(label: str) -> None:
    label = label.replace(",", "，")
    for pasted in (False, True):
        found = hosts(["1", "8", "32", "1", "0.1", "应用"], [label, "40", "160", "3", "0.3"], pasted=pasted)
        assert found.numbers == (2,)
        assert "第 3 行：是合计行，没有读" in unread(found.table)
        assert not found.table.doubtful
    found = hosts(["1", "8", "32", "1", "0.1", "应用"], ["", "40", "160", "3", "0.3", label])
    assert found.numbers == (2,)
    assert [str(note)[:13] for note in found.table.doubtful] == ["第 3 行：像是合计行，没"]


@pytest.mark.parametrize("serial", ["2", ""])
def test_备注里写了共几台的一行_也许是数据_有没有序号都要人点头(serial: str) -> None:
    found = hosts(["1", "8", "32", "1", "0.1", "应用"], [serial, "16", "64", "2", "0.1", "共2台"])
    assert found.numbers == (2,)
    assert [str(note)[:13] for note in found.table.doubtful] == ["第 3 行：像是合计行，没"]


@pytest.mark.parametrize("serial", [(), ("3",)])
def test_R032_首列写着汇总服务器而类型系统都填了的是一台主机_照读_要人点头(serial: tuple[str, ...]) -> None:
    head = [*(["序号"] if serial else []), "用途", "类型", "台数", "CPU", "内存", "操作系统", "系统盘"]
    found = pasting.from_file(
        text(head, [*serial, "应用", "云主机", "1", "8", "32", "麒麟V10", "0.1"],
             [*serial, "汇总服务器", "云主机", "1", "16", "64", "麒麟V10", "0.1"],
             [*(["合计"] if serial else []), *([""] if serial else ["合计"]), "", "2", "24", "96", "", "0.2"]).encode(),
        "清单.csv",
    )  # fmt: skip
    assert [row["note"] for row in found.rows] == ["应用", "汇总服务器"]
    assert [note.where for note in found.table.doubtful] == ["第 3 行"]
    assert "写着“汇总服务器”，又填了别的列，当作数据照读" in str(found.table.doubtful[0])
    assert "第 4 行：是合计行，没有读" in unread(found.table)


def test_R032_用途和备注两列都有的_照名字相同的读_另一列没有读_要人点头() -> None:
    head = ["用途", "类型", "台数", "CPU", "内存", "操作系统", "系统版本", "系统盘", "备注"]
    row = ["应用", "云主机", "1", "8", "32", "麒麟", "V10", "0.1", "主库"]
    found = pasting.from_file(text(head, row).encode(), "清单.csv")
    assert (found.rows[0]["note"], found.rows[0]["os"]) == ("主库", "麒麟")
    assert [note.where for note in found.table.doubtful] == ["A 列“用途”", "G 列“系统版本”"]
    assert "没有读" in str(found.table.doubtful[0])


def test_有编号列的表_合计行的动作写了字_不读_要人点头() -> None:
    table = orders(ONE, ["合计", "", "", "", "新增", "8", ""])
    assert [row.number for row in table.rows] == [2]
    assert [str(note)[:12] for note in table.doubtful] == ["第 3 行：像是合计行，"]


@pytest.mark.parametrize("label", ["网络区合计", "前三项小计数", "合计见上", "各区共计"])
def test_R032_首格像合计又认不准的一行_照一行读了_要人点头(label: str) -> None:
    head = ["用途", "CPU（核）", "内存（GB）", "台数", "操作系统"]
    found = pasting.from_file(
        text(head, ["应用", "8", "32", "1", "麒麟"], [label, "40", "160", "3", ""]).encode(), "清单.csv"
    )
    assert found.numbers == (2, 3)
    (note,) = found.table.doubtful
    assert str(note).startswith(f"第 3 行：写着“{label}”，像合计行，照一行数据读了")


def test_R052_有编号列的表_资源名里带着合计的_是数据_不问() -> None:
    assert not orders(ONE, ["GD2", ONE[1], "合计展示系统", *ONE[3:]]).doubtful


@pytest.mark.parametrize(
    "text", ["合计" + "1" * 50 + "x", "合计" + "1," * 25 + "x", "合计(" + "台" * 50 + "x", "核数" * 28]
)
def test_认合计的名字_不回头反复试(text: str) -> None:
    assert not trailers.total(text)


@pytest.mark.parametrize("note", ["汇总库", "共享存储", "共用", "合计算平台", "Totals 系统", "小计算节点", "总数据库"])
def test_只是带着合计几个字的名字_不是合计(note: str) -> None:
    assert not trailers.total(note)
    assert hosts(["1", "8", "32", "1", "0.1", note]).numbers == (2,)


@pytest.mark.parametrize("label", TOTALS)
def test_工单里的合计行_不读_不拖累整份_编号不空的是数据(label: str) -> None:
    label = label.replace(",", "，")
    for row in ([label, "", "", "", "", "8", ""], ["", "", "", "", label, "8", ""]):
        table = orders(ONE, row)
        assert ([one.number for one in table.rows], table.refused, table.doubtful) == ([2], (), ())
        assert "第 3 行：是合计行，没有读" in unread(table)
    assert [one.number for one in orders(ONE, [label, *ONE[1:]]).rows] == [2, 3]


@pytest.mark.parametrize("said", FOOTERS)
def test_表下面的制表人和注_不读_点名_不拖累整份(said: str) -> None:
    table = orders(ONE, [""], [said], ["审核：", "王五", "日期：2026年7月1日"])
    assert ([one.number for one in table.rows], table.refused, table.doubtful) == ([2], (), ())
    assert f"第 4 行：是表下面的话（“{said}”），没有读" in unread(table)
    assert "第 5 行" in unread(table)


@pytest.mark.parametrize("said", ["共 30 条记录", "共30条数据", "总共 3 条工单"])
def test_共多少条记录_是合计行_不读_不拖累整份(said: str) -> None:
    table = orders(ONE, [said], ["导出时间：", "2025-10-01 08:00"])
    assert ([one.number for one in table.rows], table.refused, table.doubtful) == ([2], (), ())
    assert "第 3 行：是合计行，没有读" in unread(table)
    assert "第 4 行：是表下面的话（“导出时间：”），没有读" in unread(table)


@pytest.mark.parametrize("name", ["以下空白", "数据来源:云管平台", "导出时间:2025-10-01", "第1页共3页", "导出完毕"])
def test_R052_资源就叫这个名字的_是数据_不当作表下面的话(name: str) -> None:
    assert [one.number for one in orders(ONE, [*ONE[:2], name, *ONE[3:]]).rows] == [2, 3]
    assert [one.number for one in orders(ONE, [name, *ONE[1:]]).rows] == [2, 3]
    head = "资源,首见日期,末见日期"
    seen = read_file(f"{head}\n{name},2026-07-01,2026-07-09\n".encode(), "日志.csv", arrivals.wanted("日志"))
    assert [one.text["资源"] for one in seen.rows] == [name]
    assert seen.doubtful == ()
    assert hosts(["1", "8", "32", "1", "0.1", "应用"], ["2", "16", "64", "1", "0.1", name]).numbers == (2, 3)


def test_R052_资源就叫共多少条记录的_当作像合计行_要人点头_不静静丢掉() -> None:
    assert [one.number for one in orders(ONE, [*ONE[:2], "共30条记录", *ONE[3:]]).rows] == [2, 3]
    content = "资源,首见日期,末见日期\n共30条记录,2026-07-01,2026-07-09\nR1,2026-07-01,2026-07-09\n"
    seen = read_file(content.encode(), "日志.csv", arrivals.wanted("日志"))
    assert [str(note)[:12] for note in seen.doubtful] == ["第 2 行：像是合计行，"]


def test_表下面的话后面还有数据的_不跳过_照行读() -> None:
    for said in ("导出时间：2025-10-01", "以下空白"):
        assert [one.number for one in orders(ONE, [said], ONE).rows] == [2, 3, 4]


def _figures(dice: random.Random) -> list[str]:
    return [str(dice.randint(1, 99)) for _ in range(4)]


@pytest.mark.parametrize("seed", range(40))
def test_R032_合计行和带着合计字样的主机_随机的一百行_该读的都读_该不读的都点名(seed: int) -> None:
    """每行要么是主机（有类型、系统），要么是合计（只有数）；类别由造的人定，读的结果要与它一样。"""
    dice = random.Random(seed)
    rows, real = [], []
    for number in range(2, 2 + dice.randint(5, 40)):
        if dice.random() < 0.3:
            rows.append([dice.choice(TOTALS).replace(",", "，"), "", *_figures(dice), ""])
        else:
            named = dice.choice(["汇总服务器", "应用", "合计算平台", "共享存储", "总数据库", "汇总库"])
            said = dice.choice(["", "共2台", "合计 3 台", "汇总用"])
            rows.append([named, "云主机", *_figures(dice), said or "麒麟V10"])
            real.append(number)
    head = ["用途", "类型", "台数", "CPU", "内存", "系统盘", "操作系统"]
    if not real:
        return
    found = pasting.from_file(text(head, *rows).encode(), "清单.csv")
    assert list(found.numbers) == real
    told = [note for note in found.table.notes if note.outcome == Outcome.UNREAD and "合计行" in note.text]
    assert {int(note.where[2:-2]) for note in told} == set(range(2, 2 + len(rows))) - {*real}


def test_合计行的数是公式_或首列合并_或没有字只有数_都不读成数据() -> None:
    made = openpyxl.Workbook()
    page = made.worksheets[0]
    for row in (["用途", "类型", "台数", "CPU", "内存", "系统盘"], ["应用", "云主机", 1, 8, 32, 0.1]):
        page.append(row)
    page.append(["合计", None, "=SUM(C2:C2)", "=SUM(D2:D2)", 32, 0.1])
    page.merge_cells("A3:B3")
    out = io.BytesIO()
    made.save(out)
    found = pasting.from_file(out.getvalue(), "清单.xlsx")
    assert (found.numbers, found.table.refused) == ((2,), ())
    assert "第 3 行：是合计行，没有读" in unread(found.table)


SPEC = ["类型", "台数", "CPU", "内存", "系统盘"]
TWO = (["云主机", "2", "8", "32", "0.1"], ["云主机", "1", "16", "64", "0.2"])


@pytest.mark.parametrize(
    "sums",
    [["3", "24", "96", "0.3"], ["3", "32", "128", "0.4"], ["", "24", "96", ""], ["3台", "24", "", "0.3"]],
)
def test_R032_没有写合计_各数是上面之和的末行_不当主机_要人点头(sums: list[str]) -> None:
    for head, rows, last in (
        (SPEC, TWO, ["", *sums]),
        (SPEC[1:], [row[1:] for row in TWO], sums),
    ):
        found = pasting.from_file(text(head, *rows, last, ["制表人：张三"]).encode(), "清单.csv")
        assert found.numbers == (2, 3)
        assert [note.where for note in found.table.doubtful] == ["第 4 行"]
        assert "像是合计行，没有读；各数是上面之和" in str(found.table.doubtful[0])


@pytest.mark.parametrize("last", [["1", "24", "97", "0.3"], ["4", "24", "96", "0.3"], ["3", "", "", ""]])
def test_R032_末行的数不是上面之和_或只有一列碰巧相等_照读(last: list[str]) -> None:
    assert pasting.from_file(text(SPEC, *TWO, ["", *last]).encode(), "清单.csv").numbers == (2, 3, 4)
    assert pasting.from_file(text(SPEC, *TWO, ["云主机", "3", "24", "96", "0.3"]).encode(), "清单.csv").numbers == (
        2, 3, 4,
    )  # fmt: skip


def test_没有写合计而是求和公式的末行_不读_要人点头_别的公式照旧拒绝() -> None:
    for formula, refused in (("=SUM(B2:B3)", 0), ("=B2+B3", 1)):
        made = openpyxl.Workbook()
        page = made.worksheets[0]
        for row in (SPEC, ["云主机", 2, 8, 32, 0.1], ["云主机", 1, 16, 64, 0.2], [None, formula, 24, 96, 0.3]):
            page.append(row)
        out = io.BytesIO()
        made.save(out)
        found = pasting.from_file(out.getvalue(), "清单.xlsx")
        assert len(found.table.refused) == refused
        assert found.numbers == ((2, 3) if not refused else (2, 3, 4))


def test_工单末行只有数量之和_不拖累整份_要人点头() -> None:
    table = orders(ONE, [*ONE[:2], "ECS-2", *ONE[3:]], ["", "", "", "", "", "16", ""])
    assert ([row.number for row in table.rows], table.refused) == ([2, 3], ())
    assert [note.where for note in table.doubtful] == ["第 4 行"]
    assert [row.number for row in orders(ONE, ONE, ["", "", "", "", "", "17", ""]).rows] == [2, 3, 4]


def test_夹在数据中间的_带着别的格的_不是表下面的话() -> None:
    assert [one.number for one in orders(ONE, ["注：以下是变更"], ONE).rows] == [2, 3, 4]
    assert [one.number for one in orders(ONE, ["注：甲", *ONE[1:]]).rows] == [2, 3]
    assert not trailers.signed(cells_of(["张三"]))
    assert not trailers.signed(cells_of(["日期", "2026-07-01"]))


@pytest.mark.parametrize("mark", ["同上", "〃", "”", "同前", "同上一行", "″", "同", "々"])
@pytest.mark.parametrize("column", ["工单号", "单号", "资源", "目录项"])
def test_编号写同上的_拒绝到格_请写全(column: str, mark: str) -> None:
    row = [mark if name == column else value for name, value in zip(HEAD, ONE, strict=True)]
    (note,) = orders(ONE, row).refused
    assert (note.row, note.column) == (3, column)
    assert "请写全" in note.text


SEVERAL = [
    "R1、R2", "R1；R2", "R1;R2", "ECS-01 ECS-02", "R1~R2", "R1～R9", "ECS-01 至 ECS-09", "R1，R2",
    "202603020001 202603020002",
]  # fmt: skip


@pytest.mark.parametrize("codes", SEVERAL)
def test_一格几个编号_拒绝到格_一格一个(codes: str) -> None:
    (note,) = orders([*ONE[:2], codes, *ONE[3:]]).refused
    assert (note.row, note.column) == (2, "资源")
    assert "一格一个编号" in note.text


ONE_CODE = [
    "SQ-2025-0001/CU", "YJ-2025-0003/移交", "GD 2026001", "同安-01", "同上海云-1", "A_B.c-1", "ECS-1、",
]  # fmt: skip


@pytest.mark.parametrize("code", ONE_CODE)
def test_编号里的横线斜线空格_照读(code: str) -> None:
    assert orders([*ONE[:2], code, *ONE[3:]]).refused == ()


def test_没有读的表像哪一张_先看表名_再看列齐不齐() -> None:
    book = openpyxl.Workbook()
    for title in ("用量表", "别的"):
        page = book.create_sheet(title)
        page.append(["资源", "目录项", "日期", "用量"])
        page.append(["ECS-1", "SMS", "2026-07-01", "5"])
    out = io.BytesIO()
    book.save(out)
    notes = {note.where: note.text for note in read_book(out.getvalue(), "补录.xlsx", workbook.WANTED).notes}
    assert "它像“用量”" in notes["工作表“用量表”"]
    assert "它像“用量”" in notes["工作表“别的”"]


PRICES = ["目录项", "类别", "名称", "计价单位", "计价方式", "计费周期", "单价", "服务商"]
PRICE = ["VM", "基础设施", "云主机", "核·年", "单价", "年", "552", ""]


def prices(title: str, *rows: list[str]) -> Table:
    head = [title if name == "单价" else name for name in PRICES]
    return read_file(text(head, *rows).encode(), "目录.csv", sheet.WANTED)


@pytest.mark.parametrize("title", ["单价(元/年)", "单价（元/核·年）", "单价（元/核/年）", "单价（元）"])
def test_单价列名写的每什么_与每一行相符_照读(title: str) -> None:
    table = prices(title, PRICE)
    assert ([row.text["单价"] for row in table.rows], table.refused) == (["552"], ())


@pytest.mark.parametrize("title", ["单价(元/月)", "单价（元/台·年）", "单价（元/核·月）"])
def test_单价列名写的每什么_与这一行不符_拒绝到格(title: str) -> None:
    (note,) = prices(title, PRICE).refused
    assert (note.row, note.column) == (2, "单价")
    assert "对不上" in note.text


def test_单价列名写元每年_只有一行按月的_只拒绝那一行_万元的整列拒绝() -> None:
    monthly = ["VM2", "基础设施", "云主机", "核·月", "单价", "月", "46", ""]
    assert [note.row for note in prices("单价(元/年)", PRICE, monthly).refused] == [3]
    assert [note.row for note in prices("单价(万元/年)", PRICE).refused] == [1]
