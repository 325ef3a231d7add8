"""主机清单的人的写法：认得的认，认不出的报到格，盘不换算（R-032）。"""

from __future__ import annotations

import pytest

from yunheng.applications import pasting
from yunheng.applications.checking import check_row
from yunheng.applications.pasting import from_text
from yunheng.applications.spelling import spelled
from yunheng.tables.notes import Outcome


def test_R032_各栏带单位_虚拟机_勾_斜杠都认() -> None:
    found = from_text(
        "服务类型\t台数\tCPU(核)\t内存\n（GB）\t操作系统 (版本)\t系统盘TB\t数据盘\tSSD\t网络区域\t带宽\n".replace(
            "内存\n（GB）", '"内存\n（GB）"'
        )
        + "虚拟机\t２台\t8核\t32G\t麒麟 V10\t0.1T\t／\t√\t政务外网\t20M\n"
    )
    assert found.rows[0] == {
        "type": "云主机", "count": "2", "cores": "8", "memory": "32", "os": "麒麟 V10", "system_disk": "0.1",
        "data_disk": "", "ssd": "是", "zone": "政务外网", "eip": "", "bandwidth": "20", "note": "",
    }  # fmt: skip
    assert not found.blocked
    assert not [note for note in found.notes if note.outcome in (Outcome.REFUSED, Outcome.UNREAD)]


@pytest.mark.parametrize("written", ["100G", "100GB", "100GTB", "0.1TBTB", "100 G T"])
def test_R032_盘写G的_单位写两遍的_报到格_原文放进表格等人改_不换算(written: str) -> None:
    head = "服务类型\t台数\tCPU\t内存\t操作系统\t系统盘\t网络区域"
    found = from_text(f"{head}\n云主机\t1\t8\t32\t麒麟\t{written}\t政务外网\n")
    assert found.rows[0]["system_disk"] == written
    assert not found.blocked
    (note,) = [note for note in found.notes if note.outcome == Outcome.REFUSED]
    assert "第 2 行" in note.where
    assert "请按 TB 填，如 0.1" in note.text


def test_R032_一句话的配置拆成核_内存_台_盘留空并报() -> None:
    found = from_text("服务类型\t配置\t操作系统\t网络区域\n云主机\t8核 32G 2台 100G\t麒麟\t政务外网\n")
    row = found.rows[0]
    assert (row["cores"], row["memory"], row["count"], row["system_disk"], row["data_disk"]) == ("8", "32", "2", "", "")
    (note,) = [note for note in found.notes if note.outcome == Outcome.REFUSED]
    assert "100G" in note.text
    assert "请按 TB 填" in note.text


@pytest.mark.parametrize("text", ["8核或16核 32G", "8核 16核", "八核 32G", "32G 100G", "应用 8核32G", "8", "8核"])
def test_R032_认不出的_同一样写两遍的_整句不拆(text: str) -> None:
    assert spelled(text) is None


def test_R032_配置一列与CPU列重了_不猜取哪个_点名() -> None:
    found = from_text("CPU\t内存\t配置\n4\t16\t8核 32G\n")
    assert (found.rows[0]["cores"], found.rows[0]["memory"]) == ("4", "16")
    assert any(note.doubtful and "重了" in note.text for note in found.notes)


def test_R032_操作系统是公式_写进表格看不出来_整份不能导入() -> None:
    found = from_text("CPU\t内存\t操作系统\n8\t32\t=A1\n")
    assert found.blocked


def test_R032_没有类型和台数的列_当作云主机一台_写明() -> None:
    found = from_text("CPU\t内存\n8\t32\n")
    assert (found.rows[0]["type"], found.rows[0]["count"]) == ("云主机", "1")
    assert {"没有“服务类型”一列，没写的当作 云主机", "没有“台数”一列，没写的当作 1"} <= {n.text for n in found.notes}


def test_R032_类型列里空着的_不当作云主机() -> None:
    found = from_text("服务类型\tCPU\t内存\n\t8\t32\n")
    assert found.rows[0]["type"] == ""


