"""公文的 PDF（PDF/A-2b）和 Word 里的图，都由 typst 排；同样的内容逐字节相同。"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import typst
from fontTools.ttLib import TTCollection, TTFont

from .blocks import Chart, Paper, plain

FAMILIES = ("Noto Serif CJK SC", "Noto Sans CJK SC")


#: 勾选框是画出来的，不靠字体
_DRAWN = str.maketrans("", "", "☐☑")


class FontProblem(ValueError):
    """缺字体，或字体里没有要印的字。"""


def write_pdf(paper: Paper, path: Path) -> None:
    """写 PDF。缺字体、缺字抛 FontProblem，绝不印成方框。"""
    content = {**asdict(paper), "blocks": [plain(block) for block in paper.blocks]}
    check_glyphs(text.translate(_DRAWN) for text in _texts(content))
    function = "form" if paper.layout == "form" else "paper"
    path.write_bytes(_compile(f"#{function}(json(bytes(sys.inputs.content)))", content, "pdf"))


def chart_image(chart: Chart) -> bytes:
    """一张图的 PNG，宽同版心 156 mm。"""
    check_glyphs(_texts(plain(chart)))
    page = '#set page(width: 156mm, height: auto, margin: 3pt)\n#set text(lang: "zh", cjk-latin-spacing: none)\n'
    return _compile(f"{page}#draw(json(bytes(sys.inputs.content)))", plain(chart), "png")


def mark_image(mark: str) -> bytes:
    """水印的 PNG，垫在 Excel 的格子下面。"""
    check_glyphs((mark,))
    page = "#set page(width: 180mm, height: 120mm, margin: 0mm, fill: none)\n"
    return _compile(f"{page}#watermark(json(bytes(sys.inputs.content)))", mark, "png")


def check_glyphs(texts: Iterable[str]) -> None:
    """每个字都在两种字体里，否则抛 FontProblem，列出缺的字。"""
    wanted = {char for text in texts for char in text if not char.isspace()}
    missing = sorted(char for char in wanted if ord(char) not in _coverage())
    if missing:
        listed = "、".join(f"{char}（U+{ord(char):04X}）" for char in missing[:20])
        raise FontProblem(f"PDF 的字体里没有这些字：{listed}；请改用能印的字，或加 --json-only 只出 结算.json")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _compile(body: str, content: object, kind: Literal["pdf", "png"]) -> bytes:
    template = files(__package__).joinpath("paper.typ").read_text("utf-8")
    output = typst.compile(
        f"{template}\n{body}\n".encode(),
        format=kind,
        ppi=200,
        sys_inputs={"content": json.dumps(content, ensure_ascii=False)},
        pdf_standards="a-2b" if kind == "pdf" else None,
        timestamp=0,
    )
    return bytes(output[0] if isinstance(output, list) else output)


@cache
def _coverage() -> frozenset[int]:
    """两种字体都有的字的码点。"""
    installed = {font.family: font for font in reversed(typst.Fonts().fonts()) if font.path}
    if absent := [family for family in FAMILIES if family not in installed]:
        raise FontProblem(f"出 PDF 要用的字体没有装：{'、'.join(absent)}；请执行 apt-get install fonts-noto-cjk")
    return frozenset.intersection(*(_code_points(installed[family]) for family in FAMILIES))


def _code_points(font: typst.FontInfo) -> frozenset[int]:
    path = Path(str(font.path))
    if path.suffix.lower() in (".ttc", ".otc"):
        with TTCollection(path, lazy=True) as collection:
            return frozenset(collection.fonts[font.index].getBestCmap())
    with TTFont(path, lazy=True) as face:
        return frozenset(face.getBestCmap())
