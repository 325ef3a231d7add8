"""浏览器“打印这一页”：不印背景（默认）也看得到内容和水印（ux 第 10 节）。"""

from __future__ import annotations

import subprocess
from pathlib import Path

from .conftest import SHOWN, Town


def test_不印背景_带水印的页照样印得出内容_每一页都有水印(town: Town, tmp_path: Path) -> None:
    visitor = town["shy"]
    visitor.open(f"/cases/{SHOWN}/")
    plain = inked(visitor.page.pdf(format="A4", print_background=False), tmp_path)
    visitor.page.evaluate("document.body.classList.remove('marked')")
    bare = inked(visitor.page.pdf(format="A4", print_background=False), tmp_path)
    assert len(plain) == len(bare) > 1
    for marked, unmarked in zip(plain, bare, strict=True):
        assert marked > unmarked > 0


def inked(content: bytes, folder: Path) -> list[int]:
    """每一页上不是白的点数。"""
    (folder / "x.pdf").write_bytes(content)
    subprocess.run(["pdftoppm", "-gray", "-r", "40", "x.pdf", "p"], cwd=folder, check=True)
    counts = []
    for page in sorted(folder.glob("p-*.pgm")):
        # PGM：三行头，之后一个点一个字节
        counts.append(sum(dot < 255 for dot in page.read_bytes().split(b"\n", 3)[3]))
        page.unlink()
    return counts