def test_R032_列名是别的单位_整份不能导入_不把MB当GB() -> None:
    found = from_text("服务类型\t台数\tCPU\t内存（MB）\n云主机\t1\t8\t32768\n")
    assert found.blocked
    assert any(note.outcome == Outcome.REFUSED and "单位是“MB”" in note.text for note in found.notes)


@pytest.mark.parametrize("head", ["系统盘\t数据盘", "系统盘（TB）\t数据盘/TB", "系统盘TB\t数据盘容量(TB/台)", ""])
def test_R032_盘大得不像TB_列名写没写单位都要人点头(head: str) -> None:
    row = "云主机\t2\t8\t32\t麒麟\t100\t500\t否\t政务外网"
    text = f"类型\t台数\tCPU\t内存\t操作系统\t{head}\tSSD\t网络区域\n{row}\n" if head else f"{row}\n"
    found = from_text(text)
    assert [note.column for note in found.notes if note.doubtful] == ["系统盘", "数据盘"]
    assert next(note.where for note in found.notes if note.doubtful).startswith("第 2 行" if head else "第 1 行")
    assert not [note for note in from_text(text.replace("100\t500", "0.1\t0.5")).notes if note.doubtful]


@pytest.mark.parametrize(
    ("head", "value", "label"),
    [("CPU（核）", "1024", "CPU"), ("内存（GB）", "32768", "内存"), ("带宽（Mb）", "100000", "带宽"),
     ("配置", "8核 8192G", "内存"), ("数据盘（TB）", "500TB", "数据盘")],
)  # fmt: skip
def test_R032_核数内存带宽大得不像的_拆出来的也算_几行并成一条_要人点头(head: str, value: str, label: str) -> None:
    found = from_text(f"操作系统\t{head}\n麒麟\t{value}\n统信\t{value}\n")
    (note,) = [note for note in found.notes if note.doubtful]
    assert (note.where, note.column) == (f"第 2–3 行“{label}”", label)
    assert "像是别的单位" in note.text


@pytest.mark.parametrize(
    "head", ["内存/GB", "内存容量(GB)", "单台内存(GB)", "内存（GB/台）", "每台内存", "内存大小（GB）", "内存 / GB"]
)
def test_R032_内存的别的列名_照读(head: str) -> None:
    found = from_text(f"CPU\t{head}\n8\t32\n")
    assert (found.rows[0]["memory"], found.blocked) == ("32", False)
    assert not [note for note in found.notes if note.doubtful]


@pytest.mark.parametrize("head", ["内存容量(MB)", "内存（MB/台）", "单台内存(TB)"])
def test_R032_别的列名写的是别的单位_整份不能导入(head: str) -> None:
    assert from_text(f"CPU\t{head}\n8\t32\n").blocked


def test_R032_总内存不是一台的内存_不当内存读_点名() -> None:
    found = from_text("CPU\t总内存（GB）\t操作系统\n8\t64\t麒麟\n")
    assert found.rows[0]["memory"] == ""
    assert any(note.doubtful and "认不出是哪一列" in note.text for note in found.notes)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("8 核 32 GB", ("8", "32", "")),
        ("8核 32 GB", ("8", "32", "")),
        ("8核32G 2 台", ("8", "32", "2")),
        ("8核32G×2", ("8", "32", "2")),
        ("8核32G（2台）", ("8", "32", "2")),
        ("8vCPU 32GiB", ("8", "32", "")),
        ("16核 内存 64G", ("16", "64", "")),
        ("CPU：8核；内存：32G", ("8", "32", "")),
    ],
)
def test_R032_一格的配置_带空白_带括号_末尾乘几台的都拆(text: str, values: tuple[str, ...]) -> None:
    found = spelled(text)
    assert found
    assert not found.left
    assert tuple(found.values.get(key, "") for key in ("cores", "memory", "count")) == values


def test_R032_一格的配置里的数据盘不当内存() -> None:
    found = spelled("8核32G数据盘500G")
    assert found
    assert (found.values, found.left) == ({"cores": "8", "memory": "32"}, ("数据盘500G",))


