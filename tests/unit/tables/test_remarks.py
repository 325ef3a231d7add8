"""数据以外的话改变数据的意思：标题写着“万条”，序号、备注写着“作废”，“注”下面分几行写——点名，不静静地读（R-052）。"""

from __future__ import annotations

from typing import Any

import pytest
from openpyxl.styles import Font

from tests.unit.tables.test_reading import EVERY, HEAD, ONE, TWO, WANTED, Reader, by_csv, by_xlsx, workbook
from yunheng.tables import columns
from yunheng.tables.cells import Cell, cells_of
from yunheng.tables.columns import Column, Kind
from yunheng.tables.notes import Outcome
from yunheng.tables.reading import Table, read_file
from yunheng.tables.remarks import unit
from yunheng.tables.trailers import continued
from yunheng.tables.wanted import Wanted

COUNTED = (Column("数量", Kind.NUMBER, measured=True),)
SIZED = (Column("内存", Kind.NUMBER, units=("GB", "G")), Column("单价", Kind.NUMBER, units=("元",)))


def told(table: Table) -> str:
    return "\n".join(map(str, table.doubtful))


# ── 标题、表名里的单位 ──


@pytest.mark.parametrize(
    "text",
    [
        "2026年用量统计（万条）", "用量（单位：万次）", "以万条计", "以万计", "各数按千条为单位", "单位:千次",
        "用量[k]", "计量单位：百个", "本表单位为万条", "数量均以百台统计", "金额单位：亿元", "（单位:MB）", "单位：兆",
    ],
)  # fmt: skip
def test_说了倍数_别的单位的话认得出(text: str) -> None:
    assert unit(text, COUNTED)


@pytest.mark.parametrize(
    "text",
    [
        "2026年7月工单", "制表单位：区科创中心", "填报单位：千山街道", "用量统计表（条）", "500万元以上的项目",
        "第三百条", "二十万条以内", "单位：核", "单位：条", "工单", "千山路机房", "松江区（2026年）", "按K-03计费的项",
    ],
)  # fmt: skip
def test_没有说倍数的标题_不必点头(text: str) -> None:
    assert unit(text, (Column("数量", Kind.NUMBER),)) == ""


def test_同一类的别的单位也算_自己的单位不算() -> None:
    assert unit("单位：MB", SIZED)
    assert unit("单位：美元", SIZED)
    assert unit("单位：分", SIZED)
    assert unit("单位：GB", SIZED) == ""
    assert unit("单位：元", SIZED) == ""


@EVERY
def test_R052_标题行写着万条_要人点头(read: Reader) -> None:
    table = read(["2026年用量统计（万条）"], HEAD, ONE)
    assert "第 1 行 A 列：写了“（万条）”，各数没有照它换算" in told(table)
    assert not read(["2026年用量统计"], HEAD, ONE).doubtful


def test_R052_表名_文件名_页眉_表下面的注写着万条_都要人点头() -> None:
    def named(page: Any) -> None:
        page.title = "用量（万条）"

    def margin(page: Any) -> None:
        page.oddHeader.center.text = "单位：万条"

    for change, where in ((named, "工作表名“用量（万条）”"), (margin, "页眉页脚")):
        table = read_file(workbook(HEAD, ONE, shape=change), "工单.xlsx", WANTED)
        assert where in told(table)
    assert "文件名" in told(read_file(workbook(HEAD, ONE), "用量（千条）.xlsx", WANTED))
    assert "单位为万条" in told(by_csv(HEAD, ONE, ["注：数量单位为万条"]))


PRICED = Wanted(
    "目录",
    (
        Column("目录项", Kind.CODE),
        Column("计价单位"),
        Column("计费周期", Kind.CHOICE, choices=columns.choices("年", "月", "次")),
        Column("单价", Kind.NUMBER, units=("元",), per=("计价单位", "计费周期")),
    ),
)


def priced(title: str, period: str = "年", under: str = "") -> Table:
    rows = [title, "目录项,计价单位,计费周期,单价", f"A,核·{period},{period},1200", "B,万次,次,3", under]
    return read_file("\n".join(row for row in rows if row).encode(), "目录.csv", PRICED)


@pytest.mark.parametrize(
    "text",
    [
        "市级目录（单位：元/月）", "以下单价均为每月价格", "单位：元／核·月", "单价按月填写", "月单价表", "元每月",
        "单位：￥/月", "单位：RMB/月", "币种：CNY/月", "单位：元（月）", "价格（月）", "月租", "月费标准", "月付",
        "月度报价表", "月标准价", "月结价", "以下单价以月为单位", "monthly price", "价格表（按 月）",
    ],
)  # fmt: skip
def test_R052_标题写着每月_而各行按年计_差十二倍_要人点头(text: str) -> None:
    assert "第 1 行 A 列：写了" in told(priced(text))
    assert "“单价”没有换算" in told(priced(text))
    assert "第 3 行的" in told(priced(text))
    assert not priced(text, period="月").doubtful


def test_R052_表下面的注_文件名写着每月的_也要人点头() -> None:
    assert "元/月" in told(priced("目录", under="注：以上单价单位为元/月"))
    content = "目录项,计价单位,计费周期,单价\nA,核·年,年,1200\n".encode()
    assert "文件名" in told(read_file(content, "目录（元/月）.csv", PRICED))


@pytest.mark.parametrize("text", ["价格为 12 个月总价", "3年总价", "三年合计价"])
@pytest.mark.parametrize("period", ["年", "月"])
def test_R052_标题写着几期合在一起的价_要人点头(text: str, period: str) -> None:
    assert "是几期合在一起的价" in told(priced(text, period))


