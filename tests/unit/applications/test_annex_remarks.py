"""备注里写着的台数、资源编号：印的写法照读，别的写法要人点头，与台数一列不一样、写了几个编号的拒绝到格（R-047）。"""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from tests.unit.applications.test_annex_refusals import again, header, hosts
from tests.unit.applications.test_annex_word import filled, refused

from yunheng.applications import annex_remarks, importing
from yunheng.applications.annex_hosts import Host
from yunheng.applications.annex_reading import Reading
from yunheng.applications.pasting import from_text
from yunheng.applications.sections import HOST_COLUMNS
from yunheng.tables.notes import Outcome


def remarked(note: str, folder: Path) -> importing.Imported:
    """附件1 第一台的备注写成这样。"""
    document = filled(1, folder)
    hosts(document)[0].cells[-1].text = note
    return again(document)


def doubted(found: importing.Imported) -> str:
    return "\n".join(str(note) for note in found.unread if note.doubtful and "台数" in note.text)


@pytest.mark.parametrize(
    "note",
    ["×3", "x 3", "X3", "*3", "✕3", "＊３", "应用 ×3", "数量：3", "数量 3", "共3个节点", "台数=3", "3节点", "三节点",
     "2套", "2 台", "两台", "双机热备", "应用服务器2台", "3 个实例", "③台", "十二台", "3×Web", "500G×2", "共 2 组",
     "主备各1台", "一主一备", "一主两从", "1主1从", "主1备1", "一主多从", "另加1台备机", "另配备机", "两地各1台",
     "数据库，主备部署", "数据库1台", "一台"],
)  # fmt: skip
def test_R047_备注里像台数的写法_要人点头_不静静当一台(note: str, tmp_path: Path) -> None:
    found = remarked(note, tmp_path)
    assert found.values["hosts"][0]["count"] == "1"
    assert found.values["hosts"][0]["note"]
    assert "像是写了台数，没有当台数读，当作 1 台" in doubted(found)


@pytest.mark.parametrize(
    "note",
    ["应用", "x86 架构", "X86", "MySQL 8.0", "Windows Server 2016 服务器版", "保存三个月", "第2台", "×1",
     "主机托管", "另开公网地址", "等保三级", "人脸识别 200 万次", "共 16G", "×4核", "一机一密", "三机房"],
)  # fmt: skip
def test_R047_备注里不是台数的_不说(note: str, tmp_path: Path) -> None:
    assert doubted(remarked(note, tmp_path)) == ""


@pytest.mark.parametrize(("note", "count"), [("×3 台", "3"), ("网关；×12台", "12"), ("网关", "1")])
def test_R047_印的写法照读(note: str, count: str, tmp_path: Path) -> None:
    found = remarked(note, tmp_path)
    assert found.values["hosts"][0]["count"] == count
    assert not found.blocked
    assert doubted(found) == ""


