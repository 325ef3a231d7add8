"""附件1 至附件4 的 Word、PDF：与提交的内容逐栏相同，版面照附件，逐字节可重复（R-047）。"""

from __future__ import annotations

import io
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import docx
import pytest

from yunheng.config.demo.stories import FILLED, HOSTS
from yunheng.documents.annex1 import GROUPS, LINES, PRE_TICKED
from yunheng.documents.annexes import Form, annex
from yunheng.documents.pdf import write_pdf
from yunheng.documents.word import write_word

CONTENT: dict[str, Any] = {
    **FILLED,
    "changes": [
        {**HOSTS[0], "action": "变更", "resource": "ECS-01", "memory": "64", "before": {**HOSTS[0], "count": "1"}},
        {**HOSTS[1], "action": "新增"},
        {"action": "释放", "resource": "ECS-09", "type": "云主机", "before": HOSTS[1]},
    ],
    "service_changes": {"WL-IP": {"before": "1", "quantity": "3", "note": "扩公网地址"}},
    "growth_reason": "",
    "reason": "系统下线",
    "backup": "已完成",
    "backup_note": "已迁到新平台",
    "machines": [
        {"owned": "自有", "cores": "32", "memory": "128", "storage": "4", "os": "CentOS 7", "place": "局机房"}
    ],
}
FORM = Form(
    unit="民政局（虚构）",
    project="养老服务平台",
    funding="区级",
    number="SQ-2026-0002",
    version=1,
    digest="0123456789abcdef",
    filed_on=date(2026, 4, 1),
    content=CONTENT,
    opinions={
        "reviewer": "审核通过。材料齐全，同意。\n签字：王芳\n日期：2026 年 4 月 3 日",
        "provider": "可以满足。\n签字：钱浩",
    },
    resources=("ECS-01", "ECS-09"),
)


def no_chart(_: object) -> bytes:
    raise AssertionError


@pytest.fixture(params=[1, 2, 3, 4], ids=lambda number: f"附件{number}")
def number(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def word(number: int, folder: Path) -> Any:
    write_word(annex(number, FORM), folder / "a.docx", no_chart)
    return docx.Document(io.BytesIO((folder / "a.docx").read_bytes()))


def cells(document: Any) -> list[str]:
    """表里每个格子的文字，跨行跨列的只算一次。"""
    found = []
    for table in document.tables:
        seen: set[Any] = set()
        for row in table.rows:
            for cell in row.cells:
                if cell._tc not in seen:
                    seen.add(cell._tc)
                    found.append(cell.text)
    return found


def test_附件1_每一栏都在_勾选的恰好是选的(tmp_path: Path) -> None:
    found = cells(word(1, tmp_path))
    for key in ("leader", "contact", "statement"):
        assert CONTENT[key] in found
    for host in HOSTS:
        for key in ("cores", "memory", "os", "system_disk", "data_disk", "zone"):
            assert host[key] in found
    ticked = {text.removeprefix("☑ ") for text in found if text.startswith("☑ ") and "☐" not in text}
    chosen = {line.label for line in LINES if line.code in CONTENT["services"]}
    assert chosen <= ticked
    assert not ticked & {line.label for line in LINES if line.code not in CONTENT["services"]}
    for group in GROUPS:
        assert group in found


def test_附件1_服务项与附件一项不差_四项默认勾选(tmp_path: Path) -> None:
    found = "\n".join(cells(word(1, tmp_path)))
    # 附件1 印着 76 项服务
    assert len(LINES) == len({line.code for line in LINES}) == 76
    assert all(line.label in found for line in LINES)
    assert [line.label for line in LINES if line.code in PRE_TICKED] == [
        "网络访问控制服务（租户）",
        "入侵防御服务（租户）",
        "用户管理服务（租户）",
        "用户身份认证服务（租户）",
    ]


def test_附件3_现状和拟变更_动作_服务项_各方意见(tmp_path: Path) -> None:
    found = cells(word(3, tmp_path))
    joined = "\n".join(found)
    for words in ("政务云服务现状", "拟变更的政务云服务", "ECS-01", "ECS-09", "扩公网地址", "可以满足。\n签字：钱浩"):
        assert words in joined
    assert "☐ 新增\n☑ 变更\n☐ 释放" in found
    assert "☐ 新增\n☐ 变更\n☑ 释放" in found


def test_附件4_写明项目_原因_释放清单(tmp_path: Path) -> None:
    document = word(4, tmp_path)
    text = "\n".join(paragraph.text for paragraph in document.paragraphs)
    assert "养老服务平台项目，因系统下线原因" in text
    assert "ECS-01、ECS-09" in cells(document)


def test_表题和附件号(number: int, tmp_path: Path) -> None:
    document = word(number, tmp_path)
    titles = (
        "松江区使用市级政务云服务申请表",
        "松江区已建信息化系统迁移使用市云申请表",
        "松江区使用市级政务云服务变更表",
        "市政务云服务注销申请",
    )
    assert [paragraph.text for paragraph in document.paragraphs[:2]] == [f"附件 {number}", titles[number - 1]]


def test_Word和PDF文字相同_逐字节可重复(number: int, tmp_path: Path) -> None:
    paper = annex(number, FORM)
    for name, write in (("a", write_pdf), ("b", write_pdf)):
        write(paper, tmp_path / f"{name}.pdf")
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    done = subprocess.run(["pdftotext", "-layout", tmp_path / "a.pdf", "-"], check=True, capture_output=True, text=True)
    pdf = "".join(done.stdout.split())
    for text in cells(word(number, tmp_path)):
        for line in text.split("\n"):
            plain = "".join(line.replace("☑", "").replace("☐", "").split())
            # PDF 里长的格子会折行，与旁边的格子交错；短的整段都在
            if 0 < len(plain) <= 3:
                assert plain in pdf, line


def test_LibreOffice打得开_页数不多(number: int, tmp_path: Path) -> None:
    word(number, tmp_path)
    subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation=file://{tmp_path}/profile",
            "--headless",
            "--convert-to",
            "pdf",
            "--outdir",
            tmp_path,
            tmp_path / "a.docx",
        ],
        check=True,
        capture_output=True,
    )
    done = subprocess.run(["pdfinfo", tmp_path / "a.pdf"], check=True, capture_output=True, text=True)
    pages = int(done.stdout.split("Pages:")[1].split()[0])
    assert pages <= (2 if number == 1 else 1)
