"""附件里人写的服务项叫法、资源编号、勾法：认得准的照读，认不准的点名、说像是哪一个，不猜（R-047）。"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from tests.unit.applications.test_annex_refusals import again, cells, header, hosts
from tests.unit.applications.test_annex_unseen import doubts, release
from tests.unit.applications.test_annex_word import filled, refused, unread

from yunheng.applications import annex_codes, spelling
from yunheng.documents.annex1 import LABELS
from yunheng.tables.ticks import ticked

KINDS = ("云主机", "物理机")


# ── 勾 ──


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("（√）云主机 （ ）物理机", "云主机"),
        ("( ) 云主机 (√) 物理机", "物理机"),
        ("[x] 云主机 [ ] 物理机", "云主机"),
        ("[ ] 云主机 [√] 物理机", "物理机"),
        ("● 云主机 ○ 物理机", "云主机"),
        ("○云主机 ●物理机", "物理机"),
        ("□云主机 ■物理机", "物理机"),
        ("云主机√ 物理机", "云主机"),
        ("云主机（ ） 物理机（√）", "物理机"),
        ("（×）云主机 （√）物理机", "物理机"),
        ("云主机✓/物理机", "云主机"),
    ],
)
def test_括号里的勾_实心圈_字后的勾_都认(text: str, picked: str) -> None:
    assert ticked(text, KINDS) == (picked,)


@pytest.mark.parametrize("text", ["（×）云主机 （ ）物理机", "● 云主机 ● 物理机", "云主机√物理机", "云主机 √ 物理机"])
def test_只有叉_几个实心圈_勾夹在中间的_分不清_不猜(text: str) -> None:
    assert ticked(text, KINDS) is None


@pytest.mark.parametrize("text", ["云主机 √ 物理机", "（×）云主机 （ ）物理机"])
def test_R047_勾了而分不清是哪一项的_不当作云主机_空着等人选(text: str, tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cells(hosts(document)[0])[1].text = text
    found = again(document)
    assert found.values["hosts"][0]["type"] == ""
    assert "“服务类型”分不清勾的是哪一项，没有读" in unread(found)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ECS", "云主机"),
        ("弹性云主机", "云主机"),
        ("1.云主机", "云主机"),
        ("物理机（裸金属）", "物理机"),
        ("裸金属", "物理机"),
    ],
)
def test_R047_服务类型的别的叫法_照读_不用点头(text: str, kind: str, tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    before = doubts(again(document))
    cells(hosts(document)[0])[1].text = text
    found = again(document)
    assert found.values["hosts"][0]["type"] == kind
    assert doubts(found) == before


def test_R047_服务类型里写了几台的_照读类型_要人点头(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    cells(hosts(document)[0])[1].text = "物理机 2台"
    found = again(document)
    assert found.values["hosts"][0]["type"] == "物理机"
    assert "“2台”没有读" in doubts(found)


@pytest.mark.parametrize("text", ["云主机安全", "容器", "云主机和物理机", "第1台云主机"])
def test_不是服务类型的字_不认(text: str) -> None:
    assert spelling.kind(text) == ("", "")


def test_R047_一台的盘写了500_列名印着TB_也要人点头(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    next(cell for cell in cells(hosts(document)[0]) if cell.text == "0.5").text = "500"
    found = again(document)
    assert found.values["hosts"][0]["data_disk"] == "500"
    assert "一台的数据盘超过 20 TB，像是别的单位" in doubts(found)


# ── 两层的表头 ──


def two_levels(document: Any, *, below: str = "") -> Any:
    """主机清单的表头拆成两层：上层“配置”横跨 CPU、内存、盘，别的列下层空着；`below` 是下层 CPU 一列改写成的。"""
    row = header(document)
    row._tr.addnext(copy.deepcopy(row._tr))
    rows = document.tables[0].rows
    lower = next(rows[place + 1] for place, one in enumerate(rows) if one._tr is row._tr)
    for high, low in zip(cells(row), cells(lower), strict=True):
        if any(name in high.text for name in ("CPU", "内存", "盘")):
            high.text = "配置"
            low.text = below if below and "CPU" in low.text else low.text
        else:
            low.text = ""
    return document


def test_R047_附件的主机表头是两层的_列名照下一层_写明_上层点名(tmp_path: Path) -> None:
    right = again(filled(1, tmp_path))
    found = again(two_levels(filled(1, tmp_path)))
    assert found.values["hosts"] == right.values["hosts"]
    assert any("主机表头是两层的，列名照下一层" in text for text in found.notes)
    assert "主机清单认不出的列，没有读：配置" in unread(found)


def test_R047_附件的主机表头上下两行对不上列的_整份不收_请改成一层(tmp_path: Path) -> None:
    document = filled(1, tmp_path)
    row = header(document)
    row._tr.addnext(copy.deepcopy(row._tr))
    with pytest.raises(ValueError, match=r"这两行都是主机清单的表头.*请照附件印的改成一层"):
        again(document)


# ── 服务项 ──


@pytest.mark.parametrize(
    ("label", "code"),
    [("在线防护WAF", "AQ-WAF"), ("在线防护waf", "AQ-WAF"), ("应用存储空间（非加密）", "CC-PT"), ("操作系统", "SQ-OS")],
)
def test_R047_服务项少写括号里的单位_只有一项的照读(label: str, code: str) -> None:
    assert annex_codes.service(label) == code


@pytest.mark.parametrize(
    ("label", "like"),
    [
        ("WAF", "是不是“在线防护WAF（套）”"),
        ("在线防护WAF（个）", "是不是“在线防护WAF（套）”"),
        ("应用存储空间", "“应用存储空间（非加密）（TB）”、“应用存储空间（加密）（TB）”"),
        ("内存数据库服务", "“内存数据库服务（实例主从版）”、“内存数据库服务（实例集群版）”"),
        ("云防火墙", "请照附件1 印的叫法写"),
    ],
)
def test_R047_服务项认不准的_不读_说像是哪几项(label: str, like: str) -> None:
    assert annex_codes.service(label) == ""
    assert like in annex_codes.suggested(label)


def test_附件1各项照印的叫法都认得出自己() -> None:
    assert {code: annex_codes.service(label) for code, label in LABELS.items()} == {code: code for code in LABELS}


# ── 释放清单 ──


@pytest.mark.parametrize(
    "text",
    [
        "ECS-1（数据库服务器）、ECS-2（应用）",
        "ECS-1/ECS-2",
        "（1）ECS-1（2）ECS-2",
        "1、ECS-1；2、ECS-2",
        "1.ECS-1 2.ECS-2",
        "ECS-1数据库服务器\nECS-2",
        "ECS-1和ECS-2。",
    ],
)
def test_R047_释放清单的几种写法_都拆成各个编号(text: str, tmp_path: Path) -> None:
    document = filled(4, tmp_path)
    release(document).text = text
    found = again(document)
    assert found.values["release"] == ["ECS-1", "ECS-2"]
    assert not found.blocked
    assert ("编号以外的“数据库服务器”没有读" in str([*map(str, found.unread)])) == ("数据库服务器" in text)


@pytest.mark.parametrize("aside", ["不释放", "仅数据盘", "保留", "部分"])
def test_R047_释放清单里写着不放_只放一部分的_拒绝到格(aside: str, tmp_path: Path) -> None:
    document = filled(4, tmp_path)
    release(document).text = f"ECS-1（{aside}）、ECS-2"
    found = again(document)
    assert f"“{aside}”，不知道放不放" in refused(found)
    assert found.blocked


@pytest.mark.parametrize("text", ["ECS-1至ECS-5", "ECS-1~5"])
def test_R047_释放清单写一段编号的_照旧拒绝_不只读头一个(text: str, tmp_path: Path) -> None:
    document = filled(4, tmp_path)
    release(document).text = text
    assert again(document).blocked


@pytest.mark.parametrize("text", ["全部主机", "除ECS-1外全部", "全部（不含ECS-1）"])
def test_R047_不是把项目的资源全放的_不当作全部(text: str) -> None:
    assert annex_codes.ALL not in annex_codes.listed(text).codes or annex_codes.listed(text).kept


# ── 备注里的资源编号 ──


@pytest.mark.parametrize(
    ("text", "code", "rest"),
    [
        ("ECS-0264（数据库）", "ECS-0264", "数据库"),
        ("数据库服务器 ECS-0264", "ECS-0264", "数据库服务器"),
        ("数据库：ECS-0264", "ECS-0264", "数据库"),
        ("由4核升8核", "", ""),
        ("ECS-0264至0266", "", ""),
        ("x86 V10", "", ""),
    ],
)
def test_R047_备注头一段的编号和别的字分开(text: str, code: str, rest: str) -> None:
    assert annex_codes.headed(text) == (code, rest)


def test_形近的只有一个才照它_两个都像的不猜() -> None:
    assert annex_codes.near("ecs—0264", ["ECS-0264", "ECS-0265"]) == "ECS-0264"
    assert annex_codes.near("ecs-0264", ["ECS-0264", "ECS-O264"]) == ""
    assert annex_codes.near("", ["ECS-0264"]) == ""