@pytest.mark.parametrize("note", ["×2", "数量：2", "2台", "应用 ×2 台", "两台"])
def test_R047_备注与台数一列不一样_拒绝到备注那一格(note: str, tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    head, row = header(document), hosts(document)[0]
    place = next(n for n, cell in enumerate(head.cells) if "EIP" in cell.text)
    head.cells[place].text, row.cells[place].text, row.cells[-1].text = "台数", "3", note
    found = again(document)
    assert found.blocked
    assert "台数写了几处、不一样" in refused(found)


def test_R047_一主两从_台数一列写三台的_不是不一样(tmp_path: Path) -> None:
    for count, note, asked in (("3", "一主两从", False), ("2", "主备各1台", False), ("2", "另加1台备机", True)):
        found = change(tmp_path, "新增", count, note)
        assert (found.values["changes"][0]["count"], found.blocked) == (count, False)
        assert bool(doubted(found)) is asked, note


@pytest.mark.parametrize("note", ["SSD", "存储类型：SSD", "MySQL8.0，固态硬盘", "全闪存储", "ｓｓｄ 盘"])
def test_R032_备注里说到SSD的别的写法_要人点头_不静静当作否(note: str, tmp_path: Path) -> None:
    found = remarked(note, tmp_path)
    assert found.values["hosts"][0]["ssd"] == "否"
    assert [one for one in found.unread if one.doubtful and "没有当作数据盘为 SSD" in one.text]
    held = change(tmp_path, "变更", "1", f"ECS-01；{note}")
    assert [one for one in held.unread if one.doubtful and "没有当作数据盘为 SSD" in one.text]


def test_R032_印的SSD写法_没说SSD的_不要点头(tmp_path: Path) -> None:
    for note in ("数据盘为 SSD", "网关"):
        assert not [one for one in remarked(note, tmp_path).unread if one.doubtful and "SSD" in one.text]


def change(folder: Path, action: str, count: str, note: str) -> importing.Imported:
    document = filled(3, folder)
    rows = [row for table in document.tables for row in table.rows]
    row: Any = next(row for row in rows if len(row.cells) > 8 and "☑ 变更" in row.cells[1].text)
    boxes = ["☑" if name == action else "☐" for name in ("新增", "变更", "释放")]
    row.cells[1].text = "\n".join(f"{box} {name}" for box, name in zip(boxes, ("新增", "变更", "释放"), strict=True))
    row.cells[8].text, row.cells[-1].text = count, note
    return again(document)


@pytest.mark.parametrize("note", ["应用 ×3", "×3 台", "3台"])
def test_R047_附件3_备注与台数不一样_拒绝到格(note: str, tmp_path: Path) -> None:
    found = change(tmp_path, "新增", "2", note)
    assert found.blocked
    assert "台数写了几处、不一样：台数一列“2”" in refused(found)


def test_R047_附件3_新增没填台数_备注像台数的要人点头_印的写法照读(tmp_path: Path) -> None:
    assert "当作 1 台" in doubted(change(tmp_path, "新增", "", "应用 ×3"))
    assert any("“台数”空着，当作 1 台" in note for note in change(tmp_path, "新增", "", "应用").notes)
    found = change(tmp_path, "新增", "", "×3 台")
    assert (found.values["changes"][0]["count"], found.blocked) == ("3", False)


@pytest.mark.parametrize("note", ["ECS-01；ECS-02", "ECS-01、ECS-02", "ECS-01；扩容，另 ecs-02 一样", "ECS-01\nECS-02"])
def test_R036_附件3_备注里两个资源编号_拒绝到格_不只改头一个(note: str, tmp_path: Path) -> None:
    found = change(tmp_path, "变更", "1", note)
    assert found.blocked
    assert "备注里写了几个资源编号（ECS-01、" in refused(found)


@pytest.mark.parametrize("action", ["变更", "释放"])
def test_R036_附件3_一个资源写两台_拒绝到格(action: str, tmp_path: Path) -> None:
    found = change(tmp_path, action, "2", "ECS-01")
    assert found.blocked
    assert "一行只写一个资源、一台，几台就写几行" in refused(found)


def test_R036_附件3_备注写了SSD的读成是_没有写的留给台账(tmp_path: Path) -> None:
    assert change(tmp_path, "变更", "1", "ECS-01；数据盘为 SSD").values["changes"][0]["ssd"] == "是"
    assert change(tmp_path, "变更", "1", "ECS-01；扩容").values["changes"][0]["ssd"] == ""
    assert change(tmp_path, "新增", "1", "网关").values["changes"][0]["ssd"] == "否"


# ── 备注里的别的话：逐条直接读，附件和主机清单一个样 ──

ROW = {
    "type": "云主机", "count": "1", "cores": "8", "memory": "32", "os": "麒麟 V10", "system_disk": "0.1",
    "data_disk": "0.5", "ssd": "否", "zone": "政务外网", "eip": "", "bandwidth": "20",
}  # fmt: skip


def asked(note: str, **changed: str) -> tuple[str, str]:
    """（附件里要人点头的, 主机清单里要人点头的）：这一行照 `ROW`。"""
    row = {**ROW, **changed}
    reading = Reading()
    annex_remarks.read(Host("第 1 行", {"action": "新增", **row, "note": note}, {}, {}), note, reading)
    heads = [column for column in HOST_COLUMNS if column.key in row or column.key == "note"]
    cells = [note if column.key == "note" else row[column.key] for column in heads]
    out = io.StringIO()
    csv.writer(out, delimiter="\t").writerows([[column.label for column in heads], cells])
    pasted = from_text(out.getvalue())
    return (
        "\n".join(one.text for one in reading.said if one.doubtful or one.outcome == Outcome.REFUSED),
        "\n".join(one.text for one in pasted.notes if one.doubtful),
    )


@pytest.mark.parametrize(
    "note",
    ["叁台", "3Set", "3pcs", "3 units", "2 replicas", "qty:3", "count=3", "master 1 slave 2", "主机数3", "数 量：2",
     "3", "三", "（2）", "2*", "1+1", "2+1冗余", "N+1", "一拖二", "1拖3", "成对部署", "集群部署", "高可用",
     "若干台", "多台", "2～3台", "生产、测试各1", "1、2号机", "一号机、二号机", "web01-web03",
     "ECS-YL-01~05", "ECS-YL-01/02",
     "web01,web02,web03", "IP：10.1.1.1、10.1.1.2", "1200台", "×10000 台"],
)  # fmt: skip
def test_R047_备注里像不止一台的_附件和主机清单都要人点头(note: str) -> None:
    for said in asked(note):
        assert "像是写了台数" in said or "台数写了几处、不一样" in said


@pytest.mark.parametrize(
    "note",
    ["一用一备", "两用一备", "1用1备", "兩台", "2臺", "2臺套", "2（台）", "应用服务器1、应用服务器2",
     "应用机1和应用机2", "应用服务器1、2",
     "1号、2号", "No.1~No.3", "No.1、No.2", "10.1.1.1~3", "10.1.1.1/2/3", "10.1.1.1、2",
     "主用、备用",
     "主、备", "主节点、从节点", "一对", "两对", "应用机两部", "集群", "含备机",
     "冷备", "热备", "双节点", "一主一備", "雙機"],
)  # fmt: skip
def test_R047_备注里一用一备_繁体_编号的名字_成对的_附件和主机清单都要人点头(note: str) -> None:
    for said in asked(note):
        assert "像是写了台数" in said or "台数写了几处、不一样" in said, said


@pytest.mark.parametrize(
    "note",
    ["备案", "已备案系统", "每日备份", "备注见附页", "用途：门户", "应用", "专用", "备用", "通用",
     "用户管理", "端口80、443",
     "10.1.1.1/24", "10.1.1.1、8核", "一对一服务", "统一对外服务", "三部门共用", "8月1号、2号上线", "备用机房",
     "冷备份", "业务部署",
     "双网卡", "主数据库、备份策略另定", "等保3、等保2", "对接市平台", "2对1",
     "配备案号", "应用服务器1", "No.1", "1号"],
)  # fmt: skip
def test_R047_备注里平常的备_用_对_一个编号_不问(note: str) -> None:
    assert asked(note) == ("", "")


@pytest.mark.parametrize(
    ("note", "count"),
    [
        ("一用一备", "2"),
        ("两用一备", "3"),
        ("应用服务器1、应用服务器2", "2"),
        ("集群部署", "3"),
        ("多台", "2"),
        ("1+1", "2"),
        ("web01-web03", "3"),
        ("web1、web2", "2"),
        ("叁台", "3"),
        ("qty 3", "3"),
    ],
)
def test_R047_备注说的几台与台数一列一样_不多问(note: str, count: str) -> None:
    assert asked(note, count=count) == ("", "")


@pytest.mark.parametrize(
    ("note", "shown"),
    [
        ("CPU改为16核", "16核"),
        ("再加8核", "再加8核"),
        ("扩容8核", "扩容8核"),
        ("内存扩容到64G", "64G"),
        ("由4核升16核", "16核"),
        ("内存64G", "内存64G"),
        ("8核16G", "核16G"),
        ("数据盘2T", "数据盘2T"),
        ("另加数据盘2T", "另加数据盘2T"),
        ("系统盘100G", "系统盘100G"),
        ("500G", "500G"),
        ("2块数据盘", "2块数据盘"),
        ("带宽50M", "带宽50M"),
        ("弹性IP1个", "弹性IP1个"),
        ("CentOS 7.9", "CentOS"),
        ("互联网区", "互联网区"),
        ("裸金属", "裸金属"),
        ("网关；\n内存 64G", "内存 64G"),
    ],
)
def test_R032_备注里的配置与各栏不一样_要人点头_照各栏(note: str, shown: str) -> None:
    for said in asked(note):
        assert f"“{shown}”" in said
        assert "与这一行各栏写的不一样，照各栏" in said


@pytest.mark.parametrize(
    "note",
    ["应用", "扩容后8核", "内存扩容到32G", "8核32G", "内存32G", "系统盘0.1T", "数据盘 0.5TB", "带宽20M", "麒麟 V10",
     "政务外网", "虚拟机", "5G 专网", "MySQL 8.0", "x86/64", "10.1.1.0/24", "2026-12-31 前使用", "临时使用3个月",
     "等保三级", "与测试共用", "2块GPU", "第1台", "张三 021-67000000",
     "由4核升8核", "内存从16G扩到32G"],
)  # fmt: skip
def test_R032_备注里说的与各栏一样_或不是配置_不问(note: str) -> None:
    assert asked(note) == ("", "")


@pytest.mark.parametrize(
    "note", ["非SSD", "不是SSD", "无需固态", "NVMe", "高IO", "高性能云盘", "系统盘SSD，数据盘普通"]
)
def test_R032_备注里说到固态的_不管是不是_都要人点头_不猜(note: str) -> None:
    for said in asked(note):
        assert "SSD 或固态" in said


@pytest.mark.parametrize("note", ["暂缓", "本台缓建", "暂不申请"])
def test_R032_备注里说暂时不要的_主机清单要人点头(note: str) -> None:
    assert "这一行照读；不算的请从表里删去" in asked(note)[1]