@pytest.mark.parametrize(
    "text", ["8核32G 500G×2", "8核32G x86", "8核32G 2台×2", "8核 32Gib", "8 16核 32G", "8核32G 主备"]
)
def test_R032_一格的配置说不清的_不拆(text: str) -> None:
    assert spelled(text) is None


def test_R032_数里有空白_放进表格等人改_不粘成一个数() -> None:
    found = from_text("CPU\t内存\n8 16\t1,234\n")
    assert (found.rows[0]["cores"], found.rows[0]["memory"]) == ("8 16", "1234")
    assert [note.column for note in found.notes if note.outcome == Outcome.REFUSED] == ["CPU"]
    assert [column.key for column, _ in check_row({**found.rows[0], "cores": "8", "memory": "1,23"})] == [
        "memory", "os", "system_disk", "zone",
    ]  # fmt: skip


HEAD = "服务类型\t台数\tCPU\t内存\t操作系统\t系统盘\t数据盘\tSSD\t网络区域\t备注"


def pasted(count: str, ssd: str, note: str) -> pasting.Pasted:
    return pasting.from_text(f"{HEAD}\n云主机\t{count}\t8\t32\t麒麟\t0.1\t1\t{ssd}\t政务外网\t{note}")


def test_R032_SSD空着_没有这一列_当作否_一样写明() -> None:
    found = pasted("1", "", "网关")
    assert found.rows[0]["ssd"] == "否"
    assert any("第 2 行" in note.where and "SSD 空着，当作 否" in note.text for note in found.notes)
    assert not any("SSD" in note.text for note in pasted("1", "是", "网关").notes)
    bare = pasting.from_text("服务类型\t台数\tCPU\t内存\n云主机\t1\t8\t32")
    assert any("没有“SSD”一列，没写的当作 否" in note.text for note in bare.notes)


@pytest.mark.parametrize("note", ["×3", "数量：3", "3节点", "两套", "3台"])
def test_R032_备注写的台数与台数一列不一样_要人点头(note: str) -> None:
    found = pasted("1", "否", note)
    assert any(one.doubtful and "像是写了台数" in one.text and "备注" in one.where for one in found.notes)
    same = pasted("2" if note == "两套" else "3", "否", note)
    assert not any("像是写了台数" in one.text for one in same.notes)


def test_R032_备注写SSD而SSD空着_要人点头() -> None:
    assert any(one.doubtful and "写了 SSD" in one.text for one in pasted("1", "", "数据盘 ssd").notes)
    assert not any("写了 SSD" in one.text for one in pasted("1", "是", "数据盘 ssd").notes)


@pytest.mark.parametrize(("ssd", "note"), [("", "固态硬盘"), ("否", "全闪"), ("否", "存储类型：SSD")])
def test_R032_备注写固态而SSD是否_要人点头(ssd: str, note: str) -> None:
    assert any(one.doubtful and "写了 SSD 或固态" in one.text for one in pasted("1", ssd, note).notes)
    assert not any("写了 SSD" in one.text for one in pasted("1", "是", note).notes)


@pytest.mark.parametrize(
    ("count", "note"), [("1", "主备各1台"), ("1", "一主一备"), ("2", "一主两从"), ("3", "另加1台备机")]
)
def test_R032_备注写主备_与台数一列不一样_要人点头(count: str, note: str) -> None:
    assert any(one.doubtful and "像是写了台数" in one.text for one in pasted(count, "否", note).notes)


def test_R032_主备合计与台数一列一样的不问_没有台数一列的一台也问() -> None:
    for count, note in (("2", "主备各1台"), ("2", "一主一备"), ("3", "一主两从"), ("1", "网关1台")):
        assert not any("像是写了台数" in one.text for one in pasted(count, "否", note).notes)
    bare = pasting.from_text("服务类型\tCPU\t内存\t备注\n云主机\t8\t32\t网关1台")
    assert any(one.doubtful and "像是写了台数" in one.text for one in bare.notes)
