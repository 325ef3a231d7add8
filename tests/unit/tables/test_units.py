"""位和字节要分：MB 是 Mb 的 8 倍；数前面的加号不静静地去掉（R-032、R-047）。"""

from __future__ import annotations

import pytest

from yunheng.applications import pasting
from yunheng.applications.spelling import spelled
from yunheng.tables import folding
from yunheng.tables.cells import Cell
from yunheng.tables.columns import Column, Kind, read
from yunheng.tables.notes import Outcome
from yunheng.tables.remarks import unit

BANDWIDTH = Column("带宽", Kind.NUMBER, units=("Mb", "M", "Mbps", "兆"))
MEMORY = Column("内存", Kind.NUMBER, units=("GB", "G"))


@pytest.mark.parametrize("written", ["100Mb", "100mb", "100M", "100Mbps", "100mbps", "100兆", "100", "１００Ｍｂ"])
def test_R032_带宽按位写的照读(written: str) -> None:
    assert read(BANDWIDTH, Cell(1, written)).text == "100"
    assert not read(BANDWIDTH, Cell(1, written)).refused


@pytest.mark.parametrize("written", ["100MB", "100 MB", "100MBps", "100mB", "１００ＭＢ", "100MBPS"])
def test_R032_带宽按字节写的_拒绝到格_说差八倍(written: str) -> None:
    assert "位（b）和字节（B）差 8 倍" in read(BANDWIDTH, Cell(1, written)).refused


@pytest.mark.parametrize(("written", "good"), [("32GB", True), ("32gb", True), ("32G", True), ("32Gb", False)])
def test_R032_内存按位写的拒绝_全小写的当字节(written: str, good: bool) -> None:
    assert bool(read(MEMORY, Cell(1, written)).refused) != good


@pytest.mark.parametrize("title", ["带宽（MB）", "带宽MB", "带宽(MBps)", "带宽（单位：MB）", "带宽\nMB"])
def test_R032_列名写字节的_整份不能导入(title: str) -> None:
    found = pasting.from_text(f'服务类型\t台数\tCPU\t内存\t"{title}"\n云主机\t1\t8\t32\t100')
    assert found.blocked
    assert any(note.outcome == Outcome.REFUSED and "列名写的单位是“MB" in note.text for note in found.notes)


@pytest.mark.parametrize("title", ["带宽（Mb）", "带宽Mb", "带宽", "带宽（mb）", "内存（GB）", "内存gb"])
def test_R032_列名写位的照读(title: str) -> None:
    column = MEMORY if "内存" in title else BANDWIDTH
    assert column.called(title)
    assert column.other_unit(title) == ""


@pytest.mark.parametrize("text", ["单位：MB", "带宽单位:MB"])
def test_R032_标题行写的单位差八倍_点名(text: str) -> None:
    assert unit(text, [BANDWIDTH]) != ""
    assert unit("单位：Mb", [BANDWIDTH]) == ""


def test_R032_一句话的配置写Gb_不拆() -> None:
    assert spelled("8核 32GB 2台") is not None
    assert spelled("8核 32Gb 2台") is None


@pytest.mark.parametrize("written", ["+8", "＋8", "+ 8", "±8"])
def test_数前面的加号_拒绝到格_不当作没有(written: str) -> None:
    assert folding.number(written) is None
    assert "不知道是再加多少还是一共多少" in read(MEMORY, Cell(1, written)).refused


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("gb", "GB", True), ("Gb", "GB", False), ("Tb·月", "TB·月", False), ("核·年", "核·年", True),
     ("VCPU", "vcpu", True),
     ("台", "台", True), ("Mb/s", "MB/s", False), ("台", "个", False), ("Web", "WEB", True)],
)  # fmt: skip
def test_单位是不是同一个(one: str, other: str, same: bool) -> None:
    assert folding.same_unit(one, other) == same