@pytest.mark.parametrize(
    "text",
    [
        "市级目录（2026年7月价格）", "单位：元/年", "2026年度价格", "自7月1日起执行", "编制日期：2026年6月",
        "七月份编制", "年度服务目录", "生效日：2026-07-01", "本月更新", "日常服务", "7×24小时值守", "按附件1编制",
    ],
)  # fmt: skip
def test_标题说的就是各行的周期_或者是日子_不必点头(text: str) -> None:
    assert not priced(text).doubtful


@pytest.mark.parametrize("text", ["单价不含税", "含税 6%", "8 折后价", "优惠前价格", "折扣价"])
def test_R052_标题写着税和折扣的_要人点头_没有金额的表不问(text: str) -> None:
    assert "各数没有照它换算，照格里的读" in told(priced(f"市级目录（{text}）", period="月"))


def test_R052_标题和注写着累计的_合在一起的_要人点头() -> None:
    assert "各数没有照它换算，照格里的读" in told(priced("3 月用量（累计值）"))
    for text in ("注：以上为 2 台合计配置", "注：数据盘为单块容量，每台 2 块"):
        assert "各数没有照它换算，照格里的读" in told(priced("目录", under=text))


def test_R052_标题行的字显示在说明里() -> None:
    table = priced("市级目录 2026 版")
    assert "第 1 行：在表头以前，当作标题，没有读：“市级目录 2026 版”" in "\n".join(map(str, table.notes))


# ── 作废 ──


@EVERY
@pytest.mark.parametrize("word", ["作废", "已取消", "删除", "不算", "（作废）", "同上", "×"])
def test_R052_序号写着作废_这一行要人点头(read: Reader, word: str) -> None:
    table = read(["序号", *HEAD], ["1", *ONE], [word, *TWO])
    assert [row.number for row in table.rows] == [2, 3]
    assert "第 3 行：序号写的是" in told(table)
    assert "第 2 行" not in told(table)


@EVERY
@pytest.mark.parametrize(
    "serials",
    [
        ("1", "2"),
        ("1.", "2."),
        ("（1）", "（2）"),
        ("一", "二"),
        ("①", "②"),
        ("A1", "A2"),
        ("1-1", "1-2"),
        ("No.1", "No.2"),
    ],
)
def test_平常的序号_不必点头(read: Reader, serials: tuple[str, str]) -> None:
    assert not read(["序号", *HEAD], [serials[0], *ONE], [serials[1], *TWO]).doubtful


def test_序号划了删除线_公式算的序号不算() -> None:
    def strike(page: Any) -> None:
        page["A3"].font = Font(strike=True)

    content = workbook(["序号", *HEAD], [1, *ONE], [2, *TWO], shape=strike)
    assert "第 3 行：序号划了删除线" in told(read_file(content, "工单.xlsx", WANTED))
    assert not by_xlsx(["序号", *HEAD], ["=ROW()-1", *ONE]).doubtful


@pytest.mark.parametrize("text", ["作废", "已取消", "（本行作废）", "作废，见第5行", "此台不算"])
def test_备注名称写着作废_要人点头(text: str) -> None:
    assert "不算的请从表里删去" in columns.read(Column("备注"), Cell(1, text)).doubt


LONG = "替换 2019 年作废的老机器，详见立项报告第三章第二节的说明文字"


@pytest.mark.parametrize("text", ["应用服务器", "数据库（主）", "作业调度", LONG])
def test_平常的备注_不必点头(text: str) -> None:
    assert columns.read(Column("备注"), Cell(1, text)).doubt == ""


def test_表名标题写着作废_要人点头() -> None:
    assert "写了“作废”" in told(by_csv(["7月工单（作废）"], HEAD, ONE))
    assert "写了“作废”" in told(read_file(workbook(HEAD, ONE), "工单（作废）.xlsx", WANTED))


# ── 分几行写的注 ──


@EVERY
def test_R052_注下面另起的几行_不读_点名_不挡别的(read: Reader) -> None:
    table = read(HEAD, ONE, ["注：1.数据截至7月31日"], ["2.不含备份"], ["3、测试期的另报"])
    assert [row.number for row in table.rows] == [2]
    assert (table.refused, table.doubtful) == ((), ())
    shown = "\n".join(str(note) for note in table.notes if note.outcome == Outcome.UNREAD)
    for number in (3, 4, 5):
        assert f"第 {number} 行：是表下面的话" in shown


@EVERY
def test_没有注的带号的一行_不当作注(read: Reader) -> None:
    table = read(HEAD, ONE, ["2.不含备份"])
    assert [row.number for row in table.rows] == [2, 3]


def test_横着合并的一长句_接在注下面_也不读() -> None:
    def shape(page: Any) -> None:
        page.append(["注："])
        page.append(["以上不含备份"])
        page.merge_cells("A4:E4")

    table = read_file(workbook(HEAD, ONE, shape=shape), "工单.xlsx", WANTED)
    assert [row.number for row in table.rows] == [2]


@pytest.mark.parametrize("text", ["2.5", "2台服务器", "12", "2.", "ECS-1", "1.a"])
def test_数和编号不是注的下一句(text: str) -> None:
    assert not continued(cells_of([text]), wide=False)


# ── 倒着写的字 ──


def test_从右往左的记号_编号和数里的拒绝到格() -> None:
    assert "改变书写方向" in columns.read(Column("编号", Kind.CODE), Cell(1, "R\u202e21")).refused
    assert "改变书写方向" in columns.read(Column("数", Kind.NUMBER), Cell(1, "\u202e21")).refused
    assert columns.read(Column("编号", Kind.CODE), Cell(1, "\u202aR21")).text == "R21"
