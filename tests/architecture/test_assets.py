"""静态文件：随程序发布的一字不改；自己的脚本样式守住 Chromium 86 的下限；不引外面的资源（ux 的浏览器下限）。"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "yunheng"
ASSETS = SOURCE / "web" / "assets"
TEMPLATES = sorted(SOURCE.rglob("templates/**/*.html"))
#: Chromium 86 没有的写法
BANNED = re.compile(
    r":is\(|:where\(|:has\(|color-mix|oklch|light-dark|@layer|@container|\binset:|aspect-ratio|accent-color|margin-inline:"
    r"|padding-inline:|dvh|\.at\(|Object\.hasOwn|structuredClone|randomUUID|findLast|replaceAll|::file-selector-button"
)
OWN_JS_LINES = 600


def test_随程序发布的文件与清单一字不差() -> None:
    vendor = ASSETS / "vendor"
    listed = dict(line.split("  ")[::-1] for line in (vendor / "SHA256SUMS").read_text().splitlines())
    found = {
        str(path.relative_to(vendor)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in vendor.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS"
    }
    assert found == listed


@pytest.mark.parametrize("path", sorted((ASSETS / "app").iterdir()), ids=lambda path: path.name)
def test_自己的脚本样式不用下限以上的写法(path: Path) -> None:
    assert not BANNED.findall(path.read_text(encoding="utf-8"))


def test_自己的脚本不超过六百行() -> None:
    assert (
        sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (ASSETS / "app").glob("*.js"))
        <= OWN_JS_LINES
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_模板没有行内脚本和样式_不引外面的资源(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.findall(r"\son[a-z]+=|\sstyle=|<style|javascript:", text)
    assert not re.findall(r"<script(?![^>]*\bsrc=)", text)
    assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", text)


def test_一页的静态资源不超过150KB() -> None:
    import gzip

    used = [
        ASSETS / "vendor/tabler-1.0.0/tabler.min.css",
        ASSETS / "vendor/htmx-2.0.11/htmx.min.js",
        *(ASSETS / "app").iterdir(),
    ]
    assert sum(len(gzip.compress(path.read_bytes())) for path in used) <= 150 * 1024


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_模板的标签不折行_折了行的会照原文印在页面上(path: Path) -> None:
    broken = re.findall(r"\{\{[^}\n]*\n[^}]*\}\}|\{%[^%\n]*\n[^%]*%\}", path.read_text(encoding="utf-8"))
    assert broken == []
